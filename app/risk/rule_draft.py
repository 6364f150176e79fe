"""The draft somebody has open: what they changed, whether it is safe, and how it gets to the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.core.draft_store import DraftStore, draft_path
from app.core.errors import OperationsError
from app.core.mutation_types import InConflict
from app.core.outbox import State
from app.core.signals import Signal
from app.risk.rule_edits import RuleWork
from app.risk.rules import MANAGE, LiveMatches, change_draft

if TYPE_CHECKING:
    from app.core.capability import Engine
    from app.core.outbox import PendingMutation
    from models.risk.rules import RuleSet, RuleSetSummary


class OpenDraft:
    """One chosen version at a time. ``show`` says what is known of it; ``work`` is there while it may be edited."""

    changed = Signal()

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.rule_set_id = ""
        self.one: RuleSetSummary | None = None
        self.known: RuleSet | None = None
        """As the server has it, with what is on its way in it."""
        self.kept = False
        """What is known is of an earlier run, without the values that customers are known by."""
        self.work: RuleWork | None = None
        self.saving = False
        self.problem = ""
        """Why it was not saved."""
        self.matches = LiveMatches(engine)
        self._unsent: DraftStore | None = None

    # --- what is known -------------------------------------------------------------------------------------------

    def choose(self, rule_set_id: str) -> None:
        """Another version; what was changed in the one before is kept on this computer."""
        self._keep()
        self.rule_set_id, self.problem = rule_set_id, ""
        self.one = self.known = self.work = self._unsent = None

    def show(self, one: RuleSetSummary | None, known: RuleSet | None, *, kept: bool = False) -> None:
        """The newest answers about the chosen version; ``kept``: those of an earlier run."""
        self.one, self.known, self.kept = one, known, kept
        if known is None:
            return
        if self.work is None and self.edit_blocker is None:
            self._take_up(known)
        elif self.work is not None and not self.work.dirty and self.work.base != known:
            self.work = RuleWork(known)

    @property
    def dirty(self) -> bool:
        """Whether there is something that is not saved."""
        return self.work is not None and self.work.dirty

    @property
    def conflict(self) -> PendingMutation | None:
        """A change of it that waits for the operator's choice."""
        pending = self._engine.mutations.of(f"rule_set:{self.rule_set_id}")
        return next((mutation for mutation in pending if mutation.state is State.CONFLICT), None)

    @property
    def edit_blocker(self) -> str | None:
        """Why the chosen version cannot be edited; ``None`` when it can."""
        from models.risk.rules import RuleSetState

        if self.one is None:
            return "choose a version first"
        if self.one.state is not RuleSetState.DRAFT:
            return f"version {self.one.number} is {self.one.state} and stays as it is; make a new draft from it"
        if self.conflict is not None:
            return "choose first which of the two changes holds"
        if self.kept:
            return "these are the rules as they were kept in an earlier run; editing needs the server's"
        return self._engine.write_blocker(MANAGE)

    @property
    def words(self) -> str:
        """How safe what was changed is; empty when there is nothing to say."""
        conflict = self.conflict
        if conflict is not None:
            return f"≠ {conflict.detail or 'Somebody else saved this draft.'} Your change waits for your choice."
        if self.problem:
            return f"! {self.problem} What you wrote is still here."
        if self.saving:
            return "Saving…"
        if self.dirty and self.work is not None:
            if self._unsent is not None and self._unsent.problem:
                return f"! {self._unsent.problem}"
            if self.known is not None and self.known.version != self.work.base.version:
                return f"Somebody else saved this draft (version {self.known.version}); saving asks you which holds."
            return "Not saved yet; kept on this computer as you type."
        if self._engine.mutations.of(f"rule_set:{self.rule_set_id}"):
            return "Kept here; it is sent when the link is back."
        return ""

    def _take_up(self, known: RuleSet) -> None:
        me = self._engine.session.me
        if me is None:
            return
        name = f"rules {me.user_id} {known.rule_set_id}"
        self._unsent = DraftStore(draft_path(self._engine.profile, self._engine.target.name, name), self._engine.tasks)
        kept = self._unsent.read()
        if kept is not None:
            try:
                self.work = RuleWork.restore(kept)
            except ValueError:
                words = "What was not saved of these rules cannot be read by this version of opsconsole."
                self._engine.messages.post(words, "warning")
                self._unsent.drop()
        self.work = self.work or RuleWork(known)

    # --- what is done --------------------------------------------------------------------------------------------

    def edited(self) -> None:
        """Something was changed in ``work``."""
        self.problem = ""
        self._keep()
        self.changed.emit()

    def _keep(self) -> None:
        if self.work is None or self._unsent is None:
            return
        if self.work.dirty:
            self._unsent.keep(self.work.to_stored())
        else:
            self._unsent.drop()

    def throw_away(self) -> None:
        """Back to what the server has."""
        self._drop()
        self.work = RuleWork(self.known) if self.known is not None else None
        self.edited()

    def _drop(self) -> None:
        if self._unsent is not None:
            self._unsent.drop()

    def save(self) -> None:
        """Send what was changed."""
        if self.work is not None and self.work.dirty and not self.saving:
            self.saving, self.problem = True, ""
            self._engine.tasks.start(self._send(self.work), name="save a draft of rules")
            self.changed.emit()

    async def save_now(self) -> bool:
        """Send what was changed; whether nothing is left that is not saved."""
        if self.work is not None and self.work.dirty and not self.saving:
            self.saving, self.problem = True, ""
            self.changed.emit()
            await self._send(self.work)
        return not self.dirty and not self.problem

    async def _send(self, work: RuleWork) -> None:
        try:
            outcome = await change_draft(self._engine.mutations, work)
        except InConflict:
            self._finish_saving(work, None)  # the outbox has it now, and the window asks which of the two holds
        except OperationsError as error:
            self.problem = f"Not saved: {error}"
        else:
            self._finish_saving(work, outcome.answer)
        finally:
            self.saving = False
            self.changed.emit()

    def _finish_saving(self, work: RuleWork, answer: dict[str, Any] | None) -> None:
        from models.risk.rules import RuleSet

        if self.work is not work:
            return
        self._drop()
        if answer is None:
            self.work = None
        elif answer:
            self.work = RuleWork(RuleSet.model_validate(answer))
        else:  # unheard: what is written from here on builds upon it
            saved = work.base.model_copy(update={"title": work.title, "rules": tuple(work.rules)})
            self.work = RuleWork(saved)
