"""Every failure becomes an RFC 9457 answer that tells what to do and nothing about our insides."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from backend.core.database import DatabaseUnavailable
from backend.core.logs import logger, request_id
from backend.core.problems import ProblemError, field_errors
from models.core.problems import REGISTRY, Code, Problem

log = logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = {"Retry-After": "2"}


def answer(problem: ProblemError) -> Response:
    """The HTTP answer for a problem."""
    meaning = REGISTRY[problem.code]
    body = Problem(
        type=f"urn:opsconsole:problem:{problem.code}",
        title=meaning.title,
        status=meaning.status,
        detail=problem.detail,
        code=problem.code,
        errors=problem.errors,
        permission=problem.permission,
        current=None if problem.current is None else problem.current.model_dump(mode="json", by_alias=True),
        request_id=request_id.get(),
    )
    return Response(
        body.model_dump_json(by_alias=True),
        status_code=meaning.status,
        media_type=MEDIA_TYPE,
        headers=problem.headers,
    )


_STATUS_CODES = {
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_MISSING,
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    413: Code.TOO_LARGE,
}


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for this class
    return answer(error)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    errors = field_errors(error.errors()[:100])
    return answer(ProblemError(Code.INVALID, "; ".join(e.message for e in errors[:3]), errors=errors))


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    code = _STATUS_CODES.get(error.status_code, Code.INVALID if error.status_code < 500 else Code.INTERNAL)
    return answer(ProblemError(code, str(error.detail), headers=error.headers))


async def _unavailable(_request: Request, error: Exception) -> Response:
    log.warning("database unavailable", reason=str(error))
    assert isinstance(error, DatabaseUnavailable)  # noqa: S101 - registered for this class
    return answer(ProblemError(Code.UNAVAILABLE, error.advice, headers=RETRY_AFTER))


def internal(error: Exception) -> Response:
    """The answer for a fault of ours; its details go to the log only."""
    log.error("request failed", exc_info=error)
    return answer(ProblemError(Code.INTERNAL, "The fault is logged under the request id."))


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DatabaseUnavailable, _unavailable)
