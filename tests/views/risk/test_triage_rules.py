"""What Triage says and does about rules: quiet for somebody, past their cap, and the report of the month."""

from __future__ import annotations

import codecs
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtTest import QTest

from tests.backend.risk.fixtures import RiskShop
from tests.conftest import Api
from tests.views.office import shown
from tests.views.risk.fixtures import TriageScreen, until
from tests.views.risk.test_triage import day, press, shop
from views.risk.triage.report_download import ended_month
from views.risk.triage.snooze_rule import SnoozeRuleDialog

__all__ = ["shop"]

RULES = """update risk_rule_set set rules = '[{"ruleId": "velocity-card", "description": "Many orders", "severity": 34,
 "action": "review", "cap": {"orders": 200},
 "conditions": [{"metric": "card_orders_1h", "operator": "gt", "value": 3}]}]' where state = 'published'"""


def test_a_rule_is_snoozed_for_the_card_of_a_case(aio: Any, api: Api, shop: RiskShop, tmp_path: Path) -> None:
    shop.sql(RULES)

    async def steps(screen: TriageScreen) -> None:
        assert screen.case.snooze_rule.isEnabled()
        QTest.keyClick(screen.table, Qt.Key.Key_H, Qt.KeyboardModifier.ShiftModifier)
        dialog = shown(SnoozeRuleDialog)
        assert dialog.rule.currentData() == "velocity-card"
        assert [button.text() for button, _ in dialog.whom][1] == "Car&d ending 4417"
        dialog.whom[1][0].setChecked(True)
        assert dialog.spans[1][0].isChecked()
        dialog.submit()
        assert "Say in a few words" in dialog.error
        dialog.words.setFocus()
        QTest.keyClicks(dialog.words, "a flying club")
        dialog.activateWindow()
        await until(dialog.isActiveWindow)
        QTest.keyClick(dialog.words, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: any("is quiet until" in words for words in screen.posted))
        found = shop.sql("select rule_id, subject, value, reason, until - now() from risk_snooze")
        assert [row[:4] for row in found] == [("velocity-card", "card", "card-0", "a flying club")]
        assert 6.9 < found[0][4].total_seconds() / 86_400 <= 7
        await until(lambda: not screen.console.mutations.pending)

        await until(screen.case.snooze_rule.isEnabled)
        screen.case.snooze_rule.click()
        longer = shown(SnoozeRuleDialog)
        longer.spans[2][0].setChecked(True)
        longer.words.setPlainText("a flying club, all winter")
        longer.submit()
        await until(lambda: any("waits under Access for somebody else to agree" in words for words in screen.posted))
        assert shop.sql("select count(*) from risk_snooze") == [(1,)]

    day(aio, api, tmp_path, steps)


def test_who_may_not_decide_may_not_snooze_a_rule(aio: Any, api: Api, shop: RiskShop, tmp_path: Path) -> None:
    async def steps(screen: TriageScreen) -> None:
        assert not screen.case.snooze_rule.isEnabled()
        assert "“Approve orders”" in screen.case.snooze_rule.toolTip()
        QTest.keyClick(screen.table, Qt.Key.Key_H, Qt.KeyboardModifier.ShiftModifier)
        assert "“Approve orders”" in screen.posted[-1]

    day(aio, api, tmp_path, steps, role="administrator")


def test_the_queue_says_which_rules_only_flag(aio: Any, api: Api, shop: RiskShop, tmp_path: Path) -> None:
    async def steps(screen: TriageScreen) -> None:
        assert not screen.queue.breakers.isVisible()
        shop.sql("insert into risk_breaker (rule_id, words) values ('card-test', '201 orders in an hour')")
        screen.queue._broken.invalidate()
        await until(screen.queue.breakers.isVisible)
        assert "card test since" in screen.queue.breakers.text()
        assert "201 orders in an hour" in screen.queue.breakers.text()

    day(aio, api, tmp_path, steps)


def test_the_report_of_the_month_is_saved(
    aio: Any, api: Api, shop: RiskShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _kind: str(tmp_path / "down"))
    month = ended_month(datetime.now(UTC))

    async def steps(screen: TriageScreen) -> None:
        pdf, csv, marked = screen.queue.menu()[-3:]
        assert pdf.text() == f"Save the risk report of {month} as PDF"
        pdf.trigger()
        await until(lambda: any("No report of" in words for words in screen.posted))
        await screen.console.client.send("POST", "/api/risk/reports", f'{{"month": "{month}"}}', version=None, key="r")
        for action in (pdf, csv):
            action.trigger()
        await until(lambda: len(list((tmp_path / "down").glob("risk-*"))) == 2)
        await until(lambda: sum("is in" in words for words in screen.posted) == 2)
        assert (tmp_path / "down" / f"risk-{month}.pdf").read_bytes().startswith(b"%PDF")
        file = tmp_path / "down" / f"risk-{month}.csv"
        plain = file.read_bytes()
        marked.trigger()
        await until(lambda: file.read_bytes() == codecs.BOM_UTF8 + plain)

    day(aio, api, tmp_path, steps, role="operations-lead")


def test_who_may_not_see_reports_is_told_so(aio: Any, api: Api, shop: RiskShop, tmp_path: Path) -> None:
    async def steps(screen: TriageScreen) -> None:
        pdf = screen.queue.menu()[-3]
        assert not pdf.isEnabled()
        assert "“View reports”" in pdf.text()
        await press(screen, Qt.Key.Key_J)

    day(aio, api, tmp_path, steps)


@pytest.mark.parametrize(
    ("now", "month"),
    [
        ("2026-01-01T00:00:00+00:00", "2025-12"),
        ("2026-11-24T23:00:00+00:00", "2026-10"),
        ("2026-03-01T00:30:00+02:00", "2026-01"),
    ],
)
def test_the_month_that_ended_is_one_of_utc(now: str, month: str) -> None:
    assert ended_month(datetime.fromisoformat(now)) == month
