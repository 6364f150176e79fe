"""The sample shop has a past: incidents with reviews, and one that is open in the middle of its timeline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from backend.audit.relay import stamp
from backend.capabilities import CAPABILITIES
from backend.core.capability import Audiences
from backend.core.rows import readable
from backend.core.settings import Settings
from backend.incidents import paging
from backend.incidents.alerts.actions import run_rules
from backend.incidents.matrix.reads import matrix
from backend.incidents.records import reads
from backend.incidents.reviews import reads as reviews
from backend.incidents.reviews.actions import watch
from backend.incidents.timeline import reads as timeline
from backend.incidents.updates.actions import remind
from backend.runtime.asgi import merged
from backend.runtime.sample_shop import create_sample_shop
from models.core.permissions import Permission
from models.incidents import IncidentStatus
from models.incidents.reviews import ReviewState
from models.incidents.timeline import TimelineKind


async def test_the_shop_has_incidents_behind_it_and_one_before_it(
    open_database: Callable[[], Any], settings: Settings
) -> None:
    audiences = Audiences(merged(each.audiences for each in CAPABILITIES))
    async with open_database() as db:
        await create_sample_shop(db, settings, lambda _message, _fraction: None)
        for tick in (stamp, run_rules, remind, watch, stamp):
            await tick(db, settings)
        async with db.read() as connection:
            found = readable(await reads.incidents(connection, reads.IncidentFilter(), below=None, limit=50))
            assert [each.status for each in found] == [
                IncidentStatus.ACKNOWLEDGED,
                IncidentStatus.RESOLVED,
                IncidentStatus.RESOLVED,
                IncidentStatus.RESOLVED,
                IncidentStatus.REVIEWED,
                IncidentStatus.REVIEWED,
            ]
            current = found[0]
            assert (current.title, current.open_alerts) == ("EU downloads failing", 1), "the alert that burns joined it"
            assert current.next_update_due_at is not None
            assert {role.user_id for role in current.roles} == {"incident-responder", "support-lead"}
            of = await timeline.timeline(
                connection, UUID(current.incident_id), audiences=audiences, permissions=set(Permission)
            )
            positions = await timeline.newer(connection, of, 0, 500)
            told = readable(await timeline.entries(connection, of, positions))
            assert {TimelineKind.STATUS, TimelineKind.UPDATE, TimelineKind.NOTE, TimelineKind.DEPLOY} <= {
                each.kind for each in told
            }
            assert {TimelineKind.PAGE, TimelineKind.STEP, TimelineKind.RULE} <= {
                each.kind for each in told if each.occurred_at < each.recorded_at - timedelta(minutes=30)
            }
            assert len({each.occurred_at for each in told if each.own}) > 20, "they do not pile up at one instant"
            assert not [each for each in told if each.occurred_at < current.started_at - timedelta(minutes=10)]
            paged = [await paging.pages(connection, each.incident_id) for each in found]
            assert [len(pages) for pages in paged] == [1, 1, 0, 1, 1, 1]
            assert paged[0][0].state == "acknowledged"
            assert all(pages[0].calls[0].people for pages in paged if pages)
            receipts = [person.receipts for pages in paged if pages for person in pages[0].calls[0].people]
            assert all([each.state for each in each_] == ["forgotten"] for each_ in receipts), "sent long ago"
            story = await timeline.timeline(
                connection, UUID(current.incident_id), audiences=audiences, permissions=set(Permission), story=True
            )
            told_here = readable(
                await timeline.entries(connection, story, await timeline.newer(connection, story, 0, 500))
            )
            assert any(each.text.startswith("Communications: Support lead") for each in told_here), "by name"
            elsewhere = [each.text for each in told_here if not each.own]
            assert any(text.startswith("edge-config") for text in elsewhere), elsewhere
            assert not [text for text in elsewhere if "Route map" in text or "Runbook" in text], elsewhere
            assert not [each for each in told if not each.own and each.resource_type in {"route_map", "risk_list"}]
            levels = (await matrix(connection)).levels
            assert [level.escalation_policy_id is not None for level in levels] == [True, True, True, False]
            own = [each for each in told if each.own and each.resource_type == "incident"]
            assert len(own) > 15
            assert min(each.occurred_at for each in own) >= current.started_at
            made = readable(await reviews.reviews(connection, states=None, below=None, limit=9))
            assert [each.state for each in made] == [ReviewState.DRAFT, ReviewState.PUBLISHED, ReviewState.PUBLISHED]
            published = await reviews.review(connection, UUID(made[1].incident_id), audiences)
            assert published.factors
            assert published.moments
            assert published.figures.detect_seconds == 52 * 60
            items = readable(await reviews.actions(connection, limit=50))
            assert [item.title for item in items if item.overdue] == ["Refuse to sign without a timestamp"]
            figures = await reads.response_figures(connection, 12)
            assert len({month.month for month in figures.months}) >= 3
