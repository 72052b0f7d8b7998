"""Vehicle types by name: ours, one folder each, and those of other people's packages.

What the module asks of a vehicle is in :mod:`.interface`. A package adds a vehicle type by an entry
point of the group :data:`GROUP`, which names a :data:`~.interface.VehicleFactory`. Finding types
imports none of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ovms import __version__
from ovms.base.logs import get_logger
from ovms.base.plugins import BrokenPlugin, Plugin, find_plugins
from ovms.car.reports import CarIdentity
from ovms.car.state import CarState
from ovms.car.vehicles.interface import MAPPING, BusVehicle, CarVehicle, VehicleOptions

GROUP = "ovms.vehicle_types"
"""The group of entry points by which packages add vehicle types."""

HERE = Path(__file__).parent

log = get_logger("ovms.car")


@dataclass(frozen=True, slots=True)
class RegisteredType:
    """A vehicle type that is known by name: a folder of data, a plug-in, or our simulator."""

    name: str
    folder: Path | None = None
    plugin: Plugin | None = None

    @property
    def package(self) -> str:
        """The package that it comes from, with its version; empty for a folder given by path."""
        if self.plugin is not None:
            return self.plugin.package
        return "" if self.folder and not self.folder.is_relative_to(HERE) else f"ovms {__version__}"

    def make(self, options: VehicleOptions) -> CarVehicle:
        """Return a vehicle of this type.

        Raise :class:`~ovms.car.vehicles.data.problems.VehicleTypeError` for a folder with mistakes,
        and :class:`~ovms.base.plugins.BrokenPlugin` for a plug-in that cannot be used.
        """
        if self.plugin is not None:
            return _make_plugin(self.plugin, options)
        if self.folder is not None:
            from ovms.car.vehicles.data import make_from_folder

            return make_from_folder(self.folder, options)
        from ovms.car.vehicles.sim import make_sim

        return make_sim(options)


def vehicle_types() -> list[RegisteredType]:
    """Return all types that are known by name, ours first. Nothing is imported."""
    found: dict[str, RegisteredType] = {}
    for each in (*_own_types(), *_plugin_types()):
        first = found.setdefault(each.name, each)
        if first is not each:
            reason = f"{first.package} has a vehicle type of that name"
            log.error("vehicle type ignored", name=each.name, package=each.package, reason=reason)
    return list(found.values())


def find_type(name: str) -> RegisteredType | None:
    """Return the type with a name, or that is the folder at a path; ``None`` if there is none."""
    for each in _own_types():
        if each.name == name:
            return each
    path = Path(name)
    if os.sep in name or name in (".", ".."):
        return RegisteredType(name, path) if (path / MAPPING).is_file() else None
    return next((each for each in vehicle_types() if each.name == name), None)


def _own_types() -> Iterator[RegisteredType]:
    """Yield the types that come with ovms."""
    for mapping in sorted(HERE.glob(f"*/{MAPPING}")):
        yield RegisteredType(mapping.parent.name, mapping.parent)
    yield RegisteredType("sim")


def _plugin_types() -> Iterator[RegisteredType]:
    """Yield the types of other people's packages."""
    for plugin in find_plugins(GROUP):
        yield RegisteredType(plugin.name, plugin=plugin)


def _make_plugin(plugin: Plugin, options: VehicleOptions) -> CarVehicle:
    """Return a plug-in's vehicle, once all that is read before the module runs is sound."""
    factory = plugin.load()
    try:
        if not callable(factory):
            raise TypeError("the entry point must name a function of VehicleOptions")
        return _checked(factory(options))
    except (Exception, SystemExit) as error:
        raise BrokenPlugin(plugin, error) from error


def _checked(vehicle: object) -> CarVehicle:
    if not isinstance(vehicle, CarVehicle):
        raise TypeError(f"{type(vehicle).__name__} lacks methods of CarVehicle")
    if not isinstance(vehicle.state, CarState) or not isinstance(vehicle.identity, CarIdentity):
        raise TypeError("state must be a CarState, and identity a CarIdentity")
    if isinstance(vehicle, BusVehicle):
        _ = (vehicle.ids, vehicle.bitrate, vehicle.must_ask)
    return vehicle
