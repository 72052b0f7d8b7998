from __future__ import annotations

import pytest

from ovms.base.clock import ManualClock
from ovms.server.accounts import throttle as module
from ovms.server.accounts.errors import Throttled
from ovms.server.accounts.throttle import (
    ADDRESS_LIMIT,
    BURST,
    FRESH_BURST,
    FRESH_REFILL,
    REFILL,
    TRUST,
    Throttle,
)


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands still."""
    return ManualClock()


@pytest.fixture
def throttle(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Throttle:
    """Make a throttle by that clock; networks have no tries of their own."""
    monkeypatch.setattr(module, "FRESH_BURST", 0)
    return Throttle(clock.monotonic)


@pytest.fixture
def whole(clock: ManualClock) -> Throttle:
    """Make a throttle by that clock, as it is."""
    return Throttle(clock.monotonic)


def _tries(throttle: Throttle, account: str = "bob", address: str = "home") -> int:
    """Try until there is no try left; returns how many there were."""
    count = 0
    while True:
        try:
            throttle.take(account, address)
        except Throttled:
            return count
        count += 1
        assert count < 1000


def test_burst(throttle: Throttle, clock: ManualClock) -> None:
    """So many tries are free at once, then one more each few seconds, never more than the burst."""
    assert _tries(throttle) == BURST
    with pytest.raises(Throttled) as caught:
        throttle.take("bob", "home")
    assert caught.value.wait == REFILL
    clock.advance(REFILL - 0.5)
    with pytest.raises(Throttled, match="the next in 1 s") as caught:
        throttle.take("bob", "home")
    clock.advance(0.5)
    assert _tries(throttle) == 1
    clock.advance(1000 * REFILL)
    assert _tries(throttle) == BURST


def test_every_ten_seconds_for_ever(throttle: Throttle, clock: ManualClock) -> None:
    """Two apps that try again ten seconds after each refusal never run out."""
    for _ in range(1000):
        throttle.take("bob", "home")
        throttle.take("bob", "home")
        clock.advance(10)


def test_account_is_tried_from_anywhere(throttle: Throttle) -> None:
    """Tries count together wherever they come from and however the name is written."""
    for n in range(BURST):
        throttle.take("BOB" if n % 2 else "bob", f"address {n}")
    assert _tries(throttle, "Bob", "another") == 0
    assert _tries(throttle, "alice", "home") == BURST


def test_address_is_never_shut_out(throttle: Throttle) -> None:
    """One address may try as many accounts as it likes: carriers share theirs among thousands."""
    for n in range(1000):
        throttle.take(f"owner {n}", "carrier")


def test_owner_is_not_locked_out(throttle: Throttle, clock: ManualClock) -> None:
    """Where the owner logged in within a day, others' tries do not count; later they do."""
    throttle.succeed(throttle.take("bob", "home"))
    assert _tries(throttle, "bob", "attacker") == BURST
    assert _tries(throttle, "Bob", "home") == BURST
    assert _tries(throttle, "bob", "elsewhere") == 0
    clock.advance(TRUST - 1)
    assert _tries(throttle, "bob", "attacker") == BURST
    throttle.take("bob", "home")
    clock.advance(1)
    assert _tries(throttle, "bob", "home") == 0


def test_a_new_address_while_somebody_guesses(whole: Throttle, clock: ManualClock) -> None:
    """However fast somebody guesses, the owner gets in from any other network, each time."""
    for n in range(20):
        assert _tries(whole, "bob", "attacker") <= BURST + FRESH_BURST
        whole.succeed(whole.take("bob", f"10.0.0.{n}"))
        clock.advance(1)


def test_fresh_tries_are_few(whole: Throttle, clock: ManualClock) -> None:
    """A network has some few at an account that has none, then one an hour; IPv6 counts by /48."""
    assert _tries(whole, "bob", "1.1.1.1") == BURST + FRESH_BURST
    assert _tries(whole, "bob", "2001:db8:1::1") == FRESH_BURST
    assert _tries(whole, "bob", "2001:db8:1:ffff::2") == 0
    assert _tries(whole, "bob", "2001:db8:2::1") == FRESH_BURST
    clock.advance(FRESH_REFILL)
    assert _tries(whole, "bob", "2.2.2.2") == BURST + FRESH_BURST
    assert _tries(whole, "bob", "1.1.1.1") == 1


def test_fresh_tries_do_not_displace_others(
    whole: Throttle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tries from many networks are bounded, and make nobody forget that an account is burnt."""
    monkeypatch.setattr(whole._fresh, "limit", 100)
    assert _tries(whole, "bob", "1.1.1.1") == BURST + FRESH_BURST
    for n in range(1000):
        assert whole.take("bob", f"10.0.{n // 256}.{n % 256}").is_fresh
        assert len(whole) <= 101


def test_a_fresh_try_goes_back(whole: Throttle) -> None:
    """One that says nothing, or is right, goes back where it came from."""
    assert _tries(whole, "bob", "1.1.1.1") == BURST + FRESH_BURST
    for _ in range(100):
        whole.give_back(whole.take("bob", "2.2.2.2"))
    whole.succeed(whole.take("bob", "2.2.2.2"))
    assert _tries(whole, "bob", "2.2.2.2") == BURST
    assert _tries(whole, "bob", "1.1.1.1") == 0


def test_trust_is_renewed(throttle: Throttle, clock: ManualClock) -> None:
    """Each right login makes another day of trust."""
    for _ in range(3):
        throttle.succeed(throttle.take("bob", "home"))
        clock.advance(TRUST - 1)
    assert _tries(throttle, "bob", "attacker") == BURST
    throttle.take("bob", "home")


def test_right_logins_cost_nothing(throttle: Throttle) -> None:
    """Whoever is right may log in as often as they like, also when it had been wrong before."""
    for _ in range(BURST - 1):
        throttle.take("bob", "home")
    for _ in range(100):
        throttle.succeed(throttle.take("bob", "home"))


@pytest.mark.parametrize(("is_known", "tries"), [(False, BURST + FRESH_BURST), (True, BURST)])
def test_check(whole: Throttle, clock: ManualClock, is_known: bool, tries: int) -> None:
    """Whether there is a try can be asked without using one, at every kind of try."""
    if is_known:
        whole.trust("bob", "home")
    for _ in range(tries):
        whole.check("bob", "home")
        whole.take("bob", "home")
    for look in (whole.check, whole.take):
        with pytest.raises(Throttled) as caught:
            look("BOB", "home")
        assert caught.value.wait == REFILL
    clock.advance(REFILL)
    whole.check("bob", "home")


def test_give_back(throttle: Throttle, clock: ManualClock) -> None:
    """A try that is given back was none; more than the burst never comes together."""
    taken = throttle.take("bob", "home")
    throttle.give_back(taken)
    assert len(throttle) == 0
    throttle.give_back(taken)
    assert _tries(throttle) == BURST
    throttle.give_back(taken)
    assert _tries(throttle) == 1
    clock.advance(BURST * REFILL)
    throttle.give_back(taken)
    assert _tries(throttle) == BURST


def test_tries_at_the_same_moment(throttle: Throttle) -> None:
    """Of two tries from a new address both go back where they came from."""
    one, two = throttle.take("bob", "home"), throttle.take("bob", "home")
    throttle.succeed(one)
    throttle.succeed(two)
    assert _tries(throttle, "bob", "elsewhere") == BURST


def test_bounded_buckets(
    throttle: Throttle, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the bound those that are full again go, then the fullest: never one that was burnt."""
    monkeypatch.setattr(throttle._buckets, "limit", 100)
    for n in range(50):
        throttle.take(f"early {n}", "x")
    clock.advance(REFILL)
    assert _tries(throttle, "burnt", "x") == BURST
    for n in range(49):
        throttle.take(f"late {n}", "x")
    assert len(throttle) == 100
    throttle.take("one more", "x")
    assert len(throttle) == 51
    for n in range(1000):
        throttle.take(f"flood {n}", "x")
        assert len(throttle) <= 100
    assert _tries(throttle, "burnt", "x") == 0


def test_bounded_trust(throttle: Throttle, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account trusts so many addresses, and so many accounts are known; the oldest go."""
    monkeypatch.setattr(module, "TRUSTED_LIMIT", 2)
    for n in (0, *range(1, ADDRESS_LIMIT), 0, ADDRESS_LIMIT):
        throttle.succeed(throttle.take("bob", f"address {n}"))
    assert len(throttle) == ADDRESS_LIMIT
    _tries(throttle, "bob", "attacker")
    assert _tries(throttle, "bob", "address 1") == 0
    assert _tries(throttle, "bob", "address 0") == BURST
    for account in ("alice", "bob", "eve"):
        throttle.succeed(throttle.take(account, f"address {ADDRESS_LIMIT}"))
    assert _tries(throttle, "alice", "attacker") == BURST
    assert _tries(throttle, "alice", f"address {ADDRESS_LIMIT}") == 0


def test_long_names(throttle: Throttle) -> None:
    """A name or address as long as a line takes no more memory than any that exists."""
    taken = throttle.take("x" * 100_000, "y" * 100_000)
    assert len(taken.account) + len(taken.address) < 300
    throttle.succeed(taken)
    assert _tries(throttle, "ß" * 64, "y") == BURST
    assert _tries(throttle, "ß" * 63, "y") == BURST
