"""What capabilities know of the sample shop when each makes its own part: when it opens, and its market."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from zlib import crc32

if TYPE_CHECKING:
    from backend.core.settings import Settings

HISTORY = timedelta(days=190)
"""What the shop opens with; nobody charts what is older."""


class Refund(NamedTuple):
    """Money given back; ``amount`` in minor units of ``currency``."""

    id: str
    order_id: str
    refunded_at: datetime
    country: str
    currency: str
    amount: int


class Order(NamedTuple):
    """An order with its whole fate; ``total`` in minor units of ``currency``."""

    id: str
    placed_at: datetime
    settled_at: datetime
    customer_id: str
    country: str
    currency: str
    total: int
    refund: Refund | None


class Download(NamedTuple):
    """A download attempt; ``failure`` is ``None`` when it succeeded."""

    id: str
    downloaded_at: datetime
    product: str
    country: str
    failure: str | None


class Reading(NamedTuple):
    """A reading of a community figure, ``metric`` being discord or showcases."""

    id: str
    metric: str
    observed_at: datetime
    value: int


class Market(Protocol):
    """What happens in the shop. Stretches begin after ``since`` and include ``until``."""

    def currencies(self) -> tuple[str, ...]:
        """Currencies the shop is paid in."""

    def rate(self, currency: str, reporting: str, day: date) -> str:
        """What a unit of ``currency`` was worth on a day."""

    def orders_placed(self, since: datetime, until: datetime) -> Iterable[Order]:
        """Orders placed in the stretch."""

    def downloads_between(self, since: datetime, until: datetime) -> Iterable[Download]:
        """Downloads attempted in the stretch."""

    def fault(self, start: datetime) -> Iterable[Download]:
        """Downloads that fail by a fault that begins at ``start``."""

    def community_between(
        self,
        since: datetime,
        until: datetime,
        discord_step: timedelta = ...,
        showcases_step: timedelta = ...,
    ) -> Iterable[Reading]:
        """Readings of both community figures made in the stretch."""

    def checkout(self, order: Order) -> dict[str, Any]:
        """What the shop's checkout sends about an order."""


@dataclass(frozen=True, slots=True)
class SampleShop:
    """A sample shop that is being created."""

    opened_at: datetime
    since: datetime
    """Where its history begins."""
    fault_at: datetime
    """When downloads began to fail last: there is something to do at once."""
    currency: str
    """The reporting currency the settings name."""
    market: Market
    progress: Callable[[float], None]
    """Told how much of the longest part is done, 0 to 1."""
    settings: Settings
    """Those of the installation, such as its keys."""


@cache
def sample_resource(name: str) -> dict[str, Any]:
    """A file of ``resources/sample-shop``, such as ``rules``."""
    text = files("resources").joinpath("sample-shop").joinpath(f"{name}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@cache
def vat_rates() -> dict[str, str]:
    """The standard rate of today by country, as tax offices write it."""
    text = files("resources").joinpath("tax").joinpath("vat-rates.json").read_text(encoding="utf-8")
    return {
        each["country"]: each["rate"]
        for each in json.loads(text)
        if each["kind"] == "standard" and each["validTo"] is None
    }


def sample_tax_line(country: str, gross: int) -> dict[str, Any]:
    """What the shop charged of an amount that includes tax; nothing where it is not registered."""
    rate = vat_rates().get(country, "0")
    tenths = int(float(rate) * 10)
    tax = (2 * gross * tenths + 1_000 + tenths) // (2 * (1_000 + tenths))
    kind = "standard" if tenths else "exempt"
    return {"net": gross - tax, "tax": tax, "rate": rate, "kind": kind, "jurisdiction": country}


def sample_evidence(order_id: str, country: str) -> list[dict[str, str]]:
    """Two kinds that agree, but for one order in some hundreds."""
    other = "CH" if crc32(order_id.encode()) % 397 == 13 else country
    return [
        {"kind": "billing_address", "country": country, "source": "checkout"},
        {"kind": "card_country", "country": other, "source": "payments"},
    ]
