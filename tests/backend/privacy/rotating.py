"""Wraps keys anew in a process of its own, to be killed: address and key lines come by the environment."""

from __future__ import annotations

import asyncio
import os

from backend.core.database import Database
from backend.privacy import KeyRing
from backend.privacy.keys.actions import rotate


async def main() -> None:
    database = Database(os.environ["ROTATE_URL"], size=2, statement_seconds=30.0)
    await database.open()
    try:
        await rotate(database, KeyRing.read(os.environ["ROTATE_KEYS"], "a test"))
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(main())
