"""The command line: quick help, errors that say what to do, commands on a folder with and without a server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jwt
import pytest

from app.__main__ import main, parser
from backend.core import processes


def test_help_names_every_command() -> None:
    done = subprocess.run(processes.command("--help"), capture_output=True, text=True, check=True)
    for command in ("console", "demo", "serve", "worker", "migrate", "import", "token", "account", "openapi"):
        assert f"\n    {command} " in done.stdout


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, app.__main__ as m; m.parser().format_help();"
        "print([n for n in ('pydantic','fastapi','PySide6','psycopg','httpx') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "invalid choice"),
        (["token", "--as", "emperor"], "there is no role emperor; there are viewer"),
        (["serve", "--port", "99999"], "is no port"),
        (["serve", "--data-dir", "x", "--database-url", "y"], "not allowed with"),
        (["console", "--server", "example.com"], "is no web address"),
        (["import", "orders"], "FILE"),
        (["import", "orders", "f.csv", "--columns", "price=x"], "there is no field price"),
        (["import", "orders", "f.csv", "--columns", "order_id"], "field=column"),
        (["import", "orders", "f.csv", "--columns", "placed_at=Placed, UTC"], "stands in quotes"),
        (["import", "orders", "f.csv", "--columns", "total=A,total=B"], "total is there twice"),
        (["import", "orders", "f.csv", "--currency", "pounds"], "no currency code of ISO 4217"),
        (["import", "orders", "f.csv", "--currency", "XXX"], "XXX says that there is no currency"),
        (["import", "orders", "f.csv", "--encoding", "klingon"], "there is no encoding of text called klingon"),
        (["import", "orders", "f.csv", "--encoding", "base64"], "there is no encoding of text called base64"),
        (["import", "orders", "f.csv", "--states", "Storniert=gone"], "there are paid, pending, left-out"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert words in capsys.readouterr().err


def test_columns_and_states_may_have_commas() -> None:
    columns = '"placed_at"="Placed, UTC",total=Total'
    options = parser().parse_args(
        ["import", "orders", "f", "--columns", columns, "--states", "Storniert=left-out", "--encoding", "utf-16"]
    )
    assert options.columns == {"placed_at": "Placed, UTC", "total": "Total"}
    assert (options.states, options.encoding) == ({"Storniert": "left-out"}, "utf-16")


def test_a_command_without_a_database_says_what_to_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPSCONSOLE_DATABASE_URL", raising=False)
    assert main(["migrate"]) == 2
    assert "OPSCONSOLE_DATABASE_URL" in capsys.readouterr().err


def test_a_bad_setting_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSCONSOLE_CURRENCY", "euros")
    assert main(["migrate"]) == 2
    assert "OPSCONSOLE_CURRENCY" in capsys.readouterr().err


def test_an_unreachable_database_is_said_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["migrate", "--database-url", f"postgresql://x@/x?host={tmp_path}"]) == 1
    assert "not migrated" in capsys.readouterr().err


def test_token_starts_the_server_of_a_folder_if_nobody_has(tmp_path: Path) -> None:
    done = subprocess.run(
        processes.command("token", "--as", "pipeline", "--data-dir", str(tmp_path / "data")),
        capture_output=True,
        text=True,
        check=True,
    )
    claims = jwt.decode(done.stdout.strip(), options={"verify_signature": False})
    assert (claims["sub"], claims["scope"]) == ("pipeline", "operations.*")
    assert not processes.working_in((tmp_path / "data" / "postgres").resolve())
