from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from ovms.net.http import TLS_ALERT
from ovms.net.pump import Pump
from ovms.protocol import Message, Party, Role, Session, State
from ovms.protocol.messages import LatestMessage
from ovms.protocol.welcome import ProvisionRecord
from ovms.server import acceptor as acceptor_module
from ovms.server.acceptor import (
    HALF_CLOSE_TIMEOUT,
    HEAD_TIMEOUT,
    LEAVING_LIMIT,
    LEAVING_TIMEOUT,
    PAGE_LIFE,
    WELCOME_TIMEOUT,
    ServerConnection,
)
from ovms.server.accounts.login import Credential, Login
from ovms.server.hub.hub import CAR_REFUSED
from ovms.server.hub.room import RECORDS_BEHIND
from ovms.server.provisions import NETWORK_BURST, NETWORK_REFILL
from ovms.server.strangers import StrangerStage
from tests.net.ends import CALLER_TOKEN, HANDSHAKE, SECRET, Caller, surfing
from tests.server.conftest import Log
from tests.server.hub.fakes import START, make_vehicle
from tests.server.sites import Site, greeting
from tests.waiting import PATIENCE, until

# -- let in ---------------------------------------------------------------------------------


async def test_a_car_and_an_app_meet(site: Site, log: Log) -> None:
    """They are welcomed, hear of each other, and what one says reaches the other."""
    site.storage.put_message("CAR1", LatestMessage("S", b"80", START - 60))
    app = await site.enters(Role.APP)
    assert await app.hears_messages(3) == ["Z0", "S80", "T60"]
    car = await site.enters(Role.CAR)
    assert await app.hears_messages(1) == ["Z1"]
    await car.says(car.session.send(Message("S", b"81")))
    assert await app.hears_messages(2) == ["S81", "T0"]
    await app.says(app.session.send(Message("C", b"20,1234")))
    assert await car.hears_messages(2) == ["Z1", "C20,1234"]
    await car.says(car.session.send(Message("c", b"20,0")))
    assert await app.hears_messages(1) == ["c20,0"]
    car.writer.close()
    assert await app.hears_messages(1) == ["Z0"]
    roles = [(line["event"], line["vehicle"], line["role"]) for line in log.lines("connected")]
    assert roles == [("connected", "CAR1", "app"), ("connected", "CAR1", "car")]
    (line,) = log.lines("disconnected")
    assert line["reason"] == "closed by the other end"


@pytest.mark.parametrize("vehicle_id", ["car1", "Car1", "CAR1"])
async def test_ids_have_no_case(site: Site, vehicle_id: str) -> None:
    """An id is compared without case, and a further word of an app is nothing to us."""
    caller = await site.calls()
    await caller.says(caller.greeting(Role.APP, vehicle_id, SECRET, "picture"))
    assert await caller.hears_messages(2) == ["Z0", "T0"]


async def test_a_welcome_in_pieces(site: Site) -> None:
    """Half a welcome waits for the other half."""
    caller = await site.calls()
    line = caller.greeting()
    await caller.says(line[:20])
    site.passes(WELCOME_TIMEOUT - 1)
    await caller.says(line[20:])
    assert await caller.hears_messages(1) == ["A"]


async def test_lines_behind_the_welcome(site: Site) -> None:
    """What came with the welcome is taken when the caller is in."""
    caller = await site.calls()
    await caller.says(caller.greeting() + b"AP-C 0 VIN\r\n")
    lines = [await caller.hears_line() for _ in range(3)]
    assert lines[0].startswith(b"MP-S 0 ")
    assert lines[-1] == b"AP-X\r\n"


async def test_provisioning(site: Site) -> None:
    """Without a record the answer is AP-X, before a welcome and after it, as often as asked."""
    caller = await site.calls()
    for _ in range(2):
        await caller.says(b"AP-C 0 VIN\r\n")
        assert await caller.hears_line() == b"AP-X\r\n"
    await caller.says(caller.greeting())
    assert await caller.hears_messages(1) == ["A"]
    await caller.says(b"AP-C 0 VIN\r\n")
    assert await caller.hears_line() == b"AP-X\r\n"
    for code in "aA":
        await caller.says(caller.session.send(Message(code)))
    assert await caller.hears_messages(2) == ["Z0", "a"]


async def test_logins_at_the_same_moment(site: Site) -> None:
    """Callers that wait for the same look-up are all let in."""
    site.storage.gate = asyncio.Event()
    callers = [await site.calls() for _ in range(5)]
    for caller in callers:
        await caller.says(caller.greeting(Role.APP))
    await until(lambda: site.storage.loads)
    site.storage.gate.set()
    for caller in callers:
        assert await caller.hears_messages(2) == ["Z0", "T0"]
    assert site.storage.loads == 1
    assert site.hub.rooms["CAR1"].apps == 5


async def test_provisioning_once_a_connection(site: Site, log: Log) -> None:
    """The first request gets the record, every further one AP-X, in the order of asking."""
    record = ProvisionRecord.seal("8944", "t" * 22, "1 OVMS")
    site.provisions.records["VIN"] = record
    caller = await site.calls()
    await caller.says(b"AP-C 0 VIN\r\nAP-C 0 VIN\r\nAP-C 0 OTHER\r\n")
    assert await caller.hears_line() == record.encode() + b"\r\n"
    for _ in range(2):
        assert await caller.hears_line() == b"AP-X\r\n"
    await caller.says(b"AP-C 0 VIN\r\n")
    assert await caller.hears_line() == b"AP-X\r\n"
    assert len(log.lines("provisioned")) == 1
    assert "8944" not in log.text


async def test_a_provisioning_key_that_is_no_text(site: Site) -> None:
    """It is refused like one without a record, and is not what stands for it in our text."""
    site.provisions.records["\ufffd"] = ProvisionRecord("tok", "dig", "rec")
    caller = await site.calls()
    await caller.says(b"AP-C 0 \xff\r\n")
    assert await caller.hears_line() == b"AP-X\r\n"


async def test_provisioning_too_often(site: Site) -> None:
    """Over the bound there is silence, and the same connection is answered once there is room."""
    for _ in range(NETWORK_BURST):
        assert site.acceptor.provision_throttle.takes("127.0.0.1")
    site.provisions.records["VIN"] = record = ProvisionRecord("tok", "dig", "rec")
    caller = await site.calls()
    await caller.says(b"AP-C 0 VIN\r\n")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await caller.reader.read(1)
    site.clock.advance(NETWORK_REFILL)
    await caller.says(b"AP-C 0 VIN\r\n")
    assert await caller.hears_line() == record.encode() + b"\r\n"


@pytest.mark.parametrize(
    ("vehicle_id", "role"), [("NONE", Role.CAR), ("CAR1", Role.APP), ("CAR1", Role.SERVER)]
)
async def test_the_time_of_a_refusal_tells_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, vehicle_id: str, role: Role
) -> None:
    """A vehicle that is not there, one that is, and one of another kind are refused at one time."""
    loop, pauses, sleep = asyncio.get_running_loop(), [], asyncio.sleep
    monkeypatch.setattr(acceptor_module, "REFUSAL_TIME", 1000.0)

    async def pause(seconds: float) -> None:
        pauses.append(loop.time() + seconds)
        await sleep(0)

    caller = await site.calls()
    monkeypatch.setattr(asyncio, "sleep", pause)
    before = loop.time()
    await caller.says(caller.greeting(role, vehicle_id, b"wrong"))
    assert await caller.is_closed()
    (end,) = [time for time in pauses if time > before + 900]
    assert before + 1000 <= end <= loop.time() + 1000


async def test_provisioning_amid_a_session(site: Site) -> None:
    """A record after the welcome goes in plain and moves no cipher."""
    site.provisions.records["VIN"] = ProvisionRecord("tok", "dig", "rec")
    car = await site.enters(Role.CAR)
    assert await car.hears_messages(1) == ["Z0"]
    await car.says(b"AP-C 0 VIN\r\n" + car.session.send(Message("A")))
    assert b"AP-S 0 tok dig rec\r\n" in [await car.hears_line() for _ in range(2)]


async def test_provisioning_while_the_database_is_away(site: Site, log: Log) -> None:
    """Silence: a refusal would be the last word, and the car asks again by itself."""
    site.provisions.error = OSError("the disk is away")
    caller = await site.calls()
    await caller.says(b"AP-C 0 VIN\r\n")
    await until(lambda: log.lines("cannot look up provisioning now"))
    site.passes(WELCOME_TIMEOUT - 1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await caller.reader.read(1)


async def test_provisioning_once_the_database_is_back(site: Site, log: Log) -> None:
    """A request that got no answer was not the one of its connection: the next is looked up."""
    site.provisions.error = OSError("the disk is away")
    record = ProvisionRecord("tok", "dig", "rec")
    site.provisions.records["VIN"] = record
    caller = await site.calls()
    await caller.says(b"AP-C 0 VIN\r\nAP-C 0 VIN\r\n")
    await until(lambda: log.lines("cannot look up provisioning now"))
    site.provisions.error = None
    await caller.says(b"AP-C 0 VIN\r\nAP-C 0 VIN\r\n")
    assert await caller.hears_line() == record.encode() + b"\r\n"
    assert await caller.hears_line() == b"AP-X\r\n"


# -- owners ---------------------------------------------------------------------------------


@pytest.fixture
def owners(site: Site) -> Site:
    """Let an owner with two cars, one without, and one whose car is a server log in."""
    site.accounts.owners |= {
        "me": ("pw", ("CAR1", "CAR2")),
        "none": ("pw", ()),
        "other": ("pw", ("PEER", "GONE")),
    }
    return site


@pytest.mark.parametrize(("asked", "vehicle"), [("*", "CAR1"), ("car2", "CAR2"), ("CAR1", "CAR1")])
async def test_an_owner(owners: Site, log: Log, asked: str, vehicle: str) -> None:
    """An owner's app is told all the vehicles, and speaks and hears plain lines of one."""
    app = await owners.calls()
    await app.says(f"MP-A 1 me pw {asked}\r\n".encode())
    assert await app.hears_line() == f"MP-S 1 me {vehicle} CAR1 CAR2\r\n".encode()
    assert [await app.hears_line() for _ in range(2)] == [b"Z0\r\n", b"T0\r\n"]
    car = await owners.enters(Role.CAR, vehicle)
    assert await car.hears_messages(1) == ["Z1"]
    assert await app.hears_line() == b"Z1\r\n"
    await app.says(b"C20,1234\r\n")
    assert await car.hears_messages(1) == ["C20,1234"]
    await car.says(car.session.send(Message("c", b"20,0")))
    assert await app.hears_line() == b"c20,0\r\n"
    [(user, right, address)] = owners.accounts.asked
    assert (user, right, address) == ("me", "v2", "127.0.0.1")
    assert log.lines("connected")[0]["user"] == "me"
    assert "pw" not in log.text


async def test_an_owners_batch_client_is_not_counted(owners: Site) -> None:
    """A look must not make the car report ten times as often, whoever looks."""
    car = await owners.enters(Role.CAR)
    batch = await owners.calls()
    await batch.says(b"MP-B 1 me pw *\r\n")
    await batch.hears_line()
    assert await batch.hears_line() == b"Z1\r\n"
    await car.says(car.session.send(Message("A")))
    assert await car.hears_messages(2) == ["Z0", "a"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"MP-A 1 me wrong *", "wrong name or password"),
        (b"MP-A 1 nobody pw *", "wrong name or password"),
        (b"MP-A 1 me pw CAR3", "the owner has no such vehicle"),
        (b"MP-A 1 me pw PEER", "the owner has no such vehicle"),
        (b"MP-A 1 none pw *", "the owner has no such vehicle"),
        (b"MP-A 1 other pw PEER", "the owner has no such vehicle"),
        (b"MP-A 1 other pw GONE", "the owner has no such vehicle"),
    ],
)
async def test_an_owner_who_is_refused(owners: Site, log: Log, line: bytes, reason: str) -> None:
    """Closed without an answer, with one line in the log."""
    app = await owners.calls()
    await app.says(line + b"\r\n")
    assert await app.is_closed()
    await until(lambda: log.lines("refused"))
    assert log.lines("refused")[0]["reason"] == reason
    assert owners.hub.rooms == {}


@pytest.mark.parametrize("line", [b"me one two *", b"my name pw1 pw2 pw3", b"me pw1"])
async def test_a_password_with_a_blank_is_not_logged(owners: Site, log: Log, line: bytes) -> None:
    """A word of a password that stands where the vehicle id is expected reaches no log."""
    app = await owners.calls()
    await app.says(b"MP-A 1 " + line + b"\r\n")
    assert await app.is_closed()
    await until(lambda: log.lines("refused"))
    assert not [word for word in line.split()[2:] if word != b"*" and word.decode() in log.text]
    assert "vehicle" not in log.lines("refused")[0]


async def test_an_owner_while_the_database_is_away(owners: Site, log: Log) -> None:
    """An app is closed at once: it tries again, and silence would hang it."""
    owners.accounts.error = OSError("the disk is away")
    app = await owners.calls()
    await app.says(b"MP-A 1 me pw *\r\n")
    assert await app.is_closed()
    assert log.lines("cannot check a welcome now")[0]["reason"] == "the disk is away"


async def test_an_owner_who_is_revoked(owners: Site, log: Log) -> None:
    """Apps of a changed password or a removed token are closed, the others are not."""
    first, second = await owners.calls(), await owners.calls()
    for app in (first, second):
        await app.says(b"MP-A 1 me pw *\r\n")
        await app.hears_line()
    by_secret = await owners.enters(Role.APP)
    await owners.accounts.check_logins()
    (login,) = set(owners.acceptor.logins())
    owners.accounts.changes[login] = None
    await owners.accounts.check_logins()
    for app in (first, second):
        while await app.hears_line():
            pass
    await until(lambda: len(owners.acceptor.connections) == 1)
    assert {line["reason"] for line in log.lines("disconnected")} == {
        "the owner's password, token or vehicles changed"
    }
    await by_secret.says(by_secret.session.send(Message("A")))
    assert (await by_secret.hears_messages(3))[-1] == "a"


async def test_a_page_comes_again(owners: Site, log: Log) -> None:
    """An app of a session is closed after half a day, for its session may have lapsed."""
    page, app = await owners.calls(), await owners.calls()
    for each in (page, app):
        await each.says(b"MP-A 1 me pw *\r\n")
        await each.hears_line()
    (login, _) = owners.acceptor.logins()
    connection = next(iter(owners.acceptor.connections))
    connection.login = replace(login, credential=Credential("", session_id=7))
    owners.clock.advance(PAGE_LIFE - 1)
    owners.acceptor.tick()
    assert len(owners.acceptor.connections) == 2
    owners.clock.advance(1)
    owners.acceptor.tick()
    await until(lambda: len(owners.acceptor.connections) == 1)
    assert owners.acceptor.logins() == [login]
    assert log.lines("disconnected")[0]["reason"] == "come again with a new ticket"


async def test_an_owner_who_is_revoked_on_the_way_in(owners: Site, log: Log) -> None:
    """A login that ends between password and welcome is closed: it is looked for only once."""
    owners.storage.gate = asyncio.Event()
    app = await owners.calls()
    await app.says(b"MP-A 1 me pw *\r\n")
    await until(lambda: owners.storage.loads)
    owners.accounts.changes[Login(1, "me", ("CAR1", "CAR2"), Credential("v2"))] = None
    await owners.accounts.check_logins()
    owners.accounts.changes.clear()
    owners.storage.gate.set()
    assert await app.is_closed()
    await until(lambda: log.lines("refused"))
    assert owners.hub.rooms == {}


async def test_an_owner_whose_login_changes(owners: Site) -> None:
    """An app goes on when its token has other rights, and is closed when its vehicles changed."""
    app = await owners.calls()
    await app.says(b"MP-A 1 me pw *\r\n")
    await app.hears_line()
    (before,) = owners.acceptor.logins()
    after = replace(before, permit="v2")
    owners.accounts.changes[before] = after
    await owners.accounts.check_logins()
    assert owners.acceptor.logins() == [after]
    owners.accounts.changes[after] = replace(after, vehicles=("CAR2",))
    await owners.accounts.check_logins()
    await until(lambda: not owners.acceptor.connections)


async def test_one_owner_never_hears_another(owners: Site) -> None:
    """What is known of a caller belongs to its connection: a new one starts from nothing."""
    for vehicle in ("CAR1", "CAR2") * 5:
        app = await owners.calls()
        await app.says(f"MP-A 1 me pw {vehicle}\r\n".encode())
        assert (await app.hears_line()).split()[3] == vehicle.encode()
        app.writer.transport.abort()
        await until(lambda: not owners.acceptor.connections)


CLAIM = f"rCAR1,Z,1,{int(START * 1000)}"

# -- other servers --------------------------------------------------------------------------


async def test_a_server_calls(site: Site, log: Log) -> None:
    """It is welcomed and hears of the cars that are here, without a word; it is in no room."""
    car = await site.enters(Role.CAR)
    await car.says(car.session.send(Message("S", b"80")))
    await until(lambda: site.hub.rooms["CAR1"].latest.by_code)
    peer = await site.calls()
    times = ("0000-00-00", "00:00:00", "0000-00-00", "00:00:00")
    await peer.says(peer.session.send_welcome(Role.SERVER, "PEER", SECRET, *times))
    await peer.hears_welcome()
    assert await peer.hears_messages(3) == [CLAIM, "rCAR1,T,0", "rCAR1,S,80"]
    assert log.lines("connected")[-1]["role"] == "server"
    await peer.says(peer.session.send(Message("r", b"CAR1,z,2")))
    assert await car.hears_messages(2) == ["Z0", "Z2"]
    peer.writer.close()
    assert await car.hears_messages(1) == ["Z0"]


# -- refused --------------------------------------------------------------------------------


REFUSED = {
    "wrong secret": (greeting(Role.CAR, "CAR1", b"wrong"), "the digest does not prove the secret"),
    "app, wrong secret": (greeting(Role.APP, "CAR1", b""), "the digest does not prove the secret"),
    "unknown vehicle": (greeting(Role.CAR, "NOSUCH"), "unknown vehicle"),
    "a car's record for a server": (greeting(Role.SERVER, "CAR1"), "unknown server"),
    "a server's record for a car": (greeting(Role.CAR, "PEER"), "unknown vehicle"),
    "a server, wrong secret": (greeting(Role.SERVER, "PEER", b""), "the digest does not prove"),
    "scheme": (b"MP-C 1 me password *\r\n", "protection scheme '1' is not supported"),
    "an owner's wrong password": (b"MP-A 1 me wrong *\r\n", "wrong name or password"),
    "garbage": (bytes(range(256)) + b"\n", "the first line is no welcome"),
    "half a welcome": (b"MP-C 0 token\r\n", "the first line is no welcome"),
    "http": (b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", "the first line is no welcome"),
    "endless line": (b"MP-C 0 " + b"x" * 100_000, "line longer than 1024 bytes"),
    "talkative": (greeting(Role.CAR, "CAR1") + b"x" * 1100, "the caller sends too much"),
}


async def test_tls_at_the_port_without(site: Site, log: Log) -> None:
    """It is answered in words of TLS, closed, and told in one line."""
    caller = await site.calls()
    await caller.says(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n")
    assert await caller.reader.read() == TLS_ALERT
    await until(lambda: not site.acceptor.connections)
    (line,) = log.lines("refused")
    assert line["reason"].startswith("TLS at the port without TLS")


@pytest.mark.parametrize("case", REFUSED)
async def test_refused(site: Site, log: Log, case: str) -> None:
    """Closed at once without a word, one line in the log, no secret in it, others unaffected."""
    data, reason = REFUSED[case]
    app = await site.enters(Role.APP)
    await app.hears_messages(2)
    caller = await site.calls()
    await caller.says(data)
    assert await caller.is_closed()
    await until(lambda: len(site.acceptor.connections) == 1)
    (line,) = log.lines("refused")
    assert line["reason"].startswith(reason)
    assert line["peer"].startswith("127.0.0.1:")
    assert len(log.text.splitlines()) == 2
    for secret in (SECRET.decode(), CALLER_TOKEN, "digest="):
        assert secret not in log.text
    if case == "wrong secret":
        assert await app.hears_messages(1) == [f"PA{CAR_REFUSED}"]
    await app.says(app.session.send(Message("A")))
    assert await app.hears_messages(1) == ["a"]


async def test_a_name_that_forges_log_lines(site: Site, log: Log) -> None:
    """A stranger's id is cut and cannot steer a terminal."""
    caller = await site.calls()
    await caller.says(b"MP-C 0 token digest \x1b[2J" + b"x" * 500 + b"\r\n")
    assert await caller.is_closed()
    await until(lambda: log.lines("refused"))
    assert len(log.lines("refused")[0]["vehicle"]) <= 32
    assert "\x1b" not in log.text


async def test_our_own_token_comes_back(site: Site) -> None:
    """A caller that mirrors what the server says is not believed."""
    site.tokens.own = "A" * 22
    caller = await site.calls()
    caller.session._token = "A" * 22
    await caller.says(caller.greeting())
    assert await caller.is_closed()


@pytest.mark.parametrize("said", [b"", b"MP-C 0 half a wel"])
async def test_silence(site: Site, log: Log, said: bytes) -> None:
    """Without a welcome a caller is closed after 75 seconds, and not before."""
    caller = await site.calls()
    if said:
        await caller.says(said)
    site.passes(WELCOME_TIMEOUT - 0.1)
    await asyncio.sleep(0.01)
    assert len(site.acceptor.connections) == 1
    site.passes(0.1)
    site.passes(1)
    assert await caller.is_closed()
    await until(lambda: not site.acceptor.connections)
    (line,) = log.lines("refused")
    assert line["reason"] == "no welcome in time"


@pytest.mark.parametrize("said", [b"GE", HANDSHAKE[:-2], b"GET /apiv2 HTTP/1.1\r\n"])
async def test_a_head_that_does_not_end(site: Site, log: Log, said: bytes) -> None:
    """It has ten seconds from its first byte, however long the caller said nothing before."""
    caller = await site.calls()
    (connection,) = site.acceptor.connections
    site.passes(HEAD_TIMEOUT)
    await caller.says(said)
    await until(lambda: connection.pump is not None and connection.pump.received)
    site.passes(0)
    site.passes(HEAD_TIMEOUT - 0.1)
    assert not connection.is_late
    site.passes(0.1)
    assert await caller.is_closed()
    await until(lambda: not site.acceptor.connections)
    assert [line["reason"] for line in log.lines("refused")] == ["no welcome in time"]


async def test_the_welcomed_have_time(site: Site) -> None:
    """The limit of the welcome is nothing to who has it."""
    caller = await site.enters(Role.APP)
    site.passes(WELCOME_TIMEOUT * 2)
    await caller.says(caller.session.send(Message("A")))
    assert await caller.hears_messages(3) == ["Z0", "T0", "a"]


async def test_gone_without_a_word(site: Site, log: Log) -> None:
    """Somebody who only looks whether the port is open is no line at INFO."""
    caller = await site.calls()
    caller.writer.close()
    await until(lambda: not site.acceptor.connections)
    assert log.text == ""


# -- passing trouble ------------------------------------------------------------------------


async def test_a_failing_database(site: Site, log: Log) -> None:
    """A car gets no answer, and the next call is welcomed when the trouble is over."""
    site.storage.error = OSError("the disk is away")
    caller = await site.calls()
    await caller.says(caller.greeting(Role.CAR))
    await until(lambda: log.lines("cannot check a welcome now"))
    site.passes(WELCOME_TIMEOUT - 1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await caller.reader.read(1)
    site.storage.error = None
    second = await site.enters(Role.CAR)
    assert await second.hears_messages(1) == ["Z0"]
    site.passes(1)
    assert await caller.is_closed()
    (line,) = log.lines("cannot check a welcome now")
    assert (line["reason"], line["level"]) == ("the disk is away", "warning")
    await until(lambda: len(log.lines("refused")) == 1)


async def test_a_failing_database_and_an_app(site: Site, log: Log) -> None:
    """An app is closed at once: it has no time-out of its own, and silence would hang it."""
    site.storage.error = OSError("the disk is away")
    caller = await site.calls()
    await caller.says(caller.greeting(Role.APP))
    assert await caller.is_closed()
    assert len(log.lines("cannot check a welcome now")) == 1


async def test_a_secret_that_was_just_changed(site: Site) -> None:
    """A car that has the new secret is welcomed, though a room with the old one is open."""
    old = await site.enters(Role.APP)
    site.storage.vehicles["CAR1"] = make_vehicle("CAR1", "new")
    caller = await site.calls()
    await caller.says(caller.session.send_welcome(Role.CAR, "CAR1", b"new"))
    await caller.hears_welcome()
    assert await old.is_closed()


async def test_hanging_up_while_looked_up(site: Site, log: Log) -> None:
    """A caller that has gone by the time it is known leaves nobody in the room."""
    app = await site.enters(Role.APP, "CAR2")
    await app.hears_messages(2)
    site.storage.gate = asyncio.Event()
    caller = await site.calls()
    await caller.says(caller.greeting())
    await until(lambda: site.storage.loads == 2)
    caller.writer.transport.abort()
    await asyncio.sleep(0.01)
    site.storage.gate.set()
    await until(lambda: len(site.acceptor.connections) == 1)
    await until(lambda: list(site.hub.rooms) == ["CAR2"])
    assert len(log.lines("disconnected", "refused")) == 1


async def test_given_up_while_looked_up(site: Site, log: Log) -> None:
    """A look-up that lasts longer than the limit ends with its caller."""
    site.storage.gate = asyncio.Event()
    caller = await site.calls()
    await caller.says(caller.greeting())
    await until(lambda: site.storage.loads)
    site.passes(WELCOME_TIMEOUT)
    assert await caller.is_closed()
    site.storage.gate.set()
    await until(lambda: not site.acceptor.connections)
    await asyncio.sleep(0)
    assert site.hub.rooms == {}
    assert [line["event"] for line in log.lines("refused", "connected")] == ["refused"]


# -- welcomed and closed --------------------------------------------------------------------


async def test_an_unreadable_line(site: Site, log: Log) -> None:
    """It ends the session, with one line that says why; the others see the car go."""
    app = await site.enters(Role.APP)
    car = await site.enters(Role.CAR)
    await car.says(b"!!!\r\n")
    assert await app.hears_messages(4) == ["Z0", "T0", "Z1", "Z0"]
    (line,) = log.lines("disconnected")
    assert line["reason"] == "a line is not base64"


async def test_nothing_that_is_only_strange_ends_a_session(site: Site) -> None:
    """Empty messages, unknown codes and binary data are no reason to close anybody."""
    car, app = await site.enters(Role.CAR), await site.enters(Role.APP)
    for caller in (car, app):
        for code in range(1, 256):
            await caller.says(caller.session.send(Message(chr(code), b"\xff\x00,")) + b"\r\n\n")
        await caller.says(caller.session.send(Message("A", b"end")))
        while not (await caller.hears_messages(1))[0].startswith("a"):
            pass
        assert caller.session.state is State.OPEN


async def test_a_reader_that_stalls(site: Site, log: Log) -> None:
    """A client that does not read is dropped at the bound; the car and the others go on."""
    stalled = await site.enters(Role.APP)
    stalled.writer.transport.pause_reading()  # type: ignore[attr-defined]
    car, other = await site.enters(Role.CAR), await site.enters(Role.APP)
    await other.hears_messages(2)
    message, sent = Message("S", b"x" * 40_000), 0
    while not log.lines("disconnected") and sent < 2000:
        await car.says(car.session.send(message))
        assert [text[0] for text in await other.hears_messages(2)] == ["S", "T"]
        sent += 1
    (line,) = log.lines("disconnected")
    assert line["reason"] == "does not read what it is sent"
    assert site.hub.rooms["CAR1"].apps == 1


async def test_a_vehicle_that_was_removed(site: Site, log: Log) -> None:
    """Its connections are closed, others are not, and the next call is refused."""
    callers = [await site.enters(role) for role in (Role.CAR, Role.APP, Role.BATCH)]
    other = await site.enters(Role.APP, "CAR2")
    site.hub.refresh([make_vehicle("CAR1", secret="").change])
    del site.storage.vehicles["CAR1"]
    for caller in callers:
        assert await _ends(caller)
    await until(lambda: len(site.acceptor.connections) == 1)
    reasons = {line["reason"] for line in log.lines("disconnected")}
    assert reasons == {"the vehicle was removed, or its owner or its secret changed"}
    await other.says(other.session.send(Message("A")))
    assert await other.hears_messages(3) == ["Z0", "T0", "a"]
    late = await site.calls()
    await late.says(late.greeting())
    assert await late.is_closed()


async def _ends(caller: Caller) -> bool:
    while await caller.hears():
        pass
    return True


# -- who sends much -------------------------------------------------------------------------


async def test_who_has_an_allowance(site: Site) -> None:
    """Cars, apps and batch clients have one, other servers none."""
    for role in (Role.CAR, Role.APP, Role.BATCH):
        await site.enters(role)
    await site.enters(Role.SERVER, "PEER")
    pumps = [each.pump for each in site.acceptor.connections if each.pump is not None]
    assert sum(pump.allowance is not None for pump in pumps) == 3
    assert len(pumps) == 4


async def test_whoever_is_behind_is_read_slowly(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While many records wait for the disk, each further message waits for a pause."""
    slowed: list[int] = []
    monkeypatch.setattr(Pump, "slow_down", lambda _: slowed.append(len(site.storage.history)))
    car = await site.enters(Role.CAR)
    records = [f"{n},0,*-X,1,9999,x" for n in range(RECORDS_BEHIND + 1)]
    await car.says(b"".join(car.session.send(Message("h", each.encode())) for each in records))
    await until(lambda: len(site.storage.history) == RECORDS_BEHIND + 1)
    assert slowed == [RECORDS_BEHIND, RECORDS_BEHIND + 1]
    site.storage.save()
    await car.says(car.session.send(Message("D", b"1")))
    await until(lambda: "D" in site.storage.messages.get("CAR1", {}))
    assert len(slowed) == 2


# -- WebSocket ------------------------------------------------------------------------------


async def test_an_app_in_a_websocket(site: Site, log: Log) -> None:
    """It is served as any other, by the same listener, and told when the server stops."""
    car = await site.enters(Role.CAR)
    async with surfing(site) as app:
        await app.opens()
        assert [await app.hears() for _ in "ZT"] == [[Message("Z", b"1")], [Message("T", b"0")]]
        assert await car.hears_messages(2) == ["Z0", "Z1"]
        await car.says(car.session.send(Message("S", b"80")))
        assert await app.hears() == [Message("S", b"80")]
        await app.says(app.session.send(Message("A")))
        assert [await app.hears() for _ in "Ta"] == [[Message("T", b"0")], [Message("a")]]
        await asyncio.wait_for(site.acceptor.empty(), PATIENCE)
        assert await app.is_told() == 1001
    reasons = [line["reason"] for line in log.lines("disconnected")]
    assert reasons == ["the server is stopping"] * 2


async def test_a_stranger_in_a_websocket(site: Site, log: Log) -> None:
    """Who does not know the secret is closed, with one line in the log."""
    async with surfing(site) as app:
        await app.says(greeting(Role.APP, "CAR1", b"wrong"))
        assert await app.is_told() == 1008
    await until(lambda: not site.acceptor.connections)
    assert log.lines("refused")[0]["reason"] == "the digest does not prove the secret"


async def test_silence_in_a_websocket(site: Site, log: Log) -> None:
    """A WebSocket is no welcome: its time ends as that of anybody else."""
    async with surfing(site) as app:
        await until(lambda: site.acceptor.connections)
        site.passes(WELCOME_TIMEOUT - 0.1)
        assert not log.text
        site.passes(0.1)
        site.passes(1)
        assert await app.is_told() == 1008
    await until(lambda: not site.acceptor.connections)
    assert log.lines("refused")[0]["reason"] == "no welcome in time"


# -- HTTP for somebody else -----------------------------------------------------------------


class Web(asyncio.Protocol):
    """Answers each piece of a request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer."""
        assert hasattr(self._transport, "write")
        self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def test_a_request_for_somebody_else(site: Site, log: Log) -> None:
    """A request that is handed over is no caller any more; the head of a WebSocket still is."""
    answer = partial(site.acceptor.answer, lambda peer: Web())
    server = await asyncio.get_running_loop().create_server(answer, site.host, 0)
    site.port = server.sockets[0].getsockname()[1]
    slow, caller = await site.calls(), await site.calls()
    await slow.says(b"GET /apiv2 HTTP/1.1\r\n")
    await caller.says(b"GET /hello HTTP/1.1\r\n\r\n")
    assert b" 204 " in await caller.hears_line()
    assert len(site.acceptor.connections) == site.acceptor.count == 1
    site.passes(WELCOME_TIMEOUT)
    assert await slow.is_closed()
    assert log.lines("refused") == []
    server.close()


# -- stopping -------------------------------------------------------------------------------


async def test_the_welcomed_are_closed_at_once(site: Site, log: Log) -> None:
    """A stopping server ends all connections in order."""
    callers = [await site.enters(role) for role in (Role.CAR, Role.APP)]
    await asyncio.wait_for(site.acceptor.empty(), PATIENCE)
    for caller in callers:
        assert await _ends(caller)
    assert [line["reason"] for line in log.lines("disconnected")] == ["the server is stopping"] * 2


async def test_a_caller_is_welcomed_before_it_is_closed(site: Site) -> None:
    """Firmware takes a close before the welcome for a wrong password and never calls again."""
    site.storage.gate = asyncio.Event()
    car = await site.calls()
    emptying = asyncio.create_task(site.acceptor.empty())
    await asyncio.sleep(0.06)
    await car.says(car.greeting())
    await until(lambda: site.storage.loads)
    await asyncio.sleep(0.06)
    assert not emptying.done()
    site.storage.gate.set()
    await emptying
    await car.hears_welcome()
    assert await _ends(car)


async def test_a_silent_caller_does_not_hold_the_server(site: Site, log: Log) -> None:
    """Who says nothing is left for a while, then closed."""
    caller = await site.calls()
    emptying = asyncio.create_task(site.acceptor.empty())
    site.clock.advance(LEAVING_TIMEOUT - 0.1)
    await asyncio.sleep(0.06)
    assert not emptying.done()
    site.clock.advance(0.1)
    await emptying
    assert await caller.is_closed()
    assert log.lines("refused")[0]["reason"] == "the server is stopping"


async def test_one_step_after_the_other_at_a_stop(site: Site) -> None:
    """Whoever speaks when the time for its silence ends has twenty seconds in all."""
    has_come = asyncio.Event()
    emptying = asyncio.create_task(site.acceptor.empty(has_come.is_set))
    await asyncio.sleep(0.06)
    site.clock.advance(LEAVING_LIMIT - 0.1)
    caller = await site.calls()
    await caller.says(b"MP-C 0 half a wel")
    has_come.set()
    await asyncio.sleep(0.06)
    assert not emptying.done()
    site.clock.advance(0.1)
    await asyncio.wait_for(emptying, PATIENCE)
    assert await caller.is_closed()


@pytest.mark.parametrize("said", [b"M", b"MP-C 0 half a wel", b"GE", HANDSHAKE])
async def test_part_of_a_welcome_at_a_stop(site: Site, log: Log, said: bytes) -> None:
    """It is waited for ten seconds from its first byte."""
    caller = await site.calls()
    (connection,) = site.acceptor.connections
    site.passes(LEAVING_TIMEOUT - 1)
    await caller.says(said)
    await until(lambda: connection.pump is not None and connection.pump.received)
    site.passes(0)
    site.clock.advance(LEAVING_TIMEOUT - 0.1)
    assert not connection.may_be_closed
    site.clock.advance(0.1)
    await asyncio.wait_for(site.acceptor.empty(), PATIENCE)
    await until(lambda: log.lines("refused"))
    assert log.lines("refused")[0]["reason"] == "the server is stopping"


async def test_a_whole_welcome_at_a_stop(site: Site) -> None:
    """While it is looked up its caller stays, up to the time of a welcome."""
    site.storage.gate = asyncio.Event()
    car = await site.calls()
    (connection,) = site.acceptor.connections
    await car.says(car.greeting())
    await until(lambda: site.storage.loads)
    site.clock.advance(WELCOME_TIMEOUT - 0.1)
    assert not connection.may_be_closed
    site.clock.advance(0.1)
    assert connection.may_be_closed
    site.storage.gate.set()
    await car.hears_welcome()


async def test_those_who_still_come_at_a_stop(site: Site) -> None:
    """It is not over before somebody else says that nobody comes any more."""
    is_complete = asyncio.Event()
    emptying = asyncio.create_task(site.acceptor.empty(is_complete.is_set))
    await asyncio.sleep(0.06)
    assert not emptying.done()
    is_complete.set()
    await asyncio.wait_for(emptying, PATIENCE)


# -- strangers ------------------------------------------------------------------------------


async def test_how_far_strangers_have_come(site: Site) -> None:
    """Whoever is welcomed, or has asked something whole that is not answered, must not leave."""
    silent, half, asking, entering = [await site.calls() for _ in range(4)]
    await site.enters(Role.APP)
    site.provisions.gate = site.storage.gate = asyncio.Event()
    await half.says(b"MP-C 0 ha")
    await asking.says(b"AP-C 0 VIN\r\n")
    await entering.says(entering.greeting(Role.CAR, "CAR2"))
    await until(lambda: len(list(site.acceptor.strangers())) == 2)
    stages = sorted((each.stage, each.network) for each in site.acceptor.strangers())
    assert stages == [(StrangerStage.SILENT, "127.0.0.1"), (StrangerStage.UNFINISHED, "127.0.0.1")]
    for each in list(site.acceptor.strangers()):
        assert each.turn_away()
    assert await silent.is_closed()
    assert await half.is_closed()
    assert site.acceptor.count == 3
    site.provisions.gate.set()
    await entering.hears_welcome()
    assert await asking.hears_line() == b"AP-X\r\n"


async def test_a_stranger_that_has_just_spoken(site: Site) -> None:
    """It stays: what it said has come, and is only not read yet."""
    car = await site.calls()
    (stranger,) = site.acceptor.strangers()
    assert isinstance(stranger, ServerConnection)
    assert stranger.pump is not None
    stranger.pump.pause()
    await car.says(car.greeting())
    await until(lambda: stranger.pump is not None and stranger.pump.unread)
    assert not stranger.turn_away()
    stranger.pump.resume()
    await car.hears_welcome()
    assert list(site.acceptor.strangers()) == []


async def test_a_refused_caller_that_does_not_go(site: Site) -> None:
    """It is a stranger that goes first."""
    async with surfing(site) as app:
        await until(lambda: site.acceptor.connections)
        (connection,) = site.acceptor.connections
        assert connection.stage is StrangerStage.UNFINISHED
        await app.says(greeting(Role.APP, "CAR1", b"wrong"))
        await until(lambda: connection.stage is StrangerStage.LEAVING)


# -- callers that say their line and end their side at once ---------------------------------


class HungUp:
    """A caller that has said all it has to say, and reads on."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    @classmethod
    async def says(cls, site: Site, data: bytes) -> HungUp:
        """Send bytes, and end this side of the connection."""
        caller = await site.calls()
        await caller.says(data)
        caller.writer.write_eof()
        return cls(caller)

    async def reads_all(self, site: Site) -> bytes:
        """Return all that comes until the server closes; it ticks meanwhile, in no time."""
        reading = asyncio.create_task(self.caller.reader.read())
        async with asyncio.timeout(PATIENCE):
            while not reading.done():
                await asyncio.sleep(0)
                site.passes(0)
        return reading.result()


async def test_a_request_for_provisioning_is_answered(site: Site) -> None:
    """`printf 'AP-C …' | socat` gets its record, and is closed then."""
    site.provisions.records["VIN"] = ProvisionRecord("tok", "dig", "rec")
    caller = await HungUp.says(site, b"AP-C 0 VIN\r\nAP-C 0 VIN\r\n")
    assert await caller.reads_all(site) == b"AP-S 0 tok dig rec\r\nAP-X\r\n"


@pytest.mark.parametrize("role", [Role.CAR, Role.APP, Role.BATCH])
async def test_a_welcome_is_answered(site: Site, role: Role) -> None:
    """A welcome alone gets the server's, and an app what is stored."""
    session = Session(Party.CALLER, CALLER_TOKEN)
    caller = await HungUp.says(site, session.send_welcome(role, "CAR1", SECRET))
    events = list(session.receive_data(await caller.reads_all(site)))
    assert session.state is State.OPEN
    assert (Message("T", b"0") in events) is (role is not Role.CAR)


async def test_a_batch_command_is_answered(site: Site) -> None:
    """An owner's batch client gets the car's answer, though it ended its side at once."""
    site.accounts.owners["me"] = ("pw", ("CAR1",))
    car = await site.enters(Role.CAR)
    await car.says(car.session.send(Message("a")))
    caller = await HungUp.says(site, b"MP-B 1 me pw *\r\nC11\r\n")
    assert (await car.hears_messages(2))[-1] == "C11"
    site.passes(HALF_CLOSE_TIMEOUT - 1)
    await car.says(car.session.send(Message("c", b"11,0")))
    assert (await caller.reads_all(site)).endswith(b"c11,0\r\n")


async def test_nobody_is_kept_half_closed_for_long(site: Site) -> None:
    """An answer that takes too long is not waited for, and an app is not counted meanwhile."""
    site.accounts.owners["me"] = ("pw", ("CAR1",))
    car = await site.enters(Role.CAR)
    await car.says(car.session.send(Message("a")))
    caller = await HungUp.says(site, b"MP-B 1 me pw *\r\nC11\r\n")
    assert (await car.hears_messages(2))[-1] == "C11"
    await until(lambda: any(each._half_closed is not None for each in site.acceptor.connections))
    site.passes(HALF_CLOSE_TIMEOUT - 0.1)
    assert len(site.acceptor.connections) == 2
    site.passes(0.1)
    assert b"c11" not in await caller.reads_all(site)
    app = await HungUp.says(site, b"MP-A 1 me pw *\r\nC11\r\n")
    await app.reads_all(site)
    await until(lambda: len(site.acceptor.connections) == 1)


# -- what is counted ------------------------------------------------------------------------


def counted(site: Site) -> dict[str, int]:
    """Return how many connections there are of each kind."""
    return {kind: each.connections for kind, _, each in site.acceptor.counts if each.connections}


async def test_connections_count_by_kind(site: Site) -> None:
    """A caller is a stranger until its welcome, then what it said it is, and nothing at its end."""
    site.accounts.owners["me"] = ("pw", ("CAR1",))
    stranger = await site.calls()
    await site.enters(Role.CAR)
    app = await site.enters(Role.APP)
    await site.enters(Role.BATCH)
    await site.enters(Role.SERVER, "PEER")
    assert counted(site) == {"stranger": 1, "car": 1, "app": 1, "batch": 1, "server": 1}
    app.writer.close()
    await stranger.says(b"MP-A 1 me pw *\r\n")
    await until(lambda: "stranger" not in counted(site))
    await until(lambda: counted(site)["app"] == 1)
    assert site.acceptor.welcomes == {"accepted": 4}


async def test_messages_count_by_kind(site: Site) -> None:
    """What a car says counts once as received, and as sent for each app that hears it."""
    car = await site.enters(Role.CAR)
    apps = [await site.enters(Role.APP) for _ in range(2)]
    for app in apps:
        await app.hears_messages(2)
    await until(lambda: site.acceptor.counts.of("car", "plain").messages_received == 2)
    of_apps = site.acceptor.counts.of("app", "plain")
    before = of_apps.messages_sent
    said = car.session.send(Message("S", b"80"))
    came = site.acceptor.counts.of("car", "plain").bytes_received
    await car.says(said)
    for app in apps:
        assert await app.hears_messages(2) == ["S80", "T0"]
    assert of_apps.messages_sent - before == 4
    of_cars = site.acceptor.counts.of("car", "plain")
    assert of_cars.messages_received == 3
    assert of_cars.bytes_received - came == len(said)


async def test_refusals_count_by_reason(site: Site) -> None:
    """Wrong secret, unknown vehicle, wrong password, and what is no welcome, are told apart."""
    for line in (
        greeting(Role.APP, "CAR1", b"wrong"),
        greeting(Role.APP, "NONE"),
        b"MP-A 1 me wrong *\r\n",
        b"what is this\r\n",
    ):
        caller = await site.calls()
        await caller.says(line)
        async with asyncio.timeout(PATIENCE):
            await caller.reader.read()
    await until(lambda: not site.acceptor.connections)
    assert site.acceptor.refusals == {
        "wrong_secret": 1, "unknown_vehicle": 1, "wrong_password": 1, "no_protocol": 1
    }  # fmt: skip
    assert site.acceptor.welcomes == {"refused": 2}
    assert counted(site) == {}


async def test_a_car_without_an_answer_is_counted(site: Site) -> None:
    """While the database is away a car is not closed; that it waits is counted."""
    site.storage.error = RuntimeError("away")
    caller = await site.calls()
    await caller.says(caller.greeting())
    await until(lambda: site.acceptor.unanswered == 1)
    assert site.acceptor.refusals == {}
