"""Loads Qt and gives Python its own ``import`` back. Whatever opens a window imports this before anything of PySide6.

PySide6 puts a function of its own in the place of ``builtins.__import__``. It reads the source of every module that is
imported from then on, for ``from __feature__ import …``, which nobody here uses. That costs a tenth of the first
picture, and asks half imported modules of pydantic for attributes: an import in another thread then fails.
"""

from __future__ import annotations

import builtins

_own = builtins.__import__

import PySide6.QtCore  # noqa: E402, F401 - the order is what this is about

builtins.__import__ = _own
