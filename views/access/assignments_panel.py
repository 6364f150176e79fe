"""Who holds which role, given by whom, until when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QVBoxLayout

from app.access.domain import Access
from models.core.permissions import Permission
from models.core.wording import initials
from views.access.wording import day_words, ends_words, left_words
from views.kit.query_panel import QueryPanel
from views.kit.theme import current
from views.kit.widgets.flow import Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable

if TYPE_CHECKING:
    from app.console import Console
    from models.access import RoleAssignment

SOON = timedelta(hours=24)
FIND = 80
"""Least width of the field to look for somebody, pixels at 100 % font."""


class AssignmentsPanel(QueryPanel):
    """A table with what can be done about its rows above it."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, (Permission.VIEW_AUDIT, Permission.MANAGE_ROLES, Permission.APPROVE_ROLES))
        access = console.of(Access)
        self._active, self._ended = access.assignments(), access.assignments(active=False)
        self._people, self._roles = access.people(), access.roles()
        self._show_ended = False
        self.active_pill = Pill("Active", Look.SELECTED, name="Show active grants")
        self.ended_pill = Pill("Ended", Look.OUTLINE, name="Show ended grants")
        self.find = QLineEdit()
        self.find.setPlaceholderText("Find")
        self.find.setAccessibleName("Find person or role")
        self.find.setClearButtonEnabled(True)
        self.buttons = {
            "grant": Pill("Give a role…", Look.BUTTON, name="Give a role"),
            "change": Pill("Change end…", Look.BUTTON, name="Change when it ends"),
            "revoke": Pill("Take away…", Look.BUTTON, name="Take the role away"),
            "glass": Pill("Break glass…", Look.BUTTON, name="Break glass"),
        }
        doing = tuple(self.buttons.values())
        bar = Flow(self.active_pill, self.ended_pill, self.find, *doing, wide=(self.find,), together=doing)
        self.table = RecordTable(self._columns(), "Assignments")
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self.table, 1)
        self.active_pill.clicked.connect(lambda: self._switch(ended=False))
        self.ended_pill.clicked.connect(lambda: self._switch(ended=True))
        self.find.textChanged.connect(lambda _text: self.refresh())
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        self.table.activated_row.connect(lambda _row: self.run("change"))
        for verb, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, v=verb: self.run(v))
        self.use(self._active, self._ended, self._people, self._roles)

    def _columns(self) -> tuple[Column, ...]:
        def now() -> Any:
            return self.console.clock.now()

        return (
            Column("", lambda a: initials(a.user_name), 38, person=lambda a: a.user_id),
            Column("Person", lambda a: a.user_name, 112, stretch=True),
            Column("Role", lambda a: a.role_name + (" (glass)" if a.break_glass else ""), 112, stretch=True),
            Column("Given by", lambda a: ", ".join((a.granted_by_name, *a.approved_by)), 96, stretch=True, quiet=True),
            Column("Since", lambda a: day_words(a.granted_at, now()), 64, quiet=True, fits=True),
            Column("Ends, UTC", lambda a: _ended(a, now()), 88, fits=True),
            Column("Left", lambda a: _left(a, now()), 64, fits=True),
        )

    # --- showing -------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the rows the filter lets through; those that end first come first."""
        sample = (self._ended if self._show_ended else self._active).sample
        wanted = self.find.text().casefold().strip()
        self.find.setMinimumWidth(current().px(FIND))
        rows = [
            a
            for a in (sample.value if sample is not None else ())
            if wanted in f"{a.user_name} {a.user_id} {a.role_name}".casefold()
        ]
        if not self._show_ended:
            rows.sort(key=lambda a: (a.expires_at is None, a.expires_at or a.granted_at, a.user_name))
        before = self.chosen
        self.table.renew_rows(rows)
        if before is not None:
            again = next((n for n, a in enumerate(rows) if a.assignment_id == before.assignment_id), None)
            if again is not None:
                self.table.selectRow(again)
            else:
                self.table.clearSelection()
        self.active_pill.set("Active", Look.OUTLINE if self._show_ended else Look.SELECTED)
        self.ended_pill.set("Ended", Look.SELECTED if self._show_ended else Look.OUTLINE)
        self._enable()

    @property
    def chosen(self) -> RoleAssignment | None:
        """The chosen row."""
        rows = self.table.selectionModel().selectedRows()
        records = self.table.records.rows
        found: RoleAssignment | None = records[rows[0].row()] if rows and rows[0].row() < len(records) else None
        return found

    def look_for(self, name: str) -> None:
        """Show the grants of somebody."""
        self.find.setText(name)
        self._switch(ended=False)
        self.table.setFocus()

    def _switch(self, *, ended: bool) -> None:
        self._show_ended = ended
        self.refresh()

    def own_menu(self) -> list[QAction]:
        """What concerns the person of the chosen row."""
        chosen, reason = self.chosen, self.console.write_blocker(Permission.MANAGE_ROLES, irreversible=True)
        remove = QAction("Remove their second factor…" if chosen is not None else "Remove a second factor…", self)
        reason = reason or (None if chosen is not None else "choose a row first")
        remove.setEnabled(reason is None)
        remove.setToolTip(reason or "")
        remove.triggered.connect(self._remove_factor)
        return [remove]

    def _remove_factor(self) -> None:
        from views.access.grant_dialogs import RemoveFactorDialog

        if (chosen := self.chosen) is not None:
            RemoveFactorDialog(self.console, chosen.user_id, chosen.user_name, self.widget.window()).open()

    # --- doing ---------------------------------------------------------------------------------------------------

    def _enable(self) -> None:
        for verb, pill in self.buttons.items():
            reason = verb_blocker(self.console, verb, self.chosen)
            pill.setEnabled(reason is None)
            pill.setToolTip(reason or "")
            pill.setAccessibleDescription(reason or "")

    def run(self, verb: str) -> None:
        """Open the dialog of a verb: grant, change, revoke or glass."""
        from views.access.grant_dialogs import BreakGlassDialog, GrantDialog, RevokeDialog

        if verb_blocker(self.console, verb, self.chosen) is not None:
            return
        parent, chosen = self.widget.window(), self.chosen
        people = self._people.sample.value if self._people.sample is not None else ()
        roles = self._roles.sample.value if self._roles.sample is not None else ()
        match verb:
            case "grant":
                GrantDialog(self.console, parent, people, roles).open()
            case "glass":
                BreakGlassDialog(self.console, parent, people, roles).open()
            case "change" if chosen is not None:
                GrantDialog(self.console, parent, people, roles, chosen).open()
            case "revoke" if chosen is not None:
                RevokeDialog(self.console, chosen, parent).open()


def verb_blocker(console: Console, verb: str, chosen: RoleAssignment | None) -> str | None:
    """Why a verb cannot be done now, to the chosen row where it takes one, in words; ``None`` when it can."""
    reason = console.write_blocker(Permission.MANAGE_ROLES, irreversible=True)
    if reason is not None:
        return reason
    if verb in {"grant", "glass"}:
        known = console.of(Access).roles().sample is not None and console.of(Access).people().sample is not None
        return None if known else "roles and people are not known yet"
    if chosen is None:
        return "choose a row first"
    return None if chosen.state == "active" else "this grant has ended"


def _ended(assignment: RoleAssignment, now: Any) -> str:
    if assignment.state == "revoked" and assignment.revoked_at is not None:
        return f"revoked {ends_words(assignment.revoked_at, now)}"
    return ends_words(assignment.expires_at, now)


def _left(assignment: RoleAssignment, now: Any) -> str:
    words = left_words(assignment.expires_at, now) if assignment.state == "active" else ""
    soon = words and assignment.expires_at is not None and assignment.expires_at - now < SOON
    return f"■ {words}" if soon else words
