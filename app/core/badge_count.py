"""How much waits for the signed-in, whatever they look at: what a workspace's badge says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.signals import Signal
from app.core.timeframe import NOT_KEPT
from models.core.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.capability import BadgeSpec, Engine
    from app.core.http_client import OperationsClient
    from app.core.query import Query, Watch
    from models.core.counts import Counts
    from models.core.topics import Topic


def counts_query(engine: Engine, topics: frozenset[Topic]) -> Query[Counts]:
    """All that is counted, in one answer; ``topics`` are those of every badge."""

    async def ask(client: OperationsClient) -> Counts:
        from models.core.counts import Counts

        return await client.get("/api/operations/counts", Counts)

    return engine.record("counts", topics, ask, keep=_value_type)


def _value_type() -> type[Counts]:
    from models.core.counts import Counts

    return Counts


class BadgeCount:
    """Some of what is counted, kept up to date for as long as the signed-in may do what waits."""

    changed = Signal()

    def __init__(self, engine: Engine, query: Query[Counts], badges: Sequence[BadgeSpec]) -> None:
        self._session, self._time, self._query, self._badges = engine.session, engine.time, query, tuple(badges)
        self._watch: Watch | None = None
        query.changed.connect(self._count_changed)
        self._session.changed.connect(self._may_changed)
        self._time.changed.connect(self._may_changed)
        self._may_changed()

    @property
    def count(self) -> int | None:
        """How many; 0 also while it is not known or none of their business, ``None`` while a past instant is shown."""
        if self._time.as_of is not None:
            return None if self._mine() else 0
        return sum(count for _, count in self._counts())

    @property
    def words(self) -> str:
        """``2 approvals wait for you``; empty when nothing does."""
        if self.count is None:
            return NOT_KEPT
        return ", ".join(counted(count, badge.one, badge.more) for badge, count in self._counts() if count)

    def close(self) -> None:
        """Stop asking."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _mine(self) -> list[BadgeSpec]:
        return [badge for badge in self._badges if self._session.may(badge.permission)]

    def _counts(self) -> list[tuple[BadgeSpec, int]]:
        sample = self._query.sample
        if sample is None or self._watch is None:
            return []
        return [(badge, sample.value.counts.get(badge.key, 0)) for badge in self._mine()]

    def _may_changed(self) -> None:
        if not self._mine() or self._time.as_of is not None:
            self.close()
        elif self._watch is None:
            self._watch = self._query.watch(shown=False)
        self.changed.emit()

    def _count_changed(self) -> None:
        self.changed.emit()
