"""Whatever is commanded to a car on a bus, and however that is: one answer comes, in time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovms.car.frames import Frame
from ovms.car.module import Module
from ovms.car.trust import Trust
from ovms.car.vehicles.roadster import Roadster
from ovms.car.vehicles.roadster.simulated import SimulatedRoadster
from ovms.protocol import Message
from ovms.protocol.commands import Answer, Command, Result
from tests.car.test_module import command_lines

START = 1_800_000_000.0
PATIENCE = 60
"""Seconds that a server waits for an answer."""

OBEYS, SILENT, AWAY, SAYS_OTHERWISE = FATES = ("obeys", "silent", "away", "says otherwise")

orders = st.one_of(
    command_lines,
    st.sampled_from([b"10,3", b"11", b"12", b"15,13", b"16,0,20", b"17,1,90", b"18", b"19",
                     b"20,1234", b"20,9999", b"21,1234", b"22,1234", b"23,1234", b"24,1"]),
)  # fmt: skip


class ModuleInCar:
    """A module in a Roadster that may be written to, and what becomes of its frames."""

    def __init__(self, fate: str) -> None:
        self.now = START
        self.fate = fate
        self.sim = SimulatedRoadster()
        self.car = Roadster(trust=Trust.WRITE)
        self.module = Module(self.car, restarts=True)
        self.module.connect(self.now)
        self.module.receive(Message("C", b"2,15,1"), self.now)
        self.run(11)

    def run(self, seconds: float) -> list[Message]:
        """Let time pass as a driver does; what the module says."""
        said: list[Message] = []
        for _ in range(int(seconds * 4)):
            self.now += 0.25
            heard = self.sim.poll(self.now) if self.fate != SILENT else []
            while frames := self.car.sending(self.now):
                self.car.sent(self.now, "the bus is away" if self.fate == AWAY else None)
                heard += self._reach(frames)
            for frame in heard:
                self.car.receive(frame, self.now)
            said += self.module.poll(self.now)
        return said

    def _reach(self, frames: list[Frame]) -> list[Frame]:
        if self.fate != OBEYS:
            return []
        return [answer for frame in frames for answer in self.sim.receive(frame, self.now)]

    def answers(self, line: bytes) -> list[Answer | None]:
        """Return a command; all answers until nobody waits any more."""
        messages = [*self.module.receive(Message("C", line), self.now), *self.run(PATIENCE)]
        return [Answer.parse(message.data) for message in messages if message.code == "c"]


@settings(max_examples=60)
@given(st.lists(orders, min_size=1, max_size=3), st.sampled_from(FATES))
def test_any_command_gets_exactly_its_answer(lines: list[bytes], fate: str) -> None:
    """One well-formed answer, or all rows of a list, before a server gives up."""
    driven = ModuleInCar(fate)
    for line in lines:
        command = Command.parse(line)
        number = command.number if command else 0
        answers = driven.answers(line)
        assert len(answers) == {1: 16, 3: 32}.get(number, 1)
        for answer in answers:
            assert answer is not None
            assert (answer.number, answer.result in tuple(Result)) == (number, True)
            assert answer.result != Result.FAILED or answer.text
            assert not set(answer.text) & set("\r\n") or number == 7


@pytest.mark.parametrize(
    ("fate", "result"),
    [
        (OBEYS, Result.OK),
        (SILENT, Result.OK),
        (AWAY, Result.FAILED),
        (SAYS_OTHERWISE, Result.FAILED),
    ],
)
def test_what_the_answer_says(fate: str, result: Result) -> None:
    """Done if the car shows it or says nothing of it, failed if it says otherwise or is away."""
    (answer,) = ModuleInCar(fate).answers(b"22,1234")
    assert answer is not None
    assert answer.result == result
