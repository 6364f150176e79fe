"""What is to be handed out, looked through before: what says something of others is left out, then it is released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QPushButton, QWidget

from app.core.errors import OperationsError
from app.privacy import mutations
from models.core.wording import counted
from models.privacy.packages import PackagePart, PackagePreview, Redaction
from models.privacy.requests import RequestState
from views.kit.dialogs.base import DestructiveButton
from views.kit.theme import current
from views.kit.widgets.table import Column, RecordTable
from views.privacy.dialog import RequestDialog
from views.privacy.wording import NONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from views.privacy.desk import PrivacyDesk


@dataclass(frozen=True, slots=True)
class Field:
    """One field of one row of a system."""

    node_id: str
    row: int
    name: str
    words: str
    chosen: bool

    @property
    def key(self) -> tuple[str, int, str]:
        """What it is known by."""
        return self.node_id, self.row, self.name


COLUMNS = (
    Column("", lambda field: "☒" if field.chosen else "☐", 32),
    Column("Row", lambda field: f"{field.row + 1:,}", 48, right=True, quiet=True),
    Column("Field", lambda field: field.name.replace("_", " "), 150, fits=True),
    Column("What it says", lambda field: field.words, 260, stretch=True),
)


class FieldTable(RecordTable):
    """Space or X marks the field at the cursor."""

    def __init__(self, dialog: PackageDialog) -> None:
        super().__init__(COLUMNS, "Fields")
        self._dialog = dialog
        self.activated_row.connect(lambda _row: dialog.mark())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Space, Qt.Key.Key_X}:
            self._dialog.mark()
        else:
            super().keyPressEvent(event)


class PackageDialog(RequestDialog):
    """Asks for a purpose, shows one system after the other, leaves fields out, and releases."""

    def __init__(self, desk: PrivacyDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Look through the package", accept="")
        self.preview: PackagePreview | None = None
        self.chosen: set[tuple[str, int, str]] = set()
        self.setMinimumWidth(current().px(760))
        self.without_words()
        self.said = self.say("The look stands in the audit log, with your name and this purpose.")
        self.purpose = self.purpose_field()
        self.purpose.returnPressed.connect(self.submit)
        self.part = QComboBox()
        self.part.setAccessibleName("System")
        self.part.currentIndexChanged.connect(self._show_part)
        self.table = FieldTable(self)
        self.table.setMinimumHeight(current().px(320))
        for part in (self.part, self.table):
            part.hide()
            self.column.addWidget(part)
        self.look_button = QPushButton("Look")
        self.look_button.clicked.connect(self.submit)
        self.leave_out = QPushButton("Leave marked fields out")
        self.leave_out.clicked.connect(self.redact)
        self.release_button = DestructiveButton("Release to the person")
        self.release_button.clicked.connect(self.release)
        role = self.buttons.ButtonRole
        self.buttons.addButton(self.look_button, role.ActionRole)
        self.buttons.addButton(self.leave_out, role.ActionRole)
        self.buttons.addButton(self.release_button, role.DestructiveRole)
        self.look_button.setDefault(True)
        self._enable()
        self.purpose.setFocus()

    def submit(self) -> None:
        """Look."""
        purpose = self.checked_purpose(self.purpose)
        if purpose is not None and not self.is_busy:
            self.fail("")
            self.carry_out(self.console.tasks, self._look(purpose), "look through a package")

    async def _look(self, purpose: str) -> None:
        privacy, request = self.desk.privacy, self.request
        try:
            found = await self.console.step_up.confirmed(
                lambda: privacy.preview(request.request_id, purpose), self.windowTitle()
            )
        except OperationsError as error:
            self.fail(str(error), self.purpose)
            return
        if found is None:
            return
        self.preview, self.chosen = found, set()
        self.part.clear()
        for part in found.parts:
            self.part.addItem(f"{part.title}: {counted(len(part.rows), 'row')}", part)
        for shown in (self.part, self.table):
            shown.show()
        self.say_close()
        self._say()
        self._show_part()
        self.table.setFocus()

    # --- what is shown -----------------------------------------------------------------------------------------------

    def _say(self) -> None:
        found = self.preview
        if found is None:
            return
        rows = counted(sum(len(part.rows) for part in found.parts), "row")
        out = f" {counted(found.redacted, 'field')} left out already." if found.redacted else ""
        self.said.setText(
            f"{rows} of {counted(len(found.parts), 'system')}.{out} Mark with Space what says something of somebody "
            "else. Shown here only, and gone when you close this."
        )

    def _fields(self, part: PackagePart) -> Iterator[Field]:
        for number, row in enumerate(part.rows):
            for name, value in row.items():
                key = (part.node_id, number, name)
                yield Field(part.node_id, number, name, _words(value), key in self.chosen)

    def _show_part(self) -> None:
        part: PackagePart | None = self.part.currentData()
        self.table.renew_rows(tuple(self._fields(part)) if part is not None else ())
        if part is not None and part.rows and not self.table.currentIndex().isValid():
            self.table.setCurrentIndex(self.table.records.index(0, 0))
        self._enable()

    def mark(self) -> None:
        """Mark the field at the cursor, or take the mark off."""
        row = self.table.currentIndex().row()
        if 0 <= row < len(self.table.records.rows):
            self.chosen ^= {self.table.records.rows[row].key}
            self._show_part()

    def _enable(self) -> None:
        marked = len(self.chosen)
        self.leave_out.setEnabled(bool(marked))
        self.leave_out.setText(f"Leave {counted(marked, 'field')} out" if marked else "Leave marked fields out")
        ready = self.preview is not None and not marked
        self.release_button.setEnabled(ready)
        why = "" if ready else "look through it first" if self.preview is None else "leave the marked fields out first"
        self.release_button.setToolTip(why)
        self.release_button.setAccessibleDescription(why)

    # --- what is decided ---------------------------------------------------------------------------------------------

    def redact(self) -> None:
        """Leave what is marked out, and look again."""
        found = self.preview
        if found is None or not self.chosen or self.is_busy:
            return
        chosen = [Redaction(node_id=node, row=row, field=name) for node, row, name in sorted(self.chosen)]
        self.carry_out(self.console.tasks, self._redact(found, chosen), "leave fields out")

    async def _redact(self, found: PackagePreview, chosen: list[Redaction]) -> None:
        try:
            await mutations.redact(self.console.mutations, self.request, found, chosen)
        except OperationsError as error:
            self.fail(f"{error} Nothing was left out; your marks are still here.", self.table)
            return
        await self._look(self.purpose.text().strip())

    def release(self) -> None:
        """Pack it; the person is told the link, and another way the passphrase."""
        found = self.preview
        if found is not None:
            self.send(lambda: mutations.release(self.console.mutations, self.request, found.version))

    @property
    def is_again(self) -> bool:
        """Whether it was released before, and its link ends with this one."""
        return self.request.status is RequestState.READY


def _words(value: Any) -> str:
    if value is None:
        return NONE
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_words(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value))
    return str(value)
