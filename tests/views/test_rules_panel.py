"""The Rules, Backtest and Lists panels: real widgets on a real API."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx
import psycopg
from PySide6.QtCore import Qt

from app.console import Console
from backend.database import Database
from backend.risk.backtest.run import run
from backend.risk.rule_sets.evaluate import run_shadows
from tests.backend.risk_orders import RULES, add_lists, add_orders, add_outcomes, order, publish
from tests.conftest import Api
from tests.views.office import until
from tests.views.test_access_workspace import put_up
from views.risk_rules.rules_panel import RulesPanel

KEY = Qt.Key
OTHER, ME = "administrator", "risk-manager"


def seed(api: Api, count: int = 300) -> str:
    """Orders that are decided by published rules, some of them frauds; answers the published set."""
    chance = random.Random(7)  # noqa: S311 - orders, no secrets
    with psycopg.connect(api.owner_url, autocommit=True) as connection:
        add_lists(connection)
        published = publish(connection, RULES)
        orders = [order(number, chance) for number in range(count)]
        add_orders(connection, orders, RULES, published)
        add_outcomes(connection, orders[::9])
    return published


def send(api: Api, method: str, path: str, body: Any = None, role: str = OTHER, version: int | None = None) -> Any:
    headers = api.headers(role) | ({} if version is None else {"If-Match": f'"{version}"'})
    answer = httpx.request(method, f"{api.base_url}/api/risk{path}", json=body, headers=headers, timeout=30)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def draft(api: Api, title: str = "Tighter cards", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = send(api, "POST", "/rule-sets", {"title": title} | more)
    return found


async def work_off(api: Api) -> None:
    """What the worker does: waiting backtests, and orders that drafts in shadow have not seen."""
    database = Database(api.settings.database_url or "", size=2)
    await database.open()
    async with database.transaction() as tx:
        waiting = await (await tx.execute("select id from risk_backtest where state = 'waiting'")).fetchall()
    for row in waiting:
        await run(database, row[0], "EUR")
    await run_shadows(database, api.settings)
    await database.close()


def worker(api: Api) -> Any:
    return asyncio.to_thread(lambda: asyncio.run(work_off(api)))


async def editing(console: Console, made: dict[str, Any]) -> RulesPanel:
    """The panel with a draft open for editing."""
    panel = RulesPanel(console)
    await put_up(panel)
    await until(lambda: panel.versions.records.rowCount() > 1)
    panel.choose_set(made["ruleSetId"])
    await until(lambda: panel.bench.work is not None and panel.editing.isVisible())
    return panel
