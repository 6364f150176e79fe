"""Lists, snoozes and the policy over HTTP: one form of each value, ends, conflicts, and what is hidden from whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.backend.risk.fixtures import RiskShop
from tests.backend.risk.samples import publish, rows, rule
from tests.conftest import Api

RISK = "/api/risk"


def send(api: Api, method: str, path: str, body: Any = None, role: str = "risk-manager", **more: str) -> httpx.Response:
    headers = api.headers(role) | {name.replace("_", "-"): value for name, value in more.items()}
    return httpx.request(method, api.base_url + RISK + path, json=body, headers=headers, timeout=20)


def make_list(api: Api, list_id: str = "devices", kind: str = "custom", metric: str = "device") -> None:
    draft = {"listId": list_id, "title": list_id.title(), "kind": kind, "metric": metric}
    answer = send(api, "POST", "/lists", draft)
    assert answer.status_code == 201, answer.text


def put_on(api: Api, list_id: str, value: str, **more: Any) -> httpx.Response:
    return send(api, "POST", f"/lists/{list_id}/entries", {"value": value, "reason": "stolen"} | more)


def values(api: Api, list_id: str, query: str = "", role: str = "risk-manager") -> list[str]:
    answer = send(api, "GET", f"/lists/{list_id}/entries{query}", role=role)
    assert answer.status_code == 200, answer.text
    return [entry["value"] for entry in answer.json()["items"]]


def soon(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


@pytest.mark.parametrize(
    ("metric", "given", "kept", "shown"),
    [
        ("ip", " ::ffff:10.0.0.9", "10.0.0.9", "10.0.0.0/24"),
        ("ip", "2001:DB8:0::7", "2001:db8::7", "2001:db8::/48"),
        ("email", " Ada@Example.COM ", "ada@example.com", "a***@example.com"),
        ("email_domain", "Mail.Example", "mail.example", "mail.example"),
        ("email_domain", "@Mail.Example", "mail.example", "mail.example"),
        ("email", "mailto:Ada@example.com", "ada@example.com", "a***@example.com"),
        ("email", "Ada Lee <Ada@example.com>", "ada@example.com", "a***@example.com"),
        ("email", "ada\uff20example.com", "ada@example.com", "a***@example.com"),
        ("card_country", "Deutschland", "DE", "DE"),
        ("card", "tok_4417_4417", "tok_4417_4417", "…4417"),
        ("card_country", "de", "DE", "DE"),
        ("card_country", "Germany", "DE", "DE"),
        ("email", "JÜRGEN@München.example.", "jürgen@xn--mnchen-3ya.example", "j***@xn--mnchen-3ya.example"),
        ("email_alias", "K.i.m+a@googlemail.com", "kim@gmail.com", "k***@gmail.com"),
        ("ip_network", "2001:db8:aa:bb::1", "2001:db8:aa:bb::/64", "2001:db8:aa::/48"),
        ("customer_id", "'; drop table risk_list; --", "'; drop table risk_list; --", "'; drop table risk_list; --"),
    ],
)
def test_values_are_kept_as_orders_have_them(api: Api, metric: str, given: str, kept: str, shown: str) -> None:
    make_list(api, "l", metric=metric)
    assert put_on(api, "l", given).json()["value"] == shown
    assert rows(api, "select value from risk_list_entry") == [(kept,)]
    assert values(api, "l") == [shown]
    assert values(api, "l", f"?value={quote(given)}") == [shown]
    logged = rows(api, "select string_agg(concat(before, after, resource_label), ' ') from audit_log")
    assert shown == kept or kept not in logged[0][0]


def test_entries_come_once_and_go(api: Api) -> None:
    make_list(api)
    first = put_on(api, "devices", "d1")
    assert first.status_code == 201
    again = put_on(api, "devices", "d1")
    assert again.json() == first.json()
    assert put_on(api, "devices", "d1", reason="another").status_code == 409
    assert put_on(api, "devices", "d2", until=soon(seconds=-1)).json()["errors"][0]["pointer"] == "/until"
    assert put_on(api, "devices", " ").json()["errors"][0]["pointer"] == "/value"
    assert put_on(api, "devices", "d2", until=soon(hours=1)).status_code == 201
    assert values(api, "devices") == ["d2", "d1"]
    with psycopg.connect(api.owner_url) as connection:
        connection.execute("update risk_list_entry set until = now() where value = 'd2'")
    assert values(api, "devices") == ["d1"]
    assert put_on(api, "devices", "d2", reason="back").status_code == 201, "one that is over makes room"
    entry = first.json()["entryId"]
    assert send(api, "DELETE", f"/lists/devices/entries/{entry}").status_code == 204
    assert send(api, "DELETE", f"/lists/devices/entries/{entry}").status_code == 404
    assert put_on(api, "devices", "d1").status_code == 201
    assert put_on(api, "nowhere", "d1").status_code == 404


@pytest.mark.parametrize(
    ("metric", "value", "words"),
    [
        ("email", "ada.example.com", "an e-mail address is expected"),
        ("email", "ada@", "an e-mail address is expected"),
        ("email", "@example.com", "an e-mail address is expected"),
        ("email", "ada@example.com, bob@example.com", "an e-mail address is expected"),
        ("email_alias", "ada", "an e-mail address is expected"),
        ("email_domain", "*.example.com", "what stands behind the @"),
        ("email_domain", ".example.com", "what stands behind the @"),
        ("email_domain", "https://example.com/shop", "what stands behind the @"),
        ("email_domain", "ada@example.com", "what stands behind the @"),
    ],
)
def test_what_no_order_can_have_is_refused(api: Api, metric: str, value: str, words: str) -> None:
    make_list(api, "stolen", "block", metric)
    answer = put_on(api, "stolen", value)
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["errors"][0]["message"]


def test_pages_of_entries_and_lists(api: Api) -> None:
    for number in range(3):
        make_list(api, f"l-{number}")
    for number in range(5):
        put_on(api, "l-0", f"d{number}")
    for path, key, wanted in (
        ("/lists/l-0/entries?limit=2", "value", ["d4", "d3", "d2", "d1", "d0"]),
        ("/lists?limit=2", "listId", ["l-0", "l-1", "l-2"]),
    ):
        found, cursor = [], ""
        while cursor is not None:
            page = send(api, "GET", f"{path}&cursor={cursor}" if cursor else path).json()
            found += [item[key] for item in page["items"]]
            cursor = page["nextCursor"]
        assert found == wanted


def test_a_list_that_a_rule_asks_stays(api: Api) -> None:
    for name in ("one", "two", "three", "four"):
        make_list(api, name)
    asks = {"metric": "device", "operator": "in_list", "value": "one"}
    grouped = {"any": [{"metric": "device", "operator": "not_in_list", "value": "two"}, asks]}
    named = {"metric": "device", "operator": "eq", "value": "three"}
    old = {"metric": "device", "operator": "in_list", "value": "four"}
    publish(api.owner_url, rule("retired", conditions=[old]))
    publish(api.owner_url, rule("asks-one", conditions=[asks]), rule("only-names", conditions=[named]))
    with psycopg.connect(api.owner_url) as connection:
        connection.execute(
            "insert into risk_rule_set (title, state, rules, author) values ('D', 'draft', %s, 'ada')",
            (Jsonb([rule("draft-asks", conditions=[grouped])]),),
        )
    found = {each["listId"]: each["rules"] for each in send(api, "GET", "/lists").json()["items"]}
    assert found == {"one": ["asks-one", "draft-asks"], "two": ["draft-asks"], "three": [], "four": []}
    refused = send(api, "DELETE", "/lists/one", If_Match='"1"')
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "asks-one, draft-asks" in refused.json()["detail"]
    assert send(api, "DELETE", "/lists/three", If_Match='"2"').status_code == 412
    assert send(api, "DELETE", "/lists/three").status_code == 428
    assert send(api, "DELETE", "/lists/three", If_Match='"1"').status_code == 204
    assert send(api, "GET", "/lists/three").status_code == 404
    assert send(api, "DELETE", "/lists/four", If_Match='"1"').status_code == 204
    again = send(api, "POST", "/lists", {"listId": "three", "title": "T", "kind": "allow", "metric": "card"})
    assert again.status_code == 409, "decisions of the past name it"


def test_a_list_holds_what_lists_can_hold(api: Api) -> None:
    draft = {"listId": "l", "title": "L", "kind": "custom", "metric": "order_value"}
    assert send(api, "POST", "/lists", draft).status_code == 422
    assert send(api, "POST", "/lists", draft | {"metric": "device", "listId": "Not a slug"}).status_code == 422
    make_list(api, "ips", metric="ip")
    assert put_on(api, "ips", "10.0.0").json()["errors"][0]["pointer"] == "/value"


def test_a_rule_is_quiet_once_for_somebody_and_until_an_instant(api: Api) -> None:
    publish(api.owner_url, rule())
    until = soon(hours=2)
    draft = {"ruleId": "velocity-card", "subject": "email", "value": "ADA@x.org", "until": until, "reason": "known"}
    first = send(api, "POST", "/snoozes", draft, "risk-analyst")
    assert (first.status_code, first.json()["value"]) == (201, "a***@x.org")
    assert send(api, "POST", "/snoozes", draft | {"value": "ada@x.org"}, "support-lead").json() == first.json()
    assert send(api, "POST", "/snoozes", draft | {"until": soon(hours=3)}, "risk-analyst").status_code == 409
    for field, value in (("until", soon(hours=-1)), ("until", soon(days=91)), ("ruleId", "nowhere"), ("value", "  ")):
        answer = send(api, "POST", "/snoozes", draft | {field: value}, "risk-analyst")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{field}")
    path = f"/snoozes/{first.json()['snoozeId']}/end"
    assert send(api, "POST", path, {}, "risk-analyst", If_Match='"2"').status_code == 412
    ended = send(api, "POST", path, {"reason": "moved"}, "risk-analyst", If_Match='"1"')
    assert (ended.status_code, ended.json()["version"]) == (200, 2)
    assert send(api, "POST", path, {}, "risk-analyst", If_Match='"1"').json() == ended.json()
    assert send(api, "GET", "/snoozes").json()["items"] == []
    assert len(send(api, "GET", "/snoozes?active=false").json()["items"]) == 1
    assert send(api, "POST", "/snoozes", draft, "risk-analyst").status_code == 201
    assert send(api, "POST", "/snoozes", draft, "finance-analyst").status_code == 403


def test_the_policy(api: Api) -> None:
    found = send(api, "GET", "/policy")
    assert found.headers["etag"] == '"1"'
    assert found.json() == {"twoPersonMinor": 50_000, "reviewHours": 24, "blockHours": 24, "version": 1}
    assert send(api, "PATCH", "/policy", {"reviewHours": None}, If_Match='"1"').status_code == 422
    assert send(api, "PATCH", "/policy", {"reviewHours": 0}, If_Match='"1"').status_code == 422
    assert send(api, "PATCH", "/policy", {"reviewHours": 8}, If_Match='"2"').status_code == 412
    assert send(api, "PATCH", "/policy", {"reviewHours": 24}, If_Match='"1"').json()["version"] == 1
    changed = send(api, "PATCH", "/policy", {"reviewHours": 8}, If_Match='"1"').json()
    assert (changed["reviewHours"], changed["blockHours"], changed["version"]) == (8, 24, 2)
    assert send(api, "PATCH", "/policy", {"reviewHours": 8}, "risk-analyst", If_Match='"2"').status_code == 403


def approve(api: Api, approval: dict[str, Any], role: str = "compliance-officer") -> httpx.Response:
    path = f"{api.base_url}/api/operations/rbac/approvals/{approval['approvalId']}/decision"
    headers = api.headers(role) | {"If-Match": f'"{approval["version"]}"'}
    return httpx.post(path, json={"decision": "approve"}, headers=headers, timeout=20)


def test_the_amount_for_two_people_is_changed_by_two(api: Api) -> None:
    change = {"twoPersonMinor": 10**12, "reason": "a quiet afternoon"}
    assert send(api, "PATCH", "/policy", change | {"reason": " "}, If_Match='"1"').status_code == 422
    old = api.token("risk-manager", acr="1")
    path = f"{api.base_url}{RISK}/policy"
    headers = {"Authorization": f"Bearer {old}", "If-Match": '"1"'}
    assert httpx.patch(path, json=change, headers=headers, timeout=20).json()["code"] == "step-up-needed"
    asked = send(api, "PATCH", "/policy", change, If_Match='"1"')
    assert (asked.status_code, asked.json()["kind"]) == (202, "risk.policy")
    assert "500.00" in asked.json()["title"]
    assert send(api, "GET", "/policy").json()["twoPersonMinor"] == 50_000
    assert send(api, "PATCH", "/policy", change, If_Match='"1"').json() == asked.json(), "asked for once"
    with psycopg.connect(api.owner_url) as connection:
        connection.execute(
            "insert into role_assignment (user_id, role_id, granted_by)"
            " values ('risk-manager', 'compliance-officer', 'test')"
        )
    assert approve(api, asked.json(), "risk-manager").status_code == 403, "nobody agrees with themselves"
    assert approve(api, asked.json()).status_code == 200
    assert send(api, "GET", "/policy").json() == {
        "twoPersonMinor": 10**12,
        "reviewHours": 24,
        "blockHours": 24,
        "version": 2,
    }


def test_what_was_proposed_needs_the_other_one_whatever_the_limit_is_now(api: Api) -> None:
    publish(api.owner_url, rule())
    shop = RiskShop(api)
    entry = shop.entry(reporting_minor=60_000)
    verdict = {"status": "reviewed", "verdict": "approved", "notes": "known"}
    proposed = send(api, "POST", f"/queue/{entry}/decision", verdict, "risk-analyst", If_Match='"1"')
    assert (proposed.status_code, proposed.json()["status"]) == (200, "open"), proposed.text
    shop.sql("update risk_policy set two_person_minor = 1000000 returning 1")
    again = verdict | {"verdict": "rejected"}
    version = proposed.headers["etag"]
    refused = send(api, "POST", f"/queue/{entry}/decision", again, "risk-analyst", If_Match=version)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    done = send(api, "POST", f"/queue/{entry}/decision", verdict, "support-lead", If_Match=version)
    assert done.json()["status"] == "reviewed"


def test_nobody_lets_orders_pass_alone(api: Api) -> None:
    make_list(api, "friends", "allow", "email")
    asked = put_on(api, "friends", "Me@Home.example", reason="a friend")
    assert (asked.status_code, asked.json()["kind"]) == (202, "risk.allow")
    assert put_on(api, "friends", "me@home.example", reason="a friend").json() == asked.json(), "asked for once"
    assert values(api, "friends") == []
    assert approve(api, asked.json()).status_code == 200
    assert values(api, "friends") == ["m***@home.example"]
    assert rows(api, "select value, added_by from risk_list_entry") == [("me@home.example", "risk-manager")]
    kept = rows(api, "select string_agg(concat(title, details), ' ') from approval")[0][0]
    logged = rows(api, "select string_agg(concat(before, after, resource_label, reason), ' ') from audit_log")[0][0]
    assert "me@home" not in f"{kept} {logged}"
    other = put_on(api, "friends", "you@home.example", reason="another")
    with psycopg.connect(api.owner_url) as connection:
        connection.execute("update role_assignment set revoked_at = now() where user_id = 'risk-manager'")
    late = approve(api, other.json())
    assert (late.status_code, "may not do so any more" in late.json()["detail"]) == (409, True)


def test_a_rule_is_quiet_for_whom_an_entry_is_about_without_their_data_being_said(api: Api) -> None:
    publish(api.owner_url, rule())
    shop = RiskShop(api)
    known = shop.entry(card="card-secret-0042", email="eve@shop.example", customer=None)
    draft = {"ruleId": "velocity-card", "until": soon(hours=2), "reason": "a club that orders together"}
    by_card = send(api, "POST", "/snoozes", draft | {"subject": "card", "entryId": known}, "risk-analyst")
    assert (by_card.status_code, by_card.json()["value"]) == (201, "…0042")
    assert shop.sql("select subject, value from risk_snooze") == [("card", "card-secret-0042")]
    guest = send(api, "POST", "/snoozes", draft | {"subject": "customer_id", "entryId": known}, "risk-analyst")
    assert (guest.status_code, guest.json()["errors"][0]["pointer"]) == (422, "/subject")
    nobody = draft | {"subject": "card", "entryId": "018f0000-0000-7000-8000-000000000000"}
    assert send(api, "POST", "/snoozes", nobody, "risk-analyst").status_code == 404
    for both in ({}, {"value": "x", "entryId": known}):
        assert send(api, "POST", "/snoozes", draft | {"subject": "card"} | both, "risk-analyst").status_code == 422
