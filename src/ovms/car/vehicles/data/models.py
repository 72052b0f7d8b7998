"""The entries of a ``vehicle.toml`` as they are written: keys, types and simple bounds.

Each entry is checked on its own, so that a mistake in one does not hide those in another.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ovms.car.vehicles.data.expectations import WITHIN
from ovms.car.vehicles.data.problems import Document, Path

LEAST_BITRATE, MOST_BITRATE = 10_000, 1_000_000
MOST_ID = 0x1FFFFFFF
LONGEST_PAUSE, LONGEST_INTERVAL = 60.0, 86400.0
"""Seconds between two frames of a command, and between two questions."""


MOST_UNITS = 256
"""Control units of a link: as many as ids of 29 bits tell apart."""

LONGEST_WITHIN = 30.0
"""Seconds that a car may take to show that it has obeyed a command."""

LONGEST_COMMAND = 50.0
"""Seconds from a command to its answer, pauses between frames included. A server waits 60."""


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


Codes = Annotated[list[float], BeforeValidator(_listed)]
Range = Annotated[list[float], Field(min_length=2, max_length=2)]


class MappingEntry(BaseModel):
    """The base of all entries."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class VehicleHeader(MappingEntry):
    """The entries at the top."""

    car_type: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,8}$")]
    description: Annotated[str, Field(min_length=1, max_length=100)]
    bitrate: Annotated[int, Field(ge=LEAST_BITRATE, le=MOST_BITRATE)] | None = None
    """Bits a second on its bus."""
    bus: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,20}$")] = ""
    """The bus of all messages that no other bus has."""
    buses: dict[str, Any] = {}
    signals: dict[str, Any] = {}
    derived: dict[str, Any] = {}
    stale: dict[str, Any] = {}
    silence: list[Any] = []
    isotp: list[Any] = []
    ask: list[Any] = []
    commands: dict[str, Any] = {}
    alerts: dict[str, Any] = {}


class SignalEntry(MappingEntry):
    """What a signal means for one field. See ``docs/vehicles.md``."""

    field: str
    unit: str | None = None
    scale: float = 1
    offset: float = 0
    modulo: Annotated[float, Field(gt=0)] | None = None
    clamp: Range | None = None
    valid: Range | None = None
    none: Codes = []
    skip: Codes = []
    values: dict[str, bool | int | float | str] | None = None
    otherwise: Annotated[bool | int | float | str | None, Field(alias="else")] = None
    when: Any = None
    piece: Annotated[int, Field(ge=1, le=8)] | None = None
    code: str | None = None


class DerivedEntry(MappingEntry):
    """A field that is calculated from others."""

    formula: Annotated[str, Field(min_length=1)]
    unit: str | None = None
    """The formula's unit, if it is not the field's."""
    integrate: bool = False
    """Whether it is summed over hours."""
    when: Any = None
    reset: Any = None
    """When this begins to hold the sum starts over."""


Id = Annotated[int, Field(ge=0, le=MOST_ID)]


class BusEntry(MappingEntry):
    """A bus of a car that has several."""

    messages: list[str] = []
    """What comes from it, and from no other."""
    sends: list[Id] = []
    """The ids of frames that go to it."""
    bitrate: Annotated[int, Field(ge=LEAST_BITRATE, le=MOST_BITRATE)] | None = None


class LinkEntry(MappingEntry):
    """A link to a control unit that answers requests."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,20}$")]
    request: Id
    """The control unit's own id: of requests, and of frames that let a long answer go on."""
    response: Id
    extended: bool = False
    functional: Id | None = None
    """The id of requests, where they do not go to its own."""
    units: Annotated[int, Field(ge=1, le=MOST_UNITS)] = 1
    """How many control units there may be; their ids follow."""
    message: str | None = None
    """The DBC file's message for answers, if it does not have the id of answers."""


class SilenceEntry(MappingEntry):
    """What happens to fields when a message stops coming."""

    of: str
    """The message."""
    after: Annotated[float, Field(gt=0, le=LONGEST_INTERVAL)]
    values: Annotated[dict[str, bool | int | float | str], Field(alias="set", min_length=1)]
    when: Any = None


class FrameEntry(MappingEntry):
    """A frame to send for a command."""

    id: Id | None = None
    to: str | None = None
    """The link that it goes to as a request, instead of an id."""
    extended: bool = False
    data: str
    after: Annotated[float, Field(ge=0, le=LONGEST_PAUSE)] = 0
    """Seconds after the frame before it."""


class ParameterEntry(MappingEntry):
    """The bounds of a command's parameter."""

    least: Annotated[int, Field(ge=0)] | None = None
    most: Annotated[int, Field(ge=0)] | None = None
    one_of: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | None = None
    unused: bool = False
    """Whether the car does not use it."""


class CommandEntry(MappingEntry):
    """A command that the car carries out."""

    parameters: dict[str, Any] = {}
    frames: Annotated[list[Any], Field(min_length=1)]
    expect: Any = None
    """What the car shows when it has obeyed."""
    within: Annotated[float, Field(gt=0, le=LONGEST_WITHIN)] = WITHIN
    """Seconds within which it shows that."""


class AskEntry(MappingEntry):
    """A frame that asks the car for data."""

    purpose: Annotated[str, Field(alias="for", min_length=1)]
    id: Id | None = None
    to: Annotated[list[str], Field(min_length=1), BeforeValidator(_listed)] | None = None
    """The links that the request goes to, instead of an id."""
    whom: Literal["all", "each", "one"] = "all"
    """On a link with several control units: by their common id, each by its own, or the first."""
    extended: bool = False
    data: str
    every: Annotated[float, Field(gt=0, le=LONGEST_INTERVAL)]
    when: Any = None


AnyEntry = TypeVar("AnyEntry", bound=MappingEntry)


def read_entry(
    kind: type[AnyEntry], written: object, document: Document, path: Path
) -> AnyEntry | None:
    """Return one entry. If it is wrong, report that at its place, and return ``None``."""
    try:
        return kind.model_validate(written)
    except ValidationError as error:
        for each in error.errors(include_input=False, include_url=False, include_context=False):
            where = (*path, *each["loc"])
            document.report(where, _say(kind, each["type"], where, each["msg"]))
        return None


def _say(kind: type[MappingEntry], error: str, where: Path, message: str) -> str:
    name = ".".join(map(str, where)) or "the file"
    match error:
        case "missing":
            return f"{name} is missing"
        case "extra_forbidden":
            known = (field.alias or key for key, field in kind.model_fields.items())
            return f"{name}: there is no such key; there are {', '.join(known)}"
        case "model_type":
            return f"{name} should be a table"
    return f"{name}: {message[:1].lower()}{message[1:]}"
