"""Reading the queue: pages in any order, one entry, and the statement parts they are made of.

A page of a hundred out of a hundred thousand must come out of an index whatever it is sorted by, so the statement of a
page is put together from the parts below: a filter that is not asked for does not stand in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from backend.core.database import Connection
from backend.core.pages import cut_page, decode_cursor, encode_cursor
from backend.core.problems import ProblemError, invalid
from backend.core.rows import lenient_row
from backend.core.search import escape_like, search_words
from backend.core.security import Principal
from backend.risk.queue import queries
from models.core.normal_form import country, visible
from models.core.problems import Code
from models.risk.queue import LINKED_COUNTED, NOTES_MOST, Direction, EntryStatus, QueueCounts, QueueSort, RiskQueueEntry
from models.risk.rules import Action

SHOWN: Final[LiteralString] = f"""
, names as materialized (
    select user_id, person_name(user_id) as name
      from (select distinct unnest(array[assigned_to, decided_by, proposed_by]) as user_id from page) as someone
     where user_id is not null)
select e.id::text as entry_id, e.order_id, e.score, e.action, e.triggered as triggered_rules, e.status, e.verdict,
       e.assigned_to, (select name from names where user_id = e.assigned_to) as assigned_to_name, e.assigned_at,
       (select coalesce(jsonb_agg(jsonb_build_object(
                   'by', n.written_by, 'byName', person_name(n.written_by), 'at', n.written_at, 'text', n.body)
                   order by n.written_at, n.id), '[]')
          from (select * from risk_note as n where n.entry_id = e.id order by n.written_at desc, n.id desc
                 limit {NOTES_MOST}) as n) as notes,
       case when e.proposed is not null then jsonb_build_object(
           'verdict', e.proposed, 'by', e.proposed_by, 'byName',
           (select name from names where user_id = e.proposed_by), 'at', e.proposed_at,
           'notes', coalesce(e.proposed_notes, '')) end as proposal,
       e.escalated_to, e.snoozed_until, e.placed_at, e.currency, e.minor as amount, e.reporting_minor, e.customer_id,
       e.card_last4, e.card_country, e.ip_country,
       (select count(*)
          from (select l.id
                  from ((select id from risk_entry where customer_id = e.customer_id limit {LINKED_COUNTED + 1})
                        union (select id from risk_entry where card = e.card limit {LINKED_COUNTED + 1})
                        union (select id from risk_entry where ip = e.ip limit {LINKED_COUNTED + 1})
                        union (select id from risk_entry where device = e.device limit {LINKED_COUNTED + 1})) as l
                 where l.id <> e.id
                 limit {LINKED_COUNTED}) as l) as linked,
       e.created_at, e.due_at, e.decided_at, e.decided_by,
       (select name from names where user_id = e.decided_by) as decided_by_name, e.version
  from page as e
"""  # noqa: S608 - numbers of the program
"""What is shown of the entries of a common table expression ``page``, which may be a statement that changes them.

Its limits stand there as numbers: as parameters they would have it planned anew each time. Each person is named once.
"""


_ENTRY: Final[LiteralString] = "with page as (select * from risk_entry where id = %(entry_id)s)" + SHOWN  # noqa: S608 - parts of the program

_KEYS: Final[dict[QueueSort, LiteralString]] = {
    QueueSort.SCORE: "(-e.score)",
    QueueSort.DUE: "e.due_at",
    QueueSort.AGE: "e.created_at",
    QueueSort.AMOUNT: "(-coalesce(e.reporting_minor, -1))",
    QueueSort.DECIDED: "e.decided_at",
}
"""What each order sorts by: as the indexes have it."""
_AS_TIME = frozenset({QueueSort.DUE, QueueSort.AGE, QueueSort.DECIDED})
_FORWARD = {
    QueueSort.SCORE: Direction.DESCENDING,
    QueueSort.DUE: Direction.ASCENDING,
    QueueSort.AGE: Direction.DESCENDING,
    QueueSort.AMOUNT: Direction.DESCENDING,
    QueueSort.DECIDED: Direction.ASCENDING,
}
"""Which direction runs forward through the index. Age is the other way round than the instant it begins with."""
USUAL: Final = _FORWARD | {QueueSort.DECIDED: Direction.DESCENDING}
"""The direction of each order when none is asked for: what matters most first."""


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which entries; ``None`` does not matter. Amounts are minor units of the reporting currency."""

    status: tuple[EntryStatus, ...] = ()
    """None means all that are not decided yet."""
    assigned_to: str | None = None
    unassigned: bool = False
    score_min: int | None = None
    score_max: int | None = None
    rules: tuple[str, ...] = ()
    """All of these fired."""
    action: Action | None = None
    amount_min: int | None = None
    amount_max: int | None = None
    age_min: timedelta | None = None
    age_max: timedelta | None = None
    due_within: timedelta | None = None
    overdue: bool | None = None
    snoozed: bool | None = None
    text: str | None = None
    """Every word of it must occur in order id, customer, country or rule; short ones begin a word there."""

    @property
    def decided(self) -> bool:
        """Whether decided entries are asked for. Raises ProblemError 422 when they are asked for beside others."""
        if EntryStatus.REVIEWED not in self.status:
            return False
        if len(set(self.status)) > 1:
            raise invalid("query:status", "decided entries are a list of their own: ask for reviewed alone")
        return True


def _parts(wanted: QueueFilter, now: datetime) -> tuple[list[LiteralString], dict[str, Any]]:
    """The conditions of a filter, and their values."""
    decided = wanted.decided
    found: list[tuple[LiteralString, str, Any]] = [
        ("e.status = any(%(status)s)", "status", [str(each) for each in wanted.status] or None),
        ("e.assigned_to = %(assigned_to)s", "assigned_to", wanted.assigned_to),
        ("e.assigned_to is null", "unassigned", wanted.unassigned or None),
        ("(-e.score) <= -%(score_min)s::int", "score_min", wanted.score_min),
        ("(-e.score) >= -%(score_max)s::int", "score_max", wanted.score_max),
        ("e.triggered @> %(rules)s::text[]", "rules", list(wanted.rules) or None),
        ("e.action = %(action)s", "action", wanted.action),
        ("(-coalesce(e.reporting_minor, -1)) <= -%(amount_min)s::bigint", "amount_min", wanted.amount_min),
        (
            "(-coalesce(e.reporting_minor, -1)) >= -%(amount_max)s::bigint and e.reporting_minor is not null",
            "amount_max",
            wanted.amount_max,
        ),
        ("e.created_at <= %(aged)s", "aged", None if wanted.age_min is None else now - wanted.age_min),
        ("e.created_at >= %(young)s", "young", None if wanted.age_max is None else now - wanted.age_max),
        ("e.due_at <= %(due)s", "due", None if wanted.due_within is None else now + wanted.due_within),
        ("(e.due_at <= %(now)s) = %(overdue)s", "overdue", wanted.overdue),
        ("e.snoozed_until > %(now)s", "snoozed", wanted.snoozed or None),
        ("(e.snoozed_until is null or e.snoozed_until <= %(now)s)", "awake", wanted.snoozed is False or None),
    ]
    parts: list[LiteralString] = ["e.status = 'reviewed'" if decided else "e.status <> 'reviewed'"]
    # One condition each: of like all(…) and like any(…) the index knows nothing.
    for word, (pattern, code) in enumerate(_patterns(wanted.text)):
        by_name: LiteralString = f" or e.words like %(code{word})s" if code else ""
        found.append((f"(e.words like %(word{word})s{by_name})", f"word{word}", pattern))
        found.append(("true", f"code{word}", code))
    parts += [part for part, _, value in found if value is not None]
    return parts, {name: value for _, name, value in found if value is not None} | {"now": now}


def _patterns(text: str | None) -> Iterator[tuple[str, str | None]]:
    """For each word, what ``words`` is like, and what else where it is a country's name, which may be several words."""
    whole = visible(text or "")
    for word in (whole.lower(),) if " " in whole and _code(whole) else search_words(text):
        # Short ones begin a line there, else DE would find every order with *model* in it.
        literal = escape_like(word)
        yield f"%{literal}%" if len(word) > 2 else f"%\n{literal}%", _code(word)


def _code(name: str) -> str | None:
    """What a country stands there as, of whose name this is."""
    code = country(name).lower()
    return f"%\n{code}\n%" if len(code) == 2 and code != name.lower() else None


async def page(
    connection: Connection,
    wanted: QueueFilter,
    *,
    sort: QueueSort | None,
    direction: Direction | None,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[tuple[RiskQueueEntry, ...], str | None, int]:
    """Entries in order, the cursor of the next page, and how many cannot be read.

    Raises:
        ProblemError: 422 for what cannot be listed.
    """
    statement, values, sort = statement_of(wanted, sort=sort, direction=direction, cursor=cursor, limit=limit, now=now)
    async with connection.cursor(row_factory=lenient_row(RiskQueueEntry)) as rows:
        # Planned with its values each time: what is few and what is many differs by them.
        await rows.execute(statement, values, prepare=False)
        found = await rows.fetchall()
    return cut_page(found, limit, lambda last: (str(sort), _key(last, sort), last.entry_id))


def statement_of(
    wanted: QueueFilter,
    *,
    sort: QueueSort | None,
    direction: Direction | None,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[LiteralString, dict[str, Any], QueueSort]:
    """The statement of a page with its values, and what it is sorted by. One row more than ``limit``, if there is."""
    decided = wanted.decided
    if sort is None:
        sort = QueueSort.DECIDED if decided else QueueSort.SCORE
    if decided != (sort is QueueSort.DECIDED):
        raise invalid("query:sort", "what is decided is sorted by decided, and nothing else is")
    parts, values = _parts(wanted, now)
    key = _KEYS[sort]
    forward = (direction or USUAL[sort]) is _FORWARD[sort]
    if cursor is not None:
        after_sort, after, entry_id = decode_cursor(cursor, str, datetime if sort in _AS_TIME else int, UUID)
        if after_sort != sort:
            raise invalid("query:cursor", "this is a page of another order; start again without it")
        values |= {"after": after, "after_id": entry_id}
        parts.append(f"({key}, e.id) {'>' if forward else '<'} (%(after)s, %(after_id)s)")
    order = f"{key}, e.id" if forward else f"{key} desc, e.id desc"
    statement = (
        f"with page as materialized (select e.* from risk_entry as e where {' and '.join(parts)} order by {order} "  # noqa: S608 - parts of the program
        f"limit %(limit)s) {SHOWN} order by {order}"
    )
    return statement, values | {"limit": limit + 1}, sort


def examples() -> Iterator[LiteralString]:
    """Statements put together here, for the test that prepares them all: each order, with every condition."""
    yield _ENTRY
    now, hour = datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1)
    every = QueueFilter(
        status=(EntryStatus.OPEN,),
        assigned_to="somebody",
        unassigned=True,
        score_min=1,
        score_max=1,
        rules=("a-rule",),
        action=Action.REVIEW,
        amount_min=1,
        amount_max=1,
        age_min=hour,
        age_max=hour,
        due_within=hour,
        overdue=True,
        text="two words",
    )
    for sort, direction, snoozed in product(QueueSort, Direction, (True, False)):
        wanted = replace(every, snoozed=snoozed)
        if sort is QueueSort.DECIDED:
            wanted = replace(wanted, status=(EntryStatus.REVIEWED,))
        cursor = encode_cursor(str(sort), now if sort in _AS_TIME else 0, str(UUID(int=0)))
        yield statement_of(wanted, sort=sort, direction=direction, cursor=cursor, limit=1, now=now)[0]


def _key(entry: RiskQueueEntry, sort: QueueSort) -> datetime | int:
    match sort:
        case QueueSort.SCORE:
            return -entry.score
        case QueueSort.AMOUNT:
            return 1 if entry.reporting_minor is None else -entry.reporting_minor
        case QueueSort.DUE:
            return entry.due_at
        case QueueSort.AGE:
            return entry.created_at
        case QueueSort.DECIDED:
            assert entry.decided_at is not None  # noqa: S101 - the table holds it to that
            return entry.decided_at


async def entry(connection: Connection, entry_id: UUID | str) -> RiskQueueEntry:
    """One entry; raises ProblemError 404."""
    async with connection.cursor(row_factory=class_row(RiskQueueEntry)) as cursor:
        await cursor.execute(_ENTRY, {"entry_id": entry_id}, prepare=True)
        found = await cursor.fetchone()
    if found is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such entry in the queue.")
    return found


async def counts(connection: Connection, user_id: str, now: datetime) -> QueueCounts:
    """How many entries wait."""
    row = await (await connection.execute(queries.counts, {"user_id": user_id, "now": now})).fetchone()
    assert row is not None  # noqa: S101 - a count answers one row
    names = ("open", "mine", "escalated", "due_soon", "overdue", "snoozed")
    return QueueCounts(**dict(zip(names, row, strict=True)), as_of=now)


async def count_open(connection: Connection, _principal: Principal) -> int:
    """How many entries wait that nobody has handed on or put aside."""
    row = await (await connection.execute(queries.open)).fetchone()
    assert row is not None  # noqa: S101 - a select of one row
    return int(row[0])
