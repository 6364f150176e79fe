"""Keys of the workspace: they mean something only while the keyboard is in one of its docks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut

from views.privacy.actions import ACTIONS

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from views.kit.capability import Window


def bind(window: Window, panel: QWidget) -> None:
    """Have a panel listen; text fields keep their letters."""
    for action in ACTIONS:
        if action.shortcut:
            shortcut = QShortcut(QKeySequence(action.shortcut), panel)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda known=action.id: press(window, known))


def press(window: Window, action_id: str) -> None:
    """Run an action by its key; a disabled one says why."""
    actions = window.console.actions
    reason = actions.execute(action_id)
    if reason is not None:
        window.console.messages.post(f"{actions.get(action_id).title.strip('…')}: {reason}.")
