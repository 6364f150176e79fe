"""All incidents, newest first, by state, severity, words and time; the chosen one is shown beside."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QAction, QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QVBoxLayout

from models.incidents import IncidentSeverity, IncidentStatus
from views.incidents.following import IncidentFollower
from views.incidents.wording import HUES, STATES, is_open, span_words
from views.incidents.work import GROUPED, KEYS, blocker
from views.kit.panel import Note
from views.kit.query_panel import unheard_words
from views.kit.theme import current
from views.kit.widgets.chip import mark
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.query import Query
    from models.incidents import IncidentRecord
    from views.kit.capability import Window

TYPING_MS = 300
OPEN, ALL = "open", "all"
SPANS = (("any time", 0), ("last 24 h", 1), ("last 7 d", 7), ("last 30 d", 30), ("last 90 d", 90))


class IncidentTable(RecordTable):
    """Lines with the shape of their severity: filled while they are open."""

    def __init__(self) -> None:
        super().__init__(
            (
                Column("", lambda each: f"      {each.severity}", 66, weight=600, fits=True),
                Column("Incident", lambda each: each.title, 56, stretch=True),
                Column("State", lambda each: STATES[each.status], 84, quiet=True, fits=True),
                Column("No.", lambda each: each.reference, 64, quiet=True, fits=True),
            ),
            "Incidents",
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme, painter = current(), QPainter(self.viewport())
        high = self.verticalHeader().defaultSectionSize()
        x = self.columnViewportPosition(0) + theme.px(15)
        for row in self._visible_rows(event.rect()):
            one = self.records.rows[row]
            hue = theme.tokens.status(HUES[one.severity])
            centre = QPointF(x, self.top_of(row) + high / 2)
            mark(painter, HUES[one.severity], centre, theme.px(11), QColor(hue).name(), filled=is_open(one))

    def hint(self, index: QModelIndex) -> str:
        """What it was and how long it took."""
        if not index.isValid():
            return ""
        one = self.records.rows[index.row()]
        lasted = (
            ""
            if one.resolved_at is None
            else f", lasted {span_words((one.resolved_at - one.started_at).total_seconds())}"
        )
        return f"{one.reference} {one.title}\nDetected {one.detected_at:%Y-%m-%d %H:%M} UTC{lasted}\n{one.description}"


class IncidentsPanel(IncidentFollower):
    """The list."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search number, title, services  /")
        self.search.setAccessibleName("Search incidents")
        self.search.setClearButtonEnabled(True)
        self.state = self._box(
            "State", [("open", OPEN), ("all states", ALL), *((STATES[s], str(s)) for s in IncidentStatus)]
        )
        self.severity = self._box("Severity", [("any severity", ""), *((str(s), str(s)) for s in IncidentSeverity)])
        self.span = self._box("Time", [(words, days) for words, days in SPANS])
        self.state.setCurrentIndex(1)
        self.new = Pill("New…", Look.PRIMARY, name="Open an incident", key="O")
        self.new.clicked.connect(lambda: self.console.actions.execute("incidents.open"))
        self.table = IncidentTable()
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setContentsMargins(12, 4, 12, 4)
        self.said.setAccessibleName("State of the list")
        column = QVBoxLayout(self.content)
        column.setContentsMargins(8, 8, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.search)
        column.addWidget(Flow(self.state, self.severity, self.span, self.new, margins=False, gap=WIDE_GAP))
        column.addWidget(self.said)
        column.addWidget(self.table, 1)
        self.widget.setAccessibleName("Incidents")
        self.widget.setFocusProxy(self.table)
        self._list: Query[tuple[IncidentRecord, ...]] | None = None
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._typing.timeout.connect(self._filter)
        self.search.textChanged.connect(lambda *_: self._typing.start())
        for box in (self.state, self.severity, self.span):
            box.currentIndexChanged.connect(lambda *_: self._filter())
        # The selection, not the cursor: that comes to the first row by itself when the list takes the keyboard.
        self.table.selectionModel().selectionChanged.connect(self._moved)
        self.table.activated_row.connect(lambda one: self.desk.show_room(one.incident_id))
        for watched in (self.table, self.search):
            watched.installEventFilter(self)
        self._filling = False
        self.use()
        self._filter()

    @staticmethod
    def _box(name: str, choices: Sequence[tuple[str, Any]]) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        for words, value in choices:
            box.addItem(words, value)
        return box

    # --- panel -------------------------------------------------------------------------------------------------------

    def own_note(self) -> Note:
        """How many fit, and how old the answer is."""
        note = super().own_note()
        count = len(self.table.records.rows)
        return Note(f"{count} · {note.text}" if count else note.text, note.kind)

    def own_menu(self) -> list[QAction]:
        """Open another one."""
        action = QAction(dict(GROUPED)["open"], self)
        reason = blocker(self.window, "open")
        action.setEnabled(reason is None)
        action.setToolTip(reason or "")
        action.triggered.connect(lambda: self.console.actions.execute("incidents.open"))
        return [action]

    def follow_chosen(self) -> None:
        """The list is of all; only the cursor follows."""

    def refresh(self) -> None:
        """Show the newest answer; the chosen one stays chosen."""
        from views.kit.following_panel import explain

        explain(self.new, blocker(self.window, "open"))
        query = self._list
        sample = query.sample if query is not None else None
        rows = self._fitting(sample.value) if sample is not None else ()
        self._filling = True
        if [(e.incident_id, e.version) for e in rows] != [(e.incident_id, e.version) for e in self.table.records.rows]:
            self.table.renew_rows(rows)
        at = next((n for n, each in enumerate(rows) if each.incident_id == self.desk.incident_id), None)
        if at is None:
            self.table.clearSelection()
        elif at != self.table.currentIndex().row() or not self.table.selectionModel().hasSelection():
            self.table.selectRow(at)
        self._filling = False
        words = ""
        if sample is None:
            words = (
                f"Not loaded: {query.error}"
                if query is not None and query.error is not None
                else unheard_words(self.console)
            )
        elif sample.received_mono is None:
            words = f"As they were at {sample.as_of:%Y-%m-%d %H:%M} UTC. {unheard_words(self.console)}"
        elif not rows:
            words = "No incident is open." if self.state.currentData() == OPEN else "No matches."
        self.said.setText(words)
        self.said.setVisible(bool(words))

    def _fitting(self, found: tuple[IncidentRecord, ...]) -> tuple[IncidentRecord, ...]:
        """Without the server, what is kept of the open ones is looked through here."""
        if self._list is not self.domain.open():
            return found
        text, severity = self.search.text().casefold().split(), self.severity.currentData()
        return tuple(
            each
            for each in found
            if (not severity or each.severity == severity)
            and all(word in f"{each.reference} {each.title} {' '.join(each.services)}".casefold() for word in text)
        )

    def _filter(self) -> None:
        state, days = self.state.currentData(), self.span.currentData()
        wanted: list[tuple[str, Any]] = []
        if self.severity.currentData():
            wanted.append(("severity", (self.severity.currentData(),)))
        if self.search.text().strip():
            wanted.append(("text", self.search.text().strip()))
        if days:
            since = (self.console.clock.now() - timedelta(days=days)).replace(second=0, microsecond=0)
            wanted.append(("from", since.isoformat()))
        if state not in {OPEN, ALL}:
            wanted.append(("status", (state,)))
        query = self.domain.open() if state == OPEN and not days else self.domain.found(tuple(wanted))
        if state == OPEN and days:
            query = self.domain.found((*wanted, ("open", "true")))
        self.follow(self._list, query)
        self._list = query
        self._renew()

    # --- keys --------------------------------------------------------------------------------------------------------

    def _moved(self, *_: Any) -> None:
        chosen, rows = self.table.selectionModel().selectedRows(), self.table.records.rows
        if not self._filling and chosen and chosen[0].row() < len(rows):
            self.desk.choose(rows[chosen[0].row()].incident_id)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the list and of its search."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        key, plain = Qt.Key(event.key()), event.modifiers() == Qt.KeyboardModifier.NoModifier
        if watched is self.search:
            if key in {Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self.table.setFocus()
                if self.table.records.rows and self.table.currentIndex().row() < 0:
                    self.table.selectRow(0)
                return True
            if key == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
            return super().eventFilter(watched, event)
        if plain and key == Qt.Key.Key_Slash:
            self.search.setFocus()
            return True
        if plain and key in {Qt.Key.Key_J, Qt.Key.Key_K} and self.table.records.rows:
            row = self.table.currentIndex().row()
            if self.table.selectionModel().hasSelection():
                row += 1 if key == Qt.Key.Key_J else -1
            self.table.selectRow(min(max(row, 0), len(self.table.records.rows) - 1))
            return True
        if plain and (verb := KEYS.get(key)) is not None:
            reason = blocker(self.window, verb)
            if reason is None:
                self.console.actions.execute(f"incidents.{verb}")
            else:
                self.console.messages.post(f"{dict(GROUPED)[verb].rstrip('…')}: {reason}.", passing=True)
            return True
        return super().eventFilter(watched, event)
