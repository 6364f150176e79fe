"""Where a client gets its bearer token."""

from __future__ import annotations


class TokenSource:
    """Where the client gets its bearer token. This one knows a fixed token; a Session renews its own."""

    def __init__(self, token: str | None = None) -> None:
        self._token = token

    async def token(self) -> str | None:
        """The token to send now."""
        return self._token

    async def renew(self, refused: str) -> str | None:  # noqa: ARG002 - a fixed token cannot be renewed
        """Another token after ``refused`` was not accepted; ``None`` when there is none."""
        return None
