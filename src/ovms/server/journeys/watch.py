"""What a vehicle's owner is told of its journeys: rules, what is known, what was told before.

A rule's state is what it remembers, so that each thing is told once. Nothing is told of what is
over since long: a report that came late, a server that was away, or journeys that are made anew
must not wake anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from statistics import median
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from ovms.protocol.records.alert import Alert, AlertKind
from ovms.protocol.records.status import KM_PER_MILE
from ovms.server.journeys.rules import (
    LARGEST_KM,
    ArrivalSocRule,
    ChargeMissedRule,
    ChargeStoppedRule,
    ParkedLossRule,
    PlacesRule,
    Rule,
    RuleName,
    ServiceRule,
)
from ovms.server.journeys.values import Charge, ChargeEnding, Parked, Trip

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ovms.server.journeys.places import Place
    from ovms.server.journeys.samples import Sample
    from ovms.server.journeys.values import Journey, Position

    J = TypeVar("J", bound=Journey)

LATE: Final = 900
"""Seconds after which nobody is told of something any more."""

CONFIRMED: Final = 60
"""Seconds that a moving vehicle is in a place, or out of it, before that is told."""

EDGE: Final = 50.0
"""m; so far, or a fifth of the radius, beyond its circle a vehicle has left a place."""

MOVED: Final = 0.05
"""km by which the odometer rises where a vehicle truly went; else its position only jumped."""

SILENT: Final = 1800
"""Seconds after which it is said when a vehicle was last heard."""

FULL: Final = 99.0
"""Percent from which on no charge has stopped early."""

STOPPED_ON_PURPOSE: Final = frozenset({"scheduledstop", "onrequest"})
"""Substates of a charge that somebody, or a timer, stopped."""

LEAST_LOSS: Final = 1.0
"""Percent a day; less than that above its usual loss is none to tell of."""

USUAL_COUNT: Final = 5
"""Times parked that it takes to know what a vehicle usually loses."""

LOOK_AGAIN: Final = 3600
"""Seconds that a parked vehicle's loss is not looked at again."""

OVERDUE_KM: Final = 1000.0
OVERDUE_DAYS: Final = 30.0
"""A service that is overdue is told again after so much more."""

OLDEST_DATE: Final = 1_000_000_000
LAST_DATE: Final = 2**33
"""A time of service before or after them is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveState:
    """A vehicle as it last reported. Times in Unix seconds; units as in :mod:`.values`."""

    heard: int = 0
    position: Position | None = None
    position_time: int = 0
    is_on: bool | None = None
    is_charging: bool | None = None
    is_plugged: bool | None = None
    soc: float | None = None
    odometer: float | None = None
    charge_substate: str | None = None
    service_range: float | None = None
    """km to the next service, as the car says it."""
    service_time: float | None = None
    """Of the next service, as the car says it."""
    unit: str = "km"
    """In what distances are told, km or mi."""


def live_state(samples: Iterable[Sample], **known: Any) -> LiveState:
    """Return the state that samples make, the oldest first; ``known`` is what they do not say."""
    state, unit = LiveState(**known), "K"
    for sample in samples:
        names = ("is_on", "is_charging", "is_plugged", "soc", "odometer", "charge_substate")
        said = {name: getattr(sample, name) for name in names}
        if sample.position is not None:
            said |= {"position": sample.position, "position_time": sample.time}
        said = {name: value for name, value in said.items() if value is not None}
        state = replace(state, heard=max(state.heard, sample.time), **said)
        unit = sample.distance_unit or unit
    if unit != "M":
        return state
    odometer = None if state.odometer is None else state.odometer * KM_PER_MILE
    return replace(state, unit="mi", odometer=odometer)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchFacts:
    """What is known of a vehicle now."""

    now: int
    zone: ZoneInfo
    """Its owner's."""
    live: LiveState
    places: Sequence[Place] = ()
    """Its owner's."""
    journeys: Sequence[Journey] = ()
    """Those that go on, and those that were over lately, by start."""
    charged: Callable[[int, int], bool] = lambda start, end: False
    """Whether a charge went on at some time of a span."""
    parked_before: Callable[[], Sequence[Parked]] = tuple
    """The times that it was parked before."""


@dataclass(frozen=True, slots=True)
class PlaceMemory:
    """Whether the vehicle is in a place."""

    circle: tuple[float, float, float]
    """Of the place then: where it is changed, nobody has moved."""
    inside: bool
    odometer: float | None = None
    """When that was last seen; so the next."""
    is_on: bool | None = None
    since: int | None = None
    """When it was first seen to be otherwise."""


@dataclass(frozen=True, slots=True)
class PlacesMemory:
    """What is remembered of all places, by their ids."""

    places: dict[int, PlaceMemory] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToldUntil:
    """Journeys that begin before ``until`` were told, or were not worth it."""

    until: int = 0
    looked: int = 0
    """The end of the journey that was last looked at."""


@dataclass(frozen=True, slots=True)
class WindowMemory:
    """The end of the last window that was looked at; 0 before the first look."""

    until: int = 0


@dataclass(frozen=True, slots=True)
class ServiceMemory:
    """How urgent a service was when it was last told, by what says so."""

    levels: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WatchResult:
    """What is to be told, and the states that changed, as JSON."""

    alerts: tuple[Alert, ...] = ()
    states: dict[RuleName, str] = field(default_factory=dict)


def watch(rules: Iterable[tuple[RuleName, Rule, str]], facts: WatchFacts) -> WatchResult:
    """Return what is to be told by rules, each with its state as JSON; those that are off do not.

    A state that cannot be read counts as a new one.
    """
    alerts: list[Alert] = []
    states = {}
    for name, rule, data in rules:
        if not rule.is_on:
            continue
        kind, step = _STEPS[name]
        state = _decoded(data, kind)
        told, new = step(rule, state, facts)
        alerts += told
        if new != state:
            states[name] = msgspec.json.encode(new).decode()
    return WatchResult(tuple(alerts), states)


def _decoded(data: str, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError:
        return kind()


# -- places -----------------------------------------------------------------------------------


def _watch_places(
    rule: PlacesRule, state: PlacesMemory, facts: WatchFacts
) -> tuple[list[Alert], PlacesMemory]:
    position = facts.live.position
    if position is None:
        return [], state
    is_late = facts.now - facts.live.position_time > LATE
    alerts, places = [], {}
    for place in facts.places:
        if rule.places is not None and place.id not in rule.places:
            continue
        metres = place.position.metres_to(position)
        before = state.places.get(place.id)
        after = places[place.id] = _look_at(place, metres, before, facts.live)
        has_moved = before is not None and before.inside is not after.inside
        if not has_moved or is_late or before is None or before.circle != after.circle:
            continue
        if after.inside and rule.entering:
            alerts.append(_information(f"Has arrived at {place.name}"))
        elif rule.leaving and not after.inside:
            alerts.append(_information(f"Has left {place.name}"))
    return alerts, PlacesMemory(places)


def _look_at(
    place: Place, metres: float, before: PlaceMemory | None, live: LiveState
) -> PlaceMemory:
    """Return what is known of a place after a look at it."""
    circle = (place.position.latitude, place.position.longitude, place.radius)
    if before is None or before.circle != circle:
        return PlaceMemory(circle, metres <= place.radius, live.odometer, live.is_on)
    beyond = max(EDGE, place.radius / 5) if before.inside else 0.0
    if (metres <= place.radius + beyond) is before.inside:
        odometer = before.odometer if live.odometer is None else live.odometer
        return replace(before, odometer=odometer, is_on=live.is_on, since=None)
    if not _may_have_moved(before, live):
        return before
    since = live.position_time if before.since is None else before.since
    is_sure = live.is_on is before.inside or live.position_time - since >= CONFIRMED
    if is_sure:  # it is on where it was, or off where it came to; or it stays so
        return PlaceMemory(circle, not before.inside, live.odometer, live.is_on)
    return replace(before, since=since)


def _may_have_moved(before: PlaceMemory, live: LiveState) -> bool:
    """Return whether a vehicle may have moved: the position of one that is off often jumps."""
    if live.is_on is not False or before.is_on is not False:
        return True
    if live.odometer is None or before.odometer is None:
        return True
    return live.odometer - before.odometer >= MOVED


# -- charges ----------------------------------------------------------------------------------


def _watch_charges(
    rule: ChargeStoppedRule, state: ToldUntil, facts: WatchFacts
) -> tuple[list[Alert], ToldUntil]:
    alerts = []
    for charge in _news(Charge, state, facts):
        state = ToldUntil(charge.end.time)
        if _stopped_early(charge, facts.live):
            alerts.append(_warning(f"The charge has stopped{_soc_of(charge)}, and is not complete"))
    return alerts, state


def _stopped_early(charge: Charge, live: LiveState) -> bool:
    if charge.ending in (ChargeEnding.FULL, ChargeEnding.LIMIT) or live.is_charging:
        return False
    if charge.end.soc is not None and charge.end.soc >= FULL:
        return False
    if live.is_plugged is None:
        return charge.ending is ChargeEnding.INTERRUPTED
    return live.is_plugged and live.charge_substate not in STOPPED_ON_PURPOSE


def _soc_of(charge: Charge) -> str:
    soc = charge.end.soc
    return "" if soc is None else f" at {soc:.0f} %"


def _watch_window(
    rule: ChargeMissedRule, state: WindowMemory, facts: WatchFacts
) -> tuple[list[Alert], WindowMemory]:
    if not state.until:  # windows that were over when the rule was made are nobody's news
        return [], WindowMemory(facts.now)
    for start, end in _windows(rule, facts.now, facts.zone):
        if state.until < end <= facts.now:
            is_late = facts.now - end > LATE
            told = [] if is_late else _missed(rule, start, end, facts)
            return told, WindowMemory(end)
    return [], state


def _windows(rule: ChargeMissedRule, now: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    """Return the windows that end today and yesterday, the later first."""
    start, end = clock_time.fromisoformat(rule.start), clock_time.fromisoformat(rule.end)
    today = datetime.fromtimestamp(now, zone).date()
    windows = []
    for days in (0, 1):
        last = today - timedelta(days=days)
        first = last - timedelta(days=1) if end <= start else last
        windows.append((_seconds(first, start, zone), _seconds(last, end, zone)))
    return windows


def _seconds(day: date, time: clock_time, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time, zone).timestamp())


def _missed(rule: ChargeMissedRule, start: int, end: int, facts: WatchFacts) -> list[Alert]:
    live = facts.live
    is_needless = (
        live.is_charging or live.is_on or (live.soc is not None and live.soc >= rule.below)
    )
    if is_needless or not live.heard:
        return []
    place = next((each for each in facts.places if each.id == rule.place), None)
    if rule.place is not None and not _is_at(place, live):
        return []
    if facts.charged(start, end):
        return []
    if live.is_plugged is False:
        text = f"Not plugged in at {rule.end}"
    elif live.is_plugged:
        text = f"Plugged in, but no charge has begun since {rule.start}"
    else:
        text = f"No charge has begun since {rule.start}"
    details = [] if live.soc is None else [f"{live.soc:.0f} %"]
    details += [] if place is None else [f"place {place.name}"]
    if facts.now - live.heard > SILENT:
        heard = datetime.fromtimestamp(live.heard, facts.zone)
        details.append(f"last heard {heard:%Y-%m-%d %H:%M}")
    return [_warning(f"{text} ({', '.join(details)})" if details else text)]


def _is_at(place: Place | None, live: LiveState) -> bool:
    if place is None or live.position is None:
        return False
    return place.position.metres_to(live.position) <= place.radius + max(EDGE, place.radius / 5)


# -- trips and parked time --------------------------------------------------------------------


def _watch_arrivals(
    rule: ArrivalSocRule, state: ToldUntil, facts: WatchFacts
) -> tuple[list[Alert], ToldUntil]:
    alerts = []
    for trip in _news(Trip, state, facts):
        state = ToldUntil(trip.end.time)
        soc, live = trip.end.soc, facts.live
        if soc is not None and soc < rule.below and not (live.is_plugged or live.is_charging):
            alerts.append(
                _warning(f"The trip ended with {soc:.0f} %, less than {rule.below:.0f} %")
            )
    return alerts, state


def _watch_parked(
    rule: ParkedLossRule, state: ToldUntil, facts: WatchFacts
) -> tuple[list[Alert], ToldUntil]:
    parked = next((each for each in reversed(facts.journeys) if isinstance(each, Parked)), None)
    if parked is None or facts.now - parked.end.time > LATE or parked.start.time < state.until:
        return [], state
    loss, idle = parked.soc_lost_a_day, parked.idle_time or 0
    if loss is None or loss <= LEAST_LOSS or idle < rule.days * 86400:
        return [], state
    if 0 <= parked.end.time - state.looked < LOOK_AGAIN:
        return [], state
    looked = replace(state, looked=parked.end.time)
    before = [each.soc_lost_a_day for each in facts.parked_before()]
    known = [each for each in before if each is not None]
    if len(known) < USUAL_COUNT:
        return [], looked
    usual = max(0.0, median(known))
    if loss <= max(usual * rule.factor, usual + LEAST_LOSS):
        return [], looked
    text = f"Loses {loss:.1f} % a day while parked, usually {usual:.1f} %"
    return [_warning(text)], ToldUntil(parked.end.time, parked.end.time)


def _news(kind: type[J], state: ToldUntil, facts: WatchFacts) -> list[J]:
    """Return the journeys of a kind that were over lately, and were not told."""
    return [
        each
        for each in facts.journeys
        if isinstance(each, kind)
        and each.closed is not None
        and 0 <= facts.now - each.closed <= LATE
        and each.start.time >= state.until
    ]


# -- service ----------------------------------------------------------------------------------


def _watch_service(
    rule: ServiceRule, state: ServiceMemory, facts: WatchFacts
) -> tuple[list[Alert], ServiceMemory]:
    alerts, levels = [], dict(state.levels)
    for name, left in _distances_left(rule, facts.live):
        level = _level(left, rule.ahead_km, OVERDUE_KM)
        if _is_worse(levels, name, level):
            alerts.append(_information(_service_text(left, facts.live.unit)))
    for name, left in _days_left(rule, facts):
        level = _level(left, rule.ahead_days, OVERDUE_DAYS)
        if _is_worse(levels, name, level):
            alerts.append(_information(_service_text(left, "days")))
    return alerts, ServiceMemory(levels)


def _distances_left(rule: ServiceRule, live: LiveState) -> list[tuple[str, float]]:
    """Return the km to the next service, by what says so."""
    found = []
    told = live.service_range
    if rule.by_car and told is not None and abs(told) <= LARGEST_KM:
        found.append(("car_km", told))
    if rule.every_km is not None and rule.since_odometer is not None and live.odometer is not None:
        found.append(("own_km", rule.since_odometer + rule.every_km - live.odometer))
    return found


def _days_left(rule: ServiceRule, facts: WatchFacts) -> list[tuple[str, float]]:
    """Return the days to the next service, by what says so."""
    found, told = [], facts.live.service_time
    if rule.by_car and told is not None and OLDEST_DATE < told < LAST_DATE:
        found.append(("car_days", (told - facts.now) / 86400))
    if rule.every_months is not None and rule.since_date is not None:
        today = datetime.fromtimestamp(facts.now, facts.zone).date()
        due = months_after(rule.since_date, rule.every_months)
        found.append(("own_days", float((due - today).days)))
    return found


def months_after(day: date, months: int) -> date:
    """Return the same day some months later, the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    after = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return first.replace(day=min(day.day, (after - first).days))


def _level(left: float, ahead: float, again: float) -> int:
    """Return how urgent a service is: 0 not yet, 1 soon, 2 now, and one more each time again."""
    if left > 0:
        return 1 if left <= ahead else 0
    return 2 + int(-left / again)


def _is_worse(levels: dict[str, int], name: str, level: int) -> bool:
    """Note a level, and return whether it is to be told; one that is over may come again."""
    before = levels.pop(name, 0)
    if level:
        levels[name] = max(before, level)
    return level > before


def _service_text(left: float, unit: str) -> str:
    if unit == "mi":
        left /= KM_PER_MILE
    amount = abs(round(left))
    if unit == "days" and amount == 1:
        unit = "day"
    if not amount:
        return "The service is due"
    if left > 0:
        return f"The service is due in {amount:,} {unit}"
    return f"The service is overdue by {amount:,} {unit}"


def _warning(text: str) -> Alert:
    return Alert(AlertKind.ALERT.value, text)


def _information(text: str) -> Alert:
    return Alert(AlertKind.INFORMATION.value, text)


_STEPS: Final[dict[RuleName, tuple[type[Any], Callable[..., tuple[list[Alert], Any]]]]] = {
    RuleName.PLACES: (PlacesMemory, _watch_places),
    RuleName.CHARGE_STOPPED: (ToldUntil, _watch_charges),
    RuleName.CHARGE_MISSED: (WindowMemory, _watch_window),
    RuleName.ARRIVAL_SOC: (ToldUntil, _watch_arrivals),
    RuleName.PARKED_LOSS: (ToldUntil, _watch_parked),
    RuleName.SERVICE: (ServiceMemory, _watch_service),
}
