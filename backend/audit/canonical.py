"""The one byte form of an audit entry that is hashed.

UTF-8 JSON without whitespace, keys in the order of their code points, of these: position, seq, id, at, actor,
actorLabel, action, resourceType, resourceId, resourceLabel, version, before, after, reason, requestId, correlationId.
What is null in the table is left out. ``at`` is RFC 3339 in UTC with six fractional digits. Strings are escaped no
more than JSON demands; numbers in ``before`` and ``after`` stand digit by digit as PostgreSQL writes them in ``jsonb``.
The transaction id is not part of it, because it starts anew on another server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from json.encoder import encode_basestring
from typing import Any

import msgspec

from models.audit.proofs import decode_exactly, encode_exactly

FIELDS = (
    "position",
    "seq",
    "id",
    "at",
    "actor",
    "actorLabel",
    "action",
    "resourceType",
    "resourceId",
    "resourceLabel",
    "version",
    "before",
    "after",
    "reason",
    "requestId",
    "correlationId",
)
"""The columns of the statement ``rows``, but for its last."""


class _NotByFloatError(ValueError):
    pass


def _float(text: str) -> float:
    number = float(text)
    if repr(number) != text:
        raise _NotByFloatError
    return number


_quick = msgspec.json.Decoder(float_hook=_float).decode
_write = msgspec.json.Encoder(order="sorted").encode


def _snapshot_json(text: str) -> str:
    try:
        return _write(_quick(text)).decode()
    except ValueError:
        # A number with more digits than a float has, or more than Python reads as an integer.
        return encode_exactly(decode_exactly(text))


_WRITERS: dict[str, Callable[[Any], str]] = dict.fromkeys(FIELDS, encode_basestring) | {
    "position": str,
    "seq": str,
    "version": str,
    "before": _snapshot_json,
    "after": _snapshot_json,
}
# Written field by field: a log is as quick to verify as this is, and an encoder of the whole takes twice as long.
_ORDER = [(f'"{name}":', FIELDS.index(name), _WRITERS[name]) for name in sorted(FIELDS)]


def canonical(row: Sequence[Any]) -> bytes:
    """The bytes of one row of the statement ``rows``."""
    fields = [name + write(row[index]) for name, index, write in _ORDER if row[index] is not None]
    return ("{" + ",".join(fields) + "}").encode()
