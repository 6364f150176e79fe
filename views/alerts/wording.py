"""An alert in words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from app.core.freshness import age_words
from models.figures.wording import shown, span_of, title_of, unit_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.alerts import Alert
    from models.dashboard import Threshold
    from models.figures import FigureName


def range_of(alert: Alert, thresholds: Mapping[FigureName, Threshold]) -> int | None:
    """Over how many days its rule looks back; ``None`` when another rule is the one in force for its figure."""
    threshold = thresholds.get(alert.figure) if alert.figure is not None else None
    return threshold.range_days if threshold is not None and threshold.rule_id == alert.rule_id else None


def figure_words(alert: Alert, currency: str, range_days: int | None = None) -> str:
    """``2.17 % over 24 h, max 2.00 %``; for silence, what was heard last; nothing for an alert without a figure."""
    if alert.figure is None or alert.limit is None:
        return ""
    unit = unit_of(alert.figure, currency)
    if alert.cause == "no_data":
        return f"{title_of(alert.figure, 0).partition(',')[0]}: nothing heard"
    limit = f"{'max' if alert.comparison == 'above' else 'min'} {shown(alert.figure, alert.limit, currency)} {unit}"
    if alert.value is None:
        return f"no data, {limit}"
    span = span_of(alert.figure, range_days) if range_days is not None else ""
    words = f"{shown(alert.figure, alert.value, currency)} {unit}{f' over {span}' if span else ''}, {limit}"
    worst = alert.worst_value
    if worst is not None and worst != alert.value:
        words += f" · worst {shown(alert.figure, worst, currency)}"
    return words


def since_words(alert: Alert) -> str:
    """``Since 2026-11-24 13:46:20 UTC``, and when it came back."""
    words = f"Since {alert.raised_at:%Y-%m-%d %H:%M:%S} UTC"
    if alert.returned_at is not None:
        words += f" · {'passed' if alert.figure is None else 'back inside'} since {alert.returned_at:%H:%M}"
    return words


def age_of(alert: Alert, now: datetime) -> str:
    """How long it has been open; cleared ones say when that was."""
    if alert.cleared_at is not None:
        return f"cleared {alert.cleared_at:%H:%M}"
    if is_shelved(alert, now) and alert.shelved_until is not None:
        same_day = alert.shelved_until.date() == now.date()
        return f"until {alert.shelved_until:%H:%M}" if same_day else f"until {alert.shelved_until:%d %b %H:%M}"
    return age_words((now - alert.raised_at).total_seconds())


def is_shelved(alert: Alert, now: datetime) -> bool:
    """Put aside at this moment."""
    return alert.shelved_until is not None and alert.shelved_until > now and alert.cleared_at is None
