"""Built-in accounts: made on the command line, and one for each built-in role in an embedded data folder."""

from __future__ import annotations

import asyncio
import secrets
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backend.core import audit_trail
from backend.core.database import Connection, load_queries
from models.core.permissions import BUILT_IN_ROLE_BY_ID, BUILT_IN_ROLES

queries = load_queries(__package__)
hasher = PasswordHasher()

SAMPLE_PASSWORD = "sample-shop"  # noqa: S105 - of the sample shop, which holds nothing real; its sign-in page says it
SHORTEST_PASSWORD = 8


def matches(stored: str, password: str) -> bool:
    """Whether a password is that of a hash; takes tens of milliseconds on purpose, so call it in a thread."""
    try:
        return hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def nobodys_hash() -> str:
    """A hash that no password has. Trying one takes as long as with any other; making it takes no time."""
    salt, tag = (b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (hasher.salt_len, hasher.hash_len))
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${tag}"


async def set_account(
    tx: Connection, *, account: str, name: str, role: str, password: str | None, actor: str = audit_trail.OPERATOR
) -> None:
    """Create or change an account and give it a role; ``password=None`` keeps the one it has.

    Raises ValueError for an unknown role or a password of fewer than eight characters.
    """
    if role not in BUILT_IN_ROLE_BY_ID:
        raise ValueError(f"there is no role {role}; there are {', '.join(BUILT_IN_ROLE_BY_ID)}")
    if password is not None and len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"a password has at least {SHORTEST_PASSWORD} characters")
    # argon2 takes tens of milliseconds on purpose; the loop goes on meanwhile.
    password_hash = None if password is None else await asyncio.to_thread(hasher.hash, password)
    await _write(tx, account, name, role, password_hash, actor)


async def seed_role_accounts(tx: Connection, password: str | None = None) -> None:
    """One account for each built-in role, id and name those of the role; people get ``password`` if there is one."""
    password_hash = None if password is None else await asyncio.to_thread(hasher.hash, password)
    for role in BUILT_IN_ROLES:
        await _write(tx, role.id, role.name, role.id, None if role.service else password_hash, audit_trail.WORKER)


async def have_passwords(connection: Connection) -> bool:
    """Whether any account can sign in with a password."""
    row = await (await connection.execute(queries.count_passwords)).fetchone()
    return row is not None and row[0] > 0


async def _write(tx: Connection, account: str, name: str, role: str, password_hash: str | None, actor: str) -> None:
    values = {"account": account, "name": name, "password_hash": password_hash, "role": role, "by": actor}
    changed = await (await tx.execute(queries.set_account, values)).fetchone()
    if changed is not None:
        await audit_trail.record(
            tx,
            actor=actor,
            action="rbac.account.set",
            resource_type="account",
            resource_id=account,
            label=name,
            version=changed[0],
            after={"name": name, "passwordSet": password_hash is not None},
        )
    granted = await (await tx.execute(queries.assign_role, values)).fetchone()
    if granted is not None:
        await audit_trail.record(
            tx,
            actor=actor,
            action="rbac.role.assigned",
            resource_type="role_assignment",
            resource_id=granted[0],
            label=f"{role} of {name}",
            version=1,
            after={"userId": account, "roleId": role},
        )
