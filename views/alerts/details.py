"""Everything about one alert: what it saw, who said what, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialogButtonBox, QFormLayout, QLabel, QWidget

from app.alerts.domain import Alerts, unshelve
from app.core.errors import OperationsError
from app.core.freshness import age_words
from models.core.permissions import Permission
from models.core.wording import counted
from views.alerts.wording import figure_words, is_shelved, range_of, since_words
from views.kit.dialogs.base import WindowDialog
from views.kit.widgets.section import Lines

if TYPE_CHECKING:
    from app.console import Console
    from models.alerts import Alert


EARLIER_MOST = 6
NEVER = [("Earlier", "not among the last alerts that were cleared", False)]


class AlertDetails(WindowDialog):
    """Facts and, where they make sense, Shelve, Unshelve and Runbook."""

    verb_asked = Signal(object)

    def __init__(self, alert: Alert, console: Console, parent: QWidget, *, runbook: str = "", chart: str = "") -> None:
        """``runbook``: the title of the one it leads to; ``chart``: what the chart of its figure is called."""
        super().__init__(f"{alert.severity} · {alert.title}", parent, reject="Close")
        self._alert, self._console = alert, console
        currency = console.figures.currency if console.figures else ""
        sample = console.dashboard().sample
        range_days = range_of(alert, sample.value.thresholds) if sample is not None else None
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        lines = [
            ("Figure", figure_words(alert, currency, range_days)),
            ("Raised", since_words(alert)),
            ("Acknowledged", _event_words(alert.acknowledged_at, _acknowledger(alert), alert.comment)),
            (
                "Shelved",
                _event_words(
                    alert.shelved_until, alert.shelved_by_name or alert.shelved_by, alert.shelve_reason, "until "
                ),
            ),
            ("Cleared", f"{alert.cleared_at:%Y-%m-%d %H:%M:%S} UTC" if alert.cleared_at else ""),
            ("What to do", alert.guidance),
        ]
        for name, value in lines:
            if value:
                label = QLabel(value)
                label.setWordWrap(True)
                label.setTextFormat(Qt.TextFormat.PlainText)
                label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                form.addRow(name, label)
        self.column.addLayout(form)
        self.history = Lines("Earlier")
        self.history.hide()
        self.column.addWidget(self.history)
        self.look(console.tasks, self._look_back(), "look at an alert's history")
        role = QDialogButtonBox.ButtonRole.ActionRole
        reason = console.write_blocker(Permission.MANAGE_ALERTS)
        if is_shelved(alert, console.shown_at):
            back = self.buttons.addButton("Unshelve", role)
            back.clicked.connect(self._unshelve)
            back.setEnabled(reason is None)
            back.setToolTip(reason or "")
        elif alert.cleared_at is None:
            shelve = self.buttons.addButton("Shelve…", role)
            shelve.clicked.connect(self._shelve)
            shelve.setEnabled(reason is None)
            shelve.setToolTip(reason or "")
        if chart:
            leading = self.buttons.addButton("Chart", role)
            leading.setAccessibleName(f"Show the chart {chart}")
            leading.clicked.connect(self._show_chart)
        if runbook or alert.runbook_url:
            leading = self.buttons.addButton("Runbook", role)
            leading.setToolTip(runbook)
            leading.clicked.connect(self._lead_to_runbook)

    async def _look_back(self) -> None:
        """When it was raised before, and what was said about it then."""
        try:
            before = await self._console.of(Alerts).earlier(self._alert)
        except OperationsError as error:
            self.history.show_lines([("Earlier", f"not known: {error}", False)])
        else:
            lines = [(f"{each.raised_at:%d %b %H:%M}", _earlier_words(each), False) for each in before[:EARLIER_MOST]]
            more = len(before) - len(lines)
            lines += [("", f"and {more} more times", False)] if more else []
            self.history.show_lines([("Earlier", counted(len(before), "time"), True), *lines] if before else NEVER)
        self.history.show()

    def _show_chart(self) -> None:
        self.accept()
        self.verb_asked.emit(("chart", self._alert))

    def _shelve(self) -> None:
        self.accept()
        self.verb_asked.emit(("shelve", self._alert))

    def _lead_to_runbook(self) -> None:
        self.accept()
        self.verb_asked.emit(("runbook", self._alert))

    def _unshelve(self) -> None:
        self.carry_out(self._console.tasks, self._bring_back(), "unshelve an alert")

    async def _bring_back(self) -> None:
        try:
            await unshelve(self._console.mutations, self._alert)
        except OperationsError as error:
            self.fail(str(error))
        else:
            self.accept()


def _acknowledger(alert: Alert) -> str | None:
    return alert.acknowledged_by_name or alert.acknowledged_by


def _earlier_words(alert: Alert) -> str:
    """``for 24 min, worst 3.00 %; acknowledged by Ada: rollout paused``."""
    words = [f"for {age_words(((alert.cleared_at or alert.evaluated_at) - alert.raised_at).total_seconds())}"]
    if alert.acknowledged_at is not None:
        words.append(f"{_acknowledger(alert) or 'somebody'}: {alert.comment or 'acknowledged'}")
    return "; ".join(words)


def _event_words(at: object, who: str | None, words: str | None, before: str = "") -> str:
    if not at:
        return ""
    return f"{before}{at:%Y-%m-%d %H:%M} UTC by {who or 'somebody'}" + (f": {words}" if words else "")
