"""What the console asks about launches, how often, and what it keeps."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.core.link import LinkState
from app.core.mutation_types import Refused
from app.core.outbox import State
from app.core.snapshot import read
from app.launch import mutations
from app.launch.domain import Launches, next_launch
from models.launch import Launch
from models.launch.poll import Choice
from tests.app.core.faulty_server import problem
from tests.views.launch.fixtures import LAUNCH, ago, ahead, all_go, closed_poll, launch, launch_office, moved
from tests.views.office import Office, until

KEPT = {"launch.sign", "launch.reopen"}


def test_only_sign_offs_and_what_takes_them_back_are_kept_for_later() -> None:
    assert {spec.name for spec in mutations.specs() if not spec.irreversible} == KEPT


def asked_status(made: Office) -> int:
    return sum(each.path.endswith("/status") for each in made.server.asked)


def test_while_a_poll_is_open_it_asks_by_itself_and_hears_what_is_as_it_was(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with launch_office(tmp_path, status=all_go()) as (made, pad):
            launches = made.console.of(Launches)
            query = launches.status(LAUNCH)
            made.console.queries.set_live(live=True)  # the stream says nothing: somebody writes for long
            query.pace = 0.02
            watch = query.watch()
            await until(lambda: query.sample is not None)
            assert query.pace == 1.0
            query.pace = 0.02
            first = query.sample
            pad.status = moved(pad.status, 1)
            await query.refresh()
            assert pad.unchanged == 1
            assert query.sample is not None
            assert query.sample is not first
            assert (query.sample.value.as_of - first.value.as_of).total_seconds() == 1  # type: ignore[union-attr]
            assert query.sample.value.valid_until is not None
            watch.close()

    aio(run())


def test_without_a_poll_it_asks_as_often_as_figures_change(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        quiet = all_go(poll=closed_poll(), validUntil=None)
        async with launch_office(tmp_path, status=quiet) as (made, _):
            query = made.console.of(Launches).status(LAUNCH)
            await query.refresh()
            made.console.queries.set_live(live=True)  # which tells of votes and items, and of no figure
            assert query.interval == 5.0

    aio(run())


def test_a_lease_is_judged_by_the_servers_time_whatever_the_wall_clock_says(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with launch_office(tmp_path, status=all_go()) as (made, pad):
            launches = made.console.of(Launches)
            await launches.status(LAUNCH).refresh()
            sample = launches.status(LAUNCH).sample
            assert sample is not None
            for hours in (5, -9):
                made.clock.wall += timedelta(hours=hours)
                assert launches.verdict(sample.value).word == "GO"
            made.clock.mono += 1.5
            assert launches.verdict(sample.value).word == "GO"
            made.clock.mono += 0.3
            assert launches.verdict(sample.value).word == "HOLD"
            pad.status = moved(pad.status, 1.8)
            await launches.status(LAUNCH).refresh()
            sample = launches.status(LAUNCH).sample
            assert sample is not None
            assert launches.verdict(sample.value).word == "GO"

    aio(run())


def test_a_feed_lost_a_second_after_a_vote_ends_in_hold(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with launch_office(tmp_path, status=all_go()) as (made, _):
            launches = made.console.of(Launches)
            query = launches.status(LAUNCH)
            await query.refresh()
            assert query.sample is not None
            status = query.sample.value
            assert status.poll is not None
            await mutations.vote(made.console.mutations, status.poll, status.roll_call[9], Choice.GO, "", 4)
            made.server.answer = lambda _asked: None
            made.clock.mono += 1
            await query.refresh()
            assert query.error is not None
            made.clock.mono += 1
            assert query.sample is not None
            assert launches.verdict(query.sample.value).causes[0].title == "Not watched"

    aio(run())


def test_without_the_link_a_sign_off_waits_and_a_vote_is_refused(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with launch_office(tmp_path) as (made, pad):
            launches, console = made.console.of(Launches), made.console
            for query in (launches.status(LAUNCH), launches.items(LAUNCH)):
                await query.refresh()
            items, status = launches.items(LAUNCH), launches.status(LAUNCH).sample
            assert items.sample is not None
            assert status is not None
            assert status.value.poll is not None
            answer = made.server.answer
            made.server.answer = lambda _asked: None
            await items.refresh()
            await until(lambda: console.link.state is LinkState.DOWN)
            late = next(each for each in items.sample.value if each.key == "k17")
            outcome = await mutations.sign(console.mutations, late, "four names")
            assert not outcome.settled
            shown = next(each for each in items.sample.value if each.key == "k17")
            assert (shown.status, shown.notes, shown.late_seconds) == ("approved", "four names", None)
            with pytest.raises(Refused, match="needs the link"):
                await mutations.vote(console.mutations, status.value.poll, status.value.roll_call[3], Choice.GO, "", 4)
            assert [each.kind for each in console.mutations.pending] == ["launch.sign"]
            made.server.answer = answer
            await items.refresh()
            await until(lambda: not console.mutations.pending)
            assert pad.asked == [("POST", "/checklist/item-17/complete", {"notes": "four names"})]

    aio(run())


def test_a_sign_off_that_fits_no_more_is_refused_in_the_servers_words(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with launch_office(tmp_path) as (made, pad):
            launches, console = made.console.of(Launches), made.console
            await launches.items(LAUNCH).refresh()
            sample = launches.items(LAUNCH).sample
            assert sample is not None
            pad.refusal = problem("conflict", 409, "Not within their limits: downloads.")
            with pytest.raises(Exception, match="Not within their limits"):
                await mutations.sign(console.mutations, sample.value[3], "")
            assert not [each for each in console.mutations.pending if each.state is State.WAITING]

    aio(run())


def test_list_status_and_checklist_are_kept_for_a_run_without_a_server(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with launch_office(tmp_path) as (made, _):
            launches, snapshot = made.console.of(Launches), made.console.snapshot
            for query in (launches.list(), launches.items(LAUNCH), launches.status(LAUNCH)):
                await query.refresh()
        for key, words in (("launches", "Turboprop 42"), (f"launch:{LAUNCH}:items", "Chat cover")):
            kept = read(snapshot.path, key, snapshot.seal)
            assert kept is not None
            assert words in kept.text
        assert read(snapshot.path, f"launch:{LAUNCH}:status", snapshot.seal) is not None

    aio(run())


def test_the_next_launch_is_looked_at_until_another_is_chosen(aio: Any, tmp_path: Path) -> None:
    over = launch(launchId="over", closedAt=ago(days=2), state="launched", plannedZeroAt=ago(days=2))
    later = launch(launchId="later", plannedZeroAt=ahead(days=3))
    rehearsal = launch(launchId="rehearsal", rehearsalOf=LAUNCH, plannedZeroAt=ahead(minutes=5))
    known = [Launch.model_validate(each) for each in (over, later, rehearsal, launch())]
    chosen = next_launch(known)
    assert chosen is not None
    assert chosen.launch_id == LAUNCH
    assert next_launch(known[:1]) == known[0]
    assert next_launch([known[2]]) == known[2]
    assert next_launch([]) is None

    async def run() -> None:
        async with launch_office(tmp_path, launches=[later, launch()]) as (made, _):
            launches = made.console.of(Launches)
            await launches.list().refresh()
            told: list[str] = []
            launches.chosen_changed.connect(lambda: told.append(launches.chosen.launch_id))  # type: ignore[union-attr]
            launches.choose("later")
            launches.choose("later")
            assert told == ["later"]

    aio(run())


def test_one_status_is_asked_for_at_a_time(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with launch_office(tmp_path) as (made, _):
            query = made.console.of(Launches).status(LAUNCH)
            before = asked_status(made)
            await asyncio.gather(*(query.refresh() for _ in range(8)))
            assert asked_status(made) == before + 1

    aio(run())
