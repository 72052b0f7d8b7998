"""Makes up calls of ``/api/v1`` from its description and looks at what is answered."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
import requests
import schemathesis
import uvloop
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ovms.server.http.v1.app import make_v1
from ovms.server.http.v1.description import calls_of
from ovms.server.http.v1.routing import PREFIX
from tests.server.http.v1.cases import Need
from tests.server.http.v1.site import ApiSite, open_api
from tests.server.http.v1.test_matrix import CALLS

if TYPE_CHECKING:
    from pathlib import Path

    from schemathesis import Case
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

CALLERS = {"owner": "bob", "grantee": "alice", "admin": "root"}


def _open_to_all() -> dict[str, Any]:
    """Return the description without who may call: that is the matrix's matter."""
    description = make_v1(None).openapi()  # type: ignore[arg-type]  # nothing is called
    for _, _, call in calls_of(description):
        call.pop("security", None)
    return description


DESCRIPTION = _open_to_all()

DESCRIBED = {f"{method} {path}": call for method, path, call in calls_of(DESCRIPTION)}

SCHEMA = schemathesis.openapi.from_dict(DESCRIPTION)

OPERATIONS = {
    f"{found.method.upper()} {found.path.removeprefix(PREFIX)}": found
    for found in (each.ok() for each in SCHEMA.get_all_operations())  # type: ignore[union-attr]
}

REQUEST = {"method", "url", "headers", "files", "data", "json", "params", "auth", "cookies"}
"""What a call is made of, apart from how it is sent."""


class CutStreams:
    """Ends a stream of events behind its first part, as a caller who hangs up."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call (ASGI)."""
        is_stream, is_cut = False, asyncio.Event()

        async def send_cut(message: Message) -> None:
            nonlocal is_stream
            headers = dict(message.get("headers", ()))
            is_stream |= headers.get(b"content-type", b"").startswith(b"text/event-stream")
            if is_cut.is_set():
                return
            if is_stream and message["type"] == "http.response.body":
                message = {**message, "more_body": False}
                is_cut.set()
            await send(message)

        answering = asyncio.ensure_future(self._app(scope, receive, send_cut))
        cutting = asyncio.ensure_future(is_cut.wait())
        await asyncio.wait([answering, cutting], return_when=asyncio.FIRST_COMPLETED)
        cutting.cancel()
        if not answering.done():
            answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering


class Maker:
    """Makes calls that schemathesis has made up, and looks at their answers."""

    def __init__(self, runner: asyncio.Runner, site: ApiSite, *, by_cookie: bool) -> None:
        self._by_cookie = by_cookie
        self._runner = runner
        self._site = site
        transport = site.http.client._transport
        assert isinstance(transport, httpx.ASGITransport)
        transport.app = CutStreams(transport.app)

    def make(self, case: Case[Any], who: str, path: dict[str, str]) -> None:
        """Make a call, with some values of its path unless that is wrong, and check the answer."""
        if not _has_wrong_path(case):
            case.path_parameters |= path
        sent = case.as_transport_kwargs(base_url="http://server", headers=self._login(CALLERS[who]))
        prepared = requests.Request(**{key: sent[key] for key in sent.keys() & REQUEST}).prepare()
        body = prepared.body or b""
        assert isinstance(body, str | bytes)
        headers = [(name, str(value)) for name, value in prepared.headers.items()]
        request = httpx.Request(
            str(prepared.method), str(prepared.url), headers=headers, content=body
        )
        answer = self._runner.run(self._site.http.client.send(request))
        case.validate_response(answer, checks=CHECKS)

    def _login(self, owner: str) -> dict[str, str]:
        """Return the headers by which an owner is logged in."""
        if not self._by_cookie:
            return {"authorization": f"Bearer {self._site.token(owner)}"}
        session = self._runner.run(self._site.session(owner))
        return {"cookie": f"ovms_session={session}", "sec-fetch-site": "same-origin"}


def _has_wrong_path(case: Case[Any]) -> bool:
    """Return whether a wrong path is what a call was made for: a right one would leave none."""
    part = case.meta.components.get(ParameterLocation.PATH) if case.meta is not None else None
    return part is not None and part.mode is GenerationMode.NEGATIVE


def explore(name: str, folder: Path, count: int, chance: int) -> None:
    """Make up ``count`` right calls of a name and as many wrong ones, by all callers.

    Half of them are about what is there: the vehicle and whatever else stands in the path.
    """
    folder.mkdir()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        opening = open_api(folder)
        site = runner.run(opening.__aenter__())
        try:
            _explore(name, runner, site, count, chance)
        except BaseException as error:
            error.add_note(f"in {name}")
            raise
        finally:
            runner.run(opening.__aexit__(None, None, None))


def _explore(name: str, runner: asyncio.Runner, site: ApiSite, count: int, chance: int) -> None:
    site.share("view,location,command,pin,manage")
    known = CALLS[name]
    found = known.prepare(site) if known.prepare is not None else {}
    values = {"vehicle_id": "CAR1"} | known.path | found
    parts = [part[1:-1] for part in name.split("/") if part.startswith("{")]
    there = {part: values[part] for part in parts}
    maker = Maker(runner, site, by_cookie=known.need is Need.SESSION)
    modes = [GenerationMode.POSITIVE]
    if _can_be_wrong(DESCRIBED[name]):
        modes.append(GenerationMode.NEGATIVE)
    for mode in modes:

        @seed(chance)
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            case=OPERATIONS[name].as_strategy(generation_mode=mode),
            who=st.sampled_from(list(CALLERS)),
            is_there=st.booleans(),
        )  # fmt: skip
        def test(case: Case[Any], who: str, is_there: bool) -> None:
            maker.make(case, who, there if is_there else {})

        test()


def _can_be_wrong(call: dict[str, Any]) -> bool:
    """Return whether a call takes anything but texts in its path."""
    return "requestBody" in call or any(
        each["schema"].keys() - {"title"} != {"type"} or each["schema"]["type"] != "string"
        for each in call.get("parameters", ())
    )
