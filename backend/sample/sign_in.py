"""How one gets into a sample shop: accounts, password and second factor that everybody may know.

Nothing here is asked when somebody signs in: the sample's password and key are ordinary ones, which a server has only
where this gave them out. A folder that is no sample shop any more loses the key at its next start.
"""

from __future__ import annotations

import asyncio
from typing import Final

from backend.accounts import SAMPLE_PASSWORD, open_secret, password_matches, remove_second_factor, seal_secret
from backend.core import audit_trail
from backend.core.database import Connection, Database, load_queries
from backend.core.problems import ProblemError
from backend.core.settings import Settings
from models.accounts import SampleAccess, SampleAccount
from models.core.permissions import BUILT_IN_ROLES

queries = load_queries(__package__)

SAMPLE_KEY: Final = "SAMPLESHOPHOLDSNOTHINGREAL234567"


async def settle_sample_access(database: Database, settings: Settings) -> SampleAccess | None:
    """What a sample shop may tell whoever wants to sign in; ``None`` where there is none.

    Accounts of built-in roles with the sample's password have the sample's second factor, unless they set up one of
    their own; no other account keeps it.
    """
    async with database.transaction() as tx:
        ids = [role.id for role in BUILT_IN_ROLES if not role.service]
        rows = await (await tx.execute(queries.role_accounts, {"ids": ids})).fetchall()
        open_hashes = await _with_sample_password({row[2] for row in rows}) if settings.sample_shop else set()
        accounts = []
        for user_id, name, password_hash, secret in rows:
            if password_hash in open_hashes:
                accounts.append(SampleAccount(id=user_id, name=name))
                if secret is None:
                    await _give_factor(tx, settings, user_id, name)
            elif secret is not None and _is_sample_key(settings, user_id, secret):
                await remove_second_factor(
                    tx, actor=audit_trail.SAMPLE_SHOP, user_id=user_id, reason="no account of a sample shop any more"
                )
    if not accounts:
        return None
    return SampleAccess(accounts=tuple(accounts), password=SAMPLE_PASSWORD, authenticator_key=SAMPLE_KEY)


async def _with_sample_password(hashes: set[str | None]) -> set[str]:
    # As a rule there is one: they were given out together.
    given = [each for each in hashes if each is not None]
    return {each for each in given if await asyncio.to_thread(password_matches, each, SAMPLE_PASSWORD)}


async def _give_factor(tx: Connection, settings: Settings, user_id: str, name: str) -> None:
    sealed = seal_secret(settings, user_id, SAMPLE_KEY)
    await tx.execute(queries.give_factor, {"user_id": user_id, "secret": sealed})
    await audit_trail.record(
        tx,
        actor=audit_trail.SAMPLE_SHOP,
        action="session.second_factor_set_up",
        resource_type="account",
        resource_id=user_id,
        label=name,
    )


def _is_sample_key(settings: Settings, user_id: str, sealed: bytes) -> bool:
    try:
        return open_secret(settings, user_id, sealed) == SAMPLE_KEY
    except ProblemError:  # sealed under another key: it opens nothing
        return False
