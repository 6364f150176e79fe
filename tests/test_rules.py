"""Each of the project's own rules catches what it is for and lets the right way pass; the repository keeps them all."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = Path(__file__).parent.parent / "scripts" / "rules.py"


def _load() -> ModuleType:
    specification = importlib.util.spec_from_file_location("rules", SOURCE)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    # Dataclasses look their own module up while they are made.
    sys.modules["rules"] = module
    specification.loader.exec_module(module)
    return module


rules = _load()

SQL = """-- name: insert_order
insert into orders (id) values (%(id)s)

-- name: lock_order
-- The update comes later, 'delete from' it is not.
select id from orders where note <> 'update' for update

-- name: forget
with gone as (delete from orders returning id) select count(*) from gone
"""


def advice(path: str, text: str, **others: str) -> list[str]:
    found = rules.check({path: text, "backend/shop/queries.sql": SQL, **others})
    return [str(finding) for finding in found]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("views/a.py", 'X = "#FFA52E"\n'),
        ("views/a.py", 'SHEET = "border: 1px solid #abc;"\n'),
        ("app/a.py", 'X = "#80FFA52E"\n'),
        ("views/a.py", 'def f(x):\n    return f"color: #FFA52E; {x}"\n'),
        ("views/a.py", "X = QColor(1, 2, 3)\n"),
        ("views/a.py", 'X = QtGui.QColor("red")\n'),
        ("views/a.py", "X = QColor.fromRgbF(0.1, 0.2, 0.3)\n"),
        ("views/a.py", "X = Qt.GlobalColor.red\n"),
    ],
)
def test_colour_literals_are_found(path: str, text: str) -> None:
    assert "views/kit/theme.py" in advice(path, text)[0]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("views/kit/theme.py", 'X = "#FFA52E"\n'),
        ("tests/a.py", 'X = "#FFA52E"\n'),
        ("views/a.py", "X = QColor(tokens.p1)\nY = Qt.GlobalColor.transparent\nZ = 'order #12345'\n"),
        ("views/a.py", "# the sheet's #FFA52E\nX = QColor(other)\n"),
    ],
)
def test_colours_of_the_theme_pass(path: str, text: str) -> None:
    assert advice(path, text) == []


@pytest.mark.parametrize(
    "call",
    [
        "dialog.exec()",
        "QMenu(self).exec_(point)",
        'QMessageBox.question(None, "Sure?", "")',
        'QtWidgets.QMessageBox.critical(None, "", "")',
        "QFileDialog.getOpenFileName()",
        'QInputDialog.getText(None, "", "")',
    ],
)
def test_second_event_loops_are_found(call: str) -> None:
    found = advice("views/a.py", f"def f(dialog, point, self):\n    {call}\n")
    assert len(found) == 1
    assert found[0].startswith("views/a.py:2: ")


@pytest.mark.parametrize(
    "call", ["dialog.open()", "menu.popup(point)", "QFileDialog(parent).open()", "QMessageBox(parent)"]
)
def test_dialogs_that_open_pass(call: str) -> None:
    assert advice("views/a.py", f"def f(dialog, menu, parent, point):\n    {call}\n") == []


def test_commits_belong_to_the_database() -> None:
    text = "def f(tx):\n    tx.commit()\n"
    assert advice("backend/shop/upserts.py", text) == [
        "backend/shop/upserts.py:2: leave commit() to Database.transaction()"
    ]
    assert advice("backend/core/database.py", text) == []
    assert advice("backend/migrations/migrate.py", text) == []


def test_statements_that_write_are_told_from_locks_and_comments() -> None:
    assert rules.writing_names(SQL) == {"insert_order", "forget"}


USES = "def f(tx):\n    tx.execute(queries.lock_order)\n    tx.execute(queries.insert_order)\n"


@pytest.mark.parametrize(
    ("path", "head"),
    [
        ("backend/shop/routes.py", "from backend.shop import queries\n"),
        ("backend/shop/routes.py", "queries = load_queries(__package__)\n"),
        ("backend/shop/routes.py", "from backend.shop.actions import queries\n"),
        ("backend/dashboard/compose.py", 'queries = load_queries("backend.shop")\n'),
    ],
)
def test_writing_outside_its_modules_is_found(path: str, head: str) -> None:
    found = advice(path, head + USES)
    assert found == [f"{path}:4: insert_order of backend/shop/queries.sql writes: use it in an actions.py"]


def test_another_name_for_the_statements_does_not_hide_them() -> None:
    text = "from backend.shop import queries as shop_queries\nX = shop_queries.forget\n"
    assert len(advice("backend/dashboard/compose.py", text)) == 1


def test_statements_of_a_file_of_their_own_are_known() -> None:
    text = 'queries = load_queries("backend", "keys.sql")\nX = queries.keep\n'
    found = advice(
        "backend/core/security.py", text, **{"backend/keys.sql": "-- name: keep\nupdate keys set at = now()\n"}
    )
    assert len(found) == 1


@pytest.mark.parametrize(
    "text",
    [
        'X = "insert into orders (id) values (1)"\n',
        'X = "with gone as (delete from orders returning id) select count(*) from gone"\n',
        'def f(tx):\n    tx.execute("update orders as o set id = 1")\n',
        'X = sql.SQL("update {} set {}").format(table, columns)\n',
        'def f(table):\n    return f"update {table} set id = 1"\n',
        'def f(table):\n    return "UPDATE " + table + " SET id = 1"\n',
        'X = "truncate orders"\n',
    ],
)
def test_statements_that_write_are_found_in_python_too(text: str) -> None:
    assert advice("backend/shop/routes.py", text)[0].endswith("this SQL writes: put it into an actions.py")
    for path in ("backend/shop/actions.py", "backend/shop/migrations/shop_0001.py", "views/a.py"):
        assert advice(path, text) == []


@pytest.mark.parametrize(
    "text",
    [
        'def f():\n    """Update orders, then set them; delete from them."""\n',
        "X = \"select id from orders where note <> 'update orders set' for update skip locked\"\n",
        'X = "an update of the set; delete it, or insert a row"\n',
        "X = 1 + 2\n",
    ],
)
def test_other_words_in_python_pass(text: str) -> None:
    assert advice("backend/shop/routes.py", text) == []


@pytest.mark.parametrize("path", ["backend/shop/actions.py", "backend/shop/upserts.py", "backend/sample/trade.py"])
def test_writing_in_its_modules_passes(path: str) -> None:
    assert advice(path, "from backend.shop import queries\n" + USES) == []


def test_a_name_of_another_package_is_not_taken_for_the_one_that_writes() -> None:
    text = "from backend.dashboard import queries\nX = queries.forget\n"
    others = {"backend/dashboard/queries.sql": "-- name: forget\nselect 1\n"}
    assert advice("backend/dashboard/compose.py", text, **others) == []


ROOMS = dict.fromkeys(
    (
        "backend/core/capability.py",
        "backend/alerts/__init__.py",
        "backend/alerts/actions.py",
        "backend/alerts/capability.py",
        "backend/risk/capability.py",
        "backend/risk/queue/__init__.py",
        "backend/risk/queue/actions.py",
        "app/risk/capability.py",
    ),
    "",
)


def crossed(path: str, text: str) -> list[str]:
    return advice(path, text, **ROOMS)


@pytest.mark.parametrize(
    "text",
    [
        "from backend.alerts.actions import raise_alert\n",
        "from backend.alerts import actions\n",
        "import backend.alerts.actions\n",
        "def f():\n    from backend.alerts.actions import raise_alert\n",
        'queries = load_queries("backend.alerts")\n',
    ],
)
def test_the_inside_of_another_capability_is_found(text: str) -> None:
    found = crossed("backend/risk/check.py", text)
    assert len(found) == 1
    assert "take it from backend.alerts: its __init__ holds what it offers others" in found[0]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("backend/risk/check.py", "from backend.alerts import raise_alert\nfrom backend.core.clock import clock\n"),
        ("backend/risk/check.py", "from backend.risk.queue import actions\nfrom models.alerts import Alert\n"),
        ("backend/integrations/webhook.py", "from backend.risk import ShopPort\n"),
        ("backend/runtime/asgi.py", "from backend.capabilities import CAPABILITIES\n"),
        ("backend/runtime/commands.py", "from backend.alerts import raise_alert\n"),
        ("backend/capabilities.py", "from backend.risk.capability import CAPABILITY as RISK\n"),
        ("tests/backend/risk/test_check.py", "from backend.alerts.actions import raise_alert\n"),
    ],
)
def test_what_a_capability_offers_may_be_taken(path: str, text: str) -> None:
    assert crossed(path, text) == []


@pytest.mark.parametrize("path", ["backend/core/http.py", "backend/runtime/worker.py"])
@pytest.mark.parametrize("text", ["from backend.alerts import raise_alert\n", "import backend.risk.queue.actions\n"])
def test_shared_code_that_names_a_capability_is_found(path: str, text: str) -> None:
    (found,) = crossed(path, text)
    assert "names none" in found


def test_commands_take_only_what_is_offered() -> None:
    (found,) = crossed("backend/runtime/commands.py", "from backend.alerts.actions import raise_alert\n")
    assert "take it from backend.alerts" in found


@pytest.mark.parametrize("path", ["backend/core/http.py", "backend/risk/queue/wake.py", "backend/integrations/a.py"])
def test_the_tuple_is_read_where_all_are_put_together(path: str) -> None:
    (found,) = crossed(path, "from backend.capabilities import CAPABILITIES\n")
    assert "nowhere else" in found


@pytest.mark.parametrize("module", ["backend.integrations", "backend.integrations.webhook", "backend.runtime.jobs"])
def test_a_capability_that_reaches_above_is_found(module: str) -> None:
    (found,) = crossed("backend/risk/queue/wake.py", f"from {module} import something\n")
    assert "have it handed to you" in found


def test_sides_that_are_not_held_yet_are_held_by_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "from app.risk.queue import Queue\n"
    others = ROOMS | {"views/alerts/capability.py": "", "views/risk/capability.py": ""}
    monkeypatch.setattr(rules, "HELD", ("backend", "app", "views"))
    assert advice("views/risk/panel.py", text, **others) == [], "the same capability in another layer"
    assert "take it from app.risk" in advice("views/alerts/panel.py", text, **others)[0]
    assert "names none" in advice("views/shell/panels.py", text, **others)[0]


def test_formats_that_one_system_lacks_are_found() -> None:
    assert "POSIX only" in advice("views/a.py", 'X = f"{at:%-d %b}"\n')[0]
    assert advice("views/a.py", 'X = f"{at.day} {at:%b %H:%M}"\n') == []
    assert advice("tests/a.py", 'X = f"{at:%-d}"\n') == []


def test_long_files_are_found() -> None:
    assert advice("models/a.py", "X = 1\n" * 500) == []
    assert "split it by meaning" in advice("models/a.py", "X = 1\n" * 501)[0]
    assert advice("tests/a.py", "X = 1\n" * 501) == []


@pytest.mark.parametrize("folder", ["work/main", "tmp/plan"])
def test_paths_of_one_machine_are_found(folder: str) -> None:
    assert len(advice("docs/a.md", f"First line.\nSee /{folder}/notes.md.\n")) == 1
    assert advice("docs/a.md", f"See https://example.org/{folder}/notes.md and ./{folder}.\n") == []


def test_the_repository_keeps_its_rules() -> None:
    files = rules.tracked()
    assert "views/kit/theme.py" in files
    assert [str(finding) for finding in rules.check(files)] == []
