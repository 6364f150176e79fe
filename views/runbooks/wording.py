"""Words of the runbooks panel, and the order of its list. No Qt: they have tests of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from models.core.wording import counted
from models.runbooks.matching import matching

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from models.alerts import Alert
    from models.runbooks import Runbook, RunbookRun, RunbookSummary

SOON = timedelta(days=14)
SHAPE_OF = {"P1": "▲", "P2": "◆", "P3": "■", "P4": "●"}


class Row(NamedTuple):
    """A row of the list."""

    summary: RunbookSummary
    title: str
    burns: str
    """The worst open alert that leads there, with its mark."""
    review: str

    @property
    def key(self) -> tuple[str, ...]:
        """What a row says, to find out whether it says something else now."""
        return self.summary.id, *self[1:]


def ordered(summaries: Sequence[RunbookSummary], alerts: Sequence[Alert], today: date) -> list[Row]:
    """What burns first: by the worst open alert that leads there, then by title; retired ones last."""
    worst: dict[str, str] = {}
    for alert in sorted(alerts, key=lambda each: each.severity):
        if alert.cleared_at is None:
            for found in matching(summaries, alert):
                worst.setdefault(found.id, str(alert.severity))
    rows = [
        Row(each, each.title, burning(worst.get(each.id)), review_words(each, today, short=True)) for each in summaries
    ]
    rows.sort(key=lambda row: (row.summary.retired, worst.get(row.summary.id, "P9"), row.title.casefold()))
    return rows


def burning(severity: str | None) -> str:
    """``▲ P1``; empty while no alert leads there."""
    return "" if severity is None else f"{SHAPE_OF.get(severity, '')} {severity}"


def review_words(summary: RunbookSummary, today: date, *, short: bool = False) -> str:
    """When it is reviewed next, or that it should have been."""
    if summary.retired:
        return "retired"
    if summary.review_by < today:
        days = (today - summary.review_by).days
        return "overdue" if short else f"review overdue by {counted(days, 'day')}"
    if summary.review_by - today <= SOON:
        return "soon" if short else f"review by {summary.review_by.isoformat()}, soon"
    return "" if short else f"review by {summary.review_by.isoformat()}"


def about(runbook: Runbook, today: date) -> str:
    """Who keeps it and when it is reviewed; on further lines how old it is, and what it is for."""
    parts = [
        f"Kept by {runbook.owner_name}",
        review_words(runbook, today),
        f"version {runbook.version}",
    ]
    more = f"Changed {runbook.updated_at:%Y-%m-%d %H:%M} UTC by {runbook.updated_by_name}"
    kinds = ", ".join((*runbook.services, *runbook.alerts))
    return "\n".join(filter(None, (" · ".join(parts), more, f"For {kinds}" if kinds else "")))


def progress(runbook: Runbook, run: RunbookRun | None, done: int) -> str:
    """How far it is, and for whom that counts."""
    steps = len(runbook.steps)
    if run is None:
        return f"{done} of {counted(steps, 'step')} ticked off, for you alone" if done else ""
    whose = f"for {run.incident or run.incident_id}" if run.incident_id else "without an incident"
    begun = f"begun {run.started_at:%Y-%m-%d %H:%M} UTC by {run.started_by_name}"
    older = "" if run.runbook_version == runbook.version else f" · begun with version {run.runbook_version}"
    return f"{done} of {counted(len(run.steps), 'step')} done, {whose} · {begun}{older}"
