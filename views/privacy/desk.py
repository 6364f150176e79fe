"""What the panels of the workspace have in common: the request and the step at the cursor, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.privacy.domain import LOOK, MANAGE, SUBMIT, Privacy, RequestView
from app.privacy.stages import Stage, Step, StepState, stages
from models.privacy.graph import NodeState
from models.privacy.requests import OPEN_STATES, RequestState, RequestType

if TYPE_CHECKING:
    from app.core.query import Query
    from models.access import Approval
    from models.core.permissions import Permission
    from models.privacy.graph import GraphSwitch, RequestGraph, RequestNode
    from models.privacy.requests import PrivacyRequest, RequestDetail, RequestFigures
    from views.kit.capability import Window

NO_REQUEST, NO_STEP = "choose a request first", "choose a step first"
NEVER_SKIPPED = frozenset({"ledger", "scan", "certificate", "key"})
"""Without these nothing would show what was done."""
FIRST = (StepState.FAILED, StepState.PERSON, StepState.RUNNING, StepState.READY)
"""What is looked at first of a request."""


class PrivacyDesk(QObject):
    """One list, one request and one step for all panels of a window."""

    changed = Signal()
    """Something that is shown is another, or says something else."""
    switched = Signal()
    """Another request, or another list, is looked at."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.as_parent)
        self.console = window.console
        self.privacy = window.console.of(Privacy)
        self.view = RequestView.OPEN
        self.request_id = ""
        """Of the request at the cursor; empty before one is known."""
        self.step_key = ""
        """Of the step at the cursor; empty: the one that needs somebody."""
        self._list = self.privacy.requests(self.view)
        self._list.changed.connect(self._list_changed)
        self.verified: dict[str, str] = {}
        """What became of verifying certificates, by request."""
        self._of_request: list[Query[Any]] = []
        for query in (self.privacy.figures(), self.privacy.switch(), self.privacy.approvals()):
            query.changed.connect(self._heard)
        self._list_changed()

    # --- what is looked at -------------------------------------------------------------------------------------------

    @property
    def list_query(self) -> Query[tuple[PrivacyRequest, ...]]:
        """The list."""
        return self._list

    @property
    def requests(self) -> tuple[PrivacyRequest, ...]:
        """The list, as it was last heard."""
        return self._list.sample.value if self._list.sample is not None else ()

    def show(self, view: RequestView) -> None:
        """List others."""
        if view is self.view:
            return
        self._list.changed.disconnect(self._list_changed)
        self.view = view
        self._list = self.privacy.requests(view)
        self._list.changed.connect(self._list_changed)
        self.request_id = ""
        self._list_changed()
        self.switched.emit()

    def _list_changed(self) -> None:
        known = [each.request_id for each in self.requests]
        if not self.request_id and known:
            self.choose(known[0])
        self.changed.emit()

    def _heard(self) -> None:
        self.changed.emit()

    def choose(self, request_id: str) -> None:
        """Look at a request, in the list or not."""
        if request_id == self.request_id:
            return
        for query in self._of_request:
            query.changed.disconnect(self._heard)
        self.request_id, self.step_key = request_id, ""
        self._of_request = [self.privacy.request(request_id), self.privacy.graph(request_id)] if request_id else []
        for query in self._of_request:
            query.changed.connect(self._heard)
        self.switched.emit()
        self.changed.emit()

    def choose_step(self, key: str) -> None:
        """Look at a step."""
        if key != self.step_key:
            self.step_key = key
            self.changed.emit()

    # --- what is known -----------------------------------------------------------------------------------------------

    @property
    def detail_query(self) -> Query[RequestDetail] | None:
        """The request with its pauses."""
        return self.privacy.request(self.request_id) if self.request_id else None

    @property
    def graph_query(self) -> Query[RequestGraph] | None:
        """Its steps."""
        return self.privacy.graph(self.request_id) if self.request_id else None

    @property
    def detail(self) -> RequestDetail | None:
        """The request with its pauses, as it was last heard."""
        query = self.detail_query
        return query.sample.value if query is not None and query.sample is not None else None

    @property
    def request(self) -> PrivacyRequest | None:
        """The request, whichever answer about it is newer."""
        row = next((each for each in self.requests if each.request_id == self.request_id), None)
        detail = self.detail
        if row is None or detail is None:
            return row or detail
        return detail if detail.version >= row.version else row

    @property
    def nodes(self) -> tuple[RequestNode, ...]:
        """Steps of its run, as they were last heard."""
        query = self.graph_query
        return query.sample.value.nodes if query is not None and query.sample is not None else ()

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All steps, as they are drawn."""
        request = self.request
        return () if request is None else stages(request, self.nodes)

    @property
    def step(self) -> Step | None:
        """The step at the cursor, else the one that needs somebody most."""
        steps = [step for stage in self.stages for step in stage.steps]
        chosen = next((step for step in steps if step.key == self.step_key), None)
        if chosen is not None:
            return chosen
        found = (step for state in FIRST for step in steps if step.state is state)
        return next(found, steps[-1] if steps else None)

    @property
    def figures(self) -> RequestFigures | None:
        """How many there are."""
        sample = self.privacy.figures().sample
        return sample.value if sample is not None else None

    @property
    def switch(self) -> GraphSwitch | None:
        """Whether all runs stand still."""
        sample = self.privacy.switch().sample
        return sample.value if sample is not None else None

    @property
    def approval(self) -> Approval | None:
        """What waits for somebody's yes about this request."""
        sample = self.privacy.approvals().sample
        known = sample.value if sample is not None else ()
        return next((each for each in known if each.subject_id == self.request_id), None)

    @property
    def may_look(self) -> bool:
        """Whether the signed-in sees personal data at all."""
        return self.console.session.may(LOOK)

    # --- why not -----------------------------------------------------------------------------------------------------

    def _of(self, permission: Permission, *states: RequestState, otherwise: str) -> str | None:
        """Why nothing that is for these states alone can be done; without any, for all that are open."""
        request = self.request
        if request is None:
            return NO_REQUEST
        if request.status not in (states or OPEN_STATES):
            return otherwise
        return self.console.write_blocker(permission, irreversible=True)

    def intake_blocker(self) -> str | None:
        """Why no request can be taken in."""
        return self.console.write_blocker(SUBMIT, irreversible=True)

    def person_blocker(self) -> str | None:
        """Why nobody can look at who it is from."""
        return NO_REQUEST if self.request is None else self.console.write_blocker(LOOK, irreversible=True)

    def claim_blocker(self) -> str | None:
        """Why it cannot be taken or given back."""
        return self._of(MANAGE, otherwise="it is over")

    def verify_blocker(self) -> str | None:
        """Why nothing can be said about who they are."""
        return self._of(MANAGE, RequestState.IDENTITY, otherwise="it does not wait for proof of identity")

    def close_blocker(self) -> str | None:
        """Why it can be neither refused nor withdrawn."""
        request = self.request
        if request is not None and request.status in {RequestState.RUNNING, RequestState.REVIEW}:
            return "what was begun is brought to its end"
        return self._of(MANAGE, otherwise="it is over")

    def link_blocker(self) -> str | None:
        """Why it cannot be linked with another one."""
        return self._of(
            MANAGE, RequestState.IDENTITY, otherwise="only what waits for proof of identity is linked with another one"
        )

    def unlink_blocker(self) -> str | None:
        """Why it cannot be taken apart from another one."""
        return self._of(MANAGE, RequestState.DUPLICATE, otherwise="it is linked with no other one")

    def stop_blocker(self) -> str | None:
        """Why its clock cannot be stopped."""
        request = self.request
        if request is not None and request.paused:
            return "its clock stands still already"
        return self._of(MANAGE, otherwise="its clock has ended")

    def start_blocker(self) -> str | None:
        """Why its clock cannot be started."""
        request = self.request
        if request is not None and not request.paused and request.status in OPEN_STATES:
            return "its clock runs"
        return self._of(MANAGE, otherwise="its clock has ended")

    def extend_blocker(self) -> str | None:
        """Why the longer time of the law cannot be taken."""
        request = self.request
        if request is not None and request.extended:
            return "it was extended already, and can be once"
        if request is not None and request.due_at <= self.console.clock.now():
            return "it is late already: the person had to be told before"
        return self._of(MANAGE, otherwise="its clock has ended")

    def ask_blocker(self) -> str | None:
        """Why nobody can be asked to approve the erasure."""
        if self.approval is not None:
            return f"{self.approval.requested_by_name} has asked for it already"
        return self._of(MANAGE, RequestState.APPROVAL, otherwise="it does not wait for approval")

    def approve_blocker(self) -> str | None:
        """Why the erasure cannot be approved or denied by the signed-in."""
        if self.request is not None and self.approval is None:
            waits = self.request.status is RequestState.APPROVAL
            return "nobody has asked for approval yet" if waits else "it does not wait for approval"
        why = self._of(MANAGE, RequestState.APPROVAL, otherwise="it does not wait for approval")
        return why or (self.approval.objection if self.approval is not None else None)

    def package_blocker(self) -> str | None:
        """Why nothing can be looked through that is to be handed out."""
        request = self.request
        if request is not None and request.type is not RequestType.ACCESS:
            return "only an access request hands anything out"
        states = (RequestState.REVIEW, RequestState.READY)
        return self._of(LOOK, *states, otherwise="there is nothing to hand out now")

    def certificate_blocker(self) -> str | None:
        """Why there is no certificate."""
        request = self.request
        if request is None:
            return NO_REQUEST
        finished = {node.name for node in self.nodes if node.state is NodeState.DONE}
        if request.type is not RequestType.DELETION:
            return "only an erasure has a certificate"
        return None if "certificate" in finished else "it is signed when all systems are done"

    def _step_blocker(self) -> str | None:
        if self.request is None:
            return NO_REQUEST
        step = self.step
        if step is None or step.node is None:
            return NO_STEP
        return self.console.write_blocker(MANAGE, irreversible=True)

    def retry_blocker(self) -> str | None:
        """Why the step cannot be tried again."""
        why, step = self._step_blocker(), self.step
        if why is None and step is not None and step.state not in {StepState.FAILED, StepState.READY}:
            return "only a step that failed or waits is tried again"
        return why

    def skip_blocker(self) -> str | None:
        """Why nobody can go on without the step."""
        why, step, me = self._step_blocker(), self.step, self.console.session.me
        if why is not None or step is None or step.node is None:
            return why
        if step.node.name in NEVER_SKIPPED:
            return "without this step nothing would show what was done: it is never skipped"
        if step.state in {StepState.DONE, StepState.SKIPPED, StepState.RUNNING}:
            return "it is done, or somebody is at it"
        if me is not None and step.node.skip_asked_by == me.user_id:
            return "you have asked for it: somebody else has to agree"
        return None

    def complete_blocker(self) -> str | None:
        """Why the step cannot be called done by hand."""
        why, step = self._step_blocker(), self.step
        if why is None and step is not None and step.state is not StepState.PERSON:
            return "it is not waiting for anybody's hand"
        return why

    def pause_all_blocker(self) -> str | None:
        """Why runs can be neither stopped nor let go on."""
        return "not loaded yet" if self.switch is None else self.console.write_blocker(MANAGE, irreversible=True)

    def policy_blocker(self) -> str | None:
        """Why nothing can be done about policies."""
        return self.console.write_blocker(MANAGE, irreversible=True)

    def look_up_blocker(self) -> str | None:
        """Why nobody's consent can be looked up."""
        return self.console.write_blocker(LOOK, irreversible=True)
