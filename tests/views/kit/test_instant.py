"""The form that a field for an instant shows is the form it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDateTimeEdit, QLineEdit, QVBoxLayout, QWidget

from views.kit.widgets.instant import InstantField

NOW = datetime(2026, 11, 30, 3, 22, tzinfo=UTC)
THEN = datetime(2026, 11, 26, 20, 30, tzinfo=UTC)


@pytest.fixture(params=["", "UTC"], ids=["bare", "with unit"])
def field(qtbot: Any, request: pytest.FixtureRequest) -> Iterator[InstantField]:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    made = InstantField(NOW, "Instant, UTC", unit=request.param)
    column.addWidget(made)
    window.show()
    window.activateWindow()
    made.setFocus(Qt.FocusReason.TabFocusReason)
    QApplication.processEvents()
    yield made
    QApplication.clipboard().clear()


@pytest.mark.parametrize(
    "typed", ["2026-11-26 20:30", "202611262030", "2026-11-26T20:30", "2026-11-26\t20:30".replace("\t", " ")]
)
def test_what_is_shown_can_be_typed_as_it_stands(field: InstantField, typed: str) -> None:
    QTest.keyClicks(field, typed)
    assert field.instant == THEN
    assert field.text().startswith("2026-11-26 20:30")


def test_a_part_that_is_not_full_ends_with_its_separator(field: InstantField) -> None:
    QTest.keyClicks(field, "2025-1-2 ")
    assert field.currentSection() is QDateTimeEdit.Section.HourSection
    QTest.keyClicks(field, "20:30")
    assert field.instant == datetime(2025, 1, 2, 20, 30, tzinfo=UTC)


def _by_key(field: InstantField) -> None:
    QTest.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


def _by_menu(field: InstantField) -> None:
    line = field.findChild(QLineEdit)
    assert line is not None
    line.paste()


@pytest.mark.parametrize("paste", [_by_key, _by_menu])
@pytest.mark.parametrize("section", range(5))
@pytest.mark.parametrize("text", ["2026-11-26 20:30", " 2026-11-26 20:30 UTC\n", "2026-11-26T20:30:59Z"])
def test_it_can_be_pasted_wherever_the_keyboard_is(
    field: InstantField, paste: Callable[[InstantField], None], section: int, text: str
) -> None:
    QApplication.clipboard().setText(text)
    field.setSelectedSection(field.sectionAt(section))
    paste(field)
    assert field.instant == THEN


def test_what_is_no_instant_changes_nothing(field: InstantField) -> None:
    QApplication.clipboard().setText("2026-13-45 99:99")
    _by_key(field)
    assert field.instant == NOW
