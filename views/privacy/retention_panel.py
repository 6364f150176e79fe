"""How long what is kept of people and why, what that would remove today, and the register of processing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QVBoxLayout

from app.privacy.domain import MANAGE
from models.core.wording import counted
from views.kit.following_panel import explain
from views.kit.panel import Note
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable
from views.privacy.privacy_panel import PrivacyPanel
from views.privacy.wording import day

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from PySide6.QtGui import QAction

    from app.core.query import Query
    from models.privacy.retention import ProcessingRegister, RetentionRule
    from views.kit.capability import Window


def _days(rule: RetentionRule) -> str:
    if rule.days >= 730:
        return counted(round(rule.days / 365), "year")
    return counted(rule.days, "day")


def _last(rule: RetentionRule) -> str:
    return "never" if rule.last_run_at is None else f"{day(rule.last_run_at)}, {rule.last_rows:,}"


def preview_words(rule: RetentionRule) -> str:
    """What carrying a rule out would do now."""
    return f"would delete {counted(rule.would_remove, 'row')}"


RULES = (
    Column("What", lambda rule: rule.title, 150, stretch=True),
    Column("Kept for", _days, 88, right=True),
    Column("Today", preview_words, 150, weight=600, fits=True),
    Column("Rule", lambda rule: "on" if rule.enabled else "off", 40),
    Column("Last run, rows", _last, 104, right=True, quiet=True),
)
SYSTEMS = (
    Column("System", lambda system: system.title, 120, fits=True),
    Column("Holds", lambda system: system.holds, 140, stretch=True),
    Column("What for", lambda system: system.purpose, 120, quiet=True, stretch=True),
    Column("Keeps", lambda system: system.keeps, 110, quiet=True, stretch=True),
    Column("Erased", lambda system: "by hand" if system.by_hand else "by itself", 72),
)


class RetentionPanel(PrivacyPanel):
    """Rules above, the register below."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.rules = RecordTable(RULES, "Retention rules")
        self.rules.selectionModel().currentRowChanged.connect(lambda *_: self.refresh())
        self.systems = RecordTable(SYSTEMS, "Register of processing")
        self.why = QLabel()
        self.why.setWordWrap(True)
        self.why.setContentsMargins(12, 4, 12, 4)
        self.why.setAccessibleName("Why so long")
        self.turn = Pill("Switch on…", Look.BUTTON, name="Switch the rule on or off", button=True)
        self.turn.clicked.connect(lambda: self.console.actions.execute("privacy.retention"))
        self.head = QLabel("Register of processing")
        self.head.setContentsMargins(12, 8, 12, 4)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        foot = Flow(self.turn, gap=WIDE_GAP)
        for part, stretch in (
            (self.state, 0),
            (self.rules, 2),
            (self.why, 0),
            (foot, 0),
            (self.head, 0),
            (self.systems, 3),
        ):
            column.addWidget(part, stretch)
        self.widget.setFocusProxy(self.rules)
        self.begin(self.desk.privacy.register())

    @property
    def register(self) -> ProcessingRegister | None:
        """All of it, as it was last heard."""
        sample = self.desk.privacy.register().sample
        return sample.value if sample is not None else None

    @property
    def chosen(self) -> RetentionRule | None:
        """The rule at the cursor."""
        row, register = self.rules.currentIndex().row(), self.register
        known = register.retention if register is not None else ()
        return known[row] if 0 <= row < len(known) else None

    def queries(self) -> Sequence[Query[Any]]:
        return ()

    def own_note(self) -> Note:
        """How many rules are on, and how old the answer is."""
        note, register = super().own_note(), self.register
        if register is None:
            return note
        on = sum(rule.enabled for rule in register.retention)
        return Note(f"{on} of {counted(len(register.retention), 'rule')} on \N{MIDDLE DOT} {note.text}", note.kind)

    def own_menu(self) -> list[QAction]:
        """What can be done with the rule at the cursor."""
        return self.entries(("privacy.retention",))

    def refresh(self) -> None:
        """Show the newest answer."""
        register, theme = self.register, current()
        theme.set_font(self.head, 10, 600)
        theme.set_font(self.why, 9)
        self.say_state()
        self.rules.renew_rows(register.retention if register is not None else ())
        self.systems.renew_rows(register.systems if register is not None else ())
        if register is not None and register.retention and not self.rules.currentIndex().isValid():
            self.rules.setCurrentIndex(self.rules.records.index(0, 0))
        rule = self.chosen
        self.why.setText("" if rule is None else f"{rule.title}: {rule.why}.".replace("..", "."))
        self.turn.set("Switch off…" if rule is not None and rule.enabled else "Switch on…")
        explain(self.turn, self.console.actions.reason(self.console.actions.get("privacy.retention")))

    # --- what operators do -------------------------------------------------------------------------------------------

    def switch_blocker(self) -> str | None:
        """Why the rule at the cursor can be switched neither on nor off."""
        if self.chosen is None:
            return "choose a rule first"
        return self.console.write_blocker(MANAGE, irreversible=True)

    def switch(self) -> None:
        """Ask first, naming what it would remove."""
        from views.privacy.retention_dialog import RetentionDialog

        if self.chosen is not None and self.switch_blocker() is None:
            RetentionDialog(self.desk, self.chosen, self.widget.window()).open()
