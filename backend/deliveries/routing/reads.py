"""Reading who hears of what, in which words, and how people are reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row, dict_row

from backend.core.audit_trail import WORKER
from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row, read_row, readable, the_one
from backend.deliveries.connections import reads as connections
from backend.deliveries.routing import queries
from backend.deliveries.routing.texts import TEXTS, VERSION, fill, program_text
from models.alerts import Severity
from models.core.problems import Code
from models.deliveries.connections import Connection as ConnectionRecord
from models.deliveries.connections import ConnectionKind, ConnectionState
from models.deliveries.routing import (
    ContactMethod,
    Preview,
    PreviewRequest,
    Route,
    RouteGap,
    RouteMap,
    Team,
    Template,
)

LOUD = (Severity.P1, Severity.P2)
"""What somebody must hear of at once."""
WRITTEN = datetime(2026, 11, 24, tzinfo=UTC)
"""When the texts of the program were written."""
_MISSING = "There is no such template."


async def routes(connection: Connection) -> list[Route]:
    """All routes."""
    async with connection.cursor(row_factory=class_row(Route)) as cursor:
        await cursor.execute(queries.routes)
        return await cursor.fetchall()


async def route_map(connection: Connection) -> RouteMap:
    """The map, and where somebody hears nothing of what they must."""
    found = await routes(connection)
    row = await (await connection.execute(queries.map)).fetchone()
    assert row is not None  # noqa: S101 - the migration puts the row there
    gaps = gaps_of(found, {each.id: each for each in readable(await connections.connections(connection))})
    return RouteMap(routes=tuple(found), gaps=gaps, version=row[0], updated_at=row[1], updated_by=row[2])


def gaps_of(found: Sequence[Route], known: dict[str, ConnectionRecord]) -> tuple[RouteGap, ...]:
    """Teams that hear of something severe only by what does not work now, or not at all."""
    gaps = []
    for team in Team:
        silent: list[Severity] = []
        broken: dict[str, list[Severity]] = {}
        for severity in LOUD:
            routes = (r.connection_id for r in found if r.team is team and r.severity is severity)
            named = [known[each] for each in routes if each in known]
            if not named:
                silent.append(severity)
            elif not any(each.state in {ConnectionState.OK, ConnectionState.LATE} for each in named):
                broken.setdefault(" and ".join(f"{each.name} ({each.state})" for each in named), []).append(severity)
        if silent:
            words = f"{team.value.capitalize()} {' and '.join(silent)} reaches nobody"
            gaps.append(RouteGap(team=team, severities=tuple(silent), words=words))
        for by, severities in broken.items():
            words = f"{team.value.capitalize()} {' and '.join(severities)} goes only to {by}"
            gaps.append(RouteGap(team=team, severities=tuple(severities), words=words))
    return tuple(gaps)


async def templates(connection: Connection) -> list[Template | Unreadable]:
    """All texts: the program's, or what somebody has made of them."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.templates)
        changed = {(row["name"], row["kind"]): row for row in await cursor.fetchall()}
    keys = {(name, kind or "") for name, kind in TEXTS} | {key for key in changed if _is_ours(*key)}
    return [_template(name, ConnectionKind(kind) if kind else None, changed) for name, kind in sorted(keys)]


async def template(connection: Connection, name: str, kind: ConnectionKind | None) -> Template:
    """One text; of a kind without one of its own, that of all kinds. Raises ProblemError 404."""
    if (name, None) not in TEXTS:
        raise ProblemError(Code.NOT_FOUND, _MISSING)
    found = {(each.name, each.kind): each for each in await templates(connection)}
    if (name, kind) in found:
        return the_one([found[name, kind]], _MISSING)
    return the_one([found[name, None]], _MISSING).model_copy(update={"kind": kind, "version": VERSION})


async def versions(connection: Connection, name: str, kind: ConnectionKind | None) -> list[Template | Unreadable]:
    """What a text has said, the newest first; the last is the program's own. Raises ProblemError 404."""
    if (name, None) not in TEXTS:
        raise ProblemError(Code.NOT_FOUND, _MISSING)
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.template_versions, {"name": name, "kind": kind or ""})
        rows = await cursor.fetchall()
    if not rows and (name, kind) not in TEXTS:  # it says what all others do
        return [await template(connection, name, kind)]
    return [_template(name, kind, {(name, kind or ""): row}) for row in rows] + [_template(name, kind, {})]


def _is_ours(name: str, kind: str) -> bool:
    """Another release may have had more texts, and more kinds of connections."""
    return (name, None) in TEXTS and kind in {"", *ConnectionKind}


def _template(
    name: str, kind: ConnectionKind | None, changed: dict[tuple[str, str], dict[str, Any]]
) -> Template | Unreadable:
    text = program_text(name, kind)
    row = changed.get((name, kind or "")) or {
        "subject": text.subject,
        "text": text.text,
        "version": VERSION,
        "updated_at": WRITTEN,
        "updated_by": WORKER,
    }
    return read_row(Template, {**row, "name": name, "kind": kind, "values": tuple(text.examples)})


async def preview(connection: Connection, request: PreviewRequest, connection_id: UUID) -> Preview:
    """What a notice would say there, with made-up values."""
    kind = (await connections.connection(connection, connection_id)).settings.kind
    found = await template(connection, request.template, kind)
    examples = program_text(request.template, kind).examples
    return Preview(
        subject=fill(request.subject or found.subject, examples), text=fill(request.text or found.text, examples)
    )


@dataclass(frozen=True, slots=True)
class NoticeChannel:
    """A connection that hears of something."""

    id: str
    name: str
    kind: ConnectionKind
    suggested: bool
    """The routes of the teams that were asked for lead there."""


async def notice_channels(
    connection: Connection, teams: Sequence[Team], severity: Severity
) -> tuple[NoticeChannel, ...]:
    """Where notices can go; those of these teams and this severity are suggested."""
    rows = await (
        await connection.execute(queries.channels, {"teams": [str(team) for team in teams], "severity": severity})
    ).fetchall()
    return tuple(NoticeChannel(row[0], row[1], ConnectionKind(row[2]), row[3]) for row in rows)


async def notice_words(
    connection: Connection, name: str, values: Mapping[str, str], kind: ConnectionKind | None = None
) -> Preview:
    """What a notice with these values says on a kind of connection, as the text is now."""
    found = await template(connection, name, kind)
    return Preview(subject=fill(found.subject, values), text=fill(found.text, values))


async def contacts(connection: Connection, user_id: str) -> list[ContactMethod | Unreadable]:
    """Somebody's own addresses."""
    async with connection.cursor(row_factory=lenient_row(ContactMethod)) as cursor:
        await cursor.execute(queries.contacts, {"user_id": user_id})
        return await cursor.fetchall()


async def contact(connection: Connection, user_id: str, contact_id: UUID) -> ContactMethod:
    """One of somebody's own; raises ProblemError 404."""
    async with connection.cursor(row_factory=class_row(ContactMethod)) as cursor:
        await cursor.execute(queries.contact, {"user_id": user_id, "contact_id": contact_id})
        found = await cursor.fetchone()
    if found is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such address.")
    return found
