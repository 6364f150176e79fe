"""A sealed log that tests grow, tamper with as the database's owner, and verify."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import psycopg

from backend.audit import seal
from backend.audit.canonical import canonical
from backend.audit.checkpoint_store import Folder
from backend.audit.merkle import leaf_hash, node_hash
from backend.audit.relay import queries, stamp
from backend.audit.signed_notes import Verifier
from backend.audit.verify import Report, origin_of, verify
from backend.core import audit_trail
from backend.core.database import Database
from backend.core.keys import new_signing_key
from backend.core.settings import Settings


def is_included(leaf: bytes, index: int, size: int, proof: list[bytes], expected: bytes) -> bool:
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == expected


def is_consistent(first: int, second: int, first_root: bytes, second_root: bytes, proof: list[bytes]) -> bool:
    """RFC 9162, section 2.1.4.2."""
    if first == second:
        return first_root == second_root and not proof
    if not proof:
        return False
    proof = [first_root, *proof] if first & (first - 1) == 0 else proof
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == first_root and sr == second_root and sn == 0


async def all_stamped(database: Database, settings: Settings) -> None:
    """Positions for all entries; a transaction of another test on the same server may delay them."""
    while True:
        await stamp(database, settings)
        async with database.read() as connection:
            cursor = await connection.execute("select (select count(*) from audit_log) = position from audit_relay")
            if await cursor.fetchone() == (True,):
                return
        await asyncio.sleep(0.02)


class Log:
    """A sealed log that can be tampered with as the database's owner."""

    def __init__(self, settings: Settings, owner_url: str, folder: Path) -> None:
        key_file = folder / "audit.key"
        key_file.write_text(new_signing_key())
        self.kept = folder / "checkpoints"
        self.settings = settings.model_copy(update={"audit_key_file": key_file, "audit_checkpoint_folder": self.kept})
        self.owner_url = owner_url
        key = seal.signing_key(self.settings)
        assert key is not None
        self.key = key
        self.verifier = Verifier.of(origin_of(owner_url), key)

    def grow(self, *batches: int) -> None:
        """Write and seal so many entries, one checkpoint a batch."""

        async def run() -> None:
            database = Database(self.settings.database_url or "")
            await database.open()
            for count in batches:
                async with database.transaction() as tx:
                    for number in range(count):
                        await audit_trail.record(
                            tx,
                            actor="ada",
                            action="test.thing.done",
                            resource_type="thing",
                            resource_id=str(number),
                            after={"n": number, "rate": 0.25},
                        )
                await all_stamped(database, self.settings)
                await seal.seal(database, self.settings)
            await database.close()

        asyncio.run(run())

    def tamper(self, *statements: str) -> None:
        """As the owner, with triggers off."""
        with psycopg.connect(self.owner_url) as connection:
            connection.execute("set session_replication_role = replica")
            for statement in statements:
                connection.execute(statement.encode())

    def forge_leaf(self, position: int) -> None:
        """Make the stored leaf fit the entry again."""
        with psycopg.connect(self.owner_url) as connection:
            connection.execute("set timezone = 'UTC'; set session_replication_role = replica")
            row = connection.execute(queries.rows, {"first": position, "last": position}).fetchone()
            assert row is not None
            connection.execute(
                "update audit_node set hash = %s where level = 0 and idx = %s",
                (leaf_hash(canonical(row)), position - 1),
            )

    def verify(self, outside: bool = True) -> Report:
        return verify(self.owner_url, [self.verifier], Folder(self.kept).notes() if outside else ())

    def found(self, outside: bool = True) -> tuple[int, str]:
        finding = self.verify(outside).finding
        assert finding is not None
        return finding.position, finding.kind

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.owner_url) as connection:
            return connection.execute(statement.encode()).fetchall()
