"""A monthly report as CSV: one figure a row, so that any tool can read it."""

from __future__ import annotations

from collections.abc import Iterator

from models.core.csv_text import csv_text
from models.risk.report import RiskReport

HEADER = ("month", "section", "name", "figure", "value", "unit")


def to_csv(report: RiskReport, *, bom: bool = False) -> bytes:
    """UTF-8 with a header. Amounts are minor units; shares lie between 0 and 1; what is not known is empty."""
    return csv_text(HEADER, ((report.month, *row) for row in _rows(report)), bom=bom).encode("utf-8")


def _rows(report: RiskReport) -> Iterator[tuple[str, str, str, float | None, str]]:
    figures = report.figures
    money = f"{figures.currency} minor"
    shown = figures.model_dump(exclude={"currency", "actions", "rules", "analysts", "outcomes", "days"})
    for figure, value in shown.items():
        share = figure in {"precision", "recall", "false_positive_rate"}
        yield "month", "", figure, value, "share" if share else money if "amount" in figure else "orders"
    for action in figures.actions:
        yield from _each(
            "action", action.action, money, orders=action.orders, amount=action.amount, frauds=action.frauds
        )
    for rule in figures.rules:
        yield from _each("rule", rule.rule_id, money, orders=rule.orders, amount=rule.amount, frauds=rule.frauds)
        yield "rule", rule.rule_id, "precision", rule.precision, "share"
    for one in figures.analysts:
        yield from _each(
            *("analyst", one.name, money),
            approved=one.approved,
            rejected=one.rejected,
            amount=one.amount,
            missed=one.missed,
        )
        yield "analyst", one.name, "minutes", one.minutes, "minutes"
    for outcome in figures.outcomes:
        counts = {"count": outcome.count, "amount": outcome.amount, "unconverted": outcome.unconverted}
        yield from _each("outcome", outcome.kind, money, **counts)
    for day in figures.days:
        yield from _each("day", day.day.isoformat(), money, checked=day.checked, entries=day.entries)


def _each(section: str, name: str, money: str, **figures: int) -> Iterator[tuple[str, str, str, float | None, str]]:
    for figure, value in figures.items():
        yield section, name, figure, value, money if figure == "amount" else "orders"
