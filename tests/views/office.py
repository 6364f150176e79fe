"""A console signed in to a small server on loopback, for tests of what operators see."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from PySide6.QtWidgets import QApplication, QWidget

from app.alerts.domain import Alerts
from app.console import Console
from app.core.clock import Clock
from app.core.connection_target import ConnectionTarget
from tests.app.answers import AS_OF, ME, dashboard, tokens
from tests.app.core.faulty_server import Asked, FakeClock, Faulty, MemoryKeyring, faulty_server, http, problem
from views.dashboard.chart_panels import ChartPanel
from views.shell.application import ConsoleApplication

W = TypeVar("W", bound=QWidget)


def alert(number: int = 1, **more: Any) -> dict[str, Any]:
    """An alert as the server gives it."""
    return {
        "id": f"a{number}",
        "figure": "downloads.failureRate",
        "title": f"Downloads failing over limit {number}",
        "severity": "P2",
        "state": "active",
        "cause": "breached",
        "condition": "breached",
        "raisedAt": (AS_OF - timedelta(minutes=16)).isoformat(),
        "ruleId": "r1",
        "comparison": "above",
        "limit": 0.02,
        "value": 0.0217,
        "worstValue": 0.03,
        "evaluatedAt": AS_OF.isoformat(),
        "guidance": "Look at the mirrors\nTell the store team",
        "runbookUrl": "",
        "version": 1,
        **more,
    }


def order(number: int, **more: Any) -> dict[str, Any]:
    """An order as a list of rows holds it."""
    return {
        "id": f"o{number:05}",
        "placedAt": (AS_OF - timedelta(minutes=number)).isoformat(),
        "settledAt": AS_OF.isoformat(),
        "customerId": f"c{number}",
        "country": "DE",
        "status": "settled",
        "total": 1000,
        "currency": "EUR",
        "reportingTotal": 1000,
        "version": 1,
        **more,
    }


@dataclass
class Office:
    """Server and console of a test. Change the fields, and the next answers are others."""

    server: Faulty
    console: Console
    clock: FakeClock
    alerts: list[dict[str, Any]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    runbooks: list[dict[str, Any]] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    dashboard: dict[str, Any] = field(default_factory=dashboard)
    me: dict[str, Any] = field(default_factory=lambda: dict(ME))
    refusal: bytes | None = None
    """What every write is answered, if anything."""

    def answer(self, asked: Asked) -> bytes | None:
        """What a server in good order says."""
        url = urlsplit(asked.path)
        query = parse_qs(url.query)
        last = url.path.rpartition("/")[2]
        if last in {"session", "refresh"}:
            return http(tokens())
        if last == "me":
            return http(self.me)
        if asked.method != "GET" and self.refusal is not None:
            return self.refusal
        if "/alert-rules" in url.path:
            return self._rules(asked, last)
        if "/alerts" in url.path:
            return self._alerts(asked, url.path, query)
        if "/incidents" in url.path:
            return _page([])
        if "/runbooks" in url.path:
            return self._runbooks(asked, url.path)
        if last == "orders":
            return self._orders(query)
        return http(self.dashboard)

    def _alerts(self, asked: Asked, path: str, query: dict[str, list[str]]) -> bytes:
        if asked.method == "GET":
            states = query.get("state", [])
            return _page([a for a in self.alerts if a["state"] in states])
        found = next(a for a in self.alerts if f"/{a['id']}/" in path)
        said = json.loads(asked.body)
        if path.endswith("/acknowledge"):
            found |= {
                "state": "acknowledged",
                "comment": said["comment"],
                "acknowledgedBy": "Operations lead",
                "acknowledgedAt": AS_OF.isoformat(),
            }
        else:
            found |= {"shelvedUntil": said["until"], "shelveReason": said["reason"], "shelvedBy": "Operations lead"}
        found["version"] += 1
        return http(found)

    def _runbooks(self, asked: Asked, path: str) -> bytes:
        parts = path.partition("/runbooks")[2].strip("/").split("/")
        if parts == [""] and asked.method == "GET":
            return _page(
                [{k: v for k, v in each.items() if k not in {"text", "steps", "reason"}} for each in self.runbooks]
            )
        if parts[1:] == ["runs"]:
            if asked.method == "GET":
                return _page([each for each in self.runs if each["runbookId"] == parts[0]])
            self.runs.append(run(self.runbook(parts[0]), incidentId=json.loads(asked.body).get("incidentId")))
            return http(self.runs[-1])
        if parts[1:2] == ["runs"]:
            return http(_advanced(next(each for each in self.runs if each["id"] == parts[2]), parts[3:], asked))
        if parts[1:2] == ["versions"]:
            kept = [each for each in self.versions if each["id"] == parts[0]]
            return _page(kept) if len(parts) == 2 else http(next(v for v in kept if v["version"] == int(parts[2])))
        if asked.method == "POST":
            said = json.loads(asked.body)
            self.runbooks.append(runbook(len(self.runbooks) + 1, **said))
            return http(self.runbooks[-1])
        found = self.runbook(parts[0])
        if asked.method == "PATCH":
            if asked.headers.get("if-match") != f'"{found["version"]}"':
                return problem("stale-version", 412, "It is at another version now.")
            self.versions.insert(0, dict(found))
            found |= json.loads(asked.body) | {"version": found["version"] + 1}
        return http(found)

    def runbook(self, runbook_id: str) -> dict[str, Any]:
        """One of those that are there."""
        return next(each for each in self.runbooks if each["id"] == runbook_id)

    def _rules(self, asked: Asked, last: str) -> bytes:
        if asked.method == "GET":
            return _page(self.rules)
        said = json.loads(asked.body)
        if asked.method == "PATCH":
            found = next(r for r in self.rules if r["id"] == last)
            found |= said | {"version": found["version"] + 1}
        else:
            found = rule(len(self.rules) + 1, **said)
            self.rules.append(found)
        return http(found)

    def _orders(self, query: dict[str, list[str]]) -> bytes:
        wanted = [
            o
            for o in self.orders
            if o["country"] in query.get("country", [o["country"]])
            and o["status"] in query.get("status", [o["status"]])
        ]
        start = int(query.get("cursor", ["0"])[0])
        end = start + int(query["limit"][0])
        return http(
            {
                "items": wanted[start:end],
                "nextCursor": str(end) if end < len(wanted) else None,
                "asOf": AS_OF.isoformat(),
                "summary": {
                    "count": len(wanted),
                    "amount": sum(o["reportingTotal"] for o in wanted),
                    "currency": "EUR",
                },
            }
        )

    @property
    def writes(self) -> list[Asked]:
        """What was asked to be changed."""
        return [a for a in self.server.asked if a.method != "GET" and "/session" not in a.path]

    async def refresh(self) -> None:
        """Ask for alerts and figures now."""
        await self.console.of(Alerts).list().refresh()
        await self.console.dashboard().refresh()


def rule(number: int = 1, **more: Any) -> dict[str, Any]:
    """An alert rule as the server gives it."""
    return {
        "id": f"r{number}",
        "figure": "downloads.failureRate",
        "title": f"Rule {number}",
        "comparison": "above",
        "value": 0.02,
        "hysteresis": 0.0,
        "forSeconds": 300,
        "rangeDays": 7,
        "severity": "P2",
        "guidance": "",
        "runbookUrl": "",
        "noDataSeconds": None,
        "enabled": True,
        "version": 1,
        "updatedAt": AS_OF.isoformat(),
        "updatedBy": "Operations lead",
        **more,
    }


def runbook(number: int = 1, **more: Any) -> dict[str, Any]:
    """A runbook as the server gives it."""
    return {
        "id": f"b{number}",
        "slug": f"runbook-{number}",
        "title": f"Runbook {number}",
        "owner": "operations-lead",
        "ownerName": "Operations lead",
        "reviewBy": (AS_OF + timedelta(days=90)).date().isoformat(),
        "alerts": [],
        "services": [],
        "retired": False,
        "version": 1,
        "updatedAt": AS_OF.isoformat(),
        "updatedBy": "operations-lead",
        "updatedByName": "Operations lead",
        "text": f"Words of {number}.\n\n- [ ] Look\n- [ ] Start it\n\n  ```sh\n  opsconsole worker\n  ```\n",
        "steps": ["Look", "Start it"],
        "reason": "",
        **more,
    }


def run(of: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A runbook that somebody works through."""
    return {
        "id": f"run-{of['id']}",
        "runbookId": of["id"],
        "runbookVersion": of["version"],
        "title": of["title"],
        "steps": of["steps"],
        "incidentId": None,
        "startedAt": AS_OF.isoformat(),
        "startedBy": "operations-lead",
        "startedByName": "Operations lead",
        "endedAt": None,
        "endedBy": None,
        "marks": [],
        "version": 1,
        **more,
    }


def _advanced(found: dict[str, Any], what: list[str], asked: Asked) -> dict[str, Any]:
    said = json.loads(asked.body) if asked.body else {}
    if what == ["end"]:
        found |= {"endedAt": AS_OF.isoformat(), "endedBy": "operations-lead"}
    elif what[:1] == ["steps"]:
        step = int(what[1])
        mark = {"step": step, "doneAt": AS_OF.isoformat(), "doneBy": "x", "doneByName": "Operations lead"}
        others = [each for each in found["marks"] if each["step"] != step]
        found["marks"] = [*others, mark | {"note": said.get("note", "")}] if said.get("done", True) else others
    return found


def _page(items: list[dict[str, Any]]) -> bytes:
    return http({"items": items, "nextCursor": None, "asOf": AS_OF.isoformat()})


def conflict() -> bytes:
    """Somebody else has done it differently already."""
    return problem("conflict", 409, "Somebody else changed this alert.")


async def until(true: Callable[[], Any], seconds: float = 20.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


async def turns(count: int = 3) -> None:
    """Let Qt and asyncio go on for a moment."""
    for _ in range(count):
        await asyncio.sleep(0.01)


def shown(kind: type[W]) -> W:
    """The open window or dialog of a class; the newest when there are several."""
    newest = QApplication.activeModalWidget()  # the list below is in no order
    if isinstance(newest, kind):
        return newest
    found = [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]
    assert found, f"no {kind.__name__} is open"
    return found[-1]


def in_order(layout_owner: QWidget, kind: type[W]) -> Iterator[W]:
    """Visible widgets of a class from top to bottom."""
    found = [w for w in layout_owner.findChildren(kind) if w.isVisible()]
    yield from sorted(found, key=lambda w: w.mapTo(layout_owner, w.rect().topLeft()).y())


@contextlib.contextmanager
def _serving() -> Iterator[Faulty]:
    """The server in a thread of its own, so that a busy window does not slow it down."""
    ready: queue.Queue[tuple[Faulty, asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()

    async def serve() -> None:
        ended = asyncio.Event()
        async with faulty_server() as server:
            ready.put((server, asyncio.get_running_loop(), ended))
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="office", daemon=True)
    thread.start()
    server, loop, ended = ready.get(timeout=5)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(5)


@contextlib.asynccontextmanager
async def office(profile: Path, *, clock: Clock | None = None, **fields: Any) -> AsyncIterator[Office]:
    """A console that is signed in and has its first figures and alerts."""
    with _serving() as server:
        turned = clock or FakeClock()
        console = Console(profile, ConnectionTarget(url=server.url), clock=turned, keyring=MemoryKeyring())  # type: ignore[arg-type]
        made = Office(server, console, turned, **fields)  # type: ignore[arg-type]
        server.answer = made.answer
        try:
            await console.start()
            await console.sign_in("operations-lead", "secret")
            await made.refresh()
            yield made
        finally:
            await console.close()


def charts(app: ConsoleApplication) -> dict[str, ChartPanel]:
    """The charts of the War room, by the ids of their panels."""
    return {
        known: panel
        for known in app.window.panels.specs
        if isinstance(panel := app.window.panels.made(known), ChartPanel)
    }


@contextlib.asynccontextmanager
async def app_of(
    made: Office, width: int = 1440, height: int = 900, scale: float = 1.0
) -> AsyncIterator[ConsoleApplication]:
    """The whole window on an office's console, with its first picture drawn."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    made.console.change_settings(font_scale=scale)
    app = ConsoleApplication(application, made.console)
    app.show(width, height)
    await app.furnish()
    app.window.activateWindow()
    await made.refresh()
    await until(lambda: all(c.chart is not None or not c.widget.isVisible() for c in charts(app).values()))
    await turns(10)
    try:
        yield app
    finally:
        app.close()
        app.window.deleteLater()
        await turns()
