"""An overheard welcome of a car, said again: whoever does it is no car, and keeps none out.

Both directions of a connection use one key stream. So the impostor gets as many bytes of it as it
knows of what the server says, and guesses the rest.
"""

from __future__ import annotations

import base64
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import cycle

import pytest

from tests.attacks.conftest import Target
from tests.conformance.client import Caller, SocketWire, Transport, digest_of, make_token
from tests.programs.conftest import SECRET
from tests.waiting import wait_until

PING = b"MP-0 A"
"""What a server says to each car at once."""

WELCOMES = 40
"""Repeated welcomes at once: more than callers may wait to prove that they are one car."""

ROUND_TRIP = 0.3
"""Seconds of a car's network."""

FLOOD_A_SECOND = 60


class Impostor:
    """Repeats a welcome that it overheard. It knows no secret, and what the server says at once."""

    def __init__(self, target: Target, token: str, transport: Transport = Transport.TCP) -> None:
        self.wire = target.dial(transport)
        caller = Caller(self.wire, "not known", token)
        caller.send_welcome("C", "CAR1", digest=digest_of(SECRET, token))

    def be_welcomed(self) -> bytes:
        """Wait for the server's welcome and its ping; return the key stream that they give away."""
        welcome, ping = self.wire.hear(), self.wire.hear()
        assert welcome is not None
        assert ping is not None
        assert welcome.startswith(b"MP-S 0 ")
        cipher = base64.b64decode(ping)
        assert len(cipher) == len(PING)
        return bytes(a ^ b for a, b in zip(cipher, PING, strict=True))

    def say(self, key: bytes, plain: bytes) -> None:
        """Say a line with the key stream that is known, and guess the rest of it."""
        stream = key + secrets.token_bytes(max(0, len(plain) - len(key)))
        line = bytes(a ^ b for a, b in zip(plain, stream[: len(plain)], strict=True))
        self.wire.say(base64.b64encode(line))

    def end(self, key: bytes) -> None:
        """Say what cannot be deciphered: once the server has closed, all before it was handled."""
        self.say(key, b"MP-0 a")
        while self.wire.hear() is not None:
            pass


def overhear(target: Target, transport: Transport = Transport.TCP) -> str:
    """Let the car log in over a plain connection and go; return the token of its welcome."""
    car = target.call("C", transport=transport)
    car.settle()
    car.wire.close()
    return car.token


def connected(target: Target) -> Caller:
    """Let the car in."""
    car = target.call("C")
    car.settle()
    return car


def command(app: Caller, car: Caller) -> None:
    """Have the app's command come to the car, and the answer to the app and nobody else."""
    app.say(b"C20,1234")
    assert car.hear() == b"C20,1234"
    car.say(b"c20,0,by the car")
    assert app.hear() == b"c20,0,by the car"


FORGERIES = [
    b"MP-0 a",
    b"MP-0 A",
    b"MP-0 S",
    b"MP-0 F",
    b"MP-0 c20,0",
    b"MP-0 PAThe car was stolen. Call 0900 123456",
    b"MP-0 L22.274165,114.185715,90,12,1,1",
    b"MP-0 h7,0,*-LOG-Trip,1,86400,forged",
    b"MP-0 ETAbCdEfGhIjKlMnOpQrStUv",
    b"MP-0 S" + b"0" * 3000,
]
"""Lines of which six bytes are chosen, and the rest is chance."""


@pytest.mark.parametrize("transport", list(Transport), ids=lambda transport: transport.value)
def test_an_echo_does_not_push_the_car_out(target: Target, transport: Transport) -> None:
    """The car stays, its clients hear nothing, and its answers reach the app that asked."""
    tokens = [overhear(target) for _ in FORGERIES]
    app, car = target.call("A"), connected(target)
    app.settle()
    for forgery, token in zip(FORGERIES, tokens, strict=True):
        app.say(b"C20,1234")
        assert car.hear() == b"C20,1234"
        impostor = Impostor(target, token, transport)
        key = impostor.be_welcomed()
        impostor.say(key, forgery)
        impostor.end(key)
        car.say(b"c20,0,by the car")
        assert app.hear() == b"c20,0,by the car", forgery
        assert (app.settle(), car.settle()) == ([], []), forgery
    assert target.call("A").settle()[0] == b"Z1"


@pytest.mark.parametrize("transport", list(Transport), ids=lambda transport: transport.value)
def test_an_echo_is_no_car(target: Target, transport: Transport) -> None:
    """While the car is away nobody is told that it is back, nothing is kept, no command goes."""
    tokens = [overhear(target) for _ in FORGERIES]
    app = target.call("A")
    assert app.settle()[0] == b"Z0"
    refused = Caller(target.dial(), "a guess")
    refused.send_welcome("C", "CAR1")
    assert refused.is_closed()
    assert app.hear().startswith(b"PA")
    for forgery, token in zip(FORGERIES, tokens, strict=True):
        impostor = Impostor(target, token, transport)
        key = impostor.be_welcomed()
        impostor.say(key, forgery)
        app.say(b"C5")
        assert app.hear() == b"c5,1,car is not connected"
        impostor.end(key)
        assert app.settle() == [], forgery
    assert [payload[:1] for payload in target.call("A").settle()] == [b"Z", b"T"]
    car = connected(target)
    assert app.settle() == [b"Z1", b"PIThe car has logged in again"]
    command(app, car)


def test_an_impostor_is_told_nothing_more(target: Target) -> None:
    """Whatever happens around it, it gets no line behind the ping that would be known words."""
    token = overhear(target)
    app = target.call("A")
    impostor = Impostor(target, token)
    key = impostor.be_welcomed()
    impostor.say(key, b"MP-0 A")
    for _ in range(3):
        target.call("A").settle()
    app.say(b"C20,1234", b"Xpassed on")
    car = connected(target)
    app.settle()
    command(app, car)
    car.wire.close()
    assert app.hear() == b"Z0"
    app.settle()
    assert impostor.wire.is_quiet()


@pytest.mark.parametrize("is_pic", [False, True], ids=["fresh", "its tokens repeat"])
def test_who_repeats_the_token_of_a_login_that_runs_does_not_displace_it(
    target: Target, is_pic: bool
) -> None:
    """Its welcome is said again many times before the car has said a line, and the car gets in."""
    token = overhear(target) if is_pic else make_token()
    app = target.call("A")
    app.settle()
    car = target.call("C", token=token)
    for _ in range(WELCOMES):
        assert Impostor(target, token).wire.hear() is not None
    car.settle()
    assert app.settle() == [b"Z1"]
    command(app, car)


@pytest.mark.parametrize("is_there", [False, True], ids=["no car there", "a dead one there"])
def test_repeated_welcomes_keep_nobody_out(target: Target, is_there: bool) -> None:
    """However many come before the car's welcome and before its answer, it gets in."""
    tokens = [overhear(target) for _ in range(WELCOMES)]
    old = connected(target) if is_there else None
    app = target.call("A")
    app.settle()
    impostors = [Impostor(target, token) for token in tokens]
    for impostor in impostors:
        assert impostor.wire.hear() is not None
    car = target.call("C")
    for token in tokens:
        impostor = Impostor(target, token)
        assert impostor.wire.hear() is not None
    car.settle()
    assert app.settle() == [b"Z1"]
    command(app, car)
    if old is not None:
        assert old.hear_code(b"Z") == b"Z1"
        assert old.is_closed()


class WelcomeFlood:
    """Repeats overheard welcomes as fast as it is told to, and answers the pings."""

    def __init__(self, target: Target, tokens: list[str]) -> None:
        self.sent = 0
        self._tokens = cycle(tokens)
        self._open: deque[SocketWire] = deque()
        self._is_over = threading.Event()
        self._target = target
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        began = time.monotonic()
        while not self._is_over.wait(max(0, began + self.sent / FLOOD_A_SECOND - time.monotonic())):
            wire = Impostor(self._target, next(self._tokens)).wire
            assert isinstance(wire, SocketWire)
            self._open.append(wire)
            self.sent += 1
            if len(self._open) > 3 * WELCOMES:
                self._open.popleft().close()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have it run."""
        self._thread.start()
        wait_until(lambda: self.sent > 2 * WELCOMES)
        yield
        self._is_over.set()
        self._thread.join()


def log_in(target: Target, token: str) -> bool:
    """Be a car with a slow network that calls once; return whether it gets in."""
    car = target.call("C", token=token)
    time.sleep(ROUND_TRIP)
    while (line := car.wire.hear()) is not None:
        if car.read(line)[:1] == b"A":
            with suppress(BrokenPipeError, ConnectionResetError):  # it was closed meanwhile
                car.say(b"a", b"S1,K")
        else:
            car.wire.close()
            return True
    return False


@pytest.mark.soak
def test_a_car_far_away_gets_in_beside_a_flood(target: Target) -> None:
    """For a minute each call with a fresh token gets in, and a PIC's at every other try or so."""
    tokens = [overhear(target) for _ in range(3 * WELCOMES)]
    flood = WelcomeFlood(target, tokens)
    fresh: list[bool] = []
    repeated: list[bool] = []
    began = time.monotonic()
    with flood.running():
        while time.monotonic() < began + 60:
            fresh.append(log_in(target, make_token()))
            repeated.append(log_in(target, overhear(target)))
    seconds = time.monotonic() - began
    figures = f"{flood.sent / seconds:.0f} welcomes a second, of {len(repeated)} {sum(repeated)}"
    print(figures)  # noqa: T201 (for who measures)
    assert flood.sent / seconds > 46
    assert all(fresh)
    assert sum(repeated) > len(repeated) / 4
