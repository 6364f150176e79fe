"""What is collected, why, how long, and where it goes: pages for data owners, made from the plan."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel, QMenu, QVBoxLayout

from app.analytics.domain import VIEW, Events
from app.core.errors import OperationsError
from models.analytics import PersonalClass, PropertyDefinition
from models.core.wording import counted
from views.analytics.cells import NONE, Cell, CellTable, Field, Heading
from views.analytics.chosen import ChosenEvent
from views.analytics.search_field import SearchField
from views.analytics.wording import fed_words, kept_words, person_words, personal_words, type_words
from views.kit.downloads import save
from views.kit.panel import Note
from views.kit.query_panel import QueryPanel, unheard_words
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill

if TYPE_CHECKING:
    from models.analytics import EventSchemaDefinition
    from views.kit.capability import Window

ALL, PERSONAL, MINE = "All", "About people", "Mine"
FILES = (
    ("Page for data owners", "governance", "text/markdown", "what-events-collect.md"),
    ("JSON Schema of every event", "json-schema", "application/json", "tracking-plan.schema.json"),
    ("Tracking plan for Segment", "segment", "application/json", "tracking-plan.segment.json"),
    ("Client in TypeScript", "typescript", "text/typescript", "events.ts"),
    ("Client in Python", "python", "text/x-python", "events.py"),
)
"""What the plan can be saved as: name, form, type and file."""


class Collected(NamedTuple):
    """A property of an event that is collected."""

    event: EventSchemaDefinition
    definition: PropertyDefinition


class CollectedTable(CellTable):
    """Below each event what is collected with it."""

    fields = (
        Field("Property", 140, stretch=True),
        Field("Class", 96),
        Field("What for", 140, stretch=True),
        Field("Kept", 76, right=True),
        Field("Goes to", 130, stretch=True),
    )
    gives_way = (4,)
    tall = True

    def __init__(self) -> None:
        self.event_days: int | None = None
        super().__init__("What is collected")

    def key(self, record: Any) -> Hashable:
        return (record.event.event_name, record.event.version, record.definition.name)

    def cell(self, record: Any, number: int) -> Cell:
        each: PropertyDefinition = record.definition
        loud = each.personal in {PersonalClass.PERSONAL, PersonalClass.SENSITIVE}
        match number:
            case 0:
                return Cell(each.name, each.description or type_words(each.value_schema), mono=True)
            case 1:
                return Cell(personal_words(each), strong=loud, quiet=each.personal is PersonalClass.NONE)
            case 2:
                return Cell(each.purpose or NONE, quiet=not each.purpose)
            case 3:
                return Cell(kept_words(each.retention_days, self.event_days), quiet=each.retention_days is None)
            case _:
                return Cell(", ".join(map(fed_words, each.feeds)) or "kept here only", quiet=not each.feeds)


class GovernancePanel(QueryPanel):
    """The table with a filter, and what the plan can be saved as."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self.chosen = window.shared(ChosenEvent)
        self._domain = console.of(Events)
        self._plan = self._domain.plan()
        self.shown = PERSONAL
        self.pills = {known: Pill(known, Look.OUTLINE, name=known) for known in (PERSONAL, MINE, ALL)}
        for known, pill in self.pills.items():
            pill.clicked.connect(lambda _=False, k=known: self.show_only(k))
        self.search = SearchField("Search what is collected", "Event, property, purpose")
        self.search.textChanged.connect(lambda _text: self.refresh())
        self.save = Pill("Save as…", Look.BUTTON, name="Save the plan as a file", button=True)
        self.save.clicked.connect(self._offer)
        bar = Flow(*self.pills.values(), self.search, self.save, wide=(self.search,), right=self.save, gap=WIDE_GAP)
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 8, 12, 8)
        self.state.setAccessibleName("What is shown")
        self.table = CollectedTable()
        self.search.left.connect(self.table.setFocus)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part, stretch in ((bar, 0), (self.state, 0), (self.table, 1)):
            column.addWidget(part, stretch)
        self.widget.setFocusProxy(self.table)
        self.use(self._plan, self._domain.planned())

    def own_note(self) -> Note:
        """Of which version of the plan it is."""
        note, sample = super().own_note(), self._plan.sample
        return note if sample is None else Note(f"plan {sample.value.version} · {note.text}", note.kind)

    def show_only(self, known: str) -> None:
        """Show what says something about people, what one looks after oneself, or all."""
        self.shown = known
        self._renew()

    def refresh(self) -> None:
        """Show the newest answer."""
        sample = self._plan.sample
        events = sample.value.items if sample is not None else ()
        self.table.event_days = sample.value.event_days if sample is not None else None
        rows: list[Collected | Heading] = []
        found = 0
        for event in events:
            members = [Collected(event, each) for each in event.properties if self._fits(event, each)]
            if members:
                owners = ", ".join(person_words(each, self.chosen.names) for each in event.owners)
                rows += [Heading(f"{event.event_name} {event.version}", f"{owners}: {event.description}"), *members]
                found += len(members)
        for known, pill in self.pills.items():
            look = Look.SELECTED if known == self.shown else Look.OUTLINE
            pill.set(known, look)
            pill.setAccessibleDescription("shown" if look is Look.SELECTED else "")
        self.table.renew(rows)
        self.state.setText(self._words(found))
        self.save.setVisible(sample is not None)

    def _words(self, found: int) -> str:
        sample = self._plan.sample
        if sample is None:
            failed = self._plan.error
            return f"Not loaded: {failed}" if failed is not None else unheard_words(self.console)
        kept = ""
        if sample.received_mono is None:
            kept = f"As it was at {sample.as_of:%H:%M:%S} UTC. {unheard_words(self.console)} "
        if not sample.value.items:
            return f"{kept}Nothing is planned, so nothing should be collected."
        days = counted(sample.value.event_days, "day")
        return f"{kept}{counted(found, 'property', 'properties')}. Events are kept {days}, what is held for 14."

    def _fits(self, event: EventSchemaDefinition, each: PropertyDefinition) -> bool:
        if self.shown == PERSONAL and each.personal is PersonalClass.NONE:
            return False
        if self.shown == MINE and self.chosen.me not in event.owners:
            return False
        text = f"{event.event_name} {each.name} {each.purpose} {each.description}".casefold()
        return all(word in text for word in self.search.text().casefold().split())

    # --- files -------------------------------------------------------------------------------------------------

    def _offer(self) -> None:
        menu = QMenu(self.save)
        for title, form, media, name in FILES:
            entry = menu.addAction(title)
            entry.triggered.connect(lambda _=False, f=form, m=media, n=name: self.save_as(f, m, n))
        menu.popup(self.save.mapToGlobal(QPoint(0, self.save.height())))

    def save_as(self, form: str, media: str, name: str) -> None:
        """Save the plan as a file in the download folder."""
        self.console.tasks.start(self._save(form, media, name), name="save the plan")

    async def _save(self, form: str, media: str, name: str) -> None:
        try:
            path = save(name, await self._domain.plan_file(form, media))
        except (OperationsError, OSError) as error:
            self.console.messages.post(f"The plan was not saved: {error}", "error")
        else:
            self.console.messages.post(f"Saved {path}.")
