"""Evaluation against a real database: one evaluator at a time, versions of alerts, audit, what dashboards are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from backend.alerts import actions, evaluate, summary
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.settings import Settings
from models.alerts import AlertRule, AlertRuleChange, AlertRuleDraft, AlertState, Comparison, Severity
from models.dashboard import (
    CommunityFigures,
    DashboardFigures,
    DownloadFigures,
    OrderFigures,
    RevenueFigures,
    SourceStatus,
)
from models.figures import FigureName, SourceName

Opened = Callable[[], Any]


class Shop:
    """Figures as the test wants them, in place of the dashboard's."""

    def __init__(self) -> None:
        self.failure_rate: float | None = 0.005
        self.orders = 5_000
        self.ranges: list[int] = []
        self.heard: datetime | None = None

    async def figures_at(self, _connection: Connection, _as_of: datetime, range_days: int) -> DashboardFigures:
        self.ranges.append(range_days)
        return DashboardFigures(
            revenue=RevenueFigures(daily=1, weekly=2, monthly=3),
            orders=OrderFigures(total=self.orders, refunded=1, pending=1),
            downloads=DownloadFigures(total=100, failure_rate=self.failure_rate),
            community=CommunityFigures(discord_members=None, showcases=7),
        )

    async def sources_at(self, _connection: Connection, as_of: datetime, *_rest: Any) -> dict[SourceName, SourceStatus]:
        status = SourceStatus(data_through=self.heard or as_of, expected_within_seconds=60, late=False)
        return dict.fromkeys(SourceName, status)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    found = Shop()
    monkeypatch.setattr(evaluate, "figures_at", found.figures_at)
    monkeypatch.setattr(evaluate, "sources_at", found.sources_at)
    return found


def draft(**changes: Any) -> AlertRuleDraft:
    return AlertRuleDraft(
        **{
            "figure": FigureName.DOWNLOADS_FAILURE_RATE,
            "title": "Downloads failing over limit",
            "comparison": Comparison.ABOVE,
            "value": 0.02,
            "severity": Severity.P2,
            "range_days": 1,
            **changes,
        }
    )


async def add_rule(db: Database, **changes: Any) -> AlertRule:
    async with db.transaction() as tx:
        return await actions.create_rule(tx, actor="test", request=draft(**changes))


async def rows(db: Database, statement: str) -> list[tuple[Any, ...]]:
    async with db.read() as connection:
        return await (await connection.execute(statement)).fetchall()


async def audited(db: Database) -> list[str]:
    return [row[0] for row in await rows(db, "select action from audit_log where resource_type = 'alert' order by seq")]


async def test_an_alert_lives_through_its_states(open_database: Opened, settings: Settings, shop: Shop) -> None:
    async with open_database() as db:
        await add_rule(db)
        await evaluate.evaluate(db, settings)
        assert await rows(db, "select * from alert") == []

        shop.failure_rate = 0.03
        await evaluate.evaluate(db, settings)
        shop.failure_rate = 0.05
        await evaluate.evaluate(db, settings)
        ((alert_id, version, worst),) = await rows(db, "select id, version, worst_value from alert")
        assert (version, worst) == (1, 0.05)

        shop.failure_rate = 0.001
        await evaluate.evaluate(db, settings)
        async with db.transaction() as tx:
            alert = await actions.acknowledge_alert(tx, actor="ol", alert_id=alert_id, version=2, comment="Seen.")
        assert alert.state is AlertState.CLEARED
        assert await audited(db) == [
            "alerts.alert.raised",
            "alerts.alert.returned",
            "alerts.alert.acknowledged",
            "alerts.alert.cleared",
        ]
        versions = await rows(
            db, "select version, state, valid_from, nullif(valid_to, 'infinity') from alert order by version"
        )
        assert [(v, s) for v, s, _, _ in versions] == [
            (1, "active"), (2, "active"), (3, "acknowledged"), (4, "cleared"),
        ]  # fmt: skip
        assert [end for *_, end in versions] == [*(start for _, _, start, _ in versions[1:]), None]
        before_and_after = await rows(
            db,
            "select before->>'state', after->>'state', reason, actor from audit_log where action like '%acknowledged'",
        )
        assert before_and_after == [("active", "acknowledged", "Seen.", "ol")]


async def test_two_workers_never_both_raise(open_database: Opened, settings: Settings, shop: Shop) -> None:
    async with open_database() as db:
        for number in range(5):
            await add_rule(db, title=f"Rule {number}")
        shop.failure_rate = 0.5
        await asyncio.gather(*(evaluate.evaluate(db, settings) for _ in range(8)))
        await evaluate.evaluate(db, settings)
        assert await rows(db, "select count(*), count(distinct rule_id) from alert") == [(5, 5)]
        assert len(await audited(db)) == 5


async def test_the_database_itself_allows_one_open_alert_per_rule_and_cause(
    open_database: Opened, settings: Settings, shop: Shop
) -> None:
    async with open_database() as db:
        await add_rule(db)
        shop.failure_rate = 0.5
        await evaluate.evaluate(db, settings)
        copy = (
            "insert into alert (id, version, valid_from, rule_id, cause, figure, title, severity, state, condition,"
            ' raised_at, comparison, "limit", evaluated_at, guidance, runbook_url)'
            " select uuidv7(), 1, now(), rule_id, cause, figure, title, severity, state, condition, raised_at,"
            ' comparison, "limit", evaluated_at, guidance, runbook_url from alert'
        )
        with pytest.raises(psycopg.errors.UniqueViolation):
            async with db.transaction() as tx:
                await tx.execute(copy)


async def test_one_figures_query_for_each_distinct_range(open_database: Opened, settings: Settings, shop: Shop) -> None:
    async with open_database() as db:
        for days in (1, 7, 7, 30, 1):
            await add_rule(db, range_days=days)
        await evaluate.evaluate(db, settings)
        assert sorted(shop.ranges) == [1, 7, 30]


async def test_the_for_time_survives_a_restart_of_the_worker(
    open_database: Opened, settings: Settings, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)

    async def at_will(_connection: Connection) -> datetime:
        return now

    monkeypatch.setattr(evaluate, "clock", at_will)
    async with open_database() as db:
        await add_rule(db, for_seconds=25)
        shop.failure_rate = 0.5
        raised = []
        for _ in range(4):
            await evaluate.evaluate(db, settings)  # everything it remembers is in the database
            raised.append(len(await rows(db, "select 1 from alert")))
            now += timedelta(seconds=10)
        assert raised == [0, 0, 0, 1]


async def test_a_shelf_ends_by_itself_and_is_audited(open_database: Opened, settings: Settings, shop: Shop) -> None:
    async with open_database() as db:
        await add_rule(db)
        shop.failure_rate = 0.5
        await evaluate.evaluate(db, settings)
        ((alert_id,),) = await rows(db, "select id from alert")
        async with db.transaction() as tx:
            until = await clock(tx) + timedelta(milliseconds=300)
            await actions.shelve_alert(tx, actor="ol", alert_id=alert_id, version=1, until=until, reason="Known.")
        async with db.read() as connection:
            now = await clock(connection)
            assert await summary.for_dashboard(connection, now) == ((), 0)
            assert await summary.open_conditions(connection, now, 7) == {
                FigureName.DOWNLOADS_FAILURE_RATE: AlertState.ACKNOWLEDGED
            }
        await asyncio.sleep(0.35)
        await evaluate.evaluate(db, settings)
        assert (await audited(db))[-2:] == ["alerts.alert.shelved", "alerts.alert.unshelved"]
        async with db.read() as connection:
            now = await clock(connection)
            assert (await summary.for_dashboard(connection, now))[1] == 1
            assert await summary.open_conditions(connection, now, 7) == {
                FigureName.DOWNLOADS_FAILURE_RATE: AlertState.ACTIVE
            }
            assert await summary.open_conditions(connection, now - timedelta(hours=1), 7) == {}


async def test_a_changed_rule_carries_its_open_alert_along(
    open_database: Opened, settings: Settings, shop: Shop
) -> None:
    async with open_database() as db:
        rule = await add_rule(db, severity=Severity.P3)
        shop.failure_rate = 0.5
        await evaluate.evaluate(db, settings)
        async with db.transaction() as tx:
            change = AlertRuleChange(severity=Severity.P1, value=0.1)
            await actions.change_rule(tx, actor="ol", rule_id=UUID(rule.id), version=1, request=change)
        await evaluate.evaluate(db, settings)
        newest = "select severity, \"limit\" from alert where valid_to = 'infinity'"
        assert await rows(db, newest) == [("P1", 0.1)]
        assert await audited(db) == ["alerts.alert.raised", "alerts.alert.changed"]


async def test_silence_of_a_source_is_no_data(open_database: Opened, settings: Settings, shop: Shop) -> None:
    async with open_database() as db:
        await add_rule(db, figure=FigureName.COMMUNITY_DISCORD_MEMBERS, comparison=Comparison.BELOW, value=100)
        shop.heard = datetime.now(UTC) - timedelta(hours=3)
        await add_rule(db, figure=FigureName.ORDERS_TOTAL, comparison=Comparison.BELOW, value=9_000, no_data_seconds=60)
        await evaluate.evaluate(db, settings)
        assert await rows(db, "select * from alert") == []


async def test_thresholds_are_the_strictest_enabled_ones(open_database: Opened) -> None:
    async with open_database() as db:
        await add_rule(db, value=0.05)
        strict = await add_rule(db, value=0.02)
        await add_rule(db, value=0.001, enabled=False)
        await add_rule(db, figure=FigureName.ORDERS_TOTAL, comparison=Comparison.BELOW, value=3_000)
        low = await add_rule(db, figure=FigureName.ORDERS_TOTAL, comparison=Comparison.BELOW, value=3_200)
        await add_rule(db, figure=FigureName.ORDERS_TOTAL, value=90_000, severity=Severity.P4)
        async with db.read() as connection:
            rules = await summary.rules_now(connection)
        found = summary.thresholds(rules, 1)
        # A count grows with its range: a limit made for one day says nothing about seven. A rate does not.
        assert set(summary.thresholds(rules, 7)) == {FigureName.DOWNLOADS_FAILURE_RATE}
        assert {figure: (t.rule_id, t.value) for figure, t in found.items()} == {
            FigureName.DOWNLOADS_FAILURE_RATE: (strict.id, 0.02),
            FigureName.ORDERS_TOTAL: (low.id, 3_200),
        }
