from __future__ import annotations

from ovms.base.clock import ManualClock
from ovms.server.provisions import (
    NETWORK_BURST,
    NETWORK_REFILL,
    SERVER_BURST,
    SERVER_REFILL,
    ProvisionThrottle,
)


def test_a_network() -> None:
    """One that has none left does not take those of others."""
    clock = ManualClock()
    throttle = ProvisionThrottle(clock.monotonic)
    assert [throttle.takes("2001:db8:1::1") for _ in range(NETWORK_BURST)] == [True] * NETWORK_BURST
    assert not throttle.takes("2001:db8:1::2")
    assert throttle.takes("192.0.2.1")
    clock.advance(NETWORK_REFILL - 1)
    assert not throttle.takes("2001:db8:1::1")
    clock.advance(1)
    assert throttle.takes("2001:db8:1::1")
    assert not throttle.takes("2001:db8:1::1")


def test_what_was_found() -> None:
    """A look-up that found a record is returned, so modules in one workshop are never refused."""
    throttle = ProvisionThrottle(ManualClock().monotonic)
    for _ in range(SERVER_BURST + NETWORK_BURST):
        assert throttle.takes("192.0.2.1")
        throttle.found("192.0.2.1")


def test_all_networks() -> None:
    """Together they have so many; who is turned away by that keeps what its network has."""
    clock = ManualClock()
    throttle = ProvisionThrottle(clock.monotonic)
    assert all(throttle.takes(f"10.0.0.{n}") for n in range(SERVER_BURST))
    for _ in range(3 * NETWORK_BURST):
        assert not throttle.takes("192.0.2.1")
    for _ in range(NETWORK_BURST):
        clock.advance(SERVER_REFILL)
        assert throttle.takes("192.0.2.1")
        assert not throttle.takes("192.0.2.2")
