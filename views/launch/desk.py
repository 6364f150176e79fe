"""What the panels of the workspace have in common: the launch that is looked at, its queries, one cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core.errors import OperationsError
from app.core.link import LinkState
from app.launch.domain import DIRECT, MANAGE, SIGN, VOTE, Launches
from app.launch.record import Finding, verify
from app.launch.watch import is_polled, is_watched
from models.launch.checklist import ItemStatus
from models.launch.criteria import EvidenceVerdict
from models.launch.poll import Choice, Standing
from views.launch.wording import labels

if TYPE_CHECKING:
    from datetime import datetime

    from app.core.query import Query
    from app.launch.countdown import Countdown
    from models.core.permissions import Permission
    from models.launch import Delegation, Launch, RollCallRole
    from models.launch.checklist import LaunchChecklistItem
    from models.launch.poll import LaunchStatus, Poll, RollCallVote, Verdict
    from views.kit.capability import Window

NO_LAUNCH = "there is no launch"
OVER = "this launch is over"


class LaunchDesk(QObject):
    """One launch and one cursor for all panels, and why something cannot be done now."""

    changed = Signal()
    """The launch, its status or its checklist is another; or the cursor is on another item."""
    switched = Signal()
    """Another launch is looked at."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.as_parent)
        self.console = window.console
        self.launches = window.console.of(Launches)
        self.launch_id = ""
        """Of the launch that is looked at; empty before one is known."""
        self.item_key = ""
        """Of the item at the cursor."""
        self.poll_id = ""
        """Of the earlier poll that was chosen; empty: the last one."""
        self.verifying: str | None = None
        """Of the poll whose record is being verified."""
        self.findings: dict[str, Finding] = {}
        """What became of verifying records, by poll."""
        self.launches.chosen_changed.connect(self._chosen_changed)
        self.launches.list().changed.connect(self.changed.emit)
        self._chosen_changed()

    def _chosen_changed(self) -> None:
        chosen = self.launches.chosen
        known = chosen.launch_id if chosen is not None else ""
        if known != self.launch_id:
            for query in (self.status_query, self.items_query):
                if query is not None:
                    query.changed.disconnect(self._heard)
            self.launch_id, self.item_key, self.poll_id = known, "", ""
            for query in (self.status_query, self.items_query):
                if query is not None:
                    query.changed.connect(self._heard)
            self.switched.emit()
        self.changed.emit()

    def _heard(self) -> None:
        self.changed.emit()

    # --- what is known -----------------------------------------------------------------------------------------------

    @property
    def status_query(self) -> Query[LaunchStatus] | None:
        """How the launch stands."""
        return self.launches.status(self.launch_id) if self.launch_id else None

    @property
    def items_query(self) -> Query[tuple[LaunchChecklistItem, ...]] | None:
        """Its checklist."""
        return self.launches.items(self.launch_id) if self.launch_id else None

    @property
    def polls_query(self) -> Query[tuple[Poll, ...]] | None:
        """Its polls."""
        return self.launches.polls(self.launch_id) if self.launch_id else None

    @property
    def launch(self) -> Launch | None:
        """The launch that is looked at."""
        return self.launches.chosen

    @property
    def status(self) -> LaunchStatus | None:
        """How it stands, as it was last heard."""
        query = self.status_query
        return query.sample.value if query is not None and query.sample is not None else None

    @property
    def items(self) -> tuple[LaunchChecklistItem, ...]:
        """Its checklist, as it was last heard."""
        query = self.items_query
        return query.sample.value if query is not None and query.sample is not None else ()

    @property
    def item(self) -> LaunchChecklistItem | None:
        """The item at the cursor."""
        return next((each for each in self.items if each.key == self.item_key), None)

    def choose_item(self, key: str) -> None:
        """Put the cursor on an item."""
        if key != self.item_key:
            self.item_key = key
            self.changed.emit()

    @property
    def now(self) -> datetime | None:
        """The server's time; ``None`` while it is not known."""
        return self.launches.server_clock.now

    @property
    def told_now(self) -> datetime:
        """The server's time, or when it was last told: for ages, which then stand still."""
        status = self.status
        known = self.now or (status.as_of if status is not None else None)
        return known or self.console.clock.now()

    @property
    def countdown(self) -> Countdown | None:
        """What the clock shows."""
        launch, status = self.launch, self.status
        return None if launch is None or status is None else self.launches.countdown(launch, status)

    @property
    def verdict(self) -> Verdict | None:
        """What may be shown of the verdict."""
        status = self.status
        return None if status is None else self.launches.verdict(status)

    @property
    def is_polled(self) -> bool:
        """Whether a poll is open."""
        return self.status is not None and is_polled(self.status)

    @property
    def is_watched(self) -> bool:
        """Whether what is shown still holds."""
        return self.status is not None and is_watched(self.status, self.now)

    def my_votes(self) -> list[RollCallVote]:
        """The roles the signed-in may vote for: those they hold and did not give away, and those they were given."""
        launch, status, me = self.launch, self.status, self.console.session.me
        if launch is None or status is None or me is None:
            return []
        given = {each.role: each.person for each in launch.delegations}
        return [
            vote
            for vote in status.roll_call
            if given.get(vote.role) == me.user_id or (vote.role in me.roles and vote.role not in given)
        ]

    def next_vote(self) -> RollCallVote | None:
        """Of the roles the signed-in votes for, the first that is asked: not voted, or void."""
        mine = self.my_votes()
        return next((vote for vote in mine if vote.standing is not Standing.COUNTED), mine[0] if mine else None)

    # --- why not -----------------------------------------------------------------------------------------------------

    def blocker(self, permission: Permission, *, irreversible: bool = True) -> str | None:
        """Why nothing of the launch can be changed now."""
        if self.launch is None:
            return NO_LAUNCH
        if self.launch.closed_at is not None:
            return OVER
        return self.console.write_blocker(permission, irreversible=irreversible)

    def vote_blocker(self) -> str | None:
        """Why the signed-in cannot vote now."""
        if not self.is_polled:
            return "no poll is open" if self.launch is not None else NO_LAUNCH
        why = self.blocker(VOTE)
        if why is None and not self.my_votes():
            return "you hold no role on the roll of this launch, and nobody has let you vote for theirs"
        return why

    def go_blocker(self, vote: RollCallVote) -> str | None:
        """Why GO cannot be voted for a role now; HOLD and NO-GO always can."""
        status = self.status
        if status is None or not self.is_watched:
            return "the figures are not watched: nobody knows whether they are as they are shown"
        bad = [
            each.key
            for each in status.evidence
            if each.verdict is not EvidenceVerdict.INSIDE and (not each.binds or vote.role in each.binds)
        ]
        if bad:
            return f"not within limits: {labels(status, bad)}"
        if vote.director and status.verdict.word is not Choice.GO:
            return "the director votes GO last, when nothing holds any more"
        return None

    def open_blocker(self) -> str | None:
        """Why no poll can be opened now."""
        return "a poll is open" if self.is_polled else self.blocker(DIRECT)

    def close_blocker(self) -> str | None:
        """Why the poll cannot be closed now."""
        return self.blocker(DIRECT) if self.is_polled else "no poll is open"

    def finish_blocker(self) -> str | None:
        """Why it cannot be said that the launch is done: only after a GO."""
        if self.is_polled:
            return "a poll is open: close it first"
        last = self.status.poll if self.status is not None else None
        if self.launch is not None and last is None:
            return "nobody was asked: open a poll first, or scrub the launch"
        if last is not None and last.verdict is not Choice.GO:
            return f"the last poll ended with {last.verdict}: ask again, or scrub the launch"
        return self.blocker(DIRECT)

    def override_blocker(self) -> str | None:
        """Why no NO-GO can be overridden now."""
        if not self.is_polled:
            return "no poll is open"
        return self.blocker(DIRECT) if self.against() else "nobody has voted NO-GO"

    def against(self) -> list[RollCallVote]:
        """The votes that are NO-GO and count."""
        status = self.status
        votes = status.roll_call if status is not None else ()
        return [each for each in votes if each.choice is Choice.NO_GO and each.override is None]

    def waiting(self) -> dict[str, tuple[str, list[str]]]:
        """By role, its name and what waits for it: its vote, and its items that are late."""
        status, found = self.status, dict[str, tuple[str, list[str]]]()
        for vote in status.roll_call if status is not None and self.is_polled else ():
            if not vote.director and vote.standing is not Standing.COUNTED:
                words = "its vote" if vote.choice is None else f"its vote, {vote.standing}"
                found.setdefault(vote.role, (vote.name, []))[1].append(words)
        for item in self.items:
            if item.late_seconds is not None:
                found.setdefault(item.owner_role, (item.owner_name, []))[1].append(f"item {item.number}")
        return found

    def ask_again_blocker(self) -> str | None:
        """Why nobody can be asked again now."""
        why = self.blocker(MANAGE)
        return why or (None if self.waiting() else "nobody is late, and no vote is missing")

    def delegate_blocker(self) -> str | None:
        """Why the signed-in cannot let somebody else vote now."""
        why = self.blocker(VOTE)
        return why or (None if self.own_roles() else "you hold no role on the roll of this launch")

    def take_back_blocker(self) -> str | None:
        """Why the signed-in can take no vote back now."""
        why = self.blocker(VOTE)
        return why or (None if self.own_delegations() else "nobody else votes for a role of yours")

    def own_roles(self) -> list[RollCallRole]:
        """The roles on the roll that the signed-in hold and have not given away."""
        launch, me = self.launch, self.console.session.me
        if launch is None or me is None:
            return []
        given = {each.role for each in launch.delegations}
        return [each for each in launch.roll if each.role in me.roles and each.role not in given]

    def own_delegations(self) -> list[Delegation]:
        """The votes the signed-in gave away, or were given."""
        launch, me = self.launch, self.console.session.me
        if launch is None or me is None:
            return []
        return [each for each in launch.delegations if each.role in me.roles or each.person == me.user_id]

    def record_blocker(self) -> str | None:
        """Why there is no record to save or verify."""
        if self.closed_poll is None:
            return "no poll has been closed yet"
        return None if self.console.link.state is LinkState.UP else "needs the link"

    @property
    def closed_poll(self) -> Poll | None:
        """The last poll that has ended: the one of the status, or the one before it."""
        if self.poll_id and (query := self.polls_query) is not None and query.sample is not None:
            chosen = next((each for each in query.sample.value if each.poll_id == self.poll_id), None)
            if chosen is not None and chosen.closed_at is not None:
                return chosen
        status, query = self.status, self.polls_query
        if status is not None and status.poll is not None and status.poll.closed_at is not None:
            return status.poll
        known = query.sample.value if query is not None and query.sample is not None else ()
        return next((each for each in known if each.closed_at is not None), None)

    def verify(self) -> None:
        """Verify the record of the closed poll; ``finding`` says what became of it."""
        poll = self.closed_poll
        if poll is not None and self.verifying is None:
            self.verifying = poll.poll_id
            self.console.tasks.start(self._verify(poll), name="verify a record")
            self.changed.emit()

    async def _verify(self, poll: Poll) -> None:
        try:
            found = await verify(self.console, poll)
        except OperationsError as error:
            found = Finding(good=False, words="Not verified", more=f"The record cannot be had: {error}")
        finally:
            self.verifying = None
        self.findings[poll.poll_id] = found
        self.console.messages.post(found.words, "info" if found.good else "warning")
        self.changed.emit()

    def change_item_blocker(self) -> str | None:
        """Why the item at the cursor cannot be changed now."""
        item = self.item
        if item is None:
            return "choose an item first"
        if item.status is not ItemStatus.PENDING and not item.automatic:
            return "it is signed or waived; reopen it first"
        return self.blocker(MANAGE)

    def hold_blocker(self) -> str | None:
        """Why the clock cannot be held now."""
        shown = self.countdown
        if shown is not None and shown.holds:
            return "the clock stands already"
        return self.blocker(VOTE)

    def release_blocker(self) -> str | None:
        """Why the clock cannot go on now."""
        shown, verdict = self.countdown, self.verdict
        if shown is None or not shown.holds:
            return "the clock does not hold" if self.launch is not None else NO_LAUNCH
        if shown.hold is None:
            return "the server has not told of this hold yet"
        if self.is_polled and verdict is not None and verdict.word is not Choice.GO:
            return f"the poll says {verdict.word}: {verdict.causes[0].title}" if verdict.causes else "the poll holds"
        return self.blocker(DIRECT)

    def sign_blocker(self) -> str | None:
        """Why the item at the cursor cannot be signed now; without the link it can, and is sent later."""
        item = self.item
        if item is None:
            return "choose an item first"
        if item.automatic:
            return "the system judges this item by its figures; nobody signs it"
        if item.status is ItemStatus.APPROVED:
            return "it is signed already"
        me = self.console.session.me
        if me is not None and item.owner_role not in me.roles:
            return f"{item.owner_name} signs it: only a holder of that role can"
        if item.waits_for:
            return f"it waits for {', '.join(self.descriptions(item.waits_for))}"
        return self.blocker(SIGN, irreversible=False)

    def reopen_blocker(self) -> str | None:
        """Why the item at the cursor cannot be reopened now."""
        item = self.item
        if item is None:
            return "choose an item first"
        if item.automatic or item.status is ItemStatus.PENDING:
            return "it is not signed"
        return self.blocker(SIGN, irreversible=False)

    def waive_blocker(self) -> str | None:
        """Why the item at the cursor cannot be waived now."""
        item = self.item
        if item is None:
            return "choose an item first"
        if item.automatic:
            return "the system judges this item by its figures; there is nothing to waive"
        if item.status is not ItemStatus.PENDING:
            return "it is signed or waived already"
        return self.blocker(MANAGE)

    def descriptions(self, keys: tuple[str, ...]) -> list[str]:
        """Items by what they say."""
        names = {each.key: f"item {each.number}" for each in self.items}
        return [names.get(key, key) for key in keys]
