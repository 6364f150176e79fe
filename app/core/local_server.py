"""The API on this computer: join the one that runs on a data folder, or start it, and hold a lease on it.

The server lives as long as some console holds a connection to its lease port. Nothing depends on being its parent; but
whoever has started it, and is the last to leave, waits for its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.backoff import pause
from app.core.errors import OperationsError
from app.core.json_text import parse_json
from app.core.platform import own_command, start_detached

if TYPE_CHECKING:
    from models.accounts import Tokens

Progress = Callable[[str, float], None]
log = logging.getLogger(__name__)

START_PATIENCE = 90.0
"""Without any progress."""
HANDSHAKE_PATIENCE = 5.0
END_PATIENCE, TERMINATED_PATIENCE = 15.0, 5.0
"""For the end of a server: by itself, and once it was told to."""
LOG_KEPT_BYTES = 2_000_000
LOG_LINES = 40
"""Of its end that are searched for a complaint."""
FOLDER_TAKEN = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 4.0
CLOCK_GRAIN = 0.1
"""Seconds by which a file may look older than it is."""


class LocalServerError(OperationsError):
    """The server on this computer cannot be started; says why, with the end of its log."""

    lost_link = True


@dataclass(frozen=True, slots=True)
class LocalTokens:
    """Tokens of the account that was asked for."""

    access_token: str
    refresh_token: str | None
    expires_at: datetime

    def as_answered(self, as_of: datetime) -> Tokens:
        """As the API answers a sign-in."""
        from models.accounts import Tokens

        return Tokens(
            access_token=self.access_token,
            refresh_token=self.refresh_token,
            expires_at=self.expires_at,
            as_of=as_of,
        )


class LocalServer:
    """A held lease. ``closed`` is set when the server has gone."""

    def __init__(
        self, url: str, tokens: LocalTokens | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.url = url
        self.tokens = tokens
        self.process: subprocess.Popen[bytes] | None = None
        """The server, where it was started here."""
        self.closed = asyncio.Event()
        self._ending = False
        self._writer = writer
        self._watch = asyncio.get_running_loop().create_task(self._until_gone(reader), name="lease")

    async def _until_gone(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            while line := await reader.readline():  # the answer to a lease that is given back, else nothing
                self._ending = bool(parse_json(line)["ending"])
        await self._hang_up()
        self.closed.set()

    async def _hang_up(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def release(self) -> None:
        """Give the lease back; without any other console the server ends, and whoever has started it waits for that."""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(HANDSHAKE_PATIENCE):
                self._writer.write(b"{}\n")
                await self._watch
        self._watch.cancel()
        await self._hang_up()
        if self._ending and self.process is not None:
            await asyncio.to_thread(_wait_for_end, self.process)


def _wait_for_end(server: subprocess.Popen[bytes]) -> None:
    """Its database ends before it; what does not end by itself is told to, and at last ended."""
    for seconds, end in ((END_PATIENCE, server.terminate), (TERMINATED_PATIENCE, server.kill)):
        try:
            server.wait(seconds)
        except subprocess.TimeoutExpired:
            log.warning("the server on this computer (process %d) has not ended in %g s", server.pid, seconds)
            end()
        else:
            return
    server.wait()


async def join_or_start(
    data_dir: Path, *, role: str | None, sample_shop: bool, progress: Progress | None = None
) -> LocalServer:
    """A lease on the server of ``data_dir``, which is started if nobody has.

    Raises:
        LocalServerError: with the end of the server's log.
    """
    say = progress or (lambda _message, _fraction: None)
    try:
        await asyncio.to_thread(data_dir.mkdir, parents=True, exist_ok=True)
    except OSError as error:
        raise LocalServerError(f"The data folder {data_dir} cannot be used: {error.strerror}.") from error
    clock = asyncio.get_running_loop().time
    deadline, start_at, ended = clock() + START_PATIENCE, clock(), 0
    begun, latest = time.time(), ""
    process: subprocess.Popen[bytes] | None = None
    while clock() < deadline:
        joined = await _join(data_dir, role)
        if joined is not None:
            joined.process = process
            return joined
        if process is None and clock() >= start_at:
            process = _start(data_dir, sample_shop=sample_shop)
        elif process is not None and (code := process.poll()) is not None:
            if code != FOLDER_TAKEN:
                raise LocalServerError(_failure_words(data_dir, code, begun))
            # Another console's server has the folder: it is starting, and we join it, or ending, and ours comes next.
            ended += 1
            process, start_at = None, clock() + pause(ended, FIRST_PAUSE, LONGEST_PAUSE)
        if (news := _progress(data_dir, begun)) is not None and str(news) != latest:
            latest = str(news)
            say(*news)
            deadline = clock() + START_PATIENCE  # a slow computer gets on, too
        await asyncio.sleep(0.1)
    raise LocalServerError(f"The server on this computer got no further for {START_PATIENCE:g} s. {_tail(data_dir)}")


async def _join(data_dir: Path, role: str | None) -> LocalServer | None:
    try:
        ready = parse_json((data_dir / "serve.json").read_text(encoding="utf-8"))
        port, token = int(ready["leasePort"]), str(ready["token"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    writer = None
    try:
        async with asyncio.timeout(HANDSHAKE_PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(json.dumps({"token": token, "as": role}).encode() + b"\n")
            await writer.drain()
            answer: dict[str, Any] = dict(parse_json(await reader.readline()))
    except (OSError, TimeoutError, ValueError, TypeError):
        if writer is not None:
            writer.close()
        return None  # left over from a server that was killed, or it is just ending
    if not answer.get("ok"):
        writer.close()
        raise LocalServerError(f"The server on this computer refused: {answer.get('error', 'no reason given')}.")
    tokens = None
    if "accessToken" in answer:
        expires = datetime.fromisoformat(answer["expiresAt"])
        tokens = LocalTokens(answer["accessToken"], answer.get("refreshToken"), expires)
    return LocalServer(str(answer["url"]), tokens, reader, writer)


def _start(data_dir: Path, *, sample_shop: bool) -> subprocess.Popen[bytes]:
    log = data_dir / "serve.log"
    with contextlib.suppress(OSError):
        if log.stat().st_size > LOG_KEPT_BYTES:
            log.replace(log.with_name("serve.log.1"))
    command = own_command("serve", "--data-dir", str(data_dir), "--lease")
    if sample_shop:
        command.append("--sample-shop")
    try:
        return start_detached(command, log)
    except OSError as error:
        raise LocalServerError(f"The server on this computer cannot be started: {error.strerror}.") from error


def _progress(data_dir: Path, begun: float) -> tuple[str, float] | None:
    # What an earlier start left behind says nothing about this one.
    file = data_dir / "progress.json"
    try:
        if file.stat().st_mtime < begun - CLOCK_GRAIN:
            return None
        raw = parse_json(file.read_text(encoding="utf-8"))
        return str(raw["message"]), float(raw["fraction"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _failure_words(data_dir: Path, code: int, begun: float) -> str:
    news = _progress(data_dir, begun)
    words = news[0] if news else f"it ended with code {code}"
    return f"The server on this computer could not start: {words}. {_tail(data_dir)}"


def _tail(data_dir: Path) -> str:
    log = data_dir / "serve.log"
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-LOG_LINES:]
    except OSError:
        return ""
    said = next((words for line in reversed(lines) if (words := _complaint(line))), "")
    return f"{said} More is in {log}.".strip() if lines else ""


def _complaint(line: str) -> str:
    """What a line of the log complains of, as a sentence; empty for one that complains of nothing."""
    try:
        entry = parse_json(line)
        wrong = entry.get("level") in {"warning", "error", "critical"}
        words = f"{entry['event']}: {entry['reason']}" if entry.get("reason") else str(entry["event"])
    except (ValueError, KeyError, TypeError, AttributeError):
        wrong, words = True, line.strip()
    return f"{words[:1].upper()}{words[1:].rstrip('.')}." if wrong and words else ""
