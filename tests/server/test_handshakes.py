from __future__ import annotations

from dataclasses import dataclass

from ovms.server.handshakes import CROWD_SHARE, PATIENCE, Handshakes


@dataclass(eq=False)
class Someone:
    """A caller that has said its hello."""

    network: str
    since: float = 0.0


class Turns:
    """So many handshakes at a time, and those that have begun."""

    def __init__(self, limit: int = 2) -> None:
        self.begun: list[Someone] = []
        self.handshakes = Handshakes[Someone](limit, self.begun.append)

    def come(self, *networks: str) -> list[Someone]:
        """Let callers say their hello."""
        callers = [Someone(network) for network in networks]
        for each in callers:
            self.handshakes.add(each)
        return callers


def test_so_many_at_a_time() -> None:
    """The next begins when one has ended, whoever has waited longest."""
    turns = Turns()
    first, second, third, fourth = turns.come(*"aaaa")
    assert turns.begun == turns.handshakes.under_way == [first, second]
    turns.handshakes.remove(second)
    assert turns.begun == [first, second, third]
    turns.handshakes.remove(first)
    assert turns.handshakes.under_way == [third, fourth]


def test_the_network_with_the_fewest_is_next() -> None:
    """A crowd that waits keeps nobody else waiting."""
    turns = Turns()
    first, *_ = turns.come(*"aaaaa")
    (other,) = turns.come("b")
    turns.handshakes.remove(first)
    assert turns.begun[-1] is other


def test_giving_up_waiting() -> None:
    """Who has gone is not begun with, and going twice does no harm."""
    turns = Turns()
    first, _, third, fourth = turns.come(*"aaab")
    for _ in range(2):
        turns.handshakes.remove(third)
        turns.handshakes.remove(fourth)
    turns.handshakes.remove(first)
    assert len(turns.begun) == 2
    assert turns.come("c")[0] is turns.begun[-1]


def test_slow_ones_make_room() -> None:
    """After five seconds, for as many as wait, of the busiest network the oldest first."""
    turns = Turns()
    first, second = turns.come(*"ab")
    assert turns.handshakes.slow(PATIENCE) == []
    turns.come("c")
    first.since = 1.0
    assert turns.handshakes.slow(PATIENCE - 0.1) == []
    assert turns.handshakes.slow(PATIENCE) == [second]
    assert turns.handshakes.slow(PATIENCE + 1) == [second]
    turns.come("c")
    assert turns.handshakes.slow(PATIENCE + 1) == [second, first]


def test_a_crowd_that_waits_makes_room() -> None:
    """No more of a network wait than may be under way: for each its oldest leaves."""
    turns = Turns()
    first, second, third, fourth = turns.come(*"aaaa")
    assert turns.handshakes.crowded_out("a") is None
    (fifth,) = turns.come("a")
    assert turns.handshakes.crowded_out("a") is first
    turns.handshakes.remove(first)
    assert turns.handshakes.crowded_out("a") is None
    assert turns.begun == [first, second, third]
    turns.come("a")
    turns.handshakes.remove(second)
    assert turns.begun[-1] is fourth
    turns.handshakes.remove(third)
    assert turns.begun[-1] is fifth


def test_who_has_few_under_way_makes_no_room() -> None:
    """A network that shares the places with others keeps the time of its few."""
    turns = Turns(CROWD_SHARE)
    turns.come(*(f"network {number}" for number in range(CROWD_SHARE - 1)))
    turns.come(*"a" * (CROWD_SHARE + 5))
    assert turns.handshakes.crowded_out("a") is None
    assert turns.handshakes.crowded_out("network 1") is None
    assert turns.handshakes.crowded_out("nobody") is None


def test_depths() -> None:
    """Those under way and those that wait are counted apart."""
    turns = Turns()
    first, *_ = turns.come(*"aaab")
    assert turns.handshakes.depths() == (2, 2)
    turns.handshakes.remove(first)
    assert turns.handshakes.depths() == (2, 1)
