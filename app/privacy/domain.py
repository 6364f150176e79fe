"""What an operator sees of privacy: requests on the clock of the law, their steps, consent, policies, retention.

A request is a reference, a kind and a law; who it is from is asked for with a purpose, shown, and kept nowhere.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.core.capability import Engine
    from app.core.query import Query, Sample
    from models.access import Approval
    from models.core.paging import Page
    from models.privacy import PersonLookup
    from models.privacy.consent import ConsentReceipt, ConsentTrends, OutstandingPerson, PersonConsent, Policy
    from models.privacy.graph import ErasureCertificate, GraphSwitch, NodeHistory, RequestGraph
    from models.privacy.packages import PackagePreview, PackageRelease
    from models.privacy.requests import (
        AccessRequest,
        JurisdictionRules,
        PrivacyRequest,
        RequestDetail,
        RequestFigures,
        RequestPerson,
    )
    from models.privacy.retention import ProcessingRegister

VIEW, MANAGE, SUBMIT, LOOK = (
    Permission.VIEW_PRIVACY_REQUESTS,
    Permission.MANAGE_PRIVACY_REQUESTS,
    Permission.SUBMIT_PRIVACY_REQUESTS,
    Permission.VIEW_PERSONAL_DATA,
)
REQUESTS = frozenset({Topic.PRIVACY_REQUESTS})
APPROVALS = frozenset({Topic.APPROVALS, Topic.PRIVACY_REQUESTS})
CONSENT = frozenset({Topic.CONSENT})
POLICIES = frozenset({Topic.PRIVACY_POLICIES})
ERASURE = "privacy.erasure"
"""The kind of approval that lets an erasure begin."""
RUNNING_SECONDS = 5.0
"""Steps tell nobody of each batch: a graph is looked at as often as the figures are."""


class RequestView(StrEnum):
    """Which requests are listed."""

    OPEN = "open"
    ACCESS = "access"
    DELETION = "deletion"
    OTHER = "other"
    MINE = "mine"
    CLOSED = "closed"


class Privacy:
    """Queries of one console about privacy."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # --- queries ---------------------------------------------------------------------------------------------------

    def requests(self, view: RequestView) -> Query[tuple[PrivacyRequest, ...]]:
        """Requests, what falls due first on top."""

        async def ask(client: Any) -> Any:
            from app.privacy import requests

            return await requests.requests(client, self._wanted(view))

        return self._engine.listing(f"privacy:requests:{view}", REQUESTS, ask, keep=_requests_type)

    def _wanted(self, view: RequestView) -> dict[str, object]:
        from models.privacy.requests import OPEN_STATES, RequestState, RequestType

        match view:
            case RequestView.OPEN:
                return {}
            case RequestView.OTHER:
                return {"type": [RequestType.RECTIFICATION, RequestType.RESTRICTION]}
            case RequestView.MINE:
                me = self._engine.session.me
                return {"owner": "" if me is None else me.user_id}
            case RequestView.CLOSED:
                return {"open": "false", "status": [state for state in RequestState if state not in OPEN_STATES]}
            case _:
                return {"type": [RequestType(view)]}

    def figures(self) -> Query[RequestFigures]:
        """How many are open, of what kind, and late."""
        from app.privacy import requests

        return self._engine.record("privacy:figures", REQUESTS, requests.figures, keep=_figures_type)

    def request(self, request_id: str) -> Query[RequestDetail]:
        """One request with its pauses and its extension; what is written about it is not kept."""
        return self._record(f"privacy:request:{request_id}", REQUESTS, "request", request_id, keep=_detail_type)

    def graph(self, request_id: str) -> Query[RequestGraph]:
        """Its steps."""

        async def fetch() -> Sample[RequestGraph]:
            from app.privacy import requests

            found = await requests.graph(self._engine.client, request_id)
            return self._engine.sample(found, found.as_of)

        key = f"privacy:graph:{request_id}"
        return self._engine.query(key, fetch, topics=REQUESTS, keep=_graph_type, poll=RUNNING_SECONDS)

    def attempts(self, request_id: str, node_id: str) -> Query[NodeHistory]:
        """The tries of a step, the newest first."""
        return self._record(
            f"privacy:attempts:{node_id}", REQUESTS, "attempts", request_id, node_id, keep=_history_type
        )

    def release(self, request_id: str) -> Query[PackageRelease]:
        """What was handed out, and each download."""
        return self._record(f"privacy:release:{request_id}", REQUESTS, "release", request_id, keep=_release_type)

    def certificate(self, request_id: str) -> Query[ErasureCertificate]:
        """The signed certificate of an erasure."""
        key = f"privacy:certificate:{request_id}"
        return self._record(key, REQUESTS, "certificate", request_id, keep=_certificate_type)

    def switch(self) -> Query[GraphSwitch]:
        """Whether all runs stand still."""
        return self._record("privacy:switch", REQUESTS, "switch", keep=_switch_type)

    def approvals(self) -> Query[tuple[Approval, ...]]:
        """Erasures that wait for somebody else's yes."""

        async def ask(client: Any) -> Any:
            from app.privacy import requests

            page = await requests.approvals(client)
            return page.model_copy(update={"items": tuple(each for each in page.items if each.kind == ERASURE)})

        return self._engine.listing("privacy:approvals", APPROVALS, ask, keep=_approvals_type)

    def trends(self, days: int) -> Query[ConsentTrends]:
        """How many consent, day by day."""
        return self._record(f"privacy:trends:{days}", CONSENT | POLICIES, "trends", days, keep=_trends_type)

    def policies(self) -> Query[tuple[Policy, ...]]:
        """Versions of the privacy policy, the newest first."""
        from app.privacy import requests

        return self._engine.listing("privacy:policies", POLICIES, requests.policies, keep=_policies_type)

    def register(self) -> Query[ProcessingRegister]:
        """What is held of people, what for, how long, and what retention would remove today."""
        return self._record("privacy:register", REQUESTS, "register", keep=_register_type)

    def jurisdictions(self) -> Query[tuple[JurisdictionRules, ...]]:
        """What the law of each jurisdiction says."""
        from app.privacy import requests

        return self._engine.listing("privacy:jurisdictions", REQUESTS, requests.jurisdictions, keep=_rules_type)

    def _record(
        self, key: str, topics: frozenset[Topic], ask: str, *of: object, keep: Callable[[], Any] | None = None
    ) -> Query[Any]:
        async def fetch(client: Any) -> Any:
            from app.privacy import requests

            return await getattr(requests, ask)(client, *of)

        return self._engine.record(key, topics, fetch, keep=keep)

    # --- asked for once, and kept nowhere ----------------------------------------------------------------------

    async def find(self, reference: str) -> PrivacyRequest | None:
        """The request people call ``PR-0012``, whatever has become of it. Raises OperationsError, like all of these."""
        from app.privacy import requests

        page = await requests.requests(self._engine.client, {"open": "false", "reference": reference, "limit": 1})
        return page.items[0] if page.items else None

    async def take_in(self, wanted: AccessRequest) -> PrivacyRequest:
        """Hand a request in for a person; it waits for proof of identity."""
        from app.privacy import requests

        found = await requests.take_in(self._engine.client, wanted)
        self._engine.queries.invalidate(Topic.PRIVACY_REQUESTS)
        return found

    async def person(self, request_id: str, purpose: str) -> RequestPerson:
        """Who a request is from. The look is audited with its purpose, like all that follow."""
        from app.privacy import requests

        return await requests.person(self._engine.client, request_id, purpose)

    async def preview(self, request_id: str, purpose: str) -> PackagePreview:
        """What would be handed out."""
        from app.privacy import requests

        return await requests.preview(self._engine.client, request_id, purpose)

    async def look_up(self, wanted: PersonLookup) -> PersonConsent:
        """All that a person has said about consent."""
        from app.privacy import requests

        return await requests.look_up(self._engine.client, wanted)

    async def receipt(self, consent_id: str, purpose: str) -> ConsentReceipt:
        """One of the things a person said, signed."""
        from app.privacy import requests

        return await requests.receipt(self._engine.client, consent_id, purpose)

    async def outstanding(self, version: int, purpose: str, cursor: str | None = None) -> Page[OutstandingPerson]:
        """People who still have to acknowledge a policy."""
        from app.privacy import requests

        return await requests.outstanding(self._engine.client, version, purpose, cursor)


def _requests_type() -> type[tuple[PrivacyRequest, ...]]:
    from models.privacy.requests import PrivacyRequest

    return tuple[PrivacyRequest, ...]


def _figures_type() -> type[RequestFigures]:
    from models.privacy.requests import RequestFigures

    return RequestFigures


def _detail_type() -> type[RequestDetail]:
    from models.privacy.requests import RequestDetail

    return RequestDetail


def _graph_type() -> type[RequestGraph]:
    from models.privacy.graph import RequestGraph

    return RequestGraph


def _history_type() -> type[NodeHistory]:
    from models.privacy.graph import NodeHistory

    return NodeHistory


def _release_type() -> type[PackageRelease]:
    from models.privacy.packages import PackageRelease

    return PackageRelease


def _certificate_type() -> type[ErasureCertificate]:
    from models.privacy.graph import ErasureCertificate

    return ErasureCertificate


def _switch_type() -> type[GraphSwitch]:
    from models.privacy.graph import GraphSwitch

    return GraphSwitch


def _approvals_type() -> type[tuple[Approval, ...]]:
    from models.access import Approval

    return tuple[Approval, ...]


def _trends_type() -> type[ConsentTrends]:
    from models.privacy.consent import ConsentTrends

    return ConsentTrends


def _policies_type() -> type[tuple[Policy, ...]]:
    from models.privacy.consent import Policy

    return tuple[Policy, ...]


def _register_type() -> type[ProcessingRegister]:
    from models.privacy.retention import ProcessingRegister

    return ProcessingRegister


def _rules_type() -> type[tuple[JurisdictionRules, ...]]:
    from models.privacy.requests import JurisdictionRules

    return tuple[JurisdictionRules, ...]
