"""The contract's own promises: names on the wire, strict instants and integers, one registry of problems."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from models.alerts import AlertRuleChange, AlertRuleDraft, ShelveAlert
from models.core.base import Instant, Integer, Number
from models.core.permissions import BUILT_IN_ROLES, Permission
from models.core.problems import REGISTRY, Code
from models.figures import FIGURES, FigureName
from models.shop.ingest import BATCH_MOST, Batch, OrderIn

ORDER: dict[str, Any] = {"id": "CS-1", "placedAt": "2026-11-24T14:02:00Z", "currency": "EUR", "total": 1999}


def test_records_are_camel_case_on_the_wire() -> None:
    order = OrderIn.model_validate(ORDER)
    assert order.model_dump(mode="json", by_alias=True)["placedAt"] == "2026-11-24T14:02:00Z"


def test_an_unknown_request_field_is_an_error() -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        OrderIn.model_validate(ORDER | {"totl": 1})


@pytest.mark.parametrize("instant", [0, 1.5, True, "5", "2026-11-24", "2026-11-24T14:02:00", "yesterday", None])
def test_an_instant_is_text_with_a_zone(instant: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Instant).validate_python(instant)


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1900, 1, 1)))  # noqa: DTZ001 - hypothesis wants it naive
def test_instants_survive_the_wire(instant: datetime) -> None:
    adapter = TypeAdapter[datetime](Instant)
    assert adapter.validate_json(adapter.dump_json(instant)) == instant


@pytest.mark.parametrize("value", [True, False, "5", "5.0", 5.5, None, 2**63])
def test_an_integer_is_neither_text_nor_boolean(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Integer).validate_python(value)


def test_five_point_nought_is_an_integer_to_json_schema_and_to_us() -> None:
    assert TypeAdapter(Integer).validate_python(5.0) == 5


@pytest.mark.parametrize("value", [True, "0.1", float("nan"), float("inf")])
def test_a_number_is_finite_and_no_text(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Number).validate_python(value)


def test_text_that_postgresql_cannot_hold_is_refused() -> None:
    with pytest.raises(ValidationError, match="U\\+0000"):
        OrderIn.model_validate(ORDER | {"id": "a\x00b"})


def test_a_batch_has_a_limit() -> None:
    assert len(Batch(rows=[{}] * BATCH_MOST).rows) == BATCH_MOST
    with pytest.raises(ValidationError):
        Batch(rows=[{}] * (BATCH_MOST + 1))
    with pytest.raises(ValidationError):
        Batch(rows=[])


def test_a_rule_change_must_change_something() -> None:
    with pytest.raises(ValidationError, match="at least one field"):
        AlertRuleChange()


def test_a_runbook_link_is_a_web_address() -> None:
    draft = {"figure": "orders.total", "title": "Few orders", "comparison": "below", "value": 1, "severity": "P3"}
    assert AlertRuleDraft.model_validate(draft).range_days == 7
    with pytest.raises(ValidationError, match="runbook"):
        AlertRuleDraft.model_validate(draft | {"runbookUrl": "javascript:alert(1)"})
    with pytest.raises(ValidationError, match="1, 7, 30 or 90"):
        AlertRuleDraft.model_validate(draft | {"rangeDays": 8})


def test_shelving_needs_a_reason() -> None:
    with pytest.raises(ValidationError):
        ShelveAlert.model_validate({"until": "2026-11-24T14:02:00Z", "reason": "  "})


def test_every_problem_code_is_registered_and_documented() -> None:
    document = (Path(__file__).parents[2] / "docs" / "problems.md").read_text()
    assert set(REGISTRY) == set(Code)
    for code, meaning in REGISTRY.items():
        assert f"| `{code}` | {meaning.status} | {meaning.title} |" in document


def test_permission_keys_are_area_dot_verb_object() -> None:
    for permission in Permission:
        area, verb = permission.value.split(".")
        assert area.isalpha()
        assert verb.replace("_", "").isalpha()


def test_roles_are_kebab_case_and_the_sensitive_ones_are_marked() -> None:
    assert all(role.id == role.name.lower().replace(" ", "-").removesuffix("-service") for role in BUILT_IN_ROLES)
    sensitive = {role.id for role in BUILT_IN_ROLES if role.sensitive}
    assert sensitive == {"risk-manager", "compliance-officer", "launch-director", "administrator"}


def test_every_figure_has_a_unit_and_a_source() -> None:
    assert set(FIGURES) == set(FigureName)
