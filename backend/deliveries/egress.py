"""Where requests may go: every address a name leads to is looked at, and those very addresses are connected to.

Private networks, this machine, link-local addresses (where clouds hand out keys) and the like are refused, unless a
setting allows them. Looking once and connecting later would let a name change its mind in between.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from backend.core.settings import WEBHOOKS, Settings

Address = IPv4Address | IPv6Address

_NAT64: Final = ip_network("64:ff9b::/96")


class EgressRefusedError(Exception):
    """An address may not be connected to, with the reason in words."""


@dataclass(frozen=True, slots=True)
class EgressGuard:
    """Decides about addresses."""

    allowed: tuple[IPv4Network | IPv6Network, ...] = ()
    """Besides the public ones."""
    trusted: frozenset[tuple[str, int]] = field(default_factory=frozenset)
    """Hosts with ports that whoever runs the server has named in its settings."""

    @staticmethod
    def of(settings: Settings) -> EgressGuard:
        """By these settings."""
        named = [str(url) for name in (*WEBHOOKS, "dead_man_url") if (url := getattr(settings, name)) is not None]
        return EgressGuard(settings.egress_allow, frozenset(map(_host_and_port, named)))

    async def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses of a host, all of which may be connected to. Raises EgressRefusedError, and OSError."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError:
            raise EgressRefusedError(f"{host} is no name of a host") from None
        except socket.gaierror as error:
            raise OSError(f"the name {host} leads nowhere: {error.strerror}") from None
        addresses = tuple(dict.fromkeys(str(each[4][0]) for each in found))
        if (host.rstrip(".").lower(), port) not in self.trusted:
            for text in addresses:
                if (words := self.refusal(ip_address(text))) is not None:
                    raise EgressRefusedError(
                        f"{host} leads to {text}, {words}; OPSCONSOLE_EGRESS_ALLOW names what is allowed besides"
                    )
        return addresses

    def refusal(self, address: Address) -> str | None:
        """Why an address may not be connected to; ``None`` when it may."""
        real = _unwrapped(address)
        if any(real in network for network in self.allowed if network.version == real.version):
            return None
        for words, refused in (
            ("this machine", real.is_loopback or real.is_unspecified),
            ("an address of this link, where clouds keep their keys", real.is_link_local),
            ("a multicast address", real.is_multicast),
            ("a private network", real.is_private),
            ("not a public address", real.is_reserved or not real.is_global),
        ):
            if refused:
                return words
        return None


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it stands for one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return (parts.hostname or "").rstrip("."), parts.port or (443 if parts.scheme == "https" else 80)
