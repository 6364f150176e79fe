"""Enter destroys nothing: what every dialog of the console does with it, and Settings in particular."""

from __future__ import annotations

import asyncio
import pkgutil
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QPlainTextEdit, QPushButton, QWidget
from shiboken6 import isValid

import views
from app.audit.proof import Verification
from app.core.errors import Challenge
from app.core.outbox import PendingMutation
from app.core.step_up import StepUpQuestion
from models.access import AccessReview, Approval, RoleAssignment
from models.alerts import Alert
from models.analytics import EventSchemaDefinition, PlannedEvent, SchemaState
from models.analytics.events import QuarantineGroup, ViolationGroup
from models.audit import AuditCheckpoint, AuditLogEntry
from models.deliveries.connections import Connection
from models.deliveries.letters import Letter, ReplayRequest
from models.deliveries.routing import RouteMap
from models.privacy.consent import Policy
from models.privacy.retention import RetentionRule
from models.risk.case import RiskCase
from models.risk.queue import RiskQueueEntry
from models.risk.rules import ListKind, RiskList, RuleSetState, RuleSetSummary
from models.runbooks import Runbook, RunbookRun
from tests.app.answers import AS_OF
from tests.app.audit import fixtures
from tests.app.oncall.rosters import at, override, swap
from tests.views.analytics import fixtures as events
from tests.views.deliveries.fixtures import connection, letter, route_map, webhook
from tests.views.incidents import fixtures as incidents
from tests.views.launch.fixtures import desk_of
from tests.views.office import Office, alert, conflict, office, run, runbook, turns, until
from tests.views.oncall import fixtures as oncall
from tests.views.privacy import fixtures as privacy
from views.access.grant_dialogs import (
    BreakGlassDialog,
    DecisionDialog,
    GrantDialog,
    RemoveFactorDialog,
    ReviewDialog,
    RevokeDialog,
)
from views.access.role_dialog import RoleDialog
from views.accounts.second_factor.dialog import BrowserDialog, CodeDialog, SetUpDialog
from views.alerts.details import AlertDetails
from views.alerts.dialogs import AcknowledgeDialog, ShelveDialog
from views.alerts.rules_dialog import RulesDialog
from views.analytics import dialogs as event_dialogs
from views.analytics.draft_dialog import DraftDialog
from views.audit.dialogs import ExportDialog, ProofDialog, TrustDialog
from views.deliveries.connection_dialogs import (
    ConnectionDialog,
    PauseDialog,
    RemoveDialog,
    SecretDialog,
    TurnOffDialog,
)
from views.deliveries.contacts_dialog import ContactsDialog
from views.deliveries.letter_dialogs import DiscardLettersDialog, ReplayDialog, ResolveDialog
from views.deliveries.routes_dialog import RoutesDialog
from views.deliveries.text_dialog import TextDialog
from views.incidents import dialogs as incident_dialogs
from views.incidents import people_dialogs as incident_people
from views.incidents.links_dialog import LinksDialog
from views.incidents.matrix_dialog import MatrixDialog
from views.incidents.of_alert import FromAlertDialog
from views.incidents.review_dialogs import ActionDialog, FactorsDialog, VerdictDialog
from views.incidents.rule_dialog import RuleDialog as IncidentRuleDialog
from views.incidents.update_dialog import UpdateDialog
from views.kit.dialogs.base import DestructiveButton, WindowDialog
from views.kit.dialogs.conflict import ConflictDialog
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.dialogs.name import NameDialog
from views.launch.clock_dialogs import FinishDialog, HoldDialog, RecycleDialog, ReleaseDialog, ScrubDialog
from views.launch.dialog import LaunchDialog
from views.launch.file_dialogs import FileDialog, ImportItemsDialog, TemplatesDialog
from views.launch.item_dialogs import ChangeItemDialog, ItemDialog, ReopenDialog, SignDialog, WaiveDialog
from views.launch.launch_dialogs import ChangeLaunchDialog, FaultDialog, NewLaunchDialog, RehearseDialog
from views.launch.poll_dialogs import (
    AskAgainDialog,
    ClosePollDialog,
    DelegateDialog,
    OpenPollDialog,
    OverrideDialog,
    TakeBackDialog,
    VoteDialog,
)
from views.launch.review_dialogs import LessonDialog, TakeLessonsDialog
from views.oncall import feed_dialogs, override_dialogs, page_dialogs
from views.oncall.policy_dialog import PolicyDialog
from views.oncall.schedule_change_dialog import ScheduleChangeDialog
from views.oncall.schedule_dialog import ScheduleDialog
from views.oncall.shift_dialog import ShiftDialog
from views.oncall.swap_dialogs import VERBS, SwapDecisionDialog, SwapDialog
from views.privacy import (
    approval_dialogs,
    clock_dialogs,
    intake_dialog,
    package_dialog,
    person_dialog,
    policy_dialogs,
    request_dialogs,
    retention_dialog,
    step_dialogs,
)
from views.privacy.dialog import PrivacyDialog, RequestDialog
from views.risk.rules.dialogs import DiscardDialog, NewDraftDialog, PublishDialog, SaveFirstDialog
from views.risk.rules.list_dialogs import AddEntryDialog, ConfirmDialog, NewListDialog
from views.risk.triage.dialogs import BulkDialog, EntryConflict, EscalateDialog, SnoozeDialog
from views.risk.triage.snooze_rule import SnoozeRuleDialog
from views.runbooks import dialogs as runbook_dialogs
from views.runbooks.edit_dialog import EditDialog
from views.shell.dialogs.about import AboutDialog
from views.shell.dialogs.keys import KeysDialog
from views.shell.dialogs.past import PastDialog
from views.shell.dialogs.settings import SettingsDialog
from views.shell.dialogs.wall import WallDialog

KEY = Qt.Key
DESTROYS = re.compile(
    r"\b(forget|delete|discard|remove|reject|revoke|deny|take (it )?(away|off)|sign out|trust|end it|reset it|throw)\b",
    re.IGNORECASE,
)
Made = Callable[[Office, QWidget], QDialog]


async def nothing(*_: Any) -> None:
    """What a dialog does when it is accepted."""


def pending() -> PendingMutation:
    """Something that met another's change."""
    return PendingMutation(
        "k", "me", "risk.verdict", "Reject CS-1", "POST", "/", "{}", 1, "entry:1", theirs='{"title": "theirs"}'
    )


def question() -> StepUpQuestion:
    """Something that waits for the second factor."""
    answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    return StepUpQuestion("Give a role", "words", Challenge("2", 300), answered)


ROLE = RoleAssignment.model_construct(
    role_name="Administrator", user_name="Mei", granted_by_name="Ada", reason="Cover", expires_at=None
)
ASKED = Approval.model_construct(title="Give Administrator to Mei", requested_by_name="Ada", reason="Cover")
RULES = RuleSetSummary.model_construct(
    number=3, title="Tighter", author_name="Ada", state=RuleSetState.DRAFT, shadow_orders=0, rule_count=2
)
LIST = RiskList.model_construct(title="Stolen cards", metric="card", kind=ListKind.BLOCK)
ENTRY = RiskQueueEntry.model_construct(
    entry_id="e1", version=1, order_id="CS-1", currency="EUR", minor=100, reporting_minor=100, score=90
)
LOGGED = AuditLogEntry.model_validate(fixtures.entry(7, 9))
SEALED = AuditCheckpoint.model_construct(vkey="key")
CASE: dict[str, Any] = {
    "entry": {"entry_id": "e1"},
    "decision": {"explanation": []},
    "customer": {"customer_id": "C-1", "email": None},
    "order": {"card_last4": "4417"},
}

SYSTEM = Connection.model_validate(connection("Orders desk", webhook()))
LETTER = Letter.model_validate(letter(1))
ROUTES = RouteMap.model_validate(route_map())
OF_LAUNCHES: tuple[Any, ...] = (
    AskAgainDialog,
    ChangeItemDialog,
    ChangeLaunchDialog,
    ClosePollDialog,
    DelegateDialog,
    FaultDialog,
    FinishDialog,
    HoldDialog,
    ImportItemsDialog,
    LessonDialog,
    NewLaunchDialog,
    OpenPollDialog,
    OverrideDialog,
    RecycleDialog,
    RehearseDialog,
    ReleaseDialog,
    ReopenDialog,
    ScrubDialog,
    SignDialog,
    TakeBackDialog,
    TakeLessonsDialog,
    TemplatesDialog,
    VoteDialog,
    WaiveDialog,
)
OF_PRIVACY: dict[type[QDialog], tuple[str, str]] = {
    approval_dialogs.AskDialog: ("request-1", ""),
    approval_dialogs.ApproveDialog: ("request-1", ""),
    approval_dialogs.DenyDialog: ("request-1", ""),
    clock_dialogs.StopClockDialog: ("request-3", ""),
    clock_dialogs.ExtendDialog: ("request-2", ""),
    intake_dialog.IntakeDialog: ("request-2", ""),
    package_dialog.PackageDialog: ("request-4", ""),
    person_dialog.PersonDialog: ("request-2", ""),
    request_dialogs.VerifyDialog: ("request-3", ""),
    request_dialogs.CloseDialog: ("request-3", ""),
    request_dialogs.LinkDialog: ("request-3", ""),
    step_dialogs.CompleteDialog: ("request-2", "node-6"),
    step_dialogs.SkipDialog: ("request-2", "node-5"),
    step_dialogs.SwitchDialog: ("request-2", ""),
    policy_dialogs.PublishPolicyDialog: ("request-2", ""),
}
"""By the request and the step they are about."""
POLICY = Policy.model_validate(privacy.policy())
OF_INCIDENTS: tuple[Any, ...] = (
    incident_dialogs.EditDialog,
    incident_dialogs.MergeDialog,
    incident_dialogs.MoveDialog,
    incident_dialogs.NoteDialog,
    incident_dialogs.TimesDialog,
    incident_people.AttachDialog,
    incident_people.HandOverDialog,
    incident_people.JoinDialog,
    incident_people.LeaveDialog,
    LinksDialog,
    incident_people.PageDialog,
    UpdateDialog,
)
INCIDENT, REVIEW, OVERRIDE = incidents.incident(), incidents.review(), override(at(5), at(6), "jana")
SWAP = swap(at(1), at(2), to="mei", to_name="Mei Tanaka", back_start=at(8), back_end=at(9))
RUNBOOK = Runbook.model_validate(runbook())
RUN = RunbookRun.model_validate(run(runbook()))
EVENT = PlannedEvent.model_validate(events.planned(events.ORDER))
DRAFT, VERSION = (EventSchemaDefinition.model_validate(each) for each in (events.draft(), events.definition()))
VIOLATION = ViolationGroup.model_validate(events.violation(1))
HELD = QuarantineGroup.model_validate(events.held())
MADE: dict[type[QDialog], tuple[Made, ...]] = {
    AboutDialog: (lambda _, w: AboutDialog(None, "", w),),
    AcknowledgeDialog: (lambda o, w: AcknowledgeDialog(raised(), nothing, o.console.tasks, w),),
    AddEntryDialog: (lambda o, w: AddEntryDialog(o.console, LIST, w),),
    AlertDetails: (
        lambda o, w: AlertDetails(raised(runbookUrl="https://runbook"), o.console, w),
        lambda o, w: AlertDetails(raised(shelvedUntil=(AS_OF + timedelta(days=1)).isoformat()), o.console, w),
    ),
    BreakGlassDialog: (lambda o, w: BreakGlassDialog(o.console, w, [], []),),
    BrowserDialog: (lambda o, w: BrowserDialog(o.console, question(), w, print),),
    BulkDialog: tuple(
        lambda o, w, verb=verb: BulkDialog(verb, [ENTRY], o.console, print, w)
        for verb in ("approve", "reject", "escalate")
    ),
    CodeDialog: (lambda o, w: CodeDialog(o.console, question(), w),),
    ConfirmDialog: tuple(
        lambda o, w, why=why: ConfirmDialog(o.console, "Delete a list", "It goes.", "Delete it", nothing, w, reason=why)
        for why in (False, True)
    ),
    ConflictDialog: (lambda o, w: ConflictDialog(o.console, pending(), w),),
    DecisionDialog: tuple(
        lambda o, w, approve=approve: DecisionDialog(o.console, ASKED, w, approve=approve) for approve in (True, False)
    ),
    DiscardDialog: (lambda o, w: DiscardDialog(o.console, RULES, w),),
    EntryConflict: (lambda o, w: EntryConflict(o.console, pending(), w),),
    EscalateDialog: (lambda o, w: EscalateDialog("CS-1", "", o.console, nothing, w),),
    ExportDialog: (lambda o, w: ExportDialog(1, 2, 3, o.console, w),),
    GrantDialog: (lambda o, w: GrantDialog(o.console, w, [], []),),
    KeysDialog: (lambda o, w: KeysDialog(o.console.actions.all(), w),),
    NameDialog: (lambda _, w: NameDialog("Save", "Name", "Evening", lambda _name: None, w, longest=40),),
    NewDraftDialog: (lambda o, w: NewDraftDialog(o.console, None, nothing, w),),
    NewListDialog: (lambda o, w: NewListDialog(o.console, nothing, w),),
    PastDialog: (lambda _, w: PastDialog(AS_OF, w),),
    ProofDialog: (lambda o, w: ProofDialog(LOGGED, Verification(o.console), o.console, w),),
    PublishDialog: (lambda o, w: PublishDialog(o.console, RULES, None, w),),
    RemoveFactorDialog: (lambda o, w: RemoveFactorDialog(o.console, "mei", "Mei", w),),
    ReviewDialog: (lambda o, w: ReviewDialog(o.console, AccessReview.model_construct(assignment=ROLE), w),),
    RevokeDialog: (lambda o, w: RevokeDialog(o.console, ROLE, w),),
    RoleDialog: (lambda o, w: RoleDialog(o.console, None, w),),
    RulesDialog: (lambda o, w: RulesDialog(o.console, w),),
    SettingsDialog: (lambda _, w: SettingsDialog("dark", 1.0, True, "https://operations.example.com", w),),
    SetUpDialog: (lambda o, w: SetUpDialog(o.console, question(), w),),
    ShelveDialog: (lambda o, w: ShelveDialog(raised(), o.clock.now, nothing, o.console.tasks, w),),
    SaveFirstDialog: (lambda o, w: SaveFirstDialog("backtest", nothing, lambda: None, o.console.tasks, w),),
    SnoozeDialog: (lambda o, w: SnoozeDialog("CS-1", AS_OF, AS_OF, o.console, nothing, w),),
    SnoozeRuleDialog: (lambda o, w: SnoozeRuleDialog(constructed(RiskCase, CASE), o.console, w),),
    ConnectionDialog: (
        lambda o, w: ConnectionDialog(o.console, None, nothing, w),
        lambda o, w: ConnectionDialog(o.console, SYSTEM, nothing, w),
    ),
    SecretDialog: (lambda o, w: SecretDialog(o.console, SYSTEM, w),),
    PauseDialog: (lambda o, w: PauseDialog(o.console, SYSTEM, w),),
    TurnOffDialog: (lambda o, w: TurnOffDialog(o.console, SYSTEM, w),),
    ReplayDialog: (lambda o, w: ReplayDialog(o.console, ReplayRequest(connection_id="c"), (LETTER,), w),),
    DiscardLettersDialog: (lambda o, w: DiscardLettersDialog(o.console, (LETTER,), w),),
    ResolveDialog: (lambda o, w: ResolveDialog(o.console, LETTER, w),),
    RoutesDialog: (lambda o, w: RoutesDialog(o.console, ROUTES, (SYSTEM,), w),),
    RemoveDialog: (lambda o, w: RemoveDialog(o.console, SYSTEM, w),),
    ContactsDialog: (lambda o, w: ContactsDialog(o.console, w),),
    TextDialog: (lambda o, w: TextDialog(o.console, "", w),),
    **{kind: (lambda o, w, kind=kind: kind(desk_of(o.console, w), w),) for kind in OF_LAUNCHES},
    **{
        kind: (lambda o, w, kind=kind: kind(incidents.window_of(o.console, w).console, INCIDENT, w),)
        for kind in OF_INCIDENTS
    },
    **{
        kind: (lambda o, w, kind=kind, of=of: kind(privacy.desk_of(o.console, w, *of), w),)
        for kind, of in OF_PRIVACY.items()
    },
    policy_dialogs.CampaignDialog: (
        lambda o, w: policy_dialogs.CampaignDialog(privacy.desk_of(o.console, w), POLICY, w),
    ),
    policy_dialogs.OutstandingDialog: (
        lambda o, w: policy_dialogs.OutstandingDialog(privacy.desk_of(o.console, w), POLICY, w),
    ),
    retention_dialog.RetentionDialog: tuple(
        lambda o, w, on=on: retention_dialog.RetentionDialog(
            privacy.desk_of(o.console, w), RetentionRule.model_validate(privacy.retention(enabled=on)), w
        )
        for on in (False, True)
    ),
    incident_dialogs.OpenDialog: (lambda o, w: incident_dialogs.OpenDialog(incidents.window_of(o.console, w)),),
    incident_dialogs.CorrectDialog: (
        lambda o, w: incident_dialogs.CorrectDialog(incidents.window_of(o.console, w), INCIDENT, incidents.entry()),
    ),
    MatrixDialog: (lambda o, w: MatrixDialog(o.console, incidents.matrix(), w),),
    IncidentRuleDialog: tuple(
        lambda o, w, known=known: IncidentRuleDialog(o.console, known, w) for known in (None, incidents.rule())
    ),
    FromAlertDialog: (lambda o, w: FromAlertDialog(incidents.window_of(o.console, w), raised()),),
    VerdictDialog: tuple(
        lambda o, w, approve=approve: VerdictDialog(o.console, REVIEW, w, approve=approve) for approve in (True, False)
    ),
    FactorsDialog: (lambda o, w: FactorsDialog(o.console, REVIEW, w),),
    ActionDialog: (
        lambda o, w: ActionDialog(o.console, INCIDENT.incident_id, w),
        lambda o, w: ActionDialog(o.console, INCIDENT.incident_id, w, incidents.action_item()),
    ),
    feed_dialogs.FeedDialog: (lambda o, w: feed_dialogs.FeedDialog(o.console, w),),
    feed_dialogs.FeedAddressDialog: (lambda o, w: feed_dialogs.FeedAddressDialog(o.console, "https://x/feed", w),),
    feed_dialogs.RevokeFeedDialog: (lambda o, w: feed_dialogs.RevokeFeedDialog(o.console, oncall.feed(), w),),
    feed_dialogs.ZoneDialog: (lambda o, w: feed_dialogs.ZoneDialog(o.console, oncall.desk_of(o.console, w), w),),
    override_dialogs.OverrideDialog: tuple(
        lambda o, w, chosen=chosen: override_dialogs.OverrideDialog(o.console, oncall.desk_of(o.console, w), chosen, w)
        for chosen in (None, oncall.shift())
    ),
    override_dialogs.CancelOverrideDialog: (
        lambda o, w: override_dialogs.CancelOverrideDialog(o.console, oncall.desk_of(o.console, w), OVERRIDE, w),
    ),
    page_dialogs.PageDialog: (
        lambda o, w: page_dialogs.PageDialog(o.console, oncall.desk_of(o.console, w), oncall.policy(), w),
    ),
    page_dialogs.ResolvePageDialog: (lambda o, w: page_dialogs.ResolvePageDialog(o.console, oncall.page(), w),),
    page_dialogs.TestPagesDialog: (lambda o, w: page_dialogs.TestPagesDialog(o.console, w),),
    PolicyDialog: tuple(
        lambda o, w, policy=policy: PolicyDialog(o.console, oncall.desk_of(o.console, w), policy, w)
        for policy in (None, oncall.policy())
    ),
    ScheduleDialog: tuple(
        lambda o, w, schedule=schedule: ScheduleDialog(o.console, schedule, w) for schedule in (None, oncall.schedule())
    ),
    ScheduleChangeDialog: (lambda o, w: ScheduleChangeDialog(o.console, oncall.schedule(), w),),
    ShiftDialog: (lambda o, w: ShiftDialog(oncall.window_of(o.console, w), oncall.shift(), w),),
    SwapDialog: (lambda o, w: SwapDialog(o.console, oncall.desk_of(o.console, w), None, w),),
    SwapDecisionDialog: tuple(
        lambda o, w, verb=verb: SwapDecisionDialog(o.console, SWAP, verb, "UTC", w) for verb in VERBS
    ),
    runbook_dialogs.WorkDialog: (lambda o, w: runbook_dialogs.WorkDialog(o.console, RUNBOOK, w),),
    runbook_dialogs.NoteDialog: (lambda o, w: runbook_dialogs.NoteDialog(o.console, RUN, 1, w),),
    runbook_dialogs.RetireDialog: (lambda o, w: runbook_dialogs.RetireDialog(o.console, RUNBOOK, w),),
    runbook_dialogs.EndDialog: (lambda o, w: runbook_dialogs.EndDialog(o.console, RUN, w),),
    runbook_dialogs.HistoryDialog: (lambda o, w: runbook_dialogs.HistoryDialog(o.console, RUNBOOK, w),),
    EditDialog: tuple(lambda o, w, known=known: EditDialog(o.console, known, w) for known in (None, RUNBOOK)),
    event_dialogs.AssignDialog: (lambda o, w: event_dialogs.AssignDialog(o.console, VIOLATION, {"rui": "Rui"}, w),),
    event_dialogs.MuteDialog: (lambda o, w: event_dialogs.MuteDialog(o.console, VIOLATION, w),),
    event_dialogs.StateDialog: tuple(
        lambda o, w, states=states: event_dialogs.StateDialog(o.console, VERSION, states, ("it breaks",), w)
        for states in (
            (SchemaState.OBSERVED,),
            (SchemaState.ENFORCED,),
            (SchemaState.RETIRED, SchemaState.DEPRECATED),
        )
    ),
    event_dialogs.ModeDialog: (lambda o, w: event_dialogs.ModeDialog(o.console, EVENT, w),),
    event_dialogs.RadiusDialog: (lambda o, w: event_dialogs.RadiusDialog(o.console, DRAFT, w),),
    event_dialogs.InferDialog: (lambda o, w: event_dialogs.InferDialog(o.console, "Cart Updated", w),),
    event_dialogs.DiscardDraftDialog: (lambda o, w: event_dialogs.DiscardDraftDialog(o.console, DRAFT, {}, w),),
    event_dialogs.ReplayEventsDialog: (lambda o, w: event_dialogs.ReplayEventsDialog(o.console, HELD, None, w),),
    event_dialogs.DiscardEventsDialog: (lambda o, w: event_dialogs.DiscardEventsDialog(o.console, HELD, w),),
    DraftDialog: tuple(
        lambda o, w, version=version: DraftDialog(o.console, version, "rui", nothing, w)
        for version in (None, DRAFT, VERSION)
    ),
    WallDialog: (lambda _, w: WallDialog({}, {"HDMI-1": "3840 × 2160"}, w),),
    TrustDialog: (lambda o, w: TrustDialog(Verification(o.console), SEALED, "the shop", w, lambda: None),),
}


def raised(**more: Any) -> Alert:
    return Alert.model_validate(alert(**more))


def constructed(kind: Any, values: dict[str, Any]) -> Any:
    """A record with these fields only, and those of the records inside it."""
    inner = {
        name: constructed(kind.model_fields[name].annotation, value) if isinstance(value, dict) else value
        for name, value in values.items()
    }
    return kind.model_construct(**inner)


def dialogs_of_the_console() -> set[type[QDialog]]:
    """Every dialog that is defined in the views, but what others are built upon."""
    for module in pkgutil.walk_packages(views.__path__, "views."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    found, waiting = set(), [QDialog]
    while waiting:
        kinds = waiting.pop().__subclasses__()
        waiting += kinds
        found |= {kind for kind in kinds if kind.__module__.startswith("views.") and not kind.__name__.startswith("_")}
    return found - {
        WindowDialog,
        DecidingDialog,
        LaunchDialog,
        ItemDialog,
        FileDialog,
        PrivacyDialog,
        RequestDialog,
        incident_dialogs.IncidentDialog,
    }


def is_destructive(button: QPushButton) -> bool:
    box = button.parent()
    role = box.buttonRole(button) if isinstance(box, QDialogButtonBox) else None
    return (
        isinstance(button, DestructiveButton)
        or role is QDialogButtonBox.ButtonRole.DestructiveRole
        or (DESTROYS.search(button.text()) is not None and role is not QDialogButtonBox.ButtonRole.RejectRole)
    )


def enter_twice(dialog: QDialog) -> None:
    for _ in range(2):
        if dialog.isVisible():
            QTest.keyClick(dialog.focusWidget() or dialog, KEY.Key_Return)


@pytest.mark.expects_errors("has no attribute")  # Enter sends records here of which only what dialogs show is made up
def test_enter_presses_no_destructive_button_in_any_dialog(aio: Any, tmp_path: Path) -> None:
    assert set(MADE) == dialogs_of_the_console(), "each dialog of the console is made here"
    destructive, wrong = set(), []

    async def run() -> None:
        async with office(tmp_path, refusal=conflict()) as made:
            window = QWidget()
            window.show()
            for dialog in [make(made, window) for makes in MADE.values() for make in makes]:
                dialog.open()
                dialog.activateWindow()
                await turns(1)
                for button in filter(is_destructive, dialog.findChildren(QPushButton)):
                    name = f"{button.text()!r} of {type(dialog).__name__}"
                    destructive.add(button.text())
                    if button.isDefault() or button.autoDefault():
                        wrong.append(f"{name} is what Enter presses")
                    button.clicked.connect(lambda _on=False, name=name: wrong.append(f"Enter, Enter pressed {name}"))
                field = dialog.focusWidget()
                enter_twice(dialog)
                if isinstance(field, QPlainTextEdit) and dialog.isVisible():  # there it begins a line
                    QTest.keyClick(field, KEY.Key_Tab)
                    enter_twice(dialog)
                await until(lambda shown=dialog: not isValid(shown) or not getattr(shown, "is_busy", False))
                if isValid(dialog):
                    dialog.close()
            window.close()

    aio(run())
    assert wrong == []
    assert {"Discard it", "Take away", "Remove", "Deny", "Delete it", "Trust it now"} < destructive
    assert {"Forget this server…", "Reject 1 entry", "Approve 1 entry"} < destructive


@pytest.fixture
def settings(qapp: QApplication) -> Iterator[SettingsDialog]:
    """The open dialog, over a window."""
    window = QWidget()
    window.show()
    dialog = SettingsDialog("dark", 1.0, True, "https://operations.example.com", window)
    dialog.open()
    dialog.activateWindow()
    qapp.processEvents()
    yield dialog
    window.close()


def test_ctrl_enter_accepts_in_every_dialog_wherever_the_keyboard_is(
    aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = []

    async def run() -> None:
        async with office(tmp_path, refusal=conflict()) as made:
            window = QWidget()
            window.show()
            for dialog in [makes[0](made, window) for makes in MADE.values()]:
                if not isinstance(dialog, WindowDialog) or dialog._accepting is None:
                    dialog.deleteLater()
                    continue
                told: list[None] = []
                monkeypatch.setattr(dialog, "submit", lambda told=told: told.append(None))
                dialog._accepting.setEnabled(True)
                dialog._accepting.show()
                dialog.open()
                dialog.activateWindow()
                await turns(1)
                QTest.keyClick(dialog.focusWidget() or dialog, KEY.Key_Return, Qt.KeyboardModifier.ControlModifier)
                if not told:
                    silent.append(type(dialog).__name__)
                QDialog.reject(dialog)
                dialog.deleteLater()
                await turns(1)
            window.deleteLater()
            await turns()

    aio(run())
    assert silent == []


def test_enter_closes_settings_and_forgets_nothing(settings: SettingsDialog) -> None:
    forgotten: list[None] = []
    settings.forget_chosen.connect(lambda: forgotten.append(None))
    enter_twice(settings)
    assert not settings.isVisible()
    assert not forgotten


def test_a_server_is_forgotten_on_purpose_only(settings: SettingsDialog) -> None:
    forgotten: list[None] = []
    settings.forget_chosen.connect(lambda: forgotten.append(None))
    settings.forget.setFocus()
    enter_twice(settings)
    assert settings.isVisible()
    assert settings.error == "Enter does not do this. To confirm “Forget this server…”, press Space or click it."
    QTest.keyClick(settings.forget, KEY.Key_Space)
    assert settings.forget.text() == "Yes, sign out and forget it"
    assert not forgotten
    QTest.keyClick(settings.forget, KEY.Key_Space)
    assert forgotten
    assert not settings.isVisible()
