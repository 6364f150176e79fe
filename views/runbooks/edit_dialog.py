"""Write a runbook or change one: fields, the Markdown, and beside it how it reads and what is wrong with it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from PySide6.QtCore import QDate, Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QDateEdit,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import OperationsError
from app.runbooks.domain import Runbooks, change, create
from models.core.permissions import BUILT_IN_ROLES
from models.core.wording import counted
from models.runbooks import TEXT_MOST, TITLE_MOST, FindingLevel, RunbookChange, RunbookDraft
from models.runbooks.checking import check
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import SHAPES, current
from views.runbooks.page import page, style
from views.runbooks.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.console import Console
    from models.runbooks import Finding, Runbook

WIDE, HIGH = 1080, 720
CHECK_MS = 250
FINDINGS_MOST = 6
REVIEW_DAYS = 182
BEGINNING = """What this is about, in one or two sentences.

## How to see it

- What a person notices, and where the figure stands.

## What it means for the shop

What is lost while it lasts.

## First five minutes

- [ ] Look at …

## Steps

- [ ] Do …

## How to know it is over

- [ ] See that …

## Whom to tell

Who must know, and when.
"""


class EditDialog(DecidingDialog):
    """Stays open, with what was typed, until the server or the outbox has it."""

    def __init__(
        self,
        console: Console,
        runbook: Runbook | None,
        parent: QWidget,
        *,
        draft: RunbookDraft | None = None,
        done: Callable[[str], object] | None = None,
    ) -> None:
        """``draft``: what a file holds, to begin with; ``done`` is told the name of what was written."""
        title = "New runbook" if runbook is None else f"Edit “{runbook.title}”"
        super().__init__(title, console.tasks, parent, accept="Save", hint="Why, for the history")
        self._console, self._runbook, self._done = console, runbook, done or (lambda _slug: None)
        self.resize(current().px(WIDE), current().px(HIGH))
        self._make_fields()
        self._make_text()
        self.words.setFixedHeight(current().px(56))
        self.column.addWidget(self.words)
        self._fill(draft)
        self._later = QTimer(self, interval=CHECK_MS, singleShot=True)
        self._later.timeout.connect(self.look_through)
        self.text.textChanged.connect(self._later.start)
        for field in (self.alerts, self.services):
            field.textChanged.connect(lambda _text: self._later.start())
        self.review_by.dateChanged.connect(lambda _date: self._later.start())
        self.look_through()
        (self.name if runbook is None and not self.name.text() else self.text).setFocus()

    def _make_fields(self) -> None:
        self.title, self.name, self.alerts, self.services = (QLineEdit() for _ in range(4))
        self.title.setMaxLength(TITLE_MOST)
        self.name.setPlaceholderText("mirrors-down")
        self.name.setReadOnly(self._runbook is not None)
        self.alerts.setPlaceholderText("downloads.failureRate, backup:daily")
        self.services.setPlaceholderText("downloads, checkout")
        self.owner = QComboBox()
        self.owner.setEditable(True)
        for role in BUILT_IN_ROLES:
            if not role.service:
                self.owner.addItem(role.id)
        self.review_by = QDateEdit()
        self.review_by.setDisplayFormat("yyyy-MM-dd")
        self.review_by.setCalendarPopup(True)
        left = (("Name", self.name), ("Title", self.title), ("Alerts", self.alerts))
        right = (("Owner", self.owner), ("Review by", self.review_by), ("Services", self.services))
        row = QHBoxLayout()
        row.setSpacing(24)
        for fields, share in ((left, 3), (right, 2)):
            form = QFormLayout()
            form.setHorizontalSpacing(16)
            for words, field in fields:
                form.addRow(words, field)
                field.setAccessibleName(words)
            row.addLayout(form, share)
        self.owner.setToolTip("The id of a role, whose holders keep it together, or of a person")
        self.column.addLayout(row)

    def _make_text(self) -> None:
        self.text = QPlainTextEdit()
        self.text.setAccessibleName("Markdown")
        self.text.setTabChangesFocus(True)
        current().set_font(self.text, 10, mono=True)
        self.preview = Reader()
        self.preview.setAccessibleName("How it reads")
        self.findings = QLabel()
        self.findings.setWordWrap(True)
        self.findings.setTextFormat(Qt.TextFormat.RichText)
        self.findings.setAccessibleName("What is wrong")
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.preview, 1)
        column.addWidget(self.findings)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.text)
        split.addWidget(right)
        split.setMinimumHeight(current().px(240))
        self.column.addWidget(split, 1)

    def _fill(self, draft: RunbookDraft | None) -> None:
        known: Any = draft or self._runbook
        today = self._console.clock.now().date()
        if known is None:
            self.owner.setEditText("operations-lead")
            self.review_by.setDate(_qdate(today).addDays(REVIEW_DAYS))
            self.text.setPlainText(BEGINNING)
            return
        self.name.setText(known.slug)
        self.title.setText(known.title)
        self.owner.setEditText(known.owner)
        self.review_by.setDate(_qdate(known.review_by))
        self.alerts.setText(", ".join(known.alerts))
        self.services.setText(", ".join(known.services))
        self.text.setPlainText(known.text)

    # --- looking through -----------------------------------------------------------------------------------------

    def look_through(self) -> None:
        """Show how the text reads, and what is wrong with it."""
        text = self.text.toPlainText()
        document = self.preview.document()
        document.setDefaultFont(current().font(10))
        document.setDefaultStyleSheet(style())
        at = self.preview.verticalScrollBar().value()
        self.preview.setHtml(page(text[:TEXT_MOST], {}, 0))
        self.preview.verticalScrollBar().setValue(at)
        self.findings.setText(self._finding_words())

    def found(self) -> tuple[Finding, ...]:
        """What the dry check says; of fields that do not fit at all nothing."""
        try:
            draft = self._draft("–")
        except ValidationError:
            return ()
        others = {each.slug for each in self._console.of(Runbooks).library.summaries}
        return check(draft, self._console.clock.now().date(), others or None)

    def _finding_words(self) -> str:
        found, tokens = self.found(), current().tokens
        lines = []
        for each in found[:FINDINGS_MOST]:
            error = each.level is FindingLevel.ERROR
            hue, shape = (tokens.p1, SHAPES["P1"]) if error else (tokens.p2, SHAPES["P2"])
            where = f"line {each.line}: " if each.line else ""
            lines.append(f'<span style="color: {hue}">{shape}</span> {escape(where + each.message)}')
        if len(found) > FINDINGS_MOST:
            lines.append(f"{counted(len(found) - FINDINGS_MOST, 'more remark')}.")
        return "<br>".join(lines) or f'<span style="color: {tokens.good}">{SHAPES["good"]}</span> Nothing to remark.'

    # --- saving --------------------------------------------------------------------------------------------------

    def _values(self) -> dict[str, Any]:
        return {
            "title": self.title.text().strip(),
            "owner": self.owner.currentText().strip(),
            "review_by": self.review_by.date().toString("yyyy-MM-dd"),
            "alerts": _listed(self.alerts.text()),
            "services": _listed(self.services.text()),
            "text": self.text.toPlainText().strip("\n"),
        }

    def _draft(self, reason: str) -> RunbookDraft:
        slug = self.name.text().strip() or "unnamed"
        return RunbookDraft.model_validate({**self._values(), "slug": slug, "reason": reason})

    def submit(self) -> None:
        """Save it, when nothing keeps it from being stored."""
        if not self.name.text().strip():
            self.fail("Give it a name, such as mirrors-down: its page and file are called so.", self.name)
            return
        reason = self.checked_words(needed=self._runbook is not None)
        if reason is None:
            return
        try:
            draft = self._draft(reason)
        except ValidationError as error:
            self._refuse(error)
            return
        wrong = next((each for each in self.found() if each.level is FindingLevel.ERROR), None)
        if wrong is not None:
            self.fail(wrong.message, self.text)
            return
        self.send(lambda: self._save(draft, reason))

    async def _save(self, draft: RunbookDraft, reason: str) -> None:
        mutations, runbook = self._console.mutations, self._runbook
        if runbook is None:
            await create(mutations, draft)
        else:
            fields = {name: getattr(draft, name) for name in self._values()}
            changed = {name: value for name, value in fields.items() if value != getattr(runbook, name)}
            if not changed:
                raise OperationsError("Nothing was changed yet.")
            await change(mutations, runbook, RunbookChange(**changed, reason=reason))
        self._done(draft.slug)

    def _refuse(self, error: ValidationError) -> None:
        first = error.errors(include_url=False)[0]
        fields: dict[str, QWidget] = {
            "slug": self.name,
            "title": self.title,
            "owner": self.owner,
            "reviewBy": self.review_by,
            "alerts": self.alerts,
            "services": self.services,
            "text": self.text,
        }
        field = str(first["loc"][0])
        words = {
            "slug": "A name has small letters, digits and hyphens, such as mirrors-down.",
            "title": "Give it a title of one line.",
            "owner": "Say who keeps it: the id of a role or of a person.",
            "alerts": "Kinds of alert stand behind each other with commas: backup, orders.total:no_data.",
            "services": "Services have small letters, digits and hyphens, with commas between them.",
            "text": f"Write something, of at most {TEXT_MOST:,} characters.",
        }
        self.fail(words.get(field, str(first["msg"])), fields.get(field))


def _qdate(day: Any) -> QDate:
    return QDate(day.year, day.month, day.day)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
