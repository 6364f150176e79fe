"""The record: whether it can be proven, its files, and what has happened in the launch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.launch.countdown import offset_words
from models.core.wording import initials
from models.launch.clock import ClockEventKind
from views.kit.following_panel import explain
from views.kit.painting import RIGHT, draw_words
from views.kit.theme import SHAPES, current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.launch.launch_panel import LaunchPanel
from views.launch.wording import is_signed, is_void, labels

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from app.core.query import Query
    from models.launch.checklist import LaunchChecklistItem
    from models.launch.clock import ClockEvent
    from models.launch.poll import LaunchStatus
    from views.kit.capability import Window

LINES_MOST = 60
KINDS = {
    ClockEventKind.SET: "Clock set to {}",
    ClockEventKind.HOLD: "Hold: {}",
    ClockEventKind.RELEASE: "Resumed: {}",
    ClockEventKind.RECYCLE: "Recycled to {}",
    ClockEventKind.SCRUB: "Scrubbed: {}",
}


class LogLine(NamedTuple):
    """Something that has happened."""

    at: datetime
    words: str
    who: str


def log_lines(
    status: LaunchStatus | None, events: Sequence[ClockEvent], items: Sequence[LaunchChecklistItem]
) -> list[LogLine]:
    """Votes, holds and sign-offs, the newest first."""
    lines = [LogLine(each.at, _event_words(each), initials(each.by_name)) for each in events]
    lines += [
        LogLine(item.completed_at, f"Signed {item.number}: {item.description}", initials(item.completed_by_name or ""))
        for item in items
        if is_signed(item) and item.completed_at is not None
    ]
    if status is not None and (poll := status.poll) is not None:
        lines.append(LogLine(poll.opened_at, f"Poll round {poll.round} opened", initials(poll.opened_by_name)))
        if poll.closed_at is not None:
            who = initials(poll.closed_by_name or "")
            lines.append(LogLine(poll.closed_at, f"Poll round {poll.round} closed: {poll.verdict}", who))
        for vote in status.roll_call:
            if vote.at is not None:
                words = f"Vote {vote.choice}, {vote.name}"
                lines.append(LogLine(vote.at, words, initials(vote.person_name or "")))
            if is_void(vote) and vote.changed_at is not None:
                changed = labels(status, vote.changed)
                lines.append(LogLine(vote.changed_at, f"GO of {vote.name} void: {changed}", ""))
    return sorted(lines, key=lambda line: line.at, reverse=True)[:LINES_MOST]


def _event_words(event: ClockEvent) -> str:
    at = event.kind in {ClockEventKind.SET, ClockEventKind.RECYCLE}
    what = offset_words(event.reading or 0.0) if at else event.reason
    return KINDS[event.kind].format(what)


class LogView(QWidget):
    """Lines with an instant, words and initials."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[LogLine] = []
        self.setAccessibleName("What has happened")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)

    def show_lines(self, lines: list[LogLine]) -> None:
        """Draw these."""
        if lines != self.lines:
            self.lines = lines
            said = [f"{line.at:%H:%M:%S} {line.words} {line.who}".strip() for line in lines]
            self.setAccessibleDescription(". ".join(said))
            self.updateGeometry()
            self.update()

    @property
    def _high(self) -> float:
        return max(current().px(22), current().height(10) + 4)

    def sizeHint(self) -> QSize:
        return QSize(current().px(240), round(self._high * max(1, len(self.lines))))

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(180), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens, painter, high = current(), current().tokens, QPainter(self), self._high
        day = theme.width("00-00 ", 9) if len({line.at.date() for line in self.lines}) > 1 else 0.0
        for number, line in enumerate(self.lines):
            row = QRectF(0, number * high, self.width(), high)
            at = f"{line.at:%m-%d %H:%M:%S}" if day else f"{line.at:%H:%M:%S}"
            taken = draw_words(painter, at, row, (10, 400), tokens.text2)
            who = draw_words(painter, line.who, row.adjusted(0, 0, -2, 0), (10, 400), tokens.text2, RIGHT)
            draw_words(painter, line.words, row.adjusted(taken + theme.px(12), 0, -who - theme.px(12), 0))


def scrolled(widget: QWidget, name: str) -> QScrollArea:
    """A widget that scrolls where there is no room for it."""
    area = QScrollArea()
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setAccessibleName(name)
    return area


class RecordPanel(LaunchPanel):
    """Proof at the left, the log at the right."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.proof = QLabel()
        self.proof.setWordWrap(True)
        self.proof.setTextFormat(Qt.TextFormat.RichText)
        self.proof.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.proof.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.proof.setAccessibleName("Proof")
        self.save = Pill("Save", Look.BUTTON, name="Save the record", button=True)
        self.save.clicked.connect(lambda: self.console.actions.execute("launch.save-record"))
        self.verify = Pill("Verify here", Look.BUTTON, name="Verify the record here", key="Y")
        self.verify.clicked.connect(lambda: self.console.actions.execute("launch.verify-record"))
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(scrolled(self.proof, "Proof"), 1)
        left.addWidget(Flow(self.verify, self.save, margins=False, gap=WIDE_GAP))
        self.log = LogView()
        row = QHBoxLayout()
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(16)
        row.addLayout(left, 2)
        row.addWidget(scrolled(self.log, "What has happened"), 3)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.state)
        column.addLayout(row, 1)
        self.begin()

    def queries(self) -> Sequence[Query[Any]]:
        known = self.desk.launch_id
        if not known:
            return ()
        launches = self.desk.launches
        return (launches.status(known), launches.clock_history(known), launches.polls(known), launches.items(known))

    def about(self) -> str:
        return "every vote, hold and sign-off"

    def refresh(self) -> None:
        """Show the newest answer."""
        self.say_state()
        known = self.desk.launch_id
        sample = self.desk.launches.clock_history(known).sample if known else None
        events = sample.value.events if sample is not None else ()
        self.log.show_lines(log_lines(self.desk.status, events, self.desk.items))
        self.proof.setText(self._proof_words())
        actions = self.console.actions
        explain(self.save, actions.reason(actions.get("launch.save-record")))
        explain(self.verify, actions.reason(actions.get("launch.verify-record")))

    def _proof_words(self) -> str:
        from html import escape

        tokens, poll = current().tokens, self.desk.closed_poll
        if poll is None:
            return (
                f'<span style="color:{tokens.text2}">No poll has been closed yet: its record is kept when it is.</span>'
            )
        about = f"Poll {poll.round}, {poll.verdict}, closed {poll.closed_at:%Y-%m-%d %H:%M} UTC"
        finding = self.desk.findings.get(poll.poll_id)
        if self.desk.verifying == poll.poll_id:
            head, hue, more = "Verifying…", tokens.text, about
        elif finding is not None:
            shape = SHAPES["good"] if finding.good else SHAPES["P1"]
            hue = tokens.good if finding.good else tokens.p1
            head, more = f"{shape} {finding.words}", f"{about}. {finding.more}"
        elif poll.record_ready:
            head, hue = "Its record is kept and sealed.", tokens.text
            more = f"{about}. “Verify here” checks it with the same program anybody can run."
        else:
            head, hue, more = "Its record waits for the seal, some seconds.", tokens.text2, about
        return (
            f'<b style="color:{QColor(hue).name()}">{escape(head)}</b><br>'
            f'<span style="color:{tokens.text2}">{escape(more)}</span>'
        )
