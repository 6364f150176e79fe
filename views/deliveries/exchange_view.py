"""The last request of a letter and the answer to it, beside each other, and the tries before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from PySide6.QtGui import QResizeEvent, QTextOption
from PySide6.QtWidgets import QBoxLayout, QLabel, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from models.core.wording import counted
from views.deliveries.wording import answer_words, given_up_words, moment, seconds_words
from views.kit.theme import BODY, current
from views.kit.widgets.section import Heading

if TYPE_CHECKING:
    from datetime import datetime

    from models.deliveries.letters import Letter, LetterDetail

NARROW = 300
"""Below this width, at 100 % font, the answer stands below the request."""


class _Text(QPlainTextEdit):
    """What went over the wire; can be selected and copied, not changed."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(current().px(56))
        current().set_font(self, 9, mono=True)

    def show_text(self, text: str) -> None:
        """Show it; what is selected stays while it is the same."""
        if text != self.toPlainText():
            self.setPlainText(text)


class _Side(QWidget):
    """A heading with a text below it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.heading, self.text = Heading(name, BODY), _Text(name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self.text, 1)

    def show_side(self, name: str, more: str, text: str) -> None:
        """Heading, what stands at its right, and the text."""
        self.heading.name.setText(name)
        self.heading.say(more)
        self.text.show_text(text)


class ExchangeView(QWidget):
    """One letter, read."""

    def __init__(self) -> None:
        super().__init__()
        self.request, self.answer, self.words = _Side("Request"), _Side("Answer"), QLabel()
        self.words.setWordWrap(True)
        self.words.setAccessibleName("What became of it")
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._sides.setSpacing(12)
        self._sides.addWidget(self.request, 1)
        self._sides.addWidget(self.answer, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 8)
        column.setSpacing(6)
        column.addLayout(self._sides, 1)
        column.addWidget(self.words)

    def show_letter(self, letter: Letter | None, detail: LetterDetail | None, now: datetime, why: str) -> None:
        """Show what is known of it; ``why`` says why there is no more."""
        current().set_font(self.words, 10)
        if letter is None or detail is None:
            self.request.show_side("Request", "", "")
            self.answer.show_side("Answer", "", "")
            self.words.setText(why)
            return
        last = detail.history[-1] if detail.history else None
        tried = "" if last is None else moment(last.at, now)
        took = "" if last is None else f", {seconds_words(last.seconds)}"
        body = detail.answer_body
        self.request.show_side(
            f"Request, try {max(1, detail.attempts)}",
            tried,
            _message(detail.request_line, detail.request_headers, detail.request_body),
        )
        status = "no answer" if detail.status is None else str(detail.status)
        self.answer.show_side(
            f"Answer{took}", f"{len(body.encode())} B" if body else "", _message(status, detail.answer_headers, body)
        )
        said = answer_words(detail)
        tries = counted(len(detail.history), "try is", "tries are") if detail.history else ""
        words = f"{said[:1].upper()}{said[1:]}".rstrip(".") + "." if said else ""
        words += f" {tries} known." if len(detail.history) > 1 else ""
        if (given_up := given_up_words(detail)) and detail.ended_at is not None:
            words = f"Given up {moment(detail.ended_at, now)} UTC by {given_up}".rstrip(".") + f". {words}"
        self.words.setText(words.strip())
        earlier = "\n".join(f"{moment(each.at, now)} {each.words}" for each in detail.history)
        self.words.setToolTip(earlier)
        self.words.setAccessibleDescription(earlier)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= current().px(NARROW)
        direction = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self._sides.direction() != direction:
            self._sides.setDirection(direction)


def _message(line: str, headers: dict[str, str], body: str) -> str:
    if not line and not headers and not body:
        return ""
    lines = [line, *(f"{name}: {value}" for name, value in headers.items()), "", _pretty(body)]
    return "\n".join(lines).strip("\n")


def _pretty(body: str) -> str:
    """JSON over several lines, anything else as it is: it may have been cut."""
    try:
        found = json.loads(body)
    except ValueError:
        return body
    return json.dumps(found, indent=1, ensure_ascii=False) if isinstance(found, dict | list) else body
