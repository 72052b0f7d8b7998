"""The module's features and parameters, which commands can change while it runs.

Numbers are the guide's. Features 0 to 7 are lost at a restart. Features 8 to 15 are kept, each as
the parameter whose number is 16 higher. A value that was set by command overrides the value that
the module was started with, until it is set to nothing. A :class:`ParameterStore` keeps what was
set; without one it is lost with the process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from ovms.car.parameter_types import FEATURE_COUNT, PARAMETER_COUNT
from ovms.car.parameters import (
    FEATURE_OFFSET,
    GROUPS,
    HIDDEN,
    KEPT_FEATURES,
    BadParameter,
    Parameter,
    check,
)
from ovms.car.reports import Units
from ovms.protocol.commands import LONGEST_VALUE, Answer, Result
from ovms.protocol.parameters import NumberParameter, TextParameter
from ovms.protocol.settings_names import FEATURE_NAMES, HIDDEN_VALUE

FEATURES, PARAMETERS = 1, 3
"""The commands that list them."""

STREAM, MINIMUM_SOC, CHARGE_LIMIT, CAN_WRITE = 8, 9, 10, 15
"""The features that do something."""


@dataclass(frozen=True, slots=True)
class Feature:
    """What a feature does, and its largest value."""

    name: str
    meaning: str
    most: int


KNOWN_FEATURES = {
    STREAM: Feature(
        FEATURE_NAMES[STREAM],
        "seconds between two positions on the way while an app watches; 0 none",
        60,
    ),
    MINIMUM_SOC: Feature(
        FEATURE_NAMES[MINIMUM_SOC], "% of charge below which an alert is sent; 0 none", 100
    ),
    CHARGE_LIMIT: Feature(
        "charge limit",
        "% of charge at which a charge ends, if the vehicle can do that; 0 none",
        100,
    ),
    CAN_WRITE: Feature(FEATURE_NAMES[CAN_WRITE], "1: commands to the car itself are obeyed", 1),
}
"""The features that do something. The others only keep their value (0 is the guide's speedo)."""

ANY_FEATURE = Feature("", "nothing yet", 255)


class BadValue(ValueError):
    """A value that cannot be set; the text, without commas, says why."""


class ParameterStore(Protocol):
    """Keeps parameters over a restart."""

    def load(self) -> dict[int, str]:
        """Return what was saved last, unchecked; nothing if it is damaged."""
        ...

    def save(self, values: Mapping[int, str]) -> None:
        """Replace all values. Raise :class:`OSError` if that fails; then the old values stay."""


class ModuleSettings:
    """The settings in use: ``configured`` from the start, and what was set since."""

    def __init__(self, configured: Mapping[int, str], store: ParameterStore | None = None) -> None:
        self._configured = dict(sound(configured))
        self._store = store
        self.locked: frozenset[int] = frozenset()
        """Parameters that cannot be set over the present connection."""
        self._set = dict(sound(store.load())) if store else {}
        self._volatile = dict.fromkeys(range(KEPT_FEATURES.start), 0)

    @property
    def is_kept(self) -> bool:
        """Whether what is set is kept over a restart."""
        return self._store is not None

    @property
    def changed(self) -> Mapping[int, str]:
        """The parameters that were set, by number."""
        return dict(self._set)

    # -- what the module asks ---------------------------------------------------------------

    @property
    def units(self) -> Units:
        """The unit of distances on the wire."""
        return Units(self._value(Parameter.UNITS) or Units.MILES)

    @property
    def can_write(self) -> bool:
        """Whether commands to the car itself are carried out."""
        return bool(self.feature(CAN_WRITE))

    @property
    def stream_interval(self) -> int | None:
        """Seconds between two positions while driving; ``None`` without a stream."""
        return self.feature(STREAM) or None

    @property
    def minimum_soc(self) -> int | None:
        """% of charge below which there is an alert; ``None`` for no such alert."""
        return self.feature(MINIMUM_SOC) or None

    @property
    def charge_limit(self) -> int | None:
        """% of charge at which a charge is to end; ``None`` for no limit."""
        return self.feature(CHARGE_LIMIT) or None

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that are sent each position, each once."""
        names = (self._value(number) for number in GROUPS)
        return tuple(dict.fromkeys(name for name in names if name))

    # -- features ---------------------------------------------------------------------------

    def feature(self, number: int) -> int:
        """Return a feature's value."""
        if number in KEPT_FEATURES:
            return int(self._value(number + FEATURE_OFFSET) or 0)
        return self._volatile[number]

    def set_feature(self, number: int, value: str) -> None:
        """Set a feature. Raise :class:`BadValue` for a value that makes no sense."""
        _check_feature(number, value)
        if number in KEPT_FEATURES:
            self._keep(number + FEATURE_OFFSET, str(int(value)))
        else:
            self._volatile[number] = int(value)

    # -- parameters -------------------------------------------------------------------------

    def parameter(self, number: int) -> str:
        """Return a parameter's value as it may be shown: of a password only whether it is set.

        As in the guide, features are not shown among the parameters: command 1 shows them.
        """
        if number - FEATURE_OFFSET in KEPT_FEATURES:
            return ""
        value = self._value(number)
        return HIDDEN_VALUE if value and number in HIDDEN else value

    def set_parameter(self, number: int, value: str) -> None:
        """Set a parameter. An empty value restores the one that the module was started with.

        A feature's parameter sets the feature. Raise :class:`BadValue`.
        """
        if number - FEATURE_OFFSET in KEPT_FEATURES and value:
            self.set_feature(number - FEATURE_OFFSET, value)
            return
        if number in self.locked:
            raise BadValue(
                str(BadParameter(number, "is set only over TLS with a checked certificate"))
            )
        _check_parameter(number, value)
        if number == Parameter.PARANOID and not self.is_kept:
            raise BadValue("a paranoid password counts after a restart: start the car with --state")
        self._keep(number, value)

    def _value(self, number: int) -> str:
        return self._set.get(number) or self._configured.get(number, "")

    def _keep(self, number: int, value: str) -> None:
        values = {**self._set, number: value}
        if not value:
            del values[number]
        if self._store is not None and values != self._set:
            try:
                self._store.save(values)
            except OSError as error:
                raise BadValue(f"cannot be kept: {error.strerror or 'no storage'}") from None
        self._set = values


def sound(values: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    """Yield the parameters that could be set. The values may come from anywhere."""
    for number, value in values.items():
        try:
            if number - FEATURE_OFFSET in KEPT_FEATURES:
                _check_feature(number - FEATURE_OFFSET, value)
            else:
                _check_parameter(number, value)
        except BadValue:
            continue
        if value and number in range(PARAMETER_COUNT):
            yield number, value


def _check_feature(number: int, value: str) -> None:
    most = KNOWN_FEATURES.get(number, ANY_FEATURE).most
    found = NumberParameter(f"feature {number}", 0, most).problem(value)
    if found is not None:
        raise BadValue(found)


def _check_parameter(number: int, value: str) -> None:
    found = TextParameter(f"parameter {number}", LONGEST_VALUE).problem(value)
    if found is not None:
        raise BadValue(found)
    if number in HIDDEN and value == HIDDEN_VALUE:
        raise BadValue(f"{HIDDEN_VALUE} stands for a password that is not shown")
    try:
        check(number, value)
    except BadParameter as error:
        raise BadValue(str(error)) from None


def list_rows(command: int, settings: ModuleSettings) -> Iterator[Answer]:
    """Yield the rows of the answer to command 1 or 3: number, count, value."""
    if command == FEATURES:
        values = [str(settings.feature(number)) for number in range(FEATURE_COUNT)]
    else:
        values = [settings.parameter(number) for number in range(PARAMETER_COUNT)]
    for number, value in enumerate(values):
        yield Answer(command, Result.OK, f"{number},{len(values)},{value}")
