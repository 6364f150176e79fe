"""Lists with their values, snoozes, breakers and the policy of the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app.risk.rules import (
    RiskRules,
    delete_list,
    end_snooze,
    remove_entry,
    reset_breaker,
    times,
)
from models.core.permissions import Permission
from models.core.personal import NOT_KEPT_OFFLINE
from models.risk.metrics import METRICS
from models.risk.rules import ListKind
from views.kit.following_panel import explain
from views.kit.query_panel import unheard_words
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable
from views.risk.rules.following_query import FollowingRules
from views.risk.rules.policy_page import PolicyPage

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.console import Console
    from app.core.query import Query
    from models.risk.rules import ListEntry, RiskList

PAGES = ("Lists", "Snoozes", "Breakers", "Policy")
SHORT_KIND = {ListKind.ALLOW: "approves", ListKind.BLOCK: "blocks", ListKind.CUSTOM: "asked by rules"}
SUBJECTS = {"customer_id": "customer", "card": "card", "email": "e-mail"}


class ListsPanel(FollowingRules):
    """The panel; one page at a time."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, (Permission.VIEW_RISK_QUEUE,))
        self.rules = console.of(RiskRules)
        self._lists, self._snoozes = self.rules.lists(), self.rules.snoozes()
        self._breakers, self._policy = self.rules.breakers(), self.rules.policy()
        self._entries: Query[tuple[ListEntry, ...]] | None = None
        self._chosen = ""
        self.pages = {name: Pill(name, Look.OUTLINE, name=f"Show: {name}") for name in PAGES}
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 6, 8, 6)
        bar.setSpacing(4)
        for number, pill in enumerate(self.pages.values()):
            pill.clicked.connect(lambda _=False, n=number: self._turn(n))
            bar.addWidget(pill)
        bar.addStretch(1)
        self.stack = QStackedWidget()
        self.buttons: dict[str, Pill] = {}
        self._notes: dict[str, QLabel] = {}
        self.policy = PolicyPage(console)
        for page in (self._lists_page(), self._snoozes_page(), self._breakers_page(), self.policy):
            self.stack.addWidget(page)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.stack, 1)
        self.use(self._lists, self._snoozes, self._breakers, self._policy)

    # --- building ------------------------------------------------------------------------------------------------

    def _lists_page(self) -> QWidget:
        self.lists = RecordTable(
            (
                Column("List", lambda one: one.title, 140, stretch=True),
                Column("Being on it", lambda one: SHORT_KIND[one.kind], 108),
                Column("Holds", lambda one: _metric_words(one.metric), 130),
                Column("Values", lambda one: f"{one.entries:,}", 60, right=True),
                Column("Used by", lambda one: ", ".join(one.rules) or "none", 130, stretch=True),
            ),
            "Lists",
        )
        self.lists.selectionModel().currentRowChanged.connect(lambda *_: self._list_chosen())
        self.entries = RecordTable(
            (
                Column("Value", lambda e: e.value, 140, mono=True, stretch=True),
                Column("Until, UTC", lambda e: self._until(e.until), 104),
                Column("Why", lambda e: e.reason, 140, stretch=True),
                Column("Added by", lambda e: e.added_by_name, 110),
                Column("Added, UTC", lambda e: f"{e.added_at.day} {e.added_at:%b %Y}", 92, quiet=True),
            ),
            "Values of the chosen list",
        )
        self.entries.selectionModel().currentRowChanged.connect(lambda *_: self._explain())
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self._with_buttons("lists", self.lists, ("new", "New list…"), ("delete", "Delete list…")))
        split.addWidget(
            self._with_buttons("entries", self.entries, ("add", "Add value…"), ("remove", "Take off the list…"))
        )
        split.setSizes([current().px(240), current().px(420)])
        return split

    def _snoozes_page(self) -> QWidget:
        self.snoozes = RecordTable(
            (
                Column("Rule", lambda s: s.rule_id, 150, mono=True, stretch=True),
                Column("Quiet for", lambda s: f"{SUBJECTS.get(s.subject, s.subject)} {s.value}", 160, stretch=True),
                Column("Until, UTC", lambda s: self._until(s.until), 104),
                Column("Why", lambda s: s.reason, 140, stretch=True),
                Column("By", lambda s: s.created_by_name, 110),
            ),
            "Snoozes that hold now",
        )
        self.snoozes.selectionModel().currentRowChanged.connect(lambda *_: self._explain())
        return self._with_buttons("snoozes", self.snoozes, ("end", "End snooze…"))

    def _breakers_page(self) -> QWidget:
        self.breakers = RecordTable(
            (
                Column("Rule", lambda b: b.rule_id, 150, mono=True),
                Column("Only flags since, UTC", lambda b: self._until(b.since), 140),
                Column("Why", lambda b: b.words, 240, stretch=True),
            ),
            "Rules that went past their cap",
        )
        self.breakers.selectionModel().currentRowChanged.connect(lambda *_: self._explain())
        return self._with_buttons("breakers", self.breakers, ("reset", "Reset breaker…"))

    def _with_buttons(self, key: str, table: RecordTable, *made: tuple[str, str]) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        note = self._notes[key] = QLabel()
        note.setWordWrap(True)
        note.setContentsMargins(12, 4, 12, 4)
        column.addWidget(note)
        column.addWidget(table, 1)
        row = Flow(gap=WIDE_GAP)
        row.setContentsMargins(12, 6, 12, 8)
        runs: dict[str, Callable[[], None]] = {
            "new": self._new,
            "delete": self._delete,
            "add": self._add,
            "remove": self._remove,
            "end": self._end,
            "reset": self._reset,
        }
        for name, text in made:
            pill = self.buttons[name] = Pill(text, Look.BUTTON, name=text.rstrip("…"))
            pill.clicked.connect(runs[name])
            row.add(pill)
        column.addWidget(row)
        return page

    # --- showing -------------------------------------------------------------------------------------------------

    def _until(self, at: Any) -> str:
        return "no end" if at is None else times(at, self.console.clock.now())

    def _turn(self, number: int) -> None:
        self.stack.setCurrentIndex(number)
        self._renew()

    @property
    def one(self) -> RiskList | None:
        """The chosen list."""
        return next((each for each in self.lists.records.rows if each.list_id == self._chosen), None)

    def _list_chosen(self) -> None:
        index, rows = self.lists.currentIndex(), self.lists.records.rows
        if index.isValid() and index.row() < len(rows):
            self.choose_list(rows[index.row()].list_id)

    def choose_list(self, list_id: str) -> None:
        """Show the values of a list."""
        if list_id != self._chosen:
            self._chosen = list_id
            fresh = self.rules.entries(list_id)
            self.follow(self._entries, fresh)
            self._entries = fresh
            self._renew()

    def refresh(self) -> None:
        """Show what is known."""
        for number, (name, pill) in enumerate(self.pages.items()):
            query: Query[Any] | None = self._snoozes if name == "Snoozes" else None
            query = self._breakers if name == "Breakers" else query
            count = len(query.sample.value) if query is not None and query.sample is not None else 0
            words = f"{name} {count:,}" if count else name
            pill.set(words, Look.SELECTED if number == self.stack.currentIndex() else Look.OUTLINE)
        for note in self._notes.values():
            current().set_font(note, 9)
        self._fill(self.lists, self._lists, "lists", "There are no lists yet; rules can ask for what lists hold.")
        rows = self.lists.records.rows
        if rows and self.one is None:
            self.choose_list(rows[0].list_id)
        at = next((n for n, each in enumerate(rows) if each.list_id == self._chosen), -1)
        if at >= 0 and self.lists.currentIndex().row() != at:
            self.lists.selectRow(at)
        if self._entries is not None and self.one is not None:
            self._fill(self.entries, self._entries, "entries", f"“{self.one.title}” is empty.", kept=False)
        else:
            self.entries.set_rows([])
            self._notes["entries"].setText("")
        self._fill(self.snoozes, self._snoozes, "snoozes", "No rule is quiet for anybody.")
        self._fill(self.breakers, self._breakers, "breakers", "No rule went past its cap.")
        sample = self._policy.sample
        error = self._policy.error if sample is None else None
        self.policy.show_policy(
            sample.value if sample is not None else None, self.currency, "" if error is None else str(error)
        )
        self._explain()

    def _fill(self, table: RecordTable, query: Query[Any], key: str, empty: str, *, kept: bool = True) -> None:
        sample = query.sample
        rows = list(sample.value) if sample is not None else []
        if list(table.records.rows) != rows:
            table.renew_rows(rows)
        note = self._notes[key]
        if sample is None:
            words = "It cannot be read" if kept else f"Values are customers' own and {NOT_KEPT_OFFLINE}"
            why = query.error or unheard_words(self.console)
            away = query.error is not None or self.console.link.state == "down"
            note.setText(f"{words}. {why}" if away else "Waiting for the first answer…")
        else:
            note.setText("" if rows else empty)
        note.setVisible(bool(note.text()))

    def _explain(self) -> None:
        manage = self.console.write_blocker(Permission.MANAGE_RISK_RULES, irreversible=True)
        one = self.one
        asked = f"rules ask it: {', '.join(one.rules)}" if one is not None and one.rules else None
        no_list = None if one is not None else "choose a list first"
        explain(self.buttons["new"], manage)
        explain(self.buttons["delete"], manage or no_list or asked)
        explain(self.buttons["add"], manage or no_list)
        explain(self.buttons["remove"], manage or self._nothing(self.entries, "value"))
        approve = self.console.write_blocker(Permission.APPROVE_ORDERS, irreversible=True)
        explain(self.buttons["end"], approve or self._nothing(self.snoozes, "snooze"))
        explain(self.buttons["reset"], manage or self._nothing(self.breakers, "breaker"))

    @staticmethod
    def _nothing(table: RecordTable, what: str) -> str | None:
        return None if _current(table) is not None else f"choose a {what} first"

    # --- what is done --------------------------------------------------------------------------------------------

    def _confirm(self, title: str, words: str, accept: str, run: Any, *, reason: bool = True) -> None:
        from views.risk.rules.list_dialogs import ConfirmDialog

        ConfirmDialog(self.console, title, words, accept, run, self.widget.window(), reason=reason).open()

    def _new(self) -> None:
        from views.risk.rules.list_dialogs import NewListDialog

        NewListDialog(self.console, self._show_new, self.widget.window()).open()

    async def _show_new(self, list_id: str) -> None:
        await self._lists.refresh()
        self.choose_list(list_id)

    def _delete(self) -> None:
        if (one := self.one) is not None:
            words = f"“{one.title}” and its {one.entries:,} values are deleted. No rule asks it."
            run = self.console.mutations
            self._confirm("Delete a list", words, "Delete it", lambda _why: delete_list(run, one), reason=False)

    def _add(self) -> None:
        from views.risk.rules.list_dialogs import AddEntryDialog

        if (one := self.one) is not None:
            AddEntryDialog(self.console, one, self.widget.window()).open()

    def _remove(self) -> None:
        one, entry = self.one, _current(self.entries)
        if one is not None and entry is not None:
            words = (
                f"{entry.value} is taken off “{one.title}”. It was put there by {entry.added_by_name}: “{entry.reason}”"
            )
            run = self.console.mutations
            self._confirm(
                "Take off the list", words, "Take it off", lambda _why: remove_entry(run, one, entry), reason=False
            )

    def _end(self) -> None:
        if (snooze := _current(self.snoozes)) is not None:
            who = f"{SUBJECTS.get(snooze.subject, snooze.subject)} {snooze.value}"
            words = f"The rule {snooze.rule_id} applies again to {who}, from the next order on."
            self._confirm("End a snooze", words, "End it", lambda why: end_snooze(self.console.mutations, snooze, why))

    def _reset(self) -> None:
        if (breaker := _current(self.breakers)) is not None:
            words = (
                f"The rule {breaker.rule_id} does again what it was published to do, and its alert clears. "
                f"It only flags since {breaker.since.day} {breaker.since:%b %H:%M} UTC: {breaker.words}"
            )
            self._confirm(
                "Reset a breaker", words, "Reset it", lambda why: reset_breaker(self.console.mutations, breaker, why)
            )


def _current(table: RecordTable) -> Any:
    index, rows = table.currentIndex(), table.records.rows
    return rows[index.row()] if index.isValid() and index.row() < len(rows) else None


def _metric_words(key: str) -> str:
    metric = METRICS.get(key)
    return metric.title if metric is not None else key
