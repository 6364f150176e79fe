"""What the operations API is asked about connections, letters and routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.core.paging import PAGE_MOST, Page
from models.deliveries.connections import Connection, ConnectionDetail, Proof
from models.deliveries.letters import Letter, LetterDetail, LetterState, ReplayRequest, ReplayResult
from models.deliveries.routing import (
    ContactCodeRequest,
    ContactMethod,
    ContactRequest,
    Preview,
    PreviewRequest,
    RouteMap,
    Template,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.http_client import OperationsClient
    from models.deliveries.connections import ConnectionKind, SecretRequest

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


async def set_secret(client: OperationsClient, connection: Connection, request: SecretRequest) -> ConnectionDetail:
    """Set or change a secret of a connection as it was seen. It is sent once, and nothing keeps the request."""
    path = f"{BASE}/connections/{connection.id}/secret"
    return await client.put(path, ConnectionDetail, request, version=connection.version)


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


async def template_versions(client: OperationsClient, name: str, kind: ConnectionKind | None) -> Page[Template]:
    """A text as it was from time to time, the newest first."""
    return await client.get(f"{BASE}/templates/{name}/versions", Page[Template], {"kind": kind})


async def contacts(client: OperationsClient) -> Page[ContactMethod]:
    """One's own addresses."""
    return await client.get(f"{BASE}/contacts", Page[ContactMethod])


async def add_contact(client: OperationsClient, address: str) -> ContactMethod:
    """Add an address of one's own; a code goes there."""
    return await client.post(f"{BASE}/contacts", ContactMethod, ContactRequest(address=address))


async def verify_contact(client: OperationsClient, contact_id: str, code: str) -> ContactMethod:
    """Prove an address with the code that came there."""
    return await client.post(f"{BASE}/contacts/{contact_id}/verify", ContactMethod, ContactCodeRequest(code=code))


async def remove_contact(client: OperationsClient, contact_id: str) -> None:
    """Remove an address of one's own."""
    await client.delete(f"{BASE}/contacts/{contact_id}")


async def preview(client: OperationsClient, request: PreviewRequest) -> Preview:
    """How a notice would look; nothing is sent."""
    return await client.post(f"{BASE}/templates/preview", Preview, request, keyed=False)
