"""What the operations API is asked about roles and their holders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.access import (
    AccessDrift,
    AccessReview,
    Approval,
    Person,
    RoleAssignment,
    RoleDefinition,
    UnusedPermissions,
)
from models.core.paging import PAGE_MOST, Page

if TYPE_CHECKING:
    from app.core.http_client import OperationsClient

BASE = "/api/operations/rbac"


async def roles(client: OperationsClient) -> Page[RoleDefinition]:
    """Every role. Raises OperationsError, like all of these."""
    return await client.get(f"{BASE}/roles", Page[RoleDefinition])


async def assignments(client: OperationsClient, *, active: bool) -> Page[RoleAssignment]:
    """The grants that count now, or the last of those that do not any more."""
    query = {"limit": PAGE_MOST, "active": "true" if active else "false"}
    return await client.get(f"{BASE}/assignments", Page[RoleAssignment], query)


async def pending_approvals(client: OperationsClient) -> Page[Approval]:
    """What waits for approval."""
    return await client.get(f"{BASE}/approvals", Page[Approval], {"state": "pending"})


async def open_reviews(client: OperationsClient) -> Page[AccessReview]:
    """Broken glass nobody has looked at."""
    return await client.get(f"{BASE}/reviews", Page[AccessReview], {"open": "true"})


async def people(client: OperationsClient) -> Page[Person]:
    """Everybody who can sign in or holds a role, one page."""
    return await client.get(f"{BASE}/people", Page[Person], {"limit": PAGE_MOST})


async def hints(client: OperationsClient) -> Page[UnusedPermissions]:
    """Permissions nobody used for 90 days."""
    return await client.get(f"{BASE}/hints", Page[UnusedPermissions])


async def drift(client: OperationsClient) -> AccessDrift:
    """Where outside systems differ."""
    return await client.get(f"{BASE}/drift", AccessDrift)
