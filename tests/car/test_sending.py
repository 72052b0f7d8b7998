"""Commands on their way to a car: when each frame goes, and what the answer is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.car.frames import Frame
from ovms.car.trust import Trust
from ovms.car.vehicles.data.models import LONGEST_COMMAND
from ovms.car.vehicles.data.problems import VehicleTypeError
from ovms.car.vehicles.data.sending import MOST_WAITING, RETRY_AFTER
from ovms.car.vehicles.data.vehicle import DataVehicle
from ovms.car.vehicles.roadster import Roadster
from ovms.car.vehicles.roadster.simulated import SimulatedRoadster
from ovms.protocol.commands import Answer, Command, Result
from tests.car.frames import execute
from tests.car.test_vehicle_data import make

DOORS_OPEN, DOORS_LOCKED = "96 60 00 01 00", "96 60 08 01 00"


class Asked:
    """A command that was given, and its answer."""

    def __init__(self, car: DataVehicle, number: int, parameters: str = "", now: float = 0) -> None:
        self.answers: list[Answer] = []
        car.execute(Command(number, parameters), now, self.answers.append)

    @property
    def result(self) -> tuple[int, str] | None:
        """Return result and text; nothing while there is no answer."""
        if not self.answers:
            return None
        (answer,) = self.answers
        return answer.result, answer.text


def roadster() -> Roadster:
    """Return a car that may be written to."""
    return Roadster(trust=Trust.WRITE)


def hear(car: DataVehicle, data: str, now: float, bus_id: int = 0x100) -> None:
    """Have the car say something on its bus, and time pass until then."""
    car.receive(Frame(now, bus_id, bytes.fromhex(data)), now)
    car.advance(now)


def send(car: DataVehicle, now: float, problem: str | None = None) -> list[str]:
    """Do what a driver does: send what is due; its data."""
    frames = []
    while given := car.sending(now):
        frames += given
        car.sent(now, problem)
    car.advance(now)
    return [frame.data.hex(" ") for frame in frames]


def test_frames_go_at_their_time() -> None:
    """The second frame of a command waits; nothing is due before and after."""
    car, woken = roadster(), []
    car.wake = lambda: woken.append(True)
    Asked(car, 24, "1", now=100)
    assert (woken, car.next_sending) == ([True], 100)
    assert send(car, 100) == ["09 00 01"]
    assert (send(car, 100.99), car.next_sending) == ([], 101)
    assert send(car, 101) == ["09 02 01"]
    assert (send(car, 200), car.next_sending) == ([], None)


def test_a_command_is_done_when_the_car_shows_it() -> None:
    """The answer comes with the status frame, not with the sending."""
    car = roadster()
    hear(car, DOORS_OPEN, 0)
    asked = Asked(car, 20, "1234", now=1)
    assert asked.result is None
    send(car, 1)
    hear(car, DOORS_OPEN, 2)
    assert asked.result is None
    hear(car, DOORS_LOCKED, 3)
    assert asked.result == (Result.OK, "")


def test_a_car_that_says_otherwise_has_not_obeyed() -> None:
    """After its time the command has failed, and the text says what was seen."""
    car = roadster()
    hear(car, DOORS_OPEN, 0)
    asked = Asked(car, 20, "9999", now=1)
    send(car, 1)
    hear(car, DOORS_OPEN, 5.9)
    assert asked.result is None
    hear(car, DOORS_OPEN, 6)
    assert asked.result == (Result.FAILED, "the car shows no sign of it after 5 s")


def test_a_car_that_says_nothing_is_believed() -> None:
    """What was known before the command proves nothing: a sleeping car may have obeyed."""
    car = roadster()
    hear(car, DOORS_OPEN, 0)
    asked = Asked(car, 20, "1234", now=1)
    send(car, 1)
    hear(car, "80 50 00 00 00 00 00 00", 3)
    car.advance(6)
    assert asked.result == (Result.OK, "")


def test_what_was_told_before_is_no_sign() -> None:
    """A car whose bus was away may have been unlocked since: `lock` waits for what it says now."""
    car = roadster()
    hear(car, DOORS_LOCKED, 0)
    asked = Asked(car, 20, "9999", now=3600)
    send(car, 3600)
    assert asked.result is None
    hear(car, DOORS_OPEN, 3601)
    car.advance(3605)
    assert asked.result == (Result.FAILED, "the car shows no sign of it after 5 s")
    again = Asked(car, 20, "1234", now=3610)
    send(car, 3610)
    hear(car, DOORS_LOCKED, 3611)
    assert again.result == (Result.OK, "")


def test_a_command_without_a_sign_is_done_when_it_is_sent() -> None:
    """With the last of its frames."""
    car = roadster()
    asked = Asked(car, 24, "0")
    send(car, 0)
    assert asked.result is None
    send(car, 1)
    assert asked.result == (Result.OK, "")


def test_what_is_not_sent_has_failed() -> None:
    """The reason is told, and the rest of its frames does not follow."""
    car = roadster()
    asked, other = Asked(car, 11), Asked(car, 24, "2", now=0.1)
    send(car, 0, "the bus is away")
    assert asked.result == (Result.FAILED, "the bus is away")
    assert send(car, 0.5) == ["09 00 02"]
    assert other.result is None


def test_each_command_is_sent_by_itself() -> None:
    """One that cannot be sent is no reason to give another one again: a garage door moves twice."""
    car = roadster()
    hear(car, DOORS_OPEN, 0)
    asked = [Asked(car, 18), Asked(car, 24, "1"), Asked(car, 18)]
    problems = iter([None, "full", None, "full"])
    given = []
    while frames := car.sending(0):
        given.append([frame.data.hex() for frame in frames])
        car.sent(0, next(problems))
    car.advance(0)
    assert given[:3] == [["0a"], ["090001"], ["0a"]]
    assert len(given[3]) == 3
    ok = (Result.OK, "")
    assert [each.result for each in asked] == [ok, (Result.FAILED, "full"), ok]


def test_a_frame_never_leaves_late() -> None:
    """Whoever asked has been told that it failed, and has perhaps asked again."""
    car = roadster()
    asked = Asked(car, 24, "1", now=0)
    assert send(car, 0) == ["09 00 01"]
    assert send(car, LONGEST_COMMAND + 0.1) == []
    assert asked.result == (Result.FAILED, "it could not be sent in time")
    assert car.next_sending is None
    asked = Asked(car, 11, now=100)
    car.advance(100 + LONGEST_COMMAND - 8 + 0.1)
    assert asked.result == (Result.FAILED, "it could not be sent in time")
    assert send(car, 200) == []
    asked = Asked(car, 24, "1", now=300)
    send(car, 300)
    assert send(car, 300 + LONGEST_COMMAND) == ["09 02 01"]
    assert asked.result == (Result.OK, "")


@given(st.data())
def test_each_command_has_one_answer_in_time(data: st.DataObject) -> None:
    """Whatever the bus takes, whenever it is looked at, and whatever the car says."""
    car, now = roadster(), 0.0
    asked: list[tuple[float, Asked]] = []
    commands = st.sampled_from([(11, ""), (18, ""), (20, "1"), (22, "1"), (24, "1"), (15, "20")])
    for _ in range(data.draw(st.integers(1, 8))):
        asked.append((now, Asked(car, *data.draw(commands), now=now)))
        now += data.draw(st.sampled_from((0, 0.1, 0.9, 1, 6, 20)))
        send(car, now, data.draw(st.sampled_from((None, None, "the bus is away"))))
        if data.draw(st.booleans()):
            hear(car, data.draw(st.sampled_from((DOORS_OPEN, DOORS_LOCKED))), now)
        for at, each in asked:
            assert each.result or now - at <= LONGEST_COMMAND
    for _ in range(int(LONGEST_COMMAND) + 1):
        now += 1
        send(car, now)
    assert all(each.result for _, each in asked)
    assert car.next_sending is None


def test_parameters_are_part_of_what_is_expected() -> None:
    """A limit of 20 A is no sign that 13 A was set."""
    car = roadster()
    asked = Asked(car, 15, "13")
    send(car, 0)
    hear(car, "88 7F FF FF 00 00 14 00", 1)
    assert asked.result is None
    hear(car, "88 7F FF FF 00 00 0D 00", 2)
    assert asked.result == (Result.OK, "")


def test_wrong_parameters_are_refused_at_once() -> None:
    """Nothing is sent."""
    car = roadster()
    assert execute(car, Command(15, "200")) == Answer(
        15, Result.FAILED, "amps must be a number from 1 to 126"
    )
    assert send(car, 0) == []


def test_too_many_commands_are_refused() -> None:
    """At the bound one is taken, past it none."""
    car = roadster()
    asked = [Asked(car, 18) for _ in range(MOST_WAITING + 1)]
    refused = (Result.FAILED, "too many commands at once")
    assert [each.result for each in asked] == [None] * MOST_WAITING + [refused]
    assert len(send(car, 0)) == MOST_WAITING


# -- expectations in data -------------------------------------------------------------------

LOCK = '[commands.charge-current]\nframes = [{ id = 1, data = "{amps}" }]\n'


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ('{ charge_limit = "{volts}" }', "{volts} is no parameter that is a number"),
        ('{ charge_state = "full" }', "charge_state is never 'full'"),
        ("{ locked = true }", "locked is neither a signal of the DBC file nor a field"),
        ("{ Byte = 1 }", "Byte is neither a signal of the DBC file nor a field"),
        ("3", "a condition is a table"),
        ("{}", "a condition is a table"),
    ],
)
def test_what_cannot_be_expected(tmp_path: Path, expect: str, problem: str) -> None:
    """It is told with its line, when the folder is read."""
    with pytest.raises(VehicleTypeError) as caught:
        make(tmp_path, f"{LOCK}expect = {expect}")
    assert problem in str(caught.value.problems[0])
    assert caught.value.problems[0].line > 1


@pytest.mark.parametrize("within", ["0", "31", '"5"'])
def test_how_long_a_car_may_take_is_bounded(tmp_path: Path, within: str) -> None:
    """No longer than a server waits."""
    with pytest.raises(VehicleTypeError):
        make(tmp_path, f"{LOCK}within = {within}")


@pytest.mark.parametrize(("pause", "is_good"), [(22.5, True), (22.6, False)])
def test_a_command_is_over_before_a_server_gives_it_up(
    tmp_path: Path, pause: float, is_good: bool
) -> None:
    """Its pauses, and what the car may take then, are bounded together."""
    order = (
        f"[commands.homelink]\nparameters = {{ button = {{ unused = true }} }}\nframes = ["
        f'{{ id = 1, data = "01" }}, {{ id = 1, data = "02", after = {pause} }},'
        f'{{ id = 1, data = "03", after = {pause} }}]\nexpect = {{ soc = 3 }}\n'
    )
    if is_good:
        make(tmp_path, order)
        return
    with pytest.raises(VehicleTypeError, match=r"homelink takes 50\.2 s: nobody"):
        make(tmp_path, order)


# -- with a car that obeys ------------------------------------------------------------------


class Bus:
    """A module's car and a simulated one, joined without a bus between them."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.sim = SimulatedRoadster(say=self.said.append)
        self.car = roadster()
        self.now = 1_800_000_000.0
        self.run(11)

    def run(self, seconds: float) -> None:
        """Let both live."""
        end = self.now + seconds
        while self.now < end:
            self.now += 0.1
            frames = self.sim.poll(self.now)
            for frame in self.car.sending(self.now):
                self.car.sent(self.now)
                frames += self.sim.receive(frame, self.now)
            for frame in frames:
                self.car.receive(frame, self.now)
            self.car.advance(self.now)

    def order(self, number: int, parameters: str = "") -> int:
        """Return a command; its result, ten seconds later."""
        asked = Asked(self.car, number, parameters, self.now)
        self.run(10)
        assert asked.result is not None
        return asked.result[0]


@given(st.data())
def test_any_order_of_commands_ends_as_it_should(data: st.DataObject) -> None:
    """Whatever was commanded before, each command shows, and one with a wrong PIN does nothing."""
    bus = Bus()
    for _ in range(data.draw(st.integers(1, 6))):
        before = bus.car.state.doors_2
        number = data.draw(st.sampled_from((20, 21, 22, 23)))
        if data.draw(st.booleans()):
            bus.order(number, "99")
            assert bus.car.state.doors_2 == before
        else:
            assert bus.order(number, "1234") == Result.OK
            is_locked, is_valet = bus.car.state.is_locked, _is_valet(bus.car)
            assert {20: is_locked, 22: not is_locked, 21: is_valet, 23: not is_valet}[number]


def _is_valet(car: DataVehicle) -> bool:
    return bool(int(car.state.doors_2 or 0) & 0x10)


def test_the_charge_obeys() -> None:
    """Start, stop, mode, current and timer show in the state of the charge."""
    bus = Bus()
    state = bus.car.state
    assert bus.order(11) == Result.OK
    assert (state.charge_state, state.line_voltage, state.charge_current) == ("charging", 230, 32)
    assert bus.order(15, "13") == Result.OK
    assert (state.charge_limit, state.charge_current) == (13, 13)
    assert bus.order(12) == Result.OK
    assert (state.charge_state, state.charge_current) == ("stopped", None)
    assert bus.order(16, "3,20") == Result.OK
    assert (state.charge_mode, state.charge_limit) == (3, 20)
    assert bus.order(17, "1,90") == Result.OK
    assert (state.charge_timer_mode, state.charge_timer_start) == (1, 90)
    bus.order(24, "2")
    assert bus.said[-2:] == ["HomeLink 2 pressed", "HomeLink 2 released"]


def test_without_a_plug_no_charge_starts() -> None:
    """The command fails, since the car goes on saying that it is stopped."""
    bus = Bus()
    bus.sim = SimulatedRoadster(pilot=0)
    bus.run(11)
    assert bus.order(11) == Result.FAILED


def test_the_timer_starts_a_charge() -> None:
    """At its minute of the day."""
    bus = Bus()
    minute = int(bus.now // 60 + 10) % 1440
    assert bus.order(17, f"1,{minute}") == Result.OK
    assert bus.car.state.charge_state_number == 0x0E
    bus.run(600)
    assert bus.car.state.charge_state == "charging"


@given(st.integers(0, 0x7FF), st.binary(max_size=8), st.booleans())
def test_no_frame_upsets_a_simulated_car(bus_id: int, data: bytes, is_extended: bool) -> None:
    """Whatever comes, it goes on."""
    sim = SimulatedRoadster()
    sim.poll(0)
    for each in (bus_id, 0x102):
        sim.receive(Frame(0, each, data, is_extended), 1)
    assert len(sim.poll(10)) > 5


@pytest.mark.parametrize("goal", ["id = 0x600", 'to = "unit"'])
def test_a_question_counts_as_asked_when_it_left(tmp_path: Path, goal: str) -> None:
    """While the adapter opens it is due again soon; once it has left, after its time."""
    mapping = (
        '[[isotp]]\nname = "unit"\nrequest = 0x600\nresponse = 0x10\n'
        f'[[ask]]\nfor = "data"\n{goal}\ndata = "01 00"\nevery = 60\n'
    )
    car = DataVehicle(make(tmp_path, mapping).kind, trust=Trust.ASK)
    assert len(send(car, 0, "the bus is away")) == 1
    assert send(car, RETRY_AFTER - 0.2, "the bus is away") == []
    assert len(send(car, RETRY_AFTER, "the bus is away")) == 1
    assert len(send(car, 2 * RETRY_AFTER)) == 1
    assert send(car, 2 * RETRY_AFTER + 59.8) == []
    assert len(send(car, 2 * RETRY_AFTER + 60)) == 1


def test_a_question_of_every_moment_is_not_delayed(tmp_path: Path) -> None:
    """One that is due more often than a question is tried again is due as often when it fails."""
    ask = '[[ask]]\nfor = "data"\nid = 1\ndata = "01"\nevery = 0.5\n'
    car = DataVehicle(make(tmp_path, ask).kind, trust=Trust.ASK)
    assert [len(send(car, now, "the bus is away")) for now in (0, 0.4, 0.5, 1)] == [1, 0, 1, 1]
