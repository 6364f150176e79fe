"""What pipelines say of tax: all of it may be left out, what is wrong is named, and nothing that was said is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from backend.core.capability import Subject
from backend.core.database import ERASER_ROLE, Database
from backend.shop import ImportFailedError, ImportOptions, import_orders
from backend.shop.personal import ORDERS
from backend.shop.vat_ids import vat_id_form
from tests.backend.reporting.fixtures import OSS, books, line, order, register
from tests.conftest import Api

NOW = datetime.now(UTC) - timedelta(hours=1)
LINE = {"net": 1000, "tax": 240, "rate": "24.00", "jurisdiction": "GR"}


def send(api: Api, kind: str, *rows: dict[str, Any]) -> dict[str, Any]:
    answer = httpx.post(
        f"{api.base_url}/api/ingest/{kind}", json={"rows": rows}, headers=api.headers("pipeline"), timeout=30
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sold(number: str = "o1", **more: Any) -> dict[str, Any]:
    return {"id": number, "placedAt": NOW.isoformat(), "currency": "EUR", "total": 1240, **more}


def kept(api: Api, table: str = "orders") -> list[Any]:
    with psycopg.connect(api.owner_url) as connection:
        return [row[0] for row in connection.execute(f"select tax from {table} order by id").fetchall()]  # type: ignore[call-overload]


def test_what_is_said_is_kept_in_one_form(api: Api) -> None:
    evidence = [
        {"kind": "card_country", "country": "gr", "source": "payments"},
        {"kind": "ip_address", "country": "DE"},
    ]
    said = sold(
        taxLines=[LINE],
        customerStatus="business",
        vatId="el 094259216",
        invoiceNumber="2026-17",
        taxDate="2026-09-30",
        locationEvidence=evidence,
    )
    assert send(api, "orders", said)["inserted"] == 1
    [found] = kept(api)
    assert found == {
        "lines": [{"net": 1000, "tax": 240, "rate": "24", "kind": "standard", "jurisdiction": "EL"}],
        "inclusive": True,
        "status": "business",
        "vatId": "EL094259216",
        "vatIdValid": True,
        "number": "2026-17",
        "date": "2026-09-30",
        "evidence": [
            {"kind": "card_country", "country": "EL", "source": "payments"},
            {"kind": "ip_address", "country": "DE", "source": ""},
        ],
    }
    assert send(api, "orders", said)["unchanged"] == 1
    assert send(api, "orders", sold())["unchanged"] == 1  # says nothing of tax: what was said stays
    assert kept(api) == [found]
    assert send(api, "orders", sold(taxLines=[LINE | {"tax": 230}]))["updated"] == 1
    assert (
        send(
            api,
            "refunds",
            {"id": "r1", "orderId": "o1", "refundedAt": NOW.isoformat(), "currency": "EUR"}
            | {"amount": 1240, "taxLines": [LINE], "creditNoteNumber": "G-1"},
        )["inserted"]
        == 1
    )
    assert kept(api, "refunds")[0]["number"] == "G-1"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"taxLines": [LINE | {"net": -1}]}, "must be 0 or more"),
        ({"taxLines": [LINE | {"rate": 0.19}]}, "decimal text"),
        ({"taxLines": [LINE | {"rate": "101"}]}, "100 at most"),
        ({"taxLines": [LINE | {"jurisdiction": "Greece"}]}, "a code such as DE"),
        ({"taxLines": []}, "must not be empty"),
        ({"taxLines": [LINE], "taxDate": 20_000}, "a day is text"),
        ({"taxDate": "2026-09-30"}, "send them too"),
        ({"vatId": "DE136695976"}, "send them too"),
        ({"taxLines": [LINE], "customerStatus": "robot"}, "business"),
    ],
)
def test_what_is_wrong_is_named_and_kept(api: Api, wrong: dict[str, Any], words: str) -> None:
    found = send(api, "orders", sold("o1", **wrong), sold("o2", taxLines=[LINE]))
    assert (found["inserted"], len(found["rejected"])) == (1, 1)
    assert words in found["rejected"][0]["errors"][0]["message"]
    with psycopg.connect(api.owner_url) as connection:
        assert connection.execute("select source_id from quarantine").fetchall() == [("o1",)]


@pytest.mark.parametrize(
    ("given", "form"),
    [
        ("GR 094259216", "EL094259216"),
        ("EL094259216", "EL094259216"),
        ("XI110305878", "XI110305878"),
        ("GB980780684", "GB980780684"),
        ("GB980780685", None),
        ("DE136695976", "DE136695976"),
        ("DE136695977", None),
        ("US123456789", None),
        ("", None),
    ],
)
def test_vat_ids(given: str, form: str | None) -> None:
    assert vat_id_form(given) == form


async def test_erasing_a_person_leaves_figures_whole(owner_url: str, database_url: str) -> None:
    register(owner_url, OSS)
    async with books(owner_url, database_url) as shop:
        more = {"customerStatus": "business", "vatId": "DE136695976", "customerId": "c-1"}
        await shop.take(order("o1", "2025-02-01", line("DE", 1000, 0, "0"), **more))
        before = await shop.figures()
        assert next(iter(before))[1] == "business"
        await _erase(shop.database)
        assert "136695976" not in str(await shop.rows("select tax from orders"))
        await shop.put(order("o2", "2025-02-01", line("FR", 1, 0, "0")))
        await shop.fold()
        await shop.rows("insert into tax_inbox values ('o1') returning order_id")
        await shop.fold()
        assert {key: sums for key, sums in (await shop.figures()).items() if key[2] == "DE"} == before
        assert await shop.differences() == {}


async def _erase(database: Database) -> None:
    from uuid import uuid4

    subject = Subject(uuid4(), {"customer_id": ("c-1",)}, datetime.now(UTC))
    async with database.transaction() as tx:
        await tx.execute(f"set local role {ERASER_ROLE}")  # type: ignore[call-overload]
        assert ORDERS.erase is not None
        assert (await ORDERS.erase(tx, subject)).rows == 1


FILE = """order_id,placed_at,total,currency,country,refunded,tax,tax_rate,jurisdiction,invoice
A,2025-02-01T10:00:00Z,119.00,EUR,Germany,,19.00,19 %,DE,2025-1
B,2025-02-01T11:00:00Z,12.40,EUR,GR,12.40,2.40,24,,2025-2
C,2025-02-01T12:00:00Z,10.00,EUR,DE,,,,,
A,2025-02-09T10:00:00Z,-11.90,EUR,Germany,,-1.90,19,DE,
"""


async def test_an_import_takes_the_tax_of_a_file(owner_url: str, database_url: str, tmp_path: Path) -> None:
    register(owner_url, OSS)
    file = tmp_path / "orders.csv"
    file.write_text(FILE)
    async with books(owner_url, database_url) as shop:
        await import_orders(shop.database, file, ImportOptions(currency="EUR"), lambda _done, _total: None)
        await shop.fold()
        found = {(key[0], key[1], key[2]): sums for key, sums in (await shop.figures()).items()}
        assert found == {
            ("order", "taxed", "DE"): (10_000, 1_900),
            ("refund", "taxed", "DE"): (-1_000, -190),
            ("order", "taxed", "EL"): (1_000, 240),
            ("refund", "taxed", "EL"): (-1_000, -240),
            ("order", "unattributable", "DE"): (1_000, 0),
        }
        assert await shop.differences() == {}
        for wrong, words in (("19.00,19 %,DE", "200.00,19,DE"), ("19 %", "much"), (",DE,2025-1", ",Narnia,2025-1")):
            file.write_text(FILE.replace(wrong, words, 1))
            with pytest.raises(ImportFailedError, match="line 2, column"):
                await import_orders(shop.database, file, ImportOptions(currency="EUR"), lambda _done, _total: None)
