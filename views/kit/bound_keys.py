"""Keys of actions that mean something only while the keyboard is in one of their panels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtWidgets import QWidget

    from views.kit.capability import ActionSpec, Window


def bind(window: Window, actions: Iterable[ActionSpec], panel: QWidget) -> None:
    """Have a panel listen to the keys of what is ``bound``; text fields keep their letters."""
    for action in actions:
        if action.shortcut and action.bound:
            shortcut = QShortcut(QKeySequence(action.shortcut), panel)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(press, window, action.id))


def press(window: Window, action_id: str) -> None:
    """Run an action by its key; a disabled one says why."""
    actions = window.console.actions
    reason = actions.execute(action_id)
    if reason is not None:
        window.console.messages.post(f"{actions.get(action_id).title.strip('…')}: {reason}.")
