"""What changed, in words: nested, listed, new, gone, and folded."""

from __future__ import annotations

from typing import Any

import pytest

from models.audit import AuditLogEntry
from tests.app.audit.fixtures import entry
from views.audit.wording import short, title, who
from views.kit.changes import Line, compare
from views.kit.field_words import sentence, value


def made(**more: Any) -> AuditLogEntry:
    return AuditLogEntry.model_validate(entry(5, 5, **more))


def test_only_what_changed_is_shown_and_the_rest_counted() -> None:
    found = compare(
        {"limit": 0.02, "title": "A", "enabled": True, "shelvedUntil": None, "version": 1},
        {"limit": 0.025, "title": "A", "enabled": False, "shelvedUntil": "2026-11-24T18:00:00Z", "version": 2},
    )
    assert found.lines == (
        Line("field", "Limit", None),
        Line("changed", "0.02", "0.025"),
        Line("field", "Enabled", None),
        Line("changed", "yes", "no"),
        Line("field", "Shelved until", None),
        Line("changed", "–", "2026-11-24 18:00:00 UTC"),
    )
    assert found.hidden == "1 field unchanged is not shown"
    assert compare({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2, "c": 3}).hidden == "3 fields unchanged are not shown"


def test_lists_are_compared_element_by_element() -> None:
    before = {"permissions": ["risk.check_orders", "risk.view_queue", "a.b"]}
    after = {"permissions": ["risk.view_queue", "a.b", "privacy.submit_requests"]}
    found = compare(before, after)
    assert found.lines[1:] == (
        Line("changed", "Check orders (risk)", None),
        Line("changed", None, "Submit requests (privacy)"),
    )
    assert found.hidden == "2 permissions unchanged are not shown"
    everything = compare(before, after, everything=True)
    assert (len(everything.lines), everything.hidden) == (5, "")
    assert compare({"p": ["a", "b"]}, {"p": ["b", "a"]}).lines[1] == Line("changed", "another order", "another order")


def test_what_is_new_or_gone_stands_on_one_side_only() -> None:
    found = compare(
        None, {"name": "Viewer", "note": None, "details": {"roleId": "r1", "roleName": "Risk", "minutes": 5}}
    )
    assert found.lines == (
        Line("field", "Name", None),
        Line("changed", None, "Viewer"),
        Line("field", "Details · Role name", None),
        Line("changed", None, "Risk"),
        Line("field", "Details · Minutes", None),
        Line("changed", None, "5"),
    )
    assert compare({"name": "Viewer"}, None).lines[1] == Line("changed", "Viewer", None)
    assert compare(None, None).lines == ()
    assert compare({"xs": [{"a": 1}]}, {"xs": [{"a": 2}]}).lines[1:] == (
        Line("changed", "A 1", None),
        Line("changed", None, "A 2"),
    )


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (None, "–"), (True, "yes"), (False, "no"), (1234567, "1,234,567"), (-3, "−3"), (0.5, "0.5"), (2.0, "2"),
        ("", "–"), ("in_progress", "in progress"), ("2026-13-45T99:99:99Z", "2026-13-45T99:99:99Z"),
        ("2026-11-24T15:00:00+01:00", "2026-11-24 14:00:00 UTC"), ("It is 5.", "It is 5."),
    ],
)  # fmt: skip
def test_values_as_people_read_them(held: Any, words: str) -> None:
    assert value(held) == words


@pytest.mark.parametrize(
    ("action", "kind", "label", "words"),
    [
        ("rbac.role.changed", "role", "Support lead", "Role Support lead changed"),
        ("alerts.alert.acknowledged", "alert", "X", "Alert “X” acknowledged"),
        ("session.signed_in", "account", None, "Account Tariq Khan signed in"),
        ("rbac.review.opened", "access_review", None, "Review due"),
        ("rbac.role.assigned", "role_assignment", "A of B", "Role A of B given"),
        ("approvals.denied", "approval", "Give A to B", "Denied: Give A to B"),
        ("new.thing.half_done", "new_thing", None, "New thing half done"),
    ],
)
def test_what_happened_in_words(action: str, kind: str, label: str | None, words: str) -> None:
    assert title(made(action=action, resourceType=kind, resourceLabel=label)) == words


def test_people_by_name_and_initials() -> None:
    assert (short(made()), who(made())) == ("TK", "Tariq Khan")
    system = made(actor="system:sample-shop", actorLabel=None)
    assert (short(system), who(system)) == ("Sample shop", "Sample shop")
    earlier = made(actor="system:command-line", actorLabel="system:command-line")
    assert (short(earlier), who(earlier)) == ("Command line", "Command line")
    assert short(made(actor="ada", actorLabel=None)) == "A"
    assert short(made(actorLabel="Operations lead of night")) == "ON"
    assert sentence("permissionSet_of") == "Permission set of"
