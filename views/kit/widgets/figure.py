"""The figure tile: value, age, change, limit and trend; states as the theme sheet draws them. 276 × 104 at 100 %."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.core.figure_set import Figure
from app.core.freshness import Quality, age_words, long_age_words
from views.kit.theme import FOCUS, KPI, RADIUS, current
from views.kit.widgets.chip import draw_freshness, draw_severity, freshness_width, severity_size
from views.kit.widgets.sparkline import draw_sparkline

PAD = 12
NARROW, NARROWEST = 190, 150
"""Inner widths below which the trend beside the value is smaller, and below which there is no room for it."""
TREND, SMALL_TREND = 48, 32
"""Widths of the trend."""
LONGEST_TITLE = "Discord members"


class FigureTile(QWidget):
    """One figure. Enter, Space or a click asks for the rows behind it (``opened``)."""

    opened = Signal(object)
    """Carries the figure's name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figure: Figure | None = None
        self._quality = Quality.STALE
        self._age: float | None = None
        self.points: float = KPI
        """Size of the value; tiles side by side are written alike, see fitting_points."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_figure(self, figure: Figure, quality: Quality, age: float | None) -> None:
        """Show a figure; ``age`` is that of its source's newest data, seconds. Repaints only when something changed."""
        before, aged = (self._figure, self._quality), self._age_text()
        self._figure, self._quality, self._age = figure, quality, age
        if before != (figure, quality):
            self.setAccessibleName(figure.title)
            self.setToolTip(figure.note)
            self.update()
        elif aged != self._age_text():
            self.update(self._head_area().toAlignedRect())  # a second has passed: only the age is another
        else:
            return
        self.setAccessibleDescription(self.words())

    @property
    def figure(self) -> Figure | None:
        """What is shown."""
        return self._figure

    def words(self) -> str:
        """The tile for somebody who cannot see it."""
        figure = self._figure
        if figure is None:
            return ""
        parts = [f"{figure.value} {figure.unit}" if figure.value else "no data"]
        parts.append(f"{self._age_text()} old" if self._age is not None else "never heard")
        if self._shown_quality() is not Quality.FRESH:
            parts.append(str(self._shown_quality()))
        parts += [f"{figure.change} {figure.previous}".strip(), figure.breach or figure.limit, figure.note]
        if figure.state == "waiting":
            parts.append("no alert yet")
        if figure.state in {"breached", "acknowledged"}:
            parts.append(f"{figure.severity} {'not acknowledged' if figure.state == 'breached' else 'acknowledged'}")
        return ", ".join(part for part in parts if part)

    def _shown_quality(self) -> Quality:
        # A source that is late is late however well the link works.
        figure = self._figure
        return Quality.LATE if self._quality is Quality.FRESH and figure is not None and figure.late else self._quality

    def _age_text(self) -> str:
        if self._age is None:
            return ""
        stale = self._quality in {Quality.STALE, Quality.DISCONNECTED}
        return long_age_words(self._age) if stale else age_words(self._age)

    def sizeHint(self) -> QSize:
        theme = current()
        high = 2 * theme.px(PAD) + theme.height(9) * 2 + theme.height(KPI, 600) * 0.92 + theme.px(8)
        return QSize(theme.px(276), max(theme.px(104), round(high)))

    def minimumSizeHint(self) -> QSize:
        theme = current()
        # In a narrow tile the value is written smaller and the trend gives way: this is what the smallest size needs.
        digits = theme.width("8,888,888", 14, 600, spacing=97)
        return QSize(round(digits) + 2 * theme.px(PAD) + theme.px(48), self.sizeHint().height() - theme.px(6))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space} and self._figure is not None:
            self.opened.emit(self._figure.name)
            return
        super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if (
            event.button() is Qt.MouseButton.LeftButton
            and self._figure is not None
            and self.rect().contains(event.pos())
        ):
            self.opened.emit(self._figure.name)

    def _room(self) -> float:
        """For value and unit: the trend gives way where the tile is narrow."""
        theme = current()
        wide = self.width() - 2 * theme.px(PAD)
        return wide - self._trend() - theme.px(8) if wide >= theme.px(NARROWEST) else wide

    def _trend(self) -> int:
        theme = current()
        wide = self.width() - 2 * theme.px(PAD)
        return theme.px(TREND if wide >= theme.px(NARROW) else SMALL_TREND)

    def fitting_points(self) -> float:
        """The largest size at which the value is not cut; where the tile is narrow it is written smaller."""
        theme, figure = current(), self._figure
        if figure is None or not figure.value:
            return KPI
        room = self._room()
        unit = theme.width(figure.unit, 10) + 6
        sizes = (KPI, 24, 20, 17, 14)
        wide = (theme.width(figure.value, points, 600, spacing=97) for points in sizes)
        return next((points for points, width in zip(sizes, wide, strict=True) if width + unit <= room), sizes[-1])

    # --- drawing -----------------------------------------------------------------------------------------------

    def _head_area(self) -> QRectF:
        theme = current()
        pad = theme.px(PAD)
        inner = QRectF(self.rect()).adjusted(pad, pad - 2, -pad, -pad + 2)
        return QRectF(inner.left(), inner.top(), inner.width(), theme.height(9) + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        figure = self._figure
        if figure is None:
            return
        theme = current()
        tokens = theme.tokens
        quality = self._shown_quality()
        stale = quality in {Quality.STALE, Quality.DISCONNECTED}
        # On a hatched ground the hover colour would leave text 3 less than 4.5.
        under = tokens.hover if self.underMouse() and not stale else tokens.tile
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._ground(painter, figure, quality, under)
        pad = theme.px(PAD)
        inner = QRectF(self.rect()).adjusted(pad, pad - 2, -pad, -pad + 2)
        caption, top = theme.height(9), self._head_area()
        bottom = QRectF(inner.left(), inner.bottom() - caption, inner.width(), caption)
        middle = QRectF(inner.left(), top.bottom(), inner.width(), bottom.top() - top.bottom())
        self._head(painter, figure, quality, top, under)
        if event.rect().bottom() <= top.bottom():
            return
        self._value(painter, figure, middle, stale=stale)
        self._foot(painter, figure, bottom)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.accent), FOCUS))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)

    def _ground(self, painter: QPainter, figure: Figure, quality: Quality, under: str) -> None:
        theme = current()
        tokens = theme.tokens
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(tokens.tile_line), tokens.outline))
        painter.setBrush(QColor(under))
        if quality in {Quality.STALE, Quality.DISCONNECTED}:
            painter.setBrush(theme.hatch(under))
        elif quality is Quality.LATE:
            painter.setPen(QPen(QColor(tokens.text3), 1, Qt.PenStyle.DashLine))
        if figure.state in {"breached", "acknowledged", "waiting"}:
            width = 2 if figure.state == "breached" else 1
            painter.setPen(QPen(QColor(tokens.status(figure.severity)), width))
            box = QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2)
        painter.drawRoundedRect(box, RADIUS, RADIUS)

    def _head(self, painter: QPainter, figure: Figure, quality: Quality, box: QRectF, under: str) -> None:
        theme = current()
        tokens = theme.tokens
        words = ""
        if figure.data_through is None:
            words = "? never heard"
        elif quality is Quality.LATE:
            words = f"late · {self._age_text()}"
        elif quality is not Quality.FRESH:
            # Where the tile is narrow the age is told in fewer words, before the name is: three revenues differ in
            # its end only, and that a tile is stale is said by its hatch and its greyed number too.
            # Tiles of one width speak alike, so the longest name counts.
            name = theme.width(LONGEST_TITLE, 9)
            age = age_words(self._age or 0)
            wordings = (f"stale · {self._age_text()}", f"stale · {age}", age)
            words = next((w for w in wordings if name + 8 + freshness_width(w) <= box.width()), age)
        right = box.right()
        painter.setFont(theme.font(9))
        if words:
            width = freshness_width(words)
            draw_freshness(painter, QRectF(right - width, box.top() - 2, width, box.height() + 2), words, under)
            right -= width
        else:
            painter.setPen(QColor(tokens.text3))
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._age_text())
            right -= theme.width(self._age_text(), 9)
        painter.setFont(theme.font(9))
        painter.setPen(QColor(tokens.text2))
        room = max(0.0, right - box.left() - 8)
        title = QFontMetricsF(theme.font(9)).elidedText(figure.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)

    def _value(self, painter: QPainter, figure: Figure, box: QRectF, *, stale: bool) -> None:
        theme = current()
        tokens = theme.tokens
        left_centre = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if not figure.value:
            painter.setFont(theme.font(18, 600))
            painter.setPen(QColor(tokens.text2))
            painter.drawText(box, left_centre, "no data")
            return
        trend = self._trend()
        spark = QRectF(box.right() - trend, box.center().y() - theme.px(13), trend, theme.px(26))
        room = self._room()
        unit_width = theme.width(figure.unit, 10) + 6
        font = theme.font(min(self.points, self.fitting_points()), 600, spacing=97)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(QColor(tokens.text3 if stale else tokens.text))
        painter.drawText(box, left_centre, figure.value)
        width = metrics.horizontalAdvance(figure.value)
        if width + unit_width <= room + theme.px(4):
            baseline = box.center().y() + (metrics.ascent() - metrics.descent()) / 2
            painter.setFont(theme.font(10))
            painter.setPen(QColor(tokens.text2 if not stale else tokens.text3))
            painter.drawText(round(box.left() + width + 6), round(baseline), figure.unit)
        end = tokens.status(figure.severity) if figure.state == "breached" else ""
        if room < box.width():
            draw_sparkline(painter, spark, figure.sparkline, limit=figure.sparkline_limit, end=end)

    def _foot(self, painter: QPainter, figure: Figure, box: QRectF) -> None:
        theme = current()
        tokens = theme.tokens
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right_edge = box.right()
        if figure.breach:
            words = figure.breach
            if severity_size(figure.severity, words).width() > box.width():
                words = words.partition(",")[0]
            size = severity_size(figure.severity, words)
            chip = QRectF(
                box.right() - size.width() + 4, box.center().y() - size.height() / 2, size.width(), size.height()
            )
            draw_severity(
                painter,
                chip,
                figure.severity,
                words,
                filled=figure.state == "breached",
                dashed=figure.state == "waiting",
            )
            right_edge = chip.left() - 6
        elif figure.limit and figure.value:
            painter.setFont(theme.font(9))
            painter.setPen(QColor(tokens.text3))
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure.limit)
            right_edge -= theme.width(figure.limit, 9) + 8
        room = right_edge - box.left()
        if figure.note and (not figure.value or figure.state == "incomplete"):
            text = QFontMetricsF(theme.font(9)).elidedText(figure.note, Qt.TextElideMode.ElideRight, room)
            painter.setFont(theme.font(9))
            painter.setPen(QColor(tokens.text3 if not figure.value else tokens.text2))
            painter.drawText(box, left, text)
            return
        change_font = theme.font(9, 600)
        wide = theme.width(figure.change, 9, 600)
        if not figure.change or wide > room:
            return
        painter.setFont(change_font)
        painter.setPen(QColor(tokens.text))
        painter.drawText(box, left, figure.change)
        rest = room - wide - 6
        if rest >= theme.width(figure.previous, 9):
            painter.setFont(theme.font(9))
            painter.setPen(QColor(tokens.text3))
            painter.drawText(box.adjusted(wide + 6, 0, 0, 0), left, figure.previous)
