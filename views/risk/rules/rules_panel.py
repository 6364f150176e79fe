"""Rules: versions above, the rules of the chosen one below, and their editor while it is a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app.core.errors import OperationsError
from app.risk.rule_draft import OpenDraft
from app.risk.rules import RiskRules, publish_reason, shadow, titles
from models.core.permissions import Permission
from models.risk.rules import RULES_MOST, RuleSetState
from views.kit.following_panel import explain
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable
from views.risk.rules.compare_view import ComparePage
from views.risk.rules.following_query import FollowingRules
from views.risk.rules.rule_form import RuleForm
from views.risk.rules.rule_table import RuleTable, rows_of
from views.risk.rules.set_head import SaveBar, SetHead, published_words, state_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.console import Console
    from app.core.query import Query
    from models.risk.rules import FraudRule, RiskList, RuleSet, RuleSetSummary

WAITING = "Waiting for the first answer…"


class RulesPanel(FollowingRules):
    """The panel. ``backtest_asked`` carries the version that is to be replayed."""

    backtest_asked = Signal(object)

    def __init__(self, console: Console) -> None:
        super().__init__(console, (Permission.VIEW_RISK_QUEUE,))
        self.rules, self.draft = console.of(RiskRules), OpenDraft(console)
        self._sets, self._lists, self._breakers = self.rules.sets(), self.rules.lists(), self.rules.breakers()
        self._set: Query[RuleSet] | None = None
        self._before: Query[RuleSet] | None = None
        self._compared = ""
        self._make()
        self.draft.changed.connect(self._renew)
        self.draft.matches.changed.connect(self._renew)
        console.mutations.changed.connect(self._renew)
        self.use(self._sets, self._lists, self._breakers)

    # --- building ------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        self.versions = RecordTable(
            (
                Column("No.", lambda one: str(one.number), 44, right=True),
                Column("Title", lambda one: one.title, 180, stretch=True),
                Column("State", state_words, 128),
                Column("Rules", lambda one: str(one.rule_count), 52, right=True),
                Column("Author", lambda one: one.author_name, 120),
                Column("Last published, UTC", published_words, 200, stretch=True),
            ),
            "Versions of the rules",
        )
        self.versions.selectionModel().currentRowChanged.connect(lambda *_: self._version_chosen())
        self.head, self.bar = SetHead(self.console), SaveBar()
        self.head.asked.connect(self._do)
        self.bar.asked.connect(self._do)
        self.table, self.form, self.compare = RuleTable(), RuleForm(), ComparePage()
        self.table.chosen.connect(lambda _row: self._show_rule())
        self.table.opened.connect(lambda _row: self.form.name.setFocus())
        self.table.moved.connect(self._move)
        self.form.changed.connect(self._changed)
        self.compare.picked.connect(self._compare_with)
        self.editing = QWidget()
        _stacked(self.editing, self._tools(), self.form)
        split = _splitter(self.table, self.editing)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        split.setSizes([current().px(260), current().px(390)])
        self.stack = QStackedWidget()
        self.stack.addWidget(split)
        self.stack.addWidget(self.compare)
        below = QWidget()
        _stacked(below, self.head, self.bar, self.stack)
        outer = _splitter(self.versions, below)
        outer.setStretchFactor(0, 0)
        outer.setStretchFactor(1, 1)
        outer.setSizes([current().px(132), current().px(700)])
        _stacked(self.content, outer)

    def _tools(self) -> QWidget:
        bar = Flow(gap=WIDE_GAP)
        bar.setContentsMargins(12, 6, 12, 2)
        self.tools: dict[str, Pill] = {}
        for key, text, name, run in (
            ("add", "Add rule", "Add a rule below the chosen one", self._add),
            ("copy", "Copy", "Copy the chosen rule", self._copy),
            ("up", "▲", "Move the chosen rule up", lambda: self._move(-1)),
            ("down", "▼", "Move the chosen rule down", lambda: self._move(1)),
            ("remove", "Remove", "Remove the chosen rule", self._remove),
        ):
            pill = self.tools[key] = Pill(text, Look.BUTTON, name=name)
            pill.clicked.connect(run)
            bar.add(pill)
        return bar

    def _do(self, key: str) -> None:
        {
            "new": self.new_draft,
            "compare": self._toggle_compare,
            "backtest": lambda: self._of_saved("backtest", lambda: self.backtest_asked.emit(self.draft.one)),
            "shadow": lambda: self._of_saved("shadow run", self._shadow),
            "discard": self._discard,
            "publish": self.publish,
            "save": self.draft.save,
            "throw": self.draft.throw_away,
            "choose": self._open_conflict,
        }[key]()

    # --- showing -------------------------------------------------------------------------------------------------

    def choose_set(self, rule_set_id: str) -> None:
        """Show a version."""
        if rule_set_id == self.draft.rule_set_id:
            return
        self.draft.choose(rule_set_id)
        fresh = self.rules.rule_set(rule_set_id)
        if self._set is not self._before:
            self.follow(self._set, None)
        self._set = fresh
        self.follow(None, fresh)
        self._renew()

    def _version_chosen(self) -> None:
        index, rows = self.versions.currentIndex(), self.versions.records.rows
        if index.isValid() and index.row() < len(rows):
            self.choose_set(rows[index.row()].rule_set_id)

    @property
    def lists_known(self) -> tuple[RiskList, ...]:
        """The named lists, as far as they were heard of."""
        return self._lists.sample.value if self._lists.sample is not None else ()

    def _shown_rules(self) -> list[FraudRule]:
        work, known = self.draft.work, self.draft.known
        return list(work.rules) if work is not None else list(known.rules) if known is not None else []

    def refresh(self) -> None:
        """Show what is known."""
        self.table.restyle()
        self.versions.setMinimumHeight(current().px(112))
        sample = self._sets.sample
        rows: list[RuleSetSummary] = []
        if sample is not None:
            rows = [one for one in sample.value if one.state is not RuleSetState.DISCARDED]
        if list(self.versions.records.rows) != rows:
            self.versions.renew_rows(rows)
        chosen = self.draft.rule_set_id
        if rows and all(one.rule_set_id != chosen for one in rows):
            first = next((one for one in rows if one.state is RuleSetState.PUBLISHED), rows[0])
            self.choose_set(first.rule_set_id)
            return
        at = next((n for n, one in enumerate(rows) if one.rule_set_id == chosen), -1)
        if at >= 0 and self.versions.currentIndex().row() != at:
            self.versions.selectRow(at)
        found = self._set.sample if self._set is not None else None
        kept = found is not None and found.received_mono is None
        self.draft.show(rows[at] if at >= 0 else None, found.value if found is not None else None, kept=kept)
        self._show_head(empty=sample is not None and not rows)
        self._show_rules()
        if self.stack.currentIndex():
            self._show_compare()

    def _show_head(self, *, empty: bool) -> None:
        if self.draft.one is None:
            error = self._sets.error
            failed = error is not None and self._sets.sample is None
            words = f"The rules cannot be read: {error}" if failed else WAITING
            self.head.say("There are no rules yet." if empty else words, "Every order is approved." if empty else "")
        comparing = bool(self.stack.currentIndex())
        self.head.show_set(self.draft, comparing=comparing, versions=len(self.versions.records.rows))
        self.bar.show_draft(self.draft)

    def _show_rules(self) -> None:
        draft, rules = self.draft, self._shown_rules()
        held: dict[str, str] = {}
        if draft.one is not None and draft.one.state is RuleSetState.PUBLISHED and self._breakers.sample is not None:
            held = {breaker.rule_id: breaker.words for breaker in self._breakers.sample.value}
        counts, base = None, None
        if draft.work is not None:
            found = draft.matches.found if draft.matches.current else None
            counts = {match.rule_id: match.orders for match in found.rules} if found is not None else {}
            base = draft.work.base.rules
        at = max(self.table.currentIndex().row(), 0)
        rows = rows_of(rules, self.currency, dict(titles(self.lists_known)), held, counts, base)
        self.table.show_rows(rows, held)
        if rules and not 0 <= self.table.currentIndex().row() < len(rules):
            self.table.choose(min(at, len(rules) - 1))
        self.editing.setVisible(draft.work is not None and draft.edit_blocker is None)
        if draft.work is not None and rules and self.console.link.state == "up":
            draft.matches.ask(tuple(rules))
        self._show_rule()

    def _show_rule(self) -> None:
        work, at = self.draft.work, self.table.currentIndex().row()
        usable = work is not None and 0 <= at < len(work.rules)
        self.form.setVisible(usable)
        no_rule = None if usable else "choose a rule first"
        full = f"a set has at most {RULES_MOST} rules" if work is not None and len(work.rules) >= RULES_MOST else None
        last = work is not None and at >= len(work.rules) - 1
        explain(self.tools["add"], full)
        explain(self.tools["copy"], full or no_rule)
        explain(self.tools["remove"], no_rule)
        explain(self.tools["up"], no_rule or ("it is the first" if at <= 0 else None))
        explain(self.tools["down"], no_rule or ("it is the last" if last else None))
        if usable and work is not None:
            self.form.show_rule(work.rules[at], self.currency, self.lists_known)
            found = self.draft.matches.found if self.draft.matches.current else None
            mine = next((m for m in found.rules if m.rule_id == work.rules[at].rule_id), None) if found else None
            is_connected = self.console.link.state == "up"
            problem = self.draft.matches.problem if is_connected else "the server cannot be heard"
            self.form.say_matches(mine, found.orders if found is not None else 0, problem)

    # --- editing -------------------------------------------------------------------------------------------------

    def _edited(self, at: int) -> None:
        self.draft.edited()
        self.table.choose(at)

    def _changed(self, fields: dict[str, object]) -> None:
        work, at = self.draft.work, self.table.currentIndex().row()
        if work is not None and 0 <= at < len(work.rules):
            work.change(at, **fields)
            self._edited(at)

    def _add(self) -> None:
        if self.draft.work is not None:
            self._edited(self.draft.work.add(self.table.currentIndex().row() + 1))
            self.form.name.setFocus()
            self.form.name.selectAll()

    def _copy(self) -> None:
        if self.draft.work is not None:
            self._edited(self.draft.work.copy(self.table.currentIndex().row()))

    def _remove(self) -> None:
        if (work := self.draft.work) is not None:
            at = self.table.currentIndex().row()
            work.remove(at)
            self._edited(min(at, len(work.rules) - 1))

    def _move(self, by: int) -> None:
        work, at = self.draft.work, self.table.currentIndex().row()
        if work is not None and self.draft.edit_blocker is None and 0 <= at < len(work.rules):
            self._edited(work.move(at, by))

    def _open_conflict(self) -> None:
        from views.kit.dialogs.conflict import ConflictDialog

        if (conflict := self.draft.conflict) is not None:
            ConflictDialog(self.console, conflict, self.widget.window()).open()

    # --- what is done with a version -----------------------------------------------------------------------------

    def publish_blocker(self) -> str | None:
        """Why the chosen version cannot be published now, in words; ``None`` when it can."""
        one = self.draft.one
        return "choose a version first" if one is None else publish_reason(self.console, one, dirty=self.draft.dirty)

    def new_draft(self) -> None:
        """Ask what to call it."""
        from views.risk.rules.dialogs import NewDraftDialog

        if self.console.write_blocker(Permission.MANAGE_RISK_RULES, irreversible=True) is None:
            NewDraftDialog(self.console, self.draft.one, self._show_new, self.widget.window()).open()

    async def _show_new(self, rule_set_id: str) -> None:
        await self._sets.refresh()
        if self._sets.sample is None or all(one.rule_set_id != rule_set_id for one in self._sets.sample.value):
            await self._sets.refresh()  # that answer was on its way already when the draft was made
        self.choose_set(rule_set_id)

    def _discard(self) -> None:
        from views.risk.rules.dialogs import DiscardDialog

        if (one := self.draft.one) is not None:
            DiscardDialog(self.console, one, self.widget.window()).open()

    def publish(self) -> None:
        """Ask for the reason, then publish the chosen version."""
        from views.risk.rules.dialogs import PublishDialog

        one = self.draft.one
        if one is not None and self.publish_blocker() is None:
            now = next((each for each in self.versions.records.rows if each.state is RuleSetState.PUBLISHED), None)
            PublishDialog(self.console, one, now, self.widget.window()).open()

    def _of_saved(self, what: str, go_on: Callable[[], object]) -> None:
        """Do what is done with the saved draft; with changes that are not saved, ask what becomes of them."""
        from views.risk.rules.dialogs import SaveFirstDialog

        if self.draft.dirty:
            tasks, window = self.console.tasks, self.widget.window()
            SaveFirstDialog(what, self.draft.save_now, go_on, tasks, window).open()
        else:
            go_on()

    def _shadow(self) -> None:
        if (one := self.draft.one) is not None:
            self.console.tasks.start(self._switch(one), name="shadow run")

    async def _switch(self, one: RuleSetSummary) -> None:
        try:
            await shadow(self.console.mutations, one, on=one.shadow_since is None)
        except OperationsError as error:
            self.console.messages.post(f"Shadow run not changed: {error}", "error")

    # --- two versions --------------------------------------------------------------------------------------------

    def _toggle_compare(self) -> None:
        self.stack.setCurrentIndex(0 if self.stack.currentIndex() else 1)
        self.refresh()

    def _compare_with(self, rule_set_id: str) -> None:
        self._compared = rule_set_id
        self.refresh()

    def _show_compare(self) -> None:
        one, rows = self.draft.one, self.versions.records.rows
        wanted = self._compared or (one.based_on or "" if one is not None else "")
        before_id = self.compare.offer(rows, self.draft.rule_set_id, wanted)
        fresh = self.rules.rule_set(before_id) if before_id else None
        if fresh is not self._before:
            if self._before is not self._set:
                self.follow(self._before, None)
            self._before = fresh
            self.follow(None, fresh)
        sample = fresh.sample if fresh is not None else None
        error = fresh.error if fresh is not None and sample is None else None
        self.compare.show_difference(
            sample.value if sample is not None else None,
            self._shown_rules() if self.draft.known is not None else None,
            self.currency,
            titles(self.lists_known),
            f"It cannot be read: {error}" if error is not None else "",
        )


def _stacked(owner: QWidget, *parts: QWidget) -> None:
    """Parts below each other without gaps; the last one takes what room there is."""
    column = QVBoxLayout(owner)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for number, part in enumerate(parts, 1):
        column.addWidget(part, 1 if number == len(parts) else 0)


def _splitter(*parts: QWidget) -> QSplitter:
    found = QSplitter(Qt.Orientation.Vertical)
    found.setChildrenCollapsible(False)
    for part in parts:
        found.addWidget(part)
    return found
