"""Entries of dock menus that are actions known elsewhere too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QAction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtWidgets import QWidget

    from app.console import Console


def entries(console: Console, parent: QWidget, action_ids: Iterable[str]) -> list[QAction]:
    """Actions as a menu shows them; one that cannot be done now says why."""
    found = []
    for known in action_ids:
        registered = console.actions.get(known)
        made = QAction(registered.title, parent)
        reason = console.actions.reason(registered)
        made.setEnabled(reason is None)
        made.setToolTip(reason or "")
        made.triggered.connect(lambda _=False, each=known: console.actions.execute(each))
        found.append(made)
    return found
