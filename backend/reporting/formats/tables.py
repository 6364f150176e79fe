"""A report row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backend.reporting.formats.amounts import amount
from models.core.csv_text import csv_text

HEADER = (
    "Part", "Period", "State", "Kind of rate", "Rate, %", "Currency", "Net", "Tax", "Charged in", "Charged net",
    "Charged tax", "One euro", "Rate of", "Cause",
)  # fmt: skip
PARTS = {"lines": "own", "corrections": "correction", "direct": "directly to the state"}


def to_csv(_text: str, content: Mapping[str, Any], _found: Mapping[str, Any]) -> bytes:
    """Each figure with what it is made of: lines, corrections, balances, what is payable, what is in no return."""
    return csv_text(HEADER, _rows(content)).encode()


def _rows(content: Mapping[str, Any]) -> Iterator[list[str | None]]:
    currency = content["currency"]
    for part, words in PARTS.items():
        for line in content[part]:
            head = [
                words,
                line.get("period", content["periodStart"]),
                line["state"],
                line.get("kind"),
                line.get("rate"),
            ]
            sums = [currency, amount(line["net"], currency) if "net" in line else None, amount(line["tax"], currency)]
            made_of: Sequence[Mapping[str, Any]] = line.get("charged") or ({},)
            for charged in made_of:
                money = charged.get("currency")
                yield [
                    *head,
                    *sums,
                    money,
                    amount(charged["net"], money) if money else None,
                    amount(charged["tax"], money) if money else None,
                    charged.get("perEur"),
                    charged.get("rateDay"),
                    ", ".join(line.get("causes", ())) or None,
                ]
                # What several currencies come to stands once.
                sums = [currency, None, None]
    for balance in content["balances"]:
        yield _sum("balance", balance["state"], currency, None, balance["tax"])
    yield _sum("payable", None, currency, None, content["payable"])
    for bucket in content["notInReturn"]:
        yield _sum(f"in no return: {bucket['why']}", None, bucket["currency"], bucket["net"], bucket["tax"])


def _sum(part: str, state: str | None, currency: str, net: int | None, tax: int) -> list[str | None]:
    shown = None if net is None else amount(net, currency)
    return [part, None, state, None, None, currency, shown, amount(tax, currency), *[None] * 6]
