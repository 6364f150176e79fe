"""The case that is read: figures, why it fired, velocity, order, customer, linked orders, history and notes."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.risk.case_history import history_line
from app.risk.queue import Risk
from models.core.permissions import Permission, lacking_words
from views.kit.panel import Note as DockNote
from views.kit.query_panel import QueryPanel
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.problem import ProblemLine
from views.kit.widgets.section import Lines, Pair, Section
from views.kit.widgets.table import Column, RecordTable
from views.risk.triage.case_frame import CaseFoot, NoteField
from views.risk.triage.case_lines import customer_lines, order_lines
from views.risk.triage.case_sections import Figures, VelocityCards, Why
from views.risk.triage.wording import amount, linked_state, linked_sum, moment, shared, short_name

if TYPE_CHECKING:
    from app.console import Console
    from models.risk.case import LinkedOrder, RiskCase
    from models.risk.queue import RiskQueueEntry

LINKED_SHOWN = 6
KEEP_MS = 400
"""So long after the last letter a note that was begun is written to disk."""
VERBS = (
    ("approve", "Approve", "A"),
    ("reject", "Reject", "R"),
    ("escalate", "Escalate…", "E"),
    ("snooze", "Snooze…", "H"),
)


class CasePanel(QueryPanel):
    """One entry with all that bears on it, and the verdict bar."""

    verb_asked = Signal(str)
    """approve, reject, escalate, snooze, claim, note."""
    rule_snooze_asked = Signal()
    order_asked = Signal(str)
    """The entry of a linked order."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, (Permission.VIEW_RISK_QUEUE,))
        self.risk = console.of(Risk)
        self.entry: RiskQueueEntry | None = None
        """What is read, as it was last heard of."""
        self.case: RiskCase | None = None
        self.switches = 0
        """How often a case was put on screen."""
        self._drawn: object = None
        self._make()
        self._lay_out()
        self.risk.cases.changed.connect(self._loaded)
        self.risk.rows_changed.connect(self._show_verdicts)
        console.time.changed.connect(self._show_verdicts)
        self._keeping = QTimer(self, singleShot=True, interval=KEEP_MS)
        self._keeping.timeout.connect(self._keep_draft)
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tick)
        self.use()
        self.show_entry(None)

    # --- parts -------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        self.empty = QLabel("Choose an entry in the queue: j and k move, T takes the next one.")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.figures, self.why, self.cards = Figures(), Why(), VelocityCards()
        self.snooze_rule = Pill("Snooze a rule…", Look.LINK, name="Snooze a rule for this customer, card or e-mail")
        self.snooze_rule.clicked.connect(self.rule_snooze_asked)
        self.order_lines, self.customer_lines = Lines("Order"), Lines("Customer")
        self.history_lines, self.note_lines = Lines("History"), Lines("Notes")
        self.linked = RecordTable(
            (
                Column("Order", lambda row: row.order_id, 88, mono=True, fits=True),
                Column("Amount", lambda row: amount(row, self.risk.currency), 68, right=True),
                Column(
                    "Placed, UTC",
                    lambda row: moment(row.placed_at, self.console.clock.now()),
                    96,
                    fits=True,
                ),
                Column("Shared", shared, 80, stretch=True),
                Column("State", linked_state, 72, stretch=True),
            ),
            "Linked orders",
        )
        self.linked.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.linked.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.linked.activated_row.connect(self._open_linked)
        self.more_history = Pill("", Look.LINK, name="Show the whole history")
        self.more_history.clicked.connect(self._whole_history)
        self._history_whole = False
        self.field = NoteField()
        self.field.textChanged.connect(self._typed)
        self.field.sent.connect(lambda: self.verb_asked.emit("send"))
        self.armed = ProblemLine()
        self.loading = QLabel()
        self.loading.setWordWrap(True)
        self.again = Pill("Try again", Look.BUTTON, name="Try to load the case again")
        self.again.clicked.connect(self._try_again)
        self.proposal = QLabel()
        self.proposal.setWordWrap(True)
        self.buttons = {verb: Pill(words, Look.BUTTON, name=words.strip("…"), key=key) for verb, words, key in VERBS}
        self.buttons["claim"] = Pill("Claim", Look.BUTTON, name="Claim", key="C")
        for verb, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, v=verb: self.verb_asked.emit(v))

    def _lay_out(self) -> None:
        self.section_why = Section("Why it fired", self.why, Flow(self.snooze_rule, margins=False))
        self.section_order = Section("Order", self.order_lines)
        self.section_customer = Section("Customer", self.customer_lines)
        self.section_linked = Section("Linked orders", self.linked)
        self.section_history = Section("History", self.history_lines, self.more_history)
        self.section_notes = Section("Notes", self.note_lines, self.armed, self.field)
        self.rest = QWidget()
        rest = QVBoxLayout(self.rest)
        rest.setContentsMargins(0, 0, 0, 0)
        rest.setSpacing(14)
        for part in (
            self.section_why,
            self.cards,
            Pair(self.section_order, self.section_customer),
            self.section_linked,
            Pair(self.section_history, self.section_notes),
        ):
            rest.addWidget(part)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(14)
        column.addWidget(self.figures)
        wait = QHBoxLayout()
        wait.addWidget(self.loading, 1)
        wait.addWidget(self.again)
        column.addLayout(wait)
        column.addWidget(self.rest)
        column.addStretch(1)
        self.area = QScrollArea()
        self._revealing = QTimer(self, singleShot=True, interval=0)
        self._revealing.timeout.connect(self._reveal_note)
        self.area.verticalScrollBar().rangeChanged.connect(lambda *_: self._revealing.start())
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.area.setAccessibleName("Case")
        self.area.setWidget(inside)
        self.area.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        self.bar = Flow(*self.buttons.values(), right=self.buttons["claim"], margins=False, gap=WIDE_GAP)
        bar_box = CaseFoot()
        below = QVBoxLayout(bar_box)
        below.setContentsMargins(12, 8, 12, 12)
        below.setSpacing(6)
        below.addWidget(self.proposal)
        below.addWidget(self.bar)
        self._bar_box = bar_box
        outer = QVBoxLayout(self.content)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.empty, 1)
        outer.addWidget(self.area, 1)
        outer.addWidget(bar_box)
        self.widget.setFocusProxy(self.area)

    # --- panel -------------------------------------------------------------------------------------------------

    def note_words(self) -> str:
        """What the dock's title says at its right."""
        entry = self.entry
        if entry is None or not self.available:
            return ""
        me = self.console.session.me
        now = self.console.clock.now()
        words = entry.order_id
        if entry.assigned_to is not None and entry.assigned_at is not None:
            mine = me is not None and entry.assigned_to == me.user_id
            by = "you" if mine else entry.assigned_to_name or entry.assigned_to
            words += f" · claimed by {by} {moment(entry.assigned_at, now, seconds=True)}"
        return words

    def own_note(self) -> DockNote:
        """The dock's note."""
        return DockNote(self.note_words())

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        self._second.start() if visible else self._second.stop()
        if not visible:
            self._keep_draft()

    def refresh(self) -> None:
        """Show what is known now."""
        self._drawn = None
        self._show()

    # --- showing -----------------------------------------------------------------------------------------------

    @property
    def is_seen(self) -> bool:
        """Whether the case of the chosen entry has been painted: keys can be quicker than drawing it."""
        return self.entry is None or self._bar_box.painted == self.entry.entry_id

    def show_entry(self, entry: RiskQueueEntry | None) -> None:
        """Read another entry; what is known of it is there at once, the rest as soon as it is heard."""
        if entry is not None and self.entry is not None and entry.entry_id == self.entry.entry_id:
            if entry.version >= self.entry.version:
                self.entry = entry
        else:
            self._keep_draft()
            self.entry = entry
            self._history_whole = False
            self.armed.say("")
            self.area.verticalScrollBar().setValue(0)
            self.field.blockSignals(True)
            self.field.setPlainText("" if entry is None else self.risk.notes.get(self._draft_key()))
            self.field.blockSignals(False)
            self.field.updateGeometry()
        self._show()

    def _loaded(self, entry_id: str) -> None:
        if self.entry is not None and entry_id == self.entry.entry_id:
            case = self.risk.cases.get(entry_id)
            if case is not None and case.entry.version >= self.entry.version:
                self.entry = case.entry
            self._show()

    def _show(self) -> None:
        entry = self.entry
        self.empty.setVisible(entry is None)
        self.area.setVisible(entry is not None)
        self._bar_box.setVisible(entry is not None)
        if entry is None:
            self.case = None
            self.noted.emit()
            return
        theme, now = current(), self.console.clock.now()
        case = self.risk.cases.get(entry.entry_id)
        self.case = case
        self._bar_box.be_about(None if case is None else entry.entry_id)
        self.figures.show_case(entry, case, self.risk.currency, now)
        error = self.risk.cases.errors.get(entry.entry_id)
        self.rest.setVisible(case is not None)
        words = f"Not loaded: {error}" if error is not None and case is None else "" if case is not None else "Loading…"
        if case is not None and error is not None:
            words = f"As it was at {case.as_of:%H:%M:%S} UTC. {error}"
        self.loading.setText(words)
        self.loading.setVisible(bool(words))
        theme.set_font(self.loading, 10)
        self.again.setVisible(error is not None)
        if case is not None:
            drawn = (case, theme.font_scale, theme.tokens.name, self.risk.currency, self._history_whole)
            if drawn != self._drawn:
                self._drawn = drawn
                self.switches += 1
                self._show_case(case)
            self._show_notes(entry)
        self._show_verdicts()
        self.noted.emit()

    def _show_case(self, case: RiskCase) -> None:
        currency = self.risk.currency
        self.section_why.heading.say(f"rule set {case.decision.rule_set_number}")
        self.why.show_case(case, currency)
        self.snooze_rule.setVisible(bool(case.decision.explanation))
        self.cards.show_case(case)
        self.section_order.heading.say()
        self.order_lines.show_lines(order_lines(case, currency, self.console.clock.now()))
        self.section_customer.heading.say("details hidden" if case.customer.hidden else "")
        self.section_customer.heading.more.setToolTip(
            f"To see e-mail and name {lacking_words(Permission.VIEW_PERSONAL_DATA)}." if case.customer.hidden else ""
        )
        self.customer_lines.show_lines(customer_lines(case))
        self.section_linked.setVisible(bool(case.linked))
        self.section_linked.heading.say(linked_sum(case, currency))
        self.linked.set_rows(case.linked)
        rows = min(LINKED_SHOWN, len(case.linked))
        high = self.linked.verticalHeader().defaultSectionSize()
        self.linked.setFixedHeight(self.linked.horizontalHeader().height() + rows * high + 2)
        self._show_history(case)

    def _show_history(self, case: RiskCase) -> None:
        me = self.console.session.me
        now = self.console.clock.now()
        shown = case.history if self._history_whole else case.history[:5]
        lines = []
        for event in shown:
            words = history_line(event, me.user_id if me else None)
            if event.reason:
                words += f": {event.reason}"
            lines.append((moment(event.at, now, seconds=True), words, False))
        if not lines:
            lines.append(("–", "Nobody has done anything about it yet", False))
        self.section_history.heading.say()
        self.history_lines.show_lines(lines, 72 if all(len(at) <= 8 for at, _, _ in lines) else 116)
        rest = len(case.history) - len(shown)
        self.more_history.set(f"{rest} more", Look.LINK)
        self.more_history.setVisible(rest > 0)

    def _show_notes(self, entry: RiskQueueEntry) -> None:
        theme = current()
        theme.set_font(self.note_lines, 10)
        now = self.console.clock.now()
        # A note leaves the version as it is: rows that were read before it do not have it.
        known_notes = self.case.entry.notes if self.case is not None else ()
        notes = max(entry.notes, known_notes, key=len)
        paragraphs = [
            f"<p style='margin: 0 0 4px 0'><b>{escape(short_name(note.by_name))}</b> "
            f"<span style='color: {theme.tokens.text3}'>{moment(note.at, now, seconds=True)}</span><br>"
            f"{escape(note.text).replace(chr(10), '<br>')}</p>"
            for note in notes
        ]
        self.note_lines.setText("".join(paragraphs))
        self.note_lines.setAccessibleDescription(". ".join(f"{n.by_name}: {n.text}" for n in notes))
        self.note_lines.setVisible(bool(paragraphs))
        self.section_notes.heading.say("saved as you type" if self.field.toPlainText() else "")
        theme.set_font(self.field, 10)
        self.field.setPlaceholderText("Add a note, needed to reject")

    # --- verdicts ----------------------------------------------------------------------------------------------

    def verb_blocker(self, verb: str) -> str | None:
        """Why a verb cannot be done to this entry now, in words; ``None`` when it can."""
        entry = self.entry
        if entry is None:
            return "choose an entry first"
        reason = self.console.write_blocker(Permission.APPROVE_ORDERS)
        if reason is not None:
            return reason
        me = self.console.session.me
        mine = me is not None and entry.assigned_to == me.user_id
        pending = self.risk.pending(entry.entry_id)
        if self.case is None:
            return "its case is not loaded yet"
        if verb == "note":
            return None
        if pending is not None and pending.state != "waiting":
            return "choose first what becomes of what waits here: Enter"
        if self.risk.decided(entry.entry_id):
            return "your decision is on its way; Z takes it back"
        if entry.status == "reviewed":
            return f"{entry.decided_by_name or 'somebody'} {entry.verdict} it already"
        if entry.assigned_to is not None and not mine and verb != "claim":
            return f"{entry.assigned_to_name or entry.assigned_to} has it; C takes it over"
        first = entry.proposal
        if verb in {"approve", "reject"} and first is not None and me is not None and first.by == me.user_id:
            return f"you {first.verdict} it; a second person is needed"
        return None

    def _show_verdicts(self, *_: Any) -> None:
        entry = self.entry
        if entry is None:
            return
        me = self.console.session.me
        mine = me is not None and entry.assigned_to == me.user_id
        other = entry.assigned_to is not None and not mine
        claim = "Release" if mine else "Take over" if other else "Claim"
        self.buttons["claim"].set(claim)
        self.buttons["claim"].setAccessibleName(claim)
        self._explain(self.snooze_rule, self.console.write_blocker(Permission.APPROVE_ORDERS, irreversible=True))
        for verb, pill in self.buttons.items():
            self._explain(pill, self.verb_blocker(verb))
        current().set_font(self.proposal, 10)
        words = self._people(entry)
        self.proposal.setText(words)
        self.proposal.setVisible(bool(words))

    @staticmethod
    def _explain(pill: Pill, reason: str | None) -> None:
        pill.setEnabled(reason is None)
        pill.setToolTip("" if reason is None else f"{pill.text().strip('…')}: {reason}.")
        pill.setAccessibleDescription(reason or "")

    def _people(self, entry: RiskQueueEntry) -> str:
        now = self.console.clock.now()
        first = entry.proposal
        if first is not None:
            why = f" “{escape(first.notes)}”" if first.notes else ""
            return (
                f"<b>{escape(first.by_name)} {first.verdict}</b> at {moment(first.at, now)}, needs one more person."
                f"{why} The same verdict confirms it, the other one opens the entry again."
            )
        if self.case is not None and self.case.two_people and entry.status != "reviewed":
            return "Its amount needs two people: your verdict is the first one."
        return ""

    def arm(self, words: str) -> None:
        """Ask for a note, with the keyboard in its field."""
        self.armed.say(words)
        self._revealing.start()  # when it has found its place
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _reveal_note(self) -> None:
        """Scroll to the field and what is asked above it; again when what stands above has grown."""
        inside = self.area.widget()
        if inside is not None and self.armed.isVisibleTo(self.widget):
            # Not ensureWidgetVisible, which is content with the text cursor of what has the keyboard.
            below = self.field.mapTo(inside, self.field.rect().bottomLeft())
            self.area.ensureVisible(0, below.y(), 0, 8)
            self.area.ensureVisible(0, self.armed.mapTo(inside, QPoint()).y(), 0, 8)

    # --- notes -------------------------------------------------------------------------------------------------

    def _draft_key(self) -> str:
        me = self.console.session.me
        entry = self.entry
        return f"{me.user_id if me else ''} {entry.entry_id if entry else ''}"

    def _typed(self) -> None:
        if self.entry is not None:
            self.risk.notes.put(self._draft_key(), self.field.toPlainText())
            self._keeping.start()
            self.section_notes.heading.say("saved as you type" if self.field.toPlainText() else "")

    def _keep_draft(self) -> None:
        if self._keeping.isActive():
            self._keeping.stop()
            self.risk.notes.keep()
            if self.risk.notes.problem:
                self.console.messages.post_once("notes", f"Notes are not kept: {self.risk.notes.problem}.", "warning")

    def take_note(self) -> str:
        """What stands in the field, which is empty after that."""
        text = self.field.toPlainText().strip()
        self.risk.notes.put(self._draft_key(), "")
        self.risk.notes.keep()
        self._keeping.stop()
        self.field.blockSignals(True)
        self.field.clear()
        self.field.blockSignals(False)
        self.field.updateGeometry()
        self.armed.say("")
        return text

    def give_note_back(self, entry_id: str, text: str) -> None:
        """What was typed could not be sent: it stands in its field again."""
        me = self.console.session.me
        self.risk.notes.put(f"{me.user_id if me else ''} {entry_id}", text)
        self.risk.notes.keep()
        if self.entry is not None and self.entry.entry_id == entry_id:
            self.field.setPlainText(text)

    # --- people ------------------------------------------------------------------------------------------------

    def _open_linked(self, row: LinkedOrder | None) -> None:
        if row is None:
            return
        if row.entry_id is None:
            self.console.messages.post(f"{row.order_id} was never put in the queue: there is no case to open.")
        else:
            self.order_asked.emit(row.entry_id)

    def _whole_history(self) -> None:
        self._history_whole = True
        self._show()

    def _try_again(self) -> None:
        if self.entry is not None:
            self.risk.cases.errors.pop(self.entry.entry_id, None)
            self.risk.cases.want([self.entry.entry_id])
            self._show()

    def _tick(self) -> None:
        if self.entry is not None:
            self.figures.show_case(self.entry, self.case, self.risk.currency, self.console.clock.now())
