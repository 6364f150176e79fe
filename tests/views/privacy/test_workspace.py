"""The Privacy workspace: what falls due first, one request with its steps, and who may see whom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from app.privacy.domain import RequestView
from app.privacy.stages import StepState
from tests.views.office import Office, app_of, shown, turns, until
from tests.views.privacy.fixtures import CANARY, VIEWER, Bureau, privacy_office
from tests.views.shell.test_accessibility import clipped, controls, name, path
from tests.views.shell.test_window import focus, press
from views.kit.widgets.pill import Look
from views.privacy.actions import PANELS
from views.privacy.approval_dialogs import ApproveDialog, DenyDialog
from views.privacy.clock_dialogs import ExtendDialog, StopClockDialog
from views.privacy.desk import PrivacyDesk
from views.privacy.intake_dialog import IntakeDialog
from views.privacy.package_dialog import PackageDialog
from views.privacy.person_dialog import PersonDialog
from views.privacy.policy_dialogs import CampaignDialog, OutstandingDialog
from views.privacy.request_dialogs import CloseDialog, LinkDialog, VerifyDialog
from views.privacy.request_table import Col
from views.privacy.retention_dialog import RetentionDialog
from views.privacy.step_dialogs import CompleteDialog, SkipDialog, SwitchDialog
from views.shell.application import ConsoleApplication
from views.shell.palette.sources import find

KEY, SHIFT = Qt.Key, Qt.KeyboardModifier.ShiftModifier
DESK = "privacy.desk"
Steps = Callable[[Office, Bureau, ConsoleApplication, PrivacyDesk], Any]


def walk(aio: Any, profile: Path, steps: Steps, *permissions: str, size: tuple[int, int] = (1920, 1080)) -> None:
    """Open the workspace and do something there."""

    async def run() -> None:
        async with privacy_office(profile, *permissions) as (made, bureau), app_of(made, *size) as app:
            app.window.open_workspace(DESK)
            desk = app.window.panels.panel("privacy.requests").desk
            await until(lambda: desk.requests and desk.figures is not None)
            await until(lambda: desk.detail is not None)
            app.window.panels.panel("privacy.requests").table.setFocus()
            await steps(made, bureau, app, desk)

    aio(run())


async def choose(desk: PrivacyDesk, request_id: str, step: str = "") -> None:
    """Look at a request, once all of it was heard."""
    desk.choose(request_id)
    graph = desk.privacy.graph(request_id)
    await until(lambda: desk.detail is not None and graph.sample is not None)
    if step:
        desk.choose_step(step)
    await turns()


async def back(app: ConsoleApplication) -> None:
    """With the keyboard in the list, after a dialog."""
    await until(lambda: QApplication.activeModalWidget() is None)
    app.window.activateWindow()
    table = app.window.panels.panel("privacy.requests").table
    table.setFocus()
    await until(table.hasFocus)


def words_of(app: ConsoleApplication) -> str:
    """All that stands in labels of the window and its dialogs."""
    return "\n".join(label.text() for label in app.window.findChildren(QLabel))


def last_words(made: Office) -> str:
    return made.console.messages.history[-1].text


def test_what_falls_due_first_stands_first_and_keys_move_as_in_triage(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, bureau: Bureau, app: ConsoleApplication, desk: PrivacyDesk) -> None:
        panel = app.window.panels.panel("privacy.requests")
        listed = [row.reference for row in panel.table.records.rows]
        assert listed == [f"PR-{n:04}" for n in range(1, 10)]
        assert panel.tabs[RequestView.OPEN].text() == "Open 9"
        assert panel.tabs[RequestView.MINE].text() == "Mine 4"
        assert "4</b> past internal date" in panel.late.text()
        first = panel.table.records.texts(0)
        assert first[Col.LEGAL] == "1 d 02 h left, 25 Nov 16:26"
        assert first[Col.INTERNAL] == "8 d late, 15 Nov"
        assert desk.request_id == "request-1"
        press(KEY.Key_J)
        press(KEY.Key_J)
        assert desk.request_id == "request-3"
        press(KEY.Key_K)
        assert desk.request_id == "request-2"
        await until(lambda: desk.nodes)
        request = app.window.panels.panel("privacy.request")
        assert request.title.text() == "Erasure PR-0002, GDPR"
        assert request.chip._look is Look.FILLED
        panel.tabs[RequestView.CLOSED].click()
        await until(lambda: panel.table.records.rowCount() == 3)
        assert panel.table.records.texts(2)[Col.STATE] == "Same as PR-0009"
        assert bureau.writes == []

    walk(aio, tmp_path, steps)


def test_one_step_is_tried_again_and_no_other(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, bureau: Bureau, app: ConsoleApplication, desk: PrivacyDesk) -> None:
        await choose(desk, "request-2")
        assert desk.step is not None
        assert desk.step.state is StepState.FAILED, "the one that needs somebody"
        proof = app.window.panels.panel("privacy.proof")
        await until(lambda: proof.step.table.records.rowCount() == 3)
        assert "dead letter" in proof.step.words.text()
        press(KEY.Key_R)
        await until(lambda: bureau.writes)
        assert bureau.writes == [("POST", "/access-requests/request-2/nodes/node-5/retry", None)]
        await choose(desk, "request-2", "node-2")
        press(KEY.Key_R)
        assert last_words(made) == "Retry the step: only a step that failed or waits is tried again."

    walk(aio, tmp_path, steps)


def test_arrow_keys_go_from_step_to_step(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, _bureau: Bureau, app: ConsoleApplication, desk: PrivacyDesk) -> None:
        await choose(desk, "request-2")
        graph = app.window.panels.panel("privacy.request").graph
        graph.setFocus()
        assert graph.at == "node-5"
        for key, at in (
            (KEY.Key_Down, "node-6"),
            (KEY.Key_Down, "node-6"),
            (KEY.Key_Up, "node-5"),
            (KEY.Key_Left, "node-1"),
            (KEY.Key_Left, "approval"),
            (KEY.Key_Left, "identity"),
            (KEY.Key_Left, "identity"),
        ):
            QTest.keyClick(graph, key)
            assert graph.at == at, key
        desk.choose_step("node-5")
        QTest.keyClick(graph, KEY.Key_Right)
        assert graph.at in {"node-7", "node-8", "node-9"}
        desk.choose_step("identity")
        assert graph.accessibleDescription() == "Identity, done, Knew their order, 29 Oct 14:02"

    walk(aio, tmp_path, steps)


@pytest.mark.parametrize("size", [(1920, 1080), (1440, 900)])
def test_every_step_has_its_place_in_the_drawing(aio: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    async def steps(_: Office, bureau: Bureau, app: ConsoleApplication, desk: PrivacyDesk) -> None:
        one = bureau.nodes["request-2"][1]
        many = [{**one, "nodeId": f"more-{n}", "name": f"more-{n}", "title": f"System {n}"} for n in range(9)]
        bureau.nodes["request-2"] += many
        await choose(desk, "request-2")
        graph = app.window.panels.panel("privacy.request").graph
        assert len(graph.boxes) == len(graph.steps) == 20
        boxes = list(graph.boxes.values())
        assert all(graph.rect().contains(box.toAlignedRect()) for box in boxes)
        assert not any(a.intersects(b) for n, a in enumerate(boxes) for b in boxes[n + 1 :])

    walk(aio, tmp_path, steps, size=size)


def test_support_sees_how_far_a_request_is_and_not_whose(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, bureau: Bureau, app: ConsoleApplication, desk: PrivacyDesk) -> None:
        await choose(desk, "request-2")
        request = app.window.panels.panel("privacy.request")
        assert request.hidden.text() == "Names are shown to compliance only"
        assert not request.reveal.isVisible()
        for key, action in ((KEY.Key_W, "See who the request is from"), (KEY.Key_R, "Retry the step")):
            press(key)
            assert last_words(made).startswith(f"{action}: needs “")
        app.window.open_panel("privacy.consent")
        await turns()
        said = words_of(app)
        assert "This needs “View personal data”" in said
        assert CANARY not in said
        assert bureau.writes == []

    walk(aio, tmp_path, steps, *VIEWER)


def test_a_purpose_is_asked_for_before_anybody_sees_who_it_is(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, bureau: Bureau, app: ConsoleApplication, desk: PrivacyDesk) -> None:
        await choose(desk, "request-2")
        press(KEY.Key_W)
        dialog = shown(PersonDialog)
        dialog.submit()
        assert "audit log" in dialog.error
        assert bureau.writes == []
        dialog.purpose.setText("to answer PR-0002")
        dialog.submit()
        await until(lambda: dialog.found is not None)
        assert CANARY in dialog.lines.text()
        assert bureau.writes == [("POST", "/access-requests/request-2/person", {"purpose": "to answer PR-0002"})]
        dialog.reject()
        await until(lambda: CANARY not in words_of(app))

    walk(aio, tmp_path, steps)


def test_a_persons_consent_is_looked_up_proved_and_gone(
    aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: dict[str, bytes] = {}
    monkeypatch.setattr(
        "views.privacy.consent_panel.save", lambda name, data: saved.update({name: data}) or tmp_path / name
    )

    async def steps(made: Office, bureau: Bureau, app: ConsoleApplication, _desk: PrivacyDesk) -> None:
        press(KEY.Key_L)
        panel = app.window.panels.panel("privacy.consent")
        await until(lambda: focus() is panel.user_id)
        panel.user_id.setText("c-17")
        panel.look()
        assert "audit log" in panel.words.text()
        panel.purpose.setText("they asked on the telephone")
        panel.look()
        await until(lambda: panel.found is not None)
        assert panel.words.text().startswith("Marketing: withdrawn since 25 Oct 2026; Tracking: granted since")
        assert [panel.table.records.texts(n)[2] for n in range(3)] == ["granted", "withdrawn", "granted"]
        panel.table.setCurrentIndex(panel.table.records.index(0, 0))
        panel.receipt.click()
        await until(lambda: saved)
        assert saved == {"consent-consent-1.receipt": f"signed for {CANARY}".encode()}
        assert bureau.writes[-1][2] == {"purpose": "they asked on the telephone"}
        app.window.open_panel("privacy.trends")
        await until(lambda: panel.found is None)
        assert panel.user_id.text() == ""
        assert panel.table.records.rowCount() == 0
        assert made.console.messages.history

    walk(aio, tmp_path, steps)


def test_an_erasure_is_approved_by_somebody_else(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, bureau: Bureau, app: ConsoleApplication, desk: PrivacyDesk) -> None:
        await choose(desk, "request-1")
        await until(lambda: desk.approval is not None)
        press(KEY.Key_Q)
        assert last_words(made) == "Ask for approval of the erasure: Mei Tanaka has asked for it already."
        press(KEY.Key_A, SHIFT)
        shown(DenyDialog).reject()
        await back(app)
        press(KEY.Key_A)
        dialog = shown(ApproveDialog)
        dialog.submit()
        await until(lambda: bureau.writes)
        await back(app)
        (write,) = bureau.writes
        assert write[:2] == ("POST", "/approvals/approval-1/decision")
        assert write[2]["decision"] == "approve"
        bureau.approvals[0]["objection"] = "you asked for it yourself"
        await desk.privacy.approvals().refresh()
        press(KEY.Key_A)
        assert last_words(made) == "Approve the erasure: you asked for it yourself."

    walk(aio, tmp_path, steps)


def test_a_package_is_looked_through_before_it_is_released(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, bureau: Bureau, app: ConsoleApplication, desk: PrivacyDesk) -> None:
        await choose(desk, "request-4")
        press(KEY.Key_P)
        dialog = shown(PackageDialog)
        assert not dialog.release_button.isEnabled()
        assert dialog.release_button.toolTip() == "look through it first"
        dialog.purpose.setText("to look it through")
        dialog.submit()
        await until(lambda: dialog.preview is not None and not dialog.is_busy)
        rows = [dialog.table.records.rows[n] for n in range(dialog.table.records.rowCount())]
        assert [(row.row, row.name) for row in rows] == [(0, "orderId"), (0, "email"), (1, "orderId"), (1, "note")]
        dialog.table.setCurrentIndex(dialog.table.records.index(3, 0))
        QTest.keyClick(dialog.table, KEY.Key_Space)
        assert dialog.leave_out.text() == "Leave 1 field out"
        assert dialog.release_button.toolTip() == "leave the marked fields out first"
        dialog.leave_out.click()
        await until(lambda: len(bureau.writes) == 3 and not dialog.is_busy)
        chosen = {"nodeId": "node-3", "row": 1, "field": "note"}
        assert bureau.writes[1] == ("POST", "/access-requests/request-4/package/redact", {"redactions": [chosen]})
        assert dialog.release_button.isEnabled()
        dialog.release_button.click()
        await until(lambda: len(bureau.writes) == 4)
        assert bureau.writes[3] == ("POST", "/access-requests/request-4/package/release", None)
        await until(lambda: CANARY not in words_of(app))

    walk(aio, tmp_path, steps)


def test_what_would_be_deleted_is_said_before_a_rule_is_switched_on(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, bureau: Bureau, app: ConsoleApplication, _desk: PrivacyDesk) -> None:
        app.window.open_panel("privacy.retention")
        panel = app.window.panels.panel("privacy.retention")
        await until(lambda: panel.register is not None)
        assert panel.rules.records.texts(0)[2] == "would delete 1,204 rows"
        assert panel.systems.records.rowCount() == 3
        made.console.actions.execute("privacy.retention")
        dialog = shown(RetentionDialog)
        assert "would delete 1,204 rows" in words_of(app)
        dialog.words.setPlainText("as the register says")
        dialog.submit()
        await until(lambda: bureau.writes)
        said = {"enabled": True, "expected": 1204, "reason": "as the register says"}
        assert bureau.writes == [("PUT", "/retention/consent.log", said)]

    walk(aio, tmp_path, steps)


def test_people_are_asked_to_acknowledge_a_policy(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, bureau: Bureau, app: ConsoleApplication, _desk: PrivacyDesk) -> None:
        app.window.open_panel("privacy.policies")
        panel = app.window.panels.panel("privacy.policies")
        await until(lambda: panel.chosen is not None)
        assert panel.table.records.texts(0)[3:6] == ("41", "119", "26 %")
        made.console.actions.execute("privacy.campaign")
        dialog = shown(CampaignDialog)
        assert "119 people" in dialog.windowTitle()
        dialog.submit()
        await until(lambda: bureau.writes)
        assert bureau.writes == [("POST", "/policies/2/campaign", None)]
        await until(lambda: QApplication.activeModalWidget() is None)
        made.console.actions.execute("privacy.outstanding")
        people = shown(OutstandingDialog)
        people.purpose.setText("to see who they are")
        people.submit()
        await until(lambda: people.people)
        assert people.table.records.texts(0)[1] == CANARY
        people.reject()
        panel.table.setCurrentIndex(panel.table.records.index(1, 0))
        assert panel.campaign_blocker() == "everybody has acknowledged it"

    walk(aio, tmp_path, steps)


def test_all_runs_are_paused_and_everybody_sees_it(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, bureau: Bureau, app: ConsoleApplication, desk: PrivacyDesk) -> None:
        await until(lambda: desk.switch is not None)
        made.console.actions.execute("privacy.pause-all")
        dialog = shown(SwitchDialog)
        dialog.words.setPlainText("the shop moves")
        dialog.submit()
        await until(lambda: bureau.writes)
        assert bureau.writes == [("PUT", "/runs", {"paused": True, "reason": "the shop moves"})]
        await until(lambda: desk.figures is not None and desk.figures.paused_all)
        assert app.window.panels.panel("privacy.requests").paused.isVisible()

    walk(aio, tmp_path, steps)


@pytest.mark.parametrize(
    ("key", "request_id", "step", "kind"),
    [
        (KEY.Key_V, "request-3", "", VerifyDialog),
        (KEY.Key_X, "request-3", "", CloseDialog),
        (KEY.Key_D, "request-3", "", LinkDialog),
        (KEY.Key_H, "request-3", "", StopClockDialog),
        (KEY.Key_E, "request-2", "", ExtendDialog),
        (KEY.Key_N, "request-2", "", IntakeDialog),
        (KEY.Key_S, "request-2", "node-5", SkipDialog),
        (KEY.Key_M, "request-2", "node-6", CompleteDialog),
    ],
)
def test_keys_open_what_is_decided_with_reasons(
    aio: Any, tmp_path: Path, key: Qt.Key, request_id: str, step: str, kind: type[Any]
) -> None:
    async def steps(_: Office, bureau: Bureau, app: ConsoleApplication, desk: PrivacyDesk) -> None:
        await choose(desk, request_id, step)
        press(key)
        dialog = shown(kind)
        assert bureau.writes == []
        dialog.submit()  # without words
        assert dialog.error
        dialog.reject()
        assert bureau.writes == []
        assert app.window.isVisible()

    walk(aio, tmp_path, steps)


def test_a_request_is_taken_and_given_back(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, bureau: Bureau, _app: ConsoleApplication, desk: PrivacyDesk) -> None:
        await choose(desk, "request-3")
        press(KEY.Key_C)
        await until(lambda: bureau.writes)
        assert bureau.writes[0][2] == {"owner": "jonas"}
        await choose(desk, "request-2")
        press(KEY.Key_C)
        await until(lambda: len(bureau.writes) == 2)
        assert bureau.writes[1][2] == {"owner": None}

    walk(aio, tmp_path, steps)


def test_a_request_is_found_by_its_reference(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, _bureau: Bureau, app: ConsoleApplication, desk: PrivacyDesk) -> None:
        press(KEY.Key_Slash)
        panel = app.window.panels.panel("privacy.requests")
        assert panel.field.hasFocus()
        panel.field.setText("PR-0021")
        press(KEY.Key_Return)
        await until(lambda: desk.request is not None and desk.request.reference == "PR-0021")
        press(KEY.Key_Slash)
        panel.field.setText("PR-0099")
        press(KEY.Key_Return)
        await until(lambda: last_words(made) == "There is no request PR-0099.")
        entries = dict(find(app.window, "PR-0004"))["Privacy requests"]
        assert [entry.title for entry in entries] == ["Access PR-0004"]

    walk(aio, tmp_path, steps)


@pytest.mark.parametrize(("scale", "size"), [(1.0, (1440, 900)), (2.0, (1920, 1080))])
def test_nothing_is_cut_and_everything_has_a_name(
    aio: Any, tmp_path: Path, scale: float, size: tuple[int, int]
) -> None:
    async def run() -> None:
        async with privacy_office(tmp_path) as (made, _), app_of(made, *size, scale=scale) as app:
            app.window.open_workspace(DESK)
            desk = app.window.panels.panel("privacy.requests").desk
            await until(lambda: desk.requests and desk.figures is not None)
            await choose(desk, "request-2")
            for panel_id in PANELS:
                app.window.open_panel(panel_id)
                await turns(5)
                panel = app.window.panels.panel(panel_id)
                assert [path(w) for w in controls(panel.widget) if not name(w)] == [], panel_id
                assert clipped(panel.widget) == [], panel_id

    aio(run())
