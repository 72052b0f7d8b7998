"""A car whose type is a folder: its bus's signals folded into its state, and what to send it.

Pure: it gives the frames that are to be sent, and sends none. How many it gives depends on how far
it is trusted.
"""

from __future__ import annotations

from collections.abc import Callable

from ovms.car.frames import Frame
from ovms.car.reports import Identity
from ovms.car.state import CarState
from ovms.car.trust import Trust
from ovms.car.vehicles import Later
from ovms.car.vehicles.data.conditions import Value
from ovms.car.vehicles.data.encodings import Refused
from ovms.car.vehicles.data.fields import FIELDS, Holds
from ovms.car.vehicles.data.folder import VehicleType
from ovms.car.vehicles.data.sending import Sender
from ovms.car.vehicles.data.targets import KEEP, Target
from ovms.protocol.commands import Answer, Command, Result


class DataVehicle:
    """A car of a type. ``vin`` is believed more than the bus."""

    def __init__(
        self, kind: VehicleType, vin: str | None = None, trust: Trust = Trust.LISTEN
    ) -> None:
        self.kind = kind
        self.trust = trust
        self.state = CarState(vin=vin, stale_after=dict(kind.stale))
        can_write = trust >= Trust.WRITE
        self.identity = Identity(
            kind.car_type,
            kind.commands if can_write else frozenset(),
            write_enabled=can_write,
            starts_enabled=False,
        )
        self.wake: Callable[[], None] = _do_nothing
        self._told_vin = vin
        self._pieces: dict[int, str] = {}
        self._codes: dict[str, float] = {}
        self._sender = Sender(kind.questions, self._look)

    @property
    def ids(self) -> frozenset[tuple[int, bool]]:
        """See :class:`~ovms.car.vehicles.BusVehicle`."""
        return self.kind.bus.ids

    @property
    def bitrate(self) -> int | None:
        """See :class:`~ovms.car.vehicles.BusVehicle`."""
        return self.kind.bitrate

    def advance(self, now: float) -> None:
        """See which commands the car has obeyed; all else happens in its frames."""
        if self._sender.is_waiting:
            self._sender.look(now)

    def execute(self, command: Command, now: float) -> Answer | Later:
        """Obey a command: see :mod:`~ovms.car.vehicles.data.sending`."""
        order = self.kind.orders.get(command.number)
        if order is None or self.trust < Trust.WRITE:
            return Answer(command.number, Result.UNSUPPORTED)
        try:
            answer = self._sender.order(order, command, now)
        except Refused as error:
            return Answer(command.number, Result.FAILED, str(error))
        self.wake()
        return answer

    # -- reading ----------------------------------------------------------------------------

    def receive(self, frame: Frame, now: float) -> None:
        """Take in a frame. What is not understood is ignored."""
        message, codes = self.kind.bus.decode(frame)
        for name, signal in self.kind.watched.get(message, {}).items():
            if name in codes:
                self._codes[signal.name] = codes[name]
        targets = self.kind.targets.get(message, {})
        for name, code in codes.items():
            for target in targets.get(name, ()):
                self._fill(target, target.read(code, self._look), now)

    def _look(self, name: str) -> Value:
        signal = self.kind.signals.get(name)
        if signal is not None:
            code = self._codes.get(name)
            return None if code is None else signal.scale(code)
        value: Value = FIELDS[name].get(self.state)
        return value

    def _fill(self, target: Target, value: object, now: float) -> None:
        field = target.field
        if value is KEEP:
            return
        if self._sender.is_waiting:
            self._sender.heard(field.attribute)
        if field.holds is Holds.TEXT:
            self._put_piece(target.piece, value)
            return
        field.put(self.state, value)
        if field.topic is not None and value is not None:
            self.state.updated[field.topic] = now
        if field.attribute == "doors_1":
            self.state.note_power(now)

    def _put_piece(self, piece: int, value: object) -> None:
        """Take a piece of the VIN; as long as one is missing it is not known."""
        if isinstance(value, str):
            self._pieces[piece] = value
        else:
            self._pieces.pop(piece, None)
        is_whole = len(self._pieces) == self.kind.pieces
        whole = "".join(text for _, text in sorted(self._pieces.items())) if is_whole else None
        self.state.vin = self._told_vin or whole

    # -- sending ----------------------------------------------------------------------------

    def sending(self, now: float) -> list[Frame]:
        """Give the frames that are due: of commands, then those that ask for data."""
        asking = self._sender.asking(now) if self.trust >= Trust.ASK else []
        return [*self._sender.commanding(now), *asking]

    @property
    def next_sending(self) -> float | None:
        """See :class:`~ovms.car.vehicles.BusVehicle`."""
        return self._sender.next

    def sent(self, now: float, problem: str | None = None) -> None:
        """See :class:`~ovms.car.vehicles.BusVehicle`."""
        self._sender.sent(now, problem)


def _do_nothing() -> None:
    """Stand for a driver that looks by itself."""
