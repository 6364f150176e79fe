"""The Triage workspace: real widgets on a real API, with the keyboard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from app.console import Console
from app.core.errors import NotSent
from app.core.outbox import State
from app.risk import queue as risk
from app.risk.filters import QueueFilter, Sort, Tab
from app.risk.queue import Risk
from tests.backend.risk.fixtures import APPROVE, QUEUE, REJECT, RiskShop
from tests.conftest import Api
from tests.views.access.test_workspace import relaying
from tests.views.office import shown, turns
from tests.views.risk.fixtures import TriageScreen, fill, triage, until
from views.kit.theme import Theme
from views.risk.triage.dialogs import BulkDialog, EntryConflict, EscalateDialog, SnoozeDialog
from views.risk.triage.queue_table import AGE, AMOUNT, CARD, ORDER, RULES, SCORE, SLA, STATE

KEY = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def shop(api: Api) -> RiskShop:
    Theme(QApplication.instance()).apply("dark")  # type: ignore[arg-type]
    fill(api.owner_url, 12)
    return RiskShop(api)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(risk, "UNDO_SECONDS", 0.3)


def day(
    aio: Any, api: Api, folder: Path, steps: Callable[[TriageScreen], Awaitable[None]], role: str = "risk-analyst"
) -> None:
    async def run() -> None:
        async with triage(api, folder, role) as screen:
            with relaying(api):
                await steps(screen)
        for window in QApplication.topLevelWidgets():
            window.close()
            window.deleteLater()
        await turns()

    aio(run())


async def press(screen: TriageScreen, *keys: Any) -> None:
    if not screen.window.isActiveWindow():
        screen.window.activateWindow()  # as a window manager does when a dialog has closed
        await until(screen.window.isActiveWindow)
    for key in keys:
        await until(lambda: screen.case.is_seen)  # nobody decides before
        QTest.keyClick(screen.table, key)


async def wait_until_answered(screen: TriageScreen) -> None:
    await until(lambda: not screen.console.mutations.pending)


def state(shop: RiskShop, order: str) -> Any:
    return shop.sql(
        "select status, verdict, assigned_to, proposed, version from risk_entry where order_id = %s", [order]
    )[0]


def entry_id(shop: RiskShop, order: str) -> str:
    return str(shop.sql("select id::text from risk_entry where order_id = %s", [order])[0][0])


def entry(screen: TriageScreen, row: int) -> Any:
    found = screen.console.of(Risk).list.entry(row)
    assert found is not None
    return found


@contextmanager
def no_link(console: Console) -> Iterator[None]:
    """Nothing reaches the server."""
    client: Any = console.client

    async def refused(*_: Any) -> Any:
        raise NotSent("The server cannot be reached.")

    real, client._request = client._request, refused
    console.link.mark_down("cut")
    try:
        yield
    finally:
        client._request = real


def test_the_cursor_leads_and_the_next_cases_are_there_already(
    aio: Any, api: Api, shop: RiskShop, tmp_path: Path
) -> None:
    async def steps(screen: TriageScreen) -> None:
        assert screen.read == "CS-00001"
        await press(screen, KEY.Key_J, KEY.Key_J, KEY.Key_K)
        assert screen.read == "CS-00002"
        cases = screen.console.of(Risk).cases
        await until(lambda: all(cases.get(entry(screen, row).entry_id) for row in (2, 3, 4)))
        await press(screen, KEY.Key_J)
        assert screen.case.case is not None, "it was fetched ahead"
        assert screen.case.case.entry.order_id == "CS-00003"
        assert "7 orders with this card in one hour. The limit is 3." in screen.case.why._rows[0].accessibleName()
        assert screen.case.section_customer.heading.more.text(), "e-mail and name are hidden from analysts"
        assert "@shop.example" not in screen.case.customer_lines.text().replace("***@shop.example", "")
        await press(screen, KEY.Key_Return)
        assert screen.case.area.hasFocus()
        QTest.keyClick(screen.case.area, KEY.Key_J)
        assert screen.read == "CS-00004", "the keys hold in the case too"
        QTest.keyClick(screen.case.area, KEY.Key_Escape)
        assert screen.table.hasFocus()
        screen.case.linked.activated_row.emit(screen.case.case.linked[0])
        assert screen.read == screen.case.entry.order_id != "CS-00004"

    day(aio, api, tmp_path, steps)


def test_letters_are_letters_in_text_fields(aio: Any, api: Api, shop: RiskShop, tmp_path: Path) -> None:
    async def steps(screen: TriageScreen) -> None:
        await press(screen, KEY.Key_Slash)
        assert screen.queue.field.hasFocus()
        QTest.keyClicks(screen.queue.field, "are")
        QTest.keyClick(screen.queue.field, KEY.Key_Escape)
        await press(screen, KEY.Key_N)
        assert screen.case.field.hasFocus()
        QTest.keyClicks(screen.case.field, "earz xt/")
        assert screen.case.field.toPlainText() == "earz xt/"
        assert screen.read == "CS-00001"
        assert screen.console.mutations.pending == ()
        assert state(shop, "CS-00001") == ("open", None, None, None, 1)

    day(aio, api, tmp_path, steps)


def test_a_verdict_is_kept_back_sent_and_the_cursor_is_on_the_next_row(
    aio: Any, api: Api, shop: RiskShop, tmp_path: Path, quick: None
) -> None:
    async def steps(screen: TriageScreen) -> None:
        await press(screen, KEY.Key_A)
        await until(lambda: screen.read == "CS-00002")
        assert screen.posted[-1] == "Approved CS-00001. The cursor moved to CS-00002."
        assert screen.table.state_label(entry(screen, 0)).words == "Approve is on its way"
        assert state(shop, "CS-00001")[0] == "open"
        await press(screen, KEY.Key_R)
        assert screen.case.field.hasFocus(), "a rejection needs words"
        assert "CS-00002" in screen.case.armed.words
        QTest.keyClick(screen.case.field, KEY.Key_Return, CONTROL)
        assert "Write something" in screen.case.armed.words
        QTest.keyClicks(screen.case.field, "stolen")
        QTest.keyClick(screen.case.field, KEY.Key_Return, CONTROL)
        await until(lambda: screen.read == "CS-00003")
        assert screen.table.hasFocus()
        await until(lambda: not screen.console.mutations.pending)
        assert state(shop, "CS-00001")[:2] == ("reviewed", "approved")
        assert state(shop, "CS-00002")[:2] == ("reviewed", "rejected")
        await until(lambda: screen.orders()[0] == "CS-00003")
        assert screen.read == "CS-00003", "rows that left above do not move the cursor"
        notes = shop.sql("select body from risk_note")
        assert notes == [("stolen",)]

    day(aio, api, tmp_path, steps)


def test_z_takes_back_what_was_not_sent_and_reopens_what_was(
    aio: Any, api: Api, shop: RiskShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unsent(screen: TriageScreen) -> None:
        await press(screen, KEY.Key_A)
        await until(lambda: screen.read == "CS-00002")
        await press(screen, KEY.Key_Z)
        await until(lambda: screen.read == "CS-00001")
        assert screen.posted[-1] == "Taken back: Approved CS-00001."
        assert screen.console.mutations.pending == ()
        await press(screen, KEY.Key_Z)
        await until(lambda: "nothing left" in screen.posted[-1])
        assert state(shop, "CS-00001")[0] == "open"

    async def sent(screen: TriageScreen) -> None:
        await press(screen, KEY.Key_A)
        await until(lambda: state(shop, "CS-00001")[0] == "reviewed")
        await until(lambda: not screen.console.mutations.pending)
        await press(screen, KEY.Key_Z)
        await until(lambda: state(shop, "CS-00001")[0] == "open")
        await until(lambda: "CS-00001" in screen.orders())

    day(aio, api, tmp_path / "a", unsent)
    monkeypatch.setattr(risk, "UNDO_SECONDS", 0.2)
    day(aio, api, tmp_path / "b", sent)


def test_a_closing_console_sends_what_it_kept_back(aio: Any, api: Api, shop: RiskShop, tmp_path: Path) -> None:
    async def steps(screen: TriageScreen) -> None:
        await press(screen, KEY.Key_A)
        await until(lambda: screen.console.mutations.pending)
        assert state(shop, "CS-00001")[0] == "open"

    day(aio, api, tmp_path, steps)
    assert state(shop, "CS-00001")[:2] == ("reviewed", "approved")


def test_claiming_releasing_and_taking_over(aio: Any, api: Api, shop: RiskShop, tmp_path: Path) -> None:
    shop.sql("update risk_entry set assigned_to = 'support-lead', assigned_at = now() where order_id = 'CS-00002'")

    async def steps(screen: TriageScreen) -> None:
        await press(screen, KEY.Key_C)
        await until(lambda: state(shop, "CS-00001")[2] == "risk-analyst")
        await until(lambda: screen.case.buttons["claim"].text() == "Release")
        await press(screen, KEY.Key_C)
        await until(lambda: state(shop, "CS-00001")[2] is None)
        await until(lambda: screen.case.buttons["claim"].text() == "Claim")
        await wait_until_answered(screen)
        await press(screen, KEY.Key_Z)
        await until(lambda: state(shop, "CS-00001")[2] == "risk-analyst")
        await press(screen, KEY.Key_J)
        assert screen.case.verb_blocker("approve") == "Support lead has it; C takes it over"
        assert not screen.case.buttons["approve"].isEnabled()
        assert "Support lead has it" in screen.case.buttons["approve"].toolTip()
        await press(screen, KEY.Key_A)
        assert "Support lead has it" in screen.posted[-1]
        assert screen.case.buttons["claim"].text() == "Take over"
        await press(screen, KEY.Key_C)
        await until(lambda: state(shop, "CS-00002")[2] == "risk-analyst")
        await until(lambda: screen.case.verb_blocker("approve") is None and not screen.console.mutations.pending)
        await press(screen, KEY.Key_Z)
        await until(lambda: state(shop, "CS-00002")[2] == "support-lead")

    day(aio, api, tmp_path, steps)


def test_taking_the_next_entry(aio: Any, api: Api, shop: RiskShop, tmp_path: Path) -> None:
    async def steps(screen: TriageScreen) -> None:
        shop.sql("update risk_entry set assigned_to = 'support-lead' where order_id < 'CS-00004'")
        await press(screen, KEY.Key_T)
        await until(lambda: screen.read == "CS-00004")
        assert state(shop, "CS-00004")[2] == "risk-analyst"
        shop.sql("update risk_entry set assigned_to = 'support-lead'")
        await press(screen, KEY.Key_T)
        await until(lambda: "Nothing is left" in screen.posted[-1])

    day(aio, api, tmp_path, steps)


def test_large_amounts_need_two_people(aio: Any, api: Api, shop: RiskShop, tmp_path: Path, quick: None) -> None:
    shop.sql("update risk_entry set reporting_minor = 90000 where order_id = 'CS-00001'")

    async def first(screen: TriageScreen) -> None:
        assert screen.case.proposal.text() == "Its amount needs two people: your verdict is the first one."
        await press(screen, KEY.Key_A)
        await until(lambda: state(shop, "CS-00001")[3] == "approved")
        await until(lambda: not screen.console.mutations.pending)
        await press(screen, KEY.Key_K)
        assert screen.read == "CS-00001"
        await until(lambda: screen.table.state_label(entry(screen, 0)).words == "RA approved, 1 of 2")
        assert screen.case.verb_blocker("approve") == "you approved it; a second person is needed"

    async def second(screen: TriageScreen) -> None:
        assert "Risk analyst approved" in screen.case.proposal.text()
        assert "needs one more person" in screen.case.proposal.text()
        await press(screen, KEY.Key_A)
        await until(lambda: state(shop, "CS-00001")[:2] == ("reviewed", "approved"))

    day(aio, api, tmp_path, first)
    day(aio, api, tmp_path, second, role="support-lead")


def test_without_the_link_decisions_wait_and_those_that_others_changed_come_back(
    aio: Any, api: Api, shop: RiskShop, tmp_path: Path, quick: None
) -> None:
    async def steps(screen: TriageScreen) -> None:
        async with triage(api, tmp_path / "other", "support-lead") as other:
            await until(lambda: len(screen.console.of(Risk).cases) >= 4)
            with no_link(screen.console):
                await press(screen, KEY.Key_A)
                await until(lambda: screen.read == "CS-00002")
                await press(screen, KEY.Key_A)
                await until(lambda: screen.read == "CS-00003")
                await press(screen, KEY.Key_A)
                await until(lambda: screen.read == "CS-00004")
                assert screen.table.state_label(entry(screen, 1)).words == "Approve waits"
                assert screen.verdicts._take_blocker() == "needs the link, because it cannot be taken back"
                # Meanwhile somebody else rejects the second, and takes the third.
                assert other.read == "CS-00001"
                await press(other, KEY.Key_J)
                other.case.field.setPlainText("stolen")
                await press(other, KEY.Key_R)
                await press(other, KEY.Key_J)
                await until(lambda: state(shop, "CS-00002")[1] == "rejected")
                await asyncio.to_thread(
                    shop.done, f"{QUEUE}/{entry_id(shop, 'CS-00003')}/claim", role="support-lead", version=1
                )
                await asyncio.sleep(0.4)
                assert len(screen.console.mutations.pending) == 3
            await screen.console.of(Risk).counts().refresh()
            await until(lambda: len(screen.console.mutations.conflicts) == 2)
            assert state(shop, "CS-00001")[1] == "approved"
            await until(lambda: screen.console.of(Risk).list.row_of(entry_id(shop, "CS-00001")) is None)
            rows = {e.order_id: screen.table.state_label(e) for e in screen.console.of(Risk).list.loaded()}
            assert (rows["CS-00002"].words, rows["CS-00002"].link) == ("SL rejected.", "Compare")
            assert (rows["CS-00003"].words, rows["CS-00003"].mark) == ("SL has it.", "conflict")
            assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, EntryConflict)], (
                "no dialog by itself"
            )
            row = screen.console.of(Risk).list.row_of(entry_id(shop, "CS-00002"))
            assert row is not None
            screen.table.go_to(row)
            assert "Enter" in str(screen.case.verb_blocker("approve"))
            await press(screen, KEY.Key_Return)
            dialog = shown(EntryConflict)
            await until(lambda: "was first" in dialog.who.text())
            assert not dialog.mine.isEnabled()
            assert "only they can reopen it" in dialog.mine.toolTip()
            dialog.theirs.click()
            await until(lambda: len(screen.console.mutations.conflicts) == 1)
            await until(lambda: "CS-00002" not in screen.orders())
            assert state(shop, "CS-00002")[1] == "rejected"

    day(aio, api, tmp_path, steps)


@pytest.mark.expects_errors("request failed")
def test_a_refused_decision_stays_and_can_be_sent_again(
    aio: Any, api: Api, shop: RiskShop, tmp_path: Path, quick: None
) -> None:
    async def steps(screen: TriageScreen) -> None:
        shop.sql("revoke update on risk_entry from opsconsole_app")
        await press(screen, KEY.Key_A)
        await until(lambda: any(i.state is State.UNKNOWN for i in screen.console.mutations.pending))
        said = screen.table.state_label(entry(screen, 0))
        assert (said.words, said.link, said.mark) == ("Not saved.", "Retry", "failed")
        shop.sql("grant update on risk_entry to opsconsole_app")
        screen.table.link_pressed.emit(entry(screen, 0))
        await until(lambda: state(shop, "CS-00001")[1] == "approved")
        await until(lambda: not screen.console.mutations.pending)

    day(aio, api, tmp_path, steps)


def test_escalating_and_snoozing(aio: Any, api: Api, shop: RiskShop, tmp_path: Path, quick: None) -> None:
    async def steps(screen: TriageScreen) -> None:
        await press(screen, KEY.Key_E)
        dialog = shown(EscalateDialog)
        dialog.submit()
        assert "Say in a few words" in dialog.error
        dialog.support.setChecked(True)
        dialog.words.setPlainText("call them")
        dialog.submit()
        await until(lambda: screen.read == "CS-00002")
        await until(lambda: state(shop, "CS-00001")[0] == "escalated")
        await press(screen, KEY.Key_H)
        snooze = shown(SnoozeDialog)
        snooze.other.setChecked(True)
        snooze.at.setDateTime(snooze.at.dateTime().addDays(60))
        snooze.submit()
        assert "30 days" in snooze.error
        snooze.choices[1][0].setChecked(True)
        snooze.submit()
        await until(lambda: shop.sql("select 1 from risk_entry where snoozed_until > now()"))
        await until(lambda: screen.queue.tabs[Tab.SNOOZED].text().endswith("1"))
        screen.queue.tabs[Tab.ESCALATED].click()
        await until(lambda: screen.orders() == ["CS-00001"])
        await until(lambda: screen.table.state_label(entry(screen, 0)).words == "Escalated to support")

    day(aio, api, tmp_path, steps)


def test_filters_are_typed_saved_and_shared(aio: Any, api: Api, shop: RiskShop, tmp_path: Path) -> None:
    async def steps(screen: TriageScreen) -> None:
        await press(screen, KEY.Key_Slash)
        QTest.keyClicks(screen.queue.field, "CS-00007")
        QTest.keyClick(screen.queue.field, KEY.Key_Return)
        await until(lambda: screen.orders() == ["CS-00007"])
        assert screen.table.hasFocus()
        await until(lambda: screen.read == "CS-00007")
        screen.queue._save("Seven")
        screen.queue.copy_link()
        link = QGuiApplication.clipboard().text()
        screen.queue.field.setText("score:x")
        screen.queue._entered()
        assert "range of whole numbers" in screen.queue.problem.words
        assert screen.orders() == ["CS-00007"]
        screen.queue.show_filter(QueueFilter(sort=Sort.SCORE, descending=False))
        await until(lambda: screen.orders()[:1] == ["CS-00012"])
        screen.queue.show_filter(QueueFilter(typed="nothing-like-it"))
        await until(lambda: "No matches" in screen.queue.state.text())
        async with triage(api, tmp_path / "other", "support-lead") as other:
            other.queue.field.setText(link)
            other.queue._entered()
            await until(lambda: other.orders() == ["CS-00007"])
            assert other.queue.field.text() == "CS-00007"
            assert other.console.of(Risk).filters.by_name == {}

    day(aio, api, tmp_path, steps)

    async def again(screen: TriageScreen) -> None:
        assert list(screen.console.of(Risk).filters.by_name) == ["Seven"]
        screen.queue._show_saved(screen.console.of(Risk).filters.by_name["Seven"])
        await until(lambda: screen.orders() == ["CS-00007"])

    day(aio, api, tmp_path, again)


def test_several_are_decided_after_a_preview(aio: Any, api: Api, shop: RiskShop, tmp_path: Path) -> None:
    async def steps(screen: TriageScreen) -> None:
        await press(screen, KEY.Key_X, KEY.Key_X, KEY.Key_X)
        assert len(screen.table.chosen) == 3
        assert "3 selected" in screen.queue.foot.accessibleName()
        await asyncio.to_thread(
            shop.done, f"{QUEUE}/{entry_id(shop, 'CS-00002')}/decision", APPROVE, role="support-lead", version=1
        )
        await press(screen, KEY.Key_R)
        dialog = shown(BulkDialog)
        await until(lambda: "stays as it is" in dialog.summary.text())
        assert "2 will be decided" in dialog.summary.text()
        default = [button.text() for button in dialog.buttons.findChildren(QPushButton) if button.isDefault()]
        assert default == ["Cancel"], "Enter alone decides nothing"
        dialog.submit()
        assert "Say in a few words" in dialog.error
        dialog.words.setPlainText("one ring")
        dialog.submit()
        await until(lambda: state(shop, "CS-00003")[1] == "rejected")
        assert state(shop, "CS-00002")[1] == "approved", "somebody else's verdict stands"
        await until(lambda: any("Done for 2 entries. 1 stay" in words for words in screen.posted))
        await press(screen, KEY.Key_Escape)
        assert screen.table.chosen == set()

    day(aio, api, tmp_path, steps)


def test_a_note_that_was_begun_survives(aio: Any, api: Api, shop: RiskShop, tmp_path: Path) -> None:
    async def begin(screen: TriageScreen) -> None:
        await press(screen, KEY.Key_N)
        QTest.keyClicks(screen.case.field, "half a sen")
        QTest.keyClick(screen.case.field, KEY.Key_Escape)
        await press(screen, KEY.Key_J)
        assert screen.case.field.toPlainText() == ""
        await press(screen, KEY.Key_K)
        assert screen.case.field.toPlainText() == "half a sen"

    async def again(screen: TriageScreen) -> None:
        assert screen.case.field.toPlainText() == "half a sen"
        screen.case.field.setFocus()
        QTest.keyClick(screen.case.field, KEY.Key_Return, CONTROL)
        await until(lambda: "half a sen" in screen.case.note_lines.text())
        assert screen.case.field.toPlainText() == ""
        assert state(shop, "CS-00001")[4] == 1

    day(aio, api, tmp_path, begin)
    day(aio, api, tmp_path, again)


def test_what_others_decide_leaves_and_the_cursor_stays(aio: Any, api: Api, shop: RiskShop, tmp_path: Path) -> None:
    async def steps(screen: TriageScreen) -> None:
        await press(screen, *[KEY.Key_J] * 5)
        assert screen.read == "CS-00006"
        place = screen.table.rowViewportPosition(screen.table.currentIndex().row())
        for order in ("CS-00002", "CS-00003"):
            await asyncio.to_thread(
                shop.done, f"{QUEUE}/{entry_id(shop, order)}/decision", REJECT, role="support-lead", version=1
            )
        await until(lambda: "CS-00003" not in screen.orders() and "CS-00002" not in screen.orders())
        await turns(5)
        assert screen.read == "CS-00006"
        at = screen.table.at_cursor
        assert at is not None
        assert at.order_id == "CS-00006"
        assert screen.table.currentIndex().row() == 3
        assert screen.table.rowViewportPosition(3) in {place, 3 * screen.table.verticalHeader().defaultSectionSize()}

    day(aio, api, tmp_path, steps)


def test_reasons(aio: Any, api: Api, shop: RiskShop, tmp_path: Path) -> None:
    from datetime import UTC, datetime, timedelta

    async def steps(screen: TriageScreen) -> None:
        screen.console.time.set_past(datetime.now(UTC) - timedelta(days=1))
        assert screen.case.verb_blocker("approve") == "a past instant is shown; go live first"
        assert not screen.case.buttons["approve"].isEnabled()
        screen.console.time.go_live()
        assert screen.case.buttons["approve"].isEnabled()

    day(aio, api, tmp_path, steps)


def test_whoever_may_not_see_it_is_told_so(aio: Any, api: Api, shop: RiskShop, tmp_path: Path) -> None:
    from tests.views.access.test_workspace import signed_in

    async def run() -> None:
        async with signed_in(api, "viewer", tmp_path) as console:
            screen = TriageScreen(console)
            screen.window.show()
            for panel in (screen.queue, screen.case):
                panel.set_visible(True)
            await turns(10)
            assert "needs “View queue”" in screen.queue._refusal.text()
            assert console.of(Risk).counts().sample is None, "what may not be seen is not asked for"
            assert not console.of(Risk).list.known
            screen.window.close()
            screen.window.deleteLater()
            await turns()

    aio(run())


@pytest.mark.parametrize("width", [500, 700, 900, 1200])
def test_columns_give_way_so_that_nothing_is_cut(
    aio: Any, api: Api, shop: RiskShop, tmp_path: Path, width: int
) -> None:
    async def steps(screen: TriageScreen) -> None:
        for scale in (1.0, 2.0):
            Theme(QApplication.instance()).apply("light", scale)  # type: ignore[arg-type]
            screen.queue.widget.setFixedWidth(width)
            screen.window.resize(width + 500, 900)
            await turns(5)
            table = screen.table
            there = [n for n in range(10) if not table.isColumnHidden(n)]
            assert {SCORE, ORDER, SLA} <= set(there)
            # What is empty goes first: nothing is claimed or decided yet.
            assert not {AMOUNT, CARD} - set(there) or STATE not in there
            if width >= 500 * scale:
                assert sum(table.columnWidth(n) for n in there) <= table.viewport().width()
            if width == 1200 and scale == 1.0:
                assert {CARD, RULES, AGE} <= set(there)
            assert not screen.window.grab().isNull()
            for pill in screen.case.buttons.values():
                assert pill.geometry().right() <= screen.case.bar.width()
                assert pill.geometry().bottom() <= screen.case.bar.height()
        Theme(QApplication.instance()).apply("dark", 1.0)  # type: ignore[arg-type]

    day(aio, api, tmp_path, steps)


def test_columns_depend_on_the_width_and_not_on_what_stands_in_them(
    aio: Any, api: Api, shop: RiskShop, tmp_path: Path
) -> None:
    async def steps(screen: TriageScreen) -> None:
        table = screen.table
        for width in range(560, 1000, 20):
            screen.queue.widget.setFixedWidth(width)
            await turns()
            table._widest.clear()
            table._spread()
            there = [n for n in range(10) if not table.isColumnHidden(n)]
            table._widest[ORDER] = 130
            table._spread()
            assert [n for n in range(10) if not table.isColumnHidden(n)] == there
            assert sum(table.columnWidth(n) for n in there) <= table.viewport().width()

    day(aio, api, tmp_path, steps)


def test_how_to_reject_can_be_read_when_it_is_asked(aio: Any, api: Api, shop: RiskShop, tmp_path: Path) -> None:
    async def steps(screen: TriageScreen) -> None:
        screen.window.resize(1100, 420)
        await until(lambda: screen.case.is_seen)
        await press(screen, KEY.Key_R)
        area = screen.case.area.viewport()

        def seen(widget: QWidget) -> bool:
            top = widget.mapTo(area, widget.rect().topLeft()).y()
            return top >= 0 and top + widget.height() <= area.height()

        await until(lambda: seen(screen.case.armed) and seen(screen.case.field))

    day(aio, api, tmp_path, steps)


def test_enter_brings_the_case_to_the_front(
    aio: Any, api: Api, shop: RiskShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def steps(screen: TriageScreen) -> None:
        opened: list[str] = []
        monkeypatch.setattr(screen.panels, "_open_panel", opened.append)
        await press(screen, KEY.Key_Return)
        assert opened == ["triage.case"]

    day(aio, api, tmp_path, steps)
