"""Pages: those that wait for an answer, those that somebody has, tests, and what became of each message."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QScrollArea, QSizePolicy, QVBoxLayout

from app.core.freshness import age_words
from app.oncall.domain import RESPOND, VIEW, OnCall
from app.oncall.wording import answerer, page_state_words, when
from app.oncall.zones import local
from models.core.wording import counted, initials
from models.deliveries.receipts import ReceiptState
from models.oncall.pages import PageState
from views.kit.following_panel import FollowingPanel, explain
from views.kit.panel import Note
from views.kit.query_panel import unheard_words
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable
from views.oncall.calendar_panel import show_chosen
from views.oncall.desk import Desk

if TYPE_CHECKING:
    from app.core.query import Query
    from models.deliveries.receipts import Receipt
    from models.oncall.pages import PageDetail, PageSummary
    from views.kit.capability import Window

RUNNING, TESTS, OVER = "Running", "Tests", "Over"
TURN_MS = 1_000
ROWS_MOST = 5
RECEIPTS = {
    ReceiptState.WAITING: "on its way",
    ReceiptState.SENT: "sent",
    ReceiptState.DEAD: "did not arrive",
    ReceiptState.DISCARDED: "given up",
    ReceiptState.UNREACHABLE: "no way to them",
    ReceiptState.FORGOTTEN: "sent, no record left",
}


class PagesPanel(FollowingPanel):
    """A list, and below it what was done about the page under the cursor."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self._window, self.desk, self._domain = window, window.shared(Desk), console.of(OnCall)
        self._pages, self._tests = self._domain.pages(), self._domain.tests()
        self._detail: Query[PageDetail] | None = None
        self.shown = RUNNING
        self.tabs = {name: Pill(name, Look.OUTLINE, name=name) for name in (RUNNING, TESTS, OVER)}
        for name, pill in self.tabs.items():
            pill.clicked.connect(lambda _=False, n=name: self.show_only(n))
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 8, 12, 8)
        self.state.setAccessibleName("State of the pages")
        self.table = RecordTable(self._columns(), "Pages")
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._moved())
        self.detail = QLabel()
        self.detail.setTextFormat(Qt.TextFormat.RichText)
        self.detail.setWordWrap(True)
        self.detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.detail.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.detail.setContentsMargins(12, 8, 12, 8)
        self.detail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.detail.setAccessibleName("What was done about the page")
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setAccessibleName("What was done about the page")
        self.area.setWidget(self.detail)
        self.buttons = {
            "oncall.acknowledge-chosen": Pill("Acknowledge", Look.PRIMARY, name="Acknowledge the page", key="A"),
            "oncall.resolve": Pill("End…", Look.BUTTON, name="End the page", key="R"),
            "oncall.test-me": Pill("Page myself now", Look.BUTTON, name="Page myself now", key="T"),
            "oncall.test-others": Pill("Test everybody…", Look.BUTTON, name="Test everybody", button=True),
        }
        for known, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, k=known: console.actions.execute(k))
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = Flow(*self.tabs.values(), gap=WIDE_GAP)
        foot = Flow(*self.buttons.values(), gap=WIDE_GAP)
        for part, stretch in ((bar, 0), (self.state, 0), (self.table, 0), (self.area, 1), (foot, 0)):
            column.addWidget(part, stretch)
        column.addStretch(0)
        self.widget.setFocusProxy(self.table)
        self._turn = QTimer(self, interval=TURN_MS)
        self._turn.timeout.connect(self._tick)
        self.use(self._pages, self._tests)

    def _columns(self) -> tuple[Column, ...]:
        now = self.console.clock.now
        return (
            Column("", lambda page: str(page.severity), 44, weight=600),
            Column("What", self._what, 110, stretch=True),
            Column("State", lambda page: page_state_words(page, now()), 150, weight=600),
            Column(
                "Since", lambda page: age_words((now() - page.started_at).total_seconds()), 66, right=True, quiet=True
            ),
        )

    def _what(self, page: PageSummary) -> str:
        if not page.test:
            return page.title
        return ", ".join(page.names.get(person, person) for person in page.paged) or page.title

    # --- panel -------------------------------------------------------------------------------------------------

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        self._turn.start() if visible else self._turn.stop()

    def _tick(self) -> None:
        self.table.records.forget_texts()
        self.table.viewport().update()

    def own_note(self) -> Note:
        """How many wait for an answer."""
        note, waiting = super().own_note(), self.desk.waiting
        if self._pages.sample is None:
            return note
        words = counted(len(waiting), "waits for an answer", "wait for an answer") if waiting else "none waits"
        return Note(f"{words} · {note.text}", note.kind)

    @property
    def listed(self) -> tuple[PageSummary, ...]:
        """The pages of the tab, those that wait for whoever looks first."""
        if self.shown == TESTS:
            return self._tests.sample.value if self._tests.sample is not None else ()
        over = self.shown == OVER
        found = [page for page in self.desk.pages if (page.state is PageState.RESOLVED) == over]
        me = self._domain.me()
        if not over:
            found.sort(key=lambda page: (page.state is not PageState.OPEN, me not in page.paged, page.severity))
        return tuple(found)

    def show_only(self, name: str) -> None:
        """Show pages that run, tests, or those that are over."""
        self.shown = name
        self._renew()

    def choose(self, page_id: str) -> None:
        """Put the cursor on a page."""
        page = next((each for each in self.desk.pages if each.id == page_id), None)
        if page is not None:
            self.show_only(OVER if page.state is PageState.RESOLVED else RUNNING)
            self.table.selectRow(next(n for n, each in enumerate(self.listed) if each.id == page_id))

    @property
    def chosen(self) -> PageSummary | None:
        """The page under the cursor."""
        row, rows = self.table.currentIndex().row(), self.table.records.rows
        found: PageSummary | None = rows[row] if 0 <= row < len(rows) else None
        return found

    def refresh(self) -> None:
        """Show the newest answers."""
        at, listed = self.chosen, self.listed
        running = [page for page in self.desk.pages if page.state is not PageState.RESOLVED]
        counts = {RUNNING: f" {len(running)}" if running else "", TESTS: "", OVER: ""}
        for name, pill in self.tabs.items():
            show_chosen(pill, f"{name}{counts[name]}", chosen=name == self.shown)
        self.table.renew_rows(listed)
        self._fit_table(len(listed))
        if listed:
            known = next((n for n, page in enumerate(listed) if at is not None and page.id == at.id), 0)
            if self.table.currentIndex().row() != known:
                self.table.selectRow(known)
        self._say_state(listed)
        self._moved()
        for part in (self.table, self.area):  # no empty frames
            part.setVisible(bool(listed))

    def _fit_table(self, count: int) -> None:
        """As high as its rows, up to a few: what was done about one has the rest."""
        row = self.table.verticalHeader().defaultSectionSize()
        head = self.table.horizontalHeader().height()
        self.table.setFixedHeight(head + row * min(max(count, 1), ROWS_MOST) + 2)

    def _say_state(self, listed: tuple[PageSummary, ...]) -> None:
        query = self._tests if self.shown == TESTS else self._pages
        sample, words = query.sample, ""
        if sample is None:
            words = f"Not loaded: {query.error}" if query.error is not None else unheard_words(self.console)
        elif sample.received_mono is None:
            words = f"As it was at {sample.as_of:%a %H:%M:%S} UTC. {unheard_words(self.console)}"
        elif not listed:
            words = {
                RUNNING: "Nobody is paged.",
                TESTS: "No test yet: “Page myself now” shows whether a page reaches you.",
                OVER: "No page is over yet.",
            }[self.shown]
        self.state.setText(words)
        self.state.setVisible(bool(words))

    def _moved(self) -> None:
        page, before = self.chosen, self._detail
        self._detail = None if page is None else self._domain.page(page.id)
        if before is not self._detail:
            self.follow(before, self._detail)
        self._show_detail()
        for known, pill in self.buttons.items():
            explain(pill, self.console.actions.reason(self.console.actions.get(known)))

    def _show_detail(self) -> None:
        page, query = self.chosen, self._detail
        sample = query.sample if query is not None else None
        if page is None:
            text = ""
        elif sample is None:
            failed = query is not None and query.error is not None
            text = escape(f"Not loaded: {query.error}" if failed and query is not None else "Loading…")
        else:
            text = detail_html(sample.value, self.desk.zone)
        if text != self.detail.text():
            self.detail.setText(text)

    # --- what can be done --------------------------------------------------------------------------------------

    def blocker(self, verb: str) -> str | None:
        """Why the page under the cursor cannot be acknowledged or ended; ``None`` when it can."""
        page = self.chosen
        return "there is no page here" if page is None else page_blocker(self._window, page, verb)


def page_blocker(window: Window, page: PageSummary, verb: str) -> str | None:
    """Why a page cannot be acknowledged or ended by whoever looks, in words."""
    console = window.console
    if page.state is PageState.RESOLVED:
        return "it is over"
    if verb == "acknowledge" and page.state is PageState.ACKNOWLEDGED:
        return f"{answerer(page)} has it"
    if not console.session.may(RESPOND) and console.of(OnCall).me() not in page.paged:
        return "only those who were paged answer it, and those who manage incidents"
    return console.write_blocker(VIEW, irreversible=True)


def detail_html(page: PageDetail, zone: str) -> str:
    """Who was called when, by which roster, and what became of each message."""
    quiet = current().tokens.text2
    lines = []
    if page.policy_name:
        lines.append(
            f'<span style="color: {quiet}">By “{escape(page.policy_name)}”, version {page.policy_version}</span>'
        )
    if page.acknowledged_at is not None:
        lines.append(f"<b>{when(page.acknowledged_at, zone)}</b> acknowledged by {escape(answerer(page))}")
    if page.resolved_at is not None:
        lines.append(f"<b>{when(page.resolved_at, zone)}</b> over: {escape(page.reason)}")
    for call in reversed(page.calls):  # what was done last is what people look for
        step = "test" if page.test else "fallback" if call.step is None else f"step {call.step + 1}"
        again = f", round {call.round}" if call.round > 1 else ""
        rosters = ", ".join(
            f"{used.schedule_name} revision {used.revision}{' with an override' if used.overrides else ''}"
            for used in call.rosters
        )
        head = f"<b>{when(call.at, zone)}</b> {step}{again}"
        lines.append(f'{head} <span style="color: {quiet}">{escape(rosters)}</span>')
        for person in call.people:
            became = "; ".join(_receipt(receipt, zone) for receipt in person.receipts) or "no message is recorded"
            lines.append(f"&nbsp;&nbsp;<b>{escape(initials(person.name))}</b> {escape(person.name)}: {escape(became)}")
        if call.team_receipts:
            became = "; ".join(_receipt(receipt, zone) for receipt in call.team_receipts)
            lines.append(f"&nbsp;&nbsp;the team: {escape(became)}")
        if call.words:
            lines.append(f"&nbsp;&nbsp;<b>{escape(call.words)}</b>")
    return "<br>".join(lines)


def _receipt(receipt: Receipt, zone: str) -> str:
    words = RECEIPTS[receipt.state]
    if receipt.state is ReceiptState.SENT and receipt.ended_at is not None:
        words = f"{words} {local(receipt.ended_at, zone):%H:%M:%S}"
    where = f"{receipt.connection_name} " if receipt.connection_name else ""
    took = f" in {receipt.seconds:.1f} s" if receipt.seconds is not None and receipt.state is ReceiptState.SENT else ""
    wrong = receipt.state in {ReceiptState.DEAD, ReceiptState.UNREACHABLE, ReceiptState.WAITING}
    return f"{where}{words}{took}{f' ({receipt.words})' if receipt.words and wrong else ''}"
