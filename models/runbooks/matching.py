"""Which runbooks an alert leads to.

A runbook names kinds of alert. Of an alert that a rule raised they are its figure, such as ``orders.total``, and when
its source is silent ``orders.total:no_data`` as well; of any other alert its source, such as ``backup``, and source and
key, ``backup:daily``. The narrower kind leads first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from models.alerts import Alert
    from models.runbooks import RunbookSummary

R = TypeVar("R", bound="RunbookSummary")


def kinds_of(alert: Alert) -> tuple[str, ...]:
    """The kinds an alert is of, the narrowest first."""
    if alert.figure is not None:
        silent = (f"{alert.figure}:no_data",) if alert.cause == "no_data" else ()
        return (*silent, str(alert.figure))
    if alert.source is None:
        return ()
    return (f"{alert.source}:{alert.key}", alert.source)


def matching(runbooks: Iterable[R], alert: Alert) -> list[R]:
    """The runbooks that are for an alert, the closest first; retired ones are for none."""
    kinds = kinds_of(alert)
    found = [
        (min(kinds.index(kind) for kind in kinds if kind in each.alerts), len(each.alerts), each.title, each)
        for each in runbooks
        if not each.retired and not set(kinds).isdisjoint(each.alerts)
    ]
    return [each for *_, each in sorted(found, key=lambda hit: hit[:3])]
