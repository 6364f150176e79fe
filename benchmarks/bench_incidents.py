"""P17: an incident with 100,000 entries on screen, frames of its timeline scrolled, and a flood of alerts."""

from __future__ import annotations

import os
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.table import Result

ENTRIES, PAGE, STRETCHES, ALERTS, FRAMES, ROUNDS = 100_000, 200, 120, 500, 120, 20
"""``ALERTS`` is a page of them: of a thousand in one second, what a console is answered."""
SHOWN_MS, TURN_MS = 150.0, 50.0
AT = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
KINDS = ("note", "alert", "page", "update", "deploy", "rule", "step", "role", "status", "verdict")


def _entry(position: int) -> Any:
    from models.alerts import Severity
    from models.incidents.timeline import TimelineEntry, TimelineKind

    kind = TimelineKind(KINDS[position % len(KINDS)])
    at = AT + timedelta(seconds=position / 10)
    return TimelineEntry.model_construct(
        position=position,
        entry_id=str(position),
        kind=kind,
        occurred_at=at,
        recorded_at=at,
        actor=f"user-{position % 40}",
        actor_name="Tariq Khan",
        action="alerts.alert.raised",
        resource_type="incident",
        resource_id="x",
        label=None,
        text=f"25 % of the traffic moved, step {position}",
        own=True,
        incident_id=None,
        severity=Severity.P2 if kind is TimelineKind.ALERT else None,
        details={},
        pinned=False,
        corrections=(),
    )


def _alert(number: int) -> Any:
    from models.alerts import AlertCondition, AlertState, Severity
    from models.incidents.alerts import AttachedAlert

    at = AT + timedelta(seconds=number / 1_000)
    return AttachedAlert.model_construct(
        id=str(number),
        title=f"Connection {number} answers nothing",
        severity=Severity.P2,
        state=AlertState.ACTIVE,
        condition=AlertCondition.BREACHED,
        figure=None,
        group="deliveries",
        raised_at=at,
        cleared_at=None,
        attached_at=at,
        attached_by="system:worker",
        ended_at=None,
    )


def _incident() -> Any:
    from models.incidents import IncidentRecord, IncidentSeverity, IncidentStatus

    return IncidentRecord.model_construct(
        reference="INC-0142",
        title="EU downloads failing",
        severity=IncidentSeverity.SEV2,
        status=IncidentStatus.ACKNOWLEDGED,
        started_at=AT,
        detected_at=AT,
        acknowledged_at=AT + timedelta(minutes=4),
        mitigated_at=None,
        resolved_at=None,
        reviewed_at=None,
    )


class _Timeline:
    """What a timeline offers a list, without a server."""

    def __init__(self, entries: list[Any]) -> None:
        from app.core.signals import SignalInstance

        self.entries, self.older = entries, 1
        self.reset, self.grown = SignalInstance("reset"), SignalInstance("grown")
        self.grown_on_top = SignalInstance("grown on top")

    def want_older(self) -> None:
        """There is no server to ask."""


def _desk() -> Any:
    from PySide6.QtCore import QObject, Signal

    class Desk(QObject):
        """Range and crosshair without a window."""

        cursor_moved, entry_chosen, range_changed = Signal(object), Signal(object), Signal()
        cursor, start = None, AT.timestamp()
        end = now = (AT + timedelta(seconds=ENTRIES / 10)).timestamp()

        def set_cursor(self, at: float | None) -> None:
            """The crosshair."""
            self.cursor = at
            self.cursor_moved.emit(at)

    return Desk()


def _frame(*widgets: Any) -> float:
    begun = time.perf_counter()
    for widget in widgets:
        widget.grab()
    return time.perf_counter() - begun


def run() -> list[Result]:
    """The figures."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from views.kit.theme import Theme

    application = QApplication.instance() or QApplication([])
    Theme(application).apply("dark")  # type: ignore[arg-type]
    entries = [_entry(position) for position in range(ENTRIES)]
    return [_shown(entries), *_scrolled(entries), _flood(entries)]


def _made() -> tuple[Any, Any, Any]:
    from views.incidents.axis import Axis
    from views.incidents.log import Log

    desk = _desk()
    axis, log = Axis(desk), Log(desk)
    axis.resize(1_000, 720)
    log.resize(480, 720)
    _frame(axis, log)
    return desk, axis, log


def _shown(entries: list[Any]) -> Result:
    """Its newest page and counts of the others, from the answers to the picture."""
    from models.incidents.timeline import Lane, TimelineKind, TimelineLanes
    from views.incidents.axis_data import density, lanes_of, stages

    counts = tuple(ENTRIES // STRETCHES // len(KINDS) for _ in range(STRETCHES))
    lanes = tuple(Lane(kind=TimelineKind(kind), counts=counts) for kind in KINDS)
    end = entries[-1].recorded_at
    far = TimelineLanes.model_validate({"from": AT, "to": end, "lanes": lanes, "as_of": end})
    _, axis, log = _made()
    incident, took = _incident(), []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        page = entries[-PAGE:]
        axis.show_incident(incident, lanes_of(page), stages(incident), ())
        axis.show_density(density(far, page[0].recorded_at.timestamp()))
        log.show_timeline(_Timeline(page))
        _frame(axis, log)
        took.append(time.perf_counter() - begun)
    return Result("P17 an incident with 100,000 entries on screen", statistics.median(took) * 1e3, SHOWN_MS, "ms", 1.0)


def _scrolled(entries: list[Any]) -> list[Result]:
    """A frame of the list with all of them loaded, against one of a page; and one of the axis that is moved."""
    from views.incidents.axis_data import lanes_of, stages

    frames = []
    for shown in (entries[-PAGE * 5 :], entries):
        _, _, log = _made()
        log.show_timeline(_Timeline(shown))
        bar, took = log.table.verticalScrollBar(), []
        for number in range(FRAMES):
            bar.setValue(bar.maximum() // 4 + number * 37)
            took.append(_frame(log.table))
        frames.append(statistics.median(took))
    desk, axis, _ = _made()
    incident = _incident()
    axis.show_incident(incident, lanes_of(entries), stages(incident), ())
    long, moved = desk.end - desk.start, []
    for number in range(FRAMES):
        desk.start = AT.timestamp() + long * number / FRAMES / 2
        desk.end = desk.start + long / 50
        moved.append(_frame(axis))
    return [
        Result("P17 a frame of 100,000 entries scrolled", frames[1] * 1e3, frames[0] * 1e3, "ms", 1.2),
        Result("P17 a frame of the axis moved, all loaded", statistics.median(moved) * 1e3, 16.7, "ms", 1.0),
    ]


def _flood(entries: list[Any]) -> Result:
    """The longest turn while alerts come by the thousand: a page of them, and a page of the timeline."""
    from views.incidents.axis_data import Lanes, burning, stages

    _, axis, log = _made()
    incident, lanes, longest = _incident(), Lanes(), 0.0
    timeline = _Timeline(entries[:PAGE])
    log.show_timeline(timeline)
    alerts = tuple(_alert(number) for number in range(ALERTS))
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        timeline.entries += entries[len(timeline.entries) : len(timeline.entries) + PAGE]
        for entry in timeline.entries[-PAGE * 2 :]:
            lanes.put(entry)
        axis.show_incident(incident, lanes.marks, stages(incident), burning(alerts))
        timeline.grown.emit()
        _frame(axis, log)
        longest = max(longest, time.perf_counter() - begun)
    return Result("P17 the longest turn in a flood of alerts", longest * 1e3, TURN_MS, "ms", 1.0)
