"""One writer for all CSV: no cell is a formula, and what is written is read again."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.core.csv_text import BOM, csv_text, unguarded

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.sampled_from(
    ["=1+1", "+1", "-2+3+cmd|' /C calc'!A0", "@x", "\t=1", "\r=1+1", "'=1"]
)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_is_a_formula(sign: str) -> None:
    (_, (cell, number)) = csv.reader(io.StringIO(csv_text(["a", "b"], [(f"{sign}1+1", -5)]), newline=""))
    assert cell == f"'{sign}1+1"
    assert number == "-5", "numbers are none"


def test_a_mark_stands_only_where_it_is_asked_for() -> None:
    assert csv_text(["a"], [], bom=True) == f"{BOM}a\r\n"
    assert csv_text(["a"], [(None,)]) == 'a\r\n""\r\n'


@given(st.lists(st.tuples(CELLS, CELLS)))
def test_what_is_written_is_read_again(rows: list[tuple[str, str]]) -> None:
    (_, *found) = csv.reader(io.StringIO(csv_text(["a", "b"], rows), newline=""))
    assert [tuple(map(unguarded, row)) for row in found] == rows
