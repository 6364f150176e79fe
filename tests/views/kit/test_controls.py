"""Native controls show their frame, their state and their focus in every theme, at any font size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDateTimeEdit,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QWidget,
)

from tests.views.kit.colour import distance
from views.kit.theme import THEMES, current

themes = pytest.mark.parametrize("theme", list(THEMES))
FRAMED: list[Callable[[], QWidget]] = [
    QComboBox,
    QSpinBox,
    QDateTimeEdit,
    QLineEdit,
    QPlainTextEdit,
    QCheckBox,
    QRadioButton,
    lambda: QPushButton("Save"),
]


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    current().apply("dark", 1.0)


def colours(widget: QWidget) -> set[str]:
    QApplication.processEvents()
    image = widget.grab().toImage()
    points = ((x, y) for x in range(image.width()) for y in range(image.height()))
    return {image.pixelColor(x, y).name().upper() for x, y in points}


def placed(qtbot: Any, make: Callable[[], QWidget]) -> tuple[QWidget, QWidget]:
    window = QWidget()
    qtbot.addWidget(window)
    window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget = make()
    widget.setParent(window)
    window.show()
    window.activateWindow()
    return window, widget


@themes
@pytest.mark.parametrize("make", FRAMED)
def test_a_control_has_a_frame_that_can_be_seen(qtbot: Any, theme: str, make: Callable[[], QWidget]) -> None:
    current().apply(theme)
    window, widget = placed(qtbot, make)
    window.setFocus()
    # A curve of one pixel is all antialiasing: very nearly the colour will do.
    assert min(distance(current().tokens.control_border, colour) for colour in colours(widget)) < 1.5


@themes
@pytest.mark.parametrize("make", FRAMED)
def test_the_focus_is_drawn_in_the_accent(qtbot: Any, theme: str, make: Callable[[], QWidget]) -> None:
    current().apply(theme)
    _, widget = placed(qtbot, make)
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(widget.hasFocus)
    assert current().tokens.accent in colours(widget)


@themes
@pytest.mark.parametrize("kind", [QCheckBox, QRadioButton])
def test_what_is_checked_carries_a_mark(qtbot: Any, theme: str, kind: type[QCheckBox | QRadioButton]) -> None:
    current().apply(theme)
    tokens = current().tokens
    button = kind()
    qtbot.addWidget(button)
    assert tokens.accent not in colours(button)
    button.setChecked(True)
    assert {tokens.accent, tokens.ink_on(tokens.accent)} <= colours(button)


def test_half_checked_looks_like_neither(qtbot: Any) -> None:
    box = QCheckBox()
    box.setTristate(True)
    qtbot.addWidget(box)
    pictures = []
    for state in (Qt.CheckState.Unchecked, Qt.CheckState.PartiallyChecked, Qt.CheckState.Checked):
        box.setCheckState(state)
        pictures.append(box.grab().toImage())
    assert len({bytes(picture.constBits()) for picture in pictures}) == 3


def test_controls_grow_with_the_font(qtbot: Any) -> None:
    sizes = []
    for scale in (1.0, 2.0):
        current().apply("dark", scale)
        box, check = QComboBox(), QCheckBox()
        box.addItem("Highest score")
        qtbot.addWidget(box)
        qtbot.addWidget(check)
        sizes.append((box.sizeHint().height(), check.sizeHint().height()))
    assert sizes[1][0] >= 1.9 * sizes[0][0]
    assert sizes[1][1] >= 1.8 * sizes[0][1]
