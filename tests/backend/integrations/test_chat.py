"""Slack, Discord and PagerDuty: threads, edits, buttons and keys, and that data stays data."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from backend.deliveries import Message, MessageKind, NoticeAction, NoticePhase, Outcome, Result
from backend.integrations import slack, wording
from models.deliveries.connections import ConnectionKind
from tests.backend.integrations.descriptions import FILES, VENDORS, described
from tests.backend.integrations.fixtures import SECRETS, TAKEN, message, notice, tell
from tests.backend.integrations.stand_ins import Heard, Play, StandIn, stand_in

SLACK, DISCORD, PAGERDUTY = ConnectionKind.SLACK, ConnectionKind.DISCORD, ConnectionKind.PAGERDUTY
EVIL = "<!channel> <@U1> @everyone @here <https://evil.example|Log in> [Log in](https://evil.example) *b* _i_ `c` ~s~"


def form(heard: Heard) -> dict[str, str]:
    return dict(parse_qsl(heard.body.decode()))


def methods(vendor: StandIn) -> list[str]:
    return [heard.path.rpartition("/")[2] for heard in vendor.heard]


def buttons(heard: Heard) -> list[dict[str, Any]]:
    blocks = json.loads(form(heard)["blocks"])
    return [element for block in blocks if block["type"] == "actions" for element in block["elements"]]


def slack_error(code: str, **headers: str) -> Play:
    return Play(200, {"ok": False, "error": code}, headers)


# --- Slack ---------------------------------------------------------------------------------------------------


async def test_a_thread_is_one_message_that_is_edited_and_what_happened_stands_below() -> None:
    remembered: dict[str, str] = {}
    async with stand_in(SLACK, TAKEN[SLACK]) as vendor:
        for phase in (NoticePhase.RAISED, NoticePhase.UPDATED, NoticePhase.ACKNOWLEDGED, NoticePhase.RESOLVED):
            told = await tell(vendor, SLACK, notice(phase), remembered)
            assert told.result.outcome is Outcome.SENT
            remembered = told.remembered
    assert methods(vendor) == [
        "chat.postMessage",
        "chat.update",
        "chat.update",
        "chat.postMessage",
        "chat.update",
        "chat.postMessage",
    ]
    root = "1732456957.000100"
    assert [form(heard).get("ts") for heard in vendor.heard] == [None, root, root, None, root, None]
    assert [form(heard).get("thread_ts") for heard in vendor.heard] == [None, None, None, root, None, root]
    assert {form(heard)["channel"] for heard in vendor.heard} == {"C0123456"}
    assert {heard.headers["authorization"] for heard in vendor.heard} == {f"Bearer {SECRETS[SLACK]}"}
    assert [[each["action_id"] for each in buttons(vendor.heard[at])] for at in (0, 2, 4)] == [
        ["acknowledge", "claim", "open"],
        ["claim", "open"],
        [],
    ]
    opened = buttons(vendor.heard[0])[2]
    assert (opened["url"], opened["value"]) == ("https://ops.shop.example/alerts/7", "alert:7")


async def test_what_is_noted_stands_in_the_thread_without_calling_everybody() -> None:
    """An update of an incident: edited in place alone, nobody would see it."""
    async with stand_in(SLACK, TAKEN[SLACK]) as vendor:
        told = await tell(vendor, SLACK, notice(NoticePhase.NOTED), {slack.ROOT: "1.2"})
    assert told.result.outcome is Outcome.SENT
    assert methods(vendor) == ["chat.update", "chat.postMessage"]
    assert [form(heard).get("thread_ts") for heard in vendor.heard] == [None, "1.2"]
    assert form(vendor.heard[1])["reply_broadcast"] == "false"


async def test_what_is_raised_anew_is_seen_by_all() -> None:
    async with stand_in(SLACK, TAKEN[SLACK]) as vendor:
        await tell(vendor, SLACK, notice(), {slack.ROOT: "1.2"})
        await tell(vendor, SLACK, notice(NoticePhase.ACKNOWLEDGED), {slack.ROOT: "1.2"})
    assert [form(heard).get("reply_broadcast") for heard in vendor.heard] == [None, "true", None, "false"]


async def test_open_leads_to_the_web_or_is_not_offered() -> None:
    async with stand_in(SLACK, TAKEN[SLACK]) as vendor:
        await tell(vendor, SLACK, notice(link="javascript:alert(1)"))
        await tell(vendor, SLACK, notice(link="", actions=(NoticeAction.OPEN, NoticeAction.RESOLVE)))
    assert [[each["action_id"] for each in buttons(heard)] for heard in vendor.heard] == [["acknowledge", "claim"], []]


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
async def test_a_message_that_can_no_longer_be_edited_is_written_anew(code: str) -> None:
    fresh = Play(200, {"ok": True, "channel": "C0123456", "ts": "2.0", "message": {}})
    async with stand_in(SLACK, slack_error(code), fresh) as vendor:
        told = await tell(vendor, SLACK, notice(NoticePhase.UPDATED), {slack.ROOT: "1.2"})
    assert (told.result.outcome, told.remembered) == (Outcome.SENT, {slack.ROOT: "2.0"})
    assert methods(vendor) == ["chat.update", "chat.postMessage"]


CHANNEL = {"id": "C0123456", "is_member": True, "is_archived": False, "is_private": False}
SCOPES = {"X-OAuth-Scopes": "chat:write, channels:read"}


async def prove(channel: object, **headers: str) -> Result:
    async with stand_in(SLACK, Play(200, {"ok": True, "channel": channel}, {**SCOPES, **headers})) as vendor:
        result = (await tell(vendor, SLACK, message(MessageKind.CANARY))).result
    [heard] = vendor.heard
    assert (heard.method, heard.path) == ("GET", "/api/conversations.info?channel=C0123456")
    return result


async def test_a_canary_proves_that_the_bot_may_write_and_nobody_sees_it() -> None:
    assert (await prove(CHANNEL)).outcome is Outcome.SENT
    stranger = {**CHANNEL, "is_member": False}
    assert (await prove(stranger, **{"X-OAuth-Scopes": "chat:write.public"})).outcome is Outcome.SENT


@pytest.mark.parametrize(
    ("changed", "scopes", "words"),
    [
        ({"is_archived": True}, SCOPES, "is_archived"),
        ({"is_member": False}, SCOPES, "not_in_channel"),
        ({"is_member": False, "is_private": True}, {"X-OAuth-Scopes": "chat:write.public"}, "not_in_channel"),
        ({}, {"X-OAuth-Scopes": "channels:read"}, "missing_scope"),
    ],
)
async def test_a_canary_tells_what_keeps_the_bot_from_writing(
    changed: dict[str, bool], scopes: dict[str, str], words: str
) -> None:
    result = await prove({**CHANNEL, **changed}, **scopes)
    assert result.outcome is Outcome.MISCONFIGURED
    assert words in result.words


async def test_a_canary_that_may_not_look_says_what_it_needs() -> None:
    async with stand_in(SLACK, slack_error("missing_scope"), slack_error("channel_not_found")) as vendor:
        blind = (await tell(vendor, SLACK, message(MessageKind.CANARY))).result
        stale = (await tell(vendor, SLACK, message(MessageKind.CANARY))).result
    assert blind.outcome is stale.outcome is Outcome.MISCONFIGURED
    assert "channels:read" in blind.words
    assert "no such channel" in stale.words


async def test_a_canary_is_not_proven_by_nonsense() -> None:
    assert (await prove("C0123456")).outcome is Outcome.RETRY


async def test_a_test_is_seen() -> None:
    async with stand_in(SLACK, TAKEN[SLACK]) as vendor:
        told = await tell(vendor, SLACK, message(MessageKind.TEST))
        await tell(vendor, SLACK, message(MessageKind.TEST), told.remembered)
    assert methods(vendor) == ["chat.postMessage", "chat.postMessage"]


SLACK_CODES = {
    "channel_not_found": Outcome.MISCONFIGURED,
    "not_in_channel": Outcome.MISCONFIGURED,
    "is_archived": Outcome.MISCONFIGURED,
    "invalid_auth": Outcome.MISCONFIGURED,
    "token_revoked": Outcome.MISCONFIGURED,
    "missing_scope": Outcome.MISCONFIGURED,
    "invalid_form_data": Outcome.MISCONFIGURED,
    "ratelimited": Outcome.WAIT,
    "rate_limited": Outcome.WAIT,
    "msg_too_long": Outcome.REFUSED,
    "invalid_blocks": Outcome.REFUSED,
    "internal_error": Outcome.RETRY,
    "fatal_error": Outcome.RETRY,
    "never_heard_of_before": Outcome.RETRY,
    "<script>": Outcome.RETRY,
}


@pytest.mark.parametrize(("code", "outcome"), SLACK_CODES.items())
async def test_what_slack_says_with_200_is_judged_by_its_code(code: str, outcome: Outcome) -> None:
    async with stand_in(SLACK, slack_error(code, **{"Retry-After": "9"})) as vendor:
        result = (await tell(vendor, SLACK, notice())).result
    assert (result.outcome, result.status) == (outcome, 200)
    assert result.retry_after == (9.0 if outcome is Outcome.WAIT else None)
    assert "<" not in result.words
    assert result.words.endswith((".", ")"))


@described
@pytest.mark.parametrize("method", ["/chat.postMessage", "/chat.update"])
async def test_every_code_slack_describes_is_known(method: str) -> None:
    described_codes = json.loads((VENDORS / FILES[SLACK]).read_text(encoding="utf-8"))["paths"][method]["post"]
    codes = set(described_codes["responses"]["default"]["schema"]["properties"]["error"]["enum"])
    known = {*slack._MISCONFIGURED, *slack._REFUSED, *slack._LIMITED, *slack._LOST}
    assert codes - known <= {"fatal_error", "request_timeout"}


async def test_the_reply_may_fail_after_the_edit() -> None:
    async with stand_in(SLACK, TAKEN[SLACK], slack_error("ratelimited")) as vendor:
        told = await tell(vendor, SLACK, notice(NoticePhase.RESOLVED), {slack.ROOT: "1.2"})
    assert (told.result.outcome, told.remembered) == (Outcome.WAIT, {slack.ROOT: "1.2"})


# --- Discord -------------------------------------------------------------------------------------------------


async def test_discord_edits_what_only_changed_and_says_anew_what_happened() -> None:
    remembered: dict[str, str] = {}
    async with stand_in(DISCORD, TAKEN[DISCORD]) as vendor:
        for phase in (NoticePhase.RAISED, NoticePhase.UPDATED, NoticePhase.RESOLVED):
            told = await tell(vendor, DISCORD, notice(phase), remembered)
            remembered = told.remembered
    assert [heard.method for heard in vendor.heard] == ["POST", "PATCH", "POST"]
    assert vendor.heard[1].path.endswith("/messages/1310000000000000001")
    assert all(heard.json["allowed_mentions"] == {"parse": []} for heard in vendor.heard)


async def test_a_line_that_was_deleted_is_written_anew() -> None:
    gone = Play(404, {"code": 10008, "message": "Unknown Message"})
    async with stand_in(DISCORD, gone, TAKEN[DISCORD]) as vendor:
        told = await tell(vendor, DISCORD, notice(NoticePhase.UPDATED), {"discord.message": "13"})
    assert (told.result.outcome, told.remembered) == (Outcome.SENT, {"discord.message": "1310000000000000001"})
    assert [heard.method for heard in vendor.heard] == ["PATCH", "POST"]


async def test_a_canary_asks_for_the_webhook_and_writes_nothing() -> None:
    async with stand_in(DISCORD, Play(200, {"id": "1300000000000000001", "channel_id": "1"})) as vendor:
        told = await tell(vendor, DISCORD, message(MessageKind.CANARY))
    assert told.result.outcome is Outcome.SENT
    assert [heard.method for heard in vendor.heard] == ["GET"]


async def test_a_webhook_that_was_deleted_is_misconfigured() -> None:
    async with stand_in(DISCORD, Play(404, {"code": 10015, "message": "Unknown Webhook"})) as vendor:
        told = await tell(vendor, DISCORD, message(MessageKind.CANARY))
    assert told.result.outcome is Outcome.MISCONFIGURED
    assert "deleted" in told.result.words


# --- PagerDuty -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phase", "action"),
    [
        (NoticePhase.RAISED, "trigger"),
        (NoticePhase.UPDATED, "trigger"),
        (NoticePhase.NOTED, "trigger"),
        (NoticePhase.ACKNOWLEDGED, "acknowledge"),
        (NoticePhase.RESOLVED, "resolve"),
    ],
)
async def test_an_incident_lives_by_its_key(phase: NoticePhase, action: str) -> None:
    async with stand_in(PAGERDUTY, TAKEN[PAGERDUTY]) as vendor:
        await tell(vendor, PAGERDUTY, notice(phase))
    event = vendor.heard[0].json
    assert (vendor.heard[0].path, event["event_action"], event["dedup_key"]) == ("/v2/enqueue", action, "alert:7")
    assert event["routing_key"] == SECRETS[PAGERDUTY]
    assert ("payload" in event) == (action == "trigger")


@pytest.mark.parametrize(("ours", "theirs"), [("P1", "critical"), ("P2", "error"), ("P3", "warning"), ("P4", "info")])
async def test_severities_are_theirs(ours: str, theirs: str) -> None:
    async with stand_in(PAGERDUTY, TAKEN[PAGERDUTY]) as vendor:
        await tell(vendor, PAGERDUTY, notice(severity=ours, subject="s" * 3000))
    payload = vendor.heard[0].json["payload"]
    assert (payload["severity"], len(payload["summary"])) == (theirs, 1024)


async def test_a_key_is_never_too_long() -> None:
    async with stand_in(PAGERDUTY, TAKEN[PAGERDUTY]) as vendor:
        for phase in (NoticePhase.RAISED, NoticePhase.RESOLVED):
            await tell(vendor, PAGERDUTY, notice(phase, thread="alert:" + "x" * 400))
    first, second = (heard.json["dedup_key"] for heard in vendor.heard)
    assert first == second
    assert len(first) <= 255


async def test_a_canary_wakes_nobody() -> None:
    async with stand_in(PAGERDUTY, TAKEN[PAGERDUTY]) as vendor:
        for kind in (MessageKind.CANARY, MessageKind.TEST, MessageKind.ENTRY):
            await tell(vendor, PAGERDUTY, message(kind))
    assert {heard.path for heard in vendor.heard} == {"/v2/change/enqueue"}


# --- Data is data --------------------------------------------------------------------------------------------


async def test_slack_shows_data_as_it_is() -> None:
    async with stand_in(SLACK, TAKEN[SLACK]) as vendor:
        await tell(vendor, SLACK, notice(subject=EVIL, text=EVIL))
        await tell(vendor, SLACK, notice(NoticePhase.RESOLVED, subject=EVIL, text=EVIL), {slack.ROOT: "1"})
        await tell(vendor, SLACK, message(MessageKind.ENTRY, note=EVIL))
    for heard in vendor.heard:
        sent = form(heard)
        assert "<" not in sent["text"]
        assert "&lt;!channel&gt;" in sent["text"]
        assert sent.get("link_names") != "true"
        for block in json.loads(sent.get("blocks", "[]")):
            if block["type"] != "actions":
                assert block["text"]["type"] == "plain_text"


async def test_discord_shows_data_as_it_is() -> None:
    async with stand_in(DISCORD, TAKEN[DISCORD]) as vendor:
        await tell(vendor, DISCORD, notice(subject=EVIL, text=EVIL))
    [heard] = vendor.heard
    assert heard.json["allowed_mentions"] == {"parse": []}
    shown = heard.json["content"]
    for ours in (
        "\\<!channel\\>",
        "\\@everyone",
        "\\[Log in\\]\\(",
        "\\*b\\*",
        "\\_i\\_",
        "\\`c\\`",
    ):
        assert ours in shown
    assert "https://evil.example" in shown


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("# big", "\\# big"),
        ("- item\n> quote", "\\- item\n\\> quote"),
        ("1. first", "1\\. first"),
        ("at 1.5 %", "at 1.5 %"),
        ("see https://x.example/a_b_c?d=1", "see https://x.example/a_b_c?d=1"),
        ("||hidden||", "\\|\\|hidden\\|\\|"),
        ("\\*", "\\\\\\*"),
    ],
)
def test_discords_markdown_is_escaped(given: str, wanted: str) -> None:
    assert wording.discord(given) == wanted


def test_what_turns_or_controls_text_is_taken_out() -> None:
    assert wording.plain("a\u202eb\x00c\x1b[31md\r\ne\tf\u2066") == "abc[31md\ne\tf"
    assert wording.one_line(" a\n\n b\t") == "a b"


@pytest.mark.parametrize("kind", [SLACK, DISCORD, PAGERDUTY, ConnectionKind.SENDGRID])
async def test_long_texts_are_cut_and_say_so(kind: ConnectionKind) -> None:
    long: Message = notice(subject="*" * 5000, text="*<&" * 20_000)
    async with stand_in(kind, TAKEN[kind]) as vendor:
        told = await tell(vendor, kind, long)
    assert told.result.outcome is Outcome.SENT
    if kind is DISCORD:
        assert len(vendor.heard[0].json["content"]) <= 2000
    if kind is SLACK:
        sent = form(vendor.heard[0])
        assert sent["text"].endswith("…")
        assert all(len(block["text"]["text"]) <= 3000 for block in json.loads(sent["blocks"])[:2])


async def test_sendgrid_shows_nobody_who_else_is_told_and_keeps_threads_together() -> None:
    async with stand_in(ConnectionKind.SENDGRID, TAKEN[ConnectionKind.SENDGRID]) as vendor:
        await tell(vendor, ConnectionKind.SENDGRID, notice(subject="a\r\nBcc: x@evil.example"))
        await tell(vendor, ConnectionKind.SENDGRID, notice(recipients=("ada@shop.example",)))
        await tell(vendor, ConnectionKind.SENDGRID, message(MessageKind.CANARY))
    first, second, canary = (heard.json for heard in vendor.heard)
    assert [len(each["to"]) for each in first["personalizations"]] == [1, 1]
    assert first["subject"] == "[P1] a Bcc: x@evil.example"
    assert first["headers"]["References"] == second["headers"]["References"]
    assert second["personalizations"] == [{"to": [{"email": "ada@shop.example"}]}]
    assert canary["mail_settings"]["sandbox_mode"]["enable"] is True
    assert "mail_settings" not in first
