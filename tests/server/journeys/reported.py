"""Samples of what vehicles report, for tests of charges and of dirty data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ovms.server.journeys.fold import Fold, FoldState, decode_state, encode_state
from ovms.server.journeys.samples import Sample
from ovms.server.journeys.values import Charge, Journey, Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = 1_700_000_000
HOME = Position(latitude=48.1, longitude=11.5)
CAPACITY = 50.0


def idle(time: int, soc: float, **more: Any) -> Sample:
    """Return a report of a parked car that is not charged."""
    values: dict[str, Any] = {
        "soc": soc, "charge_state": "stopped", "is_on": False, "is_charging": False,
        "is_plugged": False, "odometer": 1000.0, "position": HOME, "speed": 0.0,
    }  # fmt: skip
    return Sample(time=time, **{**values, **more})


def charging(
    time: int, *, since: int, soc: float = 40.0, power: float = 10.0, **more: Any
) -> Sample:
    """Return a report of a charge of a constant power since a time, at that state of charge."""
    energy = power * (time - since) / 3600
    values: dict[str, Any] = {
        "charge_state": "charging", "is_charging": True, "is_plugged": True, "plug": "type2",
        "charge_mode": "standard", "charge_power": power, "charge_energy": round(energy, 1),
        "grid_energy": round(energy / 0.9, 2), "charge_duration": time - since,
        "capacity": CAPACITY,
    }  # fmt: skip
    return idle(time, soc=int(soc + 100 * energy / CAPACITY), **{**values, **more})


def ended(time: int, *, since: int, until: int, soc: float = 40.0, **more: Any) -> Sample:
    """Return a report of a car whose charge ended at a time, still plugged in."""
    last = charging(until, since=since, soc=soc, power=more.pop("power", 10.0))
    values: dict[str, Any] = {
        "charge_energy": last.charge_energy, "grid_energy": last.grid_energy,
        "charge_duration": last.charge_duration, "charge_state": "done", "is_plugged": True,
    }  # fmt: skip
    return idle(time, **{**values, "soc": last.soc, **more})


def session(
    since: int, until: int, *, every: int = 60, soc: float = 40.0, power: float = 10.0, **more: Any
) -> list[Sample]:
    """Return the reports of a charge: before, while it goes on, and for half an hour after."""
    first = since - every + every // 3
    return [
        *(idle(first - each * every, soc) for each in (2, 1, 0)),
        *(
            charging(time, since=since, soc=soc, power=power, **more)
            for time in range(first + every, until, every)
        ),
        *(
            ended(time, since=since, until=until, soc=soc, power=power)
            for time in range(until + every // 3, until + 1800, every)
        ),
    ]


def fold(samples: Iterable[Sample]) -> list[Journey]:
    """Return the journeys that samples close."""
    return Fold().feed(samples)


def charges(samples: Iterable[Sample]) -> list[Charge]:
    """Return the charges that samples close."""
    return [each for each in fold(samples) if isinstance(each, Charge)]


def cut(samples: Iterable[Sample]) -> tuple[list[Journey], list[Journey]]:
    """Return what samples make, closed and ongoing, with the state as bytes between any two."""
    state, closed = FoldState(), list[Journey]()
    for each in samples:
        one = Fold(decode_state(encode_state(state)))
        closed += one.feed([each])
        state = one.state
    return closed, Fold(state).ongoing()


def without(samples: Iterable[Sample], drop: Callable[[Sample], bool]) -> list[Sample]:
    """Return the samples that were not lost."""
    return [each for each in samples if not drop(each)]
