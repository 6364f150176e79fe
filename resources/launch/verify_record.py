"""Verify the record of a launch poll. Needs Python 3.11 and nothing else: neither opsconsole nor a package.

    python -I -S verify_record.py launch-….json --vkey 'opsconsole/…+0123abcd+base64'

The vkey must come from elsewhere than the record: whoever could forge the one could forge the other. Exit code 0: the
record is as it was sealed when the poll closed. 1: something is wrong; it is named. 2: the file cannot be read.

What is checked, in this order: the file is in its one byte form; both checkpoints are signed by the key (C2SP
signed-note, Ed25519); the later tree grew from the earlier one (RFC 6962); every entry is in it; every item and the
order of every list are what the closing entry sealed; each role's votes are there from the first to the last, and the
last is the one in the roll-call; the verdict follows; page and PDF, where they lie beside the record, are those that
were published. What no check without the log can know: whether the launch was polled again later.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Self

FORMAT = "opsconsole-launch-record/1"
SEALED, WRONG, UNREADABLE = 0, 1, 2
BYTES_MOST = 64 * 1024 * 1024
LISTS = {
    "rollCall": "role",
    "checklist": "key",
    "evidence": "key",
    "waivers": "item",
    "overrides": "role",
    "clock": "seq",
}
SINGLES = ("launch", "question", "opened", "closed", "verdict")
WORST = {"GO": 0, "HOLD": 1, "NO-GO": 2}


class RecordError(Exception):
    """Something is not as it was sealed; the words name it."""


class UnreadableError(Exception):
    """The file is no record, or not in its one form."""


# --- as in models/audit/proofs.py, of which this is a copy: a test holds the two against each other -------------------

HASH_BYTES = 32
ED25519 = b"\x01"
"""What leads a public key in a vkey."""

# --- the one byte form of an entry -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Digits:
    """A number that a float or a sane integer would not keep digit by digit."""

    text: str


encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""JSON without whitespace, keys in the order of their code points."""
decode_exactly = json.JSONDecoder(parse_float=Digits, parse_int=Digits).decode
"""JSON with every number kept digit by digit."""


def encode_exactly(value: Any) -> str:
    """As ``encode``, for what ``decode_exactly`` read."""
    match value:
        case Digits(text):
            return text
        case dict():
            return "{" + ",".join(f"{encode(key)}:{encode_exactly(value[key])}" for key in sorted(value)) + "}"
        case list():
            return "[" + ",".join(map(encode_exactly, value)) + "]"
        case _:
            return encode(value)


def is_canonical(text: str) -> bool:
    """Whether a text is in the one form: else two readers could understand it differently, for example a key twice."""
    try:
        return encode_exactly(decode_exactly(text)) == text
    except (ValueError, RecursionError):
        return False


# --- the tree --------------------------------------------------------------------------------------------------------


def leaf_hash(entry: bytes) -> bytes:
    """Hash of a leaf, 32 bytes."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node, 32 bytes."""
    return hashlib.sha256(b"\1" + left + right).digest()


class ProofError(ValueError):
    """A proof that cannot be one; the words say why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One hash of an audit path, and what it and the hash so far become together."""

    sibling: bytes
    on_the_left: bool
    result: bytes


def climb(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> list[Step]:
    """From a leaf to the root, step by step; the root is the last result, or the leaf itself in a tree of one.

    RFC 6962, section 2.1.1, checked as in RFC 9162, section 2.1.3.2. Raises ProofError for a path that does not fit.
    """
    if not 0 <= index < size:
        raise ProofError(f"leaf {index} is not in a tree of {size}")
    steps: list[Step] = []
    at, last, so_far = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofError("the path is too long")
        left = bool(at & 1) or at == last
        so_far = node_hash(sibling, so_far) if left else node_hash(so_far, sibling)
        steps.append(Step(sibling, left, so_far))
        while left and not at & 1 and at:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofError("the path is too short")
    return steps


def grown(earlier: int, size: int, root: bytes, path: Sequence[bytes]) -> bytes:
    """The root of the tree of ``size`` that begins with the tree of ``earlier`` leaves that has ``root``.

    RFC 6962, section 2.1.2, checked as in RFC 9162, section 2.1.4.2. Raises ProofError when it does not begin so.
    """
    if not 0 < earlier <= size:
        raise ProofError(f"a tree of {size} cannot have grown from one of {earlier}")
    if earlier == size:
        if path:
            raise ProofError("the path is too long")
        return root
    rest = list(path) if earlier & (earlier - 1) else [root, *path]
    if not rest:
        raise ProofError("the path is too short")
    at, last = earlier - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = rest[0]
    for sibling in rest[1:]:
        if last == 0:
            raise ProofError("the path is too long")
        if at & 1 or at == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofError("the path is too short")
    if before != root:
        raise ProofError("the earlier tree is not the beginning of the later one")
    return after


# --- checkpoints -----------------------------------------------------------------------------------------------------


class NoteError(ValueError):
    """A note that is not what it says it is; the words say why."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under its name, as ``name+hash+base64`` (a vkey)."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read a vkey; raises ValueError."""
        name, _, rest = vkey.strip().partition("+")
        digest, _, encoded = rest.partition("+")
        try:
            data = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            data = b""
        found = cls(name, data[1:])
        if not name or " " in name or data[:1] != ED25519 or len(data) != 33 or digest != found.hash.hex():
            raise ValueError(f"{vkey!r} is no vkey of an Ed25519 key; it has the form name+hash+base64")
        return found

    @property
    def hash(self) -> bytes:
        """The four bytes that lead each signature."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: of this tree, at this time, the first ``size`` entries have this root."""

    origin: str
    size: int
    root: bytes
    time: str
    previous: bytes | None
    """SHA-256 of the body of the checkpoint before; ``None`` in the first."""

    @property
    def body(self) -> str:
        """The text that is signed."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode(), f"time {self.time}"]
        if self.previous is not None:
            lines.append(f"previous {base64.b64encode(self.previous).decode()}")
        return "\n".join(lines) + "\n"

    @property
    def digest(self) -> bytes:
        """What the next checkpoint names this one by."""
        return hashlib.sha256(self.body.encode()).digest()


def read_note(note: str) -> Checkpoint:
    """What a note says, whoever signed it. Raises NoteError."""
    lines = note.partition("\n\n")[0].split("\n")
    try:
        origin, size, root, *more = lines
        extensions = dict(line.split(" ", 1) for line in more)
        checkpoint = Checkpoint(
            origin,
            int(size),
            base64.b64decode(root, validate=True),
            extensions["time"],
            base64.b64decode(extensions["previous"], validate=True) if "previous" in extensions else None,
        )
    except (ValueError, KeyError):
        raise NoteError("it is not of the form of a checkpoint") from None
    # Only one way to write it: otherwise two texts could say the same and have different hashes.
    if checkpoint.body != note.partition("\n\n")[0] + "\n" or checkpoint.size < 1 or len(checkpoint.root) != HASH_BYTES:
        raise NoteError("it is not of the form of a checkpoint")
    return checkpoint


Fits = Callable[[bytes, bytes, bytes], bool]
"""From an Ed25519 public key, a signature and the signed bytes, whether they fit."""


def check_note(note: str, verifiers: Iterable[Verifier], fits: Fits) -> Checkpoint:
    """What a note says, signed by one of ``verifiers``. Raises NoteError."""
    checkpoint = read_note(note)
    known = {(verifier.name, verifier.hash): verifier for verifier in verifiers}
    for line in note.partition("\n\n")[2].splitlines():
        mark, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        try:
            data = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            continue
        verifier = known.get((name, data[:4]))
        if mark != "—" or verifier is None or name != checkpoint.origin:
            continue
        if not fits(verifier.public, data[4:], checkpoint.body.encode()):
            raise NoteError(f"the signature of {name} does not fit its text")
        return checkpoint
    raise NoteError("no signature of a key that was given stands under it")


# --- Ed25519, RFC 8032, section 5.1.7; it only verifies, so that nothing of it need be secret -------------------------

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]
"""Extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z."""


def _x_of(y: int, odd: int) -> int | None:
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and odd):
        return None
    return x if x & 1 == odd else _P - x


def _point(data: bytes) -> _Point | None:
    number = int.from_bytes(data, "little")
    y = number & ((1 << 255) - 1)
    x = _x_of(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % _P)


def _add(a: _Point, b: _Point) -> _Point:
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % _P, (a[1] + a[0]) * (b[1] + b[0]) % _P
    c, d = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, c, d = f - e, d - c, d + c, f + e
    return e * f % _P, c * d % _P, f * c % _P, e * d % _P


def _times(scalar: int, point: _Point) -> _Point:
    result: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


_BASE_Y = 4 * pow(5, _P - 2, _P) % _P
_BASE_X = _x_of(_BASE_Y, 0) or 0
_BASE: _Point = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)


def fits(public: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether an Ed25519 signature is that of a public key under some bytes."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= _ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + signed).digest(), "little") % _ORDER
    left, right = _times(scalar, _BASE), _add(commitment, _times(challenge, key))
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 == (left[1] * right[2] - right[1] * left[2]) % _P


# --- the rules of a record --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Report:
    """What a sound record says."""

    title: str
    verdict: str
    closed: str
    entries: int
    size: int
    files: tuple[str, ...]
    """Files beside it that are those that were published."""


def _wrong(words: str) -> NoReturn:
    raise RecordError(words)


def _shape(value: Any, keys: Iterable[str], what: str) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != set(keys):
        _wrong(f"altered: {what}")
    return value


def read(data: bytes) -> dict[str, Any]:
    """A record in its one form. Raises UnreadableError."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise UnreadableError("it is no text") from None
    if len(data) > BYTES_MOST or not is_canonical(text):
        raise UnreadableError("it is cut off, or not in the one form of a record")
    found = json.loads(text)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise UnreadableError(f"it is no {FORMAT}")
    for name, key in LISTS.items():
        rows = found["record"].get(name) if isinstance(found.get("record"), dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) and key in row for row in rows):
            raise UnreadableError(f"its list {name} is none")
        if len({str(row[key]) for row in rows}) < len(rows):
            raise UnreadableError(f"one item stands twice in {name}")
    return found


def verify(data: bytes, verifiers: Sequence[Verifier], beside: Mapping[str, bytes] | None = None) -> Report:
    """What a record says, if it is as it was sealed. Raises RecordError or UnreadableError."""
    found = _shape(read(data), ("format", "origin", "record", "proofs"), "record")
    proofs = _shape(found["proofs"], ("earlier", "later", "consistency", "entries"), "proofs")
    record = _shape(found["record"], (*SINGLES, *LISTS), "record")
    later = _checkpoints(found["origin"], proofs, verifiers)
    entries = _entries(proofs["entries"], later)
    _sealed(record, entries)
    _votes(record, entries)
    _verdict(record)
    files = _files(entries, beside or {})
    launch = record["launch"]
    return Report(
        f"{launch['title']}, poll {launch['round']}",
        record["verdict"]["word"],
        record["closed"]["at"],
        len(entries),
        later.size,
        files,
    )


def _checkpoints(origin: Any, proofs: Mapping[str, Any], verifiers: Sequence[Verifier]) -> Checkpoint:
    found = []
    for name in ("earlier", "later"):
        try:
            checkpoint = check_note(proofs[name], verifiers, fits)
        except (NoteError, AttributeError, TypeError) as error:
            _wrong(f"forged: checkpoint ({name}): {error}")
        if checkpoint.origin != origin:
            _wrong("altered: origin")
        found.append(checkpoint)
    earlier, later = found
    try:
        if grown(earlier.size, later.size, earlier.root, _hashes(proofs["consistency"])) != later.root:
            _wrong("forged: consistency")
    except ProofError as error:
        _wrong(f"forged: consistency: {error}")
    return later


def _hashes(texts: Any) -> list[bytes]:
    try:
        hashes = [base64.b64decode(each, validate=True) for each in texts]
    except (TypeError, ValueError):
        raise ProofError("it is no list of hashes") from None
    # One spelling of each: the bits that base64 leaves unused are nothing.
    if any(len(each) != HASH_BYTES for each in hashes) or [base64.b64encode(each).decode() for each in hashes] != texts:
        raise ProofError("it is no list of hashes")
    return hashes


def _entries(given: Any, later: Checkpoint) -> list[dict[str, Any]]:
    """The audit entries of the poll, in the order of the log."""
    if not isinstance(given, list):
        _wrong("altered: proofs")
    entries: list[dict[str, Any]] = []
    for number, each in enumerate(given, 1):
        proven = _shape(each, ("position", "line", "path"), f"entry {number}")
        position, line = proven["position"], proven["line"]
        try:
            leaf = leaf_hash(line.encode())
            steps = climb(leaf, position - 1, later.size, _hashes(proven["path"]))
            entry = json.loads(line)
        except (ProofError, AttributeError, TypeError, ValueError):
            _wrong(f"altered or forged: entry {number}")
        if (steps[-1].result if steps else leaf) != later.root or entry["position"] != position:
            _wrong(f"altered or forged: entry {number}")
        if entries and entries[-1]["position"] >= position:
            _wrong(f"altered: entry {number} is not in the order of the log")
        entries.append(entry)
    return entries


def _of(entries: Sequence[Mapping[str, Any]], action: str, poll: str) -> Mapping[str, Any]:
    found = [entry for entry in entries if entry["action"] == action and entry["resourceId"] == poll]
    if len(found) != 1:
        _wrong(f"removed: the entry {action}")
    return found[0]


def _digest(value: Any) -> str:
    return hashlib.sha256(encode(value).encode()).hexdigest()


def _sealed(record: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> None:
    """Every item and the order of every list, against the entry that closed the poll."""
    closings = [entry for entry in entries if entry["action"] == "launch.poll.closed"]
    if len(closings) != 1:
        _wrong("removed: the closing entry")
    seal = closings[0]["after"]
    if seal["format"] != FORMAT:
        _wrong("altered: record")
    items = seal["items"]
    for name in SINGLES:
        if _digest(record[name]) != items.get(name):
            _wrong(f"altered: {name}")
    for name, key in LISTS.items():
        there = {str(row[key]): row for row in record[name]}
        wanted = seal["order"][name]
        for each in wanted:
            if each not in there:
                _wrong(f"removed: {name}/{each}")
        for each in there:
            if each not in wanted:
                _wrong(f"added: {name}/{each}")
        for each, row in there.items():
            if _digest(row) != items[f"{name}/{each}"]:
                _wrong(f"altered: {name}/{each}")
        if list(there) != wanted:
            _wrong(f"altered: the order of {name}")
    poll = record["launch"]["poll"]
    if closings[0]["resourceId"] != poll or closings[0]["actor"] != record["closed"]["by"]:
        _wrong("altered: closed")
    opening = _of(entries, "launch.poll.opened", poll)
    if opening["after"]["question"] != record["question"] or opening["actor"] != record["opened"]["by"]:
        _wrong("altered: opened")


def _votes(record: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> None:
    """Each role's versions without a hole, and the last one in the roll-call."""
    poll = record["launch"]["poll"]
    for vote in record["rollCall"]:
        role = vote["role"]
        cast = [entry for entry in entries if entry["resourceId"] == f"{poll}/{role}"]
        if [entry["version"] for entry in cast] != [*range(1, vote["version"] + 1)]:
            _wrong(f"removed: rollCall/{role}: not all of its votes are there")
        if cast and cast[-1]["after"]["vote"] != vote:
            _wrong(f"altered: rollCall/{role} is not what was cast")
        if not cast and vote["choice"] is not None:
            _wrong(f"altered: rollCall/{role} was never cast")


def _verdict(record: Mapping[str, Any]) -> None:
    """The worst of roll-call, checklist and figures."""
    words = ["GO"]
    for vote in record["rollCall"]:
        if vote["choice"] is None or vote["standing"] != "counted":
            words.append("HOLD")
        else:
            words.append("GO" if vote["overridden"] else vote["choice"])
    words += ["HOLD" for item in record["checklist"] if item["blocking"] and item["late"]]
    words += ["HOLD" for figure in record["evidence"] if figure["verdict"] != "inside"]
    if max(words, key=WORST.__getitem__) != record["verdict"]["word"]:
        _wrong("altered: verdict does not follow from what it was made of")


def _files(entries: Sequence[Mapping[str, Any]], beside: Mapping[str, bytes]) -> tuple[str, ...]:
    published = [entry for entry in entries if entry["action"] == "launch.record.published"]
    if len(published) != 1:
        _wrong("removed: the entry launch.record.published")
    found = []
    for name, digest in sorted(published[0]["after"]["files"].items()):
        if name in beside:
            if hashlib.sha256(beside[name]).hexdigest() != digest:
                _wrong(f"altered: {name}")
            found.append(name)
    return tuple(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify a file of the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Verify the record of a launch poll, without opsconsole.")
    parser.add_argument("record", type=Path, help="the JSON file; page and PDF are looked for beside it")
    parser.add_argument(
        "--vkey", action="append", required=True, help="key of the audit log, from elsewhere; repeatable"
    )
    given = parser.parse_args(arguments)
    return run(given.record, given.vkey)


def run(file: Path, vkeys: Sequence[str]) -> int:
    """Verify a file with keys as text; says what was found and returns the exit code."""
    try:
        verifiers = [Verifier.parse(each) for each in vkeys]
        data = file.read_bytes()
        beside = {
            each.name: each.read_bytes()
            for each in (file.with_suffix(end) for end in (".html", ".pdf"))
            if each.is_file()
        }
        report = verify(data, verifiers, beside)
    except RecordError as error:
        sys.stderr.write(f"not as it was sealed: {error}\n")
        return WRONG
    except (UnreadableError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        sys.stderr.write(f"unreadable: {error}\n")
        return UNREADABLE
    files = f"; {' and '.join(report.files)} beside it are its own" if report.files else ""
    sys.stdout.write(
        f"{report.title}: {report.verdict}, closed {report.closed}. As it was sealed: {report.entries:,} entries in a "
        f"log of {report.size:,}{files}. Whether it was polled again later, no file can know.\n"
    )
    return SEALED


if __name__ == "__main__":
    sys.exit(main())
