"""The graph a request runs through: a step for each system that holds something of a person."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.core.base import Count, Identifier, Instant, Record, Request, RequiredText, Version
from models.core.personal import PERSONAL


class NodeState(StrEnum):
    """How far a step is."""

    WAITING = "waiting"
    """For what it needs, or for its next try."""
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    """Two people decided to go on without it."""
    DEAD = "dead"
    """It failed so often that somebody has to look."""
    MANUAL = "manual"
    """A person does it."""


class RequestNode(Record):
    """One step of a request."""

    node_id: Identifier
    name: str
    """The system, such as ``shop.orders``, or what it is for."""
    title: str
    needs: tuple[str, ...]
    """Names of the steps that come before."""
    state: NodeState
    attempts: Count
    rows: Count
    """Of the system: handed out, changed or removed."""
    kept: dict[str, Count]
    """Rows of which something stays, by the reason the person is told."""
    problem: str
    """Why the last try failed."""
    step_at: Instant | None
    next_at: Instant | None
    """When it is tried again."""
    ended_at: Instant | None
    ended_by: str | None
    ended_by_name: str | None
    skip_asked_by: str | None
    skip_asked_by_name: str | None
    skipped_by: str | None
    skipped_by_name: str | None
    version: Version


class NodeAttempt(Record):
    """One try of a step."""

    number: Count
    begun_at: Instant
    ended_at: Instant | None
    """``None``: it runs, or was killed."""
    problem: str


class RequestGraph(Record):
    """All steps of a request."""

    request_id: Identifier
    nodes: tuple[RequestNode, ...]
    progress: Annotated[int, Field(ge=0, le=100)] | None
    as_of: Instant


class NodeHistory(Record):
    """The tries of a step, the newest first."""

    node_id: Identifier
    attempts: tuple[NodeAttempt, ...]


class SkipNode(Request):
    """To go on without a step; the second person who says so decides. Needs ``If-Match``."""

    reason: Annotated[RequiredText, Field(max_length=500), PERSONAL]


class CompleteNode(Request):
    """A step by hand is done. Needs ``If-Match``."""

    words: Annotated[RequiredText, Field(max_length=500), PERSONAL]
    """What was done."""


class GraphSwitch(Record):
    """Whether all runs stand still."""

    paused_at: Instant | None
    paused_by: str | None
    paused_by_name: str | None
    version: Version


class SwitchRequest(Request):
    """Stop all runs between two steps, or let them go on. Needs ``If-Match``."""

    paused: bool
    reason: RequiredText


class AskErasure(Request):
    """To have somebody else agree to an erasure. Needs ``If-Match``."""

    reason: RequiredText


class ErasureCertificate(Record):
    """What was erased where, what stays and why; ``verify_receipt.py`` checks it. It names nobody."""

    request_id: Identifier
    certificate: str
    vkey: str
    issued_at: Instant
