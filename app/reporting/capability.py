"""What this capability is in the console."""

from __future__ import annotations

from app.core.audit_words import AuditWords
from app.core.capability import Capability


def _audit() -> AuditWords:
    return AuditWords(
        nouns={"tax_report": "Tax report", "tax_tables": "Tables of tax"},
        verbs={
            "reporting.tables.changed": "changed",
            "reporting.tax.acknowledged": "acknowledged",
            "reporting.tax.approved": "approved",
            "reporting.tax.archived": "archived",
            "reporting.tax.blocked": "generated, and cannot be approved yet",
            "reporting.tax.delivered": "delivered",
            "reporting.tax.delivery_asked": "asked to be delivered",
            "reporting.tax.download_refused": "refused to somebody whose link had ended",
            "reporting.tax.downloaded": "downloaded",
            "reporting.tax.files_made": "made into files",
            "reporting.tax.linked": "handed out by a link",
            "reporting.tax.reconciled": "generated and reconciled",
            "reporting.tax.rejected": "rejected",
            "reporting.tax.requested": "asked for",
        },
    )


CAPABILITY = Capability(name="reporting", audit=_audit)
