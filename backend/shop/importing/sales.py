"""What somebody says about a file, what of it lands, and what was found in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from backend.shop.importing.amounts import DecimalSign
from backend.shop.importing.conventions import DateOrder
from backend.shop.importing.header import Wanted
from backend.shop.importing.presets import Preset
from backend.shop.importing.states import COMMON, State, word_of
from models.shop.tax import TaxLine

NEEDED: Final = ("order_id", "placed_at", "total")
OPTIONAL: Final = (
    *("settled_at", "customer_id", "country", "currency", "refund_id", "refunded", "status"),
    *("tax", "tax_rate", "jurisdiction", "invoice"),
)

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What somebody says about a file; ``None``: it is found out, or asked for where it cannot be."""

    currency: str
    """Of rows without one, and the reporting currency if none was chosen yet."""
    columns: dict[str, str] = field(default_factory=dict)
    """The file's column for a field where it is called differently."""
    preset: Preset | None = None
    states: Mapping[str, State] = field(default_factory=dict)
    """What words of the column of states mean, instead of what is known of them."""
    refunded_in_full: bool = False
    """Where a state says that an order was refunded and the file not how much, all of it was."""
    shift_to_now: bool = False
    sum_lines: bool = False
    """Rows that share an id and an instant are lines of one order."""
    delimiter: str | None = None
    decimal: DecimalSign | None = None
    encoding: str | None = None
    time_zone: ZoneInfo | None = None
    dates: DateOrder | None = None

    def wanted(self) -> Wanted:
        """Which columns are looked for."""
        preset = {} if self.preset is None else self.preset.columns
        names: dict[str, tuple[str, ...]] = {name: (name,) for name in (*NEEDED, *OPTIONAL)}
        names |= {name: (*((called,) if isinstance(called, str) else called), name) for name, called in preset.items()}
        names |= {name: (called,) for name, called in self.columns.items()}
        return Wanted(
            names=names,
            needed=NEEDED,
            given=frozenset(self.columns),
            preset=self.preset.name if self.preset else "",
        )

    def meanings(self) -> dict[str, State]:
        """What each word for a state means."""
        preset = {} if self.preset is None else self.preset.states
        return {**COMMON, **preset, **{word_of(word): state for word, state in self.states.items()}}


@dataclass(slots=True)
class Sale:
    """A row that lands: an order, or a refund when ``minor`` is negative."""

    line: int
    id: str
    at: datetime
    settled_at: datetime | None
    minor: int
    currency: str
    customer_id: str | None
    country: str | None
    state: State | None = None
    """What the file says of it, if it has a column for that."""
    refund_id: str | None = None
    refunded: int = 0
    """How much of it was given back since, where the file says no more about that."""
    twice: bool = False
    """The clocks showed its instant twice that night."""
    tax_lines: tuple[TaxLine, ...] = ()
    """What of it was tax, where the file says so: of an order, or of a refund with a row of its own."""
    invoice: str | None = None


@dataclass(slots=True)
class Found:
    """What a file holds. Each row that is not blank is counted in one place."""

    rows: int = 0
    orders: int = 0
    refunds: int = 0
    continuations: int = 0
    """Rows that say no more than that an order above goes on."""
    parts: int = 0
    """Rows that were added to an order above."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Rows that are no sale, by their status."""
    left_out_ids: dict[str, set[str]] = field(default_factory=dict)
    """Their orders, which an earlier file may have brought."""
    unknown_states: dict[str, list[int]] = field(default_factory=dict)
    """Lines by a state of which nobody knows what it means."""
    stateless: list[int] = field(default_factory=list)
    """Lines of orders whose state is empty, in a file that has states."""
    said_refunded: dict[str, Sale] = field(default_factory=dict)
    """Orders that were given back, by their state, while the file does not say how much."""
    failed_refunds: list[Sale] = field(default_factory=list)
    """What came back of refunds, which are none then."""
    totals: list[int] = field(default_factory=list)
    """Lines of sums, each of which was right."""
    blank: int = 0
    twice: int = 0
    """Instants that the clocks showed twice."""
    undated_lines: dict[str, int] = field(default_factory=dict)
    """Where each order is that was given back without an instant of its own; the refund stands at the order's."""
    refund_rows: dict[str, int] = field(default_factory=dict)
    """Where the first refund of each id is that has a row of its own."""
    amounts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Minor units by what they are (orders, refunds, left out) and their currency."""
    unknown_countries: Counter[str] = field(default_factory=Counter)
    """Names of countries that nobody knows; they stay as given."""
    newest: datetime = _LONG_AGO
    order_lines: dict[str, int] = field(default_factory=dict)
    """Where each order is."""
    refund_lines: dict[str, int] = field(default_factory=dict)
    """Where each refund with an id of its own is."""
    refunds_of: Counter[str] = field(default_factory=Counter)
    """How many refunds without one each id has."""

    @property
    def undated(self) -> int:
        """Refunds for which the file has no instant."""
        return len(self.undated_lines)
