"""The real recordings of a Roadster, through the car and the server's log, as journeys."""

from __future__ import annotations

from pathlib import Path

import pytest

from ovms.car.module import Module
from ovms.car.recordings.recording import Recording
from ovms.car.reports import Units
from ovms.car.vehicles.roadster import Roadster
from ovms.protocol.messages import LatestMessage
from ovms.protocol.records.status import KM_PER_MILE
from ovms.server.hub.telemetry import LogSettings, TelemetryLog
from ovms.server.journeys.fold import Fold
from ovms.server.journeys.samples import JourneyRecord, Sample
from ovms.server.journeys.values import Charge, ChargeEnding, Trip
from tests.car.conftest import ROADSTER_DATA
from tests.car.test_roadster import last_frames, word
from tests.server.journeys.comparing import fold
from tests.server.journeys.harness import START, RecordList

POLL_AFTER = 0.5
"""Seconds from one look of the module to the next; there are some hundred frames in one."""

AFTERWARDS = 1800
"""Seconds for which the module goes on after a recording."""


class Replay:
    """What a server has of a recording."""

    def __init__(self, path: Path, units: Units) -> None:
        self._module = Module(Roadster(), units)
        self._history = RecordList()
        self._log = TelemetryLog("CAR1", self._history, LogSettings())
        self._module.connect(0)
        end = 0.0
        for frame in Recording(path).frames():
            self._module.vehicle.receive(frame, frame.time)  # type: ignore[attr-defined]
            if frame.time - end >= POLL_AFTER:
                end = frame.time
                self._poll(end)
        for now in range(int(end) + 1, int(end) + AFTERWARDS, 5):
            self._poll(now)

    @property
    def records(self) -> list[JourneyRecord]:
        """The history."""
        return sorted(set(self._history.records))

    def _poll(self, now: float) -> None:
        for message in self._module.poll(now):
            if message.code in "SDL":
                self._log.note(LatestMessage(message.code, message.data, START + now))
        self._log.tick(START + now)


def replay(name: str, units: Units) -> Replay:
    """Return what a server has of a recording; skip the test where there is none."""
    if not ROADSTER_DATA.is_dir():
        pytest.skip("../shared/data/roadster is not there: the real recordings are not tested")
    return Replay(ROADSTER_DATA / name, units)


@pytest.mark.parametrize("units", Units)
def test_the_recorded_drive_is_one_trip(units: Units) -> None:
    """One trip with the odometer, the trip meter and the SOC of the last frames."""
    drive = "20120218.drive.a.csv"
    journeys = fold(replay(drive, units).records)
    (trip,) = [each for each in journeys if isinstance(each, Trip)]
    assert [each for each in journeys if isinstance(each, Charge)] == []
    last = last_frames(ROADSTER_DATA / drive)
    odometer, meter = tenths(last[0x100, 0x97], 5), tenths(last[0x100, 0x9C], 3)
    assert trip.end.odometer == pytest.approx(odometer, abs=0.05)
    assert trip.distance == pytest.approx(meter, abs=0.1)
    assert (trip.start.soc, trip.end.soc) == (96, last[0x100, 0x80][1])
    assert trip.start.time - START == pytest.approx(74, abs=1)
    assert trip.end.time - START == pytest.approx(1009, abs=2)
    assert (trip.energy_used, trip.end.position) == (None, None)
    assert {each.position for each in trip.track} == {None}
    assert not trip.has_gaps


@pytest.mark.parametrize("units", Units)
def test_the_recorded_charge_is_one_charge(units: Units) -> None:
    """One charge with the energy and the SOC of the last frames, and no trip.

    It flows from second 31 on, and was prepared before.
    """
    charging = "20120218.charge.done.csv"
    journeys = fold(replay(charging, units).records)
    (charge,) = [each for each in journeys if isinstance(each, Charge)]
    assert [each for each in journeys if isinstance(each, Trip)] == []
    last = last_frames(ROADSTER_DATA / charging)
    assert charge.energy == last[0x100, 0x95][7] == 2
    assert (charge.start.soc, charge.end.soc) == (93, last[0x100, 0x80][1])
    assert charge.end.odometer == pytest.approx(tenths(last[0x100, 0x97], 5), abs=0.05)
    assert charge.start.time - START == pytest.approx(13, abs=1)
    assert charge.end.time - START == pytest.approx(1010, abs=1)
    assert charge.mode == "standard"
    assert charge.ending is ChargeEnding.FULL
    assert not charge.has_gaps


def tenths(data: list[int], at: int) -> float:
    """Return the km that a counter in tenths of a mile says; ``at`` counts bytes from 1."""
    high = data[at + 1] if at == 5 else 0
    return (word(data, at) + 65536 * high) / 10 * KM_PER_MILE


def test_a_trip_meter_that_is_reset_on_the_first_kilometres_begins_no_other_trip() -> None:
    """The Roadster shows the last trip until it moves, minutes after it was switched on."""
    t = int(START)
    reports = [(0, 1000.0, 933.0), (66, 1000.0, 933.0), (425, 1002.3, 2.3), (600, 1003.2, 3.2)]
    samples = [
        Sample(time=t - 20, is_on=False, odometer=1000.0, trip_meter=933.0, parking_time=53.0),
        *(
            Sample(time=t + at, is_on=True, odometer=odometer, trip_meter=meter, speed=30.0)
            for at, odometer, meter in reports
        ),
        *(Sample(time=t + 900 + at, is_on=False, odometer=1006.4, trip_meter=6.4,
                 parking_time=float(at)) for at in (1, 601, 1201)),
    ]  # fmt: skip
    samples[1].speed = samples[2].speed = 0.0
    [trip] = [each for each in Fold().feed(samples) if isinstance(each, Trip)]
    assert (trip.start.time, trip.end.time) == (t, t + 900)
    assert trip.distance == pytest.approx(6.4)
