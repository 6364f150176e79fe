"""One entry: what happened, who, when and why, and what it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from models.core.formatting import grouped
from models.core.personal import NOT_KEPT_OFFLINE, is_left_out
from views.audit.wording import short, title, who, whom
from views.kit.changes import compare
from views.kit.field_words import instant
from views.kit.theme import SECTION, current
from views.kit.widgets.difference import ChangesView
from views.kit.widgets.flow import Flow
from views.kit.widgets.pill import PAD, Look, Pill

if TYPE_CHECKING:
    from models.audit import AuditLogEntry

NOTHING_CHOSEN = "Choose an entry to see who did it, why, and what it changed."


class Details(QScrollArea):
    """The chosen entry. ``search_asked`` carries what is to be looked for."""

    search_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.entry: AuditLogEntry | None = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Chosen audit entry")
        self._everything = False
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(4, 8, 12, 12)
        column.setSpacing(4)
        self.title, self.by, self.reason = (_label() for _ in range(3))
        self.title.setAccessibleName("What happened")
        self.by.setAccessibleName("Who and when")
        self.reason.setAccessibleName("Why")
        self.same_actor = Pill("", Look.LINK, name="List everything this person did")
        self.correlation = Pill("", Look.LINK, name="List everything done together with this")
        self.difference = ChangesView()
        self.hidden = _label()
        self.show_all = Pill("Show them", Look.LINK, name="Show fields that did not change")
        for label in (self.title, self.by, self.reason):
            column.addWidget(label)
        column.addWidget(Flow(self.correlation, self.same_actor, margins=False))
        column.addSpacing(4)
        self._inset = QHBoxLayout()
        self._inset.addWidget(self.difference)
        column.addLayout(self._inset)
        column.addWidget(self.hidden)
        column.addWidget(self.show_all, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.setWidget(inside)
        self.correlation.clicked.connect(self._list_together)
        self.same_actor.clicked.connect(self._list_actor)
        self.show_all.clicked.connect(self._toggle)
        current().changed.connect(self.restyle)
        self.restyle()

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(240), current().px(32))

    def show_entry(self, entry: AuditLogEntry | None) -> None:
        """Show an entry, or that none is chosen."""
        if entry is not None and entry == self.entry:
            return
        self.entry, self._everything = entry, False
        self.verticalScrollBar().setValue(0)
        self._fill()

    def restyle(self) -> None:
        """Take fonts and colours of the theme."""
        theme, tokens = current(), current().tokens
        secondary = ((self.by, tokens.text2), (self.hidden, tokens.text2))
        for label, _ in secondary:
            theme.set_font(label, 9)
        theme.set_font(self.reason, 10)
        for label, colour in ((self.title, tokens.text), (self.reason, tokens.text), *secondary):
            palette = label.palette()
            palette.setColor(label.foregroundRole(), QColor(colour))
            label.setPalette(palette)
            # A link has room around its words for the focus ring: all other words begin where its words do.
            label.setContentsMargins(theme.px(PAD), 0, 0, 0)
        self._inset.setContentsMargins(theme.px(PAD), 0, 0, 0)
        self._fill()

    def _fill(self) -> None:
        entry = self.entry
        for widget in (self.by, self.reason, self.correlation, self.same_actor, self.difference):
            widget.setVisible(entry is not None)
        current().set_font(self.title, *((10, 400) if entry is None else (SECTION, 600)))
        if entry is None:
            self.title.setText(NOTHING_CHOSEN)
            self.hidden.hide()
            self.show_all.hide()
            return
        version = f", version {entry.version}" if entry.version is not None else ""
        self.title.setText(f"{title(entry)}{version}")
        person = whom(entry) if short(entry) == who(entry) else f"{who(entry)} ({short(entry)})"
        self.by.setText(f"by {person} at {instant(entry.at)}, position {grouped(entry.position)}")
        reason = f"Why: {NOT_KEPT_OFFLINE}" if is_left_out(entry.reason) else f"“{entry.reason}”"
        self.reason.setText(reason if entry.reason else "")
        self.reason.setVisible(bool(entry.reason))
        self.correlation.set("Done together with it", Look.LINK)
        self.correlation.setToolTip(f"List everything of correlation {entry.correlation_id}")
        self.correlation.setVisible(entry.correlation_id is not None)
        self.same_actor.set(f"All by {whom(entry) if len(who(entry)) <= 24 else short(entry)}", Look.LINK)
        self.same_actor.setToolTip(f"List everything {whom(entry)} did")
        left_out = is_left_out(entry.before) or is_left_out(entry.after)
        changes = compare(None, None) if left_out else compare(entry.before, entry.after, everything=self._everything)
        self.difference.show_changes(changes)
        nothing = entry.before is None and entry.after is None
        self.difference.setVisible(bool(changes.lines))
        words = "Nothing was changed by it." if nothing else changes.hidden
        words = f"What it changed is {NOT_KEPT_OFFLINE}." if left_out else words
        self.hidden.setText(f"{words}." if words and not words.endswith(".") else words)
        self.hidden.setVisible(bool(words))
        self.show_all.set("Show only what changed" if self._everything else "Show them", Look.LINK)
        self.show_all.setVisible(bool(changes.hidden) or self._everything)

    def _toggle(self) -> None:
        self._everything = not self._everything
        self._fill()

    def _list_together(self) -> None:
        if self.entry is not None and self.entry.correlation_id:
            self.search_asked.emit(f'correlation:"{self.entry.correlation_id}"')

    def _list_actor(self) -> None:
        if self.entry is not None:
            self.search_asked.emit(f'actor:"{self.entry.actor}"')


def _label() -> QLabel:
    made = QLabel()
    made.setWordWrap(True)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made
