"""What every test may use: a real PostgreSQL with a migrated template, a real API on loopback, coroutines as tests."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import os
import shutil
import ssl
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import certifi
import pytest
from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from fastapi import APIRouter

    from backend.core.database import Database
    from backend.core.settings import Settings
    from backend.runtime.embedded_postgres import Embedded
    from models.accounts import SampleAccess

TEMPLATE = "template_opsconsole"
PREFIX = "OPSCONSOLE_TEST_SERVER"
ROOM_NEEDED = 2 * 1024**3
SUMMARY_WIDE = 240
BYTECODE = Path(__file__).parents[1] / "build" / "bytecode"
_server: dict[str, Any] = {}
_errors: list[logging.LogRecord] = []
"""What was logged as an error, by whichever logger and thread."""


def _memory() -> Path | None:
    """A folder in memory, where nothing waits for a disk; ``None`` where there is none with room."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > ROOM_NEEDED else None


def _start_server() -> str:
    """Start the session's server and make its template; returns the address of its owner."""
    from backend.runtime.embedded_postgres import OWNER, Embedded

    folder = Path(tempfile.mkdtemp(prefix="opsconsole-test-", dir=_memory()))
    server = Embedded(folder, {"max_connections": "200"}, durable=False)
    _server.update(server=server, folder=folder)
    server.start()
    url = server.url(OWNER, "postgres")
    _make_template(url)
    return url


def _make_template(url: str) -> None:
    import psycopg

    from backend.core.database import APPLICATION_ROLE
    from backend.migrations.migrate import migrate

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"create database {TEMPLATE}")
    migrate(make_conninfo(url, dbname=TEMPLATE))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"alter role {APPLICATION_ROLE} login")


class _Postgres:
    """Starts the server at the first test that wants it; workers of a parallel run share the controller's."""

    def __init__(self, url: str | None) -> None:
        self._url = url

    @property
    def url(self) -> str:
        if self._url is None:
            self._url = _start_server()
        return self._url


def pytest_configure(config: pytest.Config) -> None:
    if (memory := _memory()) is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))  # where pytest makes its tmp_path
    _compile_once()
    _read_certificates_once()
    _hash_cheaply()
    from backend.core import logs

    # As in production; unconfigured, structlog draws each traceback in colours for seconds. pytest catches the records.
    logs.configure("json")
    logging.getLogger().handlers.clear()
    _keep_errors()
    config.addinivalue_line("markers", "expects_errors(*words): errors that a test brings about, by words in each")
    given = getattr(config, "workerinput", {}).get(PREFIX)
    config.stash[_postgres_key] = _Postgres(given)


def _keep_errors() -> None:
    """Where records are made: a command puts its own handlers in the place of all others."""
    make = logging.getLogRecordFactory()

    def keep(*arguments: Any, **more: Any) -> logging.LogRecord:
        record = make(*arguments, **more)
        if record.levelno >= logging.ERROR:
            _errors.append(record)
        return record

    logging.setLogRecordFactory(keep)


def _compile_once() -> None:
    """The many processes that tests start would each compile every module anew, where nothing may be kept beside it."""
    if sys.dont_write_bytecode:
        sys.dont_write_bytecode = False
        sys.pycache_prefix = str(BYTECODE)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(BYTECODE)


def _read_certificates_once() -> None:
    """Each client of httpx reads the certificates of the world: ten times as long as asking loopback something."""
    read = ssl.create_default_context
    once = functools.cache(read)
    of_the_world = {certifi.where(), os.environ.get("SSL_CERT_FILE")}

    def create_default_context(*arguments: Any, **more: Any) -> ssl.SSLContext:
        usual = not arguments and more.keys() == {"cafile"} and more["cafile"] in of_the_world
        return once(**more) if usual else read(*arguments, **more)

    ssl.create_default_context = create_default_context


def _hash_cheaply() -> None:
    """In this process only: servers that tests start as processes hash as in production."""
    from argon2 import PasswordHasher, profiles

    from backend.accounts.session import accounts

    accounts.hasher = PasswordHasher.from_parameters(profiles.CHEAPEST)


_postgres_key = pytest.StashKey[_Postgres]()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[PREFIX] = node.config.stash[_postgres_key].url


def pytest_unconfigure() -> None:
    if _server:
        server: Embedded = _server["server"]
        server.stop()
        shutil.rmtree(_server["folder"], ignore_errors=True)
        _server.clear()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The line of each failure holds its reason, however long the name before it."""
    writer = terminalreporter.config.get_terminal_writer()
    writer.fullwidth = max(writer.fullwidth, SUMMARY_WIDE)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run ``async def test_…`` with asyncio.run; tests that drive Qt take the ``aio`` fixture instead."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj) or "aio" in pyfuncitem.fixturenames:
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    asyncio.run(pyfuncitem.obj(**arguments))
    return True


@pytest.fixture(autouse=True)
def _log_handlers() -> Iterator[None]:
    """A command sends the log to the standard error of its own test, which the next one no longer has."""
    root = logging.getLogger()
    before = root.handlers[:]
    yield
    root.handlers[:] = before


@pytest.fixture(autouse=True)
def _no_errors(request: pytest.FixtureRequest) -> Iterator[None]:
    """What is logged as an error wakes somebody: only a test that breaks something on purpose may, and says so."""
    marker = request.node.get_closest_marker("expects_errors")
    expected: tuple[str, ...] = () if marker is None else marker.args
    _errors.clear()
    yield
    logged = [f"{record.name}: {record.getMessage()} {record.exc_text or ''}" for record in _errors]
    if unexpected := [line for line in logged if not any(words in line for words in expected)]:
        # Where it began and how it ended; a whole traceback for each would hide the rest.
        short = (line if len(line) < 800 else f"{line[:200]} … {line[-600:]}" for line in unexpected)
        pytest.fail("logged as errors, and not expected:\n" + "\n".join(short), pytrace=False)


@pytest.fixture(scope="session")
def garbage(qapp: Any) -> Iterator[None]:
    """As in the console: what tests leave behind is collected in the thread of the widgets, not in that of an API."""
    from views.kit.gc_on_gui_thread import Garbage

    collecting = Garbage(qapp)
    yield
    collecting.close()


@pytest.fixture
def aio(qapp: Any, garbage: None) -> Callable[[Any], Any]:
    """Runs a coroutine on Qt's event loop: ``aio(scenario())``."""
    from qasync import QEventLoop

    # Else every test that closes a window would end the loop.
    qapp.setQuitOnLastWindowClosed(False)

    def run(coroutine: Any) -> Any:
        with asyncio.Runner(loop_factory=lambda: QEventLoop(qapp)) as runner:
            return runner.run(coroutine)

    return run


@pytest.fixture(scope="session")
def postgres_url(pytestconfig: pytest.Config) -> str:
    """The owner's address of the session's server, database ``postgres``."""
    return pytestconfig.stash[_postgres_key].url


@contextmanager
def cloned(postgres_url: str) -> Iterator[str]:
    """The owner's address of a database of its own, cloned from the migrated template."""
    import psycopg

    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"create database {name} template {TEMPLATE} strategy file_copy")
    yield make_conninfo(postgres_url, dbname=name)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def owner_url(postgres_url: str) -> Iterator[str]:
    """The owner's address of a database for one test."""
    with cloned(postgres_url) as url:
        yield url


@pytest.fixture
def database_url(owner_url: str) -> str:
    """The application role's address of a database of its own."""
    from backend.core.database import APPLICATION_ROLE

    return make_conninfo(owner_url, user=APPLICATION_ROLE)


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Settings of an API on ``database_url`` with built-in accounts."""
    from backend.core.settings import Settings

    return Settings(database_url=database_url, token_key="k" * 40, environment="Test")


@pytest.fixture
def open_database(database_url: str) -> Callable[[], Any]:
    """The database, opened for the length of an ``async with`` block."""
    from contextlib import asynccontextmanager

    from backend.core.database import Database

    @asynccontextmanager
    async def opened() -> AsyncIterator[Database]:
        database = Database(database_url)
        await database.open()
        try:
            yield database
        finally:
            await database.close()

    return opened


@dataclass
class Api:
    """A running API. ``requests`` of any client go to ``base_url``."""

    base_url: str
    settings: Settings
    owner_url: str
    _stop: Callable[[], None] = field(repr=False)

    def token(self, role: str = "operations-lead", **claims: Any) -> str:
        """A bearer token of a built-in role's account, its second factor just used; claims of ``mint`` may be given."""
        from backend.core.security import mint

        claims.setdefault("auth_time", datetime.now(UTC))
        claims.setdefault("acr", "2")
        return mint(self.settings, user_id=role, name=role, **claims)[0]

    def headers(self, role: str = "operations-lead") -> dict[str, str]:
        """The Authorization header of a role."""
        return {"Authorization": f"Bearer {self.token(role)}"}

    def add_person(self, account: str, name: str, password: str) -> None:
        """Give somebody who leads operations a built-in account."""

        async def add() -> None:
            from backend.accounts.session.accounts import set_account
            from backend.core.database import APPLICATION_ROLE, Database

            database = Database(make_conninfo(self.owner_url, user=APPLICATION_ROLE))
            await database.open()
            async with database.transaction() as tx:
                await set_account(tx, account=account, name=name, role="operations-lead", password=password)
            await database.close()

        asyncio.run(add())

    def stop(self) -> None:
        """Stop it; calling twice is fine."""
        self._stop()


@pytest.fixture
def api(settings: Settings, owner_url: str) -> Iterator[Api]:
    """The API on a fresh database with one account for each built-in role, served on loopback from a thread."""
    asyncio.run(_seed(settings))
    base_url, stop = serve_in_thread(settings)
    running = Api(base_url, settings, owner_url, stop)
    yield running
    running.stop()


async def _seed(settings: Settings) -> None:
    from backend.accounts.session.accounts import seed_role_accounts
    from backend.core.database import Database

    database = Database(settings.database_url or "")
    await database.open()
    try:
        async with database.transaction() as tx:
            await seed_role_accounts(tx)
    finally:
        await database.close()


def serve_in_thread(
    settings: Settings, more: APIRouter | None = None, sample: SampleAccess | None = None
) -> tuple[str, Callable[[], None]]:
    """Serve an API, with ``more`` routes, on a free port of loopback; returns its address and how to stop it."""
    from backend.core.database import Database
    from backend.runtime.asgi import create_app
    from backend.runtime.http_server import HttpServer, bind

    assert settings.database_url is not None
    app = create_app(settings, Database(settings.database_url, size=settings.pool_size), sample)
    if more is not None:
        app.include_router(more)
    started = threading.Event()
    loop = asyncio.new_event_loop()
    server = HttpServer(app, bind("127.0.0.1", 0))

    async def run() -> None:
        task = asyncio.create_task(server.run())
        await server.wait_started()
        started.set()
        await task

    thread = threading.Thread(target=_run_on, args=(loop, run()), name="api", daemon=True)
    thread.start()
    assert started.wait(10), "the API did not start"

    def stop() -> None:
        if thread.is_alive():
            loop.call_soon_threadsafe(server.stop)
            thread.join(10)
            assert not thread.is_alive(), "the API did not stop"

    return server.url, stop


def _run_on(loop: asyncio.AbstractEventLoop, coroutine: Any) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(coroutine)
