"""How the steps of a request stand beside and above each other."""

from __future__ import annotations

from typing import Any

from app.privacy.stages import RELEASE, StepState, stages
from models.privacy.graph import RequestNode
from models.privacy.requests import PrivacyRequest
from tests.views.privacy.fixtures import UNVERIFIED, node, nodes, request


def drawn(found: list[dict[str, Any]], **more: Any) -> Any:
    return stages(PrivacyRequest.model_validate(request(**more)), [RequestNode.model_validate(each) for each in found])


def test_an_erasure_goes_from_proof_of_identity_to_the_key() -> None:
    found = drawn(nodes())
    titles = [[step.title for step in stage.steps] for stage in found]
    assert titles == [
        ["Identity"],
        ["Approval"],
        ["Written down outside"],
        ["Consent", "Orders and refunds", "Risk decisions", "The shop itself", "Notes and other free text"],
        ["Search for what is left", "Certificate", "Destroy the key"],
    ]
    states = {step.title: step.state for stage in found for step in stage.steps}
    assert states["Identity"] is states["Approval"] is states["Consent"] is StepState.DONE
    assert states["Risk decisions"] is StepState.RUNNING
    assert states["The shop itself"] is StepState.FAILED
    assert states["Notes and other free text"] is StepState.PERSON
    assert states["Destroy the key"] is StepState.LOCKED


def test_each_box_is_joined_with_what_comes_before_it() -> None:
    found = drawn(nodes())
    keys = {step.key for stage in found for step in stage.steps}
    joined = {step.title: step.needs for stage in found for step in stage.steps}
    assert all(set(needs) <= keys for needs in joined.values())
    assert joined["Written down outside"] == ("approval",)
    assert len(joined["Search for what is left"]) == 5


def test_nothing_is_done_before_it_is_known_who_asks() -> None:
    for kind, titles in (
        ("access", ["Intake", "Each system", "Hand out"]),
        ("deletion", ["Intake", "Second person", "Each system", "Proof"]),
    ):
        found = drawn([], type=kind, status="identity", **UNVERIFIED)
        assert [stage.title for stage in found] == titles
        first, *others = [step.state for stage in found for step in stage.steps]
        assert first is StepState.PERSON
        assert set(others) == {StepState.LOCKED}
    assert len(drawn([], type="access", status="refused")) == 1, "nothing comes after what is closed"


def test_what_is_handed_out_is_looked_through_first() -> None:
    found = [node(1, "orders", "Orders"), node(2, "risk", "Risk")]
    for status, state in (("running", StepState.LOCKED), ("review", StepState.PERSON), ("done", StepState.DONE)):
        last = drawn(found, type="access", status=status)[-1].steps[0]
        assert (last.key, last.state) == (RELEASE, state)


def test_a_step_that_failed_and_is_tried_again_is_no_step_that_waits() -> None:
    again = node(1, "orders", "Orders", "waiting", attempts=2, problem="the database was away")
    (_, each, _) = drawn([again], type="access")
    assert each.steps[0].state is StepState.FAILED
    assert each.steps[0].words == "the database was away"
