"""A panel over the request that is looked at: it asks again when another one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel

from app.privacy.domain import VIEW
from views.kit.following_panel import FollowingPanel
from views.kit.query_panel import unheard_words
from views.privacy.desk import PrivacyDesk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from PySide6.QtGui import QAction

    from app.core.query import Query
    from views.kit.capability import Window


class PrivacyPanel(FollowingPanel):
    """Shows something of privacy to whoever may see its requests."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.console, (VIEW,))
        self.window = window
        self.desk = window.shared(PrivacyDesk)
        self._followed: list[Query[Any]] = []
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 8, 12, 8)
        self.state.setAccessibleName("State")
        self.state.hide()

    def queries(self) -> Sequence[Query[Any]]:
        """What it asks about what is looked at."""
        return ()

    def begin(self, *always: Query[Any]) -> None:
        """Call once, at the end of the constructor; ``always`` are asked for whatever is looked at."""
        self.use(*always)
        self.desk.switched.connect(self._switched)
        self.desk.changed.connect(self._renew)
        self._switched()

    def _switched(self) -> None:
        wanted = list(self.queries())
        for query in self._followed:
            if query not in wanted:
                self.follow(query, None)
        for query in wanted:
            self.follow(None, query)
        self._followed = wanted
        self._renew()

    def state_words(self) -> str:
        """Why there is nothing to see, or why it is not of now."""
        for query in self._queries:
            if query.sample is None:
                return f"Not loaded: {query.error}" if query.error is not None else unheard_words(self.console)
            if query.sample.received_mono is None:
                return f"As it was at {query.sample.as_of:%H:%M:%S} UTC. {unheard_words(self.console)}"
        return ""

    def say_state(self, otherwise: str = "") -> None:
        """Show or hide the words about the whole panel."""
        words = self.state_words() or otherwise
        self.state.setText(words)
        self.state.setVisible(bool(words))

    def entries(self, action_ids: Iterable[str]) -> list[QAction]:
        """Actions as a menu shows them; one that cannot be done now says why."""
        from PySide6.QtGui import QAction

        found = []
        for known in action_ids:
            registered = self.console.actions.get(known)
            made = QAction(registered.title, self.widget)
            reason = self.console.actions.reason(registered)
            made.setEnabled(reason is None)
            made.setToolTip(reason or "")
            made.triggered.connect(lambda _=False, each=known: self.console.actions.execute(each))
            found.append(made)
        return found
