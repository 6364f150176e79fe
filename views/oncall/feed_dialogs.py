"""Calendars for calendar programs, and the zone somebody lives in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLineEdit, QPushButton, QWidget

from app.oncall.domain import OnCall, revoke_feed, set_zone
from models.deliveries.routing import Team
from models.oncall.rosters import FeedRequest
from views.kit.dialogs.base import ROLE, WindowDialog
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current
from views.oncall.fields import ZoneField, paragraph

if TYPE_CHECKING:
    from app.console import Console
    from models.oncall.rosters import Feed, NewFeed
    from views.oncall.desk import Desk

WIDE, PURPOSE_MOST = 560, 100
MINE = "mine"


class FeedDialog(DecidingDialog):
    """Of whom, and what for. The address is shown afterwards, this once."""

    def __init__(self, console: Console, parent: QWidget) -> None:
        super().__init__("New calendar feed", console.tasks, parent, accept="Make it", hint="Why")
        self._console = console
        self.words.setParent(self)
        self.words.hide()
        self.setMinimumWidth(current().px(WIDE))
        self.of = QComboBox()
        self.of.addItem("My shifts", MINE)
        for team in Team:
            self.of.addItem(f"Team {str(team).capitalize()}", team)
        self.purpose = QLineEdit()
        self.purpose.setMaxLength(PURPOSE_MOST)
        self.purpose.setPlaceholderText("The phone, Outlook at the office …")
        form = QFormLayout()
        for label, field in (("Holds", self.of), ("For", self.purpose)):
            field.setAccessibleName(label)
            form.addRow(label, field)
        self.column.addWidget(
            paragraph(
                "Calendar programs cannot sign in, so the address itself is the secret. It is shown this once; whoever "
                "has it can read the shifts, and nothing else, until you switch it off."
            )
        )
        self.column.addLayout(form)
        self.made: NewFeed | None = None
        self.purpose.setFocus()

    def submit(self) -> None:
        """Make it."""
        purpose = self.purpose.text().strip()
        if not purpose:
            self.fail("Say what it is for: that is how you find it again to switch it off.", self.purpose)
            return
        of = self.of.currentData()
        me = self._console.of(OnCall).me()
        request = FeedRequest(person=me, purpose=purpose) if of == MINE else FeedRequest(team=Team(of), purpose=purpose)
        self.send(lambda: self._make(request))

    async def _make(self, request: FeedRequest) -> None:
        self.made = await self._console.of(OnCall).create_feed(request)
        address = f"{self._console.client.base_url}{self.made.path}"
        self.finished.connect(lambda _code: FeedAddressDialog(self._console, address, self.over).open())

    def field_of(self, pointer: str) -> QWidget | None:
        return {"/purpose": self.purpose, "/person": self.of, "/team": self.of}.get(pointer)


class FeedAddressDialog(WindowDialog):
    """The address with its secret, to be copied now."""

    def __init__(self, console: Console, address: str, parent: QWidget) -> None:
        super().__init__("The address of your calendar", parent, reject="Done")
        self._console = console
        self.setMinimumWidth(current().px(WIDE))
        self.address = QLineEdit(address)
        self.address.setReadOnly(True)
        self.address.setAccessibleName("Address of the calendar")
        self.address.setCursorPosition(0)
        self.copy = QPushButton("Copy")
        self.copy.clicked.connect(self._copy)
        row = QHBoxLayout()
        row.addWidget(self.address, 1)
        row.addWidget(self.copy)
        self.column.addWidget(
            paragraph(
                "Subscribe to it in your calendar program. It is not shown again: afterwards only its last four are."
            )
        )
        self.column.addLayout(row)
        self.copy.setFocus()
        done = next(b for b in self.buttons.buttons() if self.buttons.buttonRole(b) is ROLE.RejectRole)
        assert isinstance(done, QPushButton)  # noqa: S101 - a button box holds push buttons
        done.setDefault(False)
        self.copy.setDefault(True)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.address.text())
        self._console.messages.post("The address is copied. Whoever has it can read the shifts.")


class RevokeFeedDialog(DecidingDialog):
    """Its address answers nothing from now on."""

    def __init__(self, console: Console, feed: Feed, parent: QWidget) -> None:
        super().__init__(
            f"Switch off “{feed.purpose}”", console.tasks, parent, accept="Switch off", hint="Why", destructive=True
        )
        self._console, self._feed = console, feed
        self.words.setParent(self)
        self.words.hide()
        where = console.environment or "this environment"
        self.column.addWidget(
            paragraph(
                f"In {where}, the address that ends in {feed.last_four} answers nothing any more, for whoever uses it. "
                "A new calendar has another address."
            )
        )

    def submit(self) -> None:
        """End it."""
        self.send(lambda: revoke_feed(self._console.mutations, self._feed))


class ZoneDialog(DecidingDialog):
    """Where somebody lives: nights and weekends are counted there."""

    def __init__(self, console: Console, desk: Desk, parent: QWidget) -> None:
        super().__init__("My time zone", console.tasks, parent, accept="Set it", hint="Why")
        self._console, self._desk = console, desk
        self.words.setParent(self)
        self.words.hide()
        domain = console.of(OnCall)
        self._me = domain.me()
        sample = domain.load().sample
        mine = next((p.zone for p in sample.value.people if p.person == self._me), "UTC") if sample else "UTC"
        self.zone = ZoneField(mine, "Time zone", [desk.zone])
        form = QFormLayout()
        form.addRow("You live in", self.zone)
        self.column.addWidget(paragraph("Your nights and weekends are counted there. It changes nobody’s shifts."))
        self.column.addLayout(form)
        self.zone.setFocus()

    def submit(self) -> None:
        """Set it."""
        zone = self.zone.zone
        self.send(lambda: set_zone(self._console.mutations, self._me, zone))

    def field_of(self, pointer: str) -> QWidget | None:
        return self.zone if pointer == "/zone" else None
