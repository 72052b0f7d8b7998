"""``F`` and ``f``: what runs in the car, and what runs on the server."""

from __future__ import annotations

from dataclasses import dataclass

from ovms.protocol.records.record import Record, flag, number, record, text


@record("F")
@dataclass(frozen=True, slots=True, kw_only=True)
class CarFirmware(Record):
    """Car firmware, identity and its mobile network."""

    firmware: str | None = text("firmware version")
    vin: str | None = text("vehicle identification number")
    gsm_signal: float | None = number("", "signal level, 0 to 31; 99 unknown", unknown=99)
    write_enabled: bool | None = flag("the firmware may write to the car")
    car_type: str | None = text("vehicle type; TR is the Tesla Roadster")
    network: str | None = text("mobile operator the modem is locked to")
    service_range: float | None = number(
        "km", "distance to the next service, -1 unknown", "field", unknown=-1
    )
    service_time: float | None = number(
        "Unix s", "time of the next service, -1 unknown", "field", unknown=-1
    )
    hardware: str | None = text("hardware version", "field")
    network_mode: str | None = text("mobile network mode", "field")


@record("f")
@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFirmware(Record):
    """Server firmware."""

    firmware: str | None = text("server version")
