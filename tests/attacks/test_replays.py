"""An overheard welcome, said again: it opens nothing, in no role, over no transport, at no time."""

from __future__ import annotations

import socket
import sqlite3
from contextlib import closing, suppress

import pytest

from tests.attacks.conftest import Target
from tests.conformance.client import Caller, Transport, digest_of
from tests.programs.conftest import SECRET, run_ovms
from tests.waiting import PATIENCE, wait_until

PEER = "PEER"
SERVER_WORDS = ("0000-00-00", "00:00:00", "0000-00-00", "00:00:00")


class Listener:
    """Overhears welcomes on their way to a server, and repeats them. It knows no secret."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.pairs: list[tuple[str, str]] = []
        """Token and digest of each welcome, of both sides."""

    def overhear(self, role: str, vehicle: str, transport: Transport = Transport.TCP) -> Caller:
        """Let somebody log in who knows the secret; return the caller."""
        caller = Caller(self.target.dial(transport), SECRET)
        caller.send_welcome(role, vehicle, *(SERVER_WORDS if role == "S" else ()))
        token = caller.be_welcomed()
        self.pairs += [(each, digest_of(SECRET, each)) for each in (caller.token, token)]
        return caller

    def is_refused(
        self, role: str, vehicle: str, pair: tuple[str, str], transport: Transport
    ) -> bool:
        """Say an overheard token and its digest; return whether that is closed without a word."""
        token, digest = pair
        caller = Caller(self.target.dial(transport), "not known", token)
        words = SERVER_WORDS if role == "S" else ()
        caller.send_welcome(role, vehicle, *words, digest=digest)
        return caller.is_closed()

    def is_refused_everywhere(self) -> bool:
        """Return whether nothing that was overheard opens anything, in any role but a car's."""
        return all(
            self.is_refused(role, PEER if role == "S" else "CAR1", pair, transport)
            for role in ("A", "B", "S")
            for pair in self.pairs
            for transport in Transport
        )


@pytest.fixture
def listener(target: Target) -> Listener:
    """Listen to a server that other servers call as well, with the secret that its cars have."""
    add_server(target)
    return Listener(target)


def add_server(target: Target) -> None:
    """Make the record of another server."""
    added = run_ovms("vehicle", "add", PEER, "--type", "server", "--owner", "tester",
                     "--secret", SECRET, "--data", str(target.data))  # fmt: skip
    assert added.returncode == 0, added.stderr


def read(target: Target, sql: str) -> list[tuple[object, ...]]:
    """Return what a query finds in the server's database."""
    with closing(sqlite3.connect(target.data / "ovms.db")) as database:
        return database.execute(sql).fetchall()


def alerts(target: Target) -> list[object]:
    """Return the alerts that the history of CAR1 has."""
    rows = read(target, "SELECT data FROM history "
                "WHERE vehicle_id = 'CAR1' AND type = '*-Log-Notification'")  # fmt: skip
    return [data for (data,) in rows]


@pytest.mark.parametrize(
    ("role", "vehicle"), [("A", "CAR1"), ("B", "CAR1"), ("C", "CAR1"), ("S", PEER)]
)
def test_an_overheard_login_opens_nothing(listener: Listener, role: str, vehicle: str) -> None:
    """No side's welcome is good for a second one, nor after kill -9; the owner is let in."""
    listener.overhear(role, vehicle)
    listener.target.program.kill()
    listener.target.run()
    assert listener.is_refused_everywhere()
    listener.overhear(role, vehicle, Transport.WS)
    assert listener.is_refused_everywhere()
    for transport in Transport:
        assert listener.target.call("A", "CAR1", transport).settle()


def test_another_vehicle_with_the_same_secret(listener: Listener) -> None:
    """What was overheard of one is no login to another, nor to one that is made anew with it."""
    listener.overhear("A", "CAR1")
    for pair in listener.pairs:
        assert listener.is_refused("A", "CAR2", pair, Transport.TCP)
    data = ("--data", str(listener.target.data))
    assert run_ovms("vehicle", "remove", "CAR3", "--yes", *data).returncode == 0
    added = run_ovms("vehicle", "add", "CAR3", "--owner", "tester", "--secret", SECRET, *data)
    assert added.returncode == 0
    for pair in listener.pairs:
        assert listener.is_refused("A", "CAR3", pair, Transport.TCP)


def test_a_secret_that_comes_back(listener: Listener) -> None:
    """What was overheard under a secret stays worthless when a vehicle is set back to it."""
    app = listener.overhear("A", "CAR1")
    app.settle()
    for secret in ("another one", SECRET):
        done = run_ovms("vehicle", "secret", "CAR1", "--new", "--secret", secret,
                        "--data", str(listener.target.data))  # fmt: skip
        assert done.returncode == 0
    listener.target.program.kill()
    listener.target.run()
    assert listener.is_refused_everywhere()
    assert listener.target.call("A").settle()


def test_a_caller_that_hangs_up_at_once(listener: Listener) -> None:
    """Its welcome was overheard all the same."""
    caller = Caller(listener.target.dial(), SECRET)
    caller.send_welcome("A", "CAR1")
    caller.wire.close()
    pair = caller.token, digest_of(SECRET, caller.token)
    wait_until(lambda: read(listener.target, "SELECT 1 FROM secret_uses"))
    assert listener.is_refused("A", "CAR1", pair, Transport.TCP)


def test_a_welcome_to_a_mistyped_vehicle(listener: Listener) -> None:
    """It is refused there, and good for no other vehicle of that secret."""
    caller = Caller(listener.target.dial(), SECRET)
    caller.send_welcome("A", "CAR11")
    assert caller.is_closed()
    pair = caller.token, digest_of(SECRET, caller.token)
    for transport in Transport:
        assert listener.is_refused("A", "CAR1", pair, transport)


@pytest.mark.parametrize("transport", [Transport.TCP, Transport.WS])
@pytest.mark.parametrize(
    "line", ["MP-A 0 {} {}", "MP-A 0 {} {} ", "MP-a 0 {} {} CAR1", "MP-A 2 {} {} CAR1"]
)
def test_a_welcome_that_is_none(listener: Listener, line: str, transport: Transport) -> None:
    """An app without a vehicle id, or one of another scheme, has said a digest all the same."""
    caller = Caller(listener.target.dial(transport), SECRET)
    pair = caller.token, digest_of(SECRET, caller.token)
    caller.wire.say(line.format(*pair).encode())
    assert caller.is_closed()
    assert listener.is_refused("A", "CAR1", pair, Transport.TCP)


@pytest.mark.parametrize("line", ["MP-A 0 {} {} CAR1", "MP-A 0 {} {} CA", "MP-A 0 {} {}"])
@pytest.mark.parametrize("transport", [Transport.TCP, Transport.TLS])
def test_a_welcome_that_does_not_end(listener: Listener, line: str, transport: Transport) -> None:
    """A network that goes away in the middle of it leaves nothing to end, nor does a wrong port."""
    caller = Caller(listener.target.dial(), SECRET)
    pair = caller.token, digest_of(SECRET, caller.token)
    port = listener.target.tls_port if transport.is_tls else listener.target.port
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(PATIENCE)
        connection.sendall(line.format(*pair).encode())
        with suppress(OSError):  # the server may have closed already
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""
    assert listener.is_refused("A", "CAR1", pair, Transport.TCP)


@pytest.mark.parametrize("times", [30, pytest.param(5000, marks=pytest.mark.soak)])
def test_copies_do_not_wear_the_memory_out(listener: Listener, times: int) -> None:
    """A car is answered each time; no answer takes room in the memory, or opens anything."""
    listener.overhear("A", "CAR1")
    listener.overhear("C", "CAR1")
    token, digest = listener.pairs[2]
    before = read(listener.target, "SELECT bits FROM seen_tokens")
    answers = []
    for _ in range(times):
        wire = listener.target.dial()
        Caller(wire, "not known", token).send_welcome("C", "CAR1", digest=digest)
        answers.append(wire.hear())
        wire.close()
    assert read(listener.target, "SELECT bits FROM seen_tokens") == before
    for answer in (*answers[:3], *answers[-3:]):
        assert answer is not None
        _, _, token, digest = answer.decode().split(" ")
        assert listener.is_refused("A", "CAR1", (token, digest), Transport.TCP)
    assert listener.is_refused("A", "CAR1", listener.pairs[0], Transport.TCP)


def test_two_at_the_same_moment(listener: Listener) -> None:
    """Of callers that say the same welcome at once, one gets in."""
    token = Caller(listener.target.dial(), SECRET).token
    callers = [Caller(listener.target.dial(), SECRET, token) for _ in range(20)]
    for caller in callers:
        caller.send_welcome("A", "CAR1")
    lines = [caller.wire.hear() for caller in callers]
    assert sum(line is not None for line in lines) == 1


def test_the_owner_is_told_once(listener: Listener) -> None:
    """Also across a restart, with what helps."""
    listener.overhear("A", "CAR1")
    pair = listener.pairs[0]
    for _ in range(3):
        assert listener.is_refused("A", "CAR1", pair, Transport.TCP)
    wait_until(lambda: alerts(listener.target))
    for _ in range(3):  # the log is written by a thread, which a kill may overtake
        listener.target.program.wait_for("the welcome is a copy")
    listener.target.program.kill()
    listener.target.run()
    for _ in range(3):
        assert listener.is_refused("A", "CAR1", pair, Transport.TLS)
    assert listener.target.program.stop() == 0
    (told,) = alerts(listener.target)
    assert isinstance(told, bytes)
    assert b"TLS" in told
    assert b"new secret" in told
