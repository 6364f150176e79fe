"""Orders that edited rules match: asked for soon, and never so often that the console has time for nothing else."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from app.core.errors import Unreachable
from app.core.tasks import Tasks
from app.risk import requests
from app.risk.rules import LiveMatches
from models.risk.rules import FraudRule


async def test_a_count_that_fails_is_not_asked_for_again_by_saying_so(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[FraudRule, ...]] = []

    async def refused(_client: Any, rules: tuple[FraudRule, ...]) -> Any:
        asked.append(rules)
        raise Unreachable("nobody hears us")

    monkeypatch.setattr(requests, "matches", refused)
    monkeypatch.setattr("app.risk.rules.MATCH_PAUSE", 0.0)
    tasks = Tasks()
    matches = LiveMatches(SimpleNamespace(tasks=tasks, client=None))  # type: ignore[arg-type]
    said = 0

    def show() -> None:
        """As panels do: whatever changes, they ask about the rules they show."""
        nonlocal said
        said += 1
        matches.ask(())

    matches.changed.connect(show)
    matches.ask(())
    async with asyncio.timeout(5):
        while not matches.problem:
            await asyncio.sleep(0)
    assert (matches.problem, asked) == ("nobody hears us", [()])
    assert said == 2, "once that it is asked for, once how it went"
    await tasks.close()
