"""Locks, children and users of the operating system. What only POSIX has stands here beside its Windows counterpart."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

WINDOWS = sys.platform == "win32"
LINUX = sys.platform.startswith("linux")
SERVER_USER = "opsconsole"
"""PostgreSQL refuses to run as root; then it runs as this system user."""

_PR_SET_PDEATHSIG = 1


class FolderBusyError(Exception):
    """Another process holds the lock."""


class FileLock:
    """An exclusive lock the kernel frees when its holder dies, however it dies: it can never be stale."""

    def __init__(self, path: Path) -> None:
        """Take the lock; raises FolderBusyError when another process has it."""
        self._file: IO[bytes] = path.open("a+b")
        try:
            _lock(self._file.fileno())
        except OSError:
            self._file.close()
            raise FolderBusyError(str(path)) from None

    def release(self) -> None:
        """Free the lock."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.release()


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def command(*arguments: str) -> list[str]:
    """How to start this program again: as the frozen executable, or as a module of this interpreter."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *arguments]
    return [sys.executable, "-m", "app", *arguments]


def _die_with_parent(number: int) -> Callable[[], None] | None:
    """For preexec_fn on Linux: the kernel sends ``number`` to the child when this process dies."""
    if not LINUX:
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def arm() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return arm


def spawn(
    arguments: Sequence[str],
    *,
    last_signal: int,
    user: str | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: int | None = subprocess.DEVNULL,
    output: IO[bytes] | int | None = None,
    errors: IO[bytes] | int | None = None,
    folder: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that Ctrl-C reaches only us; we stop it.

    What it says on standard error goes to ``errors``, or else where its output goes. On Linux ``last_signal`` reaches
    it when this process dies. Call from the main thread: a child started in another thread would get the signal when
    that thread ends.
    """
    options: dict[str, Any] = {}
    if WINDOWS:
        options["creationflags"] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    else:
        options |= {"start_new_session": True, "preexec_fn": _die_with_parent(last_signal)}
        if user is not None:
            options |= {"user": user, "group": user, "extra_groups": []}
    return subprocess.Popen(
        arguments,
        stdin=stdin,
        stdout=output,
        stderr=output if errors is None else errors,
        env=None if environment is None else dict(environment),
        cwd=folder,
        **options,
    )


class Starter:
    """The process that started us."""

    def __init__(self, pid: int) -> None:
        """``pid`` is what os.getppid() said first thing in the life of this process."""
        self._pid = pid

    def gone(self) -> bool:
        """Whether it has ended. Windows does not hand us on to another parent, so there its number is looked up."""
        return not alive(self._pid) if WINDOWS else os.getppid() != self._pid


def leave_quickly() -> None:
    """Let the interpreter end without looking for garbage: whoever stops us waits, and that is most of the time."""
    atexit.register(gc.freeze)


def clean_environment() -> dict[str, str]:
    """The environment without PG* variables, and without the library path a frozen program sets for itself."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if getattr(sys, "frozen", False):
        original = kept.pop("LD_LIBRARY_PATH_ORIG", None)
        kept.pop("LD_LIBRARY_PATH", None)
        if original:
            kept["LD_LIBRARY_PATH"] = original
    return kept


def send(pid: int, number: int) -> None:
    """Send a signal; a process that is gone already is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def stop(child: subprocess.Popen[bytes], *signals: tuple[int, float]) -> None:
    """End a child: each signal, then its seconds of patience; at last without mercy."""
    for number, seconds in signals:
        if child.poll() is not None:
            return
        child.send_signal(signal.SIGTERM if WINDOWS else number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
    if child.poll() is None:
        child.kill()
        child.wait()


def alive(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    if WINDOWS:
        listed = subprocess.run(["tasklist", "/FI", f"PID eq {pid}"], capture_output=True, check=False)  # noqa: S607
        return str(pid).encode() in listed.stdout
    if LINUX:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
        except OSError:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def working_in(folder: Path) -> list[int]:
    """Live processes whose working folder is ``folder``: a postmaster and its children. Linux and macOS."""
    if LINUX:
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                # Another user's process cannot be looked into, and cannot be ours.
                with contextlib.suppress(OSError):
                    if (entry / "cwd").readlink() == folder and alive(int(entry.name)):
                        found.append(int(entry.name))
        return found
    if WINDOWS or shutil.which("lsof") is None:
        return []
    listed = subprocess.run(
        ["lsof", "-a", "-d", "cwd", "-t", "--", str(folder)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(line) for line in listed.stdout.split()]


def server_user() -> str | None:
    """The user PostgreSQL must run as when we are root, made if missing; ``None`` when we are not.

    Raises RuntimeError when it cannot be made.
    """
    if WINDOWS or os.geteuid() != 0:
        return None
    import pwd

    try:
        pwd.getpwnam(SERVER_USER)
    except KeyError:
        tool = shutil.which("useradd")
        if tool is None:
            raise RuntimeError(
                f"PostgreSQL does not run as root; create a system user named {SERVER_USER}, or use another account"
            ) from None
        subprocess.run(
            [tool, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_USER],
            check=False,
            capture_output=True,
        )
        try:
            pwd.getpwnam(SERVER_USER)  # also when another process was quicker
        except KeyError:
            raise RuntimeError(f"the system user {SERVER_USER} could not be created") from None
    return SERVER_USER


def give(path: Path, user: str | None) -> None:
    """Make ``user`` own a folder, and let it pass the folders above: execute only, only where it is missing."""
    if user is None:
        return
    shutil.chown(path, user, user)
    let_pass(path)


def let_pass(path: Path) -> None:
    """Let others pass the folders above ``path``."""
    for parent in path.parents:
        mode = stat.S_IMODE(parent.stat().st_mode)
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)
