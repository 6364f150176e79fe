"""The audit log: entries, the proofs that they are as they were written, and bundles of them to hand out.

Specification: AuditLogEntry.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from models.core.base import Count, Identifier, Instant, Record, Request, RequiredText
from models.core.paging import Page
from models.core.personal import PERSONAL


class AuditLogEntry(Record):
    """One change, as it was written in the transaction that made it.

    The specification's fields are here under these names: id, actorId is ``actor``, action, resourceType, resourceId,
    timestamp is ``at``, and metadata is ``version``, ``before``, ``after``, ``reason`` and the two ids.
    """

    id: Identifier
    position: Count
    """Dense, in commit order, from 1."""
    at: Instant
    actor: str
    actor_label: str | None
    """What the actor was called then; ``None`` in entries older than labels."""
    action: str
    """For example ``alerts.alert.acknowledged``."""
    resource_type: str
    resource_id: str
    resource_label: str | None
    """What the resource was called then, where it has a name."""
    version: Count | None
    before: Annotated[dict[str, Any] | None, PERSONAL]
    after: Annotated[dict[str, Any] | None, PERSONAL]
    reason: Annotated[str | None, PERSONAL]
    request_id: str | None
    correlation_id: str | None
    """What ties several requests together."""


class AuditPage(Page[AuditLogEntry]):
    """Entries, newest first. With a text to look for, a page may be short or empty and still have a ``next_cursor``."""

    total: Count
    """Entries in the whole log, whatever the filters: the newest position."""


class OutsideCopies(Record):
    """How far checkpoints are kept outside the database."""

    kind: str
    through_size: Count
    problem: str | None
    """What hinders it now."""


class AuditCheckpoint(Record):
    """The newest seal, and how far it reaches."""

    note: str | None
    """The signed checkpoint as text (C2SP tlog-checkpoint); ``None`` while nothing is sealed."""
    vkey: str | None
    """The key that signed it, as ``name+hash+base64``. Keep it where whoever holds the database cannot change it."""
    size: Count
    """Positions up to this one are sealed."""
    sealed_at: Instant | None
    position: Count
    """The newest position."""
    lag_seconds: float
    """How long the oldest entry without a seal waits."""
    outside: OutsideCopies | None
    """``None`` when checkpoints are kept nowhere else."""
    as_of: Instant


class InclusionProof(Record):
    """That an entry is in the tree of a checkpoint: RFC 6962, section 2.1.1. Hashes are base64."""

    position: Count
    leaf_index: Count
    canonical: Annotated[str, PERSONAL]
    """The text whose bytes are hashed, after a zero byte, to ``leaf_hash``."""
    leaf_hash: str
    tree_size: Count
    root: str
    path: tuple[str, ...]
    """Sibling hashes from the leaf up."""
    note: str | None
    """The signed checkpoint of ``tree_size``; ``None`` when that size has none."""


class ConsistencyProof(Record):
    """That the tree only grew from one size to another: RFC 6962, section 2.1.2. Hashes are base64."""

    from_size: Count
    to_size: Count
    from_root: str
    to_root: str
    path: tuple[str, ...]


class AuditExport(Request):
    """What to put into a bundle: positions ``first`` to ``last``, or the instants from ``from`` up to before ``to``."""

    first: Count | None = None
    last: Count | None = None
    from_: Instant | None = Field(None, alias="from")
    to: Instant | None = None
    reason: RequiredText

    @model_validator(mode="after")
    def _one_range(self) -> AuditExport:
        positions, instants = (self.first, self.last), (self.from_, self.to)
        ranges = [pair for pair in (positions, instants) if pair != (None, None)]
        if len(ranges) != 1 or None in ranges[0]:
            raise ValueError("give either first and last, or from and to")
        return self
