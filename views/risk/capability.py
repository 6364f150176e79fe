"""What risk brings to the window: the Triage workspace with its queue, its case, and the rules behind them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from models.core.permissions import Permission
from views.kit.capability import ActionSpec, Capability, ColumnSpec, Home, PanelSpec, WorkspaceSpec
from views.risk.triage_actions import CASE, QUEUE, TRIAGE_ACTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from views.kit.capability import Window
    from views.kit.palette_entry import PaletteEntry
    from views.kit.panel import Panel

TRIAGE = "triage"
LEAST_LETTERS = 3
"""Of what is looked for among orders."""
RULES, BACKTEST, LISTS = "risk.rules", "risk.backtest", "risk.lists"


def _queue(window: Window) -> Panel:
    from views.risk.triage.queue_panel import QueuePanel

    return QueuePanel(window.console)


def _case(window: Window) -> Panel:
    from views.risk.triage.case_panel import CasePanel

    return CasePanel(window.console)


def _rules(window: Window) -> Panel:
    from views.risk.rules.rules_panel import RulesPanel

    return RulesPanel(window.console)


def _backtest(window: Window) -> Panel:
    from views.risk.rules.backtest_panel import BacktestPanel

    return BacktestPanel(window.console)


def _lists(window: Window) -> Panel:
    from views.risk.rules.lists_panel import ListsPanel

    return ListsPanel(window.console)


def _draft_blocker(window: Window) -> str | None:
    return window.console.write_blocker(Permission.MANAGE_RISK_RULES, irreversible=True)


def _new_draft(window: Window) -> None:
    window.open_panel(RULES)  # where the draft is, once it is made
    window.panel(RULES).new_draft()


def _publish_blocker(window: Window) -> str | None:
    rules = window.made(RULES)
    if rules is None:
        return "choose a version first"
    found: str | None = rules.publish_blocker()
    return found


def _replay(window: Window, one: object) -> None:
    window.open_panel(BACKTEST)
    window.panel(BACKTEST).ask_for(one)


def _palette(window: Window, text: str) -> tuple[str, Sequence[PaletteEntry]]:
    """Cases of the queue by order and customer, as far as they are loaded; all of them are one search away."""
    from app.risk.queue import Risk
    from views.kit.palette_entry import PaletteEntry

    wanted = text.casefold()
    if len(wanted) < LEAST_LETTERS or not window.console.session.may(Permission.VIEW_RISK_QUEUE):
        return "Orders and cases", []
    entries = window.console.of(Risk).list.loaded()
    found = [
        PaletteEntry(each.order_id, f"case, score {each.score}", run=partial(_look_for, window, each.order_id))
        for each in entries
        if wanted in each.order_id.casefold()
    ]
    if any(letter.isdigit() for letter in wanted):
        look = partial(_look_for, window, text)
        found.append(PaletteEntry(f"Look for “{text}” in the risk queue", "order, customer or card", run=look))
    return "Orders and cases", found


def _look_for(window: Window, typed: str) -> None:
    window.open_panel(QUEUE)
    window.panel(QUEUE).look_for(typed)


def _bring_together(window: Window) -> None:
    from views.risk.triage.verdicts import Verdicts

    window.shared(Verdicts)


def _connect(window: Window) -> None:
    window.when_made(RULES, lambda rules: rules.backtest_asked.connect(partial(_replay, window)))
    # Keys and verdicts stand between queue and case: whichever is seen first, both are there.
    window.when_made(QUEUE, lambda _queue: _bring_together(window))
    window.when_made(CASE, lambda _case: window.panel(QUEUE))


_home = partial(Home, TRIAGE)

CAPABILITY = Capability(
    name="risk",
    workspaces=(WorkspaceSpec(TRIAGE, "Triage", "shield", (ColumnSpec(1152), ColumnSpec(672))),),
    panels=(
        PanelSpec(QUEUE, "Risk queue", _queue, (_home(0, 0, 1000),)),
        PanelSpec(CASE, "Case", _case, (_home(1, 0, 1000),)),
        PanelSpec(RULES, "Rules", _rules, (_home(0, 0, 1000, 1),)),
        PanelSpec(BACKTEST, "Backtest", _backtest, (_home(1, 0, 1000, 1),)),
        PanelSpec(LISTS, "Lists", _lists, (_home(1, 0, 1000, 2),)),
    ),
    actions=(
        ActionSpec(
            "risk.new-draft",
            "New draft of rules…",
            "Triage",
            _new_draft,
            "",
            Permission.MANAGE_RISK_RULES,
            _draft_blocker,
        ),
        ActionSpec(
            "risk.publish",
            "Publish the chosen rules…",
            "Triage",
            lambda window: window.panel(RULES).publish(),
            "",
            Permission.PUBLISH_RISK_RULES,
            _publish_blocker,
        ),
        *TRIAGE_ACTIONS,
    ),
    connect=_connect,
    badge_of=TRIAGE,
    palette=_palette,
)
