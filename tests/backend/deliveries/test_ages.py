"""How old a message grows: three days since its first attempt, and the pauses between attempts."""

from __future__ import annotations

import pytest

from backend.deliveries import plan
from tests.backend.deliveries.fixtures import Post, Received, order, post, receiving, until

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


@pytest.mark.parametrize("refused", ["", "1"])
async def test_an_ordered_lane_that_was_away_for_days_goes_on_in_its_order(
    database_url: str, owner_url: str, refused: str
) -> None:
    """Only what was tried grows old: what waits behind it never was, and nothing of it is lost.

    Back again, the first goes once more before anything else; it is dead only if it fails once more.
    """

    def answer(request: Received) -> int:
        return 503 if down or (refused and request.body["data"].get("id") == refused) else 200

    down = True
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.plan["/in"] = answer
        await it.connect(receiver.url(), ordered=True)
        it.record(5)
        opened = "select 1 from connection_health where opened_until is not null"
        async with it.sending():
            await until(lambda: it.sql(opened))
            await until(lambda: not it.sql("select 1 from lane where held_by is not null"))
            assert it.states() == {"waiting": 1}, "nothing overtakes it, and nothing else was tried"
            age(it, 80.0)
            it.record(3)
            tried, probes = len(receiver.got), len(receiver.canaries)
            await until(lambda: len(receiver.canaries) > probes)
            assert (it.states(), len(receiver.got)) == ({"waiting": 1}, tried), "a probe that fails kills nothing"
            await until(lambda: not it.sql("select 1 from lane where held_by is not null"))
            down = False
            age(it, 0.0)
            await until(lambda: sum(it.states().values()) == 8 and "waiting" not in it.states())
        assert it.states() == ({"sent": 7, "dead": 1} if refused else {"sent": 8})
        assert order(receiver.got)[tried:] == [1, 2, 3, 4, 5, 6, 7, 8]
        said = it.sql("select state, words from delivery order by position limit 1")
        assert said == [("dead", "answered 503") if refused else ("sent", "answered 200")]
        assert it.sql("select sum(dead) from connection_hour") == [(1 if refused else 0,)]
        assert not it.sql(opened), "it says that it works again"
