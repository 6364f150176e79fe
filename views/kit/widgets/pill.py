"""The one painted control that strip, message bar, banner and dock titles are made of."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QWidget

from views.kit.theme import current
from views.kit.widgets.avatar import draw_avatar

PAD, GAP, RADIUS = 8, 6, 4


class Look(Enum):
    """How a pill is drawn."""

    PLAIN = "plain"
    QUIET = "quiet"
    STRONG = "strong"
    OUTLINE = "outline"
    DASHED = "dashed"
    HATCHED = "hatched"
    FILLED = "filled"
    SELECTED = "selected"
    INVERSE = "inverse"
    PRIMARY = "primary"
    BUTTON = "button"
    LINK = "link"


_TALL = (Look.PRIMARY, Look.BUTTON, Look.LINK)
_BARE = (Look.QUIET, Look.STRONG)
_HEAVY = (Look.STRONG, Look.SELECTED, Look.FILLED, Look.INVERSE, Look.PRIMARY)


class Pill(QAbstractButton):
    """Text in a shape, with an optional key at its right; a button when something is connected to ``clicked``."""

    # Qt asks for sizes while the constructor of the base class still runs.
    _look, _key, _caption, _hue, _icon, _text = Look.PLAIN, "", False, "", "", ""
    _person: tuple[str, str] | None = None

    def __init__(
        self,
        text: str = "",
        look: Look = Look.PLAIN,
        *,
        parent: QWidget | None = None,
        name: str = "",
        key: str = "",
        caption: bool = False,
        button: bool = False,
        icon: str = "",
    ) -> None:
        super().__init__(parent)
        self._look, self._key, self._caption, self._hue, self._icon = look, key, caption, "", icon
        # Not the button's own text: changing that lays the window out anew, and an & in it becomes a shortcut.
        self._text = text
        self.setAccessibleName(name or text)
        self._named = bool(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if button or name else Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def text(self) -> str:
        """What is written in it."""
        return self._text

    def set(self, text: str, look: Look | None = None, *, hue: str = "") -> None:
        """Change text, look and, for FILLED, the token that fills it; repaints only when something changed."""
        changed = (text, look or self._look, hue) != (self.text(), self._look, self._hue)
        if not changed:
            return
        size = self.sizeHint()
        self._look, self._hue = look or self._look, hue
        self._text = text
        if not self._named:
            self.setAccessibleName(text)
        if self.sizeHint() != size:  # a clock ticks every second: the row it stands in need not be laid out for that
            self.updateGeometry()
        self.update()

    def set_key(self, key: str) -> None:
        """Show another key at its right."""
        if key != self._key:
            self._key = key
            self.updateGeometry()
            self.update()

    def set_person(self, known_as: str, letters: str) -> None:
        """Show somebody's initials before the text; without letters, nobody's."""
        person = (known_as, letters) if letters else None
        if person != self._person:
            self._person = person
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        theme, (points, weight) = current(), self._size()
        high = theme.height(points, weight)
        width = theme.width(self.text(), points, weight) + 2 * self._pad()
        if self._icon or self._person:
            width += high + (4 if self._person else 2)
        if self._key:
            width += theme.px(GAP) + theme.width(self._key, 9) + 8
        tall = 12 if self._look in _TALL else 6
        return QSize(int(width + 0.999), max(22, int(high) + tall))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Qt's buttons know only Space.
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.click()
            return
        super().keyPressEvent(event)

    def _pad(self) -> float:
        return current().px(PAD if self._look not in _BARE or self.focusPolicy() else 2)

    def _size(self) -> tuple[float, int]:
        return 9 if self._caption else 10, 600 if self._look in _HEAVY else 400

    def _font(self) -> QFont:
        return current().font(*self._size())

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens, look = current().tokens, self._look
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = min(self.height(), self.sizeHint().height())
        box = QRectF(0.5, (self.height() - height) / 2 + 0.5, self.width() - 1, height - 1)
        ink = QColor(tokens.text)
        fill = QColor(tokens.hover) if self.underMouse() and self.focusPolicy() and self.isEnabled() else None
        border: QPen | None = None
        if look is Look.QUIET:
            ink = QColor(tokens.text3)
        elif look is Look.SELECTED:
            fill, border = QColor(tokens.selection), QPen(QColor(tokens.accent))
        elif look is Look.INVERSE:
            fill, ink = QColor(tokens.text2), QColor(tokens.base)
        elif look in {Look.FILLED, Look.PRIMARY}:
            fill = QColor(getattr(tokens, self._hue or "accent"))
            ink = QColor(tokens.ink_on(fill))
            if look is Look.PRIMARY and self.underMouse():
                fill = fill.lighter(112) if tokens.dark else fill.darker(112)
        elif look is Look.BUTTON:
            fill = QColor(
                tokens.selection if self.isDown() else tokens.button_over if self.underMouse() else tokens.button
            )
            border = QPen(QColor(tokens.control_border))
        elif look is Look.LINK:
            ink = QColor(tokens.accent)
        elif look in {Look.OUTLINE, Look.DASHED, Look.HATCHED}:
            style = Qt.PenStyle.DashLine if look is Look.DASHED else Qt.PenStyle.SolidLine
            border = QPen(QColor(tokens.control_border), 1, style)
        if not self.isEnabled() and look in {Look.PRIMARY, Look.BUTTON, Look.LINK}:
            fill, border = None, QPen(QColor(tokens.line), 1, Qt.PenStyle.DashLine)
        if not self.isEnabled():
            ink = QColor(tokens.text3)
        painter.setPen(border or Qt.PenStyle.NoPen)
        painter.setBrush(fill or Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, RADIUS, RADIUS)
        if look is Look.HATCHED:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(current().hatch(tokens.window))
            painter.drawRoundedRect(box, RADIUS, RADIUS)
        inner = box.adjusted(self._pad(), 0, -self._pad(), 0)
        if self._key:
            font = current().font(9)
            width, tall = current().width(self._key, 9) + 8, current().height(9) + 2
            cap = QRectF(inner.right() - width, box.center().y() - tall / 2, width, tall)
            painter.setFont(font)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(ink if look is Look.PRIMARY else QColor(tokens.control_border))
            painter.drawRoundedRect(cap, 3, 3)
            painter.setPen(ink if look is Look.PRIMARY or not self.isEnabled() else QColor(tokens.text2))
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self._key)
            inner.setRight(cap.left() - current().px(GAP))
        if self._icon:
            from views.kit.icons import paint

            size = current().height(*self._size()) - 2
            solid = look in {Look.INVERSE, Look.PRIMARY}
            colour = ink.name() if solid or not self.isEnabled() else tokens.text2
            paint(painter, self._icon, QRectF(inner.left(), box.center().y() - size / 2, size, size), colour)
            inner.setLeft(inner.left() + size + 4)
        elif self._person:
            size = current().height(*self._size()) + 2
            draw_avatar(painter, QRectF(inner.left() - 2, box.center().y() - size / 2, size, size), *self._person)
            inner.setLeft(inner.left() + size + 2)
        painter.setFont(self._font())
        painter.setPen(ink)
        centred = (
            not self._key
            and not self._icon
            and not self._person
            and look is not Look.LINK
            and (border is not None or fill is not None)
        )
        across = Qt.AlignmentFlag.AlignHCenter if centred else Qt.AlignmentFlag.AlignLeft
        painter.drawText(inner, across | Qt.AlignmentFlag.AlignVCenter, self.text())
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.accent), 2))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)


class Line(QFrame):
    """A thin upright line between groups."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(9, 16)

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(4, 0, 1, self.height(), QColor(current().tokens.line))
