"""What page and PDF of a record show alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Table:
    """A list of the record as people read it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def title(record: Mapping[str, Any]) -> str:
    """What the record is called."""
    launch = record["launch"]
    return f"{launch['title']}: go/no-go poll {launch['round']}"


def headline(record: Mapping[str, Any]) -> str:
    """When, by whom, and where the clock stood."""
    opened, closed = (f"{_short(record[name]['at'])} by {record[name]['by']}" for name in ("opened", "closed"))
    reading = _reading(record["launch"]["reading"])
    return f"Opened {opened}, closed {closed} at {reading}. All times are UTC."


def notice(record: Mapping[str, Any]) -> str:
    """What proves it."""
    return (
        f"This page proves nothing by itself. Verify launch-{record['launch']['poll']}.json beside it with "
        "`opsconsole launch verify`, or with verify_record.py alone, and a key from elsewhere."
    )


def tables(record: Mapping[str, Any]) -> tuple[Table, ...]:
    """The lists of the record; what is empty is left out."""
    found = (
        Table("Roll-call", ("Role", "Vote", "Person", "At", "Reason"), tuple(map(_vote, record["rollCall"]))),
        Table(
            "Figures it was bound to",
            ("Figure", "Value", "Limits", "Age", "Verdict"),
            tuple(map(_figure, record["evidence"])),
        ),
        Table("Checklist", ("Item", "Owner", "Status", "Signed", "Notes"), tuple(map(_item, record["checklist"]))),
        Table(
            "Waivers",
            ("Item", "Until", "Asked by", "Approved by", "Reason"),
            tuple(
                (each["item"], _short(each["until"]), each["askedBy"], each["approver"], each["reason"])
                for each in record["waivers"]
            ),
        ),
        Table(
            "Votes gone against",
            ("Role", "Asked by", "Approved by", "At", "Reason"),
            tuple(
                (each["role"], each["askedBy"], each["approvedBy"], _short(each["at"]), each["reason"])
                for each in record["overrides"]
            ),
        ),
        Table(
            "Clock",
            ("Event", "At", "Reading", "By", "Reason"),
            tuple(
                (each["kind"], _short(each["at"]), _reading(each["reading"]), each["by"], each["reason"])
                for each in record["clock"]
            ),
        ),
    )
    return tuple(table for table in found if table.rows)


def _vote(each: Mapping[str, Any]) -> tuple[str, ...]:
    word = each["choice"] or "not voted"
    if each["overridden"]:
        word += ", gone against"
    elif each["choice"] and each["standing"] != "counted":
        word += f", {each['standing']}"
    person = each["person"] or ""
    if each["delegatedBy"]:
        person += f" for {each['delegatedBy']}"
    return each["name"], word, person, _short(each["at"]), each["reason"] or ""


def _figure(each: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = _number(each["low"]), _number(each["high"])
    limits = " to ".join(part for part in (low, high) if part) if low != high else low
    if low and not high:
        limits = f"at least {low}"
    elif high and not low:
        limits = f"at most {high}"
    age = f"{_number(each['ageSeconds'])} s" if each["ageSeconds"] else ""
    return each["label"], f"{_number(each['value']) or 'no data'} {each['unit']}", limits, age, each["verdict"]


def _item(each: Mapping[str, Any]) -> tuple[str, ...]:
    status = each["status"] if each["blocking"] else f"{each['status']} (informs)"
    signed = f"{each['completedBy'] or ''} {_short(each['completedAt'])}".strip()
    if each["late"]:
        status += ", late"
    return each["description"], each["ownerRole"], status, signed, each["notes"] or ""


def _number(text: str | None) -> str:
    return "" if text is None else text.rstrip("0").rstrip(".")


def _short(at: str | None) -> str:
    return "" if at is None else at[:19].replace("T", " ")


def _reading(text: str | None) -> str:
    if text is None:
        return ""
    seconds = int(abs(float(text)))
    sign = "−" if text.startswith("-") else "+"
    return f"T{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
