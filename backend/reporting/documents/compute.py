"""What one order and its refunds come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

EU_OSS: Final = "eu-oss"


class Cell(NamedTuple):
    """What facts of one figure have in common."""

    source: str
    bucket: str
    region: str | None
    state: str | None
    kind: str | None
    rate: Decimal | None
    currency: str


class Entry(NamedTuple):
    """One document's part in a figure."""

    source_id: str
    tax_date: date
    event_date: date
    cell: Cell


class Sums(NamedTuple):
    """Net and tax, minor units."""

    net: int
    tax: int

    def plus(self, other: Sums) -> Sums:
        """Both together."""
        return Sums(self.net + other.net, self.tax + other.tax)


NOTHING: Final = Sums(0, 0)


@dataclass(frozen=True, slots=True)
class Registration:
    """Where the seller files."""

    region: str
    regime: str
    home: str
    zone: str
    begins: date
    ends: date | None = None


@dataclass(frozen=True, slots=True)
class Territory:
    """In whose return a place belongs."""

    region: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Refund:
    """A credit note."""

    id: str
    refunded_at: datetime
    currency: str
    minor: int
    tax: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Document:
    """An order with all that became of it."""

    id: str
    placed_at: datetime
    country: str | None
    currency: str
    minor: int
    tax: Mapping[str, Any] | None
    refunds: Sequence[Refund] = ()
    chargeback: tuple[str, datetime] | None = None


class World:
    """Registrations and territories that documents are read by."""

    def __init__(self, registrations: Sequence[Registration], territories: Mapping[str, Territory]) -> None:
        """Without a registration there is nothing to file, and no document comes to anything."""
        self._by_region = {each.region: each for each in registrations}
        self._main = min(registrations, key=lambda each: (each.begins, each.region), default=None)
        self._territories = territories
        self._zones = {each.region: ZoneInfo(each.zone) for each in registrations}

    def read(self, document: Document) -> dict[Entry, Sums]:
        """Everything an order comes to, by document and figure; what comes to nothing is left out."""
        if self._main is None:
            return {}
        found: dict[Entry, Sums] = {}
        zones: dict[tuple[date, Cell], ZoneInfo] = {}
        business = document.tax is not None and (
            document.tax.get("status") == "business" and document.tax.get("vatIdValid") is True
        )
        said = document.tax.get("date") if document.tax is not None else None
        papers = [("order", document.id, 1, document.placed_at, document.currency, document.minor, document.tax)]
        papers += [("refund", r.id, -1, r.refunded_at, r.currency, r.minor, r.tax) for r in document.refunds]
        for source, source_id, sign, at, currency, minor, tax in papers:
            for line in _lines(tax, minor, document.country):
                zone, region, registered = self._registered(line["jurisdiction"])
                tax_date = date.fromisoformat(said) if said else _local_day(document.placed_at, zone)
                event_date = tax_date if source == "order" else _local_day(at, zone)
                bucket = self._bucket(
                    registered, region.state, tax_date, attributed=line["attributed"], business=business
                )
                cell = Cell(
                    source,
                    bucket,
                    None if registered is None else registered.region,
                    region.state or None,
                    line["kind"],
                    line["rate"],
                    currency,
                )
                _add(found, Entry(source_id, tax_date, event_date, cell), Sums(sign * line["net"], sign * line["tax"]))
                zones[tax_date, cell._replace(source="")] = zone
        if document.chargeback is not None:
            self._take_back(document.chargeback, found, zones)
        return {entry: sums for entry, sums in found.items() if sums != NOTHING}

    def _registered(self, place: str | None) -> tuple[ZoneInfo, Territory, Registration | None]:
        assert self._main is not None  # noqa: S101 - asked only where somebody files
        attributed = place is not None and not place.startswith("?")
        code = (place or "").removeprefix("?")
        territory = self._territories.get(code) or self._territories.get(code.split("-", 1)[0])
        if territory is None:
            territory = Territory(None, code if attributed else "")
        registered = None if territory.region is None else self._by_region.get(territory.region)
        return self._zones[(registered or self._main).region], territory, registered

    def _bucket(
        self, registered: Registration | None, state: str, day: date, *, attributed: bool, business: bool
    ) -> str:
        assert self._main is not None  # noqa: S101 - as above
        if day < (registered or self._main).begins:
            return "before"
        if not attributed:
            return "unattributable"
        if registered is None or (registered.ends is not None and day > registered.ends):
            return "elsewhere"
        if registered.regime == EU_OSS and state == registered.home:
            return "home"
        return "business" if registered.regime == EU_OSS and business else "taxed"

    @staticmethod
    def _take_back(
        chargeback: tuple[str, datetime], found: dict[Entry, Sums], zones: Mapping[tuple[date, Cell], ZoneInfo]
    ) -> None:
        """What is left after all refunds of a figure goes back as well."""
        left: dict[tuple[date, Cell], Sums] = {}
        for entry, sums in found.items():
            key = entry.tax_date, entry.cell._replace(source="")
            left[key] = left.get(key, NOTHING).plus(sums)
        number, at = chargeback
        for (tax_date, cell), sums in left.items():
            entry = Entry(number, tax_date, _local_day(at, zones[tax_date, cell]), cell._replace(source="chargeback"))
            _add(found, entry, Sums(-max(sums.net, 0), -max(sums.tax, 0)))


def _lines(tax: Mapping[str, Any] | None, minor: int, country: str | None) -> list[dict[str, Any]]:
    """The lines of a document; of one without, all of it under no tax, marked by a question mark."""
    if tax is None:
        place = "EL" if country == "GR" else country
        marked = None if place is None else f"?{place}"
        return [{"net": minor, "tax": 0, "rate": None, "kind": None, "jurisdiction": marked, "attributed": False}]
    return [{**line, "rate": Decimal(line["rate"]), "attributed": True} for line in tax["lines"]]


def _local_day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(UTC).astimezone(zone).date()


def _add(found: dict[Entry, Sums], entry: Entry, sums: Sums) -> None:
    found[entry] = found.get(entry, NOTHING).plus(sums)
