"""What the operations API is asked about people's requests, consent, policies and retention.

What names a person is asked for with a purpose, once, and nothing keeps the answer: neither the server for repeats nor
this console.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.access import Approval
from models.core.paging import PAGE_MOST, Page
from models.privacy import PersonLookup
from models.privacy.consent import (
    ConsentReceipt,
    ConsentTrends,
    OutstandingPerson,
    OutstandingRequest,
    PersonConsent,
    Policy,
    ReceiptRequest,
)
from models.privacy.graph import ErasureCertificate, GraphSwitch, NodeHistory, RequestGraph
from models.privacy.packages import PackagePreview, PackageRelease, PreviewRequest
from models.privacy.requests import (
    AccessRequest,
    JurisdictionRules,
    LookRequest,
    PrivacyRequest,
    RequestDetail,
    RequestFigures,
    RequestPerson,
)
from models.privacy.retention import ProcessingRegister

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.core.http_client import OperationsClient

BASE = "/api/privacy"
REQUESTS, POLICIES, CONSENT, SWITCH = (
    f"{BASE}/access-requests",
    f"{BASE}/policies",
    f"{BASE}/consent",
    f"{BASE}/runs",
)
OUTSTANDING_SHOWN = 100


async def requests(client: OperationsClient, wanted: Mapping[str, object]) -> Page[PrivacyRequest]:
    """Requests, what falls due first on top. Raises OperationsError, like all of these."""
    return await client.get(REQUESTS, Page[PrivacyRequest], {"limit": PAGE_MOST, **wanted})


async def figures(client: OperationsClient) -> RequestFigures:
    """How many are open, of what kind, and late."""
    return await client.get(f"{REQUESTS}/figures", RequestFigures)


async def request(client: OperationsClient, request_id: str) -> RequestDetail:
    """One request with its pauses and its extension."""
    return await client.get(f"{REQUESTS}/{request_id}", RequestDetail)


async def graph(client: OperationsClient, request_id: str) -> RequestGraph:
    """Its steps; none before it runs."""
    return await client.get(f"{REQUESTS}/{request_id}/graph", RequestGraph)


async def attempts(client: OperationsClient, request_id: str, node_id: str) -> NodeHistory:
    """The tries of a step, the newest first."""
    return await client.get(f"{REQUESTS}/{request_id}/nodes/{node_id}/attempts", NodeHistory)


async def switch(client: OperationsClient) -> GraphSwitch:
    """Whether all runs stand still."""
    return await client.get(SWITCH, GraphSwitch)


async def approvals(client: OperationsClient) -> Page[Approval]:
    """What waits for somebody else's yes."""
    return await client.get("/api/operations/rbac/approvals", Page[Approval], {"state": "pending"})


async def certificate(client: OperationsClient, request_id: str) -> ErasureCertificate:
    """The signed certificate of an erasure; it names nobody."""
    return await client.get(f"{REQUESTS}/{request_id}/certificate", ErasureCertificate)


async def release(client: OperationsClient, request_id: str) -> PackageRelease:
    """What was handed out, until when, and each download."""
    return await client.get(f"{REQUESTS}/{request_id}/package", PackageRelease)


async def trends(client: OperationsClient, days: int) -> ConsentTrends:
    """How many consent, day by day."""
    return await client.get(f"{CONSENT}/trends", ConsentTrends, {"days": days})


async def policies(client: OperationsClient) -> Page[Policy]:
    """Versions of the privacy policy, the newest first."""
    return await client.get(POLICIES, Page[Policy], {"limit": PAGE_MOST})


async def register(client: OperationsClient) -> ProcessingRegister:
    """What is held of people, what for and how long."""
    return await client.get(f"{BASE}/register", ProcessingRegister)


async def jurisdictions(client: OperationsClient) -> Page[JurisdictionRules]:
    """What the law of each jurisdiction says about requests."""
    return await client.get(f"{BASE}/jurisdictions", Page[JurisdictionRules])


# --- with a purpose --------------------------------------------------------------------------------------------------


async def take_in(client: OperationsClient, wanted: AccessRequest) -> PrivacyRequest:
    """Hand a request in for a person. It is sent once, and nothing keeps who they are."""
    return await client.post(REQUESTS, PrivacyRequest, wanted, keyed=False)


async def person(client: OperationsClient, request_id: str, purpose: str) -> RequestPerson:
    """Who a request is from."""
    return await client.post(
        f"{REQUESTS}/{request_id}/person", RequestPerson, LookRequest(purpose=purpose), keyed=False
    )


async def preview(client: OperationsClient, request_id: str, purpose: str) -> PackagePreview:
    """What would be handed out."""
    path = f"{REQUESTS}/{request_id}/package/preview"
    return await client.post(path, PackagePreview, PreviewRequest(purpose=purpose), keyed=False)


async def look_up(client: OperationsClient, wanted: PersonLookup) -> PersonConsent:
    """All that a person has said about consent."""
    return await client.post(f"{CONSENT}/lookup", PersonConsent, wanted, keyed=False)


async def receipt(client: OperationsClient, consent_id: str, purpose: str) -> ConsentReceipt:
    """One of the things a person said, signed."""
    return await client.post(
        f"{CONSENT}/{consent_id}/receipt", ConsentReceipt, ReceiptRequest(purpose=purpose), keyed=False
    )


async def outstanding(
    client: OperationsClient, version: int, purpose: str, cursor: str | None
) -> Page[OutstandingPerson]:
    """People who still have to acknowledge a policy."""
    wanted = OutstandingRequest(purpose=purpose, cursor=cursor, limit=OUTSTANDING_SHOWN)
    return await client.post(f"{POLICIES}/{version}/outstanding", Page[OutstandingPerson], wanted, keyed=False)
