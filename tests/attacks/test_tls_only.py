"""A vehicle that takes TLS only: nothing that can be overheard lets anybody in."""

from __future__ import annotations

import json
import re

import pytest

from tests.attacks.conftest import Target
from tests.attacks.test_replays import Listener, add_server, alerts
from tests.conformance.client import Caller, OwnerCaller, Transport
from tests.programs.conftest import SECRET, run_ovms
from tests.waiting import wait_until

PLAIN = [each for each in Transport if not each.is_tls]
SAFE = [each for each in Transport if each.is_tls]


def ovms(target: Target, *arguments: str) -> str:
    """Run a command on the server's data; return what it prints."""
    done = run_ovms(*arguments, "--data", str(target.data))
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_refused(target: Target, secret: str, role: str, transport: Transport) -> bool:
    """Return whether a right login is closed without a word."""
    caller = Caller(target.dial(transport), secret)
    caller.send_welcome(role, "PEER" if role == "S" else "CAR1")
    return caller.is_closed()


@pytest.fixture
def strict(target: Target) -> Target:
    """Have a car and another server call over TLS only, once the running server knows it."""
    add_server(target)
    app = target.call("A")
    app.settle()
    for vehicle in ("CAR1", "PEER"):
        ovms(target, "vehicle", "set", vehicle, "--tls-only")
    while app.wire.hear() is not None:
        pass
    return target


def test_nobody_gets_in_without_tls(strict: Target) -> None:
    """No role, over no transport; over TLS everybody does; the owner is told once what to do."""
    for role in "ABCS":
        for transport in PLAIN:
            assert is_refused(strict, SECRET, role, transport)
    for role in "ABC":
        for transport in SAFE:
            assert strict.call(role, "CAR1", transport).settle() is not None
    wait_until(lambda: alerts(strict))
    strict.hang_up()
    wait_until(lambda: strict.program.output().count("takes logins over TLS only") == 8)
    assert strict.program.stop() == 0
    (told,) = alerts(strict)
    assert isinstance(told, bytes)
    assert b"set that to TLS" in told


def test_what_was_refused_was_overheard(strict: Target) -> None:
    """A welcome that came without TLS is no login over TLS later on."""
    listener = Listener(strict)
    caller = Caller(strict.dial(), SECRET)
    greeting = caller.greeting("A", "CAR1").decode().split(" ")
    caller.send_welcome("A", "CAR1")
    assert caller.is_closed()
    for transport in Transport:
        assert listener.is_refused("A", "CAR1", (greeting[2], greeting[3]), transport)


def test_an_owner_without_tls(strict: Target) -> None:
    """Name and password open no vehicle that takes TLS only, but others."""
    made = ovms(strict, "token", "add", "--owner", "tester", "--permit", "v2", "--json")
    token = json.loads(made)["token"]
    for transport in PLAIN:
        caller = OwnerCaller(strict.dial(transport), "")
        caller.send_owner_welcome("tester", token, "CAR1")
        assert caller.is_closed()
        caller = OwnerCaller(strict.dial(transport), "")
        caller.send_owner_welcome("tester", token, "CAR2")
        assert caller.wire.hear() == b"MP-S 1 tester CAR2 CAR1 CAR2 CAR3"


def test_a_new_secret_with_it(target: Target) -> None:
    """The list says that a secret was used without TLS; with a new one nobody knows it."""
    caller = target.call("A")
    caller.settle()

    def used() -> object:
        listed = json.loads(ovms(target, "vehicle", "list", "--json"))
        return next(each["plain"] for each in listed if each["id"] == "CAR1")

    assert used() is not None
    told = ovms(target, "vehicle", "set", "CAR1", "--tls-only", "--new-secret")
    secret = re.search("secret: (.+)", told)
    assert secret
    assert used() is None
    while caller.wire.hear() is not None:
        pass
    assert is_refused(target, SECRET, "A", Transport.TLS)
    app = Caller(target.dial(Transport.TLS), secret[1])
    app.send_welcome("A", "CAR1")
    app.be_welcomed()
    app.settle()
    assert used() is None
    assert is_refused(target, secret[1], "A", Transport.TCP)
    assert used() is not None
