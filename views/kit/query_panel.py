"""What panels over queries share: they ask only while somebody sees them and may see it, and say so when nobody may.

Their records are kept as they are now, not as they were: while a past instant is looked at, they are greyed and say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget
from shiboken6 import isValid

from app.core.freshness import Quality, age_words
from app.core.timeframe import NOT_KEPT
from models.core.permissions import lacking_words
from views.kit.panel import Note
from views.kit.theme import current

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from app.console import Console
    from app.core.query import Query, Watch
    from models.core.permissions import Permission


WHOM_TO_ASK = "Ask somebody who manages roles, such as an administrator, for a role that has it."


class QueryPanel(QObject):
    """A panel whose content is shown to holders of one of ``permissions``; without any, to everybody signed in."""

    noted = Signal()

    def __init__(self, console: Console, permissions: tuple[Permission, ...] = ()) -> None:
        super().__init__()
        self.console = console
        self._permissions = permissions
        self._queries: list[Query[Any]] = []
        self._watches: list[Watch] = []
        self._watching = False
        """Whether somebody has looked: what is exchanged from then on is asked at once."""
        self._visible = False
        self._available: bool | None = None
        self.widget: QWidget = QWidget()
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
        console.time.changed.connect(self._access_changed)
        console.link.changed.connect(self._link_changed)
        current().changed.connect(self._theme_changed)

    # --- for panels ----------------------------------------------------------------------------------------------

    def use(self, *queries: Query[Any]) -> None:
        """Show these; call once, at the end of the constructor."""
        self._queries = list(queries)
        for query in queries:
            query.changed.connect(self._renew)
        self._access_changed()

    def refresh(self) -> None:
        """Show what the queries know now; panels override it."""

    @property
    def available(self) -> bool:
        """Whether the signed-in may see this, and it is kept for the time that is looked at."""
        session = self.console.session
        allowed = not self._permissions or any(session.may(permission) for permission in self._permissions)
        return allowed and session.me is not None and self.console.time.as_of is None

    def own_note(self) -> Note:
        """What the dock's title says while the content is shown: the age of the oldest answer.

        Of what an earlier run kept also where something beside it is not known.
        """
        if not self._queries:
            return Note()
        ages = [query.age_seconds for query in self._queries]
        known = [age for age in ages if age is not None]
        kept = any(query.sample is not None and query.sample.received_mono is None for query in self._queries)
        if len(known) < len(ages) and not kept:
            return Note("no data yet")
        worst = {query.quality for query in self._queries}
        stale = not worst.isdisjoint({Quality.STALE, Quality.DISCONNECTED})
        kind: Literal["fresh", "late", "stale"] = "stale" if stale else "late" if Quality.LATE in worst else "fresh"
        return Note(f"{'stale · ' if stale else ''}{age_words(max(known))} old", kind)

    def own_menu(self) -> list[QAction]:
        """What the dock's menu offers besides what every dock does."""
        return []

    # --- the panel -----------------------------------------------------------------------------------------------

    def note(self) -> Note:
        """What there is to say of the content, or why it is not there."""
        if self.console.time.as_of is not None:
            return Note(NOT_KEPT)
        return self.own_note() if self.available else Note()

    def menu(self) -> list[QAction]:
        """What can be done here; while the content is not kept for the time that is looked at, nothing."""
        made = self.own_menu()
        if self.console.time.as_of is not None:
            for action in made:
                action.setEnabled(False)
                action.setToolTip(NOT_KEPT)
        return made

    def set_visible(self, visible: bool) -> None:
        """Ask the server only while somebody can see it."""
        self._visible = visible
        self._watch()

    def _watch(self) -> None:
        wanted = self._visible and self.available
        if wanted and not self._watching:
            self._watching = True
            self._watches = [query.watch() for query in self._queries]
            self._renew()
        for watch in self._watches:
            watch.set_visible(wanted)

    def _access_changed(self) -> None:
        available = self.available
        past = self.console.time.as_of is not None
        if past:
            words = NOT_KEPT.capitalize()
        elif self.console.session.me is None:
            words = nobody_words(self.console)
        else:
            words = f"This {lacking_words(*self._permissions)}. {WHOM_TO_ASK}"
        self._refusal.setText(words)
        self._refusal.setEnabled(not past)  # greyed
        self._stack.setCurrentIndex(0 if available else 1)
        if available != self._available:
            self._available = available
            self._watch()
        self._renew()

    def _link_changed(self) -> None:
        self._access_changed()

    def _theme_changed(self) -> None:
        self._renew()

    def _renew(self) -> None:
        if not isValid(self):
            return  # the window went while something was asked for
        if self.available:
            self.refresh()
        self.noted.emit()


def nobody_words(console: Console) -> str:
    """Why a panel is not shown while it is not known who is signed in."""
    if console.link.state == "signed_out":
        return "Sign in to see this."
    return "Waiting for the server to confirm who is signed in."


def unheard_words(console: Console) -> str:
    """Why what an earlier run kept is shown, before anything was asked for."""
    return "The server cannot be heard." if console.link.state == "down" else "Waiting for the server…"
