"""What an operator sees of incidents: those that are open and what happened in them are readable without the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.core.errors import ProblemAnswer
from app.core.kept_samples import Keep
from app.incidents.timeline import Timeline
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.core.capability import Engine
    from app.core.query import Query, Sample
    from models.alerts import Alert
    from models.incidents import IncidentRecord
    from models.incidents.alerts import AttachedAlert
    from models.incidents.context import Helper, IncidentSeries
    from models.incidents.deliveries import IncidentDeliveries
    from models.incidents.matrix import IncidentRule, SeverityMatrix
    from models.incidents.reviews import ActionItem, IncidentReview, ResponseFigures
    from models.incidents.timeline import TimelineKind, TimelineLanes
    from models.incidents.updates import UpdateDraft, UpdatePhase, UpdatePreview, UpdateSuggestion
    from models.oncall.policies import Policy

VIEW, WORK, KEEP = Permission.VIEW_INCIDENTS, Permission.MANAGE_INCIDENTS, Permission.MANAGE_ONCALL
TOPICS = frozenset({Topic.INCIDENTS})
ATTACHED = TOPICS | {Topic.ALERTS}
TOLD = TOPICS | {Topic.PAGES, Topic.LETTERS}
REVIEWS = frozenset({Topic.INCIDENT_REVIEWS})
SETTINGS = frozenset({Topic.INCIDENT_SETTINGS})
OPEN_SECONDS, TOLD_SECONDS, SERIES_SECONDS = 10.0, 10.0, 20.0
TIMELINES_MOST = 8
NOT_FOUND = "not-found"


class Incidents:
    """Queries of one console about incidents."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._timelines: dict[str, Timeline] = {}

    # --- lists -----------------------------------------------------------------------------------------------------

    def open(self) -> Query[tuple[IncidentRecord, ...]]:
        """Those that are worked on, newest first."""

        async def fetch() -> Sample[tuple[IncidentRecord, ...]]:
            from app.incidents import requests

            page = await requests.incidents(self._engine.client, open="true")
            return self._engine.sample(tuple(page.items), page.as_of)

        return self._engine.query("incidents", fetch, topics=ATTACHED, keep=_list_type, poll=OPEN_SECONDS)

    def found(self, wanted: tuple[tuple[str, Any], ...]) -> Query[tuple[IncidentRecord, ...]]:
        """The newest that fit; ``wanted`` are filters by their names on the wire."""
        from app.incidents import requests

        key = f"incidents:{wanted}" if wanted else "incidents:all"
        query = {name: list(value) if isinstance(value, tuple) else value for name, value in wanted}
        return self._engine.listing(
            key,
            TOPICS,
            lambda client: requests.incidents(client, **query),
            keep=None if wanted else _list_type,
        )

    # --- one incident ----------------------------------------------------------------------------------------------

    def incident(self, incident_id: str) -> Query[IncidentRecord]:
        """One of them, whatever became of it."""
        from app.incidents import requests

        key = f"incident:{incident_id}"
        return self._engine.record(key, ATTACHED, lambda client: requests.incident(client, incident_id), keep=_one_type)

    def timeline(self, incident_id: str, kinds: Sequence[TimelineKind] = (), *, story: bool = False) -> Timeline:
        """What happened: its story or everything at the time, of some kinds or of all."""
        key = f"{incident_id}:{story}:{'+'.join(sorted(kinds))}"
        known = self._timelines.pop(key, None) or Timeline(self._engine, incident_id, tuple(kinds), story=story)
        self._timelines[key] = known
        while len(self._timelines) > TIMELINES_MOST:
            del self._timelines[next(iter(self._timelines))]
        return known

    def story(self, incident_id: str) -> Timeline:
        """What belongs to it: its own, deploys of its services, changes of the rules that raised its alerts."""
        return self.timeline(incident_id, story=True)

    def lanes(
        self, incident_id: str, since: datetime, until: datetime, stretches: int, *, story: bool
    ) -> Query[TimelineLanes]:
        """The timeline from afar."""
        from app.incidents import requests

        key = f"incident_lanes:{incident_id}:{story}:{since:%Y%m%d%H%M}:{until:%Y%m%d%H%M}:{stretches}"
        return self._engine.record(
            key, TOPICS, lambda client: requests.lanes(client, incident_id, since, until, stretches, story=story)
        )

    def series(self, incident_id: str, since: datetime, until: datetime, stretches: int) -> Query[IncidentSeries]:
        """What the shop counted meanwhile."""

        async def fetch() -> Sample[IncidentSeries]:
            from app.incidents import requests

            found = await requests.series(self._engine.client, incident_id, since, until, stretches)
            return self._engine.sample(found, found.as_of)

        key = f"incident_series:{incident_id}:{since:%Y%m%d%H%M}:{until:%Y%m%d%H%M}:{stretches}"
        return self._engine.query(key, fetch, topics=frozenset(), poll=SERIES_SECONDS)

    def alerts(self, incident_id: str) -> Query[tuple[AttachedAlert, ...]]:
        """Its alerts, the one attached last first."""
        from app.incidents import requests

        key = f"incident_alerts:{incident_id}"
        return self._engine.listing(
            key, ATTACHED, lambda client: requests.alerts(client, incident_id), keep=_alerts_type
        )

    def deliveries(self, incident_id: str) -> Query[IncidentDeliveries]:
        """Who was paged and what was told; receipts come without being told of."""

        async def fetch() -> Sample[IncidentDeliveries]:
            from app.incidents import requests

            found = await requests.deliveries(self._engine.client, incident_id)
            return self._engine.sample(found, found.as_of)

        key = f"incident_deliveries:{incident_id}"
        return self._engine.query(key, fetch, topics=TOLD, keep=_deliveries_type, poll=TOLD_SECONDS)

    def review(self, incident_id: str) -> Query[IncidentReview | None]:
        """Its review; ``None`` while nobody has begun one."""

        async def fetch() -> Sample[IncidentReview | None]:
            from app.incidents import requests

            found: IncidentReview | None
            try:
                found = await requests.review(self._engine.client, incident_id)
            except ProblemAnswer as refused:
                if refused.code != NOT_FOUND:
                    raise
                found = None
            return self._engine.sample(found, self._engine.clock.now())

        keep = Keep(_reviews_type, _pack_review, _unpack_review)
        return self._engine.query(f"incident_review:{incident_id}", fetch, topics=REVIEWS | TOPICS, keep=keep)

    def actions(self, incident_id: str) -> Query[tuple[ActionItem, ...]]:
        """What is to be done so that it does not come back."""
        from app.incidents import requests

        key = f"incident_actions:{incident_id}"
        return self._engine.listing(
            key, REVIEWS | TOPICS, lambda client: requests.actions(client, incident_id), keep=_actions_type
        )

    # --- settings and figures --------------------------------------------------------------------------------------

    def figures(self) -> Query[ResponseFigures]:
        """MTTD, MTTA and MTTR by month and severity."""
        from app.incidents import requests

        return self._engine.record("incident_figures", TOPICS, requests.figures, keep=_figures_type)

    def matrix(self) -> Query[SeverityMatrix]:
        """What a severity means and sets off."""
        from app.incidents import requests

        return self._engine.record("incident_matrix", SETTINGS, requests.matrix, keep=_matrix_type)

    def rules(self) -> Query[tuple[IncidentRule, ...]]:
        """What opens incidents by itself."""
        from app.incidents import requests

        return self._engine.listing("incident_rules", SETTINGS, requests.rules, keep=_rules_type)

    def policies(self) -> Query[tuple[Policy, ...]]:
        """Whom one can page, and a severity can."""
        from app.incidents import requests

        topics = frozenset({Topic.ONCALL})
        return self._engine.listing("incident_policies", topics, requests.policies, keep=_policies_type)

    # --- asked for once --------------------------------------------------------------------------------------------

    async def of_alert(self, alert: Alert) -> IncidentRecord | None:
        """The newest incident an alert belongs to. Raises OperationsError, like all of these."""
        from app.incidents import requests

        found = (await requests.incidents(self._engine.client, alertId=alert.id, limit=1)).items
        return found[0] if found else None

    async def helpers(self) -> tuple[Helper, ...]:
        """Everybody who can be given a role."""
        from app.incidents import requests

        return (await requests.helpers(self._engine.client)).people

    async def suggestion(self, incident_id: str, phase: UpdatePhase) -> UpdateSuggestion:
        """An update to begin with."""
        from app.incidents import requests

        return await requests.suggestion(self._engine.client, incident_id, phase)

    async def preview(self, incident_id: str, draft: UpdateDraft) -> UpdatePreview:
        """What each channel would be sent."""
        from app.incidents import requests

        return await requests.preview(self._engine.client, incident_id, draft)

    async def export(
        self, incident_id: str, suffix: str, media: str, kinds: tuple[TimelineKind, ...], *, story: bool
    ) -> bytes:
        """The timeline as a file, as far as it is shown."""
        from app.incidents import requests

        return await requests.export(self._engine.client, incident_id, suffix, media, kinds, story=story)


def _list_type() -> type[tuple[IncidentRecord, ...]]:
    from models.incidents import IncidentRecord

    return tuple[IncidentRecord, ...]


def _one_type() -> type[IncidentRecord]:
    from models.incidents import IncidentRecord

    return IncidentRecord


def _alerts_type() -> type[tuple[AttachedAlert, ...]]:
    from models.incidents.alerts import AttachedAlert

    return tuple[AttachedAlert, ...]


def _deliveries_type() -> type[IncidentDeliveries]:
    from models.incidents.deliveries import IncidentDeliveries

    return IncidentDeliveries


def _reviews_type() -> type[tuple[IncidentReview, ...]]:
    from models.incidents.reviews import IncidentReview

    return tuple[IncidentReview, ...]


def _pack_review(found: IncidentReview | None) -> tuple[IncidentReview, ...]:
    """That nobody has begun it is kept too."""
    return () if found is None else (found,)


def _unpack_review(kept: tuple[IncidentReview, ...]) -> IncidentReview | None:
    return next(iter(kept), None)


def _actions_type() -> type[tuple[ActionItem, ...]]:
    from models.incidents.reviews import ActionItem

    return tuple[ActionItem, ...]


def _figures_type() -> type[ResponseFigures]:
    from models.incidents.reviews import ResponseFigures

    return ResponseFigures


def _matrix_type() -> type[SeverityMatrix]:
    from models.incidents.matrix import SeverityMatrix

    return SeverityMatrix


def _rules_type() -> type[tuple[IncidentRule, ...]]:
    from models.incidents.matrix import IncidentRule

    return tuple[IncidentRule, ...]


def _policies_type() -> type[tuple[Policy, ...]]:
    from models.oncall.policies import Policy

    return tuple[Policy, ...]
