"""Whom a notice gets to: people by their own addresses, else the routes; never whoever stands in a connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import httpx

from backend.deliveries import DeliveryPorts, Message, NoticeAudience, Outcome, Result, Target, erase_notice, notify
from backend.deliveries.routing import actions as routing
from models.alerts import Severity
from models.deliveries.connections import ConnectionKind, ConnectionSettings, SmtpSettings
from models.deliveries.routing import RouteMapRequest, RouteMode, RouteRequest, Team
from tests.backend.deliveries.fixtures import PlainChannel, Post, post, receiving, until

MAIL = SmtpSettings(host="mail.example", user="ops", sender="ops@shop.example", recipients=("everybody@shop.example",))
AUDIENCE = NoticeAudience(Team.OPERATIONS, Severity.P2, ("ada", "bob"))


@dataclass
class Mail:
    """Keeps what it is given."""

    kind: ConnectionKind = ConnectionKind.SMTP
    width: int = 1
    rate: float | None = None
    one_by_one: bool = True
    sent: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def ordered(self, _settings: ConnectionSettings) -> bool:
        return False

    async def send(self, _client: httpx.AsyncClient, _target: Target, message: Message) -> Result:
        if message.notice is not None:
            self.sent.append((message.notice.text, message.notice.recipients))
        return Result(Outcome.SENT, "taken")


def ports(mail: Mail) -> DeliveryPorts:
    return DeliveryPorts({ConnectionKind.SMTP: mail, ConnectionKind.WEBHOOK: PlainChannel()})


async def route(it: Post, connection_id: UUID) -> None:
    async with it.database.transaction() as tx:
        at = {"team": Team.OPERATIONS, "severity": Severity.P2, "connection_id": str(connection_id)}
        wanted = RouteRequest(**at, mode=RouteMode.AT_ONCE)
        request = RouteMapRequest(routes=(wanted,), reason="a test")
        await routing.change_map(tx, actor="test", version=1, request=request)


async def tell(it: Post) -> UUID | None:
    async with it.database.transaction() as tx:
        made = await notify(tx, AUDIENCE, "report.ready", {"title": "For two", "period": "May"}, thread="report:1")
    it.stamp()
    return made


def verified(it: Post, user_id: str) -> None:
    it.sql(
        "insert into contact_method (user_id, address, verified_at) values (%s, %s, now())",
        user_id,
        f"{user_id}@home.example",
    )


async def test_people_are_written_to_at_their_own_addresses(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it:
        await it.connect("", name="Mail", settings=MAIL, subscriptions=())
        verified(it, "bob")
        it.sql("insert into contact_method (user_id, address) values ('ada', 'ada@unproved.example')")
        mail = Mail()
        async with it.sending(ports(mail)):
            assert await tell(it) is not None
            await until(lambda: mail.sent)
        assert mail.sent == [("It covers May.", ("bob@home.example",))]


async def test_people_without_an_address_are_told_by_the_routes_and_nobody_else_by_mail(
    database_url: str, owner_url: str
) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        await it.connect("", name="Mail", settings=MAIL, subscriptions=())
        await route(it, await it.connect(receiver.url(), subscriptions=()))
        mail = Mail()
        async with it.sending(ports(mail)):
            assert await tell(it) is not None
            await until(lambda: receiver.got)
            await until(lambda: not it.sql("select 1 from lane where held_by is not null"))
        assert (len(receiver.got), mail.sent) == (1, [])


async def test_where_neither_an_address_nor_a_route_is_it_says_that_nobody_hears(
    database_url: str, owner_url: str
) -> None:
    async with post(database_url, owner_url) as it:
        await it.connect("", name="Mail", settings=MAIL, subscriptions=())
        assert await tell(it) is None
        assert it.sql("select count(*) from notice") == [(0,)]


async def test_without_a_connection_that_sends_mail_the_routes_are_told(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        await route(it, await it.connect(receiver.url(), subscriptions=()))
        verified(it, "ada")
        async with it.sending():
            assert await tell(it) is not None
            await until(lambda: receiver.got)


async def test_what_was_for_one_person_goes_to_nobody_else_when_it_was_erased(
    database_url: str, owner_url: str
) -> None:
    async with post(database_url, owner_url) as it:
        await it.connect("", name="Mail", settings=MAIL, subscriptions=())
        verified(it, "ada")
        made = await tell(it)
        assert made is not None
        async with it.database.transaction() as tx:
            await erase_notice(tx, actor="test", notice_id=made)
        assert "ada@home" not in str(it.sql("select * from notice"))
        mail = Mail()
        async with it.sending(ports(mail)):
            await until(lambda: it.states() == {"dead": 1})
        assert mail.sent == []
        assert it.sql("select words from delivery") == [
            ("what it said and who was to read it was erased before it was sent",)
        ]
