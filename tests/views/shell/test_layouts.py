import json
from pathlib import Path

import pytest

from views.shell.window import layouts
from views.shell.window.arrangement import BUILT_IN, MAIN, BuiltIn
from views.shell.window.layouts import (
    PRODUCT,
    SCHEMA,
    UNDO_STEPS,
    Layout,
    LayoutError,
    LayoutHistory,
    LayoutStore,
    Workspaces,
)

LAYOUT = Layout(("alerts", "sources"), b"\x00blob\xff", ("eDP-1 1920x1080+0+0",))


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path / "profile" / "layouts.json")
    saved = Workspaces().save_as("Release day", LAYOUT)
    store.save(saved)
    assert store.load() == (saved, None)
    assert saved.current.name == "Release day"
    assert [p.name for p in store.path.parent.iterdir()] == ["layouts.json"]


def test_without_a_file_there_is_the_war_room(tmp_path: Path) -> None:
    workspaces, problem = LayoutStore(tmp_path / "layouts.json").load()
    assert problem is None
    assert workspaces.active == MAIN


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "damaged"),
        (b"{", "damaged"),
        (b"\xff\xfe\x00", "damaged"),
        (b"[" * 200_000 + b"]" * 200_000, "damaged"),
        (b"[]", "no layout file"),
        (b'{"product": "something else", "schema": 1}', "no layout file"),
        (json.dumps({"product": PRODUCT, "schema": SCHEMA + 1}).encode(), "newer"),
        (json.dumps({"product": PRODUCT, "schema": SCHEMA, "workspaces": 3}).encode(), "no workspaces"),
        (json.dumps({"product": PRODUCT, "schema": SCHEMA, "workspaces": [{}]}).encode(), "lacks its id"),
        (json.dumps({"product": PRODUCT, "schema": SCHEMA, "workspaces": []}).encode(), "incomplete"),
    ],
)
def test_an_unusable_file_is_set_aside_and_said(tmp_path: Path, content: bytes, words: str) -> None:
    store = LayoutStore(tmp_path / "layouts.json")
    for _ in range(2):
        store.path.write_bytes(content)
        workspaces, problem = store.load()
        assert workspaces == Workspaces()
        assert problem is not None
        assert words in problem
    assert not store.path.exists()
    assert (tmp_path / "layouts.json.unusable-1").read_bytes() == content
    assert (tmp_path / "layouts.json.unusable-2").exists()


@pytest.mark.parametrize(
    "broken", [3, {}, {"docks": [1], "screens": [], "blob": ""}, {**LAYOUT.to_json(), "blob": "ä"}]
)
def test_a_broken_layout_is_refused(broken: object) -> None:
    with pytest.raises(LayoutError):
        Layout.from_json(broken)


def test_names_are_checked_and_ids_never_clash() -> None:
    one = Workspaces().save_as("  Night   shift ", LAYOUT)
    assert one.current.name == "Night shift"
    two = one.save_as("Night-shift", LAYOUT)
    assert [item.id for item in two.items] == [*BUILT_IN, "night-shift", "night-shift-2"]
    for name in ("", "   ", "night SHIFT", "x" * 25):
        with pytest.raises(LayoutError):
            two.save_as(name, LAYOUT)
    assert two.rename("night-shift", "Day shift").get("night-shift").name == "Day shift"
    assert two.rename("night-shift", "NIGHT SHIFT").get("night-shift").name == "NIGHT SHIFT"
    with pytest.raises(LayoutError):
        two.rename(MAIN, "Other")


def test_the_war_room_stays_and_is_opened_when_the_open_one_goes() -> None:
    saved = Workspaces().save_as("Night", LAYOUT)
    assert saved.remove("night") == Workspaces()
    with pytest.raises(LayoutError):
        saved.remove(MAIN)
    assert saved.with_layout("night", None).current.layout is None
    with pytest.raises(KeyError):
        saved.activate("nowhere")


def test_history_keeps_the_last_twenty() -> None:
    history = LayoutHistory()
    for number in range(UNDO_STEPS + 5):
        history.push(bytes([number]))
    assert len(history) == UNDO_STEPS
    assert history.pop() == bytes([UNDO_STEPS + 4])
    history.clear()
    assert history.pop() is None


EARLIER = Path(__file__).with_name("layouts_of_an_earlier_console.json")
"""Written by the console before panels had manifests: Sources closed in the War room, a workspace called Incidents."""


def test_a_stored_order_and_its_keys_stay_and_what_has_come_since_is_last() -> None:
    kept = json.loads(EARLIER.read_text("utf-8"))
    by_id = {item["id"]: item for item in kept["workspaces"]}
    kept["workspaces"] = [by_id[known] for known in ("incidents", "triage", "war-room")]
    found = Workspaces.from_json(kept)
    come = ["incidents.room", "oncall.rosters", "launch.desk", "analytics.events", "deliveries.systems", "access"]
    come.append("privacy.desk")
    assert [item.id for item in found.items] == ["incidents", "triage", "war-room", *come]
    assert found.items[0].name == "Incidents"


def test_a_built_in_workspace_that_comes_does_not_swallow_an_operators_own(monkeypatch: pytest.MonkeyPatch) -> None:
    board = BuiltIn("Incidents", "key", ())
    monkeypatch.setattr(layouts, "BUILT_IN", {**BUILT_IN, "incidents.board": board})
    found = Workspaces.from_json(json.loads(EARLIER.read_text("utf-8")))
    kept = ["war-room", "triage", "access", "incidents"]
    come = ["incidents.room", "oncall.rosters", "launch.desk", "analytics.events", "deliveries.systems"]
    come += ["privacy.desk", "incidents.board"]
    assert [item.id for item in found.items] == [*kept, *come]
    assert found.get("incidents").layout is not None
    assert found.get("incidents.board").layout is None
