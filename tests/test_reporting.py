"""What a run of tests that fails tells first: which tests, and why."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
FAILING = """
import logging
import pytest

def {name}():
    for number in range(1000):
        logging.info("GET /api/operations/dashboard %s", number)
    logging.warning("the disk is full")
    figure = 7
    assert figure == 8, "one order is missing"

@pytest.fixture
def shop():
    raise RuntimeError("the shop is closed")

def test_sells(shop):
    pass

@pytest.mark.skip(reason="no real orders lie here")
def test_real_orders():
    pass
"""


def test_a_failing_run_names_each_failure_with_its_cause_and_prints_no_log_of_requests(tmp_path: Path) -> None:
    name = "test_with_a_name_as_long_as_the_longest_ones_that_are_found_in_the_tests_of_this_house"
    (tmp_path / "test_failing.py").write_text(FAILING.format(name=name))
    settings, there = str(ROOT / "pyproject.toml"), os.environ | {"PYTHONPATH": str(ROOT)}
    run = [sys.executable, "-m", "pytest", "-c", settings, "--rootdir", str(tmp_path), "-p", "tests.conftest", "."]
    # Where the file is: the summary names it from there, and a line has no room for the path of a temporary folder.
    # With a folder of its own for its temporary ones: pytest closes that of others, with the databases in there.
    with tempfile.TemporaryDirectory(dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")) as memory:
        there["PYTEST_DEBUG_TEMPROOT"] = memory
        done = subprocess.run(run, cwd=tmp_path, env=there, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    assert "dashboard 999" not in done.stdout
    assert "the disk is full" in done.stdout
    _, _, summary = done.stdout.partition("short test summary info")
    assert f"test_failing.py::{name} - AssertionError: one order is missing" in summary
    assert "test_failing.py::test_sells - RuntimeError: the shop is closed" in summary
    assert "test_failing.py:19: no real orders lie here" in summary
