"""The Events workspace as operators see it: the plan, what does not fit, versions, the live tail, what is held."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.analytics.domain import Events
from models.analytics.events import ViolationState
from tests.app.answers import ME
from tests.app.core.faulty_server import problem
from tests.views.analytics.fixtures import ORDER, VIEWED, Shop, events_office, planned, radius, tailed
from tests.views.office import Office, app_of, shown, turns, until
from views.analytics.capability import EVENTS
from views.analytics.cells import Heading
from views.analytics.dialogs import (
    AssignDialog,
    DiscardEventsDialog,
    InferDialog,
    ModeDialog,
    MuteDialog,
    RadiusDialog,
    ReplayEventsDialog,
    StateDialog,
)
from views.analytics.draft_dialog import DraftDialog
from views.kit.dialogs.base import WindowDialog
from views.kit.theme import current
from views.shell.application import ConsoleApplication
from views.shell.palette.sources import find

KEY = Qt.Key
Steps = Callable[[Office, Shop, ConsoleApplication], Awaitable[None]]


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> None:
    current().apply("dark", 1.0)


def workspace(aio: Any, profile: Path, steps: Steps, **fields: Any) -> None:
    """Run steps in the open workspace, with everything heard."""

    async def run() -> None:
        size = fields.pop("size", (1920, 1080))
        async with events_office(profile, **fields) as (made, shop), app_of(made, *size) as app:
            app.window.open_workspace(EVENTS)
            await until(lambda: app.window.panels.made("analytics.plan") is not None)
            if made.console.session.may("analytics.view_schema"):  # type: ignore[arg-type]
                await until(lambda: made.console.of(Events).planned().sample is not None)
                await until(lambda: panel(app, "compare").comparison is not None)
            await turns(10)
            await steps(made, shop, app)

    aio(run())


def panel(app: ConsoleApplication, name: str) -> Any:
    return app.window.panels.panel(f"analytics.{name}")


def press(widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    widget.setFocus()
    QTest.keyClick(widget, key, modifier)


async def press_again(widget: QWidget, key: Qt.Key) -> None:
    """Press a key where a dialog was open before."""
    await until(closed)
    widget.window().activateWindow()
    await until(widget.isActiveWindow)
    press(widget, key)


def closed() -> bool:
    """Whether no dialog is open: another would give way to it."""
    return not [w for w in QApplication.topLevelWidgets() if isinstance(w, WindowDialog) and w.isVisible()]


def told(made: Office) -> list[str]:
    return [each.text for each in made.console.messages.history]


def names(table: Any) -> list[str]:
    """What the rows are about, headings in brackets."""
    return [f"[{row.name}]" if isinstance(row, Heading) else row.event_name for row in table.records.rows]


# --- the plan ----------------------------------------------------------------------------------------------------


def test_the_plan_is_narrowed_by_what_is_wrong_whose_it_is_and_by_words(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Shop, app: ConsoleApplication) -> None:
        plan = panel(app, "plan")
        assert names(plan.table) == [ORDER, "Order Refunded", VIEWED, "Showcase Posted"]
        assert plan.table.at_cursor.event_name == ORDER, "one with a draft is chosen at first"
        assert plan.pills["With violations"].text() == "With violations 2"
        plan.pills["Drafts"].click()
        assert names(plan.table) == [ORDER]
        plan.pills["Mine"].click()
        assert names(plan.table) == [ORDER]
        plan.pills["All"].click()
        press(plan.table, KEY.Key_Slash)
        assert plan.search.hasFocus()
        QTest.keyClicks(plan.search, "rui view")
        assert names(plan.table) == [VIEWED]
        QTest.keyClick(plan.search, KEY.Key_Escape)
        assert len(names(plan.table)) == 4
        cells = [plan.table.cell(plan.table.records.rows[2], number).words for number in range(7)]
        assert cells == [VIEWED, "1", "omit", "RB", "5, 6, 7, 8, 7, 6, 9", "214,380", "1,204"]

    workspace(aio, tmp_path, steps)


def test_what_is_chosen_in_the_plan_is_read_beside_it(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, shop: Shop, app: ConsoleApplication) -> None:
        plan, compare = panel(app, "plan"), panel(app, "compare")
        press(plan.table, KEY.Key_J)
        press(plan.table, KEY.Key_J)
        await until(lambda: compare.title.text() == VIEWED)
        await until(lambda: "does not know" in compare.state.text())
        press(plan.table, KEY.Key_K)
        press(plan.table, KEY.Key_K)
        await until(lambda: compare.comparison is not None and compare.title.text() == ORDER)
        press(plan.table, KEY.Key_Return)
        await until(panel(app, "definition").widget.isVisible)
        assert [each.name for each in panel(app, "definition").table.records.rows] == [
            "order_id",
            "total",
            "customer_email",
        ]
        assert shop.asked == []

    workspace(aio, tmp_path, steps)


# --- what does not fit -------------------------------------------------------------------------------------------


def test_mistakes_stand_below_their_events_with_their_history(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Shop, app: ConsoleApplication) -> None:
        inbox = panel(app, "violations")
        await until(lambda: inbox.groups)
        assert names(inbox.table) == [f"[{ORDER}]", ORDER, ORDER, f"[{VIEWED}]", VIEWED]
        assert inbox.table.records.rows[0].more == "636 of 4,985 held"
        first = inbox.table.records.rows[1]
        cells = [inbox.table.cell(first, number) for number in range(7)]
        assert (cells[1].words, cells[1].below) == ("total", "a number is wanted")
        assert (cells[2].words, cells[2].below) == ("shop server", "3.18.2")
        assert (cells[3].words, cells[3].below) == ("12 s ago", "23 Nov 16:02")
        assert (cells[5].words, cells[6].words) == ("318", "OL")
        assert inbox.table.cell(inbox.table.records.rows[2], 1).words == "unknown property"
        assert [inbox.pills[name].text() for name in ("Mine", "New in 48 h", "No owner", "Muted", "Fixed")] == [
            "Mine 1",
            "New in 48 h 1",
            "No owner 1",
            "Muted 1",
            "Fixed 1",
        ]
        inbox.pills["Fixed"].click()
        assert len(names(inbox.table)) == 2
        assert inbox.buttons["reopen"].isVisible()
        assert not inbox.buttons["fix"].isVisible()

    workspace(aio, tmp_path, steps)


def test_one_is_taken_muted_and_said_to_be_fixed_by_key(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, shop: Shop, app: ConsoleApplication) -> None:
        inbox = panel(app, "violations")
        await until(lambda: inbox.groups)
        inbox.table.setFocus()
        assert inbox.table.put_cursor(lambda group: group.event_name == VIEWED)
        press(inbox.table, KEY.Key_C)
        await until(lambda: shop.violations[1]["assignedTo"] == "operations-lead")
        await until(lambda: not made.console.mutations.pending)
        await until(lambda: inbox.table.at_cursor.assigned_to == "operations-lead")
        assert panel(app, "plan").chosen.name == VIEWED
        press(inbox.table, KEY.Key_C)
        await until(lambda: "Assign the chosen violation to me: it is yours already." in told(made))
        press(inbox.table, KEY.Key_M)
        dialog = shown(MuteDialog)
        dialog.submit()
        assert "why" in dialog.error
        dialog.words.setPlainText("The app is replaced next week")
        dialog.submit()
        await until(lambda: shop.violations[1]["state"] == "muted")
        await until(lambda: names(inbox.table) == [f"[{ORDER}]", ORDER, ORDER])
        inbox.table.put_cursor(lambda group: group.id == "v1")
        await press_again(inbox.table, KEY.Key_F)
        await until(lambda: shop.violations[0]["state"] == ViolationState.FIXED)
        assert shop.asked[-1] == ("PATCH", "/violations/v1", {"state": "fixed"})

    workspace(aio, tmp_path, steps)


def test_one_is_given_to_somebody_by_name(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, shop: Shop, app: ConsoleApplication) -> None:
        inbox = panel(app, "violations")
        await until(lambda: inbox.groups)
        inbox.table.put_cursor(lambda group: group.id == "v1")
        press(inbox.table, KEY.Key_A)
        dialog = shown(AssignDialog)
        offered = [dialog.person.itemText(place) for place in range(dialog.person.count())]
        assert offered == ["Nobody", "Operations lead", "Rui Barros"]
        dialog.person.setCurrentIndex(2)
        dialog.submit()
        await until(lambda: shop.violations[0]["assignedTo"] == "rui")

    workspace(aio, tmp_path, steps)


# --- versions ----------------------------------------------------------------------------------------------------


def test_two_versions_stand_beside_each_other_with_an_event_that_shows_it(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Shop, app: ConsoleApplication) -> None:
        compare = panel(app, "compare")
        assert (compare.old.text(), compare.new.text()) == ("1 enforced", "2 draft")
        assert "breaking: 2 changes" in compare.verdict.text()
        rows = compare.table.records.rows
        assert [(row.name, row.breaking) for row in rows] == [
            ("total", True),
            ("customer_email", True),
            ("coupon_code", False),
            ("order_id", False),
        ]
        assert [compare.table.cell(rows[0], number).words for number in (1, 4)] == ["number", "text"]
        await until(lambda: compare.radius is not None)
        assert compare.said.text() == "2 senders and 2 readers stop working if 2 is enforced: 4,667 of 4,985 events."
        witness = compare.witness.accessibleDescription()
        assert "total 319.5, a text is wanted" in witness
        assert "customer_email masked" in witness
        hit = compare.hit.accessibleDescription()
        assert "shop server 3.18.1: 3,871 of 3,871" in hit
        assert "Revenue, 24 h reads total" in hit
        assert "Asks a second person" in compare.foot_note.text()

    workspace(aio, tmp_path, steps)


def test_what_nobody_has_looked_at_is_not_published(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, shop: Shop, app: ConsoleApplication) -> None:
        compare = panel(app, "compare")
        shop.radii = [radius(revision=3)]
        await made.console.of(Events).radii(ORDER).refresh()
        await turns(5)
        assert "ask for the blast radius" in compare.buttons["publish"].toolTip()
        assert "by an earlier draft" in compare.hit_section.heading.more.text()
        press(compare.table, KEY.Key_B)
        dialog = shown(RadiusDialog)
        dialog.days.setCurrentIndex(1)
        dialog.submit()
        await until(lambda: shop.asked)
        assert shop.asked[-1] == ("POST", "/radius", {"eventName": ORDER, "version": 2, "days": 30})
        await until(lambda: "being looked at" in compare.hit.words)

    workspace(aio, tmp_path, steps)


def test_publishing_what_breaks_something_waits_for_a_second_person(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, shop: Shop, app: ConsoleApplication) -> None:
        compare = panel(app, "compare")
        await until(compare.buttons["publish"].isEnabled)
        shop.approval = True
        press(compare.table, KEY.Key_P)
        dialog = shown(StateDialog)
        dialog.words.setPlainText("Totals come as text from now on")
        dialog.submit()
        await until(lambda: any("waits for somebody else's yes" in each for each in told(made)))
        assert shop.asked[-1][2] == {"state": "observed", "reason": "Totals come as text from now on"}
        assert panel(app, "compare").chosen.draft is not None

    workspace(aio, tmp_path, steps)


def test_the_blast_radius_is_a_chart_and_a_table(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Shop, app: ConsoleApplication) -> None:
        app.window.open_panel("analytics.radius")
        found = panel(app, "radius")
        await until(found.table.records.rowCount)
        groups = [row.name for row in found.table.records.rows if isinstance(row, Heading)]
        assert groups == ["What would be wrong", "Who sends it", "Where it goes", "Figures", "Fraud rules"]
        assert found.said.text().startswith("4,667 of 4,985 events of 7 days would not fit version 2; asked by")
        assert found.chart.accessibleDescription().startswith("18 Nov: 668 of 718 would not fit")
        press(found.chart, KEY.Key_Left)
        assert found.chart.accessibleDescription() == "24 Nov: 674 of 724 would not fit"

    workspace(aio, tmp_path, steps)


def test_a_draft_is_edited_property_by_property_and_refused_in_the_field(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, shop: Shop, app: ConsoleApplication) -> None:
        press(panel(app, "compare").table, KEY.Key_E)
        dialog = shown(DraftDialog)
        form = dialog.form
        assert [each.name for each in form.drafted] == ["order_id", "total", "coupon_code"]
        form.table.selectRow(1)
        form.schema.setPlainText("{")
        dialog.submit()
        assert "total: its schema is no JSON" in dialog.error
        form.type.setCurrentIndex(1)
        assert form.schema.toPlainText() == '{"type": "number"}'
        form.personal.setCurrentIndex(2)
        dialog.submit()
        assert "say what personal data is collected for" in dialog.error
        form.purpose.setFocus()
        QTest.keyClicks(form.purpose, "Receipts")
        form.add.click()
        dialog.submit()
        assert dialog.error == "Every property needs a name."
        QTest.keyClicks(form.name, "total")
        dialog.submit()
        assert dialog.error == "total is there twice."
        form.remove.click()
        shop.refusal = problem("invalid", 422, "It contradicts itself.")
        dialog.submit()
        await until(lambda: "contradicts itself" in dialog.error)
        shop.refusal = None
        dialog.submit()
        await until(closed)
        method, path, body = shop.asked[-1]
        assert (method, path) == ("PUT", f"/schema/{ORDER}/2")
        total = body["properties"][1]
        assert (total["schema"], total["personal"], total["purpose"]) == ({"type": "number"}, "personal", "Receipts")
        assert total["feeds"] == ["revenue.daily"], "what the form does not show stays"

    workspace(aio, tmp_path, steps)


def test_an_event_is_planned_by_hand_or_from_what_came_in(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, shop: Shop, app: ConsoleApplication) -> None:
        plan = panel(app, "plan")
        press(plan.table, KEY.Key_N)
        dialog = shown(DraftDialog)
        dialog.submit()
        assert dialog.error == "Say what the event is called."
        dialog.name.setText("Wishlist Shared")
        dialog.said.setText("Somebody shows what they want.")
        assert dialog.owners.text() == "operations-lead"
        dialog.submit()
        await until(lambda: shop.asked)
        assert shop.asked[-1][2]["eventName"] == "Wishlist Shared"
        await until(lambda: plan.chosen.name == "Wishlist Shared")
        await press_again(plan.table, KEY.Key_I)
        infer = shown(InferDialog)
        infer.name.setText("Cart Emptied")
        infer.submit()
        await until(lambda: shop.asked[-1] == ("POST", "/infer", {"eventName": "Cart Emptied", "days": 7}))

    workspace(aio, tmp_path, steps)


def test_a_mode_is_changed_as_it_was_seen(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, shop: Shop, app: ConsoleApplication) -> None:
        app.window.open_panel("analytics.definition")
        definition = panel(app, "definition")
        await until(lambda: definition.version is not None)
        definition.buttons["mode"].click()
        dialog = shown(ModeDialog)
        dialog.mode.setCurrentIndex(3)
        dialog.words.setPlainText("Nobody sends it wrongly any more")
        dialog.submit()
        await until(lambda: shop.rows[0]["mode"] == "reject")
        assert shop.asked[-1][2]["version"] == 3
        assert made.console.actions.execute("analytics.enforce") == "no version of it is observed"

    workspace(aio, tmp_path, steps)


# --- the live tail and the quarantine ----------------------------------------------------------------------------


def test_the_live_tail_masks_filters_and_is_held_still(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, shop: Shop, app: ConsoleApplication) -> None:
        tail = panel(app, "tail")
        await until(lambda: tail.table.records.rowCount() == 13)
        held, dropped, passed = tail.table.records.rows[:3]
        assert [tail.table.cell(each, 5).words for each in (held, dropped, passed)] == [
            "held",
            "field dropped",
            "passed",
        ]
        assert tail.table.cell(passed, 4).words.endswith("customer_email=masked")
        tail.pills["Violations"].click()
        await until(lambda: tail.table.records.rowCount() == 2)
        tail.pills["All"].click()
        await until(lambda: tail.table.records.rowCount() == 13)
        press(tail.table, KEY.Key_Slash)
        QTest.keyClicks(tail.search, "web dropped")
        assert tail.table.records.rowCount() == 1
        tail.search.clear()
        tail.table.setFocus()
        tail.table.put_cursor(lambda event: event.event_name == VIEWED)
        shop.tail.insert(0, tailed(0, eventName="Order Refunded"))
        await made.console.of(Events).tail(None, violations=False).refresh()
        assert tail.table.at_cursor.event_name == VIEWED, "who works in it keeps the row"
        panel(app, "plan").table.setFocus()
        await made.console.of(Events).tail(None, violations=False).refresh()
        assert tail.table.at_cursor.event_name == "Order Refunded", "else the newest stands on top"
        del shop.tail[0]
        await made.console.of(Events).tail(None, violations=False).refresh()
        press(tail.table, KEY.Key_L)
        assert tail.paused
        shop.tail.insert(0, tailed(0, eventName="Cart Updated"))
        await made.console.of(Events).tail(None, violations=False).refresh()
        assert tail.table.records.rowCount() == 13
        assert "Held still; 1 newer event came in." in tail.state.text()
        press(tail.table, KEY.Key_L)
        assert tail.table.records.rowCount() == 14

    workspace(aio, tmp_path, steps)


def test_what_is_held_is_tried_before_it_is_replayed(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, shop: Shop, app: ConsoleApplication) -> None:
        held = panel(app, "quarantine")
        await until(lambda: held.at_cursor is not None and held.trial_of(held.at_cursor) is not None)
        assert shop.asked == [], "a trial changes nothing"
        assert "Trial run of 318, nothing sent" in held.heading.text()
        assert "2 d 5 h" in held.table.cell(held.table.records.rows[1], 4).words
        await until(lambda: held.trial_of(held.table.records.rows[1]) is not None)
        press(held.table, KEY.Key_J)
        assert made.console.actions.execute("analytics.replay") == (
            "none of them would pass: correct the plan or the sender first"
        )
        press(held.table, KEY.Key_K)
        press(held.table, KEY.Key_R)
        dialog = shown(ReplayEventsDialog)
        dialog.words.setPlainText("The plan takes text now")
        dialog.submit()
        await until(lambda: any("318 events of Order Completed landed, 0 stay held." in each for each in told(made)))
        await until(lambda: len(held.groups) == 1)
        await press_again(held.table, KEY.Key_D)
        discard = shown(DiscardEventsDialog)
        discard.words.setPlainText("A test of ours")
        discard.submit()
        await until(lambda: not held.groups)
        assert held.state.text() == "Nothing is held."

    workspace(aio, tmp_path, steps)


# --- what is collected, who may, and the palette -----------------------------------------------------------------


def test_what_is_collected_is_read_and_saved(aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[tuple[str, bytes]] = []
    monkeypatch.setattr(
        "views.analytics.governance_panel.save", lambda name, data: saved.append((name, data)) or tmp_path / name
    )

    async def steps(made: Office, _: Shop, app: ConsoleApplication) -> None:
        app.window.open_panel("analytics.governance")
        found = panel(app, "governance")
        await until(lambda: found.table.records.rowCount() == 2)
        row = found.table.records.rows[1]
        cells = [found.table.cell(row, number).words for number in range(5)]
        assert cells == ["customer_email", "personal", "Sends the receipt", "90 days", "kept here only"]
        found.pills["All"].click()
        assert found.table.records.rowCount() == 4
        assert found.table.cell(found.table.records.rows[2], 4).words == "Revenue, 24 h"
        found.save_as("governance", "text/markdown", "page.md")
        await until(lambda: saved)
        assert saved == [("page.md", b"# What events collect\n")]
        assert any("page.md" in each for each in told(made))

    workspace(aio, tmp_path, steps)


def test_who_only_reads_is_told_why_nothing_can_be_changed(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, _: Shop, app: ConsoleApplication) -> None:
        compare = panel(app, "compare")
        assert "needs" in compare.buttons["publish"].toolTip()
        assert made.console.actions.execute("analytics.new") is not None
        assert panel(app, "tail").table.records.rowCount() == 13

    reader = ME | {"permissions": [*ME["permissions"], "analytics.view_schema"]}
    workspace(aio, tmp_path, steps, me=reader)


def test_events_are_found_by_name(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, shop: Shop, app: ConsoleApplication) -> None:
        shop.rows.append(planned("Cart Updated"))
        [entries] = [entries for title, entries in find(app.window, "prod vie") if title == "Events"]
        entry = next(each for each in entries if each.title == VIEWED)
        assert entry.run is not None
        entry.run()
        assert panel(app, "plan").chosen.name == VIEWED
        assert panel(app, "definition").widget.isVisible()

    workspace(aio, tmp_path, steps)


def test_nothing_is_cut_at_a_laptops_size(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Shop, app: ConsoleApplication) -> None:
        for name in ("plan", "violations", "compare", "tail", "quarantine"):
            table = panel(app, name).table
            shown_wide = sum(
                table.columnWidth(number) for number in range(len(table.fields)) if not table.isColumnHidden(number)
            )
            assert shown_wide <= table.viewport().width(), name

    workspace(aio, tmp_path, steps, size=(1440, 900))
