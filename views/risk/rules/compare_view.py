"""Two versions side by side: what went is struck, what came has a plus; what is the same is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.risk.rule_diff import differences, order_changed
from views.kit.changes import Changes, Line
from views.kit.theme import current
from views.kit.widgets.difference import ChangesView
from views.risk.rules.value_fields import Choice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models.risk.rules import FraudRule, RuleSet, RuleSetSummary


class ComparePage(QWidget):
    """Choose the version before; the chosen set is the one after. ``picked`` asks for another one."""

    picked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Two versions side by side")
        self.before = Choice()
        self.before.setAccessibleName("Version to compare with")
        self.before.currentIndexChanged.connect(lambda _: self.picked.emit(str(self.before.currentData() or "")))
        self.words = QLabel()
        self.words.setWordWrap(True)
        row = QHBoxLayout()
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(8)
        row.addWidget(QLabel("Before"))
        row.addWidget(self.before)
        row.addWidget(self.words, 1)
        self.difference = ChangesView()
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 4, 12, 12)
        column.addWidget(self.difference)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setAccessibleName("Differences")
        self.area.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(row)
        outer.addWidget(self.area, 1)

    def offer(self, sets: Sequence[RuleSetSummary], chosen: str, wanted: str) -> str:
        """Offer the other versions; answers the one that is compared with."""
        others = [each for each in sets if each.rule_set_id != chosen]
        with QSignalBlocker(self.before):
            words = [f"version {each.number}, {each.state} · {each.title}" for each in others]
            if words != [self.before.itemText(n) for n in range(self.before.count())]:
                self.before.clear()
                for text, each in zip(words, others, strict=True):
                    self.before.addItem(text, each.rule_set_id)
            at = self.before.findData(wanted)
            self.before.setCurrentIndex(at if at >= 0 else 0 if others else -1)
        return str(self.before.currentData() or "")

    def show_difference(
        self,
        before: RuleSet | None,
        rules: Sequence[FraudRule] | None,
        currency: str,
        titles: Mapping[str, str],
        problem: str = "",
    ) -> None:
        """Hold ``rules`` against those of ``before``."""
        if before is None or rules is None:
            nothing = "There is no other version to compare with." if not self.before.count() else "Loading…"
            self.words.setText(problem or nothing)
            self.difference.show_changes(Changes(()))
            return
        found, same = differences(before.rules, rules, currency, titles)
        lines: list[Line] = []
        for each in found:
            lines.append(Line("field", f"{each.name}  ({each.rule_id})", None))
            for key in each.changed:
                was = None if each.before is None else f"{key}: {each.before[key]}"
                now = None if each.after is None else f"{key}: {each.after[key]}"
                lines.append(Line("changed", was, now))
        parts = [f"{len(found)} rule{'' if len(found) == 1 else 's'} differ{'s' if len(found) == 1 else ''}"]
        parts.append(f"{same} {'is' if same == 1 else 'are'} the same")
        if order_changed(before.rules, rules):
            parts.append("they stand in another order")
        self.words.setText(", ".join(parts) + ".")
        current().set_font(self.words, 10)
        self.difference.show_changes(Changes(tuple(lines)))
