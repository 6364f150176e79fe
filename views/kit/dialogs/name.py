"""Ask for a name."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from views.kit.dialogs.base import WindowDialog
from views.shell.window.layouts import NAME_LENGTH, LayoutError


class NameDialog(WindowDialog):
    """Hands the name on; stays open with the reason when it cannot be used."""

    def __init__(
        self, title: str, name: str, use: Callable[[str], None], parent: QWidget, *, of: str = "workspace"
    ) -> None:
        super().__init__(title, parent, accept="Save")
        self._use = use
        label = QLabel(f"&Name of the {of}")
        self.name = QLineEdit(name)
        self.name.setMaxLength(NAME_LENGTH)
        self.name.setAccessibleName(f"Name of the {of}")
        self.name.selectAll()
        label.setBuddy(self.name)
        self.column.addWidget(label)
        self.column.addWidget(self.name)

    def submit(self) -> None:
        """Use the name."""
        try:
            self._use(self.name.text())
        except LayoutError as error:
            self.fail(str(error), self.name)
            return
        self.accept()
