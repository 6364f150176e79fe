"""Signing off, reopening, waiving and changing items.

Specification: ``POST /api/operations/checklist/[id]/complete``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from backend import approvals
from backend.approvals import ApprovalKind
from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import ProblemError, invalid, same_version
from backend.core.rows import Unreadable, the_one
from backend.launch.checklist import queries, reads
from backend.launch.clock import reads as clocks
from backend.launch.launches import reads as launches
from backend.launch.launches.actions import locked
from backend.launch.templates import files
from backend.launch.templates import reads as templates
from models.access import Approval
from models.core.permissions import Permission
from models.core.problems import Code
from models.launch import Launch, LaunchState
from models.launch.checklist import (
    ChecklistImport,
    ImportChecklist,
    ItemChange,
    ItemDraft,
    ItemStatus,
    LaunchChecklistItem,
    WaiveItem,
)
from models.launch.templates import ITEMS_MOST, check_items

if TYPE_CHECKING:
    from backend.core.security import Principal

WAIVER_MINUTES = 24 * 60
WAIVER_MOST = timedelta(days=90)


async def complete(
    tx: Connection,
    *,
    principal: Principal,
    item_id: UUID,
    version: int,
    notes: str | None,
    inside: Collection[str],
) -> LaunchChecklistItem:
    """Sign an item off. Not a holder of the owner role: 403. Waits for others, or for a criterion: 409. Stale: 412.

    ``inside``: keys of the launch's figures that are within their limits now.
    """
    launch, before = await _locked(tx, item_id, inside)
    if before.owner_role not in principal.roles:
        raise ProblemError(
            Code.PERMISSION_MISSING,
            f"This item is signed by {before.owner_name}: only a holder of that role can.",
            permission=Permission.COMPLETE_CHECKLIST,
        )
    if before.automatic:
        raise ProblemError(Code.CONFLICT, "The system judges this item by its criteria; nobody signs it.")
    if before.status is ItemStatus.APPROVED:
        if (before.completed_by, before.notes) == (principal.user_id, notes):
            audit_trail.nothing_changed()
            return before
        raise ProblemError(Code.CONFLICT, f"{before.completed_by_name} has signed this item already.")
    same_version(before.version, version)
    if before.waits_for:
        raise ProblemError(Code.CONFLICT, f"It waits for {', '.join(before.waits_for)}: those are signed first.")
    if failing := [key for key in before.criteria if key not in inside]:
        raise ProblemError(Code.CONFLICT, f"Not within their limits: {', '.join(failing)}. It is signed when they are.")
    await tx.execute(queries.complete, {"item_id": item_id, "notes": notes, "actor": principal.user_id})
    return await _tell(tx, launch, before, "completed", principal.user_id, inside, reason=notes)


async def reopen(tx: Connection, *, actor: str, item_id: UUID, version: int, reason: str) -> LaunchChecklistItem:
    """Take a sign-off or a waiver back. Pending: 409. Stale: 412."""
    launch, before = await _locked(tx, item_id, ())
    if before.status is ItemStatus.PENDING or before.automatic:
        raise ProblemError(Code.CONFLICT, "This item is not signed.")
    same_version(before.version, version)
    await tx.execute(queries.reopen, {"item_id": item_id, "reason": reason})
    return await _tell(tx, launch, before, "reopened", actor, (), reason=reason)


async def ask_waiver(tx: Connection, *, actor: str, item_id: UUID, version: int, request: WaiveItem) -> Approval:
    """Ask for going without an item until an instant, 90 days ahead at most. Signed: 409. Stale: 412."""
    _, before = await _locked(tx, item_id, ())
    if before.status is ItemStatus.APPROVED or before.automatic:
        why = "The system judges this item" if before.automatic else "This item is signed"
        raise ProblemError(Code.CONFLICT, f"{why}: there is nothing to waive.")
    same_version(before.version, version)
    if not await clock(tx) < request.until <= await clock(tx) + WAIVER_MOST:
        raise invalid("/until", "a waiver ends ahead, within 90 days")
    return await approvals.ask(
        tx,
        actor=actor,
        kind=WAIVER.name,
        title=f"Launch without “{before.description}” until {request.until:%Y-%m-%d %H:%M} UTC",
        subject_type="launch_item",
        subject_id=before.item_id,
        gainer=None,
        details={"until": request.until.isoformat(), "version": before.version},
        reason=request.reason,
        permission=Permission.APPROVE_ROLES,
        needs=1,
        minutes=WAIVER_MINUTES,
    )


async def _apply_waiver(tx: Connection, approval: Approval) -> Mapping[str, Any]:
    launch, before = await _locked(tx, UUID(approval.subject_id), ())
    until = datetime.fromisoformat(approval.details["until"])
    if before.status is ItemStatus.APPROVED:
        raise ProblemError(Code.CONFLICT, "The item was signed meanwhile; deny this.")
    if before.version != approval.details.get("version"):  # somebody agrees to what they read
        raise ProblemError(Code.CONFLICT, "The item was changed meanwhile; deny this and ask again.")
    now = await clock(tx)
    if until <= now:
        raise ProblemError(Code.CONFLICT, "The waiver would have ended already; deny it and ask again.")
    waiver = {
        "reason": approval.reason,
        "until": until.isoformat(),
        "askedBy": approval.requested_by,
        "approver": approval.votes[-1].voter,
        "at": now.isoformat(),
    }
    await tx.execute(queries.waive, {"item_id": before.item_id, "until": until, "waiver": Jsonb(waiver)})
    after = await _tell(tx, launch, before, "waived", approval.requested_by, (), reason=approval.reason)
    return after.model_dump(mode="json", by_alias=True)


WAIVER = ApprovalKind("launch.waiver", _apply_waiver)


async def add(tx: Connection, *, actor: str, launch: Launch, request: ItemDraft) -> LaunchChecklistItem:
    """Add an item to an open launch. A key that is there: 409."""
    await locked(tx, UUID(launch.launch_id))
    there = await _drafts(tx, launch)
    if request.key in there:
        raise ProblemError(Code.CONFLICT, f"The item {request.key} is there already.")
    await _check(tx, launch, {**there, request.key: request}, [request])
    (item_id,) = await insert_items(tx, launch.launch_id, [request])
    return await _tell(tx, launch, item_id, "added", actor, ())


async def change(
    tx: Connection, *, principal: Principal, item_id: UUID, version: int, request: ItemChange
) -> LaunchChecklistItem:
    """Change an item; fields left out stay. Signed: 409, it is reopened first. Stale: 412."""
    launch, before = await _locked(tx, item_id, ())
    changes = request.model_dump(exclude_unset=True, by_alias=True)
    nulls = [name for name, value in changes.items() if value is None and name != "contingency"]
    if nulls:
        raise invalid(f"/{nulls[0]}", "leave the field out to keep its value")
    try:
        draft = ItemDraft.model_validate(reads.draft_of(before).model_dump(by_alias=True) | changes)
    except ValidationError as error:
        raise ProblemError(Code.INVALID, f"{error.errors()[0]['msg'].removeprefix('Value error, ')}.") from None
    same_version(before.version, version)
    if draft == reads.draft_of(before):
        audit_trail.nothing_changed()
        return before
    return await _change(tx, principal, launch, before, draft)


async def _change(
    tx: Connection, principal: Principal, launch: Launch, before: LaunchChecklistItem, draft: ItemDraft
) -> LaunchChecklistItem:
    if before.status is not ItemStatus.PENDING and not before.automatic:
        raise ProblemError(Code.CONFLICT, f"{before.key} is signed or waived; reopen it before you change it.")
    if launch.rehearsal_of is None and (words := _let_go(before, draft, principal.roles)):
        raise ProblemError(
            Code.CONFLICT,
            f"{before.key} {words}: going without it is a waiver, to which somebody else agrees. Ask for one.",
        )
    await _check(tx, launch, {**await _drafts(tx, launch), draft.key: draft}, [draft])
    await tx.execute(queries.change, _columns(draft) | {"item_id": before.item_id})
    return await _tell(tx, launch, before, "changed", principal.user_id, ())


def _let_go(before: LaunchChecklistItem, draft: ItemDraft, roles: Collection[str]) -> str | None:
    """Why the launch would be held by less than before; ``None`` when it is held as it was.

    ``roles``: of whoever changes it. What others sign does not become what they sign themselves, or nobody.
    """
    if before.blocking and not draft.blocking:
        return "holds the launch"
    if before.blocking and before.due <= 0 < draft.due:
        return "holds the launch, which is over when it would be due"
    if set(before.criteria) - set(draft.criteria) or (before.automatic and not draft.automatic):
        return "is held against figures"
    if before.blocking and not before.automatic:
        if draft.automatic:
            return f"is signed by {before.owner_name}, and then by nobody"
        if draft.owner_role in roles and before.owner_role not in roles:
            return f"is signed by {before.owner_name}, and then by yourself"
    return None


async def take_file(
    tx: Connection, *, principal: Principal, launch: Launch, request: ImportChecklist
) -> ChecklistImport:
    """Add and change items by a file. What would change a signed one is refused as a whole: 409."""
    drafts = await asyncio.to_thread(files.read_items, request.text, request.format)
    await locked(tx, UUID(launch.launch_id))
    there = await _drafts(tx, launch)
    wanted = {draft.key: draft for draft in drafts}
    if len(wanted) < len(drafts):
        raise invalid("/text", "a key stands twice")
    new = [draft for draft in drafts if draft.key not in there]
    changed = [draft for draft in drafts if draft.key in there and there[draft.key] != draft]
    if not new and not changed:
        audit_trail.nothing_changed()
    await _check(tx, launch, there | wanted, [*new, *changed])
    by_key = {row["key"]: row["item_id"] for row in await reads.rows(tx, launch_id=launch.launch_id)}
    for draft in changed:
        _, before = await _locked(tx, UUID(by_key[draft.key]), ())
        await _change(tx, principal, launch, before, draft)
    for item_id in await insert_items(tx, launch.launch_id, new):
        await _tell(tx, launch, item_id, "added", principal.user_id, ())
    return ChecklistImport(
        added=tuple(draft.key for draft in new),
        changed=tuple(draft.key for draft in changed),
        unchanged=len(drafts) - len(new) - len(changed),
    )


async def insert_items(tx: Connection, launch_id: str, drafts: Sequence[ItemDraft]) -> list[str]:
    """Append items to the list of a launch; tells nobody."""
    row = await (await tx.execute(queries.newest_number, {"launch_id": launch_id})).fetchone()
    number = int(row[0]) if row else 0
    ids = []
    for place, draft in enumerate(drafts, number + 1):
        values = _columns(draft) | {"launch_id": launch_id, "key": draft.key, "number": place}
        made = await (await tx.execute(queries.insert, values)).fetchone()
        assert made is not None  # noqa: S101 - an insert of one row returns one row
        ids.append(str(made[0]))
    return ids


def _columns(draft: ItemDraft) -> dict[str, Any]:
    plain = draft.model_dump(mode="json", by_alias=True)
    contingency = plain["contingency"]
    return draft.model_dump() | {
        "evidence": Jsonb(plain["evidence"]),
        "criteria": list(draft.criteria),
        "depends_on": list(draft.depends_on),
        "contingency": None if contingency is None else Jsonb(contingency),
    }


async def _drafts(tx: Connection, launch: Launch) -> dict[str, ItemDraft]:
    rows = await reads.rows(tx, launch_id=launch.launch_id)
    return {row["key"]: ItemDraft.model_validate({name: row[name] for name in reads.DRAFT_FIELDS}) for row in rows}


async def _check(tx: Connection, launch: Launch, items: Mapping[str, ItemDraft], new: Sequence[ItemDraft]) -> None:
    if len(items) > ITEMS_MOST:
        raise ProblemError(Code.CONFLICT, f"A launch has at most {ITEMS_MOST:,} items.")
    try:
        check_items(items.values(), [each.key for each in launch.criteria])
    except ValueError as error:
        raise ProblemError(Code.INVALID, f"{error}.") from None
    owners = {item.owner_role for item in new}
    if words := await templates.roles_problem(tx, owners, Permission.COMPLETE_CHECKLIST):
        raise invalid("/ownerRole", words)


async def _locked(tx: Connection, item_id: UUID, inside: Collection[str]) -> tuple[Launch, LaunchChecklistItem]:
    row = await (await tx.execute(queries.lock, {"item_id": item_id})).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such item.")
    launch = await launches.launch(tx, row[0])
    if launch.state is not LaunchState.OPEN:
        raise ProblemError(Code.CONFLICT, f"{launch.title} is over; nothing of it changes any more.")
    return launch, await find(tx, launch, item_id, inside)


async def launch_of(connection: Connection, item_id: UUID) -> Launch:
    """The launch of an item; raises ProblemError 404."""
    row = await (await connection.execute(queries.launch_of, {"item_id": item_id})).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such item.")
    return await launches.launch(connection, row[0])


async def find(
    connection: Connection, launch: Launch, item_id: UUID | str, inside: Collection[str]
) -> LaunchChecklistItem:
    """An item of a launch; raises ProblemError 404."""
    at = await clocks.clock_at(connection, launch, await clock(connection))
    rows: list[LaunchChecklistItem | Unreadable] = [
        reads.item_of(row, at, inside) for row in await reads.rows(connection, item_id=item_id)
    ]
    return the_one(rows, "There is no such item.")


async def _tell(
    tx: Connection,
    launch: Launch,
    before: LaunchChecklistItem | str,
    verb: str,
    actor: str,
    inside: Collection[str],
    *,
    reason: str | None = None,
) -> LaunchChecklistItem:
    """The item as it is now, and the audit log told of it; ``before`` is its id when it is new."""
    new = isinstance(before, str)
    after = await find(tx, launch, before if isinstance(before, str) else before.item_id, inside)
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"launch.item.{verb}",
        resource_type="launch_item",
        resource_id=after.item_id,
        label=after.description,
        version=after.version,
        before=None if new else _snapshot(before),
        after=_snapshot(after) | {"launchId": launch.launch_id, "rehearsalOf": launch.rehearsal_of},
        reason=reason or None,
    )
    return after


def _snapshot(item: LaunchChecklistItem | str) -> dict[str, Any]:
    assert isinstance(item, LaunchChecklistItem)  # noqa: S101 - asked for of items only
    return item.model_dump(mode="json", by_alias=True, exclude={"late_seconds", "waits_for"})
