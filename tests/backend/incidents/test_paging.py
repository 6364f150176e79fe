"""Whoever is on call for a severity is paged; an answer anywhere acknowledges the incident, once."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from backend.core.database import Database
from backend.incidents import acknowledge_incident
from backend.incidents.alerts.actions import run_rules
from backend.integrations.alarms import AlertAlarms
from backend.oncall.pages import actions as pages
from tests.backend.incidents.fixtures import ADMINISTRATOR, BASE, LEAD, RESPONDER, Response, path_of
from tests.backend.oncall.fixtures import Desk, person, step
from tests.conftest import Api


class PagedResponse(Response):
    """With a policy that SEV2 pages: the lead first, the administrator after five minutes."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self.desk = Desk(api.owner_url)
        self.desk.people(LEAD, ADMINISTRATOR, RESPONDER)
        self.policy = str(self.desk.policy(step(person(LEAD)), step(person(ADMINISTRATOR), after=5)))
        matrix = self.done("GET", f"{BASE}/matrix")
        levels = [
            level | ({"escalationPolicyId": self.policy} if level["severity"] == "SEV2" else {})
            for level in matrix["levels"]
        ]
        self.done("PUT", f"{BASE}/matrix", {"levels": levels, "reason": "r"}, by=LEAD, version=1)

    def pages(self) -> list[tuple[Any, ...]]:
        return self.sql("select subject_id, state, acknowledged_by from page order by started_at")


@pytest.fixture
def response(api: Api) -> PagedResponse:
    return PagedResponse(api)


def test_opening_pages_and_resolving_stops(response: PagedResponse) -> None:
    made = response.open()
    assert response.pages() == [(made["incidentId"], "open", None)]
    found = response.done("GET", f"{path_of(made)}/deliveries")
    assert [each["paged"] for each in found["pages"]] == [[LEAD]]
    assert found["pages"][0]["title"] == "INC-0001 EU downloads failing"
    response.stamped()
    entries = response.done("GET", f"{path_of(made)}/timeline", by=LEAD, params={"kind": "page"})["items"]
    assert [(entry["action"], entry["own"]) for entry in entries] == [
        ("oncall.page.called", True),
        ("oncall.page.started", True),
    ]
    [name] = [row[0] for row in response.sql("select person_name(%s)", [LEAD])]
    [policy] = [row[0] for row in response.sql("select name from escalation_policy")]
    assert [entry["text"] for entry in entries] == [f"Paged {name}, step 1", f"Page started by {policy}"]
    response.to(made, "resolved", by=LEAD)
    assert response.pages() == [(made["incidentId"], "resolved", None)]


def test_acknowledging_the_incident_answers_the_page(response: PagedResponse) -> None:
    made = response.open()
    response.to(made, "acknowledged")
    assert response.pages() == [(made["incidentId"], "acknowledged", RESPONDER)]


def test_answering_the_page_acknowledges_the_incident_as_of_then(response: PagedResponse) -> None:
    made = response.open()

    async def answer(database: Database, _settings: Any) -> None:
        async with database.transaction() as tx:
            await pages.acknowledge_subject(tx, actor=LEAD, kind="incident", subject_id=made["incidentId"])

    response.turn(answer)
    [(at,)] = response.sql("select acknowledged_at from page")
    response.turn(run_rules)
    response.turn(run_rules)
    after = response.get(made)
    assert (after["status"], after["acknowledgedBy"]) == ("acknowledged", LEAD)
    assert response.sql("select acknowledged_at from incident") == [(at,)]
    assert len(response.audited("incidents.incident.acknowledged")) == 1


def test_a_chat_and_the_console_at_the_same_moment(response: PagedResponse) -> None:
    made = response.open()
    told: list[bool] = []

    async def press(database: Database, _settings: Any) -> None:
        async with database.transaction() as tx:
            incident_id = UUID(made["incidentId"])
            told.append(await acknowledge_incident(tx, incident_id=incident_id, actor="zoe in Slack", comment="c"))

    def console() -> int:
        body = {"status": "acknowledged"}
        return response.send("POST", f"{path_of(made)}/update", body, version=1).status_code

    with ThreadPoolExecutor(2) as both:
        chat = both.submit(response.turn, press)
        status = both.submit(console).result()
        chat.result()
    assert (told, status) in (([True], 409), ([False], 200))
    assert len(response.audited("incidents.incident.acknowledged")) == 1
    assert len(response.audited("oncall.page.acknowledged")) == 1
    holders = {each["userId"] for each in response.get(made)["roles"]}
    assert "zoe in Slack" not in holders, "only people who can be reached command"


def test_a_button_in_a_chat_acknowledges_once(response: PagedResponse) -> None:
    made = response.open()
    pressed: list[bool] = []

    async def press(database: Database, _settings: Any) -> None:
        async with database.transaction() as tx:
            thread = f"incident:{made['incidentId']}"
            pressed.append(await AlertAlarms().acknowledge(tx, thread=thread, actor="zoe in Slack", comment="c"))

    response.turn(press)
    response.turn(press)
    assert pressed == [True, False]
    assert response.get(made)["acknowledgedBy"] == "zoe in Slack"


def test_a_policy_that_is_gone_hinders_no_incident(response: PagedResponse) -> None:
    response.sql("update escalation_policy set archived_at = now()")
    made = response.open()
    assert response.pages() == []
    (entry,) = response.audited("incidents.page.failed")
    assert entry["resource_id"] == made["incidentId"]
    assert response.sql("select severity from alert where source = 'incidents.paging'") == [("P1",)]


def test_a_worse_severity_pages(response: PagedResponse) -> None:
    made = response.open(severity="SEV3")
    assert response.pages() == []
    response.done("PATCH", path_of(made), {"severity": "SEV2"}, version=1)
    assert len(response.pages()) == 1


def test_somebody_else_is_paged_by_hand(response: PagedResponse) -> None:
    made = response.open()
    other = str(response.desk.policy(step(person(ADMINISTRATOR)), name="Database"))
    again = {"policyId": response.policy, "reason": "louder"}
    response.refused(response.send("POST", f"{path_of(made)}/page", again), 409, "is being paged already")
    response.done("POST", f"{path_of(made)}/page", {"policyId": other, "reason": "the database is it"})
    assert [state for _, state, _ in response.pages()] == ["resolved", "open"]
    for wrong in ("nothing", "0198c0de-0000-7000-8000-000000000000"):
        answer = response.send("POST", f"{path_of(made)}/page", {"policyId": wrong, "reason": "r"})
        response.refused(answer, 422, pointer="/policyId")
    response.to(made, "resolved", by=LEAD)
    response.refused(response.send("POST", f"{path_of(made)}/page", again), 409, "open it again")


def test_merging_ends_the_page_of_the_part(response: PagedResponse) -> None:
    whole, part = response.open(), response.open()
    body = {"into": whole["incidentId"], "reason": "one cause"}
    response.done("POST", f"{path_of(part)}/merge", body, version=1)
    assert {subject: state for subject, state, _ in response.pages()} == {
        whole["incidentId"]: "open",
        part["incidentId"]: "resolved",
    }


def test_a_worker_that_ends_between_two_steps(response: PagedResponse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened by rule, paged and told is one transaction: all of it, or the next turn does it once."""
    rule = {"title": "Burning", "kind": "lasting", "minutes": 1, "severity": "SEV2"}
    response.done("POST", f"{BASE}/rules", rule, by=LEAD)
    response.alert(age=5)
    started = pages._call

    async def die(*_arguments: Any, **_more: Any) -> bool:
        raise asyncio.CancelledError

    monkeypatch.setattr(pages, "_call", die)
    with pytest.raises(asyncio.CancelledError):
        response.turn(run_rules)
    assert (response.pages(), response.sql("select count(*) from incident")) == ([], [(0,)])
    monkeypatch.setattr(pages, "_call", started)
    response.turn(run_rules)
    response.turn(run_rules)
    assert len(response.pages()) == 1
    assert response.sql("select count(*) from incident") == [(1,)]


def test_the_matrix_names_policies_there_are(response: PagedResponse) -> None:
    matrix = response.done("GET", f"{BASE}/matrix")
    levels = [level | {"escalationPolicyId": "nothing"} for level in matrix["levels"]]
    answer = response.send("PUT", f"{BASE}/matrix", {"levels": levels, "reason": "r"}, by=LEAD, version=2)
    response.refused(answer, 422, pointer="/levels")
