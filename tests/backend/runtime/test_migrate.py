"""Migrations: nothing to do is quick, a held lock leaves nothing half done, and the API works with few rights."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from backend.core.database import Database
from backend.migrations.migrate import current, migrate, newest
from backend.runtime.serve import ServeError, check_database


@pytest.fixture
def empty_url(postgres_url: str) -> Iterator[str]:
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    yield make_conninfo(postgres_url, dbname=name)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


def test_several_at_once_apply_it_once(empty_url: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(migrate, empty_url)
        migrate(empty_url)
        first.result()
    with psycopg.connect(empty_url) as connection:
        assert current(connection) == newest()
    assert not migrate(empty_url)


def test_nothing_to_do_loads_nothing_for_it(owner_url: str) -> None:
    script = (
        "import sys; from backend.migrations.migrate import migrate; assert not migrate(sys.argv[1]);"
        "assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, owner_url], check=True)


def test_an_empty_database_is_not_served(empty_url: str) -> None:
    with pytest.raises(ServeError, match="opsconsole migrate"):
        check_database(empty_url)


def test_a_newer_database_is_left_alone(owner_url: str) -> None:
    with psycopg.connect(owner_url) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(RuntimeError, match="newer than this program"):
        migrate(owner_url)


async def test_whoever_logs_in_works_as_the_application_role(owner_url: str) -> None:
    database = Database(owner_url)
    await database.open()
    async with database.read() as connection:
        row = await (await connection.execute("select current_user, current_setting('timezone')")).fetchone()
    await database.close()
    assert row == ("opsconsole_app", "UTC")


def test_every_named_statement_fits_the_schema(owner_url: str) -> None:
    """PREPARE each statement; parameters become untyped NULLs' places, so that only names and types are checked."""
    import re

    from backend.core.database import load_queries

    seen = 0
    with psycopg.connect(owner_url) as connection:
        for folder in sorted(files("backend").iterdir(), key=lambda entry: entry.name):
            entries = [folder] if folder.is_file() else list(folder.iterdir())
            for entry in entries:
                if not entry.name.endswith(".sql") or folder.name == "migrations":
                    continue
                package = "backend" if folder.is_file() else f"backend.{folder.name}"
                for name, statement in load_queries(package, entry.name):
                    names: list[str] = []

                    def number(match: re.Match[str], names: list[str] = names) -> str:
                        if match[1] not in names:
                            names.append(match[1])
                        return f"${names.index(match[1]) + 1}"

                    text = re.sub(r"%\((\w+)\)s", number, statement).replace("%%", "%")
                    try:
                        with connection.transaction(force_rollback=True):
                            connection.execute(f"prepare p{seen} as {text}")
                    except psycopg.errors.IndeterminateDatatype:
                        pass  # psycopg sends the type with the value
                    except psycopg.Error as error:
                        pytest.fail(f"{package}/{entry.name}: {name}: {error}")
                    seen += 1
    assert seen > 20
