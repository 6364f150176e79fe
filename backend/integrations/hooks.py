"""What outside systems tell us, verified over the raw bytes before anything of it is read."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from backend.deliveries import HookContentError, HookError, HookMessage, HookReader, NoticeAction, Secrets, verify
from backend.integrations.http_exchange import kept
from models.deliveries.connections import ConnectionKind

SECRET_HEADER = "x-webhook-secret"  # noqa: S105 - the name of a header
TEXT_MOST, ID_MOST = 300, 200
_SEEN = frozenset({NoticeAction.ACKNOWLEDGE, NoticeAction.CLAIM})
"""Who takes something on has seen it."""
_PAGERDUTY = {
    "incident.acknowledged": NoticeAction.ACKNOWLEDGE,
    "incident.resolved": NoticeAction.RESOLVE,
}


def verify_slack(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether Slack signed it (``v0``) within the last five minutes."""
    from slack_sdk.signature import Clock, SignatureVerifier

    class At(Clock):
        def now(self) -> float:
            return now.timestamp()

    try:
        return SignatureVerifier(secret, At()).is_valid_request(body, dict(headers))
    except ValueError:  # a time that is no number, a body that is no text
        return False


def verify_pagerduty(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of PagerDuty's signatures is by this secret: while it is changed there are several.

    PagerDuty signs no time. What is sent again is known by its id.
    """
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = (each.strip() for each in headers.get("x-pagerduty-signature", "").split(","))
    found = [_same(each.removeprefix("v1="), wanted) for each in given if each.startswith("v1=")]
    return any(found)


def verify_shared_secret(secret: str, headers: Mapping[str, str]) -> bool:
    """Whether the secret itself stands in ``X-Webhook-Secret``, or as a bearer token."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    bearer = token.strip() if kind.lower() == "bearer" else ""
    return _same(headers.get(SECRET_HEADER, "") or bearer, secret)


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), wanted.encode())


class SlackHook:
    """Buttons and events of the app whose bot the connection is; the secret is the app's signing secret."""

    def read(self, secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> HookMessage:
        """Raises HookError and HookContentError."""
        if not any(verify_slack(secret, headers, body, now) for secret in secrets.valid):
            raise HookError("Slack's signature is missing, of another secret, or not of the last five minutes.")
        if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return self._interaction(_object(parse_qs(body.decode(errors="replace")).get("payload", [""])[0]))
        event = _object(body)
        name = _text(_object_in(event, "event"), "type") or _text(event, "type")
        answer = {"challenge": _text(event, "challenge")} if name == "url_verification" else None
        return HookMessage(_text(event, "event_id") or _digest(body), name, {}, answer=answer)

    def _interaction(self, payload: dict[str, Any]) -> HookMessage:
        actions = payload.get("actions")
        pressed = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
        user = _object_in(payload, "user")
        at = _text(pressed, "action_ts") or _text(payload, "trigger_id")
        if not at:
            raise HookContentError("Slack's message names nothing by which it would be known when it comes again.")
        return _message(
            message_id=":".join((_text(user, "id"), at, _text(pressed, "action_id"))),
            name=_text(payload, "type"),
            thread=_text(pressed, "value"),
            action=_action(_text(pressed, "action_id")),
            by=_text(user, "username") or _text(user, "name") or _text(user, "id"),
        )


class PagerDutyHook:
    """What happens to incidents, by a subscription of webhooks v3, whose secret it is."""

    def read(self, secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> HookMessage:
        """Raises HookError and HookContentError."""
        del now
        if not any(verify_pagerduty(secret, headers, body) for secret in secrets.valid):
            raise HookError("None of PagerDuty's signatures is by a secret of this connection.")
        event = _object_in(_object(body), "event")
        name = _text(event, "event_type")
        return _message(
            message_id=_text(event, "id") or _digest(body),
            name=name,
            thread=_text(_object_in(event, "data"), "incident_key"),
            action=_PAGERDUTY.get(name),
            by=_text(_object_in(event, "agent"), "summary"),
        )


class WebhookHook:
    """Any other system: signed by Standard Webhooks, or with the secret itself in a header where it signs nothing.

    It says ``type``, ``id``, ``thread``, ``action`` and ``actor``, each where it has it.
    """

    def read(self, secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> HookMessage:
        """Raises HookError and HookContentError."""
        if "webhook-signature" in headers:
            message_id = verify(secrets, headers, body, now)
        elif any(verify_shared_secret(secret, headers) for secret in secrets.valid):
            message_id = _text(headers, "webhook-id") or _text(headers, "idempotency-key")
        else:
            raise HookError(f"It is neither signed by Standard Webhooks nor shows the secret in {SECRET_HEADER}.")
        content = _object(body)
        return _message(
            message_id=message_id or _text(content, "id") or _digest(body),
            name=_text(content, "type"),
            thread=_text(content, "thread"),
            action=_action(_text(content, "action")),
            by=_text(content, "actor"),
        )


HOOKS: Mapping[ConnectionKind, HookReader] = {
    ConnectionKind.SLACK: SlackHook(),
    ConnectionKind.PAGERDUTY: PagerDutyHook(),
    ConnectionKind.WEBHOOK: WebhookHook(),
}
"""Kinds of systems that may call us."""


def _message(*, message_id: str, name: str, thread: str, action: NoticeAction | None, by: str) -> HookMessage:
    """Of the rest nothing is kept: names and words of people are in it."""
    return HookMessage(
        id=message_id if len(message_id) <= ID_MOST else _digest(message_id.encode()),
        type=name,
        data={"thread": thread, "action": "" if action is None else action.value},
        acknowledges=thread if action in _SEEN else "",
        by=by,
    )


def _object(content: str | bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise HookContentError("The body is no JSON.") from None
    if not isinstance(value, dict):
        raise HookContentError("The body is no JSON object.")
    return value


def _object_in(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: Mapping[str, Any], name: str) -> str:
    """What can be stored of it."""
    found = value.get(name)
    return kept(found, TEXT_MOST) if isinstance(found, str) else ""


def _action(name: str) -> NoticeAction | None:
    return NoticeAction(name) if name in {each.value for each in NoticeAction} else None


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
