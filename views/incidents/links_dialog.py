"""Where an incident is spoken of, or worked on, elsewhere: Slack channel, ticket, PagerDuty, call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.incidents import decisions
from models.incidents import IncidentChange, IncidentLink, LinkKind
from views.incidents.dialogs import IncidentDialog, named
from views.incidents.wording import LINKS
from views.kit.theme import current
from views.kit.widgets.discard import discard

if TYPE_CHECKING:
    from app.console import Console
    from models.incidents import IncidentRecord

WIDE, ADDRESS_MOST, LINKS_MOST = 720, 500, 20


class LinkForm(QWidget):
    """One link; without an address it is none."""

    def __init__(self, kind: LinkKind, url: str, title: str) -> None:
        super().__init__()
        self.kind = QComboBox()
        self.kind.setAccessibleName("What it leads to")
        for known, words in LINKS.items():
            self.kind.addItem(words, known)
        self.kind.setCurrentIndex(self.kind.findData(kind))
        self.url = named(url, "Address", ADDRESS_MOST)
        self.url.setPlaceholderText("https://…")
        self.title = named(title, "Title")
        self.title.setPlaceholderText("Title, such as #inc-0142")
        self.gone = QPushButton("Remove")
        self.gone.setAutoDefault(False)
        self.gone.setAccessibleName("Remove this link")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.kind)
        row.addWidget(self.url, 3)
        row.addWidget(self.title, 2)
        row.addWidget(self.gone)

    def link(self) -> IncidentLink | None:
        """As it stands in the fields. Raises ValidationError."""
        url = self.url.text().strip()
        return IncidentLink(kind=self.kind.currentData(), url=url, title=self.title.text().strip()) if url else None


class LinksDialog(IncidentDialog):
    """All links of an incident."""

    def __init__(self, console: Console, incident: IncidentRecord, parent: QWidget) -> None:
        super().__init__(console, incident, parent, "Links of the incident", "Change them", "Why, if it matters")
        self.setMinimumWidth(current().px(WIDE))
        self.forms: list[LinkForm] = []
        self._lines = QVBoxLayout()
        self._lines.setSpacing(6)
        self.column.addLayout(self._lines)
        self.more = QPushButton("Add a link")
        self.more.setAutoDefault(False)
        self.more.clicked.connect(self.add_link)
        row = QHBoxLayout()
        row.addWidget(self.more)
        row.addStretch(1)
        self.column.addLayout(row)
        self.words.setFixedHeight(current().px(52))
        self.column.addWidget(self.words)
        for each in incident.links:
            self._add(each.kind, each.url, each.title)
        missing = (kind for kind in LinkKind if all(each.kind is not kind for each in incident.links))
        self._add(next(missing, LinkKind.OTHER)).url.setFocus()

    def _add(self, kind: LinkKind, url: str = "", title: str = "") -> LinkForm:
        form = LinkForm(kind, url, title)
        form.gone.clicked.connect(lambda: self.remove_link(form))
        self.forms.append(form)
        self._lines.addWidget(form)
        self.more.setEnabled(len(self.forms) < LINKS_MOST)
        self.more.setToolTip("" if self.more.isEnabled() else f"an incident has at most {LINKS_MOST} links")
        return form

    def add_link(self) -> None:
        """Add a line and go there."""
        self._add(LinkKind.OTHER).url.setFocus()

    def remove_link(self, form: LinkForm) -> None:
        """Take a line away."""
        self.forms.remove(form)
        self._lines.removeWidget(form)
        discard(form)
        self.more.setEnabled(True)
        self.more.setToolTip("")
        self.more.setFocus()

    def submit(self) -> None:
        """Send them, when they are others."""
        links = []
        for form in self.forms:
            try:
                link = form.link()
            except ValidationError:
                self.fail("An address starts with https:// or http://.", form.url)
                return
            if link is not None:
                links.append(link)
        if tuple(links) == self.incident.links:
            self.fail("Nothing is different.", self.forms[-1].url if self.forms else self.more)
            return
        text = self.checked_words(needed=False)
        if text is not None:
            request = IncidentChange(links=tuple(links), reason=text[:500])
            self.send(lambda: decisions.change(self.console.mutations, self.incident, request))

    def field_of(self, pointer: str) -> QWidget | None:
        match pointer.strip("/").split("/"):
            case ["links", number, *_] if number.isdecimal():
                filled = [form for form in self.forms if form.url.text().strip()]
                return filled[int(number)].url if int(number) < len(filled) else None
        return None
