"""The Tesla Roadster: its bus, read with the DBC file beside this module."""

from ovms.car.vehicles.roadster.vehicle import Roadster

__all__ = ["Roadster"]
