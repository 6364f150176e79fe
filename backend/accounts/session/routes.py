"""Sign in and out. Besides health, the only routes that answer without a token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request

from backend.accounts.second_factor import actions as second_factor
from backend.accounts.session import actions
from backend.core.dependencies import Db, Tx
from backend.core.http import Secret, address_of, operations_router
from backend.core.rate_limits import SignInLimit, TokenLimit
from backend.core.security import Principal, require
from models.accounts import (
    AccessToken,
    BeginSecondFactor,
    Enrolment,
    OidcOptions,
    RecoveryCodes,
    Refresh,
    SecondFactorCode,
    SignIn,
    SignInOptions,
    SignOut,
    Tokens,
)

router = operations_router("/api/operations/session", "session")


@router.get("/options")
async def options(request: Request) -> SignInOptions:
    """How one can sign in here."""
    settings = request.app.state.settings
    issuer = settings.oidc_issuer
    return SignInOptions(
        environment=settings.environment,
        built_in=settings.token_key is not None,
        oidc=None if issuer is None else OidcOptions(issuer=issuer, client_id=settings.oidc_client_id),
        sample=request.app.state.sample,
        as_of=datetime.now(UTC),
    )


@router.post("", dependencies=[SignInLimit, Secret])
async def sign_in(request: Request, database: Db, asked: SignIn) -> Tokens:
    """Sign in with a built-in account."""
    return await actions.sign_in(
        database, request.app.state.settings, asked.account, asked.password, address_of(request)
    )


@router.post("/refresh", dependencies=[TokenLimit, Secret])
async def refresh(request: Request, database: Db, asked: Refresh) -> Tokens:
    """New tokens for a refresh token, which is used up."""
    return await actions.refresh(database, request.app.state.settings, asked.refresh_token, asked.device)


@router.delete("", status_code=204)
async def sign_out(principal: Annotated[Principal, require(None)], tx: Tx, asked: SignOut) -> None:
    """End the session of a refresh token."""
    await actions.sign_out(tx, user_id=principal.user_id, token=asked.refresh_token)


@router.post("/step-up", dependencies=[SignInLimit, Secret])
async def step_up(
    request: Request, principal: Annotated[Principal, require(None)], database: Db, asked: SecondFactorCode
) -> AccessToken:
    """Use the second factor of a built-in account: sensitive actions are open for some minutes (RFC 9470)."""
    return await second_factor.step_up(database, request.app.state.settings, principal, asked.code)


@router.post("/second-factor", status_code=201, dependencies=[SignInLimit, Secret])
async def begin_second_factor(
    request: Request, principal: Annotated[Principal, require(None)], tx: Tx, asked: BeginSecondFactor
) -> Enrolment:
    """Begin to set up a second factor for a built-in account."""
    settings = request.app.state.settings
    return await second_factor.begin(tx, settings, principal, password=asked.password, environment=settings.environment)


@router.post("/second-factor/confirm", dependencies=[SignInLimit, Secret])
async def confirm_second_factor(
    request: Request, principal: Annotated[Principal, require(None)], database: Db, asked: SecondFactorCode
) -> RecoveryCodes:
    """Confirm it with the first code; answers the recovery codes."""
    return await second_factor.confirm(database, request.app.state.settings, principal, asked.code)


@router.post("/second-factor/recovery-codes", dependencies=[Secret])
async def renew_recovery_codes(
    request: Request, principal: Annotated[Principal, require(None, step_up=300)], tx: Tx
) -> RecoveryCodes:
    """New recovery codes in place of the earlier ones."""
    return await second_factor.renew_codes(tx, request.app.state.settings, principal)


@router.delete("/second-factor", status_code=204)
async def remove_second_factor(principal: Annotated[Principal, require(None, step_up=300)], tx: Tx) -> None:
    """Remove one's own second factor, to set up another."""
    await second_factor.remove(tx, actor=principal.user_id, user_id=principal.user_id)
