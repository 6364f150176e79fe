"""What can be typed on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from app import argument_types

SHOPS = ("opsconsole", "shopify", "woocommerce", "medusa", "medusa-1", "magento", "stripe")

DESCRIPTION = """\
Operations console for a shop that sells software, and the operations API behind it.

Without a command it opens the console; the first time it asks whether to connect to a server
or to try the sample shop."""


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
        help="which column holds what, where the names differ; one with a comma in it in quotes; fields: "
        + ", ".join(argument_types.ORDER_FIELDS),
    )
    orders.add_argument(
        "--from", dest="preset", metavar="SHOP", choices=SHOPS, help=f"whose export it is: {', '.join(SHOPS)}"
    )
    orders.add_argument(
        "--states",
        metavar="WORD=KIND,…",
        type=argument_types.states,
        default={},
        help="what words in the column status mean, where that is not known; kinds: "
        + ", ".join(argument_types.STATE_KINDS),
    )
    orders.add_argument(
        "--refunded-in-full",
        action="store_true",
        help="orders that are said to be refunded, without a word about how much, were given back whole",
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

    _runbook_commands(commands)
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


def _runbook_commands(commands: Any) -> None:
    runbooks = commands.add_parser("runbooks", help="runbooks: publish, export, import and check them")
    kinds = runbooks.add_subparsers(dest="kind", metavar="KIND", required=True, title="kinds")
    publish = kinds.add_parser("publish", help="write all of them as plain pages, for when everything is down")
    publish.add_argument("--to", metavar="PLACE", required=True, help="a folder, or s3://bucket/prefix")
    export = kinds.add_parser("export", help="write all of them as Markdown files with front matter")
    export.add_argument("--to", metavar="FOLDER", type=Path, required=True, help="folder of the files")
    bring_in = kinds.add_parser("import", help="bring in Markdown files; those that differ get a new version")
    bring_in.add_argument("--reason", metavar="TEXT", default="", help="why, for the history")
    check = kinds.add_parser("check", help="say what is wrong with Markdown files; changes nothing")
    for command in (bring_in, check):
        command.add_argument("files", metavar="FILE", nargs="+", type=Path, help="a .md file, or a folder of them")
    for command in (publish, export, bring_in):
        _data_dir(command)
        command.add_argument("--database-url", metavar="URL", help="a PostgreSQL 18 instead of a data folder")


def _data_dir(to: Any) -> None:
    to.add_argument("--data-dir", metavar="DIR", type=Path, help="folder of the embedded database (yours)")


_ROLE_HELP = "viewer, support-lead, operations-lead, risk-analyst, pipeline, … (an unknown one lists them)"
