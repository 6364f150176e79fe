"""What stands where the docks will be until they are built: one panel in its place, and empty frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from views.kit.theme import current
from views.shell.window.arrangement import MAIN, TITLE_HEIGHT, Places, built_in, rectangles

if TYPE_CHECKING:
    from views.kit.capability import PanelSpec
    from views.kit.panel import Panel


class FirstPicture(QWidget):
    """What is painted first, without a docking system: that takes as long to load as everything painted here."""

    def __init__(self, spec: PanelSpec, panel: Panel, places: Places, parent: QWidget, workspace: str = MAIN) -> None:
        super().__init__(parent)
        self._spec, self._panel = spec, panel
        self._places = places if spec.id in places else None
        self._workspace = workspace
        self.painted = False
        """Whether it has been on the screen, panel and all."""
        panel.widget.setParent(self)
        panel.widget.setAutoFillBackground(False)

    def _frames(self) -> dict[str, QRect]:
        frames = rectangles(self._places or built_in(self.width(), self._workspace), self.rect())
        own = frames.get(self._spec.id)
        if own is None:
            return frames
        lacking = self._title_height() + self._panel.widget.minimumSizeHint().height() - own.height()
        if lacking > 0:  # as the docking system will do it: whatever is below makes room
            for dock, frame in frames.items():
                if frame.left() < own.right() and frame.top() > own.bottom():
                    frames[dock] = frame.adjusted(0, lacking, 0, lacking).intersected(self.rect())
            own.setHeight(own.height() + lacking)
        return frames

    def _title_height(self) -> int:
        return max(TITLE_HEIGHT, QFontMetrics(current().font(10)).height() + 10)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:  # the panel needs another height in another number of columns
            self._place()
            self.update()
        return super().event(event)

    def _place(self) -> None:
        frame = self._frames().get(self._spec.id)
        if frame is None:
            self._panel.widget.hide()
            return
        self._panel.widget.setGeometry(frame.adjusted(0, self._title_height(), 0, 0))

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens, high = current().tokens, self._title_height()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.base))
        for dock, frame in self._frames().items():
            painter.fillRect(frame, QColor(tokens.window))
            title = QRect(frame.x(), frame.y(), frame.width(), high)
            painter.fillRect(title.x(), title.bottom(), title.width(), 1, QColor(tokens.line))
            if dock == self._spec.id:
                painter.setFont(current().font(10, 600))
                painter.setPen(QColor(tokens.text))
                painter.drawText(title.adjusted(12, 0, -12, -1), Qt.AlignmentFlag.AlignVCenter, self._spec.title)
        self.painted = True
