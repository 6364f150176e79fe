"""What a worker does for pages, as a process to be killed: ``python -m … DATABASE KEY``. Its lease is short."""

from __future__ import annotations

import asyncio
import sys

from backend.audit.relay import stamp
from backend.core.database import Database
from backend.core.keys import Key
from backend.core.settings import Settings
from backend.deliveries import DeliveryPorts
from backend.deliveries.secrets import SecretStore
from backend.deliveries.sending import actions, sender
from backend.oncall.pages.actions import move_on
from backend.runtime.worker import Progress, Tick, repeat
from models.deliveries.connections import ConnectionKind
from tests.backend.deliveries.fixtures import LOOPBACK
from tests.backend.integrations.fixtures import channel

PAGERDUTY = ConnectionKind.PAGERDUTY


async def main(url: str, key: str) -> None:
    actions.LEASE = sender.LEASE = 2.0  # type: ignore[misc]
    database = Database(url)
    await database.open()
    store = SecretStore(Key.read(key, "test"), None)
    ticks = (Tick("relay", 0.1, stamp), Tick("on-call pages", 0.1, move_on))
    async with asyncio.TaskGroup() as group:
        for tick in ticks:
            group.create_task(repeat(tick, database, Settings(), Progress()))
        ports = DeliveryPorts({PAGERDUTY: channel(PAGERDUTY)})
        group.create_task(sender.Sender(database, ports, store, LOOPBACK).run())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
