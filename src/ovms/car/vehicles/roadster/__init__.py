"""The Tesla Roadster: its bus, read with the DBC file beside this module."""

from pathlib import Path

from ovms.car.vehicles.roadster.vehicle import Roadster

DEMO_RECORDING = Path(__file__).with_name("demo.csv")
"""A short synthetic recording of our own: a little drive, then a charge."""

__all__ = ["DEMO_RECORDING", "Roadster"]
