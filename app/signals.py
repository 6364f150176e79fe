"""Signals of the engine: psygnal, emitted through one helper so that a broken slot never silences the others.

psygnal itself ends an emission at the first slot that raises; a widget deleted by Qt but held by Python is such a slot.
"""

from __future__ import annotations

import logging
from typing import Any

from psygnal import Signal, SignalInstance

__all__ = ["Signal", "emit"]

log = logging.getLogger(__name__)


def emit(signal: SignalInstance, *args: Any) -> None:
    """Tell every slot. One that raises is reported, one whose widget is gone is dropped, the others still hear it."""
    # psygnal offers no public way to go on after a failing slot.
    for callback in tuple(signal._slots):  # noqa: SLF001
        try:
            callback.cb(args)
        except ReferenceError:
            _drop(signal, callback)
        except RuntimeError as error:
            if "already deleted" in str(error):  # Shiboken's words for a widget that Qt has deleted
                _drop(signal, callback)
            else:
                log.exception("a slot of %s failed", signal.name)
        except Exception:
            log.exception("a slot of %s failed", signal.name)


def _drop(signal: SignalInstance, callback: Any) -> None:
    if callback in signal._slots:  # noqa: SLF001
        signal._slots.remove(callback)  # noqa: SLF001
