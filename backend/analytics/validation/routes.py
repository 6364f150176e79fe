"""``POST /api/analytics/events/validate``: what the plan says of an event, of which nothing is kept."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from fastapi import Request, Response

from backend.analytics.event_text import read_item
from backend.analytics.validation.compiled import CompiledPlan, PlanCache
from backend.analytics.validation.judge import judge
from backend.core import audit_trail
from backend.core.dependencies import database_of
from backend.core.http import operations_router
from backend.core.problems import invalid
from backend.core.security import Principal, require
from models.analytics import EventMode
from models.analytics.events import (
    BATCH_MOST,
    ValidateRequest,
    ValidationResult,
    ValidationResults,
    Violation,
    ViolationClass,
)
from models.core.permissions import Permission

router = operations_router("/api/analytics/events", "analytics")

Validator = Annotated[Principal, require(Permission.VALIDATE_EVENTS)]


class _Event(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    event_name: str
    payload: msgspec.Raw
    version: Annotated[int, msgspec.Meta(ge=1)] | None = None


class _Request(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    event_name: str | None = None
    payload: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    version: Annotated[int, msgspec.Meta(ge=1)] | None = None
    events: Annotated[list[_Event], msgspec.Meta(min_length=1, max_length=BATCH_MOST)] | None = None


_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"unknown field `(.*)`")
_REQUEST = msgspec.json.Decoder(_Request)


def _documented() -> dict[str, Any]:
    """The contract's own request, which is read from the bytes here."""
    schema = ValidateRequest.model_json_schema(by_alias=True)
    schema["properties"]["events"]["anyOf"][0]["items"] = schema.pop("$defs")["EventToValidate"]
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_ANSWER: dict[int | str, dict[str, Any]] = {200: {"model": ValidationResult | ValidationResults}}


@router.post("/validate", openapi_extra=_documented(), responses=_ANSWER, response_class=Response)
async def validate(http: Request, _principal: Validator) -> Response:
    """Judge one event, or a batch of up to 1 000, by the plan of at most a second ago."""
    audit_trail.nothing_changed()
    request = _read(await http.body())
    plans: PlanCache = http.app.state.plans
    plan = plans.newest
    if plan is None:
        async with database_of(http).read() as connection:
            plan = await plans.current(connection)
    environment, now = http.app.state.settings.environment, datetime.now(UTC)
    if request.events is None:
        assert request.event_name is not None  # noqa: S101 - read so
        payload = msgspec.Raw(b"null") if request.payload is msgspec.UNSET else request.payload
        result = _validate(plan, environment, now, request.event_name, payload, request.version)
        return Response(result.model_dump_json(by_alias=True), media_type="application/json")
    results = [
        _validate(plan, environment, now, each.event_name, each.payload, each.version) for each in request.events
    ]
    answer = ValidationResults(
        valid=sum(each.valid for each in results), results=tuple(results), plan_version=plan.version, as_of=now
    )
    return Response(answer.model_dump_json(by_alias=True), media_type="application/json")


def _read(body: bytes) -> _Request:
    try:
        request = _REQUEST.decode(body)
    except msgspec.ValidationError as error:
        words, _, where = str(error).partition(" - at ")
        path = _STEP.sub(r"/\1\2", where.strip("`").removeprefix("$"))
        if unknown := _UNKNOWN.search(words):
            path += f"/{unknown[1]}"
        raise invalid(path or "/", f"{words[:1].lower()}{words[1:]}".replace("`", "")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        problem = read_item(body).problem
        raise invalid("/", problem or "it is no JSON") from None
    if (request.event_name is None) == (request.events is None):
        raise invalid("/eventName", "send either eventName and payload, or events")
    return request


def _validate(
    plan: CompiledPlan, environment: str, now: datetime, event_name: str, payload: msgspec.Raw, version: int | None
) -> ValidationResult:
    item = read_item(bytes(payload))
    if item.value is None:
        return ValidationResult(
            valid=False,
            event_name=event_name,
            version=version,
            mode=EventMode.QUARANTINE,
            violations=(Violation(violation_class=ViolationClass.MALFORMED, pointer="/properties", rule=item.problem),),
        )
    found = judge(plan, environment, now, event_name=event_name, properties=item.value, declared=version)
    return ValidationResult(
        valid=not found.violations,
        event_name=event_name,
        version=found.version,
        mode=found.mode,
        violations=found.violations,
    )
