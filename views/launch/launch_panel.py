"""A panel over the launch that is looked at: it asks again when another one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from app.core.freshness import Quality, age_words
from app.launch.domain import VIEW
from views.kit.following_panel import FollowingPanel
from views.kit.panel import Note
from views.kit.query_panel import unheard_words
from views.launch.desk import LaunchDesk
from views.launch.painting import draw_watermark
from views.launch.wording import REHEARSAL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from app.core.query import Query
    from views.kit.capability import Window

TICK_MS = 250
"""The seconds of a clock turn when they do, as far as an eye can see."""


class Watermark(QWidget):
    """Lies over a panel while a rehearsal is looked at, and lets everything through to it."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(REHEARSAL)
        self.hide()
        over.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
            self.raise_()
        return super().eventFilter(watched, event)

    def show_over(self, shown: bool) -> None:
        """Mark the panel, or not."""
        self.setVisible(shown)
        self.raise_()

    def paintEvent(self, _event: QPaintEvent) -> None:
        draw_watermark(QPainter(self), QRectF(self.rect()), REHEARSAL)


class LaunchPanel(FollowingPanel):
    """Shows the launch of the desk to whoever may see the checklist."""

    ticks = False
    """Its clocks and ages go on by themselves."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.console, (VIEW,))
        self.window = window
        self.desk = window.shared(LaunchDesk)
        self._followed: list[Query[Any]] = []
        self._mark = Watermark(self.content)
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 8, 12, 8)
        self.state.setAccessibleName("State")
        self.state.hide()
        self._turn = QTimer(self, interval=TICK_MS)
        self._turn.timeout.connect(self._tick)
        self.desk.switched.connect(self._switched)
        self.desk.changed.connect(self._renew)

    def queries(self) -> Sequence[Query[Any]]:
        """What it asks about the launch that is looked at."""
        return ()

    def begin(self) -> None:
        """Call once, at the end of the constructor."""
        self.use(self.desk.launches.list())
        self._switched()

    def _switched(self) -> None:
        for query in self._followed:
            self.follow(query, None)
        self._followed = list(self.queries()) if self.desk.launch_id else []
        for query in self._followed:
            self.follow(None, query)

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        if self.ticks:
            self._turn.start() if visible else self._turn.stop()

    def _tick(self) -> None:
        if self.available:
            self.tick()

    def tick(self) -> None:
        """A moment has passed."""

    def _renew(self) -> None:
        launch = self.desk.launch
        self._mark.show_over(launch is not None and launch.rehearsal_of is not None)
        super()._renew()

    # --- what there is to say --------------------------------------------------------------------------------------

    def own_note(self) -> Note:
        """What it says of all of it, and how old the answer is."""
        queries = self._followed or [self.desk.launches.list()]
        ages = [query.age_seconds for query in queries]
        known = [age for age in ages if age is not None]
        if len(known) < len(ages):
            return Note("no data yet")
        worst = {query.quality for query in queries}
        stale = not worst.isdisjoint({Quality.STALE, Quality.DISCONNECTED})
        words = " \N{MIDDLE DOT} ".join(filter(None, (self.about(), f"{age_words(max(known))} old")))
        late = Quality.LATE in worst
        return Note(f"stale · {words}" if stale else words, "stale" if stale else "late" if late else "fresh")

    def about(self) -> str:
        """What stands before the age."""
        return ""

    def state_words(self) -> str:
        """Why there is nothing to see, or why it is not of now."""
        listed = self.desk.launches.list()
        if listed.sample is None:
            return f"Not loaded: {listed.error}" if listed.error is not None else unheard_words(self.console)
        if self.desk.launch is None:
            return "There is no launch yet. “New launch…” begins one from a template."
        for query in self._followed:
            if query.sample is None:
                return f"Not loaded: {query.error}" if query.error is not None else unheard_words(self.console)
            if query.sample.received_mono is None:
                return f"As it was at {query.sample.as_of:%H:%M:%S} UTC. {unheard_words(self.console)}"
        return ""

    def say_state(self) -> None:
        """Show or hide the words about the whole panel."""
        words = self.state_words()
        self.state.setText(words)
        self.state.setVisible(bool(words))
