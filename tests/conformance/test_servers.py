"""Servers that call: records of vehicles and owners are pushed, messages of cars go both ways."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.conformance.client import Caller, SocketWire, Transport
from tests.conformance.conftest import SECRET, Case, SuiteServer
from tests.conformance.sentences import stands_for

RECORD = "guide: Server -> Server Record message"
REPLICATION = "guide: Server -> Server Message Replication message"

NEVER = "0000-00-00 00:00:00"
SERVER_SECRET = "what the servers share"
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SuiteServer]:
    """Run a server with few vehicles, which other servers call."""
    data = tmp_path_factory.mktemp("master") / "data"
    opened = SuiteServer(data, 100)
    opened.ovms("owner", "add", "alice", "--email", "alice@example.org", "--password", "of-alice")
    for server in ("SLAVE1", "SLAVE2"):
        opened.ovms(
            "vehicle", "add", server, "--owner", "alice", "--secret", SERVER_SECRET,
            "--type", "server",
        )  # fmt: skip
    opened.ovms(
        "vehicle", "add", "ODD", "--owner", "alice", "--secret", "of, odd", "--server", "SLAVE1"
    )
    opened.ovms(
        "vehicle", "add", "MINE", "--owner", "alice", "--secret", "of mine", "--server", "SLAVE1"
    )
    opened.ovms(
        "vehicle", "add", "THEIRS", "--owner", "alice", "--secret", "x", "--server", "SLAVE2"
    )
    try:
        yield opened
        opened.stop()
    finally:
        opened.program.kill()


class ServerCase(Case):
    """Servers that call."""

    def server(self, server_id: str, *times: str) -> Caller:
        """Call as a server that has the records up to two times."""
        caller = self.stranger(SERVER_SECRET)
        caller.send_welcome("S", server_id, *times)
        caller.be_welcomed()
        return caller


@pytest.fixture
def peers(master: SuiteServer, transport: Transport) -> Iterator[ServerCase]:
    """Yield a case its calls."""
    opened = ServerCase(master, transport)
    yield opened
    opened.close()


def records(caller: Caller, kind: bytes, last: str) -> list[str]:
    """Return the records of a kind as they come, up to the one that begins with some text."""
    found: list[str] = []
    while not found or not found[-1].startswith(last):
        payload = caller.hear()
        if payload[:2] == b"R" + kind:
            found.append(payload[2:].decode())
    return found


@stands_for("guide: On startup", "MP-S <protection scheme> <server token> <server digest><car id>")
@stands_for("interop 7", "`MP-S 0 <token> <digest> <server id> <vehicle time> <owner time>`")
@stands_for("interop 7", "two date-times `YYYY-MM-DD hh:mm:ss`, the newest change the caller has")
def test_a_server_is_welcomed(peers: ServerCase) -> None:
    """A server that knows its secret is welcomed, with times or without, and pings are answered."""
    for times in ((NEVER, NEVER), ("2013-01-01 00:00:00", "2013-01-01 00:00:00"), ()):
        server = peers.server("slave1", *times)
        server.settle()


@stands_for(
    "interop 7", "The server id is a vehicle record of type server; a car's record is refused"
)
def test_who_is_no_server(peers: ServerCase) -> None:
    """A car's record does not let a server in, nor a server's record a car or an app."""
    for secret, role, vehicle in (
        (SECRET, "S", "FRESH0001"),
        (SERVER_SECRET, "C", "SLAVE1"),
        (SERVER_SECRET, "A", "SLAVE1"),
        (SERVER_SECRET, "B", "SLAVE1"),
        ("wrong", "S", "SLAVE1"),
    ):
        caller = peers.stranger(secret)
        caller.send_welcome(role, vehicle, *([NEVER, NEVER] if role == "S" else []))
        assert caller.is_closed()


@stands_for(
    RECORD,
    "transmits an update to synchronized database table records",
    "Sub-type RV (Vehicle record)",
    "<data> is comma-separated list of",
)
@stands_for("interop 7", "(for vehicles whose server is `*` or the caller)")
@stands_for("interop 7", "oldest first")
@stands_for("interop 7", "An RV row cannot carry a secret with a comma")
def test_vehicle_records(peers: ServerCase) -> None:
    """A server without any records gets all of cars that it may serve, oldest first."""
    server = peers.server("SLAVE1", NEVER, NEVER)
    found = records(server, b"V", "MINE,")
    form = rf"([^,]+),(\d+),(.*),(\*|SLAVE1),([01]),({TIME})"
    rows = [re.fullmatch(form, each) for each in found]
    assert all(rows), found
    whole = [row.groups() for row in rows if row]
    assert [row[5] for row in whole] == sorted(row[5] for row in whole)
    by_id = {row[0]: row for row in whole}
    assert by_id["FRESH0001"][2:5] == (SECRET, "*", "0")
    assert by_id["MINE"][2:5] == ("of mine", "SLAVE1", "0")
    assert "THEIRS" not in by_id
    assert "ODD" not in by_id
    assert len({row[1] for row in whole}) == 2


@stands_for(RECORD, "Sub-type RO (Owner record)", "<data> is comma-separated list of: - Ownerid")
def test_owner_records(peers: ServerCase) -> None:
    """Owners come with number, name, mail, password hash, status, deleted and changed."""
    server = peers.server("SLAVE1", NEVER, NEVER)
    alice_number = records(server, b"V", "MINE,")[-1].split(",")[1]
    again = peers.server("SLAVE1", NEVER, NEVER)
    found = records(again, b"O", f"{alice_number},alice,")
    rows = [re.fullmatch(rf"(\d+),([^,]+),([^,]*),([^,]*),(\d),([01]),({TIME})", o) for o in found]
    assert all(rows), found
    whole = [row.groups() for row in rows if row]
    assert [row[6] for row in whole] == sorted(row[6] for row in whole)
    alice = whole[-1]
    assert alice[2] == "alice@example.org"
    assert alice[3]
    assert "of-alice" not in alice[3]
    assert alice[4:6] == ("1", "0")


@stands_for("interop 7", "pushes every `RV` newer than the first")
@stands_for("interop 7", "every `RO` newer than the second")
@stands_for("interop 7", "then as they change (field: looks every 30 s)")
def test_newer_records_only(master: SuiteServer) -> None:
    """A server gets what is newer than its times, and each change when it happens."""
    peers = ServerCase(master, Transport.TCP)
    newest = records(peers.server("SLAVE1", NEVER, NEVER), b"V", "MINE,")[-1].split(",")[-1]
    server = peers.server("SLAVE1", newest, newest)
    master.ovms("owner", "add", "bob", "--email", "bob@example.org")
    master.ovms("vehicle", "add", "NEW", "--owner", "bob", "--secret", "one")
    came = records(server, b"V", "NEW,")
    assert len(came) == 1
    owner = came[0].split(",")[1]
    assert came[0].split(",")[2:5] == ["one", "*", "0"]
    master.ovms("vehicle", "secret", "NEW", "--new", "--secret", "two")
    assert records(server, b"V", "NEW,")[-1].split(",")[2:5] == ["two", "*", "0"]
    master.ovms("vehicle", "remove", "NEW", "--yes")
    assert records(server, b"V", "NEW,")[-1].split(",")[4] == "1"
    again = peers.server("SLAVE1", newest, newest)
    (told,) = records(again, b"O", f"{owner},")
    assert told.split(",")[1:3] == ["bob", "bob@example.org"]
    peers.close()


@stands_for(REPLICATION, "replicates a message for a particular car", "<data> is comma-separated")
def test_messages_of_a_car_here(peers: ServerCase) -> None:
    """What a car says here reaches the other server byte for byte, and a command comes back."""
    server = peers.server("SLAVE1", NEVER, NEVER)
    server.settle()
    car, name = peers.car(), peers.vehicle.encode()
    while not server.hear().startswith(b"r%s,Z,1" % name):
        pass
    for payload in (b"S80,K,with,commas", b"Q\xff\xfe", b"L1,2"):
        car.say(payload)
        car.settle()
        replicated = b"r%s,%s,%s" % (name, payload[:1], payload[1:])
        while server.hear() != replicated:
            pass
    server.say(b"r%s,C,20,1234" % name)
    assert car.hear_code(b"C") == b"C20,1234"
    car.say(b"c20,0")
    while server.hear() != b"r%s,c,20,0" % name:
        pass


@stands_for(REPLICATION, "This message is sent <servertoserver>")
def test_messages_of_a_car_there(peers: ServerCase) -> None:
    """What another server tells of its car reaches the apps here, and their commands reach it."""
    server = peers.server("SLAVE1", NEVER, NEVER)
    server.settle()
    app, name = peers.app(), peers.vehicle.encode()
    server.say(b"r%s,Z,1,1400000000000" % name)
    assert app.hear_code(b"Z") == b"Z1"
    server.say(b"r%s,S,80,K,with,commas" % name, b"r%s,Q,\xff" % name)
    assert [app.hear() for _ in range(4)] == [b"S80,K,with,commas", b"T0", b"Q\xff", b"T0"]
    app.say(b"C20,1234")
    while server.hear() != b"r%s,C,20,1234" % name:
        pass
    server.say(b"r%s,c,20,0" % name)
    assert app.hear() == b"c20,0"
    server.wire.close()
    assert app.hear_code(b"Z") == b"Z0"


@stands_for("guide: Backwards Compatibility", "Similarly, unrecognized messages should be ignored")
def test_a_server_says_something_strange(peers: ServerCase) -> None:
    """What is not understood from a server ends no session and reaches nobody."""
    server, app = peers.server("SLAVE1", NEVER, NEVER), peers.app()
    name = peers.vehicle.encode()
    server.say(b"", b"r", b"r,", b"r%s" % name, b"r%s,SS,1" % name, b"rNOSUCH,S,1", b"RVx", b"RO")
    server.say(b"S80,K", b"C20,1", b"PAhello", b"h1,0,T,1,1,d", b"Z5")
    server.settle()
    assert app.settle() == []


@stands_for("interop 7", "It answers pings with base64 of `MP-0 a` without a line end")
def test_answers_without_line_ends(master: SuiteServer) -> None:
    """They are read, one behind the other, also when a whole line follows."""
    peers = ServerCase(master, Transport.TCP)
    server = peers.server("SLAVE1", NEVER, NEVER)
    wire = server.wire
    assert isinstance(wire, SocketWire)
    for _ in range(3):
        wire.send(server.line(b"a"))
    server.settle()
    peers.close()
