"""What a backtest or a shadow run found: figures, outcomes, load, rules, what changes, and what a number would do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from models.core.formatting import money
from models.risk.metrics import METRICS, MetricType
from models.risk.wording import condition_words, minutes_words
from views.kit.charts.curve import CurveChart, CurveData
from views.kit.charts.data import ChartData
from views.kit.charts.day_bars import DayBars
from views.kit.theme import current
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable
from views.risk.rules.result_figures import (
    Confusion,
    RuleBars,
    compared_rows,
    comparison_table,
    fit_rows,
    rule_figures,
    sample_columns,
)
from views.risk.rules.value_fields import Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from models.risk.backtest import BacktestResult, Curve
    from models.risk.rules import FraudRule

SIDE_BY_SIDE = 560
"""Least width, at 100 % font, for two squares beside each other."""


class ResultView(QScrollArea):
    """The result as one page to scroll. ``other``: what it is held against, in words."""

    def __init__(self, other: str) -> None:
        super().__init__()
        self.setAccessibleName("Result")
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._other = other
        self._result: BacktestResult | None = None
        self._rules: Mapping[str, FraudRule] = {}
        self._lists: Mapping[str, str] = {}
        self._state: object = None
        self.words = _label()
        self.compared = comparison_table(other.capitalize())
        self.mine, self.theirs = Confusion("these rules"), Confusion(other)
        self._squares = QGridLayout()
        self._beside: bool | None = None
        self._placing = QTimer(self, singleShot=True)
        self._placing.timeout.connect(self._place_squares)
        self._squares.setSpacing(12)
        self.load = DayBars("Entries a day")
        self.load_words = _label()
        self.bars = RuleBars()
        self.changes = RecordTable(
            (
                Column("From", lambda c: str(c.before), 90),
                Column("To", lambda c: str(c.after), 90, stretch=True),
                Column("Orders", lambda c: f"{c.orders:,}", 72, right=True),
                Column("Amount", lambda c: money(c.amount, self.currency), 110, right=True),
                Column("Frauds", lambda c: f"{c.frauds:,}", 72, right=True),
            ),
            "Orders whose recommended action changes",
        )
        self.changed_words = _label()
        self.sides = {
            "appear": Pill("Appear", Look.SELECTED, name="Sample of entries that would appear"),
            "disappear": Pill("Disappear", Look.OUTLINE, name="Sample of entries that would disappear"),
        }
        self._side = "appear"
        for key, pill in self.sides.items():
            pill.clicked.connect(lambda _=False, k=key: self._show_side(k))
        self.sample = RecordTable(sample_columns(other.capitalize()), "Sample of orders")
        self.curve_choice, self.curve, self.curve_words = (
            Choice(),
            CurveChart("What changes if a number moves"),
            _label(),
        )
        self.curve_choice.setAccessibleName("Which number moves")
        self.curve_choice.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.curve_choice.setMinimumContentsLength(24)
        self.curve_choice.currentIndexChanged.connect(lambda _: self._show_curve())
        self._build()

    @property
    def currency(self) -> str:
        """Of the amounts."""
        return self._result.currency if self._result is not None else "EUR"

    def _build(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 8, 12, 16)
        column.setSpacing(6)
        self._headings: list[QLabel] = []

        def section(title: str, *parts: QWidget | QVBoxLayout | QGridLayout | QHBoxLayout) -> None:
            if title:
                heading = QLabel(title)
                heading.setContentsMargins(0, 10, 0, 0)
                self._headings.append(heading)
                column.addWidget(heading)
            for part in parts:
                column.addWidget(part) if isinstance(part, QWidget) else column.addLayout(part)

        sides = QHBoxLayout()
        sides.setSpacing(4)
        for pill in self.sides.values():
            sides.addWidget(pill)
        sides.addStretch(1)
        section("", self.words)
        section("These rules and the others", self.compared)
        section("What they catch and miss", self._squares)
        section("Load on the queue, entries a day", self.load, self.load_words)
        section("Rule by rule", self.bars)
        section("What changes", self.changed_words, self.changes, sides, self.sample)
        section("What if a number moves", self.curve_choice, self.curve, self.curve_words)
        column.addStretch(1)
        self.setWidget(inside)

    # --- showing -------------------------------------------------------------------------------------------------

    def show_result(
        self, result: BacktestResult, rules: Sequence[FraudRule], lists: Mapping[str, str], others: str
    ) -> None:
        """Show a result; ``others`` is what the other set is called."""
        for heading in self._headings:
            current().set_font(heading, 12, 600)
        for label in (self.words, self.load_words, self.changed_words, self.curve_words):
            current().set_font(label, 10)
        state = (result, tuple(rules), dict(lists), others, current().tokens.name, current().px(100))
        if state == self._state:
            return
        self._state, self._result, self._lists = state, result, lists
        self._rules = {rule.rule_id: rule for rule in rules}
        self.words.setText(_summary(result))
        rows = compared_rows(result)
        self.compared.renew_rows(rows)
        fit_rows(self.compared, len(rows))
        self.mine.show_outcomes(result.draft.outcomes)
        self.theirs.show_outcomes(result.published.outcomes, others)
        self._place_squares()
        self._show_load(result, others)
        names = {rule_id: rule.description for rule_id, rule in self._rules.items()}
        self.bars.show_result(rule_figures(result, names))
        self._show_changes(result)
        self._offer_curves(result)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._placing.start(0)  # not now: the layout they stand in may be at work

    def _place_squares(self) -> None:
        beside = self.viewport().width() >= current().px(SIDE_BY_SIDE)
        if beside == self._beside:
            return
        self._beside = beside
        for square in (self.mine, self.theirs):
            self._squares.removeWidget(square)
        for number, square in enumerate((self.mine, self.theirs)):
            self._squares.addWidget(square, 0 if beside else number, number if beside else 0)

    def _show_load(self, result: BacktestResult, others: str) -> None:
        self.load.show_data(load_data(result, others))
        busiest = max(result.load, key=lambda day: day.entries, default=None)
        if busiest is None:
            self.load_words.setText("No order of this period comes into the queue.")
            return
        average = sum(day.entries for day in result.load) / len(result.load)
        self.load_words.setText(
            f"{average:,.1f} entries a day on average, {busiest.entries:,} on the busiest, "
            f"{busiest.day:%a} {busiest.day.day} {busiest.day:%b}; the faint line is {others}."
        )

    def _show_changes(self, result: BacktestResult) -> None:
        found, currency = result.difference, result.currency
        self.changes.renew_rows(list(found.changes))
        fit_rows(self.changes, len(found.changes))
        self.changes.setVisible(bool(found.changes))
        if not found.changes:
            self.changed_words.setText("Nothing changes: every order of the period is decided the same way.")
        else:
            self.changed_words.setText(
                f"{found.appear:,} entries would appear ({money(found.appear_amount, currency)} {currency}, "
                f"{found.appear_frauds:,} frauds), {found.disappear:,} would disappear "
                f"({money(found.disappear_amount, currency)} {currency}, {found.disappear_frauds:,} frauds)."
            )
        for key, count, sample in (
            ("appear", found.appear, found.appear_sample),
            ("disappear", found.disappear, found.disappear_sample),
        ):
            shown = f", {len(sample)} shown" if len(sample) < count else ""
            self.sides[key].set(f"{key.capitalize()} {count:,}{shown}")
            self.sides[key].setVisible(bool(found.changes))
        if not getattr(found, f"{self._side}_sample"):
            self._side = "appear" if found.appear_sample else "disappear" if found.disappear_sample else self._side
        self._show_side(self._side)

    def _show_side(self, key: str) -> None:
        self._side = key
        for name, pill in self.sides.items():
            pill.set(pill.text(), Look.SELECTED if name == key else Look.OUTLINE)
        if self._result is None:
            return
        rows = list(getattr(self._result.difference, f"{key}_sample"))
        self.sample.set_rows(rows)
        fit_rows(self.sample, len(rows))
        self.sample.setVisible(bool(rows))

    def _offer_curves(self, result: BacktestResult) -> None:
        at = self.curve_choice.currentData()
        with QSignalBlocker(self.curve_choice):
            self.curve_choice.clear()
            for number, curve in enumerate(result.curves):
                self.curve_choice.addItem(self._curve_title(curve), number)
            where = self.curve_choice.findData(at)
            self.curve_choice.setCurrentIndex(max(0, where) if result.curves else -1)
        self.curve_choice.setVisible(bool(result.curves))
        every = result.curve_every
        self.curve_words.setText(f"Counted from every {every}th order and all frauds." if every > 1 else "")
        self.curve_words.setVisible(every > 1)
        self._show_curve()

    def _curve_title(self, curve: Curve) -> str:
        rule = self._rules.get(curve.rule_id)
        name = rule.description if rule is not None else curve.rule_id
        conditions = rule.each_condition() if rule is not None else ()
        if curve.condition < len(conditions):
            return f"{name}: {condition_words(conditions[curve.condition], self.currency, self._lists)}"
        return f"{name}: {METRICS[curve.metric].title if curve.metric in METRICS else curve.metric}"

    def _show_curve(self) -> None:
        result, at = self._result, self.curve_choice.currentData()
        if result is None or at is None or at >= len(result.curves):
            self.curve.show_data(None)
            return
        self.curve.show_data(curve_data(result.curves[at], result.currency))


def load_data(result: BacktestResult, others: str) -> ChartData:
    """Entries a day as a chart, the other set's behind; days without an order are gaps no more than zero."""
    by_day = {day.day: day for day in result.load}
    starts: list[float] = []
    values: list[float | None] = []
    previous: list[float | None] = []
    if by_day:
        day, last = min(by_day), max(by_day)
        while day <= last:
            starts.append(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
            found = by_day.get(day)
            values.append(float(found.entries) if found is not None else 0.0)
            previous.append(float(found.published) if found is not None else 0.0)
            day += timedelta(days=1)
    return ChartData(
        starts=tuple(starts),
        ends=tuple(start + 86_400 for start in starts),
        values=tuple(values),
        unit="entries",
        name="these rules",
        previous=tuple(previous),
        previous_name=f"{previous[-1]:,.0f} {others}" if previous else others,
        bars=True,
    )


def curve_data(curve: Curve, currency: str) -> CurveData:
    """A curve of a result as it is drawn."""
    metric = METRICS.get(curve.metric)
    kind = metric.kind if metric is not None else MetricType.NUMBER
    words: Callable[[int], str] = lambda value: f"{value:,}"  # noqa: E731 - one of three
    if kind is MetricType.MONEY:
        words = lambda value: money(value, currency, whole=value >= 1_000)  # noqa: E731
    elif kind is MetricType.MINUTES:
        words = minutes_words
    unit = f", {currency}" if kind is MetricType.MONEY else ""
    return CurveData(
        thresholds=tuple(point.value for point in curve.points),
        first=tuple(point.orders for point in curve.points),
        second=tuple(point.frauds for point in curve.points),
        now=curve.value,
        words=words,
        asked=f"{metric.title if metric is not None else curve.metric}{unit}",
    )


def _summary(result: BacktestResult) -> str:
    frauds = result.draft.outcomes.true_positive + result.draft.outcomes.false_negative
    words = (
        f"{result.orders:,} orders worth {money(result.amount, result.currency)} {result.currency}, {frauds:,} of them "
        "turned out to be fraud."
    )
    if result.unconverted:
        words += f" {result.unconverted:,} had no exchange rate and count as 0 in amounts."
    return words


def _label() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    return label
