"""The entries of a ``vehicle.toml``, as they are written: keys, kinds and plain bounds.

Each is checked on its own, so that one that is wrong does not hide what is wrong with another.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ovms.car.vehicles.data.problems import Document, Path

MOST_ID = 0x1FFFFFFF
LONGEST_PAUSE, LONGEST_INTERVAL = 60.0, 86400.0
"""Seconds between two frames of a command, and between two questions."""


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


Codes = Annotated[list[float], BeforeValidator(_listed)]
Range = Annotated[list[float], Field(min_length=2, max_length=2)]


class Entry(BaseModel):
    """What all entries have in common."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Head(Entry):
    """The entries at the top."""

    car_type: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,8}$")]
    description: Annotated[str, Field(min_length=1, max_length=100)]
    signals: dict[str, Any] = {}
    stale: dict[str, Any] = {}
    ask: list[Any] = []
    commands: dict[str, Any] = {}


class SignalEntry(Entry):
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


class FrameEntry(Entry):
    """A frame to send for a command."""

    id: Annotated[int, Field(ge=0, le=MOST_ID)]
    extended: bool = False
    data: str
    after: Annotated[float, Field(ge=0, le=LONGEST_PAUSE)] = 0
    """Seconds after the frame before it."""


class ParameterEntry(Entry):
    """What a parameter of a command may be."""

    least: Annotated[int, Field(ge=0)] | None = None
    most: Annotated[int, Field(ge=0)] | None = None
    one_of: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | None = None
    unused: bool = False
    """The car has no use for it."""


class CommandEntry(Entry):
    """A command that the car obeys."""

    parameters: dict[str, Any] = {}
    frames: Annotated[list[Any], Field(min_length=1)]


class AskEntry(Entry):
    """A frame that asks the car for data."""

    purpose: Annotated[str, Field(alias="for", min_length=1)]
    id: Annotated[int, Field(ge=0, le=MOST_ID)]
    extended: bool = False
    data: str
    every: Annotated[float, Field(gt=0, le=LONGEST_INTERVAL)]
    when: Any = None


AnyEntry = TypeVar("AnyEntry", bound=Entry)


def read_entry(
    kind: type[AnyEntry], written: object, document: Document, path: Path
) -> AnyEntry | None:
    """Read one entry; report what is wrong with it, at its place, and give ``None``."""
    try:
        return kind.model_validate(written)
    except ValidationError as error:
        for each in error.errors(include_input=False, include_url=False, include_context=False):
            where = (*path, *each["loc"])
            document.report(where, _say(kind, each["type"], where, each["msg"]))
        return None


def _say(kind: type[Entry], error: str, where: Path, message: str) -> str:
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
