"""A lost machine: restore, verify, serve and verify again, with the commands of the administrators' pages."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import psycopg
import pytest

from backend.core import processes
from backend.runtime.data_folder import working_on
from tests.backend.runtime.test_serve import Served

PAGES = Path(__file__).parents[2] / "docs" / "administrators"


def documented(page: str, start: str, **places: Path | str) -> list[str]:
    """The arguments of a command as a page has it, with places in it filled in."""
    text = (PAGES / page).read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith(f"opsconsole {start}"))
    words = shlex.split(line, comments=True)[1:]
    return [str(places.get(word, word)) for word in words]


def run(arguments: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPSCONSOLE_")}
    return subprocess.run(
        processes.command(*arguments),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={**kept, **variables},
    )


def verified(folder: Path) -> str:
    done = run(documented("audit.md", "audit verify "), OPSCONSOLE_DATA_DIR=str(folder))
    assert done.returncode == 0, done.stderr
    return done.stdout


def work(folder: Path, entries: int) -> None:
    """Serve with a worker until it has sealed so many entries, one more than there are without a change."""
    import time

    from backend.runtime.embedded_postgres import Embedded

    served = Served(folder, "--worker")
    served.url()
    account = run(["account", f"person{entries}", "--role", "viewer", "--no-password", "--data-dir", str(folder)])
    assert account.returncode == 0, account.stderr
    deadline = time.monotonic() + 60
    with psycopg.connect(Embedded(folder).url(), autocommit=True) as connection:
        while True:
            row = connection.execute(
                "select (select count(*) from audit_log), coalesce((select max(size) from audit_checkpoint), 0)"
            ).fetchone()
            if row is not None and row[0] == row[1] and row[0] >= entries:
                break
            assert time.monotonic() < deadline, (row, served.errors.read_text())
            time.sleep(0.1)
    assert served.end() == 0
    served.process.communicate()


@pytest.fixture
def lost(tmp_path: Path) -> tuple[Path, Path]:
    """A folder whose log is sealed, and its backup."""
    folder, to = tmp_path / "data", tmp_path / "to"
    work(folder, 1)
    done = run([*documented("README.md", "backup", FOLDER=to), "--data-dir", str(folder)])
    assert done.returncode == 0, done.stderr
    return folder, Path(done.stdout.strip())


def test_restore_verify_serve_verify(lost: tuple[Path, Path], tmp_path: Path) -> None:
    folder, file = lost
    new = tmp_path / "new"
    places = {"FILE": file, "KEY": folder / "backup.key", "NEW_FOLDER": new}
    command = documented(
        "README.md",
        "restore FILE --key-file KEY --audit-key AUDIT_KEY --data-dir",
        AUDIT_KEY=folder / "audit.key",
        **places,
    )
    without = run([word for word in command if word not in {"--audit-key", str(folder / "audit.key")}])
    assert without.returncode == 1
    assert "--audit-key" in without.stderr
    assert not (new / "audit.key").exists(), "no new key was made in silence"
    done = run(command)
    assert done.returncode == 0, done.stderr
    assert (new / "audit.key").read_bytes() == (folder / "audit.key").read_bytes()
    before = verified(new)
    work(new, 2)
    assert int(re.findall(r"^[\d,]+", verified(new))[0].replace(",", "")) > int(re.findall(r"^[\d,]+", before)[0])


def test_a_key_that_is_missing_is_not_made_anew(lost: tuple[Path, Path]) -> None:
    folder, _ = lost
    (folder / "audit.key").rename(folder / "elsewhere.key")
    served = Served(folder)
    served.process.communicate(timeout=60)
    assert served.process.returncode == 1
    assert "put your copy of the key there" in served.errors.read_text()
    assert not (folder / "audit.key").exists()
    (folder / "elsewhere.key").rename(folder / "audit.key")
    verified(folder)


USES = {
    "token.key": "insert into refresh_token (family, user_id, token_hash, auth_time, expires_at)"
    " values (uuidv7(), 'viewer', 'x', now(), now() + interval '1 day')",
    "privacy.key": "insert into person default values",
    "backup.key": "",  # what is lost has been backed up
    "connection.key": "with made as (insert into connection (name, kind, settings, updated_by)"
    " values ('x', 'webhook', '{}', 'x')"
    " returning id) insert into connection_secret (connection_id, purpose, sealed, set_by)"
    " select id, 'send', 'x', 'x' from made",
}


@pytest.mark.parametrize("key", sorted(USES))
def test_a_key_that_something_was_made_with_is_not_made_anew(lost: tuple[Path, Path], key: str) -> None:
    folder, _ = lost
    if USES[key]:
        with working_on(folder) as (_, url), psycopg.connect(url, autocommit=True) as connection:
            connection.execute(USES[key])
    kept = (folder / key).read_bytes()
    (folder / key).unlink()
    served = Served(folder)
    served.process.communicate(timeout=60)
    assert served.process.returncode == 1
    said = served.errors.read_text()
    assert f"{key} is missing" in said
    assert "Put your copy of it back" in said
    assert not (folder / key).exists()
    # Nobody needs them to look whether the log is whole.
    verified(folder)
    assert not (folder / key).exists()
    (folder / key).write_bytes(kept)
    served = Served(folder)
    assert served.url()
    assert served.end() == 0
    served.process.communicate()


def test_a_restored_folder_asks_for_the_keys_it_needs(lost: tuple[Path, Path], tmp_path: Path) -> None:
    folder, file = lost
    with working_on(folder) as (_, url), psycopg.connect(url, autocommit=True) as connection:
        connection.execute(USES["token.key"])
    again = run([*documented("README.md", "backup", FOLDER=file.parent), "--data-dir", str(folder)])
    assert again.returncode == 0, again.stderr
    places: dict[str, Path | str] = {"FILE": again.stdout.strip(), "KEY": folder / "backup.key"}
    new = tmp_path / "new"
    start = "restore FILE --key-file KEY --audit-key AUDIT_KEY --data-dir"
    done = run(documented("README.md", start, **places, AUDIT_KEY=folder / "audit.key", NEW_FOLDER=new))
    assert done.returncode == 0, done.stderr
    assert f"{new / 'token.key'} is missing" in done.stderr
    assert "connection.key" not in done.stderr, "nothing was sealed with it"
    before = verified(new)
    served = Served(new)
    served.process.communicate(timeout=60)
    assert served.process.returncode == 1
    assert f"{new / 'token.key'} is missing" in served.errors.read_text()
    (new / "token.key").write_bytes((folder / "token.key").read_bytes())
    work(new, 2)
    assert verified(new) != before


def test_a_new_key_takes_over_by_name_and_both_verify(lost: tuple[Path, Path]) -> None:
    folder, _ = lost
    old = (folder / "audit.key").read_bytes()
    done = run(documented("audit.md", "audit rotate-key"), OPSCONSOLE_DATA_DIR=str(folder))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("opsconsole/")
    assert (folder / "audit.key").read_bytes() != old
    work(folder, 3)
    verified(folder)
    backup = run(["backup", "--to", str(folder.parent / "second"), "--data-dir", str(folder)])
    assert backup.returncode == 0, backup.stderr
    # Somebody else's key, without a rotation, seals nothing.
    (folder / "audit.key.retired").unlink()
    refused = run(documented("audit.md", "audit verify "), OPSCONSOLE_DATA_DIR=str(folder))
    assert refused.returncode == 1
