"""One vehicle's room: its car, its clients, its latest messages.

The rules of who hears what are all here; how things are stored is the recorder's business, whose
answer it is the command queue's, and what other servers do in a room the relays'. Nothing in a room
waits: what it stores, it hands to the storage, and what it sends, it hands to a line. One event
loop owns it, so nothing is locked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ovms.base.logs import get_logger
from ovms.protocol import Message, Role
from ovms.protocol.codes import CODES, Sealing
from ovms.protocol.commands import BY_NUMBER, Answer, Command, Result
from ovms.protocol.messages import LatestMessage
from ovms.protocol.paranoid import sealed_message, token_of
from ovms.protocol.records.alert import Alert, AlertKind
from ovms.server.hub import answers
from ovms.server.hub.answers import Asker
from ovms.server.hub.commands import (
    NO_TEXT,
    NOT_CONNECTED,
    OUTCOMES,
    QUEUE_LIMIT,
    TOO_MANY,
    Broadcast,
    CommandQueue,
    Outcome,
)
from ovms.server.hub.context import RoomContext
from ovms.server.hub.counts import CommandOutcome
from ovms.server.hub.crowd import CrowdedOut, crowded_out
from ovms.server.hub.interfaces import Line
from ovms.server.hub.latest import LatestMessages
from ovms.server.hub.member import SERVER, Car, Member, Turn
from ovms.server.hub.pacing import LONGEST_COMMAND, PONG, Pacer, RemoteCarPacer, budget_of
from ovms.server.hub.permissions import may_hear, may_say, refusal_of
from ovms.server.hub.pins import PIN_COMMANDS
from ovms.server.hub.recorder import VehicleRecorder
from ovms.server.hub.relays import Relays
from ovms.server.hub.telemetry import DAY, TelemetryLog
from ovms.server.hub.waiting import Crowded, WaitingCar, WaitingCars
from ovms.server.rights import ALL_RIGHTS, VehicleRight
from ovms.server.values import Vehicle

CAR_BACK = "The car has logged in again"

SEALED_ALERT = "A sealed alert: open the app on a device that has the module's password"

SUBSCRIPTIONS_BEHIND = 10
"""Subscriptions of a client that wait to be checked; what it says then comes slowly."""

SUBSCRIPTIONS_LIMIT = 100
"""Subscriptions of a client that may wait; further ones are ignored. Reading slows down before, so
this is reached only while the database takes seconds."""

RECORDS_BEHIND = 500
"""Records and alerts of a vehicle that wait for the disk; what is said in its room then comes
slowly, 500 in the time of a commit. All of a day's gap is stored in a second."""

JUST_NOW = Message("T", b"0")

NO_FIRMWARE: tuple[LatestMessage | None, int] = (None, budget_of(None))

log = get_logger("ovms.server.hub")


class Room:
    """One vehicle and everybody connected to it."""

    __slots__ = ("_budgeted", "_context", "_is_full", "_telemetry", "askers", "car", "clients",
                 "is_void", "latest", "recorder", "relays", "server", "vehicle",
                 "waiting")  # fmt: skip

    def __init__(self, vehicle: Vehicle, context: RoomContext, telemetry: TelemetryLog) -> None:
        self.vehicle = vehicle
        self.server = vehicle.server
        """The id of the server that serves the vehicle, ``*`` for any."""
        self.car: Car | None = None
        """The car, which has proven itself here or at another server."""
        self.waiting = WaitingCars(context.random)
        self.clients: tuple[Member, ...] = ()
        self.askers: tuple[Member, ...] = ()
        """Who asks the car something from outside: see :mod:`ovms.server.hub.asking`."""
        self.relays = Relays(self, context)
        self.latest = LatestMessages(vehicle.paranoid_token)
        self.recorder = VehicleRecorder(vehicle.id, context)
        self.is_void = False
        """The vehicle was removed, or its owner or secret changed: nobody may enter any more."""
        self._context = context
        self._telemetry = telemetry
        self._budgeted: tuple[LatestMessage | None, int] = NO_FIRMWARE
        """The car's firmware, and what it means for :attr:`budget`."""
        self._is_full = False
        """More was reported than is stored, and that has been logged."""

    def forget_positions(self, now: float, days: int) -> None:
        """Forget a position older than the vehicle's own days, else so many; one at least."""
        own = self._telemetry.position_days
        end = now - max(1, days if own is None else own) * DAY
        self.latest.forget(lambda each: CODES[each.code].is_position and each.time <= end)

    # -- coming and going -------------------------------------------------------------------

    @property
    def members(self) -> list[Member]:
        """Everybody here."""
        cars: list[Member] = [self.car] if self.car else []
        return [*cars, *self.waiting.cars, *self.clients, *self.relays.members]

    @property
    def apps(self) -> int:
        """Interactive apps here."""
        return sum(1 for client in self.clients if client.role is Role.APP)

    @property
    def watching(self) -> int:
        """Interactive apps everywhere: what the car is told to be watched by. It pays for them."""
        return self.apps + self.relays.watching

    def join(
        self,
        role: Role,
        line: Line,
        *,
        token: str = "",
        is_repeated: bool = False,
        rights: VehicleRight | None = None,
    ) -> Member:
        """Let somebody in whose welcome was right. A car waits until it has proven itself.

        ``token`` is the client token of the welcome, and ``is_repeated`` says whether the vehicle
        has seen it before: a car with such a token displaces none whose token is fresh. ``rights``
        are those of an app of somebody with whom the vehicle is shared.
        """
        if role is Role.CAR:
            return self._join_car(line, token, is_repeated)
        now = self._context.clock.monotonic()
        member = Member(role, line, joined=now, heard=now, rights=rights)
        self._join_client(member)
        self._keep_presence()
        return member

    def leave(self, member: Member) -> None:
        """Let somebody out. May be called again."""
        if isinstance(member, Car):
            member.pacer.close()
        if member is self.car:
            self._lose_car(member)
        elif isinstance(member, Car):
            self.waiting.remove(member)
            return
        elif member in self.clients:
            self._lose_client(member)
        elif member in self.relays.members:
            self._lose_relay(member)
        else:
            return
        self._keep_presence()
        self.recorder.count_traffic(member)

    def change_rights(self, client: Member, rights: VehicleRight | None) -> None:
        """Go on with other rights: a client hears now what was kept from it.

        What it waits for that it may ask no more is refused, and what waits is never sent.
        """
        before, client.rights = client.rights, rights
        if rights is not None:
            self._take_rights(client, (ALL_RIGHTS if before is None else before) & ~rights, rights)
        for message, _ in self.latest.replay():
            if may_hear(rights, message) and not may_hear(before, message):
                self.send(client, message)

    def close(self, error: Exception) -> None:
        """Close everybody's connection; what they still do here is not kept any more."""
        self.is_void = True
        self.recorder.keep_connection(self._telemetry, is_there=False)
        for member in self.members:
            member.line.close(error)
        self.recorder.keep_presence(car=False, apps=0, batch=0)
        self._context.listeners.state_changed(self)

    def _join_client(self, client: Member) -> None:
        for old in crowded_out(self.clients, client, self._context.limits):
            self.leave(old)
            old.line.close(CrowdedOut())
        self.clients += (client,)
        self.send(client, Message("Z", b"1" if self.car else b"0"))
        for message, _ in self.latest.replay():
            self.send(client, message)
        newest = self.latest.newest or self.vehicle.created
        age = max(0, int(self._context.clock.time() - newest))
        self.send(client, Message("T", str(age).encode()))
        if client.role is Role.APP:
            self.tell_car_its_peers()

    def _lose_client(self, client: Member) -> None:
        self.clients = tuple(each for each in self.clients if each is not client)
        self._drop_work(client)
        if client.role is Role.APP:
            self.tell_car_its_peers()

    def _take_rights(self, client: Member, lost: VehicleRight, rights: VehicleRight) -> None:
        if VehicleRight.LOCATION in lost:
            self._context.groups.client_gone(client)
        if client.stream is not None and lost & (VehicleRight.LOCATION | VehicleRight.VIEW):
            client.stream.cancel()
            client.stream = None
            self._next_turn(client)
        if self.car is not None and lost:
            now = self._context.clock.monotonic()
            refusal = partial(_refusal_of_message, rights)
            self._follow_up(self.car, self._commands(self.car).check(client, refusal, now))

    def _drop_work(self, client: Member) -> None:
        """Drop what a client waits for, and the groups that it watches."""
        self.drop_commands(client)
        if client.stream is not None:
            client.stream.cancel()
            client.stream = None
        client.is_busy = False
        self._context.groups.client_gone(client)

    def _lose_relay(self, relay: Member) -> None:
        self.relays.remove(relay)
        self.drop_commands(relay)
        if relay.watching:
            self.tell_car_its_peers()

    def make_car(self, role: Role, line: Line) -> Car:
        """Make a car here, or one at another server (``SERVER``)."""
        context, now = self._context, self._context.clock.monotonic()
        way = RemoteCarPacer if role is Role.SERVER else Pacer
        pacer = way(line, context.clock, context.guard, self, context.pacers)
        return Car(role, line, now, now, pacer=pacer)

    def _commands(self, car: Car) -> CommandQueue[Member]:
        """Return the commands for a car: few cars are ever asked something."""
        if car.queue is None:
            context = self._context
            car.queue = CommandQueue(
                car.pacer, context.answer_timeout, self._pin_refusal, context.counts
            )
        return car.queue

    @property
    def budget(self) -> int:
        """Return how many bytes may be in flight to the car: its ``F`` tells, and may change."""
        firmware = self.latest.by_code.get("F")
        if firmware is not self._budgeted[0]:
            self._budgeted = firmware, budget_of(firmware)
        return self._budgeted[1]

    def _join_car(self, line: Line, token: str, is_repeated: bool) -> Car:
        """Have a car prove itself: every module answers a ping."""
        car = self.make_car(Role.CAR, line)
        loser = self.waiting.add(car, token, is_repeated)
        if loser is not None:
            loser.line.close(Crowded())
        if loser is not car:
            car.pacer.ping()
        return car

    def seat(self, car: Car) -> None:
        """Make somebody who is proven the car, in place of an older connection."""
        old, self.car = self.car, None
        if old is not None:
            self._follow_up(old, old.end())
            self.recorder.count_traffic(old)
        self.car = car
        self.latest.is_token_live = False
        self._to_clients(Message("Z", b"1"))
        self.tell_car_its_peers()
        self.recorder.keep_connection(self._telemetry, is_there=True)
        self._keep_presence()
        if old is not None:  # at last: one at another server leaves at once
            old.line.close(TakenOver("another connection of this car took over"))

    def _lose_car(self, car: Car) -> None:
        self.car = None
        self.latest.is_token_live = False
        self._follow_up(car, car.end())
        self._context.groups.car_gone(self.vehicle.id)
        self._to_clients(Message("Z", b"0"))
        if not self.is_void:  # another room of this vehicle may be open
            self.recorder.keep_connection(self._telemetry, is_there=False)
        self._context.observers.car_went(self)

    # -- what they say ----------------------------------------------------------------------

    def receive(self, member: Member, message: Message) -> None:
        """Handle a message from somebody here. No message, understood or not, ends a session."""
        if member is self.car:
            member.heard = self._context.clock.monotonic()
            self.receive_from_car(self.car, message)
        elif not isinstance(member, Car):
            member.heard = self._context.clock.monotonic()
            if member.role is not SERVER:
                self._receive_from_client(member, message)
            else:
                self.relays.receive(member, message)
        elif (waiting := self.waiting.find(member)) is not None:
            self._receive_from_waiting(waiting, message)
        else:
            self.ignore(member, message)  # its connection gave way and is being closed

    def _receive_from_waiting(self, waiting: WaitingCar, message: Message) -> None:
        """Hold what a car without proof says; with the proof it is the car, and all that counts."""
        car = waiting.car
        if not car.line.is_proven:
            waiting.hold(message)
            return
        self.waiting.remove(car)
        self.seat(car)
        self.relays.claim_car()
        self._context.observers.car_came(self)
        self._tell_return()
        for said in (*waiting.held, message):
            self.receive(car, said)

    def _tell_return(self) -> None:
        """Alert the owner that the car is back after a refused login that was told."""
        if self.vehicle.id in self._context.refused:
            self._context.refused.discard(self.vehicle.id)
            self.raise_alert(Alert(AlertKind.INFORMATION.value, CAR_BACK))

    def receive_from_car(self, car: Car, message: Message) -> None:
        """Handle what the car says, wherever it is connected."""
        if self.relays.members:
            self.relays.hear(car, message)
        if CODES[message.code].is_stored:
            age = car.take_age() if car.age else 0
            self.store(message.code, message.data, "", message, age)
        else:
            FROM_CAR.get(message.code, Room.ignore)(self, car, message)

    def _receive_from_client(self, client: Member, message: Message) -> None:
        handle = FROM_CLIENT.get(message.code)
        if client.rights is not None and not may_say(client.rights, message):
            self.ignore(client, message)
        elif handle is not None:
            handle(self, client, message)
        elif not CODES[message.code].is_passed_on:
            self.ignore(client, message)
        elif client.role is not Role.BATCH:
            self.pass_to_car(message)

    def _answer_ping(self, client: Member, message: Message) -> None:
        self.send(client, PONG)

    def _answer_car_ping(self, car: Car, message: Message) -> None:
        car.pacer.pong()

    def _take_car_pong(self, car: Car, message: Message) -> None:
        self._follow_up(car, car.ping_answered(self._context.clock.monotonic()))

    def ignore(self, member: Member, message: Message) -> None:
        """Do nothing about a message."""
        log.debug("ignored", vehicle=self.vehicle.id, role=member.role.name, code=message.code)

    def is_behind(self, member: Member) -> bool:
        """Return whether much of what somebody has said is not done yet."""
        return (
            len(member.subscriptions) >= SUBSCRIPTIONS_BEHIND
            or self._context.storage.history_waiting(self.vehicle.id) >= RECORDS_BEHIND
        )

    # -- what the car reports ---------------------------------------------------------------

    def store(self, code: str, data: bytes, token: str, message: Message, age: int) -> None:
        """Make a car's message the latest of its code, store it, and send it to the clients.

        ``age`` is in seconds, 0 for a message that has just come from the car.
        """
        context = self._context
        now = context.clock.time()
        latest = LatestMessage(code, data, max(0.0, now - age) if age else now, token)
        if age and self.latest.is_older(latest):
            return
        is_kept = self.latest.put(latest)
        if self.clients:
            self._forward(code, message, age)
        if is_kept:
            context.storage.put_message(self.vehicle.id, latest)
            self._telemetry.note(latest)
        elif not self._is_full:
            self._is_full = True  # logged once a room: a car that floods must not flood the log
            log.warning("messages not kept: too much is stored", vehicle=self.vehicle.id)
        if self.vehicle.id in context.listeners.by_vehicle:
            context.listeners.state_changed(self)

    def _forward(self, code: str, message: Message, age: int) -> None:
        """Send the clients what the car reports, sealed or not, and how old it is."""
        told: tuple[Message, ...] = message, Message("T", b"%d" % age) if age else JUST_NOW
        if code == "F":
            told = message, self._server_version, told[-1]
        for client in self.clients:
            if client.rights is None or may_hear(client.rights, message):
                self._context.guard.send_all(client.line, told)

    @property
    def _server_version(self) -> Message:
        return Message("f", self._context.version.encode())

    def _take_age(self, car: Car, message: Message) -> None:
        """Note how old the next message of a car at another server is."""
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
            self._context.listeners.state_changed(self)
        elif sealed is None or CODES[sealed.code].sealing is Sealing.NEVER:
            self.ignore(car, message)
        elif sealed.code == "c":
            self._take_answer(car, message)
        elif sealed.code == "P":
            self._to_clients(message)
            self._tell_of_sealed_alert()
        elif CODES[sealed.code].sealing is not Sealing.STORED or not self.latest.token:
            self._to_clients(message)
            if sealed.code == "F":
                self._to_clients(self._server_version)
        else:
            self.store(sealed.code, sealed.data, self.latest.token, message, car.take_age())

    def _take_record(self, car: Car, message: Message) -> None:
        self.recorder.keep_record(message)

    def _take_acked_record(self, car: Car, message: Message) -> None:
        self.recorder.keep_acked_record(message, car.pacer)

    def _take_position(self, car: Member, message: Message) -> None:
        self._context.groups.move(self.vehicle.id, message.data)

    # -- alerts -----------------------------------------------------------------------------

    def _take_alert(self, member: Member, message: Message) -> None:
        alert = Alert.parse(message.data)
        if alert is not None:
            self.raise_alert(alert)

    def raise_alert(self, alert: Alert) -> None:
        """Send an alert to everybody connected, keep it, and have it delivered to the others."""
        told = alert
        try:
            told = self._context.alerts.raise_alert(self.vehicle, alert)
        except Exception as error:
            self._context.guard.failed("alert", error, self.vehicle.id)
        self._to_clients(told.message)
        self.recorder.keep_alert(told)
        self._context.listeners.alert_raised(self, told)

    def _tell_of_sealed_alert(self) -> None:
        """Have those who are not connected told of an alert that only apps can read."""
        try:
            told = Alert(AlertKind.ALERT.value, SEALED_ALERT)
            self._context.alerts.raise_alert(self.vehicle, told)
        except Exception as error:
            self._context.guard.failed("alert", error, self.vehicle.id)

    def _take_subscription(self, client: Member, message: Message) -> None:
        """Have a client's subscriptions checked one after the other."""
        if len(client.subscriptions) >= SUBSCRIPTIONS_LIMIT:
            self.ignore(client, message)
            return
        client.subscriptions += (message.data,)
        if len(client.subscriptions) == 1:
            self._context.spawn(self._subscribe(client))

    async def _subscribe(self, client: Member) -> None:
        while client.subscriptions:
            try:
                await self._context.alerts.subscribe(self.vehicle, client.subscriptions[0])
            except Exception as error:
                self._context.guard.failed("subscription", error, self.vehicle.id)
            client.subscriptions = client.subscriptions[1:]

    def _watch_group(self, client: Member, message: Message) -> None:
        self._context.groups.watch(client, self.vehicle.id, message.data, self.send)

    # -- commands ---------------------------------------------------------------------------

    def take_command(self, client: Member, message: Message) -> None:
        """Take a client's command in its turn: its answers come in order of asking.

        Without a number nobody could answer it, and it is dropped.
        """
        if len(message.data) > LONGEST_COMMAND:  # it is refused in its turn, and waits shortened
            message = Message(message.code, message.data[: LONGEST_COMMAND + 1])
        command = Command.parse(message.data) if message.code == "C" else None
        if message.code == "C" and command is None:
            return
        turn = Turn(message, command)
        if not client.is_busy:
            self._begin_turn(client, turn)
        elif len(client.turns) < QUEUE_LIMIT:
            client.turns += (turn,)
        else:
            self._refuse(client, turn, TOO_MANY)

    def take_sealed_from_client(self, client: Member, message: Message) -> None:
        """Take ``EM<code><data>``; what is sealed for an absent car can only be dropped."""
        sealed = sealed_message(message)
        if sealed is None or CODES[sealed.code].sealing is Sealing.NEVER:
            self.ignore(client, message)
        elif sealed.code == "C":
            self.take_command(client, message)
        elif client.role is not Role.BATCH:
            self.pass_to_car(message)

    def _begin_turn(self, client: Member, turn: Turn) -> None:
        if turn.message.code == "A":
            self._answer_ping(client, turn.message)
            return
        client.is_busy = True
        message, command = turn.message, turn.command
        refusal = refusal_of(client.rights, command) if client.rights is not None else ""
        number = spec = None
        if command is not None:
            number, spec = command.number, BY_NUMBER.get(command.number)
        if command is not None and spec is not None and spec.by_server and not refusal:
            client.stream = self._context.spawn(self._answer(client, command))
            return
        if spec is not None and spec.needs_comma and b"," not in message.data:
            refusal = refusal or NO_TEXT  # it would crash the newest ESP32
        if self.car is not None and not refusal:
            now = self._context.clock.monotonic()
            queue = self.car.queue or self._commands(self.car)
            self._follow_up(self.car, queue.ask(client, message, number, now))
        else:
            self._refuse(client, turn, refusal or NOT_CONNECTED)
            self._next_turn(client)

    def _next_turn(self, client: Member) -> None:
        """Go on with a client's next command."""
        client.is_busy = False
        while client.turns and not client.is_busy:
            turn, *others = client.turns
            client.turns = tuple(others)
            self._begin_turn(client, turn)
        if client.on_idle is not None and not client.is_busy:
            client.on_idle()

    async def _answer(self, client: Member, command: Command) -> None:
        """Answer a command in the server's own name."""
        if command.number == 30:
            self.count_traffic()
        try:
            turns = self._context.turns
            asker = Asker(client.line, self.vehicle.owner_id, turns, client.rights)
            await answers.answer(self._context.storage, self.vehicle.id, command, asker)
        except Exception as error:
            self._context.guard.failed("answer", error, self.vehicle.id)
        self._context.counts.commands[CommandOutcome.BY_SERVER] += 1
        client.stream = None
        self._next_turn(client)

    def _refuse(self, client: Member, turn: Turn, reason: str) -> None:
        """Refuse a command; what is sealed shows no number, and can only be dropped."""
        self._context.counts.commands[OUTCOMES.get(reason, CommandOutcome.REFUSED)] += 1
        if turn.command is not None:
            self.send(client, Answer(turn.command.number, Result.FAILED, reason).message)

    def drop_commands(self, client: Member) -> None:
        """Drop what a client that has gone still waited for."""
        client.turns = ()
        if self.car is not None and self.car.queue is not None:
            self.car.queue.forget(client)

    def _take_answer(self, car: Car, message: Message) -> None:
        now = self._context.clock.monotonic()
        answer = Answer.parse(message.data) if message.code == "c" else None
        if answer is not None and answer.number in PIN_COMMANDS:
            self._judge_pin(car, answer, now)  # first: what follows may send the next command
        queue = car.queue or self._commands(car)
        self._follow_up(car, queue.answered(message, answer, now))

    def _pin_refusal(self, number: int | None) -> str:
        """Return why the car must not be asked a PIN now; empty if it may, or if it asks none."""
        if number not in PIN_COMMANDS:
            return ""
        now = self._context.clock.monotonic()
        return self._context.pins.refusal(self.vehicle.id, number, now)

    def _judge_pin(self, car: Car, answer: Answer, now: float) -> None:
        """Count an answer that says that a PIN was wrong; alert the owner of a lock-out, once."""
        if not car.is_local or not self._commands(car).is_asked(answer.number):
            return
        seconds = self._context.pins.take_answer(self.vehicle.id, answer, now)
        if seconds:
            minutes = round(seconds / 60)
            log.warning("too many wrong PINs", vehicle=self.vehicle.id, minutes=minutes)
            text = f"Somebody tried too many wrong PINs. For {minutes} minutes none is taken"
            self.raise_alert(Alert(AlertKind.ALERT.value, text))

    def _follow_up(self, car: Car, outcome: Outcome[Member]) -> None:
        """Do what follows from an answer of the car, or from anything else that ends commands."""
        answer, receiver = outcome.answer, outcome.receiver
        if answer is not None and receiver is not None:
            if isinstance(receiver, Broadcast):
                self._tell_all(answer)
            else:
                self.send(receiver, answer)
        for ending in outcome.endings:
            if ending.refusal is not None:
                self.send(ending.asker, ending.refusal)
            self._next_turn(ending.asker)
        car.pacer.flush()

    def _tell_all(self, answer: Message) -> None:
        """Send everybody an answer that nobody asked for; it may say anything."""
        for client in self.clients:
            if client.rights is None:
                self.send(client, answer)
        self.relays.send(answer)

    # -- time -------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Let time pass; call it about once a second."""
        car = self.car
        if car is not None and car.queue is not None and not car.queue.is_idle:
            self._follow_up(car, car.queue.tick(now))

    def count_traffic(self) -> None:
        """Count what everybody's line has cost, but not what callers without proof send."""
        cars: list[Member] = [self.car] if self.car else []
        for member in (*cars, *self.clients, *self.relays.members):
            self.recorder.count_traffic(member)

    # -- sending ----------------------------------------------------------------------------

    def send(self, member: Member, message: Message) -> None:
        """Send a client or another server a message that it may hear."""
        if member.rights is None or may_hear(member.rights, message):
            self._context.guard.send(member.line, message)

    def pass_to_car(self, message: Message) -> None:
        """Pass on what an app has for the car."""
        if self.car is not None:
            self.car.pacer.pass_on(message)

    def tell_car_its_peers(self) -> None:
        """Send the car the number of apps that watch."""
        if self.car is not None:
            self.car.pacer.tell_peers(self.watching)

    def _to_clients(self, message: Message) -> None:
        for client in self.clients:
            self.send(client, message)

    def _keep_presence(self) -> None:
        if self.is_void:
            return  # another room of this vehicle may be open
        batch = len(self.clients) - self.apps
        self.recorder.keep_presence(car=self.car is not None, apps=self.apps, batch=batch)
        self._context.listeners.state_changed(self)


def _refusal_of_message(rights: VehicleRight, message: Message) -> str:
    """Return why somebody with these rights may not have a command sent; empty if they may."""
    return refusal_of(rights, Command.parse(message.data) if message.code == "C" else None)


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
    "C": Room.take_command,
    "E": Room.take_sealed_from_client,
    "G": Room._watch_group,
    "P": Room._take_alert,
    "p": Room._take_subscription,
}
"""The same for those that come from a client."""
