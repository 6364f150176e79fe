"""How old a message grows: three days since its first attempt, and the pauses between attempts."""

from __future__ import annotations

import pytest

from backend.deliveries import plan
from tests.backend.deliveries.fixtures import Post, post, receiving, until

HOUR = 3600.0


def age(it: Post, hours: float) -> None:
    """As if so long had gone by: everything that has an instant has it so much earlier."""
    it.sql(
        "update delivery set first_at = first_at - a, due_at = due_at - a from make_interval(secs => %s) as a",
        hours * HOUR,
    )
    it.sql("update lane set due_at = '-infinity'")
    it.sql("update connection_health set opened_until = now() where opened_until is not null")


@pytest.mark.parametrize(("hours", "state"), [(71.0, "waiting"), (73.0, "dead")])
async def test_a_message_is_dead_three_days_after_its_first_attempt(
    database_url: str, owner_url: str, hours: float, state: str
) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.plan["/in"] = lambda request: 500 if request.body["data"].get("id") == "1" else 200
        await it.connect(receiver.url(), ordered=False)
        it.record()
        async with it.sending():
            await until(lambda: it.states() == {"waiting": 1})
            tried = len(receiver.got)
            age(it, hours)
            await until(lambda: len(receiver.got) > tried and it.states() == {state: 1})


def test_the_pauses_between_attempts() -> None:
    wanted = [5.0, 300.0, 1_800.0, *(hours * HOUR for hours in (2, 5, 10, 14, 20, 24))]
    for attempts, seconds in enumerate([*wanted, wanted[-1]], 1):
        assert seconds <= plan.pause(attempts) <= seconds * (1 + plan.JITTER)
