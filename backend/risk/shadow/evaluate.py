"""The turn of the worker that lets drafts see the orders that were checked since the last one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row

from backend.core.background import SetAside
from backend.core.database import Connection, Database, load_queries
from backend.core.settings import Settings
from backend.risk.backtest.run import RULES
from backend.risk.sql_conditions import Names, SqlContext, decision_sql, recorded_member
from backend.risk.sql_examples import PRESENT, RECORDED, every_rule
from models.risk.rules import ListKind

queries = load_queries(__package__)

ORDERS_MOST = 2_000
"""Orders a draft sees in a turn; the rest wait for the next one."""
DRAFTS_MOST = 20
LATE = timedelta(minutes=2)
"""A check decides at one instant and commits later, but never so much later: no transaction may idle so long."""


_aside = SetAside("shadow runs")


async def run_shadows(database: Database, _settings: Settings) -> None:
    """Each draft that runs beside live traffic sees each checked order once, after it was committed."""
    async with database.transaction() as tx:
        async with tx.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(queries.shadow_drafts, {"limit": DRAFTS_MOST})
            drafts = await cursor.fetchall()
        if not drafts:
            return
        context = await _read_context(tx)
        await _aside.each(tx, drafts, lambda draft: _run(tx, draft, context), key=lambda draft: draft["id"])


async def _run(tx: Connection, draft: dict[str, Any], context: SqlContext) -> None:
    row = await (await tx.execute(_statement(draft, context))).fetchone()
    if row is not None and row[0] is not None:
        await tx.execute(queries.move_shadow, {"rule_set_id": draft["id"], "through": row[0]})


def _statement(draft: dict[str, Any], context: SqlContext) -> sql.Composed:
    """Stores what a draft says about the next orders, and answers up to when it has looked."""
    # Literals, not parameters: the per cent signs of rules would be read as placeholders.
    return sql.SQL(
        "with d as materialized (select d.order_id, d.decided_at from risk_decision as d"
        " where d.decided_at >= {since} and d.decided_at > {begin} and not exists ("
        "select from risk_shadow_decision as s where s.rule_set_id = {draft} and s.order_id = d.order_id)"
        " order by d.decided_at, d.id limit {most}),"
        " stored as (insert into risk_shadow_decision (rule_set_id, set_version, order_id, score, action, triggered)"
        " select {draft}, {version}, o.id, e.score, e.action, e.triggered"
        " from d join risk_order as o on o.id = d.order_id cross join lateral {decision} as e)"
        " select max(decided_at) from d"
    ).format(
        since=sql.Literal(draft["shadow_since"]),
        # From a little earlier: what was committed late is found then, and what was seen is left out.
        begin=sql.Literal(draft["shadow_through"] - LATE),
        draft=sql.Literal(draft["id"]),
        version=sql.Literal(draft["version"]),
        most=sql.Literal(ORDERS_MOST),
        decision=decision_sql(RULES.validate_python(draft["rules"]), Names(), context),
    )


def examples() -> Iterator[sql.Composed]:
    """Statements put together here, for the test that prepares them all."""
    since = datetime(2026, 1, 1, tzinfo=UTC)
    draft = {
        "id": UUID(int=0),
        "version": 1,
        "rules": every_rule(),
        "shadow_since": since,
        "shadow_through": since,
    }
    yield _statement(draft, RECORDED)
    yield _statement(draft, PRESENT)


async def _read_context(tx: Connection) -> SqlContext:
    names = Names()
    lists = await (await tx.execute(queries.kinds_of_lists)).fetchall()
    kinds: dict[str, list[tuple[str, str]]] = {ListKind.ALLOW: [], ListKind.BLOCK: []}
    for list_id, kind, metric in lists:
        kinds[kind].append((list_id, metric))
    return SqlContext(recorded_member(names), kinds[ListKind.ALLOW], kinds[ListKind.BLOCK], recorded=True)
