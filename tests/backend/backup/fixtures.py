"""What the tests of backups share: a key, what a database is filled with, and what is looked at afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from backend.backup import archive
from backend.backup.archive import Made, make
from backend.backup.postgres import Abort
from backend.backup.restore import SCRATCH
from backend.core.keys import Key

Opened = Callable[[], Any]
KEY_TEXT = Key.make()
KEY = Key.read(KEY_TEXT, "a test")
NOW = datetime(2026, 11, 24, 2, 15, tzinfo=UTC)
SECRET = b"jane@customer.example"

FILL = """
insert into orders (id, placed_at, settled_at, customer_id, country, currency, minor)
select 'o' || n, now() - n * interval '1 min', now(), 'jane@customer.example', 'DE', 'EUR', n
  from generate_series(1, 3000) as n;
insert into audit_log (actor, action, resource_type, resource_id, after)
select 'test', 'test.thing.changed', 'thing', n::text, jsonb_build_object('n', n) from generate_series(1, 500) as n;
"""


def made_of(url: str, folder: Path) -> Made:
    return make(url, folder, KEY, NOW, Abort())


def one(url: str, statement: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement.encode()).fetchone()
    return None if row is None else row[0]


def scratch_left(url: str) -> list[str]:
    """Scratch databases of this one that still exist."""
    with psycopg.connect(url) as connection:
        prefix = f"{SCRATCH}_{archive.identity(connection)}_"
        found = connection.execute(archive.queries.left_over, {"prefix": prefix}).fetchall()
    return [name for (name,) in found]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def audited(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select action from audit_log where resource_type in ('backup', 'alert') order by seq"
        ).fetchall()
    return [action for (action,) in rows]


def alerts(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "select key, title, severity, state, returned_at is not null from alert "
            "where source = 'backup' and valid_to = 'infinity' order by key"
        ).fetchall()
