"""Sign in and out. Besides health, the only routes that answer without a token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request

from backend.accounts.session import actions
from backend.core.dependencies import Db, Tx
from backend.core.http import Secret, address_of, operations_router
from backend.core.rate_limits import SignInLimit, TokenLimit
from backend.core.security import Principal, require
from models.accounts import OidcOptions, Refresh, SignIn, SignInOptions, SignOut, Tokens

router = operations_router("/api/operations/session", "session")


@router.get("/options")
async def options(http: Request) -> SignInOptions:
    """How one can sign in here."""
    settings = http.app.state.settings
    issuer = settings.oidc_issuer
    return SignInOptions(
        environment=settings.environment,
        built_in=settings.token_key is not None,
        oidc=None if issuer is None else OidcOptions(issuer=issuer, client_id=settings.oidc_client_id),
        sample=http.app.state.sample,
        as_of=datetime.now(UTC),
    )


@router.post("", dependencies=[SignInLimit, Secret])
async def sign_in(http: Request, database: Db, request: SignIn) -> Tokens:
    """Sign in with a built-in account."""
    return await actions.sign_in(database, http.app.state.settings, request.account, request.password, address_of(http))


@router.post("/refresh", dependencies=[TokenLimit, Secret])
async def refresh(http: Request, database: Db, request: Refresh) -> Tokens:
    """New tokens for a refresh token, which is used up."""
    return await actions.refresh(database, http.app.state.settings, request.refresh_token, request.device)


@router.delete("", status_code=204)
async def sign_out(principal: Annotated[Principal, require(None)], tx: Tx, request: SignOut) -> None:
    """End the session of a refresh token."""
    await actions.sign_out(tx, user_id=principal.user_id, token=request.refresh_token)
