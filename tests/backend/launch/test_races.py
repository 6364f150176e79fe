"""A vote races the change of what it is bound to: the change wins. Two forms that look right must lose."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from backend.core.capability import Criteria, Criterion, Measurement
from backend.core.database import Connection, Database
from backend.core.problems import ProblemError
from backend.core.security import Identity, Principal
from backend.launch.launches import reads as launches
from backend.launch.poll import actions, queries, reads
from backend.launch.poll.actions import World
from models.core.permissions import Permission
from models.core.problems import Code
from models.launch import Launch
from models.launch.poll import CastVote, Choice, Poll
from tests.backend.launch.fixtures import VOTERS, Pad

RACES = 500
VARIANT_RACES = 300
"""A third of them go wrong in the variants: none of so many is as good as never."""
DELAY_SECONDS = 0.006
"""As long as a vote takes: each of the two comes first now and then."""

RESET = """
with v as (update launch_vote set choice = 'HOLD', standing = 'counted' where poll_id = %(poll_id)s),
     e as (update launch_evidence
              set verdict = 'inside', value = 0, evaluated_at = clock_timestamp(),
                  data_through = clock_timestamp(), good_until = clock_timestamp() + interval '1 min'
            where poll_id = %(poll_id)s)
update launch_poll set evidence_version = evidence_version + 1 where id = %(poll_id)s returning evidence_version
"""

ONE_STATEMENT = """
with p as (select id from launch_poll where id = %(poll_id)s and state = 'open' for no key update),
     e as (update launch_evidence as e set verdict = 'outside' from p where e.poll_id = p.id),
     r as (update launch_poll as q set evidence_version = q.evidence_version + 1 from p where q.id = p.id)
update launch_vote as v set standing = 'evidence changed' from p
 where v.poll_id = p.id and v.choice = 'GO' and v.standing = 'counted'
"""

Flip = Callable[[Connection], Awaitable[None]]


def _voter(role: str) -> Principal:
    now = datetime.now(UTC)
    identity = Identity(role, role, "account", now + timedelta(hours=1), now, "2", (), None)
    return Principal(
        user_id=role,
        name=role,
        roles=(role,),
        role_names=(role,),
        permissions=frozenset({Permission.LAUNCH_VOTE}),
        identity=identity,
        second_factor=True,
        has_password=True,
    )


class Track:
    """One open poll with one figure, which a test moves."""

    def __init__(self, database: Database, launch: Launch, poll: Poll, world: World, value: list[float]) -> None:
        self.database, self.launch, self.poll, self.world, self.value = database, launch, poll, world, value
        self.chance = random.Random(17)  # noqa: S311 - delays
        self.refused = 0

    async def reset(self) -> int:
        """Nobody has voted, the figure is within its limits; returns what a voter sees."""
        self.value[0] = 0
        async with self.database.transaction() as tx:
            row = await (await tx.execute(RESET, {"poll_id": self.poll.poll_id})).fetchone()
        assert row is not None
        return int(row[0])

    async def vote(self, role: str, seen: int) -> None:
        """Vote GO for what was seen."""
        await asyncio.sleep(self.chance.random() * DELAY_SECONDS)
        request = CastVote(role=role, choice=Choice.GO, evidence_version=seen)
        ids = {"launch_id": UUID(self.launch.launch_id), "poll_id": UUID(self.poll.poll_id)}
        try:
            async with self.database.transaction() as tx:
                await actions.vote(tx, self.world, principal=_voter(role), request=request, **ids)
        except ProblemError as error:
            if error.code is not Code.EVIDENCE_CHANGED:
                raise
            self.refused += 1

    async def flip(self, how: Flip) -> None:
        """The figure leaves its limits."""
        await asyncio.sleep(self.chance.random() * DELAY_SECONDS)
        self.value[0] = 9
        async with self.database.transaction() as tx:
            await how(tx)

    async def by_the_tick(self, tx: Connection) -> None:
        """As the worker does it."""
        await actions.reevaluate(tx, self.world, self.launch, self.poll.poll_id)

    async def by_one_statement(self, tx: Connection) -> None:
        """Its snapshot is older than the lock it waits for."""
        await tx.execute(ONE_STATEMENT, {"poll_id": self.poll.poll_id})

    async def wrong(self, races: int, how: Flip, *, enough: int) -> int:
        """How often a GO stood although its figure had left, up to ``enough`` times: each role races the change."""
        found = 0
        for _ in range(0, races, len(VOTERS)):
            seen = await self.reset()
            await asyncio.gather(*(self.vote(role, seen) for role in VOTERS), self.flip(how))
            async with self.database.read() as connection:
                cursor = await connection.execute(
                    "select exists (select from launch_vote where choice = 'GO' and standing = 'counted')"
                    " and exists (select from launch_evidence where verdict <> 'inside')"
                )
                found += await cursor.fetchone() == (True,)
            if found == enough:
                break
        return found


def _race(pad: Pad, scenario: Callable[[Track], Awaitable[None]]) -> None:
    launch = pad.launch(
        criteria=[{"key": "record", "criterion": "risk.open_entries", "label": "x", "shortLabel": "x", "high": 5}],
        items=[],
    )
    pad.poll(launch)
    value = [0.0]

    async def measure(_c: Any, _s: Any, now: datetime, wanted: Sequence[Mapping[str, str]]) -> Sequence[Measurement]:
        return [Measurement(value[0], now)] * len(wanted)

    moved = Criterion(name="risk.open_entries", title="x", unit="count", measure=measure, stale_after=60)
    world = World(pad.settings, Criteria({"risk.open_entries": moved}))

    async def work(database: Database) -> None:
        async with database.read() as connection:
            found = await launches.launch(connection, launch["launchId"])
            poll = cast("Poll", await reads.latest(connection, found.launch_id))
        await scenario(Track(database, found, poll, world, value))

    pad.within(work)


def test_no_go_stands_against_a_change_it_raced(pad: Pad) -> None:
    async def scenario(track: Track) -> None:
        assert await track.wrong(RACES, track.by_the_tick, enough=1) == 0
        assert 0 < track.refused < RACES, "each came first now and then"

    _race(pad, scenario)


def test_looking_before_locking_loses(pad: Pad, monkeypatch: pytest.MonkeyPatch) -> None:
    """The race finds what it is for: a vote without the lock."""

    async def no_lock(tx: Connection, launch_id: UUID, poll_id: UUID) -> Poll:
        return await reads.poll(tx, launch_id, poll_id)

    async def scenario(track: Track) -> None:
        monkeypatch.setattr(actions, "_lock", no_lock)
        assert await track.wrong(VARIANT_RACES, track.by_the_tick, enough=1) == 1

    _race(pad, scenario)


def test_a_change_in_one_statement_loses(pad: Pad) -> None:
    async def scenario(track: Track) -> None:
        assert await track.wrong(VARIANT_RACES, track.by_one_statement, enough=1) == 1

    _race(pad, scenario)


def test_the_lock_is_written_out() -> None:
    """Foreign keys take a weaker one, which lets a change of the version through."""
    assert queries.lock.endswith("for no key update")
