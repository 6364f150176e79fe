"""The incident panel: head, lanes and charts on one axis beside the readable log, and what is told next below it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from app.incidents.decisions import NOTE
from models.core.wording import counted
from models.figures import FigureName
from views.incidents.axis import Axis
from views.incidents.axis_data import curves
from views.incidents.draft_box import DraftBox
from views.incidents.following import IncidentFollower
from views.incidents.head import Head
from views.incidents.log import Log
from views.incidents.timeline_source import TimelineSource
from views.incidents.wording import ANYWHERE, EVERYTHING, FILTERS, STORY
from views.incidents.work import GROUPED, KEYS, blocker
from views.kit.following_panel import explain
from views.kit.query_panel import unheard_words
from views.kit.theme import current

if TYPE_CHECKING:
    from views.kit.capability import Window
    from views.kit.panel import Note

STRETCHES, FINEST = 80, 60
"""Points of a chart, and the seconds one of them is at least."""
REST_MS = 250


class _Inside(QWidget):
    """Tells its panel how wide it is."""

    def __init__(self, panel: IncidentPanel) -> None:
        super().__init__()
        self._panel = panel

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._panel.arrange()


class IncidentPanel(IncidentFollower):
    """The panel."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.head, self.axis, self.log = Head(), Axis(self.desk), Log(self.desk)
        self.draft = DraftBox(self)
        self._source = TimelineSource(self, self.axis)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.log, 1)
        column.addWidget(self.draft)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(1)
        self.split.addWidget(self.axis)
        self.split.addWidget(right)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        inside = _Inside(self)
        whole = QVBoxLayout(inside)
        whole.setContentsMargins(0, 4, 0, 0)
        whole.setSpacing(4)
        whole.addWidget(self.head)
        whole.addWidget(self.split, 1)
        outer = QVBoxLayout(self.content)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(inside)
        self.widget.setAccessibleName("Incident")
        self.widget.setFocusProxy(self.log.table)
        for verb, pill in self.head.buttons.items():
            pill.clicked.connect(lambda _=False, v=verb: self.console.actions.execute(f"incidents.{v}"))
        for watched in (self.log.table, self.axis):
            watched.installEventFilter(self)
        self.log.shown_changed.connect(self._shown_changed)
        self.log.chosen_changed.connect(self._explain)
        self.console.mutations.changed.connect(self._renew)
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tick)
        self._resting = QTimer(self, singleShot=True, interval=REST_MS)
        self._resting.timeout.connect(self._ask_series)
        self.desk.range_changed.connect(self._resting.start)
        self.use()
        self.follow_chosen()

    # --- panel -------------------------------------------------------------------------------------------------------

    def own_note(self) -> Note:
        """Age of the record."""
        return self.age_note()

    def own_menu(self) -> list[QAction]:
        """All that can be done with the incident."""
        made = []
        for verb, title in GROUPED:
            action = QAction(title, self)
            reason = blocker(self.window, verb)
            action.setEnabled(reason is None)
            action.setToolTip(reason or "")
            action.triggered.connect(lambda _=False, v=verb: self.console.actions.execute(f"incidents.{v}"))
            made.append(action)
        return made

    def set_visible(self, visible: bool) -> None:
        """Clocks run only while somebody sees them."""
        super().set_visible(visible)
        self._second.start() if visible else self._second.stop()

    def follow_chosen(self) -> None:
        """Ask about the chosen incident."""
        self.draft.show_incident()
        self._shown_changed()
        self.ask("series", None)
        self._resting.start()

    def refresh(self) -> None:
        """Show the newest answers."""
        self._source.show()
        series, thresholds = self.answer("series"), self.console.dashboard().sample
        if series is not None:
            limit = None
            known = thresholds.value.thresholds if thresholds is not None else {}
            if (found := known.get(FigureName.DOWNLOADS_FAILURE_RATE)) is not None:
                limit = float(found.value)
            self.axis.show_curves(curves(series, limit))
        elif not self.desk.incident_id:
            self.axis.show_curves(())
        self._say_state()
        self._tick()
        self._explain()

    def arrange(self) -> None:
        """Axis and log beside each other, or one below the other where there is no room."""
        wide = self.content.width() >= current().px(820)
        self.split.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)
        if wide and not self.property("arranged"):
            self.setProperty("arranged", True)
            log = max(self.log.least_width(), round(self.content.width() * 0.36))
            self.split.setSizes([self.content.width() - log, log])

    # --- showing -----------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        self.head.show_incident(self.incident, self.console.clock.now())
        self.draft.tick()

    def _explain(self) -> None:
        for verb, pill in self.head.buttons.items():
            explain(pill, blocker(self.window, verb))
        self.draft.refresh()

    def _shown_changed(self) -> None:
        known, shown = self.desk.incident_id, self.log.shown
        self._source.follow_chosen(everything=shown == EVERYTHING)
        timeline = self.domain.timeline(known, FILTERS[shown], story=shown not in ANYWHERE) if known else None
        own = timeline is None or timeline is self._source.timeline
        self.ask("filtered", None if own or timeline is None else timeline.query)
        self.log.show_timeline(timeline)
        self._say_state()

    def _say_state(self) -> None:
        timeline = self.log.timeline
        query = timeline.query if timeline is not None else None
        words = []
        if query is not None and query.sample is None:
            words.append(f"Not loaded: {query.error}" if query.error is not None else unheard_words(self.console))
        elif query is not None and query.sample is not None:
            if query.sample.received_mono is None:
                words.append(f"As it was at {query.sample.as_of:%Y-%m-%d %H:%M} UTC. {unheard_words(self.console)}")
            elif not query.sample.value.items:
                words.append(
                    "Nothing of this kind has happened." if self.log.shown != STORY else "Nothing has happened yet."
                )
            if query.sample.value.left_out:
                words.append(f"{counted(query.sample.value.left_out, 'entry', 'entries')} cannot be read.")
        if timeline is not None and timeline.problem:
            words.append(timeline.problem)
        resource = f"incident:{self.desk.incident_id}"
        waiting = [each for each in self.console.mutations.pending if (each.kind, each.resource) == (NOTE, resource)]
        if waiting:
            words.append(f"{counted(len(waiting), 'note waits', 'notes wait')} to be sent.")
        self.log.say(" ".join(words))

    def _ask_series(self) -> None:
        desk = self.desk
        if not desk.incident_id or not desk.end:
            return
        long = max(FINEST, (desk.end - desk.start) / STRETCHES)
        step = next((each for each in (60, 120, 300, 600, 900, 1_800, 3_600, 10_800, 21_600) if each >= long), 21_600)
        start = desk.start // step * step
        count = min(200, int((desk.end - start) // step) + 1)
        first, last = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(start + count * step, UTC)
        self.ask("series", self.domain.series(desk.incident_id, first, last, count))

    # --- keys --------------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of log and axis."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            key = Qt.Key(event.key())
            if plain and key in {Qt.Key.Key_J, Qt.Key.Key_K}:
                self.log.step(1 if key == Qt.Key.Key_J else -1)
                return True
            if plain and (verb := KEYS.get(key)) is not None:
                reason = blocker(self.window, verb)
                if reason is not None:
                    self.console.messages.post(f"{dict(GROUPED)[verb].rstrip('…')}: {reason}.", passing=True)
                else:
                    self.console.actions.execute(f"incidents.{verb}")
                return True
        return super().eventFilter(watched, event)
