"""A launch is bound to runbooks that somebody has looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from backend.core.clock import clock
from backend.core.settings import Settings
from backend.runbooks.criteria import AGE, PAST_REVIEW
from tests.backend.runbooks.fixtures import Desk
from tests.conftest import Api

Opened = Callable[[], Any]
DAY = 86_400.0


async def test_the_oldest_runbook_and_those_past_their_review_are_told(
    open_database: Opened, api: Api, settings: Settings
) -> None:
    async def found() -> tuple[float | None, str, float | None, str]:
        async with open_database() as database, database.read() as connection:
            now = await clock(connection)
            [age] = await AGE.measure(connection, settings, now, [{}])
            [past] = await PAST_REVIEW.measure(connection, settings, now, [{}])
        return age.value and age.value // DAY, age.detail, past.value, past.detail

    with psycopg.connect(api.owner_url, autocommit=True) as connection:
        connection.execute("update runbook set retired = true")
    assert await found() == (None, "there is no runbook", 0, "")
    desk = Desk(api)
    desk.created()
    desk.created(slug="queue-long", title="The queue is long", reviewBy="2026-01-31")
    with psycopg.connect(api.owner_url, autocommit=True) as connection:
        connection.execute("update runbook set updated_at = now() - '200 days'::interval where slug = 'mirrors-down'")
    assert await found() == (200, "Mirrors are down", 1, "The queue is long")
