"""The second factor of built-in accounts: time-based codes (RFC 6238) and recovery codes, each used once.

Wrong codes, and wrong passwords where one is set up, count for the session that sends them, and for the account at the
address they come from: a new session buys no new tries. Those from addresses where the account has used none lately
count together too: nor do many addresses. Never for a session that has used one, nor for a known address; and no
stranger holds back a recovery code, which nobody can guess: else anybody with the password could keep its owner out.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.accounts.session.accounts import matches
from backend.accounts.session.accounts import queries as sessions
from backend.core import audit_trail
from backend.core.database import Connection, Database, load_queries
from backend.core.problems import ProblemError, invalid
from backend.core.security import PASSWORD, SECOND_FACTOR, Principal, mint
from backend.core.settings import Settings
from models.accounts import AccessToken, Enrolment, RecoveryCodes
from models.core.problems import Code

queries = load_queries(__package__)

STEP_SECONDS: Final = 30
CODES: Final = 10
MOST_FAILURES: Final = 10
"""Wrong codes after which the session ends."""
RECENT = timedelta(minutes=5)
_ADDRESSES: Final = UUID("6f1f3c1e-5a0c-5e0b-9a63-0d5c2f4f7b11")
"""Under it an account at an address has an id, as a session has one."""
_KNOWN: Final = UUID("d2b8c3b4-61f5-5d0a-8a53-9b1f0e7a4c22")
"""Under it too, where the account has used a second factor."""
_STRANGERS: Final = UUID("0b7be6a5-3f0e-5c55-9d0f-5f3c6f1d8e33")
"""Under it an account has an id for all other addresses together."""
_PASSWORDS: Final = UUID("5c1d6a0e-8b57-5f2e-b1a4-3e7d92c06f44")
"""Under it wrong passwords have ids of their own: a right one, which a thief may know, clears no wrong codes."""
NONCE: Final = 12


async def begin(
    database: Database,
    settings: Settings,
    principal: Principal,
    *,
    password: str | None,
    environment: str,
    address: str,
) -> Enrolment:
    """A new secret for an account that has no confirmed one; it counts once a code of it was right.

    The password must be given again, or the sign-in be at most five minutes old where the account has none. Raises
    ProblemError 409 for an account that has a second factor, 422 for a wrong password, 429 while the session or the
    address must wait after too many, 404 for people of an issuer.
    """
    _ours(principal)
    async with database.read() as connection:
        row = await (await connection.execute(sessions.password, {"account": principal.user_id})).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such account.")
    if row[1] is not None:
        await _check_password(database, principal, row[1], password, address)
    elif (proved := principal.identity.auth_time) is None or datetime.now(UTC) - proved > RECENT:
        raise ProblemError(Code.UNAUTHENTICATED, "Sign in again before you set up a second factor.")
    secret = pyotp.random_base32()
    sealed = seal_secret(settings, principal.user_id, secret)
    async with database.transaction() as tx:
        made = await tx.execute(queries.begin_factor, {"user_id": principal.user_id, "secret": sealed})
        if await made.fetchone() is None:
            raise ProblemError(Code.CONFLICT, "A second factor is set up already; remove it before you set up another.")
        await _note(tx, principal, "second_factor_begun")
    uri = pyotp.TOTP(secret).provisioning_uri(name=principal.user_id, issuer_name=f"opsconsole {environment}")
    return Enrolment(secret=secret, uri=uri, as_of=datetime.now(UTC))


async def confirm(
    database: Database, settings: Settings, principal: Principal, code: str, *, address: str
) -> RecoveryCodes:
    """Make the begun factor count, and answer its recovery codes, which are shown this once. Wrong code: 422."""
    _ours(principal)
    await _check(database, settings, principal, code, address, confirmed=False)
    async with database.transaction() as tx:
        await tx.execute(queries.confirm_factor, {"user_id": principal.user_id})
        await _note(tx, principal, "second_factor_set_up")
        codes = await _new_codes(tx, principal)
        access = await _raise_session(tx, settings, principal)
    return _with_codes(codes, access)


async def step_up(
    database: Database, settings: Settings, principal: Principal, code: str, *, address: str
) -> AccessToken:
    """An access token that says a second factor was used just now.

    Takes a code of the authenticator, or a recovery code, which is used up. Raises ProblemError 422 for a wrong or
    repeated one, 429 while the session or the address must wait after too many, 409 when no second factor is set up.
    """
    _ours(principal)
    if not principal.second_factor:
        raise ProblemError(Code.CONFLICT, "Your account has no second factor yet; set one up first.")
    await _check(database, settings, principal, code, address, confirmed=True)
    async with database.transaction() as tx:
        await _note(tx, principal, "second_factor_used")
        return await _raise_session(tx, settings, principal)


async def renew_codes(tx: Connection, settings: Settings, principal: Principal) -> RecoveryCodes:
    """New recovery codes; the earlier ones stop working. The token says and lasts what the one in use does."""
    _ours(principal)
    codes = await _new_codes(tx, principal)
    await _note(tx, principal, "recovery_codes_renewed")
    identity = principal.identity
    now = datetime.now(UTC)
    token, expires = mint(
        settings,
        user_id=principal.user_id,
        name=principal.name,
        auth_time=identity.auth_time or now,
        lifetime=identity.expires - now,
        acr=identity.acr or PASSWORD,
        session=identity.session,
    )
    return _with_codes(codes, AccessToken(access_token=token, expires_at=expires, as_of=now))


async def remove(tx: Connection, *, actor: str, user_id: str, reason: str | None = None) -> None:
    """Take the second factor away, for instance with a lost telephone. Raises ProblemError 404 when there is none."""
    gone = await (await tx.execute(queries.remove_factor, {"user_id": user_id})).fetchone()
    if gone is None:
        raise ProblemError(Code.NOT_FOUND, f"{user_id} has no second factor.")
    await tx.execute(queries.forget_codes, {"user_id": user_id})
    await audit_trail.record(
        tx,
        actor=actor,
        action="session.second_factor_removed",
        resource_type="account",
        resource_id=user_id,
        label=user_id,
        reason=reason,
    )


async def _check_password(
    database: Database, principal: Principal, stored: str, password: str | None, address: str
) -> None:
    """The password again. Raises ProblemError for a wrong one, which counts: else there one could guess without end."""
    if password is None:
        raise invalid("/password", "give your password again")
    right = await asyncio.to_thread(matches, stored, password)
    async with database.transaction() as tx:
        await tx.execute(queries.one_by_one, {"user_id": principal.user_id})
        family, counted = await _counted(tx, principal, address)
        counted = [uuid5(_PASSWORDS, str(each)) for each in counted]
        await _blocked(tx, counted, "Too many wrong passwords; try again in {seconds} s.")
        if right:
            await tx.execute(queries.clear_factor_failures, {"counted": counted})
            return
        await _count(tx, principal, family, counted, "too many wrong passwords")
    raise invalid("/password", "wrong password")


async def _check(
    database: Database, settings: Settings, principal: Principal, code: str, address: str, *, confirmed: bool
) -> None:
    plain = code.replace(" ", "").replace("-", "").lower()
    async with database.transaction() as tx:
        # Locked to the end: the same code twice at the same moment is used once, and no try overtakes the count.
        factor = await (
            await tx.execute(queries.lock_factor, {"user_id": principal.user_id, "confirmed": confirmed})
        ).fetchone()
        family, counted = await _counted(tx, principal, address)
        # Strangers hold nobody back who has what cannot be guessed.
        heeded = counted[:2] if _is_recovery(plain, confirmed=confirmed) else counted
        await _blocked(tx, heeded, "Too many wrong codes; try again in {seconds} s, or use a recovery code.")
        if factor is not None and await _uses(tx, settings, principal, plain, factor, confirmed=confirmed):
            await tx.execute(queries.clear_factor_failures, {"counted": counted})
            await tx.execute(queries.know_address, {"known": _id_at(_KNOWN, principal, address)})
            return
        await _count(tx, principal, family, counted, "too many wrong codes")
    # After the commit: the refusal must not take the count back.
    raise invalid("/code", "the code is wrong, has passed, or was used already")


async def _counted(tx: Connection, principal: Principal, address: str) -> tuple[UUID, list[UUID]]:
    """The session, and what a wrong try of it counts for: itself first."""
    family = principal.identity.session
    if family is None:
        raise ProblemError(Code.UNAUTHENTICATED, "Sign in again: this session knows no second factor.")
    live = await (await tx.execute(queries.live_session, {"family": family})).fetchone()
    if live is None:
        raise ProblemError(Code.UNAUTHENTICATED, "The session has ended; sign in again.")
    # A session that has used one is somebody's own: it answers for itself alone.
    shared = [] if live == (SECOND_FACTOR,) else await _shared(tx, principal, address)
    return family, [family, *shared]


async def _blocked(tx: Connection, counted: list[UUID], words: str) -> None:
    waiting = await (await tx.execute(queries.factor_blocked, {"counted": counted})).fetchone()
    if waiting is not None:
        seconds = math.ceil(waiting[0])
        raise ProblemError(Code.TOO_MANY_REQUESTS, words.format(seconds=seconds), headers={"Retry-After": str(seconds)})


async def _count(tx: Connection, principal: Principal, family: UUID, counted: list[UUID], why_ended: str) -> None:
    """Count a wrong try, the session's own first, and end a session of too many."""
    cursor = await tx.execute(queries.count_factor_failure, {"counted": counted})
    failures: dict[UUID, int] = dict(await cursor.fetchall())
    await _note(tx, principal, "second_factor_refused")
    if failures[counted[0]] >= MOST_FAILURES:
        await tx.execute(sessions.end_family, {"family": family})
        await _note(tx, principal, "ended", reason=why_ended)


async def _shared(tx: Connection, principal: Principal, address: str) -> list[UUID]:
    """What wrong codes of a session count for besides itself."""
    values = {"known": _id_at(_KNOWN, principal, address)}
    known = await (await tx.execute(queries.knows_address, values)).fetchone() == (True,)
    strangers = [] if known else [uuid5(_STRANGERS, principal.user_id)]
    return [_id_at(_ADDRESSES, principal, address), *strangers]


def _id_at(namespace: UUID, principal: Principal, address: str) -> UUID:
    return uuid5(namespace, f"{principal.user_id} {address}")


def _is_recovery(plain: str, *, confirmed: bool) -> bool:
    return confirmed and len(plain) == len(_code()[0])


async def _uses(
    tx: Connection, settings: Settings, principal: Principal, plain: str, factor: tuple[Any, ...], *, confirmed: bool
) -> bool:
    sealed, last_step = factor
    if _is_recovery(plain, confirmed=confirmed):
        used = await tx.execute(queries.use_code, {"user_id": principal.user_id, "code_hash": _hash(principal, plain)})
        if await used.fetchone() is not None:
            await _note(tx, principal, "recovery_code_used")
            return True
        return False
    one_time = pyotp.TOTP(open_secret(settings, principal.user_id, sealed))
    step = int(datetime.now(UTC).timestamp()) // STEP_SECONDS
    for candidate in (step, step - 1, step + 1):  # clocks of telephones differ by some seconds
        if candidate > last_step and secrets.compare_digest(one_time.generate_otp(candidate).encode(), plain.encode()):
            await tx.execute(queries.used_step, {"user_id": principal.user_id, "step": candidate})
            return True
    return False


async def _raise_session(tx: Connection, settings: Settings, principal: Principal) -> AccessToken:
    now = datetime.now(UTC)
    family = principal.identity.session
    await tx.execute(queries.raise_session, {"family": family, "acr": SECOND_FACTOR, "at": now})
    token, expires = mint(
        settings,
        user_id=principal.user_id,
        name=principal.name,
        auth_time=now,
        acr=SECOND_FACTOR,
        session=family,
    )
    return AccessToken(access_token=token, expires_at=expires, as_of=now)


async def _new_codes(tx: Connection, principal: Principal) -> tuple[str, ...]:
    codes = [_code() for _ in range(CODES)]
    await tx.execute(queries.forget_codes, {"user_id": principal.user_id})
    async with tx.cursor() as cursor:
        await cursor.executemany(
            queries.keep_code,
            [{"user_id": principal.user_id, "code_hash": _hash(principal, plain)} for plain, _ in codes],
        )
    return tuple(shown for _, shown in codes)


def _with_codes(codes: tuple[str, ...], access: AccessToken) -> RecoveryCodes:
    return RecoveryCodes(
        codes=codes, access_token=access.access_token, expires_at=access.expires_at, as_of=access.as_of
    )


def _code() -> tuple[str, str]:
    """A code of 80 random bits, as it is compared and as it is shown."""
    plain = pyotp.random_base32(32).lower()[:16]
    return plain, "-".join(plain[n : n + 4] for n in range(0, 16, 4))


def _hash(principal: Principal, plain: str) -> bytes:
    # Random and long: a fast hash is enough, and a dump of the table is of no use.
    return hashlib.sha256(f"{principal.user_id}\0{plain}".encode()).digest()


def _cipher(settings: Settings) -> AESGCM:
    if settings.token_key is None:
        raise ProblemError(Code.NOT_FOUND, "Built-in accounts are off here; the sign-in service has the second factor.")
    key = HKDF(SHA256(), 32, None, b"opsconsole second factor").derive(settings.token_key.get_secret_value().encode())
    return AESGCM(key)


def seal_secret(settings: Settings, user_id: str, secret: str) -> bytes:
    """The secret of an account's authenticator as it is stored: encrypted, and for that account alone."""
    nonce = os.urandom(NONCE)
    return nonce + _cipher(settings).encrypt(nonce, secret.encode(), user_id.encode())


def open_secret(settings: Settings, user_id: str, sealed: bytes) -> str:
    """The secret again. Raises ProblemError 409 when it was sealed under another key."""
    try:
        return _cipher(settings).decrypt(sealed[:NONCE], sealed[NONCE:], user_id.encode()).decode()
    except InvalidTag:
        raise ProblemError(
            Code.CONFLICT,
            "The second factor was set up under another key; an administrator must remove it, then set it up again.",
        ) from None


def _ours(principal: Principal) -> None:
    if principal.kind != "account":
        raise ProblemError(Code.NOT_FOUND, "Your second factor is the sign-in service's business; sign in there again.")


async def _note(tx: Connection, principal: Principal, what: str, *, reason: str | None = None) -> None:
    await audit_trail.record(
        tx,
        actor=principal.user_id,
        action=f"session.{what}",
        resource_type="account",
        resource_id=principal.user_id,
        label=principal.name,
        reason=reason,
    )


async def forget_failures(tx: Connection) -> None:
    """Forget wrong codes that were counted long ago."""
    await tx.execute(queries.forget_factor_failures)
