from __future__ import annotations

from array import array

from ovms.server.storage.series_cache import SeriesCache, SeriesKey, SeriesPart, SeriesStamp


def _key(begin: int) -> SeriesKey:
    return SeriesKey("CAR1", "S", begin, 10, "soc")


def _part(count: int) -> SeriesPart:
    return SeriesPart(SeriesStamp(count, 1), array("q", range(count)), array("d", range(count)))


def test_bound() -> None:
    """What was used last stays; the rest goes when there is no room, and its bytes with it."""
    cache = SeriesCache(3 * _part(100).size)
    for begin in range(3):
        cache.put(_key(begin), _part(100))
    assert cache.get(_key(0)) is not None
    cache.put(_key(3), _part(100))
    assert cache.get(_key(1)) is None
    assert cache.get(_key(0)) is not None
    assert cache.size == 3 * _part(100).size


def test_replaced() -> None:
    """A column takes the place of the one before."""
    cache = SeriesCache()
    cache.put(_key(0), _part(5))
    cache.put(_key(0), _part(7))
    assert cache.get(_key(0)) == _part(7)
    assert cache.size == _part(7).size


def test_cleared() -> None:
    """Nothing is left of what was deleted."""
    cache = SeriesCache()
    cache.put(_key(0), _part(5))
    cache.clear()
    assert (cache.get(_key(0)), cache.size) == (None, 0)


def test_too_large() -> None:
    """What alone is larger than the bound is not kept."""
    cache = SeriesCache(1000)
    cache.put(_key(0), _part(100))
    assert (cache.get(_key(0)), cache.size) == (None, 0)
