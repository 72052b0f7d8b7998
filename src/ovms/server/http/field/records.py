"""What the data calls answer: a vehicle's latest messages under the names of the field. Pure.

What is copied out of a message is a string, or ``None`` if it is missing or empty. What is computed
is a number: ages, pressures in psi, and bits, which are the masked byte (0 if it is missing).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from ovms.protocol.records import CarFirmware, Environment, Location, Record, Status, WheelPressures
from ovms.protocol.records.environment import Doors1, Doors2, Doors3, Doors4, Doors5
from ovms.protocol.records.field_types import BitField
from ovms.protocol.records.tyres import PSI_PER_KPA, SECTIONS, split_sections
from ovms.protocol.times import wire_time
from ovms.server.http.errors import CallFailed

if TYPE_CHECKING:
    from ovms.protocol.messages import LatestMessage
    from ovms.protocol.records.field_types import BitSet

Facts = dict[str, str | int | float | None]
"""What a call answers, by name."""

Latest = Mapping[str, "LatestMessage"]
"""A vehicle's latest messages by code."""

STATUS_NAMES: Final = {
    "soc": "soc",
    "units": "units",
    "linevoltage": "line_voltage",
    "chargecurrent": "charge_current",
    "chargestate": "charge_state",
    "mode": "charge_mode",
    "idealrange": "ideal_range",
    "estimatedrange": "estimated_range",
    "chargelimit": "charge_limit",
    "chargeduration": "charge_duration",
    "chargeb4": "charger_b4",
    "chargekwh": "charge_energy",
    "chargesubstate": "charge_substate",
    "chargetimermode": "charge_timer_mode",
    "chargestarttime": "charge_timer_start",
    "chargetimerstale": "charge_timer_stale",
    "cac100": "cac",
    "charge_etr_full": "minutes_to_full",
    "charge_etr_limit": "minutes_to_limit",
    "charge_limit_range": "limit_range",
    "charge_limit_soc": "limit_soc",
    "cooldown_active": "cooldown_active",
    "cooldown_tbattery": "cooldown_temperature",
    "cooldown_timelimit": "cooldown_time",
    "charge_estimate": "charge_estimate",
    "charge_etr_range": "minutes_to_range_limit",
    "charge_etr_soc": "minutes_to_soc_limit",
    "idealrange_max": "ideal_range_max",
    "chargetype": "plug_type",
    "chargepower": "charge_power",
    "battvoltage": "battery_voltage",
    "soh": "soh",
    "chargepowerinput": "charge_power_input",
    "chargerefficiency": "charger_efficiency",
    "batt_current": "battery_current",
    "batt_range_speed": "range_speed",
    "charge_kwh_grid": "grid_energy",
    "charge_kwh_grid_total": "grid_energy_total",
    "batt_capacity": "battery_capacity",
}
"""The fields of ``S`` by the names of the field."""

ENVIRONMENT_NAMES: Final = {
    "temperature_pem": "temperature_pem",
    "temperature_motor": "temperature_motor",
    "temperature_battery": "temperature_battery",
    "tripmeter": "trip",
    "odometer": "odometer",
    "speed": "speed",
    "parkingtimer": "parking_time",
    "temperature_ambient": "temperature_ambient",
    "staletemps": "temperatures_stale",
    "staleambient": "ambient_stale",
    "vehicle12v": "voltage_12v",
    "vehicle12v_ref": "voltage_12v_ref",
    "temperature_charger": "temperature_charger",
    "vehicle12v_current": "current_12v",
    "temperature_cabin": "temperature_cabin",
}
"""The fields of ``D``."""

DOOR_BITS: Final[dict[str, BitSet]] = {
    "fl_dooropen": Doors1.LEFT_DOOR,
    "fr_dooropen": Doors1.RIGHT_DOOR,
    "cp_dooropen": Doors1.CHARGE_PORT,
    "pilotpresent": Doors1.PILOT_PRESENT,
    "charging": Doors1.CHARGING,
    "handbrake": Doors1.HANDBRAKE,
    "caron": Doors1.CAR_ON,
    "carlocked": Doors2.LOCKED,
    "valetmode": Doors2.VALET,
    "headlights": Doors2.HEADLIGHTS,
    "bt_open": Doors2.BONNET,
    "tr_open": Doors2.TRUNK,
    "carawake": Doors3.COOLING_PUMP,  # the slip of the field's server, which clients know
    "alarmsounding": Doors4.ALARM,
    "rl_dooropen": Doors5.REAR_LEFT_DOOR,
    "rr_dooropen": Doors5.REAR_RIGHT_DOOR,
    "charging_12v": Doors5.CHARGING_12V,
    "hvac": Doors5.HVAC,
}
"""Bits of ``D``. Of the alarm's two, of which modules send the lower one, the higher is shown."""

FIRMWARE_NAMES: Final = {
    "m_firmware": "firmware",
    "car_vin": "vin",
    "car_gsm_signal": "gsm_signal",
    "car_type": "car_type",
    "m_mdm_network": "network",
    "servicerange": "service_range",
    "servicetime": "service_time",
    "m_hardware": "hardware",
    "m_mdm_mode": "network_mode",
}
"""The fields of ``F``."""

LOCATION_NAMES: Final = {
    "latitude": "latitude",
    "longitude": "longitude",
    "direction": "direction",
    "altitude": "altitude",
    "gpslock": "gps_lock",
    "stalegps": "gps_stale",
    "speed": "speed",
    "tripmeter": "trip",
    "drivemode": "drive_mode",
    "power": "battery_power",
    "energyused": "energy_used",
    "energyrecd": "energy_recovered",
    "invpower": "inverter_power",
    "invefficiency": "inverter_efficiency",
}
"""The fields of ``L``."""

WHEEL_NAMES: Final = {
    field.name if field.name != "stale" else "staletpms": field.name
    for field in WheelPressures.TABLE
}
"""The fields of ``W``."""

WHEEL_SECTIONS: Final = tuple(name for name in SECTIONS if name != "sensor")
"""The sections of ``Y`` that are told of each wheel."""

WHEEL_FIELDS_LIMIT: Final = 512
"""Fields of ``Y`` that are looked at: some 80 wheels. A line has room for ten thousand, which would
take a tenth of a second."""


@dataclass(frozen=True, slots=True)
class DoorByte:
    """Bits of a byte: where it stands, from 0, and names, what is looked at, what is shown."""

    at: int
    bits: tuple[tuple[str, int, int], ...]


NO_NUMBERS: Final = frozenset({"nan", "-nan", "inf", "-inf"})
"""What firmware prints for a number that it does not have. It is null, as what is empty: a client
that decodes numbers strictly would refuse the whole answer for it.
"""


KEPT_VALUES: Final = 500
"""Messages whose values are remembered, some 5 kB each; the ones asked for longest ago give way."""

KEPT_LENGTH: Final = 1024
"""Bytes of the longest message that is; a real one has some 300."""


@dataclass(frozen=True, slots=True, eq=False)
class MessagePart:
    """What a call takes from the latest message of one code."""

    code: str
    names: tuple[str, ...]
    copy: Callable[[list[str | None]], tuple[str | None, ...]]
    """Returns the values of the names out of all fields."""
    door_bytes: tuple[DoorByte, ...]
    length: int
    """Fields that are looked at."""
    is_needed: bool
    """Without what is sealed in it the call cannot be answered."""
    is_dated: bool
    """When it came, and how long ago, is told."""

    def read(self, message: LatestMessage, now: float) -> Facts:
        """Return the part of an answer that a plain message gives."""
        read = _values if len(message.data) <= KEPT_LENGTH else _values.__wrapped__
        facts = read(self, message.data).copy()
        if self.is_dated:
            facts |= dates(message, now)
        return facts

    def values(self, data: bytes) -> Facts:
        """Return what a message's data gives."""
        fields: list[str | None] = [text or None for text in texts_of(data, self.length)]
        fields += [None] * (self.length - len(fields))
        if b"nan" in data or b"inf" in data:
            fields = [None if text in NO_NUMBERS else text for text in fields]
        facts: Facts = dict(zip(self.names, self.copy(fields), strict=True))
        for each in self.door_bytes:
            byte = _byte(fields[each.at])
            for name, mask, shown in each.bits:
                facts[name] = shown if byte & mask else 0
        return facts


@lru_cache(maxsize=KEPT_VALUES)
def _values(part: MessagePart, data: bytes) -> Facts:
    """Return what :meth:`MessagePart.values` does: several programs ask for the same message."""
    return part.values(data)


def _part(
    record: type[Record],
    names: Mapping[str, str],
    bits: Iterable[str] = (),
    *,
    is_needed: bool = True,
    is_dated: bool = True,
) -> MessagePart:
    """Return a part; where the values stand is read from the record's table."""
    places = {field.name: at for at, field in enumerate(record.TABLE)}
    return MessagePart(
        code=record.CODE,
        names=tuple(names),
        copy=itemgetter(*(places[field] for field in names.values())),
        door_bytes=tuple(_door_bytes(record, [*bits])),
        length=len(record.TABLE),
        is_needed=is_needed,
        is_dated=is_dated,
    )


def _door_bytes(record: type[Record], names: Sequence[str]) -> Iterator[DoorByte]:
    """Yield the bytes that hold bits of those names; of several bits the highest is shown."""
    for at, field in enumerate(record.TABLE):
        if isinstance(field.kind, BitField):
            found = [
                (n, int(DOOR_BITS[n])) for n in names if type(DOOR_BITS[n]) is field.kind.names
            ]
            bits = tuple((name, mask, 1 << mask.bit_length() - 1) for name, mask in found)
            yield DoorByte(at, bits)


def _only(names: Mapping[str, str], wanted: str) -> dict[str, str]:
    return {name: names[name] for name in wanted.split()}


STATUS: Final = (
    _part(
        Status,
        _only(
            STATUS_NAMES,
            "soc units chargestate mode idealrange estimatedrange cac100 cooldown_active"
            " idealrange_max soh",
        ),
    ),
    _part(Environment, ENVIRONMENT_NAMES, DOOR_BITS, is_needed=False),
    _part(CarFirmware, FIRMWARE_NAMES, is_needed=False, is_dated=False),
)
"""``/api/status``."""

CHARGE: Final = (
    _part(Status, STATUS_NAMES),
    _part(
        Environment,
        _only(
            ENVIRONMENT_NAMES,
            "temperature_pem temperature_motor temperature_battery temperature_charger"
            " temperature_ambient temperature_cabin staletemps staleambient vehicle12v"
            " vehicle12v_ref vehicle12v_current",
        ),
        ["cp_dooropen", "pilotpresent", "charging", "caron", "carawake", "charging_12v"],
        is_needed=False,
    ),
)
"""``/api/charge``."""

LOCATION: Final = (_part(Location, LOCATION_NAMES),)
"""``/api/location``."""

DOORS: Final = (_part(Environment, ENVIRONMENT_NAMES, DOOR_BITS),)
"""Of this ``/api/lock`` and ``/api/valet`` tell one bit."""

_WHEELS: Final = _part(WheelPressures, WHEEL_NAMES)


def read_parts(parts: Iterable[MessagePart], latest: Latest, now: float) -> Facts:
    """Return the answer of a call at ``now`` (Unix seconds).

    What was never sent gives nothing. Raises :class:`CallFailed` (502) if what is needed is sealed.
    """
    facts: Facts = {}
    for part in parts:
        message = latest.get(part.code)
        if message is None:
            continue
        if not message.token:
            facts |= part.read(message, now)
        elif part.is_needed:
            raise _is_sealed()
    return facts


def read_status(latest: Latest, now: float) -> Facts:
    """Return what ``/api/status`` answers; see :func:`read_parts`."""
    return read_parts(STATUS, latest, now)


def read_charge(latest: Latest, now: float) -> Facts:
    """Return what ``/api/charge`` answers; see :func:`read_parts`."""
    return read_parts(CHARGE, latest, now)


def read_lock(latest: Latest, now: float) -> Facts:
    """Return what ``/api/lock`` answers; see :func:`read_parts`."""
    return _read_bit("carlocked", latest, now)


def read_valet(latest: Latest, now: float) -> Facts:
    """Return what ``/api/valet`` answers; see :func:`read_parts`."""
    return _read_bit("valetmode", latest, now)


def _read_bit(name: str, latest: Latest, now: float) -> Facts:
    facts = read_parts(DOORS, latest, now)
    return {each: facts[each] for each in (name, "m_msgtime_d", "m_msgage_d") if each in facts}


def read_location(latest: Latest, now: float) -> Facts:
    """Return what ``/api/location`` answers; see :func:`read_parts`."""
    return read_parts(LOCATION, latest, now)


def read_tpms(latest: Latest, now: float) -> Facts:
    """Return what ``/api/tpms`` answers: from ``Y`` if there is one, else from ``W``.

    Raises :class:`CallFailed` (502) as :func:`read_parts`.
    """
    message = latest.get("Y")
    if message is None:
        return read_parts((_WHEELS,), latest, now)
    if message.token:
        raise _is_sealed()
    facts = _wheels(texts_of(message.data, WHEEL_FIELDS_LIMIT)) | dates(message, now)
    facts["m_msgtime_w"] = facts["m_msgtime_y"]
    facts["m_msgage_w"] = facts["m_msgage_y"]
    return facts


def _wheels(fields: tuple[str, ...]) -> Facts:
    names, sections, _ = split_sections(fields)
    wheels = [name.lower() for name in names]
    facts: Facts = {}
    for section in WHEEL_SECTIONS:
        values, _ = sections.get(section, ((), ""))
        for wheel, value in zip(wheels, values):  # noqa: B905 (as far as both reach)
            if section == "pressure":
                facts[f"{wheel}_pressure_kpa"] = _told(value)
                facts[f"{wheel}_pressure"] = _psi(value)
            else:
                facts[f"{wheel}_{section}"] = _told(value)
    stale = {name: sections[name][1] if name in sections else "" for name in WHEEL_SECTIONS}
    facts |= {f"stale_{name}": _told(text) for name, text in stale.items()}
    facts["staletpms"] = max(
        (int(text) for text in stale.values() if _is_whole(text)), default=None
    )
    return facts


def dates(message: LatestMessage, now: float) -> Facts:
    """Return when a message came, in UTC, and how many whole seconds ago that was."""
    code = message.code.lower()
    return {
        f"m_msgtime_{code}": wire_time(message.time),
        f"m_msgage_{code}": age(message.time, now),
    }


def age(time: float, now: float) -> int:
    """Return how many whole seconds ago something was; 0 if the clock was put back."""
    return max(0, int(now - time))


def read_protocol(latest: Latest, now: float) -> list[Facts]:
    """Return what ``/api/protocol`` answers: all messages by code, sealed ones as they are."""
    return [_row(latest[code]) for code in sorted(latest)]


def _row(message: LatestMessage) -> Facts:
    return {
        "m_code": message.code,
        "m_msg": text_of(message.data),
        "m_msgtime": wire_time(message.time),
        "m_paranoid": int(bool(message.token)),
        "m_ptoken": message.token,
    }


def texts_of(data: bytes, limit: int) -> tuple[str, ...]:
    """Return a message's first fields.

    Bytes that are not UTF-8 are read as Latin-1, field by field.
    """
    try:
        return tuple(data.decode().split(",", limit)[:limit])
    except UnicodeDecodeError:
        return tuple(map(text_of, data.split(b",", limit)[:limit]))


def text_of(data: bytes) -> str:
    """Return bytes as text; what is not UTF-8 is read as Latin-1."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _is_sealed() -> CallFailed:
    return CallFailed(
        502, "The vehicle seals its messages (paranoid mode): only its app reads them"
    )


def _told(text: str) -> str | None:
    return None if not text or text in NO_NUMBERS else text


def _byte(text: str | None) -> int:
    is_byte = text is not None and len(text) <= 3 and text.isascii() and text.isdecimal()
    return int(text) if text is not None and is_byte else 0


def _is_whole(text: str) -> bool:
    return len(text) < 10 and text.isascii() and text.removeprefix("-").isdecimal()


def _psi(text: str) -> float | None:
    try:
        psi = float(text) * PSI_PER_KPA
    except ValueError:
        return None
    return psi if math.isfinite(psi) else None
