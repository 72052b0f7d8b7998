"""A car whose type is a folder: it reads signals into its state, and makes the frames to send.

It is pure: it returns frames and sends none. Which frames it returns depends on the trust.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ovms.car.answers import AnswerCallback
from ovms.car.frames import Frame
from ovms.car.reports import CarIdentity
from ovms.car.state import CarState, Topic
from ovms.car.trust import Trust
from ovms.car.vehicles.data.conditions import Value
from ovms.car.vehicles.data.control_units import ControlUnit, ControlUnits
from ovms.car.vehicles.data.dbc import Codes
from ovms.car.vehicles.data.derived import Derivation
from ovms.car.vehicles.data.encodings import ValueRefused
from ovms.car.vehicles.data.fields import FIELDS, Holds, StateField
from ovms.car.vehicles.data.folder import VehicleType
from ovms.car.vehicles.data.isotp import ANSWER_TIMEOUT, IsoTpChannel
from ovms.car.vehicles.data.links import IsoTpLink
from ovms.car.vehicles.data.position import PositionReader
from ovms.car.vehicles.data.sending import FrameSender
from ovms.car.vehicles.data.silence import SilenceWatch
from ovms.car.vehicles.data.targets import KEEP, SignalTarget
from ovms.car.vehicles.data.vin import is_vin
from ovms.protocol.commands import Answer, Command, Result

Observer = Callable[[SignalTarget, float, object], None]
"""Called with each target, its code and the value that is read, before the state changes."""


class DataVehicle:
    """A car of a type. ``vin`` overrides the VIN on the bus."""

    def __init__(
        self,
        kind: VehicleType,
        vin: str | None = None,
        trust: Trust = Trust.LISTEN,
        *,
        logs: bool = False,
    ) -> None:
        """Make a car. With ``logs`` trips and charges are sent for the history."""
        self.kind = kind
        self.trust = trust
        self.state = CarState(vin=vin, stale_after=dict(kind.stale))
        can_write = trust >= Trust.WRITE
        self.identity = CarIdentity(
            kind.car_type,
            kind.commands if can_write else frozenset(),
            write_enabled=can_write,
            starts_enabled=False,
            logs=logs,
            alerts=kind.alerts,
        )
        self._messages = kind.messages
        links = kind.links.values()
        self._unit_messages = {link.message for link in links if link.units > 1}
        """The messages of several control units, each of which has signals of its own."""
        self._ids = kind.bus.ids_of(kind.messages).union(*(link.responses for link in links))
        self.observe: Observer | None = None
        self._position = PositionReader(kind.alerts.position)
        self.wake: Callable[[], None] = _do_nothing
        self._told_vin = vin
        self._pieces: dict[int, dict[int, str]] = {}
        """The pieces of the VIN by the id of a control unit, -1 for none, and by number."""
        self._codes: dict[str, float] = {}
        alone = [each for each in kind.questions if each.link is None]
        self._sender = FrameSender(alone, self.look)
        self._channels = {link.name: self._make_channel(link) for link in kind.links.values()}
        self._exchanges = {
            key: self._channels[link.name] for link in kind.links.values() for key in link.responses
        }
        self._unit: ControlUnit | None = None
        """The control unit whose answer is being read."""
        self._is_answer = False
        """An answer to a request is being read."""
        self._commands_links = kind.commands_links
        self._silence = SilenceWatch(kind.silences, self.look)
        self._derivation = Derivation(kind.derived, self._look_within)

    def _make_channel(self, link: IsoTpLink) -> IsoTpChannel | ControlUnits:
        questions = [each for each in self.kind.questions if each.link == link]
        if link.units == 1:
            return IsoTpChannel(link, questions, self.look)
        return ControlUnits(link, questions, self.look, self._look_in)

    @property
    def ids(self) -> frozenset[tuple[int, bool]]:
        """See :class:`~ovms.car.vehicles.BusVehicle`."""
        return self._ids

    @property
    def bitrate(self) -> int | None:
        """See :class:`~ovms.car.vehicles.BusVehicle`."""
        return self.kind.bitrate

    @property
    def must_ask(self) -> bool:
        """See :class:`~ovms.car.vehicles.BusVehicle`: a type with links is read by requests."""
        return bool(self.kind.links)

    @property
    def buses(self) -> frozenset[str]:
        """See :func:`~ovms.car.vehicles.interface.buses_of`."""
        return self.kind.buses.names

    @property
    def bitrates(self) -> Mapping[str, int]:
        """See :func:`~ovms.car.vehicles.interface.bitrate_of`."""
        return self.kind.buses.bitrates

    @property
    def filled(self) -> frozenset[str]:
        """The attributes of the state that this type may fill."""
        kind = self.kind
        targets = itertools.chain(
            *(targets for signals in kind.targets.values() for targets in signals.values())
        )
        return frozenset(
            field.attribute
            for field in (
                *(target.field for target in targets),
                *(field for silence in kind.silences for field in silence.values),
                *(each.field for each in kind.derived),
            )
        )

    def resume(self, now: float) -> None:
        """Note that the state has readings from before: what stays silent from now on is silent.

        They are one reading each, and no event before there is another.
        """
        for name in self.filled:
            if getattr(self.state, name) is not None:
                self.state.read.setdefault(name, now)
        for silence in self.kind.silences:
            self._silence.expect(silence.message, now)
        self._derivation.resume(self.state)
        self._position.resume(self.state, now)

    def advance(self, now: float) -> None:
        """Apply silences, and answer the commands that the car has obeyed."""
        for field, value in self._silence.look(now):
            self._put(field, value, now)
        self._derive(now, is_reading=False)
        if self._sender.is_waiting:
            self._sender.look(now)

    def execute(self, command: Command, now: float, answer: AnswerCallback) -> None:
        """Carry out a command: see :mod:`~ovms.car.vehicles.data.sending`."""
        order = self.kind.orders.get(command.number)
        if order is None or self.trust < Trust.WRITE:
            answer(Answer(command.number, Result.UNSUPPORTED))
            return
        try:
            self._sender.order(order, command, now, answer)
        except ValueRefused as error:
            answer(Answer(command.number, Result.FAILED, str(error)))
        else:
            self.wake()

    # -- reading ----------------------------------------------------------------------------

    def receive(self, frame: Frame, now: float) -> None:
        """Read a frame. Ignore what is not understood."""
        exchanges = self._exchanges
        exchange = exchanges.get((frame.id, frame.is_extended)) if exchanges else None
        if exchange is None or not self.kind.buses.takes(exchange.link.message, frame.channel):
            self._read(frame, now)
            return
        id_, is_extended = exchange.link.read_as or (frame.id, frame.is_extended)
        answer = frame._replace(id=id_, is_extended=is_extended)
        if isinstance(exchange, IsoTpChannel):
            answers: Iterable[tuple[bytes, ControlUnit | None]] = (
                (payload, None) for payload in exchange.receive(frame, now)
            )
        else:
            answers = exchange.receive(frame, now)
        self._is_answer = True
        for payload, self._unit in answers:
            self._read(answer._replace(data=payload), now)
        self._unit, self._is_answer = None, False

    def reads(self, frame: Frame) -> bool:
        """Return whether a frame may tell something."""
        key = (frame.id, frame.is_extended)
        if key not in self._ids:
            return False
        if key in self._exchanges:
            return self.kind.buses.takes(self._exchanges[key].link.message, frame.channel)
        messages = self.kind.bus.messages_of(frame.id, frame.is_extended)
        return any(self._takes(message.name, frame) for message in messages)

    def _takes(self, message: str, frame: Frame) -> bool:
        return message in self._messages and self.kind.buses.takes(message, frame.channel)

    def _read(self, frame: Frame, now: float) -> None:
        """Read a frame, whose data may be a whole answer."""
        if (frame.id, frame.is_extended) not in self._ids:
            return
        for message, codes in self.kind.bus.decode(frame):
            if not self._takes(message, frame):
                continue
            if codes:
                self._silence.hear(message, now)
            self._take(message, codes, now)

    def _take(self, message: str, codes: Codes, now: float) -> None:
        """Take the codes of a message into the state."""
        for name, signal in self.kind.watched.get(message, {}).items():
            if name in codes:
                self._codes[signal.name] = codes[name]
                if self._unit is not None:
                    self._unit.codes[signal.name] = codes[name]
        targets = self.kind.targets.get(message, {})
        for name, code in codes.items():
            for target in targets.get(name, ()):
                value = target.read(code, self.look)
                if self.observe is not None:
                    self.observe(target, code, value)
                self._fill(target, value, now)
        self._derive(now, is_reading=True)

    def _derive(self, now: float, *, is_reading: bool) -> None:
        """Calculate the fields that follow from others."""
        for field, value in self._derivation.update(now, is_reading=is_reading):
            if value is None and field.get(self.state) is None:
                continue
            if field.topic is Topic.POSITION:
                self._position.put(field.name, value, is_read=False)
                if field.get(self.state) != value:
                    continue
            if is_reading and field.topic is not None and value is not None:
                self.state.updated[field.topic] = now
            self._put(field, value, now)
        self._position.settle(self.state, now)

    def look(self, name: str) -> Value:
        """Return what is known of a signal, in the DBC file's unit, or of a field."""
        return self._look_in(self._codes if self._unit is None else self._unit.codes, name)

    def _look_in(self, codes: Mapping[str, float], name: str) -> Value:
        signal = self.kind.signals.get(name)
        if signal is not None:
            code = codes.get(name)
            if code is None and signal.message.name not in self._unit_messages:
                code = self._codes.get(name)
            return None if code is None else signal.scale(code)
        value: Value = FIELDS[name].get(self.state)
        return value

    def _look_within(self, name: str) -> Value:
        """Return what is known of a name; of a signal only a value within the file's range."""
        value, signal = self.look(name), self.kind.signals.get(name)
        if signal is None or not isinstance(value, int | float):
            return value
        return value if signal.is_valid(value) else None

    def _fill(self, target: SignalTarget, value: Any, now: float) -> None:
        field = target.field
        if value is KEEP:
            if field.holds is Holds.TEXT and target.when.holds(self.look):
                self._pieces_of_unit.pop(target.piece, None)
            return
        if self._sender.is_waiting:
            self._sender.heard(field.attribute)
        if field.holds is Holds.TEXT:
            self._put_piece(target.piece, value)
            return
        self.state.read[field.attribute] = now
        if field.topic is Topic.POSITION:
            self._position.put(field.name, value)
            return
        if field.topic is not None and value is not None:
            self.state.updated[field.topic] = now
        self._put(field, value, now)

    def _put(self, field: StateField, value: object, now: float) -> None:
        field.put(self.state, value)
        if field.attribute == "doors_1":
            self.state.note_power(now)

    @property
    def _pieces_of_unit(self) -> dict[int, str]:
        unit = self._unit.channel.link.response if self._unit else -1
        return self._pieces.setdefault(unit, {})

    def _put_piece(self, piece: int, value: object) -> None:
        """Note a piece of the VIN, which stays what it was until all pieces of a unit are there."""
        pieces = self._pieces_of_unit
        if not isinstance(value, str):
            pieces.pop(piece, None)
            self.state.vin = self._told_vin
            return
        pieces[piece] = value
        if len(pieces) < self.kind.pieces:
            return
        whole = "".join(text for _, text in sorted(pieces.items()))
        if not self._is_answer or is_vin(whole):
            self.state.vin = self._told_vin or whole

    # -- sending ----------------------------------------------------------------------------

    def sending(self, now: float) -> list[Frame]:
        """See :class:`~ovms.car.vehicles.BusVehicle`.

        Frames that let answers go on come first, then one command after the other, then requests
        for data. So a frame that cannot be sent makes no other command fail.
        """
        if self.trust < Trust.ASK:
            return []
        exchanges = self._channels.values()
        going_on = [frame for each in exchanges for frame in each.proceed(now)]
        frames = going_on or self._commanding(now) or self._asking(now)
        return [self.kind.buses.address(frame) for frame in frames]

    def _commanding(self, now: float) -> list[Frame]:
        """Return frames of a command. On links each waits for the answer to the one before."""
        if not self._commands_links:
            return self._sender.commanding(now)
        given = self._sender.commanding(now, one=True) if self._open_until is None else []
        for frame in given:
            for exchange in self._channels.values():
                exchange.note(frame, now)
        return given

    def _asking(self, now: float) -> list[Frame]:
        """Return the frames that ask for data; on links none shortly before a command."""
        frames, next_ = self._sender.asking(now), self._sender.next
        if not self._commands_links or next_ is None or next_ - now > ANSWER_TIMEOUT:
            frames += [frame for each in self._asked_links for frame in each.ask(now)]
        return frames

    @property
    def _asked_links(self) -> list[IsoTpChannel | ControlUnits]:
        """The links to ask on: of several for the same message, those on which somebody answers."""
        channels = list(self._channels.values())
        answered = {
            each.link.message
            for each in channels
            if isinstance(each, ControlUnits) and each.is_answered
        }
        return [
            each
            for each in channels
            if not isinstance(each, ControlUnits)
            or each.is_answered
            or each.link.message not in answered
        ]

    @property
    def _open_until(self) -> float | None:
        """When the last open request is given up."""
        ends = (each.open_until for each in self._channels.values())
        return max((end for end in ends if end is not None), default=None)

    @property
    def next_sending(self) -> float | None:
        """See :class:`~ovms.car.vehicles.BusVehicle`."""
        at = self._sender.next
        if at is None or not self._commands_links:
            return at
        return max(at, self._open_until or at)

    def sent(self, now: float, problem: str | None = None) -> None:
        """See :class:`~ovms.car.vehicles.BusVehicle`."""
        self._sender.sent(now, problem)
        for exchange in self._channels.values():
            exchange.sent(now, problem)


def _do_nothing() -> None:
    """Do nothing: without a driver nobody is to be woken."""
