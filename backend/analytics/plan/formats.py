"""The plan in the forms of others: JSON Schema documents, a tracking plan of Segment."""

from __future__ import annotations

from typing import Any

from backend.analytics.plan.checking import CALLS
from backend.analytics.plan.documents import document_of
from models.analytics import EventSchemaDefinition, PersonalClass, TrackingPlan


def json_schemas(plan: TrackingPlan) -> dict[str, Any]:
    """A document for each version of an event."""
    return {
        "version": plan.version,
        "items": [
            {
                "eventName": each.event_name,
                "version": each.version,
                "state": each.state,
                "schema": {"$id": f"urn:opsconsole:event:{each.event_name}:{each.version}", "title": each.event_name}
                | document_of(each),
            }
            for each in plan.items
        ],
        "asOf": plan.as_of,
    }


def segment_plan(plan: TrackingPlan) -> dict[str, Any]:
    """As Segment's Public API takes the rules of a tracking plan."""
    return {
        "name": f"opsconsole plan {plan.version}",
        "description": "Exported by opsconsole.",
        "type": "LIVE",
        "rules": [_rule(each) for each in plan.items],
    }


def _rule(event: EventSchemaDefinition) -> dict[str, Any]:
    call = event.event_name if event.event_name in CALLS else "track"
    inside = "traits" if call in {"identify", "group"} else "properties"
    document = document_of(event)
    document.pop("$schema")
    definitions = document.pop("$defs", None)
    rule: dict[str, Any] = {
        "type": call.upper(),
        "version": event.version,
        "jsonSchema": {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": {inside: document},
            "labels": {
                each.name: str(each.personal) for each in event.properties if each.personal is not PersonalClass.NONE
            },
        }
        | ({"$defs": definitions} if definitions else {}),
    }
    if call == "track":
        rule["key"] = event.event_name
    return rule
