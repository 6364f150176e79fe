"""A timeline as PDF, to be printed and kept."""

from __future__ import annotations

import io
from typing import Any, Final

from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, Spacer, Table, TableStyle

from backend.core.pdf import CELL, INK, LINE, SECTION, SHADE, TEXT, TITLE, WIDTH, build, document, shown
from backend.incidents.timeline.export import Export, facts, remainder

TEXT_MOST: Final = 1_500
"""Characters of an entry and of its last correction: one row must fit on a page."""
_COLUMNS = (30 * mm, 18 * mm, WIDTH - 80 * mm, 32 * mm)


def to_pdf(export: Export) -> bytes:
    """The incident and its timeline on A4 pages."""
    incident = export.incident
    out = io.BytesIO()
    title = f"{incident.reference} {incident.title}"
    story: list[Any] = [
        Paragraph(shown(title), TITLE),
        Spacer(1, 2 * mm),
        Paragraph("<br/>".join(f"<b>{name}</b> {shown(value)}" for name, value in facts(incident)), CELL),
        Spacer(1, 3 * mm),
        *(Paragraph(shown(line), CELL) for line in incident.description.splitlines()),
        Paragraph("Timeline", SECTION),
        Paragraph(f"Times are UTC.{remainder(export)}", TEXT),
        Spacer(1, 2 * mm),
        _table(export),
    ]
    build(document(out, title), story, f"{incident.reference}, made {export.made_at:%Y-%m-%d %H:%M UTC}")
    return out.getvalue()


def _table(export: Export) -> Table:
    rows: list[list[Paragraph]] = [
        [Paragraph(f"<b>{name}</b>", CELL) for name in ("when", "kind", "what", "who")],
    ]
    for entry in export.entries:
        said = [entry.text[:TEXT_MOST], *(f"Corrected: {each.text[:TEXT_MOST]}" for each in entry.corrections[-1:])]
        words = "<br/>".join(map(shown, said))
        cells = (f"{entry.occurred_at:%Y-%m-%d %H:%M:%S}", entry.kind, f"<b>{words}</b>" if entry.pinned else words)
        rows.append([*(Paragraph(cell, CELL) for cell in cells), Paragraph(shown(entry.actor_name), CELL)])
    table = Table(rows, colWidths=_COLUMNS, repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, 0), 0.75, INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.25, LINE),
                ("ROWBACKGROUNDS", (0, 1), (-1, -1), [None, SHADE]),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 2.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
            ]
        )
    )
    return table
