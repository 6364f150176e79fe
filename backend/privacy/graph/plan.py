"""Which nodes a request has, and in which order: pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from backend.core.capability import PersonalSystem
from models.privacy.requests import RequestType

SHOP: Final = "shop.itself"
"""The shop's own records: accounts, addresses, what its other systems hold."""
FREE_TEXT: Final = "free text"
LEDGER, SCAN, CERTIFICATE, KEY = "ledger", "scan", "certificate", "key"


@dataclass(frozen=True, slots=True)
class PlannedNode:
    """A node before it is there."""

    name: str
    title: str
    needs: tuple[str, ...] = ()
    by_hand: bool = False


def plan(kind: RequestType, systems: Mapping[str, PersonalSystem]) -> tuple[PlannedNode, ...]:
    """The nodes of a request, in an order in which each comes after what it needs."""
    return tuple(_nodes(kind, systems))


def _nodes(kind: RequestType, systems: Mapping[str, PersonalSystem]) -> Iterator[PlannedNode]:
    before: tuple[str, ...] = ()
    if kind is RequestType.DELETION:
        # Written down outside before the first system erases: a crash between leaves work to do, never a way back.
        yield PlannedNode(LEDGER, "Written down outside")
        before = (LEDGER,)
    each: list[str] = []
    for name, system in sorted(systems.items()):
        by_hand = kind in {RequestType.RECTIFICATION, RequestType.RESTRICTION} or (
            kind is RequestType.DELETION and system.erase is None
        )
        yield PlannedNode(name, system.title, before, by_hand)
        each.append(name)
    yield PlannedNode(SHOP, "The shop itself", before)
    each.append(SHOP)
    if kind is RequestType.DELETION:
        yield PlannedNode(FREE_TEXT, "Notes and other free text, by hand", before, by_hand=True)
        yield PlannedNode(SCAN, "Search for what is left", (*each, FREE_TEXT))
        yield PlannedNode(CERTIFICATE, "Certificate", (SCAN,))
        yield PlannedNode(KEY, "Destroy the key", (CERTIFICATE,))
