"""Controls beside each other, on as many lines as there is need for: nothing is cut off in a narrow dock."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from views.theme import current

SIDE, ABOVE, GAP = 8, 6, 4


class Flow(QWidget):
    """Lays widgets out from left to right, and goes on below when a line is full. Its height follows its width."""

    # Qt tells of events while the constructor of the base class still runs.
    _items: tuple[tuple[QWidget, bool], ...] = ()

    _together: tuple[QWidget, ...] = ()

    def __init__(
        self,
        *widgets: QWidget,
        wide: tuple[QWidget, ...] = (),
        together: tuple[QWidget, ...] = (),
        margins: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        """``wide`` are those that take what a line has to spare; ``together`` go below as one, if a line holds them."""
        super().__init__(parent)
        self._together = together
        self._side, self._above = (SIDE, ABOVE) if margins else (0, 0)
        self._items = tuple((widget, widget in wide) for widget in widgets)
        for widget in widgets:
            widget.setParent(self)
            widget.installEventFilter(self)
        self._arrange()

    def sizeHint(self) -> QSize:
        return QSize(sum(self._least(w) + GAP for w, _ in self._seen()) + 2 * self._side, self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        widest = max((self._least(widget) for widget, _ in self._seen()), default=0)
        return QSize(widest + 2 * self._side, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # a widget in it wants another size
            self.updateGeometry()
            self._arrange()
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.ShowToParent, QEvent.Type.HideToParent}:
            self._arrange()
        return super().eventFilter(watched, event)

    def _seen(self) -> list[tuple[QWidget, bool]]:
        return [(widget, wide) for widget, wide in self._items if not widget.isHidden()]

    @staticmethod
    def _least(widget: QWidget) -> int:
        return max(widget.minimumSizeHint().width(), widget.minimumWidth())

    def _lines(self) -> list[list[tuple[QWidget, bool]]]:
        room = max(self.width(), self.minimumSizeHint().width()) - 2 * self._side
        lines: list[list[tuple[QWidget, bool]]] = [[]]
        used = 0
        for widget, wide in self._seen():
            least = needed = self._least(widget)
            if widget in self._together[:1]:
                whole = sum(self._least(each) + GAP for each in self._together) - GAP
                needed = whole if whole <= room else least
            if lines[-1] and used + GAP + needed > room:
                lines.append([])
                used = 0
            used += least + (GAP if lines[-1] else 0)
            lines[-1].append((widget, wide))
        return lines

    def _arrange(self) -> None:
        room, top = self.width() - 2 * self._side, self._above
        for line in self._lines():
            high = max((widget.sizeHint().height() for widget, _ in line), default=0)
            spare = max(0, room - sum(self._least(widget) for widget, _ in line) - GAP * (len(line) - 1))
            wide = sum(1 for _, takes in line if takes)
            left = self._side
            for widget, takes in line:
                width = self._least(widget) + (spare // wide if takes else 0)
                tall = widget.sizeHint().height()
                widget.setGeometry(left, top + (high - tall) // 2, width, tall)
                left += width + GAP
            top += high + current().px(GAP)
        high = top - current().px(GAP) + self._above
        if high != self.minimumHeight():
            self.setFixedHeight(high)
