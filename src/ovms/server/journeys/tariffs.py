"""What charging costs: tariffs of a place, and what a charge costs by them.

Energy costs the price of the minute in which it flowed, by the wall clock of the place's time zone;
bands may pass midnight, and belong to the weekday on which they begin. When a tariff changes on a
day within a charge, each part has the prices of its day; the session has that of the first. All
is counted in decimals, and rounded once, at the end.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ovms.server.journeys.charge_flow import ChargeFlow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from ovms.server.journeys.values import Charge

BAND_LIMIT: Final = 50
"""Bands of a tariff: one for each hour of a working day and of a day off, and some."""

PRICE_LIMIT: Final = Decimal(1_000_000)
"""No price is higher, in any currency."""

PLACES_LIMIT: Final = 6
"""Decimal places of a price."""

FREE_MINUTES_LIMIT: Final = 10_080
"""A week."""

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

DIGITS: Final = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
         "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}  # fmt: skip
"""The digits behind the point of currencies that have not two (ISO 4217)."""

_DAY: Final = 1440
_WEEK: Final = 7 * _DAY
_QUARTER: Final = 900
"""Clocks are changed at whole quarters of an hour."""


class TariffError(ValueError):
    """A tariff that cannot be; ``str()`` says why, for who wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffBand:
    """A price between two times of the day, in minutes since midnight.

    ``until`` is 1 to 1440; one that is not after ``since`` is of the next day.
    """

    price: Decimal
    """For a kWh."""
    since: int
    until: int
    days: tuple[int, ...] = tuple(range(7))
    """The weekdays on which it begins, Monday being 0."""

    @property
    def minutes(self) -> int:
        """How long it is."""
        return (self.until - self.since - 1) % _DAY + 1

    def covers(self, weekday: int, minute: int) -> bool:
        """Return whether it has a minute of a day."""
        if minute >= self.since:
            return weekday in self.days and minute < self.since + self.minutes
        return (weekday - 1) % 7 in self.days and minute + _DAY < self.since + self.minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What charging costs. The parts add up; one of which all are 0 is free."""

    energy_price: Decimal | None = None
    """For a kWh outside of all bands; ``None`` where the bands leave no minute of the week."""
    bands: tuple[TariffBand, ...] = ()
    session_price: Decimal = Decimal(0)
    """For each charge."""
    minute_price: Decimal = Decimal(0)
    """For each minute after the free ones; parts of minutes count as parts."""
    free_minutes: int = 0

    @property
    def is_free(self) -> bool:
        """Whether nothing costs anything."""
        prices = [each.price for each in self.bands]
        return not any((self.energy_price, self.session_price, self.minute_price, *prices))

    @property
    def has_free_energy(self) -> bool:
        """Whether a kWh costs nothing at any time, so that it need not be known how many flowed."""
        return not self.energy_price and not any(each.price for each in self.bands)

    def price_at(self, weekday: int, minute: int) -> Decimal:
        """Return the price of a kWh in a minute of a day."""
        for each in self.bands:
            if each.covers(weekday, minute):
                return each.price
        return self.energy_price or Decimal(0)


# -- From JSON and back -----------------------------------------------------------------------


class _BandSpec(msgspec.Struct, forbid_unknown_fields=True, rename={"since": "from"}):
    price: Decimal
    since: str
    until: str
    days: list[str] | None = None


class _TariffSpec(msgspec.Struct, forbid_unknown_fields=True):
    free: bool = False
    energy_price: Decimal | None = None
    bands: list[_BandSpec] = []
    session_price: Decimal | None = None
    minute_price: Decimal | None = None
    free_minutes: int | None = None


def parse_tariff(data: object) -> Tariff:
    """Return the tariff that a JSON object describes. Raises :class:`TariffError`."""
    try:
        raw = msgspec.convert(data, _TariffSpec)
    except msgspec.ValidationError as error:
        raise TariffError(_plain(str(error))) from None
    prices = (raw.energy_price, raw.session_price, raw.minute_price)
    if raw.free:
        if raw.bands or raw.free_minutes is not None or any(each is not None for each in prices):
            raise TariffError("free has no prices beside it")
        return Tariff(energy_price=Decimal(0))
    if not raw.bands and all(each is None for each in prices):
        raise TariffError("names no price; what costs nothing is free: true")
    if len(raw.bands) > BAND_LIMIT:
        raise TariffError(f"bands are more than {BAND_LIMIT}")
    free_minutes = raw.free_minutes or 0
    if free_minutes and raw.minute_price is None:
        raise TariffError("free_minutes need a minute_price")
    if not 0 <= free_minutes <= FREE_MINUTES_LIMIT:
        raise TariffError(f"free_minutes is not between 0 and {FREE_MINUTES_LIMIT}")
    bands = tuple(_band(each, f"bands[{at}]") for at, each in enumerate(raw.bands))
    energy = None if raw.energy_price is None else _price(raw.energy_price, "energy_price")
    if energy is None and not bands:
        energy = Decimal(0)
    _check_week(bands, is_whole=energy is None)
    return Tariff(
        energy_price=energy,
        bands=bands,
        session_price=_price(raw.session_price, "session_price"),
        minute_price=_price(raw.minute_price, "minute_price"),
        free_minutes=free_minutes,
    )


@lru_cache(maxsize=1000)
def decode_tariff(text: str) -> Tariff:
    """Return a tariff as :func:`encode_tariff` wrote it. Raises :class:`TariffError`."""
    try:
        return parse_tariff(msgspec.json.decode(text))
    except msgspec.DecodeError as error:
        raise TariffError(str(error)) from None


def encode_tariff(tariff: Tariff) -> str:
    """Return a tariff as JSON text."""
    return msgspec.json.encode(tariff_as_json(tariff)).decode()


def tariff_as_json(tariff: Tariff) -> dict[str, Any]:
    """Return a tariff as an object for JSON, as :func:`parse_tariff` takes it; prices are texts."""
    if tariff.is_free:
        return {"free": True}
    found: dict[str, Any] = {}
    if tariff.energy_price is not None:
        found["energy_price"] = str(tariff.energy_price)
    if tariff.bands:
        found["bands"] = [
            {
                "price": str(each.price),
                "from": _clock(each.since),
                "until": _clock(each.until),
                "days": [DAYS[day] for day in each.days],
            }
            for each in tariff.bands
        ]
    if tariff.session_price:
        found["session_price"] = str(tariff.session_price)
    if tariff.minute_price:
        found["minute_price"] = str(tariff.minute_price)
        found["free_minutes"] = tariff.free_minutes
    return found


def _plain(error: str) -> str:
    """Return an error of msgspec with the place first: ``$.bands[0].price: Expected …``."""
    said, _, where = error.partition(" - at ")
    said = said.replace("decimal", "a decimal number")
    return f"{where.strip('`').removeprefix('$.')}: {said}" if where else said


def _price(value: Decimal | None, name: str) -> Decimal:
    if value is None:
        return Decimal(0)
    if not value.is_finite() or not 0 <= value <= PRICE_LIMIT:
        raise TariffError(f"{name} is not between 0 and {PRICE_LIMIT}")
    value = Decimal(f"{value:f}")
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PLACES_LIMIT:
        raise TariffError(f"{name} has more than {PLACES_LIMIT} decimal places")
    return abs(value)  # of -0


def _band(raw: _BandSpec, name: str) -> TariffBand:
    days = DAYS if raw.days is None else raw.days
    unknown = next((each for each in days if each not in DAYS), None)
    if unknown is not None:
        raise TariffError(f"{name}.days: {unknown[:20]!r} is none of {', '.join(DAYS)}")
    if not days:
        raise TariffError(f"{name}.days is empty")
    return TariffBand(
        price=_price(raw.price, f"{name}.price"),
        since=_minute(raw.since, f"{name}.from") % _DAY,
        until=_minute(raw.until, f"{name}.until") or _DAY,
        days=tuple(sorted({DAYS.index(each) for each in days})),
    )


def _minute(text: str, name: str) -> int:
    """Return the minute of the day that ``HH:MM`` is, to 24:00."""
    hour, colon, minute = text.partition(":")
    digits = hour + minute
    if colon and len(hour) == len(minute) == 2 and digits.isascii() and digits.isdigit():
        found = int(hour) * 60 + int(minute)
        if int(minute) < 60 and found <= _DAY:
            return found
    raise TariffError(f"{name}: {text[:20]!r} is no time such as 22:00")


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _check_week(bands: Sequence[TariffBand], *, is_whole: bool) -> None:
    """Raise :class:`TariffError` if bands overlap, or, if they must be whole, leave a gap."""
    week = bytearray(_WEEK)
    for band in bands:
        for day in band.days:
            start = day * _DAY + band.since
            for first, behind in _within(start, start + band.minutes):
                taken = week.find(1, first, behind)
                if taken >= 0:
                    raise TariffError(f"two bands have {_moment(taken)}")
                week[first:behind] = b"\x01" * (behind - first)
    gap = week.find(0) if is_whole else -1
    if gap >= 0:
        raise TariffError(f"no band has {_moment(gap)}, and there is no energy_price beside them")


def _within(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a span in the week in which it begins: Sunday's passes into Monday."""
    yield start, min(end, _WEEK)
    if end > _WEEK:
        yield 0, end - _WEEK


def _moment(minute: int) -> str:
    return f"{DAYS[minute // _DAY]} {_clock(minute % _DAY)}"


# -- What a charge costs ----------------------------------------------------------------------


def currency_digits(currency: str) -> int:
    """Return how many digits a currency has behind the point."""
    return DIGITS.get(currency, 2)


def charged_energy(charge: Charge) -> tuple[float | None, bool]:
    """Return the kWh that are paid, and whether they are estimated: not what a meter counted."""
    if charge.grid_energy is not None:
        return charge.grid_energy, "grid_energy" in charge.estimated
    return charge.energy, charge.energy is not None


def charge_cost(
    charge: Charge,
    tariffs: Sequence[tuple[date | None, Tariff]],
    zone: ZoneInfo,
    *,
    currency: str = "EUR",
) -> Decimal | None:
    """Return what a charge costs, rounded half up to the currency's digits.

    Each tariff counts from its local date on until the next; ``None`` is since ever. The cost is
    ``None`` where none counts yet, or where energy costs something and nobody knows how much.
    """
    parts = _parts(charge, tariffs, zone)
    if parts is None:
        return None
    total = parts[0].tariff.session_price
    energy, _ = charged_energy(charge)
    if not all(each.tariff.has_free_energy for each in parts):
        if energy is None:
            return None
        flow = ChargeFlow(charge, energy, *_span(charge))
        total += sum((flow.between(each.start, each.end) * each.price for each in parts), Decimal())
    for each in parts:
        begin = max(each.start, charge.start.time + 60 * each.tariff.free_minutes)
        total += each.tariff.minute_price * max(0, each.end - begin) / 60
    return total.quantize(Decimal(1).scaleb(-currency_digits(currency)), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class TariffPart:
    """A part of a charge in which a kWh has one price."""

    start: int
    end: int
    tariff: Tariff
    price: Decimal


def _span(charge: Charge) -> tuple[int, int]:
    """Return a charge's start and end; one of no time takes a second."""
    return charge.start.time, max(charge.start.time + 1, charge.end.time)


def _parts(
    charge: Charge, tariffs: Sequence[tuple[date | None, Tariff]], zone: ZoneInfo
) -> list[TariffPart] | None:
    """Return the parts of a charge in order; ``None`` if no tariff counts in one of them."""
    start, end = _span(charge)
    dated = sorted(((since or date.min, tariff) for since, tariff in tariffs), key=lambda e: e[0])
    days = [since for since, _ in dated]
    found: list[TariffPart] = []
    cuts = _cuts(start, end, [tariff for _, tariff in dated], zone)
    for begin, behind in pairwise(cuts):
        local = datetime.fromtimestamp(begin, zone)
        at = bisect_right(days, local.date()) - 1
        if at < 0:
            return None
        tariff = dated[at][1]
        price = tariff.price_at(local.weekday(), local.hour * 60 + local.minute)
        found.append(TariffPart(begin, behind, tariff, price))
    return found


def _cuts(start: int, end: int, tariffs: Sequence[Tariff], zone: ZoneInfo) -> list[int]:
    """Return start, end, and all times between at which a price may change, in order."""
    bands = [band for tariff in tariffs for band in tariff.bands]
    if not bands and len(tariffs) < 2:
        return [start, end]
    minutes = sorted({0} | {each % _DAY for band in bands for each in (band.since, band.until)})
    cuts = {start, end}
    day = datetime.fromtimestamp(start, zone).date()
    while day <= datetime.fromtimestamp(end, zone).date():
        for minute in minutes:
            wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60)  # noqa: DTZ001
            # An hour that comes twice has each edge twice.
            cuts |= {int(wall.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1)}
        day += timedelta(days=1)
    for begin, behind in pairwise(sorted(cuts)):
        if _offset(begin, zone) != _offset(behind, zone):  # the clock is changed between them
            cuts.update(range(begin - begin % _QUARTER + _QUARTER, behind, _QUARTER))
    return sorted(each for each in cuts if start <= each <= end)


def _offset(time: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(time, UTC).astimezone(zone).utcoffset()
