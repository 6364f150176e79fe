"""The steps of a request as they are drawn: stages from left to right, one above the other what can run at once. Pure.

Before a request runs there are no steps of its run; what has to happen first, and what happened, is a stage all the
same: proof of identity, and the yes of a second person to an erasure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from models.privacy.graph import NodeState
from models.privacy.requests import OPEN_STATES, RequestState, RequestType

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from models.privacy.graph import RequestNode
    from models.privacy.requests import PrivacyRequest

IDENTITY, APPROVAL, RELEASE = "identity", "approval", "release"
SYSTEMS, PROOF = "systems", "proof"
LAST = ("scan", "certificate", "key")
"""Steps after all systems, which belong together."""
AFTER = {"scan": "after all systems", "certificate": "after the search", "key": "after the certificate"}
FINISHED = frozenset({NodeState.DONE, NodeState.SKIPPED})


class StepState(Enum):
    """How a step is drawn."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    """It failed and is tried again, or nobody tries it any more."""
    PERSON = "waits for a person"
    RUNNING = "running"
    READY = "waits for its turn"
    LOCKED = "locked"
    """Something else comes first."""


@dataclass(frozen=True, slots=True)
class Step:
    """One box of the drawing."""

    key: str
    """Id of its node, or the name of what comes before and after the run."""
    title: str
    state: StepState
    words: str
    more: str
    needs: tuple[str, ...]
    """Keys of the boxes it is joined with, to its left."""
    node: RequestNode | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """A column of boxes."""

    title: str
    more: str
    steps: tuple[Step, ...]


def step_state(node: RequestNode, finished: frozenset[str]) -> StepState:
    """How a node is drawn; ``finished`` are the names of those that are done or skipped."""
    match node.state:
        case NodeState.DONE:
            return StepState.DONE
        case NodeState.SKIPPED:
            return StepState.SKIPPED
        case NodeState.DEAD:
            return StepState.FAILED
        case NodeState.RUNNING if not node.problem:
            return StepState.RUNNING
    if not finished.issuperset(node.needs):
        return StepState.LOCKED
    if node.state is NodeState.MANUAL:
        return StepState.PERSON
    return StepState.FAILED if node.problem else StepState.READY


def stages(request: PrivacyRequest, nodes: Sequence[RequestNode]) -> tuple[Stage, ...]:
    """All of it, from left to right."""
    before = [_identity(request)]
    last = before[0]
    found = [Stage("Intake", "", (last,))]
    if request.type is RequestType.DELETION:
        last = _approval(request, bool(nodes))
        found.append(Stage("Second person", "", (last,)))
    finished = frozenset(node.name for node in nodes if node.state in FINISHED)
    keys = {node.name: node.node_id for node in nodes}
    depths: dict[str, int] = {}
    for node in nodes:  # each comes after what it needs
        depths[node.name] = 1 + max((depths[name] for name in node.needs if name in depths), default=-1)
    after_all = [node for node in nodes if node.name in LAST]
    for depth in range(max(depths.values(), default=-1) + 1):
        column = [node for node in nodes if depths[node.name] == depth and node.name not in LAST]
        if column:
            steps = tuple(_step(node, finished, keys, last.key) for node in column)
            done = sum(step.state in {StepState.DONE, StepState.SKIPPED} for step in steps)
            title = "Each system" if len(steps) > 1 else "Ledger"
            found.append(Stage(title, f"{done} of {len(steps)}" if len(steps) > 1 else "", steps))
    if after_all:
        found.append(Stage("Proof", "", tuple(_step(node, finished, keys, last.key) for node in after_all)))
    if not nodes and request.status in OPEN_STATES:
        found.append(Stage("Each system", "", (_to_come(SYSTEMS, "Each system", "asked one by one", last.key),)))
        last = found[-1].steps[0]
        if request.type is RequestType.DELETION:
            found.append(
                Stage("Proof", "", (_to_come(PROOF, "Search, certificate, key", "the key goes last", last.key),))
            )
    if request.type is RequestType.ACCESS and request.status in {*OPEN_STATES, RequestState.DONE}:
        found.append(Stage("Hand out", "", (_release(request, tuple(keys.values()) or (last.key,)),)))
    return tuple(found)


def _to_come(key: str, title: str, words: str, before: str) -> Step:
    """What the run will have, once there is one."""
    return Step(key, title, StepState.LOCKED, "Not begun", words, (before,))


def _identity(request: PrivacyRequest) -> Step:
    if request.verified_at is not None:
        method = {"session": "Signed in to the shop", "email": "Answered from their address"}
        method |= {"order": "Knew their order", "document": "Showed a document"}
        how = method.get(str(request.verification or ""), "Confirmed")
        return Step(IDENTITY, "Identity", StepState.DONE, how, _on(request.verified_at), ())
    if request.status is RequestState.IDENTITY:
        words = "Proof of identity failed" if request.blocked else "Nobody has looked yet"
        return Step(IDENTITY, "Identity", StepState.PERSON, words, "nothing is done before", ())
    return Step(IDENTITY, "Identity", StepState.LOCKED, "Not confirmed", "it was closed before", ())


def _approval(request: PrivacyRequest, running: bool) -> Step:
    needs = (IDENTITY,)
    match request.status:
        case RequestState.APPROVAL:
            return Step(
                APPROVAL, "Approval", StepState.PERSON, "A second person agrees", "the erasure begins then", needs
            )
        case RequestState.WAITING:
            words = "Approved, can be taken back"
            return Step(APPROVAL, "Approval", StepState.RUNNING, words, "begins after 72 h", needs)
        case _ if running or request.status in {RequestState.RUNNING, RequestState.DONE}:
            return Step(APPROVAL, "Approval", StepState.DONE, "A second person agreed", "", needs)
        case _:
            return Step(APPROVAL, "Approval", StepState.LOCKED, "A second person agrees", "after identity", needs)


def _release(request: PrivacyRequest, needs: tuple[str, ...]) -> Step:
    match request.status:
        case RequestState.REVIEW:
            words = "A person looks through it"
            return Step(RELEASE, "Release", StepState.PERSON, words, "others’ data is left out", needs)
        case RequestState.READY:
            return Step(RELEASE, "Release", StepState.RUNNING, "Can be fetched", "the link ends after 24 h", needs)
        case RequestState.DONE:
            return Step(RELEASE, "Release", StepState.DONE, "Handed out", "", needs)
        case _:
            return Step(RELEASE, "Release", StepState.LOCKED, "Looked through first", "after all systems", needs)


def _step(node: RequestNode, finished: frozenset[str], keys: dict[str, str], before: str) -> Step:
    state = step_state(node, finished)
    tries = f"try {node.attempts}" if node.attempts else ""
    rows = f"{node.rows:,} row{'' if node.rows == 1 else 's'}"
    kept = sum(node.kept.values())
    match state:
        case StepState.DONE:
            words = f"{rows}, {kept:,} kept" if kept else rows
            more = "done" if node.ended_at is None else f"done {_on(node.ended_at)}"
        case StepState.SKIPPED:
            words, more = "Skipped by two people", "" if node.ended_at is None else _on(node.ended_at)
        case StepState.FAILED:
            words = node.problem
            more = f"{tries}, no more by itself" if node.state is NodeState.DEAD else tries
        case StepState.PERSON:
            words, more = "Done by hand", "waits for a person"
        case StepState.RUNNING:
            words, more = rows, f"running, {tries}".rstrip(", ")
        case StepState.READY:
            words, more = "Its turn is next" if not node.attempts else "Waits for the answer", tries
        case StepState.LOCKED:
            words, more = _opens(node), AFTER.get(node.name, "not its turn yet")
    return Step(
        node.node_id, node.title, state, words, more, tuple(keys[n] for n in node.needs if n in keys) or (before,), node
    )


def _opens(node: RequestNode) -> str:
    last = {"scan": "Searches all systems", "certificate": "Signed proof", "key": "Cannot be undone"}
    return last.get(node.name, "By hand" if node.state is NodeState.MANUAL else "Not begun")


def _on(at: datetime) -> str:
    return f"{at:%d %b %H:%M}".lstrip("0")
