"""Sealing by several workers, checkpoints outside, and every kind of tampering found and named by its position."""

from __future__ import annotations

import asyncio
import logging
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from psycopg.types.json import Jsonb

from backend.audit import bundle, seal
from backend.audit.checkpoint_store import CheckpointStoreError, Folder
from backend.audit.signed_notes import Verifier, read_note, sign
from backend.audit.verify import Report
from backend.core import audit_trail, processes
from backend.core.database import Database
from backend.core.keys import new_signing_key
from backend.core.settings import Settings
from tests.backend.audit.fixtures import Log, all_stamped

ROOT = Path(__file__).parents[3]


def test_a_log_that_grew_is_sound(log: Log) -> None:
    log.grow(1, 2, 5, 20, 13)
    assert log.verify() == Report(None, verified=41, unsealed=0, checkpoints=5, outside=5)
    notes = [read_note(note) for _, note in Folder(log.kept).notes()]
    assert [note.size for note in notes] == [1, 3, 8, 28, 41]
    assert [note.previous for note in notes] == [None, *(note.digest for note in notes[:-1])]
    assert log.query("select count(*) from audit_node") == [(41 + 20 + 10 + 5 + 2 + 1,)]
    assert log.query("select kind, through_size, problem from audit_outside") == [("folder", 41, None)]


def test_without_new_entries_there_is_no_new_checkpoint(log: Log) -> None:
    log.grow(3, 0, 0)
    assert log.verify() == Report(None, verified=3, unsealed=0, checkpoints=1, outside=1)


def test_a_backlog_is_sealed_in_batches(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "BATCH", 16)
    log.grow(50)
    assert [size for size, _ in Folder(log.kept).notes()] == [16, 32, 48, 50]
    assert log.verify().finding is None


async def test_two_sealers_take_turns(log: Log, open_database: Any) -> None:
    async with open_database() as one, open_database() as two:
        written = 0
        for _ in range(12):
            async with one.transaction() as tx:
                for _ in range(30):
                    await audit_trail.record(tx, actor="a", action="b.c", resource_type="d", resource_id="e")
                    written += 1
            await all_stamped(one, log.settings)
            await asyncio.gather(*(seal.seal(database, log.settings) for database in (one, two, one, two)))
        await seal.seal(one, log.settings)
    report = await asyncio.to_thread(log.verify)
    assert (report.finding, report.verified) == (None, written)
    assert report.outside == report.checkpoints >= 12


def test_without_a_key_nothing_is_sealed_and_it_is_said_once(
    log: Log, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal, "_logged", set())
    log.settings = log.settings.model_copy(update={"audit_key_file": None})
    with caplog.at_level(logging.WARNING):
        log.grow(2, 2)
    assert log.query("select count(*) from audit_checkpoint") == [(0,)]
    assert sum("no key is set" in record.getMessage() for record in caplog.records) == 1


@pytest.mark.parametrize("text", ["", "secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_key_that_is_none_is_named(settings: Settings, tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.key"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"a\.key holds no PEM private key"):
        seal.signing_key(settings.model_copy(update={"audit_key_file": file}))
    with pytest.raises(ValueError, match="cannot be read"):
        seal.signing_key(settings.model_copy(update={"audit_key_file": tmp_path / "b.key"}))


@pytest.mark.parametrize("table", ["audit_node", "audit_checkpoint", "audit_position"])
async def test_the_application_only_adds_to_the_seals(log: Log, open_database: Any, table: str) -> None:
    for statement in (f"delete from {table}", f"truncate {table}"):
        with psycopg.connect(log.owner_url) as connection, pytest.raises(psycopg.Error, match="only grows"):
            connection.execute(statement.encode())
        async with open_database() as database:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
                async with database.transaction() as tx:
                    await tx.execute(statement)


# Thirty entries under checkpoints of 10, 20 and 30. What is done, and what must be found where.
TAMPERING = {
    "alter a reason": (["update audit_log set reason = 'x' where seq = 7"], (7, "altered")),
    "alter a picture": (["update audit_log set after = after || '{\"n\": 99}' where seq = 13"], (13, "altered")),
    "alter a digit": (['update audit_log set after = \'{"n": 12, "rate": 0.250}\' where seq = 13'], (13, "altered")),
    "alter an actor": (["update audit_log set actor = 'eve' where seq = 1"], (1, "altered")),
    "alter a search column": (["update audit_position set actor = 'eve' where position = 9"], (9, "altered")),
    "remove an entry": (["delete from audit_log where seq = 12"], (12, "removed")),
    "remove an entry and its position": (
        ["delete from audit_log where seq = 12", "delete from audit_position where position = 12"],
        (12, "removed"),
    ),
    "remove an entry and close up": (
        [
            "delete from audit_log where seq = 12",
            "delete from audit_position where position = 12",
            "update audit_position set position = -position where position > 12",
            "update audit_position set position = -position - 1 where position < 0",
        ],
        (12, "removed"),
    ),
    "insert an entry among the others": (
        [
            "update audit_position set position = -position where position >= 8",
            "update audit_position set position = -position + 1 where position < 0",
            "insert into audit_log (actor, action, resource_type, resource_id) values ('eve', 'x.y', 'thing', '1')",
            (
                "insert into audit_position select 8, seq, id, at, actor, action, resource_type, resource_id"
                " from audit_log where actor = 'eve'"
            ),
        ],
        (8, "inserted"),
    ),
    "insert an entry behind the relay": (
        [
            (
                "insert into audit_log (xid, actor, action, resource_type, resource_id)"
                " select xid, 'eve', 'x.y', 'thing', '1' from audit_log where seq = 3"
            )
        ],
        (31, "inserted"),
    ),
    "insert an entry before the first": (
        [
            (
                "insert into audit_position select 0, seq, id, at, actor, action, resource_type, resource_id"
                " from audit_log where seq = 4"
            )
        ],
        (0, "inserted"),
    ),
    "swap two entries": (
        [
            "update audit_position set position = -position where position in (6, 25)",
            "update audit_position set position = 31 + position where position in (-6, -25)",
        ],
        (6, "reordered"),
    ),
    "swap neighbours": (
        [
            "update audit_position set position = -position where position in (21, 22)",
            "update audit_position set position = 43 + position where position in (-21, -22)",
        ],
        (21, "reordered"),
    ),
    "re-date an entry": (["update audit_log set at = at - interval '1 day' where seq = 17"], (17, "re-dated")),
    "re-date by a microsecond": (["update audit_log set at = at - interval '1 us' where seq = 17"], (17, "re-dated")),
    "re-date everywhere": (
        [
            "update audit_log set at = at - interval '1 day' where seq = 17",
            "update audit_position set at = at - interval '1 day' where position = 17",
        ],
        (17, "re-dated"),
    ),
    "re-date to another era": (
        ["update audit_log set at = (to_char(at, 'YYYY-MM-DD HH24:MI:SS.US') || '+00 BC')::timestamptz where seq = 17"],
        (17, "re-dated"),
    ),
    "re-date to the end of time": (["update audit_log set at = 'infinity' where seq = 17"], (17, "re-dated")),
    "truncate the tail": (
        ["delete from audit_log where seq > 26", "delete from audit_position where position > 26"],
        (27, "truncated"),
    ),
    "truncate the tail and its seals": (
        [
            "delete from audit_log where seq > 20",
            "delete from audit_position where position > 20",
            "delete from audit_checkpoint where size > 20",
            "delete from audit_node where (idx + 1) << level > 20",
            "update audit_relay set position = 20",
        ],
        (21, "truncated"),
    ),
    "remove a checkpoint": (["delete from audit_checkpoint where size = 20"], (11, "checkpoint missing")),
    "remove the newest checkpoint": (["delete from audit_checkpoint where size = 30"], (21, "checkpoint missing")),
    "forge a checkpoint": (
        ["update audit_checkpoint set note = replace(note, E'\\n20\\n', E'\\n19\\n') where size = 20"],
        (20, "checkpoint forged"),
    ),
    "alter a stored hash": (
        ["update audit_node set hash = sha256('') where level = 0 and idx = 4"],
        (5, "tree altered"),
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found_and_named(log: Log, what: str) -> None:
    statements, expected = TAMPERING[what]
    log.grow(10, 10, 10)
    assert log.verify().finding is None
    log.tamper(*statements)
    assert log.found() == expected


@pytest.mark.parametrize(
    "what", ["alter a reason", "remove an entry and close up", "swap two entries", "truncate the tail"]
)
def test_most_is_found_without_checkpoints_from_outside(log: Log, what: str) -> None:
    statements, expected = TAMPERING[what]
    log.grow(10, 10, 10)
    log.tamper(*statements)
    assert log.found(outside=False) == expected


def test_only_checkpoints_from_outside_reveal_a_tail_cut_off_with_its_seals(log: Log) -> None:
    log.grow(10, 10, 10)
    log.tamper(*TAMPERING["truncate the tail and its seals"][0])
    assert log.verify(outside=False).finding is None
    assert log.found() == (21, "truncated")


def test_an_entry_and_its_stored_hash_altered_together_are_found_between_checkpoints(log: Log) -> None:
    log.grow(10, 10, 10)
    log.tamper("update audit_log set reason = 'x' where seq = 14")
    log.forge_leaf(14)
    assert log.found(outside=False) == (11, "altered")


def test_a_log_sealed_anew_with_the_same_key_is_not_the_one_kept_outside(log: Log) -> None:
    log.grow(10, 10)
    log.tamper(
        "update audit_log set reason = 'x' where seq = 14",
        "delete from audit_checkpoint where size > 10",
        "delete from audit_node where (idx + 1) << level > 10",
    )
    log.grow(0)
    assert log.verify(outside=False).finding is None
    assert log.found() == (11, "altered")
    ((problem,),) = log.query("select problem from audit_outside")
    assert "is another checkpoint of the same size" in problem


def test_a_checkpoint_signed_with_another_key_is_refused(log: Log) -> None:
    log.grow(10)
    other = load_pem_private_key(new_signing_key().encode(), None)
    forged = sign(read_note(log.query("select note from audit_checkpoint")[0][0]), other)  # type: ignore[arg-type]
    with psycopg.connect(log.owner_url) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("update audit_checkpoint set note = %s", (forged,))
    assert log.found(outside=False) == (10, "checkpoint forged")


def test_a_file_outside_that_was_forged_is_found(log: Log) -> None:
    log.grow(10, 10)
    file = next(iter(sorted(log.kept.iterdir())))
    file.write_text(file.read_text().replace("\n10\n", "\n11\n"))
    assert log.found() == (10, "checkpoint forged")


def test_a_damaged_tree_is_not_sealed_on(log: Log) -> None:
    log.grow(10)
    log.tamper("update audit_node set hash = sha256('') where level = 3")
    with pytest.raises(seal.SealError, match="opsconsole audit verify"):
        log.grow(1)
    assert log.verify().unsealed == 1


def test_many_entries_are_verified_by_several_processes(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.audit.verify.FEW", 0)
    monkeypatch.setattr("backend.audit.verify.CHUNK", 16)
    log.grow(40, 23)
    assert log.verify().verified == 63
    log.tamper("update audit_log set reason = 'x' where seq = 50")
    assert log.found() == (50, "altered")


def test_what_cannot_be_kept_outside_is_told_and_made_up_for(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    log.kept.write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        log.grow(3)
    assert any("not kept outside" in record.getMessage() for record in caplog.records)
    ((kind, through, problem),) = log.query("select kind, through_size, problem from audit_outside")
    assert (kind, through) == ("folder", 0)
    assert "cannot be" in problem
    log.kept.unlink()
    log.grow(2)
    assert [size for size, _ in Folder(log.kept).notes()] == [3, 5]
    assert log.query("select through_size, problem from audit_outside") == [(5, None)]


def test_a_new_folder_gets_every_checkpoint(log: Log) -> None:
    log.grow(3, 3)
    shutil.rmtree(log.kept)
    log.grow(3)
    assert [size for size, _ in Folder(log.kept).notes()] == [3, 6, 9]


def test_a_folder_never_replaces_a_checkpoint(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "deep" / "down")
    folder.put(5, "one\n")
    folder.put(5, "one\n")
    with pytest.raises(CheckpointStoreError, match="another checkpoint of the same size"):
        folder.put(5, "two\n")
    assert list(folder.notes()) == [(5, "one\n")]
    assert [file.name for file in (tmp_path / "deep" / "down").iterdir()] == ["00000000000000000005.checkpoint"]


async def test_labels_and_ids_are_as_they_were(open_database: Any, owner_url: str) -> None:
    with psycopg.connect(owner_url) as connection:
        connection.execute("insert into account (id, name) values ('ada', 'Ada Lovelace')")
    async with open_database() as database:
        for actor in ("ada", "system:worker"):
            async with database.transaction() as tx:
                await audit_trail.record(
                    tx, actor=actor, action="a.b", resource_type="c", resource_id="d", label="Delta"
                )
    with psycopg.connect(owner_url) as connection:
        found = connection.execute("select actor_label, resource_label from audit_log order by seq").fetchall()
    assert found == [("Ada Lovelace", "Delta"), ("The system", "Delta")]


# Bundles.


def make_bundle(log: Log, file: Path, first: int, last: int) -> Path:
    async def run() -> bytes:
        database = Database(log.settings.database_url or "")
        await database.open()
        async with database.read() as connection:
            contents = await bundle.collect(connection, first, last, datetime.now(UTC))
        await database.close()
        return bundle.pack(contents)

    file.write_bytes(asyncio.run(run()))
    return file


def repacked(file: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    with zipfile.ZipFile(file) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    parts[name] = change(parts[name])
    with zipfile.ZipFile(file, "w") as archive:
        for each, data in parts.items():
            archive.writestr(each, data)
    return file


def both(file: Path, vkeys: Iterable[str]) -> list[tuple[int, str]]:
    """Exit code and words of both verifiers, each in a process of its own."""
    keys = [word for vkey in vkeys for word in ("--vkey", vkey)]
    alone = [sys.executable, "-I", str(ROOT / "resources" / "audit" / "verify_bundle.py"), str(file), *keys]
    ours = processes.command("audit", "verify", "--bundle", str(file), *keys)
    answers = []
    for command in (ours, alone):
        done = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
        assert "Traceback" not in done.stderr
        answers.append((done.returncode, done.stdout + done.stderr))
    return answers


@pytest.mark.parametrize(("first", "last"), [(1, 30), (1, 1), (4, 17), (11, 20), (20, 21), (30, 30)])
def test_a_bundle_proves_itself(log: Log, tmp_path: Path, first: int, last: int) -> None:
    log.grow(10, 10, 13)
    file = make_bundle(log, tmp_path / "b.zip", first, last)
    for code, words in both(file, [str(log.verifier)]):
        assert code == 0, words
        assert f"entries {first} to {last} are as they were sealed" in words


def change_line(position: int) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        lines = data.splitlines()
        at = next(n for n, line in enumerate(lines) if b'"position":%d,' % position in line)
        lines[at] = lines[at].replace(b"ada", b"eve")
        return b"\n".join(lines) + b"\n"

    return change


def drop_line(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(lines[:3] + lines[4:])


FORGERIES: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "an entry": ("rows.ndjson", change_line(9), "position 9"),
    "an entry after the last whole checkpoint": ("rows.ndjson", change_line(23), "position 23"),
    "no entry": ("rows.ndjson", lambda data: data.replace(b'{"action"', b'["action"', 1), "position 4"),
    "a gap": ("rows.ndjson", drop_line, "position 7"),
    "an end": ("rows.ndjson", lambda data: b"".join(data.splitlines(keepends=True)[:-1]), "position 25"),
    "a checkpoint": ("checkpoints.json", lambda data: data.replace(b"\\n20\\n", b"\\n22\\n"), "forged"),
    "no checkpoint": ("checkpoints.json", lambda _: b"[]", "position 4"),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forged_bundle_is_found_by_both_verifiers(log: Log, tmp_path: Path, what: str) -> None:
    name, change, expected = FORGERIES[what]
    log.grow(10, 10, 13)
    file = repacked(make_bundle(log, tmp_path / "b.zip", 4, 25), name, change)
    for code, words in both(file, [str(log.verifier)]):
        assert code == 1, words
        assert expected in words


def test_a_bundle_of_another_key_is_refused(log: Log, tmp_path: Path) -> None:
    log.grow(10)
    file = make_bundle(log, tmp_path / "b.zip", 2, 5)
    other = Verifier.of(log.verifier.name, load_pem_private_key(new_signing_key().encode(), None))  # type: ignore[arg-type]
    for code, words in both(file, [str(other)]):
        assert code == 1
        assert "signed" in words or "signature" in words


def test_what_is_no_bundle_is_said(tmp_path: Path, log: Log) -> None:
    file = tmp_path / "b.zip"
    file.write_text("nothing")
    (ours, words), (alone, more) = both(file, [str(log.verifier)])
    assert (ours, alone) == (1, 2)
    assert "is no audit bundle" in words
    assert "cannot be verified" in more


def command(*arguments: str, kind: str = "verify", **more: str) -> tuple[int, str]:
    import os

    done = subprocess.run(
        processes.command("audit", kind, *arguments),
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, **more},
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_the_command_line(log: Log, tmp_path: Path) -> None:
    log.grow(10, 10)
    url = log.settings.database_url or ""
    arguments = ("--database-url", url, "--checkpoints", str(log.kept))
    code, words = command(*arguments, "--vkey", str(log.verifier))
    assert (code, words) == (
        0,
        (
            "20 entries are as they were sealed; 2 checkpoints, 2 kept outside the database; "
            "0 newer entries are not sealed yet\n"
        ),
    )
    code, words = command(*arguments, OPSCONSOLE_AUDIT_KEY_FILE=str(log.settings.audit_key_file))
    assert code == 0, words
    code, words = command(*arguments)
    assert (code, "give --vkey" in words) == (1, True)
    code, words = command(*arguments, "--vkey", "nonsense")
    assert (code, "is no vkey" in words) == (2, True)
    code, words = command("--database-url", url, "--checkpoints", str(tmp_path / "nowhere"))
    assert (code, "is no folder" in words) == (2, True)
    log.tamper("update audit_log set after = null where seq = 4")
    code, words = command(*arguments, "--vkey", str(log.verifier))
    assert (code, words) == (1, "position 4: altered: the entry is not as it was sealed\n")


def test_a_key_that_is_in_no_file_is_rotated_once_it_is(log: Log, tmp_path: Path) -> None:
    log.grow(2)
    given = log.settings.audit_key_file
    assert given is not None
    where = ("--database-url", log.owner_url)
    code, words = command(*where, kind="rotate-key", OPSCONSOLE_AUDIT_KEY=given.read_text())
    assert (code, "Write the present key into a file" in words) == (1, True), words
    code, words = command(*where, kind="rotate-key")
    assert (code, "there is none yet" in words) == (1, True), words
    file = tmp_path / "moved.key"
    file.write_text(given.read_text())
    code, words = command(*where, kind="rotate-key", OPSCONSOLE_AUDIT_KEY_FILE=str(file))
    assert code == 0, words
    assert file.read_text() != given.read_text()
    code, words = command(*where, "--checkpoints", str(log.kept), OPSCONSOLE_AUDIT_KEY_FILE=str(file))
    assert code == 0, words


def test_a_picture_with_any_number_is_sealed(log: Log) -> None:
    with psycopg.connect(log.owner_url) as connection:
        for text in ('{"n": 0.12345678901234567890123}', '{"n": 1e400}', '{"n": 1.0}', '{"x": "\\u001f\U0001f600"}'):
            connection.execute(
                "insert into audit_log (actor, action, resource_type, resource_id, after)"
                " values ('a', 'b.c', 'd', 'e', %s)",
                (Jsonb(text, lambda value: value),),
            )
    log.grow(1)
    assert log.verify() == Report(None, verified=5, unsealed=0, checkpoints=1, outside=1)
