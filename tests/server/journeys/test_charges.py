"""Charges, as cars report them: whole, flapping, interrupted, in parts, and not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ovms.server.journeys.charge_curve import CURVE_LIMIT
from ovms.server.journeys.fold import Fold
from ovms.server.journeys.samples import Sample
from ovms.server.journeys.values import Certainty, Charge, ChargeEnding
from tests.server.journeys.reported import (
    CAPACITY,
    HOME,
    T,
    charges,
    charging,
    cut,
    ended,
    idle,
    session,
    without,
)

HOUR = 3600


def only(samples: list[Sample]) -> Charge:
    """Return the one charge that samples make."""
    [charge] = charges(samples)
    return charge


def test_a_charge_has_what_the_car_reported() -> None:
    """Times, energies, battery, plug, ending."""
    charge = only(session(T, T + HOUR))
    assert (charge.start.time, charge.end.time) == (T, T + HOUR) or charge.start.time - T <= 60
    assert abs(charge.end.time - T - HOUR) <= 60
    assert (charge.start.soc, charge.end.soc) == (40, 60)
    assert charge.energy == pytest.approx(10, abs=0.06)
    assert charge.grid_energy == pytest.approx(11.11, abs=0.02)
    assert charge.efficiency == pytest.approx(90, abs=0.7)
    assert (charge.plug, charge.mode, charge.power_max) == ("type2", "standard", 10)
    assert (charge.start.position, charge.end.position) == (HOME, HOME)
    assert charge.capacity == CAPACITY
    assert charge.certainty is Certainty.MEASURED
    assert charge.closed is not None
    assert charge.closed > charge.end.time


@pytest.mark.parametrize("every", [60, 600])
def test_ten_minute_reports_give_the_same_times(every: int) -> None:
    """The car says how long it has charged."""
    charge = only(session(T, T + HOUR, every=every))
    assert charge.start.time == pytest.approx(T, abs=60)
    assert charge.end.time == pytest.approx(T + HOUR, abs=60)
    assert charge.energy == pytest.approx(10, abs=0.06)
    assert not charge.has_gaps


def test_a_car_that_does_not_count_seconds_is_placed_by_its_energy() -> None:
    """Ten minutes between the reports, and a minute of doubt."""
    samples = [replace(each, charge_duration=None) for each in session(T, T + HOUR, every=600)]
    charge = only(samples)
    assert charge.start.time == pytest.approx(T, abs=60)
    assert charge.end.time == pytest.approx(T + HOUR, abs=60)
    assert charge.estimated == ("end", "start")
    assert charge.certainty is Certainty.ESTIMATED


def test_a_charge_goes_on_until_it_is_over() -> None:
    """What goes on is as last reported."""
    one = Fold()
    one.feed(session(T, T + HOUR)[:33])
    [charge] = (each for each in one.ongoing() if isinstance(each, Charge))
    assert charge.closed is None
    assert charge.end.soc == pytest.approx(50, abs=1)
    assert charge.energy == pytest.approx(5, abs=0.3)


@pytest.mark.parametrize("soc", [40, 99])
def test_a_charge_without_any_counter_is_estimated(soc: int) -> None:
    """Power comes first, then the state of charge."""
    bare = {"charge_energy": None, "grid_energy": None, "charge_duration": None}
    samples = [replace(each, **bare) for each in session(T, T + HOUR)]  # type: ignore[arg-type]
    charge = only(samples)
    assert charge.energy == pytest.approx(10, rel=0.02)
    assert "energy" in charge.estimated
    samples = [replace(each, charge_power=None) for each in samples]
    charge = only(samples)
    assert charge.energy == pytest.approx(10, rel=0.03)
    assert charge.grid_energy is None


def test_line_voltage_and_current_are_a_power() -> None:
    """An old module tells no other."""
    samples = [
        replace(each, charge_energy=None, grid_energy=None, charge_power=None,
                line_voltage=230.0 if each.charge_power else 0.0, charge_current=30.0)
        for each in session(T, T + HOUR)
    ]  # fmt: skip
    charge = only(samples)
    assert charge.grid_energy == pytest.approx(6.9, rel=0.02)
    assert charge.energy == pytest.approx(6.2, rel=0.02)
    assert charge.estimated == ("energy", "grid_energy")


def test_a_flapping_charger_makes_one_charge() -> None:
    """It lets go each minute, and the counters begin again each time."""
    samples = session(T, T + HOUR)
    for at, each in enumerate(samples):
        if each.charge_state == "charging" and at % 3 == 0:
            samples[at] = replace(each, charge_state="stopped", is_charging=False)
    charge = only(samples)
    assert charge.energy == pytest.approx(10, abs=0.3)
    assert charge.duration == pytest.approx(HOUR, abs=120)


@pytest.mark.parametrize(("pause", "count"), [(300, 1), (1500, 2)])
def test_a_short_interruption_is_none(pause: int, count: int) -> None:
    """The power was away for five minutes; for more it is another charge."""
    first = session(T, T + HOUR)
    first = without(first, lambda each: each.time > T + HOUR + min(pause, 1200))
    second = session(T + HOUR + pause, T + 2 * HOUR + pause, soc=60)
    second = without(second, lambda each: each.time < T + HOUR + pause)
    found = charges([*first, *second])
    assert len(found) == count
    assert sum(each.energy or 0 for each in found) == pytest.approx(20, abs=0.3)


def test_pulling_the_plug_ends_it_at_once() -> None:
    """Plugged in again a minute later it is a charge of its own."""
    first = without(session(T, T + HOUR), lambda each: each.time > T + HOUR)
    pulled = idle(T + HOUR + 20, 60)
    second = session(T + HOUR + 120, T + 2 * HOUR, soc=60)
    second = without(second, lambda each: each.time <= T + HOUR + 60)
    found = charges([*first, pulled, *second])
    assert len(found) == 2
    assert found[0].closed == T + HOUR + 20


def test_waiting_for_the_timer_is_no_charge_and_heating_before_it_is() -> None:
    """What belongs to the charge takes energy for it."""
    waiting = [
        idle(T - 7200 + 60 * at, 40, is_plugged=True, charge_substate="timerwait")
        for at in range(100)
    ]
    heating = [
        idle(T - 600 + 60 * at, 40, is_plugged=True, charge_state="heating") for at in range(10)
    ]
    samples = without(session(T, T + HOUR), lambda each: each.time < T)
    charge = only([*waiting[:90], *heating, *samples])
    assert charge.start.time == pytest.approx(T - 600, abs=60)
    assert charge.start.soc == 40
    assert not charges([*waiting, *[idle(T + 60 * at, 40) for at in range(30)]])


def test_topping_off_belongs_to_the_charge() -> None:
    """It is the end of it."""
    samples = session(T, T + HOUR)
    samples = [
        replace(each, charge_state="topoff")
        if each.charge_state == "charging" and each.time > T + 3000
        else each
        for each in samples
    ]
    assert only(samples).energy == pytest.approx(10, abs=0.06)


@pytest.mark.parametrize(
    ("last", "ending"),
    [
        ({"charge_state": "done", "soc": 99}, ChargeEnding.FULL),
        ({"charge_state": "done", "soc": 60}, ChargeEnding.LIMIT),
        ({"charge_state": "stopped", "limit_soc": 61.0}, ChargeEnding.LIMIT),
        ({"charge_state": "stopped", "limit_range": 180.0, "ideal_range": 180.0},
         ChargeEnding.LIMIT),
        ({"charge_state": "stopped", "charge_substate": "onrequest"}, ChargeEnding.STOPPED),
        ({"charge_state": "stopped"}, ChargeEnding.STOPPED),
        ({"charge_state": "stopped", "charge_substate": "interrupted"}, ChargeEnding.INTERRUPTED),
        ({"charge_state": None}, ChargeEnding.UNKNOWN),
    ],
)  # fmt: skip
def test_how_it_ended(last: dict[str, object], ending: ChargeEnding) -> None:
    """The state, its sub-state and how full the battery was say it."""
    power = 29.0 if last.get("soc") == 99 else 10.0
    samples = session(T, T + HOUR, power=power)
    samples = [
        replace(each, **{**last, "soc": last.get("soc", each.soc)})  # type: ignore[arg-type]
        if each.charge_state == "done"
        else replace(each, limit_soc=last.get("limit_soc"))  # type: ignore[arg-type]
        for each in samples
    ]
    assert only(samples).ending is ending


def test_a_car_that_is_on_while_it_charges_is_charged() -> None:
    """Some say so at fast chargers; only driving ends a charge."""
    samples = session(T, T + 1800, power=40)
    charge = only([replace(each, is_on=True) for each in samples])
    assert charge.energy == pytest.approx(20, abs=0.1)


def test_driving_away_ends_it() -> None:
    """Nobody saw the plug being pulled."""
    samples = without(session(T, T + HOUR), lambda each: each.time > T + HOUR)
    drive = [
        Sample(time=T + HOUR + 120 + 60 * at, is_on=True, speed=50.0, odometer=1000.0 + at, soc=59)
        for at in range(5)
    ]
    charge = only([*samples, *drive])
    assert charge.end.time == pytest.approx(T + HOUR, abs=120)
    assert charge.end.odometer == 1000
    assert charge.ending is ChargeEnding.UNKNOWN


def test_what_a_drive_recovers_is_no_charge() -> None:
    """Down a pass the battery takes in, and some cars say that they charge."""
    drive = [
        Sample(time=T + 60 * at, is_on=True, is_charging=True, speed=60.0, odometer=1000.0 + at,
               soc=50.0 + at // 4, battery_power=-20.0, charge_state="charging")
        for at in range(40)
    ]  # fmt: skip
    assert not charges([idle(T - 60, 50), *drive, idle(T + 2400, 60, odometer=1040.0)])


def test_a_counter_that_still_shows_the_last_charge_is_not_counted() -> None:
    """The old session's energy for three minutes, then that of this one."""
    samples = session(T, T + HOUR)
    for at, each in enumerate(samples):
        if each.time < T + 180:
            samples[at] = replace(each, charge_energy=33.3, grid_energy=35.0)
    charge = only(samples)
    assert charge.energy == pytest.approx(10, abs=0.06)
    assert charge.grid_energy == pytest.approx(11.11, abs=0.02)


def test_a_counter_may_be_reset_at_the_end() -> None:
    """What it said before counts."""
    samples = [
        replace(each, charge_energy=0.0, grid_energy=0.0) if each.charge_state == "done" else each
        for each in session(T, T + HOUR)
    ]
    assert only(samples).energy == pytest.approx(10, abs=0.2)


def test_the_total_of_the_grid_counts_where_nothing_else_does() -> None:
    """It is never reset."""
    samples = [
        replace(each, grid_energy=None, grid_energy_total=5000 + (each.charge_energy or 0) / 0.9)
        for each in session(T, T + HOUR)
    ]
    assert only(samples).grid_energy == pytest.approx(11.1, abs=0.1)


def test_only_the_bit_says_it() -> None:
    """A car without words for its charge state."""
    samples = [replace(each, charge_state=None) for each in session(T, T + HOUR)]
    charge = only(samples)
    assert charge.energy == pytest.approx(10, abs=0.06)
    assert charge.ending is ChargeEnding.UNKNOWN


def test_only_the_word_says_it() -> None:
    """A car whose bit is never set."""
    samples = [replace(each, is_charging=False) for each in session(T, T + HOUR)]
    assert only(samples).energy == pytest.approx(10, abs=0.06)


def test_a_bit_that_stays_set_ends_no_charge() -> None:
    """It means that the plug is in, for some."""
    samples = [replace(each, is_charging=bool(each.is_plugged)) for each in session(T, T + HOUR)]
    charge = only(samples)
    assert charge.end.time == pytest.approx(T + HOUR, abs=60)


def test_a_charge_that_ended_while_nobody_saw_it() -> None:
    """The car says afterwards when it ended and what it took."""
    samples = session(T, T + 4 * HOUR, power=5)
    samples = without(samples, lambda each: T + HOUR < each.time < T + 10 * HOUR)
    later = ended(T + 10 * HOUR, since=T, until=T + 4 * HOUR, power=5,
                  charge_end_time=T + 4 * HOUR)  # fmt: skip
    charge = only([*samples, later, idle(T + 12 * HOUR, 80)])
    assert charge.end.time == T + 4 * HOUR
    assert charge.end.soc == 80
    assert charge.energy == pytest.approx(20, abs=0.1)
    assert "end" not in charge.estimated
    bare = replace(later, charge_end_time=None, charge_duration=None, charge_energy=None)
    charge = only([*samples, bare, idle(T + 12 * HOUR, 80)])
    assert charge.end.time == pytest.approx(T + 4 * HOUR, rel=0.1)
    assert charge.certainty is Certainty.GAPS


def test_a_charge_that_nobody_saw() -> None:
    """The server was away the whole night."""
    samples = [idle(T, 40), idle(T + 12 * HOUR, 80), idle(T + 14 * HOUR, 80)]
    first, second = charges(
        [*session(T - 9 * HOUR, T - 8 * HOUR, soc=20), *samples, idle(T + 16 * HOUR, 80)]
    )
    assert first.energy == pytest.approx(10, abs=0.06)
    assert (second.start.time, second.end.time) == (T, T + 12 * HOUR)
    assert second.energy == pytest.approx(20, rel=0.02)
    assert second.estimated == ("end", "energy", "start")
    assert second.certainty is Certainty.GAPS


def test_a_charge_that_nobody_saw_has_the_times_that_the_car_tells() -> None:
    """It tells them as long as it stands."""
    known = session(T - 9 * HOUR, T - 8 * HOUR, soc=20)
    later = ended(T + 12 * HOUR, since=T + HOUR, until=T + 5 * HOUR, soc=40, power=5,
                  charge_end_time=T + 5 * HOUR)  # fmt: skip
    after = replace(later, time=T + 14 * HOUR)
    _, charge = charges([*known, idle(T, 40), later, after])
    assert (charge.start.time, charge.end.time) == (T + HOUR, T + 5 * HOUR)
    assert charge.energy == pytest.approx(20, abs=0.1)
    assert charge.estimated == ()
    assert charge.has_gaps


def test_a_silent_car_is_charged_where_its_battery_fills() -> None:
    """It never says that it is charged, only by percents, in steps of a quarter of an hour."""
    rise = [
        idle(T + 600 * at, 40 + 2 * at // 3, charge_state=None, is_charging=None, is_plugged=None)
        for at in range(31)
    ]
    rest = [replace(rest_, time=T + 18000 + 600 * at) for at, rest_ in enumerate([rise[-1]] * 12)]
    charge = only([*rise, *rest])
    assert (charge.start.soc, charge.end.soc) == (40, 60)
    assert charge.duration == pytest.approx(18000, abs=1200)


def test_a_state_of_charge_that_flaps_is_no_charge() -> None:
    """It rounds; and it may rise by two as the battery becomes warm."""
    flaps = [idle(T + 600 * at, 50 + at % 2) for at in range(50)]
    assert not charges(flaps)
    warm = [idle(T + 600 * at, 50 + min(at, 2), charge_state=None) for at in range(50)]
    assert not charges(warm)


def test_feeding_the_grid_is_no_charge() -> None:
    """The state of charge falls, the plug is in, and the state says nothing of charging."""
    assert not charges([idle(T + 60 * at, 80 - at / 4, is_plugged=True) for at in range(200)])


def test_a_plug_that_was_only_tried_is_no_charge() -> None:
    """Ten seconds, and nothing flowed."""
    tried = charging(T, since=T - 5, soc=40, charge_energy=0.0, charge_power=0.0)
    samples = [idle(T - 60, 40), tried, *(idle(T + 10 + 60 * at, 40) for at in range(30))]
    assert not charges(samples)


def test_a_silence_within_is_a_gap_and_not_two_charges() -> None:
    """The counters say that it went on."""
    samples = session(T, T + 4 * HOUR, power=5)
    samples = without(samples, lambda each: T + HOUR < each.time < T + 3 * HOUR)
    charge = only(samples)
    assert charge.energy == pytest.approx(20, abs=0.1)
    assert charge.has_gaps


def test_a_silence_in_which_another_charge_began_makes_two() -> None:
    """The car was driven, and the counters began again."""
    first = without(session(T, T + HOUR), lambda each: each.time > T + HOUR)
    second = session(T + 6 * HOUR, T + 7 * HOUR, soc=30)
    second = [
        replace(each, odometer=1050.0)
        for each in without(second, lambda each: each.time < T + 6 * HOUR + 1800)
    ]
    found = charges([*first, *second])
    assert [each.energy for each in found] == [pytest.approx(10, abs=0.3)] * 2
    assert found[1].start.time == pytest.approx(T + 6 * HOUR, abs=60)


def test_where_a_charge_is_may_be_told_after_its_status() -> None:
    """The link comes back while it is charged; the meters are a second later, and it had moved."""
    drive = [
        idle(T - 5400 + 60 * at, 60, is_on=True, speed=60.0, odometer=900.0 + at)
        for at in range(20)
    ]
    place = replace(HOME, latitude=48.5)
    charge = without(session(T, T + HOUR), lambda each: each.time < T + 1200)
    charge = [replace(each, odometer=950.0, position=place) for each in charge]
    first = replace(charge[0], time=charge[0].time - 4, odometer=None, position=None, is_on=None)
    found = only([*drive, first, *charge])
    assert found.energy == pytest.approx(10, abs=0.06)
    assert (found.start.position, found.start.odometer) == (place, 950)
    assert found.start.time == pytest.approx(T, abs=60)


def test_a_charge_that_was_left_unheard_has_its_last_counters() -> None:
    """The link was away from its middle until the car was on its way."""
    samples = without(session(T, T + HOUR, power=20), lambda each: each.time > T + 1800)
    drive = [
        replace(ended(T + 2 * HOUR + 60 * at, since=T, until=T + HOUR, power=20), is_on=True,
                is_plugged=False, speed=90.0, odometer=1030.0 + at, soc=75.0 - at)
        for at in range(20)
    ]  # fmt: skip
    bare = Sample(time=T + 2 * HOUR - 9, is_on=True, speed=90.0, odometer=1030.0)
    charge = only([*samples, bare, *drive])
    assert charge.energy == pytest.approx(20, abs=0.1)
    assert charge.end.time == pytest.approx(T + HOUR, abs=60)
    assert charge.end.soc == pytest.approx(80, abs=2)


def test_a_charge_in_a_silence_with_drives_before_and_after() -> None:
    """The battery is emptier than before, and the total of the grid tells of it."""
    more = {"charge_state": "done", "is_on": True, "speed": 60.0}
    before = [
        idle(T + 60 * at, 60, **more, grid_energy_total=500.0, charge_energy=5.0,
             odometer=1000.0 + at)
        for at in range(5)
    ]  # fmt: skip
    meters = Sample(time=T + 2 * HOUR - 9, is_on=True, speed=60.0, odometer=1120.0)
    after = [
        idle(T + 2 * HOUR + 60 * at, 55, **more, grid_energy_total=520.0, charge_energy=19.0,
             charge_duration=1800.0, charge_end_time=T + 5400, odometer=1120.0 + at)
        for at in range(5)
    ]  # fmt: skip
    charge = only([*before, meters, *after])
    assert (charge.start.time, charge.end.time) == (T + 3600, T + 5400)
    assert (charge.energy, charge.grid_energy) == (19, 20)
    assert charge.start.position is None
    assert charge.has_gaps


def test_the_log_of_charges_has_the_exact_second() -> None:
    """Ten-minute reports around it."""
    samples = [replace(each, charge_duration=None) for each in session(T, T + HOUR, every=600)]
    begin = Sample(time=T, is_grid_record=True, charge_state="charging", soc=40.0,
                   charge_energy=0.0, grid_energy=0.0)  # fmt: skip
    end = Sample(time=T + HOUR, is_grid_record=True, charge_state="done", soc=60.4,
                 charge_energy=10.012, grid_energy=11.123)  # fmt: skip
    charge = only(sorted([*samples, begin, end], key=lambda each: each.time))
    assert (charge.start.time, charge.end.time) == (T, T + HOUR)
    assert charge.energy == pytest.approx(10.012)
    assert charge.certainty is Certainty.MEASURED


def test_the_curve_is_bounded_and_true_to_its_energies() -> None:
    """Ten hours with a power that falls in the end; prices by time of day stay right."""
    start, samples, energy = T, [idle(T - 60, 10)], 0.0
    for at in range(600):
        power = 7.2 if at < 480 else 7.2 * (600 - at) / 120
        energy += power / 60
        samples.append(
            charging(start + 60 * at, since=T, power=power, charge_energy=round(energy, 2),
                     grid_energy=round(energy / 0.9, 2)) if at else
            charging(start, since=T, charge_energy=0.0, grid_energy=0.0)
        )  # fmt: skip
        samples[-1] = replace(samples[-1], soc=10 + int(energy / 0.8))
    rest = [replace(idle(T + 36000 + 60 * at, 95), charge_energy=round(energy, 2)) for at in
            range(30)]  # fmt: skip
    charge = only([*samples, *rest])
    assert 4 < len(charge.curve) <= CURVE_LIMIT + 2
    assert charge.curve[-1].energy == charge.energy
    points = {each.time: each.charge_energy for each in samples}
    for one, two in zip(charge.curve[1:-2], charge.curve[2:-1], strict=True):
        middle = (one.time + two.time) // 2 // 60 * 60 + T % 60
        reported = points.get(middle)
        if reported is not None and one.energy is not None and two.energy is not None:
            share = (middle - one.time) / (two.time - one.time)
            assert one.energy + share * (two.energy - one.energy) == pytest.approx(
                reported, abs=0.05
            )


def test_charges_are_the_same_wherever_the_samples_are_cut() -> None:
    """The state is bytes between any two."""
    samples = session(T, T + HOUR)
    samples += [idle(T + 9 * HOUR, 58), idle(T + 15 * HOUR, 90)]
    closed, ongoing = cut(samples)
    whole = Fold()
    assert closed == whole.feed(samples)
    assert ongoing == whole.ongoing()
    assert len([each for each in closed if isinstance(each, Charge)]) == 1
    assert any(isinstance(each, Charge) for each in ongoing)


def test_a_battery_does_not_take_more_than_the_grid_gives() -> None:
    """Ten minutes between powers that fall are too coarse to say what came from the grid."""
    samples = [
        replace(each, grid_energy=None, charge_power=None, line_voltage=400.0, charge_current=15.0)
        if each.is_charging else replace(each, grid_energy=None)
        for each in session(T, T + HOUR)
    ]  # fmt: skip
    charge = only(samples)
    assert (charge.energy, charge.grid_energy) == (10, 10)
    assert "grid_energy" in charge.estimated


def test_a_charge_goes_on_where_the_car_was_driven_to_unheard() -> None:
    """After a silence the status comes first, and the odometer a moment later."""
    seen = [idle(T - 3600 + 600 * each, 45) for each in range(3)]
    first = charging(T + 1200, since=T, odometer=None, position=None)
    away: dict[str, Any] = {"odometer": 1003.4, "position": replace(HOME, latitude=48.2)}
    rest = [charging(T + 1206 + 60 * each, since=T, **away) for each in range(30)]
    over = [ended(T + at, since=T, until=T + HOUR, **away) for at in (7200, 7900)]
    charge = only([*seen, first, *rest, *over])
    assert charge.energy == pytest.approx(10, abs=0.06)
    assert (charge.start.odometer, charge.start.position) == (1003.4, away["position"])
