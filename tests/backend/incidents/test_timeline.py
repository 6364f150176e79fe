"""The timeline writes itself: what happened is there in its order, for those who may read it, at the same cost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from backend.core.capability import Audience, Audiences
from backend.incidents.timeline import queries
from backend.incidents.timeline.kinds import kind_of, sources
from models.core.permissions import Permission
from models.core.topics import Topic
from models.incidents.timeline import TimelineKind
from tests.backend.alerts.fixtures import INSERT, RULE
from tests.backend.incidents.fixtures import ADMINISTRATOR, LEAD, Response, ago, path_of
from tests.conftest import Api


@pytest.fixture
def response(api: Api) -> Response:
    return Response(api)


def read(response: Response, incident: Any, *, by: str = LEAD, **query: Any) -> dict[str, Any]:
    response.stamped()
    return dict(response.done("GET", f"{path_of(incident)}/timeline", by=by, params=query))


def texts(page: dict[str, Any]) -> list[str]:
    return [entry["text"] for entry in page["items"]]


def everything(response: Response) -> dict[str, Any]:
    """An incident in which a lot happens, here and elsewhere."""
    made = response.open(startedAt=ago(minutes=5))
    alert = response.alert()
    response.done("POST", f"{path_of(made)}/alerts", {"alertIds": [alert]})
    response.done("POST", f"/api/operations/alerts/{alert}/acknowledge", {"comment": "seen"}, by=LEAD, version=1)
    response.to(made, "acknowledged")
    response.done("POST", "/api/operations/alert-rules", RULE, by=LEAD)
    grant = {"userId": "viewer", "roleId": "finance-analyst", "reason": "cover"}
    response.done("POST", "/api/operations/rbac/assign", grant, by=ADMINISTRATOR)
    deploy = {"id": "d-1", "service": "checkout", "version": "1.4.2", "deployedAt": ago(minutes=7)}
    response.done("POST", "/api/ingest/deploys", {"rows": [deploy]}, by="pipeline")
    response.done("POST", f"{path_of(made)}/notes", {"text": "Traffic moved", "occurredAt": ago(minutes=2)})
    body = {"role": "commander", "userId": LEAD, "reason": "shift"}
    response.done("POST", f"{path_of(made)}/roles", body, version=response.get(made)["version"])
    return made


def test_it_holds_what_happened_in_its_order(response: Response) -> None:
    made = everything(response)
    page = read(response, made)
    kinds = [entry["kind"] for entry in page["items"]][::-1]
    kinds = kinds[kinds.index("status") :]  # the accounts of the test were made before
    assert kinds == ["status", "alert", "alert", "status", "rule", "decision", "deploy", "note", "role"]
    positions = [entry["position"] for entry in page["items"]]
    assert positions == sorted(positions, reverse=True)
    assert page["newest"] >= positions[0]
    by_kind = {entry["kind"]: entry for entry in page["items"]}
    assert by_kind["note"]["text"] == "Traffic moved"
    attached = [entry["text"] for entry in page["items"] if entry["action"] == "incidents.alert.attached"]
    [(title,)] = response.sql("select title from alert where valid_to = 'infinity'")
    assert attached == [f"Alert attached: {title}"]
    assert by_kind["note"]["occurredAt"] < by_kind["note"]["recordedAt"]
    assert by_kind["deploy"]["text"] == "checkout 1.4.2 deployed to production"
    assert by_kind["role"]["text"].startswith("Commander: handed over from Incident responder to Operations lead")
    assert (by_kind["rule"]["own"], by_kind["rule"]["details"]) == (False, {}), "elsewhere: without its contents"
    upwards = read(response, made, after=0)
    assert upwards["items"] == page["items"][::-1]


def test_a_timeline_tells_nobody_what_they_may_not_read(response: Response) -> None:
    made = everything(response)
    assert "decision" in {entry["kind"] for entry in read(response, made, by=LEAD)["items"]}
    seen = read(response, made, by="viewer")
    assert {entry["kind"] for entry in seen["items"]} == {"status", "alert", "rule", "deploy", "note", "role"}


def test_pages_meet_and_filters_hold(response: Response) -> None:
    made = everything(response)
    whole = read(response, made)["items"]
    found, cursor = [], None
    while True:
        page = read(response, made, limit=2, **({} if cursor is None else {"before": cursor}))
        found += page["items"]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert found == whole
    assert {entry["kind"] for entry in read(response, made, kind=["note", "deploy"])["items"]} == {"note", "deploy"}
    own = read(response, made, own=True)["items"]
    assert [entry for entry in whole if entry["own"]] == own
    assert read(response, made, to=ago(minutes=4))["items"] == []
    answer = response.send("GET", f"{path_of(made)}/timeline", params={"before": 1, "after": 1})
    assert answer.status_code == 422


def test_its_story_leaves_out_what_has_nothing_to_do_with_it(response: Response) -> None:
    rule = response.done("POST", "/api/operations/alert-rules", RULE, by=LEAD)
    made = response.open(startedAt=ago(minutes=5), services=["checkout"])
    [(alert,)] = response.sql(INSERT, {"at": datetime.now(UTC), "rule": rule["id"]})
    other = response.alert("backup", title="No backup")
    response.done("POST", f"{path_of(made)}/alerts", {"alertIds": [alert]})
    for each in (alert, other):
        response.done("POST", f"/api/operations/alerts/{each}/acknowledge", {"comment": "seen"}, by=LEAD, version=1)
    path = f"/api/operations/alert-rules/{rule['id']}"
    response.done("PATCH", path, {"value": 0.04}, by=LEAD, version=rule["version"])
    response.done("POST", "/api/operations/alert-rules", {**RULE, "title": "Another"}, by=LEAD)
    rows = [
        {"id": f"d-{number}", "service": service, "version": "1", "deployedAt": ago(minutes=minutes)}
        for number, (service, minutes) in enumerate([("checkout", 40), ("checkout", 90), ("downloads", 2)])
    ]
    response.done("POST", "/api/ingest/deploys", {"rows": rows}, by="pipeline")
    story = read(response, made, story=True)["items"][::-1]
    kinds = [(entry["kind"], entry["own"]) for entry in story]
    assert kinds[0] == ("rule", False), "made before it began"
    assert kinds[1:] == [
        ("status", True),
        ("alert", True),
        ("alert", True),
        ("rule", False),
        ("deploy", False),
    ]
    assert story[-1]["label"] == "checkout 1", "forty minutes before, and of its service"
    whole = {entry["position"] for entry in read(response, made)["items"]}
    assert len(whole) > len(story), "everything has the rest"
    upwards = read(response, made, story=True, after=0)["items"]
    assert upwards == story
    window = {"from": ago(minutes=10), "to": ago(minutes=-1), "buckets": 11, "story": True}
    found = response.done("GET", f"{path_of(made)}/timeline/lanes", by=LEAD, params=window)
    counts = {lane["kind"]: sum(lane["counts"]) for lane in found["lanes"] if any(lane["counts"])}
    assert counts == {"status": 1, "alert": 2, "rule": 2, "deploy": 1}


def test_deploys_of_all_services_tell_the_story_while_it_names_none(response: Response) -> None:
    made = response.open(startedAt=ago(minutes=5))
    deploy = {"id": "d-1", "service": "checkout", "version": "1.4.2", "deployedAt": ago(minutes=7)}
    response.done("POST", "/api/ingest/deploys", {"rows": [deploy]}, by="pipeline")
    assert "deploy" in {entry["kind"] for entry in read(response, made, story=True)["items"]}


def test_what_happens_after_its_end_is_not_in_it_but_what_is_said_about_it_is(response: Response) -> None:
    made = response.to(response.open(severity="SEV3"), "resolved")
    response.done("POST", "/api/operations/alert-rules", RULE, by=LEAD)
    response.done("POST", f"{path_of(made)}/notes", {"text": "It was the cache"})
    assert texts(read(response, made)) == ["It was the cache", "Resolved", "Opened as SEV3: EU downloads failing"]


def test_entries_are_pinned_and_corrected_and_stay(response: Response) -> None:
    made = response.open()
    response.done("POST", f"{path_of(made)}/notes", {"text": "Cache purged in fra1"})
    note = read(response, made)["items"][0]
    path = f"{path_of(made)}/timeline/{note['position']}"
    assert response.done("POST", f"{path}/pin", {"pinned": True})["pinned"]
    assert response.done("POST", f"{path}/pin", {"pinned": True})["pinned"]
    right = response.done("POST", f"{path}/correct", {"text": "It was fra2"})
    assert right["text"] == "Cache purged in fra1"
    assert [(each["text"], each["by"]) for each in right["corrections"]] == [("It was fra2", "incident-responder")]
    assert len(read(response, made)["items"]) == 2, "what is said about an entry stands at it"
    assert [entry["position"] for entry in read(response, made, pinned=True)["items"]] == [note["position"]]
    assert not response.done("POST", f"{path}/pin", {"pinned": False})["pinned"]
    other = response.open()
    for position in (note["position"], 10**6, "x", 2**63):
        answer = response.send("POST", f"{path_of(other)}/timeline/{position}/pin", {"pinned": True})
        assert answer.status_code == 404, position
    answer = response.send("POST", f"{path}/correct", {"text": "t", "occurredAt": ago(minutes=-5)})
    response.refused(answer, 422, pointer="/occurredAt")


def test_a_merged_incident_brings_its_timeline(response: Response) -> None:
    whole, part = response.open(), response.open(startedAt=ago(hours=2))
    response.done("POST", f"{path_of(part)}/notes", {"text": "Only in the part"})
    body = {"into": whole["incidentId"], "reason": "one cause"}
    response.done("POST", f"{path_of(part)}/merge", body, version=1)
    response.done("POST", f"{path_of(whole)}/notes", {"text": "Only in the whole"})
    page = read(response, whole)
    assert {"Only in the part", "Only in the whole"} <= set(texts(page))
    assert {entry["incidentId"] for entry in page["items"]} == {None, part["incidentId"]}
    assert "Only in the part" in texts(read(response, part)), "and keeps its own"


def test_lanes_count_what_the_list_holds(response: Response) -> None:
    made = everything(response)
    listed = read(response, made)["items"]
    window = {"from": ago(minutes=10), "to": ago(minutes=-1), "buckets": 11}
    found = response.done("GET", f"{path_of(made)}/timeline/lanes", by=LEAD, params=window)
    counts = {lane["kind"]: sum(lane["counts"]) for lane in found["lanes"]}
    for kind in TimelineKind:
        assert counts[kind] == sum(entry["kind"] == kind for entry in listed), kind
    assert all(len(lane["counts"]) == 11 for lane in found["lanes"])
    turned = window | {"from": window["to"], "to": window["from"]}
    answer = response.send("GET", f"{path_of(made)}/timeline/lanes", params=turned)
    response.refused(answer, 422, pointer="query:to")


def test_what_a_sample_shop_was_made_with_is_in_no_lane(response: Response) -> None:
    made = everything(response)
    made_sample = (
        "insert into audit_log (actor, action, resource_type, resource_id)"
        " values ('sample', 'sample.shop.created', 'sample_shop', 's') returning seq"
    )
    response.sql(made_sample)
    response.done("POST", f"{path_of(made)}/notes", {"text": "Since then"})
    listed = read(response, made)["items"]
    assert not {"rule", "decision"} & {entry["kind"] for entry in listed}
    window = {"from": ago(minutes=10), "to": ago(minutes=-1), "buckets": 11}
    found = response.done("GET", f"{path_of(made)}/timeline/lanes", by=LEAD, params=window)
    assert sum(sum(lane["counts"]) for lane in found["lanes"]) == len(listed)


def test_it_is_handed_out(response: Response) -> None:
    made = everything(response)
    response.done("POST", f"{path_of(made)}/notes", {"text": "<b>50 %</b> | of *EU*\nto ams1 – ☃"})
    page = read(response, made)
    base = f"{path_of(made)}/timeline"
    whole = json.loads(response.send("GET", f"{base}.json", by=LEAD).content)
    assert sorted(entry["position"] for entry in whole["entries"]) == [e["position"] for e in page["items"]][::-1]
    assert whole["complete"]
    markdown = response.send("GET", f"{base}.md", by=LEAD)
    assert markdown.headers["content-disposition"] == 'attachment; filename="INC-0001.md"'
    assert r"\<b\>50 %\</b\> \| of \*EU\* to ams1 – ☃" in markdown.text
    assert markdown.text.count("\n| 20") == len(page["items"])
    told = read(response, made, story=True)["items"]
    story = json.loads(response.send("GET", f"{base}.json", by=LEAD, params={"story": "true"}).content)
    assert sorted(entry["position"] for entry in story["entries"]) == [e["position"] for e in told][::-1]
    assert len(told) < len(page["items"])
    pages = response.send("GET", f"{base}.pdf", by=LEAD)
    assert pages.content.startswith(b"%PDF-")
    assert pages.headers["content-type"] == "application/pdf"


def test_deploys_come_once_and_bad_ones_are_named(response: Response) -> None:
    row = {"id": "d-1", "service": "checkout", "version": "1", "deployedAt": ago(minutes=7), "url": "https://ci/1"}
    bad = [{**row, "id": "d-2", "url": "javascript:x"}, {**row, "id": "d-3", "deployedAt": ago(hours=-9)}, {"id": 5}]
    told = response.done("POST", "/api/ingest/deploys", {"rows": [row, *bad]}, by="pipeline")
    assert (told["inserted"], [each["index"] for each in told["rejected"]]) == (1, [1, 2, 3])
    again = response.done("POST", "/api/ingest/deploys", {"rows": [{**row, "version": "2"}, row]}, by="pipeline")
    assert (again["inserted"], again["unchanged"], again["superseded"]) == (0, 1, 1)
    assert len(response.audited("incidents.deploy.recorded")) == 1


MANY = """
insert into audit_log (at, actor, action, resource_type, resource_id, resource_label)
select now() - interval '1 minute' + n * interval '1 microsecond', 'ada',
       case when n %% 5 = 0 then 'alerts.alert.raised' else 'risk.entry.decided' end,
       case when n %% 5 = 0 then 'alert' else 'risk_entry' end, 'r' || n, 'n ' || n
  from generate_series(1, %(count)s) as n
"""


def _blocks(plan: Any) -> int:
    node = plan[0]["Plan"]
    return int(node["Shared Hit Blocks"] + node["Shared Read Blocks"])


def test_a_page_costs_the_same_at_the_end_of_a_hundred_thousand(response: Response) -> None:
    made = response.open(startedAt=ago(minutes=5))
    response.sql(MANY, {"count": 100_000})
    response.sql("analyze audit_log")
    first = read(response, made, limit=500)
    assert len(first["items"]) == 500
    response.sql("vacuum analyze audit_position")
    last = read(response, made, limit=100, before=200)
    assert [entry["position"] for entry in last["items"]] == sorted(
        (entry["position"] for entry in last["items"]), reverse=True
    )
    since = datetime.now(UTC) - timedelta(minutes=6)
    values = {
        "wide_actions": ["alerts.alert.raised", "risk.entry.decided"],
        "wide_types": ["alert", "risk_entry"],
        "own_actions": ["incidents.incident.opened"],
        "own_types": ["incident"],
        "ids": [made["incidentId"]],
        "id_types": [None],
        "begins": since,
        "from": since,
        "to": None,
        "own_from": None,
        "own_to": None,
        "lower": 0,
        "own_lower": 0,
        "upper": 2**63 - 1,
        "own_upper": 2**63 - 1,
        "limit": 100,
    }
    explain = "explain (analyze, buffers, format json) "
    with psycopg.connect(response.api.owner_url) as connection:
        costs = []
        for start in (2**63 - 1, 50_000, 300):
            row = connection.execute(explain + queries.older, values | {"start": start}).fetchone()
            assert row is not None
            costs.append(_blocks(row[0]))
    assert max(costs) < 2 * min(costs) + 50, costs


def test_each_action_has_a_lane_or_none() -> None:
    assert kind_of("risk.entry.decided", "risk_entry") is TimelineKind.VERDICT
    assert kind_of("risk.entry.claimed", "risk_entry") is None
    assert kind_of("runbooks.run.step_done", "incident") is TimelineKind.STEP
    assert kind_of("launch.vote.cast", "launch_vote") is TimelineKind.DECISION
    assert kind_of("session.refreshed", "session") is None


def test_sources_are_those_whose_audience_one_belongs_to() -> None:
    audiences = Audiences({"alert": Audience(Topic.ALERTS, frozenset({Permission.VIEW_DASHBOARD}))})
    pairs = [("alerts.alert.raised", "alert"), ("rbac.role.assigned", "role_assignment"), ("session.ended", "session")]
    may = sources(pairs, audiences, {Permission.VIEW_DASHBOARD}, None)
    assert [each.action for each in may] == ["alerts.alert.raised"]
    both = {Permission.VIEW_DASHBOARD, Permission.VIEW_AUDIT}
    assert len(sources(pairs, audiences, both, None)) == 2
    assert sources(pairs, audiences, both, {TimelineKind.NOTE}) == ()
