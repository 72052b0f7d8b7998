from __future__ import annotations

import pytest

from ovms.net.counts import UNCOUNTED, CountsByKind, LineCounts
from ovms.net.pump import Pump
from ovms.protocol import Message, Party, Session, State
from tests.net.ends import Caller, End, calling, listening


async def opened(end: End, caller: Caller) -> Pump:
    """Return the server's pump of a caller that is welcomed."""
    await caller.says(caller.greeting())
    await caller.hears()
    await end.until(lambda end: end.line.session.state is State.OPEN)
    return end.line


async def test_what_goes_over_a_line_counts_for_its_kind() -> None:
    """Messages and bytes, both ways, count for the kind that the connection is of just then."""
    end, counts = End(), CountsByKind(("car", "app"))
    async with listening(end) as place, calling(place) as caller:
        pump = await opened(end, caller)
        assert pump.counts is UNCOUNTED
        counts.enter(pump, "car")
        sent = caller.session.send(Message("S", b"80"))
        await caller.says(sent)
        await end.until(lambda end: len(end.messages) == 1)
        before = pump.sent
        pump.send(Message("Z", b"1"))
        pump.send_all([Message("a"), Message("h", b"1")])
        car = counts.of("car", "plain")
        assert car == LineCounts(1, 0, 3, len(sent), pump.sent - before)
        counts.enter(pump, "app")
        assert pump.send(Message("Z", b"2"))
        assert (car.connections, car.messages_sent) == (0, 3)
        assert counts.total("messages_sent") == 4
        counts.leave(pump)
        counts.leave(pump)
        assert counts.total("connections") == 0


async def test_what_cannot_be_sent_does_not_count() -> None:
    """A message that fits no line, or that comes after the end, was not sent."""
    end, counts = End(), CountsByKind(("car",))
    async with listening(end) as place, calling(place) as caller:
        pump = await opened(end, caller)
        counts.enter(pump, "car")
        assert not pump.send(Message("S", b"x" * 100_000))
        assert not pump.send_all([Message("S", b"x" * 100_000)])
        pump.close()
        assert not pump.send(Message("S"))
        assert counts.total("messages_sent") == 0


@pytest.mark.parametrize("transport", ["plain", "tls", "ws", "wss"])
def test_over_what_it_goes(monkeypatch: pytest.MonkeyPatch, transport: str) -> None:
    """TLS and WebSockets are told apart."""
    monkeypatch.setattr(Pump, "is_tls", transport in ("tls", "wss"))
    monkeypatch.setattr(Pump, "is_websocket", transport in ("ws", "wss"))
    pump = Pump(Session(Party.SERVER, "token"), End())
    counts = CountsByKind(("car",))
    counts.enter(pump, "car")
    assert [each for _, each, found in counts if found.connections] == [transport]
