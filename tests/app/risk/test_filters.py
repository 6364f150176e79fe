"""Filters of the queue: what is typed, what is asked, links, and the file they are kept in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.risk.filters import KEPT_MOST, SCHEME, FilterError, QueueFilter, SavedFilters, Sort, Tab, from_link, parse
from app.risk.notes import KEPT_MOST as NOTES_MOST
from app.risk.notes import LENGTH_MOST, NoteDrafts


def test_what_is_typed_becomes_parameters() -> None:
    typed = 'score:80-95 amount:50- age:-90 rule:velocity-card who:me action:block de "card test"'
    assert QueueFilter(Tab.DUE, Sort.AMOUNT, descending=False, typed=typed).query() == {
        "dueWithin": "60",
        "scoreMin": "80",
        "scoreMax": "95",
        "amountMin": "5000",
        "ageMax": "90",
        "rule": "velocity-card",
        "assignedTo": "me",
        "action": "block",
        "text": "de card test",
        "sort": "amount",
        "direction": "asc",
    }
    assert parse("score:80") == {"score_min": "80", "score_max": "80"}
    assert QueueFilter(typed="amount:50-60").query(minor_units=1)["amountMin"] == "50"
    assert parse("  ") == {}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("score:high", "a range of whole numbers"),
        ("score:-", "a range of whole numbers"),
        ("score:90-80", "the smaller number stands first"),
        ("score:1 score:2", "stands there twice"),
        ("who:", "not understood"),
        ("who:a who:b", "stands there twice"),
        ("color:red", "not understood"),
        ('"open', "quote is not closed"),
        ("a" * 201, "At most 200"),
    ],
)
def test_what_is_not_understood_says_what_is(typed: str, words: str) -> None:
    with pytest.raises(FilterError, match=words):
        parse(typed)


@given(
    st.sampled_from(Tab),
    st.sampled_from(Sort),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='":'), max_size=40),
)
def test_a_link_opens_what_it_was_made_of(tab: Tab, sort: Sort, descending: bool, typed: str) -> None:
    made = QueueFilter(tab, sort, descending, typed)
    assert from_link(f"  {made.link} ") == made


def test_other_text_is_no_link() -> None:
    assert from_link("CS-48223") is None
    for broken in (f"{SCHEME}?tab=moon", f"{SCHEME}?filter=score:x"):
        with pytest.raises(FilterError):
            from_link(broken)


def test_saved_filters_survive(tmp_path: Path) -> None:
    saved = SavedFilters(tmp_path)
    saved.save(" My   Germans ", QueueFilter(typed="de"))
    saved.save("Late", QueueFilter(Tab.DUE))
    saved.save("Late", QueueFilter(Tab.DUE, Sort.DUE))
    assert SavedFilters(tmp_path).by_name == {
        "My Germans": QueueFilter(typed="de"),
        "Late": QueueFilter(Tab.DUE, Sort.DUE),
    }
    saved.remove("Late")
    assert list(SavedFilters(tmp_path).by_name) == ["My Germans"]
    with pytest.raises(FilterError, match="name"):
        saved.save("  ", QueueFilter())
    for number in range(KEPT_MOST - 1):
        saved.save(f"f{number}", QueueFilter())
    with pytest.raises(FilterError, match="remove one"):
        saved.save("one more", QueueFilter())
    assert [p.name for p in tmp_path.iterdir()] == ["triage-filters.json"]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 5, "b": "x", "c": "opsconsole:triage?tab=moon"}'])
def test_a_damaged_file_costs_the_filters_only(tmp_path: Path, content: str) -> None:
    (tmp_path / "triage-filters.json").write_text(content)
    assert SavedFilters(tmp_path).by_name == {}


def test_notes_that_were_begun_survive(tmp_path: Path) -> None:
    notes = NoteDrafts(tmp_path)
    notes.put("ada e1", "half a sen")
    notes.put("ada e2", "x" * (LENGTH_MOST + 5))
    notes.put("ada e3", "gone")
    notes.put("ada e3", "  ")
    notes.keep()
    again = NoteDrafts(tmp_path)
    assert (again.get("ada e1"), len(again.get("ada e2")), again.get("ada e3")) == ("half a sen", LENGTH_MOST, "")
    for number in range(NOTES_MOST):
        again.put(f"n{number}", "x")
    assert again.get("ada e1") == "", "the oldest make room"
    (tmp_path / "triage-notes.json").write_text(json.dumps(["no"]))
    assert NoteDrafts(tmp_path).get("ada e1") == ""


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    notes = NoteDrafts(tmp_path / "file")
    notes.put("a", "b")
    notes.keep()
    assert notes.problem
    assert notes.get("a") == "b"
