"""Badges: one question for all of them, asked only for whoever may do what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.capabilities import CAPABILITIES
from app.console import Console
from app.core.capability import Capability
from app.core.connection_target import ConnectionTarget
from models.core.permissions import Permission
from tests.app.answers import AS_OF, ME, tokens
from tests.app.core.faulty_server import Asked, Faulty, MemoryKeyring, faulty_server, http, problem

BOTH = (Permission.APPROVE_ROLES, Permission.VIEW_RISK_QUEUE)


class Office:
    """A server that counts, and what it counts now."""

    def __init__(self, server: Faulty, *permissions: Permission) -> None:
        self.server, self.counts = server, {"access.approvals": 2, "risk.queue": 1, "of.tomorrow": 9}
        self.me: dict[str, Any] = ME | {"permissions": list(permissions)}
        server.answer = self.answer

    def answer(self, asked: Asked) -> bytes:
        last = asked.path.rpartition("/")[2]
        if last in {"session", "refresh"}:
            return http(tokens())
        if last == "me":
            return http(self.me)
        if last == "counts":
            return http({"counts": self.counts, "asOf": AS_OF.isoformat()})
        return problem("not-found", 404, "There is nothing here.")

    @property
    def asked(self) -> int:
        return sum(asked.path == "/api/operations/counts" for asked in self.server.asked)


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.005)


async def signed_in(folder: Path, server: Faulty) -> Console:
    console = Console(folder, ConnectionTarget(url=server.url), keyring=MemoryKeyring())  # type: ignore[arg-type]
    await console.start()
    await console.sign_in("operations-lead", "secret")
    return console


async def test_all_badges_are_one_question_and_follow_what_is_announced(tmp_path: Path) -> None:
    async with faulty_server() as server:
        office = Office(server, *BOTH)
        server.events = asyncio.Queue()
        console = await signed_in(tmp_path, server)
        badges = [console.badge("access"), console.badge("risk")]
        await until(lambda: all(badge.count for badge in badges))
        assert [badge.words for badge in badges] == ["2 approvals wait for you", "1 entry waits to be decided"]
        await until(lambda: console.stream.state == "live")
        await until(lambda: office.asked == 2)  # what changed before the stream was there may have been missed
        office.counts = {"access.approvals": 1}
        server.events.put_nowait(b"id: 8\nevent: approvals\ndata: {}\n\n")
        await until(lambda: badges[0].count == 1)
        assert badges[0].words == "1 approval waits for you"
        assert (badges[1].count, badges[1].words) == (0, "")
        assert office.asked == 3
        for badge in badges:
            badge.close()
        server.events.put_nowait(b"")
        await console.close()


async def test_whoever_may_not_decide_is_not_asked_for(tmp_path: Path) -> None:
    async with faulty_server() as server:
        office = Office(server, Permission.VIEW_DASHBOARD)
        console = await signed_in(tmp_path, server)
        badge = console.badge("access")
        await console.session.load_me()
        assert (badge.count, office.asked) == (0, 0)
        office.me["permissions"] = list(BOTH)
        await console.session.load_me()
        await until(lambda: badge.count == 2)
        office.me["permissions"] = []
        await console.session.load_me()
        assert badge.count == 0, "what was known is none of their business any more"
        await console.close()


@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda capability: capability.name)
def test_badges_are_named_after_their_capability_and_told_by_something(capability: Capability) -> None:
    for badge in capability.badges:
        assert badge.key.startswith(f"{capability.name}.")
        assert badge.topics
