"""What capabilities bring to the window: places, ids that are frozen, panels that are made when they are first seen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from app.alerts.domain import Alerts
from tests.views.office import Office, alert, app_of, charts, office, turns, until
from tests.views.shell.test_window import CTRL, KEY, focus, journey, press
from views.capabilities import CAPABILITIES
from views.kit.capability import HEAD, Capability, ColumnSpec, Home, PanelSpec, WorkspaceSpec
from views.shell.application import ConsoleApplication
from views.shell.palette.sources import find
from views.shell.window.arrangement import BUILT_IN, arrangements

FROZEN = {
    "dashboard.figures": "Figures",
    "dashboard.revenue": "Revenue",
    "dashboard.orders": "Orders and refunds",
    "dashboard.downloads": "Download failure rate",
    "dashboard.community": "Discord members",
    "alerts": "Alerts",
    "runbooks": "Runbooks",
    "incidents.incident": "Incident",
    "incidents.review": "Review",
    "incidents.figures": "Response times",
    "incidents.settings": "Severities and rules",
    "incidents.list": "Incidents",
    "incidents.crew": "Crew, alerts and pages",
    "incidents.timeline": "Incident timeline",
    "sources": "Sources",
    "drilldown": "Rows",
    "triage.queue": "Risk queue",
    "triage.case": "Case",
    "risk.rules": "Rules",
    "risk.backtest": "Backtest",
    "risk.lists": "Lists",
    "privacy.requests": "Privacy requests",
    "privacy.policies": "Policies",
    "privacy.retention": "Retention",
    "privacy.trends": "Consent granted",
    "privacy.consent": "Consent of a person",
    "privacy.request": "Request",
    "privacy.proof": "Step and receipt",
    "access.roles": "Roles",
    "access.approvals": "Approvals",
    "access.assignments": "Assignments",
    "access.oversight": "Reviews and hints",
    "audit": "Audit",
    "mine": "My actions",
    "deliveries.connections": "Connections",
    "deliveries.connection": "Connection",
    "deliveries.letters": "Letters",
    "deliveries.routes": "Who hears of what",
    "launch.count": "Count and verdict",
    "launch.checklist": "Checklist",
    "launch.plans": "Contingency plans",
    "launch.review": "Afterwards",
    "launch.poll": "Go / no-go poll",
    "launch.polls": "Earlier polls",
    "launch.figures": "Bound figures",
    "launch.record": "Record",
    "analytics.plan": "Tracking plan",
    "analytics.governance": "What is collected",
    "analytics.tail": "Live tail",
    "analytics.violations": "Violations",
    "analytics.compare": "Compare",
    "analytics.definition": "Definition",
    "analytics.radius": "Blast radius",
    "analytics.quarantine": "Quarantine",
    "oncall.now": "On call now",
    "oncall.calendar": "Calendar",
    "oncall.schedules": "Rotations",
    "oncall.swaps": "Swap requests",
    "oncall.load": "Load per person",
    "oncall.policies": "Escalation",
    "oncall.pages": "Pages",
    "oncall.feeds": "Calendar feeds",
}
"""Layouts in operators' files are kept under these ids: a panel that goes elsewhere keeps its own."""
PLACES = {
    "war-room": (
        (
            ("dashboard.figures",),
            ("dashboard.revenue",),
            ("dashboard.orders",),
            ("dashboard.downloads",),
            ("dashboard.community",),
        ),
        (("alerts", "runbooks"), ("sources", "incidents.timeline")),
    ),
    "triage": ((("triage.queue", "risk.rules"),), (("triage.case", "risk.backtest", "risk.lists"),)),
    "incidents.room": (
        (("incidents.incident", "incidents.review", "incidents.figures", "incidents.settings"),),
        (("runbooks",), ("incidents.list",), ("incidents.crew",)),
    ),
    "oncall.rosters": (
        (("oncall.now",), ("oncall.calendar", "oncall.schedules"), ("oncall.swaps", "oncall.load")),
        (("oncall.policies",), ("oncall.pages",), ("oncall.feeds",)),
    ),
    "launch.desk": (
        (("launch.checklist", "launch.plans", "launch.review"),),
        (("launch.poll", "launch.polls"), ("launch.figures",), ("launch.record",)),
        (("launch.count",),),
    ),
    "analytics.events": (
        (("analytics.plan", "analytics.governance"), ("analytics.tail",)),
        (("analytics.violations",),),
        (("analytics.compare", "analytics.definition", "analytics.radius"), ("analytics.quarantine",)),
    ),
    "deliveries.systems": (
        (("deliveries.connections",), ("deliveries.letters",)),
        (("deliveries.connection",), ("deliveries.routes",)),
    ),
    "access": (
        (("access.roles",),),
        (("access.approvals", "access.oversight"), ("access.assignments",), ("audit", "mine")),
    ),
    "privacy.desk": (
        (("privacy.requests", "privacy.policies", "privacy.retention"), ("privacy.trends", "privacy.consent")),
        (("privacy.request",), ("privacy.proof",)),
    ),
}
LAZY_AREAS = {
    *("triage", "risk", "access", "audit", "mine", "deliveries", "incidents", "launch", "oncall", "analytics"),
    "privacy",
}
LAZY = [known for known in FROZEN if known.partition(".")[0] in LAZY_AREAS]


def _panels() -> list[PanelSpec]:
    return [panel for each in CAPABILITIES for panel in each.panels]


def test_ids_of_panels_are_frozen_and_their_docks_are_called_as_ever() -> None:
    assert {panel.id: panel.title for panel in _panels() if panel.id in FROZEN} == FROZEN
    ids = [panel.id for panel in _panels()]
    assert len(ids) == len(set(ids))


def test_docks_stand_where_they_always_stood() -> None:
    found = {
        known: tuple(tuple(docks for docks, _ in rows) for rows in BUILT_IN[known].columns_and_head if rows)
        for known in PLACES
    }
    assert found == PLACES
    assert list(BUILT_IN) == list(PLACES), "Ctrl+1…9 by this order"


def test_a_workspace_that_comes_has_an_id_that_no_operators_own_can_have() -> None:
    assert all("." in known for known in BUILT_IN if known not in {"war-room", "triage", "access"})


def test_a_workspace_has_the_badge_of_one_capability() -> None:
    claims: dict[str, str] = {}
    for each in CAPABILITIES:
        if each.badge_of:
            other = claims.setdefault(each.badge_of, each.name)
            assert other == each.name, f"{other} and {each.name} both claim the badge of the workspace {each.badge_of}"
    assert claims.keys() <= BUILT_IN.keys()


def test_a_place_is_in_a_workspace_and_a_column_that_there_are() -> None:
    columns = {spec.id: len(spec.columns) for each in CAPABILITIES for spec in each.workspaces}
    for panel in _panels():
        assert all(HEAD <= home.column < columns[home.workspace] for home in panel.homes), panel.id
    assert [panel.id for panel in _panels() if panel.painted_first] == ["dashboard.figures"]


def test_whoever_is_at_home_in_one_row_shares_it_as_tabs() -> None:
    def made(*_: object) -> Any:
        raise AssertionError("nobody looks at it")

    first = Capability(
        name="first",
        workspaces=(WorkspaceSpec("room.one", "One", "key", (ColumnSpec(900), ColumnSpec(300))),),
        panels=(PanelSpec("behind", "Behind", made, (Home("room.one", 0, 1, 300, tab=1),)),),
    )
    second = Capability(
        name="second",
        panels=(
            PanelSpec("front", "Front", made, (Home("room.one", 0, 1, 400),)),
            PanelSpec("top", "Top", made, (Home("room.one", 0, 0, 200), Home("elsewhere", 0, 0, 1))),
        ),
    )
    columns = arrangements((first, second))["room.one"].columns
    assert [column.docks for column in columns] == [((("top",), 200), (("front", "behind"), 400)), ()]


def test_manifests_load_neither_qt_nor_anything_heavy() -> None:
    script = "import sys, views.capabilities\nprint(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert not set(done.stdout.split()) & {"PySide6", "pydantic", "httpx", "numpy", "pyqtgraph", "backend"}


def test_panels_that_nobody_has_seen_are_not_made_and_their_actions_are_known(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, app: ConsoleApplication) -> None:
        panels = app.window.panels
        assert len(charts(app)) == 4
        assert [known for known in LAZY if panels.made(known) is not None] == []
        actions = {action.id for action in made.console.actions.all()}
        assert {spec.id for each in CAPABILITIES for spec in each.actions} <= actions
        groups = dict(find(app.window, ""))
        for title, disabled in {
            "New draft of rules…": "needs “Manage rules”",
            "Take the chosen role away…": "needs “Manage roles”",
            "Approve the order": "choose an entry first",
        }.items():
            found = {entry.title: entry for entry in dict(find(app.window, title))["Actions"]}
            assert found[title].disabled == disabled
        assert {entry.title for entry in groups["Panels"]} == set(FROZEN.values())
        assert [known for known in LAZY if panels.made(known) is not None] == []  # nor to answer that

    journey(aio, tmp_path, steps)


def test_the_first_use_of_an_action_makes_its_panel_and_runs(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, app: ConsoleApplication) -> None:
        panels = app.window.panels
        assert made.console.actions.execute("triage.filter") is None
        await turns()
        assert app.window.workspaces.active == "triage"
        assert isinstance(focus(), QLineEdit)
        assert panels.made("triage.queue").field is focus()
        assert panels.made("triage.case") is not None  # verdicts stand between the two
        assert panels.made("risk.rules") is None

    journey(aio, tmp_path, steps, me=_may("risk.view_queue", "risk.approve_orders"))


def test_keys_of_a_workspace_work_as_soon_as_it_is_seen(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, app: ConsoleApplication) -> None:
        panels = app.window.panels
        panels.panel("dashboard.figures").tiles[0].setFocus()
        press(KEY.Key_2, CTRL)
        await until(lambda: panels.made("triage.queue") is not None)
        await until(panels.panel("triage.queue").table.hasFocus)
        press(KEY.Key_A)
        assert "Approve the order: choose an entry first." in [m.text for m in made.console.messages.history]
        press(KEY.Key_Slash)
        assert panels.panel("triage.queue").field.hasFocus()
        assert panels.made("risk.rules") is None  # a tab behind the queue

    journey(aio, tmp_path, steps, me=_may("risk.view_queue", "risk.approve_orders"))


def test_whichever_of_queue_and_case_comes_first_the_other_comes_with_it(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        for first, other in (("triage.case", "triage.queue"), ("triage.queue", "triage.case")):
            async with office(tmp_path / first) as made, app_of(made) as app:
                panel = app.window.panels.panel(first)
                then = app.window.panels.made(other)
                assert then is not None
                queue, case = (then, panel) if first == "triage.case" else (panel, then)
                queue.field.setText("not left alone")
                case.field.left.emit()  # the verdicts give the keyboard to the queue
                assert case.entry is None

    aio(run())


def test_rules_ask_for_a_backtest_whichever_was_made_first(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, app: ConsoleApplication) -> None:
        panels = app.window.panels
        rules = panels.panel("risk.rules")
        assert panels.made("risk.backtest") is None
        rules.backtest_asked.emit(None)
        await turns()
        assert app.window.workspaces.active == "triage"
        assert panels.made("risk.backtest").widget.isVisible()

    journey(aio, tmp_path, steps)


def test_alerts_are_counted_in_the_strip_whatever_is_on_the_screen(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with office(tmp_path, alerts=[alert(1), alert(2, severity="P1")]) as made:
            async with app_of(made) as app:
                app.window.open_workspace("access")
            app = _app(made)
            app.show(1440, 900)
            await app.furnish()
            await made.refresh()
            app.window.refresh()
            assert app.window.panels.made("alerts") is None
            shown = {known: pill.text() for known, pill in app.window.strip.counts.items()}
            assert shown == {"p1": "▲ P1  1", "p2": "◆ P2  1", "shelved": "", "incidents": ""}
            assert made.console.of(Alerts).list().watched
            app.window.strip.counts["p1"].click()
            await turns()
            assert app.window.panels.made("alerts").widget.isVisible()
            # What the first picture had hidden is in its place.
            assert app.window.panels.panel("dashboard.figures").widget.isVisible()
            app.close()
            app.window.deleteLater()
            await turns()

    aio(run())


def test_every_panel_can_be_made_and_opened(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, app: ConsoleApplication) -> None:
        for known, title in FROZEN.items():
            app.window.open_panel(known)
            await turns(1)
            widget: QWidget = app.window.panels.panel(known).widget
            assert widget.isVisible(), known
            assert widget.accessibleName() == title, known

    journey(aio, tmp_path, steps)


def _app(made: Office) -> ConsoleApplication:
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance()
    assert isinstance(application, QApplication)
    return ConsoleApplication(application, made.console)


def _may(*permissions: str) -> dict[str, Any]:
    from tests.app.answers import ME

    return {**ME, "permissions": [*ME["permissions"], *permissions]}
