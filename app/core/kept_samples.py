"""The last answers of queries: kept in the snapshot, and shown in the next run until its first answer.

Personal data of customers is left out of whatever is kept, by the marks of the contract (``models.core.personal``).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from app.core.query import Query, Sample
from app.core.snapshot import any_plain, one_sealed, read

if TYPE_CHECKING:
    from app.core.clock import Clock
    from app.core.session import Keyring
    from app.core.snapshot import Kept, Snapshot
    from app.core.tasks import Tasks

T = TypeVar("T")

KEEP_SECONDS = 10.0
"""Least seconds between two writes of one answer; what came last is written at the end."""
UNSEALED = (
    "No system keyring ({}): what can be read without the server is kept on this computer unencrypted, "
    "personal data of customers left out."
)
LOST_KEY = (
    "What was kept to be read without the server is sealed with another key than the one in the system's keyring; "
    "it was removed and is kept anew."
)


@dataclass(frozen=True, slots=True)
class Keep:
    """How an answer is kept that is not a record, or records, already."""

    value_type: Callable[[], Any]
    """Type of what is kept: records of the contract, or tuples of them."""
    pack: Callable[[Any], Any | None]
    """From the answer what is kept of it; ``None``: nothing."""
    unpack: Callable[[Any], Any]
    """And back."""


@dataclass(slots=True)
class _Entry:
    key: str
    value_type: Callable[[], Any]
    latest: Sample[Any] | None = None
    written: Sample[Any] | None = None
    written_mono: float = -KEEP_SECONDS
    query: Query[Any] | None = None
    keep: Keep | None = None


class KeptSamples:
    """Writes what queries that are to be kept answer, and gives them what an earlier run wrote."""

    def __init__(
        self,
        snapshot: Snapshot,
        clock: Clock,
        tasks: Tasks,
        *,
        keyring: Keyring,
        target: str,
        say: Callable[[str], None],
    ) -> None:
        """``target`` names the server in the keyring; ``say`` is told once how things are kept, where it matters."""
        self._snapshot, self._clock, self._tasks = snapshot, clock, tasks
        self._keyring, self._target, self._say = keyring, target, say
        self._entries: dict[str, _Entry] = {}
        self._opened = asyncio.Event()

    def add(self, query: Query[T], keep: Callable[[], type[T]] | Keep) -> None:
        """Keep a query from now on; its value's type is asked for once something is read or written."""
        how = keep if isinstance(keep, Keep) else None
        entry = _Entry(query.key, how.value_type if how is not None else keep, query=query, keep=how)  # type: ignore[arg-type]
        self._entries[query.key] = entry
        query.changed.connect(lambda: self._store(entry, query.raw))
        if self._opened.is_set():
            self._tasks.start(self._seed([entry]), name=f"last sample of {query.key}")

    def put(self, key: str, value_type: Callable[[], type[T]], sample: Sample[T], *, shown: bool = True) -> None:
        """Keep an answer that is no query's; ``shown``: it stands on a screen."""
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(key, value_type)
        self._store(entry, sample, shown_at=self._clock.now() if shown else None)

    async def get(self, key: str, value_type: Callable[[], type[T]]) -> Sample[T] | None:
        """What is kept under a key, once it is known how it is sealed; shown, if it is asked for."""
        await self._opened.wait()
        kept = await asyncio.to_thread(read, self._snapshot.path, key, self._snapshot.seal)
        if kept is None:
            return None
        self._snapshot.touch(key, self._clock.now())
        return _sample(kept, value_type())

    async def start(self) -> None:
        """Find the key, and show what was kept for the queries known so far; for those that follow, as they come."""
        if not self._opened.is_set():
            await self._find_key()
            self._opened.set()
        await self._seed(list(self._entries.values()))
        for entry in self._entries.values():
            self._store(entry, entry.latest)

    def forget(self) -> None:
        """Remove all that is kept: somebody signed out, or somebody else signed in."""
        self._snapshot.forget()
        for entry in self._entries.values():
            entry.latest = entry.written = None
            if entry.query is not None:
                entry.query.forget_seed()

    def close(self) -> None:
        """Keep the newest answer of each, and remember which were on the screen; what is added later is not read."""
        for entry in self._entries.values():
            self._store(entry, entry.latest, force=True)
            if entry.query is not None and (shown_at := entry.query.shown_at) is not None:
                self._snapshot.touch(entry.key, shown_at)
        self._opened.clear()

    async def _find_key(self) -> None:
        from app.core.snapshot_seal import seal_of

        path = self._snapshot.path
        sealed = await asyncio.to_thread(one_sealed, path)
        try:
            seal = await seal_of(self._keyring, self._target)
        except OSError as error:
            if not await asyncio.to_thread(any_plain, path):  # else it was said when that was kept
                self._say(UNSEALED.format(str(error).partition(". ")[0]))
            return
        if sealed is not None:
            try:
                seal.open(*sealed)
            except ValueError:
                self._snapshot.forget()
                self._say(LOST_KEY)
        self._snapshot.seal = seal

    def _store(
        self, entry: _Entry, sample: Sample[Any] | None, *, force: bool = False, shown_at: datetime | None = None
    ) -> None:
        if sample is None or sample.received_mono is None:
            return
        entry.latest = sample
        if sample is entry.written or not self._opened.is_set():
            return
        now = self._clock.monotonic()
        if not force and now - entry.written_mono < KEEP_SECONDS:
            return
        value = sample.value if entry.keep is None else entry.keep.pack(sample.value)
        entry.written, entry.written_mono = sample, now
        if value is not None:
            # On the writer's thread: an answer may be large, and is never changed.
            text = lambda: _text(value, entry.value_type())  # noqa: E731 - one use
            shown_at = entry.query.shown_at if entry.query is not None else shown_at
            self._snapshot.put(entry.key, text, sample.as_of, sample.received_at, shown_at)
        if entry.query is None:
            entry.latest = entry.written = None  # a long day reads many cases

    async def _seed(self, entries: Sequence[_Entry]) -> None:
        wanted = [(entry, entry.query) for entry in entries if entry.query is not None and entry.query.sample is None]
        path, seal = self._snapshot.path, self._snapshot.seal
        found = await asyncio.to_thread(lambda: [read(path, entry.key, seal) for entry, _ in wanted])
        for (entry, query), kept in zip(wanted, found, strict=True):
            sample = None if kept is None else _sample(kept, entry.value_type())
            if sample is not None:
                value = sample.value if entry.keep is None else entry.keep.unpack(sample.value)
                query.seed(Sample(value, sample.as_of, sample.received_at, None))


@cache
def _adapter(value_type: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(value_type)


def _text(value: Any, value_type: Any) -> str:
    from models.core.personal import without_personal

    text: bytes = _adapter(value_type).dump_json(without_personal(value), by_alias=True)
    return text.decode()


def _sample(kept: Kept, value_type: Any) -> Sample[Any] | None:
    """What does not fit any more is ignored."""
    from pydantic import ValidationError

    with contextlib.suppress(ValidationError, OverflowError, OSError, ValueError):
        value = _adapter(value_type).validate_json(kept.text)
        as_of, received = (datetime.fromtimestamp(at, UTC) for at in (kept.as_of, kept.received_at))
        return Sample(value, as_of, received, None)
    return None
