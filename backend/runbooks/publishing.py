"""Runbooks published by themselves where a setting says, so that they are read while all of this is down.

Specification: "Incident runbook service remains available even during partial outages".
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from backend.alerts import clear_condition, raise_alert
from backend.core.database import Database
from backend.core.settings import Settings
from backend.runbooks import actions, reads
from backend.runbooks.pages import pages
from backend.runbooks.places import Folder, Place, PublishError
from backend.runbooks.places import publish as put_there
from models.alerts import Severity
from models.runbooks import Runbook

SOURCE, KEY = "runbooks", "publishing"


async def publish(database: Database, settings: Settings) -> None:
    """Have the runbooks as they are now where the settings say; a turn of the worker.

    It looks there each time: what somebody has removed comes back.
    """
    target = settings.runbooks_to
    if target is None:
        return
    async with database.read() as connection:
        runbooks = await reads.everything(connection)
    try:
        renewed = await asyncio.to_thread(publish_to, target, runbooks, settings.environment)
    except PublishError as error:
        async with database.transaction() as tx:
            await raise_alert(
                tx,
                source=SOURCE,
                key=KEY,
                title="Runbooks are not published",
                severity=Severity.P3,
                guidance=f"{error}.\nWhat is there may be old: open runbooks in the console.",
            )
        return
    async with database.transaction() as tx:
        if renewed:
            await actions.note_published(tx, target)
        await clear_condition(tx, source=SOURCE, key=KEY)


def publish_to(target: str, runbooks: tuple[Runbook, ...], environment: str) -> bool:
    """Publish to a folder or a bucket; False when all was there already. It blocks. Raises PublishError."""
    made = pages(runbooks, environment, datetime.now(UTC).date())
    return put_there(_place_at(target), made, _fingerprint(made))


def _place_at(target: str) -> Place:
    """``s3://bucket/prefix``, or a folder. Raises PublishError."""
    return _bucket(target) if target.startswith("s3://") else Folder(Path(target))


@cache
def _bucket(url: str) -> Place:
    """One client for all turns. Only who has a bucket waits for it to load."""
    from backend.runbooks.bucket import Bucket

    return Bucket(url)


def _fingerprint(made: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name, text in sorted(made.items()):
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()
