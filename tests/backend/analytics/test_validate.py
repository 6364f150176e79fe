"""Judging events: what is wrong with them, in which words, by which version, and nothing that they say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.analytics.plan.checking import check_content, nearest, same_name
from backend.analytics.schemas import Finding, Validator
from backend.analytics.validation.compiled import CompiledPlan
from backend.analytics.validation.judge import judge, kept_name, without
from models.analytics import EventContent, EventMode, EventSchemaDefinition
from tests.backend.analytics.fixtures import BASE, GOOD, ORDER, STOREFRONT, Planner

NOW = datetime(2026, 11, 24, 14, 2, 37, tzinfo=UTC)
CANARY = "canary@example.com"


def definition(
    state: str = "enforced", version: int = 1, until: datetime | None = None, **more: Any
) -> EventSchemaDefinition:
    return EventSchemaDefinition.model_validate(
        ORDER
        | {
            "version": version,
            "state": state,
            "deprecatedUntil": until,
            "revision": 1,
            "createdBy": "a",
            "createdAt": NOW,
            "publishedBy": "a",
            "publishedAt": NOW,
        }
        | more
    )


def plan_of(*definitions: EventSchemaDefinition, mode: str = "reject") -> CompiledPlan:
    modes = {("Order Completed", "Test"): EventMode(mode), ("*", "Test"): EventMode.QUARANTINE}
    return CompiledPlan.of(1, 1, definitions, modes)


def judged(plan: CompiledPlan, properties: Any, declared: int | None = None, name: str = "Order Completed") -> Any:
    return judge(plan, "Test", NOW, event_name=name, properties=properties, declared=declared)


@pytest.mark.parametrize(
    ("properties", "found"),
    [
        (GOOD, []),
        ({"order_id": "x"}, [("required_missing", "/properties/total", "is required, and is missing")]),
        (GOOD | {"total": "319.50"}, [("type", "/properties/total", "must be a number")]),
        (GOOD | {"total": -1}, [("limit", "/properties/total", "must be 0 or more")]),
        (GOOD | {"currency": "eur"}, [("limit", "/properties/currency", 'must be one of "EUR", "GBP", "USD"')]),
        (GOOD | {"order_id": "x" * 41}, [("limit", "/properties/order_id", "must have at most 40 characters")]),
        (GOOD | {CANARY: 1}, [("additional_property", "/properties/*", "is not in the plan")]),
        (GOOD | {"items": [{"price": "x"}] * 2}, [("type", "/properties/items/*/price", "must be a number")]),
        ([], [("type", "/properties", "must be an object")]),
        (GOOD | {"total": 2**70}, []),
        (GOOD | {"total": 10**400}, []),
    ],
)  # fmt: skip
def test_a_violation_says_what_and_where(properties: Any, found: list[tuple[str, str, str]]) -> None:
    violations = judged(plan_of(definition()), properties).violations
    assert [(each.violation_class, each.pointer, each.rule) for each in violations] == found
    assert all(each.version == 1 for each in violations)
    assert CANARY not in str(violations)


def test_what_is_misspelt_has_a_name_that_is_near() -> None:
    plan = plan_of(definition())
    [unplanned] = judged(plan, GOOD, name="order_completed").violations
    assert (unplanned.violation_class, unplanned.nearest) == ("unplanned_event", "Order Completed")
    [extra] = judged(plan, GOOD | {"currenci": "EUR"}).violations
    assert extra.nearest == "currency"
    for name in ("ORDER COMPLETED", "Order\u00a0Completed", "Order Completed".replace("C", "\uff23")):
        assert judged(plan, GOOD, name=name).violations[0].nearest == "Order Completed"
    assert judged(plan, GOOD, name="Quite another thing").violations[0].nearest is None
    assert same_name("Stra\u00dfe") == same_name("STRASSE")
    assert nearest("orderCompleted", ["Order Completed", "Order Refunded"]) == "Order Completed"


def test_which_version_holds() -> None:
    tomorrow, yesterday = NOW + timedelta(days=1), NOW - timedelta(days=1)
    wider: dict[str, Any] = {"properties": [{"name": "order_id"}], "additionalProperties": True}
    plan = plan_of(definition("deprecated", 1, tomorrow, **wider), definition("enforced", 2), definition("observed", 3))
    assert [judged(plan, {}, each).version for each in (None, 1, 2, 3)] == [2, 1, 2, 3]
    assert judged(plan, {}).observed, "what would be wrong by the observed version is counted too"
    assert not judged(plan, {}, 1).violations
    assert judged(plan, {}, 3).mode is EventMode.OBSERVE, "a version always begins in observe"
    assert judged(plan, {}, 2).mode is EventMode.REJECT
    over = plan_of(definition("deprecated", 1, yesterday, **wider), definition("retired", 2))
    for declared, words in (
        (None, "every version"),
        (1, "version 1 is retired"),
        (2, "version 2"),
        (9, "no version 9"),
    ):
        [violation] = judged(over, {}, declared).violations
        assert violation.violation_class == "retired_version"
        assert words in violation.rule


def test_a_choice_ends_in_time() -> None:
    soon = NOW + timedelta(seconds=1)
    plan = plan_of(definition("deprecated", 1, soon))
    event = plan.events["Order Completed"]
    assert event.choice(NOW)[0] is not None
    assert event.choice(soon)[0] is None


def test_what_the_library_says_in_its_own_way() -> None:
    nothing, event = Validator({"items": {"type": "object", "additionalProperties": False}}), [{"a": 1, "b": 2}]
    [none] = nothing.findings(event)
    assert none == Finding("additionalProperties", (0,)), "the library does not say which"
    assert without(event, [none])
    assert event == [{}]
    [finding] = Validator({"properties": {"a": False}}).findings({"a": 1})
    assert finding == Finding("additionalProperties", (), names=("a",))
    [choice] = Validator({"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}).findings({"a": 1})
    assert (choice.keyword, choice.limit) == ("type", ("null", "string"))


def test_what_does_not_fit_is_left_out() -> None:
    validator = check_content(EventContent.model_validate({k: v for k, v in ORDER.items() if k != "eventName"}))
    event = GOOD | {"x": 1, "currency": "eur", "items": [{"price": "a"}, {"price": 2}, 3, {"sku": "s"}, 4]}
    assert without(event, validator.findings(event))
    assert event == {"order_id": "CS-1", "total": 319.5, "items": [{}, {"price": 2}, {"sku": "s"}]}
    missing: dict[str, Any] = {"total": "x"}
    assert not without(missing, validator.findings(missing))
    assert missing == {}


def test_names_that_may_be_data_are_kept_nowhere() -> None:
    plan = plan_of(definition())
    for name in (CANARY, "4111 1111 1111 1111", "call 0301234567", "x" * 121, "a\nb", "{}"):
        assert kept_name(name, plan) == "*"
    assert [kept_name(name, plan) for name in ("Order Completed", "order_completed", "Größe geändert")] == [
        "Order Completed",
        "order_completed",
        "Größe geändert",
    ]


def test_one_or_many_over_http(planner: Planner) -> None:
    planner.planned(mode="quarantine")
    planner.follows()
    assert planner.validate("Order Completed", GOOD) == {
        "valid": True,
        "eventName": "Order Completed",
        "version": 1,
        "mode": "quarantine",
        "violations": [],
    }
    events = [{"eventName": "Order Completed", "payload": GOOD}] * 999 + [
        {"eventName": "order_completed", "payload": {}}
    ]
    found = planner.done("POST", f"{BASE}/events/validate", {"events": events}, by=STOREFRONT)
    assert (found["valid"], len(found["results"]), found["planVersion"]) == (999, 1_000, 2)
    assert found["results"][-1]["violations"][0]["nearest"] == "Order Completed"
    assert planner.kept() == (0, 0, 0), "nothing is kept of it"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b'{"total": NaN}', "no numbers of JSON"),
        (b'{"total": 1e400}', "not finite"),
        (b'{"total": 1, "total": 2}', "stands twice"),
        (b'{"order_id": "\\ud800"}', "surrogate"),
        (b'{"a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", "64 deep"),
        (b"3", "an event is an object"),
        (b'{"order_id": "\\u0000", "total": 18446744073709551617}', ""),
    ],
)
def test_odd_payloads_are_answered_in_words(planner: Planner, payload: bytes, words: str) -> None:
    planner.planned()
    planner.follows()
    body = b'{"eventName":"Order Completed","payload":' + payload + b"}"
    answer = planner.send("POST", f"{BASE}/events/validate", body, by=STOREFRONT)
    if answer.status_code == 422:
        planner.refused(answer, 422, words)
    else:
        found = answer.json()
        assert found["valid"] is not bool(words), found
        assert words in str(found)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"", "/"),
        (b"[]", "/"),
        (b"{}", "/eventName"),
        (b'{"eventName":"a","payload":{},"events":[]}', "/events"),
        (b'{"eventName":"a","payload":{},"colour":1}', "/colour"),
        (b'{"eventName":"a","payload":{},"version":0}', "/version"),
        (b'{"events":[{"eventName":"a"}]}', "/events/0"),
    ],
)
def test_odd_requests_are_refused(planner: Planner, body: bytes, pointer: str) -> None:
    planner.refused(planner.send("POST", f"{BASE}/events/validate", body, by=STOREFRONT), 422, "", pointer)


def test_too_many_and_too_large(planner: Planner) -> None:
    events = [{"eventName": "a", "payload": {}}] * 1_001
    planner.refused(planner.send("POST", f"{BASE}/events/validate", {"events": events}, by=STOREFRONT), 422)
    large = {"eventName": "a", "payload": {"a": "x" * 10_000_000}}
    planner.refused(planner.send("POST", f"{BASE}/events/validate", large, by=STOREFRONT), 413)
