"""The dashboard of the range and instant that are looked at, and its tiles, the console's first picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.core.freshness import Quality
from app.core.link import LinkState
from app.core.signals import Signal
from app.core.snapshot import PAINT_KEY, read_first
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.core.capability import Engine
    from app.core.figure_set import FigureSet
    from app.core.query import Query, Sample
    from app.dashboard.drill import Drill
    from models.alerts import Alert
    from models.dashboard import OperationsDashboard

TOPICS = frozenset({Topic.DASHBOARD})
LEAST_SECONDS = 5.0
"""Between two answers: figures change with every order, and a change is one question to the whole database."""
PAINT_SECONDS = 10.0
"""Least seconds between two writes of the first picture."""


class Dashboard:
    """Asks for the dashboard and keeps its tiles, from before the first answer on."""

    changed = Signal()
    """``figures`` is another FigureSet."""

    def __init__(self, engine: Engine) -> None:
        """Reads the tiles of an earlier run; asks nobody."""
        self._engine = engine
        known = engine.target.url or engine.target.data_dir
        self.first: FigureSet | None = read_first(engine.snapshot.path) if known else None
        """The tiles of an earlier run."""
        self.figures: FigureSet | None = self.first
        self._alerts: Callable[[], Sequence[Alert]] = tuple
        self._painted: Sample[OperationsDashboard] | None = None
        self._painted_mono = -PAINT_SECONDS
        if self.first is not None:
            engine.environment = self.first.environment
            if not self.first.past:
                engine.time.range_days = self.first.range_days
        engine.time.changed.connect(self._time_changed)
        engine.mutations.settled.connect(self._settled)

    def query(self) -> Query[OperationsDashboard]:
        """Of the range and instant that are looked at now."""
        days, as_of = self._engine.time.range_days, self._engine.time.as_of
        key = self._engine.time.key(f"dashboard:{days}")
        known = self._engine.queries.find(key)
        return known if known is not None else self._new_query(key, days, as_of)

    def _new_query(self, key: str, days: int, as_of: datetime | None) -> Query[OperationsDashboard]:
        async def fetch() -> Sample[OperationsDashboard]:
            from app.dashboard import requests

            found = await requests.dashboard(self._engine.client, days, as_of)
            return self._engine.sample(found, found.as_of, degraded=found.degraded is not None)

        query = self._engine.query(
            key,
            fetch,
            topics=TOPICS,
            keep=_value_type if as_of is None else None,
            once=as_of is not None,
            least=LEAST_SECONDS,
        )
        query.changed.connect(lambda: self._answered(query))
        return query

    @property
    def currency(self) -> str:
        """What money is counted in; empty while it is not known."""
        return self.figures.currency if self.figures is not None else ""

    @property
    def quality(self) -> Quality:
        """Of the figures that are shown."""
        query = self.query()
        if self._engine.link.state is LinkState.DOWN:
            return Quality.DISCONNECTED
        return query.quality if query.sample is not None else Quality.STALE

    @property
    def elapsed(self) -> float | None:
        """Seconds since the shown figures were received; ``None`` before there is an answer."""
        return self.query().age_seconds

    def drill(self, link: str) -> Drill:
        """The rows behind a figure. Raises ValueError for an address that is no list."""
        from app.dashboard.drill import Drill

        return Drill(link, lambda: self._engine.client)

    def _answered(self, query: Query[OperationsDashboard]) -> None:
        sample = query.sample
        if sample is None or query is not self.query():
            return
        from app.dashboard.figures import from_dashboard

        me = self._engine.session.me
        self.figures = from_dashboard(
            sample.value,
            self._alerts(),
            received_at=sample.received_at.timestamp(),
            environment=self._engine.environment,
            user=me.name if me else "",
            past=self._engine.time.as_of is not None,
        )
        self.changed.emit()
        self.keep()

    def follow(self, alerts: Callable[[], Sequence[Alert]]) -> Callable[[], None]:
        """Show what becomes of ``alerts``, of the instant that is looked at, as soon as what is returned is called.

        What is on its way to the server is in them, and in the tiles with them.
        """
        self._alerts = alerts
        return lambda: self._answered(self.query())

    def keep(self, *, force: bool = False) -> None:
        """Write the first picture of the next run, now and then and at the end; a past instant is none."""
        sample, figures = self.query().raw, self.figures
        if self._engine.time.as_of is not None or figures is None or sample is None or sample.received_mono is None:
            return
        now = self._engine.clock.monotonic()
        if sample is self._painted or not (force or now - self._painted_mono >= PAINT_SECONDS):
            return
        self._painted, self._painted_mono = sample, now
        self._engine.snapshot.put(PAINT_KEY, figures.to_json(), sample.as_of, sample.received_at)

    def forget_user(self) -> None:
        """Who was signed in has left: their name is not painted first any more. The tiles, with their age, are."""
        if self.first is not None:
            self.first = replace(self.first, user="")
        if self.figures is None:
            return
        self.figures = replace(self.figures, user="")
        if not self.figures.past:
            as_of, received = (datetime.fromtimestamp(at, UTC) for at in (self.figures.as_of, self.figures.received_at))
            self._engine.snapshot.put(PAINT_KEY, self.figures.to_json(), as_of, received)
        self.changed.emit()

    def _time_changed(self) -> None:
        query, as_of = self.query(), self._engine.time.as_of
        if query.sample is not None:
            self._answered(query)
        elif as_of is not None and self.figures is not None and not self.figures.of(as_of):
            self.figures = self.figures.unknown_at(as_of)
            self.changed.emit()

    def _settled(self, *_: object) -> None:
        self._engine.queries.invalidate(Topic.DASHBOARD)


def _value_type() -> type[OperationsDashboard]:
    from models.dashboard import OperationsDashboard

    return OperationsDashboard
