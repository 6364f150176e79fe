"""What stands around an incident: who can be asked to help, and what the shop counted at the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from tests.backend.incidents.fixtures import BASE, LEAD, Response, path_of
from tests.conftest import Api


def _series(since: datetime, until: datetime, **more: object) -> str:
    query = f"from={quote(since.isoformat())}&to={quote(until.isoformat())}"
    return query + "".join(f"&{name}={value}" for name, value in more.items())


def test_whoever_works_incidents_may_ask_who_there_is(api: Api) -> None:
    response = Response(api)
    people = response.done("GET", f"{BASE}/helpers")["people"]
    assert LEAD in {each["userId"] for each in people}
    assert [each["name"].lower() for each in people] == sorted(each["name"].lower() for each in people)
    response.refused(response.send("GET", f"{BASE}/helpers", by="viewer"), 403)


def test_what_the_shop_counted_is_in_stretches_up_to_now(api: Api) -> None:
    response = Response(api)
    made = response.open()
    now = datetime.now(UTC)
    start = now - timedelta(minutes=10)
    response.sql(
        "insert into downloads (id, product, downloaded_at, succeeded)"
        " select i::text, 'x', %s + i * interval '1 minute', i <> 3 from generate_series(1, 4) as i",
        [start - timedelta(seconds=30)],
    )
    found = response.done("GET", f"{path_of(made)}/series?{_series(start, now + timedelta(minutes=10), stretches=20)}")
    assert found["downloads"][:5] == [1, 1, 1, 1, 0]
    assert found["failed"][:5] == [0, 0, 1, 0, 0]
    assert found["downloads"][-1] is None, "nobody knows what will be"
    assert len(found["ends"]) == 20


def test_a_series_has_a_beginning_an_end_and_an_incident(api: Api) -> None:
    response = Response(api)
    made, now = response.open(), datetime.now(UTC)
    path = f"{path_of(made)}/series"
    response.refused(response.send("GET", f"{path}?{_series(now, now)}"), 422, pointer="query:to")
    long_ago = now - timedelta(days=15)
    response.refused(response.send("GET", f"{path}?{_series(long_ago, now)}"), 422, pointer="query:to")
    missing = f"{BASE}/0198c0de-0000-7000-8000-00000000dead/series?{_series(now - timedelta(hours=1), now)}"
    response.refused(response.send("GET", missing), 404)
