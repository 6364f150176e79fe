"""The table of duties in the administrators' page: each row is what the server does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from models.core.permissions import APART, BUILT_IN_ROLES, Permission, together
from tests.backend.analytics.fixtures import Planner
from tests.backend.launch.fixtures import CHECKLIST, LAUNCHES, Pad
from tests.backend.reporting.audited import QUARTER, TAX, make_report
from tests.backend.reporting.fixtures import OSS, register
from tests.backend.risk.fixtures import RiskShop
from tests.backend.risk.samples import publish, rule
from tests.conftest import Api

PAGE = Path(__file__).parents[3] / "docs" / "administrators" / "access.md"
RBAC = "/api/operations/rbac"
RISK = "/api/risk"


def table() -> dict[str, tuple[str, frozenset[str]]]:
    """By permission: what one person must not do to one thing, and which others they must not hold."""
    section = PAGE.read_text("utf-8").partition("## Duties that stay apart")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([\w.]+)` \| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    return {name: (duty.strip("–"), frozenset(re.findall(r"`([\w.]+)`", apart))) for name, duty, apart in rows}


class Office:
    """One person with every role but the machines', who tries to do everything alone."""

    def __init__(self, api: Api) -> None:
        self.api = api
        with psycopg.connect(api.owner_url) as connection:
            connection.execute(
                "insert into role_assignment (user_id, role_id, granted_by)"
                " select 'administrator', id, 'test' from role_definition"
                " where not service and id <> 'administrator'"
            )

    def send(self, method: str, path: str, body: Any = None, version: object = None) -> httpx.Response:
        headers = self.api.headers("administrator") | ({} if version is None else {"If-Match": f'"{version}"'})
        return httpx.request(method, self.api.base_url + path, json=body, headers=headers, timeout=20)

    def refused_alone(self, asked: httpx.Response) -> None:
        """It waits for somebody, and nobody agrees with themselves."""
        assert asked.status_code == 202, asked.text
        approval = asked.json()
        path = f"{RBAC}/approvals/{approval['approvalId']}/decision"
        assert self.send("POST", path, {"decision": "approve"}, approval["version"]).status_code == 403


def _roles(office: Office) -> None:
    """Somebody makes a harmless role of dangerous permissions, and themselves its holder."""
    own = {"name": "Helper", "description": "", "permissions": [], "sensitive": False}
    made = office.send("POST", f"{RBAC}/roles", own | {"roleId": "helper", "permissions": ["risk.approve_orders"]})
    assert made.status_code == 201, made.text
    grant = {"userId": "administrator", "roleId": "helper", "reason": "to help"}
    office.refused_alone(office.send("POST", f"{RBAC}/assign", grant))
    held = office.send("GET", f"{RBAC}/roles/viewer").json()
    more = {"permissions": [*held["permissions"], "risk.check_orders"], "reason": "to check"}
    office.refused_alone(office.send("PATCH", f"{RBAC}/roles/viewer", more, held["version"]))
    sensitive = {"userId": "viewer", "roleId": "risk-manager", "reason": "r"}
    office.refused_alone(office.send("POST", f"{RBAC}/assign", sensitive))


def _approvals(office: Office) -> None:
    asked = office.send(
        "POST", f"{RBAC}/break-glass", {"userId": "viewer", "roleId": "administrator", "minutes": 5, "reason": "r"}
    )
    office.refused_alone(asked)


def _orders(office: Office) -> None:
    publish(office.api.owner_url, rule())
    entry = RiskShop(office.api).entry(reporting_minor=60_000)
    verdict = {"status": "reviewed", "verdict": "approved", "notes": "n"}
    path = f"{RISK}/queue/{entry}/decision"
    proposed = office.send("POST", path, verdict, 1)
    assert proposed.json()["status"] == "open", proposed.text
    again = office.send("POST", path, verdict | {"verdict": "rejected"}, proposed.json()["version"])
    assert again.status_code == 409
    _snoozes(office)


def _snoozes(office: Office) -> None:
    """Neither at once nor bit by bit does one person keep a rule quiet for somebody for long."""
    path = f"{RISK}/snoozes"
    now = datetime.now(UTC)
    draft = {"ruleId": rule()["ruleId"], "subject": "customer_id", "value": "c-1", "reason": "r"}
    office.refused_alone(office.send("POST", path, draft | {"until": (now + timedelta(days=90)).isoformat()}))
    short = office.send("POST", path, draft | {"value": "c-2", "until": (now + timedelta(days=6)).isoformat()})
    assert short.status_code == 201, short.text
    with psycopg.connect(office.api.owner_url) as connection:
        connection.execute("update risk_snooze set created_at = created_at - interval '6 d', until = now()")
    more = office.send("POST", path, draft | {"value": "c-2", "until": (now + timedelta(days=6)).isoformat()})
    office.refused_alone(more)


def _rules(office: Office) -> None:
    draft = office.send("POST", f"{RISK}/rule-sets", {"title": "Mine", "rules": [rule("mine")]}).json()
    copied = office.send("POST", f"{RISK}/rule-sets", {"title": "Copy", "basedOn": draft["ruleSetId"]}).json()
    for one in (draft, copied):
        path = f"{RISK}/rule-sets/{one['ruleSetId']}/publish"
        refused = office.send("POST", path, {"reason": "r", "waiveShadow": "w"}, one["version"])
        assert (refused.status_code, "You wrote" in refused.json()["detail"]) == (409, True)


def _policies(office: Office) -> None:
    _rules(office)
    office.refused_alone(office.send("PATCH", f"{RISK}/policy", {"twoPersonMinor": 1, "reason": "r"}, 1))
    friends = {"listId": "friends", "title": "Friends", "kind": "allow", "metric": "device"}
    assert office.send("POST", f"{RISK}/lists", friends).status_code == 201
    office.refused_alone(office.send("POST", f"{RISK}/lists/friends/entries", {"value": "d", "reason": "r"}))
    _exceptions(office)


def _exceptions(office: Office) -> None:
    """A list that does nothing by itself keeps a rule from firing that asks for who is not on it."""
    spared = {"listId": "spared", "title": "Spared", "kind": "custom", "metric": "device"}
    assert office.send("POST", f"{RISK}/lists", spared).status_code == 201
    entries = f"{RISK}/lists/spared/entries"
    assert office.send("POST", entries, {"value": "nobody asks yet", "reason": "r"}).status_code == 201
    asks = {"metric": "device", "operator": "not_in_list", "value": "spared"}
    publish(office.api.owner_url, rule("unknown-device", conditions=[{"any": [asks]}]))
    office.refused_alone(office.send("POST", entries, {"value": "d", "reason": "r"}))


def _reviews(office: Office) -> None:
    base = "/api/operations/incidents"
    made = office.send("POST", base, {"severity": "SEV3", "description": "Failing"}).json()
    path = f"{base}/{made['incidentId']}"
    office.send("POST", f"{path}/update", {"status": "resolved"}, 1)
    office.send("POST", f"{path}/review")
    written = {"impact": "many", "factors": [{"kind": "change", "text": "t"}]}
    changed = office.send("PATCH", f"{path}/review", written, 1).json()
    submitted = office.send("POST", f"{path}/review/submit", version=changed["version"]).json()
    refused = office.send("POST", f"{path}/review/decision", {"approve": True}, submitted["version"])
    assert (refused.status_code, "You have written" in refused.json()["detail"]) == (403, True)
    assert office.send("POST", f"{path}/review/publish", version=submitted["version"]).status_code == 409


def _matrix(office: Office) -> None:
    path = "/api/operations/incidents/matrix"
    levels = [level | {"reviewRequired": False} for level in office.send("GET", path).json()["levels"]]
    office.refused_alone(office.send("PUT", path, {"levels": levels, "reason": "less work"}, 1))


def _no_go(office: Office) -> None:
    """Neither by an override, nor by closing the poll and going on, does one person go against a NO-GO."""
    pad = Pad(office.api, office.api.settings)
    launch = pad.launch(timedelta(minutes=5))
    address = f"{LAUNCHES}/{launch['launchId']}"
    poll = pad.poll(launch)
    assert pad.vote(launch, poll, "risk-manager", "NO-GO").status_code == 200
    office.refused_alone(office.send("POST", f"{poll}/overrides", {"role": "risk-manager", "reason": "r"}))
    hold = {"reason": "r", "exitCriteria": "e"}
    held = office.send("POST", f"{address}/clock/hold", hold).json()["hold"]
    closed = office.send("POST", f"{poll}/close", {"verdict": "NO-GO", "reason": "r"})
    assert closed.status_code == 200, closed.text
    release = {"hold": held, "reason": "r"}
    refused = office.send("POST", f"{address}/clock/release", release)
    assert (refused.status_code, "ended with NO-GO" in refused.json()["detail"]) == (409, True)
    version = office.send("GET", address).json()["version"]
    refused = office.send("POST", f"{address}/finish", {"decision": "d"}, version)
    assert (refused.status_code, "ended with NO-GO" in refused.json()["detail"]) == (409, True)
    # Nor by asking once more and closing before anybody has said it again.
    again = pad.poll(launch)
    assert office.send("POST", f"{again}/close", {"verdict": "HOLD", "reason": "r"}).status_code == 200
    assert office.send("POST", f"{address}/clock/release", release).status_code == 409
    # Back to an earlier point, as the rules of a countdown have it.
    assert office.send("POST", f"{address}/clock/recycle", {"reading": -600, "reason": "r"}).status_code == 200
    held = pad.status(launch)["clock"]["hold"]
    assert office.send("POST", f"{address}/clock/release", release | {"hold": held}).status_code == 200
    assert office.send("POST", f"{address}/finish", {"decision": "d"}, version).status_code == 409


def _waivers(office: Office) -> None:
    """Neither as a waiver nor as a change does one person go without an item that holds the launch."""
    pad = Pad(office.api, office.api.settings)
    item = pad.items(pad.launch())["price-list"]
    path = f"{CHECKLIST}/{item['itemId']}"
    until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    office.refused_alone(office.send("POST", f"{path}/waive", {"reason": "r", "until": until}, item["version"]))
    for change in ({"blocking": False}, {"due": 86_400}):
        refused = office.send("PATCH", path, change, item["version"])
        assert (refused.status_code, "is a waiver" in refused.json()["detail"]) == (409, True)
    assert office.send("PATCH", path, {"due": -3_600}, item["version"]).status_code == 200


def _schemas(office: Office) -> None:
    """Neither at once nor by retiring what it is compared with does one person publish what breaks something."""
    planner = Planner(office.api)
    office.refused_alone(_breaking(office, planner.planned()))
    other = planner.planned("observed", eventName="Cart Updated")
    planner.state(other, "retired")
    office.refused_alone(_breaking(office, other))


def _breaking(office: Office, published: dict[str, Any]) -> httpx.Response:
    properties = [{"name": "total", "required": True, "schema": {"type": "string"}}]
    more = {"eventName": published["eventName"], "properties": properties}
    draft = Planner(office.api).draft(**more)
    path = f"/api/analytics/schema/{draft['eventName']}/{draft['version']}/state"
    return office.send("POST", path, {"state": "observed", "reason": "r"}, draft["revision"])


def _tax_reports(office: Office) -> None:
    """Neither does one person approve what they prepared, nor change alone what it is checked by."""
    register(office.api.owner_url, OSS)
    change = {"source": "s", "reason": "r", "exchange": [{"currency": "SEK", "day": "2024-04-02", "perEur": "11.5"}]}
    office.refused_alone(office.send("POST", f"{TAX}/tables", change))
    for _ in range(2):
        begun = office.send("POST", f"{TAX}/generate", QUARTER)
        assert begun.status_code == 202, begun.text
        report_id = begun.json()["reportId"]
        make_report(office.api, report_id)
        version = office.send("GET", f"{TAX}/{report_id}").json()["version"]
        assert office.send("POST", f"{TAX}/{report_id}/approve", version=version).status_code == 403


WALKS: dict[str, Callable[[Office], None]] = {
    Permission.MANAGE_ROLES: _roles,
    Permission.APPROVE_ROLES: _approvals,
    Permission.MANAGE_SCHEMA: _schemas,
    Permission.APPROVE_ORDERS: _orders,
    Permission.MANAGE_RISK_RULES: _policies,
    Permission.PUBLISH_RISK_RULES: _rules,
    Permission.GENERATE_REPORTS: _tax_reports,
    Permission.MANAGE_INCIDENTS: _reviews,
    Permission.MANAGE_ONCALL: _matrix,
    Permission.MANAGE_CHECKLIST: _waivers,
    Permission.LAUNCH_DIRECT: _no_go,
}


def test_the_table_says_something_of_each_permission() -> None:
    found = table()
    assert list(found) == [str(each) for each in Permission]
    assert {name for name, (duty, _) in found.items() if duty} == set(WALKS)
    told = {frozenset((name, other)) for name, (_, apart) in found.items() for other in apart}
    assert told == {frozenset(map(str, pair)) for pair in APART}
    assert all(name in found[other][1] for name, (_, apart) in found.items() for other in apart), "in both rows"


@pytest.mark.parametrize("permission", sorted(WALKS))
def test_one_person_with_every_role_cannot_do_it_alone(api: Api, permission: str) -> None:
    WALKS[permission](Office(api))


def test_no_role_of_ours_brings_together_what_must_be_apart() -> None:
    assert [role.id for role in BUILT_IN_ROLES if together(role.permissions)] == []


@pytest.mark.parametrize("pair", APART, ids=" ".join)
def test_nobody_comes_to_hold_both(api: Api, pair: tuple[Permission, Permission]) -> None:
    office = Office(api)
    both = {"roleId": "both", "name": "Both", "description": "", "permissions": list(pair), "sensitive": True}
    refused = office.send("POST", f"{RBAC}/roles", both)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/permissions")
    api.add_person("ada", "Ada", "password-of-ada")
    for number, permission in enumerate(pair):
        with psycopg.connect(api.owner_url) as connection:
            connection.execute(
                "insert into role_definition (id, name, description, permissions, sensitive, approvers, approval_hours,"
                " updated_by)"
                " values (%s, %s, '', %s, false, 0, 24, 'test')",
                (f"one-{number}", f"One {number}", [str(permission)]),
            )
    first = office.send("POST", f"{RBAC}/assign", {"userId": "ada", "roleId": "one-0"})
    second = office.send("POST", f"{RBAC}/assign", {"userId": "ada", "roleId": "one-1"})
    assert 409 in {first.status_code, second.status_code}, (first.text, second.text)


@pytest.mark.parametrize("pair", APART, ids=" ".join)
def test_a_role_does_not_bring_both_to_those_who_hold_it(api: Api, pair: tuple[Permission, Permission]) -> None:
    """They have the one by another role; this one gets the other afterwards."""
    office = Office(api)
    with psycopg.connect(api.owner_url) as connection:
        for name, permissions in (("One", [str(pair[0])]), ("Helper", [])):
            connection.execute(
                "insert into role_definition (id, name, description, permissions, sensitive, approvers, approval_hours,"
                " updated_by) values (lower(%s), %s, '', %s, false, 0, 24, 'test')",
                (name, name, permissions),
            )
            connection.execute(
                "insert into role_assignment (user_id, role_id, granted_by) values ('viewer', lower(%s), 'test')",
                (name,),
            )
    more = {"permissions": [str(pair[1])], "sensitive": True, "reason": "r"}
    refused = office.send("PATCH", f"{RBAC}/roles/helper", more, 1)
    assert (refused.status_code, "Viewer holds Helper" in refused.text) == (409, True), refused.text
