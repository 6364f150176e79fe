"""What figures are called and how their values are written, wherever one is shown."""

from __future__ import annotations

from models.core.formatting import grouped, money, percent
from models.figures import FIGURES, FigureName

_TITLES = {
    FigureName.REVENUE_DAILY: ("Revenue, 24 h", ""),
    FigureName.REVENUE_WEEKLY: ("Revenue, 7 d", ""),
    FigureName.REVENUE_MONTHLY: ("Revenue, 30 d", ""),
    FigureName.DOWNLOADS_TOTAL: ("Downloads, {range} d", "files"),
    FigureName.DOWNLOADS_FAILURE_RATE: ("Failure rate, {range} d", "%"),
    FigureName.ORDERS_TOTAL: ("Orders, {range} d", "orders"),
    FigureName.ORDERS_REFUNDED: ("Refunded, {range} d", "orders"),
    FigureName.ORDERS_PENDING: ("Pending now", "orders"),
    FigureName.COMMUNITY_DISCORD_MEMBERS: ("Discord members", "people"),
    FigureName.COMMUNITY_SHOWCASES: ("Showcases", "posts"),
}


def title_of(name: FigureName, range_days: int) -> str:
    """What a figure is called on the screen."""
    return _TITLES[name][0].format(range=range_days)


def span_of(name: FigureName, range_days: int) -> str:
    """Over what a figure is summed up, ``24 h`` or ``7 d``; nothing where the range makes no difference to it."""
    if title_of(name, 1) == title_of(name, 2):
        return ""
    return "24 h" if range_days == 1 else f"{range_days} d"


def shown(name: FigureName, value: float, currency: str) -> str:
    """A figure's value as its tile shows it: whole currency units, counts, percent."""
    match FIGURES[name].unit:
        case "minor":
            return money(int(value), currency, whole=True)
        case "ratio":
            return percent(value)
        case _:
            return grouped(int(value))


def unit_of(name: FigureName, currency: str) -> str:
    """The unit behind the value."""
    return _TITLES[name][1] or currency
