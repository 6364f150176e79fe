"""The command line. It alone may import everything, and imports each part only when that part is asked for."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.command_line import parser

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backend.core.settings import Settings

FAILED, WRONG = 1, 2
_STARTER = os.getppid()
"""Asked before the imports that take time: whoever started us may be killed meanwhile."""


class UsageError(Exception):
    """The command cannot be carried out as given; the words say what to do."""


def default_data_dir() -> Path:
    """Where the embedded database lives unless told otherwise."""
    if given := os.environ.get("OPSCONSOLE_DATA_DIR"):
        return Path(given)
    if profile := os.environ.get("OPSCONSOLE_PROFILE"):
        return Path(profile) / "data"
    from platformdirs import user_data_path

    return user_data_path("opsconsole", appauthor=False) / "data"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code. 1 it failed, 2 it was asked for wrongly, 3 the folder is being served."""
    root = parser()
    options = root.parse_args(arguments)
    if options.version:
        from importlib.metadata import version

        print(f"opsconsole {version('opsconsole')}")
        return 0
    try:
        return _COMMANDS[options.command](options)
    except UsageError as error:
        print(f"opsconsole {options.command or ''}: {error}".replace(" :", ":"), file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        return 130


def load_window() -> Callable[..., int]:
    """The window's entry. Nothing that is loaded for it is garbage: to look for some costs the first picture 20 ms.

    ``views.kit.gc_on_gui_thread`` decides from then on.
    """
    gc.disable()
    from views.shell.run import run

    return run


def _console(options: argparse.Namespace) -> int:
    run = load_window()
    return run(server=getattr(options, "server", None), data_dir=default_data_dir())


def _demo(options: argparse.Namespace) -> int:
    run = load_window()
    return run(
        data_dir=options.data_dir or default_data_dir(),
        role=options.role,
        sample_shop=True,
        screenshots=options.screenshots,
    )


def _settings(**given: Any) -> Settings:
    """Settings of the environment, with what the command line says instead."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from backend.core import logs
    from backend.core.settings import Settings

    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise UsageError("; ".join(map(_setting_words, error.errors()))) from None
    except SettingsError as error:
        field = str(error).split('"')[1]
        raise UsageError(f"OPSCONSOLE_{field.upper()} is no JSON") from None
    logs.configure("text" if sys.stderr.isatty() else settings.log_format)
    return settings


def _setting_words(error: Any) -> str:
    """What is wrong with a setting, or with how some go together, which names them itself."""
    from backend.core.settings import Settings

    words = error["msg"].removeprefix("Value error, ")
    if error["type"] == "string_pattern_mismatch":  # what would fit says its description, not a pattern
        words = f"{error['input']!r} does not fit. {Settings.model_fields[error['loc'][0]].description}"
    where = ".".join(str(part) for part in error["loc"][1:])
    name = f"OPSCONSOLE_{str(error['loc'][0]).upper()}" if error["loc"] else ""
    return f"{name}{f' ({where})' if where else ''}: {words}" if name else words


def _serve(options: argparse.Namespace) -> int:
    from backend.runtime.serve import Options, serve

    given: dict[str, Any] = {"host": options.host, "port": options.port, "database_url": options.database_url}
    if options.sample_shop:
        given |= {"sample_shop": True, "environment": os.environ.get("OPSCONSOLE_ENVIRONMENT", "Sample shop")}
    settings = _settings(**given)
    if options.data_dir is not None or settings.database_url is None:
        settings = settings.model_copy(
            update={"data_dir": options.data_dir or default_data_dir(), "database_url": None}
        )
    elif options.lease:
        raise UsageError("--lease is for a data folder")
    return serve(Options(settings, worker=options.worker, lease=options.lease, starter=_STARTER))


def _worker(options: argparse.Namespace) -> int:
    from backend.runtime import worker

    settings = _settings(database_url=options.database_url)
    if settings.database_url is None:
        raise UsageError("set OPSCONSOLE_DATABASE_URL or give --database-url; a data folder's serve has its own worker")
    return worker.run(settings, supervised=options.supervised)


def _migrate(options: argparse.Namespace) -> int:
    import psycopg

    from backend.migrations.migrate import migrate

    url = _settings(database_url=options.database_url).database_url
    if url is None:
        raise UsageError("set OPSCONSOLE_DATABASE_URL or give --database-url; data folders are migrated by serve")
    try:
        changed = migrate(url, print)
    except (psycopg.Error, RuntimeError) as error:
        print(f"not migrated: {str(error).strip()}", file=sys.stderr)
        return FAILED
    print("migrated" if changed else "nothing to do")
    return 0


def _import(options: argparse.Namespace) -> int:
    from backend.runtime.commands import import_orders
    from backend.shop import PRESETS, ImportOptions, State

    settings = _settings()
    return import_orders(
        settings,
        options.file,
        ImportOptions(
            columns=options.columns,
            preset=PRESETS.get(options.preset),
            states={word: State(kind) for word, kind in options.states.items()},
            refunded_in_full=options.refunded_in_full,
            currency=options.currency or settings.currency,
            shift_to_now=options.shift_to_now,
            sum_lines=options.sum_lines,
            delimiter=options.delimiter,
            decimal=options.decimal,
            encoding=options.encoding,
            time_zone=options.time_zone,
            dates=options.dates,
        ),
        dry_run=options.dry_run,
        data_dir=_folder(options),
        database_url=options.database_url,
    )


def _token(options: argparse.Namespace) -> int:
    from backend.runtime.commands import print_token

    return print_token(_settings(), options.role, data_dir=options.data_dir or default_data_dir())


def _account(options: argparse.Namespace) -> int:
    import getpass

    from backend.runtime.commands import set_account

    password = None
    if not options.no_password:
        if sys.stdin.isatty():
            password = getpass.getpass("Password: ")
            if getpass.getpass("Again: ") != password:
                raise UsageError("the two passwords differ; nothing was changed")
        else:
            password = sys.stdin.readline().rstrip("\r\n")
    return set_account(
        _settings(),
        options.name,
        full_name=options.full_name or options.name,
        role=options.role,
        password=password,
        data_dir=_folder(options),
        database_url=options.database_url,
    )


def _backup(options: argparse.Namespace) -> int:
    from backend.runtime.backup_commands import back_up_now

    settings = _settings(backup_key_file=options.key_file)
    return back_up_now(settings, options.to, data_dir=_folder(options), database_url=options.database_url)


def _restore(options: argparse.Namespace) -> int:
    from backend.runtime.backup_commands import list_backup, restore_backup

    settings = _settings(backup_key_file=options.key_file, audit_key_file=options.audit_key)
    if options.list:
        return list_backup(settings, options.file, data_dir=options.data_dir or default_data_dir())
    if options.data_dir is None and options.database_url is None:
        raise UsageError("say where to: --data-dir of a new folder, or --database-url of an empty database")
    return restore_backup(settings, options.file, data_dir=_folder(options), database_url=options.database_url)


def _folder(options: argparse.Namespace) -> Path | None:
    """The data folder of a command that may also work on a database address, which wins unless a folder is given."""
    if options.data_dir is not None and options.database_url is not None:
        raise UsageError("give --data-dir or --database-url, not both")
    if options.data_dir is None and (options.database_url or os.environ.get("OPSCONSOLE_DATABASE_URL")):
        return None
    return options.data_dir or default_data_dir()


def _audit(options: argparse.Namespace) -> int:
    from backend.audit import Verifier
    from backend.runtime.commands import rotate_audit_key, verify_audit, verify_bundle

    if options.kind == "rotate-key":
        return rotate_audit_key(_settings(), data_dir=_folder(options), database_url=options.database_url)
    try:
        verifiers = [Verifier.parse(vkey) for vkey in options.vkey]
    except ValueError as error:
        raise UsageError(str(error)) from None
    place: str | None = options.checkpoints
    if place is not None and not place.startswith("s3://") and not Path(place).is_dir():
        raise UsageError(f"{place} is no folder, and no s3://bucket/prefix")
    if options.bundle is not None:
        if not verifiers:
            raise UsageError("give --vkey: the key inside a bundle proves nothing, get it from whoever runs the log")
        return verify_bundle(options.bundle, verifiers)
    return verify_audit(
        _settings(),
        verifiers,
        checkpoints=place,
        data_dir=_folder(options),
        database_url=options.database_url,
    )


def _runbooks(options: argparse.Namespace) -> int:
    from backend.runtime import runbook_commands as commands

    if options.kind == "check":
        return commands.check_files(options.files)
    where = {"data_dir": _folder(options), "database_url": options.database_url}
    match options.kind:
        case "publish":
            return commands.publish(_settings(), options.to, **where)
        case "export":
            return commands.export(_settings(), options.to, **where)
        case _:
            return commands.bring_in(_settings(), options.files, options.reason, **where)


def _launch(options: argparse.Namespace) -> int:
    from resources.launch.verify_record import run

    return run(options.record, options.vkey)


def _openapi(_options: argparse.Namespace) -> int:
    from backend.runtime.commands import print_openapi

    return print_openapi()


_COMMANDS = {
    None: _console,
    "console": _console,
    "demo": _demo,
    "serve": _serve,
    "worker": _worker,
    "migrate": _migrate,
    "import": _import,
    "token": _token,
    "account": _account,
    "backup": _backup,
    "restore": _restore,
    "audit": _audit,
    "runbooks": _runbooks,
    "launch": _launch,
    "openapi": _openapi,
}


if __name__ == "__main__":
    sys.exit(main())
