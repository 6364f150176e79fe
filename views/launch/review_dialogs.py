"""What a launch taught: an item for the next one, and the next version of the template with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import ValidationError
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from app.launch import mutations
from app.launch.countdown import parse_reading
from models.launch.checklist import ItemDraft
from views.launch.clock_dialogs import reading_field
from views.launch.dialog import LaunchDialog
from views.launch.launch_dialogs import first_error

if TYPE_CHECKING:
    from views.launch.desk import LaunchDesk

KEY_MOST = 60


class LessonDialog(LaunchDialog):
    """An item for the next version of the template, and why."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(
            desk, parent, "Keep an item for the next launch", accept="Keep it", hint="What happened this time"
        )
        self.say("It is taken into the next version of the template by “Take the lessons into the template”.")
        self.description, self.category, self.owner = QLineEdit(), QComboBox(), QComboBox()
        self.category.setEditable(True)
        self.category.addItems(list(dict.fromkeys(each.category for each in desk.items)))
        for role, name in {each.owner_role: each.owner_name for each in desk.items}.items():
            self.owner.addItem(name, role)
        self.due = reading_field("1:00:00")
        self.blocking = QCheckBox("Holds the launch while it is due and not signed")
        self.blocking.setChecked(True)
        self.fields(
            ("Item", self.description),
            ("Category", self.category),
            ("Owner", self.owner),
            ("Due", self.due),
            ("Blocking", self.blocking),
        )
        self.column.addWidget(self.words)
        self.description.setFocus()

    def submit(self) -> None:
        """Keep it."""
        launch, words = self.desk.launch, self.checked_words()
        if words is None or launch is None:
            return
        try:
            due = parse_reading(self.due.text())
        except ValueError as error:
            self.fail(str(error), self.due)
            return
        description = self.description.text().strip()
        try:
            item = ItemDraft(
                key=key_of(description),
                category=self.category.currentText().strip(),
                description=description,
                owner_role=self.owner.currentData() or "",
                due=due,
                blocking=self.blocking.isChecked(),
            )
        except ValidationError as error:
            name, said = first_error(error)
            field = {"category": self.category, "owner_role": self.owner}.get(name, self.description)
            self.fail("Say what is to be done." if not description else said, field)
            return
        self.send(lambda: mutations.keep_lesson(self.console.mutations, launch, item, words))


class TakeLessonsDialog(LaunchDialog):
    """The next version of the template, with what was kept."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Take the lessons into the template", accept="Write the next version")
        self.without_words()
        key = desk.launch.template_key if desk.launch is not None else ""
        self.say(f"The next version of {key} has what was kept of this launch. Launches that have begun keep theirs.")

    def submit(self) -> None:
        """Write it."""
        self.send(self._take)

    async def _take(self) -> None:
        launch = self.desk.launch
        assert launch is not None  # noqa: S101 - it was shown
        newest = await self.desk.launches.template(launch.template_key)
        await mutations.take_lessons(self.console.mutations, launch, newest.version)


def key_of(words: str) -> str:
    """A key out of words: ``Warm the cache first`` is ``warm-the-cache-first``."""
    return re.sub(r"[^a-z0-9]+", "-", words.casefold()).strip("-")[:KEY_MOST].strip("-")
