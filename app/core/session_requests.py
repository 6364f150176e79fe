"""What the operations API is asked about sessions: who is signed in, and with which factors.

The session is there before the first paint, so the records are imported where they are needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.core.http_client import OperationsClient
    from models.accounts import AccessToken, Enrolment, Me, RecoveryCodes, SignInOptions, Tokens

BASE = "/api/operations/session"


async def me(client: OperationsClient) -> Me:
    """Who is signed in and what they may do. Raises OperationsError, like all of these."""
    from models.accounts import Me

    return await client.get("/api/operations/rbac/me", Me)


async def sign_in_options(client: OperationsClient) -> SignInOptions:
    """How one can sign in; needs no token."""
    from models.accounts import SignInOptions

    return await client.get(f"{BASE}/options", SignInOptions, signed=False)


async def sign_in(client: OperationsClient, account: str, password: str) -> Tokens:
    """Tokens for a built-in account."""
    from models.accounts import SignIn, Tokens

    return await client.post(BASE, Tokens, SignIn(account=account, password=password), signed=False)


async def refresh(client: OperationsClient, refresh_token: str, device: str | None = None) -> Tokens:
    """New tokens for a refresh token, which is used up.

    With ``device``, a random secret of 32 characters or more, the server answers the same request again for a minute,
    so it is repeated as a read is.
    """
    from models.accounts import Refresh, Tokens

    shown = {} if device is None else {"device": device}
    asked = Refresh(refresh_token=refresh_token, **shown)
    return await client.post(f"{BASE}/refresh", Tokens, asked, signed=False, repeated=device is not None)


async def sign_out(client: OperationsClient, refresh_token: str) -> None:
    """End the session on the server."""
    from models.accounts import SignOut

    await client.delete(BASE, SignOut(refresh_token=refresh_token))


async def step_up(client: OperationsClient, code: str) -> AccessToken:
    """Use the second factor of a built-in account."""
    from models.accounts import AccessToken, SecondFactorCode

    return await client.post(f"{BASE}/step-up", AccessToken, SecondFactorCode(code=code), keyed=False)


async def begin_second_factor(client: OperationsClient, password: str) -> Enrolment:
    """Begin to set up a second factor; an account without password gives none."""
    from models.accounts import BeginSecondFactor, Enrolment

    body = BeginSecondFactor(password=password) if password else BeginSecondFactor()
    return await client.post(f"{BASE}/second-factor", Enrolment, body, keyed=False)


async def confirm_second_factor(client: OperationsClient, code: str) -> RecoveryCodes:
    """Finish with the first code."""
    from models.accounts import RecoveryCodes, SecondFactorCode

    return await client.post(f"{BASE}/second-factor/confirm", RecoveryCodes, SecondFactorCode(code=code), keyed=False)
