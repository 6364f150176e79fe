"""A console against a server that is there, is not, comes back, or is wrong."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.alerts.domain import MANAGE, Alerts, acknowledge, shelve, unshelve
from app.console import Console
from app.core.connection_target import ConnectionTarget, resolve_target
from app.core.errors import OperationsError
from app.core.freshness import Quality
from app.core.http_client import READ_ATTEMPTS
from app.core.link import LinkState
from app.core.settings import Settings
from app.core.stream import StreamState
from app.dashboard import Dashboard
from app.risk.queue import Risk
from models.alerts import Alert
from tests.app.answers import AS_OF, ME, dashboard, tokens
from tests.app.core.faulty_server import Asked, FakeClock, Faulty, MemoryKeyring, faulty_server, http, problem
from tests.conftest import Api

ALERT = {
    "id": "a1", "figure": "orders.total", "title": "Downloads failing", "severity": "P2", "state": "active", "limit": 1,
    "cause": "breached", "condition": "breached", "raisedAt": AS_OF.isoformat(), "ruleId": "r", "comparison": "above",
    "value": 2, "worstValue": 3, "evaluatedAt": AS_OF.isoformat(), "guidance": "", "runbookUrl": "", "version": 3,
}  # fmt: skip


def answer(asked: Asked) -> bytes:
    """A server in good order."""
    if asked.path.endswith("/session") or asked.path.endswith("/refresh"):
        return http(tokens())
    if asked.path.endswith("/me"):
        return http(ME)
    if "/alerts" in asked.path:
        found = [ALERT] if "state=active" in asked.path else []
        return http({"items": found, "nextCursor": None, "asOf": AS_OF.isoformat()})
    return http(dashboard())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.console.RETRY_SECONDS", 0.025)
    monkeypatch.setattr("app.dashboard.domain.LEAST_SECONDS", 0.05)
    monkeypatch.setattr("app.core.http_client.FIRST_PAUSE", 0.01)


async def _until(true: Any, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def _signed_in(profile: Path, server: Faulty, clock: FakeClock | None = None) -> Console:
    console = Console(profile, ConnectionTarget(url=server.url), clock=clock, keyring=MemoryKeyring())  # type: ignore[arg-type]
    console.dashboard().watch()
    console.of(Alerts).list().watch()
    await console.start()
    await console.sign_in("operations-lead", "secret")
    await _until(lambda: console.figures is not None and console.of(Alerts).list().sample is not None)
    return console


async def test_offline_it_shows_the_last_picture_and_is_fresh_by_itself_when_the_server_is_back(tmp_path: Path) -> None:
    async with faulty_server() as server:
        server.answer = answer
        port = int(server.url.rpartition(":")[2])
        first = await _signed_in(tmp_path, server)
        keyring = first.session.keyring
        await first.close()
    console = Console(tmp_path, ConnectionTarget(url=f"http://127.0.0.1:{port}"), keyring=keyring)
    assert console.first is not None
    assert console.first.figures[1].value == "182,953"
    assert console.environment == "Tests"
    console.dashboard().watch()
    await console.start()
    await _until(lambda: console.link.state is LinkState.DOWN)
    assert console.dashboard().sample is not None  # the whole answer, charts and all
    listed = console.of(Alerts).list()  # of a panel that is opened only now
    await _until(lambda: listed.sample is not None)
    assert [each.title for each in listed.sample.value] == ["Downloads failing"]  # type: ignore[union-attr]
    assert console.quality() is Quality.DISCONNECTED
    assert "needs the link" in (console.write_blocker(MANAGE, irreversible=True) or "")
    async with faulty_server(port) as server:
        server.answer = answer
        await _until(lambda: console.quality() is Quality.FRESH)
        await _until(lambda: console.session.me is not None)
        assert console.write_blocker(MANAGE) is None
    await console.close()


async def test_a_clock_two_hours_off_changes_no_age_and_is_said_once(tmp_path: Path) -> None:
    clock = FakeClock()
    async with faulty_server() as server:
        server.answer = answer
        clock.wall += timedelta(days=9000)
        console = await _signed_in(tmp_path, server, clock)
        await console.dashboard().refresh()
        assert console.figures is not None
        age = console.figures.age(console.figures.figures[0], clock.now().timestamp(), console.figures_elapsed())
        assert age == pytest.approx(12, abs=1)
        assert console.quality() is Quality.FRESH
        assert sum("clock is" in m.text for m in console.messages.history) == 1
        await console.close()


@pytest.mark.parametrize(
    "wrong", [http(dashboard())[:-9], http(b"<html>", media="text/html"), http({"asOf": 1}), http(b"{")]
)
async def test_a_wrong_answer_keeps_the_last_figures(tmp_path: Path, wrong: bytes) -> None:
    async with faulty_server() as server:
        server.answer = answer
        console = await _signed_in(tmp_path, server)
        before = console.figures
        server.answer = lambda asked: wrong if "dashboard" in asked.path else answer(asked)
        await console.dashboard().refresh()
        assert console.dashboard().error is not None
        assert console.figures == before
        server.answer = answer
        await console.dashboard().refresh()
        assert console.dashboard().error is None
        await console.close()


GATEWAY = {
    "502": http(b"<html>bad gateway</html>", status="502 Bad Gateway", media="text/html", marked=False),
    "a portal": http(b"<html>sign in</html>", media="text/html", marked=False),
    "nothing": http({}, marked=False),
    "half a JSON": http(b'{"asOf": "20', marked=False),
    "401": http(b"", status="401 Unauthorized", media="text/html", marked=False),
    "404": http(b"not here", status="404 Not Found", media="text/plain", marked=False),
}


@pytest.mark.parametrize("between", GATEWAY)
async def test_what_answers_in_the_servers_place_is_no_link_and_does_nothing(tmp_path: Path, between: str) -> None:
    async with faulty_server() as server:
        server.answer = answer
        console = await _signed_in(tmp_path, server)
        states: list[LinkState] = []
        console.link.changed.connect(lambda: states.append(console.link.state))
        server.answer = lambda _: GATEWAY[between]
        for _ in range(3):
            await console.dashboard().refresh()
        await _until(lambda: states == [LinkState.DOWN])  # it never seems to come back
        assert console.link.detail.startswith("Something between this computer and the server answers in its place")
        assert console.quality() is Quality.DISCONNECTED
        await acknowledge(console.mutations, Alert.model_validate(ALERT), "kept until the server itself is heard")
        assert [mutation.state for mutation in console.mutations.pending] == ["waiting"]
        server.answer = answer
        await _until(lambda: console.link.state is LinkState.UP and not console.mutations.pending, 15)
        await console.close()


@pytest.mark.parametrize("wrong", [*GATEWAY.values(), http({}), http(b'{"asOf'), http(b"<html>", media="text/html")])
async def test_a_session_that_cannot_be_renewed_is_no_link_and_is_asked_for_ever_more_seldom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: bytes
) -> None:
    monkeypatch.setattr("app.core.session.RENEWAL_FIRST_PAUSE", 3600.0)
    monkeypatch.setattr("app.core.session.RENEWAL_LONGEST_PAUSE", 3600.0)
    clock = FakeClock()
    async with faulty_server() as server:
        server.answer = answer
        console = await _signed_in(tmp_path, server, clock)
        server.answer = lambda asked: wrong if asked.path.endswith("/refresh") else answer(asked)
        clock.pass_seconds(880)
        for _ in range(10):
            await console.dashboard().refresh()
        assert console.link.state is LinkState.DOWN
        assert console.link.detail
        assert sum(asked.path.endswith("/refresh") for asked in server.asked) <= 2 * READ_ATTEMPTS
        await console.close()


async def test_a_session_that_ends_is_told_and_signing_in_again_goes_on(tmp_path: Path) -> None:
    async with faulty_server() as server:
        server.answer = answer
        console = await _signed_in(tmp_path, server)
        server.answer = lambda _: problem("unauthenticated", 401, "Please sign in again.")
        await _until(lambda: console.link.state is LinkState.SIGNED_OUT, 15)
        assert console.figures is not None
        server.answer = answer
        await console.sign_in("operations-lead", "secret")
        await _until(lambda: console.link.state is LinkState.UP and console.quality() is Quality.FRESH)
        await console.close()


async def test_closing_while_requests_run_leaves_nothing(tmp_path: Path) -> None:
    async with faulty_server() as server:
        server.answer = answer
        console = await _signed_in(tmp_path, server)

        async def never(_: Asked) -> bytes:
            await asyncio.sleep(60)
            return b""

        server.answer = never
        console.tasks.start(console.dashboard().refresh(), name="hanging")
        console.time.set_range(30)
        console.dashboard().watch()
        await asyncio.sleep(0.05)
        async with asyncio.timeout(4):
            await console.close()
    await asyncio.sleep(0)
    assert [t.get_name() for t in asyncio.all_tasks() if t.get_name().startswith(("poll", "fetch", "hanging"))] == []


async def test_the_time_bar_chooses_the_query_and_the_past_is_read_only(tmp_path: Path) -> None:
    async with faulty_server() as server:
        server.answer = answer
        console = await _signed_in(tmp_path, server)
        console.time.set_past(AS_OF - timedelta(days=3))
        await console.dashboard().refresh()
        assert "asOf=2026-11-21" in server.asked[-1].path or any("asOf=2026-11-21" in a.path for a in server.asked)
        assert console.figures is not None
        assert console.figures.past
        assert "go live" in (console.write_blocker(MANAGE) or "")
        console.time.go_live()
        assert not console.figures.past
        await console.close()


async def test_it_works_with_the_real_server(api: Api, tmp_path: Path) -> None:
    from tests.app.core.faulty_server import NoKeyring

    console = Console(tmp_path, ConnectionTarget(url=api.base_url), keyring=NoKeyring())  # type: ignore[arg-type]
    console.dashboard().watch()
    console.of(Alerts).list().watch()
    await console.start()
    assert console.link.state is LinkState.SIGNED_OUT
    with pytest.raises(OperationsError, match="Wrong account or password"):
        await console.sign_in("operations-lead", "not the password")
    from models.accounts import Tokens

    await console.session.take(
        Tokens(access_token=api.token(), expires_at=AS_OF + timedelta(hours=1), as_of=AS_OF), remember=False
    )
    await console._after_sign_in()
    await _until(lambda: console.figures is not None and console.of(Alerts).list().sample is not None)
    assert console.figures is not None
    assert {f.value for f in console.figures.figures if f.name == "orders.total"} == {""}  # an empty shop: no data
    drill = console.of(Dashboard).drill(console.dashboard().sample.value.links["orders.total"][0])  # type: ignore[union-attr,index]
    await drill.more()
    assert drill.complete
    assert drill.summary is not None
    assert drill.summary.count == 0
    await console.close()


async def test_a_refused_decision_is_raised_and_told_to_nobody_else(tmp_path: Path) -> None:
    alert = Alert.model_validate(ALERT)
    async with faulty_server() as server:
        server.answer = answer
        console = await _signed_in(tmp_path, server)
        server.answer = lambda asked: (
            problem("conflict", 409, "SL acknowledged it at 14:01.") if asked.method == "POST" else answer(asked)
        )
        with pytest.raises(OperationsError, match="SL acknowledged it"):
            await acknowledge(console.mutations, alert, "mine")
        server.answer = lambda asked: http(b"{") if asked.method == "POST" else answer(asked)
        with pytest.raises(OperationsError, match="server fails"):
            await shelve(console.mutations, alert, AS_OF, "later")
        assert console.mutations.pending[0].state == "unknown", "it may have been done"
        await console.close()


def test_where_to_work_is_what_was_asked_else_what_was_chosen(tmp_path: Path) -> None:
    data = tmp_path / "d"
    none: dict[str, Any] = {"server": None, "data_dir": data, "role": None, "sample_shop": False}
    assert resolve_target(Settings(), **none) is None
    assert resolve_target(Settings(server_url="https://a"), **none) == ConnectionTarget(url="https://a")
    assert resolve_target(Settings(sample_shop=True), **none) == ConnectionTarget(
        data_dir=data, role="operations-lead", sample_shop=True
    )
    assert resolve_target(Settings(server_url="https://a"), **(none | {"server": "https://b"})) == ConnectionTarget(
        url="https://b"
    )


async def test_the_link_is_down_whoever_notices(tmp_path: Path) -> None:
    """No query of a panel is asked: what a domain asks by itself, or the stream that cannot be begun again, tells."""
    async with faulty_server() as server:
        server.answer, server.events = answer, asyncio.Queue()
        console = Console(tmp_path, ConnectionTarget(url=server.url), keyring=MemoryKeyring())  # type: ignore[arg-type]
        await console.start()
        await console.sign_in("operations-lead", "secret")
        await _until(lambda: console.stream.state is StreamState.LIVE and console.link.state is LinkState.UP)
        server.answer = lambda _: None
        with pytest.raises(OperationsError):
            await console.of(Risk).case("e1")
        assert console.link.state is LinkState.DOWN
        server.answer = answer
        await console.session.load_me()
        assert console.link.state is LinkState.UP
        await server.events.put(b"")  # the stream ends; and then the server is gone
    await _until(lambda: console.link.state is LinkState.DOWN, 4)
    await console.close()


@pytest.mark.parametrize("severity", ["P2", "P4"])
async def test_a_tile_and_the_card_of_its_alert_change_together(tmp_path: Path, severity: str) -> None:
    figure = "downloads.failureRate"
    raised = ALERT | {"figure": figure, "severity": severity}
    found = dashboard(alerts=[])
    found["thresholds"][figure]["severity"] = severity

    def served(asked: Asked) -> bytes | None:
        if "/alerts" in asked.path:
            listed = [raised] if "state=active" in asked.path else []
            return http({"items": listed, "nextCursor": None, "asOf": AS_OF.isoformat()})
        return http(found) if "/dashboard" in asked.path else answer(asked)

    async with faulty_server() as server:
        server.answer = served
        console = await _signed_in(tmp_path, server)
        listed = console.of(Alerts).list()

        def seen() -> tuple[str, str]:
            assert console.figures is not None
            assert listed.sample is not None
            tile = next(each for each in console.figures.figures if each.name == figure)
            return tile.state, tile.severity

        assert seen() == ("breached", severity)
        server.answer = lambda _: None  # nothing is heard from here on
        await console.of(Alerts).list().refresh()
        assert console.link.state is LinkState.DOWN
        alert = Alert.model_validate(raised)
        await shelve(console.mutations, alert, AS_OF + timedelta(hours=1), "known")
        assert seen() == ("acknowledged", severity)
        await unshelve(console.mutations, alert)
        assert seen() == ("breached", severity)
        await acknowledge(console.mutations, alert, "mine")
        assert seen() == ("acknowledged", severity)
        await console.close()
