"""The first picture: what the tiles show, as plain dataclasses, kept in the snapshot beside the answer it is made of.

Needs only the standard library, so that the window can be painted before anything heavy is imported.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from app.core.clock import is_instant
from app.core.json_text import parse_json


@dataclass(frozen=True, slots=True)
class Figure:
    """One tile, in words."""

    name: str
    title: str
    value: str
    """Empty without data; never 0 for unknown."""
    unit: str
    change: str = ""
    """Against the range before, for example ``+9.9 %``."""
    previous: str = ""
    """``vs 166,431``."""
    limit: str = ""
    """``min 120,000``; empty when there is none."""
    state: str = "normal"
    severity: str = ""
    """P1 to P4 of the broken limit."""
    breach: str = ""
    """``over max 2.00``."""
    sparkline: tuple[float | None, ...] = ()
    sparkline_limit: float | None = None
    data_through: float | None = None
    """Epoch seconds (server's clock) of the source's newest record."""
    expected: float = 0.0
    """Seconds within which the source promises news."""
    late: bool = False
    note: str = ""
    """What else must be said, for example that a source was never heard."""


@dataclass(frozen=True, slots=True)
class FigureSet:
    """All tiles of one dashboard answer."""

    figures: tuple[Figure, ...]
    as_of: float
    """Epoch seconds of the server's clock."""
    received_at: float
    """Epoch seconds of this computer's clock."""
    range_days: int
    currency: str
    environment: str = ""
    user: str = ""
    past: bool = False
    """Whether a past instant was asked for."""
    degraded: str = ""
    """Why the server repeats an earlier answer; empty when it does not."""
    problems: tuple[str, ...] = field(default=())
    """Data problems in words."""

    def to_json(self) -> str:
        """Text for the snapshot."""
        return json.dumps(asdict(self), separators=(",", ":"))

    def of(self, as_of: datetime | None) -> bool:
        """Whether these are the figures of a past instant, or live ones for ``None``."""
        return not self.past if as_of is None else self.past and self.as_of == as_of.timestamp()

    def unknown_at(self, as_of: datetime) -> FigureSet:
        """The same tiles without a value, for a past instant of which nothing has been heard yet."""
        figures = tuple(
            Figure(figure.name, figure.title, "", figure.unit, state="no_data", note="not heard yet", expected=0.0)
            for figure in self.figures
        )
        return replace(self, figures=figures, as_of=as_of.timestamp(), past=True, degraded="", problems=())

    @classmethod
    def from_json(cls, text: str) -> FigureSet:
        """Read it back. Raises ValueError for anything that is not one."""
        values = _values(cls, parse_json(text))
        found = cls(**values | {"figures": tuple(Figure(**_values(Figure, entry)) for entry in values["figures"])})
        instants = [found.as_of, found.received_at, *(f.data_through for f in found.figures)]
        if not all(is_instant(at) for at in instants if at is not None):
            raise ValueError("its times are none")
        return found

    def age(self, figure: Figure, now: float, elapsed: float | None = None) -> float | None:
        """Seconds since the newest record of a figure's source; ``None`` when it was never heard.

        The server's part is taken from one answer, this computer's part from its own clock, so that two clocks that
        disagree change nothing. ``elapsed`` is the monotonic time since the answer where that is known.
        """
        if figure.data_through is None:
            return None
        if self.past:  # as old as it was at that instant
            return max(0.0, self.as_of - figure.data_through)
        since = elapsed if elapsed is not None else max(0.0, now - self.received_at)
        return max(0.0, self.as_of - figure.data_through) + since


GREATEST = 1e15
"""Of a number of ours; one beyond cannot be drawn."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= GREATEST


_FITS: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: _is_number(value) and isinstance(value, int),
    "float": _is_number,
    "float | None": lambda value: value is None or _is_number(value),
    "tuple[float | None, ...]": lambda value: all(number is None or _is_number(number) for number in value),
    "tuple[str, ...]": lambda value: all(isinstance(text, str) for text in value),
    "tuple[Figure, ...]": lambda value: all(isinstance(entry, dict) for entry in value),
}


def _values(kind: type[Figure | FigureSet], raw: Any) -> dict[str, Any]:
    """What makes one, out of JSON. Raises ValueError for what does not."""
    if not isinstance(raw, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - of a text
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()}
    types = {each.name: str(each.type) for each in fields(kind)}
    if values.keys() != types.keys():
        raise ValueError("it has other fields")
    for name, wanted in types.items():
        if isinstance(values[name], tuple) != wanted.startswith("tuple") or not _FITS[wanted](values[name]):
            raise ValueError(f"its {name} does not fit")
    return values
