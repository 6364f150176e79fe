"""The Markdown of runbooks, as server and console read it alike: CommonMark with tables, and steps that are ticked off.

Nothing in a text can do anything: HTML is shown as it is written, links lead to web addresses, mail and other runbooks
only, and pictures are links, since nothing is fetched for a text that is read while everything is down.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_BOX = re.compile(r"\[[ xX]?\](?:\s+|$)")
_LINK = re.compile(r"^(?:https?://\S+|mailto:\S+|#[\w-]*|[a-z0-9]+(?:-[a-z0-9]+)*\.md(?:#[\w-]*)?)$")
_OTHER = re.compile(r"^([a-z0-9-]+)\.md(?:#[\w-]*)?$")
NESTED_MOST = 20
"""Lists and quotes within each other; deeper ones are text."""

FILLED_MOST = 2_000
"""Cells that rows of tables lack; a table with more ends there."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a runbook."""

    number: int
    text: str
    """Its words, without marks."""
    line: int


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading and its level, 1 to 6."""

    level: int
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Document:
    """What a text is made of."""

    steps: tuple[Step, ...]
    headings: tuple[Heading, ...]
    others: tuple[tuple[str, int], ...]
    """Names of other runbooks that it leads to, with the line."""
    pictures: tuple[int, ...]
    """Lines with a picture."""


def other_runbook(address: str) -> str | None:
    """The name of the runbook that a link leads to; ``None`` when it leads elsewhere."""
    found = _OTHER.match(address)
    return found[1] if found else None


def allowed_link(address: str) -> bool:
    """Whether a text may lead there."""
    return _LINK.match(address) is not None


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # A short row is filled up to the width of the table: a page of them would keep everybody waiting for seconds.
    vars(import_module("markdown_it.rules_block.table"))["MAX_AUTOCOMPLETED_CELLS"] = FILLED_MOST

    class Parser(MarkdownIt):
        def validateLink(self, url: str) -> bool:  # noqa: N802 - its own name
            return allowed_link(url)

    # The rule for pictures reads the rest of a paragraph at each beginning of one; as links they are linear.
    made = Parser("commonmark", {"html": False, "maxNesting": NESTED_MOST})
    return made.enable(["table", "strikethrough"]).disable("image")


def _steps(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Places of the inline tokens that begin a step, with its number."""
    number = 0
    for place in range(2, len(tokens)):
        begun = tokens[place - 2].type == "list_item_open" and tokens[place - 1].type == "paragraph_open"
        if begun and tokens[place].type == "inline" and _BOX.match(tokens[place].content):
            number += 1
            yield place, number


def _words(token: Token) -> str:
    """The words of an inline token, on one line."""
    parts = [" " if each.type in {"softbreak", "hardbreak"} else each.content for each in token.children or ()]
    return " ".join("".join(parts).split())


def read(text: str) -> Document:
    """Take a text apart."""
    tokens = _parser().parse(text)
    steps = tuple(
        Step(number, _BOX.sub("", _words(tokens[place]), count=1), _line(tokens[place]))
        for place, number in _steps(tokens)
    )
    headings = tuple(
        Heading(int(before.tag[1:]), _words(token), _line(token))
        for before, token in pairwise(tokens)
        if before.type == "heading_open"
    )
    others = tuple(
        (name, _line(token))
        for token in tokens
        for child in token.children or ()
        if child.type == "link_open" and (name := other_runbook(str(child.attrGet("href")))) is not None
    )
    pictures = tuple(_line(token) for token in tokens for _ in _pictures(token))
    return Document(steps, headings, others, pictures)


def _pictures(token: Token) -> Iterator[Token]:
    """The texts that end with the mark of a picture, which the parser takes for a link."""
    for child, following in pairwise(token.children or ()):
        if child.type == "text" and child.content.endswith("!") and following.type == "link_open":
            yield child


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


def to_html(text: str, *, box: Callable[[int], str], link: Callable[[str], str]) -> str:
    """A text as HTML without a frame.

    Args:
        text: The Markdown.
        box: The HTML that stands before the words of a step, by its number.
        link: Where a link leads in the end, by its address in the text.
    """
    from markdown_it.token import Token

    parser = _parser()
    tokens = parser.parse(text)
    for place, number in _steps(tokens):
        children = tokens[place].children or []
        if children:
            children[0].content = _BOX.sub("", children[0].content, count=1)
        children.insert(0, Token("html_inline", "", 0, content=box(number)))
        tokens[place - 2].attrJoin("class", "step")
        if place > 2 and tokens[place - 3].type in {"bullet_list_open", "ordered_list_open"}:
            tokens[place - 3].attrJoin("class", "steps")
    for token in tokens:
        for mark in _pictures(token):
            mark.content = mark.content[:-1]
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", link(str(child.attrGet("href"))))
    return str(parser.renderer.render(tokens, parser.options, {}))


def commands(text: str, number: int) -> str:
    """What stands in the code blocks of a step, to be copied; empty when it has none."""
    tokens = _parser().parse(text)
    place = next((place for place, step in _steps(tokens) if step == number), None)
    if place is None:
        return ""
    level, found = tokens[place - 2].level, []
    for token in tokens[place:]:
        if token.type == "list_item_close" and token.level == level:
            break
        if token.type in {"fence", "code_block"}:
            found.append(token.content.rstrip("\n"))
    return "\n".join(found)
