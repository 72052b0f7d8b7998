"""A curve through points: straight between them, constant before the first and after the last."""

from __future__ import annotations

from bisect import bisect_right


class Curve:
    """A function given by its points ``(x, y)`` with rising x."""

    __slots__ = ("_xs", "_ys")

    def __init__(self, *points: tuple[float, float]) -> None:
        self._xs = [float(x) for x, _ in points]
        self._ys = [float(y) for _, y in points]

    def at(self, x: float) -> float:
        """Return y for an x."""
        xs, ys = self._xs, self._ys
        right = bisect_right(xs, x)
        if right == 0:
            return ys[0]
        if right == len(xs):
            return ys[-1]
        left = right - 1
        return ys[left] + (ys[right] - ys[left]) * (x - xs[left]) / (xs[right] - xs[left])
