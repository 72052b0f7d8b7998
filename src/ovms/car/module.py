"""The module's pure core: the car's state and time in, messages out.

What the link hears goes into :meth:`Module.receive`; after anything that may have changed the
car, and at least every few seconds, :meth:`Module.poll` says what is to be told. Both give the
messages to send now, in order. ``now`` is always the car's time, which never goes back.

No IO, no clock of its own. Nothing is told while the module is not connected: what matters of it
is in the state, all of which is sent when the link is back. Alerts and records for the history
wait until they are delivered (:mod:`~ovms.car.delivery`).

In paranoid mode the token goes out first at each login, and everything is sealed but what the
protocol has in plain. A command is answered in the form in which it came: a client that does not
seal could not read a sealed answer, and the server finds who asked by that form. So a plain
command is obeyed, too: whoever could send it has shown the secret of the vehicle to the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ovms.base.clock import Clock
from ovms.base.failures import FailureLog
from ovms.car.alerts import AlertWatch
from ovms.car.answers import Answers
from ovms.car.charges import ChargeLog
from ovms.car.command_handler import EVENT, CommandHandler, log
from ovms.car.delivery import Delivery, Moment
from ovms.car.delivery_store import DeliveryStore
from ovms.car.modem import Modem
from ovms.car.parameters import FEATURE_OFFSET, Parameter
from ovms.car.reports import ORDER, CarIdentity, Units, group_position, make_message
from ovms.car.settings import CAN_WRITE, ModuleSettings, ParameterStore
from ovms.car.soc_alert import SocWatch
from ovms.car.state import CarState
from ovms.car.trips import TripLog
from ovms.car.usage import DataUse
from ovms.car.vehicles.interface import CarVehicle
from ovms.protocol import Message
from ovms.protocol.codes import CODES
from ovms.protocol.commands import Answer, Command, Result
from ovms.protocol.paranoid import Sealer, WrongPassword
from ovms.protocol.records import Peers
from ovms.protocol.records.alert import Alert

INTERVAL_ALONE = 600.0
"""Seconds between reports while nobody watches. Each costs the owner money."""

INTERVAL_WATCHED = 60.0
"""Seconds between reports while an app watches."""

PERIODIC = frozenset(code for code in ORDER if CODES[code].is_telemetry)
"""What is sent at each interval; ``F`` is, too, where a modem may change it."""

LONGEST_PLAIN = 765
"""Bytes of a message, ``MP-0 `` included, whose line in base64 with its end stays under 1024."""

LONGEST_SEALED = 573
"""The same for a message that is sealed: base64 in base64."""

NOT_OPENED = Answer(0, Result.FAILED, "sealed with another paranoid password")

NO_COMMAND = Answer(0, Result.FAILED, "not a command number")

Watched = tuple[object, ...]


class Module:
    """One car's module. See this module's docstring for how it is driven."""

    def __init__(
        self,
        vehicle: CarVehicle,
        units: Units = Units.MILES,
        vehicle_id: str = "",
        *,
        sealer: Sealer | None = None,
        group: str = "",
        clock: Clock | None = None,
        journal: DeliveryStore | None = None,
        modem: Modem | None = None,
        parameters: Mapping[int, str] | None = None,
        parameter_store: ParameterStore | None = None,
        restarts: bool = False,
        failures: FailureLog | None = None,
    ) -> None:
        """Make a module; ``sealer`` for paranoid mode, with a token made for this start.

        ``group`` is what parameter 11 is at the start. ``clock`` gives real time, for what the
        network times; without it the car's time is taken for that. ``journal`` keeps what is not
        delivered. ``modem`` obeys the commands that need one; they are unsupported without.
        ``parameters`` are further ones that it is started with; what is set by command goes to
        ``parameter_store``. With ``restarts`` somebody looks at :attr:`restart_requested`.
        """
        self.vehicle = vehicle
        self.identity = vehicle.identity
        """What does not change about the vehicle."""
        self.failures = failures or FailureLog(log, EVENT)
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
        """How many apps watch, as the server last said."""
        self.delivery = Delivery(journal, is_sealed=sealer is not None)
        """Records and alerts on their way to the server."""
        self.usage = DataUse()
        """What the link costs; whoever holds that notes the bytes."""
        self._sealer = sealer
        self._clock = clock
        self._now = 0.0
        self._is_connected = False
        self._told: dict[str, Watched] = {}
        self._modem = modem
        self._answers = Answers()
        self._reported = self._told_place = 0.0
        self._told_settings = self._settings_in_use
        self._watch = AlertWatch(identity.car_type)
        self._soc_watch = SocWatch()
        self._commands = CommandHandler(
            vehicle, self.settings, self._alert,
            is_paranoid=sealer is not None, restarts=restarts, usage=self.usage, modem=modem,
            failures=self.failures,
        )  # fmt: skip
        self._trips, self._charges = TripLog(), ChargeLog()

    # -- the link ---------------------------------------------------------------------------

    def connect(self, now: float) -> list[Message]:
        """Learn that the server has welcomed us; give everything."""
        self._is_connected = True
        self.watchers = 0
        self.delivery.restart()
        token = [self._sealer.announcement] if self._sealer else []
        return [*token, *self.report(now)]

    def disconnect(self) -> None:
        """Learn that the link is gone."""
        self._is_connected = False
        self.watchers = 0
        self._answers.clear()

    def report(self, now: float) -> list[Message]:
        """Return everything that is known, if connected."""
        self._advance(now)
        known = {code for code in ORDER if _is_known(code, self._state)}
        return self._send(known, now) if self._is_connected else []

    def report_all(self, now: float) -> list[Message]:
        """Return everything, known or not, if connected: the last word of a recording."""
        self._advance(now)
        return self._send(set(ORDER), now) if self._is_connected else []

    def poll(self, now: float) -> list[Message]:
        """Return what is due.

        All of it at the interval, what has changed at once, and what waits.
        """
        self._advance(now)
        self._notice(now)
        if not self._is_connected:
            return []
        codes = self._changed()
        if now - self._reported >= self.interval:
            codes.update(PERIODIC, "F" if self._modem else "")
        if self._streams(now):
            codes.add("L")
        told = self._send(codes, now) if codes else []
        due = self.delivery.due(self._real(now))
        return [*told, *self._answers.take(), *map(self._ready, due)]

    def ping(self, now: float) -> Message:
        """Return a ping to be sent; its answer is to be told to :meth:`receive`."""
        return self.delivery.ping(self._real(now))

    def receive(self, message: Message, now: float) -> list[Message]:
        """Take in a message from the server; give the answers. Unknown ones are ignored."""
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
        """Take in what a client has sealed: a command. One that does not open has an answer, too.

        Without that the server would wait for it, and whoever asks next with it.
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
        return INTERVAL_WATCHED if self.watchers else INTERVAL_ALONE

    @property
    def is_paranoid(self) -> bool:
        """It seals what it says."""
        return self._sealer is not None

    @property
    def restart_requested(self) -> bool:
        """The program is to be started anew, once what was given to be sent has arrived."""
        return self._commands.restart_requested

    def _streams(self, now: float) -> bool:
        """Return whether feature 8 wants the position told now: on the way, and while watched."""
        interval, state = self.settings.stream_interval, self._state
        if interval is None or not self.watchers or not state.is_on:
            return False
        return bool(state.speed) and state.has_position and now - self._told_place >= interval

    def _count_watchers(self, data: bytes, now: float) -> list[Message]:
        count = Peers.parse(data).count
        if count is None:
            return []
        before, self.watchers = self.watchers, max(0, int(count))
        self.usage.look(self._state, self.watchers, self._real(now).monotonic)
        return self.report(now) if self.watchers > before else []

    def _notice(self, now: float) -> None:
        """Note what is worth an alert or a record, connected or not."""
        with self.failures.catch("alerts and records"):
            self._watch_state(now)

    def _watch_state(self, now: float) -> None:
        state, at = self._state, self._real(now)
        self.delivery.look(at)
        self.usage.look(state, self.watchers, at.monotonic)
        for alert in self._watch.look(state):
            self.delivery.add(alert, at)
        minimum = self.settings.minimum_soc
        if self._soc_watch.look(state.soc, minimum):
            self._commands.raise_charge_alert(f"Low battery: below {minimum} %")
        if self.identity.logs:
            for record in (self._trips.look(state, now), self._charges.look(state)):
                if record is not None:
                    self.delivery.add(record, at)

    def _advance(self, now: float) -> None:
        """Let time pass until now, and see what the modem knows."""
        self._now = now
        with self.failures.catch("advance"):
            self.vehicle.advance(now)
        self._answers.expire(self._real(now).monotonic)
        if self._modem is not None:
            self._state.gsm_signal = self._modem.signal
            self._state.network = self._modem.network

    def _alert(self, alert: Alert) -> None:
        """Take what the owner is to be told."""
        self.delivery.add(alert, self._real(self._now))

    def _real(self, now: float) -> Moment:
        clock = self._clock
        return Moment(clock.monotonic(), clock.time()) if clock else Moment(now, now)

    # -- what is told at once ---------------------------------------------------------------

    def _changed(self) -> set[str]:
        """Return the codes of what has changed since it was told.

        What is read for the first time is no change: it is told as soon as the message that it
        belongs to is known as a whole, so that no app sees a battery at 0 % on the way.
        """
        state = self._state
        codes: set[str] = set()
        watched = _watched(state)
        for group, things in watched.items():
            told = self._told[group]
            if told != things:
                has_changed = any(
                    a is not None and a != b for a, b in zip(told, things, strict=True)
                )
                codes.update(code for code in group if has_changed or _is_known(code, state))
        self._told = watched
        return codes | self._changed_settings()

    def _changed_settings(self) -> set[str]:
        """Return the codes of what the settings have changed since it was told."""
        before, self._told_settings = self._told_settings, self._settings_in_use
        units, can_write, groups = (
            a != b for a, b in zip(before, self._settings_in_use, strict=True)
        )
        changed = "SDL" if units else "L" if groups and self.settings.groups else ""
        codes = {code for code in changed if _is_known(code, self._state)}
        return codes | set("FV" if can_write else "")

    @property
    def _settings_in_use(self) -> tuple[Units, bool, tuple[str, ...]]:
        """The settings whose change is told at once."""
        return self.settings.units, self.settings.can_write, self.settings.groups

    @property
    def _reported_identity(self) -> CarIdentity:
        """What ``F`` and ``V`` say of the car, as things are."""
        identity, can_write = self.identity, self.settings.can_write
        return replace(
            identity,
            commands=self._commands.offered,
            write_enabled=identity.write_enabled and can_write,
        )

    def _send(self, codes: set[str], now: float) -> list[Message]:
        """Make messages, and note what the server now knows."""
        self._told = _watched(self._state)
        if codes.issuperset("SD"):
            self._reported = now
        if "L" in codes:
            self._told_place = now
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
        """Make a message ready to be sent: short enough, and sealed in paranoid mode."""
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


def _watched(state: CarState) -> dict[str, Watched]:
    """Return the things whose change is told at once, by the codes that tell them.

    The last entries are there for their first reading only: unknown, then ``True`` for ever.
    """
    return {
        "F": (state.vin, state.network),
        "D": (state.doors_1, state.doors_2, state.lock_told, state.doors_3, state.doors_4,
              state.doors_5, _seen(state.odometer), _seen(state.trip), _seen(state.temperature_pem),
              _seen(state.temperature_ambient)),
        "SL": (None if state.doors_1 is None else state.is_on,),
        "S": (state.charge_state_number, state.charge_state, state.charge_substate,
              state.charge_mode, state.charge_limit, state.charge_timer_mode,
              state.charge_timer_start, state.cooldown, _seen(state.soc), _seen(state.ideal_range)),
        "L": (_seen(state.direction), _seen(state.latitude), _seen(state.longitude)),
        "W": tuple(_seen(tyre.pressure) for tyre in state.tyres.values()),
    }  # fmt: skip


def _seen(value: float | None) -> bool | None:
    return None if value is None else True


def _is_known(code: str, state: CarState) -> bool:
    """Return whether there is enough to make a message that misleads nobody."""
    match code:
        case "S":
            return state.soc is not None
        case "D":
            return state.doors_1 is not None
        case "L":
            return state.has_position or state.direction is not None
    return True


def _bounded(message: Message, longest: int = LONGEST_PLAIN) -> Message:
    """Cut a message so that its line stays under 1024 bytes; only configured text is that long."""
    room = longest - len(Message(message.code).plain)
    return Message(message.code, message.data[:room])
