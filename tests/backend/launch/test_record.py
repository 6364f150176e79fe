"""The record of a poll proves itself, to somebody who has one file and a key; whatever is changed is named."""

from __future__ import annotations

import ast
import copy
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.audit.signed_notes import Verifier as Signer
from backend.audit.signed_notes import read_note, sign
from models.audit import proofs
from models.audit.proofs import encode
from resources.launch import verify_record
from resources.launch.verify_record import RecordError, UnreadableError, Verifier
from tests.backend.launch.fixtures import CHECKLIST, DIRECTOR, LAUNCHES, VOTERS, Pad

SCRIPT = Path(verify_record.__file__)


@dataclass(frozen=True)
class Kept:
    """A record with its files, and the key it is verified with."""

    document: dict[str, Any]
    files: dict[str, bytes]
    verifiers: tuple[Verifier, ...]

    def said(self, document: Any, files: dict[str, bytes] | None = None) -> str:
        """What the verifier says of a document: ``sound``, or what is wrong."""
        data = document if isinstance(document, bytes) else encode(document).encode()
        try:
            verify_record.verify(data, self.verifiers, files)
        except RecordError as error:
            return str(error)
        except UnreadableError as error:
            return f"unreadable: {error}"
        return "sound"


@pytest.fixture
def kept(pad: Pad) -> Kept:
    """Of a poll with a voided vote, a delegated one, an overridden one, a waiver and a hold."""
    launch = pad.launch(timedelta(hours=2, minutes=50))
    address = f"{LAUNCHES}/{launch['launchId']}"
    items = pad.items(launch)
    pad.done(
        f"{CHECKLIST}/{items['price-list']['itemId']}/complete", {"notes": "r118"}, role="operations-lead", version=1
    )
    until = (launch["plannedZeroAt"]).replace("+00:00", "Z")
    asked = pad.done(
        f"{CHECKLIST}/{items['chat-cover']['itemId']}/waive", {"reason": "three are enough", "until": until}, version=1
    )
    assert pad.decide(asked).status_code == 200
    pad.done(
        f"{address}/delegations",
        {"role": "support-lead", "person": "compliance-officer", "reason": "on a train"},
        role="support-lead",
    )
    poll = pad.poll(launch)
    pad.watch()
    assert pad.vote(launch, poll, VOTERS[0]).status_code == 200
    pad.p1()
    pad.watch()
    pad.p1_passes()
    pad.watch()
    assert pad.vote(launch, poll, VOTERS[0], reason="it passed").status_code == 200
    seen = pad.status(launch)["poll"]["evidenceVersion"]
    pad.watch()
    body = {"role": "support-lead", "choice": "GO", "evidenceVersion": seen}
    pad.done(f"{poll}/votes", body, role="compliance-officer")
    assert pad.vote(launch, poll, VOTERS[2], "NO-GO", reason="chargebacks").status_code == 200
    over = pad.done(f"{poll}/overrides", {"role": VOTERS[2], "reason": "of last month"})
    assert pad.decide(over, "administrator").status_code == 200
    pad.watch()
    assert pad.vote(launch, poll, DIRECTOR).status_code == 200, pad.status(launch)["verdict"]
    pad.done(f"{poll}/close", {"verdict": "GO"})
    assert pad.get(f"{poll}/record").status_code == 409
    pad.publish()
    told = pad.read(f"{poll}/record")
    files = {}
    for each in told["files"]:
        form = each["name"].rpartition(".")[2]
        files[each["name"]] = pad.get(f"{poll}/record/{form}").content
        assert hashlib.sha256(files[each["name"]]).hexdigest() == each["sha256"]
    name = next(name for name in files if name.endswith(".json"))
    data = files.pop(name)
    return Kept(json.loads(data), files, (Verifier.parse(told["vkey"]),))


def test_a_record_proves_itself_and_names_whatever_was_changed(kept: Kept, tmp_path: Path) -> None:
    assert kept.said(kept.document, kept.files) == "sound"
    _alone(kept, tmp_path)
    _every_field(kept)
    _lists(kept)
    _proofs(kept)
    _forms(kept)


def _alone(kept: Kept, folder: Path) -> None:
    """Without anything of ours, and through the program."""
    poll = kept.document["record"]["launch"]["poll"]
    file = folder / f"launch-{poll}.json"
    file.write_bytes(encode(kept.document).encode())
    for name, content in kept.files.items():
        (folder / name).write_bytes(content)
    vkey = str(kept.verifiers[0])
    alone = [sys.executable, "-I", "-S", str(SCRIPT), str(file), "--vkey", vkey]
    program = [sys.executable, "-m", "app", "launch", "verify", str(file), "--vkey", vkey]
    for command in (alone, program):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, "As it was sealed" in done.stdout) == (0, True), done.stderr
    page = next(folder.glob("*.html"))
    page.write_bytes(page.read_bytes().replace(b"GO", b"NO"))
    done = subprocess.run(alone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"not as it was sealed: altered: {page.name}\n")
    file.write_bytes(file.read_bytes()[:-5])
    assert subprocess.run(alone, capture_output=True, check=False).returncode == 2


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every scalar."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(inner, (*path, key))
    else:
        yield path


def _changed(document: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    found = copy.deepcopy(document)
    inner: Any = found
    for key in path[:-1]:
        inner = inner[key]
    before = inner[path[-1]]
    inner[path[-1]] = (
        not before
        if isinstance(before, bool)
        else before + 1
        if isinstance(before, int)
        else f"{before[:-1]}{'1' if before[-1:] != '1' else '2'}"
        if before
        else "x"
    )
    return found


def _every_field(kept: Kept) -> None:
    """Each scalar of the record by itself: the answer names its item."""
    record = kept.document["record"]
    missed = []
    for path in _leaves(record):
        said = kept.said(_changed(kept.document, ("record", *path)))
        name = path[0]
        if name in verify_record.LISTS:
            key = verify_record.LISTS[name]
            item = record[name][path[1]][key]
            fine = said == f"altered: {name}/{item}" or (path[2] == key and said.startswith(("removed", "unreadable")))
        else:
            fine = said == f"altered: {name}"
        if not fine:
            missed.append((path, said))
    assert not missed


def _lists(kept: Kept) -> None:
    """Left out, put in, reordered, twice, in every list."""
    for name, key in verify_record.LISTS.items():
        rows = kept.document["record"][name]
        assert rows, name
        without = copy.deepcopy(kept.document)
        gone = without["record"][name].pop()
        assert kept.said(without) == f"removed: {name}/{gone[key]}"
        more = copy.deepcopy(kept.document)
        more["record"][name].append({**gone, key: "zz"})
        assert kept.said(more) == f"added: {name}/zz"
        double = copy.deepcopy(kept.document)
        double["record"][name].append(gone)
        assert kept.said(double).startswith("unreadable: one item stands twice")
        if len(rows) > 1:
            other = copy.deepcopy(kept.document)
            other["record"][name].reverse()
            assert kept.said(other) == f"altered: the order of {name}"
    unknown = copy.deepcopy(kept.document)
    unknown["record"]["more"] = 1
    assert kept.said(unknown) == "altered: record"
    unknown = copy.deepcopy(kept.document)
    unknown["record"]["rollCall"][0]["more"] = 1
    assert kept.said(unknown) == f"altered: rollCall/{VOTERS[0]}"


def _proofs(kept: Kept) -> None:
    """Entries, paths, checkpoints, and a vote of before that is left out."""
    entries = kept.document["proofs"]["entries"]
    actions = [json.loads(each["line"])["action"] for each in entries]
    assert {"launch.poll.opened", "launch.evidence.changed", "launch.vote.voided", "launch.vote.overridden"} <= {
        *actions
    }
    for path in _leaves(kept.document["proofs"]):
        said = kept.said(_changed(kept.document, ("proofs", *path)))
        if path[0] in {"earlier", "later"}:
            assert said.startswith("forged: checkpoint"), (path, said)
        elif path[0] == "consistency":
            assert said.startswith("forged: consistency"), (path, said)
        else:
            assert said == f"altered or forged: entry {path[1] + 1}", (path, said)
    first = actions.index("launch.vote.cast")
    assert kept.said(_without(kept.document, first)).startswith(f"removed: rollCall/{VOTERS[0]}")
    assert kept.said(_without(kept.document, actions.index("launch.poll.closed"))) == "removed: the closing entry"
    assert "launch.poll.opened" in kept.said(_without(kept.document, 0))
    assert "launch.record.published" in kept.said(_without(kept.document, len(entries) - 1))
    other = copy.deepcopy(kept.document)
    other["proofs"]["entries"].reverse()
    assert "not in the order of the log" in kept.said(other)
    key = Ed25519PrivateKey.generate()
    forged = copy.deepcopy(kept.document)
    for name in ("earlier", "later"):
        forged["proofs"][name] = sign(read_note(forged["proofs"][name]), key)
    assert kept.said(forged).endswith("no signature of a key that was given stands under it")
    assert Kept(forged, {}, (Verifier.parse(str(Signer.of(forged["origin"], key))),)).said(forged) == "sound"


def _without(document: dict[str, Any], number: int) -> dict[str, Any]:
    found = copy.deepcopy(document)
    del found["proofs"]["entries"][number]
    return found


def _forms(kept: Kept) -> None:
    text = encode(kept.document)
    for data in (
        text[:-1],
        text + "\n",
        text.replace('"GO"', '"GO" ', 1),
        text.replace('{"format"', '{"format":"x","format"', 1),
        json.dumps(kept.document),
        text.replace("opsconsole-launch-record/1", "opsconsole-launch-record/2"),
        "[]",
        "null",
        "[" * 5_000,
    ):
        assert kept.said(data.encode()).startswith("unreadable"), data[:80]
    assert kept.said(b"\xff").startswith("unreadable")
    for name in kept.document["record"]:
        broken = copy.deepcopy(kept.document)
        broken["record"][name] = None
        assert kept.said(broken) != "sound", name


def test_the_verifier_holds_the_same_proofs_as_the_program() -> None:
    """One file without a dependency has to be a copy; the copy is word for word."""

    def parts(path: str) -> dict[str, str]:
        tree = ast.parse(Path(path).read_text(encoding="utf-8"))
        kinds = (ast.FunctionDef, ast.ClassDef)
        return {node.name: ast.unparse(node) for node in tree.body if isinstance(node, kinds)}

    ours, theirs = parts(proofs.__file__), parts(verify_record.__file__)
    assert ours.items() <= theirs.items()


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511), st.booleans())
def test_signatures_are_checked_as_the_library_does(seed: bytes, text: bytes, bit: int, spoil: bool) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), bytearray(key.sign(text))
    if spoil:
        signature[bit // 8] ^= 1 << bit % 8
    assert verify_record.fits(public, bytes(signature), text) is not spoil
    assert not verify_record.fits(public, bytes(signature), text + b"x")


def test_what_the_log_has_no_seal_for_is_not_published(pad: Pad) -> None:
    launch = pad.launch()
    poll = pad.poll(launch)
    pad.done(f"{poll}/close", {"verdict": "HOLD"})
    pad.turn("launch records", "launch records")
    assert pad.get(f"{poll}/record").status_code == 409
    with psycopg.connect(pad.api.owner_url) as connection:
        assert connection.execute("select json from launch_record").fetchall() == [(None,)]
    pad.seal()
    pad.turn("launch records", "launch records")
    assert pad.read(f"{poll}/record")["files"][0]["bytes"] > 1_000
