"""How launches are written: figures, limits, ages, people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.freshness import age_words
from models.core.formatting import grouped
from models.core.wording import counted, initials
from models.launch.checklist import ItemStatus
from models.launch.criteria import CriterionUnit, EvidenceVerdict
from models.launch.poll import Choice, Standing, VerdictInputName

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from models.launch import Launch
    from models.launch.checklist import LaunchChecklistItem
    from models.launch.criteria import Evidence
    from models.launch.poll import LaunchStatus, RollCallVote, VerdictInput

WORST = {Choice.GO: 0, Choice.HOLD: 1, Choice.NO_GO: 2}
SEVERITY = {Choice.GO: "good", Choice.HOLD: "P2", Choice.NO_GO: "P1"}
"""A verdict's shape and colour."""
MINUS = "\N{MINUS SIGN}"
REHEARSAL = "REHEARSAL"
INPUT_NAMES = {
    VerdictInputName.POLL: "Poll",
    VerdictInputName.CHECKLIST: "Checklist",
    VerdictInputName.EVIDENCE: "Bound figures",
    VerdictInputName.RECORD: "Record",
}


def figure_words(value: float | None, unit: CriterionUnit) -> tuple[str, str]:
    """A figure and its unit; ``no data`` where there is none."""
    if value is None:
        return "no data", ""
    match unit:
        case CriterionUnit.RATIO:
            return _decimal(value * 100, 2 if abs(value) < 0.1 else 1), "%"
        case CriterionUnit.SECONDS if 0 < value < 1:
            return f"{value * 1000:.0f}", "ms"
        case CriterionUnit.SECONDS if value < 120:
            return _decimal(value, 1), "s"
        case CriterionUnit.SECONDS:
            return age_words(value).removesuffix(" 0 h").removesuffix(" 00"), ""
        case CriterionUnit.MINOR:
            return grouped(round(value / 100)), ""
        case CriterionUnit.VERSION:
            return f"{value:.0f}", ""
        case _:
            return (grouped(round(value)) if value == round(value) else _decimal(value, 2)), ""


def is_gap(evidence: Evidence) -> bool:
    """Whether it is a time of which there must be none at all: people call that a gap."""
    return evidence.unit is CriterionUnit.SECONDS and evidence.low is None and evidence.high == 0


def value_words(evidence: Evidence) -> tuple[str, str]:
    """What a bound figure says, and its unit: ``no gap``, where nothing is missing."""
    value, unit = figure_words(evidence.value, evidence.unit)
    if evidence.value is None or not is_gap(evidence):
        return value, unit
    return (" ".join(filter(None, (value, unit))), "gap") if evidence.value else ("no gap", "")


def _decimal(value: float, places: int) -> str:
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if places > 1 and "." in text else text.removesuffix(".0")


def _limit(value: float, unit: CriterionUnit) -> str:
    return " ".join(filter(None, figure_words(value, unit)))


def limit_words(evidence: Evidence) -> str:
    """Its limits in words: ``min 98.5 %``, ``max 250 ms``, ``41 only``."""
    low, high, unit = evidence.low, evidence.high, evidence.unit
    if is_gap(evidence):
        return "max 0"
    if low is not None and low == high:
        return f"{_limit(low, unit)} only"
    if low is not None and high is not None:
        return f"{_limit(low, unit)} to {_limit(high, unit)}"
    if low is not None:
        return f"min {_limit(low, unit)}"
    # Only what is pinned has none: the poll gives it the value that it begins with.
    return "pinned by the poll" if high is None else f"max {_limit(high, unit)}"


def limit_signs(evidence: Evidence) -> str:
    """Its limits as the wall writes them: ``≥ 98.5``, ``≤ 250``, ``= 41``."""
    low, high, unit = evidence.low, evidence.high, evidence.unit
    if is_gap(evidence):
        return "none allowed"
    if low is not None and low == high:
        return f"= {figure_words(low, unit)[0]}"
    if low is not None and high is not None:
        return f"{figure_words(low, unit)[0]}\N{EN DASH}{figure_words(high, unit)[0]}"
    if low is not None:
        return f"\N{GREATER-THAN OR EQUAL TO} {figure_words(low, unit)[0]}"
    return "" if high is None else f"\N{LESS-THAN OR EQUAL TO} {figure_words(high, unit)[0]}"


def is_late(evidence: Evidence, now: datetime) -> bool:
    """Whether more should have come by now; it counts all the same."""
    inside = evidence.verdict is EvidenceVerdict.INSIDE
    return inside and evidence.late_at is not None and evidence.late_at <= now


def verdict_of(evidence: Evidence, now: datetime) -> EvidenceVerdict:
    """What is said of a figure at an instant: its deadline needs no event."""
    if evidence.verdict is EvidenceVerdict.INSIDE and (evidence.good_until is None or evidence.good_until <= now):
        return EvidenceVerdict.STALE
    return evidence.verdict


def evidence_age(evidence: Evidence, now: datetime) -> str:
    """``4 s old``; what was never heard says so."""
    if evidence.data_through is None:
        return "never heard"
    return f"{age_words((now - evidence.data_through).total_seconds())} old"


def counts_for(vote: RollCallVote) -> Choice:
    """What a role's vote counts for: not voted and void are not GO."""
    if vote.choice is None or vote.standing is not Standing.COUNTED:
        return Choice.HOLD
    return Choice.GO if vote.override is not None else vote.choice


def is_void(vote: RollCallVote) -> bool:
    """Whether it was GO, and what it was bound to has changed since."""
    return vote.standing is Standing.EVIDENCE_CHANGED


def bound_to(status: LaunchStatus, role: str) -> list[Evidence]:
    """The figures a role's GO is bound to."""
    return [each for each in status.evidence if not each.binds or role in each.binds]


def labels(status: LaunchStatus, keys: Sequence[str]) -> str:
    """Figures by their names."""
    names = {each.key: each.label for each in status.evidence}
    return ", ".join(names.get(key, key) for key in keys)


def verdict_words(word: Choice, causes: int) -> str:
    """What stands in the big block: ``HOLD – 2 items``."""
    return str(word) if word is Choice.GO else f"{word} \N{EN DASH} {counted(causes, 'item', 'items')}"


def input_words(each: VerdictInput) -> str:
    """What one of the four inputs says: ``7 of 9 GO``. Of the checklist, only what is due can hold."""
    match each.name:
        case VerdictInputName.POLL:
            return "not asked yet" if not each.total else f"{each.good} of {each.total} GO"
        case VerdictInputName.CHECKLIST:
            left = each.total - each.good
            return f"{left} due" if left else "nothing due" if each.total else "nothing due yet"
        case VerdictInputName.EVIDENCE:
            return "none bound" if not each.total else f"{each.good} of {each.total} inside"
        case VerdictInputName.RECORD:
            return "can be proven" if each.good == each.total else "cannot be proven"


def signed_of(status: LaunchStatus) -> str:
    """How far the whole checklist is: ``4 of 14 signed``."""
    return f"{status.checklist.signed} of {status.checklist.total} signed"


def due_words(item: LaunchChecklistItem, now: datetime) -> str:
    """When it is due, in UTC; with the day where that is another one."""
    at = item.due_date
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at:%m-%d %H:%M}"


def signed_words(item: LaunchChecklistItem) -> str:
    """Who signed it and when, or how it stands: ``MB 08:17``, ``not due``, ``21 min late``."""
    if item.status is ItemStatus.APPROVED:
        if item.automatic:
            return "by the system"
        name = item.completed_by_name or item.completed_by or ""
        at = f" {item.completed_at:%H:%M}" if item.completed_at is not None else ""
        return f"{initials(name)}{at}"
    if item.status is ItemStatus.WAIVED:
        return "waived"
    if item.late_seconds is not None:
        return f"{age_words(item.late_seconds)} late"
    return "not due"


def is_signed(item: LaunchChecklistItem) -> bool:
    """Signed or waived."""
    return item.status is not ItemStatus.PENDING


def launch_name(launch: Launch) -> str:
    """Its title, and that it is a rehearsal."""
    return launch.title if launch.rehearsal_of is None else f"{REHEARSAL} \N{MIDDLE DOT} {launch.title}"
