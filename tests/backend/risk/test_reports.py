"""Outcomes come in once; the monthly report is what plain Python makes of the same rows, as CSV and as PDF too."""

from __future__ import annotations

import csv
import io
import random
import statistics
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from backend.core.database import Database
from backend.risk.outcomes import actions
from backend.risk.outcomes.csv import to_csv
from backend.risk.outcomes.figures import bounds
from backend.risk.outcomes.pdf import _scale, to_pdf
from models.risk.report import (
    OutcomeKind,
    ReportAnalyst,
    ReportDay,
    ReportFigures,
    ReportOutcome,
    ReportRule,
    RiskReport,
)
from tests.backend.risk.orders import NOW, RULES, add_lists, add_orders, order, publish
from tests.conftest import Api

MONTH = actions.ended(datetime.now(UTC))
NAME = f"{MONTH:%Y-%m}"


def send(api: Api, method: str, path: str, role: str, body: Any = None) -> httpx.Response:
    return httpx.request(method, f"{api.base_url}/api{path}", json=body, headers=api.headers(role), timeout=30)


def outcome(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"f{number}",
        "orderId": f"o{number}",
        "kind": "chargeback",
        "happenedAt": NOW.isoformat(),
        "currency": "EUR",
        "amount": 100 + number,
    } | more


def test_outcomes_come_in_once_and_bad_ones_are_kept(api: Api) -> None:
    with psycopg.connect(api.owner_url) as connection:
        add_orders(connection, [order(1, random.Random(1)) | {"customer_id": "ada"}])  # noqa: S311 - not a secret
    rows = [
        outcome(1),
        outcome(2, kind="dispute", customerId="bob"),
        outcome(3, kind="mood"),
        outcome(1, amount=7),
        outcome(4, amount=-1),
        outcome(5, happenedAt="2026-11-01T00:00:00"),
    ]
    first = send(api, "POST", "/ingest/outcomes", "pipeline", {"rows": rows})
    assert first.status_code == 200, first.text
    told = first.json()
    assert (told["received"], told["inserted"], told["unchanged"], told["superseded"]) == (6, 2, 0, 1)
    assert {each["index"] for each in told["rejected"]} == {2, 4, 5}
    again = send(api, "POST", "/ingest/outcomes", "pipeline", {"rows": [outcome(1, amount=9)]}).json()
    assert (again["inserted"], again["unchanged"]) == (0, 1)
    with psycopg.connect(api.owner_url) as connection:
        kept = connection.execute("select id, customer_id, kind, minor from risk_outcome order by id").fetchall()
        quarantined = connection.execute("select count(*) from quarantine where kind = 'outcomes'").fetchone()
    assert kept == [("f1", "ada", "chargeback", 101), ("f2", "bob", "dispute", 102)]
    assert quarantined == (3,)
    assert send(api, "POST", "/ingest/outcomes", "risk-manager", {"rows": rows}).status_code == 403


def test_a_dispute_that_was_won_is_withdrawn_and_its_order_is_honest_again(api: Api) -> None:
    ended, later = "2026-11-20T10:00:00Z", "2026-11-22T10:00:00Z"

    def sent(*rows: dict[str, Any]) -> tuple[int, int, int]:
        told = send(api, "POST", "/ingest/outcomes", "pipeline", {"rows": list(rows)}).json()
        assert told["rejected"] == []
        return told["inserted"], told["updated"], told["unchanged"] + told["superseded"]

    def frauds() -> list[tuple[str, ...]]:
        with psycopg.connect(api.owner_url) as connection:
            return connection.execute("select order_id from risk_fraud order by order_id").fetchall()

    assert sent(outcome(1, kind="dispute"), outcome(2)) == (2, 0, 0)
    assert frauds() == [("o1",), ("o2",)]
    assert sent(outcome(1, kind="dispute", withdrawnAt=ended)) == (0, 1, 0)
    assert frauds() == [("o2",)]
    assert sent(outcome(1, kind="dispute", withdrawnAt=later), outcome(1, kind="dispute")) == (0, 0, 2)
    # Late, and in one delivery with what it withdraws.
    assert sent(outcome(3), outcome(3, withdrawnAt=ended)) == (1, 0, 1)
    assert frauds() == [("o2",)]
    with psycopg.connect(api.owner_url) as connection:
        kept = connection.execute("select id, withdrawn_at from risk_outcome where withdrawn_at is not null").fetchall()
    assert {name for name, _ in kept} == {"f1", "f3"}
    assert {at.isoformat() for _, at in kept} == {"2026-11-20T10:00:00+00:00"}


def month_of_work(owner_url: str) -> list[dict[str, Any]]:
    """Orders checked in the month that ended, and before and after it, some of them decided by analysts."""
    chance = random.Random(9)  # noqa: S311 - not a secret
    orders = [order(number, chance) for number in range(800)]
    begin, end = bounds(MONTH)
    with psycopg.connect(owner_url) as connection:
        add_lists(connection)
        live = publish(connection, RULES)
        add_orders(connection, orders, RULES, live)
        connection.execute("insert into account (id, name) values ('ann', '=Ann; Ł')")
        for each in orders:
            at = begin + (end - begin) * chance.random()
            if chance.random() < 0.1:
                at = chance.choice([begin - timedelta(microseconds=1), end])
            connection.execute("update risk_decision set decided_at = %s where order_id = %s", (at, each["id"]))
        connection.execute(
            "insert into risk_entry (order_id, score, action, triggered, placed_at, currency, minor, reporting_minor,"
            " created_at, due_at) select o.id, d.score, d.action, d.triggered, o.placed_at, o.currency, o.minor,"
            " o.order_value, d.decided_at, d.decided_at + interval '1 day'"
            " from risk_decision as d join risk_order as o on o.id = d.order_id where d.action in ('review', 'block')"
        )
        entries = connection.execute("select order_id, created_at from risk_entry order by order_id").fetchall()
        for number, (order_id, created_at) in enumerate(entries):
            if number % 3:
                connection.execute(
                    "update risk_entry set status = 'reviewed', verdict = %s, decided_by = %s, decided_at = %s"
                    " where order_id = %s",
                    (
                        "approved" if number % 2 else "rejected",
                        "ann" if number % 5 else "bob",
                        created_at + timedelta(minutes=number),
                        order_id,
                    ),
                )
        for number, each in enumerate(orders[::9]):
            currency = ("EUR", "USD", "JPY")[number % 3]
            connection.execute(
                "insert into risk_outcome (id, order_id, kind, happened_at, currency, minor)"
                " values (%s, %s, %s, %s, %s, %s)",
                (f"f{number}", each["id"], list(OutcomeKind)[number % 2], begin, currency, 1_000 + number),
            )
        day = begin.date()
        connection.execute("insert into currency_rate (currency, day, rate) values ('USD', %s, 0.9)", (day,))
    return orders


def test_the_report_is_what_plain_python_makes_of_it(api: Api) -> None:
    orders = {each["id"]: each for each in month_of_work(api.owner_url)}
    answer = send(api, "POST", "/risk/reports", "operations-lead", {"month": NAME})
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"'), answer.text
    report = RiskReport.model_validate(answer.json())
    figures = report.figures
    begin, end = bounds(MONTH)
    with psycopg.connect(api.owner_url, row_factory=dict_row) as connection:
        decided = connection.execute("select * from risk_decision").fetchall()
        entries = {each["order_id"]: each for each in connection.execute("select * from risk_entry").fetchall()}
        came = connection.execute("select * from risk_outcome").fetchall()
    frauds = {each["order_id"] for each in came}
    frauds |= {name for name, each in entries.items() if each["verdict"] == "rejected"}
    mine = [each for each in decided if begin <= each["decided_at"] < end]
    assert 0 < len(mine) < len(decided)
    held = [each for each in mine if each["order_id"] in entries]
    caught = [each for each in held if each["order_id"] in frauds]
    all_frauds = [each for each in mine if each["order_id"] in frauds]
    worth = {name: each["order_value"] or 0 for name, each in orders.items()}
    assert (figures.checked, figures.entries, figures.frauds) == (len(mine), len(held), len(all_frauds))
    assert figures.amount == sum(worth[each["order_id"]] for each in mine)
    assert figures.fraud_amount == sum(worth[each["order_id"]] for each in all_frauds)
    assert figures.flagged == sum(each["action"] != "approve" for each in mine)
    assert figures.missed == len(all_frauds) - len(caught)
    assert figures.precision == pytest.approx(len(caught) / len(held))
    assert figures.recall == pytest.approx(len(caught) / len(all_frauds))
    honest = len(mine) - len(all_frauds)
    assert figures.false_positive_rate == pytest.approx((len(held) - len(caught)) / honest)
    verdicts = [entries[each["order_id"]]["verdict"] for each in held]
    told = (figures.approved, figures.rejected, figures.undecided)
    assert told == tuple(verdicts.count(each) for each in ("approved", "rejected", None))
    assert figures.rejected_amount == sum(
        worth[each["order_id"]] for each in held if entries[each["order_id"]]["verdict"] == "rejected"
    )
    for rule in figures.rules:
        fired = [each["order_id"] for each in mine if rule.rule_id in each["triggered"]]
        assert (rule.orders, rule.frauds) == (len(fired), sum(name in frauds for name in fired))
        assert rule.amount == sum(worth[name] for name in fired)
    for analyst in figures.analysts:
        theirs = [
            each
            for each in entries.values()
            if each["decided_by"] == analyst.user_id and begin <= each["decided_at"] < end
        ]
        assert analyst.approved + analyst.rejected == len(theirs) > 0
        minutes = [(each["decided_at"] - each["created_at"]).total_seconds() / 60 for each in theirs]
        assert analyst.minutes == pytest.approx(statistics.median(minutes))
        charged = {each["order_id"] for each in came}
        assert analyst.missed == sum(each["verdict"] == "approved" and each["order_id"] in charged for each in theirs)
    assert [each.name for each in figures.analysts] == ["=Ann; Ł", "bob"]
    for kind_figures in figures.outcomes:
        of_kind = [each for each in came if each["kind"] == kind_figures.kind]
        assert kind_figures.count == len(of_kind)
        euros = sum(each["minor"] for each in of_kind if each["currency"] == "EUR")
        dollars = sum(each["minor"] for each in of_kind if each["currency"] == "USD")
        assert kind_figures.amount == euros + (dollars * 9 + 5) // 10, "halves go up"
        assert kind_figures.unconverted == sum(each["currency"] == "JPY" for each in of_kind)
    assert sum(day.checked for day in figures.days) == figures.checked
    assert sum(day.entries for day in figures.days) == figures.entries

    anew = send(api, "POST", "/risk/reports", "operations-lead", {"month": NAME}).json()
    assert (anew["version"], anew["figures"]) == (2, answer.json()["figures"])
    listed = send(api, "GET", "/risk/reports", "operations-lead").json()["items"]
    assert [(each["month"], each["version"]) for each in listed] == [(NAME, 2)]
    one = send(api, "GET", f"/risk/reports/{NAME}", "operations-lead")
    assert (one.json(), one.headers["ETag"]) == (anew, '"2"')

    table = send(api, "GET", f"/risk/reports/{NAME}.csv", "operations-lead")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"risk-{NAME}.csv" in table.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(table.text)))
    found = {(row["section"], row["name"], row["figure"]): row["value"] for row in rows}
    assert len(found) == len(rows), "no figure stands twice"
    assert found["month", "", "checked"] == str(figures.checked)
    assert found["rule", "refunds", "amount"] == str(next(r.amount for r in figures.rules if r.rule_id == "refunds"))
    assert ("analyst", "'=Ann; Ł", "approved") in found, "no spreadsheet takes it for a formula"
    pages = send(api, "GET", f"/risk/reports/{NAME}.pdf", "operations-lead")
    assert pages.headers["content-type"] == "application/pdf"
    assert pages.content.startswith(b"%PDF-")
    assert pages.content == to_pdf(RiskReport.model_validate(anew)), "the same report is the same file"


def test_who_may_read_and_who_may_generate(api: Api) -> None:
    body = {"month": NAME}
    assert send(api, "POST", "/risk/reports", "compliance-officer", body).status_code == 403
    assert send(api, "POST", "/risk/reports", "operations-lead", body).status_code == 201
    for suffix in ("", f"/{NAME}", f"/{NAME}.csv", f"/{NAME}.pdf"):
        assert send(api, "GET", f"/risk/reports{suffix}", "compliance-officer").status_code == 200
        assert send(api, "GET", f"/risk/reports{suffix}", "risk-analyst").status_code == 403
    for wrong in ("2026-13", "2026-1", "x", "2026-10.xlsx", "1999-12"):
        assert send(api, "GET", f"/risk/reports/{wrong}", "operations-lead").status_code == 404
    for wrong in ("2026-13", "October", "2099-01", ""):
        assert send(api, "POST", "/risk/reports", "operations-lead", {"month": wrong}).status_code == 422


async def test_a_month_is_reported_once_by_itself(api: Api) -> None:
    database = Database(api.settings.database_url or "")
    await database.open()

    async def turn() -> RiskReport | None:
        async with database.transaction() as tx:
            return await actions.generate_when_due(tx, "EUR")

    assert await turn() is None, "nothing was checked"
    month_of_work(api.owner_url)
    made = await turn()
    assert made is not None
    assert (made.month, made.generated_by) == (NAME, "system:worker")
    assert await turn() is None
    with psycopg.connect(api.owner_url) as connection:
        # Somebody looked before the month was over.
        connection.execute("update risk_report set generated_at = %s", (bounds(MONTH)[1] - timedelta(days=3),))
    again = await turn()
    await database.close()
    assert again is not None
    assert again.version == 2
    with psycopg.connect(api.owner_url) as connection:
        told = connection.execute("select count(*) from audit_log where action = 'risk.report.generated'").fetchone()
    assert told == (2,)


@pytest.mark.parametrize(
    ("now", "month"),
    [
        (datetime(2027, 1, 1, tzinfo=UTC), date(2026, 12, 1)),
        (datetime(2026, 3, 31, 23, 59, tzinfo=UTC), date(2026, 2, 1)),
        (datetime(2026, 3, 1, 0, 30, tzinfo=UTC).astimezone(None), date(2026, 2, 1)),
    ],
)
def test_the_month_that_ended(now: datetime, month: date) -> None:
    assert actions.ended(now) == month
    begin, end = bounds(month)
    assert begin < end <= now
    assert (begin.day, end.day) == (1, 1)


def _report(**more: Any) -> RiskReport:
    empty = ReportFigures(
        **dict.fromkeys(
            (
                *("checked", "amount", "unconverted", "flagged", "entries", "approved", "rejected", "undecided"),
                *("approved_amount", "rejected_amount", "frauds", "fraud_amount", "missed"),
            ),
            0,
        ),
        **dict.fromkeys(("precision", "recall", "false_positive_rate")),
        **dict.fromkeys(("actions", "rules", "analysts", "outcomes", "days"), ()),
        currency="JPY",
    )
    return RiskReport(
        report_id="r",
        month=NAME,
        generated_at=NOW,
        generated_by="ann",
        generated_by_name="Ann <b>& Łukasz</b>",
        version=1,
        figures=empty.model_copy(update=more),
    )


def test_a_month_without_anything_has_pages_too() -> None:
    assert to_pdf(_report()).startswith(b"%PDF-")
    assert to_csv(_report()).count(b"\r\n") > 10


def test_a_month_with_far_too_much_has_pages_too() -> None:
    rules = tuple(
        ReportRule(rule_id=f"rule-{'x' * (n % 55)}", orders=10**9 + n, amount=10**15, frauds=n, precision=0.5)
        for n in range(200)
    )
    analysts = tuple(
        ReportAnalyst(
            user_id=f"u{n}", name=f"<i>{n}</i> " + "W" * 190, approved=1, rejected=1, amount=1, minutes=None, missed=0
        )
        for n in range(100)
    )
    days = tuple(ReportDay(day=date(2026, 10, 1 + n), checked=10**7, entries=10**6) for n in range(31))
    outcomes = tuple(ReportOutcome(kind=kind, count=1, amount=1, unconverted=0) for kind in OutcomeKind)
    data = to_pdf(_report(rules=rules, analysts=analysts, days=days, outcomes=outcomes, amount=-(10**15)))
    assert data.count(b"/Type /Page\n") > 8


@pytest.mark.parametrize("most", [0, 1, 4, 5, 6, 19, 99, 100, 101, 2_499, 10**7 + 1])
def test_an_axis_has_a_few_round_steps(most: int) -> None:
    highest, step = _scale(most)
    assert highest >= most
    assert highest % step == 0
    assert 1 <= highest // step <= 6
    assert str(step).rstrip("0") in {"1", "2", "5"}
