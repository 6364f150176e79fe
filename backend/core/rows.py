"""Stored rows as records: one that no longer fits the contract is left out and named, and the others are there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from psycopg.rows import BaseRowFactory, RowMaker, dict_row
from pydantic import ValidationError

from backend.core.logs import logger
from backend.core.metrics import UNREADABLE
from backend.core.problems import ProblemError
from models.core.problems import Code

log = logger(__name__)

T = TypeVar("T")
REPORTED_AGAIN_SECONDS = 600.0
"""Lists are polled: a row that stays as it is, is logged no more often."""
REMEMBERED = 10_000

_reported: dict[tuple[str, str], float] = {}


class Unreadable:
    """A row that does not fit. Its columns are attributes, so that a cursor leads past it."""

    def __init__(self, values: Mapping[str, Any], error: ValidationError) -> None:
        self.__dict__.update(values)
        self.error = error

    def __getattr__(self, name: str) -> Any:
        """What a record would work out of a row is not known of this one."""
        raise AttributeError(name)


def lenient_row(record: Callable[..., T]) -> BaseRowFactory[T | Unreadable]:
    """A row factory, as ``class_row``, but for rows of which one must not cost the others their list."""

    def factory(cursor: Any) -> RowMaker[T | Unreadable]:
        named = dict_row(cursor)
        return lambda values: read_row(record, named(values))

    return factory


def read_row(record: Callable[..., T], values: Mapping[str, Any]) -> T | Unreadable:
    """The record of a row, or the row as it is, logged and counted, when it is none."""
    try:
        return record(**values)
    except ValidationError as error:
        _report(error, values)
        return Unreadable(values, error)


def readable(rows: Iterable[T | Unreadable]) -> tuple[T, ...]:
    """Those that fit."""
    return tuple(row for row in rows if not isinstance(row, Unreadable))


def left_out(rows: Iterable[object]) -> int:
    """How many do not fit."""
    return sum(isinstance(row, Unreadable) for row in rows)


def the_one(rows: Sequence[T | Unreadable], missing: str) -> T:
    """The first row; the words are those of the 404 when there is none.

    Raises:
        ProblemError: 404.
        ValidationError: It does not fit: whoever asks for this one alone is not told that there is none.
    """
    if not rows:
        raise ProblemError(Code.NOT_FOUND, missing)
    row = rows[0]
    if isinstance(row, Unreadable):
        raise row.error
    return row


def _report(error: ValidationError, values: Mapping[str, Any]) -> None:
    UNREADABLE.labels(error.title).inc()
    now = time.monotonic()
    key = error.title, str(next(iter(values.values()), ""))[:200]
    if _reported.get(key, 0.0) > now:
        return
    if len(_reported) >= REMEMBERED:
        _reported.clear()
    _reported[key] = now + REPORTED_AGAIN_SECONDS
    # Not what stands there: it may be personal.
    found = error.errors(include_url=False, include_context=False, include_input=False)
    reason = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)
    log.error("a row was left out of a list", record=key[0], row=key[1], reason=reason)
