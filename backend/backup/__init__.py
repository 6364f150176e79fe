"""Daily backups, encrypted, and restored for a test by themselves. Specification: "daily backups"."""

from __future__ import annotations

from backend.backup.archive import Manifest, verified
from backend.backup.audit_check import sealed_audit_check, sealed_by
from backend.backup.errors import BackupError, NotWholeError
from backend.backup.keys import key_of
from backend.backup.postgres import Abort
from backend.backup.restore import restore as restore_file
from backend.backup.run import Plan, back_up
from backend.backup.sealed import Sealer, unseal

__all__ = [
    "Abort",
    "BackupError",
    "Manifest",
    "NotWholeError",
    "Plan",
    "Sealer",
    "back_up",
    "key_of",
    "restore_file",
    "sealed_audit_check",
    "sealed_by",
    "unseal",
    "verified",
]
