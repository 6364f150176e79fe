"""Connections that settings name, made or changed when a worker starts."""

from __future__ import annotations

from typing import Final

from backend.core.database import Connection, Database
from backend.core.settings import Settings
from backend.deliveries.connections import actions
from backend.deliveries.routing.actions import route_team
from models.deliveries.connections import ConnectionSettings, ShopSettings, WebhookSettings
from models.deliveries.routing import Team

NAMES: Final = {
    "shop_webhook": "Shop webhook",
    "finance_webhook": "Finance webhook",
    "support_webhook": "Support webhook",
}
_TEAMS: Final = {"finance_webhook": Team.FINANCE, "support_webhook": Team.SUPPORT}


async def seed_connections(database: Database, settings: Settings) -> None:
    """Make what is missing, follow addresses that changed, and turn off what no setting names any more."""
    async with database.transaction() as tx:
        for name in NAMES:
            url = getattr(settings, name)
            if url is None:
                await actions.unseed(tx, seed=name)
            else:
                await _seed(tx, name, url)


async def _seed(tx: Connection, name: str, url: str) -> None:
    kept: ConnectionSettings = ShopSettings(url=url) if name == "shop_webhook" else WebhookSettings(url=url)
    reference = f"env:OPSCONSOLE_{name.upper()}_SECRET"
    connection_id, new = await actions.seed(tx, name=NAMES[name], seed=name, settings=kept, reference=reference)
    if new and name in _TEAMS:
        await route_team(tx, team=_TEAMS[name], connection_id=connection_id)
