from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from ovms.car.command_handler import CommandHandler
from ovms.car.settings import ModuleSettings
from ovms.car.state import CarState, Topic
from ovms.car.vehicles.interface import VehicleOptions
from ovms.car.vehicles.sim import SCENARIOS, SimCar, make_sim
from ovms.car.vehicles.sim.battery import Pack
from ovms.car.vehicles.sim.car import CarPhase
from ovms.car.vehicles.sim.charging import FAST_CURRENT, ChargePhase, Charging
from ovms.car.vehicles.sim.driving import Drive
from ovms.car.vehicles.sim.route import TO_HOME, TO_TOWN
from ovms.car.vehicles.sim.scenarios.commute import COMMUTE
from ovms.car.vehicles.sim.show import IDEAL_CONSUMPTION
from ovms.protocol.commands import Answer, Command, Result
from ovms.protocol.records.status import PLUG_TYPES

START = 1_750_000_000.0
"""2025-06-15 15:06:40 UTC."""


def live(car: SimCar, seconds: float) -> Iterator[CarState]:
    """Let a car live, and look at it each second."""
    begin = car.time
    for second in range(int(seconds)):
        car.advance(begin + second + 1)
        yield car.state


def until(car: SimCar, phase: CarPhase, most: float = 20_000) -> None:
    """Let a car live until it is at something."""
    begin = car.time
    while car.phase is not phase:
        assert car.time - begin < most
        car.advance(car.time + 10)


def plugged(seed: int = 1) -> SimCar:
    """Return a car that has come home and charges."""
    car = SimCar(start=START, seed=seed)
    until(car, CarPhase.DRIVING)
    until(car, CarPhase.PARKED)
    until(car, CarPhase.DRIVING)
    while not car.charging.power:
        car.advance(car.time + 1)
    car.advance(car.time + 60)
    return car


def order(car: SimCar, line: str) -> tuple[int, str]:
    """Give a command such as ``20,1234``. Return the result and the text of its answer."""
    orders = CommandHandler(car, ModuleSettings({31: "1"}), alert=lambda alert: None)
    command = Command.parse(line.encode())
    assert command is not None
    answers: list[Answer] = []
    orders.execute(command, car.time, answers.append, is_sealed=False)
    (answer,) = answers
    assert answer.number == command.number
    return answer.result, answer.text


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("route", [TO_TOWN, TO_HOME])
def test_a_drive_is_believable(seed: int, route: object) -> None:
    """Speed, acceleration and consumption are those of a car, and it stops where it parks."""
    drive = Drive(route, Random(seed))  # type: ignore[arg-type]  # noqa: S311
    seconds, energy, speed = 0, 0.0, 0.0
    while not drive.is_over:
        drive.step(1.0)
        seconds += 1
        energy += drive.power / 3600
        assert -3.0 <= drive.speed - speed <= 1.7
        assert drive.speed * 3.6 <= 1.02 * max(p.limit for p in route.waypoints)  # type: ignore[attr-defined]
        assert -45 <= drive.power <= 120
        speed = drive.speed
        assert seconds < 2500
    assert drive.km == pytest.approx(drive.route.length, abs=0.005)
    assert 8 < 100 * energy / drive.km < 22
    assert 35 < drive.km / seconds * 3600 < 75


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_soc_never_rises_on_the_way(seed: int) -> None:
    """While driving the charge shown only falls; ranges follow it, meters only rise."""
    car = SimCar(start=START, seed=seed)
    until(car, CarPhase.DRIVING)
    before = (car.state.soc or 0, car.odometer, 0.0)
    first = before[0]
    for state in live(car, 1500):
        if car.phase is not CarPhase.DRIVING:
            break
        now = (state.soc or 0, car.odometer, car.used)
        assert now[0] <= before[0]
        assert now[1] >= before[1]
        assert now[2] >= before[2]
        assert state.ideal_range == pytest.approx(car.pack.energy / IDEAL_CONSUMPTION)
        before = now
    assert car.phase is not CarPhase.DRIVING
    assert first - before[0] in range(2, 9)


@pytest.mark.parametrize("seed", [1, 5])
def test_energy_is_neither_made_nor_lost(seed: int) -> None:
    """What a drive took is what was used less what was recovered, and what the battery lost."""
    car = SimCar(start=START, seed=seed)
    until(car, CarPhase.LEAVING)
    for _ in live(car, 60):
        if car.phase is CarPhase.DRIVING:
            break
    before, lost = car.pack.energy, car.pack.lost
    for _ in live(car, 1500):
        if car.phase is not CarPhase.DRIVING:
            break
    lost = car.pack.lost - lost
    assert before - car.pack.energy == pytest.approx(car.used - car.recovered + lost, abs=0.01)
    assert 0.005 < lost / car.used < 0.05
    assert 0 < car.recovered < car.used


def test_position_direction_and_speed_agree() -> None:
    """From one second to the next the car moves as far as its speed says."""
    car = SimCar(start=START, seed=4)
    until(car, CarPhase.DRIVING)
    last: tuple[float, float, float] | None = None
    for state in live(car, 600):
        assert state.latitude is not None
        assert state.longitude is not None
        assert 0 <= (state.direction or 0) < 360
        if last is not None:
            north = (state.latitude - last[0]) * 111_195
            east = (state.longitude - last[1]) * 111_195 * 0.667
            moved = (north**2 + east**2) ** 0.5
            assert moved == pytest.approx((last[2] + (state.speed or 0)) / 7.2, abs=2.0)
        last = (state.latitude, state.longitude, state.speed or 0)


def test_temperatures_follow_power() -> None:
    """The motor is warmer after a drive than before it, and cools when the car sleeps."""
    car = SimCar(start=START, seed=2)
    cold = car.thermal.motor
    until(car, CarPhase.DRIVING)
    until(car, CarPhase.PARKED)
    warm = car.thermal.motor
    assert warm > cold + 3
    car.advance(car.time + 1000)
    assert car.thermal.motor < warm


def test_a_parked_car_sleeps_and_its_readings_grow_stale() -> None:
    """Some minutes after parking the car sleeps: 12 V at rest, no fresh temperatures."""
    car = SimCar(start=START, seed=2)
    until(car, CarPhase.DRIVING)
    until(car, CarPhase.PARKED)
    assert car.state.freshness(Topic.TYRES, car.time) == 1
    assert car.state.voltage_12v == pytest.approx(13.9)
    car.advance(car.time + 600)
    assert car.state.is_locked
    assert not car.body.is_awake
    assert car.state.freshness(Topic.TYRES, car.time) == 0
    assert car.state.freshness(Topic.POSITION, car.time) == 1
    assert (car.state.voltage_12v or 0) < 12.8


def test_it_charges_at_home_up_to_its_mode() -> None:
    """Charging raises the charge to the mode's target; the grid gives more than arrives."""
    car = plugged()
    assert car.state.is_charging
    assert (car.state.battery_power or 0) < 0
    assert (car.state.minutes_to_full or 0) > 5
    order(car, "10,3")
    car._leaves_at = car.time + 86400
    last = 0.0
    for _ in range(12 * 3600 // 60):
        car.advance(car.time + 60)
        assert (car.state.soc or 0) >= last
        last = car.state.soc or 0
    assert (car.state.charge_state, last) == ("done", 100)
    assert car.charging.energy == pytest.approx(0.9 * car.charging.grid_energy)
    assert car.state.charge_end_time is not None


def test_a_charge_ends_at_its_limit() -> None:
    """A limit below the mode's target ends the charge and shows, until it is taken back."""
    car = plugged()
    soc = int(car.pack.soc)
    car.limit_charge(soc + 2)
    car._leaves_at = car.time + 86400
    for _ in range(3 * 60):
        car.advance(car.time + 60)
    assert (car.state.limit_soc, car.state.charge_state) == (soc + 2, "done")
    assert car.pack.soc < soc + 3
    car.limit_charge(None)
    assert order(car, "11")[0] == Result.OK
    assert car.state.limit_soc == 0


def test_the_charge_tapers_off() -> None:
    """A nearly full battery takes less and less, but a charge does end."""
    pack = Pack(40, 20)
    powers = [pack.accepts(soc) for soc in (50, 80, 90, 99, 100)]
    assert powers == sorted(powers, reverse=True)
    assert powers[0] == 50 > powers[2] > powers[-1] > 0
    assert pack.minutes_to(60, 7) == pytest.approx(60 * 4 / 7)
    assert pack.minutes_to(60, 0) == 0
    assert pack.move(10, 36000) < 20
    assert pack.soc == 0
    assert pack.move(10, 60) == 0


def test_the_same_seed_gives_the_same_car() -> None:
    """A car depends on start and seed only, not on how often it is asked."""
    often, seldom = SimCar(start=START, seed=9), SimCar(start=START, seed=9)
    for hour in range(1, 6):
        for second in range(0, 3600, 7):
            often.advance(START + 3600 * (hour - 1) + second)
        often.advance(START + 3600 * hour)
        seldom.advance(START + 3600 * hour)
        assert often.state == seldom.state
    assert SimCar(start=START, seed=10).state != SimCar(start=START, seed=9).state


def test_a_week_is_lived_quickly_and_stays_plausible() -> None:
    """A simulated week leaves every value within its bounds."""
    car = SimCar(start=START, seed=3)
    for _ in range(7 * 24):
        car.advance(car.time + 3600)
        state = car.state
        assert 15 < (state.soc or 0) <= 100
        assert -10 < (state.temperature_battery or 0) < 60
        assert 11.5 < (state.voltage_12v or 0) < 14.5
        assert 30 < (state.tyres["fr"].pressure or 0) / 6.895 < 45
    assert car.odometer > 500


@pytest.mark.parametrize("line", ["20,1234", "21,1234", "22,1234", "23,1234"])
def test_the_pin_opens_and_nothing_else_does(line: str) -> None:
    """A right PIN works; a wrong, missing or surplus one fails with a text and changes nothing."""
    car = SimCar(start=START, seed=1)
    number = line[:2]
    order(car, "22,1234" if number == "20" else "20,1234")
    order(car, "23,1234" if number == "21" else "21,1234")
    before = (car.body.is_locked, car.body.valet)
    for wrong in (number, f"{number},", f"{number},0000", f"{number},1234,1", f"{number},12345"):
        result, text = order(car, wrong)
        assert (result, bool(text)) == (Result.FAILED, True)
    assert (car.body.is_locked, car.body.valet) == before
    assert order(car, line) == (Result.OK, "")
    assert (car.body.is_locked, car.body.valet) != before


def test_charge_commands_change_the_charge() -> None:
    """Mode, limit, timer, stop and start show in the state; what makes no sense fails."""
    car = plugged()
    assert order(car, "11")[0] == Result.FAILED
    assert order(car, "15,10")[0] == Result.OK
    car.advance(car.time + 10)
    assert car.state.charge_limit == 10
    assert car.state.charge_current == pytest.approx(10, abs=0.1)
    assert order(car, "12")[0] == Result.OK
    assert car.state.charge_state == "stopped"
    assert order(car, "12")[0] == Result.FAILED
    assert order(car, "16,3,32")[0] == Result.OK
    assert (car.state.charge_mode, car.state.charge_limit) == (3, 32)
    assert order(car, "11")[0] == Result.OK
    assert car.state.charge_state == "prepare"
    assert order(car, "17,1,90")[0] == Result.OK
    assert (car.state.charge_timer_mode, car.state.charge_timer_start) == (1, 90)


@pytest.mark.parametrize(
    "line",
    ["10", "10,2", "10,x", "10,0,0", "15", "15,5", "15,33", "15,-6", "15,1e1", "16,3", "16,9,16",
     "16,3,99", "17,1", "17,2,0", "17,1,1440", "17,1,0x3B", "26", "26,2", "26,on", "20", "20,1",
     "25", "24", "24,3", "24,0,1"],
)  # fmt: skip
def test_wrong_parameters_fail_with_a_text(line: str) -> None:
    """A wrong count, range or word is result 1 with a text, and changes nothing."""
    car = SimCar(start=START - 8 * 3600, seed=1)
    charging = (car.charging.mode, car.charging.limit, car.charging.timer_mode)
    result, text = order(car, line)
    assert (result, bool(text)) == (Result.FAILED, True)
    assert (car.charging.mode, car.charging.limit, car.charging.timer_mode) == charging


def test_what_cannot_be_done_now_fails() -> None:
    """No charge without a plug or into a full battery, no lock with an open door."""
    car = SimCar(start=START, seed=1)
    assert order(car, "11") == (Result.FAILED, "the car is not plugged in")
    car.body.left_door = True
    assert order(car, "20,1234") == (Result.FAILED, "a door is open")
    charged = plugged()
    order(charged, "12")
    order(charged, "10,1")
    assert order(charged, "11") == (Result.FAILED, "the battery is full for this charge mode")


def test_wake_up_climate_and_cooldown() -> None:
    """18 and 19 wake the car for a while; 26 runs the climate; 25 cools a warm battery."""
    car = SimCar(start=START, seed=1)
    car._leaves_at = START + 1e6
    assert order(car, "18") == (Result.OK, "")
    car.advance(START + 100)
    assert car.body.is_awake
    car.advance(START + 300)
    assert not car.body.is_awake
    assert order(car, "19") == (Result.OK, "")
    car.advance(START + 310)
    assert car.state.freshness(Topic.TEMPERATURES, car.time + 110) == 1
    assert order(car, "24,2") == (Result.OK, "")
    assert (car.homelink, car.body.is_awake) == (2, True)
    assert order(car, "26,1") == (Result.OK, "")
    car.advance(car.time + 300)
    assert car.body.hvac
    assert (car.state.battery_power or 0) > 1
    assert order(car, "26,0") == (Result.OK, "")
    assert not car.body.hvac
    car.thermal.battery = 30
    assert order(car, "25") == (Result.OK, "")
    assert car.state.cooldown
    car.advance(car.time + 900)
    assert car.thermal.battery < 27
    car.advance(car.time + 4000)
    assert not car.state.cooldown


@pytest.mark.parametrize(("timer", "waits"), [(0, False), (1, True)])
def test_the_timer_starts_a_charge(timer: int, waits: bool) -> None:
    """With the timer a plugged car waits for its minute; without it charges at once."""
    charging = Charging(Pack(40, 20), timer_mode=timer, timer_start=60)
    charging.plug()
    assert (charging.phase is ChargePhase.WAITING) is waits
    now = 86400.0 * 20000 + 3000
    for _ in range(50):
        charging.step(now, 10)
        now += 10
    assert charging.is_active is not waits
    for _ in range(30):
        charging.step(now, 10)
        now += 10
    assert charging.phase is ChargePhase.CHARGING
    charging.unplug(now)
    after: ChargePhase = charging.phase
    assert after is ChargePhase.INTERRUPTED
    assert not charging.is_plugged


def fast_charged() -> SimCar:
    """Return a car that has charged fast for ten minutes, on a hot day."""
    car = SimCar(start=START, seed=1, scenario=SCENARIOS["road-trip"])
    while not (car.charging.is_fast and car.charging.power):
        car.advance(car.time + 10)
    car.advance(car.time + 600)
    return car


def test_a_fast_charge_bypasses_the_cars_own_charger() -> None:
    """The charger stays cold and nothing is lost in it; volts and amperes are the battery's."""
    car = fast_charged()
    state = car.state
    assert state.charge_power is not None
    assert state.charge_power > 30
    assert state.temperature_ambient is not None
    assert state.temperature_charger == pytest.approx(state.temperature_ambient, abs=2)
    assert state.charger_efficiency == 100
    assert state.charge_power_input == state.charge_power
    assert state.line_voltage == state.battery_voltage
    assert state.line_voltage is not None
    assert state.charge_current == pytest.approx(1000 * state.charge_power / state.line_voltage)
    assert state.charge_limit == state.pilot_current == FAST_CURRENT
    assert PLUG_TYPES[state.plug_type or 0] == "ccs"


def test_a_charge_at_home_warms_the_cars_own_charger() -> None:
    """On alternating current the charger works, and its limit counts."""
    car = plugged()
    car.advance(car.time + 1200)
    state = car.state
    assert state.temperature_ambient is not None
    assert 10 < (state.temperature_charger or 0) - state.temperature_ambient < 25
    assert (state.charger_efficiency, state.line_voltage) == (90, 230)
    assert state.charge_limit == state.pilot_current == 32
    assert PLUG_TYPES[state.plug_type or 0] == "type2"


def test_nothing_plugged_has_no_plug() -> None:
    """Without a cable there is no type of plug, no voltage and no current, before and after."""
    car = SimCar(start=START, seed=1)
    for phase in (CarPhase.PARKED, CarPhase.DRIVING):
        until(car, phase)
        state = car.state
        assert (state.plug_type, state.pilot_current, state.charger_efficiency) == (0, None, 0)
        assert (state.line_voltage, state.charge_current) == (0, 0)
    car = fast_charged()
    car.charging.unplug(car.time)
    car.advance(car.time + 1)
    assert (car.state.plug_type, car.state.charge_current) == (0, 0)
    assert car.state.charge_limit == 32


def test_a_car_begins_as_it_is_told() -> None:
    """With a charge, and in the midst of its round: the options of a single car."""
    options = VehicleOptions(start=START, seed=1, scenario="commute", phase=0.7, soc=33)
    car = make_sim(options)
    assert car.state.soc == 33
    assert car.act == COMMUTE.cut(0.7)[0] != 0
    assert make_sim(VehicleOptions(start=START, seed=1)).act == 0
