"""A launch whose figures a test moves, with the worker's ticks called by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg

from backend.audit import seal
from backend.core.capability import Criteria, Tick
from backend.core.database import Database
from backend.core.settings import Settings
from backend.launch import ticks
from backend.runtime.outside import outside
from models.launch.templates import TemplateContent
from tests.backend.audit.fixtures import all_stamped
from tests.conftest import Api

LAUNCHES = "/api/operations/launches"
CHECKLIST = "/api/operations/checklist"
TEMPLATES = "/api/operations/launch-templates"
VOTERS = ("operations-lead", "support-lead", "risk-manager")
DIRECTOR = "launch-director"

ITEMS: list[dict[str, Any]] = [
    {
        "key": "price-list",
        "category": "Commerce",
        "description": "Price lists are published",
        "ownerRole": "operations-lead",
        "due": -10_800,
        "contingency": {
            "title": "Keep the old one",
            "trigger": "A wrong price",
            "steps": ["Put it back"],
            "ownerRole": "operations-lead",
            "decideBy": -3_600,
        },
    },
    {
        "key": "chat-cover",
        "category": "Support",
        "description": "Chat is covered",
        "ownerRole": "support-lead",
        "due": -7_200,
        "dependsOn": ["price-list"],
        "evidence": [{"label": "Roster", "url": "https://example.org/roster"}],
    },
    {
        "key": "queue",
        "category": "Risk",
        "description": "The queue is short",
        "ownerRole": "support-lead",
        "due": -7_200,
        "automatic": True,
        "criteria": ["waiting"],
    },
    {
        "key": "posts",
        "category": "Community",
        "description": "Posts are scheduled",
        "ownerRole": "support-lead",
        "due": -900,
        "blocking": False,
    },
]
CONTENT: dict[str, Any] = {
    "title": "Test launch",
    "roll": [
        {"role": "operations-lead", "name": "Operations lead", "shortName": "Ops lead"},
        {"role": "support-lead", "name": "Support lead", "shortName": "Support"},
        {"role": "risk-manager", "name": "Risk manager", "shortName": "Risk"},
        {"role": DIRECTOR, "name": "Launch director", "shortName": "Director", "director": True},
    ],
    "points": [{"key": "readiness", "title": "Readiness", "reading": -5_400, "seconds": 900}],
    "criteria": [
        {
            "key": "no-p1",
            "criterion": "alerts.open",
            "label": "No P1 open",
            "shortLabel": "P1 open",
            "parameters": {"severity": "P1"},
        },
        {
            "key": "waiting",
            "criterion": "risk.open_entries",
            "label": "Orders that wait",
            "shortLabel": "Queue",
            "high": 2,
            "binds": ["risk-manager"],
        },
    ],
    "items": ITEMS,
}
assert TemplateContent.model_validate(CONTENT)


class Pad:
    """An API with a sealed audit log, and what the worker does for launches, turn by turn."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self.api = api
        self.settings = settings
        given = outside(settings)
        self.criteria = given.of(Criteria)
        self.ticks: dict[str, Tick] = {tick.name: tick for tick in ticks.ticks(settings, given)}

    def sql(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        """What the owner of the database is answered."""
        with psycopg.connect(self.api.owner_url) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def within(self, work: Callable[[Database], Awaitable[Any]]) -> Any:
        """What some work on the database comes to."""

        async def run() -> Any:
            database = Database(self.settings.database_url or "")
            await database.open()
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(run())

    def turn(self, *names: str) -> None:
        """One turn of ticks."""

        async def work(database: Database) -> None:
            for name in names:
                await self.ticks[name].turn(database, self.settings)

        self.within(work)

    def watch(self) -> None:
        """Evaluate what open polls are bound to."""
        self.turn("launch polls")

    def seal(self) -> None:
        """Give every audit entry its position and its seal."""

        async def work(database: Database) -> None:
            await all_stamped(database, self.settings)
            await seal.seal(database, self.settings)

        self.within(work)

    def publish(self) -> None:
        """Publish the record of every closed poll: drawn, sealed, proven."""
        self.seal()
        self.turn("launch records")
        self.seal()
        self.turn("launch records")

    def get(self, path: str, role: str = "viewer", **parameters: Any) -> httpx.Response:
        """An answer to a role."""
        headers = self.api.headers(role) | parameters.pop("headers", {})
        return httpx.get(f"{self.api.base_url}{path}", params=parameters, headers=headers, timeout=20)

    def send(
        self, path: str, body: Any = None, *, role: str = DIRECTOR, version: int | None = None, method: str = "POST"
    ) -> httpx.Response:
        """A request of a role, based on a version."""
        headers = self.api.headers(role) | ({} if version is None else {"If-Match": f'"{version}"'})
        return httpx.request(method, f"{self.api.base_url}{path}", json=body, headers=headers, timeout=20)

    def done(self, path: str, body: Any = None, **more: Any) -> Any:
        """What a request that must succeed was answered."""
        answer = self.send(path, body, **more)
        assert answer.is_success, answer.text
        return answer.json()

    def read(self, path: str, **parameters: Any) -> Any:
        """What a question that must succeed was answered."""
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def template(self, key: str = "test", **changes: Any) -> dict[str, Any]:
        """A template of these contents."""
        body = {"content": CONTENT | changes, "basedOn": 0}
        found: dict[str, Any] = self.done(f"{TEMPLATES}/{key}", body)
        return found

    def launch(self, before_zero: timedelta = timedelta(hours=18), **changes: Any) -> dict[str, Any]:
        """A launch from the test's template, so long before T-0."""
        self.template(**changes)
        draft = {
            "templateKey": "test",
            "title": "Winter release",
            "shortTitle": "Winter",
            "zone": "Europe/Berlin",
            "zeroAt": (datetime.now(UTC) + before_zero).isoformat(),
        }
        found: dict[str, Any] = self.done(LAUNCHES, draft)
        return found

    def status(self, launch: dict[str, Any]) -> dict[str, Any]:
        """How a launch stands."""
        found: dict[str, Any] = self.read(f"{LAUNCHES}/{launch['launchId']}/status")
        return found

    def items(self, launch: dict[str, Any], **parameters: Any) -> dict[str, dict[str, Any]]:
        """Its list, by key."""
        found = self.read(CHECKLIST, launch=launch["launchId"], **parameters)
        return {item["key"]: item for item in found["items"]}

    def poll(self, launch: dict[str, Any], question: str = "Go for launch?") -> str:
        """The address of a poll that was opened."""
        self.seal()
        opened = self.done(f"{LAUNCHES}/{launch['launchId']}/polls", {"question": question})
        return f"{LAUNCHES}/{launch['launchId']}/polls/{opened['pollId']}"

    def vote(
        self, launch: dict[str, Any], poll: str, role: str, choice: str = "GO", *, seen: int | None = None, **more: Any
    ) -> httpx.Response:
        """A vote for what stands there now, or for what was seen."""
        version = self.status(launch)["poll"]["evidenceVersion"] if seen is None else seen
        body = {"role": role, "choice": choice, "evidenceVersion": version} | more
        if choice != "GO":
            body.setdefault("reason", "not yet")
        return self.send(f"{poll}/votes", body, role=role)

    def all_go(self, launch: dict[str, Any], poll: str) -> None:
        """Everybody votes GO, the director last."""
        for role in (*VOTERS, DIRECTOR):
            self.watch()
            answer = self.vote(launch, poll, role)
            assert answer.status_code == 200, answer.text

    def choice(self, launch: dict[str, Any], role: str) -> tuple[str | None, str]:
        """What a role's vote is, and how it stands."""
        found = next(vote for vote in self.status(launch)["rollCall"] if vote["role"] == role)
        return found["choice"], found["standing"]

    def decide(self, approval: dict[str, Any], role: str = "compliance-officer") -> httpx.Response:
        """Somebody approves what was asked for."""
        path = f"/api/operations/rbac/approvals/{approval['approvalId']}/decision"
        return self.send(path, {"decision": "approve", "reason": "yes"}, role=role, version=approval["version"])

    def p1(self) -> None:
        """A P1 opens."""
        self.sql(
            "insert into alert (id, version, valid_from, cause, title, severity, state, condition, raised_at,"
            " evaluated_at, guidance, runbook_url, source, key) values (gen_random_uuid(), 1, now(), 'breached',"
            " 'Checkout is down', 'P1', 'active', 'breached', now(), now(), '', '', 'test', 'p1')"
        )

    def p1_passes(self) -> None:
        """It is no more."""
        self.sql("update alert set valid_to = now() where source = 'test'")
