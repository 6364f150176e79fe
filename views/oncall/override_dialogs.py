"""Put somebody else on for a while, and take that back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QWidget

from app.oncall.calendar import Bar, Kind, Row
from app.oncall.definition_text import TypedWrong
from app.oncall.domain import OnCall, add_override, cancel_override
from app.oncall.wording import override_words, people_words, span_words
from app.oncall.zones import city
from models.oncall.schedules import InsteadOf, OverrideRequest
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current
from views.kit.widgets.instant import InstantField
from views.oncall.fields import PeopleField, paragraph

if TYPE_CHECKING:
    from datetime import datetime

    from app.console import Console
    from models.oncall.rosters import Roster
    from models.oncall.schedules import Override
    from views.oncall.desk import Desk

WIDE = 560
INSTEAD = {
    InsteadOf.PERSON: "one person, only while they are on",
    InsteadOf.EVERYBODY: "everybody",
    InsteadOf.NOBODY: "nobody: they are on as well",
}


class SpanFields:
    """Schedule, start and end, with the same span in the schedule's own zone; shared with swaps."""

    def __init__(self, console: Console, chosen: tuple[Row, Bar] | None, what: str) -> None:
        sample = console.of(OnCall).roster().sample
        self.rosters: tuple[Roster, ...] = sample.value.rosters if sample is not None else ()
        self.names = console.of(OnCall).names()
        self.schedule = QComboBox()
        self.schedule.setAccessibleName("Schedule")
        for roster in self.rosters:
            self.schedule.addItem(roster.schedule_name, roster.schedule_id)
        start, end = _span(console.clock.now(), chosen)
        if chosen is not None:
            self.schedule.setCurrentIndex(max(0, self.schedule.findData(chosen[0].schedule_id)))
        self.start = InstantField(start, f"{what} starts", unit="UTC")
        self.end = InstantField(end, f"{what} ends", unit="UTC")
        self.local = QLabel()
        self.local.setWordWrap(True)
        self.start.dateTimeChanged.connect(lambda _at: self.show_local())
        self.end.dateTimeChanged.connect(lambda _at: self.show_local())
        self.schedule.currentIndexChanged.connect(lambda _number: self.show_local())
        self.show_local()

    @property
    def roster(self) -> Roster | None:
        """The schedule that is chosen."""
        known = self.schedule.currentData()
        return next((each for each in self.rosters if each.schedule_id == known), None)

    def show_local(self) -> None:
        """Say what the span is in the schedule's zone, and who is on then, as far as that is known here."""
        roster, start, end = self.roster, self.start.instant, self.end.instant
        if roster is None or end <= start:
            self.local.setText("")
            return
        on = [person for span in roster.spans if span.end > start and span.start < end for person in span.people]
        who = people_words(dict.fromkeys(on), self.names) if on else "not known here who"
        zone = "" if roster.zone == "UTC" else f"{span_words(start, end, roster.zone)} {city(roster.zone)}. "
        self.local.setText(f"{zone}On call then: {who}.")

    def on_at_start(self) -> str:
        """Somebody who is on when the span begins; empty when nobody is known."""
        roster, start = self.roster, self.start.instant
        for span in roster.spans if roster is not None else ():
            if span.start <= start < span.end and span.people:
                return str(span.people[0])
        return ""


def _span(now: datetime, chosen: tuple[Row, Bar] | None) -> tuple[datetime, datetime]:
    """The span of the bar under the cursor as far as it lies ahead, else the next full hours."""
    minute = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if chosen is None or chosen[1].end <= now:
        return minute, minute + timedelta(hours=8)
    bar = chosen[1]
    begins = max(bar.start, now.replace(second=0, microsecond=0) + timedelta(minutes=1))
    return (begins, bar.end) if bar.end - begins > timedelta(minutes=1) else (begins, begins + timedelta(hours=1))


class OverrideDialog(DecidingDialog):
    """Who, from when to when, and instead of whom. What could have no effect is refused by the server, with names."""

    def __init__(self, console: Console, desk: Desk, chosen: tuple[Row, Bar] | None, parent: QWidget) -> None:
        super().__init__("Add an override", console.tasks, parent, accept="Add", hint="Why")
        self._console, self._desk = console, desk
        self.setMinimumWidth(current().px(WIDE))
        self.span = SpanFields(console, chosen, "Override")
        names = self.span.names
        self.people = PeopleField(names, "On call instead")
        self.people.setPlaceholderText("Names; nobody is put on where this is empty")
        self.instead = QComboBox()
        for value, words in INSTEAD.items():
            self.instead.addItem(words, value)
        self.instead.setAccessibleName("Instead of")
        replaced = chosen[1].people if chosen is not None and chosen[1].kind in {Kind.ON, Kind.LAYER} else ()
        first = self.span.on_at_start()
        self.person = PeopleField(names, "Who is replaced", replaced[:1] or ((first,) if first else ()))
        if not self.person.text():
            self.instead.setCurrentIndex(list(INSTEAD).index(InsteadOf.EVERYBODY))
        self.form = QFormLayout()
        for label, field in (
            ("Schedule", self.span.schedule),
            ("From", self.span.start),
            ("To", self.span.end),
            ("", self.span.local),
            ("On call then", self.people),
            ("Instead of", self.instead),
            ("Who is replaced", self.person),
        ):
            self.form.addRow(label, field)
        self.column.addLayout(self.form)
        self.instead.currentIndexChanged.connect(lambda _number: self._show_person())
        self._show_person()
        self.column.addWidget(self.words)
        self.words.setFixedHeight(current().px(64))
        self.people.setFocus()

    def _show_person(self) -> None:
        self.form.setRowVisible(self.person, self.instead.currentData() == InsteadOf.PERSON)

    def submit(self) -> None:
        """Send it."""
        roster, start, end = self.span.roster, self.span.start.instant, self.span.end.instant
        if roster is None:
            self.fail("There is no schedule.", self.span.schedule)
            return
        if end <= start:
            self.fail("It ends after it starts.", self.span.end)
            return
        given: dict[str, Any] = {"start": start, "end": end, "instead_of": self.instead.currentData()}
        for known, field in (("people", self.people), ("person", self.person)):
            if known == "person" and self.instead.currentData() != InsteadOf.PERSON:
                continue
            try:
                given[known] = field.people if known == "people" else field.person or None
            except TypedWrong as error:
                self.fail(str(error), field)
                return
        if self.instead.currentData() == InsteadOf.PERSON and given["person"] is None:
            self.fail("Name who is replaced.", self.person)
            return
        if self.instead.currentData() == InsteadOf.NOBODY and not given["people"]:
            self.fail("Name who is to be on as well.", self.people)
            return
        words = self.checked_words()
        if words is None:
            return
        try:
            request = OverrideRequest(**given, reason=words)
        except ValidationError as error:
            self.fail(f"{error.errors(include_url=False, include_input=False)[0]['msg']}.", self.people)
            return
        self.send(lambda: self._add(roster, request))

    async def _add(self, roster: Roster, request: OverrideRequest) -> None:
        who = people_words(request.people, self.span.names)
        words = f"Override in {roster.schedule_name}: {who}, {span_words(request.start, request.end, self._desk.zone)}"
        outcome = await add_override(self._console.mutations, roster.schedule_id, request, words)
        for warning in outcome.answer.get("warnings", ()):
            self._console.messages.post(f"{roster.schedule_name}: {warning}", "warning")

    def field_of(self, pointer: str) -> QWidget | None:
        fields: dict[str, QWidget] = {
            "/start": self.span.start,
            "/end": self.span.end,
            "/people": self.people,
            "/person": self.person,
            "/reason": self.words,
        }
        found = fields.get(pointer)
        return found if found is None or not found.isHidden() else self.people


class CancelOverrideDialog(DecidingDialog):
    """It ends now; what it did until now stays."""

    def __init__(self, console: Console, desk: Desk, override: Override, parent: QWidget) -> None:
        whole = "a swap, both halves of it" if override.swap_id is not None else "an override"
        super().__init__(f"Cancel {whole}", console.tasks, parent, accept="Cancel it", hint="Why", destructive=True)
        self._console, self._override = console, override
        self.words.setParent(self)
        self.words.hide()
        names = console.of(OnCall).names()
        what = f"{override_words(override, names)}, {span_words(override.start, override.end, desk.zone)}"
        where = console.environment or "this environment"
        self.column.addWidget(paragraph(f"{what} {city(desk.zone)}: {override.reason}"))
        self.column.addWidget(
            paragraph(f"In {where}, it ends now and who was on before is on again. What it did until now stays.")
        )

    def submit(self) -> None:
        """Cancel it."""
        self.send(lambda: cancel_override(self._console.mutations, self._override))
