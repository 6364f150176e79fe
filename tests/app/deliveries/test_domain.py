"""What the console asks of deliveries, and what it keeps."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.core.mutation_types import Refused
from app.deliveries.domain import CONNECTIONS, Deliveries, pause, specs
from models.deliveries.connections import Connection, ConnectionState
from models.deliveries.letters import LetterState
from tests.app.answers import AS_OF
from tests.app.core.faulty_server import problem
from tests.views.deliveries.fixtures import systems_office
from tests.views.office import until


def test_nothing_about_outside_systems_is_kept_for_later() -> None:
    assert all(spec.irreversible for spec in specs())
    assert not any("secret_set" in spec.name for spec in specs())  # a secret is in no outbox


def test_letters_of_several_states_are_one_list(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with systems_office(tmp_path) as (made, _):
            query = made.console.of(Deliveries).letters((LetterState.UNCERTAIN, LetterState.DEAD), None)
            await query.refresh()
            assert query.sample is not None
            states = [letter.state for letter in query.sample.value.items]
            assert states == ["uncertain", *["dead"] * 7]
            asked = [each.path for each in made.server.asked if "/letters?" in each.path]
            assert ["state=uncertain" in path for path in asked] == [True, False]

    aio(run())


def test_a_pause_shows_at_once_and_is_taken_back_when_it_is_refused(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with systems_office(tmp_path) as (made, systems):
            query = made.console.of(Deliveries).connections()
            await query.refresh()
            assert query.sample is not None
            first = query.sample.value[0]
            states: list[str] = []
            query.changed.connect(lambda: states.append(str(query.sample.value[0].state)) if query.sample else None)
            systems.refusal = problem("conflict", 409, "It is paused already.")
            with pytest.raises(Exception, match="paused already"):
                await pause(made.console.mutations, first, AS_OF + timedelta(hours=1), "it moves")
            await until(lambda: states and states[-1] == "failing")
            assert "paused" in states

    aio(run())


def test_what_a_pause_changes_is_only_that_connection(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with systems_office(tmp_path) as (made, _):
            query = made.console.of(Deliveries).connections()
            await query.refresh()
            assert query.sample is not None
            counts = object()
            assert made.console.mutations.overlaid(CONNECTIONS, counts) is counts
            assert made.console.mutations.overlaid(CONNECTIONS, query.sample.value) is query.sample.value

    aio(run())


def test_offline_a_pause_is_refused_and_what_was_heard_stays(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with systems_office(tmp_path) as (made, _):
            deliveries = made.console.of(Deliveries)
            await deliveries.connections().refresh()
            assert deliveries.connections().sample is not None
            first: Connection = deliveries.connections().sample.value[0]  # type: ignore[union-attr]
            made.server.answer = lambda _asked: None
            await deliveries.connections().refresh()
            await until(lambda: made.console.link.state == "down")
            with pytest.raises(Refused, match="needs the link"):
                await pause(made.console.mutations, first, None, "it moves")
            assert deliveries.connections().sample is not None
            assert first.state is ConnectionState.FAILING

    aio(run())
