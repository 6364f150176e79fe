"""Values that are likely to tell two schemas apart: made from what the schemas say, and always checked by both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from itertools import islice
from typing import Any, Final

# The parser that the standard library matches with: it has no other name.
_re: Any = import_module("re._constants")
_parser: Any = import_module("re._parser")

DEPTH_MOST: Final = 6
LONGEST: Final = 20_000
EACH_MOST: Final = 400
"""Values that one schema is asked for."""
_PLAIN: Final[tuple[Any, ...]] = ("a", 0, 1, 0.5, -1, True, False, None, "", [], {}, 10**10, "1", ["a"], {"a": 1})
_FORMATS: Final = {
    "date-time": "2026-11-24T14:02:37Z",
    "date": "2026-11-24",
    "time": "14:02:37Z",
    "duration": "P1D",
    "email": "kim@example.com",
    "idn-email": "kim@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "203.0.113.7",
    "ipv6": "2001:db8::7",
    "uri": "https://example.com/",
    "uri-reference": "/a",
    "iri": "https://example.com/",
    "iri-reference": "/a",
    "uri-template": "https://example.com/{a}",
    "uuid": "0198c0de-0000-7000-8000-000000000000",
    "json-pointer": "/a",
    "relative-json-pointer": "0/a",
    "regex": "^a$",
}


def values(schema: Any, depth: int = 0) -> Iterator[Any]:
    """Values about a schema, the plainest that should fit first; some fit and some do not. Without references."""
    return islice(_values(schema, depth), EACH_MOST)


def _values(schema: Any, depth: int) -> Iterator[Any]:
    if not isinstance(schema, Mapping) or depth > DEPTH_MOST:
        yield from _PLAIN
        return
    if "const" in schema:
        yield schema["const"]
    yield from schema.get("enum", ())
    types = schema.get("type", ())
    types = (types,) if isinstance(types, str) else tuple(types)
    makers = {
        "object": _objects,
        "array": _arrays,
        "string": _strings,
        "integer": _numbers,
        "number": _numbers,
    }
    said = [kind for kind in types if kind in makers] or [k for k, words in _SAYS.items() if words & schema.keys()]
    for kind in said:
        yield from makers[kind](schema, depth)
    for keyword in ("allOf", "anyOf", "oneOf"):
        for each in schema.get(keyword, ()):
            yield from islice(values(each, depth + 1), 40)
    if "allOf" in schema:
        yield from _merged(schema, depth)
    if isinstance(schema.get("not"), Mapping):
        yield from islice(values(schema["not"], depth + 1), 20)
    yield from _PLAIN


_SAYS: Final = {
    "object": {"properties", "required", "minProperties", "maxProperties", "patternProperties", "propertyNames"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"},
    "string": {"minLength", "maxLength", "pattern", "format"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}


def _merged(schema: Mapping[str, Any], depth: int) -> Iterator[Any]:
    """What all of several objects ask for together."""
    parts = [each for each in schema["allOf"] if isinstance(each, Mapping)]
    together: dict[str, Any] = {k: v for k, v in schema.items() if k not in {"allOf", "anyOf", "oneOf", "not"}}
    for part in parts:
        for keyword, value in part.items():
            if keyword == "properties":
                together["properties"] = {**value, **together.get("properties", {})}
            elif keyword == "required":
                together["required"] = [*together.get("required", ()), *value]
            else:
                together.setdefault(keyword, value)
    yield from islice(values(together, depth + 1), 60)


def _numbers(schema: Mapping[str, Any], _depth: int) -> Iterator[Any]:
    limits = [
        schema[each]
        for each in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
        if isinstance(schema.get(each), int | float)
    ]
    step = schema.get("multipleOf")
    if isinstance(step, int | float):
        for limit in (*limits, 0):
            nearest = limit // step * step
            yield from (nearest, nearest + step, nearest - step, nearest + 2 * step, nearest + step / 2)
    for limit in limits:
        yield from (limit, limit + 1, limit - 1, limit + 0.5, limit - 0.5)
    if len(limits) > 1:
        yield (limits[0] + limits[-1]) / 2
    yield from (0, 1, 0.5, -1, -0.5, 2, 7, 10**10, 2**70)


def _strings(schema: Mapping[str, Any], _depth: int) -> Iterator[Any]:
    if isinstance(schema.get("format"), str):
        yield _FORMATS.get(schema["format"], "a")
    least, most = schema.get("minLength"), schema.get("maxLength")
    if isinstance(schema.get("pattern"), str):
        for sample in pattern_samples(schema["pattern"]):
            yield sample
            for length in (least, most):
                if isinstance(length, int) and sample and len(sample) < length <= LONGEST:
                    # The pattern may allow more of its last character, or of anything around it.
                    yield from (sample + sample[-1] * (length - len(sample)), sample.ljust(length, "a"))
    for length in (least, most):
        if isinstance(length, int | float):
            for each in (int(length), int(length) + 1, int(length) - 1):
                if 0 <= each <= LONGEST:
                    yield "a" * each
    yield from ("a", "", "A1", "0", "é", "a b", "kim@example.com", "2026-11-24", "x" * 300)


def _arrays(schema: Mapping[str, Any], depth: int) -> Iterator[Any]:
    first = [next(values(each, depth + 1)) for each in schema.get("prefixItems", ())]
    items = list(islice(values(schema.get("items", True), depth + 1), 30))
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    need = max(int(least) - len(first), 0)
    if need <= 1_000:
        if schema.get("uniqueItems"):
            yield [*first, *_distinct(items)[:need]]
        yield [*first, *items[:1] * need]
        for each in items:
            yield [*first, *[each] * max(need, 1)]
    for length in {least, most, (most or 0) + 1, int(least) - 1}:
        if isinstance(length, int) and 0 <= length <= 1_000:
            yield [*first, *items[:1] * length][:length]
            yield [*first, *_distinct([*items, *range(100, 100 + length)])][:length]
    yield []
    yield [*items[:1], *items[:1]]
    if "contains" in schema:
        yield [next(values(schema["contains"], depth + 1))]


def _distinct(items: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for each in items:
        if not any(each == other for other in found):
            found.append(each)
    return found


def _objects(schema: Mapping[str, Any], depth: int) -> Iterator[Any]:
    properties, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
    required = [name for name in schema.get("required", ()) if isinstance(name, str)]
    base = {name: _fitting(properties.get(name, rest), depth) for name in required}
    for number in range(max(0, int(schema.get("minProperties", 0)) - len(base))):
        name = next((each for each in properties if each not in base), f"x{number}")
        base[name] = _fitting(properties.get(name, rest), depth)
    yield base
    full = {name: _fitting(each, depth) for name, each in properties.items()} | base
    yield full
    for name, each in properties.items():
        for value in islice(values(each, depth + 1), max(4, EACH_MOST // (len(properties) + 1))):
            yield base | {name: value}
    for name in base:
        yield {other: value for other, value in base.items() if other != name}
    yield base | {"x-other": 1}
    yield base | {"x-other": "a", "x-another": None}
    for pattern, each in schema.get("patternProperties", {}).items():
        for name in islice(pattern_samples(pattern), 2):
            yield from (base | {name: value} for value in islice(values(each, depth + 1), 10))
    yield {}


def _fitting(schema: Any, depth: int) -> Any:
    """The first value about a schema that fits it; the first of all, where none does."""
    from backend.analytics.schemas import SchemaError, Validator

    found = list(islice(values(schema, depth + 1), 60))
    try:
        validator = Validator(schema)
    except SchemaError:
        return found[0]
    return next((each for each in found if validator.passes(each)), found[0])


def pattern_samples(pattern: str) -> Iterator[str]:
    """Texts that match a pattern: with few repetitions, with more, and by its other branches."""
    try:
        parsed = _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError):
        return
    seen: set[str] = set()
    for more in range(3):
        for branch in range(3):
            sample = _walk(parsed, more, branch)
            if len(sample) <= LONGEST and sample not in seen:
                seen.add(sample)
                yield sample
                yield from (f"{sample}a", f"a{sample}", f"{sample}0")


def _walk(parsed: Any, more: int, branch: int) -> str:
    return "".join(_piece(operation, argument, more, branch) for operation, argument in parsed)


def _piece(operation: Any, argument: Any, more: int, branch: int) -> str:
    match operation:
        case _re.LITERAL:
            return chr(argument)
        case _re.NOT_LITERAL:
            return "a" if chr(argument) != "a" else "b"
        case _re.ANY:
            return "a"
        case _re.IN:
            return _member(argument)
        case _re.BRANCH:
            branches = argument[1]
            return _walk(branches[branch % len(branches)], more, branch)
        case _re.SUBPATTERN:
            return _walk(argument[-1], more, branch)
        case _re.MAX_REPEAT | _re.MIN_REPEAT | _re.POSSESSIVE_REPEAT:
            least, most, inner = argument
            return _walk(inner, more, branch) * int(min(least + more, most, LONGEST))
        case _:
            return ""


def _member(members: Any) -> str:
    negated = any(operation is _re.NEGATE for operation, _ in members)
    if negated:
        return next((each for each in "a0 -é_" if not any(_holds(one, each) for one in members)), "~")
    for operation, argument in members:
        match operation:
            case _re.LITERAL:
                return chr(argument)
            case _re.RANGE:
                return chr(argument[0])
            case _re.CATEGORY:
                return next((each for each in "a0 -" if _holds((operation, argument), each)), "a")
            case _:
                pass
    return "a"


def _holds(member: tuple[Any, Any], character: str) -> bool:
    operation, argument = member
    match operation:
        case _re.LITERAL:
            return bool(argument == ord(character))
        case _re.RANGE:
            return bool(argument[0] <= ord(character) <= argument[1])
        case _re.CATEGORY:
            known = {
                _re.CATEGORY_DIGIT: character.isdigit(),
                _re.CATEGORY_NOT_DIGIT: not character.isdigit(),
                _re.CATEGORY_SPACE: character.isspace(),
                _re.CATEGORY_NOT_SPACE: not character.isspace(),
                _re.CATEGORY_WORD: character.isalnum() or character == "_",
                _re.CATEGORY_NOT_WORD: not (character.isalnum() or character == "_"),
            }
            return bool(known.get(argument))
        case _:
            return False
