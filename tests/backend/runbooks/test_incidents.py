"""A runbook is worked through for an incident: its steps stand in the timeline, and everybody hears of them."""

from __future__ import annotations

import httpx

from models.core.topics import Topic
from tests.backend.incidents.fixtures import LEAD, Response, ago, path_of
from tests.backend.runbooks.fixtures import Desk
from tests.conftest import Api


def heard(api: Api, last: int, wanted: str) -> list[str]:
    """Topics of what the live stream tells from a position on, until one about a record."""
    topics = []
    headers = api.headers(LEAD) | {"Last-Event-ID": str(last)}
    with httpx.stream("GET", f"{api.base_url}/api/operations/stream", headers=headers, timeout=20) as answer:
        for line in answer.iter_lines():
            if line.startswith("event: "):
                topics.append(line.removeprefix("event: "))
            if wanted in line:
                return topics
    raise AssertionError("the stream has ended")


def test_steps_stand_in_the_timeline_of_the_incident_that_was_named_by_its_reference(api: Api) -> None:
    response, desk = Response(api), Desk(api, "incident-responder")
    runbook = Desk(api).created()
    incident = response.open()
    path = f"/{runbook['id']}/runs"
    run = desk.done("POST", path, {"incidentId": incident["reference"].lower()})
    assert (run["incidentId"], run["incident"]) == (incident["incidentId"], incident["reference"])
    assert desk.done("POST", path, {"incidentId": incident["incidentId"]})["id"] == run["id"]
    [found] = desk.done("GET", f"{path}?incidentId={incident['reference']}")["items"]
    assert found["id"] == run["id"]
    response.stamped()
    last = response.sql("select position from audit_relay")[0][0]
    desk.done("POST", f"{path}/{run['id']}/steps/1", {"note": "fra2 is 94 s ahead"})
    desk.done("POST", f"{path}/{run['id']}/steps/2", {})
    desk.done("POST", f"{path}/{run['id']}/steps/2", {"done": False})
    desk.done("POST", f"{path}/{run['id']}/end", {"note": "well again"})
    response.stamped()
    page = response.done("GET", f"{path_of(incident)}/timeline", by=LEAD, params={"kind": "step"})
    title = runbook["title"]
    assert [entry["text"] for entry in page["items"]][::-1] == [
        f"Runbook {title}: started",
        f"Runbook {title}, step 1, Look: done. fra2 is 94 s ahead",
        f"Runbook {title}, step 2, Act, with opsconsole worker: done",
        f"Runbook {title}, step 2, Act, with opsconsole worker: reopened",
        f"Runbook {title}: ended. well again",
    ]
    around = {"from": ago(hours=1), "to": ago(hours=-1)}
    lanes = response.done("GET", f"{path_of(incident)}/timeline/lanes", by=LEAD, params=around)["lanes"]
    assert sum(next(lane for lane in lanes if lane["kind"] == "step")["counts"]) == 5
    assert set(heard(api, last, incident["incidentId"])) == {Topic.INCIDENTS}


def test_an_incident_of_another_system_is_kept_by_what_it_is_called(api: Api) -> None:
    desk = Desk(api)
    path = f"/{desk.created()['id']}/runs"
    run = desk.done("POST", path, {"incidentId": "OPS-7"})
    assert (run["incidentId"], run["incident"]) == ("OPS-7", "OPS-7")
