"""What the server answers, as the library has it; states are in :mod:`ovms.app.api.state`.

Fields that a newer server adds are passed over.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class ApiModel(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer holds."""


class ApiVehicle(ApiModel, frozen=True, kw_only=True):
    """A vehicle."""

    id: str
    name: str
    """What its owner calls it; empty if nothing."""
    owner: str
    is_own: bool
    """It is the caller's, not shared with them."""
    rights: list[str]
    """What the caller may do with it: ``view``, ``location``, ``command``, ``pin``, ``manage``."""
    is_online: bool
    """Its car is connected to the server."""
    is_paranoid: bool
    """Its messages are sealed: the server cannot read them."""
    tls_only: bool
    created: datetime


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


class ApiAuditEntry(ApiModel, frozen=True, kw_only=True):
    """Something that was done."""

    id: str
    time: datetime
    action: str
    """Words with points between, such as ``login.failed`` or ``command``; more of them will
    come."""
    actor: str | None = None
    """The owner who did it; ``operator`` for the command line of the server; null if unknown."""
    account: str | None = None
    """Whose account it was done to, or whose vehicle; null if none or no longer there."""
    vehicle_id: str | None = None
    detail: str
    """A few words more, for people."""
    address: str | None = None
    """Where it came from; null if unknown, and of others with whom the vehicle is shared."""
