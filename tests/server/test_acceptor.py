from __future__ import annotations

import asyncio
import gc

import pytest

from ovms.net.pump import Pump
from ovms.net.turns import TURN_PART
from ovms.protocol import Message, Role, State
from ovms.protocol.messages import LatestMessage
from ovms.protocol.welcome import ProvisionRecord
from ovms.server import acceptor as acceptor_module
from ovms.server.acceptor import (
    WELCOME_TIMEOUT,
)
from ovms.server.hub.room import RECORDS_BEHIND
from ovms.server.provisions import NETWORK_BURST, NETWORK_REFILL
from tests.net.ends import SECRET
from tests.server.conftest import Log
from tests.server.hub.fakes import START, make_vehicle
from tests.server.sites import Site
from tests.waiting import until

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


async def test_a_welcome_is_one_write(site: Site) -> None:
    """What a caller is told at once leaves with its welcome: a call of the system less for each."""
    caller = await site.calls()
    await caller.says(caller.greeting(Role.CAR))
    welcome, ping = (await caller.reader.read(4096)).splitlines()
    assert welcome.startswith(b"MP-S 0 ")
    assert len(ping) == 8


async def test_what_has_ended_is_free_at_once(site: Site) -> None:
    """No collection of garbage is needed for a connection: each has two ciphers of a kilobyte."""

    def pumps() -> int:
        return sum(type(each) is Pump for each in gc.get_objects())

    caller = await site.enters(Role.CAR)
    gc.collect()
    gc.disable()
    try:
        before = pumps()
        caller.writer.close()
        await until(lambda: pumps() < before)
    finally:
        gc.enable()


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


# -- other servers --------------------------------------------------------------------------


CLAIM = f"rCAR1,Z,1,{int(START * 1000)}"


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
        assert await caller.hears_the_end()
    await until(lambda: len(site.acceptor.connections) == 1)
    reasons = {line["reason"] for line in log.lines("disconnected")}
    assert reasons == {"the vehicle was removed, or its owner or its secret changed"}
    await other.says(other.session.send(Message("A")))
    assert await other.hears_messages(3) == ["Z0", "T0", "a"]
    late = await site.calls()
    await late.says(late.greeting())
    assert await late.is_closed()


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
    """While many records wait for the disk, messages come one by one, each after a pause."""
    slowed: list[int] = []
    monkeypatch.setattr(Pump, "slow_down", lambda _: slowed.append(len(site.storage.history)))
    car = await site.enters(Role.CAR)
    count = RECORDS_BEHIND + 2 * TURN_PART
    records = [f"{n},0,*-X,1,9999,x" for n in range(count)]
    await car.says(b"".join(car.session.send(Message("h", each.encode())) for each in records))
    await until(lambda: len(site.storage.history) == count)
    assert RECORDS_BEHIND <= slowed[0] < RECORDS_BEHIND + TURN_PART
    assert slowed == [*range(slowed[0], count + 1)]
    slowed.clear()
    site.storage.save()
    await car.says(car.session.send(Message("D", b"1")))
    await until(lambda: "D" in site.storage.messages.get("CAR1", {}))
    assert slowed == []


async def test_others_have_their_turn_between_connections(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes or goes while all are looked at disturbs nothing, and the late are closed."""
    monkeypatch.setattr(acceptor_module, "TICK_PART", 1)
    callers = [await site.calls() for _ in range(3)]
    site.clock.advance(WELCOME_TIMEOUT)
    parts = site.acceptor.tick_in_parts()
    next(parts)
    await until(lambda: site.acceptor.count == 2)
    leaving = next(iter(site.acceptor.connections))
    assert leaving.pump is not None
    leaving.pump.abort()
    await until(lambda: site.acceptor.count == 1)
    newcomer = await site.enters(Role.APP)
    assert len([*parts]) == 2
    assert all([await each.is_closed() for each in callers])
    assert site.acceptor.count == 1
    await newcomer.says(newcomer.session.send(Message("A")))
    assert (await newcomer.hears_messages(3))[-1] == "a"
