"""Trees, proofs and notes against the published vectors and against the definitions of RFC 6962 and C2SP."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from backend.audit.canonical import FIELDS, canonical
from backend.audit.merkle import EMPTY, Frontier, consistency, cover, fold, inclusion, leaf_hash, node_hash
from backend.audit.signed_notes import Checkpoint, NoteError, Verifier, read_note, sign, verify_note
from tests.backend.audit.fixtures import is_consistent, is_included

# The test data of certificate-transparency: eight leaves and the root after each.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def root(leaves: list[bytes]) -> bytes:
    """The definition of section 2.1, word by word."""
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(root(leaves[:split]), root(leaves[split:]))


def grown(leaves: list[bytes]) -> tuple[Frontier, dict[tuple[int, int], bytes]]:
    frontier, nodes = Frontier(), {}
    for leaf in leaves:
        for level, index, hashed in frontier.append(leaf_hash(leaf)):
            assert (level, index) not in nodes
            nodes[level, index] = hashed
    return frontier, nodes


def path(spans: list[tuple[int, int]], nodes: dict[tuple[int, int], bytes]) -> list[bytes]:
    return [fold([nodes[node] for node in cover(*span)]) for span in spans]


def test_the_published_trees() -> None:
    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Frontier().root() == EMPTY
    for size, expected in enumerate(ROOTS, 1):
        assert grown(LEAVES[:size])[0].root().hex() == expected


def test_the_published_inclusion_proof() -> None:
    """Index 5 of 8, from the same test data."""
    _, nodes = grown(LEAVES)
    assert [hashed.hex() for hashed in path(inclusion(5, 8), nodes)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(st.lists(st.binary(max_size=6), max_size=140), st.data())
def test_proofs_of_random_trees_hold_and_wrong_ones_do_not(leaves: list[bytes], data: st.DataObject) -> None:
    frontier, nodes = grown(leaves)
    size = len(leaves)
    assert frontier.root() == root(leaves)
    assert Frontier(size, [nodes[node] for node in cover(0, size)]).root() == frontier.root()
    if not leaves:
        return
    tree = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, tree - 1))
    proof = path(inclusion(index, tree), nodes)
    leaf, expected = leaf_hash(leaves[index]), root(leaves[:tree])
    assert is_included(leaf, index, tree, proof, expected)
    assert not is_included(leaf_hash(leaves[index] + b"x"), index, tree, proof, expected)
    earlier = data.draw(st.integers(1, tree))
    growth = path(consistency(earlier, tree), nodes)
    before = root(leaves[:earlier])
    assert is_consistent(earlier, tree, before, expected, growth)
    assert not is_consistent(earlier, tree, leaf_hash(before), expected, growth)


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_a_cover_covers_without_a_gap(first: int, length: int) -> None:
    at = first
    for level, index in cover(first, first + length):
        assert index << level == at
        at += 1 << level
    assert at == first + length


def test_a_subtree_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot follow"):
        Frontier(1, [EMPTY]).append(EMPTY, 1)
    with pytest.raises(ValueError, match="perfect subtrees"):
        Frontier(3, [EMPTY])


def row(**given: object) -> list[object]:
    return [given.get(name) for name in FIELDS]


def test_the_canonical_form_is_as_documented() -> None:
    assert canonical(row(position=1, seq=2, actor='ö"\n', after='{"b": 1.10, "a": [0.1, null]}')) == (
        '{"actor":"ö\\"\\n","after":{"a":[0.1,null],"b":1.10},"position":1,"seq":2}'.encode()
    )
    assert canonical(row(before="null")) == b'{"before":null}'
    assert canonical(row()) == b"{}"


def test_no_digit_of_a_number_is_lost() -> None:
    digits = "9" * 5000
    for text in ("0.12345678901234567890", "1.0", "1.00", "0.00001", digits, "-0.10", "100000000000000000000000.5"):
        assert canonical(row(after=f'{{"n": {text}}}')) == f'{{"after":{{"n":{text}}}}}'.encode()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), json_values))
def test_what_is_canonical_says_the_same(picture: dict[str, object]) -> None:
    text = json.dumps(picture)
    try:
        form = canonical(row(after=text))
    except UnicodeEncodeError:
        return  # half a surrogate pair, which jsonb cannot hold
    assert json.loads(form)["after"] == json.loads(text)


KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
NOTE = Checkpoint("opsconsole/a", 3, bytes(32), "2026-11-24T00:00:00.000000Z", bytes(32))


def test_the_published_vkey() -> None:
    """The example key of Go's sumdb/note, which C2SP signed-note writes down."""
    vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert str(Verifier.parse(vkey)) == vkey


def test_a_note_that_was_signed_is_read_back() -> None:
    verifier = Verifier.of("opsconsole/a", KEY)
    note = sign(NOTE, KEY)
    assert verify_note(note, [Verifier.parse(str(verifier))]) == NOTE
    assert note.startswith("opsconsole/a\n3\n")
    assert note.split("\n\n")[1].startswith("— opsconsole/a ")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("\n3\n", "\n4\n", "does not fit"),
        ("\n3\n", "\n03\n", "not of the form"),
        ("\n3\n", "\n-3\n", "not of the form"),
        ("2026", "2027", "does not fit"),
        ("— opsconsole/a", "— opsconsole/b", "no signature"),
        ("— ", "- ", "no signature"),
        ("previous ", "", "not of the form"),
    ],
)
def test_a_note_that_was_changed_is_refused(old: str, new: str, words: str) -> None:
    with pytest.raises(NoteError, match=words):
        verify_note(sign(NOTE, KEY).replace(old, new), [Verifier.of("opsconsole/a", KEY)])


def test_a_note_of_another_key_is_refused() -> None:
    with pytest.raises(NoteError, match="no signature"):
        verify_note(sign(NOTE, KEY), [Verifier.of("opsconsole/a", Ed25519PrivateKey.generate())])
    with pytest.raises(NoteError):
        read_note("")


@pytest.mark.parametrize(
    "vkey", ["", "a+b", "a+00000000+AAAA", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"]
)
def test_a_broken_vkey_is_refused(vkey: str) -> None:
    with pytest.raises(ValueError, match="no vkey"):
        Verifier.parse(vkey)
