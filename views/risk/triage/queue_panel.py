"""The queue: tabs with their counts, filter, order, rows, and the foot with the keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QMenu, QPlainTextEdit, QVBoxLayout

from app.core.freshness import Quality, age_words
from app.core.link import LinkState
from app.risk.filters import NAME_MOST, FilterError, QueueFilter, Sort, Tab, from_link, parse
from app.risk.queue import Risk
from app.risk.rules import RiskRules
from models.core.permissions import Permission
from views.kit.panel import Note
from views.kit.query_panel import QueryPanel, unheard_words
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.problem import ProblemLine
from views.risk.triage.filter_bar import FilterField, QueueFoot
from views.risk.triage.queue_table import QueueTable
from views.risk.triage.report_download import report_actions
from views.risk.triage.wording import chip, moment

if TYPE_CHECKING:
    from app.console import Console

TABS = (
    (Tab.OPEN, "Open", "open"),
    (Tab.MINE, "Mine", "mine"),
    (Tab.ESCALATED, "Escalated", "escalated"),
    (Tab.DUE, "Due in 1 h", "due_soon"),
    (Tab.SNOOZED, "Snoozed", "snoozed"),
)
SORTS = (
    (Sort.SCORE, "Score", ("lowest first", "highest first"), True),
    (Sort.DUE, "Time left", ("least first", "most first"), False),
    (Sort.AGE, "Age", ("newest first", "oldest first"), True),
    (Sort.AMOUNT, "Amount", ("smallest first", "largest first"), True),
)
TYPING_MS = 250
TURN_MS = 15_000
"""Ages and times left are in minutes: so often they are written anew."""


class QueuePanel(QueryPanel):
    """The rows. What is done about them is the business of ``Verdicts``."""

    focus_wanted = Signal()
    """It has come into view: the keyboard belongs here."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, (Permission.VIEW_RISK_QUEUE,))
        self.risk = console.of(Risk)
        self.counts = self.risk.counts()
        self._make()
        self._lay_out()
        self.risk.list.changed.connect(self._listed)
        self.risk.rows_changed.connect(self._rows_changed)
        console.figures_changed.connect(self._listed)
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._typing.timeout.connect(self._look)
        self._turn = QTimer(self, interval=TURN_MS)
        self._turn.timeout.connect(self.table.renew)
        self._gathering = QTimer(self, singleShot=True, interval=0)
        self._gathering.timeout.connect(self._show_rows)
        self._broken = console.of(RiskRules).breakers()
        self.use(self.counts, self._broken)
        self._show_filter()

    # --- parts -------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        console = self.console

        def me() -> str | None:
            return console.session.me.user_id if console.session.me is not None else None

        self.field = FilterField()
        self.field.textEdited.connect(lambda _text: self._typing.start())
        self.field.returnPressed.connect(self._entered)
        self.tabs = {tab: Pill(words, Look.OUTLINE, name=words) for tab, words, _ in TABS}
        for tab, pill in self.tabs.items():
            pill.clicked.connect(lambda _=False, t=tab: self.show_filter(replace(self.risk.list.filter, tab=t)))
        self.sort = Pill("", Look.QUIET, name="Order of the queue", icon="sort")
        self.sort.clicked.connect(self._sort_menu)
        self.saved = Pill("Filters", Look.QUIET, name="Saved filters", icon="chevron")
        self.saved.clicked.connect(self._filters_menu)
        self.problem = ProblemLine()
        self.breakers = QLabel()
        self.breakers.setWordWrap(True)
        self.breakers.setContentsMargins(12, 4, 12, 6)
        self.breakers.setAccessibleName("Rules past their cap")
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 12, 12, 12)
        self.state.setAccessibleName("State of the queue")
        self.again = Pill("Try again", Look.BUTTON, name="Try to load the queue again")
        self.again.clicked.connect(self.risk.list.again)
        self.table = QueueTable(self.risk, console.clock.now, me, lambda: console.link.state is LinkState.UP)
        self.table.looked_at.connect(self._look_at)
        self.field.left.connect(self.table.setFocus)
        self.foot = QueueFoot()

    def _lay_out(self) -> None:
        self.bar = Flow(self.field, *self.tabs.values(), self.saved, self.sort, right=self.sort, gap=WIDE_GAP)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.problem)
        column.addWidget(self.breakers)
        column.addWidget(self.table, 1)
        self.state_row = Flow(self.state, self.again, gap=WIDE_GAP)
        column.addWidget(self.state_row)
        column.addWidget(self.foot)
        self.widget.setFocusProxy(self.table)

    # --- panel -------------------------------------------------------------------------------------------------

    def own_note(self) -> Note:
        """Age of the counts: rows are asked for again with them."""
        age = self.counts.age_seconds
        if self.counts.sample is None or age is None:
            return Note("no data yet")
        stale = self.counts.quality in {Quality.STALE, Quality.DISCONNECTED}
        return Note(f"{'stale · ' if stale else ''}{age_words(age)} old", "stale" if stale else "fresh")

    def own_menu(self) -> list[QAction]:
        """Filters."""
        made = []
        for words, slot in (("Save this filter…", self.save_filter), ("Copy this filter as a link", self.copy_link)):
            action = QAction(words, self)
            action.triggered.connect(slot)
            made.append(action)
        return made + report_actions(self.console, self)

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        self._turn.start() if visible else self._turn.stop()
        if visible:
            self._listed()
            QTimer.singleShot(0, self, self._take_focus)

    def _take_focus(self) -> None:
        window = self.widget.window()
        at = window.focusWidget()
        if self.widget.isVisible() and not (isinstance(at, QLineEdit | QPlainTextEdit) and at.isVisible()):
            self.table.setFocus()

    def refresh(self) -> None:
        """The counts are others, so the rows may be."""
        if self._visible:
            self.risk.know_currency()
            self.risk.list.refresh()
        self._show_tabs()
        self._show_breakers()
        self._listed()
        self.field.restyle()

    def _show_breakers(self) -> None:
        """Rules that only flag now: what they would have held back is not in the queue."""
        found = self._broken.sample.value if self._broken.sample is not None else ()
        now = self.console.clock.now()
        words = [f"{chip(each.rule_id)} since {moment(each.since, now)} UTC ({each.words})" for each in found]
        current().set_font(self.breakers, 9, 600)
        self.breakers.setText(f"◆ Past their cap, and only flag until they are reset under Lists: {'; '.join(words)}.")
        self.breakers.setVisible(bool(words))

    # --- showing -----------------------------------------------------------------------------------------------

    def _listed(self) -> None:
        self._gathering.start()

    def _rows_changed(self) -> None:
        self.table.records.forget_texts()
        self._listed()

    def _show_rows(self) -> None:
        if not self.available:
            return
        rows = self.risk.list
        self.table.renew()
        error = rows.error
        self.again.setVisible(error is not None)
        words = ""
        if rows.kept_as_of is not None:
            at = moment(rows.kept_as_of, self.console.clock.now(), seconds=True)
            words = f"As it was at {at} UTC. {error or unheard_words(self.console)}"
        elif error is not None:
            words = f"Not loaded: {error}"
        elif not rows.known:
            words = "Waiting for the first answer…"
        elif rows.count == 0:
            words = self._nothing()
        self.state.setText(words)
        current().set_font(self.state, 10)
        self.state_row.setVisible(bool(words))
        self.show_foot()

    def _nothing(self) -> str:
        chosen = self.risk.list.filter
        if chosen.typed:
            return "No matches. Esc in the filter field shows all again."
        return {
            Tab.OPEN: "Nothing waits to be decided.",
            Tab.MINE: "You hold nothing. T takes the next entry.",
            Tab.ESCALATED: "Nothing is escalated.",
            Tab.DUE: "Nothing is due within an hour.",
            Tab.SNOOZED: "Nothing is snoozed.",
        }[chosen.tab]

    def show_foot(self) -> None:
        """Which rows are seen, of how many, or how many are selected."""
        rows = self.risk.list
        first, last = self.table.visible_rows
        sample = self.counts.sample
        name = next(name for tab, _, name in TABS if tab is rows.filter.tab)
        total = getattr(sample.value, name) if sample is not None and not rows.filter.typed else None
        if rows.complete or total is None:
            many = f"{rows.count:,}{'' if rows.complete else '+'}"
        else:
            many = f"{max(total, rows.count):,}"
        words = f"{first:,}–{last:,} of {many}" if rows.count else ""
        if self.table.chosen:
            words = f"{len(self.table.chosen)} selected: A, R and E decide all of them, Esc clears selection"
        self.foot.say(words)

    def _show_tabs(self) -> None:
        sample = self.counts.sample
        for tab, words, name in TABS:
            count = "" if sample is None else f"  {getattr(sample.value, name):,}"
            look = Look.SELECTED if tab is self.risk.list.filter.tab else Look.OUTLINE
            self.tabs[tab].set(f"{words}{count}", look)
            self.tabs[tab].setAccessibleName(f"{words}{count}")
            self.tabs[tab].setAccessibleDescription("shown" if look is Look.SELECTED else "")

    def _show_filter(self) -> None:
        chosen = self.risk.list.filter
        if self.field.text() != chosen.typed and not self._typing.isActive():
            self.field.setText(chosen.typed)
        words, ends = next((words, ends) for sort, words, ends, _ in SORTS if sort is chosen.sort)
        self.sort.set(f"{words}, {ends[chosen.descending]}")
        self._show_tabs()

    def _look_at(self, first: int, last: int) -> None:
        if self.available and self._visible:
            self.risk.list.look_at(first, last)
        self.show_foot()

    # --- filters -----------------------------------------------------------------------------------------------

    def show_filter(self, chosen: QueueFilter) -> None:
        """Show another tab, order or filter; one that is not understood is said below the bar."""
        try:
            parse(chosen.typed)
        except FilterError as error:
            self.problem.say(str(error), self.field)
            return
        self.problem.say("")
        self.table.chosen.clear()
        self.table.forget_cursor()
        self.risk.list.show(chosen)
        self._show_filter()

    def look_for(self, typed: str) -> None:
        """Show what fits ``typed`` among all that is open, with the keyboard on the rows."""
        self._typing.stop()
        self.field.setText(typed)
        self.show_filter(replace(self.risk.list.filter, tab=Tab.OPEN, typed=typed))
        self.table.setFocus()

    def _look(self) -> None:
        typed = self.field.text().strip()
        try:
            linked = from_link(typed)
        except FilterError as error:
            self.problem.say(str(error), self.field)
            return
        if linked is not None:
            self.show_filter(linked)
            self.field.setText(linked.typed)
        else:
            self.show_filter(replace(self.risk.list.filter, typed=typed))

    def _entered(self) -> None:
        self._typing.stop()
        self._look()
        if not self.problem.words:
            self.table.setFocus()

    def _sort_menu(self) -> None:
        menu = QMenu(self.sort)
        menu.aboutToHide.connect(menu.deleteLater)
        chosen = self.risk.list.filter
        for sort, words, ends, first in SORTS:
            for descending in (first, not first):
                action = menu.addAction(
                    f"{words}, {ends[descending]}",
                    lambda s=sort, d=descending: self.show_filter(replace(self.risk.list.filter, sort=s, descending=d)),
                )
                action.setCheckable(True)
                action.setChecked((chosen.sort, chosen.descending) == (sort, descending))
        menu.popup(self.sort.mapToGlobal(self.sort.rect().bottomLeft()))

    def _filters_menu(self) -> None:
        menu = QMenu(self.saved)
        menu.aboutToHide.connect(menu.deleteLater)
        saved = self.risk.filters.by_name
        for name, chosen in saved.items():
            menu.addAction(name.replace("&", "&&"), lambda c=chosen: self._show_saved(c))
        if saved:
            menu.addSeparator()
        menu.addAction("Save this filter…", self.save_filter)
        menu.addAction("Copy this filter as a link", self.copy_link)
        paste = menu.addAction("Open the link in the clipboard", self.paste_link)
        paste.setEnabled(QGuiApplication.clipboard().text().strip().startswith("opsconsole:"))
        if saved:
            remove = menu.addMenu("Remove")
            for name in saved:
                remove.addAction(name.replace("&", "&&"), lambda n=name: self._remove(n))
        menu.popup(self.saved.mapToGlobal(self.saved.rect().bottomLeft()))

    def _show_saved(self, chosen: QueueFilter) -> None:
        self.field.setText(chosen.typed)
        self.show_filter(chosen)

    def save_filter(self) -> None:
        """Ask for a name."""
        from views.kit.dialogs.name import NameDialog

        window = self.widget.window()
        NameDialog("Save this filter", "Name of the filter", "", self._save, window, longest=NAME_MOST).open()

    def _save(self, name: str) -> str | None:
        try:
            self.risk.filters.save(name, self.risk.list.filter)
        except FilterError as error:
            return str(error)
        except OSError as error:
            return f"It could not be written: {error.strerror or error}."
        self.console.messages.post(f"Filter saved as “{' '.join(name.split())}”.")
        return None

    def _remove(self, name: str) -> None:
        chosen = self.risk.filters.by_name[name]
        try:
            self.risk.filters.remove(name)
        except OSError as error:
            self.console.messages.post(f"The filter could not be removed: {error.strerror or error}.", "error")
        else:
            self.console.messages.post(
                f"Removed the filter “{name}”", undo=lambda: self.risk.filters.save(name, chosen)
            )

    def copy_link(self) -> None:
        """Put it into the clipboard, as text that another console opens."""
        QGuiApplication.clipboard().setText(self.risk.list.filter.link)
        self.console.messages.post(
            "The filter is in the clipboard. Pasted into the filter field, another console opens it."
        )

    def paste_link(self) -> None:
        """Open the link in the clipboard."""
        self.field.setText(QGuiApplication.clipboard().text().strip())
        self._look()
