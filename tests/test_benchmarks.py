"""Benchmarks are not run by the tests, but they can be."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import pytest

import benchmarks

NAMES = [module.name for module in iter_modules(benchmarks.__path__) if module.name.startswith("bench_")]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_benchmark_imports_is_there(name: str) -> None:
    assert callable(import_module(f"benchmarks.{name}").run)
