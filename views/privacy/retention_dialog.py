"""A retention rule switched on, having seen what it would remove, or off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from app.privacy import mutations
from views.privacy.dialog import PrivacyDialog
from views.privacy.retention_panel import preview_words

if TYPE_CHECKING:
    from models.privacy.retention import RetentionRule
    from views.privacy.desk import PrivacyDesk


class RetentionDialog(PrivacyDialog):
    """Names the rows first; the server refuses when there are more by then than one has seen."""

    def __init__(self, desk: PrivacyDesk, rule: RetentionRule, parent: QWidget) -> None:
        on = not rule.enabled
        title = f"{'Switch on' if on else 'Switch off'}: {rule.title}"
        super().__init__(desk, parent, title, accept="Delete daily" if on else "Switch off", destructive=on)
        self.rule = rule
        where = self.console.environment or "this environment"
        if on:
            self.say(
                f"In {where} it {preview_words(rule)} today, and every day what has become {rule.days:,} days old."
            )
            self.say("What a hold keeps stays. What is deleted cannot be brought back.")
        else:
            self.say(f"Nothing of it is deleted any more, however old. Today it {preview_words(rule)}.")
        self.ask_for_words()

    def submit(self) -> None:
        """Switch it."""
        words, enabled = self.checked_words(), not self.rule.enabled
        if words is not None:
            sent, rule = self.console.mutations, self.rule
            self.send(lambda: mutations.set_retention(sent, rule, words, enabled=enabled))
