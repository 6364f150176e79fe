"""The second factor of built-in accounts: set up, used and removed by whoever has it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request

from backend.accounts.second_factor import actions
from backend.core.dependencies import Db, Tx
from backend.core.http import Secret, address_of, operations_router
from backend.core.rate_limits import SignInLimit
from backend.core.security import Principal, require
from models.accounts import AccessToken, BeginSecondFactor, Enrolment, RecoveryCodes, SecondFactorCode

router = operations_router("/api/operations/session", "session")


@router.post("/step-up", dependencies=[SignInLimit, Secret])
async def step_up(
    http: Request, principal: Annotated[Principal, require(None)], database: Db, request: SecondFactorCode
) -> AccessToken:
    """Use the second factor of a built-in account: sensitive actions are open for some minutes (RFC 9470)."""
    return await actions.step_up(database, http.app.state.settings, principal, request.code, address=address_of(http))


@router.post("/second-factor", status_code=201, dependencies=[SignInLimit, Secret])
async def begin_second_factor(
    http: Request, principal: Annotated[Principal, require(None)], database: Db, request: BeginSecondFactor
) -> Enrolment:
    """Begin to set up a second factor for a built-in account."""
    settings = http.app.state.settings
    return await actions.begin(
        database,
        settings,
        principal,
        password=request.password,
        environment=settings.environment,
        address=address_of(http),
    )


@router.post("/second-factor/confirm", dependencies=[SignInLimit, Secret])
async def confirm_second_factor(
    http: Request, principal: Annotated[Principal, require(None)], database: Db, request: SecondFactorCode
) -> RecoveryCodes:
    """Confirm it with the first code; answers the recovery codes."""
    return await actions.confirm(database, http.app.state.settings, principal, request.code, address=address_of(http))


@router.post("/second-factor/recovery-codes", dependencies=[Secret])
async def renew_recovery_codes(
    http: Request, principal: Annotated[Principal, require(None, step_up=300)], tx: Tx
) -> RecoveryCodes:
    """New recovery codes in place of the earlier ones."""
    return await actions.renew_codes(tx, http.app.state.settings, principal)


@router.delete("/second-factor", status_code=204)
async def remove_second_factor(principal: Annotated[Principal, require(None, step_up=300)], tx: Tx) -> None:
    """Remove one's own second factor, to set up another."""
    await actions.remove(tx, actor=principal.user_id, user_id=principal.user_id)
