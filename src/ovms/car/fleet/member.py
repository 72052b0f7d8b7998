"""One car of a fleet: its module, its connection, and when it is to be looked at next.

It has no task. The fleet looks at it when its timer is due, and the pump hands it what comes; it
never waits. Its simulated car and its module are made with its first call.

It is no :class:`~ovms.car.link.Link`, because that costs 1.7 times the memory, and 1.5 times the
processor time even if cars are looked at as seldom (``benchmarks/fleet.py compare``,
docs/simulator.md). Both reconnect by the same rules.

::

    RESTING ──due──▶ CALLING ──connected──▶ GREETING ──welcomed──▶ PROVING ──proven──▶ UP
       ▲                │ no connection        │ closed, silent      │ closed, silent   │ lost
       └────────────────┴──────────────────────┴─────────────────────┴──────────────────┘

PROVING is the wait for the server's first line (:mod:`~ovms.car.calling`); over verified TLS there
is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING

from ovms.base.logs import get_logger
from ovms.car.calling import PROOF_TIMEOUT, SILENT, UnprovenServer, check_token, own_token
from ovms.car.fleet.roster import RosterEntry
from ovms.car.link import LinkTiming
from ovms.car.module import Module
from ovms.car.vehicles.sim import SCENARIOS, SimCar
from ovms.net.client import (
    WELCOME_TIMEOUT,
    ConnectFailed,
    ConnectionLost,
    NetError,
    WelcomeRefused,
)
from ovms.net.pump import Pump
from ovms.net.reconnect import Reconnector
from ovms.protocol import Message, Party, Role, ServerWelcome, Session
from ovms.protocol.errors import AuthenticationFailed
from ovms.protocol.session import Event

if TYPE_CHECKING:
    from ovms.car.fleet.fleet import Fleet

log = get_logger("ovms.car")

SOON = 1.0
"""Seconds until a car is looked at again after a command."""

TIMING = LinkTiming()


class Stage(Enum):
    """How far a car's link is."""

    RESTING = "resting"
    CALLING = "calling"
    GREETING = "greeting"
    PROVING = "proving"
    UP = "up"


class FleetMember:
    """A car of a fleet."""

    __slots__ = ("_deadline", "_fleet", "_heard", "_is_pinged", "_module", "_pump", "_reconnector",
                 "_session", "_vehicle", "due", "entry", "stage")  # fmt: skip

    def __init__(self, entry: RosterEntry, fleet: Fleet) -> None:
        self.entry = entry
        self.stage = Stage.RESTING
        self.due = 0
        self._fleet = fleet
        self._module: Module | None = None
        self._vehicle: SimCar | None = None
        self._session: Session | None = None
        self._pump: Pump | None = None
        self._reconnector = Reconnector(TIMING.calls, random=fleet.random, clock=fleet.clock)
        self._is_pinged = False
        self._heard = self._deadline = 0.0
        """Real seconds: when the last message came, and until when the server must have spoken."""

    # -- the fleet's timers -----------------------------------------------------------------

    def look(self, now: float) -> None:
        """Do what is due at ``now``, in real seconds."""
        match self.stage:
            case Stage.RESTING:
                self.stage = Stage.CALLING
                self._fleet.call(self)
            case Stage.GREETING if now >= self._deadline and self._pump is not None:
                self._pump.abort(TimeoutError("no welcome from the server"))
            case Stage.PROVING if now >= self._deadline and self._pump is not None:
                self._pump.abort(UnprovenServer(SILENT))
            case Stage.UP:
                self._live(now)

    def _live(self, now: float) -> None:
        """Move the car on, send what is due, and end the connection to a server that is silent."""
        module, vehicle = self._made()
        self._tell(module.poll(self._fleet.car_time))
        calm = SOON
        with module.failures.catch("calm_for"):
            calm = vehicle.calm_for / self._fleet.speed
        if module.delivery:
            calm = min(calm, SOON)
        if now - self._heard >= TIMING.dead_after and self._pump is not None:
            self._pump.abort(TimeoutError("the server is silent"))
        elif now - self._heard >= TIMING.ping_after and not self._is_pinged:
            self._is_pinged = True
            self._tell([module.ping(self._fleet.car_time)])
        self._fleet.wheel.set(self, now + calm)

    # -- calling ----------------------------------------------------------------------------

    def make_pump(self) -> Pump:
        """Return the pump of a new connection."""
        token = own_token(self._fleet.tokens, is_verified=self._fleet.is_verified)
        self._session = Session(Party.CALLER, token)
        return Pump(self._session, self, self._fleet.codec())

    def send_welcome(self, pump: Pump, now: float) -> None:
        """Send the welcome on a connection that has just been made."""
        assert self._session is not None
        if self.stage is not Stage.CALLING:  # it was closed again already
            return
        self.stage = Stage.GREETING
        self._deadline = now + WELCOME_TIMEOUT
        self._fleet.wheel.set(self, self._deadline)
        secret = self.entry.secret.encode()
        pump.write(self._session.send_welcome(Role.CAR, self.entry.vehicle, secret))

    def failed(self, reason: str) -> None:
        """Handle a call that found no server."""
        if self.stage is not Stage.RESTING:
            self._fleet.tally.failed += 1
            self._rest(ConnectFailed(reason))

    def close(self) -> None:
        """End the connection in order."""
        if self._pump is not None:
            self._pump.close()

    @property
    def is_connected(self) -> bool:
        """Whether it has a connection, welcomed or not."""
        return self._pump is not None

    @property
    def traffic(self) -> tuple[int, int]:
        """Bytes of the present connection: sent, received."""
        return (self._pump.sent, self._pump.received) if self._pump is not None else (0, 0)

    # -- the pump's handler -----------------------------------------------------------------

    def opened(self, pump: Pump) -> None:
        """Keep the connection that has been made."""
        self._pump = pump

    def received(self, pump: Pump, event: Event) -> None:
        """Handle what the server says."""
        now = self._fleet.now
        self._heard, self._is_pinged = now, False
        if isinstance(event, ServerWelcome):
            self._welcomed(pump, event.token, now)
        elif isinstance(event, Message):
            if self.stage is Stage.PROVING:
                self._come_up(now)
            self._fleet.tally.received += 1
            module, _ = self._made()
            self._tell(module.receive(event, self._fleet.car_time))
            if event.code == "C":
                self._fleet.wheel.set(self, now + SOON / self._fleet.speed)

    def stalled(self, pump: Pump) -> None:
        """End a connection whose server does not read."""
        pump.abort(TimeoutError("the server does not read"))

    def half_closed(self, pump: Pump) -> bool:
        """Return false: a server that says nothing more is gone."""
        return False

    def closed(self, pump: Pump, error: Exception | None) -> None:
        """Handle the end of the connection, and rest until the next call."""
        self._pump = self._session = None
        self._fleet.tally.bytes_sent += pump.sent
        self._fleet.tally.bytes_received += pump.received
        if self.stage is Stage.UP:
            self._go_down(str(error or "closed by the server"))
        elif self.stage is Stage.GREETING and _is_refusal(error):
            self._refused(str(error or "closed before the welcome"))
        else:
            self.failed(str(error or "closed"))

    # -- up and down ------------------------------------------------------------------------

    def _welcomed(self, pump: Pump, token: str, now: float) -> None:
        is_verified = self._fleet.is_verified
        try:
            check_token(self._fleet.tokens, token, is_verified=is_verified)
        except UnprovenServer as error:
            pump.abort(error)
            return
        self.stage = Stage.PROVING
        self._deadline = now + PROOF_TIMEOUT
        self._fleet.wheel.set(self, self._deadline)
        if is_verified:
            self._come_up(now)

    def _come_up(self, now: float) -> None:
        self.stage = Stage.UP
        self._reconnector.welcomed()
        self._fleet.tally.logins += 1
        module, _ = self._made()
        self._tell(module.connect(self._fleet.car_time, is_verified=self._fleet.is_verified))
        self._fleet.wheel.set(self, now + SOON)
        self._fleet.up(self)

    def _go_down(self, reason: str) -> None:
        self._fleet.tally.lost += 1
        self._fleet.down(self)
        self._made()[0].disconnect()
        self._rest(ConnectionLost(reason))

    def _refused(self, reason: str) -> None:
        self._fleet.tally.refused += 1
        self._rest(WelcomeRefused(reason))

    def _rest(self, error: NetError) -> None:
        self.stage = Stage.RESTING
        seconds, reason = self._reconnector.pause_after(error), str(error)
        log.debug("no link", vehicle=self.entry.vehicle, reason=reason, again_in=round(seconds, 1))
        self._fleet.rest(self, seconds, reason)

    def _made(self) -> tuple[Module, SimCar]:
        """Return the car and its module, made when they are first needed."""
        if self._module is None or self._vehicle is None:
            entry, fleet = self.entry, self._fleet
            self._vehicle = SimCar(
                start=fleet.car_time, seed=entry.seed, pin=fleet.pin, vin=entry.vin,
                scenario=SCENARIOS[entry.scenario], phase=entry.phase, soc=entry.soc,
            )  # fmt: skip
            self._module = Module(
                self._vehicle, entry.units, entry.vehicle, group=fleet.group,
                clock=fleet.clock, failures=fleet.failures,
            )  # fmt: skip
        return self._module, self._vehicle

    def _tell(self, messages: Iterable[Message]) -> None:
        if self._pump is not None:
            self._fleet.tally.sent += sum(self._pump.send(message) for message in messages)


def _is_refusal(error: Exception | None) -> bool:
    """Return whether an end before the welcome is a refusal; a reset is none."""
    return error is None or isinstance(error, AuthenticationFailed)
