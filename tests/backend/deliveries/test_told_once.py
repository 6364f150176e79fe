"""Backups that failed and reports go out by the routes; what was told already, or before, is not told again."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg

from backend.backup.actions import record_failed
from backend.core.database import Database
from backend.migrations.migrate import migrate, upgrade
from backend.migrations.revisions import version_locations
from backend.risk.outcomes import actions as reports
from models.alerts import Severity
from models.backup import BackupState
from models.deliveries.routing import Team
from tests.backend.deliveries.fixtures import Post, post, receiving, until
from tests.backend.risk.orders import RULES, add_orders, order, publish


def route(it: Post, connection_id: UUID, team: Team, severity: Severity) -> None:
    it.sql(
        "insert into route (team, severity, connection_id, mode) values (%s, %s, %s, 'at_once')",
        team,
        severity,
        connection_id,
    )


async def backup_fails(it: Post) -> None:
    async with it.database.transaction() as tx:
        run = await record_failed(
            tx, actor="system:worker", started_at=datetime.now(UTC), scheduled=True, why="there is no room left"
        )
    assert run.state is BackupState.FAILED
    it.stamp()


async def test_a_backup_that_failed_is_told_once(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        route(it, await it.connect(receiver.url(), subscriptions=()), Team.OPERATIONS, Severity.P2)
        async with it.sending():
            await backup_fails(it)
            await until(lambda: receiver.got)
            await backup_fails(it)  # the next day again: its alert is still open
            it.sql("insert into audit_log (actor, action, resource_type, resource_id) values ('t', 'x.y.z', 'x', '1')")
            it.stamp()
            head = "select min(cursor) >= (select position from audit_relay) from lane where source = 'log'"
            await until(lambda: it.sql(head) == [(True,)])
        [told] = receiver.got
        assert "there is no room left" in told.body["text"]


async def test_a_report_is_told_once(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        route(it, await it.connect(receiver.url(), subscriptions=()), Team.RISK, Severity.P4)
        month, _ = reports.bounds(reports.ended(datetime.now(UTC)))
        add_orders(it.owner, [order(1, random.Random(1))], RULES, publish(it.owner, RULES))  # noqa: S311 - not a secret
        it.sql("update risk_decision set decided_at = %s", month)
        for wanted in (True, False):
            assert (await report(it.database) is not None) is wanted
        it.stamp()
        async with it.sending():
            await until(lambda: it.states() == {"sent": 1})
        [told] = receiver.got
        assert f"{month:%B %Y}" in told.body["text"]


async def report(database: Database) -> Any:
    async with database.transaction() as tx:
        return await reports.generate_when_due(tx, "EUR")


async def test_who_comes_later_is_not_told_of_what_was_before(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        route(it, await it.connect(receiver.url("/first"), subscriptions=()), Team.OPERATIONS, Severity.P2)
        await backup_fails(it)
        later = await it.connect(receiver.url("/later"))
        route(it, later, Team.OPERATIONS, Severity.P2)
        it.stamp()
        async with it.sending():
            await until(lambda: receiver.of("/first"))
            it.record()
            await until(lambda: receiver.of("/later"))
        assert [each.body["type"] for each in receiver.of("/later")] == ["test.thing.done"]


INTENT = """
insert into risk_order (id, source, placed_at, minor, currency) values ('{state}', 'check', now(), 1, 'EUR');
insert into risk_entry (order_id, score, action, triggered, placed_at, currency, minor, due_at)
  values ('{state}', 1, 'review', '{{}}', now(), 'EUR', 1, now());
insert into risk_intent (id, entry_id, order_id, kind, minor, currency, state, attempts, done_at)
  select '{id}', id, order_id, 'refund', 1, 'EUR', '{state}', {attempts}, {done} from risk_entry
   where order_id = '{state}';
"""


def test_an_update_tells_nothing_twice(empty_url: str) -> None:
    """What was done stays done, what was on its way goes on under its id, and the old notifier has nothing to do."""
    ids = {state: uuid4() for state in ("waiting", "done", "failed")}
    with psycopg.connect(empty_url, autocommit=True) as connection:
        upgrade(connection, version_locations(), "risk_0002")
        upgrade(connection, version_locations(), "deliveries_0001")
        for attempts, (state, key) in enumerate(ids.items()):
            done = "null" if state == "waiting" else "now()"
            connection.execute(INTENT.format(id=key, state=state, attempts=attempts, done=done).encode())
        for task in ("risk.intent", "risk.notify"):
            connection.execute(
                "insert into procrastinate_jobs (queue_name, task_name, args) values ('default', %s, '{}')",
                (f"opsconsole:{task}",),
            )
    migrate(empty_url)
    with psycopg.connect(empty_url) as connection:
        commands = dict(connection.execute("select id, state from shop_command").fetchall())
        assert commands == {ids["waiting"]: "waiting", ids["done"]: "done", ids["failed"]: "dead"}
        assert connection.execute("select count(*) from procrastinate_jobs where status = 'todo'").fetchone() == (0,)
        assert connection.execute("select count(*) from notice").fetchone() == (0,)
