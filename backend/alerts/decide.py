"""What becomes of a rule's alerts when it is evaluated: a pure state machine, without clock and without database.

An alert is latched: *active* until somebody acknowledges it, whatever its condition does meanwhile; *acknowledged*
until the condition passes; then *cleared*, for good. A rule has at most one open alert per cause (its limit is broken,
its source is silent), and the two never mix: silence neither raises nor clears a breach.

An alert without a rule is latched the same way; a part of the system says when what it tells of holds and has passed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.alerts import Alert, AlertCondition, AlertRule, AlertState, Comparison, Severity

GAP = timedelta(seconds=60)
"""Evaluations further apart than this are not one unbroken stretch: nobody saw what happened in between."""

CAUSES = (AlertCondition.BREACHED, AlertCondition.NO_DATA)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a rule's figure and its source say: the value in the figure's unit, the instant of the newest record."""

    value: float | None
    data_through: datetime | None


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered of a rule from one evaluation to the next."""

    since: datetime
    """Start of the unbroken stretch of evaluations."""
    breaking_since: datetime | None
    """Since when the limit is broken without a break."""
    evaluated_at: datetime


class AlertEvent(StrEnum):
    """What happened to an alert; the last part of the audit action ``alerts.alert.…``."""

    RAISED = "raised"
    RETURNED = "returned"
    """The condition has passed, but nobody has acknowledged yet."""
    RESUMED = "resumed"
    """It holds again before anybody acknowledged."""
    CHANGED = "changed"
    """The alert follows a change of its rule, or of what its source says."""
    ESCALATED = "escalated"
    """Its source finds it more severe than it was: acknowledged or shelved, it waits for somebody again."""
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of one alert. Without an event it is a mere measurement, which makes no new version."""

    event: AlertEvent | None
    before: Alert | None
    after: Alert


@dataclass(frozen=True, slots=True)
class Condition:
    """Something a part of the system has found that somebody must know; no figure and no rule is behind it."""

    source: str
    """The part of the system, such as ``backup``."""
    key: str
    """What of it; at most one alert of a source and key is open."""
    title: str
    severity: Severity
    guidance: str = ""
    """What to do, one step a line."""
    runbook_url: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to remember, what the rule saw, and what to do; transitions of one alert follow each other in order."""

    watch: Watch
    condition: AlertCondition
    transitions: tuple[Transition, ...]


def decide(
    rule: AlertRule,
    watch: Watch | None,
    open_alerts: Mapping[AlertCondition, Alert],
    reading: Reading,
    now: datetime,
    new_id: Callable[[], str],
) -> Decision:
    """Work out what one evaluation changes.

    Args:
        rule: The rule as it is now.
        watch: What the last evaluation left, ``None`` on the first one.
        open_alerts: The rule's alerts that are not cleared, by cause.
        reading: Figure and source at ``now``.
        now: The instant of the evaluation, not before ``watch.evaluated_at``.
        new_id: Gives the id of an alert that is raised.
    """
    condition = condition_of(rule, reading, now)
    unbroken = watch is not None and now - watch.evaluated_at <= GAP
    since = watch.since if watch and unbroken else now
    breaking_since = None
    if rule.enabled and condition is AlertCondition.BREACHED:
        breaking_since = (watch.breaking_since if watch and unbroken else None) or now
    remembered = Watch(since=since, breaking_since=breaking_since, evaluated_at=now)

    transitions: list[Transition] = []
    for cause in CAUSES:
        alert = open_alerts.get(cause)
        holds = _holds(rule, cause, alert, condition, reading, remembered)
        if alert is not None:
            transitions += _follow(rule, alert, holds, condition, reading, now)
        elif holds:
            transitions.append(_raise(rule, cause, reading, now, new_id()))
    return Decision(remembered, condition, tuple(transitions))


def condition_of(rule: AlertRule, reading: Reading, now: datetime) -> AlertCondition:
    """Say what the rule sees. A source that was never heard, or is silent for too long, is *no data*, not a breach."""
    if reading.value is None or _silent(rule, reading, now):
        return AlertCondition.NO_DATA
    broken = reading.value > rule.value if rule.comparison is Comparison.ABOVE else reading.value < rule.value
    return AlertCondition.BREACHED if broken else AlertCondition.NORMAL


def broken_then(rule: AlertRule, reading: Reading, at: datetime, *, held: bool) -> bool:
    """Whether the limit of a rule was broken at a past instant, by what is known of it today.

    Rows may have come late or been corrected since, so the reading decides, not the alert of that time. Where it cannot
    (within the hysteresis, or without data), the limit stays broken when an alert ``held`` it to be.
    """
    if not rule.enabled:
        return False
    match condition_of(rule, reading, at):
        case AlertCondition.BREACHED:
            return True
        case AlertCondition.NO_DATA:
            return held
        case _:
            return held and reading.value is not None and not _back_inside(rule, reading.value)


def acknowledge(alert: Alert, *, actor: str, comment: str, now: datetime) -> tuple[Transition, ...]:
    """Acknowledge an active alert; it clears at once when its condition has passed already."""
    after = _next(alert, state=AlertState.ACKNOWLEDGED, acknowledged_at=now, acknowledged_by=actor, comment=comment)
    done = Transition(AlertEvent.ACKNOWLEDGED, alert, after)
    return (done,) if alert.returned_at is None else (done, _clear(after, now))


def shelve(alert: Alert, *, actor: str, until: datetime, reason: str) -> Transition:
    """Put an open alert aside until an instant."""
    return Transition(
        AlertEvent.SHELVED, alert, _next(alert, shelved_until=until, shelved_by=actor, shelve_reason=reason)
    )


def unshelve(alert: Alert) -> Transition:
    """Take a shelved alert back."""
    return Transition(
        AlertEvent.UNSHELVED, alert, _next(alert, shelved_until=None, shelved_by=None, shelve_reason=None)
    )


def hold(condition: Condition, alert: Alert | None, now: datetime, new_id: Callable[[], str]) -> Transition:
    """The condition holds at ``now``; ``alert`` is the open one of its source and key.

    The words follow the condition. A higher severity makes an acknowledged or shelved alert wait for somebody again;
    a lower one is taken over once somebody has acknowledged.
    """
    if alert is None:
        return Transition(AlertEvent.RAISED, None, _new_alert(condition, now, new_id()))
    severer = condition.severity < alert.severity  # P1 sorts before P4
    severity = condition.severity if severer or alert.state is AlertState.ACKNOWLEDGED else alert.severity
    words = {"title": condition.title, "guidance": condition.guidance, "runbook_url": condition.runbook_url}
    seen = {"condition": alert.cause, "evaluated_at": now}
    measured = alert.model_copy(update=seen)
    after = measured.model_copy(update={**words, "severity": severity, "returned_at": None})
    if severer:
        nobody: dict[str, object] = dict.fromkeys(
            ("acknowledged_at", "acknowledged_by", "comment", "shelved_until", "shelved_by", "shelve_reason")
        )
        return Transition(AlertEvent.ESCALATED, alert, _next(after, state=AlertState.ACTIVE, **nobody))
    if alert.returned_at is not None:
        return Transition(AlertEvent.RESUMED, alert, _next(after))
    return (
        Transition(None, alert, measured) if after == measured else Transition(AlertEvent.CHANGED, alert, _next(after))
    )


def pass_by(alert: Alert, now: datetime) -> Transition:
    """What an open alert without a rule tells of has passed: it clears, once somebody has acknowledged it."""
    measured = alert.model_copy(update={"condition": AlertCondition.NORMAL, "evaluated_at": now})
    if alert.state is AlertState.ACKNOWLEDGED:
        return _clear(_mark_returned(measured, now), now, before=alert)
    if alert.returned_at is None:
        return Transition(AlertEvent.RETURNED, alert, _next(measured, returned_at=now))
    return Transition(None, alert, measured)


def _new_alert(condition: Condition, now: datetime, alert_id: str) -> Alert:
    return Alert(
        id=alert_id,
        source=condition.source,
        key=condition.key,
        title=condition.title,
        severity=condition.severity,
        state=AlertState.ACTIVE,
        condition=AlertCondition.BREACHED,
        raised_at=now,
        evaluated_at=now,
        guidance=condition.guidance,
        runbook_url=condition.runbook_url,
        version=1,
    )


def _silent(rule: AlertRule, reading: Reading, now: datetime) -> bool:
    if reading.data_through is None:
        return True
    return rule.no_data_seconds is not None and now - reading.data_through > timedelta(seconds=rule.no_data_seconds)


def _holds(
    rule: AlertRule,
    cause: AlertCondition,
    alert: Alert | None,
    condition: AlertCondition,
    reading: Reading,
    watch: Watch,
) -> bool | None:
    """Whether the cause of an alert holds; ``None`` when that cannot be known."""
    now = watch.evaluated_at
    latched = alert is not None and alert.returned_at is None
    if not rule.enabled:
        return False
    if cause is AlertCondition.NO_DATA:
        if rule.no_data_seconds is None or not _silent(rule, reading, now):
            return False
        # Silence counts only while we were listening: after our own outage every source is silent, through no fault
        # of its own.
        return latched or now - watch.since > timedelta(seconds=rule.no_data_seconds)
    if condition is AlertCondition.NO_DATA or reading.value is None:
        return None
    if latched:
        return not _back_inside(rule, reading.value)
    return watch.breaking_since is not None and now - watch.breaking_since >= timedelta(seconds=rule.for_seconds)


def _back_inside(rule: AlertRule, value: float) -> bool:
    if rule.comparison is Comparison.ABOVE:
        return value <= rule.value - rule.hysteresis
    return value >= rule.value + rule.hysteresis


def _raise(rule: AlertRule, cause: AlertCondition, reading: Reading, now: datetime, alert_id: str) -> Transition:
    alert = Alert(
        id=alert_id,
        rule_id=rule.id,
        cause=cause,
        figure=rule.figure,
        title=_title(rule, cause),
        severity=rule.severity,
        state=AlertState.ACTIVE,
        condition=cause,
        raised_at=now,
        comparison=rule.comparison,
        limit=rule.value,
        value=reading.value,
        worst_value=reading.value if cause is AlertCondition.BREACHED else None,
        evaluated_at=now,
        guidance=rule.guidance,
        runbook_url=rule.runbook_url,
        version=1,
    )
    return Transition(AlertEvent.RAISED, None, alert)


def _follow(
    rule: AlertRule,
    alert: Alert,
    holds: bool | None,
    condition: AlertCondition,
    reading: Reading,
    now: datetime,
) -> list[Transition]:
    """Carry an open alert through one evaluation: measure, then whatever happened to it."""
    seen = AlertCondition.NO_DATA if holds is None else alert.cause if holds else AlertCondition.NORMAL
    measured = alert.model_copy(
        update={
            "condition": seen,
            "value": reading.value,
            "worst_value": _worst(rule, alert, reading, condition),
            "evaluated_at": now,
        }
    )
    steps = [Transition(None, alert, measured)]

    def step(event: AlertEvent, after: Alert) -> None:
        steps.append(Transition(event, steps[-1].after, after))

    if measured.shelved_until is not None and measured.shelved_until <= now:
        steps.append(unshelve(measured))
    current = steps[-1].after
    followed = _after_rule(rule, current)
    if followed != current:
        step(AlertEvent.CHANGED, _next(followed))
    current = steps[-1].after
    if holds is False and current.state is AlertState.ACKNOWLEDGED:
        steps.append(_clear(_mark_returned(current, now), now, before=current))
    elif holds is False and current.returned_at is None:
        step(AlertEvent.RETURNED, _next(current, returned_at=now))
    elif holds and current.returned_at is not None:
        step(AlertEvent.RESUMED, _next(current, returned_at=None))
    return steps


def _mark_returned(alert: Alert, now: datetime) -> Alert:
    return alert if alert.returned_at is not None else alert.model_copy(update={"returned_at": now})


def _clear(alert: Alert, now: datetime, *, before: Alert | None = None) -> Transition:
    after = _next(
        alert,
        state=AlertState.CLEARED,
        condition=AlertCondition.NORMAL,
        cleared_at=now,
        shelved_until=None,
        shelved_by=None,
        shelve_reason=None,
    )
    return Transition(AlertEvent.CLEARED, before or alert, after)


def _after_rule(rule: AlertRule, alert: Alert) -> Alert:
    severity = rule.severity
    if alert.state is AlertState.ACTIVE:
        # P1 sorts before P4: the highest severity holds until somebody has acknowledged it.
        severity = min(alert.severity, rule.severity)
    return alert.model_copy(
        update={
            "title": _title(rule, alert.cause),
            "severity": severity,
            "comparison": rule.comparison,
            "limit": rule.value,
            "guidance": rule.guidance,
            "runbook_url": rule.runbook_url,
        }
    )


def _worst(rule: AlertRule, alert: Alert, reading: Reading, condition: AlertCondition) -> float | None:
    if alert.cause is AlertCondition.NO_DATA or condition is AlertCondition.NO_DATA or reading.value is None:
        return alert.worst_value
    if alert.worst_value is None:
        return reading.value
    pick = max if rule.comparison is Comparison.ABOVE else min
    return pick(alert.worst_value, reading.value)


def _title(rule: AlertRule, cause: AlertCondition) -> str:
    return rule.title if cause is AlertCondition.BREACHED else f"No data: {rule.title}"


def _next(alert: Alert, **changes: object) -> Alert:
    return alert.model_copy(update={**changes, "version": alert.version + 1})
