"""Invented figures, alerts and messages that bring every part of the sheet into each of its states."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app.core.figure_set import Figure
from app.core.freshness import Quality
from app.core.messages import Message
from views.kit.charts.data import ChartData, Limit, Mark
from views.shell.window.strip import StripState

if TYPE_CHECKING:
    from models.access import Approval
    from models.alerts import Alert

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
        p1=0,
        p2=1,
        shelved=1,
        user="operations-lead",
        local_time=False,
    ),
    StripState(
        now=NOW,
        environment="Sample shop",
        link="down",
        age="4 min 16 s",
        range_days=30,
        past=datetime(2026, 11, 20, 18, 0, tzinfo=UTC),
        read_only=True,
        user="operations-lead",
        local_time=False,
    ),
)


PEOPLE = (("ada", "Ada Lovelace"), ("tk", "Tariq Khan"), ("jl", "Jana Lind"), ("wall-2", "Wall"))
"""Ids and names."""


def approval() -> Approval:
    """Something that waits for somebody's yes. Imports pydantic."""
    from models.access import Approval

    return Approval.model_validate(
        {
            "approval_id": "0192f0c1-0000-7000-8000-0000000000bb",
            "kind": "rbac.grant",
            "title": "Give Risk manager to Tariq Khan",
            "subject_type": "role_assignment",
            "subject_id": "tk:risk-manager",
            "gainer": "tk",
            "gainer_name": "Tariq Khan",
            "details": {"roleId": "risk-manager", "expiresAt": (NOW + timedelta(days=7)).isoformat()},
            "reason": "Cover while I am away, rules must stay publishable.",
            "permission": "operations.approve_roles",
            "needs": 1,
            "from_roles": (),
            "requested_by": "jl",
            "requested_by_name": "Jana Lind",
            "requested_at": NOW - timedelta(minutes=21),
            "ends_at": NOW + timedelta(hours=3, minutes=38),
            "state": "pending",
            "version": 1,
        },
        by_name=True,
    )


def alerts() -> tuple[Alert, Alert, Alert, Alert]:
    """One to acknowledge, one acknowledged, one shelved, one cleared. Imports pydantic."""
    from models.alerts import Alert

    raised = NOW - timedelta(minutes=16, seconds=5)
    base = Alert.model_validate(
        {
            "id": "0192f0c1-0000-7000-8000-000000000001",
            "figure": "downloads.failureRate",
            "title": "Download failure rate over 2.00 %",
            "severity": "P2",
            "state": "active",
            "condition": "breached",
            "raised_at": raised,
            "rule_id": "0192f0c1-0000-7000-8000-0000000000aa",
            "comparison": "above",
            "limit": 0.02,
            "value": 0.0217,
            "worst_value": 0.024,
            "evaluated_at": NOW,
            "guidance": "Open the failures by country.\nCompare with the last deploy.\nPause the rollout.",
            "runbook_url": "https://example.org/runbooks/downloads",
            "version": 1,
        },
        by_name=True,
    )
    acknowledged = base.model_copy(
        update={
            "state": "acknowledged",
            "acknowledged_at": NOW,
            "acknowledged_by": "operations-lead",
            "comment": "Rollout paused, watching",
        }
    )
    shelved = base.model_copy(
        update={
            "severity": "P3",
            "title": "Discord members not heard for 2 h",
            "shelved_until": NOW + timedelta(hours=2),
            "shelve_reason": "maintenance at their side",
        }
    )
    cleared = base.model_copy(
        update={"severity": "P1", "title": "Orders under 5 an hour", "state": "cleared", "cleared_at": NOW}
    )
    return base, acknowledged, shelved, cleared
