from __future__ import annotations

import pytest

from ovms.car.module import INTERVAL_WATCHED, Module
from ovms.car.state import CarState
from ovms.car.usage import LEAST_SECONDS, DataUse, UsageCondition, UsageRow
from ovms.car.vehicles.sim import SimCar
from ovms.protocol import Message
from ovms.protocol.records.environment import Doors1

ON = CarState(doors_1=Doors1.CAR_ON)
OFF = CarState(doors_1=Doors1(0))
CHARGING = CarState(charge_state="charging")


@pytest.mark.parametrize(
    ("state", "watchers", "expected"),
    [
        (OFF, 0, UsageCondition.PARKED),
        (CarState(), 0, UsageCondition.UNKNOWN),
        (CarState(), 1, UsageCondition.WATCHED),
        (ON, 0, UsageCondition.DRIVING),
        (CHARGING, 0, UsageCondition.CHARGING),
        (CarState(charge_state="done"), 0, UsageCondition.UNKNOWN),
        (CarState(charge_state="heating", doors_1=Doors1.CAR_ON), 0, UsageCondition.DRIVING),
        (ON, 1, UsageCondition.WATCHED),
        (OFF, 7, UsageCondition.WATCHED),
        (OFF, -1, UsageCondition.PARKED),
    ],
)
def test_what_is_the_case(state: CarState, watchers: int, expected: UsageCondition) -> None:
    """An app that watches counts most, then driving, then charging."""
    assert UsageCondition.of(state, watchers) is expected


def test_time_and_bytes_count_for_what_was_the_case_before() -> None:
    """From look to look; what is noted before the first counts for it, too."""
    use = DataUse()
    use.note_sent(1)
    use.look(ON, 0, 1000)
    use.note_sent(9)
    use.look(ON, 0, 1100)
    use.look(OFF, 0, 1600)
    use.note_received(20)
    use.look(OFF, 1, 2600)
    use.note_sent(300)
    use.look(OFF, 0, 2601)
    assert use.table() == [
        UsageRow(UsageCondition.PARKED, 1000, 0, 20),
        UsageRow(UsageCondition.DRIVING, 600, 10, 0),
        UsageRow(UsageCondition.WATCHED, 1, 300, 0),
    ]
    assert [row.bytes_per_hour for row in use.table()] == [pytest.approx(72), 60, None]


def test_a_table_is_of_its_moment() -> None:
    """What is counted later does not change it."""
    use = DataUse()
    use.note_sent(1)
    table = use.table()
    use.note_sent(1)
    assert (table[0].sent, use.table()[0].sent) == (1, 2)


def test_a_clock_that_goes_back_does_no_harm() -> None:
    """No time passes then."""
    use = DataUse()
    use.look(ON, 0, 1000)
    use.look(ON, 0, 500)
    use.look(ON, 0, 600)
    assert [row.seconds for row in use.table()] == [100]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (LEAST_SECONDS, "0.1 h; sent 12.3 kB; received 0.0 kB; 148.2 kB an hour"),
        (LEAST_SECONDS - 1, "0.1 h; sent 12.3 kB; received 0.0 kB"),
        (0, "0.0 h; sent 12.3 kB; received 0.0 kB"),
    ],
)
def test_a_row_as_text(seconds: float, text: str) -> None:
    """Bytes an hour are not told of a short time."""
    assert str(UsageRow(UsageCondition.DRIVING, seconds, 12_345, 4)) == text


def test_text_says_what_is_not_counted() -> None:
    """Nothing at all, as in a fleet, or not the headers."""
    use = DataUse()
    use.look(OFF, 0, 0)
    use.look(OFF, 0, 9999)
    assert list(use.lines()) == ["Nothing is counted"]
    use.note_received(1000)
    use.is_whole = False
    first, last = use.lines()
    assert first.startswith("parked: 2.8 h; sent 0.0 kB; received 1.0 kB")
    assert last == "without TLS and the headers of TCP/IP"


class Clock:
    """Two clocks that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        """Return the one that never jumps."""
        return self.now

    def time(self) -> float:
        """Return the time of day."""
        return 1e9


def test_the_module_looks_by_real_time() -> None:
    """However fast its car lives; an app's rise counts before what is told because of it."""
    clock, start = Clock(), 1_750_000_000.0
    module = Module(SimCar(start=start, seed=1), clock=clock)
    module.connect(start)
    module.poll(start + 1)
    clock.now += 10
    module.receive(Message("Z", b"1"), start + 500)
    module.usage.note_sent(700)
    clock.now += 5
    module.poll(start + 500 + INTERVAL_WATCHED)
    assert module.usage.table() == [
        UsageRow(UsageCondition.PARKED, 10),
        UsageRow(UsageCondition.WATCHED, 5, 700),
    ]
