"""Addresses of servers as people type them."""

from __future__ import annotations

from urllib.parse import urlsplit

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class AddressError(ValueError):
    """An address cannot be used; the words say what to do."""


def server_address(text: str) -> str:
    """The address of an operations API as typed by a person, tidied; raises AddressError."""
    text = text.strip()
    if not text:
        raise AddressError("Type the address of the operations server, for example https://operations.example.com.")
    if "://" not in text:
        raise AddressError(f"An address starts with https://. Did you mean https://{text}?")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise AddressError("The port of this address must be a number from 1 to 65535.") from None
    if parts.scheme not in {"https", "http"}:
        raise AddressError(f"An address starts with https://, not {parts.scheme}://.")
    if not host or any(c.isspace() for c in text):
        raise AddressError("The name of the server is missing, or there is a space in the address.")
    if parts.username or parts.password:
        raise AddressError("Leave account and password out of the address; they are asked for next.")
    if parts.query or parts.fragment:
        raise AddressError("Leave out what follows ? or # in the address.")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise AddressError(
            "http:// sends passwords readable for others. Use https://; http:// is for this computer only."
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
