"""The command line. It alone may import everything, and imports each part only when that part is asked for."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import argument_types

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backend.core.settings import Settings

FAILED, WRONG = 1, 2
_STARTER = os.getppid()
"""Asked before the imports that take time: whoever started us may be killed meanwhile."""
SHOPS = ("opsconsole", "shopify", "woocommerce", "medusa", "magento", "stripe")

DESCRIPTION = """\
Operations console for a shop that sells software, and the operations API behind it.

Without a command it opens the console; the first time it asks whether to connect to a server
or to try the sample shop."""


class UsageError(Exception):
    """The command cannot be carried out as given; the words say what to do."""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(
        prog="opsconsole", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    root.add_argument("--version", action="store_true", help="print the version and exit")
    commands = root.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    console = commands.add_parser("console", help="open the console on a server")
    console.add_argument(
        "--server", metavar="URL", type=argument_types.web_address, help="address of the operations API"
    )

    demo = commands.add_parser("demo", help="open the console on the sample shop, created once, signed in")
    demo.add_argument(
        "--as", dest="role", metavar="ROLE", default="operations-lead", type=argument_types.role, help=_ROLE_HELP
    )
    _data_dir(demo)
    demo.add_argument("--screenshots", metavar="DIR", type=Path, help="draw every workspace into DIR and exit")

    serve = commands.add_parser(
        "serve", help="run the operations API, its worker and, unless told otherwise, its database"
    )
    where = serve.add_mutually_exclusive_group()
    _data_dir(where)
    where.add_argument("--database-url", metavar="URL", help="a migrated PostgreSQL 18 instead of the embedded one")
    serve.add_argument("--host", metavar="ADDRESS", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", metavar="PORT", type=argument_types.port, help="port to listen on (a free one)")
    serve.add_argument(
        "--worker", action=argparse.BooleanOptionalAction, default=True, help="run a worker beside it (yes)"
    )
    serve.add_argument("--sample-shop", action="store_true", help="create the sample shop and keep it trading")
    serve.add_argument("--lease", action="store_true", help="stop when no console holds a lease any more")

    worker = commands.add_parser("worker", help="run a worker on OPSCONSOLE_DATABASE_URL")
    worker.add_argument("--database-url", metavar="URL", help="instead of OPSCONSOLE_DATABASE_URL")
    worker.add_argument("--supervised", action="store_true", help="also stop when standard input ends")

    migrate = commands.add_parser("migrate", help="bring a PostgreSQL 18 to the newest schema, as its owner")
    migrate.add_argument("--database-url", metavar="URL", help="instead of OPSCONSOLE_DATABASE_URL")

    imports = commands.add_parser("import", help="bring in history from a file")
    kinds = imports.add_subparsers(dest="kind", metavar="KIND", required=True, title="kinds")
    orders = kinds.add_parser(
        "orders", help="orders from a CSV file; it lands whole or not at all, and can be repeated"
    )
    orders.add_argument("file", metavar="FILE", type=Path, help="a .csv or .csv.gz file with a header line")
    orders.add_argument(
        "--columns",
        metavar="FIELD=COLUMN,…",
        type=argument_types.columns,
        default={},
        help=f"which column holds what, where the names differ; fields: {', '.join(argument_types.ORDER_FIELDS)}",
    )
    orders.add_argument(
        "--from", dest="preset", metavar="SHOP", choices=SHOPS, help=f"whose export it is: {', '.join(SHOPS)}"
    )
    orders.add_argument(
        "--currency", metavar="CODE", type=argument_types.currency, help="currency of the totals, ISO 4217"
    )
    orders.add_argument(
        "--time-zone",
        metavar="ZONE",
        type=argument_types.time_zone,
        help="of times that name none, such as Europe/Berlin or UTC",
    )
    orders.add_argument(
        "--dates", choices=("day-first", "month-first"), help="what 03/04/2026 means, where the file does not show it"
    )
    orders.add_argument("--decimal", choices=(".", ","), help="decimal sign, where the file does not show it")
    orders.add_argument(
        "--delimiter",
        metavar="SIGN",
        type=argument_types.delimiter,
        help="what separates columns: comma, semicolon, tab, bar or a sign",
    )
    orders.add_argument(
        "--encoding", metavar="NAME", type=argument_types.encoding, help="such as utf-8, cp1252 or utf-16"
    )
    orders.add_argument("--sum-lines", action="store_true", help="rows of one id and instant are lines of one order")
    orders.add_argument(
        "--dry-run", action="store_true", help="say how the file is understood, with its first rows; import nothing"
    )
    orders.add_argument(
        "--shift-to-now",
        action="store_true",
        help="move all instants by whole days, so that the newest lies less than a day before now",
    )
    _data_dir(orders)
    orders.add_argument("--database-url", metavar="URL", help="a PostgreSQL 18 instead of a data folder")

    token = commands.add_parser("token", help="print a bearer token of a data folder's built-in account")
    token.add_argument("--as", dest="role", metavar="ROLE", required=True, type=argument_types.role, help=_ROLE_HELP)
    _data_dir(token)

    account = commands.add_parser("account", help="create a built-in account, or change its password")
    account.add_argument("name", metavar="NAME", help="what to sign in as")
    account.add_argument("--role", metavar="ROLE", required=True, type=argument_types.role, help=_ROLE_HELP)
    account.add_argument("--full-name", metavar="TEXT", help="name to show (NAME)")
    account.add_argument("--no-password", action="store_true", help="no password: for tokens only")
    _data_dir(account)
    account.add_argument("--database-url", metavar="URL", help="a PostgreSQL 18 instead of a data folder")

    backup = commands.add_parser("backup", help="make an encrypted backup and restore it for a test")
    backup.add_argument("--to", metavar="FOLDER", type=Path, required=True, help="folder of the new file")
    restore = commands.add_parser("restore", help="restore a backup into an empty database or a new data folder")
    restore.add_argument("file", metavar="FILE", type=Path, help="a file made by `opsconsole backup` or the daily job")
    restore.add_argument("--list", action="store_true", help="verify the file and show what it holds; restores nothing")
    for command in (backup, restore):
        _data_dir(command)
        command.add_argument("--database-url", metavar="URL", help="a PostgreSQL 18, with its owner's login")
        command.add_argument("--key-file", metavar="FILE", type=Path, help="instead of OPSCONSOLE_BACKUP_KEY_FILE")
    restore.add_argument(
        "--audit-key",
        metavar="FILE",
        type=Path,
        help="key that sealed the audit log, instead of OPSCONSOLE_AUDIT_KEY_FILE",
    )
    audit = commands.add_parser("audit", help="the audit log")
    audits = audit.add_subparsers(dest="kind", metavar="KIND", required=True, title="kinds")
    verify = audits.add_parser(
        "verify", help="recompute the audit log and hold it against its signed checkpoints; 1 when anything is wrong"
    )
    what = verify.add_mutually_exclusive_group()
    _data_dir(what)
    what.add_argument("--database-url", metavar="URL", help="a PostgreSQL 18 instead of a data folder")
    what.add_argument("--bundle", metavar="FILE", type=Path, help="an exported bundle instead of a database")
    verify.add_argument(
        "--checkpoints",
        metavar="PLACE",
        help="folder, or s3://bucket/prefix, with the checkpoints kept outside the database (as in the settings)",
    )
    verify.add_argument(
        "--vkey",
        metavar="KEY",
        action="append",
        default=[],
        help="public key name+hash+base64; may be repeated (that of the key in the settings)",
    )

    rotate = audits.add_parser(
        "rotate-key", help="let a new key seal the audit log; the log says so, and both verify it"
    )
    _data_dir(rotate)
    rotate.add_argument("--database-url", metavar="URL", help="a PostgreSQL 18 instead of a data folder")

    launch = commands.add_parser("launch", help="launches")
    launches = launch.add_subparsers(dest="kind", metavar="KIND", required=True, title="kinds")
    record = launches.add_parser(
        "verify", help="verify the record of a poll, and page and PDF beside it; 1 when anything is wrong"
    )
    record.add_argument("record", metavar="FILE", type=Path, help="the JSON file of the record")
    record.add_argument(
        "--vkey",
        metavar="KEY",
        action="append",
        required=True,
        help="public key name+hash+base64 of the audit log, from elsewhere than the record; may be repeated",
    )

    commands.add_parser("openapi", help="print the OpenAPI document of the operations API")
    return root


def _data_dir(to: Any) -> None:
    to.add_argument("--data-dir", metavar="DIR", type=Path, help="folder of the embedded database (yours)")


_ROLE_HELP = "viewer, support-lead, operations-lead, risk-analyst, pipeline, … (an unknown one lists them)"


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
    words = error["msg"].removeprefix("Value error, ")
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
    from backend.shop import PRESETS, ImportOptions

    settings = _settings()
    return import_orders(
        settings,
        options.file,
        ImportOptions(
            columns=options.columns,
            preset=PRESETS.get(options.preset),
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
    "launch": _launch,
    "openapi": _openapi,
}


if __name__ == "__main__":
    sys.exit(main())
