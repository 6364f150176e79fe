"""The head of an incident where there is little room: its name comes first, then who has it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QImage, QPainter

from tests.app.answers import AS_OF
from tests.views.incidents.fixtures import DETECTED, incident
from views.incidents.head import TITLE, Head
from views.kit.theme import Theme, current

ROLES = [
    {"role": role, "userId": known, "name": name, "since": DETECTED}
    for role, known, name in (("commander", "nele", "Nele Krause"), ("communications", "rui", "Rui Barros"))
]


@pytest.fixture
def head(qapp: object) -> Head:
    Theme(qapp).apply("dark")  # type: ignore[arg-type]
    found = Head()
    found.show_incident(incident(roles=ROLES), AS_OF)
    return found


def painted(head: Head, width: int) -> list[str]:
    """What is drawn in the line of the name."""
    words: list[str] = []

    class Listening(QPainter):
        def drawText(self, *given: object) -> None:
            words.append(str(given[-1]))

    image = QImage(width, 60, QImage.Format.Format_ARGB32)
    painter = Listening(image)
    head._paint_title(painter, QRectF(0, 0, width, 44))
    painter.end()
    return words


@pytest.mark.parametrize("width", [1800, 900, 700, 560, 440])
def test_the_states_give_way_to_the_name(head: Head, width: int) -> None:
    words = painted(head, width)
    assert "EU downloads failing" in words, "it is not cut while anything else could go"
    assert "INC-0142" in words
    assert width < 560 or "Acknowledged" in words, "where it stands stays longest"


def test_with_room_all_states_are_named(head: Head) -> None:
    assert {"Detected", "Acknowledged", "Mitigated", "Resolved", "Reviewed"} <= set(painted(head, 1400))


def test_the_name_is_cut_only_where_nothing_else_is_left(head: Head) -> None:
    narrow = int(QFontMetricsF(current().font(TITLE, 600)).horizontalAdvance("EU downloads failing"))
    words = painted(head, narrow)
    assert any(word.startswith("EU") and word.endswith("…") for word in words)
    assert "Acknowledged" not in words


@pytest.mark.parametrize("width", [1400, 1000, 900, 700])
def test_whoever_has_it_is_named_as_long_as_there_is_room_for_anything_else(head: Head, width: int) -> None:
    cells = {name: more for name, _, more, _ in head._fitting(width)}
    assert cells["Commander"].startswith("Nele Krause"), cells
    assert "Next update due in" in cells
