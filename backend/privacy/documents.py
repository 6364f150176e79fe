"""What is handed out and can be held against us: signed with the key of the audit log, verified without opsconsole."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from backend.audit import Verifier, signing_key
from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError
from backend.core.settings import Settings
from models.audit.proofs import encode
from models.core.problems import Code

queries = load_queries(__package__)

RECEIPT: Final = "opsconsole-consent-receipt/1"
CERTIFICATE: Final = "opsconsole-erasure-certificate/1"


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """A signed note, and the public key it is checked with."""

    text: str
    vkey: str


async def sign_document(connection: Connection, settings: Settings, content: Mapping[str, Any]) -> SignedDocument:
    """Sign what a document says, ``format`` among it. Raises ProblemError 409 where there is no key."""
    try:
        key = signing_key(settings)
    except ValueError as error:
        raise ProblemError(Code.CONFLICT, f"It cannot be signed: {error}.") from None
    row = await (await connection.execute(queries.origin)).fetchone()
    if key is None or row is None:
        raise ProblemError(Code.CONFLICT, "It cannot be signed: set OPSCONSOLE_AUDIT_KEY_FILE, the key that signs.")
    verifier = Verifier.of(row[0], key)
    body = encode(dict(content))
    signature = base64.b64encode(verifier.hash + key.sign(f"{body}\n".encode())).decode()
    return SignedDocument(f"{body}\n\n— {row[0]} {signature}\n", str(verifier))
