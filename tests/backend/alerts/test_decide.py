"""The state machine of alerts: examples for each sentence of the specification, properties for the laws."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from backend.alerts.decide import GAP, AlertEvent, Reading, Transition, Watch, acknowledge, decide, shelve
from models.alerts import Alert, AlertCondition, AlertRule, AlertState, Comparison, Severity
from models.figures import FigureName

START = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
BREACHED, NO_DATA, NORMAL = AlertCondition.BREACHED, AlertCondition.NO_DATA, AlertCondition.NORMAL


def rule(**changes: Any) -> AlertRule:
    return AlertRule(
        **{
            "id": "r1",
            "figure": FigureName.DOWNLOADS_FAILURE_RATE,
            "title": "Downloads failing over limit",
            "comparison": Comparison.ABOVE,
            "value": 0.02,
            "hysteresis": 0.005,
            "for_seconds": 0,
            "range_days": 1,
            "severity": Severity.P2,
            "guidance": "Look.",
            "runbook_url": "",
            "no_data_seconds": None,
            "enabled": True,
            "version": 1,
            "updated_at": START,
            "updated_by": "test",
            **changes,
        }
    )


class Desk:
    """One rule under evaluation, with everything that was ever raised."""

    def __init__(self, **changes: Any) -> None:
        self.rule = rule(**changes)
        self.now = START
        self.watch: Watch | None = None
        self.alerts: dict[str, Alert] = {}
        self.log: list[AlertEvent] = []
        self._ids = (f"a{n}" for n in count(1))

    def open(self, cause: AlertCondition = BREACHED) -> Alert | None:
        found = [a for a in self.alerts.values() if a.cause is cause and a.state is not AlertState.CLEARED]
        assert len(found) <= 1, "at most one open alert per rule and cause"
        return found[0] if found else None

    def see(self, value: float | None, *, seconds: float = 10, age: float | None = 0) -> list[AlertEvent]:
        """Evaluate ``seconds`` later, with data ``age`` seconds old (``None``: never heard)."""
        self.now += timedelta(seconds=seconds)
        heard = None if age is None else self.now - timedelta(seconds=age)
        held = {cause: alert for cause in (BREACHED, NO_DATA) if (alert := self.open(cause))}
        decision = decide(self.rule, self.watch, held, Reading(value, heard), self.now, lambda: next(self._ids))
        self.watch = decision.watch
        return self._apply(decision.transitions)

    def acknowledge(self, cause: AlertCondition = BREACHED) -> list[AlertEvent]:
        alert = self.open(cause)
        assert alert is not None
        return self._apply(acknowledge(alert, actor="ol", comment="on it", now=self.now))

    def _apply(self, transitions: tuple[Transition, ...]) -> list[AlertEvent]:
        for step in transitions:
            assert (self.alerts.get(step.after.id)) == step.before
            assert step.after.version == (step.before.version if step.before else 0) + (step.event is not None)
            self.alerts[step.after.id] = step.after
        events = [step.event for step in transitions if step.event]
        self.log += events
        return events


def test_an_alert_stays_active_until_acknowledged_and_then_clears_at_once() -> None:
    desk = Desk()
    assert desk.see(0.03) == [AlertEvent.RAISED]
    assert desk.see(0.01) == [AlertEvent.RETURNED]
    alert = desk.open()
    assert alert is not None
    assert alert.state is AlertState.ACTIVE
    assert alert.returned_at == desk.now
    assert alert.condition is NORMAL
    assert desk.see(0.01) == []
    assert desk.acknowledge() == [AlertEvent.ACKNOWLEDGED, AlertEvent.CLEARED]
    assert desk.alerts["a1"].cleared_at == desk.now


def test_an_acknowledged_alert_clears_when_its_condition_passes() -> None:
    desk = Desk()
    desk.see(0.03)
    assert desk.acknowledge() == [AlertEvent.ACKNOWLEDGED]
    assert desk.see(0.016) == []  # inside the limit, not yet inside the hysteresis
    assert desk.see(0.015) == [AlertEvent.CLEARED]
    assert desk.alerts["a1"].returned_at == desk.now


def test_it_breaks_again_as_the_same_alert_before_and_as_a_new_one_after_clearing() -> None:
    desk = Desk()
    desk.see(0.03)
    desk.see(0.01)
    assert desk.see(0.04) == [AlertEvent.RESUMED]
    assert desk.alerts["a1"].returned_at is None
    assert desk.alerts["a1"].worst_value == 0.04
    desk.acknowledge()
    desk.see(0.0)
    assert desk.see(0.03) == [AlertEvent.RAISED]
    assert set(desk.alerts) == {"a1", "a2"}


def test_the_limit_must_be_broken_without_a_break() -> None:
    desk = Desk(for_seconds=30)
    assert desk.see(0.03) == []
    desk.see(0.03)
    desk.see(0.02)  # at the limit is not over it: the stretch starts anew
    for _ in range(3):
        assert desk.see(0.03) == []
    assert desk.see(0.03) == [AlertEvent.RAISED]


def test_a_pause_of_the_evaluation_is_a_break() -> None:
    desk = Desk(for_seconds=30)
    desk.see(0.03)
    assert desk.see(0.03, seconds=GAP.total_seconds() + 1) == []
    for _ in range(2):
        assert desk.see(0.03) == []
    assert desk.see(0.03) == [AlertEvent.RAISED]


def test_unknown_is_a_break_too() -> None:
    desk = Desk(for_seconds=20)
    desk.see(0.03)
    desk.see(None)
    assert desk.see(0.03) == []


def test_no_data_neither_clears_nor_raises_a_breach() -> None:
    desk = Desk(no_data_seconds=60)
    desk.see(0.03)
    desk.acknowledge()
    assert desk.see(0.0, age=61) == []
    alert = desk.open()
    assert alert is not None
    assert alert.condition is NO_DATA
    assert desk.see(0.0) == [AlertEvent.CLEARED]
    assert AlertEvent.RAISED not in desk.see(0.5, age=61)


def test_a_silent_source_raises_an_alert_of_its_own_beside_the_breach() -> None:
    desk = Desk(no_data_seconds=30)
    desk.see(0.03)
    for age in (10, 20, 30):
        assert desk.see(0.03, age=age) == []
    assert desk.see(0.03, age=40) == [AlertEvent.RAISED]
    silent = desk.open(NO_DATA)
    assert silent is not None
    assert silent.title == "No data: Downloads failing over limit"
    assert silent.condition is NO_DATA
    assert desk.open(BREACHED) is not None
    assert desk.see(0.03) == [AlertEvent.RETURNED]
    assert desk.acknowledge(NO_DATA) == [AlertEvent.ACKNOWLEDGED, AlertEvent.CLEARED]


def test_silence_counts_only_while_somebody_listened() -> None:
    desk = Desk(no_data_seconds=30)
    # A day's silence on the first evaluation, and after a pause of ours: the source gets its time to speak up.
    assert desk.see(0.0, age=86_400) == []
    for _ in range(3):
        assert desk.see(0.0, age=86_400) == []
    assert desk.see(0.0, age=86_400) == [AlertEvent.RAISED]
    # A restart of ours does not make a silent source heard.
    assert desk.see(0.0, age=86_400, seconds=300) == []
    assert desk.open(NO_DATA) is not None


def test_a_source_never_heard_is_no_data_not_a_breach() -> None:
    desk = Desk(comparison=Comparison.BELOW, value=3200.0, no_data_seconds=30)
    for _ in range(4):
        assert desk.see(0.0, age=None) == []
    assert desk.see(0.0, age=None) == [AlertEvent.RAISED]
    assert desk.open(BREACHED) is None
    assert desk.open(NO_DATA) is not None


def test_severity_holds_at_its_highest_until_acknowledged() -> None:
    desk = Desk(severity=Severity.P3)
    desk.see(0.03)
    desk.rule = rule(severity=Severity.P1)
    assert desk.see(0.03) == [AlertEvent.CHANGED]
    desk.rule = rule(severity=Severity.P4)
    assert desk.see(0.03) == []
    assert desk.alerts["a1"].severity is Severity.P1
    desk.acknowledge()
    assert desk.see(0.03) == [AlertEvent.CHANGED]
    assert desk.alerts["a1"].severity is Severity.P4


def test_a_disabled_rule_lets_go_but_its_alert_still_waits_for_somebody() -> None:
    desk = Desk()
    desk.see(0.03)
    desk.rule = rule(enabled=False)
    assert desk.see(0.03) == [AlertEvent.RETURNED]
    assert desk.acknowledge() == [AlertEvent.ACKNOWLEDGED, AlertEvent.CLEARED]
    assert desk.see(0.03) == []


def test_a_shelf_ends_by_itself_and_a_cleared_alert_is_on_no_shelf() -> None:
    desk = Desk()
    desk.see(0.03)
    until = desk.now + timedelta(seconds=15)
    alert = desk.open()
    assert alert is not None
    desk._apply((shelve(alert, actor="ol", until=until, reason="known"),))
    assert desk.see(0.03) == []
    assert desk.see(0.03) == [AlertEvent.UNSHELVED]
    assert desk.alerts["a1"].shelved_until is None
    alert = desk.alerts["a1"]
    desk._apply((shelve(alert, actor="ol", until=desk.now + timedelta(hours=1), reason="known"),))
    desk.acknowledge()
    assert desk.see(0.0) == [AlertEvent.CLEARED]
    assert desk.alerts["a1"].shelved_until is None


# --- laws --------------------------------------------------------------------------------------------------

VALUES = st.sampled_from([None, 0.0, 0.5, 0.9, 1.0, 1.1, 1.4, 1.5, 1.6, 2.0, 5.0])
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("see"), VALUES, st.sampled_from([10.0, 10.0, 10.0, 30.0, 90.0]), st.sampled_from([0, 0, 0, 45])
        ),
        st.tuples(st.just("acknowledge")),
    ),
    max_size=60,
)


@given(
    steps=STEPS,
    comparison=st.sampled_from(Comparison),
    for_seconds=st.sampled_from([0, 20, 30]),
    hysteresis=st.sampled_from([0.0, 0.5]),
    no_data=st.sampled_from([None, 30]),
)
def test_laws(
    steps: list[tuple[Any, ...]], comparison: Comparison, for_seconds: int, hysteresis: float, no_data: int | None
) -> None:
    desk = Desk(
        comparison=comparison, value=1.0, hysteresis=hysteresis, for_seconds=for_seconds, no_data_seconds=no_data
    )
    above = comparison is Comparison.ABOVE
    unbroken: timedelta | None = None  # how long the limit is broken, worked out independently
    for step in steps:
        was = desk.open()
        if step[0] == "acknowledge":
            if was is not None and was.state is AlertState.ACTIVE:
                desk.acknowledge()
            continue
        _, value, seconds, age = step
        known = value is not None and not (no_data is not None and age > no_data)
        beyond = known and (value > 1.0 if above else value < 1.0)
        inside = known and (value <= 1.0 - hysteresis if above else value >= 1.0 + hysteresis)
        gap = timedelta(seconds=seconds)
        started = unbroken is None or gap > GAP
        unbroken = None if not beyond else timedelta(0) if started else unbroken + gap  # type: ignore[operator]
        desk.see(value, seconds=seconds, age=age)
        alert = desk.open()  # asserts that there is at most one

        if was is not None and was.state is AlertState.ACTIVE:
            # Latched: nothing but an acknowledgement ends it, and it is still the same alert.
            assert alert is not None
            assert alert.id == was.id
            assert alert.state is AlertState.ACTIVE
            assert min(alert.severity, was.severity) is alert.severity
        if was is not None and was.returned_at is None and (alert is None or alert.returned_at is not None):
            assert inside, "passes only well inside the limit"
        if was is not None and was.returned_at is None and inside:
            assert alert is None or alert.returned_at is not None
        newly = alert is not None and alert.returned_at is None and (was is None or was.returned_at is not None)
        assert newly == (
            unbroken is not None
            and unbroken >= timedelta(seconds=for_seconds)
            and (was is None or was.returned_at is not None)
        ), "raised exactly when broken for long enough, without a break"
        if was is not None and not known:
            assert alert is not None
            assert (alert.state, alert.returned_at) == (was.state, was.returned_at), "silence changes nothing"
