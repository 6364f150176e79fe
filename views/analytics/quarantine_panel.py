"""Events that are held, by cause: what a replay would do, and replaying or giving them up."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QLabel, QVBoxLayout

from app.analytics.changes import cause_of
from app.analytics.domain import VIEW, Events
from app.core.errors import OperationsError
from app.core.freshness import age_words
from models.core.wording import counted
from views.analytics.cells import NONE, Cell, CellTable, Field
from views.analytics.painting import draw_share
from views.analytics.wording import pointer_words, rule_words
from views.kit.following_panel import explain
from views.kit.painting import RIGHT, draw_words
from views.kit.panel import Note
from views.kit.query_panel import QueryPanel, unheard_words
from views.kit.theme import RADIUS, current
from views.kit.widgets.chip import mark
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.section import Lines

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from models.analytics.events import QuarantineGroup, Trial
    from views.kit.capability import Window

WHAT, HELD, OLDEST, PASS, LEFT_TIME = range(5)
SOON = timedelta(days=3)
"""So long before they are deleted it is said loudly."""
TRIED_MOST, TRIED_HELD = 12, 2_000
"""Causes that are tried without being asked about, of at most so many events each."""
READ_MS = 200
"""The cursor rests so long on a cause before it is tried: keys move over many."""


def key_of(group: QuarantineGroup) -> tuple[object, ...]:
    """What tells a cause from the others."""
    return group.event_name, group.violation_class, group.pointer, group.schema_version


class QuarantineTable(CellTable):
    """Two lines a cause."""

    fields = (
        Field("Event and cause", 170, stretch=True),
        Field("Held", 56, right=True),
        Field("Oldest", 76, right=True),
        Field("Would pass", 150),
        Field("Left", 92, right=True),
    )
    gives_way = (OLDEST, PASS)
    tall = True

    def __init__(
        self,
        now: Callable[[], datetime],
        trial_of: Callable[[QuarantineGroup], Trial | None],
        parent: QWidget | None = None,
    ) -> None:
        self._now, self._trial_of = now, trial_of
        super().__init__("Held events", parent)

    def key(self, record: Any) -> Hashable:
        return key_of(record)

    def cell(self, record: Any, number: int) -> Cell:
        group: QuarantineGroup = record
        now = self._now()
        match number:
            case 0:
                return Cell(group.event_name, f"{pointer_words(group.pointer)} {group.rule}", strong=True)
            case 1:
                return Cell(f"{group.held:,}", strong=True)
            case 2:
                return Cell(age_words((now - group.oldest_at).total_seconds()))
            case 3:
                trial = self._trial_of(group)
                words = NONE if trial is None else f"{trial.passing:,} of {trial.looked_at:,}"
                return Cell(words, quiet=trial is None)
            case _:
                left = group.forgotten_at - now
                return Cell(age_words(left.total_seconds()), strong=left < SOON)

    def draw(self, painter: QPainter, record: Any, number: int, box: QRectF, ink: str) -> bool:
        theme, tokens = current(), current().tokens
        if number == PASS and (trial := self._trial_of(record)) is not None:
            bar = QRectF(box.left(), box.top(), theme.px(56), box.height())
            draw_share(painter, bar, trial.passing / max(1, trial.looked_at), tokens.text if trial.passing else ink)
            words = f"{trial.passing:,} of {trial.looked_at:,}"
            draw_words(
                painter,
                words,
                box.adjusted(theme.px(60), 0, 0, 0),
                ink=tokens.text if trial.passing else ink,
                side=RIGHT,
            )
            return True
        if number == LEFT_TIME and record.forgotten_at - self._now() < SOON:
            words = self.cell(record, number).words
            wide = theme.width(words, 9, 600) + theme.px(24)
            high = theme.height(9) + theme.px(6)
            chip = QRectF(box.right() - wide, box.center().y() - high / 2, wide, high)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(tokens.p3), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(chip.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
            centre = chip.center()
            centre.setX(chip.left() + theme.px(10))
            mark(painter, "P3", centre, theme.px(8), tokens.p3, filled=False)
            draw_words(painter, words, chip.adjusted(0, 0, -theme.px(6), 0), (9, 600), tokens.text, RIGHT)
            return True
        return False


class QuarantinePanel(QueryPanel):
    """The table, the trial run of what is under the cursor, and what can be done about it."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self._domain = console.of(Events)
        self._query = self._domain.held()
        self._trials: dict[tuple[object, ...], tuple[QuarantineGroup, Trial]] = {}
        self._trying: set[tuple[object, ...]] = set()
        self._failed = ""
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 8, 12, 8)
        self.state.setAccessibleName("State of the quarantine")
        self.table = QuarantineTable(console.clock.now, self.trial_of)
        self.table.moved.connect(self._moved)
        self.heading = QLabel()
        self.heading.setContentsMargins(12, 6, 12, 2)
        self.lines = Lines("Trial run")
        self.lines.setContentsMargins(12, 0, 12, 4)
        self.buttons = {
            "replay": Pill("Replay…", Look.PRIMARY, name="Replay", key="R"),
            "discard": Pill("Discard…", Look.BUTTON, name="Discard", button=True),
            "try": Pill("Try again", Look.BUTTON, name="Try the replay again", key="T"),
        }
        for verb, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, v=verb: console.actions.execute(f"analytics.{v}"))
        self.foot = Flow(*self.buttons.values(), gap=WIDE_GAP)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part, stretch in (
            (self.state, 0),
            (self.table, 1),
            (self.heading, 0),
            (self.lines, 0),
            (self.foot, 0),
        ):
            column.addWidget(part, stretch)
        column.addStretch(0)
        self.widget.setFocusProxy(self.table)
        self.table.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._reading = QTimer(self, singleShot=True, interval=READ_MS)
        self._reading.timeout.connect(self._read_on)
        self.use(self._query)

    @property
    def groups(self) -> tuple[QuarantineGroup, ...]:
        """What is held."""
        return self._query.sample.value if self._query.sample is not None else ()

    @property
    def at_cursor(self) -> QuarantineGroup | None:
        """The cause under the cursor."""
        found: QuarantineGroup | None = self.table.at_cursor
        return found

    def trial_of(self, group: QuarantineGroup) -> Trial | None:
        """What a replay would do, as it was tried for exactly these events."""
        known = self._trials.get(key_of(group))
        return known[1] if known is not None and known[0].held == group.held else None

    def own_note(self) -> Note:
        """How many are held, and how long they are."""
        note, groups = super().own_note(), self.groups
        if self._query.sample is None:
            return note
        if not groups:
            return Note(f"nothing held · {note.text}", note.kind)
        oldest = min(each.oldest_at for each in groups)
        age = age_words((self.console.clock.now() - oldest).total_seconds())
        return Note(f"{sum(each.held for each in groups):,} held, oldest {age} · {note.text}", note.kind)

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        if visible:
            self._reading.start()

    def refresh(self) -> None:
        """Show the newest answer."""
        self.table.renew(self.groups)
        query, words = self._query, ""
        if query.sample is None:
            words = f"Not loaded: {query.error}" if query.error is not None else unheard_words(self.console)
        elif query.sample.received_mono is None:
            words = f"As it was at {query.sample.as_of:%H:%M:%S} UTC. {unheard_words(self.console)}"
        elif not self.groups:
            words = "Nothing is held."
        self.state.setText(words)
        self.state.setVisible(bool(words))
        self._show_trial()
        if self._untried() is not None:
            self._reading.start()

    def _moved(self, _group: QuarantineGroup | None) -> None:
        self._failed = ""
        self._reading.start()
        self._show_trial()

    # --- trial runs --------------------------------------------------------------------------------------------

    def _read_on(self) -> None:
        if self._visible and not self._failed and not self._trying and (wanted := self._untried()) is not None:
            self._begin(wanted)

    def _untried(self) -> QuarantineGroup | None:
        """What is to be tried next: what the cursor is on, then the others one after the other, if they are few."""
        at = self.at_cursor
        others = [each for each in self.groups[:TRIED_MOST] if each.held <= TRIED_HELD]
        wanted = others if at is None else [at, *others]
        return next((each for each in wanted if self.trial_of(each) is None), None)

    def try_again(self) -> None:
        """Ask what a replay of the cause under the cursor would do now."""
        if (at := self.at_cursor) is not None:
            self._begin(at)

    def _begin(self, group: QuarantineGroup) -> None:
        if key_of(group) not in self._trying and self.console.link.state == "up":
            self._trying.add(key_of(group))
            self.console.tasks.start(self._try(group), name="try a replay")
            self._show_trial()

    async def _try(self, group: QuarantineGroup) -> None:
        try:
            self._trials[key_of(group)] = (group, await self._domain.trial(cause_of(group)))
            self._failed = ""
        except OperationsError as error:
            self._failed = str(error)
        finally:
            self._trying.discard(key_of(group))
            self._renew()

    def _show_trial(self) -> None:
        at = self.at_cursor
        trial = None if at is None else self.trial_of(at)
        current().set_font(self.heading, 10, 600)
        lines: list[tuple[str, str, bool]] = []
        if at is None:
            heading = ""
        elif trial is not None:
            heading = f"Trial run of {trial.looked_at:,}, nothing sent"
            lines.append(("Would land", f"{counted(trial.passing, 'event')}, as of {trial.as_of:%H:%M:%S} UTC", True))
            if trial.still_held:
                why = "; ".join(f"{pointer_words(v.pointer)} {rule_words(v)}" for v in trial.violations[:2])
                lines.append(
                    (
                        "Stay held",
                        f"{counted(trial.still_held, 'event')}: {why}" if why else str(trial.still_held),
                        False,
                    )
                )
            if trial.unreadable:
                lines.append(("Unreadable", f"{trial.unreadable:,}: their key is not there", False))
            lines.append(("Counted twice", "none, the ids are known", False))
        else:
            tried = f"Not tried: {self._failed}" if self._failed else "Trying what a replay would do…"
            heading = tried if self.console.link.state == "up" else "What a replay would do is not known now."
        self.heading.setText(heading)
        self.lines.show_lines(lines, 100)
        self.heading.setVisible(bool(heading))
        for part in (self.table, self.foot):
            part.setVisible(bool(self.groups))
        self.lines.setVisible(bool(lines))
        self.buttons["replay"].set(f"Replay {at.held:,}…" if at is not None else "Replay…")
        for verb, pill in self.buttons.items():
            explain(pill, self.console.actions.reason(self.console.actions.get(f"analytics.{verb}")))
        self.table.tick()

    # --- what can be done --------------------------------------------------------------------------------------

    def replay_blocker(self) -> str | None:
        """Why a replay makes no sense now, in words."""
        at = self.at_cursor
        if at is None:
            return "nothing is held"
        trial = self.trial_of(at)
        if trial is not None and not trial.passing:
            return "none of them would pass: correct the plan or the sender first"
        return None
