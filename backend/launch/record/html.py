"""A record as a page that people read; it proves nothing by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from backend.launch.record.tables import Table, headline, notice, tables, title

_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: CanvasText; background: Canvas; }
body { margin: 2rem auto; max-width: 70rem; }
table { border-collapse: collapse; width: 100%; margin: 0 0 2rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.verdict { font-size: 2.5rem; font-weight: 700; }
.rehearsal { border: 3px dashed; padding: .5rem 1rem; font-size: 1.5rem; font-weight: 700; text-align: center; }
"""


def to_html(record: Mapping[str, Any]) -> str:
    """The record as one page without anything from elsewhere. The same record gives the same page."""
    watermark = '<p class="rehearsal">REHEARSAL</p>' if record["launch"]["rehearsalOf"] else ""
    parts = "".join(map(_table, tables(record)))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title(record))}</title>'
        f"<style>{_STYLE}</style></head><body>{watermark}<h1>{escape(title(record))}</h1>"
        f'<p>{escape(record["question"])}</p><p class="verdict">{escape(record["verdict"]["word"])}</p>'
        f"<p>{escape(headline(record))}</p>{parts}<p>{escape(notice(record))}</p>{watermark}</body></html>\n"
    )


def _table(table: Table) -> str:
    head = _row(table.columns, "th")
    body = "".join(_row(row, "td") for row in table.rows)
    return f"<h2>{escape(table.title)}</h2><table><thead>{head}</thead><tbody>{body}</tbody></table>"


def _row(cells: Iterable[str] | Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"
