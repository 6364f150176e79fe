"""The newest of the audit log, and how far it is sealed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.core.kept_samples import Keep
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.audit.log import AuditLog, Search
    from app.audit.proof import Verification
    from app.core.capability import Engine
    from app.core.query import Query, Sample
    from models.audit import AuditCheckpoint, AuditPage

VIEW = Permission.VIEW_AUDIT
TOPICS = frozenset({Topic.AUDIT})
HEARD_ROWS = 50
"""Newest entries that come with every look at the log."""


@dataclass(frozen=True, slots=True)
class Newest:
    """One look at the log."""

    search: Search
    page: AuditPage
    checkpoint: AuditCheckpoint


class Audit:
    """What one console asks of the audit log."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def log(self) -> AuditLog:
        """A list of entries, empty so far; each view has its own."""
        from app.audit.log import AuditLog

        return AuditLog(lambda: self._engine.client, self._engine.tasks)

    def verification(self) -> Verification:
        """Follows the checkpoints of the server; each view has its own."""
        from app.audit.proof import Verification

        return Verification(self._engine)

    def newest(self, log: AuditLog) -> Query[Newest]:
        """The newest entries that fit what ``log`` shows, and how far the log is sealed."""

        async def fetch() -> Sample[Newest]:
            from app.audit import requests

            client, search = self._engine.client, log.search
            page = await requests.page(client, **search.query, limit=HEARD_ROWS)
            checkpoint = await requests.checkpoint(client)
            return self._engine.sample(Newest(search, page, checkpoint), checkpoint.as_of)

        return self._engine.query("audit", fetch, topics=TOPICS, keep=Keep(_kept_type, _pack, _unpack))


# What is looked for may be a customer's: only the log as a whole is kept.


def _kept_type() -> Any:
    from models.audit import AuditCheckpoint, AuditPage

    return tuple[AuditPage, AuditCheckpoint]


def _pack(newest: Newest) -> tuple[AuditPage, AuditCheckpoint] | None:
    return (newest.page, newest.checkpoint) if newest.search.everything else None


def _unpack(kept: tuple[AuditPage, AuditCheckpoint]) -> Newest:
    from app.audit.log import Search

    page, checkpoint = kept
    return Newest(Search(), page, checkpoint)
