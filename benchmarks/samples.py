"""A dashboard answer to draw, and a profile that has kept one."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.core.connection_target import ConnectionTarget
from app.core.snapshot import PAINT_KEY, Snapshot, snapshot_path
from app.dashboard.figures import from_dashboard
from models.dashboard import OperationsDashboard
from models.figures import FigureName, SourceName


def dashboard(points: int = 168, height: float = 500.0) -> OperationsDashboard:
    """An answer whose series have ``points`` hours and waves of a ``height``."""
    now = datetime.now(UTC).replace(microsecond=0)
    ends = [now - timedelta(hours=points - 1 - n) for n in range(points)]
    wave = [1000 + height * math.sin(n / 24 * math.tau) for n in range(points)]
    counts = [round(v / 30) for v in wave]
    figures: dict[str, Any] = {
        "revenue": {"daily": 3096400, "weekly": 18295300, "monthly": 74481600},
        "orders": {"total": 4985, "refunded": 107, "pending": 43},
        "downloads": {"total": 30829, "failureRate": 0.0217},
        "community": {"discordMembers": 18442, "showcases": 1207},
    }
    return OperationsDashboard.model_validate(
        figures
        | {
            "asOf": now.isoformat(),
            "range": 7,
            "currency": "EUR",
            "alerts": [],
            "alertCount": 0,
            "previous": figures,
            "series": {
                "step": "hour",
                "starts": [(end - timedelta(hours=1)).isoformat() for end in ends],
                "ends": [end.isoformat() for end in ends],
                "revenue": [round(v * 100) for v in wave],
                "orders": counts,
                "refunds": [n % 3 for n in range(points)],
                "refundedAmount": [100] * points,
                "downloads": [c * 6 for c in counts],
                "failedDownloads": [n % 2 for n in range(points)],
                "failureRate": [0.004 + height / 250_000 * math.sin(n) for n in range(points)],
                "discordMembers": [17_500 + round(height) + n for n in range(points)],
                "showcases": [1_200] * points,
                "previous": {
                    "revenue": [round(v * 90) for v in wave],
                    "orders": counts,
                    "refunds": [0] * points,
                    "failureRate": [0.004] * points,
                },
            },
            "thresholds": {
                "downloads.failureRate": {"ruleId": "r", "comparison": "above", "value": 0.02, "severity": "P2"}
            },
            "states": dict.fromkeys(map(str, FigureName), "normal"),
            "links": {},
            "dataThrough": {
                str(s): {"dataThrough": now.isoformat(), "expectedWithinSeconds": 60, "late": False} for s in SourceName
            },
        }
    )


def keep_snapshot(profile: Path, server: str) -> None:
    """What a console leaves behind in ``profile`` after it worked with ``server``."""
    answer = dashboard()
    snapshot = Snapshot(snapshot_path(profile, ConnectionTarget(url=server).name), print)
    now = datetime.now(UTC)
    figures = from_dashboard(answer, received_at=now.timestamp(), environment="Production", user="Operations lead")
    snapshot.put(PAINT_KEY, figures.to_json(), answer.as_of, now)
    snapshot.put("dashboard:7", answer.model_dump_json(by_alias=True), answer.as_of, now)
    snapshot.close()


def desk_screen(folder: Path) -> dict[str, str]:
    """Environment of a process that shows its windows nowhere, on a screen of 1920 × 1080.

    Left alone the offscreen screen is 800 × 600, and docks are squeezed as on no operator's desk.
    """
    place = {"x": 0, "y": 0, "width": 1920, "height": 1080}
    screen = place | {"name": "desk", "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
    screens = folder / "screens.json"
    screens.write_text(json.dumps({"screens": [screen]}))
    return {"QT_QPA_PLATFORM": f"offscreen:configfile={screens}"}
