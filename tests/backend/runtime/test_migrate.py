"""Migrations: nothing to do is quick, a held lock leaves nothing half done, and the API works with few rights."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import LiteralString

import psycopg
import pytest

from backend.core.database import Database
from backend.migrations.migrate import current, migrate
from backend.migrations.revisions import newest
from backend.runtime.serve import ServeError, check_database


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


@pytest.mark.parametrize(
    "statement",
    [
        "update alembic_version set version_num = '9999' where version_num !~ '_'",
        "update alembic_version set version_num = 'alerts_9999' where version_num !~ '_'",
        "insert into alembic_version values ('0000')",
    ],
)
def test_a_newer_database_is_left_alone(owner_url: str, statement: LiteralString) -> None:
    with psycopg.connect(owner_url) as connection:
        connection.execute(statement)
    with pytest.raises(RuntimeError, match=r"newer than this program .*; install a newer one"):
        migrate(owner_url)
    with pytest.raises(ServeError, match="install a newer one"):
        check_database(owner_url)


async def test_whoever_logs_in_works_as_the_application_role(owner_url: str) -> None:
    database = Database(owner_url)
    await database.open()
    async with database.read() as connection:
        row = await (await connection.execute("select current_user, current_setting('timezone')")).fetchone()
    await database.close()
    assert row == ("opsconsole_app", "UTC")
