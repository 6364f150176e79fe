"""What the operations API is asked about the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.audit import AuditCheckpoint, AuditExport, AuditPage, ConsistencyProof, InclusionProof

if TYPE_CHECKING:
    from app.core.http_client import OperationsClient

BASE = "/api/operations/audit"


async def page(client: OperationsClient, **filters: Any) -> AuditPage:
    """Entries, newest first; its filters, ``at``, ``cursor`` and ``limit`` may be given. Raises OperationsError."""
    return await client.get(BASE, AuditPage, filters)


async def checkpoint(client: OperationsClient) -> AuditCheckpoint:
    """How far the audit log is sealed, and the newest signed checkpoint. Raises OperationsError."""
    return await client.get(f"{BASE}/checkpoint", AuditCheckpoint)


async def inclusion_proof(client: OperationsClient, entry_id: str) -> InclusionProof:
    """That an entry is in the tree of the newest checkpoint. Raises OperationsError."""
    return await client.get(f"{BASE}/proof/{entry_id}", InclusionProof)


async def consistency_proof(client: OperationsClient, earlier: int, later: int) -> ConsistencyProof:
    """That the log of one size is the beginning of the log of another. Raises OperationsError."""
    return await client.get(f"{BASE}/consistency", ConsistencyProof, {"from": earlier, "to": later})


async def export(client: OperationsClient, asked: AuditExport) -> bytes:
    """Entries with what proves them, as a ZIP file. Raises OperationsError."""
    return await client.file(f"{BASE}/export", "application/zip", asked)
