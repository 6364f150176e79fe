"""Everything that changes runbooks and their runs. Each change is audited in the transaction that makes it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.core import audit_trail
from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError, invalid, same_version
from backend.runbooks import reads
from models.core.problems import Code
from models.runbooks import EndRun, MarkStep, Runbook, RunbookChange, RunbookDraft, RunbookRun, StartRun
from models.runbooks.checking import errors
from models.runbooks.markdown import read

queries = load_queries(__package__)


async def create(tx: Connection, *, actor: str, request: RunbookDraft, at: datetime | None = None) -> Runbook:
    """Store a new runbook. Its name is taken: 409. A text with errors or an owner nobody knows: 422."""
    await _check(tx, request.text, request.owner)
    values = request.model_dump() | {"steps": await _steps(request.text), "actor": actor, "at": at}
    row = await (await tx.execute(queries.insert, _lists(values))).fetchone()
    if row is None:
        raise ProblemError(Code.CONFLICT, f"There is a runbook {request.slug} already.")
    await tx.execute(queries.keep_version, {"runbook_id": row[0]})
    after = await reads.find(tx, row[0])
    await _record(tx, actor, "created", None, after)
    return after


async def change(
    tx: Connection,
    *,
    actor: str,
    runbook_id: UUID,
    version: int,
    request: RunbookChange,
    at: datetime | None = None,
) -> Runbook:
    """Change the named fields of a runbook; the version before is kept. Stale: 412."""
    changes = {name: getattr(request, name) for name in request.model_fields_set - {"reason"}}
    empty = next((name for name, value in changes.items() if value is None), None)
    if empty is not None:
        raise invalid(f"/{RunbookChange.model_fields[empty].alias}", "leave the field out to keep its value")
    await tx.execute(queries.lock, {"runbook_id": runbook_id})
    before = await reads.find(tx, runbook_id)
    same_version(before.version, version)
    if all(getattr(before, name) == value for name, value in changes.items()):
        audit_trail.nothing_changed()
        return before
    wanted = before.model_copy(update=changes)
    await _check(tx, changes.get("text"), changes.get("owner"))
    values = wanted.model_dump() | {"steps": await _steps(wanted.text), "reason": request.reason}
    values |= {"runbook_id": runbook_id, "actor": actor, "at": at}
    await tx.execute(queries.update, _lists(values))
    await tx.execute(queries.keep_version, {"runbook_id": runbook_id})
    after = await reads.find(tx, runbook_id)
    verb = "changed" if after.retired == before.retired else "retired" if after.retired else "reinstated"
    await _record(tx, actor, verb, before, after)
    return after


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, by names."""

    created: tuple[str, ...]
    changed: tuple[str, ...]
    same: tuple[str, ...]


async def import_files(tx: Connection, *, actor: str, drafts: Mapping[str, RunbookDraft]) -> Imported:
    """Bring in runbooks by name: new ones are created, those that differ get a new version. Raises ProblemError."""
    created: list[str] = []
    changed: list[str] = []
    same: list[str] = []
    for slug, draft in drafts.items():
        row = await (await tx.execute(queries.one_of_slug, {"slug": slug})).fetchone()
        if row is None:
            await create(tx, actor=actor, request=draft)
            created.append(slug)
            continue
        await tx.execute(queries.lock, {"runbook_id": row[0]})
        known = await reads.find(tx, row[0])
        fields = draft.model_dump(exclude={"slug", "reason"})
        request = RunbookChange(**fields, reason=draft.reason or "Imported from a file")
        after = await change(tx, actor=actor, runbook_id=row[0], version=known.version, request=request)
        (same if after.version == known.version else changed).append(slug)
    return Imported(tuple(created), tuple(changed), tuple(same))


async def note_shipped(tx: Connection, slug: str) -> bool:
    """Remember that a runbook of the program is put here now; False when it was before."""
    return await (await tx.execute(queries.note_shipped, {"slug": slug})).fetchone() is not None


async def note_published(tx: Connection, target: str) -> None:
    """Remember when all of them were published."""
    await tx.execute(queries.note_published, {"target": target})


async def note_reminded(tx: Connection, runbook_id: UUID) -> None:
    """Remember that its owner was reminded of its review."""
    await tx.execute(queries.note_reminded, {"runbook_id": runbook_id})


# --- runs ----------------------------------------------------------------------------------------------------------


async def start_run(tx: Connection, *, actor: str, runbook_id: UUID, request: StartRun) -> RunbookRun:
    """Begin to work through a runbook; while a run of it in that incident is open, that one is answered."""
    runbook = await reads.find(tx, runbook_id)
    if runbook.retired:
        raise ProblemError(Code.CONFLICT, "This runbook is retired: nobody keeps it right any more.")
    incident_id = await reads.known_incident(tx, request.incident_id)
    wanted = {"runbook_id": runbook_id, "incident_id": incident_id, "actor": actor}
    row = await (await tx.execute(queries.begin_run, wanted)).fetchone()
    if row is None:
        # Whoever began it has committed by now: the insert waited for that.
        open_row = await (await tx.execute(queries.open_run, wanted)).fetchone()
        if open_row is None:
            raise ProblemError(Code.CONFLICT, "It was ended at this moment: begin it again.")
        audit_trail.nothing_changed()
        return await reads.run(tx, runbook_id, open_row[0])
    run = await reads.run(tx, runbook_id, row[0])
    await _record_run(tx, actor, "runbooks.run.started", run, {"steps": len(run.steps)})
    return run


async def mark_step(
    tx: Connection, *, actor: str, runbook_id: UUID, run_id: UUID, step: int, request: MarkStep
) -> RunbookRun:
    """Tick a step off, or take that back. What is so already stays so. The run is over: 409. No such step: 404."""
    run = await _lock_run(tx, runbook_id, run_id)
    if not 1 <= step <= len(run.steps):
        raise ProblemError(Code.NOT_FOUND, f"This runbook has no step {step}.")
    if run.ended_at is not None:
        raise ProblemError(Code.CONFLICT, "This run is over: begin another one.")
    wanted = {"run_id": run_id, "step": step, "actor": actor, "note": request.note}
    statement = queries.mark if request.done else queries.unmark
    if await (await tx.execute(statement, wanted)).fetchone() is None:
        audit_trail.nothing_changed()
        return run
    await tx.execute(queries.touch_run, {"run_id": run_id})
    verb = "runbooks.step.done" if request.done else "runbooks.step.reopened"
    after = await reads.run(tx, runbook_id, run_id)
    await _record_run(tx, actor, verb, after, {"step": step, "text": run.steps[step - 1]}, request.note)
    return after


async def end_run(tx: Connection, *, actor: str, runbook_id: UUID, run_id: UUID, request: EndRun) -> RunbookRun:
    """Say that a run is over, whatever is left of it."""
    run = await _lock_run(tx, runbook_id, run_id)
    if run.ended_at is not None:
        audit_trail.nothing_changed()
        return run
    await tx.execute(queries.end_run, {"run_id": run_id, "actor": actor})
    after = await reads.run(tx, runbook_id, run_id)
    done = {"done": len(run.marks), "steps": len(run.steps)}
    await _record_run(tx, actor, "runbooks.run.ended", after, done, request.note)
    return after


async def _lock_run(tx: Connection, runbook_id: UUID, run_id: UUID) -> RunbookRun:
    await tx.execute(queries.lock_run, {"runbook_id": runbook_id, "run_id": run_id})
    return await reads.run(tx, runbook_id, run_id)


async def _record_run(
    tx: Connection, actor: str, action: str, run: RunbookRun, facts: Mapping[str, Any], note: str = ""
) -> None:
    """What is done for an incident is an entry of the incident, so that its timeline shows it."""
    of_incident = run.incident_id is not None
    await audit_trail.record(
        tx,
        actor=actor,
        action=action,
        resource_type="incident" if of_incident else "runbook_run",
        resource_id=run.incident_id or run.id,
        label=None if of_incident else run.title,
        version=None if of_incident else run.version,
        after={"runbookId": run.runbook_id, "runbook": run.title, "runId": run.id, **facts},
        reason=note or None,
    )


# --- what they share -----------------------------------------------------------------------------------------------


async def _check(tx: Connection, text: str | None, owner: str | None) -> None:
    if text is not None and (wrong := await asyncio.to_thread(errors, text)):
        first = wrong[0]
        where = f"line {first.line}: " if first.line else ""
        raise invalid("/text", f"{where}{first.message[:1].lower()}{first.message[1:].rstrip('.')}")
    if owner is not None:
        row = await (await tx.execute(queries.known_owner, {"owner": owner})).fetchone()
        if row is None or not row[0]:
            raise invalid("/owner", "there is no such role and no such person")


async def _steps(text: str) -> list[str]:
    # Some texts take a second to take apart: other requests are not to wait for that.
    document = await asyncio.to_thread(read, text)
    return [step.text for step in document.steps]


def _lists(values: dict[str, Any]) -> dict[str, Any]:
    """Tuples as the database takes them for arrays."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


async def _record(tx: Connection, actor: str, verb: str, before: Runbook | None, after: Runbook) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"runbooks.runbook.{verb}",
        resource_type="runbook",
        resource_id=after.id,
        label=after.title,
        version=after.version,
        before=None if before is None else _audit_snapshot(before),
        after=_audit_snapshot(after),
        reason=after.reason or None,
    )


def _audit_snapshot(runbook: Runbook) -> dict[str, Any]:
    """Who keeps it and what for, and its steps; its words are among its own versions."""
    return runbook.model_dump(mode="json", by_alias=True, exclude={"text", "reason", "updated_by_name", "owner_name"})
