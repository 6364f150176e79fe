"""What a request may be refused for; ``backend.core.problem_responses`` answers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeVar

from models.core.base import Record, as_storable
from models.core.problems import Code, FieldError
from models.core.wording import counted


class ProblemError(Exception):
    """A request cannot be answered as asked."""

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        permission: str | None = None,
        current: Record | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.permission = permission
        self.current = current
        self.headers = dict(headers or {})


def invalid(pointer: str, message: str) -> ProblemError:
    """A 422 that points at one field.

    Args:
        pointer: ``/name`` in the body, ``query:name`` or ``header:name``.
        message: What is wrong, to stand beside the field: lower case, no full stop. The detail says it as a sentence.
    """
    error = FieldError(pointer=pointer, code="invalid", message=message)
    return ProblemError(Code.INVALID, f"{message[0].upper()}{message[1:]}.", errors=[error])


def same_version(found: int, expected: int) -> None:
    """Raises ProblemError 412 when somebody changed the record after the caller saw it."""
    if found != expected:
        raise ProblemError(
            Code.STALE_VERSION, f"It is at version {found} now, not {expected}: look at it again before you decide."
        )


def _pointer(location: Sequence[Any]) -> str:
    where, *path = location
    # Names of fields come from the sender and may hold anything.
    path = [as_storable(part) if isinstance(part, str) else part for part in path]
    if where == "body":
        return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
    return f"{where}:{'.'.join(str(part) for part in path)}"


def field_errors(errors: Sequence[Any]) -> tuple[FieldError, ...]:
    """Pydantic's errors as the contract names them; values are left out, they may be secret."""
    return tuple(
        FieldError(
            pointer=_pointer(error["loc"]),
            code=error["type"].replace("_", "-"),
            message=_message(error),
        )
        for error in errors
    )


_INSTANT: Final = "must be an instant with a zone, such as 2026-11-24T14:02:37Z"
_WORDS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is no field of this request",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "uuid_type": "must be a UUID",
    "uuid_parsing": "must be a UUID",
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "timezone_aware": _INSTANT,
    "date_type": "must be a day, such as 2026-11-24",
    "date_parsing": "must be a day, such as 2026-11-24",
    "date_from_datetime_parsing": "must be a day, such as 2026-11-24",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "union_tag_not_found": "must say its {discriminator}",
    "union_tag_invalid": "one of {expected_tags} is expected",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "multiple_of": "must be a multiple of {multiple_of}",
    "string_pattern_mismatch": "is not of the form {pattern}",
}
"""What the reader of requests finds wrong, in our words: its own are about input and values."""


_BOUND_IN_TIME: Final = re.compile(r"datetime\.date(?:time)?\((\d+), (\d+), (\d+)\b.*")
"""How the reader writes an instant that is the bound of another."""


def _message(error: Any) -> str:
    kind, bounds = error["type"], dict(error.get("ctx") or {})
    if at := _BOUND_IN_TIME.fullmatch(str(bounds.get("ge", bounds.get("lt")))):
        day = date(*map(int, at.groups()))
        return f"must {'not ' if kind == 'greater_than_equal' else ''}lie before {day:%Y-%m-%d}"
    if kind in {"too_short", "string_too_short", "too_long", "string_too_long"}:
        least = bounds.get("min_length")
        if least == 1:
            return "must not be empty"
        text = "string" in kind or bounds.get("field_type") == "Value"
        many = counted(bounds["max_length"] if least is None else least, "character" if text else "item")
        return f"must have {'at most' if least is None else 'at least'} {many}"
    words = _WORDS.get(kind)
    return str(error["msg"]).removeprefix("Value error, ") if words is None else words.format(**bounds)


F = TypeVar("F", bound=Callable[..., Any])


def raises(*codes: Code) -> Callable[[F], F]:
    """Say which problems a dependency of a route raises; the OpenAPI document tells them for every route with it."""

    def mark(dependency: F) -> F:
        dependency.__dict__["raises"] = codes
        return dependency

    return mark
