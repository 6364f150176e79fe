"""The tiles of a dashboard answer in words: what a figure is called, how its value and its limit are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from app.core.figure_set import Figure, FigureSet
from app.core.freshness import age_words
from models.core.formatting import change_percent, grouped, signed
from models.figures import COUNTED, FIGURES, FigureName
from models.figures.wording import shown, title_of, unit_of

if TYPE_CHECKING:
    from models.alerts import Alert
    from models.dashboard import OperationsDashboard, Threshold

_ORDER = (
    FigureName.REVENUE_DAILY,
    FigureName.REVENUE_WEEKLY,
    FigureName.REVENUE_MONTHLY,
    FigureName.DOWNLOADS_TOTAL,
    FigureName.DOWNLOADS_FAILURE_RATE,
    FigureName.ORDERS_TOTAL,
    FigureName.ORDERS_REFUNDED,
    FigureName.ORDERS_PENDING,
    FigureName.COMMUNITY_DISCORD_MEMBERS,
    FigureName.COMMUNITY_SHOWCASES,
)


def value_of(figures: Any, name: FigureName) -> float | None:
    """The figure called ``name`` of a set of dashboard figures; ``None`` when unknown."""
    area, _, leaf = name.partition(".")
    python_name = {"failureRate": "failure_rate", "discordMembers": "discord_members"}.get(leaf, leaf)
    value: float | None = getattr(getattr(figures, area), python_name)
    return value


def from_dashboard(
    dashboard: OperationsDashboard,
    alerts: Sequence[Alert] = (),
    *,
    received_at: float,
    environment: str = "",
    user: str = "",
    past: bool = False,
) -> FigureSet:
    """The tiles of an answer. Whether somebody looks after what is broken is read off the listed ``alerts``."""
    return FigureSet(
        figures=tuple(_figure(dashboard, name, alerts) for name in _ORDER),
        as_of=dashboard.as_of.timestamp(),
        received_at=received_at,
        range_days=dashboard.range,
        currency=dashboard.currency,
        environment=environment,
        user=user,
        past=past,
        degraded=dashboard.degraded.reason if dashboard.degraded else "",
        problems=tuple(problem.detail for problem in dashboard.data_problems),
    )


def _state(dashboard: OperationsDashboard, name: FigureName, alerts: Iterable[Alert]) -> str:
    """The state of a tile: it and the card of its alert are never of two minds."""
    state = str(dashboard.states.get(name, "normal"))
    if state not in {"breached", "acknowledged"}:
        return state
    threshold = dashboard.thresholds.get(name)
    about = [
        alert
        for alert in alerts
        if alert.figure == name
        and alert.cause == "breached"
        and alert.cleared_at is None
        # One that counts is limited for each range by a rule of its own.
        and (name not in COUNTED or threshold is None or alert.rule_id == threshold.rule_id)
    ]
    if not about:
        return state
    at = dashboard.as_of
    waits = any(a.state == "active" and (a.shelved_until is None or a.shelved_until <= at) for a in about)
    return "breached" if waits else "acknowledged"


def _figure(dashboard: OperationsDashboard, name: FigureName, alerts: Sequence[Alert]) -> Figure:
    value, before = value_of(dashboard, name), value_of(dashboard.previous, name)
    source = FIGURES[name].source
    status = dashboard.data_through[source]
    state = _state(dashboard, name, alerts)
    known = value is not None and state != "no_data"
    threshold = dashboard.thresholds.get(name)
    severity = next((str(a.severity) for a in dashboard.alerts if a.figure == name), "")
    severity = severity or (str(threshold.severity) if threshold else "P3")
    if state == "normal" and _is_beyond(name, value, threshold, dashboard.range):
        state = "waiting"
    broken = state in {"breached", "acknowledged", "waiting"}
    return Figure(
        name=str(name),
        title=title_of(name, dashboard.range),
        value=shown(name, value, dashboard.currency) if known and value is not None else "",
        unit=unit_of(name, dashboard.currency),
        change=_change(name, value, before) if known else "",
        previous=f"vs {shown(name, before, dashboard.currency)}" if known and before is not None else "",
        limit=_limit(name, threshold, dashboard.currency),
        state=state,
        severity=severity if broken else "",
        breach=_breach(name, value, threshold, dashboard.currency, waiting=state == "waiting") if broken else "",
        sparkline=_sparkline(dashboard, name),
        sparkline_limit=float(threshold.value) if threshold and FIGURES[name].unit == "ratio" else None,
        data_through=status.data_through.timestamp() if status.data_through else None,
        expected=float(status.expected_within_seconds),
        late=status.late,
        note=_note(dashboard, name, state),
    )


def _change(name: FigureName, value: float | None, before: float | None) -> str:
    if value is None or before is None:
        return ""
    match FIGURES[name].unit:
        case "ratio":
            return signed(f"{(value - before) * 100:.2f}".replace("-", "−")) + " pt"
        case "minor":
            return change_percent(int(value), int(before))
        case _ if name in {FigureName.ORDERS_TOTAL, FigureName.DOWNLOADS_TOTAL}:
            return change_percent(int(value), int(before))
        case _:
            return signed(grouped(int(value) - int(before)))


def _limit(name: FigureName, threshold: Threshold | None, currency: str) -> str:
    if threshold is None:
        return ""
    word = "max" if threshold.comparison == "above" else "min"
    return f"{word} {shown(name, threshold.value, currency)}"


def _is_beyond(name: FigureName, value: float | None, threshold: Threshold | None, range_days: int) -> bool:
    """Whether the value that is shown is beyond the limit, and of the window the rule looks at."""
    if value is None or threshold is None or (FIGURES[name].unit == "ratio" and threshold.range_days != range_days):
        return False
    return value > threshold.value if threshold.comparison == "above" else value < threshold.value


def _breach(
    name: FigureName, value: float | None, threshold: Threshold | None, currency: str, *, waiting: bool = False
) -> str:
    if threshold is None or value is None:
        return "limit broken"
    above = threshold.comparison == "above"
    words = f"{'over' if above else 'under'} {_limit(name, threshold, currency)}"
    if waiting:
        return f"{words}, alert within {age_words(threshold.for_seconds)}" if threshold.for_seconds else words
    if (value > threshold.value) == above:
        return words
    # The rule looks at another window than the tile.
    window = "24 h" if threshold.range_days == 1 else f"{threshold.range_days} d"
    return f"{window}: {_limit(name, threshold, currency)}"


def _note(dashboard: OperationsDashboard, name: FigureName, state: str) -> str:
    source = FIGURES[name].source
    if dashboard.data_through[source].data_through is None:
        return f"source “{source}” has sent nothing yet"
    if state in {"incomplete", "no_data"}:
        return next((p.detail for p in dashboard.data_problems if name in p.figures), "nothing in this range")
    return ""


def _sparkline(dashboard: OperationsDashboard, name: FigureName) -> tuple[float | None, ...]:
    series = dashboard.series
    values: Sequence[float | None]
    match name:
        case FigureName.REVENUE_DAILY | FigureName.REVENUE_WEEKLY | FigureName.REVENUE_MONTHLY:
            values = series.revenue
        case FigureName.ORDERS_TOTAL | FigureName.ORDERS_PENDING:
            values = series.orders
        case FigureName.ORDERS_REFUNDED:
            values = series.refunds
        case FigureName.DOWNLOADS_TOTAL:
            values = series.downloads
        case FigureName.DOWNLOADS_FAILURE_RATE:
            return _daily_rate(series.ends, series.failed_downloads, series.downloads)
        case FigureName.COMMUNITY_DISCORD_MEMBERS:
            return _daily_last(series.ends, series.discord_members)
        case _:
            return _daily_last(series.ends, series.showcases)
    if name is FigureName.REVENUE_DAILY and series.step == "hour":
        return tuple(float(v) if v is not None else None for v in values[-25:])
    return _daily_sum(series.ends, values)


def _days(ends: Sequence[datetime]) -> list[list[int]]:
    """Indexes of the buckets of each day counted back from the end; the day's own wave would be noise."""
    if len(ends) < 2:
        return [list(range(len(ends)))]
    last = ends[-1]
    # A quarter is told in weeks: ninety days in 48 pixels are a scribble.
    length = 86_400 if (last - ends[0]).days <= 45 else 7 * 86_400
    keyed = ((int((last - end).total_seconds() // length), index) for index, end in enumerate(ends))
    return [[index for _, index in group] for _, group in groupby(keyed, key=lambda pair: pair[0])]


def _daily_sum(ends: Sequence[datetime], values: Sequence[float | None]) -> tuple[float | None, ...]:
    sums = []
    for day in _days(ends):
        known = [values[i] for i in day if values[i] is not None]
        sums.append(float(sum(v for v in known if v is not None)) if known else None)
    return tuple(sums)


def _daily_last(ends: Sequence[datetime], values: Sequence[float | None]) -> tuple[float | None, ...]:
    return tuple(next((float(v) for i in reversed(day) if (v := values[i]) is not None), None) for day in _days(ends))


def _daily_rate(ends: Sequence[datetime], failed: Sequence[int], all_of: Sequence[int]) -> tuple[float | None, ...]:
    rates = []
    for day in _days(ends):
        total = sum(all_of[i] for i in day)
        rates.append(sum(failed[i] for i in day) / total if total else None)
    return tuple(rates)
