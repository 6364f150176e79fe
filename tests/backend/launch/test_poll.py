"""A GO is bound to what its voter saw: what changes voids it, what goes stale needs no event, unknown is never GO."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend.core.database import Connection, Database
from backend.core.problems import ProblemError
from backend.launch.poll.shared_status import SharedStatus
from models.core.problems import Code
from models.launch.poll import Choice, LaunchStatus
from tests.backend.launch.fixtures import DIRECTOR, LAUNCHES, VOTERS, Pad

READY = timedelta(hours=20)


@pytest.fixture
def launch(pad: Pad) -> dict[str, Any]:
    return pad.launch(READY)


def test_a_poll_goes_through_to_go(pad: Pad, launch: dict[str, Any]) -> None:
    poll = pad.poll(launch)
    pad.watch()
    status = pad.status(launch)
    assert status["verdict"]["word"] == "HOLD"
    assert status["nextRole"] == VOTERS[0]
    assert [cause["title"] for cause in status["verdict"]["causes"]] == [
        "Ops lead: no vote",
        "Support: no vote",
        "Risk: no vote",
    ]
    assert pad.vote(launch, poll, DIRECTOR).status_code == 409, "the director votes last"
    pad.all_go(launch, poll)
    pad.watch()
    status = pad.status(launch)
    assert status["verdict"]["word"] == "GO", status["verdict"]
    assert status["validUntil"] is not None
    address, decision = f"{LAUNCHES}/{launch['launchId']}", {"decision": "sold"}
    version = pad.status(launch)["launchVersion"]
    assert pad.send(f"{address}/finish", decision, version=version).status_code == 409, "it is not over yet"
    closed = pad.done(f"{poll}/close", {"verdict": "GO"})
    assert pad.done(f"{address}/finish", decision, version=version)["state"] == "launched"
    assert (closed["state"], closed["verdict"], closed["recordReady"]) == ("closed", "GO", False)
    assert pad.vote(launch, poll, VOTERS[0], "HOLD", seen=1).status_code == 409


def test_a_p1_voids_every_go_holds_the_clock_and_refuses_what_was_seen_before(pad: Pad, launch: dict[str, Any]) -> None:
    poll = pad.poll(launch)
    pad.all_go(launch, poll)
    seen = pad.status(launch)["poll"]["evidenceVersion"]
    pad.p1()
    pad.watch()
    status = pad.status(launch)
    assert {pad.choice(launch, role) for role in VOTERS} == {("GO", "evidence changed")}
    assert status["verdict"]["word"] == "HOLD"
    assert status["clock"]["state"] == "hold"
    assert "No P1 open" in status["clock"]["reason"]
    assert status["poll"]["evidenceVersion"] == seen + 1
    refused = pad.vote(launch, poll, VOTERS[0], seen=seen)
    assert (refused.status_code, refused.json()["code"]) == (412, "evidence-changed")
    assert refused.json()["current"]["evidence"][0]["verdict"] == "outside"
    assert pad.vote(launch, poll, VOTERS[0]).status_code == 412, "also who saw it"
    assert pad.vote(launch, poll, VOTERS[0], "NO-GO").status_code == 200, "never refused for evidence"
    assert pad.status(launch)["verdict"]["word"] == "NO-GO"
    pad.p1_passes()
    pad.watch()
    assert pad.choice(launch, VOTERS[1]) == ("GO", "evidence changed"), "asked anew, not restored"
    assert pad.vote(launch, poll, VOTERS[1], seen=seen).status_code == 412, "a figure that came back is not as seen"
    assert pad.vote(launch, poll, VOTERS[1]).status_code == 200
    assert pad.choice(launch, VOTERS[1]) == ("GO", "counted")


def test_a_figure_voids_the_roles_it_binds_and_no_other(pad: Pad, launch: dict[str, Any]) -> None:
    poll = pad.poll(launch)
    pad.all_go(launch, poll)
    pad.sql(
        "insert into risk_order (id, source, placed_at, minor, currency, order_value, item_count)"
        " select 'o' || n, 'check', now(), 1, 'EUR', 1, 1 from generate_series(1, 3) as n;"
        "insert into risk_entry (order_id, score, action, triggered, placed_at, currency, minor, created_at, due_at)"
        " select 'o' || n, 90, 'review', '{}', now(), 'EUR', 1, now(), now() from generate_series(1, 3) as n"
    )
    pad.watch()
    assert pad.choice(launch, "risk-manager") == ("GO", "evidence changed")
    assert pad.choice(launch, "support-lead") == ("GO", "counted")
    assert pad.status(launch)["verdict"]["word"] == "HOLD"


def test_with_the_worker_gone_a_vote_is_refused_after_the_lease(pad: Pad, launch: dict[str, Any]) -> None:
    poll = pad.poll(launch)
    pad.all_go(launch, poll)
    before = pad.status(launch)
    pad.sql("update launch_evidence set evaluated_at = evaluated_at - interval '3 s'")
    status = pad.status(launch)
    assert status["verdict"]["word"] == "HOLD"
    assert [cause["title"] for cause in status["verdict"]["causes"]] == ["Not watched"]
    assert status["validUntil"] < status["asOf"]
    assert pad.vote(launch, poll, VOTERS[0], reason="again").status_code == 412
    assert pad.vote(launch, poll, VOTERS[0], "HOLD").status_code == 200
    pad.watch()
    assert pad.vote(launch, poll, VOTERS[0], seen=before["poll"]["evidenceVersion"]).status_code == 200


def test_a_deadline_needs_no_event(pad: Pad, launch: dict[str, Any]) -> None:
    poll = pad.poll(launch)
    pad.watch()
    pad.sql("update launch_evidence set good_until = now() where key = 'no-p1'")
    status = pad.status(launch)
    assert next(each for each in status["evidence"] if each["key"] == "no-p1")["verdict"] == "stale"
    assert pad.vote(launch, poll, VOTERS[0]).status_code == 412


def test_two_people_go_against_a_no_go(pad: Pad, launch: dict[str, Any]) -> None:
    poll = pad.poll(launch)
    for role in VOTERS[:-1]:
        pad.watch()
        assert pad.vote(launch, poll, role).status_code == 200
    assert pad.vote(launch, poll, VOTERS[-1], "NO-GO", reason="chargebacks").status_code == 200
    body = {"role": VOTERS[-1], "reason": "they are of last month"}
    assert pad.send(f"{poll}/overrides", body, role="operations-lead").status_code == 403
    asked = pad.done(f"{poll}/overrides", body)
    assert pad.status(launch)["verdict"]["word"] == "NO-GO", "asked for is not approved"
    assert pad.decide(asked, DIRECTOR).status_code == 403, "nobody approves what they asked for"
    assert pad.decide(asked).status_code == 200
    pad.watch()
    assert pad.status(launch)["verdict"]["word"] == "GO"
    override = pad.status(launch)["rollCall"][2]["override"]
    assert (override["askedBy"], override["approvedBy"]) == (DIRECTOR, "compliance-officer")
    assert pad.vote(launch, poll, VOTERS[-1], "NO-GO", reason="no, this one").status_code == 200
    assert pad.status(launch)["verdict"]["word"] == "NO-GO", "an override is of one vote"


def test_a_delegate_votes_in_the_place_of_the_holders(pad: Pad, launch: dict[str, Any]) -> None:
    address = f"{LAUNCHES}/{launch['launchId']}/delegations"
    given = {"role": "support-lead", "person": "compliance-officer", "reason": "on a train"}
    assert pad.send(address, given, role="operations-lead").status_code == 403
    assert pad.send(address, given | {"person": "viewer"}, role="support-lead").status_code == 422
    pad.done(address, given, role="support-lead")
    poll = pad.poll(launch)
    pad.watch()
    seen = pad.status(launch)["poll"]["evidenceVersion"]
    assert pad.vote(launch, poll, "support-lead").status_code == 403
    body = {"role": "support-lead", "choice": "GO", "evidenceVersion": seen}
    pad.watch()
    status = pad.done(f"{poll}/votes", body, role="compliance-officer")
    vote = next(each for each in status["rollCall"] if each["role"] == "support-lead")
    assert (vote["person"], vote["delegatedBy"]) == ("compliance-officer", "support-lead")
    assert pad.send(f"{poll}/votes", body | {"role": "risk-manager"}, role="compliance-officer").status_code == 403
    pad.done(f"{address}/end", {"role": "support-lead"}, role="support-lead")
    pad.watch()
    assert pad.vote(launch, poll, "support-lead", reason="back").status_code == 200


def test_the_clock_goes_on_only_when_the_poll_says_go(pad: Pad, launch: dict[str, Any]) -> None:
    poll = pad.poll(launch)
    address = f"{LAUNCHES}/{launch['launchId']}/clock"
    pad.done(f"{address}/hold", {"reason": "look", "exitCriteria": "looked"}, role="support-lead")
    go_on = {"hold": 1, "reason": "looked"}
    refused = pad.send(f"{address}/release", go_on)
    assert (refused.status_code, "no vote" in refused.text) == (409, True)
    pad.all_go(launch, poll)
    pad.watch()
    assert pad.send(f"{address}/release", go_on | {"hold": 2}).status_code == 409
    assert pad.done(f"{address}/release", go_on)["state"] == "running"


def test_a_verdict_that_has_become_another_one_does_not_close(pad: Pad, launch: dict[str, Any]) -> None:
    poll = pad.poll(launch)
    pad.all_go(launch, poll)
    pad.p1()
    refused = pad.send(f"{poll}/close", {"verdict": "GO"})
    assert (refused.status_code, refused.json()["code"]) == (412, "evidence-changed")
    assert pad.done(f"{poll}/close", {"verdict": "HOLD"})["verdict"] == "HOLD"


def test_polling_is_cheap_and_keeps_its_lease(pad: Pad, launch: dict[str, Any]) -> None:
    pad.poll(launch)
    pad.watch()
    address = f"{LAUNCHES}/{launch['launchId']}/status"
    first = pad.get(address)
    tag = first.headers["ETag"]
    pad.watch()
    again = pad.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Opsconsole-Valid-Until"] > first.headers["Opsconsole-Valid-Until"]
    assert again.headers["Opsconsole-As-Of"] > first.headers["Opsconsole-As-Of"]
    pad.p1()
    pad.watch()
    assert pad.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_a_launch_nobody_was_asked_about_is_not_done(pad: Pad, launch: dict[str, Any]) -> None:
    address = f"{LAUNCHES}/{launch['launchId']}"
    version = pad.status(launch)["launchVersion"]
    refused = pad.send(f"{address}/finish", {"decision": "sold"}, version=version)
    assert (refused.status_code, "was asked" in refused.json()["detail"]) == (409, True)
    assert pad.done(f"{address}/scrub", {"decision": "wind"}, version=version)["state"] == "scrubbed"


def test_all_who_ask_at_once_take_one_connection_and_see_what_was_committed_before(
    pad: Pad, launch: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    poll, key, usual = pad.poll(launch), UUID(launch["launchId"]), Database.read
    taken: list[Database] = []

    @asynccontextmanager
    async def counted(database: Database) -> AsyncIterator[Connection]:
        taken.append(database)
        async with usual(database) as connection:
            yield connection

    async def asks(database: Database) -> tuple[set[str], list[Choice | None], int]:
        shared = SharedStatus()

        async def ask() -> tuple[LaunchStatus, str]:
            return await shared.ask(database, pad.settings, pad.criteria, key)

        with monkeypatch.context() as patch:
            patch.setattr(Database, "read", counted)
            first = await asyncio.gather(*(ask() for _ in range(50)))
            looking = asyncio.create_task(ask())
            await asyncio.to_thread(pad.vote, launch, poll, VOTERS[0], "HOLD")
            after, *_ = await asyncio.gather(ask(), looking)
        return {tag for _, tag in first}, [each.choice for each in after[0].roll_call], taken.count(database)

    tags, choices, connections = pad.within(asks)
    assert (len(tags), choices[0]) == (1, Choice.HOLD)
    assert connections <= 3
    with pytest.raises(ProblemError) as missing:
        pad.within(lambda database: SharedStatus().ask(database, pad.settings, pad.criteria, uuid4()))
    assert missing.value.code is Code.NOT_FOUND


def test_a_rehearsal_cannot_touch_the_real_launch(pad: Pad, launch: dict[str, Any]) -> None:
    address = f"{LAUNCHES}/{launch['launchId']}"
    assert pad.send(f"{address}/faults", {"key": "no-p1", "fault": "outside"}).status_code == 409
    copy = pad.done(f"{address}/rehearsals", {"reading": -7_000})
    assert copy["rehearsalOf"] == launch["launchId"]
    assert pad.send(f"{LAUNCHES}/{copy['launchId']}/rehearsals", {"reading": -7_000}).status_code == 409
    poll = pad.poll(copy)
    real = poll.replace(copy["launchId"], launch["launchId"])
    assert pad.send(f"{real}/close", {"verdict": "HOLD"}).status_code == 404, "its poll is not the launch's"
    pad.watch()
    assert pad.vote(copy, poll, VOTERS[0]).status_code == 200
    pad.done(f"{LAUNCHES}/{copy['launchId']}/faults", {"key": "no-p1", "fault": "stale"})
    pad.watch()
    assert pad.choice(copy, VOTERS[0]) == ("GO", "evidence changed")
    assert pad.status(copy)["clock"]["state"] == "hold"
    untouched = pad.status(launch)
    assert (untouched["poll"], untouched["clock"]["state"]) == (None, "running")
    assert all(each["verdict"] == "inside" for each in untouched["evidence"])
    assert copy["launchId"] not in {item["launchId"] for item in pad.read("/api/operations/checklist")["items"]}


def test_a_vote_that_is_none_is_refused(pad: Pad, launch: dict[str, Any]) -> None:
    poll = pad.poll(launch)
    go = {"role": "operations-lead", "choice": "GO", "evidenceVersion": 1}
    for body in (
        go | {"choice": "MAYBE"},
        go | {"choice": "HOLD"},
        go | {"evidenceVersion": 0},
        go | {"evidenceVersion": "1"},
        go | {"evidenceVersion": 2**63},
        go | {"role": "Ops Lead"},
        go | {"role": "nobody"},
        go | {"more": 1},
        {"choice": "GO"},
        [],
    ):
        assert pad.send(f"{poll}/votes", body, role="operations-lead").status_code == 422, body
    assert pad.choice(launch, "operations-lead") == (None, "not voted")
