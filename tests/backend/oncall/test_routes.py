"""On-call over HTTP: schedules, overrides, swaps, rosters, load, calendars and pages, and who may do what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import icalendar
import pytest

from tests.backend.oncall.audited import STEPS
from tests.conftest import Api

ONCALL = "/api/operations/oncall"
LEAD, RESPONDER, VIEWER = "operations-lead", "incident-responder", "viewer"
NAMES = {LEAD: "Operations lead", RESPONDER: "Incident responder", VIEWER: "Viewer"}
MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def day(number: float) -> str:
    return (MIDNIGHT + timedelta(days=number)).isoformat().replace("+00:00", "Z")


class Desk:
    """The API, and shorter ways to ask it."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def send(self, method: str, path: str, body: Any = None, role: str = LEAD, **headers: str) -> httpx.Response:
        given = self.api.headers(role) | {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.request(method, f"{self.api.base_url}{ONCALL}{path}", json=body, headers=given, timeout=20)

    def done(self, *arguments: Any, **more: Any) -> Any:
        answer = self.send(*arguments, **more)
        assert answer.is_success, answer.text
        return answer.json()

    def schedule(self, seats: list[list[str]], name: str = "Operations", **more: Any) -> dict[str, Any]:
        layer = {"name": "First", "seats": seats, "zone": "UTC", "unit": "days", "every": 1, "anchor": day(0)[:16]}
        body = {"name": name, "team": "operations", "zone": "UTC", "definition": {"layers": [layer], **more}}
        found: dict[str, Any] = self.done("POST", "/schedules", body)
        return found

    def override(self, schedule: dict[str, Any], start: float, end: float, people: list[str], person: str) -> Any:
        body = {"start": day(start), "end": day(end), "people": people, "insteadOf": "person", "person": person}
        return self.send("POST", f"/schedules/{schedule['id']}/overrides", body | {"reason": "away"})

    def roster(self, start: float, end: float, **more: str) -> httpx.Response:
        query = httpx.QueryParams({"from": day(start), "to": day(end), **more})
        return self.send("GET", f"/roster?{query}")

    def spans(self, start: float, end: float) -> list[tuple[str, str, list[str]]]:
        [roster] = self.roster(start, end).json()["rosters"]
        return [(each["start"], each["end"], each["people"]) for each in roster["spans"]]


@pytest.fixture
def desk(api: Api) -> Iterator[Desk]:
    return Desk(api)


def detail(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["detail"]


def test_a_schedule_costs_nobody_their_patience(desk: Desk) -> None:
    """One that takes minutes to work out would stop the server for everybody, whenever anybody is on call."""
    every_day = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    windows = [{"weekdays": every_day, "start": f"{hour:02}:00", "end": f"{hour:02}:30"} for hour in range(20)]
    layer = {"name": "0", "seats": [[LEAD], [VIEWER]], "zone": "Europe/Berlin", "anchor": "2000-01-01T00:00"}
    often = layer | {"unit": "hours", "every": 1, "windows": windows}
    counted = layer | {"unit": "days", "every": 1, "windows": windows[:4], "counting": "worked"}
    whole = {"name": "Heavy", "team": "operations", "zone": "UTC"}
    for layers, words in (
        ([often | {"name": str(number)} for number in range(20)], "times a day"),
        ([counted], "begin nearer to now"),
    ):
        answer = desk.send("POST", "/schedules", whole | {"definition": {"layers": layers}})
        assert (answer.status_code, words in answer.text) == (422, True), answer.text
    nearer = counted | {"anchor": day(-900)[:16]}
    schedule = desk.done("POST", "/schedules", whole | {"definition": {"layers": [nearer]}})
    revision = {"definition": {"layers": [counted]}, "reason": "r"}
    answer = desk.send("POST", f"/schedules/{schedule['id']}/revisions", revision, If_Match='"1"')
    assert (answer.status_code, "begin nearer to now" in answer.text) == (422, True), answer.text


def test_nobody_looks_farther_than_the_server_can_see(desk: Desk) -> None:
    """Everybody waits while a roster is worked out: a shift of thousands of years stops the server for good."""
    schedule = desk.schedule([[LEAD], [RESPONDER]])
    shift = {"scheduleId": schedule["id"], "start": day(2), "end": day(2.5), "to": RESPONDER}
    back = {"backStart": day(3), "backEnd": day(3.5)}
    path = f"/schedules/{schedule['id']}"
    revision = {"definition": schedule["definition"], "reason": "later", "effectiveAt": day(3_000)}
    for answer in (
        desk.send("POST", "/swaps", shift | {"end": day(400)}),
        desk.send("POST", "/swaps", shift | {"end": "9999-12-31T23:59:59Z"}),
        desk.send("POST", "/swaps", shift | {"start": day(3_000), "end": day(3_001)}),
        desk.send("POST", "/swaps", shift | back | {"backEnd": day(500)}),
        desk.send("POST", "/swaps", shift | {"backStart": day(3_001), "backEnd": day(3_002)}),
        desk.override(schedule, 2, 400, [VIEWER], LEAD),
        desk.override(schedule, 3_000, 3_001, [VIEWER], LEAD),
        desk.roster(3_000, 3_001),
        desk.send("GET", f"/load?{httpx.QueryParams({'from': day(3_000), 'to': day(3_001)})}"),
        desk.send("GET", f"{path}/at?at={day(3_000)}"),
        desk.send("POST", f"{path}/revisions", revision, If_Match='"1"'),
    ):
        assert answer.status_code == 422, answer.text
    assert desk.override(schedule, 2, 300, [VIEWER], LEAD).status_code == 201


def test_an_override_without_effect_is_refused_and_names_who_is_on(desk: Desk) -> None:
    schedule = desk.schedule([[LEAD], [RESPONDER]])
    on_day_2 = (schedule, 2.25, 2.5, [VIEWER])
    assert detail(desk.override(*on_day_2, RESPONDER)) == (
        422,
        "Incident responder is not on call then: Operations lead is.",
    )
    made = desk.override(*on_day_2, LEAD).json()
    assert made["version"] == 2
    assert detail(desk.override(schedule, 2.3, 2.4, [RESPONDER], LEAD)) == (
        422,
        "Viewer covers for Operations lead then.",
    )
    over_it = desk.override(schedule, 2.3, 2.4, [RESPONDER], VIEWER)
    assert over_it.status_code == 201
    assert detail(desk.override(schedule, -2, -1, [VIEWER], LEAD))[0] == 422
    assert "nobody is known under" in desk.override(schedule, 3, 4, ["nobody-at-all"], RESPONDER).text
    assert desk.spans(2, 3) == [
        (day(2), day(2.25), [LEAD]),
        (day(2.25), day(2.3), [VIEWER]),
        (day(2.3), day(2.4), [RESPONDER]),
        (day(2.4), day(2.5), [VIEWER]),
        (day(2.5), day(3), [LEAD]),
    ]
    desk.done("POST", f"/overrides/{made['override']['id']}/cancel")
    assert desk.spans(2, 3) == [(day(2), day(3), [LEAD])]
    [roster] = desk.roster(2, 3).json()["rosters"]
    assert [each["hasEffect"] for each in roster["overrides"]] == [False, False]


def test_an_override_warns_of_what_it_leaves(desk: Desk) -> None:
    schedule = desk.schedule([[LEAD, VIEWER]])
    twice = desk.override(schedule, 1, 2, [VIEWER], LEAD).json()
    assert twice["warnings"] == ["Viewer is on call then already: two seats, one person."]
    nobody = desk.override(schedule, 1, 2, [], VIEWER).json()
    assert nobody["warnings"] == ["Nobody is on call then."]


def test_a_revision_begins_now_or_later_and_is_not_undone_by_one_that_waits(desk: Desk) -> None:
    schedule = desk.schedule([[LEAD]])
    path = f"/schedules/{schedule['id']}/revisions"

    def body(who: str, **more: Any) -> dict[str, Any]:
        layer = schedule["definition"]["layers"][0] | {"seats": [[who]]}
        return {"definition": {"layers": [layer]}, "reason": "new people", **more}

    assert detail(desk.send("POST", path, body(VIEWER, effectiveAt=day(-1)), If_Match='"1"'))[0] == 422
    waits = desk.done("POST", path, body(VIEWER, effectiveAt=day(3)), If_Match='"1"')
    assert (waits["revision"], waits["waiting"], waits["version"]) == (1, [day(3)], 2)
    assert desk.send("POST", path, body(RESPONDER), If_Match='"1"').status_code == 412
    code, words = detail(desk.send("POST", path, body(RESPONDER), If_Match='"2"'))
    assert code == 409
    assert "would undo this one" in words
    desk.done("POST", path, body(RESPONDER, alsoWaiting=True), If_Match='"2"')
    at = desk.done("GET", f"/schedules/{schedule['id']}/at?at={httpx.QueryParams({'': day(4)})}".replace("at==", "at="))
    assert at["people"] == [RESPONDER]
    [newest, *_] = desk.done("GET", path)["items"]
    assert (newest["revision"], newest["effectiveAt"]) == (4, day(3))


def test_whoever_is_on_stays_on_when_somebody_joins(desk: Desk) -> None:
    schedule = desk.schedule([[LEAD], [RESPONDER]])
    layer = schedule["definition"]["layers"][0] | {"seats": [[VIEWER], [RESPONDER], [LEAD]]}
    body = {"definition": {"layers": [layer]}, "reason": "one more"}
    desk.done("POST", f"/schedules/{schedule['id']}/revisions", body, If_Match='"1"')
    assert [people for _, _, people in desk.spans(1, 4)] == [[VIEWER], [RESPONDER], [LEAD]]
    assert desk.done("GET", "/now")["schedules"][0]["people"] == [LEAD]


def test_who_is_on_now_and_next_with_its_validity(desk: Desk) -> None:
    desk.schedule([[LEAD], [RESPONDER]], cover={"zone": "UTC"})
    board = desk.done("GET", "/now")
    [now] = board["schedules"]
    assert (now["people"], now["until"], now["nextPeople"], now["nextUntil"]) == ([LEAD], day(1), [RESPONDER], day(2))
    assert now["nextFrom"] == day(1)
    assert now["mustBeCovered"]
    assert board["validUntil"] == day(1)
    assert board["names"] == {LEAD: NAMES[LEAD], RESPONDER: NAMES[RESPONDER]}


def test_next_after_a_hole_is_whoever_comes_back_and_when(desk: Desk) -> None:
    every_day = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    half = {"weekdays": every_day, "start": "00:00", "end": "12:00"}
    layer = {"name": "Half days", "seats": [[LEAD]], "zone": "UTC", "anchor": day(0)[:16], "windows": [half]}
    whole = {"name": "Half", "team": "operations", "zone": "UTC", "definition": {"layers": [layer]}}
    desk.done("POST", "/schedules", whole)
    [now] = desk.done("GET", "/now")["schedules"]
    assert (now["nextPeople"], now["nextFrom"], now["nextUntil"]) == ([LEAD], day(1), day(1.5))


def test_what_was_known_earlier(desk: Desk) -> None:
    schedule = desk.schedule([[LEAD]])
    before = desk.done("GET", "/now")["asOf"]
    desk.override(schedule, 1, 2, [VIEWER], LEAD)
    query = httpx.QueryParams({"at": day(1.5), "known": before})
    assert desk.done("GET", f"/schedules/{schedule['id']}/at?{query}")["people"] == [LEAD]
    assert desk.done("GET", f"/schedules/{schedule['id']}/at?{httpx.QueryParams(at=day(1.5))}")["people"] == [VIEWER]
    [roster] = desk.roster(1, 2, known=before).json()["rosters"]
    assert roster["spans"][0]["people"] == [LEAD]


def test_gaps_double_bookings_and_an_etag_that_holds(desk: Desk) -> None:
    one = desk.schedule([[LEAD]], cover={"zone": "UTC"})
    two = desk.schedule([[RESPONDER]], "Second")
    step = {"afterMinutes": 0, "targets": [{"kind": "on_call", "id": each["id"]} for each in (one, two)]}
    desk.done("POST", "/policies", {"name": "P", "team": "operations", "definition": {"steps": [step]}})
    first, again = desk.roster(1, 4), desk.roster(1, 4)
    assert first.headers["ETag"] == again.headers["ETag"]
    desk.override(one, 1, 1.5, [], LEAD)
    desk.override(one, 2, 2.5, [RESPONDER], LEAD)
    changed = desk.roster(1, 4)
    assert changed.headers["ETag"] != first.headers["ETag"]
    found = {each["scheduleName"]: each["gaps"] for each in changed.json()["rosters"]}
    assert found == {"Operations": [{"start": day(1), "end": day(1.5)}], "Second": []}
    [twice] = changed.json()["doubleBookings"]
    assert (twice["personName"], twice["start"], twice["end"]) == (NAMES[RESPONDER], day(2), day(2.5))
    assert desk.roster(4, 1).status_code == 422
    assert desk.roster(0, 400).status_code == 422


def test_load_is_counted_in_the_zone_somebody_lives_in(desk: Desk) -> None:
    desk.schedule([[LEAD], [RESPONDER]])
    desk.done("PUT", f"/people/{LEAD}/zone", {"zone": "Pacific/Auckland"})
    query = httpx.QueryParams({"from": day(2), "to": day(16)})
    load = desk.done("GET", f"/load?{query}")
    people = {each["person"]: each for each in load["people"]}
    assert {person: each["hours"] for person, each in people.items()} == {LEAD: 168.0, RESPONDER: 168.0}
    assert (people[LEAD]["zone"], people[RESPONDER]["zone"]) == ("Pacific/Auckland", "UTC")
    assert people[RESPONDER]["nights"] == 14  # of each day on call the end of one night and the beginning of the next
    assert people[LEAD]["nights"] == 7
    assert people[RESPONDER]["weekendDays"] == 2
    assert load["meanHours"] == 168.0
    assert desk.send("PUT", f"/people/{LEAD}/zone", {"zone": "UTC"}, role=VIEWER).status_code == 403
    assert desk.send("PUT", f"/people/{LEAD}/zone", {"zone": "Mars/Olympus"}).status_code == 422


def test_a_swap_changes_nothing_until_it_is_taken(desk: Desk) -> None:
    schedule = desk.schedule([[LEAD], [RESPONDER]])
    body = {"scheduleId": schedule["id"], "start": day(2), "end": day(2.5), "to": RESPONDER}
    body |= {"backStart": day(3), "backEnd": day(3.5)}
    not_theirs = body | {"start": day(1), "end": day(1.5)}
    assert (
        detail(desk.send("POST", "/swaps", not_theirs))[1]
        == "Operations lead is not on call then: Incident responder is."
    )
    swap = desk.done("POST", "/swaps", body)
    assert [people for _, _, people in desk.spans(2, 4)] == [[LEAD], [RESPONDER]]
    decision = f"/swaps/{swap['id']}/decision"
    assert desk.send("POST", decision, {"decision": "taken"}, role=VIEWER, If_Match='"1"').status_code == 403
    taken = desk.done("POST", decision, {"decision": "taken", "comment": "yes"}, role=RESPONDER, If_Match='"1"')
    assert (taken["state"], taken["decidedBy"]) == ("taken", RESPONDER)
    assert [people for _, _, people in desk.spans(2, 4)] == [[RESPONDER], [LEAD], [RESPONDER]]
    assert detail(desk.send("POST", decision, {"decision": "declined"}, If_Match='"2"'))[0] == 409
    [half, other] = desk.done("GET", f"/schedules/{schedule['id']}/overrides")["items"]
    assert half["swapId"] == other["swapId"] == swap["id"]
    desk.done("POST", f"/overrides/{half['id']}/cancel")
    assert [people for _, _, people in desk.spans(2, 4)] == [[LEAD], [RESPONDER]]


def test_a_swap_that_no_longer_fits_is_not_taken_by_half(desk: Desk) -> None:
    schedule = desk.schedule([[LEAD], [RESPONDER]])
    body = {"scheduleId": schedule["id"], "start": day(2), "end": day(2.5), "to": RESPONDER}
    swap = desk.done("POST", "/swaps", body | {"backStart": day(3), "backEnd": day(3.5)})
    desk.override(schedule, 3, 4, [VIEWER], RESPONDER)
    answer = desk.send("POST", f"/swaps/{swap['id']}/decision", {"decision": "taken"}, role=RESPONDER, If_Match='"1"')
    assert detail(answer) == (409, "It can no longer be taken. Viewer covers for Incident responder then.")
    assert [people for _, _, people in desk.spans(2, 3)] == [[LEAD]]


def test_a_calendar_is_read_back_as_the_same_times(desk: Desk) -> None:
    schedule = desk.schedule([[LEAD], [RESPONDER]])
    desk.override(schedule, 2.25, 2.5, [RESPONDER], LEAD)
    feed = desk.done("POST", "/feeds", {"person": RESPONDER, "purpose": "phone"})
    address = f"{desk.api.base_url}{feed['path']}"
    answer = httpx.get(address, timeout=20)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    assert b"RRULE" not in answer.content
    assert b"VTIMEZONE" not in answer.content
    events = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    read = {(each["DTSTART"].dt, each["DTEND"].dt) for each in events}
    wanted = {
        (datetime.fromisoformat(start), datetime.fromisoformat(end))
        for start, end, people in desk.spans(1, 20)
        if people == [RESPONDER]
    }
    assert wanted <= read
    assert len({each["UID"] for each in events}) == len(events)
    assert {each["SUMMARY"] for each in events} == {"On call: Operations"}
    etag = answer.headers["ETag"]
    unchanged = httpx.get(address, headers={"If-None-Match": etag}, timeout=20)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    desk.override(schedule, 4.25, 4.5, [VIEWER], LEAD)
    assert httpx.get(address, headers={"If-None-Match": etag}, timeout=20).status_code == 200


def test_the_address_of_a_calendar_is_a_secret_that_can_be_ended(
    desk: Desk, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    team = desk.done("POST", "/feeds", {"team": "operations", "purpose": "wall"}, role=VIEWER)
    secret = team["path"].rsplit("/", 1)[-1].removesuffix(".ics")
    assert httpx.get(f"{desk.api.base_url}{team['path']}", timeout=20).status_code == 200
    [listed] = desk.done("GET", "/feeds")["items"]
    assert listed["lastFour"] == secret[-4:]
    assert listed["readAt"] is not None
    assert secret not in str(listed)
    assert desk.send("POST", "/feeds", {"person": LEAD, "purpose": "spy"}, role=VIEWER).status_code == 403
    assert desk.send("POST", f"/feeds/{team['id']}/revoke", role=RESPONDER).status_code == 403
    desk.done("POST", f"/feeds/{team['id']}/revoke", role=VIEWER)
    gone = httpx.get(f"{desk.api.base_url}{team['path']}", timeout=20)
    assert gone.status_code == 404
    assert secret not in gone.text
    assert httpx.get(f"{desk.api.base_url}{ONCALL}/feeds/%00%ff.ics", timeout=20).status_code == 404
    assert secret not in httpx.get(f"{desk.api.base_url}/metrics", timeout=20).text
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert not [record for record in ours if secret in record.getMessage()]
    assert secret not in "".join(capfd.readouterr())


def test_a_policy_has_versions_and_knows_what_it_pages_by(desk: Desk) -> None:
    schedule = desk.schedule([[LEAD]])
    target = {"kind": "on_call", "id": schedule["id"]}
    definition = {"steps": [{"afterMinutes": 0, "targets": [target]}]}
    body = {"name": "Operations", "team": "operations", "definition": definition}
    policy = desk.done("POST", "/policies", body)
    assert detail(desk.send("POST", "/policies", body))[0] == 422
    unknown = definition | {"fallback": [{"kind": "person", "id": "nobody-at-all"}]}
    assert "nobody is known under" in desk.send("POST", "/policies", body | {"name": "B", "definition": unknown}).text
    changed = {**body, "definition": definition | {"repeats": 3}, "reason": "more"}
    path = f"/policies/{policy['id']}"
    assert desk.done("PUT", path, changed, If_Match='"1"')["version"] == 2
    assert desk.send("PUT", path, changed, If_Match='"1"').status_code == 412
    assert [each["version"] for each in desk.done("GET", f"{path}/versions")["items"]] == [2, 1]
    desk.done("PUT", path, changed | {"archived": True, "reason": "gone"}, If_Match='"2"')
    page = {"policyId": policy["id"], "severity": "P1", "title": "Down"}
    assert detail(desk.send("POST", "/pages", page))[0] == 409


def test_a_page_over_http(desk: Desk) -> None:
    policy = desk.done("POST", "/policies", {"name": "P", "team": "operations", "definition": STEPS})
    page = desk.done("POST", "/pages", {"policyId": policy["id"], "severity": "P1", "title": "Down"})
    assert page["paged"] == [LEAD]
    assert page["calls"][0]["people"][0]["receipts"][0]["state"] == "unreachable"
    path = f"/pages/{page['id']}"
    assert desk.send("POST", f"{path}/acknowledge", role=VIEWER).status_code == 403
    assert desk.done("POST", f"{path}/acknowledge")["acknowledgedBy"] == LEAD
    late = desk.send("POST", f"{path}/acknowledge", role=RESPONDER)
    assert detail(late) == (409, "Operations lead has acknowledged this page already.")
    assert desk.done("POST", f"{path}/resolve", {"reason": "mended"})["state"] == "resolved"
    assert desk.done("GET", f"/policies/{policy['id']}")["answered"] == [{"step": 0, "acknowledged": 1}]
    [mine] = desk.done("POST", "/pages/test", {}, role=VIEWER)["pages"]
    assert mine["test"]
    assert desk.send("POST", "/pages/test", {"people": [LEAD]}, role=VIEWER).status_code == 403
    assert desk.done("POST", f"/pages/{mine['id']}/acknowledge", role=VIEWER)["state"] == "resolved"


BAD = {"layers": [{"name": "L", "seats": [[LEAD]], "zone": "UTC", "anchor": "2026-01-05T08:00"}]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Mars/Olympus"},
        {"anchor": "2026-01-05T08:00Z"},
        {"anchor": 5},
        {"seats": []},
        {"seats": [["nobody-at-all"]]},
        {"unit": "clock", "every": 5},
        {"every": 0},
        {"windows": [{"weekdays": [], "start": "09:00", "end": "17:00"}]},
        {"windows": [{"weekdays": ["monday"], "start": 540, "end": "17:00"}]},
        {"starts": "2026-02-01T00:00", "ends": "2026-01-01T00:00"},
        {"dates": [20_000]},
        {"unknown": 1},
    ],
)
def test_what_is_no_layer_is_refused(desk: Desk, wrong: dict[str, Any]) -> None:
    body = {"name": "N", "team": "operations", "zone": "UTC", "definition": {"layers": [BAD["layers"][0] | wrong]}}
    answer = desk.send("POST", "/schedules", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/definition/layers/0")
