"""The audit log: positions, seals, proofs and reading of what ``backend.core.audit_trail`` writes.

Specification: AuditLogEntry.
"""

from __future__ import annotations

from backend.audit.actions import note_rotation
from backend.audit.bundle import BundleError
from backend.audit.bundle import check as check_bundle
from backend.audit.checkpoint_store import CheckpointStoreError
from backend.audit.evidence import ProvenEntries, prove_entries
from backend.audit.reads import bounds
from backend.audit.sealing_keys import known_verifiers
from backend.audit.signed_notes import Verifier, signing_key
from backend.audit.stores import configured_store, store_at
from backend.audit.verify import origin_of
from backend.audit.verify import verify as verify_log

__all__ = [
    "BundleError",
    "CheckpointStoreError",
    "ProvenEntries",
    "Verifier",
    "bounds",
    "check_bundle",
    "configured_store",
    "known_verifiers",
    "note_rotation",
    "origin_of",
    "prove_entries",
    "signing_key",
    "store_at",
    "verify_log",
]
