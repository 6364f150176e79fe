"""Settings: they apply at once and are kept when the dialog closes."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QWidget

from app.core.settings import FONT_SCALES, THEMES
from views.kit.dialogs.base import DestructiveButton, WindowDialog

WORDS = {"system": "As the system", "dark": "Dark", "light": "Light", "high-contrast": "High contrast"}


class SettingsDialog(WindowDialog):
    """Theme, font size and the server; each change is told at once."""

    theme_chosen = Signal(object)
    scale_chosen = Signal(object)
    local_time_chosen = Signal(object)
    forget_chosen = Signal()

    def __init__(self, theme: str, scale: float, local_time: bool, server: str, parent: QWidget) -> None:
        super().__init__("Settings", parent, reject="Close")
        form = QFormLayout()
        form.setVerticalSpacing(12)
        self.theme, self.scale = QComboBox(), QComboBox()
        for name in THEMES:
            self.theme.addItem(WORDS[name], name)
        self.theme.setCurrentIndex(max(0, self.theme.findData(theme)))
        for step in FONT_SCALES:
            self.scale.addItem(f"{step:.0%}", step)
        self.scale.setCurrentIndex(min(range(len(FONT_SCALES)), key=lambda n: abs(FONT_SCALES[n] - scale)))
        self.theme.setAccessibleName("Theme")
        self.scale.setAccessibleName("Font size")
        form.addRow("&Theme", self.theme)
        form.addRow("&Font size", self.scale)
        self.local_time = QCheckBox("&Local clock beside UTC")
        self.local_time.setChecked(local_time)
        self.local_time.toggled.connect(lambda on: self.local_time_chosen.emit(on))  # noqa: PLW0108 - bool to object needs a call
        form.addRow("", self.local_time)
        self.forget = DestructiveButton("Forget this server…")
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
