"""The nodes that are of no system, by name, and the service that runs all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backend.core.capability import PersonalSystems
from backend.core.database import Database
from backend.core.settings import Settings
from backend.privacy.erasure.actions import certify, destroy_key, write_ledger
from backend.privacy.erasure.scan import scan
from backend.privacy.graph.plan import CERTIFICATE, KEY, LEDGER, SCAN
from backend.privacy.graph.runner import Runner
from backend.privacy.graph.steps import Step

STEPS: Final[Mapping[str, Step]] = {LEDGER: write_ledger, SCAN: scan, CERTIFICATE: certify, KEY: destroy_key}


async def run_nodes(settings: Settings, systems: PersonalSystems) -> None:
    """Until cancelled, with connections of its own, so that it waits for nobody."""
    assert settings.database_url is not None  # noqa: S101 - a worker has a database
    database = Database(settings.database_url, size=3, statement_seconds=30.0)
    await database.open()
    try:
        await Runner(database, settings.database_url, settings, systems, steps=STEPS).run()
    finally:
        await database.close()
