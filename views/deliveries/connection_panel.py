"""One connection: how it does in words, what to do, its last day, what goes there, and its secret as far as shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.core.freshness import age_words
from app.deliveries.domain import VIEW, Deliveries
from models.deliveries.connections import ConnectionState
from views.deliveries.chosen import ChosenConnection
from views.deliveries.detail_parts import AgeBar, Chip, Steps, Tiles
from views.deliveries.hour_bars import HourBars, bars_of
from views.deliveries.marks import StateChip
from views.deliveries.wording import (
    SECRET_NAMES,
    address_lines,
    ago,
    is_turned_off,
    key_days,
    key_most,
    moment,
    pause_words,
    proof_words,
    remedy,
    subscription_words,
    target_words,
    who_words,
)
from views.kit.following_panel import FollowingPanel, explain
from views.kit.panel import Note
from views.kit.query_panel import unheard_words
from views.kit.theme import BODY, current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.section import Lines, Section

if TYPE_CHECKING:
    from datetime import datetime

    from app.core.query import Query
    from models.deliveries.connections import Connection, ConnectionDetail, Secret
    from views.kit.capability import Window

LINE_NAME = 84
"""Room for the names of lines, pixels at 100 % font."""
CHIPS_MOST = 8
ACTIONS = {
    "secret": "deliveries.secret",
    "test": "deliveries.test",
    "pause": "deliveries.pause",
    "change": "deliveries.change",
}


class _Foot(QWidget):
    """What stays below while the rest scrolls, with a line above it."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(0, 0, self.width(), 1, current().tokens.line)


class ConnectionPanel(FollowingPanel):
    """The chosen connection."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self.chosen = window.shared(ChosenConnection)
        self._domain = console.of(Deliveries)
        self._detail: Query[ConnectionDetail] | None = None
        self._make()
        self._lay_out()
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tick)
        self.chosen.changed.connect(self._follow)
        self.chosen.tested.connect(self._renew)
        self.use(self._domain.connections())
        self._follow()

    # --- parts -------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        self.empty = QLabel("Choose a connection in the list.")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.chip, self.verdict, self.said = StateChip(), QLabel(), QLabel()
        for label in (self.verdict, self.said):
            label.setWordWrap(True)
        self.steps, self.tiles, self.bars = Steps(), Tiles(), HourBars()
        self.way, self.secret, self.hook = Lines("Way there"), Lines("Secret"), Lines("Incoming")
        self.age_bar = AgeBar()
        self.goes = Flow(margins=False)
        self._chips: list[Chip] = []
        self.buttons = {
            "secret": Pill("Rotate secret…", Look.BUTTON, name="Rotate secret", button=True),
            "test": Pill("Send test", Look.BUTTON, name="Send test", key="T"),
            "pause": Pill("Pause…", Look.BUTTON, name="Pause", key="P"),
            "change": Pill("Change…", Look.BUTTON, name="Change"),
        }
        for verb, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, v=verb: self.console.actions.execute(ACTIONS[v]))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.verdict, 1)
        self.hours = Section("Deliveries per hour, last 24 h", self.bars, points=BODY)
        self.goes_section = Section("What goes there", self.goes, self.way, points=BODY)
        beside = QWidget()
        row = QHBoxLayout(beside)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.secret, 1)
        row.addWidget(self.age_bar, 0, Qt.AlignmentFlag.AlignBottom)
        self.secret_section = Section("Secret", beside, points=BODY)
        self.hook_section = Section("What comes back", self.hook, points=BODY)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(10)
        column.addLayout(head)
        for part in (
            self.said,
            self.steps,
            self.tiles,
            self.hours,
            self.goes_section,
            self.secret_section,
            self.hook_section,
        ):
            column.addWidget(part)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.area.setAccessibleName("Connection")
        self.area.setWidget(inside)
        self.area.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        self.foot = _Foot()
        below = QVBoxLayout(self.foot)
        below.setContentsMargins(12, 8, 12, 10)
        below.addWidget(Flow(*self.buttons.values(), margins=False, gap=WIDE_GAP))
        outer = QVBoxLayout(self.content)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.empty, 1)
        outer.addWidget(self.area, 1)
        outer.addWidget(self.foot)
        self.widget.setFocusProxy(self.area)

    # --- panel -------------------------------------------------------------------------------------------------

    def own_note(self) -> Note:
        """Which one it is, and of when."""
        known, note = self._known(), super().own_note()
        if known is None:
            return note
        return Note(f"{known.name} · version {known.version} · {note.text}", note.kind)

    def own_menu(self) -> list[QAction]:
        """What else can be done about it."""
        actions, made = self.console.actions, []
        for verb in ("change", "off", "remove", "new"):
            action = actions.get(f"deliveries.{verb}")
            item = QAction(action.title, self)
            reason = actions.reason(action)
            item.setEnabled(reason is None)
            item.setToolTip(reason or "")
            item.triggered.connect(lambda _=False, known=action.id: actions.execute(known))
            made.append(item)
        return made

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        self._second.start() if visible else self._second.stop()

    def _follow(self) -> None:
        before, self._detail = self._detail, self._domain.connection(self.chosen.id) if self.chosen.id else None
        self.follow(before, self._detail)
        self.area.verticalScrollBar().setValue(0)
        self._renew()

    def _known(self) -> Connection | None:
        """What was heard last of it, in the list or by itself; what is on its way is in both."""
        listed, heard = self.chosen.connection, self._domain.connections().sample
        detail = self._detail.sample if self._detail is not None else None
        if detail is None or heard is None or listed is None:
            return detail.value if detail is not None else listed
        return listed if heard.as_of > detail.as_of else detail.value

    # --- showing -----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what is known now."""
        known = self._known()
        self.empty.setVisible(known is None)
        self.area.setVisible(known is not None)
        self.foot.setVisible(known is not None)
        if known is None:
            sample = self._domain.connections().sample
            self.empty.setText(unheard_words(self.console) if sample is None else "No outside system is set up.")
            return
        detail = self._detail.sample.value if self._detail is not None and self._detail.sample is not None else None
        now = self.console.clock.now()
        self._show_verdict(known, now)
        self._show_day(detail, now)
        self._show_way(known, detail)
        self._show_secret(known, now)
        self._show_buttons(known)

    def _show_verdict(self, known: Connection, now: datetime) -> None:
        theme, advice = current(), known.advice
        self.chip.show_state(known)
        theme.set_font(self.verdict, 14, 600)
        theme.set_font(self.said, 10)
        working = f"{known.name} works" if known.state is ConnectionState.OK else known.name
        self.verdict.setText(advice.verdict if advice is not None else working)
        words = advice.detail if advice is not None else target_words(known.settings)
        if known.state is ConnectionState.PAUSED:
            words = f"{pause_words(known, now)}. What is meant for it waits."
        elif known.state is ConnectionState.OK and known.last_success_at is not None:
            words = f"Last success {ago(known.last_success_at, now)}, {proof_line(known, now)}."
        self.said.setText(words)
        self.steps.show_steps(advice.steps if advice is not None else ())

    def _show_day(self, detail: ConnectionDetail | None, now: datetime) -> None:
        self.tiles.setVisible(detail is not None)
        self.hours.setVisible(detail is not None)
        if detail is None or self._detail is None:
            return
        self.tiles.show_figures(detail, now)
        self.bars.show_bars(bars_of(detail.hours, now))
        seconds = self._detail.age_seconds
        self.hours.heading.say(f"{age_words(seconds)} old" if seconds is not None else "")

    def _show_way(self, known: Connection, detail: ConnectionDetail | None) -> None:
        words = [subscription_words(each) for each in known.subscriptions]
        shown = words[:CHIPS_MOST] + ([f"{len(words) - CHIPS_MOST} more"] if len(words) > CHIPS_MOST else [])
        if not shown:
            shown = ["only what people are sent, by the routes"]
        if shown != [chip.words for chip in self._chips]:
            for chip in self._chips:
                chip.hide()
                chip.deleteLater()
            self._chips = [Chip(each, dashed=not words or each.endswith(" more")) for each in shown]
            self._remake_flow()
        pace = "" if known.rate is None else f"at most {known.rate:g} messages a second"
        self.goes_section.heading.say(pace)
        lines = address_lines(known.settings)
        if detail is not None and detail.tries:
            lines.append(("Tries", detail.tries, False))
        self.way.show_lines(lines, LINE_NAME)

    def _remake_flow(self) -> None:
        before = self.goes
        self.goes = Flow(*self._chips, margins=False, gap=6)
        layout = self.goes_section.layout()
        assert layout is not None  # noqa: S101 - a section has one
        layout.replaceWidget(before, self.goes)
        before.deleteLater()

    def _show_secret(self, known: Connection, now: datetime) -> None:
        name = SECRET_NAMES[known.settings.kind]
        self.secret_section.heading.say("shown once, then only its last four" if known.secret is not None else "")
        if known.secret is None:
            self.secret.show_lines([("", f"No {name} is set.", False)], LINE_NAME)
        else:
            proven = ("Last proven", proof_line(known, now), False)
            self.secret.show_lines([proven, *secret_lines(known.secret, now)], LINE_NAME)
        most = key_most(known.secret) if known.secret is not None else None
        self.age_bar.show_age(0 if known.secret is None else key_days(known.secret, now), most)
        self.hook_section.setVisible(bool(known.hook))
        if known.hook:
            signed = known.hook_secret
            lines = [("Listens at", known.hook, False)]
            words = "none is set: what comes is refused" if signed is None else ""
            lines += [("Secret", words, False)] if signed is None else secret_lines(signed, now)
            self.hook.show_lines(lines, LINE_NAME)

    def _show_buttons(self, known: Connection) -> None:
        primary = remedy(known)
        words = {
            "secret": "Enter secret…" if known.secret is None else "Rotate secret…",
            "test": "Testing…" if self.chosen.is_testing(known.id) else "Send test",
            "pause": _pause_words(known),
            "change": "Change…",
        }
        actions = self.console.actions
        ids = {action.id for action in actions.all()}
        for verb, pill in self.buttons.items():
            pill.set(words[verb], Look.PRIMARY if verb == primary else Look.BUTTON)
            pill.setAccessibleName(words[verb].strip("…"))
            known_as = ACTIONS[verb]
            explain(pill, actions.reason(actions.get(known_as)) if known_as in ids else None)
        self.buttons["change"].setVisible(primary == "change")
        if self.buttons["test"].isEnabled():
            self.buttons["test"].setToolTip("A message that proves the way and asks for nothing")

    def _tick(self) -> None:
        """Ages and times left go on."""
        self._renew()


def _pause_words(connection: Connection) -> str:
    if is_turned_off(connection):
        return "Turn on"
    return "Resume" if connection.state is ConnectionState.PAUSED else "Pause…"


def secret_lines(secret: Secret, now: datetime) -> list[tuple[str, str, bool]]:
    """All that is shown of a secret."""
    days, most = key_days(secret, now), key_most(secret)
    set_at = f"set {secret.set_at.day} {secret.set_at:%b} by {who_words(secret.set_by)}"
    limit = "" if most is None else f" of at most {most} d"
    lines = [("Read from", secret.reference, False)] if secret.reference else []
    lines += [("Ends in", secret.last_four, False)] if secret.last_four else []
    lines += [("Fingerprint", f"SHA-256 {secret.fingerprint}", False)] if secret.fingerprint else []
    if secret.previous_until is not None and secret.previous_until > now:
        lines.append(("The one before", f"valid until {moment(secret.previous_until, now)} UTC", False))
    lines.append(("Age", f"{days} d{limit}, {set_at}", most is not None and days > most))
    return lines


def proof_line(connection: Connection, now: datetime) -> str:
    """What became of the last canary, as a sentence."""
    words, when = proof_words(connection, now)
    match words:
        case "proven":
            return f"proven {when}"
        case "failed":
            return f"canary failed {when}, {last_proven(connection, now)}"
        case "paused":
            return f"paused, {last_proven(connection, now)}"
        case _:
            return "never proven"


def last_proven(connection: Connection, now: datetime) -> str:
    """When a canary got through, or that none did."""
    return "never proven" if connection.proven_at is None else f"last proven {ago(connection.proven_at, now)}"
