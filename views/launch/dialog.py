"""What the dialogs of launches share: a paragraph about what happens, and the mark of a rehearsal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError
from PySide6.QtWidgets import QFormLayout, QLabel, QWidget

from app.core.mutation_types import Refused
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current
from views.launch.wording import REHEARSAL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.console import Console
    from views.launch.desk import LaunchDesk

WIDE = 560


def paragraph(text: str) -> QLabel:
    """Words that wrap."""
    label = QLabel(text)
    label.setWordWrap(True)
    return label


class LaunchDialog(DecidingDialog):
    """A decision about the launch that is looked at."""

    def __init__(
        self,
        desk: LaunchDesk,
        parent: QWidget,
        title: str,
        *,
        accept: str,
        hint: str = "Why",
        destructive: bool = False,
    ) -> None:
        launch = desk.launch
        rehearsal = launch is not None and launch.rehearsal_of is not None
        super().__init__(
            f"{REHEARSAL}: {title}" if rehearsal else title,
            desk.console.tasks,
            parent,
            accept=accept,
            hint=hint,
            destructive=destructive,
        )
        self.desk = desk
        self.setMinimumWidth(current().px(WIDE))
        if rehearsal:
            self.column.addWidget(paragraph("This is a rehearsal: nothing of it touches the real launch."))

    @property
    def console(self) -> Console:
        """The console it works with."""
        return self.desk.console

    def send(self, deciding: Callable[[], Awaitable[object]]) -> None:
        """As every decision; what the contract does not take is said in words, too."""

        async def checked() -> object:
            try:
                return await deciding()
            except ValidationError as error:
                found = error.errors(include_url=False)[0]
                raise Refused(f"{found['msg'].removeprefix('Value error, ')}.") from error

        super().send(checked)

    def say(self, text: str) -> None:
        """A paragraph about what happens."""
        self.column.addWidget(paragraph(text))

    def without_words(self) -> None:
        """Nothing is to be said why."""
        self.words.setParent(self)
        self.words.hide()

    def fields(self, *rows: tuple[str, QWidget]) -> QFormLayout:
        """Named fields below each other."""
        form = QFormLayout()
        for label, field in rows:
            field.setAccessibleName(label)
            form.addRow(label, field)
        self.column.addLayout(form)
        return form
