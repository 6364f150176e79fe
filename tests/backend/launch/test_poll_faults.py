"""A poll outlives what it is run by: an API or a worker that is killed, a director's console, a second director."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from typing import Any

import httpx
import pytest

from backend.core.database import Database
from backend.core.settings import Settings
from tests.backend.launch.fixtures import DIRECTOR, LAUNCHES, VOTERS, Pad

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def launch(pad: Pad) -> dict[str, Any]:
    return pad.launch(timedelta(hours=20))


def _api(settings: Settings, pipe: Pipe) -> None:
    """An API in a process of its own, until it is killed."""
    from tests.conftest import serve_in_thread

    pipe.send(serve_in_thread(settings)[0])
    pipe.recv()


def _worker(settings: Settings, pipe: Pipe) -> None:
    """What a worker does for polls, in a process of its own; it tells of each turn."""
    from backend.core.capability import Criteria
    from backend.launch.ticks import ticks
    from backend.runtime.outside import outside

    async def work() -> None:
        given = outside(settings)
        assert given.of(Criteria)
        turn = next(each.turn for each in ticks(settings, given) if each.name == "launch polls")
        database = Database(settings.database_url or "")
        await database.open()
        while True:
            await turn(database, settings)
            pipe.send("turned")
            await asyncio.sleep(0.1)

    asyncio.run(work())


@contextmanager
def process(target: Any, settings: Settings) -> Iterator[tuple[Any, Any]]:
    """A process, and what it said first. Killed at the end, if it was not before."""
    here, there = SPAWN.Pipe()
    running = SPAWN.Process(target=target, args=(settings, there), daemon=True)
    running.start()
    try:
        assert here.poll(60), "it did not begin"
        yield running, here.recv()
    finally:
        running.kill()
        running.join(20)


def test_an_api_that_is_killed_during_a_poll_takes_no_vote_with_it(pad: Pad, launch: dict[str, Any]) -> None:
    poll = pad.poll(launch)
    pad.watch()
    vote = {"role": VOTERS[0], "choice": "HOLD", "reason": "not yet", "evidenceVersion": 1}
    with process(_api, pad.settings) as (api, address):
        cast = httpx.post(f"{address}{poll}/votes", json=vote, headers=pad.api.headers(VOTERS[0]), timeout=30)
        assert cast.status_code == 200, cast.text
        api.kill()
        api.join(20)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{address}{LAUNCHES}", headers=pad.api.headers(VOTERS[0]), timeout=5)
        # The other replica goes on.
        assert pad.choice(launch, VOTERS[0]) == ("HOLD", "counted")
        pad.watch()
        assert pad.vote(launch, poll, VOTERS[1]).status_code == 200
    with process(_api, pad.settings) as (_, address):  # and it itself, when it is back
        status = httpx.get(
            f"{address}{LAUNCHES}/{launch['launchId']}/status", headers=pad.api.headers(DIRECTOR), timeout=30
        ).json()
    assert [each["choice"] for each in status["rollCall"]][:2] == ["HOLD", "GO"]


def test_a_worker_that_is_killed_leaves_not_watched_and_the_next_one_holds(pad: Pad, launch: dict[str, Any]) -> None:
    poll = pad.poll(launch)
    pad.all_go(launch, poll)
    with process(_worker, pad.settings) as (worker, _):
        assert pad.status(launch)["verdict"]["word"] == "GO"
        worker.kill()
        worker.join(20)
    pad.p1()
    # The lease of the last turn has run out.
    pad.sql("update launch_evidence set evaluated_at = evaluated_at - interval '2 s'")
    status = pad.status(launch)
    assert (status["verdict"]["word"], status["verdict"]["causes"][0]["title"]) == ("HOLD", "Not watched")
    assert pad.vote(launch, poll, VOTERS[0], reason="again").status_code == 412
    with process(_worker, pad.settings):  # no lock of the dead one is in its way
        status = pad.status(launch)
    assert {pad.choice(launch, role) for role in VOTERS} == {("GO", "evidence changed")}
    assert (status["verdict"]["word"], status["clock"]["state"]) == ("HOLD", "hold")


def test_of_two_directors_one_opens_and_one_closes_whatever_became_of_the_others_console(
    pad: Pad, launch: dict[str, Any]
) -> None:
    pad.seal()

    def both(path: str, *bodies: Any) -> list[httpx.Response]:
        with ThreadPoolExecutor(len(bodies)) as pool:
            return list(pool.map(lambda body: pad.send(path, body), bodies))

    polls = f"{LAUNCHES}/{launch['launchId']}/polls"
    opened = both(polls, {"question": "Go?"}, {"question": "Ready?"})
    assert sorted(answer.status_code for answer in opened) == [201, 409]
    refused = next(answer for answer in opened if answer.status_code == 409)
    assert "Poll 1 is open" in refused.json()["detail"]
    poll = f"{polls}/{pad.status(launch)['poll']['pollId']}"
    pad.watch()
    # Nothing of a poll is kept in the console that opened it: any other may close it.
    closed = both(f"{poll}/close", {"verdict": "HOLD", "reason": "one"}, {"verdict": "HOLD", "reason": "other"})
    assert sorted(answer.status_code for answer in closed) == [200, 409]
    assert pad.sql("select count(*) from audit_log where action = 'launch.poll.closed'") == [(1,)]
    assert pad.status(launch)["poll"]["verdict"] == "HOLD"
