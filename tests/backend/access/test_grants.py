"""Roles and grants over HTTP: who may give what to whom, who must agree, and when it stops working."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.access.actions import end_expired
from backend.approvals.actions import expire
from tests.backend.access.fixtures import (
    Answer,
    Desk,
    alerts,
    audit_rows,
    owner,
)
from tests.conftest import Api, serve_in_thread

# --- at once ---------------------------------------------------------------------------------------------------------


def test_an_ordinary_role_is_granted_and_revoked_at_once(api: Api, desk: Callable[..., Desk]) -> None:
    admin, viewer = desk("administrator"), desk("viewer")
    assert "operations.view_orders" not in viewer.permissions()
    given = admin.assign("viewer", "finance-analyst")
    assert given.status_code == 201
    assert (given.json()["grantedByName"], given.json()["userName"]) == ("Administrator", "Viewer")
    assert "operations.view_orders" in viewer.permissions()
    again = admin.assign("viewer", "finance-analyst")
    assert again.json()["assignmentId"] == given.json()["assignmentId"]
    gone = admin.post("/revoke", {"userId": "viewer", "roleId": "finance-analyst", "reason": "done"})
    assert (gone.status_code, gone.json()["state"]) == (200, "revoked")
    assert "operations.view_orders" not in viewer.permissions(), "a revoked role stops working on the next request"
    assert admin.post("/revoke", {"userId": "viewer", "roleId": "finance-analyst"}).status_code == 404
    (granted,) = [row for row in audit_rows(api, "rbac.role.assigned") if row["actor"] == "administrator"]
    (revoked,) = audit_rows(api, "rbac.role.revoked")
    assert granted["after"]["roleId"] == "finance-analyst"
    assert granted["reason"] == "cover"
    assert (revoked["before"]["state"], revoked["after"]["state"], revoked["reason"]) == ("active", "revoked", "done")
    assert granted["request"]


def test_a_grant_ends_on_the_second_on_every_replica(api: Api, desk: Callable[..., Desk], open_database: Any) -> None:
    other, stop = serve_in_thread(api.settings)
    try:
        here, there = desk("viewer"), desk("viewer", url=other)
        # A server takes its time over its first request, and the grant must not end meanwhile.
        assert "operations.view_orders" not in here.permissions() | there.permissions()
        ends = datetime.now(UTC) + timedelta(seconds=2)
        assert desk("administrator").assign("viewer", "finance-analyst", expiresAt=ends.isoformat()).status_code == 201
        assert "operations.view_orders" in here.permissions() & there.permissions()
        time.sleep(max(0.0, (ends - datetime.now(UTC)).total_seconds()) + 0.02)
        assert "operations.view_orders" not in here.permissions() | there.permissions()
    finally:
        stop()
    (listed,) = desk("administrator").get("/assignments", userId="viewer", roleId="finance-analyst")["items"]
    assert listed["state"] == "expired"

    async def note() -> None:
        async with open_database() as database:
            await end_expired(database, api.settings)

    asyncio.run(note())
    (row,) = audit_rows(api, "rbac.role.expired")
    assert row["after"]["state"] == "expired"
    assert desk("administrator").assign("viewer", "finance-analyst").status_code == 201


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"userId": "nobody", "roleId": "viewer"}, "/userId"),
        ({"userId": "viewer", "roleId": "no-such-role"}, "/roleId"),
        ({"userId": "viewer", "roleId": "pipeline"}, "/roleId"),
        ({"userId": "viewer", "roleId": "support-lead", "expiresAt": "2020-01-01T00:00:00Z"}, "/expiresAt"),
        ({"userId": "viewer", "roleId": "support-lead", "expiresAt": "2030-01-01T00:00:00"}, "/expiresAt"),
        ({"userId": "viewer", "roleId": "support-lead", "grantedBy": "somebody"}, "/grantedBy"),
        ({"userId": "viewer", "roleId": "risk-manager"}, "/reason"),
        ({"userId": "a\0b", "roleId": "viewer"}, "/userId"),
        ({"userId": "viewer", "roleId": "viewer'; drop table role_assignment; --"}, "/roleId"),
    ],
)
def test_wrong_grants_say_which_field(desk: Callable[..., Desk], body: dict[str, Any], pointer: str) -> None:
    answer = desk("administrator").post("/assign", body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_a_disabled_account_gets_nothing(api: Api, desk: Callable[..., Desk]) -> None:
    owner(api, "update account set disabled_at = now() where id = 'viewer'")
    answer = desk("administrator").assign("viewer", "finance-analyst")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/userId")


# --- with a second pair of eyes --------------------------------------------------------------------------------------


def test_a_sensitive_role_waits_for_somebody_else(api: Api, desk: Callable[..., Desk]) -> None:
    admin, officer, viewer = desk("administrator"), desk("compliance-officer"), desk("viewer")
    asked = admin.assign("viewer", "risk-manager", reason="cover while away")
    assert asked.status_code == 202
    approval = asked.json()
    assert (approval["state"], approval["title"]) == ("pending", "Give Risk manager to Viewer")
    assert "risk.publish_rules" not in viewer.permissions()
    assert admin.assign("viewer", "risk-manager", reason="cover while away").json() == approval
    own = admin.decide(approval)
    assert (own.status_code, own.json()["detail"]) == (403, "You may not decide this: you asked for it.")
    assert viewer.decide(approval).status_code == 403
    assert [a["objection"] for a in officer.get("/approvals", state="pending")["items"]] == [None]
    assert [a["objection"] for a in admin.get("/approvals", state="pending")["items"]] == ["you asked for it"]
    done = officer.decide(approval, reason="agreed on the phone")
    assert (done.status_code, done.json()["state"]) == (200, "approved")
    assert officer.decide(approval, reason="again").json() == done.json(), "the same verdict again changes nothing"
    assert "risk.publish_rules" in viewer.permissions()
    (given,) = [a for a in officer.get("/assignments", userId="viewer")["items"] if a["roleId"] == "risk-manager"]
    assert (given["grantedByName"], given["approvedBy"]) == ("Administrator", ["Compliance officer"])
    (row,) = audit_rows(api, "approvals.approved")
    assert (row["actor"], row["reason"]) == ("compliance-officer", "agreed on the phone")
    assert row["after"]["outcome"]["roleId"] == "risk-manager"


def test_who_gains_does_not_agree_even_holding_the_permission(api: Api, desk: Callable[..., Desk]) -> None:
    approval = desk("administrator").assign("compliance-officer", "risk-manager").json()
    refused = desk("compliance-officer").decide(approval)
    assert (refused.status_code, refused.json()["detail"]) == (403, "You may not decide this: you would gain by it.")


def test_who_lost_the_permission_meanwhile_does_not_agree(api: Api, desk: Callable[..., Desk]) -> None:
    approval = desk("administrator").assign("viewer", "risk-manager").json()
    owner(api, "update role_assignment set revoked_at = now(), revoked_by = 'x' where user_id = 'compliance-officer'")
    assert desk("compliance-officer").decide(approval).status_code == 403
    assert "risk.publish_rules" not in desk("viewer").permissions()


def test_who_asked_and_lost_the_right_to_grant_asks_in_vain(api: Api, desk: Callable[..., Desk]) -> None:
    approval = desk("administrator").assign("viewer", "risk-manager").json()
    owner(api, "update role_assignment set revoked_at = now(), revoked_by = 'x' where user_id = 'administrator'")
    answer = desk("compliance-officer").decide(approval)
    assert answer.status_code == 409
    assert "may not grant roles any more" in answer.json()["detail"]
    assert desk("compliance-officer").get(f"/approvals/{approval['approvalId']}")["votes"] == []


def test_a_denial_says_why_and_ends_it(desk: Callable[..., Desk]) -> None:
    approval = desk("administrator").assign("viewer", "risk-manager").json()
    officer = desk("compliance-officer")
    assert officer.decide(approval, "deny").status_code == 422
    denied = officer.decide(approval, "deny", reason="not needed").json()
    assert (denied["state"], denied["votes"][0]["reason"]) == ("denied", "not needed")
    assert officer.decide(denied, "approve").status_code == 409
    assert desk("administrator").assign("viewer", "risk-manager").status_code == 202, "it may be asked for again"


def test_only_who_asked_withdraws(desk: Callable[..., Desk]) -> None:
    approval = desk("administrator").assign("viewer", "risk-manager").json()
    path = f"/approvals/{approval['approvalId']}/withdraw"
    assert desk("compliance-officer").post(path, {}, 1).status_code == 404
    assert desk("administrator").post(path, {}, 1).json()["state"] == "withdrawn"
    assert desk("compliance-officer").decide(approval).status_code == 409


def test_an_approval_nobody_decides_lapses(api: Api, desk: Callable[..., Desk], open_database: Any) -> None:
    approval = desk("administrator").assign("viewer", "risk-manager").json()
    owner(api, "update approval set ends_at = now() - interval '1 second'")
    late = desk("compliance-officer").decide(approval)
    assert late.status_code == 409
    assert "nobody decided before" in late.json()["detail"]
    assert desk("administrator").get("/approvals", state="pending")["items"] == []

    async def note() -> None:
        async with open_database() as database:
            await expire(database, api.settings)
            await expire(database, api.settings)

    asyncio.run(note())
    assert len(audit_rows(api, "approvals.expired")) == 1
    assert desk("administrator").assign("viewer", "risk-manager").status_code == 202


def test_all_named_roles_must_be_represented(api: Api, desk: Callable[..., Desk]) -> None:
    """Two approvers, and both a compliance officer and a risk manager among them: AND, not OR."""
    owner(
        api,
        "update role_definition set approvers = 2, approver_roles = '{compliance-officer,risk-manager}',"
        " permissions = permissions || '{operations.approve_roles}' where id in ('risk-manager', 'launch-director')",
    )
    api.add_person("ada", "Ada", "password-of-ada")
    owner(api, "insert into role_assignment (user_id, role_id, granted_by) values ('ada', 'compliance-officer', 'x')")
    approval = desk("administrator").assign("viewer", "launch-director").json()
    assert (approval["needs"], approval["fromRoles"]) == (2, ["compliance-officer", "risk-manager"])
    one = desk("compliance-officer").decide(approval).json()
    assert one["state"] == "pending"
    two = desk("ada").decide(one).json()
    assert two["state"] == "pending", "two approvers, but no risk manager among them"
    assert "launch.direct" not in desk("viewer").permissions()
    assert desk("ada").decide(two, "deny", reason="changed my mind").status_code == 403
    three = desk("risk-manager").decide(two).json()
    assert three["state"] == "approved"
    assert "launch.direct" in desk("viewer").permissions()


def test_two_who_agree_at_once_count_as_two_and_carry_it_out_once(api: Api, desk: Callable[..., Desk]) -> None:
    api.add_person("ada", "Ada", "password-of-ada")
    owner(api, "insert into role_assignment (user_id, role_id, granted_by) values ('ada', 'compliance-officer', 'x')")
    owner(api, "update role_definition set approvers = 2 where id = 'risk-manager'")
    approval = desk("administrator").assign("viewer", "risk-manager").json()
    answers: list[Answer] = []
    threads = [
        threading.Thread(target=lambda who=who: answers.append(desk(who).decide(approval)))
        for who in ("ada", "compliance-officer")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 412], "the second saw an older version"
    late = next(
        who
        for who in ("ada", "compliance-officer")
        if not any(vote["voter"] == who for vote in desk("ada").get(f"/approvals/{approval['approvalId']}")["votes"])
    )
    fresh = desk(late).get(f"/approvals/{approval['approvalId']}")
    assert desk(late).decide(fresh).json()["state"] == "approved"
    assert len(audit_rows(api, "approvals.approved")) == 1


# --- administrators --------------------------------------------------------------------------------------------------


def test_the_last_administrator_stays(api: Api, desk: Callable[..., Desk]) -> None:
    admin = desk("administrator")
    last = {"userId": "administrator", "roleId": "administrator"}
    refused = admin.post("/revoke", last)
    assert refused.status_code == 409
    assert "last administrator" in refused.json()["detail"]
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert admin.post("/assign", {**last, "expiresAt": ends, "reason": "x"}).status_code == 409
    approval = admin.assign("viewer", "administrator", expiresAt=ends).json()
    assert desk("compliance-officer").decide(approval).status_code == 200
    assert admin.post("/revoke", last).status_code == 409, "an administrator whose time will end is none to rely on"


def test_two_administrators_do_not_remove_each_other(api: Api, desk: Callable[..., Desk]) -> None:
    approval = desk("administrator").assign("viewer", "administrator").json()
    assert desk("compliance-officer").decide(approval).status_code == 200
    answers: list[Answer] = []
    pairs = (("administrator", "viewer"), ("viewer", "administrator"))
    threads = [
        threading.Thread(
            target=lambda who=who, whom=whom: answers.append(
                desk(who).post("/revoke", {"userId": whom, "roleId": "administrator"})
            )
        )
        for who, whom in pairs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(answer.status_code for answer in answers)
    assert codes in ([200, 409], [200, 403]), [answer.text for answer in answers]


# --- break-glass -----------------------------------------------------------------------------------------------------


def test_break_glass_takes_one_approver_and_is_reviewed(api: Api, desk: Callable[..., Desk]) -> None:
    owner(api, "update role_definition set approvers = 3 where id = 'risk-manager'")
    admin, officer = desk("administrator"), desk("compliance-officer")
    wish = {"userId": "viewer", "roleId": "risk-manager", "minutes": 30, "reason": "rules must be stopped now"}
    assert admin.post("/break-glass", {**wish, "minutes": 241}).status_code == 422
    assert admin.post("/break-glass", {**wish, "reason": " "}).status_code == 422
    asked = admin.post("/break-glass", wish)
    assert asked.status_code == 202
    assert admin.decide(asked.json()).status_code == 403
    assert officer.decide(asked.json()).json()["state"] == "approved"
    (given,) = [a for a in admin.get("/assignments", userId="viewer", active=True)["items"] if a["breakGlass"]]
    left = datetime.fromisoformat(given["expiresAt"]) - datetime.now(UTC)
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    (review,) = admin.get("/reviews", open=True)["items"]
    (alert,) = alerts(api)
    assert (alert["severity"], alert["title"]) == ("P2", "Glass broken: Risk manager for Viewer")
    close = f"/reviews/{review['reviewId']}/close"
    assert admin.post(close, {"findings": "fine"}, 1).status_code == 403, "who asked does not review it"
    assert officer.post(close, {"findings": " "}, 1).status_code == 422
    assert officer.post(close, {"findings": "one rule was stopped"}, 1).status_code == 200
    assert officer.post(close, {"findings": "again"}, 2).status_code == 409
    assert admin.get("/reviews", open=True)["items"] == []
    assert alerts(api)[0]["condition"] == "normal", "it waits only for its acknowledgement"
    assert len(audit_rows(api, "rbac.review.opened")) == len(audit_rows(api, "rbac.review.closed")) == 1


def test_nobody_agrees_to_what_is_put_into_a_role_afterwards(api: Api, desk: Callable[..., Desk]) -> None:
    admin, officer = desk("administrator"), desk("compliance-officer")
    harmless = {"roleId": "helper", "name": "Helper", "permissions": ["operations.view_orders"]}
    assert admin.post("/roles", harmless).status_code == 201
    asked = admin.assign("administrator", "helper").json()
    more = {"permissions": ["operations.view_orders", "risk.approve_orders"]}
    assert admin.http.patch("/roles/helper", json=more, headers={"If-Match": '"1"'}).status_code == 200
    refused = officer.decide(asked)
    assert (refused.status_code, "changed meanwhile" in refused.json()["detail"]) == (409, True)
    assert "risk.approve_orders" not in admin.permissions()
