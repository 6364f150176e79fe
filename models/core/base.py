"""What every record and request of the contract shares: names on the wire, instants, integers, money."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    model_validator,
)
from pydantic.alias_generators import to_camel

from models.core import normal_form
from models.core.money import known_currency


class Record(BaseModel):
    """Something the API answers. Immutable; fields a newer server adds are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")


class Request(BaseModel):
    """Something the API is asked. A field it does not know is an error, because it would be lost silently."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")


def _text_instant(value: Any) -> Any:
    # pydantic alone reads 0 as 1970 and "5" as five seconds later; an instant is RFC 3339 text with a zone.
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError("an instant is RFC 3339 text with a zone, such as 2026-11-24T14:02:37Z")
    return value


def plain_integer(value: Any) -> Any:
    """Refuse what pydantic would quietly turn into an integer; raises ValueError."""
    # Booleans and text are refused; 5.0 is an integer to JSON Schema and therefore to us.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("an integer is expected, not text or a boolean")  # noqa: TRY004 - pydantic wants ValueError
    return value


def plain_number(value: Any) -> Any:
    """Refuse what pydantic would quietly turn into a number; raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number is expected, not text or a boolean")  # noqa: TRY004 - pydantic wants ValueError
    return value


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> bool:
    """Whether a database can hold it: no U+0000, no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def as_storable(text: str) -> str:
    """The text with U+FFFD for what a database cannot hold."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _can_be_stored(value: str) -> str:
    # PostgreSQL and UTF-8 cannot hold them, and no identifier or comment needs them.
    if not storable(value):
        raise ValueError("the character U+0000 and halves of surrogate pairs are not allowed")
    return value


NESTED_MOST = 64
"""How deep lists and objects of a request may be nested."""


def not_too_deep(value: Any) -> Any:
    """Refuse what is nested too deep; raises ValueError. For what may hold fields that nobody knows."""
    level = [value]
    for _ in range(NESTED_MOST):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return value
    if any(isinstance(each, dict | list) for each in level):
        raise ValueError(f"lists and objects may be nested {NESTED_MOST} deep")
    return value


def _in_utc(value: datetime) -> datetime:
    # The instant is the same; offsets of 16 hours and more are RFC 3339's and Python's, but no database's.
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("an instant lies between the years 1 and 9999") from None


INT64 = 2**63 - 1

Instant = Annotated[AwareDatetime, BeforeValidator(_text_instant), AfterValidator(_in_utc)]
"""A point in time, in UTC; RFC 3339 text with a zone on the wire."""

EventInstant = Annotated[Instant, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))]
"""When something happened in the shop; centuries away is a mistake of the sender."""

Integer = Annotated[int, BeforeValidator(plain_integer), Field(ge=-INT64, le=INT64)]
"""A signed 64-bit integer that is neither text nor a boolean."""

Count = Annotated[int, BeforeValidator(plain_integer), Field(ge=0, le=INT64)]
"""A number of things."""

Minor = Integer
"""Money in minor units (cents, pence) of the currency beside it."""

PositiveMinor = Annotated[int, BeforeValidator(plain_integer), Field(ge=0, le=10**13)]
"""Money in minor units, zero or more."""

Number = Annotated[float, BeforeValidator(plain_number), Field(allow_inf_nan=False)]
"""A finite number that is neither text nor a boolean."""

Version = Annotated[int, BeforeValidator(plain_integer), Field(ge=1)]
"""The version of a mutable record; its ETag is the same number in quotes."""

CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]
"""ISO 4217 code."""

Text = Annotated[str, AfterValidator(_can_be_stored), Field(max_length=2000)]
"""Free text of an operator or a source, up to 2 000 characters."""

RequiredText = Annotated[str, AfterValidator(_can_be_stored), Field(min_length=1, max_length=2000, pattern=r"\S")]
"""Free text that must say something."""

_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def _in_one_line(value: str) -> str:
    # They break lines, turn the direction of what follows, or show nothing: a name could look like another's.
    if _UNWRITABLE.search(value):
        raise ValueError("a name stands in one line, without line breaks, control characters or marks of direction")
    return value


Label = Annotated[RequiredText, AfterValidator(_in_one_line)]
"""A name people give to something, which stands in lists and subjects beside other words."""

PlainText = Annotated[str, AfterValidator(_can_be_stored)]
"""Text that can be stored; say how long it may be."""

Identifier = Annotated[str, AfterValidator(_can_be_stored), Field(min_length=1, max_length=200)]
"""An id: UUIDv7 text of ours, or an outside system's id as given."""

USER_ID_MOST = 255
"""Characters of a person's id: as many as a subject of OpenID Connect may have."""

UserId = Annotated[str, AfterValidator(_can_be_stored), Field(min_length=1, max_length=USER_ID_MOST)]
"""A person's id in a request. Records have it as it is: one odd person must not cost the others their list."""


def _text_only(form: Callable[[str], str]) -> BeforeValidator:
    """The form of what is text; what is not is for the type itself to refuse."""
    return BeforeValidator(lambda value: form(value) if isinstance(value, str) else value)


def _none_if_invisible(value: Any) -> Any:
    return None if value and isinstance(value, str) and not normal_form.visible(value) else value


def _known_country(value: Any) -> Any:
    return normal_form.country(value) or None if value and isinstance(value, str) else value


OutsideId = Annotated[Identifier, _text_only(normal_form.identifier)]
"""An outside system's id in a request, brought into its one form."""

OptionalOutsideId = Annotated[OutsideId | None, BeforeValidator(_none_if_invisible)]
"""As ``OutsideId`` where there may be none; one that shows nothing is none."""

GivenCurrency = Annotated[
    str,
    _text_only(normal_form.currency),
    AfterValidator(known_currency),
    Field(examples=["EUR"], json_schema_extra={"pattern": r"^[A-Za-z]{3}$"}),
]
"""ISO 4217 code in a request, of a currency that is or was somebody's money; small letters are taken."""

GivenCountry = Annotated[
    Annotated[PlainText, Field(min_length=1, max_length=100)] | None, BeforeValidator(_known_country)
]
"""A country in a request: its ISO 3166 code or name, in one form; XX, which says *unknown*, is none."""


class Given(Request):
    """A record of the shop, brought into one form; ``given`` has what that changed, as it came."""

    _given: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def given(self) -> dict[str, str]:
        """By the field's name on the wire: texts that came in another form."""
        return self._given

    @model_validator(mode="wrap")
    @classmethod
    def _keep_given(cls, data: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        record = validate(data)
        if isinstance(data, Mapping):
            for name, field in cls.model_fields.items():
                alias = field.alias or name
                text = data.get(alias, data.get(name))
                kept = getattr(record, name)
                if isinstance(text, str) and (kept is None or isinstance(kept, str)) and text != kept:
                    record.given[alias] = text
        return record
