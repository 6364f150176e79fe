"""What waits for approval, invented, for the theme sheet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from models.access import Approval
from views.access.approvals_panel import ApprovalCard
from views.kit.gallery_section import GallerySection

NOW = datetime(2026, 11, 24, 14, 2, 25, tzinfo=UTC)


def section() -> GallerySection:
    """A card that may be decided."""
    card = ApprovalCard(approval(), NOW, "ada", ("risk.check_orders", "risk.publish_rules"))
    card.set_reason(None, sending=False)
    return GallerySection("Approvals", "who asked, why, and what it adds", (card,))


def approval() -> Approval:
    """Something that waits for somebody's yes."""
    return Approval.model_validate(
        {
            "approval_id": "0192f0c1-0000-7000-8000-0000000000bb",
            "kind": "rbac.grant",
            "title": "Give Risk manager to Tariq Khan",
            "subject_type": "role_assignment",
            "subject_id": "tk:risk-manager",
            "gainer": "tk",
            "gainer_name": "Tariq Khan",
            "details": {"roleId": "risk-manager", "expiresAt": (NOW + timedelta(days=7)).isoformat()},
            "reason": "Cover while I am away, rules must stay publishable.",
            "permission": "operations.approve_roles",
            "needs": 1,
            "from_roles": (),
            "requested_by": "jl",
            "requested_by_name": "Jana Lind",
            "requested_at": NOW - timedelta(minutes=21),
            "ends_at": NOW + timedelta(hours=3, minutes=38),
            "state": "pending",
            "version": 1,
        },
        by_name=True,
    )
