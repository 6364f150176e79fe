"""A launch afterwards: planned against actual, holds, polls, what was late, and what is kept for the next one."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from app.core.freshness import age_words
from app.launch.countdown import offset_words, span_words
from views.kit.following_panel import explain
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.launch.launch_panel import LaunchPanel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from app.core.query import Query
    from models.launch import LaunchReview, Lesson
    from views.kit.capability import Window


class ReviewPanel(LaunchPanel):
    """Tables of words."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setWordWrap(True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setContentsMargins(16, 12, 16, 12)
        self.text.setAccessibleName("Afterwards")
        self.keep = Pill("Keep an item for the next launch…", Look.BUTTON, button=True)
        self.keep.clicked.connect(lambda: self.console.actions.execute("launch.lesson"))
        self.take = Pill("Take the lessons into the template…", Look.BUTTON, button=True)
        self.take.clicked.connect(lambda: self.console.actions.execute("launch.take-lessons"))
        body = QWidget()
        inner = QVBoxLayout(body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.text)
        inner.addStretch(1)
        area = QScrollArea()
        area.setWidget(body)
        area.setWidgetResizable(True)
        area.setAccessibleName("Afterwards")
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.state)
        column.addWidget(area, 1)
        column.addWidget(Flow(self.keep, self.take, gap=WIDE_GAP))
        self.begin()

    def queries(self) -> Sequence[Query[Any]]:
        known = self.desk.launch_id
        return (self.desk.launches.review(known),) if known else ()

    @property
    def review(self) -> LaunchReview | None:
        """What was heard last."""
        known = self.desk.launch_id
        sample = self.desk.launches.review(known).sample if known else None
        return sample.value if sample is not None else None

    @property
    def lessons(self) -> tuple[Lesson, ...]:
        """What is kept and not in a template yet."""
        review = self.review
        return tuple(each for each in review.lessons if each.taken_into is None) if review is not None else ()

    def refresh(self) -> None:
        """Show the newest answer."""
        self.say_state()
        current().set_font(self.text, 10)
        review = self.review
        self.text.setText("" if review is None else self._words(review))
        actions = self.console.actions
        explain(self.keep, actions.reason(actions.get("launch.lesson")))
        explain(self.take, actions.reason(actions.get("launch.take-lessons")))

    def _words(self, review: LaunchReview) -> str:
        actual, slip = review.actual_zero_at, review.slip_seconds
        zero = [
            ("Planned T\N{MINUS SIGN}0", f"{review.planned_zero_at:%Y-%m-%d %H:%M:%S} UTC"),
            ("Actual T\N{MINUS SIGN}0", "not reached" if actual is None else f"{actual:%Y-%m-%d %H:%M:%S} UTC"),
        ]
        if slip is not None:
            late = f"{span_words(abs(slip))} {'later' if slip > 0 else 'earlier'} than planned"
            zero.append(("Slip", "on time" if abs(slip) < 1 else late))
        if review.text:
            zero.append(("Decision", review.text))
        points = {each.key: each.title for each in self.desk.launch.points} if self.desk.launch is not None else {}
        holds = [
            (
                offset_words(each.reading),
                points.get(each.point, each.point) if each.point else each.reason or "not planned",
                span_words(each.planned_seconds) if each.point else "not planned",
                span_words(each.actual_seconds),
            )
            for each in review.holds
        ]
        polls = [
            (
                str(each.round),
                each.question,
                each.verdict or "open",
                "" if each.seconds is None else span_words(each.seconds),
                str(each.evidence_changes),
            )
            for each in review.polls
        ]
        late_items = [
            (each.description, "waived" if each.waived else f"{age_words(each.late_seconds or 0)} late")
            for each in review.items_late
        ]
        lessons = [
            (each.item.description, each.reason, f"in version {each.taken_into}" if each.taken_into else "kept")
            for each in review.lessons
        ]
        return "".join(
            (
                _table("Planned against actual", (), zero),
                _table("Holds", ("At", "", "Planned", "Took"), holds, "The clock was never held."),
                _table(
                    "Polls", ("Round", "Question", "Verdict", "Took", "Evidence changes"), polls, "Nobody was asked."
                ),
                _table(f"Late or waived, of {review.items} items", (), late_items, "Every item was signed in time."),
                _table("For the next launch", (), lessons, "Nothing is kept yet."),
            )
        )


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], empty: str = "") -> str:
    tokens = current().tokens
    lines = [tuple(row) for row in rows]
    quiet = f"color: {tokens.text2}; padding: 2px 24px 2px 0"
    head = "".join(f'<td style="{quiet}">{escape(each)}</td>' for each in heads)
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in lines)
    inner = f'<table cellspacing="0">{f"<tr>{head}</tr>" if heads else ""}{body}</table>'
    if not lines:
        inner = f'<span style="color: {tokens.text2}">{escape(empty)}</span>'
    return f'<p style="margin: 0 0 4px 0"><b>{escape(title)}</b></p>{inner}<p style="margin: 0 0 10px 0"></p>'


def _cell(words: str) -> str:
    return f'<td style="padding: 2px 24px 2px 0">{escape(words)}</td>'
