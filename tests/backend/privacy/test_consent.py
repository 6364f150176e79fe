"""Consent over HTTP: recorded once and for ever, looked up with a purpose, proved without us."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from backend.privacy.consent.actions import fold_days
from resources.privacy import verify_receipt
from tests.backend.privacy.fixtures import Desk, rows
from tests.conftest import Api

SHOP, OFFICER, SUPPORT, LEAD = "storefront", "compliance-officer", "support-lead", "operations-lead"
YES = {"userId": "c-17", "email": "Jane@Example.com", "consentType": "marketing", "status": "granted"}
NO = YES | {"status": "revoked"}
WHO = {"userId": "c-17"}
WHY = {"purpose": "She called, ticket 4711"}
TEXT = {
    "locale": "en",
    "title": "May we write to you?",
    "body": "Only what you want.",
    "choices": [
        {"consentType": "marketing", "label": "News by mail"},
        {"consentType": "tracking", "label": "Measuring"},
    ],
}
POLICY = {
    "title": "Privacy policy",
    "changes": "We say more clearly what is kept.",
    "url": "https://shop.example/privacy",
    "requiresAcknowledgement": True,
    "texts": [TEXT, TEXT | {"locale": "de", "title": "Dürfen wir?"}, TEXT | {"locale": "de", "jurisdiction": "gdpr"}],
}


def test_what_a_person_says_is_recorded_and_what_holds_follows(desk: Desk) -> None:
    snapshot = desk.done("POST", "/consent", YES, SHOP)
    assert (snapshot["userId"], snapshot["status"], snapshot["channel"]) == ("c-17", "granted", "form")
    desk.done("POST", "/consent", NO, SHOP)
    # Said before what holds now, and told later: it does not hold.
    early = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    desk.done("POST", "/consent", YES | {"timestamp": early}, SHOP)
    [state] = desk.done("POST", "/consent/state", {"email": "jane@example.com"}, SHOP)
    assert (state["consentType"], state["status"]) == ("marketing", "revoked")
    found = desk.done("POST", "/consent/lookup", WHO | WHY, OFFICER)
    assert [each["status"] for each in found["history"]] == ["revoked", "granted", "granted"]
    assert {each["userId"] for each in found["history"]} == {"c-17"}
    assert desk.done("POST", "/consent/state", {"userId": "nobody"}, SHOP) == []


def test_nothing_personal_is_in_the_database_but_sealed(desk: Desk) -> None:
    desk.done("POST", "/consent", YES | {"evidence": "ticket of Jane Doe"}, SHOP, Idempotency_Key="k-1")
    desk.done("POST", "/consent", NO, SHOP)
    desk.done("POST", "/consent/lookup", WHO | {"purpose": "A look"}, OFFICER, Idempotency_Key="k-2")
    tables = rows(
        desk.api.owner_url, "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    for (table,) in tables:
        text = str(rows(desk.api.owner_url, f"select t::text from {table} as t")).lower()
        for needle in ("jane", "c-17"):  # ids are hexadecimal, and may hold the second
            assert re.search(rf"(?<![0-9a-f]){needle}(?![0-9a-f])", text) is None, table


def test_a_snapshot_is_neither_changed_nor_removed(desk: Desk) -> None:
    desk.done("POST", "/consent", YES, SHOP)
    for statement in ("update consent set status = 'revoked'", "delete from consent"):
        for url in (desk.api.owner_url, desk.api.settings.database_url or ""):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                rows(url, statement)


def test_a_browser_that_asks_not_to_be_tracked_is_heard(desk: Desk) -> None:
    tracking = YES | {"consentType": "tracking"}
    heard = desk.done("POST", "/consent", tracking, SHOP, Sec_GPC="1")
    assert (heard["status"], heard["gpc"]) == ("revoked", True)
    assert desk.done("POST", "/consent", tracking | {"gpc": True}, SHOP)["status"] == "revoked"
    assert desk.done("POST", "/consent", YES, SHOP, Sec_GPC="1")["status"] == "granted"  # it says nothing of mail
    assert desk.done("POST", "/consent", tracking, SHOP, Sec_GPC="0")["status"] == "granted"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"userId": None, "email": None}, ""),
        ({"email": "nobody"}, "/email"),
        ({"status": "maybe"}, "/status"),
        ({"policyVersion": 99}, "/policyVersion"),
        ({"textId": "nonsense"}, "/textId"),
        ({"consentType": "sale"}, "/consentType"),
        ({"evidence": "x\0"}, "/evidence"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(desk: Desk, change: dict[str, Any], pointer: str) -> None:
    answer = desk.send("POST", "/consent", YES | change, SHOP)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert rows(desk.api.owner_url, "select count(*) from consent") == [(0,)]


def test_only_the_compliance_role_sees_whose_it_is_and_each_look_is_audited(desk: Desk) -> None:
    desk.done("POST", "/consent", YES, SHOP)
    for role in (SHOP, SUPPORT, LEAD, "administrator"):
        for path, body in (("/consent/lookup", WHO | WHY), ("/consent/export", WHY)):
            assert desk.send("POST", path, body, role).status_code == 403
    assert desk.send("POST", "/consent/lookup", WHO, OFFICER).status_code == 422  # without a purpose
    assert desk.send("POST", "/consent/lookup", {"userId": "x"} | WHY, OFFICER).status_code == 404
    found = desk.done("POST", "/consent/lookup", WHO | WHY, OFFICER)
    looks = rows(
        desk.api.owner_url, "select actor, resource_id, reason from audit_log where action = 'privacy.person.viewed'"
    )
    assert looks == [(OFFICER, found["personId"], WHY["purpose"])]


def test_the_same_source_id_is_recorded_once_and_for_one_person(desk: Desk) -> None:
    first = desk.done("POST", "/consent", YES | {"sourceId": "s-1"}, SHOP)
    assert desk.done("POST", "/consent", YES | {"sourceId": "s-1"}, SHOP)["consentId"] == first["consentId"]
    keyed = desk.done("POST", "/consent", YES, SHOP, Idempotency_Key="k-1")
    assert desk.done("POST", "/consent", YES, SHOP, Idempotency_Key="k-1") == keyed
    other = YES | {"sourceId": "s-1", "userId": "c-18", "email": None}
    assert desk.send("POST", "/consent", other, SHOP).status_code == 409


def test_an_export_is_an_import_again(desk: Desk) -> None:
    bad = YES | {"status": "maybe"}
    rows_in = [
        YES | {"sourceId": f"s-{n}", "userId": f"c-{n}", "email": None, "evidence": f"form {n}"} for n in range(5)
    ]
    done = desk.done("POST", "/consent/import", {"consents": [*rows_in, bad, rows_in[0]]}, OFFICER)
    assert (done["recorded"], done["known"]) == (5, 1)
    assert [(each["row"], each["message"]) for each in done["problems"]] == [
        (5, "status: must be 'granted' or 'revoked'")
    ]
    found, cursor = [], None
    while True:
        page = desk.done("POST", "/consent/export", WHY | {"limit": 2, "cursor": cursor}, OFFICER)
        found += page["items"]
        if (cursor := page["nextCursor"]) is None:
            break
    assert {(each["userId"], each["evidence"]) for each in found} == {(f"c-{n}", f"form {n}") for n in range(5)}
    again = desk.done("POST", "/consent/import", {"consents": found}, OFFICER)
    assert (again["recorded"], again["known"], again["problems"]) == (0, 5, [])


def test_a_receipt_is_verified_without_us_and_a_changed_one_is_not(desk: Desk, tmp_path: Path) -> None:
    policy = desk.done("POST", "/policies", POLICY, OFFICER)
    text = desk.get("/consent/form?locale=de-AT&jurisdiction=gdpr", SHOP)
    shown = {"textId": text["textId"], "policyVersion": policy["version"]}
    made = desk.done("POST", "/consent", YES | shown | {"evidence": "box ticked"}, SHOP)
    got = desk.done("POST", f"/consent/{made['consentId']}/receipt", WHY, OFFICER)
    content = verify_receipt.verify(got["receipt"], [got["vkey"]])
    assert content["person"] == {"customer_id": ["c-17"], "email": ["jane@example.com"]}
    assert (content["status"], content["policyVersion"], content["evidence"]) == ("granted", 1, "box ticked")
    assert len(content["textSha256"]) == 64
    file = tmp_path / "jane.receipt"
    program = [sys.executable, "-I", "-S", verify_receipt.__file__, str(file), "--vkey", got["vkey"]]
    for changed, code in ((got["receipt"], 0), (got["receipt"].replace("granted", "revoked"), 1), ("", 1)):
        file.write_text(changed, encoding="utf-8")
        assert subprocess.run(program, capture_output=True, check=False).returncode == code
    file.unlink()
    assert subprocess.run(program, capture_output=True, check=False).returncode == 2
    with pytest.raises(verify_receipt.ReceiptError, match="no signature"):
        verify_receipt.verify(got["receipt"], [])


def test_a_form_speaks_the_language_and_the_law_there_is(desk: Desk) -> None:
    assert desk.send("GET", "/consent/form", None, SHOP).status_code == 404
    desk.done("POST", "/policies", POLICY, OFFICER)
    for query, title, law in (
        ("locale=de", "Dürfen wir?", None),
        ("locale=de-CH&jurisdiction=gdpr", "May we write to you?", "gdpr"),
        ("locale=fr", "May we write to you?", None),
        ("", "May we write to you?", None),
    ):
        text = desk.get(f"/consent/form?{query}", SHOP)
        assert (text["title"], text["jurisdiction"], text["policyVersion"]) == (title, law, 1)
    assert desk.send("GET", "/consent/form?locale=german", None, SHOP).status_code == 422


def test_who_has_acknowledged_a_policy_and_who_still_has_to(desk: Desk) -> None:
    for number in range(3):
        desk.done("POST", "/consent", YES | {"userId": f"c-{number}", "email": None}, SHOP)
    assert desk.done("POST", "/policies", POLICY, OFFICER)["outstanding"] == 3
    first = desk.done("POST", "/policies/1/acknowledge", {"userId": "c-1"}, SHOP)
    assert desk.done("POST", "/policies/1/acknowledge", {"userId": "c-1"}, SHOP) == first
    assert desk.send("POST", "/policies/7/acknowledge", {"userId": "c-1"}, SHOP).status_code == 404
    [policy] = desk.get("/policies", SUPPORT)["items"]
    assert (policy["acknowledged"], policy["outstanding"]) == (1, 2)
    left = desk.done("POST", "/policies/1/outstanding", WHY, OFFICER)["items"]
    assert {each["userId"] for each in left} == {"c-0", "c-2"}
    assert desk.send("POST", "/policies/1/outstanding", WHY, SUPPORT).status_code == 403
    assert desk.done("POST", "/policies/1/campaign", None, OFFICER)["asked"] == 2
    asked = rows(desk.api.owner_url, "select name, data->>'personId' from shop_command order by id")
    assert asked == [("policy.acknowledge", each["personId"]) for each in left]
    desk.done("POST", "/policies", POLICY | {"requiresAcknowledgement": False}, OFFICER)
    assert desk.send("POST", "/policies/2/campaign", None, OFFICER).status_code == 409


def test_trends_count_people_by_what_holds_at_the_end_of_a_day(desk: Desk) -> None:
    for number in range(4):
        desk.done("POST", "/consent", YES | {"userId": f"c-{number}", "email": None}, SHOP)
        desk.done("POST", "/consent", YES | {"userId": f"c-{number}", "email": None}, SHOP)  # says it twice
    desk.done("POST", "/consent", NO | {"userId": "c-0", "email": None}, SHOP)

    def marketing(days: int) -> list[tuple[int, int]]:
        found = desk.get(f"/consent/trends?days={days}", LEAD)["trends"]
        return [
            (day["granted"], day["asked"])
            for each in found
            if each["consentType"] == "marketing"
            for day in each["days"]
        ]

    assert marketing(2) == [(0, 0), (3, 4)]
    rows(
        desk.api.owner_url,
        "alter table consent disable trigger consent_stays;"
        " update consent set recorded_at = recorded_at - interval '3 days'",
    )

    async def fold() -> None:
        from backend.core.database import Database

        database = Database(desk.api.settings.database_url or "")
        await database.open()
        await fold_days(database, desk.api.settings)
        await fold_days(database, desk.api.settings)
        await database.close()

    before = marketing(5)
    assert before == [(0, 0), (3, 4), (3, 4), (3, 4), (3, 4)]
    asyncio.run(fold())
    assert rows(desk.api.owner_url, "select consent_type, granted, asked from consent_day") == [("marketing", 3, 4)]
    assert marketing(5) == before
    desk.done("POST", "/consent", NO | {"userId": "c-1", "email": None}, SHOP)
    assert marketing(5)[-2:] == [(3, 4), (2, 4)]
    text = httpx.get(f"{desk.api.base_url}/metrics", timeout=20).text
    assert 'opsconsole_consent_people{status="granted",type="marketing"} 2.0' in text


def test_a_withdrawal_asks_the_shop_and_names_nobody_at_rest(desk: Desk) -> None:
    desk.done("POST", "/consent", YES, SHOP)
    assert rows(desk.api.owner_url, "select count(*) from shop_command") == [(0,)]
    desk.done("POST", "/consent", NO, SHOP)
    early = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    desk.done("POST", "/consent", NO | {"timestamp": early}, SHOP)  # it did not hold: nobody is told
    [(name, data)] = rows(desk.api.owner_url, "select name, data from shop_command")
    assert name == "consent.withdrawn"
    assert data.keys() == {"personId", "consentId", "consentType", "timestamp"}


def test_without_keys_nothing_personal_is_taken(api: Api) -> None:
    desk = Desk(api)
    answer = desk.send("POST", "/consent", YES, SHOP)
    assert answer.status_code == 409
    assert "OPSCONSOLE_PRIVACY_KEY_FILE" in answer.json()["detail"]
