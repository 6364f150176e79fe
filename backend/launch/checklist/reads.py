"""Reading checklists."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import class_row, dict_row

from backend.core.database import Connection
from backend.core.rows import Unreadable, read_row
from backend.launch.checklist import queries
from backend.launch.clock.fold import Clock
from models.launch import Launch
from models.launch.checklist import ItemDraft, ItemStatus, LaunchChecklistItem
from models.launch.criteria import Evidence, EvidenceVerdict
from models.launch.poll import ChecklistCounts
from models.launch.templates import ITEMS_MOST

if TYPE_CHECKING:
    from backend.core.security import Principal

_ALL: Mapping[str, Any] = {
    "item_id": None,
    "launch_id": None,
    "open_only": False,
    "owner_roles": None,
    "zero_at": None,
    "after_launch": None,
    "after_number": None,
    "after_id": None,
    "limit": 2 * ITEMS_MOST,
}

Row = dict[str, Any]
DRAFT_FIELDS = frozenset(ItemDraft.model_fields)


def inside_of(evidence: Sequence[Evidence]) -> list[str]:
    """Keys of the figures that are within their limits."""
    return [each.key for each in evidence if each.verdict is EvidenceVerdict.INSIDE]


async def rows(connection: Connection, **wanted: Any) -> list[Row]:
    """Items as they are stored, in the order of launch and list; see ``item_of``."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.items, {**_ALL, **wanted})
        return await cursor.fetchall()


async def page(
    connection: Connection,
    *,
    launch_id: UUID | None,
    owner_roles: Collection[str] | None,
    after: tuple[datetime | None, UUID | None, int | None, UUID | None],
    limit: int,
) -> list[Row]:
    """Items of a launch, or of all that are open and no rehearsals."""
    return await rows(
        connection,
        launch_id=launch_id,
        open_only=launch_id is None,
        owner_roles=None if owner_roles is None else list(owner_roles),
        zero_at=after[0],
        after_launch=after[1],
        after_number=after[2],
        after_id=after[3],
        limit=limit,
    )


def item_of(row: Row, clock: Clock, inside: Collection[str]) -> LaunchChecklistItem | Unreadable:
    """An item as it stands: whether it is late follows from the clock, what is automatic from the figures."""
    values = {name: value for name, value in row.items() if name not in {"depends", "planned_zero_at"}}
    status = values["status"]
    if row["automatic"]:
        status = ItemStatus.APPROVED if set(row["criteria"]) <= set(inside) else ItemStatus.PENDING
    if status == ItemStatus.PENDING:
        values |= {"completed_at": None, "completed_by": None, "completed_by_name": None}
    due = clock.due_at(timedelta(seconds=row["due"])) or row["planned_zero_at"] + timedelta(seconds=row["due"])
    late = status == ItemStatus.PENDING and timedelta(seconds=row["due"]) <= clock.reading
    values |= {
        "status": status,
        "due_date": due,
        "late_seconds": max(0.0, (clock.now - due).total_seconds()) if late else None,
        "waits_for": [
            key
            for key, automatic, criteria, signed in row["depends"]
            if not (set(criteria) <= set(inside) if automatic else signed)
        ],
    }
    return read_row(LaunchChecklistItem, values)


async def items_of(
    connection: Connection, launch: Launch, clock: Clock, inside: Collection[str]
) -> list[LaunchChecklistItem]:
    """The whole list of a launch; raises ValidationError for an item that cannot be read."""
    found = [item_of(row, clock, inside) for row in await rows(connection, launch_id=launch.launch_id)]
    for item in found:
        if isinstance(item, Unreadable):
            raise item.error
    return [item for item in found if isinstance(item, LaunchChecklistItem)]


def draft_of(item: LaunchChecklistItem) -> ItemDraft:
    """An item as a template has it."""
    return ItemDraft.model_validate({name: getattr(item, name) for name in DRAFT_FIELDS})


async def counts(
    connection: Connection, launch_id: str, reading: timedelta, inside: Collection[str]
) -> ChecklistCounts:
    """The list in figures, at a reading of the clock."""
    values = {"launch_id": launch_id, "reading": reading.total_seconds(), "inside": list(inside)}
    async with connection.cursor(row_factory=class_row(ChecklistCounts)) as cursor:
        await cursor.execute(queries.counts, values)
        found = await cursor.fetchone()
    assert found is not None  # noqa: S101 - an aggregate is one row
    return found


async def late(connection: Connection, launch_id: str, reading: timedelta, inside: Collection[str]) -> list[Row]:
    """Items that are due and not signed, in the order of the list."""
    values = {"launch_id": launch_id, "reading": reading.total_seconds(), "inside": list(inside)}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.late, values)
        return await cursor.fetchall()


async def count_mine(connection: Connection, principal: Principal) -> int:
    """How many items wait for somebody's signature."""
    row = await (await connection.execute(queries.count_mine, {"roles": list(principal.roles)})).fetchone()
    assert row is not None  # noqa: S101 - a select of one row
    return int(row[0])
