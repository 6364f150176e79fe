"""Write or change a draft of an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from app.analytics import changes
from models.analytics import EventContent, EventSchemaDraft
from views.analytics.dialogs import labelled, paragraph
from views.analytics.property_form import PropertyError, PropertyForm
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.console import Console
    from models.analytics import EventSchemaDefinition

WIDE = 860


class DraftDialog(DecidingDialog):
    """A new event, a new version of one, or another content of a draft."""

    def __init__(
        self,
        console: Console,
        version: EventSchemaDefinition | None,
        me: str,
        made: Callable[[str], object],
        parent: QWidget,
    ) -> None:
        """``version`` is what it begins with, a draft or not; ``made`` is told the name of the event."""
        self._is_draft = version is not None and version.state == "draft"
        title = (
            "New event"
            if version is None
            else f"Draft of {version.event_name} {version.version}"
            if self._is_draft
            else f"New version of {version.event_name}"
        )
        accept = "Keep the draft" if self._is_draft else "Write the draft"
        super().__init__(title, console.tasks, parent, accept=accept, hint="Why")
        self._console, self._version, self._made = console, version, made
        self.words.setParent(self)
        self.words.hide()
        self.setMinimumWidth(current().px(WIDE))
        self.column.addWidget(
            paragraph("Nothing changes for events until it is published; what is published is never changed again.")
        )
        self.name = QLineEdit(version.event_name if version is not None else "")
        self.name.setMaxLength(120)
        self.name.setPlaceholderText("What happened, such as Order Completed")
        self.name.setEnabled(version is None)
        self.said = QLineEdit(version.description if version is not None else "")
        self.said.setPlaceholderText("When it is sent, in a sentence")
        self.owners = QLineEdit(", ".join(version.owners) if version is not None else me)
        self.others = QCheckBox("Properties that the plan does not know are taken")
        self.others.setChecked(version is not None and version.additional_properties)
        fields = (
            ("Event", self.name),
            ("What it says", self.said),
            ("Looked after by (accounts, with commas)", self.owners),
        )
        for words, field in fields:
            self.column.addWidget(labelled(words, field))
            self.column.addWidget(field)
        self.column.addWidget(self.others)
        self.form = PropertyForm(version.properties if version is not None else ())
        self.column.addWidget(self.form, 1)
        (self.name if version is None else self.said).setFocus()

    def field_of(self, pointer: str) -> QWidget | None:
        match pointer.strip("/").split("/"):
            case ["eventName", *_]:
                return self.name
            case ["description", *_]:
                return self.said
            case ["owners", *_]:
                return self.owners
            case ["properties", place, *_] if place.isdecimal():
                self.form.show_property(int(place))
                return self.form.schema
            case _:
                return None

    def submit(self) -> None:
        """Write it."""
        name, said = self.name.text().strip(), self.said.text().strip()
        owners = tuple(dict.fromkeys(each.strip() for each in self.owners.text().split(",") if each.strip()))
        for words, field, value in (
            ("Say what the event is called.", self.name, name),
            ("Say in a sentence when it is sent.", self.said, said),
            ("Say who looks after it: whoever is asked when it breaks.", self.owners, owners),
        ):
            if not value:
                self.fail(words, field)
                return
        try:
            content = self._content(said, owners)
        except PropertyError as error:
            self.fail(str(error), error.field)
            return
        except ValueError:
            self.fail("An owner is no account: letters, digits, points and dashes, without spaces.", self.owners)
            return
        self.send(lambda: self._send_content(name, content))

    def _content(self, said: str, owners: tuple[str, ...]) -> dict[str, Any]:
        version = self._version
        content = {
            "description": said,
            "owners": owners,
            "properties": self.form.definitions(),
            "additional_properties": self.others.isChecked(),
            "definitions": version.definitions if version is not None else {},
            "feed": version.feed if version is not None else None,
        }
        EventContent(**content)
        return content

    async def _send_content(self, name: str, content: dict[str, Any]) -> None:
        if self._version is not None and self._is_draft:
            await changes.change_draft(self._console.mutations, self._version, EventContent(**content))
        else:
            await changes.write_draft(self._console.mutations, EventSchemaDraft(event_name=name, **content))
        self._made(name)
