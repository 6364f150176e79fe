"""A page: whom it calls, when it moves on, who answers, and what is kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from backend.core.database import Database
from backend.core.problems import ProblemError
from backend.core.settings import Settings
from backend.oncall import PageSubject, acknowledge, page, pages_of, stop
from backend.oncall.pages import actions
from tests.backend.oncall.fixtures import LAYER, Desk, on_call, person, step

Opened = Callable[[], Any]
INCIDENT = PageSubject("incident", "INC-1", "Downloads fail", "SEV1", "https://ops.example/incidents/1")


@pytest.fixture
def desk(owner_url: str) -> Desk:
    found = Desk(owner_url)
    found.people("ada", "bob", "cy")
    return found


async def begin(database: Database, policy: UUID, subject: PageSubject = INCIDENT) -> UUID:
    async with database.transaction() as tx:
        return await page(tx, policy, subject, actor="tester")


async def turn(database: Database, settings: Settings) -> None:
    await actions.move_on(database, settings)


async def test_a_page_goes_from_step_to_step(open_database: Opened, desk: Desk, settings: Settings) -> None:
    schedule = desk.schedule("Operations")
    policy = desk.policy(step(on_call(schedule)), step(person("bob"), after=5), step(person("cy"), after=10))
    async with open_database() as database:
        page_id = await begin(database, policy)
        await turn(database, settings)
        assert desk.calls(page_id) == [["ada"]]
        for minutes, expected in ((5, [["ada"], ["bob"]]), (9, [["ada"], ["bob"]]), (1, [["ada"], ["bob"], ["cy"]])):
            desk.elapse(minutes)
            await turn(database, settings)
            assert desk.calls(page_id) == expected
        async with database.read() as connection:
            [kept] = await pages_of(connection, "incident", "INC-1")
    assert kept.paged == ("ada", "bob", "cy")
    assert kept.policy_version == 1
    [roster] = kept.calls[0].rosters
    assert (roster.schedule_name, roster.revision, roster.people) == ("Operations", 1, ("ada",))
    assert kept.calls[0].tzdata
    assert [receipt.state for receipt in kept.calls[0].people[0].receipts] == ["waiting"]
    assert [to for to, _ in desk.mails()] == ["ada@shop.example", "bob@shop.example", "cy@shop.example"]
