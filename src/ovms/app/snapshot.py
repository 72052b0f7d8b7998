"""What an app knows of its vehicle: the latest message of each code, and whether the car is there.

Pure: messages and times come in, nothing goes out.

The only time on the wire is ``T``, the age of the newest message that the server had stored. So a
stored message is dated by that age (it is as old or older), and a live one by when it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar, cast

from ovms.app.alerts import AlertLog, TimedAlert
from ovms.app.paranoid import Opener
from ovms.base.clock import iso_time
from ovms.protocol import Message
from ovms.protocol.codes import CODES, parse_content
from ovms.protocol.modules import ModuleKind, module_kind
from ovms.protocol.paranoid import sealed_message, token_of
from ovms.protocol.records import (
    Alert,
    Capabilities,
    CarFirmware,
    Content,
    Environment,
    Freshness,
    GroupPosition,
    Location,
    Peers,
    PowerExport,
    Record,
    ServerFirmware,
    Status,
    Tyres,
    UpdateAge,
    WheelPressures,
    legible,
)
from ovms.protocol.records.environment import Doors4

_FIELD_GENERATIONS = ("1", "2", "3")
"""What the firmware of the modules on the road begins with."""

GROUP_LIMIT = 1000
"""Cars of groups that are remembered: nothing else bounds what a server sends."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message and when it came, Unix seconds; ``content`` is ``None`` for an unknown code.

    A message that could not be opened (``is_sealed``) has its code, and data that mean nothing.
    """

    message: Message
    time: float
    content: Content | None
    is_sealed: bool = False

    @classmethod
    def of(cls, message: Message, time: float, module: ModuleKind = ModuleKind.ESP32) -> Self:
        """Return a message of a car with such a module, with its content as far as it is read."""
        sealed = sealed_message(message)
        if sealed is not None:
            return cls(sealed, time, None, is_sealed=True)
        return cls(message, time, parse_content(message, module))

    def as_json(self, now: float) -> dict[str, Any]:
        """Return time, age in seconds, fields by name, and fields without a name.

        ``old`` names the fields that the module has marked as readings of some time ago.
        """
        seen = {"time": iso_time(self.time), "age": max(0, int(now - self.time))}
        if self.is_sealed:
            return {**seen, "sealed": True, "fields": {}, "old": [], "extra": []}
        extra = self.content.extra if self.content else (self.message.data.decode("latin-1"),)
        fields = self.content.as_json() if self.content else {}
        old = list(_old_fields(self.content)) if isinstance(self.content, Record) else []
        return {**seen, "fields": fields, "old": old, "extra": list(map(legible, extra))}


C = TypeVar("C")


@dataclass(slots=True)
class Snapshot:
    """The state of one vehicle as its app knows it. An unknown value is ``None``.

    So is a value that only stands for unknown on the wire
    (:meth:`~ovms.protocol.records.Record.known`). ``messages`` have the records as they came.
    """

    vehicle_id: str = ""
    connected: bool | None = None
    """Whether the car is connected to the server.

    ``None`` until the server has said, and when the connection to the server is lost.
    """
    messages: dict[str, Seen] = field(default_factory=dict)
    groups: dict[str, dict[str, Seen]] = field(default_factory=dict)
    """The latest position (a :class:`GroupPosition`) of each car, by group and vehicle id.

    Names of groups have no case: here they are in upper case.
    """
    alert_log: AlertLog = field(default_factory=AlertLog)
    """The last alerts: those that came, and those that were asked for."""
    opener: Opener = field(default_factory=Opener)
    """Opens what is sealed; see :mod:`ovms.app.paranoid`."""
    _is_dated: bool = False
    """Whether the first ``T`` has come: what comes after it is live."""

    @property
    def is_paranoid(self) -> bool:
        """Whether the car seals what it sends."""
        return self.opener.token is not None

    @property
    def is_password_wrong(self) -> bool:
        """Whether the paranoid password does not open what the car has sealed."""
        return self.opener.is_wrong

    @property
    def seals_commands(self) -> bool:
        """Whether commands are sealed: the car seals, there is a password, and the module can.

        ESP32 modules cannot open a sealed command: they get it in plain.
        """
        firmware = self.messages.get("F")
        is_known = firmware is not None and not firmware.is_sealed
        return self.opener.seals and (not is_known or self.module.opens_commands)

    def copy(self) -> Snapshot:
        """Return a copy that does not change with what comes later."""
        groups = {name: dict(cars) for name, cars in self.groups.items()}
        log = self.alert_log.copy()
        return replace(self, messages=dict(self.messages), groups=groups, alert_log=log)

    def restart(self, vehicle_id: str) -> None:
        """Start a new connection: what comes first was stored, and is not live.

        For another vehicle than before everything is forgotten.
        """
        if vehicle_id != self.vehicle_id:
            self.vehicle_id = vehicle_id
            self.connected = None
            self.messages.clear()
            self.groups.clear()
            self.alert_log = AlertLog()
        self._is_dated = False
        self.opener.restart()

    def receive(self, message: Message, now: float) -> Message:
        """Keep a message that came at ``now``, Unix seconds; return it opened, if possible."""
        before = self.opener.token
        message = self.opener.receive(message)
        if token_of(message) is not None:
            if self.opener.token != before:
                self._drop_sealed()
            return message
        module = self.module
        self._keep(Seen.of(message, now, module), now)
        if self.module is not module:
            self._read_again()
        return message

    def _read_again(self) -> None:
        """Read what is kept again: the car has another module than was thought."""
        self.messages = {
            code: seen if seen.is_sealed else Seen.of(seen.message, seen.time, self.module)
            for code, seen in self.messages.items()
        }

    @property
    def module(self) -> ModuleKind:
        """Which module the car has, by its latest ``F``."""
        firmware = self.messages.get("F")
        return module_kind(firmware.message.data if firmware and not firmware.is_sealed else None)

    def _keep(self, seen: Seen, now: float) -> None:
        if isinstance(seen.content, Peers):
            self.connected = bool(seen.content.count)
        elif isinstance(seen.content, UpdateAge):
            self._date(max(0, now - (seen.content.age or 0)))
        elif isinstance(seen.content, GroupPosition):
            self._keep_position(seen, seen.content)
        elif not CODES[seen.message.code].is_about_link:
            if isinstance(seen.content, Alert):
                self.alert_log.add(TimedAlert(now, seen.content))
            self.messages[seen.message.code] = seen

    def _drop_sealed(self) -> None:
        """Forget what was sealed under an older token: nothing can open it any more."""
        self.messages = {c: seen for c, seen in self.messages.items() if not seen.is_sealed}

    def _keep_position(self, seen: Seen, position: GroupPosition) -> None:
        if position.group is None or position.vehicle_id is None:
            return
        cars = self.groups.setdefault(position.group.upper(), {})
        cars.pop(position.vehicle_id, None)  # the latest stands last
        cars[position.vehicle_id] = seen
        if sum(map(len, self.groups.values())) > GROUP_LIMIT:
            oldest = min(self.groups, key=lambda name: _oldest(self.groups[name]))
            del self.groups[oldest][next(iter(self.groups[oldest]))]
            if not self.groups[oldest]:
                del self.groups[oldest]

    def _date(self, newest: float) -> None:
        """Date what the server had stored: it is at least as old as the newest of it."""
        if not self._is_dated:
            self._is_dated = True
            self.messages = {
                code: replace(seen, time=min(seen.time, newest))
                for code, seen in self.messages.items()
            }

    def _content(self, code: str, make: Callable[[], C], kind: type[C]) -> C:
        seen = self.messages.get(code)
        if seen is None or not isinstance(seen.content, kind):
            return make()
        content: Any = seen.content
        return cast(C, content.known()) if isinstance(content, Record | Tyres) else seen.content

    @property
    def status(self) -> Status:
        """The latest ``S``; empty if there is none."""
        return self._content("S", Status, Status)

    @property
    def environment(self) -> Environment:
        """The latest ``D``; empty if there is none."""
        return self._content("D", Environment, Environment)

    @property
    def location(self) -> Location:
        """The latest ``L``; empty if there is none."""
        return self._content("L", Location, Location)

    @property
    def firmware(self) -> CarFirmware:
        """The latest ``F``; empty if there is none."""
        return self._content("F", CarFirmware, CarFirmware)

    @property
    def server(self) -> ServerFirmware:
        """The latest ``f``; empty if there is none."""
        return self._content("f", ServerFirmware, ServerFirmware)

    @property
    def wheels(self) -> WheelPressures:
        """The latest ``W``; empty if there is none."""
        return self._content("W", WheelPressures, WheelPressures)

    @property
    def capabilities(self) -> Capabilities:
        """The latest ``V``; empty if there is none."""
        return self._content("V", Capabilities, Capabilities)

    @property
    def tyres(self) -> Tyres:
        """The latest ``Y``; empty if there is none."""
        return self._content("Y", Tyres, Tyres)

    @property
    def power_export(self) -> PowerExport:
        """The latest ``X``; empty if there is none."""
        return self._content("X", PowerExport, PowerExport)

    @property
    def alarm(self) -> bool | None:
        """Whether the alarm sounds; ``None`` if the car has not said.

        Firmware 1 to 3 says it in another bit than the guide, and leaves the guide's to chance.
        """
        generation = (self.firmware.firmware or "")[:1]
        is_field = generation in _FIELD_GENERATIONS or self.module is ModuleKind.OURS
        return self.environment.is_set(Doors4.ALARM_SENT if is_field else Doors4.ALARM)

    def unit(self, record: Record, name: str) -> str:
        """Return the unit of a record's field, ``km`` or ``mi`` for a distance; empty for none.

        If the car has not sent the unit of its distances, it is ``distance``. Raises ``KeyError``
        for a field that the record does not have.
        """
        unit = {each.name: each.unit for each in record.TABLE}[name]
        known = {"K": "km", "M": "mi"}.get(self.status.units or "")
        return unit.replace("distance", known) if known else unit

    @property
    def updated(self) -> float | None:
        """When the car last sent something, in Unix seconds. An alert may be anybody's."""
        times = [
            seen.time
            for code, seen in self.messages.items()
            if not CODES[code].is_only_servers and code != Alert.CODE
        ]
        return max(times, default=None)

    def as_json(self, now: float) -> dict[str, Any]:
        """Return everything that is known, as ``ovms app status --json`` prints it."""
        return {
            "vehicle": self.vehicle_id,
            "connected": self.connected,
            "paranoid": self.is_paranoid,
            "messages": {code: self.messages[code].as_json(now) for code in sorted(self.messages)},
            "alerts": [each.as_json() for each in self.alert_log.alerts],
        }


def _old_fields(record: Record) -> Iterator[str]:
    """Yield the names of fields that hold a reading of some time ago."""
    for each in record.TABLE:
        if each.stale and record.freshness(each.name) is Freshness.OLD:
            yield each.name


def _oldest(cars: dict[str, Seen]) -> float:
    return next(iter(cars.values())).time
