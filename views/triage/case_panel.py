"""The case that is read: figures, why it fired, velocity, order and customer, what it is linked to, history and notes."""

from __future__ import annotations

from datetime import UTC
from html import escape
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.risk import DECIDE, VIEW
from app.risk_words import duration
from views.theme import current
from views.triage.parts import Figures, VelocityCards, Why, joined
from views.triage.words import amount, country, did, linked_state, linked_sum, moment, shared, short_name
from views.widgets.pill import Look, Pill
from views.widgets.problem import ProblemLine
from views.widgets.table import Column, RecordTable
from views.window.panel import Note as DockNote
from views.window.query_panel import QueryPanel

if TYPE_CHECKING:
    from app.console import Console
    from models.risk_case import LinkedOrder, RiskCase
    from models.risk_queue import RiskQueueEntry

NARROW = 520
"""Below this width, at 100 % font, order and customer stand one below the other."""
LINKED_SHOWN = 6
KEEP_MS = 400
"""So long after the last letter a note that was begun is written to disk."""
VERBS = (
    ("approve", "Approve", "A"),
    ("reject", "Reject", "R"),
    ("escalate", "Escalate…", "E"),
    ("snooze", "Snooze…", "H"),
)


class Heading(QWidget):
    """A section's name, and what there is to say about all of it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name, self.more = QLabel(name), QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.name)
        row.addStretch(1)
        row.addWidget(self.more)

    def say(self, more: str = "") -> None:
        """Change what stands at the right."""
        theme = current()
        self.name.setFont(theme.font(12, 600))
        self.more.setFont(theme.font(9))
        self.more.setText(f'<span style="color: {theme.tokens.text2}">{escape(more)}</span>' if more else "")


class Pair(QWidget):
    """Two sections beside each other, or one below the other where there is no room."""

    def __init__(self, one: QWidget, other: QWidget) -> None:
        super().__init__()
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(16)
        for widget in (one, other):
            self._box.addWidget(widget, 1, Qt.AlignmentFlag.AlignTop)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= current().px(NARROW)
        self._box.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)


class Section(QWidget):
    """A heading and what is below."""

    def __init__(self, name: str, *below: QWidget) -> None:
        super().__init__()
        self.heading = Heading(name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.heading)
        for widget in below:
            column.addWidget(widget)


class Lines(QLabel):
    """A few lines of words, each with a name or an instant before it; can be selected and copied."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)

    def show_lines(self, lines: list[tuple[str, str, bool]], wide: int = 84) -> None:
        """Show lines of name, words and whether the words are strong."""
        theme = current()
        self.setFont(theme.font(10))
        rows = "".join(
            f'<tr><td width="{theme.px(wide)}" style="color: {theme.tokens.text3}; padding-bottom: 3px">{escape(name)}</td>'
            f'<td style="padding-bottom: 3px">{f"<b>{escape(words)}</b>" if strong else escape(words)}</td></tr>'
            for name, words, strong in lines
        )
        self.setText(f'<table cellspacing="0" cellpadding="0">{rows}</table>')
        self.setAccessibleDescription(". ".join(f"{name} {words}" for name, words, _ in lines))


class NoteField(QPlainTextEdit):
    """Where a note is typed. Enter is a new line; Ctrl+Enter sends, Esc leaves what was typed where it is."""

    sent = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Note")
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.textChanged.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        theme = current()
        lines = min(5, max(1, self.document().blockCount()))
        return QSize(theme.px(160), round(lines * theme.height(10)) + 18)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.sent.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.toPlainText() or self.hasFocus():
            return
        theme, tokens = current(), current().tokens
        painter = QPainter(self.viewport())
        high = theme.height(9) + 2
        box = self.viewport().rect()
        wide = theme.width("N", 9) + 8
        painter.setPen(QPen(QColor(tokens.control_border), 1))
        cap = box.adjusted(0, 0, 0, 0)
        cap.setLeft(round(box.right() - wide))
        cap.setTop(round(box.center().y() - high / 2))
        cap.setHeight(round(high))
        painter.drawRoundedRect(cap.adjusted(0, 0, -1, -1), 3, 3)
        painter.setFont(theme.font(9))
        painter.setPen(QColor(tokens.text2))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, "N")


class CasePanel(QueryPanel):
    """One entry with all that bears on it, and the verdict bar."""

    verb_asked = Signal(str)
    """approve, reject, escalate, snooze, claim, note."""
    order_asked = Signal(str)
    """The entry of a linked order."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, "triage.case", "Case", (VIEW,))
        self.risk = console.risk
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
        self.order_lines, self.customer_lines = Lines("Order"), Lines("Customer")
        self.history_lines, self.note_lines = Lines("History"), Lines("Notes")
        self.linked = RecordTable(
            (
                Column("Order", lambda row: row.order_id, 88, mono=True),
                Column("Amount", lambda row: amount(row, self.risk.currency), 88, right=True),
                Column("Placed, UTC", lambda row: moment(row.placed_at, self.console.clock.now(), seconds=True), 108),
                Column("Shared", shared, 104, stretch=True),
                Column("State", linked_state, 104, stretch=True),
            ),
            "Linked orders",
        )
        self.linked.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
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
        self.section_why = Section("Why it fired", self.why)
        self.section_order = Section("Order", self.order_lines)
        self.section_customer = Section("Customer", self.customer_lines)
        self.section_linked = Section("Linked orders", self.linked)
        self.section_history = Section("History", self.history_lines, self.more_history)
        self.section_notes = Section("Notes", self.note_lines, self.field, self.armed)
        self.rest = QWidget()
        rest = QVBoxLayout(self.rest)
        rest.setContentsMargins(0, 0, 0, 0)
        rest.setSpacing(16)
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
        column.setSpacing(16)
        column.addWidget(self.figures)
        wait = QHBoxLayout()
        wait.addWidget(self.loading, 1)
        wait.addWidget(self.again)
        column.addLayout(wait)
        column.addWidget(self.rest)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.area.setAccessibleName("Case")
        self.area.setWidget(inside)
        self.area.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        self.bar = VerdictBar(list(self.buttons.values()))
        bar_box = QWidget()
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
        if entry is None or not self.allowed:
            return ""
        me = self.console.session.me
        now = self.console.clock.now()
        words = entry.order_id
        if entry.assigned_to is not None and entry.assigned_at is not None:
            mine = me is not None and entry.assigned_to == me.user_id
            by = "you" if mine else entry.assigned_to_name or entry.assigned_to
            words += f" · claimed by {by} {moment(entry.assigned_at, now, seconds=True)}"
        return words

    def note(self) -> DockNote:
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
            return
        theme, now = current(), self.console.clock.now()
        case = self.risk.cases.get(entry.entry_id)
        self.case = case
        self.figures.show_case(entry, case, self.risk.currency, now)
        error = self.risk.cases.errors.get(entry.entry_id)
        self.rest.setVisible(case is not None)
        words = f"Not loaded: {error}" if error is not None and case is None else "" if case is not None else "Loading…"
        if case is not None and error is not None:
            words = f"As it was at {case.as_of:%H:%M:%S} UTC. {error}"
        self.loading.setText(words)
        self.loading.setVisible(bool(words))
        self.loading.setFont(theme.font(10))
        self.again.setVisible(error is not None)
        if case is not None:
            drawn = (case, theme.font_scale, theme.tokens.name, self.risk.currency, self._history_whole)
            if drawn != self._drawn:
                self._drawn = drawn
                self.switches += 1
                self._show_case(case)
            self._show_notes(entry)
        self._show_verdicts()

    def _show_case(self, case: RiskCase) -> None:
        currency = self.risk.currency
        self.section_why.heading.say(f"rule set {case.decision.rule_set_number}")
        self.why.show_case(case, currency)
        self.cards.show_case(case)
        self.section_order.heading.say()
        self.order_lines.show_lines(self._order(case))
        self.section_customer.heading.say("details hidden" if case.customer.hidden else "")
        self.section_customer.heading.more.setToolTip(
            "E-mail and name need the permission privacy.view_personal_data." if case.customer.hidden else ""
        )
        self.customer_lines.show_lines(_customer(case))
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
            words = did(event, me.user_id if me else None)
            if event.reason:
                words += f": {event.reason}"
            lines.append((moment(event.at, now, seconds=True), words, False))
        self.section_history.heading.say()
        self.history_lines.show_lines(lines, 116)
        rest = len(case.history) - len(shown)
        self.more_history.set(f"{rest} more", Look.LINK)
        self.more_history.setVisible(rest > 0)

    def _show_notes(self, entry: RiskQueueEntry) -> None:
        theme = current()
        self.note_lines.setFont(theme.font(10))
        now = self.console.clock.now()
        paragraphs = [
            f"<p style='margin: 0 0 4px 0'><b>{escape(short_name(note.by_name))}</b> "
            f"<span style='color: {theme.tokens.text3}'>{moment(note.at, now, seconds=True)}</span><br>"
            f"{escape(note.text).replace(chr(10), '<br>')}</p>"
            for note in entry.notes
        ]
        self.note_lines.setText("".join(paragraphs))
        self.note_lines.setAccessibleDescription(". ".join(f"{n.by_name}: {n.text}" for n in entry.notes))
        self.note_lines.setVisible(bool(paragraphs))
        self.section_notes.heading.say("saved as you type" if self.field.toPlainText() else "")
        self.field.setFont(theme.font(10))
        self.field.setPlaceholderText("Add a note, needed to reject")

    def _order(self, case: RiskCase) -> list[tuple[str, str, bool]]:
        order, now = case.order, self.console.clock.now()
        lines = [("Number", order.order_id, False)]
        if order.items:
            more = (order.item_count or len(order.items)) - order.items[0].quantity
            first = order.items[0]
            words = f"{first.quantity} × {first.title}" if first.quantity > 1 else first.title
            lines.append(("Items", f"{words} and {more} more" if more > 0 else words, False))
        elif order.item_count is not None:
            lines.append(("Items", str(order.item_count), False))
        if (case.entry.currency, case.entry.reporting_minor) != (self.risk.currency, case.entry.amount):
            lines.append(("Charged", f"{_money(case)}", False))
        lines.append(("Paid with", _paid(case), False))
        lines.append(("Network", _network(case), False))
        places = [("billed to", order.billing_country), ("sent to", order.shipping_country)]
        said = ", ".join(f"{words} {country(code)}" for words, code in places if code)
        if said:
            lines.append(("Places", said[:1].upper() + said[1:], False))
        lines.append(("Settled", moment(order.settled_at, now) if order.settled_at else "not yet", False))
        lines.append(("Shop", _shop(case), True))
        return lines

    # --- verdicts ----------------------------------------------------------------------------------------------

    def why_not(self, verb: str) -> str | None:
        """Why a verb cannot be done to this entry now, in words; ``None`` when it can."""
        entry = self.entry
        if entry is None:
            return "choose an entry first"
        reason = self.console.write_reason(DECIDE)
        if reason is not None:
            return reason
        me = self.console.session.me
        mine = me is not None and entry.assigned_to == me.user_id
        pending = self.risk.pending(entry.entry_id)
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
        if verb in {"approve", "reject"} and entry.proposal is not None and me is not None and entry.proposal.by == me.user_id:
            return f"you {entry.proposal.verdict} it; a second person is needed"
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
        for verb, pill in self.buttons.items():
            reason = self.why_not(verb)
            pill.setEnabled(reason is None)
            pill.setToolTip("" if reason is None else f"{pill.text().strip('…')}: {reason}.")
            pill.setAccessibleDescription(reason or "")
        self.proposal.setFont(current().font(10))
        words = self._people(entry)
        self.proposal.setText(words)
        self.proposal.setVisible(bool(words))
        self.bar.fit()

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
        self.area.ensureWidgetVisible(self.section_notes)
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

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


class VerdictBar(QWidget):
    """The verbs with their keys; where there is no room for all beside each other, they stand in two rows."""

    def __init__(self, pills: list[Pill]) -> None:
        super().__init__()
        self._pills = pills
        for pill in pills:
            pill.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(32)

    def _high(self) -> int:
        return max(current().px(32), max(pill.sizeHint().height() for pill in self._pills))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:
            self.fit()
        return super().event(event)

    def fit(self) -> None:
        """Put the pills where they fit: verdicts from the left, the claim at the right end."""
        high, x, y = self._high(), 0, 0
        last = self._pills[-1]
        for pill in self._pills:
            wide = pill.sizeHint().width() + current().px(8)
            if x and x + wide > self.width():
                x, y = 0, y + high + 8
            at = self.width() - wide if pill is last and x + wide <= self.width() else x
            pill.setGeometry(max(0, at), y, wide, high)
            x += wide + 8
        self.setFixedHeight(y + high)


def _money(case: RiskCase) -> str:
    from app.formatting import money

    return f"{money(case.order.amount, case.order.currency)} {case.order.currency}"


def _paid(case: RiskCase) -> str:
    order = case.order
    method = (order.payment_method or "not known").replace("_", " ")
    words = method[:1].upper() + method[1:]
    if order.card_last4:
        words += f" {order.card_last4}"
    if order.card_country:
        words += f", {country(order.card_country)}"
    if order.payment_method_age is not None:
        words += f", first used {duration(order.payment_method_age)} before"
    return words


def _network(case: RiskCase) -> str:
    order = case.order
    said = [country(order.ip_country) if order.ip_country else "", order.ip or ""]
    return ", ".join(filter(None, said)) or "not known"


def _shop(case: RiskCase) -> str:
    intent = case.intent
    if intent is None:
        return "not released yet"
    verb = {"release": "release", "refund": "refund", "cancel": "cancel"}[intent.kind]
    done = {"release": "released", "refund": "refunded", "cancel": "cancelled"}[intent.kind]
    match intent.state:
        case "done":
            at = f" {intent.done_at.astimezone(UTC):%H:%M:%S} UTC" if intent.done_at else ""
            return f"{done}{at}"
        case "failed":
            return f"could not {verb} it: {intent.problem or 'the shop refused'}"
        case "withdrawn":
            return "not released yet"
        case _:
            return f"asked to {verb} it" + (f"; {intent.problem}" if intent.problem else "")


def _customer(case: RiskCase) -> list[tuple[str, str, bool]]:
    customer = case.customer
    lines = [("Customer", customer.customer_id or "a guest", False)]
    if customer.name:
        lines.append(("Name", customer.name, False))
    if customer.email:
        lines.append(("E-mail", customer.email, False))
    if customer.customer_id is not None:
        lines.append(("Joined", joined(customer.age, case.order.placed_at), False))
    for name, value in (("Orders", customer.orders), ("Refunds", customer.refunds), ("Chargebacks", customer.chargebacks)):
        lines.append((name, "not known" if value is None else f"{value} before" if name == "Orders" else str(value), bool(value) and name == "Chargebacks"))
    return lines
