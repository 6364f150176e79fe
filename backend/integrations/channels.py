"""All channels, by the kind of system each speaks to."""

from __future__ import annotations

from collections.abc import Mapping

from backend.deliveries import Channel, Resolve
from backend.integrations.discord import DiscordChannel
from backend.integrations.pagerduty import PagerDutyChannel
from backend.integrations.sendgrid import SendGridChannel
from backend.integrations.shop import ShopChannel
from backend.integrations.slack import SlackChannel
from backend.integrations.smtp import SmtpChannel
from backend.integrations.webhook import WebhookChannel
from models.deliveries.connections import ConnectionKind


def channels(resolve: Resolve) -> Mapping[ConnectionKind, Channel]:
    """One for each kind. ``resolve`` guards what is not HTTP; the guard of the others is in their client."""
    every: tuple[Channel, ...] = (
        WebhookChannel(),
        ShopChannel(),
        SlackChannel(),
        PagerDutyChannel(),
        DiscordChannel(),
        SendGridChannel(),
        SmtpChannel(resolve),
    )
    return {channel.kind: channel for channel in every}
