"""The launch on the wall display: clock, verdict and why, roll-call, figures; nothing is too small to be read.

Cells keep their places whatever happens in them: people learn where to look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from app.core.freshness import Quality
from app.core.timeframe import NOT_KEPT
from app.launch.countdown import reading_words, span_words
from app.launch.domain import VIEW, Launches
from models.launch.clock import ClockState
from models.launch.poll import Choice
from views.kit.theme import current
from views.kit.wall import LEFT, draw_fitted, turned, wall_font
from views.kit.widgets.chip import mark
from views.launch.wall_parts import draw_cell, draw_figure, draw_which
from views.launch.wording import REHEARSAL, SEVERITY

if TYPE_CHECKING:
    from datetime import datetime

    from app.console import Console
    from app.core.query import Query, Watch
    from models.launch import Launch
    from models.launch.poll import Cause, LaunchStatus, Verdict

CLOCK, VERDICT = 3.58, 2.88
"""Sizes of type in units of the smallest: the two that everybody looks for."""
TOP_HIGH, CAUSE_HIGH, CELL_HIGH, FIGURE_HIGH, GAP = 4.15, 1.25, 2.5, 5.0, 0.26
TIGHT_TOP, TIGHT_FIGURE = 3.0, 3.9
"""Where an alert takes its line, clock and verdict are smaller and limits are left out."""
ACROSS, ROWS, FIGURES = 5, 2, 6
SHOWN_CAUSES = 2


class LaunchWallPage:
    """Asks for the launch as long as the wall is open; it writes nothing."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._launches = console.of(Launches)
        self._list_watch = self._launches.list().watch()
        self._query: Query[LaunchStatus] | None = None
        self._watch: Watch | None = None
        self._launches.chosen_changed.connect(self._follow)
        console.time.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        launch = self._launches.chosen
        query = self._launches.status(launch.launch_id) if launch is not None else None
        if self._console.time.as_of is not None:
            query = None
        if query is self._query:
            return
        if self._watch is not None:
            self._watch.close()
        self._query, self._watch = query, query.watch() if query is not None else None

    def close(self) -> None:
        """Stop asking."""
        self._launches.chosen_changed.disconnect(self._follow)
        self._console.time.changed.disconnect(self._follow)
        self._list_watch.close()
        if self._watch is not None:
            self._watch.close()

    # --- what the wall asks ----------------------------------------------------------------------------------------

    @property
    def launch(self) -> Launch | None:
        """The launch that is looked at."""
        return self._launches.chosen

    @property
    def status(self) -> LaunchStatus | None:
        """How it stands, as it was last heard."""
        sample = self._query.sample if self._query is not None else None
        return sample.value if sample is not None else None

    @property
    def wanted(self) -> bool:
        """Whether there is a launch, and whoever is signed in may see it; yes while neither is known."""
        session = self._console.session
        unknown = self._launches.list().sample is None
        return (unknown or self.launch is not None) and (session.me is None or session.may(VIEW))

    @property
    def title(self) -> str:
        """What stands at the top left."""
        launch = self.launch
        if launch is None:
            return ""
        return launch.short_title if launch.rehearsal_of is None else f"{REHEARSAL} {launch.short_title}"

    @property
    def age(self) -> float | None:
        """Seconds since it was heard how it stands."""
        return self._query.age_seconds if self._query is not None else None

    @property
    def quality(self) -> Quality:
        """How much that can be trusted."""
        return self._query.quality if self._query is not None else Quality.STALE

    # --- drawing ---------------------------------------------------------------------------------------------------

    def draw(self, painter: QPainter, box: QRectF, unit: float) -> None:
        """Everything, in the order in which it is looked at."""
        launch, status, tokens = self.launch, self.status, current().tokens
        if launch is None or status is None:
            past = self._console.time.as_of is not None
            words = NOT_KEPT.capitalize() if past else "Waiting for the server"
            draw_fitted(painter, box, words, wall_font(unit * 1.5, 600), tokens.text2)
            return
        verdict = self._launches.verdict(status)
        now = self._launches.server_clock.now
        rows = min(ROWS, -(-len(status.roll_call) // ACROSS)) or 1
        causes = min(SHOWN_CAUSES, len(verdict.causes))
        fixed = rows * CELL_HIGH + (rows - 1) * GAP + causes * CAUSE_HIGH + 4 * GAP
        tight = box.height() < (fixed + TOP_HIGH + FIGURE_HIGH - 0.9) * unit
        figure_high = (TIGHT_FIGURE if tight else FIGURE_HIGH) * unit
        if tight and (fixed + TIGHT_TOP + TIGHT_FIGURE) * unit > box.height() and causes > 1:
            causes, fixed = 1, fixed - CAUSE_HIGH
        spare = box.height() - fixed * unit - figure_high
        top_high = max(TIGHT_TOP * unit, min(spare, TOP_HIGH * unit * 1.25))
        gap = GAP * unit + max(0.0, (spare - top_high) / 4)
        top = box.top()
        self._draw_top(painter, QRectF(box.left(), top, box.width(), top_high), unit, launch, status, verdict, now)
        top += top_high + gap
        for number in range(causes):
            more = len(verdict.causes) - causes if number == causes - 1 else 0
            line = QRectF(box.left(), top, box.width(), CAUSE_HIGH * unit)
            self._draw_cause(painter, line, unit, verdict.causes[number], more)
            top += CAUSE_HIGH * unit
        top = self._rule(painter, box, top + gap * 0.4, gap * 0.6)
        top = self._draw_roll_call(painter, QRectF(box.left(), top, box.width(), 0), unit, status, rows)
        top = self._rule(painter, box, top + gap * 0.5, gap * 0.4)
        figures = QRectF(box.left(), top, box.width(), max(0.0, box.bottom() - top))
        self._draw_figures(painter, figures, unit, status, tight=tight)
        if launch.rehearsal_of is not None:
            self._watermark(painter, box, unit)

    @staticmethod
    def _rule(painter: QPainter, box: QRectF, top: float, below: float) -> float:
        painter.fillRect(QRectF(box.left(), top, box.width(), 2), QColor(current().tokens.line))
        return top + below

    def _draw_top(
        self,
        painter: QPainter,
        box: QRectF,
        unit: float,
        launch: Launch,
        status: LaunchStatus,
        verdict: Verdict,
        now: datetime | None,
    ) -> None:
        tokens = current().tokens
        shown = self._launches.countdown(launch, status)
        right = QRectF(box.right() - box.width() * 0.388, box.top(), box.width() * 0.388, box.height())
        left = QRectF(box.left(), box.top(), box.width() - right.width() - unit * 0.8, box.height())
        words = reading_words(shown.reading)
        line = unit * 1.35
        size = min(unit * CLOCK, (left.height() - line) * 1.12)
        font = wall_font(size, 600)
        wide = QFontMetricsF(font).horizontalAdvance(words)
        if wide > left.width():
            font = wall_font(max(unit, size * left.width() / wide), 600)
        painter.setFont(font)
        painter.setPen(QColor(tokens.text if now is not None else tokens.text2))
        painter.drawText(QRectF(left.left(), left.top(), left.width(), left.height() - line), LEFT, words)
        foot = QRectF(left.left(), left.bottom() - line, left.width(), line)
        strong, plain = self._clock_words(launch, status, unsure=now is None)
        hue = tokens.p2 if shown.holds else tokens.text2
        taken = 0.0
        if strong:
            draw_fitted(painter, foot, strong, wall_font(unit, 600), hue)
            taken = QFontMetricsF(wall_font(unit, 600)).horizontalAdvance(strong) + unit * 0.5
        draw_fitted(painter, foot.adjusted(taken, 0, 0, 0), plain, wall_font(unit), tokens.text2)
        self._draw_verdict(painter, right, unit, verdict)

    def _clock_words(self, launch: Launch, status: LaunchStatus, *, unsure: bool) -> tuple[str, str]:
        shown, clock = self._launches.countdown(launch, status), status.clock
        if unsure:
            return "", "unsure: nothing heard since this computer slept"
        if launch.closed_at is not None:
            return "", f"ended {launch.closed_at:%m-%d %H:%M} UTC"
        if shown.state is ClockState.SCRUBBED:
            return "Scrubbed", launch.decision or ""
        if shown.holds:
            held = f"Holding {span_words(shown.held_seconds)}"
            if shown.planned_seconds:
                resume = f", resume by {clock.resume_by:%H:%M}" if clock.resume_by is not None else ""
                return held, f"of {span_words(shown.planned_seconds)}{resume}"
            return held, clock.reason or ""
        zero = clock.projected_zero_at
        if zero is None:
            return "", ""
        day = "" if zero.date() == status.as_of.date() else f"{zero:%m-%d} "
        return "", f"T\N{MINUS SIGN}0 at {day}{zero:%H:%M} UTC"

    @staticmethod
    def _draw_verdict(painter: QPainter, box: QRectF, unit: float, verdict: Verdict) -> None:
        tokens = current().tokens
        hue = tokens.status(SEVERITY[verdict.word])
        filled = verdict.word is not Choice.GO
        painter.setPen(Qt.PenStyle.NoPen if filled else QPen(QColor(tokens.control_border), unit * 0.06))
        painter.setBrush(QColor(hue) if filled else QColor(tokens.tile))
        painter.drawRoundedRect(box.adjusted(3, 3, -3, -3), unit * 0.1, unit * 0.1)
        ink = tokens.ink_on(hue) if filled else tokens.text
        line = unit * 1.35
        size = min(unit * VERDICT, (box.height() - line) * 1.05)
        words, font = str(verdict.word), wall_font(size, 600)
        shape = size * 0.62
        room = box.width() - shape - unit * 2.3
        if (wide := QFontMetricsF(font).horizontalAdvance(words)) > room:
            font = wall_font(max(unit, size * room / wide), 600)
        place = QRectF(box.left(), box.top(), box.width(), box.height() - line * 0.9)
        tint = ink if filled else hue
        mark(
            painter,
            SEVERITY[verdict.word],
            QPointF(box.left() + unit * 0.9 + shape / 2, place.center().y()),
            shape,
            tint,
            filled=True,
        )
        painter.setFont(font)
        painter.setPen(QColor(ink))
        painter.drawText(place.adjusted(unit * 1.5 + shape, 0, 0, 0), LEFT, words)
        count = len(verdict.causes)
        items = "1 item" if count == 1 else f"{count} items"
        said = "nothing holds" if verdict.word is Choice.GO else f"{items}, worst of all"
        below = QRectF(box.left() + unit * 0.9, box.bottom() - line * 1.15, box.width() - unit * 1.2, line)
        draw_fitted(painter, below, said, wall_font(unit, 600), ink)

    @staticmethod
    def _draw_cause(painter: QPainter, box: QRectF, unit: float, cause: Cause, more: int) -> None:
        tokens = current().tokens
        centre = QPointF(box.left() + unit * 0.5, box.center().y())
        if "void" in cause.title or cause.title == "Not watched" or "no vote" in cause.title:
            question = QRectF(box.left() + unit * 0.2, box.top(), unit, box.height())
            draw_fitted(painter, question, "?", wall_font(unit, 600), tokens.text)
        else:
            hue = tokens.status(SEVERITY[cause.verdict])
            mark(painter, SEVERITY[cause.verdict], centre, unit * 0.85, hue, filled=True)
        font = wall_font(unit, 600)
        room = box.adjusted(unit * 1.35, 0, 0, 0)
        right = 0.0
        if more:
            words = f"and {more} more"
            right = QFontMetricsF(wall_font(unit)).horizontalAdvance(words) + unit * 0.5
            place = QRectF(box.right() - right, box.top(), right, box.height())
            draw_fitted(painter, place.adjusted(unit * 0.3, 0, 0, 0), words, wall_font(unit), tokens.text2)
        draw_fitted(painter, room.adjusted(0, 0, -right, 0), cause.title, font, tokens.text)
        taken = QFontMetricsF(font).horizontalAdvance(cause.title) + unit * 0.9
        beside = room.adjusted(taken, 0, -right, 0)
        if beside.width() > unit * 3:
            draw_fitted(painter, beside, cause.detail, wall_font(unit), tokens.text2)

    def _turned(self, count: int, places: int) -> tuple[slice, str]:
        """Those that are shown now, and which of how many they are, which takes a place of its own."""
        if count <= places:
            return slice(0, count), ""
        part = turned(count, places - 1, self._console.clock.monotonic())
        return part, f"{part.start + 1}\N{EN DASH}{part.stop}"

    def _draw_roll_call(self, painter: QPainter, box: QRectF, unit: float, status: LaunchStatus, rows: int) -> float:
        votes, gap = status.roll_call, GAP * unit
        across = min(ACROSS, max(1, len(votes)))
        wide = (box.width() - (ACROSS - 1) * gap) / ACROSS if across == ACROSS else box.width() / across - gap
        part, which = self._turned(len(votes), ACROSS * rows)

        def cell(place: int) -> QRectF:
            row, column = divmod(place, ACROSS)
            top = box.top() + row * (CELL_HIGH * unit + gap)
            return QRectF(box.left() + column * (wide + gap), top, wide, CELL_HIGH * unit)

        for place, vote in enumerate(votes[part]):
            draw_cell(painter, cell(place), unit, vote)
        if which:
            draw_which(painter, cell(ACROSS * rows - 1), unit, f"Roles {which}", len(votes))
        return box.top() + rows * CELL_HIGH * unit + (rows - 1) * gap

    def _draw_figures(self, painter: QPainter, box: QRectF, unit: float, status: LaunchStatus, *, tight: bool) -> None:
        tokens, figures = current().tokens, status.evidence
        if not figures:
            draw_fitted(painter, box, "No figure is bound", wall_font(unit), tokens.text2)
            return
        now = self._launches.server_clock.now or status.as_of
        part, which = self._turned(len(figures), FIGURES)
        shown = figures[part]
        wide = box.width() / (FIGURES if which else max(3, len(shown)))
        for number, each in enumerate(shown):
            left = box.left() + number * wide
            if number:
                rule = QRectF(left - unit * 0.12, box.top(), 2, box.height())
                painter.fillRect(rule, QColor(tokens.line))
            place = QRectF(left + (unit * 0.25 if number else 0), box.top(), wide - unit * 0.5, box.height())
            draw_figure(painter, place, unit, each, now, tight=tight)
        if which:
            left = box.left() + (FIGURES - 1) * wide
            painter.fillRect(QRectF(left - unit * 0.12, box.top(), 2, box.height()), QColor(tokens.line))
            place = QRectF(left, box.top(), wide - unit * 0.25, 2 * unit * 1.25)
            draw_which(painter, place, unit, f"No. {which}", len(figures))

    @staticmethod
    def _watermark(painter: QPainter, box: QRectF, unit: float) -> None:
        painter.save()
        painter.setClipRect(box)
        font = wall_font(unit * 4, 600)
        painter.setFont(font)
        ink = QColor(current().tokens.text)
        ink.setAlphaF(0.10)
        painter.setPen(ink)
        painter.translate(box.center())
        painter.rotate(-18)
        wide = QFontMetricsF(font).horizontalAdvance(REHEARSAL)
        for y in (-unit * 5, unit * 1.5, unit * 8):
            painter.drawText(QPointF(-wide / 2, y), REHEARSAL)
        painter.restore()
