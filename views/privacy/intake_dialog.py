"""A request taken in for a person who wrote or called; it waits for proof of identity, as any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from models.privacy import Channel, Jurisdiction
from models.privacy.requests import AccessRequest, RequestType
from views.privacy.dialog import PrivacyDialog
from views.privacy.wording import CHANNELS, LAWS, TYPES

if TYPE_CHECKING:
    from views.privacy.desk import PrivacyDesk


class IntakeDialog(PrivacyDialog):
    """What, by which law, and who they say they are. Sent once; nothing on this computer keeps it."""

    def __init__(self, desk: PrivacyDesk, parent: QWidget) -> None:
        hint = "In their words, if they said more; it is kept sealed"
        super().__init__(desk, parent, "New privacy request", accept="Take it in", hint=hint)
        self.say("Its clock runs from now on. Nothing is done before it is known that they are who they say.")
        self.type, self.law, self.channel = QComboBox(), QComboBox(), QComboBox()
        for combo, known in ((self.type, TYPES), (self.law, LAWS), (self.channel, CHANNELS)):
            for value, words in known.items():
                combo.addItem(words, value)
        self.channel.removeItem(self.channel.findData(Channel.IMPORT))
        self.channel.setCurrentIndex(self.channel.findData(Channel.EMAIL))
        self.user_id, self.email = QLineEdit(), QLineEdit()
        self.email.setPlaceholderText("name@example.com")
        self.fields(
            ("What they ask for", self.type),
            ("Law", self.law),
            ("How it came", self.channel),
            ("Customer id", self.user_id),
            ("E-mail address", self.email),
        )
        self.column.addWidget(self.words)
        self.type.setFocus()

    def submit(self) -> None:
        """Take it in."""
        words = self.checked_words(needed=False)
        given = {
            name: field.text().strip()
            for name, field in (("user_id", self.user_id), ("email", self.email))
            if field.text().strip()
        }
        if words is None:
            return
        if not given:
            self.fail("Give the customer id, the e-mail address or both.", self.email)
            return
        kind, law, channel = self.type.currentData(), self.law.currentData(), self.channel.currentData()

        async def take_in() -> None:
            made = await self.desk.privacy.take_in(
                AccessRequest(
                    type=RequestType(kind), jurisdiction=Jurisdiction(law), channel=channel, reason=words, **given
                )
            )
            self.console.messages.post(f"Took {made.reference} in: it waits for proof of identity.")
            self.desk.choose(made.request_id)

        self.send(take_in)
