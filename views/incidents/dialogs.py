"""Open an incident, say how far it has come, change what it is, note and correct what happened."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QLineEdit, QSpinBox, QWidget

from app.incidents import decisions
from app.incidents.domain import Incidents
from models.incidents import (
    CLOSED,
    IncidentChange,
    IncidentDraft,
    IncidentSeverity,
    IncidentStatus,
    IncidentUpdateRequest,
    KeyTimesChange,
)
from views.incidents.consequence import Consequence
from views.incidents.desk import Desk
from views.incidents.wording import MEANINGS, STATES, entry_instant, entry_text
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.widgets.instant import InstantField

if TYPE_CHECKING:
    from app.console import Console
    from app.core.mutation_types import Outcome
    from models.incidents import IncidentRecord
    from models.incidents.timeline import TimelineEntry
    from views.kit.capability import Window

TITLE_MOST, CUSTOMERS_MOST = 200, 1_000_000_000


def paragraph(text: str) -> QLabel:
    """Plain words that wrap."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def named(words: str, name: str, most: int = TITLE_MOST) -> QLineEdit:
    """A field with a name."""
    field = QLineEdit(words)
    field.setAccessibleName(name)
    field.setMaxLength(most)
    return field


def severities(chosen: IncidentSeverity) -> QComboBox:
    """All severities, with what each means."""
    box = QComboBox()
    box.setAccessibleName("Severity")
    for severity, meaning in MEANINGS.items():
        box.addItem(f"{severity}: {meaning}", severity)
    box.setCurrentIndex(box.findData(chosen))
    return box


def split_words(text: str) -> tuple[str, ...]:
    """Names between commas."""
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def exact(field: InstantField, given: datetime) -> datetime:
    """The instant a field was given while its minute is still the same: order within a minute is not lost."""
    return given if field.instant == given.replace(second=0, microsecond=0) else field.instant


class IncidentDialog(DecidingDialog):
    """Names the incident it is about."""

    def __init__(
        self, console: Console, incident: IncidentRecord, parent: QWidget, title: str, accept: str, hint: str
    ) -> None:
        super().__init__(title, console.tasks, parent, accept=accept, hint=hint)
        self.console, self.incident = console, incident
        self.column.addWidget(paragraph(f"{incident.reference} · {incident.severity} · {incident.title}"))
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.column.addLayout(self.form)


class OpenDialog(DecidingDialog):
    """Asks how bad it is and what is seen; the rest can wait."""

    def __init__(self, window: Window) -> None:
        console = window.console
        hint = "What is seen: the first line becomes its title"
        super().__init__("Open an incident", console.tasks, window.as_parent, accept="Open it", hint=hint)
        self._console, self._desk = console, window.shared(Desk)
        self.severity = severities(IncidentSeverity.SEV3)
        self.services = named("", "Services")
        self.services.setPlaceholderText("checkout, downloads")
        self.started = InstantField(console.clock.now(), "When the impact began", unit="UTC")
        self.consequence = Consequence(console, self.severity, self)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Severity", self.severity)
        form.addRow("Services", self.services)
        form.addRow("Impact began", self.started)
        self.column.addLayout(form)
        self.column.addWidget(self.consequence)
        self.ask_for_words()

    def submit(self) -> None:
        """Open it."""
        text = self.checked_words()
        if text is None:
            return
        began = self.started.instant
        now = self._console.clock.now().replace(second=0, microsecond=0)
        if began > now:
            self.fail("The impact cannot begin in the future.", self.started)
            return
        values = {
            "severity": self.severity.currentData(),
            "description": text,
            "services": split_words(self.services.text()),
        }
        draft = IncidentDraft(**values) if began == now else IncidentDraft(**values, started_at=began)
        self.send(lambda: self._send_it(draft))

    async def _send_it(self, draft: IncidentDraft) -> Outcome:
        outcome = await decisions.open_incident(self._console.mutations, draft)
        if outcome.answer:
            self._desk.show_room(str(outcome.answer["incidentId"]))
        return outcome


class MoveDialog(IncidentDialog):
    """Asks how far it has come, and what was done."""

    def __init__(self, console: Console, incident: IncidentRecord, parent: QWidget) -> None:
        super().__init__(console, incident, parent, "Move on", "Say so", "What was done, or is known")
        self.status = QComboBox()
        self.status.setAccessibleName("State")
        states = [each for each in IncidentStatus if each is not IncidentStatus.REVIEWED]
        for status in states:
            self.status.addItem(STATES[status], status)
        at = list(IncidentStatus).index(incident.status)
        self.status.setCurrentIndex(min(at + 1, len(states) - 1))
        self.form.addRow("State", self.status)
        self.warning = paragraph("")
        self.warning.setAccessibleName("Mind")
        self.column.addWidget(self.warning)
        self.status.currentIndexChanged.connect(self._warn)
        self._warn()
        self.ask_for_words()

    def _warn(self, *_: object) -> None:
        words = ""
        if self.status.currentData() in CLOSED and self.incident.open_alerts:
            words = f"{self.incident.open_alerts} of its alerts still burn. Closing it silences none of them."
        elif self.incident.status in CLOSED:
            words = "It is opened again, and its alerts join it again."
        self.warning.setText(words)
        self.warning.setVisible(bool(words))

    def submit(self) -> None:
        """Say so; the same state again needs words."""
        status, same = self.status.currentData(), self.status.currentData() == self.incident.status
        text = self.checked_words(needed=same)
        if text is None:
            return
        fields = ({} if same else {"status": status}) | ({"notes": text} if text else {})
        request = IncidentUpdateRequest(**fields)
        self.send(lambda: decisions.move_on(self.console.mutations, self.incident, request))


class EditDialog(IncidentDialog):
    """Changes what it is: only what was changed is sent, so that two people change different things."""

    def __init__(self, console: Console, incident: IncidentRecord, parent: QWidget) -> None:
        super().__init__(
            console, incident, parent, "Change the incident", "Change it", "Why, such as what makes it worse"
        )
        self.severity = severities(incident.severity)
        self.title = named(incident.title, "Title")
        self.services = named(", ".join(incident.services), "Services", 1_000)
        self.customers = QSpinBox()
        self.customers.setAccessibleName("Customers affected")
        self.customers.setRange(-1, CUSTOMERS_MOST)
        self.customers.setSpecialValueText("not counted")
        self.customers.setGroupSeparatorShown(True)
        self.customers.setValue(-1 if incident.customers_affected is None else incident.customers_affected)
        self.form.addRow("Severity", self.severity)
        self.form.addRow("Title", self.title)
        self.form.addRow("Services", self.services)
        self.form.addRow("Customers affected", self.customers)
        self.column.addWidget(paragraph("A worse severity pages by the matrix anew."))
        self.column.addWidget(self.words)
        self.severity.setFocus()

    def submit(self) -> None:
        """Send what is different."""
        one = self.incident
        if not self.title.text().strip():
            self.fail("It needs a title.", self.title)
            return
        customers = None if self.customers.value() < 0 else self.customers.value()
        wanted = {
            "severity": self.severity.currentData(),
            "title": self.title.text().strip(),
            "services": split_words(self.services.text()),
            "customers_affected": customers,
        }
        fields = {name: value for name, value in wanted.items() if value != getattr(one, name)}
        if not fields:
            self.fail("Nothing is different.")
            return
        text = self.checked_words(needed="severity" in fields)
        if text is None:
            return
        request = IncidentChange(**fields, reason=text[:500])
        self.send(lambda: decisions.change(self.console.mutations, one, request))


class TimesDialog(IncidentDialog):
    """Changes key times: those that were reached."""

    NAMES = (
        ("started_at", "Impact began"),
        ("detected_at", "Detected"),
        ("acknowledged_at", "Acknowledged"),
        ("mitigated_at", "Mitigated"),
        ("resolved_at", "Resolved"),
    )

    def __init__(self, console: Console, incident: IncidentRecord, parent: QWidget) -> None:
        super().__init__(console, incident, parent, "Change key times", "Change them", "How this is known")
        self.fields: dict[str, tuple[InstantField, datetime]] = {}
        for name, words in self.NAMES:
            at = getattr(incident, name)
            if at is not None:
                field = InstantField(at, words, unit="UTC")
                self.fields[name] = field, field.instant
                self.form.addRow(words, field)
        self.column.addWidget(paragraph("Times before the change stay in the log. MTTD, MTTA and MTTR follow these."))
        self.column.addWidget(self.words)

    def submit(self) -> None:
        """Send what is different."""
        changed = {name: field.instant for name, (field, before) in self.fields.items() if field.instant != before}
        if not changed:
            self.fail("Nothing is different.")
            return
        order = [self.fields[name][0] for name, _ in self.NAMES if name in self.fields]
        for earlier, later in pairwise(order):
            if later.instant < earlier.instant:
                self.fail(f"“{later.accessibleName()}” lies before “{earlier.accessibleName()}”.", later)
                return
        text = self.checked_words()
        if text is not None:
            request = KeyTimesChange(**changed, reason=text)
            self.send(lambda: decisions.change_times(self.console.mutations, self.incident, request))


class MergeDialog(IncidentDialog):
    """Asks which one it is a part of."""

    def __init__(self, console: Console, incident: IncidentRecord, parent: QWidget) -> None:
        super().__init__(console, incident, parent, "Merge into another one", "Merge", "Why they are one")
        self.into = QComboBox()
        self.into.setAccessibleName("Part of")
        sample = console.of(Incidents).open().sample
        self._others = [each for each in (sample.value if sample else ()) if each.incident_id != incident.incident_id]
        for other in self._others:
            self.into.addItem(f"{other.reference} · {other.severity} · {other.title}", other.incident_id)
        self.into.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.into.setMinimumContentsLength(24)
        self.form.addRow("Is part of", self.into)
        self.column.addWidget(paragraph("This one is closed; both timelines are read in the other one."))
        self.ask_for_words()

    def submit(self) -> None:
        """Merge."""
        other = next((each for each in self._others if each.incident_id == self.into.currentData()), None)
        if other is None:
            self.fail("No other incident is open.", self.into)
            return
        text = self.checked_words()
        if text is not None:
            self.send(lambda: decisions.merge(self.console.mutations, self.incident, other, text))


class NoteDialog(IncidentDialog):
    """Asks what happened, and when."""

    def __init__(self, console: Console, incident: IncidentRecord, parent: QWidget, *, at: float | None = None) -> None:
        """``at`` is the instant under the crosshair."""
        super().__init__(console, incident, parent, "Note what happened", "Note it", "What happened")
        began = console.clock.now() if at is None else datetime.fromtimestamp(at, UTC)
        self.earlier = QCheckBox("It happened at")
        self.earlier.setChecked(at is not None)
        self._began = began
        self.at = InstantField(began, "When it happened", unit="UTC")
        self.at.setEnabled(at is not None)
        self.earlier.toggled.connect(self.at.setEnabled)
        self.form.addRow(self.earlier, self.at)
        self.ask_for_words()

    def submit(self) -> None:
        """Keep it, now or as soon as the server is heard again."""
        text = self.checked_words()
        if text is None:
            return
        at = exact(self.at, self._began) if self.earlier.isChecked() else self.console.clock.now()
        if at > self.console.clock.now():
            self.fail("It cannot have happened in the future.", self.at)
            return
        self.send(lambda: decisions.note(self.console.mutations, self.incident, text, at))


class CorrectDialog(IncidentDialog):
    """Asks what is right; what stands there stays."""

    def __init__(self, window: Window, incident: IncidentRecord, entry: TimelineEntry) -> None:
        super().__init__(
            window.console, incident, window.as_parent, "Correct an entry", "Correct it", "What is right about it"
        )
        self._window, self.entry = window, entry
        self.form.addRow("It says", paragraph(entry_text(entry)))
        self.form.addRow("", paragraph("The entry stays as it is; your words stand with it, under your name."))
        self.earlier = QCheckBox("It happened at")
        self.at = InstantField(entry_instant(entry), "When it happened", unit="UTC")
        self.at.setEnabled(False)
        self.earlier.toggled.connect(self.at.setEnabled)
        self.form.addRow(self.earlier, self.at)
        self.ask_for_words()

    def submit(self) -> None:
        """Send the correction."""
        text = self.checked_words()
        if text is not None:
            at = exact(self.at, entry_instant(self.entry)) if self.earlier.isChecked() else None
            self.send(lambda: self._send_it(text, at))

    async def _send_it(self, text: str, at: datetime | None) -> Outcome:
        from views.incidents.work import take_entry

        outcome = await decisions.correct(self.console.mutations, self.incident, self.entry, text, at)
        take_entry(self._window, outcome.answer)
        return outcome
