from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.car.answers import AnswerCallback
from ovms.car.module import INTERVAL_ALONE, INTERVAL_WATCHED, Module
from ovms.car.reports import CarIdentity, Units
from ovms.car.shell import TABLE
from ovms.car.state import CarState
from ovms.car.vehicles.roadster import Roadster
from ovms.car.vehicles.sim import SimCar
from ovms.protocol import Message, Party, Role, Session
from ovms.protocol.commands import BY_NUMBER, Answer, Command, Result
from ovms.protocol.records import Capabilities
from ovms.protocol.records.environment import Doors1, Doors2, Doors3


class FakeCar:
    """A vehicle whose state the test writes itself."""

    def __init__(self) -> None:
        self.state = CarState(
            soc=80, doors_1=Doors1(0), doors_2=Doors2(0), doors_3=Doors3(0), direction=0,
            charge_state="done", charge_state_number=4, charge_mode=0, lock_told=True,
        )  # fmt: skip
        for tyre in self.state.tyres.values():
            tyre.pressure = 250.0
        self.identity = CarIdentity("FAKE", frozenset({11, 20}), write_enabled=True)
        self.answer = Answer(11, Result.OK)

    def advance(self, now: float) -> None:
        """Stand still."""

    def execute(self, command: Command, now: float, answer: AnswerCallback) -> None:
        """Unlock on anything."""
        self.state.lock_told = False
        answer(self.answer)


@pytest.fixture
def car() -> FakeCar:
    """Return a car that stands still."""
    return FakeCar()


@pytest.fixture
def module(car: FakeCar) -> Module:
    """Return a connected module, at time 0."""
    made = Module(car, Units.KILOMETRES, "TESTCAR")
    made.connect(0)
    return made


def codes(messages: list[Message]) -> str:
    """Return the codes of messages."""
    return "".join(message.code for message in messages)


def test_everything_is_told_at_login_and_when_watchers_come(car: FakeCar) -> None:
    """Login and each rise of Z bring everything; the same or a falling Z brings nothing."""
    module = Module(car)
    assert codes(module.poll(0)) == ""
    assert codes(module.connect(0)) == "FSDLWV"
    rises = [(b"0", ""), (b"1", "FSDLWV"), (b"1", ""), (b"3", "FSDLWV"), (b"2", ""), (b"0", "")]
    for data, expected in rises:
        assert codes(module.receive(Message("Z", data), 0)) == expected


@pytest.mark.parametrize("data", [b"", b"x", b"-3", b"1,2\xff", b"9" * 400])
def test_an_odd_count_of_watchers_does_no_harm(module: Module, data: bytes) -> None:
    """A count that is none changes nothing; a negative one is nobody."""
    module.receive(Message("Z", data), 0)
    assert module.watchers >= 0


@pytest.mark.parametrize(
    ("watchers", "interval"), [(b"0", INTERVAL_ALONE), (b"2", INTERVAL_WATCHED)]
)
def test_reports_come_at_the_interval(module: Module, watchers: bytes, interval: float) -> None:
    """Without watchers every 600 s, with watchers every 60 s, not earlier."""
    module.receive(Message("Z", watchers), 0)
    assert module.poll(interval - 0.1) == []
    assert codes(module.poll(interval)) == "SDLW"
    assert module.poll(2 * interval - 0.1) == []
    assert codes(module.poll(2 * interval)) == "SDLW"


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        ("doors_1", Doors1.LEFT_DOOR, "D"),
        ("doors_1", Doors1.CAR_ON, "SDL"),
        ("doors_2", Doors2.LOCKED, "D"),
        ("doors_3", Doors3.AWAKE, "D"),
        ("lock_told", False, "D"),
        ("charge_state", "charging", "S"),
        ("charge_substate", 5, "S"),
        ("charge_mode", 3, "S"),
        ("vin", "X", "F"),
        ("soc", 79, ""),
        ("speed", 30, ""),
        ("temperature_pem", 30, "D"),  # its first reading
    ],
)
def test_changes_that_matter_are_told_at_once(
    car: FakeCar, module: Module, attribute: str, value: object, expected: str
) -> None:
    """Doors, lock, charge state and mode are told at once, and once; the rest waits."""
    car.state.charge_substate, car.state.speed = 9, 0
    module.poll(1)
    setattr(car.state, attribute, value)
    assert codes(module.poll(2)) == expected
    assert module.poll(3) == []


def test_a_battery_nobody_has_read_is_not_told_as_empty() -> None:
    """Until the car knows its charge no S goes out; a change of charging state is told anyway."""
    car = Roadster()
    module = Module(car)
    assert codes(module.connect(0)) == "FV"
    car.state.charge_limit = 70
    car.state.charge_state_number = 4
    assert module.poll(1) == []
    car.state.charge_state_number = 1
    assert codes(module.poll(2)) == "S"
    car.state.soc = 50
    assert codes(module.poll(3)) == "S"
    assert codes(module.report_all(4)) == "FSV"


def test_nothing_is_told_without_a_link(car: FakeCar, module: Module) -> None:
    """A module that is not connected gives nothing; after the next login everything."""
    module.receive(Message("Z", b"5"), 0)
    module.disconnect()
    car.state.lock_told = False
    assert module.poll(1000) == []
    assert module.report(1000) == module.report_all(1000) == []
    assert module.watchers == 0
    assert codes(module.connect(1001)) == "FSDLWV"
    assert module.poll(1002) == []


def test_a_ping_is_answered_and_the_unknown_ignored(module: Module) -> None:
    """A brings a; answers, texts of the server and unknown codes bring nothing."""
    assert module.receive(Message("A", b"junk"), 0) == [Message("a")]
    for code in "afTqE\xff":
        assert module.receive(Message(code, b"\xff,,"), 0) == []


def test_an_answer_comes_before_what_it_changed(module: Module) -> None:
    """The command's answer goes out first, then the message that shows its effect."""
    answers = module.receive(Message("C", b"11"), 0)
    assert codes(answers) == "cD"
    assert answers[0].data == b"11,0"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"12", b"12,2"),
        (b"24,0", b"24,2"),
        (b"30", b"30,2"),
        (b"999", b"999,3"),
        (b"0", b"0,3"),
        (b"65535,x", b"65535,3"),
    ],
)
def test_what_the_car_cannot_do_is_told_apart(module: Module, data: bytes, expected: bytes) -> None:
    """Known commands that this vehicle lacks are unsupported, others unimplemented."""
    assert [m.data for m in module.receive(Message("C", data), 0)] == [expected]


@pytest.mark.parametrize("data", [b"", b",", b"lock", b"-1", b"65536", b"1.5", b"\xff\xfe", b" 1"])
def test_a_command_without_a_number_fails_with_a_text(module: Module, data: bytes) -> None:
    """Even a command that is none gets one answer, so that no queue gets out of step."""
    (answer,) = module.receive(Message("C", data), 0)
    assert answer.data.startswith(b"0,1,")
    assert len(answer.data) > 5


@pytest.mark.parametrize(("number", "count"), [(1, 16), (3, 32)])
def test_features_and_parameters_come_in_rows(module: Module, number: int, count: int) -> None:
    """Commands 1 and 3 are answered by a row each, numbered from 0, only the last one the last."""
    messages = module.receive(Message("C", b"%d" % number), 0)
    answers = [Answer.parse(message.data) for message in messages]
    assert all(a and a.number == number and a.result == 0 for a in answers)
    rows = [a.parameters for a in answers if a]
    assert [row[:2] for row in rows] == [(str(at), str(count)) for at in range(count)]
    assert [a.is_last for a in answers if a] == [False] * (count - 1) + [True]


def test_parameters_say_what_the_module_runs_with(car: FakeCar) -> None:
    """What it was started with is listed; of passwords only that they are; features are not."""
    module = Module(car, Units.KILOMETRES, "TESTCAR", parameters={5: "apn", 9: "geheim"})
    rows = [m.data.decode().split(",", 4)[2:] for m in module.receive(Message("C", b"3"), 0)]
    values = {int(row[0]): row[2] for row in rows}
    expected = {2: "K", 5: "apn", 8: "TESTCAR", 9: "*"}
    assert values == {number: expected.get(number, "") for number in range(32)}


def test_capabilities_are_true(module: Module) -> None:
    """V names what the vehicle and the module obey, and nothing else."""
    (message,) = [m for m in module.report(0) if m.code == "V"]
    offered = [n for n in range(100) if Capabilities.parse(message.data).supports(n)]
    assert offered == [1, 2, 3, 4, 6, 7, 11, 20]
    restartable = Module(FakeCar(), restarts=True)
    (message,) = [m for m in restartable.connect(0) if m.code == "V"]
    assert Capabilities.parse(message.data).supports(5)


def test_settings_that_matter_are_told_at_once(module: Module) -> None:
    """Other units show in S, D and L; feature 15 in F and V; a setting set again in nothing."""
    for line, expected in (
        (b"4,2,M", "cSDL"), (b"4,2,M", "c"), (b"4,2,", "cSDL"),
        (b"2,15,0", "cFV"), (b"2,15,0", "c"), (b"4,31,1", "cFV"), (b"2,3,9", "c"),
    ):  # fmt: skip
        assert codes(module.receive(Message("C", line), 0)) == expected
    assert module.settings.units is Units.KILOMETRES


def test_other_units_do_not_tell_of_a_battery_nobody_has_read() -> None:
    """What is unknown stays untold when the units change."""
    module = Module(Roadster())
    module.connect(0)
    assert codes(module.receive(Message("C", b"4,2,K"), 0)) == "c"


def test_feature_10_limits_the_charge() -> None:
    """The module tells its vehicle the limit, if that can end a charge at one."""
    car = SimCar(start=0.0)
    module = Module(car)
    module.settings.set_feature(10, "60")
    module.report_all(1)
    assert car.charging.soc_limit == 60
    module.settings.set_feature(10, "0")
    module.report_all(2)
    assert car.charging.soc_limit is None


def test_without_feature_15_the_car_is_not_written_to(car: FakeCar, module: Module) -> None:
    """Its commands fail with a text and V has them no more; the module's own still work."""
    module.receive(Message("C", b"2,15,0"), 0)
    answers = [m for m in module.receive(Message("C", b"11"), 0) if m.code == "c"]
    assert [m.data for m in answers] == [b"11,1,writing to the car is off: set feature 15"]
    assert car.state.lock_told
    assert [m.data for m in module.receive(Message("C", b"12"), 0)] == [b"12,2"]
    made = {m.code: m.data for m in module.report(0)}
    assert (made["V"], made["F"].split(b",")[3]) == (b"C1-4,C6-7", b"0")


def test_a_vehicle_that_starts_read_only_has_feature_15_off() -> None:
    """Feature 15 begins as the vehicle says, and is then what was set."""
    module = Module(Roadster())
    assert module.settings.feature(15) == 0
    module.receive(Message("C", b"2,15,1"), 0)
    assert module.settings.feature(15) == 1
    assert [m.data for m in module.receive(Message("C", b"11"), 0)] == [b"11,2"]


def test_the_position_streams_while_watched_and_moving(car: FakeCar, module: Module) -> None:
    """Feature 8 brings an L each so many seconds, only on the way and while somebody watches."""
    car.state.doors_1 = Doors1.CAR_ON
    car.state.latitude, car.state.longitude, car.state.speed = 48.0, 11.0, 50.0
    module.receive(Message("C", b"2,8,5"), 0)
    assert [codes(module.poll(at)) for at in range(1, 20)] == [""] * 19
    module.receive(Message("Z", b"1"), 20)
    assert [codes(module.poll(at)) for at in (24.9, 25, 26, 30, 34, 35)] == [
        "", "L", "", "L", "", "L",
    ]  # fmt: skip
    car.state.speed = 0
    assert codes(module.poll(50)) == ""
    car.state.speed = 50
    assert codes(module.poll(51)) == "L"
    module.receive(Message("C", b"2,8,0"), 51)
    assert codes(module.poll(70)) == ""
    module.receive(Message("C", b"2,8,1"), 70)
    assert codes(module.poll(71)) == "L"
    car.state.doors_1 = Doors1(0)
    module.poll(72)
    assert codes(module.poll(74)) == ""


def test_a_streamed_position_is_small(car: FakeCar, module: Module) -> None:
    """A line of the stream is short: docs/module.md counts with less than 200 bytes."""
    car.state.doors_1 = Doors1.CAR_ON
    car.state.latitude, car.state.longitude, car.state.speed = -48.123456, -111.123456, 123.0
    car.state.direction, car.state.altitude, car.state.trip = 359, 1234, 1234.5
    car.state.gps_lock, car.state.battery_power, car.state.satellites = True, -12.345, 11
    car.state.energy_used, car.state.energy_recovered = 12.345, 1.234
    module.receive(Message("C", b"2,8,1"), 0)
    module.receive(Message("Z", b"1"), 1)
    _, caller = joined()
    (message,) = module.poll(10)
    assert 100 < len(caller.send(message)) < 200


def test_alerts_on_request_and_for_a_low_battery(car: FakeCar, module: Module) -> None:
    """6 and a charge below feature 9 raise an alert; the answer comes first."""
    car.state.ideal_range = 200
    messages = module.receive(Message("C", b"6"), 0)
    assert codes(messages).endswith("PA")  # a ping behind it tells that it has arrived
    assert messages[0].data == b"6,0"
    assert messages[-2].data == b"ACharging done\rSOC: 80 %\rIdeal range: 200 km"
    module.receive(Message("C", b"2,9,20"), 0)
    car.state.soc = 19
    assert not any(message.code == "P" for message in module.poll(1))
    alert, ping = module.poll(31)
    assert ping == Message("A")
    assert alert.data.startswith(b"ALow battery: below 20 %\rCharging done\rSOC: 19 %")
    assert not any(message.code == "P" for message in module.poll(61))


def test_a_restart_is_asked_for_after_the_answer(car: FakeCar) -> None:
    """5 is answered, and then the module wants to be started anew; unsupported without that."""
    module = Module(car, restarts=True)
    module.connect(0)
    assert not module.restart_requested
    assert [m.data for m in module.receive(Message("C", b"5"), 0)] == [b"5,0"]
    assert module.restart_requested
    module = Module(car)
    assert [m.data for m in module.receive(Message("C", b"5"), 0)] == [b"5,2"]
    assert not module.restart_requested


@pytest.mark.parametrize("length", [500, 700, 5000])
def test_no_line_reaches_1024_bytes(car: FakeCar, module: Module, length: int) -> None:
    """However long a configured text is, the line on the wire, its end included, is shorter."""
    car.state.vin = "V" * length
    car.answer = Answer(11, Result.FAILED, "x" * length)
    server, caller = joined()
    messages = [*module.report(0), *module.receive(Message("C", b"11"), 0)]
    lines = [caller.send(message) for message in messages]
    assert max(map(len, lines)) <= 1023
    received = [e for line in lines for e in server.receive_data(line)]
    assert len(received) == len(messages)


def joined() -> tuple[Session, Session]:
    """Return the two ends of an open connection: server and car."""
    server, caller = Session(Party.SERVER, "S" * 22), Session(Party.CALLER, "C" * 22)
    list(server.receive_data(caller.send_welcome(Role.CAR, "TESTCAR", b"secret")))
    list(caller.receive_data(server.accept(b"secret")))
    return server, caller


command_lines = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda text: f"7,{text}".encode(), st.one_of(
        st.text(max_size=40),
        st.tuples(st.sampled_from([*TABLE, "config", "metrics"]), st.text(max_size=20),
                  st.sampled_from(["", "0", "2 K", "9 *", "31", "40"])).map(" ".join))),
    st.builds(lambda number, value: b"4,%d,%b" % (number, value),
              st.integers(0, 33), st.one_of(st.binary(max_size=300), st.sampled_from([b"", b"1"]))),
    st.builds(
        lambda number, rest: b",".join([b"%d" % number, *rest]),
        st.one_of(st.sampled_from(sorted(BY_NUMBER)), st.integers(0, 70000)),
        st.lists(st.one_of(st.binary(max_size=20), st.sampled_from([b"1234", b"0", b"1", b"16"])),
                 max_size=4),
    ),
)  # fmt: skip


@given(st.lists(command_lines, min_size=1, max_size=5), st.sampled_from(["sim", "roadster"]))
def test_any_command_gets_exactly_its_answer(lines: list[bytes], kind: str) -> None:
    """Whatever a client asks, one well-formed answer comes, or all rows of a list; in order."""
    car = SimCar(start=0, seed=1) if kind == "sim" else Roadster()
    module = Module(car, restarts=True)
    module.connect(0)
    server, caller = joined()
    for now, line in enumerate(lines):
        command = Command.parse(line)
        messages = module.receive(Message("C", line), now)
        sent = [caller.send(message) for message in messages]
        assert max(map(len, sent)) < 1024
        wire = b"".join(sent)
        events = [e for e in server.receive_data(wire) if isinstance(e, Message)]
        answers = [Answer.parse(e.data) for e in events if e.code == "c"]
        number = command.number if command else 0
        expected = {1: 16, 3: 32}.get(number, 1)
        assert len(answers) == expected
        assert all(answer and answer.number == number for answer in answers)
        assert all(answer and answer.result in tuple(Result) for answer in answers)
        failed = [a.text for a in answers if a and a.result == Result.FAILED]
        assert all(text and not set(text) & set(",\r\n") for text in failed)
        assert all(b"\n" not in event.data for event in events)


@pytest.mark.parametrize("number", [4, 8, 9])
def test_whom_it_calls_is_changed_only_where_the_server_is_verified(
    car: FakeCar, number: int
) -> None:
    """Server, vehicle id and secret are refused on any other link, by text command as well."""
    module = Module(car)
    for is_verified, begins in ((False, b",1,"), (True, b",0"), (False, b",1,")):
        module.connect(0, is_verified=is_verified)
        for command in (b"4,%d,new" % number, b"4,%d," % number, b"7,config set %d new" % number):
            answer = module.receive(Message("C", command), 0)[0].data
            assert answer[1:].startswith(begins), answer
            assert is_verified or b"only over TLS" in answer
        assert module.receive(Message("C", b"4,5,apn"), 0)[0].data == b"4,0"
        module.disconnect()
