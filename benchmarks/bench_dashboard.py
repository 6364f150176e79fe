"""P1 and P2: the dashboard, cached and cold, against a one-row SELECT of the same server; p95 in milliseconds."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Annotated

import httpx
from fastapi import APIRouter

from backend.database import Database, Read
from backend.http import operations_router
from backend.security import Principal, require
from backend.session.accounts import seed_role_accounts
from backend.settings import Settings
from benchmarks.shop import empty_database, load
from benchmarks.table import Result
from models.permissions import Permission
from tests.conftest import Api, serve_in_thread

REQUESTS = 300


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


async def _seed(settings: Settings) -> None:
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


def run() -> list[Result]:
    """Floor, cached and cold interleaved, at 1 and 16 clients."""
    results: list[Result] = []
    with empty_database() as server:
        load(server)
        settings = Settings(database_url=server.url(), token_key="b" * 40)
        asyncio.run(_seed(settings))
        url, stop = serve_in_thread(settings, _floor())
        try:
            headers = Api(url, settings, "", stop).headers()
            now = datetime.now(UTC) - timedelta(minutes=1)
            one_row = "/api/operations/benchmark-floor"
            cached = "/api/operations/dashboard?range=90"
            for clients in (1, 16):
                cold = [
                    f"{cached}&asOf={(now - timedelta(seconds=n)).isoformat().replace('+00:00', 'Z')}"
                    for n in range(REQUESTS)
                ]
                for paths in ([one_row] * 50, [cached] * 50, cold[:20]):
                    asyncio.run(_p95(url, headers, paths, clients))
                floor = asyncio.run(_p95(url, headers, [one_row] * REQUESTS, clients))
                warm = asyncio.run(_p95(url, headers, [cached] * REQUESTS, clients))
                slow = asyncio.run(_p95(url, headers, cold, clients))
                results.append(Result(f"P1 dashboard cached, {clients} client(s)", warm, floor, "ms", 1))
                results.append(Result(f"P2 dashboard cold, {clients} client(s)", slow, floor, "ms", 4))
        finally:
            stop()
    return results
