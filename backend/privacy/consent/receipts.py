"""Receipts: what a person said and was shown, signed, for them or for whoever doubts it."""

from __future__ import annotations

from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.settings import Settings
from backend.privacy.access import uuid_or_none
from backend.privacy.consent import queries
from backend.privacy.consent.reads import EVIDENCE, Kept
from backend.privacy.documents import RECEIPT, sign_document
from backend.privacy.keys.reads import open_keys
from backend.privacy.keys.ring import KeyRing
from backend.privacy.persons.reads import identifiers_of
from models.privacy.consent import ConsentReceipt


async def receipt_of(connection: Connection, settings: Settings, ring: KeyRing, kept: Kept) -> ConsentReceipt:
    """The receipt of a snapshot; of an erased person it no longer says who it was."""
    keys = await open_keys(connection, ring, [kept.person_id])
    known = (await identifiers_of(connection, keys, keys)).get(kept.person_id, {})
    key = keys.get(kept.person_id)
    text = await (
        await connection.execute(queries.known_text, {"text_id": uuid_or_none(kept.snapshot.text_id)})
    ).fetchone()
    content = kept.snapshot.model_dump(mode="json", by_alias=True, exclude={"user_id"}) | {
        "format": RECEIPT,
        "person": {kind: list(values) for kind, values in sorted(known.items())},
        "evidence": key.open(kept.evidence, EVIDENCE, kept.snapshot.consent_id) if key and kept.evidence else "",
        # AES-GCM does not commit to its key: this says which one the identifiers were sealed under.
        "keyId": None if key is None else key.id.hex(),
        "textSha256": None if text is None else text[1],
        "issuedAt": (await clock(connection)).isoformat(),
    }
    signed = await sign_document(connection, settings, content)
    return ConsentReceipt(consent_id=kept.snapshot.consent_id, receipt=signed.text, vkey=signed.vkey)
