"""What the shared widgets promise: said in words, reached by keys, readable on every ground, flat for any count."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.core.figure_set import Figure
from app.core.freshness import Quality
from tests.views.kit.colour import contrast
from views.kit.theme import THEMES, current
from views.kit.widgets.chip import SeverityChip, freshness_words
from views.kit.widgets.figure import FigureTile
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.sparkline import draw_sparkline
from views.kit.widgets.table import Column, RecordTable

REVENUE = Figure(
    name="revenue.weekly",
    title="Revenue, 7 d",
    value="182,953",
    unit="EUR",
    change="+9.9 %",
    previous="vs 166,431",
    limit="min 120,000",
    data_through=1.0,
    sparkline=(21.0, 22.0, 24.0, 19.0, 25.0),
)
FAILING = replace(
    REVENUE, name="downloads.failureRate", state="breached", severity="P2", breach="over max 2.00", limit="max 2.00"
)
UNHEARD = replace(REVENUE, value="", unit="", change="", previous="", data_through=None, note="has sent nothing yet")
themes = pytest.mark.parametrize("theme", list(THEMES))


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    current().apply("dark", 1.0)


def tile(qtbot: Any, figure: Figure, quality: Quality = Quality.FRESH, age: float | None = 12) -> FigureTile:
    made = FigureTile()
    qtbot.addWidget(made)
    made.set_figure(figure, quality, age)
    made.resize(made.sizeHint())
    return made


def colours(widget: QWidget) -> set[str]:
    image = widget.grab().toImage()
    return {image.pixelColor(x, y).name().upper() for x in range(image.width()) for y in range(image.height())}


# --- figure tile -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "quality", "age", "said"),
    [
        (REVENUE, Quality.FRESH, 12, ("182,953 EUR", "12 s old", "+9.9 % vs 166,431", "min 120,000")),
        (replace(REVENUE, late=True), Quality.FRESH, 1560, ("26 min old", "late")),
        (REVENUE, Quality.STALE, 256, ("182,953 EUR", "4 min 16 s old", "stale")),
        (REVENUE, Quality.DISCONNECTED, 64, ("1 min 04 s old", "disconnected")),
        (UNHEARD, Quality.FRESH, None, ("no data", "never heard", "has sent nothing yet")),
        (replace(REVENUE, state="incomplete", note="2 rates missing"), Quality.FRESH, 12, ("2 rates missing",)),
        (FAILING, Quality.FRESH, 26, ("over max 2.00", "P2 not acknowledged")),
        (replace(FAILING, state="acknowledged"), Quality.FRESH, 26, ("over max 2.00", "P2 acknowledged")),
    ],
)
def test_a_tile_says_everything_it_shows(
    qtbot: Any, figure: Figure, quality: Quality, age: float | None, said: tuple[str, ...]
) -> None:
    shown = tile(qtbot, figure, quality, age)
    assert shown.accessibleName() == figure.title
    words = shown.accessibleDescription()
    assert [part for part in said if part not in words] == []
    assert "0" not in words.split(", "), "unknown is not 0"


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_keys_ask_for_the_rows_behind_a_tile(qtbot: Any, key: Qt.Key) -> None:
    asked: list[object] = []
    shown = tile(qtbot, REVENUE)
    shown.opened.connect(asked.append)
    QTest.keyClick(shown, key)
    assert asked == ["revenue.weekly"]
    assert shown.focusPolicy() == Qt.FocusPolicy.StrongFocus


def test_a_tile_without_a_figure_asks_for_nothing(qtbot: Any) -> None:
    asked: list[object] = []
    shown = FigureTile()
    qtbot.addWidget(shown)
    shown.opened.connect(asked.append)
    QTest.keyClick(shown, Qt.Key.Key_Return)
    QTest.mouseClick(shown, Qt.MouseButton.LeftButton)
    assert asked == []


@themes
def test_the_focus_of_a_tile_is_two_pixels_of_accent(qtbot: Any, theme: str) -> None:
    current().apply(theme)
    shown = tile(qtbot, REVENUE)
    assert current().tokens.accent not in colours(shown)
    shown.show()
    shown.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(shown.hasFocus)
    picture = shown.grab().toImage()
    edge = [picture.pixelColor(x, picture.height() // 2).name().upper() for x in range(3)]
    assert edge[:2] == [current().tokens.accent] * 2
    assert edge[2] != current().tokens.accent


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_a_value_is_written_within_its_tile_at_any_font(qtbot: Any, scale: float) -> None:
    """Nothing of the value touches the border, and the tile grows with the font."""
    current().apply("dark", scale)
    shown = tile(qtbot, replace(REVENUE, value="1,182,953", limit="", change="", previous="", sparkline=()))
    assert shown.sizeHint().width() == round(276 * scale)
    assert shown.sizeHint().height() >= round(104 * scale)
    tokens, picture = current().tokens, shown.grab().toImage()
    pad = current().px(4)
    ring = [
        picture.pixelColor(x, y).name().upper()
        for x in range(pad, picture.width() - pad)
        for y in (pad, picture.height() - 1 - pad)
    ]
    ring += [
        picture.pixelColor(x, y).name().upper()
        for y in range(pad, picture.height() - pad)
        for x in (pad, picture.width() - 1 - pad)
    ]
    assert set(ring) == {tokens.tile}


@themes
@pytest.mark.parametrize("quality", [Quality.STALE, Quality.DISCONNECTED])
@pytest.mark.parametrize("hovered", [False, True])
def test_text_can_be_read_on_the_hatch(qtbot: Any, theme: str, quality: Quality, hovered: bool) -> None:
    """Text 3 keeps 4.5 on every colour of the ground of a stale tile: the hatch lies under it."""
    current().apply(theme)
    tokens = current().tokens
    shown = tile(qtbot, replace(UNHEARD, title="", note="", data_through=1.0), quality, None)
    shown.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, hovered)
    picture = shown.grab().toImage()
    # The lower third carries nothing but the ground.
    grounds = {
        picture.pixelColor(x, y).name()
        for x in range(20, 250)
        for y in range(picture.height() - 30, picture.height() - 8)
    }
    assert len(grounds) > 1, "it is hatched"
    assert min(contrast(tokens.text3, ground) for ground in grounds) >= 4.5


@themes
def test_the_words_of_a_hatched_pill_can_be_read(qtbot: Any, theme: str) -> None:
    current().apply(theme)
    tokens = current().tokens
    pill = Pill(" " * 20, Look.HATCHED)
    qtbot.addWidget(pill)
    pill.setAutoFillBackground(True)
    pill.resize(pill.sizeHint())
    picture = pill.grab().toImage()
    grounds = {picture.pixelColor(x, y).name() for x in range(4, picture.width() - 4) for y in range(4, 18)}
    assert len(grounds) > 1, "it is hatched"
    assert min(contrast(tokens.text, ground) for ground in grounds) >= 4.5


# --- chips, pills, trend -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filled", "dashed", "said"),
    [
        (True, False, "P2, not acknowledged"),
        (False, False, "P2, acknowledged"),
        (False, True, "P2, shelved"),
    ],
)
def test_a_chip_says_its_state(qtbot: Any, filled: bool, dashed: bool, said: str) -> None:
    chip = SeverityChip("P2", filled=filled, dashed=dashed)
    qtbot.addWidget(chip)
    assert chip.accessibleName() == said


@themes
@pytest.mark.parametrize("severity", ["P1", "P2", "P3", "P4", "good"])
def test_only_what_is_not_acknowledged_is_filled(qtbot: Any, theme: str, severity: str) -> None:
    current().apply(theme)
    hue = QColor(current().tokens.status(severity)).name()

    def share(*, filled: bool) -> float:
        chip = SeverityChip(severity, filled=filled)
        qtbot.addWidget(chip)
        chip.resize(chip.sizeHint())
        picture = chip.grab().toImage()
        points = [(x, y) for x in range(picture.width()) for y in range(picture.height())]
        return sum(picture.pixelColor(x, y).name() == hue for x, y in points) / len(points)

    assert share(filled=True) > 0.5
    assert share(filled=False) < 0.35


def test_fresh_needs_no_words() -> None:
    assert freshness_words(Quality.FRESH, "12 s") == ""
    assert freshness_words(Quality.LATE, "26 min") == "late · 26 min"
    assert freshness_words(Quality.DISCONNECTED, "") == "stale"


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_a_pill_is_pressed_by_keys(qtbot: Any, key: Qt.Key) -> None:
    pill, pressed = Pill("Undo", Look.BUTTON, button=True), []
    qtbot.addWidget(pill)
    pill.clicked.connect(lambda: pressed.append(1))
    QTest.keyClick(pill, key)
    assert pressed == [1]
    pill.setEnabled(False)
    pill.click()
    assert pressed == [1]


def trend(*values: float | None) -> QImage:
    picture = QImage(96, 26, QImage.Format.Format_RGB32)
    picture.fill(QColor(current().tokens.tile))
    painter = QPainter(picture)
    draw_sparkline(painter, QRectF(picture.rect()), values)
    painter.end()
    return picture


def columns(picture: QImage) -> set[int]:
    ground = picture.pixelColor(0, 0)
    return {
        x for x in range(picture.width()) if any(picture.pixelColor(x, y) != ground for y in range(picture.height()))
    }


def test_a_gap_in_a_trend_stays_a_gap(qapp: QApplication) -> None:
    drawn = columns(trend(1.0, 2.0, None, None, 2.0, 3.0))
    assert not drawn & set(range(28, 64)), "nothing is drawn where nothing is known"
    assert {10, 85} <= drawn
    assert set(range(28, 64)) <= columns(trend(1.0, 2.0, 3.0, 2.0, 2.0, 3.0))


@pytest.mark.parametrize("values", [(), (None, None), (1.0,), (None, 2.0, None)])
def test_fewer_than_two_points_are_no_trend(qapp: QApplication, values: tuple[float | None, ...]) -> None:
    assert columns(trend(*values)) == set()


def test_a_flat_trend_is_drawn(qapp: QApplication) -> None:
    assert len(columns(trend(5.0, 5.0, 5.0))) > 80


# --- table -------------------------------------------------------------------------------------------------------


class Numbers:
    """A list of any length that makes its rows when asked, and counts how often it was."""

    def __init__(self, count: int) -> None:
        self.count, self.asked = count, 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, row: int) -> int:
        self.asked += 1
        return row


def table(qtbot: Any, rows: Any) -> RecordTable:
    made = RecordTable((Column("Order", str, 120), Column("Amount", lambda n: f"{n}.00", 90, right=True)), "Orders")
    qtbot.addWidget(made)
    made.resize(400, 480)
    made.set_rows(rows)
    made.show()
    return made


def test_a_million_rows_cost_what_a_thousand_cost(qtbot: Any) -> None:
    """Work is counted: rows outside the window are never asked for."""
    asked = {}
    for count in (1_000, 1_000_000):
        rows = Numbers(count)
        shown = table(qtbot, rows)
        for place in (0, count // 2, count - 1):
            shown.scrollTo(shown.records.index(place, 0))
            shown.grab()
        asked[count] = rows.asked
    visible = 480 // 24 + 1
    assert asked[1_000_000] <= asked[1_000] + 6
    assert asked[1_000_000] <= 4 * visible


def test_the_words_of_a_row_are_prepared_once(qtbot: Any) -> None:
    rows = Numbers(10)
    shown = table(qtbot, rows)
    shown.grab()
    before = rows.asked
    shown.viewport().update()
    shown.grab()
    assert rows.asked == before == 10


def test_enter_opens_the_row_under_the_cursor(qtbot: Any) -> None:
    opened: list[object] = []
    shown = table(qtbot, ["a", "b", "c"])
    shown.activated_row.connect(opened.append)
    QTest.keyClick(shown, Qt.Key.Key_Return)
    assert opened == [], "no cursor, nothing to open"
    shown.selectRow(0)
    QTest.keyClick(shown, Qt.Key.Key_Down)
    QTest.keyClick(shown, Qt.Key.Key_Return)
    assert opened == ["b"]


@themes
def test_the_cursor_shows_where_the_keyboard_is(qtbot: Any, theme: str) -> None:
    current().apply(theme)
    window = QWidget()
    qtbot.addWidget(window)
    window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    shown = table(qtbot, ["a", "b", "c"])
    shown.setParent(window)
    window.resize(420, 500)
    window.show()
    shown.show()
    shown.selectRow(1)
    window.setFocus()
    qtbot.waitUntil(lambda: not shown.hasFocus())
    tokens = current().tokens
    assert tokens.selection in colours(shown)
    assert tokens.accent not in colours(shown)
    shown.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(shown.hasFocus)
    assert tokens.accent in colours(shown)


def test_growing_keeps_the_cursor_and_other_rows_reset_it(qtbot: Any) -> None:
    rows = ["a", "b"]
    shown = table(qtbot, rows)
    shown.selectRow(1)
    rows.append("c")
    shown.records.grown()
    assert (shown.records.rowCount(), shown.currentIndex().row()) == (3, 1)
    shown.set_rows(["x"])
    assert (shown.records.rowCount(), shown.currentIndex().isValid()) == (1, False)


def test_rows_and_columns_grow_with_the_font(qtbot: Any) -> None:
    shown = table(qtbot, ["a"])
    before = (shown.rowHeight(0), shown.columnWidth(0))
    current().apply("dark", 2.0)
    assert shown.rowHeight(0) >= 1.9 * before[0]
    assert shown.columnWidth(0) >= 1.9 * before[1]


def test_words_of_the_head_grow_with_the_font(qtbot: Any) -> None:
    shown = table(qtbot, ["a"])

    def words_high() -> int:
        image = shown.horizontalHeader().grab().toImage()
        columns, rows = range(4, shown.columnWidth(0) - 4), range(image.height() - 2)
        inked = [y for y in rows if any(image.pixelColor(x, y).lightness() > 100 for x in columns)]
        return inked[-1] - inked[0] + 1

    current().apply("dark", 1.0)
    before = words_high()
    current().apply("dark", 2.0)
    assert words_high() >= 1.7 * before


# --- what the first window costs ---------------------------------------------------------------------------------


def test_the_widgets_of_the_first_window_import_nothing_heavy() -> None:
    heavy = ("pydantic", "pyqtgraph", "httpx", "numpy", "keyring", "sqlite_utils")
    script = (
        "import sys, views.kit.widgets.figure, views.kit.widgets.sparkline\n"
        "import views.kit.widgets.chip, views.kit.widgets.pill\n"
        f"print(*(name for name in {heavy!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_words_of_the_head_keep_their_font_wherever_the_table_goes(qtbot: Any) -> None:
    title = "Last error, and what to do"
    table = RecordTable((Column("", str, 28), Column(title, str, 400)), "Systems")
    qtbot.addWidget(table)
    head = table.horizontalHeader()

    def words() -> float:
        image = head.grab().toImage()
        ground = image.pixelColor(head.sectionPosition(1) + head.sectionSize(1) - 4, 4).lightness()
        inked = [
            x
            for x in range(head.sectionPosition(1) + 2, head.sectionPosition(1) + head.sectionSize(1) - 4)
            for y in range(4, head.height() - 4)
            if abs(image.pixelColor(x, y).lightness() - ground) > 25
        ]
        return max(inked) - min(inked)

    outer = QWidget()
    qtbot.addWidget(outer)
    for scale in (1.0, 1.5, 1.0):
        for theme in ("light", "dark"):
            current().apply(theme, scale)
            for parent in (None, outer, None):
                table.setParent(parent)
                table.resize(900, 300)
                outer.show()
                table.show()
                assert head.font().pointSizeF() == 9 * scale
                assert abs(words() - current().width(title, 9, 600)) <= 5, (scale, theme)
