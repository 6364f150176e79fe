"""The last answers of queries: kept in the snapshot, and shown in the next run until its first answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from app.core.query import Query, Sample
from app.core.snapshot import read

if TYPE_CHECKING:
    from app.core.clock import Clock
    from app.core.snapshot import Kept, Snapshot
    from app.core.tasks import Tasks

T = TypeVar("T")

KEEP_SECONDS = 10.0
"""Least seconds between two writes of one query; what came last is written at the end."""


@dataclass(slots=True)
class _Entry:
    query: Query[Any]
    value_type: Callable[[], Any]
    written: Sample[Any] | None = None
    written_mono: float = -KEEP_SECONDS


class KeptSamples:
    """Writes what queries that are to be kept answer, and gives them what an earlier run wrote."""

    def __init__(self, snapshot: Snapshot, clock: Clock, tasks: Tasks) -> None:
        self._snapshot, self._clock, self._tasks = snapshot, clock, tasks
        self._entries: dict[str, _Entry] = {}
        self._started = False

    def add(self, query: Query[T], value_type: Callable[[], type[T]]) -> None:
        """Keep a query from now on; ``value_type`` is called once something is read or written."""
        entry = self._entries[query.key] = _Entry(query, value_type)
        query.changed.connect(lambda: self._keep(entry))
        if self._started:
            self._tasks.start(self._seed([entry]), name=f"last sample of {query.key}")

    async def start(self) -> None:
        """Show what was kept for the queries known so far; for those that follow, as they come."""
        self._started = True
        await self._seed(list(self._entries.values()))

    def close(self) -> None:
        """Keep the newest answer of each."""
        for entry in self._entries.values():
            self._keep(entry, force=True)

    def _keep(self, entry: _Entry, *, force: bool = False) -> None:
        sample = entry.query.raw
        if sample is None or sample is entry.written or sample.received_mono is None:
            return
        now = self._clock.monotonic()
        if not force and now - entry.written_mono < KEEP_SECONDS:
            return
        from pydantic import TypeAdapter

        entry.written, entry.written_mono = sample, now
        text = TypeAdapter(entry.value_type()).dump_json(sample.value, by_alias=True).decode()
        self._snapshot.put(entry.query.key, text, sample.as_of, sample.received_at)

    async def _seed(self, entries: Sequence[_Entry]) -> None:
        path, keys = self._snapshot.path, [entry.query.key for entry in entries]
        found = await asyncio.to_thread(lambda: [read(path, key) for key in keys])
        for entry, kept in zip(entries, found, strict=True):
            if kept is not None and entry.query.sample is None:
                _show(entry, kept)


def _show(entry: _Entry, kept: Kept) -> None:
    """What does not fit any more is ignored."""
    from pydantic import TypeAdapter, ValidationError

    with contextlib.suppress(ValidationError, OverflowError, OSError, ValueError):
        value = TypeAdapter(entry.value_type()).validate_json(kept.text)
        as_of = datetime.fromtimestamp(kept.as_of, UTC)
        received = datetime.fromtimestamp(kept.received_at, UTC)
        entry.query.seed(Sample(value, as_of, received, None))
