"""Store a batch: the good rows in one statement, the bad ones in quarantine with their reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

from prometheus_client import Counter
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from backend.core import audit_trail
from backend.core.database import Connection, load_queries
from backend.core.json import storable_json
from backend.core.logs import logger, request_id
from backend.core.metrics import REGISTRY
from backend.core.problems import field_errors
from backend.core.settings import Settings
from backend.shop import doubts, upserts
from models.core.base import Request, as_storable
from models.core.problems import FieldError
from models.core.wording import counted
from models.shop.ingest import (
    AHEAD_MOST,
    Batch,
    CommunityIn,
    Doubt,
    DownloadIn,
    IngestResult,
    OrderIn,
    RateIn,
    RefundIn,
    RejectedRow,
)

queries = load_queries("backend.shop")
log = logger(__name__)

INGESTED = Counter("opsconsole_ingested_rows_total", "Ingested rows", ["kind", "outcome"], registry=REGISTRY)

R = TypeVar("R", bound=Request)
Put = Callable[[Sequence[R]], Awaitable[upserts.UpsertCounts]]


def _source_key(row: Any) -> Hashable:
    return row.id  # type: ignore[no-any-return]


async def orders(tx: Connection, settings: Settings, request: Batch, *, sent_by: str) -> IngestResult:
    """Orders, new or corrected."""
    currency = await upserts.claim_currency(tx, settings.currency)
    return await ingest_batch(
        tx,
        request,
        OrderIn,
        lambda rows: upserts.orders(tx, rows, currency),
        kind="orders",
        one="order",
        sent_by=sent_by,
    )


async def refunds(tx: Connection, settings: Settings, request: Batch, *, sent_by: str) -> IngestResult:
    """Refunds, whether or not their order is known. Those that do not fit their order are kept, and named."""
    currency = await upserts.claim_currency(tx, settings.currency)
    put: list[str] = []

    async def write(rows: Sequence[RefundIn]) -> upserts.UpsertCounts:
        put.extend(row.id for row in rows)
        return await upserts.refunds(tx, rows, currency)

    result = await ingest_batch(tx, request, RefundIn, write, kind="refunds", one="refund", sent_by=sent_by)
    odd = await doubts.doubtful_refunds(tx, put)
    odd.pop(doubts.UNKNOWN, None)  # it may well come later
    named = tuple(Doubt(words=doubts.WORDS[what], ids=tuple(ids)) for what, ids in odd.items())
    for doubt in named:
        log.warning("refunds do not fit their orders", words=doubt.words, ids=doubt.ids[:20], count=len(doubt.ids))
        INGESTED.labels("refunds", "doubtful").inc(len(doubt.ids))
    return result.model_copy(update={"doubts": named})


async def downloads(tx: Connection, request: Batch, *, sent_by: str) -> IngestResult:
    """Download attempts."""
    return await ingest_batch(
        tx,
        request,
        DownloadIn,
        lambda rows: upserts.downloads(tx, rows),
        kind="downloads",
        one="download",
        sent_by=sent_by,
    )


async def community(tx: Connection, request: Batch, *, sent_by: str) -> IngestResult:
    """Readings of community figures."""
    return await ingest_batch(
        tx,
        request,
        CommunityIn,
        lambda rows: upserts.community(tx, rows),
        kind="community",
        one="reading",
        sent_by=sent_by,
    )


async def rates(tx: Connection, settings: Settings, request: Batch, *, sent_by: str) -> IngestResult:
    """Daily rates; what was waiting for them is converted in the same transaction."""
    currency = await upserts.claim_currency(tx, settings.currency)
    return await ingest_batch(
        tx,
        request,
        RateIn,
        lambda rows: upserts.rates(tx, rows, currency),
        kind="rates",
        one="rate",
        sent_by=sent_by,
        key=lambda row: (row.currency, row.day),
    )


async def ingest_batch(
    tx: Connection,
    request: Batch,
    record: type[R],
    put: Put[R],
    *,
    kind: str,
    one: str,
    sent_by: str,
    key: Callable[[R], Hashable] = _source_key,
) -> IngestResult:
    """Store a batch whose rows are read as ``record``.

    Args:
        tx: The transaction of the request.
        request: What was sent.
        record: What a row must be; one that is not goes into quarantine.
        put: Writes the good rows.
        kind: What they are, in the audit log (``shop.orders.ingested``), in metrics and in quarantine.
        one: What one of them is called.
        sent_by: Who sent it.
        key: What rows that correct each other have in common.
    """
    good: list[R] = []
    rejected: list[RejectedRow] = []
    clock = await (await tx.execute("select now()")).fetchone()
    assert clock is not None  # noqa: S101 - a select without from answers one row
    now: datetime = clock[0]
    for index, row in enumerate(request.rows):
        try:
            read = record.model_validate(row)
            if errors := tuple(_ahead(read, index, now)):
                rejected.append(RejectedRow(index=index, id=_source_id(row), errors=errors))
            else:
                good.append(read)
        except ValidationError as error:
            # The reader's own words; the offending input is not repeated, it stands in quarantine.
            found = error.errors(include_url=False, include_input=False)
            errors = field_errors([{**one, "loc": ("body", "rows", index, *one["loc"])} for one in found])
            rejected.append(RejectedRow(index=index, id=_source_id(row), errors=errors))
    upserted = await put(good) if good else upserts.UpsertCounts(0, 0)
    if rejected:
        await tx.execute(
            queries.quarantine,
            {
                "kind": kind,
                "source_id": [row.id for row in rejected],
                "source_row": [Jsonb(storable_json(request.rows[row.index])) for row in rejected],
                "errors": [Jsonb([e.model_dump(by_alias=True) for e in row.errors]) for row in rejected],
                "sent_by": sent_by,
                "request_id": request_id.get(),
            },
        )
    superseded = len(good) - len({key(row) for row in good})
    unchanged = len(good) - superseded - upserted.inserted - upserted.updated
    for outcome, count in (
        ("inserted", upserted.inserted),
        ("updated", upserted.updated),
        ("unchanged", unchanged),
        ("superseded", superseded),
        ("rejected", len(rejected)),
    ):
        INGESTED.labels(kind, outcome).inc(count)
    await audit_trail.record(
        tx,
        actor=sent_by,
        action=f"shop.{kind}.ingested",
        resource_type="ingest_batch",
        resource_id=str(uuid4()),
        label=counted(len(request.rows), one),
        after={
            "received": len(request.rows),
            "inserted": upserted.inserted,
            "updated": upserted.updated,
            "unchanged": unchanged,
            "superseded": superseded,
            "rejected": len(rejected),
        },
    )
    return IngestResult(
        received=len(request.rows),
        inserted=upserted.inserted,
        updated=upserted.updated,
        unchanged=unchanged,
        superseded=superseded,
        rejected=tuple(rejected),
        as_of=now,
    )


def _ahead(row: Request, index: int, now: datetime) -> Iterator[FieldError]:
    """What a row says has happened, and has not yet."""
    for name, field in type(row).model_fields.items():
        at = getattr(row, name)
        if isinstance(at, datetime) and at > now + AHEAD_MOST:
            yield FieldError(
                pointer=f"/rows/{index}/{field.alias or name}",
                code="ahead",
                message=f"the instant lies ahead: it is {now:%Y-%m-%dT%H:%M:%SZ} here. Are its zone and the sender's "
                "clock right? Send the row again when they are",
            )


def _source_id(row: dict[str, Any]) -> str | None:
    found = row.get("id")
    return as_storable(found)[:200] if isinstance(found, str) else None
