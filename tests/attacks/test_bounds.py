"""What whoever knows a right secret can pile up: clients, groups, records, subscriptions."""

from __future__ import annotations

import socket
import time

from tests.attacks.conftest import Target
from tests.conformance.client import Caller, SocketWire
from tests.programs.conftest import SECRET
from tests.waiting import PATIENCE

APPS = 50
"""Apps of one vehicle, as docs/settings.md has it."""


def call_from(target: Target, address: str, role: str, vehicle: str = "CAR1") -> Caller:
    """Call from another address of this machine."""
    connection = socket.create_connection(
        ("127.0.0.1", target.port), timeout=PATIENCE, source_address=(address, 0)
    )
    caller = Caller(SocketWire(connection), SECRET)
    target.keep(caller.wire)
    caller.send_welcome(role, vehicle)
    caller.be_welcomed()
    return caller


def test_apps_without_end(target: Target) -> None:
    """A machine that calls again and again closes its own connections, and no one else's."""
    mine = target.call("A")
    mine.settle()
    theirs = [call_from(target, "127.0.0.2", "A") for _ in range(APPS + 10)]
    for first in theirs[:11]:
        while not first.is_closed():
            pass
    assert all(caller.settle() is not None for caller in (mine, *theirs[11:]))
    newest = target.call("A")
    newest.settle()
    mine.settle()


def test_a_car_that_stirs_a_group(target: Target) -> None:
    """However often a car moves, who watches is told once a second, and of the newest."""
    car, app = target.call("C"), target.call("A")
    car.settle()
    app.say(b"Gclub")
    app.settle()
    began = time.monotonic()
    for number in range(2000):
        car.say(b"gclub,%d" % number)
    car.settle()
    heard = 0
    while not app.hear_code(b"g").endswith(b",1999"):
        heard += 1
    assert heard <= time.monotonic() - began + 1
