"""Reading updates, and what one would say."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from backend.core.audit_trail import person_name
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import invalid
from backend.core.rows import Unreadable, lenient_row
from backend.deliveries import NoticeChannel, notice_channels, notice_words
from backend.incidents.matrix import reads as matrix
from backend.incidents.notices import PRIORITIES, values_of
from backend.incidents.records.actions import next_due
from backend.incidents.updates import queries
from models.incidents import CLOSED, IncidentRecord
from models.incidents.updates import (
    IncidentUpdate,
    UpdateChannel,
    UpdateDraft,
    UpdateMessage,
    UpdatePhase,
    UpdatePreview,
    UpdateSuggestion,
)

_TEXTS = {phase: f"incident.{phase}" for phase in UpdatePhase} | {UpdatePhase.RESOLVED: "incident.over"}


async def suggestion(connection: Connection, incident: IncidentRecord, phase: UpdatePhase) -> UpdateSuggestion:
    """An update to begin with: the text of its phase, and where the teams read it that the severity tells."""
    level = await matrix.level(connection, incident.severity)
    values = await values_of(connection, incident, "")
    words = await notice_words(connection, _TEXTS[phase], values)
    channels = await notice_channels(connection, level.teams, PRIORITIES[incident.severity])
    return UpdateSuggestion(
        phase=phase,
        text=words.text,
        channels=tuple(
            UpdateChannel(connection_id=each.id, name=each.name, kind=each.kind, suggested=each.suggested)
            for each in channels
        ),
        next_minutes=level.update_minutes,
        next_update_due_at=incident.next_update_due_at,
    )


async def chosen(connection: Connection, request: UpdateDraft) -> tuple[NoticeChannel, ...]:
    """The channels of an update; raises ProblemError 422 for one that nobody reads anything by."""
    known = {each.id: each for each in await notice_channels(connection, (), next(iter(PRIORITIES.values())))}
    for number, each in enumerate(request.connections):
        if each not in known:
            raise invalid(f"/connections/{number}", "no route leads to such a connection")
    return tuple(known[each] for each in dict.fromkeys(request.connections))


async def update_values(
    connection: Connection, incident: IncidentRecord, request: UpdateDraft, *, actor: str, due: datetime | None
) -> dict[str, str]:
    """What the text of an update may name."""
    values = await values_of(connection, incident, actor)
    promised = "none is planned" if due is None else f"{due:%d %b %H:%M UTC}"
    return {**values, "actor": await person_name(connection, actor), "text": request.text, "next": promised}


async def due_after(
    connection: Connection, incident: IncidentRecord, request: UpdateDraft, at: datetime
) -> datetime | None:
    """When the one after this is due; ``None``: it is over, or the severity asks for none."""
    if incident.status in CLOSED:
        return None
    level = await matrix.level(connection, incident.severity)
    minutes = level.update_minutes if request.next_minutes is None else request.next_minutes
    return next_due(level.model_copy(update={"update_minutes": minutes}), at)


async def preview(
    connection: Connection, incident: IncidentRecord, request: UpdateDraft, *, actor: str
) -> UpdatePreview:
    """What each channel would be sent; nothing is."""
    due = await due_after(connection, incident, request, await clock(connection))
    values = await update_values(connection, incident, request, actor=actor, due=due)
    messages = []
    for each in await chosen(connection, request):
        words = await notice_words(connection, "incident.update", values, each.kind)
        messages.append(
            UpdateMessage(connection_id=each.id, name=each.name, kind=each.kind, subject=words.subject, text=words.text)
        )
    return UpdatePreview(messages=tuple(messages), next_update_due_at=due)


async def updates(
    connection: Connection, incident_id: UUID, *, below: int | None, limit: int
) -> list[IncidentUpdate | Unreadable]:
    """Updates of an incident with a number below that of the last one of the page before, newest first."""
    async with connection.cursor(row_factory=lenient_row(IncidentUpdate)) as cursor:
        await cursor.execute(queries.page, {"incident_id": incident_id, "below": below, "limit": limit})
        return await cursor.fetchall()
