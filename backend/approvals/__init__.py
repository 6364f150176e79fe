"""What waits for somebody else's yes: asked for once, decided by others, carried out in the deciding transaction.

A capability names its kinds in its manifest; ``ask`` and ``decide`` do the rest.
"""

from __future__ import annotations

from backend.approvals.actions import ask, decide
from backend.approvals.reads import OVERSEERS
from backend.core.capability import ApprovalKind

__all__ = ["OVERSEERS", "ApprovalKind", "ask", "decide"]
