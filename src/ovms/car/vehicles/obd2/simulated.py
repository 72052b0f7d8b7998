"""A simulated control unit that answers OBD-II requests, in a car that drives and parks. Pure.

The car is :class:`~ovms.car.vehicles.sim.car.SimCar`. Its control unit has power while the car is
on and a little longer; then it is silent. It answers services 01 (up to six PIDs at once) and 09.
To requests for anything else it answers negatively, or not at all if all control units were asked.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from ovms.car.frames import Frame
from ovms.car.state import CarState
from ovms.car.vehicles.data.transport import IsoTpEndpoint
from ovms.car.vehicles.sim import SCENARIOS, SimCar

STANDARD_IDS = (0x7E0, 0x7E8, 0x7DF)
EXTENDED_IDS = (0x18DA10F1, 0x18DAF110, 0x18DB33F1)
"""The ids of requests to the control unit, of its answers, and of requests to all."""

AFTER_RUN = 15.0
"""Seconds that the control unit has power after the car was switched off."""

FLOW_TIMEOUT = 1.0
"""Seconds within which a tester must let a long answer go on."""

MOST_PIDS = 6
"""PIDs in one request."""

CURRENT_DATA, INFORMATION = 0x01, 0x09
"""Services."""

SUPPORTED, VIN = 0x00, 0x02
"""Information types."""

NEGATIVE, NO_SERVICE, NO_FUNCTION = 0x7F, 0x11, 0x12

LONGEST_LEAP = 3600.0
"""Seconds without a call after which the car starts over."""


def _number(value: float | None, size: int) -> bytes:
    """Return a number in bytes, bounded to its range; 0 for unknown."""
    most = (1 << 8 * size) - 1
    return min(max(round(value or 0), 0), most).to_bytes(size, "big")


PIDS: dict[int, Callable[[CarState], bytes]] = {
    0x0D: lambda state: _number(state.speed, 1),
    0x42: lambda state: _number((state.voltage_12v or 0) * 1000, 2),
    0x46: lambda state: _number((state.temperature_ambient or 0) + 40, 1),
    0x5B: lambda state: _number((state.soc or 0) * 2.55, 1),
    0xA6: lambda state: _number((state.odometer or 0) * 10, 4),
}
"""The PIDs of service 01: speed, 12 V, outside temperature, state of charge, odometer."""


def offered(after: int, numbers: Container[int]) -> bytes:
    """Return a bit for each of the 32 numbers after ``after``: whether there is such a PID.

    The last bit says whether there are PIDs further on, which are listed in the same way.
    """
    bits = 0
    for at in range(1, 33):
        further = at == 32 and any(number in numbers for number in range(after + 33, 0x100))
        bits |= (after + at in numbers or further) << 32 - at
    return bits.to_bytes(4, "big")


class SimulatedCar:
    """A car at its OBD-II socket: a :class:`~ovms.car.vehicles.simulation.Simulation`."""

    def __init__(
        self,
        *,
        vin: str | None = None,
        seed: int = 0,
        scenario: str = "commute",
        is_extended: bool = False,
        behind: float = 0.0,
        say: Callable[[str], object] = str,
    ) -> None:
        """Make a car, which starts with the first call. ``is_extended`` is for 29-bit ids.

        It has already run for ``behind`` seconds. ``say`` takes a line when it goes on and off.
        """
        self._behind = behind
        self._say = say
        self._was_on = False
        self._vin = vin
        self._seed = seed
        self._scenario = scenario
        self._is_extended = is_extended
        self._physical, answers, self._functional = EXTENDED_IDS if is_extended else STANDARD_IDS
        self._end = IsoTpEndpoint(answers, self._physical, is_extended)
        self._car: SimCar | None = None
        self._now = self._powered_until = self._stuck_at = 0.0

    @property
    def state(self) -> CarState:
        """The state of the car."""
        return self._car.state if self._car else CarState()

    @property
    def is_powered(self) -> bool:
        """Whether the control unit answers."""
        return self._car is not None and self._now < self._powered_until

    def receive(self, frame: Frame, now: float) -> list[Frame]:
        """See :class:`~ovms.car.vehicles.simulation.Simulation`."""
        self._live(now)
        is_functional = frame.id == self._functional
        is_ours = is_functional or frame.id == self._physical
        if not (self.is_powered and is_ours and frame.is_extended == self._is_extended):
            return []
        if is_functional and (not frame.data or frame.data[0] >> 4):
            return []  # requests to all have one frame
        for request in self._end.receive(frame._replace(id=self._physical), now):
            self._answer(request, is_functional)
        return self._end.take()

    def poll(self, now: float) -> list[Frame]:
        """See :class:`~ovms.car.vehicles.simulation.Simulation`. It sends nothing unasked."""
        self._live(now)
        self._end.process(now)
        return self._end.take()

    def _live(self, now: float) -> None:
        """Move the car forward, and drop an answer that no tester lets go on."""
        if self._car is None or now - self._now > LONGEST_LEAP:
            self._car = SimCar(
                start=now - self._behind,
                seed=self._seed,
                vin=self._vin,
                scenario=SCENARIOS[self._scenario],
            )
        self._now = now
        self._car.advance(now)
        if self._car.state.is_on != self._was_on:
            self._was_on = not self._was_on
            self._say("switched on" if self._was_on else "switched off")
        if self._car.state.is_on:
            self._powered_until = now + AFTER_RUN
        if not self.is_powered or (self._end.is_sending and now >= self._stuck_at):
            self._end.reset()

    def _answer(self, request: bytes, is_functional: bool) -> None:
        answer = self._make_answer(request)
        if answer[0] == NEGATIVE and is_functional:
            return
        if self._end.is_sending:  # a new request ends the answer to the one before
            self._end.reset()
        self._stuck_at = self._now + FLOW_TIMEOUT
        self._end.send(answer, self._now)

    def _make_answer(self, request: bytes) -> bytes:
        service, wanted = request[0], request[1:]
        if service not in (CURRENT_DATA, INFORMATION):
            return bytes([NEGATIVE, service, NO_SERVICE])
        if service == CURRENT_DATA:
            found = b"".join(self._current(pid) for pid in wanted[:MOST_PIDS])
        else:
            found = self._information(wanted)
        return bytes([service + 0x40]) + found if found else bytes([NEGATIVE, service, NO_FUNCTION])

    def _current(self, pid: int) -> bytes:
        """Return a PID with its value; nothing if there is no such PID."""
        if pid % 0x20 == 0:
            further = any(number > pid for number in PIDS)
            return bytes([pid]) + offered(pid, PIDS) if further else b""
        return bytes([pid]) + PIDS[pid](self.state) if pid in PIDS else b""

    def _information(self, wanted: bytes) -> bytes:
        match wanted[:1]:
            case b"\x00":
                return bytes([SUPPORTED]) + offered(0, (VIN,))
            case b"\x02":
                return bytes([VIN, 1]) + (self.state.vin or "").encode("ascii", "replace")
        return b""
