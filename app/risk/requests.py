"""What the operations API is asked about the risk queue and the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from models.core.base import Record
from models.core.paging import Page
from models.risk.backtest import MatchRules, RuleMatches
from models.risk.case import RiskCase
from models.risk.queue import BulkAnswer, BulkDecision, QueueCounts, RiskQueueEntry

if TYPE_CHECKING:
    from app.core.http_client import OperationsClient
    from models.risk.rules import FraudRule

R = TypeVar("R", bound=Record)

BASE = "/api/risk"
RULES_PAGE = 200


async def queue_counts(client: OperationsClient) -> QueueCounts:
    """How many entries each tab of the queue has. Raises OperationsError, like all of these."""
    return await client.get(f"{BASE}/queue/counts", QueueCounts)


async def queue_page(client: OperationsClient, query: dict[str, Any]) -> Page[RiskQueueEntry]:
    """One page of the queue; ``query`` filters and sorts it."""
    return await client.get(f"{BASE}/queue", Page[RiskQueueEntry], query)


async def case(client: OperationsClient, entry_id: str) -> RiskCase:
    """An entry with all that bears on it."""
    return await client.get(f"{BASE}/queue/{entry_id}", RiskCase)


async def bulk_preview(client: OperationsClient, decision: BulkDecision) -> BulkAnswer:
    """What a decision would do to each entry."""
    return await client.post(f"{BASE}/queue/bulk/preview", BulkAnswer, decision)


async def rules_page(client: OperationsClient, path: str, kind: type[R]) -> Page[R]:
    """The first page of a list of rules, versions, snoozes …, by its address."""
    return await client.get(path, Page[kind], {"limit": RULES_PAGE})  # type: ignore[valid-type]


async def matches(client: OperationsClient, rules: tuple[FraudRule, ...]) -> RuleMatches:
    """How many of the newest orders rules would match."""
    return await client.post(f"{BASE}/rules/match", RuleMatches, MatchRules(rules=rules))


async def report(client: OperationsClient, month: str, suffix: str, media: str, *, bom: bool = False) -> bytes:
    """A monthly report as a file: ``2026-11``, ``pdf``, ``application/pdf``; CSV with a byte order mark if asked."""
    return await client.file(f"{BASE}/reports/{month}.{suffix}" + ("?bom=true" if bom else ""), media)
