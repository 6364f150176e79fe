"""The risk queue over HTTP: lists, cases, and what is done to entries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.risk.filters import TAB_QUERY, Tab
from tests.backend.risk.fixtures import APPROVE, ESCALATE, QUEUE, REJECT, RiskShop
from tests.conftest import Api


@pytest.fixture
def shop(api: Api) -> RiskShop:
    return RiskShop(api)


def at(shop: RiskShop, entry_id: str) -> dict[str, Any]:
    found: dict[str, Any] = shop.get(f"{QUEUE}/{entry_id}").json()["entry"]
    return found


# --- lists -----------------------------------------------------------------------------------------------------------


def test_filters_find_what_they_say(shop: RiskShop) -> None:
    now = datetime.now(UTC)
    shop.entry(order_id="low", score=40, reporting_minor=100, created_at=now - timedelta(hours=3))
    shop.entry(order_id="high", score=97, action="block", triggered=["card-test", "night-buy"], card_country="FR")
    shop.entry(order_id="rateless", score=60, reporting_minor=None, due_at=now - timedelta(minutes=2))
    shop.entry(order_id="soon", score=50, reporting_minor=999, due_at=now + timedelta(minutes=30), customer="Zoë_1%")
    shop.sql("update risk_entry set assigned_to = 'ada' where order_id = 'low'")
    shop.sql("update risk_entry set assigned_to = 'risk-analyst', status = 'escalated' where order_id = 'soon'")
    shop.sql("update risk_entry set snoozed_until = now() + interval '1 hour' where order_id = 'rateless'")
    expected: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["high", "rateless", "soon", "low"]),
        ({"status": "open"}, ["high", "rateless", "low"]),
        ({"status": ["open", "escalated"]}, ["high", "rateless", "soon", "low"]),
        ({"status": "reviewed"}, []),
        ({"assignedTo": "me"}, ["soon"]),
        ({"assignedTo": "ada"}, ["low"]),
        ({"assignedTo": "none"}, ["high", "rateless"]),
        ({"scoreMin": 60}, ["high", "rateless"]),
        ({"scoreMax": 60, "scoreMin": 50}, ["rateless", "soon"]),
        ({"rule": "night-buy"}, ["high"]),
        ({"rule": ["night-buy", "velocity-card"]}, []),
        ({"action": "block"}, ["high"]),
        ({"amountMin": 999}, ["high", "soon"]),
        ({"amountMax": 999}, ["soon", "low"]),
        ({"ageMin": 120}, ["low"]),
        ({"ageMax": 120}, ["high", "rateless", "soon"]),
        ({"dueWithin": 60}, ["rateless", "soon"]),
        ({"overdue": True}, ["rateless"]),
        ({"overdue": False}, ["high", "soon", "low"]),
        ({"snoozed": True}, ["rateless"]),
        ({"snoozed": False}, ["high", "soon", "low"]),
        ({"text": "HIG"}, ["high"]),
        ({"text": "fr"}, ["high"]),
        ({"text": "velocity-c"}, ["rateless", "soon", "low"]),
        ({"text": "card NIGHT"}, ["high"]),
        ({"text": "zoë_1%"}, ["soon"]),
        ({"text": "%"}, []),
        ({"text": "o_1"}, []),
        ({"text": "eve@shop"}, []),
        ({"sort": "score", "direction": "asc"}, ["low", "soon", "rateless", "high"]),
        ({"sort": "due"}, ["rateless", "soon", "low", "high"]),
        ({"sort": "due", "direction": "desc"}, ["high", "low", "soon", "rateless"]),
        ({"sort": "age"}, ["low", "high", "rateless", "soon"]),
        ({"sort": "age", "direction": "asc"}, ["soon", "rateless", "high", "low"]),
        ({"sort": "amount"}, ["high", "soon", "low", "rateless"]),
        ({"sort": "amount", "direction": "asc"}, ["rateless", "low", "soon", "high"]),
    ]
    # Due a day after they were made: low was made first, and gets its day at the same moment as the one after it.
    shop.sql("update risk_entry set due_at = created_at + interval '30 hours' where order_id = 'low'")
    shop.sql("update risk_entry set due_at = created_at + interval '40 hours' where order_id = 'high'")
    assert [(parameters, shop.ids(**parameters)) for parameters, _ in expected] == expected
    counts = shop.get(f"{QUEUE}/counts").json()
    del counts["asOf"]
    assert shop.get("/api/operations/counts").json()["counts"]["risk.queue"] == counts["open"], (
        "the badge counts as the tab"
    )
    assert len(shop.ids(**TAB_QUERY[Tab.OPEN])) == counts["open"], "the tab lists as many as it counts"
    assert counts == {"open": 2, "mine": 1, "escalated": 1, "dueSoon": 2, "overdue": 1, "snoozed": 1}


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        ({"order_id": "ΟΔΟΣ-1"}, "οδος"),
        ({"order_id": "ΟΔΟΣ-1"}, "ΟΔΟΣ-1"),
        ({"order_id": "οδός"}, "ΟΔΌΣ"),
        ({"customer": "İPEK"}, "ipek"),
        ({"customer": "İPEK"}, "İPEK"),
        ({"card_country": "DE"}, "germany"),
        ({"card_country": "DE"}, "Deutschland"),
        ({"ip_country": "KR"}, "South Korea"),
        ({"ip_country": "KR", "order_id": "A-77"}, "a-77 KOR"),
    ],
)
def test_words_are_found_in_any_letter_case_and_countries_by_name(
    shop: RiskShop, kept: dict[str, Any], typed: str
) -> None:
    shop.entry(order_id="another", customer="model", card_country="FR", ip_country="NL")
    wanted = shop.entry(**{"order_id": "wanted", "card_country": None, "ip_country": None} | kept)
    found = shop.get(QUEUE, text=typed).json()["items"]
    assert [item["entryId"] for item in found] == [str(wanted)]


@pytest.mark.parametrize("sort", ["score", "due", "age", "amount"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_pages_tell_each_entry_once(shop: RiskShop, sort: str, direction: str) -> None:
    for number in range(11):
        shop.entry(score=50 + number % 3, reporting_minor=None if number % 4 == 0 else number % 3)
    whole = shop.ids(sort=sort, direction=direction)
    found: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = shop.get(QUEUE, sort=sort, direction=direction, limit=3, **cursor).json()
        found += [item["orderId"] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert (found, len(set(found))) == (whole, 11)


def test_what_cannot_be_listed_is_told(shop: RiskShop) -> None:
    shop.entry()
    shop.entry()
    cursor = shop.get(QUEUE, limit=1).json()["nextCursor"]
    for parameters, pointer in (
        ({"status": ["open", "reviewed"]}, "query:status"),
        ({"status": "reviewed", "sort": "score"}, "query:sort"),
        ({"sort": "decided"}, "query:sort"),
        ({"cursor": cursor, "sort": "amount"}, "query:cursor"),
        ({"cursor": "x"}, "query:cursor"),
        ({"scoreMin": 101}, "query:scoreMin"),
        ({"rule": "Not A Rule"}, "query:rule.0"),
    ):
        answer = shop.get(QUEUE, **parameters)
        assert answer.status_code == 422, parameters
        assert answer.json()["errors"][0]["pointer"] == pointer, answer.text


def test_linked_entries_are_counted_once(shop: RiskShop) -> None:
    shop.entry(order_id="first", card="k", ip="1.2.3.4")
    shop.entry(order_id="both", card="k", ip="1.2.3.4")
    shop.entry(order_id="device", device="d", ip="1.2.3.4")
    shop.entry(order_id="other", device="d")
    found = {item["orderId"]: item["linked"] for item in shop.get(QUEUE).json()["items"]}
    assert found == {"first": 2, "both": 2, "device": 3, "other": 1}


# --- a case ----------------------------------------------------------------------------------------------------------


def test_a_case_has_all_that_bears_on_it(shop: RiskShop) -> None:
    for minutes in (50, 20, 1):
        shop.order(
            order_id=f"by-card-{minutes}",
            card="k",
            placed_at=datetime(2026, 11, 24, 14, tzinfo=UTC) - timedelta(minutes=minutes),
        )
    entry_id = shop.entry(
        order_id="CS-1", card="k", ip="105.112.7.9", placed_at=datetime(2026, 11, 24, 14, tzinfo=UTC), customer="c"
    )
    later = shop.entry(order_id="later", card="k", customer="c", placed_at=datetime(2026, 11, 24, 15, tzinfo=UTC))
    shop.done(f"{QUEUE}/{entry_id}/claim", version=1)
    shop.done(f"{QUEUE}/{entry_id}/notes", {"text": "asked the bank"})
    answer = shop.get(f"{QUEUE}/{entry_id}")
    case = answer.json()
    assert answer.headers["etag"] == '"2"'
    assert case["entry"]["assignedToName"] == "Risk analyst"
    assert [note["text"] for note in case["entry"]["notes"]] == ["asked the bank"]
    assert case["decision"]["explanation"][0]["conditions"][0]["actual"] == 5
    assert case["decision"]["explanation"][0]["conditions"][1]["actual"] == "e***@shop.example"
    assert case["order"]["items"] == [{"title": "A320 pack", "quantity": 2}, {"title": "liv", "quantity": 1}]
    assert (case["order"]["ip"], case["order"]["cardLast4"]) == ("105.112.7.0/24", "4417")
    assert case["customer"] == case["customer"] | {
        "email": "e***@shop.example",
        "name": None,
        "hidden": True,
        "orders": 2,
    }
    card, customer, network = case["velocity"]
    assert (card["metric"], card["most"], card["ruleId"]) == ("card_orders_1h", 3, "velocity-card")
    assert (card["counts"], card["total"]) == ([0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 2], 4)
    assert (customer["metric"], customer["total"], customer["most"]) == ("customer_orders_24h", 1, None)
    assert (network["metric"], network["minutes"]) == ("ip_orders_1h", 60)
    assert [(each["orderId"], each["shared"], each["entryId"]) for each in case["linked"]] == [
        ("later", ["customer", "card"], later),
        ("by-card-1", ["card"], None),
        ("by-card-20", ["card"], None),
        ("by-card-50", ["card"], None),
    ]
    assert [(each["what"], each["byName"]) for each in case["history"]] == [
        ("risk.entry.noted", "Risk analyst"),
        ("risk.entry.claimed", "Risk analyst"),
    ]
    assert (case["intent"], case["twoPeople"], case["linkedMore"]) == (None, False, False)
    assert "eve@" not in answer.text
    assert "Eve Adams" not in answer.text


def test_personal_data_is_shown_to_those_who_may_see_it(shop: RiskShop) -> None:
    entry_id = shop.entry(ip="2001:db8:5:6::7")
    shop.sql(
        "update role_definition set permissions = permissions || '{risk.view_queue}' where id = 'compliance-officer'"
    )
    case = shop.get(f"{QUEUE}/{entry_id}", "compliance-officer").json()
    assert case["customer"] == case["customer"] | {"email": "eve@shop.example", "name": "Eve Adams", "hidden": False}
    assert case["order"]["ip"] == "2001:db8:5:6::7"
    assert shop.get(f"{QUEUE}/{entry_id}").json()["order"]["ip"] == "2001:db8:5::/48"


def test_a_case_shows_fifty_linked_orders_and_that_there_are_more(shop: RiskShop) -> None:
    entry_id = shop.entry(order_id="CS-1", customer="c")
    shop.sql(
        "insert into risk_order (id, source, placed_at, minor, currency, customer_id)"
        " select 'n' || n, 'shop', now() + n * interval '1 s', 5, 'EUR', 'c' from generate_series(1, 50) n"
    )
    case = shop.get(f"{QUEUE}/{entry_id}").json()
    assert (len(case["linked"]), case["linkedMore"]) == (50, False)
    shop.order(customer="c")
    case = shop.get(f"{QUEUE}/{entry_id}").json()
    assert (case["linked"][0]["orderId"], len(case["linked"]), case["linkedMore"]) == ("n50", 50, True)


def test_an_entry_that_is_not_there_is_404(shop: RiskShop) -> None:
    for entry_id in ("0198c0de-0000-7000-8000-000000000000", "nonsense"):
        assert shop.get(f"{QUEUE}/{entry_id}").status_code == 404
        assert shop.post(f"{QUEUE}/{entry_id}/claim", version=1).status_code == 404


# --- who works on it -------------------------------------------------------------------------------------------------


def test_claim_release_and_reassign(shop: RiskShop) -> None:
    entry_id = shop.entry()
    path = f"{QUEUE}/{entry_id}"
    assert shop.done(f"{path}/claim", version=1)["assignedTo"] == "risk-analyst"
    assert shop.done(f"{path}/claim", version=1)["version"] == 2
    taken = shop.post(f"{path}/claim", role="support-lead", version=2)
    assert (taken.status_code, taken.json()["current"]["assignedTo"]) == (409, "risk-analyst")
    assert "Risk analyst holds this entry" in taken.json()["detail"]
    assert shop.post(f"{path}/release", role="support-lead", version=2).status_code == 409
    assert shop.post(f"{path}/decision", APPROVE, role="support-lead", version=2).status_code == 409
    assert shop.post(f"{path}/release", version=1).status_code == 412
    assert shop.done(f"{path}/release", version=2)["assignedTo"] is None
    assert shop.done(f"{path}/release", version=2)["version"] == 3
    refused = shop.post(f"{path}/reassign", {"userId": "finance-analyst"}, version=3)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/userId")
    assert shop.post(f"{path}/reassign", {"userId": "nobody-we-know"}, version=3).status_code == 422
    assert shop.done(f"{path}/reassign", {"userId": "support-lead"}, version=3)["assignedTo"] == "support-lead"
    assert shop.done(f"{path}/reassign", {"userId": None}, version=4)["assignedTo"] is None
    assert shop.history(entry_id) == [
        f"risk.entry.{what}" for what in ("claimed", "released", "reassigned", "reassigned")
    ]


def test_take_next_gives_the_highest_that_may_be_taken(shop: RiskShop) -> None:
    shop.entry(order_id="low", score=20)
    shop.entry(order_id="older", score=90)
    shop.entry(order_id="newer", score=90)
    snoozed = shop.entry(order_id="snoozed", score=95)
    mine = shop.entry(order_id="mine", score=96, reporting_minor=60_000)
    shop.done(f"{QUEUE}/{snoozed}/snooze", {"until": _ahead(hours=1)}, version=1)
    shop.done(f"{QUEUE}/{mine}/decision", APPROVE, version=1)
    decided = shop.entry(order_id="decided", score=99)  # and about it a decision of mine is on its way
    besides = f"{QUEUE}/take-next?besides={decided}"
    assert [shop.done(besides)["orderId"] for _ in range(3)] == ["older", "newer", "low"]
    assert shop.post(besides).status_code == 204
    assert shop.done(f"{QUEUE}/take-next")["orderId"] == "decided"
    assert shop.done(f"{QUEUE}/take-next", role="support-lead")["orderId"] == "mine"


def _ahead(**span: int) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


def test_fifty_take_next_at_once_get_fifty_entries(shop: RiskShop) -> None:
    for _ in range(40):
        shop.entry()
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda _: shop.post(f"{QUEUE}/take-next"), range(50)))
    taken = [answer.json()["orderId"] for answer in answers if answer.status_code == 200]
    assert (len(taken), len(set(taken))) == (40, 40)
    assert sorted(answer.status_code for answer in answers)[40:] == [204] * 10


def test_of_two_who_claim_at_once_one_gets_it(shop: RiskShop) -> None:
    for _ in range(5):
        entry_id = shop.entry()
        with ThreadPoolExecutor(2) as pool:
            both = pool.map(
                lambda role, e=entry_id: shop.post(f"{QUEUE}/{e}/claim", role=role, version=1),
                ("risk-analyst", "support-lead"),
            )
            assert sorted(answer.status_code for answer in both) == [200, 409]


def test_snooze_ends_by_itself(shop: RiskShop) -> None:
    entry_id = shop.entry()
    path = f"{QUEUE}/{entry_id}"
    for until in (_ahead(days=31), _ahead(hours=-1)):
        refused = shop.post(f"{path}/snooze", {"until": until}, version=1)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/until")
    until = _ahead(hours=1)
    body = {"until": until, "notes": "bank answers at noon"}
    assert shop.done(f"{path}/snooze", body, version=1)["notes"][0]["text"] == "bank answers at noon"
    assert shop.done(f"{path}/snooze", body, version=1)["version"] == 2
    assert at(shop, entry_id)["snoozedUntil"] is not None


# --- decisions -------------------------------------------------------------------------------------------------------


def test_a_verdict_tells_the_shop_what_to_do(shop: RiskShop) -> None:
    approved, rejected, settled = shop.entry(), shop.entry(), shop.entry(order_id="settled")
    shop.sql(
        "insert into orders (id, placed_at, settled_at, currency, minor) values ('settled', now(), now(), 'EUR', 5)"
    )
    decided = shop.done(f"{QUEUE}/{approved}/decision", APPROVE, version=1)
    assert (decided["status"], decided["verdict"], decided["decidedBy"]) == ("reviewed", "approved", "risk-analyst")
    shop.done(f"{QUEUE}/{rejected}/decision", REJECT, version=1)
    shop.done(f"{QUEUE}/{settled}/decision", REJECT, version=1)
    found = [shop.fulfilment(entry_id) for entry_id in (approved, rejected, settled)]
    assert [(each["kind"], each["state"]) for each in found if each] == [
        ("release", "waiting"),
        ("cancel", "waiting"),
        ("refund", "waiting"),
    ]
    commands = shop.sql("select name, due_at > now() + interval '5 s', data ->> 'amount' from shop_command order by id")
    assert commands == [(f"order.{kind}", True, "24960") for kind in ("release", "cancel", "refund")]
    assert shop.ids(status="reviewed") == ["settled", "CS-48002", "CS-48001"]


def test_a_decision_again_is_answered_again_and_another_one_is_a_conflict(shop: RiskShop) -> None:
    entry_id = shop.entry()
    path = f"{QUEUE}/{entry_id}/decision"
    first = shop.done(path, APPROVE, version=1)
    assert shop.done(path, APPROVE, version=1) == first
    for body, role in ((REJECT, "risk-analyst"), (REJECT, "support-lead"), (APPROVE, "support-lead")):
        answer = shop.post(path, body, role=role, version=2)
        assert answer.status_code == 409, answer.text
        assert answer.json()["current"] == first
        assert "Risk analyst approved this order already" in answer.json()["detail"]
    assert shop.history(entry_id) == ["risk.entry.decided"]
    assert len(shop.sql("select id from shop_command")) == 1


def test_a_stale_decision_carries_the_entry_as_it_is(shop: RiskShop) -> None:
    entry_id = shop.entry()
    shop.done(f"{QUEUE}/{entry_id}/snooze", {"until": _ahead(hours=1)}, role="support-lead", version=1)
    answer = shop.post(f"{QUEUE}/{entry_id}/decision", REJECT, version=1)
    assert (answer.status_code, answer.json()["code"]) == (412, "stale-version")
    assert (answer.json()["current"]["version"], answer.json()["current"]["status"]) == (2, "open")
    assert shop.post(f"{QUEUE}/{entry_id}/decision", REJECT).status_code == 428
    assert shop.fulfilment(entry_id) is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"status": "open"}, "/status"),
        ({"status": "reviewed"}, ""),
        ({"status": "reviewed", "verdict": "rejected"}, ""),
        ({"status": "reviewed", "verdict": "rejected", "notes": " "}, ""),
        ({"status": "escalated", "notes": "x"}, ""),
        ({"status": "escalated", "escalateTo": "finance", "verdict": "approved", "notes": "x"}, ""),
        ({"status": "reviewed", "verdict": "approved", "paid": True}, "/paid"),
    ],
)
def test_half_a_decision_is_refused(shop: RiskShop, body: dict[str, Any], pointer: str) -> None:
    answer = shop.post(f"{QUEUE}/{shop.entry()}/decision", body, version=1)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_of_two_who_decide_at_once_one_does(shop: RiskShop) -> None:
    for _ in range(5):
        entry_id = shop.entry()
        with ThreadPoolExecutor(2) as pool:
            both = pool.map(
                lambda what, e=entry_id: shop.post(f"{QUEUE}/{e}/decision", what[0], role=what[1], version=1),
                ((APPROVE, "risk-analyst"), (REJECT, "support-lead")),
            )
            assert sorted(answer.status_code for answer in both) == [200, 409]
        assert shop.sql("select count(*) from risk_intent where entry_id = %s", [entry_id]) == [(1,)]


def test_an_escalation_goes_to_somebody(shop: RiskShop) -> None:
    entry_id = shop.entry()
    shop.done(f"{QUEUE}/{entry_id}/claim", version=1)
    found = shop.done(f"{QUEUE}/{entry_id}/decision", ESCALATE, version=2)
    assert (found["status"], found["escalatedTo"], found["assignedTo"]) == ("escalated", "finance", None)
    assert shop.done(f"{QUEUE}/{entry_id}/decision", ESCALATE, version=2) == found
    assert shop.history(entry_id)[-2:] == ["risk.entry.escalated", "risk.escalation.untold"]  # once, and to nobody yet
    assert shop.done(f"{QUEUE}/{entry_id}/decision", APPROVE, role="support-lead", version=3)["verdict"] == "approved"


@pytest.mark.parametrize("amount", [50_000, None])
def test_large_and_unknown_amounts_need_two_people(shop: RiskShop, amount: int | None) -> None:
    entry_id = shop.entry(reporting_minor=amount)
    path = f"{QUEUE}/{entry_id}/decision"
    assert shop.get(f"{QUEUE}/{entry_id}").json()["twoPeople"] is True
    first = shop.done(path, REJECT, version=1)
    assert (first["status"], first["proposal"]["verdict"], first["proposal"]["by"]) == (
        "open",
        "rejected",
        "risk-analyst",
    )
    assert shop.fulfilment(entry_id) is None
    assert shop.done(path, REJECT, version=2) == first
    own = shop.post(path, APPROVE, version=2)
    assert own.status_code == 409
    assert "another person" in own.json()["detail"]
    second = shop.done(path, REJECT, role="support-lead", version=2)
    assert (second["status"], second["verdict"], second["decidedBy"]) == ("reviewed", "rejected", "support-lead")
    assert shop.fulfilment(entry_id) is not None
    assert shop.history(entry_id) == ["risk.entry.proposed", "risk.entry.decided"]


def test_one_below_the_amount_needs_one_person(shop: RiskShop) -> None:
    assert (
        shop.done(f"{QUEUE}/{shop.entry(reporting_minor=49_999)}/decision", APPROVE, version=1)["status"] == "reviewed"
    )


def test_a_second_person_can_overrule(shop: RiskShop) -> None:
    entry_id = shop.entry(reporting_minor=90_000)
    path = f"{QUEUE}/{entry_id}/decision"
    shop.done(path, APPROVE, version=1)
    overruled = shop.done(path, REJECT, role="support-lead", version=2)
    assert (overruled["status"], overruled["proposal"], overruled["verdict"]) == ("open", None, None)
    assert [note["text"] for note in overruled["notes"]] == ["stolen card"]
    assert shop.fulfilment(entry_id) is None
    shop.done(path, REJECT, role="support-lead", version=3)
    assert shop.done(path, REJECT, version=4)["verdict"] == "rejected"


def test_each_role_does_what_it_may(shop: RiskShop) -> None:
    entry_id = shop.entry()
    for role in ("viewer", "compliance-officer", "finance-analyst", "storefront"):
        assert shop.get(QUEUE, role).status_code == 403
        assert shop.post(f"{QUEUE}/{entry_id}/decision", APPROVE, role=role, version=1).status_code == 403
        assert shop.post(f"{QUEUE}/take-next", role=role).status_code == 403
    for role in ("support-lead", "operations-lead", "risk-analyst", "risk-manager"):
        assert shop.get(QUEUE, role).status_code == 200
        assert shop.done(f"{QUEUE}/{shop.entry()}/decision", APPROVE, role=role, version=1)["decidedBy"] == role


# --- undo ------------------------------------------------------------------------------------------------------------


def test_a_decision_can_be_undone_before_the_shop_is_asked(shop: RiskShop) -> None:
    entry_id = shop.entry()
    path = f"{QUEUE}/{entry_id}"
    shop.done(f"{path}/decision", REJECT, version=1)
    assert shop.post(f"{path}/reopen", role="support-lead", version=2).status_code == 409
    assert shop.post(f"{path}/reopen", version=1).status_code == 412
    again = shop.done(f"{path}/reopen", version=2)
    assert (again["status"], again["verdict"], again["assignedTo"]) == ("open", None, "risk-analyst")
    assert shop.fulfilment(entry_id) is None
    shop.done(f"{path}/decision", APPROVE, version=3)
    assert shop.sql("select kind, state from risk_fulfilment order by created_at, id") == [
        ("cancel", "withdrawn"),
        ("release", "waiting"),
    ]


def test_what_the_shop_was_asked_cannot_be_undone(shop: RiskShop) -> None:
    entry_id = shop.entry()
    shop.done(f"{QUEUE}/{entry_id}/decision", REJECT, version=1)
    shop.sql("update shop_command set attempts = 1, reached = 1")
    answer = shop.post(f"{QUEUE}/{entry_id}/reopen", version=2)
    assert (answer.status_code, answer.json()["current"]["status"]) == (409, "reviewed")
    assert at(shop, entry_id)["status"] == "reviewed"


def test_after_ten_minutes_a_decision_stays(shop: RiskShop) -> None:
    entry_id = shop.entry()
    shop.done(f"{QUEUE}/{entry_id}/decision", REJECT, version=1)
    shop.sql("update risk_entry set decided_at = decided_at - interval '10 minutes'")
    assert shop.post(f"{QUEUE}/{entry_id}/reopen", version=2).status_code == 409


def test_undoing_the_second_verdict_leaves_the_first(shop: RiskShop) -> None:
    entry_id = shop.entry(reporting_minor=90_000)
    path = f"{QUEUE}/{entry_id}"
    shop.done(f"{path}/decision", REJECT, version=1)
    shop.done(f"{path}/decision", REJECT, role="support-lead", version=2)
    undone = shop.done(f"{path}/reopen", role="support-lead", version=3)
    assert (undone["status"], undone["proposal"]["by"], undone["assignedTo"]) == (
        "open",
        "risk-analyst",
        "support-lead",
    )
    assert shop.post(f"{path}/decision", APPROVE, version=4).status_code == 409


def test_a_proposal_and_an_escalation_can_be_undone(shop: RiskShop) -> None:
    proposed, escalated = shop.entry(reporting_minor=90_000), shop.entry()
    shop.done(f"{QUEUE}/{proposed}/decision", REJECT, version=1)
    assert shop.done(f"{QUEUE}/{proposed}/reopen", version=2)["proposal"] is None
    shop.done(f"{QUEUE}/{escalated}/decision", ESCALATE, version=1)
    undone = shop.done(f"{QUEUE}/{escalated}/reopen", version=2)
    assert (undone["status"], undone["escalatedTo"]) == ("open", None)
    assert shop.post(f"{QUEUE}/{escalated}/reopen", version=3).status_code == 409


# --- many at once ----------------------------------------------------------------------------------------------------


def test_a_bulk_decision_does_what_its_preview_says(shop: RiskShop) -> None:
    plain, large, changed, theirs, done = (shop.entry(reporting_minor=m) for m in (1, 90_000, 3, 4, 5))
    shop.done(f"{QUEUE}/{changed}/notes", {"text": "a note changes no version"})
    shop.done(f"{QUEUE}/{changed}/claim", version=1)
    shop.done(f"{QUEUE}/{theirs}/claim", role="support-lead", version=1)
    shop.done(f"{QUEUE}/{done}/decision", REJECT, version=1)
    entries = [{"entryId": each, "version": 1} for each in (plain, large, changed, theirs, done)]
    missing = "0198c0de-0000-7000-8000-000000000000"
    body = {"decision": REJECT, "entries": [*entries, {"entryId": missing, "version": 1}]}
    before = shop.sql("select id, version, status from risk_entry order by id")
    preview = shop.done(f"{QUEUE}/bulk/preview", body)
    assert shop.sql("select id, version, status from risk_entry order by id") == before
    results = shop.done(f"{QUEUE}/bulk", body)["results"]
    assert results == preview["results"]
    assert [(each["outcome"], each["intent"]) for each in results] == [
        ("decided", "cancel"),
        ("proposed", None),
        ("refused", None),
        ("refused", None),
        ("unchanged", None),
        ("refused", None),
    ]
    assert "version 2 now" in results[2]["words"]
    assert "Support lead holds" in results[3]["words"]
    assert shop.history(plain) == ["risk.entry.decided"]
    assert shop.history(large) == ["risk.entry.proposed"]
    assert shop.done(f"{QUEUE}/bulk", {**body, "entries": body["entries"][2:3]})["results"][0]["outcome"] == "refused"


def test_bulk_has_limits(shop: RiskShop) -> None:
    entry_id = shop.entry()
    one = {"entryId": entry_id, "version": 1}
    for entries in ([], [one, one], [{"entryId": f"e{n}", "version": 1} for n in range(201)]):
        assert shop.post(f"{QUEUE}/bulk", {"decision": APPROVE, "entries": entries}).status_code == 422
    twice = [one, {"entryId": entry_id.upper(), "version": 1}]
    results = shop.done(f"{QUEUE}/bulk", {"decision": APPROVE, "entries": twice})["results"]
    assert [each["outcome"] for each in results] == ["decided", "refused"]
