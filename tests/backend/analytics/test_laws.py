"""Laws: a *yes* has no counterexample, a *no* has an event that shows it, and unknown is rare."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.analytics.compatibility.examples import pattern_samples, values
from backend.analytics.compatibility.sets import can_be_satisfied, closed, included
from backend.analytics.plan.documents import document_of
from backend.analytics.radius.tally import PastEvent, Tally
from backend.analytics.schemas import Containment, Validator
from backend.analytics.validation.compiled import CompiledVersion
from models.analytics import EventSchemaDefinition

Schema = dict[str, Any]
PLAIN = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
TEXT, WHOLE, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}


def obj(required: tuple[str, ...] = (), rest: bool = True, **properties: Any) -> Schema:
    found: Schema = {"type": "object", "properties": properties, "required": list(required)}
    return found if rest else found | {"additionalProperties": False}


YES, NO = Containment.YES, Containment.NO
PAIRS: list[tuple[Any, Any, Containment]] = [
    (NUMBER, WHOLE, NO),
    (WHOLE, NUMBER, YES),
    (TEXT, TEXT | {"maxLength": 5}, NO),
    (TEXT | {"maxLength": 5}, TEXT | {"maxLength": 6}, YES),
    ({"enum": ["a", "b"]}, {"enum": ["a", "b", "c"]}, YES),
    ({"enum": ["a", "b", "c"]}, {"enum": ["a", "b"]}, NO),
    (TEXT, {"type": ["string", "null"]}, YES),
    ({"type": ["string", "null"]}, TEXT, NO),
    (NUMBER, NUMBER | {"multipleOf": 0.01}, NO),
    (WHOLE, WHOLE | {"multipleOf": 5}, NO),
    (WHOLE | {"multipleOf": 10}, WHOLE | {"multipleOf": 5}, YES),
    (TEXT, TEXT | {"format": "email"}, NO),
    (TEXT | {"pattern": "^[a-z]+$"}, TEXT | {"pattern": "^[a-z]{3}$"}, NO),
    (TEXT | {"format": "email"}, TEXT, YES),
    (TEXT | {"pattern": r"^CS-\d+$"}, TEXT | {"pattern": r"^CS-\d{5}$"}, NO),
    (TEXT | {"minLength": 2}, TEXT | {"minLength": 1}, YES),
    (WHOLE | {"minimum": 0}, WHOLE | {"minimum": 1}, NO),
    (WHOLE | {"minimum": 0, "maximum": 9}, WHOLE | {"minimum": 0}, YES),
    (NUMBER | {"minimum": 0}, NUMBER | {"exclusiveMinimum": 0}, NO),
    ({"const": 3}, WHOLE, YES),
    (WHOLE, {"const": 3}, NO),
    ({"type": "boolean"}, {"enum": [True]}, NO),
    ({"enum": [True, False]}, {"type": "boolean"}, YES),
    ({"anyOf": [TEXT, WHOLE]}, {"type": ["string", "number"]}, YES),
    ({"oneOf": [WHOLE, TEXT]}, WHOLE, NO),
    (TEXT, True, YES),
    ({"type": "array", "items": TEXT}, {"type": "array", "items": {"type": ["string", "number"]}}, YES),
    ({"type": "array", "items": NUMBER}, {"type": "array", "items": WHOLE}, NO),
    ({"type": "array"}, {"type": "array", "uniqueItems": True}, NO),
    ({"type": "array", "items": TEXT}, {"type": "array", "items": TEXT, "maxItems": 3}, NO),
    ({"type": "array", "minItems": 2}, {"type": "array", "minItems": 1}, YES),
    (obj(a=TEXT), obj(a=TEXT, b=WHOLE), NO),
    (obj(a=TEXT, rest=False), obj(a=TEXT, b=WHOLE, rest=False), YES),
    (obj(a=TEXT), obj(("a",), a=TEXT), NO),
    (obj(("a",), a=TEXT), obj(a=TEXT), YES),
    (obj(a=TEXT), obj(a=TEXT, rest=False), NO),
    (obj(a=obj(b=NUMBER)), obj(a=obj(b=WHOLE)), NO),
    (obj(a=obj(b=WHOLE, rest=False)), obj(a=obj(b=NUMBER, rest=False)), YES),
    (obj(a=TEXT, b=TEXT, rest=False), obj(a=TEXT, rest=False), NO),
    ({"type": "object", "minProperties": 1}, {"type": "object", "minProperties": 2}, NO),
    ({"type": "array", "items": obj(p=NUMBER)}, {"type": "array", "items": obj(p=WHOLE)}, NO),
    ({"allOf": [WHOLE, {"minimum": 3}]}, WHOLE | {"minimum": 4}, NO),
    (TEXT | {"format": "date"}, TEXT | {"format": "date-time"}, NO),
    ({"type": "object", "propertyNames": {"pattern": "^a"}}, {"type": "object"}, YES),
    (False, WHOLE, YES),
    (obj(("t",), t=NUMBER | {"minimum": 0}), obj(("t",), t=NUMBER | {"minimum": 0, "multipleOf": 0.01}), NO),
]


@pytest.mark.parametrize(("old", "new", "truth"), PAIRS)
def test_plain_changes_are_told(old: Any, new: Any, truth: Containment) -> None:
    found = included(old, new)
    assert found.answer is truth
    if truth is NO:
        assert Validator(old).passes(found.witness)
        assert not Validator(new).passes(found.witness)


def test_what_cannot_be_proved_is_unknown_and_no_yes() -> None:
    narrow, wide = TEXT | {"pattern": "^[a-z]{3}$"}, TEXT | {"pattern": "^[a-z]+$"}
    assert included(narrow, wide).answer is Containment.UNKNOWN
    assert included(wide, narrow).answer is NO


def test_as_described() -> None:
    old, new = obj(a=TEXT), obj(a=TEXT, b=WHOLE)
    assert included(old, new).answer is NO
    assert included(closed(old), new).answer is YES
    assert closed({"allOf": [old]}) == {"allOf": [old]}, "closing within a conjunction would empty it"


@pytest.mark.parametrize(
    "schema",
    [
        WHOLE | {"minimum": 5, "maximum": 4},
        TEXT | {"minLength": 5, "maxLength": 4},
        obj(("a",), rest=False),
        {"allOf": [TEXT, WHOLE]},
        False,
    ],
)
def test_what_nothing_can_satisfy(schema: Any) -> None:
    assert can_be_satisfied(schema) is NO


@given(st.from_regex(r"[a-c]{1,3}(\[0-9\])?[+*?]?|\(a\|b\)[xyz]|\\d{2,4}", fullmatch=True))
def test_samples_match_their_pattern(pattern: str) -> None:
    validator = Validator(TEXT | {"pattern": f"^(?:{pattern})$"})
    assert any(validator.passes(each) for each in pattern_samples(f"^(?:{pattern})$"))


names = st.sampled_from(["a", "b", "c"])
leaves = st.one_of(
    st.sampled_from([TEXT, WHOLE, NUMBER, {"type": "boolean"}, {"type": ["string", "null"]}, {}, {"type": "null"}]),
    st.builds(lambda low, size: WHOLE | {"minimum": low, "maximum": low + size}, st.integers(-3, 3), st.integers(0, 4)),
    st.builds(lambda low: NUMBER | {"exclusiveMinimum": low}, st.integers(-2, 2)),
    st.builds(lambda step: NUMBER | {"multipleOf": step}, st.sampled_from([0.5, 1, 2, 5])),
    st.builds(
        lambda low, size: TEXT | {"minLength": low, "maxLength": low + size}, st.integers(0, 3), st.integers(0, 3)
    ),
    st.builds(lambda each: {"enum": each}, st.lists(st.sampled_from(["x", "y", 1, None]), min_size=1, unique=True)),
    st.sampled_from([TEXT | {"format": "date"}, TEXT | {"pattern": "^x"}, TEXT | {"pattern": "^[a-c]+$"}]),
)


def nested(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    return st.one_of(
        st.builds(
            lambda properties, required, rest: obj(tuple(required), rest, **properties),
            st.dictionaries(names, inner, max_size=3),
            st.lists(names, max_size=2, unique=True),
            st.booleans(),
        ),
        st.builds(lambda items, least: {"type": "array", "items": items, "minItems": least}, inner, st.integers(0, 2)),
        st.builds(lambda one, two: {"anyOf": [one, two]}, inner, inner),
    )


schemas = st.recursive(leaves, nested, max_leaves=5)


@st.composite
def changed(draw: st.DrawFn) -> tuple[Schema, Schema]:
    """A schema, and what somebody may make of it."""
    old = draw(schemas)
    new = draw(st.one_of(schemas, leaves, st.just(old)))
    if old.get("type") == "object" and draw(st.booleans()):
        new = {**old, "properties": {**old["properties"], draw(names): draw(leaves)}}
    return old, new


def everything(*pair: Any) -> list[Any]:
    """Values about both schemas, and about what is inside them."""
    return [value for each in pair for value in islice(values(each), 400)]


def plain_values() -> st.SearchStrategy[Any]:
    scalars = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 9),
        st.sampled_from([0.5, 1.0, -1.5, 2.5]),
        st.sampled_from(["", "x", "y", "ab", "abc", "abcdefgh", "2026-11-24"]),
    )
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
        max_leaves=6,
    )


@PLAIN
@given(changed(), st.lists(plain_values(), min_size=30, max_size=60))
def test_a_yes_has_no_counterexample_and_a_no_has_one(pair: tuple[Schema, Schema], more: list[Any]) -> None:
    old, new = pair
    found = included(old, new)
    fits_old, fits_new = Validator(old), Validator(new)
    if found.answer is NO:
        assert fits_old.passes(found.witness)
        assert not fits_new.passes(found.witness)
    if found.answer is YES:
        for value in (*more, *everything(old, new)):
            assert not fits_old.passes(value) or fits_new.passes(value), value


@PLAIN
@given(changed())
def test_what_is_described_is_within_what_there_can_be(pair: tuple[Schema, Schema]) -> None:
    old, new = pair
    assert included(closed(old), old).answer is not NO
    if included(old, new).answer is YES:
        assert included(closed(old), new).answer is not NO


def test_unknown_is_rare() -> None:
    counts: Counter[Containment] = Counter()

    @settings(
        max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
    )
    @given(changed())
    def count(pair: tuple[Schema, Schema]) -> None:
        counts[included(*pair).answer] += 1

    count()
    assert counts[Containment.UNKNOWN] <= 0.01 * counts.total(), counts


def _definition(schema: Schema) -> EventSchemaDefinition:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    return EventSchemaDefinition.model_validate(
        {
            "eventName": "A",
            "version": 2,
            "state": "draft",
            "description": "x",
            "owners": ["a"],
            "properties": [
                {"name": "a", "schema": schema, "required": True},
                {"name": "b", "schema": TEXT, "personal": "personal", "purpose": "x"},
            ],
            "additionalProperties": False,
            "definitions": {},
            "deprecatedUntil": None,
            "revision": 1,
            "createdBy": "a",
            "createdAt": now,
            "publishedBy": None,
            "publishedAt": None,
        }
    )


past = st.builds(
    lambda properties, producer, version, hours: PastEvent(
        datetime(2026, 11, 24, tzinfo=UTC) - timedelta(hours=hours),
        producer,
        version,
        (),
        json.dumps({"properties": properties}),
    ),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), plain_values(), max_size=3),
    st.sampled_from(["web", "shop"]),
    st.sampled_from(["1", "2"]),
    st.integers(0, 90),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(leaves, st.lists(past, max_size=60))
def test_the_blast_radius_counts_as_plain_python_does(schema: Schema, events: list[PastEvent]) -> None:
    definition = _definition(schema)
    tally, validator = Tally(CompiledVersion.of(definition), "/properties"), Validator(document_of(definition))
    for begin in range(0, len(events), 7):
        tally.add(events[begin : begin + 7])
    failing = [each for each in events if not validator.passes(json.loads(each.body)["properties"])]
    assert (tally.events, tally.failing) == (len(events), len(failing))
    assert tally.senders == Counter((each.producer, each.app_version) for each in events)
    assert tally.senders_failing == Counter((each.producer, each.app_version) for each in failing)
    assert sum(tally.properties.values()) == len(failing)
    assert {hit.name: (hit.events, hit.failing) for hit in tally.hits_by_day()} == {
        day: (count, Counter(str(each.received_at.date()) for each in failing)[day])
        for day, count in Counter(str(each.received_at.date()) for each in events).items()
    }
    assert all("b" not in each.properties for each in tally.witnesses), "personal values are shown nowhere"
    assert len(tally.witnesses) <= 10
    assert bool(tally.witnesses) is bool(failing)
