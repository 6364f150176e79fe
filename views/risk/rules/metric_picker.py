"""Choose what a condition asks about: every metric under its heading, found by typing a part of its name."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from models.risk.metrics import METRICS
from views.kit.theme import current
from views.kit.widgets.pill import Look, Pill

_KEYS = {Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp}


class MetricList(QFrame):
    """The list that opens below the button; closes itself when one is chosen or Esc is pressed."""

    chosen = Signal(str)

    def __init__(self, at: str, parent: QWidget) -> None:
        # Not a popup: that takes the whole keyboard, also from those who read the screen aloud.
        super().__init__(parent, Qt.WindowType.Tool | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFrameShape(QFrame.Shape.Box)
        self.setAccessibleName("What the condition asks about")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search, for example card 1 h")
        self.search.setAccessibleName("Search what a condition can ask about")
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._take)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName("What a condition can ask about")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self._clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.list)
        self.resize(current().px(360), current().px(400))
        self._filter("", at)
        self.search.setFocus()

    def _filter(self, text: str, at: str = "") -> None:
        words, group = text.casefold().split(), ""
        self.list.clear()
        for metric in METRICS.values():
            inside = f"{metric.group} {metric.title}".casefold()
            if not all(word in inside for word in words):
                continue
            if metric.group != group:
                group = metric.group
                heading = QListWidgetItem(group)
                heading.setFlags(Qt.ItemFlag.NoItemFlags)
                heading.setFont(current().font(9, 600))
                self.list.addItem(heading)
            item = QListWidgetItem(metric.title)
            item.setData(Qt.ItemDataRole.UserRole, metric.key)
            self.list.addItem(item)
            if metric.key == at:
                self.list.setCurrentItem(item)
        if self.list.currentItem() is None and self.list.count():
            self.list.setCurrentRow(1)
        if not self.list.count():
            nothing = QListWidgetItem("Nothing is called that")
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(nothing)
        if (item := self.list.currentItem()) is not None:
            self.search.setAccessibleDescription(item.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() in _KEYS:
                self._step(-1 if event.key() in {Qt.Key.Key_Up, Qt.Key.Key_PageUp} else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.close()
                return True
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.ActivationChange and self.isVisible() and not self.isActiveWindow():
            self.close()

    def _step(self, by: int) -> None:
        row = self.list.currentRow() + by
        while 0 <= row < self.list.count():
            if self.list.item(row).flags() & Qt.ItemFlag.ItemIsSelectable:
                self.list.setCurrentRow(row)
                self.search.setAccessibleDescription(self.list.item(row).text())
                return
            row += by

    def _take(self) -> None:
        self._clicked(self.list.currentItem())

    def _clicked(self, item: QListWidgetItem | None) -> None:
        key = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if key:
            self.close()
            self.chosen.emit(str(key))


class MetricButton(Pill):
    """Says what the condition asks about; opens the list."""

    picked = Signal(str)

    def __init__(self, key: str) -> None:
        title = METRICS[key].title
        super().__init__(f"{title}  ▾", Look.BUTTON, name=f"{title}: choose what is asked about")
        self._metric = key
        self.clicked.connect(self.open_list)

    def open_list(self) -> MetricList:
        """Open the list below the button."""
        found = MetricList(self._metric, self)
        found.chosen.connect(self.picked)
        found.move(self.mapToGlobal(QPoint(0, self.height())))
        found.show()
        found.search.setFocus()
        return found
