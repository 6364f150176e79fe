"""Base, mine, theirs: what somebody else changed while a mutation was pending, and which of the two holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QGridLayout, QLabel, QWidget

from app.core.audit_words import actor_name
from app.core.errors import OperationsError
from views.kit.dialogs.base import WindowDialog
from views.kit.theme import current

if TYPE_CHECKING:
    from app.console import Console
    from app.core.outbox import PendingMutation

UNSHOWN = frozenset({"version", "updatedAt", "updatedBy", "evaluatedAt", "id"})
LONGEST = 300


class ConflictDialog(WindowDialog):
    """Three columns, two answers; closing it leaves the choice for later."""

    def __init__(self, console: Console, mutation: PendingMutation, parent: QWidget) -> None:
        super().__init__("Somebody else changed this", parent, reject="Decide later")
        self._console, self.mutation = console, mutation
        self.setMinimumWidth(current().px(640))
        head = QLabel(mutation.title)
        current().set_font(head, 12, 600)
        head.setWordWrap(True)
        self.column.addWidget(head)
        self.who = QLabel(mutation.detail)
        self.who.setWordWrap(True)
        self.column.addWidget(self.who)
        self._table = QWidget()
        self.column.addWidget(self._table)
        self.theirs = self.buttons.addButton("Keep theirs", QDialogButtonBox.ButtonRole.ActionRole)
        self.mine = self.buttons.addButton("Apply mine on top", QDialogButtonBox.ButtonRole.ActionRole)
        self.theirs.clicked.connect(lambda: self._choose(console.mutations.keep_theirs(mutation.key)))
        self.mine.clicked.connect(lambda: self._choose(console.mutations.keep_mine(mutation.key)))
        self._show(mutation)
        self.look(console.tasks, self._look(), "look at the other's change")

    async def _look(self) -> None:
        try:
            self._show(await self._console.mutations.look_at_theirs(self.mutation.key))
        except OperationsError as error:
            self.fail(str(error))

    def _show(self, mutation: PendingMutation) -> None:
        base, theirs = _record(mutation.base), _record(mutation.theirs)
        blocker = self.mine_blocker(theirs) if theirs else "what the other one changed is not known yet"
        self.mine.setEnabled(blocker is None)
        self.mine.setToolTip(blocker or "")
        self.mine.setAccessibleDescription(blocker or "")
        if words := self.who_words(theirs):
            self.who.setText(words)
        rows = self.rows(base, mutation.fields, theirs)
        old, self._table = self._table, QWidget()
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        for column, title in enumerate(("", "As you saw it", "Yours", "Theirs")):
            label = QLabel(title)
            current().set_font(label, 9, 600)
            grid.addWidget(label, 0, column)
        for number, (name, *values) in enumerate(rows, 1):
            grid.addWidget(_cell(name, bold=True), number, 0)
            for column, value in enumerate(values, 1):
                changed = column > 1 and value != values[0]
                grid.addWidget(_cell(value, bold=changed), number, column)
        for column in (1, 2, 3):
            grid.setColumnStretch(column, 1)
        self.column.replaceWidget(old, self._table)
        old.hide()
        old.deleteLater()

    def who_words(self, theirs: dict[str, Any]) -> str:
        """Who changed it first, and when; empty when the record does not say."""
        if not theirs.get("updatedBy"):
            return ""
        other = actor_name(theirs["updatedBy"])
        return f"{other} changed it at {_words(theirs.get('updatedAt'))}. Which one holds?"

    def rows(
        self, base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
    ) -> list[tuple[str, str, str, str]]:
        """What is compared: name, base, mine and theirs. Records with words of their own override it."""
        return three_way(base, mine, theirs)

    def mine_blocker(self, _theirs: dict[str, Any]) -> str | None:
        """Why my change cannot be applied on top of theirs; ``None`` when it can."""
        return None

    def _choose(self, choosing: Any) -> None:
        self.carry_out(self._console.tasks, self._chosen(choosing), "settle a conflict")

    async def _chosen(self, choosing: Any) -> None:
        try:
            await choosing
        except OperationsError as error:
            self.fail(str(error))
        else:
            self.accept()


def three_way(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Rows of name, base, mine and theirs for every field either side changed; what I left alone is as it was."""
    rows = []
    for name in dict.fromkeys((*mine, *theirs)):
        if name in UNSHOWN:
            continue
        was, now = base.get(name), theirs.get(name, base.get(name))
        wanted = mine.get(name, was)
        if wanted != was or now != was:
            rows.append((_name(name), _words(was), _words(wanted), _words(now)))
    return rows


def _record(text: str | None) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def _name(field: str) -> str:
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in field)
    return words[:1].upper() + words[1:]


def _words(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | dict):
        value = ", ".join(map(str, value)) if isinstance(value, list) else json.dumps(value, ensure_ascii=False)
    text = str(value)
    if len(text) >= 19 and text[10:11] == "T" and text[:4].isdigit():
        text = f"{text[:10]} {text[11:19]} UTC"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _cell(text: str, *, bold: bool = False) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    current().set_font(label, 10, 600 if bold else 400)
    label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    return label
