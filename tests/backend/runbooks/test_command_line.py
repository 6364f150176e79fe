"""``opsconsole runbooks`` as it is typed: pages and files out, files in, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.__main__ import main
from tests.backend.runbooks.fixtures import Desk
from tests.conftest import Api


def test_files_go_out_and_in(api: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = api.settings.database_url or ""
    Desk(api).created()
    assert main(["runbooks", "export", "--to", str(tmp_path), "--database-url", url]) == 0
    file = tmp_path / "mirrors-down.md"
    (tmp_path / "second.md").write_text(file.read_text("utf-8").replace("Mirrors are down", "Second"), "utf-8")
    assert main(["runbooks", "import", str(tmp_path), "--reason", "from git", "--database-url", url]) == 0
    assert capsys.readouterr().out.endswith("1 new, 0 changed, 1 as they were\n")
    file.write_text(file.read_text("utf-8").replace("Look", "Look twice"), "utf-8")
    assert main(["runbooks", "import", str(file), "--reason", "from git", "--database-url", url]) == 0
    assert capsys.readouterr().out == "0 new, 1 changed, 0 as they were\n"
    known = {each["slug"]: each for each in Desk(api).done("GET")["items"]}
    assert (known["mirrors-down"]["version"], known["second"]["title"]) == (2, "Second")
    versions = Desk(api).done("GET", f"/{known['mirrors-down']['id']}/versions")["items"]
    assert (versions[0]["reason"], versions[0]["updatedByName"]) == ("from git", "Command line")


def test_an_import_is_whole_or_nothing(api: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = api.settings.database_url or ""
    front = "---\ntitle: T\nowner: {}\nreview_by: 2027-01-01\n---\n- [ ] x\n"
    (tmp_path / "a.md").write_text(front.format("viewer"))
    (tmp_path / "b.md").write_text(front.format("nobody-at-all"))
    assert main(["runbooks", "import", str(tmp_path), "--database-url", url]) == 1
    assert "no such role" in capsys.readouterr().err
    (tmp_path / "b.md").write_text("---\nwhat\n---\n")
    assert main(["runbooks", "import", str(tmp_path), "--database-url", url]) == 1
    assert "b.md:2:" in capsys.readouterr().err
    assert Desk(api).done("GET")["items"] == []
    assert main(["runbooks", "import", str(tmp_path / "none.md"), "--database-url", url]) == 1


def test_pages_are_published_by_hand(api: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = api.settings.database_url or ""
    Desk(api).created()
    assert main(["runbooks", "publish", "--to", str(tmp_path / "out"), "--database-url", url]) == 0
    assert "1 runbook published" in capsys.readouterr().out
    assert (tmp_path / "out" / "mirrors-down.html").stat().st_mode & 0o044 == 0o044, "a web server may read it"
    (tmp_path / "file").write_text("x")
    assert main(["runbooks", "publish", "--to", str(tmp_path / "file"), "--database-url", url]) == 1
    assert "cannot be" in capsys.readouterr().err


def test_a_check_names_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.md"
    file.write_text("---\ntitle: T\nowner: viewer\nreview_by: 2199-01-01\n---\n\n- [ ] x\n\nTODO [b](b.md)\n")
    assert main(["runbooks", "check", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"{file}:9: warning: Something is still to be written here." in said
    assert "There is no runbook b" in said
    file.write_text("---\ntitle: T\nowner: viewer\nreview_by: 2199-01-01\n---\nno steps\n")
    assert main(["runbooks", "check", str(file)]) == 1
