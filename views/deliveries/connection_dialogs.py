"""Add and change a connection, set its secret, hold it back, turn it off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from PySide6.QtCore import QDateTime, QTimeZone
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateTimeEdit,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from app.core.mutation_types import Refused
from app.deliveries.domain import Deliveries, change, create, pause, remove, remove_secret
from models.core.wording import counted
from models.deliveries.connections import PREVIOUS_HOURS_MOST, SecretPurpose, SecretRequest
from views.deliveries.settings_form import FieldError, SettingsForm
from views.deliveries.wording import SECRET_NAMES, SIGNED
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.console import Console
    from models.deliveries.connections import Connection

WIDE = 560
PREVIOUS_HOURS = 24
PAUSES = (("30 minutes", 30), ("1 hour", 60), ("2 hours", 120), ("4 hours", 240), ("8 hours", 480))


def paragraph(text: str) -> QLabel:
    """Words that wrap."""
    label = QLabel(text)
    label.setWordWrap(True)
    return label


class ConnectionDialog(DecidingDialog):
    """A new connection, or another way to one that is there."""

    def __init__(
        self, console: Console, connection: Connection | None, made: Callable[[str], object], parent: QWidget
    ) -> None:
        """``made`` is told the id."""
        title = "New connection" if connection is None else f"Change {connection.name}"
        accept = "Add" if connection is None else "Change"
        super().__init__(title, console.tasks, parent, accept=accept, hint="Why")
        self._console, self._connection, self._made = console, connection, made
        self.words.setParent(self)
        self.words.hide()
        self.setMinimumWidth(current().px(WIDE))
        said = (
            "It is off until its secret is set, and sends nothing before that."
            if connection is None
            else "Whatever had stopped goes on at once, and what waits goes the new way. With another server, port or "
            "protocol its secret is forgotten and has to be entered again: nothing goes before that, nothing is lost."
        )
        self.column.addWidget(paragraph(f"{said} A second factor is asked for."))
        self.form = SettingsForm(connection)
        self.column.addWidget(self.form)
        self.form.name.setFocus()

    def submit(self) -> None:
        """Add or change it."""
        try:
            if self._connection is None:
                request = self.form.request()
                self.send(lambda: self._create(request))
            else:
                self._change(self._connection)
        except FieldError as error:
            self.fail(str(error), error.field)

    async def _create(self, request: Any) -> None:
        outcome = await create(self._console.mutations, request)
        if known := outcome.answer.get("id"):
            self._made(str(known))

    def _change(self, connection: Connection) -> None:
        request = self.form.change()
        if request is None:
            self.fail("Nothing was changed yet.")
            return
        self.send(lambda: change(self._console.mutations, connection, request))


class SecretDialog(DecidingDialog):
    """A new secret. It goes to the server once, past the outbox, and is never shown again."""

    def __init__(self, console: Console, connection: Connection, parent: QWidget) -> None:
        name, first = SECRET_NAMES[connection.settings.kind], connection.secret is None
        title = f"{'Enter' if first else 'Rotate'} the secret of {connection.name}"
        super().__init__(title, console.tasks, parent, accept="Set it", hint="Why")
        self._console, self._connection = console, connection
        self.words.setParent(self)
        self.words.hide()
        self.setMinimumWidth(current().px(WIDE))
        self.said = paragraph("")
        self.purpose = QComboBox()
        self.purpose.addItem(f"What we send with: the {name}", SecretPurpose.SEND)
        if connection.hook:
            self.purpose.addItem("What proves that a call is theirs", SecretPurpose.RECEIVE)
        self.how = QComboBox()
        self.how.addItem("Typed here, kept sealed", "value")
        self.how.addItem("Read where the worker runs", "reference")
        self.value = QLineEdit()
        self.value.setEchoMode(QLineEdit.EchoMode.Password)
        self.value.setMaxLength(4096)
        self.hours = QSpinBox()
        self.hours.setRange(0, PREVIOUS_HOURS_MOST)
        self.hours.setValue(PREVIOUS_HOURS)
        self.hours.setSuffix(" h")
        self.ends = QCheckBox("It ends")
        minute = int((console.clock.now() + timedelta(days=180)).timestamp()) // 60 * 60
        self.at = QDateTimeEdit(QDateTime.fromSecsSinceEpoch(minute, QTimeZone.utc()))
        self.at.setDisplayFormat("yyyy-MM-dd HH:mm 'UTC'")
        self.at.setCalendarPopup(True)
        self.at.setEnabled(False)
        self.ends.toggled.connect(self.at.setEnabled)
        self.form = QFormLayout()
        rows = (
            ("For", self.purpose),
            ("Where it is", self.how),
            ("Secret", self.value),
            ("The one before, valid", self.hours),
            ("", self.ends),
            ("Ends", self.at),
        )
        for label, field in rows:
            field.setAccessibleName(label or "It ends")
            self.form.addRow(label, field)
        self.column.addWidget(self.said)
        self.column.addLayout(self.form)
        self.form.setRowVisible(self.purpose, self.purpose.count() > 1)
        self.purpose.currentIndexChanged.connect(lambda _index: self._explain())
        self.how.currentIndexChanged.connect(lambda _index: self._explain())
        self._explain()
        self.value.setFocus()

    def _explain(self) -> None:
        typed, sends = self.how.currentData() == "value", self.purpose.currentData() == SecretPurpose.SEND
        mode = QLineEdit.EchoMode.Password if typed else QLineEdit.EchoMode.Normal
        if self.value.echoMode() != mode:
            self.value.clear()  # a secret that was typed is not shown by looking at the other way
            self.value.setEchoMode(mode)
        self.value.setPlaceholderText(
            "8 characters or more" if typed else "env:OPSCONSOLE_SECRET_NAME or file:/path/of/the/secret"
        )
        before = self._connection.secret if sends else self._connection.hook_secret
        overlaps = before is not None and (not sends or self._connection.settings.kind in SIGNED)
        self.form.setRowVisible(self.hours, overlaps)
        words = "It is never shown again: only its last four characters, its fingerprint and its age are."
        if overlaps:
            words += " The one before stays valid meanwhile, so that the other side can change in its own time."
        self.said.setText(words)

    def submit(self) -> None:
        """Set it."""
        text, typed = self.value.text().strip(), self.how.currentData() == "value"
        given: dict[str, Any] = {"purpose": self.purpose.currentData(), "value" if typed else "reference": text}
        if self.form.isRowVisible(self.hours):
            given["previous_hours"] = self.hours.value()
        if self.ends.isChecked():
            given["expires_at"] = datetime.fromtimestamp(self.at.dateTime().toSecsSinceEpoch(), UTC)
            if given["expires_at"] <= self._console.clock.now():
                self.fail("The end lies ahead.", self.at)
                return
        if typed and len(text) < 8:
            self.fail("A secret has 8 characters or more.", self.value)
            return
        try:
            request = SecretRequest(**given)
        except ValidationError as error:
            # Its words, not what was typed: that would stand on the screen.
            self.fail(
                f"{error.errors(include_url=False, include_input=False)[0]['msg']}.".removeprefix("Value error, "),
                self.value,
            )
            return
        self.send(lambda: self._set(request))

    async def _set(self, request: SecretRequest) -> None:
        deliveries, known = self._console.of(Deliveries), self._connection
        if (
            await self._console.step_up.confirmed(lambda: deliveries.set_secret(known, request), self.windowTitle())
            is None
        ):
            raise Refused("No second factor was given.")
        self.value.clear()
        self._console.messages.post(f"The secret of {known.name} is set. Send a test to see that it is right.")


class PauseDialog(DecidingDialog):
    """Until when, and why."""

    def __init__(self, console: Console, connection: Connection, parent: QWidget) -> None:
        super().__init__(f"Pause {connection.name}", console.tasks, parent, accept="Pause", hint="Why")
        self._console, self._connection = console, connection
        self.column.addWidget(
            paragraph("What is meant for it waits, and goes in order when it is resumed. Nothing is lost.")
        )
        self.until = QComboBox()
        for words, minutes in PAUSES:
            self.until.addItem(words, minutes)
        self.until.addItem("Until somebody resumes it", None)
        self.until.setCurrentIndex(1)
        self.until.setAccessibleName("For")
        form = QFormLayout()
        form.addRow("For", self.until)
        self.column.addLayout(form)
        self.ask_for_words()

    def submit(self) -> None:
        """Pause it."""
        words, minutes = self.checked_words(), self.until.currentData()
        if words is None:
            return
        until = None if minutes is None else self._console.clock.now() + timedelta(minutes=minutes)
        self.send(lambda: pause(self._console.mutations, self._connection, until, words))


class TurnOffDialog(DecidingDialog):
    """Forgets the secret; what waits is given up."""

    def __init__(self, console: Console, connection: Connection, parent: QWidget) -> None:
        super().__init__(
            f"Turn {connection.name} off", console.tasks, parent, accept="Turn off", hint="Why", destructive=True
        )
        self._console, self._connection = console, connection
        self.words.setParent(self)
        self.words.hide()
        waits = counted(connection.waiting, "letter waits and is", "letters wait and are")
        lost = f" {waits} given up." if connection.waiting else ""
        where = console.environment or "this environment"
        said = "" if connection.secret is None else "its secret is forgotten and "
        again = (
            "It can be turned on again at any time."
            if connection.secret is None
            else "To use it again, its secret has to be entered again."
        )
        self.column.addWidget(paragraph(f"In {where}, {said}nothing is sent or kept for it any more.{lost} {again}"))

    def submit(self) -> None:
        """Turn it off."""
        self.send(lambda: remove_secret(self._console.mutations, self._connection))


class RemoveDialog(DecidingDialog):
    """It is gone for good; what it has sent stays."""

    def __init__(self, console: Console, connection: Connection, parent: QWidget) -> None:
        super().__init__(
            f"Remove {connection.name}", console.tasks, parent, accept="Remove", hint="Why", destructive=True
        )
        self._console, self._connection = console, connection
        self.words.setParent(self)
        self.words.hide()
        waits = counted(connection.waiting, "letter waits and is", "letters wait and are")
        lost = f" {waits} given up." if connection.waiting else ""
        where = console.environment or "this environment"
        self.column.addWidget(
            paragraph(
                f"In {where}, the connection, its secrets and its routes are removed for good.{lost} What it has sent "
                "and what was given up stay in the lists and in the audit log. A second factor is asked for."
            )
        )

    def submit(self) -> None:
        """Remove it."""
        self.send(lambda: remove(self._console.mutations, self._connection))
