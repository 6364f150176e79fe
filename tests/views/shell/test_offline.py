"""The API is away when the console starts: every workspace opens, and each panel is readable with its age."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from pydantic import SecretStr
from PySide6.QtWidgets import QApplication, QLabel

from app.console import Console
from app.core.connection_target import ConnectionTarget
from app.core.local_server import LocalServerError
from app.core.mutation import Mutations
from app.core.snapshot import snapshot_path
from backend.core.keys import Key
from backend.core.settings import Settings
from benchmarks.samples import keep_snapshot
from models.core.permissions import Permission
from models.core.personal import NOT_KEPT_OFFLINE
from tests.app.core.faulty_server import MemoryKeyring
from tests.backend.analytics.fixtures import BASE as PLAN
from tests.backend.analytics.fixtures import GOOD, Planner, track
from tests.backend.audit.fixtures import Log
from tests.backend.incidents.fixtures import BASE, LEAD, Response, path_of
from tests.backend.launch.fixtures import Pad
from tests.backend.privacy.fixtures import KEYS
from tests.backend.privacy.fixtures import Desk as Bureau
from tests.backend.risk.orders import RULES, add_lists, publish
from tests.backend.runbooks.fixtures import Desk
from tests.conftest import Api
from tests.views.access.test_workspace import _session, assign, relaying
from tests.views.office import turns
from tests.views.oncall.fixtures import add_rosters
from tests.views.risk.fixtures import fill, until
from tests.views.risk.test_rules_panel import draft, send, worker
from views.risk.rules.dialogs import NewDraftDialog
from views.shell.application import ConsoleApplication
from views.shell.pages.starting import StartingPage
from views.shell.window.arrangement import BUILT_IN
from views.shell.window.state import banner_words

ROLE, OFFICER = "administrator", "compliance-officer"
CUSTOMER = "jane@shop.example"
"""Somebody who asked for their data: nothing of them is on the computer of an operator."""


def words_of(panel: Any) -> str:
    """What a panel says in labels."""
    return "\n".join(label.text() for label in panel.widget.findChildren(QLabel) if label.isVisible())


FILLED: dict[str, Callable[[Any], Any]] = {
    "dashboard.figures": lambda panel: panel.widget.isVisible(),
    "dashboard.revenue": lambda panel: panel.chart is not None,
    "dashboard.orders": lambda panel: panel.chart is not None,
    "dashboard.downloads": lambda panel: panel.chart is not None,
    "dashboard.community": lambda panel: panel.chart is not None,
    "alerts": lambda panel: "Downloads fail" in words_of(panel),
    "runbooks": lambda panel: panel.table.records.rowCount(),
    "sources": lambda panel: panel.table.records.rowCount(),
    "triage.queue": lambda panel: panel.table.records.rowCount(),
    "triage.case": lambda panel: panel.case is not None,
    "risk.rules": lambda panel: panel.versions.records.rowCount() and panel.table.rules.rowCount(),
    "risk.backtest": lambda panel: panel.runs.records.rowCount() and panel.result.isVisible(),
    "risk.lists": lambda panel: panel.lists.records.rowCount(),
    "access.roles": lambda panel: panel.matrix.role is not None,
    "access.approvals": lambda panel: panel.cards,
    "access.oversight": lambda panel: "Nothing to look at." in words_of(panel),
    "access.assignments": lambda panel: panel.table.records.rowCount(),
    "audit": lambda panel: panel.log.entry(0) is not None,
    "mine": lambda panel: "Nothing pending" in words_of(panel),
    "deliveries.connections": lambda panel: panel.table.records.rowCount(),
    "deliveries.connection": lambda panel: panel.bars.accessibleDescription(),
    "deliveries.letters": lambda panel: "No dead letters" in words_of(panel) or "As it was at" in words_of(panel),
    "deliveries.routes": lambda panel: panel.routes is not None,
    "analytics.plan": lambda panel: panel.table.records.rowCount(),
    "analytics.governance": lambda panel: panel.table.records.rowCount(),
    "analytics.tail": lambda panel: panel.table.records.rowCount(),
    "analytics.violations": lambda panel: panel.table.records.rowCount(),
    "analytics.compare": lambda panel: panel.comparison is not None and panel.table.records.rowCount(),
    "analytics.definition": lambda panel: panel.table.records.rowCount(),
    "analytics.radius": lambda panel: panel.radius is not None,
    "analytics.quarantine": lambda panel: panel.table.records.rowCount(),
    "oncall.now": lambda panel: panel.tiles.tiles,
    "oncall.calendar": lambda panel: panel.calendar.rows,
    "oncall.schedules": lambda panel: "Cover" in words_of(panel),
    "oncall.swaps": lambda panel: panel.cards,
    "oncall.load": lambda panel: panel.table.records.rowCount(),
    "oncall.policies": lambda panel: panel.ladder.steps,
    "oncall.pages": lambda panel: panel.listed,
    "oncall.feeds": lambda panel: panel.table.records.rowCount(),
    "incidents.incident": lambda panel: panel.log.table.records.rowCount(),
    "incidents.review": lambda panel: panel.review is not None and panel.items.records.rowCount(),
    "incidents.figures": lambda panel: panel.table.records.rowCount(),
    "incidents.settings": lambda panel: panel.matrix.records.rowCount() and panel.rules.records.rowCount(),
    "incidents.list": lambda panel: panel.table.records.rowCount(),
    "incidents.crew": lambda panel: panel.alerts.records.rowCount() and panel.receipts.records.rowCount(),
    "incidents.timeline": lambda panel: any(lane.entries for lane in panel.axis.lanes),
    "launch.count": lambda panel: panel.verdict.accessibleDescription(),
    "launch.checklist": lambda panel: panel.table.records.rowCount(),
    "launch.plans": lambda panel: "Keep the old one" in words_of(panel),
    "launch.review": lambda panel: "Planned against actual" in words_of(panel),
    "launch.poll": lambda panel: panel.table.records.rowCount(),
    "launch.polls": lambda panel: panel.table.records.rowCount(),
    "launch.figures": lambda panel: panel.tiles,
    "privacy.requests": lambda panel: panel.table.records.rowCount() == 2,
    "privacy.policies": lambda panel: panel.table.records.rowCount(),
    "privacy.retention": lambda panel: panel.rules.records.rowCount() and panel.systems.records.rowCount(),
    "privacy.trends": lambda panel: "Tracking" in words_of(panel),
    "privacy.consent": lambda panel: "Say who is meant" in words_of(panel),
    "privacy.request": lambda panel: "PR-0001" in words_of(panel) and panel.graph.boxes,
    "privacy.proof": lambda panel: "Approval: waits for a person" in words_of(panel),
    "launch.record": lambda panel: panel.log.lines and "Its record is kept and sealed." in words_of(panel),
}
"""Whether a panel of a built-in workspace shows what there is."""
CHARTS = {panel_id for panel_id in FILLED if panel_id.startswith("dashboard.")}
AGED = FILLED.keys() - CHARTS - {"triage.case", "mine", "sources", "privacy.consent"}
"""Those whose title says how old their rows are; the others say it inside, or hold what is this computer's own."""


def panels_of(workspace: str) -> list[str]:
    return [dock for places in BUILT_IN[workspace].columns_and_head for docks, _ in places for dock in docks]


def prepare(api: Api) -> None:
    """A shop in which every panel has something to show."""
    fill(api.owner_url, 12)
    with closing(psycopg.connect(api.owner_url, autocommit=True)) as connection:
        connection.execute(
            "insert into role_assignment (user_id, role_id, granted_by) values (%s, %s, 'test')", (ROLE, OFFICER)
        )
        add_lists(connection)
        publish(connection, RULES)
    made = draft(api)
    send(api, "POST", "/backtests", {"ruleSetId": made["ruleSetId"], "days": 7})
    assign(api, "viewer", "risk-manager")  # waits for somebody's yes
    Desk(api).created()
    add_rosters(api, ROLE)
    add_incident(api)
    add_launch(api)
    add_events(api)
    add_privacy(api)
    hook = {"name": "Orders desk", "settings": {"kind": "webhook", "url": "https://hooks.example/in"}}
    answer = httpx.post(f"{api.base_url}/api/deliveries/connections", json=hook, headers=api.headers(ROLE), timeout=30)
    assert answer.is_success, answer.text


def add_incident(api: Api) -> None:
    """An incident that came back, with an alert, a page, a note and a review begun when it seemed to be over."""
    response = Response(api)
    made = response.done("POST", f"{BASE}/from-alert", {"alertId": response.alert(age=9, title="Downloads fail")})
    path = path_of(made)
    [policy] = response.done("GET", "/api/operations/oncall/policies", by=LEAD)["items"]
    response.done("POST", f"{path}/page", {"policyId": policy["id"], "reason": "The edge is theirs"})
    response.done("POST", f"{path}/notes", {"text": "Edge cache purged in fra2"})
    response.to(made, "resolved", by=LEAD)
    response.done("POST", f"{path}/review")
    due = datetime.now(UTC) + timedelta(days=7)
    rule = {"title": "Downloads fail", "kind": "lasting", "minutes": 10, "group": "downloads", "severity": "SEV3"}
    response.done("POST", f"{BASE}/rules", rule, by=LEAD)
    item = {"title": "A canary in each edge", "owner": LEAD, "dueOn": f"{due:%Y-%m-%d}"}
    response.done("POST", f"{path}/actions", item)
    response.to(made, "mitigated", by=LEAD)


def add_events(api: Api) -> None:
    """An enforced event with a draft that is looked at, something that does not fit it, and something held."""
    planner = Planner(api)
    planner.planned(mode="quarantine")
    planner.follows()
    planner.ingest(track(), track(properties=GOOD | {"total": "nine"}))
    made = planner.draft(properties=[{"name": "order_id", "schema": {"type": "string"}}])
    planner.done("POST", f"{PLAN}/radius", {"eventName": made["eventName"], "version": made["version"]})


def add_privacy(api: Api) -> None:
    """A request whose person is known and one whose is not, a policy, and what somebody said about consent."""
    bureau = Bureau(api)
    policy = {"title": "Privacy", "changes": "Clearer", "url": "https://shop.example/privacy"}
    choice = {"consentType": "tracking", "label": "Measuring"}
    text = {"locale": "en", "title": "May we?", "body": "You may say no.", "choices": [choice]}
    bureau.done("POST", "/policies", policy | {"texts": [text]}, OFFICER)
    consent = {"userId": "c-17", "consentType": "tracking", "status": "granted", "jurisdiction": "gdpr"}
    bureau.done("POST", "/consent", consent, "storefront")
    asked = {"type": "deletion", "userId": "c-17", "email": CUSTOMER, "jurisdiction": "gdpr", "reason": "Forget me"}
    made = bureau.done("POST", "/access-requests", asked, "storefront")
    proof = {"confirmed": True, "method": "document", "evidence": f"A passport, sent from {CUSTOMER}"}
    path = f"/access-requests/{made['requestId']}"
    bureau.done("POST", f"{path}/verify", proof, OFFICER, If_Match=f'"{made["version"]}"')
    bureau.done("POST", "/access-requests", asked | {"type": "access"}, "storefront")


def add_launch(api: Api) -> None:
    """A launch that was polled, with the record that proves it."""
    pad = Pad(api, api.settings)
    launch = pad.launch()
    poll = pad.poll(launch)
    pad.watch()
    verdict = pad.status(launch)["verdict"]["word"]
    pad.done(f"{poll}/close", {"verdict": verdict, "reason": "The rest is asked tomorrow"})
    pad.publish()


@pytest.fixture
def settings(settings: Settings, owner_url: str, tmp_path: Path) -> Settings:
    """Of an API whose audit log is sealed, so that polls have records, and that has keys for what is sealed."""
    folder = tmp_path / "server"
    folder.mkdir()
    keys = Settings(privacy_key=KEYS).privacy_key  # type: ignore[arg-type]
    sealing = {"connection_key": SecretStr(Key.make()), "privacy_key": keys}
    return Log(settings.model_copy(update=sealing), owner_url, folder).settings


@asynccontextmanager
async def app_at(profile: Path, target: ConnectionTarget, keyring: Any) -> AsyncIterator[ConsoleApplication]:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    console = Console(profile, target, keyring=keyring)
    app = ConsoleApplication(application, console)
    try:
        app.show(1900, 1000)
        app.paint_first(application)
        await app.furnish()
        app.window.activateWindow()
        yield app
    finally:
        app.close()
        await console.close()
        app.window.deleteLater()
        await turns()


async def walk(app: ConsoleApplication, look: Callable[[str, Any], Any]) -> None:
    """Open every workspace, and bring each of its panels to the front."""
    seen = set()
    for workspace in BUILT_IN:
        app.window.open_workspace(workspace)
        for panel_id in panels_of(workspace):
            app.window.open_panel(panel_id)
            panel = app.window.panels.panel(panel_id)
            await turns()
            try:
                await until(lambda p=panel, i=panel_id: FILLED[i](p))
            except TimeoutError:
                pytest.fail(f"{panel_id} has nothing: {words_of(panel)}")
            look(panel_id, panel)
            seen.add(panel_id)
    assert seen == FILLED.keys()


@asynccontextmanager
async def signed_in_app(api: Api, profile: Path, keyring: MemoryKeyring) -> AsyncIterator[ConsoleApplication]:
    """A window on the API, with a session that an earlier run left in the keyring."""
    target = ConnectionTarget(url=api.base_url)
    tokens = await asyncio.to_thread(lambda: asyncio.run(_session(api, ROLE)))
    keyring.kept[target.name] = json.dumps({"refresh": tokens.refresh_token})
    async with app_at(profile, target, keyring) as app:
        app.start()
        await until(lambda: app.console.session.confirmed and app.console.figures is not None)
        yield app


async def queue_is_read(app: ConsoleApplication) -> None:
    app.window.open_workspace("triage")
    await until(lambda: FILLED["triage.queue"](app.window.panels.panel("triage.queue")))


@pytest.mark.parametrize("remembered", [True, False], ids=["session remembered", "no session remembered"])
def test_every_workspace_is_readable_with_its_age_while_the_api_is_away(
    aio: Any, api: Api, tmp_path: Path, remembered: bool
) -> None:
    prepare(api)
    keyring, target = MemoryKeyring(), ConnectionTarget(url=api.base_url)

    def look(panel_id: str, panel: Any) -> None:
        note, words = panel.note(), words_of(panel)
        assert "Sign in" not in words, panel_id
        assert "Waiting" not in words, panel_id
        if panel_id in CHARTS - {"dashboard.figures"}:
            assert note.kind != "fresh", panel_id
        if panel_id in AGED:
            assert note.kind == "stale", panel_id
            assert "old" in note.text, panel_id
        if panel_id == "triage.queue":
            assert "As it was at" in words
            assert panel.risk.list.entry(0).customer_id == NOT_KEPT_OFFLINE
        if panel_id == "triage.case":
            assert "As it was at" in words
        if panel_id == "risk.lists":
            assert NOT_KEPT_OFFLINE in words
        if panel_id == "audit":
            assert "without reasons and changes" in words

    async def run() -> None:
        async with signed_in_app(api, tmp_path, keyring) as app:
            await worker(api)
            with relaying(api):
                await walk(app, lambda _id, _panel: None)
        api.stop()
        if not remembered:
            del keyring.kept[target.name]
        async with app_at(tmp_path, target, keyring) as app:
            app.start()
            await until(lambda: app.console.link.state == "down" and app.console.session.me is not None)
            await walk(app, look)
            reason = app.console.write_blocker(Permission.MANAGE_ALERTS)
            assert reason == (None if remembered else "nobody is signed in")

    aio(run())
    assert b"shop.example" not in snapshot_path(tmp_path, target.name).read_bytes()
    for path in (each for each in tmp_path.rglob("*") if each.is_file()):
        assert CUSTOMER.encode() not in path.read_bytes(), path.name


def test_who_signs_out_leaves_nothing_to_read(aio: Any, api: Api, tmp_path: Path) -> None:
    fill(api.owner_url, 3)
    keyring, target = MemoryKeyring(), ConnectionTarget(url=api.base_url)

    async def run() -> None:
        async with signed_in_app(api, tmp_path, keyring) as app:
            await queue_is_read(app)
            await app.console.sign_out()
            assert app.console.session.me is None
        api.stop()
        async with app_at(tmp_path, target, keyring) as app:
            app.start()
            await until(lambda: app.console.link.state == "down")
            app.window.open_workspace("triage")
            queue = app.window.panels.panel("triage.queue")
            await turns(10)
            said = [label.text() for label in queue.widget.parentWidget().findChildren(QLabel) if label.isVisible()]
            assert said == ["Waiting for the server to confirm who is signed in."]
            assert not queue.table.records.rowCount()

    aio(run())


def test_a_server_of_this_computer_that_does_not_start_hides_nothing_that_was_kept(
    aio: Any, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(api.owner_url, 3)
    keyring = MemoryKeyring()
    attempts = list[int]()

    async def broken(*_: Any, **__: Any) -> None:
        attempts.append(1)
        raise LocalServerError("The disk is full.")

    async def run() -> None:
        async with signed_in_app(api, tmp_path, keyring) as app:
            await queue_is_read(app)
        monkeypatch.setattr("app.core.local_server.join_or_start", broken)
        here = ConnectionTarget(data_dir=tmp_path / "data")
        snapshot_path(tmp_path, api.base_url).rename(snapshot_path(tmp_path, here.name))
        keyring.kept[f"{here.name} snapshot"] = keyring.kept[f"{api.base_url} snapshot"]
        async with app_at(tmp_path, here, keyring) as app:
            app.start()
            await until(lambda: app.console.link.state == "down" and app.console.session.me is not None)
            assert app.window.findChild(StartingPage) is None
            assert any("The disk is full." in m.text for m in app.console.messages.history)
            await queue_is_read(app)
            app.window.banner.pressed.emit()
            await until(lambda: len(attempts) == 2)

    aio(run())


def test_a_start_that_hangs_shows_what_was_kept_under_a_banner(
    aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("views.shell.application.SLOW_START", 0.05)
    here = ConnectionTarget(data_dir=tmp_path / "data")
    server = "http://127.0.0.1:1"
    keep_snapshot(tmp_path, server)
    kept = snapshot_path(tmp_path, ConnectionTarget(url=server).name)
    kept.rename(snapshot_path(tmp_path, here.name))

    async def hanging(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("app.core.local_server.join_or_start", hanging)

    async def run() -> None:
        async with app_at(tmp_path, here, MemoryKeyring()) as app:
            assert app.console.figures is not None
            reason = app.console.write_blocker(Permission.MANAGE_ALERTS)
            assert reason == "the console is still connecting", "and nothing claims that a permission is missing"
            app.start()
            await until(app.window.banner.isVisible)
            assert "does not answer yet" in app.window.banner.accessibleName()
            assert app.window.findChild(StartingPage) is None

    aio(run())


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.expects_errors("the console does not start")
def test_a_start_that_fails_in_any_way_says_why_for_as_long_and_is_tried_again(
    aio: Any, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    keyring, attempts, go = MemoryKeyring(), list[int](), list[int]()

    async def broken(self: Mutations) -> None:
        attempts.append(1)
        if not go:
            raise ImportError("a part of it is half imported")

    monkeypatch.setattr("views.shell.application.START_FIRST_PAUSE", 0.02)
    monkeypatch.setattr("views.shell.application.START_LONGEST_PAUSE", 0.02)

    async def run() -> None:
        if kept:
            async with signed_in_app(api, tmp_path, keyring) as app:
                await until(lambda: app.console.figures is not None)
        monkeypatch.setattr(Mutations, "start", broken)
        async with app_at(tmp_path, ConnectionTarget(url=api.base_url), keyring) as app:
            assert (app.console.figures is not None) == kept
            app.start()
            await until(lambda: len(attempts) > 2)
            page = app.window.findChild(StartingPage)
            assert "half imported" in (
                banner_words(app.console)[1]
                if page is None
                else " ".join(label.text() for label in page.findChildren(QLabel))
            )
            assert (page is None) == kept
            go.append(1)
            await until(lambda: app.console.link.state in {"up", "signed_out"})
            tried = len(attempts)
            await turns(20)
            assert len(attempts) == tried, "and it goes on from there"

    aio(run())


def test_a_draft_from_the_palette_says_what_it_begins_with_and_comes_to_the_front(
    aio: Any, api: Api, tmp_path: Path
) -> None:
    prepare(api)

    async def run() -> None:
        async with signed_in_app(api, tmp_path, MemoryKeyring()) as app:
            await until(lambda: app.console.session.confirmed)
            app.console.actions.execute("risk.new-draft")
            dialog = app.window.findChild(NewDraftDialog)
            assert dialog is not None
            said = " ".join(label.text() for label in dialog.findChildren(QLabel))
            assert "Starts as a copy of" in said
            dialog.name.setText("From the palette")
            dialog.submit()
            panel = app.window.panels.panel("risk.rules")
            await until(lambda: panel.draft.one is not None and panel.draft.one.title == "From the palette")
            assert panel.widget.isVisible()

    aio(run())
