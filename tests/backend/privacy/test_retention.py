"""Retention: shown before it runs, switched on by who has seen it, carried out once a day and counted in the log."""

from __future__ import annotations

import asyncio
from typing import Any

from backend.core.capability import Retentions
from backend.core.database import Database
from backend.privacy.retention.actions import forget_old
from backend.runtime.outside import outside
from tests.backend.privacy.fixtures import Desk, rows
from tests.backend.privacy.test_requests import OFFICER, PATH, SUPPORT, take_in

OLD = """
insert into quarantine (kind, source_row, errors, sent_by, received_at)
  select 'orders', '{}', '[]', 'test', now() - n * interval '1 day' from unnest(array[1, 89, 91, 200]) as n;
insert into procrastinate_jobs (queue_name, task_name, args, status) values ('core', 'old', '{}', 'failed');
"""


def rules(desk: Desk) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in desk.get("/register", SUPPORT)["retention"]}


def carried_out(desk: Desk) -> None:
    async def turn() -> None:
        database = Database(desk.api.settings.database_url or "")
        await database.open()
        await forget_old(database, outside(desk.api.settings).of(Retentions))
        await database.close()

    asyncio.run(turn())


def test_nothing_goes_before_somebody_has_seen_what_would(desk: Desk) -> None:
    url = desk.api.owner_url
    rows(url, OLD)
    rows(url, "update procrastinate_events set at = now() - interval '100 days'")
    made = take_in(desk)
    rows(url, "update privacy_request set state = 'refused', completed_at = now() - interval '4 years'")
    assert {name: rule["wouldRemove"] for name, rule in rules(desk).items()} == {
        "shop.quarantine": 2,
        "jobs.failed": 1,
        "privacy.requests": 1,
    }
    carried_out(desk)
    assert rows(url, "select count(*) from quarantine") == [(4,)]
    path = "/retention/shop.quarantine"
    on = {"enabled": True, "expected": 3, "reason": "Looked at"}
    assert desk.send("PUT", path, on | {"expected": 2}, SUPPORT, If_Match='"1"').status_code == 403
    answer = desk.send("PUT", path, on, OFFICER, If_Match='"1"')
    assert (answer.status_code, "2 rows" in answer.json()["detail"]) == (409, True)
    assert desk.send("PUT", "/retention/nothing", on, OFFICER, If_Match='"1"').status_code == 404
    for name, rule in rules(desk).items():
        body = on | {"expected": rule["wouldRemove"]}
        assert desk.done("PUT", f"/retention/{name}", body, OFFICER, If_Match='"1"')["enabled"] is True
    carried_out(desk)
    carried_out(desk)  # once a day
    counts = (
        "select (select count(*) from quarantine), (select count(*) from procrastinate_jobs where status = 'failed')"
    )
    assert rows(url, counts) == [(2, 0)]
    applied = rows(
        url,
        "select resource_id, (after->>'rows')::int from audit_log"
        " where action = 'privacy.retention.applied' order by 1",
    )
    assert applied == [("jobs.failed", 1), ("privacy.requests", 1), ("shop.quarantine", 2)]
    assert {rule["wouldRemove"] for rule in rules(desk).values()} == {0}
    forgotten = desk.send("POST", f"{PATH}/{made['requestId']}/person", {"purpose": "x"}, OFFICER)
    assert forgotten.status_code == 409


def test_the_register_says_what_is_held_and_why(desk: Desk) -> None:
    systems = {each["name"]: each for each in desk.get("/register", SUPPORT)["systems"]}
    assert systems.keys() >= {"shop.orders", "shop.quarantine", "risk.checks", "privacy.consent"}
    for each in systems.values():
        assert all(each[name] for name in ("title", "holds", "purpose", "keeps"))
