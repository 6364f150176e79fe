"""Runbooks as plain pages: one file each and a list, without scripts, that any browser reads from any folder."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from html import escape

from models.runbooks import Runbook
from models.runbooks.markdown import other_runbook, to_html

INDEX = "index.html"
_STYLE = """
:root { color-scheme: light dark; --text: #16191d; --quiet: #545e6a; --ground: #ffffff; --raised: #f0f2f5;
  --line: #c9ced6; --accent: #0b5cc4; --late: #8e5704; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ed; --quiet: #a3adb8; --ground: #15181c; --raised: #252a31;
  --line: #3c444f; --accent: #5aa2f5; --late: #ffa52e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 44rem; padding: 1rem 1rem 4rem; color: var(--text); background: var(--ground);
  font: 1.0625rem/1.6 system-ui, sans-serif; overflow-wrap: break-word; }
a { color: var(--accent); }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2rem 0 0.5rem; border-bottom: 1px solid var(--line); padding-bottom: 0.25rem; }
h3 { font-size: 1.0625rem; margin: 1.5rem 0 0.25rem; }
pre, code { font: 0.9375rem/1.5 ui-monospace, Consolas, monospace; background: var(--raised); border-radius: 4px; }
code { padding: 0.1em 0.3em; } pre { padding: 0.75rem; overflow-x: auto; } pre code { padding: 0; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.75rem 0.4rem 0;
  border-bottom: 1px solid var(--line); }
blockquote { margin: 1rem 0; padding-left: 1rem; border-left: 4px solid var(--line); color: var(--quiet); }
li { margin: 0.4rem 0; } .step { list-style: none; margin-left: -1.25rem; }
.step input { width: 1.25rem; height: 1.25rem; margin: 0 0.6rem 0 0; vertical-align: -0.2rem; }
.quiet { color: var(--quiet); font-size: 0.9375rem; } .late { color: var(--late); font-weight: 600; }
.list { list-style: none; padding: 0; } .list li { border-bottom: 1px solid var(--line); padding: 0.6rem 0; margin: 0; }
@media print { body { max-width: none; } pre { white-space: pre-wrap; } }
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"


@lru_cache(maxsize=2)
def pages(runbooks: tuple[Runbook, ...], environment: str, today: date) -> dict[str, str]:
    """The text of each file by its name; the list is the last one."""
    known = frozenset(each.slug for each in runbooks)
    made = {f"{each.slug}.html": _page(each, known, today) for each in runbooks}
    return made | {INDEX: _index(runbooks, environment, today)}


def _page(runbook: Runbook, known: frozenset[str], today: date) -> str:
    def link(address: str) -> str:
        other = other_runbook(address)
        if other is None:
            return address
        return f"{other}.html" if other in known else INDEX

    def box(number: int) -> str:
        return f'<input type="checkbox" aria-label="Step {number} is done">'

    about = (
        f"<p class=quiet>Kept by {escape(runbook.owner_name)} · {_review(runbook, today)} · "
        f"version {runbook.version} of {runbook.updated_at:%Y-%m-%d}</p>"
    )
    body = to_html(runbook.text, box=box, link=link)
    back = f'<p class=quiet><a href="{INDEX}">All runbooks</a></p>'
    return _framed(runbook.title, [back, f"<h1>{escape(runbook.title)}</h1>", about, f"<main>{body}</main>", back])


def _index(runbooks: Sequence[Runbook], environment: str, today: date) -> str:
    rows = "\n".join(
        f'<li><a href="{each.slug}.html">{escape(each.title)}</a><br>'
        f"<span class=quiet>{escape(', '.join((*each.services, *each.alerts)))} · {_review(each, today)}</span></li>"
        for each in runbooks
    )
    words = "These pages need no server, no database and no network once they are on your device."
    none = "<p>There is no runbook yet.</p>"
    return _framed(
        "Runbooks",
        [
            f"<h1>Runbooks</h1><p class=quiet>{escape(environment)} · {len(runbooks)} · as of {today.isoformat()}</p>",
            f"<p>{words}</p>",
            f"<ul class=list>\n{rows}\n</ul>" if runbooks else none,
        ],
    )


def _review(runbook: Runbook, today: date) -> str:
    late = runbook.review_by < today
    words = f"review {'was due' if late else 'by'} {runbook.review_by.isoformat()}"
    return f"<span class=late>{words}</span>" if late else words


def _framed(title: str, parts: Iterable[str]) -> str:
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en">',
            f'<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head>",
            "<body>",
            *parts,
            "</body></html>",
            "",
        )
    )
