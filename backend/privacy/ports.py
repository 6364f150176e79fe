"""What privacy needs of outside systems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class HumanCheckError(Exception):
    """Nobody can tell whether a form was filled in by a person; the words say why. Then it is taken that it was not."""


class HumanCheck(Protocol):
    """Tells people from programs."""

    async def is_human(self, token: str) -> bool:
        """Whether what the form's widget answered is good. Raises HumanCheckError."""


@dataclass(frozen=True, slots=True)
class PrivacyPorts:
    """What is set up."""

    human_check: HumanCheck | None = None
    """``None``: forms need not pass one."""
