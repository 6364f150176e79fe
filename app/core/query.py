"""Everything a panel shows comes out of a Query: one immutable sample, with its quality, kept fresh while watched."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from app.core.backoff import pause
from app.core.clock import Clock
from app.core.errors import OperationsError
from app.core.freshness import Quality
from app.core.signals import Signal
from app.core.tasks import Tasks

if TYPE_CHECKING:
    from models.core.topics import Topic

T = TypeVar("T")

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
LATE_AFTER = 2.5
"""Poll intervals without an answer after which a sample is late …"""
LIVE_FACTOR = 3.0
"""While the live stream is connected, queries poll so much more slowly."""
LEAST_SECONDS = 1.0
"""Between two answers to what the live stream says: a thousand changes are one question."""
STALE_AFTER = 6.0
"""… and after which it is stale."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 5.0
"""While the link is down somebody tries this often, so that a returning server is noticed within one poll."""
LONGEST_REST = 60.0
"""A server that asks to be left alone is, up to this long."""


@dataclass(frozen=True, slots=True)
class Sample(Generic[T]):
    """One answer."""

    value: T
    as_of: datetime
    """Server's clock."""
    received_at: datetime
    """This computer's wall clock."""
    received_mono: float | None
    """This process's own clock; ``None`` for a sample of an earlier run."""
    degraded: bool = False
    """The server repeats an earlier answer."""


class Watch:
    """Somebody looks at a query. Only while a visible watch is open does the query ask the server."""

    def __init__(self, query: Query[Any], *, visible: bool, shown: bool = True) -> None:
        self._query: Query[Any] | None = query
        self.visible = visible
        self.shown = shown
        """Whether the answer itself stands on the screen, so that its age is one of what is seen."""

    def set_visible(self, visible: bool) -> None:
        """An operator can see it, or no longer."""
        if self._query is not None and visible != self.visible:
            self.visible = visible
            self._query.watches_changed()

    def close(self) -> None:
        """Stop watching."""
        if self._query is not None:
            query, self._query = self._query, None
            query.unwatch(self)


class Query(Generic[T]):
    """A key, a way to fetch, and the newest sample. Panels connect to ``changed`` and read the rest."""

    changed = Signal()

    def __init__(
        self,
        key: str,
        fetch: Callable[[], Awaitable[Sample[T]]],
        *,
        clock: Clock,
        tasks: Tasks,
        gate: asyncio.Event,
        poll: float = POLL_SECONDS,
        topics: frozenset[Topic] = frozenset(),
        title: str = "",
        once: bool = False,
        overlaid: Callable[[frozenset[Topic], T], T] | None = None,
        least: float = LEAST_SECONDS,
    ) -> None:
        """Nothing is fetched before ``gate`` is set; ``topics`` invalidate what is known.

        ``once`` is for answers that do not change by themselves (a past instant).
        """
        self.key = key
        self.title = title or key
        self.topics = topics
        self.sample: Sample[T] | None = None
        """The newest answer, with what is on its way to the server already in it."""
        self.raw: Sample[T] | None = None
        """The newest answer as it came."""
        self._overlaid = overlaid
        self._least = least
        self.error: OperationsError | None = None
        self.pace: float | None = None
        """Seconds between two polls whatever the live stream tells; ``None``: as usual."""
        self.loading = False
        self._fetch = fetch
        self._clock = clock
        self._tasks = tasks
        self._gate = gate
        self._poll = poll
        self._once = once
        self._watches: list[Watch] = []
        self._fetching: asyncio.Task[None] | None = None
        self._loop: asyncio.Task[None] | None = None
        self._failures = 0
        self._outdated = False
        self._turn = 0
        self._on_screen = False
        self._shown_at: datetime | None = None
        self._live = self._was_live = False
        self._woken_mono = -1e9
        self._wake = asyncio.Event()

    # --- what panels read --------------------------------------------------------------------------------------

    @property
    def age_seconds(self) -> float | None:
        """Since the sample was received; ``None`` without one. Never negative, whatever the wall clock does."""
        sample = self.sample
        if sample is None:
            return None
        if sample.received_mono is not None:
            return max(0.0, self._clock.monotonic() - sample.received_mono)
        return max(0.0, (self._clock.now() - sample.received_at).total_seconds())

    @property
    def quality(self) -> Quality:
        """How much the sample can be trusted, by this process's own clock."""
        age = self.age_seconds
        if self.sample is None or age is None:
            return Quality.DISCONNECTED if self.error is not None and self.error.lost_link else Quality.STALE
        if self.error is not None and self.error.lost_link:
            return Quality.DISCONNECTED
        if self._once and self.error is None and self.sample.received_mono is not None:
            return Quality.FRESH
        if self.sample.degraded or age > STALE_AFTER * self._slowest or self.sample.received_mono is None:
            return Quality.STALE
        return Quality.LATE if age > LATE_AFTER * self._slowest else Quality.FRESH

    # --- watching ----------------------------------------------------------------------------------------------

    def watch(self, *, visible: bool = True, shown: bool = True) -> Watch:
        """Start watching; ``shown`` is false for what only counts the answer."""
        watch = Watch(self, visible=visible, shown=shown)
        self._watches.append(watch)
        self.watches_changed()
        return watch

    def unwatch(self, watch: Watch) -> None:
        """Called by the watch."""
        if watch in self._watches:
            self._watches.remove(watch)
            self.watches_changed()

    @property
    def watched(self) -> bool:
        """Whether anything holds it, seen or not."""
        return bool(self._watches)

    @property
    def visible(self) -> bool:
        """Whether an operator can see it."""
        return any(watch.visible for watch in self._watches)

    @property
    def shown(self) -> bool:
        """Whether the answer stands on the screen."""
        return any(watch.visible and watch.shown for watch in self._watches)

    @property
    def shown_at(self) -> datetime | None:
        """When the answer last stood on the screen; ``None``: not in this run."""
        return self._clock.now() if self._on_screen else self._shown_at

    def set_live(self, *, live: bool) -> None:
        """While changes are told as they happen, polling only looks whether all is well."""
        self._was_live = self._live and not live
        self._live = live
        if self._was_live:
            self.invalidate()

    @property
    def interval(self) -> float:
        """Seconds between two polls."""
        if self.pace is not None:
            return self.pace
        return self._poll * LIVE_FACTOR if self._live else self._poll

    @property
    def _slowest(self) -> float:
        if self.pace is not None:
            return self.pace
        # A stream that broke a moment ago does not make what was polled slowly late at once.
        return self._poll * LIVE_FACTOR if self._live or self._was_live else self._poll

    def watches_changed(self) -> None:
        """Begin or end polling."""
        self._shown_at, self._on_screen = self.shown_at, self.shown
        if self.visible and self._loop is None and self._gate.is_set():
            self._loop = self._tasks.start(self._keep_fresh(), name=f"poll {self.key}")
        elif not self.visible and self._loop is not None:
            self._loop.cancel()
            self._loop = None

    async def _keep_fresh(self) -> None:
        if self._wake.is_set() or self._outdated or self.error is not None or self.quality is not Quality.FRESH:
            self._wake.clear()
            await self.refresh()
        while True:
            if self._once and self.error is None and self.sample is not None:
                await self._wake.wait()
            else:
                # Not wait_for: on Python 3.11 it swallows a cancellation in the moment the event is set.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause()):
                        await self._wake.wait()
            # Changes come in swarms: the first is answered at once, the rest together.
            if self._wake.is_set():
                await asyncio.sleep(max(0.0, self._least - (self._clock.monotonic() - self._woken_mono)))
                self._woken_mono = self._clock.monotonic()
            # What is invalidated from here on wakes the next turn: this turn's answer may be older than the change.
            self._wake.clear()
            if self._fetching is not None and not self._fetching.done():
                await asyncio.wait({self._fetching})
            await self.refresh()

    def _pause(self) -> float:
        if self._failures == 0:
            return self.interval
        asked_for = self.error.retry_after if self.error is not None else None
        return max(pause(self._failures, FIRST_PAUSE, LONGEST_PAUSE), min(asked_for or 0.0, LONGEST_REST))

    # --- fetching ----------------------------------------------------------------------------------------------

    def invalidate(self) -> None:
        """What is known is out of date: the seam the live stream uses. Fetches at once if somebody looks."""
        if self.visible:
            self._wake.set()
        else:
            self._outdated = True  # nobody looks: the next one who does asks first

    async def refresh(self) -> None:
        """Fetch now; everybody who asks meanwhile waits for the same answer. Errors are kept in ``error``."""
        if self._fetching is None or self._fetching.done():
            self._fetching = self._tasks.start(self._fetch_once(), name=f"fetch {self.key}")
        await asyncio.shield(self._fetching)

    async def _fetch_once(self) -> None:
        self.loading = True
        self._outdated = False  # what changes from here on may be missing from the answer
        turn = self._turn
        try:
            sample = await self._fetch()
        except OperationsError as error:
            self.error = error
            self._failures += 1
        except Exception:
            # A mistake of ours: it costs this answer, never the polling.
            log.exception("query %s failed", self.key)
            self.error = OperationsError("The answer could not be used; the log has the reason.")
            self._failures += 1
        else:
            self.error = None
            self._failures = 0
            self._was_live = False
            if turn == self._turn:  # else it was for somebody who has left meanwhile
                self.raw = sample  # fetches of one query never overlap, so this is the newest
                self._overlay()
        finally:
            self.loading = False
        self.changed.emit()

    def seed(self, sample: Sample[T]) -> None:
        """Show a sample of an earlier run until the first answer."""
        if self.sample is None:
            self.raw = sample
            self._overlay()
            self.changed.emit()

    def forget(self) -> None:
        """Show no answer any more: whom they were for has left."""
        self._turn += 1
        if self.raw is not None:
            self.raw = None
            self._overlay()
            self.changed.emit()

    def forget_seed(self) -> None:
        """Show the sample of an earlier run no longer."""
        if self.raw is not None and self.raw.received_mono is None:
            self.raw = None
            self._overlay()
            self.changed.emit()

    def reapply(self) -> None:
        """What is on its way to the server has changed: show it, and what it changes."""
        before = self.sample
        self._overlay()
        if self.sample is not before:
            self.changed.emit()

    def _overlay(self) -> None:
        raw = self.raw
        value = self._overlaid(self.topics, raw.value) if raw is not None and self._overlaid is not None else None
        self.sample = raw if raw is None or value is None or value is raw.value else replace(raw, value=value)

    def close(self) -> None:
        """End polling."""
        self._watches.clear()
        self.watches_changed()


class Queries:
    """All queries by key; identical ones are one."""

    def __init__(self) -> None:
        self._known: dict[str, Query[Any]] = {}
        self._live = False

    def get(self, key: str, make: Callable[[], Query[T]]) -> Query[T]:
        """The query of this key, made when it is new."""
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = make()
            found.set_live(live=self._live)
        return found

    def find(self, key: str) -> Query[Any] | None:
        """The query of this key, if there is one."""
        return self._known.get(key)

    def forget_unwatched(self, prefix: str) -> None:
        """Drop queries nobody watches, so that a long day of past instants does not fill the memory."""
        for key in [k for k, q in self._known.items() if k.startswith(prefix) and not q.watched]:
            del self._known[key]

    def forget_answers(self) -> None:
        """Whom they were for has left: whoever comes next is shown their own."""
        for query in list(self._known.values()):
            query.forget()

    def invalidate(self, topic: Topic) -> None:
        """Tell the queries of a topic that they are out of date."""
        for query in list(self._known.values()):
            if topic in query.topics:
                query.invalidate()

    def invalidate_all(self) -> None:
        """Tell every query that it is out of date."""
        for query in list(self._known.values()):
            query.invalidate()

    def set_live(self, *, live: bool) -> None:
        """The live stream is connected, or no longer."""
        self._live = live
        for query in self._known.values():
            query.set_live(live=live)

    def reapply(self, topics: frozenset[Topic]) -> None:
        """What is on its way to the server has changed for these topics."""
        for query in list(self._known.values()):
            if query.topics & topics:
                query.reapply()

    @property
    def visible_age(self) -> float | None:
        """Seconds since the oldest answer that an operator looks at was received; ``None`` when nothing is shown."""
        ages = (query.age_seconds for query in self._known.values() if query.shown)
        return max((age for age in ages if age is not None), default=None)

    @property
    def all_answered(self) -> bool:
        """Whether everything that an operator looks at has an answer of this run."""
        shown = [query.sample for query in self._known.values() if query.shown]
        return bool(shown) and all(sample is not None and sample.received_mono is not None for sample in shown)

    def resume(self) -> None:
        """The server is known now: begin polling what is visible."""
        for query in list(self._known.values()):
            query.watches_changed()

    def close(self) -> None:
        """End all polling."""
        for query in self._known.values():
            query.close()
        self._known.clear()
