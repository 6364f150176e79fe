"""What the tests of privacy share."""

from __future__ import annotations

from typing import Any

import httpx
import psycopg
from psycopg.conninfo import make_conninfo

from backend.core.database import APPLICATION_ROLE
from backend.core.keys import new_privacy_keys
from backend.privacy import KeyRing
from tests.conftest import Api

KEYS = new_privacy_keys()
RING = KeyRing.read(KEYS, "a test")
JANE = {"customer_id": "c-17", "email": "Jane@Example.com"}


def rows(owner_url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What the owner of the database does and reads."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        cursor = connection.execute(statement, values or None)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []


def application(owner_url: str) -> str:
    """The application role's address of the same database."""
    return make_conninfo(owner_url, user=APPLICATION_ROLE)


class Desk:
    """The API, and shorter ways to ask it."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def send(self, method: str, path: str, body: Any, role: str, **headers: str) -> httpx.Response:
        given = self.api.headers(role) | {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.request(method, f"{self.api.base_url}/api/privacy{path}", json=body, headers=given, timeout=20)

    def done(self, method: str, path: str, body: Any, role: str, **headers: str) -> Any:
        answer = self.send(method, path, body, role, **headers)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path: str, role: str) -> Any:
        return self.done("GET", path, None, role)
