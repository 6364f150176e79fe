"""What outside systems tell us, verified over the raw bytes before anything of it is read."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from backend.deliveries import HookRefusedError, IncomingEvent, IncomingHook, NoticeAction, Secrets
from backend.integrations import standard_webhooks
from backend.integrations.http_exchange import previous_too
from models.deliveries.connections import ConnectionKind

SECRET_HEADER = "x-webhook-secret"  # noqa: S105 - the name of a header
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


def _hook_secrets(secrets: Secrets) -> Iterator[str]:
    """The second part of each secret, which signs what comes in. Raises HookRefusedError without any."""
    found = [part for secret in previous_too(secrets) if (part := secret.partition(" ")[2].strip())]
    if not found:
        raise HookRefusedError(
            "this connection has no secret for what comes in: set it behind the other, after a space"
        )
    yield from found


class SlackHook:
    """Buttons and events of the app whose bot the connection is."""

    kind = ConnectionKind.SLACK

    def read(self, secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> IncomingEvent:
        """Raises HookRefusedError."""
        if not any(verify_slack(secret, headers, body, now) for secret in _hook_secrets(secrets)):
            raise HookRefusedError("Slack's signature is missing, of another secret, or older than five minutes")
        if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return self._interaction(_object(parse_qs(body.decode(errors="replace")).get("payload", [""])[0]))
        event = _object(body)
        if event.get("type") == "url_verification":
            challenge = _text(event, "challenge")
            return IncomingEvent(_digest(body), "url_verification", {}, reply=challenge)
        return IncomingEvent(
            _text(event, "event_id") or _digest(body), _text(_object_in(event, "event"), "type"), event
        )

    def _interaction(self, payload: dict[str, Any]) -> IncomingEvent:
        actions = payload.get("actions")
        pressed = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
        user = _object_in(payload, "user")
        at = _text(pressed, "action_ts") or _text(payload, "trigger_id")
        if not at:
            raise HookRefusedError("Slack's message names nothing by which it is known when it comes again")
        return IncomingEvent(
            id=f"{_text(user, 'id')}:{at}:{_text(pressed, 'action_id')}",
            type=_text(payload, "type"),
            payload=payload,
            thread=_text(pressed, "value"),
            action=_action(_text(pressed, "action_id")),
            actor=_text(user, "username") or _text(user, "name") or _text(user, "id"),
        )


class PagerDutyHook:
    """What happens to incidents, by a subscription of webhooks v3."""

    kind = ConnectionKind.PAGERDUTY

    def read(self, secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> IncomingEvent:
        """Raises HookRefusedError."""
        del now
        if not any(verify_pagerduty(secret, headers, body) for secret in _hook_secrets(secrets)):
            raise HookRefusedError("none of PagerDuty's signatures is by a secret of this connection")
        event = _object_in(_object(body), "event")
        name = _text(event, "event_type")
        return IncomingEvent(
            id=_text(event, "id") or _digest(body),
            type=name,
            payload=event,
            thread=_text(_object_in(event, "data"), "incident_key"),
            action=_PAGERDUTY.get(name),
            actor=_text(_object_in(event, "agent"), "summary"),
        )


class WebhookHook:
    """Any other system: signed by Standard Webhooks, or with the secret itself in a header where it signs nothing."""

    kind = ConnectionKind.WEBHOOK

    def read(self, secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> IncomingEvent:
        """Raises HookRefusedError."""
        known = previous_too(secrets)
        if standard_webhooks.SIGNATURE in headers:
            try:
                message_id = standard_webhooks.verify(known, headers, body, now)
            except standard_webhooks.SignatureError as error:
                raise HookRefusedError(str(error)) from None
        elif any(verify_shared_secret(secret, headers) for secret in known):
            message_id = headers.get(standard_webhooks.ID, "") or headers.get("idempotency-key", "")
        else:
            raise HookRefusedError(f"neither signed by Standard Webhooks nor with the secret in {SECRET_HEADER}")
        content = _object(body)
        action = _action(_text(content, "action"))
        return IncomingEvent(
            id=message_id or _text(content, "id") or _digest(body),
            type=_text(content, "type"),
            payload=content,
            thread=_text(content, "thread"),
            action=action,
            actor=_text(content, "actor"),
        )


HOOKS: Mapping[ConnectionKind, IncomingHook] = {
    each.kind: each for each in (SlackHook(), PagerDutyHook(), WebhookHook())
}
"""Kinds of systems that may call us."""


def _object(content: str | bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise HookRefusedError("the body is no JSON") from None
    if not isinstance(value, dict):
        raise HookRefusedError("the body is no JSON object")
    return value


def _object_in(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _action(name: str) -> NoticeAction | None:
    return NoticeAction(name) if name in {each.value for each in NoticeAction} else None


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
