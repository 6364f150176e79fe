"""What the panels of the workspace have in common: the chosen event with its versions, and how people are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.analytics.domain import Events
from models.analytics import SchemaState

if TYPE_CHECKING:
    from app.core.query import Query
    from models.analytics import EventSchemaDefinition, PlannedEvent
    from views.kit.capability import Window

_JUDGED = (SchemaState.ENFORCED, SchemaState.DEPRECATED, SchemaState.OBSERVED)


class ChosenEvent(QObject):
    """One cursor for the plan, what does not fit, and whatever is said of one event."""

    changed = Signal()
    """Another event is chosen, or another pair of its versions."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.as_parent)
        self._console = window.console
        self._domain = window.console.of(Events)
        self._query = self._domain.planned()
        self.name = ""
        """Of the chosen event; empty before anything was heard."""
        self._pair: tuple[int, int] | None = None
        self._query.changed.connect(self._heard)
        self._heard()

    @property
    def events(self) -> tuple[PlannedEvent, ...]:
        """The plan, as it was last heard."""
        return self._query.sample.value if self._query.sample is not None else ()

    @property
    def planned(self) -> PlannedEvent | None:
        """The chosen one; ``None`` also for one that the plan does not know."""
        return next((each for each in self.events if each.event_name == self.name), None)

    def choose(self, event_name: str) -> None:
        """Put the cursor on another one."""
        if event_name != self.name:
            self.name, self._pair = event_name, None
            self.changed.emit()

    def _heard(self) -> None:
        """At first the one that most is wrong with, among those with a draft if there are any."""
        if not self.name and (known := self.events):
            first = max(known, key=lambda each: (each.draft_version is not None, each.violations))
            self.choose(first.event_name)

    # --- versions ------------------------------------------------------------------------------------------------

    def versions_query(self) -> Query[tuple[EventSchemaDefinition, ...]] | None:
        """Versions of the chosen event."""
        return self._domain.versions(self.name) if self.name else None

    @property
    def versions(self) -> tuple[EventSchemaDefinition, ...]:
        """Those that are known, newest first."""
        query = self.versions_query()
        return query.sample.value if query is not None and query.sample is not None else ()

    @property
    def judged_by(self) -> EventSchemaDefinition | None:
        """The version that events are judged by."""
        return next((each for state in _JUDGED for each in self.versions if each.state is state), None)

    @property
    def draft(self) -> EventSchemaDefinition | None:
        """The version that is being written."""
        return next((each for each in self.versions if each.state is SchemaState.DRAFT), None)

    @property
    def pair(self) -> tuple[int, int] | None:
        """The two versions that are compared: the one judged by and the draft, or the newest and the one before."""
        if self._pair is not None:
            return self._pair
        judged, draft = self.judged_by, self.draft
        if judged is not None and draft is not None:
            return judged.version, draft.version
        numbers = sorted(each.version for each in self.versions)
        return (numbers[-2], numbers[-1]) if len(numbers) > 1 else None

    def compare(self, old: int, new: int) -> None:
        """Compare these two."""
        if self.pair != (old, new):
            self._pair = (old, new)
            self.changed.emit()

    # --- people --------------------------------------------------------------------------------------------------

    @property
    def names(self) -> dict[str, str]:
        """How people are called, of everybody who was heard of."""
        found = {
            person: name for each in self.events for person, name in zip(each.owners, each.owner_names, strict=False)
        }
        sample = self._domain.violations().sample
        for group in sample.value if sample is not None else ():
            if group.assigned_to and group.assigned_to_name:
                found[group.assigned_to] = group.assigned_to_name
        if (me := self._console.session.me) is not None:
            found[me.user_id] = me.name
        return found

    @property
    def me(self) -> str:
        """The id of whoever is signed in."""
        me = self._console.session.me
        return me.user_id if me is not None else ""
