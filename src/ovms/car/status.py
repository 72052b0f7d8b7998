"""The status of a running car: what ``ovms car status`` shows on its machine.

It holds no secret and no position, so it may be pasted into a report.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from ovms import __version__
from ovms.base.clock import Clock, iso_time
from ovms.car.bus import ManagedBus
from ovms.car.drivers import Driver
from ovms.car.linkstate import LinkState
from ovms.car.modem import Modem
from ovms.car.module import Module
from ovms.car.settings import KNOWN_FEATURES
from ovms.car.usage import UsageRow

SOCKET: Final = "car.sock"
"""The name of the socket that tells it, in the car's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Since when something holds: the time of day, and the seconds since then by a steady clock."""

    since: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus(Span):
    """The state of the link."""

    state: str
    """``connected``, ``calling`` or ``refused``."""
    reason: str | None
    """Why there is no link."""
    again_in: int | None
    """Seconds to the next call; ``None`` while connected, or while a call is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryBacklog:
    """How much is not delivered yet."""

    records: int
    alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemStatus:
    """What the modem knows; ``None`` is unknown."""

    signal: int | None
    """0 to 31, as modems count it."""
    network: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BusStatus:
    """The state of the car's bus."""

    trust: str
    """What may be sent to it: ``listen``, ``ask`` or ``write``."""
    problem: str | None
    """Why it is not open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataUseStatus:
    """What the link has cost in one condition."""

    condition: str
    """``parked``, ``charging``, ``driving`` or ``unknown`` while no app watched, or ``watched``."""
    seconds: int
    sent: int
    received: int
    bytes_per_hour: int | None
    """Sent and received; ``None`` if the time was too short to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarStatus:
    """The whole status."""

    pid: int
    version: str
    vehicle: str
    type: str
    """As ``--type`` names it."""
    car_type: str
    """As the protocol names it."""
    driver: str
    """What moves the car: ``simulation``, ``recording``, or the name of its bus."""
    bus: BusStatus | None
    running: Span
    server: str
    """The server that was called last, ``host:port``."""
    link: LinkStatus
    heard: Span | None
    """When the last message came from the server."""
    watchers: int
    waiting: DeliveryBacklog
    features: dict[str, int]
    """The features that do something, by name."""
    paranoid: bool
    modem: ModemStatus | None
    data_use: list[DataUseStatus]
    """Since the start of the program."""


class Reporter:
    """Collects the status of one car from its parts."""

    def __init__(
        self,
        kind: str,
        module: Module,
        driver: Driver,
        link: LinkState,
        modem: Modem | None,
        bus: ManagedBus | None = None,
        *,
        clock: Clock,
    ) -> None:
        """Use these parts. ``kind`` is the name of the vehicle type. The car runs from now on."""
        self._kind = kind
        self._module = module
        self._driver = driver
        self.link = link
        self._modem = modem
        self._bus = bus
        self._clock = clock
        self._began = clock.monotonic()

    def report(self) -> CarStatus:
        """Return the status as it is now."""
        module, link, driver = self._module, self.link, self._driver
        return CarStatus(
            pid=os.getpid(),
            version=__version__,
            vehicle=link.vehicle,
            type=self._kind,
            car_type=module.identity.car_type,
            driver=driver.describe(),
            bus=self._bus_status(),
            running=self._span(self._began),
            server=link.server,
            link=self._link_status(),
            heard=None if link.heard is None else self._span(link.heard),
            watchers=module.watchers,
            waiting=self._waiting(),
            features=self._features(),
            paranoid=module.is_paranoid,
            modem=self._modem_status(),
            data_use=[_data_use(row) for row in module.usage.table()],
        )

    def _span(self, monotonic: float) -> Span:
        seconds = self._clock.monotonic() - monotonic
        return Span(since=iso_time(self._clock.time() - seconds), seconds=int(seconds))

    def _link_status(self) -> LinkStatus:
        link, span = self.link, self._span(self.link.since)
        return LinkStatus(
            state=link.kind.value,
            since=span.since,
            seconds=span.seconds,
            reason=link.reason,
            again_in=None if link.again_in is None else round(link.again_in),
        )

    def _waiting(self) -> DeliveryBacklog:
        delivery = self._module.delivery
        return DeliveryBacklog(records=len(delivery) - delivery.alerts, alerts=delivery.alerts)

    def _features(self) -> dict[str, int]:
        settings = self._module.settings
        return {
            feature.name.lower().replace(" ", "_"): settings.feature(number)
            for number, feature in KNOWN_FEATURES.items()
        }

    def _modem_status(self) -> ModemStatus | None:
        modem = self._modem
        if modem is None:
            return None
        return ModemStatus(signal=modem.signal, network=modem.network)

    def _bus_status(self) -> BusStatus | None:
        bus = self._bus
        return None if bus is None else BusStatus(trust=bus.trust.word, problem=bus.problem)


def _data_use(row: UsageRow) -> DataUseStatus:
    rate = row.bytes_per_hour
    return DataUseStatus(
        condition=row.condition.value,
        seconds=int(row.seconds),
        sent=row.sent,
        received=row.received,
        bytes_per_hour=None if rate is None else round(rate),
    )
