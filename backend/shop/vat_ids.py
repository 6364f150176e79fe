"""Whether a VAT id can be one: its form and check digits, without asking anybody."""

from __future__ import annotations

from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.gb import vat as gb_vat


def vat_id_form(text: str) -> str | None:
    """The id in its one form, with EL for Greece; ``None`` when it cannot be one."""
    try:
        number: str = eu_vat.validate(text)
    except ValidationError:
        pass
    else:
        return f"EL{number[2:]}" if number.startswith("GR") else number
    prefix, number = text.strip()[:2].upper(), text.strip()[2:]
    if prefix != "GB":
        return None
    try:
        return f"GB{gb_vat.validate(number)}"
    except ValidationError:
        return None
