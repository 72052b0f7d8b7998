"""The API without an event loop."""

from __future__ import annotations

import inspect
import threading
from typing import Any

import httpx
import pytest

from ovms.app import ConnectionLost
from ovms.app.api import sync
from ovms.app.api.errors import NotAllowed
from ovms.app.api.sync import SyncApiClient
from tests.app.api.clients import scripted
from tests.app.api.test_operations import METHODS

TOKEN = {
    "id": 1, "rights": ["view"], "expires": None, "is_live": True, "is_current": False,
    "first": "x", "application": "", "purpose": "", "created": "2026-11-27T02:30:00Z",
}  # fmt: skip


def answer(request: httpx.Request) -> httpx.Response:
    """Answer a few calls."""
    match request.url.path.removeprefix("/api/v1"):
        case "/account/tokens":
            return httpx.Response(200, json=[TOKEN])
        case "/account/audit":
            return httpx.Response(200, json={"items": [], "next": None})
        case "/account/export":
            return httpx.Response(200, content=b"zip")
        case _:
            error = {"code": "no_right", "message": "No"}
            return httpx.Response(403, json={"error": error})


def test_every_method_is_here() -> None:
    """Each method of the client waits here, or is an ordinary iterator, and says the same."""
    with SyncApiClient(scripted(answer, [])) as server:
        for name, method in METHODS.items():
            mine: Any = getattr(server, name)
            assert mine.__doc__ == method.__doc__
            kind = type(vars(SyncApiClient)[name]).__name__
            assert kind == ("_Waits" if inspect.iscoroutinefunction(method) else "_Yields"), name


def test_calls() -> None:
    """Calls wait for what they return, and raise what those of the client raise."""
    with SyncApiClient(scripted(answer, [])) as server:
        assert [each.id for each in server.tokens()] == [1]
        assert list(server.audit(action="login")) == []
        assert b"".join(server.export()) == b"zip"
        assert server.call("GET", "/account/tokens") == [TOKEN]
        with pytest.raises(NotAllowed):
            server.vehicles()
        server.close()
        with pytest.raises(ConnectionLost):
            server.tokens()
    assert [each for each in threading.enumerate() if each.name == "ovms.app.sync"] == []


def test_connect() -> None:
    """Connecting sends nothing, and leaves no thread behind if what it is given is wrong."""
    with sync.connect("http://192.0.2.1:1", "x") as server:
        assert isinstance(server, SyncApiClient)
    with pytest.raises(ValueError, match="address"):
        sync.connect("server")
    assert [each for each in threading.enumerate() if each.name == "ovms.app.sync"] == []
