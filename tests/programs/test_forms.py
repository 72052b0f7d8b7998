"""The forms in which records, alerts and subscriptions come, against the running program."""

from __future__ import annotations

import json

from ovms.protocol import Message, Role
from tests.programs.conftest import SECRET, Server, run_ovms, status_of
from tests.programs.test_keeping import Call, call
from tests.waiting import wait_until

__all__ = ["call"]


def history(server: Server, record_type: str) -> str:
    """Return what `ovms history` lists of a type."""
    listed = run_ovms("history", "CAR1", "--type", record_type, "--data", str(server.data))
    assert listed.returncode == 0, listed.stderr
    return listed.stdout


def test_records_well_formed_and_not(server: Server, call: Call) -> None:
    """A malformed `h` is acknowledged and not stored; `H` is stored; a power export is a report."""
    car = call(Role.CAR)
    for bad in (b"7", b"7,0,T,x,1,d", b"7,soon,T,1,1,d", b"7,0,T,1,-1,d"):
        car.say(Message("h", bad))
        assert car.hear("h").data == b"7"
    car.say(Message("h", b"no ack"), Message("H", b"*-PWR-x,5,3600,kept,with commas"))
    car.say(Message("H", b"junk"), Message("G", b"1,0,230"), Message("A"))
    car.hear("a")
    wait_until(lambda: "kept,with commas" in history(server, "*-PWR-x"))
    assert "d" not in history(server, "T").splitlines()[1:]
    server.program.wait_for("malformed history record")
    messages = status_of(server)["messages"]
    assert isinstance(messages, dict)
    assert "G" in messages


def test_a_vehicle_that_wants_no_log(server: Server, call: Call) -> None:
    """The log is off for a vehicle that wants none; its positions may be kept all the same."""
    off = run_ovms("vehicle", "log", "CAR1", "--days", "off", "--data", str(server.data))
    assert off.returncode == 0, off.stderr
    car = call(Role.CAR)
    car.say(Message("S", b"80,K"), Message("L", b"22.5,114.1"), Message("A"))
    car.hear("a")
    wait_until(lambda: "22.5,114.1" in history(server, "L"))
    assert "80,K" not in history(server, "S")


def test_sealed_messages_are_stored_and_voided(server: Server, call: Call) -> None:
    """The token comes once before what is sealed; the same again keeps it, another voids it."""
    car = call(Role.CAR)
    car.say(Message("E", b"Ttoken1"), Message("E", b"MSsealed"), Message("E", b"Ttoken1"))
    car.say(Message("A"))
    car.hear("a")
    app = call(Role.APP)
    assert (app.hear("E").data, app.hear("E").data) == (b"Ttoken1", b"MSsealed")
    car.say(Message("E", b"Ttoken2"), Message("A"))
    car.hear("a")
    assert app.hear("E").data == b"Ttoken2"
    later = call(Role.APP)
    later.say(Message("A"), Message("C", b"30"))
    assert later.hear("E").data == b"Ttoken2"
    assert not any(message.code == "E" for message in later._heard)


def test_sealed_commands_are_answered_in_step(server: Server, call: Call) -> None:
    """A sealed answer goes to the client that asked; a sealed command for no car is dropped."""
    car, one, other = call(Role.CAR), call(Role.APP), call(Role.APP)
    one.say(Message("E", b"MCone"))
    assert car.hear("E").data == b"MCone"
    other.say(Message("E", b"MCtwo"))
    car.say(Message("E", b"Mcfirst"))
    assert one.hear("E").data == b"Mcfirst"
    assert car.hear("E").data == b"MCtwo"
    car.say(Message("E", b"Mcsecond"))
    assert other.hear("E").data == b"Mcsecond"
    assert not any(message.code == "E" for message in one._heard)


SUBSCRIPTIONS = [
    (b"APP,expo,simple,token-1", ["CAR1"]),
    (b"APP,gcm,,car2,SECRET,token-1", ["CAR2"]),
    (b"APP,apns,sandbox,CAR1,SECRET,abc,CAR2,SECRET,abc", ["CAR1", "CAR2"]),
    (b"APP,mail,,CAR1,wrong,a@example.org", []),
    (b"APP,gcm,,NOSUCH,SECRET,token-1", []),
    (b"junk", []),
]
"""What an app says, and the vehicles whose alerts it then gets."""


def test_subscriptions(server: Server, call: Call) -> None:
    """Every form of `p` subscribes what it proves, and nothing else."""
    app = call(Role.APP)
    for number, (data, _) in enumerate(SUBSCRIPTIONS):
        words = data.replace(b"SECRET", SECRET.encode()).replace(b"APP", b"app-%d" % number)
        app.say(Message("p", words), Message("A"))
        app.hear("a")
    expected = [
        (f"app-{number}", vehicle)
        for number, (_, kept) in enumerate(SUBSCRIPTIONS)
        for vehicle in kept
    ]

    def found() -> list[tuple[str, str]]:
        listed = run_ovms("notify", "list", "--json", "--data", str(server.data))
        return sorted((each["app"], each["vehicle"]) for each in json.loads(listed.stdout))

    wait_until(lambda: len(found()) >= len(expected))
    assert found() == expected


def test_mail_ends_with_a_dash(server: Server, call: Call) -> None:
    """`mail` with the key `-` unsubscribes."""
    app = call(Role.APP)
    secret = SECRET.encode()
    app.say(Message("p", b"app-1,mail,,CAR1," + secret + b",me@example.org"), Message("A"))
    app.hear("a")
    app.say(Message("p", b"app-1,mail,,CAR1," + secret + b",-"), Message("A"))
    app.hear("a")
    wait_until(lambda: "app-1" not in run_ovms("notify", "list", "--data", str(server.data)).stdout)
