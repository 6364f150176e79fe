"""Evaluating what a launch is bound to: out of the system itself, live."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from backend.core.background import SetAside
from backend.core.capability import Criteria, Criterion, Measurement
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.settings import Settings
from models.launch import FaultKind
from models.launch.criteria import BoundCriterion, CriterionSpec, CriterionUnit, Evidence, EvidenceVerdict

_aside = SetAside("launch criteria")

RECORD = BoundCriterion(
    key="record", criterion="audit.sealed", label="Record can be proven", short_label="Record", parameters={}
)
"""Every launch is bound to it: without a sealed audit log its record proves nothing."""

Limits = tuple[float | None, float | None]


def bound(criteria: Sequence[BoundCriterion]) -> tuple[BoundCriterion, ...]:
    """Those of a launch, and the one every launch is bound to."""
    return tuple(criteria) if any(each.key == RECORD.key for each in criteria) else (*criteria, RECORD)


def criterion_problem(criterion: BoundCriterion, known: Criteria) -> str | None:
    """Why a criterion cannot be bound like this, in words that follow its name; ``None`` when it can."""
    declared = known.get(criterion.criterion)
    if declared is None:
        return f"asks for {criterion.criterion}, which no part of the system declares"
    if criterion.parameters.keys() != declared.parameters.keys():
        wanted = ", ".join(sorted(declared.parameters)) or "no parameters"
        return f"needs {wanted} for {criterion.criterion}"
    for name, value in criterion.parameters.items():
        if value not in declared.parameters[name]:
            return f"has {value} for {name}; one of {', '.join(declared.parameters[name])} is expected"
    unlimited = (criterion.low, criterion.high, declared.low, declared.high) == (None,) * 4
    if unlimited and not criterion.pinned:
        return "needs a lower or an upper limit, or is pinned"
    return None


def specs(known: Criteria) -> tuple[CriterionSpec, ...]:
    """What can be bound, by name."""
    return tuple(
        CriterionSpec(
            name=each.name,
            title=each.title,
            unit=CriterionUnit(each.unit),
            parameters=dict(each.parameters),
            low=each.low,
            high=each.high,
            stale_after=each.stale_after,
        )
        for _, each in sorted(known.items())
    )


async def evaluate(
    connection: Connection,
    settings: Settings,
    known: Criteria,
    criteria: Sequence[BoundCriterion],
    *,
    limits: Mapping[str, Limits] | None = None,
    faults: Mapping[str, str] | None = None,
) -> tuple[Evidence, ...]:
    """Every bound figure at this moment, in the order given.

    Args:
        connection: It only reads.
        settings: Cadences and keys.
        known: What capabilities declare.
        criteria: What is bound.
        limits: Those an open poll has, by key; without, those of criterion and launch.
        faults: What a rehearsal pretends, by key.
    """
    now = await clock(connection)
    by_name: dict[str, list[int]] = defaultdict(list)
    for number, each in enumerate(criteria):
        by_name[each.criterion].append(number)
    measured: dict[int, Measurement] = {}
    for name, numbers in by_name.items():
        wanted = [criteria[number].parameters for number in numbers]
        found = await _measure(connection, settings, now, known.get(name), wanted)
        measured |= dict(zip(numbers, found, strict=True))
    return tuple(
        _judge(each, known.get(each.criterion), measured[number], now, limits or {}, (faults or {}).get(each.key))
        for number, each in enumerate(criteria)
    )


async def _measure(
    connection: Connection,
    settings: Settings,
    now: datetime,
    criterion: Criterion | None,
    wanted: Sequence[Mapping[str, str]],
) -> Sequence[Measurement]:
    if criterion is None:
        return [Measurement(None, None, detail="no part of the system declares it any more")] * len(wanted)
    try:
        return await criterion.measure(connection, settings, now, wanted)
    except (ValueError, ArithmeticError, LookupError) as error:
        if not _aside.holds(criterion.name):
            _aside.put(criterion.name, error)
        return [Measurement(None, None, detail="it cannot be evaluated; the log of the server says why")] * len(wanted)


def _judge(
    bound_to: BoundCriterion,
    criterion: Criterion | None,
    measured: Measurement,
    now: datetime,
    limits: Mapping[str, Limits],
    fault: str | None,
) -> Evidence:
    stale_after = bound_to.stale_after or (criterion.stale_after if criterion else 60.0)
    value, through = measured.value, measured.data_through
    low, high = limits.get(bound_to.key) or _limits(bound_to, criterion)
    if fault == FaultKind.STALE:
        through = now - timedelta(seconds=stale_after)
    good_until = None if through is None else through + timedelta(seconds=stale_after)
    if value is None or good_until is None or fault == FaultKind.UNKNOWN:
        value, verdict = None, EvidenceVerdict.UNKNOWN
    elif good_until <= now:
        verdict = EvidenceVerdict.STALE
    elif fault == FaultKind.OUTSIDE or (low is not None and value < low) or (high is not None and value > high):
        verdict = EvidenceVerdict.OUTSIDE
    else:
        verdict = EvidenceVerdict.INSIDE
    return Evidence(
        key=bound_to.key,
        criterion=bound_to.criterion,
        label=bound_to.label,
        short_label=bound_to.short_label,
        unit=CriterionUnit(criterion.unit if criterion else "count"),
        value=value,
        low=low,
        high=high,
        stale_after=stale_after,
        data_through=through,
        late_at=measured.late_at,
        good_until=good_until,
        evaluated_at=now,
        verdict=verdict,
        changed_at=None,
        live=is_live(through, now),
        detail=f"rehearsed fault: {fault}" if fault else measured.detail,
        binds=bound_to.binds,
    )


def is_live(through: datetime | None, evaluated_at: datetime) -> bool:
    """Whether a figure is as new as its evaluation."""
    return through is not None and through >= evaluated_at


def _limits(bound_to: BoundCriterion, criterion: Criterion | None) -> Limits:
    if (bound_to.low, bound_to.high) != (None, None) or criterion is None:
        return bound_to.low, bound_to.high
    return criterion.low, criterion.high


def pinned_limits(criteria: Sequence[BoundCriterion], found: Sequence[Evidence]) -> dict[str, Limits]:
    """Limits of those that must stay as they are now; unknown now is never within."""
    values = {each.key: each.value for each in found}
    return {each.key: (values[each.key], values[each.key]) for each in criteria if each.pinned}
