"""A query has one sample, and its quality is judged by the console's own clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from app.core.errors import BadAnswer, Unreachable
from app.core.freshness import Quality
from app.core.query import Queries, Query, Sample
from app.core.tasks import Tasks
from tests.app.core.faulty_server import FakeClock

POLL = 0.02


class Source:
    """What a query asks; counts, and fails as told."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.calls, self.error = clock, 0, None  # type: ignore[var-annotated]
        self.slow = 0.0

    async def __call__(self) -> Sample[int]:
        self.calls += 1
        await asyncio.sleep(self.slow)
        if self.error is not None:
            raise self.error
        return Sample(self.calls, self.clock.now(), self.clock.now(), self.clock.monotonic())


def _query(clock: FakeClock, source: Source, tasks: Tasks, **more: object) -> Query[int]:
    gate = asyncio.Event()
    gate.set()
    return Query("k", source, clock=clock, tasks=tasks, gate=gate, poll=more.pop("poll", 5.0), **more)  # type: ignore[arg-type]


async def test_twenty_callers_share_one_fetch() -> None:
    clock, tasks = FakeClock(), Tasks()
    source = Source(clock)
    source.slow = 0.02
    query = _query(clock, source, tasks)
    await asyncio.gather(*(query.refresh() for _ in range(20)))
    assert source.calls == 1
    await tasks.close()


async def test_quality_falls_with_the_processes_own_clock_and_no_wall_clock_changes_it() -> None:
    clock, tasks = FakeClock(), Tasks()
    source = Source(clock)
    query = _query(clock, source, tasks)
    assert query.quality is Quality.STALE
    await query.refresh()
    assert query.quality is Quality.FRESH
    for hours in (2, -4):
        clock.wall += timedelta(hours=hours)
        assert (query.quality, query.age_seconds) == (Quality.FRESH, 0.0)
    clock.mono += 15
    assert query.quality is Quality.LATE
    clock.mono += 20
    assert query.quality is Quality.STALE
    source.error = Unreachable("gone")
    await query.refresh()
    assert query.quality is Quality.DISCONNECTED
    assert query.sample is not None
    assert query.sample.value == 1
    await tasks.close()


async def test_a_bad_answer_costs_nothing_but_time() -> None:
    clock, tasks = FakeClock(), Tasks()
    source = Source(clock)
    query = _query(clock, source, tasks)
    await query.refresh()
    source.error = BadAnswer("not JSON")
    await query.refresh()
    assert query.quality is Quality.FRESH
    assert str(query.error) == "not JSON"
    await tasks.close()


async def test_a_sample_of_an_earlier_run_ages_by_the_wall_and_never_below_nought() -> None:
    clock, tasks = FakeClock(), Tasks()
    query = _query(clock, Source(clock), tasks)
    query.seed(Sample(7, clock.now(), clock.now() + timedelta(hours=3), None))
    assert (query.age_seconds, query.quality) == (0.0, Quality.STALE)
    clock.wall += timedelta(hours=4)
    assert query.age_seconds == 3600
    await tasks.close()


async def test_only_what_is_visible_polls_and_a_returning_server_is_noticed() -> None:
    clock, tasks = FakeClock(), Tasks()
    source = Source(clock)
    query = _query(clock, source, tasks, poll=POLL)
    watch = query.watch(visible=False)
    await asyncio.sleep(3 * POLL)
    assert source.calls == 0
    watch.set_visible(True)
    await asyncio.sleep(4 * POLL)
    assert source.calls >= 2
    watch.set_visible(False)
    calls = source.calls
    await asyncio.sleep(3 * POLL)
    assert source.calls == calls
    watch.close()
    await tasks.close()


async def test_invalidation_asks_at_once_if_somebody_looks_and_else_when_somebody_does() -> None:
    clock, tasks = FakeClock(), Tasks()
    seen, hidden = Source(clock), Source(clock)
    queries = Queries()
    one = queries.get("one", lambda: _query(clock, seen, tasks, topics=frozenset({"alerts"})))
    two = queries.get("two", lambda: _query(clock, hidden, tasks, topics=frozenset({"alerts"})))
    assert queries.get("one", lambda: two) is one
    await asyncio.gather(one.refresh(), two.refresh())
    one.watch()
    queries.invalidate("something else")
    await asyncio.sleep(0.02)
    assert (seen.calls, hidden.calls) == (1, 1)
    queries.invalidate("alerts")
    await asyncio.sleep(0.02)
    assert (seen.calls, hidden.calls) == (2, 1)
    two.watch()
    await asyncio.sleep(0.02)
    assert hidden.calls == 2
    queries.close()
    await tasks.close()


async def test_a_past_instant_is_asked_once() -> None:
    clock, tasks = FakeClock(), Tasks()
    source = Source(clock)
    query = _query(clock, source, tasks, poll=POLL, once=True)
    query.watch()
    await asyncio.sleep(4 * POLL)
    clock.mono += 1000
    assert (source.calls, query.quality) == (1, Quality.FRESH)
    query.close()
    await tasks.close()


async def test_what_changes_during_a_fetch_is_fetched_again() -> None:
    clock, tasks = FakeClock(), Tasks()
    source = Source(clock)
    source.slow = 0.05
    query = _query(clock, source, tasks, poll=60.0)
    query.watch()
    await asyncio.sleep(0.02)
    query.invalidate()  # the first answer is under way and may be older than this
    await asyncio.sleep(0.2)
    assert source.calls == 2
    query.close()
    await tasks.close()


@pytest.mark.expects_errors("query k failed")
async def test_a_mistake_of_ours_costs_an_answer_and_not_the_polling(caplog: pytest.LogCaptureFixture) -> None:
    clock, tasks = FakeClock(), Tasks()
    source = Source(clock)
    source.error = ZeroDivisionError("ours")
    query = _query(clock, source, tasks, poll=POLL)
    await query.refresh()
    assert query.error is not None
    assert "failed" in caplog.text
    source.error = None
    query.watch()
    await asyncio.sleep(3 * POLL)
    assert query.error is None
    assert query.sample is not None
    query.close()
    await tasks.close()


async def test_a_server_that_wants_rest_is_not_polled_meanwhile() -> None:
    clock, tasks = FakeClock(), Tasks()
    source = Source(clock)
    source.error = Unreachable("busy")
    source.error.retry_after = 30.0
    query = _query(clock, source, tasks, poll=POLL)
    await query.refresh()
    assert query._pause() == 30
    source.error.retry_after = None
    assert max(query._pause() for _ in range(50)) <= 5
    await tasks.close()


async def test_what_is_only_counted_is_kept_fresh_and_does_not_age_what_is_seen() -> None:
    clock, tasks = FakeClock(), Tasks()
    counted, seen = Source(clock), Source(clock)
    queries = Queries()
    badge = queries.get("badge", lambda: _query(clock, counted, tasks))
    watch = badge.watch(shown=False)
    await asyncio.sleep(0.01)
    assert counted.calls == 1
    assert queries.visible_age is None
    clock.mono += 40
    panel = queries.get("panel", lambda: _query(clock, seen, tasks)).watch()
    await asyncio.sleep(0.01)
    assert queries.visible_age == 0.0
    badge.watch()
    assert queries.visible_age is not None
    watch.close()
    panel.close()
    queries.close()
    await tasks.close()


async def test_one_with_a_pace_of_its_own_keeps_it_while_the_stream_is_connected() -> None:
    clock, tasks = FakeClock(), Tasks()
    query = _query(clock, Source(clock), tasks)
    query.set_live(live=True)
    assert query.interval == 15.0
    query.pace = 1.0
    assert query.interval == 1.0
    await query.refresh()
    clock.mono += 3
    assert query.quality is Quality.LATE
    clock.mono += 4
    assert query.quality is Quality.STALE
    await tasks.close()
