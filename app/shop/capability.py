"""What this capability is in the console."""

from __future__ import annotations

from app.core.audit_words import AuditWords
from app.core.capability import Capability


def _audit() -> AuditWords:
    return AuditWords(
        nouns={"ingest_batch": "Delivery of"},
        verbs={
            "shop.community.ingested": "received",
            "shop.downloads.ingested": "received",
            "shop.orders.ingested": "received",
            "shop.outcomes.ingested": "received",
            "shop.rates.ingested": "received",
            "shop.refunds.ingested": "received",
        },
    )


CAPABILITY = Capability(name="shop", audit=_audit)
