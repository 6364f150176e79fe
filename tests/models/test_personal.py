"""What is personal is marked: no record of the contract has a field that looks like it without a mark."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import BaseModel

import models
from models.core.base import Record
from models.core.personal import NOT_KEPT_OFFLINE, PERSONAL, Personal, is_left_out, personal_fields, without_personal
from models.risk.rules import Compared, Condition
from models.risk.suppression import Snooze

LOOKS_PERSONAL = re.compile(
    r"(^|_)(e?mail|phone|mobile|telephone|address|street|city|postcode|zip|ips?|card|device|customer|fingerprint|"
    r"birth|birthday|iban|account_holder|surname|firstname|lastname|first_name|last_name|gender|notes?)(_|$)"
)
NAMES_NOBODY = re.compile(r"credit_note|_country$|_at$|_count$")
"""A country, an instant and a count, whosever they are."""
OF_THE_LOG = {"AuditCheckpoint.note", "InclusionProof.note"}
"""Signed checkpoints are called notes."""
OF_STAFF = {
    "Refresh.device",
    "Secret.fingerprint",
    "ContactMethod.address",
    "ContactMethod.id",
    "ContactRequest.address",
    "CompleteItem.notes",
    "LaunchChecklistItem.notes",
}
"""What is signed off of a launch is read offline too.
A secret of the console, beside its tokens; secrets of connections; where operators want to be reached."""
OF_A_CUSTOMER = re.compile(r"Customer|Contact|Recipient|DataSubject")
"""In records of this name, ``name`` and ``id`` are a customer's."""


def contract() -> Iterator[type[BaseModel]]:
    """Every record and request of the contract."""
    for module in pkgutil.walk_packages(models.__path__, "models."):
        for found in vars(importlib.import_module(module.name)).values():
            if isinstance(found, type) and issubclass(found, BaseModel) and found.__module__ == module.name:
                yield found


def holds_text(annotation: Any) -> bool:
    """Whether text may stand there, not counting what is inside of records: their own fields are looked at."""
    if annotation is Any or annotation is str:
        return True
    return any(holds_text(each) for each in get_args(annotation) if each is not Ellipsis)


def marks_inside(annotation: Any) -> bool:
    """Whether a mark hides where nobody looks for it."""
    if get_origin(annotation) is Annotated and any(isinstance(each, Personal) for each in get_args(annotation)[1:]):
        return True
    return any(marks_inside(each) for each in get_args(annotation))


def test_a_field_that_looks_personal_is_marked() -> None:
    seen, missing = 0, []
    for kind in contract():
        marked = personal_fields(kind)
        for name, field in kind.model_fields.items():
            looks = LOOKS_PERSONAL.search(name) and not NAMES_NOBODY.search(name)
            looks = looks or (OF_A_CUSTOMER.search(kind.__name__) and name in {"id", "name"})
            if looks and holds_text(field.annotation):
                seen += 1
                if name not in marked and f"{kind.__name__}.{name}" not in OF_THE_LOG | OF_STAFF:
                    missing.append(f"{kind.__name__}.{name}")
    assert seen > 20
    assert missing == [], "mark them with models.core.personal.PERSONAL"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("customer_email", str), ("ip", str | None), ("shipping_address", Any), ("note", tuple[str, ...])],
)
def test_the_search_finds_what_a_new_record_might_bring(name: str, kind: Any) -> None:
    assert LOOKS_PERSONAL.search(name)
    assert holds_text(kind)


def test_marks_stand_at_the_field_where_they_are_looked_for() -> None:
    for kind in contract():
        for name, field in kind.model_fields.items():
            assert not marks_inside(field.annotation), f"{kind.__name__}.{name}: mark the field, not a part of its type"


def test_what_says_nothing_about_a_customer_stays() -> None:
    rule = Condition(metric="order_value", operator="gt", value=5)
    listed = Condition(metric="email", operator="in_list", value="good-customers")
    named = Condition(metric="email", operator="in", value=("a@example.org", "b@example.org"))
    assert without_personal((rule, listed)) == (rule, listed)
    assert without_personal(named).value == (NOT_KEPT_OFFLINE,)
    met = Compared(metric="ip", operator="eq", value="203.0.113.7", actual="203.0.113.7", holds=True)
    assert (without_personal(met).value, without_personal(met).actual) == (NOT_KEPT_OFFLINE, NOT_KEPT_OFFLINE)


def test_what_is_empty_stays_empty_and_all_else_as_it_is() -> None:
    class Guest(Record):
        name: Annotated[str | None, PERSONAL]
        text: Annotated[str, PERSONAL]
        before: Annotated[dict[str, Any] | None, PERSONAL]
        order: str

    assert without_personal(Guest(name=None, text="", before={}, order="o")) == Guest(
        name=None, text="", before={}, order="o"
    )
    left = without_personal(Guest(name="n", text="t", before={"a": 1}, order="o"))
    assert left.order == "o"
    assert all(map(is_left_out, (left.name, left.text, left.before)))
    assert not is_left_out(left.order)
    same = Snooze.model_construct(rule_id="r")
    assert without_personal([{"k": 3}, same.rule_id]) == [{"k": 3}, "r"]


def test_what_cannot_be_searched_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot be searched"):
        without_personal((object(),))
