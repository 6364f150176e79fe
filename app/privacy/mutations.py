"""What an operator does about privacy: all of it needs the link, for it is done on the clock of the law.

What was written of a person goes with the request and is kept with no record to compare it with: once the server has
answered, the outbox has forgotten it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.core.mutation_types import MutationRequest, MutationSpec, Outcome
from app.privacy.domain import APPROVALS, POLICIES, REQUESTS
from app.privacy.requests import BASE, SWITCH
from app.privacy.requests import POLICIES as POLICY_BASE
from app.privacy.requests import REQUESTS as REQUEST_BASE
from models.core.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.mutation import Mutations
    from app.core.mutation_types import Body
    from app.core.outbox import PendingMutation
    from models.access import Approval
    from models.privacy.consent import Policy, PolicyRequest
    from models.privacy.graph import GraphSwitch, RequestNode
    from models.privacy.packages import PackagePreview, Redaction
    from models.privacy.requests import PauseReason, PrivacyRequest, RequestState, VerificationMethod
    from models.privacy.retention import RetentionRule


def specs() -> tuple[MutationSpec, ...]:
    """What an operator does here."""
    return (
        MutationSpec("privacy.own", REQUESTS, irreversible=True, overlay=_owned, undo=_given_back),
        MutationSpec("privacy.give_back", REQUESTS, irreversible=True, overlay=_owned),
        MutationSpec("privacy.request", REQUESTS, irreversible=True),
        MutationSpec("privacy.node", REQUESTS, irreversible=True),
        MutationSpec("privacy.package", REQUESTS, irreversible=True),
        MutationSpec("privacy.approval", APPROVALS, irreversible=True),
        MutationSpec("privacy.switch", REQUESTS, irreversible=True),
        MutationSpec("privacy.retention", REQUESTS, irreversible=True),
        MutationSpec("privacy.policy", POLICIES, irreversible=True),
    )


# --- requests --------------------------------------------------------------------------------------------------------


async def own(mutations: Mutations, request: PrivacyRequest, owner: str | None) -> Outcome:
    """Have somebody work on it, or nobody. Raises OperationsError, like all of these."""
    from models.privacy.requests import RequestChange

    words = f"Took {request.reference}" if owner is not None else f"Gave {request.reference} back"
    return await mutations.submit(_of(request, "own", words, "", RequestChange(owner=owner), method="PATCH"))


async def close(mutations: Mutations, request: PrivacyRequest, state: RequestState, reason: str) -> Outcome:
    """Refuse it, or note that it was withdrawn; the person is told why."""
    from models.privacy.requests import RequestChange

    body = RequestChange(status=state, reason=reason)
    return await mutations.submit(_of(request, "request", f"{request.reference} is {state}", "", body, method="PATCH"))


async def verify(
    mutations: Mutations, request: PrivacyRequest, method: VerificationMethod, evidence: str, *, confirmed: bool
) -> Outcome:
    """Say whether the person is who they say."""
    from models.privacy.requests import VerifyRequest

    body = VerifyRequest(confirmed=confirmed, method=method, evidence=evidence)
    words = f"Identity {'confirmed' if confirmed else 'not confirmed'} for {request.reference}"
    return await mutations.submit(_of(request, "request", words, "/verify", body))


async def link(mutations: Mutations, request: PrivacyRequest, other: PrivacyRequest, reason: str) -> Outcome:
    """Say that another request is worked on instead."""
    from models.privacy.requests import LinkRequest

    body = LinkRequest(other=other.request_id, reason=reason)
    words = f"{request.reference} is the same as {other.reference}"
    return await mutations.submit(_of(request, "request", words, "/link", body))


async def unlink(mutations: Mutations, request: PrivacyRequest) -> Outcome:
    """Say that it is no duplicate; it waits for proof of identity."""
    return await mutations.submit(_of(request, "request", f"{request.reference} is no duplicate", "/unlink", None))


async def stop_clock(mutations: Mutations, request: PrivacyRequest, reason: PauseReason, words: str) -> Outcome:
    """Stop its clock, for a reason the law allows."""
    from models.privacy.requests import PauseClock

    body = PauseClock(reason=reason, words=words)
    return await mutations.submit(_of(request, "request", f"Stopped the clock of {request.reference}", "/pause", body))


async def start_clock(mutations: Mutations, request: PrivacyRequest) -> Outcome:
    """Have its clock run again."""
    return await mutations.submit(_of(request, "request", f"Started the clock of {request.reference}", "/resume", None))


async def extend(mutations: Mutations, request: PrivacyRequest, reason: str, notice: str) -> Outcome:
    """Take the longer time the law gives; the person is sent the notice."""
    from models.privacy.requests import ExtendClock

    body = ExtendClock(reason=reason, notice=notice)
    return await mutations.submit(_of(request, "request", f"Extended {request.reference}", "/extend", body))


# --- approvals -------------------------------------------------------------------------------------------------------


async def ask_approval(mutations: Mutations, request: PrivacyRequest, reason: str) -> Outcome:
    """Have somebody else agree to an erasure."""
    from models.privacy.graph import AskErasure

    words = f"Asked to approve the erasure {request.reference}"
    return await mutations.submit(_of(request, "approval", words, "/ask-approval", AskErasure(reason=reason)))


async def decide(
    mutations: Mutations, request: PrivacyRequest, approval: Approval, reason: str, *, approve: bool
) -> Outcome:
    """Approve or deny an erasure that somebody else asked for."""
    from models.access import ApprovalDecision, Verdict

    body = ApprovalDecision(decision=Verdict.APPROVE if approve else Verdict.DENY, reason=reason)
    words = f"{'Approved' if approve else 'Denied'} the erasure {request.reference}"
    path = f"{BASE}/approvals/{approval.approval_id}/decision"
    return await mutations.submit(
        MutationRequest(
            "privacy.approval",
            words,
            "POST",
            path,
            body,
            version=approval.version,
            resource=f"approval:{approval.approval_id}",
        )
    )


# --- steps -----------------------------------------------------------------------------------------------------------


async def retry(mutations: Mutations, request: PrivacyRequest, node: RequestNode) -> Outcome:
    """Try one step again at once; what is done stays done."""
    return await mutations.submit(_step(request, node, f"Retried “{node.title}” of {request.reference}", "retry", None))


async def skip(mutations: Mutations, request: PrivacyRequest, node: RequestNode, reason: str) -> Outcome:
    """Ask to go on without a step; the second person who asks decides."""
    from models.privacy.graph import SkipNode

    words = f"{'Skipped' if node.skip_asked_by else 'Asked to skip'} “{node.title}” of {request.reference}"
    return await mutations.submit(_step(request, node, words, "skip", SkipNode(reason=reason)))


async def complete(mutations: Mutations, request: PrivacyRequest, node: RequestNode, words: str) -> Outcome:
    """Say that a step by hand is done."""
    from models.privacy.graph import CompleteNode

    title = f"“{node.title}” of {request.reference} is done by hand"
    return await mutations.submit(_step(request, node, title, "complete", CompleteNode(words=words)))


async def set_switch(mutations: Mutations, switch: GraphSwitch, reason: str, *, paused: bool) -> Outcome:
    """Stop all runs between two steps, or let them go on."""
    from models.privacy.graph import SwitchRequest

    words = "Paused all privacy runs" if paused else "Privacy runs go on"
    body = SwitchRequest(paused=paused, reason=reason)
    return await mutations.submit(
        MutationRequest(
            "privacy.switch", words, "PUT", SWITCH, body, version=switch.version, resource="privacy_runs", record=SWITCH
        )
    )


# --- packages --------------------------------------------------------------------------------------------------------


async def redact(
    mutations: Mutations, request: PrivacyRequest, seen: PackagePreview, chosen: Sequence[Redaction]
) -> Outcome:
    """Leave fields out of what is handed out."""
    from models.privacy.packages import RedactRequest

    words = f"Left {counted(len(chosen), 'field')} out of {request.reference}"
    body = RedactRequest(redactions=tuple(chosen))
    as_seen = request.model_copy(update={"version": seen.version})
    return await mutations.submit(_of(as_seen, "package", words, "/package/redact", body))


async def release(mutations: Mutations, request: PrivacyRequest, version: int) -> Outcome:
    """Pack what was looked through and have the person told where it is."""
    as_seen = request.model_copy(update={"version": version})
    words = f"Released the package of {request.reference}"
    return await mutations.submit(_of(as_seen, "package", words, "/package/release", None))


# --- policies and retention ------------------------------------------------------------------------------------------


async def publish(mutations: Mutations, request: PolicyRequest) -> Outcome:
    """Publish a version of the policy with the texts of its forms; it is in force at once."""
    words = f"Published “{request.title}”"
    return await mutations.submit(MutationRequest("privacy.policy", words, "POST", POLICY_BASE, request))


async def begin_campaign(mutations: Mutations, policy: Policy) -> Outcome:
    """Have the shop ask those who still have to acknowledge a version."""
    words = f"Asked {counted(policy.outstanding, 'person', 'people')} to acknowledge policy {policy.version}"
    path = f"{POLICY_BASE}/{policy.version}/campaign"
    return await mutations.submit(MutationRequest("privacy.policy", words, "POST", path))


async def set_retention(mutations: Mutations, rule: RetentionRule, reason: str, *, enabled: bool) -> Outcome:
    """Switch a rule on, having seen how many rows it would remove, or off."""
    from models.privacy.retention import RetentionRequest

    words = f"Retention of {rule.title}: {'on' if enabled else 'off'}"
    body = RetentionRequest(enabled=enabled, expected=rule.would_remove, reason=reason)
    path = f"{BASE}/retention/{rule.name}"
    return await mutations.submit(
        MutationRequest(
            "privacy.retention", words, "PUT", path, body, version=rule.version, resource=f"retention:{rule.name}"
        )
    )


# --- how -------------------------------------------------------------------------------------------------------------


def _of(
    request: PrivacyRequest, kind: str, words: str, path: str, body: Body | None, *, method: str = "POST"
) -> MutationRequest:
    """One that is based on the version of the request that was seen."""
    return MutationRequest(
        f"privacy.{kind}",
        words,
        method,
        f"{REQUEST_BASE}/{request.request_id}{path}",
        body,
        version=request.version,
        resource=f"privacy_request:{request.request_id}",
    )


def _step(request: PrivacyRequest, node: RequestNode, words: str, verb: str, body: Body | None) -> MutationRequest:
    return MutationRequest(
        "privacy.node",
        words,
        "POST",
        f"{REQUEST_BASE}/{request.request_id}/nodes/{node.node_id}/{verb}",
        body,
        version=node.version,
        resource=f"privacy_node:{node.node_id}",
    )


def _given_back(intent: PendingMutation, answer: dict[str, Any]) -> MutationRequest:
    """What takes a claim back, within the time of its Undo."""
    from models.privacy.requests import RequestChange

    return MutationRequest(
        "privacy.give_back",
        f"Gave {answer['reference']} back",
        "PATCH",
        intent.path,
        RequestChange(owner=None),
        version=answer["version"],
        resource=intent.resource,
    )


def _owned(value: Any, fields: dict[str, Any], intent: PendingMutation) -> Any:
    """Lists and the record, with another owner; whatever else has the topic stays as it is."""
    from models.privacy.requests import PrivacyRequest

    known, owner = intent.resource.partition(":")[2], fields.get("owner")

    def after(each: Any) -> Any:
        if not isinstance(each, PrivacyRequest) or each.request_id != known:
            return each
        return each.model_copy(update={"owner": owner, "owner_name": owner})

    if not isinstance(value, tuple):
        return after(value)
    changed = tuple(after(each) for each in value)
    return changed if any(a is not b for a, b in zip(changed, value, strict=True)) else value
