"""The Launch workspace as directors and voters see it: what is seen, what is done, and why not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.core.link import LinkState
from app.launch.domain import Launches
from models.launch.criteria import Evidence
from models.launch.poll import Cause, Choice, VerdictInput, VerdictInputName
from tests.app.core.faulty_server import problem
from tests.views.launch.fixtures import (
    LAUNCH,
    Pad,
    ago,
    ahead,
    all_go,
    clock,
    closed_poll,
    figure,
    launch,
    launch_office,
    me,
    moved,
    status,
    vote,
)
from tests.views.office import Office, app_of, shown, turns, until
from views.kit.theme import current
from views.launch.actions import ACTIONS, CHECKLIST, COUNT, FIGURES, POLL, RECORD, REVIEW
from views.launch.capability import LAUNCH as WORKSPACE
from views.launch.checklist_table import Group, Opened
from views.launch.clock_dialogs import HoldDialog, RecycleDialog, ReleaseDialog
from views.launch.item_dialogs import ChangeItemDialog, ReopenDialog, SignDialog, WaiveDialog
from views.launch.launch_dialogs import NewLaunchDialog, RehearseDialog
from views.launch.poll_dialogs import (
    AskAgainDialog,
    ClosePollDialog,
    DelegateDialog,
    OpenPollDialog,
    OverrideDialog,
    TakeBackDialog,
    VoteDialog,
    causes_words,
)
from views.launch.wording import figure_words, input_words, limit_signs, limit_words, value_words
from views.shell.application import ConsoleApplication

KEY = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier
Steps = Callable[[Office, Pad, ConsoleApplication], Awaitable[None]]


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    current().apply("dark", 1.0)
    yield
    current().apply("dark", 1.0)


def workspace(aio: Any, profile: Path, steps: Steps, **fields: Any) -> None:
    """Run steps in the open workspace, with everything heard."""

    async def run() -> None:
        size, scale = fields.pop("size", (1920, 1080)), fields.pop("scale", 1.0)
        async with launch_office(profile, **fields) as (made, pad), app_of(made, *size, scale=scale) as app:
            app.window.open_workspace(WORKSPACE)
            await until(lambda: app.window.panels.made(RECORD) is not None)
            if made.console.session.may("checklist.view") and pad.launches:  # type: ignore[arg-type]
                launches = made.console.of(Launches)
                await until(lambda: launches.chosen is not None)
                known = launches.chosen
                assert known is not None
                await until(lambda: launches.status(known.launch_id).sample and launches.items(known.launch_id).sample)
            await turns(10)
            await steps(made, pad, app)

    aio(run())


def told(made: Office) -> list[str]:
    return [message.text for message in made.console.messages.history if "clock" not in message.text]


def press(widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    widget.setFocus()
    QTest.keyClick(widget, key, modifier)


def panel(app: ConsoleApplication, panel_id: str) -> Any:
    return app.window.panels.panel(panel_id)


def rows(app: ConsoleApplication) -> list[str]:
    """The checklist: groups in brackets, items by number, what is opened in angles."""
    found = []
    for row in panel(app, CHECKLIST).table.records.rows:
        if isinstance(row, Group):
            found.append(f"[{row.name}{' …' if row.folded else ''}]")
        else:
            found.append(f"<{row.item.number}>" if isinstance(row, Opened) else str(row.number))
    return found


async def answered(app: ConsoleApplication, kind: type[Any]) -> None:
    """Wait until a dialog is closed."""
    await until(lambda: not any(isinstance(w, kind) and w.isVisible() for w in QApplication.topLevelWidgets()))
    app.window.activateWindow()
    await until(app.window.isActiveWindow)


# --- what is seen ----------------------------------------------------------------------------------------------------


def test_the_head_stands_above_both_columns_also_after_a_reset(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Pad, app: ConsoleApplication) -> None:
        def wide() -> list[int]:
            return [panel(app, known).widget.width() for known in (COUNT, CHECKLIST, POLL)]

        assert panel(app, CHECKLIST).table.hasFocus()  # and not the head, which is read
        head, left, right = wide()
        assert head >= left + right
        assert panel(app, COUNT).widget.height() < panel(app, CHECKLIST).widget.height() / 3
        app.console.actions.execute("layout.reset")
        await turns(10)
        assert wide() == [head, left, right]

    workspace(aio, tmp_path, steps)


def test_clock_verdict_and_causes_say_why_it_holds(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Pad, app: ConsoleApplication) -> None:
        head = panel(app, COUNT)
        assert head.clock.accessibleDescription() == (
            "T−01:30:00, HOLDING, 06:12 of a planned 15:00, T−0 at 15:46:25 UTC, resume by 14:11:25"
        )
        assert head.verdict.accessibleDescription().startswith("HOLD – 3 items.")
        assert [line.accessibleName() for line in head.causes] == [
            "Support holds: Chat cover 12:00–20:00 not signed",
            "Risk: GO void: Rule set changed after the vote",
        ]
        assert head.causes[1].link.text() == "and 1 more"
        assert [tile.accessibleDescription() for tile in head.inputs.values()] == [
            "HOLD: 7 of 9 GO",
            "HOLD: 1 due, 12 of 19 signed",
            "GO: 7 of 7 inside",
            "GO: can be proven",
        ]
        assert head.count.accessibleDescription() == "at T−1 h 30, next hold T−15 m"

    workspace(aio, tmp_path, steps)


def test_finished_groups_are_folded_and_what_holds_is_open_in_its_place(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Pad, app: ConsoleApplication) -> None:
        found = rows(app)
        assert "[Content and store pages …]" in found
        assert "9" not in found
        assert found[found.index("17") + 1] == "<17>"
        table = panel(app, CHECKLIST).table
        assert table.at_cursor.key == "k17"
        assert "Not signed when it was due, 13:47 UTC. It holds the launch." in table.details.why.text()
        assert "1. Chat closes at 16:00" in table.details.plan.text()
        table.go_to("k1")
        press(table, KEY.Key_K)
        press(table, KEY.Key_Space)
        assert rows(app)[0] == "[Commerce …]"
        press(table, KEY.Key_Right)
        assert rows(app)[:2] == ["[Commerce]", "1"]
        press(table, KEY.Key_J)
        press(table, KEY.Key_Return)
        assert rows(app)[:3] == ["[Commerce]", "1", "<1>"]
        press(table, KEY.Key_J)
        assert table.at_cursor.key == "k2"  # not the words between them

    workspace(aio, tmp_path, steps)


def test_filters_and_what_an_item_is_judged_by(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Pad, app: ConsoleApplication) -> None:
        it = panel(app, CHECKLIST)
        assert [pill.text() for pill in it.pills.values()] == ["All 19", "Due now 13", "Mine 2", "Not signed 7"]
        assert it.summary.accessibleDescription() == "12 signed, 1 late, 6 not due yet"
        it.pills["Mine"].click()
        assert rows(app) == ["[Support and community]", "16", "17", "<17>"]
        cache = next(each for each in it.desk.items if each.key == "k8")
        assert it.evidence_of(cache) == ("Downloads failed 0.42 %", "4 s", False)
        review = next(each for each in it.desk.items if each.key == "k14")
        assert it.evidence_of(review).words == "no data"

    workspace(aio, tmp_path, steps)


def test_the_roll_call_says_who_holds_and_what_changed(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Pad, app: ConsoleApplication) -> None:
        table = panel(app, POLL).table
        said = [table.records.texts(row) for row in range(table.records.rowCount())]
        assert [words[2] for words in said] == ["GO", "GO", "GO", "HOLD", "GO void", *["GO"] * 4, "not voted"]
        assert said[3][3] == "Chat cover 12:00–20:00 not signed"
        assert (said[4][3], said[4][5]) == ("now other: Rule set", "changed 14:00:09")
        assert said[9][5] == "decides last"
        assert panel(app, POLL).note().text.startswith("round 2, opened 13:57:05 UTC")

    workspace(aio, tmp_path, steps)


def test_figures_have_limits_and_ages_and_say_what_does_not_count(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, _: Pad, app: ConsoleApplication) -> None:
        it = panel(app, FIGURES)
        said = {tile.face.label: tile.accessibleDescription() for tile in it.tiles}
        assert said["Checkout success"] == "98.9 %, min 98.5 %, 4 s old"
        assert said["Licences activated"] == "99.3 %, min 99 %, 3 min old, late"
        assert said["Rule set"] == "42, 41 only, 4 s old, outside"
        made.clock.mono += 3
        it.tick()
        assert it.tiles[0].face.state == "not watched"
        made.clock.mono += 400
        it.tick()
        assert it.tiles[0].face.state == "stale"  # its deadline needs no event

    workspace(aio, tmp_path, steps)


def test_a_lease_that_ends_turns_desk_to_hold_by_itself(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, pad: Pad, app: ConsoleApplication) -> None:
        head = panel(app, COUNT)
        await until(lambda: head.verdict.accessibleDescription().startswith("GO"))
        made.server.answer = lambda _asked: None
        made.clock.mono += 2
        await until(lambda: head.verdict.accessibleDescription().startswith("HOLD – 1 item"))
        assert head.causes[0].accessibleName().startswith("Not watched: Nothing was heard from the server since")
        assert head.inputs["evidence"].accessibleDescription() == "HOLD: 7 of 7 inside"

    workspace(aio, tmp_path, steps, status=all_go())


def test_evidence_that_changes_voids_votes_and_asks_again(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, pad: Pad, app: ConsoleApplication) -> None:
        table = panel(app, POLL).table
        assert panel(app, POLL).next.text() == "Vote as Launch director…"
        pad.status = moved(status(), 1)
        await until(lambda: table.records.texts(4)[2] == "GO void")
        assert panel(app, COUNT).verdict.accessibleDescription().startswith("HOLD – 3 items")
        assert panel(app, POLL).next.text() == "Close the poll…"

    workspace(aio, tmp_path, steps, status=all_go())


# --- what is done ----------------------------------------------------------------------------------------------------


def test_a_vote_is_cast_with_the_keyboard_for_what_was_seen(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, pad: Pad, app: ConsoleApplication) -> None:
        table = panel(app, POLL).table
        press(table, KEY.Key_V)
        dialog = shown(VoteDialog)
        assert dialog.role.currentText() == "Launch director"
        assert "Checkout success: 98.9 %, min 98.5 %, 4 s old" in dialog.figures.text()
        assert dialog.choice is Choice.GO
        await until(dialog.isActiveWindow)
        QTest.keyClick(dialog.choices[Choice.GO], KEY.Key_H, Qt.KeyboardModifier.AltModifier)
        await until(lambda: dialog.choice is Choice.HOLD and dialog.words.hasFocus())
        dialog.submit()
        assert "why" in dialog.error
        QTest.keyClicks(dialog.words, "the mirror is behind")
        QTest.keyClick(dialog.words, KEY.Key_Return, Qt.KeyboardModifier.ControlModifier)
        await answered(app, VoteDialog)
        body = {"role": "launch-director", "choice": "HOLD", "reason": "the mirror is behind", "evidenceVersion": 4}
        assert pad.asked == [("POST", f"/launches/{LAUNCH}/polls/poll-2/votes", body)]
        await until(lambda: table.records.texts(9)[2] == "HOLD")

    workspace(aio, tmp_path, steps, status=all_go())


def test_a_vote_on_what_has_changed_shows_it_and_keeps_the_words(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, pad: Pad, app: ConsoleApplication) -> None:
        press(panel(app, POLL).table, KEY.Key_V)
        dialog = shown(VoteDialog)
        dialog.words.setPlainText("all well here")
        changed = moved(status(), 1)
        changed["poll"]["evidenceVersion"] = 7
        for each in changed["evidence"]:
            each["binds"] = []
        pad.status = changed
        pad.refusal = problem("evidence-changed", 412, "The figures are not as you saw them.")
        dialog.submit()
        await until(lambda: "not as you saw them" in dialog.error)
        assert dialog.words.toPlainText() == "all well here"
        assert not dialog.choices[Choice.GO].isEnabled()
        assert "GO is not possible: not within limits: Rule set." in dialog.why.text()
        assert dialog.choice is None
        pad.refusal = None
        dialog.choices[Choice.NO_GO].click()
        dialog.submit()
        await answered(app, VoteDialog)
        assert pad.asked[-1][2]["evidenceVersion"] == 7

    workspace(aio, tmp_path, steps, status=all_go())


def test_go_is_not_possible_while_nothing_is_watched_but_hold_is(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, _: Pad, app: ConsoleApplication) -> None:
        press(panel(app, POLL).table, KEY.Key_V)
        dialog = shown(VoteDialog)
        assert dialog.choices[Choice.GO].isEnabled()
        made.clock.mono += 5
        await until(lambda: not dialog.choices[Choice.GO].isEnabled())
        assert "not watched" in dialog.choices[Choice.GO].toolTip()
        assert dialog.choices[Choice.HOLD].isEnabled()
        dialog.reject()

    quiet = all_go()
    quiet["validUntil"] = ahead(seconds=1.6)
    workspace(aio, tmp_path, steps, status=quiet)


def test_the_second_factor_is_asked_for_and_the_vote_goes_on(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, pad: Pad, app: ConsoleApplication) -> None:
        step_up = problem(
            "step-up-needed",
            401,
            "A second factor is needed.",
            WWW_Authenticate='Bearer error="insufficient_user_authentication", acr_values="mfa", max_age="300"',
        )
        pad.refusal = step_up
        asked: list[Any] = []
        made.console.step_up.listening = True
        made.console.step_up.asked.connect(asked.append)
        press(panel(app, POLL).table, KEY.Key_V)
        dialog = shown(VoteDialog)
        dialog.submit()
        await until(lambda: asked)
        assert asked[0].title == "Voted GO for Launch director"
        pad.refusal = None
        asked[0].answered.set_result(True)
        await answered(app, VoteDialog)
        assert [each[2]["choice"] for each in pad.asked] == ["GO", "GO"]

    workspace(aio, tmp_path, steps, status=all_go())


def test_a_poll_is_opened_closed_and_a_no_go_gone_against(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, pad: Pad, app: ConsoleApplication) -> None:
        table = panel(app, POLL).table
        assert panel(app, POLL).next.text() == "Open a poll…"
        press(table, KEY.Key_P)
        dialog = shown(OpenPollDialog)
        dialog.question.setText("")
        dialog.submit()
        assert "Ask something" in dialog.error
        dialog.question.setText("GO for T−0?")
        dialog.submit()
        await answered(app, OpenPollDialog)
        assert pad.asked[-1] == ("POST", f"/launches/{LAUNCH}/polls", {"question": "GO for T−0?"})
        against = moved(status(), 1)
        against["rollCall"][3] = vote(3, choice="NO-GO", reason="no chat cover")
        against["verdict"]["word"] = "NO-GO"
        pad.status = against
        await panel(app, POLL).desk.status_query.refresh()
        app.console.actions.execute("launch.override")
        override = shown(OverrideDialog)
        assert override.role.currentText() == "Support lead: no chat cover"
        override.words.setPlainText("the director answers for it")
        override.submit()
        await answered(app, OverrideDialog)
        reason = {"role": "support-lead", "reason": "the director answers for it"}
        assert pad.asked[-1] == ("POST", f"/launches/{LAUNCH}/polls/poll-2/overrides", reason)
        press(table, KEY.Key_P, SHIFT)
        closing = shown(ClosePollDialog)
        QTest.keyClick(closing, KEY.Key_Return)  # Enter closes no poll
        assert len(pad.asked) == 2
        if not closing.isVisible():
            press(table, KEY.Key_P, SHIFT)
            closing = shown(ClosePollDialog)
        closing.words.setPlainText("we go on tomorrow")
        closing.submit()
        await answered(app, ClosePollDialog)
        assert pad.asked[-1][1:] == (
            f"/launches/{LAUNCH}/polls/poll-2/close",
            {"verdict": "NO-GO", "reason": "we go on tomorrow"},
        )

    quiet = all_go(poll=closed_poll(), validUntil=None)
    workspace(aio, tmp_path, steps, status=quiet, size=(1920, 1080))


def test_what_a_poll_ends_with_is_named_and_the_rest_counted() -> None:
    cause = Cause(input=VerdictInputName.POLL, verdict=Choice.HOLD, key="r", title="No vote", detail="Risk", at=None)
    assert causes_words([cause] * 5).count("No vote: Risk") == 5
    assert causes_words([cause] * 8).splitlines()[5:] == ["and 3 more"]


def test_whoever_is_late_or_void_is_asked_again_with_the_keyboard(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, pad: Pad, app: ConsoleApplication) -> None:
        late = next(each for each in panel(app, CHECKLIST).desk.items if each.late_seconds is not None)
        panel(app, CHECKLIST).desk.choose_item(late.key)
        press(panel(app, CHECKLIST).table, KEY.Key_A)
        dialog = shown(AskAgainDialog)
        assert dialog.role.currentData() == late.owner_role
        offered = [dialog.role.itemText(row) for row in range(dialog.role.count())]
        assert "Risk manager: its vote, evidence changed" in offered
        assert not any("Launch director: its vote" in each for each in offered), "the director votes last"
        dialog.role.setCurrentIndex(offered.index("Risk manager: its vote, evidence changed"))
        dialog.submit()
        await answered(app, AskAgainDialog)
        assert pad.asked[-1] == ("POST", f"/launches/{LAUNCH}/reminders", {"role": "risk-manager"})
        pad.told = False
        press(panel(app, POLL).table, KEY.Key_A)
        shown(AskAgainDialog).submit()
        await answered(app, AskAgainDialog)
        assert "was not told: nothing is routed to operations" in told(made)[-1]

    workspace(aio, tmp_path, steps)


def test_a_vote_is_given_away_and_taken_back(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, pad: Pad, app: ConsoleApplication) -> None:
        press(panel(app, POLL).table, KEY.Key_D)
        dialog = shown(DelegateDialog)
        dialog.words.setPlainText("on a train")
        dialog.submit()
        assert "account" in dialog.error
        dialog.person.setCurrentText("m" * 300)
        dialog.submit()
        await until(lambda: "at most" in dialog.error)
        dialog.person.setCurrentText("mara")
        dialog.submit()
        await answered(app, DelegateDialog)
        assert pad.asked[-1][1:] == (
            f"/launches/{LAUNCH}/delegations",
            {"role": "support-lead", "person": "mara", "reason": "on a train"},
        )
        given = {"role": "support-lead", "person": "mara", "personName": "Mara Berg", "by": "lena"}
        pad.launches = [launch(delegations=[{**given, "byName": "Lena Dorn", "reason": "train", "at": ago(minutes=1)}])]
        await panel(app, POLL).desk.launches.list().refresh()
        assert [each.role for each in panel(app, POLL).desk.my_votes()] == ["launch-director"]
        assert app.console.actions.execute("launch.undelegate") is None
        back = shown(TakeBackDialog)
        assert back.role.currentText() == "Support lead, now with Mara Berg"
        back.submit()
        await answered(app, TakeBackDialog)
        assert pad.asked[-1][1:] == (f"/launches/{LAUNCH}/delegations/end", {"role": "support-lead"})

    workspace(aio, tmp_path, steps)


def test_the_count_is_held_resumed_and_recycled(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, pad: Pad, app: ConsoleApplication) -> None:
        table = panel(app, POLL).table
        press(table, KEY.Key_H)
        dialog = shown(HoldDialog)
        dialog.words.setPlainText("mirror 3 is behind")
        dialog.submit()
        assert "goes on" in dialog.error
        dialog.criteria.setPlainText("mirror 3 has caught up")
        dialog.submit()
        await answered(app, HoldDialog)
        held = {"reason": "mirror 3 is behind", "exitCriteria": "mirror 3 has caught up"}
        assert pad.asked[-1] == ("POST", f"/launches/{LAUNCH}/clock/hold", held)
        pad.status = moved(all_go(), 1)
        await panel(app, POLL).desk.status_query.refresh()
        press(table, KEY.Key_R)
        release = shown(ReleaseDialog)
        release.words.setPlainText("all are GO")
        release.submit()
        await answered(app, ReleaseDialog)
        assert pad.asked[-1][1:] == (f"/launches/{LAUNCH}/clock/release", {"hold": 1, "reason": "all are GO"})
        press(table, KEY.Key_R, SHIFT)
        recycle = shown(RecycleDialog)
        recycle.words.setPlainText("again")
        recycle.reading.setCurrentText("0:10:00")
        recycle.submit()
        assert "earlier point" in recycle.error
        recycle.reading.setCurrentText("2:00:00")
        recycle.submit()
        await answered(app, RecycleDialog)
        assert pad.asked[-1][1:] == (f"/launches/{LAUNCH}/clock/recycle", {"reading": -7200.0, "reason": "again"})

    running = clock(
        state="running",
        zeroAt=ahead(seconds=5000),
        reading=-5000,
        hold=None,
        point=None,
        plannedSeconds=None,
        resumeBy=None,
    )
    workspace(aio, tmp_path, steps, status=all_go(clock=running))


def test_items_are_signed_reopened_waived_and_changed_with_the_keyboard(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, pad: Pad, app: ConsoleApplication) -> None:
        table = panel(app, CHECKLIST).table
        press(table, KEY.Key_W)
        waive = shown(WaiveDialog)
        assert waive.words.toPlainText() == "Plan Chat closes at 16:00: "
        waive.words.setPlainText("Plan C-17 is enough")
        waive.submit()
        await answered(app, WaiveDialog)
        assert pad.asked[-1][1] == "/checklist/item-17/waive"
        press(table, KEY.Key_E)
        change = shown(ChangeItemDialog)
        change.submit()
        assert "Nothing was changed" in change.error
        change.url.setText("roster")
        change.submit()
        assert "https://" in change.error
        change.url.setText("https://roster.example/4")
        change.due.setText("1:30:00")
        change.submit()
        await answered(app, ChangeItemDialog)
        assert pad.asked[-1][2] == {
            "due": -5400.0,
            "evidence": [{"label": "Report 17", "url": "https://roster.example/4"}],
        }
        press(table, KEY.Key_S)
        sign = shown(SignDialog)
        sign.words.setPlainText("four names")
        sign.submit()
        await answered(app, SignDialog)
        assert pad.asked[-1] == ("POST", "/checklist/item-17/complete", {"notes": "four names"})
        await until(lambda: "17" in rows(app) and "<17>" not in rows(app))
        press(table, KEY.Key_O)
        reopen = shown(ReopenDialog)
        reopen.submit()
        assert "why" in reopen.error
        reopen.words.setPlainText("one has left")
        reopen.submit()
        await answered(app, ReopenDialog)
        assert pad.asked[-1][1:] == ("/checklist/item-17/reopen", {"reason": "one has left"})

    workspace(aio, tmp_path, steps)


def test_launches_and_rehearsals_are_begun_and_watermarked(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, pad: Pad, app: ConsoleApplication) -> None:
        head = panel(app, COUNT)
        assert not head._mark.isVisible()
        app.console.actions.execute("launch.new")
        dialog = shown(NewLaunchDialog)
        await until(dialog.template.count)
        dialog.submit()
        assert dialog.error == "Give it a title."
        dialog.title.setText("Spring release")
        dialog.zone.setCurrentText("Mars/Olympus")
        dialog.submit()
        assert "time zone" in dialog.error
        dialog.zone.setCurrentText("Europe/Berlin")
        dialog.submit()
        await answered(app, NewLaunchDialog)
        assert pad.asked[-1][2]["shortTitle"] == "Spring release"
        await until(lambda: head.desk.launch_id == "new")
        app.console.actions.execute("launch.rehearse")
        rehearse = shown(RehearseDialog)
        rehearse.reading.setText("soon")
        rehearse.submit()
        assert "written as" in rehearse.error
        rehearse.reading.setText("1:35:00")
        rehearse.submit()
        await answered(app, RehearseDialog)
        await until(lambda: head.desk.launch_id == "rehearsal")
        await until(head._mark.isVisible)
        for known in (CHECKLIST, POLL, FIGURES, RECORD):
            assert panel(app, known)._mark.isVisible()
        await until(lambda: head.note().text.startswith("REHEARSAL · Winter release"))

    workspace(aio, tmp_path, steps)


# --- why not ---------------------------------------------------------------------------------------------------------


def reason(app: ConsoleApplication, action: str) -> str | None:
    actions = app.console.actions
    return actions.reason(actions.get(action))


def test_what_cannot_be_done_says_why(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Pad, app: ConsoleApplication) -> None:
        assert reason(app, "launch.open-poll") == "a poll is open"
        assert reason(app, "launch.release") == "the poll says HOLD: Support holds"
        assert reason(app, "launch.hold") == "the clock stands already"
        assert reason(app, "launch.override") == "nobody has voted NO-GO"
        assert reason(app, "launch.undelegate") == "nobody else votes for a role of yours"
        assert reason(app, "launch.fault") == "faults are injected into rehearsals only; begin one first"
        desk = panel(app, CHECKLIST).desk
        for key, why in (
            ("k15", "Finance analyst signs it: only a holder of that role can"),
            ("k14", "the system judges this item by its figures; nobody signs it"),
            ("k16", "it is signed already"),
        ):
            desk.choose_item(key)
            assert reason(app, "launch.sign") == why
        press(panel(app, CHECKLIST).table, KEY.Key_P)
        assert app.console.messages.history[-1].text == "Open a poll: a poll is open."

    workspace(aio, tmp_path, steps)


def test_whoever_holds_no_role_on_the_roll_cannot_vote(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Pad, app: ConsoleApplication) -> None:
        assert reason(app, "launch.vote") == (
            "you hold no role on the roll of this launch, and nobody has let you vote for theirs"
        )
        assert panel(app, POLL).next.toolTip() == reason(app, "launch.vote")
        assert reason(app, "launch.scrub") is not None

    workspace(aio, tmp_path, steps, me=me("checklist.view", "launch.vote", roles=("risk-analyst",)))


def test_without_the_right_to_see_it_there_is_nothing_to_see(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Pad, app: ConsoleApplication) -> None:
        assert "Checklist: view" in panel(app, CHECKLIST)._refusal.text()

    workspace(aio, tmp_path, steps, me=me("reporting.view_reports"))


def test_without_the_server_the_list_is_readable_notes_queue_and_votes_say_why_not(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, _: Pad, app: ConsoleApplication) -> None:
        made.server.answer = lambda _asked: None
        await panel(app, CHECKLIST).desk.items_query.refresh()
        await until(lambda: made.console.link.state is LinkState.DOWN)
        await turns(10)
        assert "17" in rows(app)
        needs = "needs the link, because it cannot be taken back"
        for action in ("vote", "vote-no-go", "close-poll", "recycle", "scrub", "waive"):
            assert reason(app, f"launch.{action}") == needs
        assert panel(app, POLL).no_go.toolTip() == needs
        table = panel(app, CHECKLIST).table
        table.go_to("k17")
        press(table, KEY.Key_S)
        dialog = shown(SignDialog)
        dialog.words.setPlainText("four names")
        dialog.submit()
        await answered(app, SignDialog)
        assert [each.title for each in made.console.mutations.pending] == [
            "Signed “Chat cover 12:00–20:00 UTC, 4 people”"
        ]

    workspace(aio, tmp_path, steps)


def test_no_launch_says_how_to_begin_one(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Pad, app: ConsoleApplication) -> None:
        await until(lambda: "There is no launch yet" in panel(app, COUNT).state.text())
        assert reason(app, "launch.vote") == "there is no launch"

    workspace(aio, tmp_path, steps, launches=[])


def test_the_record_tells_what_happened_and_is_verified_here(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, pad: Pad, app: ConsoleApplication) -> None:
        it = panel(app, RECORD)
        await until(lambda: len(it.log.lines) > 14)
        words = [line.words for line in it.log.lines]
        assert words[0] == "GO of Risk manager void: Rule set"
        assert "Vote HOLD, Support lead" in words
        assert "Hold: mirror 3 is behind" in words
        assert "Signed 16: Help articles and canned replies live" in words
        await until(lambda: "Its record is kept and sealed." in it.proof.text())
        press(panel(app, CHECKLIST).table, KEY.Key_Y)
        await until(lambda: "Unreadable" in it.proof.text())  # what this server has is no record
        assert made.console.messages.history[-1].text.startswith("Unreadable")

    workspace(aio, tmp_path, steps)


def test_afterwards_planned_stands_beside_actual(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Pad, app: ConsoleApplication) -> None:
        app.window.panels.open_panel(REVIEW)
        it = panel(app, REVIEW)
        await until(lambda: it.review is not None)
        await turns(5)
        for words in ("30:00 later than planned", "Readiness", "25:00", "mirror", "21 min late"):
            assert words in it.text.text()
        assert reason(app, "launch.take-lessons") == "nothing was kept of this launch; open Afterwards to see"

    workspace(aio, tmp_path, steps)


# --- all of it -------------------------------------------------------------------------------------------------------


def test_no_two_actions_have_the_same_key() -> None:
    keys = [action.shortcut for action in ACTIONS if action.shortcut]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("size", [(1440, 900), (1920, 1080)])
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_nothing_is_clipped(aio: Any, tmp_path: Path, size: tuple[int, int], scale: float) -> None:
    async def steps(_: Office, __: Pad, app: ConsoleApplication) -> None:
        from tests.views.shell.test_accessibility import clipped, controls, name, path

        assert clipped(app.window) == []
        assert [path(widget) for widget in controls(app.window) if not name(widget)] == []

    workspace(aio, tmp_path, steps, size=size, scale=scale)


def test_a_time_of_which_there_must_be_none_is_a_gap() -> None:
    def told(seconds: float) -> tuple[str, str, str, str]:
        known = figure("on-call", "On call staffed for 12 h", "On call", seconds, high=0, unit="seconds")
        evidence = Evidence.model_validate(known)
        return (*value_words(evidence), limit_words(evidence), limit_signs(evidence))

    assert told(0) == ("no gap", "", "max 0", "none allowed")
    assert told(2_400)[:2] == ("40 min", "gap")


def test_the_tile_of_the_checklist_says_what_it_counts() -> None:
    def told(good: int, total: int) -> str:
        return input_words(VerdictInput(name=VerdictInputName.CHECKLIST, verdict=Choice.GO, good=good, total=total))

    assert (told(1, 1), told(2, 5), told(0, 0)) == ("nothing due", "3 due", "nothing due yet")


def test_figures_are_written_as_people_read_them() -> None:
    from models.launch.criteria import CriterionUnit as Unit

    said = {
        figure_words(0.989, Unit.RATIO): ("98.9", "%"),
        figure_words(0.0042, Unit.RATIO): ("0.42", "%"),
        figure_words(0.188, Unit.SECONDS): ("188", "ms"),
        figure_words(12.0, Unit.SECONDS): ("12", "s"),
        figure_words(31_260.0, Unit.SECONDS): ("8 h 41", ""),
        figure_words(1_234_500, Unit.MINOR): ("12,345", ""),
        figure_words(42, Unit.VERSION): ("42", ""),
        figure_words(None, Unit.COUNT): ("no data", ""),
    }
    assert all(found == wanted for found, wanted in said.items())
