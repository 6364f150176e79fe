"""Connections the program makes or changes when a worker starts: those settings name, and the sample shop's."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from backend.core.database import Connection, Database
from backend.core.settings import Settings
from backend.deliveries.connections import actions
from backend.deliveries.routing.actions import route_team
from backend.deliveries.secrets import SecretStore
from models.deliveries.connections import (
    ConnectionSettings,
    SecretRequest,
    SendGridSettings,
    ShopSettings,
    WebhookSettings,
)
from models.deliveries.routing import Team

NAMES: Final = {
    "shop_webhook": "Shop webhook",
    "finance_webhook": "Finance webhook",
    "support_webhook": "Support webhook",
}
SAMPLE: Final = {"shop": "Sample shop", "support": "Support desk", "finance": "Finance ledger", "mail": "Mail"}
_SENDER: Final = "operations@shop.example"
_TEAMS: Final = {
    "finance_webhook": (Team.FINANCE,),
    "support_webhook": (Team.SUPPORT,),
    "sample_support": (Team.OPERATIONS, Team.RISK, Team.SUPPORT),
    "sample_finance": (Team.FINANCE,),
}


async def seed_connections(database: Database, settings: Settings, store: SecretStore) -> None:
    """Make what settings name, follow addresses that changed, and turn off what no setting names any more."""
    async with database.transaction() as tx:
        for name, called in NAMES.items():
            url = getattr(settings, name)
            if url is None:
                await actions.unseed(tx, seed=name)
            else:
                secret = SecretRequest(reference=f"env:OPSCONSOLE_{name.upper()}_SECRET")
                await _seed(tx, name, called, url, store, secret)


async def sample_port(database: Database) -> int:
    """The port at which the systems of the sample shop were last; 0 before the first time."""
    async with database.transaction() as tx:
        found = await actions.seeded(tx, f"sample_{next(iter(SAMPLE))}")
    return 0 if found is None or found.given is None else urlsplit(found.given).port or 0


async def seed_sample(database: Database, store: SecretStore, addresses: dict[str, str], secret: str) -> None:
    """The outside systems of the sample shop, made once: ``shop``, ``support``, ``finance`` and ``mail``.

    Later they only follow to another port, and only those whose address is still the program's.
    """
    async with database.transaction() as tx:
        for name, called in SAMPLE.items():
            seed = f"sample_{name}"
            known = await actions.seeded(tx, seed)
            if known is None or (known.given is None and not known.removed):
                await _seed(tx, seed, called, addresses[name], store, SecretRequest(value=secret))
            elif known.url == known.given and not known.removed:
                await actions.follow(tx, connection_id=known.id, url=addresses[name])


async def _seed(tx: Connection, seed: str, name: str, url: str, store: SecretStore, secret: SecretRequest) -> None:
    kept = settings_of(seed, url)
    connection_id, new = await actions.seed(tx, name=name, seed=seed, settings=kept, store=store, secret=secret)
    if new:
        await _route(tx, seed, connection_id)


def settings_of(seed: str, url: str) -> ConnectionSettings:
    """How a connection of the program reaches its system."""
    if seed in {"shop_webhook", "sample_shop"}:
        return ShopSettings(url=url)
    if seed == "sample_mail":
        return SendGridSettings(url=url, sender=_SENDER, recipients=(_SENDER,))
    return WebhookSettings(url=url)


async def route_sample(tx: Connection, name: str, connection_id: UUID) -> None:
    """Who hears of what by an outside system of the sample shop."""
    await _route(tx, f"sample_{name}", connection_id)


async def _route(tx: Connection, seed: str, connection_id: UUID) -> None:
    for team in _TEAMS.get(seed, ()):
        await route_team(tx, team=team, connection_id=connection_id)
