"""How much waits for the signed-in, whatever they look at: what a workspace's badge says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.core.signals import Signal
from app.core.timeframe import NOT_KEPT
from models.core.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.console import Console
    from app.core.query import Query, Watch


class BadgeCount:
    """A count over a query, kept up to date for as long as the signed-in may do what waits."""

    changed = Signal()

    def __init__(
        self, console: Console, query: Query[Any], permission: str, count: Callable[[Any], int], one: str, more: str
    ) -> None:
        """``one`` and ``more`` say what it counts: ``approval waits for you``, ``approvals wait for you``."""
        self._console, self._query, self._permission = console, query, permission
        self._count, self._one, self._more = count, one, more
        self._watch: Watch | None = None
        query.changed.connect(self._heard)
        console.session.changed.connect(self._may_changed)
        console.time.changed.connect(self._may_changed)
        self._may_changed()

    @property
    def count(self) -> int | None:
        """How many; 0 also while it is not known or none of their business, ``None`` while a past instant is shown."""
        if self._console.time.as_of is not None:
            return None if self._console.session.may(self._permission) else 0
        sample = self._query.sample
        return self._count(sample.value) if sample is not None and self._watch is not None else 0

    @property
    def words(self) -> str:
        """``2 approvals wait for you``; empty when nothing does."""
        count = self.count
        return NOT_KEPT if count is None else counted(count, self._one, self._more) if count else ""

    def close(self) -> None:
        """Stop asking."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _may_changed(self) -> None:
        if not self._console.session.may(self._permission) or self._console.time.as_of is not None:
            self.close()
        elif self._watch is None:
            self._watch = self._query.watch(shown=False)
        self.changed.emit()

    def _heard(self) -> None:
        self.changed.emit()
