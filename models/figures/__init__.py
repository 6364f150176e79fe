"""Names of the dashboard's figures and of the sources they come from; shared by dashboard, alerts and console."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple


class SourceName(StrEnum):
    """Where figures come from."""

    ORDERS = "orders"
    REFUNDS = "refunds"
    DOWNLOADS = "downloads"
    DISCORD = "discord"
    SHOWCASES = "showcases"


class FigureName(StrEnum):
    """A figure, by its path in the dashboard answer."""

    REVENUE_DAILY = "revenue.daily"
    REVENUE_WEEKLY = "revenue.weekly"
    REVENUE_MONTHLY = "revenue.monthly"
    ORDERS_TOTAL = "orders.total"
    ORDERS_REFUNDED = "orders.refunded"
    ORDERS_PENDING = "orders.pending"
    DOWNLOADS_TOTAL = "downloads.total"
    DOWNLOADS_FAILURE_RATE = "downloads.failureRate"
    COMMUNITY_DISCORD_MEMBERS = "community.discordMembers"
    COMMUNITY_SHOWCASES = "community.showcases"


class FigureKind(NamedTuple):
    """Unit and source of a figure. ``minor`` is money in minor units, ``ratio`` lies between 0 and 1."""

    unit: Literal["minor", "count", "ratio"]
    source: SourceName


FIGURES: dict[FigureName, FigureKind] = {
    FigureName.REVENUE_DAILY: FigureKind("minor", SourceName.ORDERS),
    FigureName.REVENUE_WEEKLY: FigureKind("minor", SourceName.ORDERS),
    FigureName.REVENUE_MONTHLY: FigureKind("minor", SourceName.ORDERS),
    FigureName.ORDERS_TOTAL: FigureKind("count", SourceName.ORDERS),
    FigureName.ORDERS_REFUNDED: FigureKind("count", SourceName.REFUNDS),
    FigureName.ORDERS_PENDING: FigureKind("count", SourceName.ORDERS),
    FigureName.DOWNLOADS_TOTAL: FigureKind("count", SourceName.DOWNLOADS),
    FigureName.DOWNLOADS_FAILURE_RATE: FigureKind("ratio", SourceName.DOWNLOADS),
    FigureName.COMMUNITY_DISCORD_MEMBERS: FigureKind("count", SourceName.DISCORD),
    FigureName.COMMUNITY_SHOWCASES: FigureKind("count", SourceName.SHOWCASES),
}

COUNTED = frozenset(
    {FigureName.ORDERS_TOTAL, FigureName.ORDERS_REFUNDED, FigureName.ORDERS_PENDING, FigureName.DOWNLOADS_TOTAL}
)
"""Figures that grow with their range: a limit on them is only for the range it was made for."""
