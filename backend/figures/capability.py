"""The figures: the dashboard shows them, alert rules are held against them, launches are bound to them."""

from __future__ import annotations

from collections.abc import Sequence

from backend.core.capability import Capability, Criterion


def _criteria() -> Sequence[Criterion]:
    from backend.figures.criteria import COUNT, RATIO, REVENUE

    return COUNT, RATIO, REVENUE


CAPABILITY = Capability(name="figures", criteria=_criteria)
