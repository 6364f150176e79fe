"""The runbooks of the sample shop: those of the program, with a past."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from backend.core.audit_trail import SAMPLE_SHOP
from backend.core.database import Connection
from backend.core.sample_shop import SampleShop
from backend.runbooks import actions, library, reads
from models.runbooks import EndRun, MarkStep, RunbookChange, StartRun


@dataclass(frozen=True, slots=True)
class _Edit:
    """What somebody changed so many days before the shop was opened."""

    slug: str
    days: int
    by: str
    reason: str
    words: tuple[str, str] | None = None
    """What stood there, and what stands there since."""
    fields: dict[str, Any] = field(default_factory=dict)


_EDITS = (
    _Edit(
        "downloads-failing",
        61,
        "incident-responder",
        "On 24 September nobody knew which mirror serves whom",
        (
            "take the mirror of that region out of rotation, so that its traffic goes to the next one.",
            "take the mirror of that region out of rotation: Europe is fra2, its next one ams1.",
        ),
    ),
    _Edit(
        "downloads-failing",
        12,
        "operations-lead",
        "Support asked for the words to answer with",
        (
            "Support, with product, region and what to answer.",
            "Support, with product, region and the answer “Your file is safe, try again in 30 minutes”.",
        ),
    ),
    _Edit(
        "payment-webhook-silent",
        40,
        "operations-lead",
        "A test order took eleven minutes to find in October: say how long to wait",
        ("within two minutes", "within two minutes (it takes 20 seconds on a good day)"),
    ),
    _Edit("queue-backlog", 25, "risk-manager", "The risk manager keeps it now", fields={"owner": "risk-manager"}),
)
_OVERDUE = ("warehouse-late", 9)
"""A runbook whose review was due so many days before the shop was opened."""
_WORKED = ("payment-webhook-silent", "incident-responder", 5)
"""A runbook that was worked through, by whom, and how many of its steps."""


async def create(tx: Connection, shop: SampleShop) -> None:
    """Put in what comes with the program, as old as the shop, and play what was done to it since."""
    await library.put_in(tx, SAMPLE_SHOP, shop.since)
    ids = await reads.ids_by_slug(tx)
    for edit in sorted(_EDITS, key=lambda each: -each.days):
        await _play(tx, ids[edit.slug], edit, shop.opened_at - timedelta(days=edit.days))
    slug, late = _OVERDUE
    due = (shop.opened_at - timedelta(days=late)).date()
    at = shop.opened_at - timedelta(days=late + 90)
    await _play(tx, ids[slug], _Edit(slug, late, "operations-lead", "Reviewed", fields={"review_by": due}), at)
    for other in sorted(ids.keys() - {slug}):
        known = await reads.find(tx, ids[other])
        if known.review_by < shop.opened_at.date():  # half a year after the shop began has passed
            await _review(tx, known.id, known.owner, shop.opened_at)
    await _work_through(tx, ids[_WORKED[0]])


async def _play(tx: Connection, runbook_id: UUID, edit: _Edit, at: datetime) -> None:
    known = await reads.find(tx, runbook_id)
    changes = dict(edit.fields)
    if edit.words is not None:
        changes["text"] = known.text.replace(*edit.words)
    request = RunbookChange(**changes, reason=edit.reason)
    await actions.change(tx, actor=edit.by, runbook_id=runbook_id, version=known.version, request=request, at=at)


async def _review(tx: Connection, runbook_id: str, owner: str, opened_at: datetime) -> None:
    by: date = (opened_at + timedelta(days=150)).date()
    edit = _Edit("", 0, owner, "Reviewed, still right", fields={"review_by": by})
    await _play(tx, UUID(runbook_id), edit, opened_at - timedelta(days=8))


async def _work_through(tx: Connection, runbook_id: UUID) -> None:
    _, by, steps = _WORKED
    run = await actions.start_run(tx, actor=by, runbook_id=runbook_id, request=StartRun())
    for step in range(1, steps + 1):
        note = MarkStep(note="Order CS-40022, delivered after 18 seconds" if step == 1 else "")
        await actions.mark_step(tx, actor=by, runbook_id=runbook_id, run_id=UUID(run.id), step=step, request=note)
    ended = EndRun(note="A drill: the webhook is well")
    await actions.end_run(tx, actor=by, runbook_id=runbook_id, run_id=UUID(run.id), request=ended)
