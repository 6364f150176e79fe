"""What can be done about the severity matrix and the rules. No Qt: the palette knows it before a panel is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.incidents.domain import KEEP, Incidents

if TYPE_CHECKING:
    from models.incidents.matrix import IncidentRule
    from views.kit.capability import Window

PANEL = "incidents.settings"
NOT_LOADED = "open Severities and rules first: what there is has not been heard yet"


def blocker(verb: str, window: Window) -> str | None:
    """Why something cannot be done now, in words."""
    console = window.console
    if verb == "matrix" and console.of(Incidents).matrix().sample is None:
        return NOT_LOADED
    if verb == "change-rule" and _rule(window) is None:
        return "choose a rule first"
    return console.write_blocker(KEEP, irreversible=True)


def run(verb: str, window: Window) -> None:
    """Open what asks for the rest."""
    console, parent = window.console, window.as_parent
    if verb == "matrix":
        from views.incidents.matrix_dialog import MatrixDialog

        sample = console.of(Incidents).matrix().sample
        if sample is not None:
            MatrixDialog(console, sample.value, parent).open()
        return
    from views.incidents.rule_dialog import RuleDialog

    RuleDialog(console, _rule(window) if verb == "change-rule" else None, parent).open()


def _rule(window: Window) -> IncidentRule | None:
    panel = window.made(PANEL)
    found: IncidentRule | None = panel.chosen_rule if panel is not None else None
    return found
