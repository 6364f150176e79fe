"""The port to what outside systems tell us: whether it is theirs, and what it means.

The route keeps the raw bytes, stores what was read once by its id, and answers; what follows from it is a job's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from backend.deliveries.channel import NoticeAction, Secrets
from models.deliveries.connections import ConnectionKind

TOLERANCE = timedelta(minutes=5)
"""How far the time of a signature may be from ours."""


class HookRefusedError(Exception):
    """It is not from whom it says, too old, or makes no sense. The words are for our log: the caller hears none."""


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """What an outside system told us."""

    id: str
    """The provider's own, the same when it tells it again."""
    type: str
    payload: Mapping[str, Any]
    thread: str = ""
    """Of the notice it is about; empty when it is about none."""
    action: NoticeAction | None = None
    """What somebody did there; ``None``: nothing that concerns us."""
    actor: str = ""
    """Who, as that system names them."""
    reply: str = ""
    """What is to be answered with 200, such as Slack's challenge; empty: 202 and no body."""


class IncomingHook(Protocol):
    """How one kind of system calls us."""

    @property
    def kind(self) -> ConnectionKind:
        """Which kind."""

    def read(self, secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> IncomingEvent:
        """Verify the raw bytes, then read them. ``headers`` in lower case. Raises HookRefusedError."""
