"""Alerts and rules over HTTP: versions, conflicts, permissions, pages, the past, and ten thousand at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from models.alerts import Alert, AlertRule
from tests.backend.alerts.fixtures import INSERT, RULE, raise_alert
from tests.conftest import Api


@pytest.fixture
def client(api: Api) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{api.base_url}/api/operations", headers=api.headers()) as found:
        yield found


@pytest.fixture
def rule(client: httpx.Client) -> AlertRule:
    answer = client.post("/alert-rules", json=RULE)
    assert answer.status_code == 201, answer.text
    return AlertRule.model_validate(answer.json())


def if_match(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


def test_rules_have_versions_and_keep_what_is_left_out(client: httpx.Client, rule: AlertRule) -> None:
    changed = client.patch(f"/alert-rules/{rule.id}", json={"value": 0.03, "noDataSeconds": 600}, headers=if_match(1))
    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] == '"2"'
    assert (changed.json()["value"], changed.json()["noDataSeconds"], changed.json()["title"]) == (
        0.03,
        600,
        RULE["title"],
    )
    assert client.patch(f"/alert-rules/{rule.id}", json={"value": 0.04}, headers=if_match(1)).status_code == 412
    assert client.patch(f"/alert-rules/{rule.id}", json={"value": 0.04}).status_code == 428
    silent = client.patch(f"/alert-rules/{rule.id}", json={"noDataSeconds": None}, headers=if_match(2))
    assert silent.json()["noDataSeconds"] is None
    empty = client.patch(f"/alert-rules/{rule.id}", json={"runbookUrl": None}, headers=if_match(3))
    assert empty.status_code == 422
    assert empty.json()["errors"][0]["pointer"] == "/runbookUrl"
    assert client.get(f"/alert-rules/{rule.id}").headers["etag"] == '"3"'
    assert client.get("/alert-rules/nonsense").status_code == 404


def test_acknowledging_needs_the_version_and_happens_once(api: Api, client: httpx.Client, rule: AlertRule) -> None:
    alert_id = raise_alert(api, rule)
    path = f"/alerts/{alert_id}/acknowledge"
    assert client.post(path, json={"comment": "On it."}).status_code == 428
    assert client.post(path, json={"comment": " "}, headers=if_match(1)).status_code == 422
    assert client.post(path, json={"comment": "On it."}, headers=if_match(7)).status_code == 412
    first = client.post(path, json={"comment": "On it."}, headers=if_match(1))
    assert first.status_code == 200, first.text
    assert first.headers["etag"] == '"2"'
    assert (first.json()["state"], first.json()["acknowledgedBy"]) == ("acknowledged", "operations-lead")
    assert client.post(path, json={"comment": "On it."}, headers=if_match(1)).json() == first.json()
    other = client.post(path, json={"comment": "Mine."}, headers=api.headers("incident-responder") | if_match(1))
    assert other.status_code == 409
    assert "Operations lead" in other.json()["detail"]


def test_a_shelf_has_an_end_and_a_reason(api: Api, client: httpx.Client, rule: AlertRule) -> None:
    alert_id = raise_alert(api, rule)
    now = datetime.now(UTC)

    def shelve(until: datetime, **headers: Any) -> httpx.Response:
        body = {"until": until.isoformat(), "reason": "Known."}
        return client.post(f"/alerts/{alert_id}/shelve", json=body, headers=headers or if_match(1))

    assert shelve(now - timedelta(minutes=1)).status_code == 422
    assert shelve(now + timedelta(days=7, minutes=1)).json()["errors"][0]["pointer"] == "/until"
    done = shelve(now + timedelta(hours=2))
    assert done.status_code == 200, done.text
    assert [a["id"] for a in client.get("/alerts", params={"state": "shelved"}).json()["items"]] == [alert_id]
    assert client.get("/alerts", params={"state": "active"}).json()["items"] == []
    assert client.post(f"/alerts/{alert_id}/unshelve", headers=if_match(1)).status_code == 412
    back = client.post(f"/alerts/{alert_id}/unshelve", headers=if_match(2))
    assert back.json()["shelvedUntil"] is None
    assert len(client.get("/alerts", params={"state": "active"}).json()["items"]) == 1
    with psycopg.connect(api.owner_url) as connection:
        actions = connection.execute("select action from audit_log where resource_id = %s order by seq", (alert_id,))
        assert [row[0] for row in actions] == ["alerts.alert.shelved", "alerts.alert.unshelved"]


def test_the_past_is_answered_as_it_was(api: Api, client: httpx.Client, rule: AlertRule) -> None:
    alert_id = raise_alert(api, rule)
    before = datetime.now(UTC).isoformat()
    client.post(f"/alerts/{alert_id}/acknowledge", json={"comment": "On it."}, headers=if_match(1))
    assert client.get("/alerts").json()["items"][0]["state"] == "acknowledged"
    past = client.get("/alerts", params={"asOf": before}).json()
    assert (past["items"][0]["state"], past["items"][0]["version"]) == ("active", 1)
    assert client.get(f"/alerts/{alert_id}", params={"asOf": before}).json()["state"] == "active"
    ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert client.get("/alerts", params={"asOf": ago}).json()["items"] == []
    assert client.get(f"/alerts/{alert_id}", params={"asOf": ago}).status_code == 404


@pytest.mark.parametrize(
    ("role", "reads", "writes"), [("viewer", 200, 403), ("incident-responder", 200, 200), ("pipeline", 403, 403)]
)
def test_who_may(api: Api, client: httpx.Client, rule: AlertRule, role: str, reads: int, writes: int) -> None:
    alert_id = raise_alert(api, rule)
    headers = api.headers(role)
    assert client.get("/alerts", headers=headers).status_code == reads
    assert client.get("/alert-rules", headers=headers).status_code == reads
    body = {"comment": "On it."}
    answer = client.post(f"/alerts/{alert_id}/acknowledge", json=body, headers=headers | if_match(1))
    assert answer.status_code == writes
    changed = client.patch(f"/alert-rules/{rule.id}", json={"value": 1}, headers=headers | if_match(1))
    assert changed.status_code == writes


def test_ten_thousand_alerts_at_once(api: Api, client: httpx.Client, rule: AlertRule) -> None:
    with psycopg.connect(api.owner_url, autocommit=True) as connection:
        connection.execute(
            "insert into alert_rule (figure, title, comparison, value, range_days, severity, updated_by)"
            " select figure, 'Rule ' || n, comparison, value, 1, 'P' || 1 + n %% 4, 'test'"
            " from alert_rule, generate_series(1, 10000) as n where id = %s",
            (rule.id,),
        )
        # Many of them in the same instant, so that only the id tells them apart.
        connection.execute(
            INSERT.replace("%(at)s", "date_trunc('minute', now()) - interval '1 minute' * (random() * 3)::int").replace(
                "where id = %(rule)s", f"where id <> '{rule.id}'"
            )
        )
    seen: list[str] = []
    cursor: str | None = None
    pages = 0
    while pages == 0 or cursor is not None:
        query = {"limit": 500, "state": "active"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/alerts", params=query).raise_for_status().json()
        seen += [alert["id"] for alert in page["items"]]
        Alert.model_validate(page["items"][0])
        if pages == 3:
            # What happens meanwhile does not move the pages, they are all of one instant.
            for alert_id in (seen[0], seen[-1]):
                client.post(f"/alerts/{alert_id}/acknowledge", json={"comment": "On it."}, headers=if_match(1))
            raise_alert(api, rule)
        cursor = page["nextCursor"]
        pages += 1
    assert pages == 20
    assert len(seen) == len(set(seen)) == 10_000
    dashboard = client.get("/dashboard", params={"range": 7}).raise_for_status().json()
    assert (len(dashboard["alerts"]), dashboard["alertCount"]) == (200, 9_999)
    assert {alert["severity"] for alert in dashboard["alerts"]} == {"P1"}
    assert client.get("/alerts", params={"cursor": "nonsense"}).status_code == 422
