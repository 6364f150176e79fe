"""Sets of time as sorted stretches that do not touch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Stretch = tuple[int, int]


def united(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Their union."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def common(one: Sequence[Stretch], other: Sequence[Stretch]) -> list[Stretch]:
    """What is in both."""
    found: list[Stretch] = []
    here = there = 0
    while here < len(one) and there < len(other):
        start, end = max(one[here][0], other[there][0]), min(one[here][1], other[there][1])
        if start < end:
            found.append((start, end))
        if one[here][1] < other[there][1]:
            here += 1
        else:
            there += 1
    return found


def without(one: Sequence[Stretch], other: Sequence[Stretch]) -> list[Stretch]:
    """What is in the first and not in the second."""
    found: list[Stretch] = []
    place = 0
    for start, end in one:
        low = start
        while place < len(other) and other[place][1] <= low:
            place += 1
        there = place
        while there < len(other) and other[there][0] < end:
            if other[there][0] > low:
                found.append((low, other[there][0]))
            low = max(low, other[there][1])
            there += 1
        if low < end:
            found.append((low, end))
    return found
