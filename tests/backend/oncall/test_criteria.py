"""A launch is bound to who is on call in the next hours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from backend.core.capability import Measurement
from backend.core.clock import clock
from backend.core.settings import Settings
from backend.oncall.criteria import UNCOVERED
from tests.backend.oncall.fixtures import LAYER, Desk

Opened = Callable[[], Any]
ALWAYS = {"cover": {"zone": "UTC"}}
HOLE = (
    "insert into schedule_override (schedule_id, starts_at, ends_at, people, instead_of, recorded_at, recorded_by,"
    " reason) values (%s, now() + %s, now() + %s, '{}', 'everybody', now(), 'test', '')"
)


async def _measured(open_database: Opened, settings: Settings, *hours: str) -> Sequence[Measurement]:
    async with open_database() as database, database.read() as connection:
        now = await clock(connection)
        return await UNCOVERED.measure(connection, settings, now, [{"hours": each} for each in hours])


async def test_holes_count_as_far_as_is_looked(open_database: Opened, owner_url: str, settings: Settings) -> None:
    desk = Desk(owner_url)
    schedule = desk.schedule("Payments", LAYER, **ALWAYS)
    desk.schedule("Nobody must be there", LAYER | {"seats": [[]]})
    assert [each.value for each in await _measured(open_database, settings, "12", "24")] == [0, 0]
    desk.sql(HOLE, schedule, timedelta(hours=13), timedelta(hours=15))
    soon, later = await _measured(open_database, settings, "12", "24")
    assert (soon.value, soon.detail) == (0, "")
    assert later.value == 2 * 3_600
    assert later.detail.startswith("Payments from ")


@pytest.mark.expects_errors("a row was left out of a list")
async def test_who_is_on_call_where_no_schedule_says_so_is_not_known(
    open_database: Opened, owner_url: str, settings: Settings
) -> None:
    desk = Desk(owner_url)
    desk.schedule("Nobody must be there", LAYER)
    [found] = await _measured(open_database, settings, "12")
    assert (found.value, found.detail) == (None, "no schedule says that anybody must be on call")
    desk.schedule("Payments", LAYER, **ALWAYS)
    broken = desk.schedule("Broken", LAYER, **ALWAYS)
    desk.sql("update schedule_revision set definition = '{\"layers\": 7}' where schedule_id = %s", broken)
    [found] = await _measured(open_database, settings, "12")
    assert found.value is None
    assert found.detail.startswith("a schedule cannot be read")
