"""What becomes of one rule set when another takes its place."""

from __future__ import annotations

from models.risk.backtest import RuleChange, RuleSetDifference
from models.risk.rules import RuleSet
from models.risk.wording import changes


def difference(before: RuleSet, after: RuleSet, currency: str) -> RuleSetDifference:
    """Rules by their id: new ones, those that are gone, and those that say something else, in the sets' order."""
    old = {rule.rule_id: rule for rule in before.rules}
    new = {rule.rule_id: rule for rule in after.rules}
    return RuleSetDifference(
        before_id=before.rule_set_id,
        before_number=before.number,
        after_id=after.rule_set_id,
        after_number=after.number,
        added=tuple(rule for name, rule in new.items() if name not in old),
        removed=tuple(rule for name, rule in old.items() if name not in new),
        changed=tuple(
            RuleChange(rule_id=name, before=old[name], after=rule, words=changes(old[name], rule, currency))
            for name, rule in new.items()
            if name in old and old[name] != rule
        ),
    )
