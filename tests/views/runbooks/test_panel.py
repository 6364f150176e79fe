"""The runbooks panel as operators use it: what burns first, one key from an alert, steps, edits, all down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, Qt, QUrl
from PySide6.QtGui import QKeyEvent, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from app.console import Console
from app.core.connection_target import ConnectionTarget
from app.runbooks.domain import Runbooks
from models.core.topics import Topic
from models.runbooks import Runbook
from tests.app.answers import ME
from tests.app.core.faulty_server import MemoryKeyring
from tests.backend.runbooks.fixtures import Desk
from tests.conftest import Api
from tests.views.access.test_workspace import _session
from tests.views.office import Office, alert, app_of, office, run, runbook, shown, turns, until
from views.alerts.card import AlertCard
from views.kit.dialogs.conflict import ConflictDialog
from views.runbooks.dialogs import EndDialog, HistoryDialog, NoteDialog, RetireDialog, WorkDialog, differences
from views.runbooks.edit_dialog import EditDialog
from views.runbooks.file_dialogs import import_file
from views.runbooks.panel import RunbooksPanel
from views.shell.application import ConsoleApplication

KEY = Qt.Key
RESPONDER = ME | {"permissions": [*ME["permissions"], "incidents.manage"]}


@asynccontextmanager
async def opened(tmp_path: Path, **fields: Any) -> AsyncIterator[tuple[Office, ConsoleApplication, RunbooksPanel]]:
    async with office(tmp_path, me=dict(RESPONDER), **fields) as made, app_of(made, 1920, 1080) as app:
        await until(lambda: len(made.console.of(Runbooks).library.texts) == len(made.runbooks))
        app.window.open_panel("runbooks")
        panel = app.window.panels.panel("runbooks")
        await until(lambda: panel.table.records.rowCount() == len(made.runbooks))
        yield made, app, panel


def press(panel: RunbooksPanel, key: Qt.Key, text: str = "") -> None:
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QApplication.sendEvent(panel.reader, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text))


def titles(panel: RunbooksPanel) -> list[str]:
    return [row.title for row in panel.table.records.rows]


BOOKS = [
    runbook(1, title="Alpha"),
    runbook(2, title="Beta", alerts=["downloads.failureRate"]),
    runbook(3, title="Gamma", retired=True, alerts=["downloads.failureRate"]),
]


def books() -> list[dict[str, Any]]:
    return [dict(each) for each in BOOKS]


def test_what_burns_stands_first_and_words_find_texts(aio: Any, tmp_path: Path) -> None:
    async def steps() -> None:
        async with opened(tmp_path, runbooks=books(), alerts=[alert(1)]) as (_made, _app, panel):
            await until(lambda: titles(panel) == ["Beta", "Alpha", "Gamma"])
            assert panel.table.records.rows[0].burns == "◆ P2"
            panel.search.setText("words of 1")
            assert titles(panel) == ["Alpha"]
            panel.search.setText("nothing of that")
            assert titles(panel) == []
            assert "In none of them" in panel.state.text()

    aio(steps())


def test_one_key_leads_from_an_alert_to_its_runbook(aio: Any, tmp_path: Path) -> None:
    async def steps() -> None:
        async with office(tmp_path, runbooks=books(), alerts=[alert(1)]) as made, app_of(made, 1920, 1080) as app:
            await until(lambda: len(made.console.of(Runbooks).library.texts) == 3)
            await until(lambda: any(card.isVisible() for card in app.window.findChildren(AlertCard)))
            card = next(card for card in app.window.findChildren(AlertCard) if card.isVisible())
            card.setFocus()
            QTest.keyClick(card, KEY.Key_R)
            await until(lambda: app.window.panels.made("runbooks") is not None)
            panel = app.window.panels.panel("runbooks")
            await until(lambda: panel.title.text() == "Beta" and panel.reader.isVisible())
            assert "Words of 2" in panel.reader.toPlainText()

    aio(steps())


def test_steps_are_ticked_off_by_keys_and_stand_in_the_run(aio: Any, tmp_path: Path) -> None:
    async def steps() -> None:
        async with opened(tmp_path, runbooks=books()) as (made, app, panel):
            panel.open_named("runbook-1")
            await until(lambda: panel.reader.steps == 2)
            press(panel, KEY.Key_J)
            press(panel, KEY.Key_Space)
            assert "1 of 2 steps ticked off, for you alone" in panel.progress.text()
            assert made.writes == []
            made.console.actions.execute("runbooks.work")
            dialog = shown(WorkDialog)
            dialog.incident.setText("INC-0142")
            dialog.submit()
            await until(lambda: panel.run is not None)
            await until(lambda: "for INC-0142" in panel.progress.text())
            press(panel, KEY.Key_J)
            press(panel, KEY.Key_X)
            await until(lambda: "☑" in panel.reader.toPlainText())
            await until(lambda: "Operations lead" in panel.reader.toPlainText())
            assert [json.loads(each.body) for each in made.writes] == [
                {"incidentId": "INC-0142"},
                {"done": True, "note": ""},
            ]
            press(panel, KEY.Key_C)
            assert QApplication.clipboard().text() == "opsconsole worker"
            app.window.console.actions.execute("runbooks.work")
            shown(EndDialog).submit()
            await until(lambda: panel.run is None)

    aio(steps())


def test_a_step_is_ticked_off_with_a_note(aio: Any, tmp_path: Path) -> None:
    async def steps() -> None:
        async with opened(tmp_path, runbooks=books()) as (made, _app, panel):
            panel.open_named("runbook-1")
            await until(lambda: panel.reader.steps == 2)
            press(panel, KEY.Key_J)
            assert (panel.blocker("note") or "").startswith("begin it first")
            made.runs.append(run(made.runbooks[0], incidentId="0198", incident="INC-0142"))
            made.console.queries.invalidate(Topic.INCIDENTS)  # somebody else begins it for an incident
            await until(lambda: panel.run is not None)
            assert "for INC-0142" in panel.progress.text()
            assert panel.note_step.isEnabled()
            press(panel, KEY.Key_M)
            dialog = shown(NoteDialog)
            dialog.words.setPlainText("fra2 is 94 s ahead")
            dialog.submit()
            await until(lambda: made.writes and "Operations lead: fra2 is 94 s ahead" in panel.reader.toPlainText())
            assert json.loads(made.writes[-1].body) == {"done": True, "note": "fra2 is 94 s ahead"}
            assert panel.blocker("note") == "this step is ticked off already"

    aio(steps())


def test_a_runbook_is_retired_with_a_reason_and_reinstated(aio: Any, tmp_path: Path) -> None:
    async def steps() -> None:
        async with opened(tmp_path, runbooks=books()) as (made, _app, panel):
            for name, retired in (("runbook-1", True), ("runbook-3", False)):
                panel.open_named(name)
                await until(lambda wanted=name: panel.runbook is not None and panel.runbook.slug == wanted)
                made.console.actions.execute("runbooks.retire")
                dialog = shown(RetireDialog)
                dialog.submit()
                assert "in a few words why" in dialog.error
                dialog.words.setPlainText("it is so")
                dialog.submit()
                await until(lambda wanted=retired: panel.runbook is not None and panel.runbook.retired is wanted)
                assert json.loads(made.writes[-1].body) == {"retired": retired, "reason": "it is so"}

    aio(steps())


def test_an_edit_is_previewed_and_checked_and_says_why(aio: Any, tmp_path: Path) -> None:
    async def steps() -> None:
        async with opened(tmp_path, runbooks=books()) as (made, _app, panel):
            panel.open_named("runbook-1")
            await until(lambda: panel.reader.steps == 2)
            press(panel, KEY.Key_E)
            dialog = shown(EditDialog)
            dialog.text.setPlainText("no step <script>alert(1)</script>")
            dialog.look_through()
            assert "It has no steps" in dialog.findings.text()
            assert "<script>alert(1)</script>" in dialog.preview.toPlainText()
            dialog.submit()
            assert "in a few words why" in dialog.error
            dialog.words.setPlainText("it was wrong")
            dialog.submit()
            assert "no steps" in dialog.error
            dialog.text.setPlainText("- [ ] Only this")
            dialog.submit()
            await until(lambda: made.writes)
            (sent,) = made.writes
            assert (sent.method, sent.headers["if-match"]) == ("PATCH", '"1"')
            assert json.loads(sent.body) == {"text": "- [ ] Only this", "reason": "it was wrong"}
            await until(lambda: "Only this" in panel.reader.toPlainText())

    aio(steps())


def test_of_two_editors_the_second_is_shown_both(aio: Any, tmp_path: Path) -> None:
    async def steps() -> None:
        async with opened(tmp_path, runbooks=books()) as (made, app, panel):
            panel.open_named("runbook-1")
            await until(lambda: panel.runbook is not None)
            EditDialog(made.console, panel.runbook, app.window).open()
            dialog = shown(EditDialog)
            made.runbook("b1").update(title="Theirs", version=2)
            dialog.title.setText("Mine")
            dialog.words.setPlainText("clearer")
            dialog.submit()
            await until(lambda: any(w.isVisible() for w in app.window.findChildren(ConflictDialog)))
            conflict = shown(ConflictDialog)
            await until(conflict.mine.isEnabled)
            said = {label.text() for label in conflict.findChildren(QLabel)}
            assert {"Theirs", "Mine"} <= said
            assert made.runbook("b1")["title"] == "Theirs"
            conflict.reject()

    aio(steps())


def test_history_shows_who_why_and_what(aio: Any, tmp_path: Path) -> None:
    async def steps() -> None:
        first = runbook(1, text="- [ ] Look\n\nold words", version=1)
        second = runbook(1, text="- [ ] Look\n\nnew words", version=2, reason="the old were wrong")
        async with opened(tmp_path, runbooks=[second], versions=[second, first]) as (made, app, panel):
            panel.open_named("runbook-1")
            await until(lambda: panel.runbook is not None)
            HistoryDialog(made.console, panel.runbook, app.window).open()
            dialog = shown(HistoryDialog)
            await until(lambda: "old words" in dialog.difference.accessibleDescription())
            assert "the old were wrong" in dialog.why.text()
            assert "before old words, after new words" in dialog.difference.accessibleDescription()
            dialog.reject()
        changes = differences(Runbook.model_validate(first), Runbook.model_validate(second))
        assert [line.kind for line in changes.lines if line.kind == "changed"] == ["changed"]

    aio(steps())


def test_a_file_is_looked_through_before_it_is_saved(aio: Any, tmp_path: Path) -> None:
    async def steps() -> None:
        async with opened(tmp_path / "profile", runbooks=books()) as (made, app, panel):
            wrong = tmp_path / "wrong.md"
            wrong.write_text("no front matter")
            import_file(app.window.panels, wrong)
            assert "line 1" in made.console.messages.history[-1].text
            (tmp_path / "binary.md").write_bytes(b"\xff\xfe\x00")
            import_file(app.window.panels, tmp_path / "binary.md")
            assert "UTF-8" in made.console.messages.history[-1].text
            good = tmp_path / "mirrors.md"
            good.write_text("---\ntitle: Mirrors\nowner: viewer\nreview_by: 2027-05-01\n---\n- [ ] Look\n")
            import_file(app.window.panels, good)
            dialog = shown(EditDialog)
            assert (dialog.name.text(), dialog.title.text()) == ("mirrors", "Mirrors")
            dialog.submit()
            await until(lambda: made.writes)
            assert json.loads(made.writes[0].body)["slug"] == "mirrors"
            await until(lambda: panel.title.text() == "Mirrors")

    aio(steps())


def test_the_reading_view_loads_nothing(aio: Any, tmp_path: Path) -> None:
    async def steps() -> None:
        secret = tmp_path / "secret.png"
        secret.write_bytes(b"x")
        text = f"- [ ] x\n\n<img src='{secret.as_uri()}'> ![p]({secret.as_uri()}) <script>alert(1)</script>"
        async with opened(tmp_path / "profile", runbooks=[runbook(1, text=text, steps=["x"])]) as (_m, _app, panel):
            panel.open_named("runbook-1")
            await until(lambda: panel.reader.steps == 1)
            assert "<script>alert(1)</script>" in panel.reader.toPlainText()
            kind = QTextDocument.ResourceType.ImageResource
            assert panel.reader.loadResource(kind.value, QUrl(secret.as_uri())) is None

    aio(steps())


def test_a_narrow_dock_shows_one_at_a_time(aio: Any, tmp_path: Path) -> None:
    async def steps() -> None:
        async with opened(tmp_path, runbooks=books()) as (_made, _app, panel):
            assert panel.content.width() < 860
            panel.show_list()
            assert panel.table.isVisible()
            assert not panel.reader.isVisible()
            panel.open_named("runbook-2")
            assert panel.reader.isVisible()
            assert not panel.table.isVisible()
            press(panel, KEY.Key_Escape)
            assert panel.table.isVisible()

    aio(steps())


def test_a_run_of_somebody_else_is_joined(aio: Any, tmp_path: Path) -> None:
    async def steps() -> None:
        found = runbook(1)
        mark = {"step": 1, "doneAt": found["updatedAt"], "doneBy": "ann", "doneByName": "Ann", "note": "it was off"}
        async with opened(tmp_path, runbooks=[found], runs=[run(found, marks=[mark])]) as (_made, _app, panel):
            panel.open_named("runbook-1")
            await until(lambda: "1 of 2 steps done" in panel.progress.text())
            assert "Ann: it was off" in panel.reader.toPlainText()

    aio(steps())


def test_everything_is_down_and_a_runbook_opens(aio: Any, tmp_path: Path, api: Api) -> None:
    """API, database and network are down, the console is started anew: whatever was never looked at is there."""
    made = Desk(api).created(text="Never looked at.\n\n- [ ] Breathe\n- [ ] Call `opsconsole worker`")
    Desk(api).created(slug="other", title="Other")
    keyring, tokens = MemoryKeyring(), asyncio.run(_session(api, "operations-lead"))

    def console() -> Console:
        target = ConnectionTarget(url=api.base_url)
        return Console(tmp_path, target, keyring=keyring)  # type: ignore[arg-type]

    async def before() -> None:
        first = console()
        await first.start()
        await first.session.take(tokens, remember=True)
        await first._after_sign_in()
        library = first.of(Runbooks).library
        library.keep()
        await until(lambda: len(library.texts) == 2, 20)
        await first.close()

    async def after() -> None:
        again = console()
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        app = ConsoleApplication(application, again)
        app.show(1920, 1080)
        await app.furnish()
        app.window.open_workspace("war-room")
        starting = asyncio.create_task(again.start())
        try:
            app.window.open_panel("runbooks")
            panel = app.window.panels.panel("runbooks")
            await until(lambda: panel.table.records.rowCount() == 2, 20)
            panel.open_named(made["slug"])
            await until(lambda: "Never looked at." in panel.reader.toPlainText(), 20)
            assert panel.reader.steps == 2
            await until(lambda: "As they were at" in panel.state.text())
            press(panel, KEY.Key_J)
            press(panel, KEY.Key_Space)
            assert "1 of 2 steps ticked off" in panel.progress.text()
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            app.close()
            await again.close()
            app.window.deleteLater()
            await turns()

    aio(before())
    api.stop()
    aio(after())
