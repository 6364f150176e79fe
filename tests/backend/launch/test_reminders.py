"""Whom a launch waits for is told again, in one message, and not so often that nobody reads it any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.backend.launch.fixtures import DIRECTOR, LAUNCHES, Pad

SOON = timedelta(minutes=100)
"""Before T-0; two items of the support lead are due then."""
_MAIL = {"kind": "smtp", "host": "h.example", "sender": "a@b.example", "recipients": ["c@d.example"]}
_TOLD = (
    "select recipients, severity, values ->> 'waiting' from notice where template = 'launch.asked_again' order by id"
)


@pytest.fixture
def launch(pad: Pad) -> dict[str, Any]:
    return pad.launch(timedelta(hours=20))


def mail_reaches(pad: Pad, person: str) -> None:
    pad.sql(
        "with made as (insert into connection (name, kind, settings, ready, updated_by)"
        " values ('mail', 'smtp', %s, true, 'test') returning id)"
        " insert into connection_health (connection_id) select id from made",
        (Jsonb(_MAIL),),
    )
    pad.sql(
        "insert into contact_method (user_id, address, verified_at) values (%s, %s, now())",
        (person, f"{person}@x.example"),
    )


def holder(pad: Pad, role: str) -> str:
    """Gives somebody the role, and says whom."""
    pad.sql("insert into account (id, name) values ('ann', 'Ann') on conflict do nothing")
    pad.sql("insert into role_assignment (user_id, role_id, granted_by) values ('ann', %s, 'test')", (role,))
    return "ann"


def test_a_role_whose_vote_is_void_is_told_again_with_what_changed(pad: Pad, launch: dict[str, Any]) -> None:
    address = f"{LAUNCHES}/{launch['launchId']}/reminders"
    mail_reaches(pad, holder(pad, "support-lead"))
    refused = pad.send(address, {"role": "support-lead"})
    assert (refused.status_code, refused.json()["detail"]) == (409, "Nothing waits for Support lead.")
    poll = pad.poll(launch)
    pad.all_go(launch, poll)
    pad.p1()
    pad.watch()
    asked = pad.done(address, {"role": "support-lead"})
    words = "Your GO of round 1 is void, vote again. Changed since: No P1 open"
    assert (asked["name"], asked["waiting"], asked["told"], asked["byMail"]) == ("Support lead", [words], True, 1)
    assert pad.sql(_TOLD) == [(["ann@x.example"], "P2", words)]
    assert pad.sql("select action, after ->> 'role' from audit_log where action = 'launch.owner.asked_again'") == [
        ("launch.owner.asked_again", "support-lead")
    ]


def test_a_role_is_told_once_in_five_minutes_whoever_asks(pad: Pad, launch: dict[str, Any]) -> None:
    address = f"{LAUNCHES}/{launch['launchId']}/reminders"
    mail_reaches(pad, holder(pad, "support-lead"))
    pad.poll(launch)
    pad.done(address, {"role": "support-lead"})
    for role in (DIRECTOR, "operations-lead"):
        refused = pad.send(address, {"role": "support-lead"}, role=role)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 300
        assert "Support lead was asked at" in refused.json()["detail"]
    assert len(pad.sql(_TOLD)) == 1
    pad.sql("update notice set created_at = created_at - interval '5 minutes'")
    pad.done(address, {"role": "support-lead"})
    assert len(pad.sql(_TOLD)) == 2


def test_the_owner_of_late_items_hears_of_all_of_them_at_once(pad: Pad) -> None:
    launch = pad.launch(SOON)
    mail_reaches(pad, holder(pad, "support-lead"))
    address = f"{LAUNCHES}/{launch['launchId']}/reminders"
    asked = pad.done(address, {"role": "support-lead"})
    assert asked["waiting"] == ["Item 2 is late: Chat is covered"]
    assert pad.send(address, {"role": "nobody"}).status_code == 422
    assert pad.send(address, {"role": "support-lead"}, role="viewer").status_code == 403


def test_that_nobody_hears_is_said(pad: Pad, launch: dict[str, Any]) -> None:
    pad.poll(launch)
    asked = pad.done(f"{LAUNCHES}/{launch['launchId']}/reminders", {"role": "support-lead"})
    assert (asked["told"], asked["byMail"]) == (False, 0)
    assert pad.sql("select (after ->> 'told')::boolean from audit_log where action = 'launch.owner.asked_again'") == [
        (False,)
    ]
