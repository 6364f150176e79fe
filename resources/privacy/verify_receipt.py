"""Verify a receipt of consent or a certificate of erasure. Needs Python 3.11 and nothing else, no package.

    python -I -S verify_receipt.py consent-….receipt --vkey 'opsconsole/…+0123abcd+base64'

The vkey must come from elsewhere than the receipt: whoever could forge the one could forge the other. Exit code 0: it
is as it was signed, and what it says is printed. 1: something is wrong; it is named. 2: the file cannot be read.

A receipt is a signed note (C2SP signed-note, Ed25519): a line of JSON in its one byte form, an empty line, signatures.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FORMATS = ("opsconsole-consent-receipt/1", "opsconsole-erasure-certificate/1")
SIGNED, WRONG, UNREADABLE = 0, 1, 2
BYTES_MOST = 16 * 1024 * 1024
encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""JSON without whitespace, keys in the order of their code points."""


class ReceiptError(Exception):
    """Something is not as it was signed; the words name it."""


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


# --- the receipt -----------------------------------------------------------------------------------------------------


def read_vkey(vkey: str) -> tuple[str, bytes, bytes]:
    """Name, four bytes that lead its signatures, and public key of ``name+hash+base64``. Raises ValueError."""
    name, _, rest = vkey.strip().partition("+")
    digest, _, encoded = rest.partition("+")
    try:
        data = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        data = b""
    lead = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if not name or " " in name or data[:1] != b"\x01" or len(data) != 33 or digest != lead.hex():
        raise ValueError(f"{vkey!r} is no vkey of an Ed25519 key; it has the form name+hash+base64")
    return name, lead, data[1:]


def verify(text: str, vkeys: Sequence[str]) -> dict[str, Any]:
    """What a receipt says, signed by one of these keys. Raises ReceiptError and, for a key that is none, ValueError."""
    body, _, signatures = text.partition("\n\n")
    known = {(name, lead): public for name, lead, public in map(read_vkey, vkeys)}
    for line in signatures.splitlines():
        mark, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        try:
            data = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            continue
        public = known.get((name, data[:4]))
        if mark != "—" or public is None:
            continue
        if not fits(public, data[4:], f"{body}\n".encode()):
            raise ReceiptError(f"the signature of {name} does not fit: the text was changed")
        return _content(body)
    raise ReceiptError("no signature of a key that was given stands under it")


def _content(body: str) -> dict[str, Any]:
    try:
        content = json.loads(body)
        whole = isinstance(content, dict) and encode(content) == body
    except (ValueError, RecursionError):
        whole = False
    # Only one way to write it: otherwise two readers could understand it differently, for example a key twice.
    if not whole or content.get("format") not in FORMATS:
        raise ReceiptError("it is signed, and no receipt of a form this program knows")
    return dict(content)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Verify a receipt of consent or a certificate of erasure.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--vkey", action="append", required=True, help="public key, from elsewhere than the file")
    given = parser.parse_args(arguments)
    try:
        with given.file.open("rb") as stream:
            text = stream.read(BYTES_MOST).decode()
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{given.file} cannot be read: {error}\n")
        return UNREADABLE
    try:
        content = verify(text, given.vkey)
    except (ReceiptError, ValueError) as error:
        sys.stderr.write(f"{given.file}: {error}\n")
        return WRONG
    sys.stdout.write(f"as it was signed:\n{json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True)}\n")
    return SIGNED


if __name__ == "__main__":
    sys.exit(main())
