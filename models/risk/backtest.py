"""What a rule set does, before it is published: matches while editing, differences, backtests, shadow runs."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.core.base import Count, EventInstant, Identifier, Instant, Integer, Minor, Number, Record, Request, Version
from models.core.personal import PERSONAL
from models.risk.metrics import Operator
from models.risk.rules import Action, FraudRule, Rules, each_once

MATCH_ORDERS = 1_000
"""So many of the newest orders are looked at while somebody edits."""
SAMPLE_MOST = 100
LONGEST_DAYS = 1_100

# --- while editing -------------------------------------------------------------------------------------------------


class MatchRules(Request):
    """How many of the newest orders do these rules match? Either several rules or one."""

    rules: Rules | None = None
    rule: FraudRule | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.rules is None) == (self.rule is None):
            raise ValueError("give either rules or rule")
        each_once(self.rules or ())
        return self

    @property
    def all_rules(self) -> tuple[FraudRule, ...]:
        """The rules, however they were given."""
        return self.rules or ((self.rule,) if self.rule is not None else ())


class RuleMatch(Record):
    """How many of the orders a rule matches, and each of its conditions alone."""

    rule_id: str
    orders: Count
    conditions: tuple[Count, ...]
    """In the order in which the rule states them, those of groups in their place."""


class RuleMatches(Record):
    """How many of the newest orders match. Lists are asked as they are now; snoozes and breakers are left out."""

    orders: Count
    """Orders looked at, at most 1 000."""
    matched: Count
    """Orders that at least one enabled rule matches."""
    rules: tuple[RuleMatch, ...]
    as_of: Instant


# --- two sets ------------------------------------------------------------------------------------------------------


class RuleChange(Record):
    """A rule that both sets have, and that is not the same in both."""

    rule_id: str
    before: FraudRule
    after: FraudRule
    words: Annotated[tuple[str, ...], PERSONAL]
    """What is different, a sentence each, with the values that are compared."""


class RuleSetDifference(Record):
    """What becomes of one set when the other takes its place."""

    before_id: Identifier
    before_number: Count
    after_id: Identifier
    after_number: Count
    added: tuple[FraudRule, ...]
    removed: tuple[FraudRule, ...]
    changed: tuple[RuleChange, ...]


# --- backtests -----------------------------------------------------------------------------------------------------


class BacktestCircumstances(StrEnum):
    """What besides the orders' own values a replay goes by."""

    RECORDED = "recorded"
    """Lists, snoozes and breakers as they were when each order became known."""
    TODAY = "today"
    """Lists as they are now; no snooze, no breaker."""


class BacktestState(StrEnum):
    """Where a backtest stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class BacktestDraft(Request):
    """Replay a rule set, or rules that are not stored, over the orders of a period."""

    rule_set_id: Identifier | None = None
    rules: Rules | None = None
    days: Literal[7, 30, 90] | None = None
    """The days that end now."""
    from_: Annotated[EventInstant | None, Field(alias="from")] = None
    to: EventInstant | None = None
    """Or the orders placed after ``from``, up to and including ``to``."""
    circumstances: BacktestCircumstances = BacktestCircumstances.RECORDED

    @model_validator(mode="after")
    def _says_what_and_when(self) -> Self:
        if (self.rule_set_id is None) == (self.rules is None):
            raise ValueError("give either ruleSetId or rules")
        each_once(self.rules or ())
        if self.from_ is None or self.to is None:
            if self.days is None or self.from_ is not None or self.to is not None:
                raise ValueError("give either days or both from and to")
        elif self.days is not None:
            raise ValueError("give either days or both from and to")
        elif not self.from_ < self.to <= self.from_ + timedelta(days=LONGEST_DAYS):
            raise ValueError(f"to lies behind from, by at most {LONGEST_DAYS} days")
        return self


class ActionFigures(Record):
    """Orders for which a set recommends an action. Amounts are in minor units of the reporting currency."""

    action: Action
    orders: Count
    amount: Minor
    frauds: Count
    fraud_amount: Minor


class RuleFigures(Record):
    """Orders for which a rule fires."""

    rule_id: str
    orders: Count
    amount: Minor
    frauds: Count
    fraud_amount: Minor
    only: Count
    """Orders for which no other rule fires: what is lost without it."""
    precision: Number | None = None
    """Share of frauds among them, 0 to 1."""


class AgainstOutcomes(Record):
    """What review and block catch, held against chargebacks, disputes and refunds as fraud that came in later."""

    true_positive: Count
    false_positive: Count
    false_negative: Count
    true_negative: Count
    precision: Number | None
    recall: Number | None
    false_positive_rate: Number | None
    """Shares, 0 to 1; ``None`` when there is nothing to divide by."""
    saved: Minor
    """Worth of the frauds it catches."""
    lost: Minor
    """Worth of the frauds it lets pass."""
    held: Minor
    """Worth of the honest orders it holds up."""


class SetFigures(Record):
    """What one set does to the orders of the period."""

    rule_set_id: Identifier | None
    number: Count | None
    """``None`` for rules that are not stored."""
    entries: Count
    """Orders that come into the queue: review and block."""
    actions: tuple[ActionFigures, ...]
    rules: tuple[RuleFigures, ...]
    outcomes: AgainstOutcomes


class SampleOrder(Record):
    """An order of which the two sets think differently."""

    order_id: Identifier
    placed_at: Instant
    currency: str
    minor: Minor
    action: Action
    score: Count
    triggered: tuple[str, ...]
    other_action: Action
    """What the published set says."""
    other_score: Count
    other_triggered: tuple[str, ...]
    fraud: bool


class ActionChange(Record):
    """Orders whose recommended action changes."""

    before: Action
    after: Action
    orders: Count
    amount: Minor
    frauds: Count


class Difference(Record):
    """What changes when the set takes the published one's place."""

    changes: tuple[ActionChange, ...]
    appear: Count
    """Entries that would come into the queue."""
    appear_amount: Minor
    appear_frauds: Count
    disappear: Count
    disappear_amount: Minor
    disappear_frauds: Count
    appear_sample: tuple[SampleOrder, ...] = ()
    disappear_sample: tuple[SampleOrder, ...] = ()
    """Newest first, at most 100 each."""


class DayLoad(Record):
    """Entries that come into the queue on a day (UTC)."""

    day: date
    entries: Count
    published: Count


class CurvePoint(Record):
    """Orders a rule matches when a number in it is this one."""

    value: Integer
    orders: Count
    frauds: Count


class Curve(Record):
    """How a rule answers when one number in it moves, everything else in it as it is."""

    rule_id: str
    condition: Count
    """Which of the rule's conditions, from 0, those of groups in their place."""
    metric: str
    operator: Operator
    value: Integer
    points: tuple[CurvePoint, ...]


class BacktestResult(Record):
    """What a replay found. Of a shadow run likewise, with what was decided in the place of the published set."""

    from_: Annotated[Instant | None, Field(alias="from")]
    to: Instant
    orders: Count
    amount: Minor
    unconverted: Count
    """Orders whose worth in the reporting currency is not known; they count as 0 in amounts."""
    currency: str
    draft: SetFigures
    published: SetFigures
    difference: Difference
    load: tuple[DayLoad, ...]
    curves: tuple[Curve, ...] = ()
    curve_every: Count = 1
    """Curves look at every so-many-th order, and at every fraud; their counts are multiplied accordingly."""


class BacktestSummary(Record):
    """A backtest without its result."""

    backtest_id: Identifier
    rule_set_id: Identifier | None
    rule_set_number: Count | None
    rule_set_title: str | None
    outdated: bool
    """The set's rules have changed since."""
    from_: Annotated[Instant, Field(alias="from")]
    to: Instant
    circumstances: BacktestCircumstances
    state: BacktestState
    progress: Number
    """0 to 1."""
    problem: str | None
    asked_by: str
    asked_by_name: str
    created_at: Instant
    begun_at: Instant | None
    ended_at: Instant | None
    version: Version


class Backtest(BacktestSummary):
    """A backtest."""

    rules: tuple[FraudRule, ...]
    result: BacktestResult | None


class ShadowSwitch(Request):
    """Run a draft beside live traffic, or end that. Needs ``If-Match``."""

    on: bool


class ShadowRun(Record):
    """What a draft would have decided beside live traffic."""

    rule_set_id: Identifier
    since: Instant | None
    """``None`` when it does not run now."""
    orders: Count
    result: BacktestResult
    as_of: Instant
