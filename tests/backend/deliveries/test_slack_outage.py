"""Slack is down for ten minutes and comes back: nothing is lost, order is kept, and what is late says how late."""

from __future__ import annotations

from urllib.parse import parse_qsl

from backend.deliveries import DeliveryPorts, NoticeAudience, NoticePhase, notify
from models.alerts import Severity
from models.deliveries.connections import ConnectionKind, SlackSettings
from models.deliveries.routing import Team
from tests.backend.deliveries.fixtures import Post, post, until
from tests.backend.integrations.fixtures import TAKEN, channel
from tests.backend.integrations.stand_ins import Play, StandIn, stand_in

SLACK = ConnectionKind.SLACK
PORTS = DeliveryPorts({SLACK: channel(SLACK)})
PROVEN = Play(200, {"ok": True, "channel": {"is_member": True}})
DOWN = Play(503)
NOTICES = (
    ("first", NoticePhase.NOTED, "Edge cache purged"),
    ("second", NoticePhase.RAISED, "Checkout is slow"),
    ("first", NoticePhase.NOTED, "Traffic moved to ams1"),
    ("second", NoticePhase.NOTED, "A node was added"),
    ("first", NoticePhase.RESOLVED, "All is well"),
)


async def tell(it: Post, thread: str, phase: NoticePhase, comment: str) -> None:
    names = ("reference", "title", "severity", "status", "description", "since", "services", "commander", "actor")
    values = {**dict.fromkeys(names, ""), "link": "", "comment": comment}
    async with it.database.transaction() as tx:
        audience = NoticeAudience(Team.OPERATIONS, Severity.P2)
        told = await notify(tx, audience, "incident.changed", values, thread=f"incident:{thread}", phase=phase)
    assert told is not None
    it.stamp()


def said(slack: StandIn) -> list[str]:
    """What was posted, from the first on."""
    posted = [each for each in slack.heard if each.path.endswith("chat.postMessage")]
    return [dict(parse_qsl(each.body.decode()))["text"] for each in posted]


async def test_what_slack_missed_arrives_in_order_and_says_how_late_it_is(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, stand_in(SLACK, TAKEN[SLACK]) as slack:
        slack.always["conversations.info"] = PROVEN
        settings = SlackSettings(channel="C0123456", url=f"{slack.url}/api")
        key = await it.connect("", name="Slack", settings=settings, subscriptions=())
        it.sql(
            "insert into route (team, severity, connection_id, mode) values ('operations', 'P2', %s, 'at_once')", key
        )
        async with it.sending(PORTS):
            await tell(it, "first", NoticePhase.RAISED, "Downloads fail")
            await until(lambda: it.states() == {"sent": 1})
            [raised] = said(slack)
            assert "late" not in raised

            slack.plays = [DOWN]
            slack.always["conversations.info"] = DOWN
            for each in NOTICES:
                await tell(it, *each)
            await until(lambda: it.sql("select 1 from connection_health where opened_until is not null"))
            # Ten minutes pass.
            it.sql("alter table audit_log disable trigger user")
            it.sql("update audit_log set at = at - '10 min'::interval")
            slack.heard.clear()
            slack.always["conversations.info"], slack.plays = PROVEN, [TAKEN[SLACK]]
            it.sql("update connection_health set opened_until = now()")
            await until(lambda: it.states() == {"sent": 1 + len(NOTICES)})
            late = said(slack)
            assert [words for text in late for _, _, words in NOTICES if words in text] == [
                words for _, _, words in NOTICES
            ]
            assert ["Sent 10 min late: it was written " in text for text in late] == [True] * len(NOTICES)

            await tell(it, "second", NoticePhase.RESOLVED, "Fast again")
            await until(lambda: it.states() == {"sent": 2 + len(NOTICES)})
            assert "late" not in said(slack)[-1]
