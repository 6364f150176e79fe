"""Status updates: a text to begin with, a preview, channels that are chosen, and reminders until it is posted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.incidents.updates.actions import remind
from tests.backend.incidents.fixtures import LEAD, Response, ago, path_of
from tests.conftest import Api

SLACK = '{"kind": "slack", "channel": "C0INCIDENT1"}'


@pytest.fixture
def response(api: Api) -> Response:
    found = Response(api)
    found.sql(
        "insert into connection (name, kind, settings, ready, updated_by)"
        f" values ('Incident room', 'slack', '{SLACK}', true, 'test'), ('Nowhere', 'slack', '{SLACK}', true, 'test')"
    )
    found.sql("insert into connection_health (connection_id) select id from connection")
    found.sql(
        "insert into route (team, severity, connection_id, mode)"
        " select 'operations', s, id, 'at_once' from connection, unnest(array['P1', 'P2']) as s"
        " where name = 'Incident room'"
    )
    return found


def room(response: Response, name: str = "Incident room") -> str:
    [(found,)] = response.sql("select id::text from connection where name = %s", [name])
    return str(found)


def notices(response: Response) -> list[tuple[Any, ...]]:
    return response.sql("select template, thread, phase, actions, connections::text[] from notice order by created_at")


def test_an_update_is_suggested_previewed_and_posted(response: Response) -> None:
    made = response.open()
    path = f"{path_of(made)}/updates"
    begun = response.done("GET", f"{path}/suggestion", params={"phase": "identified"})
    assert begun["text"] == "The cause of EU downloads failing is known, and we are putting it right."
    assert [(each["name"], each["suggested"]) for each in begun["channels"]] == [("Incident room", True)]
    assert begun["nextMinutes"] == 30
    draft = {"phase": "identified", "text": "Traffic moves {to} ams1", "connections": [room(response)]}
    shown = response.done("POST", f"{path}/preview", draft)
    (message,) = shown["messages"]
    assert message["subject"] == "INC-0001: EU downloads failing"
    assert message["text"].startswith("Traffic moves {to} ams1\n\nSEV2, detected. Next update:")
    assert response.sql("select count(*) from incident_update") == [(0,)], "a preview keeps nothing"
    posted = response.done("POST", path, draft)
    assert (posted["number"], posted["channels"]) == (1, ["Incident room"])
    after = response.get(made)
    assert (after["updates"], after["nextUpdateDueAt"]) == (1, posted["nextUpdateDueAt"])
    told = notices(response)
    thread = f"incident:{made['incidentId']}"
    assert [(each[0], each[1], each[2]) for each in told] == [
        ("incident.opened", thread, "raised"),
        ("incident.update", thread, "noted"),
    ]
    assert told[0][3] == ["acknowledge", "claim"], "with buttons"
    assert told[1][4] == [room(response)]
    (listed,) = response.done("GET", path)["items"]
    assert listed["text"] == "Traffic moves {to} ams1"


def test_the_next_one_is_due_when_it_was_promised(response: Response) -> None:
    made = response.open()
    draft = {"phase": "investigating", "text": "We look", "connections": [], "nextMinutes": 90}
    posted = response.done("POST", f"{path_of(made)}/updates", draft)
    due, at = (datetime.fromisoformat(posted[name]) for name in ("nextUpdateDueAt", "postedAt"))
    assert due - at == timedelta(minutes=90)
    over = response.to(made, "resolved", by=LEAD)
    last = response.done("POST", f"{path_of(over)}/updates", draft | {"phase": "resolved"})
    assert last["nextUpdateDueAt"] is None


def test_whoever_owes_an_update_is_reminded_until_it_is_there(response: Response) -> None:
    made = response.open()
    response.turn(remind)
    assert response.audited("incidents.update.overdue") == []
    late = "update incident set next_update_due_at = now() - interval '7 minutes', remind_at = now() - interval '1 s'"
    response.sql(late)
    response.turn(remind)
    response.turn(remind)
    (entry,) = response.audited("incidents.update.overdue")
    assert entry["after"]["minutes"] == 7
    assert [each[0] for each in notices(response)] == ["incident.opened", "incident.overdue"]
    changed = response.done("PATCH", path_of(made), {"customersAffected": 1}, version=1)
    response.turn(remind)
    assert len(response.audited("incidents.update.overdue")) == 1, "a change of something else is no new reason"
    response.sql("update incident set remind_at = now() - interval '1 s'")
    response.turn(remind)
    assert len(response.audited("incidents.update.overdue")) == 2, "and again"
    draft = {"phase": "investigating", "text": "We look", "connections": []}
    posted = response.done("POST", f"{path_of(changed)}/updates", draft)
    assert posted["dueAt"] < posted["postedAt"], "it was late, and that stays"
    response.turn(remind)
    assert len(response.audited("incidents.update.overdue")) == 2


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"connections": ["nothing"]}, "/connections/0"),
        ({"connections": ["Nowhere"]}, "/connections/0"),
        ({"text": " "}, "/text"),
        ({"phase": "shrug"}, "/phase"),
        ({"nextMinutes": 1}, "/nextMinutes"),
        ({"nextMinutes": True}, "/nextMinutes"),
    ],
)
def test_bad_updates(response: Response, body: dict[str, Any], pointer: str) -> None:
    made = response.open()
    draft = {"phase": "investigating", "text": "t", "connections": []} | body
    if draft["connections"] == ["Nowhere"]:
        draft["connections"] = [room(response, "Nowhere")]
    for path in (f"{path_of(made)}/updates", f"{path_of(made)}/updates/preview"):
        response.refused(response.send("POST", path, draft), 422, pointer=pointer)
    assert response.send("POST", f"{path_of(made)}/updates", draft, by="viewer").status_code == 403


def test_what_went_out_can_be_seen(response: Response) -> None:
    made = response.open(startedAt=ago(minutes=1))
    found = response.done("GET", f"{path_of(made)}/deliveries")
    assert [(each["template"], each["team"]) for each in found["notices"]] == [("incident.opened", "operations")]
    assert found["pages"] == []
