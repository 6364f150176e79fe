"""The program's own texts can be filled, and a value is never more than a value."""

from __future__ import annotations

import pytest

from backend.deliveries.routing.texts import TEXTS, fill, program_text, text_blocker
from models.deliveries.connections import ConnectionKind
from models.deliveries.routing import TemplateChange


@pytest.mark.parametrize(("name", "kind"), list(TEXTS))
def test_each_text_names_only_its_values_and_reads_well(name: str, kind: ConnectionKind | None) -> None:
    text = TEXTS[name, kind]
    assert (name, None) in TEXTS
    names = frozenset(text.examples)
    for part in (text.subject, text.text):
        assert text_blocker(part, names) is None
        filled = fill(part, text.examples)
        assert filled
        assert "{" not in filled
    TemplateChange(subject=text.subject, text=text.text)


def test_a_kind_may_have_its_own() -> None:
    assert program_text("alert.raised", ConnectionKind.SLACK) is TEXTS["alert.raised", None]
    assert program_text("alert.raised", ConnectionKind.PAGERDUTY) is TEXTS["alert.raised", ConnectionKind.PAGERDUTY]
    with pytest.raises(KeyError):
        program_text("no.such", None)


def test_values_are_not_looked_at_again() -> None:
    assert fill("{a} {b}", {"a": "{b}", "b": "{0.__class__}"}) == "{b} {0.__class__}"
    assert fill("{a!r} {a.b} {A} {}", {"a": "x"}) == "{a!r} {a.b} {A} {}"


def test_what_is_missing_leaves_no_hole() -> None:
    assert fill("Since.\n\n{guidance}\n\n{link}", {"link": "https://x.example"}) == "Since.\n\nhttps://x.example"
    assert fill("Since.\n\n{guidance}\n\n{link}", {}) == "Since."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{title} {nobody}", "There is no value {nobody} here. It may name: since, title."),
        ("{title", "A brace stands alone"),
        ("}", "A brace stands alone"),
        ("{}", "A brace stands alone"),
        ("{title!r}", "A brace stands alone"),
        ("{title.__class__}", "A brace stands alone"),
    ],
)
def test_what_is_no_template_is_said_to_be_none(text: str, words: str) -> None:
    assert (text_blocker(text, frozenset({"title", "since"})) or "").startswith(words)
