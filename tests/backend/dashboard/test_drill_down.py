"""The lists behind the figures: their sums are the figures, their pages and filters lose and repeat nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from backend.core.database import Database
from backend.shop import upserts
from models.shop.ingest import DownloadIn, OrderIn, RefundIn
from tests.backend.shop.fixtures import COLUMNS, DATA, REAL, REFERENCE
from tests.backend.shop.fixtures import bring_in as bring_in_orders
from tests.conftest import Api

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
WINDOW = {"from": START.isoformat(), "to": (START + timedelta(hours=1)).isoformat()}


async def _fill(url: str) -> None:
    database = Database(url)
    await database.open()
    # Three rows share each instant: the place in the list is the instant and the id together.
    at = [START + timedelta(minutes=1 + n // 3) for n in range(60)]
    async with database.transaction() as tx:
        await upserts.claim_currency(tx, "EUR")
        await upserts.orders(
            tx,
            [
                OrderIn(
                    id=f"o{n:02}",
                    placed_at=at[n],
                    settled_at=at[n] if n % 4 else None,
                    country="DE" if n % 3 else "FR",
                    currency="EUR",
                    total=n,
                )
                for n in range(60)
            ],
            "EUR",
        )
        await upserts.refunds(
            tx,
            [RefundIn(id=f"r{n:02}", refunded_at=at[n], country="DE", currency="EUR", amount=n) for n in range(7)],
            "EUR",
        )
        await upserts.downloads(
            tx,
            [DownloadIn(id=f"d{n:02}", downloaded_at=at[n], product="Atlas", succeeded=n % 5 != 0) for n in range(20)],
        )
    await database.close()


@pytest.fixture
def shop(api: Api) -> Iterator[httpx.Client]:
    asyncio.run(_fill(api.settings.database_url or ""))
    with httpx.Client(base_url=f"{api.base_url}/api/operations", headers=api.headers(), timeout=20) as client:
        yield client


def _walk(client: httpx.Client, what: str, **parameters: Any) -> tuple[list[str], dict[str, Any]]:
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = client.get(what, params=WINDOW | parameters | cursor)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [row["id"] for row in page["items"]]
        if page.get("nextCursor") is None:
            return found, page["summary"]
        cursor = {"cursor": page["nextCursor"]}


@pytest.mark.parametrize("limit", [1, 2, 7, 59, 60, 61])
def test_pages_together_are_the_list(shop: httpx.Client, limit: int) -> None:
    found, summary = _walk(shop, "/orders", limit=limit)
    assert found == [f"o{n:02}" for n in reversed(range(60))]
    assert (summary["count"], summary["amount"]) == (60, sum(range(60)))


@pytest.mark.parametrize(
    ("what", "filters", "kept"),
    [
        ("orders", {"status": "pending"}, [n for n in range(60) if not n % 4]),
        ("orders", {"status": "settled", "country": "FR"}, [n for n in range(60) if n % 4 and not n % 3]),
        ("orders", {"country": "XX"}, []),
        ("refunds", {}, list(range(7))),
        ("refunds", {"country": "FR"}, []),
        ("downloads", {"status": "failed"}, [0, 5, 10, 15]),
        ("downloads", {"status": "succeeded"}, [n for n in range(20) if n % 5]),
    ],
)
def test_filters_hold_for_rows_pages_and_summary(
    shop: httpx.Client, what: str, filters: dict[str, str], kept: list[int]
) -> None:
    found, summary = _walk(shop, f"/{what}", limit=4, **filters)
    assert found == [f"{what[0]}{n:02}" for n in reversed(kept)]
    assert summary["count"] == len(kept)
    if what != "downloads":
        assert summary["amount"] == sum(kept)


def test_rows_that_come_between_two_pages_move_nothing(shop: httpx.Client, api: Api) -> None:
    first = shop.get("/orders", params=WINDOW | {"limit": 10}).json()
    newer = {"id": "new", "placedAt": (START + timedelta(minutes=50)).isoformat(), "currency": "EUR", "total": 1}
    sent = httpx.post(
        f"{api.base_url}/api/ingest/orders", json={"rows": [newer]}, headers=api.headers("pipeline"), timeout=10
    )
    assert sent.status_code == 200, sent.text
    second = shop.get("/orders", params=WINDOW | {"limit": 10, "cursor": first["nextCursor"]}).json()
    assert [row["id"] for row in second["items"]] == [f"o{n:02}" for n in reversed(range(40, 50))]


@pytest.mark.skipif(not REAL.exists(), reason=f"the real orders are not at {DATA}; set OPSCONSOLE_TEST_DATA")
def test_the_lists_of_real_orders_add_up_to_the_reference(api: Api) -> None:
    async def bring_in() -> None:
        database = Database(api.settings.database_url or "")
        await database.open()
        await bring_in_orders(database, REAL, COLUMNS)
        await database.close()

    asyncio.run(bring_in())
    with httpx.Client(base_url=f"{api.base_url}/api/operations", headers=api.headers(), timeout=20) as client:
        for expected in json.loads(REFERENCE.read_text(encoding="utf-8")):
            as_of = datetime.fromisoformat(expected["asOf"])
            for days in (7, 30, 90):
                wanted = expected[f"range{days}"]
                window = {"from": (as_of - timedelta(days=days)).isoformat(), "to": as_of.isoformat(), "limit": 1}
                orders = client.get("/orders", params=window).json()["summary"]
                refunds = client.get("/refunds", params=window).json()["summary"]
                assert (orders["count"], orders["amount"]) == (wanted["orders.total"], wanted["gross"])
                assert (refunds["count"], refunds["amount"]) == (wanted["orders.refunded"], wanted["refunds"])
                pending = window | {"status": "pending", "asOf": as_of.isoformat()}
                assert client.get("/orders", params=pending).json()["summary"]["count"] == wanted["orders.pending"]
