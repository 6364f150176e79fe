"""Each kind of fault has its own words, and what has arrived since a failed test counts for more than the test."""

from __future__ import annotations

from uuid import UUID

import pytest

from backend.deliveries import DeliveryPorts, EgressGuard, Fault, Outcome, Result
from backend.deliveries.connections import reads
from backend.integrations.webhook import WebhookChannel
from models.deliveries.connections import Connection, ConnectionKind, ConnectionState, ProofState, Remedy
from tests.backend.deliveries.fixtures import Post, post, receiving, until

REAL = DeliveryPorts({ConnectionKind.WEBHOOK: WebhookChannel()})
"""The channel that speaks to real systems, and knows what each answer means."""


async def known(it: Post, key: UUID) -> Connection:
    async with it.database.read() as connection:
        return await reads.connection(connection, key)


async def test_a_failed_canary_says_nothing_about_what_arrives_since(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.plan["/in"] = lambda request: 503 if request.body["type"] in {"canary", "test"} else 200
        key = await it.connect(receiver.url(), name="Desk")
        async with it.sending():
            await it.test(key)
            failed = await known(it, key)
            assert (failed.state, failed.proof) == (ConnectionState.FAILING, ProofState.FAILED)
            assert failed.advice is not None
            assert failed.advice.verdict == "The last test did not reach Desk"  # nothing else was tried
            it.record(1)
            await until(lambda: it.states() == {"sent": 1})
            arrived = "select 1 from connection_health where last_success_at > proof_tried_at"
            await until(lambda: it.sql(arrived))
        after = await known(it, key)
        assert (after.state, after.advice, after.proof) == (ConnectionState.OK, None, ProofState.FAILED)


@pytest.mark.parametrize(
    ("status", "state", "verdict", "step", "remedy"),
    [
        (401, "misconfigured", "Nothing reaches Desk", "Enter it here", Remedy.SECRET),
        (403, "misconfigured", "Nothing reaches Desk", "Enter it here", Remedy.SECRET),
        (404, "misconfigured", "Nothing reaches Desk", "Compare the address", Remedy.CHANGE),
        (400, "misconfigured", "Nothing reaches Desk", "Read what it answered", Remedy.CHANGE),
        (410, "disabled", "Desk wants nothing more", "whether its address has moved", Remedy.CHANGE),
        (422, "failing", "Desk does not take our tests", "answer 2xx", Remedy.TEST),
        (302, "failing", "The last test did not reach Desk", "redirects are never followed", Remedy.CHANGE),
        (500, "failing", "The last test did not reach Desk", "Ask those who run it", Remedy.TEST),
        (None, "failing", "The last test did not reach Desk", "See that it is up", Remedy.TEST),
    ],
)
async def test_each_answer_has_advice_of_its_own(
    database_url: str, owner_url: str, status: int | None, state: str, verdict: str, step: str, remedy: Remedy
) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        if status is None:
            receiver.hang.add("/in")
        else:
            receiver.plan["/in"] = status
        key = await it.connect(receiver.url(), name="Desk")
        async with it.sending(REAL):
            await it.test(key)
            stopped = "select 1 from connection_health where coalesce(stopped, 'failing') = %s"
            await until(lambda: it.sql(stopped, state))
            found = await known(it, key)
        assert (found.state, found.advice is not None) == (state, True)
        assert found.advice is not None
        assert (found.advice.verdict, found.advice.remedy) == (verdict, remedy)
        assert step in " ".join(found.advice.steps)


async def test_an_address_we_do_not_connect_to_is_no_matter_of_the_secret(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        key = await it.connect(receiver.url(), name="Desk")
        async with it.sending(REAL, guard=EgressGuard()):
            await it.test(key)
            await until(lambda: it.sql("select 1 from connection_health where stopped is not null"))
            found = await known(it, key)
        assert receiver.canaries == []
        assert found.advice is not None
        assert (found.state, found.advice.remedy) == (ConnectionState.MISCONFIGURED, Remedy.CHANGE)
        assert "OPSCONSOLE_EGRESS_ALLOW" in " ".join(found.advice.steps)
        assert "secret" not in " ".join(found.advice.steps)


def test_what_a_channel_does_not_say_follows_from_the_outcome() -> None:
    assert Result(Outcome.SENT, "").fault is None
    assert Result(Outcome.RETRY, "").fault is Fault.SILENT
    assert Result(Outcome.RETRY, "", 503).fault is Fault.BROKEN
    assert Result(Outcome.MISCONFIGURED, "", 200, cause=Fault.SECRET).fault is Fault.SECRET


async def test_nothing_is_due_where_nothing_is_tried(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.plan["/in"] = 401
        key = await it.connect(receiver.url(), ordered=True)
        it.record(1)
        async with it.sending():
            await until(lambda: it.sql("select 1 from connection_health where stopped is not null"))
            await until(lambda: it.states() == {"waiting": 1})
        found = await known(it, key)
        assert (found.state, found.waiting, found.next_attempt_at) == (ConnectionState.MISCONFIGURED, 1, None)
