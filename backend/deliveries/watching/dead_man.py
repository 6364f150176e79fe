"""The dead-man's switch: an outside address is asked every minute while all is well, and misses us when it is not.

It is the one thing that tells of a system that is dead as a whole, so it takes no part in what it watches: no lane, no
retry, no alert. It keeps silent on purpose when the database is away, the log stands still, or nothing is sent.
"""

from __future__ import annotations

import asyncio
from typing import Final

import httpx

from backend.core.database import Database
from backend.core.logs import logger
from backend.core.settings import Settings
from backend.deliveries.egress import EgressGuard, EgressRefusedError
from backend.deliveries.transport import http_client
from backend.deliveries.watching import queries

log = logger(__name__)

LAG_MOST: Final = 60.0
"""Seconds an entry of the log may wait for its position, or a canary for a sender, while all is well."""


async def sign_of_life(database: Database, settings: Settings) -> None:
    """Ask the address, unless something is wrong; a turn of the worker. Raises DatabaseUnavailable."""
    if settings.dead_man_url is None:
        return
    async with database.read() as connection:
        row = await (await connection.execute(queries.lag)).fetchone()
        standing = await (await connection.execute(queries.senders_stand_still, {"seconds": LAG_MOST})).fetchone()
    if row is None or row[0] > LAG_MOST:
        log.warning("no sign of life was given: the audit log stands still", seconds=None if row is None else row[0])
        return
    if standing is None or standing[0]:
        log.warning("no sign of life was given: nothing is sent")
        return
    try:
        async with asyncio.timeout(10.0), http_client(EgressGuard.of(settings)) as client:
            answer = await client.get(settings.dead_man_url)
    except (TimeoutError, EgressRefusedError, httpx.HTTPError, OSError) as error:
        log.warning("the sign of life did not arrive", reason=f"{type(error).__name__}: {error}")
        return
    if not answer.is_success:
        log.warning("the sign of life was not taken", status=answer.status_code)
