"""What an operator does about launches.

A vote, the clock and a poll are decided on what is seen at this moment: nothing of that is kept for later. Notes and
sign-offs of items are: they are sent when the server is heard again, and refused there when they no longer fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.core.mutation_types import MutationRequest, MutationSpec, Outcome
from app.launch.countdown import offset_words
from app.launch.domain import CHECKLIST, LAUNCHES, STATUS, TEMPLATES
from app.launch.requests import ITEMS
from app.launch.requests import LAUNCHES as BASE
from app.launch.requests import TEMPLATES as TEMPLATE_BASE
from models.launch.checklist import (
    ChecklistFormat,
    CompleteItem,
    ImportChecklist,
    ItemChange,
    ItemDraft,
    ItemStatus,
    ReopenItem,
    WaiveItem,
)

if TYPE_CHECKING:
    from datetime import datetime

    from app.core.mutation import Mutations
    from app.core.mutation_types import Body
    from app.core.outbox import PendingMutation
    from models.launch import FaultKind, Launch, LaunchChange, LaunchDraft
    from models.launch.checklist import LaunchChecklistItem
    from models.launch.poll import Choice, Poll, Reminder, RollCallVote


def specs() -> tuple[MutationSpec, ...]:
    """What an operator does here."""
    at_once = (
        ("launch.begin", LAUNCHES),
        ("launch.change", STATUS),
        ("launch.finish", STATUS),
        ("launch.scrub", STATUS),
        ("launch.rehearse", LAUNCHES),
        ("launch.fault", LAUNCHES),
        ("launch.lesson", CHECKLIST),
        ("launch.delegate", LAUNCHES),
        ("launch.clock", STATUS),
        ("launch.poll", STATUS),
        ("launch.vote", STATUS),
        ("launch.override", STATUS),
        ("launch.waive", CHECKLIST),
        ("launch.items", CHECKLIST),
        ("launch.template", TEMPLATES),
    )
    return (
        *(MutationSpec(name, topics, irreversible=True) for name, topics in at_once),
        MutationSpec("launch.remind", frozenset(), irreversible=True),
        MutationSpec("launch.sign", CHECKLIST, overlay=_signed, undo=_reopened),
        MutationSpec("launch.reopen", CHECKLIST, overlay=_pending),
    )


# --- launches ------------------------------------------------------------------------------------------------------


async def begin(mutations: Mutations, request: LaunchDraft) -> Outcome:
    """Begin a launch from a template. Raises OperationsError, like all of these."""
    return await mutations.submit(MutationRequest("launch.begin", f"Began {request.title}", "POST", BASE, request))


async def change(mutations: Mutations, launch: Launch, request: LaunchChange) -> Outcome:
    """Change title, zone or T-0, based on what the operator saw."""
    return await mutations.submit(_of(launch, "change", f"Changed {launch.title}", "", request, method="PATCH"))


async def finish(mutations: Mutations, launch: Launch, decision: str) -> Outcome:
    """Say that a launch is done."""
    from models.launch import FinishLaunch

    request = _of(launch, "finish", f"{launch.title} is done", "/finish", FinishLaunch(decision=decision))
    return await mutations.submit(request)


async def scrub(mutations: Mutations, launch: Launch, decision: str) -> Outcome:
    """Give a launch up for this time."""
    from models.launch.clock import ScrubLaunch

    request = _of(launch, "scrub", f"Scrubbed {launch.title}", "/scrub", ScrubLaunch(decision=decision))
    return await mutations.submit(request)


async def rehearse(mutations: Mutations, launch: Launch, reading: float) -> Outcome:
    """Rehearse a launch on a copy of it, from a reading of its clock on."""
    from models.launch import RehearseLaunch

    words = f"Began a rehearsal of {launch.title} at {offset_words(reading)}"
    body = RehearseLaunch(reading=reading)
    return await mutations.submit(_plain(launch, "rehearse", words, "/rehearsals", body))


async def inject(mutations: Mutations, launch: Launch, key: str, fault: FaultKind | None) -> Outcome:
    """Let a figure of a rehearsal fail, or heal it."""
    from models.launch import InjectFault

    words = f"Healed {key}" if fault is None else f"Let {key} be {fault}"
    return await mutations.submit(_plain(launch, "fault", words, "/faults", InjectFault(key=key, fault=fault)))


async def keep_lesson(mutations: Mutations, launch: Launch, item: ItemDraft, reason: str) -> Outcome:
    """Keep an item for the next version of the template."""
    from models.launch import LessonDraft

    words = f"Kept “{item.description}” for the next launch"
    return await mutations.submit(_plain(launch, "lesson", words, "/lessons", LessonDraft(item=item, reason=reason)))


async def delegate(mutations: Mutations, launch: Launch, role: str, person: str, reason: str) -> Outcome:
    """Let somebody else vote for a role one holds."""
    from models.launch import DelegateVote

    body = DelegateVote(role=role, person=person, reason=reason)
    return await mutations.submit(_plain(launch, "delegate", f"Let {person} vote for {role}", "/delegations", body))


async def end_delegation(mutations: Mutations, launch: Launch, role: str) -> Outcome:
    """Take a delegation back."""
    from models.launch import EndDelegation

    words = f"Took the vote of {role} back"
    return await mutations.submit(_plain(launch, "delegate", words, "/delegations/end", EndDelegation(role=role)))


# --- the clock -----------------------------------------------------------------------------------------------------


async def hold(mutations: Mutations, launch: Launch, reason: str, exit_criteria: str) -> Outcome:
    """Stop the clock."""
    from models.launch.clock import HoldClock

    body = HoldClock(reason=reason, exit_criteria=exit_criteria)
    return await mutations.submit(_plain(launch, "clock", f"Held {launch.title}", "/clock/hold", body))


async def release(mutations: Mutations, launch: Launch, number: int, reason: str) -> Outcome:
    """End the hold that was seen."""
    from models.launch.clock import ReleaseHold

    body = ReleaseHold(hold=number, reason=reason)
    return await mutations.submit(_plain(launch, "clock", f"Resumed {launch.title}", "/clock/release", body))


async def recycle(mutations: Mutations, launch: Launch, reading: float, reason: str) -> Outcome:
    """Go back to an earlier point and hold there."""
    from models.launch.clock import RecycleClock

    words = f"Recycled {launch.title} to {offset_words(reading)}"
    body = RecycleClock(reading=reading, reason=reason)
    return await mutations.submit(_plain(launch, "clock", words, "/clock/recycle", body))


# --- the poll ------------------------------------------------------------------------------------------------------


async def open_poll(mutations: Mutations, launch: Launch, question: str) -> Outcome:
    """Ask all roles."""
    from models.launch.poll import OpenPoll

    body = OpenPoll(question=question)
    return await mutations.submit(_plain(launch, "poll", f"Opened a poll on {launch.title}", "/polls", body))


async def vote(
    mutations: Mutations, poll: Poll, role: RollCallVote, choice: Choice, reason: str, evidence_version: int
) -> Outcome:
    """Vote for a role, on what was seen."""
    from models.launch.poll import CastVote

    body = CastVote(role=role.role, choice=choice, reason=reason, evidence_version=evidence_version)
    path = f"{_poll_path(poll)}/votes"
    return await mutations.submit(MutationRequest("launch.vote", f"Voted {choice} for {role.name}", "POST", path, body))


async def close_poll(mutations: Mutations, poll: Poll, verdict: Choice, reason: str) -> Outcome:
    """End a poll with the verdict that was seen, and keep its record."""
    from models.launch.poll import ClosePoll

    body = ClosePoll(verdict=verdict, reason=reason)
    words = f"Closed poll {poll.round}: {verdict}"
    return await mutations.submit(MutationRequest("launch.poll", words, "POST", f"{_poll_path(poll)}/close", body))


async def ask_override(mutations: Mutations, poll: Poll, role: RollCallVote, reason: str) -> Outcome:
    """Ask for a NO-GO not to count; somebody else approves."""
    from models.launch.poll import AskOverride

    words = f"Asked to go against the NO-GO of {role.name}"
    path = f"{_poll_path(poll)}/overrides"
    body = AskOverride(role=role.role, reason=reason)
    return await mutations.submit(MutationRequest("launch.override", words, "POST", path, body))


async def ask_again(mutations: Mutations, launch: Launch, role: str, name: str) -> Reminder:
    """Tell a role again what waits for it."""
    from models.launch.poll import AskAgain, Reminder

    outcome = await mutations.submit(_plain(launch, "remind", f"Asked {name} again", "/reminders", AskAgain(role=role)))
    return Reminder.model_validate(outcome.answer)


def _poll_path(poll: Poll) -> str:
    return f"{BASE}/{poll.launch_id}/polls/{poll.poll_id}"


# --- the checklist -------------------------------------------------------------------------------------------------


async def sign(mutations: Mutations, item: LaunchChecklistItem, notes: str) -> Outcome:
    """Sign an item off, with notes; without the link it is kept and sent later."""
    body = CompleteItem(notes=notes) if notes else CompleteItem()
    return await mutations.submit(_item(item, "sign", f"Signed “{item.description}”", "/complete", body))


async def reopen(mutations: Mutations, item: LaunchChecklistItem, reason: str) -> Outcome:
    """Take a sign-off or a waiver back."""
    return await mutations.submit(
        _item(item, "reopen", f"Reopened “{item.description}”", "/reopen", ReopenItem(reason=reason))
    )


async def waive(mutations: Mutations, item: LaunchChecklistItem, reason: str, until: datetime) -> Outcome:
    """Ask for going without an item; somebody else approves."""
    body = WaiveItem(reason=reason, until=until)
    return await mutations.submit(_item(item, "waive", f"Asked to waive “{item.description}”", "/waive", body))


async def change_item(mutations: Mutations, item: LaunchChecklistItem, request: ItemChange) -> Outcome:
    """Change an item that is not signed."""
    words = f"Changed “{item.description}”"
    return await mutations.submit(_item(item, "items", words, "", request, method="PATCH"))


async def import_items(mutations: Mutations, launch: Launch, form: ChecklistFormat, text: str) -> Outcome:
    """Add and change items by a file."""
    body = ImportChecklist(format=form, text=text)
    return await mutations.submit(_plain(launch, "items", f"Imported into {launch.title}", "/checklist/import", body))


# --- templates -----------------------------------------------------------------------------------------------------


async def import_template(
    mutations: Mutations, key: str, form: ChecklistFormat, text: str, summary: str, based_on: int
) -> Outcome:
    """Take a file as the next version of a template, or as a new one."""
    from models.launch.templates import ImportTemplate

    body = ImportTemplate(format=form, text=text, summary=summary, based_on=based_on)
    words, path = f"Imported the template {key}", f"{TEMPLATE_BASE}/{key}/import"
    return await mutations.submit(MutationRequest("launch.template", words, "POST", path, body))


async def take_lessons(mutations: Mutations, launch: Launch, based_on: int) -> Outcome:
    """Put what a launch taught into the next version of its template."""
    from models.launch.templates import TakeLessons

    body = TakeLessons(launch_id=launch.launch_id, based_on=based_on)
    words = f"Took the lessons of {launch.title} into its template"
    path = f"{TEMPLATE_BASE}/{launch.template_key}/lessons"
    return await mutations.submit(MutationRequest("launch.template", words, "POST", path, body))


# --- how -----------------------------------------------------------------------------------------------------------


def _plain(launch: Launch, kind: str, words: str, path: str, body: Body) -> MutationRequest:
    return MutationRequest(f"launch.{kind}", words, "POST", f"{BASE}/{launch.launch_id}{path}", body)


def _of(
    launch: Launch, kind: str, words: str, path: str, body: Body | None, *, method: str = "POST"
) -> MutationRequest:
    """One that is based on the version of the launch that was seen."""
    record = f"{BASE}/{launch.launch_id}"
    return MutationRequest(
        f"launch.{kind}",
        words,
        method,
        f"{record}{path}",
        body,
        version=launch.version,
        resource=f"launch:{launch.launch_id}",
        record=record,
        base=launch,
    )


def _item(
    item: LaunchChecklistItem, kind: str, words: str, path: str, body: Body | None, *, method: str = "POST"
) -> MutationRequest:
    record = f"{ITEMS}/{item.item_id}"
    return MutationRequest(
        f"launch.{kind}",
        words,
        method,
        f"{record}{path}",
        body,
        version=item.version,
        resource=f"launch_item:{item.item_id}",
        record=record,
        base=item,
    )


def _reopened(intent: PendingMutation, answer: dict[str, Any]) -> MutationRequest:
    """What takes a sign-off back, within the time of its Undo."""
    return MutationRequest(
        "launch.reopen",
        f"Reopened “{answer['description']}”",
        "POST",
        f"{ITEMS}/{answer['itemId']}/reopen",
        ReopenItem(reason="signed by mistake"),
        version=answer["version"],
        resource=intent.resource,
    )


def _signed(value: Any, fields: dict[str, Any], intent: PendingMutation) -> Any:
    changes = {"status": ItemStatus.APPROVED, "notes": fields.get("notes"), "completed_by": intent.user_id}
    return _with_item(value, intent, changes | {"late_seconds": None})


def _pending(value: Any, fields: dict[str, Any], intent: PendingMutation) -> Any:
    changes = {"status": ItemStatus.PENDING, "completed_at": None, "completed_by": None, "completed_by_name": None}
    return _with_item(value, intent, changes | {"reopened_reason": fields["reason"]})


def _with_item(value: Any, intent: PendingMutation, changes: dict[str, Any]) -> Any:
    """A checklist with one item as it will be; whatever else has the topics stays as it is."""
    from models.launch.checklist import LaunchChecklistItem

    known = intent.resource.partition(":")[2]
    if not isinstance(value, tuple):
        return value
    after = tuple(
        each.model_copy(update=changes) if isinstance(each, LaunchChecklistItem) and each.item_id == known else each
        for each in value
    )
    return after if any(a is not b for a, b in zip(after, value, strict=True)) else value
