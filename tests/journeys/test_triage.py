"""An analyst's morning: two hundred cases decided with the keyboard alone, in the whole window on the real API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget

from app.risk import queue as risk
from tests.conftest import Api
from tests.views.access.test_workspace import relaying, signed_in
from tests.views.office import shown, turns
from tests.views.risk.fixtures import fill, until
from views.kit.theme import Theme
from views.risk.triage.dialogs import EscalateDialog, SnoozeDialog
from views.shell.application import ConsoleApplication

KEY = Qt.Key
CASES = 200


class Hands:
    """A keyboard, and nothing else."""

    def press(self, key: Any, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
        """A key, to whatever has the keyboard."""
        QTest.keyClick(self._at(), key, modifier)

    def type(self, text: str) -> None:
        """Words, to whatever has the keyboard."""
        QTest.keyClicks(self._at(), text)

    @staticmethod
    def _at() -> QWidget:
        at = QApplication.focusWidget() or QApplication.activeWindow()
        assert at is not None, "nothing has the keyboard"
        return at


def test_two_hundred_cases_with_the_keyboard_alone(
    aio: Any, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(api.owner_url, CASES + 20)
    monkeypatch.setattr(risk, "UNDO_SECONDS", 0.5)
    Theme(QApplication.instance()).apply("dark")  # type: ignore[arg-type]
    hands = Hands()

    async def run() -> None:
        async with signed_in(api, "risk-analyst", tmp_path) as console:
            with relaying(api):
                app = ConsoleApplication(QApplication.instance(), console)  # type: ignore[arg-type]
                app.show(1440, 900)
                await app.furnish()
                app.window.activateWindow()
                await turns(10)
                hands.press(KEY.Key_2, Qt.KeyboardModifier.ControlModifier)
                panels = app.window.panels
                table, case = panels.panel("triage.queue").table, panels.panel("triage.case")
                await until(lambda: table.hasFocus() and table.records.rowCount())
                await until(lambda: case.case is not None)
                assert case.entry is not None
                assert case.entry.order_id == "CS-00001"
                wanted: dict[str, str] = {}
                for number in range(CASES):
                    await until(lambda: case.case is not None and case.is_seen and table.hasFocus())
                    assert case.entry is not None
                    order = case.entry.order_id
                    assert order not in wanted, "the cursor never goes back to a decided row"
                    wanted[order] = await decide(number)
                    # What a window manager does when a dialog has closed; offscreen there is none.
                    app.window.activateWindow()
                    await until(lambda o=order: case.entry is not None and case.entry.order_id != o)
                assert not QApplication.topLevelWidgets()[0].isModal()
                await until(lambda: not console.mutations.pending)
                assert kept(api.owner_url) == wanted
                app.close()
                app.window.deleteLater()
                await turns()

    async def decide(number: int) -> str:
        match number % 10:
            case 3 | 6:
                hands.press(KEY.Key_R)
                assert isinstance(QApplication.focusWidget(), QPlainTextEdit)
                hands.type("stolen card, rxae")  # letters that are verbs outside of a text field
                hands.press(KEY.Key_Return, Qt.KeyboardModifier.ControlModifier)
                return "rejected"
            case 8:
                hands.press(KEY.Key_E)
                await until(lambda: any(isinstance(w, EscalateDialog) for w in QApplication.topLevelWidgets()))
                dialog = shown(EscalateDialog)
                await until(dialog.words.hasFocus)
                hands.type("ask the bank")
                hands.press(KEY.Key_Tab)
                hands.press(KEY.Key_Space)
                await until(lambda: not dialog_open(EscalateDialog))
                return "escalated"
            case 9:
                hands.press(KEY.Key_H)
                dialog_of = shown(SnoozeDialog)
                await until(dialog_of.choices[0][0].hasFocus)
                hands.press(KEY.Key_4, Qt.KeyboardModifier.AltModifier)
                hands.press(KEY.Key_Return)
                await until(lambda: not dialog_open(SnoozeDialog))
                return "snoozed"
            case 5:
                hands.press(KEY.Key_C)
                hands.press(KEY.Key_A)
                return "approved"
            case _:
                hands.press(KEY.Key_A)
                return "approved"

    aio(run())


def dialog_open(kind: type[QWidget]) -> bool:
    """Whether one of a class is open."""
    return any(isinstance(w, kind) and w.isVisible() for w in QApplication.topLevelWidgets())


def kept(owner_url: str) -> dict[str, str]:
    """What the database knows was decided, by order."""
    with psycopg.connect(owner_url) as owner:
        rows = owner.execute(
            "select order_id, coalesce(verdict, case when status = 'escalated' then 'escalated' "
            "when snoozed_until is not null then 'snoozed' end) from risk_entry"
        ).fetchall()
    return {order: what for order, what in rows if what is not None}
