"""What a severity means and sets off, and which rules open incidents by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QVBoxLayout

from app.incidents.domain import VIEW, Incidents
from views.incidents.wording import CLOSERS, rule_words
from views.kit.following_panel import explain
from views.kit.query_panel import QueryPanel, unheard_words
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.section import Section
from views.kit.widgets.table import Column, RecordTable

if TYPE_CHECKING:
    from models.incidents.matrix import IncidentRule, SeverityLevel
    from views.kit.capability import Window


class SettingsPanel(QueryPanel):
    """Two tables: the matrix, and the rules."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        domain = console.of(Incidents)
        self._matrix, self._rules, self._policies = domain.matrix(), domain.rules(), domain.policies()
        self.matrix = RecordTable(
            (
                Column("", lambda level: str(level.severity), 56, weight=600, fits=True),
                Column("Means", lambda level: level.meaning, 160, stretch=True),
                Column("Pages", self._paged, 110, fits=True),
                Column("Tells", lambda level: ", ".join(level.teams) or "nobody", 150, fits=True),
                Column("Update", _often, 96, fits=True),
                Column("Review", _review, 104, fits=True),
                Column("Closed by", lambda level: CLOSERS[level.closer], 132, fits=True),
            ),
            "Severity matrix",
        )
        self.rules = RecordTable(
            (
                Column("Rule", lambda rule: rule.title, 160, weight=600, stretch=True),
                Column("Opens", lambda rule: str(rule.severity), 60, fits=True),
                Column("When", rule_words, 260, stretch=True),
                Column("", lambda rule: "on" if rule.enabled else "off", 44, quiet=True, fits=True),
            ),
            "Rules that open incidents",
        )
        self.buttons = {
            "incidents.matrix": Pill("Change the matrix…", Look.BUTTON, name="Change the severity matrix", button=True),
            "incidents.new-rule": Pill("New rule…", Look.BUTTON, name="New rule that opens incidents", button=True),
            "incidents.change-rule": Pill("Change…", Look.BUTTON, name="Change the chosen rule", button=True),
        }
        for known, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, k=known: console.actions.execute(k))
        self.matrix.activated_row.connect(lambda _level: console.actions.execute("incidents.matrix"))
        self.rules.activated_row.connect(lambda _rule: console.actions.execute("incidents.change-rule"))
        self.rules.selectionModel().selectionChanged.connect(lambda *_: self._explain())
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setAccessibleName("State of the settings")
        change, new, other = self.buttons.values()
        column = QVBoxLayout(self.content)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(12)
        column.addWidget(self.said)
        column.addWidget(Section("Severity matrix", self.matrix, Flow(change, margins=False, gap=WIDE_GAP)))
        column.addWidget(
            Section("Rules that open incidents", self.rules, Flow(new, other, margins=False, gap=WIDE_GAP))
        )
        column.addStretch(1)
        self.widget.setAccessibleName("Severities and rules")
        self.widget.setFocusProxy(self.matrix)
        self.use(self._matrix, self._rules, self._policies)

    @property
    def chosen_rule(self) -> IncidentRule | None:
        """The rule under the cursor."""
        row, rows = self.rules.currentIndex().row(), self.rules.records.rows
        found: IncidentRule | None = rows[row] if 0 <= row < len(rows) else None
        return found

    def refresh(self) -> None:
        """Show the newest answers."""
        matrix, rules = self._matrix.sample, self._rules.sample
        chosen = self.chosen_rule
        self.matrix.renew_rows(matrix.value.levels if matrix is not None else ())
        self.rules.renew_rows(rules.value if rules is not None else ())
        known = (n for n, each in enumerate(self.rules.records.rows) if chosen and each.rule_id == chosen.rule_id)
        if self.rules.records.rows and not self.rules.currentIndex().isValid():
            self.rules.selectRow(next(known, 0))
        for table in (self.matrix, self.rules):
            high = table.verticalHeader().defaultSectionSize()
            table.setMinimumHeight(table.horizontalHeader().height() + min(4, table.records.rowCount()) * high + 2)
        words = ""
        if matrix is None or rules is None:
            failed = self._matrix.error or self._rules.error
            words = f"Not loaded: {failed}" if failed is not None else unheard_words(self.console)
        elif matrix.received_mono is None:
            words = f"As it was at {matrix.as_of:%Y-%m-%d %H:%M} UTC. {unheard_words(self.console)}"
        elif not rules.value:
            words = "No rule opens incidents by itself yet."
        self.said.setText(words)
        self.said.setVisible(bool(words))
        self._explain()

    def _explain(self) -> None:
        for known, pill in self.buttons.items():
            explain(pill, self.console.actions.reason(self.console.actions.get(known)))

    def _paged(self, level: SeverityLevel) -> str:
        if level.escalation_policy_id is None:
            return "nobody"
        sample = self._policies.sample
        known = sample.value if sample is not None else ()
        return next((each.name for each in known if each.id == level.escalation_policy_id), "a policy that is archived")


def _often(level: SeverityLevel) -> str:
    return f"every {level.update_minutes} min" if level.update_minutes is not None else "at no set times"


def _review(level: SeverityLevel) -> str:
    return f"within {level.review_days} d" if level.review_required else "not needed"
