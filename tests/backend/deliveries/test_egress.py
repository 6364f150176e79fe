"""Where requests may go: every disguise of an inner address is seen through, and what was looked at is connected to."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address, ip_network
from typing import Any

import httpx
import pytest

from backend.core.settings import Settings
from backend.deliveries import EgressGuard, EgressRefusedError
from backend.deliveries.transport import http_client
from tests.backend.deliveries.fixtures import LOOPBACK, receiving


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1", "this machine"),
        ("0.0.0.0", "this machine"),  # noqa: S104 - an address to refuse
        ("::1", "this machine"),
        ("::", "this machine"),
        ("::ffff:127.0.0.1", "this machine"),
        ("64:ff9b::7f00:1", "this machine"),
        ("2002:7f00:1::", "this machine"),
        ("169.254.169.254", "clouds keep their keys"),
        ("::ffff:169.254.169.254", "clouds keep their keys"),
        ("fe80::1%eth0", "clouds keep their keys"),
        ("10.1.2.3", "a private network"),
        ("192.168.1.1", "a private network"),
        ("fd00::1", "a private network"),
        ("100.64.0.1", "not a public address"),
        ("224.0.0.1", "a multicast address"),
        ("240.0.0.1", ""),
        ("8.8.8.8", None),
        ("2606:4700::1111", None),
    ],
)
def test_inner_addresses_are_refused_with_the_reason(address: str, words: str | None) -> None:
    found = EgressGuard().refusal(ip_address(address))
    assert (found is None) if words is None else (found is not None and words in found)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127。0。0。1"],
)
async def test_disguises_do_not_get_through(host: str) -> None:
    async with receiving() as receiver, http_client(EgressGuard()) as client:
        with pytest.raises(EgressRefusedError, match="leads to"):
            await client.post(f"http://{host}:{receiver.port}/in", json={})
    assert receiver.got == []


@pytest.mark.parametrize("host", ["0177.0.0.1", "127.0.0.1.", "localhost."])
async def test_what_is_no_address_is_an_error_or_refused(host: str) -> None:
    async with receiving() as receiver, http_client(EgressGuard()) as client:
        with pytest.raises((EgressRefusedError, httpx.InvalidURL, httpx.ConnectError)):
            await client.post(f"http://{host}:{receiver.port}/in", json={})
    assert receiver.got == []


async def test_a_name_that_changes_its_mind_is_connected_where_it_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rebinding: public when it is looked at, inside when it is connected to. One look serves both."""
    asked: list[str] = []
    answers = iter(["127.0.0.1", "10.0.0.1"])

    async def getaddrinfo(_self: Any, host: str, port: int, **_more: Any) -> Any:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    async with receiving() as receiver, http_client(LOOPBACK) as client:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(type(loop), "getaddrinfo", getaddrinfo)
        assert (await client.post(f"http://name.example:{receiver.port}/in", json={})).status_code == 200
        assert asked == ["name.example"]
    async with http_client(LOOPBACK) as client:
        with pytest.raises(EgressRefusedError, match=r"10\.0\.0\.1, a private network"):
            await client.post("http://name.example/in", json={})


async def test_one_bad_address_among_good_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(_self: Any, _host: str, port: int, **_more: Any) -> Any:
        return [(2, 1, 6, "", (each, port)) for each in ("8.8.8.8", "169.254.169.254")]

    monkeypatch.setattr(type(asyncio.get_running_loop()), "getaddrinfo", getaddrinfo)
    with pytest.raises(EgressRefusedError, match=r"169\.254\.169\.254"):
        await EgressGuard().resolve("mixed.example", 443)


async def test_redirects_are_not_followed_and_proxies_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with receiving() as receiver, http_client(LOOPBACK) as client:
        receiver.plan["/in"] = lambda _request: (302, {"Location": "http://169.254.169.254/latest/meta-data/"})
        answer = await client.post(receiver.url(), json={})
        assert answer.status_code == 302
        assert len(receiver.got) == 1


async def test_what_settings_name_is_allowed() -> None:
    settings = Settings(
        shop_webhook="http://127.0.0.1:9100/shop",
        shop_webhook_secret="s" * 16,
        egress_allow=(ip_network("10.0.0.0/8"),),
    )
    guard = EgressGuard.of(settings)
    assert await guard.resolve("127.0.0.1", 9100) == ("127.0.0.1",)
    assert await guard.resolve("10.1.1.1", 80) == ("10.1.1.1",)
    with pytest.raises(EgressRefusedError):
        await guard.resolve("127.0.0.1", 9101)
