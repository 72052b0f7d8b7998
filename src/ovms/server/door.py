"""The door: takes callers in from accept to welcome, and hands them to the hub.

A car is never closed between the two for a passing reason: new firmware takes that for a wrong
password and stops calling for good. Only a wrong secret, an unknown vehicle, or a first line that
is no welcome closes it at once; while the database is away the door stays silent towards cars, and
closes apps, which have no time-out of their own.
"""

from __future__ import annotations

import asyncio
import gc
import os
from weakref import WeakSet

from ovms.base.clock import Clock
from ovms.base.logs import get_logger
from ovms.hub.hub import Guest, Hub, Removed
from ovms.net.pump import Pump
from ovms.protocol import Message, Party, Role, Session, State
from ovms.protocol.crypto import RandomBytes, digest_proves, make_token
from ovms.protocol.errors import AuthenticationFailed
from ovms.protocol.session import Event
from ovms.protocol.welcome import CallerWelcome, ProvisionRefused, ProvisionRequest

WELCOME_TIMEOUT = 75.0
"""Seconds until a caller without a welcome is closed: clearly more than the 60 after which a module
itself tries again."""

LEAVING_TIMEOUT = 10.0
"""Seconds a stopping server waits for the first byte of a caller; a car speaks at once.

A caller that has spoken is left until it is welcomed, goes, or its time is over.
"""

CLIENT_LIFE = 60
"""Seconds after which an app whose network is gone is noticed: while it counts, the car pays."""

LOGGED_ID_LENGTH = 32
"""Characters of a stranger's vehicle id that are logged."""

log = get_logger("ovms.door")


class Silent(Exception):
    """No welcome came in time."""


class Stalled(Exception):
    """The other end does not read what it is sent."""


class Stopping(Exception):
    """The server is being stopped."""


class Refusal(Exception):
    """The caller is not let in; the text says why."""


class Caller:
    """One accepted connection, from its first byte to its last."""

    __slots__ = ("__weakref__", "_door", "_login", "_opened", "_welcome", "guest", "pump")

    def __init__(self, door: Door) -> None:
        self._door = door
        door.coming.add(self)
        self._opened = door.clock.monotonic()
        self._welcome: CallerWelcome | None = None
        self._login: asyncio.Task[None] | None = None
        self.guest: Guest | None = None
        self.pump: Pump | None = None

    @property
    def age(self) -> float:
        """Seconds since the connection was accepted."""
        return self._door.clock.monotonic() - self._opened

    @property
    def may_be_left(self) -> bool:
        """A stopping server may close it: its owner will not take that for a wrong secret."""
        has_spoken = self.pump is not None and self.pump.received > 0
        patience = WELCOME_TIMEOUT if has_spoken else LEAVING_TIMEOUT
        return self.guest is not None or self.age >= patience

    # -- the pump's owner -------------------------------------------------------------------

    def opened(self, pump: Pump) -> None:
        """Wait for a welcome."""
        self.pump = pump
        self._door.coming.discard(self)
        self._door.callers.add(self)

    def received(self, pump: Pump, event: Event) -> None:
        """Pass messages to the room; look a welcome up, and read on when it counts."""
        match event:
            case Message():
                if self.guest is not None:
                    self.guest.receive(event)
            case CallerWelcome():
                pump.pause()
                self._welcome = event
                self._login = asyncio.create_task(self._log_in(pump, event))
            case ProvisionRequest():
                # There are no provisioning records yet, and so none for this key.
                pump.say(ProvisionRefused())

    def stalled(self, pump: Pump) -> None:
        """Give up a connection that does not read: it would cost memory without end."""
        pump.abort(Stalled("does not read what it is sent"))

    def closed(self, pump: Pump, error: Exception | None) -> None:
        """Leave the room."""
        self._door.callers.discard(self)
        if self._login is not None:
            self._login.cancel()
        if self.guest is not None:
            self._door.hub.leave(self.guest)
            log.info("disconnected", **self._facts(), reason=_reason(error), seconds=int(self.age))
        elif error is not None or self._welcome is not None:
            log.info("refused", **self._facts(), reason=_reason(error))
        else:
            log.debug("left without a word", peer=pump.peer)

    # -- logging in -------------------------------------------------------------------------

    async def _log_in(self, pump: Pump, welcome: CallerWelcome) -> None:
        try:
            await self._enter(pump, welcome)
        except (Refusal, Removed, AuthenticationFailed) as error:
            pump.close(error)
        except Exception as error:
            # Passing trouble: a car tries again by itself, an app would wait for ever.
            log.warning("no welcome for now", **self._facts(), reason=_reason(error))
            if welcome.role is not Role.CAR:
                pump.close(error)

    async def _enter(self, pump: Pump, welcome: CallerWelcome) -> None:
        if welcome.role is Role.SERVER:
            raise Refusal("servers are not served")
        room = await self._door.hub.find_proven(
            welcome.vehicle_key,
            lambda secret: digest_proves(secret.encode(), welcome.token, welcome.digest),
        )
        if pump.session.state is State.CLOSED:
            return  # closed while it was looked up
        if room is None or room.vehicle.type != "car":
            raise Refusal("unknown vehicle")
        try:
            pump.accept(room.vehicle.secret.encode())
            if welcome.role is not Role.CAR:
                pump.expect_life(CLIENT_LIFE)
            log.info("connected", **self._facts())
            self.guest = self._door.hub.enter(room, welcome.role, pump)
            if welcome.role is Role.CAR:
                self._door.hub.car_welcomed(room)
        except AuthenticationFailed:
            if welcome.role is Role.CAR:
                self._door.hub.car_refused(room)
            raise
        finally:
            self._door.hub.release(room)
        pump.resume()

    def _facts(self) -> dict[str, str]:
        facts = {"peer": self.pump.peer if self.pump else ""}
        if self._welcome is not None:
            facts["vehicle"] = self._welcome.vehicle_key[:LOGGED_ID_LENGTH]
            facts["role"] = self._welcome.role.name.lower()
        return facts


def _reason(error: Exception | None) -> str:
    if error is None:
        return "closed by the other end"
    return str(error) or type(error).__name__


class Door:
    """All connections of the server, and the time limits of those without a welcome."""

    def __init__(self, hub: Hub, clock: Clock, random_bytes: RandomBytes = os.urandom) -> None:
        self.hub = hub
        self.clock = clock
        self.callers: set[Caller] = set()
        self.coming: WeakSet[Caller] = WeakSet()
        """Accepted callers in their TLS handshake; nobody tells when it fails, so it is weak."""
        self._random_bytes = random_bytes

    @property
    def count(self) -> int:
        """Give how many connections there are."""
        return len(self.callers) + len(self.coming)

    def answer(self) -> Pump:
        """Make the protocol of a connection that is being accepted."""
        session = Session(Party.SERVER, make_token(self._random_bytes))
        return Pump(session, Caller(self))

    def tick(self) -> None:
        """Close callers that did not say who they are. Call it about once a second."""
        for caller in list(self.callers):
            if caller.guest is None and caller.pump and caller.age >= WELCOME_TIMEOUT:
                caller.pump.close(Silent("no welcome in time"))

    async def empty(self) -> None:
        """Close everybody: the welcomed at once, the others after their welcome.

        Call it when nobody new can come.
        """
        while self.callers or self._has_coming():
            for caller in list(self.callers):
                if caller.pump and caller.may_be_left:
                    caller.pump.close(Stopping("the server is stopping"))
            await asyncio.sleep(0.05)

    def _has_coming(self) -> bool:
        if self.coming:
            gc.collect()  # asyncio, other than uvloop, leaves failed handshakes to it
        return any(each.age < WELCOME_TIMEOUT for each in self.coming)
