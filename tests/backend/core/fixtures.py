"""The application in process, for requests of any kind to every route of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from backend.core.database import Database
from backend.core.security import Guard
from backend.core.settings import Settings
from backend.runtime.asgi import create_app
from models.core.problems import Problem
from tests.conftest import Api, _seed

OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/api/operations/session/options"),
    ("POST", "/api/operations/session"),
    ("POST", "/api/operations/session/refresh"),
    ("POST", "/api/hooks/{connection}"),
    ("GET", "/api/operations/oncall/feeds/{secret}.ics"),
    ("GET", "/api/privacy/packages/{secret}"),
    ("GET", "/api/reporting/tax/links/{secret}"),
}


def guards(app: FastAPI) -> Iterator[tuple[str, str, Guard | None]]:
    """Method, pattern and guard of every route."""
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        found = [d.call for d in dependant.dependencies if isinstance(d.call, Guard)] if dependant else []
        for method in sorted((context.methods or set()) - {"HEAD"}):
            yield method, str(context.path), found[0] if found else None


OPERATIONS = "/api/operations"
SESSION = f"{OPERATIONS}/session"
RBAC = f"{OPERATIONS}/rbac"
PASSWORD = "password-of-ada"
SOME_ID = "0198c0de-0000-7000-8000-000000000000"
AT = "2026-11-24T10:00:00Z"
QUERY = f"from={quote(AT)}&to={quote(AT)}&userId=viewer&permission=operations.view_audit&region=GB&orderId=o&state=DE"
"""Whatever a reading route cannot do without."""


class Site:
    """The application in process, with an account for each role, ada (P: password) and bob, and its document."""

    def __init__(self, settings: Settings, owner_url: str) -> None:
        self.api = Api("http://api", settings, owner_url, lambda: None)
        self.owner_url = owner_url
        self.runner = asyncio.Runner()
        asyncio.run(_seed(settings))
        self.api.add_person("ada", "Ada", PASSWORD)
        self.api.add_person("bob", "Bob", PASSWORD)
        with psycopg.connect(owner_url, autocommit=True) as connection:
            # So that no permission stands before what a test is about.
            connection.execute(
                "insert into role_assignment (user_id, role_id, granted_by)"
                " select 'administrator', id, 'test' from role_definition where id <> 'administrator'"
            )
        self.app = create_app(settings, Database(settings.database_url or ""))
        self.document: dict[str, Any] = self.app.openapi()
        self.runner.run(self.app.state.database.open())
        self.app.state.live.end()  # else the stream would go on for as long as its token
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://api")
        self._versioned = [
            (method.upper(), re.compile(re.sub(r"{\w+}", "[^/]+", path)))
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
            if any(each["name"] == "If-Match" for each in operation.get("parameters", ()))
        ]
        self.routes = [(method, path) for method, path, _ in guards(self.app)]

    def close(self) -> None:
        self.runner.run(self.client.aclose())
        self.runner.run(self.app.state.database.close())
        self.runner.close()

    def send(self, method: str, path: str, role: str | None = "administrator", **more: Any) -> httpx.Response:
        """A request of a role's or person's account (their second factor just used), with a token, or of nobody."""
        self.unlimited()
        versioned = any(method == verb and pattern.fullmatch(path) for verb, pattern in self._versioned)
        headers = [("If-Match", '"1"')] if versioned else []
        if role is not None:
            token = role if role.count(".") >= 2 else self.api.token(role)
            headers.append(("Authorization", f"Bearer {token}"))
        given = more.pop("headers", {})
        named = given if isinstance(given, list) else list(given.items())
        names = {name.lower() for name, _ in named}
        headers = [pair for pair in headers if pair[0].lower() not in names] + named
        return self.runner.run(self.client.request(method, path, headers=headers, **more))

    def unlimited(self) -> None:
        """The limits by address are a test of their own."""
        self.app.state.limits.sign_in._buckets.clear()
        self.app.state.limits.tokens._buckets.clear()

    def bodies(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Method, path and body of every route that takes one; all its fields are there, and valid in themselves."""
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                if "requestBody" in operation:
                    schema = operation["requestBody"]["content"]["application/json"]["schema"]
                    yield method.upper(), path, self.sample(schema)

    def sample(self, schema: dict[str, Any]) -> Any:
        """A value of a schema."""
        if "$ref" in schema:
            return self.sample(self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
        for choice in ("anyOf", "oneOf", "allOf"):
            if choice in schema:
                return self.sample(schema[choice][0])
        for word in ("examples", "enum"):
            if word in schema:
                return schema[word][0]
        match schema.get("type"):
            case "object":
                return {name: self.sample(field) for name, field in schema.get("properties", {}).items()}
            case "array":
                return [self.sample(schema["items"])] if schema.get("minItems") else []
            case "string":
                text = schema.get("format") == "date-time"
                return (
                    (datetime.now(UTC) + timedelta(hours=1)).isoformat() if text else "x" * schema.get("minLength", 1)
                )
            case "boolean":
                return False
            case _:
                return schema.get("minimum", 1)

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """What the owner of the database reads."""
        with psycopg.connect(self.owner_url) as connection:
            return connection.execute(statement, values).fetchall()


def concrete(pattern: str, value: str = SOME_ID) -> str:
    return re.sub(r"{\w+}", value, pattern)


def trouble(answer: httpx.Response, statuses: set[int] | None = None) -> str:
    """What is wrong with an answer that should refuse; empty when it is a problem document of such a status."""
    if answer.status_code >= 500 or (statuses is not None and answer.status_code not in statuses):
        return f"{answer.status_code} {answer.text[:200]}"
    if answer.status_code >= 400:
        if answer.headers["content-type"] != "application/problem+json":
            return f"{answer.status_code} as {answer.headers['content-type']}"
        if Problem.model_validate_json(answer.content).status != answer.status_code:
            return f"{answer.status_code} is called {answer.json()['status']}"
    return ""


def session_of(site: Site, person: str) -> dict[str, Any]:
    answer = site.send("POST", SESSION, None, json={"account": person, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
