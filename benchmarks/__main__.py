"""Run every benchmark and print one table. A target that is missed is shown, it does not fail."""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules

import benchmarks
from benchmarks.table import Result, show


def main() -> None:
    """Scripts are the modules named ``bench_…``, each with ``run() -> list[Result]``."""
    results: list[Result] = []
    for module in sorted(iter_modules(benchmarks.__path__), key=lambda module: module.name):
        if module.name.startswith("bench_"):
            sys.stderr.write(f"{module.name} …\n")
            results += import_module(f"benchmarks.{module.name}").run()
    sys.stdout.write(show(results) + "\n")


if __name__ == "__main__":
    main()
