"""Reading what the law of a jurisdiction says."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from backend.core.database import Connection
from backend.core.rows import Unreadable, lenient_row, the_one
from backend.privacy.clocks import queries
from backend.privacy.clocks.calendar import WorkingCalendar
from backend.privacy.clocks.legal_clock import ClockRules
from models.privacy import Jurisdiction
from models.privacy.requests import JurisdictionRules

MISSING = "There is no such jurisdiction."


async def all_rules(connection: Connection) -> list[JurisdictionRules | Unreadable]:
    """Of every jurisdiction."""
    async with connection.cursor(row_factory=lenient_row(JurisdictionRules)) as cursor:
        await cursor.execute(queries.all_rules)
        return await cursor.fetchall()


async def rules_of(connection: Connection, code: Jurisdiction) -> JurisdictionRules:
    """Of one. Raises ProblemError 404."""
    async with connection.cursor(row_factory=lenient_row(JurisdictionRules)) as cursor:
        await cursor.execute(queries.one_of, {"code": code})
        return the_one(await cursor.fetchall(), MISSING)


def clock_rules(rules: JurisdictionRules) -> ClockRules:
    """As the clock takes them."""
    fixed = frozenset((int(each[:2]), int(each[3:])) for each in rules.fixed_holidays)
    return ClockRules(
        zone=ZoneInfo(rules.zone),
        unit=rules.unit,
        period=rules.period,
        extended=rules.extended,
        rolls=rules.rolls,
        pauses=frozenset(rules.pauses),
        internal_days=rules.internal_days,
        calendar=WorkingCalendar(frozenset(rules.weekend), fixed, frozenset(rules.easter_holidays)),
    )
