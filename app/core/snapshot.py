"""The last good picture, in SQLite, so that the console opens at once and is readable without the server.

Nothing that can be wrong with the file stops the console: what is lost is said once, in words, and everything goes on.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.core import files
from app.core.figure_set import FigureSet

SCHEMA = 1
PAINT_KEY = "paint"
READ_PATIENCE = 0.2
WRITE_PATIENCE = 2.0
LOCKED_TURNS_MOST = 3


@dataclass(frozen=True, slots=True)
class Kept:
    """A sample as text, with when it was true and when it was received (epoch seconds)."""

    text: str
    as_of: float
    received_at: float


def snapshot_path(profile: Path, place: str) -> Path:
    """One file per server or data folder, so that figures of one are never shown for another."""
    import hashlib

    return profile / f"snapshot-{hashlib.sha256(place.encode()).hexdigest()[:12]}.db"


def read_first(path: Path) -> FigureSet | None:
    """The tiles to paint first, with the standard library only; ``None`` whatever is wrong with the file."""
    try:
        kept = _read(path, PAINT_KEY)
        return None if kept is None else FigureSet.from_json(kept.text)
    except (sqlite3.Error, OSError, ValueError, KeyError, TypeError):
        return None


def read(path: Path, key: str) -> Kept | None:
    """What is kept under a key; ``None`` whatever is wrong."""
    try:
        return _read(path, key)
    except (sqlite3.Error, OSError):
        return None


def _read(path: Path, key: str) -> Kept | None:
    with contextlib.closing(
        sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=READ_PATIENCE)
    ) as db:
        if db.execute("pragma user_version").fetchone()[0] != SCHEMA:
            return None
        row = db.execute("select text, as_of, received_at from sample where key = ?", (key,)).fetchone()
    return None if row is None else Kept(str(row[0]), float(row[1]), float(row[2]))


class Snapshot:
    """Writes samples on one thread. ``say`` is called from that thread with what was lost."""

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        self.path = path
        self._say = say
        self._wanted: dict[str, Kept] = {}
        self._lock = threading.Lock()
        self._wake: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._given_up = False
        self._complained = ""
        self._locked_turns = 0

    def put(self, key: str, text: str, as_of: datetime, received_at: datetime) -> None:
        """Keep a sample; returns at once. A newer one of the same key replaces one that still waits."""
        if self._given_up:
            return
        with self._lock:
            self._wanted[key] = Kept(text, as_of.timestamp(), received_at.timestamp())
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="snapshot", daemon=True)
            self._thread.start()
        self._wake.put(True)

    def close(self) -> None:
        """Write what waits, briefly, and end."""
        if self._thread is not None:
            self._wake.put(False)
            self._thread.join(WRITE_PATIENCE + 1)
            self._thread = None

    def _work(self) -> None:
        going_on = True
        while going_on:
            going_on = self._wake.get()
            with self._lock:
                wanted, self._wanted = self._wanted, {}
            if wanted and not self._given_up:
                self._write(wanted)

    def _write(self, wanted: dict[str, Kept]) -> None:
        try:
            self._write_once(wanted)
        except sqlite3.DatabaseError as error:
            self._troubled(error, wanted)
        except OSError as error:
            self._complain(f"The last picture cannot be kept: {error.strerror or error}. The console goes on without.")
        else:
            self._complained, self._locked_turns = "", 0

    def _write_once(self, wanted: dict[str, Kept]) -> None:
        import sqlite_utils

        files.make_folder(self.path.parent)
        connection = sqlite3.connect(self.path, timeout=WRITE_PATIENCE)
        try:
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
                if version == 0:
                    columns = {"key": str, "text": str, "as_of": float, "received_at": float}
                    db["sample"].create(columns, pk="key", if_not_exists=True)
                    connection.execute(f"pragma user_version = {SCHEMA}")
                rows = [
                    {"key": key, "text": kept.text, "as_of": kept.as_of, "received_at": kept.received_at}
                    for key, kept in wanted.items()
                ]
                db["sample"].upsert_all(rows, pk="key")
        finally:
            connection.close()

    def _troubled(self, error: sqlite3.DatabaseError, wanted: dict[str, Kept]) -> None:
        words = str(error)
        if "locked" in words or "busy" in words:
            # Another console is writing the same picture: keep this one for the next turn, unless a newer one waits.
            with self._lock:
                self._wanted = wanted | self._wanted
            self._locked_turns += 1
            if self._locked_turns == LOCKED_TURNS_MOST:
                self._complain("Another program holds the snapshot: figures are kept once it lets go.")
        elif "readonly" in words or "read-only" in words:
            self._complain(f"The snapshot {self.path} is read-only: figures of this session are not kept.")
        elif "full" in words:
            self._complain("The disk is full: the last picture is not kept. The console goes on without.")
        elif "not a database" in words or "malformed" in words or "no such" in words:
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
