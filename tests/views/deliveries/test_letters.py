"""Dead letters: read with request and answer, replayed after a count, given up, resolved."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt

from tests.app.core.faulty_server import problem
from tests.views.deliveries.fixtures import Systems, me
from tests.views.deliveries.test_systems import press, told, workspace
from tests.views.office import Office, shown, turns, until
from views.deliveries.letter_dialogs import DiscardLettersDialog, ReplayDialog, ResolveDialog
from views.deliveries.letters_panel import LettersPanel
from views.shell.application import ConsoleApplication

KEY, SHIFT = Qt.Key, Qt.KeyboardModifier.ShiftModifier
Steps = Callable[[Office, Systems, ConsoleApplication, LettersPanel], Awaitable[None]]


def reading(aio: Any, profile: Path, steps: Steps, **fields: Any) -> None:
    """Run steps with the letters of the failing shop read."""

    async def heard(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        panel = app.window.panels.panel("deliveries.letters")
        await until(lambda: panel.letters)
        await turns(5)
        await steps(made, systems, app, panel)

    workspace(aio, profile, heard, **fields)


def abouts(panel: LettersPanel) -> list[str]:
    return [letter.about for letter in panel.table.records.rows]


def test_a_letter_is_read_with_its_request_and_its_answer(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Systems, ___: ConsoleApplication, panel: LettersPanel) -> None:
        assert panel.table.at_cursor is not None
        assert panel.table.at_cursor.state == "uncertain"  # a person is waited for: it stands first
        press(panel.table, KEY.Key_J)
        await until(lambda: "POST /hooks/refund" in panel.exchange.request.text.toPlainText())
        assert "Webhook-Id: msg_2cTq81x1" in panel.exchange.request.text.toPlainText()
        answer = panel.exchange.answer.text.toPlainText()
        assert answer.startswith("401\nContent-Type: application/json")
        assert '"key_used": "…7f3a"' in answer
        assert panel.exchange.request.heading.name.text() == "Request, try 6"
        assert panel.exchange.words.text() == "401 signature rejected. 2 tries are known."
        assert panel.exchange.request.text.isReadOnly()

    reading(aio, tmp_path, steps)


def test_those_of_one_cause_are_selected_and_replayed_after_a_count(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication, panel: LettersPanel) -> None:
        press(panel.table, KEY.Key_J)
        press(panel.table, KEY.Key_C)
        assert panel.table.chosen == {"letter-1", "letter-2", "letter-3", "letter-4", "letter-6"}
        assert panel.buttons["replay"].text() == "Replay 5 selected…"
        press(panel.table, KEY.Key_R)
        dialog = shown(ReplayDialog)
        await until(lambda: dialog.counted is not None)
        assert dialog.said.text() == "4 letters go again, in Tests."
        assert dialog.left_out.text() == "1 is left out:\nrefund approved CS-47044: the shop already has it"
        assert systems.asked[-1] == (
            "POST",
            "/letters/replay",
            {"ids": ["letter-1", "letter-2", "letter-3", "letter-4", "letter-6"], "dryRun": True},
        )
        dialog.submit()
        await until(lambda: told(made))
        assert told(made) == ["Replay: 4 letters"]
        assert systems.asked[-1][2] == {"ids": ["letter-1", "letter-2", "letter-3", "letter-4", "letter-6"]}
        await until(lambda: len(panel.letters) == 3)
        assert panel.table.chosen == {"letter-3"}  # what was left out stays chosen
        panel.tabs["waiting"].click()
        await until(lambda: len(panel.letters) == 5)
        assert panel.table.records.columns[1].title == "Due, UTC"
        assert panel.buttons["replay"].isHidden()
        del app

    reading(aio, tmp_path, steps)


def test_all_of_a_connection_can_be_replayed(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, systems: Systems, __: ConsoleApplication, panel: LettersPanel) -> None:
        press(panel.table, KEY.Key_J)
        press(panel.table, KEY.Key_R, SHIFT)
        dialog = shown(ReplayDialog)
        await until(lambda: dialog.counted is not None)
        assert systems.asked[-1][2] == {"connectionId": "shop-webhook-refund", "dryRun": True}
        dialog.reject()

    reading(aio, tmp_path, steps)


def test_a_count_that_fails_says_so_and_nothing_is_replayed(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, systems: Systems, __: ConsoleApplication, panel: LettersPanel) -> None:
        systems.refusal = problem("unavailable", 503, "The database is away.")
        press(panel.table, KEY.Key_J)
        press(panel.table, KEY.Key_R)
        dialog = shown(ReplayDialog)
        await until(lambda: dialog.error)
        assert "The database is away." in dialog.error
        dialog.submit()
        assert [path for _, path, _ in systems.asked] == ["/letters/replay"]
        dialog.reject()

    reading(aio, tmp_path, steps)


def test_giving_up_wants_a_reason_and_enter_does_not_do_it(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, _: ConsoleApplication, panel: LettersPanel) -> None:
        press(panel.table, KEY.Key_J)
        press(panel.table, KEY.Key_X)
        press(panel.table, KEY.Key_J)
        press(panel.table, KEY.Key_Space)
        press(panel.table, KEY.Key_D)
        dialog = shown(DiscardLettersDialog)
        assert dialog.windowTitle() == "Discard 2 letters"
        dialog.submit()
        assert "why" in dialog.error
        dialog.words.setPlainText("Paid back by hand")
        dialog.submit()
        await until(lambda: told(made))
        assert systems.asked[-1][2] == {"ids": ["letter-1", "letter-2"], "reason": "Paid back by hand"}
        await until(lambda: "CS-47322" not in abouts(panel))

    reading(aio, tmp_path, steps)


def test_of_a_command_whose_answer_was_lost_a_person_says_what_became_of_it(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, _: ConsoleApplication, panel: LettersPanel) -> None:
        assert panel.remark.text() == "1 command waits for a person"
        assert not panel.buttons["replay"].isEnabled()
        assert panel.buttons["replay"].toolTip() == "choose a dead letter first"
        press(panel.table, KEY.Key_V)
        dialog = shown(ResolveDialog)
        dialog.submit()
        assert dialog.error == "Choose one of the two."
        dialog.was_done.setChecked(True)
        dialog.words.setPlainText("It is in the shop's list")
        dialog.submit()
        await until(lambda: told(made))
        assert systems.asked[-1] == (
            "POST",
            "/letters/letter-7/resolve",
            {"resolution": "done", "reason": "It is in the shop's list"},
        )
        await until(panel.buttons["resolve"].isHidden)

    reading(aio, tmp_path, steps)


def test_failed_jobs_stand_among_those_of_all_systems(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Systems, ___: ConsoleApplication, panel: LettersPanel) -> None:
        assert len(panel.letters) == 7
        panel.scope.click()
        await until(lambda: len(panel.letters) == 8)
        jobs = [letter for letter in panel.letters if letter.source == "job"]
        row = panel.letters.index(jobs[0])
        assert panel.table.records.texts(row)[2] == "job risk train model"

    reading(aio, tmp_path, steps)


def test_whoever_may_not_replay_may_read(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, _: ConsoleApplication, panel: LettersPanel) -> None:
        press(panel.table, KEY.Key_J)
        await until(panel.exchange.request.text.toPlainText)
        press(panel.table, KEY.Key_R)
        assert told(made)[-1] == "Replay dead letters: needs “Replay letters”."
        assert panel.buttons["replay"].toolTip() == "needs “Replay letters”"
        assert systems.asked == []

    reading(aio, tmp_path, steps, me=me("deliveries.view_connections"))
