"""What several test modules of the backend share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from backend.audit.relay import queries as audit_queries
from backend.core.database import APPLICATION_ROLE
from backend.core.keys import new_privacy_keys
from backend.core.settings import Settings
from tests.backend.access.fixtures import Desk
from tests.backend.audit.fixtures import Log
from tests.backend.backup.fixtures import FILL
from tests.backend.core.fixtures import Site
from tests.backend.launch.fixtures import Pad
from tests.conftest import Api, _seed, cloned, serve_in_thread


@pytest.fixture
def log(settings: Settings, owner_url: str, tmp_path: Path) -> Log:
    """An audit log with a key, and a folder for its checkpoints."""
    return Log(settings, owner_url, tmp_path)


@pytest.fixture
def pad(log: Log, owner_url: str) -> Iterator[Pad]:
    """An API on a fresh database whose audit log is sealed, and the worker's turns for launches."""
    asyncio.run(_seed(log.settings))
    base_url, stop = serve_in_thread(log.settings)
    yield Pad(Api(base_url, log.settings, owner_url, stop), log.settings)
    stop()


@pytest.fixture
def full_url(owner_url: str) -> str:
    """The owner's address of a database with orders and a stamped audit log."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(FILL)
        # A transaction anywhere on the server, of another test too, holds the relay back for its length.
        for _ in range(1_000):
            connection.execute(audit_queries.stamp)
            if connection.execute(audit_queries.lag).fetchone() == (0.0,):
                return owner_url
            time.sleep(0.01)
    raise AssertionError("the relay was held back for 10 s")


@pytest.fixture
def empty_url(postgres_url: str) -> Iterator[str]:
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    yield make_conninfo(postgres_url, dbname=name)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def site(postgres_url: str) -> Iterator[Site]:
    with cloned(postgres_url) as owner_url:
        url = make_conninfo(owner_url, user=APPLICATION_ROLE)
        keys = {"token_key": "k" * 40, "privacy_key": new_privacy_keys()}
        made = Site(Settings(database_url=url, environment="Test", **keys), owner_url)
        yield made
        made.close()


@pytest.fixture
def desk(api: Api) -> Callable[..., Desk]:
    def sit(role: str, **more: Any) -> Desk:
        return Desk(api, role, **more)

    return sit
