"""Texts people look for: what they typed becomes words, and each word what ``like`` takes."""

from __future__ import annotations

from models.core.normal_form import visible


def search_words(text: str | None) -> tuple[str, ...]:
    """The words of a text in small letters, each once."""
    return tuple(dict.fromkeys(visible(text or "").lower().split()))


def escape_like(text: str) -> str:
    """A text as ``like`` takes it literally: ``%`` and ``_`` stand for themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
