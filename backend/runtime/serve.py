"""``opsconsole serve``: database, migrations, worker and HTTP in order, watched, and ended together."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, NoReturn

import psycopg

from backend.accounts import SAMPLE_PASSWORD, have_passwords, open_session, seed_role_accounts
from backend.core import processes
from backend.core.capability import PersonalSystems
from backend.core.database import Database, DatabaseUnavailable
from backend.core.logs import logger
from backend.core.postgres_binaries import EmbeddedError
from backend.core.settings import Settings
from backend.migrations.migrate import current
from backend.migrations.revisions import as_text, newest, unknown
from backend.runtime import health
from backend.runtime.data_folder import DataFolder, prepare
from backend.runtime.embedded_postgres import Embedded
from backend.runtime.http_server import HttpServer, PortTakenError, bind
from backend.runtime.lease import Leases
from backend.runtime.setting_checks import SettingError, check_settings
from models.accounts import SampleAccess
from models.core.permissions import BUILT_IN_ROLE_BY_ID

log = logger(__name__)

OK, FAILED, BUSY = 0, 1, 3
FIRST_LEASE_SECONDS = 25.0
ORPHANED_SECONDS = 5.0
"""When whoever started us is gone before anybody held a lease, a console that wants to join is quick."""
LEASE_SECONDS = 3.0
WATCH_SECONDS = 0.25
HUNG_SECONDS = 60.0
"""A worker that lives but has not been heard for so long, while the database answers, is ended and started anew."""


class ServeError(Exception):
    """It cannot be served; the words say what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve."""

    settings: Settings
    worker: bool = True
    lease: bool = False
    """End when no console holds a lease."""
    starter: int = 0
    """The process that started us, for the time before the first lease."""


def _folder_of(settings: Settings) -> DataFolder:
    if settings.data_dir is None:
        raise ServeError("neither a data folder nor a database address was given")
    return DataFolder(settings.data_dir)


def serve(options: Options) -> int:
    """Serve until SIGTERM or SIGINT, or until no lease is held. Returns the exit code; words go to standard error."""
    processes.leave_quickly()
    try:
        check_settings(options.settings)
        bound = bind(options.settings.host, options.settings.port)
        if options.settings.database_url is not None:
            check_database(options.settings.database_url)
            return _Service(options, bound).run()
        return _serve_folder(options, _folder_of(options.settings), bound)
    except processes.FolderBusyError:
        print(f"another serve has {options.settings.data_dir}; consoles join it by themselves", file=sys.stderr)  # noqa: T201
        return BUSY
    except (PortTakenError, ServeError, SettingError, EmbeddedError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - words for whoever typed the command
        return FAILED


def check_database(url: str) -> None:
    """Refuse a database that is not migrated for this program. One that cannot be reached may still come: no error."""
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            found, wanted = current(connection), newest()
            if found != wanted:
                todo = "install a newer one" if unknown(found) else "run `opsconsole migrate` first"
                raise ServeError(
                    f"the database is at revision {as_text(found)}, this program needs {as_text(wanted)}: {todo}"
                )
            connection.execute("set role opsconsole_app")
    except psycopg.errors.InsufficientPrivilege:
        raise ServeError(
            "this database user may not act as opsconsole_app: run `opsconsole migrate` as its owner, "
            "or `grant opsconsole_app to` this user"
        ) from None
    except psycopg.OperationalError as error:
        log.warning("the database does not answer yet", reason=str(error))


def _serve_folder(options: Options, folder: DataFolder, bound: socket.socket) -> int:
    with folder.lock():
        folder.withdraw()
        if options.lease:
            _log_to(folder)
        embedded = Embedded(folder.path)
        # Until asyncio takes over, an end that is asked for must still stop the database.
        previous = signal.signal(signal.SIGTERM, _leave)
        try:
            folder.say("Starting the database", 0.05)
            embedded.start()
            prepare(embedded, folder.say)
            settings = folder.settings(options.settings, embedded.url())
            check_settings(settings)  # now the keys of the folder too
            signal.signal(signal.SIGTERM, previous)
            return _Service(replace(options, settings=settings), bound, folder, embedded).run()
        except Exception as error:
            folder.failed(str(error))
            raise
        finally:
            embedded.stop()
            folder.withdraw()


async def _seed(database: Database, settings: Settings) -> None:
    """One account for each built-in role; with the sample shop's password where the sample shop is."""
    async with database.transaction() as tx:
        password = SAMPLE_PASSWORD if settings.sample_shop and not await have_passwords(tx) else None
        await seed_role_accounts(tx, password)


def _leave(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(OK)


def _log_to(folder: DataFolder) -> None:
    """Send standard error to the folder's log: a console started us and may die before us."""
    if folder.log_file.exists():
        folder.log_file.replace(folder.log_file.with_suffix(".log.1"))
    with folder.log_file.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 2)


class _Service:
    """Everything that runs, and what watches it."""

    def __init__(
        self,
        options: Options,
        bound: socket.socket,
        folder: DataFolder | None = None,
        embedded: Embedded | None = None,
    ) -> None:
        assert options.settings.database_url is not None  # noqa: S101 - serve() sees to it
        self._options = options
        self._settings = options.settings
        self._bound = bound
        self._folder = folder
        self._embedded = embedded
        self._starter = processes.Starter(options.starter)
        self._database = Database(options.settings.database_url, size=3, statement_seconds=60.0)
        self._worker: subprocess.Popen[bytes] | None = None
        self._worker_since = 0.0
        self._sample: SampleAccess | None = None
        self._leases = Leases(self._admit, self._given_back)
        self._url = ""
        self._stop = asyncio.Event()
        # Children must not be started by a thread that ends before us, see processes.spawn: this one does not.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")

    def run(self) -> int:
        """Run to the end."""
        try:
            return asyncio.run(self._main())
        finally:
            self._stop_worker()
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _main(self) -> int:
        self._catch_signals()
        watch = asyncio.create_task(self._watch(), name="watch")
        async with _cancelled_at_end(watch):
            await self._database.open()
            try:
                if self._folder is not None and not await self._run_unless_stopped(self._furnish(self._folder)):
                    return OK
                return await self._serve_http()
            finally:
                await self._database.close()

    async def _furnish(self, folder: DataFolder) -> None:
        if self._settings.sample_shop:
            from backend.runtime.sample_shop import create_sample_shop

            if not await create_sample_shop(self._database, self._settings, folder.say):
                # Somebody's own orders were imported here: show those, and let nothing be invented among them.
                log.info("the folder holds other orders: no sample shop here")
                self._settings = self._settings.model_copy(update={"sample_shop": False, "environment": "Local"})
        await _seed(self._database, self._settings)
        from backend.sample import settle_sample_access

        self._sample = await settle_sample_access(self._database, self._settings)
        folder.say("Starting", 0.97)

    async def _keep_erased(self) -> None:
        """A database that was restored brings nobody back: before anything is answered."""
        from backend.privacy import replay_new
        from backend.runtime.outside import outside

        try:
            await replay_new(self._database, self._settings, outside(self._settings).of(PersonalSystems))
        except DatabaseUnavailable as error:
            log.warning("the worker replays erasures when the database answers", reason=str(error))

    async def _serve_http(self) -> int:
        await self._keep_erased()
        if self._options.worker:
            self._start_worker()
        # Imported while the worker starts beside us.
        from backend.runtime.asgi import create_app

        assert self._settings.database_url is not None  # noqa: S101 - serve() sees to it
        database = Database(
            self._settings.database_url, size=self._settings.pool_size, statement_seconds=self._settings.read_timeout
        )
        http = HttpServer(create_app(self._settings, database, self._sample), self._bound)
        self._url = http.url
        running = asyncio.create_task(http.run(), name="http")
        await http.wait_started()
        await self._leases.open()
        if self._folder is not None:
            self._folder.announce(
                {
                    "url": http.url,
                    "leasePort": self._leases.port,
                    "token": self._leases.token,
                    "pid": os.getpid(),
                    "version": version("opsconsole"),
                }
            )
        with contextlib.suppress(OSError):  # whoever started us may not listen any more
            print(f"ready on {http.url}", flush=True)  # noqa: T201 - the one line scripts wait for
        log.info("ready", url=http.url)
        if self._embedded is not None:
            await asyncio.to_thread(self._embedded.keep_ballast)
        stopping = asyncio.create_task(self._stop.wait(), name="stop")
        await asyncio.wait({stopping, running}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if self._folder is not None:
            self._folder.withdraw()
        http.stop()
        self._leases.close()
        await running
        return OK if self._stop.is_set() else FAILED

    async def _run_unless_stopped(self, work: Any) -> bool:
        """Do ``work``; False when the end was asked for before it was done."""
        task = asyncio.ensure_future(work)
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if task.done():
            task.result()
            return True
        task.cancel()
        await asyncio.wait({task})
        return False

    async def _admit(self, role: str | None) -> dict[str, Any]:
        if role is None:
            return {"url": self._url}
        if role not in BUILT_IN_ROLE_BY_ID:
            raise ValueError(f"there is no role {role}")
        try:
            async with self._database.transaction() as tx:
                tokens = await open_session(tx, self._settings, user_id=role, name=BUILT_IN_ROLE_BY_ID[role].name)
        except DatabaseUnavailable as error:
            raise ValueError(f"the database does not answer: {error}") from error
        return {"url": self._url, **tokens.model_dump(mode="json", by_alias=True)}

    def _given_back(self) -> bool:
        if self._options.lease:
            log.info("the last lease was given back")
            self._stop.set()
        return self._options.lease

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        if sys.platform == "win32":
            signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(self._stop.set))
        else:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stop.set)

    async def _watch(self) -> None:
        looked = time.monotonic()
        while not self._stop.is_set():
            await asyncio.sleep(WATCH_SECONDS)
            if self._options.lease and self._abandoned():
                log.info("nobody holds a lease")
                self._stop.set()
            if self._embedded is not None and not self._embedded.running:
                await self._revive(self._embedded)
            if self._worker is not None and time.monotonic() - looked > HUNG_SECONDS / 4:
                looked = time.monotonic()
                await self._look_after_worker()
            if self._worker is not None and self._worker.poll() is not None:
                log.warning("the worker ended", code=self._worker.returncode)
                # Not at once again and again, should it die at its start.
                await asyncio.sleep(max(0.0, 2.0 - (time.monotonic() - self._worker_since)))
                if not self._stop.is_set():
                    self._start_worker()

    def _abandoned(self) -> bool:
        if self._leases.ever:
            return self._leases.unheld_seconds > LEASE_SECONDS
        patience = ORPHANED_SECONDS if self._starter.gone() else FIRST_LEASE_SECONDS
        # Before it is ready nobody could hold a lease: then only a starter that is gone counts.
        return (self._leases.port != 0 or self._starter.gone()) and self._leases.unheld_seconds > patience

    async def _revive(self, embedded: Embedded) -> None:
        log.error("the database ended; starting it again")
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, embedded.start)
        except EmbeddedError as error:
            log.exception("the database does not start", reason=str(error))
            await asyncio.sleep(2)
        else:
            log.info("the database is back")
            await loop.run_in_executor(self._thread, embedded.keep_ballast)

    async def _look_after_worker(self) -> None:
        if time.monotonic() - self._worker_since < HUNG_SECONDS or self._worker is None:
            return
        with contextlib.suppress(DatabaseUnavailable):
            async with self._database.read() as connection:
                row = await (await connection.execute(health.queries.readiness)).fetchone()
            if row is None or row[1] is None or row[1] > HUNG_SECONDS:
                log.error("the worker hangs; starting another")
                self._worker.kill()

    def _start_worker(self) -> None:
        self._worker = processes.spawn(
            processes.command("worker", "--supervised"),
            last_signal=signal.SIGTERM,
            environment={**os.environ, **self._settings.as_environment()},
            # Its end tells the worker that we are gone, on every system.
            stdin=subprocess.PIPE,
        )
        self._worker_since = time.monotonic()

    def _stop_worker(self) -> None:
        if self._worker is not None:
            processes.stop(self._worker, (signal.SIGTERM, 5.0))
            if self._worker.stdin is not None:
                self._worker.stdin.close()
            self._worker = None


@contextlib.asynccontextmanager
async def _cancelled_at_end(task: asyncio.Task[None]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
