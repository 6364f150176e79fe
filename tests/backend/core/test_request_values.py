"""What lies between what Python and what PostgreSQL take: in every field of every request, and never a 500."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from backend.core.json import parse
from backend.core.settings import Settings
from models.core.base import NESTED_MOST
from tests.backend.core.fixtures import AT, OPERATIONS, QUERY, Site, concrete, trouble


def nested(depth: int, opened: str = "[", closed: str = "]") -> str:
    return opened * depth + closed * depth


EDGES: dict[str, str] = {
    "offset of Python's": '"2026-11-24T10:00:00+16:00"',
    "largest offset": '"2026-11-24T10:00:00-23:59"',
    "first instant": '"0001-01-01T00:00:00+23:59"',
    "last instant": '"9999-12-31T23:59:59-23:59"',
    "64 bits and one": str(2**63),
    "many digits": "1" * 1_500,
    "digits Python refuses": "1" * 5_000,
    "beyond a double": "1e400",
    "written out otherwise": "1e23",
    "least double": "5e-324",
    "minus nothing": "-0.0",
    "not a number": "NaN",
    "infinity": "-Infinity",
    "a zero character": '"a\\u0000b"',
    "half a pair": '"\\ud800"',
    "a long text": json.dumps("ä" * 9_000),
    "what only shows as nothing": '"\\u200b"',
    "deep lists": nested(900),
    "deep objects": '{"a":' * 500 + "1" + "}" * 500,
    "deeper than Python reads": nested(50_000),
    "just too deep": nested(NESTED_MOST + 5),
    "null": "null",
    "an object": "{}",
}


KNOWN_FIELDS = (
    "offset of Python's",
    "first instant",
    "64 bits and one",
    "digits Python refuses",
    "not a number",
    "a zero character",
    "half a pair",
    "a long text",
    "deep lists",
)
"""What a field may be given whose type is known; what is kept as it comes may be given them all."""


@pytest.fixture(scope="module")
def site(postgres_url: str) -> Iterator[Site]:
    from psycopg.conninfo import make_conninfo

    from backend.core.database import APPLICATION_ROLE
    from tests.conftest import cloned

    with cloned(postgres_url) as url:
        running = Site(Settings(database_url=make_conninfo(url, user=APPLICATION_ROLE), token_key="k" * 40), url)
        yield running
        running.close()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Each field of a body, and one that nobody knows in each object."""
    if path:
        yield path
    if isinstance(value, dict):
        yield (*path, "unknownField")
        for name, inner in value.items():
            yield from places(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*path, number))


def body_with(body: Any, path: tuple[Any, ...], edge: str) -> str:
    """The body with an edge at a place, as text: not all of them are values of Python's."""
    marked = json.loads(json.dumps(body))
    at = marked
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = "@@edge@@"
    return json.dumps(marked).replace('"@@edge@@"', edge)


ROWS: dict[str, dict[str, Any]] = {
    "orders": {
        "id": "o1",
        "placedAt": AT,
        "settledAt": AT,
        "customerId": "c",
        "country": "DE",
        "currency": "EUR",
        "total": 5,
    },
    "refunds": {"id": "r1", "orderId": "o1", "refundedAt": AT, "currency": "EUR", "amount": 5, "updatedAt": AT},
    "downloads": {"id": "d1", "downloadedAt": AT, "product": "p", "succeeded": True, "failure": "f"},
    "community": {"id": "c1", "metric": "discord", "observedAt": AT, "value": 5},
    "deploys": {
        "id": "d1",
        "service": "checkout",
        "version": "1.4.2",
        "environment": "production",
        "deployedAt": AT,
        "deployedBy": "ci",
        "url": "https://ci.example/1",
    },
    "rates": {"currency": "USD", "day": "2026-11-24", "rate": "1.1"},
}
CHECK = {
    "id": "check",
    "placedAt": AT,
    "currency": "EUR",
    "total": 500,
    "items": [{"sku": "s", "quantity": 1}],
    "customer": {"id": "c", "email": "a@b.de", "createdAt": AT},
    "payment": {"method": "card", "methodCreatedAt": AT, "cardFingerprint": "f"},
}


def test_no_field_of_a_request_takes_what_cannot_be_kept(site: Site) -> None:
    wrong = []
    for method, path, body in site.bodies():
        if path.startswith("/api/ingest/"):
            continue
        full = CHECK if path.endswith("/fraud-check") else body
        for place in places(full):
            for name in EDGES if place[-1] == "unknownField" or full is CHECK else KNOWN_FIELDS:
                text = body_with(full, place, EDGES[name])
                answer = site.send(method, concrete(path), content=text, headers={"Content-Type": "application/json"})
                if words := trouble(answer):
                    wrong.append(f"{method} {path} {place} {name}: {words}")
    assert wrong == []


@pytest.mark.parametrize("kind", sorted(ROWS))
def test_a_row_that_cannot_be_kept_is_set_aside_and_the_others_land(site: Site, kind: str) -> None:
    row = ROWS[kind]
    wrong = []
    for number, place in enumerate(places(row)):
        for name, edge in EDGES.items():
            good = row | ({"id": f"{kind}{number}{name}"} if "id" in row else {"currency": "GBP", "day": "2026-11-23"})
            text = '{"rows": [' + body_with(row, place, edge) + ", " + json.dumps(good) + "]}"
            headers = {"Content-Type": "application/json"}
            answer = site.send("POST", f"/api/ingest/{kind}", content=text, headers=headers)
            if answer.status_code != 200:
                wrong.append(f"{place} {name}: {answer.status_code} {answer.text[:200]}")
            elif any(each["index"] != 0 or not each["errors"] for each in answer.json()["rejected"]):
                wrong.append(f"{place} {name}: {answer.text[:200]}")
    assert wrong == []


def test_an_instant_is_the_same_whatever_its_offset(site: Site) -> None:
    for offset in ("+16:00", "-23:59", "+23:59"):
        asked = f"2026-11-24T10:00:00{offset}".replace("+", "%2B")
        for path in (f"{OPERATIONS}/dashboard?range=7&asOf={asked}", f"{OPERATIONS}/orders?from={asked}&to={asked}"):
            answer = site.send("GET", path)
            assert answer.status_code == 200, (path, answer.text)
        assert not trouble(site.send("GET", f"{OPERATIONS}/audit?{QUERY}&from={asked}"))


def test_the_same_check_again_is_the_same_whatever_its_numbers(site: Site) -> None:
    for number, edge in enumerate(("1e23", "1e400", "-0.0", "1.10", "1" * 30, "1" * 5_000)):
        text = json.dumps(CHECK | {"id": f"again{number}"})[:-1] + f', "unknownField": {edge}}}'
        first, again = (
            site.send("POST", "/api/risk/fraud-check", content=text, headers={"Content-Type": "application/json"})
            for _ in range(2)
        )
        assert first.status_code == 200, (edge, first.text)
        assert (again.status_code, again.json()["decisionId"]) == (200, first.json()["decisionId"]), edge
    other = json.dumps(CHECK | {"id": "again0"})[:-1] + ', "unknownField": 2e23}'
    refused = site.send("POST", "/api/risk/fraud-check", content=other, headers={"Content-Type": "application/json"})
    assert refused.status_code == 409


def test_what_is_too_deep_is_named(site: Site) -> None:
    text = json.dumps(CHECK | {"id": "deep"})[:-1] + f', "unknownField": {nested(900)}}}'
    answer = site.send("POST", "/api/risk/fraud-check", content=text, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert f"{NESTED_MOST} deep" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("text", ['["[[[", {"a": "}\\""}]', nested(60), '{"a": "' + "[" * 500 + '"}', "[[], {}, [[]]]"])
def test_what_is_not_too_deep_is_read_as_it_is(text: str) -> None:
    assert parse(text.encode()) == json.loads(text)
