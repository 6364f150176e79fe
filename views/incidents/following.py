"""Panels about the chosen incident: they ask about it alone, and about another one as soon as that is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.core.freshness import Quality, age_words
from app.incidents.domain import VIEW, Incidents
from views.incidents.desk import Desk
from views.kit.following_panel import FollowingPanel
from views.kit.panel import Note

if TYPE_CHECKING:
    from app.core.query import Query
    from models.incidents import IncidentRecord
    from views.kit.capability import Window


class IncidentFollower(FollowingPanel):
    """What these panels share."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.console, (VIEW,))
        self.window = window
        self.desk, self.domain = window.shared(Desk), window.console.of(Incidents)
        self._asked: dict[str, Query[Any] | None] = {}
        self.desk.chosen_changed.connect(self._chosen_changed)
        self.desk.record_changed.connect(self._renew)

    @property
    def incident(self) -> IncidentRecord | None:
        """The chosen one."""
        return self.desk.record

    def ask(self, name: str, query: Query[Any] | None) -> None:
        """Ask this in the place of what was asked under the name before."""
        self.follow(self._asked.get(name), query)
        self._asked[name] = query

    def answer(self, name: str) -> Any:
        """What is known under a name; ``None``: nothing."""
        query = self._asked.get(name)
        return query.sample.value if query is not None and query.sample is not None else None

    def follow_chosen(self) -> None:
        """Ask about the chosen incident; panels override it."""

    def _chosen_changed(self) -> None:
        self.follow_chosen()
        self._renew()

    def age_note(self) -> Note:
        """Age of what is known of the incident."""
        query = self.desk.query
        if query is None or query.sample is None or query.age_seconds is None:
            return Note("no data yet" if self.desk.incident_id else "")
        stale = query.quality in {Quality.STALE, Quality.DISCONNECTED}
        words = f"{age_words(query.age_seconds)} old"
        return Note(f"stale · {words}" if stale else words, "stale" if stale else "fresh")
