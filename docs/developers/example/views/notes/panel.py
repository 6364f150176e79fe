"""The open notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout

from app.core.errors import OperationsError
from app.notes.domain import Notes, finish
from models.core.permissions import Permission
from views.kit.query_panel import QueryPanel
from views.kit.widgets.table import Column, RecordTable

if TYPE_CHECKING:
    from app.console import Console
    from models.notes import Note


class NotesPanel(QueryPanel):
    """A table of what the last shift left to this one."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, (Permission.VIEW_DASHBOARD,))
        self._notes = console.of(Notes).open()
        self.table = RecordTable(
            (
                Column("Note", lambda note: note.text, 200, stretch=True),
                Column("Written by", lambda note: note.written_by, 90, quiet=True),
                Column("Links", lambda note: ", ".join(note.links), 90, quiet=True),
            ),
            "Notes",
        )
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        self.use(self._notes)

    def refresh(self) -> None:
        """Show the newest answer; the chosen note stays chosen."""
        sample, before = self._notes.sample, self.chosen
        notes: tuple[Note, ...] = sample.value if sample is not None else ()
        self.table.renew_rows(notes)
        again = next((row for row, note in enumerate(notes) if before is not None and note.id == before.id), None)
        if again is None:
            self.table.clearSelection()
        else:
            self.table.selectRow(again)

    @property
    def chosen(self) -> Note | None:
        """The note of the chosen row."""
        rows, notes = self.table.selectionModel().selectedRows(), self.table.records.rows
        found: Note | None = notes[rows[0].row()] if rows and rows[0].row() < len(notes) else None
        return found

    def finish(self) -> None:
        """Say that the chosen note is dealt with."""
        if (note := self.chosen) is not None:
            self.console.tasks.start(self._finish(note), name="finish a note")

    async def _finish(self, note: Note) -> None:
        try:
            await finish(self.console.mutations, note)
        except OperationsError as error:
            self.console.messages.post(str(error), "error")
