"""The text of a request taken apart into events, each with its own text; what cannot be read keeps its text too.

Where one event spoils the whole, the others are found by their brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from backend.analytics.event_text import Item, read_item, write_item
from backend.core.problems import invalid
from models.analytics.events import BATCH_MOST

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
_LIST_OF = re.compile(rb"\s*:\s*\[")


class _Envelope(msgspec.Struct):
    batch: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    sentAt: msgspec.Raw = msgspec.Raw(b"null")  # noqa: N815 - as Segment writes it
    context: msgspec.Raw = msgspec.Raw(b"null")


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_VALUE: Final = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of a request, and what it says of all of them."""

    items: list[Item]
    sent_at: Any = None


def parse_batch(body: bytes) -> Batch:
    """Take a request apart. Raises ProblemError 422 where not even that is possible, or where there are too many."""
    if not body.strip():
        raise invalid("/batch", "send an event, or a batch of them")
    try:
        envelope = _ENVELOPE.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _parse_slowly(body)
    if envelope.batch is msgspec.UNSET:
        return Batch([read_item(body)])
    context = _value(envelope.context)
    items = [read_item(bytes(raw)) for raw in _limited(envelope.batch)]
    if isinstance(context, dict):
        _spread(context, items)
    return Batch(items, _value(envelope.sentAt))


def _value(raw: msgspec.Raw) -> Any:
    try:
        return _VALUE.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _spread(context: dict[str, Any], items: list[Item]) -> None:
    """What a batch says of all its events belongs to each that does not say it."""
    for item in items:
        if item.value is not None and "context" not in item.value:
            item.value["context"] = context
            item.text = write_item(item.value)


def _limited(batch: list[Any]) -> list[Any]:
    if len(batch) > BATCH_MOST:
        raise invalid("/batch", f"a batch has at most {BATCH_MOST:,} events: send the rest by another request")
    return batch


# --- the slow way


def _parse_slowly(body: bytes) -> Batch:
    """The events of a batch of which one spoils the whole: found by their brackets alone."""
    begin = _begin(body)
    if begin is None:
        return Batch([read_item(body.strip())])
    items: list[Item] = []
    for text in _elements(body, begin):
        if len(items) == BATCH_MOST:
            _limited([None] * (BATCH_MOST + 1))
        items.append(read_item(text))
    return Batch(items)


def _begin(body: bytes) -> int | None:
    """Where the list of events begins; ``None`` where there is none."""
    depth = 0
    for token in _TOKENS.finditer(body):
        match token[0]:
            case b"[" | b"{":
                depth += 1
            case b"]" | b"}":
                depth -= 1
            case b'"batch"' if depth == 1 and (found := _LIST_OF.match(body, token.end())):
                return found.end()
            case _:
                pass
    return None


def _elements(body: bytes, begin: int) -> Iterator[bytes]:
    depth, start = 0, begin
    for token in _TOKENS.finditer(body, begin):
        match token[0]:
            case b"[" | b"{":
                depth += 1
            case b"]" if depth == 0:
                if text := body[start : token.start()].strip():
                    yield text
                return
            case b"]" | b"}":
                depth -= 1
            case b"," if depth == 0:
                yield body[start : token.start()].strip()
                start = token.end()
            case _:
                pass
    raise invalid("/batch", "the list of events has no end: the request was cut off, or is no JSON")
