"""The kinds of approval there are. Each domain declares its own beside the action that an approval carries out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backend.core.database import Connection
from models.access import Approval

Apply = Callable[[Connection, Approval], Awaitable[Mapping[str, Any]]]
"""Carries out what was approved, within the transaction of the last vote; answers what it did, for the audit log.

It checks everything anew and raises ProblemError 409 when the world has changed meanwhile: then nobody voted."""

Objection = Callable[[Connection, Approval, str], Awaitable[str | None]]
"""Why somebody may not decide, besides having asked, gaining, or lacking the permission; ``None`` when they may."""


async def _no_objection(_tx: Connection, _approval: Approval, _voter: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class ApprovalKind:
    """One kind, such as ``rbac.grant``."""

    name: str
    apply: Apply
    objection: Objection = _no_objection


_kinds: dict[str, ApprovalKind] = {}


def declare(kind: ApprovalKind) -> ApprovalKind:
    """Make a kind known. Raises ValueError for a name that is taken."""
    if kind.name in _kinds:
        raise ValueError(f"the kind of approval {kind.name} is declared twice")
    _kinds[kind.name] = kind
    return kind


def kind_of(approval: Approval) -> ApprovalKind:
    """The kind of an approval. Raises KeyError for one of another release."""
    return _kinds[approval.kind]
