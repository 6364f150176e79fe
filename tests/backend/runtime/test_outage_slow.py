"""A database that is there but does not get on: the last dashboard is repeated, with its age and the reason."""

from __future__ import annotations

import time

import httpx
import psycopg

from tests.conftest import Api


def test_a_slow_database_costs_no_more_than_the_patience(api: Api) -> None:
    address = f"{api.base_url}/api/operations/dashboard?range=7"
    fresh = httpx.get(address, headers=api.headers(), timeout=10)
    assert fresh.json().get("degraded") is None
    with psycopg.connect(api.owner_url) as blocker:
        # A statement of the dashboard waits for this table; everything else, signing in too, goes on.
        blocker.execute("lock table orders in access exclusive mode")
        time.sleep(1.1)
        begun = time.monotonic()
        repeated = httpx.get(address, headers=api.headers(), timeout=10)
        assert time.monotonic() - begun < 4
        assert repeated.status_code == 200
        assert int(repeated.headers["Age"]) >= 1
        assert repeated.json()["degraded"]["since"] == fresh.json()["asOf"]
        assert "slowly" in repeated.json()["degraded"]["reason"]
        blocker.rollback()
    deadline = time.monotonic() + 10
    while httpx.get(address, headers=api.headers(), timeout=10).json().get("degraded") is not None:
        assert time.monotonic() < deadline
        time.sleep(0.2)
