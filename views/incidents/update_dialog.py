"""An update with what each channel would be sent, before anything is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFormLayout, QPlainTextEdit, QSpinBox, QTabWidget, QWidget

from app.core.errors import OperationsError
from app.incidents import decisions
from app.incidents.domain import Incidents
from models.incidents.updates import UpdateDraft
from views.incidents.dialogs import IncidentDialog, paragraph
from views.incidents.update_form import UpdateForm
from views.kit.theme import current

if TYPE_CHECKING:
    from app.console import Console
    from app.core.mutation_types import Outcome
    from models.incidents import IncidentRecord

REST_MS = 300
WIDE = 620


class UpdateDialog(IncidentDialog):
    """Phase, words and channels; below, each message as it would arrive."""

    def __init__(self, console: Console, incident: IncidentRecord, parent: QWidget) -> None:
        super().__init__(console, incident, parent, "Post a status update", "Post it", "Words")
        self.words.setParent(self)
        self.words.hide()
        self.resize(current().px(WIDE), self.height())
        self.update_form = UpdateForm(console, self, 110)
        self.minutes = QSpinBox()
        self.minutes.setAccessibleName("Next update in")
        self.minutes.setRange(4, 10_080)
        self.minutes.setSpecialValueText("as the severity asks")
        self.minutes.setSuffix(" min")
        self.minutes.setValue(4)
        self.form.addRow("It says", self.update_form.phase)
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        self.column.addWidget(self.update_form.text)
        self.column.addWidget(self.update_form.channels)
        next_row = QFormLayout()
        next_row.addRow("Next update in", self.minutes)
        self.column.addLayout(next_row)
        self.messages = QTabWidget()
        self.messages.setAccessibleName("What would be sent")
        self.column.addWidget(self.messages, 1)
        self.said = paragraph("Waiting for the preview…")
        self.said.setAccessibleName("Preview")
        self.column.addWidget(self.said)
        self._resting = QTimer(self, singleShot=True, interval=REST_MS)
        self._resting.timeout.connect(self._look)
        self.update_form.changed.connect(self._resting.start)
        self.minutes.valueChanged.connect(lambda *_: self._resting.start())
        self.update_form.failed.connect(self.fail)
        self.update_form.show_incident(incident)
        self.update_form.text.installEventFilter(self)
        self.update_form.text.setFocus()

    def draft(self) -> UpdateDraft | str:
        """What is posted, or what is wrong with it."""
        found = self.update_form.draft()
        if isinstance(found, str) or self.minutes.value() < 5:
            return found
        return UpdateDraft(
            phase=found.phase, text=found.text, connections=found.connections, next_minutes=self.minutes.value()
        )

    def _look(self) -> None:
        draft = self.draft()
        if isinstance(draft, str):
            self.said.setText(draft)
            return
        self.look(self.console.tasks, self._preview(draft), "preview an update")

    async def _preview(self, draft: UpdateDraft) -> None:
        try:
            found = await self.console.of(Incidents).preview(self.incident.incident_id, draft)
        except OperationsError as error:
            self.said.setText(f"No preview: {error}")
            return
        at = self.messages.currentIndex()
        while self.messages.count():
            gone = self.messages.widget(0)
            self.messages.removeTab(0)
            if gone is not None:
                gone.deleteLater()
        for message in found.messages:
            view = QPlainTextEdit()
            view.setReadOnly(True)
            view.setTabChangesFocus(True)
            view.setAccessibleName(f"To {message.name}")
            view.setPlainText(f"{message.subject}\n\n{message.text}" if message.subject else message.text)
            view.setMinimumHeight(current().px(110))
            self.messages.addTab(view, message.name)
        self.messages.setCurrentIndex(min(max(at, 0), self.messages.count() - 1))
        self.messages.setVisible(bool(found.messages))
        due = found.next_update_due_at
        where = "" if found.messages else "It is sent nowhere, and only read here. "
        self.said.setText(
            where + (f"The next one is due at {due:%H:%M} UTC." if due is not None else "No next one is due.")
        )

    def submit(self) -> None:
        """Post it."""
        draft = self.draft()
        if isinstance(draft, str):
            self.fail(draft, self.update_form.text)
            return
        self.send(lambda: self._post(draft))

    async def _post(self, draft: UpdateDraft) -> Outcome:
        outcome = await decisions.post_update(self.console.mutations, self.incident, draft)
        self.update_form.posted()
        return outcome
