"""The simulated car's curves together: energy, warmth, charge and range, over seeds and days."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovms.car.vehicles.sim import SCENARIOS, SimCar
from ovms.car.vehicles.sim.auxiliary import CAPACITY, FED, Auxiliary
from ovms.car.vehicles.sim.battery import Pack
from ovms.car.vehicles.sim.car import CarPhase
from ovms.car.vehicles.sim.charging import EFFICIENCY, FAST_POWER, Charging, Plug
from ovms.car.vehicles.sim.curve import Curve
from ovms.car.vehicles.sim.driving import Drive
from ovms.car.vehicles.sim.route import Route, Waypoint
from ovms.car.vehicles.sim.thermal import Thermal, ambient, hvac_power

START = 1_735_689_600.0
"""2025-01-01 00:00 UTC."""

DAY = 86400.0

cars = st.builds(
    SimCar,
    start=st.integers(0, 365).map(lambda day: START + DAY * day),
    seed=st.integers(0, 2**32),
    scenario=st.sampled_from(list(SCENARIOS.values())),
    phase=st.floats(0, 0.999),
)


def stored(pack: Pack) -> float:
    """Return what the books say is stored, kWh."""
    return pack.begin + pack.put_in - pack.taken_out - pack.lost


@settings(max_examples=12)
@given(car=cars, hours=st.integers(1, 10))
def test_a_life_stays_plausible(car: SimCar, hours: int) -> None:
    """On any day, in any scenario: the books agree, and values stay in their bounds."""
    for _ in range(20 * hours):
        car.advance(car.time + 180)
        state, pack = car.state, car.pack
        assert pack.energy == pytest.approx(stored(pack), abs=1e-8)
        assert 5 < pack.soc <= 100
        assert 300 < (state.battery_voltage or 0) < 420
        assert abs(state.battery_power or 0) < 130
        assert 0 <= (state.charge_power or 0) <= FAST_POWER
        assert -15 < car.thermal.battery < 55
        assert -15 < car.thermal.motor < 110
        assert -15 < car.thermal.cabin < 40
        assert 10.5 < car.auxiliary.voltage < 14.5
        ideal, estimated = state.ideal_range or 0, state.estimated_range or 0
        assert 0.6 * 0.84 * ideal < estimated <= 0.85 * ideal
        assert car.charging.energy == pytest.approx(
            car.charging.grid_energy * car.charging.efficiency
        )


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(-100, 120), st.floats(1, 600)), max_size=30))
def test_the_books_of_the_battery(moves: list[tuple[float, float]]) -> None:
    """Whatever is put in and taken out, what is stored is what the books say; warmth is lost."""
    pack = Pack(42, 21)
    for power, seconds in moves:
        before, lost = pack.energy, pack.lost
        moved = pack.move(power, seconds)
        assert pack.energy == pytest.approx(stored(pack), abs=1e-9)
        assert before - pack.energy == pytest.approx(moved + pack.lost - lost, abs=1e-9)
        assert pack.lost >= lost - 1e-12
        assert abs(moved) <= abs(power) * seconds / 3600 + 1e-9
        assert 0 <= pack.energy <= 42


def test_more_than_a_battery_can_give() -> None:
    """Beyond its greatest power a battery gives that, and loses as much inside."""
    pack = Pack(42, 42)
    moved = pack.move(10_000, 1)
    assert 0 < moved * 3600 < 510
    assert pack.lost == pytest.approx(moved)


def steady(limit: float, rise: float = 0.0, top: float | None = None) -> float:
    """Return the kWh a km of a drive at a speed (km/h) along a road that rises (m a km)."""
    route = Route.along(
        (Waypoint(48.0, 11.0, 500, limit), Waypoint(48.2, 11.0, 500 + 22.24 * rise, limit))
    )
    drive = Drive(route, Random(1))  # noqa: S311
    if top is not None:
        drive.top = top
    energy = 0.0
    while drive.km < 15:
        before = drive.km
        drive.step(1.0)
        energy += drive.power / 3600 if before > 2 else 0.0
    return energy / 13


def test_driving_follows_speed_and_slope() -> None:
    """Faster and uphill cost more, downhill less, by what physics says."""
    by_speed = [steady(limit) for limit in (50, 80, 100, 120, 130)]
    assert by_speed == sorted(by_speed)
    assert 0.05 < by_speed[0] < 0.09
    assert 0.15 < by_speed[-1] < 0.22
    by_slope = [steady(80, rise) for rise in (-40, -20, 0, 20, 40)]
    assert by_slope == sorted(by_slope)
    assert by_slope[0] < 0 < by_slope[2]
    climb = 1650 * 9.81 * 40 / 3.6e6 / 0.9
    assert by_slope[4] - by_slope[2] == pytest.approx(climb, rel=0.1)
    assert steady(120, top=50 / 3.6) < steady(80)


def test_auxiliaries_cost_range() -> None:
    """In the cold, as in the heat, the climate control takes more, and the cabin comes along."""
    powers = [hvac_power(outside, outside) for outside in (-10, 0, 10, 21)]
    assert powers == sorted(powers, reverse=True)
    assert hvac_power(38, 38) > powers[-1]
    assert hvac_power(0, 21) < hvac_power(0, 0)
    thermal = Thermal.at(-5.0)
    cabins = []
    for _ in range(40):
        thermal.air(-5.0, True, 60)
        cabins.append(thermal.cabin)
    assert cabins == sorted(cabins)
    assert 18 < cabins[-1] < 21.1
    thermal.air(-5.0, False, 6000)
    assert thermal.cabin < -4


def test_warmth_follows_power_in_its_own_time() -> None:
    """The motor is soon warm and soon cold; the battery takes hours for what it does."""
    thermal = Thermal.at(10.0)
    for _ in range(1200):
        thermal.step(10.0, 25.0, 0.0, 0.0, 1.0)
    motor, battery = thermal.motor - 10, thermal.battery - 10
    assert 20 < motor < 1.3 * 25
    assert 1 < battery < motor / 5
    for _ in range(1200):
        thermal.step(10.0, 0.0, 0.0, 0.0, 1.0)
    assert (thermal.motor - 10) / motor < 0.3 < 0.7 < (thermal.battery - 10) / battery


def test_seasons_and_hours() -> None:
    """It is colder in January than in July, and before dawn than after noon."""
    january, july = (ambient(START + DAY * day) for day in (14, 195))
    assert july - january > 15
    assert ambient(START + DAY * 100 + 4 * 3600) < ambient(START + DAY * 100 + 16 * 3600) - 10


def charged(plug: Plug, soc: float = 20.0, temperature: float = 20.0) -> list[tuple[float, float]]:
    """Charge to the full; give soc and kW, a minute each."""
    pack = Pack(42, 42 * soc / 100, temperature)
    charging = Charging(pack, mode=3)
    charging.plug(plug)
    seen: list[tuple[float, float]] = []
    now = START
    while charging.is_active and len(seen) < 2000:
        for _ in range(6):
            now += 10
            charging.step(now, 10)
            if power := charging.power:
                charging.deliver(-pack.move(-power, 10), now, 10)
        seen.append((pack.soc, charging.power))
    assert pack.soc > 99.9
    assert charging.energy - pack.put_in == pytest.approx(0, abs=1e-6)
    efficiency = EFFICIENCY if plug is Plug.AC else 1.0
    assert charging.energy == pytest.approx(efficiency * charging.grid_energy)
    return seen


@pytest.mark.parametrize("plug", list(Plug))
def test_a_charge_tapers_near_full(plug: Plug) -> None:
    """AC is flat until nearly full, DC strong and soon less; both end gently."""
    curve = charged(plug)
    by_soc = {round(soc): power for soc, power in curve}
    if plug is Plug.AC:
        assert max(by_soc.values()) == pytest.approx(6.62, abs=0.01)
        assert by_soc[90] == pytest.approx(6.62, abs=0.01)
        assert 300 < len(curve) < 420
    else:
        assert 60 < max(by_soc.values()) <= FAST_POWER
        assert 20 < next(at for at, (soc, _) in enumerate(curve) if soc >= 80) < 40
    late = [power for soc, power in curve if soc > 96.5]
    assert all(a >= b for a, b in pairwise(late))
    assert late[-2] < 1.5


def test_a_cold_battery_takes_less() -> None:
    """Fast charging in the frost lasts longer."""
    assert len(charged(Plug.DC, temperature=-8)) > 1.3 * len(charged(Plug.DC))


def test_the_12v_battery_falls_and_recovers() -> None:
    """It falls while nothing feeds it, is near its end in two weeks, and is full after a drive."""
    battery = Auxiliary()
    full = battery.at_rest
    for _ in range(14 * 24):
        assert battery.step(0.1, False, 3600) == 0
    assert battery.at_rest < full - 0.5
    low = battery.charge
    cost = 0.0
    for _ in range(180):
        cost += battery.step(0.1, True, 60) / 60
        assert battery.voltage == FED
    assert battery.charge > 0.9 * CAPACITY
    assert cost == pytest.approx((battery.charge - low) * FED / 1000)
    battery.charge = 0.0
    battery.step(5.0, False, 60)
    assert (battery.charge, battery.current) == (0, 0)


def test_range_follows_charge_and_a_little_the_cold() -> None:
    """More charge is more range; a cold battery has some less, of the estimated one only."""
    car = SimCar(start=START, seed=1)
    seen = []
    for soc in (20, 50, 90):
        car.pack.energy = soc / 100 * car.pack.capacity
        car.advance(car.time + 20)
        seen.append((car.state.estimated_range or 0, car.state.ideal_range or 0))
    assert seen == sorted(seen)
    assert seen[2][0] / seen[0][0] == pytest.approx(4.5, rel=0.05)
    cold = seen[2]
    car.thermal.battery = 25.0
    car.advance(car.time + 20)
    assert 1.05 < (car.state.estimated_range or 0) / cold[0] < 1.3
    assert car.state.ideal_range == pytest.approx(cold[1], rel=0.001)


def test_a_curve_is_flat_beyond_its_ends() -> None:
    """Between points straight, outside as at the end."""
    curve = Curve((0, 10), (10, 20), (20, 0))
    assert [curve.at(x) for x in (-5, 0, 5, 10, 15, 20, 99)] == [10, 10, 15, 20, 10, 0, 0]


def test_a_driver_who_cannot_go_charges_first() -> None:
    """Too empty for the way, unplugged: the car is charged until it is enough, and then goes."""
    car = SimCar(start=START, seed=1, scenario=SCENARIOS["road-trip"])
    car.pack.energy = 0.2 * car.pack.capacity
    began = car.time
    while car.phase is not CarPhase.DRIVING:
        car.advance(car.time + 10)
        assert car.time - began < 8 * 3600
    assert car.pack.soc > 50
    assert car.time - began > 1.5 * 3600
