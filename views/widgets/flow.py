"""Controls beside each other, on as many lines as there is need for: nothing is cut off in a narrow dock."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from views.theme import current

SIDE, ABOVE, GAP = 8, 6, 4


class Flow(QWidget):
    """Lays widgets out from left to right, and goes on below when a line is full. Its height follows its width."""

    # Qt tells of events while the constructor of the base class still runs.
    _items: tuple[tuple[QWidget, bool], ...] = ()

    def __init__(self, *widgets: QWidget, wide: tuple[QWidget, ...] = (), parent: QWidget | None = None) -> None:
        """``wide`` are those among ``widgets`` that take what a line has to spare."""
        super().__init__(parent)
        self._items = tuple((widget, widget in wide) for widget in widgets)
        for widget in widgets:
            widget.setParent(self)
        self._arrange()

    def sizeHint(self) -> QSize:
        return QSize(sum(self._least(w) + GAP for w, _ in self._items) + 2 * SIDE, self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        widest = max((self._least(widget) for widget, _ in self._items), default=0)
        return QSize(widest + 2 * SIDE, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # a widget in it wants another size
            self.updateGeometry()
            self._arrange()
        return super().event(event)

    @staticmethod
    def _least(widget: QWidget) -> int:
        return max(widget.minimumSizeHint().width(), widget.minimumWidth())

    def _lines(self) -> list[list[tuple[QWidget, bool]]]:
        room = max(self.width(), self.minimumSizeHint().width()) - 2 * SIDE
        lines: list[list[tuple[QWidget, bool]]] = [[]]
        used = 0
        for widget, wide in self._items:
            least = self._least(widget)
            if lines[-1] and used + GAP + least > room:
                lines.append([])
                used = 0
            used += least + (GAP if lines[-1] else 0)
            lines[-1].append((widget, wide))
        return lines

    def _arrange(self) -> None:
        room, top = self.width() - 2 * SIDE, ABOVE
        for line in self._lines():
            high = max((widget.sizeHint().height() for widget, _ in line), default=0)
            spare = max(0, room - sum(self._least(widget) for widget, _ in line) - GAP * (len(line) - 1))
            wide = sum(1 for _, takes in line if takes)
            left = SIDE
            for widget, takes in line:
                width = self._least(widget) + (spare // wide if takes else 0)
                tall = widget.sizeHint().height()
                widget.setGeometry(left, top + (high - tall) // 2, width, tall)
                left += width + GAP
            top += high + current().px(GAP)
        high = top - current().px(GAP) + ABOVE
        if high != self.minimumHeight():
            self.setFixedHeight(high)
