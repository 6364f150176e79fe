"""Whether frozen returns can be made anew to the byte, and facts are what documents say: the nightly proof."""

from __future__ import annotations

import json
from datetime import date
from uuid import UUID

from backend.core.database import Connection
from backend.reporting.documents import regenerate
from backend.reporting.returns import queries, reads
from backend.reporting.returns.figures import Basis, Figure, make_return
from backend.reporting.returns.periods import end_of, following
from models.reporting import Region


async def again(connection: Connection, report_id: UUID) -> str:
    """The content of a report, from every single fact up to its number by the second computation."""
    row = await (await connection.execute(queries.facts_of_report, {"report_id": report_id})).fetchone()
    assert row is not None  # noqa: S101 - asked for what there is
    region_name, period, _, _, inputs, cut, built_on, content, *_ = row
    frozen = json.loads(content)
    region = _as_it_was(await reads.region(connection, region_name), frozen)
    before = following(period, region.period)
    returns = await (await connection.execute(queries.built_on, {"returns": built_on})).fetchall()
    filed: dict[tuple[date, str], int] = {}
    for each, state, tax in await (await connection.execute(queries.lines_of, {"returns": built_on})).fetchall():
        filed[each, state] = filed.get((each, state), 0) + tax
    then = returns[-1][2] if returns else 0
    figures = [Figure._make(each) for each in await regenerate.figures(connection, region, cut, before)]
    figures_then = (
        [Figure._make(each) for each in await regenerate.figures(connection, region, then, before)] if returns else []
    )
    basis = Basis(
        region=region,
        period=period,
        cut=cut,
        figures=figures,
        figures_then=figures_then,
        cut_before=then,
        filed=filed,
        builds_on=[(number, digest) for number, digest, _ in returns],
        buckets=await regenerate.buckets(connection, region, cut, period, end_of(period, region.period)),
        inputs=inputs,
    )
    return make_return(basis).content


def _as_it_was(region: Region, frozen: dict[str, object]) -> Region:
    """The registration as the report has it: its number may have changed since."""
    was = frozen["registration"]
    assert isinstance(was, dict)  # noqa: S101 - as every report has it
    return region.model_copy(update={"number": was["number"], "home": was["home"], "zone": was["zone"]})
