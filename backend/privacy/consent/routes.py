"""``/api/privacy/consent``: what people said, recorded, looked up, proved. Specification: "Record consent update"."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query, Request

from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.dependencies import Read, Tx
from backend.core.http import KnownQuery, Secret, known_id, operations_router
from backend.core.idempotency import KEY_HEADER
from backend.core.pages import cut_page, decode_cursor
from backend.core.problems import ProblemError, invalid, raises
from backend.core.rows import Unreadable
from backend.core.security import Principal, require
from backend.privacy.access import Ring
from backend.privacy.consent import actions, reads
from backend.privacy.consent.receipts import receipt_of
from backend.privacy.keys.ring import KeyRing
from backend.privacy.looks import record_look
from backend.privacy.persons.reads import find_person
from backend.privacy.policies import reads as policies
from backend.privacy.ports import HumanCheck, HumanCheckError
from models.core.paging import Page
from models.core.permissions import Permission
from models.core.problems import Code
from models.privacy import Jurisdiction, PersonLookup, PersonRequest
from models.privacy.consent import (
    ConsentExportRequest,
    ConsentForm,
    ConsentFormText,
    ConsentImport,
    ConsentImportResult,
    ConsentReceipt,
    ConsentRequest,
    ConsentSnapshot,
    ConsentState,
    ConsentTrends,
    ExportedConsent,
    Locale,
    PersonConsent,
    ReceiptRequest,
)

# Answers name people: none is kept for repeats. What is recorded is found again by its source's id or the key.
router = operations_router("/api/privacy/consent", "privacy", dependencies=[KnownQuery, Secret])

Recorder = Annotated[Principal, require(Permission.RECORD_CONSENT)]
Viewer = Annotated[Principal, require(Permission.VIEW_PRIVACY_REQUESTS)]
Confidant = Annotated[Principal, require(Permission.VIEW_PERSONAL_DATA)]
Exporter = Annotated[Principal, require(Permission.VIEW_PERSONAL_DATA, step_up=300)]
Importer = Annotated[Principal, require(Permission.MANAGE_PRIVACY_REQUESTS)]

Gpc = Annotated[
    str | None, Header(alias="Sec-GPC", max_length=10, description="`1`: the browser asks not to be tracked.")
]


@raises(Code.UNAVAILABLE)
async def _human(http: Request) -> None:
    """A form must have passed the check where one is set up; nobody waits for it with a connection in hand."""
    check: HumanCheck | None = http.app.state.human_check
    if check is None:
        return
    body = await http.json()
    token = body.get("turnstileToken") if isinstance(body, dict) else None
    if not isinstance(token, str) or not token:
        raise invalid("/turnstileToken", "the form has to pass the check that it was filled in by a person")
    try:
        human = await check.is_human(token[:4096])
    except HumanCheckError as error:
        raise ProblemError(Code.UNAVAILABLE, f"{error}.", headers={"Retry-After": "5"}) from None
    if not human:
        raise invalid("/turnstileToken", "the check was not passed or has run out: do it again")


@router.post("", status_code=201)
async def record_consent(
    request: ConsentRequest, http: Request, principal: Recorder, ring: Ring, tx: Tx, sec_gpc: Gpc = None
) -> ConsentSnapshot:
    """Record what a person said about one thing. The same ``sourceId`` again answers what was recorded."""
    return await _recorded(tx, ring, principal, _heard(http, request, sec_gpc, 0))


@router.post("/form", status_code=201, dependencies=[Depends(_human)])
async def submit_form(
    request: ConsentForm, http: Request, principal: Recorder, ring: Ring, tx: Tx, sec_gpc: Gpc = None
) -> tuple[ConsentSnapshot, ...]:
    """Record what a form says, all of it or nothing."""
    heard = [_heard(http, each, sec_gpc, number) for number, each in enumerate(request.consents)]
    return tuple([await _recorded(tx, ring, principal, each) for each in heard])


def _heard(http: Request, request: ConsentRequest, sec_gpc: str | None, number: int) -> ConsentRequest:
    """With what headers say: the signal of the browser, and the key by which a repeat is known."""
    key = http.headers.get(KEY_HEADER)
    changes: dict[str, object] = {}
    if sec_gpc is not None and sec_gpc.strip() == "1":
        changes["gpc"] = True
    if key is not None and request.source_id is None:
        changes["source_id"] = f"key {key[:100]} {number}"
    return request.model_copy(update=changes)


async def _recorded(tx: Connection, ring: KeyRing, principal: Principal, request: ConsentRequest) -> ConsentSnapshot:
    return (await actions.record_consent(tx, ring, actor=principal.user_id, request=request)).snapshot


@router.get("/form")
async def consent_form(
    http: Request,
    _principal: Recorder,
    connection: Read,
    locale: Annotated[Locale, Query()] = "en",
    jurisdiction: Annotated[Jurisdiction | None, Query()] = None,
) -> ConsentFormText:
    """What a form shows: texts, versions and choices by language and law."""
    turnstile = http.app.state.human_check is not None
    return await policies.form_text(connection, locale, jurisdiction, turnstile=turnstile)


@router.post("/state")
async def consent_state(request: PersonRequest, _principal: Recorder, ring: Ring, tx: Tx) -> tuple[ConsentState, ...]:
    """What holds for a person now, for the shop's own pages; empty for somebody unknown."""
    audit_trail.nothing_changed()
    person_id = await find_person(tx, ring, request.identifiers)
    return () if person_id is None else await reads.current(tx, person_id)


@router.post("/lookup")
async def look_up(request: PersonLookup, principal: Confidant, ring: Ring, tx: Tx) -> PersonConsent:
    """All that a person has said. The look is audited with its purpose; nobody known: 404."""
    person_id = await find_person(tx, ring, request.identifiers)
    if person_id is None:
        raise ProblemError(Code.NOT_FOUND, "Nobody is known by that.")
    await record_look(tx, actor=principal.user_id, what="consent history", person_id=person_id, purpose=request.purpose)
    known = (await policies.who(tx, ring, [person_id]))[person_id]
    return PersonConsent(
        person_id=str(person_id),
        current=await reads.current(tx, person_id),
        history=await reads.history(tx, person_id, next(iter(known.get("customer_id", ())), None)),
        acknowledged=await policies.acknowledged_by(tx, person_id),
    )


@router.post("/import")
async def import_consents(request: ConsentImport, principal: Importer, ring: Ring, tx: Tx) -> ConsentImportResult:
    """Record up to 1 000 at once; bad rows are named and cost the others nothing."""
    return await actions.import_consents(tx, ring, actor=principal.user_id, request=request)


@router.post("/export")
async def export_consents(
    request: ConsentExportRequest, principal: Exporter, ring: Ring, tx: Tx
) -> Page[ExportedConsent]:
    """A page of what is recorded, the newest first, as an import takes it again. Each page is audited."""
    after: tuple[datetime | None, UUID | None] = decode_cursor(request.cursor, datetime, UUID)
    found = await reads.page(tx, ring, since=request.since, after=after, limit=request.limit + 1)
    kept, following, left_out = cut_page(found, request.limit, lambda last: (last.recorded_at, last.id))
    await actions.record_export(
        tx, actor=principal.user_id, purpose=request.purpose, rows=len(kept), after={"since": str(request.since)}
    )
    items = tuple(each.consent for each in kept if not isinstance(each, Unreadable))
    return Page[ExportedConsent](items=items, next_cursor=following, left_out=left_out, as_of=await clock(tx))


@router.post("/{consent_id}/receipt")
async def hand_out_receipt(
    consent_id: str, request: ReceiptRequest, http: Request, principal: Confidant, ring: Ring, tx: Tx
) -> ConsentReceipt:
    """A snapshot, signed, to be verified without us. The look is audited with its purpose."""
    kept = await reads.snapshot(tx, known_id(consent_id, "consent"))
    await record_look(
        tx, actor=principal.user_id, what="consent receipt", person_id=kept.person_id, purpose=request.purpose
    )
    return await receipt_of(tx, http.app.state.settings, ring, kept)


@router.get("/trends")
async def trends(
    _principal: Viewer,
    connection: Read,
    days: Annotated[int, Query(ge=1, le=400, description="So many days, today included.")] = 90,
) -> ConsentTrends:
    """How many consent, day by day, and when policies changed."""
    return await reads.trends(connection, await clock(connection), days)
