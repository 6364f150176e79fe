"""What comparing access needs of the world outside: who has access to a system, as that system reports it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class AccessReportError(Exception):
    """A system's report cannot be used; the words are for the administrator."""


@dataclass(frozen=True, slots=True, order=True)
class ReportedAccess:
    """Somebody has a role in an outside system, as that system calls it."""

    user_id: str
    outside_role: str


class AccessSystem(Protocol):
    """The port to an outside system."""

    def read(self) -> frozenset[ReportedAccess]:
        """Everybody with access there, now. May block. Raises AccessReportError."""


@dataclass(frozen=True, slots=True)
class AccessPorts:
    """The systems whose access is compared with the roles here, by name."""

    systems: Mapping[str, AccessSystem] = field(default_factory=dict)
