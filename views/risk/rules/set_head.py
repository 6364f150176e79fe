"""Which version is shown, what may be done with it, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.risk.rules import publish_reason
from models.core.permissions import Permission
from models.risk.rules import RuleSetState
from views.kit.following_panel import explain
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill

if TYPE_CHECKING:
    from app.console import Console
    from app.risk.rule_draft import OpenDraft
    from models.risk.rules import RuleSetSummary

BUTTONS = {
    "new": ("New draft…", "New draft from this version"),
    "compare": ("Compare", "Compare with another version"),
    "backtest": ("Backtest…", "Backtest of this version"),
    "shadow": ("Start shadow run", "Run this draft beside live traffic"),
    "discard": ("Discard…", "Discard this draft"),
    "publish": ("Publish…", "Publish this version"),
}
SAID = ("publish", "new", "shadow")
"""Whose reasons stand below the buttons as well."""


def state_words(one: RuleSetSummary) -> str:
    """Where a version stands."""
    if one.state is RuleSetState.PUBLISHED:
        return "✔ published"
    return f"{one.state}, in shadow" if one.shadow_since is not None else str(one.state)


def published_words(one: RuleSetSummary) -> str:
    """When it was last published, and by whom."""
    if one.published_at is None:
        return "–"
    return f"{one.published_at.day} {one.published_at:%b %Y %H:%M} by {one.published_by_name or one.published_by}"


class SetHead(QWidget):
    """The head. ``asked`` carries the key of a button."""

    asked = Signal(str)

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self.title, self.line, self.reason = QLabel(), QLabel(), QLabel()
        for label in (self.title, self.line, self.reason):
            label.setWordWrap(True)
        self.buttons: dict[str, Pill] = {}
        row = Flow(margins=False, gap=WIDE_GAP)
        for key, (text, name) in BUTTONS.items():
            pill = self.buttons[key] = Pill(text, Look.PRIMARY if key == "publish" else Look.BUTTON, name=name)
            pill.clicked.connect(lambda _=False, k=key: self.asked.emit(k))
            row.add(pill)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 8)
        column.setSpacing(6)
        for widget in (self.title, self.line, row, self.reason):
            column.addWidget(widget)

    def say(self, title: str, line: str = "") -> None:
        """There is no version to speak of."""
        self.title.setText(title)
        self.line.setText(line)

    def show_set(self, draft: OpenDraft, *, comparing: bool, versions: int) -> None:
        """Say everything about the chosen version."""
        theme, one = current(), draft.one
        theme.set_font(self.title, 14, 600)
        theme.set_font(self.line, 9)
        theme.set_font(self.reason, 9)
        is_draft = one is not None and one.state is RuleSetState.DRAFT
        if one is not None:
            self.title.setText(f"Version {one.number}: {draft.work.title if draft.work is not None else one.title}")
            self.line.setText(" · ".join(_head_words(one)))
        reasons = self.reasons(draft, versions)
        for key, pill in self.buttons.items():
            explain(pill, reasons[key])
        shadowed, back = one is not None and one.shadow_since is not None, one is not None and not is_draft
        self.buttons["shadow"].set("End shadow run" if shadowed else "Start shadow run")
        self.buttons["backtest"].set("Backtest of the saved draft…" if draft.dirty else "Backtest…")
        self.buttons["publish"].set("Roll back to this…" if back else "Publish…")
        self.buttons["compare"].set("Back to the rules" if comparing else "Compare")
        for key in ("shadow", "discard"):
            self.buttons[key].setVisible(is_draft)
        self.buttons["publish"].setVisible(one is not None and one.state is not RuleSetState.PUBLISHED)
        for key in ("new", "compare", "backtest"):
            self.buttons[key].setVisible(one is not None or key == "new")
        reason_lines = [
            f"{self.buttons[key].text().rstrip('…')}: {reasons[key]}."
            for key in SAID
            if reasons[key] and self.buttons[key].isVisibleTo(self)
        ]
        self.reason.setText("  ".join(reason_lines))
        self.reason.setVisible(bool(reason_lines))

    def reasons(self, draft: OpenDraft, versions: int) -> dict[str, str | None]:
        """Why each cannot be done now; ``None`` when it can."""
        one, manage = draft.one, self._console.write_blocker(Permission.MANAGE_RISK_RULES, irreversible=True)
        none = "choose a version first" if one is None else None
        empty = "it has no rules" if one is not None and one.rule_count == 0 else None
        return {
            "new": manage,
            "compare": none or ("there is no other version" if versions < 2 else None),
            "backtest": none or empty,
            "shadow": none or manage or empty,
            "discard": none or manage,
            "publish": none if one is None else publish_reason(self._console, one, dirty=draft.dirty),
        }


def _head_words(one: RuleSetSummary) -> list[str]:
    parts = [state_words(one), f"by {one.author_name}", f"changed {one.updated_at.day} {one.updated_at:%b %H:%M} UTC"]
    if one.state is RuleSetState.DRAFT:
        parts.append("backtest done" if one.backtest_id is not None else "no backtest of these rules yet")
        if one.shadow_since is not None or one.shadow_orders:
            parts.append(f"{one.shadow_orders:,} orders seen in shadow")
    if one.published_at is not None:
        parts.append(f"published {published_words(one)}")
    return parts


class SaveBar(QWidget):
    """How safe the changes are; ``asked`` carries ``save``, ``throw`` or ``choose``."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setAccessibleName("Unsaved changes")
        self.save = Pill("Save draft", Look.PRIMARY, name="Save the draft")
        self.throw = Pill("Throw away", Look.BUTTON, name="Throw away what is not saved")
        self.choose = Pill("Compare both…", Look.BUTTON, name="Choose which of the two changes holds")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(8)
        row.addWidget(self.words, 1)
        for key, pill in (("choose", self.choose), ("throw", self.throw), ("save", self.save)):
            pill.clicked.connect(lambda _=False, k=key: self.asked.emit(k))
            row.addWidget(pill)

    def show_draft(self, draft: OpenDraft) -> None:
        """Say it; hidden while there is nothing to say."""
        words, conflict = draft.words, draft.conflict
        current().set_font(self.words, 10, 600 if words.startswith(("!", "≠")) else 400)
        self.words.setText(words)
        self.setVisible(bool(words))
        self.choose.setVisible(conflict is not None)
        for pill in (self.save, self.throw):
            pill.setVisible(draft.dirty and conflict is None)
        explain(self.save, "it is being saved" if draft.saving else draft.edit_blocker)
        explain(self.throw, "it is being saved" if draft.saving else None)
