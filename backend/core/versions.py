"""Versions: a record's ETag, and the If-Match a change of it is based on."""

from __future__ import annotations

from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, Header, Query, Response
from pydantic import TypeAdapter, ValidationError

from backend.core.problems import ProblemError, invalid, raises
from models.core.problems import Code

_VERSION: TypeAdapter[int] = TypeAdapter(Annotated[int, Query(ge=1, le=2**63 - 1)])


@raises(Code.VERSION_MISSING, Code.STALE_VERSION)
def _if_match(
    if_match: Annotated[
        str | None, Header(alias="If-Match", description="Version the change is based on, as its ETag says.")
    ] = None,
) -> int:
    if if_match is None:
        raise ProblemError(Code.VERSION_MISSING, "Send If-Match with the version the change is based on.")
    text = if_match.strip().removeprefix("W/").strip('"')
    wrong = invalid("header:If-Match", 'If-Match is one version in quotes, such as "3"')
    if not text.isascii() or not text.isdigit():
        raise wrong
    try:
        return _VERSION.validate_python(int(text[:20]))
    except ValidationError:
        raise wrong from None


IfMatch = Annotated[int, Depends(_if_match)]
"""The version a change is based on. Missing: 428; not a version: 422."""


class Versioned(Protocol):
    """A record with a version."""

    @property
    def version(self) -> int:
        """Counts its changes."""


V = TypeVar("V", bound=Versioned)


def with_etag(response: Response, record: V) -> V:
    """The record that is answered; its version becomes the ETag."""
    response.headers["ETag"] = f'"{record.version}"'
    return record
