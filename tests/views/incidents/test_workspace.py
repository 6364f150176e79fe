"""Incidents as operators work them: from an alert to a published review, by keys, two at once, without the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.console import Console
from app.core.connection_target import ConnectionTarget
from app.incidents.domain import Incidents
from app.incidents.keeping import OpenIncidents
from tests.app.core.faulty_server import MemoryKeyring
from tests.backend.incidents.fixtures import LEAD, RESPONDER, Response
from tests.conftest import Api
from tests.views.access.test_workspace import _session, relaying, signed_in
from tests.views.office import shown, turns, until
from views.alerts.card import AlertCard
from views.incidents.announcing import Announcer
from views.incidents.desk import Desk
from views.incidents.dialogs import (
    CorrectDialog,
    EditDialog,
    MergeDialog,
    MoveDialog,
    NoteDialog,
    OpenDialog,
    TimesDialog,
)
from views.incidents.of_alert import FromAlertDialog
from views.incidents.panel import IncidentPanel
from views.incidents.people_dialogs import AttachDialog, HandOverDialog, JoinDialog, PageDialog
from views.incidents.review_dialogs import ActionDialog, FactorsDialog, VerdictDialog
from views.incidents.review_panel import ReviewPanel
from views.incidents.update_dialog import UpdateDialog
from views.incidents.work import blocker
from views.kit.dialogs.conflict import ConflictDialog
from views.kit.theme import Theme
from views.shell.application import ConsoleApplication

KEY = Qt.Key
PATIENCE = 20.0


@asynccontextmanager
async def window_of(console: Console) -> AsyncIterator[ConsoleApplication]:
    """The whole window on a console."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    app = ConsoleApplication(application, console)
    app.show(1920, 1080)
    await app.furnish()
    app.window.activateWindow()
    try:
        yield app
    finally:
        app.close()
        app.window.deleteLater()
        await turns()


@asynccontextmanager
async def responding(api: Api, folder: Path, role: str = RESPONDER) -> AsyncIterator[ConsoleApplication]:
    """The window of somebody who is signed in."""
    async with signed_in(api, role, folder, really=True) as console, window_of(console) as app:
        yield app


async def room(app: ConsoleApplication) -> IncidentPanel:
    """The Incidents workspace, with an incident in it."""
    app.window.open_workspace("incidents.room")
    await until(lambda: app.window.panels.made("incidents.incident") is not None, PATIENCE)
    panel: IncidentPanel = app.window.panels.panel("incidents.incident")
    await until(lambda: panel.incident is not None, PATIENCE)
    return panel


def run(aio: Any, api: Api, steps: Callable[[], Awaitable[None]]) -> None:
    Theme(QApplication.instance()).apply("dark")  # type: ignore[arg-type]

    async def all_of_it() -> None:
        with relaying(api):
            await steps()

    aio(all_of_it())


def choose_person(box: Any, user_id: str) -> None:
    at = next(n for n in range(box.count()) if box.itemData(n)[0] == user_id)
    box.setCurrentIndex(at)


def texts(panel: IncidentPanel) -> list[str]:
    return [entry.text for entry in panel.log.table.records.rows]


def press(panel: IncidentPanel, key: Qt.Key) -> None:
    panel.log.table.setFocus()
    QTest.keyClick(panel.log.table, key)


def test_from_an_alert_to_a_published_review(aio: Any, api: Api, tmp_path: Path) -> None:
    response = Response(api)
    alert_id = response.alert(title="EU downloads failing")

    async def steps() -> None:
        async with responding(api, tmp_path) as app:
            panels, console = app.window.panels, app.console
            app.window.open_workspace("war-room")
            await until(lambda: any(c.isVisible() for c in app.window.findChildren(AlertCard)), PATIENCE)
            card = next(c for c in app.window.findChildren(AlertCard) if c.isVisible())
            card.setFocus()
            QTest.keyClick(card, KEY.Key_I)
            await until(lambda: isinstance(QApplication.activeModalWidget(), FromAlertDialog), PATIENCE)
            opening = shown(FromAlertDialog)
            await until(lambda: "paged." in opening.consequence.text(), PATIENCE)
            opening.submit()
            panel = await room(app)
            assert panel.incident is not None
            assert (panel.incident.severity, panel.incident.alerts) == ("SEV2", 1)
            await until(lambda: any("Opened as SEV2" in each for each in texts(panel)), PATIENCE)
            # Notes, a role, somebody more, an update, key times.
            press(panel, KEY.Key_N)
            note = shown(NoteDialog)
            QTest.keyClicks(note.words, "Edge cache purged in fra2")
            note.submit()
            await until(lambda: "Edge cache purged in fra2" in texts(panel), PATIENCE)
            press(panel, KEY.Key_H)
            hand = shown(HandOverDialog)
            await until(lambda: hand.person.count() > 1, PATIENCE)
            choose_person(hand.person, RESPONDER)  # who commands may close it
            hand.submit()
            await until(lambda: panel.incident is not None and bool(panel.incident.roles), PATIENCE)
            press(panel, KEY.Key_W)
            join = shown(JoinDialog)
            await until(lambda: join.person.count() > 1, PATIENCE)
            choose_person(join.person, "support-lead")
            QTest.keyClicks(join.words, "knows the customers")
            join.submit()
            await until(lambda: panel.incident is not None and bool(panel.incident.participants), PATIENCE)
            await until(lambda: bool(panel.draft.form.text.toPlainText()), PATIENCE)
            panel.draft.form.text.setPlainText("We are on it.")
            assert panel.draft.form.is_kept
            panel.draft.send()
            await until(lambda: panel.incident is not None and panel.incident.updates == 1, PATIENCE)
            await until(lambda: any("Update 1: We are on it." in each for each in texts(panel)), PATIENCE)
            # It is over, though its alert burns.
            press(panel, KEY.Key_S)
            move = shown(MoveDialog)
            move.status.setCurrentIndex(move.status.count() - 1)
            assert "still burn" in move.warning.text()
            QTest.keyClicks(move.words, "Traffic moved to ams1")
            move.submit()
            await until(lambda: panel.incident is not None and panel.incident.resolved_at is not None, PATIENCE)
            assert "it is closed" in str(blocker(panels, "page"))
            # The review: filled, written, approved by somebody else, published.
            press(panel, KEY.Key_V)
            review: ReviewPanel = panels.panel("incidents.review")
            await until(lambda: review.blocker("begin") is None, PATIENCE)
            review.do("begin")
            await until(lambda: not review._busy, PATIENCE)
            assert not review.problem.words
            await until(lambda: review.review is not None and review.blocker("factors") is None, PATIENCE)
            review.fields["summary"].setPlainText("Signed links ended too early.")
            assert review.blocker("submit") == "save what was typed first"
            review.do("save")
            await until(lambda: review.review is not None and "too early" in review.review.summary, PATIENCE)
            review.do("factors")
            factors = shown(FactorsDialog)
            factors.text.setText("A clock 94 s ahead")
            factors.submit()
            factors.submit()
            await until(lambda: review.review is not None and bool(review.review.factors), PATIENCE)
            review.do("action")
            action = shown(ActionDialog)
            await until(lambda: action.owner.count() > 1, PATIENCE)
            action.title.setText("A canary in each edge")
            choose_person(action.owner, RESPONDER)
            action.submit()
            await until(lambda: review.items.records.rowCount() == 1, PATIENCE)
            await until(lambda: review.blocker("submit") is None, PATIENCE)
            review.do("submit")
            await until(lambda: review.review is not None and review.review.state == "submitted", PATIENCE)
            assert review.blocker("approve") == "you have written a part of it"
            incident_id = panel.desk.incident_id
            async with signed_in(api, LEAD, tmp_path, really=True) as other:
                await approve(other, incident_id)
            await until(lambda: review.blocker("publish") is None, PATIENCE)
            review.do("publish")
            await until(lambda: panel.incident is not None and panel.incident.status == "reviewed", PATIENCE)
            assert console.messages.history

    async def approve(console: Console, incident_id: str) -> None:
        async with window_of(console) as app:
            app.window.panels.shared(Desk).choose(incident_id)
            app.window.open_workspace("incidents.room")
            app.window.open_panel("incidents.review")
            review: ReviewPanel = app.window.panels.panel("incidents.review")
            await until(lambda: review.blocker("approve") is None, PATIENCE)
            review.do("approve")
            shown(VerdictDialog).submit()
            await until(lambda: review.review is not None and review.review.state == "approved", PATIENCE)

    run(aio, api, steps)
    assert response.sql("select condition from alert where id = %s", [alert_id]) == [("breached",)], (
        "nothing is silenced"
    )


def test_an_alert_names_its_incident_and_one_key_shows_it(aio: Any, api: Api, tmp_path: Path) -> None:
    response = Response(api)
    alert_id = response.alert()
    made = response.done("POST", "/api/operations/incidents/from-alert", {"alertId": alert_id})

    async def steps() -> None:
        async with responding(api, tmp_path) as app:
            app.window.open_workspace("war-room")
            await until(lambda: app.console.of(OpenIncidents).of_alert is not None)

            def card() -> AlertCard | None:
                return next(
                    (c for c in app.window.findChildren(AlertCard) if c.isVisible() and "INC" in _said(c)), None
                )

            await until(lambda: card() is not None, PATIENCE)
            found = card()
            assert found is not None
            found.setFocus()
            QTest.keyClick(found, KEY.Key_I)
            await until(lambda: app.window.workspaces.active == "incidents.room", PATIENCE)
            assert app.window.panels.shared(Desk).incident_id == made["incidentId"]

    def _said(card: AlertCard) -> str:
        from views.kit.widgets.pill import Pill

        return " ".join(pill.text() for pill in card.findChildren(Pill))

    run(aio, api, steps)


def test_each_key_opens_what_it_says(aio: Any, api: Api, tmp_path: Path) -> None:
    response = Response(api)
    other = response.open(description="Another")
    response.open()
    response.alert()

    async def steps() -> None:
        async with responding(api, tmp_path) as app:
            panel = await room(app)
            await until(lambda: panel.incident is not None and bool(texts(panel)), PATIENCE)
            for key, kind in (
                (KEY.Key_O, OpenDialog),
                (KEY.Key_E, EditDialog),
                (KEY.Key_T, TimesDialog),
                (KEY.Key_M, MergeDialog),
                (KEY.Key_U, UpdateDialog),
                (KEY.Key_P, PageDialog),
                (KEY.Key_A, AttachDialog),
            ):
                press(panel, key)
                shown(kind).reject()
                await turns()
            press(panel, KEY.Key_J)
            press(panel, KEY.Key_C)
            correct = shown(CorrectDialog)
            QTest.keyClicks(correct.words, "It was fra3")
            correct.submit()
            await until(lambda: any(each.corrections for each in panel.log.table.records.rows), PATIENCE)
            press(panel, KEY.Key_X)
            await until(lambda: any(each.pinned for each in panel.log.table.records.rows), PATIENCE)
            press(panel, KEY.Key_A)
            attach = shown(AttachDialog)
            attach.list.item(0).setCheckState(Qt.CheckState.Checked)
            attach.submit()
            await until(lambda: panel.incident is not None and panel.incident.alerts == 1, PATIENCE)
            press(panel, KEY.Key_M)
            merge = shown(MergeDialog)
            merge.into.setCurrentIndex(merge.into.findData(other["incidentId"]))
            QTest.keyClicks(merge.words, "one cause")
            merge.submit()
            desk = app.window.panels.shared(Desk)
            await until(lambda: desk.incident_id == other["incidentId"], PATIENCE)

    run(aio, api, steps)


def test_bad_input_is_named_at_its_field(aio: Any, api: Api, tmp_path: Path) -> None:
    Response(api).open()

    async def steps() -> None:
        async with responding(api, tmp_path) as app:
            panel = await room(app)
            press(panel, KEY.Key_O)
            opening = shown(OpenDialog)
            opening.submit()
            assert "in a few words" in opening.error
            opening.reject()
            press(panel, KEY.Key_H)
            hand = shown(HandOverDialog)
            hand.person.setEditText("nobody at all")
            hand.submit()
            assert hand.error == "Choose somebody of the list."
            hand.reject()
            press(panel, KEY.Key_E)
            edit = shown(EditDialog)
            edit.submit()
            assert edit.error == "Nothing is different."
            edit.title.clear()
            edit.submit()
            assert edit.error == "It needs a title."
            edit.reject()
            press(panel, KEY.Key_T)
            times = shown(TimesDialog)
            began = times.fields["started_at"][0]
            began.setDateTime(began.dateTime().addDays(1))
            times.submit()
            assert "lies before" in times.error
            times.reject()
            panel.draft.form.text.clear()
            panel.draft.send()
            assert panel.draft.problem.words == "An update needs words."

    run(aio, api, steps)


def test_of_two_who_change_it_at_once_the_second_is_shown_both(aio: Any, api: Api, tmp_path: Path) -> None:
    response = Response(api)
    made = response.open()

    async def steps() -> None:
        async with responding(api, tmp_path) as app:
            panel = await room(app)
            press(panel, KEY.Key_E)
            edit = shown(EditDialog)
            version = response.get(made)["version"]
            path = f"/api/operations/incidents/{made['incidentId']}"
            await asyncio.to_thread(lambda: response.done("PATCH", path, {"title": "Theirs"}, by=LEAD, version=version))
            edit.title.setText("Mine")
            edit.submit()
            await until(lambda: any(d.isVisible() for d in app.window.findChildren(ConflictDialog)), PATIENCE)
            shown(ConflictDialog).reject()
            assert response.get(made)["title"] == "Theirs"

    run(aio, api, steps)


def test_whoever_may_only_look_reads_why(aio: Any, api: Api, tmp_path: Path) -> None:
    Response(api).open()

    async def steps() -> None:
        async with responding(api, tmp_path, "viewer") as app:
            panel = await room(app)
            await until(lambda: bool(texts(panel)), PATIENCE)
            for verb in ("open", "note", "move", "page", "hand-over", "update"):
                assert "needs" in str(blocker(app.window.panels, verb)), verb
            assert not panel.head.buttons["note"].isEnabled()
            assert "needs" in panel.head.buttons["note"].toolTip()
            assert blocker(app.window.panels, "export-md") is None

    run(aio, api, steps)


def test_a_sev1_announces_itself_once_on_every_console(aio: Any, api: Api, tmp_path: Path) -> None:
    response = Response(api)
    response.open(severity="SEV3")

    async def steps() -> None:
        async with responding(api, tmp_path / "a") as one, responding(api, tmp_path / "b", "viewer") as other:
            heard: list[str] = []
            for app in (one, other):
                app.window.panels.shared(Announcer).announced.connect(lambda each: heard.append(each.reference))
                domain = app.console.of(Incidents)
                await until(lambda d=domain: d.open().sample is not None, PATIENCE)
            made = await asyncio.to_thread(lambda: response.open(severity="SEV1", description="Nothing sells"))
            await until(lambda: len(heard) == 2, PATIENCE)
            for app in (one, other):
                assert any("Nothing sells" in message.text for message in app.console.messages.history)
                await until(lambda a=app: made["reference"] in a.window.strip.counts["incidents"].text(), PATIENCE)
                await app.console.of(Incidents).open().refresh()
            assert heard == [made["reference"]] * 2

    run(aio, api, steps)


def test_without_the_server_it_is_read_and_notes_wait(aio: Any, api: Api, tmp_path: Path) -> None:
    """The server goes: the open incident is read in the next run, a note is kept, nobody can be paged."""
    response = Response(api)
    response.open(description="EU downloads failing")
    response.stamped()
    keyring, tokens = MemoryKeyring(), asyncio.run(_session(api, RESPONDER))
    Theme(QApplication.instance()).apply("dark")  # type: ignore[arg-type]

    def console() -> Console:
        return Console(tmp_path, ConnectionTarget(url=api.base_url), keyring=keyring)  # type: ignore[arg-type]

    async def before() -> None:
        first = console()
        await first.start()
        await first.session.take(tokens, remember=True)
        await first._after_sign_in()
        first.of(OpenIncidents).keep()
        domain = first.of(Incidents)
        await until(lambda: domain.open().sample is not None, PATIENCE)
        assert domain.open().sample is not None
        known = domain.open().sample.value[0].incident_id
        await until(lambda: domain.story(known).query.sample is not None, PATIENCE)
        await until(lambda: domain.incident(known).sample is not None, PATIENCE)
        await first.close()

    async def after() -> None:
        again = console()
        async with window_of(again) as app:
            starting = asyncio.create_task(again.start())
            try:
                panel = await room(app)
                await until(lambda: any("Opened as SEV2" in each for each in texts(panel)), PATIENCE)
                await until(lambda: "As it was at" in panel.log.state.text(), PATIENCE)
                assert blocker(app.window.panels, "page") is not None
                await until(lambda: blocker(app.window.panels, "note") is None, PATIENCE)
                press(panel, KEY.Key_N)
                note = shown(NoteDialog)
                QTest.keyClicks(note.words, "Called the data centre")
                note.submit()
                await until(lambda: "1 note waits to be sent" in panel.log.state.text(), PATIENCE)
            finally:
                starting.cancel()
                await asyncio.gather(starting, return_exceptions=True)
                await again.close()

    aio(before())
    api.stop()
    aio(after())
