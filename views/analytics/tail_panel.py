"""The live tail: the newest events as they come in, without what says something about a person."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import UTC
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QLabel, QVBoxLayout

from app.analytics.domain import VIEW, Events
from app.core.freshness import age_words
from models.analytics.events import TailedEvent
from models.core.wording import counted
from views.analytics.cells import NONE, Cell, CellTable, Field
from views.analytics.chosen import ChosenEvent
from views.analytics.painting import draw_masked, draw_verdict, masked_width
from views.analytics.search_field import SearchField
from views.analytics.wording import VERDICTS, properties_words, sender_words
from views.kit.following_panel import FollowingPanel
from views.kit.painting import draw_words
from views.kit.panel import Note
from views.kit.query_panel import unheard_words
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill

if TYPE_CHECKING:
    from app.core.query import Query
    from models.analytics.events import Tail
    from views.kit.capability import Window

TIME, EVENT, VERSION, SENDER, PROPERTIES, VERDICT = range(6)
ALL, WRONG, ONE = "All", "Violations", "chosen"
TURN_MS = 1_000


class TailTable(CellTable):
    """A line an event; masked values have one width, so that it tells nothing."""

    fields = (
        Field("Time, UTC", 112),
        Field("Event", 150),
        Field("Ver.", 40, right=True),
        Field("Sent by", 150),
        Field("Properties", 220, stretch=True),
        Field("Verdict", 124),
    )
    gives_way = (VERSION, SENDER)

    def key(self, record: Any) -> Hashable:
        return (record.received_at, record.occurred_at, record.event_name, len(record.properties))

    def cell(self, record: Any, number: int) -> Cell:
        event: TailedEvent = record
        loud = event.verdict != "landed"
        match number:
            case 0:
                at = event.received_at.astimezone(UTC)
                return Cell(f"{at:%H:%M:%S}.{at.microsecond // 1000:03}", quiet=not loud)
            case 1:
                return Cell(event.event_name, strong=loud)
            case 2:
                return Cell(str(event.schema_version) if event.schema_version is not None else NONE)
            case 3:
                return Cell(sender_words(event.producer, event.app_version))
            case 4:
                parts = (f"{name}={'masked' if value is None else value}" for name, value in properties_words(event))
                return Cell("  ".join(parts) or NONE)
            case _:
                return Cell(VERDICTS.get(event.verdict, event.verdict), strong=loud, quiet=not loud)

    def draw(self, painter: QPainter, record: Any, number: int, box: QRectF, ink: str) -> bool:
        theme, tokens = current(), current().tokens
        if number == VERDICT:
            loud = record.verdict != "landed"
            draw_verdict(painter, record.verdict, QPointF(box.left() + theme.px(6), box.center().y()), ink)
            words = VERDICTS.get(record.verdict, record.verdict)
            rest = box.adjusted(theme.px(18), 0, 0, 0)
            draw_words(painter, words, rest, (10, 600 if loud else 400), tokens.text if loud else ink)
            return True
        if number != PROPERTIES:
            return False
        left = box.left()
        for name, value in properties_words(record):
            words = f"{name}=" if value is None else f"{name}={value}"
            wide = theme.width(words, 9.5, mono=True) + (masked_width() if value is None else 0)
            if left + wide > box.right() and left > box.left():
                draw_words(painter, "…", QRectF(left, box.top(), box.right() - left, box.height()), ink=ink)
                break
            place = QRectF(left, box.top(), box.right() - left, box.height())
            taken = draw_words(painter, words, place, (9.5, 400), ink, mono=True)
            if value is None:
                draw_masked(painter, left + taken + 1, box.center().y())
            left += wide + theme.px(12)
        return True


class TailPanel(FollowingPanel):
    """The table with filters; it can be held still."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self.chosen = window.shared(ChosenEvent)
        self._domain = console.of(Events)
        self.shown, self.paused = ALL, False
        self._tail: Query[Tail] | None = None
        self._held_back: tuple[TailedEvent, ...] | None = None
        """What stands while it is held still."""
        self.search = SearchField("Filter the live tail", "Event, field, sender, verdict")
        self.search.textChanged.connect(lambda _text: self.refresh())
        self.pills = {known: Pill(known, Look.OUTLINE, name=known) for known in (ALL, WRONG, ONE)}
        for known, pill in self.pills.items():
            pill.clicked.connect(lambda _=False, k=known: self.show_only(k))
        self.remark = QLabel("Personal values are masked.")
        self.pause = Pill("Pause", Look.BUTTON, name="Hold the live tail still", key="L", icon="pause")
        self.pause.clicked.connect(lambda: console.actions.execute("analytics.pause"))
        bar = Flow(self.search, *self.pills.values(), self.remark, self.pause, right=self.pause, gap=WIDE_GAP)
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 8, 12, 8)
        self.state.setAccessibleName("State of the live tail")
        self.table = TailTable("Live tail")
        self.search.left.connect(self.table.setFocus)
        self.table.activated_row.connect(lambda event: self.chosen.choose(event.event_name))
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part, stretch in ((bar, 0), (self.state, 0), (self.table, 1)):
            column.addWidget(part, stretch)
        column.addStretch(0)
        self.widget.setFocusProxy(self.table)
        self.table.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.chosen.changed.connect(self._follow)
        self._turn = QTimer(self, interval=TURN_MS)
        self._turn.timeout.connect(self.noted.emit)
        self.use(self._domain.planned())
        self._follow()

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        self._turn.start() if visible else self._turn.stop()

    # --- what is shown -----------------------------------------------------------------------------------------

    def show_only(self, known: str) -> None:
        """Show all events, those that do not fit, or those of the chosen name."""
        self.shown = known
        self._follow()

    def hold_still(self) -> None:
        """Hold it still, or let it go on."""
        self.paused = not self.paused
        self._held_back = self._newest if self.paused else None
        self._renew()

    def _follow(self) -> None:
        before = self._tail
        name = self.chosen.name if self.shown == ONE else None
        self._tail = self._domain.tail(name, violations=self.shown == WRONG)
        if before is not self._tail:
            self.follow(before, self._tail)
            self.paused, self._held_back = False, None
        self._renew()

    @property
    def _newest(self) -> tuple[TailedEvent, ...]:
        return self._tail.sample.value.items if self._tail is not None and self._tail.sample is not None else ()

    def own_note(self) -> Note:
        """How many a second come in, and how old the newest is."""
        note, items = super().own_note(), self._newest
        if not items:
            return note
        age = age_words((self.console.clock.now() - items[0].received_at).total_seconds())
        words = f"newest {age} old"
        span = (items[0].received_at - items[-1].received_at).total_seconds()
        if span > 0 and (rate := len(items) / span) >= 1:
            words = f"{rate:,.0f} per second, {words}"
        if self.paused:
            return Note(f"held still · {words}", "late")
        return Note(words if note.kind == "fresh" else f"{words} · {note.text}", note.kind)

    def refresh(self) -> None:
        """Show the newest events, unless it is held still."""
        for known, pill in self.pills.items():
            look = Look.SELECTED if known == self.shown else Look.OUTLINE
            words = self.chosen.name or "Chosen event" if known == ONE else known
            pill.set(words, look)
            pill.setAccessibleName(f"Only {words}" if known == ONE else words)
            pill.setAccessibleDescription("shown" if look is Look.SELECTED else "")
        self.pause.set("Go on" if self.paused else "Pause")
        theme = current()
        theme.set_font(self.remark, 9)
        items = self._newest if self._held_back is None else self._held_back
        rows = [each for each in items if self._is_searched(each)]
        # Whoever works in it keeps the row; else the newest stands on top.
        self.table.renew(rows, None if self.table.hasFocus() or not rows else self.table.key(rows[0]))
        self._say_state(rows)

    def _is_searched(self, event: TailedEvent) -> bool:
        words = self.search.text().casefold().split()
        if not words:
            return True
        names = (name for name, _ in properties_words(event))
        sender = sender_words(event.producer, event.app_version)
        text = " ".join((event.event_name, sender, VERDICTS.get(event.verdict, ""), *names)).casefold()
        return all(word in text for word in words)

    def _say_state(self, rows: list[TailedEvent]) -> None:
        query, words = self._tail, ""
        if query is None or query.sample is None:
            failed = query is not None and query.error is not None
            words = f"Not loaded: {query.error}" if failed and query is not None else unheard_words(self.console)
        elif query.sample.received_mono is None:
            words = f"As it was at {query.sample.as_of:%H:%M:%S} UTC. {unheard_words(self.console)}"
        elif self.paused and query.sample.value.items != self._held_back:
            known = set(map(self.table.key, self._held_back or ()))
            newer = sum(self.table.key(each) not in known for each in self._newest)
            words = f"Held still; {counted(newer, 'newer event')} came in." if newer else ""
        elif not self._newest:
            words = "No events came in yet."
        elif not rows:
            words = "None of the newest events fits the filter."
        self.state.setText(words)
        self.state.setVisible(bool(words))
