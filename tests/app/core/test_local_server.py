"""Consoles start, join and get back the server of this computer, as a real process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.console import Console
from app.core.connection_target import ConnectionTarget
from app.core.freshness import Quality
from app.core.link import LinkState
from app.core.local_server import LocalServer, LocalServerError, LocalTokens, join_or_start
from backend.core import processes
from models.core.permissions import Permission
from tests.app.core.faulty_server import MemoryKeyring
from tests.conftest import Api


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's own folder: every other run of pytest closes that to the database's user again."""
    with tempfile.TemporaryDirectory(prefix="opsconsole-test-", ignore_cleanup_errors=True) as made:
        yield Path(made) / "a data folder"


def _server_of(folder: Path) -> int:
    found: int = json.loads((folder / "serve.json").read_text())["pid"]
    return found


async def _gone(folder: Path, seconds: float = 12) -> None:
    async with asyncio.timeout(seconds):
        while (folder / "serve.json").exists():
            await asyncio.sleep(0.05)


def _family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    command = ["/bin/ps", "-A", "-o", "pid=,ppid="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    found = [pid]
    for each in found:
        found += [child for child, parent in pairs if parent == each]
    return found


@pytest.mark.skipif(os.name != "posix", reason="lists processes as POSIX does")
async def test_whoever_started_the_server_and_leaves_last_leaves_no_process_of_it(folder: Path) -> None:
    started = await join_or_start(folder, role="viewer", sample_shop=False)
    family = _family(_server_of(folder))
    while len(family) < 4:  # with the worker, the database and those of the database
        await asyncio.sleep(0.05)
        family = _family(_server_of(folder))
    await started.release()
    assert not [each for each in family if processes.alive(each)]
    assert not processes.working_in((folder / "postgres").resolve())


async def test_whoever_started_the_server_waits_for_nothing_while_others_need_it(folder: Path) -> None:
    started = await join_or_start(folder, role="viewer", sample_shop=False)
    other = await join_or_start(folder, role="viewer", sample_shop=False)
    await started.release()
    assert started.process is not None
    assert started.process.poll() is None
    assert not other.closed.is_set()
    await other.release()
    await asyncio.to_thread(started.process.wait, 20)


@pytest.mark.skipif(os.name != "posix", reason="ignores a signal")
async def test_a_server_that_does_not_end_is_ended_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("app.core.local_server.END_PATIENCE", 0.1)
    monkeypatch.setattr("app.core.local_server.TERMINATED_PATIENCE", 0.1)
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(99)"
    )

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b'{"ending": true}\n')
        writer.close()

    with await asyncio.to_thread(subprocess.Popen, [sys.executable, "-c", stubborn], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        await asyncio.to_thread(process.stdout.readline)
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            held = LocalServer("http://127.0.0.1:1", None, reader, writer)
            held.process = process
            await held.release()
        assert process.returncode == -signal.SIGKILL
    said = [each.getMessage() for each in caplog.records if each.name == "app.core.local_server"]
    assert said == [f"the server on this computer (process {process.pid}) has not ended in 0.1 s"] * 2


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
async def test_two_consoles_share_a_server_and_get_it_back_when_it_is_killed(folder: Path) -> None:
    said: list[tuple[str, float]] = []
    consoles = [
        Console(
            folder.with_name(f"profile {n}"),
            ConnectionTarget(data_dir=folder, role="operations-lead"),
            keyring=MemoryKeyring(),
        )  # type: ignore[arg-type]
        for n in range(2)
    ]
    consoles[0].progress.connect(lambda message, fraction: said.append((message, fraction)))
    for console in consoles:
        console.dashboard().watch()
    await asyncio.gather(*(console.start() for console in consoles))
    assert said
    assert all(0 <= fraction <= 1 for _, fraction in said)
    assert {console.client.base_url for console in consoles} == {consoles[0].client.base_url}
    assert [console.session.may(Permission.MANAGE_ALERTS) for console in consoles] == [True, True]
    killed = _server_of(folder)
    os.kill(killed, signal.SIGKILL)
    async with asyncio.timeout(20):
        while not all(c.link.state is LinkState.DOWN for c in consoles):
            await asyncio.sleep(0.01)
        while not all(c.quality() is Quality.FRESH and c.link.state is LinkState.UP for c in consoles):
            await asyncio.sleep(0.05)
    assert consoles[0].client.base_url == consoles[1].client.base_url
    assert _server_of(folder) != killed
    # The tokens are the server's own and come with the lease: nothing of it belongs in the keyring.
    assert not consoles[0].session.remembered
    for console in consoles:
        await console.close()
    await _gone(folder)


async def test_a_server_that_cannot_start_says_why_with_the_end_of_its_log(folder: Path) -> None:
    folder.mkdir()
    (folder / "postgres").write_text("a file where a folder belongs")
    with pytest.raises(LocalServerError, match="could not start") as failed:
        await join_or_start(folder, role=None, sample_shop=False)
    assert "serve.log" in str(failed.value)
    assert "{" not in str(failed.value), "a sentence, no page of JSON"


@pytest.fixture
def endless() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield process
        process.kill()


async def test_a_slow_start_is_waited_for_as_long_as_it_gets_further(
    folder: Path, endless: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, heard = iter(range(25)), list[float]()

    def news(_folder: Path, _begun: float) -> tuple[str, float]:
        return "Creating the sample shop", next(steps, 24) / 25

    monkeypatch.setattr("app.core.local_server.START_PATIENCE", 1.5)
    monkeypatch.setattr("app.core.local_server._start", lambda *_, **__: endless)
    monkeypatch.setattr("app.core.local_server._progress", news)
    with pytest.raises(LocalServerError, match=r"got no further for 1\.5 s"):
        await join_or_start(folder, role=None, sample_shop=True, progress=lambda _words, part: heard.append(part))
    assert len(heard) == 25, "that took longer than it waits without news"


async def test_a_folder_that_cannot_be_used_is_said(folder: Path) -> None:
    folder.write_text("")
    with pytest.raises(LocalServerError, match="cannot be used"):
        await join_or_start(folder / "data", role=None, sample_shop=False)


async def test_what_an_earlier_server_left_behind_is_neither_joined_nor_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its port may be somebody else's now; its last words are not about this start."""
    monkeypatch.setattr("app.core.local_server.HANDSHAKE_PATIENCE", 0.3)
    folder.mkdir()
    ended = asyncio.Event()

    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        writer.close()
        ended.set()

    said: list[tuple[str, float]] = []
    async with await asyncio.start_server(stranger, "127.0.0.1", 0) as server:
        left = {"leasePort": server.sockets[0].getsockname()[1], "token": "old", "url": "http://127.0.0.1:1"}
        (folder / "serve.json").write_text(json.dumps(left))
        (folder / "progress.json").write_text(json.dumps({"message": "Old words", "fraction": 0.5, "failed": True}))
        os.utime(folder / "progress.json", (time.time() - 60, time.time() - 60))
        joined = await join_or_start(
            folder, role="viewer", sample_shop=False, progress=lambda message, part: said.append((message, part))
        )
        await asyncio.wait_for(ended.wait(), 5)
    assert joined.url != "http://127.0.0.1:1"
    assert joined.tokens is not None
    assert said
    assert "Old words" not in {message for message, _ in said}
    await joined.release()
    await _gone(folder)


async def test_a_role_nobody_has_is_refused_in_words(folder: Path) -> None:
    held = await join_or_start(folder, role=None, sample_shop=False)
    assert held.tokens is None
    with pytest.raises(LocalServerError, match="refused"):
        await join_or_start(folder, role="emperor", sample_shop=False)
    await held.release()
    await _gone(folder)


@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in as somebody else", "signed out"])
async def test_a_server_that_comes_back_brings_nobody_else(
    tmp_path: Path, api: Api, monkeypatch: pytest.MonkeyPatch, signed_in: bool
) -> None:
    """The account that was asked for at the start is not taken up again in place of who has signed in since."""
    leases: list[asyncio.Event] = []

    async def joined(*_: object, **__: object) -> _Lease:
        leases.append(asyncio.Event())
        return _Lease(api, leases[-1])

    monkeypatch.setattr("app.core.local_server.join_or_start", joined)
    await asyncio.to_thread(api.add_person, "ada", "Ada", "correct horse")
    target = ConnectionTarget(data_dir=tmp_path, role="operations-lead")
    console = Console(tmp_path / "profile", target, keyring=MemoryKeyring())  # type: ignore[arg-type]
    await console.start()
    assert console.session.me is not None
    assert console.session.me.user_id == "operations-lead"
    names = set[str]()
    await console.sign_out()
    if signed_in:
        await console.sign_in("ada", "correct horse")
    console.session.changed.connect(lambda: names.add(console.session.me.name if console.session.me else ""))
    ready = asyncio.Event()
    console.ready.connect(ready.set)
    leases[0].set()
    async with asyncio.timeout(10):
        await ready.wait()
    assert len(leases) == 2
    assert names <= {"Ada"} if signed_in else not names
    assert console.session.signed_in == signed_in
    assert console.link.state is (LinkState.UP if signed_in else LinkState.SIGNED_OUT)
    await console.close()


class _Lease:
    """A server of this computer that gives the account it was asked for."""

    def __init__(self, api: Api, closed: asyncio.Event) -> None:
        self.url, self.closed = api.base_url, closed
        self.tokens = LocalTokens(api.token("operations-lead"), None, datetime.now(UTC) + timedelta(hours=1))

    async def release(self) -> None:
        """Nothing is held."""
