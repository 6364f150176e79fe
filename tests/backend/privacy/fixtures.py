"""What the tests of privacy share."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from backend.core.database import APPLICATION_ROLE
from backend.core.keys import new_privacy_keys
from backend.privacy import KeyRing

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
