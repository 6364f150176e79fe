"""The axis of an incident: what stands in which lane, what was at an instant, zoom and keys, very many entries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from models.incidents import IncidentRecord
from models.incidents.context import IncidentSeries
from models.incidents.timeline import TimelineEntry, TimelineLanes
from views.incidents.axis import Axis
from views.incidents.axis_data import curves, density, happened, lanes_of, stages, stepped, ticks
from views.incidents.wording import LANES, due_words, entry_text, span_words
from views.kit.theme import Theme

AT = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


def entry(number: int, kind: str = "note", **more: Any) -> TimelineEntry:
    """An entry so many minutes after the beginning."""
    at = AT + timedelta(minutes=number)
    values = {
        "position": number,
        "entryId": str(number),
        "kind": kind,
        "occurredAt": at,
        "recordedAt": at,
        "actor": "ada",
        "actorName": "Ada B.",
        "action": "incidents.note.written",
        "resourceType": "incident",
        "resourceId": "x",
        "label": None,
        "text": f"Entry {number}",
        "own": True,
        "incidentId": None,
        "severity": None,
        "details": {},
        "pinned": False,
        "corrections": [],
    }
    return TimelineEntry.model_validate(values | more)


def incident(**more: Any) -> IncidentRecord:
    """One that was acknowledged after four minutes."""
    values = {
        "incidentId": "0198c0de-0000-7000-8000-0000000000aa",
        "number": 1,
        "reference": "INC-0001",
        "title": "EU downloads failing",
        "severity": "SEV2",
        "status": "acknowledged",
        "description": "x",
        "startedAt": AT,
        "detectedAt": AT + timedelta(minutes=5),
        "acknowledgedAt": AT + timedelta(minutes=9),
        "acknowledgedBy": "ada",
        "mitigatedAt": None,
        "resolvedAt": None,
        "reviewedAt": None,
        "roles": [],
        "participants": [],
        "services": [],
        "links": [],
        "customersAffected": None,
        "runbookId": None,
        "runbookLink": "",
        "postmortemLink": "",
        "origin": "manual",
        "alerts": 0,
        "openAlerts": 0,
        "updates": 0,
        "nextUpdateDueAt": None,
        "reviewRequired": True,
        "mergedInto": None,
        "createdAt": AT,
        "createdBy": "ada",
        "updatedAt": AT,
        "version": 1,
    }
    return IncidentRecord.model_validate(values | more)


class FakeDesk(QObject):
    """Range and crosshair without a window."""

    cursor_moved = Signal(object)
    range_changed = Signal()
    entry_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.start, self.end = AT.timestamp(), (AT + timedelta(hours=3)).timestamp()
        self.cursor: float | None = None
        self.now = (AT + timedelta(hours=2)).timestamp()
        self.chosen: list[TimelineEntry] = []
        self.zoomed: list[float] = []

    def set_cursor(self, at: float | None) -> None:
        self.cursor = at
        self.cursor_moved.emit(at)

    def choose_entry(self, entry: TimelineEntry) -> None:
        self.chosen.append(entry)

    def zoom(self, factor: float, _around: float | None = None) -> None:
        self.zoomed.append(factor)

    def pan(self, share: float) -> None:
        by = (self.end - self.start) * share
        self.start, self.end = self.start + by, self.end + by

    def show_whole(self) -> None:
        self.zoomed.append(0)


def shown(entries: list[TimelineEntry]) -> tuple[FakeDesk, Axis]:
    Theme(QApplication.instance()).apply("dark")  # type: ignore[arg-type]
    desk = FakeDesk()
    axis = Axis(desk)  # type: ignore[arg-type]
    axis.resize(1200, 700)
    axis.show_incident(incident(), lanes_of(entries), stages(incident()), ())
    return desk, axis


def test_every_kind_has_a_lane_and_corrected_instants_count() -> None:
    late = {"text": "an hour later", "occurredAt": AT + timedelta(hours=1), "by": "x", "byName": "X", "at": AT}
    lanes = lanes_of([entry(1), entry(2, "update"), entry(3, "deploy"), entry(0, corrections=[late])])
    assert [len(lane.entries) for lane in lanes] == [0, 0, 0, 2, 1, 1]
    assert [each.position for each in lanes[3].entries] == [1, 0]
    assert entry_text(lanes[3].entries[1]) == "✎ an hour later"


def test_states_follow_key_times() -> None:
    bands = stages(incident())
    assert [(band.words, band.end is None) for band in bands] == [
        ("Unnoticed", False),
        ("Detected", False),
        ("Acknowledged", True),
    ]


def test_what_was_at_an_instant_and_what_comes_next() -> None:
    lanes = lanes_of([entry(10), entry(20, "alert"), entry(21, "deploy")])
    at = (AT + timedelta(minutes=20)).timestamp()
    assert [each.position for each in happened(lanes, at, 90.0)] == [20, 21]
    following = stepped(lanes, at, 1, 0.0)
    assert following is not None
    assert following[1].position == 21
    before = stepped(lanes, at, -1, 0.0)
    assert before is not None
    assert before[1].position == 10


def test_rates_leave_out_what_is_still_filling_and_what_nobody_knows() -> None:
    series = IncidentSeries.model_validate(
        {
            "from": AT,
            "to": AT + timedelta(minutes=20),
            "ends": [AT + timedelta(minutes=5 * n) for n in (1, 2, 3, 4)],
            "orders": [1, 2, 1, None],
            "refunds": [0, 0, 0, None],
            "downloads": [100, 0, 3, None],
            "failed": [5, 0, 3, None],
            "asOf": AT + timedelta(minutes=11),
        }
    )
    rate, downloads, orders = curves(series, 0.02)
    assert rate.values == (5.0, None, None, None)
    assert downloads.values == (100, 0, None, None)
    assert orders.values == (1, 2, 1, None)
    assert (rate.limit, rate.words(rate.newest)) == (2.0, "5.0 %")


def test_counts_stand_where_no_entry_is_loaded() -> None:
    counts = {"kind": "note", "counts": [3, 0, 4, 9]}
    lanes = TimelineLanes.model_validate(
        {"from": AT, "to": AT + timedelta(minutes=40), "lanes": [counts], "asOf": AT + timedelta(minutes=40)}
    )
    bars = density(lanes, (AT + timedelta(minutes=31)).timestamp())
    assert [count for *_, count in bars[3]] == [3, 4]


def test_ticks_are_round_and_few() -> None:
    found = ticks(AT.timestamp(), (AT + timedelta(hours=3)).timestamp(), 6)
    assert [words for _, words in found] == ["11:30", "12:00", "12:30", "13:00", "13:30", "14:00"]


def test_keys_go_from_entry_to_entry_and_zoom() -> None:
    desk, axis = shown([entry(10), entry(20, "alert", severity="P2"), entry(40, "update")])
    axis.show()
    QTest.keyClick(axis, Qt.Key.Key_Right)
    QTest.keyClick(axis, Qt.Key.Key_Right)
    assert [each.position for each in desk.chosen] == [10, 20]
    assert "Entry 20" in axis.accessibleDescription()
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_0):
        QTest.keyClick(axis, key)
    assert desk.zoomed == [0.5, 2.0, 0]
    start = desk.start
    QTest.keyClick(axis, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert desk.start < start
    axis.hide()


def test_the_pointer_finds_an_entry_in_its_lane() -> None:
    _desk, axis = shown([entry(60)])
    x = axis.x_of((AT + timedelta(minutes=60)).timestamp())
    y = axis.plot().top() + 3.5 * 27
    found = axis.entry_at(QPointF(x + 3, y))
    assert found is not None
    assert found.position == 60
    assert axis.entry_at(QPointF(x + 40, y)) is None


def test_many_entries_are_drawn_as_how_many_there_are() -> None:
    desk, axis = shown([entry(n % 180, position=n) for n in range(2_000)])
    image = QImage(1200, 700, QImage.Format.Format_ARGB32)
    axis.render(image)
    assert axis.lanes[3].within(desk.start, desk.end) == range(2_000)
    assert len(LANES) == len(axis.lanes)


def test_words_for_how_long() -> None:
    assert [span_words(each) for each in (41, 243, 9_720, 273_600)] == ["41 s", "4 min 03 s", "2 h 42 min", "3 d 4 h"]
    assert due_words(AT, AT + timedelta(seconds=90)) == "1 min 30 s late"
    assert due_words(None, AT) == "none is due"
