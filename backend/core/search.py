"""Texts people look for: what they typed becomes words, and each word what ``like`` takes."""

from __future__ import annotations

from typing import Final

from models.core.normal_form import visible

_SMALL: Final = str.maketrans({"\u0130": "i", "\u03c2": "\u03c3"})
"""A small letter each by itself, wherever in the word: the database makes them so too (``risk_words``)."""


def search_words(text: str | None) -> tuple[str, ...]:
    """The words of a text in small letters, each once."""
    return tuple(dict.fromkeys(visible(text or "").translate(_SMALL).lower().translate(_SMALL).split()))


def escape_like(text: str) -> str:
    """A text as ``like`` takes it literally: ``%`` and ``_`` stand for themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
