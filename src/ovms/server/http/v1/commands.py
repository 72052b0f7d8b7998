"""``/commands`` and ``/vehicles/…/commands``: commands to cars, sent now and read later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

from fastapi import Depends, Header, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field

from ovms.protocol.commands import Result
from ovms.protocol.parameters import ChoiceParameter, NumberParameter, PinParameter, TextParameter
from ovms.protocol.wording import unknown_command
from ovms.server.http.asked import WaitingCommand
from ovms.server.http.field.commands import (
    BUSY_WAIT,
    FAILURES,
    IS_PARANOID,
    answer_text,
    setting_rows,
)
from ovms.server.http.field.latest import view_of
from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import Caller, CommandCall, Context, VehicleCall, renewed
from ovms.server.http.v1.command_store import KEPT_LIFE, CommandStore, KeptCommand
from ovms.server.http.v1.command_words import (
    CAR_COMMANDS,
    SHELL,
    WrongParameters,
    is_for_owner,
    make_command,
    rights_for,
    shown_parameters,
)
from ovms.server.http.v1.errors import ApiError, ErrorDetail
from ovms.server.http.v1.models import ApiAnswer, CallBody, Time, time_of
from ovms.server.http.v1.routing import PREFIX, make_router
from ovms.server.hub.asking import Reason, Unanswered
from ovms.server.rights import right_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ovms.protocol.commands import Command, CommandSpec
    from ovms.protocol.parameters import ParameterType
    from ovms.server.accounts.login import Login
    from ovms.server.http.context import HttpContext
    from ovms.server.hub.asking import AskedCommand
    from ovms.server.hub.room import Room

PAGE_LIMIT: Final = 100
"""Commands of one page of a list."""

LONGEST_POLL: Final = 60
"""Seconds that a call may wait for a command's end."""

router = make_router("commands")


class ParameterChoice(ApiAnswer):
    """A number of a parameter, and the word for it."""

    value: int
    name: str


class ParameterInfo(ApiAnswer):
    """A parameter of a command."""

    name: str
    title: str
    """What people call it."""
    type: Literal["number", "time", "choice", "pin", "text"]
    """`time` is a time of day: `22:30` (UTC), `22:30+01:00`, or minutes after midnight UTC."""
    is_required: bool
    minimum: int | None
    """The least number."""
    maximum: int | None
    """The greatest number."""
    longest: int | None
    """The bytes that a text may have in UTF-8."""
    choices: list[ParameterChoice]
    """Numbers that have a word, which may be given instead; all that there are of a `choice`."""


class CommandInfo(ApiAnswer):
    """A command that can be sent to cars. No car supports all of them."""

    name: str
    number: int
    """Its number in the protocol."""
    meaning: str
    answered_by: Literal["module", "vehicle", "modem"]
    """Who carries it out: the module itself, its vehicle or its modem."""
    rights: list[str]
    """What the caller must have on the vehicle to send it: `command`, and `pin` or `manage`."""
    is_for_owner: bool
    """Only the vehicle's owner may send it, however it is shared."""
    needs_pin: bool
    """It takes the car's PIN; some cars want none."""
    has_rows: bool
    """It is answered by a list."""
    parameters: list[ParameterInfo]


class CommandBody(CallBody):
    """A command to send: a name with parameters, or a line for the module's shell."""

    name: str | None = Field(default=None, max_length=100)
    """The command's name, as `GET /commands` lists it."""
    parameters: dict[str, str | int | bool] = Field(default_factory=dict)
    """The parameters by their names: numbers, or the words that people use (`range`, `16A`, `on`).
    A PIN belongs here and nowhere else."""
    text: str | None = None
    """A line for the module's shell, as `stat`; short for the command `shell`."""


class CommandRow(ApiAnswer):
    """A row of a car's list of features or parameters."""

    number: int
    name: str | None
    """`null` where it has none that holds for all modules."""
    value: str | None
    """Of a password that is set only `*`."""


class CommandAnswer(ApiAnswer):
    """A command that was sent, and what became of it."""

    id: str
    vehicle_id: str
    name: str
    parameters: dict[str, str]
    """As they are sent to the car. A PIN or a password is `*`."""
    status: Literal["waiting", "sent", "done", "failed", "unanswered", "withdrawn"]
    """`waiting` behind other commands, `sent` to the car, `done`, `failed` (the car or the server
    has refused it), `unanswered` (the car may have had it), `withdrawn` before it was sent."""
    result: Literal["ok", "failed", "unsupported", "unimplemented"] | None
    """What the car has answered."""
    reason: str | None
    """Why the car has not answered: `no_answer`, `connection_lost`, `sealed`, `overlong`,
    `pins_locked`, `too_many`, `too_long` or `withdrawn`; or `login_ended` or
    `right_lost`: it was withdrawn since its sender's login ended, or lost the right, before."""
    text: str | None
    """The car's words, or a sentence for the reason; `null` without any."""
    rows: list[CommandRow] | None
    """The list that the car has answered with; `null` of a command without rows."""
    created: Time
    finished: Time | None


class CommandPage(ApiAnswer):
    """Some of the caller's commands, the newest first."""

    items: list[CommandAnswer]
    next: str | None
    """What to send as `after` for older ones; `null` if there are none."""


@router.get("/commands")
async def list_known_commands(caller: Caller) -> list[CommandInfo]:
    """Return the commands that can be sent to cars, with what each takes and needs.

    Which of them a caller may send follows from the `rights` on the vehicle.
    """
    return [_info(spec) for spec in CAR_COMMANDS.values()]


async def command_store(request: Request) -> CommandStore:
    """Return the commands that calls have sent."""
    return cast("CommandStore", request.app.state.commands)


Sent = Annotated[CommandStore, Depends(command_store)]


async def find_command(
    command_id: str, call: CommandCall, context: Context, store: Sent
) -> KeptCommand:
    """Return one of the caller's commands. Raises :class:`ApiError` (403 or 404)."""
    kept = store.find(call.caller.login.owner_id, call.id, command_id, context.clock)
    if kept is None:
        raise ApiError(404, "There is no such command; they are kept for an hour", "no_command")
    check_rights(call, kept.spec)
    return kept


FoundCommand = Annotated[KeptCommand, Depends(find_command)]


@router.post("/vehicles/{vehicle_id}/commands", status_code=202)
async def send_command(
    body: CommandBody, call: CommandCall, context: Context, store: Sent, response: Response
) -> CommandAnswer:
    """Send a command to the car. Poll the answer's `id` for what became of it, or stream it.

    A command with a PIN needs the right `pin`; too many wrong PINs lock them for a while (429).
    """
    spec, command = read_body(body, call, context.clock.time())
    room = await car_room(context, call.id)
    clock = context.clock
    kept = KeptCommand(
        call.caller.login.owner_id, call.id, spec, shown_parameters(command), clock.time(),
        clock.monotonic() + KEPT_LIFE,
    )  # fmt: skip
    try:
        store.start(room, command, kept, clock)
    except Unanswered as error:
        raise unanswered(error) from None
    if kept.asked is not None:
        keep_asked(context, call, spec, kept.asked)
    if kept.asked is not None and kept.asked.is_over:  # refused before it was sent
        await kept.end()
        if kept.failure is not None:
            store.drop(kept)
            raise unanswered(Unanswered(kept.failure, kept.wait))
    audit(context, call.caller, "command", vehicle_id=call.id, detail=spec.name)
    response.headers["location"] = f"{PREFIX}/vehicles/{call.id}/commands/{kept.id}"
    return _answer(kept)


@router.get("/vehicles/{vehicle_id}/commands")
async def list_commands(
    call: CommandCall,
    context: Context,
    store: Sent,
    limit: Annotated[int, Query(ge=1, le=PAGE_LIMIT)] = 50,
    after: Annotated[str | None, Query(max_length=64)] = None,
) -> CommandPage:
    """Return what the caller has sent to the car within the last hour, the newest first."""
    own = store.newest_first(call.caller.login.owner_id, call.id, context.clock)
    found = [each for each in own if may_send(call, each.spec)]
    if after is not None:
        at = next((at for at, each in enumerate(found) if each.id == after), len(found))
        found = found[at + 1 :]
    page = found[:limit]
    return CommandPage(
        items=[_answer(each) for each in page], next=page[-1].id if len(found) > limit else None
    )


@router.get("/vehicles/{vehicle_id}/commands/{command_id}")
async def get_command(
    kept: FoundCommand,
    call: CommandCall,
    context: Context,
    wait: Annotated[
        float, Query(ge=0, le=LONGEST_POLL, description="Seconds to wait for its end.")
    ] = 0,
) -> CommandAnswer:
    """Return what became of a command, at once or when it is over."""
    if wait and kept.finished is None:
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await kept.end()
        check_rights(await renewed(call, context), kept.spec)
    return _answer(kept)


@router.get(
    "/vehicles/{vehicle_id}/commands/{command_id}/events", response_class=EventSourceResponse
)
async def stream_command(
    kept: FoundCommand,
    call: CommandCall,
    context: Context,
    last_event_id: Annotated[int | None, Header(ge=0, le=10**6)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Stream a command: an event `row` for each row of its answer, `end` with the command at last.

    Whoever sends `Last-Event-ID` again gets the rows behind that one. It ends without `end` when
    the caller may not send the command any more.
    """
    told = 0 if last_event_id is None else last_event_id
    while True:
        rows = _rows(kept) or []
        for row in rows[told:]:
            told += 1
            yield ServerSentEvent(event="row", data=row, id=str(told))
        if kept.finished is not None:
            break
        await kept.news()
        try:
            check_rights(await renewed(call, context), kept.spec)
        except ApiError:
            return
    yield ServerSentEvent(event="end", data=_answer(kept))


@router.delete("/vehicles/{vehicle_id}/commands/{command_id}")
async def withdraw_command(kept: FoundCommand) -> CommandAnswer:
    """Withdraw a command that still waits behind others; one that was sent cannot be (409)."""
    if kept.finished is not None:
        raise ApiError(409, "The command is over", "over")
    if kept.asked is None or not kept.asked.withdraw():
        raise ApiError(409, "The command was sent to the car already", "already_sent")
    await kept.end()
    return _answer(kept)


def check_rights(call: VehicleCall, spec: CommandSpec) -> None:
    """Raise :class:`ApiError` (403) if somebody may not send a command."""
    if is_for_owner(spec) and not call.caller.is_own(call.id):
        raise ApiError(403, f"Only the vehicle's owner may send {spec.name}", "not_owner")
    missing = right_words(rights_for(spec) & ~call.rights)
    if missing:
        raise ApiError(403, f"{spec.name} needs the right {' and '.join(missing)}", "no_right")


def may_send(call: VehicleCall, spec: CommandSpec) -> bool:
    """Return whether somebody may send a command, and so read what became of it."""
    is_theirs = call.caller.is_own(call.id) or not is_for_owner(spec)
    return is_theirs and rights_for(spec) in call.rights


def keep_asked(
    context: HttpContext, call: VehicleCall, spec: CommandSpec, asked: AskedCommand
) -> None:
    """Have a command withdrawn if its caller may not send it any more while it waits."""

    def may(login: Login) -> bool:
        caller = replace(call.caller, login=login)
        return may_send(replace(call, caller=caller, rights=caller.rights_on(call.id)), spec)

    context.asked.keep(WaitingCommand(asked, call.caller.login, call.id, spec.name, may))


async def car_room(context: Context, vehicle_id: str) -> Room:
    """Return the room of a vehicle that can be asked. Raises :class:`ApiError` (409 or 502)."""
    view = await view_of(context, vehicle_id)
    if view.latest.is_sealed:
        raise ApiError(502, IS_PARANOID, "paranoid")
    if view.room is None:
        raise unanswered(Unanswered(Reason.NOT_CONNECTED))
    return view.room


def unanswered(error: Unanswered) -> ApiError:
    """Return what it is to a caller that the car has not answered."""
    status, text = FAILURES[error.reason]
    wait = error.wait or (BUSY_WAIT if status == 429 else None)
    return ApiError(status, text, error.reason.name.lower(), wait=wait)


def read_body(body: CommandBody, call: VehicleCall, now: float) -> tuple[CommandSpec, Command]:
    """Return which command is meant. Raises :class:`ApiError` (403 or 422)."""
    if (body.name is None) == (body.text is None):
        raise ApiError(422, "Give the command's name, or a text")
    if body.text is None:
        name, given = body.name or "", body.parameters
    elif body.parameters:
        raise ApiError(422, "A text takes no parameters")
    else:
        name, given = SHELL, {"text": body.text}
    spec = CAR_COMMANDS.get(name)
    if spec is None:
        problem = unknown_command(name)
        raise ApiError(422, problem[:1].upper() + problem[1:], "no_such_command")
    check_rights(call, spec)
    return spec, read_parameters(
        spec, given, now, "body.parameters" if body.text is None else "body"
    )


def read_parameters(
    spec: CommandSpec, given: Mapping[str, str | int | bool], now: float, where: str
) -> Command:
    """Return a command with its parameters. Raises :class:`ApiError` (422)."""
    try:
        return make_command(spec, given, now)
    except WrongParameters as error:
        details = [
            ErrorDetail(field=f"{where}.{name}", message=text)
            for name, text in error.problems.items()
        ]
        raise ApiError(
            422, f"{spec.name} cannot be sent so; see details", details=details
        ) from None


def _rows(kept: KeptCommand) -> list[CommandRow] | None:
    if kept.spec.first_row is None:
        return None
    good = [each for each in kept.answers if each.result == Result.OK]
    return [CommandRow.model_validate(row) for row in setting_rows(kept.spec, good)]


def _answer(kept: KeptCommand) -> CommandAnswer:
    text = reason = None
    if kept.failure is not None:
        text, reason = FAILURES[kept.failure][1], kept.failure.name.lower()
    elif kept.answers and (kept.spec.first_row is None or kept.result is not Result.OK):
        text = answer_text(kept.answers[-1]) or None
    result = kept.result if kept.finished is not None else None
    return CommandAnswer(
        id=kept.id,
        vehicle_id=kept.vehicle_id,
        name=kept.spec.name,
        parameters=kept.parameters,
        status=cast("Any", kept.status),
        result=cast("Any", None if result is None else result.name.lower()),
        reason=reason,
        text=text,
        rows=_rows(kept),
        created=time_of(kept.created),
        finished=None if kept.finished is None else time_of(kept.finished),
    )


def _info(spec: CommandSpec) -> CommandInfo:
    least = len(spec.parameters) - spec.optional
    return CommandInfo(
        name=spec.name,
        number=spec.number,
        meaning=spec.meaning,
        answered_by=cast("Any", spec.answered_by.value),
        rights=right_words(rights_for(spec)),
        is_for_owner=is_for_owner(spec),
        needs_pin=any(isinstance(kind, PinParameter) for kind in spec.parameters),
        has_rows=spec.first_row is not None,
        parameters=[_parameter(kind, at < least) for at, kind in enumerate(spec.parameters)],
    )


def _parameter(kind: ParameterType, is_required: bool) -> ParameterInfo:
    words: Mapping[int, str] = {}
    minimum = maximum = longest = None
    match kind:
        case NumberParameter():
            type_ = "time" if kind.is_time else "number"
            minimum, maximum, words = kind.least, kind.most, kind.names
        case ChoiceParameter():
            type_, words = "choice", kind.words
        case PinParameter():
            type_, is_required = "pin", False
        case TextParameter():
            type_, longest = "text", kind.longest
    return ParameterInfo(
        name=kind.name,
        title=kind.label or kind.name,
        type=cast("Any", type_),
        is_required=is_required,
        minimum=minimum,
        maximum=maximum,
        longest=longest,
        choices=[ParameterChoice(value=value, name=name) for value, name in words.items()],
    )
