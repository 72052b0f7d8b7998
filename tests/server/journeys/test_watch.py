from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from ovms.protocol.positions import says_position
from ovms.server.journeys.places import Place
from ovms.server.journeys.rules import (
    NAMES,
    ArrivalSocRule,
    ChargeMissedRule,
    ChargeStoppedRule,
    ParkedLossRule,
    PlacesRule,
    Rule,
    ServiceRule,
)
from ovms.server.journeys.samples import Sample
from ovms.server.journeys.values import (
    Charge,
    ChargeEnding,
    JourneyEnd,
    Parked,
    Position,
    Trip,
)
from ovms.server.journeys.watch import (
    CONFIRMED,
    LATE,
    LiveState,
    WatchFacts,
    live_state,
    months_after,
    watch,
)

if TYPE_CHECKING:
    from ovms.server.journeys.values import Journey

DAY = 86400
NOW = 1_780_000_000
"""28 May 2026, 20:26:40 UTC."""
BERLIN = ZoneInfo("Europe/Berlin")
HOME = Place(id=1, owner_id=1, name="Home", position=Position(latitude=50, longitude=8))
WORK = Place(id=2, owner_id=1, name="Work", position=Position(latitude=50.1, longitude=8))


def north(metres: float) -> Position:
    """Return a point north of home."""
    return Position(latitude=50 + metres / 111_195, longitude=8)


@dataclass
class Watched:
    """A vehicle and a rule, and what was told."""

    rule: Rule
    facts: WatchFacts
    state: str = "{}"
    texts: list[str] = field(default_factory=list)

    def look(self, live: dict[str, Any] | None = None, **facts: Any) -> list[str]:
        """Look at new facts; return what is told."""
        if live is not None:
            facts["live"] = replace(self.facts.live, **live)
        self.facts = replace(self.facts, **facts)
        name = NAMES[type(self.rule)]
        result = watch([(name, self.rule, self.state)], self.facts)
        self.state = result.states.get(name, self.state)
        return [each.text for each in result.alerts]

    def at(self, metres: float, seconds: int, **live: Any) -> list[str]:
        """Report a position north of home after some seconds; return what is told."""
        now = self.facts.now + seconds
        where = {"position": north(metres), "position_time": now, "heard": now}
        return self.look(where | live, now=now)


def make(rule: Rule, live: dict[str, Any] | None = None, **facts: Any) -> Watched:
    """Return a vehicle that is watched by one rule."""
    state = LiveState(**{"heard": NOW, **(live or {})})
    return Watched(rule, WatchFacts(**{"now": NOW, "zone": BERLIN, "live": state, **facts}))


def test_a_rule_that_is_off() -> None:
    """A rule that is off tells nothing and remembers nothing."""
    watched = make(PlacesRule(), places=[HOME])
    assert watched.at(0, 0) == watched.at(5000, 60, is_on=True) == []
    assert watched.state == "{}"


# -- places -----------------------------------------------------------------------------------


def at_home(**rule: Any) -> Watched:
    """Return a vehicle that is parked at home and is known to be."""
    watched = make(PlacesRule(is_on=True, **rule), places=[HOME, WORK])
    assert watched.at(10, 0, is_on=False, odometer=1000.0) == []
    return watched


def test_places() -> None:
    """Leaving and entering a place are told once each."""
    watched = at_home()
    assert watched.at(20, 60, is_on=True) == []
    assert watched.at(300, 60) == ["Has left Home"]
    assert watched.at(5000, 60) == watched.at(90, 600) == []
    assert watched.at(80, CONFIRMED) == ["Has arrived at Home"]
    assert watched.at(80, 60, is_on=False) == []
    assert watched.at(80, 60, is_on=True) == watched.at(80, 60, is_on=False) == []


def test_arrived_and_off() -> None:
    """A vehicle that is switched off in a place has arrived."""
    watched = at_home()
    assert watched.at(5000, 60, is_on=True, odometer=1005.0) == ["Has left Home"]
    assert watched.at(30, 600, is_on=False, odometer=1010.0) == ["Has arrived at Home"]


def test_passing_by() -> None:
    """Whoever passes a place for less than a minute was not there."""
    watched = at_home()
    assert watched.at(5000, 60, is_on=True) == ["Has left Home"]
    assert [*watched.at(50, 60), *watched.at(99, CONFIRMED - 1), *watched.at(160, 5)] == []
    assert watched.at(50, 120) == []


def test_at_the_edge() -> None:
    """A vehicle at the edge of a place neither leaves nor enters it again and again."""
    watched = at_home()
    told = [watched.at(metres, 120, is_on=True) for metres in (99, 101, 120, 98, 149, 101, 140)]
    assert told == [[]] * 7
    assert watched.at(151, 120) == ["Has left Home"]
    told = [watched.at(metres, 120) for metres in (101, 149, 120, 101)]
    assert told == [[]] * 4


def test_positions_that_jump() -> None:
    """The position of a vehicle that is off and has not moved may jump, for however long."""
    watched = at_home()
    assert [watched.at(metres, 600) for metres in (900, 950, 20, 3000, 3000, 10)] == [[]] * 6
    assert watched.at(3000, 600, odometer=1003.0) == []
    assert watched.at(3000, 600) == ["Has left Home"], "a trip that was not reported"


def test_an_odometer_that_stands() -> None:
    """A vehicle whose odometer always says the same arrives and leaves like others."""
    watched = at_home()
    assert watched.at(3000, 60, is_on=True, odometer=0.0) == ["Has left Home"]
    assert watched.at(0, 600, is_on=False, odometer=0.0) == ["Has arrived at Home"]


def test_an_odometer_that_is_unknown() -> None:
    """Without an odometer two positions decide."""
    watched = make(PlacesRule(is_on=True), places=[HOME])
    assert watched.at(0, 0) == watched.at(900, 60) == []
    assert watched.at(900, 60) == ["Has left Home"]


def test_old_positions() -> None:
    """The same position that is looked at again proves nothing, and an old one is not told."""
    watched = at_home()
    assert watched.at(3000, 60, is_on=None) == []
    assert watched.look(now=watched.facts.now + 600) == []
    watched = at_home()
    late = watched.facts.now + 60
    where = {"position": north(3000), "position_time": late, "is_on": True}
    assert watched.look(where, now=late + LATE + 1) == []
    assert watched.at(0, 600, is_on=False, odometer=1009.0) == ["Has arrived at Home"]


def test_places_that_change() -> None:
    """Nobody has moved where a place is made, moved, made larger, or removed."""
    watched = make(PlacesRule(is_on=True), {"is_on": True}, places=[])
    assert watched.at(10, 0) == watched.look(places=[HOME]) == []
    moved = replace(HOME, position=north(2000))
    assert watched.look(places=[moved]) == watched.look(places=[replace(moved, radius=3000)]) == []
    assert watched.look(places=[]) == watched.look(places=[moved]) == []
    assert watched.at(2000, 60) == []
    assert watched.at(2000, 60) == ["Has arrived at Home"]


def test_chosen_places() -> None:
    """Only what the rule names is told."""
    watched = at_home(places=(WORK.id,))
    assert watched.at(4000, 60, is_on=True) == []
    assert watched.at(11_119.5, 600, is_on=False) == ["Has arrived at Work"]
    watched = at_home(entering=False)
    assert watched.at(4000, 60, is_on=True) == ["Has left Home"]
    assert watched.at(0, 600, is_on=False) == []
    watched = at_home(leaving=False)
    assert watched.at(4000, 60, is_on=True) == []
    assert watched.at(0, 600, is_on=False) == ["Has arrived at Home"]


def test_no_position() -> None:
    """Without a position nothing is told, and what is known stays."""
    watched = at_home()
    assert watched.look({"position": None}) == []
    assert watched.at(4000, 60, is_on=True) == ["Has left Home"]


# -- charges ----------------------------------------------------------------------------------


def charge(closed: int | None, soc: float | None = 54, **values: Any) -> Charge:
    """Return a charge of an hour that was over ten minutes before it closed."""
    end = (closed or NOW) - 600
    start, stop = JourneyEnd(time=end - 3600, soc=20), JourneyEnd(time=end, soc=soc)
    return Charge(start=start, end=stop, closed=closed, **values)


PLUGGED = {"is_plugged": True, "is_charging": False}


def stopped(live: dict[str, Any], *journeys: Journey) -> Watched:
    """Return a vehicle of which charges that stop are told."""
    return make(ChargeStoppedRule(is_on=True), PLUGGED | live, journeys=journeys)


@pytest.mark.parametrize(
    ("journey", "live", "is_told"),
    [
        (charge(NOW, ending=ChargeEnding.INTERRUPTED), {}, True),
        (charge(NOW, ending=ChargeEnding.STOPPED), {}, True),
        (charge(NOW), {}, True),
        (charge(NOW, soc=None), {}, True),
        (charge(NOW - LATE), {}, True),
        (charge(NOW - LATE - 1), {}, False),
        (charge(NOW + 1), {}, False),
        (charge(None), {}, False),
        (charge(NOW, ending=ChargeEnding.FULL), {}, False),
        (charge(NOW, ending=ChargeEnding.LIMIT), {}, False),
        (charge(NOW, soc=99), {}, False),
        (charge(NOW), {"is_plugged": False}, False),
        (charge(NOW), {"is_plugged": None}, False),
        (charge(NOW, ending=ChargeEnding.INTERRUPTED), {"is_plugged": None}, True),
        (charge(NOW), {"is_charging": True}, False),
        (charge(NOW, ending=ChargeEnding.STOPPED), {"charge_substate": "onrequest"}, False),
        (charge(NOW, ending=ChargeEnding.STOPPED), {"charge_substate": "scheduledstop"}, False),
    ],
)
def test_charge_stopped(journey: Charge, live: dict[str, Any], is_told: bool) -> None:
    """A charge that ended early is told once while the plug is in, unless somebody stopped it."""
    watched = stopped(live, journey)
    soc = "" if journey.end.soc is None else f" at {journey.end.soc:.0f} %"
    text = f"The charge has stopped{soc}, and is not complete"
    assert watched.look() == ([text] if is_told else [])
    assert watched.look() == []


def test_charges_made_anew() -> None:
    """A charge that a late report makes longer was told; the next one is told again."""
    first = charge(NOW)
    watched = stopped({}, first)
    assert len(watched.look()) == 1
    longer = replace(first, end=replace(first.end, time=NOW - 500), closed=NOW + 100)
    assert watched.look(journeys=[longer], now=NOW + 100) == []
    assert len(watched.look(journeys=[longer, charge(NOW + 8000)], now=NOW + 8000)) == 1


LOCAL_23 = 1_780_002_000
"""23:00 in Berlin on the same day."""


def missed(live: dict[str, Any] | None = None, **rule: Any) -> Watched:
    """Return a vehicle, watched since a minute before 23:00, that should charge from 22:00 on."""
    known = {"heard": LOCAL_23 - 60, "soc": 45.0, "is_plugged": False} | (live or {})
    watched = make(
        ChargeMissedRule(is_on=True, **rule), known, now=LOCAL_23 - 60, places=[HOME, WORK]
    )
    assert watched.look() == []
    return watched


@pytest.mark.parametrize(
    ("live", "text"),
    [
        ({}, "Not plugged in at 23:00 (45 %)"),
        ({"is_plugged": True}, "Plugged in, but no charge has begun since 22:00 (45 %)"),
        ({"is_plugged": None, "soc": None}, "No charge has begun since 22:00"),
        ({"heard": LOCAL_23 - 7200}, "Not plugged in at 23:00 (45 %, last heard 2026-05-28 21:00)"),
        ({"soc": 80.0}, None),
        ({"is_on": True}, None),
        ({"is_charging": True, "is_plugged": True}, None),
        ({"heard": 0}, None),
    ],
)
def test_charge_missed(live: dict[str, Any], text: str | None) -> None:
    """At the end of a window it is told once that no charge has begun, and why perhaps."""
    watched = missed(live)
    assert watched.look(now=LOCAL_23 - 1) == []
    assert watched.look(now=LOCAL_23) == ([] if text is None else [text])
    assert watched.look(now=LOCAL_23 + 60) == []
    assert watched.look(now=LOCAL_23 + DAY - 1) == []


def test_charge_in_the_window() -> None:
    """A charge that went on in the window, and is over, is one."""
    spans = []

    def charged(start: int, end: int) -> bool:
        spans.append((start, end))
        return True

    assert missed().look(now=LOCAL_23, charged=charged) == []
    assert spans == [(LOCAL_23 - 3600, LOCAL_23)]


def test_each_evening() -> None:
    """Each window is told for itself, also past midnight, and none that is over since long."""
    watched = missed(start="22:00", end="01:00")
    text = ["Not plugged in at 01:00 (45 %)"]
    night = LOCAL_23 + 7200
    assert watched.look(now=night - 1) == []
    assert watched.look({"heard": night}, now=night) == text
    assert watched.look({"heard": night + DAY}, now=night + DAY + LATE + 1) == []
    assert watched.look({"heard": night + 2 * DAY}, now=night + 2 * DAY + LATE) == text


def test_windows_over_a_change_of_clocks() -> None:
    """A window that ends in the hour that is skipped or repeated ends once."""
    for last_sunday in (1_774_738_800, 1_792_875_600):  # 28 March and 24 October 2026, 23:00 UTC
        watched = make(ChargeMissedRule(is_on=True, start="01:00", end="02:30"), now=last_sunday)
        told = []
        for minute in range(0, 8 * 60, 5):
            now = last_sunday + minute * 60
            told += watched.look({"heard": now}, now=now)
        assert told == ["No charge has begun since 01:00"]


def test_window_at_a_place() -> None:
    """A rule for a place counts where the vehicle is there; the text needs the right location."""
    watched = missed({"position": north(120)}, place=HOME.id)
    (text,) = watched.look(now=LOCAL_23)
    assert text == "Not plugged in at 23:00 (45 %, place Home)"
    assert says_position(text)
    for live in ({"position": north(160)}, {"position": None}):
        assert missed(live, place=HOME.id).look(now=LOCAL_23) == []
    assert missed({"position": north(0)}, place=99).look(now=LOCAL_23) == []


# -- trips and parked time --------------------------------------------------------------------


def trip(closed: int, soc: float | None) -> Trip:
    """Return a trip of half an hour."""
    end = closed - 180
    return Trip(start=JourneyEnd(time=end - 1800), end=JourneyEnd(time=end, soc=soc), closed=closed)


@pytest.mark.parametrize(
    ("soc", "live", "is_told"),
    [
        (19.6, {}, True), (20, {}, False), (None, {}, False), (5, {"is_plugged": True}, False),
        (5, {"is_charging": True}, False), (5, {"is_plugged": False}, True),
    ],
)  # fmt: skip
def test_arrival(soc: float | None, live: dict[str, Any], is_told: bool) -> None:
    """Little SOC at a trip's end is told once, unless the vehicle is plugged in already."""
    watched = make(ArrivalSocRule(is_on=True), live, journeys=[trip(NOW - 60, soc)])
    text = f"The trip ended with {soc:.0f} %, less than 20 %" if soc is not None else ""
    assert watched.look() == ([text] if is_told else [])
    assert watched.look() == []
    assert watched.look(journeys=[trip(NOW - LATE - 1, 5)]) == []


def parked(loss: float, days: float = 1.0, end: int = NOW) -> Parked:
    """Return a time parked with a loss a day."""
    idle = int(days * DAY)
    return Parked(
        start=JourneyEnd(time=end - idle), end=JourneyEnd(time=end), idle_time=idle,
        soc_lost=loss * days,
    )  # fmt: skip


USUAL = (*(parked(loss, end=NOW - 9 * DAY) for loss in (0.5, 1, 1, 1.5, 30)), parked(0, 0))


def losing(*journeys: Journey, before: tuple[Parked, ...] = USUAL) -> Watched:
    """Return a vehicle that usually loses 1 % a day."""
    rule = ParkedLossRule(is_on=True)
    return make(rule, journeys=journeys, parked_before=lambda: before)


def test_parked_loss() -> None:
    """A vehicle that loses much more than usual is told of once each time it is parked."""
    watched = losing(parked(2.5))
    text = "Loses 2.5 % a day while parked, usually 1.0 %"
    assert watched.look() == [text]
    later = replace(parked(2.5, 2, NOW + DAY), start=parked(2.5).start)
    assert watched.look(journeys=[later], now=NOW + DAY) == []
    assert watched.look(journeys=[parked(2.5, 1, NOW + 9 * DAY)], now=NOW + 9 * DAY) == [text]


@pytest.mark.parametrize(
    ("journeys", "before"),
    [
        ((), USUAL),
        ((parked(2),), USUAL),
        ((parked(1),), (parked(0),) * 9),
        ((parked(9, 0.99),), USUAL),
        ((parked(9, 1, NOW - LATE - 1),), USUAL),
        ((replace(parked(9), soc_lost=None),), USUAL),
        ((parked(9),), USUAL[:4]),
        ((parked(9),), (*USUAL[:4], parked(0, 0))),
    ],
)
def test_no_parked_loss(journeys: tuple[Journey, ...], before: tuple[Parked, ...]) -> None:
    """Too little, too short, too late, or with nothing to compare with, it is not told."""
    assert losing(*journeys, before=before).look() == []


def test_parked_is_looked_at_each_hour() -> None:
    """What a vehicle usually loses is not read again with each report."""
    reads = []
    watched = losing(parked(1.5))

    def before() -> tuple[Parked, ...]:
        reads.append(1)
        return USUAL

    watched.facts = replace(watched.facts, parked_before=before)
    for minute in range(0, 121, 10):
        end = NOW + minute * 60
        later = replace(parked(1.5, 1.1, end), start=parked(1.5).start)
        assert watched.look(journeys=[later], now=end) == []
    assert len(reads) == 3


# -- service ----------------------------------------------------------------------------------


def test_service_by_car() -> None:
    """A service is told when it comes near, is due, and is overdue by much more, once each."""
    watched = make(ServiceRule())
    kms = (1001.0, 1000.0, 400.0, 0.4, -5.0, 3.0, -999.0, -1000.0, -1500.0, None, 15_000.0, 999.6)
    told = [watched.look({"service_range": km}) for km in kms]
    assert told == [
        [], ["The service is due in 1,000 km"], [], [], ["The service is overdue by 5 km"], [], [],
        ["The service is overdue by 1,000 km"], [], [], [], ["The service is due in 1,000 km"],
    ]  # fmt: skip


def test_service_in_miles() -> None:
    """The owner of a car with miles reads miles."""
    live = {"service_range": 804.672, "unit": "mi"}
    assert make(ServiceRule(), live).look() == ["The service is due in 500 mi"]


def test_service_by_time() -> None:
    """What a car says of the time of its service counts, unless that is no time."""
    watched = make(ServiceRule())
    days = (31, 30, 2, 1, 0, -1, -30)
    told = [watched.look({"service_time": NOW + each * DAY}) for each in days]
    assert told == [
        [], ["The service is due in 30 days"], [], [], ["The service is due"], [],
        ["The service is overdue by 30 days"],
    ]  # fmt: skip
    assert make(ServiceRule(), {"service_time": NOW + DAY}).look() == [
        "The service is due in 1 day"
    ]
    assert make(ServiceRule(), {"service_time": 0.0}).look() == []
    for dirt in (math.nan, math.inf, -math.inf, 1e300):
        assert make(ServiceRule(), {"service_time": dirt, "service_range": dirt}).look() == []
    assert make(ServiceRule(by_car=False), {"service_time": float(NOW)}).look() == []


def test_service_by_intervals() -> None:
    """An owner's own intervals count from the last service, by distance and by time."""
    rule = ServiceRule(
        every_km=20_000, since_odometer=5000, every_months=12, since_date=date(2025, 7, 1)
    )
    watched = make(rule, {"odometer": 23_000.0})
    assert watched.look() == []
    assert watched.look({"odometer": 24_100.0}) == ["The service is due in 900 km"]
    assert watched.look(now=NOW + 5 * DAY) == ["The service is due in 29 days"]
    assert make(rule, {"odometer": None}).look() == []


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)), (date(2023, 1, 31), 13, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)), (date(2025, 12, 31), 1, date(2026, 1, 31)),
        (date(2025, 11, 30), 1, date(2025, 12, 30)), (date(2025, 5, 15), 24, date(2027, 5, 15)),
    ],
)  # fmt: skip
def test_months_after(day: date, months: int, after: date) -> None:
    """Months are counted by the calendar; a month without the day ends with its last."""
    assert months_after(day, months) == after


# -- the rest ---------------------------------------------------------------------------------


def test_live_state() -> None:
    """The newest that samples say counts, and what they do not say stays."""
    samples = [
        Sample(time=10, is_on=True, soc=50, position=north(0)),
        Sample(time=20, is_on=False, is_plugged=True),
    ]
    assert live_state(samples, service_range=5.0) == LiveState(
        heard=20, position=north(0), position_time=10, is_on=False, is_plugged=True, soc=50,
        service_range=5.0,
    )  # fmt: skip


def test_live_state_in_miles() -> None:
    """What a car with miles says is in km, whichever message said the unit."""
    for samples in (
        [Sample(time=1, distance_unit="M"), Sample(time=2, distance_unit="", odometer=1000)],
        [Sample(time=1, distance_unit="", odometer=1000), Sample(time=2, distance_unit="M")],
    ):
        assert live_state(samples) == LiveState(heard=2, odometer=1609.344, unit="mi")


@pytest.mark.parametrize("state", ["", "[]", '{"places": 7}', '{"until": "x", "levels": []}'])
def test_a_state_that_cannot_be_read(state: str) -> None:
    """A state that cannot be read counts as a new one."""
    for rule in (PlacesRule(is_on=True), ArrivalSocRule(is_on=True), ServiceRule()):
        watched = make(rule, {"position": north(0)}, places=[HOME], journeys=[trip(NOW, 5)])
        watched.state = state
        assert watched.look() == make(rule, journeys=[trip(NOW, 5)]).look()


def test_texts_that_name_a_place() -> None:
    """Those without the right location hear of no arrival and no departure, and of all else."""
    watched = at_home()
    (left,) = watched.at(5000, 60, is_on=True)
    (arrived,) = watched.at(0, 600, is_on=False)
    others = [
        *stopped({}, charge(NOW)).look(),
        *missed({"heard": LOCAL_23 - 7200}).look(now=LOCAL_23),
        *make(ArrivalSocRule(is_on=True), journeys=[trip(NOW, 5)]).look(),
        *losing(parked(2.5)).look(),
        *make(ServiceRule(), {"service_range": -2000.0}).look(),
    ]
    assert len(others) == 5
    assert says_position(left)
    assert says_position(arrived)
    assert not any(map(says_position, others))
