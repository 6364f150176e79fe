"""Runbooks as text: steps, what no text can do, front matter that comes back as it went, which alert leads where."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from models.alerts import Alert
from models.runbooks import TEXT_MOST, Runbook, RunbookDraft, RunbookSummary
from models.runbooks.checking import check, check_file, errors
from models.runbooks.files import FrontMatterError, from_file, split, to_file
from models.runbooks.markdown import FILLED_MOST, commands, read, to_html
from models.runbooks.matching import kinds_of, matching

TODAY = date(2026, 11, 30)


def html(text: str) -> str:
    return to_html(text, box=lambda number: f"[{number}]", link=lambda address: address)


def test_steps_are_the_items_that_begin_with_a_box() -> None:
    text = "- no step\n- [ ] `one` *and*\n  more\n- [x] two\n\n1. [ ] three\n   - [ ] four\n\n[ ] none"
    assert [(step.number, step.text) for step in read(text).steps] == [
        (1, "one and more"),
        (2, "two"),
        (3, "three"),
        (4, "four"),
    ]
    made = html(text)
    assert all(f"[{number}]" in made for number in (1, 2, 3, 4))
    assert "[x]" not in made
    assert "[ ] none" in made


def test_commands_of_a_step_are_what_stands_in_its_blocks() -> None:
    text = "- [ ] a\n\n  ```sh\n  opsconsole worker\n  ```\n\n  and\n\n      opsconsole migrate\n- [ ] b"
    assert commands(text, 1) == "opsconsole worker\nopsconsole migrate"
    assert (commands(text, 2), commands(text, 3)) == ("", "")


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](data:text/html,<script>alert(1)</script>)",
        "[a](vbscript:x)",
        "[a](file:///etc/passwd)",
        "<javascript:alert(1)>",
        "![a](javascript:alert(1))",
        '[a](https://x.example/" onmouseover="alert(1))',
        "[a]: javascript:alert(1)\n\n[a]",
        "```\n</code><script>alert(1)</script>\n```",
        "`</code><script>alert(1)</script>`",
        '!["><script>alert(1)</script>](https://x.example/p.png)',
        '["><script>alert(1)</script>](https://x.example)',
    ],
)
def test_nothing_in_a_text_does_anything(hostile: str) -> None:
    made = html(f"- [ ] {hostile}\n\n{hostile}")
    assert not re.search(r"<(?:script|img|iframe|svg|style|object)", made, re.IGNORECASE)
    assert not re.search(r"<[^>]*\bon\w+\s*=[^>]*>", re.sub(r'"[^"]*"', '""', made))
    for address in re.findall(r'href="([^"]*)"', made):
        assert address.startswith(("https://", "http://", "mailto:", "#")), address


@given(st.text(st.sampled_from(list("[]()!<>*_`#-| \n\t\\&x:/.\"'=")), max_size=400))
def test_no_text_breaks_the_page(text: str) -> None:
    made = html(text)
    assert not re.search(r"<(?:script|img)", made)
    document = read(text)
    assert [step.number for step in document.steps] == list(range(1, len(document.steps) + 1))


@pytest.mark.parametrize(
    "piece", ["[", "![", "*a _b ", "> ", "- ", "`", "<", "a|b\n-|-\n", "- [ ] x\n", "[a](b", "&#", "\\"]
)
def test_a_huge_hostile_text_costs_a_moment(piece: str) -> None:
    text = (piece * TEXT_MOST)[:TEXT_MOST]
    begun = time.monotonic()
    read(text)
    html(text)
    errors(text)
    assert time.monotonic() - begun < 20, "it ends"


def draft(**more: Any) -> RunbookDraft:
    fields = {"slug": "a", "title": "A", "owner": "viewer", "reviewBy": "2027-01-01", "text": "- [ ] x"}
    return RunbookDraft.model_validate(fields | more)


def said(found: Any) -> str:
    return " ".join(f"{each.line}:{each.level}:{each.message}" for each in found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing", "0:error:It has no steps"),
        ("- [ ]", "1:error:Step 1 says nothing"),
        ("- [ ] a\n\n```\nb", "3:error:The code that begins here"),
        ("- [ ] [a](ftp://x)", "1:error:A link may not lead to ftp://x"),
        ("- [ ] a\n<b>c</b>", "2:warning:HTML"),
        ("- [ ] a\n\nTODO", "3:warning:Something is still"),
        ("- [ ] ![a](https://x/y.png)", "1:warning:A picture"),
        ("- [ ] [a](gone.md)", "1:warning:There is no runbook gone"),
        (f"- [ ] {'x ' * 300}", "1:warning:Step 1 is long"),
        ("- [ ] a", "0:warning:No heading says “Whom to tell”"),
    ],
)
def test_the_check_names_what_is_wrong(text: str, words: str) -> None:
    assert words in said(check(draft(text=text), TODAY, {"a"}))


def test_what_stands_in_code_is_no_matter() -> None:
    text = "- [ ] `<b>` and `[a](javascript:x)`\n\n```\n<b> TODO [a](ftp://x)\n```"
    assert errors(text) == ()
    assert "HTML" not in said(check(draft(text=text), TODAY))


def test_the_check_looks_at_fields_too() -> None:
    found = said(check(draft(reviewBy="2026-01-01", alerts=["orders.nothing", "revenue.daily:often"]), TODAY))
    for words in ("was due on 2026-01-01", "no figure orders.nothing", "No alert is of the kind revenue.daily:often"):
        assert words in found
    assert "more than a year" in said(check(draft(reviewBy="2030-01-01"), TODAY))


# --- files ---------------------------------------------------------------------------------------------------------


def runbook(**more: Any) -> Runbook:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    fields: dict[str, Any] = {
        "id": "i", "slug": "a", "title": "A", "owner": "viewer", "owner_name": "Viewer", "review_by": date(2027, 1, 1),
        "alerts": (), "services": (), "retired": False, "version": 1, "updated_at": at, "updated_by": "x",
        "updated_by_name": "X", "text": "- [ ] x", "steps": ("x",), "reason": "",
    }  # fmt: skip
    return Runbook(**(fields | more))


TITLES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=60).filter(str.strip)


@given(
    title=TITLES, alerts=st.lists(st.sampled_from(["backup", "a.b:no_data", "deliveries:x-1"]), unique=True, max_size=3)
)
def test_a_file_comes_back_as_it_went_and_is_yaml(title: str, alerts: list[str]) -> None:
    text = "# Words\n\n---\n\n- [ ] x: y"
    known = runbook(title=title, alerts=tuple(alerts), services=("checkout",), text=text)
    file = to_file(known)
    back = from_file(file, "a")
    for name in ("title", "owner", "review_by", "alerts", "services", "text"):
        assert getattr(back, name) == getattr(known, name)
    front = yaml.safe_load(file.split("---\n")[1])
    assert (front["title"], front["alerts"], front["review_by"]) == (title, alerts, known.review_by)


def test_other_ways_to_write_front_matter() -> None:
    file = (
        "\ufeff---\r\n# ours\r\ntitle: 'It''s'\r\nowner: viewer\r\nreview_by: 2027-01-01\r\nalerts:\r\n  - backup\r\n"
    )
    file += '  - "a.b"\r\nservices: [x, y]\r\n---\r\n- [ ] x\r\n'
    back = from_file(file, "a")
    assert (back.title, back.alerts, back.services, back.text) == ("It's", ("backup", "a.b"), ("x", "y"), "- [ ] x")


@pytest.mark.parametrize(
    ("file", "line", "words"),
    [
        ("", 1, "begins with its front matter"),
        ("---\ntitle: a", 1, "does not end"),
        ("---\nwhat\n---\nx", 2, "a field, a colon"),
        ("---\ntitle: a\ncolour: red\n---\nx", 3, "no field colour"),
        ("---\ntitle: a\ntitle: b\n---\nx", 3, "twice"),
        ("---\nalerts: backup\n---\nx", 2, "is a list"),
        ('---\ntitle: "a\n---\nx', 2, "does not end as it begins"),
        ("---\ntitle: &a b\n---\nx", 2, "in double quotes"),
        ("---\ntitle: a\n---\nx", 1, "does not say owner"),
        ("---\ntitle: a\nowner: b\nreview_by: soon\n---\nx", 1, "review_by:"),
        ("---\ntitle: a\nowner: b\nreview_by: 2027-01-01\n---\n", 7, "text:"),
    ],
)
def test_a_file_that_is_none_is_said_with_its_line(file: str, line: int, words: str) -> None:
    with pytest.raises(FrontMatterError, match=re.escape(words)) as caught:
        from_file(file, "a")
    assert caught.value.line == line
    assert [each.line for each in check_file(file, TODAY)] == [line]


def test_lines_of_a_check_are_those_of_the_file() -> None:
    file = "---\ntitle: a\nowner: b\nreview_by: 2027-01-01\nalerts: [backup]\n---\n\n- [ ] a\n\nTODO\n"
    assert split(file)[2] == 8
    assert "10:warning:Something" in said(check_file(file, TODAY))


# --- alerts --------------------------------------------------------------------------------------------------------


def alert(**more: Any) -> Alert:
    at = "2026-11-24T10:00:00Z"
    fields = {
        "id": "x", "title": "t", "severity": "P2", "state": "active", "condition": "breached", "raisedAt": at,
        "evaluatedAt": at, "guidance": "", "runbookUrl": "", "version": 1,
    }  # fmt: skip
    return Alert.model_validate(fields | more)


def test_an_alert_leads_to_the_closest_first() -> None:
    silent = alert(figure="orders.total", cause="no_data")
    assert kinds_of(silent) == ("orders.total:no_data", "orders.total")
    assert kinds_of(alert(figure="orders.total")) == ("orders.total",)
    assert kinds_of(alert(source="backup", key="daily")) == ("backup:daily", "backup")
    wide = summary("wide", alerts=("orders.total",))
    close = summary("close", alerts=("orders.total:no_data", "x"))
    retired = summary("gone", alerts=("orders.total:no_data",), retired=True)
    other = summary("other", alerts=("backup",))
    known = (wide, retired, other, close)
    assert [each.slug for each in matching(known, silent)] == ["close", "wide"]
    assert [each.slug for each in matching(known, alert(figure="orders.total"))] == ["wide"]
    assert matching(known, alert(figure="revenue.daily")) == []


def summary(slug: str, **more: Any) -> RunbookSummary:
    return runbook(slug=slug, title=slug, **more)


def test_a_table_is_not_filled_up_without_end() -> None:
    """Each row that is too short is filled up: forty kilobytes were seventy thousand cells, and ten seconds."""
    wide = "\n".join(["|".join("a" * 1_000), "|".join("-" * 1_000), *["a|a"] * 500])
    page = to_html(wide, box=str, link=str)
    assert page.count("<td") <= FILLED_MOST + 2 * 500
    assert page.count("<td") > 0
