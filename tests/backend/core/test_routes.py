"""Every route says who may call it, and holds to it; the document describes them as they are."""

from __future__ import annotations

import asyncio
import inspect
import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from backend.core import dependencies as connections
from backend.core.database import Database
from backend.core.security import Guard
from backend.core.settings import Settings
from backend.runtime.asgi import create_app
from models.core.permissions import BUILT_IN_ROLES
from tests.backend.core.fixtures import OPEN, guards
from tests.conftest import Api, _seed


def _holder(guard: Guard) -> str:
    """A role that the route lets in."""
    return next(r.id for r in BUILT_IN_ROLES if guard.permission is None or guard.permission in r.permissions)


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    asyncio.run(_seed(settings))
    return create_app(settings, Database(settings.database_url or ""))


def test_every_route_is_guarded_but_the_named_ones(app: FastAPI) -> None:
    found = list(guards(app))
    assert len(found) > 10
    assert {(method, path) for method, path, guard in found if guard is None} == OPEN


def test_who_asks_is_known_before_a_connection_is_held(app: FastAPI) -> None:
    """The other way round, as many requests as the pool has connections would wait for each other's second one."""
    late = []
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        calls = [d.call for d in dependant.dependencies] if dependant else []
        held = [n for n, call in enumerate(calls) if call in {connections._read, connections._transaction}]
        guarded = [n for n, call in enumerate(calls) if isinstance(call, Guard)]
        if held and guarded and held[0] < guarded[0]:
            late.append(str(context.path))
    assert late == []


def test_a_connection_is_given_back_before_the_answer_is_sent(app: FastAPI) -> None:
    """Else whoever does not read an answer would hold one."""
    late = []
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        waiting = list(dependant.dependencies) if dependant else []
        while waiting:
            found = waiting.pop()
            waiting += found.dependencies
            if inspect.isasyncgenfunction(found.call) and found.scope != "function":
                late.append(f"{context.path}: {found.call}")
    assert late == []


def test_each_role_gets_what_it_may_and_nothing_else(app: FastAPI, settings: Settings, owner_url: str) -> None:
    api = Api("http://api", settings, owner_url, lambda: None)

    async def walk() -> list[str]:
        wrong = []
        await app.state.database.open()
        app.state.live.end()  # else the stream would go on for as long as its token
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
            for method, pattern, guard in guards(app):
                if guard is None:
                    continue
                path = re.sub(r"{\w+}", "0198c0de-0000-7000-8000-000000000000", pattern)
                answer = await client.request(method, path)
                if answer.status_code != 401 or answer.json()["code"] != "unauthenticated":
                    wrong.append(f"{method} {path} anonymous: {answer.status_code}")
                if guard.step_up is not None:
                    weak = {"Authorization": f"Bearer {api.token(_holder(guard), acr='1')}"}
                    answer = await client.request(method, path, headers=weak)
                    challenge = answer.headers.get("www-authenticate", "")
                    if answer.status_code != 401 or f'max_age="{guard.step_up}"' not in challenge:
                        wrong.append(f"{method} {path} without a second factor: {answer.status_code} {challenge}")
                for role in BUILT_IN_ROLES:
                    answer = await client.request(method, path, headers=api.headers(role.id))
                    may = guard.permission is None or guard.permission in role.permissions
                    refused = answer.status_code == 403 and answer.json()["permission"] == guard.permission
                    if may == refused or answer.status_code >= 500 or answer.status_code == 401:
                        wrong.append(f"{method} {path} {role.id}: {answer.status_code} {answer.text[:200]}")
        await app.state.database.close()
        return wrong

    assert asyncio.run(walk()) == []


def test_the_pattern_of_a_route_is_known_to_the_metrics(api: Api) -> None:
    httpx.get(f"{api.base_url}/api/operations/rbac/me", headers=api.headers(), timeout=10)
    httpx.get(f"{api.base_url}/api/operations/nowhere/5", timeout=10)
    text = httpx.get(f"{api.base_url}/metrics", timeout=10).text
    assert 'opsconsole_requests_total{method="GET",route="/api/operations/rbac/me",status="200"}' in text
    assert 'route="unknown",status="404"' in text
    assert "opsconsole_database_up 1.0" in text


def test_the_problems_of_each_route_are_told(app: FastAPI) -> None:
    document: dict[str, Any] = app.openapi()
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path, methods in document["paths"].items():
        if path.startswith("/api/"):
            for operation in methods.values():
                assert "default" not in operation["responses"], path
                for status in [status for status in operation["responses"] if status >= "400"]:
                    described = document["components"]["responses"][status]["content"]
                    assert list(described) == ["application/problem+json"], f"{path} {status}"
    for path, method, statuses in (
        ("/alerts/{alert_id}/acknowledge", "post", "401 403 404 409 412 413 422 428 500 503"),
        ("/session", "post", "401 404 409 413 422 429 500 503"),
        ("/session/step-up", "post", "401 403 404 409 413 422 429 500 503"),
        ("/rbac/me", "get", "401 403 500 503"),
        ("/audit/proof/{entry_id}", "get", "401 403 404 409 422 500 503"),
    ):
        found = document["paths"][f"/api/operations{path}"][method]["responses"]
        assert [status for status in found if status >= "400"] == statuses.split(), path
