"""The module in paranoid mode, and its group: against the protocol's own Sealer and Session."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.base.clock import ManualClock, SystemClock
from ovms.car.drivers import ClockDriver
from ovms.car.link import Link
from ovms.car.module import INTERVAL_ALONE, Module
from ovms.car.reports import Units
from ovms.car.vehicles.roadster import Roadster
from ovms.car.vehicles.sim import SimCar
from ovms.protocol import Message, Party, Role, Session
from ovms.protocol.commands import Answer
from ovms.protocol.paranoid import Sealer, sealed_message
from ovms.protocol.records import GroupPosition, Location, Status
from tests.car.conftest import FakeServer
from tests.car.test_link import running

START = 1_750_000_000.0
SEALER = Sealer.make("MODPASS", "PaRaNoIdToKeN012345678")
WRONG = Sealer.make("wrong", SEALER.token)


def paranoid(**options: str) -> Module:
    """Return a simulated car's module that seals."""
    return Module(SimCar(start=START, seed=1), Units.KILOMETRES, "X", sealer=SEALER, **options)  # type: ignore[arg-type]


@pytest.fixture
def module() -> Module:
    """Return a connected one."""
    made = paranoid()
    made.connect(START)
    return made


def opened(messages: list[Message]) -> list[Message]:
    """Open what is sealed."""
    return [SEALER.open(message) for message in messages]


def test_the_token_comes_first_at_each_login() -> None:
    """The same token again and again, then everything sealed."""
    module = paranoid()
    for _ in range(3):
        token, *rest = module.connect(START)
        assert token == SEALER.announcement
        assert {message.code for message in rest} == {"E"}
        assert "".join(message.code for message in opened(rest)) == "FSDLWV"
        module.disconnect()


def test_everything_is_sealed_but_what_goes_in_plain() -> None:
    """Over a day with commands, trips, alerts and a group, only A a g P are in plain."""
    module = paranoid(group="TRACK")
    module.connect(START)
    messages = module.receive(Message("A"), START)
    for second in range(0, 20_000, 5):
        messages += module.poll(START + second)
    plain = {m.code for m in messages if sealed_message(m) is None}
    assert plain == {"A", "a", "g", "P"}
    assert {m.code for m in opened(messages)} == set("SDLWgPAah")


def test_a_sealed_record_for_the_history_is_sent_once() -> None:
    """No server can acknowledge it."""
    module = paranoid()
    module.connect(START)
    told = [m for second in range(5000) for m in module.poll(START + second)]
    records = [m for m in opened(told) if m.code == "h"]
    assert len({m.data.split(b",")[0] for m in records}) == len(records) > 0
    assert len(module.delivery) == 0


def test_a_command_is_answered_in_its_own_form(module: Module) -> None:
    """Sealed when it came sealed, else in plain; what it changed is told sealed either way."""
    command = Message("C", b"22,1234")
    answer, *rest = module.receive(SEALER.seal(command), START)
    assert SEALER.open(answer) == Message("c", b"22,0") != answer
    assert {m.code for m in opened(rest)} >= {"D"}
    answer, *rest = module.receive(Message("C", b"20,1234"), START)
    assert answer == Message("c", b"20,0")
    assert {m.code for m in rest} == {"E"}


@pytest.mark.parametrize(("number", "count"), [(1, 16), (3, 32)])
def test_rows_are_sealed_one_by_one(module: Module, number: int, count: int) -> None:
    """Each row of a list is an answer of its own."""
    rows = module.receive(SEALER.seal(Message("C", b"%d" % number)), START)
    answers = [Answer.parse(SEALER.open(row).data) for row in rows]
    assert [a.is_last for a in answers if a] == [False] * (count - 1) + [True]


@pytest.mark.parametrize(
    "message",
    [
        WRONG.seal(Message("C", b"22,1234 and some more to be sure")),
        Message("E", b"MC"),
        Message("E", b"MC!!!"),
        SEALER.seal(Message("C", b"lock")),
    ],
    ids=repr,
)
def test_a_command_that_does_not_open_fails(module: Module, message: Message) -> None:
    """It gets one sealed answer that says so, so that nobody waits for it; nothing is obeyed."""
    (answer,) = module.receive(message, START)
    assert SEALER.open(answer).data.startswith(b"0,1,")
    assert answer.code == "E"


@pytest.mark.parametrize("data", [b"", b"M", b"MS" + b"A" * 8, b"Tnew", b"X", b"MZMQ=="])
def test_anything_else_sealed_is_ignored(module: Module, data: bytes) -> None:
    """A car takes nothing sealed but commands, and no token."""
    assert module.receive(Message("E", data), START) == []


def test_a_car_without_a_password_ignores_sealed_commands() -> None:
    """It could not answer them."""
    module = Module(SimCar(start=START, seed=1))
    module.connect(START)
    assert module.receive(SEALER.seal(Message("C", b"22,1234")), START) == []


@given(st.binary(max_size=60))
def test_any_sealed_bytes_get_one_answer(data: bytes) -> None:
    """Whatever comes as a sealed command, exactly one answer or all rows go out."""
    module = Module(Roadster(), sealer=SEALER)
    module.connect(0)
    answers = opened(module.receive(Message("E", b"MC" + data), 0))
    assert sum(m.code == "c" for m in answers) in (1, 16, 32)


@pytest.mark.parametrize("length", [10, 500, 700, 5000])
def test_no_sealed_line_reaches_1024_bytes(length: int) -> None:
    """Base64 in base64 stays within a car's line, too, and as much as fits is sent."""
    car = SimCar(start=START, seed=1, vin="V" * length)
    module = Module(car, sealer=SEALER)
    server, caller = Session(Party.SERVER, "S" * 22), Session(Party.CALLER, "C" * 22)
    list(server.receive_data(caller.send_welcome(Role.CAR, "TESTCAR", b"secret")))
    list(caller.receive_data(server.accept(b"secret")))
    messages = module.connect(START)
    assert max(len(caller.send(message)) for message in messages) <= 1023
    firmware = opened(messages)[1]
    assert firmware.code == "F"
    assert firmware.data.count(b"V") == min(length, 567 - len(firmware.data.split(b",")[0]) - 1)


async def test_over_the_link(server: FakeServer, random: Random) -> None:
    """The link needs to know nothing of it: each login has the token first."""
    driver = ClockDriver(clock=SystemClock(), tick=0.01)
    module = Module(SimCar(start=driver.now, seed=1), sealer=SEALER, group="TRACK")
    link = Link(module, driver, server.connect, random=random)
    async with running(link):
        await server.wait_for(codes="Eg")
    first, *rest = server.logins[0]
    assert first == SEALER.announcement
    assert "".join(m.code for m in opened(rest) if m.code != "A").startswith("FSDLWVg")


# -- groups ---------------------------------------------------------------------------------


def group_positions(messages: list[Message]) -> list[GroupPosition]:
    """Read positions as apps get them, the server's vehicle id in front."""
    return [GroupPosition.parse(b"X," + m.data) for m in messages if m.code == "g"]


def test_a_group_hears_each_position() -> None:
    """With each L a g comes that says the same, without the vehicle id; no L, no g."""
    module = Module(SimCar(start=START, seed=1), Units.KILOMETRES, group="TRACK")
    messages = module.connect(START)
    for second in range(1, 2000):
        messages += module.poll(START + second)
    places = [Location.parse(m.data) for m in messages if m.code == "L"]
    positions = group_positions(messages)
    assert [(p.latitude, p.longitude, p.speed) for p in positions] == [
        (p.latitude, p.longitude, p.speed) for p in places
    ]
    assert len(positions) > 2
    status = Status.parse(next(m.data for m in messages if m.code == "S"))
    assert (positions[0].vehicle_id, positions[0].group) == ("X", "TRACK")
    assert (positions[0].soc, positions[0].gps_lock) == (status.soc, True)
    assert len(group_positions(module.poll(START + 2000 + INTERVAL_ALONE))) == 1


def test_without_a_position_none_is_claimed() -> None:
    """Nothing before L is known at all; with a heading alone, no lock and 0, 0."""
    car = Roadster()
    module = Module(car, group="TRACK")
    assert group_positions(module.connect(0)) == []
    car.state.direction, car.state.gps_lock = 90, True
    (position,) = group_positions(module.poll(1))
    assert (position.gps_lock, position.gps_stale) == (False, -1)
    assert (position.latitude, position.longitude) == (0, 0)


def groups_of(messages: list[Message]) -> list[str]:
    """Return L, and the groups that hear of it, in order."""
    names = {"L": "L", "g": ""}
    return [names[m.code] or m.data.decode().split(",")[0] for m in messages if m.code in names]


def test_both_groups_hear_each_position() -> None:
    """As parameters 11 and 12 say, at once when they are set; twice the same hears it once."""
    car = SimCar(start=START, seed=1)
    module = Module(car, group="STARTED", parameters={11: "RECORD", 12: "RECORD 2"})
    assert groups_of(module.connect(START)) == ["L", "STARTED", "RECORD 2"]
    assert module.poll(START + 1) == []
    order = {
        b"4,11,TRACK": ["L", "TRACK", "RECORD 2"],
        b"4,12,TRACK": ["L", "TRACK"],
        b"4,11,": ["L", "STARTED", "TRACK"],
        b"4,12,a,b": [],
        b"4,5,apn": [],
        b"4,2,K": ["L", "STARTED", "TRACK"],
    }
    for command, expected in order.items():
        assert groups_of(module.receive(Message("C", command), START + 2)) == expected, command
    (refused,) = module.receive(Message("C", b"4,11," + b"x" * 65), START + 3)
    assert refused.data.startswith(b"4,1,parameter 11 (group 1) is no name of")
    assert groups_of(module.report(START + 4)) == ["L", "STARTED", "TRACK"]


def test_who_leaves_the_last_group_is_quiet() -> None:
    """A car that is taken out of its group tells no position for that."""
    module = Module(SimCar(start=START, seed=1))
    module.connect(START)
    module.receive(Message("C", b"4,11,TRACK"), START + 1)
    told = module.receive(Message("C", b"4,11,"), START + 2)
    assert [message.code for message in told] == ["c"]


def test_groups_are_told_in_plain_in_paranoid_mode() -> None:
    """The server must read whose position it is, also of a group that was set by command."""
    module = paranoid()
    module.connect(START)
    sealed = SEALER.seal(Message("C", b"4,12,TRACK"))
    told = module.receive(sealed, START + 1)
    assert groups_of([m for m in told if m.code == "g"]) == ["TRACK"]
    assert [m.code for m in told if m.code == "L"] == []


def test_no_group_no_g() -> None:
    """A car that is in no group sends none."""
    module = Module(SimCar(start=START, seed=1))
    assert group_positions(module.connect(START)) == []


# -- the history, real time -----------------------------------------------------------------


def test_the_history_runs_in_real_time() -> None:
    """However fast the car lives, a record waits ten real seconds, and its age is real."""
    clock = ManualClock(START + 500)
    module = Module(SimCar(start=START, seed=1), clock=clock)
    module.connect(START)
    now = START
    told: list[Message] = []
    while not any(m.code == "h" for m in told):
        now += 10
        told = module.poll(now)
    assert not any(m.code == "h" for m in module.poll(now + 900))
    clock.advance(10)
    (again,) = [m for m in module.poll(now + 901) if m.code == "h" and m.data.startswith(b"1,")]
    assert again.data.startswith(b"1,-10,")
    module.disconnect()
    module.connect(now + 902)
    assert any(m.data.startswith(b"1,-10,") for m in module.poll(now + 902))
    assert module.receive(Message("h", b"1"), now + 903) == []
    clock.advance(10)
    assert not any(m.data.startswith(b"1,") for m in module.poll(now + 904) if m.code == "h")
