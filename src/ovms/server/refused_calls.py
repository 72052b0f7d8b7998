"""Modules that called and were refused lately, by where they called from; in memory only.

Who sets up a module sees here what nobody else could tell: it calls with a mistyped id, or at the
wrong port. An id that does not exist and a wrong secret for somebody else's vehicle look the same,
so nobody learns which vehicles there are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

NETWORKS_LIMIT: Final = 2000
"""Addresses that called; those that called longest ago are left out."""

CALLS_A_NETWORK: Final = 8
"""Different calls of one address: reasons and ids."""

CALL_LIFE: Final = 3600.0
"""Seconds for which a call is known."""

ID_LENGTH: Final = 32
"""Characters of an id that are kept."""


class CallTrouble(Enum):
    """Why a module was refused: a word for programs, and a sentence for people."""

    REFUSED = "refused"
    NO_TLS = "no_tls"
    UNEXPECTED_TLS = "unexpected_tls"
    TLS_FAILED = "tls_failed"
    NO_PROTOCOL = "no_protocol"
    NO_WELCOME = "no_welcome"

    @property
    def sentence(self) -> str:
        """What it means."""
        return SENTENCES[self]


SENTENCES: Final = {
    CallTrouble.REFUSED: (
        "A module called with another id, or with a password that is not that id's. Compare the id"
        " and the password in the module with those here"
    ),
    CallTrouble.NO_TLS: (
        "A module called the port for TLS without TLS. Switch TLS on in the module, or set the port"
        " without TLS"
    ),
    CallTrouble.UNEXPECTED_TLS: (
        "A module called the port without TLS by TLS. Set the port for TLS in the module, or switch"
        " TLS off"
    ),
    CallTrouble.TLS_FAILED: (
        "A module called by TLS and gave up. Mostly it does not trust the server's certificate, or"
        " calls the server by a name that is not in it"
    ),
    CallTrouble.NO_PROTOCOL: (
        "Something called the port for modules and did not speak as a module does"
    ),
    CallTrouble.NO_WELCOME: ("Something called the port for modules and did not say who it is"),
}

BY_REFUSAL: Final = {
    "wrong_secret": CallTrouble.REFUSED,
    "unknown_vehicle": CallTrouble.REFUSED,
    "vehicle_changed": CallTrouble.REFUSED,
    "tls_at_plain_port": CallTrouble.UNEXPECTED_TLS,
    "no_protocol": CallTrouble.NO_PROTOCOL,
    "no_welcome_in_time": CallTrouble.NO_WELCOME,
}
"""By the words in which refusals are counted; others say nothing to who sets up a module."""


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """What a module did. Times in Unix seconds."""

    address: str
    trouble: CallTrouble
    vehicle_id: str
    """The id that it said; empty if none."""
    time: float
    first: float
    count: int


class RefusedCalls:
    """Knows who was refused lately. ``clock`` returns Unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._calls: OrderedDict[str, OrderedDict[tuple[CallTrouble, str], RefusedCall]]
        self._calls = OrderedDict()

    def note(self, address: str, trouble: CallTrouble, vehicle_id: str = "") -> None:
        """Note that somebody was refused."""
        now, key = self._clock(), (trouble, vehicle_id[:ID_LENGTH])
        calls = self._calls.setdefault(address, OrderedDict())
        known = calls.pop(key, None)
        if known is None or now - known.time > CALL_LIFE:
            known = RefusedCall(address, *key, now, now, 0)
        calls[key] = replace(known, time=now, count=known.count + 1)
        if len(calls) > CALLS_A_NETWORK:
            calls.popitem(last=False)
        self._calls.move_to_end(address)
        if len(self._calls) > NETWORKS_LIMIT:
            self._calls.popitem(last=False)

    def recent(self, near: str | None = None) -> Iterator[RefusedCall]:
        """Yield the calls that are still known, of all or of who is ``near`` to an address."""
        begin = self._clock() - CALL_LIFE
        for address, calls in self._calls.items():
            if near is None or is_near(address, near):
                yield from (each for each in calls.values() if each.time >= begin)


def is_near(one: str, other: str) -> bool:
    """Return whether two addresses are of one household, as far as addresses tell."""
    try:
        a, b = _address(one), _address(other)
    except ValueError:
        return one == other
    if a == b:
        return True
    if a.version != b.version or not (a.is_private and b.is_private):
        # A household has a network of IPv6 to itself, but one address of IPv4.
        return a.version == b.version == 6 and a.packed[:8] == b.packed[:8]
    return a.packed[:3] == b.packed[:3] if a.version == 4 else a.packed[:8] == b.packed[:8]


def _address(text: str) -> IPv4Address | IPv6Address:
    found = ip_address(text.strip("[]").partition("%")[0])
    return getattr(found, "ipv4_mapped", None) or found
