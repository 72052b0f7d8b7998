"""Commands to a vehicle's car: a call sends the protocol's command and returns the car's answer."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from ovms.protocol.commands import Answer, Command, Result
from ovms.protocol.records import legible
from ovms.protocol.settings_names import FEATURE_NAMES, HIDDEN_VALUE, PARAMETER_NAMES, PASSWORDS
from ovms.server.accounts.tokens import allows
from ovms.server.audit import COMMAND, command_words
from ovms.server.http.answers import json_answer, text_answer
from ovms.server.http.asked import WaitingCommand
from ovms.server.http.bodies import values_of
from ovms.server.http.errors import CallFailed
from ovms.server.http.field.command_calls import CALLS, make_command
from ovms.server.http.field.latest import view_of
from ovms.server.http.routing import owner_call
from ovms.server.hub.asking import Reason, Unanswered, ask
from ovms.server.hub.permissions import refusal_of

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Iterator, Sequence
    from typing import Any

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from ovms.protocol.commands import CommandSpec
    from ovms.server.accounts.login import Login
    from ovms.server.http.callers import HttpCaller
    from ovms.server.http.context import HttpContext
    from ovms.server.http.field.command_calls import CommandCall
    from ovms.server.http.routing import Handler
    from ovms.server.hub.asking import AskedCommand

COMMAND_RIGHT: Final = "v2"
"""What a token must allow: who may log in to the message protocol may send commands there, too."""

BUSY_WAIT: Final = 5.0
"""Seconds after which a call may be repeated that came while too many commands waited."""

HUNG_UP: Final = 499
"""The status code of a call whose caller is gone; nobody reads it."""

FAILURES: Final = {
    Reason.NOT_CONNECTED: (409, "The car is not connected"),
    Reason.CONNECTION_LOST: (504, "The connection to the car was lost before it answered"),
    Reason.NO_ANSWER: (504, "The car did not answer in time"),
    Reason.SEALED: (502, "The car's answer is sealed (paranoid mode): only its app can read it"),
    Reason.OVERLONG: (502, "The car's answer is too long"),
    Reason.PINS_LOCKED: (429, "Too many PINs were wrong; the car is asked none for a while"),
    Reason.TOO_MANY: (429, "Too many commands wait for the car"),
    Reason.TOO_LONG: (422, "The command is too long for the car's module"),
    Reason.WITHDRAWN: (409, "The command was withdrawn"),
    Reason.LOGIN_ENDED: (403, "The command was not sent: the login of its call has ended"),
    Reason.RIGHT_LOST: (403, "The command was not sent: the right to send it was taken"),
}
"""Status code and text, by why there is no answer of the car."""

IS_PARANOID: Final = "The car seals its messages (paranoid mode): only its app can command it"

REFUSED: Final = 400
"""The status code when the car itself answers that the command failed.

None of 500 and above: a wrong PIN must not be tried again by a proxy or a library.
"""


def routes(context: HttpContext) -> list[Route]:
    """Return the routes of these calls."""
    return [
        owner_call(context, f"/api/{name}/{{vehicle_id}}", _handler(call), [call.method])
        for call in CALLS
        for name in (call.name, f"{call.name}s")
    ]


def _handler(call: CommandCall) -> Handler:
    """Return what answers a call."""

    async def handle(context: HttpContext, caller: HttpCaller, request: Request) -> Response:
        vehicle_id = caller.check_vehicle(request.path_params["vehicle_id"])
        if not allows(caller.login.permit, COMMAND_RIGHT):
            raise CallFailed(403, f"The token may not send commands: it lacks {COMMAND_RIGHT}")
        query = request.query_params.multi_items()
        rights = caller.rights_on(vehicle_id)
        if rights is not None and (refusal := refusal_of(rights, Command(call.spec.number))):
            raise CallFailed(403, refusal[:1].upper() + refusal[1:])
        command = make_command(call, query, await values_of(request), context.clock.time())
        context.audit.put(
            COMMAND,
            actor=caller.login.owner,
            vehicle_id=vehicle_id,
            detail=command_words(command.number),
            address=caller.address,
        )
        answers = await _unless_gone(request, _ask(context, caller.login, vehicle_id, command))
        return make_answer(call.spec, answers)

    return handle


def _may_send(login: Login, vehicle_id: str, command: Command) -> bool:
    """Return whether somebody may send a command by these calls."""
    if vehicle_id not in login.vehicles or not allows(login.permit, COMMAND_RIGHT):
        return False
    return not refusal_of(login.shared.get(vehicle_id), command)


async def _ask(
    context: HttpContext, login: Login, vehicle_id: str, command: Command
) -> list[Answer]:
    """Return the car's answer; raise :class:`CallFailed` with why there is none."""
    view = await view_of(context, vehicle_id)
    if view.latest.is_sealed:
        raise CallFailed(502, IS_PARANOID)
    if view.room is None:
        raise _failed(Unanswered(Reason.NOT_CONNECTED))

    def keep(asked: AskedCommand) -> None:
        name = command_words(command.number)
        may = partial(_may_send, vehicle_id=vehicle_id, command=command)
        context.asked.keep(WaitingCommand(asked, login, vehicle_id, name, may))

    try:
        return await ask(view.room, command, context.answer_timeout, keep)
    except Unanswered as error:
        raise _failed(error) from None


def _failed(error: Unanswered) -> CallFailed:
    status, text = FAILURES[error.reason]
    return CallFailed(status, text, wait=error.wait or (BUSY_WAIT if status == 429 else None))


async def _unless_gone(request: Request, asking: Coroutine[Any, Any, list[Answer]]) -> list[Answer]:
    """Return what somebody asks for; nobody is asked any more once the caller hangs up."""
    task, gone = asyncio.ensure_future(asking), asyncio.ensure_future(_hung_up(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise CallFailed(HUNG_UP, "The caller hung up")
    finally:
        for each in (task, gone):
            each.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _hung_up(request: Request) -> None:
    """Return when the caller has hung up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def make_answer(spec: CommandSpec, answers: Sequence[Answer]) -> Response:
    """Return what a call answers: the car's text, or the list that its rows make."""
    for answer in answers:
        if answer.result in (Result.UNSUPPORTED, Result.UNIMPLEMENTED):
            raise CallFailed(501, answer_text(answer) or "The car does not support this")
        if answer.result != Result.OK:
            raise CallFailed(REFUSED, answer_text(answer) or "The car could not do this")
    if spec.first_row is None:
        return text_answer(answer_text(answers[0]) or "OK")
    return json_answer([*setting_rows(spec, answers)])


def answer_text(answer: Answer) -> str:
    """Return the car's words, in which modules write line ends as CR."""
    return legible(answer.text).replace("\r", "\n").strip()


def setting_rows(
    spec: CommandSpec, answers: Iterable[Answer]
) -> Iterator[dict[str, str | int | None]]:
    """Yield each feature or parameter; of a password only whether it is set."""
    is_features = spec.name == "features"
    names = FEATURE_NAMES if is_features else PARAMETER_NAMES
    for answer in answers:
        digits, _, rest = answer.text.partition(",")
        if not digits.isdecimal():
            continue
        number = int(digits)
        value = legible(rest.partition(",")[2])
        if value and number in PASSWORDS and not is_features:
            value = HIDDEN_VALUE
        yield {"number": number, "name": names.get(number), "value": value or None}
