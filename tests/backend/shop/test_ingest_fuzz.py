"""Whatever a pipeline or a shop sends: each row is told of, the amounts add up, and what says the same is one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.core import normal_form
from tests.backend.core.fixtures import Site

AT = "2026-11-24T12:00:00Z"
IDS = st.sampled_from(["A", "A\u200b", "\ufeffA", " A ", "e\u0301", "é", "B", "\u200b", "", "x\0y"]) | st.text(
    max_size=4
)
COUNTRIES = st.sampled_from(["DE", "de", "Germany", "UK", "EL", "XX", "Turkey", "Atlantis", "", None]) | st.text(
    max_size=4
)
ROW = st.fixed_dictionaries(
    {
        "id": IDS,
        "placedAt": st.sampled_from([AT, AT, AT, "2026-11-24 12:00", "yesterday"]),
        "currency": st.sampled_from(["EUR", "eur", "EUR", "E", ""]),
        "total": st.integers(0, 10**6) | st.sampled_from([-1, "5", 1.5]),
    },
    optional={"country": COUNTRIES, "customerId": IDS},
)


@pytest.fixture(autouse=True)
def _empty(site: Site) -> Iterator[None]:
    yield
    _clear(site)


def _clear(site: Site) -> None:
    with psycopg.connect(site.owner_url, autocommit=True) as connection:
        connection.execute(
            "delete from orders; delete from risk_pending; delete from rollup_delta; delete from quarantine"
        )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(rows=st.lists(ROW, min_size=1, max_size=8))
def test_every_row_that_is_sent_is_told_of(site: Site, rows: list[dict[str, Any]]) -> None:
    _clear(site)
    answer = site.send("POST", "/api/ingest/orders", "pipeline", json={"rows": rows})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    refused = {row["index"] for row in told["rejected"]}
    counts = told["inserted"], told["updated"], told["unchanged"], told["superseded"], len(refused)
    assert sum(counts) == told["received"] == len(rows)
    # The last row of an id is the one that holds; of one form, however it was written.
    expected = {normal_form.identifier(row["id"]): row for n, row in enumerate(rows) if n not in refused}
    assert told["inserted"] == len(expected)
    kept = dict(site.rows("select id, minor from orders"))
    assert kept == {number: row["total"] for number, row in expected.items()}
    assert site.rows("select count(*) from quarantine") == [(len(refused),)]
    for number, country in site.rows("select id, country from orders"):
        given_country = expected[number].get("country")
        assert (country or "") == normal_form.country(given_country or "")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    country=COUNTRIES.filter(bool),
    email=st.text(min_size=3, max_size=8) | st.sampled_from(["KIM@münchen.example.", "jose\u0301@example.com"]),
    ip=st.ip_addresses().map(str) | st.sampled_from(["::ffff:10.0.0.9", " 10.0.0.9", "1.2.3"]),
)
def test_a_check_answers_in_one_form_or_refuses(site: Site, country: str, email: str, ip: str) -> None:
    number = str(uuid4())
    request = {"id": f"\ufeff{number}", "placedAt": AT, "currency": "eur", "total": 1, "ip": ip, "ipCountry": country}
    answer = site.send("POST", "/api/risk/fraud-check", "storefront", json=request | {"customer": {"email": email}})
    assert answer.status_code in {200, 422}, answer.text
    if answer.status_code == 422:
        assert answer.json()["errors"]
        return
    ((kept_ip, kept_country, kept_email),) = site.rows(
        "select ip, ip_country, email from risk_order where id = %s", number
    )
    assert kept_ip == normal_form.ip(ip)
    assert (kept_country or "") == normal_form.country(country)
    assert (kept_email or "") == normal_form.email(email)
