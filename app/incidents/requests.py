"""What the operations API is asked about incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from models.core.paging import PAGE_MOST, Page
from models.incidents import IncidentRecord
from models.incidents.alerts import AttachedAlert
from models.incidents.context import Helpers, IncidentSeries
from models.incidents.deliveries import IncidentDeliveries
from models.incidents.matrix import IncidentRule, SeverityMatrix
from models.incidents.reviews import ActionItem, IncidentReview, ResponseFigures
from models.incidents.timeline import TimelineLanes, TimelinePage
from models.incidents.updates import IncidentUpdate, UpdateDraft, UpdatePhase, UpdatePreview, UpdateSuggestion
from models.oncall.policies import Policy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.core.http_client import OperationsClient
    from models.incidents.timeline import TimelineKind

BASE = "/api/operations/incidents"
LISTED = 200
ENTRIES = 200
"""Entries of a timeline that are asked for at once."""


async def incidents(client: OperationsClient, **wanted: Any) -> Page[IncidentRecord]:
    """The newest incidents that fit. Raises OperationsError, like all of these."""
    return await client.get(BASE, Page[IncidentRecord], {"limit": LISTED} | wanted)


async def incident(client: OperationsClient, incident_id: str) -> IncidentRecord:
    """One of them."""
    return await client.get(f"{BASE}/{incident_id}", IncidentRecord)


async def timeline(
    client: OperationsClient, incident_id: str, kinds: Sequence[TimelineKind] = (), *, story: bool, **wanted: Any
) -> TimelinePage:
    """A page of its timeline, the newest entry first; ``story``: without what only happened at the same time."""
    query = {"limit": ENTRIES, "kind": [str(kind) for kind in kinds], "story": story} | wanted
    return await client.get(f"{BASE}/{incident_id}/timeline", TimelinePage, query)


async def lanes(
    client: OperationsClient, incident_id: str, since: datetime, until: datetime, stretches: int, *, story: bool
) -> TimelineLanes:
    """How many entries of each kind there are in each stretch."""
    query = {"from": since.isoformat(), "to": until.isoformat(), "buckets": stretches, "story": story}
    return await client.get(f"{BASE}/{incident_id}/timeline/lanes", TimelineLanes, query)


async def series(
    client: OperationsClient, incident_id: str, since: datetime, until: datetime, stretches: int
) -> IncidentSeries:
    """What the shop counted meanwhile."""
    query = {"from": since.isoformat(), "to": until.isoformat(), "stretches": stretches}
    return await client.get(f"{BASE}/{incident_id}/series", IncidentSeries, query)


async def alerts(client: OperationsClient, incident_id: str) -> Page[AttachedAlert]:
    """Its alerts, the one attached last first."""
    return await client.get(f"{BASE}/{incident_id}/alerts", Page[AttachedAlert], {"limit": PAGE_MOST})


async def deliveries(client: OperationsClient, incident_id: str) -> IncidentDeliveries:
    """Who was paged, what was told to whom, and what became of it."""
    return await client.get(f"{BASE}/{incident_id}/deliveries", IncidentDeliveries)


async def updates(client: OperationsClient, incident_id: str) -> Page[IncidentUpdate]:
    """What everybody outside was told, newest first."""
    return await client.get(f"{BASE}/{incident_id}/updates", Page[IncidentUpdate])


async def suggestion(client: OperationsClient, incident_id: str, phase: UpdatePhase) -> UpdateSuggestion:
    """An update to begin with."""
    query = {"phase": str(phase)}
    return await client.get(f"{BASE}/{incident_id}/updates/suggestion", UpdateSuggestion, query)


async def preview(client: OperationsClient, incident_id: str, draft: UpdateDraft) -> UpdatePreview:
    """What each channel would be sent; nothing is."""
    return await client.post(f"{BASE}/{incident_id}/updates/preview", UpdatePreview, draft, keyed=False)


async def review(client: OperationsClient, incident_id: str) -> IncidentReview:
    """Its review."""
    return await client.get(f"{BASE}/{incident_id}/review", IncidentReview)


async def actions(client: OperationsClient, incident_id: str) -> Page[ActionItem]:
    """What is to be done so that it does not come back, the one due first before the others."""
    return await client.get(f"{BASE}/actions", Page[ActionItem], {"incidentId": incident_id, "limit": PAGE_MOST})


async def figures(client: OperationsClient) -> ResponseFigures:
    """MTTD, MTTA and MTTR of the last year."""
    return await client.get(f"{BASE}/figures", ResponseFigures)


async def matrix(client: OperationsClient) -> SeverityMatrix:
    """What a severity means and sets off."""
    return await client.get(f"{BASE}/matrix", SeverityMatrix)


async def rules(client: OperationsClient) -> Page[IncidentRule]:
    """What opens incidents by itself, oldest first."""
    return await client.get(f"{BASE}/rules", Page[IncidentRule], {"limit": PAGE_MOST})


async def helpers(client: OperationsClient) -> Helpers:
    """Everybody who can be given a role."""
    return await client.get(f"{BASE}/helpers", Helpers)


async def policies(client: OperationsClient) -> Page[Policy]:
    """Whom one can page."""
    return await client.get("/api/operations/oncall/policies", Page[Policy], {"limit": PAGE_MOST})


async def export(
    client: OperationsClient, incident_id: str, suffix: str, media: str, kinds: Sequence[TimelineKind], *, story: bool
) -> bytes:
    """The timeline as a file, as far as it is shown."""
    query = urlencode([("story", str(story).lower()), *(("kind", str(kind)) for kind in kinds)])
    return await client.file(f"{BASE}/{incident_id}/timeline.{suffix}?{query}", media)
