"""What the dialogs of privacy share: the request they are about, paragraphs, fields, and a purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError
from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QWidget

from app.core.mutation_types import Refused
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current
from views.privacy.wording import purpose_problem, request_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.console import Console
    from models.privacy.requests import PrivacyRequest
    from views.privacy.desk import PrivacyDesk

WIDE = 560


class PrivacyDialog(DecidingDialog):
    """A decision about privacy."""

    def __init__(
        self,
        desk: PrivacyDesk,
        parent: QWidget,
        title: str,
        *,
        accept: str,
        hint: str = "Why",
        destructive: bool = False,
    ) -> None:
        super().__init__(title, desk.console.tasks, parent, accept=accept, hint=hint, destructive=destructive)
        self.desk = desk
        self.setMinimumWidth(current().px(WIDE))

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
                raise Refused(contract_words(error)) from error

        super().send(checked)

    def say(self, text: str) -> QLabel:
        """A paragraph about what happens."""
        label = QLabel(text)
        label.setWordWrap(True)
        self.column.addWidget(label)
        return label

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

    def say_close(self) -> None:
        """Nothing is left to be cancelled: what was asked for has been seen."""
        role = self.buttons.ButtonRole.RejectRole
        for button in self.buttons.buttons():
            if self.buttons.buttonRole(button) is role:
                button.setText("Close")

    def purpose_field(self) -> QLineEdit:
        """Where one says what a look is for."""
        field = QLineEdit()
        field.setPlaceholderText("Such as: to answer request PR-0012")
        field.setMaxLength(200)
        self.fields(("What for", field))
        return field

    def checked_purpose(self, field: QLineEdit) -> str | None:
        """The purpose; says what is wrong with it and answers ``None``."""
        problem = purpose_problem(field.text())
        if problem is not None:
            self.fail(problem, field)
            return None
        return field.text().strip()


class RequestDialog(PrivacyDialog):
    """A decision about the request at the cursor; the cursor may move on meanwhile."""

    def __init__(
        self,
        desk: PrivacyDesk,
        parent: QWidget,
        title: str,
        *,
        accept: str,
        hint: str = "Why",
        destructive: bool = False,
    ) -> None:
        request = desk.request
        assert request is not None  # noqa: S101 - its action is disabled without one
        name = f"{title}: {request_name(request)}"
        super().__init__(desk, parent, name, accept=accept, hint=hint, destructive=destructive)
        self.request: PrivacyRequest = request


def contract_words(error: ValidationError) -> str:
    """What the contract does not take, as a sentence."""
    found = error.errors(include_url=False)[0]
    message = found["msg"].removeprefix("Value error, ")
    where = ".".join(str(part) for part in found["loc"])
    words = f"{where}: {message}" if where and ":" not in message else message
    return f"{words[:1].upper()}{words[1:]}."
