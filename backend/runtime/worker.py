"""The worker: what must happen every so often, and the jobs. Add workers freely, they take turns by locks."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable

from backend.capabilities import CAPABILITIES
from backend.core import processes
from backend.core.backoff import pause
from backend.core.capability import Service, Tick
from backend.core.database import Database, DatabaseUnavailable
from backend.core.logs import logger
from backend.core.settings import Settings
from backend.runtime import jobs
from backend.runtime.actions import beat
from backend.runtime.outside import outside
from backend.runtime.setting_checks import SettingError, check_settings

log = logger(__name__)

LONGEST_PAUSE = 30.0
LONGEST_TURN = 60.0
STATEMENT_SECONDS = 30.0
STOPPED_SECONDS = 180.0
"""A tick that has not got through for so long, and three of its turns, counts as stopped."""


class Progress:
    """When each tick last got through; it tells that the worker lives, and which of them have stopped."""

    def __init__(self) -> None:
        self._through: dict[str, float] = {}

    def begin(self, tick: Tick) -> None:
        """From here on it should get through now and then."""
        self._through[tick.name] = time.monotonic()

    note = begin

    def stopped(self, ticks: Iterable[Tick]) -> list[str]:
        """Names of those that have not got through for long."""
        now = time.monotonic()
        late = {tick.name: max(STOPPED_SECONDS, 3 * tick.seconds) for tick in ticks}
        return sorted(name for name, at in self._through.items() if now - at > late.get(name, STOPPED_SECONDS))

    async def beat(self, database: Database, settings: Settings) -> None:
        """Tell."""
        async with database.transaction() as tx:
            await beat(tx, "worker", self.stopped(ticks(settings)))


def ticks(settings: Settings) -> tuple[Tick, ...]:
    """Those of the capabilities."""
    given = outside(settings)
    return tuple(tick for each in CAPABILITIES for tick in each.ticks(settings, given))


def services(settings: Settings) -> tuple[Service, ...]:
    """What capabilities run in every worker; where the sample shop is, its outside systems too."""
    given = outside(settings)
    found = tuple(service for each in CAPABILITIES for service in each.services(settings, given))
    if not settings.sample_shop:
        return found
    from backend.runtime.sample_receivers import serve_sample_receivers

    return (*found, Service("sample receivers", lambda: serve_sample_receivers(settings)))


async def repeat(tick: Tick, database: Database, settings: Settings, progress: Progress) -> None:
    """Turn after turn until cancelled. A failed turn is logged and tried again after an ever longer pause."""
    progress.begin(tick)
    failures = 0
    while True:
        try:
            async with asyncio.timeout(LONGEST_TURN):
                await tick.turn(database, settings)
        except DatabaseUnavailable as error:
            failures += 1
            log.warning("database unavailable", tick=tick.name, reason=str(error))
        except TimeoutError:
            failures += 1
            log.exception("turn took too long", tick=tick.name, seconds=LONGEST_TURN)
        except Exception as error:
            failures += 1
            log.exception("turn failed", tick=tick.name, exc_info=error)
        else:
            failures = 0
            progress.note(tick)
        await asyncio.sleep(to_next_turn(tick.seconds, failures))


async def keep_running(service: Service) -> None:
    """Run a service until cancelled; one that fails or ends is started again after an ever longer pause."""
    failures = 0
    while True:
        begun = asyncio.get_running_loop().time()
        try:
            await service.run()
            log.warning("a service ended", service=service.name)
        except Exception as error:
            log.exception("a service failed", service=service.name, exc_info=error)
        failures = failures + 1 if asyncio.get_running_loop().time() - begun < LONGEST_PAUSE else 1
        await asyncio.sleep(to_next_turn(1.0, failures))


def to_next_turn(seconds: float, failures: int) -> float:
    """Seconds to wait: as always, or after so many failures in a row ever longer, to half a minute."""
    return pause(failures, max(1.0, 2 * seconds), LONGEST_PAUSE) if failures else seconds


async def _jobs(url: str, database: Database, settings: Settings) -> None:
    failures = 0
    while True:
        begun = asyncio.get_running_loop().time()
        try:
            await jobs.work(url, database, settings)
        except Exception as error:  # noqa: BLE001 - jobs go on when the database is back
            failures = failures + 1 if asyncio.get_running_loop().time() - begun < LONGEST_PAUSE else 1
            log.warning("jobs interrupted", reason=f"{type(error).__name__}: {error}")
        await asyncio.sleep(to_next_turn(1.0, failures))


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Work until ``stop``."""
    if settings.database_url is None:
        raise ValueError("the worker needs a database address")
    database = Database(settings.database_url, size=6, statement_seconds=STATEMENT_SECONDS)
    await database.open()
    progress = Progress()
    everything = (Tick("heartbeat", 5.0, progress.beat), *ticks(settings))
    tasks = [asyncio.create_task(repeat(each, database, settings, progress), name=each.name) for each in everything]
    tasks += [asyncio.create_task(keep_running(each), name=each.name) for each in services(settings)]
    tasks.append(asyncio.create_task(_jobs(settings.database_url, database, settings), name="jobs"))
    log.info("worker started", ticks=[task.get_name() for task in tasks])
    try:
        await stop.wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=4)
        await database.close()


def run(settings: Settings, *, supervised: bool) -> int:
    """Run as a process until SIGTERM or SIGINT; when ``supervised``, also until standard input ends."""
    processes.leave_quickly()
    try:
        check_settings(settings)
    except SettingError as error:
        print(error, file=sys.stderr)  # noqa: T201 - words for whoever typed the command
        return 1

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        if sys.platform == "win32":
            signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(stop.set))
        else:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, stop.set)
        if supervised:
            # The other end of this pipe closes however our supervisor ends, on every system.
            threading.Thread(target=_wait_for_end, args=(loop, stop), name="supervisor", daemon=True).start()
        await work(settings, stop)

    asyncio.run(main())
    return 0


def _wait_for_end(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(0, 1024):
        pass
    loop.call_soon_threadsafe(stop.set)
