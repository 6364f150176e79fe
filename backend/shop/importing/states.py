"""What a shop's word for the state of an order says about money."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """What a row's state means. The values are what ``--states`` takes."""

    PAID = "paid"
    PENDING = "pending"
    """An order that is not paid yet."""
    LEFT_OUT = "left-out"
    """No sale: it is counted and named, and does not land."""
    REFUNDED = "refunded"
    """A sale all of which was given back."""
    PARTLY_REFUNDED = "partly-refunded"
    REFUND_FAILED = "refund-failed"
    """The money of a refund came back: that refund is none."""


def word_of(text: str) -> str:
    """A state as it is looked up: shops write on-hold, on_hold and On Hold."""
    return " ".join(text.casefold().replace("_", " ").replace("-", " ").split())


def words(**meanings: str) -> dict[str, State]:
    """States by their words: ``words(pending="authorized, on hold")``."""
    return {
        word_of(word): State[name.upper()] for name, listed in meanings.items() for word in listed.split(",") if word
    }


COMMON: Final[Mapping[str, State]] = words(
    paid="paid, partially paid, settled, complete, completed, processing, processed, captured, partially captured, "
    "succeeded, fulfilled, shipped, delivered, archived",
    pending="pending, pending payment, awaiting payment, payment review, on hold, holded, unpaid, not paid, awaiting, "
    "authorized, partially authorized, requires action, uncaptured",
    left_out="cancelled, canceled, failed, voided, void, expired, draft, auto draft, checkout draft, abandoned, "
    "declined, rejected, trash, deleted",
    refunded="refunded",
    partly_refunded="partially refunded, partial refund",
)
"""Words that mean the same wherever they stand."""
