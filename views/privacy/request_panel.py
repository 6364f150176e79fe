"""The request that is looked at: its two clocks, and its steps from proof of identity to proof of what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout

from app.privacy.clock import clock_face
from models.core.wording import counted
from views.kit.following_panel import explain
from views.kit.panel import Note
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.privacy.clock_bars import ClockBars
from views.privacy.graph_view import GraphView
from views.privacy.privacy_panel import PrivacyPanel
from views.privacy.requests_panel import TICK_MS
from views.privacy.wording import LAWS, is_stuck, request_name, state_words, waits_for_person, who

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from PySide6.QtGui import QAction

    from app.core.query import Query
    from models.privacy.requests import PrivacyRequest
    from views.kit.capability import Window

HIDDEN, NOT_MINE = "Name hidden", "Names are shown to compliance only"


class RequestPanel(PrivacyPanel):
    """Head, clocks and graph."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.title = QLabel()
        self.title.setAccessibleName("Request")
        self.chip = Pill("", Look.OUTLINE)
        self.hidden = Pill(HIDDEN, Look.QUIET)
        self.reveal = Pill("Who is it…", Look.LINK, name="See who the request is from", key="W", button=True)
        self.extend = Pill("Extend legal date…", Look.BUTTON, name="Extend legal date", key="E", button=True)
        for pill, verb in ((self.reveal, "person"), (self.extend, "extend")):
            pill.clicked.connect(lambda _=False, each=verb: self.console.actions.execute(f"privacy.{each}"))
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setAccessibleName("What else there is to say")
        self.said.setContentsMargins(16, 0, 16, 4)
        self.clocks, self.graph = ClockBars(), GraphView()
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self.graph)
        self.graph.chosen.connect(self._step_chosen)
        self.graph.retry_asked.connect(lambda: self.console.actions.execute("privacy.retry"))
        head = Flow(self.title, self.chip, self.hidden, self.reveal, self.extend, right=self.extend, gap=WIDE_GAP)
        clocks = QVBoxLayout()
        clocks.setContentsMargins(16, 0, 16, 8)
        clocks.addWidget(self.clocks)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(4, 4, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.state)
        column.addWidget(head)
        column.addLayout(clocks)
        column.addWidget(self.said)
        column.addWidget(self.area, 1)
        self._parts = (head, self.clocks, self.area)
        self.widget.setFocusProxy(self.graph)
        self._turn = QTimer(self, interval=TICK_MS)
        self._turn.timeout.connect(self.refresh)
        self.begin(self.desk.privacy.approvals())

    def queries(self) -> Sequence[Query[Any]]:
        return tuple(
            query
            for query in (self.desk.list_query, self.desk.detail_query, self.desk.graph_query)
            if query is not None
        )

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        self._turn.start() if visible else self._turn.stop()

    def _step_chosen(self, key: str) -> None:
        self.desk.choose_step(key)
        if (box := self.graph.boxes.get(key)) is not None:
            at = box.center().toPoint()
            self.area.ensureVisible(at.x(), at.y(), round(box.width() / 2), round(box.height()))

    def own_note(self) -> Note:
        """Its version, and how old the answer is."""
        note, request = super().own_note(), self.desk.request
        return note if request is None else Note(f"version {request.version} \N{MIDDLE DOT} {note.text}", note.kind)

    def own_menu(self) -> list[QAction]:
        """What can be done with it."""
        known = ("claim", "person", "verify", "close", "link", "unlink", "stop-clock", "start-clock", "extend")
        more = ("ask-approval", "approve", "deny", "package", "certificate", "verify-certificate")
        return self.entries(f"privacy.{verb}" for verb in (*known, *more))

    def refresh(self) -> None:
        """Show the newest answer."""
        request = self.desk.request
        self.say_state("" if request is not None else "No request is chosen.")
        for part in self._parts:
            part.setVisible(request is not None)
        self.said.setVisible(request is not None and bool(self._facts(request)))
        if request is None:
            return
        current().set_font(self.title, 18, 600)
        self.title.setText(f"{request_name(request)}, {LAWS[request.jurisdiction]}")
        words = state_words(request)
        stuck = is_stuck(request)
        look = Look.FILLED if stuck else Look.STRONG if waits_for_person(request) else Look.OUTLINE
        self.chip.set(f"\N{BLACK DIAMOND} {words}" if stuck else words, look, hue="p2" if stuck else "")
        self.hidden.set(HIDDEN if self.desk.may_look else NOT_MINE)
        self.reveal.setVisible(self.desk.may_look)
        for pill, verb in ((self.reveal, "person"), (self.extend, "extend")):
            explain(pill, self.console.actions.reason(self.console.actions.get(f"privacy.{verb}")))
        current().set_font(self.said, 9)
        self.said.setText(self._facts(request))
        self.clocks.show_clock(request, clock_face(request, self.console.clock.now()))
        step = self.desk.step
        self.graph.show_stages(self.desk.stages, step.key if step is not None else "", self.desk.retry_blocker())

    def _facts(self, request: PrivacyRequest) -> str:
        """What the clocks and the steps do not say."""
        detail = self.desk.detail
        facts = []
        if request.paused:
            facts.append("Its clock stands still.")
        if detail is not None and detail.extension is not None:
            sent = detail.extension
            facts.append(
                f"Extended by {who(sent.sent_by_name)}; the person was told on {sent.sent_at:%d %b %H:%M} UTC."
            )
        if detail is not None and detail.linked:
            one = counted(len(detail.linked), "duplicate is", "duplicates are")
            facts.append(f"{one} linked with it: {', '.join(detail.linked)}. The earliest receipt counts.")
        if request.duplicate_of:
            facts.append(f"It is worked on as {request.duplicate_of}.")
        approval = self.desk.approval
        if approval is not None:
            facts.append(f"{approval.requested_by_name} asked for approval: {approval.reason}")
        return " ".join(facts)
