"""Swap requests that wait, with what is decided about them, and those that were decided."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.core.freshness import age_words
from app.oncall.domain import MANAGE, VIEW, OnCall
from app.oncall.wording import length_words, span_words
from models.core.wording import counted
from models.oncall.schedules import SwapState
from views.kit.following_panel import explain
from views.kit.panel import Note
from views.kit.query_panel import QueryPanel, unheard_words
from views.kit.theme import FOCUS, RADIUS, current
from views.kit.widgets.avatar import Avatar
from views.kit.widgets.discard import discard
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.oncall.calendar_panel import show_chosen
from views.oncall.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from app.console import Console
    from models.oncall.schedules import Swap
    from views.kit.capability import Window

FOR = "\N{RIGHTWARDS ARROW OVER LEFTWARDS ARROW}"
WAITING, DECIDED = "Waiting", "Decided"
ENDED = {
    SwapState.TAKEN: "taken",
    SwapState.DECLINED: "declined",
    SwapState.WITHDRAWN: "withdrawn",
    SwapState.LAPSED: "lapsed: nobody took it before it began",
}


class SwapCard(QWidget):
    """A request: who gives what, for what, and what can be done."""

    def __init__(self, swap: Swap, zone: str, now: datetime) -> None:
        super().__init__()
        self.swap = swap
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        gives = span_words(swap.start, swap.end, zone)
        back = ""
        if swap.back_start is not None and swap.back_end is not None:
            back = span_words(swap.back_start, swap.back_end, zone)
        self.setAccessibleName(f"{swap.person_name} gives {gives}")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(12)
        row.addWidget(Avatar(swap.person, swap.person_name), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(_line(f"<b>{escape(swap.person_name)}</b> gives <b>{escape(gives)}</b>"))
        who = swap.to_name or "anyone"
        exchange = f"gives <b>{escape(back)}</b>" if back else "takes it, for nothing in return"
        if swap.state is SwapState.REQUESTED:
            words.addWidget(_line(f"\N{RIGHTWARDS ARROW OVER LEFTWARDS ARROW} <b>{escape(who)}</b> {exchange}"))
        elif swap.to_name:
            words.addWidget(
                _line(f"\N{RIGHTWARDS ARROW OVER LEFTWARDS ARROW} <b>{escape(swap.to_name)}</b> {exchange}")
            )
        words.addWidget(_line(escape(_foot(swap, now)), caption=True))
        row.addLayout(words, 1)
        self.buttons = {
            "take": Pill("Take it…", Look.PRIMARY, name=f"Take what {swap.person_name} gives", key="K"),
            "decline": Pill("Decline…", Look.BUTTON, name=f"Decline what {swap.person_name} asks", key="D"),
            "withdraw": Pill("Withdraw…", Look.BUTTON, name="Withdraw the request", button=True),
        }
        self.verbs = Flow(*self.buttons.values(), margins=False, gap=WIDE_GAP)
        if swap.state is SwapState.REQUESTED:
            row.addWidget(self.verbs, 0, Qt.AlignmentFlag.AlignVCenter)
        else:
            self.verbs.setParent(self)
            self.verbs.hide()

    def allow(self, blocker: Callable[[Swap, str], str | None], mine: bool) -> None:
        """Show what whoever looks can do, and why not the rest."""
        for verb, pill in self.buttons.items():
            pill.setVisible((verb == "withdraw") == mine)
            explain(pill, blocker(self.swap, verb))

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens, painter = current().tokens, QPainter(self)
        painter.fillRect(12, self.height() - 1, self.width() - 24, 1, QColor(tokens.line))
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(tokens.accent), FOCUS))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), RADIUS, RADIUS)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


class SwapsPanel(QueryPanel):
    """Cards, those that begin first on top."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self.desk, self._domain = window.shared(Desk), console.of(OnCall)
        self._query = self._domain.swaps()
        self.shown = WAITING
        self._drawn: object = None
        self.cards: list[SwapCard] = []
        self.tabs = {name: Pill(name, Look.OUTLINE, name=name) for name in (WAITING, DECIDED)}
        for name, pill in self.tabs.items():
            pill.clicked.connect(lambda _=False, n=name: self.show_only(n))
        self.ask = Pill("Ask for a swap…", Look.BUTTON, name="Ask for a swap", key="W")
        self.ask.clicked.connect(lambda: console.actions.execute("oncall.ask-swap"))
        bar = Flow(*self.tabs.values(), self.ask, right=self.ask, gap=WIDE_GAP)
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 8, 12, 8)
        self.state.setAccessibleName("State of the swap requests")
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part, stretch in ((bar, 0), (self.state, 0), (area, 1)):
            column.addWidget(part, stretch)
        self.use(self._query)

    def own_note(self) -> Note:
        """How many wait, and since when."""
        note, waiting = super().own_note(), self.waiting
        if self._query.sample is None:
            return note
        words = counted(len(waiting), "waits", "wait")
        if waiting:
            oldest = min(swap.requested_at for swap in waiting)
            words += f", oldest {age_words((self.console.clock.now() - oldest).total_seconds())}"
        return Note(f"{words} · {note.text}", note.kind)

    @property
    def swaps(self) -> tuple[Swap, ...]:
        """All that were heard of."""
        return self._query.sample.value if self._query.sample is not None else ()

    @property
    def waiting(self) -> list[Swap]:
        """Those nobody has decided, whichever begins first on top."""
        return sorted((s for s in self.swaps if s.state is SwapState.REQUESTED), key=lambda swap: swap.start)

    def show_only(self, name: str) -> None:
        """Show those that wait, or those that were decided."""
        self.shown = name
        self._renew()

    def refresh(self) -> None:
        """Show the newest answer."""
        decided = [swap for swap in self.swaps if swap.state is not SwapState.REQUESTED]
        listed = self.waiting if self.shown == WAITING else decided
        counts = {WAITING: len(self.waiting), DECIDED: len(decided)}
        for name, pill in self.tabs.items():
            show_chosen(pill, f"{name} {counts[name]}", chosen=name == self.shown)
        wanted = (tuple(listed), self.desk.zone, current().tokens.name, current().font_scale)
        if wanted != self._drawn:
            self._drawn = wanted
            self._build(listed)
        me = self._domain.me()
        for card in self.cards:
            card.allow(self.blocker, card.swap.person == me)
        explain(self.ask, self.console.actions.reason(self.console.actions.get("oncall.ask-swap")))
        self._say_state(listed)

    def _build(self, listed: list[Swap]) -> None:
        at = next((card.swap.id for card in self.cards if _holds_focus(card)), "")
        for card in self.cards:
            self._column.removeWidget(card)
            discard(card)
        self.cards = [SwapCard(swap, self.desk.zone, self.console.clock.now()) for swap in listed]
        for number, card in enumerate(self.cards):
            for verb, pill in card.buttons.items():
                pill.clicked.connect(lambda _=False, s=card.swap, v=verb: self.decide(s, v))
            self._column.insertWidget(number, card)
            if card.swap.id == at:
                card.setFocus()

    def _say_state(self, listed: list[Swap]) -> None:
        sample, words = self._query.sample, ""
        if sample is None:
            failed = self._query.error is not None
            words = f"Not loaded: {self._query.error}" if failed else unheard_words(self.console)
        elif sample.received_mono is None:
            words = f"As it was at {sample.as_of:%a %H:%M:%S} UTC. {unheard_words(self.console)}"
        elif not listed:
            words = "Nobody asks for a swap." if self.shown == WAITING else "No swap was decided yet."
        self.state.setText(words)
        self.state.setVisible(bool(words))

    # --- deciding ----------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> Swap | None:
        """The request whose card has the keyboard, else the first that can be decided by whoever looks."""
        held = next((c for c in self.cards if _holds_focus(c)), None)
        if held is not None:
            return held.swap
        return next((swap for swap in self.waiting if self.blocker(swap, "take") is None), None) or next(
            iter(self.waiting), None
        )

    def blocker(self, swap: Swap, verb: str) -> str | None:
        """Why something cannot be decided now, in words; ``None`` when it can."""
        return decision_blocker(self.console, self._domain.me(), swap, verb)

    def decide(self, swap: Swap, verb: str) -> None:
        """Ask for the words and send it."""
        from views.oncall.swap_dialogs import SwapDecisionDialog

        SwapDecisionDialog(self.console, swap, verb, self.desk.zone, self.widget.window()).open()


def decision_blocker(console: Console, me: str, swap: Swap, verb: str) -> str | None:
    """Why somebody cannot take, decline or withdraw a swap, in words; the server says the same."""
    manages = console.session.may(MANAGE)
    if swap.state is not SwapState.REQUESTED:
        return f"it was {ENDED.get(swap.state, str(swap.state))}"
    if verb == "withdraw" and swap.person != me and not manages:
        return f"only {swap.person_name} withdraws it, or whoever manages on-call"
    if verb == "take":
        if swap.to is None and swap.person == me:
            return "it is your own shift: withdraw the request to keep it"
        if swap.to is not None and swap.to != me and not manages:
            return f"{swap.to_name or 'somebody else'} was asked"
    if verb == "decline":
        if swap.to is None:
            return "anyone was asked: leave it, or take it"
        if swap.to != me and not manages:
            return f"{swap.to_name or 'somebody else'} was asked"
    return console.write_blocker(VIEW, irreversible=True)


def _holds_focus(card: QWidget) -> bool:
    at = card.window().focusWidget()
    return at is not None and (at is card or card.isAncestorOf(at))


def _foot(swap: Swap, now: datetime) -> str:
    asked = age_words((now - swap.requested_at).total_seconds())
    parts = [swap.schedule_name]
    if swap.state is SwapState.REQUESTED:
        parts.append(f"asked {asked} ago")
        left = (swap.start - now).total_seconds()
        parts.append(f"begins in {age_words(left)}" if left > 0 else "has begun")
    else:
        parts.append(ENDED[swap.state])
    parts.append(length_words(swap.start, swap.end))
    parts += [words for words in (swap.reason, swap.comment) if words]
    return " · ".join(parts)


def _line(text: str, *, caption: bool = False) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    current().set_font(label, 9 if caption else 10)
    if caption:
        palette = label.palette()
        palette.setColor(label.foregroundRole(), QColor(current().tokens.text2))
        label.setPalette(palette)
    return label
