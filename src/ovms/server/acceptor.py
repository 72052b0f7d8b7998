"""Accepts callers, checks their welcome, and hands them to the hub or to the service for servers.

What is known of a caller belongs to its connection, the :class:`ServerConnection`. A car is never
closed between accept and welcome for a passing reason: new firmware takes that for a wrong password
and stops calling for good. Only a wrong secret, an unknown vehicle, or a first line that is no
welcome closes it at once. While the database is away, cars get no answer; apps are closed, because
they have no time-out of their own.

A welcome by secret can be overheard and repeated, in any role. So its token must be one that was
never seen; what came over a plain connection is remembered before it is answered. A car is let in
all the same, because a module's tokens may repeat: its room asks it for another proof.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import os
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from ovms.base.clock import Clock
from ovms.base.logs import get_logger
from ovms.net.counts import CountsByKind
from ovms.net.forwarded import ReadForwarded, read_nothing
from ovms.net.handler import GoingAway
from ovms.net.http import HttpHandler
from ovms.net.pump import Pump
from ovms.net.turns import MESSAGE_RATE, Allowance, MessageRate, TurnQueue
from ovms.protocol import Message, OwnerWelcome, Party, Role, Session, State
from ovms.protocol.crypto import RandomBytes
from ovms.protocol.errors import AuthenticationFailed
from ovms.protocol.records.alert import Alert, AlertKind
from ovms.protocol.session import Event
from ovms.protocol.welcome import (
    FIRST_VEHICLE,
    CallerWelcome,
    ProvisionRequest,
)
from ovms.server.accounts.buckets import network_of
from ovms.server.accounts.errors import LoginRefused
from ovms.server.accounts.login import APP_RIGHT, Login
from ovms.server.failed_calls import FailureReason
from ovms.server.hub.hub import Removed, RoomSession
from ovms.server.hub.room import Room
from ovms.server.patience import Patience
from ovms.server.provisions import ProvisionRequests, ProvisionThrottle
from ovms.server.refusals import (
    NoWelcome,
    Refusal,
    Repeated,
    Revoked,
    Stalled,
    Stopping,
    TlsOnly,
    WarningKind,
    reason_of_refusal,
)
from ovms.server.refused_calls import BY_REFUSAL, RefusedCalls
from ovms.server.rights import VehicleRight
from ovms.server.services import ConnectionHandler, Finding, Services
from ovms.server.storage.errors import StoreError
from ovms.server.strangers import StrangerStage
from ovms.server.strays import StrayDigests
from ovms.server.welcome_turns import WelcomeTurns

WELCOME_TIMEOUT = 75.0
"""Seconds until a caller without a welcome is closed: well above the 60 after which a module itself
tries again."""

HEAD_TIMEOUT = 10.0
"""Seconds from the first byte of an HTTP head to its last."""

LEAVING_TIMEOUT = 10.0
"""Seconds a stopping server waits for a caller's first byte, then for the end of what it began.

A caller whose welcome is whole stays until it is answered, leaves, or its time is over.
"""

LEAVING_LIMIT = 20.0
"""Seconds that a stopping server waits in all for those whose welcome is not whole, whatever steps
they take in time."""

CLIENT_LIFE = 60
"""Seconds after which an app whose network is gone is noticed: while it counts, the car pays."""

CAR_PATIENCE = 1.0
"""Seconds that a car waits until its token is remembered; then it is welcomed without."""

REFUSAL_TIME = 0.025
"""Seconds after a welcome by secret at which it is refused, however soon that was known: the time
of a refusal must not tell whether there is such a vehicle. Ten times what the look-up takes."""

PAGE_LIFE = 12 * 3600.0
"""Seconds that the app of a session's page is connected at most: it comes again with a new ticket,
which a session that has lapsed meanwhile does not get."""

HALF_CLOSE_TIMEOUT = 10.0
"""Seconds that a caller which says nothing more is kept for the answers that it still waits for."""

TICK_PART = 1000
"""Connections that are looked at in one go, under a millisecond, before others have their turn."""

LOGGED_ID_LENGTH = 32
"""Characters of a stranger's vehicle id that are logged."""

NOTED = frozenset({"C", "E"})
"""Codes of messages that may be commands."""

STRANGER = "stranger"
"""The kind of those without a welcome, for the counts."""

KINDS = (*(role.name.lower() for role in Role), STRANGER, "http")
"""The kinds of connections that are counted."""

T = TypeVar("T")

log = get_logger("ovms.acceptor")


class ServerConnection:
    """One accepted connection, from its first byte to its last."""

    __slots__ = ("_acceptor", "_entering", "_half_closed", "_has_spoken", "_network", "_opened",
                 "_provisioning", "_vehicle_id", "_welcome", "handler", "is_http",
                 "login", "number", "pump", "since")  # fmt: skip

    def __init__(self, acceptor: Acceptor, *, is_http: bool = False) -> None:
        self._acceptor = acceptor
        self.number = next(acceptor.numbers)
        """Its name among all connections of this start."""
        self.is_http = is_http
        """It came at a port for HTTP, where no module calls."""
        self._opened = self.since = acceptor.clock.monotonic()
        self._has_spoken = False
        self._network = ""
        self._half_closed: float | None = None
        """When the caller said that it sends nothing more; ``None`` while it may."""
        self._welcome: CallerWelcome | OwnerWelcome | None = None
        self._entering: asyncio.Task[None] | None = None
        self._provisioning: ProvisionRequests | None = None
        self._vehicle_id = ""
        """The vehicle in whose room it is, as it is stored."""
        self.handler: ConnectionHandler | None = None
        """What handles its messages once it has been welcomed."""
        self.login: Login | None = None
        """Whose app it is, if an owner has logged in."""
        self.pump: Pump | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """Return the role of whoever is welcomed and the vehicle; of others it is a stranger."""
        if self.handler is None or self._welcome is None:
            return STRANGER, ""
        return self._welcome.role.name.lower(), self._vehicle_id or self._welcome.vehicle_key

    @property
    def age(self) -> float:
        """Seconds since the connection was accepted."""
        return self._acceptor.clock.monotonic() - self._opened

    @property
    def may_be_closed(self) -> bool:
        """A stopping server may close it: a module would not take that for a wrong secret."""
        if self.handler is not None or self.is_http:
            return True
        if self._half_closed is not None and not self.is_answering:
            return True
        is_whole = self._welcome is not None or self.is_answering
        if not is_whole and self._acceptor.is_left:
            return True
        patience = WELCOME_TIMEOUT if is_whole else LEAVING_TIMEOUT
        return self._acceptor.clock.monotonic() - self.since >= patience

    @property
    def is_late(self) -> bool:
        """Its time for a welcome is over, or that for an HTTP head."""
        if self.handler is not None or self.pump is None:
            return False
        now = self._acceptor.clock.monotonic()
        is_late_head = self.pump.is_in_head and now - self.since >= HEAD_TIMEOUT
        return is_late_head or self.age >= WELCOME_TIMEOUT

    def end_old_page(self) -> None:
        """Close the app of a session's page that is connected for long."""
        is_page = self.login is not None and self.login.credential.session_id is not None
        if is_page and self.pump is not None and self.age >= PAGE_LIFE:
            self.pump.close(GoingAway("come again with a new ticket"))

    # -- a stranger -------------------------------------------------------------------------

    @property
    def network(self) -> str:
        """Where the caller is."""
        if not self._network and self.pump is not None:
            self._network = network_of(_address(self.pump))
        return self._network

    @property
    def stage(self) -> StrangerStage | None:
        """How far it has come; ``None`` while an answer is due, and once it is welcomed."""
        if self.pump is None or self.handler is not None:
            return None
        if self.pump.session.state is State.CLOSED:
            return StrangerStage.LEAVING
        if self._welcome is not None or self.is_answering:
            return None
        return StrangerStage.UNFINISHED if self.pump.received else StrangerStage.SILENT

    def turn_away(self) -> bool:
        """Close it at once, unless it has just spoken; return whether it has gone."""
        if self.pump is None or self.pump.unread:
            return False
        self._acceptor.forget(self)
        self.pump.abort()
        return True

    def note_first_byte(self) -> None:
        """Count its time anew once it has spoken. Call it about once a second."""
        if not self._has_spoken and self.pump is not None and self.pump.received:
            self._has_spoken = True
            self.since = self._acceptor.clock.monotonic()

    # -- the pump's handler -----------------------------------------------------------------

    def opened(self, pump: Pump) -> None:
        """Wait for a welcome."""
        self.pump = pump
        self.since = self._acceptor.clock.monotonic()
        self._acceptor.remember(self)
        self._acceptor.counts.enter(pump, STRANGER)

    def received(self, pump: Pump, event: Event) -> None:
        """Check a welcome; reading pauses until that is done. What servers say is passed on."""
        match event:
            case Message():
                if self.handler is not None:
                    pump.counts.messages_received += 1
                    self.handler.receive(event)
            case CallerWelcome() | OwnerWelcome():
                pump.pause()
                self._welcome = event
                # What was overheard is remembered, also when the caller hangs up meanwhile.
                self._entering = self._acceptor.spawn(self._enter(pump, event))
            case ProvisionRequest():
                if self._provisioning is None:
                    self._provisioning = self._acceptor.provisioning(pump)
                self._provisioning.take(event.key)

    def stalled(self, pump: Pump) -> None:
        """End a connection that does not read: its buffer would grow without end."""
        pump.abort(Stalled("does not read what it is sent"))

    def half_closed(self, pump: Pump) -> bool:
        """Return whether the caller still waits for an answer: ``printf … | socat`` hangs up so."""
        if self._half_closed is None:
            self._half_closed = self._acceptor.clock.monotonic()
        return self.is_answering

    @property
    def is_answering(self) -> bool:
        """An answer to something that the caller has said is still due."""
        if self._entering is not None and not self._entering.done():
            return True
        if self._provisioning is not None and self._provisioning.is_answering:
            return True
        return self.handler is not None and self.handler.is_answering

    def end_half_closed(self) -> None:
        """Close a caller that sends nothing more, once it has its answers or has waited enough."""
        if self._half_closed is None or self.pump is None:
            return
        waited = self._acceptor.clock.monotonic() - self._half_closed
        if not self.is_answering or waited >= HALF_CLOSE_TIMEOUT:
            self.pump.close()

    def update(self, login: Login | None) -> None:
        """Go on with what became of its login, or close an app that must come back with it."""
        if self.login is not None and login is not None and login.listed == self.login.listed:
            self.login = login
            if isinstance(self.handler, RoomSession):
                self.handler.change_rights(login.shared.get(self.handler.room.vehicle.id))
        elif self.pump is not None:
            self.pump.close(Revoked())

    def closed(self, pump: Pump, error: Exception | None) -> None:
        """Handle the end of the connection."""
        self._acceptor.forget(self)
        self._acceptor.counts.leave(pump)
        self._cancel_work()
        if self.handler is not None:
            self._note_unproven(pump, error)
            self.handler.closed(error)
            log.info("disconnected", **self._facts(), reason=_reason(error), seconds=int(self.age))
        elif error is not None or self._welcome is not None:
            reason = reason_of_refusal(error)
            self._acceptor.refusals[reason] += 1
            self._note_refusal(pump, reason)
            log.info("refused", **self._facts(), reason=_reason(error))
        else:
            log.debug("ended without a welcome", peer=pump.peer)

    def _cancel_work(self) -> None:
        """Cancel what is done for the caller alone; what its token told is remembered."""
        if self._provisioning is not None:
            self._provisioning.cancel()
        if self._entering is not None and isinstance(self._welcome, OwnerWelcome):
            self._entering.cancel()

    # -- logging in -------------------------------------------------------------------------

    async def _enter(self, pump: Pump, welcome: CallerWelcome | OwnerWelcome) -> None:
        try:
            if isinstance(welcome, OwnerWelcome):
                await self._enter_as_owner(pump, welcome)
            else:
                await self._enter_by_secret(pump, welcome)
        except (Refusal, Removed, AuthenticationFailed, LoginRefused) as error:
            pump.close(error)
        except Exception as error:
            if pump.session.state is State.CLOSED:
                return  # nobody waits for it any more
            # Passing trouble: a car tries again by itself, an app would wait for ever.
            log.warning("cannot check a welcome now", **self._facts(), reason=_reason(error))
            if welcome.role is not Role.CAR:
                pump.close(error)
            else:
                self._acceptor.unanswered += 1
                self._note_failure(pump, FailureReason.BUSY)
        finally:
            # A task that has ended takes half a kilobyte, and no password need be kept.
            is_known = bool(self._vehicle_id)
            self._entering, self._welcome = None, welcome.without_proof(is_known=is_known)

    async def _enter_by_secret(self, pump: Pump, welcome: CallerWelcome) -> None:
        await self._acceptor.welcome_turns.take()
        began = self._acceptor.clock.monotonic()
        welcomes = self._acceptor.welcomes
        try:
            await self._enter_proven(pump, welcome)
            welcomes["accepted"] += self.handler is not None
        except (Refusal, Removed, AuthenticationFailed):
            welcomes["refused"] += 1
            passed = self._acceptor.clock.monotonic() - began
            await asyncio.sleep(max(0.0, REFUSAL_TIME - passed))
            raise

    async def _enter_proven(self, pump: Pump, welcome: CallerWelcome) -> None:
        found = await self._find(pump, welcome, is_tls=pump.is_tls)
        room = found.room
        if pump.session.state is State.CLOSED:
            return  # closed while it was looked up
        kind = "server" if welcome.role is Role.SERVER else "car"
        if room is None or room.vehicle.type != kind:
            pump.session.proves(self._acceptor.nobody.encode())
            raise Refusal("unknown vehicle" if kind == "car" else "unknown server")
        try:
            if found.is_repeated and welcome.role is not Role.CAR:
                self._acceptor.warn(room, WarningKind.REPEATED)
                raise Repeated
            if found.is_proven:
                self._refuse_plain(pump, room)
            with self._acceptor.cork:  # the welcome and what follows leave in one write
                pump.accept(room.vehicle.secret.encode())
                if kind == "server":
                    self._enter_peers(pump, room, welcome)
                else:
                    self._enter_room(
                        pump, room, welcome.role, token=welcome.token, is_repeated=found.is_repeated
                    )
        except TlsOnly:
            self._note_failure(pump, FailureReason.TLS_ONLY)
            raise
        except AuthenticationFailed:
            self._note_failure(pump, FailureReason.WRONG_SECRET)
            if welcome.role is Role.CAR:
                self._acceptor.services.hub.car_refused(room)
            raise
        finally:
            self._acceptor.services.hub.release(room)
        pump.resume()

    async def _find(self, pump: Pump, welcome: CallerWelcome, *, is_tls: bool) -> Finding:
        """Return the vehicle's room, and what the welcome's token tells."""

        def proves(secret: str) -> bool:
            return pump.session.proves(secret.encode())

        hub, is_stray = self._acceptor.services.hub, not is_tls
        try:
            room, is_proven = await hub.find_proven(welcome.vehicle_key, proves)
            if room is None or not is_proven:
                return Finding(room)
            is_stray = False
        finally:
            if is_stray:
                self._acceptor.strays.put(welcome.digest)
        was_stray = welcome.digest in self._acceptor.strays
        is_repeated = await self._is_repeated(welcome, room.vehicle.secret, is_tls=is_tls)
        if room.is_void:  # changed meanwhile
            room, _ = await hub.find_proven(welcome.vehicle_key, proves)
        return Finding(room, is_proven=True, is_repeated=is_repeated or was_stray)

    def _refuse_plain(self, pump: Pump, room: Room) -> None:
        """Refuse a right login that others could read, if the vehicle takes none, and tell."""
        if room.vehicle.tls_only and not pump.is_tls:
            self._acceptor.warn(room, WarningKind.PLAIN)
            raise TlsOnly

    async def _is_repeated(self, welcome: CallerWelcome, secret: str, *, is_tls: bool) -> bool:
        """Return whether a token was seen before; remember it if others could read it."""
        tokens = self._acceptor.services.tokens
        check = tokens.knows if is_tls else tokens.remember
        if welcome.role is not Role.CAR:
            return await check(secret, welcome.token)
        try:
            known = asyncio.ensure_future(check(secret, welcome.token))
            return await self._acceptor.patience.wait(known)
        except (StoreError, TimeoutError) as error:
            log.warning("a car's token is not remembered yet", **self._facts(),
                        reason=_reason(error))  # fmt: skip
        return False

    async def _enter_as_owner(self, pump: Pump, welcome: OwnerWelcome) -> None:
        """Let an owner's app in: the login must be right and the vehicle the owner's own."""
        address = _address(pump)
        accounts, hub = self._acceptor.services.accounts, self._acceptor.services.hub
        login = await accounts.log_in(welcome.user, welcome.password, APP_RIGHT, address)
        self.login = login  # before the next await: a change is told only once
        wanted = welcome.vehicle_key
        if wanted == FIRST_VEHICLE:
            wanted = next(iter(login.listed), "")
        room = await hub.find(wanted) if wanted in login.vehicles else None
        if pump.session.state is State.CLOSED:
            return  # closed while it was looked up
        login = self.login  # its rights may have changed meanwhile
        if room is None or room.vehicle.type != "car":
            raise Refusal("the owner has no such vehicle")
        try:
            self._refuse_plain(pump, room)
            with self._acceptor.cork:
                pump.accept_owner(login.owner, room.vehicle.id, login.listed)
                self._enter_room(pump, room, welcome.role, rights=login.shared.get(room.vehicle.id))
        finally:
            hub.release(room)
        pump.resume()

    def _enter_room(
        self,
        pump: Pump,
        room: Room,
        role: Role,
        *,
        token: str = "",
        is_repeated: bool = False,
        rights: VehicleRight | None = None,
    ) -> None:
        hub = self._acceptor.services.hub
        self._vehicle_id = room.vehicle.id
        self._acceptor.counts.enter(pump, role.name.lower())
        pump.allowance = Allowance(self._acceptor.rate)
        if role is not Role.CAR:
            pump.expect_life(CLIENT_LIFE)
        log.info("connected", **self._facts())
        self.handler = hub.enter(
            room, role, pump, token=token, is_repeated=is_repeated, rights=rights
        )
        self._acceptor.welcome(self)
        is_car = role is Role.CAR
        pump.on_messages = self.handler.receive_all if is_car else self._receive_all

    def _enter_peers(self, pump: Pump, room: Room, welcome: CallerWelcome) -> None:
        log.info("connected", **self._facts())
        self._acceptor.counts.enter(pump, welcome.role.name.lower())
        vehicle = room.vehicle
        self.handler = self._acceptor.services.peers.admit(
            vehicle.id, vehicle.secret, pump, welcome.words
        )
        self._acceptor.welcome(self)

    # -- what is noted ----------------------------------------------------------------------

    def _receive_all(self, messages: Sequence[Message]) -> bool:
        """Pass on what a client says; its commands are noted in the audit trail."""
        assert isinstance(self.handler, RoomSession)
        for message in messages:
            if message.code in NOTED and self._welcome is not None and self.pump is not None:
                address = _address(self.pump)
                self._acceptor.services.notes.command(
                    message, self._welcome.role, self._vehicle_id, self.login, address
                )
        return self.handler.receive_all(messages)

    def _note_failure(
        self, pump: Pump, reason: FailureReason, error: Exception | None = None
    ) -> None:
        """Note for the owner why a car failed to connect, unless this server ends it."""
        welcome, is_ours = self._welcome, isinstance(error, GoingAway)
        if isinstance(welcome, CallerWelcome) and welcome.role is Role.CAR and not is_ours:
            called = welcome.vehicle_key or self._vehicle_id
            self._acceptor.services.notes.failed(called, _address(pump), reason)

    def _note_refusal(self, pump: Pump, reason: str) -> None:
        """Note a refused call for who sets up a module; those of apps and at HTTP ports pass."""
        trouble, welcome = BY_REFUSAL.get(reason), self._welcome
        if trouble is None or self.is_http or isinstance(welcome, OwnerWelcome):
            return
        if welcome is None:
            self._acceptor.refused_calls.note(_address(pump), trouble)
        elif welcome.role is Role.CAR:
            self._acceptor.refused_calls.note(_address(pump), trouble, welcome.vehicle_key)

    def _note_unproven(self, pump: Pump, error: Exception | None) -> None:
        """Note that a car was gone before it had proven itself, unless another one is there."""
        room = self._acceptor.services.hub.rooms.get(self._vehicle_id)
        if room is not None and room.car is None and not pump.session.is_proven:
            self._note_failure(pump, FailureReason.NO_PROOF, error)

    def _facts(self) -> dict[str, str]:
        facts = {"peer": self.pump.peer if self.pump else ""}
        if self._welcome is not None:
            # A blank in a password makes its end the vehicle id: only a right login shows it.
            if self.login is not None or not isinstance(self._welcome, OwnerWelcome):
                called = self._welcome.vehicle_key or self._vehicle_id
                facts["vehicle"] = called[:LOGGED_ID_LENGTH]
            facts["role"] = self._welcome.role.name.lower()
        if isinstance(self._welcome, OwnerWelcome):
            facts["user"] = self._welcome.user[:LOGGED_ID_LENGTH]
        return facts


def _address(pump: Pump) -> str:
    """Return where a caller is, without its port."""
    return pump.peer.rpartition(":")[0]


def _reason(error: Exception | None) -> str:
    return "closed by the other end" if error is None else str(error) or type(error).__name__


class Acceptor:
    """All connections of the server, and the time limits of those without a welcome.

    A connection that is handed over to HTTP does not count here any more.
    """

    def __init__(
        self,
        services: Services,
        clock: Clock,
        random_bytes: RandomBytes = os.urandom,
        rate: MessageRate = MESSAGE_RATE,
        refused_calls: RefusedCalls | None = None,
        forwarded: ReadForwarded = read_nothing,
    ) -> None:
        self.services = services
        self._forwarded = forwarded
        self.refused_calls = refused_calls or RefusedCalls(clock.time)
        """Who was refused lately, for whoever sets up a module."""
        self.clock = clock
        self.rate = rate
        self.connections: set[ServerConnection] = set()
        self.numbers = itertools.count(1)
        self._strangers: set[ServerConnection] = set()
        """Those without a welcome."""
        self.provision_throttle = ProvisionThrottle(clock.monotonic)
        self.nobody = random_bytes(16).hex()
        """The secret of those who do not exist: they take as long as a wrong one."""
        self._turns = TurnQueue(clock.monotonic)
        self.cork = self._turns.cork  # until a welcome is complete, too
        self.welcome_turns = WelcomeTurns()
        self.patience = Patience(CAR_PATIENCE)
        self.counts = CountsByKind(KINDS)
        """What went over all connections, by their kind."""
        self.refusals: Counter[str] = Counter()
        """How many callers were refused, by the reason."""
        self.welcomes: Counter[str] = Counter()
        """How many welcomes by secret were accepted and refused."""
        self.unanswered = 0
        """Cars that got no answer, because the database was away."""
        self.strays = StrayDigests()
        self._on_unfit = self.strays.put_line  # one for all connections
        self._tasks: set[asyncio.Task[Any]] = set()
        self._emptying_since = math.inf

    @property
    def is_left(self) -> bool:
        """The server stops, and those whose welcome is not whole have had their time."""
        return self.clock.monotonic() - self._emptying_since >= LEAVING_LIMIT

    @property
    def count(self) -> int:
        """Return how many connections there are."""
        return len(self.connections)

    @property
    def turns(self) -> int:
        """Return how many connections wait for their turn."""
        return self._turns.depth

    def strangers(self) -> Iterator[ServerConnection]:
        """Yield those that may have to leave."""
        return (each for each in self._strangers if each.stage is not None)

    def remember(self, connection: ServerConnection) -> None:
        """Take a connection in."""
        self.connections.add(connection)
        self._strangers.add(connection)

    def welcome(self, connection: ServerConnection) -> None:
        """Count a connection no longer among the strangers."""
        self._strangers.discard(connection)

    def forget(self, connection: ServerConnection) -> None:
        """Leave a connection out that has ended or is about to."""
        self.connections.discard(connection)
        self._strangers.discard(connection)

    def answer(self, http: HttpHandler | None = None) -> Pump:
        """Make the protocol of a connection that is being accepted; ``http`` at a port for it."""
        session = Session(Party.SERVER, self.services.tokens.make(), self._on_unfit)
        connection = ServerConnection(self, is_http=http is not None)
        return Pump(session, connection, http=http, turns=self._turns, forwarded=self._forwarded)

    def provisioning(self, pump: Pump) -> ProvisionRequests:
        """Return what answers the requests for provisioning of a connection."""
        return ProvisionRequests(pump, self.provision_throttle, self.services.find_provision)

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run what must be done also when its caller has hung up."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)
        return task

    def _task_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits for it is told

    def warn(self, room: Room, kind: WarningKind) -> None:
        """Tell a vehicle's owner of a refused login, once while it has its secret."""
        self.spawn(self._warn(room, kind))

    async def _warn(self, room: Room, kind: WarningKind) -> None:
        vehicle = room.vehicle
        try:
            if await self.services.tokens.warns(vehicle.id, kind.name.lower(), vehicle.secret):
                room = self.services.hub.rooms.get(vehicle.id, room)
                room.raise_alert(Alert(AlertKind.ALERT.value, kind.value))
        except Exception as error:
            log.warning("cannot tell an owner of a refused login", vehicle=vehicle.id,
                        reason=_reason(error))  # fmt: skip

    def tick(self) -> None:
        """Close callers whose time is over. Call it about once a second."""
        for _ in self.tick_in_parts():
            pass

    def tick_in_parts(self) -> Iterator[None]:
        """Do the same as :meth:`tick`, and yield where others may have their turn."""
        for number, connection in enumerate([*self.connections], 1):
            connection.end_half_closed()
            connection.end_old_page()
            if connection.handler is None:
                connection.note_first_byte()
                if connection.is_late and connection.pump is not None:
                    is_usual = connection.is_http  # browsers open some that they may use later
                    connection.pump.close(None if is_usual else NoWelcome("no welcome in time"))
            if not number % TICK_PART:
                yield

    def logins(self) -> list[Login]:
        """Return the logins of all owners' apps."""
        return [each.login for each in self.connections if each.login is not None]

    def update(self, changes: Mapping[Login, Login | None]) -> None:
        """Close the apps of owners whose password, token or vehicles changed."""
        for connection in list(self.connections):
            if connection.login is not None and connection.login in changes:
                connection.update(changes[connection.login])

    async def empty(self, is_complete: Callable[[], bool] = lambda: True) -> None:
        """Close everybody: the welcomed at once, the others after their welcome.

        Call it when no new connection can come but those of which ``is_complete`` says so.
        """
        self._emptying_since = self.clock.monotonic()
        while not is_complete() or self.connections:
            for connection in list(self.connections):
                if connection.pump and connection.may_be_closed:
                    connection.pump.close(Stopping("the server is stopping"))
            await asyncio.sleep(0.05)
