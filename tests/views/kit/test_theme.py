"""The tokens keep what the theme promises: contrasts, colours that stay apart for everybody, one small style sheet."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations

import pytest
from PySide6.QtGui import QColor, QFontMetricsF, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QVBoxLayout, QWidget

from tests.views.kit.colour import ciede2000, contrast, nearest
from views.kit import fonts
from views.kit import theme as module
from views.kit.theme import DARK, HATCH, HIGH_CONTRAST, LIGHT, STATUS, THEMES, Tokens, current, style_sheet

# Sharma, Wu and Dalal 2005, table 1.
PUBLISHED = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0009), 7.1792),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0011), 7.2195),
    ((50.0, 2.5000, 0.0), (50.0, 0.0, -2.5000), 4.3065),
    ((50.0, 2.5000, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((50.0, 2.5000, 0.0), (61.0, -5.0, 29.0), 22.8977),
    ((50.0, 2.5000, 0.0), (56.0, -27.0, -3.0), 31.9030),
    ((50.0, 2.5000, 0.0), (58.0, 24.0, 15.0), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((35.0831, -44.1164, 3.7933), (35.0232, -40.0716, 1.5901), 1.8645),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]

every_theme = pytest.mark.parametrize("tokens", THEMES.values(), ids=list(THEMES))


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    current().apply("dark", 1.0)


def surfaces(tokens: Tokens) -> dict[str, str]:
    """What text may lie on; what ``raised`` is in dark is ``sunken`` in light."""
    return {name: getattr(tokens, name) for name in ("base", "window", "raised", "sunken", "hover")}


@pytest.mark.parametrize(("one", "other", "expected"), PUBLISHED)
def test_the_ruler_is_right(one: tuple[float, ...], other: tuple[float, ...], expected: float) -> None:
    assert ciede2000(one, other) == pytest.approx(expected, abs=5e-5)  # type: ignore[arg-type]
    assert ciede2000(other, one) == pytest.approx(expected, abs=5e-5)  # type: ignore[arg-type]


def test_the_programs_own_contrast_is_the_same_as_ours() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    for one, other in (("#E6E9ED", "#15181C"), ("#777777", "#FFFFFF"), ("#0B5CC4", "#DDE1E6")):
        assert module.contrast(QColor(one), QColor(other)) == pytest.approx(contrast(one, other), abs=0.01)


@every_theme
def test_text_is_readable_on_every_surface(tokens: Tokens) -> None:
    found = {
        (text, surface): contrast(getattr(tokens, text), colour)
        for surface, colour in surfaces(tokens).items()
        for text in ("text", "text2", "text3")
    }
    found |= {(text, "selection"): contrast(getattr(tokens, text), tokens.selection) for text in ("text", "text2")}
    assert {pair: ratio for pair, ratio in found.items() if ratio < 4.5} == {}


@every_theme
def test_text_is_readable_on_hatch_and_under_the_pointer(tokens: Tokens) -> None:
    hatch = module.mixed(tokens.line, tokens.tile, HATCH).name()
    assert contrast(tokens.text3, hatch) >= 4.5
    assert contrast(tokens.text, tokens.button_over) >= 4.5


@every_theme
def test_borders_and_focus_can_be_seen_on_every_surface(tokens: Tokens) -> None:
    found = {
        (edge, surface): contrast(getattr(tokens, edge), colour)
        for surface, colour in surfaces(tokens).items()
        for edge in ("control_border", "accent")
    }
    assert {pair: ratio for pair, ratio in found.items() if ratio < 3.0} == {}


@every_theme
def test_ink_is_readable_on_every_filled_chip_and_button(tokens: Tokens) -> None:
    fills = {name: getattr(tokens, name) for name in (*STATUS, "accent")}
    # A past instant and a lost link are inverse: text 2 with ink.
    fills["text2"] = tokens.text2
    found = {name: contrast(tokens.ink_on(fill), fill) for name, fill in fills.items()}
    assert {name: ratio for name, ratio in found.items() if ratio < 4.5} == {}


@every_theme
def test_series_can_be_seen_where_charts_lie(tokens: Tokens) -> None:
    grounds = ("base", "window", "raised", "sunken")
    found = {
        (n, ground): contrast(tokens.series(n), getattr(tokens, ground)) for n in range(1, 5) for ground in grounds
    }
    found |= {("previous", "window"): contrast(tokens.previous, tokens.window)}
    assert {pair: ratio for pair, ratio in found.items() if ratio < 3.0} == {}


@every_theme
def test_status_colours_stay_apart_for_everybody(tokens: Tokens) -> None:
    found = {pair: nearest(getattr(tokens, pair[0]), getattr(tokens, pair[1])) for pair in combinations(STATUS, 2)}
    assert {pair: apart for pair, apart in found.items() if apart < 13.0} == {}


@pytest.mark.parametrize(("tokens", "least"), [(DARK, 8.4), (HIGH_CONTRAST, 8.4), (LIGHT, 10.5)])
def test_no_series_looks_like_a_status(tokens: Tokens, least: float) -> None:
    found = {(n, name): nearest(tokens.series(n), getattr(tokens, name)) for n in range(1, 5) for name in STATUS}
    assert {pair: apart for pair, apart in found.items() if apart < least} == {}


@every_theme
def test_series_look_unlike_each_other(tokens: Tokens) -> None:
    pairs = combinations(range(1, 5), 2)
    assert min(nearest(tokens.series(one), tokens.series(other)) for one, other in pairs) >= 16.5


def test_applying_a_theme_swaps_the_palette_and_says_so(qapp: QApplication) -> None:
    theme, told = current(), []
    theme.changed.connect(lambda: told.append(theme.tokens.name))
    for tokens in (LIGHT, HIGH_CONTRAST, DARK):
        theme.apply(tokens.name)
        for role, colour in (
            (QPalette.ColorRole.Window, tokens.window),
            (QPalette.ColorRole.Text, tokens.text),
            (QPalette.ColorRole.Highlight, tokens.selection),
            (QPalette.ColorRole.Link, tokens.accent),
        ):
            assert qapp.palette().color(role).name().upper() == colour
    assert told == ["light", "high-contrast", "dark"]


@pytest.mark.parametrize("name", ["", "solarised", "Dark"])
def test_an_unknown_theme_is_dark(qapp: QApplication, name: str) -> None:
    current().apply("light")
    current().apply(name)
    assert current().tokens is DARK


def test_the_font_scale_grows_fonts_lengths_and_controls(qapp: QApplication) -> None:
    theme = current()
    theme.apply("dark", 1.0)
    size, length = theme.font().pointSizeF(), theme.px(28)
    theme.apply("dark", 2.0)
    assert theme.font().pointSizeF() == pytest.approx(2 * size)
    assert theme.px(28) == 2 * length
    assert qapp.font().pointSizeF() == pytest.approx(2 * size)
    theme.apply("light")
    assert theme.font_scale == 2.0, "another theme keeps the scale"


@every_theme
def test_figures_are_tabular_and_the_style_sheet_stays_small(qapp: QApplication, tokens: Tokens) -> None:
    assert current().font().featureValue(module.fonts.TABULAR) == 1
    sheet = style_sheet(tokens, 1.0)
    assert len(sheet.strip().splitlines()) <= 60
    assert sheet.count("{") == sheet.count("}")


def test_an_icon_without_a_file_is_an_error(qapp: QApplication) -> None:
    from views.kit.icons import icon

    assert not icon("lock").isNull()
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon")


def test_icons_follow_the_theme(qapp: QApplication) -> None:
    from views.kit.icons import icon

    shown = icon("lock")

    def hues() -> set[str]:
        picture = shown.pixmap(24, 24).toImage()
        points = ((x, y) for x in range(picture.width()) for y in range(picture.height()))
        colours = (picture.pixelColor(x, y) for x, y in points)
        return {colour.name().upper() for colour in colours if colour.alpha() == 255}

    current().apply("dark")
    assert DARK.text2 in hues()
    current().apply("light")
    assert LIGHT.text2 in hues()


def test_the_theme_costs_the_first_window_nothing_heavy() -> None:
    heavy = ("pydantic", "pyqtgraph", "httpx", "numpy", "keyring", "sqlite_utils")
    script = (
        "import sys, views.kit.theme, views.kit.fonts, views.kit.icons\n"
        f"print(*(name for name in {heavy!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("mono", [False, True], ids=["text", "mono"])
@pytest.mark.parametrize("text", ["", "12:31:07", "€1,999.90", "CS-0088412", "11 Nov 23:59:55", "−7 of 10 fail"])
@pytest.mark.parametrize("points", [9.0, 10.0, 13.5])
def test_a_text_is_as_wide_as_its_font_says(text: str, points: float, *, mono: bool) -> None:
    """A width is remembered for all texts that differ in their figures only, because figures are tabular."""
    told = QFontMetricsF(fonts.make(points, 400, mono=mono)).horizontalAdvance(text)
    assert fonts.width(text, points, 400, mono=mono) == pytest.approx(told, abs=0.5)


def test_a_font_stays_under_another_parent_and_in_another_theme(qtbot: object) -> None:
    """Where a style sheet is, what lies in a scroll area that is given a parent loses the fonts it had."""
    theme = current()
    theme.apply("dark")
    inside, area, window = QWidget(), QScrollArea(), QWidget()
    qtbot.addWidget(window)  # type: ignore[attr-defined]
    head = QLabel("Head", inside)
    QVBoxLayout(inside).addWidget(head)
    area.setWidget(inside)
    theme.set_font(head, 12, 600)
    QVBoxLayout(window).addWidget(area)
    window.show()
    assert (head.font().pointSizeF(), head.font().weight()) == (12, 600)
    theme.apply("light", 1.5)
    assert (head.font().pointSizeF(), head.font().weight()) == (18, 600)
    theme.set_font(head, 9)
    theme.apply("dark", 1.0)
    assert (head.font().pointSizeF(), head.font().weight()) == (9, 400)
