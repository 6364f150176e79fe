"""The tuple of capabilities is whole, light to import, and nothing in it is claimed twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import backend
from backend.capabilities import CAPABILITIES
from backend.core.database import Database
from backend.core.settings import Settings
from backend.runtime.asgi import create_app, merged

HEAVY = {"alembic", "httpx", "obstore", "procrastinate", "pycountry", "reportlab", "uvicorn"}


def test_every_room_of_the_server_is_in_the_tuple_under_its_name() -> None:
    folders = {file.parent.name for file in Path(backend.__file__).parent.glob("*/capability.py")} - {"core"}
    assert [each.name for each in CAPABILITIES] == sorted(folders)


def test_what_the_sample_shop_builds_on_is_there() -> None:
    made = {each.name for each in CAPABILITIES if each.sample is not None}
    for each in CAPABILITIES:
        assert each.sample_after <= made, each.name
        assert each.sample is not None or not each.sample_after, each.name


def test_manifests_load_nothing_that_only_some_need() -> None:
    code = "import sys, backend.capabilities; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not HEAVY & set(done.stdout.split())


def test_a_name_that_two_claim_is_refused() -> None:
    assert merged([{"a": 1}, {"b": 2}]) == {"a": 1, "b": 2}
    with pytest.raises(ValueError, match="two capabilities claim b"):
        merged([{"a": 1, "b": 2}, {"b": 3}])


def test_an_application_has_the_routes_of_its_capabilities_as_they_stand(settings: Settings) -> None:
    """Built anew for each application, they would cost the first request of a server half a second."""
    routes = create_app(settings, Database("")).routes
    declared = [route for each in CAPABILITIES for router in each.routers() for route in router.routes]
    assert [route for route in routes if route in declared] == declared
