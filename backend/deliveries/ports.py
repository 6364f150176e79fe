"""What deliveries need of what stands above them: channels to outside systems, and alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from backend.core.database import Connection
from backend.deliveries.channel import Channel, HookReader
from models.alerts import Severity
from models.deliveries.connections import ConnectionKind


class Alarms(Protocol):
    """Alerts; they are told of through deliveries themselves, so they cannot be imported."""

    async def raise_alarm(self, tx: Connection, *, key: str, title: str, severity: Severity, guidance: str) -> None:
        """Say that something holds; again for the same key keeps one alert."""

    async def clear_alarm(self, tx: Connection, *, key: str) -> None:
        """Say that it has passed."""

    async def acknowledge(self, tx: Connection, *, thread: str, actor: str, comment: str) -> bool:
        """Acknowledge what a thread of notices is about; False when it is no open alert."""

    async def claim(self, tx: Connection, *, thread: str, person: str, actor: str, comment: str) -> bool:
        """Give what a thread of notices is about to somebody; False when nobody knows them, or somebody has it."""


class People(Protocol):
    """Who people are; commands name them by number alone, and are filled in as they are sent."""

    marks: frozenset[str]
    """Fields of a command's data that name somebody by number."""

    async def fill_in(self, connection: Connection, data: Mapping[str, Any]) -> Mapping[str, str] | None:
        """What is said of them, such as ``userId``; ``None`` once they are erased.

        Raises LookupError, in words, when it cannot be known now.
        """


@dataclass(frozen=True, slots=True)
class DeliveryPorts:
    """How each kind of system is spoken to; a kind without a channel is off."""

    channels: Mapping[ConnectionKind, Channel] = field(default_factory=dict)
    hooks: Mapping[ConnectionKind, HookReader] = field(default_factory=dict)
    alarms: Alarms | None = None
    people: People | None = None
