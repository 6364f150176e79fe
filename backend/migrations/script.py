"""What revisions are made of: plain SQL files, run as they stand."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from alembic import op

HERE = files("backend.migrations")


def run_text(text: str) -> None:
    """Run many statements at once. psycopg gets the text as it is, so ``%``, ``:name`` and ``$$`` need no escape."""
    op.get_bind().connection.dbapi_connection.execute(text)  # type: ignore[union-attr]


def run_sql(name: str) -> None:
    """Run a file of ``backend/migrations/sql``."""
    run_text(HERE.joinpath("sql", name).read_text(encoding="utf-8"))


def run_beside(revision: str) -> None:
    """Run the SQL that lies beside a revision under the same name: ``run_beside(__file__)``."""
    run_text(Path(revision).with_suffix(".sql").read_text(encoding="utf-8"))


def procrastinate_file(name: str) -> Traversable:
    """A named migration of Procrastinate; raises FileNotFoundError when its version no longer has it."""
    found = files("procrastinate").joinpath("sql", "migrations", name)
    if not found.is_file():
        raise FileNotFoundError(f"procrastinate has no migration {name}")
    return found
