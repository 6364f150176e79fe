"""The one form of a value from outside, at every door: files, ingest, checks, lists, filters, search.

What says the same is written the same, so that it is found, counted and compared as one. Each function is idempotent.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

REMEMBERED = 4_096
"""Countries and domains whose form is remembered; what comes from outside may not fill the memory."""

# Soft hyphen, zero-width space and joiners, marks of direction, word joiner and its like, byte order mark.
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")

_UNKNOWN_COUNTRY: Final = frozenset({"XX", "ZZ"})
"""What services write where they do not know."""

_COUNTRIES: Final = {
    # Codes that ISO 3166 reserves, the European Union uses, or that have been replaced by one other.
    "UK": "GB",
    "EL": "GR",
    "BU": "MM",
    "BUR": "MM",
    "DD": "DE",
    "DDR": "DE",
    "FX": "FR",
    "FXX": "FR",
    "ROM": "RO",
    "TP": "TL",
    "TMP": "TL",
    "ZR": "CD",
    "ZAR": "CD",
    # A country of every statistic, without a code of ISO's own.
    "XK": "XK",
    "XKX": "XK",
    "KOSOVO": "XK",
    # Names that people and shops use, or used, and ISO 3166 does not.
    "AMERICA": "US",
    "BOSNIA": "BA",
    "BRITAIN": "GB",
    "BRUNEI": "BN",
    "BURMA": "MM",
    "CAPE VERDE": "CV",
    "CONGO (DRC)": "CD",
    "CONGO (BRAZZAVILLE)": "CG",
    "CONGO (KINSHASA)": "CD",
    "COTE D'IVOIRE": "CI",
    "CURACAO": "CW",
    "CZECH REPUBLIC": "CZ",
    "DEMOCRATIC REPUBLIC OF THE CONGO": "CD",
    "EAST TIMOR": "TL",
    "EIRE": "IE",
    "ENGLAND": "GB",
    "FALKLAND ISLANDS": "FK",
    "GREAT BRITAIN": "GB",
    "HOLLAND": "NL",
    "HONG KONG SAR": "HK",
    "IVORY COAST": "CI",
    "KOREA (NORTH)": "KP",
    "KOREA (SOUTH)": "KR",
    "MACAU": "MO",
    "MACEDONIA": "MK",
    "MICRONESIA": "FM",
    "NORTHERN IRELAND": "GB",
    "PALESTINE": "PS",
    "REPUBLIC OF IRELAND": "IE",
    "REPUBLIC OF THE CONGO": "CG",
    "REUNION": "RE",
    "RSA": "ZA",
    "RUSSIA": "RU",
    "SCOTLAND": "GB",
    "SINT MAARTEN": "SX",
    "SWAZILAND": "SZ",
    "THE NETHERLANDS": "NL",
    "THE UNITED STATES": "US",
    "TURKEY": "TR",
    "U.K.": "GB",
    "U.S.": "US",
    "U.S.A.": "US",
    "UAE": "AE",
    "UNITED STATES OF AMERICA": "US",
    "VATICAN": "VA",
    "VATICAN CITY": "VA",
    "WALES": "GB",
    "ZAIRE": "CD",
}

_NAME_AND_CODE: Final = re.compile(r"(?P<name>.+?)\s*\((?P<code>[^()]+)\)")
"""A name with a code or another name behind it, as in *United Kingdom (UK)*."""

_ALIAS_DOMAINS: Final = {"googlemail.com": "gmail.com"}
_DOTS_DO_NOT_MATTER: Final = frozenset({"gmail.com"})


def visible(text: str) -> str:
    """Composed (NFC), without characters that nobody sees, and without space around it."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))).strip()


def identifier(text: str) -> str:
    """An outside system's id: capitals and small letters stay, they may tell two apart."""
    return visible(text)


def currency(text: str) -> str:
    """A currency code in capitals."""
    text = visible(text)
    return text.upper() if text.isascii() else text


def country(text: str) -> str:
    """The ISO 3166 code of a code or name, of old ones too; empty for unknown, as given where there is none."""
    return _country(visible(text))


@lru_cache(REMEMBERED)
def _country(text: str) -> str:
    known = _code(text)
    if known is None and (match := _NAME_AND_CODE.fullmatch(text)):
        name, code = _code(match["name"]), _code(match["code"])
        # *Georgia (US)* says two things: which is meant nobody knows.
        known = name or code if not (name and code) or name == code else None
    return text if known is None else known


def _code(text: str) -> str | None:
    key = text.upper()
    if key in _UNKNOWN_COUNTRY:
        return ""
    if (code := _COUNTRIES.get(key)) is not None:
        return code
    import pycountry  # its tables are only for those who bring in countries

    try:
        # Of numbers it would look for the numeric code; 276 in a column of countries is another column.
        return None if not text or text.isdigit() else str(pycountry.countries.lookup(text).alpha_2)
    except LookupError:
        return None


_DOMAIN_END: Final = re.compile(r"[\s.\u3002\uff0e\uff61]+\Z")
"""Space and dots, in East Asian form too: what one leaves behind may be another of them."""


def domain(text: str) -> str:
    """A domain as the name service knows it: small letters, in ASCII (IDNA 2008), no dot at its end."""
    # Small letters may decompose (İ), so composed again.
    text = _DOMAIN_END.sub("", visible(visible(text).lower()))
    return text if text.isascii() and "xn--" not in text else _domain(text)


@lru_cache(REMEMBERED)
def _domain(text: str) -> str:
    import idna  # its tables are large, and most domains are plain

    try:
        return idna.encode(text, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return text  # no name service knows it; it is still the same as itself


def email(text: str) -> str:
    """An e-mail address: composed, in small letters, its domain as ``domain`` has it."""
    text = visible(text)
    name, at, host = text.rpartition("@")
    # Small letters may decompose (İ), so composed again.
    return f"{visible(name.lower())}@{domain(host)}" if at else visible(text.lower())


def email_alias(text: str) -> str:
    """Whose mailbox it most likely is: without what follows a plus, and at Gmail without dots.

    For counting beside the address, never instead of it: other services may give *a+b* to somebody else.
    """
    name, at, host = email(text).rpartition("@")
    host = _ALIAS_DOMAINS.get(host, host)
    base = visible(name.partition("+")[0]) or name
    if host in _DOTS_DO_NOT_MATTER:
        base = visible(base.replace(".", "")) or base
    return f"{base}{at}{host}"


def ip(text: str) -> str:
    """An IP: IPv4 within IPv6 as IPv4, without a zone. Raises ValueError when it is none."""
    return str(_address(text))


def network_of(text: str) -> str:
    """The network an IP is in, or that is given: /24 of IPv4, /64 of IPv6, what one customer has. Raises ValueError."""
    given, slash, prefix = visible(text).partition("/")
    address = _address(given)
    bits = 24 if address.version == 4 else 64
    if slash and prefix != str(bits):
        raise ValueError(
            f"a network is counted as /24 (IPv4) or /64 (IPv6), such as {ip_network((address, bits), strict=False)}"
        )
    return str(ip_network((address, bits), strict=False))


def _address(text: str) -> IPv4Address | IPv6Address:
    try:
        address = ip_address(visible(text))
    except ValueError:
        raise ValueError("an IP address is expected, such as 203.0.113.7 or 2001:db8::7") from None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))
    return address
