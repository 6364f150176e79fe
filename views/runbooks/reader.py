"""The reading view: one runbook as a page, with a cursor on its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QTextDocument, QTextOption
from PySide6.QtWidgets import QApplication, QTextBrowser, QWidget

from models.runbooks.markdown import other_runbook
from views.kit.browser import browse
from views.kit.theme import current
from views.runbooks.page import READING, STEP, page, style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.runbooks import Runbook, StepMark

MARGIN = 16


class Reader(QTextBrowser):
    """Shows a runbook. It fetches nothing, runs nothing and leads nowhere by itself."""

    step_asked = Signal(int)
    """A step is to be ticked off, or that taken back."""
    step_chosen = Signal()
    """The cursor is on another step."""
    runbook_asked = Signal(str)
    """Another runbook, by its name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOpenLinks(False)
        self.setAccessibleName("Runbook")
        self.setUndoRedoEnabled(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDocumentMargin(MARGIN)
        self.anchorClicked.connect(self._follow)
        self._runbook: Runbook | None = None
        self._marks: Mapping[int, StepMark | None] = {}
        self._drawn: tuple[Any, ...] = ()
        self.step = 0
        """The step that keys are about; 0 before the first."""
        current().changed.connect(self._draw)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Nothing: a text that somebody wrote loads no file and no address."""
        return None if kind != QTextDocument.ResourceType.StyleSheetResource else super().loadResource(kind, name)

    @property
    def steps(self) -> int:
        """How many there are."""
        return 0 if self._runbook is None else len(self._runbook.steps)

    def show_runbook(self, runbook: Runbook | None, marks: Mapping[int, StepMark | None]) -> None:
        """Show a runbook and what is done of it; another one from its beginning."""
        before, self._runbook, self._marks = self._runbook, runbook, dict(marks)
        another = before is None or runbook is None or before.id != runbook.id
        if another:
            self.step = 0
        self.step = min(self.step, self.steps)
        self._draw()
        if another:
            self.verticalScrollBar().setValue(0)

    def move_step(self, by: int) -> None:
        """Put the cursor on the next step, or the one before, and bring it into view."""
        if self.steps:
            self.step = min(max(self.step + by, 1), self.steps)
            self._draw()
            self.step_chosen.emit()
            self._show_cursor_soon()

    def to_first_open(self) -> None:
        """Put the cursor on the first step that is not done."""
        undone = (number for number in range(1, self.steps + 1) if number not in self._marks)
        self.step = next(undone, self.steps)
        self._draw()
        self.step_chosen.emit()
        self._show_cursor_soon()

    def copy_step(self) -> str:
        """Put the commands of the step the cursor is on, else its words, on the clipboard; answers them."""
        if self._runbook is None or not self.step:
            return ""
        from models.runbooks.markdown import commands

        words = commands(self._runbook.text, self.step) or self._runbook.steps[self.step - 1]
        QApplication.clipboard().setText(words)
        return words

    def _show_cursor_soon(self) -> None:
        QTimer.singleShot(0, self, self._show_cursor)  # once the page has the width it is shown with

    def _show_cursor(self) -> None:
        """Where it is out of sight, or near the lower edge, it comes into the upper third."""
        place = self._place_of(self.step)
        if place is None:
            return
        bar, third = self.verticalScrollBar(), self.viewport().height() // 3
        if not bar.value() <= place <= bar.value() + 2 * third:
            bar.setValue(max(0, round(place) - third))

    def _place_of(self, step: int) -> float | None:
        """How far below the top of the page a step begins."""
        document, wanted = self.document(), f"{STEP}{step}"
        block = document.begin()
        while block.isValid():
            fragments = block.begin()
            while not fragments.atEnd():
                if fragments.fragment().charFormat().anchorHref() == wanted:
                    return document.documentLayout().blockBoundingRect(block).top()
                fragments += 1
            block = block.next()
        return None

    def _draw(self) -> None:
        theme = current()
        words = style()
        drawn = (self._runbook, tuple(self._marks.items()), self.step, words)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        at = self.verticalScrollBar().value()
        document = self.document()
        document.setDefaultFont(theme.font(READING))
        document.setDefaultStyleSheet(words)
        document.setDocumentMargin(theme.px(MARGIN))
        if self._runbook is None:
            self.clear()
            return
        self.setHtml(page(self._runbook.text, self._marks, self.step))
        self.setAccessibleDescription(f"{self._runbook.title}. {len(self._marks)} of {self.steps} steps done.")
        self.verticalScrollBar().setValue(at)

    def _follow(self, url: QUrl) -> None:
        address = url.toString()
        if address.startswith(STEP):
            self.step = int(address.removeprefix(STEP))
            self.step_chosen.emit()
            self.step_asked.emit(self.step)
        elif address.startswith("#"):
            self.scrollToAnchor(address[1:])
        elif (name := other_runbook(address)) is not None:
            self.runbook_asked.emit(name)
        else:
            browse(address)
