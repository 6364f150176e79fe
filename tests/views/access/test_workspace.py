"""The Access workspace, My actions, the second factor and conflicts: real widgets on a real API."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pyotp
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.access.domain import Access, decide
from app.alerts.domain import change_rule
from app.console import Console
from app.core.connection_target import ConnectionTarget
from app.core.mutation_types import InConflict
from backend.accounts.session.actions import open_session
from backend.audit.relay import stamp
from backend.core.database import Database
from models.accounts import Tokens
from models.alerts import Alert, AlertRule, AlertRuleChange
from tests.app.core.faulty_server import NoKeyring
from tests.conftest import Api
from tests.views.office import shown, turns, until
from views.access.approvals_panel import ApprovalsPanel
from views.access.assignments_panel import AssignmentsPanel
from views.access.grant_dialogs import BreakGlassDialog, DecisionDialog, GrantDialog, ReviewDialog, RevokeDialog
from views.access.oversight_panel import OversightPanel
from views.access.role_dialog import RoleDialog
from views.access.roles_panel import RolesPanel
from views.accounts.second_factor.dialog import CodeDialog, SetUpDialog, ask
from views.kit.dialogs.conflict import ConflictDialog, three_way
from views.kit.theme import Theme
from views.my_actions.panel import MinePanel
from views.shell.window.layouts import Workspaces
from views.shell.window.rail import Rail

KEY = Qt.Key


@asynccontextmanager
async def signed_in(api: Api, role: str, folder: Path, **claims: Any) -> AsyncIterator[Console]:
    """A console whose session is that of a role."""
    console = Console(folder / role, ConnectionTarget(url=api.base_url), keyring=NoKeyring())  # type: ignore[arg-type]
    try:
        await console.start()
        now = datetime.now(UTC)
        tokens = (
            await asyncio.to_thread(lambda: asyncio.run(_session(api, role)))
            if claims.pop("really", False)
            else Tokens(access_token=api.token(role, **claims), expires_at=now + timedelta(minutes=10), as_of=now)
        )
        await console.session.take(tokens, remember=False)
        await console._after_sign_in()
        await until(lambda: console.session.me is not None and console.link.state == "up")
        yield console
    finally:
        await console.close()


@contextmanager
def relaying(api: Api) -> Iterator[None]:
    """What the worker does for the live stream."""
    ended = threading.Event()

    async def relay() -> None:
        database = Database(api.settings.database_url or "", size=2)
        await database.open()
        while not ended.is_set():
            await stamp(database, api.settings)
            await asyncio.sleep(0.05)
        await database.close()

    thread = threading.Thread(target=lambda: asyncio.run(relay()))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(10)


async def _session(api: Api, role: str) -> Tokens:
    """Tokens of a session the server knows, signed in without a second factor."""
    database = Database(api.settings.database_url or "", size=2)
    await database.open()
    async with database.transaction() as tx:
        tokens = await open_session(tx, api.settings, user_id=role, name=role)
    await database.close()
    return tokens


async def put_up(panel: Any, widget: QWidget | None = None) -> QWidget:
    """Show a panel in a window of its own."""
    window: QWidget = widget or panel.widget
    window.resize(1000, 640)
    window.show()
    window.activateWindow()
    panel.set_visible(True)
    await turns()
    return window


def journey(
    aio: Any, api: Api, folder: Path, steps: Callable[[Console], Awaitable[None]], role: str, **claims: Any
) -> None:
    Theme(QApplication.instance()).apply("dark")  # type: ignore[arg-type]

    async def run() -> None:
        async with signed_in(api, role, folder, **claims) as console:
            with relaying(api):
                await steps(console)
            for window in QApplication.topLevelWidgets():
                window.close()
                window.deleteLater()
            await turns()

    aio(run())


def choose(box: Any, data: str) -> None:
    box.setCurrentIndex(box.findData(data))


def assign(api: Api, user: str, role: str) -> dict[str, Any]:
    body = {"userId": user, "roleId": role, "reason": "cover"}
    answer = httpx.post(
        f"{api.base_url}/api/operations/rbac/assign", json=body, headers=api.headers("administrator"), timeout=10
    )
    assert answer.status_code in {201, 202}, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_giving_changing_and_taking_a_role(aio: Any, api: Api, tmp_path: Path) -> None:
    async def steps(console: Console) -> None:
        panel = AssignmentsPanel(console)
        await put_up(panel)
        await until(panel.buttons["grant"].isEnabled)
        assert panel.buttons["revoke"].toolTip() == "choose a row first"
        panel.buttons["grant"].click()
        dialog = shown(GrantDialog)
        dialog.submit()
        assert "Choose a person" in dialog.error
        choose(dialog.person, "viewer")
        choose(dialog.role, "risk-manager")
        assert "waits for one other person" in dialog.consequence.text()
        dialog.submit()
        assert "Say in a few words why" in dialog.error
        choose(dialog.role, "finance-analyst")
        dialog.submit()
        await until(
            lambda: any(a.user_id == "viewer" and a.role_id == "finance-analyst" for a in panel.table.records.rows)
        )
        panel.find.setText("finance")
        rows = panel.table.records.rows
        row = next(n for n, a in enumerate(rows) if a.user_id == "viewer")
        panel.table.selectRow(row)
        assert panel.chosen is not None
        assert panel.chosen.expires_at is not None, "a grant ends unless somebody says otherwise"
        panel.buttons["revoke"].click()
        taking = shown(RevokeDialog)
        taking.submit()
        await until(lambda: not any(a.user_id == "viewer" for a in panel.table.records.rows))
        panel.ended_pill.click()
        await until(lambda: any(a.state == "revoked" for a in panel.table.records.rows))

    journey(aio, api, tmp_path, steps, "administrator")


def test_what_waits_is_approved_by_another_and_seen_by_all(aio: Any, api: Api, tmp_path: Path) -> None:
    async def steps(officer: Console) -> None:
        async with signed_in(api, "administrator", tmp_path) as admin:
            theirs, mine = ApprovalsPanel(officer), ApprovalsPanel(admin)
            await put_up(theirs)
            await put_up(mine)
            await asyncio.to_thread(assign, api, "viewer", "risk-manager")
            await until(lambda: theirs.cards and mine.cards)
            own, other = next(iter(mine.cards.values())), next(iter(theirs.cards.values()))
            assert not own.approve.isEnabled()
            assert own.approve.toolTip() == "you asked for it"
            assert own.withdraw is not None
            assert other.withdraw is None
            assert "risk.publish_rules" in theirs.gained(other.approval)
            assert "operations.view_dashboard" not in theirs.gained(other.approval), "the viewer has that already"
            other.approve.click()
            dialog = shown(DecisionDialog)
            QTest.keyClicks(dialog.words, "agreed")
            dialog.submit()
            await until(lambda: not theirs.cards and not mine.cards)
            assert theirs.empty.isVisibleTo(theirs.widget)
            told = [message.text for message in theirs.console.messages.history]
            assert f"Approved: {other.approval.title}" in told, "what became of it"

    journey(aio, api, tmp_path, steps, "compliance-officer")


def test_the_rail_counts_what_waits_for_me_wherever_i_am(aio: Any, api: Api, tmp_path: Path) -> None:
    async def steps(officer: Console) -> None:
        async with signed_in(api, "administrator", tmp_path) as admin:
            rails = []
            for console in (officer, admin):
                rail, waiting = Rail(), console.badge("access")
                rail.show_workspaces(Workspaces())
                waiting.changed.connect(
                    lambda r=rail, w=waiting: r.show_count("access", w.count, w.words)  # type: ignore[misc]
                )
                rails.append((rail, waiting))
            (theirs, decides), (_, asks) = rails
            access = theirs._items["access"]
            await until(lambda: officer.queries.find("counts").sample is not None)  # type: ignore[union-attr]
            assert (access.count, access.accessibleName()) == (0, "Access")
            await asyncio.to_thread(assign, api, "viewer", "risk-manager")
            await until(lambda: access.count == 1)
            assert access.accessibleName() == "Access, 1 approval waits for you"
            await asyncio.to_thread(assign, api, "viewer", "compliance-officer")
            await until(lambda: access.accessibleName() == "Access, 2 approvals wait for you")
            asked = admin.of(Access).approvals()
            await asked.refresh()
            assert asked.sample is not None
            assert len(asked.sample.value) == 2
            assert asks.count == 0, "what one asked for does not wait for oneself"
            await officer.of(Access).approvals().refresh()
            waits = officer.of(Access).approvals().sample
            assert waits is not None
            await decide(officer.mutations, waits.value[0], approve=True, reason="agreed")
            await until(lambda: access.count == 1)
            await officer.sign_out(lambda _url: None)
            assert (access.count, access.accessibleName()) == (0, "Access")
            decides.close()
            asks.close()

    journey(aio, api, tmp_path, steps, "compliance-officer")


def test_what_one_may_do_follows_the_assignments(aio: Any, api: Api, tmp_path: Path) -> None:
    async def steps(console: Console) -> None:
        panel = RolesPanel(console)
        await put_up(panel)
        await until(lambda: "needs “" in panel._refusal.text())
        assert "such as an administrator" in panel._refusal.text(), "it says whom to ask for a role"
        assert not re.search(r"\b[a-z]+\.[a-z]+_[a-z]+\b", panel._refusal.text()), "no id in place of words"
        assert console.queries._known["roles"].sample is None, "what may not be seen is not asked for"
        assert not panel.content.isVisible()
        await asyncio.to_thread(assign, api, "viewer", "operations-lead")
        await until(lambda: panel.content.isVisible() and panel.matrix.role is not None)
        assert not panel.new.isEnabled()
        assert panel.new.toolTip() == "needs “Manage roles”"

    journey(aio, api, tmp_path, steps, "viewer")


def test_a_role_is_made_and_changed(aio: Any, api: Api, tmp_path: Path) -> None:
    async def steps(console: Console) -> None:
        panel = RolesPanel(console)
        await put_up(panel)
        await until(lambda: panel.matrix.role is not None and panel.new.isEnabled())
        panel.matrix.setFocus()
        for _ in range(3):
            QTest.keyClick(panel.matrix, KEY.Key_Right)
        QTest.keyClick(panel.matrix, KEY.Key_Down)
        assert panel.matrix.accessibleDescription() == "Risk analyst has Operations: view orders"
        panel.new.click()
        dialog = shown(RoleDialog)
        dialog.submit()
        assert dialog.error.startswith("Name:")
        dialog.name.setText("Night watch")
        dialog.permissions.item(2).setCheckState(Qt.CheckState.Checked)
        assert not dialog.sensitive.isChecked()
        dialog.permissions.item(3).setCheckState(Qt.CheckState.Checked)
        assert dialog.sensitive.isChecked()
        assert not dialog.sensitive.isEnabled(), "the permission makes it sensitive"
        dialog.permissions.item(3).setCheckState(Qt.CheckState.Unchecked)
        dialog.sensitive.setChecked(False)
        dialog.submit()
        await until(lambda: any(r.role_id == "night-watch" for r in panel.matrix._roles))
        role = next(r for r in panel.matrix._roles if r.role_id == "night-watch")
        panel._edit(role)
        again = shown(RoleDialog)
        again.submit()
        assert again.error == "Nothing was changed."
        offered = [again.from_roles.item(n) for n in range(again.from_roles.count())]
        assert "Risk manager" in [item.text() for item in offered], "by their names"
        again.description.setText("Watches at night")
        again.submit()
        await until(lambda: any(r.description == "Watches at night" for r in panel.matrix._roles))

    journey(aio, api, tmp_path, steps, "administrator")


def test_broken_glass_is_looked_at_by_another(aio: Any, api: Api, tmp_path: Path) -> None:
    async def steps(admin: Console) -> None:
        panel = AssignmentsPanel(admin)
        await put_up(panel)
        await until(panel.buttons["glass"].isEnabled)
        panel.buttons["glass"].click()
        dialog = shown(BreakGlassDialog)
        choose(dialog.person, "viewer")
        choose(dialog.role, "risk-manager")
        dialog.words.setPlainText("rules must be stopped")
        dialog.submit()
        async with signed_in(api, "compliance-officer", tmp_path) as officer:
            waits, looks = ApprovalsPanel(officer), OversightPanel(officer)
            own = OversightPanel(admin)
            await put_up(waits)
            await put_up(looks)
            await put_up(own)
            await until(lambda: waits.cards)
            next(iter(waits.cards.values())).approve.click()
            shown(DecisionDialog).submit()
            await until(lambda: _button(looks, "Close the review") is not None)
            await until(lambda: _button(own, "Close the review") is not None)
            assert not _button(own, "Close the review").isEnabled()
            _button(looks, "Close the review").click()
            review = shown(ReviewDialog)
            review.words.setPlainText("one rule was stopped")
            review.submit()
            await until(lambda: _button(looks, "Close the review") is None)

    journey(aio, api, tmp_path, steps, "administrator")


def _button(panel: Any, start: str) -> Any:
    from views.kit.widgets.pill import Pill

    found = [p for p in panel.widget.findChildren(Pill) if p.accessibleName().startswith(start)]
    return found[0] if found else None


def test_the_second_factor_is_set_up_on_the_way_and_the_intent_repeated(aio: Any, api: Api, tmp_path: Path) -> None:
    async def steps(console: Console) -> None:
        window = QWidget()
        window.show()
        asked: list[Any] = []

        def open_dialog(question: Any) -> None:
            asked.append(ask(console, question, window, lambda _url: None))

        console.step_up.asked.connect(open_dialog)
        console.step_up.listening = True
        panel = AssignmentsPanel(console)
        await put_up(panel)
        await until(panel.buttons["grant"].isEnabled)
        panel.buttons["grant"].click()
        dialog = shown(GrantDialog)
        choose(dialog.person, "viewer")
        choose(dialog.role, "finance-analyst")
        dialog.submit()
        await until(lambda: asked)
        first = asked[0]
        assert isinstance(first, SetUpDialog)
        first.reject()
        await until(lambda: "second factor cancelled" in dialog.error)
        assert console.mutations.pending == (), "cancelled: nothing happened,"
        assert dialog.role.currentData() == "finance-analyst", "and nothing is lost"
        dialog.submit()
        await until(lambda: len(asked) == 2)
        again = asked[1]
        assert again.password.isHidden(), "this account has none to give again"
        again.submit()
        await until(again.code.isVisible)
        again.code.setText("12345")
        again.submit()
        assert "all six digits" in again.error
        secret = again.findChild(QWidget, "") and next(
            label.text().replace(" ", "") for label in again.findChildren(QWidget) if label.accessibleName() == "Key"
        )
        again.code.setText(pyotp.TOTP(secret).now())
        again.submit()
        await until(lambda: hasattr(again, "recovery") or again.error)
        assert again.error == ""
        assert len(again.recovery.text().split()) == 10
        again.submit()
        await until(
            lambda: any(a.user_id == "viewer" and a.role_id == "finance-analyst" for a in panel.table.records.rows)
        )
        assert console.session.me is not None
        assert console.session.me.second_factor == "set_up"

    journey(aio, api, tmp_path, steps, "administrator", really=True)


def test_a_wrong_code_is_said_and_may_be_typed_again(aio: Any, api: Api, tmp_path: Path) -> None:
    from app.core.errors import Challenge
    from app.core.step_up import StepUpQuestion

    async def steps(console: Console) -> None:
        window = QWidget()
        window.show()
        answered = asyncio.get_running_loop().create_future()
        question = StepUpQuestion("Grant <b>", "words", Challenge("2", 300), answered)
        dialog = CodeDialog(console, question, window)
        dialog.open()
        dialog.submit()
        assert "whole code" in dialog.error
        dialog.code.setText("123456")
        dialog.submit()
        await until(lambda: dialog.error)
        assert dialog.code.text() == "123456"
        dialog.reject()
        assert answered.result() is False

    journey(aio, api, tmp_path, steps, "administrator")


def test_a_conflict_shows_base_mine_and_theirs_and_is_settled(aio: Any, api: Api, tmp_path: Path) -> None:
    draft = {"figure": "downloads.failureRate", "title": "begun", "comparison": "above", "value": 1, "severity": "P4"}
    path = f"{api.base_url}/api/operations/alert-rules"
    answer = httpx.post(path, json=draft, headers=api.headers(), timeout=10)
    rule = AlertRule.model_validate(answer.json())

    async def steps(console: Console) -> None:
        mine = MinePanel(console)
        await put_up(mine)
        theirs = {"title": "theirs", "guidance": "do this"}
        headers = api.headers() | {"If-Match": '"1"'}
        await asyncio.to_thread(httpx.patch, f"{path}/{rule.id}", json=theirs, headers=headers, timeout=10)
        try:
            await change_rule(console.mutations, rule, AlertRuleChange(title="mine"))
        except InConflict as conflict:
            dialog = ConflictDialog(console, conflict.mutation, mine.widget.window())
        dialog.open()
        await until(dialog.mine.isEnabled)
        await until(lambda: [getattr(row, "state", "") for row in mine.table.records.rows] == ["conflict"])
        mine.table.selectRow(0)
        assert mine.buttons["choose"].isEnabled()
        assert mine.buttons["cancel"].toolTip() == "not for what this row waits for"
        dialog.mine.click()
        await until(lambda: not console.mutations.pending)
        now = await asyncio.to_thread(httpx.get, f"{path}/{rule.id}", headers=api.headers(), timeout=10)
        assert (now.json()["title"], now.json()["guidance"]) == ("mine", "do this")
        await until(lambda: [getattr(row, "outcome", "") for row in mine.table.records.rows] == ["done"])

    journey(aio, api, tmp_path, steps, "operations-lead")


def test_three_ways_of_one_record() -> None:
    base = {"title": "a", "value": 1, "enabled": True, "version": 1}
    theirs = {"title": "b", "value": 1, "enabled": True, "version": 2, "updatedBy": "x"}
    rows = three_way(base, {"title": "c", "enabled": False}, theirs)
    assert rows == [("Title", "a", "c", "b"), ("Enabled", "yes", "no", "yes")]


def test_my_actions_keep_what_was_done_with_its_undo(aio: Any, api: Api, tmp_path: Path) -> None:
    async def steps(console: Console) -> None:
        from app.alerts.domain import shelve

        with psycopg.connect(api.owner_url, autocommit=True) as owner:
            row = owner.execute("select id from alert limit 1").fetchone()
        assert row is not None
        panel = MinePanel(console)
        await put_up(panel)
        alert = await console.client.get(f"/api/operations/alerts/{row[0]}", Alert)
        await shelve(console.mutations, alert, datetime.now(UTC) + timedelta(hours=1), "planned")
        await until(lambda: [getattr(row, "outcome", "") for row in panel.table.records.rows] == ["done"])
        panel.table.selectRow(0)
        assert panel.buttons["undo"].isEnabled()
        panel.buttons["undo"].click()
        await until(lambda: [getattr(row, "undone", None) for row in panel.table.records.rows] == [False, True])
        assert (await console.client.get(f"/api/operations/alerts/{row[0]}", Alert)).shelved_until is None
        assert json.loads(panel.table.records.rows[1].undo)["kind"] == "alert.unshelve"

    async def raise_one() -> None:
        from backend.alerts.actions import raise_alert
        from backend.core.database import Database
        from models.alerts import Severity

        database = Database(api.settings.database_url or "")
        await database.open()
        async with database.transaction() as tx:
            await raise_alert(tx, source="test", key="1", title="Something", severity=Severity.P3)
        await database.close()

    asyncio.run(raise_one())
    journey(aio, api, tmp_path, steps, "operations-lead")
