"""What to search for after an erasure: an identifier in every form somebody may have written it. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, quote_plus

from backend.core.search import escape_like

SHORTEST: Final = 6
"""What has fewer characters is found everywhere, and shows nothing."""
_HASHES: Final = (hashlib.md5, hashlib.sha1, hashlib.sha256, hashlib.blake2b)


@dataclass(frozen=True, slots=True)
class Needles:
    """All forms of a person's identifiers, in small letters."""

    forms: frozenset[str]
    too_short: int
    """Identifiers that cannot be searched for."""

    @staticmethod
    def of(identifiers: Iterable[str]) -> Needles:
        """Of plain identifiers."""
        given = set(identifiers)
        long = {each for each in given if len(each) >= SHORTEST}
        forms = {form.lower() for each in long for form in _forms(each)}
        return Needles(frozenset(form for form in forms if len(form) >= SHORTEST), len(given) - len(long))

    @property
    def patterns(self) -> list[str]:
        """For ``lower(…) like any``."""
        return [f"%{escape_like(form)}%" for form in sorted(self.forms)]

    def are_in(self, text: str) -> bool:
        """Whether a form stands in a text by itself: 10.2.58.1 is not in 10.2.58.11."""
        found = text.lower()
        return any(form in found and re.search(_alone(form), found) for form in self.forms)


def _alone(form: str) -> str:
    return rf"(?<![0-9a-z]){re.escape(form)}(?![0-9a-z])"


def _forms(value: str) -> Iterator[str]:
    for spelling in {value, value.lower(), value.upper()}:
        data = spelling.encode()
        yield spelling
        yield quote(spelling, safe="")
        yield quote_plus(spelling)
        yield json.dumps(spelling)[1:-1]
        yield base64.b64encode(data).decode().rstrip("=")
        yield base64.urlsafe_b64encode(data).decode().rstrip("=")
        for make in _HASHES:
            yield make(data).hexdigest()
