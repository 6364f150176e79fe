"""What queries answered last, in SQLite, so that the console opens at once and is readable without the server.

The tiles of the first picture are kept as they are: they are painted before a keyring could be asked, and figures of a
whole shop are nobody's personal data. All else is sealed with a key from the system's keyring where there is one.
The file has a limit; what was on a screen the longest time ago goes first.

Nothing that can be wrong with the file stops the console: what is lost is said once, in words, and everything goes on.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core import files
from app.core.clock import is_instant
from app.core.figure_set import FigureSet

if TYPE_CHECKING:
    from app.core.snapshot_seal import Seal

SCHEMA = 2
READABLE = frozenset({1, SCHEMA})
"""The first one knew neither seals nor when something was shown; it is brought up to date when it is written."""
PAINT_KEY = "paint"
READ_PATIENCE = 0.2
WRITE_PATIENCE = 2.0
LOCKED_TURNS_MOST = 3
MOST_BYTES = 32 * 1024 * 1024
"""Of all that is kept for one server."""
VALUE_MOST_BYTES = 4 * 1024 * 1024
"""Of one answer; a larger one is not kept, and the one before it stays."""

ONE_SEALED = "select key, text from sample where typeof(key) = 'text' and typeof(text) = 'blob' limit 1"
REMOVE_ODD = """
delete from sample where typeof(key) <> 'text' or typeof(text) not in ('text', 'blob')
    or typeof(as_of) not in ('real', 'integer') or typeof(received_at) not in ('real', 'integer')
"""
"""Rows that nobody of us wrote; no reader knows what to do with them."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """A sample as text, with when it was true and when it was received (epoch seconds)."""

    text: str
    as_of: float
    received_at: float


def snapshot_path(profile: Path, target: str) -> Path:
    """One file per server or data folder, so that figures of one are never shown for another."""
    import hashlib

    return profile / f"snapshot-{hashlib.sha256(target.encode()).hexdigest()[:12]}.db"


def read_first(path: Path) -> FigureSet | None:
    """The tiles to paint first, with the standard library only; ``None`` whatever is wrong with the file."""
    try:
        kept = _read(path, PAINT_KEY, None)
        return None if kept is None else FigureSet.from_json(kept.text)
    except (sqlite3.Error, OSError, ValueError):
        return None


def read(path: Path, key: str, seal: Seal | None = None) -> Kept | None:
    """What is kept under a key; ``None`` whatever is wrong."""
    try:
        return _read(path, key, seal)
    except (sqlite3.Error, OSError, ValueError):
        return None


def one_sealed(path: Path) -> tuple[str, bytes] | None:
    """The key of something that is sealed, and it; ``None`` when nothing is."""
    try:
        with contextlib.closing(_connect(path)) as db:
            return db.execute(ONE_SEALED).fetchone()  # type: ignore[no-any-return]
    except (sqlite3.Error, OSError):
        return None


def any_plain(path: Path) -> bool:
    """Whether anything besides the first picture is kept without a seal."""
    try:
        with contextlib.closing(_connect(path)) as db:
            found = db.execute("select 1 from sample where typeof(text) = 'text' and key <> ? limit 1", (PAINT_KEY,))
            return found.fetchone() is not None
    except (sqlite3.Error, OSError):
        return False


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=READ_PATIENCE)


def _read(path: Path, key: str, seal: Seal | None) -> Kept | None:
    with contextlib.closing(_connect(path)) as db:
        if db.execute("pragma user_version").fetchone()[0] not in READABLE:
            return None
        row = db.execute("select text, as_of, received_at from sample where key = ?", (key,)).fetchone()
    if row is None or (isinstance(row[0], bytes) and seal is None):
        return None
    text = seal.open(key, row[0]) if isinstance(row[0], bytes) and seal is not None else str(row[0])
    if not (is_instant(row[1]) and is_instant(row[2])):
        raise ValueError("its times are none")
    return Kept(text, row[1], row[2])


@dataclass(frozen=True, slots=True)
class _Value:
    text: str | Callable[[], str]
    as_of: float
    received_at: float


@dataclass(slots=True)
class _Work:
    """What waits to be written."""

    forget: bool = False
    """Everything but the first picture, before anything else."""
    values: dict[str, _Value] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)
    """When the value of a key was last on a screen (epoch seconds)."""

    def __bool__(self) -> bool:
        return self.forget or bool(self.values) or bool(self.shown)

    def then(self, later: _Work) -> _Work:
        """Both, the later one upon this."""
        if later.forget:
            pictures = {key: value for key, value in self.values.items() if key == PAINT_KEY}
            return _Work(True, pictures | later.values, later.shown)
        return _Work(self.forget, self.values | later.values, self.shown | later.shown)


class Snapshot:
    """Writes samples on one thread. ``say`` is called from that thread with what was lost."""

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        self.path = path
        self.seal: Seal | None = None
        """With what everything but the first picture is sealed; ``None``: it is kept as it is."""
        self._say = say
        self._wanted = _Work()
        self._lock = threading.Lock()
        self._wake: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._given_up = False
        self._complained = ""
        self._locked_turns = 0

    def put(
        self,
        key: str,
        text: str | Callable[[], str],
        as_of: datetime,
        received_at: datetime,
        shown_at: datetime | None = None,
    ) -> None:
        """Keep a sample; returns at once. A newer one of the same key replaces one that still waits.

        ``text`` may be a function, which is called on the writer's thread; ``shown_at`` as for ``touch``.
        """
        shown = {key: shown_at.timestamp()} if shown_at is not None else {}
        self._want(_Work(values={key: _Value(text, as_of.timestamp(), received_at.timestamp())}, shown=shown))

    def touch(self, key: str, shown_at: datetime) -> None:
        """What is kept under a key was on a screen at that instant."""
        self._want(_Work(shown={key: shown_at.timestamp()}))

    def forget(self) -> None:
        """Remove everything but the first picture, so that nothing of it is left in the file."""
        self._want(_Work(forget=True))

    def close(self) -> None:
        """Write what waits, briefly, and end."""
        if self._thread is not None:
            self._wake.put(False)
            self._thread.join(WRITE_PATIENCE + 1)
            self._thread = None

    def _want(self, work: _Work) -> None:
        if self._given_up:
            return
        with self._lock:
            self._wanted = self._wanted.then(work)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="snapshot", daemon=True)
            self._thread.start()
        self._wake.put(True)

    def _work(self) -> None:
        going_on = True
        while going_on:
            going_on = self._wake.get()
            with self._lock:
                wanted, self._wanted = self._wanted, _Work()
            if wanted and not self._given_up:
                self._write(wanted)

    def _write(self, wanted: _Work) -> None:
        try:
            self._write_once(wanted)
        except sqlite3.DatabaseError as error:
            self._troubled(error, wanted)
        except OSError as error:
            self._complain(f"The last picture cannot be kept: {error.strerror or error}. The console goes on without.")
        except Exception as error:
            # A mistake of ours: it costs what was to be written now, never the thread that writes.
            log.exception("the snapshot is not written")
            self._complain(f"The last picture cannot be kept: {error}. The console goes on without.")
        else:
            self._complained, self._locked_turns = "", 0

    def _write_once(self, wanted: _Work) -> None:
        import sqlite_utils

        rows = self._rows(wanted)
        files.make_folder(self.path.parent)
        files.keep_private(self.path)
        connection = sqlite3.connect(self.path, timeout=WRITE_PATIENCE)
        try:
            connection.text_factory = lambda raw: raw.decode(errors="replace")
            # What is removed, and what is sealed now and was not, is not to be found in the file any more.
            connection.execute("pragma secure_delete = on")
            # At once the writer's lock: taken later, after a read, another console's write would refuse it.
            connection.execute("begin immediate")
            version = connection.execute("pragma user_version").fetchone()[0]
            if version > SCHEMA:
                self._given_up = True
                self._complain(
                    "The snapshot was written by a newer opsconsole and is left as it is. "
                    "Figures of this session are not kept; update opsconsole to keep them."
                )
                return
            db: Any = sqlite_utils.Database(connection)
            with connection:
                if version < SCHEMA:
                    _bring_up_to_date(connection, db)
                connection.execute(REMOVE_ODD)
                if wanted.forget:
                    connection.execute("delete from sample where key <> ?", (PAINT_KEY,))
                self._seal_the_plain(connection)
                db["sample"].upsert_all(rows, pk="key")
                connection.executemany(
                    "update sample set shown_at = max(shown_at, ?) where key = ?",
                    [(shown_at, key) for key, shown_at in wanted.shown.items()],
                )
                _make_room(connection)
        finally:
            connection.close()

    def _rows(self, wanted: _Work) -> list[dict[str, Any]]:
        rows = []
        for key, value in wanted.values.items():
            try:
                text = value.text if isinstance(value.text, str) else value.text()
            except Exception:
                # A mistake of ours: it costs this answer, never the others.
                log.exception("%s is not kept", key)
                continue
            if len(text) <= VALUE_MOST_BYTES:
                rows.append(
                    {
                        "key": key,
                        "text": text if self.seal is None or key == PAINT_KEY else self.seal.close(key, text),
                        "as_of": value.as_of,
                        "received_at": value.received_at,
                    }
                )
        return rows

    def _seal_the_plain(self, connection: sqlite3.Connection) -> None:
        """What an earlier run kept without a keyring."""
        if self.seal is None:
            return
        plain = connection.execute(
            "select key, text from sample where typeof(text) = 'text' and key <> ?", (PAINT_KEY,)
        ).fetchall()
        connection.executemany(
            "update sample set text = ? where key = ?", [(self.seal.close(key, text), key) for key, text in plain]
        )

    def _troubled(self, error: sqlite3.DatabaseError, wanted: _Work) -> None:
        words = str(error)
        if "locked" in words or "busy" in words:
            # Another console is writing the same picture: keep this one for the next turn, unless a newer one waits.
            with self._lock:
                self._wanted = wanted.then(self._wanted)
            self._locked_turns += 1
            if self._locked_turns == LOCKED_TURNS_MOST:
                self._complain("Another program holds the snapshot: figures are kept once it lets go.")
        elif "readonly" in words or "read-only" in words:
            self._complain(f"The snapshot {self.path} is read-only: figures of this session are not kept.")
        elif "full" in words:
            self._complain("The disk is full: the last picture is not kept. The console goes on without.")
        elif "not a database" in words or "malformed" in words or "no such" in words or "has no column" in words:
            aside = self.path.with_name(f"{self.path.name}.{datetime.now(UTC):%Y%m%d-%H%M%S}.broken")
            try:
                self.path.replace(aside)
                self._write_once(wanted)
            except (OSError, sqlite3.Error) as again:
                self._complain(f"The snapshot is damaged and could not be replaced: {again}.")
            else:
                self._complain(f"The snapshot was damaged; it was set aside as {aside.name} and begun anew.")
        else:
            self._complain(f"The last picture cannot be kept: {words}. The console goes on without.")

    def _complain(self, words: str) -> None:
        if words != self._complained:
            self._complained = words
            self._say(words)


def _bring_up_to_date(connection: sqlite3.Connection, db: Any) -> None:
    columns = {"key": str, "text": str, "as_of": float, "received_at": float}
    db["sample"].create(columns, pk="key", if_not_exists=True)
    if "shown_at" not in db["sample"].columns_dict:
        connection.execute("alter table sample add column shown_at float not null default 0")
    connection.execute(f"pragma user_version = {SCHEMA}")


def _make_room(connection: sqlite3.Connection) -> None:
    """Remove what was shown the longest time ago until the rest fits; the first picture always stays."""
    pages, free, size = (
        connection.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    if (pages - free) * size <= MOST_BYTES:
        return
    connection.execute(
        """
        delete from sample where key in (
            select key from (
                select key, sum(length(text)) over (
                    order by key = ? desc, shown_at desc, received_at desc, key
                ) as so_far from sample
            ) where so_far > ? and key <> ?
        )
        """,
        (PAINT_KEY, MOST_BYTES, PAINT_KEY),
    )
