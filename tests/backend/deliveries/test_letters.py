"""Letters that are given up say who did it, when and why; connections with letters nobody has decided about stay."""

from __future__ import annotations

import pytest

from backend.core.problems import ProblemError
from backend.core.settings import Settings
from backend.deliveries.connections import actions as connections
from backend.deliveries.letters import actions, reads
from backend.deliveries.watching.actions import watch
from backend.integrations.alarms import AlertAlarms
from models.deliveries.connections import SecretPurpose
from models.deliveries.letters import DiscardRequest, Letter, LetterState
from tests.backend.deliveries.fixtures import Post, post, receiving, until


async def given_up(it: Post) -> list[Letter]:
    async with it.database.read() as connection:
        found = await reads.letters(
            connection,
            state=LetterState.DISCARDED,
            connection_id=None,
            source=None,
            after=(None, None),
            limit=10,
        )
    return [each for each in found if isinstance(each, Letter)]


async def test_what_was_given_up_says_by_whom_when_and_why(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.plan["/in"] = 422
        await it.connect(receiver.url())
        it.record(1)
        async with it.sending():
            await until(lambda: it.states() == {"dead": 1})
        it.sql("update delivery set ended_at = now() - interval '1 hour'")
        [(delivery,)] = it.sql("select 'delivery-' || lane_id || '-' || position from delivery")
        [(command,)] = it.sql(
            "insert into shop_command (name, about, data, state) values ('order.refund', 'CS-1', '{}', 'dead')"
            " returning 'command-' || id"
        )
        [(job,)] = it.sql(
            "insert into procrastinate_jobs (queue_name, task_name, status) values ('core', 'a.job', 'failed')"
            " returning 'job-' || id"
        )
        async with it.database.transaction() as tx:
            request = DiscardRequest(ids=(delivery, delivery.replace("-", "-0"), command, job), reason="done by hand")
            await actions.discard(tx, actor="ada", request=request)
        found = await given_up(it)
        assert {each.id for each in found} == {delivery, command, job}
        assert {(each.discarded_by, each.discard_reason) for each in found} == {("ada", "done by hand")}
        [(now,)] = it.sql("select now()")
        assert all(each.ended_at is not None and (now - each.ended_at).total_seconds() < 60 for each in found)
        for key in (delivery, command, job):
            async with it.database.read() as connection:
                detail = await reads.letter(connection, key)
            assert (detail.discarded_by, detail.discard_reason) == ("ada", "done by hand")


async def test_what_waits_is_given_up_by_whoever_turns_it_off(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.plan["/in"] = 401
        key = await it.connect(receiver.url())
        it.record(1)
        async with it.sending():
            await until(lambda: it.states() == {"waiting": 1})
        async with it.database.transaction() as tx:
            await connections.remove_secret(tx, actor="ada", connection_id=key, purpose=SecretPurpose.SEND)
        [letter] = await given_up(it)
        assert (letter.discarded_by, letter.discard_reason) == ("ada", "given up when the connection was turned off")


async def test_a_connection_stays_while_dead_letters_wait_and_takes_its_alert_with_it(
    database_url: str, owner_url: str
) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.plan["/in"] = lambda request: 422 if request.body["data"].get("id") == "1" else 401
        key = await it.connect(receiver.url(), ordered=True)
        it.record(2)

        async def remove() -> None:
            [(version,)] = it.sql("select version from connection where id = %s", key)
            async with it.database.transaction() as tx:
                await connections.remove(tx, actor="ada", connection_id=key, version=version)

        async with it.sending():
            await until(lambda: it.states() == {"dead": 1, "waiting": 1})
            await until(lambda: it.sql("select 1 from connection_health where stopped is not null"))
        await watch(it.database, Settings(), AlertAlarms())
        raised = "select count(*) from connection_health where alarmed <> ''"
        assert it.sql(raised) == [(1,)]
        with pytest.raises(ProblemError, match="1 dead letter waits for a decision"):
            await remove()
        [(letter,)] = it.sql("select 'delivery-' || lane_id || '-' || position from delivery where state = 'dead'")
        async with it.database.transaction() as tx:
            await actions.discard(tx, actor="ada", request=DiscardRequest(ids=(letter,), reason="by hand"))
        await remove()
        assert it.states() == {"discarded": 2}  # the history is there
        assert len(await given_up(it)) == 2
        await watch(it.database, Settings(), AlertAlarms())
        assert it.sql(raised) == [(0,)]
