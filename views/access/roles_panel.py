"""Roles: what each may do, at a glance, and how they are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout

from app.access.domain import Access
from models.core.permissions import Permission
from views.access.matrix import Matrix
from views.kit.query_panel import QueryPanel
from views.kit.theme import current
from views.kit.widgets.flow import Flow
from views.kit.widgets.pill import Look, Pill

if TYPE_CHECKING:
    from app.console import Console
    from models.access import RoleDefinition

SHOWN = ("All", "Sensitive", "Service principals")


class RolesPanel(QueryPanel):
    """The matrix with a filter above it."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, (Permission.VIEW_AUDIT, Permission.MANAGE_ROLES, Permission.APPROVE_ROLES))
        self._roles, self._approvals = console.of(Access).roles(), console.of(Access).approvals()
        self._shown = SHOWN[0]
        self.filters = {name: Pill(name, Look.OUTLINE, name=f"Show roles: {name}") for name in SHOWN}
        self.new = Pill("New role…", Look.BUTTON, name="New role")
        self.change = Pill("Change role…", Look.BUTTON, name="Change the chosen role")
        for name, pill in self.filters.items():
            pill.clicked.connect(lambda _=False, n=name: self._show(n))
        self.legend = QLabel("● granted   ⊕ waits for approval   ∗ sensitive")
        self.legend.setIndent(8)
        bar = Flow(
            *self.filters.values(),
            self.legend,
            self.change,
            self.new,
            wide=(self.legend,),
            together=(self.change, self.new),
        )
        self.matrix = Matrix()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self.matrix)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(area, 1)
        self.new.clicked.connect(lambda: self._edit(None))
        self.change.clicked.connect(lambda: self._edit(self.matrix.role))
        self.matrix.opened.connect(self._edit)
        self.use(self._roles, self._approvals)

    def refresh(self) -> None:
        """Show the roles the filter lets through."""
        current().set_font(self.legend, 9)
        for name, pill in self.filters.items():
            pill.set(name, Look.SELECTED if name == self._shown else Look.OUTLINE)
        sample = self._roles.sample
        roles = [role for role in (sample.value if sample is not None else ()) if self._wanted(role)]
        self.matrix.show_roles(roles, self._waiting())
        reason = self.console.write_blocker(Permission.MANAGE_ROLES, irreversible=True)
        for pill in (self.new, self.change):
            pill.setEnabled(reason is None)
            pill.setToolTip(reason or "")
            pill.setAccessibleDescription(reason or "")

    def _wanted(self, role: RoleDefinition) -> bool:
        if self._shown == "Service principals":
            return role.service
        return not role.service and (self._shown == "All" or role.sensitive)

    def _waiting(self) -> dict[str, frozenset[str]]:
        sample = self._approvals.sample
        pending = sample.value if sample is not None else ()
        return {
            approval.subject_id: frozenset(approval.details.get("adds", ()))
            for approval in pending
            if approval.kind == "rbac.role_change"
        }

    def _show(self, name: str) -> None:
        self._shown = name
        self.refresh()

    def _edit(self, role: RoleDefinition | None) -> None:
        from views.access.role_dialog import RoleDialog

        if self.console.write_blocker(Permission.MANAGE_ROLES, irreversible=True) is None:
            RoleDialog(self.console, role, self.widget.window()).open()
