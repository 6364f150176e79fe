"""Events come in: each once, none lost, whatever one of them is."""

from __future__ import annotations

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from backend.analytics.landing.sealing import Sealer
from backend.core.settings import Settings
from tests.backend.analytics.fixtures import BASE, GOOD, INGEST, KEEPER, PIPELINE, VIEWER, Planner, track
from tests.conftest import Api, serve_in_thread

CANARY = "canary@example.com"


def counts(found: dict[str, Any]) -> tuple[int, int, int, int]:
    return (found["landed"], found["quarantined"], found["rejected"], found["known"])


def test_a_batch_lands_once(planner: Planner) -> None:
    planner.planned(mode="quarantine")
    batch = [track(), track(properties={}), track("order_completed")]
    assert counts(planner.ingest(*batch)) == (2, 1, 0, 0)
    again = planner.ingest(*batch, batch[0], track())
    assert (counts(again), again["success"], again["received"]) == ((1, 0, 0, 4), True, 5)
    assert planner.kept() == (3, 1, 4)
    [first, _] = planner.audited("analytics.events.ingested")
    assert (first["actor"], first["after"]["landed"], first["before"]) == (PIPELINE, 2, None)
    rows = planner.sql("select event_name, verdict, sum(count)::int from event_count group by 1, 2 order by 1, 2")
    assert rows == [
        ("Order Completed", "landed", 2),
        ("Order Completed", "quarantined", 1),
        ("order_completed", "landed", 1),
    ]
    seen = planner.sql("select event_name, class, count::int from violation_seen order by 1, 2, pointer")
    assert seen == [
        ("Order Completed", "required_missing", 1),
        ("Order Completed", "required_missing", 1),
        ("order_completed", "unplanned_event", 1),
    ], "sent again, nothing is counted again"


@pytest.mark.parametrize(
    ("mode", "expected", "verdict"),
    [
        ("observe", (1, 0, 0, 0), "landed"),
        ("omit", (1, 0, 0, 0), "omitted"),
        ("quarantine", (0, 1, 0, 0), "quarantined"),
        ("reject", (0, 0, 1, 0), "rejected"),
    ],
)
def test_the_mode_decides(planner: Planner, mode: str, expected: tuple[int, ...], verdict: str) -> None:
    planner.planned(mode=mode)
    event = track(properties=GOOD | {"colour": CANARY, "currency": "eur"})
    found = planner.ingest(event)
    assert counts(found) == expected
    [problem] = found["problems"]
    assert (problem["index"], problem["messageId"], problem["verdict"]) == (0, event["messageId"], verdict)
    assert [each["pointer"] for each in problem["violations"]] == ["/properties/currency", "/properties/*"]
    for (body,) in planner.sql("select body from event"):
        kept = json.loads(body)
        assert (kept["properties"] == event["properties"]) is (mode == "observe")
        if mode == "omit":
            assert kept["properties"] == {"order_id": "CS-1", "total": 319.5}
    assert planner.kept()[2] == (0 if mode == "reject" else 1), "what was rejected may come again under its id"


def test_a_version_that_is_observed_harms_nobody(planner: Planner) -> None:
    planner.planned("observed", mode="reject")
    assert counts(planner.ingest(track(properties={}))) == (1, 0, 0, 0)


def test_the_same_id_with_another_body_is_said(planner: Planner) -> None:
    planner.planned()
    event = track()
    other = event | {"properties": GOOD | {"total": 1}}
    assert planner.ingest(event, other)["problems"][0]["index"] == 1, "within a batch"
    found = planner.ingest(other)
    assert counts(found) == (0, 0, 0, 1)
    assert "with another body" in found["problems"][0]["violations"][0]["rule"]
    assert planner.ingest(event)["problems"] == []
    assert planner.sql("select body::json -> 'properties' ->> 'total' from event") == [("319.5",)]


BAD: list[tuple[bytes, str]] = [
    (b'{"type":"track","event":"A","properties":{"a":1,"a":2}}', "stands twice"),
    (b'{"type":"track","event":"A","properties":{"a":NaN}}', "not finite"),
    (b'{"type":"track","event":"A","properties":{"a":1e400}}', "not finite"),
    (b'{"type":"track","event":"A","properties":{"a":"\\ud800"}}', "surrogate"),
    (b'{"type":"track","event":"A","properties":{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}}", "64 deep"),
    (b'{"type":"track","event":"A","properties":{"a":' + b"9" * 5_000 + b"}}", "more digits"),
    (b'{"type":"track","event":"A","properties":{"a":"\xff"}}', "not UTF-8"),
    (b'{"type":"track","event":"A","properties":{"a":tru}}', "no JSON"),
    (b'{"type":"track","properties":{}}', "name of the event"),
    (b'{"type":"trakc","event":"A"}', "must be one of"),
    (b'{"type":"track","event":"A","messageId":7}', "text of at most 200"),
    (b"17", "is an object"),
]


def test_a_bad_event_costs_only_itself_and_keeps_its_text(planner: Planner, api: Api) -> None:
    batch: list[Any] = []
    for text, _ in BAD:
        batch += [text, track("A")]
    found = planner.ingest(*batch)
    assert counts(found) == (len(BAD), len(BAD), 0, 0)
    rules = {each["index"]: each["violations"][0]["rule"] for each in found["problems"]}
    for number, (text, words) in enumerate(BAD):
        assert words in rules[2 * number], text[:80]
    sealer = Sealer(api.settings)
    held = [sealer.open(event_id, body) for event_id, body in planner.sql("select id, body from event_quarantine")]
    assert sorted(each for each in held if each is not None) == sorted(text for text, _ in BAD)
    assert counts(planner.ingest(*[text for text, _ in BAD])) == (0, 0, 0, len(BAD)), "sent again, they are known"


def test_what_is_large_or_odd_stays_exact(planner: Planner) -> None:
    texts = [
        b'{"type":"track","event":"A","messageId":"1","properties":{"a":1180591620717411303424}}',
        b'{"type":"track","event":"A","messageId":"2","properties":{"a":18446744073709551616}}',
        b'{"type":"track","event":"A","messageId":"3","properties":{"a":"\\u0000"}}',
        b'{"type":"track","event":"A","messageId":"4","properties":{"a":"tab\\tline\\nback\\\\slash"}}',
        b'{"type":"track","event":"A","messageId":"5","properties":{"a":"\xf0\x9f\x98\x80"}}',
        b'{"type":"track","event":"A","messageId":"6","properties":{"a":1.50}}',
    ]
    assert counts(planner.ingest(*texts)) == (6, 0, 0, 0)
    rows = planner.sql("select body from event order by body")
    assert sorted(body.encode() for (body,) in rows) == sorted(texts)


@pytest.mark.parametrize(
    ("given", "lands", "rule"),
    [
        ("1970-01-01T00:00:00Z", False, "before 2000-01-01"),
        (timedelta(days=1), False, "lies ahead"),
        ("yesterday", False, "must be an instant"),
        (1764512557, False, "must be an instant"),
        ("2026-11-24T14:02:37", False, "must be an instant"),
        (timedelta(days=-400), True, ""),
        (None, True, ""),
    ],
)
def test_instants_that_cannot_be(planner: Planner, given: Any, lands: bool, rule: str) -> None:
    planner.planned(mode="quarantine")
    at = (datetime.now(UTC) + given).isoformat() if isinstance(given, timedelta) else given
    found = planner.ingest(track(timestamp=at))
    assert counts(found) == ((1, 0, 0, 0) if lands else (0, 1, 0, 0))
    if not lands:
        [violation] = found["problems"][0]["violations"]
        assert (violation["class"], violation["pointer"]) == ("limit", "/timestamp")
        assert rule in violation["rule"]


def test_a_clock_that_is_wrong_is_told_by_when_it_sent(planner: Planner) -> None:
    event = track(timestamp="2027-06-01T12:00:00Z", sentAt="2027-06-01T12:10:00Z")
    assert counts(planner.ingest(event)) == (1, 0, 0, 0)
    [(minutes,)] = planner.sql("select round(extract(epoch from received_at - occurred_at) / 60)::int from event")
    assert minutes == 10


def test_the_shapes_of_segment(planner: Planner) -> None:
    for number, (call, more) in enumerate(
        {
            "track": {"event": "A"},
            "identify": {"traits": {"plan": "pro"}},
            "page": {"name": "Home"},
            "screen": {"name": "Home"},
            "group": {"groupId": "g"},
            "alias": {"previousId": "p"},
        }.items()
    ):
        body = {"userId": "u", "messageId": f"m{number}"} | more
        assert counts(planner.done("POST", f"{INGEST}/v1/{call}", body, by=PIPELINE)) == (1, 0, 0, 0)
        assert counts(planner.done("POST", INGEST, body | {"type": call}, by=PIPELINE)) == (0, 0, 0, 1)
    names = planner.sql("select event_name from event order by 1")
    assert [name for (name,) in names] == ["A", "alias", "group", "identify", "page", "screen"]
    assert planner.send("POST", f"{INGEST}/v1/nothing", {}, by=PIPELINE).status_code == 404
    batch = {
        "batch": [{"type": "track", "event": "A"}],
        "context": {"library": {"name": "analytics-node", "version": "2"}},
    }
    planner.done("POST", f"{INGEST}/v1/batch", batch, by=PIPELINE)
    assert planner.sql("select count(*) from event where (producer, app_version) = ('analytics-node', '2')") == [(1,)]


def test_a_client_of_segment_sends_its_token_as_write_key(planner: Planner) -> None:
    token = planner.api.token(PIPELINE)
    url, body = f"{planner.api.base_url}{INGEST}/v1/track", {"event": "A", "userId": "u"}
    assert httpx.post(url, json=body, auth=(token, "")).status_code == 200
    assert httpx.post(url, json=body, auth=("wrong", "")).status_code == 401
    assert httpx.post(url, json=body, headers={"Authorization": "Basic ???"}).status_code == 401
    other = f"{planner.api.base_url}{BASE}/schema"
    assert httpx.get(other, auth=(planner.api.token(VIEWER), "")).status_code == 401, "nowhere else"
    encoded = base64.b64encode(f"{planner.api.token(VIEWER)}:".encode()).decode()
    assert httpx.post(url, json=body, headers={"Authorization": f"Basic {encoded}"}).status_code == 403


@pytest.mark.parametrize("body", [b"", b'{"batch":[{"type":"track"},', b'{"batch":' + b"[" * 1_002 + b"]" * 1_000])
def test_what_is_no_batch_is_refused_whole(planner: Planner, body: bytes) -> None:
    planner.refused(planner.send("POST", INGEST, body, by=PIPELINE), 422)
    assert planner.kept() == (0, 0, 0)


def test_too_many_and_too_large_are_refused_whole(planner: Planner) -> None:
    planner.refused(planner.send("POST", INGEST, {"batch": [track("A")] * 1_001}, by=PIPELINE), 422, "1,000 events")
    spoilt = b'{"batch":[' + b'{"a":NaN},' * 1_001 + b"1]}"
    planner.refused(planner.send("POST", INGEST, spoilt, by=PIPELINE), 422, "1,000 events")
    answer = planner.send("POST", INGEST, {"batch": [track("A", {"a": "x" * 10_000_000})]}, by=PIPELINE)
    planner.refused(answer, 413)
    assert planner.kept() == (0, 0, 0)
    planner.refused(planner.send("POST", INGEST, {"batch": []}, by=KEEPER), 403, "operations.ingest")


def test_without_a_key_what_would_be_held_is_given_back(database_url: str, api: Api) -> None:
    settings = Settings(database_url=database_url, token_key="k" * 40, environment="Test")
    base_url, stop = serve_in_thread(settings)
    planner = Planner(Api(base_url, settings, api.owner_url, stop))
    found = planner.ingest(track("A"), b'{"a":NaN}')
    stop()
    assert counts(found) == (1, 0, 1, 0)
    assert "no key" in found["problems"][-1]["violations"][1]["rule"]


def test_many_who_send_the_same_in_another_order(planner: Planner) -> None:
    planner.planned(mode="quarantine")
    batches = [[track(properties=GOOD if n % 10 else {}) for n in range(100)] for _ in range(6)]
    begin = threading.Barrier(4)

    def send(turn: int) -> list[tuple[int, ...]]:
        begin.wait(30)
        return [counts(planner.ingest(*reversed(batch))) for batch in (*batches[turn:], *batches[:turn])]

    with ThreadPoolExecutor(4) as four:
        answers = [each for found in four.map(send, range(4)) for each in found]
    assert [sum(column) for column in zip(*answers, strict=True)] == [540, 60, 0, 1_800]
    assert planner.kept() == (540, 60, 600)
    assert planner.sql("select sum(count)::int from event_count") == [(600,)]
    assert planner.sql("select sum(count)::int from violation_seen") == [(120,)], "two are missing in each of sixty"


def test_ids_are_known_across_days(planner: Planner) -> None:
    event = track("A")
    planner.ingest(event)
    planner.sql("select event_partition(current_date - 1)")
    planner.sql("update event_id set day = day - 1")
    planner.sql("update event set received_day = received_day - 1, received_at = received_at - '1 day'::interval")
    assert counts(planner.ingest(event)) == (0, 0, 0, 1)
