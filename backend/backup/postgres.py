"""PostgreSQL's own tools, started as children that end with us and take no secret on their command line."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from backend.backup.errors import BackupError
from backend.core import processes
from backend.core.postgres_binaries import MAJOR, EmbeddedError, binaries

CONNECT_SECONDS = 10
LIMITS = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    # A migration that holds a table is waited for, but not for ever.
    "lock_timeout": "60s",
}


class Abort:
    """Ends what is going on in another thread: calls what was registered, and every later step refuses."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._ends: list[Callable[[], Any]] = []

    def __call__(self) -> None:
        """End it."""
        with self._lock:
            self._asked = True
            ends = list(self._ends)
        for end in ends:
            with contextlib.suppress(OSError, psycopg.Error):
                end()

    def check(self) -> None:
        """Raise BackupError when the end was asked for."""
        if self._asked:
            raise BackupError("it was stopped before it was done")

    @contextmanager
    def by(self, end: Callable[[], Any]) -> Iterator[None]:
        """While this is done, ``end`` ends it."""
        with self._lock:
            self._ends.append(end)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._ends.remove(end)


@contextmanager
def connect(url: str, abort: Abort | None = None) -> Iterator[psycopg.Connection[Any]]:
    """A connection as the login of ``url``, in autocommit mode, that may take its time. Raises psycopg.Error."""
    with psycopg.connect(
        make_conninfo(url, connect_timeout=CONNECT_SECONDS, application_name="opsconsole backup"), autocommit=True
    ) as connection:
        for name, limit in LIMITS.items():
            connection.execute("select set_config(%s, %s, false)", (name, limit))
        with contextlib.nullcontext() if abort is None else abort.by(connection.cancel):
            yield connection


def tool(name: str, server_version: int) -> str:
    """The path of ``pg_dump`` or ``pg_restore`` for a server (``180004``). Raises BackupError."""
    major = str(server_version // 10_000)
    ending = ".exe" if processes.WINDOWS else ""
    if major == MAJOR:
        with contextlib.suppress(EmbeddedError):
            own = binaries() / f"{name}{ending}"
            if own.is_file():
                return str(own)
    found = shutil.which(name)
    if found is not None:
        says = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.search(r"\) (\d+)", says)
        if version is not None and version[1] == major:
            return found
    raise BackupError(f"this server needs {name} of PostgreSQL {major}: install its client programs on the PATH")


def _environment(url: str) -> dict[str, str]:
    """The environment in which libpq connects to ``url``: other users may read command lines, not environments."""
    names = {each.keyword.decode(): each.envvar.decode() for each in pq.Conninfo.get_defaults() if each.envvar}
    given = {name: value for name, value in os.environ.items() if name.startswith("PG")}
    wanted = conninfo_to_dict(url, connect_timeout=CONNECT_SECONDS, application_name="opsconsole backup")
    return processes.clean_environment() | given | {names[k]: str(v) for k, v in wanted.items() if k in names}


@contextmanager
def running(
    arguments: Sequence[str], url: str, abort: Abort, *, feed: bool = False
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A tool at work on ``url``: the child, and its standard output or, with ``feed``, its standard input.

    Leaving the block waits for its end and raises BackupError with its last words when it failed. An exception in the
    block ends it at once.
    """
    with tempfile.TemporaryFile() as words:
        child = processes.spawn(
            arguments,
            last_signal=signal.SIGTERM,
            environment=_environment(url),
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            output=subprocess.DEVNULL if feed else subprocess.PIPE,
            errors=words,
        )
        pipe = child.stdin if feed else child.stdout
        assert pipe is not None  # noqa: S101 - asked for above
        try:
            with abort.by(child.kill):
                try:
                    yield child, pipe
                except BrokenPipeError:
                    # It ended before it had read everything; its words say why.
                    child.wait()
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
                code = child.wait()
                abort.check()
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
            with contextlib.suppress(OSError):
                pipe.close()
        if code != 0:
            words.seek(0)
            raise BackupError(f"{Path(arguments[0]).stem}: {last_words(words.read())}")


def last_words(output: bytes) -> str:
    """The last three lines of what a program said."""
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    return " ".join(lines[-3:]) or "it failed and left no word"
