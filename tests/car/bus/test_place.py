from __future__ import annotations

import pytest

from ovms.car.bus.place import BusPlace, PlaceError, parse_place


def test_a_place_is_interface_and_channel() -> None:
    """What follows the first colon is the channel, whatever is in it."""
    place = parse_place("slcan:socket://[::1]:5000", 500_000, ["tty_baudrate=9600", "rtscts=True"])
    assert place == BusPlace(
        "slcan", "socket://[::1]:5000", 500_000, {"tty_baudrate": 9600, "rtscts": True}
    )
    assert str(place) == "slcan:socket://[::1]:5000"


@pytest.mark.parametrize("text", ["", "can0", ":can0", "socketcan:", "carrier:pigeon", "Virtual:x"])
def test_what_is_no_place(text: str) -> None:
    """It needs an interface that python-can has, and a channel."""
    with pytest.raises(PlaceError):
        parse_place(text, None)


@pytest.mark.parametrize("option", ["x", "=1", "a b=1", "channel=can1", "interface=x", "bitrate=1"])
def test_what_is_no_option(option: str) -> None:
    """Options are KEY=VALUE, and do not say again what is said elsewhere."""
    with pytest.raises(PlaceError):
        parse_place("virtual:x", None, [option])
