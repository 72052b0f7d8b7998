"""What recordings of others cause: the cases of ``tests/cases``, and variants of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ovms.base.clock import ManualClock
from ovms.car.drivers import Replay
from ovms.car.frames import Frame
from ovms.car.module import Module
from ovms.car.recordings.recording import Recording
from ovms.car.reports import Units
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
