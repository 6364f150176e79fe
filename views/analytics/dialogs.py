"""Decisions about mistakes, versions, modes and what is held: each says what it means before it is done."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QWidget

from app.analytics import changes
from models.analytics import EventMode, SchemaState
from models.analytics.events import ViolationChange, ViolationState
from models.core.wording import counted
from views.analytics.wording import MODES, person_words, pointer_words, rule_words, sender_words
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.widgets.fields import number_field
from views.kit.widgets.instant import InstantField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from app.console import Console
    from models.analytics import EventSchemaDefinition, PlannedEvent
    from models.analytics.events import QuarantineGroup, Trial, ViolationGroup

DAYS = ((7, "The last 7 days"), (30, "The last 30 days"), (90, "The last 90 days"))
MUTE_DAYS = 7
OVERLAP_DAYS = 30


def paragraph(text: str) -> QLabel:
    """Words that wrap."""
    label = QLabel(text)
    label.setWordWrap(True)
    return label


def labelled(words: str, field: QWidget) -> QLabel:
    """The name of a field above it."""
    label = QLabel(words)
    label.setBuddy(field)
    field.setAccessibleName(words)
    return label


def _what(group: ViolationGroup) -> str:
    sender = sender_words(group.producer, group.app_version)
    return f"{group.event_name} {pointer_words(group.pointer)} {rule_words(group)}, sent by {sender}."


class _SilentDialog(DecidingDialog):
    """A decision that needs no reason."""

    def __init__(
        self, title: str, console: Console, parent: QWidget, *, accept: str, destructive: bool = False
    ) -> None:
        super().__init__(title, console.tasks, parent, accept=accept, hint="Why", destructive=destructive)
        self._console = console
        self.words.setParent(self)
        self.words.hide()


class AssignDialog(_SilentDialog):
    """Say who looks into a mistake."""

    def __init__(self, console: Console, group: ViolationGroup, names: Mapping[str, str], parent: QWidget) -> None:
        """``names`` are those who can be chosen, by their ids."""
        super().__init__("Who looks into it?", console, parent, accept="Assign")
        self._group = group
        self.column.addWidget(paragraph(_what(group)))
        self.person = QComboBox()
        self.person.addItem("Nobody", None)
        for person, name in sorted(names.items(), key=lambda pair: pair[1].casefold()):
            self.person.addItem(name, person)
        at = self.person.findData(group.assigned_to)
        self.person.setCurrentIndex(max(at, 0))
        self.column.addWidget(labelled("Who", self.person))
        self.column.addWidget(self.person)
        self.person.setFocus()

    def submit(self) -> None:
        """Assign it."""
        person = self.person.currentData()
        words = f"Assigned to {self.person.currentText()}" if person else "Assigned to nobody"
        request = ViolationChange(assigned_to=person)
        self.send(lambda: changes.change_violation(self._console.mutations, self._group, request, words))


class MuteDialog(DecidingDialog):
    """Put a mistake aside for a while."""

    def __init__(self, console: Console, group: ViolationGroup, parent: QWidget) -> None:
        super().__init__("Mute a mistake", console.tasks, parent, accept="Mute", hint="Why")
        self._console, self._group = console, group
        self.column.addWidget(paragraph(f"{_what(group)} It is counted on, and opens again by itself."))
        self.until = InstantField(console.clock.now() + timedelta(days=MUTE_DAYS), "Muted until", unit="UTC")
        self.column.addWidget(labelled("Muted until", self.until))
        self.column.addWidget(self.until)
        self.ask_for_words()

    def field_of(self, pointer: str) -> QWidget | None:
        return self.until if pointer == "/mutedUntil" else None

    def submit(self) -> None:
        """Mute it."""
        until = self.until.instant
        if until <= self._console.clock.now():
            self.fail("This instant has passed.", self.until)
            return
        words = self.checked_words()
        if words is not None:
            request = ViolationChange(state=ViolationState.MUTED, muted_until=until, reason=words)
            title = f"Muted until {until:%Y-%m-%d %H:%M}"
            self.send(lambda: changes.change_violation(self._console.mutations, self._group, request, title))


class StateDialog(DecidingDialog):
    """Take a version to its next state."""

    def __init__(
        self,
        console: Console,
        version: EventSchemaDefinition,
        states: Sequence[SchemaState],
        asks: Sequence[str],
        parent: QWidget,
    ) -> None:
        """``states`` can be chosen among; ``asks`` says why somebody else must agree."""
        verb = _VERBS[states[0]] if len(states) == 1 else "Deprecate or retire"
        title = f"{verb} {version.event_name} {version.version}"
        destructive = SchemaState.RETIRED in states
        super().__init__(title, console.tasks, parent, accept=_VERBS[states[0]], hint="Why", destructive=destructive)
        self._console, self._version = console, version
        self.state = QComboBox()
        for each in states:
            self.state.addItem(_CHOICES[each], each)
        self.said = paragraph("")
        self.until = InstantField(console.clock.now() + timedelta(days=OVERLAP_DAYS), "Deprecated until", unit="UTC")
        self.until_name = labelled("Events may be of it until", self.until)
        if len(states) > 1:
            self.column.addWidget(labelled("What is it to be?", self.state))
            self.column.addWidget(self.state)
        else:
            self.state.setParent(self)
            self.state.hide()
        self.column.addWidget(self.said)
        self.column.addWidget(self.until_name)
        self.column.addWidget(self.until)
        if asks:
            self.column.addWidget(paragraph(f"A second person must agree: {'; '.join(asks)}."))
        self.state.currentIndexChanged.connect(lambda _index: self._show())
        self._show()
        self.ask_for_words()

    def _show(self) -> None:
        state = SchemaState(self.state.currentData())
        where = self._console.environment or "this environment"
        self.said.setText(_MEANS[state].format(where=where))
        for part in (self.until, self.until_name):
            part.setVisible(state is SchemaState.DEPRECATED)

    def field_of(self, pointer: str) -> QWidget | None:
        return self.until if pointer == "/until" else None

    def submit(self) -> None:
        """Ask for it."""
        state = SchemaState(self.state.currentData())
        until = self.until.instant if state is SchemaState.DEPRECATED else None
        if until is not None and until <= self._console.clock.now():
            self.fail("This instant has passed.", self.until)
            return
        words = self.checked_words()
        if words is not None:
            self.send(lambda: self._change(state, words, until))

    async def _change(self, state: SchemaState, words: str, until: datetime | None) -> None:
        outcome = await changes.change_state(self._console.mutations, self._version, state, words, until)
        if not changes.is_done(outcome.answer):
            name = f"{self._version.event_name} {self._version.version}"
            self._console.messages.post(f"{name} waits for somebody else's yes: it is in Approvals.")


_VERBS = {
    SchemaState.OBSERVED: "Publish",
    SchemaState.ENFORCED: "Enforce",
    SchemaState.DEPRECATED: "Deprecate",
    SchemaState.RETIRED: "Retire",
}
_CHOICES = {
    SchemaState.OBSERVED: "Observed: what does not fit is counted",
    SchemaState.ENFORCED: "Enforced: the mode of the event holds",
    SchemaState.DEPRECATED: "Deprecated: still judged by, for a while",
    SchemaState.RETIRED: "Retired: not judged by any more",
}
_MEANS = {
    SchemaState.OBSERVED: "It begins in observe: what does not fit is counted in {where}, and nothing else happens. "
    "A published version is never changed again.",
    SchemaState.ENFORCED: "What does not fit is treated in {where} as the mode of the event says. The version before "
    "is deprecated, and events may be of it for 30 days more.",
    SchemaState.DEPRECATED: "Events may be of it until then; after that they are violations.",
    SchemaState.RETIRED: "Events that say they are of it are violations from now on. This is not taken back: a new "
    "version would have to be written.",
}


class ModeDialog(DecidingDialog):
    """What happens to events that do not fit."""

    def __init__(self, console: Console, event: PlannedEvent, parent: QWidget) -> None:
        super().__init__(f"Mode of {event.event_name}", console.tasks, parent, accept="Change", hint="Why")
        self._console, self._event = console, event
        where = console.environment or "this environment"
        words = f"What happens to events in {where} that do not fit an enforced version."
        if event.state is SchemaState.OBSERVED:
            words += " This event has none yet: it is only observed until one is enforced."
        self.column.addWidget(paragraph(words))
        self.mode = QComboBox()
        for mode, what in MODES.items():
            self.mode.addItem(f"{mode}: {what}", mode)
        self.mode.setCurrentIndex(list(MODES).index(event.mode))
        self.column.addWidget(labelled("Mode", self.mode))
        self.column.addWidget(self.mode)
        self.ask_for_words()

    def submit(self) -> None:
        """Change it."""
        mode = EventMode(self.mode.currentData())
        words = self.checked_words()
        if words is not None:
            self.send(lambda: changes.set_mode(self._console.mutations, self._event, mode, words))


class RadiusDialog(_SilentDialog):
    """Judge past events by a draft; nothing happens to them."""

    def __init__(self, console: Console, draft: EventSchemaDefinition, parent: QWidget) -> None:
        title = f"Blast radius of {draft.event_name} {draft.version}"
        super().__init__(title, console, parent, accept="Look")
        self._draft = draft
        self.column.addWidget(
            paragraph(
                "Past events are judged by the draft: how many would not fit, who sends them, what is made of them. "
                "Nothing happens to them."
            )
        )
        self.days = QComboBox()
        for days, words in DAYS:
            self.days.addItem(words, days)
        self.column.addWidget(labelled("Which events", self.days))
        self.column.addWidget(self.days)
        self.days.setFocus()

    def submit(self) -> None:
        """Ask for it."""
        days = int(self.days.currentData())
        self.send(lambda: changes.ask_radius(self._console.mutations, self._draft, days))


class InferDialog(_SilentDialog):
    """A draft out of what came in."""

    def __init__(self, console: Console, event_name: str, parent: QWidget) -> None:
        super().__init__("Draft an event from what came in", console, parent, accept="Draft it")
        self.column.addWidget(
            paragraph(
                "Types, what is always there, few different values and ranges are taken from events that came in. "
                "Nothing else of them is kept. It is a draft: read it before it is published."
            )
        )
        self.name = QLineEdit(event_name)
        self.name.setMaxLength(120)
        self.days = number_field(1, 90, 7, "Events of how many days", " days")
        for words, field in (("Event", self.name), ("Events of the last", self.days)):
            self.column.addWidget(labelled(words, field))
            self.column.addWidget(field)
        self.name.setFocus()

    def field_of(self, pointer: str) -> QWidget | None:
        return {"/eventName": self.name, "/days": self.days}.get(pointer)

    def submit(self) -> None:
        """Draft it."""
        name = self.name.text().strip()
        if not name:
            self.fail("Say which event, by the name it is sent with.", self.name)
            return
        self.send(lambda: changes.infer(self._console.mutations, name, self.days.value()))


class DiscardDraftDialog(_SilentDialog):
    """Give a draft up."""

    def __init__(
        self, console: Console, draft: EventSchemaDefinition, names: Mapping[str, str], parent: QWidget
    ) -> None:
        title = f"Discard the draft of {draft.event_name} {draft.version}"
        super().__init__(title, console, parent, accept="Discard", destructive=True)
        self._draft = draft
        who = person_words(draft.created_by, names)
        self.column.addWidget(paragraph(f"What {who} wrote is gone. What is published stays as it is."))

    def submit(self) -> None:
        """Discard it."""
        self.send(lambda: changes.discard_draft(self._console.mutations, self._draft))


class ReplayEventsDialog(DecidingDialog):
    """Judge what is held again."""

    def __init__(self, console: Console, group: QuarantineGroup, trial: Trial | None, parent: QWidget) -> None:
        super().__init__("Replay held events", console.tasks, parent, accept="Replay", hint="Why they fit now")
        self._console, self._group = console, group
        where = console.environment or "this environment"
        what = f"{counted(group.held, 'event')} of {group.event_name} are judged again in {where}"
        words = f"{what}. Those that fit now land, with the time they happened; the others stay held."
        if trial is not None:
            passing = counted(trial.passing, "event would land", "events would land")
            words += f" By the trial run, {passing} and {trial.still_held:,} would stay."
        self.column.addWidget(paragraph(f"{words} None is counted twice. What has landed cannot be taken back."))
        self.ask_for_words()

    def submit(self) -> None:
        """Replay them."""
        words = self.checked_words()
        if words is not None:
            self.send(lambda: self._replay(words))

    async def _replay(self, words: str) -> None:
        outcome = await changes.replay(self._console.mutations, self._group, words)
        if outcome.settled and "passing" in outcome.answer:
            landed, held = outcome.answer["passing"], outcome.answer["stillHeld"]
            stay = counted(held, "stays held", "stay held")
            self._console.messages.post(f"{counted(landed, 'event')} of {self._group.event_name} landed, {stay}.")


class DiscardEventsDialog(DecidingDialog):
    """Delete what is held."""

    def __init__(self, console: Console, group: QuarantineGroup, parent: QWidget) -> None:
        many = counted(group.held, "held event")
        super().__init__(f"Discard {many}", console.tasks, parent, accept="Discard", hint="Why", destructive=True)
        self._console, self._group = console, group
        where = console.environment or "this environment"
        are = "is" if group.held == 1 else "are"
        self.column.addWidget(paragraph(f"In {where}, {many} of {group.event_name} {are} deleted for good."))
        self.ask_for_words()

    def submit(self) -> None:
        """Delete them."""
        words = self.checked_words()
        if words is not None:
            self.send(lambda: changes.discard(self._console.mutations, self._group, words))
