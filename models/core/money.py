"""Currencies (ISO 4217): which there are or were, how many decimals each has, and the signs they are written with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

UNUSUAL_DECIMALS: Final[Mapping[str, int]] = (
    dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV"), 0)
    | dict.fromkeys(("XAF", "XOF", "XPF"), 0)
    | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
    | dict.fromkeys(("CLF", "UYW"), 4)
)
"""Of currencies that have not two."""

_CURRENT: Final = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR
SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW
UZS VED VES VND VUV WST XAD XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_FORMER: Final = """
ADP ANG AOK AON AOR ARA ARP ATS AZM BAD BEF BGL BRC BRE BRN BRR BYB BYR CLE CSD CSK CUC CYP DDM DEM ECS EEK ESP FIM FRF
GHC GRD GWP HRD HRK IEP ITL LTL LUF LVL MGF MRO MTL MXP MZM NLG PEI PLZ PTE ROL RUR SDD SIT SKK SLL SRG STD TJR TMM TPE
TRL UAK UYP VEB VEF XEU YUD YUM YUN ZMK ZRN ZWD ZWL ZWN ZWR
"""
_CURRENCIES: Final = frozenset((_CURRENT + _FORMER).split())
"""Money of a country, now or since 1980, for history has the old ones. No metals, no XXX (*no currency*), no XTS."""

SIGNS: Final[Mapping[str, frozenset[str]]] = {
    sign: frozenset(codes.split())
    for sign, codes in {
        "€": "EUR",
        "$": "USD ARS AUD BBD BMD BND BSD BZD CAD CLP COP DOP FJD GYD HKD JMD KYD LRD MXN NZD SBD SGD TTD TWD UYU XCD",
        "US$": "USD",
        "A$": "AUD",
        "AU$": "AUD",
        "C$": "CAD NIO",
        "CA$": "CAD",
        "HK$": "HKD",
        "MX$": "MXN",
        "NT$": "TWD",
        "NZ$": "NZD",
        "R$": "BRL",
        "S$": "SGD",
        "£": "GBP FKP GIP SHP EGP LBP SYP SSP SDG",
        "¥": "JPY CNY",
        "CN¥": "CNY",
        "JP¥": "JPY",
        "kr": "SEK NOK DKK ISK",
        "Kč": "CZK",
        "zł": "PLN",
        "Ft": "HUF",
        "lei": "RON MDL",
        "лв": "BGN",
        "₽": "RUB",
        "₴": "UAH",
        "₺": "TRY",
        "₹": "INR",
        "₩": "KRW KPW",
        "₫": "VND",
        "₪": "ILS",
        "฿": "THB",
        "₱": "PHP",
        "₦": "NGN",
        "₡": "CRC",
        "₲": "PYG",
        "₵": "GHS",
        "₸": "KZT",
        "₾": "GEL",
        "֏": "AMD",
        "₼": "AZN",
    }.items()
}
"""What stands beside amounts instead of a code, and the currencies it can mean."""


def decimals(currency: str) -> int:
    """How many decimals an amount in ``currency`` has: 2 for EUR, 0 for JPY, 3 for KWD."""
    return UNUSUAL_DECIMALS.get(currency, 2)


def known_currency(code: str) -> str:
    """The code of a currency that is or was somebody's money, as given. Raises ValueError, in words, for others."""
    if code in _CURRENCIES:
        return code
    if code == "XXX":
        raise ValueError("XXX says that there is no currency; say which one it is, such as EUR")
    if code in SIGNS:
        (one, *more) = sorted(SIGNS[code])
        if not more:
            raise ValueError(f"{code} is a sign; the currency's code is {one}")
        raise ValueError(f"{code} can be several currencies; give the code of the one that is meant, such as {one}")
    if len(code) == 3 and code.isascii() and code.isalpha():
        raise ValueError(f"there is no currency {code} in ISO 4217; a code is such as EUR or USD")
    raise ValueError(f"{code!r} is no currency code of ISO 4217, such as EUR")
