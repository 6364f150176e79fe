"""The dry check: what is wrong with a runbook, before anybody has to read it at night."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from models.figures import FigureName
from models.runbooks import STEPS_MOST, Finding, FindingLevel
from models.runbooks.files import FrontMatterError, from_file, split
from models.runbooks.markdown import allowed_link, read

if TYPE_CHECKING:
    from models.runbooks import RunbookDraft

SECTIONS = {
    "How to see it": ("see it", "symptom", "detect"),
    "What it means for the shop": ("means", "impact"),
    "First five minutes": ("first", "immediate"),
    "Steps": ("steps", "mitigat", "fix"),
    "How to know it is over": ("over", "verify", "recover"),
    "Whom to tell": ("tell", "communicat", "escalat"),
}
"""What every runbook answers, and words that a heading of it has."""
REVIEW_MOST = timedelta(days=366)
STEP_MOST = 400
"""Characters of one step; a longer one is several."""

_HTML = re.compile(r"<(?:/?[A-Za-z][\w-]*[\s/>]|!--)")
_LEADING = re.compile(r"\]\(\s*<?([^)\s>]+)")
_PLACEHOLDER = re.compile(r"\b(?:TODO|TBD|FIXME|XXX)\b")
_FENCE = re.compile(r"^\s{0,3}(```+|~~~+)")


def check_file(file: str, today: date, others: Collection[str] | None = None) -> tuple[Finding, ...]:
    """What is wrong with a whole file, front matter and all; lines are those of the file."""
    try:
        draft = from_file(file, "checked")
        start = split(file)[2]
    except FrontMatterError as error:
        return (Finding(line=error.line, level=FindingLevel.ERROR, message=sentence(error.words)),)
    found = check(draft, today, others)
    return tuple(each.model_copy(update={"line": each.line + start - 1}) if each.line else each for each in found)


def check(draft: RunbookDraft, today: date, others: Collection[str] | None = None) -> tuple[Finding, ...]:
    """What is wrong with a runbook; lines are those of its text. ``others``: names of all that there are, if known."""
    found = [*_text(draft.text, others), *_fields(draft, today)]
    return tuple(sorted(found, key=lambda each: (each.line == 0, each.line)))


def errors(text: str) -> tuple[Finding, ...]:
    """What keeps a text from being stored."""
    return tuple(each for each in _text(text, None) if each.level is FindingLevel.ERROR)


def sentence(words: str) -> str:
    """Words as a sentence."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def _error(line: int, message: str) -> Finding:
    return Finding(line=line, level=FindingLevel.ERROR, message=message)


def _warning(line: int, message: str) -> Finding:
    return Finding(line=line, level=FindingLevel.WARNING, message=message)


def _text(text: str, others: Collection[str] | None) -> Iterator[Finding]:
    document = read(text)
    if not document.steps:
        yield _error(0, "It has no steps: begin the lines of a list with [ ], as in “- [ ] Look at the alert”.")
    if len(document.steps) > STEPS_MOST:
        yield _error(document.steps[STEPS_MOST].line, f"It has more than {STEPS_MOST} steps: make two of it.")
    for step in document.steps:
        if not step.text:
            yield _error(step.line, f"Step {step.number} says nothing.")
        elif len(step.text) > STEP_MOST:
            yield _warning(step.line, f"Step {step.number} is long: make several of it.")
    yield from _lines(text)
    for line in document.pictures:
        yield _warning(line, "A picture is shown as a link: nothing can be fetched while everything is down.")
    for name, line in document.others:
        if others is not None and name not in others:
            yield _warning(line, f"There is no runbook {name}.")
    headings = " ".join(heading.text.lower() for heading in document.headings)
    for section, words in SECTIONS.items():
        if not any(word in headings for word in words):
            yield _warning(0, f"No heading says “{section}”.")


def _lines(text: str) -> Iterator[Finding]:
    fence, begun = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        mark = _FENCE.match(line)
        if fence:
            if mark and line.strip() == mark[1] and mark[1].startswith(fence):
                fence = ""
            continue
        if mark:
            fence, begun = mark[1], number
            continue
        bare = re.sub(r"`[^`]*`", "", line)
        if _HTML.search(bare):
            yield _warning(number, "HTML does nothing here: it is shown as it is written.")
        for address in _LEADING.findall(bare):
            if not allowed_link(address):
                yield _error(
                    number,
                    f"A link may not lead to {address[:60]}: use a web address, mailto: or another runbook, “name.md”.",
                )
        if _PLACEHOLDER.search(bare):
            yield _warning(number, "Something is still to be written here.")
    if fence:
        yield _error(begun, f"The code that begins here does not end: a line of {fence} is missing.")


def _fields(draft: RunbookDraft, today: date) -> Iterator[Finding]:
    if draft.review_by < today:
        yield _warning(0, f"Its review was due on {draft.review_by.isoformat()}.")
    elif draft.review_by - today > REVIEW_MOST:
        yield _warning(0, "Its review is more than a year away.")
    if not draft.alerts and not draft.services:
        yield _warning(0, "No alert and no service leads here.")
    figures = {str(figure) for figure in FigureName}
    areas = {figure.partition(".")[0] for figure in figures}
    for kind in draft.alerts:
        name, _, detail = kind.partition(":")
        if name in figures:
            if detail not in {"", "no_data"}:
                yield _warning(0, f"No alert is of the kind {kind}: behind a figure stands nothing or no_data.")
        elif name.partition(".")[0] in areas:
            yield _warning(0, f"There is no figure {name}.")
