"""The top strip: where this is, how old the data is, the time bar, search, alarms, clocks, who is signed in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from models.core.wording import initials
from views.kit.theme import current
from views.kit.widgets.pill import Line, Look, Pill

if TYPE_CHECKING:
    from views.kit.capability import StatusCount

HEIGHT = 32
RANGES = (7, 30, 90)


@dataclass(frozen=True, slots=True)
class StripState:
    """Everything the strip shows, already in words where words are needed."""

    now: datetime
    """UTC, of the console's clock."""
    environment: str = ""
    link: Literal["connecting", "up", "down", "signed_out"] = "connecting"
    age: str = ""
    """Age of the figures in words; empty when there are none."""
    range_days: int = 7
    past: datetime | None = None
    """The past instant that is looked at; ``None`` is live."""
    window_end: datetime | None = None
    """End of the shown window when the figures are older than now."""
    counts: tuple[StatusCount, ...] = ()
    """What capabilities count here."""
    read_only: bool = False
    polling: bool = False
    """Changes are not told as they happen: panels ask by themselves."""
    user: str = ""
    user_id: str = ""
    """Empty while only the name is known, from the last picture."""
    local_time: bool = True


def window_words(end: datetime, range_days: int) -> str:
    """The shown window: both ends with date and minute, in UTC."""
    start = end - timedelta(days=range_days)
    return f"{start:%Y-%m-%d %H:%M} \N{EN DASH} {end:%Y-%m-%d %H:%M} UTC"


LINK_WORDS = {"connecting": "Connecting…", "up": "● Link up", "down": "? Link lost", "signed_out": "? Signed out"}


class EnvironmentBadge(QWidget):
    """The environment's name behind a hatched corner: text and pattern, never colour alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def set_name(self, name: str) -> None:
        """Show another environment."""
        if name != self._name:
            self._name = name
            self.setAccessibleName(f"Environment {name}")
            self.setToolTip(f"Environment: {name}")
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(current().font(10, 600))
        return QSize(28 + metrics.horizontalAdvance(self._name) + 10, max(HEIGHT, metrics.height() + 8))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = current().tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.raised))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(0, 0, 20, self.height())
        painter.setPen(QPen(QColor(tokens.text2), 2))
        for x in range(-self.height(), 20, 6):
            painter.drawLine(x, self.height(), x + self.height(), 0)
        painter.setClipping(False)
        painter.setFont(current().font(10, 600))
        painter.setPen(QColor(tokens.text))
        painter.drawText(QRect(28, 0, self.width() - 28, self.height()), Qt.AlignmentFlag.AlignVCenter, self._name)


class Strip(QWidget):
    """The strip. It shows a StripState and says what was asked for; it decides nothing itself."""

    range_chosen = Signal(object)
    live_chosen = Signal()
    past_asked = Signal()
    search_asked = Signal()
    panel_asked = Signal(object)
    """Id of the panel behind a count."""
    user_menu = Signal(object)
    """A QMenu that is about to open and wants its actions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Status and time")
        self.environment = EnvironmentBadge(self)
        self.link = Pill(look=Look.STRONG)
        self.age = Pill(look=Look.QUIET)
        self.live = Pill("Live", name="Live", button=True)
        self.ranges = {days: Pill(f"{days} d", Look.OUTLINE, name=f"Last {days} days") for days in RANGES}
        self.window_text = Pill()
        self.past = Pill("Past…", Look.QUIET, name="Look at a past instant", icon="history")
        self.search = Pill(
            "Search or run an action", Look.OUTLINE, name="Search or run an action", key="Ctrl+K", icon="search"
        )
        self.counts: dict[str, Pill] = {}
        """By id; made when first heard of."""
        self.read_only = Pill("Read-only", Look.INVERSE)
        self.utc = Pill(look=Look.STRONG)
        self.local = Pill(look=Look.QUIET)
        self.user = Pill(look=Look.PLAIN, name="Who is signed in")
        self.more = Pill("⋯", name="More of the strip")
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(4)
        lines = [Line(self) for _ in range(3)]
        for item in (self.environment, self.link, self.age, lines[0], self.live, *self.ranges.values()):
            row.addWidget(item)
        row.addWidget(self.window_text)
        row.addWidget(self.past)
        row.addStretch(1)
        row.addWidget(self.search)
        for item in (
            lines[1],
            self.read_only,
            lines[2],
            self.utc,
            self.local,
            self.user,
            self.more,
        ):
            row.addWidget(item)
        self._state: StripState | None = None
        self._narrow: list[QWidget] = [self.local, *lines, self.window_text, self.past, self.search, self.utc]
        """What gives way first when there is no room; the rest never does."""
        current().changed.connect(self._fit)
        self.live.clicked.connect(self.live_chosen)
        for days, pill in self.ranges.items():
            pill.clicked.connect(lambda _=False, d=days: self.range_chosen.emit(d))
        self.past.clicked.connect(self.past_asked)
        self.search.clicked.connect(self.search_asked)
        self.user.clicked.connect(self._open_user_menu)
        self.more.clicked.connect(self._open_more)
        self._reachable: tuple[Pill, ...] = (self.search, self.past, *self.ranges.values(), self.utc, self.user)
        """What is behind ``more`` while there is no room for it."""
        self._behind: list[Pill] = []

    def sizeHint(self) -> QSize:
        return QSize(1024, self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(320, max(HEIGHT, QFontMetrics(current().font(10)).height() + 10))

    def show_state(self, state: StripState) -> None:
        """Show this."""
        before = self._state
        self._state = state
        down = state.link in {"down", "signed_out"}
        self.environment.set_name(state.environment)
        self.environment.setVisible(bool(state.environment))
        self.link.set("● Link up, polling" if state.polling and state.link == "up" else LINK_WORDS[state.link])
        self.age.set(f"data {state.age} old" if state.age else "no data yet")
        live = state.past is None
        self.live.set(
            "Live, paused" if live and down else "Live",
            Look.DASHED if live and down else Look.SELECTED if live else Look.OUTLINE,
        )
        for days, pill in self.ranges.items():
            pill.set(pill.text(), Look.SELECTED if days == state.range_days else Look.OUTLINE)
        self.window_text.set(window_words(state.past or state.window_end or state.now, state.range_days))
        self.past.set("Past…" if live else "Past", Look.QUIET if live else Look.INVERSE)
        for count in state.counts:
            pill = self._count(count)
            pill.set(count.text, Look(count.look), hue=count.hue)
            pill.setAccessibleName(count.name)
        self.utc.set(f"{state.now:%H:%M:%S} UTC")
        here = state.now.astimezone()
        self.local.set(f"{here:%H:%M} {here.tzname() or 'local'}")
        self.user.set(state.user)
        self.user.set_person(state.user_id, initials(state.user) if state.user else "")
        self.user.setAccessibleName(f"Signed in as {state.user}" if state.user else "Not signed in")
        if (
            before is None
            or replace(before, now=state.now, age=state.age, window_end=state.window_end) != state
            or (len(before.age) != len(state.age))
        ):
            self._fit()  # not for every tick of a clock

    def _count(self, count: StatusCount) -> Pill:
        if count.id not in self.counts:
            pill = self.counts[count.id] = Pill(name=count.name)
            pill.clicked.connect(lambda: self.panel_asked.emit(count.panel))
            self._row.insertWidget(self._row.indexOf(self.read_only), pill)
        return self.counts[count.id]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        state = self._state
        if state is None:
            return
        away: dict[QWidget, bool] = {
            self.read_only: not state.read_only,
            self.user: not state.user,
        }
        away |= {self.counts[count.id]: not count.text for count in state.counts}
        away[self.local] = not state.local_time or not state.now.astimezone().utcoffset()
        at = (self._row.itemAt(n) for n in range(self._row.count()))
        items = [widget for item in at if item is not None and (widget := item.widget()) is not None]
        items.remove(self.more)
        shown = [w for w in items if not away.get(w, False) and (w is not self.environment or state.environment)]
        room = self.width() - 8
        needed = sum(w.sizeHint().width() + 4 for w in shown)
        other_ranges = [pill for days, pill in self.ranges.items() if days != state.range_days]
        # The age goes last: a number never appears without it.
        wanted = [pill for pill in self._reachable if pill in shown]
        for widget in (*self._narrow, self.user, *other_ranges, self.age):
            if needed <= room:
                break
            if widget in shown:
                shown.remove(widget)
                needed -= widget.sizeHint().width() + 4
                if widget in wanted and self.more not in shown:
                    shown.append(self.more)
                    needed += self.more.sizeHint().width() + 4
        self._behind = [pill for pill in wanted if pill not in shown]
        for widget in (*items, self.more):
            if widget.isHidden() == (widget in shown):
                widget.setVisible(widget in shown)

    def _open_user_menu(self) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        self.user_menu.emit(menu)
        menu.popup(self.user.mapToGlobal(self.user.rect().bottomLeft()))

    def _open_more(self) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        for pill in self._behind:
            if pill is self.user:
                menu.addSection(pill.text())
                self.user_menu.emit(menu)
            else:
                menu.addAction(pill.text(), pill.click).setEnabled(pill is not self.utc)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = current().tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.window))
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(tokens.line))
