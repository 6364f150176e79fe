"""What the console asks about events, what it keeps, and what an operator does about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.analytics import changes
from app.analytics.domain import Events
from app.core.mutation_types import InConflict, Refused, version_of
from models.analytics import EventContent, SchemaState
from models.analytics.events import ViolationChange, ViolationGroup, ViolationState
from tests.views.analytics.fixtures import ORDER, VIEWED, events_office, stale
from tests.views.office import until


def test_only_whose_a_mistake_is_may_be_decided_without_the_server() -> None:
    assert {spec.name for spec in changes.specs() if not spec.irreversible} == {"violation.change"}


def test_a_revision_is_what_a_change_of_a_draft_is_based_on() -> None:
    assert version_of('{"version": 2, "revision": 7}') == 7
    assert version_of('{"version": 2}') == 2


def test_a_mistake_is_assigned_at_once_and_given_back_by_undo(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with events_office(tmp_path) as (made, shop):
            query, mutations = made.console.of(Events).violations(), made.console.mutations
            await query.refresh()
            assert query.sample is not None
            second: ViolationGroup = query.sample.value[1]
            seen: list[str | None] = []
            query.changed.connect(lambda: query.sample and seen.append(query.sample.value[1].assigned_to))
            request = ViolationChange(assigned_to="operations-lead")
            await changes.change_violation(mutations, second, request, "Assigned to me")
            assert "operations-lead" in seen
            assert shop.violations[1]["assignedTo"] == "operations-lead"
            [done] = [each for each in await mutations.mine() if each.title.startswith("Assigned")]
            await mutations.undo(done)
            assert shop.violations[1]["assignedTo"] is None
            assert shop.asked[-1] == ("PATCH", "/violations/v2", {"assignedTo": None})

    aio(run())


def test_one_that_was_muted_is_muted_again_by_undo(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with events_office(tmp_path) as (made, shop):
            query, mutations = made.console.of(Events).violations(), made.console.mutations
            await query.refresh()
            assert query.sample is not None
            muted = next(each for each in query.sample.value if each.state is ViolationState.MUTED)
            until_then = shop.violations[4]["mutedUntil"]
            await changes.change_violation(mutations, muted, ViolationChange(state=ViolationState.FIXED), "Fixed")
            assert (shop.violations[4]["state"], shop.violations[4]["mutedUntil"]) == ("fixed", None)
            [done] = [each for each in await mutations.mine() if each.title.startswith("Fixed")]
            await mutations.undo(done)
            method, _, body = shop.asked[-1]
            assert (method, body["state"]) == ("PATCH", "muted")
            assert body["mutedUntil"][:19] == until_then[:19]

    aio(run())


def test_what_somebody_else_did_first_waits_for_a_choice(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with events_office(tmp_path) as (made, shop):
            query = made.console.of(Events).violations()
            await query.refresh()
            assert query.sample is not None
            shop.refusal = stale()
            request = ViolationChange(state=ViolationState.FIXED)
            with pytest.raises(InConflict):
                await changes.change_violation(made.console.mutations, query.sample.value[0], request, "Fixed")
            assert made.console.mutations.conflicts

    aio(run())


def test_what_events_are_judged_by_needs_the_link_and_what_was_heard_stays(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with events_office(tmp_path) as (made, _):
            events = made.console.of(Events)
            for query in (events.planned(), events.versions(ORDER), events.held(), events.tail(None, violations=False)):
                await query.refresh()
            [draft, order] = events.versions(ORDER).sample.value  # type: ignore[union-attr]
            made.server.answer = lambda _asked: None
            await events.planned().refresh()
            await until(lambda: made.console.link.state == "down")
            with pytest.raises(Refused, match="needs the link"):
                await changes.change_state(made.console.mutations, draft, SchemaState.OBSERVED, "Go")
            assert (draft.state, order.state) == ("draft", "enforced")
            assert events.planned().sample is not None

    aio(run())


def test_what_is_published_and_breaks_something_waits_for_somebody(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with events_office(tmp_path) as (made, shop):
            versions = made.console.of(Events).versions(ORDER)
            await versions.refresh()
            assert versions.sample is not None
            draft, mutations = versions.sample.value[0], made.console.mutations
            shop.approval = True
            outcome = await changes.change_state(mutations, draft, SchemaState.OBSERVED, "Totals as text")
            assert not changes.is_done(outcome.answer)
            shop.approval = False
            assert changes.is_done((await changes.change_state(mutations, draft, SchemaState.OBSERVED, "Go")).answer)
            assert shop.asked[-1][1] == f"/schema/{ORDER}/2/state"

    aio(run())


def test_a_draft_is_changed_by_its_revision(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with events_office(tmp_path) as (made, _shop):
            versions = made.console.of(Events).versions(ORDER)
            await versions.refresh()
            assert versions.sample is not None
            draft = versions.sample.value[0]
            content = EventContent(description="Paid", owners=("rui",))
            await changes.change_draft(made.console.mutations, draft, content)
            asked = [each for each in made.server.asked if each.method == "PUT"]
            assert asked[-1].headers["if-match"] == f'"{draft.revision}"'

    aio(run())


def test_a_cause_is_tried_replayed_and_given_up(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with events_office(tmp_path) as (made, shop):
            events, mutations = made.console.of(Events), made.console.mutations
            await events.held().refresh()
            assert events.held().sample is not None
            first, second = events.held().sample.value  # type: ignore[union-attr]
            trial = await events.trial(changes.cause_of(first))
            assert (trial.looked_at, trial.passing) == (318, 318)
            assert not shop.asked, "a trial is no change"
            await changes.replay(mutations, first, "The mapping is fixed")
            await changes.discard(mutations, second, "Nobody needs them")
            assert shop.held == []
            assert [path for _, path, _ in shop.asked] == ["/quarantine/replay", "/quarantine/discard"]

    aio(run())


def test_the_tail_asks_for_what_is_shown_only(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with events_office(tmp_path) as (made, _):
            events = made.console.of(Events)
            only = events.tail(VIEWED, violations=True)
            await only.refresh()
            assert only.sample is not None
            assert {each.event_name for each in only.sample.value.items} == {VIEWED}
            assert events.tail(VIEWED, violations=True) is only

    aio(run())
