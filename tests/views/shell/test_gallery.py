"""The theme sheets are drawn from the real widgets: without a complaint of Qt's, and with nothing cut off."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QtMsgType
from PySide6.QtGui import QColor, QFontMetricsF, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

from views.kit.theme import THEMES, current
from views.kit.widgets.figure import FigureTile
from views.kit.widgets.pill import Pill
from views.shell.gallery.__main__ import SHEETS, Sheet, draw
from views.shell.gallery.sheet import MARGIN, WIDTHS, ThemeSheet

every_sheet = pytest.mark.parametrize("wanted", SHEETS, ids=lambda sheet: sheet.file)


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    current().apply("dark", 1.0)


@pytest.fixture
def shown(wanted: Sheet, qtbot: object) -> tuple[ThemeSheet, QImage]:
    current().apply(wanted.theme, wanted.font_scale)
    sheet = ThemeSheet()
    qtbot.addWidget(sheet)  # type: ignore[attr-defined]
    return sheet, draw(sheet).toImage()


@every_sheet
def test_a_sheet_is_drawn_without_a_complaint(shown: tuple[ThemeSheet, QImage], wanted: Sheet, qtlog: object) -> None:
    sheet, picture = shown
    tokens = THEMES[wanted.theme]
    assert picture.width() >= sum(WIDTHS) * wanted.font_scale
    assert picture.pixelColor(2, 2) == QColor(tokens.window)
    colours = {picture.pixelColor(x, y).name().upper() for x in range(0, picture.width(), 3) for y in range(0, 1400, 3)}
    statuses = {getattr(tokens, name) for name in ("p1", "p2", "p3", "p4", "good")}
    assert statuses | {tokens.selection, tokens.accent, tokens.hover} <= colours
    # The platform without a screen says of every window that it cannot tell a window manager about sizes.
    said = [r for r in qtlog.records if r.type != QtMsgType.QtInfoMsg and "propagateSizeHints" not in r.message]  # type: ignore[attr-defined]
    assert [record.message for record in said] == []
    assert sheet.width() - current().px(MARGIN) * 2 >= sum(WIDTHS) * wanted.font_scale


@every_sheet
def test_no_words_are_cut_off(shown: tuple[ThemeSheet, QImage], wanted: Sheet) -> None:
    sheet, _ = shown
    cut = []
    for words in sheet.findChildren(QLabel):
        if not words.isVisible() or not words.text():
            continue
        wide = QFontMetricsF(words.font()).horizontalAdvance(words.text())
        high = words.heightForWidth(words.width()) if words.wordWrap() else QFontMetricsF(words.font()).height()
        if (not words.wordWrap() and wide > words.width() + 1) or high > words.height() + 1:
            cut.append(words.text())
    for button in sheet.findChildren(QAbstractButton):
        least = button.minimumSizeHint()
        if button.isVisible() and (button.width() < least.width() or button.height() < min(least.height(), 22)):
            cut.append(button.text() or button.accessibleName())
    assert cut == []


@every_sheet
def test_every_part_lies_within_its_parent(shown: tuple[ThemeSheet, QImage], wanted: Sheet) -> None:
    sheet, _ = shown
    parts = [*sheet.findChildren(QLabel), *sheet.findChildren(Pill), *sheet.findChildren(FigureTile)]
    outside = [
        part.accessibleName() or (part.text() if isinstance(part, QLabel) else "")
        for part in parts
        if part.isVisible() and not part.parentWidget().rect().contains(part.geometry())
    ]
    assert outside == []


def test_the_command_draws_every_sheet(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    done = subprocess.run(
        [sys.executable, "-m", "views.shell.gallery", str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [str(folder / f"{sheet.file}.png") for sheet in SHEETS]
    assert all(not QImage(str(folder / f"{sheet.file}.png")).isNull() for sheet in SHEETS)


def test_without_a_folder_the_command_says_how_it_is_used() -> None:
    done = subprocess.run([sys.executable, "-m", "views.shell.gallery"], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "usage" in done.stderr
