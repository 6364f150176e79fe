"""Requests over HTTP: no way around the proof of identity, duplicates by a rule, clocks that stop and are extended."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from backend.core.database import Database
from backend.privacy.deadlines.watch import watch
from tests.backend.privacy.fixtures import Desk, rows

SHOP, OFFICER, SUPPORT, LEAD = "storefront", "compliance-officer", "support-lead", "operations-lead"
ACCESS = {"type": "access", "userId": "c-17", "email": "Jane@Example.com", "jurisdiction": "gdpr"}
DELETION = ACCESS | {"type": "deletion"}
PATH = "/access-requests"
CONFIRMED = {"confirmed": True, "method": "document", "evidence": "Passport seen in a call"}
WHY = {"purpose": "To answer her"}
PAUSE = {"reason": "clarification", "words": "Which of her 300 orders?"}
EXTEND = {"reason": "Many systems", "notice": "Dear Jane, it takes until March."}


def now(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).isoformat()


def take_in(desk: Desk, role: str = SHOP, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = desk.done("POST", PATH, ACCESS | more, role)
    return made


def act(desk: Desk, request: dict[str, Any], what: str, body: Any = None, role: str = OFFICER) -> dict[str, Any]:
    now_at = desk.get(f"{PATH}/{request['requestId']}", OFFICER)["version"]
    path = f"{PATH}/{request['requestId']}/{what}"
    done: dict[str, Any] = desk.done("POST", path, body, role, If_Match=f'"{now_at}"')
    return done


def refused(desk: Desk, request: dict[str, Any], what: str, body: Any = None, role: str = OFFICER) -> tuple[int, str]:
    now_at = desk.get(f"{PATH}/{request['requestId']}", OFFICER)["version"]
    answer = desk.send("POST", f"{PATH}/{request['requestId']}/{what}", body, role, If_Match=f'"{now_at}"')
    return answer.status_code, answer.json()["detail"]


def shown(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = desk.get(f"{PATH}/{request['requestId']}", OFFICER)
    return found


# --- identity, whatever way it came


def test_a_request_by_support_waits_for_proof(desk: Desk) -> None:
    made = take_in(desk, SUPPORT)
    assert (made["status"], made["source"], made["verifiedAt"]) == ("identity", "support", None)
    assert take_in(desk, SUPPORT, type="deletion")["status"] == "identity"


def test_support_cannot_vouch_for_a_session_nor_verify(desk: Desk) -> None:
    session = {"session": {"authenticatedAt": now()}}
    answer = desk.send("POST", PATH, ACCESS | session, SUPPORT)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/session")
    made = take_in(desk, SUPPORT)
    answer = desk.send("POST", f"{PATH}/{made['requestId']}/verify", CONFIRMED, SUPPORT, If_Match='"1"')
    assert answer.status_code == 403


def test_the_shop_vouches_for_a_fresh_session_alone(desk: Desk) -> None:
    assert take_in(desk)["status"] == "identity"
    for at in (now(minutes=16), now(minutes=-1)):
        answer = desk.send("POST", PATH, ACCESS | {"session": {"authenticatedAt": at}}, SHOP)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/session/authenticatedAt")
    made = take_in(desk, type="restriction", session={"authenticatedAt": now(minutes=2)})
    assert (made["status"], made["verification"], made["verifiedBy"]) == ("running", "session", SHOP)


def test_an_import_proves_nothing(desk: Desk) -> None:
    proof = {"session": {"authenticatedAt": now()}}
    given = [ACCESS | {"receivedAt": now(days=3)}, DELETION | proof, ACCESS | {"type": "fame"}]
    done = desk.done("POST", f"{PATH}/import", {"requests": given}, OFFICER)
    assert (done["taken"], [each["row"] for each in done["problems"]]) == (1, [1, 2])
    [request] = desk.get(PATH, SUPPORT)["items"]
    assert (request["status"], request["source"]) == ("identity", "import")


def test_a_verified_request_verifies_no_other_that_is_linked_with_it(desk: Desk) -> None:
    verified = act(desk, take_in(desk), "verify", CONFIRMED)
    other = take_in(desk)
    assert (other["status"], other["verifiedAt"], other["duplicateOf"]) == ("duplicate", None, verified["reference"])
    alone = act(desk, other, "unlink")
    assert (alone["status"], alone["verifiedAt"]) == ("identity", None)
    by_hand = act(desk, alone, "link", {"other": verified["requestId"], "reason": "She says so"})
    assert (by_hand["status"], by_hand["verifiedAt"]) == ("duplicate", None)


def test_a_failed_proof_leaves_it_waiting_and_nothing_else_gets_past(desk: Desk) -> None:
    made = act(desk, take_in(desk), "verify", CONFIRMED | {"confirmed": False})
    assert (made["status"], made["verifiedAt"], made["blocked"]) == ("identity", None, "proof of identity failed")
    for state in ("running", "done", "ready", "approval"):
        answer = desk.send("PATCH", f"{PATH}/{made['requestId']}", {"status": state}, OFFICER, If_Match='"2"')
        assert answer.status_code == 422
    assert refused(desk, made, "verify", CONFIRMED | {"method": "session"})[0] == 422


@pytest.mark.parametrize("state", ["approval", "waiting", "running", "review", "ready", "done"])
def test_the_database_itself_lets_nothing_be_done_for_an_unknown(desk: Desk, state: str) -> None:
    take_in(desk)
    with pytest.raises(psycopg.errors.CheckViolation, match="identity_is_known"):
        rows(desk.api.owner_url, "update privacy_request set state = %s", state)


def test_whoever_answers_from_an_address_has_not_shown_the_account_to_be_theirs(desk: Desk) -> None:
    """A stranger names Jane's account and their own address, and answers from that."""
    desk.done("POST", "/consent", {"userId": "c-17", "consentType": "marketing", "status": "granted"}, SHOP)
    strangers = take_in(desk, email="stranger@example.com")
    by_mail = {"confirmed": True, "method": "email", "evidence": "Answered from there"}
    act(desk, strangers, "verify", by_mail)
    found = desk.done("POST", f"{PATH}/{strangers['requestId']}/person", WHY, OFFICER)
    assert found["known"] == {"email": ["stranger@example.com"]}


def test_an_id_and_an_address_of_two_people_are_nobodys(desk: Desk) -> None:
    for who in ({"userId": "c-17"}, {"email": "bob@example.com"}):
        desk.done("POST", "/consent", who | {"consentType": "marketing", "status": "granted"}, SHOP)
    made = take_in(desk, email="bob@example.com")
    status, detail = refused(desk, made, "verify", CONFIRMED)
    assert status == 409
    assert "two people's" in detail


# --- duplicates


def test_the_canonical_one_is_the_one_worked_on_else_verified_else_oldest_and_the_earliest_receipt_counts(
    desk: Desk,
) -> None:
    first = take_in(desk, SUPPORT, receivedAt=now(days=5))
    second = take_in(desk, SUPPORT, receivedAt=now(days=9))  # told later, received earlier
    assert shown(desk, first)["duplicateOf"] == second["reference"]
    third = act(desk, take_in(desk, userId=None, receivedAt=now(days=2)), "verify", CONFIRMED)
    assert (third["status"], third["duplicates"]) == ("running", 2)
    assert third["dueAt"] == second["dueAt"]  # its clock runs from nine days ago
    assert {shown(desk, each)["duplicateOf"] for each in (first, second)} == {third["reference"]}
    assert shown(desk, third)["linked"] == sorted([first["reference"], second["reference"]])
    # Other kinds and other people are none of its business.
    assert take_in(desk, type="rectification")["status"] == "identity"
    assert take_in(desk, userId="c-18", email=None)["status"] == "identity"


def test_a_duplicate_that_is_verified_takes_the_place_of_one_that_is_not(desk: Desk) -> None:
    stranger = take_in(desk, receivedAt=now(days=1))  # somebody names Jane before she does
    hers = take_in(desk)
    assert hers["status"] == "duplicate"
    verified = act(desk, hers, "verify", CONFIRMED)
    assert verified["status"] == "running"
    assert shown(desk, stranger)["duplicateOf"] == verified["reference"]


def test_the_same_person_twice_at_once_is_one_request_and_a_duplicate(desk: Desk) -> None:
    async def both() -> None:
        await asyncio.gather(*(asyncio.to_thread(take_in, desk) for _ in range(6)))

    asyncio.run(both())
    states = rows(desk.api.owner_url, "select state, count(*) from privacy_request group by 1 order by 1")
    assert states == [("duplicate", 5), ("identity", 1)]
    assert rows(desk.api.owner_url, "select count(distinct canonical_id) from privacy_request") == [(1,)]


# --- clocks


def test_a_clock_stops_where_the_law_allows_it_and_runs_again(desk: Desk) -> None:
    californian = take_in(desk, SUPPORT, jurisdiction="ccpa", type="deletion")
    assert refused(desk, californian, "pause", PAUSE)[0] == 409
    made = take_in(desk, SUPPORT, receivedAt=now(days=10))
    paused = act(desk, made, "pause", PAUSE)
    assert paused["paused"]
    assert refused(desk, made, "pause", PAUSE) == (409, "The clock stands still already.")
    rows(desk.api.owner_url, "update privacy_pause set begun_at = begun_at - interval '5 days'")
    running = act(desk, made, "resume")
    assert not running["paused"]
    assert 4 <= (_day(running["dueOn"]) - _day(made["dueOn"])).days <= 9  # five days, and to the next working day
    assert refused(desk, made, "resume") == (409, "The clock runs.")
    [pause] = shown(desk, made)["pauses"]
    assert pause["words"] == PAUSE["words"]
    assert desk.get(f"{PATH}/{made['requestId']}", SUPPORT)["pauses"][0]["words"] == ""


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_an_extension_is_told_before_the_first_date_and_once(desk: Desk) -> None:
    made = take_in(desk)
    longer = act(desk, made, "extend", EXTEND)
    assert (longer["extended"], 55 < (_day(longer["dueOn"]) - _day(made["dueOn"])).days < 65) == (True, True)
    assert refused(desk, made, "extend", EXTEND)[0] == 409
    extension = shown(desk, made)["extension"]
    assert (extension["notice"], extension["sentBy"]) == (EXTEND["notice"], OFFICER)
    [(name, data)] = rows(desk.api.owner_url, "select name, data from shop_command")
    assert (name, data["notice"]) == ("privacy.request_changed", "extension")
    assert "Jane" not in str(data)
    late = take_in(desk, SUPPORT, type="deletion", receivedAt=now(days=60))
    assert refused(desk, late, "extend", EXTEND)[1].startswith("It is too late")
    brazilian = take_in(desk, SUPPORT, type="restriction", jurisdiction="lgpd")
    assert refused(desk, brazilian, "extend", EXTEND)[0] == 409


def test_the_list_begins_with_what_falls_due_first(desk: Desk) -> None:
    made = [
        take_in(desk, SUPPORT, userId=f"c-{days}", email=None, receivedAt=now(days=days), jurisdiction=law)
        for days, law in ((3, "gdpr"), (20, "gdpr"), (1, "lgpd"), (25, "ccpa"))
    ]
    found = desk.get(PATH, SUPPORT)["items"]
    assert [each["dueAt"] for each in found] == sorted(each["dueAt"] for each in made)
    first = desk.get(f"{PATH}?limit=3", SUPPORT)
    rest = desk.get(f"{PATH}?limit=3&cursor={first['nextCursor']}", SUPPORT)
    assert [each["requestId"] for each in first["items"] + rest["items"]] == [each["requestId"] for each in found]
    assert [each["reference"] for each in desk.get(f"{PATH}?reference=pr-0002", SUPPORT)["items"]] == ["PR-0002"]
    assert desk.get(f"{PATH}?type=deletion", SUPPORT)["items"] == []
    assert desk.send("GET", f"{PATH}?reference=x", None, SUPPORT).status_code == 422
    figures = desk.get(f"{PATH}/figures", SUPPORT)
    assert (figures["open"], figures["byType"], figures["pastDue"]) == (4, {"access": 4}, 0)


def _watched(desk: Desk) -> list[tuple[str, str, bool]]:
    async def turn() -> None:
        database = Database(desk.api.settings.database_url or "")
        await database.open()
        await watch(database, desk.api.settings)
        await database.close()

    asyncio.run(turn())
    found = rows(
        desk.api.owner_url,
        "select title, severity, condition = 'breached' from alert where source = 'privacy.requests'"
        " and valid_to = 'infinity' order by title",
    )
    return [(title, severity, burning) for title, severity, burning in found]


def test_an_alert_is_raised_seven_days_and_two_days_before_and_passes(desk: Desk) -> None:
    made = take_in(desk)
    assert _watched(desk) == []

    def due_in(**left: float) -> None:
        rows(desk.api.owner_url, "update privacy_request set due_at = now() + %s", timedelta(**left))

    due_in(days=7, minutes=5)
    assert _watched(desk) == []
    due_in(days=6, hours=23, minutes=30)
    assert _watched(desk) == [("Access PR-0001 is due by law in 6 d", "P2", True)]
    due_in(days=2, minutes=-1)
    assert _watched(desk) == [("Access PR-0001 is due by law in 1 d", "P1", True)]
    due_in(hours=3)
    assert _watched(desk) == [("Access PR-0001 is due by law in 3 h", "P1", True)]
    due_in(hours=-1)
    assert _watched(desk) == [("Access PR-0001 is past its legal date", "P1", True)]
    answer = desk.send(
        "PATCH", f"{PATH}/{made['requestId']}", {"status": "withdrawn", "reason": "Call"}, OFFICER, If_Match='"1"'
    )
    assert answer.is_success, answer.text
    assert [burning for _, _, burning in _watched(desk)] == [False]


def test_the_owner_is_reminded_once_when_our_own_date_passes(desk: Desk) -> None:
    made = take_in(desk)
    desk.done("PATCH", f"{PATH}/{made['requestId']}", {"owner": OFFICER}, OFFICER, If_Match='"1"')
    rows(desk.api.owner_url, "update privacy_request set internal_at = now() - interval '1 hour'")
    rows(
        desk.api.owner_url,
        "with c as (insert into connection (name, kind, settings, ready, updated_by)"
        " values ('C', 'webhook', '{}', true, 'test') returning id)"
        " insert into route (team, severity, connection_id, mode) select 'privacy', 'P3', id, 'at_once' from c",
    )
    for _ in range(2):
        _watched(desk)
    [(template, values)] = rows(desk.api.owner_url, "select template, values from notice")
    assert (template, values["title"], values["owner"]) == ("privacy.late", "Access PR-0001", OFFICER)


def test_a_clock_that_stands_moves_on_by_itself(desk: Desk) -> None:
    made = take_in(desk, SUPPORT, jurisdiction="other")
    act(desk, made, "pause", PAUSE)
    rows(desk.api.owner_url, "update privacy_pause set begun_at = begun_at - interval '4 days'")
    _watched(desk)
    assert (_day(shown(desk, made)["dueOn"]) - _day(made["dueOn"])).days == 4


def test_another_reading_of_the_law_dates_what_is_open_anew(desk: Desk) -> None:
    made = take_in(desk, SUPPORT, jurisdiction="other")
    before = next(each for each in desk.get("/jurisdictions", SUPPORT)["items"] if each["code"] == "other")
    keep = ("title", "law", "zone", "unit", "extended", "rolls", "pauses", "internalDays", "weekend")
    body = {name: before[name] for name in keep} | {"period": 20, "reason": "Counsel says so"}
    path = "/jurisdictions/other"
    assert desk.send("PUT", path, body | {"zone": "Mars/Olympus"}, OFFICER, If_Match='"1"').status_code == 422
    assert desk.send("PUT", path, body | {"period": 400}, OFFICER, If_Match='"1"').status_code == 422
    assert desk.done("PUT", path, body, OFFICER, If_Match='"1"')["version"] == 2
    assert (_day(shown(desk, made)["dueOn"]) - _day(made["dueOn"])).days == -10
    assert desk.send("PUT", path, body, OFFICER, If_Match='"1"').status_code == 412
    assert desk.send("PUT", path, body, SUPPORT, If_Match='"2"').status_code == 403


# --- who sees what


def test_who_it_is_from_stands_nowhere_but_sealed(desk: Desk) -> None:
    made = take_in(desk, reason="I am Jane Doe, born 1 May")
    act(desk, made, "verify", CONFIRMED | {"evidence": "Jane's passport"})
    act(desk, made, "extend", EXTEND)
    tables = rows(
        desk.api.owner_url,
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
    )
    for (table,) in tables:
        text = str(rows(desk.api.owner_url, f"select t::text from {table} as t")).lower()
        for needle in ("jane", "c-17"):
            assert needle not in text, table


def test_only_the_compliance_role_sees_who_it_is_and_each_look_is_audited(desk: Desk) -> None:
    made = take_in(desk, reason="Everything please")
    act(desk, made, "verify", CONFIRMED)
    path = f"{PATH}/{made['requestId']}/person"
    for role in (SHOP, SUPPORT, LEAD, "administrator"):
        assert desk.send("POST", path, WHY, role).status_code == 403
    found = desk.done("POST", path, WHY, OFFICER)
    assert (found["claimed"], found["reason"]) == (
        {"customer_id": "c-17", "email": "Jane@Example.com"},
        "Everything please",
    )
    assert found["known"] == {"customer_id": ["c-17"], "email": ["jane@example.com"]}
    looks = rows(desk.api.owner_url, "select actor, reason from audit_log where action = 'privacy.person.viewed'")
    assert looks == [(OFFICER, WHY["purpose"])]
    assert "jane" not in str(desk.get(PATH, SUPPORT)).lower()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"userId": None, "email": None}, ""),
        ({"type": "fame"}, "/type"),
        ({"jurisdiction": "mars"}, "/jurisdiction"),
        ({"receivedAt": now(days=-1)}, "/receivedAt"),
        ({"reason": "x" * 2_001}, "/reason"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(desk: Desk, change: dict[str, Any], pointer: str) -> None:
    answer = desk.send("POST", PATH, ACCESS | change, SHOP)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_closing_one_says_why_and_the_person_is_told(desk: Desk) -> None:
    made = take_in(desk)
    path = f"{PATH}/{made['requestId']}"
    assert desk.send("PATCH", path, {"status": "refused"}, OFFICER, If_Match='"1"').status_code == 422
    done = desk.done("PATCH", path, {"status": "refused", "reason": "Nobody answered, Jane"}, OFFICER, If_Match='"1"')
    assert done["status"] == "refused"
    assert desk.send("PATCH", path, {"owner": OFFICER}, OFFICER, If_Match='"2"').status_code == 409
    assert desk.done("POST", f"{path}/person", WHY, OFFICER)["closing"] == "Nobody answered, Jane"
    assert rows(desk.api.owner_url, "select name, data->>'status' from shop_command") == [
        ("privacy.request_changed", "refused")
    ]
    assert desk.get(PATH, SUPPORT)["items"] == []
    assert len(desk.get(f"{PATH}?open=false", SUPPORT)["items"]) == 1
