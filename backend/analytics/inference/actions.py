"""A draft out of what came in."""

from __future__ import annotations

from typing import Final

from backend.analytics.event_text import read_item
from backend.analytics.inference import queries
from backend.analytics.inference.shape import infer
from backend.analytics.plan.checking import at_of
from backend.analytics.registry.actions import write_draft
from backend.core.database import Connection
from backend.core.problems import ProblemError
from models.analytics import EventSchemaDefinition, EventSchemaDraft
from models.analytics.events import InferRequest
from models.core.problems import Code

EVENTS_MOST: Final = 5_000


async def draft(tx: Connection, *, actor: str, request: InferRequest) -> EventSchemaDefinition:
    """Write a draft of an event by the newest of its kind. None came: 404. One is being written already: 409."""
    values = {"event_name": request.event_name, "days": request.days, "limit": EVENTS_MOST}
    rows = await (await tx.execute(queries.newest, values)).fetchall()
    if not rows:
        raise ProblemError(Code.NOT_FOUND, f"No event of this name came in within {request.days} days.")
    found = [
        (value or {}).get("properties" if kind == "track" else at_of(kind)[1:])
        for kind, value in ((kind, read_item(body.encode()).value) for kind, body in rows)
    ]
    content = EventSchemaDraft(
        event_name=request.event_name,
        description=f"Inferred from {len(rows):,} events of {request.days} days: say what it tells.",
        owners=(actor,),
        properties=infer(found),
        additional_properties=True,
    )
    return await write_draft(tx, actor=actor, request=content)
