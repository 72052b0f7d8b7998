"""One vehicle's room: its car, its clients, its latest messages, its open commands.

The rules of who hears what are all here. Nothing in a room waits: what it keeps, it hands to the
keeper, and what it sends, it hands to a line. One event loop owns it, so nothing is locked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ovms.base.clock import Clock
from ovms.base.logs import get_logger
from ovms.hub.commands import (
    ANSWER_TIMEOUT,
    EVERYONE,
    LONGEST_COMMAND,
    CommandQueue,
    wire_length,
)
from ovms.hub.interfaces import Keeper, Line, Vehicle
from ovms.protocol import Message, Role
from ovms.protocol.commands import BY_NUMBER, Answer, Command, Result
from ovms.protocol.messages import LatestMessage

PROOF_TIMEOUT = 60.0
"""Seconds a car may be connected without a single line that decrypts."""

CHALLENGER_LIMIT = 4
"""Cars that may wait to take over: a reconnecting car leaves one or two dead connections behind."""

STORED_LIMIT = 256 * 1024
"""Bytes of latest messages kept a vehicle. A car with every record has under 4 KiB."""

FIRST_AT_LOGIN = ("F", "S")
"""What an app wants before the rest: Android reads units and car type from them."""

PING, PONG, JUST_NOW = Message("A"), Message("a"), Message("T", b"0")

NOTHING_TO_SEND = {
    30: "No GPRS utilisation data available",
    31: "No historical data available",
    32: "No historical data available",
}
"""What today's server says to commands that it answers itself when it has nothing."""

log = get_logger("ovms.hub")


@dataclass(slots=True, eq=False)
class Member:
    """Somebody in a room. Times are monotonic seconds."""

    role: Role
    line: Line
    joined: float
    heard: float
    """When something that decrypted last came."""
    sent: float
    """When something was last sent."""
    is_proven: bool = False
    """Has sent a line that decrypts, so its welcome was no copy of an older one."""
    pings: int = 0
    """Pings sent to it that are not answered."""

    @property
    def is_car(self) -> bool:
        """It is the car itself, or claims to be."""
        return self.role is Role.CAR


@dataclass(slots=True, eq=False)
class Room:
    """One vehicle and everybody connected to it."""

    vehicle: Vehicle
    keeper: Keeper
    clock: Clock
    version: str
    """What ``f`` tells clients of this server."""
    answer_timeout: float = ANSWER_TIMEOUT
    car: Member | None = None
    challengers: list[Member] = field(default_factory=list)
    clients: list[Member] = field(default_factory=list)
    messages: dict[str, LatestMessage] = field(default_factory=dict)
    token: str = ""
    """The paranoid token; empty for a car that never sealed anything."""
    is_void: bool = False
    """The vehicle was removed or its secret changed: nobody may enter any more."""
    commands: CommandQueue = field(init=False)
    _has_live_token: bool = field(default=False, init=False)
    """The connected car has told its token: clients need it even before a sealed message."""
    _barrier: int = field(default=0, init=False)
    """Pings that must be answered before the command queue goes on."""

    def __post_init__(self) -> None:
        self.commands = CommandQueue(
            self._to_car, self._ping_for_commands, self._refuse_command, self.answer_timeout
        )
        self.token = self.vehicle.paranoid_token

    def restore(self, stored: Iterable[LatestMessage]) -> None:
        """Take up the messages that were kept; void sealed ones are left out."""
        for row in stored:
            if row.counts(self.token):
                self.messages[row.code] = row

    # -- coming and going -------------------------------------------------------------------

    @property
    def members(self) -> list[Member]:
        """Everybody here."""
        cars = [self.car] if self.car else []
        return [*cars, *self.challengers, *self.clients]

    @property
    def apps(self) -> int:
        """Interactive apps: what the car is told to be watched by. It pays for them."""
        return sum(1 for client in self.clients if client.role is Role.APP)

    def join(self, role: Role, line: Line) -> Member:
        """Let somebody in whose welcome was right."""
        now = self.clock.monotonic()
        member = Member(role, line, joined=now, heard=now, sent=now)
        if not member.is_car:
            self._join_client(member)
        elif self.car is None:
            self._seat(member)
        else:
            self._challenge(member)
        self._keep_presence()
        return member

    def leave(self, member: Member) -> None:
        """See somebody off. May be called again."""
        if member is self.car:
            self._lose_car()
        elif member in self.challengers:
            self.challengers.remove(member)
        elif member in self.clients:
            self.clients.remove(member)
            self.commands.forget(member)
            if member.role is Role.APP:
                self._tell_car_its_peers()
        else:
            return
        self._keep_presence()

    def _join_client(self, member: Member) -> None:
        self.clients.append(member)
        self._send(member, Message("Z", b"1" if self.car else b"0"))
        self._replay(member)
        if member.role is Role.APP:
            self._tell_car_its_peers()

    def _seat(self, member: Member) -> None:
        """Make somebody the car."""
        self.car = member
        self._has_live_token = False
        self._barrier = 0
        self._to_clients(Message("Z", b"1"))
        self._tell_car_its_peers()

    def _challenge(self, member: Member) -> None:
        """Make a second car prove itself: every module answers a ping."""
        self.challengers.append(member)
        for oldest in self.challengers[:-CHALLENGER_LIMIT]:
            oldest.line.close(TakenOver("newer connections of this car wait to take over"))
        self._ping(member)

    def _take_over(self, member: Member) -> None:
        """Put a proven newcomer in the place of the car."""
        old, self.car = self.car, None
        self.challengers.remove(member)
        self.commands.car_gone()
        if old is not None:
            old.line.close(TakenOver("another connection of this car took over"))
        self._seat(member)

    def _lose_car(self) -> None:
        self.car = None
        self.commands.car_gone()
        self._to_clients(Message("Z", b"0"))
        if self.challengers:
            self._seat(self.challengers.pop())

    def _replay(self, member: Member) -> None:
        """Send the stored messages, and how old the newest is."""
        order = [*FIRST_AT_LOGIN, *sorted(self.messages.keys() - set(FIRST_AT_LOGIN))]
        stored = [self.messages[code] for code in order if code in self.messages]
        owes_token = bool(self.token) and self._has_live_token
        owes_token = owes_token or any(latest.token for latest in stored)
        for latest in stored:
            if latest.token and owes_token:
                self._send(member, Message("E", b"T" + self.token.encode("latin-1")))
                owes_token = False
            self._send(member, latest.message)
        if owes_token:
            self._send(member, Message("E", b"T" + self.token.encode("latin-1")))
        newest = max((latest.time for latest in stored), default=self.vehicle.created)
        age = max(0, int(self.clock.time() - newest))
        self._send(member, Message("T", str(age).encode()))

    # -- what they say ----------------------------------------------------------------------

    def receive(self, member: Member, message: Message) -> None:
        """Take a message from somebody here. No message, understood or not, ends a session."""
        member.heard = self.clock.monotonic()
        if member.is_car:
            if not member.is_proven:
                member.is_proven = True
                if member is not self.car:
                    self._take_over(member)
            self._receive_from_car(member, message)
        else:
            self._receive_from_client(member, message)

    def _receive_from_car(self, car: Member, message: Message) -> None:
        handle = FROM_CAR.get(message.code)
        if handle is not None:
            handle(self, car, message)
        else:
            self._store(message.code, message.data, "", message)

    def _receive_from_client(self, client: Member, message: Message) -> None:
        handle = FROM_CLIENT.get(message.code)
        if handle is not None:
            handle(self, client, message)
        elif client.role is Role.APP:
            self._pass_to_car(message)

    def _answer_ping(self, member: Member, message: Message) -> None:
        self._send(member, PONG)

    def _take_pong(self, member: Member, message: Message) -> None:
        member.pings = max(0, member.pings - 1)
        if member.is_car and self._barrier:
            self._barrier -= 1
            if not self._barrier:
                self.commands.ping_answered(self.clock.monotonic())

    def _ignore(self, member: Member, message: Message) -> None:
        log.debug("ignored", vehicle=self.vehicle.id, role=member.role.name, code=message.code)

    def _take_command(self, client: Member, message: Message) -> None:
        """Queue a client's command for the car, or answer it where the server does."""
        command = Command.parse(message.data) if message.code == "C" else None
        spec = BY_NUMBER.get(command.number) if command else None
        if command and spec and spec.by_server:
            reason = NOTHING_TO_SEND[command.number]
            self._send(client, Answer(command.number, Result.FAILED, reason).message)
        elif self.car is not None:
            self.commands.ask(client, message, self.clock.monotonic())
        elif command:
            self._send(
                client, Answer(command.number, Result.FAILED, "car is not connected").message
            )

    def _take_answer(self, car: Member, message: Message) -> None:
        asker = self.commands.answered(message, self.clock.monotonic())
        if isinstance(asker, Member):
            self._send(asker, message)
        elif asker is EVERYONE:
            self._to_clients(message)

    def _take_sealed_from_car(self, car: Member, message: Message) -> None:
        """Take ``ET<token>`` or ``EM<code><data>``."""
        kind, code = message.data[:1], message.data[1:2].decode("latin-1")
        if kind == b"T":
            self._take_token(message.data[1:].decode("latin-1"), message)
        elif kind == b"M" and code == "c":
            self._take_answer(car, message)
        elif kind == b"M" and code and code not in SEALED_NEVER:
            if code in SEALED_UNSTORED or not self.token:
                self._to_clients(message)
            else:
                self._store(code, message.data[2:], self.token, message)

    def _take_token(self, token: str, message: Message) -> None:
        if token != self.token:
            self.token = token
            self.messages = {code: old for code, old in self.messages.items() if not old.token}
            self.keeper.keep_token(self.vehicle.id, token)
        self._has_live_token = True
        self._to_clients(message)

    def _take_sealed_from_client(self, client: Member, message: Message) -> None:
        """Take ``EM<code><data>``; what is sealed for an absent car can only be dropped."""
        if message.data[:2] == b"MC":
            if self.car is not None:
                self._take_command(client, message)
        elif client.role is Role.APP and _is_sealed(message.data):
            self._pass_to_car(message)

    def _store(self, code: str, data: bytes, token: str, message: Message) -> None:
        """Make a car's message the latest of its code, keep it, and tell the clients."""
        if self._fits(code, data):
            latest = LatestMessage(code, data, self.clock.time(), token)
            self.messages[code] = latest
            self.keeper.keep_message(self.vehicle.id, latest)
        else:
            log.warning("message not kept: too much is stored", vehicle=self.vehicle.id, code=code)
        for client in self.clients:
            self._send(client, message)
            if message.code == "F":
                self._send(client, Message("f", self.version.encode()))
            self._send(client, JUST_NOW)

    def _fits(self, code: str, data: bytes) -> bool:
        others = sum(len(old.data) for old in self.messages.values() if old.code != code)
        return others + len(data) <= STORED_LIMIT

    # -- time -------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Let time pass; call it about once a second."""
        if not self.commands.is_idle:
            self.commands.tick(now)

    # -- sending ----------------------------------------------------------------------------

    def _send(self, member: Member, message: Message) -> None:
        if member.line.send(message):
            member.sent = self.clock.monotonic()

    def _to_clients(self, message: Message) -> None:
        for client in self.clients:
            self._send(client, message)

    def _to_car(self, message: Message) -> None:
        if self.car is not None:
            self._send(self.car, message)

    def _pass_to_car(self, message: Message) -> None:
        if wire_length(message) <= LONGEST_COMMAND:
            self._to_car(message)

    def _ping(self, member: Member) -> None:
        member.pings += 1
        self._send(member, PING)

    def ping_car(self) -> None:
        """Send the car something, lest it take the silence for a dead network."""
        if self.car is not None:
            self._ping(self.car)

    def _ping_for_commands(self) -> None:
        self.ping_car()
        self._barrier = self.car.pings if self.car else 0

    def _refuse_command(self, asker: object, answer: Message) -> None:
        if isinstance(asker, Member):
            self._send(asker, answer)

    def _tell_car_its_peers(self) -> None:
        self._to_car(Message("Z", str(self.apps).encode()))

    def close(self, error: Exception) -> None:
        """Close everybody's connection; what they still do here is not kept any more."""
        self.keeper.keep_presence(self.vehicle.id, car=False, apps=0, batch=0)
        self.is_void = True
        for member in self.members:
            member.line.close(error)

    def _keep_presence(self) -> None:
        if self.is_void:
            return  # another room of this vehicle may be open
        batch = len(self.clients) - self.apps
        self.keeper.keep_presence(
            self.vehicle.id, car=self.car is not None, apps=self.apps, batch=batch
        )


class TakenOver(Exception):
    """A car's connection gave way to a newer one of the same car."""


def _is_sealed(data: bytes) -> bool:
    """Tell whether the data of an ``E`` is a sealed message of some code."""
    return data[:1] == b"M" and len(data) > 1 and chr(data[1]) not in SEALED_NEVER


Handler = Callable[[Room, Member, Message], None]

FROM_CAR: dict[str, Handler] = {
    "A": Room._answer_ping,
    "a": Room._take_pong,
    "c": Room._take_answer,
    "E": Room._take_sealed_from_car,
    **dict.fromkeys("CGgHhPpTZf", Room._ignore),
}
"""What a car says that is not simply its latest message of that code."""

FROM_CLIENT: dict[str, Handler] = {
    "A": Room._answer_ping,
    "a": Room._take_pong,
    "C": Room._take_command,
    "E": Room._take_sealed_from_client,
    **dict.fromkeys("GPcgpTZf", Room._ignore),
}
"""What a client says; any other code of an interactive app is passed on to the car as it came."""

SEALED_NEVER = frozenset("AaE")
"""Codes that are never sealed."""

SEALED_UNSTORED = frozenset("CGgHhPpTZf")
"""Codes that are passed on when they come sealed, but are no latest message of anything."""
