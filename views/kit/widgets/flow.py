"""Controls beside each other, on as many lines as there is need for: nothing is cut off in a narrow dock."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from views.kit.theme import current

SIDE, ABOVE, GAP, WIDE_GAP = 8, 6, 4, 8


class Flow(QWidget):
    """Lays widgets out from left to right, and goes on below when a line is full. Its height follows its width.

    Hidden widgets take no room. Everything has the width it asks for, as far as a line holds it.
    """

    # Qt tells of events while the constructor of the base class still runs.
    _widgets: tuple[QWidget, ...] = ()

    def __init__(
        self,
        *widgets: QWidget,
        wide: tuple[QWidget, ...] = (),
        together: tuple[QWidget, ...] = (),
        right: QWidget | None = None,
        margins: bool = True,
        gap: int = GAP,
        parent: QWidget | None = None,
    ) -> None:
        """``wide`` take what a line has to spare, ``together`` go below as one, ``right`` stands at its line's end."""
        super().__init__(parent)
        self._wide, self._together, self._right, self._gap = wide, together, right, gap
        if margins:
            self.setContentsMargins(SIDE, ABOVE, SIDE, ABOVE)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        for widget in widgets:
            self.add(widget)
        self._arrange()

    def add(self, widget: QWidget) -> None:
        """Put a widget behind the others."""
        widget.setParent(self)
        widget.installEventFilter(self)
        self._widgets = (*self._widgets, widget)
        self._arrange()

    def sizeHint(self) -> QSize:
        edge = self.contentsMargins()
        wide = sum(self._needed(widget) + self._gap for widget in self._visible()) - self._gap
        return QSize(max(0, wide) + edge.left() + edge.right(), self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        edge = self.contentsMargins()
        widest = max((self._least(widget) for widget in self._visible()), default=0)
        return QSize(widest + edge.left() + edge.right(), self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.LayoutRequest, QEvent.Type.ContentsRectChange}:
            self.updateGeometry()
            self._arrange()
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.ShowToParent, QEvent.Type.HideToParent}:
            self.updateGeometry()
            self._arrange()
        return super().eventFilter(watched, event)

    def _visible(self) -> list[QWidget]:
        return [widget for widget in self._widgets if not widget.isHidden()]

    @staticmethod
    def _least(widget: QWidget) -> int:
        return max(widget.minimumSizeHint().width(), widget.minimumWidth())

    def _needed(self, widget: QWidget) -> int:
        least = self._least(widget)
        return least if widget in self._wide else max(least, min(widget.sizeHint().width(), widget.maximumWidth()))

    def _room(self) -> int:
        edge = self.contentsMargins()
        return max(self.width(), self.minimumSizeHint().width()) - edge.left() - edge.right()

    def _lines(self) -> list[list[tuple[QWidget, int]]]:
        """Widgets and their widths, line by line."""
        room = self._room()
        lines: list[list[tuple[QWidget, int]]] = [[]]
        used = 0
        for widget in self._visible():
            takes = needed = max(self._least(widget), min(room, self._needed(widget)))
            if widget in self._together[:1]:
                whole = sum(self._needed(each) + self._gap for each in self._together) - self._gap
                needed = whole if whole <= room else takes
            if lines[-1] and used + self._gap + needed > room:
                lines.append([])
                used = 0
            used += takes + (self._gap if lines[-1] else 0)
            lines[-1].append((widget, takes))
        return lines

    def _arrange(self) -> None:
        edge, room, between = self.contentsMargins(), self._room(), current().px(self._gap)
        top = edge.top()
        for line in self._lines():
            high = max((widget.sizeHint().height() for widget, _ in line), default=0)
            spare = max(0, room - sum(takes for _, takes in line) - self._gap * (len(line) - 1))
            wide = sum(1 for widget, _ in line if widget in self._wide)
            left = edge.left()
            for widget, takes in line:
                width = takes + (spare // wide if widget in self._wide else 0)
                tall = widget.sizeHint().height()
                at = edge.left() + room - width if widget is self._right else left
                widget.setGeometry(at, top + (high - tall) // 2, width, tall)
                left += width + self._gap
            top += high + between
        high = top - between + edge.bottom()
        if high != self.minimumHeight():
            self.setFixedHeight(high)
