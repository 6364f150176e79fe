"""What a panel declares and submits, and what becomes of it: the words of ``app.core.mutation``."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from app.core.errors import OperationsError
from app.core.outbox import PendingMutation

if TYPE_CHECKING:
    from models.core.base import Record
    from models.core.topics import Topic


class Refused(OperationsError):  # noqa: N818 - it names what happened
    """It was not sent, or the server did not do it; the words say why."""


class InConflict(OperationsError):  # noqa: N818 - as above
    """Somebody else changed the record meanwhile; the pending mutation waits for the operator's choice."""

    def __init__(self, mutation: PendingMutation) -> None:
        super().__init__("Somebody else changed this meanwhile: choose which of the two holds.")
        self.mutation = mutation


Overlay = Callable[[Any, dict[str, Any], PendingMutation], Any]
"""From a query's value, the fields a pending mutation changes and the pending mutation, the value as it will be."""


class Body(Protocol):
    """A request of the contract, or one that was written down."""

    def model_dump_json(self, *, by_alias: bool, exclude_unset: bool) -> str:
        """As JSON."""


@dataclass(frozen=True, slots=True)
class MutationRequest:
    """What an operator decided."""

    kind: str
    title: str
    """In words, as the operator would say it: Shelved “Downloads failing” for 1 h."""
    method: str
    path: str
    body: Body | None = None
    version: int | None = None
    resource: str = ""
    record: str | None = None
    """Address to GET the resource at, for the conflict view."""
    base: Record | None = None
    """The record as it was seen."""


@dataclass(frozen=True, slots=True)
class MutationSpec:
    """One kind of mutation, such as ``alert.shelve``."""

    name: str
    topics: frozenset[Topic]
    """Queries that show its effect."""
    irreversible: bool = False
    """Never kept for later: refused while the server cannot be heard."""
    delay: float = 0.0
    """Seconds it is kept before it is sent, so that it can be taken back; ``submit`` does not wait for that."""
    within: str = ""
    """Field of what the address of the record answers that holds the record; empty: it answers the record itself."""
    in_place: bool = False
    """Its panel shows what becomes of it, row by row: no message when it is done, no dialog when it conflicts."""
    overlay: Overlay | None = None
    undo: Callable[[PendingMutation, dict[str, Any]], MutationRequest | None] | None = None
    """From the pending mutation and the server's answer, what takes it back."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a submitted request so far."""

    mutation: PendingMutation
    settled: bool
    """Done by the server; otherwise it is kept and will be sent."""
    answer: dict[str, Any] = field(default_factory=dict)


def request_text(request: MutationRequest) -> str:
    """A request as it is written down."""
    body = None if request.body is None else request.body.model_dump_json(by_alias=True, exclude_unset=True)
    return json.dumps(
        {
            "kind": request.kind,
            "title": request.title,
            "method": request.method,
            "path": request.path,
            "body": body,
            "version": request.version,
            "resource": request.resource,
            "record": request.record,
        }
    )


def stored_request(text: str) -> MutationRequest:
    """A request that was written down."""
    kept = json.loads(text)
    body = kept.pop("body")
    return MutationRequest(**kept, body=None if body is None else _Kept(body))


class _Kept:
    """The body of an undo, as it was written down."""

    def __init__(self, text: str) -> None:
        self._text = text

    def model_dump_json(self, *, by_alias: bool, exclude_unset: bool) -> str:  # noqa: ARG002 - as it was written
        """The text."""
        return self._text


def record_in(answer: str, spec: MutationSpec | None) -> str:
    """The record in what its address answered."""
    if spec is None or not spec.within:
        return answer
    found = json.loads(answer).get(spec.within)
    return answer if found is None else json.dumps(found)


def version_of(record: str | None) -> int | None:
    """What a change of a record is based on: its version, or, where that is a number of its own, its revision."""
    known = json.loads(record) if record else {}
    found = known.get("revision", known.get("version"))
    return found if isinstance(found, int) else None


def holds(record: str, fields: dict[str, Any]) -> bool:
    """Whether a record has these values already."""
    known = json.loads(record)
    return bool(fields) and all(known.get(name) == value for name, value in fields.items())
