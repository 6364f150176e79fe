"""Histories speak of everything the server writes down: each action it can take has words, and each kind of record."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest

from app.capabilities import CAPABILITIES
from app.core.audit_words import AuditWords, actor_name, merged
from app.risk.case_history import SENTENCES, history_line
from models.audit import AuditLogEntry
from models.risk.case import CaseEvent
from tests.app.answers import AS_OF

ROOT = Path(__file__).parents[3]
WORDS = merged(capability.audit() for capability in CAPABILITIES)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A module of the server, read and loaded."""

    name: str
    tree: ast.Module
    globals: dict[str, Any]

    @property
    def package(self) -> str:
        return self.name.rpartition(".")[0]


@lru_cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted((ROOT / "backend").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "migrations" in path.parts or path.stem.startswith("__main__"):
            continue
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found.append(Module(name, ast.parse(text), vars(importlib.import_module(name))))
    return tuple(found)


def functions(module: Module) -> Iterator[Function]:
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            yield node


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node


def called(node: ast.Call) -> str:
    return getattr(node.func, "attr", "") or getattr(node.func, "id", "")


def records() -> Iterator[tuple[Module, Function, ast.Call]]:
    """Every place where something is written into the audit log."""
    for module in modules():
        for function in functions(module):
            for call in calls(function):
                if called(call) == "record" and {"action", "resource_type"} <= {word.arg for word in call.keywords}:
                    yield module, function, call


def values(node: ast.expr | None, module: Module, function: Function) -> set[str]:
    """Every text an expression can be; raises AssertionError where that cannot be told from the source."""
    match node:
        case ast.Constant(value=str() as text):
            return {text}
        case ast.IfExp():
            return values(node.body, module, function) | values(node.orelse, module, function)
        case ast.JoinedStr():
            parts = [values(part, module, function) for part in node.values]
            return {"".join(chosen) for chosen in product(*parts)}
        case ast.FormattedValue():
            return values(node.value, module, function)
        case ast.Subscript():
            return values(node.value, module, function)
        case ast.Dict():
            return set[str]().union(*(values(value, module, function) for value in node.values))
        case ast.Name(id=name):
            return _named(name, module, function)
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if isinstance(_global(module, owner, name), str):
            return {str(_global(module, owner, name))}
        case ast.Attribute(attr=attribute):
            return _fields(attribute, module)
    raise AssertionError(f"{module.name}.{function.name}: {ast.unparse(node) if node else 'nothing'} cannot be told")


def _global(module: Module, owner: str, name: str) -> Any:
    """What a module or an enum that is known by ``owner`` calls ``name``."""
    return getattr(module.globals.get(owner), name, None)


def _named(name: str, module: Module, function: Function) -> set[str]:
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    for place, argument in enumerate(arguments):
        if argument.arg == name:
            known = _members(argument.annotation, module)
            return known or _passed(function, name, place, module)
    assigned = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
    ]
    if assigned:
        return set().union(*(values(each, module, function) for each in assigned))
    found = module.globals.get(name)
    assert isinstance(found, str), f"{module.name}.{function.name}: {name} cannot be told"
    return {found}


def _members(annotation: ast.expr | None, module: Module) -> set[str]:
    """The texts of an enumeration or a Literal."""
    found = module.globals.get(annotation.id) if isinstance(annotation, ast.Name) else None
    if isinstance(found, type) and issubclass(found, Enum):
        return {str(member.value) for member in found}
    return {text for text in get_args(found) if isinstance(text, str)}


def _passed(function: Function, name: str, place: int, module: Module) -> set[str]:
    """What the callers of a function give it."""
    found: set[str] = set()
    for other in modules():
        if other.package != module.package and function.name.startswith("_"):
            continue
        for caller in functions(other):
            for call in calls(caller):
                if called(call) == function.name and caller is not function:
                    given = next((word.value for word in call.keywords if word.arg == name), None)
                    if given is None and place < len(call.args):
                        given = call.args[place]
                    if given is not None:
                        found |= values(given, other, caller)
    assert found, f"{module.name}.{function.name}: nobody says {name}"
    return found


def _fields(attribute: str, module: Module) -> set[str]:
    """What a field of a record of the same package is made with."""
    found: set[str] = set()
    neighbours = [other for other in modules() if other.package == module.package]
    for owner in (node for other in neighbours for node in ast.walk(other.tree) if isinstance(node, ast.ClassDef)):
        named = [node.target.id for node in owner.body if isinstance(node, ast.AnnAssign)]  # type: ignore[union-attr]
        if attribute not in named:
            continue
        for other in neighbours:
            for maker in functions(other):
                for call in calls(maker):
                    if called(call) == owner.name:
                        place = named.index(attribute)
                        given = next((word.value for word in call.keywords if word.arg == attribute), None)
                        found |= values(given or call.args[place], other, maker)
    assert found, f"{module.name}: nothing is made with {attribute}"
    return found - {""}


def emitted(argument: str) -> set[str]:
    """All that is ever written as an ``action`` or a ``resource_type``."""
    found: set[str] = set()
    for module, function, call in records():
        given = next(word.value for word in call.keywords if word.arg == argument)
        found |= values(given, module, function)
    return found


def entry(action: str, resource_type: str, label: str | None = None, **more: Any) -> AuditLogEntry:
    none = dict.fromkeys(("version", "before", "after", "reason", "request_id", "correlation_id"))
    written = {"id": "e", "position": 1, "at": AS_OF, "actor": "tk", "actor_label": "Tariq Khan", "resource_id": "r"}
    named = {"action": action, "resource_type": resource_type, "resource_label": label}
    return AuditLogEntry.model_validate(none | written | named | more)


def test_every_action_of_the_server_has_words() -> None:
    actions = emitted("action")
    assert {"alerts.alert.raised", "risk.entry.decided", "risk.rule_set.shadow_begun", "session.signed_in"} <= actions
    assert actions - WORDS.verbs.keys() == set()


def test_every_kind_of_record_has_a_name() -> None:
    kinds = emitted("resource_type")
    assert {"alert", "risk_entry", "risk_list_entry", "session"} <= kinds
    assert kinds - WORDS.nouns.keys() == set()


def test_no_capability_has_words_for_what_nobody_does() -> None:
    assert WORDS.verbs.keys() - emitted("action") == set()
    assert WORDS.nouns.keys() - emitted("resource_type") == set()


def test_the_history_of_a_case_has_a_sentence_for_all_that_can_happen_to_an_entry() -> None:
    of_entries: set[str] = set()
    for module, function, call in records():
        given = {word.arg: word.value for word in call.keywords}
        if values(given["resource_type"], module, function) == {"risk_entry"}:
            of_entries |= values(given["action"], module, function)
    assert of_entries == SENTENCES.keys()


@pytest.mark.parametrize(
    ("by", "what", "words"),
    [
        ("tk", "risk.entry.claimed", "You claimed it"),
        ("ra", "risk.entry.claimed", "Rosa Ahn claimed it"),
        ("system:worker", "risk.escalation.untold", "The escalation could not be delivered"),
        ("system:worker", "risk.entry.woken", "It is back from its snooze"),
        ("system:worker", "risk.entry.of_tomorrow", "The system: of tomorrow"),
    ],
)
def test_a_line_of_a_cases_history(by: str, what: str, words: str) -> None:
    event = CaseEvent(at=AS_OF, by=by, by_name="Rosa Ahn", what=what, version=1)
    assert history_line(event, "tk") == words


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (entry("risk.rule_set.published", "risk_rule_set", "7 Tighter cards"), "Rules 7 Tighter cards published"),
        (entry("risk.list_entry.added", "risk_list_entry", "VIP"), "Entry of the list “VIP” added"),
        (entry("risk.escalation.untold", "risk_entry", "CS-1"), "Queue entry CS-1 could not be passed on"),
        (entry("approvals.asked", "approval", "Viewer for Ada"), "Asked for: Viewer for Ada"),
        (entry("session.signed_in", "account"), "Account Tariq Khan signed in"),
        (entry("rbac.review.closed", "access_review"), "Review closed"),
        (entry("launch.vote.cast", "launch_vote", "GO"), "Launch vote GO cast"),
    ],
)
def test_a_title(written: AuditLogEntry, words: str) -> None:
    assert WORDS.title(written) == words


def test_what_the_worker_does_the_system_does() -> None:
    assert [actor_name("system:worker"), actor_name("system:sample-shop"), actor_name("tk", "Tariq Khan")] == [
        "The system",
        "Sample shop",
        "Tariq Khan",
    ]
    assert AuditWords().title(entry("a.b.done", "a_b")) == "A b done"
