"""A report over HTTP, from the request to the archive; tables that two people change; what is due."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from backend.core.database import Database
from backend.core.keys import Key
from backend.core.settings import Settings
from backend.reporting.calendar.actions import Calendar
from backend.reporting.delivery.actions import freeze_missing
from backend.reporting.facts.actions import Folder
from backend.reporting.returns import actions
from tests.backend.reporting.fixtures import OSS, Books, line, order, refund, register
from tests.conftest import Api

TAX = "/api/reporting/tax"
FINANCE, LEAD = "finance-analyst", "operations-lead"
QUARTER = {"periodStart": "2024-01-01", "periodEnd": "2024-03-31", "region": "EU-OSS"}


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    files: dict[str, Any] = {"files_to": str(tmp_path / "files"), "connection_key": Key.make()}
    return Settings(database_url=database_url, token_key="k" * 40, environment="Test", **files)


class Office:
    """People of finance at the API, and the worker by hand."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def ask(self, method: str, path: str, role: str = FINANCE, body: Any = None, **headers: Any) -> httpx.Response:
        given = self.api.headers(role) | {name.replace("_", "-"): str(value) for name, value in headers.items()}
        return httpx.request(method, f"{self.api.base_url}{path}", json=body, headers=given, timeout=30)

    def got(self, *arguments: Any, **headers: Any) -> Any:
        answer = self.ask(*arguments, **headers)
        assert answer.is_success, answer.text
        return answer.json()

    def work(self, do: Callable[[Books], Any]) -> Any:
        async def run() -> Any:
            database = Database(self.api.settings.database_url or "")
            await database.open()
            try:
                return await do(Books(database, self.api.owner_url))
            finally:
                await database.close()

        return asyncio.run(run())

    def generated(self) -> dict[str, Any]:
        begun = self.got("POST", f"{TAX}/generate", FINANCE, QUARTER)
        self.work(lambda shop: actions.generate(shop.database, UUID(begun["reportId"])))
        found: dict[str, Any] = self.got("GET", f"{TAX}/{begun['reportId']}")
        return found


@pytest.fixture
def office(api: Api) -> Office:
    register(api.owner_url, OSS)
    made = Office(api)
    rows = [
        order("o1", "2024-02-01", line("DE", 10_000, 1_900, "19")),
        order("o2", "2024-02-01", line("DE", 5_000, 950, "19")),
        refund("r1", "o2", "2024-02-03", line("DE", 1_000, 190, "19")),
    ]
    made.work(lambda shop: shop.take(*rows))
    return made


def test_the_life_of_a_report(office: Office) -> None:
    assert office.ask("POST", f"{TAX}/generate", "viewer", QUARTER).status_code == 403
    job = office.ask("POST", f"{TAX}/generate", FINANCE, QUARTER)
    assert job.status_code == 202
    assert job.json()["report"]["state"] == "generating"
    found = office.generated()
    address = f"{TAX}/{found['reportId']}"
    assert (found["state"], found["payable"], found["blockers"]) == ("reconciled", 2_660, 0)
    assert found["lines"][0] | {"causes": []} == {
        "part": "own",
        "period": "2024-01-01",
        "state": "DE",
        "kind": "standard",
        "rate": "19",
        "net": 14_000,
        "tax": 2_660,
        "causes": [],
    }
    mine = office.ask("POST", f"{address}/approve", FINANCE, If_Match=found["version"])
    assert (mine.status_code, mine.json()["detail"]) == (403, "You prepared this report: somebody else approves it.")
    weak = office.api.token(LEAD, acr="1")
    headers = {"Authorization": f"Bearer {weak}", "If-Match": str(found["version"])}
    refused = httpx.post(f"{office.api.base_url}{address}/approve", headers=headers, timeout=30)
    assert (refused.status_code, refused.json()["code"]) == (401, "step-up-needed")
    approved = office.got("POST", f"{address}/approve", LEAD, If_Match=found["version"])
    assert office.ask("POST", f"{address}/approve", LEAD, If_Match=found["version"]).status_code == 412
    again = office.got("POST", f"{TAX}/generate", FINANCE, QUARTER)["report"]
    assert (again["sha256"], again["version"]) == (found["sha256"], approved["version"])
    office.work(lambda shop: freeze_missing(shop.database, office.api.settings))
    files = office.got("GET", f"{address}/files")
    assert {each["format"] for each in files["files"]} == {"json", "csv", "pdf", "oss"}
    assert files["unverified"] == ["oss"]
    got = office.ask("GET", f"{address}/files/csv")
    assert got.headers["content-disposition"].endswith('.csv"')
    link = office.got("POST", f"{address}/links", FINANCE, {"format": "json"})
    left = datetime.fromisoformat(link["expiresAt"]) - datetime.now(UTC)
    assert timedelta(hours=23, minutes=50) < left <= timedelta(hours=24)
    assert httpx.get(f"{office.api.base_url}{link['url']}", timeout=30).content.startswith(b'{"balances"')
    assert len(office.got("GET", f"{address}/files")["downloads"]) == 2
    assert office.ask("POST", f"{address}/deliver", FINANCE, If_Match=approved["version"]).status_code == 409
    told = office.got("POST", f"{address}/acknowledge", FINANCE, {"reference": "R-1"}, If_Match=approved["version"])
    assert office.got("POST", f"{address}/archive", FINANCE, If_Match=told["version"])["state"] == "archived"
    page = office.got("GET", f"{TAX}?region=EU-OSS&period=2024-02-14")
    assert [each["reportId"] for each in page["items"]] == [found["reportId"]]
    assert office.got("GET", f"{TAX}?period=2023-02-14")["items"] == []


def test_a_figure_leads_to_orders_and_an_order_to_returns(office: Office) -> None:
    found = office.generated()
    address = f"{TAX}/{found['reportId']}"
    first = office.got("GET", f"{address}/orders?state=DE&kind=standard&rate=19&limit=2")
    rest = office.got("GET", f"{address}/orders?state=DE&limit=2&cursor={first['nextCursor']}")
    rows = [*first["items"], *rest["items"]]
    assert [(row["orderId"], row["source"], row["tax"]) for row in rows] == [
        ("o1", "order", 1_900),
        ("o2", "order", 950),
        ("o2", "refund", -190),
    ]
    assert sum(row["tax"] for row in rows) == found["lines"][0]["tax"]
    assert office.got("GET", f"{TAX}/order?orderId=o2")["places"][0]["reportId"] is None
    office.got("POST", f"{address}/approve", LEAD, If_Match=found["version"])
    places = office.got("GET", f"{TAX}/order?orderId=o2")["places"]
    assert {place["reportId"] for place in places} == {found["reportId"]}
    assert office.ask("GET", f"{TAX}/order?orderId=nobody").status_code == 404


def test_as_filed_beside_as_known(office: Office) -> None:
    found = office.generated()
    office.got("POST", f"{TAX}/{found['reportId']}/approve", LEAD, If_Match=found["version"])
    between = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    office.work(lambda shop: shop.take(order("late", "2024-02-02", line("DE", 100, 19, "19"))))
    rows = office.got("GET", f"{TAX}/known?region=EU-OSS")["rows"]
    assert [(row["filed"], row["known"], row["delta"]) for row in rows] == [(2_660, 2_679, 19)]
    then = office.got("GET", f"{TAX}/known?region=EU-OSS&asOf={between}")["rows"]
    assert [(row["filed"], row["known"], row["delta"]) for row in then] == [(2_660, 2_660, 0)]
    assert office.ask("GET", f"{TAX}/known?region=MARS").status_code == 404


def test_a_journal_balances_by_day(office: Office) -> None:
    text = office.ask("GET", f"{TAX}/journal?from=2024-02-01&to=2024-02-29").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["Day"], row["Account"], row["Debit"], row["Credit"]) for row in rows] == [
        ("2024-02-01", "receivables", "178.50", ""),
        ("2024-02-01", "revenue", "", "150.00"),
        ("2024-02-01", "tax payable", "", "28.50"),
        ("2024-02-03", "receivables", "", "11.90"),
        ("2024-02-03", "revenue", "10.00", ""),
        ("2024-02-03", "tax payable", "1.90", ""),
    ]
    assert rows[0]["Tax code"] == "EU-OSS-DE standard 19"
    debit, credit = (sum(Decimal(row[side] or 0) for row in rows) for side in ("Debit", "Credit"))
    assert debit == credit
    assert office.ask("GET", f"{TAX}/journal?from=2024-02-01&to=2023-02-01").status_code == 422


def test_two_people_change_tables(office: Office) -> None:
    change = {
        "source": "Bulletin 12",
        "reason": "It was corrected",
        "exchange": [{"currency": "SEK", "day": "2024-04-02", "perEur": "11.5"}],
        "rates": [
            {
                "country": "GR",
                "kind": "standard",
                "rate": "25",
                "validFrom": "2027-01-01",
                "citation": "Law 5/2026",
                "replaces": True,
            }
        ],
        "rules": [
            {
                "regime": "eu-oss",
                "validFrom": "2027-01-01",
                "refundPeriod": "supply",
                "chargebackLowers": False,
                "citation": "Opinion of our adviser",
            }
        ],
        "regions": [
            {
                "region": "GB",
                "name": "VAT",
                "number": "1",
                "home": "GB",
                "zone": "Europe/London",
                "begins": "2024-01-01",
            }
        ],
    }
    assert office.ask("POST", f"{TAX}/tables", FINANCE, {"source": "x", "reason": "y"}).status_code == 422
    wrong = change | {"regions": [change["regions"][0] | {"zone": "Europe/Atlantis"}]}  # type: ignore[index, operator]
    assert "no such time zone" in office.ask("POST", f"{TAX}/tables", FINANCE, wrong).text
    approval = office.got("POST", f"{TAX}/tables", FINANCE, change)
    assert office.got("GET", f"{TAX}/tables?country=EL")["rates"] == []
    path = f"/api/operations/rbac/approvals/{approval['approvalId']}/decision"
    office.got(
        "POST", path, "compliance-officer", {"decision": "approve", "reason": "I looked"}, If_Match=approval["version"]
    )
    tables = office.got("GET", f"{TAX}/tables?country=EL&day=2024-04-02")
    assert {(each["rate"], each["validTo"]) for each in tables["rates"] if each["kind"] == "standard"} >= {("25", None)}
    assert "11.5" in {each["perEur"] for each in tables["exchange"] if each["currency"] == "SEK"}
    assert {each["confirmedBy"] for each in tables["rules"]} == {None, FINANCE}
    assert {each["region"] for each in office.got("GET", f"{TAX}/regions")["items"]} == {"EU-OSS", "GB"}


def test_what_is_due_is_begun_and_told_before_it_is_late(office: Office) -> None:
    today = datetime.now(UTC).date()
    begins = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    with psycopg.connect(office.api.owner_url, autocommit=True) as owner:
        owner.execute("update tax_registration set period = 'month', begins = %s", (begins,))
        owner.execute("update tax_counter set refold_after = ''")
    office.work(lambda shop: Folder().fold_facts(shop.database, office.api.settings))
    office.work(lambda shop: Calendar().turn(shop.database, office.api.settings))
    [begun] = office.got("GET", TAX)["items"]
    assert (begun["state"], begun["generatedBy"], begun["periodStart"]) == (
        "generating",
        "system:worker",
        begins.isoformat(),
    )
    office.work(lambda shop: actions.generate(shop.database, UUID(begun["reportId"])))
    nil = office.got("GET", f"{TAX}/{begun['reportId']}")
    assert (nil["state"], nil["nil"], nil["payable"]) == ("reconciled", True, 0)
    office.work(lambda shop: Calendar().turn(shop.database, office.api.settings))
    [due, running] = office.got("GET", f"{TAX}/calendar")["obligations"]
    assert (due["state"], due["ended"], running["ended"]) == ("reconciled", True, False)
    with psycopg.connect(office.api.owner_url) as owner:
        left = (datetime.fromisoformat(due["dueOn"]).date() - today).days
        alerts = owner.execute("select severity from alert where source = 'reporting.due'").fetchall()
    assert bool(alerts) == (left <= 10)
