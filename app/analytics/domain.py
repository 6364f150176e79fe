"""What an operator sees of events and does about them: the plan, what does not fit, what is held.

Whose a mistake is may be decided on an old picture, and is kept for later; the server compares versions. Everything
that changes how events are judged, or what becomes of them, needs the link.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.core.capability import Engine
    from app.core.query import Query, Sample
    from models.analytics import EventSchemaDefinition, PlannedEvent, TrackingPlan
    from models.analytics.changes import Comparison, Radius
    from models.analytics.events import QuarantineGroup, QuarantineRequest, Tail, Trial, ViolationGroup

VIEW, MANAGE = Permission.VIEW_SCHEMA, Permission.MANAGE_SCHEMA
PLAN, EVENTS = frozenset({Topic.TRACKING_PLAN}), frozenset({Topic.EVENTS})
TAIL_SECONDS = 2.0
"""The live tail is asked for as often, while somebody looks."""
COUNTS_SECONDS = 10.0
"""Counts change with every event that comes in: batches are told, and not more often than this asked for."""


class Events:
    """Queries of one console about events."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def planned(self) -> Query[tuple[PlannedEvent, ...]]:
        """Every event of the plan, with what came of it in a week."""

        async def fetch() -> Sample[tuple[PlannedEvent, ...]]:
            from app.analytics import requests

            page = await requests.events(self._engine.client)
            return self._engine.sample(page.items, page.as_of)

        return self._engine.query(
            "analytics:planned",
            fetch,
            topics=PLAN | EVENTS,
            keep=_planned_type,
            poll=COUNTS_SECONDS,
            least=COUNTS_SECONDS,
        )

    def plan(self) -> Query[TrackingPlan]:
        """Every version that is judged by, with all that it says."""
        from app.analytics import requests

        return self._engine.record("analytics:plan", PLAN, requests.plan, keep=_plan_type)

    def versions(self, event_name: str) -> Query[tuple[EventSchemaDefinition, ...]]:
        """The newest versions of an event, the draft first."""
        from app.analytics import requests

        key = f"analytics:versions:{event_name}"
        return self._engine.listing(
            key, PLAN, lambda client: requests.versions(client, event_name), keep=_versions_type
        )

    def comparison(self, event_name: str, old: int, new: int) -> Query[Comparison]:
        """Two versions beside each other, with an event that tells them apart where there is one."""
        from app.analytics import requests

        key = f"analytics:compare:{old}:{new}:{event_name}"
        return self._engine.record(
            key, PLAN, lambda client: requests.comparison(client, event_name, old, new), keep=_comparison_type
        )

    def radii(self, event_name: str) -> Query[tuple[Radius, ...]]:
        """The newest looks at past events of a name."""
        from app.analytics import requests

        key = f"analytics:radii:{event_name}"
        return self._engine.listing(key, PLAN, lambda client: requests.radii(client, event_name), keep=_radii_type)

    def violations(self) -> Query[tuple[ViolationGroup, ...]]:
        """What does not fit, by mistake, in whichever state."""

        async def fetch() -> Sample[tuple[ViolationGroup, ...]]:
            from app.analytics import requests

            page = await requests.violations(self._engine.client)
            return self._engine.sample(tuple(page.items), page.as_of)

        return self._engine.query(
            "analytics:violations",
            fetch,
            topics=EVENTS,
            keep=_violations_type,
            poll=COUNTS_SECONDS,
            least=COUNTS_SECONDS / 5,
        )

    def tail(self, event_name: str | None, *, violations: bool) -> Query[Tail]:
        """The newest events, of one name or all, or only those that do not fit."""

        async def fetch() -> Sample[Tail]:
            from app.analytics import requests

            found = await requests.tail(self._engine.client, event_name, violations=violations)
            return self._engine.sample(found, found.as_of)

        key = f"analytics:tail:{'violations' if violations else 'all'}:{event_name or ''}"
        query = self._engine.query(key, fetch, topics=EVENTS, keep=_tail_type, poll=TAIL_SECONDS, least=TAIL_SECONDS)
        query.pace = TAIL_SECONDS  # also while changes are told: whoever looks wants to see them come in
        return query

    def held(self) -> Query[tuple[QuarantineGroup, ...]]:
        """What is held, by cause."""
        from app.analytics import requests

        return self._engine.listing("analytics:held", EVENTS | PLAN, requests.held, keep=_held_type)

    # --- asked for once ------------------------------------------------------------------------------------------

    async def trial(self, request: QuarantineRequest) -> Trial:
        """What a replay would do. Raises OperationsError."""
        from app.analytics import requests

        return await requests.trial(self._engine.client, request)

    async def plan_file(self, form: str, media: str) -> bytes:
        """The plan as a file. Raises OperationsError."""
        from app.analytics import requests

        return await requests.plan_file(self._engine.client, form, media)


def _planned_type() -> type[tuple[PlannedEvent, ...]]:
    from models.analytics import PlannedEvent

    return tuple[PlannedEvent, ...]


def _plan_type() -> type[TrackingPlan]:
    from models.analytics import TrackingPlan

    return TrackingPlan


def _versions_type() -> type[tuple[EventSchemaDefinition, ...]]:
    from models.analytics import EventSchemaDefinition

    return tuple[EventSchemaDefinition, ...]


def _comparison_type() -> type[Comparison]:
    from models.analytics.changes import Comparison

    return Comparison


def _radii_type() -> type[tuple[Radius, ...]]:
    from models.analytics.changes import Radius

    return tuple[Radius, ...]


def _violations_type() -> type[tuple[ViolationGroup, ...]]:
    from models.analytics.events import ViolationGroup

    return tuple[ViolationGroup, ...]


def _tail_type() -> type[Tail]:
    from models.analytics.events import Tail

    return Tail


def _held_type() -> type[tuple[QuarantineGroup, ...]]:
    from models.analytics.events import QuarantineGroup

    return tuple[QuarantineGroup, ...]
