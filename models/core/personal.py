"""What of a record is personal data of a customer: marked where the field stands, left out of what a console keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:  # views know the words before anything heavy is loaded
    from pydantic import BaseModel

T = TypeVar("T")

NOT_KEPT_OFFLINE = "not kept offline"
"""What stands in the place of a text that was left out; views show it as it is."""


@dataclass(frozen=True, slots=True)
class Personal:
    """Says of a field that it may hold personal data of a customer: ``name: Annotated[str, PERSONAL]``.

    Marked is what names, reaches or singles out a customer (ids, names, addresses of any kind, cards, devices), free
    text that an operator may have written about one, and what repeats any of these (an audit entry's before and after).
    Not marked are order numbers and countries, which name nobody by themselves, and operators: who asked, decided or
    was given a role is what an audit log and an approval are for, and staff can be told so.
    """

    only_if: Callable[[Any], bool] | None = None
    """From the record, whether this one holds any; without it, always."""


PERSONAL = Personal()


def personal_fields(kind: type[BaseModel]) -> dict[str, Personal]:
    """The marked fields of a record and their marks."""
    return {name: mark for name, mark in _marks(kind) if mark is not None}


def without_personal(value: T) -> T:
    """The same records with words, or nothing, in the place of personal data; they stay valid.

    Raises TypeError for what it cannot look into: then nothing may be kept of it.
    """
    return _without(value)  # type: ignore[no-any-return]


def is_left_out(value: object) -> bool:
    """Whether this stands in the place of something that was left out."""
    return value == NOT_KEPT_OFFLINE or (isinstance(value, dict | tuple | list) and any(map(is_left_out, value)))


def _without(value: Any) -> Any:
    match value:
        case None | str() | bytes() | int() | float():
            return value
        case _ if hasattr(type(value), "model_fields"):
            changes = {}
            kind: type[BaseModel] = type(value)
            for name, mark in _marks(kind):
                held = getattr(value, name)
                if mark is not None and (mark.only_if is None or mark.only_if(value)):
                    fresh = _left_out(held)
                else:
                    fresh = _without(held)
                if fresh is not held:
                    changes[name] = fresh
            return value.model_copy(update=changes) if changes else value
        case tuple() if type(value) is tuple:
            return tuple(map(_without, value))
        case list():
            return [*map(_without, value)]
        case dict():
            return {key: _without(held) for key, held in value.items()}
        case _ if type(value).__module__ in {"datetime", "uuid"}:
            return value
        case _:
            raise TypeError(f"{type(value).__name__} cannot be searched for personal data")


def _left_out(held: Any) -> Any:
    """Empty stays empty: that somebody is a guest, or wrote nothing, is not personal."""
    return held if held in (None, "", (), [], {}) else _in_shape(held)


def _in_shape(held: Any) -> Any:
    """Words in the place of a value, one for each that there may be several of, so that the record stays valid."""
    match held:
        case tuple():
            return tuple(map(_in_shape, held[:1]))
        case list():
            return [*map(_in_shape, held[:1])]
        case dict():
            return {NOT_KEPT_OFFLINE: _in_shape(next(iter(held.values())))}
        case _:
            return NOT_KEPT_OFFLINE


@cache
def _marks(kind: type[BaseModel]) -> tuple[tuple[str, Personal | None], ...]:
    return tuple(
        (name, next((each for each in field.metadata if isinstance(each, Personal)), None))
        for name, field in kind.model_fields.items()
    )
