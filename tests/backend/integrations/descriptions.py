"""The vendors' own descriptions of their APIs, against which each request is held, where they lie beside the data."""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest

from models.deliveries.connections import ConnectionKind
from tests.backend.shop.fixtures import DATA

VENDORS = DATA.with_name("vendors")
FILES = {
    ConnectionKind.SLACK: "slack-web-2021.json",
    ConnectionKind.PAGERDUTY: "pagerduty-events-v2.json",
    ConnectionKind.DISCORD: "discord.json",
    ConnectionKind.SENDGRID: "sendgrid-mail-v3.json",
}
HOSTS = {
    ConnectionKind.SLACK: "https://slack.com",
    ConnectionKind.PAGERDUTY: "https://events.pagerduty.com",
    ConnectionKind.DISCORD: "https://discord.com",
    ConnectionKind.SENDGRID: "https://api.sendgrid.com",
}
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
described = pytest.mark.skipif(
    not VENDORS.exists(),
    reason=f"the vendors' descriptions are not at {VENDORS}; set OPSCONSOLE_TEST_DATA to data beside",
)


@cache
def description(kind: ConnectionKind) -> OpenAPI | None:
    """That of one vendor; ``None`` where there is none, or it does not lie here."""
    if kind not in FILES or not VENDORS.exists():
        return None
    content = json.loads((VENDORS / FILES[kind]).read_text(encoding="utf-8"))
    return OpenAPI.from_dict(_strict(_requests(_modern(content) if "swagger" in content else content)))


def check(kind: ConnectionKind, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
    """Raises when a request is not as the vendor describes it: a field too many, too few, or of another type."""
    api = description(kind)
    if api is None:
        return
    parts = urlsplit(target)
    content_type = headers.get("content-type", "").partition(";")[0]
    if content_type == FORM:
        # The checker overlooks fields of a form that nobody has described.
        content_type, body = JSON, json.dumps(dict(parse_qsl(body.decode(), strict_parsing=True))).encode()
    api.validate_request(
        MockRequest(
            HOSTS[kind],
            method.lower(),
            parts.path,
            args=dict(parse_qsl(parts.query)),
            headers=headers,
            data=body,
            content_type=content_type,
        )
    )


def _requests(content: dict[str, Any]) -> dict[str, Any]:
    """Without the answers, of which their prose was taken out: as they lie here they are not valid."""
    content["components"] = {**content.get("components", {}), "responses": {}}
    for operations in content["paths"].values():
        for method, operation in operations.items():
            if method != "parameters":
                operation["responses"] = {"default": {"description": ""}}
    return content


def _strict(value: Any) -> Any:
    """Without this, a field with a mistyped name is one more that nobody has forbidden."""
    if isinstance(value, list):
        return [_strict(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: _strict(each) for name, each in value.items()}
    if "properties" in made and "additionalProperties" not in made and isinstance(made["properties"], dict):
        made["additionalProperties"] = False
    return made


def _modern(old: dict[str, Any]) -> dict[str, Any]:
    """As OpenAPI 3: the parameters of a form are its body. The token goes in the usual header instead of its own."""
    types = {"string": {"type": "string"}, "boolean": {"enum": ["true", "false"]}}
    paths: dict[str, Any] = {}
    for path, methods in old["paths"].items():
        if "post" not in methods:
            parameters = [
                {"name": each["name"], "in": "query", "schema": types[each["type"]]}
                for each in methods["get"]["parameters"]
                if each["in"] == "query" and each["type"] in types
            ]
            paths[path] = {"get": {"parameters": parameters, "responses": {"200": {"description": ""}}}}
            continue
        form = [each for each in methods["post"]["parameters"] if each["in"] == "formData"]
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {each["name"]: types[each["type"]] for each in form},
        }
        if required := [each["name"] for each in form if each.get("required")]:
            schema["required"] = required
        body = {"required": True, "content": {JSON: {"schema": schema}}}
        paths[path] = {"post": {"requestBody": body, "responses": {"200": {"description": ""}}}}
    return {
        "openapi": "3.0.3",
        "info": old["info"],
        "servers": [{"url": f"https://{old['host']}{old['basePath']}"}],
        "paths": paths,
    }
