"""Incidents over HTTP: opened, worked on by several, handed over, merged, closed; and whatever bad input there is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.backend.incidents.fixtures import (
    ADMINISTRATOR,
    BASE,
    DRAFT,
    LEAD,
    RESPONDER,
    Response,
    ago,
    path_of,
)
from tests.conftest import Api


@pytest.fixture
def response(api: Api) -> Response:
    return Response(api)


def test_an_incident_goes_its_way(response: Response) -> None:
    made = response.open(services=["downloads", "downloads", "cdn"], startedAt=ago(minutes=5))
    assert (made["reference"], made["title"], made["status"]) == ("INC-0001", "EU downloads failing", "detected")
    assert made["services"] == ["downloads", "cdn"]
    due, detected = (datetime.fromisoformat(made[name]) for name in ("nextUpdateDueAt", "detectedAt"))
    assert due - detected == timedelta(minutes=30)
    known = response.to(made, "acknowledged")
    assert known["acknowledgedBy"] == RESPONDER
    assert [(each["role"], each["userId"]) for each in known["roles"]] == [("commander", RESPONDER)]
    assert response.to(made, "mitigated")["mitigatedAt"]
    over = response.to(made, "resolved")
    assert (over["status"], over["nextUpdateDueAt"], over["reviewRequired"]) == ("resolved", None, True)
    verbs = [
        verb for (verb,) in response.sql("select action from audit_log where action like 'incidents.%' order by seq")
    ]
    assert [verb.rpartition(".")[2] for verb in verbs] == ["opened", "acknowledged", "mitigated", "resolved"]


def test_it_is_found_by_what_it_is(response: Response) -> None:
    first = response.open(description="Payments refused", severity="SEV1", by=LEAD)
    second = response.open(services=["cdn"])
    response.to(second, "resolved", by=LEAD)

    def found(**query: Any) -> list[str]:
        page = response.done("GET", BASE, params=query)
        return [each["incidentId"] for each in page["items"]]

    assert found() == [second["incidentId"], first["incidentId"]]
    assert found(severity="SEV1") == found(open=True) == found(text="payments") == found(status="detected")
    assert found(text="INC-0002") == found(text="CDN") == found(open=False) == [second["incidentId"]]
    assert found(text="100%") == []
    assert found(**{"from": ago(minutes=-5)}) == []
    page = response.done("GET", BASE, params={"limit": 1})
    rest = response.done("GET", BASE, params={"limit": 1, "cursor": page["nextCursor"]})
    assert [page["items"][0]["number"], rest["items"][0]["number"], rest["nextCursor"]] == [2, 1, None]


def test_two_who_acknowledge_at_once(response: Response) -> None:
    made = response.open()
    path = f"{path_of(made)}/update"

    def acknowledge(by: str) -> int:
        return response.send("POST", path, {"status": "acknowledged"}, by=by, version=1).status_code

    with ThreadPoolExecutor(2) as both:
        answers = sorted(both.map(acknowledge, (LEAD, RESPONDER)))
    assert answers == [200, 409]
    winner = response.get(made)["acknowledgedBy"]
    assert len(response.audited("incidents.incident.acknowledged")) == 1
    assert response.send("POST", path, {"status": "acknowledged"}, by=winner, version=1).status_code == 200
    assert len(response.audited("incidents.incident.acknowledged")) == 1, "the same again changes nothing"


def test_key_times_are_changed_with_a_trace(response: Response) -> None:
    made = response.to(response.open(), "acknowledged")
    path = f"{path_of(made)}/times"
    started = ago(minutes=42)
    changed = response.done("POST", path, {"startedAt": started, "reason": "the logs say so"}, version=made["version"])
    assert datetime.fromisoformat(changed["startedAt"]) == datetime.fromisoformat(started)
    (entry,) = response.audited("incidents.incident.times_changed")
    assert entry["before"]["startedAt"] == made["startedAt"]
    assert entry["reason"] == "the logs say so"
    version = changed["version"]
    for body, pointer in (
        ({"detectedAt": ago(minutes=50)}, "/detectedAt"),
        ({"startedAt": ago(minutes=-5)}, "/startedAt"),
        ({"mitigatedAt": ago(minutes=1)}, "/mitigatedAt"),
        ({"startedAt": None}, ""),
    ):
        answer = response.send("POST", path, body | {"reason": "r"}, version=version)
        response.refused(answer, 422, pointer=pointer)
    assert response.send("POST", path, {"startedAt": started, "reason": "r"}, version=1).status_code == 412


def test_who_may_close_is_in_the_matrix(response: Response) -> None:
    made = response.to(response.open(severity="SEV1"), "acknowledged")
    refused = response.send("POST", f"{path_of(made)}/update", {"status": "resolved"}, version=made["version"])
    response.refused(refused, 403, "A SEV1 is closed by a lead")
    assert response.to(made, "resolved", by=LEAD)["status"] == "resolved"
    other = response.to(response.open(), "acknowledged", by=LEAD)
    refused = response.send("POST", f"{path_of(other)}/update", {"status": "resolved"}, version=other["version"])
    response.refused(refused, 403, "closed by its commander")
    body = {"role": "commander", "userId": RESPONDER, "reason": "end of shift"}
    held = response.done("POST", f"{path_of(other)}/roles", body, by=LEAD, version=other["version"])
    assert response.to(held, "resolved")["status"] == "resolved"


def test_closing_is_no_matter_of_two_steps(response: Response) -> None:
    """What only a lead closes, nobody else makes less severe first, nor a part of what is over or matters less."""
    made = response.to(response.open(severity="SEV1"), "acknowledged")
    version, small, over = made["version"], response.open(severity="SEV4"), response.open(severity="SEV1", by=LEAD)
    response.to(over, "resolved", by=LEAD)
    less = {"severity": "SEV4", "reason": "it is not so bad"}
    refused = response.send("PATCH", path_of(made), less, version=version)
    response.refused(refused, 403, "A SEV1 is made less severe by a lead")
    for into in (small, over):
        body = {"into": into["incidentId"], "reason": "the same"}
        refused = response.send("POST", f"{path_of(made)}/merge", body, version=version)
        response.refused(refused, 403, "A SEV1 is merged")
    whole = response.done(
        "POST", f"{path_of(made)}/merge", body | {"into": small["incidentId"]}, version=version, by=LEAD
    )
    assert whole["reviewRequired"], "the review is still due"
    other = response.open(severity="SEV1")
    response.to(other, "resolved", by=LEAD)
    refused = response.send("PATCH", path_of(other), less, version=response.get(other)["version"])
    response.refused(refused, 403, "is made less severe by a lead")
    changed = response.done("PATCH", path_of(other), less, version=response.get(other)["version"], by=LEAD)
    assert not changed["reviewRequired"]


def test_roles_are_handed_over_and_people_join(response: Response) -> None:
    made = response.open(commander=LEAD)
    path = path_of(made)
    body = {"role": "commander", "userId": RESPONDER, "reason": "end of shift"}
    handed = response.done("POST", f"{path}/roles", body, version=1)
    assert [each["userId"] for each in handed["roles"]] == [RESPONDER]
    (entry,) = response.audited("incidents.role.handed_over")
    assert (entry["before"]["userId"], entry["after"]["userId"], entry["reason"]) == (LEAD, RESPONDER, "end of shift")
    answer = response.send("POST", f"{path}/roles", body | {"userId": "nobody"}, version=2)
    response.refused(answer, 422, pointer="/userId")
    released = response.done("POST", f"{path}/roles", {"role": "commander", "userId": None}, version=2)
    assert released["roles"] == []
    joined = response.done("POST", f"{path}/participants", {"userId": "support-lead", "reason": "tickets"})
    assert [(each["userId"], each["reason"]) for each in joined["participants"]] == [("support-lead", "tickets")]
    again = response.done("POST", f"{path}/participants", {"userId": "support-lead", "reason": "tickets"})
    assert again["version"] == joined["version"]
    left = f"{path}/participants/support-lead"
    response.refused(response.send("DELETE", left, {"reason": " "}), 422, pointer="/reason")
    assert response.done("DELETE", left, {"reason": "asleep"})["participants"] == []
    (entry,) = response.audited("incidents.participant.left")
    assert (entry["after"]["userId"], entry["reason"]) == ("support-lead", "asleep")
    assert response.send("DELETE", left, {"reason": "asleep"}).status_code == 404


def test_of_two_who_acknowledge_it_at_once_one_has_it_and_the_other_hears_who(response: Response) -> None:
    made = response.open()

    def acknowledge(by: str) -> httpx.Response:
        return response.send("POST", f"{path_of(made)}/update", {"status": "acknowledged"}, by=by, version=1)

    with ThreadPoolExecutor(2) as both:
        answers = dict(zip((LEAD, RESPONDER), both.map(acknowledge, (LEAD, RESPONDER)), strict=True))
    (winner,) = [by for by, answer in answers.items() if answer.status_code == 200]
    (loser,) = answers.keys() - {winner}
    name = {LEAD: "Operations lead", RESPONDER: "Incident responder"}[winner]
    response.refused(answers[loser], 409, f"{name} has acknowledged it already.")
    (entry,) = response.audited("incidents.incident.acknowledged")
    assert entry["actor"] == winner
    assert response.get(made)["acknowledgedBy"] == winner
    assert acknowledge(winner).status_code == 200, "said again by the same person it changes nothing"


def test_changes_of_what_it_is(response: Response) -> None:
    made = response.open(severity="SEV3")
    path = path_of(made)
    link = {"kind": "ticket", "url": "https://tickets.example/7", "title": "T-7"}
    changed = response.done("PATCH", path, {"links": [link], "customersAffected": 412}, version=1)
    assert (changed["links"], changed["customersAffected"]) == ([link], 412)
    worse = response.done("PATCH", path, {"severity": "SEV2", "reason": "over the limit"}, version=2)
    assert worse["reviewRequired"]
    assert worse["nextUpdateDueAt"] < changed["nextUpdateDueAt"]
    assert len(response.audited("incidents.incident.severity_changed")) == 1
    assert response.done("PATCH", path, {"customersAffected": None}, version=3)["customersAffected"] is None
    response.refused(response.send("PATCH", path, {"title": None}, version=4), 422, pointer="/title")
    response.refused(response.send("PATCH", path, {"reason": "nothing"}, version=4), 422)
    bad = {"links": [link | {"url": "javascript:alert(1)"}]}
    response.refused(response.send("PATCH", path, bad, version=4), 422, pointer="/links/0/url")


def test_merging_keeps_both_and_twice_is_once(response: Response) -> None:
    whole, part = response.open(), response.open(services=["cdn"])
    alert = response.alert()
    response.done("POST", f"{path_of(part)}/alerts", {"alertIds": [alert]})
    body = {"into": whole["incidentId"], "reason": "the same cause"}
    version = response.get(part)["version"]
    merged = response.done("POST", f"{path_of(part)}/merge", body, version=version)
    assert (merged["incidentId"], merged["alerts"], merged["services"]) == (whole["incidentId"], 1, ["cdn"])
    again = response.done("POST", f"{path_of(part)}/merge", body, version=version)
    assert again["version"] == merged["version"], "twice is once"
    closed = response.get(part)
    assert (closed["mergedInto"], closed["status"]) == (whole["incidentId"], "resolved")
    third = response.open()
    for path, into, status in (
        (part, third, 409),
        (third, part, 409),
        (third, third, 422),
        (third, "0198c0de-0000-7000-8000-000000000000", 422),
    ):
        target = into if isinstance(into, str) else into["incidentId"]
        answer = response.send("POST", f"{path_of(path)}/merge", {"into": target, "reason": "r"}, version=1)
        assert answer.status_code == status, answer.text
    response.refused(
        response.send("POST", f"{path_of(part)}/update", {"notes": "n"}, version=9), 409, "is a part of INC-0001"
    )
    chain = response.get(whole)["version"]
    response.done("POST", f"{path_of(whole)}/merge", {"into": third["incidentId"], "reason": "r"}, version=chain)
    assert response.get(part)["mergedInto"] == third["incidentId"]


def test_two_that_are_merged_into_each_other_at_once(response: Response) -> None:
    one, two = response.open(), response.open()

    def merge(pair: tuple[Any, Any]) -> int:
        body = {"into": pair[1]["incidentId"], "reason": "r"}
        return response.send("POST", f"{path_of(pair[0])}/merge", body, version=1).status_code

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(merge, ((one, two), (two, one)))) == [200, 409]


def test_it_is_opened_again(response: Response) -> None:
    made = response.to(response.open(severity="SEV3"), "resolved")
    assert made["acknowledgedAt"], "who resolves it has seen it"
    again = response.to(made, "mitigated")
    assert (again["resolvedAt"], again["status"]) == (None, "mitigated")
    assert again["nextUpdateDueAt"]
    assert len(response.audited("incidents.incident.reopened")) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/severity"),
        ({"severity": "SEV5"}, "/severity"),
        ({"description": " "}, "/description"),
        ({"description": "x" * 2001}, "/description"),
        ({"title": ""}, "/title"),
        ({"services": [""]}, "/services/0"),
        ({"services": ["x"] * 21}, "/services"),
        ({"startedAt": 5}, "/startedAt"),
        ({"startedAt": "2026-11-24"}, "/startedAt"),
        ({"startedAt": ago(minutes=-60)}, "/startedAt"),
        ({"commander": "nobody"}, "/commander"),
        ({"runbookLink": "ftp://x"}, "/runbookLink"),
        ({"unknown": 1}, "/unknown"),
        ({"description": "nul \0"}, "/description"),
    ],
)
def test_bad_input_says_what_is_wrong(response: Response, body: dict[str, Any], pointer: str) -> None:
    answer = response.send("POST", BASE, DRAFT | body if body else {})
    response.refused(answer, 422, pointer=pointer)
    assert response.sql("select count(*) from incident") == [(0,)]


def test_statuses_that_cannot_be(response: Response) -> None:
    made = response.open()
    path = f"{path_of(made)}/update"
    response.refused(response.send("POST", path, {"status": "reviewed"}, version=1), 422, pointer="/status")
    response.refused(response.send("POST", path, {}, version=1), 422)
    assert response.send("POST", path, {"status": "acknowledged"}).status_code == 428
    assert response.send("POST", path, {"status": "mitigated"}, version=7).status_code == 412
    assert response.send("POST", path, {"status": "acknowledged"}, by="viewer", version=1).status_code == 403
    assert response.send("GET", f"{BASE}/nothing").status_code == 404


def test_figures_by_month_and_severity(response: Response) -> None:
    response.to(response.open(startedAt=ago(minutes=10)), "resolved", by=LEAD)
    response.open()
    (month,) = response.done("GET", f"{BASE}/figures")["months"]
    assert (month["severity"], month["incidents"]) == ("SEV2", 2)
    assert 299 < month["detectSeconds"] < 305
    assert month["resolveSeconds"] >= month["acknowledgeSeconds"] >= 0


def test_the_matrix_is_made_stricter_alone_and_laxer_by_two(response: Response) -> None:
    path = f"{BASE}/matrix"
    matrix = response.done("GET", path)
    levels = matrix["levels"]
    stricter = [level | ({"updateMinutes": 10} if level["severity"] == "SEV1" else {}) for level in levels]
    body = {"levels": stricter, "reason": "customers asked"}
    assert response.send("PUT", path, body, by=RESPONDER, version=1).status_code == 403
    changed = response.done("PUT", path, body, by=LEAD, version=1)
    assert changed["version"] == 2
    laxer = response.send("PUT", path, {"levels": levels, "reason": "too often"}, by=LEAD, version=2)
    assert laxer.status_code == 202, laxer.text
    approval = laxer.json()
    assert "SEV1 is told of less often" in approval["title"]
    decide = f"/api/operations/rbac/approvals/{approval['approvalId']}/decision"
    response.done("POST", decide, {"decision": "approve"}, by=ADMINISTRATOR, version=approval["version"])
    assert response.done("GET", path)["levels"] == levels
    for bad in (levels[:3], [*levels[:3], levels[0]], [level | {"updateMinutes": 1} for level in levels]):
        response.refused(response.send("PUT", path, {"levels": bad, "reason": "r"}, by=LEAD, version=3), 422)
