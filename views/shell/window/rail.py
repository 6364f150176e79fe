"""The left rail: workspaces with their keys on top; layouts, help and settings at the bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QScrollArea, QVBoxLayout, QWidget

from views.kit.icons import icon
from views.kit.theme import current
from views.kit.widgets.badge import badge_size, draw_badge
from views.shell.window.arrangement import BUILT_IN

if TYPE_CHECKING:
    from views.shell.window.layouts import Workspaces

WIDTH, GAP, ICON = 72, 4, 24


class Density(NamedTuple):
    """How tall items are: at least so many pixels, so many around what stands in them, with name and key, or less."""

    least: int
    padding: int
    lines: int


DENSITIES = (Density(72, 20, 2), Density(56, 4, 2), Density(0, 8, 1), Density(0, 12, 0))
"""From the roomiest on: the first at which all workspaces can be seen is taken."""


class RailItem(QAbstractButton):
    """An icon, a name of one or two lines and a key."""

    def __init__(self, icon_name: str, text: str, key: str, parent: QWidget | None = None, *, workspace: bool) -> None:
        super().__init__(parent)
        self._icon, self._key = icon_name, key
        self.density = DENSITIES[0]
        self.count: int | None = 0
        """What the badge says; 0 is none, ``None`` that it is not known."""
        self.setText(text)
        self.setCheckable(workspace)
        self.setAccessibleDescription(key)
        self.set_count(0)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_count(self, count: int | None, words: str = "") -> None:
        """Show how much waits here; ``words`` say what, for those who hear or point at it."""
        self.count = count
        name = f"{self.text()}, {words}" if words else self.text()
        self.setAccessibleName(name)
        self.setToolTip(f"{name} ({self._key})" if self._key else name)
        self.update()

    def nextCheckState(self) -> None:
        """Which one is marked is the rail's to say; in a group of Qt's, Tab would reach that one only."""

    def sizeHint(self) -> QSize:
        name = QFontMetrics(current().font(9, 600)).horizontalAdvance("War room") + 12
        return QSize(max(WIDTH - 6, name), self.height_at(self.density))

    def height_at(self, density: Density) -> int:
        """What it needs at a density."""
        line = QFontMetrics(current().font(9)).height()
        least = density.least if self.isCheckable() else min(density.least, 56)
        return max(least, current().px(ICON) + density.padding + self._lines(density) * line)

    def _lines(self, density: Density) -> int:
        return min(density.lines, 1 + bool(self._key))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.click()
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens, on = current().tokens, self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self.rect().adjusted(3, 0, -3, 0)
        painter.setPen(Qt.PenStyle.NoPen)
        if on or self.underMouse():
            painter.setBrush(QColor(tokens.selection if on else tokens.hover))
            painter.drawRoundedRect(box, 4, 4)
        if on:
            painter.fillRect(0, 2, 3, self.height() - 4, QColor(tokens.accent))
        ink = QColor(tokens.text if on else tokens.text2)
        size = current().px(ICON)
        line = QFontMetrics(current().font(9)).height()
        lines = self._lines(self.density)
        height = size + 4 * bool(lines) + line * lines
        y = (self.height() - height) // 2
        icon(self._icon).paint(painter, QRect((self.width() - size) // 2, y, size, size))
        if self.count != 0:
            badge = badge_size(self.count)
            left = min(self.width() // 2 + size // 8, self.width() - badge.width() - 1)
            draw_badge(painter, QRectF(left, max(1, y - size // 5), badge.width(), badge.height()), self.count)
        y += size + 4
        name_font = current().font(9, 600 if on else 400)
        painter.setFont(name_font)
        painter.setPen(ink)
        room = self.width() - 8
        shown = QFontMetrics(name_font).elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        if lines:
            painter.drawText(QRect(4, y, room, line), Qt.AlignmentFlag.AlignCenter, shown)
        if lines > 1:
            painter.setFont(current().font(9))
            painter.setPen(QColor(tokens.text2 if on else tokens.text3))
            painter.drawText(QRect(0, y + line, self.width(), line), Qt.AlignmentFlag.AlignCenter, self._key)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.accent), 2))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4)


class Rail(QWidget):
    """The rail."""

    workspace_chosen = Signal(object)
    layouts_asked = Signal()
    help_asked = Signal()
    settings_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Workspaces")
        self._items: dict[str, RailItem] = {}
        self._counts: dict[str, tuple[int | None, str]] = {}
        current().changed.connect(self._fit)
        column = QVBoxLayout(self)
        column.setContentsMargins(3, 8, 3, 8)
        column.setSpacing(GAP)
        self._list = QWidget()
        self._workspaces = QVBoxLayout(self._list)
        self._workspaces.setContentsMargins(0, 0, 0, 0)
        self._workspaces.setSpacing(GAP)
        self._workspaces.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self._list)
        scroll.viewport().setAutoFillBackground(False)
        self._list.setAutoFillBackground(False)
        column.addWidget(scroll, 1)
        self.layouts = RailItem("layouts", "Layouts", "", workspace=False)
        self.help = RailItem("help", "Help  ?", "", workspace=False)
        self.settings = RailItem("settings", "Settings", "", workspace=False)
        for item, signal in (
            (self.layouts, self.layouts_asked),
            (self.help, self.help_asked),
            (self.settings, self.settings_asked),
        ):
            column.addWidget(item)
            item.clicked.connect(signal)

    def sizeHint(self) -> QSize:
        return QSize(max(WIDTH, self.layouts.sizeHint().width() + 6), 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.sizeHint().width(), 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Take the roomiest density at which nothing is out of sight."""
        items = (*self._items.values(), self.layouts, self.help, self.settings)
        room = self.height() - 16 - GAP * len(items)
        fitting = (each for each in DENSITIES if sum(item.height_at(each) for item in items) <= room)
        density = next(fitting, DENSITIES[-1])
        for item in items:
            if item.density != density:
                item.density = density
                item.updateGeometry()
                item.update()

    def show_workspaces(self, workspaces: Workspaces) -> None:
        """Show these, the open one marked."""
        for item in self._items.values():
            item.deleteLater()
        self._items.clear()
        for number, workspace in enumerate(workspaces.items, start=1):
            name = BUILT_IN[workspace.id].icon if workspace.id in BUILT_IN else "workspace"
            key = f"Ctrl+{number}" if number <= 9 else ""
            item = RailItem(name, workspace.name, key, self._list, workspace=True)
            item.setChecked(workspace.id == workspaces.active)
            item.clicked.connect(lambda _=False, i=workspace.id: self.workspace_chosen.emit(i))
            self._workspaces.insertWidget(number - 1, item)
            self._items[workspace.id] = item
            item.set_count(*self._counts.get(workspace.id, (0, "")))
        self._fit()

    def show_count(self, workspace_id: str, count: int | None, words: str) -> None:
        """Say how much waits in a workspace, and what; 0 takes its badge away, ``None`` greys it."""
        if self._counts.get(workspace_id, (0, "")) != (count, words):
            self._counts[workspace_id] = count, words
            if (item := self._items.get(workspace_id)) is not None:
                item.set_count(count, words)

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = current().tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.window))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), QColor(tokens.line))
