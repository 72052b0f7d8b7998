"""What a car tells of itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from ovms import __version__
from ovms.base.clock import ManualClock
from ovms.car.bus.live import LiveBus
from ovms.car.bus.place import BusPlace
from ovms.car.delivery import Moment
from ovms.car.drivers import ClockDriver
from ovms.car.linkstate import LinkState
from ovms.car.module import Module
from ovms.car.state import CarState
from ovms.car.status import (
    BusStatus,
    CarStatus,
    DataUseStatus,
    DeliveryBacklog,
    LinkStatus,
    ModemStatus,
    Reporter,
    Span,
)
from ovms.car.trust import Trust
from ovms.car.vehicles.sim import SimCar
from ovms.protocol import Message
from ovms.protocol.commands import Answer, Command
from ovms.protocol.paranoid import Sealer
from ovms.protocol.records.alert import Alert
from ovms.protocol.records.environment import Doors1
from ovms.protocol.records.history import HistoryRecord

START = 1_700_000_000.0
TOKEN = "AbCdEfGhIjKlMnOpQrStUv"


class StillModem:
    """A modem that knows its network, and nothing of its signal."""

    signal: int | None = None
    network: str | None = "Tele"

    def submit(self, command: Command, answer: Callable[[Answer], None]) -> None:
        """Take a command for ever."""


class Bench:
    """A car whose parts are at hand."""

    def __init__(self, **options: Any) -> None:
        self.clock = ManualClock(START)
        self.link = LinkState(self.clock)
        self.module = Module(SimCar(start=START, seed=1), clock=self.clock, **options)
        self.reporter = Reporter(
            "sim", self.module, ClockDriver(clock=self.clock), self.link, options.get("modem"),
            clock=self.clock,
        )  # fmt: skip

    def report(self) -> CarStatus:
        """Return the status as somebody gets it who asks for it."""
        data = msgspec.json.encode(self.reporter.report())
        return msgspec.json.decode(data, type=CarStatus)


def test_a_car_that_has_just_begun() -> None:
    """All is there, and what is not known is none."""
    assert Bench().report() == CarStatus(
        pid=os.getpid(),
        version=__version__,
        vehicle="",
        type="sim",
        car_type="SIM",
        driver="simulation",
        running=Span(since="2023-11-14T22:13:20Z", seconds=0),
        server="",
        link=LinkStatus(
            since="2023-11-14T22:13:20Z", seconds=0, state="calling", reason=None, again_in=None
        ),
        heard=None,
        watchers=0,
        waiting=DeliveryBacklog(records=0, alerts=0),
        features={
            "location_stream": 0,
            "minimum_soc": 0,
            "charge_limit": 0,
            "can_write_enabled": 1,
        },
        paranoid=False,
        modem=None,
        bus=None,
        data_use=[],
    )


def test_it_follows_the_car() -> None:
    """Link, watchers, what waits, features, paranoid mode and modem are told as they are now."""
    bench = Bench(sealer=Sealer.make("password", TOKEN), modem=StillModem())
    bench.link.call("host:6867", "CAR1")
    bench.clock.advance(100)
    bench.link.connect()
    bench.module.connect(START + 100)
    bench.module.receive(Message("Z", b"2"), START + 100)
    bench.module.settings.set_feature(8, "10")
    now = Moment(bench.clock.monotonic(), bench.clock.time())
    bench.module.delivery.add(Alert("A", "first"), now)
    for _ in range(2):
        bench.module.delivery.add(HistoryRecord("*-LOG-Trip", 1, 1, b"x"), now)
    bench.clock.advance(60)
    found = bench.report()
    assert (found.server, found.vehicle) == ("host:6867", "CAR1")
    assert (found.link.state, found.link.seconds, found.link.reason) == ("connected", 60, None)
    assert found.heard == Span(since="2023-11-14T22:15:00Z", seconds=60)
    assert found.running == Span(since="2023-11-14T22:13:20Z", seconds=160)
    assert found.watchers == 2
    assert found.waiting == DeliveryBacklog(records=2, alerts=1)
    assert found.features["location_stream"] == 10
    assert found.paranoid
    assert found.modem == ModemStatus(signal=None, network="Tele")


def test_the_bus_is_told_of() -> None:
    """How far it is trusted, and why it is away."""
    bench = Bench()
    place = BusPlace("virtual", "x")
    bench.reporter._bus = LiveBus(place, Trust.ASK, random=Random(1))  # noqa: S311 (jitter)
    assert bench.report().bus == BusStatus(trust="ask", problem="it is being opened")


def test_bytes_are_told_by_what_the_car_did() -> None:
    """As the module's account has them."""
    bench = Bench()
    usage = bench.module.usage
    usage.look(CarState(doors_1=Doors1(0)), 0, 0)
    usage.note_sent(3000)
    usage.note_received(600)
    usage.look(CarState(), 1, 3600)
    assert bench.report().data_use[0] == DataUseStatus(
        condition="parked", seconds=3600, sent=3000, received=600, bytes_per_hour=3600
    )


def test_what_was_sent_waits_until_it_is_delivered() -> None:
    """A told alert and an open record still count."""
    bench = Bench()
    bench.module.connect(START)
    now = Moment(0, START)
    bench.module.delivery.add(Alert("A", "first"), now)
    bench.module.delivery.add(HistoryRecord("*-LOG-Trip", 1, 1, b"x"), now)
    sent = [message.code for message in bench.module.poll(START)]
    assert {"P", "h", "A"} <= set(sent)
    assert bench.report().waiting == DeliveryBacklog(records=1, alerts=1)
    bench.module.receive(Message("a"), START)
    assert bench.report().waiting == DeliveryBacklog(records=1, alerts=0)


def test_why_there_is_no_link() -> None:
    """The reason and the time of the next call are in the status."""
    bench = Bench()
    bench.link.refuse("wrong vehicle id or secret?")
    bench.link.wait(120)
    bench.clock.advance(20)

    found = bench.report()
    assert (found.link.state, found.link.again_in) == ("refused", 100)
    assert found.link.reason == "wrong vehicle id or secret?"


def test_no_secret_and_no_position_is_in_it() -> None:
    """Whoever is shown it learns neither."""
    bench = Bench(
        sealer=Sealer.make("PARANOIDWORD", TOKEN), group="friends",
        parameters={1: "REGPASSWORD", 7: "GPRSPASSWORD", 9: "NETWORKPASSWORD"},
    )  # fmt: skip
    state = bench.module.vehicle.state
    assert state.latitude is not None
    assert state.longitude is not None
    text = msgspec.json.encode(bench.reporter.report()).decode()
    for secret in ("PASSWORD", "PARANOIDWORD", TOKEN, "friends"):
        assert secret not in text
    for place in (state.latitude, state.longitude):
        assert f"{place:.2f}" not in text
