"""Take items or a template from a file, or from text that is pasted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QPlainTextEdit, QPushButton, QWidget

from app.launch import mutations
from app.launch.domain import MANAGE
from models.launch.checklist import ChecklistFormat
from views.kit.following_panel import explain
from views.kit.theme import current
from views.launch.dialog import LaunchDialog
from views.launch.files import export_template
from views.launch.launch_dialogs import refill

if TYPE_CHECKING:
    from models.launch.templates import TemplateSummary
    from views.launch.desk import LaunchDesk

FILE_MOST = 1_000_000
FILTER = "Checklists (*.yaml *.yml *.csv)"


class FileDialog(LaunchDialog):
    """Text of a file and what it is written in."""

    def __init__(self, desk: LaunchDesk, parent: QWidget, title: str, *, accept: str) -> None:
        super().__init__(desk, parent, title, accept=accept, hint="What this version changes")
        self.form = QComboBox()
        for each in ChecklistFormat:
            self.form.addItem(str(each).upper(), each)
        self.choose = QPushButton("Choose a file…")
        self.choose.setAutoDefault(False)
        self.choose.clicked.connect(self._choose)
        self.text = QPlainTextEdit()
        self.text.setPlaceholderText("Choose a file, or paste its text here")
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(current().px(200))
        current().set_font(self.text, 9.5, mono=True)

    def ask_for_file(self) -> None:
        """Put the fields last."""
        self.fields(("File", self.choose), ("Written in", self.form))
        self.text.setAccessibleName("Text of the file")
        self.column.addWidget(self.text, 1)

    def _choose(self) -> None:
        files = QFileDialog(self, "Take a checklist from a file", "", FILTER)
        files.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        files.fileSelected.connect(lambda name: self.read(Path(name)))
        files.open()

    def read(self, path: Path) -> None:
        """Show the text of a file."""
        try:
            if path.stat().st_size > FILE_MOST:
                self.fail(f"{path.name} is too large: a checklist has at most a million characters.", self.choose)
                return
            self.text.setPlainText(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no UTF-8 text"
            self.fail(f"{path.name} cannot be read: {why}.", self.choose)
            return
        form = ChecklistFormat.CSV if path.suffix.lower() == ".csv" else ChecklistFormat.YAML
        self.form.setCurrentIndex(self.form.findData(form))
        self.fail("")

    def given(self) -> tuple[ChecklistFormat, str] | None:
        """What was chosen or pasted; says what is missing."""
        text = self.text.toPlainText()
        if not text.strip():
            self.fail("Choose a file or paste its text.", self.text)
            return None
        return ChecklistFormat(self.form.currentData()), text


class ImportItemsDialog(FileDialog):
    """Adds and changes items of the launch by their keys."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Take items from a file", accept="Take them")
        self.without_words()
        self.say(
            "New keys are added, known ones are changed. What is signed stays: a file that would change it is refused."
        )
        self.ask_for_file()

    def submit(self) -> None:
        """Send it."""
        given, launch = self.given(), self.desk.launch
        if given is not None and launch is not None:
            self.send(lambda: self._take(*given))

    async def _take(self, form: ChecklistFormat, text: str) -> None:
        launch = self.desk.launch
        assert launch is not None  # noqa: S101 - it was shown
        outcome = await mutations.import_items(self.console.mutations, launch, form, text)
        answer = outcome.answer
        if answer:
            words = (
                f"{len(answer['added'])} added, {len(answer['changed'])} changed, {answer['unchanged']} as they were"
            )
            self.console.messages.post(f"Taken from the file: {words}.")


class TemplatesDialog(FileDialog):
    """The templates, to be saved as files and written anew from files."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Templates", accept="Take the file as the next version")
        self.setWindowTitle("Templates of launches")
        self.say("A version of a template is never changed, only followed. Launches that have begun keep theirs.")
        self.template = QComboBox()
        self.template.setEditable(True)
        self.about = QLabel()
        self.about.setWordWrap(True)
        self.about.setAccessibleName("About the template")
        self.saves = {form: QPushButton(f"Save as {str(form).upper()}") for form in ChecklistFormat}
        self.fields(("Template", self.template))
        self.column.addWidget(self.about)
        for form, button in self.saves.items():
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, each=form: export_template(desk, self.key, each))
            self.column.addWidget(button)
        self.ask_for_file()
        self.column.addWidget(self.words)
        self._query = desk.launches.templates()
        self._watch = self._query.watch()
        self._query.changed.connect(self._heard)
        self.finished.connect(lambda *_: self._watch.close())
        self.template.currentTextChanged.connect(lambda _text: self._tell())
        accept = self.buttons.buttons()[0]
        explain(accept, desk.console.write_blocker(MANAGE, irreversible=True))
        self._heard()

    @property
    def known(self) -> dict[str, TemplateSummary]:
        """Templates by key."""
        return {each.key: each for each in (self._query.sample.value if self._query.sample is not None else ())}

    @property
    def key(self) -> str:
        """Of the template that is chosen, or of the new one that is typed."""
        field = self.template
        at = field.findText(field.currentText())
        return str(field.itemData(at)) if at >= 0 else field.currentText().strip()

    def _heard(self) -> None:
        refill(self.template, {each.key: f"{each.title} ({each.key})" for each in self.known.values()})
        self._tell()

    def _tell(self) -> None:
        found = self.known.get(self.key)
        if found is None:
            words = "A new template: give it a key of small letters, digits and hyphens." if self.known else ""
        else:
            words = (
                f"Version {found.version} of {found.created_at:%Y-%m-%d}, by {found.created_by_name}: {found.items} "
                f"items, {found.roles} roles. {found.description}"
            )
        self.about.setText(words)
        for button in self.saves.values():
            explain(button, None if found is not None else "choose a template first")

    def submit(self) -> None:
        """Take the file as the next version."""
        if not self.key:
            self.fail("Choose a template, or type the key of a new one.", self.template)
            return
        given = self.given()
        words = self.checked_words(needed=False) if given is not None else None
        if given is None or words is None:
            return
        found = self.known.get(self.key)
        based_on, key = found.version if found is not None else 0, self.key
        self.send(lambda: mutations.import_template(self.console.mutations, key, *given, words, based_on))
