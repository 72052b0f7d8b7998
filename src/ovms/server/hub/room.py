"""One vehicle's room: its car, its clients, its latest messages, its open commands.

The rules of who hears what are all here; how things are kept is the journal's business. Nothing in
a room waits: what it keeps, it hands on to be kept, and what it sends, it hands to a line. One
event loop owns it, so nothing is locked.
"""

from __future__ import annotations

from collections.abc import Callable

from ovms.base.logs import get_logger
from ovms.protocol import Message, Role
from ovms.protocol.codes import CODES, FromCar, Relay, Sealing
from ovms.protocol.commands import BY_NUMBER, Answer, Command, Result
from ovms.protocol.messages import LatestMessage
from ovms.protocol.paranoid import sealed_message, token_of
from ovms.protocol.records.alert import Alert
from ovms.server.hub import answers
from ovms.server.hub.commands import (
    BROADCAST,
    NOT_CONNECTED,
    QUEUE_LIMIT,
    TOO_MANY,
    CommandQueue,
)
from ovms.server.hub.context import RoomContext
from ovms.server.hub.interfaces import Line
from ovms.server.hub.latest import LatestMessages
from ovms.server.hub.member import Car, Member
from ovms.server.hub.pacing import PONG, WATCHING, Pacer, RemoteCarPacer, budget_of
from ovms.server.hub.recorder import VehicleRecorder
from ovms.server.hub.telemetry import TelemetryLog
from ovms.server.values import Vehicle

PROOF_TIMEOUT = 60.0
"""Seconds a car may be connected without a single line that decrypts."""

CHALLENGER_LIMIT = 4
"""Cars that may wait to take over: a reconnecting car leaves one or two dead connections behind."""

JUST_NOW = Message("T", b"0")

log = get_logger("ovms.server.hub")


class Room:
    """One vehicle and everybody connected to it."""

    def __init__(self, vehicle: Vehicle, context: RoomContext, telemetry: TelemetryLog) -> None:
        self.vehicle = vehicle
        self.server = vehicle.server
        """The id of the server that serves the vehicle, ``*`` for any."""
        self.car: Car | None = None
        self.challengers: list[Car] = []
        self.clients: list[Member] = []
        self.relays: list[Member] = []
        """Other servers, for their clients: they hear all that the car says."""
        self.latest = LatestMessages(vehicle.paranoid_token)
        self.commands = CommandQueue(
            self, self._refuse_command, context.answer_timeout, self._next_turn
        )
        self.journal = VehicleRecorder(vehicle.id, context)
        self.claim = 0
        """When the car logged in, milliseconds: of two servers that claim it, the later has it."""
        self.is_void = False
        """The vehicle was removed or its secret changed: nobody may enter any more."""
        self._context = context
        self._telemetry = telemetry
        self._is_full = False
        """More was reported than is kept, and the log has told it."""
        self._barrier = 0
        """Pings that must be answered before the command queue goes on."""

    # -- coming and going -------------------------------------------------------------------

    @property
    def members(self) -> list[Member]:
        """Everybody here."""
        cars: list[Member] = [self.car] if self.car else []
        return [*cars, *self.challengers, *self.clients, *self.relays]

    @property
    def apps(self) -> int:
        """Interactive apps here."""
        return sum(1 for client in self.clients if client.role is Role.APP)

    @property
    def watching(self) -> int:
        """Interactive apps everywhere: what the car is told to be watched by. It pays for them."""
        return self.apps + sum(relay.watching for relay in self.relays)

    @property
    def has_proven_car(self) -> bool:
        """The car is here, or at a server that says so."""
        return self.car is not None and self.car.is_proven

    def join(self, role: Role, line: Line) -> Member:
        """Let somebody in whose welcome was right."""
        if role is Role.CAR:
            return self._join_car(self._make_car(role, line))
        now = self._context.clock.monotonic()
        member = Member(role, line, joined=now, heard=now)
        self._join_client(member)
        self._keep_presence()
        return member

    def join_upstream(self, line: Line, claim: int) -> Member:
        """Have the car at another server, which has seen its proof: it takes over at once.

        ``claim`` must be later than the room's own, if it has a proven car.
        """
        car = self._make_car(Role.SERVER, line)
        car.is_proven = True
        self.claim = claim
        unproven = self.car if self.car is not None and not self.car.is_proven else None
        if unproven is not None:
            self.car = None
            self._challenge(unproven)
        self.challengers.append(car)
        self._take_over(car)
        self._context.exchange.car_came(self)
        self._keep_presence()
        return car

    def join_relay(self, line: Line) -> Member:
        """Let another server in for its clients, and tell it what is known of the car."""
        now, time = self._context.clock.monotonic(), self._context.clock.time()
        relay = Member(Role.SERVER, line, joined=now, heard=now)
        self.relays.append(relay)
        self._send(relay, Message("Z", b"1,%d" % self.claim))
        for message, came in self.latest.replay():
            if came is not None:
                self._send(relay, Message("T", b"%d" % max(0, time - came)))
            self._send(relay, message)
        return relay

    def leave(self, member: Member) -> None:
        """See somebody off. May be called again."""
        if isinstance(member, Car):
            member.pacer.close()
        if member is self.car:
            self._lose_car()
        elif member in self.challengers:
            self.challengers.remove(member)
        elif member in self.clients:
            self._lose_client(member)
        elif member in self.relays:
            self._lose_relay(member)
        else:
            return
        self._keep_presence()
        self.journal.count_traffic(member)

    def close(self, error: Exception) -> None:
        """Close everybody's connection; what they still do here is not kept any more."""
        self.is_void = True
        for member in self.members:
            member.line.close(error)
        self.journal.keep_presence(car=False, apps=0, batch=0)

    def _join_client(self, member: Member) -> None:
        self.clients.append(member)
        self._send(member, Message("Z", b"1" if self.car else b"0"))
        for message, _ in self.latest.replay():
            self._send(member, message)
        newest = self.latest.newest or self.vehicle.created
        age = max(0, int(self._context.clock.time() - newest))
        self._send(member, Message("T", str(age).encode()))
        if member.role is Role.APP:
            self._tell_car_its_peers()

    def _lose_client(self, member: Member) -> None:
        self.clients.remove(member)
        member.turns.clear()
        if member.stream is not None:
            member.stream.cancel()
        self.commands.forget(member)
        self._context.groups.client_gone(member)
        if member.role is Role.APP:
            self._tell_car_its_peers()

    def _lose_relay(self, relay: Member) -> None:
        self.relays.remove(relay)
        relay.turns.clear()
        self.commands.forget(relay)
        if relay.watching:
            self._tell_car_its_peers()

    def _join_car(self, car: Car) -> Car:
        if self.car is None:
            self._seat(car)
        else:
            self._challenge(car)
        self._keep_presence()
        return car

    def _make_car(self, role: Role, line: Line) -> Car:
        """Make a car here, or one at another server (``SERVER``)."""
        context, now = self._context, self._context.clock.monotonic()
        way = RemoteCarPacer if role is Role.SERVER else Pacer
        # How much may be in flight hangs on what its F says, and that may change.
        pacer = way(line, context.clock, context.guard, lambda: self.longest, context.pacers)
        return Car(role, line, now, now, pacer=pacer)

    def _seat(self, member: Car) -> None:
        """Make somebody the car."""
        self.car = member
        self.latest.is_token_live = False
        self._barrier = 0
        self._to_clients(Message("Z", b"1"))
        self._tell_car_its_peers()

    def _challenge(self, member: Car) -> None:
        """Make a second car prove itself: every module answers a ping."""
        self.challengers.append(member)
        for oldest in self.challengers[:-CHALLENGER_LIMIT]:
            oldest.line.close(TakenOver("newer connections of this car wait to take over"))
        member.pacer.ping()

    def _take_over(self, member: Car) -> None:
        """Put a proven newcomer in the place of the car, if there is one."""
        old, self.car = self.car, None
        self.commands.car_gone()
        if old is not None:
            self.journal.count_traffic(old)
            old.pacer.close()
            # A link to another server leaves at once, so the newcomer must still be here somewhere:
            # a room without anybody is dropped.
            old.line.close(TakenOver("another connection of this car took over"))
        self.challengers.remove(member)
        self._seat(member)

    def _lose_car(self) -> None:
        self.car = None
        self.latest.is_token_live = False
        self.commands.car_gone()
        self._context.groups.car_gone(self.vehicle.id)
        self._to_clients(Message("Z", b"0"))
        self._context.exchange.car_went(self)
        if self.challengers:
            self._seat(self.challengers.pop())

    # -- what they say ----------------------------------------------------------------------

    def receive(self, member: Member, message: Message) -> None:
        """Take a message from somebody here. No message, understood or not, ends a session."""
        member.heard = self._context.clock.monotonic()
        if not isinstance(member, Car):
            self._receive_from_client(member, message)
            return
        if not member.is_proven:
            member.is_proven = True
            if member is not self.car:
                self._take_over(member)
            self.claim = max(self.claim + 1, int(self._context.clock.time() * 1000))
            self._context.exchange.car_came(self)
        self._receive_from_car(member, message)

    def _receive_from_car(self, car: Car, message: Message) -> None:
        if self.relays and _is_relayed(car, message):
            self._to_relays(message)
        fate = CODES[message.code].from_car
        if fate is FromCar.STORED:
            self._store(message.code, message.data, "", message, car.take_age())
        elif fate is FromCar.HANDLED:
            FROM_CAR[message.code](self, car, message)
        else:
            self._ignore(car, message)

    def _receive_from_client(self, client: Member, message: Message) -> None:
        row = CODES[message.code]
        handle = (FROM_CLIENT if client.is_local else FROM_RELAY).get(message.code)
        if handle is not None:
            handle(self, client, message)
        elif not (row.is_passed_on if client.is_local else row.is_passed_on_by_peers):
            self._ignore(client, message)
        elif client.role is not Role.BATCH:
            self._pass_to_car(message)

    def _answer_ping(self, client: Member, message: Message) -> None:
        self._send(client, PONG)

    def _answer_car_ping(self, car: Car, message: Message) -> None:
        car.pacer.pong()

    def _take_car_pong(self, car: Car, message: Message) -> None:
        car.pacer.ping_answered()
        if self._barrier:
            self._barrier -= 1
            if not self._barrier:
                self.commands.ping_answered(self._context.clock.monotonic())
        car.pacer.flush()

    def _ignore(self, member: Member, message: Message) -> None:
        log.debug("ignored", vehicle=self.vehicle.id, role=member.role.name, code=message.code)

    # -- what the car reports ---------------------------------------------------------------

    def take_replicated(self, line: Line, message: Message) -> None:
        """Take a car's message from another server that did not say that the car is there."""
        if CODES[message.code].relay is Relay.ALWAYS:
            self._receive_from_car(self._make_car(Role.SERVER, line), message)

    def take_stored(self, message: Message, age: int) -> None:
        """Take a car's message that another server has stored, and which came so long ago."""
        if CODES[message.code].from_car is FromCar.STORED:
            self._store(message.code, message.data, "", message, max(1, age))

    def _store(self, code: str, data: bytes, token: str, message: Message, age: int) -> None:
        """Make a car's message the latest of its code, keep it, and tell the clients."""
        time = max(0.0, self._context.clock.time() - age)
        latest = LatestMessage(code, data, time, token)
        if age and self.latest.is_older(latest):
            return
        is_kept = self.latest.put(latest)
        for client in [*self.clients]:
            self._send(client, message)
            if message.code == "F":
                self._send(client, Message("f", self._context.version.encode()))
            self._send(client, Message("T", b"%d" % age) if age else JUST_NOW)
        if is_kept:
            self._context.storage.put_message(self.vehicle.id, latest)
            self._telemetry.note(latest)
        elif not self._is_full:
            self._is_full = True  # told once a room: a car that floods must not flood the log
            log.warning("messages not kept: too much is stored", vehicle=self.vehicle.id)

    def _take_age(self, car: Car, message: Message) -> None:
        """Learn how old the next message of a car at another server is."""
        is_age = not car.is_local and message.data.isdigit() and len(message.data) < 12
        car.age = int(message.data) if is_age else 0

    def _take_sealed_from_car(self, car: Car, message: Message) -> None:
        """Take ``ET<token>`` or ``EM<code><data>``."""
        token, sealed = token_of(message), sealed_message(message)
        if token is not None:
            is_new = self.latest.change_token(token)
            self._to_clients(message)
            if is_new:
                self._context.storage.put_token(self.vehicle.id, token)
        elif sealed is None or CODES[sealed.code].sealing is Sealing.NEVER:
            self._ignore(car, message)
        elif sealed.code == "c":
            self._take_answer(car, message)
        elif CODES[sealed.code].sealing is not Sealing.STORED or not self.latest.token:
            self._to_clients(message)
        else:
            self._store(sealed.code, sealed.data, self.latest.token, message, car.take_age())

    def _take_record(self, car: Car, message: Message) -> None:
        self.journal.keep_record(message)

    def _take_acked_record(self, car: Car, message: Message) -> None:
        self.journal.keep_acked_record(message, car.pacer.acknowledge)

    def _take_position(self, car: Member, message: Message) -> None:
        self._context.groups.move(self.vehicle.id, message.data)

    # -- alerts -----------------------------------------------------------------------------

    def _take_alert(self, member: Member, message: Message) -> None:
        alert = Alert.parse(message.data)
        if alert is not None:
            self.raise_alert(alert)

    def raise_alert(self, alert: Alert) -> None:
        """Tell an alert to everybody connected, keep it, and have it delivered to the others."""
        told = alert
        try:
            told = self._context.alerts.raise_alert(self.vehicle, alert)
        except Exception as error:
            self._context.guard.failed("alert", error, self.vehicle.id)
        self._to_clients(told.message)
        self.journal.keep_alert(told)

    def _take_subscription(self, client: Member, message: Message) -> None:
        self._context.spawn(self._context.alerts.subscribe(self.vehicle, message.data))

    def _watch_group(self, client: Member, message: Message) -> None:
        self._context.groups.watch(client, message.data, self._send)

    # -- commands ---------------------------------------------------------------------------

    def _take_command(self, client: Member, message: Message) -> None:
        """Take a client's command in its turn: its answers come in order of asking."""
        if not client.is_busy:
            self._begin_command(client, message)
        elif len(client.turns) < QUEUE_LIMIT:
            client.turns.append(message)
        else:
            self._fail_command(client, message, TOO_MANY)

    def _begin_command(self, client: Member, message: Message) -> None:
        if message.code == "A":
            self._answer_ping(client, message)
            return
        client.is_busy = True
        command = Command.parse(message.data) if message.code == "C" else None
        spec = BY_NUMBER.get(command.number) if command else None
        if command and spec and spec.by_server:
            client.stream = self._context.spawn(self._answer(client, command))
        elif self.car is not None:
            self.commands.ask(client, message, self._context.clock.monotonic())
        else:
            self._fail_command(client, message, NOT_CONNECTED)
            self._next_turn(client)

    def _next_turn(self, client: object) -> None:
        """Go on with a client's next command."""
        assert isinstance(client, Member)
        client.is_busy = False
        while client.turns and not client.is_busy:
            self._begin_command(client, client.turns.popleft())

    async def _answer(self, client: Member, command: Command) -> None:
        """Answer a command in the server's own name."""
        if command.number == 30:
            for member in self.members:
                self.journal.count_traffic(member)
        try:
            await answers.answer(self._context.storage, self.vehicle.id, command, client.line)
        except Exception as error:
            self._context.guard.failed("answer", error, self.vehicle.id)
        client.stream = None
        self._next_turn(client)

    def _fail_command(self, client: Member, message: Message, reason: str) -> None:
        """Refuse a command; what is sealed shows no number, and can only be dropped."""
        command = Command.parse(message.data) if message.code == "C" else None
        if command is not None:
            self._send(client, Answer(command.number, Result.FAILED, reason).message)

    def _refuse_command(self, asker: object, answer: Message) -> None:
        assert isinstance(asker, Member)
        self._send(asker, answer)

    def _take_answer(self, car: Car, message: Message) -> None:
        now = self._context.clock.monotonic()
        asker = self.commands.answered(message, now)
        if isinstance(asker, Member):
            self._send(asker, message)
        elif asker is BROADCAST:
            self._to_clients(message)
            self._to_relays(message)
        self.commands.settle()
        car.pacer.flush()

    def _take_sealed_from_client(self, client: Member, message: Message) -> None:
        """Take ``EM<code><data>``; what is sealed for an absent car can only be dropped."""
        sealed = sealed_message(message)
        if sealed is None or CODES[sealed.code].sealing is Sealing.NEVER:
            self._ignore(client, message)
        elif sealed.code == "C":
            self._take_command(client, message)
        elif client.role is not Role.BATCH:
            self._pass_to_car(message)

    # -- other servers ----------------------------------------------------------------------

    def _take_watching(self, relay: Member, message: Message) -> None:
        """Learn how many apps watch at another server."""
        if message.data.isdigit() and len(message.data) < 7:
            relay.watching = int(message.data)
            self._tell_car_its_peers()

    def _to_relays(self, message: Message) -> None:
        for relay in [*self.relays]:
            self._send(relay, message)

    # -- time -------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Let time pass; call it about once a second."""
        if not self.commands.is_idle:
            self.commands.tick(now)

    # -- sending ----------------------------------------------------------------------------

    def _send(self, client: Member, message: Message) -> None:
        self._context.guard.send(client.line, message)

    def _to_clients(self, message: Message) -> None:
        for client in [*self.clients]:
            self._send(client, message)

    def _keep_presence(self) -> None:
        if self.is_void:
            return  # another room of this vehicle may be open
        batch = len(self.clients) - self.apps
        self.journal.keep_presence(car=self.car is not None, apps=self.apps, batch=batch)

    # -- the way to the car: see pacing -----------------------------------------------------

    @property
    def longest(self) -> int:
        """Bytes of the longest line that the car can take, and of all that may be in flight."""
        return budget_of(self.latest.by_code.get("F"))

    def send_command(self, message: Message) -> None:
        """Send the car a command, now or when it fits."""
        if self.car is not None:
            self.car.pacer.command(message, self._command_left)

    def withdraw_command(self) -> None:
        """Do not send the command that has not left yet."""
        if self.car is not None:
            self.car.pacer.withdraw()

    def has_landed(self, mark: int) -> None:
        """Learn that the car has answered a command, whose ``mark`` came when it had left."""
        if self.car is not None:
            self.car.pacer.has_landed(mark)

    def send_ping(self) -> None:
        """Send a ping behind which the car has nothing to say of the commands before."""
        if self.car is not None:
            self.car.pacer.ping(self._ping_left)
            self._barrier = self.car.pacer.pings

    def ping_car(self) -> None:
        """Send the car something, lest it take the silence for a dead network."""
        if self.car is not None:
            self.car.pacer.ping()

    def _command_left(self, mark: int) -> None:
        self.commands.command_left(self._context.clock.monotonic(), mark)

    def _ping_left(self, mark: int) -> None:
        self.commands.ping_left(self._context.clock.monotonic())

    def _pass_to_car(self, message: Message) -> None:
        if self.car is not None:
            self.car.pacer.pass_on(message)

    def _tell_car_its_peers(self) -> None:
        if self.car is not None:
            self.car.pacer.tell_peers(self.watching)


class TakenOver(Exception):
    """A car's connection gave way to a newer one of the same car."""


FROM_CAR: dict[str, Callable[[Room, Car, Message], None]] = {
    "A": Room._answer_car_ping,
    "a": Room._take_car_pong,
    "c": Room._take_answer,
    "E": Room._take_sealed_from_car,
    "g": Room._take_position,
    "H": Room._take_record,
    "h": Room._take_acked_record,
    "P": Room._take_alert,
    "T": Room._take_age,
}
"""What is done with each code that the table has as handled when it comes from a car."""

FROM_CLIENT: dict[str, Callable[[Room, Member, Message], None]] = {
    "A": Room._answer_ping,
    "C": Room._take_command,
    "E": Room._take_sealed_from_client,
    "G": Room._watch_group,
    "P": Room._take_alert,
    "p": Room._take_subscription,
}
"""The same for those that come from a client."""

FROM_RELAY: dict[str, Callable[[Room, Member, Message], None]] = {
    "A": Room._take_command,  # in its turn: what came before it has been answered then
    "C": Room._take_command,
    "E": Room._take_sealed_from_client,
    WATCHING: Room._take_watching,
}
"""What another server says for its clients, besides what its apps pass on to the car."""


def _is_relayed(car: Car, message: Message) -> bool:
    """Return whether other servers hear a car's message; answers go to whoever has asked."""
    if message.code == "E":
        sealed = sealed_message(message)
        if sealed is None:
            return token_of(message) is not None
        return sealed.code != "c" and CODES[sealed.code].sealing is not Sealing.NEVER
    is_relayed = CODES[message.code].relay is not Relay.NEVER
    return is_relayed and (message.code != "T" or not car.is_local)
