"""A simulated car of any type that is a folder: it sends the frames that its data read. Pure.

The car is :class:`~ovms.car.vehicles.sim.car.SimCar`. What the type's signals fill is turned round:
the car's state makes the codes, and the DBC file the frames. While the car is awake each message is
sent once a second, each variant of a multiplexed one. Requests on the type's links are answered by
the variant that has what is asked for. Commands are not obeyed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cantools.database import EncodeError, Message

from ovms.car.frames import Frame
from ovms.car.state import CarState
from ovms.car.vehicles.data.conditions import ALWAYS
from ovms.car.vehicles.data.dbc import BusSignal
from ovms.car.vehicles.data.fields import Holds
from ovms.car.vehicles.data.folder import VehicleType
from ovms.car.vehicles.data.links import IsoTpLink
from ovms.car.vehicles.data.targets import KEEP, SignalTarget, fits
from ovms.car.vehicles.data.transport import IsoTpEndpoint
from ovms.car.vehicles.sim import SimCar

EVERY = 1.0
"""Seconds between two frames of a message."""

LONGEST_FRAME = 8
"""Bytes of a classic CAN frame."""

LONGEST_LEAP = 3600.0
"""Seconds without a call after which the car starts over."""

AWAKE_AT_FIRST = 120.0
"""Seconds that the car is awake at first, so that a module sees it at once."""

NEGATIVE, NO_DATA = 0x7F, 0x31

CLOSE = 1e-6

Selectors = tuple[tuple[str, frozenset[int]], ...]


@dataclass(frozen=True, slots=True)
class FrameMaker:
    """Makes one variant of a message from a car's state."""

    message: Message
    selectors: Selectors
    signals: Mapping[str, tuple[SignalTarget, ...]]
    fixed: Mapping[str, float]
    """Codes of signals that only conditions test."""
    pieces: Mapping[int, int]
    """Where each piece of the VIN begins."""

    @property
    def names(self) -> set[str]:
        """The signals that it is for."""
        return {*self.signals, *self.fixed}

    def make(self, state: CarState) -> bytes | None:
        """Return the data; ``None`` if the DBC file has no such variant."""
        codes: dict[str, Any] = dict.fromkeys((each.name for each in self.message.signals), 0)
        codes |= self.fixed
        for name, targets in self.signals.items():
            codes[name] = self._code(targets, state)
        codes |= {name: min(ids) for name, ids in self.selectors}
        try:
            return bytes(self.message.encode(codes, scaling=False, strict=False))
        except EncodeError:
            return None

    def _code(self, targets: tuple[SignalTarget, ...], state: CarState) -> float:
        """Return the code that says most of what its targets are to read."""
        wanted = [(target, self._value(target, state)) for target in targets]
        codes = [code for pair in wanted if (code := _invert(*pair)) is not None]
        return max(codes, key=lambda code: sum(_says(*pair, code) for pair in wanted), default=0)

    def _value(self, target: SignalTarget, state: CarState) -> Any:
        value = target.field.get(state)
        if value is None or target.field.holds is not Holds.TEXT:
            return value
        begin = self.pieces.get(target.piece, 0)
        return value[begin : begin + target.signal.signal.length // 8]


def _says(target: SignalTarget, value: Any, code: float) -> float:
    """Return how well a code says a value: words, bits and flags count more than numbers."""
    read = target.read(code, lambda name: None)
    if read is KEEP or read is None or value is None:
        return float(read is value)
    if target.values is not None or target.field.holds not in (Holds.NUMBER, Holds.INTEGER):
        return 2.0 if read == value else 0.0
    return 1 / (1 + abs(float(read) - float(value)))


def _invert(target: SignalTarget, value: Any) -> float | None:
    """Return the code of a value; ``None`` if there is none."""
    if value is None:
        return min(target.none, default=None)
    if target.values is not None:
        found = (code for code, each in target.values.items() if each == value)
        return next(found, None if target.otherwise != value else _unlisted(target))
    match target.field.holds:
        case Holds.TEXT:
            signal = target.signal.signal
            is_little = signal.byte_order == "little_endian"
            text = str(value).encode("ascii", "replace")
            return int.from_bytes(text, "little" if is_little else "big")
        case Holds.FLAG | Holds.BITS:
            code = float(int(value))
        case Holds.NUMBER | Holds.INTEGER:
            code = _invert_number(target, float(value))
        case _:
            return None
    return code if fits(code, target.signal) else _nearest(target.signal, code)


def _unlisted(target: SignalTarget) -> float | None:
    """Return a code that the type does not list."""
    assert target.values is not None
    codes = range(min(1 << target.signal.signal.length, len(target.values) + 1))
    return next((code for code in codes if code not in target.values), None)


def _invert_number(target: SignalTarget, value: float) -> float:
    """Return the code of a number, whose conversion is a straight line but for its ends."""
    signal = target.signal
    least = signal.range[0] if signal.range[0] > float("-inf") else signal.scale(0)
    start = round((least - signal.scale(0)) / (signal.scale(1) - signal.scale(0)))
    codes = []
    long = min(1000, (1 << signal.signal.length) // 2)
    for first, steps in ((start, 1), (start, long), (0, 1), (0, long)):
        low, high = (target.convert(signal.scale(code)) for code in (first, first + steps))
        code = first + (value - low) * steps / (high - low) if high != low else first
        codes.append(code if signal.signal.is_float else float(round(code)))
    return min(codes, key=lambda code: abs(target.convert(signal.scale(code)) - value))


def _nearest(signal: BusSignal, code: float) -> float:
    """Return the code that the signal's bits can hold."""
    bits = signal.signal.length
    least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if signal.signal.is_signed else (
        0, (1 << bits) - 1
    )  # fmt: skip
    return float(min(max(code, least), most))


def frame_makers(kind: VehicleType) -> Iterator[FrameMaker]:
    """Yield what makes each variant of each message that a type reads."""
    pieces, hints = _piece_places(kind), _hints(kind)
    for message in sorted({*kind.targets, *kind.watched}):
        groups: dict[Selectors, dict[str, tuple[SignalTarget, ...]]] = {}
        fixed: dict[Selectors, dict[str, float]] = {}
        for name, targets in kind.targets.get(message, {}).items():
            always = tuple(replace(target, when=ALWAYS) for target in targets)
            groups.setdefault(_selectors(always[0].signal), {})[name] = always
        for name, signal in kind.watched.get(message, {}).items():
            if name not in kind.targets.get(message, {}):
                code = hints.get(signal.name, 0)
                fixed.setdefault(_selectors(signal), {})[name] = code if fits(code, signal) else 1
        found = kind.bus.message(message)
        assert found is not None
        common, fixed_common = groups.pop((), {}), fixed.pop((), {})
        for selectors in sorted({*groups, *fixed}, key=str) or [()]:
            yield FrameMaker(
                found,
                selectors,
                common | groups.get(selectors, {}),
                fixed_common | fixed.get(selectors, {}),
                pieces,
            )


def _selectors(signal: BusSignal) -> Selectors:
    return tuple(sorted(signal.selectors().items()))


def _piece_places(kind: VehicleType) -> dict[int, int]:
    """Return where each piece of the VIN begins."""
    sizes = {
        target.piece: target.signal.signal.length // 8
        for signals in kind.targets.values() for targets in signals.values() for target in targets
        if target.piece
    }  # fmt: skip
    return {piece: sum(sizes[each] for each in sizes if each < piece) for piece in sizes}


def _hints(kind: VehicleType) -> dict[str, float]:
    """Return codes with which what conditions test of signals holds."""
    conditions = [question.when for question in kind.questions]
    conditions += [
        target.when for signals in kind.targets.values() for targets in signals.values()
        for target in targets if target.field.holds is not Holds.ERROR
    ]  # fmt: skip
    hints: dict[str, float] = {}
    for condition in conditions:
        for name, test in (item for each in condition.alternatives for item in each.items()):
            if test.one_of and isinstance(test.one_of[0], int | float):
                hints[name] = test.one_of[0]
            elif test.none_of:
                hints.setdefault(name, next(at for at in range(1, 99) if at not in test.none_of))
    return hints


class SimulatedType:
    """A car of a type: a :class:`~ovms.car.vehicles.simulation.Simulation`."""

    def __init__(
        self,
        kind: VehicleType,
        *,
        vin: str | None = None,
        seed: int = 0,
        behind: float = 0.0,
        say: Callable[[str], object] = str,
    ) -> None:
        """Make a car, which starts with the first call and has run for ``behind`` seconds then.

        ``say`` takes a line when it goes on and off.
        """
        self._kind, self._vin, self._seed = kind, vin, seed
        self._behind, self._say = behind, say
        answers = {link.message for link in kind.links.values()}
        makers = [*frame_makers(kind)]
        self._answers = [each for each in makers if each.message.name in answers]
        self._sent = [
            each for each in makers
            if each not in self._answers and each.message.length <= LONGEST_FRAME
        ]  # fmt: skip
        self._ends = [
            (link, IsoTpEndpoint(link.response, link.request, link.is_extended))
            for link in kind.links.values()
        ]
        self._car: SimCar | None = None
        self._now = self._due = 0.0
        self._was_on = False

    @property
    def state(self) -> CarState:
        """The state of the car."""
        return self._car.state if self._car else CarState()

    def receive(self, frame: Frame, now: float) -> list[Frame]:
        """See :class:`~ovms.car.vehicles.simulation.Simulation`."""
        self._live(now)
        out: list[Frame] = []
        for link, end in self._ends:
            is_ours = frame.id in (link.request, link.functional)
            if not is_ours or frame.is_extended != link.is_extended or not self._is_awake:
                continue
            for request in end.receive(frame._replace(id=link.request), now):
                answer = self._answer(link, request, is_to_all=frame.id != link.request)
                if answer:
                    end.send(answer, now)
            out += end.take()
        return out

    def poll(self, now: float) -> list[Frame]:
        """See :class:`~ovms.car.vehicles.simulation.Simulation`."""
        self._live(now)
        out: list[Frame] = []
        for _, end in self._ends:
            end.process(now)
            out += end.take()
        if now < self._due or not self._is_awake:
            return out
        self._due = now + EVERY
        for maker in self._sent:
            data = maker.make(self.state)
            if data:
                message = maker.message
                out.append(Frame(now, message.frame_id, data, message.is_extended_frame))
        return out

    @property
    def _is_awake(self) -> bool:
        return self._car is not None and self._car.body.is_awake

    def _live(self, now: float) -> None:
        if self._car is None or now - self._now > LONGEST_LEAP:
            self._car = SimCar(start=now - self._behind, seed=self._seed, vin=self._vin)
            self._car.awake_until = now + AWAKE_AT_FIRST
            self._car.wake()
        self._now = now
        self._car.advance(now)
        if bool(self._car.state.is_on) != self._was_on:
            self._was_on = not self._was_on
            self._say("switched on" if self._was_on else "switched off")

    def _answer(self, link: IsoTpLink, request: bytes, *, is_to_all: bool) -> bytes:
        """Return the answer to a request: with the data asked for, or negative, or none."""
        head = bytes([(request[0] + 0x40) & 0xFF]) + request[1:]
        bus_id, is_extended = link.read_as or (link.response, link.is_extended)
        for maker in self._answers:
            data = maker.make(self.state) if maker.message.name == link.message else None
            if data is None or len(data) <= len(head):
                continue
            answer = head + data[len(head) :]
            frame = Frame(self._now, bus_id, answer, is_extended)
            for name, codes in self._kind.bus.decode(frame):
                if name == link.message and codes.keys() >= maker.names:
                    return answer
        return b"" if is_to_all else bytes([NEGATIVE, request[0], NO_DATA])
