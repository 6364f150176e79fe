"""The audit panel: every change, newest first, what it changed, and the proof that nothing was rewritten."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from app.audit.domain import Audit
from app.audit.log import SearchError, parse
from app.core.freshness import Quality, age_words
from app.core.timeframe import NOT_KEPT
from models.core.csv_text import csv_text
from models.core.formatting import grouped
from models.core.permissions import Permission, lacking_words
from models.core.wording import counted
from views.audit.details import Details
from views.audit.dialogs import ExportDialog, ProofDialog, TrustDialog, marked
from views.audit.list_and_details import ListAndDetails
from views.audit.table import AuditTable
from views.audit.wording import title, who
from views.kit.downloads import save
from views.kit.field_words import instant
from views.kit.panel import Note
from views.kit.query_panel import WHOM_TO_ASK, nobody_words, unheard_words
from views.kit.theme import current
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.problem import ProblemLine

if TYPE_CHECKING:
    from app.console import Console
    from app.core.query import Watch
    from models.audit import AuditLogEntry

RANGES = (("All", None), ("1 h", timedelta(hours=1)), ("24 h", timedelta(hours=24)), ("7 d", timedelta(days=7)))
MISSING = (
    f"The audit log {lacking_words(Permission.VIEW_AUDIT)}. {WHOM_TO_ASK} The log appears here as soon as you have it."
)


class AuditPanel(QObject):
    """List, search, details, verification and export."""

    noted = Signal()

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._visible = False
        self._watch: Watch | None = None
        self._chosen: int | None = None
        """Position of the chosen entry, wherever its row is."""
        self.log = console.of(Audit).log()
        self.verification = console.of(Audit).verification()
        self._query = console.of(Audit).newest(self.log)
        self.widget = QWidget()
        self.widget.setAccessibleName("Audit")
        self.setParent(self.widget)
        self._make()
        self._query.changed.connect(self._take_newest)
        self.verification.changed.connect(self._show_seal)
        self.log.changed.connect(self._show_state)
        self.log.reset.connect(self._choose_again)
        self.log.grown.connect(self._show_state)
        console.session.changed.connect(self._may_changed)
        console.time.changed.connect(self._time_changed)
        console.link.changed.connect(self._link_changed)
        current().changed.connect(self._restyle)
        self._range = 0
        self._restyle()
        self._may_changed()
        self._take_newest()

    # --- parts -------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        self.missing = QLabel(MISSING)
        self.missing.setWordWrap(True)
        self.missing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.missing.setContentsMargins(12, 12, 12, 12)
        self.seal = QLabel()
        self.seal.setTextFormat(Qt.TextFormat.RichText)
        self.seal.setWordWrap(True)
        self.seal.setAccessibleName("Verification")
        self.trust = Pill("Trust it…", Look.BUTTON, name="Trust the log as it is now")
        self.proof = Pill("Show proof", Look.BUTTON, name="Show the proof of the chosen entry")
        self.export = Pill("Export…", Look.BUTTON, name="Export entries as a bundle that proves itself")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search, for example actor:ada action:rbac.role text")
        self.search.setAccessibleName("Search the audit log")
        self.search.setClearButtonEnabled(True)
        self.search.installEventFilter(self)
        self.ranges = [Pill(words, Look.OUTLINE, name=f"Time range: {words}") for words, _ in RANGES]
        self.news = Pill("", Look.INVERSE, name="Show new entries")
        self.news.hide()
        self.again = Pill("Try again", Look.BUTTON, name="Try to load the entries again")
        self.again.hide()
        self.problem = ProblemLine()
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setAccessibleName("State of the list")
        self.table = AuditTable(self.log, self._console.clock.now)
        self.details = Details()
        self._body = ListAndDetails()
        self._lay_out()
        slash = QShortcut(QKeySequence("/"), self._body)
        slash.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        slash.activated.connect(self.search.setFocus)
        self.trust.clicked.connect(self._ask_trust)
        self.proof.clicked.connect(self.show_proof)
        self.export.clicked.connect(self.ask_export)
        self.search.returnPressed.connect(self._search)
        self.search.textChanged.connect(self._typed)
        for number, pill in enumerate(self.ranges):
            pill.clicked.connect(lambda _=False, n=number: self._choose_range(n))
        self.news.clicked.connect(self._show_news)
        self.again.clicked.connect(self.log.again)
        self.table.looked_at.connect(self._look_at)
        self.table.activated_row.connect(self._open)
        self.table.selectionModel().currentRowChanged.connect(self._chosen_row)
        self.details.search_asked.connect(self.look_for)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(12, 4, 12, 4)
        top.setSpacing(8)
        top.addWidget(self.seal, 1)
        for pill in (self.trust, self.proof, self.export):
            top.addWidget(pill, 0, Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout()
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(4)
        row.addWidget(self.search, 1)
        row.addSpacing(4)
        for pill in self.ranges:
            row.addWidget(pill)
        row.addWidget(self.news)
        below = QHBoxLayout()
        below.setContentsMargins(12, 0, 12, 0)
        below.setSpacing(8)
        below.addWidget(self.problem, 1)
        below.addWidget(self.state, 1)
        below.addWidget(self.again)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addLayout(row)
        column.addLayout(below)
        splitter = self._body.splitter
        splitter.addWidget(self.table)
        splitter.addWidget(self.details)
        column.addWidget(splitter, 1)
        self._stack = QStackedLayout(self.widget)
        self._stack.addWidget(self.missing)
        self._stack.addWidget(self._body)
        self.widget.setFocusProxy(self.table)

    # --- panel -------------------------------------------------------------------------------------------------

    def note(self) -> Note:
        """How many entries, and the age of the newest look."""
        if not self._may:
            return Note()
        if self._past:
            return Note("past instant")
        age = self._query.age_seconds
        if self._query.sample is None or age is None:
            return Note("no data yet")
        stale = self._query.quality in {Quality.STALE, Quality.DISCONNECTED}
        words = f"{counted(self.log.newest, 'entry', 'entries')}, {age_words(age)} old"
        return Note(f"{'stale · ' if stale else ''}{words}", "stale" if stale else "fresh")

    def menu(self) -> list[QAction]:
        """Export as CSV and as a bundle, proof, trust."""
        listed = bool(self._may and self.log.count)
        wanted = (
            ("Save listed entries as CSV", self.save_csv, listed),
            ("Save listed entries as CSV with a byte order mark", lambda: self.save_csv(bom=True), listed),
            ("Copy listed entries as CSV", self.copy_csv, listed),
            ("Export with proof…", self.ask_export, self.export.isEnabled() and self._may),
            ("Show proof", self.show_proof, self.proof.isEnabled() and self._may),
            ("Trust the log as it is now…", self._ask_trust, self.verification.broken and self._may and not self._past),
        )
        made = []
        for words, slot, enabled in wanted:
            action = QAction(words, self)
            action.triggered.connect(slot)
            action.setEnabled(enabled)
            made.append(action)
        return made

    def set_visible(self, visible: bool) -> None:
        """Only what is seen asks the server."""
        self._visible = visible
        self._watch_or_not()
        if not visible:
            self.verification.keep()

    @property
    def _may(self) -> bool:
        return self._console.session.may(Permission.VIEW_AUDIT)

    @property
    def _past(self) -> bool:
        return self._console.time.as_of is not None

    def _time_changed(self) -> None:
        """List what had been recorded by then; checkpoints and proofs are of the log as it is now."""
        self._watch_or_not()
        if self.log.search.until != self._until:
            self._chosen = None
            self._show_chosen()
            self._search()
        self._show_seal()

    def _may_changed(self) -> None:
        self._stack.setCurrentWidget(self._body if self._may else self.missing)
        self.missing.setText(MISSING if self._console.session.me is not None else nobody_words(self._console))
        self._watch_or_not()

    def _link_changed(self) -> None:
        self._may_changed()
        self._show_state()

    def _watch_or_not(self) -> None:
        wanted = self._visible and self._may and not self._past  # what was recorded by then does not grow
        if wanted and self._watch is None:
            self._watch = self._query.watch()
        elif not wanted and self._watch is not None:
            self._watch.close()
            self._watch = None

    # --- showing -----------------------------------------------------------------------------------------------

    def _take_newest(self) -> None:
        sample = self._query.sample
        if sample is not None and sample.received_mono is None:
            self.log.recall(sample.value.page)
        elif sample is not None and self._query.error is None:
            newest = sample.value
            self.log.hear(newest.search, newest.page)
            self.verification.hear(newest.checkpoint)
            if self.log.waiting and self.table.at_top and not self.table.pointed_at:
                self.log.accept()
        self._show_state()

    def _show_seal(self) -> None:
        self.seal.setEnabled(not self._past)
        if self._past:
            self.seal.setText(f"Verification: {NOT_KEPT}")
            self.seal.setAccessibleDescription(NOT_KEPT)
            self.trust.hide()
            self._show_state()
            return
        seal = self.verification.seal
        more = escape(seal.more)
        match seal.level:
            case "broken":
                words = marked(f"{seal.words}:" if more else seal.words, good=False)
            case "good":
                words = marked(seal.words, good=True).replace(escape(seal.words), f"<b>{escape(seal.words)}</b>")
            case _:
                words = f"?&nbsp;&nbsp;<b>{escape(seal.words)}</b>"
        small = f'<span style="font-size: {9 * current().font_scale:.1f}pt">{more}</span>'
        self.seal.setText(f"{words}&nbsp; {small}" if more else words)
        self.seal.setAccessibleDescription(f"{seal.words}. {seal.more}")
        self.trust.setVisible(self.verification.broken)
        self._show_state()

    def _show_state(self, *_: Any) -> None:
        log = self.log
        sealed = self.verification.sealed
        self.table.set_divider(log.top - sealed if log.search.everything and 0 < sealed <= log.top else -1)
        many = f"{grouped(log.waiting)}{'+' if log.waiting_more else ''}"
        self.news.set(f"{many} new", Look.INVERSE)
        self.news.setVisible(log.waiting > 0)
        self.news.setAccessibleName(f"Show {many} new entries")
        words = self._words()
        self.state.setText(words)
        self.state.setVisible(bool(words))
        self.again.setVisible(log.error is not None)
        blocker = self.export_blocker()
        self.export.setEnabled(blocker is None)
        self.export.setToolTip(blocker or "")
        if self.details.entry is None and self._chosen is not None:
            self._show_chosen()
        entry = self.details.entry
        self.proof.setEnabled(entry is not None and entry.position <= sealed and not self._past)
        self.proof.setToolTip(
            NOT_KEPT
            if self._past
            else "Choose an entry first."
            if entry is None
            else "This entry is not sealed yet; that takes some seconds."
            if entry.position > sealed
            else ""
        )
        self.noted.emit()

    def _words(self) -> str:
        """What is to be said of the list."""
        log = self.log
        error = log.error or (self._query.error if self._query.sample is None else None)
        if log.kept:
            words = f"The newest {grouped(len(log.loaded()))} entries as they were, without reasons and changes."
            return f"{words} {self._query.error or unheard_words(self._console)}"
        if error is not None:
            return f"Not loaded: {error}"
        if not log.known:
            return "Looking…" if not log.search.everything else "Waiting for the first answer…"
        if log.count == 0:
            return "Nothing has been recorded yet." if log.search.everything else "No matches."
        return ""

    def _restyle(self) -> None:
        for number, pill in enumerate(self.ranges):
            pill.set(RANGES[number][0], Look.SELECTED if number == self._range else Look.OUTLINE)
        for label in (self.state, self.seal):
            current().set_font(label, 10)
        self._body.arrange()
        self._show_seal()

    def _look_at(self, first: int, last: int) -> None:
        if self._may and self._visible:
            self.log.look_at(first, last)

    # --- choosing ----------------------------------------------------------------------------------------------

    def _chosen_row(self, index: QModelIndex, _before: QModelIndex) -> None:
        if index.isValid():
            entry = self.log.entry(index.row())
            everything = self.log.search.everything
            self._chosen = entry.position if entry else self.log.top - index.row() if everything else None
            self._show_chosen()
            self._show_state()

    def _show_chosen(self) -> None:
        row = None if self._chosen is None else self.log.row_of(self._chosen)
        self.details.show_entry(None if row is None else self.log.entry(row))
        self._body.tells = self.details.entry is not None
        self._body.arrange()

    def _choose_again(self) -> None:
        """After the rows have become others, the chosen entry stays the chosen one if it is among them."""
        row = None if self._chosen is None else self.log.row_of(self._chosen)
        if row is not None and self.log.entry(row) is not None:
            self.table.setCurrentIndex(self.table.records.index(row, 0))
        self._show_state()

    def _open(self, entry: AuditLogEntry | None) -> None:
        if entry is not None:
            self.details.show_entry(entry)
            self._body.tells = True
            self._body.arrange()
            self.details.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_news(self) -> None:
        self.log.accept()
        self.table.scrollToTop()
        self.table.setFocus()

    # --- searching ---------------------------------------------------------------------------------------------

    def look_for(self, typed: str) -> None:
        """Fill the search field and search, in all time."""
        self.search.setText(typed)
        self._choose_range(0)

    def _choose_range(self, number: int) -> None:
        self._range = number
        self._restyle()
        self._search()

    @property
    def _until(self) -> datetime | None:
        """Until when entries are listed: a past instant and what happened in that very moment."""
        as_of = self._console.time.as_of
        return None if as_of is None else as_of + timedelta(microseconds=1)

    def _typed(self, text: str) -> None:
        if not text:
            self._search()

    def _search(self) -> None:
        length = RANGES[self._range][1]
        since = None if length is None else self._console.shown_at - length
        try:
            wanted = parse(self.search.text(), since, self._until)
        except SearchError as error:
            self.problem.say(str(error), self.search)
            return
        if self.problem.words:
            self.problem.say("")
        if self._may and wanted != self.log.search:
            self.log.filter(wanted)
            self._query.invalidate()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            watched is self.search
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
        ):
            self.search.clear()
            self._choose_range(0)
            self.table.setFocus()
            return True
        return super().eventFilter(watched, event)

    # --- proof and export --------------------------------------------------------------------------------------

    def show_proof(self) -> None:
        """Check the chosen entry and say what was checked."""
        if self.details.entry is not None:
            ProofDialog(self.details.entry, self.verification, self._console, self.widget.window()).open()

    def export_blocker(self) -> str | None:
        """Why nothing can be exported with its proof, in words; ``None`` when it can."""
        if self._past:
            return NOT_KEPT
        sealed = self.verification.sealed
        return None if sealed else "nothing is verified yet: an export begins with what is sealed"

    def ask_export(self) -> None:
        """Ask what to export, and why: the chosen entry, or what is loaded around what is seen."""
        sealed = self.verification.sealed
        first, last = self._listed_range()
        last = min(last, sealed)
        ExportDialog(min(first, last), last, sealed, self._console, self.widget.window()).open()

    def _listed_range(self) -> tuple[int, int]:
        if self.details.entry is not None:
            return self.details.entry.position, self.details.entry.position
        positions = [entry.position for entry in self.log.loaded()]
        return (min(positions), max(positions)) if positions else (1, self.log.top)

    def _ask_trust(self) -> None:
        sample = self._query.sample
        if sample is None:
            return
        newest, verification = sample.value.checkpoint, self.verification
        then = lambda: verification.trust_anew(newest)  # noqa: E731 - one use, one line
        TrustDialog(verification, newest, self._console.target.name, self.widget.window(), then).open()

    def csv_text(self, *, bom: bool = False) -> str:
        """The listed entries that are loaded, as CSV, newest first."""
        header = ("Position", "At", "By", "What happened", "Action", "Resource", "Reason", "Correlation")
        rows = (
            (
                entry.position,
                instant(entry.at),
                who(entry),
                title(entry),
                entry.action,
                f"{entry.resource_type} {entry.resource_id}",
                entry.reason,
                entry.correlation_id,
            )
            for entry in self.log.loaded()
        )
        return csv_text(header, rows, bom=bom)

    def copy_csv(self) -> None:
        """Put the listed entries on the clipboard."""
        QGuiApplication.clipboard().setText(self.csv_text())

    def save_csv(self, *, bom: bool = False) -> None:
        """Write the listed entries into the download folder and say where."""
        then = f"as-of-{self._console.time.as_of:%Y%m%d-%H%M}-" if self._console.time.as_of is not None else ""
        name = f"opsconsole-audit-{then}{self._console.clock.now():%Y%m%d-%H%M%S}.csv"
        try:
            path = save(name, self.csv_text(bom=bom).encode())
        except OSError as error:
            words = f"Not exported: {error.strerror or error}. Use “Copy listed entries as CSV” instead."
            self._console.messages.post(words, "error")
            return
        count = len(self.log.loaded())
        more = " Only what was scrolled to is loaded." if count < self.log.count else ""
        self._console.messages.post(f"Exported {counted(count, 'audit entry', 'audit entries')} to {path}.{more}")
