"""What a launch can be bound to of the shop's figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from backend.core.capability import Criterion, Measurement
from backend.core.database import Connection
from backend.core.settings import Settings
from backend.figures.figures import figures_at, sources_at, value_of
from models.figures import FIGURES, FigureName

DAYS = ("1", "7", "30", "90")


async def _measure(
    connection: Connection, settings: Settings, now: datetime, wanted: Sequence[Mapping[str, str]]
) -> Sequence[Measurement]:
    sources = await sources_at(connection, now, settings)
    ranges = {int(each["days"]) for each in wanted}
    figures = {days: await figures_at(connection, now, days) for days in ranges}
    found = []
    for each in wanted:
        name = FigureName(each["figure"])
        source = sources[FIGURES[name].source]
        through = source.data_through
        late_at = None if through is None else through + timedelta(seconds=source.expected_within_seconds)
        found.append(Measurement(value_of(figures[int(each["days"])], name), through, late_at))
    return found


def _of(unit: str) -> tuple[str, ...]:
    return tuple(name.value for name, kind in FIGURES.items() if kind.unit == unit)


COUNT = Criterion(
    name="figures.count",
    title="A figure of the shop, counted",
    unit="count",
    measure=_measure,
    stale_after=2 * 3_600,
    parameters={"figure": _of("count"), "days": DAYS},
)
RATIO = Criterion(
    name="figures.ratio",
    title="A rate of the shop",
    unit="ratio",
    measure=_measure,
    stale_after=2 * 3_600,
    parameters={"figure": _of("ratio"), "days": DAYS},
)
REVENUE = Criterion(
    name="figures.revenue",
    title="Revenue of the shop",
    unit="minor",
    measure=_measure,
    stale_after=2 * 3_600,
    parameters={"figure": _of("minor"), "days": DAYS},
)
