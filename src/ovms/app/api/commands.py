"""Calls about commands to cars, and about how their modules are set up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Final

from ovms.app.api.calls import ApiCalls, ApiModel, OnLost, vehicle_path
from ovms.app.api.link import decode, segment
from ovms.app.errors import NoAnswer

COMMAND_TIMEOUT: Final = 75.0
"""Seconds until a command must be over: the server itself waits for a car for 60."""

POLL_WAIT: Final = 30
"""Seconds that one call waits for the end of a command."""

Parameters = Mapping[str, str | int | bool]


class ApiParameterChoice(ApiModel, frozen=True, kw_only=True):
    """A number of a parameter, and the word for it."""

    value: int
    name: str


class ApiParameter(ApiModel, frozen=True, kw_only=True):
    """A parameter of a command."""

    name: str
    title: str
    """What people call it."""
    type: str
    """``time`` is a time of day: ``22:30`` (UTC), ``22:30+01:00``, or minutes after midnight
    UTC."""
    is_required: bool
    minimum: int | None = None
    """The least number."""
    maximum: int | None = None
    """The greatest number."""
    longest: int | None = None
    """The bytes that a text may have in UTF-8."""
    choices: list[ApiParameterChoice]
    """Numbers that have a word, which may be given instead; all that there are of a ``choice``."""


class ApiKnownCommand(ApiModel, frozen=True, kw_only=True):
    """A command that can be sent to cars. No car supports all of them."""

    name: str
    number: int
    """Its number in the protocol."""
    meaning: str
    answered_by: str
    """Who carries it out: the module itself, its vehicle or its modem."""
    rights: list[str]
    """What the caller must have on the vehicle to send it: ``command``, and ``pin`` or
    ``manage``."""
    is_for_owner: bool = False
    """Only the vehicle's owner may send it."""
    needs_pin: bool
    """It takes the car's PIN; some cars want none."""
    has_rows: bool
    """It is answered by a list."""
    parameters: list[ApiParameter]


class ApiCommandRow(ApiModel, frozen=True, kw_only=True):
    """A row of a car's list of features or parameters."""

    number: int
    name: str | None = None
    """``null`` where it has none that holds for all modules."""
    value: str | None = None
    """Of a password that is set only ``*``."""


class ApiCommand(ApiModel, frozen=True, kw_only=True):
    """A command that was sent, and what became of it."""

    id: str
    vehicle_id: str
    name: str
    parameters: dict[str, str]
    """As they are sent to the car. A PIN or a password is ``*``."""
    status: str
    """``waiting`` behind other commands, ``sent`` to the car, ``done``, ``failed`` (the car or the
    server has refused it), ``unanswered`` (the car may have had it), ``withdrawn`` before it was
    sent."""
    result: str | None = None
    """What the car has answered."""
    reason: str | None = None
    """Why the car has not answered: ``no_answer``, ``connection_lost``, ``sealed``, ``overlong``,
    ``pins_locked``, ``too_many``, ``too_long`` or ``withdrawn``."""
    text: str | None = None
    """The car's words, or a sentence for the reason."""
    rows: list[ApiCommandRow] | None = None
    """The list that the car has answered with; ``null`` of a command without rows."""
    created: datetime
    finished: datetime | None = None


class ApiFeature(ApiModel, frozen=True, kw_only=True):
    """A feature of a module."""

    number: int
    name: str | None = None
    """``null`` where it has none that holds for all modules."""
    value: int | None = None
    """0 is off; ``null`` if the module says none, or no number."""


class ApiModuleParameter(ApiModel, frozen=True, kw_only=True):
    """A parameter of a module."""

    number: int
    name: str | None = None
    """``null`` where it has none."""
    value: str | None = None
    """``null`` if it is empty; of a password that is set only ``*``."""
    is_secret: bool
    """It is a password, which is not told."""


class CommandCalls(ApiCalls):
    """Calls about commands, features and parameters."""

    async def known_commands(self) -> list[ApiKnownCommand]:
        """Return the commands that can be sent to cars, with what each takes and needs."""
        return await self._link.ask("GET", "/commands", list[ApiKnownCommand])

    async def send_command(
        self, vehicle_id: str, name: str, parameters: Parameters | None = None
    ) -> ApiCommand:
        """Send a command to the car, and return it as it is then: it waits, or was sent.

        Parameters have their names and are numbers, or words that people use (``16A``, ``on``).
        """
        body = {"name": name, "parameters": dict(parameters or {})}
        path = vehicle_path(vehicle_id, "/commands")
        return await self._link.ask("POST", path, ApiCommand, body=body)

    async def command(
        self,
        vehicle_id: str,
        name: str,
        parameters: Parameters | None = None,
        *,
        timeout: float = COMMAND_TIMEOUT,
    ) -> ApiCommand:
        """Send a command and return it when it is over; see its ``status`` and ``text``.

        Raises :class:`NoAnswer` if it is not over in time.
        """
        sent = await self.send_command(vehicle_id, name, parameters)
        return await self.finished(sent, timeout=timeout)

    async def finished(
        self, command: ApiCommand, *, timeout: float = COMMAND_TIMEOUT
    ) -> ApiCommand:
        """Return a command that was sent when it is over. Raises :class:`NoAnswer`."""
        try:
            async with asyncio.timeout(timeout):
                while command.finished is None:
                    command = await self.get_command(command.vehicle_id, command.id, wait=POLL_WAIT)
        except TimeoutError:
            raise NoAnswer(f"no answer to {command.name} in {timeout:g} s") from None
        return command

    async def get_command(self, vehicle_id: str, command_id: str, *, wait: float = 0) -> ApiCommand:
        """Return a command that was sent, after ``wait`` seconds at most if it is not over."""
        path = vehicle_path(vehicle_id, f"/commands/{segment(command_id)}")
        return await self._link.ask("GET", path, ApiCommand, query={"wait": wait})

    async def follow_command(
        self, command: ApiCommand, *, on_lost: OnLost | None = None
    ) -> AsyncGenerator[ApiCommandRow | ApiCommand, None]:
        """Yield the rows of a command's answer as they come, and at last the whole command."""
        path = vehicle_path(command.vehicle_id, f"/commands/{segment(command.id)}/events")
        async with aclosing(self._stream(path, {}, on_lost)) as stream:
            async for event in stream:
                if event.type == "row":
                    yield decode(event.data, ApiCommandRow)
                elif event.type == "end":
                    yield decode(event.data, ApiCommand)
                    return

    def commands(self, vehicle_id: str) -> AsyncGenerator[ApiCommand, None]:
        """Yield the commands that the caller has sent to the car, the newest first."""
        return self._items(vehicle_path(vehicle_id, "/commands"), ApiCommand, {})

    async def withdraw_command(self, command: ApiCommand) -> ApiCommand:
        """Withdraw a command that was not sent to the car yet."""
        path = vehicle_path(command.vehicle_id, f"/commands/{segment(command.id)}")
        return await self._link.ask("DELETE", path, ApiCommand)

    async def features(self, vehicle_id: str) -> list[ApiFeature]:
        """Ask the car for its module's features."""
        return await self._link.ask("GET", vehicle_path(vehicle_id, "/features"), list[ApiFeature])

    async def feature(self, vehicle_id: str, number: int) -> ApiFeature:
        """Ask the car for a feature of its module."""
        return await self._link.ask(
            "GET", vehicle_path(vehicle_id, f"/features/{number}"), ApiFeature
        )

    async def set_feature(self, vehicle_id: str, number: int, value: int) -> ApiFeature:
        """Set a feature of the car's module."""
        path = vehicle_path(vehicle_id, f"/features/{number}")
        return await self._link.ask("PUT", path, ApiFeature, body={"value": value})

    async def parameters(self, vehicle_id: str) -> list[ApiModuleParameter]:
        """Ask the car for its module's parameters; only the vehicle's owner may."""
        path = vehicle_path(vehicle_id, "/parameters")
        return await self._link.ask("GET", path, list[ApiModuleParameter])

    async def parameter(self, vehicle_id: str, number: int) -> ApiModuleParameter:
        """Ask the car for a parameter of its module."""
        path = vehicle_path(vehicle_id, f"/parameters/{number}")
        return await self._link.ask("GET", path, ApiModuleParameter)

    async def set_parameter(self, vehicle_id: str, number: int, value: str) -> ApiModuleParameter:
        """Set a parameter of the car's module; only the vehicle's owner may."""
        path = vehicle_path(vehicle_id, f"/parameters/{number}")
        return await self._link.ask("PUT", path, ApiModuleParameter, body={"value": value})
