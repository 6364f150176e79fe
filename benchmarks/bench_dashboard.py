"""P1 and P2: the dashboard, cached and cold, against a one-row SELECT of the same server; p95 in milliseconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Annotated

import httpx
from fastapi import APIRouter

from backend.accounts.session.accounts import seed_role_accounts
from backend.core.database import Database
from backend.core.dependencies import Read
from backend.core.http import operations_router
from backend.core.security import Principal, require
from backend.core.settings import Settings
from benchmarks.shop import ORDERS, empty_database, load
from benchmarks.table import Result
from models.core.permissions import Permission
from tests.conftest import Api, serve_in_thread

REQUESTS = 300
FLOOR = "/api/operations/benchmark-floor"
CACHED = "/api/operations/dashboard?range=90"


async def _p95(url: str, headers: dict[str, str], paths: list[str], clients: int) -> float:
    """Of ``paths``, each asked for once in turn by ``clients`` at a time."""
    taken: list[float] = []
    left = iter(paths)

    async def client() -> None:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as http:
            for path in left:
                begun = time.perf_counter()
                (await http.get(path)).raise_for_status()
                taken.append((time.perf_counter() - begun) * 1000)

    await asyncio.gather(*(client() for _ in range(clients)))
    return quantiles(taken, n=20)[-1]


async def seed(settings: Settings) -> None:
    """An account for each built-in role."""
    database = Database(settings.database_url or "")
    await database.open()
    async with database.transaction() as tx:
        await seed_role_accounts(tx)
    await database.close()


def _floor() -> APIRouter:
    """An endpoint that answers one row by its key, behind the same sign-in as the dashboard."""
    router = operations_router("/api/operations", "benchmark")

    @router.get("/benchmark-floor")
    async def one_row(_: Annotated[Principal, require(Permission.VIEW_DASHBOARD)], connection: Read) -> dict[str, int]:
        cursor = await connection.execute("select minor from orders where id = 'o1'", prepare=True)
        (minor,) = await cursor.fetchone() or (0,)
        return {"minor": minor}

    return router


@contextmanager
def _serve(orders: int, days: int) -> Iterator[tuple[str, dict[str, str]]]:
    """An API on a shop of that size: its address, and headers that are let in."""
    with empty_database() as server:
        load(server, orders, days)
        settings = Settings(database_url=server.url(), token_key="b" * 40)
        asyncio.run(seed(settings))
        url, stop = serve_in_thread(settings, _floor())
        try:
            yield url, Api(url, settings, "", stop).headers()
        finally:
            stop()


def _cold(count: int) -> list[str]:
    """As many addresses of dashboards nobody has asked for."""
    now = datetime.now(UTC) - timedelta(minutes=1)
    instants = ((now - timedelta(seconds=n)).isoformat().replace("+00:00", "Z") for n in range(count))
    return [f"{CACHED}&asOf={instant}" for instant in instants]


def run() -> list[Result]:
    """Floor, cached and cold, at 1 and 16 clients; then a history ten times as long at the same density."""
    results: list[Result] = []
    with _serve(ORDERS, 730) as (url, headers):
        for clients in (1, 16):
            for paths in ([FLOOR] * 50, [CACHED] * 50, _cold(20)):
                asyncio.run(_p95(url, headers, paths, clients))
            floor = asyncio.run(_p95(url, headers, [FLOOR] * REQUESTS, clients))
            warm = asyncio.run(_p95(url, headers, [CACHED] * REQUESTS, clients))
            slow = asyncio.run(_p95(url, headers, _cold(REQUESTS), clients))
            results.append(Result(f"P1 dashboard cached, {clients} client(s)", warm, floor, "ms", 1))
            results.append(Result(f"P2 dashboard cold, {clients} client(s)", slow, floor, "ms", 4))
    taken = []
    for orders, days in ((ORDERS // 10, 730), (ORDERS, 7300)):
        with _serve(orders, days) as (url, headers):
            asyncio.run(_p95(url, headers, _cold(50), 1))
            taken.append(asyncio.run(_p95(url, headers, _cold(REQUESTS), 1)))
    results.append(Result("P2 ten times the history", taken[1], taken[0], "ms", 1.1))
    return results
