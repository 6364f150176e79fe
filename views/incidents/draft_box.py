"""The next update below the log: written while things happen, kept on this computer, posted when it is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.core.errors import OperationsError
from app.incidents import decisions
from app.incidents.domain import WORK
from models.core.wording import counted
from views.incidents.head import SOON
from views.incidents.update_form import UpdateForm
from views.incidents.wording import due_words, is_open
from views.incidents.work import blocker
from views.kit.dialogs.base import ENTER
from views.kit.following_panel import explain
from views.kit.theme import current
from views.kit.widgets.chip import mark
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.problem import ProblemLine

if TYPE_CHECKING:
    from models.incidents.updates import UpdateDraft
    from views.incidents.panel import IncidentPanel

HIGH = 72


class _Due(QWidget):
    """Which update this is, and when it is due; pointed out in the last minutes."""

    def __init__(self) -> None:
        super().__init__()
        self._name, self._due, self._pressing = "", "", False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def say(self, name: str, due: str, *, pressing: bool) -> None:
        """Show this."""
        if (name, due, pressing) != (self._name, self._due, self._pressing):
            self._name, self._due, self._pressing = name, due, pressing
            self.setAccessibleName(f"{name}, {due}")
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, current().px(26))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens = current(), current().tokens
        painter = QPainter(self)
        box = QRectF(self.rect()).adjusted(2, 0, -2, 0)
        painter.setFont(theme.font(10, 600))
        painter.setPen(QColor(tokens.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self._name)
        painter.setFont(theme.font(10, 600 if self._pressing else 400))
        painter.setPen(QColor(tokens.text if self._pressing else tokens.text2))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._due)
        if self._pressing:
            wide = theme.width(self._due, 10, 600)
            centre = QPointF(box.right() - wide - theme.px(12), box.center().y())
            mark(painter, "P3", centre, theme.px(11), tokens.status("P3"), filled=True)


class DraftBox(QWidget):
    """The box."""

    def __init__(self, panel: IncidentPanel) -> None:
        super().__init__()
        self._panel, self._console = panel, panel.console
        self.form = UpdateForm(panel.console, self, HIGH)
        self.due = _Due()
        self.problem = ProblemLine()
        self.preview = Pill("Preview…", Look.BUTTON, name="See what each channel is sent")
        self.post = Pill("Post update", Look.PRIMARY, name="Post the update", key="Ctrl+Enter")
        self.preview.clicked.connect(lambda: panel.console.actions.execute("incidents.update"))
        self.post.clicked.connect(self.send)
        self._sending = False
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.due, 1)
        head.addWidget(self.form.phase)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 10)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.form.text)
        column.addWidget(self.problem)
        column.addWidget(Flow(self.form.channels, self.preview, self.post, margins=False, gap=WIDE_GAP))
        self.form.text.installEventFilter(self)
        self.form.changed.connect(self.refresh)
        self.form.failed.connect(self._say)

    def _say(self, words: str) -> None:
        self.problem.say(words)

    def show_incident(self) -> None:
        """Of another incident."""
        self.form.show_incident(self._panel.incident)
        self.refresh()

    def refresh(self) -> None:
        """Show what can be done now."""
        incident = self._panel.incident
        self.setVisible(incident is not None and is_open(incident))
        if incident is None:
            return
        self.form.show_incident(incident)
        reason = blocker(self._panel.window, "update")
        explain(self.post, "it is being posted" if self._sending else reason)
        explain(self.preview, reason)
        self.form.text.setReadOnly(not self._console.session.may(WORK))
        self.tick()

    def tick(self) -> None:
        """Count down."""
        incident = self._panel.incident
        if incident is None:
            return
        now, due = self._console.clock.now(), incident.next_update_due_at
        name = f"Update {incident.updates + 1}" + (", draft kept" if self.form.is_kept else "")
        left = (due - now).total_seconds() if due is not None else None
        words = due_words(due, now)
        words = words if left is None or left < 0 else f"due in {words}"
        self.due.say(name, words, pressing=left is not None and left < SOON)

    def send(self) -> None:
        """Post it as it stands here."""
        incident, draft = self._panel.incident, self.form.draft()
        if incident is None or self._sending or blocker(self._panel.window, "update") is not None:
            return
        if isinstance(draft, str):
            self.problem.say(draft, self.form.text)
            return
        if not draft.connections and self.form.boxes:
            self.problem.say("Choose at least one channel; with Preview it can be kept here alone.", self.form.text)
            return
        self.problem.say("")
        self._sending = True
        self.refresh()
        self._console.tasks.start(self._send(draft), name="post an update")

    async def _send(self, draft: UpdateDraft) -> None:
        incident = self._panel.incident
        try:
            if incident is not None:
                await decisions.post_update(self._console.mutations, incident, draft)
                self.form.posted()
                told = counted(len(draft.connections), "channel")
                self._console.messages.post(f"The update goes to {told}.")
        except OperationsError as error:
            self.problem.say(f"{error} Not posted; your text is kept.")
        finally:
            self._sending = False
            self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ctrl+Enter posts; Esc goes back to the log."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in ENTER and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.send()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._panel.log.table.setFocus()
                return True
        return super().eventFilter(watched, event)
