"""What the worker does about runbooks: those of the program once, reminders, and pages that are always current."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from app.__main__ import parser
from backend.core.settings import Settings
from backend.runbooks import library, publishing, reviews
from backend.runbooks.places import NOTE, Folder, publish
from models.runbooks.checking import check
from models.runbooks.markdown import other_runbook, read
from tests.backend.runbooks.fixtures import TEXT

INSERT = """
with made as (
  insert into runbook (slug, title, owner, review_by, text, steps, updated_by)
  values (%(slug)s, %(title)s, %(owner)s, %(review_by)s, %(text)s, '{look}', 'test') returning *)
insert into runbook_version select id, version, title, owner, review_by, alerts, services, text, steps, retired, reason,
       updated_at, updated_by from made
"""


def put(owner_url: str, **more: Any) -> None:
    values = {"slug": "a", "title": "A", "owner": "viewer", "review_by": date(2199, 1, 1), "text": TEXT} | more
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(INSERT, values)


def ask(owner_url: str, statement: str) -> list[Any]:
    with psycopg.connect(owner_url) as connection:
        return connection.execute(statement).fetchall()  # type: ignore[arg-type]


async def test_those_of_the_program_come_once(open_database: Any, owner_url: str, settings: Settings) -> None:
    put(owner_url, slug="backup-missing", title="Ours")
    async with open_database() as database:
        await library.load(database, settings)
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute("update runbook set title = 'Changed', version = 2 where slug = 'database-down'")
        await library.load(database, settings)
    titles = dict(ask(owner_url, "select slug, title from runbook"))
    assert len(titles) == len(library.shipped())
    assert (titles["backup-missing"], titles["database-down"]) == ("Ours", "Changed")
    assert ask(owner_url, "select bool_and(review_by > current_date + 180) from runbook where slug <> 'a'") == [(True,)]


def test_those_of_the_program_are_well() -> None:
    shipped = library.shipped()
    assert len(shipped) >= 10
    today = datetime(2026, 11, 30, tzinfo=UTC).date()
    assert {
        slug: [f.message for f in found] for slug, d in shipped.items() if (found := check(d, today, shipped))
    } == {}


def commands() -> list[tuple[str, str]]:
    """Each command of ours that a runbook of the program names, with its name."""
    pattern = re.compile(r"^\s*(opsconsole\b.*)$|`(opsconsole [^`]*)`", re.MULTILINE)
    return [(slug, line or word) for slug, d in library.shipped().items() for line, word in pattern.findall(d.text)]


@pytest.mark.parametrize(("slug", "command"), commands())
def test_each_command_exists(slug: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = command.split()[1:]
    try:
        parser().parse_args(words)
    except SystemExit:
        pytest.fail(f"{slug}: {command}: {capsys.readouterr().err}")


def test_each_variable_and_metric_exists() -> None:
    known = {f"OPSCONSOLE_{name.upper()}" for name in Settings.model_fields}
    sources = "\n".join(p.read_text("utf-8") for p in (Path(__file__).parents[3] / "backend").rglob("*.py"))
    for slug, draft in library.shipped().items():
        assert set(re.findall(r"OPSCONSOLE_[A-Z_]+", draft.text)) <= known, slug
        for metric in re.findall(r"opsconsole_[a-z_]+", draft.text):
            assert f'"{metric}"' in sources, f"{slug}: {metric}"


async def test_owners_are_reminded_once_a_week_and_an_alert_says_so(
    open_database: Any, owner_url: str, settings: Settings
) -> None:
    put(owner_url, slug="old", title="Old one", review_by=date(2020, 1, 1))
    put(owner_url, slug="fresh", title="Fresh one")
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(
            "insert into role_assignment (user_id, role_id, granted_by) values ('ann', 'viewer', 'test')"
        )
        connection.execute(
            "insert into contact_method (user_id, address, verified_at) values ('ann', 'ann@x.example', now())"
        )
        mail = {"kind": "smtp", "host": "h.example", "sender": "a@b.example", "recipients": ["c@d.example"]}
        connection.execute(
            "with made as (insert into connection (name, kind, settings, ready, updated_by)"
            " values ('mail', 'smtp', %s, true, 'test') returning id)"
            " insert into connection_health (connection_id) select id from made",
            (Jsonb(mail),),
        )
    told = "select recipients, values ->> 'title', values ->> 'owner' from notice where template = 'runbook.review'"
    state = "select title, state from alert where source = 'runbooks' order by version desc limit 1"
    async with open_database() as database:
        await reviews.watch(database, settings)
        await reviews.watch(database, settings)
        assert ask(owner_url, told) == [(["ann@x.example"], "Old one", "Viewer")]
        assert ask(owner_url, state) == [("1 runbook is past the day of review", "active")]
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute("update runbook set reminded_at = now() - interval '8 days' where slug = 'old'")
        await reviews.watch(database, settings)
        assert len(ask(owner_url, told)) == 2
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute("update runbook set review_by = '2199-01-01'")
        await reviews.watch(database, settings)
    assert ask(owner_url, "select returned_at is not null from alert where source = 'runbooks' order by version desc")[
        0
    ] == (True,)


# --- pages ---------------------------------------------------------------------------------------------------------


async def published(open_database: Any, settings: Settings, folder: Path) -> None:
    async with open_database() as database:
        await publishing.publish(database, settings.model_copy(update={"runbooks_to": str(folder)}))


async def test_pages_are_plain_and_lead_to_each_other(
    open_database: Any, owner_url: str, settings: Settings, tmp_path: Path
) -> None:
    hostile = (
        f"{TEXT}\n\n<script>alert(1)</script> <img src=x onerror=alert(1)> ![p](https://x.example/p.png) [b](b.md)"
    )
    put(owner_url, slug="a", title="<script>T</script>", text=hostile)
    put(owner_url, slug="b", title="B & C", review_by=date(2020, 1, 1), text=f"{TEXT} [gone](gone.md)")
    await published(open_database, settings, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.html", "b.html", "index.html", NOTE]
    index, page, other = ((tmp_path / "out" / name).read_text("utf-8") for name in ("index.html", "a.html", "b.html"))
    for text in (index, page, other):
        assert "<script" not in text
        assert "<img" not in text
        assert "default-src 'none'" in text
        assert "width=device-width" in text
        links = re.findall(r'(?:href|src)="([^"]*)"', text)
        assert all((tmp_path / "out" / link).exists() for link in links if not link.startswith("https://x.example/"))
    assert "&lt;script&gt;alert(1)" in page
    assert page.count('type="checkbox"') == 3
    assert 'href="b.html"' in page
    assert "review was due 2020-01-01" in other
    assert "B &amp; C" in index


async def test_pages_follow_what_is_there_and_touch_nothing_else(
    open_database: Any, owner_url: str, settings: Settings, tmp_path: Path
) -> None:
    put(owner_url, slug="a")
    put(owner_url, slug="b")
    (tmp_path / "notes.html").write_text("somebody's own")
    await published(open_database, settings, tmp_path)
    before = (tmp_path / "a.html").stat().st_mtime_ns
    await published(open_database, settings, tmp_path)
    assert (tmp_path / "a.html").stat().st_mtime_ns == before, "nothing was written without need"
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("update runbook set retired = true where slug = 'b'")
    (tmp_path / "index.html").unlink()
    await published(open_database, settings, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.html", "index.html", "notes.html", NOTE]
    assert (tmp_path / "notes.html").read_text() == "somebody's own"


class _Breaking:
    """A place that fails at its n-th write."""

    def __init__(self, folder: Path, left: int) -> None:
        self._place, self.left = Folder(folder), left

    def __getattr__(self, name: str) -> Any:
        return getattr(self._place, name)

    def put(self, name: str, text: str) -> None:
        self._tick()
        self._place.put(name, text)

    def remove(self, name: str) -> None:
        self._tick()
        self._place.remove(name)

    def _tick(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise OSError("killed")


@pytest.mark.parametrize("after", range(7))
def test_an_interruption_leaves_whole_pages_and_every_link_leads_somewhere(tmp_path: Path, after: int) -> None:
    old = {"a.html": "old a", "b.html": "old b", "index.html": "a.html b.html"}
    new = {"a.html": "new a", "c.html": "new c", "index.html": "a.html c.html"}
    publish(Folder(tmp_path), old, "1")
    try:
        publish(_Breaking(tmp_path, after), new, "2")
    except OSError:
        listed = (tmp_path / "index.html").read_text().split()
        assert all((tmp_path / name).read_text() in {old.get(name), new.get(name)} for name in listed)
    publish(Folder(tmp_path), new, "2")
    assert {p.name: p.read_text() for p in tmp_path.iterdir() if p.name != NOTE} == new


@pytest.mark.parametrize("note", ["", "[]", '{"files": 5}', '{"files": ["../../secret", 3]}', "\xff not json"])
def test_a_damaged_note_removes_nothing(tmp_path: Path, note: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "secret").write_text("s")
    (tmp_path / "out" / NOTE).write_text(note, encoding="latin-1")
    assert publish(Folder(tmp_path / "out"), {"index.html": "x"}, "1")
    assert (tmp_path / "secret").exists()


async def test_a_place_that_cannot_be_written_is_an_alert_until_it_can(
    open_database: Any, owner_url: str, settings: Settings, tmp_path: Path
) -> None:
    put(owner_url)
    (tmp_path / "out").write_text("a file")
    await published(open_database, settings, tmp_path / "out")
    state = "select title, returned_at is not null from alert where source = 'runbooks' order by version desc limit 1"
    assert ask(owner_url, state) == [("Runbooks are not published", False)]
    (tmp_path / "out").unlink()
    await published(open_database, settings, tmp_path / "out")
    assert ask(owner_url, state) == [("Runbooks are not published", True)]
    assert ask(owner_url, "select count(*) from runbook_publication") == [(1,)]


@pytest.mark.expects_errors("a row was left out of a list")
async def test_a_runbook_that_cannot_be_read_is_left_out(
    open_database: Any, owner_url: str, settings: Settings, tmp_path: Path
) -> None:
    put(owner_url, slug="a")
    put(owner_url, slug="b")
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("alter table runbook alter column text drop not null")
        connection.execute("update runbook set text = null where slug = 'a'")
    await published(open_database, settings, tmp_path)
    assert (tmp_path / "b.html").exists()
    assert not (tmp_path / "a.html").exists()


def test_runbooks_of_the_program_lead_to_each_other() -> None:
    shipped = library.shipped()
    for slug, draft in shipped.items():
        assert {name for name, _ in read(draft.text).others} <= shipped.keys(), slug
    assert other_runbook("database-down.md#steps") == "database-down"
