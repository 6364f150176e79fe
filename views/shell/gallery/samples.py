"""Invented figures, alerts and messages that bring every part of the sheet into each of its states."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from app.core.figure_set import Figure
from app.core.freshness import Quality
from app.core.messages import Message
from views.kit.capability import StatusCount
from views.kit.charts.data import ChartData, Limit, Mark
from views.shell.window.strip import StripState

NOW = datetime(2026, 11, 24, 14, 2, 25, tzinfo=UTC)
_NOW = NOW.timestamp()
_HOUR = 3600.0


def _figure(**fields: object) -> Figure:
    usual: dict[str, object] = {
        "name": "revenue.weekly",
        "title": "Revenue, 7 d",
        "value": "182,953",
        "unit": "EUR",
        "change": "+9.9 %",
        "previous": "vs 166,431",
        "limit": "min 120,000",
        "sparkline": (21.0, 22.0, 24.0, 19.0, 25.0, 34.0, 30.0, 37.0),
        "data_through": _NOW,
        "expected": 60.0,
    }
    return Figure(**(usual | fields))  # type: ignore[arg-type]


def _failing(state: str) -> Figure:
    return _figure(
        name="downloads.failureRate",
        title="Failure rate, 7 d",
        value="2.17",
        unit="%",
        change="+1.70 pt",
        previous="vs 0.47",
        limit="max 2.00",
        breach="over max 2.00",
        severity="P2",
        state=state,
        sparkline=(0.4, 0.5, 0.4, 0.5, 0.6, 0.4, 0.5, 2.2),
        sparkline_limit=2.0,
    )


FIGURES: tuple[tuple[Figure, Quality, float | None, str], ...] = (
    (_figure(), Quality.FRESH, 12, "fresh"),
    (
        _figure(
            title="Discord members",
            value="18,442",
            unit="people",
            change="+212",
            previous="vs 18,230",
            limit="",
            sparkline=(18.2, 18.25, 18.3, 18.32, 18.36, 18.4, 18.44),
            late=True,
        ),
        Quality.FRESH,
        26 * 60,
        "late",
    ),
    (_figure(title="Revenue, 24 h", value="30,964", limit="min 16,000"), Quality.STALE, 256, "stale"),
    (_failing("breached"), Quality.FRESH, 26, "limit broken, not acknowledged"),
    (_failing("acknowledged"), Quality.FRESH, 26, "limit broken, acknowledged"),
    (
        _figure(
            title="Showcases",
            value="",
            unit="",
            change="",
            previous="",
            limit="",
            sparkline=(),
            data_through=None,
            note="source “showcases” has sent nothing yet",
        ),
        Quality.FRESH,
        None,
        "no data, never 0",
    ),
    (_figure(), Quality.FRESH, 12, "hover"),
    (_figure(), Quality.FRESH, 12, "focus"),
    (_figure(sparkline=(21.0, 22.0, None, None, 25.0, 34.0)), Quality.DISCONNECTED, 64, "link lost"),
)
"""Figure, quality, age in seconds, and the name of the state."""

ROWS = (
    ("CS-48175", "129.00", "26 s", "open"),
    ("CS-47897", "139.80", "2 min", "hover"),
    ("CS-48223", "249.60", "12 min", "selected"),
    ("CS-48029", "34.95", "late · 26 min", "late"),
    ("CS-48238", "74.90", "stale · 4 min", "stale"),
)


def _chart(*, bars: bool) -> ChartData:
    count = 168
    ends = tuple(_NOW - _HOUR * (count - 1 - n) for n in range(count))
    day = tuple(math.sin(n / 24 * 2 * math.pi) for n in range(count))
    starts = tuple(end - _HOUR for end in ends)
    if bars:
        return ChartData(
            starts=starts,
            ends=ends,
            values=tuple(round(8 + 6 * d + n % 5) for n, d in enumerate(day)),
            unit="per h",
            name="orders",
            below=tuple(float(n % 11 == 3) + float(n % 29 == 7) for n in range(count)),
            below_name="refunds",
            bars=True,
        )
    rates = tuple(None if 60 <= n < 70 else 0.5 + 0.2 * d + max(0, n - count + 6) * 0.4 for n, d in enumerate(day))
    return ChartData(
        starts=starts,
        ends=ends,
        values=rates,
        unit="%",
        name="last hour",
        decimals=2,
        previous=tuple(0.5 - 0.15 * d for d in day),
        previous_name="previous 7 d",
        limit=Limit(2.0, "above", "max 2.00"),
        marks=(
            Mark(ends[20], "3.18.0"),
            Mark(ends[70], "P3 Few orders", "P3"),
            Mark(ends[110], "3.18.1"),
            Mark(ends[150], "P2 Downloads failing", "P2", open=True),
        ),
    )


CHARTS: tuple[tuple[str, int, ChartData, str], ...] = (
    ("Failure rate: limit broken, previous range, a gap, deploys", 1, _chart(bars=False), ""),
    ("Orders and refunds: bars, refunds below zero", 2, _chart(bars=True), ""),
    ("Failure rate: link lost", 3, _chart(bars=False), "stale · 4 min 16 s"),
)
"""Title, number of the series, data, and the words of a chart that is stale."""

MESSAGES = (
    Message(NOW, "Layout “Evening” saved."),
    Message(NOW, "Shelved “Failure rate over 2.00 %” until 16:00.", undo=lambda: None),
)

STRIPS = (
    StripState(
        now=NOW,
        environment="Sample shop",
        link="up",
        age="12 s",
        counts=(
            StatusCount("p1", "P1  0", "Unacknowledged P1 alerts: 0", ""),
            StatusCount("p2", "◆ P2  1", "Unacknowledged P2 alerts: 1", "", "filled", "p2"),
            StatusCount("shelved", "1 shelved", "Shelved alerts", "", "outline"),
        ),
        user="operations-lead",
        local_time=False,
    ),
    StripState(
        now=NOW,
        environment="Sample shop",
        link="down",
        age="4 min 16 s",
        range_days=30,
        counts=(
            StatusCount("p1", "P1  –", "Unacknowledged P1 alerts: unknown", ""),
            StatusCount("p2", "P2  –", "Unacknowledged P2 alerts: unknown", ""),
        ),
        past=datetime(2026, 11, 20, 18, 0, tzinfo=UTC),
        read_only=True,
        user="operations-lead",
        local_time=False,
    ),
)


PEOPLE = (("ada", "Ada Lovelace"), ("tk", "Tariq Khan"), ("jl", "Jana Lind"), ("wall-2", "Wall"))
"""Ids and names."""
