"""What the window itself can do, put into the action registry: menus, keys, palette and key help come from there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit

from app.core.actions import Action
from views.shell.window.arrangement import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Callable

    from views.shell.window.main_window import MainWindow

KEYS = 9
"""Workspaces that have a key."""


class WindowCommands:
    """Registers the window's actions and runs actions by key."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        actions = window.console.actions
        for command in self._all():
            actions.add(command)

    def _all(self) -> list[Action]:
        window, ask = self._window, self._window.page_asked.emit
        return [
            _action("window.palette", "Search or run an action", "Ctrl+K", lambda: ask("palette"), "Window"),
            _action("window.refresh", "Refresh", "F5", self.refresh, "Window"),
            _action("window.wall", "Wall display", "F11", window.wall_asked.emit, "Window"),
            _action(
                "window.wall-pages", "Choose the pages of the wall…", "Shift+F11", lambda: ask("wall-pages"), "Window"
            ),
            _action("window.next-dock", "Next dock", "F6", window.docks.focus_next, "Window"),
            _action("window.previous-dock", "Previous dock", "Shift+F6", lambda: window.docks.focus_next(-1), "Window"),
            _action("window.undo", "Undo the last action", "Ctrl+Z", window.message_bar.take_back, "Window"),
            _action("window.close", "Close the window", "Ctrl+Q", window.close, "Window"),
            _action("time.live", "Go live", "Ctrl+L", window.console.time.go_live, "Time"),
            *(
                _action(f"time.{d}", f"Last {d} days", f"Alt+{k}", partial(window.console.time.set_range, d), "Time")
                for k, d in enumerate((7, 30, 90), start=1)
            ),
            _action("time.past", "Look at a past instant…", "Ctrl+P", lambda: ask("past"), "Time"),
            *self._workspaces(),
            _action(
                "layout.save", "Save layout as a workspace…", "Ctrl+Shift+L", lambda: ask("save-workspace"), "Layouts"
            ),
            _action(
                "layout.rename",
                "Rename this workspace…",
                "",
                lambda: ask("rename-workspace"),
                "Layouts",
                self._built_in_blocker,
            ),
            _action(
                "layout.remove", "Remove this workspace", "", window.remove_workspace, "Layouts", self._built_in_blocker
            ),
            _action("layout.reset", "Reset to the built-in layout", "", window.reset_layout, "Layouts"),
            _action(
                "layout.undo",
                "Undo layout change",
                "Ctrl+Shift+Z",
                window.undo_layout,
                "Layouts",
                lambda: None if len(window.docks.history) else "No layout change to undo",
            ),
            _action("help.keys", "Keys", "F1", lambda: ask("keys"), "Help"),
            _action("help.keys-too", "Keys", "?", lambda: ask("keys"), "Help"),
            _action("help.about", "About opsconsole", "", lambda: ask("about"), "Help"),
            _action("settings", "Settings…", "Ctrl+,", lambda: ask("settings"), "Session"),
            _action(
                "session.sign-in",
                "Sign in…",
                "",
                lambda: ask("sign-in"),
                "Session",
                lambda: "Signed in already" if window.console.session.me else None,
            ),
            _action(
                "session.sign-out",
                "Sign out",
                "",
                lambda: ask("sign-out"),
                "Session",
                lambda: None if window.console.session.me else "Nobody is signed in",
            ),
        ]

    def _workspaces(self) -> list[Action]:
        items = self._window.workspaces.items
        return [
            _action(
                f"workspace.{number}",
                item.name,
                f"Ctrl+{number}" if number <= KEYS else "",
                partial(self._window.open_workspace_number, number),
                "Workspaces",
            )
            for number, item in enumerate(items, start=1)
        ]

    def name_workspaces(self) -> None:
        """Call the actions that open workspaces as these are called now, in their order."""
        actions, wanted = self._window.console.actions, {each.id: each for each in self._workspaces()}
        known = {each.id: each for each in actions.all() if each.group == "Workspaces"}
        for gone in known.keys() - wanted.keys():
            actions.remove(gone)
        for each in wanted.values():
            if each.id not in known or known[each.id].title != each.title:
                actions.add(each)

    def _built_in_blocker(self) -> str | None:
        return "This workspace is built in" if self._window.workspaces.active in BUILT_IN else None

    def refresh(self) -> None:
        """Ask the server for everything that is visible, now."""
        self._window.console.queries.invalidate_all()

    def explain(self, key: str) -> None:
        """Say where a key works that means something in this workspace only under the keyboard, or why not at all."""
        window = self._window
        here = window.groups_here()
        for action in window.console.actions.all():
            if action.bound and action.shortcut == key and action.group in here:
                reason = window.console.actions.reason(action)
                why = reason or f"works under the keyboard in {action.group}: go there by F6 or a click"
                window.console.messages.post(f"{action.title} ({key}): {why}.", passing=True)
                return

    def by_key(self, action_id: str) -> None:
        """Run an action by its key; single letters are inert in text fields, and a disabled action says why."""
        action = self._window.console.actions.get(action_id)
        focus = QApplication.focusWidget()
        if len(action.shortcut) == 1 and isinstance(focus, QLineEdit | QTextEdit | QPlainTextEdit):
            focus.insert(action.shortcut) if isinstance(focus, QLineEdit) else focus.insertPlainText(action.shortcut)
            return
        reason = self._window.console.actions.reason(action)
        if reason is not None:
            self._window.say(f"{action.title}: {reason}.")
            return
        self._window.console.actions.execute(action_id)


def _action(
    action_id: str,
    title: str,
    shortcut: str,
    run: Callable[[], object],
    group: str,
    enabled: Callable[[], str | None] = lambda: None,
) -> Action:
    return Action(id=action_id, title=title, shortcut=shortcut, permission=None, run=run, enabled=enabled, group=group)
