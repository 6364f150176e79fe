"""The audit log in the console: searches, a million positions in little memory, a log that checks out or does not."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import random
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.audit import requests
from app.audit.log import PAGE_ROWS, PAGES_KEPT, AuditLog, Search, SearchError, parse
from app.audit.proof import Proof, Verification
from app.console import Console
from app.core.connection_target import ConnectionTarget
from app.core.errors import OperationsError
from app.core.http_client import OperationsClient
from app.core.settings import Settings, SettingsFile
from app.core.tasks import Tasks
from models.audit import AuditCheckpoint, AuditLogEntry
from models.audit.proofs import ProofError, climb, grown, is_canonical
from models.core.personal import without_personal
from tests.app.answers import AS_OF, ME, tokens
from tests.app.audit.fixtures import OTHER_KEY, FakeLog, entry
from tests.app.core.faulty_server import FakeClock, MemoryKeyring, faulty_server, http, problem

# --- searching -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", Search()),
        ("  ", Search()),
        ("limit changed", Search(text="limit changed")),
        ("actor:ada action:rbac.role resource:alert text here", Search("ada", "rbac.role", "alert", text="text here")),
        ('ACTOR:"system:worker"', Search(actor="system:worker")),
        ('"12:30 at night" id:x', Search(resource_id="x", text="12:30 at night")),
        ("12:30", Search(text="12:30")),
        ("correlation:c1", Search(correlation_id="c1")),
    ],
)
def test_what_is_typed_is_understood(typed: str, wanted: Search) -> None:
    assert parse(typed) == wanted
    assert parse(typed).everything == (wanted == Search())


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("who:ada", "“who:” is not understood. Understood are actor:"),
        ("actor:", "After “actor:” stands"),
        ("actor:a actor:b", "twice"),
        ('"open', "quote is not closed"),
        (f"id:{'x' * 201}", "at most 200"),
        ("x" * 2001, "At most 2000"),
    ],
)
def test_what_is_not_understood_is_told_with_what_is(typed: str, words: str) -> None:
    with pytest.raises(SearchError, match=words):
        parse(typed)


def test_a_search_is_asked_in_the_servers_words() -> None:
    search = Search("a", "b", "c", "d", "e", "f", AS_OF)
    assert search.query == {
        "actor": "a", "action": "b", "resourceType": "c", "resourceId": "d", "correlationId": "e", "text": "f",
        "from": AS_OF.isoformat(),
    }  # fmt: skip


# --- a million -------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def reading(log: FakeLog) -> AsyncIterator[AuditLog]:
    tasks = Tasks()
    async with faulty_server() as server:
        server.answer = log.answer
        async with OperationsClient(server.url, "t") as client:
            made = AuditLog(lambda: client, tasks)
            made.hear(made.search, await requests.page(client, limit=50))
            log.asked.clear()
            yield made
            await tasks.close()


async def idle(log: AuditLog) -> None:
    async with asyncio.timeout(20):
        while log.loading:
            await asyncio.sleep(0.002)


async def test_what_an_earlier_run_kept_is_shown_until_anything_is_heard() -> None:
    fake, tasks = FakeLog(250), Tasks()
    async with faulty_server() as server:
        server.answer = fake.answer
        async with OperationsClient(server.url, "t") as client:
            newest = await requests.page(client, limit=50)
            kept = newest.model_copy(update={"items": tuple(map(without_personal, newest.items))})
            fake.asked.clear()
            log = AuditLog(lambda: client, tasks)
            log.recall(kept)
            log.look_at(0, 30)
            log.look_at(200, 230)
            assert (log.kept, log.count, fake.asked) == (True, 250, [])
            assert [log.entry(row).position for row in (0, 49)] == [250, 201]  # type: ignore[union-attr]
            assert log.entry(50) is None
            log.hear(log.search, newest)
            log.look_at(0, 30)
            await idle(log)
            assert not log.kept
            assert log.entry(3) == (await requests.page(client, at=247, limit=1)).items[0]
            log.recall(kept)
            assert not log.kept, "what is known is newer"
            await tasks.close()


def _traced() -> int:
    """Bytes that are still held, whether or not the collector is at work: windows of other tests switch it off."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def test_a_million_positions_are_scrolled_in_bounded_memory_and_requests() -> None:
    fake = FakeLog(1_000_000)
    async with reading(fake) as log:
        assert log.count == 1_000_000
        # Pulled through from end to end: of 2 000 places seen in passing only a few are asked for.
        for row in range(0, 1_000_000, 500):
            log.look_at(row, row + 30)
            if row % 50_000 == 0:
                await asyncio.sleep(0.001)
        await idle(log)
        assert len(fake.asked) < 120
        seen = log.entry(999_500)
        assert seen is not None
        assert seen.position == 500
        assert log.pages <= PAGES_KEPT
        before = 0
        dice = random.Random(7)  # noqa: S311 - places to look at
        for turn in range(120):
            if turn == 60:
                tracemalloc.start()  # from here only: what is traced takes six times as long
            fake.asked.clear()
            row = dice.randrange(1_000_000)
            log.look_at(row, row + 30)
            await idle(log)
            assert len(fake.asked) <= 4
            found = [log.entry(each) for each in range(row, min(row + 31, log.count))]
            assert [each.position for each in found if each] == [1_000_000 - row - n for n in range(len(found))]
            assert log.pages <= PAGES_KEPT
            if turn == 89:
                before = _traced()
        after = _traced()
        tracemalloc.stop()
        assert after < before + 2_000_000  # all of the forty pages had been let go for others before
        assert all(f"limit={PAGE_ROWS}" in asked.path for asked in fake.asked)


async def test_what_is_loaded_is_not_asked_for_again_and_an_error_is_tried_again_only_when_told() -> None:
    fake = FakeLog(1_000)
    async with reading(fake) as log:
        log.look_at(0, 30)
        await idle(log)
        asked = len(fake.asked)
        log.look_at(0, 30)
        await idle(log)
        assert len(fake.asked) == asked
        fake.refusals = [problem("internal", 500, "It broke.")] * 2
        log.look_at(500, 530)
        await idle(log)
        assert str(log.error) == "It broke."
        fake.asked.clear()
        log.look_at(500, 530)
        await idle(log)
        assert fake.asked == []
        log.again()
        await idle(log)
        assert log.error is None
        assert log.entry(515) is not None


async def test_a_gap_in_the_positions_is_told_and_not_shown() -> None:
    fake = FakeLog(1_000, lambda p: entry(p + 1 if p < 400 else p, 1_000))
    async with reading(fake) as log:
        log.look_at(700, 730)
        await idle(log)
        assert "entries are missing" in str(log.error)
        assert log.entry(700) is None


async def test_new_entries_wait_and_then_come_on_top() -> None:
    fake = FakeLog(300)
    async with reading(fake) as log:
        grown_by: list[int] = []
        log.grown.connect(grown_by.append)
        log.look_at(0, 30)
        await idle(log)
        fake.total = 312
        client = log._client()
        log.hear(log.search, await requests.page(client, limit=50))
        first = log.entry(0)
        assert (log.waiting, log.count) == (12, 300)
        assert first is not None
        assert first.position == 300
        log.accept()
        assert (log.waiting, log.count, grown_by) == (0, 312, [12])
        # They came with the news: nothing is asked again.
        assert [e.position for row in range(14) if (e := log.entry(row))] == list(range(312, 298, -1))


async def test_a_filtered_list_is_appended_to_let_go_and_taken_up_again() -> None:
    fake = FakeLog(30_000, lambda p: entry(p, 30_000, actor="tk" if p % 2 else "jl"))
    async with reading(fake) as log:
        log.filter(Search(actor="tk"))
        await idle(log)
        assert log.count >= PAGE_ROWS
        while not log.complete:
            log.look_at(log.count - 10, log.count - 1)
            await idle(log)
        assert log.count == 15_000
        assert log.pages <= PAGES_KEPT
        assert log.entry(3) is None
        fake.asked.clear()
        log.look_at(0, 30)
        await idle(log)
        found = log.entry(3)
        assert found is not None
        assert found.position == 29_993
        assert len(fake.asked) == 1
        fake.total = 30_003
        log.hear(log.search, await requests.page(log._client(), actor="tk", limit=50))
        assert log.waiting == 2
        log.accept()
        assert log.count == 15_002
        assert [e.position for row in range(3) if (e := log.entry(row))] == [30_003, 30_001, 29_999]
        log.filter(Search())
        assert (log.count, log.known) == (30_003, True)


async def test_an_answer_of_the_search_before_is_dropped() -> None:
    fake = FakeLog(1_000)
    async with reading(fake) as log:
        log.look_at(0, 30)
        log.filter(Search(actor="nobody"))
        await idle(log)
        await asyncio.sleep(0.05)
        assert (log.count, log.complete, log.known) == (0, True, True)


# --- verification ----------------------------------------------------------------------------------------------------


class Checked:
    """A console that looks at a log, again and again."""

    def __init__(self, console: Console, fake: FakeLog) -> None:
        self.console, self.fake = console, fake
        self.verification = Verification(console)

    async def look(self) -> str:
        self.verification.hear(AuditCheckpoint.model_validate(self.fake.checkpoint()))
        async with asyncio.timeout(5):
            while self.verification._checking:
                await asyncio.sleep(0.002)
        return self.verification.seal.level

    async def prove(self, position: int) -> Proof:
        return await self.verification.prove(AuditLogEntry.model_validate(self.fake.entry(position)))

    @property
    def errors(self) -> list[str]:
        return [m.text for m in self.console.messages.history if m.level == "error"]


@contextlib.asynccontextmanager
async def checked(profile: Path, fake: FakeLog) -> AsyncIterator[Checked]:
    async with faulty_server() as server:

        def answer(asked: Any) -> bytes | None:
            last = asked.path.rpartition("/")[2]
            return fake.answer(asked) or http(tokens() if last in {"session", "refresh"} else ME)

        server.answer = answer
        target = ConnectionTarget(url="https://operations.example.com")
        console = Console(profile, target, clock=FakeClock(), keyring=MemoryKeyring())  # type: ignore[arg-type]
        console._use(server.url)
        await console.sign_in("a", "b")
        try:
            yield Checked(console, fake)
        finally:
            await console.close()


async def test_the_first_key_is_kept_and_a_log_that_grows_is_verified(tmp_path: Path) -> None:
    fake = FakeLog(40, sealed=11, outside={"kind": "folder", "throughSize": 9, "problem": None})
    async with checked(tmp_path, fake) as it:
        assert await it.look() == "good"
        assert it.verification.seal.words == "Verified through position 11"
        assert it.verification.seal.more == "checkpoint 14:00:00 UTC, signed, outside copy through 9"
        for fake.sealed in (11, 12, 16, 37, 40):
            assert await it.look() == "good", it.verification.seal
        assert it.errors == []
        it.verification.keep()
    kept = SettingsFile(tmp_path).load()
    assert kept.audit_vkeys == {"https://operations.example.com": fake.vkey}
    assert kept.audit_checkpoints["https://operations.example.com"].split("\n")[1] == "40"


async def test_a_rewritten_log_is_told_also_by_the_next_console(tmp_path: Path) -> None:
    fake = FakeLog(40, sealed=11)
    async with checked(tmp_path, fake) as it:
        assert await it.look() == "good"
    fake.make = lambda p: entry(p, 40, reason="another" if p == 5 else None)
    fake.sealed = 30
    async with checked(tmp_path, fake) as it:
        assert await it.look() == "broken"
        assert "The log was rewritten" in it.verification.seal.words
        assert len(it.errors) == 1
        await it.look()
        assert len(it.errors) == 1  # told once
        proof = await it.prove(7)
        assert not proof.good
        assert "rewritten" in proof.findings[-1].words
        it.verification.trust_anew(AuditCheckpoint.model_validate(fake.checkpoint()))
        assert await it.look() == "good"


@pytest.mark.parametrize("size", [11, 5])
async def test_another_log_of_the_same_or_a_smaller_size_is_told(tmp_path: Path, size: int) -> None:
    fake = FakeLog(40, sealed=11)
    async with checked(tmp_path, fake) as it:
        assert await it.look() == "good"
        fake.make, fake.sealed = lambda p: entry(p, 40, reason="x"), size
        assert await it.look() == "broken"
        assert it.verification.sealed == 11


async def test_another_key_and_lost_seals_are_told(tmp_path: Path) -> None:
    fake = FakeLog(40, sealed=11)
    async with checked(tmp_path, fake) as it:
        assert await it.look() == "good"
        fake.key = OTHER_KEY
        assert await it.look() == "broken"
        assert "another key than before" in it.verification.seal.words
        proof = await it.prove(3)
        assert [f.good for f in proof.findings] == [True, True, False]
        fake.sealed = 0
        assert await it.look() == "broken"
        assert "lost its seals" in it.verification.seal.words


async def test_a_link_that_is_lost_is_no_rewritten_log(tmp_path: Path) -> None:
    fake = FakeLog(40, sealed=11)
    async with checked(tmp_path, fake) as it:
        await it.look()
        fake.sealed, fake.refusals = 12, [problem("internal", 500, "It broke.")]
        assert await it.look() == "waiting"
        assert it.verification.seal.words == "Verified through position 11 so far"
        assert it.errors == []
        assert await it.look() == "good"


@pytest.mark.parametrize("position", [1, 2, 16, 17, 36, 37])
async def test_an_entry_is_proven_word_by_word(tmp_path: Path, position: int) -> None:
    fake = FakeLog(40, sealed=37)
    async with checked(tmp_path, fake) as it:
        await it.look()
        proof = await it.prove(position)
        assert proof.good, proof.findings
        assert len(proof.findings) == 5
        assert proof.path


def _changed(fake: FakeLog, **more: Any) -> None:
    honest = fake.proof

    def proof(position: int) -> dict[str, Any]:
        given = honest(position)
        return given | {k: v(given) if callable(v) else v for k, v in more.items()}

    fake.proof = proof  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"canonical": lambda g: g["canonical"].replace("such requests", "no requests")}, "shown in: reason"),
        ({"canonical": lambda g: g["canonical"].replace('{"action"', '{ "action"')}, "not in the one form"),
        ({"canonical": "[]"}, "is no entry"),
        ({"path": lambda g: g["path"][:-1]}, "too short"),
        ({"path": lambda g: [*g["path"], g["root"]]}, "too long"),
        ({"path": lambda g: ["AAAA", *g["path"][1:]]}, "one of the hashes is none"),
        ({"path": lambda g: [g["root"], *g["path"][1:]]}, "not the one the checkpoint signs"),
        ({"note": None}, "No signed checkpoint"),
        ({"note": lambda g: g["note"].replace("2026", "2027")}, "not signed with"),
    ],
)  # fmt: skip
async def test_a_proof_that_fails_says_what_does_not_fit(tmp_path: Path, more: dict[str, Any], words: str) -> None:
    fake = FakeLog(40, sealed=37)
    async with checked(tmp_path, fake) as it:
        await it.look()
        _changed(fake, **more)
        proof = await it.prove(9)
        assert not proof.good
        assert any(words in finding.words for finding in proof.findings if not finding.good), proof.findings


async def test_a_proof_that_cannot_be_had_raises(tmp_path: Path) -> None:
    fake = FakeLog(40, sealed=10)
    async with checked(tmp_path, fake) as it:
        await it.look()
        with pytest.raises(OperationsError, match="not sealed yet"):
            await it.prove(11)


def test_the_mathematics_holds_for_every_size_up_to_forty() -> None:
    fake = FakeLog(40)
    leaves = fake.leaves(40)
    roots = {size: fake.roots(size, [(0, size)])[0] for size in range(1, 41)}
    from backend.audit.merkle import consistency, inclusion

    for size in range(1, 41):
        for index in range(size):
            steps = climb(leaves[index], index, size, fake.roots(size, inclusion(index, size)))
            assert (steps[-1].result if steps else leaves[index]) == roots[size]
        for earlier in range(1, size + 1):
            path = fake.roots(size, consistency(earlier, size))
            assert grown(earlier, size, roots[earlier], path) == roots[size]
            with contextlib.suppress(ProofError):
                assert grown(earlier, size, bytes(32), path) != roots[size]
    for wrong in ((0, 5), (6, 5)):
        with pytest.raises(ProofError):
            grown(*wrong, roots[5], [])


def test_only_one_text_is_canonical() -> None:
    assert is_canonical('{"a":1.10,"b":[1,"é"]}')
    for text in ('{"b":1,"a":2}', '{"a":1,"a":1}', '{"a": 1}', '"\\u00e9"', "{", ""):
        assert not is_canonical(text)


def test_keys_of_other_servers_are_never_lost(tmp_path: Path) -> None:
    one, other = SettingsFile(tmp_path), SettingsFile(tmp_path)
    mine, theirs = one.load(), other.load()
    one.save(replace(mine, audit_vkeys={"a": "ka"}))
    other.save(replace(theirs, theme="light", audit_vkeys={"b": "kb"}))
    one.keep(audit_checkpoints={"a": "n"})
    found = SettingsFile(tmp_path).load()
    assert (found.audit_vkeys, found.audit_checkpoints, found.theme) == ({"a": "ka", "b": "kb"}, {"a": "n"}, "light")
    one.path.write_text(json.dumps({"audit_vkeys": {"a": 1}, "theme": "dark"}), encoding="utf-8")
    assert SettingsFile(tmp_path).load() == Settings(theme="dark")


def test_an_hour_is_asked_from_its_beginning() -> None:
    assert parse("x", AS_OF - timedelta(hours=1)).query["from"] == "2026-11-24T13:02:37+00:00"
