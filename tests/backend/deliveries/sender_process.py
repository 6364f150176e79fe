"""A sender and a relay as a process of their own, to be killed: ``python -m … DATABASE KEY``. Pauses are short."""

from __future__ import annotations

import asyncio
import sys

from backend.audit.relay import stamp
from backend.core.database import Database
from backend.core.keys import Key
from backend.core.settings import Settings
from backend.deliveries import plan
from backend.deliveries.secrets import SecretStore
from backend.deliveries.sending import actions, sender
from backend.runtime.worker import Progress, Tick, repeat
from tests.backend.deliveries.fixtures import LOOPBACK, ports

LEASE = 4.0


async def main(url: str, key: str) -> None:
    actions.LEASE = sender.LEASE = LEASE  # type: ignore[misc]
    plan.PROBES = (0.5, 1.0)
    plan.STEPS = (0.0, *(0.5 for _ in plan.STEPS[1:]))
    database = Database(url, size=10)
    await database.open()
    store = SecretStore(Key.read(key, "test"), None)
    relay = asyncio.create_task(repeat(Tick("relay", 0.25, stamp), database, Settings(), Progress()))
    await sender.Sender(database, ports(), store, LOOPBACK, within=2.0).run()
    relay.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
