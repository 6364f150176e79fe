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
