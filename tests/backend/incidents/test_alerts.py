"""Alerts open incidents, by one key and by rule; later ones attach; closing silences nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from backend.incidents.alerts import actions
from backend.incidents.alerts.actions import run_rules
from tests.backend.incidents.fixtures import BASE, LEAD, Response, path_of
from tests.conftest import Api

RULE = {"title": "Burning long", "kind": "lasting", "minutes": 10, "severity": "SEV2", "services": ["downloads"]}
BURST = {"title": "Many", "kind": "burst", "minutes": 5, "alerts": 3, "severity": "SEV1"}


@pytest.fixture
def response(api: Api) -> Response:
    return Response(api)


def incidents(response: Response) -> list[dict[str, Any]]:
    return list(response.done("GET", BASE)["items"])


def test_one_key_opens_one_from_an_alert(response: Response) -> None:
    alert = response.alert(age=3, title="Downloads fail")
    made = response.done("POST", f"{BASE}/from-alert", {"alertId": alert})
    assert (made["title"], made["severity"], made["origin"], made["alerts"]) == ("Downloads fail", "SEV2", "alert", 1)
    assert made["startedAt"] < made["detectedAt"]
    again = response.done("POST", f"{BASE}/from-alert", {"alertId": alert})
    assert again["incidentId"] == made["incidentId"]
    joined = response.done("POST", f"{BASE}/from-alert", {"alertId": response.alert()})
    assert (joined["incidentId"], joined["alerts"]) == (made["incidentId"], 2), "its group has an incident already"
    assert response.done("GET", BASE, params={"alertId": alert})["items"][0]["incidentId"] == made["incidentId"]
    for wrong in ("nothing", "0198c0de-0000-7000-8000-000000000000"):
        response.refused(response.send("POST", f"{BASE}/from-alert", {"alertId": wrong}), 422, pointer="/alertId")


def test_two_who_open_one_from_the_same_alert_at_once(response: Response) -> None:
    alert = response.alert()

    def open_one(by: str) -> str:
        return str(response.done("POST", f"{BASE}/from-alert", {"alertId": alert}, by=by)["incidentId"])

    with ThreadPoolExecutor(2) as both:
        assert len(set(both.map(open_one, (LEAD, "incident-responder")))) == 1
    assert len(incidents(response)) == 1


def test_a_lasting_alert_opens_one_and_later_ones_attach(response: Response) -> None:
    response.done("POST", f"{BASE}/rules", RULE, by=LEAD)
    young, old = response.alert(age=9), response.alert(age=11)
    other = response.alert("payments", age=11, severity="P3")
    response.turn(run_rules)
    (made,) = incidents(response)
    assert (made["origin"], made["severity"], made["services"]) == ("rule", "SEV2", ["downloads"])
    response.turn(run_rules)
    response.alert(age=0)
    response.turn(run_rules)
    (made,) = incidents(response)
    listed = response.done("GET", f"{path_of(made)}/alerts")["items"]
    assert len(listed) == 3
    assert {young, old} <= {each["id"] for each in listed}
    assert other not in {each["id"] for each in listed}, "not severe enough"
    response.turn(run_rules)
    assert len(response.audited("incidents.alert.attached")) == 3, "an entry for each turn that attached any"


def test_a_burst_of_a_group_opens_one(response: Response) -> None:
    response.done("POST", f"{BASE}/rules", BURST, by=LEAD)
    for group, count in (("downloads", 2), ("payments", 1)):
        for _ in range(count):
            response.alert(group)
    response.turn(run_rules)
    assert incidents(response) == []
    response.alert("downloads", age=4)
    response.alert("downloads", age=6)
    response.turn(run_rules)
    (made,) = incidents(response)
    assert (made["title"], made["severity"]) == ("Failing and 2 more", "SEV1")


def test_a_thousand_alerts_are_one_incident_and_one_entry(response: Response) -> None:
    response.done("POST", f"{BASE}/rules", BURST, by=LEAD)
    response.sql(
        "insert into alert (id, version, valid_from, cause, title, severity, state, condition, raised_at, evaluated_at,"
        " guidance, runbook_url, source, key) select uuidv7(), 1, now(), 'breached', 'Failing', 'P2', 'active',"
        " 'breached', now(), now(), '', '', 'downloads', n::text from generate_series(1, 1000) as n"
    )
    response.turn(run_rules)
    (made,) = incidents(response)
    assert (made["alerts"], made["openAlerts"]) == (1000, 1000)
    (entry,) = response.audited("incidents.alert.attached")
    assert (entry["after"]["alerts"], len(entry["after"]["alertIds"])) == (1000, 100)


def test_closing_silences_no_alert_that_still_burns(response: Response) -> None:
    response.done("POST", f"{BASE}/rules", RULE, by=LEAD)
    alert = response.alert(age=20)
    response.turn(run_rules)
    (made,) = incidents(response)
    closed = response.to(made, "resolved", by=LEAD)
    assert closed["openAlerts"] == 1
    assert response.done("GET", f"/api/operations/alerts/{alert}")["state"] == "active"
    response.turn(run_rules)
    assert len(incidents(response)) == 1, "it counts from the end of the incident on"
    response.sql("update incident_alert set ended_at = now() - interval '11 minutes'")
    response.turn(run_rules)
    assert len(incidents(response)) == 2, "and opens another when it goes on"


def test_a_reopened_incident_has_its_alerts_again(response: Response) -> None:
    made = response.done("POST", f"{BASE}/from-alert", {"alertId": response.alert()})
    response.to(made, "resolved", by=LEAD)
    response.to(made, "mitigated", by=LEAD)
    assert response.sql("select ended_at from incident_alert") == [(None,)]


def test_what_was_detached_stays_apart(response: Response) -> None:
    alert = response.alert()
    made = response.done("POST", f"{BASE}/from-alert", {"alertId": alert})
    assert response.done("DELETE", f"{path_of(made)}/alerts/{alert}")["alerts"] == 1
    response.turn(run_rules)
    assert response.sql("select count(*) from incident_alert where ended_at is null") == [(0,)]
    assert response.send("DELETE", f"{path_of(made)}/alerts/{alert}").status_code == 404
    back = response.done("POST", f"{path_of(made)}/alerts", {"alertIds": [alert]})
    assert back["alerts"] == 1
    assert response.sql("select count(*) from incident_alert where ended_at is null") == [(1,)]


def test_an_alert_belongs_to_one_open_incident(response: Response) -> None:
    alert = response.alert()
    response.done("POST", f"{BASE}/from-alert", {"alertId": alert})
    other = response.open()
    answer = response.send("POST", f"{path_of(other)}/alerts", {"alertIds": [alert]})
    response.refused(answer, 409, "belongs to INC-0001")
    answer = response.send("POST", f"{path_of(other)}/alerts", {"alertIds": ["nothing"]})
    response.refused(answer, 422, pointer="/alertIds/0")
    response.refused(response.send("POST", f"{path_of(other)}/alerts", {"alertIds": []}), 422)


@pytest.mark.parametrize(
    "body",
    [
        RULE | {"minutes": 0},
        RULE | {"alerts": 3},
        {**BURST, "alerts": None},
        {**BURST, "alerts": 1},
        RULE | {"severity": "P1"},
        RULE | {"group": "two words"},
        RULE | {"title": " "},
    ],
)
def test_a_rule_that_makes_no_sense(response: Response, body: dict[str, Any]) -> None:
    response.refused(response.send("POST", f"{BASE}/rules", body, by=LEAD), 422)


def test_rules_are_changed_and_put_off(response: Response) -> None:
    made = response.done("POST", f"{BASE}/rules", RULE, by=LEAD)
    path = f"{BASE}/rules/{made['ruleId']}"
    assert response.send("PUT", path, RULE, by="incident-responder", version=1).status_code == 403
    assert response.done("PUT", path, RULE, by=LEAD, version=1)["version"] == 1, "nothing has changed"
    assert not response.done("PUT", path, RULE | {"enabled": False}, by=LEAD, version=1)["enabled"]
    assert response.send("PUT", path, RULE, by=LEAD, version=1).status_code == 412
    response.alert(age=60)
    response.turn(run_rules)
    assert incidents(response) == []


@pytest.mark.expects_errors("a row was set aside")
def test_a_turn_that_is_cut_off_leaves_nothing_half_done(response: Response, monkeypatch: pytest.MonkeyPatch) -> None:
    response.done("POST", f"{BASE}/rules", RULE, by=LEAD)
    response.alert(age=20)
    attach = actions._attach

    async def fail(*_arguments: Any, **_more: Any) -> int:
        raise RuntimeError("the worker ends here")

    monkeypatch.setattr(actions, "_attach", fail)
    response.turn(run_rules)
    assert incidents(response) == [], "not opened without its alert"
    assert response.audited("incidents.incident.opened") == []
    monkeypatch.setattr(actions, "_attach", attach)
    monkeypatch.setattr(actions, "_aside", actions.SetAside("incident rules"))
    response.turn(run_rules)
    response.turn(run_rules)
    assert [each["alerts"] for each in incidents(response)] == [1]
