"""A runbook as a page to read: sizes, lengths of line and colours of the theme, steps with boxes to tick."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from models.runbooks.markdown import to_html
from views.kit.theme import current

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.runbooks import StepMark

OPEN, DONE = "☐", "☑"
STEP = "step:"
HANG = 28
"""How far the words of a step stand in from its box."""
READING = 11.0
"""Points: what is followed with a finger on it is larger than what is glanced at."""


def style() -> str:
    """The style sheet of pages in the applied theme."""
    theme = current()
    tokens, size = theme.tokens, READING * theme.font_scale
    hang = theme.px(HANG)
    mono = theme.font(10, mono=True).family()
    return f"""
body {{ color: {tokens.text}; font-size: {size:.1f}pt; line-height: 140%; }}
h1 {{ font-size: {size * 1.4:.1f}pt; font-weight: 600; margin: 20px 0 6px 0; }}
h2 {{ font-size: {size * 1.2:.1f}pt; font-weight: 600; margin: 22px 0 6px 0; color: {tokens.text}; }}
h3 {{ font-size: {size:.1f}pt; font-weight: 600; margin: 16px 0 4px 0; }}
p {{ margin: 6px 0 6px 0; }}
a {{ color: {tokens.accent}; }}
code {{ font-family: '{mono}'; font-size: {size * 0.93:.1f}pt; background-color: {tokens.hover}; }}
pre {{ font-family: '{mono}'; font-size: {size * 0.93:.1f}pt; background-color: {tokens.hover}; margin: 6px 0 6px 0;
  white-space: pre-wrap; }}
th {{ color: {tokens.text2}; font-weight: 600; }}
blockquote {{ color: {tokens.text2}; margin: 6px 0 6px 16px; }}
li {{ margin: 3px 0 3px 0; }}
ul.steps, ol.steps {{ list-style-type: none; -qt-list-indent: 0; }}
.step {{ margin: 6px 0 6px {hang}px; text-indent: -{hang}px; }}
.box {{ color: {tokens.accent}; font-size: {size * 1.3:.1f}pt; text-decoration: none; }}
.done {{ color: {tokens.good}; font-size: {size * 1.3:.1f}pt; text-decoration: none; }}
.at {{ background-color: {tokens.selection}; color: {tokens.text}; font-size: {size * 1.3:.1f}pt;
  text-decoration: none; }}
.by {{ color: {tokens.text2}; font-size: {size * 0.82:.1f}pt; }}
"""


def page(text: str, marks: Mapping[int, StepMark | None], cursor: int) -> str:
    """A text as rich text.

    Args:
        text: The Markdown of the runbook.
        marks: Steps that are done, with who did them, where that is more than a tick of one's own.
        cursor: The step that keys are about; 0: none.
    """

    def box(number: int) -> str:
        kind = "at" if number == cursor else "done" if number in marks else "box"
        sign = DONE if number in marks else OPEN
        mark = marks.get(number)
        by = ""
        if mark is not None:
            who = f", {escape(mark.done_by_name)}" if mark.done_by_name else ""
            note = f": {escape(mark.note)}" if mark.note else ""
            by = f' <span class="by">{mark.done_at:%H:%M} UTC{who}{note}</span>'
        return f'<a class="{kind}" href="{STEP}{number}">&nbsp;{sign}&nbsp;</a>{by} '

    return f"<body>{to_html(text, box=box, link=lambda address: address)}</body>"
