"""What the operations API is asked about connections, letters and routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.core.paging import PAGE_MOST, Page
from models.deliveries.connections import Connection, ConnectionDetail, Proof
from models.deliveries.letters import Letter, LetterDetail, LetterState, ReplayRequest, ReplayResult
from models.deliveries.routing import Preview, PreviewRequest, RouteMap, Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.http_client import OperationsClient
    from models.deliveries.connections import SecretRequest

BASE = "/api/deliveries"
LETTERS_SHOWN = 200


async def connections(client: OperationsClient) -> Page[Connection]:
    """Every connection. Raises OperationsError, like all of these."""
    return await client.get(f"{BASE}/connections", Page[Connection], {"limit": PAGE_MOST})


async def connection(client: OperationsClient, connection_id: str) -> ConnectionDetail:
    """One connection with its last day."""
    return await client.get(f"{BASE}/connections/{connection_id}", ConnectionDetail)


async def test(client: OperationsClient, connection_id: str) -> Proof:
    """Send a canary by the stored route and wait for what becomes of it."""
    return await client.post(f"{BASE}/connections/{connection_id}/test", Proof)


async def set_secret(client: OperationsClient, connection_id: str, request: SecretRequest) -> ConnectionDetail:
    """Set or change a secret. It is sent once, and nothing keeps the request."""
    return await client.put(f"{BASE}/connections/{connection_id}/secret", ConnectionDetail, request)


async def letters(client: OperationsClient, states: Sequence[LetterState], connection_id: str | None) -> Page[Letter]:
    """The newest letters in some states, of one connection or of all, one state after the other."""
    pages = [
        await client.get(
            f"{BASE}/letters", Page[Letter], {"state": state, "connection": connection_id, "limit": LETTERS_SHOWN}
        )
        for state in states
    ]
    cursors = [page.next_cursor for page in pages if page.next_cursor is not None]
    return Page[Letter](
        items=tuple(letter for page in pages for letter in page.items),
        next_cursor=cursors[0] if cursors else None,
        as_of=min(page.as_of for page in pages),
    )


async def letter(client: OperationsClient, letter_id: str) -> LetterDetail:
    """A letter with its last request and answer."""
    return await client.get(f"{BASE}/letters/{letter_id}", LetterDetail)


async def replay_count(client: OperationsClient, request: ReplayRequest) -> ReplayResult:
    """How many letters would go, and which not; nothing is sent."""
    dry = request.model_copy(update={"dry_run": True})
    return await client.post(f"{BASE}/letters/replay", ReplayResult, dry, keyed=False)


async def routes(client: OperationsClient) -> RouteMap:
    """Who hears of what."""
    return await client.get(f"{BASE}/routes", RouteMap)


async def templates(client: OperationsClient) -> Page[Template]:
    """What notices say."""
    return await client.get(f"{BASE}/templates", Page[Template])


async def preview(client: OperationsClient, request: PreviewRequest) -> Preview:
    """How a notice would look; nothing is sent."""
    return await client.post(f"{BASE}/templates/preview", Preview, request, keyed=False)
