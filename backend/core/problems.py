"""What a request may be refused for; ``backend.core.problem_responses`` answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from models.core.base import Record, as_storable
from models.core.problems import Code, FieldError


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


def _message(error: Any) -> str:
    if error["type"] == "union_tag_invalid":  # pydantic's own words repeat what was sent
        return f"one of {error['ctx']['expected_tags']} is expected"
    return str(error["msg"]).removeprefix("Value error, ")


F = TypeVar("F", bound=Callable[..., Any])


def raises(*codes: Code) -> Callable[[F], F]:
    """Say which problems a dependency of a route raises; the OpenAPI document tells them for every route with it."""

    def mark(dependency: F) -> F:
        dependency.__dict__["raises"] = codes
        return dependency

    return mark
