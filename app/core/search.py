"""What operators type into search fields: words, quotes, and ``key:value``."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = re.compile(r'(?:([A-Za-z_]+):)?(?:"([^"]*)"|([^\s"]*))(?:\s+|$)')


class UnclosedQuoteError(ValueError):
    """A quote was begun and not ended."""


def search_terms(typed: str) -> Iterator[tuple[str, str]]:
    """Key and value of each term, as typed; the key of a plain word is empty. Raises UnclosedQuoteError."""
    at, typed = 0, typed.strip()
    while at < len(typed):
        match = _WORD.match(typed, at)
        if match is None or match.end() == at:
            raise UnclosedQuoteError(typed[at:])
        at = match.end()
        yield match[1] or "", match[3] if match[2] is None else match[2]
