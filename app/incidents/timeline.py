"""What happened during one incident, oldest on top: the newest page follows the log, older ones come when wanted."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from app.core.errors import OperationsError
from app.core.signals import Signal
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.core.capability import Engine
    from app.core.query import Query, Sample
    from models.incidents.timeline import TimelineEntry, TimelineKind, TimelinePage

TOPICS = frozenset(
    {
        Topic.INCIDENTS,
        Topic.INCIDENT_REVIEWS,
        Topic.INCIDENT_SETTINGS,
        Topic.ALERTS,
        Topic.ALERT_RULES,
        Topic.PAGES,
        Topic.RISK_QUEUE,
        Topic.RISK_RULES,
    }
)
"""Whatever is decided anywhere may stand in it."""
POLL_SECONDS = 10.0


class Timeline:
    """Entries of an incident by position: of its story or of everything at the time, of some kinds or of all."""

    reset = Signal()
    """The entries are others."""
    grown = Signal()
    """There are more at the end, or some say something else."""
    grown_on_top = Signal(int)
    """There are so many more at the beginning."""

    def __init__(
        self, engine: Engine, incident_id: str, kinds: tuple[TimelineKind, ...] = (), *, story: bool = False
    ) -> None:
        self._engine, self._kinds = engine, kinds
        self.incident_id, self.story = incident_id, story
        self.entries: list[TimelineEntry] = []
        """Oldest first."""
        self.older: int | None = None
        """Where to go on below the oldest one; ``None``: it is the first of all, or nothing is known yet."""
        self.problem = ""
        """Why older ones cannot be had, in words."""
        self._positions: list[int] = []
        self._loading = False
        key = f"incident_timeline:{incident_id}" + (":story" if story else "") + "".join(f":{kind}" for kind in kinds)
        self.query: Query[TimelinePage] = engine.query(
            key, self._fetch, topics=TOPICS, keep=_page_type, poll=POLL_SECONDS
        )
        self.query.changed.connect(self._take)
        self._take()

    async def _fetch(self) -> Sample[TimelinePage]:
        from app.incidents import requests

        page = await requests.timeline(self._engine.client, self.incident_id, self._kinds, story=self.story)
        return self._engine.sample(page, page.as_of)

    def _take(self) -> None:
        """Put the newest page behind what is known; where they do not meet, it begins anew."""
        sample = self.query.sample
        if sample is None:
            if self.entries:  # whom it was for has left
                self._begin([])
            return
        fresh = list(reversed(sample.value.items))
        if not fresh or not self._positions or fresh[0].position > self._positions[-1]:
            if fresh != self.entries:
                self._begin(fresh, sample.value.next_cursor)
            return
        at = bisect_left(self._positions, fresh[0].position)
        if self.entries[at:] != fresh:
            self.entries[at:] = fresh
            self._positions[at:] = [entry.position for entry in fresh]
            self.grown.emit()

    def _begin(self, fresh: list[TimelineEntry], cursor: str | None = None) -> None:
        self.entries = fresh
        self._positions = [entry.position for entry in fresh]
        self.older = int(cursor) if cursor is not None else None
        self.reset.emit()

    def want_older(self) -> None:
        """Fetch a page below the oldest entry, unless one is on its way."""
        if self.older is not None and not self._loading:
            self._loading = True
            self._engine.tasks.start(self._extend(self.older), name="older entries of a timeline")

    async def _extend(self, before: int) -> None:
        from app.incidents import requests

        try:
            client = self._engine.client
            page = await requests.timeline(client, self.incident_id, self._kinds, story=self.story, before=before)
        except OperationsError as error:
            self.problem = f"Older entries cannot be had: {error}"
            self.grown.emit()
            return
        finally:
            self._loading = False
        if self.older != before:  # it has begun anew meanwhile
            return
        self.problem = ""
        found = list(reversed(page.items))
        self.entries[:0] = found
        self._positions[:0] = [entry.position for entry in found]
        self.older = int(page.next_cursor) if page.next_cursor is not None else None
        self.grown_on_top.emit(len(found))

    def replace(self, entry: TimelineEntry) -> None:
        """An entry was pinned or corrected: show it as the server answered."""
        at = bisect_left(self._positions, entry.position)
        if at < len(self._positions) and self._positions[at] == entry.position:
            self.entries[at] = entry
            self.grown.emit()


def _page_type() -> type[TimelinePage]:
    from models.incidents.timeline import TimelinePage

    return TimelinePage
