"""What happens in the sample shop, as a pure function of its catalogue and the instant it was opened.

Every hour has its own dice, seeded by the catalogue and the hour. So the history written at the opening, the trade of
this moment and the gap left by a day switched off all come from the same few functions, and repeating any of them
gives the same rows with the same ids.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from random import Random
from typing import Any

from backend.core.sample_shop import Download, Order, Reading, Refund, sample_resource
from backend.sample.checkout import payload

SETTLE_MOST = timedelta(hours=10)
REFUND_MOST = timedelta(days=8)

DISCORD_STEP = timedelta(minutes=10)
SHOWCASES_STEP = timedelta(minutes=20)

HOUR = timedelta(hours=1)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

OPENING_HOUR, OPENING_DAY = 19, 1
"""Hour of the day and day of the week, Monday 0, by which the shop opens: an evening, whatever the clock says."""
# Hours of the day and days of the week (Monday first) against the mean: busy evenings, week-ends of flying.
DAY = (
    *(0.55, 0.46, 0.42, 0.38, 0.36, 0.38, 0.46, 0.58, 0.74, 0.9, 1.02, 1.1),
    *(1.16, 1.2, 1.22, 1.28, 1.4, 1.55, 1.7, 1.78, 1.7, 1.42, 1.1, 0.78),
)
WEEK = (0.93, 0.9, 0.92, 0.95, 1.02, 1.16, 1.12)

QUIET_MOST = 0.0175
"""Largest share of an hour's downloads that fails while nothing is wrong: under every limit, however few they are."""
FAULT = ((0, 0.0), (8, 0.02), (100, 1.0), (141, 1.0), (152, 0.35), (170, 0.12), (190, 0.0))
"""A fault of the EU mirror: how bad it is, 0 to 1, so many minutes after its beginning."""
FAULT_LASTS = timedelta(minutes=FAULT[-1][0])
FAULT_SHARE = 0.022
"""Downloads that fail by it, against those of the day before it."""
CARD_TESTING = (timedelta(minutes=-96), timedelta(minutes=22))
"""From when to when, against the opening, somebody tries out stolen cards."""


class _Choice:
    """Weighted choice with the sums worked out once."""

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        self.entries = entries
        self._sums = list(accumulate(entry["weight"] for entry in entries))

    def pick(self, dice: Random, count: int) -> list[dict[str, Any]]:
        return dice.choices(self.entries, cum_weights=self._sums, k=count)


class Market:
    """The sample shop opened at ``opened_at``, which is where its releases and its growth are counted from."""

    def __init__(self, catalogue: dict[str, Any], opened_at: datetime) -> None:
        self._shop = catalogue
        self.opened_at = opened_at
        self._products = _Choice(catalogue["products"])
        self._countries = _Choice(catalogue["countries"])
        self._failures = _Choice(catalogue["failures"])
        self.orders = lru_cache(maxsize=64)(self._orders)
        self.downloads = lru_cache(maxsize=8)(self._downloads)
        self._refunds = lru_cache(maxsize=512)(self._refunds_of_hour)

    # --- hours ---------------------------------------------------------------------------------------------

    def _dice(self, what: str, which: object) -> Random:
        return Random(f"{self._shop['seed']}/{what}/{which}")  # noqa: S311 - invented trade, nothing secret

    def rhythm(self, hour: int, kind: str) -> float:
        """How busy an hour is against the mean of a quiet week now; ``kind`` is orders or downloads."""
        start = EPOCH + hour * HOUR
        age = (start - self.opened_at) / timedelta(days=1)
        growth = math.exp(self._shop["growth"] * min(age / 190, 0.1))
        tide = self._tide(start)
        # Files are fetched on the day of a release, orders come in for days.
        fade = 48.0 if kind == "orders" else 5.0
        peaks = 0.0
        for release in self._shop["releases"]:
            since = age * 24 + 1 + release["hoursBefore"]
            if 0 < since < 10 * fade:
                rise = min(1.0, since / 2)
                peaks += rise * release[kind] * math.exp(-since / fade)
        # Half of a release's crowd comes whatever the hour.
        return growth * (tide + peaks * (0.5 + 0.5 * tide))

    def _tide(self, start: datetime) -> float:
        since = (start - self.opened_at.replace(minute=0, second=0, microsecond=0)) // HOUR + OPENING_HOUR
        return DAY[since % 24] * WEEK[(since // 24 + OPENING_DAY) % 7]

    def _count(self, dice: Random, hour: int, kind: str) -> int:
        mean = self._shop[f"{kind}PerWeek"] / 168 * self.rhythm(hour, kind)
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))

    def _instants(self, dice: Random, hour: int, count: int) -> list[datetime]:
        start = EPOCH + hour * HOUR
        return [start + timedelta(seconds=second) for second in sorted(dice.uniform(0, 3600) for _ in range(count))]

    def _orders(self, hour: int) -> tuple[Order, ...]:
        """All orders of an hour since 2000."""
        dice = self._dice("orders", hour)
        count = self._count(dice, hour, "orders")
        instants = self._instants(dice, hour, count)
        products = self._products.pick(dice, count)
        countries = self._countries.pick(dice, count)
        currencies = self._shop["currencies"]
        stamp = f"{EPOCH + hour * HOUR:%y%m%d%H}"
        orders = []
        for number, (placed_at, product, country) in enumerate(zip(instants, products, countries, strict=True)):
            euros = product["price"] * dice.choice((1, 1, 1, 1, 1, 1, 1, 2)) + dice.choice((0, 0, 0, 0, 0, 995, 1995))
            currency = country["currency"]
            total = euros if currency == "EUR" else round(euros / currencies[currency] / 50) * 50 - 1
            slow = dice.random() < 0.3  # bank transfers take hours, cards seconds
            settled_at = placed_at + timedelta(seconds=dice.uniform(1_800, 32_400) if slow else dice.uniform(2, 40))
            order_id = f"FS-{stamp}{number:03d}"
            refund = None
            if dice.random() < self._shop["refundShare"]:
                refund = Refund(
                    id=f"RF-{stamp}{number:03d}",
                    order_id=order_id,
                    refunded_at=settled_at + timedelta(hours=dice.uniform(0.3, 168) * dice.random()),
                    country=country["code"],
                    currency=currency,
                    amount=total if dice.random() < 0.85 else total // 2,
                )
            customer = f"C-{dice.randrange(60_000):05d}"
            orders.append(Order(order_id, placed_at, settled_at, customer, country["code"], currency, total, refund))
        return tuple(orders)

    def _refunds_of_hour(self, hour: int) -> tuple[Refund, ...]:
        return tuple(order.refund for order in self._orders(hour) if order.refund is not None)

    def _downloads(self, hour: int) -> tuple[Download, ...]:
        """All downloads of an hour since 2000."""
        dice = self._dice("downloads", hour)
        count = self._count(dice, hour, "downloads")
        share, most = self._failures_of(hour, count)
        stamp = f"{EPOCH + hour * HOUR:%y%m%d%H}"
        chances = [dice.random() for _ in range(count)]
        failing = {number for number, chance in enumerate(chances) if chance < share}
        failing = set(sorted(failing)[:most])
        reasons = iter(self._failures.pick(dice, len(failing)))
        return tuple(
            Download(
                f"DL-{stamp}{number:05d}",
                at,
                product["name"],
                country["code"],
                next(reasons)["reason"] if number in failing else None,
            )
            for number, (at, product, country) in enumerate(
                zip(
                    self._instants(dice, hour, count),
                    self._products.pick(dice, count),
                    self._countries.pick(dice, count),
                    strict=True,
                )
            )
        )

    def _failures_of(self, hour: int, count: int) -> tuple[float, int]:
        """Which share of an hour's downloads fails, and how many at most."""
        before = (self.opened_at - (EPOCH + hour * HOUR)) / HOUR
        for outage in self._shop["outages"]:
            if outage["hoursBefore"] - outage["hours"] < before <= outage["hoursBefore"]:
                return float(outage["failureShare"]), count
        return float(self._shop["failureShare"]), int(count * QUIET_MOST)

    # --- stretches: start exclusive, end inclusive ---------------------------------------------------------

    def orders_placed(self, since: datetime, until: datetime) -> Iterator[Order]:
        """Orders placed in the stretch."""
        for hour in _hours(since, until):
            for order in self.orders(hour):
                if since < order.placed_at <= until:
                    yield order

    def orders_between(self, since: datetime, until: datetime) -> Iterator[Order]:
        """Orders placed or settled in the stretch; one that settles after it is still pending at its end."""
        for hour in _hours(since - SETTLE_MOST, until):
            for order in self.orders(hour):
                if since < order.placed_at <= until or (order.placed_at <= since < order.settled_at <= until):
                    yield order

    def refunds_between(self, since: datetime, until: datetime) -> Iterator[Refund]:
        """Refunds made in the stretch."""
        for hour in _hours(since - REFUND_MOST, until):
            for refund in self._refunds(hour):
                if since < refund.refunded_at <= until:
                    yield refund

    def downloads_between(self, since: datetime, until: datetime) -> Iterator[Download]:
        """Downloads attempted in the stretch."""
        for hour in _hours(since, until):
            for download in self.downloads(hour):
                if since < download.downloaded_at <= until:
                    yield download

    def community_between(
        self,
        since: datetime,
        until: datetime,
        discord_step: timedelta = DISCORD_STEP,
        showcases_step: timedelta = SHOWCASES_STEP,
    ) -> Iterator[Reading]:
        """Readings of both community figures made in the stretch."""
        for metric, step, value in (
            ("discord", discord_step, self.discord_members),
            ("showcases", showcases_step, self.showcases),
        ):
            number = (since - EPOCH) // step + 1
            while (at := EPOCH + number * step) <= until:
                yield Reading(f"{metric}-{at:%Y%m%d%H%M}", metric, at, value(at))
                number += 1

    def fault(self, start: datetime) -> tuple[Download, ...]:
        """Downloads that fail because the EU mirror does: few at first, most after an hour and a half, then fewer."""
        hour = (start - EPOCH) // HOUR
        mean = self._shop["downloadsPerWeek"] / 168
        day_before = sum(mean * self.rhythm(each, "downloads") for each in range(hour - 24, hour))
        dice = self._dice("fault", start.isoformat())
        count = round(day_before * FAULT_SHARE)
        sums = list(accumulate(map(_badness, range(FAULT[-1][0]))))
        # One in each share of the whole, so that it is the same fault whatever the dice say.
        minutes = [bisect_left(sums, (number + dice.random()) / count * sums[-1]) for number in range(count)]
        countries = [country for country in self._countries.pick(dice, 4 * count) if country["currency"] == "EUR"]
        return tuple(
            Download(
                f"DL-{start:%y%m%d%H%M%S}-{number:04d}",
                start + timedelta(minutes=minute + dice.random()),
                product["name"],
                country["code"],
                "signed link expired (EU mirror fra2)",
            )
            for number, (minute, product, country) in enumerate(
                zip(minutes, self._products.pick(dice, count), countries, strict=False)
            )
        )

    def checkout(self, order: Order) -> dict[str, Any]:
        """What the shop's checkout sends about an order."""
        since, until = (self.opened_at + edge for edge in CARD_TESTING)
        return payload(order, card_testing=since <= order.placed_at < until)

    # --- slow figures --------------------------------------------------------------------------------------

    def discord_members(self, at: datetime) -> int:
        """Members at an instant: steady growth with a weekly wave."""
        days = (at - self.opened_at) / timedelta(days=1)
        wave = 9 * math.sin(2 * math.pi * days / 7) + 5 * math.sin(2 * math.pi * days * 1.9)
        now: int = self._shop["discordMembers"]
        return round(now + 30.5 * days + 0.018 * min(days, 0.0) ** 2 + wave)

    def showcases(self, at: datetime) -> int:
        """Showcases posted up to an instant."""
        days = (at - self.opened_at) / timedelta(days=1)
        now: int = self._shop["showcases"]
        return math.floor(now + 4.4 * days + 0.6 * math.sin(2 * math.pi * days))

    def currencies(self) -> tuple[str, ...]:
        """Currencies the shop is paid in."""
        return tuple(self._shop["currencies"])

    def rate(self, currency: str, reporting: str, day: date) -> str:
        """What a unit of ``currency`` was worth on a day. Raises KeyError for a currency the shop does not know."""
        if currency == reporting:
            return "1"
        return f"{self._euros(currency, day) / self._euros(reporting, day):.6f}"

    def _euros(self, currency: str, day: date) -> float:
        base: float = self._shop["currencies"][currency]
        if currency == "EUR":
            return base
        phase = self._dice("rate", currency).uniform(0, 50)
        noise = self._dice("rate", f"{currency}/{day}").gauss(0, 0.0018)
        return base * (1 + 0.013 * math.sin((day.toordinal() + phase) / 11) + noise)


def _badness(minute: int) -> float:
    """How bad the fault is so many minutes after its beginning, between the points that are known."""
    for (start, low), (end, high) in pairwise(FAULT):
        if start <= minute < end:
            return low + (high - low) * (minute - start) / (end - start)
    return 0.0


def _hours(since: datetime, until: datetime) -> range:
    return range((since - EPOCH) // HOUR, (until - EPOCH) // HOUR + 1)


@lru_cache(maxsize=1)
def market_of(opened_at: datetime) -> Market:
    """The market of the sample shop that was opened at an instant."""
    return Market(sample_resource("catalogue"), opened_at)
