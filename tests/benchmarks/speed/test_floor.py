from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.speed import wire
from ovms.net.client import ClientConnection, WelcomeRefused, connect
from ovms.protocol import Message, Role
from ovms.protocol.crypto import stream
from ovms.protocol.records.history import AckedRecord
from ovms.protocol.records.status import Status

if TYPE_CHECKING:
    from benchmarks.speed.processes import Target


async def call(
    target: Target, role: Role, secret: bytes = wire.secret_of("CAR")
) -> ClientConnection:
    """Call as our own client does."""
    return await connect("127.0.0.1", target.port, role, "CAR", secret)


async def test_the_floor_does_what_a_server_does(floor: Target) -> None:
    """Our own clients are welcomed, answered, told the latest messages, and hear each other."""
    async with await call(floor, Role.CAR) as car:
        car.send_all([Message("S", b"80,K"), Message("h", b"17,0,X,1,60,d"), Message("A")])
        assert [await car.receive(), await car.receive()] == [Message("h", b"17"), Message("a")]
        async with await call(floor, Role.APP) as app:
            greeting = [await app.receive() for _ in range(3)]
            assert greeting == [Message("Z", b"1"), Message("S", b"80,K"), Message("T", b"0")]
            car.send(Message("S", b"79,K"))
            assert await app.receive() == Message("S", b"79,K")
            assert await app.receive() == Message("T", b"0")
            app.send(Message("C", b"7,status"))
            assert await car.receive() == Message("C", b"7,status")
            car.send(Message("c", b"7,0,fine"))
            assert await app.receive() == Message("c", b"7,0,fine")


async def test_the_floor_checks_the_secret(floor: Target) -> None:
    """Who does not know the secret is not welcomed by the floor either."""
    with pytest.raises(WelcomeRefused):
        await call(floor, Role.CAR, b"wrong")


def test_lines_are_enciphered_as_one_stream() -> None:
    """Lines that are enciphered together are deciphered one by one."""
    lines = [wire.PING, wire.report(0), wire.record(3)]
    written = wire.encipher(stream(bytes(16)), lines)
    cipher = stream(bytes(16))
    assert [wire.decipher(cipher, line.removesuffix(b"\r\n")) for line in written] == lines


def test_lengths_of_lines_tell_what_they_are() -> None:
    """An acknowledgement and a ping are known by the length of their ciphered lines."""
    last = b"MP-0 h%d" % (wire.FIRST_ACK + 899_999)
    for line, length in ((last, wire.ACK_LENGTH), (wire.PING, wire.PING_LENGTH)):
        assert [len(each) for each in wire.encipher(stream(bytes(16)), [line])] == [length]


def test_what_cars_say_is_what_a_server_reads() -> None:
    """The load's records and status can be read, and no two are the same."""
    records = [AckedRecord.parse(wire.record(each)[6:]) for each in range(50)]
    assert all(each is not None for each in records)
    assert len(set(records)) == 50
    status = Status.parse(wire.report(0)[6:])
    assert (status.soc, status.units) == (80, "K")
    assert len({wire.report(each) for each in range(300)}) == 300
