"""Which pages the wall display shows, in which order, and on which screens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton

from views.kit.dialogs.base import WindowDialog
from views.kit.theme import current
from views.shell.wall.screens import ANY
from views.shell.wall.view import page_specs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtWidgets import QWidget

ID = Qt.ItemDataRole.UserRole


class WallDialog(WindowDialog):
    """A list of pages for each screen; ``chosen`` carries what ``Settings.wall_pages`` keeps."""

    chosen = Signal(object)

    def __init__(self, pages: Mapping[str, str], screens: Mapping[str, str], parent: QWidget) -> None:
        """``screens`` are those that are connected, by name, with their sizes."""
        super().__init__("Pages of the wall", parent, accept="Keep", reject="Cancel")
        self._pages = dict(pages)
        self._shown = ANY
        words = QLabel(
            "F11 opens the wall on every screen that has pages here; without any, on the screen the window is on, "
            "with the pages of “Any screen”. Pages turn every 15 s; Space pauses them there."
        )
        words.setWordWrap(True)
        self.column.addWidget(words)
        self.screen_choice = QComboBox()
        self.screen_choice.addItem("Any screen", ANY)
        for name, size in screens.items():
            if name:
                self.screen_choice.addItem(f"{name}, {size}", name)
        self.screen_choice.setAccessibleName("Screen")
        self.list = QListWidget()
        self.list.setAccessibleName("Pages, in their order")
        self.list.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        self.list.setMinimumHeight(current().px(160))
        form = QFormLayout()
        form.addRow("Screen", self.screen_choice)
        self.column.addLayout(form)
        self.column.addWidget(self.list)
        row = QHBoxLayout()
        self.up, self.down = QPushButton("Earlier"), QPushButton("Later")
        for button, step, key in ((self.up, -1, "Alt+Up"), (self.down, 1, "Alt+Down")):
            button.setAutoDefault(False)
            button.setToolTip(key)
            button.clicked.connect(lambda _=False, by=step: self.move_page(by))
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.activated.connect(lambda by=step: self.move_page(by))
            row.addWidget(button)
        row.addStretch(1)
        self.column.addLayout(row)
        self.screen_choice.currentIndexChanged.connect(lambda _index: self._switch())
        self._fill()
        self.list.setFocus()

    def _switch(self) -> None:
        self._note()
        self._shown = str(self.screen_choice.currentData())
        self._fill()

    def _fill(self) -> None:
        wanted = self._pages.get(self._shown, "").split()
        known = {spec.id: spec for spec in page_specs()}
        # Any screen shows all where nothing was chosen; another one nothing.
        checked = [each for each in wanted if each in known] or (list(known) if self._shown == ANY else [])
        self.list.clear()
        for each in (*checked, *(other for other in known if other not in checked)):
            item = QListWidgetItem(known[each].name)
            item.setData(ID, each)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if each in checked else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _note(self) -> None:
        """Keep what the list says for the screen it is of."""
        items = (self.list.item(number) for number in range(self.list.count()))
        self._pages[self._shown] = " ".join(
            str(item.data(ID)) for item in items if item.checkState() is Qt.CheckState.Checked
        )

    def move_page(self, step: int) -> None:
        """Move the page at the cursor earlier or later."""
        row = self.list.currentRow()
        if 0 <= row + step < self.list.count():
            self.list.insertItem(row + step, self.list.takeItem(row))
            self.list.setCurrentRow(row + step)

    def submit(self) -> None:
        """Keep it."""
        self._note()
        self.chosen.emit({screen: pages for screen, pages in self._pages.items() if pages})
        self.accept()
