"""What is told to everybody outside: phase, words, channels. In the panel and in the dialog alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QPlainTextEdit, QWidget

from app.core.draft_store import DraftStore, draft_path
from app.core.errors import OperationsError
from app.incidents.domain import Incidents
from models.incidents import IncidentStatus
from models.incidents.updates import UpdateDraft, UpdatePhase
from views.incidents.wording import PHASES
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow

if TYPE_CHECKING:
    from app.console import Console
    from models.incidents import IncidentRecord
    from models.incidents.updates import UpdateChannel, UpdateSuggestion

LONGEST = 2_000
BY_STATUS = {
    IncidentStatus.DETECTED: UpdatePhase.INVESTIGATING,
    IncidentStatus.ACKNOWLEDGED: UpdatePhase.INVESTIGATING,
    IncidentStatus.MITIGATED: UpdatePhase.MONITORING,
    IncidentStatus.RESOLVED: UpdatePhase.RESOLVED,
    IncidentStatus.REVIEWED: UpdatePhase.RESOLVED,
}


class UpdateForm(QObject):
    """Fields of one update; what is typed is kept on this computer until it is posted."""

    changed = Signal()
    failed = Signal(str)

    def __init__(self, console: Console, parent: QWidget, high: int) -> None:
        super().__init__(parent)
        self._console = console
        self.incident: IncidentRecord | None = None
        self._store: DraftStore | None = None
        self._suggested = ""
        self._asked = 0
        self.phase = QComboBox()
        self.phase.setAccessibleName("What it says")
        for phase, words in PHASES.items():
            self.phase.addItem(words, phase)
        self.text = QPlainTextEdit()
        self.text.setAccessibleName("Words of the update")
        self.text.setPlaceholderText("What is known, who is hit, when the next update comes")
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(current().px(high))
        self.channels = Flow(margins=False, gap=WIDE_GAP)
        self.boxes: dict[str, tuple[QCheckBox, UpdateChannel]] = {}
        self.suggestion: UpdateSuggestion | None = None
        self.phase.activated.connect(lambda *_: self.ask())
        self.text.textChanged.connect(self._typed)

    def show_incident(self, incident: IncidentRecord | None) -> None:
        """Begin with what was typed before, else with the text of the server."""
        if incident is not None and self.incident is not None and incident.incident_id == self.incident.incident_id:
            self.incident = incident
            return
        self.incident, self.suggestion, self._suggested = incident, None, ""
        if incident is None:
            return
        target = self._console.target
        where = str(target.url or target.data_dir or "")
        path = draft_path(self._console.profile, where, f"update of {incident.incident_id}")
        self._store = DraftStore(path, self._console.tasks)
        kept = self._store.read() or {}
        self._put(str(kept.get("text", "")))
        wanted = kept.get("phase", str(BY_STATUS[incident.status]))
        self.phase.setCurrentIndex(max(0, self.phase.findData(next((p for p in PHASES if p == wanted), None))))
        self.ask()

    @property
    def is_kept(self) -> bool:
        """Whether something was typed that is not posted yet."""
        return self.text.toPlainText().strip() not in {"", self._suggested.strip()}

    @property
    def chosen(self) -> tuple[str, ...]:
        """Connections it goes to."""
        return tuple(known for known, (box, _) in self.boxes.items() if box.isChecked())

    def ask(self) -> None:
        """Have the server suggest words and channels; what was typed stays."""
        if self.incident is not None:
            self._asked += 1
            phase = UpdatePhase(self.phase.currentData())
            asking = self._suggest(self.incident, phase, self._asked)
            task = self._console.tasks.start(asking, name="suggest an update")
            self.destroyed.connect(lambda *_: task.cancel())

    async def _suggest(self, incident: IncidentRecord, phase: UpdatePhase, asked: int) -> None:
        try:
            found = await self._console.of(Incidents).suggestion(incident.incident_id, phase)
        except OperationsError as error:
            if asked == self._asked:
                self.failed.emit(f"No words and no channels can be suggested: {error}")
            return
        if asked != self._asked:
            return
        if not self.is_kept:
            self._suggested = found.text
            self._put(found.text)
        self.suggestion = found
        self._show_channels(found)
        self.failed.emit("")
        self.changed.emit()

    def _show_channels(self, found: UpdateSuggestion) -> None:
        known = {each.connection_id for each in found.channels}
        for gone in self.boxes.keys() - known:
            self.boxes.pop(gone)[0].hide()
        for each in found.channels:
            if each.connection_id not in self.boxes:
                box = QCheckBox(each.name)
                box.setAccessibleName(f"Send it to {each.name}")
                box.setChecked(each.suggested)
                box.toggled.connect(self.changed)
                self.channels.add(box)
                self.boxes[each.connection_id] = box, each

    def _put(self, text: str) -> None:
        self.text.blockSignals(True)
        self.text.setPlainText(text)
        self.text.blockSignals(False)

    def _typed(self) -> None:
        if self._store is not None:
            if self.is_kept:
                self._store.keep({"text": self.text.toPlainText(), "phase": str(self.phase.currentData())})
            else:
                self._store.drop()
        self.changed.emit()

    def draft(self) -> UpdateDraft | str:
        """What is posted, or what is wrong with it."""
        text = self.text.toPlainText().strip()
        if not text:
            return "An update needs words."
        if len(text) > LONGEST:
            return f"At most {LONGEST} characters; these are {len(text)}."
        return UpdateDraft(phase=self.phase.currentData(), text=text, connections=self.chosen)

    def posted(self) -> None:
        """It is told: begin another one."""
        if self._store is not None:
            self._store.drop()
        self._suggested = ""
        self._put("")
        self.ask()
