"""The audit log: positions, seals, proofs and reading of what ``backend.core.audit_trail`` writes.

Specification: AuditLogEntry.
"""
