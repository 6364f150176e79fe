"""Letters of the chosen connection, or of all: dead ones with their request and answer, and what is done about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.core.freshness import age_words
from app.deliveries.domain import OPERATE, VIEW, Deliveries
from models.core.wording import counted
from models.deliveries.letters import REPLAY_MOST, Letter, LetterState, ReplayRequest
from views.deliveries.chosen import ChosenConnection
from views.deliveries.exchange_view import ExchangeView
from views.deliveries.letter_table import LetterTable
from views.deliveries.wording import TABS, cause_of, dead_letters, fate_words
from views.kit.following_panel import FollowingPanel, explain
from views.kit.panel import Note
from views.kit.query_panel import unheard_words
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.query import Query
    from models.core.paging import Page
    from models.deliveries.letters import LetterDetail
    from views.kit.capability import Window

READ_MS = 120
"""The cursor rests so long on a letter before it is asked for: keys move over many."""
NOTHING = {
    "dead": "No dead letters.",
    "waiting": "Nothing waits.",
    "sent": "Nothing has arrived yet.",
    "discarded": "Nothing was given up.",
}


class LettersPanel(FollowingPanel):
    """A list with the letter that is read beside it."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self._window, self.chosen = window, window.shared(ChosenConnection)
        self._domain = console.of(Deliveries)
        self.tab, self.everywhere = "dead", False
        self._list: Query[Page[Letter]] | None = None
        self._read: Query[LetterDetail] | None = None
        self._make()
        self._lay_out()
        self._reading = QTimer(self, singleShot=True, interval=READ_MS)
        self._reading.timeout.connect(self._read_on)
        self.chosen.changed.connect(self._follow)
        # Which connection is chosen follows from what the list of them says, seen or not.
        self.use(self._domain.connections())
        self._follow()

    # --- parts -------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        self.tabs = {tab: Pill(words, Look.OUTLINE, name=words) for tab, (words, _) in TABS.items()}
        for tab, pill in self.tabs.items():
            pill.clicked.connect(lambda _=False, t=tab: self.show_tab(t))
        self.scope = Pill("All systems", Look.OUTLINE, name="Letters of all systems")
        self.scope.clicked.connect(lambda: self.show_everywhere(everywhere=not self.everywhere))
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 8, 12, 8)
        self.state.setAccessibleName("State of the letters")
        self.elsewhere = Pill("", Look.LINK, button=True)
        self.elsewhere.clicked.connect(lambda: self.show_everywhere(everywhere=True))
        self.table = LetterTable(self.console.clock.now)
        self.table.moved.connect(self._moved)
        self.table.chosen_changed.connect(self._show_buttons)
        self.exchange = ExchangeView()
        self.buttons = {
            "replay": Pill("Replay…", Look.PRIMARY, name="Replay", key="R"),
            "discard": Pill("Discard…", Look.BUTTON, name="Discard", button=True),
            "same-cause": Pill("Select same cause", Look.BUTTON, name="Select same cause", button=True),
            "resolve": Pill("Resolve…", Look.BUTTON, name="Say what became of it", button=True),
        }
        for verb, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, v=verb: self.console.actions.execute(f"deliveries.{v}"))
        self.remark = QLabel()

    def _lay_out(self) -> None:
        bar = Flow(*self.tabs.values(), self.scope, right=self.scope, gap=WIDE_GAP)
        self.foot = Flow(*self.buttons.values(), self.remark, gap=WIDE_GAP)
        self.others = Flow(self.elsewhere)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part, stretch in ((bar, 0), (self.state, 0), (self.others, 0), (self.table, 1), (self.foot, 0)):
            column.addWidget(part, stretch)
        column.addStretch(0)  # while there is no table
        self._line = QWidget()
        self._line.setFixedWidth(1)
        self._line.setAutoFillBackground(True)
        self._line.setBackgroundRole(QPalette.ColorRole.Light)
        row = QHBoxLayout(self.content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(left, 58)
        row.addWidget(self._line)
        row.addWidget(self.exchange, 42)
        self.widget.setFocusProxy(self.table)
        self.table.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # --- panel -------------------------------------------------------------------------------------------------

    def own_note(self) -> Note:
        """How many of what is shown are dead, and how old the answer is."""
        note, known = super().own_note(), self.chosen.connection
        if self.everywhere or known is None:
            dead, where = sum(each.dead for each in self.chosen.connections), "in all"
        else:
            dead, where = known.dead, f"for {known.name}"
        words = f"{dead:,} dead {where}" if dead else f"no dead letters {where}"
        letters = self.letters
        if letters and self.tab == "dead":
            oldest = min(letter.first_at for letter in letters)
            words += f", oldest {age_words((self.console.clock.now() - oldest).total_seconds())}"
        return Note(f"{words} · {note.text}", note.kind)

    @property
    def letters(self) -> tuple[Letter, ...]:
        """Those of the list, as they were last heard."""
        return self._list.sample.value.items if self._list is not None and self._list.sample is not None else ()

    def show_tab(self, tab: str) -> None:
        """Show dead letters, those that wait, that arrived, or that were given up."""
        self.tab = tab
        self._follow()

    def show_everywhere(self, *, everywhere: bool) -> None:
        """Letters of every connection and failed jobs, or those of the chosen connection only."""
        self.everywhere = everywhere
        self._follow()

    def _follow(self) -> None:
        states, wanted = TABS[self.tab][1], None if self.everywhere else self.chosen.id
        before = self._list
        self._list = None if wanted == "" else self._domain.letters(states, wanted)
        self.follow(before, self._list)
        self._renew()

    def refresh(self) -> None:
        """Show the newest answers."""
        for tab, pill in self.tabs.items():
            look = Look.SELECTED if tab == self.tab else Look.OUTLINE
            pill.set(TABS[tab][0], look)
            pill.setAccessibleDescription("shown" if look is Look.SELECTED else "")
        self.scope.set("All systems", Look.SELECTED if self.everywhere else Look.OUTLINE)
        self.scope.setAccessibleDescription("on" if self.everywhere else "off")
        self.table.show_letters(self.letters, TABS[self.tab][1][-1])
        self._say_state()
        self._show_letter()
        self._show_buttons()
        for part in (self.table, self._line, self.exchange):  # no empty frames
            part.setVisible(bool(self.letters))

    def _say_state(self) -> None:
        sample = self._list.sample if self._list is not None else None
        words = ""
        if self._list is None or sample is None:
            failed = self._list is not None and self._list.error is not None
            words = f"Not loaded: {self._list.error}" if failed and self._list else unheard_words(self.console)
        elif sample.received_mono is None:
            words = f"As it was at {sample.as_of:%H:%M:%S} UTC. {unheard_words(self.console)}"
        elif not sample.value.items:
            words = NOTHING[self.tab]
            if self.tab == "dead":
                shown = [each for each in self.chosen.connections if self.everywhere or each.id == self.chosen.id]
                words += f" {fate_words(shown)}"
        elif sample.value.next_cursor is not None:
            words = f"The newest {len(sample.value.items)}; there are more."
        self.state.setText(words)
        self.state.setVisible(bool(words))
        others = sum(each.dead for each in self.chosen.connections if each.id != self.chosen.id)
        self.elsewhere.set(f"{counted(others, 'dead letter', 'dead letters')} of other systems: show all systems")
        self.others.setVisible(self.tab == "dead" and not self.everywhere and not self.letters and others > 0)

    # --- the letter that is read -------------------------------------------------------------------------------

    def _moved(self, letter: Letter | None) -> None:
        reads = self._read.sample.value.id if self._read is not None and self._read.sample is not None else ""
        if letter is None or letter.id != reads:
            self._reading.start()
        self._show_letter()
        self._show_buttons()

    def _read_on(self) -> None:
        letter, before = self.table.at_cursor, self._read
        self._read = None if letter is None else self._domain.letter(letter.id)
        self.follow(before, self._read)
        self._show_letter()

    def _show_letter(self) -> None:
        letter, query = self.table.at_cursor, self._read
        detail = query.sample.value if query is not None and query.sample is not None else None
        if letter is None or detail is None or detail.id != letter.id:
            why = "" if letter is None else "Loading…"
            if query is not None and query.error is not None:
                why = f"Not loaded: {query.error}"
            self.exchange.show_letter(None, None, self.console.clock.now(), why)
            return
        self.exchange.show_letter(letter, detail, self.console.clock.now(), "")

    # --- what can be done --------------------------------------------------------------------------------------

    @property
    def selected(self) -> list[Letter]:
        """The chosen dead letters, or the one under the cursor."""
        dead = dead_letters(self.letters)
        chosen = [letter for letter in dead if letter.id in self.table.chosen]
        at = self.table.at_cursor
        return chosen or [letter for letter in dead if at is not None and letter.id == at.id]

    def blocker(self, verb: str) -> str | None:
        """Why something cannot be done now, in words; ``None`` when it can."""
        if verb == "select":
            return None if dead_letters(self.letters) else "there are no dead letters here"
        at = self.table.at_cursor
        if verb == "resolve":
            if at is None or at.state is not LetterState.UNCERTAIN:
                return "only for a command whose answer was lost"
        elif verb == "same-cause":
            if at is None or at.state is not LetterState.DEAD:
                return "put the cursor on a dead letter first"
            return None
        elif not self.selected:
            return "choose a dead letter first"
        return self.console.write_blocker(OPERATE, irreversible=True)

    def _show_buttons(self) -> None:
        many, dead = len(self.table.chosen), self.tab == "dead"
        words = f"Replay {counted(many, 'selected', 'selected')}…" if many else "Replay…"
        self.buttons["replay"].set(words, Look.PRIMARY)
        self.buttons["replay"].setAccessibleName(words.strip("…"))
        at = self.table.at_cursor
        uncertain = at is not None and at.state is LetterState.UNCERTAIN
        for verb, pill in self.buttons.items():
            pill.setVisible(dead and (verb != "resolve" or uncertain))
            explain(pill, self.blocker(verb))
        unsure = sum(letter.state is LetterState.UNCERTAIN for letter in self.letters) if dead else 0
        current().set_font(self.remark, 9)
        self.remark.setText(f"{counted(unsure, 'command waits', 'commands wait')} for a person" if unsure else "")
        self.foot.setVisible(dead and bool(self.letters))

    def run(self, verb: str) -> None:
        """Do something about the chosen letters, or the one under the cursor."""
        from views.deliveries.letter_dialogs import DiscardLettersDialog, ReplayDialog, ResolveDialog

        parent, at = self._window.as_parent, self.table.at_cursor
        match verb:
            case "select":
                self.table.toggle()
            case "same-cause" if at is not None:
                alike = [letter for letter in dead_letters(self.letters) if cause_of(letter) == cause_of(at)]
                self.table.choose({letter.id for letter in alike[:REPLAY_MOST]})
            case "replay":
                ReplayDialog(self.console, self._request(self.selected), self.letters, parent).open()
            case "replay-all" if self.chosen.connection is not None:
                request = ReplayRequest(connection_id=self.chosen.id)
                ReplayDialog(self.console, request, self.letters, parent).open()
            case "discard":
                DiscardLettersDialog(self.console, self.selected, parent).open()
            case "resolve" if at is not None:
                ResolveDialog(self.console, at, parent).open()

    @staticmethod
    def _request(letters: Sequence[Letter]) -> ReplayRequest:
        return ReplayRequest(ids=tuple(letter.id for letter in letters))
