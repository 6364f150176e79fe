"""Widgets in a row that goes on below when there is no more room."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget


class Flow(QWidget):
    """From left to right, then the next line, each widget on the middle of its line; hidden ones take no room."""

    # Qt asks for sizes while the constructor of the base class still runs.
    _parts: tuple[QWidget, ...] = ()
    _gap = 8
    _sizes: list[tuple[int, int]] | None = None

    def __init__(self, *, gap: int = 8) -> None:
        super().__init__()
        self._gap = gap
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def add(self, part: QWidget) -> None:
        """Put a widget behind the others."""
        part.setParent(self)
        self._parts = (*self._parts, part)
        part.show()
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(width, move=False)

    def sizeHint(self) -> QSize:
        return self._least()

    def minimumSizeHint(self) -> QSize:
        return self._least()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place(self.width(), move=True)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:
            self._place(self.width(), move=True)
            sizes = [(size.width(), size.height()) for _, size in self._shown()]
            if sizes != self._sizes:
                self._sizes = sizes
                self.updateGeometry()
            return True
        return super().event(event)

    def _shown(self) -> list[tuple[QWidget, QSize]]:
        return [(p, p.sizeHint().expandedTo(p.minimumSize())) for p in self._parts if not p.isHidden()]

    def _least(self) -> QSize:
        edge, sizes = self.contentsMargins(), [size for _, size in self._shown()]
        wide = max((part.minimumSizeHint().width() for part, _ in self._shown()), default=0)
        high = max((size.height() for size in sizes), default=0)
        return QSize(wide + edge.left() + edge.right(), high + edge.top() + edge.bottom())

    def _place(self, width: int, *, move: bool) -> int:
        """How high it is in that width; ``move``: put everything in its place."""
        edge = self.contentsMargins()
        room, y = width - edge.left() - edge.right(), edge.top()
        line: list[tuple[QWidget, QSize]] = []
        used = 0
        for part, wanted in self._shown():
            size = QSize(min(wanted.width(), max(room, part.minimumSizeHint().width())), wanted.height())
            if line and used + size.width() > room:
                y += self._line(line, edge.left(), y, move=move) + self._gap // 2
                line, used = [], 0
            line.append((part, size))
            used += size.width() + self._gap
        return y + self._line(line, edge.left(), y, move=move) + edge.bottom()

    def _line(self, line: list[tuple[QWidget, QSize]], x: int, y: int, *, move: bool) -> int:
        high = max((size.height() for _, size in line), default=0)
        for part, size in line:
            if move:
                part.setGeometry(QRect(x, y + (high - size.height()) // 2, size.width(), size.height()))
            x += size.width() + self._gap
        return high
