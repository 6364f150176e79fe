"""What an operator sees of launches: one of them is chosen, and desk and wall show that one."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from app.core.signals import Signal
from app.launch.countdown import countdown
from app.launch.server_clock import ServerClock
from app.launch.watch import gone_on, is_polled, shown_verdict
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.core.capability import Engine
    from app.core.query import Query, Sample
    from app.launch.countdown import Countdown
    from models.launch import Launch, LaunchReview
    from models.launch.checklist import ChecklistExport, ChecklistFormat, LaunchChecklistItem
    from models.launch.clock import ClockHistory
    from models.launch.poll import LaunchStatus, Poll, PollRecord, Verdict
    from models.launch.templates import LaunchTemplate, TemplateSummary

VIEW, SIGN, MANAGE, VOTE, DIRECT = (
    Permission.VIEW_CHECKLIST,
    Permission.COMPLETE_CHECKLIST,
    Permission.MANAGE_CHECKLIST,
    Permission.LAUNCH_VOTE,
    Permission.LAUNCH_DIRECT,
)
LAUNCHES = frozenset({Topic.LAUNCHES})
STATUS = frozenset({Topic.LAUNCHES, Topic.CHECKLIST})
CHECKLIST = frozenset({Topic.CHECKLIST, Topic.LAUNCHES})
TEMPLATES = frozenset({Topic.LAUNCH_TEMPLATES})
POLLED_SECONDS, WATCHED_SECONDS = 1.0, 5.0
"""While a poll is open the console asks once a second: the live stream may be held back by whoever writes for long.

Else as often as figures change: the stream tells of none of them.
"""
SWARM_SECONDS = 0.2
"""Least seconds between two answers to what the live stream tells."""
TREND_SECONDS, TREND_MOST = 2.0, 1_800
"""Values of a figure are remembered that far apart, and so many of them: an hour."""


class Launches:
    """Queries of one console about launches."""

    chosen_changed = Signal()
    """``chosen`` is another launch, or says something else."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.server_clock = ServerClock(engine.clock.monotonic, engine.clock.with_sleep)
        self._etags: dict[str, str] = {}
        self._trends: dict[tuple[str, str], deque[tuple[datetime, float | None]]] = {}
        self._wanted = ""
        """Id of the launch somebody has chosen; empty: the next one."""
        self._told: Launch | None = None
        self.list().changed.connect(self._list_changed)

    # --- which one -------------------------------------------------------------------------------------------------

    @property
    def known(self) -> tuple[Launch, ...]:
        """All launches, as they were last heard."""
        sample = self.list().sample
        return sample.value if sample is not None else ()

    @property
    def chosen(self) -> Launch | None:
        """The launch that is looked at: the chosen one, else the next one, else the last one."""
        known = self.known
        wanted = next((each for each in known if each.launch_id == self._wanted), None)
        return wanted or next_launch(known)

    def choose(self, launch_id: str) -> None:
        """Look at another launch, at the desk and on the walls of this console."""
        self._wanted = launch_id
        self._list_changed()

    def _list_changed(self) -> None:
        chosen = self.chosen
        if chosen != self._told:
            self._told = chosen
            self.chosen_changed.emit()

    # --- queries ---------------------------------------------------------------------------------------------------

    def list(self) -> Query[tuple[Launch, ...]]:
        """Launches and rehearsals, the latest T-0 first."""
        return self._listing("launches", LAUNCHES, "launches", keep=_launches_type)

    def status(self, launch_id: str) -> Query[LaunchStatus]:
        """What changes by the second; asked for once a second while a poll is open, whatever the stream tells."""

        async def fetch() -> Sample[LaunchStatus]:
            from app.launch import requests

            began = self.server_clock.begin()
            # Only what this run heard for whoever is signed in can be as it was.
            heard = query.raw is not None and query.raw.received_mono is not None
            etag = self._etags.get(launch_id) if heard else None
            answer = await requests.status(self._engine.client, launch_id, etag)
            if answer.record is not None:
                found = answer.record
            else:
                assert query.raw is not None  # noqa: S101 - an ETag was sent
                found = gone_on(query.raw.value, answer.headers)
            self._etags[launch_id] = answer.etag
            self.server_clock.hear(found.as_of, began)
            query.pace = POLLED_SECONDS if is_polled(found) else WATCHED_SECONDS
            self._remember(found)
            return self._engine.sample(found, found.as_of)

        query = self._engine.query(
            f"launch:{launch_id}:status", fetch, topics=STATUS, keep=_status_type, least=SWARM_SECONDS
        )
        return query

    def items(self, launch_id: str) -> Query[tuple[LaunchChecklistItem, ...]]:
        """The checklist; readable without a server."""
        return self._listing(f"launch:{launch_id}:items", CHECKLIST, "items", launch_id, keep=_items_type)

    def clock_history(self, launch_id: str) -> Query[ClockHistory]:
        """What was done to the clock."""
        from app.launch import requests

        return self._engine.record(
            f"launch:{launch_id}:clock",
            LAUNCHES,
            lambda client: requests.clock_history(client, launch_id),
            keep=_history_type,
        )

    def polls(self, launch_id: str) -> Query[tuple[Poll, ...]]:
        """Polls, the last one first."""
        return self._listing(f"launch:{launch_id}:polls", LAUNCHES, "polls", launch_id, keep=_polls_type)

    def record(self, poll: Poll) -> Query[PollRecord]:
        """What proves a poll that has ended."""
        from app.launch import requests

        return self._engine.record(
            f"launch:{poll.launch_id}:record:{poll.poll_id}",
            LAUNCHES,
            lambda client: requests.record(client, poll.launch_id, poll.poll_id),
        )

    def review(self, launch_id: str) -> Query[LaunchReview]:
        """Planned against actual, as far as it is."""
        from app.launch import requests

        return self._engine.record(
            f"launch:{launch_id}:review",
            CHECKLIST,
            lambda client: requests.review(client, launch_id),
            keep=_review_type,
        )

    def templates(self) -> Query[tuple[TemplateSummary, ...]]:
        """Templates by their newest version."""
        return self._listing("launch templates", TEMPLATES, "templates")

    def _listing(
        self, key: str, topics: frozenset[Topic], ask: str, *of: str, keep: Any = None
    ) -> Query[tuple[Any, ...]]:
        async def fetch(client: Any) -> Any:
            from app.launch import requests

            return await getattr(requests, ask)(client, *of)

        return self._engine.listing(key, topics, fetch, keep=keep)

    # --- asked for once --------------------------------------------------------------------------------------------

    async def template(self, key: str) -> LaunchTemplate:
        """The newest version of a template. Raises OperationsError, like all of these."""
        from app.launch import requests

        return await requests.template(self._engine.client, key)

    async def export_template(self, key: str, form: ChecklistFormat) -> ChecklistExport:
        """A template as a file."""
        from app.launch import requests

        return await requests.export_template(self._engine.client, key, form)

    async def export_items(self, launch_id: str, form: ChecklistFormat) -> ChecklistExport:
        """A checklist as a file."""
        from app.launch import requests

        return await requests.export_items(self._engine.client, launch_id, form)

    async def record_file(self, poll: Poll, form: str) -> bytes:
        """A file of a record, as it was published: ``json``, ``html`` or ``pdf``."""
        from app.launch import requests

        return await requests.record_file(self._engine.client, poll.launch_id, poll.poll_id, form)

    # --- what is shown -----------------------------------------------------------------------------------------------

    def countdown(self, launch: Launch, status: LaunchStatus) -> Countdown:
        """What the clock of a launch shows now."""
        return countdown(status.clock, launch.points, self.server_clock.now)

    def verdict(self, status: LaunchStatus) -> Verdict:
        """What may be shown of the verdict now."""
        return shown_verdict(status, self.server_clock.now)

    def trend(self, launch_id: str, key: str) -> Sequence[tuple[datetime, float | None]]:
        """What this console has heard of a bound figure, the oldest first."""
        return self._trends.get((launch_id, key), ())

    def _remember(self, status: LaunchStatus) -> None:
        for each in status.evidence:
            trend = self._trends.setdefault((status.launch_id, each.key), deque(maxlen=TREND_MOST))
            if not trend or (status.as_of - trend[-1][0]).total_seconds() >= TREND_SECONDS:
                trend.append((status.as_of, each.value))


def next_launch(known: Sequence[Launch]) -> Launch | None:
    """The launch that comes next: an open one before a rehearsal, before one that is over; then the nearest T-0."""
    opened = [each for each in known if each.closed_at is None]
    real = [each for each in opened if each.rehearsal_of is None]
    if real or opened:
        return min(real or opened, key=lambda each: each.planned_zero_at)
    return max(known, key=lambda each: each.planned_zero_at, default=None)


def _launches_type() -> type[tuple[Launch, ...]]:
    from models.launch import Launch

    return tuple[Launch, ...]


def _status_type() -> type[LaunchStatus]:
    from models.launch.poll import LaunchStatus

    return LaunchStatus


def _items_type() -> type[tuple[LaunchChecklistItem, ...]]:
    from models.launch.checklist import LaunchChecklistItem

    return tuple[LaunchChecklistItem, ...]


def _history_type() -> type[ClockHistory]:
    from models.launch.clock import ClockHistory

    return ClockHistory


def _polls_type() -> type[tuple[Poll, ...]]:
    from models.launch.poll import Poll

    return tuple[Poll, ...]


def _review_type() -> type[LaunchReview]:
    from models.launch import LaunchReview

    return LaunchReview
