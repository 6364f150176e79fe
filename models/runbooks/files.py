"""Runbooks as Markdown files with front matter, for editors, version control and other programs.

The front matter is the plain part of YAML: a line for each field, texts bare or in quotes, lists in brackets or as
lines that begin with a dash. What is written here any reader of YAML understands; what else YAML could say is refused
with the line it stands in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from models.runbooks import Runbook, RunbookDraft

FENCE = "---"
LISTS = ("alerts", "services")
FIELDS = ("title", "owner", "review_by", *LISTS)
SUFFIX = ".md"

_FIELD = re.compile(r"^([a-z_]+)\s*:\s*(.*?)\s*$")
_ITEM = re.compile(r"^\s*-\s+(.*?)\s*$")
_ALIASES = {"review_by": "reviewBy"}


class FrontMatterError(ValueError):
    """A file cannot be read; the words say why, ``line`` where."""

    def __init__(self, words: str, line: int) -> None:
        super().__init__(words)
        self.words, self.line = words, line


def to_file(runbook: Runbook) -> str:
    """A runbook as its file holds it."""
    lines = [
        FENCE,
        f"title: {json.dumps(runbook.title, ensure_ascii=False)}",
        f"owner: {json.dumps(runbook.owner, ensure_ascii=False)}",
        f"review_by: {runbook.review_by.isoformat()}",
    ]
    lines += [f"{name}: {json.dumps(list(getattr(runbook, name)), ensure_ascii=False)}" for name in LISTS]
    return "\n".join([*lines, FENCE, "", runbook.text.strip("\n"), ""])


def split(file: str) -> tuple[dict[str, Any], str, int]:
    """The front matter, the Markdown behind it, and the number of its first line. Raises FrontMatterError."""
    lines = file.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[0].rstrip() != FENCE:
        raise FrontMatterError(f"the file begins with its front matter, between two lines of {FENCE}", 1)
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == FENCE), None)
    if end is None:
        raise FrontMatterError(f"the front matter does not end: a line of {FENCE} is missing", 1)
    start = end + 1
    while start < len(lines) and not lines[start].strip():
        start += 1
    return _fields(lines[1:end]), "\n".join(lines[start:]).rstrip("\n"), start + 1


def _fields(lines: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    open_list = ""
    for number, line in enumerate(lines, 2):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if open_list and (item := _ITEM.match(line)):
            found[open_list].append(_text(item[1], number))
            continue
        field = _FIELD.match(line)
        if field is None:
            raise FrontMatterError("a line of the front matter is a field, a colon and its value", number)
        name, value = field[1], field[2]
        if name not in FIELDS:
            raise FrontMatterError(f"there is no field {name}; there are {', '.join(FIELDS)}", number)
        if name in found:
            raise FrontMatterError(f"{name} stands here twice", number)
        found[name] = _value(name, value, number)
        open_list = name if name in LISTS and not value else ""
    return found


def _value(name: str, value: str, number: int) -> str | list[str]:
    if name not in LISTS:
        return _text(value, number)
    if not value:
        return []
    if not (value.startswith("[") and value.endswith("]")):
        raise FrontMatterError(f"{name} is a list, such as [a, b]", number)
    inside = value[1:-1].strip()
    return [_text(part.strip(), number) for part in inside.split(",")] if inside else []


def _text(value: str, number: int) -> str:
    if value.startswith('"'):
        try:
            text = json.loads(value)
        except ValueError:
            raise FrontMatterError("a text in quotes does not end as it begins", number) from None
        return str(text)
    if value.startswith("'") and value.endswith("'") and len(value) > 1:
        return value[1:-1].replace("''", "'")
    if value[:1] in {"&", "*", "!", "|", ">", "%", "@", "`", "{"}:
        raise FrontMatterError(f"put a text that begins with {value[0]} in double quotes", number)
    return value


def from_file(file: str, slug: str, reason: str = "") -> RunbookDraft:
    """The runbook of a file, called ``slug``. Raises FrontMatterError."""
    fields, text, start = split(file)
    given: Mapping[str, Any] = {_ALIASES.get(name, name): value for name, value in fields.items()}
    try:
        return RunbookDraft.model_validate({**given, "slug": slug, "text": text, "reason": reason})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        words = str(first["msg"]).removeprefix("Value error, ")
        name = next((own for own, wire in _ALIASES.items() if wire == name), name)
        if first["type"] == "missing":
            raise FrontMatterError(f"the front matter does not say {name}", 1) from None
        raise FrontMatterError(f"{name}: {words[:1].lower()}{words[1:]}", start if name == "text" else 1) from None
