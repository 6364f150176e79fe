"""Role definitions, and what of roles and grants can be seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from backend.core.database import Database
from tests.backend.access.fixtures import (
    Desk,
    owner,
)
from tests.conftest import Api, serve_in_thread

# --- role definitions ------------------------------------------------------------------------------------------------


def test_a_role_of_ones_own(api: Api, desk: Callable[..., Desk]) -> None:
    admin = desk("administrator")
    draft = {
        "roleId": "night-watch",
        "name": "Night watch",
        "permissions": ["operations.view_dashboard", "operations.manage_alerts"],
    }
    made = admin.post("/roles", draft)
    assert (made.status_code, made.headers["etag"], made.json()["builtIn"]) == (201, '"1"', False)
    assert admin.post("/roles", draft).status_code == 409
    assert admin.post("/roles", {**draft, "roleId": "other", "name": "night WATCH"}).status_code == 409
    sneaky = {**draft, "roleId": "sneaky", "name": "Sneaky", "permissions": ["operations.manage_roles"]}
    assert admin.post("/roles", sneaky).json()["errors"][0]["pointer"] == "/sensitive"
    unknown = {**draft, "roleId": "x", "name": "X", "permissions": ["operations.everything"]}
    assert admin.post("/roles", unknown).status_code == 422
    assert admin.assign("viewer", "night-watch").status_code == 201
    assert "operations.manage_alerts" in desk("viewer").permissions()
    headers = {"If-Match": '"1"'}
    changed = admin.http.patch(
        "/roles/night-watch", json={"permissions": ["operations.view_dashboard"]}, headers=headers
    )
    assert (changed.status_code, changed.json()["version"], changed.json()["people"]) == (200, 2, 1)
    assert "operations.manage_alerts" not in desk("viewer").permissions(), "in force at once"
    stale = admin.http.patch("/roles/night-watch", json={"name": "Night"}, headers=headers)
    assert stale.status_code == 412
    assert admin.http.patch("/roles/night-watch", json={"name": "Night"}).status_code == 428
    escalated = admin.http.patch(
        "/roles/night-watch", json={"permissions": ["operations.manage_roles"]}, headers={"If-Match": '"2"'}
    )
    assert escalated.json()["errors"][0]["pointer"] == "/sensitive"


def test_a_sensitive_role_gains_nothing_without_approval(api: Api, desk: Callable[..., Desk]) -> None:
    admin = desk("administrator")
    roles = {role["roleId"]: role for role in admin.get("/roles")["items"]}
    role = roles["compliance-officer"]
    more = [*role["permissions"], "launch.direct"]
    headers = {"If-Match": f'"{role["version"]}"'}
    asked = admin.http.patch("/roles/compliance-officer", json={"permissions": more, "reason": "x"}, headers=headers)
    assert (asked.status_code, asked.json()["details"]["adds"]) == (202, ["launch.direct"])
    holder = desk("compliance-officer").decide(asked.json())
    assert (holder.status_code, "you hold this role" in holder.json()["detail"]) == (403, True)
    easier = {"policy": {"approvers": 1, "fromRoles": ["viewer"], "hours": 1}, "reason": "x"}
    assert admin.http.patch("/roles/compliance-officer", json=easier, headers=headers).status_code == 409
    assert admin.http.patch("/roles/risk-manager", json=easier, headers={"If-Match": '"1"'}).status_code == 202
    less = role["permissions"][:-1]
    taken = admin.http.patch("/roles/compliance-officer", json={"permissions": less}, headers=headers)
    assert taken.status_code == 200, "taking away needs nobody"
    api.add_person("ada", "Ada", "password-of-ada")
    owner(
        api,
        "update role_definition set permissions = permissions || '{operations.approve_roles}'"
        " where id = 'operations-lead'",
    )
    stale = desk("ada").decide(asked.json())
    assert (stale.status_code, "changed meanwhile" in stale.json()["detail"]) == (409, True)


def test_administration_cannot_be_taken_from_the_administrators(desk: Callable[..., Desk]) -> None:
    admin = desk("administrator")
    role = admin.get("/roles/administrator")
    less = [key for key in role["permissions"] if key != "operations.manage_roles"]
    headers = {"If-Match": f'"{role["version"]}"'}
    assert admin.http.patch("/roles/administrator", json={"permissions": less}, headers=headers).status_code == 409


# --- what can be seen ------------------------------------------------------------------------------------------------


def test_explanations(desk: Callable[..., Desk]) -> None:
    admin, viewer = desk("administrator"), desk("viewer")
    mine = viewer.get("/explain", userId="viewer", permission="operations.view_dashboard")
    assert (mine["allowed"], mine["through"][0]["roleName"]) == (True, "Viewer")
    assert (
        viewer.http.get("/explain", params={"userId": "administrator", "permission": "launch.vote"}).status_code == 403
    )
    missing = admin.get("/explain", userId="viewer", permission="launch.direct")
    assert not missing["allowed"]
    assert missing["summary"] == ("Viewer may not: launch.direct takes any of these roles: Launch director.")
    admin.assign("viewer", "finance-analyst")
    admin.post("/revoke", {"userId": "viewer", "roleId": "finance-analyst"})
    lost = admin.get("/explain", userId="viewer", permission="reporting.generate_reports")
    assert "their role Finance analyst was revoked by Administrator" in lost["summary"]
    assert admin.get("/explain", userId="nobody", permission="launch.vote")["allowed"] is False


def test_everybody_sees_their_own_and_nobody_elses(desk: Callable[..., Desk]) -> None:
    viewer = desk("viewer")
    assert {a["userId"] for a in viewer.get("/assignments")["items"]} == {"viewer"}
    assert viewer.http.get("/assignments", params={"userId": "administrator"}).status_code == 403
    approval = desk("administrator").assign("finance-analyst", "risk-manager").json()
    assert viewer.get("/approvals")["items"] == []
    assert viewer.http.get(f"/approvals/{approval['approvalId']}").status_code == 404
    gainer = desk("finance-analyst").get("/approvals")["items"]
    assert [a["objection"] for a in gainer] == ["it needs “Approve roles”"]


def test_people_are_found_and_paged(api: Api, desk: Callable[..., Desk]) -> None:
    api.add_person("ada_1%", "Ada \\ Lovelace", "password-of-ada")
    officer = desk("compliance-officer")
    whole = [person["userId"] for person in officer.get("/people", limit=500)["items"]]
    assert "viewer" in whole
    assert "storefront" not in whole, "machines are no people"
    paged: list[str] = []
    cursor: str | None = None
    while cursor is not None or not paged:
        page = officer.get("/people", limit=3, **({"cursor": cursor} if cursor else {}))
        paged += [person["userId"] for person in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert paged == whole
    assert [p["userId"] for p in officer.get("/people", text="_1%")["items"]] == ["ada_1%"]
    assert [p["initials"] for p in officer.get("/people", text="lovelace")["items"]] == ["AL"]


def test_assignments_are_paged_without_loss(desk: Callable[..., Desk]) -> None:
    officer = desk("compliance-officer")
    whole = [a["assignmentId"] for a in officer.get("/assignments", limit=500)["items"]]
    first = officer.get("/assignments", limit=5)
    rest = officer.get("/assignments", limit=500, cursor=first["nextCursor"])
    assert [a["assignmentId"] for a in (*first["items"], *rest["items"])] == whole


def test_hints_name_what_nobody_used(api: Api, desk: Callable[..., Desk], settings: Any) -> None:
    owner(api, "update role_assignment set granted_at = now() - interval '100 days' where user_id = 'finance-analyst'")
    officer = desk("compliance-officer")
    used = httpx.get(
        f"{api.base_url}/api/operations/orders",
        params={"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"},
        headers=api.headers("finance-analyst"),
    )
    assert used.status_code == 200
    api.stop()  # writes what was noted
    base, stop = serve_in_thread(settings)
    try:
        (hint,) = Desk(api, "compliance-officer", url=base).get("/hints")["items"]
    finally:
        stop()
    del officer
    assert hint["userName"] == "Finance analyst"
    assert "reporting.generate_reports" in hint["permissions"]
    assert "operations.view_orders" not in hint["permissions"]
    people = None
    with psycopg.connect(api.owner_url) as connection:
        people = connection.execute("select name from principal_seen where user_id = 'finance-analyst'").fetchone()
    assert people == ("Finance analyst",)


def test_a_subject_of_an_issuer_does_not_inherit_an_account_of_the_same_name(settings: Any, open_database: Any) -> None:
    from backend.core.problems import ProblemError
    from backend.core.security import Identity, TokenReader
    from tests.conftest import _seed

    asyncio.run(_seed(settings))

    async def look_up() -> None:
        reader = TokenReader(settings)
        soon = datetime.now(UTC) + timedelta(minutes=5)
        async with open_database() as database:
            assert isinstance(database, Database)
            identity = Identity("administrator", "Mallory", "oidc", soon)
            with pytest.raises(ProblemError) as refused:
                await reader.principal(database, identity, reading=True)
            assert refused.value.code == "unauthenticated"
            stranger = await reader.principal(database, Identity("ada", "Ada", "oidc", soon), reading=True)
            assert stranger.permissions == frozenset()

    asyncio.run(look_up())
