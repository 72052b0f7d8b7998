"""The description of ``/api/v1`` (OpenAPI) for programs, and what it says beside the routes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ovms.server.http.v1.callers import identify, session_call
from ovms.server.http.v1.cookies import PLAIN
from ovms.server.http.v1.routing import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi.dependencies.models import Dependant
    from fastapi.routing import APIRoute

TITLE: Final = "OVMS"

VERSION: Final = "1"
"""Of the API; it changes only with its path."""

INTRODUCTION: Final = (
    "The API of an OVMS server: vehicles, what they tell, and what they are told.\n\n"
    "Send an API token as `Authorization: Bearer TOKEN`, or log in by `POST /session`, which sets "
    "a cookie. Unknown is `null`, never 0. Times are ISO 8601 in UTC. Every answer that is no "
    "success has one body, `ErrorBody`. Fields and calls may be added; what is here keeps its "
    "meaning."
)

EVENTS: Final = "text/event-stream"

STREAMED_EVENT: Final = {
    "title": "StreamedEvent",
    "description": "One server-sent event. Its data is JSON; the call says which events there are.",
    "type": "object",
    "properties": {
        "event": {"type": "string", "description": "What kind of event it is."},
        "data": {"type": "string", "description": "JSON, as the kind has it."},
        "id": {"type": "string", "description": "What to send again as `Last-Event-ID`."},
        "retry": {"type": "integer", "description": "Milliseconds to wait before coming again."},
    },
    "required": ["data"],
}
"""What the parts of a stream are, in words of schemas; OpenAPI 3.1 has none of its own for it.

Schemathesis checks each event by it. Some generators of clients take it for the whole answer.
"""

TAGS: Final = {
    "session": "Logging in with a cookie, who calls, a fresh proof of it, and logging out.",
    "vehicles": "The vehicles that the caller may see: their own and shared ones.",
    "state": "What vehicles last reported, decoded, and the same live as server-sent events.",
    "commands": "Commands to cars: which there are, sending one, and what became of it.",
    "account": "The caller's own account: how it is made, recovered, and logged in to.",
    "set-up": "A server without owners.",
    "sharing": "With whom a vehicle is shared, and what others share with the caller.",
    "links": "Links to a vehicle's live position, for whoever has one.",
    "administration": "All owners and vehicles of the server, for its administrators.",
    "audit trail": "What was done: log-ins, commands and changes, by whom and from where.",
    "tokens": "The API tokens of the caller's account.",
    "history": "What the server keeps of what a vehicle has sent: records, alerts, series, tracks.",
    "journeys": "What vehicles did: trips, charges, parked time; places, costs, sums, the battery.",
    "channels": "Where alerts go: mail, phones, other services; with a test.",
    "features and parameters": "How a car's module is set up; the car is asked each time.",
}
"""What the calls are grouped by, in the order of the description."""


SCHEMES: Final = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token, as `ovms token add` or `POST /tokens` makes it.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": PLAIN,
        "description": "A session's cookie, as `POST /session` sets it; over TLS "
        "`__Host-ovms_session`. Calls that change something must say by `Origin` or "
        "`Sec-Fetch-Site` that they come from the same site.",
    },
}
"""The ways to log in."""


class DescribedApi(FastAPI):
    """An application whose calls are described for programs and people."""

    def __init__(self, calls: list[APIRoute], **options: Any) -> None:
        super().__init__(**options)
        self.calls = calls

    def openapi(self) -> dict[str, Any]:
        """Return the description; made once."""
        if not self.openapi_schema:
            made = get_openapi(
                title=TITLE,
                version=VERSION,
                description=INTRODUCTION,
                routes=self.calls,
                tags=[{"name": name, "description": text} for name, text in TAGS.items()],
                separate_input_output_schemas=self.separate_input_output_schemas,
            )
            routes = {each.unique_id: each for each in self.calls}
            for _, _, call in calls_of(made):
                if schemes := _schemes_of(routes[call["operationId"]]):
                    call["security"] = [{each: []} for each in schemes]
                call["summary"] = summary_of(call["operationId"])
                _describe_stream(call)
                for parameter in call.get("parameters", ()):
                    parameter["schema"] = _without_null(parameter["schema"])
            made["components"]["schemas"]["StreamedEvent"] = STREAMED_EVENT
            made["components"]["securitySchemes"] = SCHEMES
            self.openapi_schema = made
        return self.openapi_schema


def _schemes_of(route: APIRoute) -> list[str]:
    """Return the ways to log in that a call takes, none if it needs no log-in."""
    asked = {*_asked(route.dependant)}
    if session_call in asked:
        return ["cookie"]
    return [*SCHEMES] if identify in asked else []


def _asked(dependant: Dependant) -> Iterator[Callable[..., Any] | None]:
    """Yield what is called for a call, and for that, before it is answered."""
    for each in dependant.dependencies:
        yield each.call
        yield from _asked(each)


def _describe_stream(call: dict[str, Any]) -> None:
    """Say in words of OpenAPI 3.1 that a call streams events, and that its errors are none."""
    for status, answer in call["responses"].items():
        content = answer.get("content", {})
        if EVENTS in content and status.startswith("2"):
            content[EVENTS] = {"schema": {"$ref": "#/components/schemas/StreamedEvent"}}
        elif EVENTS in content:
            content["application/json"] = content.pop(EVENTS)


def summary_of(name: str) -> str:
    """Return the name of a call for people."""
    return name.replace("_", " ").capitalize()


def calls_of(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path behind the prefix, and description of each call."""
    for path, methods in description["paths"].items():
        for method, call in methods.items():
            yield method.upper(), path.removeprefix(PREFIX), call


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter without null, which no URL can say: it is left out."""
    kinds: list[dict[str, Any]] = [
        each for each in schema.get("anyOf", ()) if each != {"type": "null"}
    ]
    if not kinds:
        return schema
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return (kinds[0] if len(kinds) == 1 else {"anyOf": kinds}) | rest


def schema_name(schema: dict[str, Any]) -> str:
    """Return which of the description's schemas one refers to, empty if none."""
    found = re.fullmatch(r"#/components/schemas/(\w+)", schema.get("$ref", ""))
    return found[1] if found else ""
