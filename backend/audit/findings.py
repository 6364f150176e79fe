"""What a verification can find wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

ALTERED: Final = "altered"
REMOVED: Final = "removed"
INSERTED: Final = "inserted"
REORDERED: Final = "reordered"
REDATED: Final = "re-dated"
TRUNCATED: Final = "truncated"
FORGED: Final = "checkpoint forged"
MISSING: Final = "checkpoint missing"
TREE: Final = "tree altered"

_RANK = (ALTERED, REMOVED, INSERTED, REORDERED, REDATED, TRUNCATED, FORGED, MISSING, TREE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and the first position it concerns."""

    position: int
    kind: str
    words: str

    def __str__(self) -> str:
        return f"position {self.position}: {self.kind}: {self.words}"


def first_of(findings: Iterable[Finding]) -> Finding | None:
    """The one with the lowest position; entries before checkpoints."""
    return min(findings, key=lambda found: (found.position, _RANK.index(found.kind)), default=None)
