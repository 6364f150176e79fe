"""What fraud decisions need of the world outside: a shop that acts on verdicts, and people who hear of escalations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from models.risk.queue import EscalateTo


class PortError(Exception):
    """It did not do what it was asked, or nobody knows whether it did. Asking again is safe."""


@dataclass(frozen=True, slots=True)
class ShopOrder:
    """An order the shop is to do something about. Money in minor units of the order's currency."""

    intent_id: str
    """The same for every attempt: a shop that has seen it answers without doing it again."""
    order_id: str
    minor: int
    currency: str


class ShopPort(Protocol):
    """The shop. Each raises PortError with words for whoever looks after it."""

    async def release(self, order: ShopOrder) -> None:
        """Let an approved order go on its way."""

    async def refund(self, order: ShopOrder) -> None:
        """Give back the money of a rejected order that is settled."""

    async def cancel(self, order: ShopOrder) -> None:
        """End a rejected order before any money is taken."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """An entry of the queue that somebody hands on."""

    message_id: str
    """The same for every attempt."""
    entry_id: str
    order_id: str
    score: int
    rules: tuple[str, ...]
    minor: int
    currency: str
    by_name: str
    notes: str


class NotifyPort(Protocol):
    """Whoever is told of escalations."""

    async def escalate(self, to: EscalateTo, what: Escalation) -> None:
        """Tell them. Raises PortError."""


@dataclass(frozen=True, slots=True)
class RiskPorts:
    """Who is connected; what is missing is off."""

    shop: ShopPort | None = None
    notifiers: Mapping[EscalateTo, NotifyPort] = field(default_factory=dict)
