"""Templates and checklists as YAML and CSV, and back: what was exported comes in again as it was."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, NoReturn, TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from backend.core.problems import ProblemError, field_errors, invalid
from models.core.base import NESTED_MOST, not_too_deep
from models.core.csv_text import csv_text, unguarded
from models.core.problems import Code
from models.launch.checklist import ChecklistFormat, ItemDraft
from models.launch.templates import ITEMS_MOST, TemplateContent

B = TypeVar("B", bound=BaseModel)

_ITEMS = TypeAdapter(tuple[ItemDraft, ...])
COLUMNS = tuple(field.alias or name for name, field in ItemDraft.model_fields.items())
_LISTS = frozenset({"criteria", "dependsOn"})
_NESTED = frozenset({"evidence", "contingency"})
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
EVENTS_MOST = 200_000
DIGITS_MOST = 400
"""Of a number; YAML has such as 1:30:00, and working out a long one takes minutes."""
_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""In C, where PyYAML was built with it: ten times as quick."""


def template_text(content: TemplateContent, form: ChecklistFormat) -> str:
    """A template as a file; as CSV its items only."""
    return items_text(content.items, form) if form is ChecklistFormat.CSV else _yaml(_plain(content))


def items_text(items: Iterable[ItemDraft], form: ChecklistFormat) -> str:
    """Items as a file."""
    plain = [_plain(item) for item in items]
    if form is ChecklistFormat.YAML:
        return _yaml({"items": plain})
    return csv_text(COLUMNS, ([_cell(column, item.get(column)) for column in COLUMNS] for item in plain))


def read_template(text: str, form: ChecklistFormat, before: TemplateContent | None) -> TemplateContent:
    """A template out of a file; CSV has the items, and the rest is as ``before``. Raises ProblemError 422."""
    if form is ChecklistFormat.YAML:
        return _validated(TemplateContent, _read_yaml(text))
    if before is None:
        raise invalid("/format", "a new template comes as YAML: CSV has only the items")
    items = [item.model_dump(mode="json", by_alias=True) for item in read_items(text, form)]
    return _validated(TemplateContent, before.model_dump(mode="json", by_alias=True) | {"items": items})


def read_items(text: str, form: ChecklistFormat) -> tuple[ItemDraft, ...]:
    """Items out of a file. Raises ProblemError 422 with the line or field."""
    if form is ChecklistFormat.CSV:
        found: Any = _read_csv(text)
    else:
        found = _read_yaml(text)
        if isinstance(found, dict) and found.keys() == {"items"}:
            found = found["items"]
    if isinstance(found, list) and len(found) > ITEMS_MOST:
        raise invalid("/text", f"a file has at most {ITEMS_MOST:,} items")
    try:
        return _ITEMS.validate_python(found)
    except ValidationError as error:
        _refuse(error)


def _plain(record: BaseModel) -> dict[str, Any]:
    plain: dict[str, Any] = record.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return plain


def _string(dumper: Any, text: str) -> Any:
    style = '"' if any(sign in text for sign in "\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper: Any = type("_Dumper", (yaml.SafeDumper,), {})
"""Writes the rarer line ends as escapes: plain ones would come back as spaces."""
_Dumper.add_representer(str, _string)


def _yaml(plain: Mapping[str, Any]) -> str:
    text: str = yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


def _read_yaml(text: str) -> Any:
    try:
        _look_for_traps(text)
        return not_too_deep(yaml.load(text, _Loader))  # noqa: S506 - one of the safe ones
    except yaml.MarkedYAMLError as error:
        where = error.problem_mark
        line = f" in line {where.line + 1}" if where is not None else ""
        raise invalid("/text", f"this is no YAML: {error.problem or error.context}{line}") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise invalid("/text", f"this cannot be taken: {error}") from None
    except RecursionError:
        raise invalid("/text", f"lists and objects may be nested {NESTED_MOST} deep") from None


def _look_for_traps(text: str) -> None:
    """Before anything is made of it: a short file can stand for a huge one. Raises YAMLError."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, _Loader)):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError("anchors and aliases are not taken: write the text out")
        if number > EVENTS_MOST:
            raise yaml.YAMLError("it is too large")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > NESTED_MOST:
            raise RecursionError
    waiting = [yaml.compose(text, _Loader)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            waiting += [each for pair in node.value for each in pair]
            if len({*map(str, keys)}) < len(keys):
                raise yaml.YAMLError(f"a key stands twice in what begins in line {node.start_mark.line + 1}")
        elif isinstance(node, yaml.ScalarNode) and node.tag in _NUMBERS and len(node.value) > DIGITS_MOST:
            raise yaml.YAMLError(f"the number in line {node.start_mark.line + 1} is too long")


def _validated(kind: type[B], plain: Any) -> B:
    try:
        return kind.model_validate(plain)
    except ValidationError as error:
        _refuse(error)


def _refuse(error: ValidationError) -> NoReturn:
    errors = [each | {"loc": ("body", "text", *each["loc"])} for each in error.errors(include_url=False)]
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part + 1 if isinstance(part, int) else part) for part in first["loc"]) or "the file"
    words = first["msg"].removeprefix("Value error, ")
    raise ProblemError(Code.INVALID, f"In {where}: {words}.", errors=field_errors(errors)) from None


def _cell(column: str, value: Any) -> str | float | None:
    if value is None:
        return None
    if column in _LISTS:
        return " ".join(value)
    if column in _NESTED:
        return json.dumps(value, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else value


def _read_csv(text: str) -> list[dict[str, Any]]:
    try:
        reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
        unknown = set(reader.fieldnames or ()) - set(COLUMNS)
        if unknown or "key" not in (reader.fieldnames or ()):
            named = f"the column {min(unknown)} is not known" if unknown else "the column key is missing"
            raise invalid("/text", f"{named}; there are {', '.join(COLUMNS)}")
        return [_row(row, reader.line_num) for row in islice(reader, ITEMS_MOST + 1)]
    except csv.Error as error:
        raise invalid("/text", f"this is no CSV: {error}") from None


def _row(row: Mapping[str | Any, Any], line: int) -> dict[str, Any]:
    if None in row or None in row.values():
        raise invalid("/text", f"line {line} has not as many cells as the first line")
    found: dict[str, Any] = {}
    for column, cell in row.items():
        text = unguarded(cell)
        if not text.strip():
            continue
        try:
            found[column] = _value(column, text)
        except (ValueError, RecursionError):
            raise invalid("/text", f"line {line}: {column} cannot be {text[:60]!r}") from None
    return found


def _value(column: str, text: str) -> Any:
    if column in _LISTS:
        return text.split()
    if column in _NESTED:
        return not_too_deep(json.loads(text))
    if column == "due":
        return float(text)
    if column in {"blocking", "automatic"}:
        if text.strip().lower() not in _FLAGS:
            raise ValueError
        return _FLAGS[text.strip().lower()]
    return text
