"""Versions of the privacy policy: who has acknowledged which, and who is asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout

from app.privacy.domain import LOOK, MANAGE
from models.core.wording import counted
from views.kit.following_panel import explain
from views.kit.panel import Note
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable
from views.privacy.privacy_panel import PrivacyPanel
from views.privacy.wording import NONE, date_of, day

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from PySide6.QtGui import QAction

    from app.core.query import Query
    from models.privacy.consent import Policy
    from views.kit.capability import Window


def _share(policy: Policy) -> str:
    whole = policy.acknowledged + policy.outstanding
    if not policy.requires_acknowledgement or not whole:
        return NONE
    return f"{100 * policy.acknowledged / whole:.0f} %"


COLUMNS = (
    Column("Version", lambda policy: str(policy.version), 56, right=True),
    Column("Policy", lambda policy: policy.title, 150, stretch=True),
    Column("In force from", lambda policy: date_of(policy.published_at), 96),
    Column("Acknowledged", lambda policy: f"{policy.acknowledged:,}", 88, right=True),
    Column(
        "Still to",
        lambda policy: f"{policy.outstanding:,}" if policy.requires_acknowledgement else NONE,
        64,
        right=True,
        weight=600,
    ),
    Column("Share", _share, 56, right=True),
    Column("Asked", lambda policy: NONE if policy.campaign_at is None else day(policy.campaign_at), 112),
    Column("By", lambda policy: policy.published_by_name, 120, quiet=True),
)
BUTTONS = {
    "campaign": "Ask people to acknowledge…",
    "outstanding": "Who still has to…",
    "publish": "Publish from a file…",
}


class PoliciesPanel(PrivacyPanel):
    """A row a version."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.table = RecordTable(COLUMNS, "Versions of the privacy policy")
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self.refresh())
        self.buttons = {
            verb: Pill(words, Look.BUTTON, name=words.strip("…"), button=True) for verb, words in BUTTONS.items()
        }
        for verb, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, each=verb: self.console.actions.execute(f"privacy.{each}"))
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        foot = Flow(*self.buttons.values(), gap=WIDE_GAP)
        for part, stretch in ((self.state, 0), (self.table, 1), (foot, 0)):
            column.addWidget(part, stretch)
        self.widget.setFocusProxy(self.table)
        self.begin(self.desk.privacy.policies())

    @property
    def policies(self) -> tuple[Policy, ...]:
        """All versions, as they were last heard."""
        sample = self.desk.privacy.policies().sample
        return sample.value if sample is not None else ()

    @property
    def chosen(self) -> Policy | None:
        """The version at the cursor."""
        row, known = self.table.currentIndex().row(), self.policies
        return known[row] if 0 <= row < len(known) else None

    def queries(self) -> Sequence[Query[Any]]:
        return ()

    def own_note(self) -> Note:
        """How many versions there are, and how old the answer is."""
        note = super().own_note()
        return Note(f"{counted(len(self.policies), 'version')} \N{MIDDLE DOT} {note.text}", note.kind)

    def own_menu(self) -> list[QAction]:
        """What can be done with the version at the cursor."""
        return self.entries(f"privacy.{verb}" for verb in BUTTONS)

    def refresh(self) -> None:
        """Show the newest answer."""
        self.say_state("" if self.policies else "No policy was published yet.")
        self.table.renew_rows(self.policies)
        if self.policies and not self.table.currentIndex().isValid():
            self.table.setCurrentIndex(self.table.records.index(0, 0))
        for verb, pill in self.buttons.items():
            explain(pill, self.console.actions.reason(self.console.actions.get(f"privacy.{verb}")))

    # --- what operators do -------------------------------------------------------------------------------------------

    def campaign_blocker(self) -> str | None:
        """Why nobody can be asked to acknowledge the version at the cursor."""
        policy = self.chosen
        if policy is None:
            return "choose a version first"
        if not policy.requires_acknowledgement:
            return "this version needs no acknowledgement"
        if not policy.outstanding:
            return "everybody has acknowledged it"
        return self.console.write_blocker(MANAGE, irreversible=True)

    def outstanding_blocker(self) -> str | None:
        """Why those who still have to cannot be seen."""
        policy = self.chosen
        if policy is None:
            return "choose a version first"
        if not policy.outstanding or not policy.requires_acknowledgement:
            return "nobody still has to"
        return self.console.write_blocker(LOOK, irreversible=True)

    def begin_campaign(self) -> None:
        """Ask first, naming how many are written to."""
        from views.privacy.policy_dialogs import CampaignDialog

        if self.chosen is not None and self.campaign_blocker() is None:
            CampaignDialog(self.desk, self.chosen, self.widget.window()).open()

    def show_outstanding(self) -> None:
        """Ask for a purpose, then show them."""
        from views.privacy.policy_dialogs import OutstandingDialog

        if self.chosen is not None and self.outstanding_blocker() is None:
            OutstandingDialog(self.desk, self.chosen, self.widget.window()).open()
