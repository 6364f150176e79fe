"""Backtests: the figures of plain Python, no effect on anything, cancelled, killed in the middle, taken up again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.conninfo import make_conninfo

from backend.core.database import APPLICATION_ROLE, Database
from backend.risk.backtest import actions
from backend.risk.backtest import run as running
from backend.risk.backtest.curves import values_around
from backend.risk.backtest.reads import find_backtest
from backend.risk.backtest.sweep import Sweep
from backend.risk.predicate import EvaluationContext, decide, rule_holds
from backend.risk.sql_conditions import Names, SqlContext, decision_sql, recorded_member
from backend.runtime import jobs
from models.risk.backtest import BacktestDraft, BacktestResult
from models.risk.rules import Condition, FraudRule
from tests.backend.risk.orders import (
    LISTS,
    NOW,
    OTHER,
    RULES,
    add_lists,
    add_orders,
    add_outcomes,
    circumstances,
    condition,
    order,
    parsed,
    publish,
    rule,
)
from tests.backend.risk.strategies import rule_sets
from tests.conftest import Api, cloned

ENTRY = {"review", "block"}


def shop(owner_url: str, count: int = 600, seed: int = 5) -> tuple[list[dict[str, Any]], str]:
    """Orders decided under a published set, some of them charged back; and the set's id."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    orders = [order(number, chance) for number in range(count)]
    with psycopg.connect(owner_url) as connection:
        add_lists(connection)
        live = publish(connection, RULES)
        add_orders(connection, orders, RULES, live)
        add_outcomes(connection, orders[::12])
    return orders, live


async def ask(database: Database, **more: Any) -> UUID:
    draft = BacktestDraft.model_validate({"days": 30} | more)
    async with database.transaction() as tx:
        return UUID((await actions.ask(tx, actor="ada", request=draft)).backtest_id)


async def found(database: Database, backtest_id: UUID) -> Any:
    async with database.read() as connection:
        return await find_backtest(connection, backtest_id)


async def replayed(database: Database, **more: Any) -> BacktestResult:
    backtest_id = await ask(database, **more)
    await running.run(database, backtest_id, "EUR")
    done = await found(database, backtest_id)
    assert (done.state, done.progress) == ("done", 1), done.problem
    result: BacktestResult = done.result
    return result


def plain(rules: Any, orders: list[dict[str, Any]]) -> list[Any]:
    return [decide(parsed(rules), each, circumstances(each)) for each in orders]


def check_side(side: Any, outcomes: list[Any], orders: list[dict[str, Any]], frauds: set[str]) -> None:
    """A set's figures against those of plain Python."""
    for figures in side.actions:
        mine = [o for o, d in zip(orders, outcomes, strict=True) if d.action is figures.action]
        assert figures.orders == len(mine)
        assert figures.amount == sum(o["order_value"] or 0 for o in mine)
        assert figures.frauds == sum(o["id"] in frauds for o in mine)
    for rule_figures in side.rules:
        fired = [o for o, d in zip(orders, outcomes, strict=True) if rule_figures.rule_id in d.triggered]
        assert rule_figures.orders == len(fired)
        assert rule_figures.fraud_amount == sum(o["order_value"] or 0 for o in fired if o["id"] in frauds)
        assert rule_figures.only == sum(d.triggered == (rule_figures.rule_id,) for d in outcomes)
    held = [o for o, d in zip(orders, outcomes, strict=True) if d.action in ENTRY]
    caught = sum(o["id"] in frauds for o in held)
    known = side.outcomes
    assert (known.true_positive, known.false_positive) == (caught, len(held) - caught)
    assert known.true_positive + known.false_negative == len(frauds)
    assert known.true_negative == len(orders) - len(held) - known.false_negative
    assert known.precision == pytest.approx(caught / len(held))
    assert known.recall == pytest.approx(caught / len(frauds))
    assert known.saved == sum(o["order_value"] or 0 for o in held if o["id"] in frauds)
    assert known.held == sum(o["order_value"] or 0 for o in held if o["id"] not in frauds)


async def test_figures_are_those_of_plain_python(
    open_database: Callable[[], Any], owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders, live = shop(owner_url, 2_500)
    frauds = {each["id"] for each in orders[::12]}
    async with open_database() as database:
        result = await replayed(database, rules=OTHER)
    assert (result.orders, result.currency) == (2_500, "EUR")
    assert result.unconverted == sum(each["order_value"] is None for each in orders)
    draft, published = plain(OTHER, orders), plain(RULES, orders)
    check_side(result.draft, draft, orders, frauds)
    check_side(result.published, published, orders, frauds)
    assert (result.published.rule_set_id, result.draft.rule_set_id) == (live, None)
    moves = Counter(
        (theirs.action, mine.action)
        for mine, theirs in zip(draft, published, strict=True)
        if mine.action is not theirs.action
    )
    assert {(each.before, each.after): each.orders for each in result.difference.changes} == moves
    for which, count, sample in (
        (True, result.difference.appear, result.difference.appear_sample),
        (False, result.difference.disappear, result.difference.disappear_sample),
    ):
        ids = {
            o["id"]
            for o, mine, theirs in zip(orders, draft, published, strict=True)
            if (mine.action in ENTRY) is which and (theirs.action in ENTRY) is not which
        }
        assert count == len(ids) > 0
        shown = {each.order_id for each in sample}
        assert (shown == ids) if len(ids) <= 100 else (shown < ids and len(shown) == 100)
        by_id = {o["id"]: (mine, theirs) for o, mine, theirs in zip(orders, draft, published, strict=True)}
        for each in sample:
            mine, theirs = by_id[each.order_id]
            assert (each.action, each.score, each.triggered) == (mine.action, mine.score, mine.triggered)
            assert (each.other_action, each.other_score) == (theirs.action, theirs.score)
            assert each.fraud == (each.order_id in frauds)
    days = Counter(o["placed_at"].date() for o, d in zip(orders, draft, strict=True) if d.action in ENTRY)
    assert {each.day: each.entries for each in result.load if each.entries} == days
    check_curves(result, parsed(OTHER), orders, frauds)


def check_curves(
    result: BacktestResult, rules: tuple[FraudRule, ...], orders: list[dict[str, Any]], frauds: set[str]
) -> None:
    assert result.curve_every == 1
    numbers = [each for one in rules if one.enabled for each in one.each_condition() if isinstance(each.value, int)]
    assert len(result.curves) == sum(not isinstance(each.value, bool) for each in numbers) > 3
    for curve in result.curves:
        one = next(each for each in rules if each.rule_id == curve.rule_id)
        assert len(curve.points) > 5
        assert curve.value in {point.value for point in curve.points}
        for point in curve.points:
            moved = moved_to(one, curve.condition, point.value)
            matching = [o for o in orders if rule_holds(moved, o, circumstances(o))]
            assert point.orders == len(matching), (curve.rule_id, point)
            assert point.frauds == sum(o["id"] in frauds for o in matching)


def moved_to(one: FraudRule, index: int, value: int) -> FraudRule:
    """The rule with another number in one of its conditions."""
    told = one.model_dump(mode="json", by_alias=True)
    flat = [each for entry in told["conditions"] for each in entry.get("any", [entry])]
    flat[index]["value"] = value
    return FraudRule.model_validate(told)


async def test_curves_of_long_histories_look_at_some_orders_and_say_so(
    open_database: Callable[[], Any], owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend.risk.backtest import curves

    orders, _ = shop(owner_url)
    monkeypatch.setattr(curves, "WORK", 1_000)
    async with open_database() as database:
        result = await replayed(database, rules=[rule(conditions=[condition("card_orders_1h", "gte", 3)])])
        assert result.curve_every == 1, "six hundred orders, one curve"
        result = await replayed(database, rules=OTHER)
    assert result.curve_every == 3
    seen = orders[::3]
    point = next(each for each in result.curves[0].points if each.value == 2)
    assert point.orders == 3 * sum((each["card_orders_1h"] or 0) > 2 for each in seen)
    assert point.frauds == sum((each["card_orders_1h"] or 0) > 2 for each in orders[::12])


async def test_small_slices_give_the_same_figures(
    open_database: Callable[[], Any], owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(owner_url, 3_000)
    async with open_database() as database:
        whole = await replayed(database, rules=OTHER)
        monkeypatch.setattr(running, "SLICE", 1_000)
        parts = await replayed(database, rules=OTHER)
    same = {"from_", "to", "difference"}
    assert parts.model_dump(exclude=same) == whole.model_dump(exclude=same)
    shown = {"appear_sample", "disappear_sample"}
    assert parts.difference.model_dump(exclude=shown) == whole.difference.model_dump(exclude=shown)


async def test_the_published_set_replayed_is_what_was_decided(open_database: Callable[[], Any], owner_url: str) -> None:
    _, live = shop(owner_url, 1_500)
    async with open_database() as database:
        result = await replayed(database, ruleSetId=live)
    assert result.difference.changes == ()
    assert (result.difference.appear, result.difference.disappear) == (0, 0)
    names = Names()
    kinds = [[(name, metric) for name, (kind, metric) in LISTS.items() if kind == each] for each in ("allow", "block")]
    decision = decision_sql(parsed(RULES), names, SqlContext(recorded_member(names), *kinds, recorded=True))
    with psycopg.connect(owner_url) as connection:
        again = connection.execute(
            sql.SQL(
                "select count(*), count(*) filter (where (e.score, e.action, e.triggered)"
                " is distinct from (d.score, d.action, d.triggered))"
                " from risk_decision as d join risk_order as o on o.id = d.order_id cross join lateral {} as e"
            ).format(decision)
        ).fetchone()
        recorded = dict(connection.execute("select action, count(*) from risk_decision group by 1").fetchall())
        fired = dict(connection.execute("select unnest(triggered), count(*) from risk_decision group by 1").fetchall())
    assert again == (1_500, 0)
    assert {each.action.value: each.orders for each in result.draft.actions if each.orders} == recorded
    assert {each.rule_id: each.orders for each in result.draft.rules} == fired


async def test_today_asks_present_lists_and_nothing_is_quiet(open_database: Callable[[], Any], owner_url: str) -> None:
    orders, live = shop(owner_url)
    with psycopg.connect(owner_url) as connection:
        connection.execute(
            "insert into risk_list_entry (list_id, value, reason, added_by, until)"
            " values ('vip', 'c3', 'r', 'a', null), ('vip', 'c4', 'r', 'a', now() - interval '1 s'),"
            " ('throwaway', 'example.com', 'r', 'a', null)"
        )
        connection.execute("update risk_list set deleted_at = now() where id = 'blocked-cards'")
    async with open_database() as database:
        result = await replayed(database, ruleSetId=live, circumstances="today")
    expected: Counter[str] = Counter()
    for each in orders:
        lists = ["vip:customer_id"] if each["customer_id"] == "c3" else []
        lists += ["throwaway:email_domain"] if each["email_domain"] == "example.com" else []
        now = each | {"lists": lists, "snoozed": [], "demoted": []}
        expected[decide(parsed(RULES), now, circumstances(now)).action] += 1
    assert {each.action: each.orders for each in result.draft.actions if each.orders} == dict(expected)


async def test_only_orders_of_the_period_count(open_database: Callable[[], Any], owner_url: str) -> None:
    orders, _ = shop(owner_url)
    begin, end = sorted(each["placed_at"] for each in orders)[100:500:399]
    async with open_database() as database:
        result = await replayed(database, rules=OTHER, days=None, **{"from": begin, "to": end})
        assert result.orders == sum(begin < each["placed_at"] <= end for each in orders)
        early = NOW - timedelta(days=900)
        nothing = await replayed(database, rules=OTHER, days=None, **{"from": early, "to": early + timedelta(days=1)})
        empty = await replayed(database, rules=[])
    assert (nothing.orders, nothing.draft.outcomes.precision, nothing.load) == (0, None, ())
    by_lists = sum(decide((), each, circumstances(each)).action in ENTRY for each in orders)
    assert (empty.draft.entries, empty.curves, empty.orders) == (by_lists, (), 600)


TABLES = (
    "select format('%I', c.relname) from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
    " where c.relkind = 'r' and n.nspname = 'public' and c.relname <> 'risk_backtest' order by 1"
)


def everything(owner_url: str) -> dict[str, Any]:
    """A digest of every row of every other table, and the values of all sequences."""
    with psycopg.connect(owner_url) as connection:
        tables = [name for (name,) in connection.execute(TABLES).fetchall()]
        digests: dict[str, Any] = {}
        for name in tables:
            query = f"select count(*), md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {name} as t"
            digests[name] = connection.execute(query).fetchone()
        digests["sequences"] = connection.execute(
            "select sequencename, last_value from pg_sequences where schemaname = 'public' order by 1"
        ).fetchall()
    return digests


async def test_nothing_but_its_own_row_is_written(open_database: Callable[[], Any], owner_url: str) -> None:
    shop(owner_url)
    async with open_database() as database:
        backtest_id = await ask(database, rules=OTHER)
        before = everything(owner_url)
        assert len(before) > 40
        await running.run(database, backtest_id, "EUR")
        assert (await found(database, backtest_id)).state == "done"
    assert everything(owner_url) == before


async def test_a_cancelled_one_ends_with_its_next_slice(
    open_database: Callable[[], Any], owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(owner_url, 3_000)
    monkeypatch.setattr(running, "SLICE", 1_000)
    beats = []
    async with open_database() as database:
        backtest_id = await ask(database, rules=OTHER)
        real = actions.beat

        async def beat(tx: Any, mine: Any, progress: float) -> bool:
            beats.append(progress)
            if len(beats) == 2:
                async with database.transaction() as other:
                    await actions.cancel(other, actor="bob", backtest_id=backtest_id)
            return await real(tx, mine, progress)

        monkeypatch.setattr(actions, "beat", beat)
        await running.run(database, backtest_id, "EUR")
        ended = await found(database, backtest_id)
        assert (ended.state, ended.result, len(beats)) == ("cancelled", None, 2)
        await running.run(database, backtest_id, "EUR")
        assert (await found(database, backtest_id)).state == "cancelled"


async def test_who_was_replaced_writes_nothing_any_more(
    open_database: Callable[[], Any], owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(owner_url)
    async with open_database() as database:
        backtest_id = await ask(database, rules=OTHER)
        async with database.transaction() as tx:
            slow = await actions.claim(tx, backtest_id)
        assert slow is not None
        await running.run(database, backtest_id, "EUR")
        done = await found(database, backtest_id)
        async with database.transaction() as tx:
            assert not await actions.beat(tx, slow, 0.5)
            await actions.fail(tx, slow, "too late")
        assert await found(database, backtest_id) == done


KILLED = """
import asyncio, os, sys
from backend.core.database import Database
from backend.risk.backtest import actions, run as running
from backend.runtime import jobs
from backend.core.settings import Settings
running.SLICE = 1_000
real = actions.beat
async def beat(tx, mine, progress):
    if progress > 0.4:
        print("half way", flush=True)
        await asyncio.sleep(60)
    return await real(tx, mine, progress)
actions.beat = beat
async def main():
    database = Database(sys.argv[1])
    await database.open()
    await jobs.work(sys.argv[1], database, Settings(database_url=sys.argv[1], token_key="k" * 40))
asyncio.run(main())
"""


async def _work_until_idle(url: str, database: Database, more: Any = None) -> None:
    from backend.core.settings import Settings

    app = jobs.job_app(url)
    async with app.open_async():
        if more is not None:
            await more(app)
        given: dict[str, Any] = {"database": database, "settings": Settings(database_url=url, token_key="k" * 40)}
        await app.run_worker_async(
            wait=False, listen_notify=False, install_signal_handlers=False, additional_context=given
        )


async def test_a_worker_killed_in_the_middle_is_followed_by_another(
    open_database: Callable[[], Any], owner_url: str, database_url: str
) -> None:
    shop(owner_url, 4_000)
    async with open_database() as database:
        backtest_id = await ask(database, rules=OTHER)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", KILLED, database_url), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdout is not None
        async with asyncio.timeout(60):
            while b"half way" not in await process.stdout.readline():
                assert process.returncode is None
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        stuck = await found(database, backtest_id)
        assert (stuck.state, 0 < stuck.progress < 1) == ("running", True)
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute("update procrastinate_workers set last_heartbeat = now() - interval '1 minute'")

        async def retry(app: Any) -> None:
            for job in await app.job_manager.get_stalled_jobs():
                await app.job_manager.retry_job(job)

        await _work_until_idle(database_url, database, retry)
        done = await found(database, backtest_id)
        assert (done.state, done.progress, done.result.orders) == ("done", 1, 4_000), done.problem


def test_a_worker_that_comes_back_knows_the_same_tasks(database_url: str) -> None:
    """Else jobs would not be found any more after the first outage of the database."""
    apps = [jobs.job_app(database_url) for _ in range(2)]
    first, second = ({n: t.name for n, t in app.tasks.items() if "builtin" not in n} for app in apps)
    assert set(first) == set(second) >= {"opsconsole:risk.backtest", "opsconsole:backup.daily"}
    assert all(name == told for name, told in second.items())


async def test_one_that_is_interrupted_again_and_again_says_so(
    open_database: Callable[[], Any], owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(owner_url, 10)

    async def stop(*_: Any) -> bool:
        raise asyncio.CancelledError

    async with open_database() as database:
        backtest_id = await ask(database, rules=OTHER)
        with monkeypatch.context() as patch:
            patch.setattr(actions, "beat", stop)
            for _ in range(3):
                with pytest.raises(asyncio.CancelledError):
                    await running.run(database, backtest_id, "EUR")
        await running.run(database, backtest_id, "EUR")
        failed = await found(database, backtest_id)
    assert (failed.state, "interrupted 3 times" in failed.problem) == ("failed", True)


@pytest.mark.expects_errors("backtest failed")
async def test_a_fault_of_ours_ends_it_with_words(
    open_database: Callable[[], Any], owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(owner_url, 10)

    def broken(*_: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(Sweep, "group", broken)
    async with open_database() as database:
        backtest_id = await ask(database, rules=OTHER)
        await running.run(database, backtest_id, "EUR")
        failed = await found(database, backtest_id)
    assert (failed.state, "log of the worker" in failed.problem) == ("failed", True)


async def test_one_nobody_works_on_does_not_run_for_ever(open_database: Callable[[], Any], owner_url: str) -> None:
    shop(owner_url, 10)
    async with open_database() as database:
        lost, live = [await ask(database, rules=OTHER) for _ in range(2)]
        async with database.transaction() as tx:
            for each in (lost, live):
                await actions.claim(tx, each)
        with psycopg.connect(owner_url) as connection:
            connection.execute("update risk_backtest set beat_at = now() - interval '6 minutes' where id = %s", (lost,))
        async with database.transaction() as tx:
            assert await actions.fail_lost(tx) == 1
        assert [(await found(database, each)).state for each in (lost, live)] == ["failed", "running"]


def test_a_backtest_over_http(api: Api) -> None:
    shop(api.owner_url)
    base = f"{api.base_url}/api/risk"

    def send(method: str, path: str, body: Any = None, role: str = "risk-manager") -> httpx.Response:
        return httpx.request(method, base + path, json=body, headers=api.headers(role), timeout=20)

    made = send("POST", "/rule-sets", {"title": "Other", "rules": OTHER}).json()
    asked = send("POST", "/backtests", {"ruleSetId": made["ruleSetId"], "days": 30})
    assert (asked.status_code, asked.json()["state"], asked.headers["ETag"]) == (201, "waiting", '"1"')
    path = f"/backtests/{asked.json()['backtestId']}"

    async def work() -> None:
        database = Database(api.settings.database_url or "")
        await database.open()
        await _work_until_idle(api.settings.database_url or "", database)
        await database.close()

    asyncio.run(work())
    done = send("GET", path, role="risk-analyst").json()
    assert (done["state"], done["result"]["orders"], done["result"]["draft"]["number"]) == ("done", 600, made["number"])
    assert send("GET", f"/rule-sets/{made['ruleSetId']}").json()["backtestId"] == asked.json()["backtestId"]
    assert send("POST", f"{path}/cancel").status_code == 409
    send_again = send("POST", "/backtests", {"rules": OTHER, "days": 7}).json()
    cancelled = send("POST", f"/backtests/{send_again['backtestId']}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert send("POST", f"/backtests/{send_again['backtestId']}/cancel").status_code == 200
    pages = send("GET", "/backtests?limit=1").json()
    assert pages["items"][0]["backtestId"] == send_again["backtestId"]
    second = send("GET", f"/backtests?limit=1&cursor={pages['nextCursor']}").json()
    assert [each["backtestId"] for each in second["items"]] == [asked.json()["backtestId"]]
    httpx.patch(
        f"{base}/rule-sets/{made['ruleSetId']}",
        json={"rules": RULES},
        headers=api.headers("risk-manager") | {"If-Match": "1"},
        timeout=10,
    )
    assert send("GET", path).json()["outdated"] is True
    mine = send("GET", f"/backtests?ruleSetId={made['ruleSetId']}").json()["items"]
    assert len(mine) == 1
    wrong: list[dict[str, Any]] = [
        {"days": 7},
        {"rules": [], "ruleSetId": made["ruleSetId"], "days": 7},
        {"rules": [], "days": 8},
        {"rules": []},
        {"rules": [], "from": NOW.isoformat()},
        {"rules": [], "from": NOW.isoformat(), "to": NOW.isoformat()},
        {"rules": [], "days": 7, "from": NOW.isoformat(), "to": (NOW + timedelta(days=1)).isoformat()},
        {"rules": [], "from": NOW.isoformat(), "to": (NOW + timedelta(days=2_000)).isoformat()},
        {"rules": [rule(), rule()], "days": 7},
    ]
    assert [send("POST", "/backtests", each).status_code for each in wrong] == [422] * len(wrong)
    assert send("POST", "/backtests", {"ruleSetId": "nothing", "days": 7}).status_code == 404
    answers = [send("POST", "/backtests", {"rules": [], "days": 7}).status_code for _ in range(21)]
    assert answers == [201] * 20 + [409]


@pytest.fixture(scope="module")
def shared(postgres_url: str) -> Iterator[tuple[psycopg.Connection[Any], list[dict[str, Any]]]]:
    with cloned(postgres_url) as url:
        orders, _ = shop(url, 200)
        with psycopg.connect(make_conninfo(url, user=APPLICATION_ROLE), autocommit=True) as connection:
            yield connection, orders


@settings(max_examples=60, deadline=None)
@given(draft=rule_sets(), published=rule_sets())
def test_groups_say_what_each_order_by_itself_would(
    shared: tuple[psycopg.Connection[Any], list[dict[str, Any]]],
    draft: tuple[FraudRule, ...],
    published: tuple[FraudRule, ...],
) -> None:
    connection, orders = shared
    names = Names()
    kinds = [[(name, metric) for name, (kind, metric) in LISTS.items() if kind == each] for each in ("allow", "block")]
    sweep = Sweep(draft, published, SqlContext(recorded_member(names), *kinds, recorded=True))
    rows = connection.execute(sweep.statement(sql.SQL("risk_order as o"), sampled=True)).fetchall()
    counted: Counter[Any] = Counter()
    for row in rows:
        group, _ = sweep.group(row)
        both = (group.draft, group.published)
        counted[tuple((each.action, each.triggered) for each in both)] += group.orders
    expected: Counter[Any] = Counter()
    for each in orders:
        said = [decide(rules, each, circumstances(each)) for rules in (draft, published)]
        expected[tuple((outcome.action, outcome.triggered) for outcome in said)] += 1
    assert counted == expected


def test_more_rules_than_a_word_has_bits(shared: tuple[psycopg.Connection[Any], list[dict[str, Any]]]) -> None:
    connection, orders = shared
    rules = parsed(
        rule(f"r{number}", conditions=[condition("card_orders_1h", "eq", number % 9)], action="review", severity=1)
        for number in range(200)
    )
    sweep = Sweep(rules, rules[::2], SqlContext(recorded_member(Names()), [], [], recorded=True))
    fired: Counter[str] = Counter()
    for row in connection.execute(sweep.statement(sql.SQL("risk_order as o"), sampled=True)).fetchall():
        group, _ = sweep.group(row)
        fired.update(dict.fromkeys(group.draft.triggered, group.orders))
    expected: Counter[str] = Counter()
    for each in orders:
        expected.update(decide(rules, each, EvaluationContext(snoozed=frozenset(each["snoozed"]))).triggered)
    assert fired == expected


@given(st.integers(-(2**63) + 1, 2**63 - 1), st.sampled_from(["order_value", "hour_of_day", "card_orders_1h"]))
def test_curves_have_values_the_metric_can_have(number: int, metric: str) -> None:
    most = {"order_value": None, "hour_of_day": 23, "card_orders_1h": 200}[metric]
    if most is not None:
        number %= most + 1
    values = values_around(Condition.model_validate(condition(metric, "gt", number)))
    assert number in values
    assert sorted(set(values)) == list(values)
    assert 2 <= len(values) <= 21
    assert all(-(2**63) < value < 2**63 and (most is None or value <= most) for value in values)
