"""What this is: versions, licence, where its data lies."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QFormLayout, QLabel, QWidget

from views.kit.dialogs.base import WindowDialog


class AboutDialog(WindowDialog):
    """Versions and folders as text that can be copied."""

    def __init__(self, data_dir: Path | None, server: str, parent: QWidget) -> None:
        super().__init__("About opsconsole", parent, reject="Close")
        try:
            own = version("opsconsole")
        except PackageNotFoundError:
            own = "unknown"
        form = QFormLayout()
        for name, value in (
            ("Version", own),
            ("Qt", qVersion()),
            ("Python", platform.python_version()),
            ("Server", server or "none"),
            ("Data folder", str(data_dir) if data_dir else "on the server"),
            ("Licence", "Apache-2.0"),
        ):
            label = QLabel(value)
            label.setAccessibleName(name)
            label.setWordWrap(True)
            label.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            form.addRow(name, label)
        self.column.addLayout(form)
