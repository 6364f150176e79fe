"""What may be shown of a verdict: a GO is a lease."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.launch.watch import gone_on, is_watched, shown_verdict
from models.launch.poll import Choice, LaunchStatus
from tests.app.answers import AS_OF
from tests.views.launch.fixtures import all_go, closed_poll, evidence, poll, status

GO = LaunchStatus.model_validate(all_go())


def test_a_go_ends_with_its_lease_and_says_since_when_nothing_was_heard() -> None:
    assert shown_verdict(GO, AS_OF + timedelta(seconds=1.6)) == GO.verdict
    shown = shown_verdict(GO, AS_OF + timedelta(seconds=1.7))
    assert (shown.word, shown.causes[0].title) == ("HOLD", "Not watched")
    assert shown.causes[0].detail == "Nothing was heard from the server since 14:02:37 UTC."
    assert [(each.name, each.verdict) for each in shown.inputs if each.verdict != "GO"] == [("evidence", "HOLD")]


def test_after_a_sleep_nobody_knows_and_it_is_hold() -> None:
    shown = shown_verdict(GO, None)
    assert shown.word == "HOLD"
    assert "slept" in shown.causes[0].detail


def test_not_watched_makes_nothing_better_than_it_is() -> None:
    against = LaunchStatus.model_validate(status())
    worse = against.model_copy(update={"verdict": against.verdict.model_copy(update={"word": Choice.NO_GO})})
    assert shown_verdict(worse, None).word == "NO-GO"


@pytest.mark.parametrize("current", [None, closed_poll()])
def test_without_an_open_poll_there_is_no_lease(current: dict[str, object] | None) -> None:
    quiet = LaunchStatus.model_validate(all_go(poll=current, validUntil=None))
    assert is_watched(quiet, None)
    assert shown_verdict(quiet, AS_OF + timedelta(hours=1)) == quiet.verdict


def test_an_open_poll_without_an_end_of_its_lease_is_not_watched() -> None:
    assert not is_watched(LaunchStatus.model_validate(all_go(validUntil=None, poll=poll())), AS_OF)


def test_what_is_as_it_was_has_gone_on_with_the_clock() -> None:
    figures = evidence()[:2]
    figures[0]["live"] = True
    before = LaunchStatus.model_validate(all_go(evidence=figures))
    later = AS_OF + timedelta(seconds=30)
    headers = {"opsconsole-as-of": later.isoformat(), "opsconsole-valid-until": (later + timedelta(1)).isoformat()}
    after = gone_on(before, headers)
    assert (after.as_of, after.valid_until) == (later, later + timedelta(1))
    live, other = after.evidence
    assert live.data_through == later - timedelta(seconds=4)
    assert other == before.evidence[1]
    assert gone_on(before, {"opsconsole-as-of": later.isoformat()}).valid_until is None
