"""The API held against its own OpenAPI document, in process; and the committed document against the generated one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backend.core.database import Database
from backend.core.settings import Settings
from backend.runtime.asgi import create_app
from backend.runtime.commands import openapi_text
from tests.backend.core.fixtures import OPEN
from tests.conftest import Api, _seed

DOCUMENT = Path(__file__).parents[3] / "docs" / "openapi.json"


CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance, content_type_conformance]


def test_the_committed_document_is_the_generated_one() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == openapi_text(), "run `make openapi` and look at the difference"


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    asyncio.run(_seed(settings))
    app = create_app(settings, Database(settings.database_url or ""))
    app.state.live.end()  # else each stream would go on for as long as its token
    return app


@pytest.fixture
def described(app: FastAPI, settings: Settings, owner_url: str) -> tuple[object, dict[str, str]]:
    api = Api("http://api", settings, owner_url, lambda: None)
    return schemathesis.openapi.from_asgi("/openapi.json", app), api.headers("administrator")


def hold(operation: Any, headers: dict[str, str], *, examples: int, refused: bool) -> None:
    """Try an operation; without ``headers``, what stands in a generated Authorization is nobody's token."""

    @hypothesis_settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy())
    def holds(case: Any) -> None:
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS)
        assert not refused or answer.status_code >= 400, answer.text

    holds()


def test_answers_are_what_the_document_says(described: tuple[object, dict[str, str]]) -> None:
    schema, headers = described
    for result in schema.get_all_operations():  # type: ignore[attr-defined]
        operation = result.ok()
        if operation.path == "/readyz":
            continue  # without a worker, 503 is the right answer
        hold(operation, headers, examples=6, refused=False)
        hold(operation, {}, examples=2, refused=(operation.method.upper(), operation.path) not in OPEN)
