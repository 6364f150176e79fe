"""What anybody may find out: nothing before they say who they are, no metrics where those are closed, no own Host."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI

from backend.core.database import Database
from backend.core.settings import Settings
from backend.runtime.asgi import create_app
from tests.backend.core.fixtures import concrete, guards
from tests.conftest import _seed


async def ask(app: FastAPI, *requests: tuple[str, str, dict[str, Any]]) -> list[httpx.Response]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        return [await client.request(method, path, **more) for method, path, more in requests]


def test_who_says_nothing_about_themselves_learns_nothing_else(settings: Settings) -> None:
    """Nor whether a body, a query or an id would do."""
    asyncio.run(_seed(settings))
    app = create_app(settings, Database(settings.database_url or ""))
    told = []
    for method, pattern, guard in guards(app):
        if guard is None:
            continue
        for more in (
            {"content": b"{not json", "headers": {"Content-Type": "application/json"}},
            {"json": {"unknown": 1}},
            {"params": {"limit": "many", "asOf": "never", "cursor": "x", "range": "1", "from": "x"}},
        ):
            request = (method, concrete(pattern, "%00"), more)
            told += [
                f"{method} {pattern}: {each.status_code}"
                for each in asyncio.run(ask(app, request))
                if each.status_code != 401
            ]
    assert told == []


def test_metrics_can_be_closed(settings: Settings) -> None:
    closed = settings.model_copy(update={"metrics_token": Settings(metrics_token="m" * 20).metrics_token})
    app = create_app(closed, Database(settings.database_url or ""))

    async def run() -> list[int]:
        await app.state.database.open()
        try:
            tokens = ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {'m' * 20}"})
            return [each.status_code for each in await ask(app, *(("GET", "/metrics", {"headers": h}) for h in tokens))]
        finally:
            await app.state.database.close()

    assert asyncio.run(run()) == [401, 401, 200]


def test_nobody_is_sent_where_the_request_says_we_are(settings: Settings) -> None:
    app = create_app(settings, Database(""))
    paths = ("/healthz/", "/api/operations/dashboard/", "/api/operations/rbac/roles/", "//evil.example/..")
    answers = asyncio.run(ask(app, *(("GET", path, {"headers": {"Host": "evil.example"}}) for path in paths)))
    assert [each.status_code for each in answers if each.is_redirect or "evil" in str(each.headers)] == []
