"""Alerts without a figure: any part of the system raises one and says when what it tells of has passed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from backend.alerts import actions
from backend.alerts.evaluate import evaluate
from backend.core.database import Database
from backend.core.settings import Settings
from models.alerts import Alert, AlertState, Severity
from tests.conftest import Api

Opened = Callable[[], Any]
BACKUP = {"source": "backup", "key": "daily"}


async def raise_condition(db: Database, severity: Severity = Severity.P3, **changes: Any) -> Alert:
    async with db.transaction() as tx:
        words = {"title": "The daily backup failed", "guidance": "Look.\nAct.", **BACKUP, **changes}
        return await actions.raise_alert(tx, severity=severity, **words)


async def passed(db: Database, **which: str) -> Alert | None:
    async with db.transaction() as tx:
        return await actions.clear_condition(tx, **(which or BACKUP))


async def acknowledge(db: Database, alert: Alert) -> Alert:
    async with db.transaction() as tx:
        return await actions.acknowledge_alert(
            tx, actor="jane", alert_id=UUID(alert.id), version=alert.version, comment="on it"
        )


def audited(owner_url: str) -> list[str]:
    with psycopg.connect(owner_url) as connection:
        rows = connection.execute("select action from audit_log where resource_type = 'alert' order by seq").fetchall()
    return [action.removeprefix("alerts.alert.") for (action,) in rows]


async def test_raised_twice_is_one_alert(open_database: Opened, owner_url: str) -> None:
    async with open_database() as db:
        first, second = await raise_condition(db), await raise_condition(db)
        assert (second.id, second.version) == (first.id, 1)
        assert second.evaluated_at > first.evaluated_at
        assert (await raise_condition(db, key="weekly")).id != first.id
        assert (await raise_condition(db, source="access")).id != first.id
    assert audited(owner_url) == ["raised"] * 3


async def test_raised_by_many_at_once_is_one_alert(open_database: Opened, owner_url: str) -> None:
    async with open_database() as db:
        told = await asyncio.gather(*(raise_condition(db) for _ in range(8)))
        assert len({alert.id for alert in told}) == 1
    assert audited(owner_url) == ["raised"]


async def test_not_acknowledged_it_stays_until_somebody_does(open_database: Opened, owner_url: str) -> None:
    async with open_database() as db:
        raised = await raise_condition(db)
        returned = await passed(db)
        assert returned is not None
        assert (returned.state, returned.condition, returned.version) == (AlertState.ACTIVE, "normal", 2)
        assert returned.returned_at is not None
        again = await passed(db)
        assert again is not None
        assert again.version == 2
        resumed = await raise_condition(db)
        assert (resumed.id, resumed.returned_at, resumed.condition) == (raised.id, None, "breached")
        returned = await passed(db)
        assert returned is not None
        assert (await acknowledge(db, returned)).state is AlertState.CLEARED
        assert await passed(db) is None
        assert (await raise_condition(db)).id != raised.id
    assert audited(owner_url) == ["raised", "returned", "resumed", "returned", "acknowledged", "cleared", "raised"]


async def test_acknowledged_it_clears_when_it_has_passed(open_database: Opened, owner_url: str) -> None:
    async with open_database() as db:
        assert await passed(db) is None
        await acknowledge(db, await raise_condition(db))
        assert (await raise_condition(db)).state is AlertState.ACKNOWLEDGED
        cleared = await passed(db)
        assert cleared is not None
        assert (cleared.state, cleared.returned_at is None) == (AlertState.CLEARED, False)
    assert audited(owner_url) == ["raised", "acknowledged", "cleared"]


async def test_a_higher_severity_makes_it_active_again(open_database: Opened, owner_url: str) -> None:
    async with open_database() as db:
        await acknowledge(db, await raise_condition(db, Severity.P3))
        worse = await raise_condition(db, Severity.P2, title="No backup for 26 h")
        assert (worse.state, worse.severity, worse.title) == (AlertState.ACTIVE, Severity.P2, "No backup for 26 h")
        assert (worse.acknowledged_at, worse.acknowledged_by, worse.comment) == (None, None, None)
        milder = await raise_condition(db, Severity.P4)
        assert (milder.state, milder.severity) == (AlertState.ACTIVE, Severity.P2), "it holds until acknowledged"
        milder = await acknowledge(db, milder)
        milder = await raise_condition(db, Severity.P4)
        assert (milder.state, milder.severity) == (AlertState.ACKNOWLEDGED, Severity.P4)
    assert audited(owner_url) == ["raised", "acknowledged", "escalated", "changed", "acknowledged", "changed"]


async def test_a_shelf_ends_by_itself_or_when_it_gets_worse(open_database: Opened, owner_url: str) -> None:
    async with open_database() as db:
        alert = await raise_condition(db)
        until = datetime.now(UTC) + timedelta(seconds=0.4)

        async def shelve(version: int, until: datetime) -> Alert:
            async with db.transaction() as tx:
                return await actions.shelve_alert(
                    tx, actor="jane", alert_id=UUID(alert.id), version=version, until=until, reason="known"
                )

        await shelve(1, until)
        await evaluate(db, Settings())
        assert (await raise_condition(db)).shelved_until == until
        await asyncio.sleep(0.5)
        await evaluate(db, Settings())
        back = await raise_condition(db)
        assert (back.shelved_until, back.version) == (None, 3)
        await shelve(3, datetime.now(UTC) + timedelta(hours=1))
        assert (await raise_condition(db, Severity.P1)).shelved_until is None
    assert audited(owner_url) == ["raised", "shelved", "unshelved", "shelved", "escalated"]


async def test_half_an_origin_is_refused(open_database: Opened, owner_url: str) -> None:
    async with open_database() as db:
        await raise_condition(db)
    with psycopg.connect(owner_url) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("update alert set figure = 'orders.total'")


def test_routes_and_dashboard_show_it_as_any_other(api: Api, open_database: Opened) -> None:
    async def raise_one() -> Alert:
        async with open_database() as db:
            return await raise_condition(db)

    alert = asyncio.run(raise_one())
    with httpx.Client(base_url=f"{api.base_url}/api/operations", headers=api.headers()) as client:
        listed = client.get("/alerts").json()["items"]
        assert [Alert.model_validate(item) for item in listed] == [alert]
        assert (listed[0]["figure"], listed[0]["ruleId"], listed[0]["source"]) == (None, None, "backup")
        dashboard = client.get("/dashboard?range=7").json()
        assert [(a["title"], a["figure"]) for a in dashboard["alerts"]] == [("The daily backup failed", None)]
        done = client.post(
            f"/alerts/{alert.id}/acknowledge", json={"comment": "seen"}, headers={"If-Match": f'"{alert.version}"'}
        )
        assert done.json()["state"] == "acknowledged", done.text
