"""Each capability's migrations are a branch of their own: alone, beside others, on fresh and on installed databases."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from backend.migrations.migrate import current, migrate, upgrade
from backend.migrations.revisions import NUMBERED, Revision, as_text, newest, paths, revisions, version_locations
from backend.runtime.health import queries
from tests.backend.backup.fixtures import FILL, one

INSTALLED = "0010"
"""Where the databases are that were installed before capabilities had branches."""

CODE = '''"""Made by a test."""

from backend.migrations.script import run_beside

revision = {revision!r}
down_revision = {after!r}
branch_labels = {labels!r}
depends_on = {needs!r}


def upgrade() -> None:
    run_beside(__file__)
'''


class Program:
    """What this program has, and branches that only a test has, in a folder with characters that need care."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "100% a folder; with: spaces"
        self._labels: list[str] = []

    @property
    def locations(self) -> tuple[str, ...]:
        return (*version_locations(), *(str(self._folder / label) for label in self._labels))

    def add(self, label: str, number: int, *needs: str, after: str | None = None) -> None:
        """A revision that makes a table of its own name."""
        folder, revision = self._folder / label, f"{label}_{number:04}"
        folder.mkdir(parents=True, exist_ok=True)
        previous = after or (f"{label}_{number - 1:04}" if number > 1 else None)
        text = CODE.format(revision=revision, after=previous, labels=None if previous else (label,), needs=needs)
        (folder / f"{revision}.py").write_text(text)
        (folder / f"{revision}.sql").write_text(f"create table {revision} (percent text default '100%');\n")
        self._labels = sorted({*self._labels, label})
        revisions.cache_clear()


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def at(url: str) -> frozenset[str]:
    with psycopg.connect(url) as connection:
        return current(connection)


def made(url: str) -> set[str]:
    """The tables that tests' revisions have made."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(r"select relname from pg_class where relkind = 'r' and relname ~ '^\w+_\d{4}$'")
        return {str(name) for (name,) in rows}


def ends(known: list[Revision]) -> frozenset[str]:
    return frozenset(each.id for each in known).difference(*(each.needs for each in known))


@pytest.mark.parametrize("branched", [False, True], ids=["as it is", "with a branch on top"])
def test_a_database_installed_before_there_were_branches_keeps_its_rows(
    empty_url: str, program: Program, branched: bool
) -> None:
    with psycopg.connect(empty_url, autocommit=True) as connection:
        upgrade(connection, [NUMBERED], INSTALLED)
        assert current(connection) == {INSTALLED}
        connection.execute(FILL)
    if branched:
        program.add("alpha", 1, INSTALLED)
    migrate(empty_url, locations=program.locations)
    assert at(empty_url) == newest(program.locations)
    assert made(empty_url) == ({"alpha_0001"} if branched else set())
    assert one(empty_url, "select count(*) from orders") == 3_000
    assert one(empty_url, "select count(*) from audit_log") == 500
    assert not migrate(empty_url, locations=program.locations), "there is nothing left to do"


def test_the_table_says_what_the_files_promise(owner_url: str, program: Program) -> None:
    """Whatever grows where: computed without Alembic, and equal to what Alembic has written."""
    said: list[str] = []

    def upgraded() -> frozenset[str]:
        assert migrate(owner_url, said.append, program.locations)
        assert at(owner_url) == newest(program.locations)
        return at(owner_url) - newest()

    program.add("alpha", 1, INSTALLED)
    assert upgraded() == {"alpha_0001"}
    assert INSTALLED not in at(owner_url), "another revision needs it, and Alembic keeps no row for it"
    program.add("beta", 1, "alpha_0001")
    assert upgraded() == {"beta_0001"}
    program.add("alpha", 2)
    program.add("gamma", 1, "alpha_0001", "beta_0001")
    assert upgraded() == {"alpha_0002", "gamma_0001"}
    before = at(owner_url)
    program.add("beta", 2)
    assert upgraded() == {"alpha_0002", "beta_0002", "gamma_0001"}
    assert said[-1] == f"migrating the database from {as_text(before)} to {as_text(at(owner_url))}"


def test_a_fresh_database_gets_every_branch(empty_url: str, program: Program) -> None:
    program.add("alpha", 1, INSTALLED)
    program.add("beta", 1, "0003")
    program.add("beta", 2)
    assert migrate(empty_url, locations=program.locations)
    assert at(empty_url) == newest(program.locations) >= {"alpha_0001", "beta_0002"}
    assert made(empty_url) == {"alpha_0001", "beta_0001", "beta_0002"}
    with psycopg.connect(empty_url) as connection:
        row = connection.execute(queries.readiness).fetchone()
    assert row is not None
    assert frozenset(row[0]) == newest(program.locations), "what readiness compares"


def test_a_branch_brings_what_it_needs_and_nothing_else(empty_url: str, program: Program) -> None:
    program.add("alpha", 1, "0003")
    program.add("alpha", 2)
    program.add("beta", 1, "alpha_0001")
    program.add("gamma", 1, "0003")
    with psycopg.connect(empty_url, autocommit=True) as connection:
        upgrade(connection, program.locations, "beta@head")
    assert made(empty_url) == {"alpha_0001", "beta_0001"}
    assert one(empty_url, "select to_regclass('alert') is not null")
    assert not one(empty_url, "select to_regclass('risk_entry') is not null")


@pytest.mark.parametrize("location", version_locations())
def test_each_branch_of_this_program_stands_alone(empty_url: str, location: str) -> None:
    """Neither by name nor by the tuple is the order of branches certain: what is not declared is found here only."""
    known = {each.id: each for each in revisions(version_locations())}
    (folder,) = paths([location])
    own = [each for each in known.values() if each.file.parent == folder]
    (head,) = ends(own)
    needed = {head}
    while (more := needed.union(*(known[each].needs for each in needed))) != needed:
        needed = more
    with psycopg.connect(empty_url, autocommit=True) as connection:
        upgrade(connection, version_locations(), head)
    assert at(empty_url) == ends([known[each] for each in needed])


def heads(locations: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Of each folder its revisions that no other of it follows."""
    known = revisions(locations)
    return {
        folder.parent.name if folder.name == "migrations" else folder.name: ends(
            [each for each in known if each.file.parent == folder]
        )
        for folder in paths(locations)
    }


def test_each_branch_has_one_head_and_one_label(program: Program) -> None:
    """Alembic would run both of two that follow the same one, without a word."""
    for name, found in heads(version_locations()).items():
        assert len(found) == 1, f"{name} has two heads: {sorted(found)}; let one follow the other"
    for each in revisions(version_locations()):
        folder = each.file.parent
        assert each.labels in {(), (folder.parent.name,)}, f"{each.file}: the label is the capability's name"
    program.add("alpha", 1)
    program.add("alpha", 2)
    program.add("alpha", 3, after="alpha_0001")
    assert heads(program.locations)["alpha"] == {"alpha_0002", "alpha_0003"}


def test_the_same_id_twice_is_refused(owner_url: str, program: Program) -> None:
    program.add("alpha", 1)
    file = Path(program.locations[-1], "alpha_0001.py")
    file.with_name("alpha_0001_again.py").write_text(file.read_text())
    with pytest.raises(RuntimeError, match=r"two migrations have the id alpha_0001: .*alpha_0001\.py and .*_again\.py"):
        migrate(owner_url, locations=program.locations)


def test_a_revision_that_needs_an_unknown_one_is_refused(owner_url: str, program: Program) -> None:
    program.add("alpha", 1, "beta_0001")
    with pytest.raises(RuntimeError, match="needs beta_0001, which no migration is called"):
        migrate(owner_url, locations=program.locations)
