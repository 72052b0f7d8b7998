from __future__ import annotations

import pytest

from ovms.protocol import Message, Role
from ovms.protocol.messages import LatestMessage
from ovms.server.hub.room import TakenOver
from ovms.server.peers.link import CLAIM_AHEAD_LIMIT, WAITING_LIMIT, Flooded, PeerLine, PeerLink
from tests.server.hub.fakes import START, make_vehicle
from tests.server.peers.fakes import FakeStore, FakeWire
from tests.server.peers.servers import Net


@pytest.fixture
def net() -> Net:
    """Return a network without servers yet."""
    return Net()


# -- a car here, an app there ---------------------------------------------------------------


async def test_an_app_sees_a_car_at_another_server(net: Net) -> None:
    """What the car says reaches the apps of both servers, and both keep it."""
    one, two = net.server(), net.server()
    await net.join(one, two)
    near, far = await one.app(), await two.app()
    car = await one.car()
    assert near.hears() == far.hears() == ["Z1"]
    await car.says("S80", "F1.0,VIN", "Xodd", "\xe9unknown")
    heard = ["S80", "T0", "F1.0,VIN", "f9.9.9", "T0", "Xodd", "T0", "\xe9unknown", "T0"]
    assert near.hears() == far.hears() == heard
    assert one.stored() == two.stored()
    await car.leaves()
    assert near.hears() == far.hears() == ["Z0"]


async def test_the_car_hears_of_apps_everywhere(net: Net) -> None:
    """The count is of all servers' apps, without batch clients, and follows each change."""
    one, two = net.server(), net.server()
    await net.join(one, two)
    car = await one.car()
    near, far = await one.app(), await two.app()
    await two.app(role=Role.BATCH)
    assert car.hears() == ["Z1", "Z2"]
    await near.leaves()
    await far.leaves()
    assert car.hears() == ["Z1", "Z0"]


async def test_commands_find_their_way_back(net: Net) -> None:
    """Answers reach who asked, at whichever server, in the order of asking, and nobody else."""
    one, two = net.server(), net.server()
    await net.join(one, two)
    car = await one.car()
    near, far, other = await one.app(), await two.app(), await two.app(role=Role.BATCH)
    car.hears()
    await far.says("C20,1234")
    await near.says("C20,9")
    await other.says("C7,stat,all")
    assert car.hears() == ["C20,1234"]
    await car.says("c20,0")
    assert car.hears() == ["C20,9"]
    await car.says("c20,1,wrong PIN")
    assert car.hears() == ["C7,stat,all"]
    await car.says("c7,0,one\rtwo, three")
    assert (near.hears(), far.hears(), other.hears()) == (
        ["c20,1,wrong PIN"],
        ["c20,0"],
        ["c7,0,one\rtwo, three"],
    )


async def test_a_command_that_the_car_does_not_answer(net: Net) -> None:
    """Who asked is told in time, once, and the late answer reaches nobody."""
    one, two = net.server(), net.server()
    await net.join(one, two)
    car, far = await one.car(), await two.app()
    await far.says("C20,1234")
    await net.passes(70)
    assert far.hears() == ["c20,1,no answer from the car"]
    await far.says("C20,5678")
    await car.says("c20,0", "a")
    assert car.hears()[-1] == "C20,5678"
    await car.says("c20,1,wrong PIN")
    assert far.hears() == ["c20,1,wrong PIN"]


async def test_the_car_leaves_while_it_is_asked(net: Net) -> None:
    """Who asked at the other server is told, too."""
    one, two = net.server(), net.server()
    await net.join(one, two)
    car, far = await one.car(), await two.app()
    await far.says("C20,1234", "C21,1")
    await car.leaves()
    assert far.hears() == [
        "c20,1,car is not connected", "c21,1,car is not connected", "Z0",
    ]  # fmt: skip


async def test_rows_and_answers_that_nobody_asked_for(net: Net) -> None:
    """All rows reach who asked; an answer of the car's own goes to the clients of both servers."""
    one, two = net.server(), net.server()
    await net.join(one, two)
    car, near, far = await one.car(), await one.app(), await two.app()
    await far.says("C1")
    await car.says(*(f"c1,0,{row},3,x" for row in range(3)))
    assert far.hears() == [f"c1,0,{row},3,x" for row in range(3)]
    await car.says("c41,0,balance 5")
    assert near.hears() == far.hears() == ["c41,0,balance 5"]


@pytest.mark.parametrize(
    "said", ["Z0", "Z1,9999999999999", "C20,1", "pphone,gcm,simple,key", "fmine", "EMAx", "EMEx"]
)
async def test_what_is_no_cars_to_say(net: Net, said: str) -> None:
    """A car cannot tell another server that it is gone, nor what only servers and clients say."""
    one, two = net.server(), net.server()
    await net.join(one, two)
    car, far = await one.car(), await two.app()
    await car.says("S1")
    far.hears()
    await car.says(said)
    assert far.hears() == []
    await car.says("S2")
    assert far.hears() == ["S2", "T0"]


async def test_sealed_messages(net: Net) -> None:
    """Token, state, commands and answers pass sealed; nobody on the way reads them."""
    one, two = net.server(), net.server()
    await net.join(one, two)
    car, far = await one.car(), await two.app()
    await car.says("ETtoken", "EMSsealed")
    assert far.hears() == ["ETtoken", "EMSsealed", "T0"]
    await far.says("EMCsealed")
    assert car.hears()[-1] == "EMCsealed"
    await car.says("EMcsealed")
    assert far.hears() == ["EMcsealed"]
    assert two.storage.tokens == {"CAR1": "token"}
    assert (await two.caller(Role.APP)).hears() == ["Z1", "ETtoken", "EMSsealed", "T0"]


async def test_what_apps_pass_on(net: Net) -> None:
    """A strange message of an app reaches the car at the other server, one of a batch not."""
    one, two = net.server(), net.server()
    await net.join(one, two)
    car, far, batch = await one.car(), await two.app(), await two.app(role=Role.BATCH)
    car.hears()
    await far.says("Qodd,1")
    await batch.says("Qodd,2")
    assert car.hears() == ["Qodd,1"]


async def test_records_alerts_and_groups(net: Net) -> None:
    """Each server keeps records and alerts, tells its own people; one acknowledges."""
    one, two = net.server(), net.server()
    await net.join(one, two)
    car, far = await one.car(), await two.app()
    await far.says("Gclub")
    await car.says("H*-X,1,60,plain", "h7,-10,*-X,2,60,acked", "PAcharge stopped", "gclub,80")
    for server in (one, two):
        assert [record.data for record in server.storage.history] == [
            b"plain", b"acked", b"A,charge stopped",
        ]  # fmt: skip
        assert len(server.alerts.raised) == 1
        server.storage.save()
    await net.settle()
    assert [text for text in car.hears() if text[0] == "h"] == ["h7"]
    assert far.hears() == ["PAcharge stopped", "gCAR1,CLUB,80"]


# -- coming and going -----------------------------------------------------------------------


async def test_a_link_that_comes_later(net: Net) -> None:
    """A server that is linked hears of cars that are there, and how old their messages are."""
    one, two = net.server(), net.server()
    far = await two.app()
    car = await one.car()
    await car.says("S80", "F1.0")
    net.clock.advance(100)
    await car.says("D1")
    await net.join(one, two)
    assert far.hears() == ["Z1", "F1.0", "f9.9.9", "T100", "S80", "T100", "D1", "T0"]
    assert two.storage.messages["CAR1"]["S"].time == START
    assert car.hears() == ["Z1"]


async def test_time_never_goes_backwards(net: Net) -> None:
    """What a server has of a car is not replaced by something that came earlier."""
    one, two = net.server(), net.server()
    car = await one.car()
    await car.says("Sold", "Dold")
    net.clock.advance(50)
    two.storage.put_message("CAR1", LatestMessage("S", b"new", START + 50))
    far = await two.app()
    await net.join(one, two)
    assert far.hears() == ["Z1", "Dold", "T50"]
    assert two.stored() == {"D": b"old", "S": b"new"}


async def test_a_link_that_ends(net: Net) -> None:
    """Apps hear that the car is gone, the car that apps are, and commands are refused."""
    one, two = net.server(), net.server()
    link = await net.join(one, two)
    car, far = await one.car(), await two.app()
    await far.says("C20,1234")
    car.hears()
    await net.part(link)
    assert far.hears() == ["c20,1,car is not connected", "Z0"]
    assert car.hears() == ["Z0"]
    await net.join(one, two)
    assert far.hears()[0] == "Z1"
    assert car.hears() == ["Z1"]
    await car.says("c20,0")  # nobody there has asked on this link
    assert [text for text in far.hears() if text[0] == "c"] in ([], ["c20,0"])


async def test_rooms_are_not_kept_for_nobody(net: Net) -> None:
    """When car and apps are gone, neither server holds a room."""
    one, two = net.server(), net.server()
    link = await net.join(one, two)
    car, far = await one.car(), await two.app()
    await car.leaves()
    await far.leaves()
    assert (one.hub.rooms, two.hub.rooms) == ({}, {})
    await one.car()
    assert list(two.hub.rooms) == ["CAR1"]
    await net.part(link)
    assert two.hub.rooms == {}


async def test_a_car_moves_to_another_server(net: Net) -> None:
    """The connection that it left behind is closed, and both servers' apps go on hearing it."""
    one, two = net.server(), net.server()
    await net.join(one, two)
    old = await one.car()
    near, far = await one.app(), await two.app()
    new = await two.car()
    assert isinstance(old.line.error, TakenOver)
    await old.leaves()
    near.hears()
    far.hears()
    await new.says("S81")
    assert near.hears() == far.hears() == ["S81", "T0"]
    await near.says("C20,1234")
    assert new.hears()[-1] == "C20,1234"
    await new.says("c20,0")
    assert near.hears() == ["c20,0"]
    back = await one.car()
    await back.says("S82")
    assert far.hears()[-2:] == ["S82", "T0"]


async def test_a_repeated_welcome_moves_no_car(net: Net) -> None:
    """Who has sent nothing that decrypts is nobody to the other server."""
    one, two = net.server(), net.server()
    await net.join(one, two)
    car = await one.car()
    thief = await two.caller(Role.CAR)
    assert car.is_there
    await car.says("S80")
    assert (thief.hears(), two.stored()) == (["A"], {"S": b"80"})


async def test_two_servers_that_both_have_the_car(net: Net) -> None:
    """Where each claims it at the same moment, the car's next login settles it."""
    one, two = net.server(), net.server()
    first, second = await one.car(), await two.car()
    await net.join(one, two)
    for car in (first, second):
        await car.leaves()
    app = await one.app()
    again = await two.car()
    await again.says("S80")
    assert app.hears()[-2:] == ["S80", "T0"]
    await app.says("C20,1")
    assert again.hears()[-1] == "C20,1"


@pytest.mark.parametrize("ahead", [9_999_999_999_999_999, CLAIM_AHEAD_LIMIT + 1])
async def test_a_claim_far_in_the_future(net: Net, ahead: int) -> None:
    """It counts as one that is a minute ahead: a car that logs in later is heard all the same."""
    one, two, wrong = net.server(), net.server(), net.server()
    await net.join(one, two)
    link = await net.join(two, wrong, "WRONG")
    now = int(net.clock.time() * 1000)
    claim = ahead if ahead > now else now + ahead
    await link.ends[0].receive(b"CAR1,Z,1,%d" % claim)
    room = two.hub.rooms["CAR1"]
    assert room.car is not None
    assert room.relays.claim == now + CLAIM_AHEAD_LIMIT
    await net.settle()
    net.clock.advance(CLAIM_AHEAD_LIMIT / 1000 + 1)
    car, app = await one.car(), await two.app()
    await car.says("S80")
    assert app.hears() == ["S80", "T0"]


async def test_a_claim_that_is_little_ahead(net: Net) -> None:
    """Clocks of servers differ by seconds: such a claim holds as it is."""
    one, two = net.server(), net.server()
    link = await net.join(one, two)
    claim = int(net.clock.time() * 1000) + CLAIM_AHEAD_LIMIT
    await link.ends[0].receive(b"CAR1,Z,1,%d" % claim)
    assert one.hub.rooms["CAR1"].relays.claim == claim


async def test_what_is_stored_of_cars_that_are_nowhere(net: Net) -> None:
    """A new link hears of them, with their ages; newer ones stay, and connected cars are left."""
    cars = [make_vehicle(f"CAR{number}") for number in (1, 2, 3)]
    one, two = net.server(*cars), net.server(*cars)
    link = await net.join(one, two)
    far = await two.app("CAR1")
    two.storage.put_message("CAR2", LatestMessage("S", b"newer", START - 5))
    here = await two.car("CAR3")
    store = FakeStore(
        stored=[
            ("CAR1", LatestMessage("D", b"1", START - 70)),
            ("CAR1", LatestMessage("S", b"80", START - 100)),
            ("CAR2", LatestMessage("S", b"older", START - 50)),
            ("CAR3", LatestMessage("S", b"elsewhere", START - 50)),
        ],
        page=1,
    )
    await link.ends[0].tell_stored(store, START - 99, START)
    await net.settle()
    assert far.hears() == ["D1", "T70"]
    await link.ends[0].tell_stored(store, 0.0, START)
    await net.settle()
    assert far.hears() == ["S80", "T100"]
    assert two.storage.messages["CAR1"]["S"].time == START - 100
    assert (two.stored("CAR2"), two.stored("CAR3")) == ({"S": b"newer"}, {})
    assert sorted(two.hub.rooms) == ["CAR1", "CAR3"]
    await here.leaves()


async def test_vehicles_that_the_other_server_has_just_learnt_of(net: Net) -> None:
    """All is told again: a car that is here, and what is stored of one that is nowhere."""
    one, two = net.server(make_vehicle(), make_vehicle("CAR2")), net.server(make_vehicle("X"))
    link = await net.join(one, two)
    car = await one.car()
    await car.says("S80")
    store = FakeStore(stored=[("CAR2", LatestMessage("S", b"70", START - 9))])
    assert two.storage.messages == {}
    two.storage.vehicles |= {each.id: each for each in (make_vehicle(), make_vehicle("CAR2"))}
    for _ in range(2):
        await link.ends[0].tell_again(store, net.clock, ["CAR1", "CAR2", "NOSUCH"])
        await net.settle()
    assert (two.stored("CAR1"), two.stored("CAR2")) == ({"S": b"80"}, {"S": b"70"})
    app = await two.app()
    assert car.hears()[-1] == "Z1"
    await app.says("C20,1")
    assert car.hears() == ["C20,1"]
    assert len(one.hub.rooms["CAR1"].relays.members) == 1


@pytest.mark.parametrize(
    "said",
    [
        ("T5", "C20,1"), ("T5", "h1,0,T,1,60,x"), ("T5", "ETtoken"), ("T5", "PAalert"), ("T5",),
    ],
)  # fmt: skip
async def test_what_is_no_stored_message(net: Net, said: tuple[str, ...]) -> None:
    """What is old and no state of a car changes nothing."""
    one, two = net.server(), net.server()
    link = await net.join(one, two)
    app = await one.app()
    for text in said:
        await link.ends[0].receive(f"CAR1,{text[0]},{text[1:]}".encode())
    assert (app.hears(), one.stored(), one.alerts.raised) == ([], {}, [])
    assert one.storage.tokens == {}


async def test_an_age_is_of_one_vehicle(net: Net) -> None:
    """What comes of another vehicle in between has no age, and neither has what follows."""
    cars = [make_vehicle(), make_vehicle("CAR2")]
    one, two = net.server(*cars), net.server(*cars)
    link = await net.join(one, two)
    for data in (b"CAR1,T,5", b"CAR2,S,80", b"CAR1,S,80", b"NOSUCH,T,5", b"NOSUCH,S,80"):
        await link.ends[0].receive(data)
    for vehicle_id in ("CAR1", "CAR2"):
        assert one.storage.messages[vehicle_id]["S"].time == START


async def test_an_age_beyond_all_time(net: Net) -> None:
    """A message older than Unix time is of its beginning: dates before that nobody can write."""
    one, two = net.server(), net.server()
    link = await net.join(one, two)
    for data in (b"CAR1,T,99999999999", b"CAR1,S,80"):
        await link.ends[0].receive(data)
    await two.car()
    for data in (b"CAR1,T,99999999999", b"CAR1,D,1"):
        await link.ends[0].receive(data)
    assert [kept.time for kept in one.storage.messages["CAR1"].values()] == [0, 0]


async def test_a_server_that_only_replicates(net: Net) -> None:
    """What it tells of cars that are nowhere is new; of a car that is here nothing is taken."""
    one, two = net.server(), net.server()
    link = await net.join(one, two)
    app = await one.app()
    for said in (
        b"S,80",
        b"Tx",
        b"F,1.0",
        b"H,*-X,1,60,kept",
        b"PAalert",
        b"P,Aalert",
        b"T,-5",
        b"D,1",
    ):
        await link.ends[0].receive(b"CAR1," + said)
    assert app.hears() == ["S80", "T0", "F1.0", "f9.9.9", "T0", "PAalert", "D1", "T0"]
    kept = [record.data for record in one.storage.history if record.type.startswith("*")]
    assert kept == [b"kept", b"A,alert"]
    car = await one.car()
    app.hears()
    await link.ends[0].receive(b"CAR1,L,1,2")
    assert (app.hears(), car.hears()) == ([], [])


# -- more than two --------------------------------------------------------------------------


async def test_a_server_between_two(net: Net) -> None:
    """Cars and apps of two servers meet through a third; commands find back through it."""
    one, middle, two = net.server(), net.server(), net.server()
    await net.join(one, middle, "ONE")
    await net.join(middle, two, "TWO")
    car, near, far = await one.car(), await middle.app(), await two.app()
    assert car.hears() == ["Z1", "Z2"]
    await car.says("S80")
    assert near.hears() == far.hears() == ["S80", "T0"]
    await far.says("C20,1234")
    assert car.hears() == ["C20,1234"]
    await car.says("c20,0")
    assert (near.hears(), far.hears()) == ([], ["c20,0"])
    assert one.stored() == middle.stored() == two.stored()
    new = await two.car()
    assert not car.is_there
    await new.says("S81")
    assert near.hears()[-2:] == ["S81", "T0"]
    assert one.stored() == middle.stored() == two.stored() == {"S": b"81"}


async def test_a_ring_of_servers(net: Net) -> None:
    """Where messages could go round, each server still hears the car from one side only."""
    servers = [net.server() for _ in range(4)]
    for at, server in enumerate(servers):
        await net.join(server, servers[(at + 1) % 4], f"RING{at}")
    apps = [await server.app() for server in servers]
    car = await servers[0].car()
    for app in apps:
        app.hears()
    await car.says("S80")
    assert [app.hears() for app in apps] == [["S80", "T0"]] * 4
    await apps[2].says("C20,1")
    assert car.hears()[-1] == "C20,1"
    await car.says("c20,0")
    assert apps[2].hears() == ["c20,0"]


# -- what is not shared, or strange ---------------------------------------------------------


async def test_vehicles_of_other_servers_are_not_told(net: Net) -> None:
    """A server hears only of vehicles that any server, or this one, serves."""
    cars = [make_vehicle("CAR1", server="PEER"), make_vehicle("CAR2", server="OTHER")]
    one, two = net.server(*cars), net.server(*cars)
    await net.join(one, two, "PEER")
    far = [await two.app("CAR1"), await two.app("CAR2")]
    for vehicle_id in ("CAR1", "CAR2"):
        await one.car(vehicle_id)
    assert [app.hears() for app in far] == [["Z1"], []]


@pytest.mark.parametrize(
    "data",
    [b"", b",", b"CAR1", b"CAR1,", b"NOSUCH,Z,1", b"PEER,Z,1", b"PEER,S,80", b"NOSUCH,S,80",
     b"CAR1,Z,0", b"CAR1,Z,1", b"CAR1,Z,1,x", b"CAR1,Z,1," + b"9" * 17, b"CAR1,c,20,0",
     b"\xff\xfe,Z,1", b"CAR1,z,5", b"CAR1,C,20,1", b"CAR1,Q1", b"CAR1,ETtoken", b"CAR1,f,1"],
)  # fmt: skip
async def test_strange_messages_are_passed_over(net: Net, data: bytes) -> None:
    """Garbage, unknown vehicles, and messages of cars that nobody announced change nothing."""
    cars = [make_vehicle(), make_vehicle("PEER", type="server")]
    one, two = net.server(*cars), net.server(*cars)
    link = await net.join(one, two)
    app = await one.app()
    await link.ends[0].receive(data)
    await net.settle()
    assert app.hears() == []
    assert one.stored() == {}
    assert list(one.hub.rooms) == ["CAR1"]


@pytest.mark.parametrize("data", [b"CAR1,z,x", b"CAR1,z,-1", b"CAR1,z,9999999", b"CAR1,z"])
async def test_a_strange_count_of_apps(net: Net, data: bytes) -> None:
    """A count that is none leaves the car at what it was told."""
    one, two = net.server(), net.server()
    link = await net.join(one, two)
    car = await one.car()
    await link.ends[0].receive(data)
    assert car.hears() == []


async def test_a_vehicle_that_is_removed(net: Net) -> None:
    """Its car and apps are closed at the server that heard of it, the other hears it go."""
    one, two = net.server(), net.server()
    await net.join(one, two)
    car, far = await one.car(), await two.app()
    one.hub.refresh([make_vehicle(secret="").change])
    await car.leaves()
    assert far.hears() == ["Z0"]


async def test_a_vehicle_that_another_server_serves_now(net: Net) -> None:
    """A server that may not know of it any more hears nothing of it from then on."""
    one, two = net.server(), net.server()
    await net.join(one, two, "PEER")
    car, far = await one.car(), await two.app()
    one.hub.refresh([make_vehicle(server="PEER").change])
    await car.says("S80")
    assert far.hears() == ["S80", "T0"]
    one.hub.refresh([make_vehicle(server="OTHER").change])
    await car.says("S79")
    await far.says("C20,1")
    assert far.hears() == ["Z0", "c20,1,car is not connected"]
    assert car.hears() == ["Z1", "Z0"]


async def test_a_car_at_a_server_that_serves_it_no_more(net: Net) -> None:
    """It counts as gone, and what that server says of it reaches nobody."""
    one, two = net.server(), net.server()
    await net.join(one, two, "PEER")
    near, car = await one.app(), await two.car()
    assert near.hears() == ["Z1"]
    one.hub.refresh([make_vehicle(server="OTHER").change])
    await car.says("S80")
    assert near.hears() == ["Z0"]


async def test_an_announced_car_whose_vehicle_is_not_known_any_more(net: Net) -> None:
    """A vehicle that goes while it is looked up is passed over."""
    one, two = net.server(), net.server()
    link = await net.join(one, two)
    del two.storage.vehicles["CAR1"]
    await one.car()
    assert link.ends[1].cars == {}


# -- the wire -------------------------------------------------------------------------------


def test_a_server_that_does_not_read(net: Net) -> None:
    """It is given up at the bound; before it, nothing is."""
    wire = FakeWire()
    link = PeerLink(wire, "PEER", net.server().hub, lambda server: True)
    wire.unsent = WAITING_LIMIT
    assert link.send(Message("r", b"x"))
    wire.unsent += 1
    assert not link.send(Message("r", b"x"))
    assert isinstance(wire.ended, Flooded)
    assert "does not read" in str(wire.ended)


async def test_a_car_that_comes_while_a_link_begins(net: Net) -> None:
    """It is announced once."""
    one, wire = net.server(), FakeWire()
    link = PeerLink(wire, "PEER", one.hub, lambda server: True)
    one.exchange.links.add(link)
    await one.car()
    await link.announce()
    assert len([text for text in wire.take() if text.startswith("rCAR1,Z,1")]) == 1
    link.close()


async def test_a_wire_that_is_gone(net: Net) -> None:
    """Sending tells so, waiting returns, and a closed link says nothing any more."""
    wire = FakeWire()
    link = PeerLink(wire, "PEER", net.server().hub, lambda server: True)
    line = PeerLine(link, "CAR1", is_car=True)
    assert line.link is link
    wire.error = ConnectionError("gone")
    assert not line.send(Message("C", b"1"))
    await line.drained()
    wire.error = None
    link.close()
    link.close()
    assert not line.send(Message("C", b"1"))
    assert wire.messages == []
