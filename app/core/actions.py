"""One registry of everything an operator can do: menus, keys, palette and key help all read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.core.signals import Signal

if TYPE_CHECKING:
    from models.core.permissions import Permission


def _always() -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Action:
    """Something an operator can do. ``enabled`` answers ``None``, or the reason why not in words."""

    id: str
    title: str
    shortcut: str = ""
    permission: Permission | None = None
    run: Callable[[], Any] = field(default=lambda: None)
    enabled: Callable[[], str | None] = _always
    group: str = ""
    bound: bool = False
    """Its panel listens for the key itself, because it means something only there."""


class ActionRegistry:
    """Actions by id, in the order they were added. ``may`` answers whether a permission is held."""

    changed = Signal()
    executed = Signal(object)
    """Carries the Action that was run."""

    def __init__(self, may: Callable[[Permission], bool]) -> None:
        self._may = may
        self._actions: dict[str, Action] = {}
        self._recent: list[str] = []

    def add(self, action: Action) -> None:
        """Register; the same id again replaces the earlier one (a new window takes over)."""
        self._actions[action.id] = action
        self.changed.emit()

    def remove(self, action_id: str) -> None:
        """Forget an action whose panel is gone."""
        if self._actions.pop(action_id, None) is not None:
            self.changed.emit()

    def get(self, action_id: str) -> Action:
        """The action. Raises KeyError."""
        return self._actions[action_id]

    def all(self) -> tuple[Action, ...]:
        """Every action."""
        return tuple(self._actions.values())

    def reason(self, action: Action) -> str | None:
        """Why it cannot be done now, in words; ``None`` when it can."""
        if action.permission is not None and not self._may(action.permission):
            from models.core.permissions import lacking_words

            return lacking_words(action.permission)
        return action.enabled()

    def execute(self, action_id: str) -> str | None:
        """Run it, or answer why not. Raises KeyError for an unknown id."""
        action = self.get(action_id)
        reason = self.reason(action)
        if reason is not None:
            return reason
        self._recent = [action_id, *(known for known in self._recent if known != action_id)][:20]
        action.run()
        self.executed.emit(action)
        return None

    def search(self, text: str) -> list[tuple[Action, tuple[int, ...]]]:
        """Actions whose title holds the letters of ``text`` in order, best first, with the positions that matched.

        Without text: recently used ones first, then all in their order.
        """
        if not text.strip():
            recent = [self._actions[known] for known in self._recent if known in self._actions]
            return [(action, ()) for action in (*recent, *(a for a in self.all() if a not in recent))]
        found = []
        for order, action in enumerate(self.all()):
            match = fuzzy(text, action.title)
            if match is not None:
                score, places = match
                used = self._recent.index(action.id) if action.id in self._recent else len(self._recent) + 1
                found.append(((-score, used, order), action, places))
        found.sort(key=lambda hit: hit[0])
        return [(action, places) for _, action, places in found]


def fuzzy(text: str, title: str) -> tuple[int, tuple[int, ...]] | None:
    """How well the letters of ``text`` are found in ``title`` in order, and where; ``None`` when they are not.

    Letters at the start of words and runs of letters count more.
    """
    wanted, inside = text.casefold().replace(" ", ""), title.casefold()
    best: tuple[int, tuple[int, ...]] | None = None
    for start in _positions(inside, wanted[:1]):
        places, score, at = [start], 0, start
        for letter in wanted[1:]:
            at = inside.find(letter, at + 1)
            if at < 0:
                break
            places.append(at)
        if len(places) < len(wanted):
            continue
        for before, place in zip((-9, *places), places, strict=False):
            score += 1 + 4 * (place == before + 1) + 3 * (place == 0 or not inside[place - 1].isalnum())
        score -= (places[-1] - places[0]) // 4
        if best is None or score > best[0]:
            best = (score, tuple(places))
    return best


def _positions(text: str, letter: str) -> Iterator[int]:
    at = text.find(letter)
    while at >= 0:
        yield at
        at = text.find(letter, at + 1)
