"""What a package holds: one file for machines, one for people. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from backend.core.json import dumps

REDACTED: Final = "(left out: it is about somebody else)"
_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; color: CanvasText; background: Canvas; }
body { margin: 2rem auto; max-width: 70rem; }
table { border-collapse: collapse; width: 100%; margin: 0 0 2rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid; }
td { overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
"""

Part = tuple[str, str, Sequence[Mapping[str, Any]]]
"""Name of a system, its title, its rows."""


def to_json(reference: str, parts: Sequence[Part]) -> bytes:
    """For machines."""
    systems = [{"system": name, "title": title, "rows": list(rows)} for name, title, rows in parts]
    return json.dumps(
        {"format": "opsconsole-personal-data/1", "request": reference, "systems": systems}, ensure_ascii=False, indent=1
    ).encode()


def to_html(reference: str, parts: Sequence[Part]) -> bytes:
    """For people: one page without anything from elsewhere, which prints well."""
    tables = "".join(_section(title, rows) for _, title, rows in parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Your data, {escape(reference)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>Your data, {escape(reference)}</h1>{tables}</body></html>\n"
    ).encode()


def _section(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return f"<h2>{escape(title)}</h2><p>Nothing is held there.</p>"
    columns = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(row.get(name))}</td>' for name in columns)}</tr>" for row in rows)
    return f"<h2>{escape(title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return escape(value if isinstance(value, str) else dumps(value))
