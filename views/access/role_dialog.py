"""Make a role, or change one for everybody who holds it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QWidget,
)

from app.access.domain import Access, change_role, create_role
from models.core.permissions import SENSITIVE_PERMISSIONS, Permission, permission_words
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current

if TYPE_CHECKING:
    from app.console import Console
    from models.access import RoleDefinition


class RoleDialog(DecidingDialog):
    """Name, permissions, and how many must agree to a grant."""

    def __init__(self, console: Console, role: RoleDefinition | None, parent: QWidget) -> None:
        title = "New role" if role is None else f"Change the role {role.name}"
        super().__init__(
            title, console.tasks, parent, accept="Save", hint="Why; needed where others must agree to the change"
        )
        self._console, self._role = console, role
        self.name = QLineEdit(role.name if role is not None else "")
        self.name.setMaxLength(60)
        self.description = QLineEdit(role.description if role is not None else "")
        self.permissions = QListWidget()
        self.permissions.setMinimumHeight(current().px(120))
        held = role.permissions if role is not None else ()
        for permission in Permission:
            words = permission_words(permission) + (" ∗" if permission in SENSITIVE_PERMISSIONS else "")
            _offer(self.permissions, permission, words, ticked=permission in held).setToolTip(permission)
        self.sensitive = QCheckBox("Sensitive: others must agree to each grant")
        self.sensitive.setChecked(role.sensitive if role is not None else False)
        self.approvers = QSpinBox()
        self.approvers.setRange(1, 5)
        self.approvers.valueChanged.connect(self._name_approvers)
        self.approvers.setValue(role.policy.approvers if role is not None else 1)
        self._name_approvers(self.approvers.value())
        self.from_roles = QListWidget()
        self.from_roles.setFixedHeight(current().px(72))
        self.from_roles.setToolTip("Each of these roles must be held by one of those who agree")
        self._roles = console.of(Access).roles()
        self._name_roles()
        if self._roles.sample is None:
            self.look(console.tasks, self._ask_roles(), "roles to choose from")
        self.hours = QSpinBox()
        self.hours.setRange(1, 168)
        self.hours.setValue(role.policy.hours if role is not None else 24)
        self.hours.setSuffix(" h")
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for label, field in (
            ("Name", self.name),
            ("What for", self.description),
            ("May", self.permissions),
            ("", self.sensitive),
            ("Must agree", self.approvers),
            ("Among them", self.from_roles),
            ("Within", self.hours),
        ):
            field.setAccessibleName(label or "Sensitive")
            form.addRow(label, field)
        self.column.addLayout(form, 1)
        note = QLabel("∗ makes a role sensitive. Taking something away is in force at once.")
        current().set_font(note, 9)
        note.setWordWrap(True)
        self.column.addWidget(note)
        self.permissions.itemChanged.connect(self._weigh)
        self.sensitive.toggled.connect(self._weigh)
        self._weigh()
        self.column.addWidget(self.words)
        theme = current()
        self.words.setFixedHeight(theme.px(64))
        room = self.screen().availableGeometry().height() - theme.px(48)
        self.resize(theme.px(480), min(theme.px(760), room))

    def chosen(self) -> tuple[str, ...]:
        """Keys that are ticked."""
        return _ticked(self.permissions)

    async def _ask_roles(self) -> None:
        await self._roles.refresh()
        self._name_roles()

    def _name_roles(self) -> None:
        """Offer the roles people can hold; what was chosen stays, also while the list is on its way."""
        kept = _ticked(self.from_roles) or (self._role.policy.from_roles if self._role is not None else ())
        known = {each: each for each in kept}
        if self._roles.sample is not None:
            known |= {each.role_id: each.name for each in self._roles.sample.value if not each.service}
        self.from_roles.clear()
        for role_id, name in known.items():
            _offer(self.from_roles, role_id, name, ticked=role_id in kept)

    def _name_approvers(self, number: int) -> None:
        self.approvers.setSuffix(" other person" if number == 1 else " other people")

    def _weigh(self, *_: object) -> None:
        dangerous = SENSITIVE_PERMISSIONS & set(self.chosen())
        if dangerous:
            self.sensitive.setChecked(True)
        self.sensitive.setEnabled(not dangerous)
        for field in (self.approvers, self.from_roles, self.hours):
            field.setEnabled(self.sensitive.isChecked())

    def submit(self) -> None:
        """Save what is new or changed."""
        from pydantic import ValidationError

        from models.access import ApprovalPolicy, RoleChange, RoleDraft

        words = self.checked_words(needed=False)
        if words is None:
            return
        try:
            policy = ApprovalPolicy(
                approvers=self.approvers.value(),
                from_roles=_ticked(self.from_roles),
                hours=self.hours.value(),
            )
            values = {
                "name": self.name.text().strip(),
                "description": self.description.text().strip(),
                "permissions": self.chosen(),
                "sensitive": self.sensitive.isChecked(),
                "policy": policy,
            }
            if self._role is None:
                stem = re.sub(r"[^a-z0-9]+", "-", self.name.text().lower()).strip("-")
                if not re.match("[a-z]", stem):
                    self.fail("Name: it begins with a letter from a to z; the role's id is made of it.", self.name)
                    return
                draft = RoleDraft.model_validate(values | {"role_id": stem})
                self.send(lambda: create_role(self._console.mutations, draft))
                return
            role = self._role
            changed = {key: value for key, value in values.items() if value != getattr(role, key)}
            if set(self.chosen()) == set(role.permissions):
                changed.pop("permissions", None)
            if not changed:
                self.fail("Nothing was changed.")
                return
            change = RoleChange.model_validate(changed | ({"reason": words} if words else {}))
            self.send(lambda: change_role(self._console.mutations, role, change))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = str(first["loc"][0]) if first["loc"] else ""
            fields: dict[str, QWidget] = {
                "name": self.name,
                "role_id": self.name,
                "from_roles": self.from_roles,
                "description": self.description,
            }
            field = fields.get(place)
            named = field.accessibleName() if field is not None else "The role"
            self.fail(f"{named}: {str(first['msg']).removeprefix('Value error, ')}", field)


def _offer(offered: QListWidget, key: str, words: str, *, ticked: bool) -> QListWidgetItem:
    item = QListWidgetItem(words)
    item.setData(Qt.ItemDataRole.UserRole, str(key))
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
    item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
    offered.addItem(item)
    return item


def _ticked(offered: QListWidget) -> tuple[str, ...]:
    items = (offered.item(n) for n in range(offered.count()))
    return tuple(str(i.data(Qt.ItemDataRole.UserRole)) for i in items if i.checkState() is Qt.CheckState.Checked)
