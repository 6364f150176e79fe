"""What messages say: each text with its versions, and how it looks by each connection before it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QPlainTextEdit, QWidget

from app.core.errors import OperationsError
from app.deliveries.domain import Deliveries, change_template
from models.deliveries.connections import ConnectionKind
from models.deliveries.routing import PreviewRequest, TemplateChange
from views.deliveries.connection_dialogs import WIDE, paragraph
from views.deliveries.route_grid import columns_of
from views.deliveries.wording import KINDS, moment, who_words
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current

if TYPE_CHECKING:
    import asyncio

    from app.console import Console
    from models.deliveries.routing import Template

EVERY = "All kinds without a text of their own"
PREVIEW_MS = 300
"""Whoever types is not asked after at each letter."""


class TextDialog(DecidingDialog):
    """One text is chosen, changed and saved as a new version."""

    def __init__(self, console: Console, name: str, parent: QWidget) -> None:
        """``name`` is the text that is chosen first, empty for the first there is."""
        super().__init__("What messages say", console.tasks, parent, accept="Save", hint="Why")
        self._console, self._domain = console, console.of(Deliveries)
        self.words.setParent(self)
        self.words.hide()
        self.setMinimumWidth(current().px(WIDE))
        self._known: tuple[Template, ...] = ()
        self.versions: tuple[Template, ...] = ()
        """What the chosen text has said, the newest first."""
        self._previewing: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._pause = QTimer(self, singleShot=True, interval=PREVIEW_MS)
        self._pause.timeout.connect(self._preview)
        self._make()
        self._lay_out()
        self.look(console.tasks, self._load(name), "load texts")

    def _make(self) -> None:
        self.name, self.kind, self.version, self.by = QComboBox(), QComboBox(), QComboBox(), QComboBox()
        self.kind.addItem(EVERY, None)
        for kind, words in KINDS.items():
            self.kind.addItem(words, kind)
        self.subject, self.text = QLineEdit(), QPlainTextEdit()
        self.subject.setMaxLength(200)
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(current().px(120))
        self.values = paragraph("")
        self.shown = QPlainTextEdit()
        self.shown.setReadOnly(True)
        self.shown.setTabChangesFocus(True)
        self.shown.setFixedHeight(current().px(120))
        self.name.activated.connect(lambda _index: self._choose())
        self.kind.activated.connect(lambda _index: self._choose())
        self.version.activated.connect(lambda _index: self._fill())
        self.by.activated.connect(lambda _index: self._preview())
        self.subject.textEdited.connect(lambda _text: self._pause.start())
        self.text.textChanged.connect(self._pause.start)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows: tuple[tuple[str, QWidget], ...] = (
            ("Message", self.name),
            ("Sent by", self.kind),
            ("Version", self.version),
            ("Subject", self.subject),
            ("Text", self.text),
            ("", self.values),
            ("As it looks by", self.by),
            ("", self.shown),
        )
        for label, field in rows:
            if not isinstance(field, QLabel):
                field.setAccessibleName(label or "Message as it would look")
            form.addRow(label, field)
        self.column.addLayout(form)

    # --- choosing ----------------------------------------------------------------------------------------------

    async def _load(self, name: str) -> None:
        query = self._domain.templates()
        routes, connections = self._domain.routes(), self._domain.connections()
        for asked in (query, routes, connections):
            if asked.sample is None:
                await asked.refresh()
        if query.sample is None:
            self.fail(f"Not loaded: {query.error}")
            return
        self._known = query.sample.value
        for each in dict.fromkeys(template.name for template in self._known):
            self.name.addItem(each.replace(".", " ").replace("_", " "), each)
        self.name.setCurrentIndex(max(0, self.name.findData(name)))
        known = connections.sample.value if connections.sample is not None else ()
        for way in columns_of(known, routes.sample.value if routes.sample is not None else None, offered=True):
            self.by.addItem(way.name, way.id)
        self._choose()

    def _choose(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self._reading = self.look(self._console.tasks, self._read(), "read a text")

    async def _read(self) -> None:
        try:
            self.versions = await self._domain.template_versions(self.name.currentData(), self._kind)
        except OperationsError as error:
            self.fail(f"Not loaded: {error}")
            return
        now = self._console.clock.now()
        self.version.clear()
        for number, each in enumerate(self.versions):
            words = f"{each.version}, {moment(each.updated_at, now)} by {who_words(each.updated_by)}"
            self.version.addItem(words + (" (in use)" if number == 0 else ""), each.version)
        names = ", ".join(f"{{{name}}}" for name in self.versions[0].values)
        self.values.setText(f"It may name {names}. What is put in is made harmless for each system.")
        self.fail("")
        self._fill()

    @property
    def _kind(self) -> ConnectionKind | None:
        found = self.kind.currentData()
        return None if found is None else ConnectionKind(found)

    def _fill(self) -> None:
        """Show a version; saved, it becomes the newest."""
        if 0 <= self.version.currentIndex() < len(self.versions):
            chosen = self.versions[self.version.currentIndex()]
            self.subject.setText(chosen.subject)
            self.text.setPlainText(chosen.text)
            self._preview()

    # --- how it looks ------------------------------------------------------------------------------------------

    def _preview(self) -> None:
        self._pause.stop()
        name, by = self.name.currentData(), self.by.currentData()
        if name is None or by is None:
            self.shown.setPlainText("Nothing is set up that people can be told by.")
            return
        if self._previewing is not None:
            self._previewing.cancel()
        self._previewing = self.look(self._console.tasks, self._ask(name, by), "preview a text")

    async def _ask(self, name: str, by: str) -> None:
        try:
            request = PreviewRequest(
                template=name,
                connection_id=by,
                subject=self.subject.text() or None,
                text=self.text.toPlainText() or None,
            )
            found = await self._domain.preview(request)
        except (OperationsError, ValidationError) as error:
            self.shown.setPlainText(f"Not shown: {error}")
            return
        self.shown.setPlainText(f"{found.subject}\n\n{found.text}")

    def done(self, result: int) -> None:
        self._pause.stop()  # nobody looks any more
        super().done(result)

    # --- saving ------------------------------------------------------------------------------------------------

    def submit(self) -> None:
        """Save it as a new version."""
        if not self.versions:
            self.fail("The text is not loaded yet.")
            return
        before, subject, text = self.versions[0], self.subject.text().strip(), self.text.toPlainText().strip()
        if not subject or not text:
            self.fail("A message has a subject and a text.", self.text if subject else self.subject)
            return
        if (subject, text) == (before.subject, before.text):
            self.fail("Nothing was changed yet.")
            return
        try:
            request = TemplateChange(subject=subject, text=text)
        except ValidationError as error:
            self.fail(f"{error.errors(include_url=False)[0]['msg']}.".removeprefix("Value error, "), self.subject)
            return
        self.send(lambda: change_template(self._console.mutations, before, request))
