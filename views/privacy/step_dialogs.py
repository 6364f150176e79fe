"""One step: done by hand, or gone on without; and the switch that has all runs stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from app.privacy import mutations
from views.privacy.dialog import PrivacyDialog, RequestDialog
from views.privacy.wording import day, who

if TYPE_CHECKING:
    from models.privacy.graph import RequestNode
    from views.privacy.desk import PrivacyDesk


def _node(desk: PrivacyDesk) -> RequestNode:
    step = desk.step
    assert step is not None  # noqa: S101 - the action is disabled without one
    assert step.node is not None  # noqa: S101 - as above
    return step.node


class CompleteDialog(RequestDialog):
    """Says that a step by hand is done."""

    def __init__(self, desk: PrivacyDesk, parent: QWidget) -> None:
        self.node = _node(desk)
        hint = "What was done; it is kept sealed"
        super().__init__(desk, parent, f"{self.node.title} is done", accept="It is done", hint=hint)
        self.say("The request goes on from here, and the receipt says that a person did this step.")
        self.ask_for_words()

    def submit(self) -> None:
        """Say so."""
        words = self.checked_words()
        if words is not None:
            self.send(lambda: mutations.complete(self.console.mutations, self.request, self.node, words))


class SkipDialog(RequestDialog):
    """Goes on without a step: one asks, another one decides."""

    def __init__(self, desk: PrivacyDesk, parent: QWidget) -> None:
        self.node = _node(desk)
        asked = self.node.skip_asked_by
        accept = "Skip it" if asked else "Ask to skip it"
        super().__init__(desk, parent, f"Skip {self.node.title}", accept=accept, destructive=bool(asked))
        if asked:
            self.say(
                f"{self.node.skip_asked_by_name} has asked for it. With your yes it is skipped for good, and the "
                "receipt says so."
            )
        else:
            self.say("Somebody else has to agree. The person's data stays in this system, and the receipt says so.")
        self.ask_for_words()

    def submit(self) -> None:
        """Ask, or decide."""
        words = self.checked_words()
        if words is not None:
            self.send(lambda: mutations.skip(self.console.mutations, self.request, self.node, words))


class SwitchDialog(PrivacyDialog):
    """Stops all runs between two steps, or lets them go on."""

    def __init__(self, desk: PrivacyDesk, parent: QWidget) -> None:
        switch = desk.switch
        assert switch is not None  # noqa: S101 - the action is disabled without it
        self.switch = switch
        self.paused = switch.paused_at is not None
        title, accept = ("Let all runs go on", "Go on") if self.paused else ("Pause all runs", "Pause all")
        super().__init__(desk, parent, title, accept=accept)
        if switch.paused_at is not None:
            self.say(f"Paused by {who(switch.paused_by_name)} since {day(switch.paused_at)} UTC.")
        else:
            self.say("Steps that run come to the end of their batch; no other begins. The clocks of the law go on.")
        self.ask_for_words()

    def submit(self) -> None:
        """Turn it."""
        words, paused = self.checked_words(), not self.paused
        if words is not None:
            self.send(lambda: mutations.set_switch(self.console.mutations, self.switch, words, paused=paused))
