"""What developers are shown runs as it stands, and the page for data owners says what the plan says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backend.analytics.plan.governance import governance_page
from tests.backend.analytics.fixtures import BASE, PIPELINE, VIEWER, Planner
from tests.backend.analytics.test_clients import ODD, PLAN

PAGE = Path(__file__).parents[3] / "docs" / "developers" / "instrumenting.md"


def example(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_examples_run(planner: Planner, tmp_path: Path, language: str) -> None:
    runner = sys.executable if language == "python" else shutil.which("node")
    if runner is None:
        pytest.skip("no node in the path: the example in JavaScript was not run")
    planner.planned(mode="reject")
    script = tmp_path / ("send.py" if language == "python" else "send.mjs")
    script.write_text(example(language), encoding="utf-8")
    environment = os.environ | {"OPSCONSOLE_URL": planner.api.base_url, "OPSCONSOLE_TOKEN": planner.api.token(PIPELINE)}
    done = subprocess.run([runner, str(script)], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "1 landed"
    assert planner.kept() == (1, 0, 1)


def test_the_page_for_data_owners_says_what_the_plan_says(planner: Planner) -> None:
    planner.planned()
    answer = planner.send("GET", f"{BASE}/schema?as=governance", by=VIEWER)
    assert answer.headers["content-type"].startswith("text/markdown")
    assert "| Order Completed 1 | email | personal | Sends the receipt | 120 | operations-lead |" in answer.text
    assert "## Order Completed, version 1" in answer.text


def test_odd_names_break_no_table() -> None:
    text = governance_page(PLAN)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}
    assert ODD["eventName"].split()[0] in text
