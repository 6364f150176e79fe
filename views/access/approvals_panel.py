"""What waits for a second pair of eyes: the first one whole, the others as a list below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.access.domain import Access, decide, withdraw
from app.core.errors import OperationsError
from app.core.freshness import age_words
from models.core.permissions import SENSITIVE_PERMISSIONS, Permission, permission_words, short_words
from views.access.wording import day_words, ends_words
from views.kit.query_panel import QueryPanel
from views.kit.theme import current
from views.kit.widgets.avatar import Avatar
from views.kit.widgets.code_field import code_field
from views.kit.widgets.discard import discard
from views.kit.widgets.flow import Flow
from views.kit.widgets.pill import Look, Pill

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.console import Console
    from models.access import Approval

SHOWN_MOST = 20
CODE, WHOLE_CODE = 120, 6
"""Width of the field for a code at 100 % font, and characters of a whole one."""


class ApprovalCard(QWidget):
    """One approval with what it means and what may be done about it. ``asked`` carries approve, deny or withdraw."""

    asked = Signal(str)

    def __init__(self, approval: Approval, now: datetime, me: str, adds: Sequence[str]) -> None:
        """``me`` is the id of the signed-in, ``adds`` are the permissions that somebody gets by it."""
        super().__init__()
        self.approval = approval
        theme = current()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        title = QLabel(approval.title)
        theme.set_font(title, 14, 600)
        title.setWordWrap(True)
        column.addWidget(title)
        self._line(column, _what(approval, now))
        asked = QHBoxLayout()
        asked.setSpacing(8)
        asked.addWidget(Avatar(approval.requested_by, approval.requested_by_name), 0, Qt.AlignmentFlag.AlignTop)
        self._line(asked, f"{approval.requested_by_name} asked {_when(approval.requested_at, now)} UTC")
        column.addLayout(asked)
        quote = QLabel(f"“{approval.reason}”")
        quote.setWordWrap(True)
        theme.set_font(quote, 10, 600)
        column.addWidget(quote)
        if adds:
            sensitive = SENSITIVE_PERMISSIONS
            self.added = Flow(
                *(Pill(f"+ {short_words(k)}", Look.OUTLINE, icon="shield" if k in sensitive else "") for k in adds),
                margins=False,
            )
            self.added.setAccessibleName("Adds: " + ", ".join(permission_words(key) for key in adds))
            column.addWidget(self.added)
        if votes := [f"{vote.voter_name} ({vote.verdict})" for vote in approval.votes]:
            self._line(column, f"So far: {', '.join(votes)}. It takes {approval.needs}.")
        if approval.from_roles:
            self._line(column, f"Among those who agree: {', '.join(approval.from_roles)}.")
        left = (approval.ends_at - now).total_seconds()
        self._line(column, f"Ends in {age_words(max(0.0, left))} if nobody decides.")
        self.code = code_field("Code from your authenticator", "Code")
        self.code.setToolTip("With the whole code Approve does it at once; without it you are asked.")
        self.code.setFixedWidth(theme.px(CODE))
        self.code.returnPressed.connect(lambda: self.asked.emit("approve"))
        self.approve = Pill("Approve…", Look.PRIMARY, name=f"Approve: {approval.title}", icon="shield")
        self.deny = Pill("Deny…", Look.BUTTON, name=f"Deny: {approval.title}")
        self.approve.clicked.connect(lambda: self.asked.emit("approve"))
        self.deny.clicked.connect(lambda: self.asked.emit("deny"))
        row = Flow(self.code, self.approve, self.deny, margins=False, gap=8)
        self.withdraw: Pill | None = None
        if approval.requested_by == me:
            self.withdraw = Pill("Withdraw", Look.BUTTON, name=f"Withdraw: {approval.title}")
            self.withdraw.clicked.connect(lambda: self.asked.emit("withdraw"))
            row.add(self.withdraw)
        self.reason = QLabel()
        theme.set_font(self.reason, 9)
        self.reason.setWordWrap(True)
        column.addWidget(row)
        column.addWidget(self.reason)
        self.setAccessibleName(approval.title)

    def _line(self, column: QBoxLayout, words: str) -> None:
        label = QLabel(words)
        label.setWordWrap(True)
        column.addWidget(label, 1 if isinstance(column, QHBoxLayout) else 0)

    def set_reason(self, reason: str | None, *, sending: bool) -> None:
        """Why it may not be decided here; ``None`` when it may."""
        for pill in (self.approve, self.deny):
            pill.setEnabled(reason is None and not sending)
            pill.setToolTip(reason or "")
            pill.setAccessibleDescription(reason or "")
        self.code.setVisible(reason is None)
        self.code.setEnabled(not sending)
        self.reason.setVisible(sending or reason is not None)
        self.reason.setText("sending…" if sending else f"You may not decide this: {reason}." if reason else "")


class ApprovalsPanel(QueryPanel):
    """The panel; everybody sees what concerns them."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._approvals, self._roles = console.of(Access).approvals(), console.of(Access).roles()
        self._held = console.of(Access).assignments()
        self.cards: dict[str, ApprovalCard] = {}
        self._versions: dict[str, tuple[object, ...]] = {}
        self.empty = QLabel("Nothing waits for approval.")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(4, 4, 4, 4)
        self._column.setSpacing(8)
        self._column.addWidget(self.empty, 1)
        self._column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(area)
        console.mutations.changed.connect(self.refresh)
        self.use(self._approvals, self._roles, self._held)

    def refresh(self) -> None:
        """Show what waits, what I may decide first."""
        sample = self._approvals.sample
        shown = {approval.approval_id: approval for approval in waiting_for(self.console)[:SHOWN_MOST]}
        for known in [k for k in self.cards if k not in shown]:
            discard(self.cards.pop(known))
            self._versions.pop(known)
        theme = (current().tokens.name, current().px(100))
        for place, (known, approval) in enumerate(shown.items()):
            version = (approval.version, approval.objection, theme, self.gained(approval))
            card = self.cards.get(known)
            if card is None or self._versions[known] != version:
                if card is not None:
                    discard(card)
                card = self.cards[known] = self._card(approval)
                self._versions[known] = version
            if self._column.indexOf(card) != place:
                self._column.insertWidget(place, card)
            sending = bool(self.console.mutations.of(f"approval:{known}"))
            card.set_reason(decide_blocker(self.console, approval), sending=sending)
        self.empty.setVisible(not shown)
        self.empty.setText("Nothing waits for approval." if sample is not None else "Waiting for the first answer…")

    def _card(self, approval: Approval) -> ApprovalCard:
        me = self.console.session.me
        card = ApprovalCard(approval, self.console.clock.now(), me.user_id if me else "", self.adds(approval))

        def act(what: str) -> None:
            if what == "withdraw":
                self.take_back(approval)
            elif what == "approve" and len(code := card.code.text().strip()) >= WHOLE_CODE:
                card.code.clear()
                self.console.tasks.start(self._approve_with(approval, code), name="approve with a code")
            else:
                self.decide(approval, approve=what == "approve")

        card.asked.connect(act)
        return card

    def adds(self, approval: Approval) -> tuple[str, ...]:
        """Permissions that somebody gets by it: the holders of a changed role, or whoever a role is asked for."""
        return tuple(approval.details.get("adds") or self.gained(approval))

    def gained(self, approval: Approval) -> tuple[str, ...]:
        """What the role that is asked for adds to what the person can do now."""
        sample, held = self._roles.sample, self._held.sample
        roles = {role.role_id: role for role in sample.value} if sample is not None else {}
        wanted = roles.get(str(approval.details.get("roleId")))
        if wanted is None:
            return ()
        theirs = [a.role_id for a in held.value if a.user_id == approval.gainer] if held is not None else []
        has = {key for known in theirs if known in roles for key in roles[known].permissions}
        return tuple(key for key in wanted.permissions if key not in has)

    def decide(self, approval: Approval, *, approve: bool) -> None:
        """Ask for the reason, then send."""
        from views.access.grant_dialogs import DecisionDialog

        adds = self.adds(approval)
        DecisionDialog(self.console, approval, self.widget.window(), approve=approve, adds=adds).open()

    async def _approve_with(self, approval: Approval, code: str) -> None:
        """Use the second factor that was typed into the card, then approve; without it nothing is sent."""
        try:
            await self.console.session.use_second_factor(code)
            await decide(self.console.mutations, approval, approve=True, reason="")
        except OperationsError as error:
            self.console.messages.post(f"Not approved: {error}", "error")

    def take_back(self, approval: Approval) -> None:
        """Withdraw what I asked for."""
        self.console.tasks.start(self._withdraw(approval), name="withdraw")

    async def _withdraw(self, approval: Approval) -> None:
        try:
            await withdraw(self.console.mutations, approval)
        except OperationsError as error:
            self.console.messages.post(f"Not withdrawn: {error}", "error")

    def approve_first(self) -> None:
        """Ask for the reason to approve the first one that the signed-in may decide."""
        if (first := first_to_decide(self.console)) is not None:
            self.decide(first, approve=True)


def waiting_for(console: Console) -> list[Approval]:
    """What waits, what the signed-in may decide first."""
    sample = console.of(Access).approvals().sample
    return sorted(sample.value if sample is not None else (), key=lambda a: (a.objection is not None, a.ends_at))


def decide_blocker(console: Console, approval: Approval) -> str | None:
    """Why the signed-in may not decide it now, in words; ``None`` when they may."""
    return approval.objection or console.write_blocker(Permission.APPROVE_ROLES, irreversible=True)


def first_to_decide(console: Console) -> Approval | None:
    """The first one that the signed-in may decide."""
    return next((each for each in waiting_for(console) if decide_blocker(console, each) is None), None)


def _when(at: datetime, now: datetime) -> str:
    """``at 13:41:07``, and the day where it is not today's."""
    return f"at {at:%H:%M:%S}" if at.date() == now.date() else f"on {day_words(at, now)} at {at:%H:%M}"


def _what(approval: Approval, now: datetime) -> str:
    from datetime import datetime as instant

    details = approval.details
    match approval.kind:
        case "rbac.grant" if details.get("expiresAt"):
            ends = instant.fromisoformat(str(details["expiresAt"]))
            return f"Until {ends_words(ends, now)} UTC."
        case "rbac.grant":
            return "Without an end."
        case "rbac.break_glass":
            return f"For {details.get('minutes')} minutes from the moment of approval; it will be reviewed."
        case "analytics.publish":
            event, version = details.get("eventName"), details.get("version")
            return (
                f"Events of {event} are judged by version {version} too, and what does not fit is counted. What is "
                "published is never changed again; it is enforced in a second step."
            )
        case "rbac.role_change":
            removes = details.get("removes") or ()
            words = f"Removes: {', '.join(permission_words(key) for key in removes)}. " if removes else ""
            return f"{words}In force at once for everybody who holds it."
        case _:
            return ""
