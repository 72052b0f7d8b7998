from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovms.server.journeys.tariffs import (
    BAND_LIMIT,
    Tariff,
    TariffError,
    charge_cost,
    charged_energy,
    currency_digits,
    decode_tariff,
    encode_tariff,
    parse_tariff,
    tariff_as_json,
)
from ovms.server.journeys.values import Charge, CurvePoint, JourneyEnd

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = {"energy_price": "0.40", "bands": [{"price": "0.20", "from": "22:00", "until": "06:00"}]}


def charge(start: str, hours: float, energy: float | None = 10.0, **more: Any) -> Charge:
    """Return a charge that begins at a local time of Berlin."""
    begin = int(datetime.fromisoformat(start).replace(tzinfo=BERLIN).timestamp())
    end = begin + round(hours * 3600)
    return Charge(
        start=JourneyEnd(time=begin), end=JourneyEnd(time=end), grid_energy=energy, **more
    )


def cost(of: Charge, *tariffs: Any, currency: str = "EUR", zone: ZoneInfo = BERLIN) -> str | None:
    """Return what a charge costs, as text; tariffs are objects, or a date and an object."""
    dated = [each if isinstance(each, tuple) else (None, each) for each in tariffs]
    parsed = [(since, parse_tariff(tariff)) for since, tariff in dated]
    found = charge_cost(of, parsed, zone, currency=currency)
    return None if found is None else str(found)


@pytest.mark.parametrize(
    ("tariff", "expected"),
    [({"energy_price": "0.30"}, "3.00"), ({"energy_price": 0.3}, "3.00"),
     ({"energy_price": 1}, "10.00"), ({"free": True}, "0.00"),
     ({"session_price": "1.5"}, "1.50"), ({"minute_price": "0.1"}, "12.00"),
     ({"minute_price": "0.1", "free_minutes": 30}, "9.00"),
     ({"minute_price": "0.1", "free_minutes": 500}, "0.00"),
     ({"energy_price": "0.3", "session_price": 1, "minute_price": "0.01"}, "5.20")],
)  # fmt: skip
def test_parts_add_up(tariff: dict[str, Any], expected: str) -> None:
    """What energy, session and minutes cost is added."""
    assert cost(charge("2024-05-06T10:00", 2), tariff) == expected


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [("2024-05-06T21:00", 2, "3.00"), ("2024-05-06T05:00", 2, "3.00"),
     ("2024-05-06T23:00", 4, "2.00"), ("2024-05-06T06:00", 16, "4.00"),
     ("2024-05-06T12:00", 24, "3.33"), ("2024-02-28T22:00", 8, "2.00"),
     ("2024-02-29T18:00", 8, "3.00"), ("2024-12-31T20:00", 4, "3.00")],
)  # fmt: skip
def test_a_band_that_passes_midnight(start: str, hours: float, expected: str) -> None:
    """Energy costs the price of the time in which it flowed, over midnights and leap days."""
    assert cost(charge(start, hours), NIGHT) == expected


def test_weekdays() -> None:
    """A band belongs to the weekday on which it begins."""
    tariff = {"energy_price": 1, "bands": [
        {"price": 0, "from": "22:00", "until": "06:00", "days": ["sun"]}]}  # fmt: skip
    assert cost(charge("2024-05-05T23:00", 2), tariff) == "0.00"  # Sunday
    assert cost(charge("2024-05-06T04:00", 4), tariff) == "5.00"  # Monday
    assert cost(charge("2024-05-04T22:00", 4), tariff) == "10.00"  # Saturday


def test_a_day_of_23_hours() -> None:
    """In the night in which clocks go forward, an hour is left out of the bands."""
    tariff = {"energy_price": 1, "bands": [{"price": 0, "from": "00:00", "until": "02:30"}]}
    # 01:30, then 03:00 at once: half an hour in the band, an hour and a half outside of it.
    assert cost(charge("2024-03-31T01:30", 2), tariff) == "7.50"
    midnight = charge("2024-03-31T00:00", 23)
    assert cost(midnight, {"energy_price": 1, "bands": [
        {"price": 0, "from": "00:00", "until": "24:00"}]}) == "0.00"  # fmt: skip


def test_a_day_of_25_hours() -> None:
    """In the night in which clocks go back, an hour is twice in its band."""
    tariff = {"energy_price": 1, "bands": [{"price": 0, "from": "02:00", "until": "02:30"}]}
    # 01:00 to 03:00 are three hours, of which half an hour is twice in the band.
    assert cost(charge("2024-10-27T01:00", 3), tariff, currency="BHD") == "6.667"


def test_a_zone_of_half_an_hour() -> None:
    """Lord Howe's clocks change by half an hour."""
    zone = ZoneInfo("Australia/Lord_Howe")
    begin = int(datetime(2024, 4, 7, 0, 30, tzinfo=zone).timestamp())
    end = int(datetime(2024, 4, 7, 2, 30, tzinfo=zone).timestamp())
    assert end - begin == 9000
    tariff = {"energy_price": 1, "bands": [{"price": 0, "from": "01:30", "until": "02:00"}]}
    of = Charge(start=JourneyEnd(time=begin), end=JourneyEnd(time=end), grid_energy=10.0)
    assert cost(of, tariff, zone=zone) == "6.00"


def test_a_curve_says_when_energy_flowed() -> None:
    """Energy is spread as the curve says, from the grid before the battery before the power."""
    start = charge("2024-05-06T21:00", 2).start.time
    for name, values in (("grid_energy", (8.0, 10.0)), ("energy", (7.2, 9.0))):
        curve = tuple(
            CurvePoint(time=start + hour * 3600, **{name: value})
            for hour, value in zip((1, 2), values, strict=True)
        )
        assert cost(charge("2024-05-06T21:00", 2, curve=curve), NIGHT) == "3.60"
    powers = (CurvePoint(time=start, power=8.0), CurvePoint(time=start + 3599, power=8.0),
              CurvePoint(time=start + 3600, power=2.0))  # fmt: skip
    assert cost(charge("2024-05-06T21:00", 2, curve=powers), NIGHT) == "3.60"


def test_a_dirty_curve() -> None:
    """Points outside, out of order, falling or missing change nothing but how energy is spread."""
    of = charge("2024-05-06T21:00", 2)
    start = of.start.time
    points = [(-500, 99.0), (3600, 8.0), (1800, 4.0), (5000, 3.0), (90_000, 50.0), (60, None)]
    curve = tuple(CurvePoint(time=start + at, grid_energy=value) for at, value in points)
    # 8 until 22:00, then what is missing, evenly until the end.
    assert cost(charge("2024-05-06T21:00", 2, curve=curve), NIGHT) == "3.60"
    for name in ("grid_energy", "energy", "power"):
        zeros = tuple(CurvePoint(time=start + at, **{name: 0.0}) for at in (0, 3600, 7200))
        assert cost(charge("2024-05-06T21:00", 2, curve=zeros), NIGHT) == "3.00"


def test_energy_that_was_corrected() -> None:
    """A curve that says another sum than the charge says only how it is spread."""
    start = charge("2024-05-06T21:00", 2).start.time
    curve = tuple(CurvePoint(time=start + at, grid_energy=at / 450) for at in (3600, 7200))
    assert cost(charge("2024-05-06T21:00", 2, energy=20.0, curve=curve), NIGHT) == "6.00"
    assert cost(charge("2024-05-06T21:00", 2, energy=8.0, curve=curve), NIGHT) == "2.40"


def test_a_charge_of_no_time() -> None:
    """Energy that flowed within a second costs the price of that second."""
    assert cost(charge("2024-05-06T23:00", 0), NIGHT) == "2.00"
    assert cost(charge("2024-05-06T12:00", 0), {"energy_price": 1, "session_price": 1}) == "11.00"


def test_tariffs_from_a_date_on() -> None:
    """Each part of a charge has the prices of its day, the session that of the first."""
    old, new = {"energy_price": "1", "session_price": "5"}, {"energy_price": "2"}
    tariffs = [(date(2024, 5, 7), new), old]
    assert cost(charge("2024-05-06T20:00", 2), *tariffs) == "15.00"
    assert cost(charge("2024-05-06T22:00", 4), *tariffs) == "20.00"
    assert cost(charge("2024-05-07T00:00", 4), *tariffs) == "20.00"


def test_what_is_not_known() -> None:
    """There is no cost before the first tariff, nor of energy that nobody knows."""
    dated = (date(2024, 5, 7), {"energy_price": 1})
    assert cost(charge("2024-05-06T22:00", 1), dated) is None
    assert cost(charge("2024-05-06T22:00", 4), dated) is None
    assert cost(charge("2024-05-07T00:00", 4), dated) == "10.00"
    assert cost(charge("2024-05-07T00:00", 4)) is None
    nobody_knows = charge("2024-05-07T00:00", 4, energy=None)
    assert cost(nobody_knows, {"energy_price": 1, "session_price": 1}) is None
    assert cost(nobody_knows, {"session_price": 1}) == "1.00"
    assert cost(nobody_knows, {"free": True}) == "0.00"
    assert cost(charge("2024-05-07T00:00", 4, energy=0.0), {"energy_price": 1}) == "0.00"


def test_energy_of_the_battery() -> None:
    """Without a meter at the grid the energy in the battery is paid, which is an estimate."""
    of = charge("2024-05-06T10:00", 2, energy=None)
    of = Charge(start=of.start, end=of.end, energy=9.0)
    assert charged_energy(of) == (9.0, True)
    assert cost(of, {"energy_price": 1}) == "9.00"
    assert charged_energy(charge("2024-05-06T10:00", 2)) == (10.0, False)
    assert charged_energy(charge("2024-05-06T10:00", 2, estimated=("grid_energy",)))[1]
    assert charged_energy(charge("2024-05-06T10:00", 2, energy=None)) == (None, False)


@pytest.mark.parametrize(
    ("currency", "energy", "expected"),
    [("EUR", 0.005, "0.01"), ("EUR", 0.0049, "0.00"), ("JPY", 2.5, "3"), ("KWD", 0.0005, "0.001"),
     ("EUR", 2.675, "2.68"), ("EUR", 1.005, "1.01")],
)  # fmt: skip
def test_rounding(currency: str, energy: float, expected: str) -> None:
    """Half is rounded up, to the digits of the currency."""
    of = charge("2024-05-06T10:00", 2, energy=energy)
    assert cost(of, {"energy_price": 1}, currency=currency) == expected


def test_rounding_is_once() -> None:
    """Parts are not rounded: three thirds are a whole."""
    tariff = {"bands": [{"price": "0.1", "from": f"{hour:02}:00", "until": f"{hour + 8:02}:00"}
                        for hour in (0, 8, 16)]}  # fmt: skip
    assert cost(charge("2024-05-06T00:00", 24, energy=0.1), tariff) == "0.01"


def test_digits() -> None:
    """Most currencies have two digits behind the point."""
    assert [currency_digits(each) for each in ("EUR", "JPY", "KWD", "XYZ")] == [2, 0, 3, 2]


@pytest.mark.parametrize(
    ("data", "why"),
    [([], "Expected `object`"), ({}, "names no price"), ({"prise": 1}, "unknown field `prise`"),
     ({"energy_price": "a"}, "energy_price: "), ({"energy_price": True}, "a decimal number"),
     ({"energy_price": -1}, "energy_price is not between 0"),
     ({"energy_price": "NaN"}, "is not between"), ({"energy_price": float("inf")}, ""),
     ({"energy_price": "1e7"}, "is not between"), ({"energy_price": "1e-7"}, "6 decimal places"),
     ({"free": True, "session_price": 1}, "free has no prices"), ({"free": False}, "no price"),
     ({"free_minutes": 4, "energy_price": 1}, "need a minute_price"),
     ({"free_minutes": -1, "minute_price": 1}, "free_minutes is not between"),
     ({"bands": [{"price": 1, "from": "1:00", "until": "02:00"}]}, "bands[0].from: '1:00'"),
     ({"bands": [{"price": 1, "from": "01:00", "until": "24:01"}]}, "bands[0].until"),
     ({"bands": [{"price": 1, "from": "01:00", "until": "02:60"}]}, "bands[0].until"),
     ({"bands": [{"from": "01:00", "until": "02:00"}]}, "bands[0]: "),
     ({"bands": [{"price": 1, "from": "01:00", "until": "02:00"}]}, "no band has mon 00:00"),
     ({"bands": [{"price": 1, "from": "01:00", "until": "01:00", "days": ["mo"]}]}, "'mo' is none"),
     ({"bands": [{"price": 1, "from": "01:00", "until": "01:00", "days": []}]}, "is empty"),
     ({"bands": [{"price": 1, "from": "22:00", "until": "06:00"},
                 {"price": 1, "from": "05:59", "until": "22:00"}]}, "two bands have mon 05:59"),
     ({"energy_price": 1, "bands": [
         {"price": 1, "from": "22:00", "until": "06:00", "days": ["sun"]},
         {"price": 1, "from": "05:59", "until": "22:00", "days": ["mon"]}]}, "mon 05:59"),
     ({"energy_price": 1, "bands": [{"price": 1, "from": "00:00", "until": "00:01"}] * 51},
      f"more than {BAND_LIMIT}")],
)  # fmt: skip
def test_what_is_no_tariff(data: Any, why: str) -> None:
    """What is wrong is told with its place."""
    with pytest.raises(TariffError) as caught:
        parse_tariff(data)
    assert why in str(caught.value)


@pytest.mark.parametrize("text", ["", "[", "7", '{"energy_price": "x"}'])
def test_text_that_is_no_tariff(text: str) -> None:
    """Text that was damaged raises the same error."""
    with pytest.raises(TariffError):
        decode_tariff(text)


@pytest.mark.parametrize(
    "data",
    [{"free": True}, {"energy_price": "0.30"}, {"minute_price": "1", "free_minutes": 3},
     {"bands": [{"price": "0.1", "from": "06:00", "until": "22:00"},
                {"price": "0.2", "from": "22:00", "until": "06:00"}], "session_price": "1"}],
)  # fmt: skip
def test_there_and_back(data: dict[str, Any]) -> None:
    """A tariff that is written is read as the same one."""
    tariff = parse_tariff(data)
    assert decode_tariff(encode_tariff(tariff)) == tariff
    assert tariff_as_json(tariff).items() >= {k: v for k, v in data.items() if k != "bands"}.items()
    assert tariff.is_free == ("free" in data)


# -- Properties -------------------------------------------------------------------------------

ZONES = ("Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")


@st.composite
def tariffs(draw: st.DrawFn) -> Tariff:
    """Draw a tariff whose bands are the parts of a day, the last of which passes midnight."""
    edges = sorted(draw(st.sets(st.integers(0, 1439), min_size=2, max_size=5)))
    prices = draw(st.lists(st.integers(0, 50), min_size=len(edges), max_size=len(edges)))
    spans = zip(edges, [*edges[1:], edges[0]], prices, strict=True)
    days = draw(st.sets(st.sampled_from(["mon", "sat", "sun"]), min_size=1))
    bands = [
        {"price": price, "from": f"{a // 60:02}:{a % 60:02}", "until": f"{b // 60:02}:{b % 60:02}",
         "days": sorted(days)} for a, b, price in spans
    ]  # fmt: skip
    return parse_tariff({"energy_price": 7, "bands": bands})


@settings(max_examples=60, deadline=None)
@given(
    tariff=tariffs(),
    zone=st.sampled_from(ZONES),
    day=st.sampled_from([date(2024, 2, 28), date(2024, 3, 9), date(2024, 3, 30), date(2024, 10, 26),
                         date(2024, 11, 2), date(2024, 12, 31), date(2024, 4, 6)]),
    minute=st.integers(0, 1439),
    length=st.integers(1, 2000),
)  # fmt: skip
def test_each_minute_has_its_price(
    tariff: Tariff, zone: str, day: date, minute: int, length: int
) -> None:
    """A charge costs the sum of its minutes, each by its own wall clock."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)
    begin, where = int(at.timestamp()), ZoneInfo(zone)
    expected = Decimal(0)
    for number in range(length):
        local = datetime.fromtimestamp(begin + 60 * number, where)
        expected += tariff.price_at(local.weekday(), local.hour * 60 + local.minute)
    of = Charge(
        start=JourneyEnd(time=begin),
        end=JourneyEnd(time=begin + 60 * length),
        grid_energy=float(length),
    )
    assert charge_cost(of, [(None, tariff)], where, currency="JPY") == expected


@settings(max_examples=60, deadline=None)
@given(
    price=st.decimals(0, 1000, places=6),
    energy=st.floats(0, 500),
    steps=st.lists(st.tuples(st.integers(-100, 100_000), st.floats(-5, 500)), max_size=20),
    seconds=st.integers(0, 90_000),
)
def test_parts_are_the_whole(
    price: Decimal, energy: float, steps: list[tuple[int, float]], seconds: int
) -> None:
    """However the curve is, bands of one price cost what that price costs."""
    begin = 1_711_800_000  # the evening before clocks go forward
    curve = tuple(CurvePoint(time=begin + at, grid_energy=value) for at, value in steps)
    of = Charge(
        start=JourneyEnd(time=begin),
        end=JourneyEnd(time=begin + seconds),
        grid_energy=energy,
        curve=curve,
    )
    bands = [{"price": price, "from": f"{hour:02}:00", "until": f"{hour + 1:02}:00"}
             for hour in range(24)]  # fmt: skip
    whole = charge_cost(of, [(None, Tariff(energy_price=price))], BERLIN)
    assert charge_cost(of, [(None, parse_tariff({"bands": bands}))], BERLIN) == whole
