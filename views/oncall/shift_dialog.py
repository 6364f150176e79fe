"""A shift of the calendar in words, with what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialogButtonBox, QWidget

from app.oncall.calendar import Bar, Row
from app.oncall.domain import OnCall
from app.oncall.wording import bar_words, length_words, span_words
from views.kit.dialogs.base import WindowDialog
from views.kit.theme import current
from views.kit.widgets.section import Lines
from views.oncall.desk import Desk

if TYPE_CHECKING:
    from models.oncall.rosters import Roster
    from views.kit.capability import Window

VERBS = {
    "oncall.override": "Override…",
    "oncall.ask-swap": "Ask for a swap…",
    "oncall.cancel": "Cancel the override…",
    "oncall.revise": "Edit layers…",
}
WIDE = 620


class ShiftDialog(WindowDialog):
    """Facts, and buttons for what may be done; those that may not say why."""

    def __init__(self, window: Window, chosen: tuple[Row, Bar], parent: QWidget) -> None:
        row, bar = chosen
        console, desk = window.console, window.shared(Desk)
        names = console.of(OnCall).names()
        roster = next(
            (each for each in _rosters(window) if each.schedule_id == row.schedule_id),
            None,
        )
        title = roster.schedule_name if roster is not None else row.title
        super().__init__(f"{title}: {row.title}", parent, reject="Close")
        zones = dict.fromkeys((desk.zone, "UTC", roster.zone if roster is not None else "UTC"))
        self.facts = Lines("The shift")
        lines = [("What", bar_words(bar, names, desk.zone), True)]
        lines += [("In " + zone, span_words(bar.start, bar.end, zone), False) for zone in zones]
        lines.append(("Length", length_words(bar.start, bar.end), False))
        if bar.override is not None:
            who = names.get(bar.override.recorded_by, bar.override.recorded_by)
            at = f"{bar.override.recorded_at:%Y-%m-%d %H:%M} UTC"
            lines.append(("Entered", f"{at} by {who}: {bar.override.reason}", False))
        self.facts.show_lines(lines, wide=140)
        self.column.addWidget(self.facts)
        self.setMinimumWidth(current().px(WIDE))
        for verb, words in VERBS.items():
            if verb == "oncall.cancel" and bar.override is None:
                continue
            reason = console.actions.reason(console.actions.get(verb))
            button = self.buttons.addButton(words, QDialogButtonBox.ButtonRole.ActionRole)
            button.setEnabled(reason is None)
            button.setToolTip(reason or "")
            button.setAccessibleDescription(reason or "")
            button.clicked.connect(lambda _=False, v=verb: self._run(window, v))

    def _run(self, window: Window, verb: str) -> None:
        self.accept()
        window.console.actions.execute(verb)


def _rosters(window: Window) -> tuple[Roster, ...]:
    sample = window.console.of(OnCall).roster().sample
    return sample.value.rosters if sample is not None else ()
