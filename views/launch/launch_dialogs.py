"""Begin a launch from a template, change it, rehearse it, and let a figure of a rehearsal fail."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from pydantic import ValidationError
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from app.launch import mutations
from app.launch.countdown import parse_reading, reading_words
from models.launch import FaultKind, LaunchChange, LaunchDraft
from views.kit.widgets.instant import InstantField
from views.launch.clock_dialogs import reading_field
from views.launch.dialog import LaunchDialog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.launch.templates import TemplateSummary
    from views.launch.desk import LaunchDesk

AHEAD = timedelta(days=7)
SHORT_MOST = 14
FAULT_WORDS = {
    FaultKind.OUTSIDE: "Outside its limits",
    FaultKind.STALE: "Stale",
    FaultKind.UNKNOWN: "Not known",
    None: "As it really is",
}


def zone_field(zone: str) -> QComboBox:
    """Time zones to choose from, and to type into."""
    field = QComboBox()
    field.setEditable(True)
    field.addItems(sorted(available_timezones()))
    field.setCurrentText(zone)
    return field


def refill(field: QComboBox, words: Mapping[str, str]) -> None:
    """Offer these, by key; what is chosen or typed stays."""
    there = {str(field.itemData(number)): field.itemText(number) for number in range(field.count())}
    if there == words:
        return
    chosen, text = field.currentData(), field.currentText()
    field.clear()
    for key, each in words.items():
        field.addItem(each, key)
    if (at := field.findData(chosen)) >= 0:
        field.setCurrentIndex(at)
    elif field.isEditable() and text:
        field.setCurrentText(text)


def first_error(error: ValidationError) -> tuple[str, str]:
    """The field and the words of what is wrong."""
    found = error.errors(include_url=False)[0]
    return str(found["loc"][0]) if found["loc"] else "", f"{found['msg'].removeprefix('Value error, ')}."


class NewLaunchDialog(LaunchDialog):
    """Which template, what it is called, and when T−0 is."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "New launch", accept="Begin")
        self.setWindowTitle("New launch")
        self.without_words()
        self.say("Checklist, roll-call, planned holds and figures come from the template. The clock runs at once.")
        self.template = QComboBox()
        self._query = desk.launches.templates()
        self._watch = self._query.watch()
        self._query.changed.connect(self._heard)
        self.finished.connect(lambda *_: self._watch.close())
        self.title, self.short = QLineEdit(), QLineEdit()
        self.title.setMaxLength(120)
        self.short.setMaxLength(SHORT_MOST)
        self.short.setPlaceholderText(f"for the wall, at most {SHORT_MOST} characters")
        self.zero = InstantField(desk.console.clock.now() + AHEAD, "T\N{MINUS SIGN}0", unit="UTC")
        self.zone = zone_field("UTC")
        self.fields(
            ("Template", self.template),
            ("Title", self.title),
            ("Short title", self.short),
            ("T\N{MINUS SIGN}0", self.zero),
            ("Time zone", self.zone),
        )
        self._heard()
        self.title.setFocus()

    def _heard(self) -> None:
        known: tuple[TemplateSummary, ...] = self._query.sample.value if self._query.sample is not None else ()
        words = {each.key: f"{each.title}, version {each.version}, {each.items} items" for each in known}
        refill(self.template, words)
        if self._query.error is not None:
            self.fail(f"The templates cannot be had: {self._query.error}", self.template)

    def submit(self) -> None:
        """Begin it."""
        key = self.template.currentData()
        if key is None:
            self.fail("There is no template yet: write or import one first.", self.template)
            return
        title = self.title.text().strip()
        try:
            request = LaunchDraft(
                template_key=key,
                title=title,
                short_title=self.short.text().strip() or title[:SHORT_MOST],
                zone=self.zone.currentText().strip(),
                zero_at=self.zero.instant,
            )
        except ValidationError as error:
            name, words = first_error(error)
            fields = {"title": self.title, "shortTitle": self.short, "zone": self.zone}
            self.fail("Give it a title." if name in {"title", "short_title"} and not title else words, fields.get(name))
            return
        self.send(lambda: self._begin(request))

    async def _begin(self, request: LaunchDraft) -> None:
        outcome = await mutations.begin(self.console.mutations, request)
        if known := outcome.answer.get("launchId"):
            await self.desk.launches.list().refresh()
            self.desk.launches.choose(str(known))


class ChangeLaunchDialog(LaunchDialog):
    """Title, zone and T−0."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        launch = desk.launch
        assert launch is not None  # noqa: S101 - its action is disabled without one
        super().__init__(desk, parent, f"Change {launch.title}", accept="Change", hint="Why; needed for another T−0")
        self._launch = launch
        self.say("Another T\N{MINUS SIGN}0 sets the clock anew: it counts to it, planned holds on its way included.")
        self.title, self.short = QLineEdit(launch.title), QLineEdit(launch.short_title)
        self.title.setMaxLength(120)
        self.short.setMaxLength(SHORT_MOST)
        self.zero = InstantField(launch.planned_zero_at, "T\N{MINUS SIGN}0", unit="UTC")
        self._zero = self.zero.instant
        self.zone = zone_field(launch.zone)
        self.fields(
            ("Title", self.title),
            ("Short title", self.short),
            ("T\N{MINUS SIGN}0", self.zero),
            ("Time zone", self.zone),
        )
        self.column.addWidget(self.words)
        self.title.setFocus()

    def submit(self) -> None:
        """Change what was changed."""
        launch, moved = self._launch, self.zero.instant != self._zero
        wanted = {
            "title": self.title.text().strip(),
            "short_title": self.short.text().strip(),
            "zone": self.zone.currentText().strip(),
        }
        changes: dict[str, object] = {k: v for k, v in wanted.items() if v != getattr(launch, k)}
        if not changes and not moved:
            self.fail("Nothing was changed yet.")
            return
        words = self.checked_words(needed=moved)
        if words is None:
            return
        if moved:
            changes |= {"zero_at": self.zero.instant, "reason": words}
        try:
            request = LaunchChange.model_validate(changes)
        except ValidationError as error:
            self.fail(first_error(error)[1])
            return
        self.send(lambda: mutations.change(self.console.mutations, launch, request))


class RehearseDialog(LaunchDialog):
    """A copy of the launch, unsigned, whose clock begins at a reading."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        launch = desk.launch
        assert launch is not None  # noqa: S101 - its action is disabled without one
        super().__init__(desk, parent, f"Rehearse {launch.title}", accept="Begin the rehearsal")
        self._launch = launch
        self.without_words()
        self.say(
            "A copy of list, roll-call and holds, marked as a rehearsal wherever it is shown. Nothing that is done in "
            "it touches the launch or its record. Figures can be made to fail in it."
        )
        first = min((point.reading for point in launch.points), default=-600.0)
        self.reading = reading_field(reading_words(first - 300).removeprefix("T"))
        self.fields(("The clock begins at", self.reading))
        self.reading.setFocus()

    def submit(self) -> None:
        """Begin it."""
        try:
            reading = parse_reading(self.reading.text())
        except ValueError as error:
            self.fail(str(error), self.reading)
            return
        self.send(lambda: self._rehearse(reading))

    async def _rehearse(self, reading: float) -> None:
        outcome = await mutations.rehearse(self.console.mutations, self._launch, reading)
        if known := outcome.answer.get("launchId"):
            await self.desk.launches.list().refresh()
            self.desk.launches.choose(str(known))


class FaultDialog(LaunchDialog):
    """What a rehearsal pretends of a figure."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Let a figure fail", accept="Do it")
        self.without_words()
        self.key, self.fault = QComboBox(), QComboBox()
        faults = desk.launch.faults if desk.launch is not None else {}
        for each in desk.status.evidence if desk.status is not None else ():
            now = faults.get(each.key)
            self.key.addItem(each.label if now is None else f"{each.label}, now {FAULT_WORDS[now].lower()}", each.key)
        for kind, words in FAULT_WORDS.items():
            self.fault.addItem(words, kind)
        self.fields(("Figure", self.key), ("Is", self.fault))

    def submit(self) -> None:
        """Pretend it."""
        launch, key, fault = self.desk.launch, self.key.currentData(), self.fault.currentData()
        if launch is None or key is None:
            self.fail("No figure is bound to this launch.", self.key)
            return
        kind = None if fault is None else FaultKind(fault)
        self.send(lambda: mutations.inject(self.console.mutations, launch, key, kind))
