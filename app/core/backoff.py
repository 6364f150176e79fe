"""How long to wait after failures: one answer for whatever is tried again."""

from __future__ import annotations


def pause(failures: int, first: float, longest: float) -> float:
    """Seconds after so many failures in a row, from 1: ``first``, doubled with each, at most ``longest``.

    Somewhere between half of it and all of it, so that many consoles do not come back at the same moment.
    """
    import random  # here, because the first picture waits for what stands above

    return min(longest, first * 2.0 ** min(failures - 1, 30)) * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
