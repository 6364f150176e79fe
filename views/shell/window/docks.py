"""Docks: panels in Qt Advanced Docking System, their built-in arrangement, undo, and safe saving and restoring.

A dock holds a stand-in until it is seen for the first time: then its panel is made.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import PySide6QtAds as ads  # noqa: N813 - QtAds is what it is called
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QScrollArea, QSplitter, QWidget
from shiboken6 import isValid

from views.kit.focus_order import reveal
from views.kit.theme import current
from views.shell.window import curtain
from views.shell.window.arrangement import BUILT_IN, DOCK_GAP, MAIN, Places, shares
from views.shell.window.columns import add_column, share_room
from views.shell.window.dock_title import DockTitle
from views.shell.window.docking_state import is_sound
from views.shell.window.floating import FLOATING_LEAST, make_whole, screens_now
from views.shell.window.layouts import Layout, LayoutHistory

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from views.kit.capability import PanelSpec
    from views.kit.panel import Panel
    from views.shell.window.panels import Panels

SETTLE_MS = 250
"""A drag is a hundred small changes: it counts as one once it has come to rest."""


class Docks(QObject):
    """The docks of one window. ``changed`` follows every change an operator made, once it has come to rest."""

    changed = Signal(object)
    """Words for what happened, such as ``Moved dock “Sources”``."""
    noted = Signal(object)
    """Carries the id of a panel whose note may be another."""

    def __init__(self, parent: QWidget, panels: Panels) -> None:
        """A dock for each panel; ``restore`` arranges them."""
        super().__init__(parent)
        flags = ads.CDockManager.eConfigFlag
        for flag, on in (
            (flags.OpaqueSplitterResize, True),
            (flags.XmlCompressionEnabled, False),
            (flags.AlwaysShowTabs, False),
            (flags.ActiveTabHasCloseButton, False),
            (flags.AllTabsHaveCloseButton, False),
            (flags.DockAreaHasCloseButton, False),
            (flags.DockAreaHasUndockButton, False),
            (flags.DockAreaHasTabsMenuButton, False),
            (flags.FloatingContainerHasWidgetTitle, True),
            (flags.FocusHighlighting, False),
            (flags.DisableStylesheet, True),
        ):
            ads.CDockManager.setConfigFlag(flag, on)
        self.view = QScrollArea(parent)
        """What the window shows: where a small screen or a large font leaves no room for all docks, they scroll."""
        self.view.setWidgetResizable(True)
        self.view.setFrameShape(QScrollArea.Shape.NoFrame)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setAccessibleName("Docks")
        self.manager = ads.CDockManager(self.view)
        self.manager.layout().setSpacing(0)
        self.view.setWidget(self.manager)
        self.arrangement = BUILT_IN[MAIN]
        """What ``build_in`` arranges; the window sets that of the open workspace."""
        self.history = LayoutHistory()
        self._panels = panels
        self._docks: dict[str, Any] = {}
        self._arranging = True
        """Docks come and go that nobody will see: no panel is made for them. So it is until the first ``restore``."""
        self._words = ""
        self._rest = b""
        self._sizes_at_rest: dict[QSplitter, list[int]] = {}
        """What the design or the operator gave the docks; a large font needs more for a while."""
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._settled)
        self._titles: dict[int, DockTitle] = {}
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._renew_titles)
        self._second.start()
        self._naming = QTimer(self, singleShot=True, interval=0)
        self._naming.timeout.connect(self._renew_titles)
        self.noted.connect(self._renew_titles)
        self.manager.dockAreaCreated.connect(self._area_created)
        self._fitting = QTimer(self, singleShot=True, interval=0)
        self._fitting.timeout.connect(self._fit)
        # A drag ends in one of these; topLevelChanged alone misses a dock that is alone in its area.
        self.manager.dockAreasAdded.connect(self._rearranged)
        self.manager.dockAreasRemoved.connect(self._rearranged)
        self.manager.floatingWidgetCreated.connect(self._rearranged)
        self.manager.floatingWidgetCreated.connect(self._watch)

        for spec in panels.specs.values():
            self._add(spec)
        self._build_in(made=False)

    # ---- building -------------------------------------------------------------------------------------------------

    def _add(self, spec: PanelSpec) -> None:
        dock = self._docks[spec.id] = ads.CDockWidget(self.manager, spec.title)
        dock.setObjectName(spec.id)
        dock.setAccessibleName(spec.title)
        dock.setFeature(ads.CDockWidget.DockWidgetFeature.DockWidgetDeleteOnClose, False)
        # Not that of the content: it is asked once, in the width of another workspace. `_fit` knows what holds now.
        dock.setMinimumSizeHintMode(ads.CDockWidget.eMinimumSizeHintMode.MinimumSizeHintFromDockWidget)
        # The docking system keeps areas hidden whose docks hold nothing.
        dock.setWidget(QWidget(), ads.CDockWidget.eInsertMode.ForceNoScrollArea)
        dock.visibilityChanged.connect(partial(self._dock_shown, spec.id))
        dock.topLevelChanged.connect(lambda floating: self._touched(_moved(spec.title, floating)))
        dock.viewToggled.connect(lambda shown: self._touched(f"{'Opened' if shown else 'Closed'} “{spec.title}”"))
        self._panels.when_made(spec.id, partial(self._fill, spec))

    def _fill(self, spec: PanelSpec, panel: Panel) -> None:
        dock, widget = self._docks[spec.id], panel.widget
        dock.takeWidget().deleteLater()
        # Sums over the whole shop are painted before anybody knows who is there; all else is somebody's to see.
        behind = widget if spec.painted_first else curtain.Curtain(self._panels.console, widget)
        dock.setWidget(behind, ads.CDockWidget.eInsertMode.ForceNoScrollArea)
        if spec.painted_first:
            widget.show()  # the first picture hid what it had no room for; from now on the dock decides
        widget.setAccessibleName(widget.accessibleName() or spec.title)
        widget.installEventFilter(self)
        panel.noted.connect(lambda: self.noted.emit(spec.id))
        panel.set_visible(dock.isVisible())
        self._fitting.start()

    def _dock_shown(self, panel_id: str, visible: bool) -> None:
        self._fitting.start()
        panel = self._panels.made(panel_id)
        if panel is None and visible and not self._arranging:
            self._panels.panel(panel_id)
        elif panel is not None:
            panel.set_visible(visible)

    @contextmanager
    def _arranged(self) -> Iterator[None]:
        """Make the panels of the docks that are seen after the arranging, and of no other."""
        self._arranging = True
        try:
            yield
        finally:
            self._arranging = False

    def _build_in(self, *, made: bool = True) -> None:
        """Arrange the docks as the design has them; rows meet and docks without a panel leave no gap.

        What will be in front is ``made`` before sizes are shared out: a panel says how much it needs at least.
        """
        for dock in self._docks.values():
            dock.toggleView(True)  # one that is added while it is closed would never show its tab again
            if dock.dockAreaWidget() is not None:
                self.manager.removeDockWidget(dock)
        columns = [(column, self._known(column.docks)) for column in self.arrangement.columns]
        columns = [(column, docks) for column, docks in columns if docks]
        head = self._known(self.arrangement.head)
        everything = [*(docks for _, docks in columns), head]
        for front in (known[0] for docks in everything for known, _ in docks) if made else ():
            self._panels.panel(front)
        for index, (column, docks) in enumerate(columns):
            beside = self._docks[columns[index - 1][1][0][0][0]].dockAreaWidget() if column.above_last else None
            side = ads.LeftDockWidgetArea if index == 0 else ads.RightDockWidgetArea
            add_column(self.manager, self._docks, docks, side, beside)
        add_column(self.manager, self._docks, head, ads.TopDockWidgetArea)
        placed = {i for docks in everything for known, _ in docks for i in known}
        home = self._docks[columns[0][1][0][0][0]].dockAreaWidget() if columns else None
        for panel_id, dock in self._docks.items():
            if panel_id not in placed:
                below = self._panels.specs[panel_id].over
                area = self._docks[below].dockAreaWidget() if below in placed else home
                self.manager.addDockWidget(ads.CenterDockWidgetArea, dock, area)
                dock.toggleView(False)
        for docks in everything:
            for known, _ in docks:
                self._docks[known[0]].setAsCurrentTab()
        share_room(self.manager, self._docks, columns, sum(tall for _, tall in head))

    def _known(self, docks: Iterable[tuple[tuple[str, ...], int]]) -> list[tuple[list[str], int]]:
        return [(known, tall) for ids, tall in docks if (known := [i for i in ids if i in self._docks])]

    def style(self) -> None:
        """Give the docks the theme's colours. Call after the first show, else the docking system's own sheet wins."""
        t = current().tokens
        window, line = QColor(t.window).name(), QColor(t.line).name()
        self.manager.setStyleSheet(
            f"ads--CDockContainerWidget {{ background: {QColor(t.base).name()}; border: 0; }}"
            f"ads--CDockAreaWidget, ads--CDockWidget {{ background: {window}; border: 0; }}"
            f"ads--CDockAreaTitleBar {{ background: {window}; border: 0; "
            f"border-bottom: 1px solid {line}; padding: 0 4px; }}"
            f"ads--CDockWidgetTab, ads--CDockAreaTabBar, ads--CDockAreaTabBar QWidget {{ background: {window}; "
            "border: 0; }"
            # A line of the same height on all of them: what comes to the front moves nothing.
            "ads--CDockWidgetTab { border-top: 2px solid transparent; }"
            f"ads--CDockWidgetTab QLabel {{ color: {QColor(t.text2).name()}; font-weight: 400; }}"
            f'ads--CDockWidgetTab[activeTab="true"] QLabel {{ color: {QColor(t.text).name()}; font-weight: 600; }}'
            'ads--CDockAreaTitleBar[several="true"] ads--CDockWidgetTab[activeTab="true"] '
            f"{{ border-top: 2px solid {QColor(t.accent).name()}; }}"
            f"ads--CDockSplitter::handle {{ background: {QColor(t.base).name()}; image: none; }}"
        )
        for splitter in self.manager.findChildren(QSplitter):
            splitter.setHandleWidth(DOCK_GAP)
        self._fitting.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:
            self._fitting.start()
        elif event.type() in {QEvent.Type.Move, QEvent.Type.Resize} and watched in self.manager.floatingWidgets():
            self._touched("Moved a floating panel")
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        changed = False
        # What a panel needs changes with its width, the font, the number of columns and when a chart is first drawn.
        for panel_id, dock in self._docks.items():
            area = dock.dockAreaWidget()
            if area is None or area.currentDockWidget() is not dock:
                continue
            panel = self._panels.made(panel_id)
            if panel is None:
                continue
            least = panel.widget.minimumSizeHint()
            least.setHeight(least.height() + area.titleBar().minimumHeight())
            if area.minimumSize() != least:
                area.setMinimumSize(least)
                changed = True
        if changed and not self._settle.isActive():
            self._give_sizes()

    def _give_sizes(self) -> None:
        for splitter, sizes in self._sizes_at_rest.items():
            if isValid(splitter) and splitter.count() == len(sizes):
                splitter.setSizes(sizes)

    def _note_sizes(self) -> None:
        self._sizes_at_rest = {s: s.sizes() for s in self.manager.findChildren(QSplitter) if any(s.sizes())}

    # ---- looking --------------------------------------------------------------------------------------------------

    def in_front(self, area: Any) -> PanelSpec | None:
        """Whose dock is in front of a dock area."""
        dock = area.currentDockWidget()
        return self._panels.specs.get(dock.objectName()) if dock is not None else None

    def panel(self, panel_id: str) -> Panel | None:
        """The panel of a dock, once somebody has seen it; ``None`` while nobody is signed in who may."""
        hidden = not self._panels.specs[panel_id].painted_first and curtain.is_drawn(self._panels.console)
        return None if hidden else self._panels.made(panel_id)

    @property
    def closed(self) -> list[PanelSpec]:
        """Whose docks are neither in the window nor floating."""
        return [spec for spec in self._panels.specs.values() if not self.is_open(spec.id)]

    def is_open(self, panel_id: str) -> bool:
        """Whether that dock is in the window or floating."""
        return not self._docks[panel_id].isClosed()

    def open(self, panel_id: str) -> None:
        """Show a dock, bring it to the front and give it the keyboard."""
        dock, panel = self._docks[panel_id], self._panels.panel(panel_id)
        if dock.isClosed():
            self._put_over(panel_id)
        dock.toggleView(True)
        dock.setAsCurrentTab()
        dock.raise_()
        _focus(panel.widget)

    def _put_over(self, panel_id: str) -> None:
        below = self._docks.get(self._panels.specs[panel_id].over)
        area = below.dockAreaWidget() if below is not None and not below.isClosed() else None
        if area is not None and self._docks[panel_id].dockAreaWidget() is not area:
            self.manager.addDockWidget(ads.CenterDockWidgetArea, self._docks[panel_id], area)

    def close(self, panel_id: str) -> None:
        """Close a dock."""
        self._docks[panel_id].toggleView(False)

    def float(self, panel_id: str) -> None:
        """Make a dock a window of its own, on whatever screen."""
        self._docks[panel_id].setFloating()
        self._touched(_moved(self._panels.specs[panel_id].title, floating=True))

    def focus_next(self, step: int = 1) -> str | None:
        """Give the keyboard to the next visible dock (F6), or the one before with ``step=-1``; returns its id."""
        visible = self._visible()
        if not visible:
            return None
        here = QApplication.focusWidget()
        current = next((n for n, i in enumerate(visible) if here and self._docks[i].isAncestorOf(here)), None)
        index = (0 if step > 0 else -1) if current is None else (current + step) % len(visible)
        _focus(self._panels.panel(visible[index]).widget)
        return visible[index]

    def take_focus(self) -> None:
        """Give the keyboard to the first visible dock of a column, unless one has it already."""
        visible = self._visible()
        here = self.manager.window().focusWidget()
        if visible and not any(here is not None and self._docks[i].isAncestorOf(here) for i in visible):
            head = {panel_id for docks, _ in self.arrangement.head for panel_id in docks}  # read, seldom worked in
            first = next((i for i in visible if i not in head), visible[0])
            _focus(self._panels.panel(first).widget)

    def _visible(self) -> list[str]:
        """Docks that are seen, in reading order."""
        visible = [i for i, dock in self._docks.items() if dock.isVisible() and not dock.isClosed()]
        return sorted(visible, key=self._reading_order)

    def areas(self) -> list[QWidget]:
        """What is seen of the docks inside the window, title bars and all, in reading order."""
        areas: list[QWidget] = []
        for panel_id in sorted((i for i, dock in self._docks.items() if dock.isVisible()), key=self._reading_order):
            area = self._docks[panel_id].dockAreaWidget()
            if area is not None and self.manager.isAncestorOf(area) and area not in areas:
                areas.append(area)
        return areas

    def _reading_order(self, panel_id: str) -> tuple[int, int]:
        dock = self._docks[panel_id]
        point = dock.mapToGlobal(dock.rect().topLeft())
        return point.x(), point.y()

    # ---- keeping --------------------------------------------------------------------------------------------------

    def layout_now(self) -> Layout:
        """The present arrangement."""
        if self._settle.isActive():
            self._note_sizes()
        # As it was arranged, not as it is while a large font needs more.
        for area in self.manager.openedDockAreas():
            area.setMinimumSize(0, 0)
        self._give_sizes()
        blob = bytes(self.manager.saveState().data())
        self._fit()
        return Layout(tuple(sorted(self._docks)), blob, screens_now(), self._places())

    def _places(self) -> Places:
        room = self.manager.rect()
        places = {}
        for panel_id, dock in self._docks.items():
            area = dock.dockAreaWidget()
            if dock.isVisible() and area is not None and self.manager.isAncestorOf(area):
                corner = area.mapTo(self.manager, area.rect().topLeft())
                places[panel_id] = shares(area.rect().translated(corner), room)
        return places

    def restore(self, layout: Layout | None) -> bool:
        """Arrange as kept; ``None`` is the built-in layout. False, and the built-in one, when it cannot be used.

        Call after the first turn of the loop that follows the first show, or sizes are lost.
        """
        with self._arranged():
            fits = layout is not None and self._apply(layout.blob) and self._any_open()
            if not fits:
                self._build_in()
            elif layout is not None:
                self._take_in(set(self._docks).difference(layout.docks))
        self._make_visible()
        self.clamp_floating()
        self.rest()
        return fits or layout is None

    def undo(self) -> bool:
        """Take the last layout change back; False when there is none."""
        blob = self.history.pop()
        if blob is None:
            return False
        with self._arranged():
            self._apply(blob)
        self._make_visible()
        self.clamp_floating()
        self.rest()
        return True

    def _make_visible(self) -> None:
        for panel_id, dock in self._docks.items():
            if dock.isVisible():
                self._panels.panel(panel_id)

    def _take_in(self, newer: Collection[str]) -> None:
        """Docks that have come since a layout was kept: behind those they are at home with, nothing else moves.

        Left alone they would be in no area, and open as floating windows of a few pixels.
        """
        for panel_id in (known for known in self._docks if known in newer):
            at_home, area = self._home_area(panel_id)
            front = area.currentDockWidget() if area is not None else None
            dock = self._docks[panel_id]
            self.manager.addDockWidget(ads.CenterDockWidgetArea, dock, area)
            dock.toggleView(True)  # also one that stays closed, or it would never show its tab
            if not at_home:
                dock.toggleView(False)
            if front is not None:
                front.setAsCurrentTab()

    def _home_area(self, panel_id: str) -> tuple[bool, Any]:
        """Whether a panel is at home in this workspace, and the area of the nearest open dock: row, column, any."""
        columns = [[docks for docks, _ in rows] for rows in self.arrangement.columns_and_head]
        rows = next(([row, [i for r in rows for i in r]] for rows in columns for row in rows if panel_id in row), None)
        for mate in (*(known for row in rows or () for known in row), *self._docks):
            dock = self._docks.get(mate)
            area = dock.dockAreaWidget() if dock is not None and not dock.isClosed() else None
            if mate != panel_id and area is not None and self.manager.rootSplitter().isAncestorOf(area):
                return rows is not None, area
        return rows is not None, None

    def rest(self) -> None:
        """Take the present arrangement as the one that the next change departs from."""
        self._settle.stop()
        self._watch_splitters()
        self._note_sizes()
        self._fit()
        self._rest = bytes(self.manager.saveState().data())

    def clamp_floating(self) -> None:
        """Make floating windows whole on the screens there are, and say from here on when one is moved."""
        for window in self.manager.floatingWidgets():
            make_whole(window)
            self._watch(window)

    def _watch(self, window: QWidget) -> None:
        """A floating window that is moved or made larger changes the layout, and no signal of the docks says so."""
        window.setMinimumSize(window.minimumSize().expandedTo(FLOATING_LEAST))
        window.installEventFilter(self)

    def _apply(self, blob: bytes) -> bool:
        return is_sound(blob) and bool(self.manager.restoreState(blob))

    def _any_open(self) -> bool:
        return any(not dock.isClosed() for dock in self._docks.values())

    # ---- changes --------------------------------------------------------------------------------------------------

    def _touched(self, words: str) -> None:
        if self._rest and not self.manager.isRestoringState():
            self._words = words
            self._settle.start()

    def _settled(self) -> None:
        now = bytes(self.manager.saveState().data())
        if now != self._rest:
            self.history.push(self._rest)
            self._rest = now
            self._note_sizes()
            self._watch_splitters()
            self.changed.emit(self._words)

    def _area_created(self, area: Any) -> None:
        known = id(area)
        self._titles[known] = DockTitle(area, self)
        area.destroyed.connect(lambda _=None: self._titles.pop(known, None))
        self._naming.start()
        self._rearranged()

    def _renew_titles(self, panel_id: object = None) -> None:
        for title in tuple(self._titles.values()):
            if panel_id is None or title.front == panel_id:
                title.refresh()

    def _rearranged(self, *_: object) -> None:
        self._watch_splitters()
        self._fitting.start()
        self._touched(self._words if self._settle.isActive() else "Moved docks")

    def _watch_splitters(self) -> None:
        for splitter in self.manager.findChildren(QSplitter):
            if not splitter.property("watched"):
                splitter.setProperty("watched", True)
                splitter.setHandleWidth(DOCK_GAP)
                splitter.splitterMoved.connect(lambda *_: self._touched("Resized docks"))


def _moved(title: str, floating: bool) -> str:
    return f"Floated “{title}”" if floating else f"Moved dock “{title}”"


def _focus(widget: QWidget) -> None:
    target = widget
    if target.focusPolicy() == Qt.FocusPolicy.NoFocus and target.focusProxy() is None:
        for child in widget.findChildren(QWidget):
            if child.isVisible() and child.isEnabled() and child.focusPolicy() & Qt.FocusPolicy.TabFocus:
                target = child
                break
    target.setFocus(Qt.FocusReason.ShortcutFocusReason)
    reveal(target)
