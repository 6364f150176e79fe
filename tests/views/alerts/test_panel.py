"""The alerts panel as operators use it: cards, keys, words that are never lost, floods, and nothing that jumps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from app.alerts.domain import Alerts
from app.console import Console
from tests.app.answers import AS_OF, ME, dashboard
from tests.views.office import Office, alert, conflict, in_order, office, shown, turns, until
from views.alerts.card import AlertCard, AlertRow
from views.alerts.details import AlertDetails
from views.alerts.dialogs import AcknowledgeDialog, ShelveDialog
from views.alerts.panel import CARDS_MOST, AlertsPanel
from views.dashboard.figures_panel import FiguresPanel
from views.kit.theme import current
from views.kit.widgets.pill import Pill

KEY = Qt.Key


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    current().apply("dark", 1.0)


class Shown:
    """The panel in a window."""

    def __init__(self, console: Console) -> None:
        self.watch = console.of(Alerts).list().watch()  # as the window does
        self.panel = AlertsPanel(console, lambda: None)
        self.window = self.panel.widget
        self.window.resize(420, 900)
        self.window.show()
        self.window.activateWindow()
        self.panel.set_visible(True)

    @property
    def cards(self) -> list[AlertCard]:
        return list(in_order(self.window, AlertCard))

    @property
    def rows(self) -> list[AlertRow]:
        return list(in_order(self.window, AlertRow))

    def close(self) -> None:
        self.panel.set_visible(False)
        self.watch.close()
        self.window.close()
        self.panel.deleteLater()
        self.window.deleteLater()


def words(widget: QWidget) -> str:
    """Everything a widget's labels say."""
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def journey(aio: Any, profile: Path, steps: Any, **fields: Any) -> None:
    """Run steps with an office and its panel."""

    async def run() -> None:
        async with office(profile, **fields) as made:
            panel = Shown(made.console)
            await turns()
            try:
                await steps(made, panel)
            finally:
                panel.close()
                await turns()

    aio(run())


def test_a_card_says_over_how_long_its_figure_is_summed_up(aio: Any, tmp_path: Path) -> None:
    rule = {"ruleId": "r1", "comparison": "above", "value": 0.02, "severity": "P2", "rangeDays": 1}

    async def steps(made: Office, panel: Shown) -> None:
        await made.console.dashboard().refresh()
        await until(lambda: bool(panel.cards) and "2.17 % over 24 h, max 2.00 %" in words(panel.cards[0]))

    journey(aio, tmp_path, steps, alerts=[alert(1)], dashboard=dashboard(thresholds={"downloads.failureRate": rule}))


def test_cards_rows_and_what_they_say(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, panel: Shown) -> None:
        (card,) = panel.cards
        text = words(card)
        assert "Downloads failing over limit 1" in text
        assert "2.17 %, max 2.00 %" in text
        assert "Look at the mirrors" in text
        assert "Since 2026-11-24 13:46:37 UTC" in text
        assert "16 min" in text
        names = [row.accessibleName() for row in panel.rows]
        assert names == [
            "P2 acknowledged: Downloads failing over limit 2",
            "P2 cleared: Downloads failing over limit 3",
            "P2 shelved: Downloads failing over limit 4",
        ]
        assert "I have it" in panel.rows[0].toolTip()

    at = AS_OF.isoformat()
    later = AS_OF.replace(hour=18).isoformat()
    journey(
        aio,
        tmp_path,
        steps,
        alerts=[
            alert(1),
            alert(2, state="acknowledged", acknowledgedAt=at, acknowledgedBy="Ann", comment="I have it"),
            alert(3, state="cleared", clearedAt=at),
            alert(4, shelvedUntil=later, shelvedBy="Ann", shelveReason="planned"),
        ],
    )


def test_an_alert_without_a_figure_has_no_line_of_figures(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, panel: Shown) -> None:
        (card,) = panel.cards
        labels = [label.text() for label in card.findChildren(QLabel)]
        assert "" not in labels
        assert not any("max" in text for text in labels)
        assert "The daily backup failed" in labels
        assert "Since 2026-11-24 13:46:37 UTC · passed since 14:02" in labels
        assert card.accessibleDescription().startswith("Since 2026-11-24")
        details = AlertDetails(card.alert, made.console, panel.window)
        shown_names = [label.text() for label in details.findChildren(QLabel)]
        assert "Figure" not in shown_names
        assert "Raised" in shown_names
        details.deleteLater()

    gone = dict.fromkeys(("figure", "ruleId", "comparison", "limit", "value", "worstValue"))
    about = {"title": "The daily backup failed", "source": "backup", "key": "daily", "returnedAt": AS_OF.isoformat()}
    journey(aio, tmp_path, steps, alerts=[alert(1, **gone, **about)])


def test_acknowledging_by_keyboard_wants_a_comment(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, panel: Shown) -> None:
        panel.cards[0].setFocus()
        QTest.keyClick(panel.cards[0], KEY.Key_A)
        dialog = shown(AcknowledgeDialog)
        await turns()
        assert dialog.words.hasFocus()
        dialog.submit()
        assert "Say in a few words why" in dialog.error
        assert made.writes == []
        QTest.keyClicks(dialog.words, "on it")
        QTest.keyClick(dialog.words, KEY.Key_Tab)
        QTest.keyClick(QApplication.focusWidget(), KEY.Key_Return)
        await until(lambda: made.writes and not panel.cards)
        assert json.loads(made.writes[0].body) == {"comment": "on it"}
        assert made.writes[0].headers["if-match"]
        assert "acknowledged" in panel.rows[0].accessibleName()
        await until(lambda: any("Acknowledged" in m.text for m in made.console.messages.history))
        await until(lambda: not any(isinstance(w, AcknowledgeDialog) for w in QApplication.topLevelWidgets()))

    journey(aio, tmp_path, steps, alerts=[alert(1)])


@pytest.mark.parametrize("verb", [KEY.Key_A, KEY.Key_S])
def test_a_refused_decision_keeps_the_words(aio: Any, tmp_path: Path, verb: Qt.Key) -> None:
    async def steps(made: Office, panel: Shown) -> None:
        made.refusal = conflict()
        panel.cards[0].setFocus()
        QTest.keyClick(panel.cards[0], verb)
        dialog = shown(AcknowledgeDialog if verb == KEY.Key_A else ShelveDialog)
        QTest.keyClicks(dialog.words, "many careful words")
        dialog.submit()
        dialog.submit()  # pressed twice: sent once
        await until(lambda: dialog.error)
        assert len(made.writes) == 1
        assert "Somebody else changed this alert." in dialog.error
        assert dialog.words.toPlainText() == "many careful words"
        made.refusal = None
        dialog.submit()
        await until(lambda: not panel.cards)
        kind = AcknowledgeDialog if verb == KEY.Key_A else ShelveDialog
        await until(lambda: not any(isinstance(w, kind) for w in QApplication.topLevelWidgets()))

    journey(aio, tmp_path, steps, alerts=[alert(1)])


def test_shelving_until_an_instant_with_a_reason(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, panel: Shown) -> None:
        QTest.mouseClick(panel.cards[0].shelve, Qt.MouseButton.LeftButton)
        dialog = shown(ShelveDialog)
        dialog.times.button(2).click()
        QTest.keyClicks(dialog.words, "planned work")
        dialog.submit()
        await until(lambda: made.writes)
        assert json.loads(made.writes[0].body) == {"until": "2026-11-24T18:02:37Z", "reason": "planned work"}
        await until(lambda: panel.rows)
        assert "shelved" in panel.rows[0].accessibleName()
        made.clock.pass_seconds(5 * 3600)
        made.console.clock = made.clock
        panel.panel.refresh()
        await turns()
        assert len(panel.cards) == 1, "its time is over: it waits again"

    journey(aio, tmp_path, steps, alerts=[alert(1)])


def test_without_the_permission_buttons_say_why(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, panel: Shown) -> None:
        card = panel.cards[0]
        assert not card.acknowledge.isEnabled()
        assert "needs “Manage alerts”" in card.acknowledge.toolTip()
        assert "needs “Manage alerts”" in card.acknowledge.accessibleDescription()
        card.setFocus()
        QTest.keyClick(card, KEY.Key_A)
        assert not any(isinstance(w, AcknowledgeDialog) for w in QApplication.topLevelWidgets())

    journey(aio, tmp_path, steps, alerts=[alert(1)], me=ME | {"permissions": ["operations.view_dashboard"]})


def test_while_the_link_is_down_a_decision_is_kept_and_sent_afterwards(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, panel: Shown) -> None:
        made.console.link.mark_down("gone")
        panel.cards[0].setFocus()
        QTest.keyClick(panel.cards[0], KEY.Key_A)
        dialog = shown(AcknowledgeDialog)
        QTest.keyClicks(dialog.words, "on it")
        dialog.submit()
        await until(lambda: made.console.mutations.pending and not panel.cards)
        assert made.writes == [], "kept, and shown as it will be"
        await until(lambda: panel.rows and "pending" in panel.rows[0].accessibleDescription())
        figures = FiguresPanel(made.console)
        chips = [tile.figure.breach for tile in figures.tiles if tile.figure and "pending" in tile.figure.breach]
        assert len(chips) == 1, "the tile says it, too"
        figures.widget.deleteLater()
        await made.refresh()
        await until(lambda: made.writes and not made.console.mutations.pending)
        await until(lambda: panel.rows and "pending" not in panel.rows[0].accessibleDescription())

    journey(aio, tmp_path, steps, alerts=[alert(1)])


def test_ten_thousand_alerts_take_no_more_widgets_than_are_seen(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, panel: Shown) -> None:
        from pydantic import TypeAdapter

        from app.core.query import Sample
        from models.alerts import Alert

        many = TypeAdapter(tuple[Alert, ...]).validate_python([alert(n) for n in range(10_000)])
        query = made.console.of(Alerts).list()
        query.sample = Sample(many, AS_OF, AS_OF, made.clock.monotonic())
        panel.panel.refresh()
        await turns()
        cards = panel.cards
        assert len(cards) == CARDS_MOST
        panel.panel.refresh()
        await turns()
        assert panel.cards == cards, "nothing changed, so nothing is made anew"
        more = next(b for b in panel.window.findChildren(QWidget) if b.accessibleName() == "Show more alerts")
        assert more.text() == "9,992 more"  # type: ignore[attr-defined]
        QTest.mouseClick(more, Qt.MouseButton.LeftButton)
        await turns()
        assert len(panel.cards) > CARDS_MOST

    journey(aio, tmp_path, steps)


def test_nothing_moves_while_a_card_has_the_keyboard(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, panel: Shown) -> None:
        panel.cards[0].setFocus()
        held = panel.cards[0]
        made.alerts.insert(0, alert(9, severity="P1"))
        made.alerts[1]["value"] = 0.05
        await made.refresh()
        await turns()
        assert [c.alert.id for c in panel.cards] == ["a1", "a2"]
        assert panel.cards[0] is held
        assert held.hasFocus()
        news = next(b for b in panel.window.findChildren(QWidget) if b.accessibleName() == "Show new alerts")
        assert news.isVisible()
        assert news.text() == "1 new"  # type: ignore[attr-defined]
        QTest.mouseClick(news, Qt.MouseButton.LeftButton)
        await turns()
        assert [c.alert.id for c in panel.cards] == ["a9", "a1", "a2"]
        assert not news.isVisible()

    journey(aio, tmp_path, steps, alerts=[alert(1), alert(2)])


def test_a_changed_card_keeps_the_keyboard(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, panel: Shown) -> None:
        panel.cards[1].shelve.setFocus()
        made.alerts[1] |= {"version": 2, "value": 0.05}
        await made.refresh()
        await turns()
        assert "5.00 %" in words(panel.cards[1])
        assert panel.cards[1].isAncestorOf(QApplication.focusWidget()) or panel.cards[1].hasFocus()

    journey(aio, tmp_path, steps, alerts=[alert(1), alert(2)])


def test_a_row_opens_its_details_by_keyboard(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, panel: Shown) -> None:
        panel.rows[0].setFocus()
        QTest.keyClick(panel.rows[0], KEY.Key_Return)
        dialog = shown(AlertDetails)
        assert "by Ann: I have it" in words(dialog)
        QTest.keyClick(dialog, KEY.Key_Escape)
        assert not dialog.isVisible()
        QTest.keyClick(panel.rows[0], KEY.Key_Return)
        QTest.keyClick(QApplication.focusWidget() or shown(AlertDetails), KEY.Key_Return)
        await turns()
        assert not _made.writes, "Enter changes nothing"

    at = AS_OF.isoformat()
    journey(
        aio,
        tmp_path,
        steps,
        alerts=[alert(1, state="acknowledged", acknowledgedAt=at, acknowledgedBy="Ann", comment="I have it")],
    )


def test_another_theme_draws_the_cards_anew(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, panel: Shown) -> None:
        before = panel.cards[0].height()
        current().apply("light", 2.0)
        await asyncio.sleep(0.05)
        assert panel.cards[0].height() > before

    journey(aio, tmp_path, steps, alerts=[alert(1)])


def cover(number: int, **more: Any) -> dict[str, Any]:
    """An alert of a part of the system, which raises one for each thing it looks at."""
    nothing = {"figure": None, "ruleId": None, "comparison": None, "limit": None, "value": None, "worstValue": None}
    return alert(number, **{**nothing, "source": "oncall.cover", "key": f"s{number}", **more})


def links(card: AlertCard) -> dict[str, Pill]:
    return {pill.text(): pill for pill in card.findChildren(Pill) if pill.isVisible()}


def test_many_of_one_kind_are_one_card_that_unfolds_and_is_acknowledged_as_a_whole(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with office(tmp_path, alerts=[cover(n) for n in range(5)]) as made:
            it = Shown(made.console)
            await until(lambda: it.cards)
            assert [card.alert.id for card in it.cards] == ["a0"]
            assert it.panel._sections[0].heading.accessibleName() == "Not acknowledged: 5"
            links(it.cards[0])["4 more like it"].click()
            await until(lambda: len(it.cards) == 5)
            links(it.cards[0])["Fold"].click()
            await until(lambda: len(it.cards) == 1)
            links(it.cards[0])["Acknowledge all 5…"].click()
            asking = shown(AcknowledgeDialog)
            assert asking.windowTitle() == "Acknowledge 5 alerts like this"
            asking.words.setPlainText("The new rota starts on Monday")
            asking.submit()
            await until(lambda: all(each["state"] == "acknowledged" for each in made.alerts))
            await until(lambda: not any(isinstance(w, AcknowledgeDialog) for w in QApplication.topLevelWidgets()))
            assert len(made.writes) == 5
            it.close()

    aio(run())


def test_an_alert_leads_to_its_chart_and_knows_when_it_was_raised_before(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        cleared = {"state": "cleared", "clearedAt": AS_OF.isoformat(), "comment": "Rollout paused"}
        before = alert(2, **cleared, acknowledgedAt=AS_OF.isoformat(), acknowledgedBy="Ada")
        async with office(tmp_path, alerts=[alert(1), before]) as made:
            it, opened = Shown(made.console), list[str]()
            it.panel.lead_to_charts(lambda _alert: "Download failure rate", lambda each: opened.append(each.id))
            await until(lambda: it.cards)
            links(it.cards[0])["Chart"].click()
            assert opened == ["a1"]
            it.panel._run(("open", it.cards[0].alert))
            details = shown(AlertDetails)
            await until(details.history.isVisible)
            said = details.history.accessibleDescription()
            assert said.startswith("Earlier 1 time. ")
            assert said.endswith("for 16 min; Ada: Rollout paused")
            details.reject()
            it.close()

    aio(run())
