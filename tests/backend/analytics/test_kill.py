"""The API is killed while events come in: what was sent is there, landed or held, and each id once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.core.keys import Key
from backend.core.settings import Settings
from tests.backend.analytics.fixtures import GOOD, INGEST, PIPELINE, Planner, track
from tests.conftest import Api

SERVER = """
import asyncio, os, sys
from backend.core.database import Database
from backend.core.settings import Settings
from backend.runtime.asgi import create_app
from backend.runtime.http_server import HttpServer, bind

async def main():
    settings = Settings()
    server = HttpServer(create_app(settings, Database(settings.database_url)), bind("127.0.0.1", int(sys.argv[1])))
    task = asyncio.create_task(server.run())
    await server.wait_started()
    print(server.url, flush=True)
    await task

asyncio.run(main())
"""
BATCHES, EACH, KILLS, CLIENTS = 40, 50, 3, 3


class Server:
    """A process of the API, on the same port again after it was killed."""

    def __init__(self, settings: Settings, key: str) -> None:
        self._environment = (
            os.environ
            | settings.as_environment()
            | {
                "OPSCONSOLE_TOKEN_KEY": "k" * 40,
                "OPSCONSOLE_CONNECTION_KEY": key,
            }
        )
        self.port = 0
        self.url = ""
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(self.port)],
            env=self._environment,
            cwd=Path(__file__).parents[3],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the API did not start"
        self.port = int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_killed_anywhere_each_event_is_there_once(planner: Planner, settings: Settings) -> None:
    planner.planned(mode="quarantine")
    key = Key.make()
    server = Server(settings, key)
    token = planner.api.token(PIPELINE)
    batches = [[track(properties=GOOD if n % 10 else {}) for n in range(EACH)] for _ in range(BATCHES)]
    done, lock, answers = [0], threading.Lock(), []

    def send(batch: list[dict[str, Any]]) -> None:
        while True:
            try:
                answer = httpx.post(
                    server.url + INGEST,
                    json={"batch": batch},
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=20,
                )
            except httpx.TransportError:
                continue  # it is killed, and comes back
            if answer.status_code == 200:
                with lock:
                    done[0] += 1
                    answers.append(answer.json())
                return

    try:
        with ThreadPoolExecutor(CLIENTS) as clients:
            sent = [clients.submit(send, batch) for batch in batches]
            for turn in range(KILLS):
                while done[0] < (turn + 1) * BATCHES // (KILLS + 1):
                    time.sleep(0.001)
                server.kill()
                server.start()
            for each in sent:
                each.result(60)
    finally:
        server.kill()
    total = BATCHES * EACH
    assert planner.kept() == (total * 9 // 10, total // 10, total)
    assert planner.sql("select count(distinct id) from event") == [(total * 9 // 10,)]
    assert planner.sql("select sum(count)::int from event_count") == [(total,)]
    assert sum(a["landed"] + a["quarantined"] + a["rejected"] + a["known"] for a in answers) == total


def test_what_is_answered_is_kept_when_the_database_ends(planner: Planner, api: Api) -> None:
    """A transaction that fails at its end is answered as a failure, and may be sent again."""
    planner.planned()
    event = track()
    planner.sql(
        "create function boom() returns trigger language plpgsql as"
        " $$ begin raise exception 'no' using errcode = '53100'; end $$;"
        "create constraint trigger late after insert on event_id deferrable initially deferred"
        " for each row execute function boom()"
    )
    answer = planner.send("POST", INGEST, {"batch": [event]}, by=PIPELINE)
    assert answer.status_code == 503
    planner.sql("drop trigger late on event_id")
    assert planner.kept() == (0, 0, 0)
    assert planner.ingest(event)["landed"] == 1
