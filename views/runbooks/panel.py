"""The runbooks panel: a list to search, what burns first on top, and the chosen one to read and to tick off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QSplitter, QVBoxLayout, QWidget

from app.alerts import Alerts
from app.core.errors import OperationsError
from app.core.freshness import Quality, age_words
from app.runbooks.domain import VIEW, WORK, WRITE, Runbooks, tick
from views.kit.following_panel import FollowingPanel, explain
from views.kit.panel import Note
from views.kit.query_panel import unheard_words
from views.kit.theme import PANEL_VALUE, current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable
from views.runbooks.reader import Reader
from views.runbooks.wording import Row, about, ordered, progress

if TYPE_CHECKING:
    from app.core.query import Query
    from models.runbooks import Runbook, RunbookRun, RunbookSummary, StepMark
    from views.kit.capability import Window

WIDE = 860
"""From this width on, at 100 % font, list and text stand beside each other."""
LIST_WIDTH = 320
NONE_CHOSEN = "choose a runbook first"
KEYS = {
    Qt.Key.Key_J: "next",
    Qt.Key.Key_K: "before",
    Qt.Key.Key_X: "tick",
    Qt.Key.Key_Space: "tick",
    Qt.Key.Key_M: "note",
    Qt.Key.Key_C: "copy",
    Qt.Key.Key_W: "work",
    Qt.Key.Key_E: "edit",
    Qt.Key.Key_H: "history",
    Qt.Key.Key_N: "new",
}
"""What they mean while the keyboard is in the panel, as parts of the ids of actions."""


class _Inside(QWidget):
    """Tells its panel how wide it is."""

    def __init__(self, panel: RunbooksPanel) -> None:
        super().__init__()
        self._panel = panel

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._panel.arrange()


class RunbooksPanel(FollowingPanel):
    """List and text; in a narrow dock one at a time."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self._window, self._domain = window, console.of(Runbooks)
        self._list, self._alerts = self._domain.list(), console.of(Alerts).list()
        self.chosen: RunbookSummary | None = None
        self._text: Query[Runbook] | None = None
        self._runs: Query[tuple[RunbookRun, ...]] | None = None
        self._own: dict[str, set[int]] = {}
        """Steps ticked off by the runbook's id while nobody works through it: they are nobody else's business."""
        self._reading = False
        self._expected = ""
        """Name of a runbook that was written just now."""
        self._make_list()
        self._make_text()
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(1)
        self.split.addWidget(self._left)
        self.split.addWidget(self._right)
        self.split.setStretchFactor(1, 1)
        inside = _Inside(self)
        row = QVBoxLayout(inside)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.split)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(inside)
        self.widget.setAccessibleName("Runbooks")
        self.widget.setFocusProxy(self.table)
        self._domain.library.changed.connect(self._renew)
        self._alerts.changed.connect(self._renew)
        self.use(self._list)
        self.arrange()

    def _make_list(self) -> None:
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search titles, texts, alerts, services  /")
        self.search.setAccessibleName("Search runbooks")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _text: self.refresh())
        self.table = RecordTable(
            (
                Column("Runbook", lambda row: row.title, 160, stretch=True),
                Column("", lambda row: row.burns, 36, weight=600, fits=True),
                Column("Review", lambda row: row.review, 56, quiet=True, fits=True),
            ),
            "Runbooks",
        )
        self.table.activated_row.connect(lambda row: self.choose(row.summary, read=True))
        self.table.selectionModel().currentRowChanged.connect(self._moved)
        self.table.installEventFilter(self)
        self.search.installEventFilter(self)
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 8, 12, 8)
        self.state.setAccessibleName("State of the list")
        self._left = QWidget()
        self._left.setMinimumWidth(current().px(220))
        column = QVBoxLayout(self._left)
        column.setContentsMargins(8, 8, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.search)
        column.addWidget(self.state)
        column.addWidget(self.table, 1)

    def _make_text(self) -> None:
        self.back = Pill("‹ All", Look.LINK, name="Back to all runbooks")
        self.work = Pill("Begin…", Look.PRIMARY, name="Work through this runbook", key="W")
        self.note_step = Pill("Tick with a note…", Look.BUTTON, name="Tick the step off with a note", key="M")
        self.edit = Pill("Edit…", Look.BUTTON, name="Edit this runbook", key="E")
        self.history = Pill("History…", Look.BUTTON, name="History of this runbook", key="H")
        self.back.clicked.connect(self.show_list)
        for pill, verb in self._pills():
            pill.clicked.connect(lambda _=False, v=verb: self.console.actions.execute(f"runbooks.{v}"))
        self.title, self.about, self.progress = QLabel(), QLabel(), QLabel()
        for label, name in ((self.title, "Title"), (self.about, "About it"), (self.progress, "Progress")):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setAccessibleName(name)
        self.reader = Reader()
        self.reader.step_asked.connect(self.tick_step)
        self.reader.step_chosen.connect(lambda: explain(self.note_step, self.blocker("note")))
        self.reader.runbook_asked.connect(self.open_named)
        self.reader.installEventFilter(self)
        self._right = QWidget()
        column = QVBoxLayout(self._right)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addWidget(Flow(self.back, *(pill for pill, _ in self._pills()), gap=WIDE_GAP))
        head = QVBoxLayout()
        head.setContentsMargins(16, 4, 16, 4)
        head.setSpacing(4)
        for label in (self.title, self.about, self.progress):
            head.addWidget(label)
        column.addLayout(head)
        column.addWidget(self.reader, 1)

    def _pills(self) -> tuple[tuple[Pill, str], ...]:
        return (self.work, "work"), (self.note_step, "note"), (self.edit, "edit"), (self.history, "history")

    # --- panel -------------------------------------------------------------------------------------------------

    def own_note(self) -> Note:
        """How many are kept on this computer, and when the list was heard."""
        query, seconds = self._list, self._list.age_seconds
        if query.sample is None or seconds is None:
            return Note("no data yet")
        kept, all_of_them = len(self._domain.library.texts), len(query.sample.value)
        here = "all kept here" if kept >= all_of_them else f"{kept} of {all_of_them} kept here"
        stale = query.quality in {Quality.STALE, Quality.DISCONNECTED}
        words = f"{here} · {age_words(seconds)} old"
        return Note(f"stale · {words}" if stale else words, "stale" if stale else "fresh")

    def own_menu(self) -> list[QAction]:
        """What else can be done with runbooks."""
        made = []
        for verb, title in (
            ("new", "New runbook…"),
            ("import", "Import a file…"),
            ("export", "Export the chosen one…"),
            ("retire", "Reinstate the chosen one…" if self._is_retired else "Retire the chosen one…"),
        ):
            action = QAction(title, self)
            reason = self.blocker(verb)
            action.setEnabled(reason is None)
            action.setToolTip(reason or "")
            action.triggered.connect(lambda _=False, v=verb: self.console.actions.execute(f"runbooks.{v}"))
            made.append(action)
        return made

    def refresh(self) -> None:
        """Show the newest answers."""
        alerts = self._alerts.sample.value if self._alerts.sample is not None else ()
        today = self.console.clock.now().date()
        rows = ordered(self._domain.library.search(self.search.text()), alerts, today)
        if [row.key for row in rows] != [row.key for row in self.table.records.rows]:
            self._fill(rows)
        self._say_state(rows)
        if self.chosen is not None:
            self.chosen = next((s for s in self._domain.library.summaries if s.id == self.chosen.id), self.chosen)
        elif rows and self._is_wide:
            self.choose(rows[0].summary)
        if self._expected and any(each.slug == self._expected for each in self._domain.library.summaries):
            slug, self._expected = self._expected, ""
            self.open_named(slug)
        self._show_chosen()

    def _fill(self, rows: list[Row]) -> None:
        self.table.selectionModel().blockSignals(True)
        try:
            self.table.renew_rows(rows)
            wanted = self.chosen.id if self.chosen is not None else None
            again = next((n for n, row in enumerate(rows) if row.summary.id == wanted), None)
            self.table.clearSelection() if again is None else self.table.selectRow(again)
        finally:
            self.table.selectionModel().blockSignals(False)
        self.table.viewport().update()

    def _say_state(self, rows: list[Row]) -> None:
        sample, words = self._list.sample, ""
        if sample is None:
            words = f"Not loaded: {self._list.error}" if self._list.error is not None else unheard_words(self.console)
        elif sample.received_mono is None:
            words = f"As they were at {sample.as_of:%Y-%m-%d %H:%M} UTC. {unheard_words(self.console)}"
        elif not sample.value:
            words = "There is no runbook yet. “New runbook…” begins one."
        elif not rows:
            words = "In none of them stands all of this."
        self.state.setText(words)
        self.state.setVisible(bool(words))

    # --- list and text -------------------------------------------------------------------------------------------

    @property
    def _is_wide(self) -> bool:
        return self.content.width() >= current().px(WIDE)

    def arrange(self) -> None:
        """Both beside each other, or the one that is looked at."""
        wide = self._is_wide
        self._left.setVisible(wide or not self._reading)
        self._right.setVisible(wide or self._reading)
        self.back.setVisible(not wide)
        if wide and not self.property("arranged"):
            self.setProperty("arranged", True)
            self.split.setSizes([current().px(LIST_WIDTH), self.content.width() - current().px(LIST_WIDTH)])

    def show_list(self) -> None:
        """Back to the list."""
        self._reading = False
        self.arrange()
        self.table.setFocus()

    def choose(self, summary: RunbookSummary, *, read: bool = False) -> None:
        """Show another one; ``read``: with the keyboard in its text."""
        if self.chosen is None or self.chosen.id != summary.id:
            self.chosen = summary
            text, runs = self._domain.runbook(summary.id), self._domain.runs(summary.id)
            self.follow(self._text, text)
            self.follow(self._runs, runs)
            self._text, self._runs = text, runs
            self._renew()
        if read:
            self._reading = True
            self.arrange()
            self._fill(list(self.table.records.rows))
            self.reader.setFocus()
            if self.run is not None:
                self.reader.to_first_open()

    def read_beside(self, summary: RunbookSummary) -> None:
        """Show one to be read, without taking the keyboard."""
        self.choose(summary)
        self._reading = True
        self.arrange()

    def put_away(self) -> None:
        """Show the list instead, without taking the keyboard."""
        self.follow(self._text, None)
        self.follow(self._runs, None)
        self.chosen, self._text, self._runs, self._reading = None, None, None, False
        self.arrange()
        self._renew()

    def open_named(self, slug: str) -> None:
        """Show the runbook of a name."""
        found = next((each for each in self._domain.library.summaries if each.slug == slug), None)
        if found is None:
            self.console.messages.post(f"There is no runbook {slug}.", "warning")
        else:
            self.choose(found, read=True)

    def expect(self, slug: str) -> None:
        """Show the runbook of a name as soon as the list has it."""
        self._expected = slug
        self._renew()

    def _moved(self, *_index: Any) -> None:
        row = self.table.currentIndex().row()
        if self._is_wide and 0 <= row < len(self.table.records.rows):
            self.choose(self.table.records.rows[row].summary)

    # --- the chosen one ------------------------------------------------------------------------------------------

    @property
    def runbook(self) -> Runbook | None:
        """The chosen one with its text: of the server, else as it is kept here."""
        if self.chosen is None:
            return None
        sample = self._text.sample if self._text is not None else None
        known = self._domain.library.texts.get(self.chosen.id)
        answers = [each for each in (sample.value if sample is not None else None, known) if each is not None]
        return max(answers, key=lambda each: each.version, default=None)

    @property
    def _is_retired(self) -> bool:
        return self.runbook is not None and self.runbook.retired

    @property
    def run(self) -> RunbookRun | None:
        """The newest run of it that is open."""
        sample = self._runs.sample if self._runs is not None else None
        runs = sample.value if sample is not None else ()
        return next((each for each in runs if each.ended_at is None), None)

    def _show_chosen(self) -> None:
        runbook, run, theme = self.runbook, self.run, current()
        theme.set_font(self.title, PANEL_VALUE, 600)
        theme.set_font(self.about, 9)
        theme.set_font(self.progress, 10, 600)
        today = self.console.clock.now().date()
        nothing = "Choose a runbook to read it." if self.chosen is None else "Waiting for its text…"
        self.title.setText(self.chosen.title if self.chosen is not None else "")
        words = nothing if runbook is None else about(runbook, today)
        self.about.setText(words.partition("\n")[0])
        self.about.setToolTip(words)
        self.about.setAccessibleDescription(words)
        marks = self._marks
        self.progress.setText("" if runbook is None else progress(runbook, run, len(marks)))
        self.progress.setVisible(bool(self.progress.text()))
        self.reader.show_runbook(runbook, marks)
        self.work.set("End…" if run is not None else "Begin…")
        self.note_step.setVisible(run is not None)
        for pill, verb in self._pills():
            explain(pill, self.blocker(verb))

    @property
    def _marks(self) -> dict[int, StepMark | None]:
        if self.run is not None:
            return {mark.step: mark for mark in self.run.marks}
        own = self._own.get(self.chosen.id, set()) if self.chosen is not None else set()
        return dict.fromkeys(sorted(own))

    def tick_step(self, step: int) -> None:
        """Tick a step off, or take that back: in the run if there is one, else for oneself."""
        run, runbook = self.run, self.runbook
        if runbook is None or not 1 <= step <= self.reader.steps:
            return
        if run is None:
            own = self._own.setdefault(runbook.id, set())
            own.symmetric_difference_update({step})
            self._show_chosen()
            return
        if (reason := self.console.write_blocker(WORK)) is not None:
            self.console.messages.post(f"Not ticked off: {reason}.", "warning")
            return
        done = all(mark.step != step for mark in run.marks)
        self.console.tasks.start(self._tick(run, step, done=done), name="tick a step off")

    async def _tick(self, run: RunbookRun, step: int, *, done: bool) -> None:
        try:
            await tick(self.console.mutations, run, step, done=done)
        except OperationsError as error:
            self.console.messages.post(f"Step {step} was not ticked off: {error}", "error")

    # --- keys ----------------------------------------------------------------------------------------------------

    def blocker(self, verb: str) -> str | None:
        """Why something cannot be done now, in words."""
        if verb in {"new", "import"}:
            return self.console.write_blocker(WRITE)
        if self.runbook is None:
            return NONE_CHOSEN
        if verb in {"edit", "retire"}:
            return self.console.write_blocker(WRITE)
        if verb == "note":
            return self._note_blocker()
        if verb == "work":
            if self.run is None and self.runbook.retired:
                return "it is retired"
            return self.console.write_blocker(WORK, irreversible=self.run is None)
        return None

    def _note_blocker(self) -> str | None:
        if self.run is None:
            return "begin it first: until then ticks are yours alone"
        if not self.reader.step:
            return "choose a step first"
        if self.reader.step in self._marks:
            return "this step is ticked off already"
        return self.console.write_blocker(WORK)

    def do(self, verb: str) -> None:
        """What a key or an action asks for."""
        match verb:
            case "next":
                self.reader.move_step(1)
            case "before":
                self.reader.move_step(-1)
            case "tick":
                self.tick_step(self.reader.step)
            case "copy":
                if words := self.reader.copy_step():
                    self.console.messages.post(f"Copied: {words.splitlines()[0]}")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of list and text."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        key, plain = Qt.Key(event.key()), event.modifiers() == Qt.KeyboardModifier.NoModifier
        if watched is self.search:
            if key in {Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.table.records.rows:
                self.table.selectRow(0)
                self.table.setFocus()
                return True
            if key == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
            return super().eventFilter(watched, event)
        if not plain:
            return super().eventFilter(watched, event)
        if key == Qt.Key.Key_Slash:
            self.show_list()
            self.search.setFocus()
            return True
        if watched is self.reader and key in {Qt.Key.Key_Escape, Qt.Key.Key_Backspace}:
            self.show_list()
            return True
        verb = KEYS.get(key)
        if verb is None or (watched is self.table and verb in {"next", "before", "tick"}):
            return self._step_list(key) if watched is self.table else super().eventFilter(watched, event)
        if verb in {"next", "before", "tick", "copy"}:
            self.do(verb)
        else:
            self.console.actions.execute(f"runbooks.{verb}")
        return True

    def _step_list(self, key: Qt.Key) -> bool:
        row, by = self.table.currentIndex().row(), {Qt.Key.Key_J: 1, Qt.Key.Key_K: -1}.get(key)
        if by is None:
            return False
        self.table.selectRow(min(max(row + by, 0), len(self.table.records.rows) - 1))
        return True
