"""One embedded PostgreSQL a session, one fresh database a test, and the API on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from backend.database import Database
from backend.embedded import EmbeddedPostgres
from backend.migrations.migrate import migrate
from backend.settings import Settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

TOKEN_KEY = "a key for tests that nobody else ever uses, 32 bytes and more"
_URL = "OPSCONSOLE_TEST_CLUSTER"


# --- one server a session ----------------------------------------------------------------------------------


def _roomy_folder() -> str | None:
    """Shared memory when it has room (containers often give it 64 MB): cloning a database is then ten times faster."""
    shm = Path("/dev/shm")
    return str(shm) if shm.is_dir() and shutil.disk_usage(shm).free > 2 << 30 else None


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        os.environ[_URL] = config.workerinput["cluster"]  # type: ignore[attr-defined]
        return
    folder = Path(tempfile.mkdtemp(prefix="opsconsole-tests-", dir=_roomy_folder()))
    server = EmbeddedPostgres(folder, fast_and_fragile=True)
    server.start()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database template_migrated")
    migrate(server.url("template_migrated"))
    os.environ[_URL] = server.url("DATABASE")
    config._opsconsole = (server, folder)  # type: ignore[attr-defined]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["cluster"] = os.environ[_URL]


def pytest_unconfigure(config: pytest.Config) -> None:
    server, folder = getattr(config, "_opsconsole", (None, None))
    if server is not None:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def cluster_url(database: str) -> str:
    """Owner's connection string of a database on the session's server."""
    return os.environ[_URL].replace("DATABASE", database)


# --- asynchronous tests ------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run ``async def`` tests, each on a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    runner: Callable[[Awaitable[None]], None] = pyfuncitem.funcargs.get("aio") or _run
    runner(pyfuncitem.obj(**arguments))
    return True


def _run(awaitable: Any) -> None:
    asyncio.run(awaitable)


@pytest.fixture
def aio(qapp: Any) -> Iterator[Callable[[Any], Any]]:
    """Runs a coroutine on Qt's own event loop; async tests that ask for it run there."""
    from qasync import QEventLoop

    qapp.setQuitOnLastWindowClosed(False)
    with asyncio.Runner(loop_factory=lambda: QEventLoop(qapp)) as runner:
        yield runner.run


# --- database and API --------------------------------------------------------------------------------------


@pytest.fixture
def database_url() -> Iterator[str]:
    """A freshly migrated database of this test's own."""
    name = f"t_{uuid4().hex}"
    with psycopg.connect(cluster_url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template template_migrated strategy file_copy")
    yield cluster_url(name)
    with psycopg.connect(cluster_url("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Settings of a quiet API on the test's database."""
    return Settings(
        database_url=database_url, token_key=TOKEN_KEY, environment="Tests", log_level="error", pool_wait_seconds=2
    )


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """An open database for the length of a block (pools belong to one event loop)."""
    database = Database(settings)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@dataclass
class Api:
    """A running API."""

    base_url: str
    settings: Settings

    def token(self, role: str = "operations-lead", **claims: Any) -> str:
        """A bearer token of somebody who has exactly this role."""
        from backend.security import Tokens

        with psycopg.connect(self.settings.database_url, autocommit=True) as connection:
            add_account(connection, role)
        return Tokens(self.settings).mint(role, **claims)[0]

    def headers(self, role: str = "operations-lead") -> dict[str, str]:
        """Headers of somebody who has exactly this role."""
        return {"Authorization": f"Bearer {self.token(role)}"}


def add_account(connection: psycopg.Connection[Any], role: str) -> None:
    """An account named after its role."""
    connection.execute("insert into account (id, name) values (%s, %s) on conflict do nothing", (role, role))
    connection.execute(
        "insert into role_assignment (user_id, role_id, granted_by) values (%s, %s, 'test')"
        " on conflict (user_id, role_id) where revoked_at is null do nothing",
        (role, role),
    )


@contextlib.contextmanager
def serving(settings: Settings) -> Iterator[Api]:
    """The real API on a loopback port, in a thread of its own."""
    import uvicorn

    from backend.main import create_app

    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(create_app(settings), log_config=None, timeout_graceful_shutdown=1, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        threading.Event().wait(0.005)
    try:
        yield Api(f"http://127.0.0.1:{port}", settings)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture
def api(settings: Settings) -> Iterator[Api]:
    """The real API on this test's own database."""
    with serving(settings) as running:
        yield running
