"""The signed webhook: what is in it, and that each try is signed anew by both keys under the same id."""

from __future__ import annotations

from standardwebhooks.webhooks import Webhook

from backend.deliveries import MessageKind, Outcome
from models.deliveries.connections import ConnectionKind
from tests.backend.integrations.fixtures import SECRETS, message, notice, tell
from tests.backend.integrations.stand_ins import Play, stand_in

OLD = "whsec_b2xkLWtleS1vZi10aGUtd2ViaG9vaw=="


async def test_a_webhook_is_signed_at_the_time_of_each_try_under_the_same_id() -> None:
    kind = ConnectionKind.WEBHOOK
    async with stand_in(kind, Play(500), Play(200)) as vendor:
        sent = notice()
        outcomes = [(await tell(vendor, kind, sent, previous=OLD)).result.outcome for _ in range(2)]
    assert outcomes == [Outcome.RETRY, Outcome.SENT]
    for heard in vendor.heard:
        for known in (SECRETS[kind], OLD):
            assert Webhook(known).verify(heard.body, heard.headers) == heard.json
        assert heard.headers["webhook-id"] == sent.id
    assert vendor.heard[0].json == {
        "type": "alert.raised",
        "timestamp": "2026-11-24T14:02:37+00:00",
        "data": {
            "alertId": "7",
            "subject": "Downloads fail",
            "text": "41 % of downloads failed in the last ten minutes.\nLimit: 5 %",
            "severity": "P1",
            "team": "operations",
            "thread": "alert:7",
            "phase": "raised",
        },
    }


async def test_an_entry_goes_to_a_webhook_as_it_is() -> None:
    async with stand_in(ConnectionKind.WEBHOOK) as vendor:
        await tell(vendor, ConnectionKind.WEBHOOK, message(MessageKind.ENTRY, id="7", version=3))
    assert vendor.heard[0].json == {
        "type": "risk.entry.decided",
        "timestamp": "2026-11-24T14:02:37+00:00",
        "data": {"id": "7", "version": 3},
    }
