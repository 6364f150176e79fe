"""The project's own rules, those no linter knows: prints file, line and what to do; exit code 1 when there is anything.

Each rule is a function from one file to findings, so that a test can hold it against a bad and a good example.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent

CODE = ("app", "backend", "models", "views")
LINES_MOST = 500

COMMITTERS = ("backend/core/database.py", "backend/migrations/")
WRITERS = {
    "accounts.py",
    "actions.py",
    "audit_trail.py",
    "backfill.py",
    "evaluate.py",
    "idempotency.py",
    "personal.py",
    "rollups.py",
    "sample.py",
    "upserts.py",
}
WRITING_PACKAGES = ("backend/audit/", "backend/shop/importing/", "backend/migrations/", "backend/sample/")
MIGRATIONS = re.compile(r"^backend/\w+/migrations/")

_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})(?![\w-])")
_COLOUR_MAKERS = {"QColor", "fromRgb", "fromRgbF", "fromHsv", "fromHsl", "fromRgba", "mkColor", "mkPen", "mkBrush"}
_ASKING = {
    "QMessageBox": {"question", "information", "warning", "critical", "about", "aboutQt"},
    "QFileDialog": set[str](),
    "QInputDialog": set[str](),
    "QColorDialog": set[str](),
    "QFontDialog": set[str](),
}
_NAME = re.compile(r"^-- name: *(\w+)[ \t]*$", re.MULTILINE)
_QUIET = re.compile(r"--[^\n]*|'(?:[^']|'')*'")
_LOCKS = re.compile(r"\bfor\s+(?:no\s+key\s+)?update\b", re.IGNORECASE)
_WRITES = re.compile(r"\b(?:insert\s+into|update|delete\s+from|truncate|merge\s+into)\b", re.IGNORECASE)
# In Python: "update" is a word of English as well, and a table's name may be put in.
_WRITES_HERE = re.compile(
    r"\b(?:insert\s+into|delete\s+from|truncate(?:\s+table)?|merge\s+into)\s+[\w\"{%]"
    r"|\bupdate\s+(?:only\s+)?\S+\s+(?:(?:as\s+)?\w+\s+)?set\s",
    re.IGNORECASE,
)
_LOCAL = re.compile(r"%[-#][a-zA-Z]")
# Somebody's own machine: where this checkout or its notes happen to lie.
_MACHINE = re.compile(r"(?<![\w./-])/(?:work/|tmp/plan\b)")


@dataclass(frozen=True, order=True)
class Finding:
    """One place that breaks a rule, and what to do there."""

    path: str
    line: int
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.advice}"


@dataclass(frozen=True)
class Side:
    """How one side is laid out: which of its folders and files are no capability, and what they may."""

    shared: tuple[str, ...]
    """Folders that serve every capability."""
    readers: tuple[str, ...]
    """Files and folders that put all capabilities together: they read ``capabilities.py``."""
    above: tuple[str, ...] = ()
    """Folders no capability imports."""
    commands: frozenset[str] = frozenset()
    """Shared files that do a single thing of a single capability, and say which."""


SIDES = {
    "backend": Side(
        shared=("core", "runtime"),
        readers=("backend/runtime/",),
        above=("integrations", "runtime"),
        commands=frozenset(
            f"backend/runtime/{name}.py"
            for name in ("backup_commands", "commands", "runbook_commands", "sample_receivers", "sample_shop", "serve")
        ),
    ),
    # The audit log lists what every capability did, in the words of each.
    "app": Side(shared=("core",), readers=("app/console.py", "app/__main__.py", "views/audit/wording.py")),
    "views": Side(shared=("kit", "shell"), readers=("views/run.py", "views/shell/")),
}
HELD = ("backend", "app", "views")
"""Sides that keep their boundaries."""

Rule = Callable[[str, str], Iterator[Finding]]
"""Takes a path relative to the repository, with ``/``, and the text of that file."""


def _tree(path: str, text: str, packages: tuple[str, ...]) -> ast.Module | None:
    if not path.endswith(".py") or not path.startswith(tuple(f"{package}/" for package in packages)):
        return None
    return _parsed(path, text)


@lru_cache(maxsize=1)
def _parsed(path: str, text: str) -> ast.Module:
    return ast.parse(text, path)


def _called(node: ast.Call) -> tuple[str, str]:
    """``("QMessageBox", "warning")`` of ``QtWidgets.QMessageBox.warning()``; the first is empty for a bare name."""
    if isinstance(node.func, ast.Name):
        return "", node.func.id
    if isinstance(node.func, ast.Attribute):
        owner = node.func.value
        name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
        return name, node.func.attr
    return "", ""


def colours(path: str, text: str) -> Iterator[Finding]:
    """No colour literal outside the theme: neither ``#RRGGBB`` nor ``QColor(1, 2, 3)`` nor Qt's named ones."""
    tree = _tree(path, text, ("app", "views"))
    if tree is None or path == "views/kit/theme.py":
        return
    advice = "take the colour from views/kit/theme.py, it is the only place of colour literals"
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _COLOUR.search(node.value):
            yield Finding(path, node.lineno, advice)
        elif isinstance(node, ast.Call) and _called(node)[1] in _COLOUR_MAKERS:
            if any(isinstance(part, ast.Constant) and isinstance(part.value, int | float | str) for part in node.args):
                yield Finding(path, node.lineno, advice)
        elif isinstance(node, ast.Attribute) and node.attr != "transparent":
            owner = node.value
            named = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
            if named == "GlobalColor":
                yield Finding(path, node.lineno, advice)


def event_loops(path: str, text: str) -> Iterator[Finding]:
    """No second event loop: ``exec`` and Qt's static dialogs stop every coroutine until somebody answers."""
    tree = _tree(path, text, ("views",))
    if tree is None:
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner, name = _called(node)
        if name in {"exec", "exec_"}:
            yield Finding(path, node.lineno, f"open() or popup() instead of {name}(), which runs a second event loop")
        elif owner in _ASKING and (name in _ASKING[owner] or name.startswith("get")):
            yield Finding(path, node.lineno, f"make a dialog and open() it instead of the static {owner}.{name}()")


def commits(path: str, text: str) -> Iterator[Finding]:
    """Only the database module ends transactions."""
    tree = _tree(path, text, CODE)
    if tree is None or path.startswith(COMMITTERS):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield Finding(path, node.lineno, "leave commit() to Database.transaction()")


def writing_names(sql: str) -> frozenset[str]:
    """The named statements that write; a row lock (``for update``) does not."""
    _, *parts = _NAME.split(sql)
    blocks = zip(parts[::2], parts[1::2], strict=True)
    return frozenset(name for name, body in blocks if _WRITES.search(_LOCKS.sub("", _QUIET.sub("", body))))


def writers(path: str, text: str, statements: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    """Statements that write are used, or put together, by modules named after it. ``statements``: names by SQL file."""
    tree = _tree(path, text, ("backend",))
    if tree is None or PurePosixPath(path).name in WRITERS:
        return
    if path.startswith(WRITING_PACKAGES) or MIGRATIONS.match(path):
        return
    for line, words in _texts(tree):
        if _WRITES_HERE.search(_LOCKS.sub("", _QUIET.sub("", words))):
            yield Finding(path, line, "this SQL writes: put it into an actions.py")
    sources = dict(_query_objects(tree, path, statements))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in sources:
            source = sources[node.value.id]
            if node.attr in statements.get(source, ()):
                yield Finding(path, node.lineno, f"{node.attr} of {source} writes: use it in an actions.py")


def _texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Texts and the lines they begin on, put together as far as one can see: ``{}`` stands for what one cannot."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) and id(node) not in prose:
            yield node.lineno, _joined(node)


def _joined(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(map(_joined, parts))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined(left) + _joined(right)
        case _:
            return "{}"


def _query_objects(tree: ast.Module, path: str, statements: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, str]]:
    """Names in a module that hold named statements, and the SQL file each was read from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if alias.name == "queries":
                    folder = PurePosixPath(node.module.replace(".", "/"))
                    found = folder / "queries.sql"
                    # ``from backend.alerts.actions import queries``: the package's, handed on by a module.
                    yield alias.asname or alias.name, str(found if str(found) in statements else _beside(folder))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            if _called(node.value)[1] != "load_queries" or not isinstance(node.targets[0], ast.Name):
                continue
            words = [part.value if isinstance(part, ast.Constant) else None for part in node.value.args]
            package = str(words[0]).replace(".", "/") if words[0] else str(PurePosixPath(path).parent)
            yield node.targets[0].id, f"{package}/{words[1] if len(words) > 1 else 'queries.sql'}"


def _beside(module: PurePosixPath) -> PurePosixPath:
    return module.parent / "queries.sql"


def lengths(path: str, text: str) -> Iterator[Finding]:
    """A file too long to be read in one go is two files."""
    count = text.count("\n")
    if path.endswith(".py") and path.startswith(tuple(f"{package}/" for package in CODE)) and count > LINES_MOST:
        yield Finding(path, LINES_MOST, f"{count} lines; split it by meaning, {LINES_MOST} are the most")


def local_formats(path: str, text: str) -> Iterator[Finding]:
    """Windows knows no ``%-d``: a date formatted so raises there, and only there."""
    if path.endswith(".py") and path.startswith(tuple(f"{package}/" for package in CODE)):
        for number, line in enumerate(text.splitlines(), 1):
            if _LOCAL.search(line):
                yield Finding(path, number, "this format exists on POSIX only; write {at.day} {at:%b}")


def machine_paths(path: str, text: str) -> Iterator[Finding]:
    """Nothing names a folder of the machine it was written on."""
    for number, line in enumerate(text.splitlines(), 1):
        if _MACHINE.search(line):
            yield Finding(path, number, "name no folder of one machine; say it relative to the repository")


def boundaries(
    path: str, text: str, capabilities: Mapping[str, frozenset[str]], files: Container[str]
) -> Iterator[Finding]:
    """A capability reaches another through what its ``__init__`` offers, and code that serves all names none.

    ``capabilities``: the folders of each side that have a ``capability.py``.
    """
    side, _, rest = path.partition("/")
    tree = _tree(path, text, HELD)
    if tree is None or path in {f"{name}/capabilities.py" for name in SIDES}:
        return
    mine = rest.partition("/")[0]
    shared = mine in SIDES[side].shared and path not in SIDES[side].commands
    for line, module in _reached(tree, files):
        top, *parts = module.split(".")
        if top not in SIDES or not parts:
            continue
        where = parts[0]
        if where == "capabilities" and not path.startswith(SIDES[top].readers):
            yield Finding(path, line, f"{top}.capabilities is read where all are put together, and nowhere else")
        elif mine in capabilities[side] and where in SIDES[top].above:
            yield Finding(path, line, f"{top}.{where} stands above the capabilities: have it handed to you")
        elif where not in capabilities[top] or where == mine:
            continue
        elif shared:
            yield Finding(path, line, f"what serves every capability names none: take {where} from the manifests")
        elif len(parts) > 1:
            yield Finding(path, line, f"take it from {top}.{where}: its __init__ holds what it offers others")


def _reached(tree: ast.Module, files: Container[str]) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every module that is imported, and of packages whose SQL is read."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inside = f"{node.module}.{alias.name}".replace(".", "/")
                known = f"{inside}.py" in files or f"{inside}/__init__.py" in files
                yield node.lineno, f"{node.module}.{alias.name}" if known else node.module
        elif isinstance(node, ast.Call) and _called(node)[1] == "load_queries":
            for part in node.args[:1]:
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield node.lineno, f"{part.value}.queries"


def check(files: Mapping[str, str]) -> list[Finding]:
    """Every finding in some files, by path; what their SQL files write is read from among them."""
    statements = {
        path: writing_names(text)
        for path, text in files.items()
        if path.startswith("backend/") and path.endswith(".sql") and "/migrations/" not in path
    }

    def write(path: str, text: str) -> Iterator[Finding]:
        return writers(path, text, statements)

    manifests = {PurePosixPath(path).parent for path in files if path.endswith("/capability.py")}
    capabilities = {
        name: frozenset(each.name for each in manifests if each.parts == (name, each.name)) - {*side.shared}
        for name, side in SIDES.items()
    }

    def keep(path: str, text: str) -> Iterator[Finding]:
        return boundaries(path, text, capabilities, files)

    rules: tuple[Rule, ...] = (colours, event_loops, commits, write, keep, lengths, local_formats, machine_paths)
    return sorted({found for path, text in files.items() for rule in rules for found in rule(path, text)})


def tracked(root: Path = ROOT) -> dict[str, str]:
    """The text files git knows, as they lie in the work tree; a source archive without git is walked instead."""
    try:
        names = subprocess.run(
            ["git", "ls-files", "-z", "--cached"],  # noqa: S607 - whichever git the developer uses
            cwd=root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = [str(path.relative_to(root)) for top in CODE for path in (root / top).rglob("*")]
    found = {}
    for name in filter(None, names):
        try:
            found[PurePosixPath(Path(name)).as_posix()] = (root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            # Pictures, and files somebody has just deleted.
            continue
    return found


def main() -> int:
    """Check the repository."""
    findings = check(tracked())
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
