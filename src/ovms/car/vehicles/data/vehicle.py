"""A car whose type is a folder: its bus's signals folded into its state, and what to send it.

Pure: it gives the frames that are to be sent, and sends none.
"""

from __future__ import annotations

from ovms.car.replay import Frame
from ovms.car.reports import Identity
from ovms.car.state import CarState
from ovms.car.vehicles.data.conditions import Value
from ovms.car.vehicles.data.encodings import Refused
from ovms.car.vehicles.data.fields import FIELDS, Holds
from ovms.car.vehicles.data.folder import VehicleType
from ovms.car.vehicles.data.targets import KEEP, Target
from ovms.protocol.commands import Answer, Command, Result


class DataVehicle:
    """A car of a type. It is only listened to as long as nobody sends what it gives.

    ``vin`` is believed more than the bus. With ``logs`` trips and charges are told for the history.
    """

    def __init__(self, kind: VehicleType, vin: str | None = None, *, logs: bool = False) -> None:
        self.kind = kind
        self.state = CarState(vin=vin, stale_after=dict(kind.stale))
        self.identity = Identity(kind.car_type, frozenset(), write_enabled=False, logs=logs)
        self._told_vin = vin
        self._pieces: dict[int, str] = {}
        self._codes: dict[str, float] = {}
        self._asked: dict[int, float] = {}

    def advance(self, now: float) -> None:
        """Nothing happens between frames."""

    def execute(self, command: Command, now: float) -> Answer:
        """Refuse: nothing is written to the bus."""
        return Answer(command.number, Result.UNSUPPORTED)

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

    # -- what to send -----------------------------------------------------------------------

    def asking(self, now: float) -> list[Frame]:
        """Give the frames that ask for data and are due; they count as sent at ``now``."""
        due = []
        for at, question in enumerate(self.kind.questions):
            asked = self._asked.get(at)
            is_due = asked is None or now - asked >= question.every
            if is_due and question.when.holds(self._look):
                self._asked[at] = now
                due.append(Frame(now, question.id, question.data, question.is_extended))
        return due

    def command_frames(self, command: Command) -> tuple[Frame, ...] | str:
        """Give the frames for a command, or why it is refused.

        ``time`` of a frame is when to send it, in seconds after the first.
        """
        order = self.kind.orders.get(command.number)
        if order is None:
            return "not supported by this vehicle"
        try:
            return order.make(command)
        except Refused as error:
            return str(error)
