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

_NAMES_OF_OUR_OWN: Final = {
    "BRD": "DE",
    "ENGLAND, UK": "GB",
    "ESTADOS UNIDOS DE AMERICA": "US",
    "GRAN BRETANA": "GB",
    "GRAN BRETAGNA": "GB",
    "GRANDE-BRETAGNE": "GB",
    "GROSSBRITANNIEN": "GB",
    "HOLANDA": "NL",
    "HOLLAND": "NL",
    "HOLLANDE": "NL",
    "OESTERREICH": "AT",
    "OLANDA": "NL",
    "PEOPLE'S REPUBLIC OF CHINA": "CN",
    "PRC": "CN",
    "TUERKEI": "TR",
    "USA (UNITED STATES OF AMERICA)": "US",
    "VEREINIGTE STAATEN VON AMERIKA": "US",
    "OROSZORSZAG": "RU",
    "ROSJA": "RU",
    "RUSIA": "RU",
    "RUSIJA": "RU",
    "RUSKO": "RU",
    "RUSLAND": "RU",
    "RUSSIE": "RU",
    "RUSSLAND": "RU",
    "RYSSLAND": "RU",
    "VENAJA": "RU",
    "РОССИЯ": "RU",
    "РОСІЯ": "RU",
    "ロシア": "RU",
    "俄罗斯": "RU",
    "俄羅斯": "RU",
    "러시아": "RU",
    "США": "US",
    "ВЕЛИКОБРИТАНИЯ": "GB",
    "АНГЛИЯ": "GB",
    "アメリカ": "US",
    "アメリカ合衆国": "US",
    "イギリス": "GB",
    "英国": "GB",
    "美国": "US",
    "美國": "US",
    "한국": "KR",
    "대한민국": "KR",
}
"""Names of other languages that their lists of countries have not."""

_LANGUAGES: Final = """
ar bg bn bs ca cs da de el en es et eu fa fi fr ga gl he hi hr hu hy id is it ja ka kk km ko lt lv mk ms mt nb_NO nl nn
pl pt pt_BR ro ru sk sl sq sr sr@latin sv sw ta th tr uk ur uz vi zh_CN zh_HK zh_TW
"""
"""In which names of countries are known, besides English; what two languages call two countries is nobody's name."""

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


def is_country(text: str) -> bool:
    """Whether a text says a country, or that it is unknown; else its form is the text itself."""
    return _known_country(visible(text)) is not None


@lru_cache(REMEMBERED)
def _country(text: str) -> str:
    known = _known_country(text)
    return text if known is None else known


def _known_country(text: str) -> str | None:
    known = _code(text)
    if known is None and (match := _NAME_AND_CODE.fullmatch(text)):
        name, code = _code(match["name"]), _code(match["code"])
        # *Georgia (US)* says two things: which is meant nobody knows.
        known = name or code if not (name and code) or name == code else None
    return known


def _code(text: str) -> str | None:
    text = text.translate(_APOSTROPHES)
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
        return _names().get(_name_key(text))


_APOSTROPHES: Final = str.maketrans(dict.fromkeys("\u2019\u2018\u02bc\u00b4`", "'"))


def _name_key(text: str) -> str:
    """A name without what people leave out: accents, letter case, which space and which apostrophe it has."""
    bare = (each for each in unicodedata.normalize("NFKD", text.upper()) if not unicodedata.combining(each))
    return " ".join("".join(bare).translate(_APOSTROPHES).split())


@lru_cache(1)
def _names() -> dict[str, str]:
    """Codes by name, in the languages above. Read when a name is in no shorter list; the package brings them."""
    import gettext

    import pycountry

    lists = [gettext.NullTranslations()]
    lists += [
        gettext.translation("iso3166-1", pycountry.LOCALES_DIR, [each], fallback=True) for each in _LANGUAGES.split()
    ]
    found: dict[str, set[str]] = {}
    for country in pycountry.countries:
        for field in ("name", "official_name", "common_name"):
            if name := getattr(country, field, ""):
                for words in {each.gettext(name) for each in lists}:
                    before, comma, behind = words.partition(", ")
                    # *Korea, Republic of* is *Republic of Korea* where it stands in no list.
                    for way in (words, f"{behind} {before}") if comma else (words,):
                        found.setdefault(_name_key(way), set()).add(country.alpha_2)
    known = {
        name: min(codes) for name, codes in found.items() if len(codes) == 1 and (len(name) > 3 or not name.isascii())
    }
    return known | {_name_key(name): code for name, code in _NAMES_OF_OUR_OWN.items()}


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


_AT_SIGNS: Final = str.maketrans(dict.fromkeys("\uff20\ufe6b", "@"))
_IN_BRACKETS: Final = re.compile(r"[^<>]*<\s*(?P<address>[^<>\s]+@[^<>\s]+)\s*>")
"""An address behind the name of whose it is: *Kim Lee <kim@example.com>*."""
_MAILTO: Final = re.compile(r"(?:mailto:\s*)+", re.IGNORECASE)


def email(text: str) -> str:
    """An e-mail address: composed, in small letters, without whose it is, its domain as ``domain`` has it."""
    text = visible(text).translate(_AT_SIGNS)
    if match := _IN_BRACKETS.fullmatch(text):
        text = match["address"]
    if match := _MAILTO.match(text):
        text = text[match.end() :]
    name, at, host = text.rpartition("@")
    # Small letters may decompose (İ), so composed again.
    return f"{visible(name.lower())}@{domain(host)}" if at else visible(text.lower())


_ADDRESS: Final = re.compile(r"[^\s@<>,;]+@(?P<domain>[^\s@]+)")
_DOMAIN: Final = re.compile(r"[^\s@:/*?<>,;.]+(?:\.[^\s@:/*?<>,;.]+)*")


def checked_email(text: str) -> str:
    """As ``email``. Raises ValueError for what is no address of anybody."""
    address = email(text)
    match = _ADDRESS.fullmatch(address)
    if match is None or not _DOMAIN.fullmatch(match["domain"]):
        raise ValueError("an e-mail address is expected, such as kim@example.com; for all of a domain list its domain")
    return address


def checked_domain(text: str) -> str:
    """As ``domain``; an @ before it is left out. Raises ValueError for what is no domain of an e-mail address."""
    found = domain(visible(text).translate(_AT_SIGNS).removeprefix("@"))
    if not _DOMAIN.fullmatch(found):
        raise ValueError(
            "what stands behind the @ of an e-mail address is expected, such as example.com: no *, no address, no "
            "https://. Each domain below it is listed by itself"
        )
    return found


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
