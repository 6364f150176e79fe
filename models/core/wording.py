"""Words that server and console say alike: who somebody is, how many of something there are."""

from __future__ import annotations

SYSTEM = "system:"
THE_SYSTEM = "The system"
"""What the ids of the system's own actors begin with."""


def system_name(actor: str) -> str | None:
    """``Sample shop`` for ``system:sample-shop``; ``None`` for whoever is not a part of the system.

    What the worker does, the system does by itself.

    The database says the same where it names somebody (``person_name``).
    """
    if not actor.startswith(SYSTEM):
        return None
    if actor == f"{SYSTEM}worker":
        return THE_SYSTEM
    words = actor.removeprefix(SYSTEM).replace("-", " ")
    return words[:1].upper() + words[1:]


def initials(name: str) -> str:
    """Two letters that stand for somebody, of the first and the last word: ``Tariq Khan`` is ``TK``."""
    words = [word for word in name.replace("-", " ").replace("_", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def counted(count: int, one: str, more: str = "") -> str:
    """``1 download``, ``2,400 downloads``; ``more`` where an s at the end is not enough."""
    return f"{count:,} {one if count == 1 else more or f'{one}s'}"
