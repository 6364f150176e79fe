"""The one byte form of an audit entry that is hashed.

UTF-8 JSON without whitespace, keys in the order of their code points, of these: position, seq, id, at, actor,
actorLabel, action, resourceType, resourceId, resourceLabel, version, before, after, reason, requestId, correlationId.
What is null in the table is left out. ``at`` is RFC 3339 in UTC with six fractional digits. Strings are escaped no
more than JSON demands; numbers in ``before`` and ``after`` stand digit by digit as PostgreSQL writes them in ``jsonb``.
The transaction id is not part of it, because it starts anew on another server.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from models.transparency import decode_exactly, encode, encode_exactly

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

_BEFORE, _AFTER = FIELDS.index("before"), FIELDS.index("after")


class _NotByFloatError(ValueError):
    pass


def _float(text: str) -> float:
    number = float(text)
    if repr(number) != text:
        raise _NotByFloatError
    return number


_quick = json.JSONDecoder(parse_float=_float).decode


def canonical(row: Sequence[Any]) -> bytes:
    """The bytes of one row of the statement ``rows``."""
    fields = {name: value for name, value in zip(FIELDS, row, strict=False) if value is not None}
    try:
        for name, index in (("before", _BEFORE), ("after", _AFTER)):
            if row[index] is not None:
                fields[name] = _quick(row[index])
        return encode(fields).encode()
    except ValueError:
        # A number with more digits than a float has, or more than Python reads as an integer.
        for name, index in (("before", _BEFORE), ("after", _AFTER)):
            if row[index] is not None:
                fields[name] = decode_exactly(row[index])
        return encode_exactly(fields).encode()
