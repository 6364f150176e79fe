"""Two versions of the chosen event beside each other: what differs, whether it breaks something, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from app.analytics.domain import VIEW, Events
from models.analytics import SchemaState
from models.analytics.changes import Answer, RadiusState
from models.core.wording import counted
from views.analytics.chosen import ChosenEvent
from views.analytics.compare_parts import HitView, WitnessView, code_lines
from views.analytics.compare_table import CompareTable, rows_of
from views.analytics.wording import moment, person_words, version_words
from views.kit.following_panel import FollowingPanel, explain
from views.kit.panel import Note
from views.kit.query_panel import unheard_words
from views.kit.theme import TITLE, current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.section import Section

if TYPE_CHECKING:
    from app.core.query import Query
    from models.analytics import EventSchemaDefinition
    from models.analytics.changes import Comparison, Radius
    from views.kit.capability import Window

READ_MS = 120
"""The cursor rests so long on an event before its versions are compared: keys move over many."""


class ComparePanel(FollowingPanel):
    """Head, table, witness and who is hit, and what can be done about the draft."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self.chosen = window.shared(ChosenEvent)
        self._domain = console.of(Events)
        self._versions: Query[tuple[EventSchemaDefinition, ...]] | None = None
        self._comparison: Query[Comparison] | None = None
        self._radii: Query[tuple[Radius, ...]] | None = None
        self._make()
        self._lay_out()
        self._reading = QTimer(self, singleShot=True, interval=READ_MS)
        self._reading.timeout.connect(self._follow)
        self.chosen.changed.connect(self._reading.start)
        # Which event is chosen at first follows from what the plan says, seen or not.
        self.use(self._domain.planned())
        self._follow()

    def _make(self) -> None:
        self.title = QLabel()
        self.title.setAccessibleName("Event")
        self.old, self.new = (Pill("", Look.OUTLINE, name=name) for name in ("Version before", "Version after"))
        self.old.clicked.connect(lambda: self._offer(self.old, before=True))
        self.new.clicked.connect(lambda: self._offer(self.new, before=False))
        self.arrow = QLabel("\N{RIGHTWARDS ARROW}")
        self.verdict = Pill("", Look.OUTLINE)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setAccessibleName("What it means")
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 12, 12, 12)
        self.state.setAccessibleName("State of the comparison")
        self.table = CompareTable("Properties of both versions")
        self.foot_note = QLabel()
        self.foot_note.setWordWrap(True)
        self.witness, self.hit = WitnessView(), HitView()
        self.witness_section = Section("Witness", self.witness, points=10)
        self.hit_section = Section("Who is hit", self.hit, points=10)
        self.buttons = {
            "publish": Pill("Publish…", Look.PRIMARY, name="Publish the draft", key="P"),
            "radius": Pill("Blast radius…", Look.BUTTON, name="Ask for the blast radius", key="B"),
            "edit": Pill("Edit draft…", Look.BUTTON, name="Edit the draft", key="E"),
        }
        for verb, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, v=verb: self.console.actions.execute(f"analytics.{v}"))
        self.reason = QLabel()
        self.reason.setWordWrap(True)

    def _lay_out(self) -> None:
        head = Flow(self.title, self.old, self.arrow, self.new, self.verdict, right=self.verdict, gap=WIDE_GAP)
        self.said.setContentsMargins(12, 2, 12, 6)
        self.foot_note.setContentsMargins(12, 4, 12, 4)
        self.below = QWidget()
        pair = QHBoxLayout(self.below)
        pair.setContentsMargins(12, 4, 12, 4)
        pair.setSpacing(16)
        pair.addWidget(self.witness_section, 1)
        pair.addWidget(self.hit_section, 1)
        self.foot = Flow(*self.buttons.values(), gap=WIDE_GAP)
        self.reason.setContentsMargins(12, 2, 12, 0)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.head = head
        for part, stretch in (
            (head, 0),
            (self.said, 0),
            (self.state, 0),
            (self.table, 3),
            (self.foot_note, 0),
            (self.below, 2),
            (self.reason, 0),
            (self.foot, 0),
        ):
            column.addWidget(part, stretch)
        column.addStretch(0)
        self.widget.setFocusProxy(self.table)

    # --- what is followed --------------------------------------------------------------------------------------

    def _follow(self) -> None:
        before = self._versions
        self._versions = self.chosen.versions_query()
        self.follow(before, self._versions)
        self._follow_pair()
        self._renew()

    def _follow_pair(self) -> None:
        pair, name = self.chosen.pair, self.chosen.name
        comparison, radii = self._comparison, self._radii
        self._comparison = self._domain.comparison(name, *pair) if pair is not None else None
        self._radii = self._domain.radii(name) if pair is not None else None
        self.follow(comparison, self._comparison)
        self.follow(radii, self._radii)

    def own_note(self) -> Note:
        """Who wrote the draft, and how old what is shown is."""
        note, draft = super().own_note(), self.chosen.draft
        if draft is None:
            return note
        who = person_words(draft.created_by, self.chosen.names)
        return Note(
            f"draft by {who}, {moment(draft.created_at, self.console.clock.now())} UTC · {note.text}", note.kind
        )

    @property
    def radius(self) -> Radius | None:
        """The newest look at past events by the newer version."""
        known = self._radii.sample.value if self._radii is not None and self._radii.sample is not None else ()
        pair = self.chosen.pair
        return next((each for each in known if pair is not None and each.schema_version == pair[1]), None)

    @property
    def comparison(self) -> Comparison | None:
        """What is shown."""
        query = self._comparison
        return query.sample.value if query is not None and query.sample is not None else None

    # --- showing -----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the newest answers."""
        pair = self.chosen.pair
        wanted = None if pair is None else self._domain.comparison(self.chosen.name, *pair)
        if wanted is not self._comparison:
            self._follow_pair()
        theme = current()
        theme.set_font(self.title, TITLE, 600)
        theme.set_font(self.said, 10, 600)
        theme.set_font(self.foot_note, 9)
        theme.set_font(self.reason, 9)
        self.title.setText(self.chosen.name)
        found = self.comparison
        self._say_state(found)
        for each in (self.old, self.arrow, self.new):
            each.setVisible(pair is not None)
        for shown in (self.verdict, self.said, self.table, self.foot_note, self.below):
            shown.setVisible(found is not None)
        if pair is not None:
            numbers = {each.version: version_words(each) for each in self.chosen.versions}
            self.old.set(numbers.get(pair[0], str(pair[0])))
            draft = self.chosen.draft
            is_draft = draft is not None and draft.version == pair[1]
            self.new.set(numbers.get(pair[1], str(pair[1])), Look.DASHED if is_draft else Look.OUTLINE)
        if found is not None:
            self._show(found)
        self._show_buttons()

    def _show(self, found: Comparison) -> None:
        breaking = sum(each.breaking for each in found.properties)
        match found.described.answer:
            case Answer.YES:
                words, loud = "nothing breaks", False
            case Answer.NO:
                words, loud = f"breaking: {counted(max(1, breaking), 'change')}", True
            case _:
                words, loud = "not proved: taken for breaking", True
        self.verdict.set(f"\N{WHITE SQUARE} {words}" if loud else f"\N{CHECK MARK} {words}", Look.OUTLINE)
        self.said.setText(self._meaning(found))
        self.table.name_sides(found.old, found.new)
        rows = rows_of(found, self.chosen.versions)
        self.table.renew(rows)
        same = sum(row.is_same for row in rows)
        asks = f" Asks a second person: {'; '.join(found.asks)}." if found.asks else ""
        self.foot_note.setText(f"{counted(same, 'property', 'properties')} unchanged.{asks}")
        self._show_witness(found)
        self._show_hit()

    def _meaning(self, found: Comparison) -> str:
        radius = self.radius
        if radius is None or radius.result is None:
            words = found.described.words
            return f"{words[:1].upper()}{words[1:]}."
        result = radius.result
        senders = sum(1 for each in result.senders if each.failing)
        readers = sum(1 for each in result.readers if each.failing)
        if not senders:
            return f"All {result.events:,} events of {counted(radius.days, 'day')} fit version {found.new}."
        who = " and ".join(filter(None, (counted(senders, "sender"), counted(readers, "reader") if readers else "")))
        stops = "stops" if senders + readers == 1 else "stop"
        return f"{who} {stops} working if {found.new} is enforced: {result.failing:,} of {result.events:,} events."

    def _show_witness(self, found: Comparison) -> None:
        radius = self.radius
        real = radius.result.witnesses if radius is not None and radius.result is not None else ()
        if real:
            [first, *_] = real
            lines = code_lines(first.properties, first.masked, first.violations)
            more = f"real event of {moment(first.received_at, self.console.clock.now())}, masked"
        elif found.described.witness is not None:
            lines = code_lines(found.described.witness, (), found.described.violations)
            more = "made up, judged by both versions"
        else:
            lines, more = [], "there is none"
        self.witness.show_event(found.event_name, lines)
        self.witness_section.heading.say(more)
        self.witness_section.setVisible(bool(lines))

    def _show_hit(self) -> None:
        radius = self.radius
        words, more = "Nobody has asked what it would do to past events yet: “Blast radius…” does.", ""
        result = None
        if radius is not None:
            more = f"last {radius.days} d"
            match radius.state:
                case RadiusState.DONE if radius.result is not None:
                    result = radius.result
                    more += f", {counted(result.events, 'event')}"
                    draft = self.chosen.draft
                    if draft is not None and draft.revision != radius.revision:
                        more += ", by an earlier draft"
                case RadiusState.FAILED:
                    words = radius.problem
                case _:
                    words = f"Past events are being looked at: {radius.progress:.0%}."
        self.hit.show_result(result, words)
        self.hit_section.heading.say(more)

    def _say_state(self, found: Comparison | None) -> None:
        words = ""
        versions, query = self._versions, self._comparison
        failed = next((each.error for each in (versions, query) if each is not None and each.error is not None), None)
        if not self.chosen.name:
            words = unheard_words(self.console)
        elif found is None and failed is not None:
            words = f"Not loaded: {failed}"
        elif versions is None or versions.sample is None:
            words = unheard_words(self.console) if self.console.link.state == "down" else "Loading…"
        elif not versions.sample.value:
            words = "The plan does not know this event. “Draft from what came in…” writes a first version of it."
        elif self.chosen.pair is None:
            only = versions.sample.value[0]
            words = f"There is one version, {version_words(only)}: nothing to compare it with."
        elif found is None:
            words = unheard_words(self.console) if self.console.link.state == "down" else "Comparing…"
        elif query is not None and query.sample is not None and query.sample.received_mono is None:
            words = f"As it was at {query.sample.as_of:%H:%M:%S} UTC. {unheard_words(self.console)}"
        self.state.setText(words)
        self.state.setVisible(bool(words))

    def _show_buttons(self) -> None:
        reasons = {}
        for verb, pill in self.buttons.items():
            reasons[verb] = reason = self.console.actions.reason(self.console.actions.get(f"analytics.{verb}"))
            explain(pill, reason)
        self.reason.setText(f"Publish: {reasons['publish']}." if reasons["publish"] else "")
        self.reason.setVisible(bool(reasons["publish"]) and bool(self.chosen.versions))
        self.foot.setVisible(bool(self.chosen.versions))

    # --- other versions ----------------------------------------------------------------------------------------

    def _offer(self, pill: Pill, *, before: bool) -> None:
        pair = self.chosen.pair
        if pair is None:
            return
        menu = QMenu(pill)
        for each in self.chosen.versions:
            entry = menu.addAction(version_words(each))
            entry.setCheckable(True)
            entry.setChecked(each.version == pair[0 if before else 1])
            entry.setEnabled(each.version != pair[1 if before else 0])
            if each.state is SchemaState.DRAFT and before:
                entry.setEnabled(False)
            wanted = (each.version, pair[1]) if before else (pair[0], each.version)
            entry.triggered.connect(lambda _=False, w=wanted: self.chosen.compare(*w))
        menu.popup(pill.mapToGlobal(QPoint(0, pill.height())))
