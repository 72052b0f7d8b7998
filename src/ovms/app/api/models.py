"""What the server answers, as the library has it; states are in :mod:`ovms.app.api.state`.

Fields that a newer server adds are passed over.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class ApiModel(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer holds."""


class ApiVehicle(ApiModel, frozen=True, kw_only=True):
    """A vehicle."""

    id: str
    name: str
    """What its owner calls it; empty if nothing."""
    owner: str
    """The name of its owner."""
    is_own: bool
    """It is the caller's, not shared with them."""
    rights: list[str]
    """What the caller may do with it: ``view``, ``location``, ``command``, ``pin``, ``manage``."""
    is_online: bool
    """Its car is connected to this server, or to one that tells this one."""
    is_paranoid: bool
    """Its messages are sealed: the server cannot read them, nor send commands."""
    tls_only: bool
    """It takes log-ins and calls over TLS only."""
    log_days: int | None = None
    """Days that its telemetry is kept; 0 is not at all, null as the server's settings say."""
    log_position_days: int | None = None
    """The same of its positions."""
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


class ApiRecordType(ApiModel, frozen=True, kw_only=True):
    """What the history holds of one type."""

    type: str
    records: int
    numbers: int
    """How many different record numbers there are."""
    bytes: int
    """A record counts its data, its type, the vehicle's id, and 20."""
    first: datetime
    """When the oldest was made."""
    last: datetime
    holds_position: bool
    """Its records may say where the car was: to read them needs the right ``location``."""


class ApiRecord(ApiModel, frozen=True, kw_only=True):
    """A record."""

    time: datetime
    """When it was made."""
    number: int
    data: str
    """As the car has sent it."""
    fields: dict[str, Any] | None = None
    """What the data say, by name, in km and km/h; null for a type that the server cannot read."""


class ApiAlert(ApiModel, frozen=True, kw_only=True):
    """An alert."""

    time: datetime
    """When the server had it."""
    kind: str
    """``alert``, ``information`` or ``error``, or the letter of another kind."""
    text: str | None = None
    """Null if it may say where the car was, for callers without the right ``location``."""


class ApiToken(ApiModel, frozen=True, kw_only=True):
    """An API token, without its digits."""

    id: int
    first: str
    """Its first digits, by which its owner knows it again."""
    application: str
    """The program that uses it."""
    purpose: str
    """What for."""
    rights: list[str]
    """What it allows; ``*`` is everything."""
    created: datetime
    last_used: datetime | None = None
    """When it last logged in, to the minute."""
    expires: datetime | None = None
    """When it ends, or has ended; ``null`` for never. It is deleted 30 days after that."""
    is_live: bool
    """It has not expired."""
    is_current: bool
    """This call was made with it."""


class ApiNewToken(ApiModel, frozen=True, kw_only=True):
    """A token that was just made."""

    id: int
    first: str
    """Its first digits, by which its owner knows it again."""
    application: str
    """The program that uses it."""
    purpose: str
    """What for."""
    rights: list[str]
    """What it allows; ``*`` is everything."""
    created: datetime
    last_used: datetime | None = None
    """When it last logged in, to the minute."""
    expires: datetime | None = None
    """When it ends, or has ended; ``null`` for never. It is deleted 30 days after that."""
    is_live: bool
    """It has not expired."""
    is_current: bool
    """This call was made with it."""
    token: str
    """All its digits. They are told this once."""


class ApiShare(ApiModel, frozen=True, kw_only=True):
    """A vehicle that is shared with somebody."""

    vehicle_id: str
    owner: str
    """The name of the owner with whom it is shared."""
    rights: list[str]
    """What they may do: ``view``, ``location``, ``command``, ``pin``, ``manage``."""
    expires: datetime | None = None
    """When the share ends by itself; ``null`` for never."""
    created: datetime
    changed: datetime


class ApiReceivedShare(ApiModel, frozen=True, kw_only=True):
    """A vehicle that somebody shares with the caller."""

    vehicle_id: str
    owner: str
    """The name of its owner."""
    rights: list[str]
    """What the caller may do: ``view``, ``location``, ``command``, ``pin``, ``manage``."""
    expires: datetime | None = None
    """When the share ends by itself; ``null`` for never."""
    created: datetime
    changed: datetime
