"""Decoders as strict as the field's statically typed clients, and what such clients ask for.

Each decoder takes the bytes of an answer and raises :class:`Undecodable` where a client of its kind
fails. The tables name what a client declares; a key that it does not declare it skips.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Check = Callable[[object], None]

LARGEST: Final = 2**63 - 1
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_INTEGER: Final = re.compile(r"-?(?:0|[1-9]\d*)", re.ASCII)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


class Undecodable(Exception):
    """A client cannot decode what it was answered."""


def quoted_number(value: object) -> None:
    """Take a string that holds exactly a number of JSON."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise Undecodable(f"{value!r} is no quoted number")


def quoted_integer(value: object) -> None:
    """Take a string that holds exactly an integer of 64 bits."""
    if not isinstance(value, str) or not _INTEGER.fullmatch(value) or abs(int(value)) > LARGEST:
        raise Undecodable(f"{value!r} is no quoted integer")


def integer(value: object) -> None:
    """Take an integer that is not quoted; true and false are none, nor is 4.0."""
    if type(value) is not int or abs(value) > LARGEST:
        raise Undecodable(f"{value!r} is no bare integer")


def text(value: object) -> None:
    """Take a string."""
    if not isinstance(value, str):
        raise Undecodable(f"{value!r} is no string")


def time(value: object) -> None:
    """Take a time as the field writes it."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise Undecodable(f"{value!r} is no time")


def or_null(check: Check) -> Check:
    """Return a check that takes null as well."""

    def check_or_null(value: object) -> None:
        if value is not None:
            check(value)

    return check_or_null


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if keys != sorted(set(keys)):
        raise Undecodable(f"keys are not sorted, or occur twice: {keys}")
    return dict(pairs)


def _no_constant(name: str) -> float:
    raise Undecodable(f"{name} is not JSON")


def parse(body: bytes) -> Any:
    """Return JSON's value: one document in UTF-8, keys sorted and unique, a newline at the end."""
    if not body.endswith(b"\n") or body.count(b"\n") != 1:
        raise Undecodable("the body is not one line")
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except ValueError as error:
        raise Undecodable(str(error)) from error


def decode(body: bytes, table: Mapping[str, Check], *, complete: bool = False) -> dict[str, Any]:
    """Return an object whose keys are as a table has them: each there if it must be complete."""
    value = parse(body)
    if not isinstance(value, dict):
        raise Undecodable("no object")
    for key, check in table.items():
        if key in value:
            try:
                check(value[key])
            except Undecodable as error:
                raise Undecodable(f"{key}: {error}") from error
        elif complete:
            raise Undecodable(f"{key} is missing")
    return value


# -- charge controllers: what they declare may be null or missing, and must fit otherwise ---------

CONTROLLER_CHARGE: Final = {
    "charge_etr_full": or_null(quoted_integer),
    "chargestate": or_null(text),
    "cp_dooropen": or_null(integer),
    "estimatedrange": or_null(quoted_integer),
    "m_msgage_s": or_null(integer),
    "soc": or_null(quoted_number),
    "staleambient": or_null(quoted_integer),
}
CONTROLLER_STATUS: Final = {
    "odometer": or_null(quoted_number),
    "soc": or_null(quoted_number),
    "estimatedrange": or_null(quoted_integer),
}
CONTROLLER_LOCATION: Final = {
    "latitude": or_null(quoted_number),
    "longitude": or_null(quoted_number),
}
CONTROLLER_CONNECTION: Final = {"v_net_connected": or_null(integer)}

# -- watches: all that they declare must be there -------------------------------------------------

TIMES_S: Final = {"m_msgage_s": integer, "m_msgtime_s": time}
TIMES_D: Final = {"m_msgage_d": integer, "m_msgtime_d": time}
TIMES_L: Final = {"m_msgage_l": integer, "m_msgtime_l": time}


def _table(texts: str, integers: str = "") -> dict[str, Check]:
    made: dict[str, Check] = dict.fromkeys(texts.split(), or_null(text))
    return made | dict.fromkeys(integers.split(), integer)


STATUS_OF_S: Final = TIMES_S | _table(
    "soc units chargestate mode idealrange estimatedrange cac100 cooldown_active idealrange_max soh"
)
STATUS_OF_D: Final = TIMES_D | _table(
    "temperature_pem temperature_motor temperature_battery tripmeter odometer speed parkingtimer"
    " temperature_ambient staletemps staleambient vehicle12v vehicle12v_ref temperature_charger"
    " vehicle12v_current temperature_cabin",
    "fl_dooropen fr_dooropen cp_dooropen pilotpresent charging handbrake caron carlocked valetmode"
    " bt_open tr_open carawake alarmsounding charging_12v",
)
CHARGE_OF_S: Final = TIMES_S | _table(
    "soc units linevoltage chargecurrent chargestate mode idealrange estimatedrange chargelimit"
    " chargeduration chargeb4 chargekwh chargesubstate chargetimermode chargestarttime"
    " chargetimerstale cac100 charge_etr_full charge_etr_limit charge_limit_range charge_limit_soc"
    " cooldown_active cooldown_tbattery cooldown_timelimit charge_estimate charge_etr_range"
    " charge_etr_soc idealrange_max chargetype chargepower battvoltage soh chargepowerinput"
    " chargerefficiency batt_current batt_range_speed charge_kwh_grid charge_kwh_grid_total"
    " batt_capacity"
)
CHARGE_OF_D: Final = TIMES_D | _table(
    "temperature_pem temperature_motor temperature_battery temperature_charger temperature_ambient"
    " temperature_cabin staletemps staleambient vehicle12v vehicle12v_ref vehicle12v_current",
    "cp_dooropen pilotpresent charging caron carawake charging_12v",
)
LOCATION: Final = TIMES_L | _table(
    "latitude longitude direction altitude gpslock stalegps speed tripmeter drivemode power"
    " energyused energyrecd invpower invefficiency"
)
CONNECTION: Final = dict.fromkeys(
    ("v_net_connected", "v_apps_connected", "v_btcs_connected", "v_first_peer"), integer
)
LISTED: Final = {
    "id": text,
    "v_net_connected": integer,
    "v_apps_connected": integer,
    "v_btcs_connected": integer,
}
"""An item of ``/api/vehicles``: these keys and no others."""

# -- exporters: lists of records ------------------------------------------------------------------

PROTOCOL: Final = {
    "m_code": text,
    "m_msg": text,
    "m_msgtime": time,
    "m_paranoid": integer,
    "m_ptoken": or_null(text),
}
SUMMARY: Final = {
    "h_recordtype": text,
    "distinctrecs": integer,
    "totalrecs": integer,
    "totalsize": quoted_integer,
    "first": time,
    "last": time,
}
HISTORICAL: Final = {"h_timestamp": time, "h_recordnumber": integer, "h_data": text}
TOKEN: Final = {
    "owner": text,
    "token": text,
    "application": text,
    "purpose": text,
    "permit": text,
}


def decode_rows(body: bytes, table: Mapping[str, Check]) -> list[dict[str, Any]]:
    """Return a list of objects that have exactly the keys of a table."""
    rows = parse(body)
    if not isinstance(rows, list):
        raise Undecodable("no list")
    for row in rows:
        if row.keys() != table.keys():
            raise Undecodable(f"{sorted(row)} instead of {sorted(table)}")
        decode(json.dumps(row, sort_keys=True).encode() + b"\n", table)
    return rows
