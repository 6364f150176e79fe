"""All keys, read from the action registry."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit, QTreeWidget, QTreeWidgetItem, QWidget

from views.kit.dialogs.base import WindowDialog
from views.kit.theme import current

if TYPE_CHECKING:
    from app.core.actions import Action

NAVIGATION = (
    ("Tab, Shift+Tab", "next and previous control"),
    ("Enter, Space", "press, open"),
    ("←  →  ↑  ↓", "move inside a chart, a table or a menu"),
    ("Esc", "close what is open, leave the wall display"),
)


class KeysDialog(WindowDialog):
    """A list by group, with a filter."""

    def __init__(self, actions: Iterable[Action], parent: QWidget, groups_here: Collection[str] = ()) -> None:
        """``groups_here`` come first: those of what is on the screen."""
        super().__init__("Keys", parent, reject="Close")
        self.filter = QLineEdit(placeholderText="Filter", clearButtonEnabled=True)
        self.filter.setAccessibleName("Filter keys")
        self.tree = QTreeWidget(columnCount=2)
        self.tree.setRootIsDecorated(False)
        self.tree.setHeaderLabels(["What", "Key"])
        self.tree.setAccessibleName("Keys")
        self._heads: list[QTreeWidgetItem] = []
        groups: dict[str, list[tuple[str, str]]] = {}
        for action in actions:
            if action.shortcut:
                groups.setdefault(action.group, []).append((action.title, action.shortcut))
        groups["Everywhere"] = [(what, key) for key, what in NAVIGATION]
        for group, rows in sorted(groups.items(), key=lambda item: item[0] not in groups_here):
            head = QTreeWidgetItem(self.tree, [group])
            self._heads.append(head)
            head.setFirstColumnSpanned(True)
            for title, key in rows:
                QTreeWidgetItem(head, [title, key])
        self.tree.expandAll()
        self.tree.setColumnWidth(0, 320)
        current().set_font(self.tree.header(), 9, 600)
        self.filter.textChanged.connect(self._filter)
        self.column.addWidget(self.filter)
        self.column.addWidget(self.tree, 1)
        self.resize(560, 620)

    def _filter(self, text: str) -> None:
        wanted = text.casefold()
        for head in self._heads:
            rows = [head.child(n) for n in range(head.childCount())]
            for row in rows:
                row.setHidden(wanted not in f"{row.text(0)} {row.text(1)}".casefold())
            head.setHidden(all(row.isHidden() for row in rows))
