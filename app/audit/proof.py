"""The audit log checked by the console itself: it believes a key it saw first, and recomputes everything else.

What is kept between runs is the key and a verified checkpoint of each server: a log that was rewritten, by whomever,
cannot have grown from it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from app.core.errors import OperationsError
from app.core.signals import Signal
from models.audit.proofs import (
    Checkpoint,
    NoteError,
    ProofError,
    Step,
    Verifier,
    check_note,
    climb,
    grown,
    is_canonical,
    leaf_hash,
    read_note,
)
from models.core.formatting import grouped
from models.core.wording import counted

if TYPE_CHECKING:
    from app.core.capability import Engine
    from models.audit import AuditCheckpoint, AuditLogEntry, InclusionProof

KEEP_SECONDS = 60.0
"""Between two checkpoints that are written down."""


class RewrittenError(Exception):
    """The log cannot be what it was; the words say why."""


@dataclass(frozen=True, slots=True)
class Seal:
    """How far the log is verified, in words."""

    level: Literal["unknown", "good", "waiting", "broken"] = "unknown"
    words: str = "Not verified yet"
    more: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked, in words."""

    words: str
    good: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """What was checked of one entry."""

    findings: tuple[Finding, ...]
    leaf: bytes = b""
    path: tuple[Step, ...] = ()

    @property
    def good(self) -> bool:
        """Whether everything fits."""
        return all(finding.good for finding in self.findings)


class Verification:
    """Follows the checkpoints of one server."""

    changed = Signal()

    def __init__(self, engine: Engine) -> None:
        self.seal = Seal()
        self.sealed = 0
        """Positions up to this one are verified."""
        self._engine = engine
        self._server = engine.target.name
        self._vkey = engine.settings.audit_vkeys.get(self._server, "")
        self._trusted = _remembered(engine.settings.audit_checkpoints.get(self._server, ""))
        self._note = ""
        self._kept_mono = -1e9
        self._last_words = ""
        self._newest: AuditCheckpoint | None = None
        self._checking = False

    @property
    def vkey(self) -> str:
        """The key this server's log is signed with since it was first seen; empty before."""
        return self._vkey

    @property
    def broken(self) -> bool:
        """Whether the log is not what it should be."""
        return self.seal.level == "broken"

    def hear(self, checkpoint: AuditCheckpoint) -> None:
        """A look at the log: check what is new in it."""
        self._newest = checkpoint
        if not self._checking:
            self._checking = True
            self._engine.tasks.start(self._check_newest(), name="verify the audit log")

    async def _check_newest(self) -> None:
        try:
            while (newest := self._newest) is not None:
                self._newest = None
                await self._check(newest)
        finally:
            self._checking = False

    async def _check(self, newest: AuditCheckpoint) -> None:
        if newest.note is None or newest.vkey is None:
            if self._trusted is not None:
                self._break("The log has lost its seals", f"it was sealed through {grouped(self._trusted.size)}")
            else:
                self._say(Seal("waiting", "Nothing is sealed yet", _unsealed(newest)))
            return
        try:
            checkpoint = await self._signed(newest.note, newest.vkey)
            await self._follows(checkpoint)
        except RewrittenError as error:
            words, _, more = str(error).partition(": ")
            self._break(words, more)
            return
        except OperationsError as error:
            more = f"tried again by itself: {error}"
            self._say(Seal("waiting", f"Verified through position {grouped(self.sealed)} so far", more))
            return
        self._trust(checkpoint, newest.note)
        self._say(Seal("good", f"Verified through position {grouped(checkpoint.size)}", _about(checkpoint, newest)))

    async def _signed(self, note: str, vkey: str) -> Checkpoint:
        """What a note says, signed with the key of this server; the first key is believed. Raises RewrittenError."""
        if self._vkey and vkey != self._vkey:
            raise RewrittenError(
                f"The log is signed with another key than before: {_short(vkey)} instead of {_short(self._vkey)}. "
                "Ask who keeps the server; only then trust it"
            )
        try:
            verifier = Verifier.parse(vkey)
            # The first signature loads a library that takes a moment.
            checkpoint = await asyncio.to_thread(check_note, note, [verifier], _fits)
        except (NoteError, ValueError) as error:
            raise RewrittenError(f"The newest checkpoint is forged: {error}") from None
        if not self._vkey:
            self._vkey = vkey
            self._kept_mono = -1e9
        return checkpoint

    async def _follows(self, checkpoint: Checkpoint) -> None:
        """Whether a log has grown from the one that was verified before. Raises RewrittenError, OperationsError."""
        before = self._trusted
        if before is None or before == checkpoint:
            return
        if checkpoint.size < before.size:
            words = (
                f"{counted(checkpoint.size, 'entry is', 'entries are')} sealed, {grouped(before.size)} verified before"
            )
            raise RewrittenError(f"The log was cut: {words}")
        if checkpoint.size == before.size:
            if checkpoint.root != before.root:
                words = f"its first {grouped(before.size)} are not the entries that were verified before"
                raise RewrittenError(f"The log was rewritten: {words}")
            return
        from app.audit import requests

        proof = await requests.consistency_proof(self._engine.client, before.size, checkpoint.size)
        try:
            root = grown(before.size, checkpoint.size, before.root, [_decoded(each) for each in proof.path])
        except ProofError as error:
            words = f"its first {grouped(before.size)} are not the entries that were verified before, {error}"
            raise RewrittenError(f"The log was rewritten: {words}") from None
        if root != checkpoint.root:
            words = f"what is signed has not grown from {counted(before.size, 'entry', 'entries')} verified before"
            raise RewrittenError(f"The log was rewritten: {words}")

    def _trust(self, checkpoint: Checkpoint, note: str) -> None:
        self._trusted, self._note, self.sealed = checkpoint, note, checkpoint.size
        if self._engine.clock.monotonic() - self._kept_mono > KEEP_SECONDS:
            self.keep()

    def keep(self) -> None:
        """Write key and checkpoint down. A disk that refuses is told once."""
        engine = self._engine
        if not self._note or engine.settings.audit_checkpoints.get(self._server) == self._note:
            return
        self._kept_mono = engine.clock.monotonic()
        vkeys = {**engine.settings.audit_vkeys, self._server: self._vkey}
        notes = {**engine.settings.audit_checkpoints, self._server: self._note}
        engine.settings = replace(engine.settings, audit_vkeys=vkeys, audit_checkpoints=notes)
        try:
            engine.settings_file.keep(audit_vkeys=vkeys, audit_checkpoints=notes)
        except OSError as error:
            words = f"The key of the audit log is kept for this session only: {error.strerror or error}."
            engine.messages.post_once("audit vkey", words, "warning")

    def trust_anew(self, newest: AuditCheckpoint) -> None:
        """The operator believes the log as it is now: forget key and checkpoint of before."""
        self._vkey, self._trusted, self._note, self._last_words = "", None, "", ""
        self.sealed = 0
        self._say(Seal())
        self.hear(newest)

    def _break(self, words: str, more: str) -> None:
        self._say(Seal("broken", words, more))
        if words != self._last_words:
            self._last_words = words
            self._engine.messages.post(f"Audit log: {words}: {more}.", "error")

    def _say(self, seal: Seal) -> None:
        if seal.level != "broken":
            self._last_words = ""
        if seal != self.seal:
            self.seal = seal
            self.changed.emit()

    # --- one entry ---------------------------------------------------------------------------------------------

    async def prove(self, entry: AuditLogEntry) -> Proof:
        """Check that an entry is in the signed log, word by word. Raises OperationsError when it cannot be asked."""
        from app.audit import requests

        given = await requests.inclusion_proof(self._engine.client, entry.id)
        findings = [_says_the_same(given.canonical, entry)]
        leaf = leaf_hash(given.canonical.encode())
        try:
            path = climb(leaf, entry.position - 1, given.tree_size, [_decoded(each) for each in given.path])
        except ProofError as error:
            findings.append(Finding(f"The path from the entry to the root does not fit: {error}.", good=False))
            return Proof(tuple(findings), leaf)
        root = path[-1].result if path else leaf
        beside = counted(len(path), "hash", "hashes")
        findings.append(Finding(f"Its hash, combined with the {beside} beside it, gives one root.", good=True))
        findings += await self._root_is_signed(given, root)
        return Proof(tuple(findings), leaf, tuple(path))

    async def _root_is_signed(self, given: InclusionProof, root: bytes) -> list[Finding]:
        entries = counted(given.tree_size, "entry", "entries")
        if given.note is None:
            return [Finding(f"No signed checkpoint of {entries} was given.", good=False)]
        key = self._vkey
        if not key:
            return [Finding("No key of this log is known yet: wait for its first checkpoint.", good=False)]
        try:
            verifier = Verifier.parse(key)
            checkpoint = await asyncio.to_thread(check_note, given.note, [verifier], _fits)
        except (NoteError, ValueError) as error:
            words = f"The checkpoint is not signed with {_short(key)}, the key this console saw first: {error}."
            return [Finding(words, good=False)]
        found = [Finding(f"The checkpoint is signed with {_short(key)}, the key this console saw first.", good=True)]
        if (checkpoint.size, checkpoint.root) != (given.tree_size, root):
            words = "The root is not the one the checkpoint signs: the entry is not in it."
            return [*found, Finding(words, good=False)]
        found.append(Finding(f"The root is the one that checkpoint signs, for {entries}.", good=True))
        before = self._trusted
        try:
            if before is not None:
                await self._follows(checkpoint)
                words = "The log has only grown since the last checkpoint that was verified."
                found.append(Finding(words, good=True))
        except RewrittenError as error:
            found.append(Finding(f"{error}.", good=False))
        return found


def _fits(public: bytes, signature: bytes, signed: bytes) -> bool:
    # Here, because nobody should wait for it before an audit log is looked at.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _remembered(note: str) -> Checkpoint | None:
    try:
        return read_note(note) if note else None
    except NoteError:
        return None


def _decoded(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error:
        found = b""
    if len(found) != 32:
        raise ProofError("one of the hashes is none")
    return found


_PLAIN: dict[str, Callable[[AuditLogEntry], Any]] = {
    "position": lambda e: e.position,
    "id": lambda e: e.id,
    "actor": lambda e: e.actor,
    "actorLabel": lambda e: e.actor_label,
    "action": lambda e: e.action,
    "resourceType": lambda e: e.resource_type,
    "resourceId": lambda e: e.resource_id,
    "resourceLabel": lambda e: e.resource_label,
    "version": lambda e: e.version,
    "before": lambda e: e.before,
    "after": lambda e: e.after,
    "reason": lambda e: e.reason,
    "requestId": lambda e: e.request_id,
    "correlationId": lambda e: e.correlation_id,
}
"""The fields of the hashed text that are shown, and where from; ``at`` is compared as an instant."""


def _says_the_same(canonical: str, entry: AuditLogEntry) -> Finding:
    """Whether the text that is hashed is the entry that is shown."""
    try:
        hashed = json.loads(canonical)
        at = datetime.fromisoformat(hashed["at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return Finding("The text that is hashed is no entry.", good=False)
    if not is_canonical(canonical):
        return Finding("The text that is hashed is not in the one form an entry has.", good=False)
    other = [name for name, shown in _PLAIN.items() if hashed.get(name) != shown(entry)]
    other += [] if at == entry.at else ["at"]
    if other:
        return Finding(f"The text that is hashed differs from what is shown in: {', '.join(other)}.", good=False)
    return Finding(f"The text that is hashed says, in all {len(_PLAIN) + 1} fields, what is shown.", good=True)


def _short(vkey: str) -> str:
    return "+".join(vkey.split("+")[1:2]) or vkey[:8]


def _unsealed(newest: AuditCheckpoint) -> str:
    rest = newest.position - newest.size
    return f"{counted(rest, 'entry waits', 'entries wait')} for a seal" if rest > 0 else ""


def _about(checkpoint: Checkpoint, newest: AuditCheckpoint) -> str:
    try:
        at = datetime.fromisoformat(checkpoint.time).astimezone(UTC)
    except ValueError:
        when = checkpoint.time
    else:
        when = f"{at:%H:%M:%S}" if at.date() == newest.as_of.astimezone(UTC).date() else f"{at:%Y-%m-%d %H:%M:%S}"
    outside = newest.outside
    if outside is None:
        copies = "no copy outside"
    elif outside.problem:
        copies = f"outside copy stopped at {grouped(outside.through_size)}: {outside.problem}"
    else:
        copies = f"outside copy through {grouped(outside.through_size)}"
    return f"checkpoint {when} UTC, signed, {copies}"
