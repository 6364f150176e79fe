"""Everything that differs between Linux, macOS and Windows about processes, locks and owners."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

WINDOWS = sys.platform == "win32"
LINUX = sys.platform.startswith("linux")

_SYSTEM_USER = "opsconsole"


class LockTaken(Exception):  # noqa: N818 - it states a condition, not a mistake
    """Another process holds the lock."""


class FileLock:
    """An exclusive lock for the life of this process; the kernel frees it, however the process ends."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("a+")
        try:
            if sys.platform == "win32":
                import msvcrt

                self._file.seek(0)
                msvcrt.locking(self._file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise LockTaken(str(path)) from error

    def release(self) -> None:
        """Give the lock back before the process ends."""
        self._file.close()


def child_environment() -> dict[str, str]:
    """Our environment without what would mislead a child: PG* variables and the bootloader's library path."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    if getattr(sys, "frozen", False):
        original = kept.pop("LD_LIBRARY_PATH_ORIG", None)
        kept.pop("LD_LIBRARY_PATH", None)
        if original is not None:
            kept["LD_LIBRARY_PATH"] = original
    return kept


def _die_with_parent(parent: int, sign: int) -> Callable[[], None] | None:
    """What a child runs before exec so that the kernel signals it when we die, however we die (Linux only)."""
    if not LINUX:
        return None
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)

    def arrange() -> None:
        libc.prctl(1, sign)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # we died before the line above
            os._exit(1)

    return arrange


def spawn(
    command: list[str], *, die_with: int, user: str | None = None, output: IO[Any] | int | None = None, **kwargs: Any
) -> subprocess.Popen[bytes]:
    """Start a child in its own session that ends with us.

    Must be called from the main thread: on Linux a child started in a thread would die with that thread.
    Elsewhere the worker notices the end of its standard input and postgres is cleared away by the next start.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("children are started from the main thread, or they would die with the thread")
    if WINDOWS:
        return subprocess.Popen(
            command,
            env=child_environment(),
            stdout=output,
            stderr=output,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            **kwargs,
        )
    owner: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
    return subprocess.Popen(  # noqa: PLW1509 - prctl has no other way, and nothing else runs between fork and exec
        command,
        env=child_environment(),
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=_die_with_parent(os.getpid(), die_with),
        **owner,
        **kwargs,
    )


def server_user() -> str | None:
    """Whom PostgreSQL runs as when we are root (it refuses root); ``None`` for ourselves.

    Creates the system user once. Raises RuntimeError naming the command when that fails.
    """
    if WINDOWS or os.geteuid() != 0:
        return None
    import pwd

    try:
        pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        command = [
            "useradd",
            "--system",
            "--user-group",
            "--no-create-home",
            "--shell",
            "/usr/sbin/nologin",
            _SYSTEM_USER,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        try:
            pwd.getpwnam(_SYSTEM_USER)
        except KeyError:
            raise RuntimeError(
                "PostgreSQL refuses to run as root and no system user could be made for it.\n"
                f"Run once: {' '.join(command)}\n{done.stderr.strip()}"
            ) from None
    return _SYSTEM_USER


def hand_over(folder: Path, user: str | None) -> None:
    """Give a folder and its content to ``user`` and let it reach it; no parent is opened for reading."""
    if user is None or WINDOWS:
        return
    import shutil

    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, user, user)
    for parent in folder.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & 0o001:
            parent.chmod(mode | 0o001)


def is_zombie(pid: int) -> bool:
    """Whether a process has ended but nobody has reaped it (Linux; elsewhere never known)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def exists(pid: int) -> bool:
    """Whether a process with this id runs."""
    if WINDOWS:
        listed = subprocess.run(
            ["tasklist", "/fi", f"PID eq {pid}", "/nh"], capture_output=True, text=True, check=False
        )  # noqa: S607
        return str(pid) in listed.stdout
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def works_in(folder: Path) -> bool:
    """Whether any process has ``folder`` as its working directory; True where that cannot be told."""
    if not LINUX:
        return True
    wanted = str(folder.resolve())
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.readlink(entry / "cwd") == wanted:  # noqa: PTH115 - a deleted folder must not be resolved
                    return True
            except OSError:
                continue
    return False


def ask_to_stop(pid: int, *, hard: bool = False) -> None:
    """PostgreSQL's fast (SIGINT) or immediate (SIGQUIT) shutdown; on Windows through pg_ctl's own means."""
    if WINDOWS:
        subprocess.run(["taskkill", "/pid", str(pid), *(["/f"] if hard else [])], check=False, capture_output=True)  # noqa: S607
        return
    try:
        os.kill(pid, signal.SIGQUIT if hard else signal.SIGINT)
    except ProcessLookupError:
        return


def on_stop(handler: Callable[[], None]) -> Mapping[int, Any]:
    """Call ``handler`` on the signals that ask a program to end."""
    wanted = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP"):
        wanted.append(signal.SIGHUP)
    return {number: signal.signal(number, lambda *_: handler()) for number in wanted}
