"""The one token model: every colour and size the console draws with. No colour literal stands anywhere else.

Palettes are swapped, style sheets only help where Fusion derives frames that cannot be seen; see docs/developers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from zlib import crc32

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from views.kit import fonts
from views.kit.controls import Controls

STATUS = ("p1", "p2", "p3", "p4", "good")
SHAPES = {"P1": "▲", "P2": "◆", "P3": "■", "P4": "●", "good": "✔"}
"""Every status has a shape and a letter besides its hue."""

PERSON_HUES = 12
GRID = 4
RADIUS = 4
FOCUS = 2
HATCH = 0.4
"""Share of the line colour in a hatch; more, and text 3 cannot be read on it."""
ROW_DENSE, ROW, ROW_WALL = 24, 28, 36
CAPTION, BODY, SECTION, PANEL_VALUE, TITLE, KPI = 9, 10, 12, 14, 18, 28


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours as ``#RRGGBB``. Contrasts and colour-blind distances are computed by a test."""

    name: str
    dark: bool
    base: str
    """Gaps between docks (dark), tiles and buttons (light)."""
    window: str
    raised: str
    hover: str
    line: str
    control_border: str
    text: str
    text2: str
    text3: str
    accent: str
    selection: str
    p1: str
    p2: str
    p3: str
    p4: str
    good: str
    series1: str
    series2: str
    series3: str
    series4: str
    previous: str
    """The range before, in charts."""
    lost: str
    """What did not arrive, in charts: of another hue than the series, for it stands beside them."""
    ink_dark: str = "#101214"
    ink_light: str = "#FFFFFF"
    outline: float = 1.0
    """Width of borders, px; high contrast draws them wider."""

    @property
    def ground(self) -> str:
        """What shows between docks."""
        return self.base if self.dark else self.hover if self.name == "high-contrast" else self.sunken

    @property
    def sunken(self) -> str:
        """Below everything."""
        return self.base if self.dark else _SUNKEN_LIGHT

    @property
    def tile(self) -> str:
        """Ground of tiles and cards."""
        return self.raised if self.dark else self.base

    @property
    def button(self) -> str:
        """Ground of ordinary buttons."""
        return self.hover if self.dark else self.base

    @property
    def button_over(self) -> str:
        """Ground of ordinary buttons under the pointer; the text stays readable on it."""
        if not self.dark:
            return self.hover
        return self.line if self.name == "dark" else mixed(self.line, self.hover, 0.3).name()

    @property
    def tile_line(self) -> str:
        """Border of tiles: in dark they stand out by themselves."""
        return self.tile if self.dark and self.name == "dark" else self.line

    def series(self, number: int) -> str:
        """Chart series 1 to 4."""
        return (self.series1, self.series2, self.series3, self.series4)[(number - 1) % 4]

    def status(self, severity: str) -> str:
        """Colour of ``P1`` … ``P4`` or ``good``; text 2 for what has none."""
        key = severity.lower()
        found: str = getattr(self, key) if key in STATUS else self.text2
        return found

    def person(self, known_as: str) -> QColor:
        """Ground of somebody's initials: a quiet colour that follows from their id, on which text is readable."""
        if not known_as:
            return QColor(self.hover)
        hue = crc32(known_as.encode()) % PERSON_HUES / PERSON_HUES
        return mixed(QColor.fromHslF(hue, 0.6, 0.5).name(), self.hover, 0.3)

    def ink_on(self, fill: QColor | str) -> str:
        """Dark or light ink, whichever contrasts best on ``fill``."""
        ground = QColor(fill)
        return max((self.ink_dark, self.ink_light), key=lambda ink: contrast(QColor(ink), ground))


_SUNKEN_LIGHT = "#E9EBEE"

DARK = Tokens(
    name="dark",
    dark=True,
    base="#15181C",
    window="#1C2025",
    raised="#252A31",
    hover="#2E353F",
    line="#3C444F",
    control_border="#78818D",
    text="#E6E9ED",
    text2="#B4BCC6",
    text3="#949EAA",
    accent="#5AA2F5",
    selection="#1D4A7F",
    p1="#FF5C7A",
    p2="#FFA52E",
    p3="#FBF0A0",
    p4="#78A3CF",
    good="#9BEBD6",
    series1="#8E86F5",
    series2="#CACDF8",
    series3="#3BB693",
    series4="#A75C93",
    previous="#646C75",
    lost="#A75C93",
)

LIGHT = Tokens(
    name="light",
    dark=False,
    base="#FFFFFF",
    window="#F5F6F8",
    raised="#FFFFFF",
    hover="#DDE1E6",
    line="#C9CED6",
    control_border="#747D89",
    text="#16191D",
    text2="#414A55",
    text3="#545E6A",
    accent="#0B5CC4",
    selection="#CFE2FA",
    p1="#6E0F1A",
    p2="#8E5704",
    p3="#988710",
    p4="#2184C4",
    good="#316954",
    series1="#5B4BC4",
    series2="#8A8295",
    series3="#24151F",
    series4="#1E0985",
    previous="#818993",
    lost="#B03A76",
)

HIGH_CONTRAST = replace(
    DARK,
    name="high-contrast",
    base="#000000",
    window="#000000",
    raised="#0A0B0D",
    hover="#20242A",
    line="#8A939E",
    control_border="#C6CDD6",
    text="#FFFFFF",
    text2="#E3E7EC",
    text3="#C6CDD6",
    accent="#7CB8FF",
    selection="#123E73",
    previous="#9AA3AD",
    outline=2.0,
)

THEMES = {tokens.name: tokens for tokens in (DARK, LIGHT, HIGH_CONTRAST)}


def luminance(colour: QColor) -> float:
    """Relative luminance, WCAG 2."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio, WCAG 2: 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mixed(over: str, under: str, share: float) -> QColor:
    """``share`` of ``over`` on ``under``, opaque: what hatches, bars and grids are drawn with."""
    a, b = QColor(over), QColor(under)
    return QColor.fromRgbF(
        a.redF() * share + b.redF() * (1 - share),
        a.greenF() * share + b.greenF() * (1 - share),
        a.blueF() * share + b.blueF() * (1 - share),
    )


class _Font(QObject):
    """Gives a widget its font again: where a style sheet is, scroll areas under another parent take it away."""

    def __init__(self, widget: QWidget, theme: Theme) -> None:
        super().__init__(widget)
        self._widget, self._theme = widget, theme
        self._wanted, self._giving = QFont(), False
        self._points: float = BODY
        self._weight, self._mono = 400, False
        widget.installEventFilter(self)
        theme.changed.connect(self._give)

    def keep(self, points: float, weight: int, *, mono: bool) -> None:
        self._points, self._weight, self._mono = points, weight, mono
        self._give()

    def _give(self) -> None:
        self._giving = True
        self._wanted = self._theme.font(self._points, self._weight, mono=self._mono)
        self._widget.setFont(self._wanted)
        self._giving = False

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FontChange and not self._giving:
            has, wanted = self._widget.font(), self._wanted
            if (has.pointSizeF(), has.weight(), has.family()) != (
                wanted.pointSizeF(),
                wanted.weight(),
                wanted.family(),
            ):
                self._give()
        return False


class Theme(QObject):
    """The applied theme of one application: tokens, fonts, and how much everything is scaled."""

    changed = Signal()

    def __init__(self, application: QApplication) -> None:
        """Becomes what ``current()`` answers."""
        super().__init__(application)
        self._application = application
        self.tokens = DARK
        self.font_scale = 1.0
        self._hatches: dict[str, QBrush] = {}
        global _current  # noqa: PLW0603 - one application has one theme; Qt's palette is as global
        _current = self
        application.setStyle(Controls(self))
        application.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._wanted = "dark"

    def apply(self, name: str, font_scale: float | None = None) -> None:
        """Apply ``system``, ``dark``, ``light`` or ``high-contrast``; an unknown name is dark."""
        self._wanted = name
        if font_scale is not None:
            self.font_scale = font_scale
        if name == "system":
            light = self._application.styleHints().colorScheme() is Qt.ColorScheme.Light
            name = "light" if light else "dark"
        self.tokens = THEMES.get(name, DARK)
        self._hatches.clear()
        self._application.setPalette(palette(self.tokens))
        self._application.setFont(self.font(BODY))
        self._application.setStyleSheet(style_sheet(self.tokens, self.font_scale))
        self.changed.emit()

    def _system_changed(self) -> None:
        if self._wanted == "system":
            self.apply("system")

    def font(self, points: float = BODY, weight: int = 400, *, mono: bool = False, spacing: float = 100.0) -> QFont:
        """The font of a size of the scale, times the operator's own scale."""
        return fonts.make(round(points * self.font_scale, 2), weight, mono=mono, spacing=spacing)

    def set_font(self, widget: QWidget, points: float = BODY, weight: int = 400, *, mono: bool = False) -> None:
        """Give a widget a font of the scale that it keeps, in other themes and under other parents too."""
        keeper = widget.findChild(_Font, options=Qt.FindChildOption.FindDirectChildrenOnly) or _Font(widget, self)
        keeper.keep(points, weight, mono=mono)

    def width(
        self, text: str, points: float = BODY, weight: int = 400, *, mono: bool = False, spacing: float = 100.0
    ) -> float:
        """How wide a text is in such a font, pixels."""
        return fonts.width(text, round(points * self.font_scale, 2), weight, mono=mono, spacing=spacing)

    def height(self, points: float = BODY, weight: int = 400) -> float:
        """How high a line of such a font is, pixels."""
        return fonts.height(round(points * self.font_scale, 2), weight)

    def px(self, length: float) -> int:
        """A length of the grid, grown with the font so that nothing is clipped."""
        return round(length * self.font_scale)

    def hatch(self, under: str) -> QBrush:
        """45°, 1 px, 8 px apart; always drawn under text."""
        found = self._hatches.get(under)
        if found is not None:
            return found
        tile = QPixmap(8, 8)
        tile.fill(QColor(under))
        painter = QPainter(tile)
        painter.setPen(QPen(mixed(self.tokens.line, under, HATCH), 1))
        painter.drawLine(0, 7, 7, 0)
        painter.end()
        self._hatches[under] = found = QBrush(tile)
        return found


_current: Theme | None = None


def current() -> Theme:
    """The applied theme. Raises RuntimeError before there is one."""
    if _current is None:
        application = QApplication.instance()
        if not isinstance(application, QApplication):
            raise RuntimeError("there is no QApplication yet")
        return Theme(application)
    return _current


def palette(tokens: Tokens) -> QPalette:
    """Qt's palette of a theme."""
    roles = {
        QPalette.ColorRole.Window: tokens.window,
        QPalette.ColorRole.WindowText: tokens.text,
        QPalette.ColorRole.Base: tokens.base,
        QPalette.ColorRole.AlternateBase: tokens.window,
        QPalette.ColorRole.Text: tokens.text,
        QPalette.ColorRole.PlaceholderText: tokens.text3,
        QPalette.ColorRole.Button: tokens.button,
        QPalette.ColorRole.ButtonText: tokens.text,
        QPalette.ColorRole.BrightText: tokens.text,
        QPalette.ColorRole.ToolTipBase: tokens.raised,
        QPalette.ColorRole.ToolTipText: tokens.text,
        QPalette.ColorRole.Highlight: tokens.selection,
        QPalette.ColorRole.HighlightedText: tokens.text,
        QPalette.ColorRole.Link: tokens.accent,
        QPalette.ColorRole.LinkVisited: tokens.accent,
        QPalette.ColorRole.Accent: tokens.accent,
        QPalette.ColorRole.Light: tokens.line,
        QPalette.ColorRole.Midlight: tokens.line,
        QPalette.ColorRole.Mid: tokens.line,
        QPalette.ColorRole.Dark: tokens.control_border,
        QPalette.ColorRole.Shadow: tokens.base,
    }
    found = QPalette()
    for role, colour in roles.items():
        found.setColor(role, QColor(colour))
    for role in (
        QPalette.ColorRole.Text,
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.ButtonText,
        QPalette.ColorRole.HighlightedText,
    ):
        found.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.text3))
    return found


def style_sheet(tokens: Tokens, scale: float) -> str:
    """What the palette cannot say: Fusion takes frames from Window.darker(), which cannot be seen on dark."""
    edge = f"{tokens.outline:.0f}px solid {tokens.control_border}"
    high = round(ROW * scale) - 8
    return f"""
QAbstractScrollArea {{ border: none; }}
QLineEdit, QPlainTextEdit, QTextEdit {{
  background: {tokens.base}; border: {edge}; border-radius: {RADIUS}px; padding: 3px 8px; min-height: {high}px;
  selection-background-color: {tokens.selection}; selection-color: {tokens.text}; }}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus {{ border: {FOCUS}px solid {tokens.accent}; padding: 2px 7px; }}
QLineEdit[wrong="true"], QPlainTextEdit[wrong="true"], QDateTimeEdit[wrong="true"] {{
  border: {FOCUS}px solid {tokens.p2}; padding: 2px 7px; }}
QLineEdit:disabled {{ background: transparent; border: 1px dashed {tokens.control_border}; color: {tokens.text3}; }}
QComboBox QAbstractItemView {{ background: {tokens.raised}; border: {edge}; outline: none; }}
QPushButton {{ background: {tokens.button}; border: {edge}; border-radius: {RADIUS}px;
  padding: 3px 12px; min-height: {high}px; }}
QPushButton:hover {{ background: {tokens.button_over}; }} QPushButton:pressed {{ background: {tokens.selection}; }}
QPushButton:focus {{ border: {FOCUS}px solid {tokens.accent}; padding: 2px 11px; }}
QPushButton:default {{ background: {tokens.accent}; color: {tokens.ink_on(tokens.accent)};
  border-color: {tokens.accent}; }}
QPushButton:default:focus {{ border-color: {tokens.text}; }}
QPushButton:disabled {{ background: transparent; border: 1px dashed {tokens.control_border}; color: {tokens.text3}; }}
QCheckBox:focus, QRadioButton:focus {{ color: {tokens.accent}; }}
QMenu {{ background: {tokens.raised}; border: 1px solid {tokens.line}; padding: 4px; menu-scrollable: 1; }}
QMenu::item {{ padding: 5px 24px 5px 12px; border-radius: {RADIUS}px; }}
QMenu::item:selected {{ background: {tokens.selection}; }} QMenu::item:disabled {{ color: {tokens.text3}; }}
QMenu::separator {{ height: 1px; background: {tokens.line}; margin: 4px 8px; }}
QToolTip {{ background: {tokens.raised}; color: {tokens.text}; border: 1px solid {tokens.line}; padding: 4px 8px; }}
QScrollBar {{ background: transparent; width: 10px; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {tokens.line}; border-radius: 4px; margin: 1px; min-height: 24px; min-width: 24px; }}
QScrollBar::handle:hover {{ background: {tokens.control_border}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
  background: none; border: none; width: 0; height: 0; }}
QHeaderView::section {{ background: {tokens.window}; color: {tokens.text2}; border: none;
  border-bottom: 1px solid {tokens.line}; padding: 2px 8px; }}
"""
