"""Cloudflare Turnstile: whether a form was filled in by a person. Without a clear yes it was not."""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr

from backend.core.logs import logger
from backend.privacy import HumanCheckError

log = logger(__name__)

URL: Final = "https://challenges.cloudflare.com/turnstile/v0/siteverify"
SECONDS: Final = 5.0
OF_THE_VISITOR: Final = frozenset({"missing-input-response", "invalid-input-response", "timeout-or-duplicate"})
"""What is wrong with the answer of the widget; anything else is wrong with us or with Cloudflare."""


class Turnstile:
    """Asks Cloudflare about each token once."""

    def __init__(self, secret: SecretStr, url: str = URL) -> None:
        self._secret, self._url = secret, url

    async def is_human(self, token: str) -> bool:
        """Whether a token is good. Raises HumanCheckError when nobody can tell."""
        import httpx

        form = {"secret": self._secret.get_secret_value(), "response": token}
        try:
            async with httpx.AsyncClient(timeout=SECONDS) as client:
                answer = (await client.post(self._url, data=form)).json()
            success, errors = answer["success"], set(answer.get("error-codes") or ())
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise HumanCheckError(f"Turnstile does not answer as it should: {type(error).__name__}") from None
        if success is True:
            return True
        if errors - OF_THE_VISITOR:
            log.error("Turnstile refuses to tell", codes=sorted(errors))
            raise HumanCheckError("Turnstile refuses to tell; look at OPSCONSOLE_TURNSTILE_SECRET")
        return False
