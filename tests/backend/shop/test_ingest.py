"""Batches of the pipelines over HTTP: good rows land once, bad ones are named and kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import Api

NOW = datetime.now(UTC) - timedelta(minutes=5)


def _order(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"o{number}", "placedAt": NOW.isoformat(), "currency": "EUR", "total": 100} | more


def _send(api: Api, kind: str, rows: Any, role: str = "pipeline") -> httpx.Response:
    return httpx.post(f"{api.base_url}/api/ingest/{kind}", json={"rows": rows}, headers=api.headers(role), timeout=30)


def test_a_thousand_orders_land_once(api: Api) -> None:
    rows = [_order(n) for n in range(1000)]
    first = _send(api, "orders", rows)
    assert first.status_code == 200, first.text
    assert (first.json()["inserted"], first.json()["unchanged"]) == (1000, 0)
    again = _send(api, "orders", rows).json()
    assert (again["inserted"], again["updated"], again["unchanged"]) == (0, 0, 1000)
    corrected = _send(api, "orders", [_order(1), _order(1, total=250)]).json()
    assert (corrected["inserted"], corrected["updated"]) == (0, 1)
    window = {"from": (NOW - timedelta(hours=1)).isoformat(), "to": NOW.isoformat()}
    page = httpx.get(f"{api.base_url}/api/operations/orders", params=window, headers=api.headers()).json()
    assert page["summary"] == {"count": 1000, "amount": 100150, "failed": None, "unconverted": 0, "currency": "EUR"}
    assert _send(api, "orders", [_order(n) for n in range(1001)]).status_code == 422
    assert _send(api, "orders", rows[:1], role="viewer").status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"total": True},
        {"total": "100"},
        {"total": 10**18},
        {"total": -1},
        {"placedAt": "2026-01-01T00:00:00"},
        {"placedAt": 1767225600},
        {"placedAt": "0001-01-01T00:00:00Z"},
        {"settledAt": (NOW - timedelta(days=1)).isoformat()},
        {"currency": "euro"},
        {"surprise": 1},
        {"id": "a\0b"},
        {"country": ""},
    ],
)
def test_a_bad_row_is_named_and_kept(api: Api, wrong: dict[str, Any]) -> None:
    answer = _send(api, "orders", [_order(1), _order(2, **wrong)])
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert (result["inserted"], len(result["rejected"])) == (1, 1)
    assert result["rejected"][0]["index"] == 1
    assert result["rejected"][0]["errors"][0]["pointer"].startswith("/rows/1")
    with psycopg.connect(api.owner_url) as connection:
        kept = connection.execute("select kind, sent_by, jsonb_array_length(errors) from quarantine").fetchall()
    assert kept == [("orders", "pipeline", 1)]


AHEAD = (datetime.now(UTC) + timedelta(hours=1)).isoformat()


@pytest.mark.parametrize(
    ("kind", "row", "fields"),
    [
        ("orders", {"currency": "EUR", "total": 5}, ("placedAt", "settledAt", "updatedAt")),
        ("refunds", {"currency": "EUR", "amount": 5}, ("refundedAt", "updatedAt")),
        ("downloads", {"product": "p", "succeeded": True}, ("downloadedAt",)),
        ("community", {"metric": "discord", "value": 5}, ("observedAt",)),
        (
            "outcomes",
            {"orderId": "o", "kind": "dispute", "currency": "EUR", "amount": 5},
            ("happenedAt", "withdrawnAt"),
        ),
    ],
)
def test_what_lies_ahead_is_named_and_kept(api: Api, kind: str, row: dict[str, Any], fields: tuple[str, ...]) -> None:
    good = row | {"id": "now"} | dict.fromkeys(fields, NOW.isoformat())
    soon = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()  # clocks differ
    rows = [good, good | {"id": "soon"} | dict.fromkeys(fields, soon)]
    rows += [good | {"id": field} | dict.fromkeys(fields[place:], AHEAD) for place, field in enumerate(fields)]
    result = _send(api, kind, rows).json()
    assert (result["inserted"], len(result["rejected"])) == (2, len(fields))
    for place, (field, told) in enumerate(zip(fields, result["rejected"], strict=True), 2):
        assert (told["index"], told["id"]) == (place, field)
        assert (told["errors"][0]["pointer"], told["errors"][0]["code"]) == (f"/rows/{place}/{field}", "ahead")
        assert "clock right? Send the row again" in told["errors"][0]["message"]
    with psycopg.connect(api.owner_url) as connection:
        kept = connection.execute("select source_id from quarantine order by id").fetchall()
    assert kept == [(field,) for field in fields]


def test_every_kind_lands(api: Api) -> None:
    at = NOW.isoformat()
    for kind, row in (
        ("refunds", {"id": "r", "refundedAt": at, "currency": "EUR", "amount": 5}),
        ("downloads", {"id": "d", "downloadedAt": at, "product": "A", "succeeded": False}),
        ("community", {"id": "c", "metric": "discord", "observedAt": at, "value": 812}),
        ("rates", {"currency": "USD", "day": "2026-11-24", "rate": "0.91"}),
    ):
        answer = _send(api, kind, [row])
        assert answer.status_code == 200, answer.text
        assert answer.json()["inserted"] == 1, answer.text
    dashboard = httpx.get(f"{api.base_url}/api/operations/dashboard", headers=api.headers("viewer"))
    assert dashboard.status_code == 200, dashboard.text
    found = dashboard.json()
    assert found["orders"]["refunded"] == 1
    assert found["downloads"] == {"total": 1, "failureRate": 1.0}
    assert found["community"]["discordMembers"] == 812
    for address in (link for links in found["links"].values() for link in links):
        assert httpx.get(api.base_url + address, headers=api.headers()).status_code == 200, address


def test_what_was_delivered_is_counted_in_words(api: Api) -> None:
    reading = {"metric": "discord", "observedAt": NOW.isoformat(), "value": 812}
    for count in (1, 2):
        for kind, row in (("orders", _order(1)), ("community", reading)):
            rows = [row | {"id": f"{kind}{count}{n}"} for n in range(count)]
            assert _send(api, kind, rows).status_code == 200
    with psycopg.connect(api.owner_url) as connection:
        entries = connection.execute(
            "select resource_label from audit_log where resource_type = 'ingest_batch' order by seq"
        ).fetchall()
    assert [label for (label,) in entries] == ["1 order", "1 reading", "2 orders", "2 readings"]


def test_currencies_that_are_none_are_named(api: Api) -> None:
    rows = [_order(n, currency=code) for n, code in enumerate(["XYZ", "BTC", "XXX", "€", "eur", "HRK"])]
    result = _send(api, "orders", rows).json()
    assert (result["inserted"], len(result["rejected"])) == (2, 4)
    assert [row["errors"][0]["message"].partition(";")[0] for row in result["rejected"]] == [
        "there is no currency XYZ in ISO 4217",
        "there is no currency BTC in ISO 4217",
        "XXX says that there is no currency",
        "€ is a sign",
    ]


def test_letters_of_an_instant_may_be_small(api: Api) -> None:
    assert _send(api, "orders", [_order(1, placedAt="2026-01-02t03:04:05z")]).json()["inserted"] == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"total": -1}, "must be 0 or more"),
        ({"placedAt": "1960-01-01T00:00:00Z"}, "must not lie before 1970-01-01"),
        ({"placedAt": "2026-01-01T00:00:00"}, "must be an instant with a zone, such as 2026-11-24T14:02:37Z"),
        ({"id": ""}, "must not be empty"),
        ({"id": "a" * 201}, "must have at most 200 characters"),
        ({"surprise": 1}, "is no field of this request"),
        ({"currency": None}, "must be text"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(api: Api, wrong: dict[str, Any], message: str) -> None:
    (row,) = _send(api, "orders", [_order(1, **wrong)]).json()["rejected"]
    assert [error["message"] for error in row["errors"]] == [message]
    assert _send(api, "orders", []).json()["errors"][0]["message"] == "must not be empty"


def test_refunds_that_do_not_fit_their_orders_are_kept_and_named(api: Api) -> None:
    _send(api, "orders", [_order(n) for n in range(4)])

    def refund(number: int, **more: Any) -> dict[str, Any]:
        at = (NOW + timedelta(minutes=1)).isoformat()
        return {"id": f"r{number}", "orderId": "o0", "refundedAt": at, "currency": "EUR", "amount": 60} | more

    fine = _send(api, "refunds", [refund(0), refund(1, orderId="o9"), refund(2, orderId=None)]).json()
    assert (fine["inserted"], fine["doubts"]) == (3, []), "an order may come later"
    odd = [
        refund(3),
        refund(4, orderId="o1", currency="USD"),
        refund(5, orderId="o2", refundedAt=(NOW - timedelta(days=1)).isoformat()),
    ]
    result = _send(api, "refunds", odd).json()
    assert result["inserted"] == 3
    assert result["doubts"] == [
        {"words": "refunds from before their order was placed", "ids": ["r5"]},
        {"words": "refunds in another currency than their order", "ids": ["r4"]},
        {"words": "orders of which more was given back than they were worth", "ids": ["o0"]},
    ]


def test_a_country_that_nobody_knows_is_found_in_any_letter_case(api: Api) -> None:
    names = ["Atlantis", "Deutschland", "Côte d\u2019Ivoire", "Republic of Korea", "日本", "Россия"]
    _send(api, "orders", [_order(n, country=name) for n, name in enumerate(names)])
    window = {"from": (NOW - timedelta(hours=1)).isoformat(), "to": NOW.isoformat()}

    def found(country: str) -> list[str]:
        url = f"{api.base_url}/api/operations/orders"
        page = httpx.get(url, params=window | {"country": country}, headers=api.headers()).json()
        assert page["summary"]["count"] == len(page["items"])
        return [order["id"] for order in page["items"]]

    assert found("ATLANTIS") == found("atlantis") == ["o0"]
    assert [found(each) for each in ("DE", "CI", "south korea", "Japan", "RU")] == [[f"o{n}"] for n in range(1, 6)]
