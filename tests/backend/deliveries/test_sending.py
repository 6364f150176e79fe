"""The sender: each entry arrives once, in order; failures are tried again, refusals stop, nothing is lost."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from backend.deliveries.sending import actions
from tests.backend.deliveries.fixtures import Post, ids, order, ports, post, receiving, until


async def test_entries_arrive_once_thin_and_signed(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        await it.connect(receiver.url())
        it.record(3)
        it.record(2, action="other.thing.done")
        async with it.sending():
            await until(lambda: it.states() == {"sent": 3})
        assert sorted(order(receiver.got)) == [1, 2, 3]
        first = receiver.got[0]
        assert first.body["type"] == "test.thing.done"
        assert first.body["data"] == {"id": first.body["data"]["id"], "resource": "thing", "version": 1}
        entries = {str(row[0]) for row in it.sql("select id from audit_log where action = 'test.thing.done'")}
        assert set(ids(receiver.got)) == entries
        assert first.headers["webhook-signature"].startswith("v1,")
        async with it.sending():  # another sender finds nothing to do
            it.record(1)
            await until(lambda: it.states() == {"sent": 4})
        assert len(receiver.got) == 4


async def test_an_ordered_lane_keeps_order_through_failures(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        answers = iter([200, 503])
        receiver.plan["/in"] = lambda request: 200 if request.body["type"] == "canary" else next(answers, 200)
        await it.connect(receiver.url(), ordered=True)
        it.record(5)
        async with it.sending():
            await until(lambda: it.states().get("waiting") == 1)
            assert order(receiver.got) == [1, 2]  # nothing overtakes what waits
            it.sql("update delivery set due_at = now() where state = 'waiting'")
            it.sql("update lane set due_at = now()")
            await until(lambda: it.states() == {"sent": 5})
        assert order(receiver.got) == [1, 2, 2, 3, 4, 5]
        assert receiver.busiest["/in"] == 1


async def test_a_breaker_opens_probes_once_and_closing_makes_all_due(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        down = True
        receiver.plan["/in"] = lambda _request: 503 if down else 200
        key = await it.connect(receiver.url())
        it.record(40)
        async with it.sending():
            await until(lambda: it.sql("select 1 from connection_health where opened_until is not null"))
            await until(lambda: not it.sql("select 1 from lane where held_by is not null"))
            tried = len(receiver.got)
            assert tried < 40  # decided at each answer
            assert it.states() == {"waiting": tried}
            before = it.sql("select sum(attempts) from delivery")
            it.sql("update connection_health set opened_until = now()")
            await until(lambda: it.sql("select probes from connection_health") == [(1,)])
            assert len(receiver.canaries) == 1
            assert it.sql("select sum(attempts) from delivery") == before  # nothing counts while it is open
            down = False
            it.sql("update connection_health set opened_until = now()")
            await until(lambda: it.states() == {"sent": 40})
        assert it.sql("select failures, opened_until, probes from connection_health") == [(0, None, 0)]
        said = [row[0] for row in it.sql("select action from audit_log where resource_id = %s order by seq", str(key))]
        assert said[-4:] == [
            "deliveries.connection.failing",
            "deliveries.connection.failed",
            "deliveries.connection.proven",
            "deliveries.connection.recovered",
        ]


@pytest.mark.parametrize(("status", "state"), [(400, "misconfigured"), (404, "misconfigured"), (410, "disabled")])
async def test_what_refuses_us_stops_and_keeps_everything(
    database_url: str, owner_url: str, status: int, state: str
) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.plan["/in"] = status
        key = await it.connect(receiver.url(), ordered=True)
        it.record(3)
        async with it.sending():
            await until(lambda: it.sql("select stopped from connection_health") == [(state,)])
            await until(lambda: not it.sql("select 1 from lane where held_by is not null"))
            assert it.sql("select state, attempts from delivery") == [("waiting", 0)]
            for _ in range(2):
                await it.test(key)  # one that fails keeps no later one from going out
            receiver.plan["/in"] = 200
            await it.test(key)
            await until(lambda: it.states() == {"sent": 3})
        assert it.sql("select stopped, proof from connection_health") == [(None, "proven")]


async def test_a_test_goes_out_in_any_state_and_is_no_probe(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        key = await it.connect(receiver.url(), ordered=True)
        opened = "select opened_until from connection_health"
        async with it.sending():
            receiver.plan["/in"] = 503
            await it.test(key)
            assert it.sql(opened) == [(None,)], "one test that fails pauses nothing"
            it.record(2)
            await until(lambda: it.sql("select 1 from connection_health where opened_until > now()"))
            await until(lambda: not it.sql("select 1 from lane where held_by is not null"))
            before = it.sql(opened)
            for _ in range(3):
                await it.test(key)
            assert it.sql(opened) == before, "nor does one put the next probe off"
            receiver.plan["/in"] = 200
            await it.test(key)
            await until(lambda: it.states() == {"sent": 2})
            it.sql("update connection set paused_by = 'somebody'")
            await it.test(key)
        assert it.sql("select proof, opened_until from connection_health") == [("proven", None)]


async def test_patience_is_kept_and_counts_against_nobody(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.plan["/in"] = lambda _request: (429, {"Retry-After": "4000000000"})
        await it.connect(receiver.url(), ordered=True)
        it.record(3)
        async with it.sending():
            await until(lambda: it.states() == {"waiting": 1})
            await until(lambda: not it.sql("select 1 from lane where held_by is not null"))
        assert len(receiver.got) == 1
        (attempts, hours), *_ = it.sql("select attempts, extract(epoch from due_at - now()) / 3600 from delivery")
        assert (attempts, 23 < hours <= 24) == (0, True)
        assert it.sql("select failures from connection_health") == [(0,)]


async def test_a_poison_message_dies_after_ten_failures_of_its_own(database_url: str, owner_url: str) -> None:
    """The canary gets through, so it is the message: the lane does not stand still for three days."""
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.plan["/in"] = lambda r: 500 if r.body["data"].get("id") == "1" else 200
        await it.connect(receiver.url(), ordered=True)
        it.record(3)
        async with it.sending():
            while it.states().get("dead") != 1:
                await asyncio.sleep(0.02)
                it.sql("update connection_health set opened_until = now() where opened_until is not null")
                it.sql("update delivery set due_at = now() where state = 'waiting'")
                it.sql("update lane set due_at = '-infinity' where due_at > now()")
            await until(lambda: it.states() == {"dead": 1, "sent": 2})
        assert order(receiver.got) == [1] * 10 + [2, 3]
        assert len(set(ids(receiver.got))) == 3
        (history, exchange), *_ = it.sql("select history, exchange from delivery where state = 'dead'")
        assert [each["status"] for each in history] == [500] * 10
        assert exchange["requestLine"].startswith("POST http://127.0.0.1")


async def test_a_message_that_is_too_large_dies_and_the_lane_goes_on(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.plan["/in"] = lambda r: 413 if r.body["data"].get("id") == "2" else 200
        await it.connect(receiver.url(), ordered=True)
        it.record(3)
        async with it.sending():
            await until(lambda: it.states() == {"dead": 1, "sent": 2})
        assert order(receiver.got) == [1, 2, 3]


async def test_a_rate_is_kept_from_answer_to_request(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        await it.connect(receiver.url(), rate=10)
        it.record(4)
        async with it.sending():
            await until(lambda: it.states() == {"sent": 4})
            it.record(1)
            await until(lambda: it.states() == {"sent": 5})
        gaps = [b.at - a.at for a, b in zip(receiver.got, receiver.got[1:], strict=False)]
        assert min(gaps) >= 0.1


async def test_a_dead_destination_costs_the_others_nothing(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.hang.add("/dead")
        await it.connect(receiver.url("/dead"))
        await it.connect(receiver.url("/alive"))
        it.record(200)
        async with it.sending(within=30.0):
            await until(lambda: len(receiver.of("/alive")) == 200, 20.0)
            assert receiver.busiest["/dead"] == 10  # its own width
            await until(lambda: it.states() == {"sent": 200})


def _strike(it: Post, key: UUID, column: str, value: str) -> None:
    """As a restore or a hand in the database may leave a row."""
    it.sql(f"update connection set {column} = %s where id = %s", value, key)


@pytest.mark.expects_errors("a row was set aside")
async def test_a_connection_that_cannot_be_read_costs_the_others_nothing(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        poison = await it.connect(receiver.url("/poison"))
        await it.connect(receiver.url("/well"))
        [(settings,)] = it.sql("select settings::text from connection where id = %s", poison)
        _strike(it, poison, "settings", '{"kind": "webhook"}')
        it.record(3)
        async with it.sending():
            await until(lambda: it.sql("select stopped from connection_health where connection_id = %s", poison)[0][0])
            await until(lambda: len(receiver.of("/well")) == 3)
            it.sql("update connection_health set canary_due_at = '-infinity'")  # nor do its canaries
            it.record(1)
            await until(lambda: len(receiver.of("/well")) == 4)
            assert receiver.of("/poison") == []
            _strike(it, poison, "settings", settings)
            it.sql("update connection set version = version + 1")
            it.sql("update connection_health set canary_due_at = '-infinity'")
            await until(lambda: len(receiver.of("/poison")) == 4)  # mended, it has lost nothing


@pytest.mark.expects_errors("a row was set aside")
async def test_a_letter_that_cannot_be_read_is_dead_and_the_lane_goes_on(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        key = await it.connect(receiver.url(), ordered=True)
        for phase in ("poison", "raised"):
            it.sql(
                "with n as (insert into notice (team, severity, template, values, thread, phase, connections)"
                " values ('risk', 'P1', 'alert.raised', '{\"title\": \"t\"}', 't', %s, array[%s::uuid]) returning id)"
                " insert into audit_log (actor, action, resource_type, resource_id)"
                " select 'test', 'deliveries.notice.written', 'notice', id::text from n",
                phase,
                key,
            )
        it.record(1)
        async with it.sending():
            await until(lambda: it.states() == {"dead": 1, "sent": 2})
        assert len(receiver.got) == 2
        assert "cannot be read: ValueError" in it.sql("select words from delivery where state = 'dead'")[0][0]


@pytest.mark.expects_errors("a row was set aside")
async def test_a_result_that_cannot_be_kept_costs_the_others_nothing(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.plan["/in"] = lambda request: 422 if request.body["data"].get("id") == "2" else 200
        await it.connect(receiver.url())
        it.sql(
            "create function trip() returns trigger language plpgsql as $$ begin"
            " if new.words like '%%422' then raise exception using errcode = '22023'; end if; return new; end $$;"
            "create trigger trip before insert on delivery for each row execute function trip()"
        )
        it.record(20)
        async with it.sending():
            await until(lambda: it.states() == {"dead": 1, "sent": 19})
        assert len(receiver.got) == 20
        assert it.sql("select words from delivery where state = 'dead'") == [("what was answered cannot be kept",)]


async def test_with_nothing_set_up_nothing_tries_the_network(
    database_url: str, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[object] = []

    async def refuse(*arguments: object, **_more: object) -> None:
        tried.append(arguments)
        raise AssertionError("the network was tried")

    from backend.deliveries.egress import EgressGuard

    monkeypatch.setattr(EgressGuard, "resolve", refuse)
    async with post(database_url, owner_url) as it:
        it.record(5)
        async with it.sending(ports()) as sender:
            await sender._claim()
            await sender._prove()
        assert it.states() == {}
    assert tried == []


async def test_a_lane_that_is_lost_is_left_once(
    database_url: str, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled again while it gave its connection back, it lost one of the pool each time, until there was none."""
    released: list[int] = []

    async def release(_connection: Any, _me: Any, lane: int, _cursor: int, _due_in: float | None) -> None:
        released.append(lane)
        await asyncio.sleep(3600)

    monkeypatch.setattr(actions, "release", release)
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.hang.add("/in")
        await it.connect(receiver.url(), ordered=True)
        it.record(1)
        async with it.sending(within=30.0) as sender:
            await until(lambda: receiver.got)
            [(_, task)] = sender._lanes.values()
            it.sql("update lane set held_by = gen_random_uuid(), held_until = now() + interval '1 hour'")
            for _ in range(2):
                await sender._beat()
            await until(task.done)
            assert (task.cancelling(), released, sender._lanes) == (1, [], {})


async def test_a_sender_that_is_stopped_gives_up_what_is_under_way_and_lets_others_have_it(
    database_url: str, owner_url: str
) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.hang.add("/in")
        await it.connect(receiver.url(), ordered=True)
        it.record(2)
        async with asyncio.timeout(30), it.sending(within=3600.0):
            await until(lambda: receiver.got)
        assert not it.sql("select 1 from lane where held_by is not null")
        receiver.hang.clear()
        async with it.sending():
            await until(lambda: it.states() == {"sent": 2})
        assert order(receiver.got) == [1, 1, 2]
