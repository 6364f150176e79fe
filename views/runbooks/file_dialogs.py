"""Runbooks from and to Markdown files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from app.runbooks.domain import Runbooks
from models.runbooks import TEXT_MOST
from models.runbooks.checking import sentence
from models.runbooks.files import SUFFIX, FrontMatterError, from_file, to_file
from views.kit import downloads
from views.runbooks.edit_dialog import EditDialog

if TYPE_CHECKING:
    from models.runbooks import Runbook
    from views.kit.capability import Window

BYTES_MOST = 8 * TEXT_MOST


def choose_file(window: Window) -> None:
    """Ask for a file, and open what it holds to be looked through and saved."""
    files = QFileDialog(window.as_parent, "Import a runbook", "", f"Markdown (*{SUFFIX})")
    files.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    files.setFileMode(QFileDialog.FileMode.ExistingFile)
    files.fileSelected.connect(lambda name: import_file(window, Path(name)))
    files.open()


def import_file(window: Window, path: Path) -> None:
    """Open what a file holds: as a new runbook, or as a change of the one that has its name."""
    console, slug = window.console, path.name.removesuffix(SUFFIX)
    try:
        if path.stat().st_size > BYTES_MOST:
            console.messages.post(f"{path.name} is too large to be a runbook.", "error")
            return
        draft = from_file(path.read_text(encoding="utf-8"), slug)
    except FrontMatterError as error:
        console.messages.post(f"{path.name}, line {error.line}: {sentence(error.words)}", "error")
        return
    except UnicodeDecodeError:
        console.messages.post(f"{path.name} is no text in UTF-8.", "error")
        return
    except OSError as error:
        console.messages.post(f"{path.name} cannot be read: {error.strerror or error}.", "error")
        return
    library = console.of(Runbooks).library
    known = next((each for each in library.texts.values() if each.slug == slug), None)
    EditDialog(console, known, window.as_parent, draft=draft, done=window.panel("runbooks").expect).open()


def export(window: Window, runbook: Runbook) -> None:
    """Write a runbook into the folder of downloads."""
    try:
        path = downloads.save(f"{runbook.slug}{SUFFIX}", to_file(runbook).encode())
    except OSError as error:
        window.console.messages.post(f"Not exported: {error.strerror or error}.", "error")
    else:
        window.console.messages.post(f"Exported to {path}.")
