"""The sender as the worker runs it: with connections of its own to the database, so that it waits for nobody."""

from __future__ import annotations

from backend.core.database import Database
from backend.core.settings import Settings
from backend.deliveries.egress import EgressGuard
from backend.deliveries.ports import DeliveryPorts
from backend.deliveries.secrets import SecretStore
from backend.deliveries.sending.seeds import seed_connections
from backend.deliveries.sending.sender import Sender

POOL = 10


async def send(settings: Settings, ports: DeliveryPorts) -> None:
    """Until cancelled. Raises SecretError for a key that cannot be read."""
    assert settings.database_url is not None  # noqa: S101 - a worker has a database
    store = SecretStore.of(settings)
    database = Database(settings.database_url, size=POOL, statement_seconds=30.0)
    await database.open()
    try:
        await seed_connections(database, settings, store)
        sender = Sender(database, ports, store, EgressGuard.of(settings), canary_seconds=settings.canary_seconds)
        await sender.run()
    finally:
        await database.close()
