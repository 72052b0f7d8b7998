from __future__ import annotations

import pytest

from ovms.protocol.messages import LatestMessage
from ovms.server.http.errors import CallFailed
from ovms.server.http.field import records
from ovms.server.http.field.records import Facts
from tests.server.hub.fakes import START

AGE = 90.9

STATUS_S = (
    "soc 1, units 2, chargestate 5, mode 6, idealrange 7, estimatedrange 8, cac100 19,"
    " cooldown_active 24, idealrange_max 30, soh 34"
)
STATUS_D = (
    "temperature_pem 4, temperature_motor 5, temperature_battery 6, tripmeter 7, odometer 8,"
    " speed 9, parkingtimer 10, temperature_ambient 11, staletemps 13, staleambient 14,"
    " vehicle12v 15, vehicle12v_ref 17, temperature_charger 19, vehicle12v_current 20,"
    " temperature_cabin 21"
)
STATUS_F = (
    "m_firmware 1, car_vin 2, car_gsm_signal 3, car_type 5, m_mdm_network 6, servicerange 7,"
    " servicetime 8, m_hardware 9, m_mdm_mode 10"
)
CHARGE_S = (
    "soc 1, units 2, linevoltage 3, chargecurrent 4, chargestate 5, mode 6, idealrange 7,"
    " estimatedrange 8, chargelimit 9, chargeduration 10, chargeb4 11, chargekwh 12,"
    " chargesubstate 13, chargetimermode 16, chargestarttime 17, chargetimerstale 18, cac100 19,"
    " charge_etr_full 20, charge_etr_limit 21, charge_limit_range 22, charge_limit_soc 23,"
    " cooldown_active 24, cooldown_tbattery 25, cooldown_timelimit 26, charge_estimate 27,"
    " charge_etr_range 28, charge_etr_soc 29, idealrange_max 30, chargetype 31, chargepower 32,"
    " battvoltage 33, soh 34, chargepowerinput 35, chargerefficiency 36, batt_current 37,"
    " batt_range_speed 38, charge_kwh_grid 39, charge_kwh_grid_total 40, batt_capacity 41"
)
CHARGE_D = (
    "temperature_pem 4, temperature_motor 5, temperature_battery 6, temperature_charger 19,"
    " temperature_ambient 11, temperature_cabin 21, staletemps 13, staleambient 14,"
    " vehicle12v 15, vehicle12v_ref 17, vehicle12v_current 20"
)
LOCATION_L = (
    "latitude 1, longitude 2, direction 3, altitude 4, gpslock 5, stalegps 6, speed 7,"
    " tripmeter 8, drivemode 9, power 10, energyused 11, energyrecd 12, invpower 13,"
    " invefficiency 14"
)
WHEELS_W = (
    "fr_pressure 1, fr_temperature 2, rr_pressure 3, rr_temperature 4, fl_pressure 5,"
    " fl_temperature 6, rl_pressure 7, rl_temperature 8, staletpms 9"
)
"""What ``fields.md`` says is copied from where, counted from 1."""

BITS = {
    "fl_dooropen": (1, 0), "fr_dooropen": (1, 1), "cp_dooropen": (1, 2), "pilotpresent": (1, 3),
    "charging": (1, 4), "handbrake": (1, 6), "caron": (1, 7), "carlocked": (2, 3),
    "valetmode": (2, 4), "headlights": (2, 5), "bt_open": (2, 6), "tr_open": (2, 7),
    "carawake": (12, 1), "alarmsounding": (16, 2), "rl_dooropen": (18, 0), "rr_dooropen": (18, 1),
    "charging_12v": (18, 4), "hvac": (18, 7),
}  # fmt: skip
"""Which field of ``D``, and which bit of it."""

CHARGE_BITS = ("cp_dooropen", "pilotpresent", "charging", "caron", "carawake", "charging_12v")


def latest(**data: str | bytes) -> dict[str, LatestMessage]:
    """Return messages by code that came at :data:`START`."""
    return {
        code: LatestMessage(code, each if isinstance(each, bytes) else each.encode(), START)
        for code, each in data.items()
    }


def sealed(code: str) -> dict[str, LatestMessage]:
    """Return a sealed message by code."""
    return {code: LatestMessage(code, b"c2VhbGVk", START, "token")}


def numbered(code: str, count: int = 50) -> str:
    """Return data whose fields name themselves."""
    return ",".join(f"{code}{number}" for number in range(1, count + 1))


def copied(code: str, table: str) -> Facts:
    """Return what is copied from a message of :func:`numbered`."""
    pairs = (each.split() for each in table.split(", "))
    return {name: f"{code}{number}" for name, number in pairs}


def dated(*codes: str) -> Facts:
    """Return when messages of :func:`latest` came, and their age."""
    facts: Facts = {}
    for code in codes:
        facts |= {f"m_msgtime_{code}": "2023-11-14 22:13:20", f"m_msgage_{code}": 90}
    return facts


def status(**data: str | bytes) -> Facts:
    """Return a status some time after the messages came."""
    return records.read_status(latest(**data), START + AGE)


def test_status_fields() -> None:
    """Each value is copied from its place, and what is no byte has no bit set."""
    bits: Facts = dict.fromkeys(BITS, 0)
    expected = (
        copied("S", STATUS_S) | copied("D", STATUS_D) | bits | copied("F", STATUS_F)
        | dated("s", "d")
    )  # fmt: skip
    assert status(S=numbered("S"), D=numbered("D"), F=numbered("F")) == expected


def test_charge_fields() -> None:
    """Each value is copied from its place."""
    answer = records.read_charge(latest(S=numbered("S"), D=numbered("D")), START + AGE)
    expected = copied("S", CHARGE_S) | copied("D", CHARGE_D) | dated("s", "d")
    assert answer == expected | dict.fromkeys(CHARGE_BITS, 0)


def test_location_and_wheel_fields() -> None:
    """Each value is copied from its place."""
    found = latest(L=numbered("L"), W=numbered("W"))
    assert records.read_location(found, START + AGE) == copied("L", LOCATION_L) | dated("l")
    assert records.read_tpms(found, START + AGE) == copied("W", WHEELS_W) | dated("w")


@pytest.mark.parametrize("name", BITS)
def test_bits(name: str) -> None:
    """A bit is the masked byte; no other bit of any byte sets it, but for the alarm's other one."""
    field, bit = BITS[name]
    value = 1 << bit
    others = "255," * (field - 1) + "{}" + ",255" * 10
    without = 255 - (6 if name == "alarmsounding" else value)
    assert status(D="0," * (field - 1) + str(value))[name] == value
    assert status(D=others.format(without))[name] == 0
    assert status(D=others.format(255))[name] == value


@pytest.mark.parametrize("byte", ["2", "4", "6"])
def test_the_alarm(byte: str) -> None:
    """The alarm has two bits, of which modules send one; either is shown as the field's."""
    assert status(D="0," * 15 + byte)["alarmsounding"] == 4


def test_what_is_missing() -> None:
    """What a short message lacks is null or 0, and so is an empty field, wherever it stands."""
    answer = status(S="80,,,,,standard,,201", D="4")
    assert (answer["soc"], answer["units"], answer["mode"]) == ("80", None, "standard")
    assert (answer["chargestate"], answer["soh"], answer["odometer"]) == (None, None, None)
    assert (answer["cp_dooropen"], answer["carlocked"]) == (4, 0)
    assert set(answer) == set(status(S=numbered("S"), D=numbered("D")))
    assert records.read_location(latest(L=""), START)["latitude"] is None


@pytest.mark.parametrize("byte", ["", "x", "-1", "4.0", "٤", "1" * 5000])
def test_no_byte(byte: str) -> None:
    """A door byte that is none has no bit set."""
    assert status(D=byte)["cp_dooropen"] == 0


def test_what_was_never_sent() -> None:
    """A record that was never sent leaves its keys out."""
    readers = (records.read_status, records.read_charge, records.read_location, records.read_tpms)
    assert [read({}, START) for read in readers] == [{}, {}, {}, {}]
    assert "soc" not in status(D="0")
    assert "odometer" not in status(S="80")
    assert status(F="3.3.005") == dict.fromkeys(copied("F", STATUS_F)) | {"m_firmware": "3.3.005"}


def test_what_is_sealed() -> None:
    """A call whose record is sealed fails; a sealed D or F only loses its keys."""
    for read, code in (
        (records.read_status, "S"), (records.read_charge, "S"), (records.read_location, "L"),
        (records.read_tpms, "Y"), (records.read_tpms, "W"),
    ):  # fmt: skip
        with pytest.raises(CallFailed) as failed:
            read(latest(D="4") | sealed(code), START)
        assert failed.value.status == 502
    plain = latest(S="80")
    assert "cp_dooropen" not in records.read_charge(plain | sealed("D"), START)
    facts = records.read_status(plain | sealed("D") | sealed("F"), START)
    assert facts == records.read_status(plain, START)


def test_text_that_is_not_utf_8() -> None:
    """Bytes that are not UTF-8 become Latin-1 characters, in the field where they stand."""
    answer = status(S=b"80,caf\xe9,,,caf\xc3\xa9")
    assert (answer["units"], answer["chargestate"]) == ("café", "café")


def test_ages() -> None:
    """Ages are whole seconds, and never negative."""
    assert [records.age(START, START + seconds) for seconds in (0.9, 1, -5)] == [0, 1, 0]


Y = "4,FL,FR,RL,RR,4,220.6,221,,0,1,4,21,22,23,24,0,2,100,99,1,4,0,1,2,0,-1,4,a,b,c,d,1"


def test_wheels_by_name() -> None:
    """Wheels have the names that the car gives them, values as far as each section reaches."""
    answer = records.read_tpms(latest(Y=Y, W="1,2,3,4,5,6,7,8,0"), START + AGE)
    assert answer == dated("y", "w") | {
        "fl_pressure_kpa": "220.6", "fl_pressure": 220.6 * 0.14503773773,
        "fr_pressure_kpa": "221", "fr_pressure": 221 * 0.14503773773,
        "rl_pressure_kpa": None, "rl_pressure": None,
        "rr_pressure_kpa": "0", "rr_pressure": 0.0,
        "fl_temperature": "21", "fr_temperature": "22", "rl_temperature": "23",
        "rr_temperature": "24",
        "fl_health": "100", "fr_health": "99",
        "fl_alert": "0", "fr_alert": "1", "rl_alert": "2", "rr_alert": "0",
        "stale_pressure": "1", "stale_temperature": "0", "stale_health": "1", "stale_alert": "-1",
        "staletpms": 1,
    }  # fmt: skip


def test_few_wheels() -> None:
    """A short message has no values for what it lacks, nor one whose counts are wrong."""
    short = records.read_tpms(latest(Y="2,F,R,2,220,x"), START)
    stale = {"stale_pressure", "stale_temperature", "stale_health", "stale_alert", "staletpms"}
    assert (short["f_pressure_kpa"], short["r_pressure_kpa"]) == ("220", "x")
    assert short["r_pressure"] is None
    assert all(short[name] is None for name in stale)
    for data in ("", "0", "9,a", "x"):
        answer = records.read_tpms(latest(Y=data), START)
        assert set(answer) == stale | set(dated("y", "w"))


def test_too_many_wheels() -> None:
    """Of a message with more fields than any vehicle's the last are not looked at."""
    limit = records.WHEEL_FIELDS_LIMIT
    names = ",".join(f"w{number}" for number in range(limit - 3))
    fitting = records.read_tpms(latest(Y=f"{limit - 3},{names},1,220,1"), START)
    assert (fitting["w0_pressure_kpa"], fitting["stale_pressure"]) == ("220", None)
    longer = records.read_tpms(latest(Y=f"{limit - 2},w,{names},1,220,1"), START)
    assert "w_pressure_kpa" not in longer
    without = records.read_tpms(latest(Y=f"{limit},a,b,c,{names},1,220,1"), START)
    assert "a_pressure_kpa" not in without


@pytest.mark.parametrize("value", ["inf", "nan", "1e999", "-inf"])
def test_no_pressure(value: str) -> None:
    """What JSON has no number for is null, and so is what says that there is no number."""
    answer = records.read_tpms(latest(Y=f"1,FL,1,{value},1"), START)
    copied = value if value == "1e999" else None
    assert (answer["fl_pressure_kpa"], answer["fl_pressure"]) == (copied, None)


def test_protocol() -> None:
    """All messages are listed by code; a sealed one stays as it is."""
    found = latest(S=b"80,caf\xe9", F="3.3.005") | sealed("D")
    row = {"m_msgtime": "2023-11-14 22:13:20", "m_paranoid": 0, "m_ptoken": ""}
    assert records.read_protocol(found, START) == [
        row | {"m_code": "D", "m_msg": "c2VhbGVk", "m_paranoid": 1, "m_ptoken": "token"},
        row | {"m_code": "F", "m_msg": "3.3.005"},
        row | {"m_code": "S", "m_msg": "80,café"},
    ]
