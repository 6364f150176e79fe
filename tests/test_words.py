"""Words that server and console say alike."""

from __future__ import annotations

import psycopg
import pytest

from backend.core import audit_trail
from models.core.wording import counted, initials, system_name


def test_the_systems_own_actors_are_named_alike_by_database_and_console(owner_url: str) -> None:
    actors = [audit_trail.WORKER, audit_trail.SAMPLE_SHOP, audit_trail.OPERATOR, "system:migrate"]
    with psycopg.connect(owner_url) as connection:
        named = [connection.execute("select person_name(%s)", (actor,)).fetchone() for actor in actors]
    assert [row[0] for row in named if row] == ["The system", "Sample shop", "Command line", "Migrate"]
    assert [system_name(actor) for actor in actors] == ["The system", "Sample shop", "Command line", "Migrate"]
    assert system_name("ada") is None


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Tariq Khan", "TK"),
        ("Operations lead of night", "ON"),
        ("ada", "A"),
        ("compliance-officer", "CO"),
        ("– nobody", "N"),
        ("", "?"),
    ],
)
def test_two_letters_stand_for_somebody(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_one_of_something_is_not_several() -> None:
    assert [counted(n, "download") for n in (0, 1, 2, 2_400)] == [
        "0 downloads",
        "1 download",
        "2 downloads",
        "2,400 downloads",
    ]
    assert [counted(n, "entry", "entries") for n in (1, 2)] == ["1 entry", "2 entries"]
