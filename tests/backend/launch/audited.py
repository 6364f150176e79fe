"""A valid request to every route of launches that writes, and the entry it must leave; see test_every_change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg

from tests.backend.launch.fixtures import CHECKLIST, CONTENT, DIRECTOR, ITEMS, LAUNCHES, TEMPLATES

Send = Callable[..., httpx.Response]
Made = tuple[Callable[[Any, Send], httpx.Response], str, str, str, str | None]


def _launch(world: Any) -> str:
    """The address of a launch."""
    world.people += 1
    key = f"t{world.people}"
    world.done("POST", f"{TEMPLATES}/{key}", DIRECTOR, {"content": CONTENT, "basedOn": 0})
    return f"{LAUNCHES}/{world.done('POST', LAUNCHES, DIRECTOR, _draft(key))['launchId']}"


def _draft(key: str) -> dict[str, Any]:
    zero = (datetime.now(UTC) + timedelta(hours=20)).isoformat()
    return {"templateKey": key, "title": "Winter", "shortTitle": "Winter", "zone": "UTC", "zeroAt": zero}


def _item(world: Any, key: str = "price-list") -> str:
    found = world.done("GET", f"{CHECKLIST}?launch={_launch(world).rpartition('/')[2]}", DIRECTOR)["items"]
    return f"{CHECKLIST}/{next(item['itemId'] for item in found if item['key'] == key)}"


def _signed(world: Any) -> str:
    item = _item(world)
    world.done("POST", f"{item}/complete", "operations-lead", {}, If_Match=1)
    return item


def _poll(world: Any) -> str:
    launch = _launch(world)
    return f"{launch}/polls/{world.done('POST', f'{launch}/polls', DIRECTOR, {'question': 'Go?'})['pollId']}"


def _asked(world: Any) -> str:
    """The address of a launch whose roles are asked."""
    return _poll(world).partition("/polls/")[0]


def _gone(world: Any) -> str:
    """The address of a launch whose last poll ended with GO; the figures of this database would not."""
    launch, _, poll_id = _poll(world).partition("/polls/")
    world.done("POST", f"{launch}/polls/{poll_id}/close", DIRECTOR, {"verdict": "HOLD", "reason": "later"})
    with psycopg.connect(world.api.owner_url) as connection:
        connection.execute("update launch_poll set verdict = 'GO' where id = %s", [poll_id])
    return launch


def _no_go(world: Any) -> str:
    poll = _poll(world)
    vote = {"role": "risk-manager", "choice": "NO-GO", "reason": "fraud", "evidenceVersion": 1}
    world.done("POST", f"{poll}/votes", "risk-manager", vote)
    return poll


def _held(world: Any) -> str:
    launch = _launch(world)
    world.done("POST", f"{launch}/clock/hold", "support-lead", {"reason": "x", "exitCriteria": "y"})
    return f"{launch}/clock"


def _delegated(world: Any) -> str:
    launch = _launch(world)
    given = {"role": "support-lead", "person": "compliance-officer", "reason": "on a train"}
    world.done("POST", f"{launch}/delegations", "support-lead", given)
    return launch


def _rehearsal(world: Any) -> str:
    return f"{LAUNCHES}/{world.done('POST', f'{_launch(world)}/rehearsals', DIRECTOR, {'reading': -600})['launchId']}"


def _taught(world: Any) -> tuple[str, str]:
    launch = _launch(world)
    world.done("POST", f"{launch}/lessons", DIRECTOR, {"item": ITEMS[0] | {"key": "new"}, "reason": "cold"})
    return f"{TEMPLATES}/t{world.people}/lessons", launch.rpartition("/")[2]


def _take_lessons(world: Any, send: Send) -> httpx.Response:
    path, launch_id = _taught(world)
    return send("POST", path, DIRECTOR, {"launchId": launch_id, "basedOn": 1})


def _made(
    place: Callable[[Any], str],
    path: str,
    body: Any,
    action: str,
    kind: str,
    keeps: str = "after",
    reason: str | None = None,
    *,
    role: str = DIRECTOR,
    method: str = "POST",
    **more: Any,
) -> Made:
    return (lambda w, send: send(method, f"{place(w)}{path}", role, body, **more), action, kind, keeps, reason)


_UNTIL = (datetime.now(UTC) + timedelta(hours=5)).isoformat()
_BOTH = "before after"
_VOTE = {"role": "support-lead", "choice": "HOLD", "reason": "look", "evidenceVersion": 1}
_OVER = {"role": "risk-manager", "reason": "of last month"}
_ANEW = {"item": ITEMS[0] | {"key": "new"}, "reason": "cold"}
_LIST = f"{LAUNCHES}/{{launch_id}}/checklist"
_NEW = '[{"key": "n", "category": "c", "description": "d", "ownerRole": "support-lead", "due": 5}]'
_FILE = {"format": "yaml", "text": _NEW}
_POLLS = f"{LAUNCHES}/{{launch_id}}/polls"

AUDITED: Mapping[tuple[str, str], Made] = {
    ("POST", f"{TEMPLATES}/{{key}}"): _made(
        lambda _: f"{TEMPLATES}/first",
        "",
        {"content": CONTENT, "basedOn": 0},
        "launch.template.written",
        "launch_template",
    ),
    ("POST", f"{TEMPLATES}/{{key}}/import"): _made(
        lambda _: f"{TEMPLATES}/sale-weekend",
        "/import",
        {"format": "csv", "basedOn": 1, "text": "key\r\n"},
        "launch.template.written",
        "launch_template",
        _BOTH,
    ),
    ("POST", f"{TEMPLATES}/{{key}}/lessons"): (
        _take_lessons,
        "launch.template.written",
        "launch_template",
        _BOTH,
        "1 items learned from a launch",
    ),
    ("POST", LAUNCHES): _made(lambda _: LAUNCHES, "", _draft("price-change"), "launch.launch.begun", "launch"),
    ("PATCH", f"{LAUNCHES}/{{launch_id}}"): _made(
        _launch, "", {"title": "Spring"}, "launch.launch.changed", "launch", _BOTH, method="PATCH", If_Match=2
    ),
    ("POST", f"{LAUNCHES}/{{launch_id}}/finish"): _made(
        _gone, "/finish", {"decision": "sold"}, "launch.launch.finished", "launch", _BOTH, "sold", If_Match=2
    ),
    ("POST", f"{LAUNCHES}/{{launch_id}}/scrub"): _made(
        _launch, "/scrub", {"decision": "wind"}, "launch.launch.scrubbed", "launch", _BOTH, "wind", If_Match=2
    ),
    ("POST", f"{LAUNCHES}/{{launch_id}}/delegations"): _made(
        _launch,
        "/delegations",
        {"role": "support-lead", "person": "compliance-officer", "reason": "on a train"},
        "launch.launch.delegated",
        "launch",
        _BOTH,
        "on a train",
        role="support-lead",
    ),
    ("POST", f"{LAUNCHES}/{{launch_id}}/delegations/end"): _made(
        _delegated,
        "/delegations/end",
        {"role": "support-lead"},
        "launch.launch.delegation_ended",
        "launch",
        _BOTH,
        role="support-lead",
    ),
    ("POST", f"{LAUNCHES}/{{launch_id}}/rehearsals"): _made(
        _launch, "/rehearsals", {"reading": -600}, "launch.launch.rehearsed", "launch"
    ),
    ("POST", f"{LAUNCHES}/{{launch_id}}/faults"): _made(
        _rehearsal, "/faults", {"key": "no-p1", "fault": "stale"}, "launch.launch.fault_injected", "launch", _BOTH
    ),
    ("POST", f"{LAUNCHES}/{{launch_id}}/lessons"): _made(
        _launch, "/lessons", _ANEW, "launch.lesson.kept", "launch_lesson", "after", "cold"
    ),
    ("POST", f"{LAUNCHES}/{{launch_id}}/clock/hold"): _made(
        _launch, "/clock/hold", {"reason": "x", "exitCriteria": "y"}, "launch.clock.hold", "launch_clock", "after", "x"
    ),
    ("POST", f"{LAUNCHES}/{{launch_id}}/clock/release"): _made(
        _held, "/release", {"hold": 1, "reason": "well"}, "launch.clock.release", "launch_clock", "after", "well"
    ),
    ("POST", f"{LAUNCHES}/{{launch_id}}/clock/recycle"): _made(
        _held,
        "/recycle",
        {"reading": -99_999, "reason": "back"},
        "launch.clock.recycle",
        "launch_clock",
        "after",
        "back",
    ),
    ("POST", _POLLS): _made(_launch, "/polls", {"question": "Go?"}, "launch.poll.opened", "launch_poll"),
    ("POST", f"{LAUNCHES}/{{launch_id}}/reminders"): _made(
        _asked, "/reminders", {"role": "support-lead"}, "launch.owner.asked_again", "launch"
    ),
    ("POST", f"{_POLLS}/{{poll_id}}/votes"): _made(
        _poll, "/votes", _VOTE, "launch.vote.cast", "launch_vote", "after", "look", role="support-lead"
    ),
    ("POST", f"{_POLLS}/{{poll_id}}/close"): _made(
        _poll, "/close", {"verdict": "HOLD", "reason": "later"}, "launch.poll.closed", "launch_poll", "after", "later"
    ),
    ("POST", f"{_POLLS}/{{poll_id}}/overrides"): _made(
        _no_go, "/overrides", _OVER, "approvals.asked", "approval", "after", "of last month"
    ),
    ("POST", _LIST): _made(_launch, "/checklist", ITEMS[0] | {"key": "new"}, "launch.item.added", "launch_item"),
    ("POST", f"{_LIST}/import"): _made(_launch, "/checklist/import", _FILE, "launch.item.added", "launch_item"),
    ("PATCH", f"{CHECKLIST}/{{item_id}}"): _made(
        _item, "", {"due": -5}, "launch.item.changed", "launch_item", _BOTH, method="PATCH", If_Match=1
    ),
    ("POST", f"{CHECKLIST}/{{item_id}}/complete"): _made(
        _item,
        "/complete",
        {"notes": "r118"},
        "launch.item.completed",
        "launch_item",
        _BOTH,
        "r118",
        role="operations-lead",
        If_Match=1,
    ),
    ("POST", f"{CHECKLIST}/{{item_id}}/reopen"): _made(
        _signed, "/reopen", {"reason": "wrong"}, "launch.item.reopened", "launch_item", _BOTH, "wrong", If_Match=2
    ),
    ("POST", f"{CHECKLIST}/{{item_id}}/waive"): _made(
        _item,
        "/waive",
        {"reason": "old one", "until": _UNTIL},
        "approvals.asked",
        "approval",
        "after",
        "old one",
        If_Match=1,
    ),
}
