"""The module's pure core: the car's state and time in, messages out.

The link passes each message of the server to :meth:`Module.receive`. It calls :meth:`Module.poll`
after anything that may have changed the car, and at least every few seconds. Both return the
messages to send now, in order. ``now`` is always the car's time, which never goes back.

The module does no IO and has no clock of its own. It sends nothing while it is not connected: when
the link is back, it sends the whole state. Alerts and records for the history wait until they are
delivered (:mod:`~ovms.car.delivery`).

In paranoid mode the token is sent first at each login, and everything is sealed except what the
protocol keeps in plain. A command is answered in the form in which it came: a client that does not
seal could not read a sealed answer, and the server finds the client by that form. So plain commands
are carried out, too: whoever sends one has shown the secret of the vehicle to the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ovms.base.clock import Clock
from ovms.base.failures import FailureLog
from ovms.car.alert_limits import AlertLimits
from ovms.car.alerts import AlertWatch
from ovms.car.answers import Answers
from ovms.car.changes import ChangeWatch
from ovms.car.charges import ChargeLog
from ovms.car.command_handler import CommandHandler, failure_log
from ovms.car.delivery import Delivery, Moment
from ovms.car.delivery_store import DeliveryStore
from ovms.car.modem import Modem
from ovms.car.parameters import FEATURE_OFFSET, IDENTITY, Parameter
from ovms.car.reports import ORDER, CarIdentity, Units, group_position, make_message
from ovms.car.settings import CAN_WRITE, ModuleSettings, ParameterStore
from ovms.car.soc_alert import SocWatch
from ovms.car.trips import TripLog
from ovms.car.usage import DataUse
from ovms.car.vehicles.interface import CarVehicle, LimitedVehicle
from ovms.protocol import Message
from ovms.protocol.codes import CODES
from ovms.protocol.commands import Answer, Command, Result
from ovms.protocol.paranoid import Sealer, WrongPassword
from ovms.protocol.records import Peers
from ovms.protocol.records.alert import Alert

INTERVAL_ALONE = 600.0
"""Seconds between reports while no app watches. Each report costs the owner money."""

INTERVAL_WATCHED = 60.0
"""Seconds between reports while an app watches."""

PERIODIC = frozenset(code for code in ORDER if CODES[code].is_telemetry)
"""What is sent at each interval; with a modem, which may change it, also ``F``."""

LONGEST_PLAIN = 765
"""Bytes of a message with ``MP-0 ``, so that its line in base64 stays under 1024."""

LONGEST_SEALED = 573
"""The same for a sealed message, which is base64 in base64."""

NOT_OPENED = Answer(0, Result.FAILED, "sealed with another paranoid password")

NO_COMMAND = Answer(0, Result.FAILED, "not a command number")


class Module:
    """One car's module. The docstring of this Python module says how to drive it."""

    def __init__(
        self,
        vehicle: CarVehicle,
        units: Units = Units.MILES,
        vehicle_id: str = "",
        *,
        sealer: Sealer | None = None,
        group: str = "",
        clock: Clock | None = None,
        delivery_store: DeliveryStore | None = None,
        modem: Modem | None = None,
        parameters: Mapping[int, str] | None = None,
        parameter_store: ParameterStore | None = None,
        restarts: bool = False,
        failures: FailureLog | None = None,
        alert_limits: AlertLimits | None = None,
        intervals: tuple[float, float] = (INTERVAL_ALONE, INTERVAL_WATCHED),
    ) -> None:
        """Make a module. ``sealer`` is for paranoid mode, with a token made for this start.

        ``group`` is parameter 11 at the start, and ``parameters`` are further ones. Those that are
        set by command go to ``parameter_store``. ``clock`` gives the real time for delivery and
        timeouts; without it the car's time is used. ``delivery_store`` keeps what is not delivered.
        ``modem`` carries out the commands that need one; without it they are unsupported. With
        ``restarts`` the caller restarts the program on :attr:`restart_requested`. What is an event
        is as in ``alert_limits``, or else as the vehicle has it. ``intervals`` are the seconds
        between reports while no app watches, and while one does.
        """
        self.vehicle = vehicle
        self.identity = vehicle.identity
        """What does not change about the vehicle."""
        self._intervals = intervals
        self.failures = failures or failure_log()
        """Exceptions in the vehicle's code; none of them ends the module."""
        self._state = vehicle.state
        configured = {
            **(parameters or {}),
            Parameter.UNITS: units.value,
            Parameter.VEHICLE_ID: vehicle_id,
        }
        if group:
            configured[Parameter.GROUP_1] = group
        identity = self.identity
        is_on = identity.write_enabled and identity.starts_enabled
        configured.setdefault(CAN_WRITE + FEATURE_OFFSET, str(int(is_on)))
        self.settings = ModuleSettings(configured, parameter_store)
        self.watchers = 0
        """How many apps watch, by the server's last count."""
        self.delivery = Delivery(delivery_store, is_sealed=sealer is not None)
        """Records and alerts that are not delivered yet."""
        self.usage = DataUse()
        """What the link costs. The link notes the bytes."""
        self._sealer = sealer
        self._clock = clock
        self._now = 0.0
        self._is_connected = False
        self._modem = modem
        self._answers = Answers()
        self._reported = self._sent_place = 0.0
        self._changes = ChangeWatch(self._state, self.settings)
        limits = alert_limits or identity.alerts
        self._watch = AlertWatch(identity.car_type, limits)
        self._soc_watch = SocWatch(limits.soc)
        self._commands = CommandHandler(
            vehicle, self.settings, self._alert,
            is_paranoid=sealer is not None, restarts=restarts, usage=self.usage, modem=modem,
            failures=self.failures,
        )  # fmt: skip
        self._trips, self._charges = TripLog(limits), ChargeLog(limits.charge)

    # -- the link ---------------------------------------------------------------------------

    def connect(self, now: float, *, is_verified: bool = False) -> list[Message]:
        """Handle the welcome of the server. Return everything that is known.

        ``is_verified`` says whether TLS has checked the server's certificate.
        """
        self._is_connected = True
        self.settings.locked = frozenset() if is_verified else IDENTITY
        self.watchers = 0
        self.delivery.restart()
        token = [self._sealer.announcement] if self._sealer else []
        return [*token, *self.report(now)]

    def disconnect(self) -> None:
        """Handle the end of the link."""
        self._is_connected = False
        self.watchers = 0
        self._answers.clear()

    def report(self, now: float) -> list[Message]:
        """Return everything that is known, if connected."""
        self._advance(now)
        return self._send(self._changes.ready(now), now) if self._is_connected else []

    def report_all(self, now: float) -> list[Message]:
        """Return everything that is known, if connected: the end of a recording.

        There is nothing to wait for any more.
        """
        self._advance(now)
        ready = self._changes.ready(now, is_last=True)
        return self._send(ready, now) if self._is_connected else []

    def finish(self, now: float) -> None:
        """Count as lasting what has lasted for some seconds: nothing more is to come."""
        for watch in (self._watch, self._trips, self._charges):
            watch.finish()
        self._advance(now)
        self._notice(now)

    def told(self, now: float) -> dict[str, Any]:
        """Return what of its alerts is told, for :meth:`resume` after a restart, as JSON has it."""
        told, minimum = self._watch.told(now), self._soc_watch.told
        return told if minimum is None else {**told, "soc": minimum}

    def resume(self, told: Mapping[str, Any], now: float) -> None:
        """Go on from what was told before a restart, so that it is told once."""
        self._watch.resume(told, now)
        self._soc_watch.resume(told.get("soc"))
        self._charges.resume(told.get("charge"), now)

    def poll(self, now: float) -> list[Message]:
        """Return what is due: changes at once, the periodic messages at each interval.

        Answers, alerts and records that wait follow.
        """
        self._advance(now)
        self._notice(now)
        if not self._is_connected:
            return []
        codes = self._changes.take(now)
        if now - self._reported >= self.interval:
            codes |= PERIODIC & self._changes.ready(now)
            codes.update("F" if self._modem else "")
        if self._streams(now):
            codes.add("L")
        changed = self._send(codes, now) if codes else []
        due = self.delivery.due(self._real(now))
        return [*changed, *self._answers.take(), *map(self._ready, due)]

    def ping(self, now: float) -> Message:
        """Return a ping to send. Its answer goes to :meth:`receive`."""
        return self.delivery.ping(self._real(now))

    def receive(self, message: Message, now: float) -> list[Message]:
        """Handle a message from the server. Return the answers. Ignore unknown messages."""
        match message.code:
            case "A":
                return self._answers.pong(Message("a"))
            case "C":
                return [*self._execute(message.data, now), *self.poll(now)]
            case "E":
                return self._receive_sealed(message, now)
            case "Z":
                return self._count_watchers(message.data, now)
            case "a":
                self.delivery.pong()
            case "h":
                self.delivery.acknowledge(message.data)
        return []

    def _receive_sealed(self, message: Message, now: float) -> list[Message]:
        """Handle a sealed command of a client. Answer even one that cannot be opened.

        Otherwise the server would wait for the answer, and the next clients with it.
        """
        if self._sealer is None or message.data[:2] != b"MC":
            return []
        try:
            command = self._sealer.open(message)
        except WrongPassword:
            self._answers.give([self._ready(NOT_OPENED.message)])
            return self._answers.take()
        return [*self._execute(command.data, now, is_sealed=True), *self.poll(now)]

    @property
    def interval(self) -> float:
        """Seconds from one report to the next."""
        alone, watched = self._intervals
        return watched if self.watchers else alone

    @property
    def is_paranoid(self) -> bool:
        """Whether the module seals what it sends."""
        return self._sealer is not None

    @property
    def restart_requested(self) -> bool:
        """Whether to restart the program once the returned messages have arrived."""
        return self._commands.restart_requested

    def _streams(self, now: float) -> bool:
        """Return whether feature 8 asks for the position now: while driving and watched."""
        interval, state = self.settings.stream_interval, self._state
        if interval is None or not self.watchers or not state.is_on:
            return False
        return bool(state.speed) and state.has_position and now - self._sent_place >= interval

    def _count_watchers(self, data: bytes, now: float) -> list[Message]:
        count = Peers.parse(data).count
        if count is None:
            return []
        before, self.watchers = self.watchers, max(0, int(count))
        self.usage.look(self._state, self.watchers, self._real(now).monotonic)
        return self.report(now) if self.watchers > before else []

    def _notice(self, now: float) -> None:
        """Add the alerts and records that are due, connected or not."""
        with self.failures.catch("alerts and records"):
            self._watch_state(now)

    def _watch_state(self, now: float) -> None:
        state, at = self._state, self._real(now)
        self.delivery.look(at)
        self.usage.look(state, self.watchers, at.monotonic)
        for alert in self._watch.look(state, now):
            self.delivery.add(alert, at)
        minimum = self.settings.minimum_soc
        if self._soc_watch.look(state.soc, minimum, now, state.read.get("soc")):
            self._commands.raise_charge_alert(f"Low battery: below {minimum} %")
        if self.identity.logs:
            real = at.monotonic
            logs = (self._trips.look(state, now, real), self._charges.look(state, now, real))
            for entry in logs:
                if entry is not None:
                    self.delivery.add(entry.record, at, real - entry.at)

    def _advance(self, now: float) -> None:
        """Bring the vehicle, the answers and the modem's readings up to date."""
        self._now = now
        with self.failures.catch("advance"):
            if isinstance(self.vehicle, LimitedVehicle):
                self.vehicle.limit_charge(self.settings.charge_limit)
            self.vehicle.advance(now)
        self._answers.expire(self._real(now).monotonic)
        if self._modem is not None:
            self._state.gsm_signal = self._modem.signal
            self._state.network = self._modem.network

    def _alert(self, alert: Alert) -> None:
        """Add an alert for the owner."""
        self.delivery.add(alert, self._real(self._now))

    def _real(self, now: float) -> Moment:
        clock = self._clock
        return Moment(clock.monotonic(), clock.time()) if clock else Moment(now, now)

    # -- messages ---------------------------------------------------------------------------

    @property
    def _reported_identity(self) -> CarIdentity:
        """What ``F`` and ``V`` report of the car at present."""
        identity, can_write = self.identity, self.settings.can_write
        return replace(
            identity,
            commands=self._commands.offered,
            write_enabled=identity.write_enabled and can_write,
        )

    def _send(self, codes: set[str], now: float) -> list[Message]:
        """Return the messages of ``codes``, and note that they are sent."""
        self._changes.note_sent(codes)
        ready = self._changes.ready(now)
        if codes >= ({"S", "D"} & ready or PERIODIC & ready):
            self._reported = now
        if "L" in codes:
            self._sent_place = now
        state, units = self._state, self.settings.units
        made: list[Message] = []
        for code in ORDER:
            if code in codes:
                with self.failures.catch(f"message {code}"):
                    made.append(make_message(code, state, self._reported_identity, units, now))
        for group in self.settings.groups if "L" in codes else ():
            with self.failures.catch("message g"):
                made.append(group_position(state, group, units, now))
        return [self._ready(message) for message in made]

    def _ready(self, message: Message) -> Message:
        """Return a message as it is sent: short enough, and sealed in paranoid mode."""
        if self._sealer is None or not CODES[message.code].is_sealed:
            return _bounded(message)
        return self._sealer.seal(_bounded(message, LONGEST_SEALED))

    # -- commands ---------------------------------------------------------------------------

    def _execute(self, data: bytes, now: float, *, is_sealed: bool = False) -> list[Message]:
        """Carry out a command, which is answered in the form in which it came.

        Return the answers that can be sent now; later ones come with a later :meth:`poll`.
        """
        self._advance(now)
        ready = self._ready if is_sealed else _bounded
        command = Command.parse(data)
        number = 0 if command is None else command.number
        real = self._real(now).monotonic
        answer = self._answers.owe(number, ready, real, is_sealed=is_sealed)
        if command is None:
            answer(NO_COMMAND)
        else:
            self._commands.execute(command, now, answer, is_sealed=is_sealed)
        return self._answers.take()


def _bounded(message: Message, longest: int = LONGEST_PLAIN) -> Message:
    """Return a message cut so that its line stays under 1024 bytes."""
    room = longest - len(Message(message.code).plain)
    return Message(message.code, message.data[:room])
