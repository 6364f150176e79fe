"""People as circles, badges, heads of roles, bars and dialogs that have room for what they say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QScrollArea, QWidget

from models.access import ApprovalPolicy, RoleDefinition
from models.core.permissions import BUILT_IN_ROLES
from tests.views.kit.colour import contrast
from tests.views.shell.test_accessibility import clipped
from views.access.matrix import Matrix, head_lines
from views.kit.dialogs.base import WindowDialog
from views.kit.theme import PERSON_HUES, THEMES, Tokens, current
from views.kit.widgets.avatar import Avatar, draw_avatar
from views.kit.widgets.badge import badge_size, badge_words, draw_badge
from views.kit.widgets.flow import Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable
from views.shell.window.layouts import Workspaces
from views.shell.window.rail import Rail

every_theme = pytest.mark.parametrize("tokens", THEMES.values(), ids=lambda tokens: tokens.name)


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    current().apply("dark", 1.0)
    yield
    current().apply("dark", 1.0)


def drawn(size: int, draw: object) -> QImage:
    picture = QImage(size, size, QImage.Format.Format_RGB32)
    picture.fill(QColor(current().tokens.window))
    painter = QPainter(picture)
    draw(painter, QRectF(0, 0, size, size))  # type: ignore[operator]
    painter.end()
    return picture


# --- circles -------------------------------------------------------------------------------------------------------


@every_theme
def test_letters_are_readable_on_every_colour_a_person_can_have(tokens: Tokens) -> None:
    grounds = {tokens.person(f"person-{n}").name() for n in range(400)} | {tokens.person("").name()}
    assert len(grounds) == PERSON_HUES + 1
    assert {ground for ground in grounds if contrast(tokens.text, ground) < 4.5} == set()


def test_a_person_has_one_colour_and_it_is_what_is_painted() -> None:
    tokens = current().tokens
    assert tokens.person("ada") == tokens.person("ada") != tokens.person("tk")
    for known_as in ("ada", "tk"):
        picture = drawn(44, lambda painter, box, k=known_as: draw_avatar(painter, box, k, "TK"))
        assert picture.pixelColor(22, 5).name() == tokens.person(known_as).name()
        assert picture.pixelColor(1, 1) == QColor(tokens.window)


def test_letters_stay_within_the_circle() -> None:
    for letters in ("A", "WM", "ΩЖ"):
        picture = drawn(22, lambda painter, box, words=letters: draw_avatar(painter, box, "ada", words))
        ground, window = current().tokens.person("ada"), QColor(current().tokens.window)
        edge = [picture.pixelColor(x, y) for x in (0, 21) for y in range(8, 14)]
        assert all(abs(c.lightness() - ground.lightness()) < 40 or c == window for c in edge), letters
        assert any(picture.pixelColor(x, 11).lightness() > 150 for x in range(4, 18)), letters


def test_somebody_is_named_for_those_who_hear_it() -> None:
    avatar = Avatar("tk", "Tariq Khan")
    assert (avatar.accessibleName(), avatar.toolTip()) == ("Tariq Khan", "Tariq Khan")
    assert avatar.sizeHint().width() == avatar.sizeHint().height()


def test_a_table_shows_people_as_circles(qtbot: object) -> None:
    table = RecordTable((Column("", lambda p: p[:2].upper(), 40, person=lambda p: p), Column("Id", str)), "People")
    qtbot.addWidget(table)  # type: ignore[attr-defined]
    table.resize(300, 120)
    table.set_rows(["ada", "tk"])
    table.show()
    picture = table.viewport().grab().toImage()
    for row, known_as in enumerate(("ada", "tk")):
        middle = table.visualRect(table.model().index(row, 0)).center()
        column = {picture.pixelColor(middle.x(), middle.y() + dy).name() for dy in range(-9, 10)}
        assert current().tokens.person(known_as).name() in column


def test_who_is_signed_in_has_room_for_circle_and_name(qtbot: object) -> None:
    pill = Pill("Administrator", name="Who is signed in")
    qtbot.addWidget(pill)  # type: ignore[attr-defined]
    before = pill.sizeHint().width()
    pill.set_person("administrator", "A")
    assert pill.sizeHint().width() > before + current().height(10)
    pill.set_person("", "")
    assert pill.sizeHint().width() == before


# --- badges --------------------------------------------------------------------------------------------------------


def test_a_badge_says_how_much_also_to_those_who_hear_it(qtbot: object) -> None:
    rail = Rail()
    qtbot.addWidget(rail)  # type: ignore[attr-defined]
    rail.show_count("access", 2, "2 approvals wait for you")
    rail.show_workspaces(Workspaces())
    item = rail._items["access"]
    assert (item.accessibleName(), item.count) == ("Access, 2 approvals wait for you", 2)
    rail.show_workspaces(Workspaces())  # made anew, as when another one is opened
    assert rail._items["access"].count == 2
    assert rail._items["war-room"].accessibleName() == "War room"
    with_badge = rail._items["access"].grab().toImage()
    rail.show_count("access", 0, "")
    item = rail._items["access"]
    assert (item.accessibleName(), item.count) == ("Access", 0)
    assert item.grab().toImage() != with_badge
    assert "approvals" not in item.toolTip()


@every_theme
def test_a_badge_can_be_read_and_seen(tokens: Tokens) -> None:
    assert contrast(tokens.text, tokens.hover) >= 4.5
    assert contrast(tokens.control_border, tokens.window) >= 3.0
    assert [badge_words(n) for n in (1, 999, 1000)] == ["1", "999", "999+"]
    assert badge_size(2).width() == badge_size(2).height() < badge_size(148).width()
    current().apply(tokens.name)
    picture = drawn(24, lambda painter, box: draw_badge(painter, box, 2))
    assert QColor(tokens.hover).name() in {picture.pixelColor(x, 12).name() for x in range(24)}


# --- heads of roles ------------------------------------------------------------------------------------------------


def roles(*names: str) -> tuple[RoleDefinition, ...]:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    built_in = [(role.name, role.permissions, role.sensitive) for role in BUILT_IN_ROLES if not role.service]
    wanted = [(name, frozenset[str](), False) for name in names] or built_in
    return tuple(
        RoleDefinition(
            role_id=f"role-{n}",
            name=name,
            description="",
            permissions=tuple(permissions),
            sensitive=sensitive,
            service=False,
            built_in=True,
            policy=ApprovalPolicy(),
            people=2,
            created_at=at,
            updated_at=at,
            updated_by="system:migrate",
            version=1,
        )
        for n, (name, permissions, sensitive) in enumerate(wanted)
    )


def matrix_in(qtbot: object, width: int, height: int, *names: str) -> tuple[QScrollArea, Matrix]:
    area, matrix = QScrollArea(), Matrix()
    qtbot.addWidget(area)  # type: ignore[attr-defined]
    area.setWidgetResizable(True)
    area.setWidget(matrix)
    area.resize(width, height)
    matrix.show_roles(roles(*names), {})
    area.show()
    QApplication.processEvents()
    return area, matrix


@pytest.mark.parametrize(("width", "scale"), [(720, 1.0), (985, 1.0), (985, 2.0), (2000, 1.0)])
def test_no_name_of_a_role_is_broken_or_shortened(qtbot: object, width: int, scale: float) -> None:
    current().apply("dark", scale)
    _, matrix = matrix_in(qtbot, width, 700)
    for column, role in enumerate(matrix._roles):
        lines = head_lines(role, matrix.cell(column, 0).width() - 6)
        assert " ".join(lines) == (f"{role.name} ∗" if role.sensitive else role.name)
        assert len(lines) <= 2
        assert "∗" not in lines, "the mark stands beside a word, never alone"
        for line in lines:
            assert current().width(line, 9, 600) <= matrix.cell(column, 0).width()


def test_the_built_in_roles_need_no_scrolling_where_the_design_was_drawn(qtbot: object) -> None:
    area, matrix = matrix_in(qtbot, 985, 900)
    assert area.horizontalScrollBar().maximum() == 0
    assert matrix.cell(len(matrix._roles) - 1, 0).right() + 1 == matrix.width()


def test_a_name_longer_than_any_column_is_shortened_and_told_whole(qtbot: object) -> None:
    name = "Donaudampfschifffahrtsgesellschaftskapitän of the night watch"
    _, matrix = matrix_in(qtbot, 700, 700, name, "Viewer")
    lines = head_lines(matrix._roles[0], matrix.cell(0, 0).width() - 6)
    assert lines[0].endswith("…")
    assert len(lines) == 2
    assert matrix.cell(0, 0).width() < 400


def test_heads_and_names_stay_where_they_are_seen(qtbot: object) -> None:
    area, matrix = matrix_in(qtbot, 500, 300)
    matrix.setFocus()
    for _ in range(len(matrix._roles)):
        QTest.keyClick(matrix, Qt.Key.Key_Right)
    for _ in range(40):
        QTest.keyClick(matrix, Qt.Key.Key_Down)
    QApplication.processEvents()
    assert area.horizontalScrollBar().value() > 0
    assert area.verticalScrollBar().value() > 0
    chosen = matrix.cell(matrix.column, matrix.row)
    seen = area.viewport().rect().translated(-matrix.pos())
    assert seen.contains(chosen)
    # What lies below the names and heads is not what is pointed at.
    corner = -matrix.pos()
    assert matrix._at(corner + QPoint(5, 5)) == (-1, -1)
    assert matrix._at(corner + QPoint(5, matrix._head() + 5))[0] == -1
    assert matrix._at(corner + QPoint(matrix._left() + 5, 5))[1] == -1
    assert matrix._at(chosen.center()) == (matrix.column, matrix.row)
    for _ in range(40):
        QTest.keyClick(matrix, Qt.Key.Key_Up)
        QTest.keyClick(matrix, Qt.Key.Key_Left)
    assert (area.horizontalScrollBar().value(), area.verticalScrollBar().value()) == (0, 0)


# --- bars and dialogs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_bar_goes_on_below_when_a_line_is_full(qtbot: object, scale: float) -> None:
    current().apply("dark", scale)
    find, pills = QLineEdit(), [Pill(words, Look.BUTTON) for words in ("Give a role…", "Take away…", "Break glass…")]
    bar = Flow(find, *pills, wide=(find,), together=tuple(pills))
    qtbot.addWidget(bar)  # type: ignore[attr-defined]
    bar.resize(round(900 * scale), 40)
    bar.show()
    one_line = bar.height()
    assert len({pill.geometry().center().y() for pill in pills}) == 1
    assert pills[-1].geometry().right() == bar.width() - 9
    bar.resize(sum(pill.sizeHint().width() + 4 for pill in pills) + 40, bar.height())
    assert len({pill.y() for pill in pills}) == 1, "what belongs together goes below together"
    assert pills[0].y() > find.geometry().bottom()
    bar.resize(round(220 * scale), bar.height())
    assert bar.height() > 1.5 * one_line
    assert all(bar.rect().contains(widget.geometry()) for widget in (find, *pills))
    assert clipped(bar) == []
    boxes = [widget.geometry() for widget in (find, *pills)]
    assert not any(a.intersects(b) for n, a in enumerate(boxes) for b in boxes[n + 1 :])


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_dialog_grows_with_what_it_says(qtbot: object, scale: float) -> None:
    current().apply("dark", scale)
    window = QWidget()
    qtbot.addWidget(window)  # type: ignore[attr-defined]
    dialog = WindowDialog("Words", window, accept="Go on")
    said = QLabel("Short.")
    said.setWordWrap(True)
    field = QLineEdit()
    dialog.column.addWidget(said)
    dialog.column.addWidget(field)
    dialog.show()
    before = dialog.height()
    said.setText("One other person must agree, whatever the policy of the role says. " * 4)
    dialog.fail("Choose a person from the list, or type the id they sign in with; both will do, one is needed.", field)
    QTest.qWait(50)
    assert dialog.height() > before
    assert clipped(dialog) == []
    dialog.reject()
