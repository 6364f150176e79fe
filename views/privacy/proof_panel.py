"""The step at the cursor with its tries, and beside it what proves the request: the receipt, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.privacy.stages import StepState
from models.privacy.graph import NodeState
from models.privacy.requests import RequestState, RequestType
from views.kit.panel import Note
from views.privacy.privacy_panel import PrivacyPanel
from views.privacy.receipt_view import ReceiptView
from views.privacy.step_view import StepView

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from PySide6.QtGui import QAction

    from app.core.query import Query
    from models.privacy.graph import ErasureCertificate, NodeHistory
    from models.privacy.packages import PackageRelease
    from views.kit.capability import Window

RELEASED = {RequestState.READY, RequestState.DONE}


def _scrolled(half: QWidget) -> QScrollArea:
    """With a large font, or in a small dock, all of it can still be come to."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(half)
    return area


class ProofPanel(PrivacyPanel):
    """Both halves; each of them says when there is nothing to say."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.step, self.receipt = StepView(self.desk), ReceiptView(self.desk)
        self._line = QWidget()
        self._line.setFixedWidth(1)
        self._line.setAutoFillBackground(True)
        self._line.setBackgroundRole(QPalette.ColorRole.Light)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.state)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(_scrolled(self.step), 1)
        row.addWidget(self._line)
        row.addWidget(_scrolled(self.receipt), 1)
        column.addLayout(row, 1)
        self.widget.setFocusProxy(self.step.table)
        self._attempts: Query[NodeHistory] | None = None
        self.desk.changed.connect(self._step_changed)
        self.begin()

    def queries(self) -> Sequence[Query[Any]]:
        found = (self.desk.list_query, self.desk.detail_query, self.desk.graph_query)
        return tuple(query for query in (*found, self._proof_query(), self._tries_query()) if query is not None)

    def _proof_query(self) -> Query[PackageRelease] | Query[ErasureCertificate] | None:
        """What proves it, once there is something."""
        request = self.desk.request
        if request is None:
            return None
        if request.type is RequestType.ACCESS:
            return self.desk.privacy.release(request.request_id) if request.artifacts_url else None
        signed = any(node.name == "certificate" and node.state is NodeState.DONE for node in self.desk.nodes)
        return self.desk.privacy.certificate(request.request_id) if signed else None

    def _tries_query(self) -> Query[NodeHistory] | None:
        step, request = self.desk.step, self.desk.request
        if step is None or step.node is None or request is None:
            return None
        tried = step.state is not StepState.LOCKED and step.node.state is not NodeState.MANUAL
        return self.desk.privacy.attempts(request.request_id, step.node.node_id) if tried else None

    def _step_changed(self) -> None:
        wanted = self._tries_query()
        if wanted is not self._attempts or self._proof_query() not in (None, *self._followed):
            self._attempts = wanted
            self._switched()

    def own_note(self) -> Note:
        """Which step it is, and how old the answer is."""
        note, step = super().own_note(), self.desk.step
        return note if step is None else Note(f"{step.title} \N{MIDDLE DOT} {note.text}", note.kind)

    def own_menu(self) -> list[QAction]:
        """What can be done with the step, and with what proves it."""
        known = ("retry", "complete", "skip", "package", "certificate", "verify-certificate", "pause-all")
        return self.entries(f"privacy.{verb}" for verb in known)

    def refresh(self) -> None:
        """Show the newest answer."""
        self.say_state()
        query = self._tries_query()
        sample = query.sample if query is not None else None
        self.step.show_step(self.desk.step, sample.value.attempts if sample is not None else ())
        proof = self._proof_query()
        self.receipt.show_receipt(proof.sample.value if proof is not None and proof.sample is not None else None)
