"""What is worth an alert: charges that end, and errors that the car shows. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ovms.car.state import CarState, VehicleError
from ovms.protocol.records.alert import Alert, AlertKind

CHARGING = ("charging", "topoff", "heating", "prepare")
"""Charge states in which a charge is under way."""

INTERRUPTED = 0x0C
"""The charge state, as a number, of a charge that broke off by itself."""


class AlertWatch:
    """Watches a car for what its owner should know. What is first seen is no news."""

    def __init__(self, car_type: str) -> None:
        self._car_type = car_type
        self._charge: str | None = None
        self._error: VehicleError | None = None

    def look(self, state: CarState) -> list[Alert]:
        """Take a look at the car; give the alerts that are new."""
        return [*self._look_at_charge(state), *self._look_at_error(state)]

    def _look_at_charge(self, state: CarState) -> Iterator[Alert]:
        before, self._charge = self._charge, state.charge_state
        if before not in CHARGING or self._charge in CHARGING:
            return
        at = "" if state.soc is None else f" at {state.soc:.0f} %"
        if self._charge == "done":
            yield Alert(AlertKind.INFORMATION.value, f"Charging done{at}")
        elif self._charge == "stopped":
            is_broken = state.charge_state_number == INTERRUPTED
            word = "interrupted" if is_broken else "stopped"
            yield Alert(AlertKind.ALERT.value, f"Charging {word}{at}")

    def _look_at_error(self, state: CarState) -> Iterator[Alert]:
        before, self._error = self._error, state.error
        if state.error is not None and state.error != before:
            text = f"{self._car_type},{state.error.code},{state.error.data}"
            yield Alert(AlertKind.ERROR.value, text)
