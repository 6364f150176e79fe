"""The outbox after a kill, with rows that nobody wrote, and where it cannot be kept at all."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.alerts.domain import acknowledge
from app.console import Console
from app.core import files
from app.core.connection_target import ConnectionTarget
from app.core.link import LinkState
from app.core.outbox import CREATE, Outbox, PendingMutation, State, outbox_path
from models.alerts import Alert
from tests.app.core.faulty_server import Asked, MemoryKeyring, faulty_server
from tests.app.core.test_console import ALERT, _until, answer

DECIDE_AND_HANG = """
import asyncio, sys
from pathlib import Path
from app.core.outbox import Outbox
from tests.app.core.test_outbox import decision

asyncio.run(Outbox(Path(sys.argv[1])).add(decision("1")))
print("kept", flush=True)
sys.stdin.read()
"""


def decision(key: str, **more: Any) -> PendingMutation:
    """Something somebody decided, as it is kept."""
    return PendingMutation(
        **{
            "key": key,
            "user_id": "operations-lead",
            "kind": "alert.acknowledge",
            "title": f"Acknowledged {key}",
            "method": "POST",
            "path": f"/api/operations/alerts/{key}/acknowledge",
            "body": '{"comment": "mine"}',
            "version": 3,
            "resource": f"alert:{key}",
            "created_at": 1.0,
            **more,
        }
    )


async def test_what_a_killed_console_left_is_there_at_once_and_that_of_one_that_lives_is_its_own(
    tmp_path: Path,
) -> None:
    path = tmp_path / "outbox.db"
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DECIDE_AND_HANG, str(path), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert await other.stdout.readline() == b"kept\n"
    outbox = Outbox(path)
    assert await outbox.take_over() == []
    other.kill()
    await other.wait()
    assert [mutation.key for mutation in await outbox.take_over()] == ["1"]
    await outbox.close()
    assert list(tmp_path.glob("*.lives")) == []


COLUMNS = [line.split()[0] for line in CREATE.partition(";")[0].replace("\n", " ").partition("(")[2].split(",")]
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=9), st.binary(max_size=9)
)


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(COLUMNS[1:]), ODD, min_size=1, max_size=3))
def test_an_odd_row_is_named_and_never_holds_up_the_others(odd: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_with_odd_row(Path(folder) / "outbox.db", odd))


async def _with_odd_row(path: Path, odd: dict[str, Any]) -> None:
    writer = Outbox(path)
    for key in ("1", "2", "3"):
        await writer.add(decision(key))
    await writer.close()
    with contextlib.closing(sqlite3.connect(path)) as db, db, contextlib.suppress(sqlite3.Error, UnicodeEncodeError):
        db.execute(
            f"update intent set {', '.join(f'{name} = ?' for name in odd)} where key = '2'",
            tuple(odd.values()),
        )
    said: list[str] = []
    outbox = Outbox(path, said.append)
    first, second, third = await outbox.take_over()
    assert (first.key, first.state, third.key, third.state) == ("1", State.WAITING, "3", State.WAITING)
    assert isinstance(second.fields, dict)
    assert len(said) == (second.state is State.UNREADABLE)
    assert second.title in "".join(said) or not said
    await outbox.take_over()
    assert len(said) <= 1, "once is enough"
    await outbox.settle(second, "unknown", second.detail)
    assert [mutation.key for mutation in await outbox.take_over()] == ["1", "3"]
    assert await outbox.settled_by(second.user_id)
    await outbox.close()


async def test_a_console_with_odd_rows_connects_sends_the_others_and_the_operator_removes_them(tmp_path: Path) -> None:
    async with faulty_server() as server:
        server.answer = answer
        target = ConnectionTarget(url=server.url)
        writer = Outbox(outbox_path(tmp_path, target.name))
        for key in ("state", "kind", "whole"):
            await writer.add(decision(key))
        await writer.close()
        with contextlib.closing(sqlite3.connect(writer.path)) as db, db:
            db.execute("update intent set state = 'weird', body = '{bad' where key = 'state'")
            db.execute("update intent set kind = 'no.such.kind' where key = 'kind'")
        console = Console(tmp_path, target, keyring=MemoryKeyring())  # type: ignore[arg-type]
        await console.start()
        await console.sign_in("operations-lead", "secret")
        await _until(lambda: len(console.mutations.pending) == 1)
        (left,) = console.mutations.pending
        assert (left.key, left.state) == ("state", State.UNREADABLE)
        assert [a.path for a in server.asked if a.method == "POST" and "/alerts/" in a.path] == [
            "/api/operations/alerts/kind/acknowledge",
            "/api/operations/alerts/whole/acknowledge",
        ]
        assert any("“Acknowledged state” cannot be read" in m.text for m in console.messages.history)
        await console.mutations.forget("state")
        assert console.mutations.pending == ()
        await console.close()


async def test_an_outbox_that_cannot_be_opened_is_said_and_the_console_connects(tmp_path: Path) -> None:
    async with faulty_server() as server:
        server.answer = answer
        target = ConnectionTarget(url=server.url)
        outbox_path(tmp_path, target.name).mkdir()  # whoever runs the tests may write wherever they like
        console = Console(tmp_path, target, keyring=MemoryKeyring())  # type: ignore[arg-type]
        await console.start()
        await console.sign_in("operations-lead", "secret")
        assert console.link.state is LinkState.UP
        assert [m.text for m in console.messages.history if "cannot be kept safely on this computer" in m.text]
        await console.close()


async def test_after_a_kill_what_waits_is_shown_without_the_link(tmp_path: Path) -> None:
    def lost(asked: Asked) -> bytes | None:
        return None if asked.method == "POST" and "/alerts/" in asked.path else answer(asked)

    async with faulty_server() as server:
        server.answer = lost
        target = ConnectionTarget(url=server.url)
        first = Console(tmp_path, target, keyring=MemoryKeyring())  # type: ignore[arg-type]
        await first.start()
        await first.sign_in("operations-lead", "secret")
        await acknowledge(first.mutations, Alert.model_validate(ALERT), "mine")
        keyring = first.session.keyring
        first.kept.close()
        first.snapshot.close()
        first.mutations._outbox._sign.take_back()  # what the system does when a process is killed
        first.mutations._outbox._sign.path.touch()
    second = Console(tmp_path, target, keyring=keyring)
    await second.start()
    assert [mutation.kind for mutation in second.mutations.pending] == ["alert.acknowledge"]
    await second.close()
    await first.close()


def test_nobody_else_reads_what_waits_to_be_sent(tmp_path: Path) -> None:
    path = tmp_path / "outbox-test.db"
    path.touch(mode=0o644)  # as the first ones were
    path.chmod(0o644)
    files.keep_private(path)
    assert path.stat().st_mode & 0o777 == 0o600
