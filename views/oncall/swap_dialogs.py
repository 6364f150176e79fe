"""Ask for a swap, take it, decline it or withdraw it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox, QFormLayout, QWidget

from app.oncall.calendar import Bar, Row
from app.oncall.definition_text import TypedWrong
from app.oncall.domain import MANAGE, OnCall, ask_for_swap, decide_swap
from app.oncall.wording import span_words, swap_words
from app.oncall.zones import city
from models.oncall.schedules import SwapRequest, SwapState
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current
from views.kit.widgets.instant import InstantField
from views.oncall.fields import PeopleField, paragraph
from views.oncall.override_dialogs import WIDE, SpanFields

if TYPE_CHECKING:
    from app.console import Console
    from models.oncall.schedules import Swap
    from views.oncall.desk import Desk


class SwapDialog(DecidingDialog):
    """What is given, to whom, and what is taken for it. It changes nothing until somebody takes it."""

    def __init__(self, console: Console, desk: Desk, chosen: tuple[Row, Bar] | None, parent: QWidget) -> None:
        super().__init__("Ask for a swap", console.tasks, parent, accept="Ask", hint="Why, if you want to say so")
        self._console, self._desk = console, desk
        self.setMinimumWidth(current().px(WIDE))
        domain = console.of(OnCall)
        self._me = domain.me()
        self.span = SpanFields(console, chosen, "Shift")
        on = chosen[1].people if chosen is not None else ()
        manages = console.session.may(MANAGE)
        giver = next((person for person in on if person == self._me), next(iter(on), "") if manages else self._me)
        self.person = PeopleField(self.span.names, "Who gives it", (giver or self._me,))
        self.to = PeopleField(self.span.names, "Who is asked")
        self.to.setPlaceholderText("Anyone")
        self.back = QCheckBox("For a shift of theirs")
        begins = self.span.start.instant + timedelta(days=7)
        self.back_start = InstantField(begins, "Theirs starts", unit="UTC")
        self.back_end = InstantField(
            begins + (self.span.end.instant - self.span.start.instant), "Theirs ends", unit="UTC"
        )
        self.form = QFormLayout()
        for label, field in (
            ("Schedule", self.span.schedule),
            ("Given from", self.span.start),
            ("To", self.span.end),
            ("", self.span.local),
            ("By", self.person),
            ("Asked", self.to),
            ("", self.back),
            ("Theirs from", self.back_start),
            ("To", self.back_end),
        ):
            self.form.addRow(label, field)
        self.form.setRowVisible(self.person, manages)
        self.column.addWidget(paragraph("Until somebody takes it nothing changes, and whoever gives it is on."))
        self.column.addLayout(self.form)
        self.back.toggled.connect(self._show_back)
        self._show_back(on=False)
        self.column.addWidget(self.words)
        self.words.setFixedHeight(current().px(52))
        self.to.setFocus()

    def _show_back(self, on: bool) -> None:
        self.form.setRowVisible(self.back_start, on)
        self.form.setRowVisible(self.back_end, on)

    def submit(self) -> None:
        """Ask for it."""
        roster = self.span.roster
        words = self.checked_words(needed=False)
        if roster is None or words is None:
            return
        given: dict[str, Any] = {
            "schedule_id": roster.schedule_id,
            "start": self.span.start.instant,
            "end": self.span.end.instant,
            "reason": words,
        }
        if given["end"] <= given["start"]:
            self.fail("A shift ends after it starts.", self.span.end)
            return
        for known, field in (("person", self.person), ("to", self.to)):
            try:
                given[known] = field.person or None
            except TypedWrong as error:
                self.fail(str(error), field)
                return
        if given["person"] == self._me:
            given["person"] = None
        if self.back.isChecked():
            given |= {"back_start": self.back_start.instant, "back_end": self.back_end.instant}
            if given["to"] is None:
                self.fail("Name whose shift is taken for it.", self.to)
                return
            if given["back_end"] <= given["back_start"]:
                self.fail("A shift ends after it starts.", self.back_end)
                return
        request = SwapRequest(**given)
        self.send(lambda: ask_for_swap(self._console.mutations, request))

    def field_of(self, pointer: str) -> QWidget | None:
        return {
            "/start": self.span.start,
            "/end": self.span.end,
            "/person": self.person if not self.person.isHidden() else self.span.start,
            "/to": self.to,
            "/backStart": self.back_start,
            "/backEnd": self.back_end,
            "/reason": self.words,
        }.get(pointer)


VERBS = {
    "take": (SwapState.TAKEN, "Take the swap", "Take it"),
    "decline": (SwapState.DECLINED, "Decline the swap", "Decline"),
    "withdraw": (SwapState.WITHDRAWN, "Withdraw the request", "Withdraw"),
}


class SwapDecisionDialog(DecidingDialog):
    """Says what becomes of it before it is decided."""

    def __init__(self, console: Console, swap: Swap, verb: str, zone: str, parent: QWidget) -> None:
        self._decision, title, accept = VERBS[verb]
        super().__init__(title, console.tasks, parent, accept=accept, hint="A word about it, if you like")
        self._console, self._swap = console, swap
        self.column.addWidget(paragraph(f"{swap.schedule_name}: {swap_words(swap, zone)}."))
        self.column.addWidget(paragraph(self._consequence(zone)))
        self.ask_for_words()

    def _consequence(self, zone: str) -> str:
        swap = self._swap
        if self._decision is not SwapState.TAKEN:
            return f"{swap.person_name} stays on."
        taker = swap.to_name or "You"
        verb = "is" if swap.to_name else "are"
        words = f"{taker} {verb} on call {span_words(swap.start, swap.end, zone)} {city(zone)}"
        if swap.back_start is not None and swap.back_end is not None:
            words += f", and {swap.person_name} {span_words(swap.back_start, swap.back_end, zone)}"
        return f"{words}. Only whoever manages on-call can take that back."

    def submit(self) -> None:
        """Decide it."""
        words = self.checked_words(needed=False)
        if words is not None:
            self.send(lambda: decide_swap(self._console.mutations, self._swap, self._decision, words))
