"""Reading backtests."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row
from models.core.problems import Code
from models.risk.backtest import (
    Backtest,
    BacktestSummary,
)

queries = load_queries(__package__)


async def find_backtest(connection: Connection, backtest_id: UUID) -> Backtest:
    """The backtest with its result; raises ProblemError 404."""
    async with connection.cursor(row_factory=class_row(Backtest)) as cursor:
        await cursor.execute(queries.backtest, {"backtest_id": backtest_id})
        found = await cursor.fetchone()
    if found is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such backtest.")
    return found


async def backtests(
    connection: Connection,
    *,
    rule_set_id: UUID | None,
    before: tuple[datetime | None, UUID | None],
    limit: int,
) -> list[BacktestSummary | Unreadable]:
    """Backtests without their results, newest first, after the one made at ``before``."""
    async with connection.cursor(row_factory=lenient_row(BacktestSummary)) as cursor:
        values = {"rule_set_id": rule_set_id, "created_at": before[0], "backtest_id": before[1], "limit": limit}
        await cursor.execute(queries.backtests_page, values)
        return await cursor.fetchall()
