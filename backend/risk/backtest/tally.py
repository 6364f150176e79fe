"""Figures out of groups of orders that two sets treat alike: the same for a backtest and for a shadow run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from backend.risk.backtest.sweep import Decided, Group
from models.risk.backtest import (
    ActionChange,
    ActionFigures,
    AgainstOutcomes,
    DayLoad,
    Difference,
    RuleFigures,
    SampleOrder,
    SetFigures,
)
from models.risk.rules import STRENGTH, Action


@dataclass(slots=True)
class _SetSums:
    orders: int = 0
    amount: int = 0
    frauds: int = 0
    fraud_amount: int = 0
    only: int = 0

    def add(self, group: Group, *, fraud: bool) -> None:
        # A fraud is counted twice over: among all orders, and again among the frauds.
        if fraud:
            self.frauds += group.orders
            self.fraud_amount += group.amount
        else:
            self.orders += group.orders
            self.amount += group.amount


@dataclass(slots=True)
class _OneSet:
    actions: defaultdict[Action, _SetSums] = field(default_factory=lambda: defaultdict(_SetSums))
    rules: defaultdict[str, _SetSums] = field(default_factory=lambda: defaultdict(_SetSums))

    def add(self, decided: Decided, group: Group, *, fraud: bool) -> None:
        self.actions[decided.action].add(group, fraud=fraud)
        for rule_id in decided.triggered:
            self.rules[rule_id].add(group, fraud=fraud)
        if not fraud and len(decided.triggered) == 1:
            self.rules[decided.triggered[0]].only += group.orders

    def figures(self, rule_set_id: str | None, number: int | None, rules: tuple[str, ...]) -> SetFigures:
        entries = [self.actions[action] for action in (Action.REVIEW, Action.BLOCK)]
        passed = [self.actions[action] for action in (Action.APPROVE, Action.FLAG)]
        caught, held = sum(each.frauds for each in entries), sum(each.orders for each in entries)
        missed, let_go = sum(each.frauds for each in passed), sum(each.orders for each in passed)
        saved = sum(each.fraud_amount for each in entries)
        wrong, right = max(0, held - caught), max(0, let_go - missed)
        return SetFigures(
            rule_set_id=rule_set_id,
            number=number,
            entries=held,
            actions=tuple(
                ActionFigures(
                    action=action,
                    orders=sums.orders,
                    amount=sums.amount,
                    frauds=sums.frauds,
                    fraud_amount=sums.fraud_amount,
                )
                for action in STRENGTH
                for sums in (self.actions[action],)
            ),
            rules=tuple(
                RuleFigures(
                    rule_id=rule_id,
                    orders=sums.orders,
                    amount=sums.amount,
                    frauds=sums.frauds,
                    fraud_amount=sums.fraud_amount,
                    only=sums.only,
                    precision=ratio(sums.frauds, sums.orders),
                )
                # Rules that never fired are told too; so are those of decisions under earlier sets.
                for rule_id in dict.fromkeys((*rules, *self.rules))
                for sums in (self.rules[rule_id],)
            ),
            outcomes=AgainstOutcomes(
                true_positive=caught,
                false_positive=wrong,
                false_negative=missed,
                true_negative=right,
                precision=ratio(caught, held),
                recall=ratio(caught, caught + missed),
                false_positive_rate=ratio(wrong, wrong + right),
                saved=saved,
                lost=sum(each.fraud_amount for each in passed),
                held=sum(each.amount for each in entries) - saved,
            ),
        )


class Tally:
    """Adds groups up; nothing of a group is kept, so a million different ones cost no memory."""

    def __init__(self) -> None:
        self.orders = 0
        self.amount = 0
        self.unconverted = 0
        self.draft = _OneSet()
        self.published = _OneSet()
        self._changes: defaultdict[tuple[Action, Action], _SetSums] = defaultdict(_SetSums)
        self._appear = _SetSums()
        self._disappear = _SetSums()
        self._days: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])

    def add(self, group: Group, *, fraud: bool = False) -> None:
        """Add a group of all orders, or, with ``fraud``, the part of them that turned out to be fraud."""
        self.draft.add(group.draft, group, fraud=fraud)
        self.published.add(group.published, group, fraud=fraud)
        if group.draft.action is not group.published.action:
            self._changes[group.published.action, group.draft.action].add(group, fraud=fraud)
        if group.draft.entry != group.published.entry:
            (self._appear if group.draft.entry else self._disappear).add(group, fraud=fraud)
        if fraud:
            return
        self.orders += group.orders
        self.amount += group.amount
        self.unconverted += group.unconverted
        if group.day is not None:
            load = self._days[group.day]
            load[0] += group.orders * group.draft.entry
            load[1] += group.orders * group.published.entry

    def difference(self, appear: tuple[SampleOrder, ...], disappear: tuple[SampleOrder, ...]) -> Difference:
        """What changes; with samples of the entries that come and go."""
        return Difference(
            changes=tuple(
                ActionChange(before=before, after=after, orders=sums.orders, amount=sums.amount, frauds=sums.frauds)
                for (before, after), sums in sorted(
                    self._changes.items(), key=lambda item: [STRENGTH[action] for action in item[0]]
                )
            ),
            appear=self._appear.orders,
            appear_amount=self._appear.amount,
            appear_frauds=self._appear.frauds,
            disappear=self._disappear.orders,
            disappear_amount=self._disappear.amount,
            disappear_frauds=self._disappear.frauds,
            appear_sample=appear,
            disappear_sample=disappear,
        )

    def load(self) -> tuple[DayLoad, ...]:
        """Entries a day, oldest first; days without any are left out."""
        return tuple(
            DayLoad(day=day, entries=entries, published=published)
            for day, (entries, published) in sorted(self._days.items())
        )


def ratio(part: int, whole: int) -> float | None:
    """A share; ``None`` when there is nothing to divide by."""
    return part / whole if whole else None
