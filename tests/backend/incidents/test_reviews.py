"""Reviews: filled from what is known, approved by somebody else, published; and what is overdue is an alert."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.incidents.reviews.actions import watch
from tests.backend.incidents.fixtures import BASE, LEAD, RESPONDER, Response, ago, path_of
from tests.conftest import Api

FACTOR = {"kind": "change", "text": "Edge config 88 went out without a canary."}


@pytest.fixture
def response(api: Api) -> Response:
    return Response(api)


def resolved(response: Response) -> dict[str, Any]:
    made = response.open(startedAt=ago(minutes=30))
    response.to(made, "acknowledged", by=LEAD)
    return response.to(made, "resolved", by=LEAD)


def day(days: int) -> str:
    return str((datetime.now(UTC) + timedelta(days=days)).date())


def test_a_review_goes_its_way(response: Response) -> None:
    made = resolved(response)
    response.done("POST", f"{path_of(made)}/notes", {"text": "Cache purged"})
    response.stamped()
    note = response.done("GET", f"{path_of(made)}/timeline", params={"kind": "note"})["items"][0]
    at = f"{path_of(made)}/timeline/{note['position']}"
    response.done("POST", f"{at}/pin", {"pinned": True})
    response.done("POST", f"{at}/correct", {"text": "Cache of fra2 purged"})
    path = f"{path_of(made)}/review"
    begun = response.done("POST", path)
    assert begun["summary"].startswith("EU downloads failing")
    assert 1790 < begun["figures"]["detectSeconds"] < 1830
    assert [moment["text"] for moment in begun["moments"]] == ["Cache of fra2 purged"]
    assert response.done("POST", path)["version"] == begun["version"], "there is one already"
    changed = response.done("PATCH", path, {"factors": [FACTOR], "impact": "412 customers"}, version=1)
    submitted = response.done("POST", f"{path}/submit", version=changed["version"])
    refused = response.send("POST", f"{path}/decision", {"approve": True}, version=submitted["version"])
    response.refused(refused, 403, "You have written a part of this review")
    refused = response.send("POST", f"{path}/decision", {"approve": False}, by=LEAD, version=submitted["version"])
    response.refused(refused, 422)
    body = {"approve": False, "comment": "Say who was told"}
    back = response.done("POST", f"{path}/decision", body, by=LEAD, version=submitted["version"])
    assert back["state"] == "draft"
    again = response.done("POST", f"{path}/submit", version=back["version"])
    approved = response.done("POST", f"{path}/decision", {"approve": True}, by=LEAD, version=again["version"])
    assert (approved["state"], approved["approvedBy"]) == ("approved", LEAD)
    published = response.done("POST", f"{path}/publish", version=approved["version"])
    assert published["state"] == "published"
    incident = response.get(made)
    assert (incident["status"], incident["postmortemLink"]) == ("reviewed", path)
    response.done("POST", f"{at}/pin", {"pinned": False})
    assert response.done("GET", path)["moments"] == published["moments"], "as it was published"
    refused = response.send("PATCH", path, {"summary": "other"}, version=published["version"])
    response.refused(refused, 409, "is published")
    refused = response.send("POST", f"{path_of(made)}/update", {"status": "detected"}, version=incident["version"])
    response.refused(refused, 422, pointer="/status")
    assert [each["state"] for each in response.done("GET", f"{BASE}/reviews")["items"]] == ["published"]


def test_what_is_published_is_what_was_approved(response: Response) -> None:
    """Not what the records have become since: else who wrote it chooses the figures after the other's yes."""
    made = resolved(response)
    path = f"{path_of(made)}/review"
    begun = response.done("POST", path)
    changed = response.done("PATCH", path, {"factors": [FACTOR]}, version=begun["version"])
    submitted = response.done("POST", f"{path}/submit", version=changed["version"])

    def start(minutes: int) -> None:
        body = {"startedAt": ago(minutes=minutes), "reason": "looks better"}
        response.done("POST", f"{path_of(made)}/times", body, version=response.get(made)["version"])

    start(10)
    back = {"approve": False, "comment": "Why ten?"}
    draft = response.done("POST", f"{path}/decision", back, by=LEAD, version=submitted["version"])
    assert draft["figures"]["detectSeconds"] < begun["figures"]["detectSeconds"], "a draft follows the records"
    again = response.done("POST", f"{path}/submit", version=draft["version"])
    approved = response.done("POST", f"{path}/decision", {"approve": True}, by=LEAD, version=again["version"])
    start(1)
    published = response.done("POST", f"{path}/publish", version=approved["version"])
    assert published["figures"] == approved["figures"] == draft["figures"]


def test_who_writes_a_part_does_not_approve_it(response: Response) -> None:
    path = f"{path_of(resolved(response))}/review"
    begun = response.done("POST", path)
    changed = response.done("PATCH", path, {"factors": [FACTOR]}, by=LEAD, version=begun["version"])
    assert changed["editors"] == [RESPONDER, LEAD]
    submitted = response.done("POST", f"{path}/submit", version=changed["version"])
    for person in (RESPONDER, LEAD):
        answer = response.send("POST", f"{path}/decision", {"approve": True}, by=person, version=submitted["version"])
        assert answer.status_code == 403
    later = response.done("PATCH", path, {"wentWell": "Fast"}, version=submitted["version"])
    assert later["state"] == "draft", "what is changed is to be looked at anew"


def test_what_cannot_be_done_yet(response: Response) -> None:
    made = response.open()
    path = f"{path_of(made)}/review"
    assert response.send("GET", path).status_code == 404
    response.refused(response.send("POST", path), 409, "is not resolved yet")
    response.to(made, "resolved", by=LEAD)
    assert response.send("POST", f"{path}/submit", version=1).status_code == 404
    response.done("POST", path)
    response.refused(response.send("POST", f"{path}/submit", version=1), 409, "No contributing factor")
    response.refused(response.send("POST", f"{path}/publish", version=1), 409, "not approved yet")
    assert response.send("POST", f"{path}/decision", {"approve": True}, by=LEAD, version=1).status_code == 409
    assert response.send("PATCH", path, {"summary": "s"}, version=5).status_code == 412
    for bad in ({}, {"summary": None}, {"factors": [{"kind": "person", "text": "Bob"}]}, {"state": "published"}):
        response.refused(response.send("PATCH", path, bad, version=1), 422)


def test_action_items_have_owners_and_days(response: Response) -> None:
    made = resolved(response)
    path = f"{path_of(made)}/actions"
    item = response.done("POST", path, {"title": "Canary for edge configs", "owner": LEAD, "dueOn": day(7)})
    assert (item["ownerName"], item["overdue"], item["doneAt"]) == ("Operations lead", False, None)
    other = response.done("POST", path, {"title": "Alert on clock skew", "owner": RESPONDER, "dueOn": day(3)})
    listed = response.done("GET", f"{BASE}/actions", params={"limit": 1})
    rest = response.done("GET", f"{BASE}/actions", params={"limit": 1, "cursor": listed["nextCursor"]})
    assert [each["items"][0]["actionId"] for each in (listed, rest)] == [other["actionId"], item["actionId"]]
    mine = response.done("GET", f"{BASE}/actions", params={"owner": LEAD, "incidentId": made["incidentId"]})
    assert len(mine["items"]) == 1
    at = f"{BASE}/actions/{item['actionId']}"
    done = response.done("PATCH", at, {"done": True}, version=1)
    assert done["doneBy"] == RESPONDER
    assert response.done("PATCH", at, {"done": True}, version=2)["version"] == 2
    assert response.done("GET", f"{BASE}/actions", params={"open": True})["items"][0]["actionId"] == other["actionId"]
    assert response.done("PATCH", at, {"done": False, "link": "https://t.example/1"}, version=2)["doneAt"] is None
    for bad, pointer in (
        ({"owner": "nobody"}, "/owner"),
        ({"dueOn": 20_000}, "/dueOn"),
        ({"dueOn": "soon"}, "/dueOn"),
        ({"title": ""}, "/title"),
        ({"link": "ftp://x"}, "/link"),
    ):
        draft = {"title": "T", "owner": LEAD, "dueOn": day(1)} | bad
        response.refused(response.send("POST", path, draft), 422, pointer=pointer)
        response.refused(response.send("PATCH", at, bad, version=3), 422, pointer=pointer)


def alerts(response: Response) -> list[tuple[Any, ...]]:
    return response.sql(
        "select source, key, title from alert where valid_to = 'infinity' and state <> 'cleared'"
        " and returned_at is null order by source"
    )


def test_what_is_overdue_is_an_alert_until_it_is_done(response: Response) -> None:
    made = resolved(response)
    response.turn(watch)
    assert alerts(response) == []
    body = {"title": "Canary", "owner": LEAD, "dueOn": day(1)}
    item = response.done("POST", f"{path_of(made)}/actions", body)
    response.sql("update incident_action set due_on = current_date - 2")
    response.sql("update incident set review_due_at = now() - interval '1 day'")
    response.turn(watch)
    response.turn(watch)
    assert [(source, key) for source, key, _ in alerts(response)] == [
        ("incidents.actions", item["actionId"]),
        ("incidents.reviews", made["incidentId"]),
    ]
    response.done("PATCH", f"{BASE}/actions/{item['actionId']}", {"done": True}, version=1)
    assert [source for source, _, _ in alerts(response)] == ["incidents.reviews"]
    response.sql("update incident set review_due_at = null")
    response.turn(watch)
    assert alerts(response) == []
