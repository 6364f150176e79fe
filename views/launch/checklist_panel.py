"""The checklist: groups, filters, the item at the cursor, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout

from app.core.freshness import age_words
from models.core.wording import counted
from models.launch.checklist import LaunchChecklistItem
from models.launch.criteria import EvidenceVerdict
from views.kit.following_panel import explain
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.remarks import Remarks
from views.launch.checklist_table import ChecklistTable, EvidenceWords, rows_of
from views.launch.item_details import ItemDetails
from views.launch.launch_panel import LaunchPanel
from views.launch.menu import entries
from views.launch.wording import is_signed, value_words, verdict_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from app.core.query import Query
    from views.kit.capability import Window

ALL, DUE, MINE, OPEN = "All", "Due now", "Mine", "Not signed"
MENU = ("launch.export-yaml", "launch.export-csv", "launch.import-items", "launch.change-item", "launch.ask-again")


class ChecklistPanel(LaunchPanel):
    """The table, with filters above it."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.shown = ALL
        self.pills: dict[str, Pill] = {}
        for name in (ALL, DUE, MINE, OPEN):
            self.pills[name] = pill = Pill(name, Look.OUTLINE, name=name)
            pill.clicked.connect(lambda _=False, n=name: self.show_only(n))
        self.summary = Remarks("Summary")
        self.sign = Pill("Sign off", Look.BUTTON, name="Sign off the item at the cursor", key="S")
        self.sign.clicked.connect(lambda: self.console.actions.execute("launch.sign"))
        bar = Flow(*self.pills.values(), self.summary, self.sign, wide=(self.summary,), gap=WIDE_GAP)
        self.table = ChecklistTable(self.evidence_of, lambda: self.desk.told_now)
        self.table.moved.connect(self._moved)
        self.table.folding.connect(self._fold)
        self.table.opening.connect(self._open)
        self._folded: dict[str, bool] = {}
        """What the operator has folded or unfolded, by category."""
        self._opened: str | None = None
        """Key of the item that the operator has opened, empty for none; ``None``: the first that holds."""
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self.state)
        column.addWidget(self.table, 1)
        self.widget.setFocusProxy(self.table)
        self.desk.switched.connect(self._forget)
        self._second = QTimer(self, interval=1_000)
        self._second.timeout.connect(self._age)
        self.begin()

    def queries(self) -> Sequence[Query[Any]]:
        found = (self.desk.items_query, self.desk.status_query)
        return [query for query in found if query is not None]

    def about(self) -> str:
        return counted(len(self.desk.items), "item", "items")

    def own_menu(self) -> list[Any]:
        """Files, and a change of the item at the cursor."""
        return entries(self.console, self.widget, MENU)

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        self._second.start() if visible else self._second.stop()

    def _age(self) -> None:
        self.table.records.forget_texts()
        self.table.viewport().update()

    def _forget(self) -> None:
        self._folded.clear()
        self._opened = None

    # --- what is shown ---------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the newest answer."""
        self.say_state()
        items = self.desk.items
        for name, pill in self.pills.items():
            count = sum(self._fits(each, name) for each in items)
            look = Look.SELECTED if name == self.shown else Look.OUTLINE
            pill.set(f"{name} {count}", look)
            pill.setAccessibleName(f"{name}: {count}")
            pill.setAccessibleDescription("shown" if look is Look.SELECTED else "")
        self.summary.say(*self._remarks(items))
        chosen = [each for each in items if self._fits(each, self.shown)]
        if not self.desk.item_key and chosen:
            first = next((each for each in chosen if each.late_seconds is not None), chosen[0])
            self.desk.item_key = first.key
        opened = self._opened_key(chosen)
        self.table.renew(rows_of(chosen, self._is_folded, opened), self.desk.item_key, self._details)
        details = self.table.details
        if isinstance(details, ItemDetails):
            details.renew(next(each for each in chosen if each.key == details.item.key))
        explain(self.sign, self.console.actions.reason(self.console.actions.get("launch.sign")))

    def _opened_key(self, items: Sequence[LaunchChecklistItem]) -> str:
        if self._opened is not None:
            return self._opened
        return next((each.key for each in items if each.late_seconds is not None and each.blocking), "")

    def _details(self, item: LaunchChecklistItem) -> ItemDetails:
        return ItemDetails(self.desk, item)

    @staticmethod
    def _remarks(items: Sequence[LaunchChecklistItem]) -> list[tuple[str, str]]:
        signed = sum(is_signed(each) for each in items)
        late = sum(each.late_seconds is not None for each in items)
        found = [(str(signed), "signed"), (str(late), "late")] if late else [(str(signed), "signed")]
        return [*found, (str(len(items) - signed - late), "not due yet")] if items else []

    def _fits(self, item: LaunchChecklistItem, name: str) -> bool:
        match name:
            case "Due now":
                status = self.desk.status
                return status is not None and item.due <= status.clock.reading
            case "Mine":
                me = self.console.session.me
                return me is not None and item.owner_role in me.roles
            case "Not signed":
                return not is_signed(item)
            case _:
                return True

    def evidence_of(self, item: LaunchChecklistItem) -> EvidenceWords:
        """What proves an item: its link, or the figures it is judged by."""
        status, now = self.desk.status, self.desk.told_now
        figures = {each.key: each for each in status.evidence} if status is not None else {}
        known = [figures[key] for key in item.criteria if key in figures]
        worst = next((each for each in known if verdict_of(each, now) is not EvidenceVerdict.INSIDE), None)
        shown = worst or (known[0] if known else None)
        age = ""
        if shown is not None and shown.data_through is not None:
            age = age_words((now - shown.data_through).total_seconds())
        if item.evidence:
            return EvidenceWords(item.evidence[0].label, age, missing=False)
        if shown is None:
            return EvidenceWords("no data" if item.criteria else "no evidence yet", "", missing=True)
        value = " ".join(filter(None, value_words(shown)))
        words = f"{shown.label} {value}"
        return EvidenceWords(words if worst is None else f"{words}, {worst.verdict}", age, missing=worst is not None)

    # --- moving ----------------------------------------------------------------------------------------------------

    def show_only(self, name: str) -> None:
        """Show all, what is due, mine, or what is not signed."""
        self.shown = name
        self._renew()

    def go_to(self, key: str) -> None:
        """Put the cursor on an item, whatever hides it."""
        item = next((each for each in self.desk.items if each.key == key), None)
        if item is None:
            return
        self.shown, self._folded[item.category], self._opened = ALL, False, key
        self.desk.item_key = key
        self._renew()
        self.table.go_to(key)
        self.table.setFocus()

    def _is_folded(self, category: str, finished: bool) -> bool:
        return self._folded.get(category, finished and self.shown == ALL)

    def _moved(self, key: str) -> None:
        self.desk.choose_item(key)

    def _fold(self, category: str) -> None:
        members = [each for each in self.desk.items if each.category == category]
        finished = all(is_signed(each) for each in members if self._fits(each, self.shown))
        self._folded[category] = not self._is_folded(category, finished)
        self._renew()

    def _open(self, key: str) -> None:
        chosen = [each for each in self.desk.items if self._fits(each, self.shown)]
        self._opened = "" if self._opened_key(chosen) == key else key
        self._renew()
