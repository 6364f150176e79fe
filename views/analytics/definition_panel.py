"""What a version of the chosen event says: its properties with type, class, purpose and how long each is kept."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QVBoxLayout

from app.analytics.domain import VIEW, Events
from models.analytics import PersonalClass, PropertyDefinition, SchemaState
from models.core.wording import counted
from views.analytics.cells import NONE, Cell, CellTable, Field
from views.analytics.chosen import ChosenEvent
from views.analytics.wording import (
    MODES,
    fed_words,
    kept_words,
    limit_words,
    moment,
    person_words,
    personal_words,
    type_words,
    version_words,
)
from views.kit.following_panel import FollowingPanel, explain
from views.kit.query_panel import unheard_words
from views.kit.theme import TITLE, current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill

if TYPE_CHECKING:
    from app.core.query import Query
    from models.analytics import EventSchemaDefinition
    from views.kit.capability import Window

READ_MS = 120
SHOWN_MOST = 6
"""Versions that have a pill; older ones are in the comparison's menus."""


class PropertyTable(CellTable):
    """Two lines a property: what it may be, and what it is for."""

    fields = (
        Field("Property", 150, stretch=True),
        Field("Type and limits", 150, stretch=True),
        Field("Class", 96),
        Field("Kept", 84, right=True),
        Field("Feeds", 120, stretch=True),
    )
    gives_way = (4, 3)
    tall = True

    def key(self, record: Any) -> Hashable:
        return str(record.name)

    def cell(self, record: Any, number: int) -> Cell:
        each: PropertyDefinition = record
        match number:
            case 0:
                return Cell(each.name, each.description or NONE, strong=each.required, mono=True)
            case 1:
                limits = limit_words(each.value_schema)
                always = "always there" if each.required else "may be missing"
                return Cell(type_words(each.value_schema), ", ".join(filter(None, (limits, always))))
            case 2:
                loud = each.personal in {PersonalClass.PERSONAL, PersonalClass.SENSITIVE}
                return Cell(personal_words(each), each.purpose or NONE, strong=loud)
            case 3:
                return Cell(kept_words(each.retention_days, None), quiet=each.retention_days is None)
            case _:
                return Cell(", ".join(map(fed_words, each.feeds)) or NONE, quiet=not each.feeds)


class DefinitionPanel(FollowingPanel):
    """The version that is read, and what can be done about it."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self.chosen = window.shared(ChosenEvent)
        self._versions: Query[tuple[EventSchemaDefinition, ...]] | None = None
        self._number: int | None = None
        self.title = QLabel()
        self.title.setAccessibleName("Event")
        self.mode = Pill("", Look.OUTLINE)
        self.said, self.state = QLabel(), QLabel()
        for label, name in ((self.said, "What it is"), (self.state, "State of the definition")):
            label.setWordWrap(True)
            label.setAccessibleName(name)
        self.said.setContentsMargins(12, 2, 12, 6)
        self.state.setContentsMargins(12, 12, 12, 12)
        self.pills = [Pill("", Look.OUTLINE, name=f"Version {place}") for place in range(SHOWN_MOST)]
        for place, pill in enumerate(self.pills):
            pill.clicked.connect(lambda _=False, n=place: self.read(n))
        self.table = PropertyTable("Properties")
        self.buttons = {
            "edit": Pill("Edit draft…", Look.PRIMARY, name="Edit the draft", key="E"),
            "new-version": Pill("New version…", Look.BUTTON, name="Write a new version", key="V"),
            "enforce": Pill("Enforce…", Look.BUTTON, name="Enforce the observed version", button=True),
            "mode": Pill("Mode…", Look.BUTTON, name="Change what happens to what does not fit", button=True),
            "retire": Pill("Retire…", Look.BUTTON, name="Deprecate or retire this version", button=True),
            "discard-draft": Pill("Discard draft…", Look.BUTTON, name="Discard the draft", button=True),
            "infer": Pill("Draft from what came in…", Look.BUTTON, name="Draft it from what came in", button=True),
        }
        for verb, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, v=verb: console.actions.execute(f"analytics.{v}"))
        self._lay_out()
        self._reading = QTimer(self, singleShot=True, interval=READ_MS)
        self._reading.timeout.connect(self._follow)
        self.chosen.changed.connect(self._reading.start)
        self.use(console.of(Events).planned())
        self._follow()

    def _lay_out(self) -> None:
        head = Flow(self.title, self.mode, right=self.mode, gap=WIDE_GAP)
        self.foot = Flow(*self.buttons.values(), gap=WIDE_GAP)
        self.bar = Flow(*self.pills, gap=WIDE_GAP)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part, stretch in (
            (head, 0),
            (self.said, 0),
            (self.bar, 0),
            (self.state, 0),
            (self.table, 1),
            (self.foot, 0),
        ):
            column.addWidget(part, stretch)
        column.addStretch(0)
        self.widget.setFocusProxy(self.table)

    def _follow(self) -> None:
        before = self._versions
        self._versions = self.chosen.versions_query()
        if before is not self._versions:
            self._number = None
        self.follow(before, self._versions)
        self._renew()

    @property
    def version(self) -> EventSchemaDefinition | None:
        """The version that is read: the one that was chosen, else the one that is judged by, else the newest."""
        known = self.chosen.versions
        found = next((each for each in known if each.version == self._number), None)
        return found or self.chosen.judged_by or (known[0] if known else None)

    def read(self, place: int) -> None:
        """Read another version, by its place among those that are shown."""
        if place < len(self.chosen.versions):
            self._number = self.chosen.versions[place].version
            self._renew()

    def refresh(self) -> None:
        """Show the newest answers."""
        theme, version, event = current(), self.version, self.chosen.planned
        theme.set_font(self.title, TITLE, 600)
        self.title.setText(self.chosen.name)
        self.mode.setVisible(event is not None and event.state is not SchemaState.DRAFT)
        if event is not None:
            self.mode.set(f"{event.mode}: {MODES[event.mode]}")
        for place, pill in enumerate(self.pills):
            pill.setVisible(place < len(self.chosen.versions))
            if place < len(self.chosen.versions):
                each = self.chosen.versions[place]
                look = Look.SELECTED if each is version else Look.DASHED if each.state == "draft" else Look.OUTLINE
                pill.set(version_words(each), look)
                pill.setAccessibleDescription("shown" if each is version else "")
        self.bar.setVisible(bool(self.chosen.versions))
        self.table.renew(version.properties if version is not None else ())
        self.said.setText("" if version is None else self._words(version))
        for part in (self.said, self.table):
            part.setVisible(version is not None)
        self._say_state(version)
        for verb, pill in self.buttons.items():
            explain(pill, self.console.actions.reason(self.console.actions.get(f"analytics.{verb}")))
        has_draft = self.chosen.draft is not None
        for verb in ("edit", "discard-draft"):
            self.buttons[verb].setVisible(has_draft)
        self.buttons["new-version"].setVisible(not has_draft and version is not None)
        self.buttons["infer"].setVisible(version is None and bool(self.chosen.name))
        for verb in ("enforce", "mode", "retire"):
            self.buttons[verb].setVisible(version is not None and version.state is not SchemaState.DRAFT)

    def _words(self, version: EventSchemaDefinition) -> str:
        names, now = self.chosen.names, self.console.clock.now()
        owners = ", ".join(person_words(each, names) for each in version.owners)
        parts = [version.description, f"Looked after by {owners}."]
        if version.published_at is not None and version.published_by is not None:
            who = person_words(version.published_by, names)
            parts.append(f"Published by {who}, {moment(version.published_at, now)} UTC.")
        else:
            parts.append(f"Written by {person_words(version.created_by, names)}, not published.")
        if version.deprecated_until is not None:
            parts.append(f"Events may be of it until {version.deprecated_until:%Y-%m-%d %H:%M} UTC.")
        others = "are taken" if version.additional_properties else "are not taken"
        parts.append(f"{counted(len(version.properties), 'property', 'properties')}; others {others}.")
        return " ".join(parts)

    def _say_state(self, version: EventSchemaDefinition | None) -> None:
        query, words = self._versions, ""
        if query is None:
            words = unheard_words(self.console)
        elif query.sample is None:
            failed, down = query.error, self.console.link.state == "down"
            words = (
                f"Not loaded: {failed}" if failed is not None else unheard_words(self.console) if down else "Loading…"
            )
        elif query.sample.received_mono is None:
            words = f"As it was at {query.sample.as_of:%H:%M:%S} UTC. {unheard_words(self.console)}"
        elif version is None:
            words = "The plan does not know this event."
        elif not version.properties:
            words = "It has no properties."
        self.state.setText(words)
        self.state.setVisible(bool(words))
