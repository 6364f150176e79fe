"""What the nodes of a run do. Each step is one transaction and may be done twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from psycopg import sql

from backend.core.capability import PersonalSystem, Subject
from backend.core.database import ERASER_ROLE, Connection
from backend.deliveries import ask_shop
from backend.privacy.graph import queries
from backend.privacy.keys.reads import hold_key
from backend.privacy.keys.ring import KeyRing
from backend.privacy.persons.reads import identifiers_of
from models.privacy.requests import RequestType

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backend.core.settings import Settings

EXPORT: Final = "privacy_export.sealed"
ASKED: Final[Mapping[RequestType, str]] = {
    RequestType.ACCESS: "privacy.export",
    RequestType.DELETION: "privacy.erase",
    RequestType.RECTIFICATION: "privacy.rectify",
    RequestType.RESTRICTION: "privacy.restrict",
}
"""What the shop is asked to do itself; whom it is about goes with it when it is sent."""
ASK_AGAIN_SECONDS: Final = 5.0


class StepError(Exception):
    """A step cannot be done, with words that name nobody."""

    def __init__(self, words: str, *, from_start: bool = False) -> None:
        """``from_start``: the next try begins anew, instead of going on where this one was."""
        super().__init__(words)
        self.from_start = from_start


@dataclass(frozen=True, slots=True)
class NodeTask:
    """A node that somebody is at."""

    node_id: UUID
    run_id: UUID
    request_id: UUID
    name: str
    title: str
    type: RequestType
    person_id: UUID
    begun_at: datetime
    fence: int
    attempts: int
    cursor: Any
    rows: int
    kept: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one step came to."""

    done: bool
    cursor: Any = None
    rows: int = 0
    kept: Mapping[str, int] = field(default_factory=dict)
    wait_seconds: float | None = None
    """Somebody else's answer is waited for; nothing went wrong."""


@dataclass(frozen=True, slots=True)
class StepContext:
    """What steps need besides their transaction."""

    settings: Settings
    ring: KeyRing
    systems: Mapping[str, PersonalSystem]


Step = Callable[[Connection, StepContext, NodeTask], Awaitable[StepResult]]


async def subject_of(tx: Connection, ring: KeyRing, task: NodeTask) -> Subject:
    """The person of a request; nobody destroys their key meanwhile. Raises StepError when it is gone."""
    key = await hold_key(tx, ring, task.person_id)
    if key is None:
        raise StepError("the person's key is gone: nobody can say any more who they were")
    known = await identifiers_of(tx, {task.person_id: key}, [task.person_id])
    return Subject(task.person_id, known.get(task.person_id, {}), task.begun_at)


@asynccontextmanager
async def erasing(tx: Connection) -> AsyncIterator[None]:
    """For the length of the block the transaction may erase. An error ends that with the transaction."""
    await tx.execute(sql.SQL("set local role {}").format(sql.Identifier(ERASER_ROLE)))
    yield
    await tx.execute("reset role")


async def erase(tx: Connection, context: StepContext, task: NodeTask) -> StepResult:
    """One batch of an erasure; done when a batch finds nothing."""
    system = context.systems[task.name]
    assert system.erase is not None  # noqa: S101 - others are done by hand
    subject = await subject_of(tx, context.ring, task)
    async with erasing(tx):
        batch = await system.erase(tx, subject)
    kept = {reason: max(count, task.kept.get(reason, 0)) for reason, count in batch.kept.items()}
    return StepResult(batch.rows == 0, task.cursor, task.rows + batch.rows, {**task.kept, **kept})


async def ask_the_shop(tx: Connection, _context: StepContext, task: NodeTask) -> StepResult:
    """Have the shop do its part, and wait for its answer."""
    if task.cursor is None:
        data = {"personId": str(task.person_id), "requestId": str(task.request_id)}
        command = await ask_shop(tx, name=ASKED[task.type], about=f"request {task.request_id}", data=data)
        return StepResult(done=False, cursor={"command": str(command)}, wait_seconds=ASK_AGAIN_SECONDS)
    row = await (await tx.execute(queries.command_state, {"command_id": UUID(task.cursor["command"])})).fetchone()
    match row:
        case ("done", _):
            return StepResult(done=True, cursor=task.cursor, rows=1)
        case ("waiting" | "asking", _):
            return StepResult(done=False, cursor=task.cursor, wait_seconds=ASK_AGAIN_SECONDS)
        case _:
            # The command stands among the dead letters, where it can be sent again or given up.
            raise StepError("the shop did not do it: look at the dead letters of its connection")
