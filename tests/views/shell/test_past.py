"""While a past instant is looked at, whatever stands on the screen belongs to it or is greyed with the words for that.

A walk over every panel of every workspace, so that a panel of tomorrow is in it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

from app.alerts.domain import Alerts
from app.core.timeframe import NOT_KEPT
from models.core.permissions import Permission
from tests.app.answers import AS_OF, ME, dashboard
from tests.app.core.faulty_server import Asked, http, problem
from tests.views.incidents.test_axis import incident as an_incident
from tests.views.office import Office, alert, app_of, charts, office, order, turns, until
from views.alerts.wall_bar import AlertBar
from views.dashboard.capability import FIGURES, ROWS, WAR_ROOM
from views.incidents.desk import Desk
from views.kit.theme import current
from views.shell.application import ConsoleApplication
from views.shell.wall import WallView
from views.shell.window.rail import RailItem

OPEN, CLOSED = "incident-of-today", "incident-that-is-over"
THEN = (AS_OF - timedelta(days=3)).replace(second=0)
LIVE_TITLE, OLD_TITLE = "Trouble of today", "Trouble of that day"
TIMELESS = (
    *("/session", "/rbac/me", "/stream"),
    *("/operations/incidents?", f"/operations/incidents/{OPEN}", "/operations/oncall/pages?", "/operations/runbooks?"),
)
"""What a console may ask whatever it looks at: about itself; what calls somebody now, since a SEV1 is announced and a
page is answered from anywhere; and what it keeps for when the server is away: runbooks, and what is open."""


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    current().apply("dark", 1.0)


def of_then() -> dict[str, Any]:
    """The dashboard of the past instant: nothing in it is what it is now."""
    found = dashboard(THEN)
    found["downloads"] = {"total": 1234, "failureRate": 0.0012}
    found["orders"] = {"total": 77, "refunded": 7, "pending": 1}
    found["states"] |= {"downloads.failureRate": "normal"}
    found["alerts"] = [found["alerts"][0] | {"id": "b1", "title": OLD_TITLE, "severity": "P1"}]
    for name in ("revenue", "orders", "refunds", "failureRate", "discordMembers"):
        found["series"][name] = [value * 2 for value in found["series"][name]]
    return found


def incident(incident_id: str, **more: Any) -> dict[str, Any]:
    """An incident of today as the server gives it."""
    return an_incident(incidentId=incident_id, title=LIVE_TITLE, **more).model_dump(mode="json", by_alias=True)


class PastOffice:
    """An office that answers of now, and something else of the instant."""

    def __init__(self, made: Office) -> None:
        self._made = made
        made.server.answer = self.answer
        self.dashboard: dict[str, Any] | None = of_then()
        self.alerts = [
            alert(7, title=OLD_TITLE, severity="P1", raisedAt=(THEN - timedelta(minutes=9)).isoformat()),
            alert(8, title=OLD_TITLE, shelvedUntil=(THEN + timedelta(hours=1)).isoformat(), shelveReason="Known."),
        ]

    def _incidents(self, path: str) -> bytes:
        """One is open, and another was chosen to be looked at."""
        opened, over = incident(OPEN), incident(CLOSED, status="resolved", resolvedAt=AS_OF.isoformat())
        match path.partition("/operations/incidents")[2].strip("/").split("/"):
            case [""]:
                return http({"items": [opened], "nextCursor": None, "asOf": AS_OF.isoformat()})
            case [known]:
                return http(opened if known == OPEN else over, ETag='"1"')
        return problem("not-found", 404, "Not in this office.")

    def answer(self, asked: Asked) -> bytes | None:
        url = urlsplit(asked.path)
        then = parse_qs(url.query).get("asOf") == [THEN.isoformat()]
        if then and url.path.endswith("/alerts"):
            states = parse_qs(url.query)["state"]
            items = [a for a in self.alerts if ("shelved" if "shelvedUntil" in a else a["state"]) in states]
            return http({"items": items, "nextCursor": None, "asOf": THEN.isoformat()})
        if then and url.path.endswith("/dashboard"):
            return None if self.dashboard is None else http(self.dashboard)
        if url.path.endswith("/audit"):
            return http({"items": [], "nextCursor": None, "asOf": AS_OF.isoformat(), "total": 0})
        if "/operations/incidents" in url.path:
            return self._incidents(url.path)
        known = ("/dashboard", "/alerts", "/orders", "/session", "/refresh", "/rbac/me")
        if url.path.endswith(known):
            return self._made.answer(asked)
        return problem("not-found", 404, "Not in this office.")


def journey(
    aio: Any, profile: Path, steps: Callable[[Office, PastOffice, ConsoleApplication], Awaitable[None]]
) -> None:
    me = ME | {"permissions": [str(each) for each in Permission]}
    today = dashboard()
    today["alerts"][0]["title"] = LIVE_TITLE
    rows = f"/api/operations/orders?from={AS_OF.isoformat()}&to={AS_OF.isoformat()}".replace("+", "%2B")
    today["links"] = {"orders.total": [rows]}

    async def run() -> None:
        fields = {"me": me, "dashboard": today, "alerts": [alert(title=LIVE_TITLE)], "orders": [order(1)]}
        async with office(profile, **fields) as made:
            past = PastOffice(made)
            async with app_of(made) as app:
                await steps(made, past, app)

    aio(run())


def words(widget: QWidget) -> tuple[str, ...]:
    """Everything that can be read in a panel or heard of it."""
    found: list[str] = []
    for each in (widget, *widget.findChildren(QWidget)):
        if not each.isVisible():
            continue
        text = getattr(each, "text", None)
        found += [each.accessibleName(), each.accessibleDescription(), text() if callable(text) else ""]
        if isinstance(each, QAbstractItemView) and (model := each.model()) is not None:
            cells = [model.index(r, c) for r in range(model.rowCount()) for c in range(model.columnCount())]
            found += [str(cell.data(Qt.ItemDataRole.DisplayRole)) for cell in cells]
    return tuple(each for each in found if each)


async def walk(app: ConsoleApplication) -> dict[str, tuple[str, ...]]:
    """Open every panel in every workspace; what was to be read in it at last."""
    seen: dict[str, tuple[str, ...]] = {}
    for workspace in app.window.workspaces.items:
        app.window.open_workspace(workspace.id)
        await turns()
        for panel_id in app.window.panels.specs:
            app.window.docks.open(panel_id)
            panel = app.window.panels.panel(panel_id)
            content = app.window.docks._docks[panel_id].widget()
            await until(content.isVisible)
            await turns(5)
            seen[panel_id] = (panel.note().text, *words(content))
    return seen


def timeless(asked: Asked) -> bool:
    """Whether a request is about the instant, or about the console itself."""
    query = parse_qs(urlsplit(asked.path).query)
    of_instant = {"asOf", "to"} & query.keys()
    return bool(of_instant) or any(each in asked.path for each in TIMELESS)


def greyed(texts: tuple[str, ...]) -> bool:
    """Whether a panel says in its title and in its place that it is not kept."""
    return texts[0] == NOT_KEPT and NOT_KEPT.capitalize() in texts[1:]


def test_every_panel_belongs_to_the_instant_or_says_that_it_is_not_kept(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, _: PastOffice, app: ConsoleApplication) -> None:
        console = made.console
        app.window.panels.panel(FIGURES).opened.emit("orders.total")
        rows = app.window.panels.panel(ROWS)
        await until(lambda: rows.drill is not None and rows.drill.summary is not None)
        desk = app.window.panels.shared(Desk)
        await until(lambda: desk.incident_id == OPEN)
        now = await walk(app)
        for panel_id in ("alerts", "incidents.timeline", "incidents.list"):
            assert LIVE_TITLE in " ".join(now[panel_id]), panel_id
        assert not any(map(greyed, now.values()))

        app.window.open_workspace(WAR_ROOM)
        desk.choose(CLOSED)
        await until(lambda: desk.record is not None)
        console.time.set_past(THEN)
        await until(lambda: console.dashboard().sample and console.of(Alerts).list().sample)
        await until(lambda: not any(query.loading for query in console.queries._known.values()))  # asked before
        asked = len(made.server.asked)
        then = await walk(app)
        live = [each.path for each in made.server.asked[asked:] if not timeless(each)]
        assert live == [], "asked about now while the past is shown"
        for panel_id, texts in then.items():
            assert LIVE_TITLE not in " ".join(texts), panel_id
            assert greyed(texts) or texts != now[panel_id], f"{panel_id} shows the same as live"
        kept = {panel_id for panel_id, texts in then.items() if not greyed(texts)}
        assert kept == charts(app).keys() | {"dashboard.figures", "alerts", "sources", "drilldown", "audit"}
        assert OLD_TITLE in " ".join(then["alerts"])
        for panel_id in app.window.panels.specs:
            if panel_id not in kept:
                assert [a.text() for a in app.window.panels.panel(panel_id).menu() if a.isEnabled()] == [], panel_id

        console.time.go_live()
        again = await walk(app)
        assert LIVE_TITLE in " ".join(again["alerts"])
        assert not any(map(greyed, again.values()))

    journey(aio, tmp_path, steps)


def test_strip_badges_marks_and_wall_are_of_the_instant(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, _: PastOffice, app: ConsoleApplication) -> None:
        console, strip = made.console, app.window.strip
        await until(lambda: strip.counts["p2"].text().endswith("1"))
        assert strip.counts["p1"].text() == "P1  0"
        console.time.set_past(THEN)
        app.window.refresh()
        assert (strip.counts["p1"].text(), strip.counts["p2"].text()) == ("P1  –", "P2  –"), "not known yet"
        await until(lambda: console.dashboard().sample and console.of(Alerts).list().sample)
        app.window.refresh()
        await until(lambda: strip.counts["p1"].text() == "▲ P1  1")
        assert (strip.counts["p2"].text(), strip.counts["shelved"].text()) == ("P2  0", "1 shelved")
        badges = {i.text(): i for i in app.window.rail.findChildren(RailItem) if i.isCheckable()}
        for name in ("Triage", "Access"):
            assert badges[name].count is None
            assert badges[name].accessibleName() == f"{name}, {NOT_KEPT}"
        failures = charts(app)["dashboard.downloads"]
        sample = console.dashboard().sample
        assert sample is not None
        assert {mark.name.partition(" ")[2] for mark in failures._marks(sample.value)} == {OLD_TITLE}
        tile = app.window.panels.panel(FIGURES).tiles[4]
        assert tile.figure is not None
        assert (tile.figure.value, tile.figure.state) == ("0.12", "normal")
        wall = WallView(console)
        wall.resize(960, 540)
        wall.show()
        bar = next(each for each in wall._bars if isinstance(each, AlertBar))
        worst = bar._worst()
        assert worst is not None
        assert worst.title == OLD_TITLE
        wall.close()
        console.time.go_live()
        assert (badges["Triage"].count, badges["Triage"].accessibleName()) == (0, "Triage")
        await until(lambda: strip.counts["p2"].text() == "◆ P2  1")

    journey(aio, tmp_path, steps)


def test_what_is_not_heard_of_an_instant_is_no_data_and_not_the_present(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, past: PastOffice, app: ConsoleApplication) -> None:
        past.dashboard = None  # the server says nothing of it
        made.console.time.set_past(THEN)
        await until(lambda: made.console.dashboard().error is not None)
        assert {tile.figure.value for tile in app.window.panels.panel(FIGURES).tiles if tile.figure} == {""}
        for chart in charts(app).values():
            assert not chart.chart or not chart.chart.isVisible()
        assert app.window.panels.panel("sources").table.records.rows == []

    journey(aio, tmp_path, steps)


def test_actions_on_alerts_of_the_past_are_off_and_say_why(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, _: PastOffice, app: ConsoleApplication) -> None:
        actions = made.console.actions
        made.console.time.set_past(THEN)
        await until(lambda: made.console.of(Alerts).list().sample)
        await turns()
        for name in ("alerts.acknowledge", "alerts.shelve"):
            assert actions.reason(actions.get(name)) == "a past instant is shown; go live first"
        assert actions.reason(actions.get("alerts.rules")) == NOT_KEPT

    journey(aio, tmp_path, steps)
