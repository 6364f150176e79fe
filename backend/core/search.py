"""Texts people look for: what they typed becomes words, and each word what ``like`` takes."""

from __future__ import annotations

import re
from typing import Final

from models.core.normal_form import visible


def search_words(text: str | None) -> tuple[str, ...]:
    """The words of a text in small letters, each once."""
    return tuple(dict.fromkeys(_small(visible(text or "")).split()))


def _small(text: str) -> str:
    """In small letters as the database makes them, each by itself: not by its place in the word, nor as two."""
    return "".join(small if len(small := each.lower()) == 1 else small[0] for each in text)


_EITHER: Final = re.compile("[\u03c3\u03c2]")
"""The Greek sigma is written one way within a word and another at its end, and a part may end anywhere."""


def escape_like(text: str) -> str:
    """A text as ``like`` takes it literally: ``%`` and ``_`` stand for themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def like_word(word: str) -> str:
    """A word of ``search_words`` as ``like`` takes it."""
    return _EITHER.sub("_", escape_like(word))
