"""Signals of the engine, without Qt and quick to import: the first picture waits for this module.

A slot that raises is reported and never silences the others; methods are held weakly, so that a signal keeps no widget
alive, and a widget that Qt has deleted while Python still holds it is dropped at the next emission.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from typing import Any, overload

log = logging.getLogger(__name__)

Slot = Callable[..., Any]

_GONE = ("already deleted", "Signal source has been deleted")
"""What Shiboken says of a widget that Qt has deleted, and of a signal of one."""


class SignalInstance:
    """The signal of one object. Slots are called in the order they were connected, in the thread that emits."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._slots: list[Callable[[], Slot | None]] = []

    def connect(self, slot: Slot) -> Slot:
        """Call ``slot`` from now on. A bound method is forgotten with its object; anything else is kept."""
        self._slots.append(_reference(slot))
        return slot

    def disconnect(self, slot: Slot, *, missing_ok: bool = True) -> None:
        """Call ``slot`` no longer. Raises ValueError for a slot that is not connected, unless that is fine."""
        kept = [reference for reference in self._slots if reference() != slot]
        if len(kept) == len(self._slots) and not missing_ok:
            raise ValueError(f"{slot!r} is not connected to {self.name}")
        self._slots = kept

    def emit(self, *args: Any) -> None:
        """Tell every slot that is connected now."""
        for reference in tuple(self._slots):
            slot = reference()
            if slot is None:
                self._drop(reference)
                continue
            try:
                slot(*args)
            except RuntimeError as error:
                if any(words in str(error) for words in _GONE):
                    self._drop(reference)
                else:
                    log.exception("a slot of %s failed", self.name)
            except Exception:
                log.exception("a slot of %s failed", self.name)

    def _drop(self, reference: Callable[[], Slot | None]) -> None:
        self._slots = [kept for kept in self._slots if kept is not reference]


class Signal:
    """Declares a signal in a class: ``changed = Signal()``, ``posted = Signal(object)``; the types are for readers."""

    def __init__(self, *types: type) -> None:
        self.types = types

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, holder: None, owner: type) -> Signal: ...
    @overload
    def __get__(self, holder: object, owner: type) -> SignalInstance: ...
    def __get__(self, holder: object | None, owner: type) -> Signal | SignalInstance:
        if holder is None:
            return self
        # Kept under the signal's own name: from now on Python finds the instance without asking us again.
        instance: SignalInstance = holder.__dict__.setdefault(
            self._name, SignalInstance(f"{owner.__name__}.{self._name}")
        )
        return instance


def _reference(slot: Slot) -> Callable[[], Slot | None]:
    holder = getattr(slot, "__self__", None)
    if hasattr(slot, "__func__"):
        return weakref.WeakMethod(slot)
    if holder is not None and not isinstance(holder, type(weakref)) and hasattr(type(holder), "__weakref__"):
        # A method written in C++, such as a widget's update: it has a name but no function to hold weakly.
        weak, name = weakref.ref(holder), slot.__name__
        return lambda: getattr(weak(), name, None)
    return lambda: slot
