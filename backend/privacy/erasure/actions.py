"""An erasure is asked for and approved here, written down outside, certified, and noted when it is replayed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from backend.approvals import ApprovalKind, ask
from backend.core import audit_trail
from backend.core.database import Connection
from backend.core.problems import ProblemError, same_version
from backend.privacy.documents import CERTIFICATE as FORMAT
from backend.privacy.documents import sign_document
from backend.privacy.erasure import queries
from backend.privacy.erasure.ledger import Ledger, LedgerEntry, LedgerError, folder_of
from backend.privacy.graph import reads as graph
from backend.privacy.graph.steps import NodeTask, StepContext, StepError, StepResult
from backend.privacy.persons.actions import forget
from backend.privacy.requests import reads as requests
from backend.privacy.requests.actions import record_request
from models.access import Approval
from models.core.permissions import Permission
from models.core.problems import Code
from models.privacy.graph import NodeState
from models.privacy.requests import RequestState, RequestType, VerificationMethod

KIND: Final = "privacy.erasure"
APPROVAL_MINUTES: Final = 20 * 24 * 60
WAIT_SECONDS: Final = 72 * 3_600.0
"""How long an approved erasure can still be taken back; answers kept for repeats are gone by then too."""
OUT_OF_REACH: Final = (
    "Index pages and the write-ahead log of the database, until they are overwritten",
    "Backups hold what was sealed without its key; their plain columns are erased again when they are restored",
    "Entries of the audit log from before privacy was kept apart, which cannot be changed",
    "Files and screens of operators, and what was sent to other systems before",
)


async def ask_for_approval(tx: Connection, *, actor: str, request_id: UUID, version: int, reason: str) -> Approval:
    """Have somebody else agree to an erasure; asked for again it answers what is pending. Not its turn: 409."""
    await tx.execute(queries.lock_request, {"request_id": request_id})
    request = await requests.find(tx, request_id)
    same_version(request.version, version)
    if request.status is not RequestState.APPROVAL:
        raise ProblemError(Code.CONFLICT, f"It is {request.status}: nothing waits for approval.")
    return await ask(
        tx,
        actor=actor,
        kind=KIND,
        title=f"Erase everything about the person of {request.reference}",
        subject_type="privacy_request",
        subject_id=str(request_id),
        gainer=request.verified_by if request.verified_by != actor else None,
        details={"requestId": str(request_id)},
        reason=reason,
        permission=Permission.MANAGE_PRIVACY_REQUESTS,
        # Where the shop vouched for who they are, no person has looked at it yet: two do.
        needs=2 if request.verification is VerificationMethod.SESSION else 1,
        minutes=APPROVAL_MINUTES,
    )


async def _apply(tx: Connection, approval: Approval) -> Mapping[str, Any]:
    request_id = UUID(approval.details["requestId"])
    await tx.execute(queries.lock_request, {"request_id": request_id})
    before = await requests.find(tx, request_id)
    if before.status is not RequestState.APPROVAL or before.type is not RequestType.DELETION:
        raise ProblemError(Code.CONFLICT, f"{before.reference} is {before.status} now: nothing is left to approve.")
    voter = approval.votes[-1].voter
    await tx.execute(queries.approve, {"request_id": request_id, "actor": voter, "seconds": WAIT_SECONDS})
    after = await requests.find(tx, request_id)
    await record_request(tx, approval.requested_by, "approved", before, after)
    return {"reference": after.reference}


ERASURE: Final = ApprovalKind(KIND, _apply)


# --- nodes -----------------------------------------------------------------------------------------------------------


async def write_ledger(tx: Connection, context: StepContext, task: NodeTask) -> StepResult:
    """Write down outside the database that this person is erased, before anything is."""
    folder = folder_of(context.settings)
    if folder is None:
        raise StepError("there is no place for the erasure ledger: set OPSCONSOLE_AUDIT_CHECKPOINT_FOLDER")
    macs: dict[str, list[str]] = defaultdict(list)
    for kind, mac in await (await tx.execute(queries.index_of, {"person_id": task.person_id})).fetchall():
        macs[kind].append(mac)
    if not macs:
        raise StepError("the person has no identifiers any more: an earlier run has destroyed them")
    entry = LedgerEntry(task.run_id, task.begun_at, task.person_id, {kind: tuple(each) for kind, each in macs.items()})
    try:
        await asyncio.to_thread(Ledger(folder).put, entry)
    except LedgerError as error:
        raise StepError(str(error)) from None
    # Not complete before the key is destroyed: until then a restore finds it undone, and does it.
    await _note(tx, entry, 0, complete=False)
    return StepResult(done=True, rows=1)


async def certify(tx: Connection, context: StepContext, task: NodeTask) -> StepResult:
    """Sign what was done in which system, what stays and why, and what is out of reach."""
    request = await requests.find(tx, task.request_id)
    nodes = await graph.nodes(tx, task.request_id)
    content = {
        "format": FORMAT,
        "request": request.reference,
        "receivedAt": request.submitted_at.isoformat(),
        "verification": request.verification,
        "begunAt": task.begun_at.isoformat(),
        "systems": [
            {
                "name": node.title,
                "state": node.state,
                "rows": node.rows,
                "kept": dict(node.kept),
                "endedAt": None if node.ended_at is None else node.ended_at.isoformat(),
            }
            for node in nodes
            if node.state in {NodeState.DONE, NodeState.SKIPPED}
        ],
        "skipped": [node.title for node in nodes if node.state is NodeState.SKIPPED],
        "outOfReach": list(OUT_OF_REACH),
    }
    try:
        signed = await sign_document(tx, context.settings, content)
    except ProblemError as error:
        raise StepError(error.detail) from None
    values = {"request_id": task.request_id, "run_id": task.run_id, "text": signed.text, "vkey": signed.vkey}
    await tx.execute(queries.insert_certificate, values)
    return StepResult(done=True, rows=1)


async def destroy_key(tx: Connection, _context: StepContext, task: NodeTask) -> StepResult:
    """Forget the person: what was sealed opens no more, and nothing finds them."""
    gone = await forget(tx, task.person_id)
    await _note(tx, LedgerEntry(task.run_id, task.begun_at, task.person_id, {}), 0, complete=True)
    return StepResult(done=True, rows=int(gone))


async def note_replayed(tx: Connection, entry: LedgerEntry, rows: int) -> int:
    """Forget a person who came back with a restore, and remember that the entry was carried out; answers 1 if so."""
    back = int(await forget(tx, entry.person_id))
    await _note(tx, entry, rows, complete=True)
    if rows or back:
        await audit_trail.record(
            tx,
            actor=audit_trail.WORKER,
            action="privacy.erasure.replayed",
            resource_type="erasure",
            resource_id=str(entry.id),
            after={"rows": rows, "personId": str(entry.person_id)},
        )
    return back


async def _note(tx: Connection, entry: LedgerEntry, rows: int, *, complete: bool) -> None:
    values = {"entry_id": entry.id, "person_id": entry.person_id, "at": entry.at, "rows": rows, "complete": complete}
    await tx.execute(queries.note_applied, values)
