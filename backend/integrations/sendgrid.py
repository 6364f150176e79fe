"""Mail by SendGrid v3; the connection's secret is an API key that may send mail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from backend.deliveries import Message, MessageKind, Result, Target
from backend.integrations.http_exchange import Exchanger, NoAnswer, base
from backend.integrations.mail import subject_and_text, thread_headers
from models.deliveries.connections import ConnectionKind, ConnectionSettings, SendGridSettings

if TYPE_CHECKING:
    import httpx

ADVICE = {
    400: "It found fault with the mail: look at the answer below, at sender and recipients first.",
    401: "The API key is wrong or was revoked: make one that may send mail, set it, then test.",
    403: "The key may not send mail, or the sender's address is not verified there: mend that at SendGrid, then test.",
    404: "Leave the address at https://api.sendgrid.com, or https://api.eu.sendgrid.com, then test.",
    413: "The mail is too large: shorten its template.",
}


class SendGridChannel:
    """Channel of kind ``sendgrid``. 202 means that SendGrid sends it; a canary is only checked, with 200."""

    kind = ConnectionKind.SENDGRID
    width = 4
    rate: float | None = None
    one_by_one = True

    def ordered(self, _settings: ConnectionSettings) -> bool:
        """Mail keeps no order of its own."""
        return False

    async def send(self, client: httpx.AsyncClient, target: Target, message: Message) -> Result:
        """Hand it over."""
        settings = target.settings
        assert isinstance(settings, SendGridSettings)  # noqa: S101 - the sender picks the channel by them
        exchanger = Exchanger("SendGrid", client, target.secrets)
        headers = {"Authorization": f"Bearer {target.secrets.current}", "Content-Type": "application/json"}
        body = json.dumps(_mail(settings, message), ensure_ascii=False).encode()
        try:
            answer = await exchanger.ask("POST", f"{base(settings.url)}/v3/mail/send", headers, body)
        except NoAnswer as none:
            return none.result
        accepted = {200, 202} if message.kind is MessageKind.CANARY else {202}
        return exchanger.by_status(answer, ADVICE, accepted.__contains__)


def _mail(settings: SendGridSettings, message: Message) -> dict[str, Any]:
    subject, text = subject_and_text(message)
    recipients = message.notice.recipients if message.notice is not None else ()
    domain = settings.sender.rpartition("@")[2]
    mail: dict[str, Any] = {
        # One for each: nobody sees who else is told.
        "personalizations": [{"to": [{"email": each}]} for each in dict.fromkeys(recipients or settings.recipients)],
        "from": {"email": settings.sender, "name": "Operations console"},
        "subject": subject,
        "content": [{"type": "text/plain", "value": text}],
        "headers": thread_headers(message, domain),
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }
    if message.kind is MessageKind.CANARY:
        mail["mail_settings"] = {"sandbox_mode": {"enable": True}}
    return mail
