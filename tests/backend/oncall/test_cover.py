"""The worker looks ahead for holes, ends swaps that nobody took, and the sample shop has rosters to look at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from backend.core.clock import clock
from backend.core.sample_shop import HISTORY, SampleShop
from backend.core.settings import Settings
from backend.oncall import sample
from backend.oncall.rosters import reads
from backend.oncall.rosters.cover import watch
from backend.oncall.swaps.actions import lapse
from tests.backend.oncall.fixtures import LAYER, Desk
from tests.conftest import Api

Opened = Callable[[], Any]
ALERTS = """
select distinct on (id) title, severity, condition from alert where source = 'oncall.cover' order by id, version desc
"""


@pytest.fixture
def desk(owner_url: str) -> Desk:
    return Desk(owner_url)


async def test_a_hole_ahead_raises_an_alert_until_it_is_filled(
    open_database: Opened, desk: Desk, settings: Settings
) -> None:
    cover = {"cover": {"zone": "UTC"}}
    schedule = desk.schedule("Payments", LAYER, **cover)
    desk.schedule("Nobody must be there", LAYER | {"seats": [[]]})
    desk.schedule("Always", LAYER, **cover)
    hole = (
        "insert into schedule_override (schedule_id, starts_at, ends_at, people, instead_of, recorded_at, recorded_by,"
        " reason) values (%s, now() + %s, now() + %s, '{}', 'everybody', now(), 'test', '')"
    )
    async with open_database() as database:
        await watch(database, settings)
        assert desk.sql(ALERTS) == []
        desk.sql(hole, schedule, timedelta(days=3), timedelta(days=4))
        await watch(database, settings)
        await watch(database, settings)
        [(title, severity, _)] = desk.sql(ALERTS)
        assert (title.split(" from ")[0], severity) == ("Payments: nobody on call", "P3")
        desk.sql(hole, schedule, timedelta(hours=3), timedelta(hours=4))
        await watch(database, settings)
        [(_, severity, _)] = desk.sql(ALERTS)
        assert severity == "P2"
        desk.sql("update schedule_override set cancelled_at = recorded_at")
        await watch(database, settings)
        assert [condition for _, _, condition in desk.sql(ALERTS)] == ["normal"]


async def test_a_swap_that_nobody_took_lapses_when_it_begins(
    open_database: Opened, desk: Desk, settings: Settings
) -> None:
    schedule = desk.schedule("Payments")
    desk.sql(
        "insert into swap_request (schedule_id, person, starts_at, ends_at, reason, requested_by)"
        " select %s, 'ada', now() + h, now() + h + '1 h'::interval, '', 'ada'"
        " from unnest(array['-1 s', '1 h']::interval[]) as h",
        schedule,
    )
    async with open_database() as database:
        await lapse(database, settings)
    assert desk.sql("select state, decided_by from swap_request order by starts_at") == [
        ("lapsed", "system:worker"),
        ("requested", None),
    ]


async def test_the_sample_shop_has_rosters_to_look_at(open_database: Opened, settings: Settings) -> None:
    from backend.accounts.sample import create as create_people

    async with open_database() as database:
        async with database.transaction() as tx:
            now = await clock(tx)
            shop: Any = SampleShop(now, now - HISTORY, now, "EUR", None, lambda _done: None, settings)  # type: ignore[arg-type]
            await create_people(tx, shop)
            await sample.create(tx, shop)
        await watch(database, settings)
        async with database.read() as connection:
            board = await reads.board(connection, now, now + timedelta(days=45))
            on = await reads.now_and_next(connection)
            alerts = await (await connection.execute(ALERTS)).fetchall()
    assert alerts == []
    assert {roster.team for roster in board.rosters} == {"operations", "payments", "risk"}
    gaps = [(roster.schedule_name, gap.end - gap.start) for roster in board.rosters for gap in roster.gaps]
    assert [name for name, _ in gaps] == ["Payments"]
    assert any(override.swap_id for roster in board.rosters for override in roster.overrides)
    assert all(override.has_effect for roster in board.rosters for override in roster.overrides)
    assert all(each.people for each in on.schedules if each.schedule_name != "Risk")


def test_what_metrics_say(api: Api) -> None:
    Desk(api.owner_url).schedule("Empty", LAYER | {"seats": [[]]}, cover={"zone": "UTC"})
    text = httpx.get(f"{api.base_url}/metrics", timeout=20).text
    assert "opsconsole_schedules_uncovered 1.0" in text
    assert 'opsconsole_pages{state="open"} 0.0' in text
