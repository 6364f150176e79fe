"""Contingency plans: what is done when an item fails, in the order in which it must be decided."""

from __future__ import annotations

from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from app.launch.countdown import offset_words
from models.core.wording import counted
from views.kit.theme import current
from views.launch.launch_panel import LaunchPanel
from views.launch.wording import is_signed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from app.core.query import Query
    from models.launch.checklist import ContingencyPlan, LaunchChecklistItem
    from views.kit.capability import Window


class PlansPanel(LaunchPanel):
    """One plan below the other; those of signed items are grey."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setWordWrap(True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.LinksAccessibleByMouse
        )
        self.text.setContentsMargins(16, 12, 16, 12)
        self.text.setAccessibleName("Contingency plans")
        area = QScrollArea()
        body = QWidget()
        inner = QVBoxLayout(body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.text)
        inner.addStretch(1)
        area.setWidget(body)
        area.setWidgetResizable(True)
        area.setAccessibleName("Contingency plans")
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.state)
        column.addWidget(area, 1)
        self.begin()

    def queries(self) -> Sequence[Query[Any]]:
        found = (self.desk.items_query, self.desk.status_query)
        return [query for query in found if query is not None]

    @property
    def plans(self) -> list[tuple[LaunchChecklistItem, ContingencyPlan]]:
        """Items with their plans, the one to be decided first on top."""
        found = [(each, each.contingency) for each in self.desk.items if each.contingency is not None]
        return sorted(found, key=lambda pair: (is_signed(pair[0]), pair[1].decide_by))

    def about(self) -> str:
        return counted(len(self.plans), "plan", "plans")

    def refresh(self) -> None:
        """Show the newest answer."""
        self.say_state()
        theme, tokens = current(), current().tokens
        theme.set_font(self.text, 10)
        plans = self.plans
        if not plans:
            self.text.setText("No item has a contingency plan." if self.desk.items else "")
            return
        self.text.setText("".join(self._plan(item, plan, tokens.text, tokens.text2) for item, plan in plans))

    def _plan(self, item: LaunchChecklistItem, plan: ContingencyPlan, ink: str, quiet: str) -> str:
        signed = is_signed(item)
        strong = quiet if signed else ink
        at = item.due_date + timedelta(seconds=plan.decide_by - item.due)
        decide = f"Decide by {offset_words(plan.decide_by)}, {at:%H:%M} UTC"
        owner = self._role(plan.owner_role)
        steps = "".join(f"<li>{escape(step)}</li>" for step in plan.steps)
        state = "signed, not needed" if signed else f"item {item.number} is not signed"
        return (
            f'<p style="margin: 0 0 2px 0; color: {strong}"><b>{escape(plan.title)}</b>'
            f'<span style="color: {quiet}">&nbsp;&nbsp;for {item.number}, {escape(item.description)}: {state}</span>'
            "</p>"
            f'<p style="margin: 0; color: {strong}">When {escape(plan.trigger[:1].lower() + plan.trigger[1:])}</p>'
            f'<ol style="margin: 2px 0 2px 0; color: {strong}">{steps}</ol>'
            f'<p style="margin: 0 0 18px 0; color: {quiet}">{decide}, owner {escape(owner)}</p>'
        )

    def _role(self, role: str) -> str:
        launch = self.desk.launch
        names = {each.role: each.name for each in launch.roll} if launch is not None else {}
        return names.get(role, role.replace("-", " ").capitalize())
