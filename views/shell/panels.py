"""Every panel of the console, and what they ask of each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.figures import FigureName
from views.access.approvals_panel import ApprovalsPanel
from views.access.assignments_panel import AssignmentsPanel
from views.access.oversight_panel import OversightPanel
from views.access.roles_panel import RolesPanel
from views.alerts.panel import AlertsPanel
from views.audit.panel import AuditPanel
from views.dashboard.chart_panels import ChartPanel, Crosshair
from views.dashboard.data_sources_panel import SourcesPanel
from views.dashboard.drill_panel import DrillPanel
from views.my_actions.panel import MinePanel
from views.risk.triage.case_panel import CasePanel
from views.risk.triage.queue_panel import QueuePanel
from views.risk.triage.verdicts import Verdicts

if TYPE_CHECKING:
    from app.console import Console
    from views.dashboard.figures_panel import FiguresPanel
    from views.kit.panel import Panel
    from views.risk.rules.backtest_panel import BacktestPanel
    from views.risk.rules.lists_panel import ListsPanel
    from views.risk.rules.rules_panel import RulesPanel


@dataclass(frozen=True, slots=True)
class Panels:
    """The panels of one window."""

    figures: FiguresPanel
    charts: tuple[ChartPanel, ...]
    alerts: AlertsPanel
    sources: SourcesPanel
    rows: DrillPanel
    queue: QueuePanel
    case: CasePanel
    rules: RulesPanel
    backtest: BacktestPanel
    lists: ListsPanel
    access: tuple[Panel, ...]
    """Roles, approvals, assignments, what to look at."""
    audit: AuditPanel
    mine: MinePanel

    def all(self) -> tuple[Panel, ...]:
        """In the order they are put into docks."""
        wall: tuple[Panel, ...] = (self.figures, *self.charts, self.alerts, self.sources, self.rows)
        triage: tuple[Panel, ...] = (self.queue, self.case, self.rules, self.backtest, self.lists)
        return (*wall, *triage, *self.access, self.audit, self.mine)


def make_panels(console: Console, figures: FiguresPanel, open_panel: Callable[[str], Any]) -> Panels:
    """The panels of a window, beside the figures that it was opened with; ``open_panel`` brings a dock to the front."""
    # These know the contract of rules, for which the first picture need not wait.
    from views.risk.rules.backtest_panel import BacktestPanel
    from views.risk.rules.lists_panel import ListsPanel
    from views.risk.rules.rules_panel import RulesPanel

    crosshair = Crosshair()
    panels = Panels(
        figures=figures,
        charts=(
            ChartPanel(
                console, crosshair, "dashboard.revenue", "Revenue", "revenue", source="revenue.daily", rows="orders"
            ),
            ChartPanel(
                console,
                crosshair,
                "dashboard.orders",
                "Orders and refunds",
                "orders",
                source="orders.total",
                rows="orders",
            ),
            ChartPanel(
                console,
                crosshair,
                "dashboard.downloads",
                "Download failure rate",
                "failure_rate",
                source="downloads.failureRate",
                rows="downloads?status=failed",
            ),
            ChartPanel(
                console,
                crosshair,
                "dashboard.community",
                "Discord members",
                "members",
                source="community.discordMembers",
                rows="community?metric=discord",
            ),
        ),
        alerts=AlertsPanel(console),
        sources=SourcesPanel(console),
        rows=DrillPanel(console),
        queue=QueuePanel(console),
        case=CasePanel(console),
        rules=RulesPanel(console),
        backtest=BacktestPanel(console),
        lists=ListsPanel(console),
        access=(
            RolesPanel(console),
            ApprovalsPanel(console),
            AssignmentsPanel(console),
            OversightPanel(console),
        ),
        audit=AuditPanel(console),
        mine=MinePanel(console),
    )
    crosshair.setParent(panels.rows)
    Verdicts(console, panels.queue, panels.case)

    def show_rows(link: object) -> None:
        panels.rows.show_links([str(link)])
        open_panel(panels.rows.id)

    def show_figure(name: object) -> None:
        sample = console.dashboard().sample
        links = sample.value.links.get(FigureName(str(name)), ()) if sample is not None else ()
        if not links:
            console.messages.post(
                "The rows behind this figure are not known yet: nothing has been heard from the server."
            )
            return
        title = next((f.title for f in console.figures.figures if f.name == name), "") if console.figures else ""
        panels.rows.show_links(links, title)
        open_panel(panels.rows.id)

    def replay(one: object) -> None:
        open_panel(panels.backtest.id)
        panels.backtest.ask_for(one)

    panels.rules.backtest_asked.connect(replay)
    panels.figures.opened.connect(show_figure)
    for chart in panels.charts:
        chart.drilled.connect(show_rows)
    return panels
