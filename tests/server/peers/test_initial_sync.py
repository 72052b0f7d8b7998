from __future__ import annotations

from ovms.base.clock import ManualClock
from ovms.protocol.messages import LatestMessage
from ovms.server.peers.initial_sync import MARGIN, last_heard, tell_all
from ovms.server.peers.link import PeerLink
from tests.server.hub.fakes import START
from tests.server.peers.fakes import FakeStore, FakeWire
from tests.server.peers.servers import Net


async def test_a_new_link_is_told_what_it_may_have_missed() -> None:
    """From some time before it was last heard: it may have been deaf before that was noticed."""
    server = Net().server()
    store = FakeStore(
        stored=[
            ("CAR1", LatestMessage("D", b"known", START - MARGIN - 100)),
            ("CAR1", LatestMessage("S", b"80", START - MARGIN - 99)),
        ],
        last_heard=START - 99.5,
    )
    wire = FakeWire()
    link = PeerLink(wire, "PEER", server.hub, lambda by: True)
    heard = await last_heard(store, "PEER", "called")
    await tell_all(link, store, heard, ManualClock(START))
    assert wire.take() == [f"rCAR1,T,{int(MARGIN + 99)}", "rCAR1,S,80"]


async def test_a_database_in_trouble_ends_no_link() -> None:
    """Cars that are here are told all the same."""
    net = Net()
    server = net.server()
    await server.car()
    store, wire = FakeStore(error=OSError("the disk is away")), FakeWire()
    link = PeerLink(wire, "PEER", server.hub, lambda by: True)
    assert await last_heard(store, "PEER", "calls") == 0.0
    await tell_all(link, store, 0.0, net.clock)
    assert wire.take() == [f"rCAR1,Z,1,{int(START * 1000)}"]
