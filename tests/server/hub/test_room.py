from __future__ import annotations

import pytest

from ovms.protocol import Role
from ovms.protocol.codes import CODES, FromCar, FromClient
from ovms.protocol.messages import LatestMessage
from ovms.server.hub.latest import STORED_LIMIT
from ovms.server.hub.pacing import LONGEST_COMMAND, PIC_BUDGET, wire_length
from ovms.server.hub.room import FROM_CAR, FROM_CLIENT, SEALED_ALERT, TakenOver
from ovms.server.hub.waiting import HELD_LIMIT, WAITING_CARS_LIMIT, Crowded
from tests.server.hub.fakes import START, VERSION, Peer, Place, make_vehicle, message

TOKEN = "ptoken"
CLIENTS = (Role.APP, Role.BATCH)


def stored(code: str, data: bytes = b"1", age: float = 0.0, token: str = "") -> LatestMessage:
    """Make a stored message that came ``age`` seconds before the tests' clock started."""
    return LatestMessage(code, data, START - age, token)


# -- logins ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", CLIENTS)
def test_login_of_a_client(role: Role) -> None:
    """A client hears whether the car is there, F and S first, the rest, and the age of all."""
    place = Place(
        [stored(code, age=age) for code, age in zip("XDSLFW", range(60, 66), strict=True)]
    )
    assert place.joins(role).hears() == ["Z0", "F1", "S1", "D1", "L1", "W1", "X1", "T60"]
    place.car()
    assert place.joins(role).hears()[0] == "Z1"


@pytest.mark.parametrize("role", CLIENTS)
def test_login_to_an_unheard_car(role: Role) -> None:
    """Without stored messages the age is the vehicle's own."""
    place = Place(vehicle=make_vehicle(created=START - 99.9))
    assert place.joins(role).hears() == ["Z0", "T99"]


def test_ages_are_whole_seconds() -> None:
    """The age is rounded down and grows with the clock."""
    place = Place([stored("S", age=0.5), stored("D", age=100)])
    assert place.joins(Role.APP).hears()[-1] == "T0"
    place.clock.advance(0.5)
    assert place.joins(Role.APP).hears()[-1] == "T1"


def test_the_clock_was_set_back() -> None:
    """A message from the future has age 0, no negative one."""
    assert Place([stored("S", age=-500)]).joins(Role.APP).hears()[-1] == "T0"


def test_sealed_messages_at_login() -> None:
    """The token is told once, before the first sealed message; plain ones come as they are."""
    rows = [stored("F"), stored("S", b"sealed", token=TOKEN), stored("D", b"hidden", token=TOKEN)]
    place = Place(rows, make_vehicle(paranoid_token=TOKEN))
    assert place.joins(Role.APP).hears() == ["Z0", "F1", "ETptoken", "EMSsealed", "EMDhidden", "T0"]


def test_void_sealed_messages_are_not_restored() -> None:
    """What was sealed under another token is of no use to anybody."""
    place = Place([stored("S", token="old"), stored("D")], make_vehicle(paranoid_token=TOKEN))
    assert place.joins(Role.APP).hears() == ["Z0", "D1", "T0"]


def test_token_without_sealed_messages() -> None:
    """A token is told at login if the car that is there has told it, not if it is an old one."""
    place = Place(vehicle=make_vehicle(paranoid_token=TOKEN))
    assert place.joins(Role.APP).hears() == ["Z0", "T0"]
    car = place.car()
    assert place.joins(Role.APP).hears() == ["Z1", "T0"]
    car.says("ETptoken")
    assert place.joins(Role.APP).hears() == ["Z1", "ETptoken", "T0"]
    car.leaves()
    assert place.joins(Role.APP).hears() == ["Z0", "T0"]


# -- who is there ---------------------------------------------------------------------------


def test_login_of_a_car() -> None:
    """It is pinged; with its proof clients hear Z1, it the number of apps without batch clients."""
    place = Place()
    clients = [place.app(role) for role in (Role.APP, Role.BATCH, Role.APP, Role.BATCH)]
    car = place.joins(Role.CAR)
    assert car.hears() == ["A"]
    assert [client.hears() for client in clients] == [[]] * 4
    car.says("a")
    assert car.hears() == ["Z2"]
    assert [client.hears() for client in clients] == [["Z1"]] * 4


def test_a_car_leaves() -> None:
    """Clients hear Z0, once."""
    place = Place()
    clients = [place.app(role) for role in CLIENTS]
    car = place.car()
    for client in clients:
        client.hears()
    car.leaves()
    car.leaves()
    assert [client.hears() for client in clients] == [["Z0"]] * 2


def test_apps_come_and_go() -> None:
    """The car hears each change of the number of apps, and nothing of batch clients."""
    place = Place()
    car = place.car()
    first = place.app()
    batch = place.app(Role.BATCH)
    second = place.app()
    assert car.hears() == ["Z1", "Z2"]
    batch.leaves()
    first.leaves()
    first.leaves()
    second.leaves()
    assert car.hears() == ["Z1", "Z0"]


def test_apps_do_not_hear_of_each_other() -> None:
    """An app that comes or goes is nothing to the others."""
    place = Place([stored("S")])
    place.car()
    app = place.app()
    other = place.app()
    other.leaves()
    assert app.hears() == []


def test_presence_is_kept() -> None:
    """The storage knows at any time who is there."""
    place = Place()
    seen = []

    def look() -> None:
        seen.append(place.storage.presence["CAR1"])

    car, app, batch = place.joins(Role.CAR), place.joins(Role.APP), place.joins(Role.BATCH)
    look()
    car.says("a")
    look()
    for peer in (car, app, batch):
        peer.leaves()
        look()
    assert seen == [(False, 1, 1), (True, 1, 1), (False, 1, 1), (False, 0, 1), (False, 0, 0)]


def test_a_closed_room_keeps_nothing() -> None:
    """Who leaves a closed room does not overwrite what another room of the vehicle keeps."""
    place = Place()
    car, app = place.car(), place.app()
    place.room.close(ValueError("removed"))
    assert place.storage.presence["CAR1"] == (False, 0, 0)
    place.storage.put_presence("CAR1", car=True, apps=1, batch=0)
    car.leaves()
    app.leaves()
    assert place.storage.presence["CAR1"] == (True, 1, 0)
    assert isinstance(app.line.error, ValueError)


# -- what a car says ------------------------------------------------------------------------


def test_fan_out() -> None:
    """Each stored message reaches every client, then T0; behind F also the server's version."""
    place = Place()
    car = place.car()
    clients = [place.app(role) for role in CLIENTS]
    car.hears()
    car.says("S80,M", "F3.3.005,VIN")
    for client in clients:
        assert client.hears() == ["S80,M", "T0", "F3.3.005,VIN", f"f{VERSION}", "T0"]
    assert car.hears() == []


@pytest.mark.parametrize("number", range(1, 256))
def test_codes_of_a_car(number: int) -> None:
    """Every code without a meaning of its own is stored and forwarded, byte for byte."""
    code, data = chr(number), bytes(range(256)).decode("latin-1")
    place = Place()
    car, app = place.car(), place.app()
    car.hears()
    car.says(code + data, code)
    is_dropped = code in "AaCcEgHhPpZTf"
    if not is_dropped:
        version = [f"f{VERSION}"] if code == "F" else []
        assert app.hears() == [code + data, *version, "T0", code, *version, "T0"]
        assert place.stored == {code: LatestMessage(code, b"", START)}
        assert place.joins(Role.APP).hears() == ["Z1", code, "T0"]
    else:
        said = {"c": ["c" + data, "c"], "P": ["P" + data]}
        assert app.hears() == said.get(code, [])
        assert place.stored == {}
    assert ("a" in car.hears()) is (code == "A")


def test_stored_exactly() -> None:
    """Bytes that are not UTF-8 are kept and given out as they came, with the time they came at."""
    place = Place()
    car = place.car()
    place.clock.advance(5)
    car.says("F\xff\xfe\x00,\xc3")
    assert place.stored == {"F": LatestMessage("F", b"\xff\xfe\x00,\xc3", START + 5)}
    place.clock.advance(7)
    assert place.joins(Role.APP).hears() == ["Z1", "F\xff\xfe\x00,\xc3", "T7"]


def test_stored_at_the_bound() -> None:
    """So much is kept a vehicle; one byte past it is forwarded only, and others stay."""
    place = Place()
    car, app = place.car(), place.app()
    half = "x" * (STORED_LIMIT // 2)
    car.says("X" + half, "Y" + half)
    assert set(place.room.latest.by_code) == {"X", "Y"}
    app.hears()
    car.says("S8")
    assert app.hears() == ["S8", "T0"]
    assert set(place.room.latest.by_code) == set(place.stored) == {"X", "Y"}
    car.says("X" + half[1:], "S8", "S")
    assert set(place.room.latest.by_code) == {"X", "Y", "S"}


def test_bound_counts_what_was_restored_and_not_what_is_void() -> None:
    """What the store gave counts; what a new token voids leaves its room to others."""
    place = Place()
    half = b"x" * (STORED_LIMIT // 2)
    car = place.car()
    car.says("ETone")
    place.room.latest.restore(
        [LatestMessage("X", half, START), LatestMessage("Y", half, START, "one")]
    )
    car.says("S8")
    assert set(place.room.latest.by_code) == {"X", "Y"}
    car.says("ETtwo", "D" + half.decode(), "S8")
    assert set(place.room.latest.by_code) == {"X", "D"}
    car.says("D" + half.decode()[1:], "S88", "S8")
    assert place.room.latest.by_code["S"].data == b"8"


def test_token_of_a_car() -> None:
    """A new token reaches the clients, is kept, and voids what was sealed; plain messages stay."""
    place = Place()
    car, app = place.car(), place.app()
    car.says("D1", "ETone", "EMSsealed", "ETone")
    assert app.hears() == ["D1", "T0", "ETone", "EMSsealed", "T0", "ETone"]
    assert place.stored["S"] == LatestMessage("S", b"sealed", START, "one")
    assert set(place.room.latest.by_code) == {"D", "S"}
    car.says("ETtwo")
    assert set(place.room.latest.by_code) == {"D"}
    assert place.storage.tokens == {"CAR1": "two"}
    assert place.joins(Role.APP).hears() == ["Z1", "D1", "ETtwo", "T0"]


def test_sealed_and_plain_messages_of_one_code() -> None:
    """The later one replaces the earlier, sealed or not."""
    place = Place()
    car = place.car()
    car.says("Splain", "ETone", "EMSsealed")
    assert place.joins(Role.APP).hears() == ["Z1", "ETone", "EMSsealed", "T0"]
    car.says("Splain")
    assert place.joins(Role.APP).hears() == ["Z1", "Splain", "ETone", "T0"]


def test_sealed_history_and_alerts_are_only_forwarded() -> None:
    """What is sealed and no latest message reaches the clients and is not stored."""
    place = Place()
    car, app = place.car(), place.app()
    car.says("ETone")
    app.hears()
    for code in "HhPpGgZTfC":
        car.says(f"EM{code}sealed")
        assert app.hears() == [f"EM{code}sealed"]
    assert place.stored == {}
    assert [each.text for each in place.alerts.raised] == [SEALED_ALERT]


@pytest.mark.parametrize("text", ["E", "EM", "EMAx", "EMax", "EMEx", "EX", "Exyz"])
def test_broken_sealed_messages(text: str) -> None:
    """An E that is neither token nor sealed message does nothing."""
    place = Place()
    car, app = place.car(), place.app()
    car.hears()
    car.says("ETone", text)
    assert app.hears() == ["ETone"]
    assert car.hears() == []
    assert place.stored == {}


def test_sealed_without_a_token() -> None:
    """What nobody has a token for is not stored as if it were plain."""
    place = Place()
    car, app = place.car(), place.app()
    car.says("EMSsealed")
    assert app.hears() == ["EMSsealed"]
    assert place.stored == {}
    car.says("ETone", "EMSsealed", "ET")
    assert place.joins(Role.APP).hears() == ["Z1", "T0"]


# -- what clients say -----------------------------------------------------------------------


@pytest.mark.parametrize("role", [*CLIENTS, Role.CAR])
def test_pings_are_answered(role: Role) -> None:
    """Whoever pings gets an answer, and nobody else hears of it."""
    place = Place()
    car = place.car()
    peer = car if role is Role.CAR else place.app(role)
    car.hears()
    peer.says("A", "Aanything", "a")
    assert peer.hears() == ["a", "a"]
    assert role is Role.CAR or car.hears() == []


@pytest.mark.parametrize("number", range(1, 256))
async def test_codes_of_a_client(number: int) -> None:
    """Other codes of an app go to the car as they came, those of a batch client nowhere."""
    code = chr(number)
    place = Place()
    app, batch, other = place.app(), place.app(Role.BATCH), place.app()
    app.says(code + "\xff,1")
    car = place.car()
    for client in (app, batch, other):
        client.hears()
    app.says(code + "\xff,1")
    is_special = code in "AaCEGPcgpTZf"
    assert car.hears() == ([] if is_special else [code + "\xff,1"])
    batch.says(code + "\xff,1")
    await place.settle()
    assert car.hears() == []
    assert other.hears() == (["P\xff,1"] * 2 if code == "P" else [])
    assert place.stored == {}


def test_passed_on_at_the_bound() -> None:
    """A line that a module cannot hold is not passed on."""
    place = Place()
    car, app = place.car(), place.app()
    car.hears()
    longest = (LONGEST_COMMAND - 2) // 4 * 3 - len("MP-0 X")
    assert wire_length(message("X" + "x" * longest)) <= LONGEST_COMMAND
    place.passes(1)
    app.says("X" + "x" * longest, "X" + "x" * (longest + 1))
    assert car.hears() == ["X" + "x" * longest]


def test_commands_that_wait_are_short() -> None:
    """A command of any length is refused in its turn, and takes no more memory than a short one."""
    place = Place()
    car, app = place.car(), place.app()
    app.says("C20", *["C7," + "x" * 60_000] * 3, "EMC" + "x" * 60_000)
    assert all(len(turn.message.data) == LONGEST_COMMAND + 1 for turn in app.member.turns)
    assert len(app.member.turns) == 4
    assert app.hears() == []
    car.says("c20,0")
    assert app.hears() == ["c20,0", *["c7,1,command too long"] * 3]


def test_what_a_car_cannot_hold() -> None:
    """A command too long for its module is refused, a sealed or passed on one is dropped."""
    place = Place()
    car, app, other = place.car(), place.app(), place.app()
    car.says("F3.1.4/TR2.0/V2/pic,VIN")
    app.hears(), other.hears(), car.hears()
    place.passes(1)
    longest = (PIC_BUDGET - 2) // 4 * 3 - len("MP-0 C7,")
    app.says("C7," + "x" * (longest + 1), "X" + "x" * 200, "EMC" + "x" * 200)
    assert app.hears() == ["c7,1,command too long"]
    app.says("C7," + "x" * longest)
    assert car.hears() == ["C7," + "x" * longest]
    car.says("c7,0,done", "F3.3.005,VIN")
    assert app.hears()[0] == "c7,0,done"
    app.says("C7," + "x" * (longest + 1), "C7," + "x" * LONGEST_COMMAND)
    assert car.hears() == ["C7," + "x" * (longest + 1)]
    car.says("c7,0,done")
    assert app.hears()[-2:] == ["c7,0,done", "c7,1,command too long"]
    assert "c7,0,done" not in other.hears()


def test_sealed_messages_of_clients() -> None:
    """A sealed command of any client and other sealed messages of an app go to the car."""
    place = Place()
    car, app, batch = place.car(), place.app(), place.app(Role.BATCH)
    car.hears()
    app.says("EMCone", "EMXother", "ETtoken", "E", "EM", "EMAx", "EMEx")
    assert car.hears() == ["EMCone", "EMXother"]
    batch.says("EMXother")
    assert car.hears() == []
    car.says("EMcanswer")
    place.passes(2)
    car.says("a")
    batch.says("EMCtwo")
    assert car.hears() == ["A", "EMCtwo"]


@pytest.mark.parametrize("role", CLIENTS)
def test_commands_for_an_absent_car(role: Role) -> None:
    """The server answers in its place; a sealed command, or one that is none, it drops."""
    place = Place()
    client = place.app(role)
    client.says("C20,1234", "EMCsealed", "Cx", "C", "C65536", "C7,stat")
    assert client.hears() == ["c20,1,car is not connected", "c7,1,car is not connected"]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("30", "30,1,No GPRS utilisation data available"),
        ("31", "31,1,No historical data available"),
        ("32,*-LOG-Trip,2012-01-01", "32,1,No historical data available"),
    ],
)
@pytest.mark.parametrize("is_there", [False, True])
async def test_commands_that_the_server_answers(command: str, answer: str, is_there: bool) -> None:
    """They never reach the car, and do not wait for it."""
    place = Place()
    app = place.app()
    car = place.car() if is_there else None
    other = place.app()
    other.says("C20,1234")
    app.says(f"C{command}")
    await place.settle()
    assert app.hears()[-1:] == [f"c{answer}"]
    assert car is None or car.hears()[-1:] == ["C20,1234"]


def test_answers_reach_only_the_asker() -> None:
    """Of all clients the one that asked gets the answer, all rows of it, each in turn."""
    place = Place()
    car = place.car()
    clients = [place.app(role) for role in (Role.APP, Role.BATCH, Role.APP)]
    car.hears()
    clients[0].says("C1")
    clients[1].says("C20,1234")
    assert car.hears() == ["C1"]
    rows = [f"c1,0,{n},16,x" for n in range(16)]
    car.says(*rows)
    assert car.hears() == ["C20,1234"]
    car.says("c20,0")
    assert [client.hears() for client in clients] == [rows, ["c20,0"], []]


def test_answers_that_nobody_asked_for() -> None:
    """They reach every client and are not stored."""
    place = Place()
    car = place.car()
    clients = [place.app(role) for role in CLIENTS]
    answers = ["c41,0,late", "c", "cx,y", "EMcsealed"]
    car.says(*answers)
    assert [client.hears() for client in clients] == [answers] * 2
    assert place.stored == {}


def test_the_asker_has_gone() -> None:
    """An answer to a client that has gone reaches nobody, and the next one its asker."""
    place = Place()
    car = place.car()
    gone, waiting, other = place.app(), place.app(), place.app()
    gone.says("C20", "C22")
    waiting.says("C20")
    gone.leaves()
    car.hears()
    car.says("c20,0,for the gone")
    assert car.hears() == ["C20"]
    car.says("c20,0,for the waiting")
    assert waiting.hears() == ["c20,0,for the waiting"]
    assert other.hears() == gone.hears() == []


def test_the_car_goes_while_asked() -> None:
    """Everybody who waits is told, and nothing is left for the next connection."""
    place = Place()
    car = place.car()
    first, second = place.app(), place.app()
    first.says("C20")
    second.says("C22", "EMCsealed")
    car.leaves()
    assert first.hears() == ["c20,1,car is not connected", "Z0"]
    assert second.hears() == ["c22,1,car is not connected", "Z0"]
    new = place.joins(Role.CAR)
    new.says("a")
    assert new.hears() == ["A", "Z2"]


def test_a_late_answer_reaches_nobody() -> None:
    """After the server gave up, the answer is dropped and the next command waits for a ping."""
    place = Place()
    car = place.car()
    first, second = place.app(), place.app()
    car.hears()
    first.says("C20")
    place.passes(60)
    second.says("C20")
    assert first.hears() == ["c20,1,no answer from the car"]
    assert car.hears() == ["C20", "A"]
    car.says("c20,0,late")
    assert car.hears() == []
    car.says("a")
    assert car.hears() == ["C20"]
    car.says("c20,0")
    assert second.hears() == ["c20,0"]
    assert first.hears() == []


def test_every_open_ping_is_waited_for() -> None:
    """The answer to an earlier ping does not let the next command go."""
    place = Place()
    car, app = place.car(), place.app()
    assert place.room.car is not None
    place.room.car.pacer.ping()
    app.says("C20")
    place.passes(60)
    app.says("C22")
    car.hears()
    car.says("a")
    assert car.hears() == []
    car.says("a")
    assert car.hears() == ["C22"]


# -- take-over ------------------------------------------------------------------------------


def test_take_over_with_proof() -> None:
    """A second car is pinged, and takes over with its first line that decrypts."""
    place = Place()
    old, app = place.car(), place.app()
    old.hears()
    app.hears()
    new = place.joins(Role.CAR)
    assert new.hears() == ["A"]
    assert (old.hears(), app.hears()) == ([], [])
    old.says("S1")
    assert app.hears() == ["S1", "T0"]
    new.says("a")
    assert isinstance(old.line.error, TakenOver)
    assert new.hears() == ["Z1"]
    assert app.hears() == ["Z1"]
    old.leaves()
    assert app.hears() == []
    new.says("S2")
    assert app.hears() == ["S2", "T0"]


def test_the_first_line_counts_when_taking_over() -> None:
    """Whatever a newcomer says first is the proof, and is taken as its message."""
    place = Place()
    place.car()
    app = place.app()
    place.joins(Role.CAR).says("S7")
    assert app.hears() == ["Z1", "S7", "T0"]


def test_commands_do_not_move_to_the_new_connection() -> None:
    """What the old connection was asked is refused: its answer can never come."""
    place = Place()
    place.car()
    app = place.app()
    app.says("C20")
    new = place.joins(Role.CAR)
    new.says("a")
    assert app.hears() == ["c20,1,car is not connected", "Z1"]
    app.says("C22")
    assert new.hears() == ["A", "Z1", "C22"]


def test_who_waits_is_no_car_when_the_car_goes() -> None:
    """When the car's connection ends nobody takes its place but with a proof of their own."""
    place = Place()
    old, app = place.car(), place.app()
    first, second = place.joins(Role.CAR), place.joins(Role.CAR)
    old.leaves()
    assert app.hears() == ["Z0"]
    assert second.hears() == ["A"]
    first.says("a")
    assert app.hears() == ["Z1"]
    second.leaves()
    assert app.hears() == []
    first.leaves()
    assert app.hears() == ["Z0"]


def test_a_stranger_is_no_car() -> None:
    """Without proof it reaches nobody, is told nothing, asked nothing, and counts nowhere."""
    place = Place()
    app = place.app()
    stranger = place.stranger()
    stranger.says("A", "a", "S80", "PAhelp", "c20,0", "H*-Log,1,60,x", "gFRIENDS,1,2")
    app.says("C20", "Xpassed on")
    assert app.hears() == ["c20,1,car is not connected"]
    assert stranger.hears() == ["A"]
    stranger.line.received = stranger.line.sent = 1000
    place.room.count_traffic()
    stranger.leaves()
    assert app.hears() == []
    assert not place.storage.traffic
    assert not place.storage.messages
    assert not place.storage.history
    assert not place.alerts.raised
    assert place.storage.presence["CAR1"] == (False, 1, 0)


def test_a_stranger_pushes_nobody_out() -> None:
    """The car that is there goes on, and gets the answer's asker, whatever a stranger says."""
    place = Place()
    car, app = place.car(), place.app()
    car.hears()
    app.says("C20,5")
    stranger = place.stranger()
    stranger.says("a", "c20,0", "A")
    assert app.hears() == []
    car.says("c20,0,5")
    assert app.hears() == ["c20,0,5"]
    assert not car.line.is_closed
    assert car.hears() == ["C20,5"]
    stranger.leaves()
    assert place.room.members == [car.member, app.member]


def test_what_is_said_before_the_proof_counts_from_then_on() -> None:
    """With the proof the clients hear Z1, then all that was held, in order, then the proof."""
    place = Place()
    app = place.app()
    car = place.stranger()
    car.says("A", "S1")
    assert app.hears() == []
    car.line.is_proven = True
    car.says("S2")
    assert app.hears() == ["Z1", "S1", "T0", "S2", "T0"]
    assert car.hears() == ["A", "Z1", "a"]


@pytest.mark.parametrize("excess", [0, 1])
def test_what_is_held_at_the_bound(excess: int) -> None:
    """More than so many bytes are not held; the line that proves counts however long it is."""
    place = Place()
    app = place.app()
    car = place.stranger()
    longest = "X" + "x" * (HELD_LIMIT - 1 + excess)
    car.says("Sy", longest)
    car.line.is_proven = True
    car.says("P" * 9000)
    assert ("X" in [text[0] for text in app.hears()]) is not bool(excess)


def test_the_return_of_a_refused_car_is_told_with_its_proof() -> None:
    """A stranger is no return; the owner hears of it behind Z1, before what was held."""
    place = Place()
    app = place.app()
    place.context.refused.add("CAR1")
    car = place.stranger()
    car.says("S1")
    assert app.hears() == []
    car.line.is_proven = True
    car.says("a")
    assert app.hears() == ["Z1", "PIThe car has logged in again", "S1", "T0"]


def test_a_car_that_gave_way_says_nothing_more() -> None:
    """What a closed connection still says, proven or not, is ignored."""
    place = Place()
    old, new = place.car(), place.car()
    waiting = [place.stranger() for _ in range(WAITING_CARS_LIMIT + 1)]
    app = place.app()
    waiting[0].line.is_proven = True
    for each in (old, waiting[0]):
        assert each.line.is_closed
        each.says("S1", "a")
    assert app.hears() == []
    assert place.room.car is new.member


def test_waiting_cars_at_the_bound() -> None:
    """So many may wait; with one more the oldest is closed, and the live car never."""
    place = Place()
    old = place.car()
    waiting = [place.joins(Role.CAR) for _ in range(WAITING_CARS_LIMIT)]
    assert not any(each.line.is_closed for each in waiting)
    waiting.append(place.joins(Role.CAR))
    assert [each.line.is_closed for each in waiting] == [True] + [False] * WAITING_CARS_LIMIT
    assert isinstance(waiting[0].line.error, Crowded)
    waiting[0].leaves()
    assert place.room.waiting.cars == [each.member for each in waiting[1:]]
    assert not old.line.is_closed


def test_a_repeated_token_displaces_none_that_is_fresh() -> None:
    """Where all that wait have fresh tokens it is closed, unpinged, and they still get in."""
    place = Place()
    fresh = [place.stranger() for _ in range(WAITING_CARS_LIMIT)]
    late = place.stranger(is_repeated=True)
    assert str(late.line.error) == "too many wait to prove that they are this car"
    assert late.hears() == []
    fresh[0].line.is_proven = True
    fresh[0].says("a")
    assert place.room.car is fresh[0].member


def test_a_challenger_pings() -> None:
    """A newcomer's ping is proof too, and is answered."""
    place = Place()
    place.car()
    new = place.joins(Role.CAR)
    new.says("A")
    assert new.hears() == ["A", "Z0", "a"]


def test_the_new_token_is_told_after_a_take_over() -> None:
    """What the old connection told of its token is not known of the new one."""
    place = Place()
    car = place.car()
    car.says("ETone")
    new = place.joins(Role.CAR)
    new.says("a")
    assert place.joins(Role.APP).hears() == ["Z1", "T0"]


def test_members() -> None:
    """Everybody is a member until they leave."""
    place = Place()
    peers: list[Peer] = [place.joins(role) for role in (Role.CAR, Role.CAR, Role.APP, Role.BATCH)]
    assert place.room.members == [peer.member for peer in peers]
    for peer in peers:
        peer.leaves()
    assert place.room.members == []


def test_what_is_no_command_is_dropped() -> None:
    """Without a number up to 65535 there is nothing to answer, and the next one has its turn."""
    place = Place()
    car, app = place.car(), place.app()
    car.hears()
    app.says("C", "Cx", "C65536", "C65535", "C")
    assert car.hears() == ["C65535"]
    car.says("c65535,0")
    assert app.hears() == ["c65535,0"]


def test_what_is_handled_has_a_handler() -> None:
    """The room has a handler for each code that the table says is handled, and for no other."""
    rows = CODES.values()
    assert set(FROM_CAR) == {row.code for row in rows if row.from_car is FromCar.HANDLED}
    assert set(FROM_CLIENT) == {row.code for row in rows if row.from_client is FromClient.HANDLED}


@pytest.mark.parametrize("token", ["ETtoken", None])
def test_a_sealed_firmware_brings_the_servers(token: str | None) -> None:
    """`f` follows a sealed F as a plain one, stored or not, and no other sealed message."""
    place = Place()
    car, app = place.car(), place.app()
    if token:
        car.says(token)
    app.hears()
    car.says("EMFsealed", "EMSsealed")
    age = ["T0"] if token else []
    assert app.hears() == ["EMFsealed", "f9.9.9", *age, "EMSsealed", *age]


def test_a_shell_command_without_a_comma() -> None:
    """It would crash a module: the server refuses it, in its turn, and passes on any other."""
    place = Place()
    car, app = place.car(), place.app()
    car.hears()
    app.says("C11", "C7", "C7,", "C07")
    assert (car.hears(), app.hears()) == (["C11"], [])
    car.says("c11,0")
    assert (car.hears(), app.hears()) == (["C7,"], ["c11,0", "c7,1,no text in the command"])
    car.says("c7,0")
    assert (car.hears(), app.hears()) == ([], ["c7,0", "c7,1,no text in the command"])
    place.app(Role.BATCH).says("C6")
    assert car.hears() == ["C6"]
