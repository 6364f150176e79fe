"""Whatever is asked of a list: never a fault, and what one form of a value finds every other form finds."""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.core import normal_form
from tests.backend.core.fixtures import QUERY, Site, concrete, trouble

AT = "2026-11-24T10:00:00Z"
WINDOW = {"from": "2026-11-24T00:00:00Z", "to": "2026-11-25T00:00:00Z", "limit": 500}
INVISIBLE = st.sampled_from(["", " ", "\u200b", "\ufeff", "\u00a0", "\u2060"])
INGREDIENTS = st.sampled_from(
    ["é", "e\u0301", "%", "_", "\\", "'", '"', "\u200b", "\ufeff", " ", "ß", "İ", "\n", "DE", "-"]
)
TEXTS = st.lists(INGREDIENTS | st.characters(exclude_categories=("Cs",)), max_size=12).map("".join)
NAMES = {
    "DE": ["DE", "de", "DEU", "Germany"],
    "GB": ["GB", "UK", "United Kingdom", "gbr"],
    "GR": ["GR", "EL", "Greece"],
}


@pytest.fixture(scope="module")
def stocked(site: Site) -> Site:
    """Orders of each country under each of its names, and an address on a list."""
    rows = [
        {
            "id": f"é-{name}",
            "customerId": f"josé-{name}",
            "placedAt": AT,
            "country": name,
            "currency": "EUR",
            "total": 5,
        }
        for names in NAMES.values()
        for name in names
    ]
    told = site.send("POST", "/api/ingest/orders", "pipeline", json={"rows": rows}).json()
    assert told["inserted"] == len(rows)
    body = {"listId": "mails", "title": "Mails", "kind": "custom", "metric": "email"}
    made = site.send("POST", "/api/risk/lists", json=body)
    assert made.status_code == 201, made.text
    entry = {"value": "José@München.example.", "reason": "r"}
    assert site.send("POST", "/api/risk/lists/mails/entries", json=entry).status_code == 201
    return site


def _get(site: Site, path: str, **query: Any) -> httpx.Response:
    return site.send("GET", path, params=query)


def _parameters(site: Site) -> list[tuple[str, str]]:
    return [
        (path, each["name"])
        for path, methods in site.document["paths"].items()
        for each in methods.get("get", {}).get("parameters", ())
        if each["in"] == "query"
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(data=st.data(), text=TEXTS)
def test_no_text_in_any_filter_is_a_fault(stocked: Site, data: st.DataObject, text: str) -> None:
    path, name = data.draw(st.sampled_from(_parameters(stocked)))
    others = "&".join(part for part in QUERY.split("&") if not part.startswith(f"{name}="))
    answer = stocked.send("GET", f"{concrete(path)}?{others}&{name}={quote(text)}")
    assert trouble(answer) == "", (path, name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(code=st.sampled_from(sorted(NAMES)), data=st.data(), before=INVISIBLE, after=INVISIBLE)
def test_a_country_is_found_by_each_of_its_names(
    stocked: Site, code: str, data: st.DataObject, before: str, after: str
) -> None:
    asked = before + data.draw(st.sampled_from(NAMES[code]).flatmap(_cased)) + after
    answer = _get(stocked, "/api/operations/orders", country=asked, **WINDOW)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert {row["id"] for row in page["items"]} == {f"é-{name}" for name in NAMES[code]}
    assert page["summary"]["amount"] == sum(row["total"] for row in page["items"])


def _cased(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name, name.upper(), name.lower()])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    form=st.sampled_from(["NFC", "NFD"]),
    domain=st.sampled_from(["münchen.example", "xn--mnchen-3ya.example", "MÜNCHEN.EXAMPLE", "münchen.example."]),
    upper=st.booleans(),
    before=INVISIBLE,
    after=INVISIBLE,
)
def test_an_address_on_a_list_is_found_in_each_of_its_forms(
    stocked: Site, form: Any, domain: str, upper: bool, before: str, after: str
) -> None:
    name = "JOSÉ" if upper else "josé"
    asked = before + unicodedata.normalize(form, f"{name}@{domain}") + after
    answer = _get(stocked, "/api/risk/lists/mails/entries", value=asked)
    assert answer.status_code == 200, answer.text
    assert [entry["value"] for entry in answer.json()["items"]] == [normal_form.email("josé@münchen.example")], asked


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    person=st.sampled_from(["ada", "bob", "viewer", "risk"]),
    before=INVISIBLE,
    after=INVISIBLE,
    upper=st.booleans(),
)
def test_a_person_is_found_whatever_is_pasted_around_the_name(
    stocked: Site, person: str, before: str, after: str, upper: bool
) -> None:
    path = "/api/operations/rbac/people"
    plain = _get(stocked, path, text=person).json()["items"]
    asked = before + (person.upper() if upper else person) + after
    assert plain
    assert _get(stocked, path, text=asked).json()["items"] == plain


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(
    stored=st.sampled_from(["NFC", "NFD"]), asked=st.sampled_from(["NFC", "NFD"]), text=st.sampled_from(["Zoé", "é Ü"])
)
def test_a_person_is_found_however_the_name_is_spelled(stocked: Site, stored: Any, asked: Any, text: str) -> None:
    with psycopg.connect(stocked.owner_url, autocommit=True) as connection:
        connection.execute(
            "insert into principal_seen (user_id, name, kind, last_seen) values (%s, %s, 'oidc', now())"
            " on conflict do nothing",
            [stored, unicodedata.normalize(stored, "Zoé Ünal")],
        )
    found = _get(stocked, "/api/operations/rbac/people", text=unicodedata.normalize(asked, text)).json()["items"]
    assert stored in {person["userId"] for person in found}
