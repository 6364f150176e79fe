"""What the console asks about privacy, what it sends, and that it keeps nothing of who people are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.core.errors import OperationsError
from app.core.mutation_types import Refused
from app.core.snapshot import read
from app.privacy import mutations
from app.privacy.domain import Privacy, RequestView
from models.privacy import PersonLookup
from models.privacy.packages import Redaction
from models.privacy.requests import (
    AccessRequest,
    PauseReason,
    PrivacyRequest,
    RequestType,
    VerificationMethod,
)
from tests.views.office import until
from tests.views.privacy.fixtures import BASE, CANARY, privacy_office, refused, request

SECRET = "they-told-us-that-by-telephone"


def one(number: int = 2, **more: Any) -> PrivacyRequest:
    return PrivacyRequest.model_validate(request(number, **more))


def test_nothing_about_people_is_kept_for_later() -> None:
    assert all(spec.irreversible for spec in mutations.specs())


@pytest.mark.parametrize(
    ("view", "references"),
    [
        (RequestView.OPEN, [f"PR-000{n}" for n in range(1, 10)]),
        (RequestView.ACCESS, ["PR-0003", "PR-0004", "PR-0005", "PR-0008", "PR-0009"]),
        (RequestView.DELETION, ["PR-0001", "PR-0002", "PR-0006"]),
        (RequestView.OTHER, ["PR-0007"]),
        (RequestView.MINE, ["PR-0001", "PR-0002", "PR-0004", "PR-0005", "PR-0007"]),
        (RequestView.CLOSED, ["PR-0020", "PR-0021", "PR-0022"]),
    ],
)
def test_lists_are_asked_for_by_kind(aio: Any, tmp_path: Path, view: RequestView, references: list[str]) -> None:
    async def run() -> None:
        async with privacy_office(tmp_path) as (made, _):
            query = made.console.of(Privacy).requests(view)
            await query.refresh()
            assert query.sample is not None
            assert [each.reference for each in query.sample.value] == references

    aio(run())


def test_a_request_is_found_by_what_people_call_it(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with privacy_office(tmp_path) as (made, _):
            privacy = made.console.of(Privacy)
            found = await privacy.find("PR-0021")
            assert found is not None
            assert found.status == "refused"
            assert await privacy.find("PR-0099") is None

    aio(run())


def test_a_claim_shows_at_once_and_is_taken_back_by_undo(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with privacy_office(tmp_path) as (made, bureau):
            query = made.console.of(Privacy).requests(RequestView.OPEN)
            await query.refresh()
            assert query.sample is not None
            owners: list[str | None] = []
            query.changed.connect(lambda: owners.append(query.sample.value[5].owner if query.sample else None))
            outcome = await mutations.own(made.console.mutations, query.sample.value[5], "jonas")
            assert outcome.settled
            assert "jonas" in owners
            spec = made.console.mutations.spec("privacy.own")
            assert spec is not None
            assert spec.undo is not None
            back = spec.undo(outcome.mutation, outcome.answer)
            assert back is not None
            assert (await made.console.mutations.submit(back)).settled
            assert [body["owner"] for _, _, body in bureau.writes] == ["jonas", None]

    aio(run())


def test_what_is_decided_goes_where_the_contract_says(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with privacy_office(tmp_path) as (made, bureau):
            privacy, sent = made.console.of(Privacy), made.console.mutations
            await privacy.graph("request-2").refresh()
            await privacy.switch().refresh()
            graph, switch = privacy.graph("request-2").sample, privacy.switch().sample
            assert graph is not None
            assert switch is not None
            failed, by_hand = graph.value.nodes[4], graph.value.nodes[5]
            chosen = [Redaction(node_id="node-3", row=0, field="email")]
            seen = await privacy.preview("request-4", "to look it through")
            await mutations.verify(sent, one(3), VerificationMethod.ORDER, SECRET, confirmed=True)
            await mutations.stop_clock(sent, one(), PauseReason.IDENTITY, SECRET)
            await mutations.start_clock(sent, one())
            await mutations.extend(sent, one(), SECRET, SECRET)
            await mutations.link(sent, one(9), one(8), "the same person")
            await mutations.unlink(sent, one(22))
            await mutations.ask_approval(sent, one(1), "they asked")
            await mutations.retry(sent, one(), failed)
            await mutations.skip(sent, one(), failed, SECRET)
            await mutations.complete(sent, one(), by_hand, SECRET)
            await mutations.set_switch(sent, switch.value, "the shop moves", paused=True)
            await mutations.redact(sent, one(4), seen, chosen)
            await mutations.release(sent, one(4), seen.version)
            paths = [path for _, path, _ in bureau.writes[1:]]
            assert paths == [
                "/access-requests/request-3/verify",
                "/access-requests/request-2/pause",
                "/access-requests/request-2/resume",
                "/access-requests/request-2/extend",
                "/access-requests/request-9/link",
                "/access-requests/request-22/unlink",
                "/access-requests/request-1/ask-approval",
                "/access-requests/request-2/nodes/node-5/retry",
                "/access-requests/request-2/nodes/node-5/skip",
                "/access-requests/request-2/nodes/node-6/complete",
                "/runs",
                "/access-requests/request-4/package/redact",
                "/access-requests/request-4/package/release",
            ]
            decided = [asked for asked in made.writes if asked.path.removeprefix(BASE) in paths]
            assert all("if-match" in asked.headers for asked in decided), "each is based on what was seen"

    aio(run())


def test_a_refusal_is_said_and_nothing_waits(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with privacy_office(tmp_path, refusal=refused()) as (made, _):
            with pytest.raises(OperationsError, match="over by now"):
                await mutations.ask_approval(made.console.mutations, one(1), "they asked")
            assert made.console.mutations.pending == ()

    aio(run())


def test_without_the_link_nothing_is_decided(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with privacy_office(tmp_path) as (made, bureau):
            query = made.console.of(Privacy).requests(RequestView.OPEN)
            await query.refresh()
            made.server.answer = lambda _asked: None
            await query.refresh()
            await until(lambda: made.console.link.state == "down")
            with pytest.raises(Refused, match="needs the link"):
                await mutations.own(made.console.mutations, one(), "jonas")
            assert query.sample is not None, "what was heard stays readable"
            assert bureau.writes == []

    aio(run())


def test_who_people_are_is_in_no_file_of_this_computer(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with privacy_office(tmp_path) as (made, bureau):
            privacy, sent = made.console.of(Privacy), made.console.mutations
            bureau.requests[0]["blocked"] = "seen-in-the-list"
            for query in (
                privacy.requests(RequestView.OPEN),
                privacy.figures(),
                privacy.request("request-2"),
                privacy.graph("request-2"),
                privacy.approvals(),
                privacy.policies(),
                privacy.register(),
                privacy.trends(90),
                privacy.switch(),
                privacy.release("request-5"),
                privacy.certificate("request-20"),
                privacy.attempts("request-2", "node-5"),
            ):
                await query.refresh()
                assert query.error is None, query.key
            person = await privacy.person("request-2", "to answer")
            assert person.claimed["email"] == CANARY
            assert (await privacy.preview("request-4", "to look it through")).parts[0].rows[0]["email"] == CANARY
            lookup = PersonLookup(email=CANARY, purpose="they asked on the telephone")
            assert (await privacy.look_up(lookup)).person_id == "person-1"
            assert CANARY in (await privacy.receipt("consent-1", "they asked")).receipt
            assert (await privacy.outstanding(2, "to see")).items[0].email == CANARY
            await privacy.take_in(AccessRequest(type=RequestType.ACCESS, email=CANARY))
            await mutations.verify(sent, one(3), VerificationMethod.ORDER, SECRET, confirmed=True)
            await mutations.extend(sent, one(), SECRET, SECRET)
            kept, seal = made.console.snapshot.path, made.console.snapshot.seal
        found = read(kept, "privacy:requests:open", seal)
        assert found is not None
        assert "seen-in-the-list" in found.text, "the list can be read without the server"
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert files
        for path in files:
            content = path.read_bytes()
            for words in (CANARY, SECRET, "gift for a neighbour"):
                assert words.encode() not in content, f"{path.name} holds {words}"

    aio(run())
