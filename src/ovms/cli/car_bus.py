"""The options of ``ovms car`` for a bus, and the bus that they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Annotated, Literal

import typer

from ovms.base.logs import get_logger
from ovms.car.bus.live import LiveBus
from ovms.car.bus.place import BusPlace, PlaceError, parse_place
from ovms.car.trust import Trust
from ovms.car.vehicles.interface import BusVehicle
from ovms.cli.common import refuse

log = get_logger("ovms.car")

TrustWord = Literal["listen", "ask", "write"]

CanOption = Annotated[
    str | None,
    typer.Option(
        metavar="INTERFACE:CHANNEL",
        envvar="OVMS_CAR_CAN",
        help="Be a module in a car: read its bus through python-can, as in socketcan:can0.",
    ),
]
TrustOption = Annotated[
    TrustWord,
    typer.Option(
        envvar="OVMS_CAR_CAN_TRUST",
        help="With --can: only listen, ask for data too, or also write commands"
        " (which feature 15 allows, off at first).",
    ),
]
BitrateOption = Annotated[
    int | None,
    typer.Option(
        metavar="BITS",
        envvar="OVMS_CAR_CAN_BITRATE",
        min=10_000,
        max=1_000_000,
        show_default="the vehicle type's",
        help="The bus's speed, bits a second.",
    ),
]
CanOptionOption = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="Another option of python-can's interface."),
]


@dataclass(frozen=True, slots=True)
class BusOptions:
    """What the options say."""

    can: str | None
    trust: TrustWord
    bitrate: int | None
    options: Sequence[str]

    def check(self) -> None:
        """Refuse options that go with a bus, if none is given, and a bus that cannot be."""
        if self.can is None:
            if self.trust != "listen" or self.bitrate is not None or self.options:
                refuse("--can-trust, --can-bitrate and --can-option go with --can")
            return
        self._place(None)

    @property
    def level(self) -> Trust:
        """How far the module is trusted."""
        return Trust[self.trust.upper()]

    def make(self, vehicle: BusVehicle) -> LiveBus | None:
        """Make the bus of a vehicle; ``None`` without one."""
        place = self._place(vehicle.bitrate)
        if place is None:
            return None
        if vehicle.must_ask and self.level < Trust.ASK:
            log.warning("this vehicle type says little unless it is asked: --can-trust ask")
        return LiveBus(place, self.level, vehicle.ids, random=Random())  # noqa: S311 (jitter)

    def _place(self, bitrate: int | None) -> BusPlace | None:
        if self.can is None:
            return None
        try:
            return parse_place(self.can, self.bitrate or bitrate, self.options)
        except PlaceError as error:
            refuse(f"--can: {error}")
