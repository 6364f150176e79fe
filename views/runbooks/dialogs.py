"""Work through a runbook, end that, and look at what became of it over time."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCompleter, QLabel, QLineEdit, QScrollArea, QSplitter, QWidget

from app.core.errors import OperationsError
from app.incidents import Incidents
from app.runbooks.domain import Runbooks, change, end, start, tick
from models.core.wording import counted
from views.kit.changes import Changes, Line, compare
from views.kit.dialogs.base import WindowDialog
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current
from views.kit.widgets.difference import ChangesView
from views.kit.widgets.table import Column, RecordTable

if TYPE_CHECKING:
    from app.console import Console
    from models.runbooks import Runbook, RunbookRun, RunbookVersion

WIDE, HIGH = 900, 560
AROUND = 2
"""Lines that did not change, shown before and after those that did."""
FIELDS = {"title", "owner_name", "review_by", "alerts", "services", "retired"}


def _paragraph(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


class WorkDialog(DecidingDialog):
    """Asks for which incident, if any."""

    def __init__(self, console: Console, runbook: Runbook, parent: QWidget) -> None:
        super().__init__(f"Work through “{runbook.title}”", console.tasks, parent, accept="Begin", hint="Why")
        self._console, self._runbook = console, runbook
        self.words.setParent(self)
        self.words.hide()
        self.column.addWidget(
            _paragraph(
                "From now on everybody sees which steps are done, when and by whom. With an incident, each step "
                "stands in its timeline too."
            )
        )
        self.incident = QLineEdit()
        self.incident.setPlaceholderText("INC-0142, or nothing")
        self.incident.setAccessibleName("Incident")
        self.incident.setMaxLength(200)
        sample = console.of(Incidents).open().sample
        known = [each.reference for each in (sample.value if sample is not None else ())]
        self.incident.setCompleter(QCompleter(known, self))
        if len(known) == 1:
            self.incident.setText(known[0])
        self.column.addWidget(self.incident)
        self.incident.setFocus()

    def submit(self) -> None:
        """Begin."""
        incident = self.incident.text().strip() or None
        self.send(lambda: start(self._console.mutations, self._runbook, incident))


class NoteDialog(DecidingDialog):
    """Ticks a step off, with what was seen or done."""

    def __init__(self, console: Console, run: RunbookRun, step: int, parent: QWidget) -> None:
        hint = "What you saw or did: it stands beside the step, and in the timeline"
        super().__init__(f"Tick step {step} off", console.tasks, parent, accept="Tick off", hint=hint)
        self._console, self._run, self._step = console, run, step
        self.column.addWidget(_paragraph(run.steps[step - 1]))
        self.ask_for_words()

    def submit(self) -> None:
        """Tick it off."""
        if (note := self.checked_words(needed=False)) is not None:
            self.send(lambda: tick(self._console.mutations, self._run, self._step, done=True, note=note))


class RetireDialog(DecidingDialog):
    """Takes a runbook out of use, or back into it."""

    def __init__(self, console: Console, runbook: Runbook, parent: QWidget) -> None:
        verb = "Reinstate" if runbook.retired else "Retire"
        super().__init__(f"{verb} “{runbook.title}”", console.tasks, parent, accept=verb, hint="Why")
        self._console, self._runbook = console, runbook
        self.column.addWidget(
            _paragraph(
                "Alerts lead to it again, it is published, and its owner is reminded of its review."
                if runbook.retired
                else "It is kept and can be read. No alert leads to it, it is no longer published, nobody is reminded "
                "of its review, and nobody can begin it."
            )
        )
        self.ask_for_words()

    def submit(self) -> None:
        """Do it."""
        if (reason := self.checked_words()) is not None:
            from models.runbooks import RunbookChange

            request = RunbookChange(retired=not self._runbook.retired, reason=reason)
            self.send(lambda: change(self._console.mutations, self._runbook, request))


class EndDialog(DecidingDialog):
    """Says that a run is over, which it stays."""

    def __init__(self, console: Console, run: RunbookRun, parent: QWidget) -> None:
        hint = "What came of it (may stay empty)"
        super().__init__(f"End “{run.title}”", console.tasks, parent, accept="End it", hint=hint, destructive=True)
        self._console, self._run = console, run
        left = len(run.steps) - len(run.marks)
        said = "All steps are done." if not left else f"{counted(left, 'step is', 'steps are')} not done."
        self.column.addWidget(_paragraph(said))
        self.ask_for_words()

    def submit(self) -> None:
        """End it."""
        if (note := self.checked_words(needed=False)) is not None:
            self.send(lambda: end(self._console.mutations, self._run, note))


class HistoryDialog(WindowDialog):
    """Every version: who, when, why, and what is different from the one before."""

    def __init__(self, console: Console, runbook: Runbook, parent: QWidget) -> None:
        super().__init__(f"History of “{runbook.title}”", parent, reject="Close")
        self._console, self._runbook = console, runbook
        self._known: dict[int, Runbook] = {runbook.version: runbook}
        self.resize(current().px(WIDE), current().px(HIGH))
        self.table = RecordTable(
            (
                Column("", lambda each: str(each.version), 32, right=True, fits=True),
                Column("When", lambda each: f"{each.updated_at:%Y-%m-%d %H:%M}", 110, quiet=True, fits=True),
                Column("Who", lambda each: each.updated_by_name, 110, stretch=True),
            ),
            "Versions",
        )
        self.why = _paragraph("Waiting for the server…")
        self.why.setAccessibleName("Why")
        self.difference = ChangesView()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(self.difference)
        area.setAccessibleName("What is different")
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(area)
        split.setSizes([current().px(320), current().px(560)])
        self.column.addWidget(split, 1)
        self.column.addWidget(self.why)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._choose())
        self.task = self.look(console.tasks, self._load(), "history of a runbook")

    async def _load(self) -> None:
        try:
            versions = await self._console.of(Runbooks).versions(self._runbook.id)
        except OperationsError as error:
            self.why.setText("Older versions are with the server.")
            self.fail(f"The history cannot be had: {error}")
            return
        self.table.renew_rows(versions)
        self.table.selectRow(0)
        self.table.setFocus()

    def _choose(self) -> None:
        row = self.table.currentIndex().row()
        if 0 <= row < len(self.table.records.rows):
            self.task.cancel()
            self.task = self.look(
                self._console.tasks, self._show(self.table.records.rows[row]), "a version of a runbook"
            )

    async def _show(self, version: RunbookVersion) -> None:
        self.why.setText(f"Version {version.version}: {version.reason or 'no reason was given'}")
        try:
            after = await self._version(version.version)
            before = await self._version(version.version - 1) if version.version > 1 else None
        except OperationsError as error:
            self.fail(f"This version cannot be had: {error}")
            return
        self.fail("")
        self.difference.show_changes(differences(before, after))

    async def _version(self, number: int) -> Runbook:
        if number not in self._known:
            self._known[number] = await self._console.of(Runbooks).version(self._runbook.id, number)
        return self._known[number]


def differences(before: Runbook | None, after: Runbook) -> Changes:
    """Fields, then the text line by line, with a little of what stands around."""
    fields = compare(None if before is None else _fields(before), _fields(after))
    old = [] if before is None else before.text.split("\n")
    lines = _text_lines(old, after.text.split("\n"))
    text = (Line("field", "Text", None), *lines) if lines else ()
    return Changes((*fields.lines, *text))


def _fields(runbook: Runbook) -> dict[str, Any]:
    return runbook.model_dump(mode="json", include=FIELDS)


def _text_lines(old: list[str], new: list[str]) -> list[Line]:
    lines: list[Line] = []
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND):
        for kind, a, b, c, d in group:
            if kind == "equal":
                lines += [Line("same", each, each) for each in old[a:b]]
                continue
            pairs = max(b - a, d - c)
            befores = [*old[a:b], *[None] * (pairs - (b - a))]
            afters = [*new[c:d], *[None] * (pairs - (d - c))]
            lines += [Line("changed", one, other) for one, other in zip(befores, afters, strict=True)]
    return lines
