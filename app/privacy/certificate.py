"""A certificate or receipt, verified here: by the same program that anybody can run without this system."""

from __future__ import annotations


def check(text: str, vkey: str) -> tuple[bool, str]:
    """Whether it is as it was signed with a key, and what there is to say."""
    from resources.privacy.verify_receipt import ReceiptError, verify

    try:
        found = verify(text, [vkey])
    except (ReceiptError, ValueError, KeyError, TypeError) as error:
        return False, f"Not as it was signed: {error}."
    systems = len(found.get("systems", ()))
    what = f"{found['request']}: {systems} systems" if "request" in found else "It is"
    return True, f"{what}, as it was signed."
