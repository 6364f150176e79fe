"""Merkle trees as in RFC 6962, section 2: hashes, the growing right edge, and which subtrees a proof is made of.

A perfect subtree is named by its level (0 are the leaves) and its index among those of its level.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from models.audit.proofs import leaf_hash, node_hash

__all__ = [
    "EMPTY",
    "Frontier",
    "Node",
    "Span",
    "consistency",
    "cover",
    "fold",
    "inclusion",
    "leaf_hash",
    "node_hash",
]

Node = tuple[int, int]
"""Level and index of a perfect subtree."""

EMPTY = sha256().digest()
"""Root of the tree without leaves."""


def fold(subtrees: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees that decrease in size from left to right."""
    if not subtrees:
        return EMPTY
    root = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        root = node_hash(left, root)
    return root


def cover(first: int, end: int) -> list[Node]:
    """The fewest perfect subtrees that together have the leaves ``first`` to ``end`` - 1, from left to right."""
    nodes = []
    while first < end:
        level = (end - first).bit_length() - 1
        if first:
            level = min(level, (first & -first).bit_length() - 1)
        nodes.append((level, first >> level))
        first += 1 << level
    return nodes


class Frontier:
    """The right edge of a growing tree: the roots of its largest perfect subtrees, from left to right."""

    def __init__(self, size: int = 0, subtrees: Iterable[bytes] = ()) -> None:
        """A tree of ``size`` leaves; ``subtrees`` are the hashes of ``cover(0, size)``."""
        self.size = size
        self._subtrees = list(subtrees)
        if len(self._subtrees) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} perfect subtrees")

    def append(self, subtree: bytes, level: int = 0) -> list[tuple[int, int, bytes]]:
        """Add a perfect subtree on the right. Returns level, index and hash of all that became complete, it included.

        Raises ValueError when the tree's size is no multiple of the subtree's.
        """
        index, rest = divmod(self.size, 1 << level)
        if rest:
            raise ValueError(f"a subtree of level {level} cannot follow {self.size} leaves")
        self.size += 1 << level
        complete = [(level, index, subtree)]
        while index & 1:
            subtree = node_hash(self._subtrees.pop(), subtree)
            level, index = level + 1, index >> 1
            complete.append((level, index, subtree))
        self._subtrees.append(subtree)
        return complete

    def root(self) -> bytes:
        """The root at the present size."""
        return fold(self._subtrees)


Span = tuple[int, int]
"""A subtree by its first leaf and the one after its last. Its root is ``fold`` of the hashes of its ``cover``."""


def inclusion(index: int, size: int) -> list[Span]:
    """The subtrees whose roots are the audit path of leaf ``index`` in a tree of ``size``, as in section 2.1.1."""
    path: list[Span] = []
    first, end = 0, size
    while end - first > 1:
        split = first + _left(end - first)
        if index < split:
            path.append((split, end))
            end = split
        else:
            path.append((first, split))
            first = split
    return path[::-1]


def consistency(earlier: int, size: int) -> list[Span]:
    """The subtrees whose roots prove that a tree of ``size`` begins with one of ``earlier`` leaves, as in 2.1.2."""
    path: list[Span] = []
    first, end, whole = 0, size, True
    while earlier != end:
        split = first + _left(end - first)
        if earlier <= split:
            path.append((split, end))
            end = split
        else:
            path.append((first, split))
            first, whole = split, False
    if not whole:
        path.append((first, end))
    return path[::-1]


def _left(size: int) -> int:
    """Leaves of the left subtree: the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1
