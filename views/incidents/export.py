"""The timeline as a file in the download folder."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.core.errors import OperationsError
from app.incidents.domain import Incidents
from views.incidents.wording import ANYWHERE, FILTERS
from views.kit.downloads import save

if TYPE_CHECKING:
    from app.console import Console
    from models.incidents import IncidentRecord

MEDIA = {"md": "text/markdown", "json": "application/json", "pdf": "application/pdf"}


async def save_timeline(console: Console, incident: IncidentRecord, suffix: str, shown: str) -> None:
    """Fetch and save what a filter of the log lets through; says where, or why not."""
    name = f"{incident.reference}.{suffix}"
    try:
        kinds, story = FILTERS[shown], shown not in ANYWHERE
        data = await console.of(Incidents).export(incident.incident_id, suffix, MEDIA[suffix], kinds, story=story)
        path = await asyncio.to_thread(save, name, data)
    except OperationsError as error:
        console.messages.post(f"The timeline of {incident.reference} was not exported: {error}", "error")
    except OSError as error:
        console.messages.post(f"{error.filename or name} cannot be written: {error.strerror or error}.", "error")
    else:
        console.messages.post(f"The timeline of {incident.reference} ({shown}) is in {path}.")
