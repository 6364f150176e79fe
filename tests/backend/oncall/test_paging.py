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
from backend.integrations.alarms import AlertAlarms
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
    desk.sql("insert into principal_seen values ('ada', 'Ada Voss', 'oidc', now())")
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
    assert kept.names == {"ada": "Ada Voss", "bob": "bob", "cy": "cy", "tester": "tester"}
    assert kept.policy_version == 1
    [roster] = kept.calls[0].rosters
    assert (roster.schedule_name, roster.revision, roster.people) == ("Operations", 1, ("ada",))
    assert kept.calls[0].tzdata
    assert [receipt.state for receipt in kept.calls[0].people[0].receipts] == ["waiting"]
    assert [to for to, _ in desk.mails()] == ["ada@shop.example", "bob@shop.example", "cy@shop.example"]


async def test_said_again_it_is_the_same_page_also_at_once(open_database: Opened, desk: Desk) -> None:
    policy = desk.policy(step(person("ada")))
    async with open_database() as database:
        found = await asyncio.gather(*(begin(database, policy) for _ in range(4)))
        assert len(set(found)) == 1
        assert desk.mails() == [("ada@shop.example", "oncall.page")]
        async with database.transaction() as tx:
            await stop(tx, "incident", "INC-1", actor="tester", reason="over")
        assert await begin(database, policy) not in found


async def test_an_acknowledged_page_calls_nobody_until_it_is_opened_again(
    open_database: Opened, desk: Desk, settings: Settings
) -> None:
    policy = desk.policy(step(person("ada")), step(person("bob"), after=5), unacknowledgeMinutes=30)
    async with open_database() as database:
        page_id = await begin(database, policy)
        async with database.transaction() as tx:
            await acknowledge(tx, "incident", "INC-1", actor="ada")
        desk.elapse(29)
        await turn(database, settings)
        assert desk.calls(page_id) == [["ada"]]
        desk.elapse(1)
        await turn(database, settings)
        assert desk.calls(page_id) == [["ada"], ["ada"]]
        desk.elapse(5)
        await turn(database, settings)
        assert desk.calls(page_id) == [["ada"], ["ada"], ["bob"]]


async def test_two_acknowledge_at_once_and_one_has(open_database: Opened, desk: Desk) -> None:
    policy = desk.policy(step(person("ada"), person("bob")))

    async def answer(database: Database, page_id: UUID, who: str) -> str:
        try:
            async with database.transaction() as tx:
                await actions.acknowledge(tx, actor=who, page_id=page_id)
        except ProblemError as problem:
            return problem.detail
        return who

    async with open_database() as database:
        page_id = await begin(database, policy)
        said = sorted(await asyncio.gather(*(answer(database, page_id, who) for who in ("ada", "bob"))))
        [(winner,)] = desk.sql("select acknowledged_by from page")
        assert said in (
            [winner, f"{winner} has acknowledged this page already."],
            [f"{winner} has acknowledged this page already.", winner],
        )
        assert await answer(database, page_id, winner) == winner
    assert desk.sql("select count(*) from audit_log where action = 'oncall.page.acknowledged'") == [(1,)]
    told = [(to, what) for to, what in desk.mails() if what == "oncall.page.acknowledged"]
    assert told == [(f"{'bob' if winner == 'ada' else 'ada'}@shop.example", "oncall.page.acknowledged")]


async def test_the_roster_of_each_step_is_that_of_its_moment(
    open_database: Opened, desk: Desk, settings: Settings
) -> None:
    schedule = desk.schedule("Operations")
    policy = desk.policy(step(on_call(schedule)), step(on_call(schedule), after=5))
    async with open_database() as database:
        page_id = await begin(database, policy)
        desk.override(schedule, ["bob"])
        desk.elapse(5)
        await turn(database, settings)
        assert desk.calls(page_id) == [["ada"], ["bob"]]
        [(override_id,)] = desk.sql("select id::text from schedule_override")
        desk.sql("update schedule_override set cancelled_at = recorded_at")
        async with database.read() as connection:
            [kept] = await pages_of(connection, "incident", "INC-1")
    assert [call.rosters[0].overrides for call in kept.calls] == [(), (override_id,)]
    assert kept.paged == ("ada", "bob")


async def test_a_page_waits_for_whoever_changes_the_roster(open_database: Opened, desk: Desk) -> None:
    schedule = desk.schedule("Operations")
    policy = desk.policy(step(on_call(schedule)))
    async with open_database() as database:
        async with database.transaction() as tx:
            await tx.execute("select from schedule where id = %s for update", (schedule,))
            paging = asyncio.create_task(begin(database, policy))
            async with database.read() as connection:
                while not await _waits_for_a_lock(connection):
                    await asyncio.sleep(0)
            await tx.execute(
                "insert into schedule_override (schedule_id, starts_at, ends_at, people, instead_of, recorded_at,"
                " recorded_by, reason) values (%s, now() - '1 h'::interval, now() + '1 h'::interval, '{bob}',"
                " 'everybody', clock_timestamp(), 'test', '')",
                (schedule,),
            )
        assert desk.calls(await paging) == [["bob"]]


async def _waits_for_a_lock(connection: Any) -> bool:
    rows = await connection.execute("select from pg_locks where not granted")
    return await rows.fetchone() is not None


async def test_the_policy_of_a_page_does_not_change_while_it_runs(
    open_database: Opened, desk: Desk, settings: Settings
) -> None:
    policy = desk.policy(step(person("ada")), step(person("bob"), after=5))
    async with open_database() as database:
        page_id = await begin(database, policy)
        desk.sql(
            "with v as (update escalation_policy set version = 2, definition ="
            " jsonb_set(definition, '{steps,1,targets,0,id}', '\"cy\"') returning *)"
            " insert into escalation_policy_version (policy_id, version, recorded_by, name, team, definition, reason)"
            " select id, 2, 'test', name, team, definition, '' from v"
        )
        desk.elapse(5)
        await turn(database, settings)
        assert desk.calls(page_id) == [["ada"], ["bob"]]
        later = await begin(database, policy, PageSubject("alert", "7", "Sales", "P2", ""))
        desk.elapse(5)
        await turn(database, settings)
        assert desk.calls(later) == [["ada"], ["cy"]]


async def test_it_repeats_then_pages_the_fallback_then_says_that_nobody_answers(
    open_database: Opened, desk: Desk, settings: Settings
) -> None:
    policy = desk.policy(step(person("ada")), repeats=1, againAfterMinutes=5, fallback=[person("cy")])
    async with open_database() as database:
        page_id = await begin(database, policy)
        for expected in ([["ada"]] * 2, [*[["ada"]] * 2, ["cy"]], [*[["ada"]] * 2, ["cy"]]):
            desk.elapse(5)
            await turn(database, settings)
            assert desk.calls(page_id) == expected
        alerts = (
            "select title, severity, condition from alert where source = 'oncall.page' order by version desc limit 1"
        )
        assert desk.sql(alerts) == [("Nobody answers a page: Downloads fail", "P1", "breached")]
        async with database.transaction() as tx:
            await stop(tx, "incident", "INC-1", actor="tester", reason="over")
    assert desk.sql(alerts)[0][2] == "normal"


async def test_where_nobody_is_on_call_the_next_step_is_taken_at_once(
    open_database: Opened, desk: Desk, settings: Settings
) -> None:
    empty = desk.schedule("Nights", LAYER | {"seats": [[]]})
    policy = desk.policy(step(on_call(empty)), step(person("zoe"), after=5), step(person("bob"), after=5))
    async with open_database() as database:
        page_id = await begin(database, policy)
        async with database.read() as connection:
            [kept] = await pages_of(connection, "incident", "INC-1")
    assert desk.calls(page_id) == [[], ["zoe"], ["bob"]]
    assert kept.calls[0].words == "Nobody was on call in Nights."
    assert kept.calls[1].words == "There is no way to zoe."
    assert kept.calls[1].people[0].receipts[0].state == "unreachable"


async def test_steps_for_other_severities_are_passed_over(
    open_database: Opened, desk: Desk, settings: Settings
) -> None:
    policy = desk.policy(
        step(person("ada")), step(person("bob"), after=5, severities=["P1"]), step(person("cy"), after=5)
    )
    async with open_database() as database:
        page_id = await begin(database, policy, PageSubject("alert", "7", "Sales", "P3", ""))
        desk.elapse(5)
        await turn(database, settings)
        async with database.read() as connection:
            [kept] = await pages_of(connection, "alert", "7")
    assert desk.calls(page_id) == [["ada"], ["cy"]]
    assert [call.step for call in kept.calls] == [0, 2]


async def test_a_worker_killed_between_sending_and_recording_sends_nothing_twice(
    open_database: Opened, desk: Desk, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = desk.policy(step(person("ada")), step(person("bob"), after=5))
    save = actions._save

    async def killed(*_arguments: Any) -> None:
        raise asyncio.CancelledError

    async with open_database() as database:
        page_id = await begin(database, policy)
        desk.elapse(5)
        monkeypatch.setattr(actions, "_save", killed)
        with pytest.raises(asyncio.CancelledError):
            await turn(database, settings)
        assert desk.calls(page_id) == [["ada"]]
        monkeypatch.setattr(actions, "_save", save)
        await asyncio.gather(turn(database, settings), turn(database, settings))
    assert desk.calls(page_id) == [["ada"], ["bob"]]
    assert [to for to, _ in desk.mails()] == ["ada@shop.example", "bob@shop.example"]


async def test_after_an_outage_one_step_is_taken_and_everybody_has_their_time(
    open_database: Opened, desk: Desk, settings: Settings
) -> None:
    """Also when the clock jumps ahead."""
    policy = desk.policy(step(person("ada")), step(person("bob"), after=5), step(person("cy"), after=5))
    async with open_database() as database:
        page_id = await begin(database, policy)
        desk.elapse(120)
        await turn(database, settings)
        await turn(database, settings)
        assert desk.calls(page_id) == [["ada"], ["bob"]]


async def test_a_clock_that_is_set_back_makes_nobody_wait_for_long(
    open_database: Opened, desk: Desk, settings: Settings
) -> None:
    policy = desk.policy(step(person("ada")), step(person("bob"), after=5))
    async with open_database() as database:
        page_id = await begin(database, policy)
        desk.elapse(-600)  # it was written ten hours in the future
        await turn(database, settings)
        assert desk.sql("select next_at - waits_since < '6 min' and next_at < now() + '6 min' from page") == [(True,)]
        desk.elapse(5)
        await turn(database, settings)
        assert desk.calls(page_id) == [["ada"], ["bob"]]


async def test_a_test_page_is_ended_by_its_answer_or_by_itself(
    open_database: Opened, desk: Desk, settings: Settings
) -> None:
    async with open_database() as database:
        async with database.transaction() as tx:
            first, second = await actions.start_tests(tx, actor="bob", people=["ada", "bob"])
        async with database.transaction() as tx:
            await actions.acknowledge(tx, actor="ada", page_id=first)
        desk.elapse(15)
        await turn(database, settings)
    found = dict(desk.sql("select id, reason from page where state = 'resolved'"))
    assert found == {first: "It was answered.", second: "Nobody has answered."}
    assert [what for _, what in desk.mails()] == ["oncall.page.test"] * 2


async def test_the_team_hears_by_its_routes_and_what_is_sent_to_it_is_one_thread(
    open_database: Opened, desk: Desk, settings: Settings
) -> None:
    desk.sql(
        "insert into route (team, severity, connection_id, mode)"
        " select 'operations', 'P1', id, 'at_once' from connection"
    )
    policy = desk.policy(step(tellTeam=True), step(tellTeam=True, after=5))
    async with open_database() as database:
        page_id = await begin(database, policy)
        desk.elapse(5)
        await turn(database, settings)
        async with database.transaction() as tx:
            await stop(tx, "incident", "INC-1", actor="tester", reason="mended")
    phases = desk.sql("select phase, thread from notice where template like 'oncall.%%' order by created_at, id")
    assert phases == [(phase, f"page:{page_id}") for phase in ("raised", "updated", "resolved")]


async def test_answered_in_a_chat_and_in_the_console_at_the_same_moment(open_database: Opened, desk: Desk) -> None:
    policy = desk.policy(step(person("ada")))

    async def in_chat(database: Database, page_id: UUID) -> bool:
        async with database.transaction() as tx:
            return await AlertAlarms().acknowledge(tx, thread=f"page:{page_id}", actor="bob in Slack", comment="")

    async def in_console(database: Database, page_id: UUID) -> bool:
        try:
            async with database.transaction() as tx:
                await actions.acknowledge(tx, actor="ada", page_id=page_id)
        except ProblemError:
            return False
        return True

    async with open_database() as database:
        page_id = await begin(database, policy)
        assert sorted(await asyncio.gather(in_chat(database, page_id), in_console(database, page_id))) == [False, True]
        assert not await in_chat(database, UUID(int=7))
    assert desk.sql("select count(*) from audit_log where action = 'oncall.page.acknowledged'") == [(1,)]
