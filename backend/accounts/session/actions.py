"""Sign in, refresh, sign out."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import math
import secrets
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.accounts.session.accounts import matches, nobodys_hash, queries
from backend.core import audit_trail
from backend.core.database import Connection, Database
from backend.core.problems import ProblemError
from backend.core.security import PASSWORD, mint
from backend.core.settings import Settings
from models.accounts import Tokens
from models.core.problems import Code

_AGAIN = ProblemError(Code.UNAUTHENTICATED, "The session has ended; sign in again.")


async def sign_in(database: Database, settings: Settings, account: str, password: str, address: str) -> Tokens:
    """Tokens for an account and its password.

    Raises ProblemError 401 for wrong ones, the same whether or not the account exists, and 429 while ``address`` must
    wait after too many failures. Failures are counted in a transaction of their own: the refusal must not take the
    count back.
    """
    async with database.read() as connection:
        waiting = await (await connection.execute(queries.blocked, {"account": account, "address": address})).fetchone()
        known = await (await connection.execute(queries.password, {"account": account})).fetchone()
    if waiting is not None:
        seconds = math.ceil(waiting[0])
        raise ProblemError(
            Code.TOO_MANY_REQUESTS,
            f"Too many wrong passwords; try again in {seconds} s.",
            headers={"Retry-After": str(seconds)},
        )
    stored = known[1] if known is not None else None
    # No connection is held during the tens of milliseconds this takes on purpose.
    # An unknown account takes as long: the time of the answer does not tell which names exist.
    right = await asyncio.to_thread(matches, stored or nobodys_hash(), password)
    if known is None or stored is None or not right:
        await _count_failure(database, account, address)
        raise ProblemError(Code.UNAUTHENTICATED, "Wrong account or password.")
    async with database.transaction() as tx:
        await tx.execute(queries.clear_failures, {"account": account, "address": address})
        await audit_trail.record(
            tx, actor=account, action="session.signed_in", resource_type="account", resource_id=account
        )
        return await open_session(tx, settings, user_id=account, name=known[0])


async def _count_failure(database: Database, account: str, address: str) -> None:
    async with database.transaction() as tx:
        row = await (await tx.execute(queries.count_failure, {"account": account, "address": address})).fetchone()
        if row is not None and row[0] == 5:
            await audit_trail.record(
                tx,
                actor=account,
                action="session.sign_in_slowed",
                resource_type="account",
                resource_id=account,
                reason="five wrong passwords",
            )


async def open_session(
    tx: Connection,
    settings: Settings,
    *,
    user_id: str,
    name: str,
    family: UUID | None = None,
    auth_time: datetime | None = None,
    acr: str = PASSWORD,
    refresh_token: str | None = None,
) -> Tokens:
    """Fresh tokens for somebody who is known to be who they say.

    ``family`` continues a session, with ``refresh_token`` as its next one.
    """
    now = datetime.now(UTC)
    proved = auth_time or now
    session = family or uuid4()
    access, expires = mint(settings, user_id=user_id, name=name, auth_time=proved, acr=acr, session=session)
    token = refresh_token or secrets.token_urlsafe(32)
    await tx.execute(
        queries.keep_refresh,
        {"family": session, "user_id": user_id, "token_hash": _hash(token), "auth_time": proved, "acr": acr},
    )
    return Tokens(access_token=access, expires_at=expires, refresh_token=token, as_of=now)


async def refresh(database: Database, settings: Settings, token: str, device: str | None = None) -> Tokens:
    """New tokens for a refresh token, which is used up.

    The answer may be lost on its way: for a minute the used token is answered again, with the same successor, to the
    device that used it. A token that comes a second time in any other way was copied: the whole session it belongs to
    ends. Raises ProblemError 401.
    """
    successor = _successor(settings, token, device)
    async with database.transaction() as tx:
        row = await (await tx.execute(queries.use_refresh, {"token_hash": _hash(token)})).fetchone()
        if row is not None:
            family, user_id, auth_time, acr, reused, just_now, ended = row
            repeated = reused and just_now and await _in_family(tx, family, successor)
            if reused and not repeated and not ended:
                await _end(tx, family, user_id, "a refresh token was used twice")
            elif not ended:
                named = await (await tx.execute(queries.account_name, {"user_id": user_id})).fetchone()
                if named is not None:
                    await audit_trail.record(
                        tx,
                        actor=user_id,
                        action="session.refreshed",
                        resource_type="session",
                        resource_id=str(family),
                    )
                    return await open_session(
                        tx,
                        settings,
                        user_id=user_id,
                        name=named[0],
                        family=family,
                        auth_time=auth_time,
                        acr=acr,
                        refresh_token=successor,
                    )
    # After the commit: that a session was ended must stay.
    raise _AGAIN


async def sign_out(tx: Connection, *, user_id: str, token: str) -> None:
    """End the session a refresh token belongs to.

    Somebody else's token, one of a session that has ended, or none of ours changes nothing.
    """
    row = await (await tx.execute(queries.own_family, {"token_hash": _hash(token), "user_id": user_id})).fetchone()
    if row is None:
        audit_trail.nothing_changed()
    else:
        await _end(tx, row[0], user_id, "signed out")


async def _end(tx: Connection, family: UUID, user_id: str, reason: str) -> None:
    await tx.execute(queries.end_family, {"family": family})
    await audit_trail.record(
        tx,
        actor=user_id,
        action="session.ended",
        resource_type="session",
        resource_id=str(family),
        reason=reason,
    )


def _successor(settings: Settings, token: str, device: str | None) -> str:
    """The refresh token that follows ``token`` on ``device``, a secret the console keeps beside its tokens.

    It is derived from both under our key, so it need not be stored to be answered again, and another device's would be
    another: that it is in the family shows that the same device asks. Neither address nor name would show that: people
    behind one proxy share the address, and a thief knows the name. Without a device it is random, and never found.
    """
    if device is None or settings.token_key is None:
        return secrets.token_urlsafe(32)
    key = HKDF(SHA256(), 32, None, b"opsconsole refresh token").derive(settings.token_key.get_secret_value().encode())
    return urlsafe_b64encode(hmac.digest(key, f"{token}\0{device}".encode(), "sha256")).decode().rstrip("=")


async def _in_family(tx: Connection, family: UUID, token: str) -> bool:
    row = await (await tx.execute(queries.in_family, {"family": family, "token_hash": _hash(token)})).fetchone()
    return row == (True,)


def _hash(token: str) -> bytes:
    # The token is random and long: a fast hash is enough, and a dump of the table gives nobody a session.
    return hashlib.sha256(token.encode()).digest()


async def forget_ended(tx: Connection) -> None:
    """Forget sessions that have ended, and wrong passwords that were counted long ago."""
    await tx.execute(queries.forget_refresh)
    await tx.execute(queries.forget_failures)
