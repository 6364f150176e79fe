"""A page's life: begun, moved on step by step, acknowledged, opened again, ended. Each change is audited.

Nothing is sent here: a notice is written in the same transaction as the step it belongs to, and goes after the commit.
A worker that is killed between the two has either done both or neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from backend.alerts import clear_condition, raise_alert
from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.problems import ProblemError, invalid
from backend.core.settings import Settings
from backend.deliveries import NoticeAction, NoticeAudience, NoticePhase, notify, reachable
from backend.oncall import tzdata
from backend.oncall.pages import queries
from backend.oncall.pages.calling import Called, resolve_targets
from backend.oncall.pages.escalation import Page, begin_round, next_move, reopened
from models.alerts import Severity
from models.core.problems import Code
from models.deliveries.routing import Team
from models.oncall.pages import PageState
from models.oncall.policies import Target, TargetKind

SOURCE: Final = "oncall.page"
"""Of alerts about pages that nobody answers."""
DUE: Final = SetAside("on-call pages")
TEST: Final = "test"
TEST_MINUTES: Final = 15
"""A test that nobody has acknowledged ends after so long."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What people are called about."""

    kind: str
    id: str
    title: str
    severity: Severity
    link: str


async def start(tx: Connection, *, actor: str, policy_id: UUID, subject: Subject) -> UUID:
    """Call people by a policy until somebody answers; while a page about the subject is not over, it is that one.

    Raises:
        ProblemError: 404 for a policy there is not, 409 for an archived one.
    """
    if (found := await _open(tx, subject.kind, subject.id)) is not None:
        audit_trail.nothing_changed()
        return found
    row = await (await tx.execute(queries.lock_policy, {"policy_id": policy_id})).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such escalation policy.")
    _, name, team, _, version, archived_at = row
    if archived_at is not None:
        raise ProblemError(Code.CONFLICT, f"“{name}” is archived: page by another escalation policy.")
    page_id = await _insert(tx, actor, subject, Team(team), policy=(policy_id, version))
    if page_id is None:  # somebody else began it in this moment, and has committed
        audit_trail.nothing_changed()
        return await start(tx, actor=actor, policy_id=policy_id, subject=subject)
    page = await _lock(tx, page_id)
    await _record(tx, page, actor, "started", policy=name, policyVersion=version)
    await _save(tx, await _move_on(tx, page.waiting(page.started_at, page.steps[0][1].after_minutes)))
    return page_id


async def start_tests(tx: Connection, *, actor: str, people: Sequence[str]) -> list[UUID]:
    """Call each of some people, to see that it reaches them."""
    found = []
    for person in dict.fromkeys(people):
        subject = Subject(TEST, person, "Test of your page", Severity.P4, "")
        page_id = await _insert(tx, actor, subject, Team.OPERATIONS, policy=None)
        if page_id is None:
            raise invalid(
                "/people", f"a test of {await audit_trail.person_name(tx, person)} waits for an answer already"
            )
        page = await _lock(tx, page_id)
        await _record(tx, page, actor, "tested", person=person)
        await _call(tx, page, [Target(kind=TargetKind.PERSON, id=person)], step=None, tell_team=False)
        await _save(tx, page.waiting(await clock(tx), TEST_MINUTES))
        found.append(page_id)
    return found


async def move_on(database: Database, _settings: Settings) -> None:
    """Take the step that is due of each page; a turn of the worker. Several workers share them."""
    async with database.transaction() as tx:
        rows = await (await tx.execute(queries.due_pages)).fetchall()

        async def take(row: tuple[UUID]) -> None:
            page = await _lock(tx, row[0])
            now = await clock(tx)
            if page.waits_since is not None and page.waits_since > now + timedelta(seconds=1):
                # The clock was set back. Nobody waits longer for that than once more.
                await tx.execute(queries.rearm, {"page_id": page.id})
            elif page.test:
                await _end(tx, page, audit_trail.WORKER, "Nobody has answered.")
            elif page.state is PageState.ACKNOWLEDGED:
                page = reopened(page, now)
                await _record(tx, page, audit_trail.WORKER, "reopened", acknowledgedBy=page.acknowledged_by)
                await _save(tx, await _move_on(tx, page))
            else:
                await _save(tx, await _move_on(tx, page))

        await DUE.each(tx, rows, take, key=lambda row: row[0])


async def acknowledge(tx: Connection, *, actor: str, page_id: UUID) -> None:
    """Answer a page: nobody else is called. Somebody else has: 409. Over: 409.

    It is based on no version: a page that has moved on meanwhile is answered all the same.
    """
    page = await _lock(tx, page_id)
    if page.state is PageState.RESOLVED:
        raise ProblemError(Code.CONFLICT, "This page is over.")
    if page.state is PageState.ACKNOWLEDGED:
        if page.acknowledged_by == actor:
            audit_trail.nothing_changed()
            return
        name = await audit_trail.person_name(tx, page.acknowledged_by or "")
        raise ProblemError(Code.CONFLICT, f"{name} has acknowledged this page already.")
    minutes = None if page.test else page.policy.unacknowledge_minutes
    row = await (
        await tx.execute(queries.acknowledge, {"page_id": page.id, "actor": actor, "minutes": minutes})
    ).fetchone()
    assert row is not None  # noqa: S101 - it is locked
    page = replace(page, version=row[0])
    await _record(tx, page, actor, "acknowledged")
    await _tell(tx, page, actor, "oncall.page.acknowledged", NoticePhase.ACKNOWLEDGED, "")
    await clear_condition(tx, source=SOURCE, key=str(page.id))
    if page.test:
        await _end(tx, page, actor, "It was answered.")


async def acknowledge_if_open(tx: Connection, *, actor: str, page_id: UUID) -> bool:
    """The same where somebody cannot be told that they came too late; says whether they were the first."""
    try:
        page = await _lock(tx, page_id)
    except ProblemError:
        return False
    if page.state is not PageState.OPEN:
        return False
    await acknowledge(tx, actor=actor, page_id=page_id)
    return True


async def acknowledge_subject(tx: Connection, *, actor: str, kind: str, subject_id: str) -> None:
    """Answer the page about a subject, if one is open; who answered first stays."""
    page_id = await _open(tx, kind, subject_id)
    if page_id is None or not await acknowledge_if_open(tx, actor=actor, page_id=page_id):
        audit_trail.nothing_changed()


async def resolve(tx: Connection, *, actor: str, page_id: UUID, reason: str) -> None:
    """End a page. One that is over stays as it is."""
    page = await _lock(tx, page_id)
    if page.state is PageState.RESOLVED:
        audit_trail.nothing_changed()
        return
    await _end(tx, page, actor, reason)


async def resolve_subject(tx: Connection, *, actor: str, kind: str, subject_id: str, reason: str) -> None:
    """End the page about a subject, if one is not over."""
    page_id = await _open(tx, kind, subject_id)
    if page_id is None:
        audit_trail.nothing_changed()
        return
    await resolve(tx, actor=actor, page_id=page_id, reason=reason)


# --- steps


async def _move_on(tx: Connection, page: Page) -> Page:
    """Take steps until somebody was told, or there is nothing to do for a while."""
    while page.next_at is not None and page.next_at <= (now := await clock(tx)):
        move = next_move(page)
        if move is None:
            page = begin_round(page).waiting(now, page.steps[0][1].after_minutes)
            continue
        is_told = await _call(tx, page, move.targets, step=move.step, tell_team=move.tell_team)
        page = move.page
        if move.wait is None:
            page = replace(page, next_at=None, waits_since=None, exhausted_at=now)
            await _raise_alarm(tx, page)
        else:
            # Nobody is waited for where nobody was told; but a whole round of it is not repeated at once.
            ends_round = page.next_step >= len(page.steps)
            page = page.waiting(now, move.wait if is_told or ends_round else 0)
    return page


async def _call(tx: Connection, page: Page, targets: Sequence[Target], *, step: int | None, tell_team: bool) -> bool:
    """Call whom the targets name at this moment, and keep who it was and why; says whether anybody is told."""
    called = await resolve_targets(tx, targets)
    reached = await reachable(tx, called.people)
    names: dict[str, str] = dict(await (await tx.execute(queries.names, {"people": list(called.people)})).fetchall())
    remarks = [
        *called.remarks,
        *(f"There is no way to {names[each]}." for each in called.people if each not in reached),
    ]
    before = await _told(tx, page)
    why = _why(called, names)
    notices: dict[str | None, UUID | None] = {
        person: await _notify(tx, page, person, _template(page), NoticePhase.RAISED, why=why)
        if person in reached
        else None
        for person in called.people
    }
    if tell_team:
        phase = NoticePhase.UPDATED if None in before else NoticePhase.RAISED
        notices[None] = await _notify(tx, page, None, _template(page), phase, why=why)
        if notices[None] is None:
            remarks.append(f"No route leads {page.severity} to {page.team}.")
    kept = {
        "page_id": page.id,
        "round": page.round,
        "step": step,
        "at": called.at,
        "people": list(called.people),
        "rosters": Jsonb([each.model_dump(mode="json", by_alias=True) for each in called.rosters]),
        "tzdata": tzdata.release(),
        "words": " ".join(remarks),
    }
    row = await (await tx.execute(queries.insert_call, kept)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    sent = {"page_id": page.id, "number": row[0], "people": list(notices), "notices": list(notices.values())}
    await tx.execute(queries.insert_notices, sent)
    await _record(
        tx, page, audit_trail.WORKER, "called", round=page.round, step=step, people=list(called.people), remarks=remarks
    )
    return any(notices.values())


def _template(page: Page) -> str:
    return "oncall.page.test" if page.test else "oncall.page"


def _why(called: Called, names: dict[str, str]) -> str:
    if not called.people:
        return "Nobody is on call for it."
    return f"Paged: {', '.join(names[each] for each in called.people)}."


async def _notify(
    tx: Connection, page: Page, person: str | None, template: str, phase: NoticePhase, **more: str
) -> UUID | None:
    values = {
        "title": page.title,
        "severity": page.severity.value,
        "policy": page.policy_name or "",
        "since": f"{page.started_at:%d %b %H:%M UTC}",
        "link": page.link,
        "actor": await audit_trail.person_name(tx, page.started_by),
        **more,
    }
    is_open = phase in {NoticePhase.RAISED, NoticePhase.UPDATED}
    return await notify(
        tx,
        NoticeAudience(page.team, page.severity, () if person is None else (person,)),
        template,
        values,
        thread=f"page:{page.id}",
        phase=phase,
        actions=(NoticeAction.ACKNOWLEDGE,) if is_open else (),
    )


async def _tell(tx: Connection, page: Page, actor: str, template: str, phase: NoticePhase, reason: str) -> None:
    """Tell whoever was told of a page what has become of it, but not who did it."""
    if page.test:
        return
    name = await audit_trail.person_name(tx, actor)
    told = await _told(tx, page)
    for person in sorted(told - {actor}, key=lambda each: each or ""):
        if person is None or await reachable(tx, [person]):
            await _notify(tx, page, person, template, phase, actor=name, reason=reason)


async def _told(tx: Connection, page: Page) -> set[str | None]:
    rows = await (await tx.execute(queries.reached, {"page_id": page.id})).fetchall()
    return {row[0] for row in rows}


async def _raise_alarm(tx: Connection, page: Page) -> None:
    await raise_alert(
        tx,
        source=SOURCE,
        key=str(page.id),
        title=f"Nobody answers a page: {page.title}",
        severity=page.severity,
        guidance="Everybody the escalation policy names was called.\nCall somebody yourself.\n"
        "Acknowledge the page in On call.",
    )


async def _end(tx: Connection, page: Page, actor: str, reason: str) -> None:
    row = await (await tx.execute(queries.resolve, {"page_id": page.id, "actor": actor, "reason": reason})).fetchone()
    assert row is not None  # noqa: S101 - it is locked
    page = replace(page, version=row[0])
    await _record(tx, page, actor, "resolved", reason=reason)
    await _tell(tx, page, actor, "oncall.page.resolved", NoticePhase.RESOLVED, reason)
    await clear_condition(tx, source=SOURCE, key=str(page.id))


# --- rows


async def _insert(
    tx: Connection, actor: str, subject: Subject, team: Team, *, policy: tuple[UUID, int] | None
) -> UUID | None:
    values = {
        "policy_id": policy[0] if policy else None,
        "policy_version": policy[1] if policy else None,
        "subject_kind": subject.kind,
        "subject_id": subject.id,
        "title": subject.title,
        "severity": subject.severity,
        "link": subject.link,
        "team": team,
        "test": policy is None,
        "actor": actor,
    }
    row = await (await tx.execute(queries.insert_page, values)).fetchone()
    return None if row is None else row[0]


async def _open(tx: Connection, kind: str, subject_id: str) -> UUID | None:
    values = {"subject_kind": kind, "subject_id": subject_id}
    row = await (await tx.execute(queries.open_page, values)).fetchone()
    return None if row is None else row[0]


async def _lock(tx: Connection, page_id: UUID) -> Page:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.lock_page, {"page_id": page_id})
        row = await cursor.fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such page.")
    return Page.of(row)


async def _save(tx: Connection, page: Page) -> None:
    values = {
        "page_id": page.id,
        "state": page.state,
        "round": page.round,
        "next_step": page.next_step,
        "waits_since": page.waits_since,
        "next_at": page.next_at,
        "exhausted_at": page.exhausted_at,
    }
    await tx.execute(queries.update_page, values)


async def _record(tx: Connection, page: Page, actor: str, what: str, **after: object) -> None:
    reason = after.pop("reason", None)
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"oncall.page.{what}",
        resource_type="page",
        resource_id=str(page.id),
        label=page.title,
        version=page.version,
        after={
            "subjectKind": page.subject_kind,
            "subjectId": page.subject_id,
            "severity": page.severity,
            "test": page.test,
            **after,
        },
        reason=None if reason is None else str(reason),
    )
