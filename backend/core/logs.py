"""Structured logs on standard error, each line with the request it belongs to."""

from __future__ import annotations

import logging
import re
import sys
from contextvars import ContextVar
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Id of the request being worked on; stands in every answer, log line and audit row."""

trace_id: ContextVar[str | None] = ContextVar("trace_id", default=None)
"""W3C trace id of that request, 32 hexadecimal digits."""

correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
"""What ties several requests together; stands in their audit rows."""


def _with_request(_logger: object, _method: str, event: EventDict) -> EventDict:
    if (current := request_id.get()) is not None:
        event.setdefault("request_id", current)
    if (trace := trace_id.get()) is not None:
        event.setdefault("trace_id", trace)
    return event


_ROWS = re.compile(r"(DETAIL|CONTEXT):  .*?(?=\n\n(?:The above exception|During handling)|\Z)", re.DOTALL)
"""What the database adds to an error: whole rows and the values of keys, which may be personal."""


def _without_rows(_logger: object, _method: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _ROWS.sub(r"\1: left out, it may be personal", value)
    return event


def configure(form: Literal["json", "text"]) -> None:
    """Send everything, also what libraries log through ``logging``, to standard error as one line each."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_request,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_rows,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # The pool tells each failed reconnection, and what we raise tells it again.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    # They tell whole addresses, and in those of some systems stands the secret.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.WARNING)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound
