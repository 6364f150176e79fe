"""Two consoles and one API through random edits, lost links, kills and restarts: nothing lost, nothing done twice.

The law, for every schedule: each decision ends exactly once, as done, or as dropped in favour of the other's; what is
done was applied once; a conflict is shown once and never again after it was settled; and all agree at the end.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from app.core import mutation_sender, outbox
from app.core.errors import OperationsError, Unreachable
from app.core.http_client import OperationsClient
from app.core.mutation import Mutations
from app.core.mutation_types import InConflict, MutationRequest, MutationSpec
from app.core.outbox import Outbox, State
from app.core.tasks import Tasks
from backend.core.database import Database
from backend.core.settings import Settings
from backend.runtime.asgi import create_app
from models.alerts import AlertRule, AlertRuleChange
from tests.conftest import Api, _seed

SCHEDULES = 500
FAULTS = ("sound", "lost before", "lost after", "flaky")


class Wire(httpx.AsyncBaseTransport):
    """The link of one console: sound, or losing requests before or answers after the server worked."""

    def __init__(self, app: FastAPI, chance: random.Random) -> None:
        self._inner = httpx.ASGITransport(app)
        self._chance = chance
        self.fault = "sound"

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fault = self.fault if self.fault != "flaky" else self._chance.choice(FAULTS[:3])
        if fault == "lost before":
            raise httpx.ConnectError("no route", request=request)
        answer = await self._inner.handle_async_request(request)
        if fault == "lost after":
            raise httpx.ReadError("cut", request=request)
        return answer


class ConsoleEngine:
    """A console without a window: outbox, mutations, and what its operator sees."""

    def __init__(self, name: str, folder: Path, app: FastAPI, token: str, chance: random.Random) -> None:
        self.wire = Wire(app, chance)
        self.client = OperationsClient("http://api", token, transport=self.wire)
        self.name, self._path, self._chance = name, folder / f"{name}.db", chance
        self.up = True
        self.rule: AlertRule | None = None
        self.shown: Counter[str] = Counter()
        self.settled: set[str] = set()
        self.waiting: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """A new process on the same disk."""
        self.tasks = Tasks()
        self.mutations = Mutations(
            Outbox(self._path),
            client=lambda: self.client,
            user=lambda: "operations-lead",
            connected=lambda: self.up,
            step_up=lambda *_: False,
            report_error=self._report_error,
            invalidate=lambda _topic: None,
            tasks=self.tasks,
        )
        self.mutations.declare(MutationSpec("rule.change", frozenset({"alert_rules"})))
        self.mutations.conflicted.connect(self._conflicted)
        await self.mutations.start()

    async def kill(self) -> None:
        """The process is gone between two instructions; nothing is tidied up."""
        for task in self.waiting:
            task.cancel()
        await self.tasks.close()
        await asyncio.gather(*self.waiting, return_exceptions=True)
        self.waiting.clear()
        self.mutations._outbox._thread.shutdown(wait=True)
        connection = self.mutations._outbox._connection
        if connection is not None:
            connection.close()

    def _report_error(self, error: OperationsError) -> None:
        if isinstance(error, Unreachable):
            self.up = False

    def _conflicted(self, mutation: outbox.PendingMutation) -> None:
        self.shown[mutation.key] += 1
        assert mutation.key not in self.settled, "a conflict came back after it was settled"

    async def look(self) -> None:
        """The operator's list is asked for anew, if the server can be heard."""
        assert self.rule is not None
        try:
            text, _ = await self.client.record(f"/api/operations/alert-rules/{self.rule.id}")
        except OperationsError:
            return
        if not self.mutations.of(f"alert_rule:{self.rule.id}"):
            self.rule = AlertRule.model_validate_json(text)

    def edit(self, token: str) -> None:
        """The operator changes the title, upon what they see."""
        rule = self.rule
        assert rule is not None
        draft = MutationRequest(
            kind="rule.change",
            title=token,
            method="PATCH",
            path=f"/api/operations/alert-rules/{rule.id}",
            body=AlertRuleChange(title=token),
            version=rule.version,
            resource=f"alert_rule:{rule.id}",
            record=f"/api/operations/alert-rules/{rule.id}",
            base=rule,
        )

        async def submit() -> None:
            try:
                outcome = await self.mutations.submit(draft)
            except (InConflict, OperationsError):
                return
            if outcome.settled and self.rule is not None and self.rule.id == outcome.answer["id"]:
                self.rule = AlertRule.model_validate(outcome.answer)

        task = asyncio.get_running_loop().create_task(submit())
        self.waiting.add(task)
        task.add_done_callback(self.waiting.discard)

    async def choose(self) -> None:
        """The operator settles the conflicts they see."""
        for mutation in self.mutations.conflicts:
            try:
                seen = await self.mutations.look_at_theirs(mutation.key)
                keep = self._chance.choice((self.mutations.keep_mine, self.mutations.keep_theirs))
                self.settled.add(seen.key)
                await keep(seen.key)
            except Unreachable:
                self.settled.discard(mutation.key)
                self.up = False
            except OperationsError:
                self.settled.discard(mutation.key)  # settled in this moment, or not known yet


async def _breathe(chance: random.Random) -> None:
    for _ in range(chance.choice((0, 0, 1, 3, 10))):
        await asyncio.sleep(0)
    if chance.random() < 0.15:
        await asyncio.sleep(0.004)


async def _schedule(number: int, chance: random.Random, pair: list[ConsoleEngine], rule: AlertRule) -> set[str]:
    """One random interleaving on one rule; answers what the operators decided."""
    decided: set[str] = set()
    for engine in pair:
        engine.rule = rule
    for step in range(chance.randint(3, 7)):
        engine = chance.choice(pair)
        match chance.choice(("edit", "edit", "edit", "link", "link", "kill", "look", "choose")):
            case "edit":
                token = f"{number}.{step}.{engine.name}"
                parked = [i for i in engine.mutations.of(f"alert_rule:{rule.id}") if i.state is not State.WAITING]
                if not parked:
                    decided.add(token)
                    engine.edit(token)
                    await asyncio.sleep(0)
                    while not any(i.title == token for i in engine.mutations.pending) and engine.waiting:
                        await asyncio.sleep(0)  # on disk: from here on it must not be lost
            case "link":
                engine.wire.fault = chance.choice(FAULTS)
                engine.up = True
                engine.mutations.wake()
            case "kill":
                await engine.kill()
                await engine.start()
            case "look":
                await engine.look()
            case "choose":
                await engine.choose()
        await _breathe(chance)
    return decided


async def _calm(pair: list[ConsoleEngine]) -> None:
    """The link is back for good and the operators settle what waits for them."""
    for engine in pair:
        engine.wire.fault = "sound"
    for _ in range(2_000):
        for engine in pair:
            engine.up = True
            engine.mutations.wake()
            await engine.choose()
        if not any(engine.mutations.pending or engine.waiting for engine in pair):
            return
        await asyncio.sleep(0.002)
    raise AssertionError([engine.mutations.pending for engine in pair])


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_no_decision_is_lost_or_done_twice(
    seed: int, settings: Settings, owner_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "DEAD_AFTER", -1.0)  # the killed one is known to be dead
    monkeypatch.setattr(mutation_sender, "RETRY_FIRST", 0.001)
    monkeypatch.setattr(mutation_sender, "RETRY_LONGEST", 0.004)
    asyncio.run(_seed(settings))
    api = Api("http://api", settings, owner_url, lambda: None)
    chance = random.Random(seed)  # noqa: S311 - the same schedules each time

    async def play() -> None:
        app = create_app(settings, Database(settings.database_url or "", size=4))
        await app.state.database.open()
        token = api.token("operations-lead")
        pair = [ConsoleEngine(name, tmp_path, app, token, chance) for name in ("left", "right")]
        for engine in pair:
            await engine.start()
        wanted: dict[str, set[str]] = {}
        for number in range(SCHEDULES):
            rule = await _new_rule(app, token)
            wanted[rule.id] = await _schedule(number, chance, pair, rule)
            if number % 5 == 4:
                await _calm(pair)
        await _calm(pair)
        await _check(pair, wanted, owner_url)
        for engine in pair:
            await engine.mutations.close()
            await engine.tasks.close()
            await engine.client.aclose()
        await app.state.database.close()

    asyncio.run(play())


async def _new_rule(app: FastAPI, token: str) -> AlertRule:
    draft = {"figure": "downloads.failureRate", "title": "begun", "comparison": "above", "value": 1, "severity": "P4"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
        answer = await client.post(
            "/api/operations/alert-rules", json=draft, headers={"Authorization": f"Bearer {token}"}
        )
    assert answer.status_code == 201, answer.text
    return AlertRule.model_validate(answer.json())


async def _check(pair: list[ConsoleEngine], wanted: dict[str, set[str]], owner_url: str) -> None:
    ended: Counter[str] = Counter()
    outcomes: dict[str, str] = {}
    for engine in pair:
        for done in await engine.mutations._outbox.settled_by("operations-lead", 100_000):
            ended[done.title] += 1
            outcomes[done.title] = done.outcome
        repeated = [key for key, times in engine.shown.items() if times != 1]
        assert repeated == [], "a conflict was shown twice"
    decided = set().union(*wanted.values())
    assert set(ended) == decided, "a decision was lost"
    assert [title for title, times in ended.items() if times != 1] == [], "a decision ended twice"
    with psycopg.connect(owner_url) as connection:
        rows = connection.execute(
            "select resource_id, before ->> 'title', after ->> 'title', version from audit_log"
            " where action = 'alerts.rule.changed' order by seq"
        ).fetchall()
        titles = dict(connection.execute("select id::text, title from alert_rule").fetchall())
    applied = Counter(after for _, before, after, _ in rows if before != after)
    assert [title for title, times in applied.items() if times != 1] == [], "a decision was applied twice"
    done_by_us = {title for title, outcome in outcomes.items() if outcome == "done"}
    assert set(applied) == done_by_us, "what consoles believe done and what the server did differ"
    last = {rule: after for rule, _, after, _ in rows}
    for rule in wanted:
        assert titles[rule] == last.get(rule, "begun")
    versions = Counter((rule, version) for rule, _, _, version in rows)
    assert max(versions.values(), default=1) == 1
    assert set(outcomes.values()) <= {"done", "theirs kept", "refused"}
    kinds = Counter(outcomes.values())
    assert kinds["theirs kept"] > SCHEDULES / 10, "the schedules made no conflicts worth the name"
    assert kinds["refused"] == 0, kinds
