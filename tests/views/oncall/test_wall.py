"""Incidents and on call on the wall: what a row says, and that nothing is lost where there are more than places."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QApplication

from app.console import Console
from models.oncall.rosters import OnCallNow
from tests.app.answers import AS_OF
from tests.views.incidents.fixtures import incident
from tests.views.oncall.fixtures import page
from views.incidents import wall_page as incidents_wall
from views.kit import wall_rows
from views.kit.theme import Theme
from views.kit.wall import TURN_SECONDS
from views.kit.wall_rows import RowsPage, WallRow
from views.oncall import wall_page as oncall_wall

NAMES = {"nele": "Nele Krause", "ada": "Ada Voss"}
UNIT = 40.0


def now_of(**more: Any) -> OnCallNow:
    whole = {"scheduleId": "s", "scheduleName": "Operations", "team": "operations", "zone": "UTC", "people": ["nele"]}
    whole |= {"until": (AS_OF + timedelta(hours=2)).isoformat(), "nextPeople": ["ada"], "mustBeCovered": True}
    return OnCallNow.model_validate({**whole, "nextUntil": None, "version": 1, **more})


def test_an_incident_says_how_far_it_has_come_who_leads_it_and_what_is_told_next() -> None:
    row = incidents_wall.row_of(incident(), AS_OF)
    assert row == WallRow(
        "SEV2  EU downloads failing", "40 min", "Acknowledged, Nele Krause commands", "update in 9 min", "P2"
    )
    late = incidents_wall.row_of(incident(roles=[]), AS_OF + timedelta(minutes=13, seconds=20))
    assert (late.below, late.below_beside) == ("Acknowledged, nobody commands", "update 4 min late")


def test_a_schedule_says_who_is_on_until_when_who_then_and_whether_they_are_paged() -> None:
    until = AS_OF + timedelta(hours=2)
    row = oncall_wall.row_of(now_of(), NAMES, [], AS_OF)
    assert row == WallRow("Nele Krause", f"until {until:%H:%M}", "Operations", "then Ada Voss")
    paged = oncall_wall.row_of(now_of(), NAMES, [page(paged=["nele"])], AS_OF)
    assert (paged.below, paged.severity) == ("Operations, paged, P2", "P2")
    after_a_hole = now_of(nextFrom=(AS_OF + timedelta(hours=3)).isoformat())
    assert oncall_wall.row_of(after_a_hole, NAMES, [], AS_OF).below_beside == (
        f"then Ada Voss {AS_OF + timedelta(hours=3):%H:%M}"
    )
    hole = oncall_wall.row_of(now_of(people=[]), NAMES, [], AS_OF)
    assert (hole.title, hole.below, hole.severity) == ("Nobody", "Operations, somebody must be on", "P2")
    assert oncall_wall.row_of(now_of(people=[], mustBeCovered=False), NAMES, [], AS_OF).severity == ""


def test_more_rows_than_places_come_by_turns_and_say_which_they_are(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    Theme(qapp).apply("dark")
    words: list[str] = []
    sizes: list[float] = []

    def fitted(_painter: Any, box: QRectF, text: str, font: Any, _colour: str) -> None:
        words.append(text)
        sizes.append(font.pixelSize())
        assert QFontMetricsF(font).horizontalAdvance(text) <= box.width() + 1, text

    monkeypatch.setattr(wall_rows, "draw_fitted", fitted)
    clock = SimpleNamespace(seconds=0.0)
    session = SimpleNamespace(may=lambda _permission: True)
    console = SimpleNamespace(
        session=session, time=SimpleNamespace(as_of=None), clock=SimpleNamespace(monotonic=lambda: clock.seconds)
    )
    query: Any = SimpleNamespace(watch=lambda: None, age_seconds=3.0, quality="fresh")
    rows = [WallRow(f"Row {number}", "now", "below", "beside", "P2") for number in range(7)]
    shown = RowsPage(cast("Console", console), "Rows", cast("Any", "permission"), (query,), lambda: rows)
    assert shown.wanted
    image = QImage(1920, 700, QImage.Format.Format_RGB32)
    seen: list[str] = []
    for _turn in range(2):
        painter = QPainter(image)
        words.clear()
        shown.draw(painter, QRectF(0, 0, 1900, 600), UNIT)
        painter.end()
        seen += [each for each in words if each.startswith("Row ")] + words[-1:]
        clock.seconds += TURN_SECONDS
    assert seen == [
        "Row 0",
        "Row 1",
        "Row 2",
        "Row 3",
        "1\N{EN DASH}4 of 7",
        "Row 4",
        "Row 5",
        "Row 6",
        "5\N{EN DASH}7 of 7",
    ]
    assert min(sizes) >= UNIT
    console.time.as_of = AS_OF
    assert not shown.wanted
