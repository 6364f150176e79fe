"""Life and death of ``opsconsole serve`` on a data folder, as processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from backend.core import processes
from backend.runtime.embedded_postgres import OWNER, Embedded
from backend.runtime.http_server import PortTakenError, bind

QUICK = {"OPSCONSOLE_LOG_FORMAT": "json"}


class Served:
    """A running ``serve``; its output is kept for the message of a failing test."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.errors = folder.parent / f"{folder.name}-{time.monotonic_ns()}.err"
        with self.errors.open("wb") as file:
            self.process = subprocess.Popen(
                processes.command("serve", "--data-dir", str(folder), "--no-worker", *arguments),
                stdout=subprocess.PIPE,
                stderr=file,
                env={**os.environ, **QUICK},
                start_new_session=True,
            )

    def url(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        assert line.startswith("ready on http://"), self.errors.read_text()
        return line.split()[-1]

    def announced(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "serve.json").read_text())
        return found

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(15)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a data folder"


@pytest.fixture
def serve(folder: Path) -> Iterator[Callable[..., Served]]:
    running: list[Served] = []

    def start(*arguments: str) -> Served:
        running.append(Served(folder, *arguments))
        return running[-1]

    yield start
    for served in running:
        if served.process.poll() is None:
            served.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                served.process.wait(10)
        served.kill()
        if served.process.stdout is not None:
            served.process.stdout.close()
    wait_for(lambda: not postgres_of(folder), 10)


def postgres_of(folder: Path) -> list[int]:
    return processes.working_in((folder / "postgres").resolve())


def wait_for(done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


def lease(served: Served, role: str | None = None, token: str | None = None) -> tuple[socket.socket, dict[str, Any]]:
    ready = served.announced()
    connection = socket.create_connection(("127.0.0.1", ready["leasePort"]), timeout=5)
    connection.sendall(json.dumps({"token": token or ready["token"], "as": role}).encode() + b"\n")
    answer: dict[str, Any] = json.loads(connection.makefile().readline())
    return connection, answer


def test_a_lease_brings_tokens_and_its_end_ends_everything(serve: Callable[..., Served]) -> None:
    served = serve("--lease")
    url = served.url()
    assert (served.folder / "serve.json").stat().st_mode & 0o777 == 0o600
    first, answer = lease(served, "operations-lead")
    assert answer["ok"], answer
    assert answer["url"] == url
    me = httpx.get(
        f"{url}/api/operations/rbac/me", headers={"Authorization": f"Bearer {answer['accessToken']}"}, timeout=10
    )
    assert me.json()["roles"] == ["operations-lead"]
    refused, no = lease(served, token="a guess")
    assert not no["ok"]
    unknown, no = lease(served, "emperor")
    assert not no["ok"]
    second, answer = lease(served)
    assert "accessToken" not in answer
    first.close()
    time.sleep(0.5)
    assert served.process.poll() is None
    second.close()
    assert served.process.wait(10) == 0
    assert not postgres_of(served.folder)
    assert not (served.folder / "serve.json").exists()
    refused.close()
    unknown.close()


def test_a_second_serve_is_told_that_the_folder_is_taken(serve: Callable[..., Served]) -> None:
    serve().url()
    second = serve()
    assert second.process.wait(10) == 3
    assert "consoles join it" in second.errors.read_text()


def test_a_killed_serve_leaves_nothing_and_the_next_one_starts(serve: Callable[..., Served]) -> None:
    served = serve()
    served.url()
    assert postgres_of(served.folder)
    served.kill()
    wait_for(lambda: not postgres_of(served.folder), 10)
    again = serve()
    url = again.url()
    assert httpx.get(f"{url}/healthz", timeout=10).json()["status"] == "ok"
    assert again.end() == 0


def test_a_serve_whose_starter_is_gone_does_not_wait_for_a_first_lease(folder: Path) -> None:
    # The shell starts it and is gone: nobody is left to lease.
    folder.mkdir()
    command = processes.command("serve", "--data-dir", str(folder), "--no-worker", "--lease")
    starter = subprocess.run(
        ["/bin/sh", "-c", '"$@" >/dev/null 2>&1 & sleep 2; echo $!', "sh", *command], capture_output=True, check=True
    )
    pid = int(starter.stdout)
    wait_for(lambda: not processes.alive(pid), 45)
    assert not postgres_of(folder)


def test_everything_killed_does_not_block_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first = Embedded(folder, durable=False)
    first.start()
    assert first._child is not None
    for pid in postgres_of(folder):
        processes.send(pid, signal.SIGKILL)
    # Nobody has reaped it yet: PostgreSQL alone would refuse with "lock file already exists".
    second = Embedded(folder, durable=False)
    second.start()
    with psycopg.connect(second.url(OWNER, "postgres")) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    second.stop()
    first._child.wait()


def test_an_orphan_is_ended_by_whoever_has_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    orphan = Embedded(folder, durable=False)
    orphan.start()
    assert orphan._child is not None
    heir = Embedded(folder, durable=False)
    heir.start()
    assert orphan._child.wait(5) == 0
    heir.stop()


def test_a_stranger_with_the_number_of_a_dead_postmaster_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first = Embedded(folder, durable=False)
    first.start()
    lines = (first.cluster / "postmaster.pid").read_text().splitlines()
    first.stop()
    (first.cluster / "postmaster.pid").write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    first.start()
    assert first.running
    first.stop()


def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 20) / ("path" * 20)
    server = Embedded(folder, durable=False)
    server.start()
    with psycopg.connect(server.url(OWNER, "postgres")) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    server.stop()


def test_the_ballast_is_given_up_for_a_start_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    server = Embedded(folder, durable=False)
    server.start()
    server.keep_ballast()
    server.stop()
    ballast = folder / "ballast"
    assert ballast.stat().st_size == 64 * 1024 * 1024

    def full(_path: object) -> Any:
        return type("Usage", (), {"free": 0})()

    monkeypatch.setattr("backend.runtime.embedded_postgres.shutil.disk_usage", full)
    launch = Embedded._launch
    tries = []

    def launch_with_room(self: Embedded, user: str | None, patience: float) -> None:
        tries.append(ballast.exists())
        if ballast.exists():
            # Stands for PostgreSQL refusing to start without room for its log.
            broken = Embedded(folder, {"shared_buffers": "nonsense"}, durable=False)
            launch(broken, user, patience)
        launch(self, user, patience)

    monkeypatch.setattr(Embedded, "_launch", launch_with_room)
    server.start()
    assert tries == [True, False]
    server.stop()


def test_a_taken_port_is_said_with_what_to_do(serve: Callable[..., Served]) -> None:
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match="--port"):
            bind("127.0.0.1", port)
        served = serve("--port", str(port))
        assert served.process.wait(10) == 1
        assert f"port {port}" in served.errors.read_text()
        assert "Traceback" not in served.errors.read_text()


def test_a_database_that_dies_is_started_again(serve: Callable[..., Served]) -> None:
    served = serve()
    url = served.url()
    postmaster = int((served.folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    processes.send(postmaster, signal.SIGKILL)

    def answers() -> bool:
        checks = {c["name"]: c["ok"] for c in httpx.get(f"{url}/readyz", timeout=10).json()["checks"]}
        return checks["database"] and (served.folder / "postgres" / "postmaster.pid").exists()

    time.sleep(0.3)
    wait_for(answers, 15)
    assert int((served.folder / "postgres" / "postmaster.pid").read_text().splitlines()[0]) != postmaster
    assert served.end() == 0
