"""The module's features and parameters, as commands 1 and 3 list them.

Numbers are the guide's: features 0 to 7 are lost with the power, 8 to 15 are kept, each as the
parameter 16 above it. What they say is what the module runs with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ovms.car.parameters import FEATURE_OFFSET, KEPT_FEATURES, Parameter
from ovms.car.reports import Units
from ovms.protocol.commands import Answer, Result

FEATURES, PARAMETERS = 1, 3
"""The commands that list them."""

FEATURE_COUNT, PARAMETER_COUNT = 16, 32
"""As many as the first modules have, which is what every app expects at least."""

FEATURE_CAN_WRITE = 15


@dataclass(frozen=True, slots=True)
class ModuleSettings:
    """What the module runs with. Passwords are not among what it lists."""

    units: Units
    vehicle_id: str
    write_enabled: bool

    def feature(self, number: int) -> str:
        """Give a feature's value."""
        return "1" if number == FEATURE_CAN_WRITE and self.write_enabled else "0"

    def parameter(self, number: int) -> str:
        """Give a parameter's value; empty where nothing is set."""
        if number - FEATURE_OFFSET in KEPT_FEATURES:
            return self.feature(number - FEATURE_OFFSET)
        values: dict[int, str] = {
            Parameter.UNITS: self.units.value,
            Parameter.VEHICLE_ID: self.vehicle_id,
        }
        return values.get(number, "")


def list_rows(command: int, settings: ModuleSettings) -> Iterator[Answer]:
    """Give the rows that answer command 1 or 3: number, how many there are, value."""
    count, value = {
        FEATURES: (FEATURE_COUNT, settings.feature),
        PARAMETERS: (PARAMETER_COUNT, settings.parameter),
    }[command]
    for number in range(count):
        yield Answer(command, Result.OK, f"{number},{count},{value(number)}")
