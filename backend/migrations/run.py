"""What revisions call: run a plain SQL file, Procrastinate's own files, and the seeds that live in Python."""

from __future__ import annotations

from importlib import resources
from typing import Any

from models.permissions import BUILT_IN_ROLES


def _connection() -> Any:
    from alembic import op

    # The driver's own connection: it runs many statements at once and needs no escaping of % or :name.
    return op.get_bind().connection.dbapi_connection


def run_sql(file: str) -> None:
    """Run one file of ``backend/migrations/sql``."""
    _connection().execute((resources.files("backend.migrations") / "sql" / file).read_text(encoding="utf-8"))


def run_procrastinate(last: str, after: str = "") -> None:
    """Run Procrastinate's own migration files after ``after`` up to ``last``, in order, by name.

    Never "the current schema": the next upgrade would not know where it starts.
    """
    folder = resources.files("procrastinate") / "sql" / "migrations"
    files = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    if last not in files:
        raise RuntimeError(f"Procrastinate no longer ships {last}; see docs/decisions/0004-pins.md")
    for name in files:
        if after < name <= last:
            _connection().execute((folder / name).read_text(encoding="utf-8"))


def seed_roles() -> None:
    """Insert the built-in roles, or bring them up to date."""
    for role in BUILT_IN_ROLES:
        _connection().execute(
            "insert into role_definition (id, name, permissions, sensitive, service, built_in)"
            " values (%s, %s, %s, %s, %s, true)"
            " on conflict (id) do update set name = excluded.name, permissions = excluded.permissions,"
            " sensitive = excluded.sensitive, service = excluded.service, version = role_definition.version + 1",
            (role.id, role.name, sorted(role.permissions), role.sensitive, role.service),
        )
