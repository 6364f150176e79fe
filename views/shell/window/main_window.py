"""The main window: strip, banner, rail, docks or a page, message bar.

It is painted from the last picture first, and furnished with docks afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from views.capabilities import CAPABILITIES
from views.kit.focus_order import step
from views.shell.window.arrangement import BUILT_IN, MAIN
from views.shell.window.banner import LinkBanner
from views.shell.window.first_picture import FirstPicture
from views.shell.window.key_gate import KeyGate
from views.shell.window.layouts import LayoutStore, Workspaces
from views.shell.window.message_bar import MessageBar
from views.shell.window.panels import Panels
from views.shell.window.rail import Rail
from views.shell.window.state import banner_words, strip_state
from views.shell.window.strip import Strip

if TYPE_CHECKING:
    from app.console import Console
    from app.core.messages import Message
    from views.shell.window.commands import WindowCommands
    from views.shell.window.docks import Docks

INSET = 8
IGNORED = "Keys typed while the workspace was opening were ignored."


class MainWindow(QWidget):
    """One window of the console. ``closed`` follows when an operator closes it."""

    closed = Signal()
    wall_asked = Signal()
    page_asked = Signal(object)
    """A dialog or page by name: palette, settings, about, keys, past, save-workspace, sign-in."""

    docks: Docks
    """There once the window is furnished."""
    commands: WindowCommands

    def __init__(self, console: Console, store: LayoutStore) -> None:
        super().__init__()
        self.console, self.store = console, store
        self.panels = Panels(console, self, self.open_panel, close_panel=self.close_panel)
        self.setWindowTitle("opsconsole")
        self.setAccessibleName("Operations console")
        self.strip, self.banner, self.rail = Strip(self), LinkBanner(self), Rail(self)
        self.message_bar = MessageBar(self)
        self.stack = QStackedWidget()
        self.ground = QWidget()
        ground = QVBoxLayout(self.ground)
        ground.setContentsMargins(INSET, INSET, INSET, INSET)
        self.workspaces, self._problem = store.load()
        layout = self.workspaces.current.layout
        places = layout.places if layout else {}
        spec = next(spec for spec in self.panels.specs.values() if spec.painted_first)
        painted = self.panels.panel(spec.id)
        self.first: FirstPicture | None = FirstPicture(spec, painted, places, self.ground, self._built_in)
        ground.addWidget(self.first)
        self.stack.addWidget(self.ground)
        self._lay_out()
        self.rail.show_workspaces(self.workspaces)
        self._before: dict[str, QWidget] = {}
        """What had the keyboard when a dock was opened."""
        self._shortcuts: list[QShortcut] = []
        self.keys = KeyGate(self)
        self.keys.dropped.connect(lambda: console.messages.post(IGNORED, passing=True))
        self.keys.chord.connect(self._carry_out)
        self.refresh()
        self.resize(QGuiApplication.primaryScreen().availableSize().boundedTo(self.maximumSize()))

    def _lay_out(self) -> None:
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self.stack, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self.banner)
        column.addLayout(middle, 1)
        column.addWidget(self.message_bar)

    def furnish(self) -> None:
        """Put docks in place of the first picture, and let the operator in.

        Call once, after the first picture was painted; ``restore`` follows in the next turn of the loop.
        """
        from views.shell.window.commands import WindowCommands
        from views.shell.window.docks import Docks

        self.ground.setUpdatesEnabled(False)
        self.docks = Docks(self.ground, self.panels)
        if self.first is not None and (layout := self.ground.layout()) is not None:
            layout.replaceWidget(self.first, self.docks.view)
            self.first.hide()
            self.first.deleteLater()
            self.first = None
        self.panels.connect()
        self.commands = WindowCommands(self)
        self._connect()
        self.bind_shortcuts()
        self.console.actions.changed.connect(self.bind_shortcuts)
        self.refresh()
        if self._problem:
            self.say(self._problem)

    def _connect(self) -> None:
        time = self.console.time
        self.strip.range_chosen.connect(time.set_range)
        self.strip.live_chosen.connect(time.go_live)
        self.strip.past_asked.connect(lambda: self.page_asked.emit("past"))
        self.strip.search_asked.connect(lambda: self.page_asked.emit("palette"))
        self.strip.panel_asked.connect(self.open_panel)
        self.message_bar.pending_asked.connect(self._open_pending)
        self.strip.user_menu.connect(self._fill_user_menu)
        self.rail.workspace_chosen.connect(self.open_workspace)
        self.rail.layouts_asked.connect(self._layouts_menu)
        self.rail.help_asked.connect(lambda: self.page_asked.emit("keys"))
        self.rail.settings_asked.connect(lambda: self.page_asked.emit("settings"))
        self.banner.pressed.connect(self._banner_pressed)
        self.message_bar.history_asked.connect(self._show_history)
        self.docks.changed.connect(self._layout_changed)
        for signal, slot in self._engine_signals():
            signal.connect(slot)
        self._waiting = {each.badge_of: self.console.badge(each.name) for each in CAPABILITIES if each.badge_of}
        for waiting in self._waiting.values():
            waiting.changed.connect(self._count)
        self._count()
        second = QTimer(self, interval=1000)
        second.timeout.connect(self.refresh)
        second.start()

    def _engine_signals(self) -> tuple[tuple[Any, Any], ...]:
        console = self.console
        return (
            (console.time.changed, self.refresh),
            (console.link.changed, self.refresh),
            (console.session.changed, self.refresh),
            (console.messages.posted, self._posted),
            (console.messages.taken_back, self.message_bar.forget_undo),
            (console.messages.cleared, self.message_bar.clear),
            (console.mutations.changed, self.refresh),
            (console.stream.changed, self.refresh),
        )

    def _count(self) -> None:
        for workspace_id, waiting in self._waiting.items():
            self.rail.show_count(workspace_id, waiting.count, waiting.words)

    def _open_pending(self) -> None:
        for panel_id in (each.pending_panel for each in CAPABILITIES if each.pending_panel):
            self.open_panel(panel_id)

    def _show_history(self) -> None:
        from views.shell.window.history import History

        History(self.console.messages.history, self.message_bar).show()

    # ---- showing --------------------------------------------------------------------------------------------------

    def refresh(self, *_: object) -> None:
        """Bring strip and banner up to date; once a second and whenever the engine changed."""
        self.strip.show_state(strip_state(self.console))
        self.banner.say(*banner_words(self.console))
        mutations = self.console.mutations
        waiting = sum(1 for mutation in mutations.pending if mutation.state != "waiting")
        self.message_bar.show_pending(len(mutations.pending), waiting)

    def say(self, text: str, undo: Any = None) -> None:
        """Show a message of the window's own."""
        self.console.messages.post(text, undo=undo)

    def _posted(self, message: Message) -> None:
        self.message_bar.show_line(message)

    def show_page(self, page: QWidget | None) -> None:
        """Show a page in place of the docks; ``None`` brings the docks back."""
        while self.stack.count() > 1:
            if (old := self.stack.widget(1)) is not None:
                self.stack.removeWidget(old)
                old.hide()
                old.deleteLater()
        if page is not None:
            self.stack.addWidget(page)
            self.stack.setCurrentIndex(1)
            page.setFocus()
            leave = QShortcut(QKeySequence(Qt.Key.Key_Escape), page)
            leave.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            leave.activated.connect(self.leave_page)
        self.rail.setEnabled(page is None or self._has_figures)

    @property
    def _has_figures(self) -> bool:
        """Whether there is anything behind a page."""
        return self.first is None and self.console.figures is not None

    def leave_page(self) -> None:
        """Give the docks back where a page stands before them and there is something in them."""
        if self.stack.count() > 1 and self._has_figures:
            self.show_page(None)
            self.docks.take_focus()

    def open_panel(self, panel_id: str) -> None:
        """Bring a dock to the front, in the workspace that is open or, where it is closed, in the one it belongs to."""
        if (at := self.focusWidget()) is not None and not self.docks.is_open(panel_id):
            self._before[panel_id] = at
        if not self.docks.is_open(panel_id):
            for workspace_id, built in BUILT_IN.items():
                if any(panel_id in docks for column in built.columns for docks, _ in column.docks):
                    self.open_workspace(workspace_id)
        self.docks.open(panel_id)

    def close_panel(self, panel_id: str) -> None:
        """Close a dock and give the keyboard back to whatever had it when it was opened."""
        self.docks.close(panel_id)
        before = self._before.pop(panel_id, None)
        if before is not None and isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.docks.take_focus()

    # ---- workspaces -----------------------------------------------------------------------------------------------

    def restore(self) -> None:
        """Arrange the docks as kept. Call in the first turn of the loop after the first show."""
        self.docks.style()
        self.docks.arrangement = BUILT_IN[self._built_in]
        if not self.docks.restore(self.workspaces.current.layout):
            self.say(f"The layout of “{self.workspaces.current.name}” could not be used; the built-in one is shown.")
        self.docks.history.clear()
        # Floating docks were made while nothing was drawn; being windows they do not hear that it is again.
        for drawn in (self.ground, *self.docks.manager.floatingWidgets()):
            drawn.setUpdatesEnabled(True)

    @property
    def _built_in(self) -> str:
        """The built-in workspace whose arrangement the open one falls back to."""
        return self.workspaces.active if self.workspaces.active in BUILT_IN else MAIN

    def open_workspace(self, workspace_id: str) -> None:
        """Open a workspace; the one left keeps its present layout. A page in front of them goes."""
        self.leave_page()
        if workspace_id != self.workspaces.active:
            kept = self.workspaces.with_layout(self.workspaces.active, self.docks.layout_now())
            self._change_to(kept.activate(workspace_id))

    def _change_to(self, workspaces: Workspaces) -> None:
        """Show the active one of these; keys count again when an operator can see where the keyboard is in it."""
        self.keys.close()
        if (at := self.focusWidget()) is not None:
            at.clearFocus()
        self._set(workspaces)
        self.restore()
        QTimer.singleShot(0, self, self._arrived)

    def _arrived(self) -> None:
        self.docks.take_focus()
        self.keys.open_when_painted()

    def open_workspace_number(self, number: int) -> None:
        """Open the n-th workspace of the rail, from 1; beyond the last one nothing happens."""
        if number <= len(self.workspaces.items):
            self.open_workspace(self.workspaces.items[number - 1].id)

    def save_workspace_as(self, name: str) -> None:
        """Keep the present layout under a name; raises LayoutError with words for the dialog."""
        self._set(self.workspaces.save_as(name, self.docks.layout_now()))
        self.say(f"Layout saved as “{self.workspaces.current.name}”.")

    def rename_workspace(self, name: str) -> None:
        """Rename the open workspace; raises LayoutError."""
        self._set(self.workspaces.rename(self.workspaces.active, name))

    def remove_workspace(self) -> None:
        """Forget the open workspace and open the main one; can be undone. Raises LayoutError for a built-in one."""
        before = self.workspaces
        self._change_to(before.remove(before.active))
        self.say(f"Removed workspace “{before.current.name}”", lambda: self._change_to(before))

    def reset_layout(self) -> None:
        """Bring the built-in layout back; can be undone."""
        before = self.docks.layout_now()
        self.docks.restore(None)
        self.docks.history.push(before.blob)
        self._keep()
        self.say(f"Reset layout of “{self.workspaces.current.name}”", self.undo_layout)

    def undo_layout(self) -> None:
        """Take the last layout change back."""
        if self.docks.undo():
            self._keep()
            self.say("Took the layout change back.")

    def _layout_changed(self, words: str) -> None:
        self._keep()
        self.say(words, self.undo_layout)

    def _keep(self) -> None:
        self._set(self.workspaces.with_layout(self.workspaces.active, self.docks.layout_now()))

    def _set(self, workspaces: Workspaces) -> None:
        shown = [(i.id, i.name) for i in self.workspaces.items], self.workspaces.active
        self.workspaces = workspaces
        if shown != ([(i.id, i.name) for i in workspaces.items], workspaces.active):
            self.rail.show_workspaces(workspaces)
            self.commands.name_workspaces()
        try:
            self.store.save(workspaces)
        except OSError as error:
            self.say(f"The layout could not be saved: {error.strerror or error}.")

    # ---- menus and keys -------------------------------------------------------------------------------------------

    def _layouts_menu(self) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        self._fill(menu, "Layouts")
        if closed := self.docks.closed:
            menu.addSeparator()
        for spec in closed:
            menu.addAction(f"Open “{spec.title}”", lambda i=spec.id: self.docks.open(i))
        item = self.rail.layouts
        menu.popup(item.mapToGlobal(item.rect().topRight()))

    def groups_here(self) -> set[str]:
        """Groups of the actions of the capabilities whose docks are seen."""
        return self.panels.groups_of(panel_id for panel_id in self.panels.specs if self.docks.is_open(panel_id))

    def _fill_user_menu(self, menu: QMenu) -> None:
        self._fill(menu, "Session")

    def _fill(self, menu: QMenu, group: str) -> None:
        menu.setToolTipsVisible(True)
        for action in self.console.actions.all():
            if action.group != group:
                continue
            reason = self.console.actions.reason(action)
            entry = menu.addAction(
                action.title if reason is None else f"{action.title} ({reason})",
                lambda i=action.id: self.console.actions.execute(i),
            )
            entry.setEnabled(reason is None)
            if action.shortcut:
                entry.setShortcut(QKeySequence(action.shortcut))

    def bind_shortcuts(self) -> None:
        """Give every action of the registry its key in this window."""
        for shortcut in self._shortcuts:
            shortcut.deleteLater()
        self._shortcuts.clear()
        for action in self.console.actions.all():
            if action.shortcut and not action.bound:
                shortcut = QShortcut(QKeySequence(action.shortcut), self)
                shortcut.activated.connect(lambda i=action.id: self.commands.by_key(i))
                self._shortcuts.append(shortcut)

    def _carry_out(self, keys: QKeySequence) -> None:
        """Do what was asked for by key while a workspace came up."""
        for action in self.console.actions.all():
            if action.shortcut and not action.bound and QKeySequence(action.shortcut) == keys:
                self.commands.by_key(action.id)
                return

    def _banner_pressed(self) -> None:
        if self.console.link.state == "down":
            self.commands.refresh()
        elif self.console.link.state == "signed_out":
            self.page_asked.emit("sign-in")
        else:
            self.console.time.go_live()

    def focusNextPrevChild(self, forward: bool) -> bool:
        # Qt's own order is that of creation: docks would come last, in the order they were made.
        page = self.stack.currentWidget()
        docks = page is self.ground and self.first is None
        middle = self.docks.areas() if docks else [page] if page is not None else []
        return step((self.strip, self.banner, self.rail, *middle, self.message_bar), forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A key that nobody took: where it means something in this workspace, say where."""
        if self.first is None and event.modifiers() == Qt.KeyboardModifier.NoModifier and event.text().isalpha():
            self.commands.explain(event.text().upper())
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closed.emit()
        super().closeEvent(event)
