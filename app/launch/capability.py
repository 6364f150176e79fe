"""What this capability is in the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.core.capability import Capability, Engine

if TYPE_CHECKING:
    from app.core.mutation_types import MutationSpec


def _mutations(_engine: Engine) -> Sequence[MutationSpec]:
    from app.launch.mutations import specs

    return specs()


CAPABILITY = Capability(name="launch", mutations=_mutations)
