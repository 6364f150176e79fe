"""What tax offices are sent. Profiles: nobody has confirmed yet that one takes them as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from backend.reporting.formats.amounts import amount
from backend.reporting.returns.boxes import boxes


def to_oss(_text: str, content: Mapping[str, Any], _found: Mapping[str, Any]) -> bytes:
    """A union return by state: from home, from establishments, corrections, balance; euros with two decimals."""
    states: dict[str, dict[str, Any]] = {}
    for line in content["lines"]:
        state = states.setdefault(line["state"], {"fromHome": [], "fromEstablishments": []})
        state["fromHome"].append(
            {
                "rateType": "STANDARD" if line["kind"] == "standard" else "REDUCED",
                "rate": line["rate"],
                "taxableAmount": amount(line["net"], "EUR"),
                "vatAmount": amount(line["tax"], "EUR"),
            }
        )
    return _json(
        {
            "profile": "union-scheme, unverified",
            "vatIdentificationNumber": content["registration"]["number"],
            "memberStateOfIdentification": content["registration"]["home"],
            "period": _quarter(content["periodStart"]),
            "nil": content["nil"],
            "supplies": [{"memberState": state, **of} for state, of in sorted(states.items())],
            "corrections": [
                {
                    "period": _quarter(each["period"]),
                    "memberState": each["state"],
                    "vatAmount": amount(each["tax"], "EUR"),
                }
                for each in content["corrections"]
            ],
            "balances": [
                {"memberState": each["state"], "balance": amount(each["tax"], "EUR")} for each in content["balances"]
            ],
            "totalPayable": amount(content["payable"], "EUR"),
        }
    )


def to_mtd(_text: str, content: Mapping[str, Any], _found: Mapping[str, Any]) -> bytes:
    """A British return. ``finalised`` is a declaration of the seller, and is never set here."""
    found = boxes(content)
    fields = {
        "vatDueSales": amount(found.vat_due_sales, "GBP"),
        "vatDueAcquisitions": amount(found.vat_due_acquisitions, "GBP"),
        "totalVatDue": amount(found.total_vat_due, "GBP"),
        "vatReclaimedCurrPeriod": amount(found.vat_reclaimed, "GBP"),
        "netVatDue": amount(found.net_vat_due, "GBP"),
        "totalValueSalesExVAT": str(found.total_sales),
        "totalValuePurchasesExVAT": str(found.total_purchases),
        "totalValueGoodsSuppliedExVAT": str(found.total_supplies),
        "totalAcquisitionsExVAT": str(found.total_acquisitions),
    }
    key = content["inputs"].get("periodKey")
    # Numbers as they are written, without a float between.
    lines = [] if key is None else [f'  "periodKey": {json.dumps(key)}']
    lines += [f'  "{name}": {number}' for name, number in fields.items()]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _quarter(day: str) -> dict[str, int]:
    first = date.fromisoformat(day)
    return {"year": first.year, "quarter": (first.month + 2) // 3}


def _json(made: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(made, indent=2, ensure_ascii=False)}\n".encode()
