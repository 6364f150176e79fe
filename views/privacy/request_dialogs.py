"""Confirm identity, refuse or withdraw, link with another request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QRadioButton, QWidget

from app.privacy import mutations
from models.privacy.requests import OPEN_STATES, RequestState
from views.privacy.dialog import RequestDialog
from views.privacy.wording import METHODS, TYPES, date_of, state_words

if TYPE_CHECKING:
    from models.privacy.requests import PrivacyRequest
    from views.privacy.desk import PrivacyDesk


class VerifyDialog(RequestDialog):
    """Says whether the person is who they say; nothing is done before, whatever way a request came."""

    def __init__(self, desk: PrivacyDesk, parent: QWidget) -> None:
        hint = "What was looked at; it is kept sealed"
        super().__init__(desk, parent, "Confirm identity", accept="Say so", hint=hint)
        self.say(
            "From here on it is this person's: who is confirmed wrongly gets somebody else's data, or has it erased."
        )
        self.method = QComboBox()
        for method, words in METHODS.items():
            self.method.addItem(words, method)
        self.confirmed = QRadioButton("They are who they say")
        self.failed = QRadioButton("They could not show it; the request goes on waiting")
        self.fields(("How", self.method))
        self.column.addWidget(self.confirmed)
        self.column.addWidget(self.failed)
        self.column.addWidget(self.words)
        self.method.setFocus()

    def submit(self) -> None:
        """Say so."""
        if not self.confirmed.isChecked() and not self.failed.isChecked():
            self.fail("Choose one of the two.", self.confirmed)
            return
        words, method, confirmed = self.checked_words(), self.method.currentData(), self.confirmed.isChecked()
        if words is not None:
            sent, request = self.console.mutations, self.request
            self.send(lambda: mutations.verify(sent, request, method, words, confirmed=confirmed))


class CloseDialog(RequestDialog):
    """Refuses a request, or notes that the person took it back; they are told why."""

    def __init__(self, desk: PrivacyDesk, parent: QWidget) -> None:
        hint = "Why; the person is told these words"
        super().__init__(desk, parent, "Refuse or withdraw", accept="Close it", hint=hint, destructive=True)
        self.say("It is over then, and cannot be opened again. The shop tells the person, with your words.")
        self.withdrawn = QRadioButton("The person has taken it back")
        self.refused = QRadioButton("It is refused: the law does not give them that")
        self.column.addWidget(self.withdrawn)
        self.column.addWidget(self.refused)
        self.column.addWidget(self.words)
        self.withdrawn.setFocus()

    def submit(self) -> None:
        """Close it."""
        if not self.withdrawn.isChecked() and not self.refused.isChecked():
            self.fail("Choose one of the two.", self.withdrawn)
            return
        words = self.checked_words()
        state = RequestState.REFUSED if self.refused.isChecked() else RequestState.WITHDRAWN
        if words is not None:
            self.send(lambda: mutations.close(self.console.mutations, self.request, state, words))


class LinkDialog(RequestDialog):
    """Says that another request is the same person's; each keeps its own proof of identity."""

    def __init__(self, desk: PrivacyDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Link with another request", accept="Link", hint="How you know")
        self.say(
            "The other one is worked on, on the clock of whichever was received first. Nothing is merged: who is "
            "confirmed there is confirmed for that request alone. It can be taken apart again."
        )
        self.other = QComboBox()
        for each in self._others():
            words = f"{each.reference}, received {date_of(each.submitted_at)}, {state_words(each).lower()}"
            self.other.addItem(words, each)
        self.fields((f"Same {TYPES[self.request.type].lower()} as", self.other))
        self.column.addWidget(self.words)
        if not self.other.count():
            self.say("No other request of this kind is open in the list.")
        self.other.setFocus()

    def _others(self) -> list[PrivacyRequest]:
        mine = self.request
        return [
            each
            for each in self.desk.requests
            if each.type is mine.type and each.status in OPEN_STATES and each.request_id != mine.request_id
        ]

    def submit(self) -> None:
        """Link them."""
        other: PrivacyRequest | None = self.other.currentData()
        if other is None:
            self.fail("There is none to link it with.", self.other)
            return
        words = self.checked_words()
        if words is not None:
            self.send(lambda: mutations.link(self.console.mutations, self.request, other, words))
