"""The blast radius of the chosen event's draft: what it would do to the events of the last days."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QRectF, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QLabel, QVBoxLayout

from app.analytics.domain import VIEW, Events
from models.analytics.changes import RadiusState
from models.core.wording import counted
from views.analytics.cells import NONE, Cell, CellTable, Field, Heading
from views.analytics.chosen import ChosenEvent
from views.analytics.painting import draw_share
from views.analytics.radius_chart import RadiusChart
from views.analytics.wording import READERS, moment, person_words, pointer_words, reader_words, sender_words
from views.kit.following_panel import FollowingPanel, explain
from views.kit.panel import Note
from views.kit.query_panel import unheard_words
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill

if TYPE_CHECKING:
    from app.core.query import Query
    from models.analytics.changes import Radius, RadiusResult
    from views.kit.capability import Window

READ_MS = 120
SHARE = 2


class Line(NamedTuple):
    """A line of the table."""

    group: str
    words: str
    below: str
    failing: int
    events: int
    """Of which they are; 0 where that is not counted."""


def lines_of(result: RadiusResult) -> list[Line | Heading]:
    """What would be wrong, who sends it, where it goes, and what is made of it."""
    found: list[Line | Heading] = []
    groups = (
        (
            "What would be wrong",
            [Line("cause", pointer_words(c.pointer), c.rule, c.failing, result.events) for c in result.causes],
        ),
        (
            "Who sends it",
            [Line("sender", sender_words(h.name, h.detail), "", h.failing, h.events) for h in result.senders],
        ),
        ("Where it goes", [Line("destination", h.name, h.detail, h.failing, h.events) for h in result.destinations]),
        *(
            (
                title,
                [
                    Line(kind, reader_words(r), ", ".join(r.properties), r.failing, result.events)
                    for r in result.readers
                    if r.kind == kind
                ],
            )
            for kind, title in READERS.items()
        ),
    )
    for title, lines in groups:
        if lines:
            found += [Heading(title), *sorted(lines, key=lambda line: -line.failing)]
    return found


class RadiusTable(CellTable):
    """Counts, and which part of the whole each is."""

    fields = (
        Field("", 170, stretch=True),
        Field("", 150, stretch=True),
        Field("Part", 96),
        Field("Would not fit", 100, right=True),
        Field("Of", 72, right=True),
    )
    gives_way = (SHARE, 1)

    def key(self, record: Any) -> Hashable:
        return (record.group, record.words, record.below)

    def cell(self, record: Any, number: int) -> Cell:
        line: Line = record
        match number:
            case 0:
                return Cell(line.words, strong=line.failing > 0, mono=line.group == "cause")
            case 1:
                return Cell(line.below or NONE, quiet=True)
            case 2:
                return Cell(f"{line.failing / line.events:.0%}" if line.events else NONE)
            case 3:
                return Cell(f"{line.failing:,}", strong=line.failing > 0, quiet=line.failing == 0)
            case _:
                return Cell(f"{line.events:,}", quiet=True)

    def draw(self, painter: QPainter, record: Any, number: int, box: QRectF, ink: str) -> bool:
        if number == SHARE and record.events:
            draw_share(painter, box, record.failing / record.events, ink)
            return True
        return False


class RadiusPanel(FollowingPanel):
    """Chart and table of the newest look, and a button for another one."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self.chosen = window.shared(ChosenEvent)
        self._domain = console.of(Events)
        self._radii: Query[tuple[Radius, ...]] | None = None
        self.ask = Pill("Blast radius…", Look.PRIMARY, name="Ask for the blast radius", key="B")
        self.ask.clicked.connect(lambda: console.actions.execute("analytics.radius"))
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setAccessibleName("What was found")
        self.said.setContentsMargins(12, 8, 12, 4)
        self.chart, self.table = RadiusChart(), RadiusTable("Who and what is hit")
        self.foot = Flow(self.ask, gap=WIDE_GAP)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part, stretch in ((self.said, 0), (self.chart, 0), (self.table, 1), (self.foot, 0)):
            column.addWidget(part, stretch)
        column.addStretch(0)
        self.widget.setFocusProxy(self.table)
        self._reading = QTimer(self, singleShot=True, interval=READ_MS)
        self._reading.timeout.connect(self._follow)
        self.chosen.changed.connect(self._reading.start)
        self.use(self._domain.planned())
        self._follow()

    def _follow(self) -> None:
        before = self._radii
        self._radii = self._domain.radii(self.chosen.name) if self.chosen.name else None
        self.follow(before, self._radii)
        self._renew()

    @property
    def radius(self) -> Radius | None:
        """The newest look at past events of this name."""
        known = self._radii.sample.value if self._radii is not None and self._radii.sample is not None else ()
        return known[0] if known else None

    def own_note(self) -> Note:
        """Of which version it is, and how old the answer."""
        note, radius = super().own_note(), self.radius
        if radius is None:
            return note
        return Note(f"{radius.event_name} {radius.schema_version} · {note.text}", note.kind)

    def refresh(self) -> None:
        """Show the newest answer."""
        radius = self.radius
        result = radius.result if radius is not None and radius.state is RadiusState.DONE else None
        current().set_font(self.said, 10, 600 if result is not None else 400)
        self.said.setText(self._words(radius))
        self.chart.show_days(result.daily if result is not None else ())
        self.table.renew(lines_of(result) if result is not None else [])
        for part in (self.chart, self.table):
            part.setVisible(result is not None)
        explain(self.ask, self.console.actions.reason(self.console.actions.get("analytics.radius")))

    def _words(self, radius: Radius | None) -> str:
        query = self._radii
        if query is None or query.sample is None:
            failed = query is not None and query.error is not None
            return f"Not loaded: {query.error}" if failed and query is not None else unheard_words(self.console)
        kept = ""
        if query.sample.received_mono is None:
            kept = f"As it was at {query.sample.as_of:%H:%M:%S} UTC. {unheard_words(self.console)} "
        if radius is None:
            return (
                f"{kept}Nobody has looked at what a draft of {self.chosen.name} would do to past events. "
                "Nothing happens to them by looking."
            )
        who = person_words(radius.asked_by, self.chosen.names)
        asked = f"asked by {who}, {moment(radius.asked_at, self.console.clock.now())} UTC"
        match radius.state:
            case RadiusState.DONE if radius.result is not None:
                part = f"{radius.result.failing:,} of {radius.result.events:,} events of {counted(radius.days, 'day')}"
                return f"{kept}{part} would not fit version {radius.schema_version}; {asked}."
            case RadiusState.FAILED:
                return f"{kept}It ended without a result, {asked}: {radius.problem}"
            case _:
                return f"{kept}Past events are being looked at, {radius.progress:.0%}; {asked}."
