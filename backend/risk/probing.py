"""What somebody who sees personal data hidden may find out about it by asking: no more than a published rule says.

A rule that names one address and the number of orders it matches tells whose they are, a guess at a time.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import Counter

from backend.alerts import raise_alert
from backend.core.database import Database
from backend.core.metrics import REGISTRY
from backend.core.problems import ProblemError
from backend.core.security import Principal
from backend.risk.mask import PERSONAL, may_see
from models.alerts import Severity
from models.core.permissions import Permission
from models.core.problems import Code
from models.risk.metrics import LISTED
from models.risk.rules import Condition, FraudRule

GUESSES_MOST = 20
"""Different guesses of one person within the hour; more look like probing, and are not answered."""
WINDOW_SECONDS = 3_600.0
REMEMBERED = 10_000

GUESSES = Counter(
    "opsconsole_risk_guesses_total",
    "Conditions on hidden personal data that were asked by somebody who may not see it",
    registry=REGISTRY,
)


class Guesses:
    """Who asked about which values lately. One process counts for itself."""

    def __init__(self) -> None:
        self._asked: deque[tuple[float, str, str]] = deque(maxlen=REMEMBERED)

    def note(self, user_id: str, asked: Iterable[str], now: float) -> tuple[bool, bool]:
        """Count what somebody asks; returns whether it was too much within the hour before this, and is now."""
        while self._asked and self._asked[0][0] < now - WINDOW_SECONDS:
            self._asked.popleft()
        before = self._too_many(user_id)
        self._asked.extend((now, user_id, guess) for guess in asked)
        return before, self._too_many(user_id)

    def _too_many(self, user_id: str) -> bool:
        return len({guess for _, who, guess in self._asked if who == user_id}) > GUESSES_MOST


async def note_value(
    database: Database, guesses: Guesses, principal: Principal, metric: str, value: str, *, refuse: bool = False
) -> None:
    """Count a value that somebody names whom it is hidden from: the answer tells whether it is there.

    Raises ProblemError 403 for one too many, if it is to ``refuse``; what stops orders goes on.
    """
    if may_see(principal) or metric not in PERSONAL:
        return
    if await _too_many(database, guesses, principal, [f"{metric} {value}"]) and refuse:
        raise _refused()


async def note_guesses(
    database: Database,
    guesses: Guesses,
    principal: Principal,
    rules: Sequence[FraudRule],
    published: Sequence[FraudRule],
) -> int:
    """Count conditions on what is hidden from somebody, and raise an alert when there are many; returns their number.

    What the published rules ask is known to everybody who sees them, and no guess; but of those who guessed too much
    nothing of the kind is answered, for what is on a list they may have put there. Raises ProblemError 403 then.
    """
    if may_see(principal):
        return 0
    asked = _personal(rules)
    if not asked:
        return 0
    known = _personal(published)
    unknown = [condition for condition in asked if condition not in known]
    listed = any(condition.operator in LISTED for condition in asked)
    if (unknown or listed) and await _too_many(database, guesses, principal, list(_words(unknown))):
        raise _refused()
    return len(unknown)


async def refuse_guesses(
    database: Database,
    guesses: Guesses,
    principal: Principal,
    rules: Sequence[FraudRule],
    published: Sequence[FraudRule],
) -> None:
    """As ``note_guesses``. Raises ProblemError 403 when there is one."""
    if await note_guesses(database, guesses, principal, rules, published):
        raise _refused()


async def _too_many(database: Database, guesses: Guesses, principal: Principal, asked: Sequence[str]) -> bool:
    """Count guesses, and raise an alert when there are more than anybody needs."""
    GUESSES.inc(len(asked))
    before, now = guesses.note(principal.user_id, asked, time.monotonic())
    if before or not now:
        return now
    # A transaction of its own: the refusal must not take the alert back. Told once: whoever asks holds a connection.
    async with database.transaction() as tx:
        await raise_alert(
            tx,
            source="risk.probing",
            key=principal.user_id,
            title=f"{principal.name} asks about many addresses or cards that are hidden from them",
            severity=Severity.P2,
            guidance="Look into the audit log for what they did.\nAsk them why; take the role away if need be.",
        )
    return True


def _refused() -> ProblemError:
    return ProblemError(
        Code.PERMISSION_MISSING,
        "How many orders an e-mail address, IP or card has is said only to those who may see personal data. "
        "The rule can be kept and published all the same.",
        permission=Permission.VIEW_PERSONAL_DATA,
    )


def _personal(rules: Iterable[FraudRule]) -> list[Condition]:
    return [each for rule in rules for each in rule.each_condition() if each.metric in PERSONAL]


def _words(conditions: Iterable[Condition]) -> Iterator[str]:
    for condition in conditions:
        values = condition.value if isinstance(condition.value, tuple | list) else (condition.value,)
        yield from (f"{condition.metric} {value}" for value in values)
