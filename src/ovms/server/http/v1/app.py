"""The application of ``/api/v1`` and its description at ``/docs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from ovms.base.failures import FailureLog
from ovms.base.logs import get_logger
from ovms.server.accounts.passkeys import PasskeyChecks
from ovms.server.http.errors import CallFailed
from ovms.server.http.v1 import (
    account,
    admin_owners,
    admin_server,
    admin_vehicles,
    alerts,
    audit,
    battery,
    channels,
    commands,
    connection,
    data_use,
    erase,
    events,
    export,
    features,
    groups,
    history,
    journey_alerts,
    journey_edits,
    journey_exports,
    journeys,
    links,
    module_calls,
    own_account,
    passkey_login,
    passkeys,
    places,
    provision,
    push,
    registration,
    reset,
    series,
    session,
    setup,
    shares,
    state,
    sums,
    ticket,
    tokens,
    totp,
    track,
    vehicles,
    web,
)
from ovms.server.http.v1.command_store import CommandStore
from ovms.server.http.v1.description import DescribedApi
from ovms.server.http.v1.errors import (
    ApiError,
    ErrorDetail,
    error_answer,
    from_field,
    from_record,
)
from ovms.server.http.v1.pages import ApiPages
from ovms.server.http.v1.private import PrivateAnswers
from ovms.server.http.v1.routing import CallIndex
from ovms.server.storage.errors import DamagedDatabase, DamagedVehicle, RecordError, StoreError

if TYPE_CHECKING:
    from types import ModuleType

    from fastapi import FastAPI
    from starlette.responses import Response

    from ovms.server.http.context import HttpContext

MODULES: Final = (
    account,
    admin_owners,
    admin_server,
    admin_vehicles,
    alerts,
    audit,
    battery,
    channels,
    commands,
    connection,
    data_use,
    features,
    events,
    groups,
    history,
    journey_alerts,
    journey_edits,
    journey_exports,
    journeys,
    places,
    provision,
    push,
    sums,
    passkey_login,
    passkeys,
    links,
    module_calls,
    own_account,
    registration,
    reset,
    session,
    ticket,
    setup,
    shares,
    state,
    tokens,
    totp,
    vehicles,
    web,
    series,
    track,
    erase,
    export,
)
"""The routes: each module has a ``router``."""

FAILURES: Final[tuple[type[Exception], ...]] = (
    ApiError,
    CallFailed,
    RequestValidationError,
    HTTPException,
    StoreError,
    Exception,
)
"""What may go wrong; no answer to any of it is made elsewhere."""

AWAY_WAIT: Final = 10.0
"""Seconds after which a call may be repeated that came while the database was away."""

log = get_logger("ovms.http")


def make_v1(context: HttpContext) -> FastAPI:
    """Return the application. The first takes a while: call it in a thread."""
    app = _bare()
    app.state.context = context
    app.state.passkeys = PasskeyChecks()
    app.state.commands = CommandStore()
    app.state.share_tries = shares.make_tries()
    app.state.provision_tries = provision.make_tries()
    app.state.link_calls = links.make_calls()
    app.state.failures = FailureLog(log, "unexpected error; the call is answered with 500")
    app.router.routes.append(CallIndex([*app.calls, *ApiPages(app).routes()]))
    for kind in FAILURES:
        app.add_exception_handler(kind, _answer_failure)
    return app


def _bare() -> DescribedApi:
    """Return an application that answers no call yet."""
    return DescribedApi(
        [each for module in MODULES for each in _calls(module)],
        openapi_url=None,  # and no pages of FastAPI's, which load scripts of other hosts
        separate_input_output_schemas=False,
        redirect_slashes=False,
        # Pages of other origins may call with a token; cookies are not sent by their browsers.
        middleware=[Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"],
                               allow_headers=["Authorization", "Content-Type"]),
                    Middleware(PrivateAnswers)],
    )  # fmt: skip


def _calls(module: ModuleType) -> list[APIRoute]:
    """Return a module's routes: they are complete, and no router is between them and the index."""
    return [each for each in module.router.routes if isinstance(each, APIRoute)]


async def _answer_failure(request: Request, error: Exception) -> Response:
    return error_answer(_api_error(request, error))


def _api_error(request: Request, error: Exception) -> ApiError:
    """Return what a failure is to the caller; log it if nobody has foreseen it."""
    match error:
        case ApiError():
            return error
        case CallFailed():
            return from_field(error)
        case RequestValidationError():
            details = [
                ErrorDetail(field=".".join(map(str, each["loc"])), message=_told(each))
                for each in error.errors()
            ]
            return ApiError(422, "The call is not as it should be; see details", details=details)
        case HTTPException():
            return ApiError(
                error.status_code, error.detail, allow=(error.headers or {}).get("Allow", "")
            )
        case RecordError():
            return from_record(error)
        case DamagedVehicle():
            return ApiError(409, "The vehicle's stored secret is damaged: set it anew", "damaged")
        case DamagedDatabase():
            return ApiError(503, "The database is damaged: its operator must see to it")
        case StoreError():
            return ApiError(503, "The database is away", wait=AWAY_WAIT)
    route = getattr(request.scope.get("route"), "path", "none")
    request.app.state.failures.failed(str(route), error, method=request.method)
    return ApiError(500, "Internal server error")


def _told(failure: dict[str, Any]) -> str:
    """Return what is wrong with a part of a call, and not how the server has found out."""
    if isinstance(failure["input"], bytes):  # a body that did not say that it is JSON
        return "Send JSON, with the header Content-Type: application/json"
    return str(failure["msg"]).removeprefix("Value error, ")
