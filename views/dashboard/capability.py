"""What the dashboard brings to the window: the War room, its figures and charts, the rows behind them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from views.kit.capability import ActionSpec, Capability, ColumnSpec, Home, PanelSpec, WallPageSpec, WorkspaceSpec

if TYPE_CHECKING:
    from app.console import Console
    from models.alerts import Alert
    from views.kit.capability import WallPage, Window
    from views.kit.panel import Panel

WAR_ROOM = "war-room"
FIGURES, ROWS = "dashboard.figures", "drilldown"


def _figures(window: Window) -> Panel:
    from views.dashboard.figures_panel import FiguresPanel

    return FiguresPanel(window.console)


def _sources(window: Window) -> Panel:
    from views.dashboard.data_sources_panel import SourcesPanel

    return SourcesPanel(window.console)


def _rows(window: Window) -> Panel:
    from views.dashboard.drill_panel import DrillPanel

    return DrillPanel(window.console)


def _chart(panel_id: str, title: str, row: int, height: int, read: str, source: str, rows: str) -> PanelSpec:
    """``read`` names the function of ``views.dashboard.series``; ``rows`` the list behind a bucket."""

    def make(window: Window) -> Panel:
        from views.dashboard.chart_panels import ChartPanel, Crosshair

        return ChartPanel(window.console, window.shared(Crosshair), title, read, source=source, rows=rows)

    return PanelSpec(panel_id, title, make, (Home(WAR_ROOM, 0, row, height),))


CHARTS = (
    _chart("dashboard.revenue", "Revenue", 1, 205, "revenue", "revenue.daily", "orders"),
    _chart("dashboard.orders", "Orders and refunds", 2, 166, "orders", "orders.total", "orders"),
    _chart(
        "dashboard.downloads",
        "Download failure rate",
        3,
        174,
        "failure_rate",
        "downloads.failureRate",
        "downloads?status=failed",
    ),
    _chart(
        "dashboard.community",
        "Discord members",
        4,
        158,
        "members",
        "community.discordMembers",
        "community?metric=discord",
    ),
)


DRAWN = {
    "dashboard.revenue": ("revenue.",),
    "dashboard.orders": ("orders.total", "orders.refunded"),
    "dashboard.downloads": ("downloads.failureRate",),
    "dashboard.community": ("community.discordMembers",),
}
"""How the names of the figures begin that a chart shows."""


def _show_rows(window: Window, link: object) -> None:
    window.panel(ROWS).show_links([str(link)])
    window.open_panel(ROWS)


def _show_figure(window: Window, name: object) -> None:
    from models.figures import FigureName

    console = window.console
    sample = console.dashboard().sample
    links = sample.value.links.get(FigureName(str(name)), ()) if sample is not None else ()
    if not links:
        console.messages.post("The rows behind this figure are not known yet: nothing has been heard from the server.")
        return
    title = next((f.title for f in console.figures.figures if f.name == name), "") if console.figures else ""
    window.panel(ROWS).show_links(links, title)
    window.open_panel(ROWS)


def _chart_of(alert: Alert) -> PanelSpec | None:
    """The chart of the figure an alert is about, if there is one."""
    name = "" if alert.figure is None else str(alert.figure)
    return next((chart for chart in CHARTS if name.startswith(DRAWN[chart.id])), None) if name else None


def _chart_title(alert: Alert) -> str:
    chart = _chart_of(alert)
    return "" if chart is None else chart.title


def _show_chart(window: Window, alert: Alert) -> None:
    if (chart := _chart_of(alert)) is not None:
        window.open_panel(chart.id)
        window.panel(chart.id).widget.setFocus()


def _lead_to_charts(window: Window, alerts: Any) -> None:
    alerts.lead_to_charts(_chart_title, partial(_show_chart, window))


def _connect(window: Window) -> None:
    window.when_made(FIGURES, lambda figures: figures.opened.connect(partial(_show_figure, window)))
    window.when_made(ROWS, lambda rows: rows.left.connect(partial(window.close_panel, ROWS)))
    window.when_made("alerts", partial(_lead_to_charts, window))
    for chart in CHARTS:
        window.when_made(chart.id, lambda panel: panel.drilled.connect(partial(_show_rows, window)))


def _export_rows(window: Window) -> None:
    window.panel(ROWS).save_csv()


def _export_blocker(window: Window) -> str | None:
    rows = window.made(ROWS)
    return None if rows is not None and rows.has_rows else "open a figure or a point of a chart first"


def _wall_page(number: int, console: Console) -> WallPage:
    from views.dashboard.wall_pages import figure_page

    return figure_page(console, number)


CAPABILITY = Capability(
    name="dashboard",
    workspaces=(
        WorkspaceSpec(WAR_ROOM, "War room", "war-room", (ColumnSpec(1428), ColumnSpec(396, keeps_width=True))),
    ),
    panels=(
        PanelSpec(FIGURES, "Figures", _figures, (Home(WAR_ROOM, 0, 0, 269),), painted_first=True),
        *CHARTS,
        PanelSpec("sources", "Sources", _sources, (Home(WAR_ROOM, 1, 1, 336),)),
        PanelSpec(ROWS, "Rows", _rows, over="dashboard.downloads"),
    ),
    actions=(
        ActionSpec("dashboard.export", "Export rows as CSV…", "Figures", _export_rows, "", blocker=_export_blocker),
    ),
    connect=_connect,
    wall_pages=(
        WallPageSpec("downloads", "War room: revenue today, orders, downloads", partial(_wall_page, 0)),
        WallPageSpec("revenue", "War room: revenue", partial(_wall_page, 1)),
        WallPageSpec("orders", "War room: orders and community", partial(_wall_page, 2)),
    ),
)
