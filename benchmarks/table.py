"""One table of results: case, figure, floor, ratio, target, held or not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Result(NamedTuple):
    """A figure against its floor, both in ``unit``. With ``at_least`` more is better, else less."""

    case: str
    figure: float
    floor: float
    unit: str
    target: float
    at_least: bool = False

    @property
    def ratio(self) -> float:
        """The figure in floors."""
        return self.figure / self.floor

    @property
    def held(self) -> bool:
        """Whether the target is met."""
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target


def show(results: Iterable[Result]) -> str:
    """The table as text."""
    lines = [f"{'case':52} {'figure':>12} {'floor':>12} {'ratio':>6} {'target':>8}  held"]
    for r in results:
        target = f"{'≥' if r.at_least else '≤'} {r.target:g}"
        held = "yes" if r.held else "NO"
        figure, floor = f"{r.figure:,.2f} {r.unit}", f"{r.floor:,.2f} {r.unit}"
        lines.append(f"{r.case:52} {figure:>12} {floor:>12} {r.ratio:6.2f} {target:>8}  {held}")
    return "\n".join(lines)
