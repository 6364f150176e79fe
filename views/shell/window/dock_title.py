"""What the docking system's title bars lack: the data age and a menu at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QMenu
from shiboken6 import isValid

from views.kit.panel import Note
from views.kit.theme import current
from views.kit.widgets.pill import Look, Pill
from views.shell.window.arrangement import TITLE_HEIGHT

if TYPE_CHECKING:
    from views.shell.window.docks import Docks


ROOM, TAB = 16, 24
"""Pixels of padding in a title bar, and in a tab of it."""


class DockTitle:
    """Puts note and menu of the current dock into the title bar of a dock area.

    No object of Qt's, which would go with its area while its slots are still called: ``Docks`` keeps it as long as the
    area lives.
    """

    def __init__(self, area: Any, docks: Docks) -> None:
        self._area, self._docks = area, docks
        bar = area.titleBar()
        bar.setMinimumHeight(max(TITLE_HEIGHT, QFontMetrics(current().font(10)).height() + 10))
        self._note = Pill(parent=bar, caption=True)
        self._menu = Pill("⋯", parent=bar, name="Dock menu")
        self._menu.clicked.connect(self._open_menu)
        self._more = Pill("", parent=bar, name="Other panels here", icon="chevron")
        self._more.clicked.connect(self._open_list)
        self._more.hide()
        self._unseen: list[tuple[str, str]] = []
        """Ids and titles of panels for whose tab there is no room."""
        bar.insertWidget(bar.layout().count(), self._more)
        bar.insertWidget(bar.layout().count(), self._note)
        bar.insertWidget(bar.layout().count(), self._menu)
        self._seen: object = None
        area.currentChanged.connect(self.refresh)

    @property
    def front(self) -> str:
        """The panel in front; empty where there is none."""
        spec = self._docks.in_front(self._area) if isValid(self._area) else None
        return spec.id if spec is not None else ""

    def refresh(self, *_: object) -> None:
        """Read the note of the panel in front."""
        if not isValid(self._area):
            return
        spec = self._docks.in_front(self._area)
        panel = self._docks.panel(spec.id) if spec is not None else None
        if spec is None or not self._area.isVisible():
            return
        note = panel.note() if panel is not None else Note()
        tabs = [dock.windowTitle() for dock in self._area.openedDockWidgets()]
        seen = (spec.id, note, self._area.width(), current().font_scale, *tabs)
        if seen == self._seen:
            return
        self._seen = seen
        self._area.titleBar().setMinimumHeight(max(TITLE_HEIGHT, QFontMetrics(current().font(10)).height() + 10))
        self._note.set(note.text, {"stale": Look.HATCHED, "late": Look.OUTLINE}.get(note.kind, Look.QUIET))
        self._mark_front(len(tabs) > 1)
        self._show_tabs(spec.id)
        # Where there is no room for both, what panels are called goes before what is usual about one.
        titles = sum(current().width(title, 10, 600) + TAB for title in tabs) + self._menu.sizeHint().width() + ROOM
        fits = titles + self._note.sizeHint().width() <= self._area.width()
        self._note.setVisible(bool(note.text) and (fits or note.kind != "fresh"))
        self._menu.setAccessibleName(f"Menu of {spec.title}")

    def _show_tabs(self, front: str) -> None:
        """Keep titles readable: tabs for which there is no room go into a list, the one in front never does."""
        # Asked of the area: a dock that is asked of its tab is deleted with it.
        docks = {dock.objectName(): dock for dock in self._area.openedDockWidgets()}
        titles = {known: dock.windowTitle() for known, dock in docks.items()}
        wide = {known: current().width(title, 10, 600) + TAB for known, title in titles.items()}
        room = self._area.width() - self._menu.sizeHint().width() - ROOM
        shown = sum(wide.values())
        if shown > room:
            self._more.set(f"{len(docks) - 1} more")
            room -= self._more.sizeHint().width()
        unseen: list[str] = []
        for known in reversed(docks):
            if shown > room and known != front:
                unseen.insert(0, known)
                shown -= wide[known]
        tabs = self._area.titleBar().tabBar()
        for known, dock in docks.items():
            if (tab := tabs.tab(self._area.index(dock))) is not None:  # one that comes or goes just now has none
                tab.setVisible(known not in unseen)
        self._unseen = [(known, titles[known]) for known in unseen]
        self._more.set(f"{len(unseen)} more")
        self._more.setVisible(bool(unseen))

    def _open_list(self) -> None:
        menu = QMenu(self._more)
        menu.aboutToHide.connect(menu.deleteLater)
        for panel_id, title in self._unseen:
            menu.addAction(title, lambda known=panel_id: self._docks.open(known))
        menu.popup(self._more.mapToGlobal(self._more.rect().bottomLeft()))

    def _mark_front(self, several: bool) -> None:
        """Let the style sheet mark the tab in front; a dock that is alone needs no mark."""
        bar = self._area.titleBar()
        if bar.property("several") is several:
            return
        bar.setProperty("several", several)
        tabs = bar.tabBar()
        for tab in (tabs.tab(index) for index in range(tabs.count())):
            tab.style().unpolish(tab)
            tab.style().polish(tab)

    def _open_menu(self) -> None:
        spec = self._docks.in_front(self._area)
        panel = self._docks.panel(spec.id) if spec is not None else None
        if spec is None:
            return
        menu = QMenu(self._menu)
        menu.aboutToHide.connect(menu.deleteLater)
        if panel is not None:
            menu.addActions(panel.menu())
            menu.addSeparator()
        menu.addAction("Float", lambda: self._docks.float(spec.id))
        menu.addAction("Close", lambda: self._docks.close(spec.id))
        menu.popup(self._menu.mapToGlobal(self._menu.rect().bottomLeft()))
