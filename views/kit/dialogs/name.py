"""Ask for a name."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from views.kit.dialogs.base import WindowDialog


class NameDialog(WindowDialog):
    """Hands the name on; stays open with the reason when it cannot be used."""

    def __init__(
        self, title: str, label: str, name: str, use: Callable[[str], str | None], parent: QWidget, *, longest: int
    ) -> None:
        """``use`` takes the name, or answers in words why it cannot be used; ``longest`` is in characters."""
        super().__init__(title, parent, accept="Save")
        self._use = use
        words = QLabel(f"&{label}")
        self.name = QLineEdit(name)
        self.name.setMaxLength(longest)
        self.name.setAccessibleName(label)
        self.name.selectAll()
        words.setBuddy(self.name)
        self.column.addWidget(words)
        self.column.addWidget(self.name)

    def submit(self) -> None:
        """Use the name."""
        problem = self._use(self.name.text())
        if problem is not None:
            self.fail(problem, self.name)
            return
        self.accept()
