"""Keys of people: what is sealed opens in its place alone, and not at all once its key is destroyed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.backup import Abort, restore_file
from backend.backup.archive import make
from backend.core.database import Database
from backend.core.files import write
from backend.core.keys import Key, new_privacy_keys
from backend.core.settings import Settings
from backend.privacy import KeyRing, restore_keys
from backend.privacy.keys import copies
from backend.privacy.keys.actions import make_key, rotate
from backend.privacy.keys.reads import Purpose, hold_key, open_keys
from backend.privacy.keys.ring import SealError, WrappedKey
from backend.privacy.keys.source import ring_of, setting_problem
from backend.privacy.persons.actions import forget, register
from backend.privacy.persons.reads import find_person, identifiers_of
from tests.backend.backup.fixtures import KEY, KEY_TEXT, NOW
from tests.backend.privacy.fixtures import JANE, KEYS, RING, application, rows

PERSONS = 6_000


@given(st.text(), st.sampled_from(["consent.evidence", "request.reason"]), st.uuids())
def test_what_is_sealed_opens_in_its_place_alone(text: str, place: str, row: UUID) -> None:
    owner = uuid4()
    key, kept = RING.make_key(owner)
    text = text.encode(errors="replace").decode()
    sealed = key.seal(text, place, row)
    assert RING.unwrap(owner, kept).open(sealed, place, row) == text
    for wrong in (
        (sealed, f"{place}x", row),
        (sealed, place, uuid4()),
        (sealed[:-1] + b"x", place, row),
        (b"", "", ""),
    ):
        if wrong[0] != sealed or wrong[1:] != (place, row):
            with pytest.raises(SealError):
                key.open(*wrong)
    other, _ = RING.make_key(uuid4())
    with pytest.raises(SealError):
        other.open(sealed, place, row)
    with pytest.raises(SealError, match="belongs to somebody else"):
        RING.unwrap(uuid4(), kept)


def test_a_key_wraps_anew_and_stays_the_same() -> None:
    owner = uuid4()
    key, kept = RING.make_key(owner)
    sealed = key.seal("Jane", "a.b", "1")
    index, old = KEYS.split("\n")[:2]
    newer = KeyRing.read(f"{index}\n{new_privacy_keys().splitlines()[1]}\n{old}\n", "a test")
    again = newer.rewrap(owner, kept)
    assert (again.kek, newer.unwrap(owner, again).id) == (newer.current, key.id)
    assert newer.unwrap(owner, again).open(sealed, "a.b", "1") == "Jane"
    with pytest.raises(SealError, match="put its line back"):
        RING.unwrap(owner, again)


def test_people_are_found_by_the_form_that_fraud_rules_compare() -> None:
    assert RING.mac("email", " Jane@EXAMPLE.com ") == RING.mac("email", "jane@example.com")
    assert RING.mac("email", "straße@x.example") != RING.mac("email", "strasse@x.example")
    assert RING.mac("email", "c-17") != RING.mac("customer_id", "c-17")
    other = KeyRing.read(new_privacy_keys(), "a test")
    assert RING.mac("email", "jane@example.com") != other.mac("email", "jane@example.com")


@pytest.mark.parametrize(
    "text",
    ["index", "kek AAAA", "nonsense", KEYS.splitlines()[0], KEYS.splitlines()[1], KEYS + KEYS.splitlines()[0], "\xe4"],
    ids=["no value", "too short", "no key", "no kek", "no index", "two indexes", "no ASCII"],
)
def test_a_key_file_that_is_none_is_named(text: str, tmp_path: Path) -> None:
    file = tmp_path / "privacy.key"
    file.write_text(text, encoding="latin-1")
    words = setting_problem(Settings(privacy_key_file=file))
    assert words is not None
    assert str(file) in words
    assert setting_problem(Settings()) is None
    assert ring_of(Settings(privacy_key=KEYS.replace("\n", ";"))) is not None  # type: ignore[arg-type]


async def test_a_person_is_one_under_all_their_identifiers(open_database: Callable[[], Any]) -> None:
    async with open_database() as database:
        async with database.transaction() as tx:
            jane = await register(tx, RING, JANE)
        async with database.transaction() as tx:
            assert (await register(tx, RING, {"email": "jane@example.COM"})).id == jane.id
            assert (await register(tx, RING, {"customer_id": "c-18", "email": "jane@example.com"})).id == jane.id
            bob = await register(tx, RING, {"customer_id": "c-99"})
            # Two people's: the customer's id decides, and nobody is merged.
            assert (await register(tx, RING, {"customer_id": "c-99", "email": "jane@example.com"})).id == bob.id
        async with database.read() as connection:
            keys = await open_keys(connection, RING, [jane.id, bob.id])
            known = await identifiers_of(connection, keys, [jane.id, bob.id])
            assert known[jane.id] == {"customer_id": ("c-17", "c-18"), "email": ("jane@example.com",)} or known[
                jane.id
            ] == {"customer_id": ("c-18", "c-17"), "email": ("jane@example.com",)}
            assert known[bob.id] == {"customer_id": ("c-99",)}


async def test_the_same_person_twice_at_once_is_one_person_with_one_key(
    open_database: Callable[[], Any], owner_url: str
) -> None:
    async with open_database() as database:

        async def one(number: int) -> tuple[UUID, bytes]:
            async with database.transaction() as tx:
                person = await register(tx, RING, JANE if number % 2 else {"email": JANE["email"]} | JANE)
                return person.id, person.key.seal(str(number), "a.b", str(number))

        found = await asyncio.gather(*(one(number) for number in range(8)))
        assert len({person for person, _ in found}) == 1
        async with database.transaction() as tx:
            key = await hold_key(tx, RING, found[0][0])
            assert key is not None
            assert [key.open(sealed, "a.b", str(n)) for n, (_, sealed) in enumerate(found)] == [*map(str, range(8))]
    assert rows(owner_url, "select (select count(*) from person), (select count(*) from data_key)") == [(1, 1)]


async def test_who_is_forgotten_is_found_by_nothing_and_opens_with_nothing(
    open_database: Callable[[], Any], owner_url: str
) -> None:
    async with open_database() as database:
        async with database.transaction() as tx:
            jane = await register(tx, RING, JANE)
        async with database.transaction() as tx:
            assert await forget(tx, jane.id)
        async with database.transaction() as tx:
            assert not await forget(tx, jane.id)
            assert await hold_key(tx, RING, jane.id) is None
            assert await find_person(tx, RING, JANE) is None
            # Who comes back is somebody new.
            assert (await register(tx, RING, JANE)).id != jane.id
    assert rows(owner_url, "select owner_id, purpose from data_key_end") == [(jane.id, "person")]


async def test_a_destroy_waits_for_whoever_seals(open_database: Callable[[], Any]) -> None:
    async with open_database() as database:
        async with database.transaction() as tx:
            jane = await register(tx, RING, JANE)

        async def destroy() -> None:
            async with database.transaction() as tx:
                await forget(tx, jane.id)

        async with database.transaction() as tx:
            assert await hold_key(tx, RING, jane.id) is not None
            waiting = asyncio.create_task(destroy())
            await _wait_for_lock(database)
            assert not waiting.done()
        await waiting


async def _wait_for_lock(database: Database) -> None:
    while True:
        async with database.read() as connection:
            found = await connection.execute("select exists (select from pg_locks where not granted)")
            if await found.fetchone() == (True,):
                return


# Rotation


def _many(owner_url: str, ring: KeyRing) -> dict[UUID, WrappedKey]:
    kept = {owner: ring.make_key(owner)[1] for owner in (uuid4() for _ in range(PERSONS))}
    with (
        psycopg.connect(owner_url, autocommit=True) as connection,
        connection.cursor().copy("copy data_key (owner_id, purpose, kek, wrapped) from stdin") as copy,
    ):
        for owner, key in kept.items():
            copy.write_row((owner, "person", key.kek, key.wrapped))
    return kept


def _rotated() -> tuple[str, KeyRing]:
    index, old = KEYS.splitlines()
    text = f"{index};{new_privacy_keys().splitlines()[1]};{old}"
    return text, KeyRing.read(text, "a test")


def test_a_rotation_that_is_killed_and_shared_wraps_every_key_once(owner_url: str) -> None:
    kept = _many(owner_url, RING)
    text, newer = _rotated()
    environment = os.environ | {"ROTATE_URL": application(owner_url), "ROTATE_KEYS": text}
    command = [sys.executable, "-m", "tests.backend.privacy.rotating"]
    left = "select count(*) from data_key where kek <> %s"
    killed = subprocess.Popen(command, env=environment)
    while rows(owner_url, left, newer.current) == [(PERSONS,)]:
        assert killed.poll() is None
        time.sleep(0.002)
    killed.kill()
    killed.wait()
    others = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [each.wait(60) for each in others] == [0, 0]
    found = rows(owner_url, "select owner_id, kek, wrapped from data_key")
    assert len(found) == PERSONS
    assert {kek for _, kek, _ in found} == {newer.current}
    for owner, kek, wrapped in found:
        assert newer.unwrap(owner, WrappedKey(kek, wrapped)).id == RING.unwrap(owner, kept[owner]).id


async def test_a_rotation_without_the_old_key_leaves_what_it_cannot_open(
    open_database: Callable[[], Any], owner_url: str
) -> None:
    async with open_database() as database:
        async with database.transaction() as tx:
            await make_key(tx, RING, uuid4(), Purpose.REQUEST)
        assert await rotate(database, KeyRing.read(new_privacy_keys(), "a test")) == 0
        _, newer = _rotated()
        assert await rotate(database, newer) == 1
        assert await rotate(database, newer) == 0
    assert rows(owner_url, "select action, after from audit_log") == [("privacy.keys.rotated", {"key": newer.current})]


@pytest.mark.expects_errors("a row was set aside")
async def test_a_key_that_does_not_open_costs_the_others_nothing(
    open_database: Callable[[], Any], owner_url: str
) -> None:
    async with open_database() as database:
        async with database.transaction() as tx:
            for _ in range(3):
                await make_key(tx, RING, uuid4(), Purpose.REQUEST)
        bad = "update data_key set wrapped = 'x' where owner_id = (select owner_id from data_key order by 1 limit 1)"
        rows(owner_url, bad)
        _, newer = _rotated()
        assert await rotate(database, newer) == 2
        assert await rotate(database, newer) == 0
    assert rows(owner_url, "select count(*) from data_key where kek = %s", newer.current) == [(2,)]
    assert rows(owner_url, "select count(*) from audit_log") == [(0,)]


# Copies outside the dump


@pytest.fixture
def kept_settings(settings: Settings, tmp_path: Path) -> Settings:
    given = {"backup_folder": tmp_path, "backup_key": Settings(backup_key=KEY_TEXT).backup_key}  # type: ignore[arg-type]
    return settings.model_copy(update=given)


async def test_a_destroyed_key_is_in_no_backup_and_in_no_copy_of_keys(
    open_database: Callable[[], Any], kept_settings: Settings, full_url: str, empty_url: str, tmp_path: Path
) -> None:
    async with open_database() as database:
        async with database.transaction() as tx:
            jane = await register(tx, RING, JANE)
            bob = await register(tx, RING, {"customer_id": "c-99"})
        before = await copies.copy_when_due(database, kept_settings)
        assert before is not None
        made = await asyncio.to_thread(make, full_url, tmp_path, KEY, NOW, Abort())
        assert "data_key" not in made.manifest.rows
        async with database.transaction() as tx:
            await forget(tx, jane.id)
        after = await copies.copy_when_due(database, kept_settings)
        assert after is not None
        assert sorted((tmp_path / "keys").iterdir()) == [after]  # the one that has her key is gone
        assert await copies.copy_when_due(database, kept_settings) is None
    await asyncio.to_thread(restore_file, made.file, KEY, empty_url, Abort())
    restored = Database(application(empty_url))
    await restored.open()
    assert await restore_keys(restored, tmp_path, KEY) == 1
    async with restored.transaction() as tx:
        assert await find_person(tx, RING, JANE) == jane.id
        assert await hold_key(tx, RING, jane.id) is None
        assert await hold_key(tx, RING, bob.id) is not None
    await restored.close()


async def test_two_copies_are_kept_and_a_damaged_one_says_so(
    open_database: Callable[[], Any], kept_settings: Settings, tmp_path: Path
) -> None:
    async with open_database() as database:
        assert await copies.copy_when_due(database, kept_settings) is None  # no key, no copy
        made = []
        for number in range(3):
            async with database.transaction() as tx:
                await register(tx, RING, {"customer_id": f"c-{number}"})
            made.append(await copies.copy_when_due(database, kept_settings))
        newest = made[-1]
        assert newest is not None
        assert sorted((tmp_path / "keys").iterdir()) == made[1:]
        assert len(list(copies.read_copy(newest, KEY))) == 3
        newest.write_bytes(newest.read_bytes()[:-3])
        with pytest.raises(Exception, match="cut off"):
            list(copies.read_copy(newest, KEY))
        with pytest.raises(Exception, match="another key"):
            list(copies.read_copy(made[1] or newest, Key.read(Key.make(), "another")))


async def test_a_copy_that_cannot_be_written_is_an_alert_and_then_passes(
    open_database: Callable[[], Any], kept_settings: Settings, owner_url: str, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "keys"
    write(in_the_way, "no folder")
    state = "select severity, state, guidance from alert where source = 'privacy.keys' and valid_to = 'infinity'"
    async with open_database() as database:
        async with database.transaction() as tx:
            await register(tx, RING, JANE)
        assert await copies.copy_when_due(database, kept_settings) is None
        [(severity, _, guidance)] = rows(owner_url, state)
        assert severity == "P2"
        assert "until a copy is made" in guidance.lower()
        in_the_way.unlink()
        assert await copies.copy_when_due(database, kept_settings) is not None
    assert rows(owner_url, "select returned_at is not null from alert where source = 'privacy.keys'")[-1] == (True,)
