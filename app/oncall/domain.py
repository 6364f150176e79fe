"""What an operator sees of on-call and does about it: queries, and mutations that need the link.

Who is on call can be read without the server. It is not changed without it: a swap that is taken hours later, or an
acknowledgement that nobody hears of, would be worse than none. The address of a calendar is no mutation at all: what is
on its way is on disk.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.core.mutation_types import MutationRequest, MutationSpec, Outcome
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.core.capability import Engine
    from app.core.http_client import OperationsClient
    from app.core.mutation import Mutations
    from app.core.outbox import PendingMutation
    from app.core.query import Query, Sample
    from models.core.base import Record, Request
    from models.oncall.pages import ManualPageRequest, PageDetail, PageSummary
    from models.oncall.policies import Policy, PolicyChange, PolicyRequest
    from models.oncall.rosters import Feed, FeedRequest, Load, NewFeed, OnCallBoard, RosterBoard
    from models.oncall.schedules import (
        Override,
        OverrideRequest,
        Revision,
        RevisionRequest,
        Schedule,
        ScheduleChange,
        ScheduleRequest,
        Swap,
        SwapRequest,
        SwapState,
    )

BASE = "/api/operations/oncall"
VIEW, RESPOND, MANAGE = Permission.VIEW_INCIDENTS, Permission.MANAGE_INCIDENTS, Permission.MANAGE_ONCALL
ROSTERS = frozenset({Topic.ONCALL})
PAGES = frozenset({Topic.PAGES})
BOTH = ROSTERS | PAGES
PAGE_SECONDS = 5.0
"""A page moves on by the clock: where it stands is looked at as often as the figures are."""
ROSTER_SECONDS = 60.0
MARGIN = timedelta(days=1)
"""A day of any zone lies within the days of UTC around it."""
WEEK = timedelta(days=7)


def specs() -> tuple[MutationSpec, ...]:
    """What an operator does here."""

    def spec(name: str, topics: frozenset[Topic] = ROSTERS, undo: Any = None) -> MutationSpec:
        return MutationSpec(name, topics, irreversible=True, undo=undo)

    return (
        spec("schedule.create"),
        spec("schedule.change"),
        spec("schedule.revise"),
        spec("override.add", undo=_undo_override),
        spec("override.cancel"),
        spec("swap.ask", undo=_undo_swap),
        spec("swap.decide"),
        spec("policy.create"),
        spec("policy.change"),
        spec("person_zone.set"),
        spec("page.start", BOTH),
        spec("page.test", PAGES),
        spec("page.acknowledge", PAGES),
        spec("page.resolve", PAGES),
        spec("feed.revoke"),
    )


def monday_of(now: datetime) -> datetime:
    """The midnight with which the week of an instant begins, UTC."""
    return (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)


class OnCall:
    """Queries of one console about who is on call."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def now(self) -> Query[OnCallBoard]:
        """Who is on in each schedule, until when, and who is next."""
        from app.oncall import requests

        return self._query("oncall.now", requests.now, _board_type, ROSTER_SECONDS)

    def roster(self, first_week: int = 0, weeks: int = 2) -> Query[RosterBoard]:
        """All schedules over weeks from this one on, and a day around them.

        Its key says which weeks from now on, not their dates: without the server, what was kept last week is shown with
        its own dates.
        """
        from app.oncall import requests

        def ask(client: OperationsClient) -> Any:
            start = monday_of(self._engine.clock.now()) + first_week * WEEK
            return requests.roster(client, start - MARGIN, start + weeks * WEEK + MARGIN)

        return self._query(f"oncall.roster:{first_week}:{weeks}", ask, _roster_type, ROSTER_SECONDS)

    def load(self) -> Query[Load]:
        """What each person carries in the two weeks before this one ends and the two that follow."""
        from app.oncall import requests

        def ask(client: OperationsClient) -> Any:
            start = monday_of(self._engine.clock.now()) - 2 * WEEK
            return requests.load(client, start, start + 4 * WEEK)

        return self._query("oncall.load", ask, _load_type, ROSTER_SECONDS, topics=BOTH)

    def schedules(self) -> Query[tuple[Schedule, ...]]:
        """All schedules in use."""
        from app.oncall import requests

        return self._engine.listing("oncall.schedules", ROSTERS, requests.schedules, keep=_schedules_type)

    def revisions(self, schedule_id: str) -> Query[tuple[Revision, ...]]:
        """Definitions of a schedule, the newest first."""
        from app.oncall import requests

        return self._engine.listing(
            f"oncall.revisions:{schedule_id}", ROSTERS, lambda client: requests.revisions(client, schedule_id)
        )

    def swaps(self) -> Query[tuple[Swap, ...]]:
        """Requests that wait, then those that were decided."""
        from app.oncall import requests

        return self._engine.listing("oncall.swaps", ROSTERS, requests.swaps, keep=_swaps_type)

    def policies(self) -> Query[tuple[Policy, ...]]:
        """All escalation policies in use."""
        from app.oncall import requests

        return self._engine.listing("oncall.policies", BOTH, requests.policies, keep=_policies_type)

    def pages(self) -> Query[tuple[PageSummary, ...]]:
        """Pages that are not over, then the last ones that are; without tests."""
        from app.oncall import requests

        async def fetch() -> Sample[tuple[PageSummary, ...]]:
            found = await requests.pages(self._engine.client)
            return self._engine.sample(tuple(found.items), found.as_of)

        return self._engine.query("oncall.pages", fetch, topics=PAGES, keep=_pages_type, poll=PAGE_SECONDS)

    def tests(self) -> Query[tuple[PageSummary, ...]]:
        """The last pages that were tests."""
        from app.oncall import requests

        async def fetch() -> Sample[tuple[PageSummary, ...]]:
            found = await requests.tests(self._engine.client)
            return self._engine.sample(tuple(found.items), found.as_of)

        return self._engine.query("oncall.tests", fetch, topics=PAGES, keep=_pages_type, poll=PAGE_SECONDS)

    def page(self, page_id: str) -> Query[PageDetail]:
        """A page with whom it called, and what became of each message."""
        from app.oncall import requests

        return self._query(
            f"oncall.page:{page_id}",
            lambda client: requests.page(client, page_id),
            _page_type,
            PAGE_SECONDS,
            topics=PAGES,
        )

    def feeds(self) -> Query[tuple[Feed, ...]]:
        """Calendars that were made."""
        from app.oncall import requests

        return self._engine.listing("oncall.feeds", ROSTERS, requests.feeds, keep=_feeds_type)

    async def create_feed(self, request: FeedRequest) -> NewFeed:
        """Make a calendar; its address is in the answer and nowhere else. Raises OperationsError."""
        from app.oncall import requests

        made = await requests.create_feed(self._engine.client, request)
        self._engine.queries.invalidate(Topic.ONCALL)
        return made

    def names(self) -> dict[str, str]:
        """How people are called, of everybody who was heard of."""
        found: dict[str, str] = {}
        for query in (self.roster(), self.now()):
            if query.sample is not None:
                found |= query.sample.value.names
        sample = self.load().sample
        found |= {each.person: each.name for each in sample.value.people} if sample is not None else {}
        return found

    def me(self) -> str:
        """The id of whoever is signed in; empty of nobody."""
        return self._engine.session.me.user_id if self._engine.session.me is not None else ""

    def _query(self, key: str, ask: Any, keep: Any, poll: float, *, topics: frozenset[Topic] = ROSTERS) -> Query[Any]:
        async def fetch() -> Sample[Any]:
            found = await ask(self._engine.client)
            return self._engine.sample(found, getattr(found, "as_of", None) or self._engine.clock.now())

        return self._engine.query(key, fetch, topics=topics, keep=keep, poll=poll)


def _board_type() -> type[OnCallBoard]:
    from models.oncall.rosters import OnCallBoard

    return OnCallBoard


def _roster_type() -> type[RosterBoard]:
    from models.oncall.rosters import RosterBoard

    return RosterBoard


def _load_type() -> type[Load]:
    from models.oncall.rosters import Load

    return Load


def _schedules_type() -> type[tuple[Schedule, ...]]:
    from models.oncall.schedules import Schedule

    return tuple[Schedule, ...]


def _swaps_type() -> type[tuple[Swap, ...]]:
    from models.oncall.schedules import Swap

    return tuple[Swap, ...]


def _policies_type() -> type[tuple[Policy, ...]]:
    from models.oncall.policies import Policy

    return tuple[Policy, ...]


def _pages_type() -> type[tuple[PageSummary, ...]]:
    from models.oncall.pages import PageSummary

    return tuple[PageSummary, ...]


def _page_type() -> type[PageDetail]:
    from models.oncall.pages import PageDetail

    return PageDetail


def _feeds_type() -> type[tuple[Feed, ...]]:
    from models.oncall.rosters import Feed

    return tuple[Feed, ...]


# --- schedules ---------------------------------------------------------------------------------------------------


async def create_schedule(mutations: Mutations, request: ScheduleRequest) -> Outcome:
    """Add a schedule. Raises OperationsError, like all of these."""
    words = f"Added the schedule {request.name}"
    return await mutations.submit(MutationRequest("schedule.create", words, "POST", f"{BASE}/schedules", request))


async def change_schedule(mutations: Mutations, schedule: Schedule, request: ScheduleChange) -> Outcome:
    """Rename a schedule, give it to another team, or archive it."""
    path = f"{BASE}/schedules/{schedule.id}"
    words = f"Archived the schedule {schedule.name}" if request.archived else f"Changed the schedule {schedule.name}"
    return await mutations.submit(_based("schedule.change", words, "PATCH", path, path, schedule, request))


async def revise_schedule(mutations: Mutations, schedule: Schedule, request: RevisionRequest) -> Outcome:
    """Change layers, turns or what must be covered, from now on or later."""
    path = f"{BASE}/schedules/{schedule.id}"
    words = f"Revised the schedule {schedule.name}"
    return await mutations.submit(
        _based("schedule.revise", words, "POST", f"{path}/revisions", path, schedule, request)
    )


async def add_override(mutations: Mutations, schedule_id: str, request: OverrideRequest, words: str) -> Outcome:
    """Put somebody else on for a while; ``words`` say who and when."""
    path = f"{BASE}/schedules/{schedule_id}/overrides"
    return await mutations.submit(MutationRequest("override.add", words, "POST", path, request))


async def cancel_override(mutations: Mutations, override: Override) -> Outcome:
    """End an override from now on; of a swap, both of its halves."""
    path = f"{BASE}/overrides/{override.id}/cancel"
    words = "Cancelled a swap" if override.swap_id is not None else "Cancelled an override"
    return await mutations.submit(
        MutationRequest("override.cancel", words, "POST", path, resource=f"override:{override.id}")
    )


def _undo_override(_mutation: PendingMutation, answer: dict[str, Any]) -> MutationRequest:
    known = answer["override"]["id"]
    return MutationRequest(
        "override.cancel",
        "Cancelled an override",
        "POST",
        f"{BASE}/overrides/{known}/cancel",
        resource=f"override:{known}",
    )


# --- swaps -------------------------------------------------------------------------------------------------------


async def ask_for_swap(mutations: Mutations, request: SwapRequest) -> Outcome:
    """Ask for somebody else to take a shift or a part of it."""
    return await mutations.submit(MutationRequest("swap.ask", "Asked for a swap", "POST", f"{BASE}/swaps", request))


async def decide_swap(mutations: Mutations, swap: Swap, decision: SwapState, comment: str) -> Outcome:
    """Take a swap, decline it or withdraw it."""
    from models.oncall.schedules import SwapDecision

    path = f"{BASE}/swaps/{swap.id}"
    body = SwapDecision.model_validate({"decision": decision, "comment": comment})
    words = f"{str(decision).capitalize()}: the swap {swap.person_name} asked for"
    return await mutations.submit(_based("swap.decide", words, "POST", f"{path}/decision", path, swap, body))


def _undo_swap(_mutation: PendingMutation, answer: dict[str, Any]) -> MutationRequest:
    from models.oncall.schedules import SwapDecision, SwapState

    path = f"{BASE}/swaps/{answer['id']}"
    return MutationRequest(
        "swap.decide",
        "Withdrew the swap request",
        "POST",
        f"{path}/decision",
        SwapDecision(decision=SwapState.WITHDRAWN),
        version=answer["version"],
        resource=f"swap_request:{answer['id']}",
        record=path,
    )


# --- policies, zones, feeds --------------------------------------------------------------------------------------


async def create_policy(mutations: Mutations, request: PolicyRequest) -> Outcome:
    """Add an escalation policy."""
    words = f"Added the escalation policy {request.name}"
    return await mutations.submit(MutationRequest("policy.create", words, "POST", f"{BASE}/policies", request))


async def change_policy(mutations: Mutations, policy: Policy, request: PolicyChange) -> Outcome:
    """Put another version in its place; pages that run stay under theirs."""
    path = f"{BASE}/policies/{policy.id}"
    words = f"{'Archived' if request.archived else 'Changed'} the escalation policy {policy.name}"
    return await mutations.submit(_based("policy.change", words, "PUT", path, path, policy, request))


async def set_zone(mutations: Mutations, person: str, zone: str) -> Outcome:
    """Say where somebody lives: their nights and weekends are counted there."""
    from models.oncall.rosters import PersonZoneRequest

    path = f"{BASE}/people/{person}/zone"
    body = PersonZoneRequest(zone=zone)
    return await mutations.submit(MutationRequest("person_zone.set", f"Set the time zone to {zone}", "PUT", path, body))


async def revoke_feed(mutations: Mutations, feed: Feed) -> Outcome:
    """End a calendar: its address answers nothing from now on."""
    path = f"{BASE}/feeds/{feed.id}/revoke"
    words = f"Ended the calendar “{feed.purpose}”"
    return await mutations.submit(MutationRequest("feed.revoke", words, "POST", path, resource=f"feed:{feed.id}"))


# --- pages -------------------------------------------------------------------------------------------------------


async def start_page(mutations: Mutations, request: ManualPageRequest, policy: str) -> Outcome:
    """Page by a policy, by hand."""
    words = f"Paged {policy}: {request.title}"
    return await mutations.submit(MutationRequest("page.start", words, "POST", f"{BASE}/pages", request))


async def send_tests(mutations: Mutations, people: tuple[str, ...] = ()) -> Outcome:
    """Page people to see that it reaches them; nobody: oneself."""
    from models.oncall.pages import TestPageRequest

    body = TestPageRequest(people=people)
    words = f"Sent a test page to {len(people)} people" if len(people) > 1 else "Sent a test page"
    return await mutations.submit(MutationRequest("page.test", words, "POST", f"{BASE}/pages/test", body))


async def acknowledge_page(mutations: Mutations, page: PageSummary) -> Outcome:
    """Answer a page. It is based on no version: one that has moved on meanwhile is answered all the same."""
    words = f"Acknowledged the page “{page.title}”"
    return await mutations.submit(_about_page(page, "acknowledge", words, None))


async def resolve_page(mutations: Mutations, page: PageSummary, reason: str) -> Outcome:
    """End a page."""
    from models.oncall.pages import ResolvePage

    words = f"Ended the page “{page.title}”"
    return await mutations.submit(_about_page(page, "resolve", words, ResolvePage(reason=reason)))


def _about_page(page: PageSummary, verb: str, words: str, body: Request | None) -> MutationRequest:
    path = f"{BASE}/pages/{page.id}/{verb}"
    return MutationRequest(f"page.{verb}", words, "POST", path, body, resource=f"page:{page.id}", base=page)


def _based(
    kind: str, words: str, method: str, path: str, record: str, base: Record, body: Request | None
) -> MutationRequest:
    known: Any = base
    return MutationRequest(
        kind,
        words,
        method,
        path,
        body,
        version=known.version,
        resource=f"{kind.partition('.')[0]}:{known.id}",
        record=record,
        base=base,
    )
