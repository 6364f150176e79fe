"""The example of ``docs/developers/adding.md`` works in this house, and rooms filled side by side do not meet."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
SHARED_LINES_MOST = 7
SECONDS_MOST = 300
HELD_BY = (
    "tests/backend/notes",
    "tests/views/notes",
    "tests/app/core/test_audit_words.py::test_every_action_of_the_server_has_words",
    "tests/app/core/test_audit_words.py::test_no_capability_has_words_for_what_nobody_does",
    "tests/app/core/test_capabilities.py",
    "tests/backend/runtime/test_capabilities.py",
    "tests/backend/runtime/test_migration_branches.py",
)
"""The tests of the example, and those of the house that look at every capability."""

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
pytestmark = [
    needs_git,
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no work tree of git: a source archive, perhaps"),
]


def _example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("example", ROOT / "scripts" / "example.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


example = _example()


def run(folder: Path, *command: str) -> str:
    """A command in a folder, as if started by hand there: nothing of this run of pytest reaches it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHONPATH", "GIT_"))}
    kept.setdefault("QT_QPA_PLATFORM", "offscreen")
    # A folder of its own for its temporary ones: pytest closes that of others, with the databases they have in there.
    with tempfile.TemporaryDirectory(dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")) as memory:
        kept["PYTEST_DEBUG_TEMPROOT"] = memory
        done = subprocess.run(
            command, cwd=folder, env=kept, capture_output=True, text=True, timeout=SECONDS_MOST, check=False
        )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def code(folder: Path, name: str) -> list[str]:
    """The lines of a file that say something."""
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def changed(folder: Path) -> list[str]:
    """Lines of shared files that are others than in this repository, each with its file."""
    found = []
    for name in {name for name, _, _ in example.SHARED}:
        lines = difflib.ndiff(code(ROOT, name), code(folder, name))
        found += [f"{name}: {line}" for line in lines if line.startswith(("+ ", "- "))]
    return found


def test_the_example_runs_in_this_house_and_changes_few_shared_lines(tmp_path: Path) -> None:
    house = tmp_path / "house"
    example.copy(house)
    added = {path.relative_to(example.EXAMPLE).as_posix() for path in example.EXAMPLE.rglob("*") if path.is_file()}
    assert not [name for name in added if (house / name).exists()], "its files are its own"
    example.add(house)
    assert len(changed(house)) <= SHARED_LINES_MOST, changed(house)
    where = run(house, sys.executable, "-c", "import app, backend, models, views; print(views.__file__)")
    assert Path(where.strip()).is_relative_to(house), "the copy comes first on the path"
    run(house, sys.executable, "-m", "pytest", "-x", *HELD_BY)
    run(house, sys.executable, "scripts/rules.py")


def test_the_page_quotes_the_example_as_it_is() -> None:
    page = (ROOT / "docs" / "developers" / "adding.md").read_text(encoding="utf-8")
    quoted = re.findall(r"```\w+\n(?:#|--) example/(\S+)\n(.*?)```", page, re.DOTALL)
    assert quoted
    for name, text in quoted:
        found = (example.EXAMPLE / name).read_text(encoding="utf-8")
        for part in re.split(r"^ *\.\.\.\n", text, flags=re.MULTILINE):
            assert part.strip("\n") in found, f"{name} has no\n{part}"


# --- two branches -----------------------------------------------------------------------------------------------------

FILL = {
    "backend/{room}/routes.py": '''"""Made by a test."""

from __future__ import annotations

from typing import Annotated

from backend.core.http import operations_router
from backend.core.security import Principal, require
from models.core.permissions import Permission

router = operations_router("/api/operations/{room}", "{room}")


@router.get("")
async def get_nothing(_principal: Annotated[Principal, require(Permission.TRY_{ROOM})]) -> None:
    """Nothing."""
''',
    "backend/{room}/capability.py": '''"""Made by a test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.core.capability import Audience, Capability
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from fastapi import APIRouter


def _routers() -> Sequence[APIRouter]:
    from backend.{room}.routes import router

    return (router,)


CAPABILITY = Capability(
    name="{room}",
    routers=_routers,
    audiences={{"{room}": Audience(Topic.TRY_{ROOM}, frozenset({{Permission.TRY_{ROOM}}}))}},
)
''',
}
MEMBERS = (
    ("models/core/topics.py", "class Topic", '    TRY_{ROOM} = "{room}"\n'),
    ("models/core/permissions.py", "class Permission", '    TRY_{ROOM} = "{room}.try"\n'),
    ("models/core/problems.py", "class Code", '    TRY_{ROOM} = "{room}-tried"\n'),
    ("models/core/problems.py", "REGISTRY", '    Code.TRY_{ROOM}: Meaning(409, "Tried: {room}"),\n'),
)
LOOK = """
import json
from backend.capabilities import CAPABILITIES
from models.core.permissions import Permission
from models.core.problems import REGISTRY, Code
from models.core.topics import Topic
rooms = [each for each in CAPABILITIES if each.name in {"deliveries", "incidents"}]
paths = [route.path for each in rooms for router in each.routers() for route in router.routes]
enums = [[name for name in each.__members__ if name.startswith("TRY_")] for each in (Topic, Permission, Code)]
print(json.dumps([paths, *map(sorted, enums), [REGISTRY[Code(f"{each.name}-tried")].status for each in rooms]]))
"""


def fill(folder: Path, room: str) -> None:
    """What an empty room gets first: a route, and its members of what all share."""

    def put(text: str) -> str:
        return text.format(room=room, ROOM=room.upper())

    for name, text in FILL.items():
        (folder / put(name)).write_text(put(text), encoding="utf-8")
    for name, where, line in MEMBERS:
        file = folder / name
        head, found, tail = file.read_text(encoding="utf-8").partition(f"\n{where}")
        before, block, after = tail.partition(f"    # --- {room}\n")
        assert block, f"{name} has no block for {room} in {where}"
        file.write_text(head + found + before + block + put(line) + after, encoding="utf-8")


def test_two_branches_that_each_fill_a_room_merge_by_themselves(tmp_path: Path) -> None:
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    example.copy(origin)

    def git(folder: Path, *arguments: str) -> str:
        somebody = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false")
        return run(folder, "git", *somebody, *arguments)

    git(origin, "init", "--quiet", "--initial-branch=main")
    git(origin, "add", "--all", "--force")
    git(origin, "commit", "--quiet", "--no-verify", "-m", "The house")
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    for room in ("deliveries", "incidents"):
        git(clone, "checkout", "--quiet", "-b", room, "origin/main")
        fill(clone, room)
        git(clone, "add", "--all")
        git(clone, "commit", "--quiet", "--no-verify", "-m", f"Fill {room}")
    git(clone, "checkout", "--quiet", "-b", "both", "origin/main")
    for room in ("deliveries", "incidents"):
        git(clone, "merge", "--quiet", "--no-edit", room)
    paths, *enums, statuses = json.loads(run(clone, sys.executable, "-c", LOOK))
    assert paths == ["/api/operations/deliveries", "/api/operations/incidents"]
    assert enums == [["TRY_DELIVERIES", "TRY_INCIDENTS"]] * 3
    assert statuses == [409, 409]


# --- rooms to come ----------------------------------------------------------------------------------------------------

OPENED = ("analytics", "deliveries", "files", "incidents", "launch", "oncall", "privacy", "reporting", "runbooks")


@pytest.mark.parametrize("room", OPENED)
def test_a_room_to_come_is_open_on_every_floor(room: str) -> None:
    assert (ROOT / "models" / room / "__init__.py").is_file()
    for side in ("backend", "app", "views"):
        assert importlib.import_module(f"{side}.{room}.capability").CAPABILITY.name == room
        names = [each.name for each in importlib.import_module(f"{side}.capabilities").CAPABILITIES]
        assert names.count(room) == 1, side
    for name, where, _ in MEMBERS:
        text = (ROOT / name).read_text(encoding="utf-8").partition(f"\n{where}")[2]
        assert f"    # --- {room}\n" in text, f"{where} in {name}"
