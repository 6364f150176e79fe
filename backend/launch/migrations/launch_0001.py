"""Launches: templates, checklists, clocks, polls and what proves them."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import yaml

from backend.migrations.script import run_beside
from backend.migrations.stored_values import connection

revision = "launch_0001"
down_revision = None
branch_labels = ("launch",)
depends_on = ("0012",)  # the application role, and how people are called

_INSERT = (
    "insert into launch_template (key, version, content, summary, created_by)"
    " values (%s, 1, %s, 'came with opsconsole', 'system:worker')"
)


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
    folder = files("resources").joinpath("launch", "templates")
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        connection().execute(_INSERT, (Path(file.name).stem, json.dumps(content)))
