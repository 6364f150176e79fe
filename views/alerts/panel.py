"""The alerts panel: not acknowledged as cards, the rest as rows. Floods are grouped; nothing moves under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QAction, QColor, QDesktopServices, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget
from shiboken6 import isValid

from app.alerts.domain import Alerts, acknowledge, shelve
from app.alerts.groups import folded, groups_of
from app.core.errors import OperationsError
from app.core.freshness import Quality, age_words
from app.core.timeframe import NOT_KEPT
from models.core.permissions import Permission
from views.alerts.card import AlertCard, AlertRow
from views.alerts.wording import is_shelved, range_of
from views.kit.panel import Note
from views.kit.theme import current
from views.kit.widgets.discard import discard
from views.kit.widgets.pill import Look, Pill

if TYPE_CHECKING:
    from app.console import Console
    from models.alerts import Alert

MadeFor = tuple[int, int | None, str, str | None, bool]
"""What a card was made for: version of an alert, how far its rule looks back, runbook, incident, something pending."""
CARDS_MOST = 8
ROWS_MOST = 40
LEAST_WIDTH = 372
"""A card with its three buttons; asked for before the first card is there."""
CLEARED_FOR = timedelta(hours=24)
SECTIONS = ("Not acknowledged", "Acknowledged", "Cleared in the last 24 h", "Shelved")


class _Heading(QWidget):
    """Name and count of a section, with a line behind."""

    def __init__(self) -> None:
        super().__init__()
        self._name, self._count = "", 0
        self.hide()

    def set(self, name: str, count: int) -> None:
        """Show another count; hidden when there is nothing."""
        self._name, self._count = name, count
        self.setFixedHeight(round(current().px(24)))
        self.setAccessibleName(f"{name}: {count}")
        self.setVisible(count > 0)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.setFont(theme.font(9, 600))
        painter.setPen(QColor(theme.tokens.text2))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, self._name)
        left = painter.fontMetrics().horizontalAdvance(self._name) + 8
        painter.setFont(theme.font(9))
        painter.setPen(QColor(theme.tokens.text3))
        painter.drawText(self.rect().adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, str(self._count))
        left += painter.fontMetrics().horizontalAdvance(str(self._count)) + 10
        painter.fillRect(left, self.height() // 2, max(0, self.width() - left), 1, QColor(theme.tokens.line))


class _Area(QScrollArea):
    """Never narrower than its cards: a cut-off button is worse than a smaller chart."""

    def minimumSizeHint(self) -> QSize:
        inside = self.widget()
        wide = inside.minimumSizeHint().width() if inside is not None else 0
        return QSize(max(wide + current().px(14), current().px(LEAST_WIDTH)), current().px(120))


class _Section:
    """One list of the panel: a heading, widgets by alert, and how many more there are."""

    def __init__(self, column: QVBoxLayout) -> None:
        self.heading = _Heading()
        self.box = QVBoxLayout()
        self.box.setSpacing(8)
        self.more = Pill("", Look.LINK, name="Show more alerts")
        self.more.hide()
        self.widgets: dict[str, tuple[MadeFor, AlertCard | AlertRow]] = {}
        column.addWidget(self.heading)
        column.addLayout(self.box)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)


class AlertsPanel(QObject):
    """What is broken and who has it."""

    noted = Signal()

    def __init__(self, console: Console, open_rules: Callable[[], object]) -> None:
        """``open_rules`` shows the rules behind the alerts."""
        super().__init__()
        self._open_rules = open_rules
        self._console = console
        self._order: list[str] = []
        """Unacknowledged alerts in the order they are shown: new ones go below the ones of their severity."""
        self._limit = [CARDS_MOST, ROWS_MOST, ROWS_MOST, ROWS_MOST]
        self._deciding: set[str] = set()
        self._runbooks_of: Callable[[Alert], Sequence[Any]] = lambda _alert: ()
        self._open_runbook: Callable[[Alert], object] = lambda alert: QDesktopServices.openUrl(QUrl(alert.runbook_url))
        self._unfolded: set[str] = set()
        """Kinds of alerts whose group is shown card by card."""
        self._groups: dict[str, tuple[Alert, ...]] = {}
        self._chart_of: Callable[[Alert], str] = lambda _alert: ""
        self._open_chart: Callable[[Alert], object] = lambda _alert: None
        self._incident_of: Callable[[Alert], Any] | None = None
        self._open_incident: Callable[[Alert], object] = lambda _alert: None
        area = _Area()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.widget: QWidget = area
        self.setParent(self.widget)
        self.widget.setAccessibleName("Alerts")
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(6)
        self._empty = QLabel()
        self._empty.setWordWrap(True)
        self._news = Pill("", Look.INVERSE, name="Show new alerts")
        self._news.clicked.connect(lambda: self.refresh(settle=True))
        self._news.hide()
        top = QHBoxLayout()
        top.addWidget(self._empty, 1)
        top.addWidget(self._news)
        self._column.addLayout(top)
        self._sections = [_Section(self._column) for _ in SECTIONS]
        for number, section in enumerate(self._sections):
            section.more.clicked.connect(lambda _=False, n=number: self._show_more(n))
        self._column.addStretch(1)
        area.setWidget(inside)
        self._query = console.of(Alerts).list()
        self._query.changed.connect(self.refresh)
        console.figures_changed.connect(self.refresh)  # which knows over how long the rules look back
        console.mutations.changed.connect(self.refresh)
        console.link.changed.connect(self._show_reasons)
        console.session.changed.connect(self._show_reasons)
        console.time.changed.connect(self._time_changed)
        current().changed.connect(self._rebuild)
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tick)
        self.refresh()

    # --- panel -------------------------------------------------------------------------------------------------

    def note(self) -> Note:
        """Age of the list."""
        age = self._query.age_seconds
        if self._query.sample is None or age is None:
            return Note("no data yet")
        if self._console.time.as_of is not None:
            return Note("past instant")
        stale = self._query.quality in {Quality.STALE, Quality.DISCONNECTED}
        return Note(f"{'stale · ' if stale else ''}{age_words(age)} old", "stale" if stale else "fresh")

    def menu(self) -> list[QAction]:
        """The rules behind the alerts."""
        rules = QAction("Alert rules…", self)
        reason = rules_blocker(self._console)
        rules.setEnabled(reason is None)
        rules.setToolTip(reason or "")
        rules.triggered.connect(self._open_rules)
        return [rules]

    def set_visible(self, visible: bool) -> None:
        """Ages grow only while somebody sees them; alerts are asked for as long as the window lives."""
        self._second.start() if visible else self._second.stop()

    # --- showing -----------------------------------------------------------------------------------------------

    def refresh(self, *, settle: bool = False) -> None:
        """Show the newest list; new alerts wait behind a button while somebody points at the cards."""
        sample, now = self._query.sample, self._console.shown_at
        groups: list[list[Alert]] = [[], [], [], []]
        for alert in sample.value if sample is not None else ():
            groups[_group(alert, now)].append(alert)
        groups[2] = [a for a in groups[2] if a.cleared_at and now - a.cleared_at < CLEARED_FOR]
        groups[0] = self._ordered(groups[0], settle=settle)
        total = self._total(len(groups[0]))
        self._groups = groups_of(groups[0])
        listed = folded(groups[0], self._unfolded)
        hidden = len(groups[0]) - len(listed)
        for number, (section, alerts) in enumerate(zip(self._sections, (listed, *groups[1:]), strict=True)):
            self._fill(section, number, alerts, total - hidden if number == 0 else len(alerts))
        self._sections[0].heading.set(SECTIONS[0], total)
        self._show_groups()
        nothing = "Nothing waits to be acknowledged." if sample is not None else "Waiting for the first answer…"
        self._empty.setText("" if groups[0] else nothing)
        self._empty.setVisible(not groups[0])
        self.widget.updateGeometry()
        self._show_reasons()
        self.noted.emit()

    def _show_groups(self) -> None:
        """Say on the first card of a group how many there are, and where its figure is drawn."""
        firsts = {those[0].id: kind for kind, those in self._groups.items()}
        for known, (_, card) in self._sections[0].widgets.items():
            if not isinstance(card, AlertCard):
                continue
            kind = firsts.get(known, "")
            more = len(self._groups[kind]) - 1 if kind else 0
            words = "" if not more else "Fold" if kind in self._unfolded else f"{more:,} more like it"
            card.lead_to("group", words, f"Show or fold {more} more like {card.alert.title}")
            words = f"Acknowledge all {more + 1}…" if more else ""
            card.lead_to("acknowledge-group", words, f"Acknowledge all {more + 1} like {card.alert.title}")
            chart = self._chart_of(card.alert)
            card.lead_to("chart", "Chart" if chart else "", f"Show the chart {chart}")

    def lead_to_charts(self, find: Callable[[Alert], str], show: Callable[[Alert], object]) -> None:
        """``find`` tells what the chart of an alert's figure is called, empty for none; ``show`` brings it up."""
        self._chart_of, self._open_chart = find, show
        self._rebuild()

    def _total(self, listed: int) -> int:
        """The list is cut at a page; the dashboard counts them all."""
        sample = self._console.dashboard().sample
        counted = sample.value.alert_count if sample is not None else 0
        return max(listed, counted) if listed >= 400 else listed

    def _ordered(self, alerts: list[Alert], *, settle: bool) -> list[Alert]:
        by_id = {alert.id: alert for alert in alerts}
        kept = [known for known in self._order if known in by_id]
        fresh = by_id.keys() - set(kept)
        if fresh and kept and not settle and self._pointed_at():
            self._news.set(f"{len(fresh)} new", Look.INVERSE)
            self._news.show()
        else:
            self._news.hide()
            # Stable: those that were there keep their order within their severity.
            place = {known: n for n, known in enumerate(kept)}
            kept = [a.id for a in sorted(alerts, key=lambda a: (a.severity, place.get(a.id, len(place)), a.raised_at))]
        self._order = kept
        return [by_id[known] for known in kept]

    def _pointed_at(self) -> bool:
        focus = QApplication.focusWidget()
        inside = focus is not None and self.widget.isAncestorOf(focus)
        return inside or (self.widget.isVisible() and self.widget.underMouse())

    def _fill(self, section: _Section, number: int, alerts: Sequence[Alert], total: int) -> None:
        section.heading.set(SECTIONS[number], total)
        shown = alerts[: self._limit[number]]
        wanted = {alert.id: alert for alert in shown}
        for known in [k for k in section.widgets if k not in wanted]:
            _, gone = section.widgets.pop(known)
            section.box.removeWidget(gone)
            discard(gone)
        widget: AlertCard | AlertRow | None
        for place, alert in enumerate(shown):
            made_for, widget = self._known(section, alert.id)
            range_days, runbook, incident = self._range_of(alert), self._runbook_of(alert), self._incident_name(alert)
            wanted_for = alert.version, range_days, runbook, incident, self._is_pending(alert)
            if widget is None or made_for != wanted_for:
                fresh = self._widget(alert, number, range_days, runbook, incident)
                focused = _focused_name(widget)
                if widget is not None:
                    section.box.removeWidget(widget)
                    discard(widget)
                section.widgets[alert.id] = (wanted_for, fresh)
                section.box.insertWidget(place, fresh)
                _focus_named(fresh, focused)
            elif section.box.indexOf(widget) != place:
                section.box.removeWidget(widget)
                section.box.insertWidget(place, widget)
        rest = total - len(shown)
        section.more.set(f"{rest:,} more" if len(alerts) > len(shown) else f"{rest:,} more not loaded", Look.LINK)
        section.more.setVisible(rest > 0)

    def _is_pending(self, alert: Alert) -> bool:
        """Whether something decided about it has not been answered: kept for the link, or on its way."""
        return bool(self._console.mutations.of(f"alert:{alert.id}"))

    @staticmethod
    def _known(section: _Section, alert_id: str) -> tuple[MadeFor | None, AlertCard | AlertRow | None]:
        return section.widgets.get(alert_id, (None, None))

    def _range_of(self, alert: Alert) -> int | None:
        sample = self._console.dashboard().sample
        return range_of(alert, sample.value.thresholds) if sample is not None else None

    def _widget(
        self, alert: Alert, number: int, range_days: int | None, runbook: str, incident: str | None
    ) -> AlertCard | AlertRow:
        now = self._console.shown_at
        figures = self._console.figures
        if number == 0:
            card = AlertCard(alert, figures.currency if figures else "", now, range_days, runbook, incident)
            card.asked.connect(self._run)
            return card
        acknowledged_by = alert.acknowledged_by_name or alert.acknowledged_by
        shelved_by = alert.shelved_by_name or alert.shelved_by
        words = {1: _by(alert.comment, acknowledged_by), 3: _by(alert.shelve_reason, shelved_by)}.get(number, "")
        words = "  ".join(filter(None, (incident, words)))
        row = AlertRow(alert, now, shelved=number == 3, words=words, pending=self._is_pending(alert))
        row.asked.connect(self._run)
        return row

    def _show_more(self, number: int) -> None:
        self._limit[number] += 3 * CARDS_MOST
        self.refresh()

    def _time_changed(self) -> None:
        """Show the alerts of another instant; of the same one, a version may have been measured anew since."""
        query = self._console.of(Alerts).list()
        if query is self._query:
            return
        self._query.changed.disconnect(self.refresh)
        self._query = query
        query.changed.connect(self.refresh)
        self._order = []
        for section in self._sections:
            section.heading.hide()
            section.more.hide()
        self._rebuild()

    def _rebuild(self) -> None:
        for section in self._sections:
            for _, widget in section.widgets.values():
                section.box.removeWidget(widget)
                discard(widget)
            section.widgets.clear()
        self.refresh()

    def _tick(self) -> None:
        now = self._console.shown_at
        for section in self._sections:
            for _, widget in section.widgets.values():
                widget.set_now(now)

    def _show_reasons(self) -> None:
        reason = self._console.write_blocker(Permission.MANAGE_ALERTS)
        for _, widget in self._sections[0].widgets.values():
            if isinstance(widget, AlertCard):
                widget.set_reason(reason)
                if widget.alert.id in self._deciding:
                    widget.set_pending("sending…")

    # --- deciding ----------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> Alert | None:
        """The alert under the keyboard, else the first that nobody has acknowledged."""
        return self._chosen_of(self._sections)

    def decide(self, verb: str) -> None:
        """Acknowledge or shelve: the card under the keyboard, else the first one."""
        if (alert := self._chosen_of(self._sections[:1])) is not None:
            self._run((verb, alert))

    def _chosen_of(self, sections: Sequence[_Section]) -> Alert | None:
        focus = QApplication.focusWidget()
        widgets = [widget for section in sections for _, widget in section.widgets.values()]
        there = next((w for w in widgets if w.hasFocus() or (focus is not None and w.isAncestorOf(focus))), None)
        first = next((w for w in widgets if w.alert.id == self._order[0]), None) if self._order else None
        chosen = there or first
        return None if chosen is None else chosen.alert

    def lead_to_runbooks(self, find: Callable[[Alert], Sequence[Any]], show: Callable[[Alert], object]) -> None:
        """``find`` tells the runbooks of an alert, the closest first; ``show`` opens it."""
        self._runbooks_of, self._open_runbook = find, show
        self._rebuild()

    def _runbook_of(self, alert: Alert) -> str:
        found = self._runbooks_of(alert)
        return str(found[0].title) if found else ""

    def lead_to_incidents(self, find: Callable[[Alert], Any], show: Callable[[Alert], object]) -> None:
        """``find`` tells the open incident of an alert; ``show`` opens it, or makes the alert one."""
        self._incident_of, self._open_incident = find, show
        self._rebuild()

    def _incident_name(self, alert: Alert) -> str | None:
        """What its incident is called; empty: it is in none, ``None``: there are no incidents here."""
        if self._incident_of is None:
            return None
        found = self._incident_of(alert)
        return "" if found is None else f"{found.severity} {found.reference}"

    def _run(self, request: tuple[str, Alert]) -> None:
        from views.alerts.details import AlertDetails
        from views.alerts.dialogs import AcknowledgeDialog, ShelveDialog

        verb, alert = request
        console, parent = self._console, self.widget.window()
        match verb:
            case "acknowledge":
                AcknowledgeDialog(
                    alert,
                    lambda text: self._send(alert, acknowledge(console.mutations, alert, text)),
                    console.tasks,
                    parent,
                ).open()
            case "shelve":
                ShelveDialog(
                    alert,
                    console.clock.now,
                    lambda until, text: self._send(alert, shelve(console.mutations, alert, until, text)),
                    console.tasks,
                    parent,
                ).open()
            case "runbook":
                self._open_runbook(alert)
            case "chart":
                self._open_chart(alert)
            case "group":
                self._unfolded ^= {kind for kind, those in self._groups.items() if alert in those}
                self.refresh()
            case "acknowledge-group":
                those = next((each for each in self._groups.values() if alert in each), (alert,))
                AcknowledgeDialog(
                    alert,
                    lambda text: self._acknowledge_all(those, text),
                    console.tasks,
                    parent,
                    count=len(those),
                ).open()
            case "incident":
                self._open_incident(alert)
            case "open":
                details = AlertDetails(
                    alert, console, parent, runbook=self._runbook_of(alert), chart=self._chart_of(alert)
                )
                details.verb_asked.connect(self._run)
                details.open()

    async def _acknowledge_all(self, alerts: Sequence[Alert], text: str) -> None:
        """One after the other: what one of them is refused for does not hold for the others."""
        refused: OperationsError | None = None
        for alert in alerts:
            try:
                await self._send(alert, acknowledge(self._console.mutations, alert, text))
            except OperationsError as error:
                refused = error
        if refused is not None:
            raise refused

    async def _send(self, alert: Alert, sending: Any) -> None:
        self._deciding.add(alert.id)
        self._show_reasons()
        try:
            await sending
        finally:
            self._deciding.discard(alert.id)
            if isValid(self.widget):  # the whole window may have been closed meanwhile
                self.refresh()


def _focused_name(widget: QWidget | None) -> str | None:
    """What has the keyboard in a card: a button by its name, the card itself as ``""``, else ``None``."""
    focus = QApplication.focusWidget()
    if widget is None or focus is None:
        return None
    if focus is widget:
        return ""
    return focus.accessibleName() if widget.isAncestorOf(focus) else None


def _focus_named(widget: QWidget, name: str | None) -> None:
    """Give the keyboard to the same place of the card's successor."""
    if name is not None:
        found = next((child for child in widget.findChildren(Pill) if child.accessibleName() == name), None)
        (found or widget).setFocus()


def rules_blocker(console: Console) -> str | None:
    """Why the rules cannot be shown now, in words; ``None`` when they can."""
    return None if console.time.as_of is None else NOT_KEPT


def _group(alert: Alert, now: Any) -> int:
    if alert.cleared_at is not None:
        return 2
    if is_shelved(alert, now):
        return 3
    return 0 if alert.state == "active" else 1


def _by(words: str | None, who: str | None) -> str:
    return f"{words}  {who}" if words and who else words or ""
