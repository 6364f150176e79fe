"""The sealed stream and retention: every byte matters, and each kind of trouble has its own sentence."""

from __future__ import annotations

import io
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.backup.due import History, due, missing
from backend.backup.errors import BackupError
from backend.backup.keys import key_of
from backend.backup.retention import SUSPECT, Keep, begun_at, file_name, kept, prune
from backend.backup.sealed import CHUNK, Sealer, unseal
from backend.core.keys import Key
from backend.core.settings import Settings

NAME = Path("x.backup")
KEY = Key.read(Key.make(), "a test")
SMALL = 32
START = datetime(2025, 11, 24, 2, 15, tzinfo=UTC)


def sealed(data: bytes, chunk: int = SMALL, key: Key = KEY) -> bytes:
    file = io.BytesIO()
    sealer = Sealer(file, key, chunk)
    for start in range(0, len(data), 7):
        sealer.write(data[start : start + 7])
    sealer.close()
    assert sealer.bytes == len(file.getvalue())
    return file.getvalue()


def read(stream: bytes, key: Key = KEY) -> bytes:
    return b"".join(unseal(io.BytesIO(stream), key, NAME))


def refusal(stream: bytes, key: Key = KEY) -> str:
    with pytest.raises(BackupError) as caught:
        read(stream, key)
    return str(caught.value)


@given(st.binary(max_size=4 * SMALL + 5))
def test_what_is_sealed_is_read(data: bytes) -> None:
    assert read(sealed(data)) == data


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_sizes_around_a_chunk(size: int) -> None:
    data = bytes(size)
    file = io.BytesIO()
    sealer = Sealer(file, KEY)
    sealer.write(data)
    sealer.close()
    assert read(file.getvalue()) == data


def test_nothing_is_in_the_clear_and_no_two_files_are_alike() -> None:
    data = b"customer jane@example.com" * 9
    first, second = sealed(data), sealed(data)
    assert b"jane" not in first
    assert first[60:] != second[60:]


def test_every_flipped_byte_is_refused_as_damage() -> None:
    stream = sealed(bytes(range(3 * SMALL + 5)))
    for place in range(len(stream)):
        for bit in (1, 0x80):
            wrong = bytearray(stream)
            wrong[place] ^= bit
            words = refusal(bytes(wrong))
            assert "damaged" in words, (place, bit, words)


def test_every_missing_end_is_refused_as_cut_off() -> None:
    stream = sealed(bytes(range(3 * SMALL)))
    for length in range(len(stream)):
        assert "cut off" in refusal(stream[:length]), length


def test_chunks_cannot_be_moved_left_out_added_or_borrowed() -> None:
    frame = SMALL + 16 + 8
    data = bytes(4 * SMALL)
    stream = sealed(data)
    header, frames = stream[:40], [stream[40 + i * frame : 40 + (i + 1) * frame] for i in range(4)]
    assert b"".join((header, *frames)) == stream
    swapped = b"".join((header, frames[1], frames[0], *frames[2:]))
    left_out = b"".join((header, frames[0], *frames[2:]))
    other = sealed(data)
    borrowed = b"".join((header, other[40 : 40 + frame], *frames[1:]))
    for wrong in (swapped, left_out, borrowed, stream + b"x", stream + frames[3]):
        assert "damaged" in refusal(wrong)
    early = b"".join((header, frames[3]))
    assert "damaged" in refusal(early)


def test_another_key_is_named() -> None:
    other = Key.read(Key.make(), "another")
    words = refusal(sealed(b"x"), other)
    assert "made with another key" in words
    assert KEY.id.hex() in words
    assert other.id.hex() in words


def test_what_is_no_backup_is_called_so() -> None:
    assert "is no backup of opsconsole" in refusal(b"PGDMP" + bytes(100))


@pytest.mark.parametrize("text", ["", "short", "A" * 44, "*" * 44, "AAAA" * 8])
def test_what_is_no_key_is_refused_with_where_it_was(text: str, tmp_path: Path) -> None:
    file = tmp_path / "my file"
    file.write_text(text)
    with pytest.raises(BackupError, match=r"my file holds no key: 32 bytes in base64"):
        key_of(Settings(backup_key_file=file))


def test_retention_over_a_year() -> None:
    keep, held = Keep(7, 4, 6), set[datetime]()
    for day in range(400):
        now = START + timedelta(days=day)
        held = kept(held | {now}, keep)
        assert {now - timedelta(days=n) for n in range(min(day + 1, 7))} <= held
        assert len(held) <= 7 + 4 + 6
    last = START + timedelta(days=399)
    weeks = {at.isocalendar()[:2] for at in held}
    assert {(last - timedelta(weeks=n)).isocalendar()[:2] for n in range(4)} <= weeks
    ends = sorted(at.date().isoformat() for at in held if at.month != last.month)
    assert ends == ["2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30"]


def test_retention_keeps_what_there_is_after_a_pause() -> None:
    old = {START + timedelta(days=n) for n in range(3)}
    back = START + timedelta(days=200)
    assert kept(old | {back}, Keep(7, 4, 6)) == old | {back}
    twice = {START, START + timedelta(hours=3)}
    assert kept(twice, Keep()) == {START + timedelta(hours=3)}


def test_prune_leaves_what_is_not_ours(tmp_path: Path) -> None:
    names = [file_name(START + timedelta(days=n)) for n in range(60)]
    others = ["notes.txt", "opsconsole-yesterday.backup", "opsconsole-20269999T000000Z.backup", f"{names[0]}.ab.part"]
    suspects = [Path(names[n]).with_suffix(SUSPECT).name for n in (3, 5)]
    for name in (*names, *others, *suspects):
        (tmp_path / name).touch()
    gone = prune(tmp_path, Keep(7, 4, 6))
    left = {file.name for file in tmp_path.iterdir()}
    assert left.isdisjoint(gone)
    assert {*others, suspects[1], *names[-7:]} <= left
    assert suspects[0] not in left
    assert begun_at(tmp_path / others[2]) is None
    assert prune(tmp_path, Keep(7, 4, 6)) == []


AT = time(2, 15)
DAY = timedelta(days=1)


def history(
    now: datetime, last: datetime | None = None, *, failed: bool = False, made: datetime | None = None
) -> History:
    return History(now, START - 10 * DAY, last, failed, made)


def test_due_once_a_day_and_when_switched_on_after_its_time() -> None:
    assert not due(history(START - timedelta(minutes=1), START - DAY), AT)
    assert due(history(START, START - DAY), AT)
    assert not due(history(START + timedelta(hours=20), START), AT)
    assert due(history(START + timedelta(days=3, hours=7), START), AT)
    assert not due(history(START + timedelta(minutes=59), START, failed=True), AT)
    assert due(history(START + timedelta(hours=1), START, failed=True), AT)


def test_the_first_one_is_due_at_its_time() -> None:
    fresh = History(START + timedelta(hours=5), START + timedelta(hours=1), None, False, None)
    assert not due(fresh, AT)
    assert due(History(START + DAY, START + timedelta(hours=1), None, False, None), AT)


def test_missing_after_26_hours_but_not_while_it_is_made_up_for() -> None:
    listening = START
    assert not missing(history(START + timedelta(hours=26), made=START), listening)
    late = START + timedelta(hours=26, seconds=1)
    assert missing(history(late, made=START), listening)
    assert not missing(history(late, made=START), late - timedelta(minutes=29))
    assert missing(history(late, made=START), late - timedelta(minutes=30))
    assert missing(history(START), START - DAY), "never, since it was expected"
