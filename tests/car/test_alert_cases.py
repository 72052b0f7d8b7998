"""What recordings of others cause: the cases of ``tests/cases``, and variants of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ovms.base.clock import ManualClock
from ovms.car.drivers import Replay
from ovms.car.frames import Frame
from ovms.car.memory import StateMemory
from ovms.car.module import Module
from ovms.car.parameters import FEATURE_OFFSET
from ovms.car.recordings.recording import Recording
from ovms.car.reports import Units
from ovms.car.state import CarState
from ovms.car.vehicles.data.folder import read_folder
from ovms.car.vehicles.data.vehicle import DataVehicle
from ovms.protocol import Message
from ovms.protocol.records import Location
from ovms.protocol.records.history import AckedRecord

CASES = Path(__file__).parents[1] / "cases"
LAT, LON = 47_660_000, 9_170_000
"""Millionths of a degree."""


class Server:
    """Listens to a car, and acknowledges all that it says."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.alerts: list[bytes] = []
        self.places: list[tuple[float | None, float | None]] = []
        self.logs: list[list[str]] = []

    async def wait_until_up(self) -> None:
        """Be there."""

    async def tell(self, messages: Sequence[Message]) -> None:
        """Take messages."""
        for message in messages:
            match message.code:
                case "P":
                    self.alerts.append(message.data)
                case "L":
                    place = Location.parse(message.data)
                    self.places.append((place.latitude, place.longitude))
                case "h":
                    record = AckedRecord.parse(message.data)
                    assert record is not None
                    kind, data = record.record.type, record.record.data.decode()
                    self.logs.append([kind, *data.split(",")])
                    self.module.receive(Message("h", message.data.split(b",")[0]), 0)


async def replayed(*frames: Frame, folder: Path = CASES / "types" / "gps") -> Server:
    """Replay frames at full speed; return what a server has heard."""
    car = DataVehicle(read_folder(folder), logs=True)
    module = Module(car, Units.KILOMETRES)
    server = Server(module)
    await server.tell(module.connect(0))
    driver = Replay(car, lambda: iter(frames), clock=ManualClock(0), speed=0)
    await driver.run(module, server)
    module.finish(driver.now)
    for _ in range(10):
        await server.tell(module.poll(driver.now))
    return server


def case(name: str) -> Iterator[Frame]:
    """Return the frames of a recording."""
    return Recording(CASES / "logs" / name).frames()


def car(at: float, *, on: int = 0, valet: int = 0, soc: int = 54, volts: float = 12.6,
        reference: float = 12.6, state: int = 21) -> Frame:  # fmt: skip
    """Return a frame of the car's state."""
    bits = on | 2 | valet << 2
    values = (bits, soc, 20, round(volts * 10), round(reference * 10), state, 0, 0)
    return Frame(at, 0x301, bytes(values))


def place(at: float, latitude: int = LAT, longitude: int = LON) -> Frame:
    """Return a frame of a position."""
    data = latitude.to_bytes(4, "big", signed=True) + longitude.to_bytes(4, "big", signed=True)
    return Frame(at, 0x300, data)


async def test_a_position_at_zero_is_no_theft() -> None:
    """Two half positions at 0 while it is parked: no alert, and nobody is told of them."""
    heard = await replayed(*case("gps598.log"))
    assert heard.alerts == []
    assert set(heard.places) - {(0, 0)} == {(47.66, 9.17)}
    assert (0.0, 9.17) not in heard.places


async def test_a_charge_that_flickers() -> None:
    """Eight times two seconds without charging: no alert, and no further charge in the history."""
    heard = await replayed(*case("flap584.log"))
    assert heard.alerts == []
    assert heard.logs == []


async def test_a_charge_that_flickers_and_ends() -> None:
    """From its beginning to its end it is one charge, with one alert."""
    begun = [car(second, state=21) for second in range(60)]
    flaps = [car(60 + 19 * n + at, soc=50 + n, state=state)
             for n in range(20) for at, state in ((0, 1), (17, 21))]  # fmt: skip
    ended = [car(440 + second, soc=70, state=4) for second in range(60)]
    heard = await replayed(*begun, *flaps, *ended)
    assert heard.alerts == [b"ICharging done at 70 %"]
    assert [(log[0], log[7], log[28]) for log in heard.logs] == [
        ("*-LOG-Grid", "charging", "50.0"), ("*-LOG-Grid", "done", "69.0"),
    ]  # fmt: skip


async def test_a_long_pause_between_two_frames() -> None:
    """What held for minutes counts also if no frame came meanwhile, at full speed, too."""
    heard = await replayed(car(0, state=1), car(60, state=21), car(600, state=1))
    assert heard.alerts == [b"ACharging stopped at 54 %"]
    assert [log[7] for log in heard.logs] == ["stopped"]


async def test_a_recording_that_ends_soon() -> None:
    """A charge that is over for some seconds at the end is told, a last sample is not."""
    charging = [car(second, state=1) for second in range(60)]
    done = [car(60 + second, state=4) for second in range(7)]
    assert (await replayed(*charging, *done)).alerts == [b"ICharging done at 54 %"]
    assert (await replayed(*charging, done[0])).alerts == []


async def test_a_dip_before_the_bus_falls_asleep() -> None:
    """A second of many readings, the last before an hour of silence, is no empty battery."""
    fine = [car(second) for second in range(60)]
    dip = [car(60 + tenth / 10, volts=9.0) for tenth in range(10)]
    assert (await replayed(*fine, *dip, car(3660), car(3661))).alerts == []


@pytest.mark.parametrize("reference", [12.6, 0.0])
async def test_a_dip_of_12v(reference: float) -> None:
    """A second is no empty battery; half a minute is one, with a reference voltage and without."""
    fine = [car(second, reference=reference) for second in range(60)]
    dip = [*fine, car(60, volts=9.0, reference=reference), car(61, reference=reference)]
    assert (await replayed(*dip)).alerts == []
    low = [car(60 + second, volts=11.2, reference=reference) for second in range(60)]
    assert (await replayed(*fine, *low)).alerts == [b"A12 V battery low: 11.2 V"]


async def test_the_last_sample_before_the_bus_sleeps() -> None:
    """A dip that stays because nothing follows for an hour is none."""
    frames = [car(0), car(60, volts=9.0), *(place(60 + 60 * at) for at in range(60))]
    assert (await replayed(*frames)).alerts == []


async def test_a_theft() -> None:
    """Towed for three kilometres, with a wrong position every now and then: one alert."""
    parked = [car(0), *(place(second) for second in range(1, 60))]
    tow = [place(60 + n, LAT + 150 * n) if n % 7 else place(60 + n, 0) for n in range(200)]
    heard = await replayed(*parked, *tow)
    assert heard.alerts == [b"AThe car is moved while it is off"]
    assert all(latitude is None or latitude == 0 or latitude > 47 for latitude, _ in heard.places)


async def test_a_trip_with_moments_of_being_off() -> None:
    """Frames of a car that seems off, two seconds long, do not cut its trip in pieces."""
    frames = []
    for second in range(300):
        is_on = second < 280 and second % 50 < 48
        frames += [car(second, on=int(is_on)), place(second, LAT + 200 * second),
                   Frame(second, 0x302, (10_000 + second // 5).to_bytes(4, "little"))]  # fmt: skip
    (log,) = (await replayed(*frames)).logs
    assert (log[0], log[7], log[8]) == ("*-LOG-Trip", "5.500", "280")


async def test_a_calculated_position_is_judged_too(tmp_path: Path) -> None:
    """A position that is calculated counts only if it can be true, and is no reading by itself."""
    folder = tmp_path / "sum"
    folder.mkdir()
    dbc = (CASES / "types" / "gps" / "gps.dbc").read_text()
    (folder / "sum.dbc").write_text(dbc)
    mapping = (CASES / "types" / "gps" / "vehicle.toml").read_text()
    mapping = "".join(
        line for line in mapping.splitlines(keepends=True) if not line.startswith(("Lat ", "Lon "))
    )
    derived = '[derived]\nlatitude = { formula = "Lat + 0" }\nlongitude = { formula = "Lon + 0" }\n'
    (folder / "vehicle.toml").write_text(mapping + derived)
    around = [car(0), *(place(second) for second in range(1, 60)), place(60, 0)]
    frames = [*around, *(car(61 + second) for second in range(300)), place(400)]
    heard = await replayed(*frames, folder=folder)
    assert heard.alerts == []
    assert set(heard.places) - {(0, 0)} == {(47.66, 9.17)}


@pytest.mark.parametrize("place_", [(0, 0), (-1, -1), (1, -1), (90_000_000, 180_000_000)])
async def test_what_a_receiver_without_a_fix_says_is_no_place(place_: tuple[int, int]) -> None:
    """Zeros, all bits set, and a little beside: however long it says so, it is nowhere."""
    parked = [car(0), *(place(second) for second in range(1, 60))]
    lost = [place(60 + second, *place_) for second in range(300)]
    heard = await replayed(*parked, *lost)
    assert heard.alerts == []
    assert set(heard.places) - {(0, 0)} == {(47.66, 9.17)}
    assert set((await replayed(*lost)).places) <= {(0, 0)}


async def test_nonsense_at_the_end_and_at_the_beginning() -> None:
    """The last reading before the bus sleeps, and the first when it wakes, are no low battery."""
    fine = [car(second) for second in range(60)]
    woken = [car(3600, volts=9.0), *(car(3601 + second) for second in range(60))]
    assert (await replayed(*fine, car(60, volts=9.0), *woken)).alerts == []


class RestartedCar:
    """A car whose module is restarted, and hands over what it knows."""

    def __init__(self) -> None:
        self.alerts: list[bytes] = []
        self.now = 0.0
        self._start(None)

    def _start(self, text: bytes | None) -> None:
        self._vehicle = DataVehicle(read_folder(CASES / "types" / "gps"))
        memory, told = StateMemory("CAR", "gps"), {}
        if text is not None:
            assert memory.restore(text, self._vehicle.state, self.now, self.now)
            self._vehicle.resume(self.now)
            told = memory.told(text)
        self._module = Module(self._vehicle, parameters={FEATURE_OFFSET + 9: "20"})
        self._module.resume(told, self.now)
        self._module.connect(self.now)

    def restart(self, gap: float = 5.0) -> None:
        """Restart the module, which takes a while."""
        told = self._module.told(self.now)
        text = StateMemory("CAR", "gps").encode(self._vehicle.state, self.now, self.now, told)
        self.now += gap
        self._start(text)

    @property
    def state(self) -> CarState:
        """What is known of it."""
        return self._vehicle.state

    def reads(self, frame: Frame) -> None:
        """Have its module read a frame."""
        self._vehicle.receive(frame, self.now)

    def lives(self, seconds: int, *, volts: float = 12.6, soc: int = 54, state: int = 21,
              north: int = 0, is_silent: bool = False) -> None:  # fmt: skip
        """Have it say every second how it is; ``north`` is how far it goes in each."""
        for second in range(seconds):
            self.now += 1
            if not is_silent:
                frame = car(self.now, volts=volts, soc=soc, state=state)
                self.reads(frame)
                self.reads(place(self.now, LAT + north * second))
            told = self._module.poll(self.now)
            self.alerts += [message.data[:20] for message in told if message.code == "P"]


@pytest.mark.parametrize(
    ("trouble", "alert"),
    [
        ({"volts": 10.5}, b"A12 V battery low: 1"),
        ({"soc": 9}, b"ALow battery: below "),
        ({"north": 100}, b"AThe car is moved wh"),
    ],
)
def test_a_restart_tells_nothing_twice(trouble: dict[str, Any], alert: bytes) -> None:
    """An alert is told once, however often the module restarts; after its end again."""
    car = RestartedCar()
    car.lives(60)
    for _ in range(3):
        car.lives(100, **trouble)
        car.restart()
    assert car.alerts == [alert]
    if "north" not in trouble:
        car.lives(60)
        car.restart()
        car.lives(60, **trouble)
        assert car.alerts == [alert, alert]


@pytest.mark.parametrize("trouble", [{"volts": 9.0}, {"soc": 0}])
def test_a_reading_from_before_a_restart_is_one_sample(trouble: dict[str, Any]) -> None:
    """It is no event while the bus is silent."""
    car = RestartedCar()
    car.lives(60)
    car.lives(1, **trouble)
    car.restart()
    car.lives(600, is_silent=True)
    assert car.alerts == []


def test_a_moment_of_charging_before_a_restart_is_no_charge() -> None:
    """The first reading of all, and the module restarts before another state counts."""
    car = RestartedCar()
    car.lives(1, state=1)
    car.lives(5, state=21)
    car.restart()
    car.lives(60, state=21)
    assert car.alerts == []


def test_a_wild_position_after_a_restart_is_none() -> None:
    """The first one is compared with what was known before."""
    car = RestartedCar()
    car.lives(60)
    car.restart()
    car.reads(place(car.now, 12_000_000, 13_000_000))
    assert (car.state.latitude, car.state.longitude) == (47.66, 9.17)
    car.lives(1, north=100)
    assert car.alerts == []


@pytest.mark.parametrize("seconds", [0, 10])
def test_a_charge_that_ends_around_a_restart_is_told(seconds: int) -> None:
    """It was seen to end, or ended meanwhile; one that had ended before is not told again."""
    car = RestartedCar()
    car.lives(60)
    car.lives(600, state=1)
    car.lives(seconds, state=12)
    car.restart()
    car.lives(60, state=12)
    assert car.alerts == [b"ACharging interrupte"]
    car.restart()
    car.lives(60, state=12)
    assert len(car.alerts) == 1
