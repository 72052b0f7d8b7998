"""When the energy of a charge flowed, by its curve: what bands of a tariff are counted by.

Between two points of a curve, ten minutes apart where nobody watches, the power of a fast charge
falls by a third. Shared evenly, what flows before the price changes is wrong by up to 3 % of the
interval: cents. So energy follows the power of both points there, wherever that explains what was
counted. What a charge begins and ends with is told as 0 kW, so there the power is what the counted
energy leaves.
"""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ovms.server.journeys.values import Charge

LEAST: Final = 1e-6
"""KWh; a curve that never has more says nothing of when energy flowed."""

EXPLAINS: Final = 0.8, 1.25
"""Energy counted between two points over that of their powers, within which it follows them."""

STEEPEST: Final = 2.0
"""How many times the power of a charge's first point its start may have had."""

_STEP: Final = Decimal("1E-9")

Powers = tuple[float, float]
"""Those at both ends of a piece of the curve, to any scale."""

EVENLY: Final[Powers] = 1.0, 1.0


class ChargeFlow:
    """How the energy of a charge flowed over its time: as its curve says, else evenly."""

    def __init__(self, charge: Charge, energy: float, start: int, end: int) -> None:
        points = {start: 0.0} | _flowed(charge, start, end)
        self._times = sorted(points)
        levels = [*accumulate((points[each] for each in self._times), max)]
        if self._times[-1] < end and (energy > levels[-1] or len(points) == 1):
            self._times.append(end)  # the curve ends early
            levels.append(energy or 1.0)
        self._levels = [level * energy / levels[-1] for level in levels]
        self._powers = self._shapes(charge, levels)
        self._energy = energy

    def between(self, start: int, end: int) -> Decimal:
        """Return the kWh of a part; those of all parts add up to the whole."""
        return self._until(end) - self._until(start)

    def _until(self, time: int) -> Decimal:
        at = bisect_right(self._times, time)
        if at >= len(self._times):
            return _exact(self._energy)
        (before, behind), (low, high) = self._times[at - 1 : at + 1], self._levels[at - 1 : at + 1]
        share = _share((time - before) / (behind - before), self._powers[at - 1])
        return _exact(low + (high - low) * share)

    def _shapes(self, charge: Charge, levels: list[float]) -> list[Powers]:
        """Return the powers of each piece."""
        told = {each.time: each.power for each in charge.curve}
        powers = [told.get(time) for time in self._times]
        powers[0] = powers[-1] = None
        pieces = zip(pairwise(powers), pairwise(self._times), pairwise(levels), strict=True)
        return [
            _shape(first, last, 3600 * (high - low) / (behind - before))
            for (first, last), (before, behind), (low, high) in pieces
        ]


def _shape(first: float | None, last: float | None, mean: float) -> Powers:
    """Return the powers of a piece of a mean power; one that is not known follows from the mean."""
    if first is None and last is None:
        return EVENLY
    if first is None or last is None:
        known = max(0.0, first if first is not None else last or 0.0)
        other = 2 * mean - known
        if not known / STEEPEST <= other <= known * STEEPEST:
            return EVENLY
        return (known, other) if first is not None else (other, known)
    least, most = EXPLAINS
    half = (first + last) / 2
    explains = min(first, last) >= 0 < half and least * half <= mean <= most * half
    return (first, last) if explains else EVENLY


def _share(part: float, powers: Powers) -> float:
    """Return the share of a piece's energy that has flowed after a part of its time."""
    first, last = powers
    return part * (first + (last - first) * part / 2) / ((first + last) / 2)


def _flowed(charge: Charge, start: int, end: int) -> dict[int, float]:
    """Return the kWh by times that a curve says, from the grid if it does; to scale."""
    curve = sorted((each for each in charge.curve if start < each.time <= end), key=_time_of)
    for name in ("grid_energy", "energy"):
        found = {each.time: getattr(each, name) for each in curve}
        known = {time: value for time, value in found.items() if value is not None}
        if any(value > LEAST for value in known.values()):
            return {time: max(0.0, value) for time, value in known.items()}
    powers = [(each.time, max(0.0, each.power)) for each in curve if each.power is not None]
    if not powers:
        return {}
    powers = [(start, powers[0][1]), *powers, (end, powers[-1][1])]
    total = _integrated(powers)
    return total if total[end] > LEAST else {}


def _integrated(powers: Iterable[tuple[int, float]]) -> dict[int, float]:
    total, found = 0.0, {}
    for (begin, low), (end, high) in pairwise(powers):
        total += (low + high) / 2 * (end - begin) / 3600
        found[end] = total
    return found


def _time_of(point: Any) -> int:
    time: int = point.time
    return time


def _exact(energy: float) -> Decimal:
    return Decimal(energy).quantize(_STEP)
