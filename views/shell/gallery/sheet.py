"""The theme sheet: every part in every state, laid out in three columns of named sections."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from views.capabilities import CAPABILITIES
from views.kit.icons import paint as paint_icon
from views.kit.theme import BODY, CAPTION, GRID, KPI, PANEL_VALUE, SECTION, TITLE, contrast, current
from views.kit.widgets.avatar import Avatar
from views.kit.widgets.badge import badge_size, draw_badge
from views.kit.widgets.chip import SeverityChip, draw_freshness, freshness_width, mark
from views.kit.widgets.figure import FigureTile
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.problem import ProblemLine
from views.kit.widgets.table import Column, RecordTable
from views.shell.gallery.samples import CHARTS, FIGURES, MESSAGES, PEOPLE, ROWS, STRIPS
from views.shell.window.banner import LinkBanner
from views.shell.window.message_bar import MessageBar
from views.shell.window.rail import RailItem
from views.shell.window.strip import Strip

WIDTHS = (440, 440, 912)
"""Of the three columns, pixels at 100 % font."""
MARGIN, GAP = 32, 32
ICONS = Path(__file__).parents[3] / "resources" / "icons"
ICONS_ACROSS = 11
SURFACES = ("base", "window", "raised", "sunken", "hover", "selection")
TYPES = (
    (KPI, 600, "182,953", "figure"),
    (TITLE, 600, "Case CS-48223", "title"),
    (PANEL_VALUE, 600, "7 orders", "panel value"),
    (SECTION, 600, "Why it fired", "section"),
    (BODY, 400, "Card from Germany, order sent from Nigeria.", "body, tables"),
    (CAPTION, 400, "12 s old · max 2.00 · 17 Nov 14:02 UTC", "caption, axes"),
)
MEANINGS = {
    "P1": "sales or sign-in down",
    "P2": "a limit is broken",
    "P3": "degraded, work-around",
    "P4": "for information",
    "good": "cleared",
}


class Painted(QWidget):
    """Room of a fixed size for what the console paints inside of larger widgets."""

    def __init__(self, size: QSize, draw: Callable[[QPainter, QRectF], None]) -> None:
        super().__init__()
        self._draw = draw
        self.setFixedSize(size)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw(painter, QRectF(self.rect()))


def filled(colour: str) -> Callable[[QPainter, QRectF], None]:
    """Draws nothing but a colour."""
    return lambda painter, box: painter.fillRect(box, QColor(colour))


def label(text: str, points: float = BODY, weight: int = 400, colour: str = "", *, mono: bool = False) -> QLabel:
    """Text of the type scale; in text colour unless another is given."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    current().set_font(made, points, weight, mono=mono)
    palette = made.palette()
    palette.setColor(made.foregroundRole(), QColor(colour or current().tokens.text))
    made.setPalette(palette)
    return made


def caption(text: str) -> QLabel:
    """What stands below or beside a part."""
    return label(text, CAPTION, colour=current().tokens.text3)


def with_caption(widget: QWidget, text: str) -> QWidget:
    """A part over its name."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID)
    column.addWidget(widget, 0, Qt.AlignmentFlag.AlignLeft)
    column.addWidget(caption(text))
    column.addStretch(1)
    return box


def row(*widgets: QWidget, spacing: int = 12) -> QWidget:
    """Parts beside each other, as wide as they want to be."""
    box = QWidget()
    line = QHBoxLayout(box)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(spacing)
    for widget in widgets:
        line.addWidget(widget, 0, Qt.AlignmentFlag.AlignBottom)
    line.addStretch(1)
    return box


class ThemeSheet(QWidget):
    """The sheet of the applied theme."""

    def __init__(self) -> None:
        super().__init__()
        theme = current()
        self.focused: list[QWidget] = []
        """Parts that are shown with the keyboard's focus, which only one widget at a time can have."""
        self.pointed: list[tuple[QWidget, Callable[[], QPoint]]] = []
        """Native parts that only believe in a pointer that has moved, and where it stands over them."""
        outer = QVBoxLayout(self)
        outer.setContentsMargins(*[theme.px(MARGIN)] * 4)
        outer.setSpacing(theme.px(20))
        percent = f", font {theme.font_scale:.0%}" if theme.font_scale != 1 else ""
        outer.addWidget(
            row(label("Operations console", TITLE, 600), label(f"theme sheet, {theme.tokens.name}{percent}", SECTION))
        )
        columns = QHBoxLayout()
        columns.setSpacing(theme.px(GAP))
        outer.addLayout(columns)
        parts = (
            (self._surfaces, self._status, self._freshness, self._type, self._spacing, self._icons),
            (self._buttons, self._inputs, self._native, self._table, self._people, self._capabilities),
            (self._figures, self._charts, self._messages),
        )
        for width, builders in zip(WIDTHS, parts, strict=True):
            holder = QWidget()
            holder.setFixedWidth(theme.px(width))
            self._column = QVBoxLayout(holder)
            self._column.setContentsMargins(0, 0, 0, 0)
            self._column.setSpacing(theme.px(8))
            for build in builders:
                build()
            self._column.addStretch(1)
            columns.addWidget(holder)
        bottom = QWidget()
        self._column = QVBoxLayout(bottom)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._time_bar()
        outer.addWidget(bottom)

    # --- sections ----------------------------------------------------------------------------------------------

    def _section(self, title: str, words: str = "") -> None:
        tokens = current().tokens
        if self._column.count():
            self._column.addSpacing(current().px(12))
        self._column.addWidget(row(label(title, SECTION, 600), caption(words)))
        line = Painted(QSize(10, 1), filled(tokens.line))
        line.setMinimumWidth(0)
        line.setMaximumWidth(16_777_215)
        line.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._column.addWidget(line)

    def _add(self, *widgets: QWidget) -> None:
        for widget in widgets:
            self._column.addWidget(widget)

    def _grid(self, rows: list[list[QWidget]], spacing: int = 12) -> None:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(current().px(spacing))
        grid.setVerticalSpacing(current().px(8))
        for y, widgets in enumerate(rows):
            for x, widget in enumerate(widgets):
                grid.addWidget(widget, y, x, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        grid.setColumnStretch(max(len(widgets) for widgets in rows), 1)
        self._add(box)

    def _surfaces(self) -> None:
        self._section("Surfaces and text", "contrast of the three text colours on each")
        tokens = current().tokens
        # Some surfaces are one colour in some themes.
        names = {getattr(tokens, name): name for name in reversed(SURFACES)}
        for colour, name in sorted(names.items(), key=lambda pair: SURFACES.index(pair[1])):
            self._add(_surface(name, colour))
        lines = []
        for name, width in (("line", 1), ("control_border", 1), ("accent", 2)):
            colour = getattr(tokens, name)
            ratio = contrast(QColor(colour), QColor(tokens.window))
            stroke = Painted(QSize(current().px(48), width), filled(colour))
            lines.append([stroke, label(name.replace("_", " ")), caption(f"{ratio:.1f} on window")])
        self._grid(lines)

    def _status(self) -> None:
        self._section("Status", "filled: to acknowledge, outline: acknowledged, dashed: shelved")
        tokens, size = current().tokens, current().px(16)
        rows = []
        for severity, meaning in MEANINGS.items():

            def draw(painter: QPainter, box: QRectF, severity: str = severity) -> None:
                mark(painter, severity, box.center(), box.width() * 0.6, tokens.status(severity), filled=True)

            chips = [SeverityChip(severity), SeverityChip(severity, filled=False)]
            chips.append(SeverityChip(severity, filled=False, dashed=True))
            rows.append([*chips, Painted(QSize(size, size), draw), label(meaning)])
        self._grid([*rows, [caption(text) for text in ("filled", "outline", "shelved", "mark")]], 20)

    def _freshness(self) -> None:
        self._section("Freshness", "never a status hue; fresh needs no chip")
        chips = []
        for words, name in (
            ("late · 26 min", "late"),
            ("stale · 4 min 16 s", "stale"),
            ("? never heard", "unknown"),
        ):
            size = QSize(round(freshness_width(words)), round(QFontMetricsF(current().font(CAPTION, 600)).height() + 4))

            def draw(painter: QPainter, box: QRectF, words: str = words) -> None:
                draw_freshness(painter, box, words, current().tokens.window)

            chips.append(with_caption(Painted(size, draw), name))
        self._add(row(*chips, spacing=20))

    def _type(self) -> None:
        self._section("Type", "weights 400 and 600, tabular figures")
        rows: list[list[QWidget]] = [
            [label(text, points, weight), caption(f"{points}  {name}")] for points, weight, text, name in TYPES
        ]
        rows.append([label("CS-48223  INC-0142", 9.5, mono=True), caption("9.5  ids")])
        self._grid(rows)

    def _spacing(self) -> None:
        self._section("Spacing", "grid of 4; grows with the font")
        theme = current()
        colour = theme.tokens.control_border
        steps = (GRID * n for n in (1, 2, 3, 4, 6, 8))
        bars = [with_caption(Painted(QSize(theme.px(n), theme.px(24)), filled(colour)), str(n)) for n in steps]
        self._add(row(*bars, spacing=theme.px(16)))

    def _icons(self) -> None:
        self._section("Icons", "one set, tinted by the theme; 16 px in controls, 24 px in the rail")
        size = QSize(current().px(24), current().px(24))
        names = sorted(path.stem for path in ICONS.glob("*.svg"))
        shown = [Painted(size, partial(_icon, name)) for name in names]
        for start in range(0, len(shown), ICONS_ACROSS):
            self._add(row(*shown[start : start + ICONS_ACROSS], spacing=current().px(12)))

    def _buttons(self) -> None:
        self._section("Buttons", "painted ones in panels, native ones in dialogs")
        hover, pressed, focus = (Pill("Save", Look.BUTTON, button=True) for _ in range(3))
        hover.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
        pressed.setDown(True)
        self.focused.append(focus)
        states: list[tuple[QWidget, str]] = [
            (Pill("Save", Look.PRIMARY, button=True), "primary"),
            (Pill("Save", Look.BUTTON, button=True), "normal"),
            (hover, "hover"),
            (pressed, "pressed"),
            (focus, "focus"),
            (Pill("↗ Runbook", Look.LINK, button=True), "link"),
        ]
        self._add(row(*(with_caption(*state) for state in states)))
        disabled = Pill("Shelve…", Look.BUTTON, button=True, key="S")
        disabled.setEnabled(False)
        self._add(
            row(
                with_caption(Pill("Acknowledge…", Look.PRIMARY, button=True, key="A"), "with its key"),
                with_caption(Pill("Shelve…", Look.BUTTON, button=True, key="S"), "with its key"),
                with_caption(disabled, "disabled: needs the link"),
            )
        )
        default, normal, over, down, marked, off = (QPushButton("Save") for _ in range(6))
        default.setDefault(True)
        over.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
        self.pointed.append((over, lambda: over.rect().center()))
        down.setDown(True)
        off.setEnabled(False)
        self.focused.append(marked)
        names = ("default", "normal", "hover", "pressed", "focus", "disabled")
        natives: list[QAbstractButton] = [default, normal, over, down, marked, off]
        self._add(row(*(with_caption(button, name) for button, name in zip(natives, names, strict=True)), spacing=8))

    def _inputs(self) -> None:
        self._section("Inputs", "28 px, border 1 px, focus 2 px")
        width = current().px(206)
        empty, filled, focus, off = (QLineEdit() for _ in range(4))
        empty.setPlaceholderText("Order, rule, country")
        filled.setText("velocity")
        focus.setText("CS-482")
        off.setText("Threshold 2.00 %")
        off.setEnabled(False)
        for field in (empty, filled, focus, off):
            field.setFixedWidth(width)
        self.focused.append(focus)
        wrong, problem = QLineEdit("25 Nov 31:00"), ProblemLine()
        wrong.setFixedWidth(width)
        problem.say("Hours go from 00 to 23.", wrong)
        self._grid(
            [
                [with_caption(empty, "empty"), with_caption(filled, "filled")],
                [with_caption(focus, "focus"), with_caption(off, "read-only: needs the link")],
                [with_caption(wrong, "wrong"), problem],
            ]
        )

    def _native(self) -> None:
        self._section("Native widgets", "Fusion with the palette; frames and indicators are ours")
        choice, number = QComboBox(), QSpinBox()
        choice.addItems(["Highest score", "Oldest first"])
        number.setRange(1, 90)
        number.setValue(24)
        on, off, dead = QCheckBox("Mine"), QCheckBox("Escalated"), QCheckBox("Locked")
        on.setChecked(True)
        dead.setEnabled(False)
        first, second = QRadioButton("UTC"), QRadioButton("Local time")
        first.setChecked(True)
        self._add(row(choice, number, on), row(off, dead, first, second))

    def _table(self) -> None:
        self._section("Table rows", "state in words; one row under the pointer, one selected")
        table = RecordTable(
            (
                Column("Order", lambda entry: entry[0], 96, mono=True, stretch=True),
                Column("Amount, EUR", lambda entry: entry[1], 104, right=True),
                Column("Age", lambda entry: entry[2], 120, right=True, chip=True),
                Column("State", lambda entry: entry[3], 76, quiet=True),
            ),
            "Sample rows",
        )
        table.set_rows(ROWS)
        table.selectRow(2)
        table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setFixedHeight(
            table.horizontalHeader().height() + len(ROWS) * table.verticalHeader().defaultSectionSize()
        )
        self.pointed.append((table.viewport(), lambda: table.visualRect(table.model().index(1, 0)).center()))
        self._add(table)

    def _capabilities(self) -> None:
        for section in (each.gallery() for each in CAPABILITIES if each.gallery is not None):
            self._section(section.title, section.words)
            self._add(*section.parts)

    def _people(self) -> None:
        self._section("People and what waits", "a badge says how much, never how bad")
        faces = [with_caption(Avatar(known_as, name), name.split()[0]) for known_as, name in PEOPLE]
        badges = []
        for count in (2, 148, 12_000):

            def draw(painter: QPainter, box: QRectF, count: int = count) -> None:
                draw_badge(painter, box, count)

            badges.append(with_caption(Painted(badge_size(count), draw), "badge"))
        self._add(row(*faces, *badges))
        item = RailItem("key", "Access", "Ctrl+2", workspace=True)
        item.set_count(2, "2 approvals wait for you")
        chosen = RailItem("key", "Access", "Ctrl+2", workspace=True)
        chosen.set_count(148, "148 approvals wait for you")
        chosen.setChecked(True)
        signed_in = Pill("Ada Lovelace", name="Signed in as Ada Lovelace")
        signed_in.set_person("ada", "AL")
        self._add(row(item, chosen, signed_in))

    def _figures(self) -> None:
        self._section("Figures", "276 × 104; a number never stands without its age")
        rows: list[list[QWidget]] = []
        for number, (figure, quality, age, name) in enumerate(FIGURES):
            tile = FigureTile()
            tile.set_figure(figure, quality, age)
            tile.setFixedSize(tile.sizeHint())
            if name == "hover":
                tile.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
            if name == "focus":
                self.focused.append(tile)
            if number % 3 == 0:
                rows.append([])
            rows[-1].append(with_caption(tile, name))
        self._grid(rows)

    def _charts(self) -> None:
        # Imports pyqtgraph.
        from views.kit.charts.style import chart_style
        from views.kit.charts.time_chart import TimeChart

        self._section("Charts", "series 2 px, previous range 1 px, limit dashed with its label, gaps stay gaps")
        for title, number, data, stale in CHARTS:
            chart = TimeChart(title, chart_style(number))
            chart.setFixedHeight(current().px(148))
            chart.set_quality(stale=stale, disconnected=bool(stale))
            chart.show_data(data)
            self._add(caption(title), chart)
        tokens, size = current().tokens, QSize(current().px(24), current().px(12))
        legend: list[QWidget] = []
        for number in range(1, 5):
            ratio = contrast(QColor(tokens.series(number)), QColor(tokens.window))
            legend += [Painted(size, filled(tokens.series(number))), caption(f"series {number}, {ratio:.1f}")]
        self._add(row(*legend))

    def _messages(self) -> None:
        self._section("Messages", "what is not now is inverse, never a status hue")
        banner = LinkBanner()
        banner.say("Link lost", "Figures are from 14:02:25 UTC. Read-only until the link is back.", button="Try now")
        self._add(banner)
        for message in MESSAGES:
            bar = MessageBar()
            bar.show_line(message)
            self._add(bar)

    def _time_bar(self) -> None:
        self._section("Time bar", "live, and a past instant")
        for state in STRIPS:
            strip = Strip()
            strip.setFixedHeight(strip.minimumSizeHint().height())
            strip.show_state(state)
            self._add(strip)
        keys = (Pill(look=Look.PLAIN, key=key, name=f"Key {key}") for key in ("Ctrl+K", "A", "S", "F1", "Esc"))
        self._add(row(*keys, spacing=4))


def _icon(name: str, painter: QPainter, box: QRectF) -> None:
    paint_icon(painter, name, box, current().tokens.text2)


def _surface(name: str, colour: str) -> QWidget:
    """A row in the colour of a surface, with the contrast of each text colour on it in that text colour."""
    theme = current()
    tokens = theme.tokens
    font = theme.font(CAPTION)

    def draw(painter: QPainter, box: QRectF) -> None:
        painter.setPen(QColor(tokens.line))
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(font)
        for place, text in enumerate(("text", "text2", "text3")):
            ink = QColor(getattr(tokens, text))
            ratio = contrast(ink, QColor(colour))
            painter.setPen(ink)
            words = f"{text} {ratio:.1f}" if ratio >= 4.5 else f"{text} {ratio:.1f} no"
            left = box.width() * (0.42 + 0.19 * place)
            painter.drawText(QPointF(left, box.center().y() + QFontMetricsF(font).capHeight() / 2), words)
        painter.setPen(QColor(tokens.text))
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setFont(theme.font(CAPTION, 600))
        painter.drawText(box.adjusted(theme.px(12), 0, 0, 0), middle, name)
        painter.setFont(theme.font(CAPTION, mono=True))
        painter.drawText(box.adjusted(box.width() * 0.2, 0, 0, 0), middle, colour)

    return Painted(QSize(theme.px(WIDTHS[0]), theme.px(30)), draw)
