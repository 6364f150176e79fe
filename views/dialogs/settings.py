"""Settings: they apply at once and are kept when the dialog closes."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QPushButton, QWidget

from views.dialogs.base import WindowDialog

THEMES = (("system", "As the system"), ("dark", "Dark"), ("light", "Light"), ("high-contrast", "High contrast"))
SCALES = (0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0)


class SettingsDialog(WindowDialog):
    """Theme, font size and the server; each change is told at once."""

    theme_chosen = Signal(object)
    scale_chosen = Signal(object)
    forget_chosen = Signal()

    def __init__(self, theme: str, scale: float, server: str, parent: QWidget) -> None:
        super().__init__("Settings", parent, reject="Close")
        form = QFormLayout()
        form.setVerticalSpacing(12)
        self.theme, self.scale = QComboBox(), QComboBox()
        for name, words in THEMES:
            self.theme.addItem(words, name)
        self.theme.setCurrentIndex(max(0, self.theme.findData(theme)))
        for step in SCALES:
            self.scale.addItem(f"{step:.0%}", step)
        self.scale.setCurrentIndex(min(range(len(SCALES)), key=lambda n: abs(SCALES[n] - scale)))
        self.theme.setAccessibleName("Theme")
        self.scale.setAccessibleName("Font size")
        form.addRow("&Theme", self.theme)
        form.addRow("&Font size", self.scale)
        self.forget = QPushButton("Forget this server…")
        self.forget.setEnabled(bool(server))
        self.forget.setToolTip("" if server else "No server is remembered")
        form.addRow("Server", QLabel(server or "none"))
        form.addRow("", self.forget)
        self.column.addLayout(form)
        self.theme.activated.connect(lambda _n: self.theme_chosen.emit(self.theme.currentData()))
        self.scale.activated.connect(lambda _n: self.scale_chosen.emit(self.scale.currentData()))
        self.forget.clicked.connect(self._forget)

    def _forget(self) -> None:
        # Pressed twice on purpose: the second press says what will be forgotten.
        if self.forget.text().startswith("Forget this"):
            self.forget.setText("Yes, sign out and forget it")
            return
        self.forget_chosen.emit()
        self.accept()
