"""An erasure needs a second person: ask for their yes, and give it or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from app.privacy import mutations
from views.privacy.dialog import RequestDialog

if TYPE_CHECKING:
    from views.privacy.desk import PrivacyDesk

WHAT = "Everything about the person is erased in every system; what the law has us keep is named in the certificate."


class AskDialog(RequestDialog):
    """Asks somebody else to agree."""

    def __init__(self, desk: PrivacyDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Ask for approval", accept="Ask")
        self.say(f"{WHAT} Somebody else agrees first, and 72 hours pass in which it can still be taken back.")
        self.ask_for_words()

    def submit(self) -> None:
        """Ask."""
        words = self.checked_words()
        if words is not None:
            self.send(lambda: mutations.ask_approval(self.console.mutations, self.request, words))


class ApproveDialog(RequestDialog):
    """Agrees to an erasure."""

    approve, accept_words, hint = True, "Approve the erasure", "Why, if there is something to say"

    def __init__(self, desk: PrivacyDesk, parent: QWidget) -> None:
        approval = desk.approval
        assert approval is not None  # noqa: S101 - its action is disabled without one
        title = "Approve the erasure" if self.approve else "Deny the erasure"
        super().__init__(desk, parent, title, accept=self.accept_words, hint=self.hint, destructive=True)
        self.approval = approval
        where = self.console.environment or "this environment"
        self.say(f"In {where}: {WHAT}" if self.approve else "It stays as it is, and waits for approval again.")
        self.say(f"{approval.requested_by_name} asks: {approval.reason}")
        if self.approve:
            self.say(
                "It begins 72 hours from now; until then it can be refused or withdrawn. After that nothing brings it "
                "back."
            )
        self.ask_for_words()

    def submit(self) -> None:
        """Decide."""
        words = self.checked_words(needed=not self.approve)
        if words is not None:
            sent, request, approval, approve = self.console.mutations, self.request, self.approval, self.approve
            self.send(lambda: mutations.decide(sent, request, approval, words, approve=approve))


class DenyDialog(ApproveDialog):
    """Does not agree to an erasure."""

    approve, accept_words, hint = False, "Deny", "Why; whoever asked reads it"
