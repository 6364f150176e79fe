"""The dead-man's switch: a sign of life while all is well, and silence as soon as anything of it stands still."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from backend.core.database import Database, DatabaseUnavailable
from backend.core.settings import Settings
from backend.deliveries import capability
from backend.deliveries.watching.dead_man import sign_of_life
from backend.integrations import adapters
from tests.backend.deliveries.fixtures import Post, Receiver, post, receiving


def settings_of(receiver: Receiver, database_url: str = "") -> Settings:
    return Settings(database_url=database_url or None, dead_man_url=receiver.url("/alive?id=7"))


async def signs(it: Post, receiver: Receiver) -> int:
    """How many one turn gives."""
    before = len(receiver.got)
    await sign_of_life(it.database, settings_of(receiver))
    return len(receiver.got) - before


async def test_it_is_told_while_all_is_well_and_not_while_anything_stands_still(
    database_url: str, owner_url: str
) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        it.record()
        assert await signs(it, receiver) == 1
        assert receiver.got[0].path == "/alive?id=7"
        key = await it.connect(receiver.url("/in"))
        assert await signs(it, receiver) == 1
        late = "update connection_health set canary_due_at = now() - interval '2 minutes'"
        it.sql("update connection set updated_at = now() - interval '1 day'")
        it.sql(late)
        assert await signs(it, receiver) == 0, "no sender takes its canary"
        it.sql("update connection set paused_by = 'ada'")
        assert await signs(it, receiver) == 1, "it is held back by a person"
        it.sql("update connection set paused_by = null")
        it.sql("update connection_health set opened_until = now() where connection_id = %s", key)
        assert await signs(it, receiver) == 1, "a connection that fails is an alert, and no death"
        it.stamp()
        it.sql(
            "insert into audit_log (at, actor, action, resource_type, resource_id)"
            " values (now() - interval '2 minutes', 'test', 'test.thing.done', 'thing', '1')"
        )
        assert await signs(it, receiver) == 0, "nothing of the log gets a position"
        it.stamp()
        assert await signs(it, receiver) == 1


@pytest.mark.parametrize("answer", [500, 302, 404])
async def test_an_answer_that_is_none_stops_nothing(database_url: str, owner_url: str, answer: int) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.plan["/alive?id=7"] = answer
        assert await signs(it, receiver) == 1
        await receiver.end()
        assert receiver.server is not None
        receiver.server.close()
        await sign_of_life(it.database, settings_of(receiver))


async def test_without_a_database_there_is_silence(database_url: str) -> None:
    async with receiving() as receiver:
        database = Database(make_conninfo(database_url, dbname="there_is_none"), size=1)
        with pytest.raises((DatabaseUnavailable, psycopg.OperationalError)):
            await sign_of_life(database, settings_of(receiver))
        assert receiver.got == []


def test_it_is_looked_after_only_when_it_is_set() -> None:
    for url, wanted in ((None, False), ("https://watch.example/7", True)):
        settings = Settings(dead_man_url=url)
        ticks = {each.name for each in capability.CAPABILITY.ticks(settings, adapters(settings))}
        assert ("sign of life" in ticks) is wanted
