"""Show proof, export, and trusting a log that is not what it was."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from app.core.errors import OperationsError
from models.core.formatting import grouped
from models.core.wording import counted
from views.audit.wording import title
from views.kit.dialogs.base import WindowDialog
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import SHAPES, current

if TYPE_CHECKING:
    from app.audit.proof import Proof, Verification
    from app.console import Console
    from models.audit import AuditCheckpoint, AuditExport, AuditLogEntry

BUNDLE_MOST = 100_000
"""Entries of one bundle."""


def marked(words: str, *, good: bool) -> str:
    """Words behind a shape, as rich text: a tick, or the triangle of P1."""
    shape, hue = (SHAPES["good"], "good") if good else (SHAPES["P1"], "p1")
    colour = current().tokens.status(hue)
    strong = escape(words) if good else f'<b style="color: {colour}">{escape(words)}</b>'
    return f'<span style="color: {colour}">{shape}</span>&nbsp;&nbsp;{strong}'


class ProofDialog(WindowDialog):
    """What the console checked of one entry, and the hashes it checked it with."""

    def __init__(self, entry: AuditLogEntry, verification: Verification, console: Console, parent: QWidget) -> None:
        super().__init__("Proof of an audit entry", parent, reject="Close")
        self.setMinimumWidth(current().px(688))
        name = _wrapping(f"{title(entry)}, position {grouped(entry.position)}")
        current().set_font(name, 12, 600)
        self.column.addWidget(name)
        self.findings = _wrapping("Checking…")
        self.findings.setTextFormat(Qt.TextFormat.RichText)
        self.findings.setAccessibleName("What was checked")
        self.column.addWidget(self.findings)
        self.path = QPlainTextEdit()
        self.path.setReadOnly(True)
        self.path.setTabChangesFocus(True)
        self.path.setAccessibleName("Hashes from the entry to the root")
        current().set_font(self.path, 9.5, mono=True)
        self.path.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.path.setMinimumHeight(current().px(160))
        self.path.hide()
        self.column.addWidget(self.path)
        self.task = self.look(console.tasks, self._check(entry, verification), "prove an audit entry")

    async def _check(self, entry: AuditLogEntry, verification: Verification) -> None:
        try:
            proof = await verification.prove(entry)
        except OperationsError as error:
            self.findings.setText("Not checked.")
            self.fail(f"The proof cannot be had: {error}")
            return
        lines = [marked(finding.words, good=finding.good) for finding in proof.findings]
        verdict = "This entry is in the signed log." if proof.good else "This entry is NOT proven."
        self.findings.setText("<br>".join([f"<b>{verdict}</b>", *lines]))
        self.path.setPlainText(path_words(proof))
        self.path.setVisible(bool(proof.leaf))
        self.adjustSize()


def path_words(proof: Proof) -> str:
    """The hashes, from the entry up."""
    lines = [f"entry         {proof.leaf.hex()}"]
    for number, step in enumerate(proof.path, 1):
        lines.append(f"{number:>2} {'left ' if step.on_the_left else 'right'}      {step.sibling.hex()}")
    root = proof.path[-1].result if proof.path else proof.leaf
    return "\n".join([*lines, f"root          {root.hex()}"])


class ExportDialog(DecidingDialog):
    """From and to position, and why; then where to. What was typed stays until the bundle is written."""

    def __init__(self, first: int, last: int, sealed: int, console: Console, parent: QWidget) -> None:
        super().__init__(
            "Export the audit log", console.tasks, parent, accept="Export…", hint="Who asks for it, and what for"
        )
        self._console, self._sealed = console, sealed
        words = (
            "A bundle that proves itself: entries, checkpoints and hashes in a zip file. The export becomes an entry "
            "of the log. It asks for your second factor."
        )
        self.column.addWidget(_wrapping(words))
        self.first, self.last = _position("First position", first), _position("Last position", last)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        for number, (caption, field) in enumerate((("From position", self.first), ("To position", self.last))):
            grid.addWidget(QLabel(caption), 0, number)
            grid.addWidget(field, 1, number)
        self.column.addLayout(grid)
        self.ask_for_words()

    def submit(self) -> None:
        """Check what was typed and ask where to."""
        request = self._request()
        if request is None:
            return
        self.fail("")
        files = QFileDialog(self, "Save the audit bundle", "", "Audit bundle (*.zip)")
        files.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        files.setDefaultSuffix("zip")
        files.selectFile(f"audit-{request.first}-{request.last}.zip")
        files.fileSelected.connect(lambda name: self.send(lambda: self._export(request, Path(name))))
        files.open()

    def _request(self) -> AuditExport | None:
        numbers = []
        for field in (self.first, self.last):
            text = field.text().replace(",", "").replace(" ", "")
            if not text.isdecimal() or not 1 <= int(text) <= self._sealed:
                self.fail(f"A position is a number from 1 to {grouped(self._sealed)}, the last that is sealed.", field)
                return None
            numbers.append(int(text))
        first, last = numbers
        if first > last:
            self.fail("The first position is not behind the last.", self.first)
            return None
        if last - first >= BUNDLE_MOST:
            words = f"These are {grouped(last - first + 1)} entries; a bundle has at most {grouped(BUNDLE_MOST)}."
            self.fail(words, self.first)
            return None
        reason = self.checked_words()
        from models.audit import AuditExport

        return None if reason is None else AuditExport(first=first, last=last, reason=reason)

    async def _export(self, request: AuditExport, path: Path) -> None:
        console = self._console

        async def exported() -> bytes:
            from app.audit import requests

            return await requests.export(console.client, request)

        data = await console.step_up.confirmed(exported, "Export the audit log")
        if data is None:
            raise OperationsError("The second factor was not used.")
        try:
            await asyncio.to_thread(_write, path, data)
        except OSError as error:
            raise OperationsError(
                f"{path} cannot be written: {error.strerror or error}. Choose another place."
            ) from None
        count = (request.last or 0) - (request.first or 0) + 1
        console.messages.post(f"Exported {counted(count, 'audit entry', 'audit entries')} to {path}.")


class TrustDialog(WindowDialog):
    """Asks whether a log that is not what it was is to be believed from now on. Enter is not the answer."""

    def __init__(
        self,
        verification: Verification,
        newest: AuditCheckpoint,
        server: str,
        parent: QWidget,
        then: Callable[[], None],
    ) -> None:
        super().__init__(
            "Trust the log as it is now?", parent, accept="Trust it now", reject="Keep the warning", destructive=True
        )
        self._then = then
        seal = verification.seal
        self.column.addWidget(_wrapping(f"{seal.words}: {seal.more}."))
        words = (
            f"Do this only when whoever keeps {server} has told you why, for example after a restored backup or with a "
            f"new key. Key of before: {verification.vkey or 'none'}. Key now: {newest.vkey or 'none'}."
        )
        self.column.addWidget(_wrapping(words))

    def submit(self) -> None:
        self.accept()
        self._then()


def _position(name: str, at: int) -> QLineEdit:
    field = QLineEdit(grouped(at) if at else "")
    field.setAccessibleName(name)
    return field


def _wrapping(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
