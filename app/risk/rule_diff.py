"""Two versions of the rules held beside each other, in the words in which rules are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.risk.wording import rule_summary

if TYPE_CHECKING:
    from models.risk.rules import FraudRule


@dataclass(frozen=True, slots=True)
class RuleDifference:
    """One rule in both versions; ``None`` where it is not."""

    rule_id: str
    name: str
    before: Mapping[str, str] | None
    after: Mapping[str, str] | None

    @property
    def changed(self) -> tuple[str, ...]:
        """What differs; all of them for a rule only one version has."""
        before, after = self.before or {}, self.after or {}
        return tuple(
            key for key in (*before, *(k for k in after if k not in before)) if before.get(key) != after.get(key)
        )


def differences(
    before: Sequence[FraudRule], after: Sequence[FraudRule], currency: str, lists: Mapping[str, str]
) -> tuple[list[RuleDifference], int]:
    """Rules that differ, in the order of ``after`` and those that went last; and how many are the same."""
    old = {rule.rule_id: rule for rule in before}
    new = {rule.rule_id: rule for rule in after}
    found, same = [], 0
    for rule_id in (*new, *(k for k in old if k not in new)):
        was, now = old.get(rule_id), new.get(rule_id)
        if was == now:
            same += 1
            continue
        name = (now or was).description  # type: ignore[union-attr]  # in one of both
        difference = RuleDifference(
            rule_id,
            name,
            None if was is None else rule_summary(was, currency, lists),
            None if now is None else rule_summary(now, currency, lists),
        )
        if was is None or now is None or difference.changed:
            found.append(difference)
        else:
            same += 1  # written otherwise, and asking the same
    return found, same


def order_changed(before: Sequence[FraudRule], after: Sequence[FraudRule]) -> bool:
    """Whether the rules both have stand in another order."""
    old, new = [rule.rule_id for rule in before], [rule.rule_id for rule in after]
    return [k for k in old if k in new] != [k for k in new if k in old]
