"""What panels over queries share: they ask only while somebody sees them and may see it, and say so when nobody may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget

from app.core.freshness import Quality, age_words
from views.kit.panel import Note
from views.kit.theme import current

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from app.console import Console
    from app.core.query import Query, Watch
    from models.core.permissions import Permission


class QueryPanel(QObject):
    """A panel whose content is shown to holders of one of ``permissions``; without any, to everybody signed in."""

    def __init__(self, console: Console, panel_id: str, title: str, permissions: tuple[Permission, ...] = ()) -> None:
        super().__init__()
        self.id, self.title = panel_id, title
        self.console = console
        self._permissions = permissions
        self._queries: list[Query[object]] = []
        self._watches: list[Watch] = []
        self._visible = False
        self._allowed: bool | None = None
        self.widget: QWidget = QWidget()
        self.widget.setAccessibleName(title)
        self.setParent(self.widget)
        self.content = QWidget()
        self._refusal = QLabel()
        self._refusal.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._refusal.setWordWrap(True)
        self._refusal.setContentsMargins(24, 24, 24, 24)
        self._stack = QStackedLayout(self.widget)
        self._stack.addWidget(self.content)
        self._stack.addWidget(self._refusal)
        console.session.changed.connect(self._access_changed)
        console.link.changed.connect(self._link_changed)
        current().changed.connect(self._theme_changed)

    # --- for panels ----------------------------------------------------------------------------------------------

    def use(self, *queries: Query[object]) -> None:
        """Show these; call once, at the end of the constructor."""
        self._queries = list(queries)
        for query in queries:
            query.changed.connect(self._renew)
        self._access_changed()

    def refresh(self) -> None:
        """Show what the queries know now; panels override it."""

    @property
    def allowed(self) -> bool:
        """Whether the signed-in may see this."""
        may = self.console.session.may
        return not self._permissions or any(may(permission) for permission in self._permissions)

    # --- the panel -----------------------------------------------------------------------------------------------

    def note(self) -> Note:
        """Age of the oldest answer; of what an earlier run kept also where something beside it is not known."""
        if not self.allowed or not self._queries:
            return Note()
        ages = [query.age_seconds for query in self._queries]
        known = [age for age in ages if age is not None]
        kept = any(query.sample is not None and query.sample.received_mono is None for query in self._queries)
        if len(known) < len(ages) and not kept:
            return Note("no data yet")
        worst = {query.quality for query in self._queries}
        stale = not worst.isdisjoint({Quality.STALE, Quality.DISCONNECTED})
        kind = "stale" if stale else "late" if Quality.LATE in worst else "fresh"
        return Note(f"{'stale · ' if stale else ''}{age_words(max(known))} old", kind)  # type: ignore[arg-type]

    def menu(self) -> list[QAction]:
        """Nothing besides what every dock offers."""
        return []

    def set_visible(self, visible: bool) -> None:
        """Ask the server only while somebody can see it."""
        self._visible = visible
        self._watch()

    def _watch(self) -> None:
        wanted = self._visible and self.allowed
        if wanted and not self._watches:
            self._watches = [query.watch() for query in self._queries]
            self._renew()
        for watch in self._watches:
            watch.set_visible(wanted)

    def _access_changed(self) -> None:
        allowed = self.allowed
        me = self.console.session.me
        if me is None:
            self._refusal.setText(nobody_words(self.console))
        else:
            names = " or ".join(self._permissions)
            self._refusal.setText(f"This needs the permission {names}. An administrator can grant a role that has it.")
        self._stack.setCurrentIndex(0 if allowed else 1)
        if allowed != self._allowed:
            self._allowed = allowed
            self._watch()
        self._renew()

    def _link_changed(self) -> None:
        if self.console.session.me is None:
            self._refusal.setText(nobody_words(self.console))
        self._renew()

    def _theme_changed(self) -> None:
        self._renew()

    def _renew(self) -> None:
        if self.allowed:
            self.refresh()


def nobody_words(console: Console) -> str:
    """Why a panel is not shown while it is not known who is signed in."""
    if console.link.state == "signed_out":
        return "Sign in to see this."
    return "Shown as soon as the server has said who is signed in."


def unheard_words(console: Console) -> str:
    """Why what an earlier run kept is shown, before anything was asked for."""
    return "The server cannot be heard." if console.link.state == "down" else "Waiting for the server…"
