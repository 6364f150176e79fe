"""The badges of the console: each who asks is told what waits for them, and of nothing they may not see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.backend.access.fixtures import Desk
from tests.backend.risk.fixtures import RiskShop
from tests.conftest import Api


def counts(api: Api, role: str) -> Any:
    answer = httpx.get(f"{api.base_url}/api/operations/counts", headers=api.headers(role), timeout=10)
    assert answer.status_code == 200, answer.text
    assert answer.json()["asOf"]
    return answer.json()["counts"]


EVERYBODY = {"oncall.waiting"}


@pytest.mark.parametrize(
    ("role", "keys"),
    [
        ("viewer", {"incidents.open"}),
        (
            "operations-lead",
            {"risk.queue", "deliveries.connections", "incidents.open", "incidents.reviews", "launch.items"}
            | {"analytics.held", "analytics.violations", "privacy.requests"},
        ),
        ("risk-analyst", {"risk.queue", "incidents.open"}),
        ("compliance-officer", {"access.approvals", "incidents.open", "launch.items", "privacy.requests"}),
        (
            "administrator",
            {"access.approvals", "risk.queue", "deliveries.connections", "incidents.open", "launch.items"}
            | {"analytics.held", "analytics.violations"},
        ),
        ("finance-analyst", {"incidents.open", "launch.items"}),
    ],
)
def test_each_is_told_what_they_may_see(api: Api, role: str, keys: set[str]) -> None:
    assert counts(api, role) == dict.fromkeys(keys | EVERYBODY, 0)


def test_approvals_count_for_those_who_may_decide_them(api: Api, desk: Callable[..., Desk]) -> None:
    administrator = desk("administrator")
    granted = administrator.assign("viewer", "compliance-officer")
    assert granted.status_code == 202
    assert administrator.assign("compliance-officer", "risk-manager").status_code == 202
    assert counts(api, "compliance-officer")["access.approvals"] == 1, "not the one they gain by"
    assert "access.approvals" not in counts(api, "operations-lead")
    answer = desk("compliance-officer").decide(granted.json(), decision="deny", reason="not now")
    assert answer.status_code == 200, answer.text
    assert counts(api, "compliance-officer")["access.approvals"] == 0


def test_who_asked_has_nothing_to_decide(api: Api, desk: Callable[..., Desk]) -> None:
    administrator = desk("administrator")
    assert administrator.assign("viewer", "risk-manager").status_code == 202
    own = counts(api, "administrator")
    assert own.get("access.approvals", 0) == 0


def test_open_entries_count_and_decided_or_escalated_ones_do_not(api: Api) -> None:
    shop = RiskShop(api)
    entries = [shop.entry() for _ in range(3)]
    assert counts(api, "risk-analyst")["risk.queue"] == 3
    shop.sql("update risk_entry set status = 'escalated', escalated_to = 'finance' where id = %s", (entries[0],))
    assert counts(api, "risk-analyst")["risk.queue"] == 2
    assert "risk.queue" not in counts(api, "viewer")
