from __future__ import annotations

from collections.abc import Callable

import pytest

from ovms.car.answers import HELD_LIMIT, Answers
from ovms.car.module import INTERVAL_ALONE, Module
from ovms.car.reports import Units
from ovms.car.vehicles.roadster import Roadster
from ovms.car.vehicles.sim import SimCar
from ovms.protocol import Message
from ovms.protocol.commands import Answer, Command, Result
from ovms.protocol.paranoid import Sealer
from ovms.protocol.records import Capabilities

PING, PONG = Message("A"), Message("a")
SEALER = Sealer.make("MODPASS", "PaRaNoIdToKeN012345678")


class SlowModem:
    """A modem that answers when the test says so."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self.network: str | None = None
        self.asked: list[tuple[Command, Callable[[Answer], None]]] = []

    def submit(self, command: Command, answer: Callable[[Answer], None]) -> None:
        """Take a command."""
        self.asked.append((command, answer))

    def answer(self, at: int, text: str = "") -> None:
        """Answer a command."""
        command, answer = self.asked[at]
        answer(Answer(command.number, Result.OK, text))


@pytest.fixture
def modem() -> SlowModem:
    """Return a modem."""
    return SlowModem()


@pytest.fixture
def module(modem: SlowModem) -> Module:
    """Return the connected module of a car with a modem, at time 0."""
    made = Module(SimCar(start=0, seed=1), Units.KILOMETRES, "X", modem=modem)
    made.connect(0)
    made.poll(0)
    return made


def ask(module: Module, data: bytes, code: str = "C") -> list[bytes]:
    """Send a message to the module; give the data of the answers that come at once."""
    return answers(module.receive(Message(code, data), 0))


def answers(messages: list[Message]) -> list[bytes]:
    """Return the data of the answers among messages; a pong as such."""
    return [m.data if m.code == "c" else b"pong" for m in messages if m.code in "ca"]


def test_order_is_the_order_of_asking() -> None:
    """What is answered waits behind what is owed, and comes with it."""
    held = Answers()
    first = held.owe(40, lambda message: message, 0, is_sealed=False)
    held.give([Message("c", b"1")])
    second = held.owe(49, lambda message: message, 0, is_sealed=False)
    assert held.take() == []
    second(Answer(49, Result.OK))
    assert held.take() == []
    first(Answer(40, Result.OK))
    assert [m.data for m in held.take()] == [b"40,0", b"1", b"49,0"]
    assert held.take() == []


def test_what_is_held_is_bounded() -> None:
    """At the bound all waits; one more, and what is owed is given up, once and for all."""
    held = Answers()
    late = held.owe(40, lambda message: message, 0, is_sealed=False)
    for _ in range(HELD_LIMIT - 1):
        held.give([PONG])
    assert held.take() == []
    held.give([PONG])
    failed, *others = held.take()
    assert failed.data.startswith(b"40,1,")
    assert others == [PONG] * HELD_LIMIT
    late(Answer(40, Result.OK))
    assert held.take() == []


@pytest.mark.parametrize("number", [b"40", b"41", b"49"])
def test_without_a_modem_its_commands_are_unsupported(number: bytes) -> None:
    """They are known, and this car has no modem: V does not list them."""
    module = Module(Roadster())
    (message,) = [m for m in module.connect(0) if m.code == "V"]
    assert not any(Capabilities.parse(message.data).supports(n) for n in (40, 41, 49))
    assert ask(module, number + b",x") == [number + b",2"]


def test_with_a_modem_the_car_can_more(module: Module, modem: SlowModem) -> None:
    """V lists its commands; F has signal and network, unknown before, at once and each interval."""
    records = {m.code: m.data.split(b",") for m in module.report(0)}
    able = Capabilities.parse(b",".join(records["V"]))
    assert all(able.supports(n) for n in (1, 3, 20, 40, 41, 49))
    assert (records["F"][2], records["F"][5]) == (b"99", b"")
    modem.signal, modem.network = 17, "Tele;com"
    (firmware,) = [m for m in module.poll(1) if m.code == "F"]
    assert firmware.data.split(b",")[2:6:3] == [b"17", b"Tele;com"]
    modem.signal = 9
    assert "F" not in {m.code for m in module.poll(2)}
    (firmware,) = [m for m in module.poll(2 + INTERVAL_ALONE) if m.code == "F"]
    assert firmware.data.split(b",")[2] == b"9"
    modem.signal = modem.network = None
    (firmware,) = [m for m in module.poll(3 + INTERVAL_ALONE) if m.code == "F"]
    assert firmware.data.split(b",")[2:6:3] == [b"99", b""]


def test_a_command_is_answered_when_the_modem_answers(module: Module, modem: SlowModem) -> None:
    """Nothing comes before; whatever else is asked meanwhile is done, and answered behind it."""
    assert ask(module, b"40,+49,text, with comma") == []
    assert modem.asked[0][0].parameters == ("+49", "text, with comma")
    assert ask(module, b"", "A") == [b"pong"]
    assert ask(module, b"20,1234") == []
    assert answers(module.poll(1)) == []
    modem.answer(0)
    assert answers(module.poll(2)) == [b"40,0", b"20,0"]
    assert answers(module.poll(3)) == []


def test_a_code_is_answered_twice(module: Module, modem: SlowModem) -> None:
    """The network's answer comes as a further one, in the order in which it came."""
    assert ask(module, b"41,*100#") == []
    modem.answer(0)
    assert answers(module.poll(1)) == [b"41,0"]
    assert ask(module, b"49,AT") == []
    modem.answer(0, "5 EUR")
    assert answers(module.poll(2)) == []
    modem.answer(1)
    assert answers(module.poll(3)) == [b"49,0", b"41,0,5 EUR"]


def test_a_modem_that_declines_at_once(module: Module) -> None:
    """Then the answer comes at once, too."""

    class Declining(SlowModem):
        def submit(self, command: Command, answer: Callable[[Answer], None]) -> None:
            answer(Answer(command.number, Result.FAILED, "no"))

    module = Module(Roadster(), modem=Declining())
    module.connect(0)
    assert ask(module, b"49,AT") == [b"49,1,no"]


def test_after_a_lost_link_late_answers_are_for_nobody(module: Module, modem: SlowModem) -> None:
    """Who asked has been told that it failed; a code that was taken before is still told."""
    ask(module, b"41,*100#")
    modem.answer(0)
    module.poll(1)
    ask(module, b"40,1,x")
    ask(module, b"20,1234")
    module.disconnect()
    modem.answer(1)
    modem.answer(0, "5 EUR")
    assert module.poll(2) == []
    module.connect(3)
    assert answers(module.poll(3)) == [b"41,0,5 EUR"]
    assert ask(module, b"11")[0].startswith(b"11,")


@pytest.mark.parametrize("length", [700, 5000])
def test_no_line_is_too_long(module: Module, modem: SlowModem, length: int) -> None:
    """A modem's long answer is cut, so that its line stays under 1024 bytes."""
    ask(module, b"49,ATI")
    modem.answer(0, "ä" * length)
    (message,) = [m for m in module.poll(1) if m.code == "c"]
    assert (len(message.plain) + 2) // 3 * 4 + 2 < 1024


def test_sealed_commands_have_sealed_answers_in_order(modem: SlowModem) -> None:
    """Those show no number, so even a ping, by which servers keep step, waits for its turn."""
    module = Module(SimCar(start=0, seed=1), sealer=SEALER, modem=modem)
    module.connect(0)
    module.poll(0)
    assert module.receive(SEALER.seal(Command(40, "1,x").message), 0) == []
    assert module.receive(PING, 0) == []
    told = module.receive(SEALER.seal(Command(11).message), 0)
    assert not [m for m in told if m == PONG or SEALER.open(m).code == "c"]
    assert module.receive(Message("E", b"MC!"), 0) == []
    modem.answer(0)
    first, pong, second, third, *_ = map(SEALER.open, module.poll(1))
    assert (first, pong) == (Message("c", b"40,0"), PONG)
    assert second.data.startswith(b"11,")
    assert third.data.startswith(b"0,1,")
    assert module.receive(PING, 1) == [PONG]
