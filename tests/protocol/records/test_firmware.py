from __future__ import annotations

from ovms.protocol.records.firmware import CarFirmware, ServerFirmware


def test_units() -> None:
    """A service is due by distance, in km whatever the car's units, and by time."""
    units = {field.name: field.unit for field in CarFirmware.TABLE if field.unit}
    assert units == {"service_range": "km", "service_time": "Unix s"}


def test_old_module() -> None:
    """A module that knows nothing of services and hardware sends six fields."""
    read = CarFirmware.parse(b"2.5.1,VIN,17,1,TR,CSL")
    assert (read.network, read.write_enabled) == ("CSL", True)
    later = (read.service_range, read.service_time, read.hardware, read.network_mode)
    assert later == (None,) * 4


def test_server_version_with_commas() -> None:
    """What stands behind the server's version is kept."""
    assert ServerFirmware.parse(b"1.0,beta").extra == ("beta",)
