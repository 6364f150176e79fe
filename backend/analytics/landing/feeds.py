"""Events that are rows of the dashboard's sources, as their versions say: landed in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from backend.analytics.landing.judged import Judged, Verdict
from backend.analytics.validation.compiled import CompiledPlan
from backend.core.database import Connection
from backend.shop import ingest_community, ingest_downloads
from models.analytics import FeedSource, FigureFeed
from models.shop.ingest import Batch

_INSTANT: Final = {FeedSource.DOWNLOADS: "downloadedAt", FeedSource.COMMUNITY: "observedAt"}


async def feed_figures(tx: Connection, events: Iterable[Judged], plan: CompiledPlan, *, sent_by: str) -> None:
    """Make rows of those that have landed. One that is no row goes into the quarantine of its source, with why."""
    rows: dict[FeedSource, list[dict[str, Any]]] = {}
    for each in events:
        if each.verdict not in {Verdict.LANDED, Verdict.OMITTED} or each.version is None:
            continue
        definition = plan.events[each.event_name].versions[each.version].definition
        if definition.feed is not None and each.call.occurred_at is not None:
            rows.setdefault(definition.feed.source, []).append(_row(each, definition.feed))
    if found := rows.get(FeedSource.DOWNLOADS):
        await ingest_downloads(tx, Batch(rows=tuple(found)), sent_by=sent_by)
    if found := rows.get(FeedSource.COMMUNITY):
        await ingest_community(tx, Batch(rows=tuple(found)), sent_by=sent_by)


def _row(event: Judged, feed: FigureFeed) -> dict[str, Any]:
    said = event.call.properties if isinstance(event.call.properties, dict) else {}
    taken = {field: said[name] for field, name in feed.properties.items() if name in said}
    assert event.call.occurred_at is not None  # noqa: S101 - asked before
    # The id of the event stands for it here too: sent again, it is the same row.
    return {
        **feed.values,
        **taken,
        "id": f"event:{event.id}",
        _INSTANT[feed.source]: event.call.occurred_at.isoformat(),
    }
